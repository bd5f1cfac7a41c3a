"""Joint-handling slips (会办单): who is asked to investigate what, and what becomes of each (R-4.10 … R-4.22).

An order has one main slip; the other departments of its lines handle in parallel, some only get a copy. A department
accepts its slip or gives it back; customer service then dispatches anew, and after two returns its supervisor alone
says whose it is (F-21). Must never save or send.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tickets.categories import Category, Department, Route
from tickets.errors import MoveRefusedError, Words
from tickets.lifecycle import Action, Guard, Standing, Step, refused


class Part(StrEnum):
    """What a department is asked to do with the order."""

    MAIN = "main"
    JOINT = "joint"
    COPY = "copy"
    SUPERVISE = "supervise"

    @property
    def is_task(self) -> bool:
        """Whether an answer is owed; who gets a copy or supervises owes none (R-3.39, R-3.44)."""
        return self in (Part.MAIN, Part.JOINT)


class SlipState(StrEnum):
    """Where a slip stands."""

    SENT = "sent"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    ANSWERED = "answered"
    RELEASED = "released"

    @property
    def is_open(self) -> bool:
        """Whether the department still has it in hand."""
        return self in (SlipState.SENT, SlipState.ACCEPTED)


class SlipAction(StrEnum):
    """What is done with a slip: by its department, or (release) by customer service."""

    ACCEPT = "accept"
    RETURN = "return"
    NOTE = "note"
    ASK = "ask"
    ANSWER = "answer"
    RELEASE = "release"
    CASE = "case"


_S, _A = SlipState, SlipAction

MOVES: Mapping[tuple[SlipState, SlipAction], SlipState] = {
    (_S.SENT, _A.ACCEPT): _S.ACCEPTED,
    (_S.SENT, _A.RETURN): _S.RETURNED,
    (_S.SENT, _A.RELEASE): _S.RELEASED,
    (_S.ACCEPTED, _A.RETURN): _S.RETURNED,
    (_S.ACCEPTED, _A.NOTE): _S.ACCEPTED,
    (_S.ACCEPTED, _A.ASK): _S.ACCEPTED,
    (_S.ACCEPTED, _A.ANSWER): _S.ANSWERED,
    (_S.ACCEPTED, _A.RELEASE): _S.RELEASED,
    (_S.SENT, _A.CASE): _S.RELEASED,
    (_S.ACCEPTED, _A.CASE): _S.RELEASED,
    (_S.ANSWERED, _A.NOTE): _S.ANSWERED,
    (_S.ANSWERED, _A.ANSWER): _S.ANSWERED,
}

PART_WORDS: Mapping[Part, Words] = {
    Part.MAIN: Words("主办", "main"),
    Part.JOINT: Words("协办", "joint"),
    Part.COPY: Words("抄送", "copy"),
    Part.SUPERVISE: Words("督办", "supervise"),
}
STATE_WORDS: Mapping[SlipState, Words] = {
    _S.SENT: Words("待接收", "sent"),
    _S.ACCEPTED: Words("已接收", "accepted"),
    _S.RETURNED: Words("已退回", "returned"),
    _S.ANSWERED: Words("已反馈", "answered"),
    _S.RELEASED: Words("已解除", "released"),
}
ACTION_WORDS: Mapping[SlipAction, Words] = {
    _A.ACCEPT: Words("接收", "accept"),
    _A.RETURN: Words("退回", "return"),
    _A.NOTE: Words("登记调查情况", "write an entry"),
    _A.ASK: Words("协调其他部门", "ask another department"),
    _A.ANSWER: Words("反馈", "answer"),
    _A.RELEASE: Words("解除", "release"),
    _A.CASE: Words("构成案件,移交销售督察", "pass on as a case"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One grievance of the order; number 1 is the main one (F-3)."""

    number: int
    category: Category | None
    sub_code: str | None = None


@dataclass(frozen=True, slots=True)
class Slip:
    """What the rules must know of a slip that is there. `leads`: its department is the line's own; `fixed`: it may not
    be returned; `place`: its number within the order."""

    place: int
    part: Part
    state: SlipState
    department: Department
    line: int
    leads: bool
    fixed: bool = False

    @property
    def given_up(self) -> bool:
        """Whether its department has nothing to do with the line any more."""
        return self.state in (SlipState.RETURNED, SlipState.RELEASED)


REPORTS = frozenset({SlipAction.NOTE, SlipAction.ASK, SlipAction.ANSWER})
"""What a department does on its slip that tells customer service how far it is (R-3.45, R-4.23)."""


def check_report_day(slip: Slip, day: date, today: date) -> None:
    """Refuse a day to report by for a slip nobody works on, or one in the past (R-3.45). Raises MoveRefusedError."""
    if not (slip.part.is_task and slip.state.is_open):
        words = Words("该会办单不在办理中,无须反馈进展", "the department has not got this slip in hand")
        raise MoveRefusedError(words, rules=("R-3.45",), slip=slip.place, state=slip.state.value)
    if day < today:
        words = Words("反馈期限不能早于当日", "the day to report by is not in the past")
        raise MoveRefusedError(words, rules=("R-3.45",), slip=slip.place)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A slip to send. Of a line without a category only the department is known."""

    part: Part
    department: Department
    line: Line
    leads: bool


Routes = Callable[[Line], Route | None]
"""The departments of a line by the routing in force; None when its category is not known."""


def plan(
    lines: Sequence[Line], slips: Sequence[Slip], routes: Routes, department: Department | None = None, line: int = 1
) -> tuple[tuple[Wanted, ...], tuple[int, ...]]:
    """The slips to send and the places of those they replace (R-4.10, R-4.18, R-4.20).

    A line that was never sent goes to the departments of its route; one whose department gave it back, and one for
    which `department` is named, gets another leading department, or a further one where the first has answered.
    Nothing to send is no error here.
    """
    wanted: list[Wanted] = []
    replaced: list[int] = []
    for each in lines:
        known = [slip for slip in slips if slip.line == each.number]
        leading = next((slip for slip in known if slip.leads and not slip.given_up), None)
        named = department if each.number == line else None
        if leading is not None and (named is None or leading.department is named):
            continue
        route = routes(each)
        leads = named or (route.main if route else None)
        if leads is None:
            continue
        if leading is not None and not leading.state.is_open:
            wanted.append(Wanted(Part.JOINT, leads, each, leads=False))
            continue
        if leading is not None:
            replaced.append(leading.place)
        wanted.append(Wanted(Part.MAIN if each.number == 1 else Part.JOINT, leads, each, leads=True))
        if route is not None and not known:
            wanted.extend(_beside(route, leads, each))
    working = {slip.department for slip in slips if slip.state.is_open and slip.place not in replaced}
    return tuple(_once(wanted, working)), tuple(replaced)


def returns(slips: Iterable[Slip], line: int) -> int:
    """How often the departments asked to lead the line gave it back (F-21, M-18)."""
    return sum(slip.line == line and slip.leads and slip.state is SlipState.RETURNED for slip in slips)


def unanswered(slips: Iterable[Slip]) -> tuple[Slip, ...]:
    """The tasks still to be answered or released, and those given back that nobody took over."""
    known = tuple(slips)
    owned = {slip.line for slip in known if slip.leads and not slip.given_up}
    return tuple(
        slip
        for slip in known
        if slip.part.is_task
        and (slip.state.is_open or (slip.state is SlipState.RETURNED and slip.leads and slip.line not in owned))
    )


def after(slip: Slip, action: SlipAction) -> SlipState:
    """The state after the action; raises MoveRefusedError."""
    state, act = STATE_WORDS[slip.state], ACTION_WORDS[action]
    if (slip.state, action) not in MOVES:
        raise _refused(
            slip, action, f"{state.zh}的会办单不能{act.zh}", f"a slip that is {state.en} refuses: {act.en}", "R-4.20"
        )
    if action in (SlipAction.RETURN, SlipAction.ASK, SlipAction.ANSWER) and not slip.part.is_task:
        raise _refused(
            slip,
            action,
            f"{PART_WORDS[slip.part].zh}件无须{act.zh}",
            f"a {PART_WORDS[slip.part].en} slip is not for: {act.en}",
            "R-3.44",
        )
    if action is SlipAction.RETURN and slip.fixed:
        raise _refused(
            slip,
            action,
            "主办部门已由客服主管裁定,不再退回;对原因有争议的提交委员会",
            "the supervisor of customer service has said whose it is: a dispute about the cause goes to the committee",
            "F-21",
            "R-3.5",
        )
    if action is SlipAction.ASK and not slip.leads:
        raise _refused(slip, action, "由主办部门协调其他部门", "the department that leads asks the others", "R-4.19")
    if action is SlipAction.CASE and not (slip.leads and slip.department is Department.SALES):
        raise _refused(
            slip,
            action,
            "构成案件的由主办的销售部门移交销售督察部",
            "the sales department that leads passes a case to sales inspection",
            "R-3.39",
            "F-26",
        )
    return MOVES[slip.state, action]


def _beside(route: Route, leads: Department, line: Line) -> Iterator[Wanted]:
    """Who handles jointly, gets a copy or supervises; nobody beside himself."""
    parts = ((Part.JOINT, route.joint), (Part.COPY, route.copies), (Part.SUPERVISE, route.supervise))
    for part, departments in parts:
        yield from (Wanted(part, each, line, leads=False) for each in departments if each is not leads)


def _once(wanted: Sequence[Wanted], working: set[Department]) -> Iterator[Wanted]:
    """Without copies for departments that work on the order anyway, and without a second copy."""
    busy = working | {each.department for each in wanted if each.part.is_task}
    for each in wanted:
        if each.part.is_task:
            yield each
        elif each.department not in busy:
            busy.add(each.department)
            yield each


def _refused(slip: Slip, action: SlipAction, zh: str, en: str, *rules: str) -> MoveRefusedError:
    return MoveRefusedError(Words(zh, en), rules=rules, status=slip.state.value, action=action.value, slip=slip.place)


def _something_is_sent(standing: Standing, step: Step) -> MoveRefusedError | None:
    if standing.sends:
        return None
    return refused(
        standing,
        step,
        "各部门的会办单均已发出;改派须指明部门",
        "every department has its slip: name the department it should go to instead",
        "R-4.18",
    )


def _supervisor_fixes(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.owner_disputed or step.fixes_owner:
        return None
    return refused(
        standing,
        step,
        "会办单已多次退回,由客服主管确定主办部门",
        "returned too often: the supervisor of customer service says whose it is",
        "F-21",
        "R-4.20",
    )


def _departments_have_answered(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.unanswered:
        return None
    return refused(
        standing,
        step,
        "会办单尚未全部反馈:" + "、".join(standing.unanswered),
        "not every department has answered: " + ", ".join(standing.unanswered),
        "R-4.22",
        "R-4.11",
        slips=list(standing.unanswered),
    )


def _decides_for_the_main_department(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.for_post or standing.main_department is None or step.own_department is standing.main_department:
        return None
    return refused(
        standing,
        step,
        "由主办部门提出处理决定并反馈客服,或由投诉岗汇总各部门意见",
        "the main department decides and tells customer service, or the complaint post sums up what all said",
        "R-4.22",
        "R-4.11",
        department=standing.main_department.value,
    )


GUARDS: Mapping[Action, tuple[Guard, ...]] = {
    Action.DISPATCH: (_supervisor_fixes, _something_is_sent),
    Action.HANDLE: (_decides_for_the_main_department, _departments_have_answered),
    Action.ANSWER: (_departments_have_answered,),
}
