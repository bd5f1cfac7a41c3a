-- What every part stands on: monthly partitions by id, the outbox, idempotency keys, the audit and the access log.
-- Ids are RFC 9562 version 7: their first 48 bits are milliseconds, so a range of ids is a range of time.

CREATE FUNCTION cc_first_id(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

CREATE FUNCTION cc_month_partitions(parent regclass, first date, months integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    month date := date_trunc('month', first)::date;
    partition text;
    made integer := 0;
BEGIN
    FOR i IN 0 .. months - 1 LOOP
        partition := format('%s_%s', parent::text, to_char(month, 'YYYYMM'));
        IF to_regclass(partition) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', partition, parent,
                cc_first_id(month::timestamp AT TIME ZONE 'UTC'),
                cc_first_id((month + interval '1 month')::timestamp AT TIME ZONE 'UTC'));
            made := made + 1;
        END IF;
        month := (month + interval '1 month')::date;
    END LOOP;
    RETURN made;
END
$$;

CREATE FUNCTION cc_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is not allowed: this table only grows', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TABLE outbox_event (
    id uuid PRIMARY KEY,
    topic text NOT NULL,
    key text NOT NULL,
    payload jsonb NOT NULL,
    at timestamptz NOT NULL
) PARTITION BY RANGE (id);
CREATE TABLE outbox_event_default PARTITION OF outbox_event DEFAULT;

CREATE TABLE outbox_delivery (
    event_id uuid NOT NULL,
    consumer text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    done_at timestamptz,
    parked_at timestamptz,
    last_error text,
    PRIMARY KEY (event_id, consumer)
) PARTITION BY RANGE (event_id);
CREATE TABLE outbox_delivery_default PARTITION OF outbox_delivery DEFAULT;
CREATE INDEX outbox_delivery_due ON outbox_delivery (consumer, next_at) WHERE done_at IS NULL AND parked_at IS NULL;

CREATE TABLE idempotency (
    actor text NOT NULL,
    key uuid NOT NULL,
    route text NOT NULL,
    body_sha256 text NOT NULL,
    status integer, -- null while the first request is running
    answer json,
    at timestamptz NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE audit (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    object_kind text NOT NULL,
    object_id text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    address text
) PARTITION BY RANGE (id);
CREATE TABLE audit_default PARTITION OF audit DEFAULT;
CREATE INDEX audit_object ON audit (object_kind, object_id, id);
CREATE INDEX audit_actor ON audit (actor, id);
CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();

CREATE TABLE access_log (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('allow', 'deny')),
    reason text NOT NULL,
    object_kind text NOT NULL,
    object_id text NOT NULL,
    purpose text,
    ticket_id uuid,
    first_byte bigint,
    last_byte bigint,
    address text,
    user_agent text,
    token_id uuid
) PARTITION BY RANGE (id);
CREATE TABLE access_log_default PARTITION OF access_log DEFAULT;
CREATE INDEX access_log_object ON access_log (object_kind, object_id, id);
CREATE INDEX access_log_actor ON access_log (actor, id);
CREATE TRIGGER access_log_only_grows BEFORE UPDATE OR DELETE ON access_log FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER access_log_not_emptied BEFORE TRUNCATE ON access_log
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();

DO $$
DECLARE parent text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['outbox_event', 'outbox_delivery', 'audit', 'access_log'] LOOP
        PERFORM cc_month_partitions(parent::regclass, (now() - interval '1 month')::date, 4);
    END LOOP;
END
$$;
