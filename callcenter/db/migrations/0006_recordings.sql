-- The index of the archive: which objects, versions and segments are sealed, and under which number. The archive on
-- disk is the truth; these tables can be rebuilt from it. Nothing here is ever changed or removed, only added to.

-- The last archive number (档号) given in a series. A row with a lock, not a sequence: a sequence leaves gaps on
-- rollback, and a missing number is what an archive inspection looks for.
CREATE TABLE archive_counter (
    fonds text NOT NULL,
    year integer NOT NULL,
    last bigint NOT NULL CHECK (last >= 0),
    PRIMARY KEY (fonds, year)
);

CREATE TABLE archive_number (
    fonds text NOT NULL,
    year integer NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    object_id text NOT NULL UNIQUE,
    given_at timestamptz NOT NULL,
    PRIMARY KEY (fonds, year, number)
);

-- One object per call (its id is the call's), or per orphan: a capture that belongs to no call we know.
CREATE TABLE recording_object (
    id uuid PRIMARY KEY,
    call_id uuid UNIQUE,
    object_id text NOT NULL UNIQUE,
    archive_no text NOT NULL UNIQUE,
    path text NOT NULL,
    orphan_base text UNIQUE,
    sealed_at timestamptz NOT NULL,
    CHECK ((call_id IS NULL) = (orphan_base IS NOT NULL))
);
CREATE INDEX recording_object_orphan ON recording_object (id) WHERE call_id IS NULL;

CREATE TABLE recording_version (
    recording_id uuid NOT NULL REFERENCES recording_object,
    version integer NOT NULL CHECK (version > 0),
    inventory_sha512 text NOT NULL CHECK (inventory_sha512 ~ '^[0-9a-f]{128}$'),
    leaf_index bigint NOT NULL UNIQUE CHECK (leaf_index >= 0),
    sealed_at timestamptz NOT NULL,
    PRIMARY KEY (recording_id, version)
);

CREATE TABLE recording_segment (
    recording_id uuid NOT NULL REFERENCES recording_object,
    number integer NOT NULL CHECK (number > 0),
    version integer NOT NULL,
    file text NOT NULL,
    duration_ms bigint NOT NULL CHECK (duration_ms >= 0),
    expected_ms bigint,
    started_at timestamptz,
    completeness text NOT NULL
        CHECK (completeness IN ('complete', 'tail_lost', 'hole_suspected', 'partial_crash', 'salvaged')),
    notes text[] NOT NULL DEFAULT '{}',
    wav_sha256 text NOT NULL CHECK (wav_sha256 ~ '^[0-9a-f]{64}$'),
    master_sha256 text NOT NULL CHECK (master_sha256 ~ '^[0-9a-f]{64}$'),
    sources jsonb NOT NULL,
    PRIMARY KEY (recording_id, number),
    FOREIGN KEY (recording_id, version) REFERENCES recording_version
);
CREATE INDEX recording_segment_incomplete ON recording_segment (recording_id) WHERE completeness <> 'complete';

-- Sealings that could not be done yet, and when they are tried again.
CREATE TABLE sealing_attempt (
    call_id uuid PRIMARY KEY,
    attempts integer NOT NULL,
    next_at timestamptz NOT NULL,
    last_error text NOT NULL
);

CREATE INDEX segment_lost ON segment (id) WHERE state = 'lost';

DO $$
DECLARE kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['archive_number', 'recording_object', 'recording_version', 'recording_segment'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION cc_refuse_change()',
            kept || '_only_grows', kept);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change()',
            kept || '_not_emptied', kept);
    END LOOP;
END
$$;
CREATE TRIGGER archive_counter_not_removed BEFORE DELETE ON archive_counter
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER archive_counter_not_emptied BEFORE TRUNCATE ON archive_counter
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();

-- From which organisations a call's recording may be known of: the agents' who spoke on it, those of its tickets, and
-- headquarters, which also sees the recordings that belong to nobody.
CREATE FUNCTION cc_recording_seen_from(of_call uuid, from_path text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM organisation WHERE kind = 'hq' AND path = from_path)
        OR EXISTS (
            SELECT FROM call c JOIN app_user u ON u.id = c.user_id JOIN organisation o ON o.id = u.organisation_id
            WHERE c.id = of_call AND starts_with(o.path, from_path))
        OR EXISTS (
            SELECT FROM call_leg l JOIN app_user u ON u.id = l.user_id JOIN organisation o ON o.id = u.organisation_id
            WHERE l.call_id = of_call AND starts_with(o.path, from_path))
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
