-- Satisfaction of customers asked by chance (M-17, R-3.10, R-3.16, R-3.32): a draw can be drawn again from its seed, its
-- results are entered by people. Facts of tickets follow it, and the slips returned and the reminders sent (M-18); the
-- departments that are responsible are those determined (R-3.26).

CREATE TABLE satisfaction_draw (
    id uuid PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation,
    first_day date NOT NULL,
    last_day date NOT NULL CHECK (last_day >= first_day),
    seed text NOT NULL CHECK (length(seed) BETWEEN 1 AND 100),
    wanted integer NOT NULL CHECK (wanted BETWEEN 1 AND 10000),
    population integer NOT NULL CHECK (population >= 0),
    population_sha256 text NOT NULL,
    drawn_by text NOT NULL,
    drawn_at timestamptz NOT NULL
);
COMMENT ON COLUMN satisfaction_draw.first_day IS 'of closing, in Asia/Shanghai';
COMMENT ON COLUMN satisfaction_draw.population_sha256 IS 'of the ids drawn from, in their order, so that a second drawing is known to be from the same';

CREATE TABLE satisfaction_sample (
    ticket_id uuid PRIMARY KEY REFERENCES ticket,
    draw_id uuid NOT NULL REFERENCES satisfaction_draw,
    place integer NOT NULL CHECK (place > 0),
    result text CHECK (result IN ('satisfied', 'neutral', 'dissatisfied', 'not_reached')),
    note text NOT NULL DEFAULT '' CHECK (length(note) <= 2000),
    asked_by text,
    asked_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    UNIQUE (draw_id, place),
    CONSTRAINT satisfaction_asked CHECK ((result IS NULL) = (asked_at IS NULL) AND (result IS NULL) = (asked_by IS NULL))
);

ALTER TABLE ticket_fact ADD COLUMN returns smallint NOT NULL DEFAULT 0, ADD COLUMN reminders smallint NOT NULL DEFAULT 0,
    ADD COLUMN satisfied boolean;
ALTER TABLE report_fact ADD COLUMN returns smallint NOT NULL DEFAULT 0, ADD COLUMN reminders smallint NOT NULL DEFAULT 0,
    ADD COLUMN satisfied boolean;

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
    COALESCE(g.service_due, '{}') AS service_due, COALESCE(g.service_met, '{}') AS service_met,
    COALESCE(s.returns, 0)::smallint AS returns,
    (SELECT count(*) FROM reminder r WHERE r.ticket_id = t.id)::smallint AS reminders, v.satisfied
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
LEFT JOIN ticket f ON f.id = t.merged_into_id
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE s.state = 'returned') AS returns FROM slip s WHERE s.ticket_id = t.id
) s ON true
LEFT JOIN LATERAL (
    SELECT s.result = 'satisfied' AS satisfied FROM satisfaction_sample s
    WHERE s.ticket_id = t.id AND s.result <> 'not_reached'
) v ON true;

CREATE OR REPLACE FUNCTION cc_refresh_facts(ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM ticket_fact WHERE ticket_id = ANY(ids) ORDER BY ticket_id FOR UPDATE;
    INSERT INTO ticket_fact AS f SELECT * FROM ticket_fact_now n WHERE n.ticket_id = ANY(ids)
    ON CONFLICT (ticket_id) DO UPDATE SET received_day = excluded.received_day, received_at = excluded.received_at,
        accepting_organisation_id = excluded.accepting_organisation_id,
        underwriting_organisation_id = excluded.underwriting_organisation_id, matter_id = excluded.matter_id,
        nature = excluded.nature, relation = excluded.relation, complainant_type = excluded.complainant_type,
        occurrences = excluded.occurrences, pieces = excluded.pieces, validity = excluded.validity,
        channel = excluded.channel, source = excluded.source, severity = excluded.severity, status = excluded.status,
        subject = excluded.subject, category = excluded.category, mentioned = excluded.mentioned,
        departments = excluded.departments, product = excluded.product, product_kind = excluded.product_kind,
        sales_channel = excluded.sales_channel, acknowledged = excluded.acknowledged,
        on_living_call = excluded.on_living_call, due_day = excluded.due_day, due_at = excluded.due_at,
        told_at = excluded.told_at, informed_day = excluded.informed_day, closed_at = excluded.closed_at,
        ended_as = excluded.ended_as, closed = excluded.closed, dispatched = excluded.dispatched,
        customer_due = excluded.customer_due, customer_met = excluded.customer_met,
        service_due = excluded.service_due, service_met = excluded.service_met,
        returns = excluded.returns, reminders = excluded.reminders, satisfied = excluded.satisfied
    WHERE f IS DISTINCT FROM excluded;
END
$$;


CREATE TRIGGER ticket_facts_returned AFTER UPDATE ON slip REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION cc_follow_clocks();
CREATE TRIGGER ticket_facts_reminded AFTER INSERT ON reminder REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION cc_follow_clocks();
CREATE TRIGGER ticket_facts_asked AFTER UPDATE ON satisfaction_sample REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION cc_follow_clocks();

SELECT cc_refresh_facts(ARRAY(SELECT id FROM ticket));
