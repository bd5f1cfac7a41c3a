"""The list for the published notice (行文公示): departments that let a case lie through evident neglect (R-3.9, B-8).

The sweep lists, customer service confirms or drops, and publishes what it confirmed with a copy to the upper customer
service. Must never publish what nobody confirmed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import reminders
from callcenter.accounts.post_changes import UPPER
from callcenter.customers import masking
from callcenter.db.pool import Connection, Database
from callcenter.errors import ConflictError, InvalidError, NotFoundError, StaleVersionError
from callcenter.history import tell
from callcenter.notifications import store as notifications
from callcenter.notifications.notification import Kind, Message
from callcenter.opening import By
from tickets import reminders as rules
from tickets import store
from tickets.calendar import shanghai_day
from tickets.categories import Department
from tickets.errors import Words
from tickets.reminders import ListAction, ListState
from tickets.terms import TERMS

PAGE = """
SELECT n.id, n.slip_id, s.number AS slip_number, n.ticket_id, t.number AS ticket_number, s.department,
    s.organisation_id, t.accepting_organisation_id, ao.path AS accepting_path, n.overdue, n.state, n.listed_at,
    n.remark, n.decided_at, n.notice_number, n.published_at, n.version
FROM neglect n JOIN slip s ON s.id = n.slip_id JOIN ticket t ON t.id = n.ticket_id
    JOIN organisation ao ON ao.id = t.accepting_organisation_id
WHERE (ao.path LIKE $1 || '%' OR (n.state = 'published' AND starts_with($1, ao.path)))
    AND ($2::text[] IS NULL OR n.state = ANY($2)) AND ($3::uuid IS NULL OR n.id = $3)
    AND ($4::timestamptz IS NULL OR (n.listed_at, n.id) < ($4, $5::uuid))
ORDER BY n.listed_at DESC, n.id DESC LIMIT $6"""
TICKET_OF = "SELECT ticket_id FROM neglect WHERE id = $1"
SAVE = """
UPDATE neglect SET state = $2, remark = $3, decided_by = $4, decided_at = $5, version = version + 1,
    notice_number = $6, published_by = CASE WHEN $2 = 'published' THEN $4 END,
    published_at = CASE WHEN $2 = 'published' THEN $5::timestamptz END
WHERE id = $1"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A department's slip on the list."""

    id: UUID
    slip_id: UUID
    slip_number: str
    ticket_id: UUID
    ticket_number: str
    department: str
    organisation_id: str
    accepting_organisation_id: str
    accepting_path: str
    overdue: int
    state: str
    listed_at: datetime
    remark: str
    decided_at: datetime | None
    notice_number: str | None
    published_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Said:
    """What is said with an action: why it is dropped, or the notice's number and text."""

    remark: str = ""
    notice_number: str | None = None


async def page(
    conn: Connection,
    below: str,
    states: Sequence[ListState] | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
    only: UUID | None = None,
) -> list[Listed]:
    """The list of the subtree; what is published is known to everybody below who published it, too."""
    wanted = None if states is None else [state.value for state in states]
    rows = await conn.fetch(PAGE, below, wanted, only, *(after or (None, None)), limit)
    return [Listed(**dict(row)) for row in rows]


async def act(
    db: Database, neglect_id: UUID, version: int, action: ListAction, said: Said, by: By, at: datetime
) -> Listed:
    """Confirms, drops or publishes. Raises NotFoundError, StaleVersionError, ConflictError, InvalidError."""
    async with db.transaction() as conn:
        ticket_id = await conn.fetchval(TICKET_OF, neglect_id)
        ticket = None if ticket_id is None else await store.lock(conn, ticket_id)
        there = await _one(conn, neglect_id, by)
        if ticket is None or there is None or not there.accepting_path.startswith(by.path or ""):
            raise NotFoundError("neglect", neglect_id)
        if there.version != version:
            raise StaleVersionError(Words("该条目已被他人处理", "somebody else has dealt with it"))
        state = rules.listed(ListState(there.state), action)
        if state is None:
            shown = TERMS[ListState][ListState(there.state)]
            raise ConflictError(Words(f"{shown.zh}的条目不能这样处理", f"not possible for what is {shown.en}"))
        if action is ListAction.DROP and not said.remark.strip():
            raise InvalidError(Words("剔除须说明理由", "dropping it needs a reason"))
        if (action is ListAction.PUBLISH) != (said.notice_number is not None):
            raise InvalidError(Words("公示须有文号，其他操作没有", "a published notice has a number, nothing else has"))
        await conn.execute(SAVE, neglect_id, state, said.remark, by.actor, at, said.notice_number)
        if action is ListAction.PUBLISH:
            await _copy(conn, there, said, at)
        details = {"slip": there.slip_number, "department": there.department, "note": said.remark or None}
        details |= {"notice_number": said.notice_number}
        told = {name: value for name, value in details.items() if value is not None}
        await tell(conn, ticket, by, at, f"neglect_{state.value}", told)
        after = await _one(conn, neglect_id, by)
    assert after is not None
    return after


async def _one(conn: Connection, neglect_id: UUID, by: By) -> Listed | None:
    found = await page(conn, by.path or "", None, None, 1, neglect_id)
    return found[0] if found else None


async def _copy(conn: Connection, there: Listed, said: Said, at: datetime) -> None:
    """The upper customer service, the coordinator and his superior hear of the notice."""
    today: date = shanghai_day(at)
    facts: dict[str, Any] = {"department": there.department, "organisation_id": there.organisation_id}
    those = await reminders.coordinators(conn, facts, today)
    above = await reminders.superiors(conn, facts, those, today)
    upper = [row["id"] for row in await conn.fetch(UPPER, there.accepting_path)]
    department = TERMS[Department][Department(there.department)].zh
    title = f"行文公示{said.notice_number}：{there.ticket_number}{department}"
    text = f"会办单{there.slip_number}逾期{there.overdue}个工作日无任何反馈，予以公示。"
    text = f"{text}\n{masking.numbers(said.remark)}".strip()
    message = Message(Kind.PUBLISHED, str(there.id), title, text, there.ticket_id)
    await notifications.tell(conn, [*upper, *those, *above], message, at)
