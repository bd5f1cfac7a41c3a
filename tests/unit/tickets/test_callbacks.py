"""What a callback came to, and the six callback metrics on the check values and on every possible case."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.calendar import SHANGHAI, Calendar, end_of_day
from tickets.callbacks import (
    FINAL,
    METRICS,
    CallbackFigure,
    CallbackMetric,
    Case,
    Outcome,
    Reply,
    Solved,
    counts,
    outcome,
    total,
    worked_out,
)

pytestmark = pytest.mark.unit

CALENDAR = Calendar()
LAST = date(2025, 9, 20)
FOUND = datetime(2025, 9, 10, 10, tzinfo=SHANGHAI)
TODAY = date(2025, 12, 1)
_F, _M = CallbackFigure, CallbackMetric


@pytest.mark.parametrize(
    ("taken", "replies", "expected"),
    [
        (True, "AAAAAAA", Outcome.SUCCESSFUL),
        (True, "AAAOAAA", Outcome.PROBLEM),
        (True, "AAAAAA-", Outcome.NOT_COMPLETED),
        (True, "AOAAAA-", Outcome.NOT_COMPLETED),
        (False, "AAAAAAA", Outcome.NOT_COMPLETED),
        (True, "", Outcome.NOT_COMPLETED),
    ],
)
def test_what_a_callback_came_to(taken: bool, replies: str, expected: Outcome) -> None:
    """C-13"""
    named = {"A": Reply.AFFIRMED, "O": Reply.OBJECTED, "-": Reply.MISSING}
    assert outcome(taken=taken, replies=[named[reply] for reply in replies]) is expected
    assert expected.completed is (expected is not Outcome.NOT_COMPLETED)


def test_the_check_values_of_the_regulation() -> None:
    """C-13, C-14, C-20: of 100 policies 89 successful, 5 problems of which 4 solved in time, 2 letters later."""
    good = Case(LAST, FOUND, Outcome.SUCCESSFUL, FOUND)
    problem = Case(LAST, FOUND, Outcome.PROBLEM, FOUND)
    solved = Case(LAST, FOUND, Outcome.PROBLEM, FOUND, Solved(FOUND + timedelta(days=7), accepted=True))
    letter = Case(LAST, FOUND, Outcome.SUCCESSFUL, end_of_day(LAST) + timedelta(days=5))
    cases = [good] * 89 + [solved] * 4 + [problem] + [letter] * 2 + [Case(LAST, FOUND)] * 4
    figures = total(cases, TODAY, CALENDAR)
    shares = {metric: worked_out(metric, figures.__getitem__) for metric in CallbackMetric}
    assert {metric: share.value for metric, share in shares.items()} == {
        _M.COVERAGE: Decimal("100.00"),
        _M.COMPLETION: Decimal("94.00"),
        _M.SUCCESS: Decimal("89.00"),
        _M.PROBLEM_RATE: Decimal("5.32"),
        _M.HANDLED_ON_TIME: Decimal("80.00"),
        _M.FINAL_SUCCESS: Decimal("95.00"),
    }
    assert {metric: share.met for metric, share in shares.items()} == {
        _M.COVERAGE: True,
        _M.COMPLETION: None,
        _M.SUCCESS: False,
        _M.PROBLEM_RATE: None,
        _M.HANDLED_ON_TIME: False,
        _M.FINAL_SUCCESS: None,
    }


@pytest.mark.parametrize(
    ("solved", "today", "due", "in_time"),
    [
        (None, date(2025, 9, 30), False, False),  # the fifteenth working day, for Sunday the 28th is one
        (None, date(2025, 10, 1), True, False),
        (date(2025, 9, 11), date(2025, 9, 12), True, True),
        (date(2025, 9, 30), date(2025, 9, 30), True, True),
        (date(2025, 10, 1), date(2025, 10, 1), True, False),
    ],
)
def test_problems_have_fifteen_working_days(solved: date | None, today: date, due: bool, in_time: bool) -> None:
    """C-14"""
    told = None if solved is None else Solved(datetime(solved.year, solved.month, solved.day, 9, tzinfo=SHANGHAI), True)
    case = Case(LAST, FOUND, Outcome.PROBLEM, FOUND, told)
    assert case.problem_due(CALENDAR) == date(2025, 9, 30)
    assert counts(_F.PROBLEMS_DUE, case, today, CALENDAR) is due
    assert counts(_F.PROBLEMS_IN_TIME, case, today, CALENDAR) is in_time


def test_the_window_ends_with_the_last_day_in_shanghai() -> None:
    """C-3, D-14"""
    end = datetime(2025, 9, 20, 16, tzinfo=SHANGHAI) + timedelta(hours=8)
    before, after = (Case(LAST, at, Outcome.SUCCESSFUL, at) for at in (end - timedelta(seconds=1), end))
    assert (before.tried_in_window, before.in_window) == (True, True)
    assert (after.tried_in_window, after.in_window) == (False, False)
    assert counts(_F.SUCCESSFUL_LATER, after, TODAY, CALENDAR)


MOMENTS = st.none() | st.integers(-20, 40).map(lambda days: FOUND + timedelta(days=days))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    came = draw(st.sampled_from(Outcome))
    completed = draw(MOMENTS.filter(lambda at: at is not None)) if came.completed else None
    solved = None
    if came is Outcome.PROBLEM and completed is not None and draw(st.booleans()):
        solved = Solved(completed + timedelta(days=draw(st.integers(0, 40))), draw(st.booleans()))
    return Case(LAST, completed or draw(MOMENTS), came, completed, solved)


@given(st.lists(cases(), max_size=30), st.integers(0, 60))
def test_no_share_exceeds_the_whole_and_its_parts_make_final_success(held: list[Case], days: int) -> None:
    """C-13, C-14, C-20"""
    figures = total(held, FOUND.date() + timedelta(days=days), CALENDAR)
    assert all(figures[each.numerator] <= figures[each.denominator] for each in METRICS.values())
    assert figures[_F.COMPLETED] == figures[_F.SUCCESSFUL] + figures[_F.PROBLEMS] <= figures[_F.ATTEMPTED]
    assert figures[_F.FINALLY_SUCCESSFUL] == sum(figures[part] for part in FINAL) <= figures[_F.IN_SCOPE]


def test_nothing_over_nothing_is_not_known_and_targets_can_be_others() -> None:
    """C-20"""
    nothing = worked_out(_M.COVERAGE, lambda _: 0)
    assert (nothing.value, nothing.met) == (None, None)
    lower = worked_out(_M.SUCCESS, {_F.SUCCESSFUL: 9, _F.IN_SCOPE: 10}.__getitem__, {_M.SUCCESS: Decimal(90)})
    assert (lower.value, lower.met) == (Decimal("90.00"), True)
