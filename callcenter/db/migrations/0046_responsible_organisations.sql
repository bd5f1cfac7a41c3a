-- The third organisation of a ticket (D-12): of every responsible department, whose it is; and the level of the
-- regulator that forwarded it (M-16). Statistics of a year of hundreds of thousands of tickets are to be there at once:
-- what the figures ask of a ticket stands in one number, `sign`, so that tickets that count alike are counted together,
-- out of an index, without looking at the rows.

ALTER TABLE ticket_fact ADD COLUMN forwarder_level text,
    ADD COLUMN responsible_organisation_ids text[] NOT NULL DEFAULT '{}';
ALTER TABLE report_fact ADD COLUMN forwarder_level text,
    ADD COLUMN responsible_organisation_ids text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN ticket_fact.responsible_organisation_ids IS 'the organisation of each of `departments`, in their order';

ALTER TABLE report DROP CONSTRAINT report_dimension_check,
    ADD CONSTRAINT report_dimension_check CHECK (dimension IN ('accepting', 'underwriting', 'responsible'));

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
    (SELECT count(*) FROM reminder r WHERE r.ticket_id = t.id)::smallint AS reminders, v.satisfied,
    t.forwarder_level,
    -- Of each of the departments above, in their order: who had its slip, else who accepted the order (D-12, R-3.26).
    ARRAY(SELECT COALESCE((SELECT s.organisation_id FROM slip s
            WHERE s.ticket_id = t.id AND s.department = r.code AND s.part IN ('main', 'joint')
                AND s.state NOT IN ('returned', 'released')
            ORDER BY s.place DESC LIMIT 1), t.accepting_organisation_id)
        FROM unnest(CASE WHEN cardinality(t.responsible) > 0 THEN t.responsible
            ELSE array_remove(ARRAY[t.department], NULL) END) WITH ORDINALITY AS r (code, place)
        ORDER BY r.place) AS responsible_organisation_ids
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

CREATE OR REPLACE FUNCTION cc_copy_facts(ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM ticket_fact WHERE ticket_id = ANY(ids) ORDER BY ticket_id FOR UPDATE;
    INSERT INTO ticket_fact AS f (ticket_id, received_day, received_at, accepting_organisation_id,
        underwriting_organisation_id, matter_id, nature, relation, complainant_type, occurrences, pieces, validity, channel, source, severity, status,
        subject, category, mentioned, departments, product, product_kind, sales_channel, acknowledged, on_living_call,
        due_day, due_at, told_at, informed_day, closed_at, ended_as, closed, dispatched, customer_due, customer_met,
        service_due, service_met, returns, reminders, satisfied, forwarder_level, responsible_organisation_ids)
    SELECT ticket_id, received_day, received_at, accepting_organisation_id,
        underwriting_organisation_id, matter_id, nature, relation, complainant_type, occurrences, pieces, validity, channel, source, severity, status,
        subject, category, mentioned, departments, product, product_kind, sales_channel, acknowledged, on_living_call,
        due_day, due_at, told_at, informed_day, closed_at, ended_as, closed, dispatched, customer_due, customer_met,
        service_due, service_met, returns, reminders, satisfied, forwarder_level, responsible_organisation_ids
    FROM ticket_fact_now n WHERE n.ticket_id = ANY(ids)
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
        returns = excluded.returns, reminders = excluded.reminders, satisfied = excluded.satisfied,
        forwarder_level = excluded.forwarder_level,
        responsible_organisation_ids = excluded.responsible_organisation_ids
    WHERE f IS DISTINCT FROM excluded;
END
$$;

SELECT cc_refresh_facts(ARRAY(SELECT id FROM ticket));

-- Bits 0 to 28 as callcenter/figures/signs.py names them; from 29 the number of causes mentioned, from 33 of returns,
-- from 48 of reminders.
CREATE FUNCTION cc_sign(occurrences smallint, pieces smallint, relation text, validity text, nature text, source text,
    forwarder_level text, severity text, acknowledged boolean, closed boolean, closed_at timestamptz, ended_as text,
    due_day date, due_at timestamptz, told_at timestamptz, informed_day date, dispatched boolean, satisfied boolean,
    customer_due date[], service_due date[], mentioned text[], returns smallint, reminders smallint)
RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (CASE WHEN occurrences > 0 THEN 1 ELSE 0 END
        + CASE WHEN pieces > 0 THEN 2 ELSE 0 END
        + CASE WHEN relation = 'first' THEN 4 ELSE 0 END
        + CASE WHEN relation = 'repeat' THEN 8 ELSE 0 END
        + CASE WHEN relation = 'escalation' THEN 16 ELSE 0 END
        + CASE WHEN validity = 'valid' THEN 32 ELSE 0 END
        + CASE WHEN validity = 'invalid' THEN 64 ELSE 0 END
        + CASE WHEN validity = 'pending' THEN 128 ELSE 0 END
        + CASE WHEN nature = 'complaint' THEN 256 ELSE 0 END
        + CASE WHEN nature = 'callback_finding' THEN 512 ELSE 0 END
        + CASE WHEN nature = 'non_complaint' THEN 1024 ELSE 0 END
        + CASE WHEN source = 'regulator' THEN 2048 ELSE 0 END
        + CASE WHEN source = 'regulator' AND forwarder_level = 'headquarters' THEN 4096 ELSE 0 END
        + CASE WHEN source = 'media' THEN 8192 ELSE 0 END
        + CASE WHEN source = 'callback' THEN 16384 ELSE 0 END
        + CASE WHEN severity = 'major' THEN 32768 ELSE 0 END
        + CASE WHEN acknowledged THEN 65536 ELSE 0 END
        + CASE WHEN closed THEN 131072 ELSE 0 END
        + CASE WHEN closed_at IS NULL THEN 262144 ELSE 0 END
        + CASE WHEN ended_as = 'withdrawn' THEN 524288 ELSE 0 END
        + CASE WHEN closed_at < due_at THEN 1048576 ELSE 0 END
        + CASE WHEN due_day IS NOT NULL THEN 2097152 ELSE 0 END
        + CASE WHEN told_at IS NOT NULL THEN 4194304 ELSE 0 END
        + CASE WHEN told_at < due_at THEN 8388608 ELSE 0 END
        + CASE WHEN informed_day IS NOT NULL THEN 16777216 ELSE 0 END
        + CASE WHEN dispatched THEN 33554432 ELSE 0 END
        + CASE WHEN satisfied IS NOT NULL THEN 67108864 ELSE 0 END
        + CASE WHEN satisfied THEN 134217728 ELSE 0 END
        + CASE WHEN cardinality(customer_due) > 0 OR cardinality(service_due) > 0 THEN 268435456 ELSE 0 END)::bigint
        + (greatest(1, cardinality(mentioned))::bigint << 29) + (returns::bigint << 33) + (reminders::bigint << 48)
$$;
ALTER TABLE ticket_fact ADD COLUMN sign bigint GENERATED ALWAYS AS (cc_sign(occurrences, pieces, relation, validity,
    nature, source, forwarder_level, severity, acknowledged, closed, closed_at, ended_as, due_day, due_at, told_at,
    informed_day, dispatched, satisfied, customer_due, service_due, mentioned, returns, reminders)) STORED;
-- A report keeps the sign it was counted by.
ALTER TABLE report_fact ADD COLUMN sign bigint;
UPDATE report_fact SET sign = cc_sign(occurrences, pieces, relation, validity, nature, source, forwarder_level,
    severity, acknowledged, closed, closed_at, ended_as, due_day, due_at, told_at, informed_day, dispatched, satisfied,
    customer_due, service_due, mentioned, returns, reminders);
ALTER TABLE report_fact ALTER COLUMN sign SET NOT NULL;

DROP INDEX ticket_fact_period, ticket_fact_underwriting;
CREATE INDEX ticket_fact_counted ON ticket_fact (received_day)
    INCLUDE (sign, due_day, informed_day, matter_id, accepting_organisation_id, underwriting_organisation_id);
-- What follows another order of its matter, and what owes progress, are few and looked at one by one.
CREATE INDEX ticket_fact_following ON ticket_fact (received_day)
    INCLUDE (sign, matter_id, accepting_organisation_id, underwriting_organisation_id)
    WHERE relation <> 'first' AND occurrences > 0;
CREATE INDEX ticket_fact_progress ON ticket_fact (received_day)
    WHERE cardinality(customer_due) > 0 OR cardinality(service_due) > 0;
