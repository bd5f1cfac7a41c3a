-- The database as the migrations make it, without the partitions of its large tables.
-- Made from callcenter/db/migrations by `make schema` (pg_dump of PostgreSQL 18); do not edit.

CREATE TYPE public.text_range AS RANGE (
    subtype = text,
    multirange_type_name = public.text_multirange,
    collation = pg_catalog."C"
);

CREATE FUNCTION public.cc_acknowledgement_stays() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF (to_jsonb(NEW) - ARRAY['state', 'state_at']) <> (to_jsonb(OLD) - ARRAY['state', 'state_at']) THEN
        RAISE EXCEPTION 'an acknowledgement is never changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION public.cc_attachment_stays() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.withdrawn_at IS NOT NULL
        OR (to_jsonb(NEW) - ARRAY['withdrawn_at', 'withdrawn_by', 'withdrawn_reason'])
            <> (to_jsonb(OLD) - ARRAY['withdrawn_at', 'withdrawn_by', 'withdrawn_reason']) THEN
        RAISE EXCEPTION 'a file of a ticket is never changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION public.cc_callback_scope() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    rule jsonb;
    health boolean := NEW.product_kind = 'health' AND (NEW.long_term OR NEW.guaranteed_renewal);
BEGIN
    SELECT s.rule INTO rule FROM scope_rule s
    WHERE s.purpose = 'new_business' AND s.valid_from <= COALESCE(NEW.received_on, NEW.issued_on, 'infinity'::date)
    ORDER BY s.valid_from DESC, s.place DESC LIMIT 1;
    rule := COALESCE(rule,
        '{"group": false, "any_term": false, "fallback_days": 10, "bank_days": 15, "health_days": 15}');
    NEW.called_back := ((rule ->> 'group')::boolean OR NOT (NEW.group_business OR NEW.sales_channel = 'group'))
        AND ((rule ->> 'any_term')::boolean OR NEW.long_term OR health);
    NEW.cooling_off_ends := NEW.received_on + greatest(
        COALESCE(NEW.cooling_off_days, (rule ->> 'fallback_days')::integer),
        CASE WHEN health THEN (rule ->> 'health_days')::integer ELSE 0 END,
        CASE WHEN NEW.sales_channel = 'bank' AND NEW.long_term THEN (rule ->> 'bank_days')::integer ELSE 0 END);
    RETURN NEW;
END
$$;

CREATE FUNCTION public.cc_callback_tried() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE callback_task SET agent_id = COALESCE(NEW.user_id, agent_id),
        tried_at = CASE WHEN NEW.outcome IS NULL OR NEW.outcome IN ('lost', 'not_dialled', 'abandoned') THEN tried_at
            ELSE least(tried_at, COALESCE(NEW.originated_at, NEW.requested_at)) END
    WHERE id = NEW.task_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.cc_callback_way_stays() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    ending text[] := ARRAY['failed_at', 'failed_by', 'failed_reason', 'returned_at', 'signed_on', 'sha256', 'media_type',
        'name', 'received_by', 'received_at'];
BEGIN
    IF OLD.failed_at IS NOT NULL OR OLD.returned_at IS NOT NULL OR (to_jsonb(NEW) - ending) <> (to_jsonb(OLD) - ending) THEN
        RAISE EXCEPTION 'a letter or visit ends once and is never changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION public.cc_check_matter(wanted uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (
        SELECT FROM matter m LEFT JOIN ticket r ON r.id = m.root_ticket_id AND r.matter_id = m.id
        WHERE m.id = wanted AND (r.relation IS DISTINCT FROM 'first' OR (r.complainant_type IN ('agent', 'public')
            AND EXISTS (SELECT FROM ticket t WHERE t.matter_id = m.id AND t.occurrences > 0)))
    ) THEN
        RAISE EXCEPTION 'the root of matter % is not its first order', wanted USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT FROM ticket t JOIN ticket i ON i.id = t.merged_into_id
        WHERE t.matter_id = wanted AND (i.matter_id IS DISTINCT FROM wanted OR i.relation = 'merged')
    ) THEN
        RAISE EXCEPTION 'an order of matter % is merged into none of it', wanted USING ERRCODE = 'check_violation';
    END IF;
END $$;

CREATE FUNCTION public.cc_copy_facts(ids uuid[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.cc_document_stays() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.voided_at IS NOT NULL
        OR (to_jsonb(NEW) - ARRAY['voided_at', 'voided_by', 'void_reason'])
            <> (to_jsonb(OLD) - ARRAY['voided_at', 'voided_by', 'void_reason']) THEN
        RAISE EXCEPTION 'a document once issued is never changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION public.cc_first_id(at timestamp with time zone) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT
    AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

CREATE FUNCTION public.cc_follow_clocks() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM cc_refresh_facts(ARRAY(SELECT DISTINCT ticket_id FROM changed));
    RETURN NULL;
END
$$;

CREATE FUNCTION public.cc_follow_lines() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT FROM changed) THEN
        PERFORM cc_refresh_facts(ARRAY(SELECT DISTINCT ticket_id FROM changed));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.cc_follow_openings() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO ticket_fact_owed SELECT id FROM changed;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.cc_follow_tickets() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM cc_refresh_facts(ARRAY(
        SELECT id FROM changed
        UNION
        SELECT m.id FROM changed c JOIN ticket m ON m.matter_id = c.matter_id AND m.relation = 'merged'
            WHERE c.relation <> 'merged'));
    RETURN NULL;
END
$$;

CREATE FUNCTION public.cc_keep_limit() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO ticket_limit (ticket_id, due_at) VALUES (OLD.ticket_id, OLD.due_at);
    RETURN NULL;
END $$;

CREATE FUNCTION public.cc_matter_is_whole() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_TABLE_NAME = 'matter' THEN
        PERFORM cc_check_matter(NEW.id);
        RETURN NULL;
    END IF;
    PERFORM cc_check_matter(NEW.matter_id);
    IF TG_OP = 'UPDATE' AND OLD.matter_id IS DISTINCT FROM NEW.matter_id THEN
        PERFORM cc_check_matter(OLD.matter_id);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION public.cc_month_partitions(parent regclass, first date, months integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    month date := date_trunc('month', first)::date;
    partition text;
    made integer := 0;
BEGIN
    FOR i IN 0 .. months - 1 LOOP
        partition := format('%s_%s', parent::text, to_char(month, 'YYYYMM'));
        IF to_regclass(partition) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', partition, parent,
                cc_first_id(month::timestamp AT TIME ZONE 'UTC'),
                cc_first_id((month + interval '1 month')::timestamp AT TIME ZONE 'UTC'));
            made := made + 1;
        END IF;
        month := (month + interval '1 month')::date;
    END LOOP;
    RETURN made;
END
$$;

CREATE FUNCTION public.cc_nature_has_reason() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF (SELECT r.to_nature FROM reclassification r WHERE r.ticket_id = NEW.id AND r.state = 'effected'
        AND r.manner <> 'new_order' ORDER BY r.effected_at DESC, r.place DESC LIMIT 1) IS DISTINCT FROM NEW.nature THEN
        RAISE EXCEPTION 'ticket % changed its nature without a reclassification', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_nature_has_reason';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION public.cc_number_finding() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    given integer;
BEGIN
    INSERT INTO finding_counter AS c (day, last) VALUES (NEW.received_day, 1)
    ON CONFLICT (day) DO UPDATE SET last = c.last + 1 RETURNING c.last INTO given;
    NEW.finding_number := '95519-WT-' || to_char(NEW.received_day, 'YYYYMMDD') || '-' || lpad(given::text, 6, '0');
    RETURN NEW;
END $$;

CREATE FUNCTION public.cc_pairs(content text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT COALESCE(array_agg(DISTINCT c || d), '{}')
    FROM (
        SELECT c, lead(c) OVER (ORDER BY place) AS d
        FROM unnest(string_to_array(lower(content), NULL)) WITH ORDINALITY AS letters (c, place)
    ) AS neighbours
    WHERE d IS NOT NULL
$$;

CREATE FUNCTION public.cc_recheck_by_another() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT FROM callback_task t WHERE t.id = NEW.task_id AND NEW.user_id = ANY(t.barred)) THEN
        RAISE EXCEPTION 'this agent may not dial task %', NEW.task_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'callback_attempt_by_another';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.cc_recording_seen_from(of_call uuid, from_path text) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT EXISTS (SELECT FROM organisation WHERE kind = 'hq' AND path = from_path)
        OR EXISTS (
            SELECT FROM call c JOIN app_user u ON u.id = c.user_id JOIN organisation o ON o.id = u.organisation_id
            WHERE c.id = of_call AND starts_with(o.path, from_path))
        OR EXISTS (
            SELECT FROM call_leg l JOIN app_user u ON u.id = l.user_id JOIN organisation o ON o.id = u.organisation_id
            WHERE l.call_id = of_call AND l.answered_at IS NOT NULL AND starts_with(o.path, from_path)
                AND l.id BETWEEN (left(of_call::text, 13) || '-0000-0000-000000000000')::uuid
                    AND (left(of_call::text, 13) || '-ffff-ffff-ffffffffffff')::uuid)
        OR EXISTS (
            SELECT FROM ticket_call k JOIN ticket t ON t.id = k.ticket_id
            JOIN organisation o ON o.id IN (t.accepting_organisation_id, t.underwriting_organisation_id)
            WHERE k.call_id = of_call AND starts_with(o.path, from_path))
        OR EXISTS ( -- the A counter determines and closes what the B counter beside it accepted (F-7)
            SELECT FROM ticket_call k JOIN ticket t ON t.id = k.ticket_id
            JOIN organisation b ON b.id = t.accepting_organisation_id AND b.kind = 'counter_b'
            JOIN organisation a ON a.parent_id = b.parent_id AND a.kind = 'counter_a'
            WHERE k.call_id = of_call AND a.path = from_path)
$$;

CREATE FUNCTION public.cc_refresh_facts(ids uuid[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    there uuid[];
BEGIN
    PERFORM FROM ticket_fact_owed WHERE ticket_id = ANY(ids) ORDER BY ticket_id FOR SHARE;
    there := ARRAY(
        SELECT id FROM unnest(ids) AS id WHERE NOT EXISTS (SELECT FROM ticket_fact_owed o WHERE o.ticket_id = id));
    IF there <> '{}' THEN
        PERFORM cc_copy_facts(there);
    END IF;
END
$$;

CREATE FUNCTION public.cc_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% on % is not allowed: this table only grows', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE FUNCTION public.cc_scope_rule_published() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE policy SET called_back = called_back WHERE COALESCE(received_on, issued_on, 'infinity'::date) >= NEW.valid_from;
    RETURN NULL;
END
$$;

CREATE FUNCTION public.cc_script_stays() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.state = 'published' THEN
        RAISE EXCEPTION 'a published script is never changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

CREATE PROCEDURE public.cc_settle_facts()
    LANGUAGE plpgsql
    AS $$
DECLARE
    owed uuid;
BEGIN
    FOR owed IN SELECT ticket_id FROM ticket_fact_owed ORDER BY ticket_id LOOP
        PERFORM set_config('synchronous_commit', 'off', true);
        DELETE FROM ticket_fact_owed WHERE ticket_id = owed;
        IF FOUND THEN
            PERFORM cc_copy_facts(ARRAY[owed]);
        END IF;
        COMMIT;
    END LOOP;
END
$$;

CREATE FUNCTION public.cc_sign(occurrences smallint, pieces smallint, relation text, validity text, nature text, source text, forwarder_level text, severity text, acknowledged boolean, closed boolean, closed_at timestamp with time zone, ended_as text, due_day date, due_at timestamp with time zone, told_at timestamp with time zone, informed_day date, dispatched boolean, satisfied boolean, customer_due date[], service_due date[], mentioned text[], returns smallint, reminders smallint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
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

CREATE FUNCTION public.cc_ticket_text(name text, demand text, description text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT COALESCE(name, '') || ' ' || COALESCE(demand, '') || ' ' || COALESCE(description, '')
$$;

CREATE TABLE public.access_log (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    verdict text NOT NULL,
    reason text NOT NULL,
    object_kind text NOT NULL,
    object_id text NOT NULL,
    purpose text,
    ticket_id uuid,
    first_byte bigint,
    last_byte bigint,
    address text,
    user_agent text,
    token_id uuid,
    CONSTRAINT access_log_verdict_check CHECK ((verdict = ANY (ARRAY['allow'::text, 'deny'::text])))
)
PARTITION BY RANGE (id);

CREATE TABLE public.accountability (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    organisation_id text NOT NULL,
    user_id uuid,
    person text NOT NULL,
    breach text NOT NULL,
    measure text NOT NULL,
    basis text NOT NULL,
    state text DEFAULT 'proposed'::text NOT NULL,
    proposed_at timestamp with time zone NOT NULL,
    proposed_by text NOT NULL,
    decided_at timestamp with time zone,
    decided_by text,
    remark text,
    done_at timestamp with time zone,
    done_by text,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT accountability_basis_check CHECK (((length(basis) >= 1) AND (length(basis) <= 2000))),
    CONSTRAINT accountability_breach_check CHECK (((length(breach) >= 1) AND (length(breach) <= 2000))),
    CONSTRAINT accountability_check CHECK ((((decided_at IS NULL) = (state = 'proposed'::text)) AND ((decided_by IS NULL) = (state = 'proposed'::text)) AND ((remark IS NULL) = (state = 'proposed'::text)))),
    CONSTRAINT accountability_check1 CHECK ((((done_at IS NULL) = (state <> 'carried_out'::text)) AND ((done_by IS NULL) = (state <> 'carried_out'::text)))),
    CONSTRAINT accountability_check2 CHECK ((decided_by <> proposed_by)),
    CONSTRAINT accountability_measure_check CHECK ((measure = ANY (ARRAY['training'::text, 'warning'::text, 'deduction'::text, 'no_promotion'::text, 'suspension'::text, 'termination'::text, 'referral'::text]))),
    CONSTRAINT accountability_person_check CHECK (((length(person) >= 1) AND (length(person) <= 200))),
    CONSTRAINT accountability_remark_check CHECK (((length(remark) >= 1) AND (length(remark) <= 2000))),
    CONSTRAINT accountability_state_check CHECK ((state = ANY (ARRAY['proposed'::text, 'decided'::text, 'carried_out'::text, 'dropped'::text])))
);

COMMENT ON TABLE public.accountability IS 'who is held to account for what a complaint brought to light, and how (B-10)';

CREATE TABLE public.acknowledgement (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    means text NOT NULL,
    state text NOT NULL,
    call_id uuid,
    note text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    state_at timestamp with time zone NOT NULL,
    document_id uuid,
    CONSTRAINT acknowledgement_check CHECK (((call_id IS NULL) OR (means = 'phone'::text))),
    CONSTRAINT acknowledgement_means_check CHECK ((means = ANY (ARRAY['letter'::text, 'email'::text, 'phone'::text, 'sms'::text, 'in_person'::text, 'online'::text, 'fax'::text, 'not_possible'::text]))),
    CONSTRAINT acknowledgement_note_check CHECK ((note ~ '\S'::text)),
    CONSTRAINT acknowledgement_state_check CHECK ((state = ANY (ARRAY['complete'::text, 'awaits_recording'::text, 'incomplete'::text, 'not_possible'::text])))
);

CREATE TABLE public.agent_queue (
    user_id uuid NOT NULL,
    queue text NOT NULL,
    penalty smallint DEFAULT 0 NOT NULL,
    CONSTRAINT agent_queue_penalty_check CHECK (((penalty >= 0) AND (penalty <= 100)))
);

CREATE TABLE public.agent_state (
    user_id uuid NOT NULL,
    state text NOT NULL,
    reason text,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone,
    endpoint text,
    queues text[] DEFAULT '{}'::text[] NOT NULL,
    call_id uuid,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT agent_state_check CHECK (((state = 'paused'::text) = (reason IS NOT NULL))),
    CONSTRAINT agent_state_check1 CHECK (((state = 'offline'::text) = (endpoint IS NULL))),
    CONSTRAINT agent_state_state_check CHECK ((state = ANY (ARRAY['offline'::text, 'ready'::text, 'paused'::text, 'wrap_up'::text])))
);

CREATE TABLE public.agent_state_log (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    state text NOT NULL,
    reason text,
    call_id uuid,
    actor text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT agent_state_log_check CHECK ((ended_at >= started_at))
);

CREATE TABLE public.api_token (
    id uuid NOT NULL,
    token_hash bytea NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    organisation_id text NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_token_scopes_check CHECK ((cardinality(scopes) > 0))
);

CREATE TABLE public.app_user (
    id uuid NOT NULL,
    login text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    organisation_id text NOT NULL,
    roles text[] NOT NULL,
    extension text,
    phone text DEFAULT 'desk'::text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    password_set_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    department text,
    manager_id uuid,
    email text,
    sells_as text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT app_user_check CHECK ((manager_id <> id)),
    CONSTRAINT app_user_department_check CHECK ((department = ANY (ARRAY['sales'::text, 'sales_inspection'::text, 'business_management'::text, 'finance'::text, 'it'::text, 'customer_service'::text, 'compliance'::text]))),
    CONSTRAINT app_user_email_check CHECK (((length(email) <= 254) AND (email ~ '^[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+$'::text))),
    CONSTRAINT app_user_extension_check CHECK ((extension ~ '^[0-9]{3,6}$'::text)),
    CONSTRAINT app_user_login_check CHECK ((login ~ '^[a-z0-9][a-z0-9._-]{1,63}$'::text)),
    CONSTRAINT app_user_phone_check CHECK ((phone = ANY (ARRAY['web'::text, 'desk'::text]))),
    CONSTRAINT app_user_roles_check CHECK ((roles <@ ARRAY['agent'::text, 'callback_agent'::text, 'handler'::text, 'coordinator'::text, 'department_head'::text, 'legal'::text, 'secretary'::text, 'supervisor'::text, 'qa'::text, 'auditor'::text, 'admin'::text, 'integrator'::text]))
);

COMMENT ON COLUMN public.app_user.sells_as IS 'how the core system names this person as a salesperson (policy.salesperson), beside login and name (C-11)';

CREATE TABLE public.archive_counter (
    fonds text NOT NULL,
    year integer NOT NULL,
    last bigint NOT NULL,
    CONSTRAINT archive_counter_last_check CHECK ((last >= 0))
);

CREATE TABLE public.archive_number (
    fonds text NOT NULL,
    year integer NOT NULL,
    number bigint NOT NULL,
    object_id text NOT NULL,
    given_at timestamp with time zone NOT NULL,
    CONSTRAINT archive_number_number_check CHECK ((number > 0))
);

CREATE TABLE public.attachment (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    kind text NOT NULL,
    origin text NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    sha256 text NOT NULL,
    note text,
    added_at timestamp with time zone NOT NULL,
    added_by text NOT NULL,
    withdrawn_at timestamp with time zone,
    withdrawn_by text,
    withdrawn_reason text,
    CONSTRAINT attachment_kind_check CHECK ((kind = ANY (ARRAY['visit_form'::text, 'letter'::text, 'fax'::text, 'email'::text, 'photo'::text, 'authorisation'::text, 'identity'::text, 'kinship'::text, 'evidence'::text, 'customer_reply'::text, 'reception'::text, 'document'::text, 'other'::text]))),
    CONSTRAINT attachment_name_check CHECK (((octet_length(name) >= 1) AND (octet_length(name) <= 255))),
    CONSTRAINT attachment_note_check CHECK ((length(note) <= 2000)),
    CONSTRAINT attachment_origin_check CHECK ((origin = ANY (ARRAY['received'::text, 'generated'::text]))),
    CONSTRAINT attachment_withdrawn CHECK ((((withdrawn_at IS NULL) = (withdrawn_by IS NULL)) AND ((withdrawn_at IS NULL) = (withdrawn_reason IS NULL)))),
    CONSTRAINT attachment_withdrawn_reason_check CHECK (((length(withdrawn_reason) >= 1) AND (length(withdrawn_reason) <= 2000)))
);

CREATE TABLE public.attachment_content (
    sha256 text NOT NULL,
    size bigint NOT NULL,
    stored_at timestamp with time zone NOT NULL,
    checked_at timestamp with time zone NOT NULL,
    damaged_at timestamp with time zone,
    CONSTRAINT attachment_content_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT attachment_content_size_check CHECK ((size > 0))
);

CREATE TABLE public.attempt_plan (
    version text NOT NULL,
    name text NOT NULL,
    tries integer NOT NULL,
    days integer NOT NULL,
    bands integer NOT NULL,
    outside_office integer NOT NULL,
    most_a_day integer NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT attempt_plan_bands_check CHECK (((bands >= 1) AND (bands <= 3))),
    CONSTRAINT attempt_plan_check CHECK (((days <= tries) AND (bands <= tries) AND (outside_office <= tries) AND (tries <= (days * most_a_day)))),
    CONSTRAINT attempt_plan_days_check CHECK (((days >= 1) AND (days <= 10))),
    CONSTRAINT attempt_plan_most_a_day_check CHECK (((most_a_day >= 1) AND (most_a_day <= 10))),
    CONSTRAINT attempt_plan_name_check CHECK ((name <> ''::text)),
    CONSTRAINT attempt_plan_outside_office_check CHECK (((outside_office >= 0) AND (outside_office <= 10))),
    CONSTRAINT attempt_plan_tries_check CHECK (((tries >= 1) AND (tries <= 20))),
    CONSTRAINT attempt_plan_version_check CHECK ((version ~ '^[a-z0-9][a-z0-9.-]{0,39}$'::text))
);

COMMENT ON TABLE public.attempt_plan IS 'what must be tried before a letter or a visit takes over (C-17), by version; the newest is for new campaigns';

CREATE TABLE public.attempt_plan_rule (
    version text NOT NULL,
    outcome text NOT NULL,
    wait_minutes integer NOT NULL,
    other_band boolean NOT NULL,
    number text NOT NULL,
    CONSTRAINT attempt_plan_rule_number_check CHECK ((number = ANY (ARRAY['same'::text, 'next'::text, 'strike'::text]))),
    CONSTRAINT attempt_plan_rule_outcome_check CHECK ((outcome = ANY (ARRAY['answered'::text, 'busy'::text, 'no_answer'::text, 'refused'::text, 'failed'::text, 'broken_off'::text, 'lost'::text, 'wrong_number'::text, 'power_off'::text, 'not_policyholder'::text, 'call_again'::text, 'machine'::text, 'abandoned'::text, 'not_dialled'::text]))),
    CONSTRAINT attempt_plan_rule_wait_minutes_check CHECK (((wait_minutes >= 0) AND (wait_minutes <= 20160)))
);

COMMENT ON TABLE public.attempt_plan_rule IS 'after a dialling that came to `outcome`: how long to wait, whether in another band of the day, and which number then; `strike`: this one never again';

CREATE TABLE public.audit (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    object_kind text NOT NULL,
    object_id text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    address text
)
PARTITION BY RANGE (id);

CREATE TABLE public.authority_limit (
    organisation_id text NOT NULL,
    role text NOT NULL,
    amount numeric(14,2) NOT NULL,
    basis text NOT NULL,
    set_by text NOT NULL,
    set_at timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT authority_limit_amount_check CHECK ((amount >= (0)::numeric)),
    CONSTRAINT authority_limit_basis_check CHECK (((length(basis) >= 1) AND (length(basis) <= 200))),
    CONSTRAINT authority_limit_role_check CHECK ((role = ANY (ARRAY['agent'::text, 'callback_agent'::text, 'handler'::text, 'coordinator'::text, 'department_head'::text, 'legal'::text, 'secretary'::text, 'supervisor'::text, 'qa'::text, 'auditor'::text, 'admin'::text, 'integrator'::text])))
);

COMMENT ON COLUMN public.authority_limit.amount IS 'yuan; up to and including';

CREATE TABLE public.authority_request (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    amount numeric(12,2) NOT NULL,
    reason text NOT NULL,
    asked_by text NOT NULL,
    asked_by_user uuid NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    state text DEFAULT 'asked'::text NOT NULL,
    until timestamp with time zone,
    remark text,
    answered_by text,
    answered_at timestamp with time zone,
    CONSTRAINT authority_request_amount_check CHECK ((amount > (0)::numeric)),
    CONSTRAINT authority_request_check CHECK ((((answered_by IS NULL) = (state = 'asked'::text)) AND ((answered_at IS NULL) = (state = 'asked'::text)))),
    CONSTRAINT authority_request_check1 CHECK (((until IS NOT NULL) = (state = 'granted'::text))),
    CONSTRAINT authority_request_check2 CHECK ((answered_by <> asked_by)),
    CONSTRAINT authority_request_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 2000))),
    CONSTRAINT authority_request_remark_check CHECK ((length(remark) <= 2000)),
    CONSTRAINT authority_request_state_check CHECK ((state = ANY (ARRAY['asked'::text, 'granted'::text, 'refused'::text])))
);

COMMENT ON TABLE public.authority_request IS 'authority for one settlement, asked for and given from afar, for a time (N-11)';

CREATE TABLE public.calendar_day (
    day date NOT NULL,
    is_workday boolean NOT NULL,
    note text NOT NULL,
    source text NOT NULL
);

CREATE TABLE public.calendar_year (
    year integer NOT NULL,
    source text NOT NULL,
    loaded_at timestamp with time zone NOT NULL,
    CONSTRAINT calendar_year_year_check CHECK (((year >= 2004) AND (year <= 2200)))
);

COMMENT ON TABLE public.calendar_year IS 'years whose yearly notice is in calendar_day, and so no longer provisional';

CREATE TABLE public.call (
    id uuid NOT NULL,
    cc_call text NOT NULL,
    direction text NOT NULL,
    state text NOT NULL,
    state_at timestamp with time zone NOT NULL,
    caller text,
    caller_name text,
    did text,
    customer_id uuid,
    queue text,
    user_id uuid,
    started_at timestamp with time zone NOT NULL,
    answered_at timestamp with time zone,
    ended_at timestamp with time zone,
    end_cause text,
    degraded boolean DEFAULT false NOT NULL,
    satisfaction smallint,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT call_caller_check CHECK ((length(caller) <= 40)),
    CONSTRAINT call_caller_name_check CHECK ((length(caller_name) <= 80)),
    CONSTRAINT call_check CHECK (((ended_at IS NULL) = (state <> 'ended'::text))),
    CONSTRAINT call_did_check CHECK ((length(did) <= 40)),
    CONSTRAINT call_direction_check CHECK ((direction = ANY (ARRAY['inbound'::text, 'callback'::text, 'click'::text]))),
    CONSTRAINT call_satisfaction_check CHECK (((satisfaction >= 1) AND (satisfaction <= 5))),
    CONSTRAINT call_state_check CHECK ((state = ANY (ARRAY['ringing'::text, 'ivr'::text, 'queued'::text, 'talking'::text, 'ended'::text])))
)
PARTITION BY RANGE (id);

CREATE TABLE public.call_event (
    id uuid NOT NULL,
    call_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    source text NOT NULL,
    kind text NOT NULL,
    channel_id text,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT call_event_source_check CHECK ((source = ANY (ARRAY['ari'::text, 'cel'::text, 'ami'::text, 'agi'::text, 'user'::text])))
)
PARTITION BY RANGE (id);

CREATE TABLE public.call_leg (
    id uuid NOT NULL,
    call_id uuid NOT NULL,
    channel_id text NOT NULL,
    channel_name text,
    role text NOT NULL,
    endpoint text,
    user_id uuid,
    started_at timestamp with time zone NOT NULL,
    answered_at timestamp with time zone,
    bridged boolean DEFAULT false NOT NULL,
    bridged_at timestamp with time zone,
    ended_at timestamp with time zone,
    cause text,
    CONSTRAINT call_leg_role_check CHECK ((role = ANY (ARRAY['customer'::text, 'agent'::text, 'consult'::text, 'supervisor'::text])))
)
PARTITION BY RANGE (id);

COMMENT ON COLUMN public.call_leg.bridged_at IS 'when it last began or ceased to exchange audio with others; NULL: it never did';

CREATE TABLE public.callback_answer (
    id uuid NOT NULL,
    task_id uuid NOT NULL,
    attempt_id uuid,
    script_version text NOT NULL,
    question text NOT NULL,
    answer text NOT NULL,
    note text,
    actor text NOT NULL,
    at timestamp with time zone NOT NULL,
    second numeric(10,3),
    live boolean NOT NULL,
    way_id uuid,
    link_id uuid,
    CONSTRAINT callback_answer_answer_check CHECK ((answer = ANY (ARRAY['yes'::text, 'no'::text, 'unclear'::text, 'not_applicable'::text]))),
    CONSTRAINT callback_answer_has_one_source CHECK ((num_nonnulls(attempt_id, way_id, link_id) = 1))
);

CREATE TABLE public.callback_attempt (
    id uuid NOT NULL,
    task_id uuid NOT NULL,
    request_key uuid NOT NULL,
    user_id uuid NOT NULL,
    number text NOT NULL,
    agent_endpoint text NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    claims integer DEFAULT 0 NOT NULL,
    lease_until timestamp with time zone,
    originated_at timestamp with time zone,
    answered_at timestamp with time zone,
    ended_at timestamp with time zone,
    outcome text,
    cause text,
    mode text DEFAULT 'preview'::text NOT NULL,
    trunk text,
    is_machine boolean DEFAULT false NOT NULL,
    CONSTRAINT callback_attempt_check CHECK (((ended_at IS NULL) = (outcome IS NULL))),
    CONSTRAINT callback_attempt_mode_check CHECK ((mode = ANY (ARRAY['preview'::text, 'progressive'::text]))),
    CONSTRAINT callback_attempt_outcome_check CHECK ((outcome = ANY (ARRAY['answered'::text, 'busy'::text, 'no_answer'::text, 'refused'::text, 'failed'::text, 'broken_off'::text, 'lost'::text, 'wrong_number'::text, 'power_off'::text, 'not_policyholder'::text, 'call_again'::text, 'machine'::text, 'abandoned'::text, 'not_dialled'::text])))
);

COMMENT ON COLUMN public.callback_attempt.is_machine IS 'the switch took who answered for a machine (AMD)';

CREATE TABLE public.callback_link (
    id uuid NOT NULL,
    task_id uuid NOT NULL,
    token_sha256 text NOT NULL,
    issued_by text NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    opened_at timestamp with time zone,
    verified_at timestamp with time zone,
    session_sha256 text,
    wrong_tries integer DEFAULT 0 NOT NULL,
    handed_in_at timestamp with time zone,
    revoked_at timestamp with time zone,
    revoked_by text,
    revoked_reason text,
    CONSTRAINT callback_link_check CHECK ((expires_at > issued_at)),
    CONSTRAINT callback_link_check1 CHECK ((((revoked_at IS NULL) = (revoked_by IS NULL)) AND ((revoked_at IS NULL) = (revoked_reason IS NULL)))),
    CONSTRAINT callback_link_check2 CHECK (((handed_in_at IS NULL) OR ((verified_at IS NOT NULL) AND (revoked_at IS NULL) AND (session_sha256 IS NULL)))),
    CONSTRAINT callback_link_revoked_reason_check CHECK (((length(revoked_reason) >= 1) AND (length(revoked_reason) <= 2000))),
    CONSTRAINT callback_link_session_sha256_check CHECK ((session_sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT callback_link_token_sha256_check CHECK ((token_sha256 ~ '^[0-9a-f]{64}$'::text))
);

CREATE TABLE public.callback_page (
    id uuid NOT NULL,
    link_id uuid NOT NULL,
    kind text NOT NULL,
    shown_at timestamp with time zone NOT NULL,
    html text NOT NULL,
    sha256 text NOT NULL,
    address text NOT NULL,
    user_agent text NOT NULL,
    place bigint NOT NULL,
    CONSTRAINT callback_page_check CHECK ((sha256 = encode(sha256(convert_to(html, 'UTF8'::name)), 'hex'::text))),
    CONSTRAINT callback_page_kind_check CHECK ((kind = ANY (ARRAY['identity'::text, 'wrong'::text, 'questions'::text, 'handed_in'::text])))
);

ALTER TABLE public.callback_page ALTER COLUMN place ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.callback_page_place_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.callback_sample (
    id uuid NOT NULL,
    organisation_id text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    agent_id uuid,
    seed text NOT NULL,
    wanted integer NOT NULL,
    after_days integer NOT NULL,
    population integer NOT NULL,
    population_sha256 text NOT NULL,
    drawn_by text NOT NULL,
    drawn_at timestamp with time zone NOT NULL,
    CONSTRAINT callback_sample_after_days_check CHECK (((after_days >= 0) AND (after_days <= 3660))),
    CONSTRAINT callback_sample_check CHECK ((first_day <= last_day)),
    CONSTRAINT callback_sample_population_check CHECK ((population >= 0)),
    CONSTRAINT callback_sample_seed_check CHECK (((seed <> ''::text) AND (length(seed) <= 100))),
    CONSTRAINT callback_sample_wanted_check CHECK (((wanted >= 1) AND (wanted <= 5000)))
);

COMMENT ON COLUMN public.callback_sample.after_days IS 'how many days after the first callback the policyholder is rung again';

COMMENT ON COLUMN public.callback_sample.population IS 'successful callbacks by telephone completed on these days and in no earlier sample';

CREATE TABLE public.callback_sample_item (
    sample_id uuid NOT NULL,
    place integer NOT NULL,
    task_id uuid NOT NULL,
    attempt_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    recheck_id uuid,
    result text,
    note text,
    ticket_id uuid,
    judged_by text,
    judged_at timestamp with time zone,
    CONSTRAINT callback_sample_impostor CHECK (((NOT (result IS DISTINCT FROM 'impostor'::text)) = (ticket_id IS NOT NULL))),
    CONSTRAINT callback_sample_item_note_check CHECK ((length(note) <= 20000)),
    CONSTRAINT callback_sample_item_place_check CHECK ((place > 0)),
    CONSTRAINT callback_sample_item_result_check CHECK ((result = ANY (ARRAY['genuine'::text, 'impostor'::text, 'unclear'::text, 'not_reached'::text]))),
    CONSTRAINT callback_sample_judged CHECK ((((result IS NULL) = (judged_at IS NULL)) AND ((result IS NULL) = (judged_by IS NULL))))
);

COMMENT ON COLUMN public.callback_sample_item.attempt_id IS 'the conversation that was sampled; agent_id: who dialled it';

COMMENT ON COLUMN public.callback_sample_item.result IS 'where nobody said it, what the re-call came to tells';

CREATE TABLE public.callback_task (
    id uuid NOT NULL,
    campaign_id uuid,
    purpose text NOT NULL,
    source text NOT NULL,
    source_call_id uuid,
    organisation_id text NOT NULL,
    customer_id uuid,
    policy_id uuid,
    number text NOT NULL,
    script_version text,
    wish text,
    state text NOT NULL,
    not_before timestamp with time zone NOT NULL,
    chosen_at timestamp with time zone,
    due_at timestamp with time zone,
    cooling_off_assumed boolean DEFAULT false NOT NULL,
    late boolean DEFAULT false NOT NULL,
    result text,
    note text,
    concluded_by text,
    concluded_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    numbers text[] DEFAULT '{}'::text[] NOT NULL,
    priority smallint DEFAULT 0 NOT NULL,
    begin_by timestamp with time zone,
    planned_by text,
    appointment_of uuid,
    locked_by uuid,
    locked_until timestamp with time zone,
    handed_over_by text,
    conditions text[] DEFAULT '{}'::text[] NOT NULL,
    tried_at timestamp with time zone,
    completed_at timestamp with time zone,
    way text,
    agent_id uuid,
    voided boolean DEFAULT false NOT NULL,
    barred uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    CONSTRAINT callback_task_check3 CHECK (((locked_by IS NULL) = (locked_until IS NULL))),
    CONSTRAINT callback_task_check4 CHECK (((appointment_of IS NULL) OR (chosen_at IS NOT NULL))),
    CONSTRAINT callback_task_completion CHECK (((completed_at IS NULL) = (way IS NULL))),
    CONSTRAINT callback_task_conditions_check CHECK ((conditions <@ ARRAY['sale_recorded'::text, 'instalment'::text, 'long_term_health'::text, 'refund_extended'::text, 'late'::text, 'objected'::text])),
    CONSTRAINT callback_task_number_check CHECK ((number ~ '^\+?[0-9]{3,20}$'::text)),
    CONSTRAINT callback_task_of_call CHECK (((source = ANY (ARRAY['overflow'::text, 'lost_call'::text])) = (source_call_id IS NOT NULL))),
    CONSTRAINT callback_task_of_campaign CHECK (((source = ANY (ARRAY['import'::text, 'scope'::text])) = (campaign_id IS NOT NULL))),
    CONSTRAINT callback_task_of_sample CHECK (((source = 'sample'::text) = (purpose = 'recheck'::text))),
    CONSTRAINT callback_task_priority_check CHECK (((priority >= '-9'::integer) AND (priority <= 9))),
    CONSTRAINT callback_task_purpose_check CHECK ((purpose = ANY (ARRAY['new_business'::text, 'return_call'::text, 'renewal'::text, 'lapsed'::text, 'surrender'::text, 'claim'::text, 'payment'::text, 'departed_agent'::text, 'recheck'::text]))),
    CONSTRAINT callback_task_result_check CHECK ((result = ANY (ARRAY['successful'::text, 'problem'::text, 'not_completed'::text, 'served'::text, 'withdrawn'::text]))),
    CONSTRAINT callback_task_script CHECK (((purpose <> 'new_business'::text) OR (script_version IS NOT NULL))),
    CONSTRAINT callback_task_source_check CHECK ((source = ANY (ARRAY['import'::text, 'scope'::text, 'overflow'::text, 'lost_call'::text, 'sample'::text]))),
    CONSTRAINT callback_task_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'dialling'::text, 'talking'::text, 'concluding'::text, 'otherwise'::text, 'done'::text]))),
    CONSTRAINT callback_task_voided CHECK (((NOT voided) OR (result = 'withdrawn'::text))),
    CONSTRAINT callback_task_way_check CHECK ((way = ANY (ARRAY['phone'::text, 'electronic'::text, 'letter'::text, 'visit'::text]))),
    CONSTRAINT no_task_leaves_without_outcome CHECK (((state = 'done'::text) = ((result IS NOT NULL) AND (concluded_at IS NOT NULL))))
);

COMMENT ON COLUMN public.callback_task.cooling_off_assumed IS 'due_at rests on the shortest period there is: its length is not known (C-4)';

COMMENT ON COLUMN public.callback_task.late IS 'made, or its customer reached, after due_at (C-21)';

COMMENT ON COLUMN public.callback_task.numbers IS 'numbers held at underwriting in the order in which they are tried (C-12); `number` is the one that is next';

COMMENT ON COLUMN public.callback_task.begin_by IS 'the latest moment of the first try that leaves room for the tries of C-17 before due_at';

COMMENT ON COLUMN public.callback_task.planned_by IS 'what not_before comes from: `<plan version>:<outcome>`, appointment, or no_number_left';

COMMENT ON COLUMN public.callback_task.appointment_of IS 'who promised to ring at chosen_at; null: the team';

COMMENT ON COLUMN public.callback_task.locked_by IS 'whose task it is until locked_until; handed_over_by: who gave it to him';

COMMENT ON COLUMN public.callback_task.conditions IS 'what held of the policy when the task was made: which steps of its script are for it';

COMMENT ON COLUMN public.callback_task.tried_at IS 'the first dialling that counts as a try, letter, visit or page opened (C-17)';

COMMENT ON COLUMN public.callback_task.completed_at IS 'the conversation, the page handed in, or the day the signed receipt came back';

COMMENT ON COLUMN public.callback_task.agent_id IS 'who dialled it last';

COMMENT ON COLUMN public.callback_task.voided IS 'withdrawn by the system, for no reason of the customer''s: as if it had not been made';

COMMENT ON COLUMN public.callback_task.barred IS 'who may not dial it: of a re-call whoever talked on the first callback (C-24)';

CREATE TABLE public.callback_way (
    id uuid NOT NULL,
    task_id uuid NOT NULL,
    way text NOT NULL,
    at timestamp with time zone NOT NULL,
    person text,
    address text,
    note text,
    recorded_by text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    failed_at timestamp with time zone,
    failed_by text,
    failed_reason text,
    returned_at timestamp with time zone,
    signed_on date,
    sha256 text,
    media_type text,
    name text,
    received_by text,
    received_at timestamp with time zone,
    CONSTRAINT callback_way_address_check CHECK (((length(address) >= 1) AND (length(address) <= 500))),
    CONSTRAINT callback_way_check CHECK (((way <> 'visit'::text) OR (person IS NOT NULL))),
    CONSTRAINT callback_way_check1 CHECK (((way <> 'letter'::text) OR (address IS NOT NULL))),
    CONSTRAINT callback_way_check2 CHECK ((((failed_at IS NULL) = (failed_reason IS NULL)) AND ((failed_at IS NULL) = (failed_by IS NULL)))),
    CONSTRAINT callback_way_check3 CHECK ((num_nonnulls(returned_at, signed_on, sha256, media_type, name, received_by, received_at) = ANY (ARRAY[0, 7]))),
    CONSTRAINT callback_way_ends_once CHECK (((failed_at IS NULL) OR (returned_at IS NULL))),
    CONSTRAINT callback_way_failed_reason_check CHECK (((length(failed_reason) >= 1) AND (length(failed_reason) <= 2000))),
    CONSTRAINT callback_way_name_check CHECK (((octet_length(name) >= 1) AND (octet_length(name) <= 255))),
    CONSTRAINT callback_way_note_check CHECK (((length(note) >= 1) AND (length(note) <= 2000))),
    CONSTRAINT callback_way_person_check CHECK (((length(person) >= 1) AND (length(person) <= 200))),
    CONSTRAINT callback_way_way_check CHECK ((way = ANY (ARRAY['letter'::text, 'visit'::text])))
);

COMMENT ON COLUMN public.callback_way.at IS 'when the letter was sent, or the visit made';

COMMENT ON COLUMN public.callback_way.person IS 'who visited; never the salesperson (C-11)';

COMMENT ON COLUMN public.callback_way.returned_at IS 'when the signed receipt came back: within the cooling-off period or only in final success';

CREATE TABLE public.campaign (
    id uuid NOT NULL,
    name text NOT NULL,
    organisation_id text NOT NULL,
    purpose text NOT NULL,
    script_version text,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    simplified_version text,
    products text[] DEFAULT '{}'::text[] NOT NULL,
    channels text[] DEFAULT '{}'::text[] NOT NULL,
    regions text[] DEFAULT '{}'::text[] NOT NULL,
    automatic boolean DEFAULT true NOT NULL,
    extension_days integer,
    state text DEFAULT 'running'::text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT campaign_channels_check CHECK ((channels <@ ARRAY['agent'::text, 'bank'::text, 'telesales'::text, 'internet'::text, 'broker'::text, 'group'::text])),
    CONSTRAINT campaign_extension_days_check CHECK (((extension_days >= 1) AND (extension_days <= 60))),
    CONSTRAINT campaign_name_check CHECK ((name <> ''::text)),
    CONSTRAINT campaign_purpose_check CHECK ((purpose = ANY (ARRAY['new_business'::text, 'return_call'::text, 'renewal'::text, 'lapsed'::text, 'surrender'::text, 'claim'::text, 'payment'::text, 'departed_agent'::text, 'recheck'::text]))),
    CONSTRAINT campaign_script CHECK (((purpose <> 'new_business'::text) OR (script_version IS NOT NULL))),
    CONSTRAINT campaign_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'running'::text, 'paused'::text, 'stopped'::text, 'finished'::text])))
);

COMMENT ON COLUMN public.campaign.regions IS 'organisations whose policies, and those of all below, it takes; none: all of its own organisation';

COMMENT ON COLUMN public.campaign.extension_days IS 'days for which a late callback extends the full refund (C-21); none: it does not';

CREATE TABLE public.campaign_change (
    id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    action text NOT NULL,
    state text NOT NULL,
    reason text,
    changed_by text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    version integer NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT campaign_change_action_check CHECK ((action = ANY (ARRAY['create'::text, 'edit'::text, 'start'::text, 'pause'::text, 'resume'::text, 'stop'::text, 'finish'::text]))),
    CONSTRAINT campaign_change_reason_check CHECK (((reason <> ''::text) AND (length(reason) <= 2000))),
    CONSTRAINT campaign_change_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'running'::text, 'paused'::text, 'stopped'::text, 'finished'::text])))
);

CREATE TABLE public.campaign_dialling (
    campaign_id uuid NOT NULL,
    mode text NOT NULL,
    detects_machines boolean DEFAULT false NOT NULL,
    trunk text,
    plan_version text NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT campaign_dialling_mode_check CHECK ((mode = ANY (ARRAY['preview'::text, 'progressive'::text])))
);

COMMENT ON COLUMN public.campaign_dialling.trunk IS 'one of the trunks of the settings (calling.trunks); null: the first of them';

CREATE TABLE public.case_file_absence (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    item text NOT NULL,
    reason text NOT NULL,
    explained_at timestamp with time zone NOT NULL,
    explained_by text NOT NULL,
    CONSTRAINT case_file_absence_item_check CHECK ((item = ANY (ARRAY['order'::text, 'original'::text, 'visit_form'::text, 'acknowledgement'::text, 'recording'::text, 'authorisation'::text, 'identity'::text, 'preliminary_opinion'::text, 'slips'::text, 'reminders'::text, 'investigation'::text, 'progress'::text, 'extension'::text, 'ruling'::text, 'opinion_letter'::text, 'determination'::text, 'reply'::text, 'signatures'::text, 'closing'::text, 'satisfaction'::text, 'links'::text]))),
    CONSTRAINT case_file_absence_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 2000)))
);

CREATE TABLE public.cel_offset (
    file text NOT NULL,
    path text NOT NULL,
    "position" bigint NOT NULL,
    read_at timestamp with time zone NOT NULL
);

CREATE TABLE public.centralised_business (
    id uuid NOT NULL,
    organisation_id text NOT NULL,
    category text NOT NULL,
    from_day date NOT NULL,
    until_day date,
    basis text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT centralised_business_basis_check CHECK (((length(basis) >= 1) AND (length(basis) <= 200))),
    CONSTRAINT centralised_business_category_check CHECK ((category = ANY (ARRAY['solicitation'::text, 'sales_service'::text, 'counter'::text, 'underwriting'::text, 'maintenance'::text, 'claims'::text, 'call_centre'::text, 'product'::text, 'payment'::text, 'sms'::text, 'other'::text]))),
    CONSTRAINT centralised_business_check CHECK ((until_day >= from_day))
);

COMMENT ON TABLE public.centralised_business IS 'categories whose business a province, or headquarters, does itself (R-3.19, R-3.31)';

CREATE TABLE public.click (
    key uuid NOT NULL,
    call_id uuid NOT NULL,
    user_id uuid NOT NULL,
    endpoint text NOT NULL,
    number text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    originated_at timestamp with time zone,
    CONSTRAINT click_number_check CHECK ((number ~ '^\+?[0-9]{3,20}$'::text))
);

CREATE TABLE public.closing_sample (
    id uuid NOT NULL,
    organisation_id text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    validity text,
    size integer NOT NULL,
    seed text NOT NULL,
    population integer NOT NULL,
    drawn_at timestamp with time zone NOT NULL,
    drawn_by text NOT NULL,
    CONSTRAINT closing_sample_check CHECK ((first_day <= last_day)),
    CONSTRAINT closing_sample_population_check CHECK ((population >= 0)),
    CONSTRAINT closing_sample_seed_check CHECK (((seed <> ''::text) AND (length(seed) <= 100))),
    CONSTRAINT closing_sample_size_check CHECK (((size >= 1) AND (size <= 500))),
    CONSTRAINT closing_sample_validity_check CHECK ((validity = ANY (ARRAY['valid'::text, 'invalid'::text])))
);

COMMENT ON COLUMN public.closing_sample.population IS 'how many closings the sample was drawn from';

CREATE TABLE public.closing_sample_item (
    sample_id uuid NOT NULL,
    place integer NOT NULL,
    ticket_id uuid NOT NULL,
    validity text NOT NULL,
    result text,
    remark text,
    reviewed_at timestamp with time zone,
    reviewed_by text,
    CONSTRAINT closing_sample_item_check CHECK ((((result IS NULL) = (reviewed_at IS NULL)) AND ((result IS NULL) = (reviewed_by IS NULL)) AND ((result IS NULL) = (remark IS NULL)))),
    CONSTRAINT closing_sample_item_place_check CHECK ((place > 0)),
    CONSTRAINT closing_sample_item_remark_check CHECK ((length(remark) <= 20000)),
    CONSTRAINT closing_sample_item_result_check CHECK ((result = ANY (ARRAY['agreed'::text, 'overturned'::text]))),
    CONSTRAINT closing_sample_item_validity_check CHECK ((validity = ANY (ARRAY['valid'::text, 'invalid'::text])))
);

COMMENT ON COLUMN public.closing_sample_item.validity IS 'as it stood when the sample was drawn';

CREATE TABLE public.committee_follow_up (
    id uuid NOT NULL,
    meeting_id uuid NOT NULL,
    ticket_id uuid,
    duty text NOT NULL,
    owner_id uuid NOT NULL,
    due_day date NOT NULL,
    added_by text NOT NULL,
    added_at timestamp with time zone NOT NULL,
    done_at timestamp with time zone,
    done_by text,
    result text,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT committee_follow_up_check CHECK ((((done_at IS NULL) = (done_by IS NULL)) AND ((done_at IS NULL) = (result IS NULL)))),
    CONSTRAINT committee_follow_up_duty_check CHECK (((length(duty) >= 1) AND (length(duty) <= 2000))),
    CONSTRAINT committee_follow_up_result_check CHECK (((length(result) >= 1) AND (length(result) <= 20000)))
);

CREATE TABLE public.committee_item (
    meeting_id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    place integer NOT NULL,
    adjourned_why text,
    CONSTRAINT committee_item_adjourned_why_check CHECK ((length(adjourned_why) <= 2000))
);

CREATE TABLE public.committee_meeting (
    id uuid NOT NULL,
    organisation_id text NOT NULL,
    kind text NOT NULL,
    year integer NOT NULL,
    number integer NOT NULL,
    state text DEFAULT 'draft'::text NOT NULL,
    subject text NOT NULL,
    place text DEFAULT ''::text NOT NULL,
    planned_at timestamp with time zone NOT NULL,
    chair_id uuid,
    minutes text DEFAULT ''::text NOT NULL,
    called_at timestamp with time zone,
    held_at timestamp with time zone,
    confirmed_at timestamp with time zone,
    confirmed_by text,
    cancelled_why text,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    changed_how text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT committee_meeting_cancelled CHECK (((cancelled_why IS NOT NULL) = (state = 'cancelled'::text))),
    CONSTRAINT committee_meeting_cancelled_why_check CHECK ((length(cancelled_why) <= 2000)),
    CONSTRAINT committee_meeting_confirmed CHECK ((((confirmed_at IS NOT NULL) = (state = 'confirmed'::text)) AND ((confirmed_at IS NULL) = (confirmed_by IS NULL)))),
    CONSTRAINT committee_meeting_held CHECK (((held_at IS NOT NULL) = (state = ANY (ARRAY['held'::text, 'confirmed'::text])))),
    CONSTRAINT committee_meeting_kind_check CHECK ((kind = ANY (ARRAY['ad_hoc'::text, 'periodic'::text, 'joint'::text]))),
    CONSTRAINT committee_meeting_minutes CHECK (((held_at IS NULL) OR (minutes <> ''::text))),
    CONSTRAINT committee_meeting_minutes_check CHECK ((length(minutes) <= 20000)),
    CONSTRAINT committee_meeting_number_check CHECK ((number > 0)),
    CONSTRAINT committee_meeting_place_check CHECK ((length(place) <= 200)),
    CONSTRAINT committee_meeting_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'called'::text, 'held'::text, 'confirmed'::text, 'cancelled'::text]))),
    CONSTRAINT committee_meeting_subject_check CHECK ((length(subject) <= 200))
);

CREATE TABLE public.committee_member (
    id uuid NOT NULL,
    organisation_id text NOT NULL,
    user_id uuid NOT NULL,
    department text,
    chair boolean DEFAULT false NOT NULL,
    first_day date NOT NULL,
    last_day date,
    added_by text NOT NULL,
    added_at timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT committee_member_check CHECK ((last_day >= first_day)),
    CONSTRAINT committee_member_department_check CHECK ((department = ANY (ARRAY['sales'::text, 'sales_inspection'::text, 'business_management'::text, 'finance'::text, 'it'::text, 'customer_service'::text, 'compliance'::text])))
);

CREATE TABLE public.committee_opinion (
    id uuid NOT NULL,
    meeting_id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    user_id uuid,
    department text,
    opinion text NOT NULL,
    given_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    place bigint NOT NULL,
    CONSTRAINT committee_opinion_check CHECK (((user_id IS NOT NULL) OR (department IS NOT NULL))),
    CONSTRAINT committee_opinion_department_check CHECK ((department = ANY (ARRAY['sales'::text, 'sales_inspection'::text, 'business_management'::text, 'finance'::text, 'it'::text, 'customer_service'::text, 'compliance'::text]))),
    CONSTRAINT committee_opinion_opinion_check CHECK (((length(opinion) >= 1) AND (length(opinion) <= 20000)))
);

ALTER TABLE public.committee_opinion ALTER COLUMN place ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.committee_opinion_place_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.committee_referral (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    organisation_id text NOT NULL,
    ground text NOT NULL,
    reason text NOT NULL,
    referred_at timestamp with time zone NOT NULL,
    referred_by text NOT NULL,
    settled_at timestamp with time zone,
    settled_by uuid,
    withdrawn_at timestamp with time zone,
    withdrawn_by text,
    withdrawn_why text,
    CONSTRAINT committee_referral_check CHECK (((settled_at IS NULL) OR (withdrawn_at IS NULL))),
    CONSTRAINT committee_referral_check1 CHECK (((settled_at IS NULL) = (settled_by IS NULL))),
    CONSTRAINT committee_referral_check2 CHECK ((((withdrawn_at IS NULL) = (withdrawn_why IS NULL)) AND ((withdrawn_at IS NULL) = (withdrawn_by IS NULL)))),
    CONSTRAINT committee_referral_ground_check CHECK ((ground = ANY (ARRAY['severity'::text, 'support'::text, 'closing'::text, 'validity'::text, 'cause'::text, 'signature'::text, 'returned'::text]))),
    CONSTRAINT committee_referral_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 2000))),
    CONSTRAINT committee_referral_withdrawn_why_check CHECK (((length(withdrawn_why) >= 1) AND (length(withdrawn_why) <= 2000)))
);

CREATE TABLE public.committee_ruling (
    meeting_id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    opinion text NOT NULL,
    validity text,
    causes text[] DEFAULT '{}'::text[] NOT NULL,
    closing boolean,
    signs_for text[] DEFAULT '{}'::text[] NOT NULL,
    ruled_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    confirmed_at timestamp with time zone,
    CONSTRAINT committee_ruling_opinion_check CHECK (((length(opinion) >= 1) AND (length(opinion) <= 20000))),
    CONSTRAINT committee_ruling_validity_check CHECK ((validity = ANY (ARRAY['valid'::text, 'invalid'::text])))
);

CREATE TABLE public.committee_seat (
    meeting_id uuid NOT NULL,
    user_id uuid NOT NULL,
    department text,
    attended boolean,
    CONSTRAINT committee_seat_department_check CHECK ((department = ANY (ARRAY['sales'::text, 'sales_inspection'::text, 'business_management'::text, 'finance'::text, 'it'::text, 'customer_service'::text, 'compliance'::text])))
);

CREATE TABLE public.complaint_guide (
    id uuid NOT NULL,
    from_day date NOT NULL,
    telephone text NOT NULL,
    email text NOT NULL,
    address text NOT NULL,
    website text NOT NULL,
    procedure text NOT NULL,
    remedies text NOT NULL,
    reason text NOT NULL,
    published_at timestamp with time zone NOT NULL,
    published_by text NOT NULL,
    CONSTRAINT complaint_guide_address_check CHECK (((length(address) >= 1) AND (length(address) <= 500))),
    CONSTRAINT complaint_guide_email_check CHECK (((length(email) >= 1) AND (length(email) <= 200))),
    CONSTRAINT complaint_guide_procedure_check CHECK (((length(procedure) >= 1) AND (length(procedure) <= 20000))),
    CONSTRAINT complaint_guide_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 2000))),
    CONSTRAINT complaint_guide_remedies_check CHECK (((length(remedies) >= 1) AND (length(remedies) <= 5000))),
    CONSTRAINT complaint_guide_telephone_check CHECK (((length(telephone) >= 1) AND (length(telephone) <= 200))),
    CONSTRAINT complaint_guide_website_check CHECK (((length(website) >= 1) AND (length(website) <= 500)))
);

COMMENT ON TABLE public.complaint_guide IS 'the ways to complain and the procedure as they are published, by versions (N-2)';

CREATE TABLE public.complaint_guide_posting (
    id uuid NOT NULL,
    guide_id uuid NOT NULL,
    organisation_id text NOT NULL,
    place text NOT NULL,
    posted_on date NOT NULL,
    note text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT complaint_guide_posting_note_check CHECK (((length(note) >= 1) AND (length(note) <= 2000))),
    CONSTRAINT complaint_guide_posting_place_check CHECK ((place = ANY (ARRAY['website'::text, 'app'::text, 'premises'::text, 'contract'::text])))
);

COMMENT ON TABLE public.complaint_guide_posting IS 'where a company shows the guide (N-2)';

CREATE TABLE public.consultation (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    ground text NOT NULL,
    from_organisation_id text NOT NULL,
    to_organisation_id text NOT NULL,
    request text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    asked_by text NOT NULL,
    state text DEFAULT 'asked'::text NOT NULL,
    opinion text,
    answered_at timestamp with time zone,
    answered_by text,
    followed text,
    followed_at timestamp with time zone,
    followed_by text,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT consultation_check CHECK ((from_organisation_id <> to_organisation_id)),
    CONSTRAINT consultation_check1 CHECK ((((opinion IS NULL) = (answered_at IS NULL)) AND ((opinion IS NULL) = (answered_by IS NULL)) AND ((opinion IS NOT NULL) = (state = ANY (ARRAY['answered'::text, 'taken_over'::text, 'followed'::text]))))),
    CONSTRAINT consultation_check2 CHECK ((((followed IS NULL) = (followed_at IS NULL)) AND ((followed IS NULL) = (followed_by IS NULL)) AND ((followed IS NOT NULL) = (state = 'followed'::text)))),
    CONSTRAINT consultation_followed_check CHECK (((length(followed) >= 1) AND (length(followed) <= 20000))),
    CONSTRAINT consultation_ground_check CHECK ((ground = ANY (ARRAY['centralised'::text, 'difficult'::text, 'major'::text, 'help'::text, 'approval'::text]))),
    CONSTRAINT consultation_opinion_check CHECK (((length(opinion) >= 1) AND (length(opinion) <= 20000))),
    CONSTRAINT consultation_request_check CHECK (((length(request) >= 1) AND (length(request) <= 20000))),
    CONSTRAINT consultation_state_check CHECK ((state = ANY (ARRAY['asked'::text, 'answered'::text, 'taken_over'::text, 'followed'::text, 'withdrawn'::text])))
);

COMMENT ON TABLE public.consultation IS 'a case reported up, and the opinion of the company above (R-3.15, R-3.19, R-3.31, R-3.44)';

CREATE TABLE public.customer (
    id uuid NOT NULL,
    name text NOT NULL,
    id_number text,
    birth_date date,
    gender text,
    sales_calls_refused_until date,
    created_at timestamp with time zone NOT NULL,
    core_number text,
    CONSTRAINT customer_core_number_check CHECK ((core_number <> ''::text)),
    CONSTRAINT customer_gender_check CHECK ((gender = ANY (ARRAY['female'::text, 'male'::text]))),
    CONSTRAINT customer_name_check CHECK ((name <> ''::text))
);

COMMENT ON COLUMN public.customer.sales_calls_refused_until IS 'shown to whoever calls back; does not suppress a mandatory callback (C-19)';

COMMENT ON COLUMN public.customer.core_number IS 'the customer''s number in the core system, by which a policy pushed finds its holder';

CREATE TABLE public.customer_phone (
    number text NOT NULL,
    customer_id uuid NOT NULL,
    kind text DEFAULT 'mobile'::text NOT NULL,
    at_underwriting boolean DEFAULT true NOT NULL,
    CONSTRAINT customer_phone_kind_check CHECK ((kind = ANY (ARRAY['mobile'::text, 'home'::text, 'work'::text, 'other'::text]))),
    CONSTRAINT customer_phone_number_check CHECK ((number ~ '^\+?[0-9]{3,20}$'::text))
);

COMMENT ON COLUMN public.customer_phone.at_underwriting IS 'held in the core system at underwriting: the only numbers a callback may dial (C-12)';

CREATE TABLE public.denominator (
    id uuid NOT NULL,
    series uuid NOT NULL,
    version integer NOT NULL,
    organisation_id text NOT NULL,
    base text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    amount numeric(20,2) NOT NULL,
    source text NOT NULL,
    imported_by text NOT NULL,
    imported_at timestamp with time zone NOT NULL,
    file_sha256 text,
    reason text,
    superseded_at timestamp with time zone,
    superseded_by text,
    withdrawn_why text,
    CONSTRAINT denominator_amount_check CHECK ((amount > (0)::numeric)),
    CONSTRAINT denominator_base_check CHECK ((base = ANY (ARRAY['premium'::text, 'policies'::text, 'person_times'::text]))),
    CONSTRAINT denominator_check CHECK ((last_day >= first_day)),
    CONSTRAINT denominator_corrected CHECK (((version > 1) = (reason IS NOT NULL))),
    CONSTRAINT denominator_reason_check CHECK (((length(reason) >= 2) AND (length(reason) <= 500))),
    CONSTRAINT denominator_source_check CHECK (((length(source) >= 2) AND (length(source) <= 500))),
    CONSTRAINT denominator_superseded CHECK ((((superseded_at IS NULL) = (superseded_by IS NULL)) AND ((withdrawn_why IS NULL) OR (superseded_at IS NOT NULL)))),
    CONSTRAINT denominator_version_check CHECK ((version >= 1)),
    CONSTRAINT denominator_withdrawn_why_check CHECK (((length(withdrawn_why) >= 2) AND (length(withdrawn_why) <= 500)))
);

COMMENT ON COLUMN public.denominator.series IS 'the id of its first version';

COMMENT ON COLUMN public.denominator.amount IS 'yuan of premium, or a number of policies or person-times, of the organisation and those below it';

CREATE TABLE public.document (
    id uuid NOT NULL,
    place bigint NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    ticket_id uuid NOT NULL,
    organisation_id text NOT NULL,
    year integer NOT NULL,
    serial integer NOT NULL,
    template_id uuid CONSTRAINT document_template_id_not_null1 NOT NULL,
    facts jsonb NOT NULL,
    engine text NOT NULL,
    substituted text[] NOT NULL,
    sha256 text NOT NULL,
    size bigint NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    issued_by text NOT NULL,
    asked text NOT NULL,
    replaces uuid,
    voided_at timestamp with time zone,
    voided_by text,
    void_reason text,
    about uuid,
    CONSTRAINT document_is_about CHECK (((about IS NOT NULL) = (kind = ANY (ARRAY['slip'::text, 'reminder'::text, 'extension'::text, 'minutes'::text, 'opinion_letter'::text])))),
    CONSTRAINT document_kind_check CHECK ((kind = ANY (ARRAY['acknowledgement'::text, 'email_reply'::text, 'slip'::text, 'reminder'::text, 'extension'::text, 'minutes'::text, 'opinion_letter'::text, 'decision'::text, 'case_cover'::text, 'case_index'::text]))),
    CONSTRAINT document_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT document_size_check CHECK ((size > 0)),
    CONSTRAINT document_void_reason_check CHECK (((length(void_reason) >= 1) AND (length(void_reason) <= 2000))),
    CONSTRAINT document_voided CHECK ((((voided_at IS NULL) = (voided_by IS NULL)) AND ((voided_at IS NULL) = (void_reason IS NULL))))
);

COMMENT ON COLUMN public.document.about IS 'the slip, reminder, extension, meeting or letter it prints';

CREATE TABLE public.document_counter (
    organisation_id text NOT NULL,
    kind text NOT NULL,
    year integer NOT NULL,
    last integer NOT NULL,
    CONSTRAINT document_counter_kind_check CHECK ((kind = ANY (ARRAY['acknowledgement'::text, 'email_reply'::text, 'slip'::text, 'reminder'::text, 'extension'::text, 'minutes'::text, 'opinion_letter'::text, 'decision'::text, 'case_cover'::text, 'case_index'::text]))),
    CONSTRAINT document_counter_last_check CHECK (((last >= 1) AND (last <= 999999)))
)
WITH (fillfactor='50');

ALTER TABLE public.document ALTER COLUMN place ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.document_place_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.document_sending (
    document_id uuid NOT NULL,
    means text NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    proof text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT document_sending_check CHECK ((sent_at <= recorded_at)),
    CONSTRAINT document_sending_means_check CHECK ((means = ANY (ARRAY['handed_over'::text, 'posted'::text, 'emailed'::text]))),
    CONSTRAINT document_sending_proof_check CHECK (((length(proof) >= 1) AND (length(proof) <= 2000)))
);

CREATE TABLE public.document_template (
    id uuid NOT NULL,
    kind text NOT NULL,
    version integer NOT NULL,
    source text NOT NULL,
    sha256 text NOT NULL,
    reason text NOT NULL,
    active_from timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    CONSTRAINT document_template_kind_check CHECK ((kind = ANY (ARRAY['acknowledgement'::text, 'email_reply'::text, 'slip'::text, 'reminder'::text, 'extension'::text, 'minutes'::text, 'opinion_letter'::text, 'decision'::text, 'case_cover'::text, 'case_index'::text]))),
    CONSTRAINT document_template_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 2000))),
    CONSTRAINT document_template_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT document_template_source_check CHECK (((length(source) >= 1) AND (length(source) <= 60000))),
    CONSTRAINT document_template_version_check CHECK ((version > 0))
);

CREATE TABLE public.downgrade (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    from_severity text NOT NULL,
    to_severity text NOT NULL,
    reason text NOT NULL,
    state text DEFAULT 'proposed'::text NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamp with time zone NOT NULL,
    answered_by text,
    answered_at timestamp with time zone,
    remark text DEFAULT ''::text NOT NULL,
    CONSTRAINT downgrade_check CHECK ((from_severity <> to_severity)),
    CONSTRAINT downgrade_check1 CHECK ((((state = 'proposed'::text) = (answered_at IS NULL)) AND ((answered_at IS NULL) = (answered_by IS NULL)))),
    CONSTRAINT downgrade_from_severity_check CHECK ((from_severity = ANY (ARRAY['difficult'::text, 'major'::text]))),
    CONSTRAINT downgrade_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 2000))),
    CONSTRAINT downgrade_remark_check CHECK ((length(remark) <= 2000)),
    CONSTRAINT downgrade_second_person CHECK (((state <> ALL (ARRAY['approved'::text, 'refused'::text])) OR (answered_by <> proposed_by))),
    CONSTRAINT downgrade_state_check CHECK ((state = ANY (ARRAY['proposed'::text, 'approved'::text, 'refused'::text, 'withdrawn'::text]))),
    CONSTRAINT downgrade_to_severity_check CHECK ((to_severity = ANY (ARRAY['general'::text, 'difficult'::text])))
);

CREATE TABLE public.export_file (
    id uuid NOT NULL,
    request_id uuid NOT NULL,
    given_at timestamp with time zone NOT NULL,
    media_type text NOT NULL,
    bytes bigint,
    sha256 text,
    CONSTRAINT export_file_bytes_check CHECK ((bytes >= 0)),
    CONSTRAINT export_file_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);

COMMENT ON TABLE public.export_file IS 'each file given under an approval; of a ZIP made while it is sent its SHA256SUMS tell';

CREATE TABLE public.export_request (
    id uuid NOT NULL,
    what text NOT NULL,
    purpose text NOT NULL,
    organisation_id text NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    state text DEFAULT 'asked'::text NOT NULL,
    answered_by text,
    answered_at timestamp with time zone,
    remark text,
    until timestamp with time zone,
    CONSTRAINT export_request_check CHECK ((((answered_by IS NULL) = (state = 'asked'::text)) AND ((answered_at IS NULL) = (state = 'asked'::text)) AND ((until IS NULL) = (state <> 'approved'::text)))),
    CONSTRAINT export_request_check1 CHECK ((answered_by <> asked_by)),
    CONSTRAINT export_request_purpose_check CHECK (((length(purpose) >= 2) AND (length(purpose) <= 200))),
    CONSTRAINT export_request_remark_check CHECK ((length(remark) <= 2000)),
    CONSTRAINT export_request_state_check CHECK ((state = ANY (ARRAY['asked'::text, 'approved'::text, 'refused'::text]))),
    CONSTRAINT export_request_what_check CHECK (((length(what) >= 2) AND (length(what) <= 4000)))
);

CREATE TABLE public.feedback (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    audience text NOT NULL,
    organisation_id text NOT NULL,
    department text,
    given_at timestamp with time zone NOT NULL,
    given_by text NOT NULL,
    seen_at timestamp with time zone,
    seen_by text,
    CONSTRAINT feedback_audience_check CHECK ((audience = ANY (ARRAY['department'::text, 'committee'::text, 'upper_company'::text]))),
    CONSTRAINT feedback_check CHECK (((audience = 'department'::text) = (department IS NOT NULL))),
    CONSTRAINT feedback_check1 CHECK (((seen_at IS NULL) = (seen_by IS NULL))),
    CONSTRAINT feedback_department_check CHECK ((department = ANY (ARRAY['sales'::text, 'sales_inspection'::text, 'business_management'::text, 'finance'::text, 'it'::text, 'customer_service'::text, 'compliance'::text])))
);

CREATE TABLE public.finding_counter (
    day date NOT NULL,
    last integer NOT NULL,
    CONSTRAINT finding_counter_last_check CHECK (((last >= 1) AND (last <= 999999)))
)
WITH (fillfactor='50');

CREATE TABLE public.finding_owner (
    id uuid NOT NULL,
    valid_from date NOT NULL,
    entries jsonb NOT NULL,
    reason text NOT NULL,
    published_at timestamp with time zone NOT NULL,
    published_by text NOT NULL,
    place bigint NOT NULL,
    CONSTRAINT finding_owner_entries_check CHECK ((jsonb_typeof(entries) = 'array'::text)),
    CONSTRAINT finding_owner_reason_check CHECK (((reason <> ''::text) AND (length(reason) <= 200)))
);

COMMENT ON TABLE public.finding_owner IS 'who handles which kind of finding: each row the whole table, from its day until the next';

ALTER TABLE public.finding_owner ALTER COLUMN place ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.finding_owner_place_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.formality (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    duty text NOT NULL,
    owner_id uuid NOT NULL,
    due_day date NOT NULL,
    added_by text NOT NULL,
    added_at timestamp with time zone NOT NULL,
    done_at timestamp with time zone,
    done_by text,
    result text,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT formality_check CHECK ((((done_at IS NULL) = (done_by IS NULL)) AND ((done_at IS NULL) = (result IS NULL)))),
    CONSTRAINT formality_duty_check CHECK (((length(duty) >= 1) AND (length(duty) <= 2000))),
    CONSTRAINT formality_result_check CHECK (((length(result) >= 1) AND (length(result) <= 20000)))
);

CREATE TABLE public.group_meeting (
    id uuid NOT NULL,
    organisation_id text NOT NULL,
    year integer NOT NULL,
    number integer NOT NULL,
    subject text NOT NULL,
    topics text NOT NULL,
    planned_at timestamp with time zone NOT NULL,
    called_at timestamp with time zone NOT NULL,
    called_by text NOT NULL,
    state text DEFAULT 'called'::text NOT NULL,
    chair_id uuid,
    present uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    minutes text,
    held_at timestamp with time zone,
    recorded_by text,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT group_meeting_check CHECK ((((state = 'held'::text) = (held_at IS NOT NULL)) AND ((state = 'held'::text) = (minutes IS NOT NULL)) AND ((state = 'held'::text) = (chair_id IS NOT NULL)) AND ((state = 'called'::text) = (recorded_by IS NULL)) AND ((state = 'held'::text) = (cardinality(present) > 0)))),
    CONSTRAINT group_meeting_minutes_check CHECK (((length(minutes) >= 1) AND (length(minutes) <= 20000))),
    CONSTRAINT group_meeting_number_check CHECK ((number > 0)),
    CONSTRAINT group_meeting_state_check CHECK ((state = ANY (ARRAY['called'::text, 'held'::text, 'cancelled'::text]))),
    CONSTRAINT group_meeting_subject_check CHECK (((length(subject) >= 1) AND (length(subject) <= 200))),
    CONSTRAINT group_meeting_topics_check CHECK (((length(topics) >= 1) AND (length(topics) <= 20000)))
);

COMMENT ON TABLE public.group_meeting IS 'meetings of a leading group on hot and hard issues (R-3.2)';

CREATE TABLE public.idempotency (
    actor text NOT NULL,
    key uuid NOT NULL,
    route text NOT NULL,
    body_sha256 text NOT NULL,
    status integer,
    answer json,
    at timestamp with time zone NOT NULL
);

CREATE TABLE public.incident (
    id uuid NOT NULL,
    kind text NOT NULL,
    call_id uuid,
    at timestamp with time zone NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    seen_by uuid,
    seen_at timestamp with time zone
);

CREATE TABLE public.installation (
    id integer DEFAULT 1 NOT NULL,
    mode text,
    secret bytea NOT NULL,
    clock_at timestamp with time zone,
    clock_set_at timestamp with time zone,
    clock_frozen boolean DEFAULT false NOT NULL,
    CONSTRAINT installation_id_check CHECK ((id = 1)),
    CONSTRAINT installation_mode_check CHECK ((mode = ANY (ARRAY['normal'::text, 'test'::text])))
);

CREATE TABLE public.legal_review (
    letter_id uuid NOT NULL,
    round integer NOT NULL,
    text_version integer NOT NULL,
    counsel_id uuid NOT NULL,
    counsel_organisation_id text NOT NULL,
    clock_cycle integer NOT NULL,
    submitted_at timestamp with time zone NOT NULL,
    submitted_by text NOT NULL,
    ended_at timestamp with time zone,
    ended_by text,
    verdict text,
    remarks text DEFAULT ''::text NOT NULL,
    CONSTRAINT legal_review_check CHECK ((((ended_at IS NULL) = (verdict IS NULL)) AND ((ended_at IS NULL) = (ended_by IS NULL)))),
    CONSTRAINT legal_review_check1 CHECK (((verdict <> 'sent_back'::text) OR (remarks <> ''::text))),
    CONSTRAINT legal_review_remarks_check CHECK ((length(remarks) <= 20000)),
    CONSTRAINT legal_review_round_check CHECK ((round > 0)),
    CONSTRAINT legal_review_verdict_check CHECK ((verdict = ANY (ARRAY['cleared'::text, 'sent_back'::text, 'recalled'::text])))
);

CREATE TABLE public.limit_change (
    id uuid NOT NULL,
    rule text NOT NULL,
    from_day date NOT NULL,
    unit text,
    amount integer,
    switched_on boolean,
    reason text NOT NULL,
    source text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    changed_by text NOT NULL,
    CONSTRAINT limit_change_amount_check CHECK ((amount >= 0)),
    CONSTRAINT limit_change_of_one CHECK ((((unit IS NULL) = (amount IS NULL)) AND ((unit IS NULL) <> (switched_on IS NULL)))),
    CONSTRAINT limit_change_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 2000))),
    CONSTRAINT limit_change_rule_check CHECK (((length(rule) >= 1) AND (length(rule) <= 20))),
    CONSTRAINT limit_change_source_check CHECK (((length(source) >= 1) AND (length(source) <= 200))),
    CONSTRAINT limit_change_unit_check CHECK ((unit = ANY (ARRAY['same_day'::text, 'SH'::text, 'WD'::text, 'ND'::text, 'times'::text])))
);

CREATE TABLE public.list_import (
    id uuid NOT NULL,
    kind text NOT NULL,
    campaign_id uuid,
    organisation_id text NOT NULL,
    reach text NOT NULL,
    state text NOT NULL,
    file_name text NOT NULL,
    sha256 text NOT NULL,
    size bigint NOT NULL,
    format text NOT NULL,
    encoding text,
    delimiter text,
    encodings text[] DEFAULT '{}'::text[] NOT NULL,
    delimiters text[] DEFAULT '{}'::text[] NOT NULL,
    header jsonb,
    columns jsonb DEFAULT '{}'::jsonb NOT NULL,
    date_forms jsonb DEFAULT '{}'::jsonb NOT NULL,
    sample jsonb DEFAULT '[]'::jsonb NOT NULL,
    warnings jsonb DEFAULT '[]'::jsonb NOT NULL,
    dry_run boolean DEFAULT false NOT NULL,
    only_whole boolean DEFAULT false NOT NULL,
    last_row bigint DEFAULT 0 NOT NULL,
    share real DEFAULT 0 NOT NULL,
    rows_read bigint DEFAULT 0 NOT NULL,
    good bigint DEFAULT 0 NOT NULL,
    refused bigint DEFAULT 0 NOT NULL,
    dropped bigint DEFAULT 0 NOT NULL,
    duplicates bigint DEFAULT 0 NOT NULL,
    existed bigint DEFAULT 0 NOT NULL,
    tasks_made bigint DEFAULT 0 NOT NULL,
    policies_made bigint DEFAULT 0 NOT NULL,
    policies_changed bigint DEFAULT 0 NOT NULL,
    customers_made bigint DEFAULT 0 NOT NULL,
    fault jsonb,
    claim uuid,
    beat_at timestamp with time zone,
    claimed_at timestamp with time zone,
    claimed_share real DEFAULT 0 NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    started_by text,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    file_removed_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT list_import_check CHECK (((kind = 'tasks'::text) = (campaign_id IS NOT NULL))),
    CONSTRAINT list_import_check1 CHECK (((state = ANY (ARRAY['running'::text, 'switching'::text])) = (claim IS NOT NULL))),
    CONSTRAINT list_import_check2 CHECK (((state = 'failed'::text) = (fault IS NOT NULL))),
    CONSTRAINT list_import_check3 CHECK (((state = ANY (ARRAY['checked'::text, 'done'::text, 'failed'::text, 'cancelled'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT list_import_format_check CHECK ((format = ANY (ARRAY['csv'::text, 'xlsx'::text]))),
    CONSTRAINT list_import_kind_check CHECK ((kind = ANY (ARRAY['tasks'::text, 'policies'::text]))),
    CONSTRAINT list_import_share_check CHECK (((share >= (0)::double precision) AND (share <= (1)::double precision))),
    CONSTRAINT list_import_state_check CHECK ((state = ANY (ARRAY['unsure'::text, 'mapping'::text, 'ready'::text, 'waiting'::text, 'running'::text, 'switching'::text, 'checked'::text, 'done'::text, 'failed'::text, 'cancelled'::text])))
);

COMMENT ON COLUMN public.list_import.reach IS 'path of the organisation whose policies whoever uploaded may use';

COMMENT ON COLUMN public.list_import.last_row IS 'row of the file up to which rows are staged or told as faulty: a takeover goes on behind it';

COMMENT ON COLUMN public.list_import.share IS 'of the file that is read, by its bytes';

COMMENT ON COLUMN public.list_import.beat_at IS 'when its worker was last heard of, by the machine''s clock; one that fell silent is taken over';

CREATE TABLE public.list_import_fault (
    import_id uuid NOT NULL,
    "row" bigint NOT NULL,
    number smallint NOT NULL,
    fate text NOT NULL,
    wrong text NOT NULL,
    field text,
    column_number integer,
    value text,
    CONSTRAINT list_import_fault_fate_check CHECK ((fate = ANY (ARRAY['refused'::text, 'dropped'::text, 'duplicate'::text])))
);

COMMENT ON COLUMN public.list_import_fault.value IS 'what stood there, masked';

CREATE TABLE public.list_import_layout (
    organisation_id text NOT NULL,
    kind text NOT NULL,
    fingerprint text NOT NULL,
    header jsonb NOT NULL,
    columns jsonb NOT NULL,
    date_forms jsonb NOT NULL,
    confirmed_by text NOT NULL,
    confirmed_at timestamp with time zone NOT NULL,
    CONSTRAINT list_import_layout_kind_check CHECK ((kind = ANY (ARRAY['tasks'::text, 'policies'::text])))
);

CREATE TABLE public.list_import_row (
    import_id uuid NOT NULL,
    policy_number text NOT NULL,
    "row" bigint NOT NULL,
    record jsonb NOT NULL
);

COMMENT ON TABLE public.list_import_row IS 'rows that are taken, until the switch or the end of the import: what each becomes, as rows of the tables it goes to';

CREATE TABLE public.login_try (
    id uuid NOT NULL,
    login text NOT NULL,
    address text NOT NULL,
    at timestamp with time zone NOT NULL
);

CREATE TABLE public.matter (
    id uuid NOT NULL,
    root_ticket_id uuid NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    validity text DEFAULT 'pending'::text NOT NULL,
    occurrences integer DEFAULT 0 NOT NULL,
    pieces integer DEFAULT 0 NOT NULL,
    repeats integer DEFAULT 0 NOT NULL,
    escalations integer DEFAULT 0 NOT NULL,
    latest_at timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT matter_counts CHECK ((((pieces >= 0) AND (pieces <= occurrences)) AND ((pieces > 0) = (occurrences > 0)) AND (repeats >= 0) AND (escalations >= 0) AND ((repeats + escalations) < GREATEST(occurrences, 1)))),
    CONSTRAINT matter_occurrences_check CHECK ((occurrences >= 0)),
    CONSTRAINT matter_validity_check CHECK ((validity = ANY (ARRAY['pending'::text, 'valid'::text, 'invalid'::text])))
);

CREATE TABLE public.migration (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.mute_interval (
    id uuid NOT NULL,
    call_id uuid NOT NULL,
    channel_id text NOT NULL,
    user_id uuid,
    reason text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    in_doubt boolean DEFAULT false NOT NULL,
    CONSTRAINT mute_interval_check CHECK ((ended_at >= started_at))
);

COMMENT ON COLUMN public.mute_interval.in_doubt IS 'the switch was asked to mute and did not answer: it may be silent or not';

CREATE TABLE public.neglect (
    id uuid NOT NULL,
    slip_id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    overdue smallint NOT NULL,
    state text DEFAULT 'listed'::text NOT NULL,
    listed_at timestamp with time zone NOT NULL,
    remark text DEFAULT ''::text NOT NULL,
    decided_by text,
    decided_at timestamp with time zone,
    notice_number text,
    published_by text,
    published_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT neglect_decided CHECK ((((state = 'listed'::text) = (decided_at IS NULL)) AND ((decided_at IS NULL) = (decided_by IS NULL)))),
    CONSTRAINT neglect_notice_number_check CHECK (((length(notice_number) >= 1) AND (length(notice_number) <= 100))),
    CONSTRAINT neglect_overdue_check CHECK ((overdue > 0)),
    CONSTRAINT neglect_published CHECK ((((state = 'published'::text) = (published_at IS NOT NULL)) AND ((published_at IS NULL) = (notice_number IS NULL)) AND ((published_at IS NULL) = (published_by IS NULL)))),
    CONSTRAINT neglect_remark_check CHECK ((length(remark) <= 2000)),
    CONSTRAINT neglect_state_check CHECK ((state = ANY (ARRAY['listed'::text, 'confirmed'::text, 'dropped'::text, 'published'::text])))
);

CREATE TABLE public.notification (
    id uuid NOT NULL,
    recipient uuid NOT NULL,
    kind text NOT NULL,
    about text NOT NULL,
    ticket_id uuid,
    title text NOT NULL,
    body text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    shown_at timestamp with time zone,
    read_at timestamp with time zone,
    CONSTRAINT notification_about_check CHECK (((length(about) >= 1) AND (length(about) <= 200))),
    CONSTRAINT notification_body_check CHECK (((length(body) >= 1) AND (length(body) <= 10000))),
    CONSTRAINT notification_kind_check CHECK ((kind = ANY (ARRAY['reminder'::text, 'reminder_copy'::text, 'neglect'::text, 'published'::text, 'digest'::text, 'post_change'::text]))),
    CONSTRAINT notification_read_is_shown CHECK (((read_at IS NULL) OR (shown_at IS NOT NULL))),
    CONSTRAINT notification_title_check CHECK ((((length(title) >= 1) AND (length(title) <= 200)) AND (title !~ '[[:cntrl:]]'::text)))
);

COMMENT ON COLUMN public.notification.about IS 'what it tells of; nobody is told the same twice';

CREATE TABLE public.opinion_letter (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    place integer NOT NULL,
    organisation_id text NOT NULL,
    state text DEFAULT 'draft'::text NOT NULL,
    text_version integer DEFAULT 1 NOT NULL,
    cleared_at timestamp with time zone,
    cleared_by text,
    sent_at timestamp with time zone,
    sent_by text,
    sent_recorded_at timestamp with time zone,
    means text,
    proof text,
    void_why text,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    changed_how text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT opinion_letter_cleared CHECK ((((cleared_at IS NULL) = (cleared_by IS NULL)) AND ((state <> ALL (ARRAY['cleared'::text, 'sent'::text])) OR (cleared_at IS NOT NULL)))),
    CONSTRAINT opinion_letter_means_check CHECK ((means = ANY (ARRAY['handed_over'::text, 'posted'::text, 'emailed'::text, 'texted'::text, 'dialled'::text]))),
    CONSTRAINT opinion_letter_place_check CHECK ((place > 0)),
    CONSTRAINT opinion_letter_proof_check CHECK (((length(proof) >= 1) AND (length(proof) <= 2000))),
    CONSTRAINT opinion_letter_sent CHECK ((((sent_at IS NOT NULL) = (state = 'sent'::text)) AND ((sent_at IS NULL) = (means IS NULL)) AND ((sent_at IS NULL) = (proof IS NULL)) AND ((sent_at IS NULL) = (sent_by IS NULL)) AND ((sent_at IS NULL) = (sent_recorded_at IS NULL)) AND (sent_at >= cleared_at) AND (means <> 'dialled'::text))),
    CONSTRAINT opinion_letter_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'in_review'::text, 'sent_back'::text, 'cleared'::text, 'sent'::text, 'void'::text]))),
    CONSTRAINT opinion_letter_void CHECK (((void_why IS NOT NULL) = (state = 'void'::text))),
    CONSTRAINT opinion_letter_void_why_check CHECK (((length(void_why) >= 1) AND (length(void_why) <= 2000)))
);

CREATE TABLE public.opinion_letter_text (
    letter_id uuid NOT NULL,
    version integer CONSTRAINT opinion_letter_text_version_not_null1 NOT NULL,
    addressee text NOT NULL,
    address text NOT NULL,
    facts text NOT NULL,
    basis text NOT NULL,
    decision text NOT NULL,
    remedies jsonb NOT NULL,
    written_by text NOT NULL,
    written_at timestamp with time zone NOT NULL,
    CONSTRAINT opinion_letter_text_address_check CHECK ((length(address) <= 500)),
    CONSTRAINT opinion_letter_text_addressee_check CHECK ((length(addressee) <= 200)),
    CONSTRAINT opinion_letter_text_basis_check CHECK ((length(basis) <= 20000)),
    CONSTRAINT opinion_letter_text_decision_check CHECK ((length(decision) <= 20000)),
    CONSTRAINT opinion_letter_text_facts_check CHECK ((length(facts) <= 20000)),
    CONSTRAINT opinion_letter_text_version_check CHECK ((version > 0))
);

CREATE TABLE public.organisation (
    id text NOT NULL,
    kind text NOT NULL,
    parent_id text,
    name text NOT NULL,
    path text NOT NULL,
    CONSTRAINT organisation_check CHECK (((parent_id IS NULL) = (kind = 'hq'::text))),
    CONSTRAINT organisation_check1 CHECK ((path ~~ (('%'::text || id) || '/'::text))),
    CONSTRAINT organisation_id_check CHECK (((id ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text) AND (length(id) <= 40))),
    CONSTRAINT organisation_kind_check CHECK ((kind = ANY (ARRAY['hq'::text, 'province'::text, 'city'::text, 'counter_a'::text, 'counter_b'::text])))
);

CREATE TABLE public.outbox_delivery (
    event_id uuid NOT NULL,
    consumer text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone NOT NULL,
    done_at timestamp with time zone,
    parked_at timestamp with time zone,
    last_error text
)
PARTITION BY RANGE (event_id);

CREATE TABLE public.outbox_event (
    id uuid NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    payload jsonb NOT NULL,
    at timestamp with time zone NOT NULL
)
PARTITION BY RANGE (id);

CREATE TABLE public.pause_reason (
    code text NOT NULL,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    counts_as_work boolean DEFAULT false NOT NULL,
    active boolean DEFAULT true NOT NULL,
    by_hand boolean DEFAULT true NOT NULL,
    CONSTRAINT pause_reason_code_check CHECK ((code ~ '^[a-z_]{2,32}$'::text))
);

CREATE TABLE public.policy (
    id uuid NOT NULL,
    number text NOT NULL,
    customer_id uuid NOT NULL,
    organisation_id text NOT NULL,
    product_name text NOT NULL,
    product_kind text DEFAULT 'life'::text NOT NULL,
    sales_channel text DEFAULT 'agent'::text NOT NULL,
    salesperson text,
    insured_name text,
    long_term boolean DEFAULT true NOT NULL,
    guaranteed_renewal boolean DEFAULT false NOT NULL,
    premium numeric(14,2),
    payment text DEFAULT 'yearly'::text NOT NULL,
    paying_years integer,
    issued_on date,
    received_on date,
    cooling_off_days integer,
    status text NOT NULL,
    group_business boolean DEFAULT false NOT NULL,
    sale_recorded boolean,
    premium_due_on date,
    lapsed_on date,
    surrendered_on date,
    claim_settled_on date,
    paid_out_on date,
    salesperson_left_on date,
    core_changed_at timestamp with time zone,
    pushed_at timestamp with time zone,
    called_back boolean DEFAULT false NOT NULL,
    cooling_off_ends date,
    CONSTRAINT policy_cooling_off_days_check CHECK ((cooling_off_days > 0)),
    CONSTRAINT policy_paying_years_check CHECK ((paying_years > 0)),
    CONSTRAINT policy_payment_check CHECK ((payment = ANY (ARRAY['single'::text, 'yearly'::text, 'half_yearly'::text, 'quarterly'::text, 'monthly'::text]))),
    CONSTRAINT policy_premium_check CHECK ((premium > (0)::numeric)),
    CONSTRAINT policy_product_kind_check CHECK ((product_kind = ANY (ARRAY['life'::text, 'annuity'::text, 'health'::text, 'participating'::text, 'universal'::text, 'unit_linked'::text]))),
    CONSTRAINT policy_sales_channel_check CHECK ((sales_channel = ANY (ARRAY['agent'::text, 'bank'::text, 'telesales'::text, 'internet'::text, 'broker'::text, 'group'::text]))),
    CONSTRAINT policy_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'in_force'::text, 'lapsed'::text, 'surrendered'::text, 'terminated'::text])))
);

COMMENT ON COLUMN public.policy.received_on IS 'day the policyholder signed for the policy: the cooling-off period starts (C-4)';

COMMENT ON COLUMN public.policy.sale_recorded IS 'the sale was recorded and its content confirmed, as the core system has it; null: not known (C-7, C-23)';

COMMENT ON COLUMN public.policy.premium_due_on IS 'since when a renewal premium is unpaid; null: none is (C-22)';

COMMENT ON COLUMN public.policy.core_changed_at IS 'when the core system changed it last: what it sent before that is not taken any more';

COMMENT ON COLUMN public.policy.called_back IS 'new business in scope of callbacks (C-1, C-2), kept by cc_callback_scope';

COMMENT ON COLUMN public.policy.cooling_off_ends IS 'last day of the cooling-off period, of unknown length the shortest (C-4), kept by cc_callback_scope';

CREATE TABLE public.post (
    number integer NOT NULL,
    organisation_id text NOT NULL,
    kind text NOT NULL,
    department text,
    CONSTRAINT post_department CHECK (((kind = ANY (ARRAY['member'::text, 'coordinator'::text])) = (department IS NOT NULL))),
    CONSTRAINT post_department_check CHECK ((department = ANY (ARRAY['sales'::text, 'sales_inspection'::text, 'business_management'::text, 'finance'::text, 'it'::text, 'customer_service'::text, 'compliance'::text]))),
    CONSTRAINT post_kind_check CHECK ((kind = ANY (ARRAY['executive'::text, 'member'::text, 'coordinator'::text, 'counsel'::text])))
);

CREATE TABLE public.post_change (
    id uuid NOT NULL,
    organisation_id text NOT NULL,
    duty text NOT NULL,
    department text,
    turn text NOT NULL,
    user_id uuid NOT NULL,
    tenure_id uuid,
    effective_day date NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    reported_by text,
    reported_at timestamp with time zone,
    note text DEFAULT ''::text NOT NULL,
    received_by text,
    received_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT post_change_department_check CHECK ((department = ANY (ARRAY['sales'::text, 'sales_inspection'::text, 'business_management'::text, 'finance'::text, 'it'::text, 'customer_service'::text, 'compliance'::text]))),
    CONSTRAINT post_change_duty_check CHECK ((duty = ANY (ARRAY['handler'::text, 'coordinator'::text]))),
    CONSTRAINT post_change_note_check CHECK ((length(note) <= 2000)),
    CONSTRAINT post_change_received CHECK ((((received_at IS NULL) = (received_by IS NULL)) AND ((received_at IS NULL) OR (reported_at IS NOT NULL)))),
    CONSTRAINT post_change_reported CHECK (((reported_at IS NULL) = (reported_by IS NULL))),
    CONSTRAINT post_change_turn_check CHECK ((turn = ANY (ARRAY['joined'::text, 'left'::text])))
);

ALTER TABLE public.post ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.post_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.product_switch (
    product_name text NOT NULL,
    simplified boolean NOT NULL,
    reason text NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT product_switch_product_name_check CHECK ((product_name <> ''::text)),
    CONSTRAINT product_switch_reason_check CHECK (((reason <> ''::text) AND (length(reason) <= 200)))
);

CREATE TABLE public.queue_look (
    user_id uuid NOT NULL,
    day date NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    times integer DEFAULT 1 NOT NULL
);

CREATE TABLE public.reclassification (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    ground text NOT NULL,
    manner text NOT NULL,
    from_nature text NOT NULL,
    to_nature text NOT NULL,
    heard jsonb NOT NULL,
    verdict jsonb NOT NULL,
    reason text NOT NULL,
    call_id uuid,
    second numeric(10,3),
    state text NOT NULL,
    proposed_by text NOT NULL,
    proposed_at timestamp with time zone NOT NULL,
    answered_by text,
    answered_at timestamp with time zone,
    remark text,
    effected_at timestamp with time zone,
    ended boolean DEFAULT false NOT NULL,
    was jsonb,
    complaint_id uuid,
    place bigint NOT NULL,
    CONSTRAINT reclassification_check CHECK ((from_nature <> to_nature)),
    CONSTRAINT reclassification_check1 CHECK (((answered_by IS NULL) = (answered_at IS NULL))),
    CONSTRAINT reclassification_check2 CHECK (((state = 'effected'::text) = (effected_at IS NOT NULL))),
    CONSTRAINT reclassification_check3 CHECK (((state = 'effected'::text) = (was IS NOT NULL))),
    CONSTRAINT reclassification_check4 CHECK ((((manner = 'new_order'::text) AND (state = 'effected'::text)) = (complaint_id IS NOT NULL))),
    CONSTRAINT reclassification_evidence CHECK (((ground <> 'quality'::text) OR ((call_id IS NOT NULL) AND (second IS NOT NULL)))),
    CONSTRAINT reclassification_from_nature_check CHECK ((from_nature = ANY (ARRAY['complaint'::text, 'callback_finding'::text]))),
    CONSTRAINT reclassification_ground_check CHECK ((ground = ANY (ARRAY['later_word'::text, 'quality'::text]))),
    CONSTRAINT reclassification_manner_check CHECK ((manner = ANY (ARRAY['in_place'::text, 'restored'::text, 'new_order'::text]))),
    CONSTRAINT reclassification_of_finding CHECK (((ground <> 'later_word'::text) OR (to_nature = 'complaint'::text))),
    CONSTRAINT reclassification_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 20000))),
    CONSTRAINT reclassification_remark_check CHECK ((length(remark) <= 20000)),
    CONSTRAINT reclassification_second_check CHECK ((second >= (0)::numeric)),
    CONSTRAINT reclassification_second_person CHECK (((state <> ALL (ARRAY['effected'::text, 'refused'::text])) OR (to_nature = 'complaint'::text) OR ((answered_by IS NOT NULL) AND (answered_by <> proposed_by)))),
    CONSTRAINT reclassification_state_check CHECK ((state = ANY (ARRAY['proposed'::text, 'effected'::text, 'refused'::text, 'withdrawn'::text]))),
    CONSTRAINT reclassification_to_nature_check CHECK ((to_nature = ANY (ARRAY['complaint'::text, 'callback_finding'::text])))
);

COMMENT ON TABLE public.reclassification IS 'what was heard on a callback judged again: by whom, why, on which second of the recording';

COMMENT ON COLUMN public.reclassification.ended IS 'the ticket had ended when it took effect';

COMMENT ON COLUMN public.reclassification.was IS 'what the ticket was before, as far as it changed';

COMMENT ON COLUMN public.reclassification.complaint_id IS 'the complaint that was opened, where the finding did not become one itself';

ALTER TABLE public.reclassification ALTER COLUMN place ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.reclassification_place_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.recording_object (
    id uuid NOT NULL,
    call_id uuid,
    object_id text NOT NULL,
    archive_no text NOT NULL,
    path text NOT NULL,
    orphan_base text,
    sealed_at timestamp with time zone NOT NULL,
    CONSTRAINT recording_object_check CHECK (((call_id IS NULL) = (orphan_base IS NOT NULL)))
);

CREATE TABLE public.recording_segment (
    recording_id uuid NOT NULL,
    number integer NOT NULL,
    version integer NOT NULL,
    file text NOT NULL,
    duration_ms bigint NOT NULL,
    expected_ms bigint,
    started_at timestamp with time zone,
    completeness text NOT NULL,
    notes text[] DEFAULT '{}'::text[] NOT NULL,
    wav_sha256 text NOT NULL,
    master_sha256 text NOT NULL,
    sources jsonb NOT NULL,
    CONSTRAINT recording_segment_completeness_check CHECK ((completeness = ANY (ARRAY['complete'::text, 'tail_lost'::text, 'hole_suspected'::text, 'partial_crash'::text, 'salvaged'::text]))),
    CONSTRAINT recording_segment_duration_ms_check CHECK ((duration_ms >= 0)),
    CONSTRAINT recording_segment_master_sha256_check CHECK ((master_sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT recording_segment_number_check CHECK ((number > 0)),
    CONSTRAINT recording_segment_wav_sha256_check CHECK ((wav_sha256 ~ '^[0-9a-f]{64}$'::text))
);

CREATE TABLE public.recording_version (
    recording_id uuid NOT NULL,
    version integer NOT NULL,
    inventory_sha512 text NOT NULL,
    leaf_index bigint NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    CONSTRAINT recording_version_inventory_sha512_check CHECK ((inventory_sha512 ~ '^[0-9a-f]{128}$'::text)),
    CONSTRAINT recording_version_leaf_index_check CHECK ((leaf_index >= 0)),
    CONSTRAINT recording_version_version_check CHECK ((version > 0))
);

CREATE TABLE public.reinvestigation (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    review_id uuid,
    ground text NOT NULL,
    organisation_id text NOT NULL,
    returned_to text NOT NULL,
    department text,
    state text DEFAULT 'returned'::text NOT NULL,
    guidance text NOT NULL,
    due_day date NOT NULL,
    returned_by text NOT NULL,
    returned_at timestamp with time zone NOT NULL,
    result text,
    reported_by text,
    reported_at timestamp with time zone,
    conclusion text,
    concluded_by text,
    concluded_at timestamp with time zone,
    changed_by text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    changed_how text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT reinvestigation_check CHECK (((review_id IS NOT NULL) = (ground = 'review'::text))),
    CONSTRAINT reinvestigation_check1 CHECK ((((reported_at IS NULL) = (result IS NULL)) AND ((reported_at IS NULL) = (reported_by IS NULL)))),
    CONSTRAINT reinvestigation_check2 CHECK (((state = 'returned'::text) OR (reported_at IS NOT NULL))),
    CONSTRAINT reinvestigation_check3 CHECK ((((concluded_at IS NOT NULL) = (state = 'concluded'::text)) AND ((concluded_at IS NULL) = (conclusion IS NULL)) AND ((concluded_at IS NULL) = (concluded_by IS NULL)))),
    CONSTRAINT reinvestigation_conclusion_check CHECK (((length(conclusion) >= 1) AND (length(conclusion) <= 20000))),
    CONSTRAINT reinvestigation_department_check CHECK ((department = ANY (ARRAY['sales'::text, 'sales_inspection'::text, 'business_management'::text, 'finance'::text, 'it'::text, 'customer_service'::text, 'compliance'::text]))),
    CONSTRAINT reinvestigation_ground_check CHECK ((ground = ANY (ARRAY['repeat'::text, 'escalation'::text, 'findings_differ'::text, 'review'::text]))),
    CONSTRAINT reinvestigation_guidance_check CHECK (((length(guidance) >= 1) AND (length(guidance) <= 20000))),
    CONSTRAINT reinvestigation_result_check CHECK (((length(result) >= 1) AND (length(result) <= 20000))),
    CONSTRAINT reinvestigation_state_check CHECK ((state = ANY (ARRAY['returned'::text, 'reported'::text, 'concluded'::text])))
);

CREATE TABLE public.reminder (
    id uuid NOT NULL,
    number text NOT NULL,
    slip_id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    day date NOT NULL,
    stage text NOT NULL,
    due_day date NOT NULL,
    remaining smallint NOT NULL,
    overdue smallint NOT NULL,
    message text NOT NULL,
    copied boolean DEFAULT false NOT NULL,
    sent_by text NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    by_hand boolean GENERATED ALWAYS AS ((stage = 'by_hand'::text)) STORED,
    CONSTRAINT reminder_message_check CHECK (((length(message) >= 1) AND (length(message) <= 4000))),
    CONSTRAINT reminder_overdue_check CHECK ((overdue >= 0)),
    CONSTRAINT reminder_remaining_check CHECK ((remaining >= 0)),
    CONSTRAINT reminder_stage CHECK ((((stage = 'first'::text) <= (overdue = 0)) AND ((stage = 'overdue'::text) <= (overdue > 0)))),
    CONSTRAINT reminder_stage_check CHECK ((stage = ANY (ARRAY['first'::text, 'overdue'::text, 'by_hand'::text])))
);

CREATE TABLE public.report (
    id uuid NOT NULL,
    kind text NOT NULL,
    organisation_id text NOT NULL,
    dimension text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    step smallint DEFAULT 0 NOT NULL,
    steps smallint DEFAULT 0 NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    beat_at timestamp with time zone,
    finished_at timestamp with time zone,
    fault text,
    snapshot jsonb,
    sha256 text,
    submitted_at timestamp with time zone,
    submitted_by text,
    submitted_to text,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT report_check CHECK ((last_day >= first_day)),
    CONSTRAINT report_dimension_check CHECK ((dimension = ANY (ARRAY['accepting'::text, 'underwriting'::text, 'responsible'::text]))),
    CONSTRAINT report_done CHECK ((((state = 'done'::text) = (snapshot IS NOT NULL)) AND ((snapshot IS NULL) = (sha256 IS NULL)))),
    CONSTRAINT report_kind_check CHECK ((kind = ANY (ARRAY['monthly'::text, 'quarterly'::text, 'yearly'::text, 'information'::text, 'meeting'::text, 'bulletin'::text, 'assessment'::text, 'indicators'::text]))),
    CONSTRAINT report_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'running'::text, 'done'::text, 'failed'::text]))),
    CONSTRAINT report_submitted CHECK ((((submitted_at IS NULL) = (submitted_by IS NULL)) AND ((submitted_at IS NULL) = (submitted_to IS NULL)) AND ((submitted_at IS NULL) OR (state = 'done'::text)))),
    CONSTRAINT report_submitted_to_check CHECK (((length(submitted_to) >= 2) AND (length(submitted_to) <= 200)))
);

COMMENT ON COLUMN public.report.step IS 'steps done, of `steps`';

COMMENT ON COLUMN public.report.beat_at IS 'when its worker was last heard of; one that fell silent is taken over';

CREATE TABLE public.report_fact (
    report_id uuid NOT NULL,
    ticket_id uuid CONSTRAINT ticket_fact_ticket_id_not_null NOT NULL,
    received_day date CONSTRAINT ticket_fact_received_day_not_null NOT NULL,
    received_at timestamp with time zone CONSTRAINT ticket_fact_received_at_not_null NOT NULL,
    accepting_organisation_id text CONSTRAINT ticket_fact_accepting_organisation_id_not_null NOT NULL,
    underwriting_organisation_id text,
    matter_id uuid,
    nature text CONSTRAINT ticket_fact_nature_not_null NOT NULL,
    relation text,
    complainant_type text CONSTRAINT ticket_fact_complainant_type_not_null NOT NULL,
    occurrences smallint CONSTRAINT ticket_fact_occurrences_not_null NOT NULL,
    pieces smallint CONSTRAINT ticket_fact_pieces_not_null NOT NULL,
    validity text,
    channel text CONSTRAINT ticket_fact_channel_not_null NOT NULL,
    source text CONSTRAINT ticket_fact_source_not_null NOT NULL,
    severity text CONSTRAINT ticket_fact_severity_not_null NOT NULL,
    status text CONSTRAINT ticket_fact_status_not_null NOT NULL,
    subject text,
    category text,
    mentioned text[] CONSTRAINT ticket_fact_mentioned_not_null NOT NULL,
    departments text[] CONSTRAINT ticket_fact_departments_not_null NOT NULL,
    product text,
    product_kind text,
    sales_channel text,
    acknowledged boolean CONSTRAINT ticket_fact_acknowledged_not_null NOT NULL,
    on_living_call boolean CONSTRAINT ticket_fact_on_living_call_not_null NOT NULL,
    due_day date,
    due_at timestamp with time zone,
    told_at timestamp with time zone,
    informed_day date,
    closed_at timestamp with time zone,
    ended_as text,
    closed boolean CONSTRAINT ticket_fact_closed_not_null NOT NULL,
    dispatched boolean CONSTRAINT ticket_fact_dispatched_not_null NOT NULL,
    customer_due date[] CONSTRAINT ticket_fact_customer_due_not_null NOT NULL,
    customer_met date[] CONSTRAINT ticket_fact_customer_met_not_null NOT NULL,
    service_due date[] CONSTRAINT ticket_fact_service_due_not_null NOT NULL,
    service_met date[] CONSTRAINT ticket_fact_service_met_not_null NOT NULL,
    returns smallint DEFAULT 0 NOT NULL,
    reminders smallint DEFAULT 0 NOT NULL,
    satisfied boolean,
    forwarder_level text,
    responsible_organisation_ids text[] DEFAULT '{}'::text[] NOT NULL,
    sign bigint NOT NULL
);

COMMENT ON TABLE public.report_fact IS 'ticket_fact as a report saw it: the same columns in the same order';

CREATE TABLE public.review_request (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    place integer NOT NULL,
    organisation_id text NOT NULL,
    state text DEFAULT 'asked'::text NOT NULL,
    reason text NOT NULL,
    decision_received_at timestamp with time zone NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    until_day date NOT NULL,
    late boolean NOT NULL,
    late_reason text DEFAULT ''::text NOT NULL,
    clock_cycle integer NOT NULL,
    assignee_id uuid,
    outcome text,
    opinion text,
    decided_at timestamp with time zone,
    decided_by text,
    told_at timestamp with time zone,
    told_by text,
    means text,
    proof text,
    withdrawn_why text,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    changed_how text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT review_request_decided CHECK ((((decided_at IS NOT NULL) = (state = ANY (ARRAY['decided'::text, 'told'::text]))) AND ((decided_at IS NULL) = (outcome IS NULL)) AND ((decided_at IS NULL) = (opinion IS NULL)) AND ((decided_at IS NULL) = (decided_by IS NULL)))),
    CONSTRAINT review_request_late CHECK (((NOT late) OR (late_reason <> ''::text))),
    CONSTRAINT review_request_late_reason_check CHECK ((length(late_reason) <= 2000)),
    CONSTRAINT review_request_means_check CHECK ((means = ANY (ARRAY['handed_over'::text, 'posted'::text, 'emailed'::text, 'texted'::text, 'dialled'::text]))),
    CONSTRAINT review_request_opinion_check CHECK (((length(opinion) >= 1) AND (length(opinion) <= 20000))),
    CONSTRAINT review_request_outcome_check CHECK ((outcome = ANY (ARRAY['upheld'::text, 'changed'::text, 'returned'::text]))),
    CONSTRAINT review_request_place_check CHECK ((place > 0)),
    CONSTRAINT review_request_proof_check CHECK (((length(proof) >= 1) AND (length(proof) <= 2000))),
    CONSTRAINT review_request_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 20000))),
    CONSTRAINT review_request_state_check CHECK ((state = ANY (ARRAY['asked'::text, 'decided'::text, 'told'::text, 'withdrawn'::text]))),
    CONSTRAINT review_request_told CHECK ((((told_at IS NOT NULL) = (state = 'told'::text)) AND ((told_at IS NULL) = (means IS NULL)) AND ((told_at IS NULL) = (proof IS NULL)) AND ((told_at IS NULL) = (told_by IS NULL)) AND (told_at >= decided_at))),
    CONSTRAINT review_request_withdrawn CHECK (((withdrawn_why IS NOT NULL) = (state = 'withdrawn'::text))),
    CONSTRAINT review_request_withdrawn_why_check CHECK (((length(withdrawn_why) >= 1) AND (length(withdrawn_why) <= 2000)))
);

CREATE TABLE public.routing (
    id uuid NOT NULL,
    valid_from date NOT NULL,
    entries jsonb NOT NULL,
    reason text NOT NULL,
    published_at timestamp with time zone NOT NULL,
    published_by text NOT NULL,
    place bigint NOT NULL,
    CONSTRAINT routing_entries_check CHECK ((jsonb_typeof(entries) = 'array'::text)),
    CONSTRAINT routing_reason_check CHECK (((reason <> ''::text) AND (length(reason) <= 200)))
);

COMMENT ON TABLE public.routing IS 'each row the whole table, in force from its day until the next; before the first the shipped one';

ALTER TABLE public.routing ALTER COLUMN place ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.routing_place_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.satisfaction_draw (
    id uuid NOT NULL,
    organisation_id text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    seed text NOT NULL,
    wanted integer NOT NULL,
    population integer NOT NULL,
    population_sha256 text NOT NULL,
    drawn_by text NOT NULL,
    drawn_at timestamp with time zone NOT NULL,
    CONSTRAINT satisfaction_draw_check CHECK ((last_day >= first_day)),
    CONSTRAINT satisfaction_draw_population_check CHECK ((population >= 0)),
    CONSTRAINT satisfaction_draw_seed_check CHECK (((length(seed) >= 1) AND (length(seed) <= 100))),
    CONSTRAINT satisfaction_draw_wanted_check CHECK (((wanted >= 1) AND (wanted <= 10000)))
);

COMMENT ON COLUMN public.satisfaction_draw.first_day IS 'of closing, in Asia/Shanghai';

COMMENT ON COLUMN public.satisfaction_draw.population_sha256 IS 'of the ids drawn from, in their order, so that a second drawing is known to be from the same';

CREATE TABLE public.satisfaction_sample (
    ticket_id uuid NOT NULL,
    draw_id uuid NOT NULL,
    place integer NOT NULL,
    result text,
    note text DEFAULT ''::text NOT NULL,
    asked_by text,
    asked_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT satisfaction_asked CHECK ((((result IS NULL) = (asked_at IS NULL)) AND ((result IS NULL) = (asked_by IS NULL)))),
    CONSTRAINT satisfaction_sample_note_check CHECK ((length(note) <= 2000)),
    CONSTRAINT satisfaction_sample_place_check CHECK ((place > 0)),
    CONSTRAINT satisfaction_sample_result_check CHECK ((result = ANY (ARRAY['satisfied'::text, 'neutral'::text, 'dissatisfied'::text, 'not_reached'::text])))
);

CREATE TABLE public.scope_rule (
    id uuid NOT NULL,
    purpose text NOT NULL,
    valid_from date NOT NULL,
    rule jsonb NOT NULL,
    reason text NOT NULL,
    published_at timestamp with time zone NOT NULL,
    published_by text NOT NULL,
    place bigint NOT NULL,
    CONSTRAINT scope_rule_purpose_check CHECK ((purpose = ANY (ARRAY['new_business'::text, 'return_call'::text, 'renewal'::text, 'lapsed'::text, 'surrender'::text, 'claim'::text, 'payment'::text, 'departed_agent'::text, 'recheck'::text]))),
    CONSTRAINT scope_rule_reason_check CHECK (((reason <> ''::text) AND (length(reason) <= 200))),
    CONSTRAINT scope_rule_rule_check CHECK ((jsonb_typeof(rule) = 'object'::text))
);

ALTER TABLE public.scope_rule ALTER COLUMN place ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.scope_rule_place_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.script (
    version text NOT NULL,
    name text NOT NULL,
    purpose text NOT NULL,
    simplified boolean DEFAULT false NOT NULL,
    steps jsonb NOT NULL,
    state text DEFAULT 'draft'::text NOT NULL,
    revision integer DEFAULT 1 NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    published_by text,
    published_at timestamp with time zone,
    CONSTRAINT script_name_check CHECK ((name <> ''::text)),
    CONSTRAINT script_published CHECK (((state = 'published'::text) = ((published_at IS NOT NULL) AND (published_by IS NOT NULL)))),
    CONSTRAINT script_purpose_check CHECK ((purpose = ANY (ARRAY['new_business'::text, 'return_call'::text, 'renewal'::text, 'lapsed'::text, 'surrender'::text, 'claim'::text, 'payment'::text, 'departed_agent'::text, 'recheck'::text]))),
    CONSTRAINT script_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'published'::text]))),
    CONSTRAINT script_steps_check CHECK ((jsonb_typeof(steps) = 'array'::text)),
    CONSTRAINT script_version_check CHECK ((version ~ '^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$'::text))
);

COMMENT ON COLUMN public.script.simplified IS 'for sales that were recorded and confirmed, of products whose switch is on (C-23)';

CREATE TABLE public.sealing_attempt (
    call_id uuid NOT NULL,
    attempts integer NOT NULL,
    next_at timestamp with time zone NOT NULL,
    last_error text NOT NULL
);

CREATE TABLE public.segment (
    id uuid NOT NULL,
    call_id uuid NOT NULL,
    seq integer NOT NULL,
    base text,
    state text NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    expected_ms bigint,
    r_bytes bigint,
    t_bytes bigint,
    end_reason text,
    lost_reason text,
    CONSTRAINT segment_check CHECK (((state = 'lost'::text) = (lost_reason IS NOT NULL))),
    CONSTRAINT segment_end_reason_check CHECK ((end_reason = ANY (ARRAY['handler'::text, 'hangup'::text, 'asterisk_crash'::text, 'never_started'::text, 'vanished'::text]))),
    CONSTRAINT segment_expected_ms_check CHECK ((expected_ms >= 0)),
    CONSTRAINT segment_seq_check CHECK ((seq > 0)),
    CONSTRAINT segment_state_check CHECK ((state = ANY (ARRAY['expected'::text, 'recording'::text, 'finished'::text, 'sealing'::text, 'sealed'::text, 'lost'::text])))
);

CREATE TABLE public.session (
    id uuid NOT NULL,
    token_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    address text,
    user_agent text,
    CONSTRAINT session_kind_check CHECK ((kind = ANY (ARRAY['bearer'::text, 'cookie'::text])))
);

CREATE TABLE public.signature (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    determination smallint NOT NULL,
    department text NOT NULL,
    organisation_id text NOT NULL,
    signed boolean NOT NULL,
    at timestamp with time zone NOT NULL,
    signer text NOT NULL,
    remark text DEFAULT ''::text NOT NULL,
    place bigint NOT NULL,
    CONSTRAINT signature_check CHECK ((signed OR (remark <> ''::text))),
    CONSTRAINT signature_department_check CHECK ((department = ANY (ARRAY['sales'::text, 'sales_inspection'::text, 'business_management'::text, 'finance'::text, 'it'::text, 'customer_service'::text, 'compliance'::text]))),
    CONSTRAINT signature_remark_check CHECK ((length(remark) <= 20000))
);

ALTER TABLE public.signature ALTER COLUMN place ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.signature_place_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.slip (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    place smallint NOT NULL,
    number text NOT NULL,
    part text NOT NULL,
    state text DEFAULT 'sent'::text NOT NULL,
    department text NOT NULL,
    organisation_id text NOT NULL,
    line smallint DEFAULT 1 NOT NULL,
    category text,
    leads boolean NOT NULL,
    fixed boolean DEFAULT false NOT NULL,
    request text DEFAULT ''::text NOT NULL,
    asked_by_slip uuid,
    sent_at timestamp with time zone NOT NULL,
    sent_by text NOT NULL,
    accepted_at timestamp with time zone,
    accepted_by text,
    returned_at timestamp with time zone,
    return_reason text,
    answered_at timestamp with time zone,
    answered_by text,
    answer text,
    released_at timestamp with time zone,
    release_reason text,
    version integer DEFAULT 1 NOT NULL,
    report_day date,
    report_set_at timestamp with time zone,
    report_set_by text,
    reported_at timestamp with time zone,
    CONSTRAINT slip_accepted CHECK (((state <> ALL (ARRAY['accepted'::text, 'answered'::text])) OR (accepted_at IS NOT NULL))),
    CONSTRAINT slip_answer_check CHECK ((length(answer) <= 20000)),
    CONSTRAINT slip_answered CHECK ((((state = 'answered'::text) = (answered_at IS NOT NULL)) AND ((answered_at IS NULL) = (answer IS NULL)))),
    CONSTRAINT slip_category_check CHECK ((category = ANY (ARRAY['solicitation'::text, 'sales_service'::text, 'counter'::text, 'underwriting'::text, 'maintenance'::text, 'claims'::text, 'call_centre'::text, 'product'::text, 'payment'::text, 'sms'::text, 'other'::text]))),
    CONSTRAINT slip_department_check CHECK ((department = ANY (ARRAY['sales'::text, 'sales_inspection'::text, 'business_management'::text, 'finance'::text, 'it'::text, 'customer_service'::text, 'compliance'::text]))),
    CONSTRAINT slip_fixed CHECK (((NOT fixed) OR (state <> 'returned'::text))),
    CONSTRAINT slip_line_check CHECK ((line > 0)),
    CONSTRAINT slip_main_leads CHECK (((part <> 'main'::text) OR (leads AND (line = 1)))),
    CONSTRAINT slip_part_check CHECK ((part = ANY (ARRAY['main'::text, 'joint'::text, 'copy'::text, 'supervise'::text]))),
    CONSTRAINT slip_place_check CHECK ((place > 0)),
    CONSTRAINT slip_release_reason_check CHECK ((length(release_reason) <= 20000)),
    CONSTRAINT slip_released CHECK (((state = 'released'::text) = (released_at IS NOT NULL))),
    CONSTRAINT slip_report CHECK ((((report_day IS NULL) = (report_set_at IS NULL)) AND ((report_day IS NULL) = (report_set_by IS NULL)) AND ((report_day IS NOT NULL) OR (reported_at IS NULL)))),
    CONSTRAINT slip_request_check CHECK ((length(request) <= 20000)),
    CONSTRAINT slip_return_reason_check CHECK ((length(return_reason) <= 20000)),
    CONSTRAINT slip_returned CHECK ((((state = 'returned'::text) = (returned_at IS NOT NULL)) AND ((returned_at IS NULL) = (return_reason IS NULL)))),
    CONSTRAINT slip_state_check CHECK ((state = ANY (ARRAY['sent'::text, 'accepted'::text, 'returned'::text, 'answered'::text, 'released'::text]))),
    CONSTRAINT slip_task_leads CHECK (((NOT leads) OR (part = ANY (ARRAY['main'::text, 'joint'::text]))))
);

COMMENT ON TABLE public.slip IS 'due: ticket_clock of kind accept whose cycle is the slip''s place (L-9)';

COMMENT ON COLUMN public.slip.report_day IS 'until when customer service wants to hear of the investigation (R-3.45)';

CREATE TABLE public.supervision_mark (
    ticket_id uuid NOT NULL,
    organisation_id text NOT NULL,
    reason text NOT NULL,
    marked_by text NOT NULL,
    marked_at timestamp with time zone NOT NULL,
    CONSTRAINT supervision_mark_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 2000)))
);

CREATE TABLE public.switch_boot (
    system text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    asterisk_id text,
    version text,
    options text
);

CREATE TABLE public.telephony_beat (
    one boolean DEFAULT true NOT NULL,
    at timestamp with time zone NOT NULL,
    hears boolean NOT NULL,
    process text NOT NULL,
    switch_offset_ms bigint,
    switch_read_at timestamp with time zone,
    CONSTRAINT telephony_beat_one_check CHECK (one)
);

CREATE TABLE public.tenure (
    id uuid NOT NULL,
    post integer NOT NULL,
    part text NOT NULL,
    user_id uuid NOT NULL,
    since date NOT NULL,
    until date,
    remark text DEFAULT ''::text NOT NULL,
    named_by text NOT NULL,
    named_at timestamp with time zone NOT NULL,
    ended_by text,
    ended_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT tenure_check CHECK ((until >= since)),
    CONSTRAINT tenure_delegate_has_an_end CHECK (((part <> 'delegate'::text) OR (until IS NOT NULL))),
    CONSTRAINT tenure_part_check CHECK ((part = ANY (ARRAY['holder'::text, 'delegate'::text]))),
    CONSTRAINT tenure_remark_check CHECK ((length(remark) <= 2000))
);

CREATE TABLE public.third_party (
    id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    organisation_id text NOT NULL,
    admission text DEFAULT 'admitted'::text NOT NULL,
    reason text,
    changed_at timestamp with time zone NOT NULL,
    changed_by text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT third_party_admission_check CHECK ((admission = ANY (ARRAY['admitted'::text, 'warned'::text, 'ended'::text]))),
    CONSTRAINT third_party_check CHECK (((admission = 'admitted'::text) OR (reason IS NOT NULL))),
    CONSTRAINT third_party_kind_check CHECK ((kind = ANY (ARRAY['bank'::text, 'agency'::text, 'broker'::text, 'platform'::text, 'service'::text]))),
    CONSTRAINT third_party_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT third_party_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 2000)))
);

COMMENT ON COLUMN public.third_party.admission IS 'whether business goes on with it, by how it cooperates (N-3)';

CREATE TABLE public.third_party_request (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    third_party_id uuid NOT NULL,
    request text NOT NULL,
    due_day date NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    asked_by text NOT NULL,
    answer text,
    answered_on date,
    score smallint,
    remark text,
    scored_at timestamp with time zone,
    scored_by text,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT third_party_request_answer_check CHECK (((length(answer) >= 1) AND (length(answer) <= 20000))),
    CONSTRAINT third_party_request_check CHECK (((answer IS NULL) = (answered_on IS NULL))),
    CONSTRAINT third_party_request_check1 CHECK ((((score IS NULL) = (scored_at IS NULL)) AND ((score IS NULL) = (scored_by IS NULL)) AND ((score IS NULL) = (remark IS NULL)))),
    CONSTRAINT third_party_request_check2 CHECK (((score IS NOT NULL) OR (answer IS NULL))),
    CONSTRAINT third_party_request_remark_check CHECK ((length(remark) <= 2000)),
    CONSTRAINT third_party_request_request_check CHECK (((length(request) >= 1) AND (length(request) <= 20000))),
    CONSTRAINT third_party_request_score_check CHECK (((score >= 1) AND (score <= 5)))
);

COMMENT ON TABLE public.third_party_request IS 'what a third party was asked for on a complaint, and how well it cooperated (N-3)';

CREATE TABLE public.ticket (
    id uuid NOT NULL,
    number text NOT NULL,
    nature text NOT NULL,
    channel text NOT NULL,
    network_kind text,
    source text NOT NULL,
    relation text,
    matter_id uuid,
    category text,
    other_cause text,
    severity text DEFAULT 'general'::text NOT NULL,
    severity_confirmed_at timestamp with time zone,
    severity_confirmed_by text,
    gravity text NOT NULL,
    status text DEFAULT 'recorded'::text NOT NULL,
    validity text,
    liability text DEFAULT 'undetermined'::text NOT NULL,
    causes text[] DEFAULT '{}'::text[] NOT NULL,
    invalid_ground text,
    occurrences smallint NOT NULL,
    pieces smallint NOT NULL,
    customer_id uuid,
    policy_id uuid,
    policy_number text,
    complainant_type text DEFAULT 'unknown'::text NOT NULL,
    complainant_name text,
    complainant_phone text,
    authorisation text,
    anonymous boolean DEFAULT false NOT NULL,
    demand text,
    description text,
    restated_at timestamp with time zone,
    complete_at timestamp with time zone,
    opened_via text NOT NULL,
    opened_by text NOT NULL,
    opened_by_user uuid,
    accepting_organisation_id text NOT NULL,
    underwriting_organisation_id text,
    department text,
    callback_task_id uuid,
    callback_attempt_id uuid,
    heard jsonb,
    verdict jsonb,
    received_at timestamp with time zone NOT NULL,
    received_day date NOT NULL,
    stored_at timestamp with time zone NOT NULL,
    spooled boolean DEFAULT false NOT NULL,
    dispatched_at timestamp with time zone,
    handled_at timestamp with time zone,
    informed_at timestamp with time zone,
    closed_at timestamp with time zone,
    rulebook text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    determination smallint DEFAULT 0 NOT NULL,
    responsible text[] DEFAULT '{}'::text[] NOT NULL,
    written_answer boolean DEFAULT false NOT NULL,
    merged_into_id uuid,
    external boolean DEFAULT false NOT NULL,
    related_at timestamp with time zone,
    related_by text,
    ended_as text,
    archived_at timestamp with time zone,
    overturned_at timestamp with time zone,
    destination text,
    complex_at timestamp with time zone,
    complex_reason text,
    told_means text,
    told_proof text,
    answer_accepted boolean,
    heir boolean DEFAULT false NOT NULL,
    form_signed_at timestamp with time zone,
    identity_manner text,
    identity_verified_at timestamp with time zone,
    identity_verified_by text,
    forwarder text,
    forwarder_level text,
    forwarding_number text,
    forwarded_day date,
    media_outlet text,
    media_link text,
    owes text[] DEFAULT '{}'::text[] NOT NULL,
    sub_code text,
    opinion text,
    opinion_at timestamp with time zone,
    opinion_by text,
    handler_id uuid,
    about_user_id uuid,
    case_at timestamp with time zone,
    group_size integer DEFAULT 1 NOT NULL,
    designated_major boolean DEFAULT false NOT NULL,
    finding_number text,
    rescission_told_at timestamp with time zone,
    representatives text[] DEFAULT '{}'::text[] NOT NULL,
    basis text,
    taken_over_by text,
    told_document_id uuid,
    CONSTRAINT ticket_answered CHECK (((ended_as IS DISTINCT FROM 'answered'::text) OR (nature = 'non_complaint'::text))),
    CONSTRAINT ticket_archived CHECK (((archived_at IS NOT NULL) = (status = 'archived'::text))),
    CONSTRAINT ticket_authorisation CHECK (((complainant_type <> 'representative'::text) OR (authorisation IS NOT NULL))),
    CONSTRAINT ticket_authorisation_check CHECK ((length(authorisation) <= 20000)),
    CONSTRAINT ticket_basis_check CHECK ((length(basis) <= 20000)),
    CONSTRAINT ticket_callback_channel CHECK (((source <> 'callback'::text) OR (nature = 'callback_finding'::text) OR (channel = 'phone_inbound'::text))),
    CONSTRAINT ticket_callback_verdict CHECK (((source <> 'callback'::text) OR ((heard IS NOT NULL) AND (verdict IS NOT NULL) AND ((verdict ->> 'nature'::text) = nature)))),
    CONSTRAINT ticket_category_check CHECK ((category = ANY (ARRAY['solicitation'::text, 'sales_service'::text, 'counter'::text, 'underwriting'::text, 'maintenance'::text, 'claims'::text, 'call_centre'::text, 'product'::text, 'payment'::text, 'sms'::text, 'other'::text]))),
    CONSTRAINT ticket_channel_check CHECK ((channel = ANY (ARRAY['sms'::text, 'phone_inbound'::text, 'phone_outbound'::text, 'network'::text, 'letter'::text, 'visit'::text, 'fax'::text]))),
    CONSTRAINT ticket_closed CHECK (((closed_at IS NOT NULL) = (status = ANY (ARRAY['closed'::text, 'archived'::text])))),
    CONSTRAINT ticket_complainant_name_check CHECK ((length(complainant_name) <= 200)),
    CONSTRAINT ticket_complainant_phone_check CHECK ((length(complainant_phone) <= 40)),
    CONSTRAINT ticket_complainant_type_check CHECK ((complainant_type = ANY (ARRAY['applicant'::text, 'customer'::text, 'representative'::text, 'agent'::text, 'public'::text, 'unknown'::text]))),
    CONSTRAINT ticket_complaint_has_matter CHECK ((((nature = 'complaint'::text) = (relation IS NOT NULL)) AND ((nature <> 'complaint'::text) OR (matter_id IS NOT NULL)) AND ((nature = 'complaint'::text) = (validity IS NOT NULL)))),
    CONSTRAINT ticket_complex CHECK (((complex_reason IS NULL) OR (complex_at IS NOT NULL))),
    CONSTRAINT ticket_complex_reason_check CHECK (((length(complex_reason) >= 1) AND (length(complex_reason) <= 20000))),
    CONSTRAINT ticket_counts CHECK (((nature <> 'complaint'::text) OR (complainant_type = ANY (ARRAY['agent'::text, 'public'::text])) OR ((occurrences = 1) AND ((relation <> 'first'::text) OR (pieces = 1))))),
    CONSTRAINT ticket_declined CHECK (((ended_as IS DISTINCT FROM 'declined'::text) OR (nature = 'complaint'::text))),
    CONSTRAINT ticket_demand_check CHECK ((length(demand) <= 20000)),
    CONSTRAINT ticket_department_check CHECK ((department = ANY (ARRAY['sales'::text, 'sales_inspection'::text, 'business_management'::text, 'finance'::text, 'it'::text, 'customer_service'::text, 'compliance'::text]))),
    CONSTRAINT ticket_description_check CHECK ((length(description) <= 20000)),
    CONSTRAINT ticket_destination CHECK (((destination IS NULL) OR (nature = 'non_complaint'::text))),
    CONSTRAINT ticket_destination_check CHECK ((length(destination) <= 200)),
    CONSTRAINT ticket_determined CHECK (((status <> ALL (ARRAY['closed'::text, 'archived'::text])) OR (NOT (ended_as IS DISTINCT FROM 'withdrawn'::text)) OR (validity IS DISTINCT FROM 'pending'::text))),
    CONSTRAINT ticket_ended CHECK (((ended_as IS NULL) OR (closed_at IS NOT NULL))),
    CONSTRAINT ticket_ended_as_check CHECK ((ended_as = ANY (ARRAY['closed'::text, 'withdrawn'::text, 'answered'::text, 'turned'::text, 'declined'::text]))),
    CONSTRAINT ticket_escalation_severity CHECK (((relation IS DISTINCT FROM 'escalation'::text) OR (severity = ANY (ARRAY['difficult'::text, 'major'::text])))),
    CONSTRAINT ticket_external CHECK (
CASE relation
    WHEN 'escalation'::text THEN external
    WHEN 'repeat'::text THEN true
    WHEN 'merged'::text THEN true
    ELSE (NOT external)
END),
    CONSTRAINT ticket_finding_channel CHECK (((nature <> 'callback_finding'::text) OR ((channel = 'phone_outbound'::text) AND (source = 'callback'::text)))),
    CONSTRAINT ticket_finding_gravity CHECK (((nature = 'callback_finding'::text) = (gravity = ANY (ARRAY['grave_finding'::text, 'data_finding'::text])))),
    CONSTRAINT ticket_finding_has_number CHECK (((nature <> 'callback_finding'::text) OR (finding_number IS NOT NULL))),
    CONSTRAINT ticket_finding_number_check CHECK ((finding_number ~ '^95519-WT-[0-9]{8}-[0-9]{6}$'::text)),
    CONSTRAINT ticket_form CHECK (((channel = 'visit'::text) OR (form_signed_at IS NULL))),
    CONSTRAINT ticket_forwarder_check CHECK ((length(forwarder) <= 200)),
    CONSTRAINT ticket_forwarder_level_check CHECK ((forwarder_level = ANY (ARRAY['headquarters'::text, 'province'::text, 'city'::text]))),
    CONSTRAINT ticket_forwarding CHECK (((source = ANY (ARRAY['upper_company'::text, 'regulator'::text, 'coordinator'::text])) OR (num_nonnulls(forwarder, forwarder_level, forwarding_number, forwarded_day) = 0))),
    CONSTRAINT ticket_forwarding_number_check CHECK ((length(forwarding_number) <= 100)),
    CONSTRAINT ticket_gravity_check CHECK ((gravity = ANY (ARRAY['general'::text, 'difficult'::text, 'major'::text, 'grave_finding'::text, 'data_finding'::text]))),
    CONSTRAINT ticket_grievance_is_first CHECK (((complainant_type <> ALL (ARRAY['agent'::text, 'public'::text])) OR (relation IS NULL) OR (relation = 'first'::text))),
    CONSTRAINT ticket_group_size_check CHECK (((group_size >= 1) AND (group_size <= 100000))),
    CONSTRAINT ticket_handled CHECK (
CASE
    WHEN (status = ANY (ARRAY['recorded'::text, 'dispatched'::text])) THEN (handled_at IS NULL)
    WHEN ((status = ANY (ARRAY['handled'::text, 'informed'::text])) OR (COALESCE(ended_as, 'closed'::text) = 'closed'::text)) THEN (handled_at IS NOT NULL)
    ELSE true
END),
    CONSTRAINT ticket_heard_decides CHECK (((source <> 'callback'::text) OR ((nature = 'complaint'::text) = COALESCE((((heard ->> 'intention'::text) = 'yes'::text) AND ((heard ->> 'respondent'::text) = ANY (ARRAY['policyholder'::text, 'insured'::text, 'authorised'::text]))), false)))),
    CONSTRAINT ticket_identity CHECK ((((identity_manner IS NULL) = (identity_verified_at IS NULL)) AND ((identity_manner IS NULL) = (identity_verified_by IS NULL)))),
    CONSTRAINT ticket_identity_manner_check CHECK ((identity_manner = ANY (ARRAY['document'::text, 'questions'::text, 'number_on_file'::text, 'online'::text]))),
    CONSTRAINT ticket_informed CHECK (
CASE
    WHEN (status = ANY (ARRAY['recorded'::text, 'dispatched'::text, 'handled'::text])) THEN (informed_at IS NULL)
    WHEN ((status = 'informed'::text) OR (COALESCE(ended_as, 'closed'::text) = 'closed'::text)) THEN (informed_at IS NOT NULL)
    ELSE true
END),
    CONSTRAINT ticket_invalid_ground_check CHECK ((invalid_ground = ANY (ARRAY['not_a_customer'::text, 'outside_definition'::text, 'duplicate'::text, 'withdrawn_as_mistake'::text, 'facts_disproved'::text, 'unreachable'::text]))),
    CONSTRAINT ticket_liability_check CHECK ((liability = ANY (ARRAY['undetermined'::text, 'none'::text, 'company'::text, 'sales'::text, 'shared'::text]))),
    CONSTRAINT ticket_media CHECK (((source = 'media'::text) OR (num_nonnulls(media_outlet, media_link) = 0))),
    CONSTRAINT ticket_media_link_check CHECK ((length(media_link) <= 2000)),
    CONSTRAINT ticket_media_outlet_check CHECK ((length(media_outlet) <= 200)),
    CONSTRAINT ticket_merged CHECK ((((NOT (relation IS DISTINCT FROM 'merged'::text)) = (merged_into_id IS NOT NULL)) AND (merged_into_id IS DISTINCT FROM id))),
    CONSTRAINT ticket_nature_check CHECK ((nature = ANY (ARRAY['complaint'::text, 'callback_finding'::text, 'non_complaint'::text]))),
    CONSTRAINT ticket_network_kind CHECK (((network_kind IS NULL) OR (channel = 'network'::text))),
    CONSTRAINT ticket_network_kind_check CHECK ((network_kind = ANY (ARRAY['email'::text, 'web'::text, 'app'::text, 'wechat'::text]))),
    CONSTRAINT ticket_number_check CHECK ((number ~ '^95519-[0-9]{8}-[0-9]{6}$'::text)),
    CONSTRAINT ticket_occurrences_check CHECK ((occurrences = ANY (ARRAY[0, 1]))),
    CONSTRAINT ticket_opened_via_check CHECK ((opened_via = ANY (ARRAY['ivr'::text, 'agent'::text, 'callback_agent'::text, 'desk'::text, 'integrator'::text]))),
    CONSTRAINT ticket_opinion CHECK ((((opinion IS NULL) = (opinion_at IS NULL)) AND ((opinion IS NULL) = (opinion_by IS NULL)))),
    CONSTRAINT ticket_opinion_check CHECK ((length(opinion) <= 20000)),
    CONSTRAINT ticket_other_cause_check CHECK ((other_cause = ANY (ARRAY['publicity'::text, 'dividend'::text, 'privacy'::text, 'agent_grievance'::text, 'telesales'::text, 'intermediary'::text, 'anything_else'::text]))),
    CONSTRAINT ticket_pieces_check CHECK ((pieces = ANY (ARRAY[0, 1]))),
    CONSTRAINT ticket_policy_number_check CHECK ((length(policy_number) <= 40)),
    CONSTRAINT ticket_recusal CHECK ((handler_id <> about_user_id)),
    CONSTRAINT ticket_related CHECK (((related_at IS NULL) = (related_by IS NULL))),
    CONSTRAINT ticket_relation_check CHECK ((relation = ANY (ARRAY['first'::text, 'repeat'::text, 'escalation'::text, 'merged'::text]))),
    CONSTRAINT ticket_repeat_weight CHECK (((relation <> ALL (ARRAY['repeat'::text, 'merged'::text])) OR (pieces = 0))),
    CONSTRAINT ticket_representatives_check CHECK ((cardinality(representatives) <= 5)),
    CONSTRAINT ticket_responsible_check CHECK ((responsible <@ ARRAY['sales'::text, 'sales_inspection'::text, 'business_management'::text, 'finance'::text, 'it'::text, 'customer_service'::text, 'compliance'::text])),
    CONSTRAINT ticket_severity_check CHECK ((severity = ANY (ARRAY['general'::text, 'difficult'::text, 'major'::text]))),
    CONSTRAINT ticket_severity_confirmed CHECK (((severity_confirmed_at IS NULL) = (severity_confirmed_by IS NULL))),
    CONSTRAINT ticket_source_check CHECK ((source = ANY (ARRAY['direct'::text, 'upper_company'::text, 'regulator'::text, 'media'::text, 'coordinator'::text, 'callback'::text]))),
    CONSTRAINT ticket_status_check CHECK ((status = ANY (ARRAY['recorded'::text, 'dispatched'::text, 'handled'::text, 'informed'::text, 'closed'::text, 'archived'::text]))),
    CONSTRAINT ticket_sub_code_check CHECK ((sub_code ~ '^[a-z][a-z0-9_]{0,39}$'::text)),
    CONSTRAINT ticket_told_means_check CHECK ((told_means = ANY (ARRAY['handed_over'::text, 'posted'::text, 'emailed'::text, 'texted'::text, 'dialled'::text]))),
    CONSTRAINT ticket_told_proof_check CHECK ((length(told_proof) <= 2000)),
    CONSTRAINT ticket_turned CHECK (((ended_as IS DISTINCT FROM 'turned'::text) OR (nature = 'callback_finding'::text))),
    CONSTRAINT ticket_validity_check CHECK ((validity = ANY (ARRAY['pending'::text, 'valid'::text, 'invalid'::text]))),
    CONSTRAINT ticket_weight CHECK ((((nature = 'complaint'::text) AND (complainant_type <> ALL (ARRAY['agent'::text, 'public'::text]))) OR ((occurrences = 0) AND (pieces = 0)))),
    CONSTRAINT ticket_withdrawn CHECK (((ended_as IS DISTINCT FROM 'withdrawn'::text) OR (nature = 'complaint'::text)))
);

COMMENT ON COLUMN public.ticket.determination IS 'how often validity and causes were determined; the last one is in force';

COMMENT ON COLUMN public.ticket.responsible IS 'the departments found responsible, whose heads sign (R-3.26)';

COMMENT ON COLUMN public.ticket.destination IS 'whom a grievance that is no complaint was passed to (R-1.3)';

COMMENT ON COLUMN public.ticket.about_user_id IS 'the person complained of, who keeps out of it, as does their manager (F-48)';

COMMENT ON COLUMN public.ticket.group_size IS 'how many people complain together; five are a warning, twenty major (N-14)';

COMMENT ON COLUMN public.ticket.finding_number IS 'given once, to whatever is or was a finding; the number of the order stays';

COMMENT ON COLUMN public.ticket.representatives IS 'who speaks for those who complain together, five at most (N-4)';

COMMENT ON COLUMN public.ticket.basis IS 'the policy terms and the law the decision rests on (R-1.7)';

COMMENT ON COLUMN public.ticket.taken_over_by IS 'the company above that handles what was reported up to it (R-3.19)';

COMMENT ON COLUMN public.ticket.told_document_id IS 'the decision notice or opinion letter the customer was told by (CL-8)';

CREATE TABLE public.ticket_agreement (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    until_day date NOT NULL,
    record text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT ticket_agreement_record_check CHECK (((length(record) >= 1) AND (length(record) <= 2000)))
);

CREATE TABLE public.ticket_call (
    ticket_id uuid NOT NULL,
    call_id uuid NOT NULL,
    opened_live boolean NOT NULL,
    seconds_into_call numeric(10,3),
    linked_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.ticket_call IS 'no reference to call: a ticket outlives whatever becomes of the call''s row';

CREATE TABLE public.ticket_cause (
    ticket_id uuid NOT NULL,
    determination smallint NOT NULL,
    place smallint NOT NULL,
    category text NOT NULL,
    departments text[] NOT NULL,
    system boolean DEFAULT false NOT NULL,
    CONSTRAINT ticket_cause_category_check CHECK ((category = ANY (ARRAY['solicitation'::text, 'sales_service'::text, 'counter'::text, 'underwriting'::text, 'maintenance'::text, 'claims'::text, 'call_centre'::text, 'product'::text, 'payment'::text, 'sms'::text, 'other'::text]))),
    CONSTRAINT ticket_cause_departments_check CHECK ((departments <@ ARRAY['sales'::text, 'sales_inspection'::text, 'business_management'::text, 'finance'::text, 'it'::text, 'customer_service'::text, 'compliance'::text])),
    CONSTRAINT ticket_cause_place_check CHECK ((place > 0))
);

CREATE TABLE public.ticket_clock (
    ticket_id uuid NOT NULL,
    kind text NOT NULL,
    cycle integer DEFAULT 1 NOT NULL,
    start_day date NOT NULL,
    due_day date NOT NULL,
    due_at timestamp with time zone NOT NULL,
    alert_day date NOT NULL,
    provisional boolean NOT NULL,
    rules text[] NOT NULL,
    internal jsonb NOT NULL,
    statutory jsonb,
    version text NOT NULL,
    met_at timestamp with time zone,
    breached_at timestamp with time zone,
    voided_at timestamp with time zone,
    voided_why text,
    CONSTRAINT ticket_clock_cycle_check CHECK ((cycle > 0)),
    CONSTRAINT ticket_clock_kind_check CHECK ((kind = ANY (ARRAY['register'::text, 'acknowledge'::text, 'hand_over'::text, 'dispatch'::text, 'accept'::text, 'decide_inform'::text, 'report_up'::text, 'meet'::text, 'legal_review'::text, 'inform'::text, 'close'::text, 'archive'::text, 'progress_customer'::text, 'progress_cs'::text, 'answer_or_progress'::text, 'review'::text]))),
    CONSTRAINT ticket_clock_one_end CHECK (((met_at IS NULL) OR (voided_at IS NULL))),
    CONSTRAINT ticket_clock_voided CHECK (((voided_at IS NULL) = (voided_why IS NULL))),
    CONSTRAINT ticket_clock_voided_why_check CHECK (((length(voided_why) >= 1) AND (length(voided_why) <= 200)))
);

CREATE TABLE public.ticket_counter (
    day date NOT NULL,
    last integer NOT NULL,
    CONSTRAINT ticket_counter_last_check CHECK (((last >= 1) AND (last <= 999999)))
)
WITH (fillfactor='50');

CREATE TABLE public.ticket_event (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    kind text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    place bigint NOT NULL
);

ALTER TABLE public.ticket_event ALTER COLUMN place ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ticket_event_place_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.ticket_extension (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    rule text NOT NULL,
    reason text NOT NULL,
    proposed_at timestamp with time zone NOT NULL,
    proposed_by text NOT NULL,
    approved_at timestamp with time zone,
    approved_by text,
    refused_at timestamp with time zone,
    refused_by text,
    refused_why text,
    told_at timestamp with time zone,
    told_manner text,
    told_recorded_at timestamp with time zone,
    told_by text,
    CONSTRAINT ticket_extension_approved CHECK (((approved_at IS NULL) = (approved_by IS NULL))),
    CONSTRAINT ticket_extension_first_needs_no_approval CHECK (((rule = 'L-16'::text) OR ((approved_at IS NULL) AND (refused_at IS NULL)))),
    CONSTRAINT ticket_extension_one_answer CHECK (((approved_at IS NULL) OR (refused_at IS NULL))),
    CONSTRAINT ticket_extension_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 2000))),
    CONSTRAINT ticket_extension_refused CHECK ((((refused_at IS NULL) = (refused_by IS NULL)) AND ((refused_at IS NULL) = (refused_why IS NULL)))),
    CONSTRAINT ticket_extension_refused_why_check CHECK (((length(refused_why) >= 1) AND (length(refused_why) <= 2000))),
    CONSTRAINT ticket_extension_rule_check CHECK ((rule = ANY (ARRAY['L-15'::text, 'L-16'::text]))),
    CONSTRAINT ticket_extension_told CHECK ((((told_at IS NULL) = (told_manner IS NULL)) AND ((told_at IS NULL) = (told_recorded_at IS NULL)) AND ((told_at IS NULL) = (told_by IS NULL)) AND ((told_at IS NULL) OR (approved_at IS NOT NULL)))),
    CONSTRAINT ticket_extension_told_manner_check CHECK (((length(told_manner) >= 1) AND (length(told_manner) <= 200))),
    CONSTRAINT ticket_extension_two_people CHECK ((approved_by <> proposed_by))
);

CREATE TABLE public.ticket_fact (
    ticket_id uuid NOT NULL,
    received_day date NOT NULL,
    received_at timestamp with time zone NOT NULL,
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
    due_at timestamp with time zone,
    told_at timestamp with time zone,
    informed_day date,
    closed_at timestamp with time zone,
    ended_as text,
    closed boolean NOT NULL,
    dispatched boolean NOT NULL,
    customer_due date[] NOT NULL,
    customer_met date[] NOT NULL,
    service_due date[] NOT NULL,
    service_met date[] NOT NULL,
    returns smallint DEFAULT 0 NOT NULL,
    reminders smallint DEFAULT 0 NOT NULL,
    satisfied boolean,
    forwarder_level text,
    responsible_organisation_ids text[] DEFAULT '{}'::text[] NOT NULL,
    sign bigint GENERATED ALWAYS AS (public.cc_sign(occurrences, pieces, relation, validity, nature, source, forwarder_level, severity, acknowledged, closed, closed_at, ended_as, due_day, due_at, told_at, informed_day, dispatched, satisfied, customer_due, service_due, mentioned, returns, reminders)) STORED
)
WITH (fillfactor='70');

COMMENT ON COLUMN public.ticket_fact.on_living_call IS 'acknowledged on a call whose end is not told yet: looked at again by the worker';

COMMENT ON COLUMN public.ticket_fact.customer_due IS 'progress points to the customer; customer_met has the day each was met, or null';

COMMENT ON COLUMN public.ticket_fact.service_due IS 'progress points of the coordinator to customer service, likewise';

COMMENT ON COLUMN public.ticket_fact.responsible_organisation_ids IS 'the organisation of each of `departments`, in their order';

CREATE TABLE public.ticket_line (
    ticket_id uuid NOT NULL,
    place smallint NOT NULL,
    category text NOT NULL,
    sub_code text,
    CONSTRAINT ticket_line_category_check CHECK ((category = ANY (ARRAY['solicitation'::text, 'sales_service'::text, 'counter'::text, 'underwriting'::text, 'maintenance'::text, 'claims'::text, 'call_centre'::text, 'product'::text, 'payment'::text, 'sms'::text, 'other'::text]))),
    CONSTRAINT ticket_line_place_check CHECK (((place >= 2) AND (place <= 11))),
    CONSTRAINT ticket_line_sub_code_check CHECK ((sub_code ~ '^[a-z][a-z0-9_]{0,39}$'::text))
);

COMMENT ON TABLE public.ticket_line IS 'the further grievances of an order; the main one, line 1, is the ticket''s own category';

CREATE VIEW public.ticket_fact_now AS
 SELECT t.id AS ticket_id,
    t.received_day,
    t.received_at,
    t.accepting_organisation_id,
    t.underwriting_organisation_id,
    t.matter_id,
    t.nature,
    t.relation,
    t.complainant_type,
    t.occurrences,
    t.pieces,
    t.validity,
    t.channel,
    t.source,
    t.severity,
    t.status,
    (t.heard ->> 'subject'::text) AS subject,
        CASE
            WHEN ((cardinality(t.causes) = 0) OR (t.category = ANY (t.causes))) THEN t.category
            ELSE t.causes[1]
        END AS category,
        CASE
            WHEN (cardinality(t.causes) > 0) THEN t.causes
            ELSE ARRAY( SELECT DISTINCT lines.each
               FROM ( SELECT t.category AS each
                    UNION ALL
                     SELECT l_1.category
                       FROM public.ticket_line l_1
                      WHERE (l_1.ticket_id = t.id)) lines
              WHERE (lines.each IS NOT NULL)
              ORDER BY lines.each)
        END AS mentioned,
        CASE
            WHEN (cardinality(t.responsible) > 0) THEN t.responsible
            ELSE array_remove(ARRAY[t.department], NULL::text)
        END AS departments,
    p.product_name AS product,
    p.product_kind,
    p.sales_channel,
    COALESCE(((a.met_at < a.due_at) AND (((a.internal ->> 'limit'::text) <> 'L-2'::text) OR (a.met_at < COALESCE(c.ended_at, 'infinity'::timestamp with time zone)))), false) AS acknowledged,
    COALESCE((((a.internal ->> 'limit'::text) = 'L-2'::text) AND (a.met_at IS NOT NULL) AND (c.id IS NOT NULL) AND (c.ended_at IS NULL)), false) AS on_living_call,
        CASE
            WHEN (t.relation IS DISTINCT FROM 'merged'::text) THEN d.due_day
            ELSE NULL::date
        END AS due_day,
        CASE
            WHEN (t.relation IS DISTINCT FROM 'merged'::text) THEN d.due_at
            ELSE NULL::timestamp with time zone
        END AS due_at,
    d.met_at AS told_at,
    ((t.informed_at AT TIME ZONE 'Asia/Shanghai'::text))::date AS informed_day,
    t.closed_at,
        CASE
            WHEN (t.closed_at IS NOT NULL) THEN COALESCE(t.ended_as, 'closed'::text)
            ELSE NULL::text
        END AS ended_as,
    COALESCE(((t.closed_at IS NOT NULL) OR ((t.relation = 'merged'::text) AND (f.closed_at IS NOT NULL))), false) AS closed,
    (t.dispatched_at IS NOT NULL) AS dispatched,
    COALESCE(g.customer_due, '{}'::date[]) AS customer_due,
    COALESCE(g.customer_met, '{}'::date[]) AS customer_met,
    COALESCE(g.service_due, '{}'::date[]) AS service_due,
    COALESCE(g.service_met, '{}'::date[]) AS service_met,
    (COALESCE(s.returns, (0)::bigint))::smallint AS returns,
    (( SELECT count(*) AS count
           FROM public.reminder r
          WHERE (r.ticket_id = t.id)))::smallint AS reminders,
    v.satisfied,
    t.forwarder_level,
    ARRAY( SELECT COALESCE(( SELECT s_1.organisation_id
                   FROM public.slip s_1
                  WHERE ((s_1.ticket_id = t.id) AND (s_1.department = r.code) AND (s_1.part = ANY (ARRAY['main'::text, 'joint'::text])) AND (s_1.state <> ALL (ARRAY['returned'::text, 'released'::text])))
                  ORDER BY s_1.place DESC
                 LIMIT 1), t.accepting_organisation_id) AS "coalesce"
           FROM unnest(
                CASE
                    WHEN (cardinality(t.responsible) > 0) THEN t.responsible
                    ELSE array_remove(ARRAY[t.department], NULL::text)
                END) WITH ORDINALITY r(code, place)
          ORDER BY r.place) AS responsible_organisation_ids
   FROM (((((((((public.ticket t
     LEFT JOIN public.policy p ON ((p.id = t.policy_id)))
     LEFT JOIN public.ticket_clock a ON (((a.ticket_id = t.id) AND (a.kind = 'acknowledge'::text) AND (a.cycle = 1))))
     LEFT JOIN LATERAL ( SELECT k.due_day,
            k.due_at,
            k.met_at
           FROM public.ticket_clock k
          WHERE ((k.ticket_id = t.id) AND (k.kind = 'decide_inform'::text) AND ((k.voided_at IS NULL) OR (k.voided_at >= k.due_at)))
          ORDER BY k.cycle DESC
         LIMIT 1) d ON (true))
     LEFT JOIN LATERAL ( SELECT array_agg(k.due_day ORDER BY k.cycle) FILTER (WHERE (k.kind = 'progress_customer'::text)) AS customer_due,
            array_agg(k.met_day ORDER BY k.cycle) FILTER (WHERE (k.kind = 'progress_customer'::text)) AS customer_met,
            array_agg(k.due_day ORDER BY k.cycle) FILTER (WHERE (k.kind = 'progress_cs'::text)) AS service_due,
            array_agg(k.met_day ORDER BY k.cycle) FILTER (WHERE (k.kind = 'progress_cs'::text)) AS service_met
           FROM ( SELECT c_1.kind,
                    c_1.cycle,
                    c_1.due_day,
                    ((c_1.met_at AT TIME ZONE 'Asia/Shanghai'::text))::date AS met_day
                   FROM public.ticket_clock c_1
                  WHERE ((c_1.ticket_id = t.id) AND (c_1.kind = ANY (ARRAY['progress_customer'::text, 'progress_cs'::text])) AND ((c_1.voided_at IS NULL) OR (c_1.voided_at >= c_1.due_at)))) k) g ON (true))
     LEFT JOIN LATERAL ( SELECT l_1.call_id
           FROM public.ticket_call l_1
          WHERE ((l_1.ticket_id = t.id) AND ((l_1.linked_at = t.received_at) OR (l_1.seconds_into_call IS NOT NULL)))
          ORDER BY l_1.linked_at
         LIMIT 1) l ON (true))
     LEFT JOIN public.call c ON ((c.id = l.call_id)))
     LEFT JOIN public.ticket f ON ((f.id = t.merged_into_id)))
     LEFT JOIN LATERAL ( SELECT count(*) FILTER (WHERE (s_1.state = 'returned'::text)) AS returns
           FROM public.slip s_1
          WHERE (s_1.ticket_id = t.id)) s ON (true))
     LEFT JOIN LATERAL ( SELECT (s_1.result = 'satisfied'::text) AS satisfied
           FROM public.satisfaction_sample s_1
          WHERE ((s_1.ticket_id = t.id) AND (s_1.result <> 'not_reached'::text))) v ON (true));

CREATE TABLE public.ticket_fact_owed (
    ticket_id uuid NOT NULL
);

COMMENT ON TABLE public.ticket_fact_owed IS 'opened, and not in ticket_fact yet';

CREATE TABLE public.ticket_found (
    ticket_id uuid NOT NULL,
    place bigint DEFAULT nextval((pg_get_serial_sequence('ticket_event'::text, 'place'::text))::regclass) NOT NULL,
    at timestamp with time zone NOT NULL,
    validity text NOT NULL,
    CONSTRAINT ticket_found_something CHECK ((validity <> 'pending'::text)),
    CONSTRAINT ticket_found_validity_check CHECK ((validity = ANY (ARRAY['pending'::text, 'valid'::text, 'invalid'::text])))
);

CREATE TABLE public.ticket_key (
    id uuid NOT NULL,
    fingerprint text NOT NULL,
    claimed_at timestamp with time zone NOT NULL
);

CREATE TABLE public.ticket_limit (
    ticket_id uuid NOT NULL,
    place bigint DEFAULT nextval((pg_get_serial_sequence('ticket_event'::text, 'place'::text))::regclass) NOT NULL,
    due_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.ticket_limit IS 'until when each stood, the next entry of the ticket''s history tells: it is of the same act';

CREATE TABLE public.ticket_material (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    from_ticket_id uuid,
    facts text NOT NULL,
    reasons text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT ticket_material_facts_check CHECK ((length(facts) <= 20000)),
    CONSTRAINT ticket_material_reasons_check CHECK ((length(reasons) <= 20000))
);

COMMENT ON COLUMN public.ticket_material.from_ticket_id IS 'the merged order that brought it (D-4)';

CREATE TABLE public.ticket_pause (
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    ground text NOT NULL,
    note text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    told_at timestamp with time zone,
    told_manner text,
    both_applied boolean DEFAULT false NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by text NOT NULL,
    ended_at timestamp with time zone,
    end_note text,
    end_recorded_at timestamp with time zone,
    ended_by text,
    CONSTRAINT ticket_pause_end_note_check CHECK (((length(end_note) >= 1) AND (length(end_note) <= 2000))),
    CONSTRAINT ticket_pause_ended CHECK ((((ended_at IS NULL) = (end_note IS NULL)) AND ((ended_at IS NULL) = (end_recorded_at IS NULL)) AND ((ended_at IS NULL) = (ended_by IS NULL)) AND ((ended_at IS NULL) OR (ended_at >= started_at)))),
    CONSTRAINT ticket_pause_ground CHECK ((((ground = 'appraisal'::text) AND (told_at IS NOT NULL)) OR ((ground = 'mediation'::text) AND both_applied))),
    CONSTRAINT ticket_pause_ground_check CHECK ((ground = ANY (ARRAY['appraisal'::text, 'mediation'::text]))),
    CONSTRAINT ticket_pause_note_check CHECK (((length(note) >= 1) AND (length(note) <= 2000))),
    CONSTRAINT ticket_pause_told CHECK (((told_at IS NULL) = (told_manner IS NULL))),
    CONSTRAINT ticket_pause_told_manner_check CHECK (((length(told_manner) >= 1) AND (length(told_manner) <= 200)))
);

CREATE TABLE public.webhook (
    organisation_id text NOT NULL,
    url text NOT NULL,
    secret text NOT NULL,
    set_by text NOT NULL,
    set_at timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT webhook_secret_check CHECK ((length(secret) >= 32)),
    CONSTRAINT webhook_url_check CHECK ((length(url) <= 500))
);

CREATE TABLE public.worker_beat (
    one boolean DEFAULT true NOT NULL,
    at timestamp with time zone NOT NULL,
    process text NOT NULL,
    CONSTRAINT worker_beat_one_check CHECK (one)
);

ALTER TABLE ONLY public.access_log
    ADD CONSTRAINT access_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.accountability
    ADD CONSTRAINT accountability_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.acknowledgement
    ADD CONSTRAINT acknowledgement_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.agent_queue
    ADD CONSTRAINT agent_queue_pkey PRIMARY KEY (user_id, queue);

ALTER TABLE ONLY public.agent_state_log
    ADD CONSTRAINT agent_state_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.agent_state
    ADD CONSTRAINT agent_state_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.app_user
    ADD CONSTRAINT app_user_extension_key UNIQUE (extension);

ALTER TABLE ONLY public.app_user
    ADD CONSTRAINT app_user_login_key UNIQUE (login);

ALTER TABLE ONLY public.app_user
    ADD CONSTRAINT app_user_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.archive_counter
    ADD CONSTRAINT archive_counter_pkey PRIMARY KEY (fonds, year);

ALTER TABLE ONLY public.archive_number
    ADD CONSTRAINT archive_number_object_id_key UNIQUE (object_id);

ALTER TABLE ONLY public.archive_number
    ADD CONSTRAINT archive_number_pkey PRIMARY KEY (fonds, year, number);

ALTER TABLE ONLY public.attachment_content
    ADD CONSTRAINT attachment_content_pkey PRIMARY KEY (sha256);

ALTER TABLE ONLY public.attachment
    ADD CONSTRAINT attachment_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.attempt_plan
    ADD CONSTRAINT attempt_plan_pkey PRIMARY KEY (version);

ALTER TABLE ONLY public.attempt_plan_rule
    ADD CONSTRAINT attempt_plan_rule_pkey PRIMARY KEY (version, outcome);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.authority_limit
    ADD CONSTRAINT authority_limit_pkey PRIMARY KEY (organisation_id, role);

ALTER TABLE ONLY public.authority_request
    ADD CONSTRAINT authority_request_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.calendar_day
    ADD CONSTRAINT calendar_day_pkey PRIMARY KEY (day);

ALTER TABLE ONLY public.calendar_year
    ADD CONSTRAINT calendar_year_pkey PRIMARY KEY (year);

ALTER TABLE ONLY public.call_event
    ADD CONSTRAINT call_event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.call_leg
    ADD CONSTRAINT call_leg_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.call
    ADD CONSTRAINT call_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.callback_answer
    ADD CONSTRAINT callback_answer_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.callback_attempt
    ADD CONSTRAINT callback_attempt_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.callback_attempt
    ADD CONSTRAINT callback_attempt_request_key_key UNIQUE (request_key);

ALTER TABLE ONLY public.callback_link
    ADD CONSTRAINT callback_link_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.callback_link
    ADD CONSTRAINT callback_link_token_sha256_key UNIQUE (token_sha256);

ALTER TABLE ONLY public.callback_page
    ADD CONSTRAINT callback_page_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.callback_sample_item
    ADD CONSTRAINT callback_sample_item_pkey PRIMARY KEY (sample_id, place);

ALTER TABLE ONLY public.callback_sample_item
    ADD CONSTRAINT callback_sample_item_recheck_id_key UNIQUE (recheck_id);

ALTER TABLE ONLY public.callback_sample_item
    ADD CONSTRAINT callback_sample_item_task_id_key UNIQUE (task_id);

ALTER TABLE ONLY public.callback_sample
    ADD CONSTRAINT callback_sample_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.callback_task
    ADD CONSTRAINT callback_task_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.callback_task
    ADD CONSTRAINT callback_task_source_call_id_key UNIQUE (source_call_id);

ALTER TABLE ONLY public.callback_way
    ADD CONSTRAINT callback_way_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.campaign_change
    ADD CONSTRAINT campaign_change_campaign_id_version_key UNIQUE (campaign_id, version);

ALTER TABLE ONLY public.campaign_change
    ADD CONSTRAINT campaign_change_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.campaign_dialling
    ADD CONSTRAINT campaign_dialling_pkey PRIMARY KEY (campaign_id);

ALTER TABLE ONLY public.campaign
    ADD CONSTRAINT campaign_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.case_file_absence
    ADD CONSTRAINT case_file_absence_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.case_file_absence
    ADD CONSTRAINT case_file_absence_ticket_id_item_key UNIQUE (ticket_id, item);

ALTER TABLE ONLY public.cel_offset
    ADD CONSTRAINT cel_offset_pkey PRIMARY KEY (file);

ALTER TABLE ONLY public.centralised_business
    ADD CONSTRAINT centralised_business_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.click
    ADD CONSTRAINT click_call_id_key UNIQUE (call_id);

ALTER TABLE ONLY public.click
    ADD CONSTRAINT click_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.closing_sample_item
    ADD CONSTRAINT closing_sample_item_pkey PRIMARY KEY (sample_id, place);

ALTER TABLE ONLY public.closing_sample_item
    ADD CONSTRAINT closing_sample_item_sample_id_ticket_id_key UNIQUE (sample_id, ticket_id);

ALTER TABLE ONLY public.closing_sample
    ADD CONSTRAINT closing_sample_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.committee_follow_up
    ADD CONSTRAINT committee_follow_up_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.committee_item
    ADD CONSTRAINT committee_item_pkey PRIMARY KEY (meeting_id, ticket_id);

ALTER TABLE ONLY public.committee_meeting
    ADD CONSTRAINT committee_meeting_organisation_id_kind_year_number_key UNIQUE (organisation_id, kind, year, number);

ALTER TABLE ONLY public.committee_meeting
    ADD CONSTRAINT committee_meeting_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.committee_member
    ADD CONSTRAINT committee_member_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.committee_opinion
    ADD CONSTRAINT committee_opinion_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.committee_referral
    ADD CONSTRAINT committee_referral_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.committee_ruling
    ADD CONSTRAINT committee_ruling_pkey PRIMARY KEY (meeting_id, ticket_id);

ALTER TABLE ONLY public.committee_seat
    ADD CONSTRAINT committee_seat_pkey PRIMARY KEY (meeting_id, user_id);

ALTER TABLE ONLY public.complaint_guide
    ADD CONSTRAINT complaint_guide_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.complaint_guide_posting
    ADD CONSTRAINT complaint_guide_posting_guide_id_organisation_id_place_key UNIQUE (guide_id, organisation_id, place);

ALTER TABLE ONLY public.complaint_guide_posting
    ADD CONSTRAINT complaint_guide_posting_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.consultation
    ADD CONSTRAINT consultation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.customer
    ADD CONSTRAINT customer_core_number_key UNIQUE (core_number);

ALTER TABLE ONLY public.customer_phone
    ADD CONSTRAINT customer_phone_pkey PRIMARY KEY (number, customer_id);

ALTER TABLE ONLY public.customer
    ADD CONSTRAINT customer_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.denominator
    ADD CONSTRAINT denominator_no_day_twice EXCLUDE USING gist (public.text_range(((organisation_id || ' '::text) || base), ((organisation_id || ' '::text) || base), '[]'::text) WITH &&, daterange(first_day, last_day, '[]'::text) WITH &&) WHERE ((superseded_at IS NULL));

ALTER TABLE ONLY public.denominator
    ADD CONSTRAINT denominator_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.denominator
    ADD CONSTRAINT denominator_series_version_key UNIQUE (series, version);

ALTER TABLE ONLY public.document_counter
    ADD CONSTRAINT document_counter_pkey PRIMARY KEY (organisation_id, kind, year);

ALTER TABLE ONLY public.document
    ADD CONSTRAINT document_number_key UNIQUE (number);

ALTER TABLE ONLY public.document
    ADD CONSTRAINT document_organisation_id_kind_year_serial_key UNIQUE (organisation_id, kind, year, serial);

ALTER TABLE ONLY public.document
    ADD CONSTRAINT document_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.document
    ADD CONSTRAINT document_replaces_key UNIQUE (replaces);

ALTER TABLE ONLY public.document_sending
    ADD CONSTRAINT document_sending_pkey PRIMARY KEY (document_id);

ALTER TABLE ONLY public.document_template
    ADD CONSTRAINT document_template_kind_version_key UNIQUE (kind, version);

ALTER TABLE ONLY public.document_template
    ADD CONSTRAINT document_template_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.downgrade
    ADD CONSTRAINT downgrade_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.export_file
    ADD CONSTRAINT export_file_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.export_request
    ADD CONSTRAINT export_request_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT feedback_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.finding_counter
    ADD CONSTRAINT finding_counter_pkey PRIMARY KEY (day);

ALTER TABLE ONLY public.finding_owner
    ADD CONSTRAINT finding_owner_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.finding_owner
    ADD CONSTRAINT finding_owner_place_key UNIQUE (place);

ALTER TABLE ONLY public.formality
    ADD CONSTRAINT formality_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.group_meeting
    ADD CONSTRAINT group_meeting_organisation_id_year_number_key UNIQUE (organisation_id, year, number);

ALTER TABLE ONLY public.group_meeting
    ADD CONSTRAINT group_meeting_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (actor, key);

ALTER TABLE ONLY public.incident
    ADD CONSTRAINT incident_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.installation
    ADD CONSTRAINT installation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.legal_review
    ADD CONSTRAINT legal_review_pkey PRIMARY KEY (letter_id, round);

ALTER TABLE ONLY public.limit_change
    ADD CONSTRAINT limit_change_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.list_import_fault
    ADD CONSTRAINT list_import_fault_pkey PRIMARY KEY (import_id, "row", number);

ALTER TABLE ONLY public.list_import_layout
    ADD CONSTRAINT list_import_layout_pkey PRIMARY KEY (organisation_id, kind, fingerprint);

ALTER TABLE ONLY public.list_import
    ADD CONSTRAINT list_import_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.list_import_row
    ADD CONSTRAINT list_import_row_pkey PRIMARY KEY (import_id, policy_number);

ALTER TABLE ONLY public.login_try
    ADD CONSTRAINT login_try_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.matter
    ADD CONSTRAINT matter_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.matter
    ADD CONSTRAINT matter_root_ticket_id_key UNIQUE (root_ticket_id);

ALTER TABLE ONLY public.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.mute_interval
    ADD CONSTRAINT mute_interval_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.neglect
    ADD CONSTRAINT neglect_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.neglect
    ADD CONSTRAINT neglect_slip_id_key UNIQUE (slip_id);

ALTER TABLE ONLY public.notification
    ADD CONSTRAINT notification_once UNIQUE (recipient, kind, about);

ALTER TABLE ONLY public.notification
    ADD CONSTRAINT notification_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.opinion_letter
    ADD CONSTRAINT opinion_letter_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.opinion_letter_text
    ADD CONSTRAINT opinion_letter_text_pkey PRIMARY KEY (letter_id, version);

ALTER TABLE ONLY public.opinion_letter
    ADD CONSTRAINT opinion_letter_ticket_id_place_key UNIQUE (ticket_id, place);

ALTER TABLE ONLY public.organisation
    ADD CONSTRAINT organisation_path_key UNIQUE (path);

ALTER TABLE ONLY public.organisation
    ADD CONSTRAINT organisation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.outbox_delivery
    ADD CONSTRAINT outbox_delivery_pkey PRIMARY KEY (event_id, consumer);

ALTER TABLE ONLY public.outbox_event
    ADD CONSTRAINT outbox_event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pause_reason
    ADD CONSTRAINT pause_reason_pkey PRIMARY KEY (code);

ALTER TABLE ONLY public.policy
    ADD CONSTRAINT policy_number_key UNIQUE (number);

ALTER TABLE ONLY public.policy
    ADD CONSTRAINT policy_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.post_change
    ADD CONSTRAINT post_change_organisation_id_duty_department_turn_user_id_ef_key UNIQUE NULLS NOT DISTINCT (organisation_id, duty, department, turn, user_id, effective_day);

ALTER TABLE ONLY public.post_change
    ADD CONSTRAINT post_change_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.post
    ADD CONSTRAINT post_organisation_id_kind_department_key UNIQUE NULLS NOT DISTINCT (organisation_id, kind, department);

ALTER TABLE ONLY public.post
    ADD CONSTRAINT post_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.product_switch
    ADD CONSTRAINT product_switch_pkey PRIMARY KEY (product_name);

ALTER TABLE ONLY public.queue_look
    ADD CONSTRAINT queue_look_pkey PRIMARY KEY (user_id, day);

ALTER TABLE ONLY public.reclassification
    ADD CONSTRAINT reclassification_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.recording_object
    ADD CONSTRAINT recording_object_archive_no_key UNIQUE (archive_no);

ALTER TABLE ONLY public.recording_object
    ADD CONSTRAINT recording_object_call_id_key UNIQUE (call_id);

ALTER TABLE ONLY public.recording_object
    ADD CONSTRAINT recording_object_object_id_key UNIQUE (object_id);

ALTER TABLE ONLY public.recording_object
    ADD CONSTRAINT recording_object_orphan_base_key UNIQUE (orphan_base);

ALTER TABLE ONLY public.recording_object
    ADD CONSTRAINT recording_object_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.recording_segment
    ADD CONSTRAINT recording_segment_pkey PRIMARY KEY (recording_id, number);

ALTER TABLE ONLY public.recording_version
    ADD CONSTRAINT recording_version_leaf_index_key UNIQUE (leaf_index);

ALTER TABLE ONLY public.recording_version
    ADD CONSTRAINT recording_version_pkey PRIMARY KEY (recording_id, version);

ALTER TABLE ONLY public.reinvestigation
    ADD CONSTRAINT reinvestigation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.reminder
    ADD CONSTRAINT reminder_number_key UNIQUE (number);

ALTER TABLE ONLY public.reminder
    ADD CONSTRAINT reminder_once_a_day UNIQUE (slip_id, day, by_hand);

ALTER TABLE ONLY public.reminder
    ADD CONSTRAINT reminder_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.report_fact
    ADD CONSTRAINT report_fact_pkey PRIMARY KEY (report_id, received_day, ticket_id);

ALTER TABLE ONLY public.report
    ADD CONSTRAINT report_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.review_request
    ADD CONSTRAINT review_request_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.review_request
    ADD CONSTRAINT review_request_ticket_id_place_key UNIQUE (ticket_id, place);

ALTER TABLE ONLY public.routing
    ADD CONSTRAINT routing_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.routing
    ADD CONSTRAINT routing_place_key UNIQUE (place);

ALTER TABLE ONLY public.satisfaction_draw
    ADD CONSTRAINT satisfaction_draw_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.satisfaction_sample
    ADD CONSTRAINT satisfaction_sample_draw_id_place_key UNIQUE (draw_id, place);

ALTER TABLE ONLY public.satisfaction_sample
    ADD CONSTRAINT satisfaction_sample_pkey PRIMARY KEY (ticket_id);

ALTER TABLE ONLY public.scope_rule
    ADD CONSTRAINT scope_rule_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.scope_rule
    ADD CONSTRAINT scope_rule_place_key UNIQUE (place);

ALTER TABLE ONLY public.script
    ADD CONSTRAINT script_pkey PRIMARY KEY (version);

ALTER TABLE ONLY public.sealing_attempt
    ADD CONSTRAINT sealing_attempt_pkey PRIMARY KEY (call_id);

ALTER TABLE ONLY public.segment
    ADD CONSTRAINT segment_call_id_seq_key UNIQUE (call_id, seq);

ALTER TABLE ONLY public.segment
    ADD CONSTRAINT segment_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.signature
    ADD CONSTRAINT signature_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.slip
    ADD CONSTRAINT slip_number_key UNIQUE (number);

ALTER TABLE ONLY public.slip
    ADD CONSTRAINT slip_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.slip
    ADD CONSTRAINT slip_ticket_id_place_key UNIQUE (ticket_id, place);

ALTER TABLE ONLY public.supervision_mark
    ADD CONSTRAINT supervision_mark_pkey PRIMARY KEY (ticket_id);

ALTER TABLE ONLY public.switch_boot
    ADD CONSTRAINT switch_boot_pkey PRIMARY KEY (system, started_at);

ALTER TABLE ONLY public.telephony_beat
    ADD CONSTRAINT telephony_beat_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.tenure
    ADD CONSTRAINT tenure_one_delegate EXCLUDE USING gist (int4range(post, post, '[]'::text) WITH &&, daterange(since, until) WITH &&) WHERE ((part = 'delegate'::text));

ALTER TABLE ONLY public.tenure
    ADD CONSTRAINT tenure_one_holder EXCLUDE USING gist (int4range(post, post, '[]'::text) WITH &&, daterange(since, until) WITH &&) WHERE ((part = 'holder'::text));

ALTER TABLE ONLY public.tenure
    ADD CONSTRAINT tenure_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.third_party
    ADD CONSTRAINT third_party_name_key UNIQUE (name);

ALTER TABLE ONLY public.third_party
    ADD CONSTRAINT third_party_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.third_party_request
    ADD CONSTRAINT third_party_request_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ticket_agreement
    ADD CONSTRAINT ticket_agreement_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ticket_call
    ADD CONSTRAINT ticket_call_pkey PRIMARY KEY (ticket_id, call_id);

ALTER TABLE ONLY public.ticket_cause
    ADD CONSTRAINT ticket_cause_pkey PRIMARY KEY (ticket_id, determination, place);

ALTER TABLE ONLY public.ticket_clock
    ADD CONSTRAINT ticket_clock_pkey PRIMARY KEY (ticket_id, kind, cycle);

ALTER TABLE ONLY public.ticket_counter
    ADD CONSTRAINT ticket_counter_pkey PRIMARY KEY (day);

ALTER TABLE ONLY public.ticket_event
    ADD CONSTRAINT ticket_event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ticket_extension
    ADD CONSTRAINT ticket_extension_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ticket_fact_owed
    ADD CONSTRAINT ticket_fact_owed_pkey PRIMARY KEY (ticket_id);

ALTER TABLE ONLY public.ticket_fact
    ADD CONSTRAINT ticket_fact_pkey PRIMARY KEY (ticket_id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_finding_number_key UNIQUE (finding_number);

ALTER TABLE ONLY public.ticket_found
    ADD CONSTRAINT ticket_found_pkey PRIMARY KEY (place);

ALTER TABLE ONLY public.ticket_key
    ADD CONSTRAINT ticket_key_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ticket_limit
    ADD CONSTRAINT ticket_limit_pkey PRIMARY KEY (place);

ALTER TABLE ONLY public.ticket_line
    ADD CONSTRAINT ticket_line_pkey PRIMARY KEY (ticket_id, place);

ALTER TABLE ONLY public.ticket_material
    ADD CONSTRAINT ticket_material_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_number_key UNIQUE (number);

ALTER TABLE ONLY public.ticket_pause
    ADD CONSTRAINT ticket_pause_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook
    ADD CONSTRAINT webhook_pkey PRIMARY KEY (organisation_id);

ALTER TABLE ONLY public.worker_beat
    ADD CONSTRAINT worker_beat_pkey PRIMARY KEY (one);

CREATE INDEX access_log_actor ON ONLY public.access_log USING btree (actor, id);

CREATE INDEX access_log_object ON ONLY public.access_log USING btree (object_kind, object_id, id);

CREATE INDEX access_log_refused ON ONLY public.access_log USING btree (id) WHERE (verdict = 'deny'::text);

CREATE INDEX accountability_in ON public.accountability USING btree (organisation_id, proposed_at, id);

CREATE INDEX accountability_of ON public.accountability USING btree (ticket_id);

CREATE INDEX accountability_whose ON public.accountability USING btree (user_id, proposed_at) WHERE (user_id IS NOT NULL);

CREATE INDEX acknowledgement_recheck ON public.acknowledgement USING btree (call_id) WHERE ((call_id IS NOT NULL) AND (state = ANY (ARRAY['awaits_recording'::text, 'incomplete'::text])));

CREATE INDEX acknowledgement_ticket ON public.acknowledgement USING btree (ticket_id, recorded_at);

CREATE UNIQUE INDEX agent_state_log_open ON public.agent_state_log USING btree (user_id) WHERE (ended_at IS NULL);

CREATE INDEX agent_state_log_user ON public.agent_state_log USING btree (user_id, id);

CREATE INDEX agent_state_until ON public.agent_state USING btree (until) WHERE (until IS NOT NULL);

CREATE INDEX app_user_manager ON public.app_user USING btree (manager_id) WHERE (manager_id IS NOT NULL);

CREATE INDEX app_user_organisation ON public.app_user USING btree (organisation_id);

CREATE INDEX attachment_content_checked ON public.attachment_content USING btree (checked_at);

CREATE INDEX attachment_content_damaged ON public.attachment_content USING btree (damaged_at) WHERE (damaged_at IS NOT NULL);

CREATE INDEX attachment_content_stored ON public.attachment_content USING btree (stored_at);

CREATE INDEX attachment_sha256 ON public.attachment USING btree (sha256);

CREATE INDEX attachment_ticket ON public.attachment USING btree (ticket_id, added_at, id);

CREATE INDEX audit_actor ON ONLY public.audit USING btree (actor, id);

CREATE INDEX audit_object ON ONLY public.audit USING btree (object_kind, object_id, id);

CREATE INDEX authority_request_asked ON public.authority_request USING btree (asked_at, id) WHERE (state = 'asked'::text);

CREATE INDEX authority_request_of ON public.authority_request USING btree (ticket_id, asked_by_user);

CREATE INDEX call_caller ON ONLY public.call USING btree (caller, id);

CREATE INDEX call_customer ON ONLY public.call USING btree (customer_id, id) WHERE (customer_id IS NOT NULL);

CREATE INDEX call_dialled ON ONLY public.call USING btree (did, id) WHERE (direction <> 'inbound'::text);

CREATE INDEX call_event_call ON ONLY public.call_event USING btree (call_id, at);

CREATE INDEX call_leg_call ON ONLY public.call_leg USING btree (call_id);

CREATE INDEX call_leg_user ON ONLY public.call_leg USING btree (user_id, call_id) WHERE (user_id IS NOT NULL);

CREATE INDEX call_live ON ONLY public.call USING btree (id) WHERE (ended_at IS NULL);

CREATE INDEX call_nobodys ON ONLY public.call USING btree (id) WHERE ((user_id IS NULL) AND (direction = 'inbound'::text));

CREATE INDEX call_user ON ONLY public.call USING btree (user_id, id) WHERE (user_id IS NOT NULL);

CREATE INDEX callback_answer_task ON public.callback_answer USING btree (task_id, question, id DESC);

CREATE UNIQUE INDEX callback_attempt_one_of_task ON public.callback_attempt USING btree (task_id) WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX callback_attempt_one_of_user ON public.callback_attempt USING btree (user_id) WHERE (ended_at IS NULL);

CREATE INDEX callback_attempt_open ON public.callback_attempt USING btree (id) WHERE (ended_at IS NULL);

CREATE INDEX callback_attempt_task ON public.callback_attempt USING btree (task_id, id);

CREATE INDEX callback_attempt_user ON public.callback_attempt USING btree (user_id, id);

CREATE UNIQUE INDEX callback_link_one_of_task ON public.callback_link USING btree (task_id) WHERE ((revoked_at IS NULL) AND (handed_in_at IS NULL));

CREATE INDEX callback_link_task ON public.callback_link USING btree (task_id, id);

CREATE INDEX callback_page_link ON public.callback_page USING btree (link_id, place);

CREATE INDEX callback_sample_item_ticket ON public.callback_sample_item USING btree (ticket_id) WHERE (ticket_id IS NOT NULL);

CREATE INDEX callback_sample_of ON public.callback_sample USING btree (organisation_id, drawn_at, id);

CREATE INDEX callback_task_board ON public.callback_task USING btree (state, id) WHERE (state <> 'done'::text);

CREATE INDEX callback_task_campaign ON public.callback_task USING btree (campaign_id, id);

CREATE INDEX callback_task_chosen ON public.callback_task USING btree (chosen_at) WHERE ((state = 'waiting'::text) AND (chosen_at IS NOT NULL));

CREATE INDEX callback_task_concluded ON public.callback_task USING btree (concluded_at, campaign_id, result, organisation_id) WHERE (state = 'done'::text);

CREATE INDEX callback_task_customer ON public.callback_task USING btree (customer_id, id);

CREATE INDEX callback_task_live ON public.callback_task USING btree (campaign_id, state, due_at, not_before, organisation_id) WHERE (state <> 'done'::text);

CREATE INDEX callback_task_locked ON public.callback_task USING btree (locked_by, locked_until) WHERE (locked_by IS NOT NULL);

CREATE INDEX callback_task_next ON public.callback_task USING btree (((chosen_at IS NULL)), priority DESC, due_at, id) WHERE (state = 'waiting'::text);

CREATE UNIQUE INDEX callback_task_one_of_campaign ON public.callback_task USING btree (campaign_id, policy_id) WHERE (NOT voided);

CREATE UNIQUE INDEX callback_task_one_of_policy ON public.callback_task USING btree (policy_id, purpose) WHERE (state <> 'done'::text);

CREATE INDEX callback_task_organisation ON public.callback_task USING btree (organisation_id, id);

CREATE INDEX callback_task_policy ON public.callback_task USING btree (policy_id, purpose);

CREATE INDEX callback_task_progress ON public.callback_task USING btree (campaign_id, state, result, late);

CREATE INDEX callback_task_ready ON public.callback_task USING btree (not_before) WHERE (state = 'waiting'::text);

CREATE INDEX callback_task_successful ON public.callback_task USING btree (completed_at, id) WHERE (result = 'successful'::text);

CREATE UNIQUE INDEX callback_way_one_open ON public.callback_way USING btree (task_id, way) WHERE ((failed_at IS NULL) AND (returned_at IS NULL));

CREATE INDEX callback_way_sha256 ON public.callback_way USING btree (sha256) WHERE (sha256 IS NOT NULL);

CREATE INDEX callback_way_task ON public.callback_way USING btree (task_id, at, id);

CREATE INDEX campaign_state ON public.campaign USING btree (state, purpose, id);

CREATE UNIQUE INDEX centralised_business_running ON public.centralised_business USING btree (organisation_id, category) WHERE (until_day IS NULL);

CREATE INDEX closing_sample_item_open ON public.closing_sample_item USING btree (ticket_id) WHERE (result IS NULL);

CREATE INDEX closing_sample_of ON public.closing_sample USING btree (organisation_id, drawn_at, id);

CREATE INDEX committee_follow_up_meeting ON public.committee_follow_up USING btree (meeting_id, due_day);

CREATE INDEX committee_follow_up_open ON public.committee_follow_up USING btree (due_day, id) WHERE (done_at IS NULL);

CREATE INDEX committee_follow_up_owner ON public.committee_follow_up USING btree (owner_id, due_day);

CREATE INDEX committee_item_ticket ON public.committee_item USING btree (ticket_id);

CREATE INDEX committee_meeting_planned ON public.committee_meeting USING btree (planned_at, id);

CREATE UNIQUE INDEX committee_member_once ON public.committee_member USING btree (organisation_id, user_id) WHERE (last_day IS NULL);

CREATE INDEX committee_member_organisation ON public.committee_member USING btree (organisation_id, user_id);

CREATE INDEX committee_opinion_item ON public.committee_opinion USING btree (meeting_id, ticket_id, place);

CREATE UNIQUE INDEX committee_referral_open ON public.committee_referral USING btree (ticket_id, ground) WHERE ((settled_at IS NULL) AND (withdrawn_at IS NULL));

CREATE INDEX committee_referral_ticket ON public.committee_referral USING btree (ticket_id);

CREATE INDEX committee_ruling_ticket ON public.committee_ruling USING btree (ticket_id, confirmed_at);

CREATE INDEX committee_seat_user ON public.committee_seat USING btree (user_id, meeting_id);

CREATE INDEX complaint_guide_day ON public.complaint_guide USING btree (from_day, published_at);

CREATE INDEX complaint_guide_posting_of ON public.complaint_guide_posting USING btree (organisation_id);

CREATE INDEX consultation_of ON public.consultation USING btree (ticket_id, asked_at);

CREATE UNIQUE INDEX consultation_once ON public.consultation USING btree (ticket_id, to_organisation_id) WHERE (state = 'asked'::text);

CREATE INDEX consultation_to ON public.consultation USING btree (to_organisation_id, state, asked_at, id);

CREATE INDEX customer_id_number ON public.customer USING btree (id_number) WHERE (id_number IS NOT NULL);

CREATE INDEX customer_name ON public.customer USING btree (name text_pattern_ops, id);

CREATE INDEX customer_phone_customer ON public.customer_phone USING btree (customer_id);

CREATE INDEX denominator_listed ON public.denominator USING btree (organisation_id, first_day, id);

CREATE INDEX document_template_created ON public.document_template USING btree (created_at, id);

CREATE INDEX document_template_in_force ON public.document_template USING btree (kind, active_from);

CREATE UNIQUE INDEX document_template_shipped ON public.document_template USING btree (kind, sha256) WHERE (created_by = 'system:shipped'::text);

CREATE INDEX document_ticket ON public.document USING btree (ticket_id, place);

CREATE UNIQUE INDEX downgrade_open ON public.downgrade USING btree (ticket_id) WHERE (state = 'proposed'::text);

CREATE INDEX downgrade_proposed ON public.downgrade USING btree (proposed_at, id);

CREATE INDEX downgrade_ticket ON public.downgrade USING btree (ticket_id, proposed_at);

CREATE INDEX export_file_of ON public.export_file USING btree (request_id, given_at);

CREATE INDEX export_request_asked ON public.export_request USING btree (asked_at, id);

CREATE INDEX feedback_given ON public.feedback USING btree (given_at, id);

CREATE UNIQUE INDEX feedback_once ON public.feedback USING btree (ticket_id, audience, organisation_id, COALESCE(department, ''::text));

CREATE INDEX feedback_unseen ON public.feedback USING btree (organisation_id, given_at, id) WHERE (seen_at IS NULL);

CREATE INDEX finding_owner_in_force ON public.finding_owner USING btree (valid_from DESC, place DESC);

CREATE INDEX formality_due ON public.formality USING btree (due_day, id);

CREATE INDEX formality_open ON public.formality USING btree (due_day, id) WHERE (done_at IS NULL);

CREATE INDEX formality_ticket ON public.formality USING btree (ticket_id, due_day);

CREATE INDEX group_meeting_of ON public.group_meeting USING btree (organisation_id, planned_at, id);

CREATE INDEX idempotency_at ON public.idempotency USING btree (at);

CREATE INDEX incident_call ON public.incident USING btree (call_id) WHERE (call_id IS NOT NULL);

CREATE INDEX incident_kind ON public.incident USING btree (kind, id);

CREATE INDEX incident_unseen ON public.incident USING btree (id) WHERE (seen_at IS NULL);

CREATE INDEX legal_review_counsel ON public.legal_review USING btree (counsel_id, submitted_at) WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX legal_review_open ON public.legal_review USING btree (letter_id) WHERE (ended_at IS NULL);

CREATE INDEX limit_change_rule ON public.limit_change USING btree (rule, from_day, changed_at);

CREATE INDEX list_import_due ON public.list_import USING btree (id) WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text, 'switching'::text]));

CREATE INDEX list_import_listed ON public.list_import USING btree (organisation_id, id);

CREATE UNIQUE INDEX list_import_once_a_campaign ON public.list_import USING btree (campaign_id, sha256) WHERE ((campaign_id IS NOT NULL) AND (state <> ALL (ARRAY['failed'::text, 'cancelled'::text])));

CREATE UNIQUE INDEX list_import_once_an_organisation ON public.list_import USING btree (organisation_id, sha256) WHERE ((campaign_id IS NULL) AND (state <> ALL (ARRAY['failed'::text, 'cancelled'::text])));

CREATE INDEX login_try_login ON public.login_try USING btree (login, at);

CREATE INDEX matter_escalated ON public.matter USING btree (opened_at, id) WHERE (escalations > 0);

CREATE INDEX matter_opened ON public.matter USING btree (opened_at, id);

CREATE INDEX matter_repeated ON public.matter USING btree (opened_at, id) WHERE (repeats > 0);

CREATE INDEX mute_interval_call ON public.mute_interval USING btree (call_id);

CREATE UNIQUE INDEX mute_interval_open ON public.mute_interval USING btree (call_id) WHERE (ended_at IS NULL);

CREATE INDEX neglect_listed ON public.neglect USING btree (listed_at, id);

CREATE INDEX notification_about ON public.notification USING btree (about);

CREATE INDEX notification_of ON public.notification USING btree (recipient, id);

CREATE INDEX notification_ticket ON public.notification USING btree (ticket_id, id) WHERE (ticket_id IS NOT NULL);

CREATE INDEX notification_unread ON public.notification USING btree (recipient, id) WHERE (read_at IS NULL);

CREATE INDEX opinion_letter_created ON public.opinion_letter USING btree (created_at, id);

CREATE UNIQUE INDEX opinion_letter_open ON public.opinion_letter USING btree (ticket_id) WHERE (state <> ALL (ARRAY['sent'::text, 'void'::text]));

CREATE INDEX opinion_letter_state ON public.opinion_letter USING btree (state, created_at, id) WHERE (state <> ALL (ARRAY['sent'::text, 'void'::text]));

CREATE UNIQUE INDEX organisation_one_hq ON public.organisation USING btree (kind) WHERE (kind = 'hq'::text);

CREATE INDEX organisation_path ON public.organisation USING btree (path text_pattern_ops);

CREATE INDEX outbox_delivery_due ON ONLY public.outbox_delivery USING btree (consumer, next_at) WHERE ((done_at IS NULL) AND (parked_at IS NULL));

CREATE INDEX outbox_delivery_failing ON ONLY public.outbox_delivery USING btree (consumer, event_id) WHERE ((done_at IS NULL) AND (last_error IS NOT NULL));

CREATE INDEX policy_called_back ON public.policy USING btree (cooling_off_ends, id) WHERE called_back;

CREATE INDEX policy_claim_settled ON public.policy USING btree (claim_settled_on, id) WHERE (claim_settled_on IS NOT NULL);

CREATE INDEX policy_customer ON public.policy USING btree (customer_id);

CREATE INDEX policy_issued ON public.policy USING btree (issued_on, id);

CREATE INDEX policy_lapsed ON public.policy USING btree (lapsed_on, id) WHERE (lapsed_on IS NOT NULL);

CREATE INDEX policy_organisation ON public.policy USING btree (organisation_id, id);

CREATE INDEX policy_paid_out ON public.policy USING btree (paid_out_on, id) WHERE (paid_out_on IS NOT NULL);

CREATE INDEX policy_premium_due ON public.policy USING btree (premium_due_on, id) WHERE (premium_due_on IS NOT NULL);

CREATE INDEX policy_received ON public.policy USING btree (received_on, id) WHERE (received_on IS NOT NULL);

CREATE INDEX policy_salesperson_left ON public.policy USING btree (salesperson_left_on, id) WHERE (salesperson_left_on IS NOT NULL);

CREATE INDEX policy_surrendered ON public.policy USING btree (surrendered_on, id) WHERE (surrendered_on IS NOT NULL);

CREATE INDEX post_change_open ON public.post_change USING btree (effective_day, id) WHERE (reported_at IS NULL);

CREATE INDEX post_change_organisation ON public.post_change USING btree (organisation_id, id);

CREATE INDEX reclassification_complaint ON public.reclassification USING btree (complaint_id) WHERE (complaint_id IS NOT NULL);

CREATE UNIQUE INDEX reclassification_one_open ON public.reclassification USING btree (ticket_id) WHERE (state = 'proposed'::text);

CREATE INDEX reclassification_state ON public.reclassification USING btree (state, proposed_at, id);

CREATE INDEX reclassification_ticket ON public.reclassification USING btree (ticket_id, place);

CREATE INDEX recording_object_orphan ON public.recording_object USING btree (id) WHERE (call_id IS NULL);

CREATE INDEX recording_segment_incomplete ON public.recording_segment USING btree (recording_id) WHERE (completeness <> 'complete'::text);

CREATE INDEX reinvestigation_due ON public.reinvestigation USING btree (due_day, id);

CREATE UNIQUE INDEX reinvestigation_open ON public.reinvestigation USING btree (ticket_id) WHERE (state <> 'concluded'::text);

CREATE INDEX reinvestigation_ticket ON public.reinvestigation USING btree (ticket_id);

CREATE INDEX reminder_sent ON public.reminder USING btree (sent_at, id);

CREATE INDEX reminder_ticket ON public.reminder USING btree (ticket_id, sent_at, id);

CREATE INDEX report_listed ON public.report USING btree (organisation_id, id);

CREATE INDEX report_waiting ON public.report USING btree (id) WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text]));

CREATE INDEX review_request_asked ON public.review_request USING btree (asked_at, id);

CREATE UNIQUE INDEX review_request_once ON public.review_request USING btree (ticket_id, organisation_id) WHERE (state <> 'withdrawn'::text);

CREATE INDEX review_request_open ON public.review_request USING btree (organisation_id, asked_at, id) WHERE (state = ANY (ARRAY['asked'::text, 'decided'::text]));

CREATE INDEX routing_in_force ON public.routing USING btree (valid_from DESC, place DESC);

CREATE INDEX scope_rule_in_force ON public.scope_rule USING btree (purpose, valid_from DESC, place DESC);

CREATE INDEX script_created ON public.script USING btree (created_at DESC, version);

CREATE INDEX script_latest ON public.script USING btree (purpose, simplified, published_at DESC) WHERE (state = 'published'::text);

CREATE INDEX segment_lost ON public.segment USING btree (id) WHERE (state = 'lost'::text);

CREATE INDEX segment_open ON public.segment USING btree (state, id) WHERE (state <> ALL (ARRAY['sealed'::text, 'lost'::text]));

CREATE INDEX session_of_user ON public.session USING btree (user_id) WHERE (revoked_at IS NULL);

CREATE INDEX signature_of_ticket ON public.signature USING btree (ticket_id, determination, place);

CREATE UNIQUE INDEX signature_once ON public.signature USING btree (ticket_id, determination, department) WHERE signed;

CREATE INDEX slip_of_department ON public.slip USING btree (organisation_id, department, sent_at, id);

CREATE UNIQUE INDEX slip_one_leads ON public.slip USING btree (ticket_id, line) WHERE (leads AND (state = ANY (ARRAY['sent'::text, 'accepted'::text, 'answered'::text])));

CREATE INDEX slip_open ON public.slip USING btree (organisation_id, department, sent_at, id) WHERE (state = ANY (ARRAY['sent'::text, 'accepted'::text]));

CREATE INDEX slip_report_due ON public.slip USING btree (report_day) WHERE ((report_day IS NOT NULL) AND (reported_at IS NULL));

CREATE INDEX slip_sent ON public.slip USING btree (sent_at, id);

CREATE INDEX tenure_post ON public.tenure USING btree (post, since DESC);

CREATE INDEX tenure_user ON public.tenure USING btree (user_id, since DESC);

CREATE INDEX third_party_of ON public.third_party USING btree (organisation_id, id);

CREATE INDEX third_party_request_of ON public.third_party_request USING btree (third_party_id, asked_at, id);

CREATE INDEX third_party_request_on ON public.third_party_request USING btree (ticket_id, asked_at);

CREATE INDEX ticket_accepting ON public.ticket USING btree (accepting_organisation_id, received_at, id);

CREATE INDEX ticket_agreement_ticket ON public.ticket_agreement USING btree (ticket_id, recorded_at);

CREATE INDEX ticket_call_call ON public.ticket_call USING btree (call_id);

CREATE INDEX ticket_callback ON public.ticket USING btree (callback_task_id) WHERE (callback_task_id IS NOT NULL);

CREATE INDEX ticket_clock_due ON public.ticket_clock USING btree (kind, due_at) WHERE ((met_at IS NULL) AND (voided_at IS NULL));

CREATE INDEX ticket_clock_provisional ON public.ticket_clock USING btree (due_day) WHERE (provisional AND (met_at IS NULL) AND (voided_at IS NULL));

CREATE INDEX ticket_clock_unmarked ON public.ticket_clock USING btree (due_at) WHERE ((met_at IS NULL) AND (voided_at IS NULL) AND (breached_at IS NULL));

CREATE INDEX ticket_closed_at ON public.ticket USING btree (closed_at, id) WHERE (closed_at IS NOT NULL);

CREATE INDEX ticket_customer ON public.ticket USING btree (customer_id, received_at) WHERE (customer_id IS NOT NULL);

CREATE INDEX ticket_event_ticket ON public.ticket_event USING btree (ticket_id, at, place);

CREATE INDEX ticket_extension_ticket ON public.ticket_extension USING btree (ticket_id, proposed_at);

CREATE INDEX ticket_extension_waiting ON public.ticket_extension USING btree (proposed_at, id) WHERE ((rule = 'L-16'::text) AND (told_at IS NULL) AND (refused_at IS NULL));

CREATE INDEX ticket_fact_counted ON public.ticket_fact USING btree (received_day) INCLUDE (sign, due_day, informed_day, matter_id, accepting_organisation_id, underwriting_organisation_id);

CREATE INDEX ticket_fact_following ON public.ticket_fact USING btree (received_day) INCLUDE (sign, matter_id, accepting_organisation_id, underwriting_organisation_id) WHERE ((relation <> 'first'::text) AND (occurrences > 0));

CREATE INDEX ticket_fact_living ON public.ticket_fact USING btree (ticket_id) WHERE on_living_call;

CREATE INDEX ticket_fact_progress ON public.ticket_fact USING btree (received_day) WHERE ((cardinality(customer_due) > 0) OR (cardinality(service_due) > 0));

CREATE INDEX ticket_figures ON public.ticket USING btree (received_day, accepting_organisation_id) INCLUDE (nature, relation, matter_id, occurrences, pieces, validity, channel, source, category, severity);

CREATE INDEX ticket_finding_number_prefix ON public.ticket USING btree (finding_number text_pattern_ops) WHERE (finding_number IS NOT NULL);

CREATE INDEX ticket_for_committee ON public.ticket USING btree (received_at, id) WHERE ((severity <> 'general'::text) AND (nature = 'complaint'::text) AND (closed_at IS NULL));

CREATE INDEX ticket_found_ticket ON public.ticket_found USING btree (ticket_id, place);

CREATE INDEX ticket_group ON public.ticket USING btree (received_at, id) WHERE ((group_size >= 5) OR designated_major);

CREATE INDEX ticket_handler ON public.ticket USING btree (handler_id, received_at, id) WHERE (handler_id IS NOT NULL);

CREATE INDEX ticket_limit_ticket ON public.ticket_limit USING btree (ticket_id, place);

CREATE INDEX ticket_material_ticket ON public.ticket_material USING btree (ticket_id, received_at);

CREATE INDEX ticket_matter ON public.ticket USING btree (matter_id, received_at) WHERE (matter_id IS NOT NULL);

CREATE INDEX ticket_merged_into ON public.ticket USING btree (merged_into_id) WHERE (merged_into_id IS NOT NULL);

CREATE INDEX ticket_mine ON public.ticket USING btree (opened_by_user, received_at) WHERE (status = 'recorded'::text);

CREATE INDEX ticket_number_prefix ON public.ticket USING btree (number text_pattern_ops);

CREATE INDEX ticket_open_findings ON public.ticket USING btree (accepting_organisation_id, received_at, id) WHERE ((nature = 'callback_finding'::text) AND (closed_at IS NULL));

CREATE INDEX ticket_owing ON public.ticket USING btree (received_at, id) WHERE ((owes <> '{}'::text[]) AND (closed_at IS NULL));

CREATE UNIQUE INDEX ticket_pause_one_open ON public.ticket_pause USING btree (ticket_id) WHERE (ended_at IS NULL);

CREATE INDEX ticket_pause_ticket ON public.ticket_pause USING btree (ticket_id, started_at);

CREATE INDEX ticket_phone ON public.ticket USING btree (complainant_phone, received_at) WHERE (complainant_phone IS NOT NULL);

CREATE INDEX ticket_policy ON public.ticket USING btree (policy_id, received_at) WHERE (policy_id IS NOT NULL);

CREATE INDEX ticket_policy_number ON public.ticket USING btree (policy_number, received_at) WHERE (policy_number IS NOT NULL);

CREATE INDEX ticket_received ON public.ticket USING btree (received_at, id);

CREATE UNIQUE INDEX ticket_root ON public.ticket USING btree (matter_id) WHERE ((relation = 'first'::text) AND (complainant_type <> ALL (ARRAY['agent'::text, 'public'::text])));

CREATE INDEX ticket_status ON public.ticket USING btree (status, received_at, id);

CREATE INDEX ticket_supervised ON public.ticket USING btree (received_at, id) WHERE (relation = ANY (ARRAY['repeat'::text, 'escalation'::text]));

CREATE INDEX ticket_underwriting ON public.ticket USING btree (underwriting_organisation_id, received_at, id) WHERE (underwriting_organisation_id IS NOT NULL);

CREATE INDEX ticket_words ON public.ticket USING gin (public.cc_pairs(public.cc_ticket_text(complainant_name, demand, description)));

CREATE TRIGGER access_log_not_emptied BEFORE TRUNCATE ON public.access_log FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER access_log_only_grows BEFORE DELETE OR UPDATE ON public.access_log FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER acknowledgement_is_not_changed BEFORE UPDATE ON public.acknowledgement FOR EACH ROW EXECUTE FUNCTION public.cc_acknowledgement_stays();

CREATE TRIGGER acknowledgement_is_not_deleted BEFORE DELETE ON public.acknowledgement FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER acknowledgement_is_not_emptied BEFORE TRUNCATE ON public.acknowledgement FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER archive_counter_not_emptied BEFORE TRUNCATE ON public.archive_counter FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER archive_counter_not_removed BEFORE DELETE ON public.archive_counter FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER archive_number_not_emptied BEFORE TRUNCATE ON public.archive_number FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER archive_number_only_grows BEFORE DELETE OR UPDATE ON public.archive_number FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER attachment_content_is_not_deleted BEFORE DELETE ON public.attachment_content FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER attachment_content_is_not_emptied BEFORE TRUNCATE ON public.attachment_content FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER attachment_is_not_changed BEFORE UPDATE ON public.attachment FOR EACH ROW EXECUTE FUNCTION public.cc_attachment_stays();

CREATE TRIGGER attachment_is_not_deleted BEFORE DELETE ON public.attachment FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER attachment_is_not_emptied BEFORE TRUNCATE ON public.attachment FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER attempt_plan_not_emptied BEFORE TRUNCATE ON public.attempt_plan FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER attempt_plan_only_grows BEFORE DELETE OR UPDATE ON public.attempt_plan FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER attempt_plan_rule_not_emptied BEFORE TRUNCATE ON public.attempt_plan_rule FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER attempt_plan_rule_only_grows BEFORE DELETE OR UPDATE ON public.attempt_plan_rule FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON public.audit FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER audit_only_grows BEFORE DELETE OR UPDATE ON public.audit FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER callback_answer_not_emptied BEFORE TRUNCATE ON public.callback_answer FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER callback_answer_only_grows BEFORE DELETE OR UPDATE ON public.callback_answer FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER callback_attempt_by_another BEFORE INSERT ON public.callback_attempt FOR EACH ROW EXECUTE FUNCTION public.cc_recheck_by_another();

CREATE TRIGGER callback_attempt_tells_task AFTER INSERT OR UPDATE OF outcome ON public.callback_attempt FOR EACH ROW EXECUTE FUNCTION public.cc_callback_tried();

CREATE TRIGGER callback_link_is_not_deleted BEFORE DELETE ON public.callback_link FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER callback_link_is_not_emptied BEFORE TRUNCATE ON public.callback_link FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER callback_page_not_emptied BEFORE TRUNCATE ON public.callback_page FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER callback_page_only_grows BEFORE DELETE OR UPDATE ON public.callback_page FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER callback_sample_item_is_not_deleted BEFORE DELETE ON public.callback_sample_item FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER callback_sample_item_stands BEFORE UPDATE ON public.callback_sample_item FOR EACH ROW WHEN ((old.result IS NOT NULL)) EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER callback_way_is_not_changed BEFORE UPDATE ON public.callback_way FOR EACH ROW EXECUTE FUNCTION public.cc_callback_way_stays();

CREATE TRIGGER callback_way_is_not_deleted BEFORE DELETE ON public.callback_way FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER callback_way_is_not_emptied BEFORE TRUNCATE ON public.callback_way FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER campaign_change_only_grows BEFORE DELETE OR UPDATE ON public.campaign_change FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER case_file_absence_is_not_emptied BEFORE TRUNCATE ON public.case_file_absence FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER case_file_absence_only_grows BEFORE DELETE OR UPDATE ON public.case_file_absence FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER committee_opinion_only_grows BEFORE DELETE OR UPDATE ON public.committee_opinion FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER committee_ruling_stands BEFORE DELETE OR UPDATE ON public.committee_ruling FOR EACH ROW WHEN ((old.confirmed_at IS NOT NULL)) EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER complaint_guide_only_grows BEFORE DELETE OR UPDATE ON public.complaint_guide FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER document_is_not_changed BEFORE UPDATE ON public.document FOR EACH ROW EXECUTE FUNCTION public.cc_document_stays();

CREATE TRIGGER document_is_not_deleted BEFORE DELETE ON public.document FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER document_is_not_emptied BEFORE TRUNCATE ON public.document FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER document_sending_only_grows BEFORE DELETE OR UPDATE ON public.document_sending FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER document_template_is_not_emptied BEFORE TRUNCATE ON public.document_template FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER document_template_only_grows BEFORE DELETE OR UPDATE ON public.document_template FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER export_file_only_grows BEFORE DELETE OR UPDATE ON public.export_file FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER finding_owner_only_grows BEFORE DELETE OR UPDATE ON public.finding_owner FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER legal_review_stands BEFORE DELETE OR UPDATE ON public.legal_review FOR EACH ROW WHEN ((old.ended_at IS NOT NULL)) EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER limit_change_not_emptied BEFORE TRUNCATE ON public.limit_change FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER limit_change_only_grows BEFORE DELETE OR UPDATE ON public.limit_change FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE CONSTRAINT TRIGGER matter_root_is_first AFTER UPDATE OF root_ticket_id ON public.matter DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((old.root_ticket_id <> new.root_ticket_id)) EXECUTE FUNCTION public.cc_matter_is_whole();

CREATE TRIGGER opinion_letter_text_stands BEFORE DELETE OR UPDATE ON public.opinion_letter_text FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER policy_callback_scope BEFORE INSERT OR UPDATE ON public.policy FOR EACH ROW EXECUTE FUNCTION public.cc_callback_scope();

CREATE TRIGGER reclassification_is_not_deleted BEFORE DELETE ON public.reclassification FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER reclassification_is_not_emptied BEFORE TRUNCATE ON public.reclassification FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER reclassification_stands BEFORE UPDATE ON public.reclassification FOR EACH ROW WHEN ((old.state <> 'proposed'::text)) EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER recording_object_not_emptied BEFORE TRUNCATE ON public.recording_object FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER recording_object_only_grows BEFORE DELETE OR UPDATE ON public.recording_object FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER recording_segment_not_emptied BEFORE TRUNCATE ON public.recording_segment FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER recording_segment_only_grows BEFORE DELETE OR UPDATE ON public.recording_segment FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER recording_version_not_emptied BEFORE TRUNCATE ON public.recording_version FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER recording_version_only_grows BEFORE DELETE OR UPDATE ON public.recording_version FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER reminder_only_grows BEFORE DELETE OR UPDATE ON public.reminder FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER routing_only_grows BEFORE DELETE OR UPDATE ON public.routing FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER scope_rule_only_grows BEFORE DELETE OR UPDATE ON public.scope_rule FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER scope_rule_published AFTER INSERT ON public.scope_rule FOR EACH ROW WHEN ((new.purpose = 'new_business'::text)) EXECUTE FUNCTION public.cc_scope_rule_published();

CREATE TRIGGER script_is_not_changed BEFORE UPDATE ON public.script FOR EACH ROW EXECUTE FUNCTION public.cc_script_stays();

CREATE TRIGGER script_is_not_deleted BEFORE DELETE ON public.script FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER script_is_not_emptied BEFORE TRUNCATE ON public.script FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER signature_only_grows BEFORE DELETE OR UPDATE ON public.signature FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER ticket_clock_limit_kept AFTER UPDATE OF due_at ON public.ticket_clock FOR EACH ROW WHEN (((old.kind = 'decide_inform'::text) AND (old.due_at <> new.due_at))) EXECUTE FUNCTION public.cc_keep_limit();

CREATE TRIGGER ticket_event_not_emptied BEFORE TRUNCATE ON public.ticket_event FOR EACH STATEMENT EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER ticket_event_only_grows BEFORE DELETE OR UPDATE ON public.ticket_event FOR EACH ROW EXECUTE FUNCTION public.cc_refuse_change();

CREATE TRIGGER ticket_facts_asked AFTER UPDATE ON public.satisfaction_sample REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.cc_follow_clocks();

CREATE TRIGGER ticket_facts_changed AFTER UPDATE ON public.ticket REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.cc_follow_tickets();

CREATE TRIGGER ticket_facts_lined AFTER INSERT ON public.ticket_line REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.cc_follow_lines();

CREATE TRIGGER ticket_facts_met AFTER UPDATE ON public.ticket_clock REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.cc_follow_clocks();

CREATE TRIGGER ticket_facts_opened AFTER INSERT ON public.ticket REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.cc_follow_openings();

CREATE TRIGGER ticket_facts_reminded AFTER INSERT ON public.reminder REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.cc_follow_clocks();

CREATE TRIGGER ticket_facts_returned AFTER UPDATE ON public.slip REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.cc_follow_clocks();

CREATE TRIGGER ticket_facts_started AFTER INSERT ON public.ticket_clock REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.cc_follow_clocks();

CREATE TRIGGER ticket_facts_unlined AFTER DELETE ON public.ticket_line REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.cc_follow_lines();

CREATE TRIGGER ticket_finding_numbered BEFORE INSERT OR UPDATE OF nature ON public.ticket FOR EACH ROW WHEN (((new.nature = 'callback_finding'::text) AND (new.finding_number IS NULL))) EXECUTE FUNCTION public.cc_number_finding();

CREATE CONSTRAINT TRIGGER ticket_matter_is_whole AFTER INSERT ON public.ticket DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((new.matter_id IS NOT NULL) AND (new.relation IS DISTINCT FROM 'first'::text))) EXECUTE FUNCTION public.cc_matter_is_whole();

CREATE CONSTRAINT TRIGGER ticket_matter_stays_whole AFTER UPDATE OF matter_id, relation, merged_into_id, complainant_type ON public.ticket DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((old.matter_id IS DISTINCT FROM new.matter_id) OR (old.relation IS DISTINCT FROM new.relation) OR (old.merged_into_id IS DISTINCT FROM new.merged_into_id) OR (old.complainant_type <> new.complainant_type))) EXECUTE FUNCTION public.cc_matter_is_whole();

CREATE CONSTRAINT TRIGGER ticket_nature_has_reason AFTER UPDATE OF nature ON public.ticket DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((old.nature <> new.nature)) EXECUTE FUNCTION public.cc_nature_has_reason();

ALTER TABLE ONLY public.accountability
    ADD CONSTRAINT accountability_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.accountability
    ADD CONSTRAINT accountability_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.accountability
    ADD CONSTRAINT accountability_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.acknowledgement
    ADD CONSTRAINT acknowledgement_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.document(id);

ALTER TABLE ONLY public.acknowledgement
    ADD CONSTRAINT acknowledgement_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.agent_queue
    ADD CONSTRAINT agent_queue_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.agent_state_log
    ADD CONSTRAINT agent_state_log_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.agent_state
    ADD CONSTRAINT agent_state_reason_fkey FOREIGN KEY (reason) REFERENCES public.pause_reason(code);

ALTER TABLE ONLY public.agent_state
    ADD CONSTRAINT agent_state_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.app_user
    ADD CONSTRAINT app_user_manager_id_fkey FOREIGN KEY (manager_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.app_user
    ADD CONSTRAINT app_user_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.attachment
    ADD CONSTRAINT attachment_sha256_fkey FOREIGN KEY (sha256) REFERENCES public.attachment_content(sha256);

ALTER TABLE ONLY public.attachment
    ADD CONSTRAINT attachment_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.attempt_plan_rule
    ADD CONSTRAINT attempt_plan_rule_version_fkey FOREIGN KEY (version) REFERENCES public.attempt_plan(version);

ALTER TABLE ONLY public.authority_limit
    ADD CONSTRAINT authority_limit_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.authority_request
    ADD CONSTRAINT authority_request_asked_by_user_fkey FOREIGN KEY (asked_by_user) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.authority_request
    ADD CONSTRAINT authority_request_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.callback_answer
    ADD CONSTRAINT callback_answer_attempt_id_fkey FOREIGN KEY (attempt_id) REFERENCES public.callback_attempt(id);

ALTER TABLE ONLY public.callback_answer
    ADD CONSTRAINT callback_answer_link_id_fkey FOREIGN KEY (link_id) REFERENCES public.callback_link(id);

ALTER TABLE ONLY public.callback_answer
    ADD CONSTRAINT callback_answer_script_version_fkey FOREIGN KEY (script_version) REFERENCES public.script(version);

ALTER TABLE ONLY public.callback_answer
    ADD CONSTRAINT callback_answer_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.callback_task(id);

ALTER TABLE ONLY public.callback_answer
    ADD CONSTRAINT callback_answer_way_id_fkey FOREIGN KEY (way_id) REFERENCES public.callback_way(id);

ALTER TABLE ONLY public.callback_attempt
    ADD CONSTRAINT callback_attempt_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.callback_task(id);

ALTER TABLE ONLY public.callback_attempt
    ADD CONSTRAINT callback_attempt_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.callback_link
    ADD CONSTRAINT callback_link_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.callback_task(id);

ALTER TABLE ONLY public.callback_page
    ADD CONSTRAINT callback_page_link_id_fkey FOREIGN KEY (link_id) REFERENCES public.callback_link(id);

ALTER TABLE ONLY public.callback_sample
    ADD CONSTRAINT callback_sample_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.callback_sample_item
    ADD CONSTRAINT callback_sample_item_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.callback_sample_item
    ADD CONSTRAINT callback_sample_item_attempt_id_fkey FOREIGN KEY (attempt_id) REFERENCES public.callback_attempt(id);

ALTER TABLE ONLY public.callback_sample_item
    ADD CONSTRAINT callback_sample_item_recheck_id_fkey FOREIGN KEY (recheck_id) REFERENCES public.callback_task(id);

ALTER TABLE ONLY public.callback_sample_item
    ADD CONSTRAINT callback_sample_item_sample_id_fkey FOREIGN KEY (sample_id) REFERENCES public.callback_sample(id);

ALTER TABLE ONLY public.callback_sample_item
    ADD CONSTRAINT callback_sample_item_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.callback_task(id);

ALTER TABLE ONLY public.callback_sample_item
    ADD CONSTRAINT callback_sample_item_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.callback_sample
    ADD CONSTRAINT callback_sample_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.callback_task
    ADD CONSTRAINT callback_task_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.callback_task
    ADD CONSTRAINT callback_task_appointment_of_fkey FOREIGN KEY (appointment_of) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.callback_task
    ADD CONSTRAINT callback_task_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaign(id);

ALTER TABLE ONLY public.callback_task
    ADD CONSTRAINT callback_task_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES public.customer(id);

ALTER TABLE ONLY public.callback_task
    ADD CONSTRAINT callback_task_locked_by_fkey FOREIGN KEY (locked_by) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.callback_task
    ADD CONSTRAINT callback_task_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.callback_task
    ADD CONSTRAINT callback_task_policy_id_fkey FOREIGN KEY (policy_id) REFERENCES public.policy(id);

ALTER TABLE ONLY public.callback_task
    ADD CONSTRAINT callback_task_script_version_fkey FOREIGN KEY (script_version) REFERENCES public.script(version);

ALTER TABLE ONLY public.callback_way
    ADD CONSTRAINT callback_way_sha256_fkey FOREIGN KEY (sha256) REFERENCES public.attachment_content(sha256);

ALTER TABLE ONLY public.callback_way
    ADD CONSTRAINT callback_way_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.callback_task(id);

ALTER TABLE ONLY public.campaign_change
    ADD CONSTRAINT campaign_change_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaign(id);

ALTER TABLE ONLY public.campaign_dialling
    ADD CONSTRAINT campaign_dialling_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaign(id);

ALTER TABLE ONLY public.campaign_dialling
    ADD CONSTRAINT campaign_dialling_plan_version_fkey FOREIGN KEY (plan_version) REFERENCES public.attempt_plan(version);

ALTER TABLE ONLY public.campaign
    ADD CONSTRAINT campaign_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.campaign
    ADD CONSTRAINT campaign_script_version_fkey FOREIGN KEY (script_version) REFERENCES public.script(version);

ALTER TABLE ONLY public.campaign
    ADD CONSTRAINT campaign_simplified_version_fkey FOREIGN KEY (simplified_version) REFERENCES public.script(version);

ALTER TABLE ONLY public.case_file_absence
    ADD CONSTRAINT case_file_absence_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.centralised_business
    ADD CONSTRAINT centralised_business_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.click
    ADD CONSTRAINT click_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.closing_sample_item
    ADD CONSTRAINT closing_sample_item_sample_id_fkey FOREIGN KEY (sample_id) REFERENCES public.closing_sample(id);

ALTER TABLE ONLY public.closing_sample_item
    ADD CONSTRAINT closing_sample_item_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.closing_sample
    ADD CONSTRAINT closing_sample_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.committee_follow_up
    ADD CONSTRAINT committee_follow_up_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.committee_meeting(id);

ALTER TABLE ONLY public.committee_follow_up
    ADD CONSTRAINT committee_follow_up_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.committee_follow_up
    ADD CONSTRAINT committee_follow_up_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.committee_item
    ADD CONSTRAINT committee_item_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.committee_meeting(id);

ALTER TABLE ONLY public.committee_item
    ADD CONSTRAINT committee_item_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.committee_meeting
    ADD CONSTRAINT committee_meeting_chair_id_fkey FOREIGN KEY (chair_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.committee_meeting
    ADD CONSTRAINT committee_meeting_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.committee_member
    ADD CONSTRAINT committee_member_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.committee_member
    ADD CONSTRAINT committee_member_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.committee_opinion
    ADD CONSTRAINT committee_opinion_meeting_id_ticket_id_fkey FOREIGN KEY (meeting_id, ticket_id) REFERENCES public.committee_item(meeting_id, ticket_id);

ALTER TABLE ONLY public.committee_opinion
    ADD CONSTRAINT committee_opinion_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.committee_referral
    ADD CONSTRAINT committee_referral_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.committee_referral
    ADD CONSTRAINT committee_referral_settled_by_fkey FOREIGN KEY (settled_by) REFERENCES public.committee_meeting(id);

ALTER TABLE ONLY public.committee_referral
    ADD CONSTRAINT committee_referral_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.committee_ruling
    ADD CONSTRAINT committee_ruling_meeting_id_ticket_id_fkey FOREIGN KEY (meeting_id, ticket_id) REFERENCES public.committee_item(meeting_id, ticket_id);

ALTER TABLE ONLY public.committee_seat
    ADD CONSTRAINT committee_seat_meeting_id_fkey FOREIGN KEY (meeting_id) REFERENCES public.committee_meeting(id);

ALTER TABLE ONLY public.committee_seat
    ADD CONSTRAINT committee_seat_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.complaint_guide_posting
    ADD CONSTRAINT complaint_guide_posting_guide_id_fkey FOREIGN KEY (guide_id) REFERENCES public.complaint_guide(id);

ALTER TABLE ONLY public.complaint_guide_posting
    ADD CONSTRAINT complaint_guide_posting_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.consultation
    ADD CONSTRAINT consultation_from_organisation_id_fkey FOREIGN KEY (from_organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.consultation
    ADD CONSTRAINT consultation_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.consultation
    ADD CONSTRAINT consultation_to_organisation_id_fkey FOREIGN KEY (to_organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.customer_phone
    ADD CONSTRAINT customer_phone_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES public.customer(id);

ALTER TABLE ONLY public.denominator
    ADD CONSTRAINT denominator_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.document_counter
    ADD CONSTRAINT document_counter_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.document
    ADD CONSTRAINT document_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.document
    ADD CONSTRAINT document_replaces_fkey FOREIGN KEY (replaces) REFERENCES public.document(id);

ALTER TABLE ONLY public.document_sending
    ADD CONSTRAINT document_sending_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.document(id);

ALTER TABLE ONLY public.document
    ADD CONSTRAINT document_template_id_fkey FOREIGN KEY (template_id) REFERENCES public.document_template(id);

ALTER TABLE ONLY public.document
    ADD CONSTRAINT document_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.downgrade
    ADD CONSTRAINT downgrade_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.export_file
    ADD CONSTRAINT export_file_request_id_fkey FOREIGN KEY (request_id) REFERENCES public.export_request(id);

ALTER TABLE ONLY public.export_request
    ADD CONSTRAINT export_request_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT feedback_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.feedback
    ADD CONSTRAINT feedback_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.formality
    ADD CONSTRAINT formality_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.formality
    ADD CONSTRAINT formality_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.group_meeting
    ADD CONSTRAINT group_meeting_chair_id_fkey FOREIGN KEY (chair_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.group_meeting
    ADD CONSTRAINT group_meeting_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.legal_review
    ADD CONSTRAINT legal_review_counsel_id_fkey FOREIGN KEY (counsel_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.legal_review
    ADD CONSTRAINT legal_review_counsel_organisation_id_fkey FOREIGN KEY (counsel_organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.legal_review
    ADD CONSTRAINT legal_review_letter_id_fkey FOREIGN KEY (letter_id) REFERENCES public.opinion_letter(id);

ALTER TABLE ONLY public.legal_review
    ADD CONSTRAINT legal_review_letter_id_text_version_fkey FOREIGN KEY (letter_id, text_version) REFERENCES public.opinion_letter_text(letter_id, version);

ALTER TABLE ONLY public.list_import
    ADD CONSTRAINT list_import_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.campaign(id);

ALTER TABLE ONLY public.list_import_fault
    ADD CONSTRAINT list_import_fault_import_id_fkey FOREIGN KEY (import_id) REFERENCES public.list_import(id);

ALTER TABLE ONLY public.list_import_layout
    ADD CONSTRAINT list_import_layout_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.list_import
    ADD CONSTRAINT list_import_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.list_import_row
    ADD CONSTRAINT list_import_row_import_id_fkey FOREIGN KEY (import_id) REFERENCES public.list_import(id);

ALTER TABLE ONLY public.matter
    ADD CONSTRAINT matter_root_ticket_id_fkey FOREIGN KEY (root_ticket_id) REFERENCES public.ticket(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.neglect
    ADD CONSTRAINT neglect_slip_id_fkey FOREIGN KEY (slip_id) REFERENCES public.slip(id);

ALTER TABLE ONLY public.neglect
    ADD CONSTRAINT neglect_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.notification
    ADD CONSTRAINT notification_recipient_fkey FOREIGN KEY (recipient) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.notification
    ADD CONSTRAINT notification_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.opinion_letter
    ADD CONSTRAINT opinion_letter_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.opinion_letter_text
    ADD CONSTRAINT opinion_letter_text_letter_id_fkey FOREIGN KEY (letter_id) REFERENCES public.opinion_letter(id);

ALTER TABLE ONLY public.opinion_letter
    ADD CONSTRAINT opinion_letter_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.organisation
    ADD CONSTRAINT organisation_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.policy
    ADD CONSTRAINT policy_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES public.customer(id);

ALTER TABLE ONLY public.policy
    ADD CONSTRAINT policy_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.post_change
    ADD CONSTRAINT post_change_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.post_change
    ADD CONSTRAINT post_change_tenure_id_fkey FOREIGN KEY (tenure_id) REFERENCES public.tenure(id);

ALTER TABLE ONLY public.post_change
    ADD CONSTRAINT post_change_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.post
    ADD CONSTRAINT post_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.queue_look
    ADD CONSTRAINT queue_look_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.reclassification
    ADD CONSTRAINT reclassification_complaint_id_fkey FOREIGN KEY (complaint_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.reclassification
    ADD CONSTRAINT reclassification_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.recording_segment
    ADD CONSTRAINT recording_segment_recording_id_fkey FOREIGN KEY (recording_id) REFERENCES public.recording_object(id);

ALTER TABLE ONLY public.recording_segment
    ADD CONSTRAINT recording_segment_recording_id_version_fkey FOREIGN KEY (recording_id, version) REFERENCES public.recording_version(recording_id, version);

ALTER TABLE ONLY public.recording_version
    ADD CONSTRAINT recording_version_recording_id_fkey FOREIGN KEY (recording_id) REFERENCES public.recording_object(id);

ALTER TABLE ONLY public.reinvestigation
    ADD CONSTRAINT reinvestigation_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.reinvestigation
    ADD CONSTRAINT reinvestigation_returned_to_fkey FOREIGN KEY (returned_to) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.reinvestigation
    ADD CONSTRAINT reinvestigation_review_id_fkey FOREIGN KEY (review_id) REFERENCES public.review_request(id);

ALTER TABLE ONLY public.reinvestigation
    ADD CONSTRAINT reinvestigation_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.reminder
    ADD CONSTRAINT reminder_slip_id_fkey FOREIGN KEY (slip_id) REFERENCES public.slip(id);

ALTER TABLE ONLY public.reminder
    ADD CONSTRAINT reminder_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.report_fact
    ADD CONSTRAINT report_fact_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.report(id);

ALTER TABLE ONLY public.report
    ADD CONSTRAINT report_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.review_request
    ADD CONSTRAINT review_request_assignee_id_fkey FOREIGN KEY (assignee_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.review_request
    ADD CONSTRAINT review_request_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.review_request
    ADD CONSTRAINT review_request_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.satisfaction_draw
    ADD CONSTRAINT satisfaction_draw_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.satisfaction_sample
    ADD CONSTRAINT satisfaction_sample_draw_id_fkey FOREIGN KEY (draw_id) REFERENCES public.satisfaction_draw(id);

ALTER TABLE ONLY public.satisfaction_sample
    ADD CONSTRAINT satisfaction_sample_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.signature
    ADD CONSTRAINT signature_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.signature
    ADD CONSTRAINT signature_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.slip
    ADD CONSTRAINT slip_asked_by_slip_fkey FOREIGN KEY (asked_by_slip) REFERENCES public.slip(id);

ALTER TABLE ONLY public.slip
    ADD CONSTRAINT slip_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.slip
    ADD CONSTRAINT slip_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.supervision_mark
    ADD CONSTRAINT supervision_mark_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.supervision_mark
    ADD CONSTRAINT supervision_mark_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.tenure
    ADD CONSTRAINT tenure_post_fkey FOREIGN KEY (post) REFERENCES public.post(number);

ALTER TABLE ONLY public.tenure
    ADD CONSTRAINT tenure_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.third_party
    ADD CONSTRAINT third_party_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.third_party_request
    ADD CONSTRAINT third_party_request_third_party_id_fkey FOREIGN KEY (third_party_id) REFERENCES public.third_party(id);

ALTER TABLE ONLY public.third_party_request
    ADD CONSTRAINT third_party_request_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_about_user_id_fkey FOREIGN KEY (about_user_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_accepting_organisation_id_fkey FOREIGN KEY (accepting_organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.ticket_agreement
    ADD CONSTRAINT ticket_agreement_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.ticket_call
    ADD CONSTRAINT ticket_call_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.ticket_cause
    ADD CONSTRAINT ticket_cause_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.ticket_clock
    ADD CONSTRAINT ticket_clock_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES public.customer(id);

ALTER TABLE ONLY public.ticket_event
    ADD CONSTRAINT ticket_event_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.ticket_extension
    ADD CONSTRAINT ticket_extension_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.ticket_fact
    ADD CONSTRAINT ticket_fact_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.ticket_found
    ADD CONSTRAINT ticket_found_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_handler_id_fkey FOREIGN KEY (handler_id) REFERENCES public.app_user(id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_id_fkey FOREIGN KEY (id) REFERENCES public.ticket_key(id);

ALTER TABLE ONLY public.ticket_limit
    ADD CONSTRAINT ticket_limit_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.ticket_line
    ADD CONSTRAINT ticket_line_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.ticket_material
    ADD CONSTRAINT ticket_material_from_ticket_id_fkey FOREIGN KEY (from_ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.ticket_material
    ADD CONSTRAINT ticket_material_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_matter_id_fkey FOREIGN KEY (matter_id) REFERENCES public.matter(id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_merged_into_id_fkey FOREIGN KEY (merged_into_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.ticket_pause
    ADD CONSTRAINT ticket_pause_ticket_id_fkey FOREIGN KEY (ticket_id) REFERENCES public.ticket(id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_policy_id_fkey FOREIGN KEY (policy_id) REFERENCES public.policy(id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_taken_over_by_fkey FOREIGN KEY (taken_over_by) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_told_document_id_fkey FOREIGN KEY (told_document_id) REFERENCES public.document(id);

ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_underwriting_organisation_id_fkey FOREIGN KEY (underwriting_organisation_id) REFERENCES public.organisation(id);

ALTER TABLE ONLY public.webhook
    ADD CONSTRAINT webhook_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES public.organisation(id);
