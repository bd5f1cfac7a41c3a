"""Versions of the rulebook: limits and readings as data, chosen by the receipt day (L-20, CL-2, b.4)."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import deadlines, versions
from tickets.calendar import SHANGHAI
from tickets.deadlines import Gravity, Rulebook
from tickets.errors import LimitRefusedError
from tickets.limits import LIMITS, Unit
from tickets.versions import Change, Switch

pytestmark = pytest.mark.unit
BOOK = Rulebook()
TODAY = date(2025, 9, 1)


def a_change(rule: str = "L-11", amount: int | None = 3, **others: Any) -> Change:
    values: dict[str, Any] = {
        "from_day": date(2025, 10, 1),
        "changed_at": datetime(2025, 9, 1, 10, tzinfo=SHANGHAI),
        "reason": "监管要求",
        "source": "总公司通知1号",
        "unit": Unit.WORKDAYS if amount is not None else None,
        "amount": amount,
    }
    return Change(rule=rule, **values | others)


def turned(switch: Switch, on: bool, **others: Any) -> Change:
    return a_change(switch.value, None, on=on, **others)


def test_a_ticket_comes_under_the_rulebook_of_its_receipt_day() -> None:
    """L-11: five working days before the day of the change, three from it on."""
    before = versions.in_force(date(2025, 9, 30), [a_change()], BOOK)
    after = versions.in_force(date(2025, 10, 1), [a_change()], BOOK)
    assert before is BOOK
    assert (before.version, after.version) == ("2026-1", "2026-1+2025-10-01")
    assert (before.limits["L-11"].amount, after.limits["L-11"].amount) == (5, 3)
    assert after.limits["L-11"].source == "总公司通知1号"
    found = deadlines.decide_inform(datetime(2025, 10, 9, 10, tzinfo=SHANGHAI), Gravity.GENERAL, after)
    assert (found.due_day, found.version) == (date(2025, 10, 13), "2026-1+2025-10-01")


def test_the_latest_change_for_a_day_is_the_one_that_counts() -> None:
    """What was entered later for the same day replaces it; one for an earlier day does not undo a later one."""
    later = a_change(amount=4, changed_at=datetime(2025, 9, 2, tzinfo=SHANGHAI))
    november = a_change(amount=2, from_day=date(2025, 11, 1), changed_at=datetime(2025, 8, 1, tzinfo=SHANGHAI))
    changes = [november, later, a_change()]
    amounts = [versions.in_force(date(2025, month, 1), changes, BOOK).limits["L-11"].amount for month in (9, 10, 11)]
    assert amounts == [5, 4, 2]


@pytest.mark.parametrize("on", [True, False])
def test_readings_are_switched_and_a_limit_beside_them_changes_by_itself(on: bool) -> None:
    """L-20, CL-2: the limit L-20 has an amount and a switch."""
    changes = [turned(Switch.MAJOR_RHYTHM, on), turned(Switch.WEEKENDS_MOVE, on), a_change("L-20", 2)]
    book = versions.in_force(date(2025, 10, 1), changes, BOOK)
    assert (book.major_rhythm, book.weekends_move, book.limits["L-20"].amount) == (on, on, 2)
    found = deadlines.progress_customer(date(2025, 10, 9), book, major=True)
    assert found.rules[0] == ("L-20" if on else "L-18")
    ceiling = deadlines.count(book.limits["L-14"], date(2025, 9, 5), book)
    assert ceiling.due == (date(2025, 9, 22) if on else date(2025, 9, 20))


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        (a_change(from_day=TODAY), ("L-11",)),
        (a_change(reason=" "), ("L-11",)),
        (a_change(source=""), ("L-11",)),
        (a_change(amount=0), ("L-11",)),
        (a_change(amount=401), ("L-11",)),
        (a_change(amount=2, unit=Unit.SAME_DAY), ("L-11",)),
        (a_change(amount=2, unit=Unit.SERVICE_HOURS), ("L-11",)),
        (a_change("L-9b", 3), ("L-9b",)),
        (a_change("L-21b", 3), ("L-21b",)),
        (a_change("L-14", 31, unit=Unit.NATURAL_DAYS), ("L-14", "L-15", "L-16")),
        (a_change("L-16", 29, unit=Unit.NATURAL_DAYS), ("L-14", "L-15", "L-16")),
        (a_change("L-14", 10), ("L-14", "CL-9")),
    ],
    ids=[
        "today", "no reason", "no source", "nothing", "too long", "amount of the same day", "hours", "times",
        "days of hours", "a first ceiling after the second", "a third before the second", "a ceiling in working days",
    ],
)  # fmt: skip
def test_what_cannot_be_a_limit_is_refused(change: Change, rules: tuple[str, ...]) -> None:
    """CL-9, L-9, L-14, L-15, L-16, L-21"""
    with pytest.raises(LimitRefusedError) as refused:
        versions.check_limit(change, BOOK, TODAY)
    assert refused.value.rules == rules


@pytest.mark.parametrize(
    "change",
    [
        a_change(),
        a_change("L-10", 1),
        a_change("L-24b", 0, unit=Unit.SAME_DAY),
        a_change("L-9b", 3, unit=Unit.TIMES),
        a_change("L-21b", 1, unit=Unit.SERVICE_HOURS),
        a_change("L-14", 10, unit=Unit.NATURAL_DAYS),
    ],
)
def test_what_can_be_one_is_taken(change: Change) -> None:
    versions.check_limit(change, BOOK, TODAY)


def test_a_switch_is_turned_for_a_day_to_come_and_with_a_reason() -> None:
    """L-20, CL-2"""
    versions.check_switch(turned(Switch.MAJOR_RHYTHM, True), TODAY)
    for change in (turned(Switch.MAJOR_RHYTHM, True, from_day=TODAY), turned(Switch.WEEKENDS_MOVE, False, reason="")):
        with pytest.raises(LimitRefusedError):
            versions.check_switch(change, TODAY)


DAYS = st.dates(date(2024, 1, 1), date(2026, 6, 1))
CHANGES = st.lists(
    st.builds(
        a_change,
        st.sampled_from([id for id, limit in LIMITS.items() if limit.unit is Unit.WORKDAYS]),
        st.integers(1, 20),
        from_day=DAYS,
    ),
    max_size=8,
)


@given(DAYS, CHANGES, CHANGES)
def test_what_is_changed_for_later_never_moves_a_ticket_that_is_received(
    received: date, changes: list[Change], later: list[Change]
) -> None:
    """b.4: old tickets keep the version they were reckoned with."""
    after = [
        replace(change, from_day=max(change.from_day, date.fromordinal(received.toordinal() + 1))) for change in later
    ]
    assert versions.in_force(received, changes, BOOK) == versions.in_force(received, changes + after, BOOK)
