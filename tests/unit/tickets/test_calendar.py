"""Working days in Shanghai: published, corrected, and not yet known (domain.md g, T-7)."""

from datetime import UTC, date, datetime, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.calendar import (
    SHANGHAI,
    Calendar,
    DayKind,
    Override,
    Reckoned,
    end_of_day,
    shanghai_day,
)

pytestmark = pytest.mark.unit
CALENDAR = Calendar()
KNOWN = st.dates(date(2010, 1, 1), date(2026, 11, 30))
ANY_DAY = st.dates()


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        (date(2025, 9, 30), 1, date(2025, 10, 9)),
        (date(2025, 9, 28), 5, date(2025, 10, 11)),
        (date(2025, 9, 29), 5, date(2025, 10, 13)),
        (date(2025, 9, 30), 10, date(2025, 10, 21)),
        (date(2025, 9, 5), 10, date(2025, 9, 19)),
    ],
)
def test_working_days_are_counted_across_holidays_and_make_up_days(start: date, days: int, due: date) -> None:
    """CL-1, L-11, L-12: the test dates of domain.md (g)."""
    assert CALENDAR.add_workdays(start, days) == Reckoned(due, provisional=False)


@pytest.mark.parametrize("day", [date(2026, m, d) for m, d in [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)]])
def test_a_make_up_weekend_is_a_working_day(day: date) -> None:
    """CL-2: a shifted working weekend is no rest day."""
    assert day.weekday() >= 5
    assert CALENDAR.kind(day) is DayKind.MAKE_UP
    assert CALENDAR.after_rest(day).day == day


def test_a_rest_period_ends_at_its_first_working_day() -> None:
    """CL-2: the National Day of 2025 lasts from the 1st to the 8th."""
    assert CALENDAR.after_rest(date(2025, 10, 1)).day == date(2025, 10, 9)
    assert CALENDAR.after_rest(date(2025, 9, 20)).day == date(2025, 9, 22)


def test_weekends_stay_when_only_named_holidays_count_as_rest() -> None:
    """CL-2: reading weekends into it can be switched off."""
    assert CALENDAR.after_rest(date(2025, 9, 20), weekends=False).day == date(2025, 9, 20)
    assert CALENDAR.after_rest(date(2025, 10, 1), weekends=False).day == date(2025, 10, 9)


def test_an_override_wins_over_the_published_calendar() -> None:
    """T-7: a storm day off, and a Saturday worked instead."""
    calendar = Calendar.of(
        [
            Override(date(2026, 11, 18), False, "台风停工", "公司通知"),
            Override(date(2026, 11, 21), True, "补班", "公司通知"),
        ]
    )
    assert calendar.kind(date(2026, 11, 18)) is DayKind.HOLIDAY
    assert calendar.kind(date(2026, 11, 21)) is DayKind.MAKE_UP
    assert calendar.add_workdays(date(2026, 11, 17), 3).day == date(2026, 11, 21)
    assert calendar.version.startswith("chinesecalendar+")


def test_a_year_not_published_is_provisional_and_never_a_crash() -> None:
    """T-7: 2027 knows its statutory days by rule only."""
    assert not CALENDAR.covers(2027)
    assert CALENDAR.kind(date(2027, 10, 1)) is DayKind.HOLIDAY
    assert CALENDAR.add_workdays(date(2026, 12, 31), 1) == Reckoned(date(2027, 1, 4), provisional=True)


def test_a_year_whose_notice_was_loaded_is_not_provisional() -> None:
    """T-7"""
    calendar = Calendar.of([Override(date(2027, 1, 3), True, "补班", "国办发明电")], published=[2027])
    assert calendar.covers(2027)
    assert calendar.add_workdays(date(2026, 12, 31), 1) == Reckoned(date(2027, 1, 3), provisional=False)


@given(ANY_DAY, st.integers(0, 40))
def test_counting_never_raises_whatever_the_year(day: date, days: int) -> None:
    """T-7"""
    assert CALENDAR.add_workdays(day, days).day >= day
    assert CALENDAR.after_rest(day).day >= day


@given(KNOWN, st.integers(1, 40))
def test_a_counted_day_is_a_working_day_and_monotone(start: date, days: int) -> None:
    """CL-1: never before the start, later for more days, never on a rest day."""
    due = CALENDAR.add_workdays(start, days).day
    assert CALENDAR.is_workday(due)
    assert CALENDAR.add_workdays(start, days - 1).day < due
    assert CALENDAR.workdays_between(start, due) == days


@given(KNOWN)
def test_two_independent_calendars_agree(day: date) -> None:
    """T-7: the package used and a second one say the same of every published day."""
    assert CALENDAR.is_workday(day) == holidays.country_holidays("CN", years=day.year).is_working_day(day)


def test_the_day_is_decided_in_shanghai() -> None:
    """D-14, T-7: half past midnight there is still yesterday in UTC."""
    assert shanghai_day(datetime(2026, 11, 18, 16, 30, tzinfo=UTC)) == date(2026, 11, 19)
    with pytest.raises(ValueError, match="without a zone"):
        shanghai_day(datetime(2026, 11, 18))  # noqa: DTZ001


@given(st.dates(max_value=date(9999, 12, 30)))
def test_a_day_ends_where_the_next_begins(day: date) -> None:
    """CL-1: 24:00 belongs to the next day."""
    end = end_of_day(day)
    assert end.astimezone(SHANGHAI).date() == day + timedelta(days=1)


def test_the_last_day_of_all_has_an_end() -> None:
    """T-7"""
    assert end_of_day(date.max).year == 9999


def test_the_days_to_one_that_never_comes_are_counted_in_no_time() -> None:
    """CL-4: a deadline whose clock stands still."""
    assert 2400 < CALENDAR.workdays_between(date(2025, 9, 30), date.max) < 2700
