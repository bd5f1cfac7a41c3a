-- When a callback task is dialled next and by whom, what a dialling can come to, and how tries are planned: as data with
-- versions, so that a plan in use never changes (C-11, C-12, C-17 … C-19).

CREATE TABLE attempt_plan (
    version text PRIMARY KEY CHECK (version ~ '^[a-z0-9][a-z0-9.-]{0,39}$'),
    name text NOT NULL CHECK (name <> ''),
    tries integer NOT NULL CHECK (tries BETWEEN 1 AND 20),
    days integer NOT NULL CHECK (days BETWEEN 1 AND 10),
    bands integer NOT NULL CHECK (bands BETWEEN 1 AND 3),
    outside_office integer NOT NULL CHECK (outside_office BETWEEN 0 AND 10),
    most_a_day integer NOT NULL CHECK (most_a_day BETWEEN 1 AND 10),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    CHECK (days <= tries AND bands <= tries AND outside_office <= tries AND tries <= days * most_a_day)
);
COMMENT ON TABLE attempt_plan IS 'what must be tried before a letter or a visit takes over (C-17), by version; the newest is for new campaigns';
CREATE TRIGGER attempt_plan_only_grows BEFORE UPDATE OR DELETE ON attempt_plan
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER attempt_plan_not_emptied BEFORE TRUNCATE ON attempt_plan
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();

CREATE TABLE attempt_plan_rule (
    version text NOT NULL REFERENCES attempt_plan,
    outcome text NOT NULL CHECK (outcome IN (
        'answered', 'busy', 'no_answer', 'refused', 'failed', 'broken_off', 'lost', 'wrong_number', 'power_off',
        'not_policyholder', 'call_again', 'machine', 'abandoned', 'not_dialled')),
    wait_minutes integer NOT NULL CHECK (wait_minutes BETWEEN 0 AND 20160),
    other_band boolean NOT NULL,
    number text NOT NULL CHECK (number IN ('same', 'next', 'strike')),
    PRIMARY KEY (version, outcome)
);
COMMENT ON TABLE attempt_plan_rule IS 'after a dialling that came to `outcome`: how long to wait, whether in another band of the day, and which number then; `strike`: this one never again';
CREATE TRIGGER attempt_plan_rule_only_grows BEFORE UPDATE OR DELETE ON attempt_plan_rule
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER attempt_plan_rule_not_emptied BEFORE TRUNCATE ON attempt_plan_rule
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();

INSERT INTO attempt_plan VALUES ('2026-1', '默认计划', 3, 2, 2, 1, 3, 'system', '2026-11-01 00:00:00+08');
INSERT INTO attempt_plan_rule VALUES
    ('2026-1', 'answered', 120, true, 'same'),
    ('2026-1', 'busy', 30, false, 'same'),
    ('2026-1', 'no_answer', 120, true, 'next'),
    ('2026-1', 'refused', 240, true, 'same'),
    ('2026-1', 'failed', 30, false, 'next'),
    ('2026-1', 'broken_off', 120, true, 'same'),
    ('2026-1', 'lost', 10, false, 'same'),
    ('2026-1', 'wrong_number', 10, false, 'strike'),
    ('2026-1', 'power_off', 240, true, 'next'),
    ('2026-1', 'not_policyholder', 120, true, 'same'),
    ('2026-1', 'call_again', 120, true, 'same'),
    ('2026-1', 'machine', 120, true, 'next'),
    ('2026-1', 'abandoned', 10, false, 'same'),
    ('2026-1', 'not_dialled', 0, false, 'same');

-- How a campaign is dialled; without a row: by preview, every agent for himself.
CREATE TABLE campaign_dialling (
    campaign_id uuid PRIMARY KEY REFERENCES campaign,
    mode text NOT NULL CHECK (mode IN ('preview', 'progressive')),
    detects_machines boolean NOT NULL DEFAULT false,
    trunk text,
    plan_version text NOT NULL REFERENCES attempt_plan,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1
);
COMMENT ON COLUMN campaign_dialling.trunk IS 'one of the trunks of the settings (calling.trunks); null: the first of them';

ALTER TABLE callback_task
    ADD COLUMN numbers text[] NOT NULL DEFAULT '{}',
    ADD COLUMN priority smallint NOT NULL DEFAULT 0 CHECK (priority BETWEEN -9 AND 9),
    ADD COLUMN begin_by timestamptz,
    ADD COLUMN planned_by text,
    ADD COLUMN appointment_of uuid REFERENCES app_user,
    ADD COLUMN locked_by uuid REFERENCES app_user,
    ADD COLUMN locked_until timestamptz,
    ADD COLUMN handed_over_by text,
    ADD CHECK ((locked_by IS NULL) = (locked_until IS NULL)),
    ADD CHECK (appointment_of IS NULL OR chosen_at IS NOT NULL);
COMMENT ON COLUMN callback_task.numbers IS 'numbers held at underwriting in the order in which they are tried (C-12); `number` is the one that is next';
COMMENT ON COLUMN callback_task.begin_by IS 'the latest moment of the first try that leaves room for the tries of C-17 before due_at';
COMMENT ON COLUMN callback_task.planned_by IS 'what not_before comes from: `<plan version>:<outcome>`, appointment, or no_number_left';
COMMENT ON COLUMN callback_task.appointment_of IS 'who promised to ring at chosen_at; null: the team';
COMMENT ON COLUMN callback_task.locked_by IS 'whose task it is until locked_until; handed_over_by: who gave it to him';
-- The next task to be dialled, in the order in which they are due: appointments first, then by priority and day due.
CREATE INDEX callback_task_next ON callback_task ((chosen_at IS NULL), priority DESC, due_at, id) WHERE state = 'waiting';

ALTER TABLE callback_attempt
    DROP CONSTRAINT callback_attempt_outcome_check,
    ADD CONSTRAINT callback_attempt_outcome_check CHECK (outcome IN (
        'answered', 'busy', 'no_answer', 'refused', 'failed', 'broken_off', 'lost', 'wrong_number', 'power_off',
        'not_policyholder', 'call_again', 'machine', 'abandoned', 'not_dialled')),
    ADD COLUMN mode text NOT NULL DEFAULT 'preview' CHECK (mode IN ('preview', 'progressive')),
    ADD COLUMN trunk text,
    ADD COLUMN is_machine boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN callback_attempt.is_machine IS 'the switch took who answered for a machine (AMD)';
CREATE INDEX callback_attempt_open ON callback_attempt (id) WHERE ended_at IS NULL;

-- Whose sales a person of ours made (policy.salesperson): never rung by him (C-11).
ALTER TABLE app_user ADD COLUMN sells_as text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN app_user.sells_as IS 'how the core system names this person as a salesperson (policy.salesperson), beside login and name (C-11)';
