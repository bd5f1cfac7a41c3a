"""The SQL of what came of one made-up day's tickets: reminders, letters, reviews, committees, papers, and the trails.

In plausible proportion, so that the lists and work queues of it have their real length. Reads `made` and `sent` of
`callcenter.demo.years`. Must never be used beside real data.
"""

REMINDERS = """
CREATE TEMP TABLE urged ON COMMIT DROP AS
SELECT s.*, r.stage, r.serial, r.at, pg_temp.made_id(r.at, s.n, 80 + r.serial) AS reminder_id,
    s.slip_number || '-C0' || r.serial AS reminder_number, d.due_day
FROM sent s CROSS JOIN today t
CROSS JOIN LATERAL (VALUES (1, 'first', s.sent_at + interval '96 hours', pg_temp.chance(s.n, 80) % 100 < 8),
    (2, 'overdue', s.sent_at + interval '140 hours', pg_temp.chance(s.n, 80) % 100 < 2)) AS r (serial, stage, at,
        happened)
JOIN LATERAL (SELECT k.due_day FROM ticket_clock k WHERE k.ticket_id = s.id AND k.kind = 'decide_inform'
    AND k.cycle = 1)
    AS d ON true
WHERE s.part = 'main' AND s.state <> 'returned' AND r.happened AND r.at < t.now;
INSERT INTO reminder (id, number, slip_id, ticket_id, day, stage, due_day, remaining, overdue, message, copied, sent_by,
    sent_at)
SELECT reminder_id, reminder_number, slip_id, id, (at AT TIME ZONE 'Asia/Shanghai')::date, stage, due_day,
    CASE stage WHEN 'first' THEN 2 ELSE 0 END, CASE stage WHEN 'first' THEN 0 ELSE 1 END,
    '会办单' || slip_number || '请按期办结', stage = 'overdue', 'system:worker', at
FROM urged;
INSERT INTO neglect (id, slip_id, ticket_id, overdue, state, listed_at, decided_by, decided_at, notice_number,
    published_by, published_at)
SELECT pg_temp.made_id(at, n, 83), slip_id, id, 3, fate, at, CASE WHEN fate <> 'listed' THEN 'user:' || handler END,
    CASE WHEN fate <> 'listed' THEN at + interval '1 day' END, CASE fate WHEN 'published' THEN '通报' || n END,
    CASE fate WHEN 'published' THEN 'user:' || handler END,
    CASE fate WHEN 'published' THEN at + interval '2 days' END
FROM (SELECT u.*, CASE WHEN u.at + interval '3 days' > t.now THEN 'listed' WHEN doubt % 3 = 0 THEN 'published'
        WHEN doubt % 3 = 1 THEN 'confirmed' ELSE 'dropped' END AS fate
    FROM urged u, today t WHERE stage = 'overdue' AND pg_temp.chance(n, 83) % 4 = 0) AS l;
INSERT INTO notification (id, recipient, kind, about, ticket_id, title, body, created_at, shown_at, read_at)
SELECT pg_temp.made_id(u.at, u.n, 84 + u.serial), c.id, 'reminder', u.reminder_number, u.id, '催办：' || u.number,
    '会办单' || u.slip_number || '请按期办结', u.at, read_at, read_at
FROM urged u CROSS JOIN today t JOIN coordinator c ON c.organisation_id = u.city AND c.department = u.desk
CROSS JOIN LATERAL (SELECT CASE WHEN u.doubt < 97 AND u.at + interval '2 days' < t.now
    THEN u.at + interval '3 hours' END
    AS read_at) AS l;
INSERT INTO notification (id, recipient, kind, about, title, body, created_at, shown_at, read_at)
SELECT pg_temp.made_id(t.opening, hashtextextended(c.id::text, t.number), 87), c.id, 'digest', 'digest ' || t.day,
    '待办提示 ' || t.day, '今日待办会办单若干', t.opening, read_at, read_at
FROM coordinator c CROSS JOIN today t CROSS JOIN LATERAL (
    SELECT CASE WHEN t.opening + interval '1 day' < t.now THEN t.opening + interval '1 hour' END AS read_at) AS l;
INSERT INTO outbox_delivery (event_id, consumer, attempts, next_at, parked_at, last_error)
SELECT pg_temp.made_id(u.at, u.n, 84 + u.serial), 'notifications.mail', 40, u.at + interval '36 hours',
    u.at + interval '36 hours', '550 no such mailbox'
FROM urged u JOIN coordinator c ON c.organisation_id = u.city AND c.department = u.desk
WHERE pg_temp.chance(u.n, 88) % 100 = 0;
INSERT INTO queue_look (user_id, day, first_at, last_at)
SELECT c.id, t.day, t.opening + interval '1 hour', t.opening + interval '1 hour'
FROM coordinator c CROSS JOIN today t WHERE pg_temp.chance(hashtextextended(c.id::text, t.number), 89) % 20 > 0
ON CONFLICT DO NOTHING"""

LETTERS = """
CREATE TEMP TABLE written ON COMMIT DROP AS
SELECT m.*, l.letter_id, l.at, l.state, c.id AS counsel, c.organisation_id AS counsel_organisation
FROM made m CROSS JOIN today t CROSS JOIN LATERAL (
    SELECT pg_temp.made_id(m.received_at + interval '12 hours', m.n, 90) AS letter_id,
        m.received_at + interval '12 hours' AS at,
        CASE WHEN m.told THEN 'sent' ELSE (ARRAY['draft', 'in_review', 'in_review', 'sent_back', 'cleared'])
            [1 + pg_temp.chance(m.n, 91) % 5] END AS state) AS l
    JOIN counsel c ON c.place = pg_temp.chance(m.n, 92) % t.counsels
WHERE m.nature = 'complaint' AND m.moved AND pg_temp.chance(m.n, 90) % 100 < 15;
INSERT INTO opinion_letter (id, ticket_id, place, organisation_id, state, cleared_at, cleared_by, sent_at, sent_by,
    sent_recorded_at, means, proof, created_by, created_at, changed_by, changed_at, changed_how)
SELECT letter_id, id, 1, city, state, CASE WHEN state IN ('cleared', 'sent') THEN at + interval '2 hours' END,
    CASE WHEN state IN ('cleared', 'sent') THEN 'user:' || counsel END, CASE state WHEN 'sent' THEN informed_at END,
    CASE state WHEN 'sent' THEN 'user:' || handler END, CASE state WHEN 'sent' THEN informed_at END,
    CASE state WHEN 'sent' THEN 'posted' END, CASE state WHEN 'sent' THEN '挂号信' || n END, 'user:' || handler, at,
    'user:' || handler, at, 'draft'
FROM written;
INSERT INTO opinion_letter_text (letter_id, version, addressee, address, facts, basis, decision, remedies, written_by,
    written_at)
SELECT letter_id, 1, name, '广东省广州市天河区某路1号', description, '保险合同条款', '维持原处理意见', '{}',
    'user:' || handler, at
FROM written;
INSERT INTO legal_review (letter_id, round, text_version, counsel_id, counsel_organisation_id, clock_cycle,
    submitted_at,
    submitted_by, ended_at, ended_by, verdict, remarks)
SELECT letter_id, 1, 1, counsel, counsel_organisation, 1, at + interval '1 hour', 'user:' || handler,
    CASE WHEN state <> 'in_review' THEN at + interval '2 hours' END, CASE WHEN state <> 'in_review'
        THEN 'user:' || counsel END,
    CASE state WHEN 'in_review' THEN NULL WHEN 'sent_back' THEN 'sent_back' ELSE 'cleared' END,
    CASE state WHEN 'sent_back' THEN '请补充依据' ELSE '' END
FROM written WHERE state <> 'draft';
INSERT INTO ticket_clock (ticket_id, kind, cycle, start_day, due_day, due_at, alert_day, provisional, rules, internal,
    statutory, version, met_at)
SELECT w.id, d.kind, 1, d.start_day, d.due_day, d.due_at, d.alert_day, d.provisional, d.rules, d.internal,
    NULLIF(d.statutory, 'null'), d.version, CASE WHEN w.state <> 'in_review' THEN w.at + interval '2 hours' END
FROM written w JOIN due d ON d.gravity = 'letter' WHERE w.state <> 'draft'"""

REVIEWS = """
CREATE TEMP TABLE questioned ON COMMIT DROP AS
SELECT m.*, m.closed_at + interval '5 days' AS asked_at, CASE WHEN m.closed_at + interval '25 days' < t.now THEN 'told'
    WHEN m.closed_at + interval '20 days' < t.now THEN 'decided' ELSE 'asked' END AS state
FROM made m, today t WHERE m.nature = 'complaint' AND m.ended AND m.closed_at + interval '5 days' < t.now
    AND pg_temp.chance(m.n, 100) % 100 < 2;
INSERT INTO review_request (id, ticket_id, place, organisation_id, state, reason, decision_received_at, asked_at,
    until_day, late, clock_cycle, assignee_id, outcome, opinion, decided_at, decided_by, told_at, told_by, means, proof,
    created_by, created_at, changed_by, changed_at, changed_how)
SELECT pg_temp.made_id(asked_at, n, 100), id, 1, province, state, '对处理结果不服', informed_at, asked_at,
    (asked_at + interval '25 days')::date, false, 1, handler, CASE WHEN state <> 'asked' THEN 'upheld' END,
    CASE WHEN state <> 'asked' THEN '维持' END, CASE WHEN state <> 'asked' THEN asked_at + interval '15 days' END,
    CASE WHEN state <> 'asked' THEN 'user:' || handler END,
    CASE WHEN state = 'told' THEN asked_at + interval '20 days' END, CASE WHEN state = 'told'
        THEN 'user:' || handler END,
    CASE WHEN state = 'told' THEN 'posted' END, CASE WHEN state = 'told' THEN '挂号信' || n END, 'user:' || handler,
    asked_at, 'user:' || handler, asked_at, state
FROM questioned;
INSERT INTO ticket_clock (ticket_id, kind, cycle, start_day, due_day, due_at, alert_day, provisional, rules, internal,
    statutory, version, met_at)
SELECT q.id, d.kind, 1, d.start_day, d.due_day, d.due_at, d.alert_day, d.provisional, d.rules, d.internal,
    NULLIF(d.statutory, 'null'), d.version, CASE WHEN q.state <> 'asked' THEN q.asked_at + interval '15 days' END
FROM questioned q JOIN due d ON d.gravity = 'review';
INSERT INTO reinvestigation (id, ticket_id, ground, organisation_id, returned_to, state, guidance, due_day, returned_by,
    returned_at, result, reported_by, reported_at, conclusion, concluded_by, concluded_at, changed_by, changed_at,
    changed_how)
SELECT pg_temp.made_id(at, n, 102), id, relation, province, city, state, '请重新核实', (at + interval '10 days')::date,
    'user:' || handler, at, CASE WHEN state <> 'returned' THEN '已核实' END,
    CASE WHEN state <> 'returned' THEN 'user:' || taker END, CASE WHEN state <> 'returned'
        THEN at + interval '8 days' END,
    CASE WHEN state = 'concluded' THEN '同意' END, CASE WHEN state = 'concluded' THEN 'user:' || handler END,
    CASE WHEN state = 'concluded' THEN at + interval '9 days' END, 'user:' || handler, at, state
FROM (SELECT m.*, m.received_at + interval '2 days' AS at, CASE WHEN m.received_at + interval '11 days' < t.now
        THEN 'concluded' WHEN m.received_at + interval '10 days' < t.now THEN 'reported' ELSE 'returned' END AS state
    FROM made m, today t WHERE m.relation IN ('repeat', 'escalation') AND m.received_at + interval '2 days' < t.now
        AND pg_temp.chance(m.n, 102) % 100 < 20) AS r;
INSERT INTO supervision_mark (ticket_id, organisation_id, reason, marked_by, marked_at)
SELECT id, province, '调查结论不一致', 'user:' || handler, received_at + interval '3 days'
FROM made WHERE moved AND nature = 'complaint' AND pg_temp.chance(n, 103) % 300 = 0;
INSERT INTO downgrade (id, ticket_id, from_severity, to_severity, reason, state, proposed_by, proposed_at, answered_by,
    answered_at)
SELECT pg_temp.made_id(received_at + interval '6 hours', n, 104), id, gravity,
    CASE gravity WHEN 'major' THEN 'difficult' ELSE 'general' END, '情节较轻',
    CASE WHEN told THEN 'refused' ELSE 'proposed' END, 'user:' || taker, received_at + interval '6 hours',
    CASE WHEN told THEN 'user:' || handler END, CASE WHEN told THEN received_at + interval '1 day' END
FROM made WHERE moved AND gravity IN ('difficult', 'major') AND pg_temp.chance(n, 104) % 10 = 0;
INSERT INTO ticket_extension (id, ticket_id, rule, reason, proposed_at, proposed_by, approved_at, approved_by)
SELECT pg_temp.made_id(received_at + interval '30 hours', n, 105), id, rule, '案情复杂',
    received_at + interval '30 hours',
    'user:' || taker, CASE WHEN rule = 'L-16' AND told THEN received_at + interval '40 hours' END,
    CASE WHEN rule = 'L-16' AND told THEN 'user:' || handler END
FROM made CROSS JOIN today CROSS JOIN LATERAL (
    SELECT CASE WHEN pg_temp.chance(n, 106) % 2 = 0 THEN 'L-15' ELSE 'L-16' END AS rule) AS r
WHERE moved AND received_at + interval '2 days' < now AND pg_temp.chance(n, 105) % 100 < 3"""

FEEDBACK = """
INSERT INTO feedback (id, ticket_id, audience, organisation_id, department, given_at, given_by, seen_at, seen_by)
SELECT pg_temp.made_id(m.informed_at, m.n, 110 + a.place), m.id, a.audience, a.organisation_id, a.department,
    m.informed_at,
    'user:' || m.handler, CASE WHEN seen THEN m.informed_at + interval '1 day' END, CASE WHEN seen
        THEN 'user:' || m.handler END
FROM made m CROSS JOIN today t CROSS JOIN LATERAL (VALUES (1, 'department', m.city, m.department, true),
        (2, 'upper_company', m.province, NULL, m.gravity IN ('difficult', 'major') OR m.source = 'regulator'))
        AS a (place, audience, organisation_id, department, happened)
    CROSS JOIN LATERAL (SELECT m.informed_at + interval '2 days' < t.now AND pg_temp.chance(m.n,
        110 + a.place) % 100 < 97
        AS seen) AS s
WHERE m.told AND m.nature = 'complaint' AND a.happened;
INSERT INTO formality (id, ticket_id, duty, owner_id, due_day, added_by, added_at, done_at, done_by, result)
SELECT pg_temp.made_id(m.informed_at, m.n, 113), m.id, '退还保费并办理手续', m.handler,
    (m.informed_at + interval '10 days')::date,
    'user:' || m.handler, m.informed_at, CASE WHEN done THEN m.informed_at + interval '6 days' END,
    CASE WHEN done THEN 'user:' || m.handler END, CASE WHEN done THEN '已办理' END
FROM made m CROSS JOIN today t CROSS JOIN LATERAL (SELECT m.informed_at + interval '6 days' < t.now
    AND pg_temp.chance(m.n, 114) % 100 < 98 AS done) AS d
WHERE m.told AND pg_temp.chance(m.n, 113) % 100 < 4;
INSERT INTO signature (id, ticket_id, determination, department, organisation_id, signed, at, signer)
SELECT pg_temp.made_id(informed_at, n, 115), id, 1, department, city, true, informed_at, 'user:' || handler
FROM made WHERE validity = 'valid'"""

COMMITTEES = """
CREATE TEMP TABLE heavy ON COMMIT DROP AS
SELECT m.*, pg_temp.made_id(t.opening, t.number, 120 + dense_rank() OVER (ORDER BY m.province)::integer) AS meeting_id,
    row_number() OVER (PARTITION BY m.province ORDER BY m.n) AS agenda, t.opening + interval '10 days' AS planned_at,
    CASE WHEN t.opening + interval '12 days' < t.now THEN 'confirmed' WHEN t.opening + interval '10 days' < t.now
        THEN 'held'
        WHEN m.province <> 'gd' OR t.opening + interval '2 days' < t.now THEN 'called' ELSE 'draft' END AS meeting_state
FROM made m CROSS JOIN today t
WHERE m.nature = 'complaint' AND m.gravity IN ('difficult', 'major') AND m.moved AND m.doubt < 98;
INSERT INTO committee_meeting (id, organisation_id, kind, year, number, state, subject, place, planned_at, minutes,
    called_at, held_at, confirmed_at, confirmed_by, created_by, created_at, changed_by, changed_at, changed_how)
SELECT DISTINCT meeting_id, province, 'ad_hoc', extract(year FROM t.day)::integer, extract(doy FROM t.day)::integer,
    meeting_state, '疑难及重大投诉审议', '会议室', planned_at,
    CASE WHEN meeting_state IN ('held', 'confirmed') THEN '会议审议了各项议题' ELSE '' END,
    CASE WHEN meeting_state <> 'draft' THEN planned_at - interval '5 days' END,
    CASE WHEN meeting_state IN ('held', 'confirmed') THEN planned_at END,
    CASE WHEN meeting_state = 'confirmed' THEN planned_at + interval '2 days' END,
    CASE WHEN meeting_state = 'confirmed' THEN 'system:demo' END, 'system:demo', t.opening, 'system:demo', t.opening,
        'draft'
FROM heavy, today t;
INSERT INTO committee_item (meeting_id, ticket_id, place) SELECT meeting_id, id, agenda FROM heavy;
INSERT INTO committee_seat (meeting_id, user_id, department, attended)
SELECT DISTINCT h.meeting_id, e.id, e.department, h.meeting_state IN ('held', 'confirmed')
FROM heavy h JOIN member e ON e.organisation_id = h.province
ON CONFLICT DO NOTHING;
INSERT INTO committee_ruling (meeting_id, ticket_id, opinion, validity, causes, closing, ruled_at, recorded_by,
    confirmed_at)
SELECT meeting_id, id, '同意处理意见', 'valid', ARRAY[category], true, planned_at, 'system:demo',
    CASE WHEN meeting_state = 'confirmed' THEN planned_at + interval '2 days' END
FROM heavy WHERE meeting_state IN ('held', 'confirmed');
INSERT INTO committee_follow_up (id, meeting_id, ticket_id, duty, owner_id, due_day, added_by, added_at, done_at,
    done_by,
    result)
SELECT pg_temp.made_id(planned_at, n, 125), meeting_id, id, '落实整改', handler,
    (planned_at + interval '20 days')::date,
    'system:demo', planned_at, CASE WHEN done THEN planned_at + interval '9 days' END,
    CASE WHEN done THEN 'user:' || handler END, CASE WHEN done THEN '已落实' END
FROM heavy CROSS JOIN today t CROSS JOIN LATERAL (SELECT planned_at + interval '9 days' < t.now
    AND pg_temp.chance(n, 126) % 100 < 97 AS done) AS d
WHERE meeting_state = 'confirmed' AND pg_temp.chance(n, 128) % 5 = 0;
INSERT INTO committee_referral (id, ticket_id, organisation_id, ground, reason, referred_at, referred_by)
SELECT pg_temp.made_id(received_at + interval '1 day', n, 127), id, province, 'validity', '各部门意见不一致',
    received_at + interval '1 day', 'user:' || handler
FROM made WHERE moved AND NOT told AND nature = 'complaint' AND pg_temp.chance(n, 127) % 20 = 0"""

PAPERS = """
INSERT INTO acknowledgement (id, ticket_id, means, state, note, recorded_at, recorded_by, state_at)
SELECT pg_temp.made_id(received_at, n, 130), id, CASE channel WHEN 'letter' THEN 'letter' WHEN 'visit' THEN 'in_person'
        WHEN 'fax' THEN 'fax' WHEN 'sms' THEN 'sms' ELSE 'online' END, 'complete', '已出具受理凭证', received_at,
    'user:' || taker, received_at
FROM made WHERE channel NOT LIKE 'phone%' AND doubt % 25 <> 3;
INSERT INTO attachment_content (sha256, size, stored_at, checked_at)
SELECT pg_temp.digest(n, 131), 1000 + pg_temp.chance(n, 131) % 900000, received_at, received_at
FROM made WHERE channel IN ('letter', 'visit', 'fax') ON CONFLICT DO NOTHING;
INSERT INTO attachment (id, ticket_id, kind, origin, name, media_type, sha256, added_at, added_by)
SELECT pg_temp.made_id(received_at, n, 132), id, CASE channel WHEN 'visit' THEN 'visit_form' ELSE channel END,
    'received',
    number || '.pdf', 'application/pdf', pg_temp.digest(n, 131), received_at, 'user:' || taker
FROM made WHERE channel IN ('letter', 'visit', 'fax');
INSERT INTO document (id, number, kind, ticket_id, organisation_id, year, serial, template_id, facts, engine,
    substituted,
    sha256, size, issued_at, issued_by, asked)
SELECT pg_temp.made_id(p.at, m.n, p.salt), 'FILL-' || p.salt || '-' || m.n, p.kind, m.id, m.city,
    extract(year FROM t.day)::integer, 1000000 + m.n, d.id, '{}', 'typst', '{}', pg_temp.digest(m.n, p.salt), 20000,
        p.at,
    'user:' || m.taker, pg_temp.digest(m.n, p.salt)
FROM made m CROSS JOIN today t CROSS JOIN LATERAL (VALUES
        (133, 'acknowledgement', m.received_at, m.channel IN ('letter', 'visit', 'fax')),
        (134, 'decision', m.informed_at, m.told AND pg_temp.chance(m.n, 134) % 100 < 20)) AS p (salt, kind, at,
            happened)
    JOIN LATERAL (SELECT id FROM document_template d WHERE d.kind = p.kind ORDER BY version LIMIT 1) AS d ON true
WHERE p.happened"""

TRAILS = """
INSERT INTO audit (id, at, actor, action, object_kind, object_id, details)
SELECT pg_temp.made_id(e.at, m.n, e.salt), e.at, 'user:' || m.taker, e.action, 'ticket', m.id::text, '{}'
FROM made m CROSS JOIN LATERAL (VALUES (140, 'ticket.opened', m.received_at, true),
    (141, 'ticket.informed', m.informed_at, m.told), (142, 'ticket.closed', m.closed_at, m.ended)) AS e (salt, action,
        at, happened)
WHERE e.happened;
INSERT INTO access_log (id, at, actor, verdict, reason, object_kind, object_id, purpose, address)
SELECT pg_temp.made_id(e.at, m.n, e.salt), e.at, 'user:' || e.who, 'allow', e.reason, e.kind, e.object_id, e.purpose,
    '10.0.0.1'
FROM made m CROSS JOIN today t CROSS JOIN LATERAL (VALUES
    (143, m.taker, 'open_ticket', 'ticket', m.id::text, NULL, m.received_at, true),
    (144, m.handler, 'show_ticket', 'ticket', m.id::text, NULL, m.received_at + interval '5 hours', m.moved),
    (145, m.handler, 'show_customer', 'customer', pg_temp.made_id(t.born, m.who, 1)::text, NULL, m.informed_at, m.told),
    (146, m.handler, 'hear_recording', 'recording', m.call_id::text, '投诉调查', m.received_at + interval '6 hours',
        m.moved AND m.call_id IS NOT NULL)) AS e (salt, who, reason, kind, object_id, purpose, at, happened)
WHERE e.happened;
INSERT INTO incident (id, kind, call_id, at, details, seen_by, seen_at)
SELECT pg_temp.made_id(r.ended, r.n, 147), (ARRAY['recording_missing', 'nobody_there', 'degraded'])[1 + r.n % 3], r.id,
    r.ended,
    '{}', CASE WHEN seen THEN r.taker END, CASE WHEN seen THEN r.ended + interval '1 hour' END
FROM rung r CROSS JOIN today t CROSS JOIN LATERAL (SELECT r.ended + interval '1 hour' < t.now
    AND pg_temp.chance(r.n, 148) % 100 < 98 AS seen) AS s
WHERE pg_temp.chance(r.n, 147) % 500 = 0;
INSERT INTO agent_state_log (id, user_id, state, reason, actor, started_at, ended_at)
SELECT pg_temp.made_id(t.opening + s.hour * interval '1 hour', k.place + t.number * 1000, 150 + s.hour), k.id, s.state,
    s.reason, 'user:' || k.id, t.opening + s.hour * interval '1 hour', t.opening + (s.hour + 2) * interval '1 hour'
FROM taker k CROSS JOIN today t CROSS JOIN (VALUES (0, 'ready', NULL), (2, 'paused', 'meal'), (4, 'ready', NULL),
    (6, 'paused', 'training'), (8, 'ready', NULL)) AS s (hour, state, reason)"""

OF_A_DAY = (REMINDERS, LETTERS, REVIEWS, FEEDBACK, COMMITTEES, PAPERS, TRAILS)

TEMPLATE = """
INSERT INTO document_template (id, kind, version, source, sha256, reason, active_from, created_at, created_by)
SELECT gen_random_uuid(), $1, COALESCE((SELECT max(version) FROM document_template WHERE kind = $1), 0) + 1, $2, $3,
    'shipped', $4, $4, 'system:shipped'
WHERE NOT EXISTS (SELECT FROM document_template WHERE kind = $1)"""
MEMBERS = """
INSERT INTO committee_member (id, organisation_id, user_id, department, first_day, added_by, added_at)
SELECT gen_random_uuid(), m.organisation_id, m.id, m.department, $1::date, 'system:demo', $2
FROM member m WHERE NOT EXISTS (SELECT FROM committee_member c WHERE c.organisation_id = m.organisation_id
    AND c.user_id = m.id)"""

MONTHS = """
CREATE TEMP TABLE month ON COMMIT DROP AS
SELECT first::date AS first_day, (first + interval '1 month' - interval '1 day')::date AS last_day,
    o.id AS organisation_id,
    o.kind, row_number() OVER (ORDER BY first, o.id) AS place,
    (first + interval '1 month 2 days') AT TIME ZONE 'Asia/Shanghai' AS at
FROM generate_series(date_trunc('month', $1::date + 31), date_trunc('month', $2::date - 40),
    interval '1 month') AS first
    CROSS JOIN organisation o WHERE o.kind IN ('hq', 'province', 'city')"""
OF_A_MONTH = """
INSERT INTO denominator (id, series, version, organisation_id, base, first_day, last_day, amount, source, imported_by,
    imported_at)
SELECT made, made, 1, organisation_id, base, first_day, last_day, 1000000, '演示数据', 'system:demo', at
FROM month CROSS JOIN unnest(ARRAY['premium', 'policies', 'person_times']) WITH ORDINALITY AS b (base, nth)
    CROSS JOIN LATERAL (SELECT pg_temp.made_id(at, place, 160 + nth::integer) AS made) AS x
ON CONFLICT DO NOTHING;
INSERT INTO report (id, kind, organisation_id, dimension, first_day, last_day, state, requested_by, requested_at,
    finished_at, fault)
SELECT pg_temp.made_id(at, place, 164), 'monthly', organisation_id, 'accepting', first_day, last_day, 'failed',
    'system:demo',
    at, at, 'made up by the demonstration: it was never run'
FROM month ON CONFLICT DO NOTHING;
INSERT INTO satisfaction_draw (id, organisation_id, first_day, last_day, seed, wanted, population, population_sha256,
    drawn_by, drawn_at)
SELECT pg_temp.made_id(at, place, 165), organisation_id, first_day, last_day, 'fill', 400, 20000, pg_temp.digest(place,
    165),
    'system:demo', at
FROM month WHERE kind = 'hq' ON CONFLICT DO NOTHING;
INSERT INTO satisfaction_sample (ticket_id, draw_id, place, result, asked_by, asked_at)
SELECT s.id, pg_temp.made_id(m.at, m.place, 165), s.nth, s.result, CASE WHEN s.result IS NOT NULL
    THEN 'system:demo' END,
    CASE WHEN s.result IS NOT NULL THEN m.at + interval '3 days' END
FROM month m CROSS JOIN LATERAL (
    SELECT t.id, row_number() OVER (ORDER BY t.id) AS nth, (ARRAY['satisfied', 'satisfied', 'satisfied', 'neutral',
        'dissatisfied', 'not_reached', NULL])[1 + pg_temp.chance(hashtextextended(t.id::text, 0), 166) % 7] AS result
    FROM ticket t WHERE t.received_day BETWEEN m.first_day AND m.last_day AND t.nature = 'complaint'
        AND t.closed_at < m.at LIMIT 400) AS s
WHERE m.kind = 'hq' ON CONFLICT DO NOTHING;
UPDATE ticket_fact f SET satisfied = s.result = 'satisfied' FROM satisfaction_sample s
WHERE s.ticket_id = f.ticket_id AND s.result <> 'not_reached' AND f.satisfied IS NULL;
INSERT INTO closing_sample (id, organisation_id, first_day, last_day, size, seed, population, drawn_at, drawn_by)
SELECT pg_temp.made_id(at, place, 167), organisation_id, first_day, last_day, 100, 'fill', 5000, at, 'system:demo'
FROM month WHERE kind IN ('hq', 'province') ON CONFLICT DO NOTHING;
INSERT INTO closing_sample_item (sample_id, place, ticket_id, validity, result, remark, reviewed_at, reviewed_by)
SELECT pg_temp.made_id(m.at, m.place, 167), s.nth, s.id, s.validity, 'agreed', '', m.at, 'system:demo'
FROM month m JOIN organisation o ON o.id = m.organisation_id CROSS JOIN LATERAL (
    SELECT t.id, t.validity, row_number() OVER (ORDER BY t.id) AS nth
    FROM ticket t JOIN organisation a ON a.id = t.accepting_organisation_id AND starts_with(a.path, o.path)
    WHERE t.received_day BETWEEN m.first_day AND m.last_day AND t.validity IN ('valid', 'invalid') LIMIT 100) AS s
WHERE m.kind IN ('hq', 'province') ON CONFLICT DO NOTHING;
INSERT INTO post_change (id, organisation_id, duty, department, turn, user_id, effective_day, recorded_by, recorded_at,
    reported_by, reported_at)
SELECT pg_temp.made_id(m.at, hashtextextended(c.id::text, m.place), 168), c.organisation_id, 'coordinator',
    c.department,
    'joined', c.id, m.first_day, 'system:demo', m.at, CASE WHEN m.at < timestamptz '{now}' - interval '60 days'
        THEN 'system:demo' END,
    CASE WHEN m.at < timestamptz '{now}' - interval '60 days' THEN m.at END
FROM month m JOIN coordinator c ON c.organisation_id = m.organisation_id
WHERE pg_temp.chance(hashtextextended(c.id::text, m.place), 168) % 6 = 0 ON CONFLICT DO NOTHING"""
"""Once, over everything: what is drawn, imported or told of a month."""
