"""Our processes against a real Asterisk, the telephony process also inside the test, and what they wrote."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from callcenter.agents import shift, store
from callcenter.calls.controller import Pace
from callcenter.clock import SystemClock
from callcenter.config import Config
from callcenter.db.pool import Database
from callcenter.ids import uuid7
from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.console import Console
from callcenter.lab.site import write_phones
from callcenter.telephony import Telephony

QUICK = Pace(compare=3.0, again=1.0, lease=3.0)
POLL = 0.05


def settings(address: AsteriskAddress, database_url: str, redis_url: str, folder: Path) -> dict[str, str]:
    """The environment of our processes."""
    (folder / "spool").mkdir(exist_ok=True)
    (folder / "archive").mkdir(exist_ok=True)
    write_phones(folder / "phones", address.phones)
    return {
        "CALLCENTER_AGENTS_PHONES": str(folder / "phones"),
        "CALLCENTER_DATABASE_URL": database_url,
        "CALLCENTER_REDIS_URL": redis_url,
        "CALLCENTER_FASTAGI_HOST": address.here,
        "CALLCENTER_FASTAGI_PORT": str(address.agi_port),
        "CALLCENTER_ARI_URL": address.ari_url,
        "CALLCENTER_ARI_USER": address.ari_user,
        "CALLCENTER_ARI_PASSWORD": address.ari_password,
        "CALLCENTER_AMI_HOST": address.console.host,
        "CALLCENTER_AMI_PORT": str(address.console.port),
        "CALLCENTER_AMI_USER": address.console.user,
        "CALLCENTER_AMI_PASSWORD": address.console.password,
        "CALLCENTER_RECORDINGS_VOLUMES": ":".join(map(str, address.volumes)),
        "CALLCENTER_RECORDINGS_ARCHIVE_ROOT": str(folder / "archive"),
        "CALLCENTER_RECORDINGS_CEL_FILE": str(address.cel),
        "CALLCENTER_SPOOL_FOLDER": str(folder / "spool"),
    }


@asynccontextmanager
async def at_work(environ: dict[str, str], database: Database, pace: Pace = QUICK) -> AsyncIterator[Telephony]:
    """The telephony process inside the test, from the moment it hears the switch."""
    telephony = Telephony(Config.load(environ=environ), database, SystemClock(), pace=pace)
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(telephony.run(stopping))
        try:
            await until(lambda: telephony.controller is not None and telephony.controller.hears())
            yield telephony
        finally:
            stopping.set()


@dataclass
class Worker:
    """One of our processes, by default the telephony process, as one of its own."""

    environ: dict[str, str]
    log: Path
    role: str = "telephony"
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "callcenter", self.role),
                env={**os.environ, **self.environ},
                stdout=output,
                stderr=output,
            )

    async def kill(self) -> None:
        """kill -9, as a crash would."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def separate(environ: dict[str, str], folder: Path, role: str = "telephony") -> AsyncIterator[Worker]:
    """A process of ours that is killed at the end at the latest; not started yet."""
    worker = Worker(environ, folder / f"{role}.log", role)
    try:
        yield worker
    finally:
        if worker.process is not None:
            await worker.kill()


async def until(happened: Callable[[], object | Awaitable[object]], timeout: float = 20.0) -> Any:
    """Waits until it gives something true, and returns that."""
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout
    while True:
        found = happened()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        assert loop.time() < end, "it never happened"
        await asyncio.sleep(POLL)


async def rows(database: Database, statement: str, *arguments: object) -> list[asyncpg.Record]:
    async with database.connection() as conn:
        return await conn.fetch(statement, *arguments)


async def hears(database: Database) -> bool:
    """Whether some telephony process says that it hears the switch."""
    return bool(await rows(database, "SELECT 1 FROM telephony_beat WHERE hears AND at > now() - interval '4 seconds'"))


SELECT_OVER = """
SELECT c.* FROM call c WHERE c.caller = ANY($1::text[]) AND c.ended_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM segment s WHERE s.call_id = c.id AND s.state IN ('expected', 'recording'))
ORDER BY c.started_at"""


async def ended(database: Database, *callers: str, timeout: float = 30.0) -> list[asyncpg.Record]:
    """The calls of these callers, once as many are over and all their segments have an end.

    The event log of the shared Asterisk tells of earlier tests' calls too.
    """

    async def all_over() -> list[asyncpg.Record]:
        found = await rows(database, SELECT_OVER, list(callers))
        return found if len(found) >= len(callers) else []

    found: list[asyncpg.Record] = await until(all_over, timeout)
    return found


async def of_call(database: Database, table: str, call_id: UUID) -> list[asyncpg.Record]:
    """The rows of a call's table."""
    return await rows(database, f"SELECT * FROM {table} WHERE call_id = $1 ORDER BY id", call_id)


INSERT_AGENT = """
INSERT INTO app_user (id, login, name, password_hash, organisation_id, roles, extension, created_at)
VALUES ($1, $2, $3, '-', 'gd-gz', $4, $5, $6)"""


async def on_duty(database: Database, extension: str, *queues: str, role: str = "agent") -> UUID:
    """An agent with a desk phone who is logged in and ready for these queues; the switch follows soon."""
    at = SystemClock().now()
    user_id = uuid7(at)
    async with database.transaction() as conn:
        await conn.execute(INSERT_AGENT, user_id, f"agent{extension}", f"坐席{extension}", [role], extension, at)
        await store.set_queues(conn, user_id, [(queue, 0) for queue in queues])
    await shift.log_in(database, user_id, "system:test", "", at)
    return user_id


def shown(address: AsteriskAddress, queue: str) -> str:
    """What the switch tells of a queue."""
    with Console(address.console) as console:
        return console.command(f"queue show {queue}")


def members_of(address: AsteriskAddress, queue: str) -> dict[str, bool]:
    """Interface → paused, as the switch says."""
    told = shown(address, queue)
    found = re.findall(r"\((PJSIP/[a-z]+-\d+)\)(.*)", told) + re.findall(r"^\s+(PJSIP/[a-z]+-\d+) (.*)", told, re.M)
    return {interface: "(paused" in rest for interface, rest in found}


async def joined(address: AsteriskAddress, queue: str, extension: str, *, paused: bool = False) -> None:
    """Waits until the agent's desk phone is in the queue."""
    await until(lambda: members_of(address, queue).get(f"PJSIP/desk-{extension}") is paused)
