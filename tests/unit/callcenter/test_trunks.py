"""How fast trunks are dialled: never more calls a second, never more at once than the settings say."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.trunks import FIRST, BadTrunkError, Pace, Trunk

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 18, 4, tzinfo=UTC)


def test_a_trunk_is_named_with_its_pace() -> None:
    assert Trunk.parse("trunk-main=2.5/60") == Trunk("trunk-main", 2.5, 60)


@pytest.mark.parametrize("text", ["", "trunk", "trunk=5", "trunk=0/5", "trunk=5/0", "Trunk=5/5", "a=-1/5", "a=5/5 "])
def test_what_would_never_dial_or_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(BadTrunkError):
        Trunk.parse(text)


@pytest.mark.parametrize("texts", [(), ("a=1/1", "a=2/2")])
def test_there_is_at_least_one_trunk_and_each_once(texts: tuple[str, ...]) -> None:
    with pytest.raises(BadTrunkError):
        Pace.of(texts)


def test_a_campaign_without_a_trunk_or_with_one_that_is_gone_goes_over_the_first() -> None:
    pace = Pace.of(("a=1/2", "b=1/2"))
    assert [pace.name(trunk) for trunk in (None, "", "b", "gone")] == ["a", "a", "b", "a"]
    assert pace.counted({"": 1, "a": 1, "gone": 1, "b": 1}) == {"a": 3, "b": 1}
    assert pace.full(NOW, {"a": 2}) == {"a", FIRST}
    assert pace.full(NOW, {"b": 2}) == {"b"}


def test_who_waits_for_a_trunk_is_told_how_long() -> None:
    pace = Pace.of(("a=4/2", "b=1/2"))
    assert pace.opens_in(NOW) == float("inf")
    pace.dialled("a", NOW)
    pace.dialled("b", NOW)
    assert pace.opens_in(NOW + timedelta(milliseconds=200)) == pytest.approx(0.05)
    assert pace.opens_in(NOW + timedelta(milliseconds=300)) == pytest.approx(0.7)
    assert pace.opens_in(NOW + timedelta(seconds=1)) == float("inf")


@given(st.lists(st.integers(0, 400), max_size=80), st.integers(1, 9), st.integers(1, 5))
def test_never_more_calls_a_second_nor_at_once_than_set(gaps: list[int], per_second: int, most: int) -> None:
    """However often it is asked: no second has more beginnings, and no moment more calls."""
    pace = Pace.of((f"a={per_second}/{most}",))
    begun: list[datetime] = []
    at = NOW
    for gap in gaps:
        at += timedelta(milliseconds=gap)
        living = sum(at - one < timedelta(seconds=2) for one in begun)
        if "a" not in pace.full(at, {"a": living}):
            assert living < most
            pace.dialled("a", at)
            begun.append(at)
    for one in begun:
        assert sum(one <= other < one + timedelta(seconds=1) for other in begun) <= per_second
