"""The metrics M-1 … M-19: each a figure over a figure, or over what the company imported, rounded once (F-65).

A metric carries its two figures by name, so that both can be expanded into their tickets (T-4). The insurer's own total
and what the regulator forwarded are two bases and two metrics, never one (domain d.3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from tickets.errors import Words
from tickets.statistics import Figure

_F = Figure


class Unit(StrEnum):
    """What a metric's value is in."""

    COUNT = "count"
    PERCENT = "percent"
    WORKDAYS = "workdays"
    PER_ORDER = "per_order"
    DENSITY = "density"


class Base(StrEnum):
    """What the company imports to divide by, and how much of it makes one (M-11 … M-13)."""

    PREMIUM = "premium"
    POLICIES = "policies"
    PERSON_TIMES = "person_times"

    @property
    def portion(self) -> int:
        """One density is per so many: 100 million yuan, 10 000 policies, 10 000 insured person-times."""
        return 100_000_000 if self is Base.PREMIUM else 10_000


class Basis(StrEnum):
    """Whose complaints a density counts; the two are never mixed."""

    COMPANY_TOTAL = "company_total"
    REGULATOR_FORWARDED = "regulator_forwarded"


class Metric(StrEnum):
    """The metrics by name."""

    OCCURRENCES = "occurrences"
    PIECES = "pieces"
    VALID_PIECES = "valid_pieces"
    ACKNOWLEDGEMENT = "acknowledgement_rate"
    CLOSING = "closing_rate"
    ON_TIME = "on_time_rate"
    HANDLING = "mean_handling_workdays"
    REPEAT_MATTERS = "repeat_matter_rate"
    REPEAT_OCCURRENCES = "repeat_occurrence_rate"
    ESCALATION = "escalation_rate"
    PROGRESS = "progress_compliance"
    COORDINATOR_PROGRESS = "coordinator_progress_compliance"
    PER_PREMIUM = "per_100m_premium"
    PER_POLICIES = "per_10k_policies"
    PER_PERSON_TIMES = "per_10k_person_times"
    VALID_PER_PREMIUM = "valid_per_100m_premium"
    VALID_PER_POLICIES = "valid_per_10k_policies"
    VALID_PER_PERSON_TIMES = "valid_per_10k_person_times"
    FORWARDED_PER_PREMIUM = "forwarded_per_100m_premium"
    FORWARDED_PER_POLICIES = "forwarded_per_10k_policies"
    FORWARDED_PER_PERSON_TIMES = "forwarded_per_10k_person_times"
    FORWARDED_SHARE = "forwarded_share"
    FORWARDED_ON_TIME = "forwarded_on_time_rate"
    SKIP_LEVEL = "skip_level_rate"
    SATISFACTION = "satisfaction"
    REMINDERS = "reminders_per_order"
    RETURNS = "returns_per_order"
    RETURNED_TWICE = "second_return_rate"
    OVERDUE = "overdue_backlog"


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric: the rule it comes from, what is divided by what, in which unit, on which basis, and its names."""

    rule: str
    numerator: Figure
    denominator: Figure | Base | None
    unit: Unit
    words: Words
    basis: Basis = Basis.COMPANY_TOTAL
    more_rules: tuple[str, ...] = ()


_FORWARDED = Basis.REGULATOR_FORWARDED

METRICS: Mapping[Metric, Definition] = {
    Metric.OCCURRENCES: Definition("M-1", _F.OCCURRENCES, None, Unit.COUNT, Words("投诉次数", "occurrences")),
    Metric.PIECES: Definition("M-2", _F.PIECES, None, Unit.COUNT, Words("投诉件数", "pieces"), more_rules=("D-1",)),
    Metric.VALID_PIECES: Definition(
        "M-3", _F.VALID_PIECES, None, Unit.COUNT, Words("有效投诉件数", "valid pieces"), more_rules=("D-9",)
    ),
    Metric.ACKNOWLEDGEMENT: Definition(
        "M-4",
        _F.ACKNOWLEDGED,
        _F.OCCURRENCES,
        Unit.PERCENT,
        Words("受理确认率", "acknowledgement rate"),
        more_rules=("R-4.7", "F-62"),
    ),
    Metric.CLOSING: Definition(
        "M-5",
        _F.CLOSED,
        _F.OCCURRENCES,
        Unit.PERCENT,
        Words("办结率", "closing rate"),
        more_rules=("F-54", "F-60"),
    ),
    Metric.ON_TIME: Definition(
        "M-6",
        _F.IN_TIME,
        _F.DUE,
        Unit.PERCENT,
        Words("及时率", "on-time rate"),
        more_rules=("F-51", "F-54", "F-61"),
    ),
    Metric.HANDLING: Definition(
        "M-7",
        _F.HANDLING_DAYS,
        _F.HANDLED,
        Unit.WORKDAYS,
        Words("平均处理时长(工作日)", "mean handling time in working days"),
        more_rules=("F-54",),
    ),
    Metric.REPEAT_MATTERS: Definition(
        "M-8", _F.REPEAT_MATTERS, _F.MATTERS, Unit.PERCENT, Words("重复投诉事件率", "repeat matter rate")
    ),
    Metric.REPEAT_OCCURRENCES: Definition(
        "M-8", _F.REPEATS, _F.OCCURRENCES, Unit.PERCENT, Words("重复投诉次数率", "repeat occurrence rate")
    ),
    Metric.ESCALATION: Definition(
        "M-9",
        _F.ESCALATED_MATTERS,
        _F.VALID_MATTERS,
        Unit.PERCENT,
        Words("投诉升级率", "escalation rate"),
        more_rules=("F-58",),
    ),
    Metric.PROGRESS: Definition(
        "M-10",
        _F.PROGRESS_MET,
        _F.PROGRESS_DUE,
        Unit.PERCENT,
        Words("进度反馈达标率(客户)", "progress compliance, to the customer"),
        more_rules=("F-57",),
    ),
    Metric.COORDINATOR_PROGRESS: Definition(
        "M-10",
        _F.COORDINATOR_MET,
        _F.COORDINATOR_DUE,
        Unit.PERCENT,
        Words("进度反馈达标率(协调员)", "progress compliance of coordinators"),
        more_rules=("F-57", "R-3.46"),
    ),
    Metric.PER_PREMIUM: Definition(
        "M-11",
        _F.PIECES,
        Base.PREMIUM,
        Unit.DENSITY,
        Words("亿元保费投诉量(公司全部)", "per 100 m premium, company total"),
    ),
    Metric.PER_POLICIES: Definition(
        "M-12",
        _F.PIECES,
        Base.POLICIES,
        Unit.DENSITY,
        Words("万张保单投诉量(公司全部)", "per 10 000 policies, company total"),
    ),
    Metric.PER_PERSON_TIMES: Definition(
        "M-13",
        _F.PIECES,
        Base.PERSON_TIMES,
        Unit.DENSITY,
        Words("万人次投诉量(公司全部)", "per 10 000 person-times, company total"),
    ),
    Metric.VALID_PER_PREMIUM: Definition(
        "M-11",
        _F.VALID_PIECES,
        Base.PREMIUM,
        Unit.DENSITY,
        Words("亿元保费投诉量(公司有效件)", "per 100 m premium, company, valid only"),
    ),
    Metric.VALID_PER_POLICIES: Definition(
        "M-12",
        _F.VALID_PIECES,
        Base.POLICIES,
        Unit.DENSITY,
        Words("万张保单投诉量(公司有效件)", "per 10 000 policies, company, valid only"),
    ),
    Metric.VALID_PER_PERSON_TIMES: Definition(
        "M-13",
        _F.VALID_PIECES,
        Base.PERSON_TIMES,
        Unit.DENSITY,
        Words("万人次投诉量(公司有效件)", "per 10 000 person-times, company, valid only"),
    ),
    Metric.FORWARDED_PER_PREMIUM: Definition(
        "M-11",
        _F.FORWARDED_PIECES,
        Base.PREMIUM,
        Unit.DENSITY,
        Words("亿元保费投诉量(监管转办)", "per 100 m premium, regulator-forwarded"),
        _FORWARDED,
    ),
    Metric.FORWARDED_PER_POLICIES: Definition(
        "M-12",
        _F.FORWARDED_PIECES,
        Base.POLICIES,
        Unit.DENSITY,
        Words("万张保单投诉量(监管转办)", "per 10 000 policies, regulator-forwarded"),
        _FORWARDED,
    ),
    Metric.FORWARDED_PER_PERSON_TIMES: Definition(
        "M-13",
        _F.FORWARDED_PIECES,
        Base.PERSON_TIMES,
        Unit.DENSITY,
        Words("万人次投诉量(监管转办)", "per 10 000 person-times, regulator-forwarded"),
        _FORWARDED,
    ),
    Metric.FORWARDED_SHARE: Definition(
        "M-15",
        _F.FORWARDED_PIECES,
        _F.PIECES,
        Unit.PERCENT,
        Words("监管转办占比", "regulator-forwarded share"),
        more_rules=("F-59",),
    ),
    Metric.FORWARDED_ON_TIME: Definition(
        "M-15",
        _F.FORWARDED_IN_TIME,
        _F.FORWARDED_DUE,
        Unit.PERCENT,
        Words("监管转办及时率", "on-time rate of regulator-forwarded orders"),
        _FORWARDED,
        more_rules=("F-59",),
    ),
    Metric.SKIP_LEVEL: Definition(
        "M-16", _F.SKIP_LEVEL_PIECES, _F.VALID_PIECES, Unit.PERCENT, Words("越级投诉率", "skip-level rate")
    ),
    Metric.SATISFACTION: Definition(
        "M-17", _F.SATISFIED, _F.SAMPLED, Unit.PERCENT, Words("满意率(抽查)", "satisfaction of those sampled")
    ),
    Metric.REMINDERS: Definition(
        "M-18", _F.REMINDERS, _F.DISPATCHED, Unit.PER_ORDER, Words("单均催办次数", "reminders per dispatched order")
    ),
    Metric.RETURNS: Definition(
        "M-18", _F.RETURNS, _F.DISPATCHED, Unit.PER_ORDER, Words("单均退单次数", "returns per dispatched order")
    ),
    Metric.RETURNED_TWICE: Definition(
        "M-18", _F.RETURNED_TWICE, _F.DISPATCHED, Unit.PERCENT, Words("二次退单率", "dispatched orders returned twice")
    ),
    Metric.OVERDUE: Definition(
        "M-19", _F.OVERDUE, None, Unit.COUNT, Words("超期未结件", "overdue backlog"), more_rules=("F-61",)
    ),
}

PLACES: Mapping[Unit, Decimal] = {
    Unit.COUNT: Decimal(1),
    Unit.PERCENT: Decimal("0.01"),
    Unit.WORKDAYS: Decimal("0.01"),
    Unit.PER_ORDER: Decimal("0.01"),
    Unit.DENSITY: Decimal("0.0001"),
}


@dataclass(frozen=True, slots=True)
class Value:
    """A metric worked out: what was divided by what; `exact` is None where there is nothing to divide by."""

    metric: Metric
    numerator: Decimal
    denominator: Decimal | None
    exact: Decimal | None

    @property
    def value(self) -> Decimal | None:
        """Half up: percentages and means to 2 places, densities to 4 (F-65)."""
        if self.exact is None:
            return None
        return self.exact.quantize(PLACES[METRICS[self.metric].unit], ROUND_HALF_UP)


def worked_out(metric: Metric, figure: Callable[[Figure], int], bases: Mapping[Base, Decimal]) -> Value:
    """The metric from its figures and from what was imported to divide by."""
    definition = METRICS[metric]
    numerator = Decimal(figure(definition.numerator))
    below = definition.denominator
    if below is None:
        return Value(metric, numerator, None, numerator)
    denominator = Decimal(figure(below)) if isinstance(below, Figure) else bases.get(below)
    if not denominator:
        return Value(metric, numerator, denominator, None)
    portion = below.portion if isinstance(below, Base) else 100 if definition.unit is Unit.PERCENT else 1
    return Value(metric, numerator, denominator, numerator * portion / denominator)


def percentage(part: int, whole: int) -> Decimal | None:
    """A part in per cent, rounded as the metrics are (F-65); None of nothing."""
    if not whole:
        return None
    return (Decimal(part) * 100 / Decimal(whole)).quantize(PLACES[Unit.PERCENT], ROUND_HALF_UP)


def change(now: Value, before: Value) -> Decimal | None:
    """By how many per cent a metric differs from an earlier period's, of M-11 the M-14; None where one is not known."""
    if now.exact is None or not before.exact:
        return None
    return ((now.exact - before.exact) * 100 / before.exact).quantize(PLACES[Unit.PERCENT], ROUND_HALF_UP)
