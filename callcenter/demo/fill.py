"""Fills the demonstration's database with years of calls and tickets: made up, the same for the same seed.

For lists, searches and figures at their real size. Day by day, each in one transaction; a day that has tickets is left
alone, so a fill that was broken off is taken up again. Must never touch a database that holds real accounts.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from callcenter.clock import SystemClock
from callcenter.db.migrate import migrate
from callcenter.db.pool import Connection, Database
from callcenter.demo import data, people, policies
from callcenter.demo.data import IS_DEMO, NotEmptyError
from tickets import deadlines, store
from tickets.calendar import SHANGHAI, shanghai_day
from tickets.deadlines import Contact, Gravity, Rulebook
from tickets.findings import DATA_ERRORS, Heard, Intention, Respondent, Subject, classify

TICKETS, CALLS, DAYS = 1_000_000, 10_000_000, 3 * 365
CUSTOMERS_AT_ONCE = 20_000
LONG = 1800.0
"""Seconds a statement over everything may take."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Fill:
    """How much, over how many days before today; `seed` makes another company's years of the same size."""

    tickets: int = TICKETS
    calls: int = CALLS
    days: int = DAYS
    seed: int = policies.SEED


@dataclass(frozen=True, slots=True)
class Filled:
    """What there is now."""

    tickets: int
    calls: int
    customers: int


CHANCE = """
CREATE OR REPLACE FUNCTION pg_temp.chance(n bigint, salt integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT (hashint8extended(n, {seed} + salt) >> 33)::integer & 2147483647
$$;
CREATE OR REPLACE FUNCTION pg_temp.made_id(at timestamptz, n bigint, salt integer) RETURNS uuid
    LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
        || lpad(to_hex(salt & 4095), 3, '0') || '8'
        || lpad(to_hex(hashint8extended(n, {seed} + salt) & 1152921504606846975), 15, '0'))::uuid
$$;
CREATE TEMP TABLE IF NOT EXISTS due AS
    SELECT ''::text AS contact, ''::text AS gravity, k.* FROM ticket_clock k WHERE false;
CREATE TEMP TABLE IF NOT EXISTS city (place integer, id text);
CREATE TEMP TABLE IF NOT EXISTS taker (place integer, id uuid);
TRUNCATE city, taker;
INSERT INTO city SELECT row_number() OVER (ORDER BY id) - 1, id FROM organisation WHERE kind = 'city';
INSERT INTO taker SELECT row_number() OVER (ORDER BY login) - 1, id FROM app_user
    WHERE roles && ARRAY['agent', 'callback_agent']"""
"""`chance`: a number the row and the salt decide; `made_id`: a version 7 id likewise."""

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
        $3::date - 30 - pg_temp.chance(n, 11) % 3000 AS d) AS x
    JOIN city ON city.place = pg_temp.chance(n, 12) % (SELECT count(*) FROM city)
ON CONFLICT DO NOTHING"""

MADE_CUSTOMERS = "SELECT count(*) FROM policy WHERE number LIKE 'F%'"
TAKERS = "SELECT count(*) FROM taker"
DUE = "INSERT INTO due SELECT * FROM jsonb_populate_recordset(NULL::due, $1)"
HAS_DAY = "SELECT EXISTS (SELECT FROM ticket_counter WHERE day = $1)"

CALLS_OF_DAY = """
INSERT INTO call (id, cc_call, direction, state, state_at, caller, did, customer_id, queue, user_id, started_at,
    answered_at, ended_at, end_cause)
SELECT pg_temp.made_id(at, n, 20), 'fill-' || n, CASE WHEN callback THEN 'callback' ELSE 'inbound' END, 'ended', ended,
    '169' || lpad((who % 100000000)::text, 8, '0'), '95519', pg_temp.made_id($5, who, 1),
    CASE WHEN callback THEN NULL ELSE 'cc-general' END, CASE WHEN answered THEN taker.id END, at,
    CASE WHEN answered THEN at + interval '9 seconds' END, ended, 'normal'
FROM (
    SELECT n, pg_temp.chance(n, 21) % $6::integer AS who, pg_temp.chance(n, 22) % 5 = 0 AS callback,
        pg_temp.chance(n, 23) % 12 > 0 AS answered,
        $1::timestamptz + pg_temp.chance(n, 24) % 36000 * interval '1 second' AS at,
        $1::timestamptz + (pg_temp.chance(n, 24) % 36000 + 10 + pg_temp.chance(n, 25) % 600) * interval '1 second'
            AS ended
    FROM generate_series($2::bigint, $3::bigint - 1) AS n
) AS c JOIN taker ON taker.place = pg_temp.chance(n, 26) % $4::integer"""

TICKETS_OF_DAY = """
CREATE TEMP TABLE made ON COMMIT DROP AS
WITH drawn AS (
    SELECT n, row_number() OVER (ORDER BY n) AS place, pg_temp.chance(n, 30) % 100 AS kind,
        pg_temp.chance(n, 31) % 100 AS way, pg_temp.chance(n, 32) % $8::integer AS who,
        $1::timestamptz + pg_temp.chance(n, 33) % 36000 * interval '1 second' AS received_at,
        pg_temp.chance(n, 34) % 100 AS grade, n - 20 - pg_temp.chance(n, 35) % 300 AS earlier,
        pg_temp.chance(n, 36) % 100 AS linked, (1 + pg_temp.chance(n, 37) % 9) * interval '17 hours' AS takes,
        pg_temp.chance(n, 38) % 100 AS doubt
    FROM generate_series($2::bigint, $3::bigint - 1) AS n
), seen AS (
    SELECT *, CASE WHEN kind < 88 THEN 'complaint' WHEN kind < 96 THEN 'callback_finding' ELSE 'non_complaint'
        END AS nature,
        kind < 88 AND linked < 6 AND earlier >= 0 AND pg_temp.chance(earlier, 30) % 100 < 88
            AND NOT (pg_temp.chance(earlier, 36) % 100 < 6) AS repeats,
        received_at + takes AS informed_at, received_at + takes + interval '20 hours' AS closed_at
    FROM drawn
), staged AS (
    SELECT *, CASE WHEN closed_at < $4::timestamptz AND doubt < 98 THEN 'closed'
            WHEN informed_at < $4 AND doubt < 98 THEN 'informed'
            WHEN received_at + interval '1 day' < $4 THEN 'dispatched' ELSE 'recorded' END AS status,
        CASE WHEN nature = 'callback_finding' THEN CASE WHEN grade < 25 THEN 'grave_finding' ELSE 'data_finding' END
            WHEN grade < 90 THEN 'general' WHEN grade < 98 THEN 'difficult' ELSE 'major' END AS gravity
    FROM seen
)
SELECT s.*, pg_temp.made_id(received_at, n, 40) AS id,
    '95519-' || to_char($5::date, 'YYYYMMDD') || '-' || lpad(s.place::text, 6, '0') AS number,
    CASE WHEN nature = 'callback_finding' THEN 'phone_outbound'
        WHEN way < 62 THEN 'phone_inbound' WHEN way < 72 THEN 'network' WHEN way < 80 THEN 'letter'
        WHEN way < 90 THEN 'visit' WHEN way < 95 THEN 'sms' ELSE 'fax' END AS channel,
    CASE WHEN nature = 'callback_finding' THEN 'callback' WHEN way BETWEEN 72 AND 75 THEN 'regulator'
        WHEN way = 76 THEN 'upper_company' WHEN way = 95 THEN 'media' ELSE 'direct' END AS source,
    CASE WHEN nature = 'complaint' THEN CASE WHEN repeats THEN 'repeat' ELSE 'first' END END AS relation,
    CASE WHEN nature = 'complaint' THEN
        pg_temp.made_id(timestamptz '2020-01-01', CASE WHEN repeats THEN earlier ELSE n END, 41) END AS matter_id,
    ($9::text[])[1 + pg_temp.chance(n, 42) % cardinality($9::text[])] AS category,
    CASE WHEN nature = 'complaint' THEN CASE WHEN status <> 'closed' THEN 'pending' WHEN doubt < 15 THEN 'invalid'
        ELSE 'valid' END END AS validity,
    city.id AS city, taker.id AS taker,
    CASE WHEN nature = 'callback_finding' OR way < 62 THEN
        pg_temp.made_id($1::timestamptz + pg_temp.chance($10 + s.place, 24) % 36000 * interval '1 second',
            $10 + s.place, 20) END AS call_id,
    ($11::text[])[1 + pg_temp.chance(n, 43) % cardinality($11::text[])] AS demand,
    ($12::text[])[1 + pg_temp.chance(n, 44) % cardinality($12::text[])]
        || ($13::text[])[1 + pg_temp.chance(n, 45) % cardinality($13::text[])]
        || '，保单号F' || lpad(who::text, 12, '0') || '。' AS description,
    substr($6, 1 + pg_temp.chance(who, 2) % length($6), 1) || substr($7, 1 + pg_temp.chance(who, 3) % length($7), 1)
        || substr($7, 1 + pg_temp.chance(who, 4) % length($7), 1) AS name
FROM staged s
    JOIN city ON city.place = pg_temp.chance(who, 12) % (SELECT count(*) FROM city)
    JOIN taker ON taker.place = pg_temp.chance(n, 46) % (SELECT count(*) FROM taker)"""

HEARD = {
    gravity: Heard(subject, Intention.NO, Respondent.POLICYHOLDER)
    for gravity, subject in (("data_finding", min(DATA_ERRORS)), ("grave_finding", min(set(Subject) - DATA_ERRORS)))
}

WRITE_DAY = """
INSERT INTO ticket_key (id, fingerprint, claimed_at) SELECT id, 'fill', received_at FROM made;
INSERT INTO ticket_counter (day, last) SELECT '{day}', count(*) FROM made HAVING count(*) > 0;
INSERT INTO matter (id, root_ticket_id, opened_at, latest_at, validity, occurrences, pieces)
SELECT matter_id, id, received_at, received_at, validity, 1, 1 FROM made WHERE relation = 'first';
UPDATE matter m SET occurrences = m.occurrences + r.count, repeats = m.repeats + r.count, latest_at = r.latest
FROM (SELECT matter_id, count(*), max(received_at) AS latest FROM made WHERE relation = 'repeat' GROUP BY 1) AS r
WHERE m.id = r.matter_id;
INSERT INTO ticket (id, number, nature, channel, source, relation, matter_id, category, severity, gravity, status,
    validity, liability, causes, invalid_ground, occurrences, pieces, customer_id, policy_id, policy_number,
    complainant_type, complainant_name, complainant_phone, demand, description, restated_at, complete_at, opened_via,
    opened_by, opened_by_user, accepting_organisation_id, underwriting_organisation_id, department, heard, verdict,
    received_at, received_day, stored_at, dispatched_at, handled_at, informed_at, closed_at, rulebook)
SELECT id, number, nature, channel, source, relation, matter_id, category,
    CASE WHEN gravity IN ('difficult', 'major') THEN gravity ELSE 'general' END, gravity, status, validity,
    CASE WHEN validity = 'valid' THEN 'company' ELSE 'undetermined' END,
    CASE WHEN validity = 'valid' THEN ARRAY[category] ELSE '{{}}' END,
    CASE WHEN validity = 'invalid' THEN 'facts_disproved' END,
    (nature = 'complaint')::integer, (relation IS NOT DISTINCT FROM 'first')::integer,
    pg_temp.made_id('{born}', who, 1), pg_temp.made_id('{born}', who, 7), 'F' || lpad(who::text, 12, '0'), 'customer',
    name, '169' || lpad((who % 100000000)::text, 8, '0'), demand, description, received_at, received_at,
    CASE WHEN nature = 'callback_finding' THEN 'callback_agent' WHEN call_id IS NULL THEN 'desk' ELSE 'agent' END,
    'user:' || taker, taker, city, city, CASE WHEN status <> 'recorded' THEN 'business_management' END,
    '{heard}'::jsonb -> gravity, '{verdicts}'::jsonb -> gravity,
    received_at, '{day}', received_at, CASE WHEN status <> 'recorded' THEN received_at + interval '4 hours' END,
    CASE WHEN status IN ('informed', 'closed') THEN informed_at END,
    CASE WHEN status IN ('informed', 'closed') THEN informed_at END, CASE WHEN status = 'closed' THEN closed_at END,
    '{version}'
FROM made;
INSERT INTO ticket_clock (ticket_id, kind, cycle, start_day, due_day, due_at, alert_day, provisional, rules, internal,
    statutory, version, met_at)
SELECT m.id, d.kind, d.cycle, d.start_day, d.due_day, d.due_at, d.alert_day, d.provisional, d.rules, d.internal,
    NULLIF(d.statutory, 'null'), d.version, CASE d.kind
        WHEN 'register' THEN m.received_at
        WHEN 'acknowledge' THEN m.received_at + CASE WHEN m.doubt % 25 = 3 THEN interval '3 days' ELSE '0' END
        WHEN 'decide_inform' THEN CASE WHEN m.status IN ('informed', 'closed') THEN m.informed_at END
        ELSE CASE WHEN m.status <> 'recorded' THEN m.received_at + interval '4 hours' END END
FROM made m JOIN due d ON d.gravity = m.gravity AND d.contact = CASE
    WHEN m.source IN ('regulator', 'upper_company') THEN 'forwarded' WHEN m.channel LIKE 'phone%' THEN 'phone'
    WHEN m.channel = 'visit' THEN 'visit' WHEN m.channel = 'letter' THEN 'letter_or_email' ELSE 'other_writing' END;
INSERT INTO ticket_event (id, ticket_id, at, actor, kind, details)
SELECT pg_temp.made_id(e.at, m.n, e.salt), m.id, e.at, 'user:' || m.taker, e.kind, '{{}}'
FROM made m CROSS JOIN LATERAL (VALUES
    (60, 'opened', m.received_at, true),
    (61, 'dispatch', m.received_at + interval '4 hours', m.status <> 'recorded'),
    (62, 'handle', m.informed_at, m.status IN ('informed', 'closed')),
    (63, 'inform', m.informed_at, m.status IN ('informed', 'closed')),
    (64, 'close', m.closed_at, m.status = 'closed')) AS e (salt, kind, at, happened)
WHERE e.happened;
INSERT INTO ticket_call (ticket_id, call_id, opened_live, seconds_into_call, linked_at)
SELECT id, call_id, true, 30, received_at FROM made WHERE call_id IS NOT NULL"""

COUNTS = """
SELECT (SELECT count(*) FROM ticket) AS tickets, (SELECT count(*) FROM call) AS calls,
    (SELECT count(*) FROM customer) AS customers"""

CATEGORIES = (
    *("solicitation", "solicitation", "sales_service", "claims", "claims", "maintenance", "maintenance"),
    *("counter", "underwriting", "call_centre", "product", "payment", "sms", "other"),
)
DEMANDS = (
    "要求全额退保并退还已交保费",
    "要求说明分红计算方法",
    "要求尽快赔付住院医疗费用",
    "要求更正保单联系电话",
    "要求业务员当面道歉",
    "要求停止发送营销短信",
    "要求补发丢失的保险合同",
    "要求解释拒赔理由并重新审核",
    "要求退还误扣的续期保费",
    "要求办理保单转移并说明时限",
)
STORIES = (
    "客户来电反映，业务员销售时承诺保本保息，与合同条款不符",
    "客户称投保单并非本人签名，家人亦不知情",
    "客户表示理赔材料已提交一个月，至今无人联系",
    "客户反映柜面排队两小时，工作人员态度生硬",
    "客户称从未收到续期缴费通知，保单已失效",
    "客户反映银行重复划扣保费，多次致电未解决",
    "客户认为分红与宣传差距过大，要求书面说明",
    "客户反映客服热线长时间无法转接人工",
    "客户称电话号码泄露，频繁接到推销电话",
    "客户对核保加费结论有异议，要求重新体检",
)
SEQUELS = (
    "，客户情绪激动，要求三日内答复",
    "，客户表示将向监管部门反映",
    "，客户愿意配合提供缴费凭证",
    "，客户为老年人，建议上门核实",
    "，已向客户解释条款，客户不接受",
    "，客户要求书面答复并邮寄至家庭住址",
    "，客户可在工作日下午接听电话",
)


async def fill_at(url: str, wanted: Fill, tell: Tell) -> Filled:
    """The same for the database at `url`, which is brought to this program's schema and, when empty, given the
    demonstration's company first. Raises NotEmptyError, CannotStartError, MigrationError."""
    await migrate(url)
    database = await Database.connect(url, size=2, application="callcenter demo")
    try:
        at = SystemClock().now()
        await data.load(database, at)
        return await fill(database, at, wanted, tell)
    finally:
        await database.close()


async def fill(db: Database, at: datetime, wanted: Fill, tell: Tell) -> Filled:
    """Brings the database to the wanted size; `tell` hears of the progress. Raises NotEmptyError."""
    born = datetime.combine(shanghai_day(at) - timedelta(days=wanted.days), time(), SHANGHAI).astimezone(UTC)
    born = born.replace(minute=0, second=0, microsecond=0)
    async with db.connection() as conn:
        if not await conn.fetchval(IS_DEMO, people.AGENT):
            raise NotEmptyError("the database is not a demonstration's: it is not filled")
        await conn.execute("SET synchronous_commit = off")
        try:
            await conn.execute(CHANCE.format(seed=int(wanted.seed)))
            await _fill(conn, at, born, wanted, tell)
            await conn.execute("ANALYZE", timeout=LONG)
            return Filled(**dict(await conn.fetchrow(COUNTS) or {}))
        finally:
            await conn.execute("RESET synchronous_commit")


async def _fill(conn: Connection, at: datetime, born: datetime, wanted: Fill, tell: Tell) -> None:
    await conn.execute(FIRST_DAY, born.date().replace(day=1), wanted.days // 28 + 2)
    customers = max(2000, wanted.tickets // 3)
    made: int = await conn.fetchval(MADE_CUSTOMERS)
    products = [[name, kind] for name, kind, *_ in policies.PRODUCTS]
    for first in range(made, customers, CUSTOMERS_AT_ONCE):
        last = min(first + CUSTOMERS_AT_ONCE, customers)
        names = (policies.SURNAMES, policies.GIVEN)
        await conn.execute(CUSTOMERS, first, last, born, *names, products, len(products))
        tell(f"customers: {last} of {customers}")
    book = Rulebook(await store.calendar(conn))
    takers: int = await conn.fetchval(TAKERS)
    for number, day in enumerate(days(shanghai_day(at), wanted.days)):
        if await conn.fetchval(HAS_DAY, day):
            continue
        async with conn.transaction():
            await _fill_day(conn, at, born, wanted, customers, takers, book, number, day)
        if number % 30 == 29 or number == wanted.days - 1:
            tell(f"days: {number + 1} of {wanted.days}, up to {day}")


async def _fill_day(
    conn: Connection,
    at: datetime,
    born: datetime,
    wanted: Fill,
    customers: int,
    takers: int,
    book: Rulebook,
    number: int,
    day: date,
) -> None:
    opening = datetime.combine(day, time(8), SHANGHAI)
    first_call, last_call = _share(wanted.calls, wanted.days, number)
    await conn.execute(CALLS_OF_DAY, opening, first_call, last_call, takers, born, customers)
    await conn.execute("TRUNCATE due")
    await conn.execute(DUE, _due(opening, book))
    first, last = _share(wanted.tickets, wanted.days, number)
    await conn.execute(
        TICKETS_OF_DAY,
        opening,
        first,
        last,
        at,
        day,
        policies.SURNAMES,
        policies.GIVEN,
        customers,
        list(CATEGORIES),
        first_call,
        list(DEMANDS),
        list(STORIES),
        list(SEQUELS),
    )
    written = {"day": day.isoformat(), "born": born.isoformat(), "version": book.version}
    await conn.execute(WRITE_DAY.format(**written, **_heard()))


def days(today: date, count: int) -> Iterator[date]:
    """The `count` days before today, oldest first."""
    return (today - timedelta(days=count - n) for n in range(count))


def _share(total: int, parts: int, number: int) -> tuple[int, int]:
    """From where to where, of `total` things, part `number` goes."""
    return total * number // parts, total * (number + 1) // parts


def _heard() -> dict[str, str]:
    """What was heard on callbacks and decided from it, by the gravity of the finding."""
    heard = {gravity: each.as_json() for gravity, each in HEARD.items()}
    verdicts = {gravity: classify(each).as_json() for gravity, each in HEARD.items()}
    return {"heard": json.dumps(heard), "verdicts": json.dumps(verdicts, ensure_ascii=False)}


def _due(received_at: datetime, book: Rulebook) -> list[dict[str, Any]]:
    """The first clocks of that day's tickets, for every way in and every gravity."""
    return [
        {"contact": contact.value, "gravity": gravity.value, **store.clock_row(deadline, None)}
        for contact in Contact
        for gravity in Gravity
        for deadline in deadlines.first_deadlines(received_at, contact, gravity, book)
    ]
