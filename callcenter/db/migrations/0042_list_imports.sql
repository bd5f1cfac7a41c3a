-- Lists of policies and of callback tasks, imported from CSV and XLSX files: the import, its staged rows, which one
-- switch turns into customers, policies and tasks, and what was wrong with the rows that were not taken. A file is
-- taken once: the same bytes for the same campaign are the same import.

CREATE TABLE list_import (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('tasks', 'policies')),
    campaign_id uuid REFERENCES campaign,
    organisation_id text NOT NULL REFERENCES organisation,
    reach text NOT NULL,
    state text NOT NULL CHECK (state IN ('unsure', 'mapping', 'ready', 'waiting', 'running', 'switching', 'checked',
        'done', 'failed', 'cancelled')),
    file_name text NOT NULL,
    sha256 text NOT NULL,
    size bigint NOT NULL,
    format text NOT NULL CHECK (format IN ('csv', 'xlsx')),
    encoding text,
    delimiter text,
    encodings text[] NOT NULL DEFAULT '{}',
    delimiters text[] NOT NULL DEFAULT '{}',
    header jsonb,
    columns jsonb NOT NULL DEFAULT '{}',
    date_forms jsonb NOT NULL DEFAULT '{}',
    sample jsonb NOT NULL DEFAULT '[]',
    warnings jsonb NOT NULL DEFAULT '[]',
    dry_run boolean NOT NULL DEFAULT false,
    only_whole boolean NOT NULL DEFAULT false,
    last_row bigint NOT NULL DEFAULT 0,
    share real NOT NULL DEFAULT 0 CHECK (share BETWEEN 0 AND 1),
    rows_read bigint NOT NULL DEFAULT 0,
    good bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    dropped bigint NOT NULL DEFAULT 0,
    duplicates bigint NOT NULL DEFAULT 0,
    existed bigint NOT NULL DEFAULT 0,
    tasks_made bigint NOT NULL DEFAULT 0,
    policies_made bigint NOT NULL DEFAULT 0,
    policies_changed bigint NOT NULL DEFAULT 0,
    customers_made bigint NOT NULL DEFAULT 0,
    fault jsonb,
    claim uuid,
    beat_at timestamptz,
    claimed_at timestamptz,
    claimed_share real NOT NULL DEFAULT 0,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    started_by text,
    started_at timestamptz,
    finished_at timestamptz,
    file_removed_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    CHECK ((kind = 'tasks') = (campaign_id IS NOT NULL)),
    CHECK ((state IN ('running', 'switching')) = (claim IS NOT NULL)),
    CHECK ((state = 'failed') = (fault IS NOT NULL)),
    CHECK ((state IN ('checked', 'done', 'failed', 'cancelled')) = (finished_at IS NOT NULL))
);
COMMENT ON COLUMN list_import.reach IS 'path of the organisation whose policies whoever uploaded may use';
COMMENT ON COLUMN list_import.last_row IS 'row of the file up to which rows are staged or told as faulty: a takeover goes on behind it';
COMMENT ON COLUMN list_import.share IS 'of the file that is read, by its bytes';
COMMENT ON COLUMN list_import.beat_at IS 'when its worker was last heard of, by the machine''s clock; one that fell silent is taken over';
CREATE UNIQUE INDEX list_import_once_a_campaign ON list_import (campaign_id, sha256)
    WHERE campaign_id IS NOT NULL AND state NOT IN ('failed', 'cancelled');
CREATE UNIQUE INDEX list_import_once_an_organisation ON list_import (organisation_id, sha256)
    WHERE campaign_id IS NULL AND state NOT IN ('failed', 'cancelled');
CREATE INDEX list_import_due ON list_import (id) WHERE state IN ('waiting', 'running', 'switching');
CREATE INDEX list_import_listed ON list_import (organisation_id, id);

CREATE TABLE list_import_row (
    import_id uuid NOT NULL REFERENCES list_import,
    policy_number text NOT NULL,
    row bigint NOT NULL,
    record jsonb NOT NULL,
    PRIMARY KEY (import_id, policy_number)
);
COMMENT ON TABLE list_import_row IS 'rows that are taken, until the switch or the end of the import: what each becomes, as rows of the tables it goes to';

CREATE TABLE list_import_fault (
    import_id uuid NOT NULL REFERENCES list_import,
    row bigint NOT NULL,
    number smallint NOT NULL,
    fate text NOT NULL CHECK (fate IN ('refused', 'dropped', 'duplicate')),
    wrong text NOT NULL,
    field text,
    column_number integer,
    value text,
    PRIMARY KEY (import_id, row, number)
);
COMMENT ON COLUMN list_import_fault.value IS 'what stood there, masked';

-- How an organisation reads files of one header, as somebody confirmed it last.
CREATE TABLE list_import_layout (
    organisation_id text NOT NULL REFERENCES organisation,
    kind text NOT NULL CHECK (kind IN ('tasks', 'policies')),
    fingerprint text NOT NULL,
    header jsonb NOT NULL,
    columns jsonb NOT NULL,
    date_forms jsonb NOT NULL,
    confirmed_by text NOT NULL,
    confirmed_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, kind, fingerprint)
);
