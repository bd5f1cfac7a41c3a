-- Reports that can be explained for ever: their numbers in `snapshot`, and the facts of every ticket behind them as they
-- stood when the report was made, so that each number can be counted again and opened into its tickets (T-4, N-15), and
-- a later change is seen as a difference and not as another past.
CREATE TABLE report (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('monthly', 'quarterly', 'yearly', 'information', 'meeting', 'bulletin',
        'assessment', 'indicators')),
    organisation_id text NOT NULL REFERENCES organisation,
    dimension text NOT NULL CHECK (dimension IN ('accepting', 'underwriting')),
    first_day date NOT NULL,
    last_day date NOT NULL CHECK (last_day >= first_day),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    step smallint NOT NULL DEFAULT 0,
    steps smallint NOT NULL DEFAULT 0,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    beat_at timestamptz,
    finished_at timestamptz,
    fault text,
    snapshot jsonb,
    sha256 text,
    submitted_at timestamptz,
    submitted_by text,
    submitted_to text CHECK (length(submitted_to) BETWEEN 2 AND 200),
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT report_done CHECK ((state = 'done') = (snapshot IS NOT NULL) AND (snapshot IS NULL) = (sha256 IS NULL)),
    CONSTRAINT report_submitted CHECK ((submitted_at IS NULL) = (submitted_by IS NULL)
        AND (submitted_at IS NULL) = (submitted_to IS NULL) AND (submitted_at IS NULL OR state = 'done'))
);
COMMENT ON COLUMN report.step IS 'steps done, of `steps`';
COMMENT ON COLUMN report.beat_at IS 'when its worker was last heard of; one that fell silent is taken over';
CREATE INDEX report_waiting ON report (id) WHERE state IN ('waiting', 'running');
CREATE INDEX report_listed ON report (organisation_id, id);

CREATE TABLE report_fact (
    report_id uuid NOT NULL REFERENCES report,
    LIKE ticket_fact,
    PRIMARY KEY (report_id, received_day, ticket_id)
);
COMMENT ON TABLE report_fact IS 'ticket_fact as a report saw it: the same columns in the same order';
