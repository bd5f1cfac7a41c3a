-- On ten million calls: whether a recording may be known of looked for the call's legs in every month, though a leg's id
-- is of its call's millisecond; and what was refused, which is little, was looked for among all that was allowed.

CREATE OR REPLACE FUNCTION cc_recording_seen_from(of_call uuid, from_path text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM organisation WHERE kind = 'hq' AND path = from_path)
        OR EXISTS (
            SELECT FROM call c JOIN app_user u ON u.id = c.user_id JOIN organisation o ON o.id = u.organisation_id
            WHERE c.id = of_call AND starts_with(o.path, from_path))
        OR EXISTS (
            SELECT FROM call_leg l JOIN app_user u ON u.id = l.user_id JOIN organisation o ON o.id = u.organisation_id
            WHERE l.call_id = of_call AND l.answered_at IS NOT NULL AND starts_with(o.path, from_path)
                AND l.id BETWEEN (left(of_call::text, 13) || '-0000-0000-000000000000')::uuid
                    AND (left(of_call::text, 13) || '-ffff-ffff-ffffffffffff')::uuid)
        OR EXISTS (
            SELECT FROM ticket_call k JOIN ticket t ON t.id = k.ticket_id
            JOIN organisation o ON o.id IN (t.accepting_organisation_id, t.underwriting_organisation_id)
            WHERE k.call_id = of_call AND starts_with(o.path, from_path))
        OR EXISTS ( -- the A counter determines and closes what the B counter beside it accepted (F-7)
            SELECT FROM ticket_call k JOIN ticket t ON t.id = k.ticket_id
            JOIN organisation b ON b.id = t.accepting_organisation_id AND b.kind = 'counter_b'
            JOIN organisation a ON a.parent_id = b.parent_id AND a.kind = 'counter_a'
            WHERE k.call_id = of_call AND a.path = from_path)
$$;

CREATE INDEX access_log_refused ON access_log (id) WHERE verdict = 'deny';
