-- Matters as objects of their own: which orders are about one incident a person says, how they stand to each other the
-- rules (tickets/matters.py). The counts are kept with the matter so that lists grow with the answer; what its rules look
-- back at, limits and findings of validity as they stood when the next order came, is kept when it changes.

ALTER TABLE matter
    ADD COLUMN validity text NOT NULL DEFAULT 'pending' CHECK (validity IN ('pending', 'valid', 'invalid')),
    ADD COLUMN occurrences integer NOT NULL DEFAULT 0 CHECK (occurrences >= 0),
    ADD COLUMN pieces integer NOT NULL DEFAULT 0,
    ADD COLUMN repeats integer NOT NULL DEFAULT 0,
    ADD COLUMN escalations integer NOT NULL DEFAULT 0,
    ADD COLUMN latest_at timestamptz,
    ADD COLUMN version integer NOT NULL DEFAULT 1;
UPDATE matter m SET validity = t.validity, occurrences = t.occurrences, pieces = t.pieces, latest_at = t.received_at
FROM ticket t WHERE t.id = m.root_ticket_id;
ALTER TABLE matter ALTER COLUMN latest_at SET NOT NULL,
    ADD CONSTRAINT matter_counts CHECK (pieces BETWEEN 0 AND occurrences AND (pieces > 0) = (occurrences > 0)
        AND repeats >= 0 AND escalations >= 0 AND repeats + escalations < greatest(occurrences, 1));
CREATE INDEX matter_opened ON matter (opened_at, id);
CREATE INDEX matter_repeated ON matter (opened_at, id) WHERE repeats > 0;
CREATE INDEX matter_escalated ON matter (opened_at, id) WHERE escalations > 0;

ALTER TABLE ticket
    ADD COLUMN merged_into_id uuid REFERENCES ticket,
    ADD COLUMN external boolean NOT NULL DEFAULT false,
    ADD COLUMN related_at timestamptz,
    ADD COLUMN related_by text,
    DROP CONSTRAINT ticket_complaint_has_matter,
    ADD CONSTRAINT ticket_complaint_has_matter CHECK (
        (nature = 'complaint') = (relation IS NOT NULL)
        AND (nature <> 'complaint' OR matter_id IS NOT NULL)
        AND (nature = 'complaint') = (validity IS NOT NULL)),
    -- D-1: a customer's complaint is an occurrence, the first of a matter a piece.
    ADD CONSTRAINT ticket_counts CHECK (
        nature <> 'complaint' OR complainant_type IN ('agent', 'public')
        OR (occurrences = 1 AND (relation <> 'first' OR pieces = 1))),
    -- F-63: an agent's or the public's grievance neither repeats nor escalates a customer's complaint.
    ADD CONSTRAINT ticket_grievance_is_first CHECK (
        complainant_type NOT IN ('agent', 'public') OR relation IS NULL OR relation = 'first'),
    -- D-4: merged into another order, and only then.
    ADD CONSTRAINT ticket_merged CHECK ((relation IS NOT DISTINCT FROM 'merged') = (merged_into_id IS NOT NULL)
        AND merged_into_id IS DISTINCT FROM id),
    -- F-15: only what follows another order went outside with it; an escalation always did.
    ADD CONSTRAINT ticket_external CHECK (CASE relation WHEN 'escalation' THEN external
        WHEN 'repeat' THEN true WHEN 'merged' THEN true ELSE NOT external END),
    -- F-42: an escalation is at least difficult.
    ADD CONSTRAINT ticket_escalation_severity CHECK (
        relation IS DISTINCT FROM 'escalation' OR severity IN ('difficult', 'major')),
    ADD CONSTRAINT ticket_related CHECK ((related_at IS NULL) = (related_by IS NULL));
-- One first complaint of a customer in each matter.
CREATE UNIQUE INDEX ticket_root ON ticket (matter_id)
    WHERE relation = 'first' AND complainant_type NOT IN ('agent', 'public');
CREATE INDEX ticket_merged_into ON ticket (merged_into_id) WHERE merged_into_id IS NOT NULL;

-- At the end of a transaction a matter is whole: its root lies in it and is a first order, a customer's where it has one,
-- and what is merged is merged into an order of the same matter that is not merged itself.
CREATE FUNCTION cc_check_matter(wanted uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM matter m LEFT JOIN ticket r ON r.id = m.root_ticket_id AND r.matter_id = m.id
        WHERE m.id = wanted AND (r.relation IS DISTINCT FROM 'first' OR (r.complainant_type IN ('agent', 'public')
            AND EXISTS (SELECT FROM ticket t WHERE t.matter_id = m.id AND t.occurrences > 0)))
    ) THEN
        RAISE EXCEPTION 'the root of matter % is not its first order', wanted USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT FROM ticket t JOIN ticket i ON i.id = t.merged_into_id
        WHERE t.matter_id = wanted AND (i.matter_id IS DISTINCT FROM wanted OR i.relation = 'merged')
    ) THEN
        RAISE EXCEPTION 'an order of matter % is merged into none of it', wanted USING ERRCODE = 'check_violation';
    END IF;
END $$;
CREATE FUNCTION cc_matter_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'matter' THEN
        PERFORM cc_check_matter(NEW.id);
        RETURN NULL;
    END IF;
    PERFORM cc_check_matter(NEW.matter_id);
    IF TG_OP = 'UPDATE' AND OLD.matter_id IS DISTINCT FROM NEW.matter_id THEN
        PERFORM cc_check_matter(OLD.matter_id);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER matter_root_is_first AFTER UPDATE OF root_ticket_id ON matter DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.root_ticket_id <> NEW.root_ticket_id) EXECUTE FUNCTION cc_matter_is_whole();
CREATE CONSTRAINT TRIGGER ticket_matter_is_whole AFTER INSERT ON ticket DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.matter_id IS NOT NULL AND NEW.relation IS DISTINCT FROM 'first')
    EXECUTE FUNCTION cc_matter_is_whole();
CREATE CONSTRAINT TRIGGER ticket_matter_stays_whole
    AFTER UPDATE OF matter_id, relation, merged_into_id, complainant_type ON ticket DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.matter_id IS DISTINCT FROM NEW.matter_id OR OLD.relation IS DISTINCT FROM NEW.relation
        OR OLD.merged_into_id IS DISTINCT FROM NEW.merged_into_id OR OLD.complainant_type <> NEW.complainant_type)
    EXECUTE FUNCTION cc_matter_is_whole();

-- A limit for decision and answer as it stood before it was moved; `place` orders it among ticket_event's.
CREATE TABLE ticket_limit (
    ticket_id uuid NOT NULL REFERENCES ticket,
    place bigint NOT NULL DEFAULT nextval(pg_get_serial_sequence('ticket_event', 'place')) PRIMARY KEY,
    due_at timestamptz NOT NULL
);
CREATE INDEX ticket_limit_ticket ON ticket_limit (ticket_id, place);
COMMENT ON TABLE ticket_limit IS 'until when each stood, the next entry of the ticket''s history tells: it is of the same act';
CREATE FUNCTION cc_keep_limit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ticket_limit (ticket_id, due_at) VALUES (OLD.ticket_id, OLD.due_at);
    RETURN NULL;
END $$;
CREATE TRIGGER ticket_clock_limit_kept AFTER UPDATE OF due_at ON ticket_clock
    FOR EACH ROW WHEN (OLD.kind = 'decide_inform' AND OLD.due_at <> NEW.due_at) EXECUTE FUNCTION cc_keep_limit();

-- What was found of an order's validity, and when: the first time, or overturning what stood (D-13, F-50).
CREATE TABLE ticket_found (
    ticket_id uuid NOT NULL REFERENCES ticket,
    place bigint NOT NULL DEFAULT nextval(pg_get_serial_sequence('ticket_event', 'place')) PRIMARY KEY,
    at timestamptz NOT NULL,
    validity text NOT NULL CHECK (validity IN ('pending', 'valid', 'invalid')),
    CONSTRAINT ticket_found_something CHECK (validity <> 'pending')
);
CREATE INDEX ticket_found_ticket ON ticket_found (ticket_id, place);
INSERT INTO ticket_found (ticket_id, at, validity)
SELECT t.id, COALESCE((SELECT max(e.at) FROM ticket_event e WHERE e.ticket_id = t.id AND e.kind = 'determine'),
    t.closed_at, t.received_at), t.validity
FROM ticket t WHERE t.validity <> 'pending';
