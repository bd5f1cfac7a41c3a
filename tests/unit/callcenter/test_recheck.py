"""When a sampled policyholder is rung again (C-24, C-18)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.callbacks import recheck
from callcenter.calling_hours import STANDARD
from tickets.calendar import SHANGHAI, Calendar

pytestmark = pytest.mark.unit

START = datetime(2025, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


def test_half_a_year_after_the_first_callback_at_an_hour_when_people_may_be_rung() -> None:
    """C-24, C-18"""
    first = datetime(2026, 11, 18, 20, 59, tzinfo=SHANGHAI)
    due = recheck.due_from(first, recheck.HALF_A_YEAR, first, Calendar())
    assert due == datetime(2027, 5, 20, 20, 59, tzinfo=SHANGHAI)
    late = recheck.due_from(first + timedelta(minutes=5), recheck.HALF_A_YEAR, first, Calendar())
    assert late == datetime(2027, 5, 21, 9, tzinfo=SHANGHAI)


@given(MOMENTS, st.integers(0, 400), MOMENTS)
def test_nobody_is_rung_before_the_days_are_over_nor_in_the_past_nor_at_night(
    first: datetime, days: int, now: datetime
) -> None:
    """C-24, C-18: whenever the sample is drawn."""
    due = recheck.due_from(first, days, now, Calendar())
    assert due >= max(now, first + timedelta(days=days))
    assert STANDARD.may_ring(due, Calendar())
