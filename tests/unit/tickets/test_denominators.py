"""What complaints are divided by: amounts that fit, overlap, make up a period; tables as people write them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.denominators import Amount, covering, of_table, problems
from tickets.metrics import Base
from tickets.periods import Days, Span, keys, named, spanning

pytestmark = pytest.mark.unit

TODAY = date(2025, 12, 31)
SEPTEMBER, OCTOBER = Days(date(2025, 9, 1), date(2025, 9, 30)), Days(date(2025, 10, 1), date(2025, 10, 31))


def amount(days: Days, number: str = "100", base: Base = Base.PREMIUM, **others: str) -> Amount:
    return Amount(others.get("where", "gd"), base, days.first, days.last, Decimal(number), others.get("source", "月报"))


def test_no_day_counts_twice() -> None:
    """M-11, N-15: of the same organisation and base; another's days are its own."""
    both = Days(SEPTEMBER.first, OCTOBER.last)
    [found] = problems([amount(both), amount(OCTOBER)], TODAY)
    assert (found.field, "M-11" in found.rules, "N-15" in found.rules) == ("items/1/first_day", True, True)
    assert problems([amount(SEPTEMBER), amount(SEPTEMBER)], TODAY)
    fine = [amount(SEPTEMBER), amount(OCTOBER), amount(both, base=Base.POLICIES), amount(both, where="sc")]
    assert problems(fine, TODAY) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (amount(Days(OCTOBER.last, OCTOBER.first)), "last_day"),
        (amount(Days(date(2024, 1, 1), date(2025, 1, 1))), "last_day"),
        (amount(Days(OCTOBER.first, TODAY + timedelta(days=1))), "last_day"),
        (amount(OCTOBER, "0"), "amount"),
        (amount(OCTOBER, "-1"), "amount"),
        (amount(OCTOBER, "0.001"), "amount"),
        (amount(OCTOBER, "1.5", Base.POLICIES), "amount"),
        (amount(OCTOBER, "1E+30"), "amount"),
        (amount(OCTOBER, source=" "), "source"),
    ],
)
def test_an_amount_that_cannot_be_is_told_with_its_place(wrong: Amount, field: str) -> None:
    """M-12, M-13, N-15: true, complete, and from somewhere."""
    assert [each.field for each in problems([wrong], TODAY)] == [f"items/0/{field}"]


def test_amounts_make_up_a_period_only_without_a_gap_or_a_rest() -> None:
    """M-11: the sum of two months is that of both; part of an amount is nobody's."""
    two = [amount(OCTOBER, "3"), amount(SEPTEMBER, "4")]
    both = Days(SEPTEMBER.first, OCTOBER.last)
    found = covering(two, both)
    assert found is not None
    assert [each.first_day for each in found] == [SEPTEMBER.first, OCTOBER.first]
    assert covering(two, SEPTEMBER) == [two[1]]
    assert covering(two, Days(SEPTEMBER.first, date(2025, 10, 30))) is None
    assert covering(two, Days(date(2025, 8, 31), OCTOBER.last)) is None
    assert covering([amount(both)], OCTOBER) is None
    assert covering([], OCTOBER) is None


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.data())
def test_what_follows_each_other_always_adds_up(lengths: list[int], data: st.DataObject) -> None:
    """M-11, M-12, M-13: any run of imports that lie side by side makes up exactly its days; without one it does not."""
    day, tiles = date(2025, 1, 1), []
    for length in lengths:
        tiles.append(amount(Days(day, day + timedelta(days=length - 1)), str(length)))
        day += timedelta(days=length)
    first = data.draw(st.integers(0, len(tiles) - 1))
    last = data.draw(st.integers(first, len(tiles) - 1))
    asked = Days(tiles[first].first_day, tiles[last].last_day)
    found = covering(data.draw(st.permutations(tiles)), asked)
    assert found is not None
    assert sum(each.amount for each in found) == (asked.last - asked.first).days + 1
    missing = tiles[data.draw(st.integers(first, last))]
    assert covering([each for each in tiles if each != missing], asked) is None


def test_a_table_is_read_by_its_headings_in_either_language() -> None:
    """M-11, N-15: with a source of its own in a line, else the one given for all."""
    rows: list[list[object]] = [
        ["\ufeff机构", "指标", "起始日", "截止日", "数额", "数据来源"],
        ["gd", "保费(元)", "2025-09-01", "2025/09/30", "400,000,000.50", ""],
        [None, None, None, None, None, None],
        ["gd", "承保人次", datetime(2025, 9, 1), date(2025, 9, 30), 800000, "精算月报"],  # noqa: DTZ001
    ]
    amounts, wrong = of_table(rows, "财务系统")
    assert wrong == []
    assert [(a.base, a.amount, a.source, a.last_day) for a in amounts.values()] == [
        (Base.PREMIUM, Decimal("400000000.50"), "财务系统", SEPTEMBER.last),
        (Base.PERSON_TIMES, Decimal(800000), "精算月报", SEPTEMBER.last),
    ]
    english = [["organisation_id", "base", "first_day", "last_day", "amount"], ["gd", "policies", *"xy", "NaN"]]
    assert [each.field for each in of_table(english, "x")[1]] == ["rows/2/first_day"]


@pytest.mark.parametrize("rows", [[], [["机构"]], [["机构", "指标", "起始日", "截止日", "数额"]]])
def test_a_table_without_columns_or_lines_is_told(rows: list[list[object]]) -> None:
    """N-15"""
    amounts, wrong = of_table(rows, "x")
    assert (amounts, [each.field for each in wrong]) == ({}, ["file"])


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.sampled_from(Span))
def test_a_group_by_time_is_named_by_its_days(day: date, span: Span) -> None:
    """D-11: the key of a group gives back its days."""
    days = spanning(span, day)
    first = days.first
    key = {
        Span.MONTH: f"{first:%Y-%m}",
        Span.QUARTER: f"{first.year}-Q{(first.month + 2) // 3}",
        Span.HALF_YEAR: f"{first.year}-H{1 if first.month < 7 else 2}",
        Span.YEAR: f"{first.year}",
    }[span]
    assert named(key) == days


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.integers(0, 800), st.sampled_from(Span))
def test_the_keys_of_a_trend_are_without_gaps(day: date, length: int, span: Span) -> None:
    """D-11: each begins where the one before ends, and they hold the whole period."""
    days = Days(day, day + timedelta(days=length))
    spans = [named(key) for key in keys(span, days)]
    assert spans[0].first <= days.first <= spans[0].last
    assert spans[-1].first <= days.last <= spans[-1].last
    assert all(one.last + timedelta(days=1) == two.first for one, two in pairwise(spans))
