"""Our own three processes: does web answer, does telephony hear the switch, does the worker work and keep up."""

import asyncio
from datetime import timedelta

import aiohttp
import asyncpg

from callcenter import backlog
from callcenter.calls import store
from callcenter.db.away import AWAY
from callcenter.db.pool import Connection
from callcenter.doctor.finding import Notes
from callcenter.doctor.installation import Installation
from callcenter.doctor.reason import reason
from callcenter.listening import reachable

TIMEOUT = 2.5
BEAT_WITHIN = timedelta(seconds=8)
LATE = timedelta(seconds=60)

BEHIND = "SELECT count(*) FROM outbox_delivery WHERE done_at IS NULL AND parked_at IS NULL AND next_at < $1"
PARKED = "SELECT count(*) FROM outbox_delivery WHERE parked_at IS NOT NULL AND done_at IS NULL"
UNSEEN = "SELECT count(*) FROM incident WHERE seen_at IS NULL AND at >= $1"


async def look(here: Installation, notes: Notes) -> None:
    """Web over HTTP; the two others by the traces they leave in the database."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_web(here, notes))
        tasks.create_task(_traces(here, notes))


async def _web(here: Installation, notes: Notes) -> None:
    web = here.config.web
    where = f"http://{reachable(web.host)}:{web.port}"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT)) as session,
            session.get(f"{where}/healthz") as answer,
        ):
            ours = answer.status == 200 and (await answer.json()).get("status") == "ok"
    except (aiohttp.ClientError, TimeoutError, ValueError, AttributeError) as error:
        notes.fail(
            "web",
            f"{where} 没有应答：{reason(error)}",
            f"no answer at {where}: {reason(error)}",
            ("启动 callcenter serve", "start callcenter serve"),
        )
    else:
        notes.expect(
            "web",
            ours,
            f"{where} {'在运行' if ours else '是别的程序'}",
            f"{where} {'is up' if ours else 'is another program'}",
            ("停止占用端口的程序，或改 web.port", "stop the program that has the port, or change web.port"),
        )


async def _traces(here: Installation, notes: Notes) -> None:
    try:
        conn = await asyncpg.connect(here.config.database.url, timeout=TIMEOUT, command_timeout=TIMEOUT)
    except (*AWAY, asyncpg.PostgresError):
        return
    try:
        await _read(conn, here, notes)
    except asyncpg.UndefinedTableError:
        return
    finally:
        conn.terminate()


async def _read(conn: Connection, here: Installation, notes: Notes) -> None:
    now = here.clock.now()
    beat = await store.hears_since(conn)
    hears = beat is not None and now - beat <= BEAT_WITHIN
    notes.expect(
        "telephony",
        hears,
        f"telephony {'听得到 Asterisk' if hears else '没有在听 Asterisk，来电走兜底流程'}",
        f"telephony {'hears Asterisk' if hears else 'does not hear Asterisk, callers get the fallback'}",
        ("启动 callcenter telephony；查看它的日志", "start callcenter telephony; look into its log"),
    )
    worked = await conn.fetchval(backlog.SELECT_BEAT)
    works = worked is not None and now - worked <= backlog.BEAT_WITHIN
    start = ("启动 callcenter work；查看它的日志", "start callcenter work; look into its log")
    notes.expect(
        "worker",
        works,
        f"worker {'在工作' if works else '没有工作'}",
        f"worker {'works' if works else 'does not work'}",
        start,
    )
    if behind := await conn.fetchval(BEHIND, now - LATE):
        notes.fail(
            "outbox",
            f"{behind} 条消息超过一分钟未送达",
            f"{behind} messages are more than a minute late",
            start,
        )
    if parked := await conn.fetchval(PARKED):
        notes.warn(
            "parked",
            f"{parked} 条消息多次送达失败，已搁置",
            f"{parked} messages failed again and again and are parked",
            ("看 outbox_delivery.last_error", "see outbox_delivery.last_error"),
        )
    if unseen := await conn.fetchval(UNSEEN, now - timedelta(days=7)):
        notes.warn(
            "incidents",
            f"最近七天有 {unseen} 个事件未查看",
            f"{unseen} incidents of the last seven days were not looked at",
            ("见 docs/operations.md“事件”", "see docs/operations.md, Incidents"),
        )
