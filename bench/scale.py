"""Lists, searches, work queues and figures over a million tickets and ten million calls, asked for by HTTP.

The made-up years are kept in var/bench/scale, or where BENCH_STORE says, and taken up again by the next run; they take
about 25 GB. BENCH_TICKETS and BENCH_CALLS make fewer, BENCH_TIMES asks less often. Nothing is asserted: what is slower
than it should be stands in the table, the slowest with its plan.
"""

import asyncio
import os
import random
import shutil
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import asyncpg
from aiohttp import web

from bench.asks import ASKS, WHO
from bench.report import Report, Target, percentile, table
from callcenter.clock import SystemClock
from callcenter.config import Config, SpoolConfig
from callcenter.db import partitions
from callcenter.db.migrate import migrate
from callcenter.db.pool import Connection, Database
from callcenter.demo import bulk, data, fill, people
from callcenter.lab.postgres import Postgres
from callcenter.web import server
from tickets.calendar import shanghai_day

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("BENCH_STORE") or ROOT / "var" / "bench" / "scale")
SIZE = fill.Fill(
    int(os.environ.get("BENCH_TICKETS", str(fill.TICKETS))), int(os.environ.get("BENCH_CALLS", str(fill.CALLS)))
)
TIMES = int(os.environ.get("BENCH_TIMES", "60"))
COLD_MONTHS = 6
WITHIN = 300.0
"""Milliseconds."""
SEED = 7
LOADING = (
    *("fsync = off", "full_page_writes = off", "wal_level = minimal", "max_wal_senders = 0", "max_wal_size = '2GB'"),
    *("checkpoint_timeout = '30min'", "autovacuum = off", "shared_buffers = '1GB'"),
)
"""While the store is made, which can be made again; asked is a server as it is shipped."""
PLAN_LINES, PLAN_WIDTH = 40, 160

SAMPLE = """
SELECT t.id, t.number, complainant_phone, policy_number, customer_id, complainant_name, received_day, matter_id,
    substr(demand, 3, 6) AS words, t.opened_by_user AS user_id, o.archive_no, o.id AS recording_id, l.id AS letter_id,
    r.id AS review_id, m.id AS meeting_id, s.id AS sample_id, k.id AS task_id, k.campaign_id, c.id AS call_id,
    $1::timestamptz AS moment, $1::timestamptz + interval '1 day' AS moment_after,
    (SELECT id FROM app_user WHERE login = $2) AS handler_id
FROM ticket t
    CROSS JOIN LATERAL (
        SELECT id, archive_no FROM recording_object WHERE id >= cc_first_id($1) ORDER BY id LIMIT 1) AS o
    CROSS JOIN LATERAL (SELECT id FROM opinion_letter WHERE created_at >= $1 ORDER BY created_at LIMIT 1) AS l
    CROSS JOIN LATERAL (SELECT id FROM review_request ORDER BY asked_at > $1 DESC, asked_at LIMIT 1) AS r
    CROSS JOIN LATERAL (SELECT id FROM committee_meeting WHERE planned_at >= $1 ORDER BY planned_at LIMIT 1) AS m
    CROSS JOIN LATERAL (SELECT id FROM closing_sample ORDER BY drawn_at > $1 DESC, drawn_at LIMIT 1) AS s
    CROSS JOIN LATERAL (SELECT id, campaign_id FROM callback_task WHERE id >= cc_first_id($1) ORDER BY id LIMIT 1) AS k
    CROSS JOIN LATERAL (SELECT id FROM call WHERE id >= cc_first_id($1) ORDER BY id LIMIT 1) AS c
WHERE received_at >= $1 AND nature = 'complaint' ORDER BY received_at LIMIT 1"""

Row = Mapping[str, Any]


def _values(ticket: Row) -> Row:
    """What stands in the paths, as an address has it."""
    day = ticket["received_day"]
    told = {**ticket, "two": ticket["words"][:2], "day": ticket["number"][:14], "date": day}
    return {name: quote(str(value)) for name, value in told.items()} | {"month": _month(day), "year": _year(day)}


def _month(day: date) -> str:
    first = day.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return f"first_day={first}&last_day={last}"


def _year(day: date) -> str:
    return f"first_day={day.replace(month=1, day=1)}&last_day={day.replace(month=12, day=31)}"


COLD = "figures of a month, cold"


class Watched(Database):
    """The product's database, its statements overheard: the slowest's plan is shown."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        super().__init__(pool)
        self.heard: list[Any] = []

    @asynccontextmanager
    async def connection(self, timeout: float | None = None) -> AsyncIterator[Connection]:
        async with super().connection(timeout) as conn:
            with conn.query_logger(self.heard.append):
                yield conn


def measure() -> Report:
    """Fills what is not yet there, then asks for everything in random order."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for folder in (FOLDER.parents[1], FOLDER.parent, FOLDER):
        folder.chmod(0o755)
    postgres = Postgres.start(FOLDER / "pg")
    try:
        return asyncio.run(_measured(postgres))
    finally:
        postgres.stop()


async def _measured(postgres: Postgres) -> Report:
    filled, took = await _filled(postgres)
    postgres.stop()
    postgres.restart()
    return await _asked(postgres, filled, took)


async def _filled(postgres: Postgres) -> tuple[fill.Filled, float]:
    """What there is, and the seconds it took to make or find it."""
    await migrate(postgres.url())
    at = SystemClock().now()
    async with _connected(postgres) as database:
        await partitions.ensure(database, at)
        await data.load(database, at)
        there = await fill.is_filled(database, at, SIZE)
    began = time.monotonic()
    if not there:
        await _set(postgres, LOADING)
    async with _connected(postgres) as database:
        filled = await fill.fill(database, at, SIZE, _tell(began))
    took = time.monotonic() - began
    if not there:
        await _set(postgres, ())
        os.sync()
    return filled, took


def _tell(began: float) -> Callable[[str], None]:
    return lambda told: print(f"   {time.monotonic() - began:5.0f} s  {told}", flush=True)


@asynccontextmanager
async def _connected(postgres: Postgres) -> AsyncIterator[Database]:
    database = await Database.connect(postgres.url(), size=bulk.HANDS + 1)
    try:
        yield database
    finally:
        await database.close()


async def _set(postgres: Postgres, settings: Sequence[str]) -> None:
    """Starts the server anew with these settings and no others."""
    conn = await asyncpg.connect(postgres.url())
    try:
        await conn.execute("ALTER SYSTEM RESET ALL")
        for setting in settings:
            await conn.execute(f"ALTER SYSTEM SET {setting}")
        await conn.execute("CHECKPOINT", timeout=bulk.LONG)
    finally:
        await conn.close()
    postgres.stop()
    postgres.restart()


async def _asked(postgres: Postgres, filled: fill.Filled, took: float) -> Report:
    chance = random.Random(SEED)
    times: dict[tuple[str, str], list[float]] = {each.key: [] for each in ASKS}
    plans: dict[tuple[str, str], tuple[float, Any]] = {}
    cold: list[float] = []
    for n in range(COLD_MONTHS):
        _forget(postgres)
        async with _served(postgres.url()) as (ask, _):
            day = shanghai_day(SystemClock().now()) - timedelta(days=60 + n * 130)
            cold.append(await ask("headquarters", f"/statistics/complaints?{_month(day)}&group=category"))
    async with _served(postgres.url()) as (ask, database):
        rows = await _drawn(database, chance)
        for each in ASKS:  # what is parsed and planned once in a process's life
            await ask(each.who, each.path.format_map(rows[0]))
        for row in rows:
            for each in chance.sample(ASKS, len(ASKS)):
                database.heard.clear()
                spent = await ask(each.who, each.path.format_map(row))
                key = each.key
                times[key].append(spent)
                slowest = max(database.heard, key=lambda one: one.elapsed, default=None)
                if slowest is not None and spent >= plans.get(key, (0.0, None))[0]:
                    plans[key] = (spent, slowest)
        worst = max(times, key=lambda key: percentile(times[key], 0.95))
        plan = await _plan(database, plans[worst][1])
    return _report(filled, took, times, cold, worst, plan)


def _forget(postgres: Postgres) -> None:
    """Nothing of the store is in memory any more, neither PostgreSQL's nor, where we may say so, the kernel's."""
    postgres.stop()
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        print("   the kernel's cache stays: not root", flush=True)
    postgres.restart()


Asking = Callable[[str, str], Any]


@asynccontextmanager
async def _served(url: str) -> AsyncIterator[tuple[Asking, Watched]]:
    """The HTTP server over the store, and somebody of every post who asks; the answer is the milliseconds it took."""
    database = await Watched.connect(url, size=10)
    spool = FOLDER / "spool"
    shutil.rmtree(spool, ignore_errors=True)
    app = server.build(Config(spool=SpoolConfig(spool)), database=database, clock=SystemClock())
    runner = server.runner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        api = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v1"
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            tokens = {who: await _log_in(session, api, login) for who, login in WHO.items()}

            async def ask(who: str, path: str) -> float:
                began = time.perf_counter()
                async with session.get(api + path, headers={"Authorization": f"Bearer {tokens[who]}"}) as reply:
                    body = await reply.read()
                    if reply.status != 200:
                        raise RuntimeError(f"{path}: {reply.status} {body[:300]!r}")
                return (time.perf_counter() - began) * 1000

            yield ask, database
    finally:
        await runner.cleanup()
        await database.close()


async def _log_in(session: aiohttp.ClientSession, api: str, login: str) -> str:
    async with session.post(f"{api}/session", json={"user": login, "password": people.PASSWORD}) as reply:
        return str((await reply.json())["token"])


async def _drawn(database: Database, chance: random.Random) -> list[Row]:
    """Tickets of moments all over the years."""
    today = SystemClock().now()
    async with database.connection() as conn:
        drawn = []
        for _ in range(TIMES):
            at = today - timedelta(seconds=chance.randrange(86400 * 5, 86400 * (SIZE.days - 5)))
            drawn.append(_values(dict(await conn.fetchrow(SAMPLE, at, WHO["province"]) or {})))
    return drawn


async def _plan(database: Database, slowest: Any) -> str:
    async with database.connection() as conn:
        rows = await conn.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {slowest.query}", *slowest.args, timeout=120)
    told = [str(row[0])[:PLAN_WIDTH] for row in rows if "never executed" not in row[0] and "Searches" not in row[0]]
    left = len(told) - PLAN_LINES
    return "\n".join([*told[:PLAN_LINES], *([f"… {left} lines more"] if left > 0 else []), *told[-3:]])


def _report(
    filled: fill.Filled,
    took: float,
    times: Mapping[tuple[str, str], Sequence[float]],
    cold: Sequence[float],
    worst: tuple[str, str],
    plan: str,
) -> Report:
    rows = [[COLD, "headquarters", len(cold), *(f"{percentile(cold, share):,.0f}" for share in (0.5, 0.95, 1.0))]]
    rows += [
        [name, who, len(all_), *(f"{percentile(all_, share):,.0f}" for share in (0.5, 0.95, 1.0))]
        for (name, who), all_ in times.items()
    ]
    late = [f"{name} ({who})" for (name, who), all_ in times.items() if percentile(all_, 0.95) > WITHIN]
    text = (
        f"{filled.tickets:,} tickets, {filled.calls:,} calls, {filled.customers:,} customers; made or found in"
        f" {took:,.0f} s. Each asked for {TIMES} times by HTTP, in random order, for tickets of all the years;"
        f" milliseconds until the whole answer was read. Cold: PostgreSQL started anew, the kernel's cache emptied.\n\n"
        f"{table(['asked for', 'by', 'times', 'p50 ms', 'p95 ms', 'longest ms'], rows)}\n\n"
        f"The slowest at the 95th percentile: {worst[0]}, by {worst[1]}. Its longest statement:\n\n```\n{plan}\n```\n"
    )
    slowest = percentile(times[worst], 0.95)
    return Report(
        "A million tickets, ten million calls",
        text,
        {"times": {f"{name}|{who}": list(all_) for (name, who), all_ in times.items()}, "cold": list(cold)},
        [
            Target(
                f"every list, search, queue and figure within {WITHIN:g} ms at the 95th percentile",
                f"{slowest:,.0f} ms; late: {', '.join(late) or 'none'}",
                not late,
            ),
            Target(f"figures of any month, cold, within {WITHIN:g} ms", f"{max(cold):,.0f} ms", max(cold) <= WITHIN),
        ],
    )
