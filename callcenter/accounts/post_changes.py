"""Changes of handler and coordinator at counters, and their report to the upper customer service (R-3.35, L-33).

What is written of an account or a post is a change by itself; nobody must think of recording it. Must never forget one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import audit
from callcenter.accounts import store
from callcenter.accounts.doer import Doer
from callcenter.accounts.store import User
from callcenter.db.pool import Connection, Database
from callcenter.errors import ConflictError, ForbiddenError, NotFoundError, StaleVersionError
from callcenter.ids import uuid7
from callcenter.notifications import store as notifications
from callcenter.notifications.notification import Kind, Message
from tickets import posts
from tickets.calendar import Calendar, shanghai_day
from tickets.errors import Words
from tickets.lifecycle import Level
from tickets.posts import Duty, ReportState, Turn
from tickets.store import calendar as calendar_of
from tickets.terms import TERMS

INSERT = """
INSERT INTO post_change (id, organisation_id, duty, department, turn, user_id, tenure_id, effective_day, recorded_by,
    recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT DO NOTHING"""
MOVE = """
UPDATE post_change SET effective_day = $3, version = version + 1
WHERE tenure_id = $1 AND turn = $2 AND reported_at IS NULL"""
SELECT_ONE = """
SELECT c.id, c.organisation_id, o.path, c.duty, c.department, c.turn, c.user_id, u.name AS user_name, c.effective_day,
    c.recorded_at, c.reported_by, c.reported_at, c.note, c.received_by, c.received_at, c.version
FROM post_change c JOIN organisation o ON o.id = c.organisation_id JOIN app_user u ON u.id = c.user_id
WHERE c.id = $1"""
LOCK = "SELECT 1 FROM post_change WHERE id = $1 FOR UPDATE"
PAGE = """
SELECT c.id, c.organisation_id, o.path, c.duty, c.department, c.turn, c.user_id, u.name AS user_name, c.effective_day,
    c.recorded_at, c.reported_by, c.reported_at, c.note, c.received_by, c.received_at, c.version
FROM post_change c JOIN organisation o ON o.id = c.organisation_id JOIN app_user u ON u.id = c.user_id
WHERE o.path LIKE $1 || '%' AND ($2::boolean IS NULL OR (c.reported_at IS NOT NULL) = $2)
    AND ($3::boolean IS NULL OR (c.received_at IS NOT NULL) = $3)
    AND ($4::boolean IS NULL OR (c.reported_at IS NULL AND c.effective_day < $5) = $4)
    AND ($6::uuid IS NULL OR c.id < $6)
ORDER BY c.id DESC LIMIT $7"""
REPORT = """
UPDATE post_change SET reported_by = $2, reported_at = $3, note = $4, version = version + 1 WHERE id = $1"""
UPPER = """
SELECT u.id FROM app_user u JOIN organisation o ON o.id = u.organisation_id
WHERE u.active AND u.roles && ARRAY['handler', 'supervisor'] AND o.path = (
    SELECT a.path FROM organisation a JOIN app_user b ON b.organisation_id = a.id
    WHERE starts_with($1, a.path) AND a.path <> $1 AND b.active AND b.roles && ARRAY['handler', 'supervisor']
    ORDER BY length(a.path) DESC LIMIT 1)
ORDER BY u.id"""
RECEIVE = "UPDATE post_change SET received_by = $2, received_at = $3, version = version + 1 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Change:
    """One person's change of post at a counter."""

    id: UUID
    organisation_id: str
    path: str
    duty: str
    department: str | None
    turn: str
    user_id: UUID
    user_name: str
    effective_day: date
    recorded_at: datetime
    reported_by: str | None
    reported_at: datetime | None
    note: str
    received_by: str | None
    received_at: datetime | None
    version: int

    def due(self, calendar: Calendar) -> date:
        """The last day on which the report is in time."""
        return posts.report_due(self.effective_day, calendar)

    def state(self, today: date, calendar: Calendar) -> ReportState:
        """How the report stands."""
        return posts.report_state(self.effective_day, self.reported_at, today, calendar)


async def follow(conn: Connection, before: User | None, after: User, doer: Doer, at: datetime) -> None:
    """Records what the change of an account means for a counter's complaint handlers."""
    was, now = _counter(before), _counter(after)
    if was == now:
        return
    for organisation_id, turn in ((was, Turn.LEFT), (now, Turn.JOINED)):
        unit = None if organisation_id is None else await store.organisation(conn, organisation_id)
        if unit is not None and Level(unit.kind) in posts.COUNTERS:
            await _insert(conn, unit.id, Duty.HANDLER, None, turn, after.id, None, shanghai_day(at), doer, at)


async def of_coordinator(
    conn: Connection,
    organisation_id: str,
    department: str,
    turn: Turn,
    user_id: UUID,
    tenure_id: UUID,
    day: date,
    doer: Doer,
    at: datetime,
) -> None:
    """Records that a counter's coordinator takes or leaves the post on the day; another end moves the same change."""
    if await conn.execute(MOVE, tenure_id, turn, day) == "UPDATE 0":
        await _insert(conn, organisation_id, Duty.COORDINATOR, department, turn, user_id, tenure_id, day, doer, at)


async def report(db: Database, doer: Doer, change_id: UUID, version: int, note: str, at: datetime) -> Change:
    """The counter's report to the upper customer service; late is late, but is taken.

    Raises NotFoundError, StaleVersionError, ConflictError when it is reported.
    """
    async with db.transaction() as conn:
        there = await _locked(conn, doer, change_id, version)
        if there.reported_at is not None:
            raise ConflictError(Words("该变动已经报备", "this change was reported already"))
        await conn.execute(REPORT, change_id, doer.name, at, note)
        await _record(conn, doer, "post_change.reported", there, at, {"note": note})
        upper = [row["id"] for row in await conn.fetch(UPPER, there.path)]
        await notifications.tell(conn, upper, _message(there), at)
        return await _one(conn, change_id)


async def receive(db: Database, doer: Doer, change_id: UUID, version: int, at: datetime) -> Change:
    """The upper customer service has seen the report.

    Raises NotFoundError, StaleVersionError, ConflictError when it is not reported or was received, ForbiddenError for
    the counter itself.
    """
    async with db.transaction() as conn:
        there = await _locked(conn, doer, change_id, version)
        if there.path == doer.path:
            raise ForbiddenError(Words("报备由上级客户服务部门签收", "the upper customer service receives the report"))
        if there.reported_at is None or there.received_at is not None:
            raise ConflictError(Words("尚未报备或已签收", "not reported yet, or received already"))
        await conn.execute(RECEIVE, change_id, doer.name, at)
        await _record(conn, doer, "post_change.received", there, at, {})
        return await _one(conn, change_id)


async def page(
    conn: Connection,
    below: str,
    today: date,
    after: UUID | None,
    limit: int,
    *,
    reported: bool | None = None,
    received: bool | None = None,
    late: bool | None = None,
) -> list[Change]:
    """Changes at counters of the subtree, newest first; `late`: not reported, and the time for it is over."""
    first = posts.first_in_time(today, await calendar_of(conn))
    rows = await conn.fetch(PAGE, below, reported, received, late, first, after, limit)
    return [Change(**dict(row)) for row in rows]


def _counter(user: User | None) -> str | None:
    """Where the person handles complaints."""
    return user.organisation_id if user is not None and user.active and "handler" in user.roles else None


def _message(change: Change) -> Message:
    duty, turn = TERMS[Duty][change.duty].zh, TERMS[Turn][change.turn].zh
    text = f"{change.organisation_id}{duty}{change.user_name}{turn}，生效日{change.effective_day}，请签收。"
    return Message(Kind.POST_CHANGE, str(change.id), f"柜面岗位变动报备：{change.organisation_id}{duty}{turn}", text)


async def _insert(
    conn: Connection,
    organisation_id: str,
    duty: Duty,
    department: str | None,
    turn: Turn,
    user_id: UUID,
    tenure_id: UUID | None,
    day: date,
    doer: Doer,
    at: datetime,
) -> None:
    change_id = uuid7(at)
    await conn.execute(
        INSERT, change_id, organisation_id, duty, department, turn, user_id, tenure_id, day, doer.name, at
    )


async def _one(conn: Connection, change_id: UUID) -> Change:
    row = await conn.fetchrow(SELECT_ONE, change_id)
    if row is None:
        raise NotFoundError("post change", change_id)
    return Change(**dict(row))


async def _locked(conn: Connection, doer: Doer, change_id: UUID, version: int) -> Change:
    await conn.fetchval(LOCK, change_id)
    there = await _one(conn, change_id)
    if not there.path.startswith(doer.path):
        raise NotFoundError("post change", change_id)
    if there.version != version:
        raise StaleVersionError(Words("该变动已被他人修改", "this change was changed in the meantime"))
    return there


async def _record(
    conn: Connection, doer: Doer, action: str, change: Change, at: datetime, more: Mapping[str, Any]
) -> None:
    await audit.record(
        conn,
        actor=doer.name,
        action=action,
        object_kind="post_change",
        object_id=str(change.id),
        at=at,
        details={"organisation": change.organisation_id, "duty": change.duty, "turn": change.turn, **more},
        address=doer.address,
    )
