"""What must be carried out after a meeting, by whom and until when, until it is done (R-3.4)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from callcenter import audit, outbox
from callcenter.accounts.permissions import Permission
from callcenter.committee import store
from callcenter.committee.meetings import COLLEAGUES, show
from callcenter.committee.members import office, require_office
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from callcenter.history import tell
from callcenter.opening import By
from tickets import committee
from tickets import store as tickets
from tickets.calendar import shanghai_day
from tickets.committee import MeetingState
from tickets.errors import MeetingRefusedError, OvertakenError, Words


@dataclass(frozen=True, slots=True)
class Duty:
    """What is to be done, who sees to it, and the last day for it; `ticket_id` where it concerns one of the agenda."""

    duty: str
    owner_id: UUID
    due_day: date
    ticket_id: UUID | None = None


async def add(db: Database, follow_up_id: UUID, meeting_id: UUID, duty: Duty, by: By, at: datetime) -> None:
    """Give somebody something to carry out; the same id twice is once. Raises NotFoundError, MeetingRefusedError."""
    async with db.transaction() as conn:
        await store.lock(conn, meeting_id)
        sheet = await show(conn, meeting_id, by)
        require_office(sheet.row["organisation_id"], office(by))
        committee.check_open(sheet.value(), MeetingState.HELD, MeetingState.CONFIRMED)
        if duty.ticket_id is not None and sheet.value().item(str(duty.ticket_id)) is None:
            raise MeetingRefusedError(
                Words("该服务单不在会议议题中", "this ticket is not on the meeting's agenda"), rules=("R-3.4",)
            )
        if duty.due_day < shanghai_day(at):
            raise MeetingRefusedError(
                Words("督办期限不能早于当日", "what is to be carried out is not due in the past"), rules=("R-3.4",)
            )
        if not await conn.fetch(COLLEAGUES, [duty.owner_id], sheet.row["path"]):
            raise NotFoundError("user", duty.owner_id)
        await store.add_follow_up(
            conn, follow_up_id, meeting_id, duty.ticket_id, duty.duty, duty.owner_id, duty.due_day, by.actor, at
        )
        await _record(conn, follow_up_id, meeting_id, "added", by, at)


async def finish(db: Database, follow_up_id: UUID, version: int, result: str, by: By, at: datetime) -> None:
    """Say that it was carried out, and how: its owner or the committee's office.

    Raises NotFoundError, OvertakenError, MeetingRefusedError.
    """
    async with db.transaction() as conn:
        await store.lock_follow_up(conn, follow_up_id)
        row = await store.follow_up(conn, follow_up_id, by.path, by.user_id)
        if row is None:
            raise NotFoundError("follow-up", follow_up_id)
        if row["owner_id"] != by.user_id:
            if not by.may(Permission.COMMITTEE_MANAGE):
                raise MeetingRefusedError(
                    Words(
                        "督办事项由责任人或委员会办公室办结", "its owner or the committee's office says that it is done"
                    ),
                    rules=("R-3.4",),
                )
            require_office(row["organisation_id"], office(by))
        if row["version"] != version:
            raise OvertakenError(
                Words("督办事项已被他人修改,请先查看最新内容", "somebody else changed it: read it again first"),
                version=row["version"],
            )
        if row["done_at"] is not None:
            raise MeetingRefusedError(Words("督办事项已办结", "it was carried out already"), rules=("R-3.4",))
        await store.finish(conn, follow_up_id, at, by.actor, result)
        await _record(conn, follow_up_id, row["meeting_id"], "finished", by, at)
        if row["ticket_id"] is not None:
            ticket = await tickets.find(conn, row["ticket_id"])
            assert ticket is not None
            await tell(conn, ticket, by, at, "carried_out", {"duty": row["duty"], "result": result})


async def _record(conn: Connection, follow_up_id: UUID, meeting_id: UUID, act: str, by: By, at: datetime) -> None:
    await audit.record(
        conn,
        actor=by.actor,
        action=f"follow_up.{act}",
        object_kind="follow_up",
        object_id=str(follow_up_id),
        at=at,
        details={"meeting": str(meeting_id)},
        address=by.address,
    )
    payload = {"follow_up_id": str(follow_up_id), "meeting_id": str(meeting_id), "act": act}
    await outbox.append(conn, "follow_up.changed", str(follow_up_id), payload, at)
