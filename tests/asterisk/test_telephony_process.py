"""The telephony process as it is started in production: it answers scripts, and when it dies or stands
still nobody waits for it."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from agi.actions import Actions
from agi.ami import Account, Ami, connected
from callcenter.db.pool import Database
from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.callers import ring
from callcenter.lab.phone import Manner, Phone
from callcenter.lab.rtp import Press, Wait
from tests.asterisk.fakes import Cel, extras
from tests.asterisk.office import hears, joined, on_duty, rows, separate, settings, until
from tests.service.customers import organisations

pytestmark = pytest.mark.asterisk

Plug = Callable[..., Awaitable[Phone]]


@pytest.fixture
async def ami(asterisk: AsteriskAddress) -> AsyncIterator[Ami]:
    console = asterisk.console
    async with connected(Account(console.host, console.port, console.user, console.password)) as ami:
        await ami.up.wait()
        yield ami


async def rings(ami: Ami, cel: Cel, event: str) -> list[list[str]]:
    """A caller who hangs up once the dialplan has written `event`; what it said."""
    before = len(extras(cel.rows(), event))
    await ami.action("Originate", Channel="Local/95519@cc-in/n", Application="Wait", Data="30", Async=True)
    rows = await cel.until(event, count=before + 1)
    for channel in await Actions(ami).channels():
        await Actions(ami).hangup(channel.get("Channel"))
    await until(lambda: _quiet(ami))
    return extras(rows, event)[before:]


async def _quiet(ami: Ami) -> bool:
    return not await Actions(ami).channels()


async def test_callers_are_greeted_and_without_us_they_are_served_by_the_fallback(
    asterisk: AsteriskAddress,
    ami: Ami,
    cel: Cel,
    database: Database,
    database_url: str,
    redis_url: str,
    tmp_path: Path,
) -> None:
    """F1 F3, INV-7: our own process, killed and stopped."""
    async with database.transaction() as conn:
        await organisations(conn)
    environ = settings(asterisk, database_url, redis_url, tmp_path)
    async with separate(environ, tmp_path) as worker:
        await worker.start()
        await until(lambda: "FastAGI listens" in worker.log.read_text())
        await rings(ami, cel, "CC_NOTICE")
        assert extras(cel.rows(), "CC_DEGRADED") == []

        assert worker.process is not None
        os.kill(worker.process.pid, signal.SIGSTOP)
        ((asked_for, *_),) = await rings(ami, cel, "CC_DEGRADED")
        assert asked_for == "greet"

        await worker.kill()
        ((asked_for, status, *_),) = await rings(ami, cel, "CC_DEGRADED")
        assert (asked_for, status) == ("greet", "FAILURE")

        await worker.start()
        await until(lambda: worker.log.read_text().count("FastAGI listens") == 2)
        await rings(ami, cel, "CC_NOTICE")
    assert len(extras(cel.rows(), "CC_DEGRADED")) == 2


async def test_it_keeps_which_switch_this_is_and_how_far_its_clock_is_from_ours(
    asterisk: AsteriskAddress, ami: Ami, database: Database, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """archive.md §2.4: what a recording will say of its switch, from the switch's own mouth."""
    async with database.transaction() as conn:
        await organisations(conn)
    environ = settings(asterisk, database_url, redis_url, tmp_path)

    async def kept() -> dict[str, object] | None:
        async with database.connection() as conn:
            row = await conn.fetchrow(
                "SELECT system, asterisk_id, version, switch_offset_ms FROM switch_boot, telephony_beat"
                " WHERE version IS NOT NULL AND switch_read_at IS NOT NULL"
            )
        return None if row is None else dict(row)

    async with separate(environ, tmp_path) as worker:
        await worker.start()
        await until(kept)
    row = await kept()
    assert row is not None
    core = await ami.action("CoreSettings")
    assert row["version"] == core.get("AsteriskVersion")
    assert row["system"] == core.get("SystemName")
    assert row["asterisk_id"]
    assert isinstance(row["switch_offset_ms"], int)
    assert abs(row["switch_offset_ms"]) < 1_000


async def test_an_agent_has_time_for_writing_though_the_process_was_killed_in_mid_call(
    asterisk: AsteriskAddress, database: Database, database_url: str, redis_url: str, tmp_path: Path, phone: Plug
) -> None:
    """F1: who took the call over knows that the agent has talked on it."""
    async with database.transaction() as conn:
        await organisations(conn)
    desk = await phone("8003", Manner(ring=0.1))
    async with (
        separate(settings(asterisk, database_url, redis_url, tmp_path), tmp_path) as worker,
        asyncio.TaskGroup() as tasks,
    ):
        await worker.start()
        await on_duty(database, "8003", "cc-claims")
        await joined(asterisk, "cc-claims", "8003")
        await until(lambda: hears(database))
        tasks.create_task(ring(asterisk, caller="13800138023", steps=(Wait(4.5), Press("1")), stay=22.0))
        call = await desk.next_call()

        async def talks() -> bool:
            return bool(await rows(database, "SELECT 1 FROM call WHERE caller = '13800138023' AND state = 'talking'"))

        await until(talks)
        await worker.kill()
        await database_forgets_the_beat(database)
        await worker.start()
        await until(lambda: hears(database))
        await call.hang_up()

        async def writes() -> bool:
            (row,) = await rows(database, "SELECT state FROM agent_state")
            return bool(row["state"] == "wrap_up")

        await until(writes)


async def database_forgets_the_beat(database: Database) -> None:
    """So that only the new process can say that it hears."""
    async with database.connection() as conn:
        await conn.execute("DELETE FROM telephony_beat")
