"""Whether this machine's time can be believed before anything is sealed under it (archive.md §2.5 step 0)."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recordings.archive import TREE_STATE
from recordings.clock import Discipline, Reading, discipline
from recordings.errors import ArchiveRefusedError, ClockUnsoundError
from tests.fakes.captures import an_archive

pytestmark = pytest.mark.unit

AT = datetime(2026, 11, 18, 4, tzinfo=UTC)


@pytest.mark.parametrize("offset", [None, 0, 59_000, -59_000])
def test_clocks_that_agree_to_the_minute_are_believed(offset: int | None) -> None:
    Reading(AT, database_ms=offset).check(AT)


@pytest.mark.parametrize("offset", [61_000, -3_600_000])
def test_a_clock_far_from_the_databases_is_not(offset: int) -> None:
    with pytest.raises(ClockUnsoundError):
        Reading(AT, database_ms=offset).check()


def test_a_switch_that_is_wrong_is_told_and_stops_nothing() -> None:
    reading = Reading(AT, database_ms=2, switch_ms=-90_000, switch_read_at=AT)
    reading.check()
    assert reading.as_json()["switch_offset_ms"] == -90_000


def test_nothing_is_written_by_a_clock_that_was_set_back(tmp_path: Path) -> None:
    archive, log = an_archive(tmp_path / "archive")
    with archive.writing():
        log.append([{"type": "INGEST"}])
    written = datetime.fromtimestamp((archive.log / TREE_STATE).stat().st_mtime, UTC)
    with archive.writing(clock=Reading(written - timedelta(seconds=59))):
        pass
    with pytest.raises(ClockUnsoundError) as refused, archive.writing(clock=Reading(written - timedelta(hours=1))):
        pass
    assert isinstance(refused.value, ArchiveRefusedError)
    os.utime(archive.log / TREE_STATE, (0, 0))
    with archive.writing(clock=Reading(written - timedelta(hours=1))):
        pass


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    told = Reading(AT).as_json()
    assert (told["database_offset_ms"], told["switch_offset_ms"], told["switch_read_at"]) == (
        "unknown",
        "unknown",
        None,
    )
    assert told["ntp"] == {
        "state": "unknown",
        "offset_us": "unknown",
        "maximum_error_us": "unknown",
        "stratum": "unknown",
    }


@pytest.mark.parametrize(("synchronised", "state"), [(True, "synchronised"), (False, "unsynchronised")])
def test_the_kernels_word_is_kept(synchronised: bool, state: str) -> None:
    told = Reading(AT, kernel=Discipline(synchronised, -17, 250)).as_json()["ntp"]
    assert (told["state"], told["offset_us"], told["maximum_error_us"]) == (state, -17, 250)


def test_the_kernel_of_this_machine_answers_or_is_unknown() -> None:
    found = discipline()
    assert found is None or (found.maximum_error_us >= 0 and isinstance(found.synchronised, bool))
