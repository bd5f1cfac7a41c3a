"""What the measurements do with their figures."""

import pytest

from bench.report import Target, paired, percentile, spread, table

pytestmark = pytest.mark.unit


def test_a_spread_shows_least_median_and_greatest() -> None:
    assert spread([3000, 1000.4, 2000]) == "1,000 / 2,000 / 3,000"
    assert spread([0.5], 2) == "0.50 / 0.50 / 0.50"
    assert spread([]) == "–"


def test_ratios_are_taken_turn_by_turn_and_a_turn_without_a_figure_is_none() -> None:
    assert paired([10, 20, 30], [5, 0, 10]) == [2.0, 3.0]
    assert paired([10, 20], [5]) == [2.0]


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 51), (0.99, 100), (1.0, 100)])
def test_a_percentile_is_a_value_that_was_measured(share: float, value: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], share) == value


def test_of_few_values_the_99th_percentile_is_the_greatest() -> None:
    assert percentile([1.0, 9.0], 0.99) == 9.0
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.99)


def test_a_table_is_lined_up_and_no_cell_can_break_it() -> None:
    lines = table(["name", "n"], [["a|b", 1], ["long name", 22]]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert all(line.count("|") == 3 for line in lines)


@pytest.mark.parametrize(("met", "shown"), [(True, "yes"), (False, "**no**"), (None, "not measured")])
def test_a_target_says_plainly_how_it_came_out(met: bool | None, shown: str) -> None:
    assert Target("fast", "slow", met).row == ["fast", "slow", shown]
