"""Loading the demonstration into a real PostgreSQL."""

import pytest

from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.demo import data
from tests.service.customers import organisations

pytestmark = pytest.mark.service


async def test_the_company_is_loaded_once(database: Database, clock: ManualClock) -> None:
    first = await data.load(database, clock.now())
    again = await data.load(database, clock.now())
    assert (first.fresh, again.fresh) == (True, False)
    assert (first.organisations, first.people, first.customers, first.policies) == (22, 40, 2000, 2000)
    assert again.people == 40


async def test_it_is_not_loaded_beside_other_people(database: Database, clock: ManualClock) -> None:
    async with database.transaction() as conn:
        await organisations(conn)
    with pytest.raises(data.NotEmptyError):
        await data.load(database, clock.now())
