"""The clock that can be set, and that it never meets real data."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callcenter import testmode
from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.config import Config
from callcenter.db.pool import Database
from callcenter.testmode import SettableClock, WrongModeError
from callcenter.web import server
from tests.conftest import NOON
from tests.service.site import Site, settings

pytestmark = pytest.mark.service

MARCH = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


async def test_the_clock_is_set_over_the_interface_and_sessions_live_on(database: Database, tmp_path: Path) -> None:
    wall = ManualClock(NOON)
    clock = SettableClock(wall)
    app = server.build(settings(tmp_path), database=database, clock=clock, wall=wall)
    async with Site.running(app, database, wall) as site:
        admin = await site.client(Role.ADMIN)
        reply = await admin("PUT", "/test/clock", json={"at": MARCH.isoformat()})
        assert reply.status == 200, reply.body
        assert (clock.now(), (await admin.get("/me")).json["mode"]) == (MARCH, "test")
        wall.advance(timedelta(minutes=5))
        assert clock.now() == MARCH + timedelta(minutes=5)
        await admin("PUT", "/test/clock", json={"at": MARCH.isoformat(), "frozen": True})
        wall.advance(timedelta(minutes=5))
        assert clock.now() == MARCH
        other = SettableClock(wall)
        await testmode.catch_up(database, other)
        assert other.now() == MARCH
        await admin("PUT", "/test/clock", json={"at": None})
        assert clock.now() == wall.now()


async def test_in_normal_mode_there_is_no_clock_to_set(database: Database) -> None:
    wall = ManualClock(NOON)
    app = server.build(Config(), database=database, clock=SettableClock(wall), wall=wall)
    async with Site.running(app, database, wall) as site:
        reply = await (await site.client(Role.ADMIN)).__call__("PUT", "/test/clock", json={"at": MARCH.isoformat()})
        assert reply.status == 404


async def test_a_database_belongs_to_one_mode_for_ever(database: Database) -> None:
    await testmode.claim(database, "normal")
    await testmode.claim(database, "normal")
    with pytest.raises(WrongModeError, match="in normal mode"):
        await testmode.claim(database, "test")


async def test_a_process_follows_the_clock_that_another_sets(database: Database) -> None:
    config = Config(mode="test")
    async with testmode.clock(config, database) as first, testmode.clock(config, database) as second:
        assert isinstance(first, SettableClock)
        assert isinstance(second, SettableClock)
        for day in range(20):
            moment = MARCH + timedelta(days=day)
            reading = asyncio.gather(*(testmode.catch_up(database, first) for _ in range(5)))
            await testmode.set_clock(database, first, moment, frozen=True)
            await reading
            await testmode.catch_up(database, second)
            assert second.now() == first.now() == moment
