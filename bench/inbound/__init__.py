"""The inbound hook: a caller presses "complaint", and the ticket is committed before the dialplan goes on.

The product's one statement beside the same rows written table by table, on a real PostgreSQL with every commit on
disk: the write alone, and the whole FastAGI session around it. What was promised is counted in the tables afterwards.
"""

import asyncio
import os
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from bench import profile
from bench.fastagi import generator
from bench.fastagi.generator import Load
from bench.fastagi.servers import SCRATCH, PeerMissingError, Server, load_program
from bench.inbound import separate
from bench.report import Report, Target, paired, percentile, spread, table
from callcenter import opening as openings
from callcenter.clock import SystemClock
from callcenter.db import partitions
from callcenter.db.migrate import migrate
from callcenter.db.pool import Connection, Database
from callcenter.demo import data
from callcenter.ids import call_id, moment_of
from callcenter.lab.postgres import Postgres
from tickets import store
from tickets.deadlines import Rulebook
from tickets.store import Arrival, NewTicket, OpenedRow

HERE = Path(__file__).parent
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
WAYS: dict[str, Callable[[Connection, NewTicket], Awaitable[OpenedRow]]] = {
    "one statement": store.open_ticket,
    "a statement a table": separate.open_ticket,
}
ONE, SEPARATE = WAYS
CLIENTS = (1, 32)
WRITES = {1: 400, 32: 2400}
SESSIONS = {1: 300, 32: 1600}
COMMANDS = 1
POOL = 10
"""The most connections one of our processes opens, as shipped (database.size)."""
CLOCKS = 6
"""Rows of clocks such a ticket has."""
SETTINGS = "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'server_version')"
COUNTS = """
SELECT (SELECT count(*) FROM ticket) AS ticket, (SELECT count(DISTINCT number) FROM ticket) AS number,
    (SELECT count(*) FROM call) AS call, (SELECT count(*) FROM ticket_call) AS ticket_call,
    (SELECT count(*) FROM ticket_event) AS ticket_event, (SELECT count(*) FROM outbox_event) AS outbox_event,
    (SELECT count(*) FROM audit WHERE action = 'ticket.open') AS audit,
    (SELECT count(*) FROM ticket_clock) AS ticket_clock"""


@dataclass
class Measured:
    """Turns by (kind, clients, way): rate in 1/s, p50 and p99 in milliseconds, errors."""

    turns: dict[tuple[str, int, str], list[dict[str, float]]] = field(default_factory=dict)

    def add(self, key: tuple[str, int, str], turn: dict[str, float]) -> None:
        self.turns.setdefault(key, []).append(turn)

    def of(self, kind: str, clients: int, way: str, what: str) -> list[float]:
        return [turn[what] for turn in self.turns.get((kind, clients, way), [])]


@dataclass(frozen=True)
class Counted:
    """Tickets in the database, and the tables that hold another number of their rows."""

    tickets: int
    off: dict[str, int]


@dataclass
class Calls:
    """Names of calls nobody had before, all of this second and those before it."""

    epoch: int = field(default_factory=lambda: int(time.time()))
    used: int = 0

    def take(self, count: int) -> int:
        """The serial of the first of so many new calls."""
        self.used += count
        return self.used - count


def measure() -> Report:
    """One database, both ways in turns, the write alone and the whole session."""
    try:
        program = load_program()
    except PeerMissingError as missing:
        wanted = "the inbound hook writes in one statement, faster than table by table"
        return Report("The inbound hook", f"Not measured: {missing}.", {}, [Target(wanted, "–", None)])
    folder = SCRATCH / f"inbound-{int(time.time())}"
    postgres = Postgres.start(folder / "postgres")
    try:
        settings = uvloop.run(_prepared(postgres.url()))
        measured, calls = Measured(), Calls()
        with _desks(postgres.url(), folder) as desks:
            for desk in desks.values():
                _hook(program, desk, 1, 50, calls)
            for n in range(ROUNDS):
                for way in list(WAYS) if n % 2 == 0 else list(WAYS)[::-1]:
                    for clients in CLIENTS:
                        turn = uvloop.run(_write(postgres.url(), way, clients, WRITES[clients], calls))
                        measured.add(("write", clients, way), turn)
                        hooked = _hook(program, desks[way], clients, SESSIONS[clients], calls)
                        measured.add(("hook", clients, way), hooked)
                print(f"   turn {n + 1} of {ROUNDS}", flush=True)
            counts, promised = uvloop.run(counted(postgres.url())), calls.used
            profiled = _profiled(program, desks[ONE], calls)
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return _report(measured, counts, promised, settings, profiled)


@contextmanager
def _desks(url: str, folder: Path) -> Iterator[dict[str, Server]]:
    """The script server, once for each way of writing."""
    desks = {}
    for way, word in ((ONE, "one"), (SEPARATE, "separate")):
        spool = folder / f"spool-{word}"
        spool.mkdir(parents=True)
        desks[way] = Server(way, [sys.executable, "-m", "bench.inbound.desk", url, str(spool), word])
    try:
        for desk in desks.values():
            desk.start(None)
            if desk.dead:
                raise RuntimeError(f"the script server for {desk.name} did not start")
        yield desks
    finally:
        for desk in desks.values():
            desk.stop()


async def _prepared(url: str) -> dict[str, str]:
    """Schema, this month's partitions, the demonstration's company; what the server says of itself."""
    await migrate(url)
    database = await Database.connect(url, size=2)
    try:
        at = SystemClock().now()
        await partitions.ensure(database, at)
        await data.load(database, at)
        async with database.connection() as conn:
            return {row["name"]: row["setting"] for row in await conn.fetch(SETTINGS)}
    finally:
        await database.close()


def _hook(program: Path, desk: Server, clients: int, sessions: int, calls: Calls) -> dict[str, float]:
    """FastAGI sessions of the complaint script, each from connecting to our closing the connection."""
    load = Load(clients, sessions, 0, 0, COMMANDS, "complaint", calls.epoch, calls.take(sessions))
    return generator.run([program], desk.port, load)


async def _write(url: str, way: str, clients: int, count: int, calls: Calls) -> dict[str, float]:
    """The write alone, everything before it decided in advance."""
    database = await Database.connect(url, size=min(clients, POOL))
    try:
        first = calls.take(count)
        waiting = [ticket_of(f"hl1-{calls.epoch}.{first + n}") for n in range(count)]
        took: list[float] = []
        errors = 0

        async def client() -> None:
            nonlocal errors
            while waiting:
                new = waiting.pop()
                began = time.perf_counter()
                try:
                    async with database.connection() as conn:
                        await WAYS[way](conn, new)
                except (asyncpg.PostgresError, LookupError):
                    errors += 1
                else:
                    took.append((time.perf_counter() - began) * 1000)

        await asyncio.gather(*(_once(database, way, calls) for _ in range(min(clients, POOL))))
        began = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(clients)))
        seconds = time.perf_counter() - began
    finally:
        await database.close()
    figures = {"rate": len(took) / seconds, "sessions": len(took), "errors": errors}
    return figures | {"p50_ms": percentile(took, 0.5), "p99_ms": percentile(took, 0.99)}


async def _once(database: Database, way: str, calls: Calls) -> None:
    """One ticket on one connection, so that its statements are prepared before the clock runs."""
    async with database.connection() as conn:
        await WAYS[way](conn, ticket_of(f"hl1-{calls.epoch}.{calls.take(1)}"))
        await asyncio.sleep(0.05)


def ticket_of(name: str, book: Rulebook | None = None, at: datetime | None = None) -> NewTicket:
    """The ticket a caller opens from the menu of this call."""
    id = call_id(name)
    arrived = Arrival(name, "inbound", "13800138000", "95519")
    opening = openings.from_menu(id, name, "13800138000", arrived)
    moment = at or moment_of(id) + timedelta(seconds=9)
    return openings.new_ticket(opening, openings.BY_MENU, book or Rulebook(), moment, moment)


async def counted(url: str) -> Counted:
    """What a database that held no tickets before holds now."""
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow(COUNTS)
    finally:
        await connection.close()
    assert row is not None
    tickets = int(row["ticket"])
    off = {name: n for name, n in row.items() if n != tickets * (CLOCKS if name == "ticket_clock" else 1)}
    return Counted(tickets, off)


def _profiled(program: Path, desk: Server, calls: Calls) -> str:
    """Where the script server's own time goes."""
    over = threading.Event()

    def press() -> None:
        while not over.is_set():
            _hook(program, desk, 32, 400, calls)

    pressing = threading.Thread(target=press)
    pressing.start()
    try:
        return profile.of_process(desk.pid, 4, SCRATCH / "profiles")
    finally:
        over.set()
        pressing.join()


def _report(measured: Measured, counts: Counted, promised: int, settings: dict[str, str], profiled: str) -> Report:
    sections = []
    for kind, title in (("write", "The write alone"), ("hook", "The whole session")):
        head = ["clients", "way", "a second", "one statement ÷ this", "p50 ms", "p99 ms", "errors"]
        rows = [_row(measured, kind, clients, way) for clients in CLIENTS for way in WAYS]
        sections.append(f"### {title}\n\n{table(head, rows)}")
    off = dict(counts.off) if counts.tickets == promised else {**counts.off, "ticket": counts.tickets}
    told = ", ".join(f"{count:,} in {name}" for name, count in off.items())
    kept = f"Counted afterwards: {promised:,} tickets were acknowledged, and "
    kept += f"the tables disagree: {told}." if off else "every table has its rows of each, once, and each number once."
    text = (
        "A caller presses 3. One FastAGI session opens his ticket: call row (where nobody has written it yet), ticket, "
        "matter, link, clocks, history, outbox and audit, committed before he is told the number. Beside the product's "
        "one statement the same rows by a statement a table in one transaction, 14 round trips. PostgreSQL "
        f"{settings['server_version']}, fsync {settings['fsync']}, synchronous_commit "
        f"{settings['synchronous_commit']}, at most {POOL} connections, uvloop, everything on one machine; "
        f"{ROUNDS} turns.\n\n{sections[0]}\n\nPublic numbers have no gaps: every ticket of a day takes the same "
        "counter row and holds it until its commit is on disk. So 32 clients write hardly faster than one with one "
        f"statement, and slower where the row is held over a dozen round trips.\n\n{sections[1]}\n\n{kept}\n\n"
        f"### Where the script server's time goes\n\n32 clients, one statement:\n\n{profiled}"
    )
    figures = {
        "turns": {f"{kind}, {clients} clients, {way}": turns for (kind, clients, way), turns in measured.turns.items()},
        "tickets": counts.tickets,
        "off": off,
        "acknowledged": promised,
        "postgresql": settings,
    }
    return Report("The inbound hook", text, figures, _targets(measured, bool(off)))


def _row(measured: Measured, kind: str, clients: int, way: str) -> list[Any]:
    ratio = paired(measured.of(kind, clients, ONE, "rate"), measured.of(kind, clients, way, "rate"))
    return [
        clients,
        way,
        spread(measured.of(kind, clients, way, "rate")),
        spread(ratio, 2) if way != ONE else "",
        spread(measured.of(kind, clients, way, "p50_ms"), 2),
        spread(measured.of(kind, clients, way, "p99_ms"), 2),
        f"{sum(measured.of(kind, clients, way, 'errors')):.0f}",
    ]


def _targets(measured: Measured, off: bool) -> list[Target]:
    ratio = statistics.median(paired(measured.of("hook", 1, ONE, "rate"), measured.of("hook", 1, SEPARATE, "rate")))
    rate = statistics.median(measured.of("hook", 1, ONE, "rate"))
    errors = sum(sum(measured.of(kind, clients, ONE, "errors")) for kind in ("write", "hook") for clients in CLIENTS)
    return [
        Target(
            "inbound hook: one statement, one round trip for the write",
            f"{rate:,.0f} a second for one client, {ratio:.2f} × what a statement a table does",
            ratio > 1,
        ),
        Target(
            "inbound hook: what was acknowledged is there, once",
            f"{errors:.0f} errors; " + ("rows are missing or double" if off else "every row there once"),
            not errors and not off,
        ),
    ]
