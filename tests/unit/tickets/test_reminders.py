"""When a department that is silent is reminded, day by day."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import reminders
from tickets.calendar import Calendar
from tickets.deadlines import Rulebook
from tickets.intake import Severity
from tickets.limits import LIMITS
from tickets.reminders import Due, ListAction, ListState, Stage, Watched

pytestmark = pytest.mark.unit

CALENDAR = Calendar()
BOOK = Rulebook(CALENDAR)
FRIDAY = date(2026, 11, 20)
"""The limit; no holiday is near."""
WATCHED = Watched(Severity.GENERAL, FRIDAY, in_hand=True)


def history(watched: Watched, first: date, days: int, book: Rulebook = BOOK) -> dict[date, Due]:
    """What is sent when somebody looks on each of the days, what was sent being kept."""
    sent: dict[date, Due] = {}
    for day in (first + timedelta(days=n) for n in range(days)):
        found = reminders.due(watched, day, book)
        if found is not None:
            sent[day] = found
            watched = replace(
                watched,
                reminded=watched.reminded | {day},
                copied=watched.copied or found.copy,
                listed=watched.listed or found.listing,
            )
    return sent


@pytest.mark.parametrize(
    ("severity", "first"),
    [
        (Severity.GENERAL, date(2026, 11, 19)),
        (Severity.DIFFICULT, date(2026, 11, 18)),
        (Severity.MAJOR, date(2026, 11, 18)),
    ],
)
def test_the_first_comes_when_one_working_day_remains_or_two_of_a_graver_case(severity: Severity, first: date) -> None:
    """R-4.21, L-27, F-36"""
    sent = history(replace(WATCHED, severity=severity), date(2026, 11, 9), 12)
    assert sent == {first: Due(Stage.FIRST, (FRIDAY - first).days, 0)}


def test_past_the_limit_one_a_working_day_with_a_copy_on_the_second_and_the_list_on_the_fifth() -> None:
    """L-28, R-3.9"""
    sent = history(WATCHED, date(2026, 11, 9), 24)
    told = {day.isoformat(): (due.stage.value, due.overdue, due.copy, due.listing) for day, due in sent.items()}
    assert told == {
        "2026-11-19": ("first", 0, False, False),
        "2026-11-23": ("overdue", 1, False, False),
        "2026-11-24": ("overdue", 2, True, False),
        "2026-11-25": ("overdue", 3, False, False),
        "2026-11-26": ("overdue", 4, False, False),
        "2026-11-27": ("overdue", 5, False, True),
        "2026-11-30": ("overdue", 6, False, False),
        "2026-12-01": ("overdue", 7, False, False),
        "2026-12-02": ("overdue", 8, False, False),
    }


def changed(**amounts: int) -> Rulebook:
    """A rulebook in which these limits have other amounts."""
    others = {rule.replace("_", "-"): amount for rule, amount in amounts.items()}
    return replace(BOOK, limits={**LIMITS, **{rule: replace(LIMITS[rule], amount=n) for rule, n in others.items()}})


def test_a_company_that_changed_the_limits_reminds_by_its_own() -> None:
    """L-27, L-28: three days before, every second day past it, copied from the first and listed from the fourth on."""
    book = changed(L_27=3, L_28=2, L_28b=1, L_28c=4)
    sent = history(WATCHED, date(2026, 11, 9), 22, book)
    told = {day.isoformat(): (due.stage.value, due.overdue, due.copy, due.listing) for day, due in sent.items()}
    assert told == {
        "2026-11-17": ("first", 0, False, False),
        "2026-11-23": ("overdue", 1, True, False),
        "2026-11-25": ("overdue", 3, False, False),
        "2026-11-27": ("overdue", 5, False, True),
    }
    assert reminders.farthest((BOOK, book)) == 3
    assert reminders.farthest((BOOK, changed(L_27b=9))) == 9


def test_working_days_are_the_calendars() -> None:
    """L-27, L-28: the limit is the last day before the holiday; a make-up Saturday is a working day."""
    sent = history(replace(WATCHED, due_day=date(2025, 9, 30)), date(2025, 9, 26), 16)
    assert [day.isoformat() for day in sent] == ["2025-09-29", "2025-10-09", "2025-10-10", "2025-10-11"]
    assert [due.overdue for due in sent.values()] == [0, 1, 2, 3]


@pytest.mark.parametrize("changes", [{"fed_back": True}, {"in_hand": False}, {"due_day": date.max}])
def test_any_feedback_a_return_and_a_limit_that_stands_still_stop_it(changes: dict[str, Any]) -> None:
    """R-4.21, F-39, CL-4"""
    assert history(replace(WATCHED, **changes), date(2026, 11, 9), 40) == {}


def test_what_a_day_without_the_program_left_undone_is_made_good() -> None:
    """L-28"""
    late = replace(WATCHED, reminded=frozenset({date(2026, 11, 19)}))
    found = reminders.due(late, date(2026, 12, 1), BOOK)
    assert found == Due(Stage.OVERDUE, 0, 7, copy=True, listing=True)


@given(
    st.sampled_from(Severity),
    st.dates(date(2025, 1, 1), date(2026, 10, 1)),
    st.integers(-10, 30),
    st.booleans(),
)
def test_whatever_is_due_lies_before_the_day_the_sweep_looks_to(
    severity: Severity, due_day: date, past: int, reminded: bool
) -> None:
    """L-27: no silent department is missed by the list that is swept."""
    today = due_day + timedelta(days=past)
    watched = Watched(severity, due_day, in_hand=True, reminded=frozenset({due_day - timedelta(9)} if reminded else ()))
    found = reminders.due(watched, today, BOOK)
    if found is not None:
        assert due_day < reminders.may_be_near(today, CALENDAR, reminders.farthest((BOOK,)))
        assert CALENDAR.is_workday(today)
        assert (found.overdue > 0) == (today > due_day)
        assert found.stage is (Stage.OVERDUE if found.overdue else Stage.FIRST)


@given(st.dates(date(2025, 1, 1), date(2026, 9, 1)), st.sampled_from(Severity))
def test_nobody_is_reminded_twice_a_day_copied_twice_or_listed_twice(due_day: date, severity: Severity) -> None:
    """L-27, L-28"""
    sent = history(replace(WATCHED, due_day=due_day, severity=severity), due_day - timedelta(days=30), 60)
    assert sum(due.copy for due in sent.values()) == sum(due.listing for due in sent.values()) == 1
    assert sum(due.stage is Stage.FIRST for due in sent.values()) == 1
    overdue = [due.overdue for due in sent.values() if due.stage is Stage.OVERDUE]
    assert overdue == list(range(1, len(overdue) + 1))


def test_only_what_was_confirmed_is_published_and_what_is_published_stays() -> None:
    """R-3.9, B-8"""
    assert reminders.listed(ListState.LISTED, ListAction.PUBLISH) is None
    assert reminders.listed(ListState.CONFIRMED, ListAction.PUBLISH) is ListState.PUBLISHED
    assert {action for action in ListAction if reminders.listed(ListState.PUBLISHED, action)} == set()
    assert {action for action in ListAction if reminders.listed(ListState.DROPPED, action)} == set()
