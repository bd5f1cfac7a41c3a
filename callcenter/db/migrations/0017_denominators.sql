-- What complaints are divided by (M-11 … M-14): premium, policies and insured person-times, imported with their source.
-- A row is never changed: a correction is another row with the next version, and its reason, so that a report made with
-- the earlier amount can still be explained. No day counts twice for an organisation and base.
CREATE TYPE text_range AS RANGE (SUBTYPE = text, COLLATION = "C");
CREATE TABLE denominator (
    id uuid PRIMARY KEY,
    series uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    organisation_id text NOT NULL REFERENCES organisation,
    base text NOT NULL CHECK (base IN ('premium', 'policies', 'person_times')),
    first_day date NOT NULL,
    last_day date NOT NULL CHECK (last_day >= first_day),
    amount numeric(20, 2) NOT NULL CHECK (amount > 0),
    source text NOT NULL CHECK (length(source) BETWEEN 2 AND 500),
    imported_by text NOT NULL,
    imported_at timestamptz NOT NULL,
    file_sha256 text,
    reason text CHECK (length(reason) BETWEEN 2 AND 500),
    superseded_at timestamptz,
    superseded_by text,
    withdrawn_why text CHECK (length(withdrawn_why) BETWEEN 2 AND 500),
    UNIQUE (series, version),
    CONSTRAINT denominator_corrected CHECK ((version > 1) = (reason IS NOT NULL)),
    CONSTRAINT denominator_superseded CHECK ((superseded_at IS NULL) = (superseded_by IS NULL)
        AND (withdrawn_why IS NULL OR superseded_at IS NOT NULL)),
    CONSTRAINT denominator_no_day_twice EXCLUDE USING gist (
        text_range(organisation_id || ' ' || base, organisation_id || ' ' || base, '[]') WITH &&,
        daterange(first_day, last_day, '[]') WITH &&) WHERE (superseded_at IS NULL)
);
COMMENT ON COLUMN denominator.series IS 'the id of its first version';
COMMENT ON COLUMN denominator.amount IS 'yuan of premium, or a number of policies or person-times, of the organisation and those below it';
CREATE INDEX denominator_listed ON denominator (organisation_id, first_day, id);
