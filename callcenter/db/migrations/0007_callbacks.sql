-- Callback (回访) campaigns, their tasks, each dialling, and what the customer answered. Tickets that came of a task
-- name it (ticket.callback_task_id).

CREATE TABLE campaign (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    organisation_id text NOT NULL REFERENCES organisation,
    purpose text NOT NULL CHECK (purpose IN ('new_business', 'return_call')),
    script_version text,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    CHECK ((purpose = 'new_business') = (script_version IS NOT NULL))
);

CREATE TABLE callback_task (
    id uuid PRIMARY KEY,
    campaign_id uuid REFERENCES campaign,
    purpose text NOT NULL CHECK (purpose IN ('new_business', 'return_call')),
    source text NOT NULL CHECK (source IN ('import', 'overflow', 'lost_call')),
    source_call_id uuid UNIQUE,
    organisation_id text NOT NULL REFERENCES organisation,
    customer_id uuid REFERENCES customer,
    policy_id uuid REFERENCES policy,
    number text NOT NULL CHECK (number ~ '^\+?[0-9]{3,20}$'),
    script_version text,
    sale_recorded boolean NOT NULL DEFAULT false,
    wish text,
    state text NOT NULL CHECK (state IN ('waiting', 'dialling', 'talking', 'concluding', 'otherwise', 'done')),
    not_before timestamptz NOT NULL,
    chosen_at timestamptz,
    due_at timestamptz,
    cooling_off_assumed boolean NOT NULL DEFAULT false,
    late boolean NOT NULL DEFAULT false,
    result text CHECK (result IN ('successful', 'problem', 'not_completed', 'served', 'by_letter', 'by_visit', 'withdrawn')),
    note text,
    concluded_by text,
    concluded_at timestamptz,
    created_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    UNIQUE (campaign_id, policy_id),
    CONSTRAINT no_task_leaves_without_outcome CHECK ((state = 'done') = (result IS NOT NULL AND concluded_at IS NOT NULL)),
    CHECK ((purpose = 'new_business') = (script_version IS NOT NULL)),
    CHECK ((source = 'import') = (campaign_id IS NOT NULL)),
    CHECK ((source = 'import') = (source_call_id IS NULL))
);
COMMENT ON COLUMN callback_task.cooling_off_assumed IS 'due_at rests on the shortest period there is: its length is not known (C-4)';
COMMENT ON COLUMN callback_task.late IS 'made, or its customer reached, after due_at (C-21)';
-- A policy is called back for one purpose by one campaign at a time.
CREATE UNIQUE INDEX callback_task_one_of_policy ON callback_task (policy_id, purpose) WHERE state <> 'done';
CREATE INDEX callback_task_board ON callback_task (state, id) WHERE state <> 'done';
CREATE INDEX callback_task_campaign ON callback_task (campaign_id, id);
CREATE INDEX callback_task_customer ON callback_task (customer_id, id);
CREATE INDEX callback_task_organisation ON callback_task (organisation_id, id);

-- An attempt's id is its call's id, and its channel is cb-<id>: committed with a lease before anything is dialled.
CREATE TABLE callback_attempt (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES callback_task,
    request_key uuid NOT NULL UNIQUE,
    user_id uuid NOT NULL REFERENCES app_user,
    number text NOT NULL,
    agent_endpoint text NOT NULL,
    requested_at timestamptz NOT NULL,
    claims integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    originated_at timestamptz,
    answered_at timestamptz,
    ended_at timestamptz,
    outcome text CHECK (outcome IN ('answered', 'busy', 'no_answer', 'refused', 'failed', 'broken_off', 'lost')),
    cause text,
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX callback_attempt_task ON callback_attempt (task_id, id);
CREATE INDEX callback_attempt_user ON callback_attempt (user_id, id);
CREATE UNIQUE INDEX callback_attempt_one_of_task ON callback_attempt (task_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX callback_attempt_one_of_user ON callback_attempt (user_id) WHERE ended_at IS NULL;

-- Every answer as it was given; a corrected answer is a new row, the latest counts.
CREATE TABLE callback_answer (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES callback_task,
    attempt_id uuid NOT NULL REFERENCES callback_attempt,
    script_version text NOT NULL,
    question text NOT NULL,
    answer text NOT NULL CHECK (answer IN ('yes', 'no', 'unclear', 'not_applicable')),
    note text,
    actor text NOT NULL,
    at timestamptz NOT NULL,
    second numeric(10, 3),
    live boolean NOT NULL
);
CREATE INDEX callback_answer_task ON callback_answer (task_id, question, id DESC);
CREATE TRIGGER callback_answer_only_grows BEFORE UPDATE OR DELETE ON callback_answer
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER callback_answer_not_emptied BEFORE TRUNCATE ON callback_answer
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();
