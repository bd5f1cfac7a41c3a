"""The use cases of a committee's meeting: drafted, called, held, ruled at, confirmed (R-3.4, R-4.24)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter import audit, outbox
from callcenter.accounts import names
from callcenter.accounts.permissions import Permission
from callcenter.committee import store
from callcenter.committee.members import HOLD_ORGANISATION, key_reused, office, require_office
from callcenter.committee.store import Sheet
from callcenter.db.pool import Connection, Database
from callcenter.errors import ForbiddenError, NotFoundError
from callcenter.history import tell
from callcenter.opening import By
from callcenter.reach import seen
from tickets import committee
from tickets import store as tickets
from tickets.calendar import shanghai_day
from tickets.categories import Category, Department
from tickets.committee import MeetingAction, MeetingKind, MeetingState
from tickets.deadlines import Kind
from tickets.errors import MeetingRefusedError, OvertakenError, Words
from tickets.lifecycle import ENDED, Ruling, Validity

COLLEAGUES = """
SELECT u.id, u.department FROM app_user u JOIN organisation o ON o.id = u.organisation_id
WHERE u.id = ANY($1::uuid[]) AND u.active AND o.path LIKE $2 || '%'"""


@dataclass(frozen=True, slots=True)
class Agenda:
    """What a meeting is about, who presides, and who is invited; tickets in the order they are heard."""

    subject: str
    place: str
    planned_at: datetime
    chair_id: UUID | None
    members: tuple[UUID, ...]
    tickets: tuple[UUID, ...]


async def draft(db: Database, meeting_id: UUID, kind: MeetingKind, agenda: Agenda, by: By, at: datetime) -> None:
    """Draft a meeting of the actor's own committee; the same id twice is once.

    Raises MeetingRefusedError, TicketNotFoundError, KeyReusedError.
    """
    where = office(by)
    async with db.transaction() as conn:
        await conn.fetchval(HOLD_ORGANISATION, where)
        there = await store.organisation_of(conn, meeting_id)
        if there is not None:
            if there != where:
                raise key_reused()
            return
        year = shanghai_day(agenda.planned_at).year
        await store.insert(
            conn,
            meeting_id,
            where,
            kind,
            year,
            agenda.subject,
            agenda.place,
            agenda.planned_at,
            agenda.chair_id,
            by.actor,
            at,
        )
        await _set(conn, meeting_id, kind, agenda, by)
        await _record(conn, meeting_id, where, "draft", by, at)


async def redraft(db: Database, meeting_id: UUID, version: int, agenda: Agenda, by: By, at: datetime) -> None:
    """Write a drafted meeting anew. Raises as `draft`, NotFoundError, OvertakenError."""
    async with db.transaction() as conn:
        sheet = await _locked(conn, meeting_id, version, by)
        require_office(sheet.row["organisation_id"], office(by))
        committee.check_open(sheet.value(), MeetingState.DRAFT)
        after = {
            **sheet.row,
            "subject": agenda.subject,
            "place": agenda.place,
            "planned_at": agenda.planned_at,
            "chair_id": agenda.chair_id,
        }
        await _save(conn, after, "redraft", by, at)
        await _set(conn, meeting_id, MeetingKind(sheet.row["kind"]), agenda, by)


async def call(db: Database, meeting_id: UUID, version: int, by: By, at: datetime) -> None:
    """Call the meeting: who is invited is told, and so is every ticket on the agenda (R-3.4, R-4.24)."""
    async with db.transaction() as conn:
        sheet = await _locked(conn, meeting_id, version, by)
        require_office(sheet.row["organisation_id"], office(by))
        state = committee.after(sheet.value(), MeetingAction.CALL)
        await _save(conn, {**sheet.row, "state": state.value, "called_at": at}, "call", by, at)
        await _tell_tickets(conn, sheet, "meeting_called", lambda _: {}, by, at)


@dataclass(frozen=True, slots=True)
class Held:
    """How the meeting went: when, who came, what was said."""

    held_at: datetime
    present: tuple[UUID, ...]
    minutes: str


async def hold(db: Database, meeting_id: UUID, version: int, held: Held, by: By, at: datetime) -> None:
    """Record the meeting as held; the clock L-22 of its tickets ends with it (R-4.24)."""
    async with db.transaction() as conn:
        sheet = await _locked(conn, meeting_id, version, by)
        require_office(sheet.row["organisation_id"], office(by))
        called_at = sheet.row["called_at"]
        if called_at is not None and not called_at <= held.held_at <= at:
            raise MeetingRefusedError(
                Words(
                    "召开时间须在召集之后、当前时间之前", "a meeting is held after it was called, and not in the future"
                ),
                rules=("R-3.4", "L-22"),
            )
        invited = {seat["user_id"] for seat in sheet.seats}
        if not set(held.present) <= invited:
            raise MeetingRefusedError(
                Words("到会人员须在受邀名单中", "only who was invited can have attended"), rules=("R-3.4",)
            )
        seats = [{**seat, "attended": seat["user_id"] in held.present} for seat in sheet.seats]
        row = {**sheet.row, "minutes": held.minutes}
        state = committee.after(Sheet(row, seats, sheet.items, (), ()).value(), MeetingAction.HOLD)
        await store.attend(conn, meeting_id, held.present)
        await _save(conn, {**row, "state": state.value, "held_at": held.held_at}, "hold", by, at)
        if sheet.value().rules:
            for item in _in_order(sheet):
                await tickets.meet(conn, item["ticket_id"], (Kind.MEET,), held.held_at)
        held_at = held.held_at.isoformat()
        await _tell_tickets(conn, sheet, "meeting_held", lambda _: {"held_at": held_at}, by, at)


async def opine(
    db: Database,
    opinion_id: UUID,
    meeting_id: UUID,
    ticket_id: UUID,
    opinion: str,
    by: By,
    at: datetime,
    *,
    member: UUID | None = None,
    department: Department | None = None,
) -> None:
    """Record an opinion: a member his own, the office a member's or an absent department's written one (R-3.4).

    Raises NotFoundError, MeetingRefusedError, ForbiddenError.
    """
    async with db.transaction() as conn:
        sheet = await _locked(conn, meeting_id, None, by)
        own = member is not None and member == by.user_id
        if not own:
            if not by.may(Permission.COMMITTEE_MANAGE):
                raise ForbiddenError(
                    Words("他人的意见由委员会办公室登记", "another's opinion is recorded by the committee's office")
                )
            require_office(sheet.row["organisation_id"], office(by))
        committee.check_opinion(sheet.value(), str(ticket_id), str(member) if member else None)
        seat = next((seat for seat in sheet.seats if seat["user_id"] == member), None)
        speaks_for = seat["department"] if seat is not None else department
        if seat is None and department is None:
            raise MeetingRefusedError(
                Words("书面意见须注明部门", "a written opinion says whose department's it is"), rules=("R-3.4",)
            )
        await store.opine(conn, opinion_id, meeting_id, ticket_id, member, speaks_for, opinion, at, by.actor)
        await _record(conn, meeting_id, sheet.row["organisation_id"], "opinion", by, at, ticket=str(ticket_id))


@dataclass(frozen=True, slots=True)
class Decided:
    """What the committee decided on one ticket; None and empty leave it to whoever has the power."""

    opinion: str
    validity: Validity | None = None
    causes: tuple[Category, ...] = ()
    closing: bool | None = None
    signs_for: tuple[Department, ...] = ()


async def rule(
    db: Database, meeting_id: UUID, version: int, ticket_id: UUID, decided: Decided, by: By, at: datetime
) -> None:
    """Record the ruling on a ticket; it is in force once the chair confirms the meeting (R-3.3, R-3.5)."""
    async with db.transaction() as conn:
        sheet = await _locked(conn, meeting_id, version, by)
        require_office(sheet.row["organisation_id"], office(by))
        title = committee.title(MeetingKind(sheet.row["kind"]), sheet.row["year"], sheet.row["number"])
        ruling = Ruling(
            sheet.row["organisation"] + title, decided.validity, decided.causes, decided.closing, decided.signs_for
        )
        committee.check_ruling(sheet.value(), str(ticket_id), ruling, decided.opinion)
        await store.adjourn(conn, meeting_id, ticket_id, None)
        await store.rule(conn, meeting_id, ticket_id, ruling, decided.opinion, at, by.actor)
        await _save(conn, sheet.row, "rule", by, at, ticket=str(ticket_id))


async def adjourn(
    db: Database, meeting_id: UUID, version: int, ticket_id: UUID, reason: str, by: By, at: datetime
) -> None:
    """Put a ticket off: the meeting rules nothing on it, and it waits for another."""
    async with db.transaction() as conn:
        sheet = await _locked(conn, meeting_id, version, by)
        require_office(sheet.row["organisation_id"], office(by))
        committee.check_adjourn(sheet.value(), str(ticket_id), reason)
        await store.adjourn(conn, meeting_id, ticket_id, reason)
        await _save(conn, sheet.row, "adjourn", by, at, ticket=str(ticket_id))


async def confirm(db: Database, meeting_id: UUID, version: int, by: By, at: datetime) -> None:
    """The chair, in person, confirms minutes and rulings; from now on they bind (R-3.3, R-3.5)."""
    async with db.transaction() as conn:
        sheet = await _locked(conn, meeting_id, version, by)
        if by.user_id is None or by.user_id != sheet.row["chair_id"]:
            raise MeetingRefusedError(
                Words("会议由主持人本人确认", "a meeting is confirmed by its chair in person"), rules=("R-3.3", "R-3.4")
            )
        state = committee.after(sheet.value(), MeetingAction.CONFIRM)
        for item in _in_order(sheet):
            await _refuse_if_ruled_above(conn, item["ticket_id"], sheet.row["path"])
            await tickets.lock(conn, item["ticket_id"])
        row = {**sheet.row, "state": state.value, "confirmed_at": at, "confirmed_by": by.actor}
        await _save(conn, row, "confirm", by, at)
        await store.confirm_rulings(conn, meeting_id, sheet.row["path"], at)
        await _tell_tickets(conn, sheet, "ruled", _ruled, by, at)


async def cancel(db: Database, meeting_id: UUID, version: int, why: str, by: By, at: datetime) -> None:
    """The meeting does not take place."""
    async with db.transaction() as conn:
        sheet = await _locked(conn, meeting_id, version, by)
        require_office(sheet.row["organisation_id"], office(by))
        state = committee.after(sheet.value(), MeetingAction.CANCEL)
        if not why.strip():
            raise MeetingRefusedError(
                Words("取消会议须说明理由", "cancelling a meeting needs the reason"), rules=("R-3.4", "R-4.7")
            )
        await _save(conn, {**sheet.row, "state": state.value, "cancelled_why": why}, "cancel", by, at)


async def show(conn: Connection, meeting_id: UUID, by: By) -> Sheet:
    """The whole meeting. Raises NotFoundError."""
    sheet = await store.find(conn, meeting_id, by.path, by.user_id)
    if sheet is None:
        raise NotFoundError("meeting", meeting_id)
    return sheet


async def _locked(conn: Connection, meeting_id: UUID, version: int | None, by: By) -> Sheet:
    await store.lock(conn, meeting_id)
    sheet = await show(conn, meeting_id, by)
    row = sheet.row
    if version is not None and row["version"] != version:
        known = await names.of(conn, [row["changed_by"]])
        raise OvertakenError(
            Words("会议已被他人修改,请先查看最新内容", "somebody else changed the meeting: read it again first"),
            version=row["version"],
            changed=[
                {
                    "at": row["changed_at"].isoformat(),
                    "actor": row["changed_by"],
                    "actor_name": known.get(row["changed_by"]),
                    "kind": row["changed_how"],
                }
            ],
        )
    return sheet


async def _set(conn: Connection, meeting_id: UUID, kind: MeetingKind, agenda: Agenda, by: By) -> None:
    """Invitations and agenda, as far as the committee may have them."""
    assert by.organisation_id is not None
    assert by.path is not None
    seats = await _invited(conn, kind, agenda, by.organisation_id, by.path)
    for ticket_id in dict.fromkeys(agenda.tickets):
        row = await seen(conn, ticket_id, by)
        if row["status"] in ENDED:
            raise MeetingRefusedError(
                Words("已结案的服务单不再提交会议", "a closed ticket is not put before a meeting"),
                rules=("B-2",),
                ticket=str(ticket_id),
            )
        await _refuse_if_ruled_above(conn, ticket_id, by.path)
    await store.set_seats(conn, meeting_id, seats)
    await store.set_items(conn, meeting_id, list(dict.fromkeys(agenda.tickets)))


async def _invited(
    conn: Connection, kind: MeetingKind, agenda: Agenda, organisation_id: str, path: str
) -> Sequence[tuple[UUID, str | None]]:
    """Who may be invited: the committee's members of that day; to a joint meeting colleagues too (R-3.6, R-3.21)."""
    wanted = dict.fromkeys(agenda.members)
    sitting = await store.sitting(conn, organisation_id, shanghai_day(agenda.planned_at))
    known = {user: seat["department"] for user, seat in sitting.items()}
    if kind is MeetingKind.JOINT:
        colleagues = await conn.fetch(COLLEAGUES, list(wanted), path)
        known = {row["id"]: row["department"] for row in colleagues} | known
    strangers = [str(user) for user in wanted if user not in known]
    if strangers:
        raise MeetingRefusedError(
            Words("受邀人员在会议当日不是委员", "somebody invited is no member of the committee on that day"),
            rules=("R-3.6",),
            users=strangers,
        )
    chair = agenda.chair_id
    if chair is not None and not sitting.get(chair, {}).get("chair", False):
        raise MeetingRefusedError(
            Words("会议由主任委员或副主任委员主持", "a meeting is presided over by a member who may preside"),
            rules=("R-3.6", "R-3.1"),
        )
    return [(user, known[user]) for user in wanted]


async def _refuse_if_ruled_above(conn: Connection, ticket_id: UUID, path: str) -> None:
    above = await store.ruled_above(conn, ticket_id, path)
    if above is not None:
        raise MeetingRefusedError(
            Words("上级机构委员会已作出裁定", "the committee of an organisation above has ruled already"),
            rules=("R-3.3",),
            ticket=str(ticket_id),
            organisation=above,
        )


async def _save(conn: Connection, row: Mapping[str, Any], how: str, by: By, at: datetime, **more: object) -> None:
    await store.save(conn, {**row, "changed_by": by.actor, "changed_at": at, "changed_how": how})
    await _record(conn, row["id"], row["organisation_id"], how, by, at, **more)


async def _record(
    conn: Connection, meeting_id: UUID, organisation_id: str, how: str, by: By, at: datetime, **more: object
) -> None:
    """Audit and outbox of one act on a meeting."""
    await audit.record(
        conn,
        actor=by.actor,
        action=f"meeting.{how}",
        object_kind="meeting",
        object_id=str(meeting_id),
        at=at,
        details={"organisation": organisation_id, **more},
        address=by.address,
    )
    payload = {"meeting_id": str(meeting_id), "act": how, "organisation": organisation_id, **more}
    await outbox.append(conn, "meeting.changed", str(meeting_id), payload, at)


async def _tell_tickets(
    conn: Connection,
    sheet: Sheet,
    kind: str,
    said: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    by: By,
    at: datetime,
) -> None:
    """The history of every ticket on the agenda."""
    row = sheet.row
    title = row["organisation"] + committee.title(MeetingKind(row["kind"]), row["year"], row["number"])
    for item in _in_order(sheet):
        ticket = await tickets.find(conn, item["ticket_id"])
        assert ticket is not None
        details = {"meeting": title, "meeting_id": str(row["id"]), **said(item)}
        await tell(conn, ticket, by, at, kind, {name: value for name, value in details.items() if value})


def _in_order(sheet: Sheet) -> list[Mapping[str, Any]]:
    """The agenda in the order in which tickets are locked."""
    return sorted(sheet.items, key=lambda item: item["ticket_id"])


def _ruled(item: Mapping[str, Any]) -> Mapping[str, Any]:
    closing = item["closing"]
    return {
        "opinion": item["opinion"],
        "validity": item["validity"],
        "causes": item["causes"],
        "closing": None if closing is None else "yes" if closing else "no",
        "signs_for": item["signs_for"],
        "adjourned": item["adjourned_why"],
    }
