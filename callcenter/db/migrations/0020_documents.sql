-- The documents of tickets (letters of acknowledgement and the like): from which template, under which number, with
-- which bytes. Numbers run by organisation, kind and year without gaps: the counter is raised in the transaction that
-- writes the document. A document is never changed: it is voided, with a reason, or replaced by one that names it.

CREATE TABLE document_template (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('acknowledgement', 'email_reply')),
    version integer NOT NULL CHECK (version > 0),
    source text NOT NULL CHECK (length(source) BETWEEN 1 AND 60000),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    active_from timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    UNIQUE (kind, version)
);
CREATE INDEX document_template_in_force ON document_template (kind, active_from);
CREATE INDEX document_template_created ON document_template (created_at, id);
CREATE UNIQUE INDEX document_template_shipped ON document_template (kind, sha256) WHERE created_by = 'system:shipped';

CREATE TABLE document_counter (
    organisation_id text NOT NULL REFERENCES organisation,
    kind text NOT NULL CHECK (kind IN ('acknowledgement', 'email_reply')),
    year integer NOT NULL,
    last integer NOT NULL CHECK (last BETWEEN 1 AND 999999),
    PRIMARY KEY (organisation_id, kind, year)
) WITH (fillfactor = 50);

CREATE TABLE document (
    id uuid PRIMARY KEY,
    place bigint GENERATED ALWAYS AS IDENTITY, -- the order of issue, where moments are the same
    number text NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('acknowledgement', 'email_reply')),
    ticket_id uuid NOT NULL REFERENCES ticket,
    organisation_id text NOT NULL REFERENCES organisation,
    year integer NOT NULL,
    serial integer NOT NULL,
    template_id uuid NOT NULL REFERENCES document_template,
    facts jsonb NOT NULL, -- what the template was given: with it and the engine the same bytes can be made again
    engine text NOT NULL,
    substituted text[] NOT NULL, -- characters without a glyph, which stand in it by their numbers
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size bigint NOT NULL CHECK (size > 0),
    issued_at timestamptz NOT NULL,
    issued_by text NOT NULL,
    asked text NOT NULL, -- the digest of the request, which tells its repeat from another one under its key
    replaces uuid UNIQUE REFERENCES document,
    voided_at timestamptz,
    voided_by text,
    void_reason text CHECK (length(void_reason) BETWEEN 1 AND 2000),
    UNIQUE (organisation_id, kind, year, serial),
    CONSTRAINT document_voided CHECK (
        (voided_at IS NULL) = (voided_by IS NULL) AND (voided_at IS NULL) = (void_reason IS NULL))
);
CREATE INDEX document_ticket ON document (ticket_id, place);

CREATE FUNCTION cc_document_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.voided_at IS NOT NULL
        OR (to_jsonb(NEW) - ARRAY['voided_at', 'voided_by', 'void_reason'])
            <> (to_jsonb(OLD) - ARRAY['voided_at', 'voided_by', 'void_reason']) THEN
        RAISE EXCEPTION 'a document once issued is never changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER document_is_not_changed BEFORE UPDATE ON document FOR EACH ROW EXECUTE FUNCTION cc_document_stays();
CREATE TRIGGER document_is_not_deleted BEFORE DELETE ON document FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER document_is_not_emptied BEFORE TRUNCATE ON document
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER document_template_only_grows BEFORE UPDATE OR DELETE ON document_template
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER document_template_is_not_emptied BEFORE TRUNCATE ON document_template
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();
