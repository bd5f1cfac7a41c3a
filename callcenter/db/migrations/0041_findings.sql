-- Callback findings (问题件) have numbers of their own series, and what was heard on a callback can be judged again: with
-- reason, evidence and, where a complaint would leave the figures, a second person (R-2.2 … R-2.5, F-13, T-1, T-2).

-- The last number of findings of each day in Shanghai.
CREATE TABLE finding_counter (
    day date PRIMARY KEY,
    last integer NOT NULL CHECK (last BETWEEN 1 AND 999999)
) WITH (fillfactor = 50);

ALTER TABLE ticket ADD COLUMN finding_number text UNIQUE CHECK (finding_number ~ '^95519-WT-[0-9]{8}-[0-9]{6}$');
COMMENT ON COLUMN ticket.finding_number IS 'given once, to whatever is or was a finding; the number of the order stays';

INSERT INTO finding_counter (day, last)
SELECT received_day, count(*) FROM ticket WHERE nature = 'callback_finding' GROUP BY received_day;
UPDATE ticket t SET finding_number = '95519-WT-' || to_char(n.received_day, 'YYYYMMDD') || '-' || lpad(n.place::text, 6, '0')
FROM (SELECT id, received_day, row_number() OVER (PARTITION BY received_day ORDER BY received_at, id) AS place
    FROM ticket WHERE nature = 'callback_finding') AS n
WHERE n.id = t.id;

CREATE FUNCTION cc_number_finding() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    given integer;
BEGIN
    INSERT INTO finding_counter AS c (day, last) VALUES (NEW.received_day, 1)
    ON CONFLICT (day) DO UPDATE SET last = c.last + 1 RETURNING c.last INTO given;
    NEW.finding_number := '95519-WT-' || to_char(NEW.received_day, 'YYYYMMDD') || '-' || lpad(given::text, 6, '0');
    RETURN NEW;
END $$;
CREATE TRIGGER ticket_finding_numbered BEFORE INSERT OR UPDATE OF nature ON ticket FOR EACH ROW
    WHEN (NEW.nature = 'callback_finding' AND NEW.finding_number IS NULL) EXECUTE FUNCTION cc_number_finding();

ALTER TABLE ticket
    DROP CONSTRAINT ticket_ended_as_check,
    ADD CONSTRAINT ticket_ended_as_check CHECK (ended_as IN ('closed', 'withdrawn', 'answered', 'turned')),
    ADD CONSTRAINT ticket_turned CHECK (ended_as IS DISTINCT FROM 'turned' OR nature = 'callback_finding'),
    ADD CONSTRAINT ticket_finding_has_number CHECK (nature <> 'callback_finding' OR finding_number IS NOT NULL),
    -- T-1, T-2: what was heard decides, whoever writes.
    ADD CONSTRAINT ticket_heard_decides CHECK (source <> 'callback' OR (nature = 'complaint') = (
        COALESCE(heard ->> 'intention' = 'yes'
            AND heard ->> 'respondent' IN ('policyholder', 'insured', 'authorised'), false)));

CREATE TABLE reclassification (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    ground text NOT NULL CHECK (ground IN ('later_word', 'quality')),
    manner text NOT NULL CHECK (manner IN ('in_place', 'restored', 'new_order')),
    from_nature text NOT NULL CHECK (from_nature IN ('complaint', 'callback_finding')),
    to_nature text NOT NULL CHECK (to_nature IN ('complaint', 'callback_finding')),
    heard jsonb NOT NULL,
    verdict jsonb NOT NULL,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 20000),
    call_id uuid,
    second numeric(10, 3) CHECK (second >= 0),
    state text NOT NULL CHECK (state IN ('proposed', 'effected', 'refused', 'withdrawn')),
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    answered_by text,
    answered_at timestamptz,
    remark text CHECK (length(remark) <= 20000),
    effected_at timestamptz,
    ended boolean NOT NULL DEFAULT false,
    was jsonb,
    complaint_id uuid REFERENCES ticket,
    place bigint GENERATED ALWAYS AS IDENTITY,
    CHECK (from_nature <> to_nature),
    CHECK ((answered_by IS NULL) = (answered_at IS NULL)),
    CHECK ((state = 'effected') = (effected_at IS NOT NULL)),
    CHECK ((state = 'effected') = (was IS NOT NULL)),
    CHECK ((manner = 'new_order' AND state = 'effected') = (complaint_id IS NOT NULL)),
    CONSTRAINT reclassification_of_finding CHECK (ground <> 'later_word' OR to_nature = 'complaint'),
    CONSTRAINT reclassification_evidence CHECK (ground <> 'quality' OR (call_id IS NOT NULL AND second IS NOT NULL)),
    CONSTRAINT reclassification_second_person CHECK (state NOT IN ('effected', 'refused') OR
        to_nature = 'complaint' OR (answered_by IS NOT NULL AND answered_by <> proposed_by))
);
COMMENT ON TABLE reclassification IS 'what was heard on a callback judged again: by whom, why, on which second of the recording';
COMMENT ON COLUMN reclassification.was IS 'what the ticket was before, as far as it changed';
COMMENT ON COLUMN reclassification.ended IS 'the ticket had ended when it took effect';
COMMENT ON COLUMN reclassification.complaint_id IS 'the complaint that was opened, where the finding did not become one itself';
CREATE INDEX reclassification_ticket ON reclassification (ticket_id, place);
CREATE INDEX reclassification_complaint ON reclassification (complaint_id) WHERE complaint_id IS NOT NULL;
CREATE INDEX reclassification_state ON reclassification (state, proposed_at, id);
CREATE UNIQUE INDEX reclassification_one_open ON reclassification (ticket_id) WHERE state = 'proposed';
CREATE TRIGGER reclassification_is_not_deleted BEFORE DELETE ON reclassification
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER reclassification_is_not_emptied BEFORE TRUNCATE ON reclassification
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER reclassification_stands BEFORE UPDATE ON reclassification FOR EACH ROW
    WHEN (OLD.state <> 'proposed') EXECUTE FUNCTION cc_refuse_change();

-- No complaint becomes a finding, and no finding a complaint, without its trace.
CREATE FUNCTION cc_nature_has_reason() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT r.to_nature FROM reclassification r WHERE r.ticket_id = NEW.id AND r.state = 'effected'
        AND r.manner <> 'new_order' ORDER BY r.effected_at DESC, r.place DESC LIMIT 1) IS DISTINCT FROM NEW.nature THEN
        RAISE EXCEPTION 'ticket % changed its nature without a reclassification', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_nature_has_reason';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ticket_nature_has_reason AFTER UPDATE OF nature ON ticket DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.nature <> NEW.nature) EXECUTE FUNCTION cc_nature_has_reason();
CREATE INDEX ticket_finding_number_prefix ON ticket (finding_number text_pattern_ops) WHERE finding_number IS NOT NULL;

-- C-15: a misled policyholder of long-term health insurance is told of the right to rescind before the case ends.
ALTER TABLE ticket ADD COLUMN rescission_told_at timestamptz;

CREATE TABLE finding_owner (
    id uuid PRIMARY KEY,
    valid_from date NOT NULL,
    entries jsonb NOT NULL CHECK (jsonb_typeof(entries) = 'array'),
    reason text NOT NULL CHECK (reason <> '' AND length(reason) <= 200),
    published_at timestamptz NOT NULL,
    published_by text NOT NULL,
    place bigint GENERATED ALWAYS AS IDENTITY UNIQUE -- of two for one day the later one holds
);
COMMENT ON TABLE finding_owner IS 'who handles which kind of finding: each row the whole table, from its day until the next';
CREATE INDEX finding_owner_in_force ON finding_owner (valid_from DESC, place DESC);
CREATE TRIGGER finding_owner_only_grows BEFORE UPDATE OR DELETE ON finding_owner
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
