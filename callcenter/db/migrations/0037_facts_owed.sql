-- A caller waits while a ticket is opened, nobody waits for its figures: an opening only notes that its row for them is
-- owed. The worker makes it a moment later, or whoever reads figures first (callcenter/figures/facts.py).

CREATE TABLE ticket_fact_owed (
    ticket_id uuid PRIMARY KEY
);
COMMENT ON TABLE ticket_fact_owed IS 'opened, and not in ticket_fact yet';

ALTER FUNCTION cc_refresh_facts(uuid[]) RENAME TO cc_copy_facts;

-- What is owed is left to who makes it. Each waits for the other: who makes it sees what we wrote, or we see it made.
CREATE FUNCTION cc_refresh_facts(ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    there uuid[];
BEGIN
    PERFORM FROM ticket_fact_owed WHERE ticket_id = ANY(ids) ORDER BY ticket_id FOR SHARE;
    there := ARRAY(
        SELECT id FROM unnest(ids) AS id WHERE NOT EXISTS (SELECT FROM ticket_fact_owed o WHERE o.ticket_id = id));
    IF there <> '{}' THEN
        PERFORM cc_copy_facts(there);
    END IF;
END
$$;

-- One transaction a ticket, so that it never holds one while it waits for another. Lost with a crash, it is owed again.
CREATE PROCEDURE cc_settle_facts() LANGUAGE plpgsql AS $$
DECLARE
    owed uuid;
BEGIN
    FOR owed IN SELECT ticket_id FROM ticket_fact_owed ORDER BY ticket_id LOOP
        PERFORM set_config('synchronous_commit', 'off', true);
        DELETE FROM ticket_fact_owed WHERE ticket_id = owed;
        IF FOUND THEN
            PERFORM cc_copy_facts(ARRAY[owed]);
        END IF;
        COMMIT;
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION cc_follow_openings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ticket_fact_owed SELECT id FROM changed;
    RETURN NULL;
END
$$;
