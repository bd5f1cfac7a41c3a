-- How the customer took the decision, who was fed back to at the same moment, and the formalities that follow (R-4.27 …
-- R-4.30, CL-8): until now a line in the history. And downgrades of difficult and major complaints, which one person could
-- do alone (F-47).

ALTER TABLE ticket ADD COLUMN told_means text
    CHECK (told_means IN ('handed_over', 'posted', 'emailed', 'texted', 'dialled'));
ALTER TABLE ticket ADD COLUMN told_proof text CHECK (length(told_proof) <= 2000);
ALTER TABLE ticket ADD COLUMN answer_accepted boolean;

CREATE TABLE feedback (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    audience text NOT NULL CHECK (audience IN ('department', 'committee', 'upper_company')),
    organisation_id text NOT NULL REFERENCES organisation,
    department text CHECK (department IN ('sales', 'sales_inspection', 'business_management', 'finance', 'it',
        'customer_service', 'compliance')),
    given_at timestamptz NOT NULL,
    given_by text NOT NULL,
    seen_at timestamptz,
    seen_by text,
    CHECK ((audience = 'department') = (department IS NOT NULL)),
    CHECK ((seen_at IS NULL) = (seen_by IS NULL))
);
CREATE UNIQUE INDEX feedback_once ON feedback (ticket_id, audience, organisation_id, COALESCE(department, ''));
CREATE INDEX feedback_given ON feedback (given_at, id);
CREATE INDEX feedback_unseen ON feedback (organisation_id, given_at, id) WHERE seen_at IS NULL;

CREATE TABLE formality (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    duty text NOT NULL CHECK (length(duty) BETWEEN 1 AND 2000),
    owner_id uuid NOT NULL REFERENCES app_user,
    due_day date NOT NULL,
    added_by text NOT NULL,
    added_at timestamptz NOT NULL,
    done_at timestamptz,
    done_by text,
    result text CHECK (length(result) BETWEEN 1 AND 20000),
    version integer NOT NULL DEFAULT 1,
    CHECK ((done_at IS NULL) = (done_by IS NULL) AND (done_at IS NULL) = (result IS NULL))
);
CREATE INDEX formality_ticket ON formality (ticket_id, due_day);
CREATE INDEX formality_due ON formality (due_day, id);
CREATE INDEX formality_open ON formality (due_day, id) WHERE done_at IS NULL;

CREATE TABLE downgrade (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    from_severity text NOT NULL CHECK (from_severity IN ('difficult', 'major')),
    to_severity text NOT NULL CHECK (to_severity IN ('general', 'difficult')),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    state text NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'approved', 'refused', 'withdrawn')),
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    answered_by text,
    answered_at timestamptz,
    remark text NOT NULL DEFAULT '' CHECK (length(remark) <= 2000),
    CHECK (from_severity <> to_severity),
    CHECK ((state = 'proposed') = (answered_at IS NULL) AND (answered_at IS NULL) = (answered_by IS NULL)),
    -- F-47: the second person is another one.
    CONSTRAINT downgrade_second_person CHECK (state NOT IN ('approved', 'refused') OR answered_by <> proposed_by)
);
CREATE UNIQUE INDEX downgrade_open ON downgrade (ticket_id) WHERE state = 'proposed';
CREATE INDEX downgrade_proposed ON downgrade (proposed_at, id);
CREATE INDEX downgrade_ticket ON downgrade (ticket_id, proposed_at);
