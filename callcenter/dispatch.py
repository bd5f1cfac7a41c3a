"""The rows of slips, causes and signatures: what the rules need of them, and writing what was decided.

Every function works on the caller's connection, within its transaction. Nothing here decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter.accounts import posts
from callcenter.accounts.permissions import Permission
from callcenter.db.pool import Connection
from callcenter.ids import uuid7
from callcenter.opening import By
from tickets import deadlines, store
from tickets.categories import Category, Department
from tickets.deadlines import Rulebook
from tickets.lifecycle import Cause
from tickets.posts import Post
from tickets.signatures import Signature
from tickets.slips import Part, Slip, SlipState, Wanted

HOME = """
SELECT h.id, h.path FROM organisation o
JOIN organisation h ON h.id = CASE WHEN o.kind IN ('counter_a', 'counter_b') THEN o.parent_id ELSE o.id END
WHERE o.id = {}"""
"""Whose departments handle a ticket: those of the organisation that underwrote the policy, where that is known, or that
accepted it (R-1.10); a counter's are its city's (R-3.42)."""

SLIPS = """
SELECT s.id, s.ticket_id, s.place, s.number, s.part, s.state, s.department, s.organisation_id, s.line, s.category,
    s.leads, s.fixed, s.request, s.asked_by_slip, s.sent_at, s.sent_by, s.accepted_at, s.accepted_by, s.returned_at,
    s.return_reason, s.answered_at, s.answered_by, s.answer, s.released_at, s.release_reason, s.version,
    s.report_day, s.report_set_at, s.report_set_by, s.reported_at,
    k.due_day AS accept_due_day, k.due_at AS accept_due_at, k.met_at AS accept_met_at
FROM slip s LEFT JOIN ticket_clock k ON k.ticket_id = s.ticket_id AND k.kind = 'accept' AND k.cycle = s.place
WHERE s.ticket_id = $1 ORDER BY s.place"""
CAUSES = """
SELECT category, departments, system FROM ticket_cause WHERE ticket_id = $1 AND determination = $2 ORDER BY place"""
SIGNATURES = """
SELECT department, organisation_id, signed, at, signer, remark FROM signature
WHERE ticket_id = $1 AND determination = $2 ORDER BY place"""
SEND = """
INSERT INTO slip (id, ticket_id, place, number, part, department, organisation_id, line, category, leads, fixed,
    request, asked_by_slip, sent_at, sent_by)
SELECT r.id, r.ticket_id, r.place, r.number, r.part, r.department, r.organisation_id, r.line, r.category, r.leads,
    r.fixed, r.request, r.asked_by_slip, r.sent_at, r.sent_by
FROM jsonb_populate_recordset(NULL::slip, $1) AS r"""
RELEASE = """
WITH released AS (
    UPDATE slip SET state = 'released', released_at = $3, release_reason = $4, version = version + 1
    WHERE ticket_id = $1 AND place = ANY($2::smallint[]) RETURNING place
)
UPDATE ticket_clock k SET voided_at = $3, voided_why = $5,
    breached_at = COALESCE(k.breached_at, CASE WHEN k.due_at <= $3 THEN k.due_at END)
FROM released r
WHERE k.ticket_id = $1 AND k.kind = 'accept' AND k.cycle = r.place AND k.met_at IS NULL AND k.voided_at IS NULL"""
ANSWER_OWN = """
UPDATE slip SET state = 'answered', accepted_at = COALESCE(accepted_at, $3), accepted_by = COALESCE(accepted_by, $4),
    answered_at = $3, answered_by = $4, answer = $5, version = version + 1
WHERE ticket_id = $1 AND place = $2 AND state IN ('sent', 'accepted')"""
SAVE_CAUSES = """
INSERT INTO ticket_cause (ticket_id, determination, place, category, departments, system)
SELECT r.ticket_id, r.determination, r.place, r.category, r.departments, r.system
FROM jsonb_populate_recordset(NULL::ticket_cause, $1) AS r"""
SIGN = """
INSERT INTO signature (id, ticket_id, determination, department, organisation_id, signed, at, signer, remark)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""


async def speaks(conn: Connection, by: By, department: Department | None, organisation: str | None, day: date) -> bool:
    """Whether the actor speaks for the department in its organisation that day (R-3.42, F-44).

    Its head does; of its coordinators the one who acts on the post, so the delegate in the holder's stead; any of them
    while nobody was named.
    """
    if department is None or organisation is None or by.department is not department:
        return False
    if by.organisation_id != organisation:
        return False
    if by.may(Permission.TICKET_SIGN) or not by.may(Permission.SLIP_WORK):
        return True
    acting = await posts.acting(conn, organisation, Post.COORDINATOR, department, day)
    return acting is None or acting == by.user_id


async def slips(conn: Connection, ticket_id: UUID) -> list[dict[str, Any]]:
    """The ticket's slips in the order they were sent."""
    return [dict(row) for row in await conn.fetch(SLIPS, ticket_id)]


def slip_of(row: Mapping[str, Any]) -> Slip:
    """A slip as the rules take it."""
    return Slip(
        place=row["place"],
        part=Part(row["part"]),
        state=SlipState(row["state"]),
        department=Department(row["department"]),
        line=row["line"],
        leads=row["leads"],
        fixed=row["fixed"],
    )


async def causes(conn: Connection, ticket_id: UUID, determination: int) -> list[Cause]:
    """The causes of the determination in force."""
    return [cause_of(dict(row)) for row in await conn.fetch(CAUSES, ticket_id, determination)]


def cause_of(row: Mapping[str, Any]) -> Cause:
    """A cause as the rules take it."""
    return Cause(Category(row["category"]), tuple(Department(each) for each in row["departments"]), row["system"])


async def signatures(conn: Connection, ticket_id: UUID, determination: int) -> list[dict[str, Any]]:
    """What heads of departments said of the determination in force, oldest first."""
    return [dict(row) for row in await conn.fetch(SIGNATURES, ticket_id, determination)]


def signature_of(row: Mapping[str, Any]) -> Signature:
    """A signature as the rules take it."""
    return Signature(Department(row["department"]), row["signed"])


async def send(
    conn: Connection,
    ticket: Mapping[str, Any],
    wanted: Sequence[Wanted],
    place: int,
    organisation: str,
    book: Rulebook,
    *,
    request: str,
    fixed: bool,
    asked_by: UUID | None,
    at: datetime,
    actor: str,
) -> list[str]:
    """Send slips from `place` on, each with its clock (L-9); returns their numbers."""
    rows = [
        {
            "id": str(uuid7(at)),
            "ticket_id": str(ticket["id"]),
            "place": place_,
            "number": f"{ticket['number']}-H{place_:02d}",
            "part": each.part,
            "department": each.department,
            "organisation_id": organisation,
            "line": each.line.number,
            "category": each.line.category,
            "leads": each.leads,
            "fixed": fixed and each.leads,
            "request": request,
            "asked_by_slip": str(asked_by) if asked_by else None,
            "sent_at": at.isoformat(),
            "sent_by": actor,
        }
        for place_, each in enumerate(wanted, place)
    ]
    await conn.execute(SEND, rows)
    clock = deadlines.accept(at, book)
    tasks = [place_ for place_, each in enumerate(wanted, place) if each.part.is_task]
    await store.start_clocks(conn, ticket["id"], [replace(clock, cycle=place_) for place_ in tasks])
    return [str(row["number"]) for row in rows]


async def release(
    conn: Connection, ticket_id: UUID, places: Sequence[int], reason: str, why: str, at: datetime
) -> None:
    """Take slips back from their departments; their clocks are no longer due. `why`: as `store.void_clocks` has it."""
    if places:
        await conn.execute(RELEASE, ticket_id, list(places), at, reason, why)


async def answer_own(conn: Connection, ticket_id: UUID, place: int, answer: str, actor: str, at: datetime) -> None:
    """The main department's decision is the answer on its slip (R-4.22)."""
    await conn.execute(ANSWER_OWN, ticket_id, place, at, actor, answer)


async def keep_causes(conn: Connection, ticket_id: UUID, determination: int, found: Sequence[Cause]) -> None:
    """The causes of a new determination, the main one first."""
    rows = [
        {
            "ticket_id": str(ticket_id),
            "determination": determination,
            "place": place,
            "category": cause.category,
            "departments": list(cause.departments),
            "system": cause.system,
        }
        for place, cause in enumerate(found, 1)
    ]
    await conn.execute(SAVE_CAUSES, rows)


async def sign(
    conn: Connection,
    ticket: Mapping[str, Any],
    department: Department,
    organisation: str,
    *,
    signed: bool,
    remark: str,
    actor: str,
    at: datetime,
) -> None:
    """Keep what a head of a department said of the determination in force."""
    determination = ticket["determination"]
    await conn.execute(
        SIGN, uuid7(at), ticket["id"], determination, department, organisation, signed, at, actor, remark
    )
