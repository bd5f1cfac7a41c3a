-- The files of tickets (visit forms, scans, evidence, what the system itself makes). A content is kept once, under its
-- hash, in a folder; here stands which contents there are and which files of which tickets they are. Nothing is deleted:
-- a wrong file is withdrawn, with a reason.

CREATE TABLE attachment_content (
    sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size bigint NOT NULL CHECK (size > 0),
    stored_at timestamptz NOT NULL,
    checked_at timestamptz NOT NULL, -- when it was last read back whole
    damaged_at timestamptz
);
CREATE INDEX attachment_content_checked ON attachment_content (checked_at);
CREATE INDEX attachment_content_stored ON attachment_content (stored_at);
CREATE INDEX attachment_content_damaged ON attachment_content (damaged_at) WHERE damaged_at IS NOT NULL;

CREATE TABLE attachment (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    kind text NOT NULL CHECK (kind IN ('visit_form', 'letter', 'fax', 'email', 'photo', 'authorisation', 'identity',
        'kinship', 'evidence', 'customer_reply', 'reception', 'document', 'other')),
    origin text NOT NULL CHECK (origin IN ('received', 'generated')),
    name text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 255),
    media_type text NOT NULL,
    sha256 text NOT NULL REFERENCES attachment_content,
    note text CHECK (length(note) <= 2000),
    added_at timestamptz NOT NULL,
    added_by text NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text,
    withdrawn_reason text CHECK (length(withdrawn_reason) BETWEEN 1 AND 2000),
    CONSTRAINT attachment_withdrawn CHECK (
        (withdrawn_at IS NULL) = (withdrawn_by IS NULL) AND (withdrawn_at IS NULL) = (withdrawn_reason IS NULL))
);
CREATE INDEX attachment_ticket ON attachment (ticket_id, added_at, id);
CREATE INDEX attachment_sha256 ON attachment (sha256);

-- A file may be withdrawn, once; nothing else about it ever changes.
CREATE FUNCTION cc_attachment_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.withdrawn_at IS NOT NULL
        OR (to_jsonb(NEW) - ARRAY['withdrawn_at', 'withdrawn_by', 'withdrawn_reason'])
            <> (to_jsonb(OLD) - ARRAY['withdrawn_at', 'withdrawn_by', 'withdrawn_reason']) THEN
        RAISE EXCEPTION 'a file of a ticket is never changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER attachment_is_not_changed BEFORE UPDATE ON attachment
    FOR EACH ROW EXECUTE FUNCTION cc_attachment_stays();
CREATE TRIGGER attachment_is_not_deleted BEFORE DELETE ON attachment
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER attachment_is_not_emptied BEFORE TRUNCATE ON attachment
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER attachment_content_is_not_deleted BEFORE DELETE ON attachment_content
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER attachment_content_is_not_emptied BEFORE TRUNCATE ON attachment_content
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();
