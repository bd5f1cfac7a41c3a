"""A first opening is slow: PostgreSQL loads what it knows of thirty tables and plans each statement. Every session of
the process callers wait for has that behind it before a call reaches it. Must never leave anything behind."""

import logging
from dataclasses import replace
from datetime import date

import asyncpg

from callcenter.clock import SystemClock
from callcenter.db.pool import Connection
from callcenter.ids import uuid7
from callcenter.opening import BY_MENU, from_menu, new_ticket
from tickets import store
from tickets.deadlines import Rulebook
from tickets.store import Arrival

log = logging.getLogger(__name__)

TIMES = 6
"""After five uses PostgreSQL decides whether to keep one plan for all (its manual, PREPARE)."""
DAY = date(1970, 1, 1)
"""Numbers of this day are counted meanwhile, so that no caller waits for today's."""


async def rehearse(conn: Connection) -> None:
    """Open tickets on a session and take them back."""
    taken_back = conn.transaction()
    await taken_back.start()
    try:
        for _ in range(TIMES):
            at = SystemClock().now()
            opening = from_menu(uuid7(at), "rehearsal", None, Arrival("rehearsal", "inbound", None, None))
            new = new_ticket(opening, BY_MENU, Rulebook(), at, at)
            await store.open_ticket(conn, replace(new, received_day=DAY))
    except asyncpg.PostgresError as error:
        log.debug("not rehearsed", extra={"error": str(error)})
    finally:
        await taken_back.rollback()
