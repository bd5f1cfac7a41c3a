"""Builds the HTTP application. Must never open a connection itself: what it needs is given to it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from aiohttp import web
from redis.asyncio import Redis

from callcenter import dossier, testmode
from callcenter.attachments.vault import Vault
from callcenter.bundle import Bundling
from callcenter.callbacks.overview import Boards
from callcenter.casework import Casework
from callcenter.clock import Clock, SystemClock
from callcenter.complaints import Complaints, Rules
from callcenter.config import Config
from callcenter.custody import Custody
from callcenter.db.pool import Database
from callcenter.documents.issuing import Issuing
from callcenter.documents.templates import Templates
from callcenter.handling_limit import HandlingLimit
from callcenter.importing.intake import Intake
from callcenter.matters import Matters
from callcenter.reclassifications import Reclassifications
from callcenter.slips import Slips
from callcenter.spool import TicketSpool
from callcenter.web import dispatch, documentation, electronic_page, health, openapi, routes
from callcenter.web.api import Route
from callcenter.web.auth import RECENT, Recent
from callcenter.web.connections import Runner
from callcenter.web.keys import (
    BOARDS,
    BUNDLING,
    CASEWORK,
    CLOCK,
    COMPLAINTS,
    CONFIG,
    CUSTODY,
    DATABASE,
    HANDLING_LIMIT,
    ISSUING,
    LISTS,
    MATTERS,
    RECLASSIFICATIONS,
    REDIS,
    SECRET,
    SLIPS,
    TEMPLATES,
    VAULT,
    WALL,
)
from callcenter.web.middleware import answer_problems, log_requests, secure_headers

log = logging.getLogger(__name__)

SELECT_SECRET = "SELECT secret FROM installation"  # noqa: S105 - SQL

Served = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build(
    config: Config,
    *,
    database: Database,
    clock: Clock,
    redis: "Redis | None" = None,
    wall: Clock | None = None,
) -> web.Application:
    """The application; add resources of your own under typed keys before it starts. Start it with `runner`."""
    app = web.Application(middlewares=[log_requests, answer_problems])
    app.on_response_prepare.append(secure_headers)
    app[CONFIG] = config
    app[DATABASE] = database
    app[CLOCK] = clock
    app[WALL] = wall or SystemClock()
    spool = TicketSpool(config.spool.folder)
    app[COMPLAINTS] = Complaints(database, clock, spool, Rules.of(config.hours))
    app[CASEWORK] = Casework(database, clock, app[COMPLAINTS].rules)
    app[COMPLAINTS] = Complaints(database, clock, spool)
    app[CASEWORK] = Casework(database, clock, app[COMPLAINTS].rules, dossier.lacking)
    app[SLIPS] = Slips(database, clock, app[COMPLAINTS].rules)
    app[HANDLING_LIMIT] = HandlingLimit(database, clock, app[COMPLAINTS].rules)
    files = config.attachments
    app[VAULT] = Vault(files.folder, files.minimum_free << 20)
    app[CUSTODY] = Custody(database, clock, app[VAULT], files.per_ticket)
    app[ISSUING] = Issuing(database, clock, app[COMPLAINTS].rules, app[VAULT], config.documents)
    app[BUNDLING] = Bundling(database, clock, app[VAULT], config.documents)
    app[TEMPLATES] = Templates(database, clock, config.documents)
    app[MATTERS] = Matters(database, clock)
    app[BOARDS] = Boards(database)
    app[RECLASSIFICATIONS] = Reclassifications(database, clock, app[COMPLAINTS].rules)
    app[LISTS] = Intake(database, config)
    app[RECENT] = Recent()
    if redis is not None:
        app[REDIS] = redis
    app.on_startup.append(_prepare)
    for route in routes.all_routes():
        app.router.add_route(route.method, openapi.PREFIX + route.path, _served(route), name=route.name)
        if route.method == "GET":
            app.router.add_route("HEAD", openapi.PREFIX + route.path, _served(route))
    electronic_page.add_to(app)
    documentation.add_to(app, openapi.document(routes.MODULES))
    health.add_to(app)
    app[health.GAUGES]["callcenter_tickets_spooled"] = partial(asyncio.to_thread, spool.waiting)
    app[health.GAUGES]["callcenter_tickets_set_aside"] = partial(asyncio.to_thread, spool.set_aside)
    return app


def runner(app: web.Application, **options: Any) -> web.AppRunner:
    """The runner every process and test uses: bodies come as they were sent (a compressed one is refused, H10)."""
    return Runner(app, auto_decompress=False, lingering_time=2.0, access_log=None, handle_signals=False, **options)


def _served(route: Route) -> Served:
    async def served(request: web.Request) -> web.StreamResponse:
        return await dispatch.serve(route, request)

    return served


async def _prepare(app: web.Application) -> None:
    await testmode.claim(app[DATABASE], app[CONFIG].mode)
    async with app[DATABASE].connection() as conn:
        app[SECRET] = bytes(await conn.fetchval(SELECT_SECRET))
