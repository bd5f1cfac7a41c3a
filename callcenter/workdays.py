"""The company's working days: corrections, the yearly notice, and what follows from them for open deadlines (T-7).

A deadline that was met or has passed is never counted again; each that moves says so in its ticket's history.
"""

import logging
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from callcenter import audit, outbox
from callcenter.calls.call import Incident
from callcenter.calls.store import raise_incidents
from callcenter.clock import Clock
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
SELECT k.ticket_id, k.kind, k.cycle, k.due_day, k.provisional, k.rules, k.internal,
    k.statutory
FROM ticket_clock k WHERE k.met_at IS NULL AND k.voided_at IS NULL AND k.due_at > $1
ORDER BY k.ticket_id, k.kind, k.cycle"""


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


async def hear(conn: Connection, message: Message) -> None:
    """The outbox's consumer: counts the open deadlines again."""
    moved = await recount(conn, await store.calendar(conn), message.at)
    log.info("deadlines counted again", extra={"moved": moved})


async def recount(conn: Connection, calendar: Calendar, at: datetime) -> int:
    """Count every open deadline again in this calendar; returns how many moved or ceased to be provisional."""
    book, moved = Rulebook(calendar), 0
    for row in await conn.fetch(OPEN, at):
        after = again(dict(row), book)
        if (after.due_day, after.provisional) == (row["due_day"], row["provisional"]):
            continue
        await store.start_clock(conn, row["ticket_id"], after)
        details = {
            "clock": row["kind"],
            "from": str(row["due_day"]),
            "to": str(after.due_day),
            "calendar": calendar.version,
            "provisional": after.provisional,
        }
        await store.note(conn, uuid7(at), row["ticket_id"], at, "system:calendar", "deadline_recounted", details)
        moved += 1
    return moved


def again(row: dict[str, Any], book: Rulebook) -> Deadline:
    """A stored clock counted out in this rulebook's calendar, by the limits it was chosen from."""
    statutory = row["statutory"]
    return deadlines.deadline(
        Kind(row["kind"]),
        deadlines.recount(store.reckoning_of(row["internal"]), book),
        deadlines.recount(store.reckoning_of(statutory), book) if statutory else None,
        book,
        row["cycle"],
        tuple(rule for rule in row["rules"] if rule == "CL-5"),
    )


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
