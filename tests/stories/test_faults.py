"""Each part is killed while twenty customers are on the line: no call, no ticket, no recording is lost or double.

The whole system runs once for all of these; after each fault everything is held against the switch's event log.
"""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from callcenter.demo import people
from callcenter.demo.client import logged_in
from callcenter.lab.environment import ready
from tests.asterisk.fakes import extras
from tests.stories.rush import Hotline, Rush, at_work
from tests.stories.witness import named

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

HEARS = "SELECT 1 FROM telephony_beat WHERE process LIKE $1 AND hears"
STDIO_BUFFER = 32 * 1024
"""What Asterisk holds back of each file until it is full."""
BYTES_A_SECOND = 16_000


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="cc-faults-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hotline(folder: Path) -> AsyncIterator[Hotline]:
    async with at_work(folder) as hotline:
        yield hotline


async def settled(hotline: Hotline, rush: Rush) -> None:
    """All is up again and quiet; then nothing may be missing, nothing double, and no caller has noticed."""
    assert rush.failed() == []
    await ready(hotline.environment)
    await hotline.witness.quiet()
    await hotline.witness.nothing_is_lost_or_double(hotline.clients.acknowledged)


def kill(hotline: Hotline, role: str) -> None:
    os.kill(hotline.pid(role), signal.SIGKILL)


async def started_again(hotline: Hotline, role: str, before: int) -> None:
    """Waits until the supervisor has another process in the place of `before`, and everything answers."""
    while hotline.environment.children[role].pid in (None, before):
        await asyncio.sleep(0.02)
    if role == "telephony":
        while not await hotline.witness.ask(HEARS, f"%:{hotline.pid(role)}"):
            await asyncio.sleep(0.1)
    await ready(hotline.environment)


async def test_telephony_is_killed(hotline: Hotline) -> None:
    """F1 F2 F11 F16, INV-7: who is asked for just then reaches the fallback; who complained has his ticket."""
    async with hotline.rush() as rush:
        await rush.until(lambda: rush.chose("3"), "the first caller has complained")
        kill(hotline, "telephony")
    await settled(hotline, rush)
    assert rush.degraded()
    assert rush.degraded() <= rush.queued("cc-fallback")
    assert rush.talked()


async def test_telephony_stands_still_and_then_is_stopped(hotline: Hotline) -> None:
    """F3 F13 F16, INV-8: a loop that stands still ends its process within 3 s, and callers go on; what a stopped one
    did not hear it catches up with."""
    async with hotline.rush() as rush:
        await rush.until(lambda: rush.chose("3"), "the first caller has complained")
        telephony = hotline.pid("telephony")
        lasted = await stand_still(telephony)
        await started_again(hotline, "telephony", telephony)
        telephony = hotline.pid("telephony")
        os.kill(telephony, signal.SIGSTOP)
        await asyncio.sleep(6.0)
        os.kill(telephony, signal.SIGCONT)
    assert lasted < 4.0  # 2.5 s, and what a busy machine adds
    await settled(hotline, rush)
    assert rush.degraded()
    assert rush.degraded() <= rush.queued("cc-fallback")


async def stand_still(pid: int) -> float:
    """Holds the process's main thread until the process is gone; for how many seconds."""
    command = (sys.executable, "-m", "tests.stories.standstill", str(pid))
    holder = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    began = time.monotonic()
    await holder.communicate()
    return time.monotonic() - began


async def test_web_and_worker_are_killed(hotline: Hotline) -> None:
    """F37 F63 F64 F66: web among requests, the worker in the middle of a sealing; each twice."""
    sealing = "SELECT 1 FROM segment WHERE state = 'sealing'"
    async with hotline.rush() as rush:
        for _ in range(2):
            web = hotline.pid("serve")
            kill(hotline, "serve")
            await started_again(hotline, "serve", web)
        kill(hotline, "work")
        connection = await asyncpg.connect(hotline.witness.database)
        await rush.until_found(lambda: connection.fetchval(sealing), "a recording is being sealed")
        kill(hotline, "work")
        await connection.close()
    await settled(hotline, rush)
    assert not rush.degraded()


async def test_postgresql_is_killed(hotline: Hotline) -> None:
    """F54, INV-3, INV-4: callers are served, complaints go to the spool, everything appears once it is back."""
    postgres = hotline.environment.postgres
    spooled = hotline.clients.answers["202"]
    async with hotline.rush() as rush:
        await rush.until(lambda: rush.chose("3"), "the first caller has complained")
        postgres.kill()
        await rush.until(lambda: hotline.clients.answers["202"] > spooled, "a ticket was taken without the database")
        await rush.until(lambda: len(rush.chose("3")) == 10, "all who complain have complained")
        await asyncio.sleep(1.0)
        await asyncio.to_thread(postgres.restart)
    await settled(hotline, rush)
    assert not rush.degraded()


async def test_redis_is_killed(hotline: Hotline) -> None:
    """F59: no call, no ticket and no right depends on it; people log in."""
    redis = hotline.environment.redis
    async with hotline.rush() as rush:
        redis.kill()
        await rush.until(lambda: len(rush.chose("3")) == 10, "all who complain have complained")
        async with logged_in(hotline.environment.base_url, people.PASSWORD, "supervisor01") as (supervisor,):
            listed = (await supervisor.get("/calls", limit="100"))["items"]
            assert {call["caller"] for call in listed} >= set(rush.calls().values())
        await asyncio.to_thread(redis.restart)
    await settled(hotline, rush)
    assert not rush.degraded()


WAITING = """
SELECT 1 FROM pg_stat_activity
WHERE wait_event = 'SyncRep' AND query LIKE '%INSERT INTO ticket_key%' AND application_name = $1"""


@asynccontextmanager
async def commits_unanswered(hotline: Hotline) -> AsyncIterator[asyncpg.Connection]:
    """Every commit waits for a standby that does not exist: it is done, and nobody is told."""
    connection = await asyncpg.connect(hotline.witness.database)
    await connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    await connection.execute("SELECT pg_reload_conf()")
    try:
        yield connection
    finally:
        await answered_again(connection)
        await connection.close()


async def answered_again(connection: asyncpg.Connection) -> None:
    await connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
    await connection.execute("SELECT pg_reload_conf()")


async def test_who_writes_a_ticket_is_killed_between_commit_and_reply(hotline: Hotline) -> None:
    """F63, archive.md §3.9: whoever asks again under the same key is given the same ticket."""
    async with hotline.rush(8, letters=False) as rush:
        await rush.until(lambda: rush.chose("3"), "the first caller has complained")
        telephony = hotline.pid("telephony")
        async with commits_unanswered(hotline) as connection:
            await rush.until_found(
                lambda: connection.fetchval(WAITING, "callcenter telephony"), "committed for a caller"
            )
            kill(hotline, "telephony")
        await started_again(hotline, "telephony", telephony)
        repeated, web, enough = hotline.clients.repeated, hotline.pid("serve"), asyncio.Event()
        async with commits_unanswered(hotline) as connection, asyncio.TaskGroup() as tasks:
            tasks.create_task(hotline.clients.open_letters(enough))
            await rush.until_found(lambda: connection.fetchval(WAITING, "callcenter web"), "committed for a client")
            kill(hotline, "serve")
            enough.set()
            await answered_again(connection)
        await started_again(hotline, "serve", web)
    assert hotline.clients.repeated > repeated
    await settled(hotline, rush)
    assert rush.degraded()


def sizes(base: str) -> list[int]:
    """Of both files of a capture."""
    return [Path(f"{base}-{side}.sln").stat().st_size for side in "rt"]


async def test_asterisk_is_killed(hotline: Hotline) -> None:
    """F21: what was recorded is sealed up to the last buffer, everybody is rung back, tickets stay."""
    asterisk, witness = hotline.environment.asterisk, hotline.witness
    async with hotline.rush(10) as rush:
        await rush.until(lambda: len(rush.chose("3")) == 5, "all who complain have complained")
        await asyncio.sleep(2.0)
        asterisk.kill()
        died = time.time()
        calls = rush.calls()
        witness.crashed |= calls.keys()
        await asyncio.to_thread(asterisk.start)
    await ready(hotline.environment)
    await witness.quiet()
    await witness.nothing_is_lost_or_double(hotline.clients.acknowledged)

    captured = {row["linkedid"]: row for row in named(witness.rows(), "CC_REC_START") if row["linkedid"] in calls}
    assert captured.keys() == calls.keys()
    for row in captured.values():
        [[base]] = extras([row], "CC_REC_START")
        said = (died - float(row["eventtime"])) * BYTES_A_SECOND
        for size in sizes(base):
            assert size % STDIO_BUFFER == 0
            assert said - size <= STDIO_BUFFER + 2 * BYTES_A_SECOND
    found = await witness.ask("SELECT cc_call, end_cause FROM call WHERE cc_call = ANY($1)", list(calls))
    assert {row["end_cause"] for row in found} == {"asterisk_crash"}
    tasks = await witness.ask(
        "SELECT c.cc_call, t.number, t.source FROM callback_task t JOIN call c ON c.id = t.source_call_id"
    )
    assert {row["cc_call"]: (row["number"], row["source"]) for row in tasks} == {
        call: (number, "lost_call") for call, number in calls.items()
    }
    [statuses] = await witness.ask("SELECT array_agg(DISTINCT status) AS found FROM ticket")
    assert statuses["found"] == ["recorded"]

    async with hotline.rush(2, stay=8.0) as rush:
        pass
    await settled(hotline, rush)
