"""The SQL by which the calls and tickets of one made-up day are written, in a few statements for all of them.

Everything is decided by the number of a row and the seed, never by chance or by what was written before it, so that
days may be written in any order and side by side. Must never be used beside real data.
"""

SESSION = """
CREATE OR REPLACE FUNCTION pg_temp.chance(n bigint, salt integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT (hashint8extended(n, {seed} + salt) >> 33)::integer & 2147483647
$$;
CREATE OR REPLACE FUNCTION pg_temp.made_id(at timestamptz, n bigint, salt integer) RETURNS uuid
    LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
        || lpad(to_hex(salt & 4095), 3, '0') || '8'
        || lpad(to_hex(hashint8extended(n, {seed} + salt) & 1152921504606846975), 15, '0'))::uuid
$$;
CREATE OR REPLACE FUNCTION pg_temp.digest(n bigint, salt integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT md5(n::text || salt) || md5(salt || '-' || n)
$$;
CREATE TEMP TABLE IF NOT EXISTS today (
    number bigint, day date, opening timestamptz, now timestamptz, born timestamptz, first_call bigint,
    last_call bigint, first bigint, last bigint, customers integer, takers integer, cities integer, handlers integer,
    counsels integer, version text, script text, surnames text, given text, categories text[], departments text[],
    demands text[], stories text[], sequels text[], heard jsonb, verdicts jsonb);
CREATE TEMP TABLE IF NOT EXISTS due AS
    SELECT ''::text AS contact, ''::text AS gravity, k.* FROM ticket_clock k WHERE false;
CREATE TEMP TABLE IF NOT EXISTS city (place integer, id text, province text);
CREATE TEMP TABLE IF NOT EXISTS taker (place integer, id uuid);
CREATE TEMP TABLE IF NOT EXISTS handler (place integer, id uuid);
CREATE TEMP TABLE IF NOT EXISTS counsel (place integer, id uuid, organisation_id text);
CREATE TEMP TABLE IF NOT EXISTS coordinator (id uuid, organisation_id text, department text);
CREATE TEMP TABLE IF NOT EXISTS member (id uuid, organisation_id text, department text);
TRUNCATE city, taker, handler, counsel, coordinator, member;
INSERT INTO city SELECT row_number() OVER (ORDER BY id) - 1, id, parent_id FROM organisation WHERE kind = 'city';
INSERT INTO taker SELECT row_number() OVER (ORDER BY login) - 1, id FROM app_user
    WHERE roles && ARRAY['agent', 'callback_agent'];
INSERT INTO handler SELECT row_number() OVER (ORDER BY login) - 1, id FROM app_user WHERE roles && ARRAY['handler'];
INSERT INTO counsel SELECT row_number() OVER (ORDER BY login) - 1, id, organisation_id FROM app_user
    WHERE roles && ARRAY['legal'];
INSERT INTO coordinator SELECT id, organisation_id, department FROM app_user
    WHERE roles && ARRAY['coordinator'] AND department IS NOT NULL;
INSERT INTO member SELECT id, organisation_id, department FROM app_user
    WHERE roles && ARRAY['department_head'] AND department IS NOT NULL"""
"""`chance`: a number the row and the salt decide; `made_id`: a version 7 id likewise; `digest`: 64 hexadecimal digits
that are nobody's."""

FIRST_DAY = "SELECT cc_month_partitions(p.partrelid, $1::date, $2) FROM pg_partitioned_table p"

CUSTOMERS = """
WITH made AS (
    SELECT n, pg_temp.made_id($3::timestamptz, n, 1) AS id,
        substr($4, 1 + pg_temp.chance(n, 2) % length($4), 1) || substr($5, 1 + pg_temp.chance(n, 3) % length($5), 1)
            || substr($5, 1 + pg_temp.chance(n, 4) % length($5), 1) AS name
    FROM generate_series($1::bigint, $2::bigint - 1) AS n
), person AS (
    INSERT INTO customer (id, name, birth_date, gender, created_at)
    SELECT id, name, date '1950-01-01' + pg_temp.chance(n, 5) % 19000,
        CASE WHEN pg_temp.chance(n, 6) % 2 = 0 THEN 'female' ELSE 'male' END, $3
    FROM made ON CONFLICT DO NOTHING RETURNING id
), number AS (
    INSERT INTO customer_phone (number, customer_id)
    SELECT '169' || lpad((n % 100000000)::text, 8, '0'), id FROM made ON CONFLICT DO NOTHING
)
INSERT INTO policy (id, number, customer_id, organisation_id, product_name, product_kind, sales_channel, premium,
    issued_on, received_on, cooling_off_days, status)
SELECT pg_temp.made_id($3, n, 7), 'F' || lpad(n::text, 12, '0'), made.id, city.id, ($6::text[])[1 + k][1],
    ($6::text[])[1 + k][2], (ARRAY['agent', 'agent', 'bank', 'telesales', 'internet'])[1 + pg_temp.chance(n, 9) % 5],
    1000 + pg_temp.chance(n, 10) % 90000, d, d + 5, 15, 'in_force'
FROM made CROSS JOIN LATERAL (SELECT pg_temp.chance(n, 8) % $7::integer AS k,
        $3::date + CASE WHEN pg_temp.chance(n, 11) % 4 = 0 THEN -30 - pg_temp.chance(n, 13) % 3000
            ELSE pg_temp.chance(n, 13) % $8::integer END AS d) AS x
    JOIN city ON city.place = pg_temp.chance(n, 12) % (SELECT count(*) FROM city)
ON CONFLICT DO NOTHING"""
MADE_CUSTOMERS = "SELECT count(*) FROM policy WHERE number LIKE 'F%'"

TODAY = """
INSERT INTO today
SELECT t.* FROM jsonb_populate_record(NULL::today, $1) AS t"""
PEOPLE = """
UPDATE today SET takers = (SELECT count(*) FROM taker), cities = (SELECT count(*) FROM city),
    handlers = (SELECT count(*) FROM handler), counsels = (SELECT count(*) FROM counsel)"""
DUE = "INSERT INTO due SELECT * FROM jsonb_populate_recordset(NULL::due, $1)"
DAYS = "SELECT day FROM ticket_counter"
BORN = "SELECT c.created_at FROM policy p JOIN customer c ON c.id = p.customer_id WHERE p.number = 'F000000000000'"

RUNG = """
SELECT n, n - first_call AS place, pg_temp.made_id(at, n, 20) AS id, who, callback, answered, at, ended,
    taker.id AS taker, '169' || lpad((who % 100000000)::text, 8, '0') AS phone
FROM (
    SELECT n, t.first_call, t.takers, pg_temp.chance(n, 21) % t.customers AS who,
        pg_temp.chance(n, 22) % 5 = 0 AS callback, pg_temp.chance(n, 23) % 12 > 0 AS answered,
        t.opening + pg_temp.chance(n, 24) % 36000 * interval '1 second' AS at,
        t.opening + (pg_temp.chance(n, 24) % 36000 + 10 + pg_temp.chance(n, 25) % 600) * interval '1 second' AS ended
    FROM today t, generate_series(t.first_call, t.last_call - 1) AS n
) AS c JOIN taker ON taker.place = pg_temp.chance(n, 26) % takers
ORDER BY at, n"""

CALLS = """
INSERT INTO call (id, cc_call, direction, state, state_at, caller, did, customer_id, queue, user_id, started_at,
    answered_at, ended_at, end_cause)
SELECT r.id, 'fill-' || n, CASE WHEN callback THEN 'callback' ELSE 'inbound' END, 'ended', ended,
    CASE WHEN callback THEN '95519' ELSE phone END, CASE WHEN callback THEN phone ELSE '95519' END,
    pg_temp.made_id(t.born, who, 1), CASE WHEN callback THEN NULL ELSE 'cc-general' END,
    CASE WHEN answered THEN taker END, at, CASE WHEN answered THEN at + interval '9 seconds' END, ended, 'normal'
FROM rung r, today t;
INSERT INTO call_leg (id, call_id, channel_id, role, endpoint, user_id, started_at, answered_at, bridged, bridged_at,
    ended_at, cause)
SELECT pg_temp.made_id(at, n, 27), id, 'fill-' || n || '.1', 'agent', 'PJSIP/8001', taker, at + interval '4 seconds',
    at + interval '9 seconds', true, at + interval '9 seconds', ended, 'normal'
FROM rung WHERE answered"""
"""A leg's id is of its call's millisecond, as `callcenter.calls.call.leg_id` makes it."""

RECORDED = 10
"""Of so many calls one has its recording: a whole archive would be another fifteen gigabytes."""

RECORDINGS = """
CREATE TEMP TABLE heard ON COMMIT DROP AS
SELECT r.*, pg_temp.chance(n, 28) % 500 AS fate FROM rung r, today t
WHERE answered AND place < GREATEST((t.last_call - t.first_call) / {recorded}, t.last - t.first + 1);
INSERT INTO segment (id, call_id, seq, base, state, started_at, ended_at, expected_ms, r_bytes, t_bytes, end_reason,
    lost_reason)
SELECT pg_temp.made_id(at, n, 29), id, 1, 'fill-' || n, CASE WHEN fate = 0 THEN 'lost' ELSE 'sealed' END, at, ended,
    extract(epoch FROM ended - at) * 1000, 16000, 16000, 'hangup', CASE WHEN fate = 0 THEN 'files_missing' END
FROM heard;
INSERT INTO recording_object (id, call_id, object_id, archive_no, path, sealed_at)
SELECT id, id, 'urn:uuid:' || id, 'FILL·' || lpad(n::text, 9, '0'), 'fill/' || id, ended + interval '1 minute'
FROM heard WHERE fate > 0;
INSERT INTO recording_version (recording_id, version, inventory_sha512, leaf_index, sealed_at)
SELECT id, 1, pg_temp.digest(n, 1) || pg_temp.digest(n, 2), n, ended + interval '1 minute' FROM heard WHERE fate > 0;
INSERT INTO recording_segment (recording_id, number, version, file, duration_ms, expected_ms, started_at,
    completeness, wav_sha256, master_sha256, sources)
SELECT id, 1, 1, 'v1/content/1.flac', extract(epoch FROM ended - at) * 1000, extract(epoch FROM ended - at) * 1000, at,
    CASE fate WHEN 1 THEN 'tail_lost' WHEN 2 THEN 'hole_suspected' ELSE 'complete' END, pg_temp.digest(n, 3),
    pg_temp.digest(n, 4), '{{}}'
FROM heard WHERE fate > 0"""

CALLBACKS = """
INSERT INTO campaign (id, name, organisation_id, purpose, script_version, state, created_by, created_at)
SELECT pg_temp.made_id(opening, number, 51), '新契约回访 ' || day, 'hq', 'new_business', script,
    CASE WHEN now - opening < interval '10 days' THEN 'running' ELSE 'finished' END, 'system:demo', opening
FROM today;
INSERT INTO callback_task (id, campaign_id, purpose, source, organisation_id, customer_id, policy_id, number,
    script_version, state, not_before, due_at, result, concluded_by, concluded_at, created_at, tried_at, completed_at,
        way,
    agent_id)
SELECT pg_temp.made_id(t.opening, n, 52), pg_temp.made_id(t.opening, t.number, 51), 'new_business', 'import', city.id,
    pg_temp.made_id(t.born, who, 1), pg_temp.made_id(t.born, who, 7), phone, t.script,
    CASE WHEN waits THEN 'waiting' ELSE 'done' END, t.opening, t.opening + interval '15 days',
    CASE WHEN waits THEN NULL WHEN NOT answered THEN 'not_completed' WHEN pg_temp.chance(n, 53) % 25 = 0 THEN 'problem'
        ELSE 'successful' END,
    CASE WHEN NOT waits THEN 'user:' || taker END, CASE WHEN NOT waits THEN ended END, t.opening,
    CASE WHEN NOT waits THEN at END, CASE WHEN answered AND NOT waits THEN at + interval '9 seconds' END,
    CASE WHEN answered AND NOT waits THEN 'phone' END, CASE WHEN NOT waits THEN taker END
FROM (SELECT DISTINCT ON (who) r.*, t.now - t.opening < interval '6 days' AND pg_temp.chance(n, 54) % 3 > 0 AS waits
    FROM rung r, today t WHERE r.callback AND pg_temp.chance(n, 50) % 2 = 0 ORDER BY who, n) AS r
    CROSS JOIN today t JOIN city ON city.place = pg_temp.chance(who, 12) % t.cities
ON CONFLICT DO NOTHING;
INSERT INTO callback_attempt (id, task_id, request_key, user_id, number, agent_endpoint, requested_at, claims,
    originated_at, answered_at, ended_at, outcome)
SELECT r.id, k.id, pg_temp.made_id(at, n, 55), taker, phone, 'PJSIP/8021', at, 1, at,
    CASE WHEN answered THEN at + interval '9 seconds' END, ended, CASE WHEN answered THEN 'answered'
        ELSE 'no_answer' END
FROM rung r CROSS JOIN today t JOIN callback_task k ON k.id = pg_temp.made_id(t.opening, n, 52) AND k.state = 'done'
WHERE r.callback;
INSERT INTO callback_answer (id, task_id, attempt_id, script_version, question, answer, actor, at, second, live)
SELECT pg_temp.made_id(at, n, 56 + q.place), k.id, r.id, t.script, q.question, 'yes', 'user:' || taker,
    at + q.place * interval '20 seconds', q.place * 20, true
FROM rung r CROSS JOIN today t JOIN callback_task k ON k.id = pg_temp.made_id(t.opening, n, 52) AND k.state = 'done'
    CROSS JOIN (VALUES (1, 'identity'), (2, 'signed_personally')) AS q (place, question)
WHERE r.callback AND r.answered"""

TICKETS = """
WITH drawn AS (
    SELECT t.*, n, row_number() OVER (ORDER BY n) AS place, pg_temp.chance(n, 30) % 100 AS kind,
        pg_temp.chance(n, 31) % 100 AS way, pg_temp.chance(n, 32) % t.customers AS who,
        t.opening + (n - t.first + pg_temp.chance(n, 33) % 1000 / 1000.0) / (t.last - t.first) * interval '10 hours'
            AS received_at,
        pg_temp.chance(n, 34) % 100 AS grade, n - 20 - pg_temp.chance(n, 35) % 300 AS earlier,
        pg_temp.chance(n, 36) % 100 AS linked, 1 + pg_temp.chance(n, 37) % 9 AS takes,
        pg_temp.chance(n, 38) % 100 AS doubt
    FROM today t, generate_series(t.first, t.last - 1) AS n
), seen AS (
    SELECT *, CASE WHEN kind < 88 THEN 'complaint' WHEN kind < 96 THEN 'callback_finding' ELSE 'non_complaint'
        END AS nature,
        CASE WHEN kind < 88 AND (linked < 6 OR (linked < 8 AND grade >= 90)) AND earlier >= 0
            AND pg_temp.chance(earlier, 30) % 100 < 88 AND pg_temp.chance(earlier, 36) % 100 >= 8
            THEN CASE WHEN linked < 6 THEN 'repeat' ELSE 'escalation' END END AS again,
        received_at + takes * interval '17 hours' AS informed_at,
        received_at + takes * interval '17 hours' + interval '20 hours' AS closed_at
    FROM drawn
), staged AS (
    SELECT *, CASE WHEN closed_at + interval '9 days' < now AND doubt < 98 THEN 'archived'
            WHEN closed_at < now AND doubt < 98 THEN 'closed'
            WHEN informed_at < now AND doubt < 98 THEN 'informed'
            WHEN received_at + interval '1 day' < now THEN 'dispatched' ELSE 'recorded' END AS status,
        CASE WHEN nature = 'callback_finding' THEN CASE WHEN grade < 25 THEN 'grave_finding' ELSE 'data_finding' END
            WHEN grade < 90 THEN 'general' WHEN grade < 98 THEN 'difficult' ELSE 'major' END AS gravity
    FROM seen
)
SELECT s.n, s.place, s.who, s.received_at, s.doubt, s.takes, s.nature, s.informed_at, s.closed_at, s.status, s.gravity,
    s.status <> 'recorded' AS moved, s.status IN ('informed', 'closed', 'archived') AS told,
    s.status IN ('closed', 'archived') AS ended,
    pg_temp.made_id(received_at, n, 40) AS id,
    '95519-' || to_char(s.day, 'YYYYMMDD') || '-' || lpad(s.place::text, 6, '0') AS number,
    CASE WHEN nature = 'callback_finding' THEN 'phone_outbound'
        WHEN way < 62 THEN 'phone_inbound' WHEN way < 72 THEN 'network' WHEN way < 80 THEN 'letter'
        WHEN way < 90 THEN 'visit' WHEN way < 95 THEN 'sms' ELSE 'fax' END AS channel,
    CASE WHEN nature = 'callback_finding' THEN 'callback' WHEN way BETWEEN 72 AND 75 THEN 'regulator'
        WHEN way = 76 THEN 'upper_company' WHEN way = 95 THEN 'media' ELSE 'direct' END AS source,
    CASE WHEN nature = 'complaint' THEN COALESCE(again, 'first') END AS relation,
    CASE WHEN nature = 'complaint' THEN
        pg_temp.made_id(timestamptz '2020-01-01', CASE WHEN again IS NULL THEN n ELSE earlier END, 41) END AS matter_id,
    s.categories[1 + pg_temp.chance(n, 42) % cardinality(s.categories)] AS category,
    s.departments[1 + pg_temp.chance(n, 47) % cardinality(s.departments)] AS department,
    CASE WHEN nature = 'complaint' THEN CASE WHEN status NOT IN ('closed', 'archived') THEN 'pending'
        WHEN doubt < 15 THEN 'invalid' ELSE 'valid' END END AS validity,
    city.id AS city, city.province, taker.id AS taker, handler.id AS handler,
    CASE WHEN nature = 'callback_finding' OR way < 62 THEN
        pg_temp.made_id(s.opening + pg_temp.chance(s.first_call + s.place, 24) % 36000 * interval '1 second',
            s.first_call + s.place, 20) END AS call_id,
    s.demands[1 + pg_temp.chance(n, 43) % cardinality(s.demands)] AS demand,
    s.stories[1 + pg_temp.chance(n, 44) % cardinality(s.stories)]
        || s.sequels[1 + pg_temp.chance(n, 45) % cardinality(s.sequels)]
        || '，保单号F' || lpad(who::text, 12, '0') || '。' AS description,
    substr(surnames, 1 + pg_temp.chance(who, 2) % length(surnames), 1)
        || substr(given, 1 + pg_temp.chance(who, 3) % length(given), 1)
        || substr(given, 1 + pg_temp.chance(who, 4) % length(given), 1) AS name
FROM staged s
    JOIN city ON city.place = pg_temp.chance(who, 12) % s.cities
    JOIN taker ON taker.place = pg_temp.chance(n, 46) % s.takers
    JOIN handler ON handler.place = pg_temp.chance(n, 48) % s.handlers
ORDER BY received_at, n"""

SENT = """
SELECT m.*, p.place AS slip_place, p.part, pg_temp.made_id(m.received_at + interval '4 hours', m.n, 70 + p.place)
        AS slip_id,
    m.number || '-H' || lpad(p.place::text, 2, '0') AS slip_number, m.received_at + interval '4 hours' AS sent_at,
    CASE WHEN p.part = 'joint' THEN 'finance' WHEN p.state = 'returned' THEN 'it' ELSE m.department END AS desk,
    CASE WHEN p.state = 'returned' THEN 'returned' WHEN m.told THEN 'answered'
        WHEN m.received_at + interval '24 hours' < t.now AND m.doubt < 60 THEN 'accepted' ELSE 'sent' END AS state
FROM today t CROSS JOIN made m CROSS JOIN LATERAL (
    SELECT pg_temp.chance(m.n, 70) % 100 < 4 AS returned, pg_temp.chance(m.n, 71) % 100 < 20 AS joined) AS d
CROSS JOIN LATERAL (VALUES
    (1, 'main', 'returned', d.returned), (1 + d.returned::integer, 'main', '', true),
    (2 + d.returned::integer, 'joint', '', d.joined)) AS p (place, part, state, happened)
WHERE p.happened AND m.moved"""

WORK = """
INSERT INTO ticket_key (id, fingerprint, claimed_at) SELECT id, 'fill', received_at FROM made;
INSERT INTO ticket_counter (day, last)
SELECT t.day, count(*) FROM made, today t GROUP BY 1;
INSERT INTO finding_counter (day, last)
SELECT t.day, count(*) FROM made, today t WHERE nature = 'callback_finding' GROUP BY 1;
INSERT INTO matter (id, root_ticket_id, opened_at, latest_at, validity, occurrences, pieces)
SELECT matter_id, id, received_at, received_at, validity, 1, 1 FROM made WHERE relation = 'first';
INSERT INTO ticket (id, number, finding_number, nature, channel, source, relation, external, matter_id, category,
    severity, gravity,
    status, validity, liability, causes, determination, responsible, invalid_ground, occurrences, pieces, customer_id,
    policy_id, policy_number, complainant_type, complainant_name, complainant_phone, demand, description, restated_at,
    complete_at, opened_via, opened_by, opened_by_user, accepting_organisation_id, underwriting_organisation_id,
    department, handler_id, complex_at, group_size, owes, heard, verdict, received_at, received_day, stored_at,
    dispatched_at, handled_at, informed_at, closed_at, archived_at, rulebook)
SELECT m.id, m.number, CASE WHEN nature = 'callback_finding' THEN '95519-WT-' || to_char(t.day, 'YYYYMMDD') || '-'
        || lpad((row_number() OVER (PARTITION BY nature ORDER BY m.received_at, m.n))::text, 6, '0') END, nature,
            channel, source, relation, relation IS NOT DISTINCT FROM 'escalation', matter_id,
    category, CASE WHEN gravity IN ('difficult', 'major') THEN gravity ELSE 'general' END, gravity, status, validity,
    CASE WHEN validity = 'valid' THEN 'company' ELSE 'undetermined' END,
    CASE WHEN validity = 'valid' THEN ARRAY[category] ELSE '{}' END, ended::integer,
    CASE WHEN validity = 'valid' THEN ARRAY[department] ELSE '{}' END,
    CASE WHEN validity = 'invalid' THEN 'facts_disproved' END,
    (nature = 'complaint')::integer, (relation IS NOT NULL AND relation <> 'repeat')::integer,
    pg_temp.made_id(t.born, who, 1), pg_temp.made_id(t.born, who, 7), 'F' || lpad(who::text, 12, '0'), 'customer',
    name, '169' || lpad((who % 100000000)::text, 8, '0'), demand, description, received_at, received_at,
    CASE WHEN nature = 'callback_finding' THEN 'callback_agent' WHEN call_id IS NULL THEN 'desk' ELSE 'agent' END,
    'user:' || taker, taker, city, city, CASE WHEN moved THEN department END,
    CASE WHEN m.doubt % 4 = 0 THEN handler END, CASE WHEN gravity IN ('difficult', 'major') THEN received_at END,
    CASE WHEN m.doubt = 97 AND m.n % 5 = 0 THEN 5 + m.n % 12 ELSE 1 END,
    CASE WHEN m.channel IN ('letter', 'visit') AND m.doubt % 7 = 0 AND NOT told THEN ARRAY['visit_form'] ELSE '{}' END,
    t.heard -> gravity, t.verdicts -> gravity, received_at, t.day, received_at,
    CASE WHEN moved THEN received_at + interval '4 hours' END, CASE WHEN told THEN informed_at END,
    CASE WHEN told THEN informed_at END, CASE WHEN ended THEN closed_at END,
    CASE WHEN status = 'archived' THEN closed_at + interval '8 days' END, t.version
FROM made m, today t;
INSERT INTO slip (id, ticket_id, place, number, part, state, department, organisation_id, line, category, leads,
    request, sent_at, sent_by, accepted_at, accepted_by, returned_at, return_reason, answered_at, answered_by, answer)
SELECT slip_id, id, slip_place, slip_number, part, state, desk, city, 1, category, part = 'main',
    CASE WHEN part = 'joint' THEN '请协助核实缴费记录' ELSE '' END, sent_at, 'user:' || handler,
    CASE WHEN state IN ('accepted', 'answered') THEN LEAST(sent_at + interval '20 hours', informed_at) END,
    CASE WHEN state IN ('accepted', 'answered') THEN 'user:' || handler END,
    CASE WHEN state = 'returned' THEN sent_at + interval '1 hour' END,
    CASE WHEN state = 'returned' THEN '不属本部门职责' END, CASE WHEN state = 'answered' THEN informed_at END,
    CASE WHEN state = 'answered' THEN 'user:' || handler END, CASE WHEN state = 'answered' THEN '已核实，详见附件' END
FROM sent;
INSERT INTO ticket_clock (ticket_id, kind, cycle, start_day, due_day, due_at, alert_day, provisional, rules, internal,
    statutory, version, met_at)
SELECT m.id, d.kind, d.cycle, d.start_day, d.due_day, d.due_at, d.alert_day, d.provisional, d.rules, d.internal,
    NULLIF(d.statutory, 'null'), d.version, CASE d.kind
        WHEN 'register' THEN m.received_at
        WHEN 'acknowledge' THEN m.received_at + CASE WHEN m.doubt % 25 = 3 THEN interval '3 days' ELSE '0' END
        WHEN 'hand_over' THEN CASE WHEN m.moved THEN m.received_at + interval '4 hours' END
        WHEN 'dispatch' THEN CASE WHEN m.moved THEN m.received_at + interval '4 hours' END
        WHEN 'close' THEN CASE WHEN m.ended THEN m.closed_at END
        WHEN 'archive' THEN CASE WHEN m.status = 'archived' THEN m.closed_at + interval '8 days' END
        ELSE CASE WHEN m.told THEN m.informed_at END END
FROM made m CROSS JOIN LATERAL (VALUES
    (m.gravity, CASE WHEN m.source IN ('regulator', 'upper_company') THEN 'forwarded'
        WHEN m.channel LIKE 'phone%' THEN 'phone' WHEN m.channel = 'visit' THEN 'visit'
        WHEN m.channel = 'letter' THEN 'letter_or_email' ELSE 'other_writing' END),
    (CASE WHEN m.told THEN 'told' END, m.takes::text),
    (CASE WHEN m.ended THEN 'ended' END, m.takes::text)) AS k (gravity, contact)
    JOIN due d ON d.gravity = k.gravity AND d.contact = k.contact
WHERE m.nature = 'complaint' OR d.kind NOT IN ('answer_or_progress', 'progress_customer', 'progress_cs', 'report_up');
INSERT INTO ticket_clock (ticket_id, kind, cycle, start_day, due_day, due_at, alert_day, provisional, rules, internal,
    statutory, version, met_at)
SELECT s.id, d.kind, s.slip_place, d.start_day, d.due_day, d.due_at, d.alert_day, d.provisional, d.rules, d.internal,
    NULLIF(d.statutory, 'null'), d.version, CASE s.state WHEN 'returned' THEN s.sent_at + interval '1 hour'
        WHEN 'sent' THEN NULL ELSE LEAST(s.sent_at + interval '20 hours', s.informed_at) END
FROM sent s JOIN due d ON d.gravity = 'slip';
INSERT INTO ticket_event (id, ticket_id, at, actor, kind, details)
SELECT pg_temp.made_id(e.at, m.n, e.salt), m.id, e.at, 'user:' || m.taker, e.kind, '{}'
FROM made m CROSS JOIN LATERAL (VALUES
    (60, 'opened', m.received_at, true),
    (61, 'dispatch', m.received_at + interval '4 hours', m.moved),
    (62, 'handle', m.informed_at, m.told),
    (63, 'inform', m.informed_at, m.told),
    (64, 'close', m.closed_at, m.ended),
    (65, 'archive', m.closed_at + interval '8 days', m.status = 'archived')) AS e (salt, kind, at, happened)
WHERE e.happened;
INSERT INTO ticket_cause (ticket_id, determination, place, category, departments)
SELECT id, 1, 1, category, ARRAY[department] FROM made WHERE validity = 'valid';
INSERT INTO ticket_found (ticket_id, at, validity)
SELECT id, closed_at, validity FROM made WHERE validity IN ('valid', 'invalid');
INSERT INTO ticket_call (ticket_id, call_id, opened_live, seconds_into_call, linked_at)
SELECT id, call_id, true, 30, received_at FROM made WHERE call_id IS NOT NULL"""

FACTS = """
DELETE FROM ticket_fact_owed o USING made m WHERE o.ticket_id = m.id;
SELECT cc_copy_facts(ARRAY(SELECT id FROM made))"""
"""What the figures count, of a whole day at once, when the slips are there."""

DRAWN = {"rung": RUNG, "made": TICKETS, "sent": SENT}
"""The day's calls, tickets and slips, in this order, each in a table of its own that the statements above read."""
EMPTY = "TRUNCATE today, due, rung, made, sent"
MAKE = "CREATE TEMP TABLE {table} AS {rows} WITH NO DATA"
DRAW = "INSERT INTO {table} {rows}"

MATTERS = """
UPDATE matter m SET occurrences = r.occurrences, pieces = r.pieces, repeats = r.repeats, escalations = r.escalations,
    latest_at = r.latest_at
FROM (SELECT t.matter_id, sum(t.occurrences) AS occurrences, sum(t.pieces) AS pieces, max(t.received_at) AS latest_at,
        count(*) FILTER (WHERE t.relation = 'repeat') AS repeats,
        count(*) FILTER (WHERE t.relation = 'escalation') AS escalations
    FROM ticket t WHERE t.matter_id IN (SELECT matter_id FROM ticket WHERE relation IN ('repeat', 'escalation'))
    GROUP BY 1) AS r
WHERE m.id = r.matter_id AND m.occurrences <> r.occurrences"""

COUNTS = """
SELECT (SELECT count(*) FROM ticket) AS tickets, (SELECT count(*) FROM call) AS calls,
    (SELECT count(*) FROM customer) AS customers"""
