-- Joint-handling slips (会办单): what each department was asked, and what it said (R-4.10 … R-4.22); the causes found with
-- the departments responsible for each, and the signatures of their heads (R-3.24, R-3.26).

CREATE TABLE slip (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    place smallint NOT NULL CHECK (place > 0),
    number text NOT NULL UNIQUE,
    part text NOT NULL CHECK (part IN ('main', 'joint', 'copy', 'supervise')),
    state text NOT NULL DEFAULT 'sent' CHECK (state IN ('sent', 'accepted', 'returned', 'answered', 'released')),
    department text NOT NULL CHECK (department IN ('sales', 'sales_inspection', 'business_management', 'finance', 'it',
        'customer_service', 'compliance')),
    organisation_id text NOT NULL REFERENCES organisation,
    line smallint NOT NULL DEFAULT 1 CHECK (line > 0),
    category text CHECK (category IN ('solicitation', 'sales_service', 'counter', 'underwriting', 'maintenance',
        'claims', 'call_centre', 'product', 'payment', 'sms', 'other')),
    leads boolean NOT NULL,
    fixed boolean NOT NULL DEFAULT false,
    request text NOT NULL DEFAULT '' CHECK (length(request) <= 20000),
    asked_by_slip uuid REFERENCES slip,
    sent_at timestamptz NOT NULL,
    sent_by text NOT NULL,
    accepted_at timestamptz,
    accepted_by text,
    returned_at timestamptz,
    return_reason text CHECK (length(return_reason) <= 20000),
    answered_at timestamptz,
    answered_by text,
    answer text CHECK (length(answer) <= 20000),
    released_at timestamptz,
    release_reason text CHECK (length(release_reason) <= 20000),
    version integer NOT NULL DEFAULT 1,
    UNIQUE (ticket_id, place),
    CONSTRAINT slip_main_leads CHECK (part <> 'main' OR (leads AND line = 1)),
    CONSTRAINT slip_task_leads CHECK (NOT leads OR part IN ('main', 'joint')),
    CONSTRAINT slip_returned CHECK ((state = 'returned') = (returned_at IS NOT NULL)
        AND (returned_at IS NULL) = (return_reason IS NULL)),
    CONSTRAINT slip_answered CHECK ((state = 'answered') = (answered_at IS NOT NULL)
        AND (answered_at IS NULL) = (answer IS NULL)),
    CONSTRAINT slip_released CHECK ((state = 'released') = (released_at IS NOT NULL)),
    CONSTRAINT slip_accepted CHECK (state NOT IN ('accepted', 'answered') OR accepted_at IS NOT NULL),
    -- F-21: what the supervisor of customer service decided is not given back.
    CONSTRAINT slip_fixed CHECK (NOT fixed OR state <> 'returned')
);
COMMENT ON TABLE slip IS 'due: ticket_clock of kind accept whose cycle is the slip''s place (L-9)';
-- A line has one department that leads it.
CREATE UNIQUE INDEX slip_one_leads ON slip (ticket_id, line) WHERE leads AND state IN ('sent', 'accepted', 'answered');
CREATE INDEX slip_of_department ON slip (organisation_id, department, sent_at, id);
CREATE INDEX slip_open ON slip (organisation_id, department, sent_at, id) WHERE state IN ('sent', 'accepted');
CREATE INDEX slip_sent ON slip (sent_at, id);

ALTER TABLE ticket ADD COLUMN determination smallint NOT NULL DEFAULT 0;
ALTER TABLE ticket ADD COLUMN responsible text[] NOT NULL DEFAULT '{}'
    CHECK (responsible <@ ARRAY['sales', 'sales_inspection', 'business_management', 'finance', 'it', 'customer_service',
        'compliance']);
COMMENT ON COLUMN ticket.responsible IS 'the departments found responsible, whose heads sign (R-3.26)';
COMMENT ON COLUMN ticket.determination IS 'how often validity and causes were determined; the last one is in force';

CREATE TABLE ticket_cause (
    ticket_id uuid NOT NULL REFERENCES ticket,
    determination smallint NOT NULL,
    place smallint NOT NULL CHECK (place > 0),
    category text NOT NULL CHECK (category IN ('solicitation', 'sales_service', 'counter', 'underwriting',
        'maintenance', 'claims', 'call_centre', 'product', 'payment', 'sms', 'other')),
    departments text[] NOT NULL CHECK (departments <@ ARRAY['sales', 'sales_inspection', 'business_management',
        'finance', 'it', 'customer_service', 'compliance']),
    system boolean NOT NULL DEFAULT false,
    PRIMARY KEY (ticket_id, determination, place)
);

CREATE TABLE signature (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    determination smallint NOT NULL,
    department text NOT NULL CHECK (department IN ('sales', 'sales_inspection', 'business_management', 'finance', 'it',
        'customer_service', 'compliance')),
    organisation_id text NOT NULL REFERENCES organisation,
    signed boolean NOT NULL,
    at timestamptz NOT NULL,
    signer text NOT NULL,
    remark text NOT NULL DEFAULT '' CHECK (length(remark) <= 20000),
    place bigint GENERATED ALWAYS AS IDENTITY, -- what happened in one moment stays in the order it was written
    CHECK (signed OR remark <> '')
);
CREATE INDEX signature_of_ticket ON signature (ticket_id, determination, place);
-- Who signed once has signed that determination.
CREATE UNIQUE INDEX signature_once ON signature (ticket_id, determination, department) WHERE signed;
CREATE TRIGGER signature_only_grows BEFORE UPDATE OR DELETE ON signature
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
