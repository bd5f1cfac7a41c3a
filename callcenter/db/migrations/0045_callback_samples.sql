-- Successful callbacks are sampled, by a seed so that anybody can draw again, and their policyholders rung again months later
-- by another agent: was it they who took the callback (C-24)? An impostor is a grave finding of the first callback.

ALTER TABLE script DROP CONSTRAINT script_purpose_check, ADD CONSTRAINT script_purpose_check CHECK (purpose IN (
    'new_business', 'return_call', 'renewal', 'lapsed', 'surrender', 'claim', 'payment', 'departed_agent', 'recheck'));
ALTER TABLE scope_rule DROP CONSTRAINT scope_rule_purpose_check, ADD CONSTRAINT scope_rule_purpose_check CHECK (purpose IN (
    'new_business', 'return_call', 'renewal', 'lapsed', 'surrender', 'claim', 'payment', 'departed_agent', 'recheck'));
ALTER TABLE campaign DROP CONSTRAINT campaign_purpose_check, ADD CONSTRAINT campaign_purpose_check CHECK (purpose IN (
    'new_business', 'return_call', 'renewal', 'lapsed', 'surrender', 'claim', 'payment', 'departed_agent', 'recheck'));
ALTER TABLE callback_task
    DROP CONSTRAINT callback_task_purpose_check,
    DROP CONSTRAINT callback_task_source_check,
    ADD CONSTRAINT callback_task_purpose_check CHECK (purpose IN ('new_business', 'return_call', 'renewal', 'lapsed',
        'surrender', 'claim', 'payment', 'departed_agent', 'recheck')),
    ADD CONSTRAINT callback_task_source_check CHECK (source IN ('import', 'scope', 'overflow', 'lost_call', 'sample')),
    ADD CONSTRAINT callback_task_of_sample CHECK ((source = 'sample') = (purpose = 'recheck')),
    ADD COLUMN barred uuid[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN callback_task.barred IS 'who may not dial it: of a re-call whoever talked on the first callback (C-24)';
CREATE INDEX callback_task_successful ON callback_task (completed_at, id) WHERE result = 'successful';

INSERT INTO script (version, name, purpose, steps, state, created_by, created_at, changed_by, changed_at, published_by,
    published_at)
VALUES ('recheck-1', '回访真实性复核问卷', 'recheck', $json$[
{"code": "announcement", "kind": "announcement", "rule": "E-13",
 "zh": "您好，这里是{{company}}客户服务。为核实此前回访的真实性，本次通话将全程录音；您可随时致电95519查询、更正个人信息或提出异议。",
 "en": "Good day, this is the customer service of {{company}}. To verify an earlier callback this call is recorded; you may call 95519 at any time to see or correct your data or to object."},
{"code": "identity", "kind": "question", "rule": "C-5",
 "zh": "请问您是投保人本人吗？请您说出完整的出生日期。",
 "en": "Are you the policyholder? Please tell me your full date of birth.",
 "branches": {"no": "not_the_policyholder", "unclear": "not_the_policyholder"}},
{"code": "took_callback", "kind": "question", "rule": "C-24",
 "zh": "您投保{{product}}后，我公司的回访电话是由您本人接听的吗？",
 "en": "After you bought {{product}}, was it you who took our callback?"},
{"code": "answers_own", "kind": "question", "rule": "C-24",
 "zh": "当时回访中的回答是您本人的真实意思吗？",
 "en": "Were the answers in that callback your own true will?"},
{"code": "goodbye", "kind": "statement", "next": "end",
 "zh": "感谢您的配合，如有疑问请随时致电95519，再见。",
 "en": "Thank you. If you have questions, call 95519 at any time. Goodbye."},
{"code": "not_the_policyholder", "kind": "statement", "next": "end",
 "zh": "抱歉打扰，我们将另行联系投保人本人，再见。",
 "en": "I am sorry to have disturbed you; we shall try the policyholder again. Goodbye."}
]$json$, 'published', 'system:shipped', '2026-01-01 00:00+08', 'system:shipped', '2026-01-01 00:00+08', 'system:shipped',
    '2026-01-01 00:00+08');

CREATE TABLE callback_sample (
    id uuid PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation,
    first_day date NOT NULL,
    last_day date NOT NULL,
    agent_id uuid REFERENCES app_user,
    seed text NOT NULL CHECK (seed <> '' AND length(seed) <= 100),
    wanted integer NOT NULL CHECK (wanted BETWEEN 1 AND 5000),
    after_days integer NOT NULL CHECK (after_days BETWEEN 0 AND 3660),
    population integer NOT NULL CHECK (population >= 0),
    population_sha256 text NOT NULL,
    drawn_by text NOT NULL,
    drawn_at timestamptz NOT NULL,
    CHECK (first_day <= last_day)
);
COMMENT ON COLUMN callback_sample.population IS 'successful callbacks by telephone completed on these days and in no earlier sample';
COMMENT ON COLUMN callback_sample.after_days IS 'how many days after the first callback the policyholder is rung again';
CREATE INDEX callback_sample_of ON callback_sample (organisation_id, drawn_at, id);

CREATE TABLE callback_sample_item (
    sample_id uuid NOT NULL REFERENCES callback_sample,
    place integer NOT NULL CHECK (place > 0),
    task_id uuid NOT NULL UNIQUE REFERENCES callback_task,
    attempt_id uuid NOT NULL REFERENCES callback_attempt,
    agent_id uuid NOT NULL REFERENCES app_user,
    recheck_id uuid UNIQUE REFERENCES callback_task,
    result text CHECK (result IN ('genuine', 'impostor', 'unclear', 'not_reached')),
    note text CHECK (length(note) <= 20000),
    ticket_id uuid REFERENCES ticket,
    judged_by text,
    judged_at timestamptz,
    PRIMARY KEY (sample_id, place),
    CONSTRAINT callback_sample_judged CHECK ((result IS NULL) = (judged_at IS NULL)
        AND (result IS NULL) = (judged_by IS NULL)),
    CONSTRAINT callback_sample_impostor CHECK ((result IS NOT DISTINCT FROM 'impostor') = (ticket_id IS NOT NULL))
);
COMMENT ON COLUMN callback_sample_item.attempt_id IS 'the conversation that was sampled; agent_id: who dialled it';
COMMENT ON COLUMN callback_sample_item.result IS 'where nobody said it, what the re-call came to tells';
CREATE INDEX callback_sample_item_ticket ON callback_sample_item (ticket_id) WHERE ticket_id IS NOT NULL;
CREATE TRIGGER callback_sample_item_stands BEFORE UPDATE ON callback_sample_item FOR EACH ROW
    WHEN (OLD.result IS NOT NULL) EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER callback_sample_item_is_not_deleted BEFORE DELETE ON callback_sample_item
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();

-- Whoever talked on the first callback does not ring again, whatever picks the task (C-24).
CREATE FUNCTION cc_recheck_by_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM callback_task t WHERE t.id = NEW.task_id AND NEW.user_id = ANY(t.barred)) THEN
        RAISE EXCEPTION 'this agent may not dial task %', NEW.task_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'callback_attempt_by_another';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER callback_attempt_by_another BEFORE INSERT ON callback_attempt
    FOR EACH ROW EXECUTE FUNCTION cc_recheck_by_another();

-- The queue of findings that have not ended, and a finding's kind.
CREATE INDEX ticket_open_findings ON ticket (accepting_organisation_id, received_at, id)
    WHERE nature = 'callback_finding' AND closed_at IS NULL;
