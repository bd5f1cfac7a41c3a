"""The clocks of one ticket on the caller's transaction: reckoned anew from what befell it.

Nothing here locks the ticket or saves its row: the use case that calls does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter.db.pool import Connection
from callcenter.ids import uuid7
from tickets import course, deadlines, store
from tickets.calendar import shanghai_day
from tickets.course import Course, LimitStanding, Material
from tickets.deadlines import Deadline, Gravity, Rulebook
from tickets.intake import Nature, Relation
from tickets.versions import in_force

DECISION = """
SELECT cycle, due_day, met_at IS NULL AND voided_at IS NULL AS runs FROM ticket_clock
WHERE ticket_id = $1 AND kind = 'decide_inform' ORDER BY cycle DESC LIMIT 1"""
"""A ticket that was judged again has a further cycle (F-13)."""
BREACHED = """
SELECT COALESCE(breached_at, CASE WHEN due_at <= $2 THEN due_at END) FROM ticket_clock
WHERE ticket_id = $1 AND kind = 'decide_inform' ORDER BY cycle DESC LIMIT 1"""
SAVE_MATERIAL = """
INSERT INTO ticket_material (id, ticket_id, from_ticket_id, facts, reasons, received_at, recorded_at, recorded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of a deadline; `before` and `after` are the same day when it did not move."""

    before: date
    after: date
    deadline: Deadline

    def told(self) -> dict[str, Any]:
        """As the history keeps it; a clock that stands still has no day."""
        days = {"due_before": self.before, "due_now": self.after}
        return {
            **{name: None if day == deadlines.NEVER else str(day) for name, day in days.items()},
            "rules": list(self.deadline.rules),
        }


async def rulebook(conn: Connection, received: date) -> Rulebook:
    """The rulebook of a receipt day, read now; without the service hours of the settings, which only L-21 counts in."""
    return in_force(received, await store.limit_changes(conn), Rulebook(await store.calendar(conn)))


async def escalation_cap(conn: Connection, received: date) -> int:
    """How many pieces a matter whose first order was received that day may count (D-1, F-2)."""
    return in_force(received, await store.limit_changes(conn), Rulebook()).limits["D-1"].amount


async def standing(conn: Connection, row: Mapping[str, Any], book: Rulebook) -> tuple[LimitStanding, Course]:
    """What must be known of the ticket before its limit is changed, and what befell it so far."""
    befell = await store.course(conn, row["id"])
    decision = await conn.fetchrow(DECISION, row["id"])
    ceiling = deadlines.ceiling(shanghai_day(row["received_at"]), befell, book)
    return LimitStanding(
        is_complaint=row["nature"] == Nature.COMPLAINT,
        merged=row["relation"] == Relation.MERGED,
        answered=decision is None or not decision["runs"],
        ceiling=ceiling.limit,
        accepting_path=row["accepting_path"],
        received_at=row["received_at"],
        paused=any(pause.ended_at is None for pause in befell.pauses),
    ), befell


async def reckon(conn: Connection, row: Mapping[str, Any], book: Rulebook) -> Moved | None:
    """Set the clock of the decision anew by the ticket's gravity and what befell it (L-11 … L-16, CL-3 … CL-5, CL-7).

    None when that clock has ended, or there is none.
    """
    decision = await conn.fetchrow(DECISION, row["id"])
    if decision is None or not decision["runs"]:
        return None
    befell = await store.course(conn, row["id"])
    found = deadlines.decide_inform(row["received_at"], Gravity(row["gravity"]), book, befell)
    await store.start_clock(conn, row["id"], replace(found, cycle=decision["cycle"]))
    return Moved(decision["due_day"], found.due_day, found)


async def renew(
    conn: Connection,
    row: Mapping[str, Any],
    material: Material,
    book: Rulebook,
    actor: str,
    at: datetime,
    *,
    key: UUID | None = None,
    from_ticket: UUID | None = None,
) -> Moved | None:
    """Keep further material on the open complaint `row`; with new facts and reasons its limits start anew (CL-5, F-53).

    `key`: its id, when it is an object of its own. The decision stays cycle 1; a breach before is told in the history.
    Returns what became of the deadline, None when the material brings nothing new. Raises LimitRefusedError when the
    complaint has been answered.
    """
    known, _ = await standing(conn, row, book)
    course.check_material(known, material, at)
    await conn.execute(
        SAVE_MATERIAL,
        key or uuid7(at),
        row["id"],
        from_ticket,
        material.facts,
        material.reasons,
        material.received_at,
        at,
        actor,
    )
    if not material.restarts:
        return None
    breached_at = await conn.fetchval(BREACHED, row["id"], at)
    moved = await reckon(conn, row, book)
    told = {
        **(moved.told() if moved else {}),
        "received_at": material.received_at.isoformat(),
        "from_ticket": str(from_ticket) if from_ticket else None,
        "breached_before": breached_at.isoformat() if breached_at else None,
    }
    await store.note(conn, uuid7(at), row["id"], at, actor, "limit_restarted", told)
    return moved
