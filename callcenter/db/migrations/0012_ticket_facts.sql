-- What the figures count of each ticket, in one narrow row that lies by day of receipt: statistics of a month read the
-- month, never the store. The row follows the ticket and its clocks in the same transaction, whoever writes them.

-- The one place that says which facts those are; the rows of ticket_fact are copies of it, and a test compares them.
CREATE VIEW ticket_fact_now AS
SELECT t.id AS ticket_id, t.received_day, t.received_at, t.accepting_organisation_id, t.underwriting_organisation_id,
    t.matter_id, t.nature, t.relation, t.complainant_type, t.occurrences, t.pieces, t.validity, t.channel, t.source,
    t.severity, t.status, t.heard ->> 'subject' AS subject,
    -- View A: the main cause, once causes are determined one of them; view B: all of them (D-10).
    CASE WHEN cardinality(t.causes) = 0 OR t.category = ANY(t.causes) THEN t.category ELSE t.causes[1] END AS category,
    CASE WHEN cardinality(t.causes) > 0 THEN t.causes
        ELSE array_remove(ARRAY[t.category], NULL) END AS mentioned,
    array_remove(ARRAY[t.department], NULL) AS departments,
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
    CASE WHEN t.closed_at IS NOT NULL THEN 'closed' END AS ended_as,
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

CREATE TABLE ticket_fact (
    ticket_id uuid PRIMARY KEY REFERENCES ticket,
    received_day date NOT NULL,
    received_at timestamptz NOT NULL,
    accepting_organisation_id text NOT NULL,
    underwriting_organisation_id text,
    matter_id uuid,
    nature text NOT NULL,
    relation text,
    complainant_type text NOT NULL,
    occurrences smallint NOT NULL,
    pieces smallint NOT NULL,
    validity text,
    channel text NOT NULL,
    source text NOT NULL,
    severity text NOT NULL,
    status text NOT NULL,
    subject text,
    category text,
    mentioned text[] NOT NULL,
    departments text[] NOT NULL,
    product text,
    product_kind text,
    sales_channel text,
    acknowledged boolean NOT NULL,
    on_living_call boolean NOT NULL,
    due_day date,
    due_at timestamptz,
    told_at timestamptz,
    informed_day date,
    closed_at timestamptz,
    ended_as text,
    closed boolean NOT NULL,
    dispatched boolean NOT NULL,
    customer_due date[] NOT NULL,
    customer_met date[] NOT NULL,
    service_due date[] NOT NULL,
    service_met date[] NOT NULL
) WITH (fillfactor = 70);
COMMENT ON COLUMN ticket_fact.customer_due IS 'progress points to the customer; customer_met has the day each was met, or null';
COMMENT ON COLUMN ticket_fact.service_due IS 'progress points of the coordinator to customer service, likewise';
COMMENT ON COLUMN ticket_fact.on_living_call IS 'acknowledged on a call whose end is not told yet: looked at again by the worker';
CREATE INDEX ticket_fact_period ON ticket_fact (received_day, accepting_organisation_id);
CREATE INDEX ticket_fact_underwriting ON ticket_fact (received_day, underwriting_organisation_id);
CREATE INDEX ticket_fact_living ON ticket_fact (ticket_id) WHERE on_living_call;

-- Copies the facts of these tickets anew. The rows are held first, so that who comes second sees what the first wrote.
CREATE FUNCTION cc_refresh_facts(ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
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
        service_due = excluded.service_due, service_met = excluded.service_met
    WHERE f IS DISTINCT FROM excluded;
END
$$;

CREATE FUNCTION cc_follow_tickets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM cc_refresh_facts(ARRAY(
        SELECT id FROM changed
        UNION
        SELECT m.id FROM changed c JOIN ticket m ON m.matter_id = c.matter_id AND m.relation = 'merged'
            WHERE c.relation <> 'merged'));
    RETURN NULL;
END
$$;
CREATE TRIGGER ticket_facts_opened AFTER INSERT ON ticket REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION cc_follow_tickets();
CREATE TRIGGER ticket_facts_changed AFTER UPDATE ON ticket REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION cc_follow_tickets();

CREATE FUNCTION cc_follow_clocks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM cc_refresh_facts(ARRAY(SELECT DISTINCT ticket_id FROM changed));
    RETURN NULL;
END
$$;
CREATE TRIGGER ticket_facts_started AFTER INSERT ON ticket_clock REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION cc_follow_clocks();
CREATE TRIGGER ticket_facts_met AFTER UPDATE ON ticket_clock REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION cc_follow_clocks();

INSERT INTO ticket_fact SELECT * FROM ticket_fact_now;
