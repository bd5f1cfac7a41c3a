-- Several grievances in one order (F-3), who investigates what as data by day (F-8), the preliminary opinion (R-3.18), who
-- handles an order and whom it is about (F-48), and what sales passed on as a case (R-3.39).

CREATE TABLE ticket_line (
    ticket_id uuid NOT NULL REFERENCES ticket,
    place smallint NOT NULL CHECK (place BETWEEN 2 AND 11),
    category text NOT NULL CHECK (category IN ('solicitation', 'sales_service', 'counter', 'underwriting', 'maintenance',
        'claims', 'call_centre', 'product', 'payment', 'sms', 'other')),
    sub_code text CHECK (sub_code ~ '^[a-z][a-z0-9_]{0,39}$'),
    PRIMARY KEY (ticket_id, place)
);
COMMENT ON TABLE ticket_line IS 'the further grievances of an order; the main one, line 1, is the ticket''s own category';

CREATE TABLE routing (
    id uuid PRIMARY KEY,
    valid_from date NOT NULL,
    entries jsonb NOT NULL CHECK (jsonb_typeof(entries) = 'array'),
    reason text NOT NULL CHECK (reason <> '' AND length(reason) <= 200),
    published_at timestamptz NOT NULL,
    published_by text NOT NULL,
    place bigint GENERATED ALWAYS AS IDENTITY UNIQUE -- of two for one day the later one holds
);
COMMENT ON TABLE routing IS 'each row the whole table, in force from its day until the next; before the first the shipped one';
CREATE INDEX routing_in_force ON routing (valid_from DESC, place DESC);
CREATE TRIGGER routing_only_grows BEFORE UPDATE OR DELETE ON routing FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();

ALTER TABLE ticket
    ADD COLUMN sub_code text CHECK (sub_code ~ '^[a-z][a-z0-9_]{0,39}$'),
    ADD COLUMN opinion text CHECK (length(opinion) <= 20000),
    ADD COLUMN opinion_at timestamptz,
    ADD COLUMN opinion_by text,
    ADD COLUMN handler_id uuid REFERENCES app_user,
    ADD COLUMN about_user_id uuid REFERENCES app_user,
    ADD COLUMN case_at timestamptz,
    ADD CONSTRAINT ticket_opinion CHECK (
        (opinion IS NULL) = (opinion_at IS NULL) AND (opinion IS NULL) = (opinion_by IS NULL)),
    ADD CONSTRAINT ticket_recusal CHECK (handler_id <> about_user_id);
COMMENT ON COLUMN ticket.about_user_id IS 'the person complained of, who keeps out of it, as does their manager (F-48)';
CREATE INDEX ticket_handler ON ticket (handler_id, received_at, id) WHERE handler_id IS NOT NULL;

-- View B mentions every grievance of the order until its causes are determined (D-10).
CREATE OR REPLACE VIEW ticket_fact_now AS
SELECT t.id AS ticket_id, t.received_day, t.received_at, t.accepting_organisation_id, t.underwriting_organisation_id,
    t.matter_id, t.nature, t.relation, t.complainant_type, t.occurrences, t.pieces, t.validity, t.channel, t.source,
    t.severity, t.status, t.heard ->> 'subject' AS subject,
    -- View A: the main cause, once causes are determined one of them; view B: all of them (D-10).
    CASE WHEN cardinality(t.causes) = 0 OR t.category = ANY(t.causes) THEN t.category ELSE t.causes[1] END AS category,
    CASE WHEN cardinality(t.causes) > 0 THEN t.causes
        ELSE ARRAY(SELECT DISTINCT each FROM (SELECT t.category AS each UNION ALL
            SELECT l.category FROM ticket_line l WHERE l.ticket_id = t.id) AS lines WHERE each IS NOT NULL ORDER BY each)
        END AS mentioned,
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


CREATE FUNCTION cc_follow_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM changed) THEN
        PERFORM cc_refresh_facts(ARRAY(SELECT DISTINCT ticket_id FROM changed));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER ticket_facts_lined AFTER INSERT ON ticket_line REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION cc_follow_lines();
CREATE TRIGGER ticket_facts_unlined AFTER DELETE ON ticket_line REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION cc_follow_lines();
