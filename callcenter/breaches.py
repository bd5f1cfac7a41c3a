"""Clocks that ran out are marked once, and the next cycle of a timer starts (CL-1, F-57)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from callcenter import progress
from callcenter.clock import Clock
from callcenter.complaints import Rules
from callcenter.db.pool import Connection, Database
from tickets.deadlines import Rulebook
from tickets.limits import Kind

BATCH = 50

UNMARKED = """
SELECT t.id, t.number, t.nature, t.severity, t.received_at, t.received_day, t.accepting_organisation_id,
    t.underwriting_organisation_id, t.status
FROM ticket t
WHERE t.id IN (SELECT k.ticket_id FROM ticket_clock k
    WHERE k.met_at IS NULL AND k.voided_at IS NULL AND k.breached_at IS NULL AND k.due_at <= $1
    ORDER BY k.due_at LIMIT $2)
ORDER BY t.id FOR UPDATE SKIP LOCKED"""
OVERDUE = """
SELECT kind, cycle FROM ticket_clock
WHERE ticket_id = $1 AND met_at IS NULL AND voided_at IS NULL AND breached_at IS NULL AND due_at <= $2
ORDER BY due_at, kind, cycle"""


async def mark(db: Database, rules: Rules, clock: Clock) -> int:
    """Mark every clock whose moment has passed, once, and start the next cycle of the timers; returns how many tickets
    had one. Safe to run twice and in two processes: a ticket is held while it is looked at."""
    done = 0
    while True:
        at = clock.now()
        async with db.transaction() as conn:
            rows = await conn.fetch(UNMARKED, at, BATCH)
            for row in rows:
                await _look(conn, dict(row), await rules.current(conn, at, row["received_day"]), at)
        done += len(rows)
        if not rows:
            return done


async def _look(conn: Connection, row: Mapping[str, Any], book: Rulebook, at: datetime) -> None:
    for each in await conn.fetch(OVERDUE, row["id"], at):
        kind = Kind(each["kind"])
        if kind in progress.TIMERS:
            await progress.roll(conn, row, kind, book, at)
        await progress.breach(conn, row, kind, each["cycle"], at)
