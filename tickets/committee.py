"""Committees for difficult cases (客户服务疑难问题协调委员会): meetings, rulings (R-3.3 … R-3.6).

A meeting is drafted and called by the committee's office in customer service, held, and confirmed by its chair; from
then on its rulings are in force. Every department concerned is heard before it rules (R-3.4). A joint meeting of
departments (R-3.21) hears and agrees, but rules nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tickets.categories import Category, Department, OtherCause, route
from tickets.deadlines import Gravity
from tickets.errors import MeetingRefusedError, MoveRefusedError, Words
from tickets.lifecycle import Action, Guard, Ruling, Standing, Step, Validity, refused


class MeetingKind(StrEnum):
    """Why a meeting is called (R-4.24, R-3.2, R-3.21)."""

    AD_HOC = "ad_hoc"
    PERIODIC = "periodic"
    JOINT = "joint"


class MeetingState(StrEnum):
    """Where a meeting stands."""

    DRAFT = "draft"
    CALLED = "called"
    HELD = "held"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class MeetingAction(StrEnum):
    """What the office and the chair do with a meeting."""

    CALL = "call"
    HOLD = "hold"
    CONFIRM = "confirm"
    CANCEL = "cancel"


class ReferralGround(StrEnum):
    """Why a ticket is put before the committee: its severity, support, or what departments disagree on (R-3.5)."""

    SEVERITY = "severity"
    SUPPORT = "support"
    CLOSING = "closing"
    VALIDITY = "validity"
    CAUSE = "cause"
    SIGNATURE = "signature"
    RETURNED = "returned"


DISPUTES = frozenset(
    {
        ReferralGround.CLOSING,
        ReferralGround.VALIDITY,
        ReferralGround.CAUSE,
        ReferralGround.SIGNATURE,
        ReferralGround.RETURNED,
    }
)
"""What only a ruling settles: until then nobody determines or closes (R-3.5, F-21)."""

MEETING_KIND_WORDS: Mapping[MeetingKind, Words] = {
    MeetingKind.AD_HOC: Words("临时会议", "ad-hoc meeting"),
    MeetingKind.PERIODIC: Words("例会", "periodic meeting"),
    MeetingKind.JOINT: Words("部门联席会议", "joint meeting of departments"),
}
MEETING_STATE_WORDS: Mapping[MeetingState, Words] = {
    MeetingState.DRAFT: Words("拟开", "draft"),
    MeetingState.CALLED: Words("已召集", "called"),
    MeetingState.HELD: Words("已召开", "held"),
    MeetingState.CONFIRMED: Words("已确认", "confirmed"),
    MeetingState.CANCELLED: Words("已取消", "cancelled"),
}
MEETING_ACTION_WORDS: Mapping[MeetingAction, Words] = {
    MeetingAction.CALL: Words("召集", "call"),
    MeetingAction.HOLD: Words("召开", "hold"),
    MeetingAction.CONFIRM: Words("确认", "confirm"),
    MeetingAction.CANCEL: Words("取消", "cancel"),
}

_S, _M = MeetingState, MeetingAction

MEETING_MOVES: Mapping[tuple[MeetingState, MeetingAction], MeetingState] = {
    (_S.DRAFT, _M.CALL): _S.CALLED,
    (_S.DRAFT, _M.CANCEL): _S.CANCELLED,
    (_S.CALLED, _M.HOLD): _S.HELD,
    (_S.CALLED, _M.CANCEL): _S.CANCELLED,
    (_S.HELD, _M.CONFIRM): _S.CONFIRMED,
}


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody invited; `attended` is not known before the meeting was held."""

    member: str
    department: Department | None = None
    attended: bool | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One ticket on the agenda: who must be heard, who was, and what came of it."""

    ticket: str
    concerned: tuple[Department, ...] = ()
    heard: frozenset[Department] = frozenset()
    ruled: bool = False
    adjourned: bool = False

    @property
    def unheard(self) -> tuple[Department, ...]:
        """The departments concerned whose opinion is missing (R-3.4)."""
        return tuple(department for department in self.concerned if department not in self.heard)


@dataclass(frozen=True, slots=True)
class Meeting:
    """What the rules must know of a meeting; `chair` is the member who presides."""

    kind: MeetingKind
    state: MeetingState
    chair: str | None
    seats: tuple[Seat, ...] = ()
    items: tuple[Item, ...] = ()
    minutes: str = ""

    @property
    def rules(self) -> bool:
        """Whether its rulings are a committee's; a joint meeting's are not (R-3.21)."""
        return self.kind is not MeetingKind.JOINT

    def item(self, ticket: str) -> Item | None:
        """The agenda's entry of a ticket."""
        return next((item for item in self.items if item.ticket == ticket), None)

    def seat(self, member: str) -> Seat | None:
        """The seat of somebody invited."""
        return next((seat for seat in self.seats if seat.member == member), None)


def title(kind: MeetingKind, year: int, number: int) -> str:
    """What a meeting is called in its minutes, without its organisation: 2026年第3次临时会议."""
    return f"{year}年第{number}次{MEETING_KIND_WORDS[kind].zh}"


def concerned(category: Category | None, cause: OtherCause | None, main: Department | None) -> tuple[Department, ...]:
    """The departments a committee must hear: the main one and those that investigate with it (R-3.4, R-3.41)."""
    routed = route(category, cause) if category else None
    first = main or (routed.main if routed else None)
    joint = routed.joint if routed else ()
    return tuple(dict.fromkeys(department for department in (first, *joint) if department is not None))


def meets(gravity: Gravity) -> bool:
    """Whether a complaint of this gravity goes before a committee (R-4.24, L-22)."""
    return gravity in (Gravity.DIFFICULT, Gravity.MAJOR)


def overlaps(one: tuple[date, date | None], other: tuple[date, date | None]) -> bool:
    """Whether two memberships share a day; their ends are included, None is until further notice."""
    return one[0] <= (other[1] or date.max) and other[0] <= (one[1] or date.max)


def after(meeting: Meeting, action: MeetingAction) -> MeetingState:
    """The state after the action. Raises MeetingRefusedError where it may not be done so."""
    state = MEETING_MOVES.get((meeting.state, action))
    if state is None:
        was, act = MEETING_STATE_WORDS[meeting.state], MEETING_ACTION_WORDS[action]
        raise MeetingRefusedError(
            Words(f"{was.zh}的会议不能{act.zh}", f"a meeting that is {was.en} refuses: {act.en}"),
            rules=("R-3.4",),
            state=meeting.state.value,
            action=action.value,
        )
    match action:
        case MeetingAction.CALL:
            _check_call(meeting)
        case MeetingAction.HOLD:
            _check_hold(meeting)
        case MeetingAction.CONFIRM:
            _check_confirm(meeting)
    return state


def check_open(meeting: Meeting, *states: MeetingState) -> None:
    """Raises MeetingRefusedError unless the meeting is in one of the states."""
    if meeting.state not in states:
        was = MEETING_STATE_WORDS[meeting.state]
        raise MeetingRefusedError(
            Words(f"会议{was.zh},不能再这样修改", f"the meeting is {was.en}: this can no longer be changed"),
            rules=("R-3.4",),
            state=meeting.state.value,
        )


def check_opinion(meeting: Meeting, ticket: str, member: str | None) -> None:
    """Who may be heard: members invited, on a ticket of the agenda; None is a department's written opinion (R-3.4)."""
    check_open(meeting, MeetingState.CALLED, MeetingState.HELD)
    _check_on_agenda(meeting, ticket)
    seat = meeting.seat(member) if member is not None else None
    if member is not None and seat is None:
        raise MeetingRefusedError(
            Words("只有受邀参会的委员可以发表意见", "only members who were invited give an opinion"),
            rules=("R-3.4", "R-3.6"),
        )
    if seat is not None and seat.attended is False:
        raise MeetingRefusedError(
            Words(
                "该委员未到会,其部门意见请以书面意见登记",
                "this member was absent: record the department's written opinion instead",
            ),
            rules=("R-3.4",),
        )


def check_ruling(meeting: Meeting, ticket: str, ruling: Ruling, opinion: str) -> None:
    """What a ruling needs: a committee's meeting that was held, every department heard, a final opinion (R-3.4)."""
    if not meeting.rules:
        raise MeetingRefusedError(
            Words("部门联席会议不作裁定,须提请委员会", "a joint meeting rules nothing: the committee is asked to meet"),
            rules=("R-3.21", "R-3.3"),
        )
    check_open(meeting, MeetingState.HELD)
    _check_on_agenda(meeting, ticket)
    item = meeting.item(ticket)
    if item is not None and item.unheard:
        raise _unheard(item)
    if not opinion.strip():
        raise MeetingRefusedError(
            Words("裁定须写明最终处理意见", "a ruling states the final opinion"), rules=("R-3.4", "R-4.7")
        )
    if ruling.causes and ruling.validity is Validity.INVALID:
        raise MeetingRefusedError(
            Words("无效投诉没有原因可裁定", "an invalid complaint has no cause to rule on"), rules=("R-3.5", "R-3.24")
        )
    if ruling.validity is Validity.PENDING:
        raise MeetingRefusedError(
            Words("裁定有效性须为有效或无效", "validity is ruled valid or invalid, or left open"), rules=("R-3.5",)
        )


def check_adjourn(meeting: Meeting, ticket: str, reason: str) -> None:
    """A ticket is put off only at a meeting that was held, and with the reason."""
    check_open(meeting, MeetingState.HELD)
    _check_on_agenda(meeting, ticket)
    if not reason.strip():
        raise MeetingRefusedError(
            Words("暂缓审议须说明理由", "putting a case off needs the reason"), rules=("R-3.4", "R-4.7")
        )


def _check_call(meeting: Meeting) -> None:
    if meeting.chair is None or meeting.seat(meeting.chair) is None:
        raise MeetingRefusedError(
            Words("召集会议须指定受邀的主持人", "a meeting is called with a chair among those invited"),
            rules=("R-3.4", "R-3.6"),
        )
    if not meeting.items and meeting.kind is not MeetingKind.PERIODIC:
        raise MeetingRefusedError(
            Words("临时会议、联席会议须有议题服务单", "an ad-hoc or joint meeting has a ticket on its agenda"),
            rules=("R-4.24", "R-3.21"),
        )


def _check_hold(meeting: Meeting) -> None:
    chair = meeting.seat(meeting.chair) if meeting.chair is not None else None
    if chair is None or not chair.attended:
        raise MeetingRefusedError(
            Words("主持人未到会,会议未召开", "without its chair the meeting was not held"), rules=("R-3.4",)
        )
    if not meeting.minutes.strip():
        raise MeetingRefusedError(
            Words("会议须有纪要", "a meeting that was held has minutes"), rules=("R-3.4", "R-4.7")
        )


def _check_confirm(meeting: Meeting) -> None:
    for item in meeting.items:
        if item.adjourned:
            continue
        if item.unheard:
            raise _unheard(item)
        if meeting.rules and not item.ruled:
            raise MeetingRefusedError(
                Words("议题中还有服务单未作裁定或暂缓", "a ticket on the agenda was neither ruled on nor put off"),
                rules=("R-3.3", "R-3.4"),
                ticket=item.ticket,
            )


def _check_on_agenda(meeting: Meeting, ticket: str) -> None:
    if meeting.item(ticket) is None:
        raise MeetingRefusedError(
            Words("该服务单不在会议议题中", "this ticket is not on the meeting's agenda"), rules=("R-3.4",)
        )


def _unheard(item: Item) -> MeetingRefusedError:
    return MeetingRefusedError(
        Words("还有相关部门的意见未听取", "the opinion of a department concerned was not heard"),
        rules=("R-3.4",),
        ticket=item.ticket,
        departments=[department.value for department in item.unheard],
    )


def _ruling_is_there(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.ruling_needed or standing.ruling is not None:
        return None
    return refused(
        standing,
        step,
        "疑难、重大投诉须经委员会会议审议后决定",
        "a difficult or major complaint is decided after the committee's review",
        "R-4.24",
        "F-47",
    )


def _no_dispute_is_open(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.disputed:
        return None
    return refused(
        standing,
        step,
        "部门意见不一致,已提请委员会,须待其裁定",
        "departments disagree and the committee was asked: its ruling comes first",
        "R-3.5",
        "F-21",
        disputed=list(standing.disputed),
    )


def _determination_accords(standing: Standing, step: Step) -> MoveRefusedError | None:
    return _contradiction(standing, step, step.validity, tuple(cause.category for cause in step.causes))


def _decision_accords(standing: Standing, step: Step) -> MoveRefusedError | None:
    if standing.validity is Validity.PENDING:
        return None
    return _contradiction(standing, step, standing.validity, standing.causes)


def _closing_was_ruled(standing: Standing, step: Step) -> MoveRefusedError | None:
    if standing.ruling is None or standing.ruling.closing is not False:
        return None
    return refused(
        standing,
        step,
        "委员会裁定暂不结案",
        "the committee ruled that the case is not closed yet",
        "R-3.5",
        meeting=standing.ruling.meeting,
    )


def _contradiction(
    standing: Standing, step: Step, validity: Validity | None, causes: tuple[Category, ...]
) -> MoveRefusedError | None:
    """Against the ruling nobody determines validity or causes (R-3.5)."""
    ruling = standing.ruling
    if ruling is None:
        return None
    differs = ruling.validity is not None and validity is not ruling.validity
    if not differs and ruling.causes and validity is Validity.VALID:
        differs = set(causes) != set(ruling.causes)
    if not differs:
        return None
    return refused(
        standing,
        step,
        "认定与委员会的裁定不一致",
        "this contradicts the committee's ruling",
        "R-3.5",
        "R-3.3",
        meeting=ruling.meeting,
        validity=ruling.validity.value if ruling.validity else None,
        causes=[cause.value for cause in ruling.causes],
    )


_A = Action

GUARDS: Mapping[Action, tuple[Guard, ...]] = {
    _A.DETERMINE: (_no_dispute_is_open, _determination_accords),
    _A.OVERTURN: (_no_dispute_is_open, _determination_accords),
    _A.DECLINE: (_no_dispute_is_open, _determination_accords),
    _A.HANDLE: (_ruling_is_there, _decision_accords),
    _A.INFORM: (_ruling_is_there, _decision_accords),
    _A.CLOSE: (_ruling_is_there, _no_dispute_is_open, _decision_accords, _closing_was_ruled),
}
