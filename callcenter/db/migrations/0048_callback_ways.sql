-- Letters and visits of callbacks, with the receipt the policyholder signed (C-10): until now a flag somebody set. Each is
-- recorded when it goes out; it comes to an end once, by its failure or by the signed receipt, whose scan lies with the
-- files of tickets under its hash. Answers may come from a receipt or a page as well as from a dialling.

CREATE TABLE callback_way (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES callback_task,
    way text NOT NULL CHECK (way IN ('letter', 'visit')),
    at timestamptz NOT NULL,
    person text CHECK (length(person) BETWEEN 1 AND 200),
    address text CHECK (length(address) BETWEEN 1 AND 500),
    note text CHECK (length(note) BETWEEN 1 AND 2000),
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    failed_at timestamptz,
    failed_by text,
    failed_reason text CHECK (length(failed_reason) BETWEEN 1 AND 2000),
    returned_at timestamptz,
    signed_on date,
    sha256 text REFERENCES attachment_content,
    media_type text,
    name text CHECK (octet_length(name) BETWEEN 1 AND 255),
    received_by text,
    received_at timestamptz,
    CHECK (way <> 'visit' OR person IS NOT NULL),
    CHECK (way <> 'letter' OR address IS NOT NULL),
    CHECK ((failed_at IS NULL) = (failed_reason IS NULL) AND (failed_at IS NULL) = (failed_by IS NULL)),
    CHECK (num_nonnulls(returned_at, signed_on, sha256, media_type, name, received_by, received_at) IN (0, 7)),
    CONSTRAINT callback_way_ends_once CHECK (failed_at IS NULL OR returned_at IS NULL)
);
COMMENT ON COLUMN callback_way.at IS 'when the letter was sent, or the visit made';
COMMENT ON COLUMN callback_way.person IS 'who visited; never the salesperson (C-11)';
COMMENT ON COLUMN callback_way.returned_at IS 'when the signed receipt came back: within the cooling-off period or only in final success';
CREATE INDEX callback_way_task ON callback_way (task_id, at, id);
CREATE INDEX callback_way_sha256 ON callback_way (sha256) WHERE sha256 IS NOT NULL;
CREATE UNIQUE INDEX callback_way_one_open ON callback_way (task_id, way) WHERE failed_at IS NULL AND returned_at IS NULL;

CREATE FUNCTION cc_callback_way_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ending text[] := ARRAY['failed_at', 'failed_by', 'failed_reason', 'returned_at', 'signed_on', 'sha256', 'media_type',
        'name', 'received_by', 'received_at'];
BEGIN
    IF OLD.failed_at IS NOT NULL OR OLD.returned_at IS NOT NULL OR (to_jsonb(NEW) - ending) <> (to_jsonb(OLD) - ending) THEN
        RAISE EXCEPTION 'a letter or visit ends once and is never changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER callback_way_is_not_changed BEFORE UPDATE ON callback_way
    FOR EACH ROW EXECUTE FUNCTION cc_callback_way_stays();
CREATE TRIGGER callback_way_is_not_deleted BEFORE DELETE ON callback_way
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER callback_way_is_not_emptied BEFORE TRUNCATE ON callback_way
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();

-- Electronic callbacks (C-9): a link for one use to a page of our own, and every page as it was shown. The token is kept
-- as its hash; after five wrong answers about who it is, the link is dead.
CREATE TABLE callback_link (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES callback_task,
    token_sha256 text NOT NULL UNIQUE CHECK (token_sha256 ~ '^[0-9a-f]{64}$'),
    issued_by text NOT NULL,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > issued_at),
    opened_at timestamptz,
    verified_at timestamptz,
    session_sha256 text CHECK (session_sha256 ~ '^[0-9a-f]{64}$'),
    wrong_tries integer NOT NULL DEFAULT 0,
    handed_in_at timestamptz,
    revoked_at timestamptz,
    revoked_by text,
    revoked_reason text CHECK (length(revoked_reason) BETWEEN 1 AND 2000),
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL) AND (revoked_at IS NULL) = (revoked_reason IS NULL)),
    CHECK (handed_in_at IS NULL OR (verified_at IS NOT NULL AND revoked_at IS NULL AND session_sha256 IS NULL))
);
CREATE INDEX callback_link_task ON callback_link (task_id, id);
CREATE UNIQUE INDEX callback_link_one_of_task ON callback_link (task_id) WHERE revoked_at IS NULL AND handed_in_at IS NULL;
CREATE TRIGGER callback_link_is_not_deleted BEFORE DELETE ON callback_link
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER callback_link_is_not_emptied BEFORE TRUNCATE ON callback_link
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();

CREATE TABLE callback_page (
    id uuid PRIMARY KEY,
    link_id uuid NOT NULL REFERENCES callback_link,
    kind text NOT NULL CHECK (kind IN ('identity', 'wrong', 'questions', 'handed_in')),
    shown_at timestamptz NOT NULL,
    html text NOT NULL,
    sha256 text NOT NULL CHECK (sha256 = encode(sha256(convert_to(html, 'UTF8')), 'hex')),
    address text NOT NULL,
    user_agent text NOT NULL,
    place bigint GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX callback_page_link ON callback_page (link_id, place);
CREATE TRIGGER callback_page_only_grows BEFORE UPDATE OR DELETE ON callback_page
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER callback_page_not_emptied BEFORE TRUNCATE ON callback_page
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();

ALTER TABLE callback_answer
    ALTER COLUMN attempt_id DROP NOT NULL,
    ADD COLUMN way_id uuid REFERENCES callback_way,
    ADD COLUMN link_id uuid REFERENCES callback_link,
    ADD CONSTRAINT callback_answer_has_one_source CHECK (num_nonnulls(attempt_id, way_id, link_id) = 1);

-- Which policies the report is over follows the scope rule in force on the day the policy was signed for (C-1 … C-4), which
-- is data by now: the two columns are kept by a trigger, and anew when another rule is published.
ALTER TABLE policy DROP COLUMN called_back, DROP COLUMN cooling_off_ends;
ALTER TABLE policy ADD COLUMN called_back boolean NOT NULL DEFAULT false, ADD COLUMN cooling_off_ends date;
COMMENT ON COLUMN policy.called_back IS 'new business in scope of callbacks (C-1, C-2), kept by cc_callback_scope';
COMMENT ON COLUMN policy.cooling_off_ends IS 'last day of the cooling-off period, of unknown length the shortest (C-4), kept by cc_callback_scope';

CREATE FUNCTION cc_callback_scope() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rule jsonb;
    health boolean := NEW.product_kind = 'health' AND (NEW.long_term OR NEW.guaranteed_renewal);
BEGIN
    SELECT s.rule INTO rule FROM scope_rule s
    WHERE s.purpose = 'new_business' AND s.valid_from <= COALESCE(NEW.received_on, NEW.issued_on, 'infinity'::date)
    ORDER BY s.valid_from DESC, s.place DESC LIMIT 1;
    rule := COALESCE(rule,
        '{"group": false, "any_term": false, "fallback_days": 10, "bank_days": 15, "health_days": 15}');
    NEW.called_back := ((rule ->> 'group')::boolean OR NOT (NEW.group_business OR NEW.sales_channel = 'group'))
        AND ((rule ->> 'any_term')::boolean OR NEW.long_term OR health);
    NEW.cooling_off_ends := NEW.received_on + greatest(
        COALESCE(NEW.cooling_off_days, (rule ->> 'fallback_days')::integer),
        CASE WHEN health THEN (rule ->> 'health_days')::integer ELSE 0 END,
        CASE WHEN NEW.sales_channel = 'bank' AND NEW.long_term THEN (rule ->> 'bank_days')::integer ELSE 0 END);
    RETURN NEW;
END
$$;
CREATE TRIGGER policy_callback_scope BEFORE INSERT OR UPDATE ON policy
    FOR EACH ROW EXECUTE FUNCTION cc_callback_scope();
CREATE FUNCTION cc_scope_rule_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE policy SET called_back = called_back WHERE COALESCE(received_on, issued_on, 'infinity'::date) >= NEW.valid_from;
    RETURN NULL;
END
$$;
CREATE TRIGGER scope_rule_published AFTER INSERT ON scope_rule
    FOR EACH ROW WHEN (NEW.purpose = 'new_business') EXECUTE FUNCTION cc_scope_rule_published();
UPDATE policy SET called_back = called_back;
CREATE INDEX policy_called_back ON policy (cooling_off_ends, id) WHERE called_back;

-- The team leader's board is asked for every few seconds: what is open by campaign and time, and what was concluded today,
-- each from an index alone.

CREATE INDEX callback_task_live ON callback_task (campaign_id, state, due_at, not_before, organisation_id)
    WHERE state <> 'done';
CREATE INDEX callback_task_concluded ON callback_task (concluded_at, campaign_id, result, organisation_id)
    WHERE state = 'done';
