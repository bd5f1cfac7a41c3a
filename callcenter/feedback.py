"""Who hears of a decision with the customer, and the formalities that follow its acceptance (R-4.28, R-4.29).

Feedback is given by `casework` with INFORM, in its transaction; here it is read and marked as seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import audit
from callcenter.accounts.permissions import Permission
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from callcenter.history import tell
from callcenter.opening import By
from callcenter.reach import held, in_reach, seen
from tickets import feedback
from tickets import store as tickets
from tickets.calendar import shanghai_day
from tickets.errors import FeedbackRefusedError, KeyReusedError, OvertakenError, Words

COLUMNS = """
f.id, f.ticket_id, f.audience, f.organisation_id, o.name AS organisation, f.department, f.given_at, f.given_by,
f.seen_at, f.seen_by, t.number AS ticket_number, t.status AS ticket_status, t.answer_accepted"""
FROM = """
FROM feedback f JOIN organisation o ON o.id = f.organisation_id JOIN ticket t ON t.id = f.ticket_id"""
FIND = f"SELECT {COLUMNS}, o.path {FROM} WHERE f.id = $1 FOR UPDATE OF f"
OF_TICKET = f"SELECT {COLUMNS} {FROM} WHERE f.ticket_id = $1 ORDER BY f.audience, f.organisation_id, f.department"
SEE = "UPDATE feedback SET seen_at = $2, seen_by = $3 WHERE id = $1"
PAGE = f"""
SELECT {COLUMNS} {FROM}
WHERE o.path LIKE $1 || '%' AND ($2::text IS NULL OR f.audience = $2)
    AND ($3::boolean IS NULL OR (f.seen_at IS NOT NULL) = $3)
    AND ($4::boolean IS NOT TRUE OR (f.organisation_id = $5 AND COALESCE(f.department, $6, '') = COALESCE($6, '')))
    AND ($7::timestamptz IS NULL OR (f.given_at, f.id) > ($7, $8::uuid))
ORDER BY f.given_at, f.id LIMIT $9"""


async def of_ticket(conn: Connection, ticket_id: UUID, by: By) -> list[Mapping[str, Any]]:
    """Who was fed back to. Raises TicketNotFoundError."""
    await seen(conn, ticket_id, by)
    return [dict(each) for each in await conn.fetch(OF_TICKET, ticket_id)]


async def page(
    conn: Connection,
    by: By,
    *,
    audience: feedback.Audience | None,
    seen: bool | None,
    mine: bool,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Mapping[str, Any]]:
    """Feedback to the actor's organisations, the oldest first; `mine`: to his own organisation and department."""
    at, id = after or (None, None)
    wanted = (audience, seen, mine, by.organisation_id, by.department, at, id, limit)
    return [dict(row) for row in await conn.fetch(PAGE, by.path or "", *wanted)]


async def see(db: Database, feedback_id: UUID, by: By, at: datetime) -> Mapping[str, Any]:
    """Somebody it was given to has seen it; twice is once. Raises NotFoundError, FeedbackRefusedError."""
    async with db.transaction() as conn:
        row = await conn.fetchrow(FIND, feedback_id)
        if row is None or not row["path"].startswith(by.path or ""):
            raise NotFoundError("feedback", feedback_id)
        own = row["organisation_id"] == by.organisation_id and row["department"] in (None, by.department)
        if not own:
            raise FeedbackRefusedError(
                Words("由被反馈的机构、部门签收", "it is for those it was given to to sign for it"), rules=("R-4.28",)
            )
        if row["seen_at"] is None:
            await conn.execute(SEE, feedback_id, at, by.actor)
            await _record(conn, "feedback", feedback_id, "seen", row["ticket_id"], by, at)
        found = await conn.fetchrow(FIND, feedback_id)
        assert found is not None
        return dict(found)


FORMALITY = """
f.id, f.ticket_id, f.duty, f.owner_id, u.name AS owner_name, f.due_day, f.added_by, f.added_at, f.done_at, f.done_by,
f.result, f.version, t.number AS ticket_number, t.status AS ticket_status"""
FORMALITY_FROM = "FROM formality f JOIN app_user u ON u.id = f.owner_id JOIN ticket t ON t.id = f.ticket_id"
FIND_FORMALITY = f"SELECT {FORMALITY} {FORMALITY_FROM} WHERE f.id = $1"
FORMALITIES_OF = f"SELECT {FORMALITY} {FORMALITY_FROM} WHERE f.ticket_id = $1 ORDER BY f.due_day, f.id"
COLLEAGUE = """
SELECT 1 FROM app_user u JOIN organisation o ON o.id = u.organisation_id
WHERE u.id = $1 AND u.active AND (starts_with($2, o.path) OR starts_with(o.path, $2))"""
ADD = """
INSERT INTO formality (id, ticket_id, duty, owner_id, due_day, added_by, added_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)"""
FINISH = "UPDATE formality SET version = version + 1, done_at = $2, done_by = $3, result = $4 WHERE id = $1"
FORMALITIES = f"""
SELECT {FORMALITY} {FORMALITY_FROM}
WHERE (t.accepting_organisation_id IN (SELECT id FROM organisation WHERE path LIKE $1 || '%')
        OR t.underwriting_organisation_id IN (SELECT id FROM organisation WHERE path LIKE $1 || '%')
        OR f.owner_id = $2::uuid)
    AND ($3::boolean IS NULL OR (f.done_at IS NOT NULL) = $3) AND ($4::boolean IS NOT TRUE OR f.owner_id = $2)
    AND ($5::date IS NULL OR (f.done_at IS NULL AND f.due_day < $5))
    AND ($6::date IS NULL OR (f.due_day, f.id) > ($6, $7::uuid))
ORDER BY f.due_day, f.id LIMIT $8"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Formality:
    """What is to be completed, by whom, until which day."""

    duty: str
    owner_id: UUID
    due_day: date


async def add(db: Database, formality_id: UUID, ticket_id: UUID, wanted: Formality, by: By, at: datetime) -> None:
    """Add a formality to what the customer accepted; the same id twice is once.

    Raises TicketNotFoundError, NotFoundError, FeedbackRefusedError, KeyReusedError.
    """
    async with db.transaction() as conn:
        row = await held(conn, ticket_id, by)
        there = await conn.fetchrow(FIND_FORMALITY, formality_id)
        if there is not None:
            if there["ticket_id"] != ticket_id:
                raise KeyReusedError(Words("该键已用于另一请求", "this key was used for something else"))
            return
        feedback.check_formality(row["answer_accepted"])
        if wanted.due_day < shanghai_day(at):
            raise FeedbackRefusedError(
                Words("办理期限不能早于当日", "a formality is not due in the past"), rules=("R-4.29",)
            )
        if await conn.fetchval(COLLEAGUE, wanted.owner_id, row["accepting_path"]) is None:
            raise NotFoundError("user", wanted.owner_id)
        await conn.execute(ADD, formality_id, ticket_id, wanted.duty, wanted.owner_id, wanted.due_day, by.actor, at)
        said = {"duty": wanted.duty, "due_day": wanted.due_day.isoformat(), "owner": str(wanted.owner_id)}
        await tell(conn, row, by, at, "formality_added", said)


async def finish(db: Database, formality_id: UUID, version: int, result: str, by: By, at: datetime) -> None:
    """Say that it was completed, and how: its owner or the complaint post.

    Raises NotFoundError, OvertakenError, FeedbackRefusedError.
    """
    async with db.transaction() as conn:
        found = await conn.fetchrow(FIND_FORMALITY, formality_id)
        ticket = None if found is None else await tickets.lock(conn, found["ticket_id"])
        row = await formality(conn, formality_id, by)
        assert ticket is not None
        if row["version"] != version:
            raise OvertakenError(
                Words("该手续已被他人办理,请先查看最新内容", "somebody else was faster: read it again first"),
                version=row["version"],
                changed=[{"at": row["done_at"].isoformat(), "actor": row["done_by"], "kind": "finish"}],
            )
        feedback.check_unfinished(row["done_at"] is not None)
        if row["owner_id"] != by.user_id and not by.may(Permission.TICKET_MANAGE):
            raise FeedbackRefusedError(
                Words("后续手续由责任人或投诉岗办结", "its owner or the complaint post completes a formality"),
                rules=("R-4.29",),
            )
        await conn.execute(FINISH, formality_id, at, by.actor, result)
        await tell(conn, ticket, by, at, "formality_done", {"duty": row["duty"], "result": result})


async def formality(conn: Connection, formality_id: UUID, by: By) -> Mapping[str, Any]:
    """A formality, for whom the ticket is in reach of, and its owner. Raises NotFoundError."""
    row = await conn.fetchrow(FIND_FORMALITY, formality_id)
    ticket = None if row is None else await tickets.find(conn, row["ticket_id"])
    if row is None or ticket is None or not (row["owner_id"] == by.user_id or await in_reach(conn, by, ticket)):
        raise NotFoundError("formality", formality_id)
    return dict(row)


async def formalities_of(conn: Connection, ticket_id: UUID) -> list[Mapping[str, Any]]:
    """The formalities of a ticket, the next due first."""
    return [dict(row) for row in await conn.fetch(FORMALITIES_OF, ticket_id)]


async def formalities(
    conn: Connection,
    by: By,
    *,
    done: bool | None,
    mine: bool,
    overdue_on: date | None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[Mapping[str, Any]]:
    """Formalities the actor may know of, the next due first."""
    day, id = after or (None, None)
    rows = await conn.fetch(FORMALITIES, by.path or "", by.user_id, done, mine, overdue_on, day, id, limit)
    return [dict(row) for row in rows]


async def _record(
    conn: Connection, kind: str, object_id: UUID, act: str, ticket_id: UUID, by: By, at: datetime
) -> None:
    await audit.record(
        conn,
        actor=by.actor,
        action=f"{kind}.{act}",
        object_kind=kind,
        object_id=str(object_id),
        at=at,
        details={"ticket": str(ticket_id)},
        address=by.address,
    )
