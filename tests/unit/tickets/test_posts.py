"""Who must be named where, whom a post takes, and until when a change at a counter is reported."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import posts
from tickets.calendar import Calendar
from tickets.categories import Department
from tickets.lifecycle import Level
from tickets.posts import Part, Person, Post, ReportState

pytestmark = pytest.mark.unit

CALENDAR = Calendar()
SALES = Department.SALES
FIT = Person(True, True, True, frozenset({"coordinator", "legal"}), SALES)


def test_every_company_level_wants_its_group_and_a_coordinator_of_each_department() -> None:
    """R-3.1, R-3.2, R-3.42"""
    wanted = list(posts.wanted())
    assert len(wanted) == len(set(wanted))
    for level in (Level.HQ, Level.PROVINCE, Level.CITY):
        here = {(post, department) for each, post, department in wanted if each is level}
        assert {department for post, department in here if post is Post.COORDINATOR} == set(Department)
        assert {department for post, department in here if post is Post.MEMBER} == {
            Department.CUSTOMER_SERVICE,
            Department.SALES,
            Department.BUSINESS_MANAGEMENT,
            Department.IT,
        }
        assert (Post.EXECUTIVE, None) in here
    assert {level for level, _, _ in wanted} == set(posts.COMPANIES)


@pytest.mark.parametrize(
    ("post", "department", "level", "person", "fields"),
    [
        (Post.COORDINATOR, SALES, Level.CITY, FIT, []),
        (Post.COORDINATOR, SALES, Level.COUNTER_A, FIT, []),
        (Post.COORDINATOR, None, Level.CITY, Person(True, True, True, FIT.roles, None), ["department"]),
        (Post.COORDINATOR, SALES, Level.CITY, Person(False, True, True, FIT.roles, SALES), ["user_id"]),
        (Post.COORDINATOR, SALES, Level.CITY, Person(True, False, True, FIT.roles, SALES), ["user_id"]),
        (Post.COORDINATOR, SALES, Level.CITY, Person(True, True, True, FIT.roles, Department.IT), ["user_id"]),
        (Post.COORDINATOR, SALES, Level.CITY, Person(True, True, True, frozenset({"agent"}), SALES), ["user_id"]),
        (Post.MEMBER, SALES, Level.COUNTER_A, FIT, ["kind"]),
        (Post.EXECUTIVE, None, Level.HQ, Person(True, True, True, frozenset(), None), []),
        (Post.EXECUTIVE, SALES, Level.HQ, FIT, ["department"]),
        (Post.COUNSEL, None, Level.COUNTER_B, Person(True, False, True, FIT.roles, None), []),
        (Post.COUNSEL, None, Level.CITY, Person(True, False, False, FIT.roles, None), ["user_id"]),
        (Post.COUNSEL, None, Level.CITY, Person(True, True, True, frozenset(), None), ["user_id"]),
    ],
)
def test_a_post_takes_who_fits_it(
    post: Post, department: Department | None, level: Level, person: Person, fields: list[str]
) -> None:
    """R-3.1, R-3.42, R-4.25"""
    found = list(posts.problems(post, department, level, person))
    assert [problem.field for problem in found] == fields
    assert all(problem.rules for problem in found)


@pytest.mark.parametrize(
    ("effective", "due"),
    [
        (date(2025, 9, 26), date(2025, 10, 13)),  # a working Sunday, the holiday, a working Saturday
        (date(2026, 11, 18), date(2026, 11, 27)),
        (date(2026, 11, 21), date(2026, 12, 1)),  # a Saturday is day 0 too
    ],
)
def test_a_change_is_reported_within_seven_working_days_of_its_effect(effective: date, due: date) -> None:
    """R-3.35, L-33, F-33"""
    assert posts.report_due(effective, CALENDAR) == due
    assert posts.report_state(effective, None, due, CALENDAR) is ReportState.DUE
    assert posts.report_state(effective, None, due + timedelta(days=1), CALENDAR) is ReportState.LATE
    in_time = datetime(due.year, due.month, due.day, 15, 59, tzinfo=UTC)
    assert posts.report_state(effective, in_time, due, CALENDAR) is ReportState.REPORTED
    too_late = in_time + timedelta(minutes=1)
    assert posts.report_state(effective, too_late, due, CALENDAR) is ReportState.REPORTED_LATE


@given(st.dates(date(2024, 1, 1), date(2026, 12, 1)), st.integers(0, 40))
def test_what_took_effect_before_the_first_day_in_time_and_nothing_else_is_late(today: date, back: int) -> None:
    """L-33: the list of late reports and the state of each say the same."""
    effective = today - timedelta(days=back)
    late = posts.report_state(effective, None, today, CALENDAR) is ReportState.LATE
    assert (effective < posts.first_in_time(today, CALENDAR)) == late


def test_a_delegate_is_no_holder() -> None:
    """F-44"""
    assert set(Part) == {Part.HOLDER, Part.DELEGATE}
    assert Post.COORDINATOR.has_department
    assert not Post.COUNSEL.has_department
