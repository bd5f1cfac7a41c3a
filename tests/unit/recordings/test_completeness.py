"""Complete, or a name for why not (archive.md §3.3)."""

import pytest

from recordings.completeness import Completeness, Measured, judge

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("expected", "found", "gap", "crashed", "notes", "verdict"),
    [
        (60_000, 60_000, 0, False, (), Completeness.COMPLETE),
        (60_000, 59_150, 0, False, (), Completeness.COMPLETE),
        (60_000, 59_149, 0, False, (), Completeness.HOLE_SUSPECTED),
        (60_000, 60_851, 0, False, (), Completeness.HOLE_SUSPECTED),
        (60_000, 60_000, 10_000, False, (), Completeness.HOLE_SUSPECTED),
        (60_000, 60_000, 0, False, ("sparse",), Completeness.HOLE_SUSPECTED),
        (60_000, 58_000, 0, True, (), Completeness.TAIL_LOST),
        (60_000, 57_899, 0, True, (), Completeness.PARTIAL_CRASH),
        (60_000, 60_000, 0, True, (), Completeness.TAIL_LOST),
        (None, 12_800, 0, True, (), Completeness.PARTIAL_CRASH),
        (None, 12_800, 0, False, (), Completeness.SALVAGED),
        (60_000, 60_000, 0, False, ("header_says_empty",), Completeness.SALVAGED),
        (100, 0, 0, False, ("empty",), Completeness.COMPLETE),
        (5_000, 0, 0, False, ("empty",), Completeness.HOLE_SUSPECTED),
    ],
)
def test_the_verdict_on_a_segment(
    expected: int | None, found: int, gap: int, crashed: bool, notes: tuple[str, ...], verdict: Completeness
) -> None:
    assert judge(Measured(found, gap, notes), expected, crashed) is verdict
