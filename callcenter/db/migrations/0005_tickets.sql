-- Tickets (服务单), the matters (投诉事件) they belong to, their calls, their history and their clocks; and the days
-- the company's calendar decides otherwise than the published one. A finding cannot be counted: see ticket_weight.

-- The key a ticket was asked for under, and what was asked: claimed before a number is taken, so that a repeat takes none.
CREATE TABLE ticket_key (
    id uuid PRIMARY KEY,
    fingerprint text NOT NULL,
    claimed_at timestamptz NOT NULL
);

-- The last public number of each day in Shanghai.
CREATE TABLE ticket_counter (
    day date PRIMARY KEY,
    last integer NOT NULL CHECK (last BETWEEN 1 AND 999999)
) WITH (fillfactor = 50);

CREATE TABLE matter (
    id uuid PRIMARY KEY,
    root_ticket_id uuid NOT NULL UNIQUE,
    opened_at timestamptz NOT NULL
);

CREATE TABLE ticket (
    id uuid PRIMARY KEY REFERENCES ticket_key,
    number text NOT NULL UNIQUE CHECK (number ~ '^95519-[0-9]{8}-[0-9]{6}$'),
    nature text NOT NULL CHECK (nature IN ('complaint', 'callback_finding', 'non_complaint')),
    channel text NOT NULL
        CHECK (channel IN ('sms', 'phone_inbound', 'phone_outbound', 'network', 'letter', 'visit', 'fax')),
    network_kind text CHECK (network_kind IN ('email', 'web', 'app', 'wechat')),
    source text NOT NULL
        CHECK (source IN ('direct', 'upper_company', 'regulator', 'media', 'coordinator', 'callback')),
    relation text CHECK (relation IN ('first', 'repeat', 'escalation', 'merged')),
    matter_id uuid REFERENCES matter,
    category text CHECK (category IN ('solicitation', 'sales_service', 'counter', 'underwriting', 'maintenance',
        'claims', 'call_centre', 'product', 'payment', 'sms', 'other')),
    other_cause text CHECK (other_cause IN ('publicity', 'dividend', 'privacy', 'agent_grievance', 'telesales',
        'intermediary', 'anything_else')),
    severity text NOT NULL DEFAULT 'general' CHECK (severity IN ('general', 'difficult', 'major')),
    severity_confirmed_at timestamptz,
    severity_confirmed_by text,
    gravity text NOT NULL
        CHECK (gravity IN ('general', 'difficult', 'major', 'grave_finding', 'data_finding')),
    status text NOT NULL DEFAULT 'recorded'
        CHECK (status IN ('recorded', 'dispatched', 'handled', 'informed', 'closed')),
    validity text CHECK (validity IN ('pending', 'valid', 'invalid')),
    liability text NOT NULL DEFAULT 'undetermined'
        CHECK (liability IN ('undetermined', 'none', 'company', 'sales', 'shared')),
    causes text[] NOT NULL DEFAULT '{}',
    invalid_ground text CHECK (invalid_ground IN ('not_a_customer', 'outside_definition', 'duplicate',
        'withdrawn_as_mistake', 'facts_disproved', 'unreachable')),
    occurrences smallint NOT NULL CHECK (occurrences IN (0, 1)),
    pieces smallint NOT NULL CHECK (pieces IN (0, 1)),

    customer_id uuid REFERENCES customer,
    policy_id uuid REFERENCES policy,
    policy_number text CHECK (length(policy_number) <= 40),
    complainant_type text NOT NULL DEFAULT 'unknown'
        CHECK (complainant_type IN ('applicant', 'customer', 'representative', 'agent', 'public', 'unknown')),
    complainant_name text CHECK (length(complainant_name) <= 200),
    complainant_phone text CHECK (length(complainant_phone) <= 40),
    authorisation text CHECK (length(authorisation) <= 20000),
    anonymous boolean NOT NULL DEFAULT false,
    demand text CHECK (length(demand) <= 20000),
    description text CHECK (length(description) <= 20000),
    restated_at timestamptz,
    complete_at timestamptz,

    opened_via text NOT NULL CHECK (opened_via IN ('ivr', 'agent', 'callback_agent', 'desk', 'integrator')),
    opened_by text NOT NULL,
    opened_by_user uuid,
    accepting_organisation_id text NOT NULL REFERENCES organisation,
    underwriting_organisation_id text REFERENCES organisation,
    department text CHECK (department IN ('sales', 'sales_inspection', 'business_management', 'finance', 'it',
        'customer_service', 'compliance')),
    callback_task_id uuid,
    callback_attempt_id uuid,
    heard jsonb,
    verdict jsonb,

    received_at timestamptz NOT NULL,
    received_day date NOT NULL,
    stored_at timestamptz NOT NULL,
    spooled boolean NOT NULL DEFAULT false,
    dispatched_at timestamptz,
    handled_at timestamptz,
    informed_at timestamptz,
    closed_at timestamptz,
    rulebook text NOT NULL,
    version integer NOT NULL DEFAULT 1,

    -- T-1: what is no complaint of a customer weighs nothing, whoever writes it.
    CONSTRAINT ticket_weight CHECK (
        (nature = 'complaint' AND complainant_type NOT IN ('agent', 'public')) OR (occurrences = 0 AND pieces = 0)),
    CONSTRAINT ticket_repeat_weight CHECK (relation NOT IN ('repeat', 'merged') OR pieces = 0),
    CONSTRAINT ticket_complaint_has_matter CHECK (
        (nature = 'complaint') = (relation IS NOT NULL)
        AND (nature = 'complaint') = (matter_id IS NOT NULL)
        AND (nature = 'complaint') = (validity IS NOT NULL)),
    -- R-2.3: a finding is phone outbound, from a callback. R-2.2: a complaint from a callback is phone inbound.
    CONSTRAINT ticket_finding_channel CHECK (
        nature <> 'callback_finding' OR (channel = 'phone_outbound' AND source = 'callback')),
    CONSTRAINT ticket_callback_channel CHECK (
        source <> 'callback' OR nature = 'callback_finding' OR channel = 'phone_inbound'),
    -- T-2: what the callback agent stated, and what was decided from it, stay on the ticket.
    CONSTRAINT ticket_callback_verdict CHECK (
        source <> 'callback' OR (heard IS NOT NULL AND verdict IS NOT NULL AND verdict ->> 'nature' = nature)),
    CONSTRAINT ticket_finding_gravity CHECK (
        (nature = 'callback_finding') = (gravity IN ('grave_finding', 'data_finding'))),
    CONSTRAINT ticket_severity_confirmed CHECK (
        (severity_confirmed_at IS NULL) = (severity_confirmed_by IS NULL)),
    CONSTRAINT ticket_network_kind CHECK (network_kind IS NULL OR channel = 'network'),
    CONSTRAINT ticket_authorisation CHECK (complainant_type <> 'representative' OR authorisation IS NOT NULL),
    CONSTRAINT ticket_handled CHECK ((handled_at IS NOT NULL) = (status IN ('handled', 'informed', 'closed'))),
    CONSTRAINT ticket_informed CHECK ((informed_at IS NOT NULL) = (status IN ('informed', 'closed'))),
    CONSTRAINT ticket_closed CHECK ((closed_at IS NOT NULL) = (status = 'closed')),
    -- R-3.23: validity is determined before closing.
    CONSTRAINT ticket_determined CHECK (status <> 'closed' OR validity IS DISTINCT FROM 'pending')
);
ALTER TABLE matter ADD FOREIGN KEY (root_ticket_id) REFERENCES ticket DEFERRABLE INITIALLY DEFERRED;

-- Lists: newest first, by organisation, status, customer, policy, telephone, person.
CREATE INDEX ticket_received ON ticket (received_at, id);
CREATE INDEX ticket_accepting ON ticket (accepting_organisation_id, received_at, id);
CREATE INDEX ticket_underwriting ON ticket (underwriting_organisation_id, received_at, id)
    WHERE underwriting_organisation_id IS NOT NULL;
CREATE INDEX ticket_status ON ticket (status, received_at, id);
CREATE INDEX ticket_customer ON ticket (customer_id, received_at) WHERE customer_id IS NOT NULL;
CREATE INDEX ticket_policy ON ticket (policy_id, received_at) WHERE policy_id IS NOT NULL;
CREATE INDEX ticket_phone ON ticket (complainant_phone, received_at) WHERE complainant_phone IS NOT NULL;
CREATE INDEX ticket_mine ON ticket (opened_by_user, received_at) WHERE status = 'recorded';
CREATE INDEX ticket_matter ON ticket (matter_id, received_at) WHERE matter_id IS NOT NULL;
CREATE INDEX ticket_callback ON ticket (callback_task_id) WHERE callback_task_id IS NOT NULL;
CREATE INDEX ticket_number_prefix ON ticket (number text_pattern_ops);
-- Figures: the period first, so that they grow with the answer and not with the store.
CREATE INDEX ticket_figures ON ticket (received_day, accepting_organisation_id)
    INCLUDE (nature, relation, matter_id, occurrences, pieces, validity, channel, source, category, severity);

-- Every pair of neighbouring characters, so that words can be found in Chinese text, which has no spaces.
CREATE FUNCTION cc_pairs(content text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT COALESCE(array_agg(DISTINCT c || d), '{}')
    FROM (
        SELECT c, lead(c) OVER (ORDER BY place) AS d
        FROM unnest(string_to_array(lower(content), NULL)) WITH ORDINALITY AS letters (c, place)
    ) AS neighbours
    WHERE d IS NOT NULL
$$;
CREATE FUNCTION cc_ticket_text(name text, demand text, description text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT COALESCE(name, '') || ' ' || COALESCE(demand, '') || ' ' || COALESCE(description, '')
$$;
CREATE INDEX ticket_words ON ticket USING gin (cc_pairs(cc_ticket_text(complainant_name, demand, description)));

CREATE TABLE ticket_call (
    ticket_id uuid NOT NULL REFERENCES ticket,
    call_id uuid NOT NULL,
    opened_live boolean NOT NULL,
    seconds_into_call numeric(10, 3),
    linked_at timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, call_id)
);
CREATE INDEX ticket_call_call ON ticket_call (call_id);
COMMENT ON TABLE ticket_call IS 'no reference to call: a ticket outlives whatever becomes of the call''s row';

CREATE TABLE ticket_event (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    kind text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    place bigint GENERATED ALWAYS AS IDENTITY -- what happened in one moment stays in the order it was written
);
CREATE INDEX ticket_event_ticket ON ticket_event (ticket_id, at, place);
CREATE TRIGGER ticket_event_only_grows BEFORE UPDATE OR DELETE ON ticket_event
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER ticket_event_not_emptied BEFORE TRUNCATE ON ticket_event
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();

CREATE TABLE ticket_clock (
    ticket_id uuid NOT NULL REFERENCES ticket,
    kind text NOT NULL CHECK (kind IN ('register', 'acknowledge', 'hand_over', 'dispatch', 'decide_inform', 'close')),
    cycle integer NOT NULL DEFAULT 1 CHECK (cycle > 0),
    start_day date NOT NULL,
    due_day date NOT NULL,
    due_at timestamptz NOT NULL,
    alert_day date NOT NULL,
    provisional boolean NOT NULL,
    rules text[] NOT NULL,
    internal jsonb NOT NULL,
    statutory jsonb,
    version text NOT NULL,
    met_at timestamptz,
    breached_at timestamptz,
    PRIMARY KEY (ticket_id, kind, cycle)
);
CREATE INDEX ticket_clock_due ON ticket_clock (kind, due_at) WHERE met_at IS NULL;
CREATE INDEX ticket_clock_provisional ON ticket_clock (due_day) WHERE provisional AND met_at IS NULL;

CREATE TABLE calendar_day (
    day date PRIMARY KEY,
    is_workday boolean NOT NULL,
    note text NOT NULL,
    source text NOT NULL
);
CREATE TABLE calendar_year (
    year integer PRIMARY KEY CHECK (year BETWEEN 2004 AND 2200),
    source text NOT NULL,
    loaded_at timestamptz NOT NULL
);
COMMENT ON TABLE calendar_year IS 'years whose yearly notice is in calendar_day, and so no longer provisional';
