-- Closings of lower companies that the province, or headquarters, looks at again (R-3.25): a sample that anybody can draw
-- anew from its seed, and what was found of each ticket in it.

CREATE TABLE closing_sample (
    id uuid PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation,
    first_day date NOT NULL,
    last_day date NOT NULL,
    validity text CHECK (validity IN ('valid', 'invalid')),
    size integer NOT NULL CHECK (size BETWEEN 1 AND 500),
    seed text NOT NULL CHECK (seed <> '' AND length(seed) <= 100),
    population integer NOT NULL CHECK (population >= 0),
    drawn_at timestamptz NOT NULL,
    drawn_by text NOT NULL,
    CHECK (first_day <= last_day)
);
COMMENT ON COLUMN closing_sample.population IS 'how many closings the sample was drawn from';
CREATE INDEX closing_sample_of ON closing_sample (organisation_id, drawn_at, id);

CREATE TABLE closing_sample_item (
    sample_id uuid NOT NULL REFERENCES closing_sample,
    place integer NOT NULL CHECK (place > 0),
    ticket_id uuid NOT NULL REFERENCES ticket,
    validity text NOT NULL CHECK (validity IN ('valid', 'invalid')),
    result text CHECK (result IN ('agreed', 'overturned')),
    remark text CHECK (length(remark) <= 20000),
    reviewed_at timestamptz,
    reviewed_by text,
    PRIMARY KEY (sample_id, place),
    UNIQUE (sample_id, ticket_id),
    CHECK ((result IS NULL) = (reviewed_at IS NULL) AND (result IS NULL) = (reviewed_by IS NULL)
        AND (result IS NULL) = (remark IS NULL))
);
COMMENT ON COLUMN closing_sample_item.validity IS 'as it stood when the sample was drawn';
CREATE INDEX closing_sample_item_open ON closing_sample_item (ticket_id) WHERE result IS NULL;
CREATE INDEX ticket_closed_at ON ticket (closed_at, id) WHERE closed_at IS NOT NULL;
