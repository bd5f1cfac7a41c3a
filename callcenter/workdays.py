"""The company's working days: corrections, the yearly notice, and what follows from them for open deadlines (T-7).

A deadline that was met or has passed is never counted again; each that moves says so in its ticket's history.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import audit, outbox
from callcenter.calls.call import Incident
from callcenter.calls.store import raise_incidents
from callcenter.clock import Clock
from callcenter.complaints import Rules
from callcenter.db.pool import Connection, Database
from callcenter.ids import uuid7
from callcenter.outbox import Message
from tickets import deadlines, store
from tickets.calendar import SHANGHAI, Calendar, Override, shanghai_day
from tickets.deadlines import Deadline, Kind, Rulebook

log = logging.getLogger(__name__)

NAME = "workdays.recount"
TOPIC = "calendar.changed"
NOVEMBER = 11
"""The State Council publishes the next year's days in November."""

SAVE_DAY = """
INSERT INTO calendar_day (day, is_workday, note, source) VALUES ($1, $2, $3, $4)
ON CONFLICT (day) DO UPDATE SET is_workday = EXCLUDED.is_workday, note = EXCLUDED.note, source = EXCLUDED.source"""
SAVE_YEAR = """
INSERT INTO calendar_year (year, source, loaded_at) VALUES ($1, $2, $3)
ON CONFLICT (year) DO UPDATE SET source = EXCLUDED.source, loaded_at = EXCLUDED.loaded_at"""
OPEN = """
SELECT k.ticket_id, k.kind, k.cycle, k.start_day, k.due_day, k.due_at, k.alert_day, k.provisional, k.rules, k.internal,
    k.statutory, t.received_day
FROM ticket_clock k JOIN ticket t ON t.id = k.ticket_id
WHERE k.met_at IS NULL AND k.voided_at IS NULL AND k.due_at > $1 AND ($2::uuid IS NULL OR k.ticket_id = $2)
ORDER BY k.ticket_id, k.kind, k.cycle"""
HOLD = "SELECT 1 FROM ticket WHERE id = $1 FOR UPDATE"


async def correct(db: Database, days: Sequence[Override], actor: str, at: datetime, *, year: int | None = None) -> None:
    """Keep what the company or a yearly notice says of these days; `year`: the whole notice of that year is in them."""
    async with db.transaction() as conn:
        for day in days:
            await conn.execute(SAVE_DAY, day.day, day.is_workday, day.note, day.source)
        if year is not None:
            await conn.execute(SAVE_YEAR, year, days[0].source if days else "", at)
        object_id = str(year) if year is not None else ",".join(str(day.day) for day in days)
        await audit.record(
            conn,
            actor=actor,
            action="calendar.year_loaded" if year is not None else "calendar.corrected",
            object_kind="calendar",
            object_id=object_id[:200],
            at=at,
            details={"days": [[str(day.day), day.is_workday, day.note, day.source] for day in days]},
        )
        await outbox.append(conn, TOPIC, object_id[:200], {"days": [str(day.day) for day in days]}, at)


class Recount:
    """The outbox's consumer: counts the open deadlines again."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    async def hear(self, conn: Connection, message: Message) -> None:
        """In the calendar as it stands now, however old the message is."""
        moved = await recount(conn, self._rules, message.at)
        log.info("deadlines counted again", extra={"moved": moved})


async def recount(conn: Connection, rules: Rules, at: datetime) -> int:
    """Count every open deadline again, each by the rulebook of its ticket's receipt day in the calendar as it stands;
    returns how many moved or ceased to be provisional.

    Only a ticket of which something changes is held, and looked at once more then: somebody may be working on it.
    """
    moved, changing = 0, dict[UUID, date]()
    for row in await conn.fetch(OPEN, at, None):
        book = await rules.current(conn, at, row["received_day"])
        if again(dict(row), book) is not None:
            changing[row["ticket_id"]] = row["received_day"]
    for ticket_id, received_day in sorted(changing.items()):
        await conn.fetchval(HOLD, ticket_id)
        for row in await conn.fetch(OPEN, at, ticket_id):
            book = await rules.current(conn, at, received_day)
            moved += await _move(conn, dict(row), book, at)
    return moved


async def _move(conn: Connection, row: dict[str, Any], book: Rulebook, at: datetime) -> bool:
    after = again(row, book)
    if after is None:
        return False
    await store.start_clock(conn, row["ticket_id"], after)
    if (after.due_at, after.provisional) == (row["due_at"], row["provisional"]):
        return False
    details = {
        "clock": row["kind"],
        "cycle": row["cycle"],
        "from": str(row["due_day"]),
        "to": str(after.due_day),
        "calendar": book.calendar.version,
        "provisional": after.provisional,
    }
    await store.note(conn, uuid7(at), row["ticket_id"], at, "system:calendar", "deadline_recounted", details)
    return True


def again(row: dict[str, Any], book: Rulebook) -> Deadline | None:
    """A stored clock counted out in this rulebook's calendar, by the limits it was chosen from, less the days that did
    not count (CL-4); None when nothing of it changes."""
    stored = store.reckoning_of(row["internal"])
    statutory = store.reckoning_of(row["statutory"]) if row["statutory"] else None
    internal = deadlines.recount(stored, book)
    ceiling = deadlines.recount(statutory, book) if statutory else None
    if (internal, ceiling) == (stored, statutory):
        return None
    restarted = tuple(rule for rule in row["rules"] if rule == "CL-5")
    found = deadlines.deadline(Kind(row["kind"]), internal, ceiling, book, row["cycle"], restarted)
    if ceiling is None:
        alert = row["alert_day"] if row["alert_day"] == row["start_day"] else found.alert_day
        return replace(found, rules=tuple(row["rules"]), alert_day=alert)
    return found


async def would_move(conn: Connection, rules: Rules, days: Sequence[Override], year: int, at: datetime) -> int:
    """How many open deadlines would fall on another day, were this the notice of the year; nothing is changed."""
    stored = await store.calendar(conn)
    calendar = Calendar.of([*stored.overrides.values(), *days], [*stored.published, year])
    moving = 0
    for row in await conn.fetch(OPEN, at, None):
        book = replace(await rules.current(conn, at, row["received_day"]), calendar=calendar)
        found = again(dict(row), book)
        moving += found is not None and found.due_at != row["due_at"]
    return moving


def uncovered(calendar: Calendar, today: date) -> list[int]:
    """The years whose days are not published and that deadlines run in now: this one, from November on the next."""
    years = [today.year, *([today.year + 1] if today.month >= NOVEMBER else [])]
    return [year for year in years if not calendar.covers(year)]


async def warn(db: Database, clock: Clock) -> list[int]:
    """Say loudly, and once as an incident, which years are not covered; returns them."""
    at = clock.now()
    async with db.transaction() as conn:
        years = uncovered(await store.calendar(conn), shanghai_day(at))
        for year in years:
            log.warning("working days of a year are not published: its deadlines are provisional", extra={"year": year})
            moment = datetime(year - 1, NOVEMBER, 1, tzinfo=SHANGHAI)
            await raise_incidents(conn, [(None, Incident("calendar_not_covered", moment, {"year": year}))])
    return years
