-- Reviews (核查, not quality review): a customer who disagrees with a branch's decision asks the organisation above, which
-- until now left no trace (L-29, N-7, F-19). And cases supervised from above, audited again and returned to the original
-- organisation with a guiding opinion (R-3.14, R-3.20): the ticket itself stays as it is (B-2).

CREATE TABLE review_request (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    place integer NOT NULL CHECK (place > 0), -- of the ticket's reviews
    organisation_id text NOT NULL REFERENCES organisation, -- who reviews
    state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'decided', 'told', 'withdrawn')),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 20000),
    decision_received_at timestamptz NOT NULL,
    asked_at timestamptz NOT NULL,
    until_day date NOT NULL, -- the last day to ask (L-29)
    late boolean NOT NULL,
    late_reason text NOT NULL DEFAULT '' CHECK (length(late_reason) <= 2000),
    clock_cycle integer NOT NULL,
    assignee_id uuid REFERENCES app_user,
    outcome text CHECK (outcome IN ('upheld', 'changed', 'returned')),
    opinion text CHECK (length(opinion) BETWEEN 1 AND 20000),
    decided_at timestamptz,
    decided_by text,
    told_at timestamptz,
    told_by text,
    means text CHECK (means IN ('handed_over', 'posted', 'emailed', 'texted', 'dialled')),
    proof text CHECK (length(proof) BETWEEN 1 AND 2000),
    withdrawn_why text CHECK (length(withdrawn_why) BETWEEN 1 AND 2000),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_how text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    UNIQUE (ticket_id, place),
    CONSTRAINT review_request_late CHECK (NOT late OR late_reason <> ''),
    CONSTRAINT review_request_decided CHECK (
        (decided_at IS NOT NULL) = (state IN ('decided', 'told')) AND (decided_at IS NULL) = (outcome IS NULL)
        AND (decided_at IS NULL) = (opinion IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)),
    CONSTRAINT review_request_told CHECK (
        (told_at IS NOT NULL) = (state = 'told') AND (told_at IS NULL) = (means IS NULL)
        AND (told_at IS NULL) = (proof IS NULL) AND (told_at IS NULL) = (told_by IS NULL) AND told_at >= decided_at),
    CONSTRAINT review_request_withdrawn CHECK ((withdrawn_why IS NOT NULL) = (state = 'withdrawn'))
);
CREATE UNIQUE INDEX review_request_once ON review_request (ticket_id, organisation_id) WHERE state <> 'withdrawn';
CREATE INDEX review_request_asked ON review_request (asked_at, id);
CREATE INDEX review_request_open ON review_request (organisation_id, asked_at, id) WHERE state IN ('asked', 'decided');

-- Findings that differ widely from the complaint: a person of the company above marks them (R-3.14); repeats and
-- escalations need no mark.
CREATE TABLE supervision_mark (
    ticket_id uuid PRIMARY KEY REFERENCES ticket,
    organisation_id text NOT NULL REFERENCES organisation,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    marked_by text NOT NULL,
    marked_at timestamptz NOT NULL
);

-- A case the company above audited again and returned, with its guiding opinion, until what was found is accepted (R-3.20).
CREATE TABLE reinvestigation (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    review_id uuid REFERENCES review_request,
    ground text NOT NULL CHECK (ground IN ('repeat', 'escalation', 'findings_differ', 'review')),
    organisation_id text NOT NULL REFERENCES organisation,
    returned_to text NOT NULL REFERENCES organisation,
    department text CHECK (department IN ('sales', 'sales_inspection', 'business_management', 'finance', 'it',
        'customer_service', 'compliance')),
    state text NOT NULL DEFAULT 'returned' CHECK (state IN ('returned', 'reported', 'concluded')),
    guidance text NOT NULL CHECK (length(guidance) BETWEEN 1 AND 20000),
    due_day date NOT NULL,
    returned_by text NOT NULL,
    returned_at timestamptz NOT NULL,
    result text CHECK (length(result) BETWEEN 1 AND 20000),
    reported_by text,
    reported_at timestamptz,
    conclusion text CHECK (length(conclusion) BETWEEN 1 AND 20000),
    concluded_by text,
    concluded_at timestamptz,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_how text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CHECK ((review_id IS NOT NULL) = (ground = 'review')),
    CHECK ((reported_at IS NULL) = (result IS NULL) AND (reported_at IS NULL) = (reported_by IS NULL)),
    CHECK (state = 'returned' OR reported_at IS NOT NULL),
    CHECK ((concluded_at IS NOT NULL) = (state = 'concluded') AND (concluded_at IS NULL) = (conclusion IS NULL)
        AND (concluded_at IS NULL) = (concluded_by IS NULL))
);
CREATE INDEX reinvestigation_ticket ON reinvestigation (ticket_id);
CREATE INDEX reinvestigation_due ON reinvestigation (due_day, id);
CREATE UNIQUE INDEX reinvestigation_open ON reinvestigation (ticket_id) WHERE state <> 'concluded';

-- The list of what is supervised: repeats and escalations, newest first.
CREATE INDEX ticket_supervised ON ticket (received_at, id) WHERE relation IN ('repeat', 'escalation');
