"""Meetings of the leading groups: called, held with minutes, and who has not met for half a year (R-3.2).

Each use case is one transaction over the locked meeting. Must never decide a rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import audit
from callcenter.db.pool import Connection, Database
from callcenter.errors import ForbiddenError, NotFoundError
from callcenter.opening import By
from tickets import group_meetings as rules
from tickets.calendar import SHANGHAI, shanghai_day
from tickets.errors import GroupMeetingRefusedError, StaleTicketError, Words
from tickets.group_meetings import GroupMeetingState

MEETING = """
SELECT m.id, m.organisation_id, o.path, o.name AS organisation, m.year, m.number, m.subject, m.topics, m.planned_at,
    m.called_at, m.called_by, m.state, m.chair_id, m.present, m.minutes, m.held_at, m.recorded_by, m.version
FROM group_meeting m JOIN organisation o ON o.id = m.organisation_id"""
ONE = MEETING + " WHERE m.id = $1"
HELD = ONE + " FOR UPDATE OF m"
PAGE = (
    MEETING
    + """
WHERE starts_with(o.path, $1) AND ($2::text IS NULL OR m.organisation_id = $2) AND ($3::text IS NULL OR m.state = $3)
    AND ($4::timestamptz IS NULL OR (m.planned_at, m.id) < ($4, $5::uuid))
ORDER BY m.planned_at DESC, m.id DESC LIMIT $6"""
)
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('group meetings of ' || $1, 0))"
LAST = "SELECT COALESCE(max(number), 0) FROM group_meeting WHERE organisation_id = $1 AND year = $2"
LEVEL = "SELECT kind FROM organisation WHERE id = $1"
CALL = """
INSERT INTO group_meeting (id, organisation_id, year, number, subject, topics, planned_at, called_at, called_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
HOLD = """
UPDATE group_meeting SET state = 'held', chair_id = $3, present = $4, minutes = $5, held_at = $6, recorded_by = $7,
    version = version + 1
WHERE id = $1 AND version = $2"""
CANCEL = """
UPDATE group_meeting SET state = 'cancelled', recorded_by = $3, version = version + 1 WHERE id = $1 AND version = $2"""
PEOPLE = """
SELECT t.user_id, p.kind FROM tenure t JOIN post p ON p.number = t.post
WHERE p.organisation_id = $1 AND p.kind IN ('executive', 'member', 'coordinator')
    AND daterange(t.since, t.until) @> $2::date"""
OVERDUE = """
SELECT o.id AS organisation_id, o.name, o.path,
    (SELECT max((m.held_at AT TIME ZONE 'Asia/Shanghai')::date) FROM group_meeting m
        WHERE m.organisation_id = o.id AND m.state = 'held') AS last_held
FROM organisation o WHERE starts_with(o.path, $1) AND o.kind IN ('hq', 'province', 'city') ORDER BY o.path"""

LEVELS = ("hq", "province", "city")
"""Each company level has a leading group (R-3.1); a counter belongs to its city's company."""


@dataclass(frozen=True, slots=True)
class Called:
    """What a meeting is called for: its subject, the hot and hard issues on its agenda, and when."""

    subject: str
    topics: str
    planned_at: datetime


async def call(db: Database, key: UUID, wanted: Called, by: By, at: datetime) -> None:
    """Call a meeting of the leading group of the actor's own organisation. The same key twice is once.

    Raises GroupMeetingRefusedError for an organisation that has none.
    """
    async with db.transaction() as conn:
        if await conn.fetchrow(ONE, key) is not None:
            return
        if by.organisation_id is None or await conn.fetchval(LEVEL, by.organisation_id) not in LEVELS:
            words = Words("总公司、省公司、地市公司设领导小组", "headquarters, provinces, cities have leading groups")
            raise GroupMeetingRefusedError(words, rules=("R-3.1",))
        year = wanted.planned_at.astimezone(SHANGHAI).year
        await conn.execute(LOCK, by.organisation_id)
        number = await conn.fetchval(LAST, by.organisation_id, year) + 1
        values = (wanted.subject, wanted.topics, wanted.planned_at, at, by.actor)
        await conn.execute(CALL, key, by.organisation_id, year, number, *values)
        await _audited(conn, by, at, "group_meeting.called", key, {"subject": wanted.subject})


async def hold(
    db: Database,
    meeting_id: UUID,
    version: int,
    minutes: str,
    present: Sequence[UUID],
    chair: UUID,
    held_at: datetime,
    by: By,
    at: datetime,
) -> None:
    """Record that it was held: who presided, who came, the minutes. Raises NotFoundError, StaleTicketError,
    ForbiddenError, GroupMeetingRefusedError."""
    async with db.transaction() as conn:
        row = await _locked(conn, meeting_id, version, by)
        people = await conn.fetch(PEOPLE, row["organisation_id"], shanghai_day(held_at))
        members = {each["user_id"] for each in people if each["kind"] != "coordinator"}
        coordinators = {each["user_id"] for each in people if each["kind"] == "coordinator"}
        rules.check_held(GroupMeetingState(row["state"]), minutes, present, chair, members, coordinators)
        if held_at > at:
            words = Words("召开时间不能晚于当前时间", "it was not held in the future")
            raise GroupMeetingRefusedError(words, rules=("R-3.2",))
        who = list(dict.fromkeys(present))
        await conn.execute(HOLD, meeting_id, version, chair, who, minutes, held_at, by.actor)
        await _audited(conn, by, at, "group_meeting.held", meeting_id, {"present": len(who)})


async def cancel(db: Database, meeting_id: UUID, version: int, by: By, at: datetime) -> None:
    """It does not take place. Raises NotFoundError, StaleTicketError, ForbiddenError, GroupMeetingRefusedError."""
    async with db.transaction() as conn:
        row = await _locked(conn, meeting_id, version, by)
        rules.check_open(GroupMeetingState(row["state"]))
        await conn.execute(CANCEL, meeting_id, version, by.actor)
        await _audited(conn, by, at, "group_meeting.cancelled", meeting_id, {})


async def show(conn: Connection, meeting_id: UUID, by: By) -> Mapping[str, Any]:
    """A meeting of the actor's organisations. Raises NotFoundError."""
    found = await conn.fetchrow(ONE, meeting_id)
    if found is None or not found["path"].startswith(by.path or ""):
        raise NotFoundError("meeting", meeting_id)
    return dict(found)


async def page(
    conn: Connection,
    by: By,
    *,
    organisation: str | None,
    state: GroupMeetingState | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Mapping[str, Any]]:
    """Meetings of the actor's organisations, the latest first."""
    rows = await conn.fetch(PAGE, by.path or "", organisation, state, *(after or (None, None)), limit)
    return [dict(row) for row in rows]


async def overdue(conn: Connection, by: By, today: date) -> list[Mapping[str, Any]]:
    """The companies whose leading group has not met for half a year."""
    rows = await conn.fetch(OVERDUE, by.path or "")
    return [dict(row) for row in rows if rules.overdue(row["last_held"], today)]


async def _locked(conn: Connection, meeting_id: UUID, version: int, by: By) -> Mapping[str, Any]:
    row = await conn.fetchrow(HELD, meeting_id)
    if row is None or not row["path"].startswith(by.path or ""):
        raise NotFoundError("meeting", meeting_id)
    if row["organisation_id"] != by.organisation_id:
        raise ForbiddenError(Words("由本公司办公室登记", "the office of that company records it"))
    if row["version"] != version:
        words = Words("会议已被他人修改", "somebody else changed it: read it again first")
        raise StaleTicketError(words, version=row["version"], state=row["state"], changed=[])
    return dict(row)


async def _audited(
    conn: Connection, by: By, at: datetime, action: str, meeting_id: UUID, details: Mapping[str, Any]
) -> None:
    await audit.record(
        conn,
        actor=by.actor,
        action=action,
        object_kind="group_meeting",
        object_id=str(meeting_id),
        at=at,
        details=dict(details),
        address=by.address,
    )
