"""Loading the demonstration into a real PostgreSQL."""

import pytest

from callcenter.accounts import posts
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
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


SMALL = fill.Fill(tickets=600, calls=1500, days=60)
SUM = """
SELECT count(*) AS tickets, sum(occurrences) AS occurrences, sum(pieces) AS pieces, max(number) AS last,
    count(*) FILTER (WHERE relation = 'repeat') AS repeats, count(*) FILTER (WHERE status = 'closed') AS closed,
    count(*) FILTER (WHERE nature = 'callback_finding') AS findings, count(DISTINCT customer_id) AS customers,
    md5(string_agg(number || demand || description || received_at, ',' ORDER BY number)) AS text
FROM ticket"""
OFF = """
SELECT (SELECT count(*) FROM ticket t WHERE NOT EXISTS (
        SELECT FROM ticket_clock k WHERE k.ticket_id = t.id)) AS unclocked,
    (SELECT count(*) FROM ticket_call l WHERE NOT EXISTS (SELECT FROM call c WHERE c.id = l.call_id)) AS unknown_calls,
    (SELECT count(*) FROM ticket t JOIN matter m ON m.id = t.matter_id JOIN ticket r ON r.id = m.root_ticket_id
        WHERE r.received_at > t.received_at) AS before_their_root,
    (SELECT count(*) FROM call_default) AS in_no_month"""


async def test_years_are_made_up_the_same_for_the_same_seed_and_a_broken_off_fill_goes_on(
    database: Database, clock: ManualClock
) -> None:
    await data.load(database, clock.now())
    told: list[str] = []
    made = await fill.fill(database, clock.now(), SMALL, told.append)
    assert (made.tickets, made.calls) == (600, 1500)
    assert told[-1].startswith("days: 60 of 60")
    async with database.connection() as conn:
        first = dict(await conn.fetchrow(SUM) or {})
        assert dict(await conn.fetchrow(OFF) or {}) == dict.fromkeys(
            ("unclocked", "unknown_calls", "before_their_root", "in_no_month"), 0
        )
        assert first["findings"] > 0
        assert first["repeats"] > 0
        assert first["closed"] > 300
        assert first["pieces"] == first["occurrences"] - first["repeats"]
    assert await fill.fill(database, clock.now(), SMALL, told.append) == made
    async with database.connection() as conn:
        assert dict(await conn.fetchrow(SUM) or {}) == first


async def test_a_database_of_real_people_is_not_filled(database: Database, clock: ManualClock) -> None:
    async with database.transaction() as conn:
        await organisations(conn)
    with pytest.raises(data.NotEmptyError):
        await fill.fill(database, clock.now(), SMALL, print)
