"""Puts the processes together from the settings. The only place that builds things; nothing is built at import."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial

from aiohttp import web
from redis.asyncio import Redis

from agi.actions import Actions
from agi.ami import connected
from agi.ari.commands import Ari
from callcenter import backlog, testmode, watchdog
from callcenter.calls.store import hears_since
from callcenter.calls.switchboard import Switchboard
from callcenter.clock import Clock
from callcenter.config import Config
from callcenter.db.migrate import refuse_if_pending
from callcenter.db.pool import Database, Rehearsal
from callcenter.listening import refusal, refuse_fastagi
from callcenter.priority import CALLS_FIRST, GIVES_WAY, be_nice
from callcenter.rehearsal import rehearse
from callcenter.supervisor import stop_on_signals
from callcenter.telephony import Telephony, account_of, rest_of
from callcenter.web import server
from callcenter.web.health import CHECKS
from callcenter.web.keys import SWITCH, SWITCHBOARD, WALL
from callcenter.worker import Worker

log = logging.getLogger(__name__)

BEAT_WITHIN = timedelta(seconds=8)
"""A telephony process gives a sign of life every 2 s."""
READY = 4
"""Sessions the telephony process keeps, rehearsed, for what callers wait for."""


@contextlib.asynccontextmanager
async def opened(
    config: Config, role: str, *, ready: int = 1, rehearse: Rehearsal | None = None
) -> AsyncIterator[Database]:
    """The database, connected and with the schema this program needs. Raises MigrationError."""
    database = await Database.connect(
        config.database.url,
        size=config.database.size,
        ready=ready,
        rehearse=rehearse,
        application=f"callcenter {role}",
    )
    try:
        async with database.connection() as conn:
            await refuse_if_pending(conn)
        yield database
    finally:
        await database.close()


async def serve(config: Config) -> int:
    """The HTTP server, until it is told to stop."""
    stopping = asyncio.Event()
    stop_on_signals(stopping)
    async with (
        opened(config, "web") as database,
        testmode.clock(config, database) as clock,
        rest_of(config) as rest,
        connected(account_of(config)) as ami,
    ):
        redis = Redis.from_url(config.redis.url)
        app = server.build(config, database=database, clock=clock, redis=redis)
        app[SWITCH] = Ari(rest)
        app[SWITCHBOARD] = Switchboard(database, app[WALL], app[SWITCH], Actions(ami))
        app[CHECKS]["telephony"] = partial(heard, database, app[WALL])
        app[CHECKS]["worker"] = partial(backlog.works, database, app[WALL])
        runner = server.runner(app)
        await runner.setup()
        try:
            await _listen(runner, config)
            log.info("serving", extra={"host": config.web.host, "port": config.web.port})
            await stopping.wait()
        finally:
            await runner.cleanup()
            await redis.aclose()
    return 0


async def _listen(runner: web.AppRunner, config: Config) -> None:
    try:
        await web.TCPSite(runner, config.web.host, config.web.port).start()
    except OSError as error:
        raise refusal(config.web.host, config.web.port, error, "web.host and web.port") from error


async def heard(database: Database, clock: Clock) -> None:
    """Raises when no telephony process has heard the switch for a while."""
    async with database.connection(timeout=1.0) as conn:
        at = await hears_since(conn)
    if at is None or clock.now() - at > BEAT_WITHIN:
        raise DeafError


class DeafError(Exception):
    """No telephony process hears the switch: callers are served by its fallback."""


async def work(config: Config) -> int:
    """The worker, until it is told to stop."""
    stopping = asyncio.Event()
    stop_on_signals(stopping)
    async with opened(config, "worker") as database, testmode.clock(config, database) as clock:
        be_nice(GIVES_WAY)
        await Worker(config, database, clock).run(stopping)
    return 0


async def telephony(config: Config) -> int:
    """The telephony process, until it is told to stop."""
    stopping = asyncio.Event()
    stop_on_signals(stopping)
    await refuse_fastagi(config.fastagi.host, config.fastagi.port)
    async with (
        opened(config, "telephony", ready=READY, rehearse=rehearse) as database,
        testmode.clock(config, database) as clock,
        watchdog.guarded(),
    ):
        be_nice(CALLS_FIRST)
        await Telephony(config, database, clock).run(stopping)
    return 0
