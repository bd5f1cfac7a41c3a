"""How committees look from outside: the models of answers. Must never decide anything."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from callcenter.committee.referrals import Before
from callcenter.committee.store import Sheet, heard_from
from callcenter.web import details
from callcenter.web.api import Model, Personal
from tickets import committee
from tickets.categories import Category, Department
from tickets.committee import MeetingAction, MeetingKind, MeetingState, ReferralGround
from tickets.intake import Severity
from tickets.lifecycle import Status, Validity


class MemberView(Personal):
    """A seat in a committee."""

    id: Annotated[UUID, Field(title="委员标识")]
    organisation_id: Annotated[str, Field(title="机构")]
    organisation: Annotated[str, Field(title="机构名称")]
    user_id: Annotated[UUID, Field(title="人员标识")]
    name: Annotated[str, Field(title="姓名")]
    department: Annotated[Department | None, Field(title="部门")]
    chair: Annotated[bool, Field(title="可主持会议")]
    first_day: Annotated[date, Field(title="任期开始")]
    last_day: Annotated[date | None, Field(title="任期结束")]
    version: Annotated[int, Field(title="版本")]


class MeetingLine(Personal):
    """A meeting in a list."""

    id: Annotated[UUID, Field(title="会议标识")]
    title: Annotated[str, Field(title="会议")]
    organisation_id: Annotated[str, Field(title="机构")]
    organisation: Annotated[str, Field(title="机构名称")]
    kind: Annotated[MeetingKind, Field(title="会议种类")]
    state: Annotated[MeetingState, Field(title="状态")]
    subject: Annotated[str, Field(title="议题")]
    place: Annotated[str, Field(title="地点")]
    planned_at: Annotated[datetime, Field(title="拟开时间")]
    held_at: Annotated[datetime | None, Field(title="召开时间")]
    confirmed_at: Annotated[datetime | None, Field(title="确认时间")]
    tickets: Annotated[int, Field(title="服务单数")]
    version: Annotated[int, Field(title="版本")]


class SeatView(Personal):
    """Somebody invited; `attended` null before the meeting was held."""

    user_id: UUID
    name: str
    department: Department | None
    attended: bool | None


class DecisionView(Model):
    """What was ruled on a ticket; null and empty leave it to whoever has the power (R-3.5)."""

    opinion: str
    validity: Validity | None
    causes: list[Category]
    closing: bool | None
    signs_for: list[Department]
    in_force_since: datetime | None


class ItemView(Model):
    """One ticket on the agenda."""

    ticket_id: UUID
    number: str
    severity: Severity
    status: Status
    category: Category | None
    concerned: list[Department]
    unheard: list[Department]
    adjourned_why: str | None
    ruling: DecisionView | None


class OpinionView(Personal):
    """What a member, or a department in writing, had to say."""

    id: UUID
    ticket_id: UUID
    user_id: UUID | None
    name: str | None
    department: Department | None
    opinion: str
    given_at: datetime


class FollowUpView(Personal):
    """Something to carry out after a meeting."""

    id: Annotated[UUID, Field(title="事项标识")]
    meeting_id: Annotated[UUID, Field(title="会议标识")]
    meeting: Annotated[str, Field(title="会议")]
    ticket_id: Annotated[UUID | None, Field(title="服务单标识")]
    ticket_number: Annotated[str | None, Field(title="服务单号")]
    duty: Annotated[str, Field(title="督办事项")]
    owner_id: Annotated[UUID, Field(title="责任人标识")]
    owner_name: Annotated[str, Field(title="责任人")]
    due_day: Annotated[date, Field(title="期限")]
    overdue: Annotated[bool, Field(title="是否逾期")]
    done_at: Annotated[datetime | None, Field(title="办结时间")]
    result: Annotated[str | None, Field(title="办理结果")]
    version: Annotated[int, Field(title="版本")]


class MeetingView(MeetingLine):
    """The whole meeting."""

    chair_id: UUID | None
    minutes: str
    called_at: datetime | None
    confirmed_by: str | None
    cancelled_why: str | None
    created_at: datetime
    seats: list[SeatView]
    items: list[ItemView]
    opinions: list[OpinionView]
    follow_ups: list[FollowUpView]
    possible: list[MeetingAction]


class WaitingView(Personal):
    """A ticket that waits for a committee: needing a ruling, or put before it. `meet_by`: L-22."""

    id: Annotated[UUID, Field(title="服务单标识")]
    number: Annotated[str, Field(title="服务单号")]
    severity: Annotated[Severity, Field(title="级别")]
    category: Annotated[Category | None, Field(title="类别")]
    department: Annotated[Department | None, Field(title="主办部门")]
    status: Annotated[Status, Field(title="状态")]
    accepting_organisation_id: Annotated[str, Field(title="受理机构")]
    received_at: Annotated[datetime, Field(title="受理时间")]
    grounds: Annotated[list[ReferralGround], Field(title="提请事由")]
    meet_by: Annotated[date | None, Field(title="开会期限")]
    overdue: Annotated[bool, Field(title="是否逾期")]
    meeting_id: Annotated[UUID | None, Field(title="会议标识")]
    meeting_state: Annotated[MeetingState | None, Field(title="会议状态")]
    planned_at: Annotated[datetime | None, Field(title="拟开时间")]


class ReferralView(Personal):
    """What a committee was asked to decide."""

    id: UUID
    organisation_id: str
    organisation: str
    ground: ReferralGround
    reason: str
    referred_at: datetime
    settled_at: datetime | None
    settled_by: UUID | None
    withdrawn_at: datetime | None
    withdrawn_why: str | None


class HearingView(Model):
    """A meeting a ticket is or was before, with its ruling once that is in force."""

    meeting_id: UUID
    title: str
    organisation_id: str
    state: MeetingState
    planned_at: datetime
    held_at: datetime | None
    adjourned_why: str | None
    ruling: DecisionView | None


class BeforeView(Personal):
    """What committees have to do with a ticket; `ruling` names the meeting whose ruling is in force."""

    id: UUID
    ruling_needed: bool
    ruling: str | None
    referrals: list[ReferralView]
    meetings: list[HearingView]


def member_view(row: Mapping[str, Any]) -> MemberView:
    """A seat."""
    return MemberView(**_own(MemberView, row))


def meeting_line(row: Mapping[str, Any]) -> MeetingLine:
    """A line of the list of meetings."""
    return MeetingLine(**_own(MeetingLine, row), title=title(row))


def meeting_view(sheet: Sheet, today: date, masked: bool) -> MeetingView:
    """The whole meeting; what was said in it as the reader may see it."""
    meeting = sheet.value()
    row = {**sheet.row, "tickets": len(sheet.items), "minutes": details.text(sheet.row["minutes"], masked)}
    return MeetingView(
        **_own(MeetingView, row),
        title=title(row),
        seats=[SeatView(**_own(SeatView, seat)) for seat in sheet.seats],
        items=[_item(item, masked) for item in sheet.items],
        opinions=[
            OpinionView(**{**_own(OpinionView, each), "opinion": details.text(each["opinion"], masked)})
            for each in sheet.opinions
        ],
        follow_ups=[follow_up_view(each, today, masked) for each in sheet.follow_ups],
        possible=[action for state, action in committee.MEETING_MOVES if state is meeting.state],
    )


def follow_up_view(row: Mapping[str, Any], today: date, masked: bool) -> FollowUpView:
    """Something to carry out; overdue as of `today`."""
    told = {name: details.text(row[name], masked) for name in ("duty", "result")}
    overdue = row["done_at"] is None and row["due_day"] < today
    return FollowUpView(**{**_own(FollowUpView, row), **told}, meeting=title(row), overdue=overdue)


def waiting_view(row: Mapping[str, Any], at: datetime) -> WaitingView:
    """A ticket that waits; overdue as of `at`."""
    overdue = row["meet_due_at"] is not None and row["met_at"] is None and row["meet_due_at"] <= at
    return WaitingView(**_own(WaitingView, row), overdue=overdue)


def before_view(before: Before, masked: bool) -> BeforeView:
    """What committees have to do with a ticket."""
    told = ("reason", "withdrawn_why")
    return BeforeView(
        id=before.ticket_id,
        ruling_needed=before.needed,
        ruling=before.ruling.meeting if before.ruling else None,
        referrals=[
            ReferralView(**_own(ReferralView, row) | {name: details.text(row[name], masked) for name in told})
            for row in before.referrals
        ],
        meetings=[
            HearingView(
                **_own(HearingView, row) | {"adjourned_why": details.text(row["adjourned_why"], masked)},
                title=title(row),
                ruling=_decision(row, masked),
            )
            for row in before.meetings
        ],
    )


def title(row: Mapping[str, Any]) -> str:
    """What a meeting is called, its organisation first."""
    return str(row["organisation"]) + committee.title(MeetingKind(row["kind"]), row["year"], row["number"])


def _item(item: Mapping[str, Any], masked: bool) -> ItemView:
    concerned = heard_from(item)
    return ItemView(
        **{**_own(ItemView, item), "adjourned_why": details.text(item["adjourned_why"], masked)},
        concerned=list(concerned),
        unheard=[department for department in concerned if department not in item["heard"]],
        ruling=_decision(item, masked),
    )


def _decision(row: Mapping[str, Any], masked: bool) -> DecisionView | None:
    if row["opinion"] is None:
        return None
    return DecisionView(
        **{**_own(DecisionView, row), "opinion": details.text(row["opinion"], masked)},
        in_force_since=row["confirmed_at"],
    )


def _own(model: type[Model], row: Mapping[str, Any], without: Iterable[str] = ("title", "ruling")) -> dict[str, Any]:
    return {name: row[name] for name in model.model_fields if name in row and name not in without}
