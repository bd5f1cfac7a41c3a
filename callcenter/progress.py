"""The progress timers of one ticket on the caller's transaction (F-10, F-11, F-57, L-18 … L-20).

Two timers run on a complex case: what the customer is told, and what the coordinator reports to customer service. The
rules are in tickets/progress.py; here their points are the cycles of two clocks.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import outbox
from callcenter.db.pool import Connection
from callcenter.ids import uuid7
from tickets import committee, deadlines, progress, store
from tickets.calendar import shanghai_day
from tickets.deadlines import Deadline, Rulebook
from tickets.intake import GRAVITY, Nature, Severity
from tickets.lifecycle import Action, Level
from tickets.limits import Kind
from tickets.progress import Point

TIMERS = (Kind.PROGRESS_CUSTOMER, Kind.PROGRESS_CS)
TELLS: Mapping[Action, Kind] = {Action.PROGRESS: Kind.PROGRESS_CUSTOMER, Action.REPORT_PROGRESS: Kind.PROGRESS_CS}
ENDS: Mapping[Action, tuple[Kind, ...]] = {
    Action.SETTLE: (Kind.PROGRESS_CS,),
    Action.HANDLE: (Kind.PROGRESS_CS,),
    Action.INFORM: TIMERS,
    Action.CLOSE: TIMERS,
}
"""The coordinator has nothing to report once the opinion is there; the customer is told until it is given (F-57)."""
ACTOR = "system:clocks"

RUNNING = """
SELECT cycle, start_day, due_day, met_at FROM ticket_clock
WHERE ticket_id = $1 AND kind = $2 AND voided_at IS NULL ORDER BY cycle"""
LAST_CYCLE = "SELECT COALESCE(max(cycle), 0) FROM ticket_clock WHERE ticket_id = $1 AND kind = $2"
LAST_TOLD = "SELECT max(at) FROM ticket_event WHERE ticket_id = $1 AND kind = $2"
BREACH = """
UPDATE ticket_clock SET breached_at = due_at
WHERE ticket_id = $1 AND kind = $2 AND cycle = $3 AND met_at IS NULL AND voided_at IS NULL AND breached_at IS NULL
RETURNING due_day, due_at"""
END = """
UPDATE ticket_clock SET voided_at = $4, voided_why = $5, met_at = NULL
WHERE ticket_id = $1 AND kind = $2 AND due_day >= $3 AND voided_at IS NULL"""
"""A point met ahead of time was none, when the opinion was given before its day; the feedback stays in the history."""


async def begin(conn: Connection, row: Mapping[str, Any], book: Rulebook) -> None:
    """Start both timers of a case that has become complex, from its receipt or the last feedback (F-10, F-57)."""
    since = shanghai_day(row["complex_at"])
    for act, kind in TELLS.items():
        if await _points(conn, row["id"], kind):
            continue
        told = await conn.fetchval(LAST_TOLD, row["id"], act.value)
        due = due_by(kind, row, book)
        point = progress.first(shanghai_day(row["received_at"]), since, shanghai_day(told) if told else None, due)
        cycle = await conn.fetchval(LAST_CYCLE, row["id"], kind.value) + 1
        await store.start_clock(conn, row["id"], _deadline(kind, row, point.start, book, cycle))


async def again(conn: Connection, row: Mapping[str, Any], book: Rulebook, at: datetime) -> None:
    """Count the running points anew after the severity changed: a major case may have a rhythm of its own (L-20)."""
    for kind in TIMERS:
        due = due_by(kind, row, book)
        for cycle, point in (await _points(conn, row["id"], kind))[-1:]:
            if not point.met:
                anew = progress.first(point.start, shanghai_day(at), None, due)
                await store.start_clock(conn, row["id"], _deadline(kind, row, anew.start, book, cycle))


async def end(
    conn: Connection, row: Mapping[str, Any], kinds: Sequence[Kind], why: str, book: Rulebook, at: datetime
) -> None:
    """No point from this day on (F-57): what was missed before stays missed."""
    for kind in kinds:
        await roll(conn, row, kind, book, at)
        await conn.execute(END, row["id"], kind.value, shanghai_day(at), at, why)


async def tell(conn: Connection, row: Mapping[str, Any], kind: Kind, book: Rulebook, at: datetime) -> None:
    """A feedback: it meets the running point, or moves it (F-57)."""
    await roll(conn, row, kind, book, at)
    stored = await _points(conn, row["id"], kind)
    if not stored:
        return
    before = tuple(point for _, point in stored)
    after = progress.told(before, shanghai_day(at), due_by(kind, row, book))
    cycles = [cycle for cycle, _ in stored]
    if after[len(before) - 1].met and not before[-1].met:
        await store.meet(conn, row["id"], (kind,), at, cycle=cycles[-1])
    for n, point in enumerate(after):
        if n >= len(before) or (point.start, point.due) != (before[n].start, before[n].due):
            cycle = cycles[n] if n < len(cycles) else cycles[-1] + n - len(cycles) + 1
            await store.start_clock(conn, row["id"], _deadline(kind, row, point.start, book, cycle))


async def roll(conn: Connection, row: Mapping[str, Any], kind: Kind, book: Rulebook, at: datetime) -> None:
    """Mark each point whose day is over as missed and start the next; what was marked before is left alone."""
    today, due = shanghai_day(at), due_by(kind, row, book)
    stored = await _points(conn, row["id"], kind)
    while stored and not stored[-1][1].met and stored[-1][1].due < today:
        cycle, point = stored[-1]
        await breach(conn, row, kind, cycle, at)
        await store.start_clock(conn, row["id"], _deadline(kind, row, point.due, book, cycle + 1))
        stored.append((cycle + 1, Point(point.due, due(point.due))))


async def follow(conn: Connection, row: Mapping[str, Any], action: Action, book: Rulebook, at: datetime) -> None:
    """What an action on the ticket does to its timers; `row` as it stands after the action."""
    if action is Action.MARK_COMPLEX:
        await begin(conn, row, book)
    if action in TELLS:
        await tell(conn, row, TELLS[action], book, at)
    if action in ENDS:
        await end(conn, row, ENDS[action], "opinion_given", book, at)


async def classified(
    conn: Connection, before: Mapping[str, Any], after: Mapping[str, Any], book: Rulebook, at: datetime
) -> None:
    """What another severity does to the clocks beside the decision's (F-10, F-18, L-18 … L-22).

    Above headquarters there is nobody to report to (L-21). The committee's meeting is due from the classification on,
    also of an escalation that is difficult by itself (L-22, F-42), and not where none is needed any more.
    """
    if after["nature"] != Nature.COMPLAINT:
        return
    if after["complex_at"] is None:
        if before["complex_at"] is not None:
            await end(conn, after, TIMERS, "not_complex", book, at)
    elif before["complex_at"] is None:
        await begin(conn, after, book)
    else:
        await again(conn, after, book, at)
    was, now = (row["severity"] == Severity.MAJOR for row in (before, after))
    if now and not was and Level(after["accepting_level"]) is not Level.HQ:
        await store.start_clock(conn, after["id"], deadlines.report_up(at, book), anew=True)
    elif was and not now:
        await store.void_clocks(conn, after["id"], (Kind.REPORT_UP,), "downgraded", at)
    met, meets = (committee.meets(GRAVITY[Severity(row["severity"])]) for row in (before, after))
    if meets and not met:
        await store.start_clock(conn, after["id"], deadlines.meet(at, book), anew=True)
    elif met and not meets:
        await store.void_clocks(conn, after["id"], (Kind.MEET,), "downgraded", at)


async def breach(conn: Connection, row: Mapping[str, Any], kind: Kind, cycle: int, at: datetime) -> None:
    """Mark a missed clock, once, and tell of it."""
    missed = await conn.fetchrow(BREACH, row["id"], kind.value, cycle)
    if missed is None:
        return
    details = {"clock": kind.value, "cycle": cycle, "due": str(missed["due_day"])}
    await store.note(conn, uuid7(at), row["id"], at, ACTOR, "clock_breached", details)
    payload = {
        "ticket_id": str(row["id"]),
        "number": row["number"],
        "act": "clock_breached",
        "clock": kind.value,
        "status": row["status"],
        "organisation": row["accepting_organisation_id"],
        "underwriting": row["underwriting_organisation_id"],
    }
    await outbox.append(conn, "ticket.changed", str(row["id"]), payload, at)


async def _points(conn: Connection, ticket_id: UUID, kind: Kind) -> list[tuple[int, Point]]:
    """The points as they are stored, with their cycles: all but the last are met or missed."""
    rows = await conn.fetch(RUNNING, ticket_id, kind.value)
    met = [row["met_at"] is not None for row in rows]
    return [
        (row["cycle"], Point(row["start_day"], row["due_day"], met[n], missed=not met[n] and n < len(rows) - 1))
        for n, row in enumerate(rows)
    ]


def due_by(kind: Kind, row: Mapping[str, Any], book: Rulebook) -> Callable[[date], date]:
    """The day a point of the timer falls on, counted from a day."""
    return lambda start: _deadline(kind, row, start, book, 1).due_day


def _deadline(kind: Kind, row: Mapping[str, Any], start: date, book: Rulebook, cycle: int) -> Deadline:
    if kind is Kind.PROGRESS_CS:
        return deadlines.progress_cs(start, book, cycle)
    return deadlines.progress_customer(start, book, cycle, major=row["severity"] == Severity.MAJOR)
