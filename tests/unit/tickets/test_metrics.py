"""The metrics of the worked example, to the last place, and how they are rounded and compared."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worked_example import BASES, EXPECTED, ORDERS, PERIOD
from tickets.measures import total, weighed
from tickets.metrics import METRICS, Base, Basis, Metric, Unit, change, worked_out
from tickets.statistics import RULES, Figure

pytestmark = pytest.mark.unit
EXAMPLE = weighed(ORDERS)


@pytest.mark.parametrize("metric", EXPECTED)
def test_the_metrics_of_the_worked_example(metric: Metric) -> None:
    """M-4, M-5, M-6, M-7, M-8, M-9, M-10, M-11, M-12, M-13, M-15, M-19, F-65"""
    value = worked_out(metric, lambda figure: total(figure, EXAMPLE, PERIOD), BASES)
    assert str(value.value) == EXPECTED[metric]


def test_company_total_and_regulator_forwarded_are_never_one_metric() -> None:
    """M-11, M-12, M-13: each metric has one basis, and its numerator is of that basis."""
    for metric, definition in METRICS.items():
        if isinstance(definition.denominator, Base):
            forwarded = definition.numerator is Figure.FORWARDED_PIECES
            assert (definition.basis is Basis.REGULATOR_FORWARDED) is forwarded, metric
            assert ("监管转办" in definition.words.zh) is forwarded, metric
    assert {d.rule for d in METRICS.values()} == {f"M-{n}" for n in range(1, 20)} - {"M-14"}


@pytest.mark.parametrize(("metric", "counts", "expected"), [
    (Metric.CLOSING, (1, 8), "12.50"),
    (Metric.CLOSING, (1, 3), "33.33"),
    (Metric.CLOSING, (2, 3), "66.67"),
    (Metric.HANDLING, (9, 8), "1.13"),
    (Metric.HANDLING, (1, 200), "0.01"),
    (Metric.REMINDERS, (1, 8), "0.13"),
])  # fmt: skip
def test_halves_are_rounded_up(metric: Metric, counts: tuple[int, int], expected: str) -> None:
    """F-65: 1.125 is 1.13, and not the even 1.12."""
    definition = METRICS[metric]
    figures = {definition.numerator: counts[0], definition.denominator: counts[1]}
    assert str(worked_out(metric, figures.__getitem__, {}).value) == expected


def test_nothing_to_divide_by_is_no_value_and_no_nought() -> None:
    """T-4"""
    assert worked_out(Metric.CLOSING, lambda _: 0, {}).value is None
    assert worked_out(Metric.PER_PREMIUM, lambda _: 3, {}).value is None
    assert worked_out(Metric.PER_PREMIUM, lambda _: 3, {Base.PREMIUM: Decimal(0)}).value is None


def test_the_yearly_change_is_of_what_was_not_yet_rounded() -> None:
    """M-14: 3 pieces on 7 against 2 on 9 hundred million yuan."""
    now = worked_out(Metric.PER_PREMIUM, lambda _: 3, {Base.PREMIUM: Decimal(700_000_000)})
    before = worked_out(Metric.PER_PREMIUM, lambda _: 2, {Base.PREMIUM: Decimal(900_000_000)})
    assert change(now, before) == Decimal("92.86")
    nothing = worked_out(Metric.PER_PREMIUM, lambda _: 0, {Base.PREMIUM: Decimal(900_000_000)})
    assert change(now, nothing) is None


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_rate_of_a_part_lies_between_nothing_and_everything(part: int, whole: int) -> None:
    """M-5"""
    figures = {Figure.CLOSED: min(part, whole), Figure.OCCURRENCES: whole}
    value = worked_out(Metric.CLOSING, figures.__getitem__, {}).value
    assert value is not None
    assert 0 <= value <= 100
    assert value == value.quantize(Decimal("0.01"))


def test_every_metric_says_what_it_rests_on() -> None:
    """T-4: its rules are printed under every report."""
    for definition in METRICS.values():
        assert {definition.rule, *definition.more_rules} <= set(RULES)
        assert definition.words.zh
        assert definition.words.en
    assert {d.unit for d in METRICS.values()} == set(Unit)
