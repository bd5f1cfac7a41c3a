-- Calls, their legs, what happened on them, the audio segments expected of them; agents, their states and queues;
-- and what the reader of the switch's event log must remember. Only the telephony process writes a call's course.

CREATE TABLE call (
    id uuid PRIMARY KEY,
    cc_call text NOT NULL,
    direction text NOT NULL CHECK (direction IN ('inbound', 'callback', 'click')),
    state text NOT NULL CHECK (state IN ('ringing', 'ivr', 'queued', 'talking', 'ended')),
    state_at timestamptz NOT NULL,
    caller text CHECK (length(caller) <= 40),
    caller_name text CHECK (length(caller_name) <= 80),
    did text CHECK (length(did) <= 40),
    customer_id uuid,
    queue text,
    user_id uuid,
    started_at timestamptz NOT NULL,
    answered_at timestamptz,
    ended_at timestamptz,
    end_cause text,
    degraded boolean NOT NULL DEFAULT false,
    satisfaction smallint CHECK (satisfaction BETWEEN 1 AND 5),
    version integer NOT NULL DEFAULT 1,
    CHECK ((ended_at IS NULL) = (state <> 'ended'))
) PARTITION BY RANGE (id);
CREATE TABLE call_default PARTITION OF call DEFAULT;
CREATE INDEX call_live ON call (id) WHERE ended_at IS NULL;
CREATE INDEX call_caller ON call (caller, id);
CREATE INDEX call_customer ON call (customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX call_user ON call (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX call_nobodys ON call (id) WHERE user_id IS NULL AND direction = 'inbound';
CREATE INDEX call_dialled ON call (did, id) WHERE direction <> 'inbound';

CREATE TABLE call_leg (
    id uuid PRIMARY KEY,
    call_id uuid NOT NULL,
    channel_id text NOT NULL,
    channel_name text,
    role text NOT NULL CHECK (role IN ('customer', 'agent', 'consult', 'supervisor')),
    endpoint text,
    user_id uuid,
    started_at timestamptz NOT NULL,
    answered_at timestamptz,
    bridged boolean NOT NULL DEFAULT false,
    bridged_at timestamptz,
    ended_at timestamptz,
    cause text
) PARTITION BY RANGE (id);
COMMENT ON COLUMN call_leg.bridged_at IS 'when it last began or ceased to exchange audio with others; NULL: it never did';
CREATE TABLE call_leg_default PARTITION OF call_leg DEFAULT;
CREATE INDEX call_leg_call ON call_leg (call_id);
CREATE INDEX call_leg_user ON call_leg (user_id, call_id) WHERE user_id IS NOT NULL;

CREATE TABLE call_event (
    id uuid PRIMARY KEY,
    call_id uuid NOT NULL,
    at timestamptz NOT NULL,
    source text NOT NULL CHECK (source IN ('ari', 'cel', 'ami', 'agi', 'user')),
    kind text NOT NULL,
    channel_id text,
    details jsonb NOT NULL DEFAULT '{}'
) PARTITION BY RANGE (id);
CREATE TABLE call_event_default PARTITION OF call_event DEFAULT;
CREATE INDEX call_event_call ON call_event (call_id, at);

-- An agent asked to be connected with a number: written before anything is dialled, so that asking again dials nothing.
CREATE TABLE click (
    key uuid PRIMARY KEY,
    call_id uuid NOT NULL UNIQUE,
    user_id uuid NOT NULL REFERENCES app_user,
    endpoint text NOT NULL,
    number text NOT NULL CHECK (number ~ '^\+?[0-9]{3,20}$'),
    asked_at timestamptz NOT NULL,
    originated_at timestamptz
);

-- One continuous capture of a call's customer channel. The telephony process leads it to finished or lost;
-- the archive takes it from finished on.
CREATE TABLE segment (
    id uuid PRIMARY KEY,
    call_id uuid NOT NULL,
    seq integer NOT NULL CHECK (seq > 0),
    base text,
    state text NOT NULL CHECK (state IN ('expected', 'recording', 'finished', 'sealing', 'sealed', 'lost')),
    started_at timestamptz,
    ended_at timestamptz,
    expected_ms bigint CHECK (expected_ms >= 0),
    r_bytes bigint,
    t_bytes bigint,
    end_reason text CHECK (end_reason IN ('handler', 'hangup', 'asterisk_crash', 'never_started', 'vanished')),
    lost_reason text,
    UNIQUE (call_id, seq),
    CHECK ((state = 'lost') = (lost_reason IS NOT NULL))
);
CREATE INDEX segment_open ON segment (state, id) WHERE state NOT IN ('sealed', 'lost');

-- Both directions were silenced in the recording (card and identity numbers); the time base goes on.
CREATE TABLE mute_interval (
    id uuid PRIMARY KEY,
    call_id uuid NOT NULL,
    channel_id text NOT NULL,
    user_id uuid,
    reason text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    in_doubt boolean NOT NULL DEFAULT false,
    CHECK (ended_at >= started_at)
);
COMMENT ON COLUMN mute_interval.in_doubt IS 'the switch was asked to mute and did not answer: it may be silent or not';
CREATE INDEX mute_interval_call ON mute_interval (call_id);
CREATE UNIQUE INDEX mute_interval_open ON mute_interval (call_id) WHERE ended_at IS NULL;

-- Something a person must know of: a call served by the fallback, a recording that did not start, a stolen application.
CREATE TABLE incident (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    call_id uuid,
    at timestamptz NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    seen_by uuid,
    seen_at timestamptz
);
CREATE INDEX incident_kind ON incident (kind, id);
CREATE INDEX incident_unseen ON incident (id) WHERE seen_at IS NULL;
CREATE INDEX incident_call ON incident (call_id) WHERE call_id IS NOT NULL;

-- How far the switch's event log was read; a file is its inode and its first line, whatever its name.
CREATE TABLE cel_offset (
    file text PRIMARY KEY,
    path text NOT NULL,
    position bigint NOT NULL,
    read_at timestamptz NOT NULL
);

CREATE TABLE switch_boot (
    system text NOT NULL,
    started_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (system, started_at)
);

-- The last sign of life of the process that owns the calls, and whether it hears the switch.
CREATE TABLE telephony_beat (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    at timestamptz NOT NULL,
    hears boolean NOT NULL,
    process text NOT NULL
);

-- The last sign of life of a worker.
CREATE TABLE worker_beat (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    at timestamptz NOT NULL,
    process text NOT NULL
);

CREATE TABLE pause_reason (
    code text PRIMARY KEY CHECK (code ~ '^[a-z_]{2,32}$'),
    name_zh text NOT NULL,
    name_en text NOT NULL,
    counts_as_work boolean NOT NULL DEFAULT false,
    active boolean NOT NULL DEFAULT true,
    by_hand boolean NOT NULL DEFAULT true
);
INSERT INTO pause_reason (code, name_zh, name_en, counts_as_work) VALUES
    ('break', '小休', 'Break', false),
    ('meal', '用餐', 'Meal', false),
    ('training', '培训', 'Training', true),
    ('meeting', '会议', 'Meeting', true),
    ('paperwork', '案头处理', 'Paperwork', true),
    ('outbound', '外呼', 'Outbound work', true),
    ('fault', '设备故障', 'Equipment fault', false),
    ('supervisor', '班长置忙', 'Set by the supervisor', false);
INSERT INTO pause_reason (code, name_zh, name_en, by_hand) VALUES ('no_answer', '未接', 'Did not answer', false);

-- Which queues an agent serves; a lower penalty is rung first.
CREATE TABLE agent_queue (
    user_id uuid NOT NULL REFERENCES app_user,
    queue text NOT NULL,
    penalty smallint NOT NULL DEFAULT 0 CHECK (penalty BETWEEN 0 AND 100),
    PRIMARY KEY (user_id, queue)
);

-- What an agent wishes to be; app_queue is made to follow, also after the switch restarted.
CREATE TABLE agent_state (
    user_id uuid PRIMARY KEY REFERENCES app_user,
    state text NOT NULL CHECK (state IN ('offline', 'ready', 'paused', 'wrap_up')),
    reason text REFERENCES pause_reason,
    since timestamptz NOT NULL,
    until timestamptz,
    endpoint text,
    queues text[] NOT NULL DEFAULT '{}',
    call_id uuid,
    version integer NOT NULL DEFAULT 1,
    CHECK ((state = 'paused') = (reason IS NOT NULL)),
    CHECK ((state = 'offline') = (endpoint IS NULL))
);
CREATE INDEX agent_state_until ON agent_state (until) WHERE until IS NOT NULL;

CREATE TABLE agent_state_log (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES app_user,
    state text NOT NULL,
    reason text,
    call_id uuid,
    actor text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    CHECK (ended_at >= started_at)
);
CREATE UNIQUE INDEX agent_state_log_open ON agent_state_log (user_id) WHERE ended_at IS NULL;
CREATE INDEX agent_state_log_user ON agent_state_log (user_id, id);

DO $$
DECLARE parent text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['call', 'call_leg', 'call_event'] LOOP
        PERFORM cc_month_partitions(parent::regclass, (now() - interval '1 month')::date, 4);
    END LOOP;
END
$$;
