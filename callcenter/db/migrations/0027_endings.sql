-- How tickets end otherwise than by closing (withdrawn, CL-6; answered, being no complaint, F-24), archiving after the end
-- (B-3), and closings that the province overturned (R-3.25).

ALTER TABLE ticket
    DROP CONSTRAINT ticket_status_check,
    ADD CONSTRAINT ticket_status_check
        CHECK (status IN ('recorded', 'dispatched', 'handled', 'informed', 'closed', 'archived')),
    ADD COLUMN ended_as text CHECK (ended_as IN ('closed', 'withdrawn', 'answered')),
    ADD COLUMN archived_at timestamptz,
    ADD COLUMN overturned_at timestamptz,
    ADD COLUMN destination text CHECK (length(destination) <= 200),
    DROP CONSTRAINT ticket_handled,
    DROP CONSTRAINT ticket_informed,
    DROP CONSTRAINT ticket_closed,
    DROP CONSTRAINT ticket_determined,
    -- What was closed was handled and told before; the other endings may come at any time.
    ADD CONSTRAINT ticket_handled CHECK (CASE
        WHEN status IN ('recorded', 'dispatched') THEN handled_at IS NULL
        WHEN status IN ('handled', 'informed') OR COALESCE(ended_as, 'closed') = 'closed' THEN handled_at IS NOT NULL
        ELSE true END),
    ADD CONSTRAINT ticket_informed CHECK (CASE
        WHEN status IN ('recorded', 'dispatched', 'handled') THEN informed_at IS NULL
        WHEN status = 'informed' OR COALESCE(ended_as, 'closed') = 'closed' THEN informed_at IS NOT NULL
        ELSE true END),
    ADD CONSTRAINT ticket_closed CHECK ((closed_at IS NOT NULL) = (status IN ('closed', 'archived'))),
    ADD CONSTRAINT ticket_ended CHECK (ended_as IS NULL OR closed_at IS NOT NULL),
    ADD CONSTRAINT ticket_archived CHECK ((archived_at IS NOT NULL) = (status = 'archived')),
    -- R-3.23: validity is determined before closing; a complaint that was withdrawn may stay undetermined (F-54).
    ADD CONSTRAINT ticket_determined CHECK (
        status NOT IN ('closed', 'archived') OR ended_as IS NOT DISTINCT FROM 'withdrawn'
        OR validity IS DISTINCT FROM 'pending'),
    ADD CONSTRAINT ticket_withdrawn CHECK (ended_as IS DISTINCT FROM 'withdrawn' OR nature = 'complaint'),
    ADD CONSTRAINT ticket_answered CHECK (ended_as IS DISTINCT FROM 'answered' OR nature = 'non_complaint'),
    ADD CONSTRAINT ticket_destination CHECK (destination IS NULL OR nature = 'non_complaint');
COMMENT ON COLUMN ticket.destination IS 'whom a grievance that is no complaint was passed to (R-1.3)';

CREATE OR REPLACE VIEW ticket_fact_now AS
SELECT t.id AS ticket_id, t.received_day, t.received_at, t.accepting_organisation_id, t.underwriting_organisation_id,
    t.matter_id, t.nature, t.relation, t.complainant_type, t.occurrences, t.pieces, t.validity, t.channel, t.source,
    t.severity, t.status, t.heard ->> 'subject' AS subject,
    -- View A: the main cause, once causes are determined one of them; view B: all of them (D-10).
    CASE WHEN cardinality(t.causes) = 0 OR t.category = ANY(t.causes) THEN t.category ELSE t.causes[1] END AS category,
    CASE WHEN cardinality(t.causes) > 0 THEN t.causes
        ELSE array_remove(ARRAY[t.category], NULL) END AS mentioned,
    -- Once determined, those found responsible; until then the one that leads (D-12, R-3.26).
    CASE WHEN cardinality(t.responsible) > 0 THEN t.responsible
        ELSE array_remove(ARRAY[t.department], NULL) END AS departments,
    p.product_name AS product, p.product_kind, p.sales_channel,
    -- R-4.7: met by writing it down, and before its end; of a call before the call ended (L-2).
    COALESCE(a.met_at < a.due_at
        AND (a.internal ->> 'limit' <> 'L-2' OR a.met_at < COALESCE(c.ended_at, 'infinity')), false) AS acknowledged,
    COALESCE(a.internal ->> 'limit' = 'L-2' AND a.met_at IS NOT NULL AND c.id IS NOT NULL AND c.ended_at IS NULL, false)
        AS on_living_call,
    -- A merged order has no clock of its own (D-4).
    CASE WHEN t.relation IS DISTINCT FROM 'merged' THEN d.due_day END AS due_day,
    CASE WHEN t.relation IS DISTINCT FROM 'merged' THEN d.due_at END AS due_at,
    d.met_at AS told_at, (t.informed_at AT TIME ZONE 'Asia/Shanghai')::date AS informed_day, t.closed_at,
    CASE WHEN t.closed_at IS NOT NULL THEN COALESCE(t.ended_as, 'closed') END AS ended_as,
    -- F-60: a merged order is closed when the order it was merged into is.
    COALESCE(t.closed_at IS NOT NULL OR (t.relation = 'merged' AND f.closed_at IS NOT NULL), false) AS closed,
    t.dispatched_at IS NOT NULL AS dispatched,
    COALESCE(g.customer_due, '{}') AS customer_due, COALESCE(g.customer_met, '{}') AS customer_met,
    COALESCE(g.service_due, '{}') AS service_due, COALESCE(g.service_met, '{}') AS service_met
FROM ticket t
LEFT JOIN policy p ON p.id = t.policy_id
LEFT JOIN ticket_clock a ON a.ticket_id = t.id AND a.kind = 'acknowledge' AND a.cycle = 1
-- What was missed before its clock was voided stays missed (F-54, F-57).
LEFT JOIN LATERAL (
    SELECT k.due_day, k.due_at, k.met_at FROM ticket_clock k
    WHERE k.ticket_id = t.id AND k.kind = 'decide_inform' AND (k.voided_at IS NULL OR k.voided_at >= k.due_at)
    ORDER BY k.cycle DESC LIMIT 1
) d ON true
LEFT JOIN LATERAL (
    SELECT array_agg(k.due_day ORDER BY k.cycle) FILTER (WHERE k.kind = 'progress_customer') AS customer_due,
        array_agg(k.met_day ORDER BY k.cycle) FILTER (WHERE k.kind = 'progress_customer') AS customer_met,
        array_agg(k.due_day ORDER BY k.cycle) FILTER (WHERE k.kind = 'progress_cs') AS service_due,
        array_agg(k.met_day ORDER BY k.cycle) FILTER (WHERE k.kind = 'progress_cs') AS service_met
    FROM (
        SELECT c.kind, c.cycle, c.due_day, (c.met_at AT TIME ZONE 'Asia/Shanghai')::date AS met_day
        FROM ticket_clock c
        WHERE c.ticket_id = t.id AND c.kind IN ('progress_customer', 'progress_cs')
            AND (c.voided_at IS NULL OR c.voided_at >= c.due_at)
    ) k
) g ON true
LEFT JOIN LATERAL (
    SELECT l.call_id FROM ticket_call l
    WHERE l.ticket_id = t.id AND (l.linked_at = t.received_at OR l.seconds_into_call IS NOT NULL)
    ORDER BY l.linked_at LIMIT 1
) l ON true
LEFT JOIN call c ON c.id = l.call_id
LEFT JOIN LATERAL (
    SELECT m.closed_at FROM ticket m
    WHERE t.relation = 'merged' AND m.matter_id = t.matter_id AND m.relation <> 'merged'
        AND (m.received_at, m.id) < (t.received_at, t.id)
    ORDER BY m.received_at DESC, m.id DESC LIMIT 1
) f ON true;


UPDATE ticket SET ended_as = 'closed' WHERE closed_at IS NOT NULL;
