-- Who holds which post: the leading group of each company level (R-3.1), one coordinator of each department with a
-- delegate for a time (R-3.42, F-44), legal counsel (R-4.25); what may be settled within authority (R-2.18, R-3.29);
-- and the changes of post at counters, which the upper customer service hears of within 7 working days (R-3.35).

CREATE TABLE post (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation,
    kind text NOT NULL CHECK (kind IN ('executive', 'member', 'coordinator', 'counsel')),
    department text CHECK (department IN ('sales', 'sales_inspection', 'business_management', 'finance', 'it',
        'customer_service', 'compliance')),
    UNIQUE NULLS NOT DISTINCT (organisation_id, kind, department),
    CONSTRAINT post_department CHECK ((kind IN ('member', 'coordinator')) = (department IS NOT NULL))
);

-- Somebody's time on a post, from the day `since` to the day before `until`. A delegate acts in the holder's stead, so
-- that with no two holders and no two delegates on any day exactly one person acts.
CREATE TABLE tenure (
    id uuid PRIMARY KEY,
    post integer NOT NULL REFERENCES post,
    part text NOT NULL CHECK (part IN ('holder', 'delegate')),
    user_id uuid NOT NULL REFERENCES app_user,
    since date NOT NULL,
    until date CHECK (until >= since),
    remark text NOT NULL DEFAULT '' CHECK (length(remark) <= 2000),
    named_by text NOT NULL,
    named_at timestamptz NOT NULL,
    ended_by text,
    ended_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT tenure_delegate_has_an_end CHECK (part <> 'delegate' OR until IS NOT NULL),
    CONSTRAINT tenure_one_holder EXCLUDE USING gist
        (int4range(post, post, '[]') WITH &&, daterange(since, until) WITH &&) WHERE (part = 'holder'),
    CONSTRAINT tenure_one_delegate EXCLUDE USING gist
        (int4range(post, post, '[]') WITH &&, daterange(since, until) WITH &&) WHERE (part = 'delegate')
);
CREATE INDEX tenure_post ON tenure (post, since DESC);
CREATE INDEX tenure_user ON tenure (user_id, since DESC);

CREATE TABLE authority_limit (
    organisation_id text NOT NULL REFERENCES organisation,
    role text NOT NULL CHECK (role IN (
        'agent', 'callback_agent', 'handler', 'coordinator', 'department_head', 'legal', 'secretary', 'supervisor', 'qa',
        'auditor', 'admin', 'integrator')),
    amount numeric(14, 2) NOT NULL CHECK (amount >= 0),
    basis text NOT NULL CHECK (length(basis) BETWEEN 1 AND 200),
    set_by text NOT NULL,
    set_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (organisation_id, role)
);
COMMENT ON COLUMN authority_limit.amount IS 'yuan; up to and including';

CREATE TABLE post_change (
    id uuid PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation,
    duty text NOT NULL CHECK (duty IN ('handler', 'coordinator')),
    department text CHECK (department IN ('sales', 'sales_inspection', 'business_management', 'finance', 'it',
        'customer_service', 'compliance')),
    turn text NOT NULL CHECK (turn IN ('joined', 'left')),
    user_id uuid NOT NULL REFERENCES app_user,
    tenure_id uuid REFERENCES tenure,
    effective_day date NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    reported_by text,
    reported_at timestamptz,
    note text NOT NULL DEFAULT '' CHECK (length(note) <= 2000),
    received_by text,
    received_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    UNIQUE NULLS NOT DISTINCT (organisation_id, duty, department, turn, user_id, effective_day),
    CONSTRAINT post_change_reported CHECK ((reported_at IS NULL) = (reported_by IS NULL)),
    CONSTRAINT post_change_received CHECK ((received_at IS NULL) = (received_by IS NULL)
        AND (received_at IS NULL OR reported_at IS NOT NULL))
);
CREATE INDEX post_change_open ON post_change (effective_day, id) WHERE reported_at IS NULL;
CREATE INDEX post_change_organisation ON post_change (organisation_id, id);
