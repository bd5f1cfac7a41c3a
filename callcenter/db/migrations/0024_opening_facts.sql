-- An opening writes a ticket and its clocks in one statement, and a caller waits for it: its row for the figures is made
-- once, when the clocks are there, and not a second time for the ticket alone.

CREATE FUNCTION cc_follow_openings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids uuid[] := ARRAY(
        SELECT c.id FROM changed c WHERE NOT EXISTS (SELECT FROM ticket_clock k WHERE k.ticket_id = c.id));
BEGIN
    IF ids <> '{}' THEN
        PERFORM cc_refresh_facts(ids);
    END IF;
    RETURN NULL;
END
$$;
DROP TRIGGER ticket_facts_opened ON ticket;
CREATE TRIGGER ticket_facts_opened AFTER INSERT ON ticket REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION cc_follow_openings();
