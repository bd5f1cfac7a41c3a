"""What a callback (回访) came to, and the callback figures of a period, as values (C-13, C-20, T-4).

A period holds the policies in scope whose cooling-off period ENDS in it, called back or not. SQL counts the same
(callcenter/callbacks/figures.py); this module defines. Moments carry their zone; days are Asia/Shanghai's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from tickets.calendar import Calendar, end_of_day, shanghai_day
from tickets.errors import Words

SOLVED_WITHIN = 15
"""Working days from the day a problem was found (C-14)."""


class Reply(StrEnum):
    """What one required question got."""

    AFFIRMED = "affirmed"
    OBJECTED = "objected"
    MISSING = "missing"


class Outcome(StrEnum):
    """What a callback came to (C-13)."""

    SUCCESSFUL = "successful"
    PROBLEM = "problem"
    NOT_COMPLETED = "not_completed"

    @property
    def completed(self) -> bool:
        """Whether the policyholder took the callback and every question got its answer."""
        return self is not Outcome.NOT_COMPLETED


def outcome(*, taken: bool, replies: Sequence[Reply]) -> Outcome:
    """What the replies come to; `taken`: by the policyholder in person (C-5).

    An answer that is no clear yes is an objection: it makes a problem case, not an incomplete callback.
    """
    if not taken or not replies or Reply.MISSING in replies:
        return Outcome.NOT_COMPLETED
    return Outcome.PROBLEM if Reply.OBJECTED in replies else Outcome.SUCCESSFUL


class Way(StrEnum):
    """How a policyholder was called back (C-10)."""

    PHONE = "phone"
    ELECTRONIC = "electronic"
    LETTER = "letter"
    VISIT = "visit"


WAY_WORDS: Mapping[Way, Words] = {
    Way.PHONE: Words("电话回访", "by telephone"),
    Way.ELECTRONIC: Words("电子化回访", "electronically"),
    Way.LETTER: Words("信函回访", "by letter"),
    Way.VISIT: Words("上门回访", "by visit"),
}


@dataclass(frozen=True, slots=True)
class Solved:
    """How the problems of a case ended: when the last of its tickets was told the customer, and whether they accepted
    every answer."""

    at: datetime
    accepted: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One policy in scope: the last day of its cooling-off period and what became of its callback.

    `tried_at`: the first dialling that counts as a try, letter, visit or opened page; `completed_at`: the conversation,
    the page handed in, or the day the signed receipt came back.
    """

    last_day: date
    tried_at: datetime | None = None
    outcome: Outcome = Outcome.NOT_COMPLETED
    completed_at: datetime | None = None
    solved: Solved | None = None

    @property
    def tried_in_window(self) -> bool:
        return self._in_window(self.tried_at)

    @property
    def in_window(self) -> bool:
        """Whether it was completed within the cooling-off period (C-3)."""
        return self.outcome.completed and self._in_window(self.completed_at)

    def problem_due(self, calendar: Calendar) -> date | None:
        """The last day to solve its problems (C-14)."""
        if self.outcome is not Outcome.PROBLEM or self.completed_at is None:
            return None
        return calendar.add_workdays(shanghai_day(self.completed_at), SOLVED_WITHIN).day

    def _in_window(self, at: datetime | None) -> bool:
        return at is not None and at < end_of_day(self.last_day)


class CallbackFigure(StrEnum):
    """What is counted; each opens into its policies."""

    IN_SCOPE = "in_scope"
    ATTEMPTED = "attempted_in_window"
    COMPLETED = "completed_in_window"
    SUCCESSFUL = "successful_in_window"
    PROBLEMS = "problems_in_window"
    PROBLEMS_DUE = "problems_due"
    PROBLEMS_IN_TIME = "problems_in_time"
    SUCCESSFUL_LATER = "successful_later"
    TURNED_GOOD = "problems_turned_good"
    FINALLY_SUCCESSFUL = "finally_successful"


_F = CallbackFigure
FIGURE_WORDS: Mapping[CallbackFigure, Words] = {
    _F.IN_SCOPE: Words("应回访保单", "policies in scope"),
    _F.ATTEMPTED: Words("犹豫期内已尝试", "attempted within the window"),
    _F.COMPLETED: Words("犹豫期内完成", "completed within the window"),
    _F.SUCCESSFUL: Words("犹豫期内成功", "successful within the window"),
    _F.PROBLEMS: Words("犹豫期内问题件", "problem cases of the window"),
    _F.PROBLEMS_DUE: Words("应解决问题件", "problem cases due"),
    _F.PROBLEMS_IN_TIME: Words("按期解决问题件", "problem cases solved in time"),
    _F.SUCCESSFUL_LATER: Words("犹豫期后成功", "successful later"),
    _F.TURNED_GOOD: Words("问题件转成功", "problem cases turned good"),
    _F.FINALLY_SUCCESSFUL: Words("最终成功", "finally successful"),
}


def counts(figure: CallbackFigure, case: Case, today: date, calendar: Calendar) -> bool:
    """Whether the figure counts the case, as seen on that day."""
    match figure:
        case _F.IN_SCOPE:
            return True
        case _F.ATTEMPTED:
            return case.tried_in_window
        case _F.COMPLETED:
            return case.in_window
        case _F.SUCCESSFUL:
            return case.in_window and case.outcome is Outcome.SUCCESSFUL
        case _F.PROBLEMS:
            return case.in_window and case.outcome is Outcome.PROBLEM
        case _F.PROBLEMS_DUE:
            due = case.problem_due(calendar)
            return due is not None and (case.solved is not None or due < today)
        case _F.PROBLEMS_IN_TIME:
            due = case.problem_due(calendar)
            return due is not None and case.solved is not None and shanghai_day(case.solved.at) <= due
        case _F.SUCCESSFUL_LATER:
            return not case.in_window and case.outcome is Outcome.SUCCESSFUL
        case _F.TURNED_GOOD:
            return case.outcome is Outcome.PROBLEM and case.solved is not None and case.solved.accepted
        case _F.FINALLY_SUCCESSFUL:
            return any(counts(part, case, today, calendar) for part in FINAL)


FINAL = (_F.SUCCESSFUL, _F.SUCCESSFUL_LATER, _F.TURNED_GOOD)
"""What final success is made of; no case is in two of them."""


def total(cases: Iterable[Case], today: date, calendar: Calendar) -> dict[CallbackFigure, int]:
    """Every figure over the cases of a period."""
    held = list(cases)
    return {figure: sum(counts(figure, case, today, calendar) for case in held) for figure in CallbackFigure}


class CallbackMetric(StrEnum):
    """The callback metrics by name."""

    COVERAGE = "coverage"
    COMPLETION = "completion_in_window"
    SUCCESS = "success_in_cooling_off"
    PROBLEM_RATE = "problem_rate"
    HANDLED_ON_TIME = "problem_handling_on_time"
    FINAL_SUCCESS = "final_success"


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric: which figure over which, its names, the rules it rests on, and the target in per cent (C-20)."""

    numerator: CallbackFigure
    denominator: CallbackFigure
    words: Words
    rules: tuple[str, ...]
    target: Decimal | None = None


_M = CallbackMetric
_WHOLE = Decimal(100)
METRICS: Mapping[CallbackMetric, Definition] = {
    _M.COVERAGE: Definition(_F.ATTEMPTED, _F.IN_SCOPE, Words("回访覆盖率", "coverage"), ("C-1", "C-2", "C-20"), _WHOLE),
    _M.COMPLETION: Definition(
        _F.COMPLETED, _F.IN_SCOPE, Words("犹豫期内回访完成率", "completion in the window"), ("C-3", "C-13")
    ),
    _M.SUCCESS: Definition(
        _F.SUCCESSFUL,
        _F.IN_SCOPE,
        Words("犹豫期内回访成功率", "success in the cooling-off period"),
        ("C-3", "C-13", "C-20"),
        Decimal(95),
    ),
    _M.PROBLEM_RATE: Definition(_F.PROBLEMS, _F.COMPLETED, Words("问题件率", "problem rate"), ("C-13",)),
    _M.HANDLED_ON_TIME: Definition(
        _F.PROBLEMS_IN_TIME,
        _F.PROBLEMS_DUE,
        Words("问题件按期解决率", "problem handling on time"),
        ("C-14", "C-20"),
        _WHOLE,
    ),
    _M.FINAL_SUCCESS: Definition(
        _F.FINALLY_SUCCESSFUL, _F.IN_SCOPE, Words("最终回访成功率", "final success"), ("C-10", "C-13")
    ),
}


@dataclass(frozen=True, slots=True)
class Share:
    """A metric worked out, in per cent; nothing divided by nothing is not known."""

    metric: CallbackMetric
    numerator: int
    denominator: int
    target: Decimal | None

    @property
    def value(self) -> Decimal | None:
        """Rounded once, to two places (F-65)."""
        if not self.denominator:
            return None
        return (Decimal(self.numerator) * 100 / self.denominator).quantize(Decimal("0.01"), ROUND_HALF_UP)

    @property
    def met(self) -> bool | None:
        """Whether the target is reached, judged before rounding; None where there is none, or nothing to judge."""
        if self.target is None or not self.denominator:
            return None
        return Decimal(self.numerator) * 100 >= self.target * self.denominator


def worked_out(
    metric: CallbackMetric,
    figure: Callable[[CallbackFigure], int],
    targets: Mapping[CallbackMetric, Decimal] | None = None,
) -> Share:
    """The metric from its figures; `targets` replace those of C-20."""
    definition = METRICS[metric]
    target = (targets or {}).get(metric, definition.target)
    return Share(metric, figure(definition.numerator), figure(definition.denominator), target)


class Grouping(StrEnum):
    """By what the callback figures are split."""

    MONTH = "month"
    ORGANISATION = "organisation"
    PRODUCT = "product"
    PRODUCT_KIND = "product_kind"
    SALES_CHANNEL = "sales_channel"
    SALESPERSON = "salesperson"
    AGENT = "agent"
    CAMPAIGN = "campaign"
    WAY = "way"


GROUPING_WORDS: Mapping[Grouping, Words] = {
    Grouping.MONTH: Words("犹豫期截止月", "month the cooling-off period ends in"),
    Grouping.ORGANISATION: Words("承保机构", "underwriting organisation"),
    Grouping.PRODUCT: Words("产品", "product"),
    Grouping.PRODUCT_KIND: Words("产品类型", "kind of product"),
    Grouping.SALES_CHANNEL: Words("销售渠道", "sales channel"),
    Grouping.SALESPERSON: Words("销售人员", "salesperson"),
    Grouping.AGENT: Words("回访人员", "who called back"),
    Grouping.CAMPAIGN: Words("批次", "campaign"),
    Grouping.WAY: Words("回访方式", "way"),
}

RULES: Mapping[str, Words] = {
    "C-1": Words("个人一年期以上人身险新单须回访", "personal life policies of more than a year are called back"),
    "C-2": Words("个人长期健康险(含保证续保)须回访", "long-term health insurance, guaranteed renewals included"),
    "C-3": Words("在犹豫期内回访", "within the cooling-off period"),
    "C-4": Words(
        "犹豫期自签收保单起算，期间不明的按最短期间并标示",
        "it runs from the signed receipt; an unknown length is taken as the shortest and flagged",
    ),
    "C-10": Words(
        "犹豫期后收回的签收回执只计入最终成功", "a signed receipt returned after the window is only in final success"
    ),
    "C-13": Words(
        "完成：本人逐题明确回答；成功：全部肯定；问题件：有否定或不明确回答",
        "completed: every question answered by the policyholder; successful: all affirmed; problem: some not",
    ),
    "C-14": Words(
        "问题件自发现之日起15个工作日内由销售人员以外的人员解决",
        "problems are solved within 15 working days of discovery, not by sales staff",
    ),
    "C-20": Words(
        "目标：覆盖率100%，犹豫期内成功率不低于95%，问题件处理率100%",
        "targets: coverage 100 %, success within the window at least 95 %, problems handled 100 %",
    ),
    "C-21": Words("犹豫期后的回访单独标示", "callbacks after the cooling-off period are flagged"),
    "D-14": Words("日期以北京时间为准", "days are those of Asia/Shanghai"),
}
"""What is printed under a report."""
