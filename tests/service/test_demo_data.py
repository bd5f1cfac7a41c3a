"""Loading the demonstration into a real PostgreSQL."""

import pytest

from callcenter.accounts import posts
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.demo import data
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
