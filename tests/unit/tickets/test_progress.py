"""The rhythm of progress on complex cases (F-10, F-11, F-57, L-18, L-19, L-20), on the dates of domain.md d.4."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import deadlines, progress
from tickets.calendar import SHANGHAI
from tickets.deadlines import Gravity, Rulebook
from tickets.intake import Severity
from tickets.limits import Kind
from tickets.progress import Point

pytestmark = pytest.mark.unit
BOOK = Rulebook()


def due(start: date) -> date:
    return deadlines.progress_customer(start, BOOK).due_day


def day(month: int, number: int) -> date:
    return date(2025, month, number)


LAST = day(10, 31)


def told(
    received: date, feedbacks: list[date], end: date | None = None, since: date | None = None, until: date = LAST
) -> list[tuple[date, bool]]:
    points = progress.history(received, since or received, feedbacks, until, due, end)
    return [(point.due, point.met) for point in points]


@pytest.mark.parametrize(
    ("order", "received", "feedbacks", "end", "points"),
    [
        ("T02", day(9, 5), [day(9, 16)], day(9, 18), [(day(9, 16), True)]),
        ("T05", day(10, 9), [day(10, 17)], day(10, 22), [(day(10, 17), True)]),
        ("T10", day(9, 30), [day(10, 16)], None, [(day(10, 16), True), (day(10, 27), False)]),
    ],
)
def test_the_worked_example_has_four_points_and_three_are_met(
    order: str, received: date, feedbacks: list[date], end: date | None, points: list[tuple[date, bool]]
) -> None:
    """F-57, M-10, d.4: 3 / 4 = 75 %."""
    assert told(received, feedbacks, end) == points, order


@pytest.mark.parametrize(
    ("feedbacks", "points"),
    [
        ([], [(day(10, 16), False), (day(10, 27), False)]),
        ([day(10, 14)], [(day(10, 16), True), (day(10, 23), False)]),
        ([day(10, 14), day(10, 15)], [(day(10, 16), True), (day(10, 24), False)]),
        ([day(10, 20)], [(day(10, 16), False), (day(10, 29), False)]),
        ([day(10, 20), day(10, 28)], [(day(10, 16), False), (day(10, 29), True)]),
        ([day(10, 28)], [(day(10, 16), False), (day(10, 27), False)]),
        ([day(10, 16), day(10, 16)], [(day(10, 16), True), (day(10, 27), False)]),
        ([day(9, 30)], [(day(10, 16), False), (day(10, 27), False)]),
        ([day(10, 5)], [(day(10, 16), False), (day(10, 27), False)]),
        ([day(10, 9)], [(day(10, 16), True), (day(10, 17), False), (day(10, 28), False)]),
    ],
    ids=[
        "never told", "ahead of the point", "twice ahead of it", "late", "late, then in time", "later still",
        "twice the same day", "on the day of receipt", "in the holiday", "early",
    ],
)  # fmt: skip
def test_the_next_point_counts_from_the_last_feedback_or_the_missed_day(
    feedbacks: list[date], points: list[tuple[date, bool]]
) -> None:
    """F-57: from a late feedback when it comes before the next point; one after which that would be the same point, on
    the day of receipt or in the holiday, meets nothing."""
    assert told(day(9, 30), feedbacks) == points


@pytest.mark.parametrize(
    ("end", "points"),
    [
        (day(10, 15), []),
        (day(10, 16), []),
        (day(10, 17), [(day(10, 16), True)]),
        (day(10, 27), [(day(10, 16), True)]),
        (day(10, 28), [(day(10, 16), True), (day(10, 27), False)]),
    ],
)
def test_there_is_no_point_from_the_day_the_opinion_is_given(end: date, points: list[tuple[date, bool]]) -> None:
    """F-57: nor one that was met ahead of it."""
    assert told(day(9, 30), [day(10, 14), day(10, 16)], end) == points


@pytest.mark.parametrize(
    ("since", "feedbacks", "points"),
    [
        (day(10, 16), [], [(day(10, 16), False), (day(10, 27), False)]),
        (day(10, 17), [], [(day(10, 27), False)]),
        (day(10, 17), [day(10, 10)], [(day(10, 20), False), (day(10, 29), False)]),
        (day(10, 21), [day(10, 10)], [(day(10, 29), False)]),
    ],
    ids=["on the day of the point", "the day after", "told before", "told long before"],
)
def test_points_before_the_case_was_complex_were_not_due(
    since: date, feedbacks: list[date], points: list[tuple[date, bool]]
) -> None:
    """F-10, F-57"""
    assert told(day(9, 30), feedbacks, since=since) == points


@pytest.mark.parametrize(
    ("severity", "since", "reason", "result"),
    [
        (Severity.DIFFICULT, None, None, "now"),
        (Severity.MAJOR, "before", None, "before"),
        (Severity.GENERAL, "before", None, None),
        (Severity.GENERAL, "before", "涉及三个部门", "before"),
        (Severity.GENERAL, None, None, None),
    ],
)
def test_difficult_and_major_are_complex_by_themselves(
    severity: Severity, since: str | None, reason: str | None, result: str | None
) -> None:
    """F-10"""
    moments = {"before": datetime(2025, 9, 30, tzinfo=SHANGHAI), "now": datetime(2025, 10, 9, tzinfo=SHANGHAI)}
    found = progress.complex_since(severity, moments[since] if since else None, reason, moments["now"])
    assert found == (moments[result] if result else None)


def test_a_complaint_starts_the_clocks_of_its_severity() -> None:
    """F-10, L-17, L-18, L-19, L-20, L-21, F-30"""
    at = datetime(2025, 9, 30, 10, tzinfo=SHANGHAI)
    kinds = {
        gravity: [clock.kind for clock in deadlines.complaint_deadlines(at, gravity, BOOK)]
        for gravity in (Gravity.GENERAL, Gravity.DIFFICULT, Gravity.MAJOR)
    }
    timers = [Kind.PROGRESS_CUSTOMER, Kind.PROGRESS_CS]
    assert kinds == {
        Gravity.GENERAL: [Kind.ANSWER_OR_PROGRESS],
        Gravity.DIFFICULT: [Kind.ANSWER_OR_PROGRESS, *timers],
        Gravity.MAJOR: [Kind.ANSWER_OR_PROGRESS, *timers, Kind.REPORT_UP],
    }


DAYS = st.dates(date(2012, 1, 1), date(2025, 1, 1))
TOLD = st.lists(st.integers(0, 120), max_size=12)


@given(DAYS, TOLD, st.integers(0, 90), st.none() | st.integers(0, 130), st.integers(0, 120))
def test_every_point_has_one_end_and_the_points_only_grow(
    received: date, feedbacks: list[int], since: int, end: int | None, until: int
) -> None:
    """F-57: each later than the one before, none before the receipt nor before the case was complex, none from the end
    on; a feedback on the day of a point, and none between it and the point before, meets it."""
    days = [received + timedelta(days=n) for n in feedbacks]
    ends = None if end is None else received + timedelta(days=end)
    last = received + timedelta(days=until)
    complex_since = received + timedelta(days=since)
    points = progress.history(received, complex_since, days, last, due, ends)
    dues = [point.due for point in points]
    assert dues == sorted(set(dues))
    assert all(complex_since <= each <= last and each > received for each in dues)
    assert ends is None or all(each < ends for each in dues)
    for point in points:
        assert due(point.start) == point.due
        assert not (point.met and point.missed)
        assert not point.met or any(point.start < each <= point.due for each in days)
    earlier = progress.history(received, complex_since, days, last - timedelta(days=1), due, ends)
    assert [point.due for point in earlier] == [each for each in dues if each < last]


@given(DAYS, st.lists(st.integers(1, 7), min_size=1, max_size=10))
def test_who_tells_every_seven_working_days_misses_nothing(received: date, gaps: list[int]) -> None:
    """F-57, L-18"""
    at, days = received, []
    for gap in gaps:
        for _ in range(gap):
            at = BOOK.calendar.add_workdays(at, 1).day
        days.append(at)
    points = progress.history(received, received, days, at, due)
    assert all(point.met for point in points)


@given(DAYS, TOLD)
def test_the_incremental_and_the_whole_reckoning_agree(received: date, feedbacks: list[int]) -> None:
    """F-57: marking what was missed on every single day changes nothing."""
    days = {received + timedelta(days=n) for n in feedbacks}
    points: tuple[Point, ...] = (progress.first(received, received, None, due),)
    for n in range(121):
        today = received + timedelta(days=n)
        points = progress.rolled(points, today, due)
        if today in days:
            points = progress.told(points, today, due)
    whole = progress.history(received, received, days, received + timedelta(days=120), due)
    judged = tuple(point for point in points if point.due <= received + timedelta(days=120))
    assert judged == whole


def test_no_points_no_rhythm() -> None:
    assert progress.told((), day(10, 9), due) == ()
    assert progress.rolled((), day(10, 9), due) == ()
