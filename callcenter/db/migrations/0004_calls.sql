-- Calls, their legs, what happened on them, and the audio segments that are expected of them.

CREATE TABLE call (
    id uuid PRIMARY KEY,
    cc_call text NOT NULL,
    direction text NOT NULL CHECK (direction IN ('inbound', 'callback', 'click')),
    state text NOT NULL CHECK (state IN ('ringing', 'ivr', 'queued', 'talking', 'ended')),
    caller text,
    did text,
    customer_id uuid,
    queue text,
    user_id uuid,
    started_at timestamptz NOT NULL,
    answered_at timestamptz,
    ended_at timestamptz,
    end_cause text,
    degraded boolean NOT NULL DEFAULT false,
    version integer NOT NULL DEFAULT 1,
    CHECK ((ended_at IS NULL) = (state <> 'ended'))
) PARTITION BY RANGE (id);
CREATE TABLE call_default PARTITION OF call DEFAULT;
CREATE INDEX call_live ON call (id) WHERE ended_at IS NULL;

CREATE TABLE call_leg (
    id uuid PRIMARY KEY,
    call_id uuid NOT NULL,
    channel_id text NOT NULL,
    role text NOT NULL CHECK (role IN ('customer', 'agent', 'consult', 'supervisor')),
    endpoint text,
    user_id uuid,
    started_at timestamptz NOT NULL,
    answered_at timestamptz,
    ended_at timestamptz,
    cause text
) PARTITION BY RANGE (id);
CREATE TABLE call_leg_default PARTITION OF call_leg DEFAULT;
CREATE INDEX call_leg_call ON call_leg (call_id);

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
CREATE INDEX call_event_call ON call_event (call_id, id);

CREATE TABLE segment (
    id uuid PRIMARY KEY,
    call_id uuid NOT NULL,
    seq integer NOT NULL CHECK (seq > 0),
    base text,
    state text NOT NULL CHECK (state IN ('expected', 'recording', 'finished', 'sealing', 'sealed', 'lost')),
    started_at timestamptz,
    ended_at timestamptz,
    expected_ms bigint,
    UNIQUE (call_id, seq)
);
CREATE INDEX segment_open ON segment (state, id) WHERE state NOT IN ('sealed', 'lost');

DO $$
DECLARE parent text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['call', 'call_leg', 'call_event'] LOOP
        PERFORM cc_month_partitions(parent::regclass, (now() - interval '1 month')::date, 4);
    END LOOP;
END
$$;
