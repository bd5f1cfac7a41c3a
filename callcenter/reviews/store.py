"""The rows of reviews, marks of supervision and re-investigations. Nothing here decides, and nothing is deleted."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter.db.pool import Connection

REVIEW = """
r.id, r.ticket_id, r.place, r.organisation_id, r.state, r.reason, r.decision_received_at, r.asked_at, r.until_day,
r.late, r.late_reason, r.clock_cycle, r.assignee_id, r.outcome, r.opinion, r.decided_at, r.decided_by, r.told_at,
r.told_by, r.means, r.proof, r.withdrawn_why, r.created_by, r.created_at, r.changed_by, r.changed_at, r.changed_how,
r.version, o.name AS organisation, o.path, u.name AS assignee_name, t.number AS ticket_number, t.status AS
ticket_status, k.due_day, k.due_at, k.met_at, k.voided_at"""
REVIEW_FROM = """
FROM review_request r JOIN organisation o ON o.id = r.organisation_id JOIN ticket t ON t.id = r.ticket_id
LEFT JOIN app_user u ON u.id = r.assignee_id
LEFT JOIN ticket_clock k ON k.ticket_id = r.ticket_id AND k.kind = 'review' AND k.cycle = r.clock_cycle"""
FIND_REVIEW = f"SELECT {REVIEW} {REVIEW_FROM} WHERE r.id = $1"
REVIEWS_OF = f"SELECT {REVIEW} {REVIEW_FROM} WHERE r.ticket_id = $1 ORDER BY r.place"
ASKED_OF = "SELECT id FROM review_request WHERE ticket_id = $1 AND organisation_id = $2 AND state <> 'withdrawn'"
INSERT_REVIEW = """
INSERT INTO review_request (id, ticket_id, place, organisation_id, reason, decision_received_at, asked_at, until_day,
    late, late_reason, clock_cycle, created_by, created_at, changed_by, changed_at, changed_how)
SELECT $1, $2, COALESCE(max(place), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $11, $12, 'asked'
FROM review_request WHERE ticket_id = $2"""
SAVE_REVIEW = """
UPDATE review_request r SET version = r.version + 1, state = n.state, assignee_id = n.assignee_id, outcome = n.outcome,
    opinion = n.opinion, decided_at = n.decided_at, decided_by = n.decided_by, told_at = n.told_at, told_by = n.told_by,
    means = n.means, proof = n.proof, withdrawn_why = n.withdrawn_why, changed_by = n.changed_by,
    changed_at = n.changed_at, changed_how = n.changed_how
FROM jsonb_populate_record(NULL::review_request, $2) AS n WHERE r.id = $1"""
HANDLED_BY = """
SELECT DISTINCT actor FROM ticket_event WHERE ticket_id = $1 AND kind <> ALL($2::text[])
    AND NOT starts_with(kind, 'review_') AND NOT starts_with(kind, 'reinvestigation_')"""


async def review(conn: Connection, review_id: UUID) -> dict[str, Any] | None:
    """A review, whoever may know it."""
    return await _row(conn, FIND_REVIEW, review_id)


async def reviews_of(conn: Connection, ticket_id: UUID) -> list[dict[str, Any]]:
    """The reviews of a ticket, the first one first."""
    return [dict(row) for row in await conn.fetch(REVIEWS_OF, ticket_id)]


async def asked_of(conn: Connection, ticket_id: UUID, organisation_id: str) -> UUID | None:
    """The review of the ticket that this organisation was asked for and that was not withdrawn."""
    found: UUID | None = await conn.fetchval(ASKED_OF, ticket_id, organisation_id)
    return found


async def insert_review(
    conn: Connection,
    review_id: UUID,
    ticket_id: UUID,
    organisation_id: str,
    reason: str,
    received_at: datetime,
    asked_at: datetime,
    until: date,
    late_reason: str | None,
    clock_cycle: int,
    actor: str,
    at: datetime,
) -> None:
    """Write a new request; `late_reason` is None for one in time. The ticket's row is held by the caller."""
    late, why = late_reason is not None, late_reason or ""
    await conn.execute(
        INSERT_REVIEW,
        review_id,
        ticket_id,
        organisation_id,
        reason,
        received_at,
        asked_at,
        until,
        late,
        why,
        clock_cycle,
        actor,
        at,
    )


async def save_review(conn: Connection, row: Mapping[str, Any]) -> None:
    """Write the review's row over the one that is held, one version on."""
    own = {name: value for name, value in row.items() if name in _REVIEW}
    await conn.execute(SAVE_REVIEW, row["id"], own)


_CHANGE = {"changed_by", "changed_at", "changed_how"}
_REVIEW = _CHANGE | {"state", "assignee_id", "outcome", "opinion", "decided_at", "decided_by", "told_at", "told_by"}
_REVIEW |= {"means", "proof", "withdrawn_why"}


async def handled_by(conn: Connection, ticket_id: UUID, besides: frozenset[str]) -> frozenset[str]:
    """Everybody in the ticket's history but by acts of these kinds and on reviews."""
    return frozenset(row["actor"] for row in await conn.fetch(HANDLED_BY, ticket_id, sorted(besides)))


CASE = """
c.id, c.ticket_id, c.review_id, c.ground, c.organisation_id, c.returned_to, c.department, c.state, c.guidance,
c.due_day, c.returned_by, c.returned_at, c.result, c.reported_by, c.reported_at, c.conclusion, c.concluded_by,
c.concluded_at, c.changed_by, c.changed_at, c.changed_how, c.version, o.name AS organisation,
b.name AS returned_to_name, o.path, b.path AS returned_to_path, t.number AS ticket_number, t.status AS ticket_status"""
CASE_FROM = """
FROM reinvestigation c JOIN organisation o ON o.id = c.organisation_id JOIN organisation b ON b.id = c.returned_to
JOIN ticket t ON t.id = c.ticket_id"""
FIND_CASE = f"SELECT {CASE} {CASE_FROM} WHERE c.id = $1"
CASES_OF = f"SELECT {CASE} {CASE_FROM} WHERE c.ticket_id = $1 ORDER BY c.returned_at, c.id"
OPEN_CASE = "SELECT id FROM reinvestigation WHERE ticket_id = $1 AND state <> 'concluded'"
INSERT_CASE = """
INSERT INTO reinvestigation (id, ticket_id, review_id, ground, organisation_id, returned_to, department, guidance,
    due_day, returned_by, returned_at, changed_by, changed_at, changed_how)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $10, $11, 'returned')"""
SAVE_CASE = """
UPDATE reinvestigation c SET version = c.version + 1, state = n.state, guidance = n.guidance, due_day = n.due_day,
    result = n.result, reported_by = n.reported_by, reported_at = n.reported_at, conclusion = n.conclusion,
    concluded_by = n.concluded_by, concluded_at = n.concluded_at, changed_by = n.changed_by,
    changed_at = n.changed_at, changed_how = n.changed_how
FROM jsonb_populate_record(NULL::reinvestigation, $2) AS n WHERE c.id = $1"""


async def case(conn: Connection, case_id: UUID) -> dict[str, Any] | None:
    """A re-investigation, whoever may know it."""
    return await _row(conn, FIND_CASE, case_id)


async def cases_of(conn: Connection, ticket_id: UUID) -> list[dict[str, Any]]:
    """The re-investigations of a ticket, the first one first."""
    return [dict(row) for row in await conn.fetch(CASES_OF, ticket_id)]


async def open_case(conn: Connection, ticket_id: UUID) -> UUID | None:
    """The re-investigation of the ticket that is not concluded."""
    found: UUID | None = await conn.fetchval(OPEN_CASE, ticket_id)
    return found


async def insert_case(conn: Connection, case_id: UUID, row: Mapping[str, Any], actor: str, at: datetime) -> None:
    """Write a new re-investigation."""
    columns = (
        "ticket_id",
        "review_id",
        "ground",
        "organisation_id",
        "returned_to",
        "department",
        "guidance",
        "due_day",
    )
    await conn.execute(INSERT_CASE, case_id, *(row[name] for name in columns), actor, at)


async def save_case(conn: Connection, row: Mapping[str, Any]) -> None:
    """Write the re-investigation's row over the one that is held, one version on."""
    own = {name: value for name, value in row.items() if name in _CASE}
    await conn.execute(SAVE_CASE, row["id"], own)


_CASE = _CHANGE | {"state", "guidance", "due_day", "result", "reported_by", "reported_at", "conclusion", "concluded_by"}
_CASE |= {"concluded_at"}

MARK = """
INSERT INTO supervision_mark (ticket_id, organisation_id, reason, marked_by, marked_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (ticket_id) DO NOTHING"""
MARK_OF = """
SELECT m.ticket_id, m.organisation_id, m.reason, m.marked_by, m.marked_at, o.name AS organisation
FROM supervision_mark m JOIN organisation o ON o.id = m.organisation_id WHERE m.ticket_id = $1"""
RELATIONS = """
SELECT DISTINCT relation FROM ticket WHERE matter_id = (SELECT matter_id FROM ticket WHERE id = $1)
    AND relation IN ('repeat', 'escalation')"""


async def mark(conn: Connection, ticket_id: UUID, organisation_id: str, reason: str, actor: str, at: datetime) -> bool:
    """Mark that findings differ widely from the complaint; False when somebody had."""
    return await conn.execute(MARK, ticket_id, organisation_id, reason, actor, at) == "INSERT 0 1"


async def mark_of(conn: Connection, ticket_id: UUID) -> dict[str, Any] | None:
    """The mark on a ticket."""
    return await _row(conn, MARK_OF, ticket_id)


async def relations(conn: Connection, ticket_id: UUID) -> frozenset[str]:
    """Whether the ticket's matter has repeats or escalations."""
    return frozenset(row["relation"] for row in await conn.fetch(RELATIONS, ticket_id))


async def _row(conn: Connection, statement: str, *values: Any) -> dict[str, Any] | None:
    row = await conn.fetchrow(statement, *values)
    return None if row is None else dict(row)
