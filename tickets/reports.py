"""The reports of the measures: which period, which figures, which splits, by which rules, due when. Data, no counting.

Monthly, quarterly (L-34) and yearly statistics (N-12), and what supervision asks for from the same figures: periodic
information (R-3.8, R-3.11, R-3.12, R-3.17, R-3.28), the half-yearly meeting's report (B-6), the bulletin (B-7), the
assessed quantities (B-9), the regulator's indicators (B-12).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tickets.deadlines import Reckoning, Rulebook, quarterly_report
from tickets.errors import TicketError, Words
from tickets.grouping import Grouping
from tickets.metrics import METRICS, Metric
from tickets.periods import Days, Span, spanning
from tickets.statistics import APPLIED, Figure

_G = Grouping


class ReportKind(StrEnum):
    """What a report is for."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"
    INFORMATION = "information"
    MEETING = "meeting"
    BULLETIN = "bulletin"
    ASSESSMENT = "assessment"
    INDICATORS = "indicators"


class ReportState(StrEnum):
    """How far a report is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Standing(StrEnum):
    """How the duty to report a quarter stands (L-34)."""

    SUBMITTED = "submitted"
    SUBMITTED_LATE = "submitted_late"
    DUE = "due"
    LATE = "late"


class PeriodNotOverError(TicketError):
    """A report is over a period that has ended: a part of one would be taken for the whole (N-15)."""

    code = "report_period_not_over"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a kind of report holds. `cases`: the figures whose tickets it lists one by one."""

    words: Words
    spans: tuple[Span, ...]
    splits: tuple[Grouping, ...]
    metrics: tuple[Metric, ...]
    rules: tuple[str, ...] = ()
    cases: tuple[Figure, ...] = ()


ALL = tuple(Metric)
_TIMELINESS = (Metric.ACKNOWLEDGEMENT, Metric.ON_TIME, Metric.CLOSING, Metric.HANDLING, Metric.PROGRESS, Metric.OVERDUE)
_SPLITS = (
    *(_G.BRANCH, _G.CHANNEL, _G.CATEGORY, _G.CAUSE, _G.SOURCE, _G.SEVERITY, _G.VALIDITY, _G.DEPARTMENT),
    *(_G.DISPUTE, _G.PRODUCT_KIND, _G.SALES_CHANNEL),
)

PLANS: Mapping[ReportKind, Plan] = {
    ReportKind.MONTHLY: Plan(Words("投诉统计月报", "monthly complaint report"), (Span.MONTH,), _SPLITS, ALL),
    ReportKind.QUARTERLY: Plan(
        Words("投诉统计季报", "quarterly complaint report"),
        (Span.QUARTER,),
        (_G.MONTH, *_SPLITS),
        ALL,
        ("L-34", "N-15"),
    ),
    ReportKind.YEARLY: Plan(
        Words("投诉统计年报", "yearly complaint report"),
        (Span.YEAR,),
        (_G.MONTH, _G.QUARTER, *_SPLITS),
        ALL,
        ("N-12", "N-15"),
    ),
    ReportKind.INFORMATION: Plan(
        Words("投诉情况通报", "periodic complaint information"),
        (Span.MONTH, Span.QUARTER),
        (_G.BRANCH, _G.DEPARTMENT, _G.CATEGORY, _G.STATUS),
        (Metric.OCCURRENCES, Metric.PIECES, Metric.VALID_PIECES, *_TIMELINESS),
        ("R-3.8", "R-3.11", "R-3.12", "R-3.17", "R-3.28"),
    ),
    ReportKind.MEETING: Plan(
        Words("半年投诉工作联席会议报告", "report to the half-yearly joint meeting"),
        (Span.HALF_YEAR,),
        (_G.MONTH, _G.DEPARTMENT, _G.CATEGORY, _G.BRANCH, _G.SEVERITY),
        (
            Metric.OCCURRENCES,
            Metric.PIECES,
            Metric.VALID_PIECES,
            *_TIMELINESS,
            Metric.REPEAT_MATTERS,
            Metric.ESCALATION,
        ),
        ("B-6", "R-3.2"),
    ),
    ReportKind.BULLETIN: Plan(
        Words("投诉处理通报", "bulletin on escalated and grave cases"),
        (Span.MONTH, Span.QUARTER),
        (_G.BRANCH, _G.SEVERITY, _G.RELATION),
        (Metric.OCCURRENCES, Metric.PIECES, Metric.ESCALATION, Metric.ON_TIME, Metric.OVERDUE),
        ("B-7", "B-8"),
        (Figure.ESCALATIONS, Figure.MAJOR, Figure.OVERDUE),
    ),
    ReportKind.ASSESSMENT: Plan(
        Words("投诉处理考核数据", "assessed quantities"),
        (Span.MONTH, Span.QUARTER, Span.HALF_YEAR, Span.YEAR),
        (_G.BRANCH, _G.DEPARTMENT),
        (
            *(Metric.PIECES, Metric.VALID_PIECES, *_TIMELINESS, Metric.SATISFACTION),
            *(Metric.REPEAT_MATTERS, Metric.REPEAT_OCCURRENCES, Metric.ESCALATION),
        ),
        ("B-9", "R-3.8", "R-3.10", "R-3.14", "R-3.25"),
    ),
    ReportKind.INDICATORS: Plan(
        Words("监管投诉考评指标", "the regulator's indicators"),
        (Span.QUARTER, Span.YEAR),
        (_G.BRANCH, _G.SOURCE),
        (
            *(Metric.FORWARDED_PER_POLICIES, Metric.FORWARDED_PER_PREMIUM, Metric.FORWARDED_PER_PERSON_TIMES),
            *(Metric.PER_POLICIES, Metric.PER_PREMIUM, Metric.PER_PERSON_TIMES),
            *(Metric.FORWARDED_ON_TIME, Metric.FORWARDED_SHARE, Metric.SKIP_LEVEL, Metric.ESCALATION),
        ),
        ("B-12", "M-14"),
    ),
}


def period(kind: ReportKind, span: Span | None, day: date, today: date) -> Days:
    """The days a report covers: the span of its kind in which the day lies. Raises PeriodNotOverError, TicketError."""
    spans = PLANS[kind].spans
    if span is not None and span not in spans:
        known = "、".join(_SPAN_WORDS[each].zh for each in spans)
        words = Words(f"该报告按{known}编制", f"this report is made by {', '.join(spans)}")
        raise PeriodNotOverError(words, rules=PLANS[kind].rules)
    days = spanning(span or spans[0], day)
    if days.last >= today:
        words = Words(f"{days.words.zh}尚未结束", f"{days.words.en} is not over yet")
        raise PeriodNotOverError(words, rules=("N-15",), last_day=str(days.last))
    return days


_SPAN_WORDS: Mapping[Span, Words] = {
    Span.MONTH: Words("月", "month"),
    Span.QUARTER: Words("季度", "quarter"),
    Span.HALF_YEAR: Words("半年", "half-year"),
    Span.YEAR: Words("年", "year"),
}


def due(quarter: Days, book: Rulebook) -> Reckoning:
    """Until when the quarter is to be reported: ten natural days after its end, not ending in rest (L-34, CL-2)."""
    return quarterly_report(quarter.last, book)


def standing(last_day: date, submitted: date | None, today: date) -> Standing:
    """How the duty stands: whether submitted, and whether by the last day."""
    if submitted is not None:
        return Standing.SUBMITTED if submitted <= last_day else Standing.SUBMITTED_LATE
    return Standing.DUE if today <= last_day else Standing.LATE


def rules_of(kind: ReportKind, metrics: tuple[Metric, ...]) -> list[str]:
    """What is printed under it: the rules of counting, of its metrics, of the report itself."""
    of_metrics = [rule for metric in metrics for rule in (METRICS[metric].rule, *METRICS[metric].more_rules)]
    return list(dict.fromkeys((*APPLIED, *of_metrics, *PLANS[kind].rules)))
