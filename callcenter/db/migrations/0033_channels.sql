-- What each way a complaint comes needs: who forwarded it and when, which medium told of it, whether the visit form was
-- signed, who the complainant proved to be; what the ticket still owes; and every acknowledgement, for one by telephone
-- is worth only what its call's recording is (R-4.3 … R-4.6, E-3).

ALTER TABLE ticket
    ADD heir boolean NOT NULL DEFAULT false,
    ADD form_signed_at timestamptz,
    ADD identity_manner text CHECK (identity_manner IN ('document', 'questions', 'number_on_file', 'online')),
    ADD identity_verified_at timestamptz,
    ADD identity_verified_by text,
    ADD forwarder text CHECK (length(forwarder) <= 200),
    ADD forwarder_level text CHECK (forwarder_level IN ('headquarters', 'province', 'city')),
    ADD forwarding_number text CHECK (length(forwarding_number) <= 100),
    ADD forwarded_day date,
    ADD media_outlet text CHECK (length(media_outlet) <= 200),
    ADD media_link text CHECK (length(media_link) <= 2000),
    ADD owes text[] NOT NULL DEFAULT '{}', -- fields of tickets/channels.py `owed`, as they stood at the last change
    ADD CONSTRAINT ticket_forwarding CHECK (source IN ('upper_company', 'regulator', 'coordinator')
        OR num_nonnulls(forwarder, forwarder_level, forwarding_number, forwarded_day) = 0),
    ADD CONSTRAINT ticket_media CHECK (source = 'media' OR num_nonnulls(media_outlet, media_link) = 0),
    ADD CONSTRAINT ticket_form CHECK (channel = 'visit' OR form_signed_at IS NULL),
    ADD CONSTRAINT ticket_identity CHECK (
        (identity_manner IS NULL) = (identity_verified_at IS NULL)
        AND (identity_manner IS NULL) = (identity_verified_by IS NULL));

CREATE INDEX ticket_owing ON ticket (received_at, id) WHERE owes <> '{}' AND closed_at IS NULL;

CREATE TABLE acknowledgement (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    means text NOT NULL
        CHECK (means IN ('letter', 'email', 'phone', 'sms', 'in_person', 'online', 'fax', 'not_possible')),
    state text NOT NULL CHECK (state IN ('complete', 'awaits_recording', 'incomplete', 'not_possible')),
    call_id uuid CHECK (call_id IS NULL OR means = 'phone'),
    note text NOT NULL CHECK (note ~ '\S'), -- R-4.7: what is not written did not happen
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    state_at timestamptz NOT NULL
);
CREATE INDEX acknowledgement_ticket ON acknowledgement (ticket_id, recorded_at);
CREATE INDEX acknowledgement_recheck ON acknowledgement (call_id)
    WHERE call_id IS NOT NULL AND state IN ('awaits_recording', 'incomplete');

-- Only what an acknowledgement is worth may change, as its recording is sealed or lost.
CREATE FUNCTION cc_acknowledgement_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - ARRAY['state', 'state_at']) <> (to_jsonb(OLD) - ARRAY['state', 'state_at']) THEN
        RAISE EXCEPTION 'an acknowledgement is never changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER acknowledgement_is_not_changed BEFORE UPDATE ON acknowledgement
    FOR EACH ROW EXECUTE FUNCTION cc_acknowledgement_stays();
CREATE TRIGGER acknowledgement_is_not_deleted BEFORE DELETE ON acknowledgement
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER acknowledgement_is_not_emptied BEFORE TRUNCATE ON acknowledgement
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();
