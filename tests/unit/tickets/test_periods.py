"""Periods of reports and what they are compared with."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.periods import Comparison, Days, Span, spanned, spanning

pytestmark = pytest.mark.unit


def days(first: str, last: str) -> Days:
    return Days(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("asked", "previous", "last_year"),
    [
        (("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-02-28"), ("2025-03-01", "2025-03-31")),
        (("2026-01-01", "2026-03-31"), ("2025-10-01", "2025-12-31"), ("2025-01-01", "2025-03-31")),
        (("2026-01-01", "2026-12-31"), ("2025-01-01", "2025-12-31"), ("2025-01-01", "2025-12-31")),
        (("2025-09-01", "2025-10-31"), ("2025-07-01", "2025-08-31"), ("2024-09-01", "2024-10-31")),
        (("2024-02-01", "2024-02-29"), ("2024-01-01", "2024-01-31"), ("2023-02-01", "2023-02-28")),
        (("2025-02-01", "2025-02-28"), ("2025-01-01", "2025-01-31"), ("2024-02-01", "2024-02-29")),
        (("2026-03-02", "2026-03-08"), ("2026-02-23", "2026-03-01"), ("2025-03-02", "2025-03-08")),
    ],
)
def test_whole_months_are_held_against_whole_months(
    asked: tuple[str, str], previous: tuple[str, str], last_year: tuple[str, str]
) -> None:
    """M-14"""
    assert days(*asked).compared(Comparison.PREVIOUS) == days(*previous)
    assert days(*asked).compared(Comparison.LAST_YEAR) == days(*last_year)


@pytest.mark.parametrize(
    ("span", "first", "last", "zh"),
    [
        (Span.MONTH, "2026-02-01", "2026-02-28", "2026年2月"),
        (Span.QUARTER, "2026-01-01", "2026-03-31", "2026年第一季度"),
        (Span.HALF_YEAR, "2026-01-01", "2026-06-30", "2026年上半年"),
        (Span.YEAR, "2026-01-01", "2026-12-31", "2026年"),
    ],
)
def test_a_day_lies_in_one_period_of_each_kind(span: Span, first: str, last: str, zh: str) -> None:
    """L-34"""
    found = spanning(span, date(2026, 2, 14))
    assert found == days(first, last)
    assert found.words.zh == zh
    assert spanned(found) is span


@given(st.dates(date(1999, 1, 1), date(2199, 12, 31)), st.sampled_from(Span))
def test_periods_follow_each_other_without_a_gap(day: date, span: Span) -> None:
    here = spanning(span, day)
    assert here.first <= day <= here.last
    assert here.compared(Comparison.PREVIOUS).last == here.first - timedelta(days=1)
    assert spanning(span, here.last + timedelta(days=1)).compared(Comparison.PREVIOUS) == here
