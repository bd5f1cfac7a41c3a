"""The reports of the measures: their periods, when a quarter is due, and that each prints the rules it rests on."""

from datetime import date

import pytest

from tickets.calendar import Calendar
from tickets.deadlines import Rulebook
from tickets.grouping import Grouping
from tickets.metrics import METRICS, Metric
from tickets.periods import Days, Span
from tickets.reports import PLANS, PeriodNotOverError, ReportKind, Standing, due, period, rules_of, standing
from tickets.statistics import rules_printed

pytestmark = pytest.mark.unit

TODAY = date(2026, 1, 5)


@pytest.mark.parametrize(
    ("kind", "span", "days"),
    [
        (ReportKind.MONTHLY, None, Days(date(2025, 8, 1), date(2025, 8, 31))),
        (ReportKind.QUARTERLY, None, Days(date(2025, 7, 1), date(2025, 9, 30))),
        (ReportKind.YEARLY, None, Days(date(2025, 1, 1), date(2025, 12, 31))),
        (ReportKind.MEETING, None, Days(date(2025, 7, 1), date(2025, 12, 31))),
        (ReportKind.ASSESSMENT, Span.YEAR, Days(date(2025, 1, 1), date(2025, 12, 31))),
        (ReportKind.INDICATORS, None, Days(date(2025, 7, 1), date(2025, 9, 30))),
    ],
)
def test_a_report_is_over_the_period_of_its_kind(kind: ReportKind, span: Span | None, days: Days) -> None:
    """L-34, N-12, B-6, B-9, B-12"""
    assert period(kind, span, date(2025, 8, 15), TODAY) == days


def test_no_report_is_made_of_a_period_that_is_not_over_or_not_of_its_kind() -> None:
    """N-15: a part would be taken for the whole."""
    with pytest.raises(PeriodNotOverError) as refused:
        period(ReportKind.MONTHLY, None, TODAY, TODAY)
    assert refused.value.rules == ("N-15",)
    last = date(2025, 12, 31)
    with pytest.raises(PeriodNotOverError):
        period(ReportKind.MONTHLY, None, last, last)
    with pytest.raises(PeriodNotOverError):
        period(ReportKind.MEETING, Span.MONTH, date(2025, 8, 1), TODAY)


@pytest.mark.parametrize(
    ("quarter", "last"),
    [
        (Days(date(2025, 7, 1), date(2025, 9, 30)), date(2025, 10, 10)),
        (Days(date(2024, 10, 1), date(2024, 12, 31)), date(2025, 1, 10)),
        (Days(date(2026, 4, 1), date(2026, 6, 30)), date(2026, 7, 10)),
        (Days(date(2026, 1, 1), date(2026, 3, 31)), date(2026, 4, 10)),
        (Days(date(2025, 10, 1), date(2025, 12, 31)), date(2026, 1, 12)),
    ],
)
def test_a_quarter_is_reported_within_ten_natural_days_not_ending_in_rest(quarter: Days, last: date) -> None:
    """L-34, CL-2: 10 January 2026 is a Saturday."""
    assert due(quarter, Rulebook(Calendar())).due == last


@pytest.mark.parametrize(
    ("submitted", "today", "expected"),
    [
        (None, date(2025, 10, 10), Standing.DUE),
        (None, date(2025, 10, 11), Standing.LATE),
        (date(2025, 10, 10), date(2025, 11, 1), Standing.SUBMITTED),
        (date(2025, 10, 11), date(2025, 11, 1), Standing.SUBMITTED_LATE),
    ],
)
def test_the_duty_stands_by_the_day_of_submission(submitted: date | None, today: date, expected: Standing) -> None:
    """L-34"""
    assert standing(date(2025, 10, 10), submitted, today) is expected


@pytest.mark.parametrize("kind", ReportKind)
def test_every_report_prints_the_rules_of_its_figures_and_its_own(kind: ReportKind) -> None:
    """R-3.8, R-3.11, R-3.12, R-3.17, R-3.28, B-6, B-7, B-9, B-12, N-12, N-15: and words for each."""
    plan = PLANS[kind]
    printed = {rule["rule"]: rule for rule in rules_printed(rules_of(kind, plan.metrics))}
    assert set(plan.rules) <= set(printed)
    assert {METRICS[metric].rule for metric in plan.metrics} <= set(printed)
    assert {"R-2.5", "D-1", "T-1"} <= set(printed)
    assert all(rule["zh"] and rule["en"] for rule in printed.values())


def test_supervision_has_what_it_asks_for() -> None:
    """B-7, B-9, B-12, R-3.10, R-3.14: cases escalated or grave, assessed quantities, the regulator's indicators."""
    assert {"escalations", "major", "overdue"} <= set(PLANS[ReportKind.BULLETIN].cases)
    assessed = {Metric.PIECES, Metric.ON_TIME, Metric.SATISFACTION, Metric.REPEAT_MATTERS, Metric.ESCALATION}
    assert assessed <= set(PLANS[ReportKind.ASSESSMENT].metrics)
    menu = {Metric.FORWARDED_PER_POLICIES, Metric.FORWARDED_PER_PREMIUM, Metric.FORWARDED_ON_TIME, Metric.SKIP_LEVEL}
    assert menu <= set(PLANS[ReportKind.INDICATORS].metrics)
    assert Grouping.DEPARTMENT in PLANS[ReportKind.INFORMATION].splits
