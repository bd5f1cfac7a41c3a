"""The life of a ticket as a table of moves with guards (R-4.1).

recorded → dispatched → handled → informed → closed, with the solution on the spot as the short way.

A refusal names the rule, the status and the action. Nothing here saves or sends; closing is final, the
customer's next approach is a new linked ticket (B-2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tickets.categories import Category, Department
from tickets.deadlines import Kind
from tickets.errors import IllegalMoveError, MoveRefusedError, Problem, Words


class Status(StrEnum):
    """Where a ticket stands."""

    RECORDED = "recorded"
    DISPATCHED = "dispatched"
    HANDLED = "handled"
    INFORMED = "informed"
    CLOSED = "closed"


class Action(StrEnum):
    """What people do to a ticket."""

    NOTE = "note"
    ACKNOWLEDGE = "acknowledge"
    HAND_OVER = "hand_over"
    DISPATCH = "dispatch"
    SETTLE = "settle"
    HANDLE = "handle"
    DETERMINE = "determine"
    INFORM = "inform"
    CLOSE = "close"


class Validity(StrEnum):
    """Whether the complaint is valid; counting uses this (F-1, D-9)."""

    PENDING = "pending"
    VALID = "valid"
    INVALID = "invalid"


class Liability(StrEnum):
    """Who is at fault, kept apart from validity (F-1)."""

    UNDETERMINED = "undetermined"
    NONE = "none"
    COMPANY = "company"
    SALES = "sales"
    SHARED = "shared"


class InvalidGround(StrEnum):
    """The closed list of grounds on which a complaint is invalid (F-23)."""

    NOT_A_CUSTOMER = "not_a_customer"
    OUTSIDE_DEFINITION = "outside_definition"
    DUPLICATE = "duplicate"
    WITHDRAWN_AS_MISTAKE = "withdrawn_as_mistake"
    FACTS_DISPROVED = "facts_disproved"
    UNREACHABLE = "unreachable"


class Level(StrEnum):
    """The kinds of organisation (domain (a), org levels)."""

    HQ = "hq"
    PROVINCE = "province"
    CITY = "city"
    COUNTER_A = "counter_a"
    COUNTER_B = "counter_b"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the guards must know of the ticket."""

    status: Status
    is_finding: bool
    grave_finding: bool
    is_complaint: bool
    ruling_needed: bool
    validity: Validity
    causes: tuple[Category, ...]
    category: Category | None
    forwarded: bool
    accepting_organisation: str
    accepting_level: Level
    owed: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One action as asked for: who asks, from which organisation, with what."""

    action: Action
    organisation: str
    level: Level
    note: str = ""
    department: Department | None = None
    ruling: str = ""
    by_sales_staff: bool = False
    validity: Validity | None = None
    liability: Liability | None = None
    causes: tuple[Category, ...] = ()
    ground: InvalidGround | None = None
    evidence: str = ""
    manner: str = ""
    accepted: bool | None = None
    explanation: str = ""


_S, _A = Status, Action

MOVES: Mapping[tuple[Status, Action], Status] = {
    (_S.RECORDED, _A.NOTE): _S.RECORDED,
    (_S.RECORDED, _A.ACKNOWLEDGE): _S.RECORDED,
    (_S.RECORDED, _A.HAND_OVER): _S.RECORDED,
    (_S.RECORDED, _A.DETERMINE): _S.RECORDED,
    (_S.RECORDED, _A.DISPATCH): _S.DISPATCHED,
    (_S.RECORDED, _A.SETTLE): _S.HANDLED,
    (_S.DISPATCHED, _A.NOTE): _S.DISPATCHED,
    (_S.DISPATCHED, _A.ACKNOWLEDGE): _S.DISPATCHED,
    (_S.DISPATCHED, _A.DISPATCH): _S.DISPATCHED,
    (_S.DISPATCHED, _A.DETERMINE): _S.DISPATCHED,
    (_S.DISPATCHED, _A.HANDLE): _S.HANDLED,
    (_S.HANDLED, _A.NOTE): _S.HANDLED,
    (_S.HANDLED, _A.ACKNOWLEDGE): _S.HANDLED,
    (_S.HANDLED, _A.DETERMINE): _S.HANDLED,
    (_S.HANDLED, _A.INFORM): _S.INFORMED,
    (_S.INFORMED, _A.NOTE): _S.INFORMED,
    (_S.INFORMED, _A.DETERMINE): _S.INFORMED,
    (_S.INFORMED, _A.CLOSE): _S.CLOSED,
}

MEETS: Mapping[Action, tuple[Kind, ...]] = {
    _A.ACKNOWLEDGE: (Kind.ACKNOWLEDGE,),
    _A.HAND_OVER: (Kind.HAND_OVER,),
    _A.DISPATCH: (Kind.HAND_OVER, Kind.DISPATCH),
    _A.SETTLE: (Kind.HAND_OVER, Kind.DISPATCH),
    _A.INFORM: (Kind.DECIDE_INFORM,),
    _A.CLOSE: (Kind.CLOSE,),
}

STATUS_WORDS: Mapping[Status, Words] = {
    _S.RECORDED: Words("已记录", "recorded"),
    _S.DISPATCHED: Words("已派发", "dispatched"),
    _S.HANDLED: Words("已处理", "handled"),
    _S.INFORMED: Words("已告知", "informed"),
    _S.CLOSED: Words("已结案", "closed"),
}

ACTION_WORDS: Mapping[Action, Words] = {
    _A.NOTE: Words("登记进展", "write an entry"),
    _A.ACKNOWLEDGE: Words("确认受理", "acknowledge"),
    _A.HAND_OVER: Words("转二线", "hand over"),
    _A.DISPATCH: Words("派发", "dispatch"),
    _A.SETTLE: Words("当场解决", "settle on the spot"),
    _A.HANDLE: Words("处理", "handle"),
    _A.DETERMINE: Words("认定", "determine"),
    _A.INFORM: Words("告知客户", "inform"),
    _A.CLOSE: Words("结案", "close"),
}

Guard = Callable[[Standing, Step], MoveRefusedError | None]


def move(standing: Standing, step: Step) -> Status:
    """The status after the step; raises IllegalMoveError or MoveRefusedError and changes nothing."""
    try:
        status = MOVES[standing.status, step.action]
    except KeyError:
        raise _illegal(standing.status, step.action) from None
    for guard in GUARDS.get(step.action, ()):
        refusal = guard(standing, step)
        if refusal is not None:
            raise refusal
    return status


def possible(status: Status) -> tuple[Action, ...]:
    """The actions the table allows from a status, guards not asked."""
    return tuple(action for (before, action) in MOVES if before is status)


def _illegal(status: Status, action: Action) -> IllegalMoveError:
    state, act = STATUS_WORDS[status], ACTION_WORDS[action]
    rules = ("B-2",) if status is Status.CLOSED else ("R-4.1",)
    return IllegalMoveError(
        Words(f"{state.zh}的服务单不能{act.zh}", f"a ticket that is {state.en} refuses: {act.en}"),
        rules=rules,
        status=status.value,
        action=action.value,
        possible=[a.value for a in possible(status)],
    )


def _refused(standing: Standing, step: Step, zh: str, en: str, *rules: str, **more: object) -> MoveRefusedError:
    details = {"status": standing.status.value, "action": step.action.value, **more}
    return MoveRefusedError(Words(zh, en), rules=rules, **details)


def _note_is_written(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.note.strip():
        return None
    return _refused(
        standing,
        step,
        "未写入服务单的内容视为没有发生",
        "what is not written in the order did not happen",
        "R-4.7",
    )


def _manner_is_stated(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.manner.strip():
        return None
    return _refused(
        standing,
        step,
        "须记录以何种方式向客户确认受理",
        "how receipt was confirmed with the customer must be recorded",
        "R-4.4",
        "R-4.6",
    )


def _category_is_known(standing: Standing, step: Step) -> MoveRefusedError | None:
    if standing.category is not None or step.department is not None:
        return None
    return _refused(
        standing,
        step,
        "没有投诉类别,无法确定主办部门",
        "no category says which department investigates",
        "R-4.10",
    )


def _spot_is_within_authority(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.ruling_needed:
        return None
    return _refused(
        standing,
        step,
        "疑难、重大投诉不能当场解决",
        "a difficult or major complaint is not settled on the spot",
        "R-2.18",
    )


def _ruling_is_there(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.ruling_needed or step.ruling.strip():
        return None
    return _refused(
        standing,
        step,
        "疑难、重大投诉须经委员会会议审议后决定",
        "a difficult or major complaint is decided after the committee's review",
        "R-4.24",
        "F-47",
    )


def _not_by_sales_staff(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not (standing.grave_finding and step.by_sales_staff):
        return None
    return _refused(
        standing,
        step,
        "回访问题件须由销售人员以外的人员解决",
        "a callback finding is solved by someone other than sales staff",
        "C-14",
        "L-31",
    )


def _has_power(standing: Standing, step: Step) -> MoveRefusedError | None:
    """Whoever accepts closes (R-4.31), the province what was forwarded (R-4.32), a B counter never (F-7)."""
    if step.level is Level.COUNTER_B:
        return _refused(
            standing,
            step,
            "B柜面无认定和结案权",
            "a B counter may neither determine nor close",
            "R-3.33",
            "F-7",
        )
    if standing.forwarded:
        if step.level is Level.PROVINCE:
            return None
        return _refused(
            standing,
            step,
            "总公司、监管部门转办件由省公司结案",
            "cases forwarded by headquarters or the regulator are closed by the province",
            "R-4.32",
            "F-16",
        )
    if step.organisation == standing.accepting_organisation:
        return None
    if standing.accepting_level is Level.COUNTER_B and step.level in (Level.COUNTER_A, Level.PROVINCE):
        return None
    return _refused(
        standing,
        step,
        "哪个机构受理哪个机构结案",
        "the organisation that accepted determines and closes",
        "R-4.31",
        accepting_organisation=standing.accepting_organisation,
    )


def _is_a_complaint(standing: Standing, step: Step) -> MoveRefusedError | None:
    if standing.is_complaint:
        return None
    return _refused(
        standing,
        step,
        "只有投诉件才认定有效性和原因",
        "validity and cause are determined for complaints only",
        "R-3.23",
        "R-2.5",
    )


def _determination_is_whole(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.validity is Validity.VALID and step.causes:
        return None
    if step.validity is Validity.INVALID and step.ground is not None and step.evidence.strip():
        return None
    return _refused(
        standing,
        step,
        "有效投诉须认定原因;无效投诉须有理由和依据",
        "a valid complaint needs its causes, an invalid one its ground and evidence",
        "R-3.23",
        "R-3.24",
        "F-23",
    )


def _dissent_is_explained(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not step.manner.strip() or step.accepted is None:
        return _refused(
            standing,
            step,
            "须记录告知方式和客户是否接受",
            "how the customer was told, and whether they accept, must be recorded",
            "R-4.27",
            "CL-8",
        )
    if step.accepted or step.explanation.strip():
        return None
    return _refused(
        standing,
        step,
        "客户不接受的,须做好解释安抚并记录",
        "when the customer does not accept, the explanation given must be recorded",
        "R-4.30",
        "F-19",
    )


def _is_determined(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.is_complaint or standing.validity is not Validity.PENDING:
        return None
    return _refused(
        standing,
        step,
        "结案前须认定是否有效投诉和原因",
        "validity and cause must be determined before closing",
        "R-3.23",
    )


def _order_is_complete(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.owed:
        return None
    return _refused(
        standing,
        step,
        "服务单要素不全:" + "、".join(p.words.zh for p in standing.owed),
        "the order is not complete: " + "; ".join(p.words.en for p in standing.owed),
        "F-9",
        *dict.fromkeys(rule for p in standing.owed for rule in p.rules),
        missing=[p.field for p in standing.owed],
    )


GUARDS: Mapping[Action, tuple[Guard, ...]] = {
    _A.NOTE: (_note_is_written,),
    _A.ACKNOWLEDGE: (_note_is_written, _manner_is_stated),
    _A.DISPATCH: (_category_is_known,),
    _A.SETTLE: (_spot_is_within_authority, _not_by_sales_staff, _note_is_written),
    _A.HANDLE: (_ruling_is_there, _not_by_sales_staff, _note_is_written),
    _A.DETERMINE: (_is_a_complaint, _has_power, _determination_is_whole),
    _A.INFORM: (_dissent_is_explained,),
    _A.CLOSE: (_has_power, _is_determined, _order_is_complete),
}
