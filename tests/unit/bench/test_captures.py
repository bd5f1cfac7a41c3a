"""The captures the sealing measurement works on."""

from pathlib import Path

import pytest

from bench.sealing import captures
from recordings.capture import Capture

pytestmark = pytest.mark.unit


def test_lengths_are_the_same_every_time_and_like_those_of_a_hotline() -> None:
    drawn = captures.lengths(1000)
    assert drawn == captures.lengths(1000)
    assert (min(drawn) >= captures.LEAST, max(drawn) <= captures.MOST) == (True, True)
    assert abs(sum(drawn) / len(drawn) - captures.MEAN) < 20


def test_a_pair_is_two_sides_of_equal_length_that_the_archive_takes(tmp_path: Path) -> None:
    (pair,) = captures.make(tmp_path / "spool", [30], tmp_path / "voices")
    assert [path.stat().st_size for path in pair.paths] == [30 * 16_000] * 2
    assert pair.customer.read_bytes() != pair.heard.read_bytes()
    with Capture(pair.customer) as capture:
        assert (capture.frames, capture.rate, capture.notes) == (30 * 8_000, 8_000, ())
