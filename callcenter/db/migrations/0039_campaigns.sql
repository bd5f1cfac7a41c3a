-- Campaigns that are run, paused and stopped, for every purpose of C-22; scripts and scope rules as data with versions;
-- and what callbacks need to know of a policy to say whether, for what and by when its customer is rung.

CREATE TABLE script (
    version text PRIMARY KEY CHECK (version ~ '^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$'),
    name text NOT NULL CHECK (name <> ''),
    purpose text NOT NULL CHECK (purpose IN ('new_business', 'return_call', 'renewal', 'lapsed', 'surrender', 'claim',
        'payment', 'departed_agent')),
    simplified boolean NOT NULL DEFAULT false,
    steps jsonb NOT NULL CHECK (jsonb_typeof(steps) = 'array'),
    state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'published')),
    revision integer NOT NULL DEFAULT 1,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    published_by text,
    published_at timestamptz,
    CONSTRAINT script_published CHECK ((state = 'published') = (published_at IS NOT NULL AND published_by IS NOT NULL))
);
COMMENT ON COLUMN script.simplified IS 'for sales that were recorded and confirmed, of products whose switch is on (C-23)';
CREATE INDEX script_latest ON script (purpose, simplified, published_at DESC) WHERE state = 'published';
CREATE INDEX script_created ON script (created_at DESC, version);

CREATE FUNCTION cc_script_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'published' THEN
        RAISE EXCEPTION 'a published script is never changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER script_is_not_changed BEFORE UPDATE ON script FOR EACH ROW EXECUTE FUNCTION cc_script_stays();
CREATE TRIGGER script_is_not_deleted BEFORE DELETE ON script FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER script_is_not_emptied BEFORE TRUNCATE ON script FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();

-- The first version: the Basic Service Rules for Life Insurance (2010 No. 4, art. 15), with the two questions on
-- recorded sales (2017 [54], art. 11) and what is told to whoever was misled about health insurance (2019 No. 3, art. 44).
INSERT INTO script (version, name, purpose, steps, state, created_by, created_at, changed_by, changed_at, published_by,
    published_at)
VALUES ('2010-4.1', '新单回访标准问卷', 'new_business', $json$[
{"code": "announcement", "kind": "announcement", "rule": "E-13",
 "zh": "您好，这里是{{company}}客户回访。为核实承保情况、保障您的权益，本次通话将全程录音；您可随时致电95519查询、更正个人信息或提出异议。",
 "en": "Good day, this is the callback service of {{company}}. To verify your policy and protect your rights this call is recorded; you may call 95519 at any time to see or correct your data or to object."},
{"code": "identity", "kind": "question", "rule": "C-6(1)",
 "zh": "请问您是投保人本人吗？请您说出完整的出生日期。",
 "en": "Are you the policyholder? Please tell me your full date of birth.",
 "branches": {"no": "not_the_policyholder", "unclear": "not_the_policyholder"}},
{"code": "signed_personally", "kind": "question", "rule": "C-6(2)",
 "zh": "您购买了{{product}}，投保单是由您和被保险人亲笔签名的吗？",
 "en": "You bought {{product}}: did you and the insured sign the application personally?"},
{"code": "read_and_understood", "kind": "question", "rule": "C-6(3)",
 "zh": "您阅读并理解了产品说明书和投保提示的内容吗？",
 "en": "Have you read and understood the product booklet and the application reminder?"},
{"code": "cover_known", "kind": "question", "rule": "C-6(4)",
 "zh": "您知道保险责任、责任免除和保险期间吗？",
 "en": "Do you know what is covered, what is excluded and for how long?"},
{"code": "surrender_loss_known", "kind": "question", "rule": "C-6(5)",
 "zh": "您知道退保可能会有损失吗？",
 "en": "Do you know that surrendering the policy may mean a loss?"},
{"code": "cooling_off_known", "kind": "question", "rule": "C-6(6)",
 "zh": "您的保单于{{received_on}}签收，犹豫期至{{cooling_off_ends_on}}止。您知道犹豫期的起算时间、期间以及享有的权利吗？",
 "en": "You signed for your policy on {{received_on}}, the cooling-off period ends with {{cooling_off_ends_on}}. Do you know when it starts, how long it is and what you may do in it?"},
{"code": "paying_period_known", "kind": "question", "rule": "C-6(7)", "may_not_apply": true, "when": ["instalment"],
 "zh": "您的保险费为{{premium}}元，{{payment}}，交费期间{{paying_years}}年。您知道交费期间和交费频率吗？",
 "en": "Your premium is {{premium}} yuan, paid {{payment}} for {{paying_years}} years. Do you know for how long and how often you pay?"},
{"code": "sale_recorded", "kind": "question", "rule": "C-7(1)", "when": ["sale_recorded"],
 "zh": "销售过程是否进行了录音录像？",
 "en": "Was the sale recorded in sound and picture?"},
{"code": "recorded_statements_true", "kind": "question", "rule": "C-7(2)", "when": ["sale_recorded"],
 "zh": "录音录像中的陈述是您的真实意思表示吗？",
 "en": "Were your statements in that recording your true will?"},
{"code": "right_to_rescind", "kind": "statement", "rule": "C-15", "when": ["long_term_health", "objected"],
 "zh": "刚才您提到的情况我来为您说明。如果销售过程中存在误导，您有权解除保险合同；在犹豫期内解除的，我们退还您交纳的全部保险费。",
 "en": "Let me explain what you have just raised. If you were misled at the sale you have the right to rescind the contract; within the cooling-off period you get all premiums back."},
{"code": "refund_extended", "kind": "statement", "rule": "C-21", "when": ["late", "refund_extended"],
 "zh": "本次回访晚于犹豫期，自今日起{{extension_days}}日内您仍可要求全额退还保险费。",
 "en": "This callback comes after the cooling-off period: for {{extension_days}} days from today you may still ask for all premiums back."},
{"code": "goodbye", "kind": "statement", "next": "end",
 "zh": "感谢您的配合，如有疑问请随时致电95519，再见。",
 "en": "Thank you. If you have questions, call 95519 at any time. Goodbye."},
{"code": "not_the_policyholder", "kind": "statement", "next": "end",
 "zh": "抱歉打扰，我们将另行联系投保人本人，再见。",
 "en": "I am sorry to have disturbed you; we shall try the policyholder again. Goodbye."}
]$json$, 'published', 'system:shipped', '2026-01-01 00:00+08', 'system:shipped', '2026-01-01 00:00+08', 'system:shipped',
    '2026-01-01 00:00+08');

-- Each row the whole rule of a purpose, in force from its day until the next; before the first the shipped one.
CREATE TABLE scope_rule (
    id uuid PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('new_business', 'return_call', 'renewal', 'lapsed', 'surrender', 'claim',
        'payment', 'departed_agent')),
    valid_from date NOT NULL,
    rule jsonb NOT NULL CHECK (jsonb_typeof(rule) = 'object'),
    reason text NOT NULL CHECK (reason <> '' AND length(reason) <= 200),
    published_at timestamptz NOT NULL,
    published_by text NOT NULL,
    place bigint GENERATED ALWAYS AS IDENTITY UNIQUE -- of two for one day the later one holds
);
CREATE INDEX scope_rule_in_force ON scope_rule (purpose, valid_from DESC, place DESC);
CREATE TRIGGER scope_rule_only_grows BEFORE UPDATE OR DELETE ON scope_rule
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();

-- Which products may be called back in the simplified way (C-23): none until switched on.
CREATE TABLE product_switch (
    product_name text PRIMARY KEY CHECK (product_name <> ''),
    simplified boolean NOT NULL,
    reason text NOT NULL CHECK (reason <> '' AND length(reason) <= 200),
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL
);

ALTER TABLE campaign
    DROP CONSTRAINT campaign_purpose_check,
    DROP CONSTRAINT campaign_check,
    ADD CONSTRAINT campaign_purpose_check CHECK (purpose IN ('new_business', 'return_call', 'renewal', 'lapsed',
        'surrender', 'claim', 'payment', 'departed_agent')),
    ADD CONSTRAINT campaign_script CHECK (purpose <> 'new_business' OR script_version IS NOT NULL),
    ADD FOREIGN KEY (script_version) REFERENCES script,
    ADD COLUMN simplified_version text REFERENCES script,
    ADD COLUMN products text[] NOT NULL DEFAULT '{}',
    ADD COLUMN channels text[] NOT NULL DEFAULT '{}'
        CHECK (channels <@ ARRAY['agent', 'bank', 'telesales', 'internet', 'broker', 'group']),
    ADD COLUMN regions text[] NOT NULL DEFAULT '{}',
    ADD COLUMN automatic boolean NOT NULL DEFAULT true,
    ADD COLUMN extension_days integer CHECK (extension_days BETWEEN 1 AND 60),
    ADD COLUMN state text NOT NULL DEFAULT 'running'
        CHECK (state IN ('draft', 'running', 'paused', 'stopped', 'finished')),
    ADD COLUMN version integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN campaign.regions IS 'organisations whose policies, and those of all below, it takes; none: all of its own organisation';
COMMENT ON COLUMN campaign.extension_days IS 'days for which a late callback extends the full refund (C-21); none: it does not';
CREATE INDEX campaign_state ON campaign (state, purpose, id);

CREATE TABLE campaign_change (
    id uuid PRIMARY KEY,
    campaign_id uuid NOT NULL REFERENCES campaign,
    action text NOT NULL CHECK (action IN ('create', 'edit', 'start', 'pause', 'resume', 'stop', 'finish')),
    state text NOT NULL CHECK (state IN ('draft', 'running', 'paused', 'stopped', 'finished')),
    reason text CHECK (reason <> '' AND length(reason) <= 2000),
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    version integer NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    UNIQUE (campaign_id, version)
);
CREATE TRIGGER campaign_change_only_grows BEFORE UPDATE OR DELETE ON campaign_change
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();

ALTER TABLE callback_task
    DROP CONSTRAINT callback_task_purpose_check,
    DROP CONSTRAINT callback_task_source_check,
    DROP CONSTRAINT callback_task_check,
    DROP CONSTRAINT callback_task_check1,
    DROP CONSTRAINT callback_task_check2,
    ADD CONSTRAINT callback_task_purpose_check CHECK (purpose IN ('new_business', 'return_call', 'renewal', 'lapsed',
        'surrender', 'claim', 'payment', 'departed_agent')),
    ADD CONSTRAINT callback_task_source_check CHECK (source IN ('import', 'scope', 'overflow', 'lost_call')),
    ADD CONSTRAINT callback_task_script CHECK (purpose <> 'new_business' OR script_version IS NOT NULL),
    ADD CONSTRAINT callback_task_of_campaign CHECK ((source IN ('import', 'scope')) = (campaign_id IS NOT NULL)),
    ADD CONSTRAINT callback_task_of_call CHECK ((source IN ('overflow', 'lost_call')) = (source_call_id IS NOT NULL)),
    ADD FOREIGN KEY (script_version) REFERENCES script,
    ADD COLUMN conditions text[] NOT NULL DEFAULT '{}'
        CHECK (conditions <@ ARRAY['sale_recorded', 'instalment', 'long_term_health', 'refund_extended', 'late',
            'objected']),
    DROP COLUMN sale_recorded;
COMMENT ON COLUMN callback_task.conditions IS 'what held of the policy when the task was made: which steps of its script are for it';
CREATE INDEX callback_task_policy ON callback_task (policy_id, purpose);
CREATE INDEX callback_task_progress ON callback_task (campaign_id, state, result, late);
ALTER TABLE callback_answer ADD FOREIGN KEY (script_version) REFERENCES script;

ALTER TABLE customer ADD COLUMN core_number text UNIQUE CHECK (core_number <> '');
COMMENT ON COLUMN customer.core_number IS 'the customer''s number in the core system, by which a policy pushed finds its holder';

ALTER TABLE policy
    ADD COLUMN group_business boolean NOT NULL DEFAULT false,
    ADD COLUMN sale_recorded boolean,
    ADD COLUMN premium_due_on date,
    ADD COLUMN lapsed_on date,
    ADD COLUMN surrendered_on date,
    ADD COLUMN claim_settled_on date,
    ADD COLUMN paid_out_on date,
    ADD COLUMN salesperson_left_on date,
    ADD COLUMN core_changed_at timestamptz,
    ADD COLUMN pushed_at timestamptz;
COMMENT ON COLUMN policy.sale_recorded IS 'the sale was recorded and its content confirmed, as the core system has it; null: not known (C-7, C-23)';
COMMENT ON COLUMN policy.premium_due_on IS 'since when a renewal premium is unpaid; null: none is (C-22)';
COMMENT ON COLUMN policy.core_changed_at IS 'when the core system changed it last: what it sent before that is not taken any more';
CREATE INDEX policy_received ON policy (received_on, id) WHERE received_on IS NOT NULL;
CREATE INDEX policy_issued ON policy (issued_on, id);
CREATE INDEX policy_premium_due ON policy (premium_due_on, id) WHERE premium_due_on IS NOT NULL;
CREATE INDEX policy_lapsed ON policy (lapsed_on, id) WHERE lapsed_on IS NOT NULL;
CREATE INDEX policy_surrendered ON policy (surrendered_on, id) WHERE surrendered_on IS NOT NULL;
CREATE INDEX policy_claim_settled ON policy (claim_settled_on, id) WHERE claim_settled_on IS NOT NULL;
CREATE INDEX policy_paid_out ON policy (paid_out_on, id) WHERE paid_out_on IS NOT NULL;
CREATE INDEX policy_salesperson_left ON policy (salesperson_left_on, id) WHERE salesperson_left_on IS NOT NULL;
