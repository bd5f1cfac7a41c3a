"""Who sits in a committee, from when until when (R-3.3, R-3.6, F-17). Nobody is removed: a membership ends on a day."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import audit
from callcenter.committee import store
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from callcenter.opening import By
from tickets.categories import Department
from tickets.committee import overlaps
from tickets.errors import KeyReusedError, MeetingRefusedError, OvertakenError, Words

HOLD_ORGANISATION = "SELECT id FROM organisation WHERE id = $1 FOR NO KEY UPDATE"
"""One at a time where a committee's composition or the numbers of its meetings are decided; opening tickets goes on."""
COLLEAGUE = "SELECT id, department FROM app_user WHERE id = $1 AND organisation_id = $2 AND active"


@dataclass(frozen=True, slots=True)
class Membership:
    """What is asked for; days in Asia/Shanghai, both included, without a last one until further notice.

    Without a department the person sits for his own, if he has one.
    """

    user_id: UUID
    department: Department | None
    chair: bool
    first_day: date
    last_day: date | None = None


async def add(db: Database, member_id: UUID, wanted: Membership, by: By, at: datetime) -> None:
    """Appoint somebody who works in the organisation; the same id twice is once.

    Raises NotFoundError, MeetingRefusedError, KeyReusedError.
    """
    where = office(by)
    async with db.transaction() as conn:
        await conn.fetchval(HOLD_ORGANISATION, where)
        found = await store.member(conn, member_id, "")
        if found is not None:
            if (found["organisation_id"], found["user_id"]) != (where, wanted.user_id):
                raise key_reused()
            return
        person = await conn.fetchrow(COLLEAGUE, wanted.user_id, where)
        if person is None:
            raise NotFoundError("user", wanted.user_id)
        _check_days(wanted.first_day, wanted.last_day)
        for other in await store.periods(conn, where, wanted.user_id):
            if overlaps((wanted.first_day, wanted.last_day), (other["first_day"], other["last_day"])):
                raise MeetingRefusedError(
                    Words("该人员在这段时间已是委员", "this person is a member in that time already"),
                    rules=("R-3.6",),
                    member=str(other["id"]),
                )
        await store.add_member(
            conn,
            member_id,
            where,
            wanted.user_id,
            wanted.department or person["department"],
            wanted.chair,
            wanted.first_day,
            wanted.last_day,
            by.actor,
            at,
        )
        told = {"organisation": where, "user": str(wanted.user_id), "chair": wanted.chair}
        await _tell(conn, member_id, "added", told, by, at)


@dataclass(frozen=True, slots=True)
class Change:
    """The membership as it is to be."""

    department: Department | None
    chair: bool
    last_day: date | None


async def change(db: Database, member_id: UUID, version: int, wanted: Change, by: By, at: datetime) -> None:
    """Change the seat, or end it. Raises NotFoundError, OvertakenError, MeetingRefusedError."""
    where = office(by)
    async with db.transaction() as conn:
        await store.lock_member(conn, member_id)
        found = await store.member(conn, member_id, by.path)
        if found is None:
            raise NotFoundError("committee member", member_id)
        require_office(found["organisation_id"], where)
        if found["version"] != version:
            raise OvertakenError(
                Words("委员信息已被他人修改,请先查看最新内容", "somebody else changed the seat: read it again first"),
                version=found["version"],
            )
        _check_days(found["first_day"], wanted.last_day)
        for other in await store.periods(conn, where, found["user_id"]):
            period = (found["first_day"], wanted.last_day)
            if other["id"] != member_id and overlaps(period, (other["first_day"], other["last_day"])):
                raise MeetingRefusedError(
                    Words("该人员在这段时间已是委员", "this person is a member in that time already"),
                    rules=("R-3.6",),
                    member=str(other["id"]),
                )
        await store.change_member(conn, member_id, wanted.department, wanted.chair, wanted.last_day)
        told = {"chair": wanted.chair, "last_day": wanted.last_day.isoformat() if wanted.last_day else None}
        await _tell(conn, member_id, "changed", told, by, at)


def office(by: By) -> str:
    """The organisation in whose committee's office the actor sits (R-3.6)."""
    if by.organisation_id is None or by.user_id is None:
        raise MeetingRefusedError(
            Words("须由本机构委员会办公室人员办理", "this is for a person of the committee's office"), rules=("R-3.6",)
        )
    return by.organisation_id


def require_office(organisation_id: str, where: str) -> None:
    """Raises MeetingRefusedError for another organisation's committee."""
    if organisation_id != where:
        raise MeetingRefusedError(
            Words("委员会事务由该机构的委员会办公室办理", "a committee's affairs are its own office's"),
            rules=("R-3.6",),
            organisation=organisation_id,
        )


def key_reused() -> KeyReusedError:
    """The key was used for another object."""
    return KeyReusedError(Words("该键已用于另一请求", "this key was used for something else"))


def _check_days(first_day: date, last_day: date | None) -> None:
    if last_day is not None and last_day < first_day:
        raise MeetingRefusedError(
            Words("任期的最后一天不能早于第一天", "a seat does not end before it begins"), rules=("R-3.6",)
        )


async def _tell(conn: Connection, member_id: UUID, act: str, told: dict[str, Any], by: By, at: datetime) -> None:
    await audit.record(
        conn,
        actor=by.actor,
        action=f"committee_member.{act}",
        object_kind="committee_member",
        object_id=str(member_id),
        at=at,
        details=told,
        address=by.address,
    )
