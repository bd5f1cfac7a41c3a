"""Loading the demonstration into a real PostgreSQL."""

from datetime import timedelta

import pytest

from callcenter.accounts import posts
from callcenter.clock import ManualClock
from callcenter.db.pool import Connection, Database
from callcenter.demo import data, fill
from tests.service.customers import organisations
from tickets.calendar import shanghai_day

pytestmark = pytest.mark.service


async def test_the_company_is_loaded_once(database: Database, clock: ManualClock) -> None:
    first = await data.load(database, clock.now())
    again = await data.load(database, clock.now())
    assert (first.fresh, again.fresh) == (True, False)
    assert (first.organisations, first.people, first.customers, first.policies) == (22, 163, 2000, 2000)
    assert again.people == 163


async def test_it_is_not_loaded_beside_other_people(database: Database, clock: ManualClock) -> None:
    async with database.transaction() as conn:
        await organisations(conn)
    with pytest.raises(data.NotEmptyError):
        await data.load(database, clock.now())


async def test_every_post_is_filled_and_everybody_who_accepts_has_a_handler(
    database: Database, clock: ManualClock
) -> None:
    """R-1.8, R-3.1, R-3.42, R-4.25"""
    await data.load(database, clock.now())
    async with database.connection() as conn:
        assert await posts.places(conn, "hq/", shanghai_day(clock.now()), None, 1000, vacant=True) == []
        assert len(await posts.places(conn, "hq/", shanghai_day(clock.now()), None, 1000)) == 10 * 12 + 1
        assert await posts.without_handler(conn, "hq/", None, 100) == []


SMALL = fill.Fill(tickets=1500, calls=4500, days=75)
FEW = fill.Fill(tickets=100, calls=300, days=5)
SUM = """
SELECT count(*) AS tickets, sum(occurrences) AS occurrences, sum(pieces) AS pieces, max(number) AS last,
    count(*) FILTER (WHERE relation = 'repeat') AS repeats, count(*) FILTER (WHERE closed_at IS NOT NULL) AS closed,
    count(*) FILTER (WHERE nature = 'callback_finding') AS findings, count(DISTINCT customer_id) AS customers,
    md5(string_agg(number || demand || description || received_at, ',' ORDER BY number)) AS text
FROM ticket"""
OFF = """
SELECT (SELECT count(*) FROM ticket t WHERE NOT EXISTS (
        SELECT FROM ticket_clock k WHERE k.ticket_id = t.id)) AS unclocked,
    (SELECT count(*) FROM ticket_call l WHERE NOT EXISTS (SELECT FROM call c WHERE c.id = l.call_id)) AS unknown_calls,
    (SELECT count(*) FROM ticket t JOIN matter m ON m.id = t.matter_id JOIN ticket r ON r.id = m.root_ticket_id
        WHERE r.received_at > t.received_at) AS before_their_root,
    (SELECT count(*) FROM call_default) AS in_no_month,
    (SELECT count(*) FROM ticket_fact f FULL JOIN ticket_fact_now n USING (ticket_id)
        WHERE to_jsonb(f) - 'sign' IS DISTINCT FROM to_jsonb(n))
        AS facts_that_differ,
    (SELECT count(*) FROM matter m CROSS JOIN LATERAL (
        SELECT sum(occurrences) AS o, sum(pieces) AS p, count(*) FILTER (WHERE relation = 'repeat') AS r,
            count(*) FILTER (WHERE relation = 'escalation') AS e
        FROM ticket t WHERE t.matter_id = m.id) AS n
        WHERE (m.occurrences, m.pieces, m.repeats, m.escalations) IS DISTINCT FROM (n.o, n.p, n.r, n.e))
        AS matters_that_differ,
    (SELECT count(*) FROM pg_class WHERE relname = 'demo_fill') AS unfinished"""
EMPTY = "SELECT NOT EXISTS (SELECT FROM {table})"
INDEXES = """
SELECT c.relname AS name, pg_get_indexdef(c.oid) AS definition FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indisvalid AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace"""
REFERENCES = """
SELECT c.conrelid::regclass::text AS own, c.confrelid::regclass::text AS other,
    ARRAY(SELECT attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k (attnum, n)
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum ORDER BY n) AS columns,
    ARRAY(SELECT attname::text FROM unnest(c.confkey) WITH ORDINALITY AS k (attnum, n)
        JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.attnum ORDER BY n) AS theirs
FROM pg_constraint c WHERE c.contype = 'f'"""


async def test_years_are_made_up_the_same_for_the_same_seed_and_a_broken_off_fill_goes_on(
    database: Database, clock: ManualClock
) -> None:
    await data.load(database, clock.now())
    async with database.connection() as conn:
        before = await indexes(conn)
    told: list[str] = []
    made = await fill.fill(database, clock.now(), SMALL, told.append)
    assert (made.tickets, made.calls) == (1500, 4500)
    assert "days: 75 of 75" in told
    async with database.connection() as conn:
        first = dict(await conn.fetchrow(SUM) or {})
        assert {name for name, count in dict(await conn.fetchrow(OFF) or {}).items() if count} == set()
        assert [table for table in fill.TABLES if await conn.fetchval(EMPTY.format(table=table))] == []
        assert await indexes(conn) == before
        await every_reference_leads_somewhere(conn)
        assert first["findings"] > 0
        assert first["repeats"] > 0
        assert first["closed"] > 300
        assert first["pieces"] == first["occurrences"] - first["repeats"]
    assert await fill.fill(database, clock.now(), SMALL, told.append) == made
    async with database.connection() as conn:
        assert dict(await conn.fetchrow(SUM) or {}) == first


async def indexes(conn: Connection) -> set[tuple[str, str]]:
    """Every valid index of every table: that of a table with partitions is, when all theirs are."""
    return {(row["name"], row["definition"]) for row in await conn.fetch(INDEXES)}


async def every_reference_leads_somewhere(conn: Connection) -> None:
    """The load switches the checks of references off."""
    for row in await conn.fetch(REFERENCES):
        own = ", ".join(f"a.{name}" for name in row["columns"])
        met = " AND ".join(f"b.{to} = a.{name}" for name, to in zip(row["columns"], row["theirs"], strict=True))
        lost = await conn.fetchval(
            f"SELECT count(*) FROM {row['own']} a WHERE num_nulls({own}) = 0"
            f" AND NOT EXISTS (SELECT FROM {row['other']} b WHERE {met})"
        )
        assert lost == 0, row


async def test_a_load_that_was_broken_off_is_finished(database: Database, clock: ManualClock) -> None:
    await data.load(database, clock.now())
    async with database.connection() as conn:
        before = await indexes(conn)

    def fail_at_the_first_index(told: str) -> None:
        if told.startswith("indexes"):
            raise InterruptedError(told)

    with pytest.raises(ExceptionGroup):
        await fill.fill(database, clock.now(), FEW, fail_at_the_first_index)
    async with database.connection() as conn:
        assert len(await indexes(conn)) < len(before)
    assert not await fill.is_filled(database, clock.now(), FEW)
    await fill.fill(database, clock.now() + timedelta(days=2), FEW, lambda told: None)
    assert await fill.is_filled(database, clock.now(), FEW)
    async with database.connection() as conn:
        assert await indexes(conn) == before


async def test_a_database_of_real_people_is_not_filled(database: Database, clock: ManualClock) -> None:
    async with database.transaction() as conn:
        await organisations(conn)
    with pytest.raises(data.NotEmptyError):
        await fill.fill(database, clock.now(), SMALL, print)
