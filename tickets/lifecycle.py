"""The life of a ticket as a table of moves (R-4.1); their conditions are in tickets/guards.py.

recorded → dispatched → handled → informed → closed → archived, with the solution on the spot, the withdrawal (CL-6),
the answer to what is no complaint (R-1.3) and declining what nobody had the right to complain of (N-8) as short ways.

A refusal names the rule, the status and the action. Nothing here saves or sends; closing is final, the customer's next
approach is a new linked ticket (B-2), and only the province may still correct what was found (R-3.25).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

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
    ARCHIVED = "archived"


ENDED = frozenset({Status.CLOSED, Status.ARCHIVED})
"""Where nothing is handled any more (B-2)."""


class Ending(StrEnum):
    """How a ticket ended: closed, withdrawn by the customer (CL-6), answered, being no complaint (F-24), a finding
    whose customer complained of it later, or declined, being made by somebody without right (N-8)."""

    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    ANSWERED = "answered"
    TURNED = "turned"
    DECLINED = "declined"


class Action(StrEnum):
    """What people do to a ticket."""

    NOTE = "note"
    ACKNOWLEDGE = "acknowledge"
    HAND_OVER = "hand_over"
    MARK_COMPLEX = "mark_complex"
    PROGRESS = "progress"
    REPORT_PROGRESS = "report_progress"
    REPORT_UP = "report_up"
    DISPATCH = "dispatch"
    SETTLE = "settle"
    HANDLE = "handle"
    DETERMINE = "determine"
    SIGN = "sign"
    INFORM = "inform"
    CLOSE = "close"
    WITHDRAW = "withdraw"
    PASS_ON = "pass_on"  # noqa: S105 - a name
    ANSWER = "answer"
    ARCHIVE = "archive"
    OVERTURN = "overturn"
    OPINE = "opine"
    ASSIGN = "assign"
    DECLINE = "decline"


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
class Ruling:
    """What a committee decided on a ticket, since its chair confirmed it (R-3.3, R-3.5).

    None and empty where it left the decision to whoever has the power. `closing`: whether the case may be closed;
    `signs_for`: the departments whose signature the ruling replaces (F-21).
    """

    meeting: str
    validity: Validity | None = None
    causes: tuple[Category, ...] = ()
    closing: bool | None = None
    signs_for: tuple[Department, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause found, with the departments responsible for it; `system`: it lies in a system (R-3.24, R-3.26)."""

    category: Category
    departments: tuple[Department, ...] = ()
    system: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A document of the ticket that a step names as its proof, by the code of its kind (R-4.4, CL-8)."""

    kind: str
    number: str
    issued_at: datetime
    sent_at: datetime | None = None
    means: str | None = None
    void: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What the guards must know of the ticket; each part adds the facts of its own guards, with harmless defaults.

    `ruling`: the one in force; `disputed`: what the committee was asked to decide and has not yet (R-3.5).
    `written_due`: why a written answer is due, by the codes of tickets/letters.py (F-22); `letter_sent_at`: when the
    first cleared opinion letter was sent (R-4.25).
    `merged`: into another order (D-4); `inherited`: what was found of the first order of its matter (D-13).
    """

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
    ruling: Ruling | None = None
    disputed: tuple[str, ...] = ()
    written_due: tuple[str, ...] = ()
    letter_sent_at: datetime | None = None
    merged: bool = False
    inherited: Validity | None = None
    is_major: bool = False
    is_complex: bool = False
    handled_at: datetime | None = None

    sends: int = 1
    """How many slips the dispatch asked for would send."""
    owner_disputed: bool = False
    """The line to be dispatched was given back so often that the supervisor says whose it is (F-21)."""
    unanswered: tuple[str, ...] = ()
    """Numbers of the slips whose department owes an answer."""
    main_department: Department | None = None
    """Whose the main slip is."""

    responsible: tuple[Department, ...] = ()
    """Whose heads must sign the determination (R-3.26, F-20)."""
    unsigned: tuple[Department, ...] = ()
    """Those of them who have not."""
    handled_at_path: str = ""
    """Path of the organisation whose departments handle the ticket."""

    authority: Decimal | None = None
    """What the actor may settle on the spot, in yuan; None where nobody gave him any (R-2.18, R-3.29)."""
    received_at: datetime | None = None
    accepting_path: str = ""
    lacking: tuple[Words, ...] = ()
    """What its file still lacks before it can be archived (E-21)."""

    came_in_writing: bool = False
    """It came as a letter or an e-mail (R-4.4)."""
    reachable: bool = True
    """Somebody left a name or a telephone (F-35)."""
    has_opinion: bool = False
    """A preliminary opinion is there (R-3.18, R-3.30)."""
    recused: tuple[str, ...] = ()
    """Ids of the person the order is about and of their manager (F-48)."""
    leads_asked: tuple[Department, ...] = ()
    """The departments that would lead by the dispatch asked for."""
    sellers: tuple[str, ...] = ()
    """Ids of who sold the policy (C-11, C-14)."""
    handler_in_sales: bool = False
    """The person it is to be given to sells."""
    rescission_due: bool = False
    """A misled customer of long-term health insurance must be told of the right to rescind (C-15)."""
    rescission_told: bool = False
    handler_fits: bool = False
    """The person it is to be given to handles complaints and may know the order."""
    entitled: bool = True
    """It is the customer's own complaint, or made with the right to make it for him (N-6, N-8)."""
    asked_above: str | None = None
    """Path of the company above that was asked and has not answered yet (R-3.31)."""
    heard_from_above: bool = False
    """A company above gave its opinion, or took the case over (R-3.15, R-3.19)."""
    reported_to: tuple[str, ...] = ()
    """Ids of the companies above that gave it (R-3.22)."""
    centralised_above: str | None = None
    """Path of the company above that does the business of its main grievance itself (R-3.31)."""
    taken_over_path: str | None = None
    taken_over_by: str | None = None
    """The company above that handles it itself (R-3.19)."""
    notice: Notice | None = None
    """The document the step names."""
    has_basis: bool = False
    """The terms and the law the decision rests on are written down (R-1.7)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One action as asked for: who asks, from which organisation, with what.

    `line`: the grievance a department is named for; `agrees`: a head signs, or refuses to; `amount`: yuan
    that settle it; `path`, `own_department`: where the actor sits; `for_post`, `fixes_owner`: the actor is the
    complaint post, customer service's supervisor. `destination`: who a grievance that is no complaint is passed to;
    `received_at`: when a withdrawal came; `told_at`, `proof`: when the customer was told if not just now (CL-8);
    `at`: the moment of the step. `opinion`: the preliminary one; `basis`: terms and law of the
    decision (R-1.7); `handler`, `actor`: ids of who is to handle the order, of who acts.
    """

    action: Action
    organisation: str
    level: Level
    note: str = ""
    department: Department | None = None
    by_sales_staff: bool = False
    validity: Validity | None = None
    liability: Liability | None = None
    causes: tuple[Cause, ...] = ()
    ground: InvalidGround | None = None
    evidence: str = ""
    manner: str = ""
    accepted: bool | None = None
    explanation: str = ""
    line: int = 1
    agrees: bool = True
    amount: Decimal | None = None
    told_at: datetime | None = None
    proof: str = ""
    review_route_told: bool = False
    path: str = ""
    own_department: Department | None = None
    for_post: bool = True
    fixes_owner: bool = True
    destination: str = ""
    received_at: datetime | None = None
    at: datetime | None = None
    call_id: UUID | None = None
    """The call the customer was told on (R-4.5)."""
    document: str = ""
    """Id of the document that proves it (R-4.4, CL-8)."""
    opinion: str = ""
    basis: str = ""
    handler: str = ""
    actor: str = ""
    in_sales: bool = False
    """The actor sits in a sales department (C-14)."""
    rescission_told: bool = False
    """The customer was told of the right to rescind (C-15)."""


Guard = Callable[[Standing, Step], MoveRefusedError | None]
"""A condition on a move: a refusal, or None. It changes nothing."""


_S, _A = Status, Action

MOVES: Mapping[tuple[Status, Action], Status] = {
    (_S.RECORDED, _A.NOTE): _S.RECORDED,
    (_S.RECORDED, _A.ACKNOWLEDGE): _S.RECORDED,
    (_S.RECORDED, _A.HAND_OVER): _S.RECORDED,
    (_S.RECORDED, _A.DETERMINE): _S.RECORDED,
    (_S.RECORDED, _A.SIGN): _S.RECORDED,
    (_S.RECORDED, _A.DISPATCH): _S.DISPATCHED,
    (_S.RECORDED, _A.SETTLE): _S.HANDLED,
    (_S.DISPATCHED, _A.NOTE): _S.DISPATCHED,
    (_S.DISPATCHED, _A.ACKNOWLEDGE): _S.DISPATCHED,
    (_S.DISPATCHED, _A.DISPATCH): _S.DISPATCHED,
    (_S.DISPATCHED, _A.DETERMINE): _S.DISPATCHED,
    (_S.DISPATCHED, _A.SIGN): _S.DISPATCHED,
    (_S.DISPATCHED, _A.HANDLE): _S.HANDLED,
    (_S.HANDLED, _A.NOTE): _S.HANDLED,
    (_S.HANDLED, _A.ACKNOWLEDGE): _S.HANDLED,
    (_S.HANDLED, _A.DETERMINE): _S.HANDLED,
    (_S.HANDLED, _A.SIGN): _S.HANDLED,
    (_S.HANDLED, _A.INFORM): _S.INFORMED,
    (_S.INFORMED, _A.NOTE): _S.INFORMED,
    (_S.INFORMED, _A.ACKNOWLEDGE): _S.INFORMED,
    (_S.INFORMED, _A.DETERMINE): _S.INFORMED,
    (_S.INFORMED, _A.SIGN): _S.INFORMED,
    (_S.INFORMED, _A.CLOSE): _S.CLOSED,
    (_S.RECORDED, _A.OPINE): _S.RECORDED,
    (_S.DISPATCHED, _A.OPINE): _S.DISPATCHED,
    (_S.RECORDED, _A.ASSIGN): _S.RECORDED,
    (_S.DISPATCHED, _A.ASSIGN): _S.DISPATCHED,
    (_S.HANDLED, _A.ASSIGN): _S.HANDLED,
    (_S.INFORMED, _A.ASSIGN): _S.INFORMED,
    (_S.RECORDED, _A.WITHDRAW): _S.CLOSED,
    (_S.DISPATCHED, _A.WITHDRAW): _S.CLOSED,
    (_S.HANDLED, _A.WITHDRAW): _S.CLOSED,
    (_S.INFORMED, _A.WITHDRAW): _S.CLOSED,
    (_S.RECORDED, _A.DECLINE): _S.CLOSED,
    (_S.DISPATCHED, _A.DECLINE): _S.CLOSED,
    (_S.HANDLED, _A.DECLINE): _S.CLOSED,
    (_S.RECORDED, _A.PASS_ON): _S.DISPATCHED,
    (_S.DISPATCHED, _A.PASS_ON): _S.DISPATCHED,
    (_S.DISPATCHED, _A.ANSWER): _S.CLOSED,
    (_S.HANDLED, _A.ANSWER): _S.CLOSED,
    (_S.CLOSED, _A.ARCHIVE): _S.ARCHIVED,
    (_S.CLOSED, _A.OVERTURN): _S.CLOSED,
    (_S.ARCHIVED, _A.OVERTURN): _S.ARCHIVED,
    (_S.CLOSED, _A.SIGN): _S.CLOSED,
    (_S.ARCHIVED, _A.SIGN): _S.ARCHIVED,
    **{
        (status, action): status
        for status in (_S.RECORDED, _S.DISPATCHED, _S.HANDLED)
        for action in (_A.MARK_COMPLEX, _A.PROGRESS, _A.REPORT_PROGRESS, _A.REPORT_UP)
    },
}

MEETS: Mapping[Action, tuple[Kind, ...]] = {
    _A.HAND_OVER: (Kind.HAND_OVER,),
    _A.DISPATCH: (Kind.HAND_OVER, Kind.DISPATCH),
    _A.SETTLE: (Kind.HAND_OVER, Kind.DISPATCH),
    _A.INFORM: (Kind.DECIDE_INFORM, Kind.INFORM, Kind.ANSWER_OR_PROGRESS),
    _A.PROGRESS: (Kind.ANSWER_OR_PROGRESS,),
    _A.REPORT_UP: (Kind.REPORT_UP,),
    _A.CLOSE: (Kind.CLOSE,),
    _A.PASS_ON: (Kind.HAND_OVER, Kind.DISPATCH),
    _A.ANSWER: (Kind.DECIDE_INFORM, Kind.INFORM),
    _A.ARCHIVE: (Kind.ARCHIVE,),
    _A.DECLINE: (Kind.DECIDE_INFORM, Kind.INFORM, Kind.ANSWER_OR_PROGRESS),
}

STATUS_WORDS: Mapping[Status, Words] = {
    _S.RECORDED: Words("已记录", "recorded"),
    _S.DISPATCHED: Words("已派发", "dispatched"),
    _S.HANDLED: Words("已处理", "handled"),
    _S.INFORMED: Words("已告知", "informed"),
    _S.CLOSED: Words("已结案", "closed"),
    _S.ARCHIVED: Words("已归档", "archived"),
}

ENDING_WORDS: Mapping[Ending, Words] = {
    Ending.CLOSED: Words("结案", "closed"),
    Ending.WITHDRAWN: Words("撤诉", "withdrawn"),
    Ending.ANSWERED: Words("非投诉已答复", "answered, no complaint"),
    Ending.TURNED: Words("转为投诉", "turned into a complaint"),
    Ending.DECLINED: Words("不予办理", "declined"),
}

ACTION_WORDS: Mapping[Action, Words] = {
    _A.NOTE: Words("登记进展", "write an entry"),
    _A.ACKNOWLEDGE: Words("确认受理", "acknowledge"),
    _A.HAND_OVER: Words("转二线", "hand over"),
    _A.MARK_COMPLEX: Words("标为复杂案件", "mark as complex"),
    _A.PROGRESS: Words("向客户反馈进展", "tell the customer the progress"),
    _A.REPORT_PROGRESS: Words("向客服部门反馈调查进展", "report the progress to customer service"),
    _A.REPORT_UP: Words("上报上级公司", "report to the upper company"),
    _A.DISPATCH: Words("派发", "dispatch"),
    _A.SETTLE: Words("当场解决", "settle on the spot"),
    _A.HANDLE: Words("处理", "handle"),
    _A.DETERMINE: Words("认定", "determine"),
    _A.SIGN: Words("签字确认", "sign"),
    _A.INFORM: Words("告知客户", "inform"),
    _A.CLOSE: Words("结案", "close"),
    _A.WITHDRAW: Words("撤诉", "withdraw"),
    _A.PASS_ON: Words("转办非投诉", "pass on"),
    _A.ANSWER: Words("答复非投诉", "answer what is no complaint"),
    _A.ARCHIVE: Words("归档", "archive"),
    _A.OVERTURN: Words("改判", "overturn"),
    _A.OPINE: Words("填写初步处理意见", "give a preliminary opinion"),
    _A.ASSIGN: Words("指定处理人", "assign a handler"),
    _A.DECLINE: Words("不予办理", "decline"),
}


def after(status: Status, action: Action) -> Status:
    """The status after the action, guards not asked (tickets/guards.py); raises IllegalMoveError."""
    try:
        return MOVES[status, action]
    except KeyError:
        raise _illegal(status, action) from None


def possible(status: Status) -> tuple[Action, ...]:
    """The actions the table allows from a status, guards not asked."""
    return tuple(action for (before, action) in MOVES if before is status)


def refused(standing: Standing, step: Step, zh: str, en: str, *rules: str, **more: object) -> MoveRefusedError:
    """A guard's refusal: it names status, action and rules."""
    details = {"status": standing.status.value, "action": step.action.value, **more}
    return MoveRefusedError(Words(zh, en), rules=rules, **details)


def _illegal(status: Status, action: Action) -> IllegalMoveError:
    state, act = STATUS_WORDS[status], ACTION_WORDS[action]
    rules = ("B-2",) if status in ENDED else ("R-4.1",)
    return IllegalMoveError(
        Words(f"{state.zh}的服务单不能{act.zh}", f"a ticket that is {state.en} refuses: {act.en}"),
        rules=rules,
        status=status.value,
        action=action.value,
        possible=[a.value for a in possible(status)],
    )
