"""From spool to sealed object: once, whole, wherever it is interrupted (archive.md §2.5, INV-2, INV-5, F37)."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import ocfl
import pytest

from recordings import disk
from recordings.archive import Archive, create
from recordings.completeness import Completeness
from recordings.errors import (
    AlreadyThereError,
    ArchiveFullError,
    ArchiveRefusedError,
    SourceRefusedError,
    UnknownFormatError,
)
from recordings.ingest import Ingest, Sealed, SegmentSource
from recordings.log import Log
from recordings.staging import Checkpoint, drop_leftovers, no_checkpoint
from recordings.verify import verify_archive
from tests.conftest import NOON
from tests.fakes.captures import ORIGIN, a_description, a_pair, an_archive

pytestmark = pytest.mark.unit

OBJECT = "urn:cc-rec:019aa9a7-0000-7000-8000-000000000001"
FIRST_STEPS = [
    "checked",
    "opened",
    "encoded",
    "compared",
    "described",
    "inventoried",
    "staged",
    "parents made",
    "renamed",
    "committed",
    "logged",
]
LATER_STEPS = [*FIRST_STEPS[:9], "inventory replaced", *FIRST_STEPS[9:]]


class CrashError(Exception):
    """The process dies here."""


def crash_at(name: str) -> Checkpoint:
    def checkpoint(reached: str) -> None:
        if reached == name:
            raise CrashError(name)

    return checkpoint


def names_of(steps: list[str]) -> Checkpoint:
    return steps.append


def seal(
    archive: Archive,
    log: Log,
    sources: list[SegmentSource],
    checkpoint: Checkpoint = no_checkpoint,
    object_id: str = OBJECT,
) -> Sealed:
    with archive.writing():
        return Ingest(archive, log, checkpoint=checkpoint).seal(object_id, a_description(), sources, NOON)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def is_valid_for_others(archive: Archive) -> bool:
    """The verdict of ocfl-py, a validator that is not ours."""
    root = ocfl.StorageRoot(root=str(archive.root))
    return bool(root.validate()) and root.num_objects == root.good_objects > 0


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def opened(tmp_path: Path) -> tuple[Archive, Log]:
    return an_archive(tmp_path / "archive")


def test_a_sealed_object_is_whole_logged_and_valid_for_an_independent_validator(
    opened: tuple[Archive, Log], spool: Path
) -> None:
    """INV-2"""
    archive, log = opened
    sealed = seal(archive, log, [a_pair(spool).source()])
    assert (sealed.version, sealed.leaf_index) == (1, 0)
    assert sealed.segments[0].completeness is Completeness.COMPLETE
    assert verify_archive(archive, log, decode=True).is_sound
    assert is_valid_for_others(archive)
    files = {path.name for path in (archive.root / sealed.path).rglob("*") if path.is_file()}
    assert {"0001.flac", "record.json", "premis.jsonl", "cel.csv", "dat63.xml"} <= files
    assert not list(archive.stage.iterdir())


def test_sealed_files_cannot_be_written(opened: tuple[Archive, Log], spool: Path) -> None:
    archive, log = opened
    path = archive.root / seal(archive, log, [a_pair(spool).source()]).path
    assert {file.stat().st_mode & 0o777 for file in path.rglob("*") if file.is_file()} == {0o440}
    assert {entry.stat().st_mode & 0o777 for entry in path.rglob("*") if entry.is_dir()} == {0o550}


def test_sealing_again_changes_nothing(opened: tuple[Archive, Log], spool: Path) -> None:
    """INV-5"""
    archive, log = opened
    source = a_pair(spool).source()
    first = seal(archive, log, [source])
    before = tree(archive.base)
    assert seal(archive, log, [source]) == first
    assert tree(archive.base) == before


def test_the_steps_have_the_names_the_crash_tests_use(opened: tuple[Archive, Log], spool: Path) -> None:
    archive, log = opened
    first: list[str] = []
    later: list[str] = []
    source = a_pair(spool).source()
    seal(archive, log, [source], names_of(first))
    seal(archive, log, [source, a_pair(spool, number=2).source(2)], names_of(later))
    assert first == FIRST_STEPS
    assert [step for step in later if step != "logged"] == [step for step in LATER_STEPS if step != "logged"]


@pytest.mark.parametrize("step", FIRST_STEPS)
def test_a_crash_at_any_step_ends_in_the_same_object(opened: tuple[Archive, Log], spool: Path, step: str) -> None:
    """F37, INV-5"""
    archive, log = opened
    source = a_pair(spool).source()
    with pytest.raises(CrashError):
        seal(archive, log, [source], crash_at(step))
    resumed = seal(archive, log, [source])
    other_archive, other_log = an_archive(archive.base.parent / "undisturbed")
    undisturbed = seal(other_archive, other_log, [source])
    assert resumed == undisturbed
    assert tree(archive.root / resumed.path) == tree(other_archive.root / undisturbed.path)
    assert log.head.size == 1
    assert verify_archive(archive, log, decode=True).is_sound


@pytest.mark.parametrize("step", LATER_STEPS)
def test_a_crash_while_a_late_segment_is_added_ends_in_the_same_object(
    opened: tuple[Archive, Log], spool: Path, step: str
) -> None:
    """F37"""
    archive, log = opened
    first, late = a_pair(spool).source(), a_pair(spool, 900, number=2, seed=2).source(2)
    seal(archive, log, [first])
    with pytest.raises(CrashError):
        seal(archive, log, [first, late], crash_at(step))
    sealed = seal(archive, log, [first, late])
    assert (sealed.version, [segment.number for segment in sealed.segments]) == (2, [1, 2])
    assert log.head.size == 2
    assert verify_archive(archive, log, decode=True).is_sound
    assert is_valid_for_others(archive)


def test_a_crash_between_the_inventory_and_its_sidecar_is_completed(opened: tuple[Archive, Log], spool: Path) -> None:
    archive, log = opened
    first, late = a_pair(spool).source(), a_pair(spool, number=2).source(2)
    path = archive.root / seal(archive, log, [first]).path
    sidecar = (path / "inventory.json.sha512").read_bytes()
    seal(archive, log, [first, late])
    (path / "inventory.json.sha512").chmod(0o640)
    (path / "inventory.json.sha512").write_bytes(sidecar)
    assert not verify_archive(archive, log).is_sound
    seal(archive, log, [first, late])
    assert verify_archive(archive, log).is_sound


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.fakes.captures import ORIGIN, a_description
from tests.conftest import NOON
from recordings.archive import create
from recordings.ingest import Ingest, SegmentSource
from recordings.log import Log

base, customer, heard, step = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
archive = create(base, "archive-under-test", minimum_free=1 << 20)

def checkpoint(name):
    if name == step:
        os.kill(os.getpid(), signal.SIGKILL)

with archive.writing():
    source = SegmentSource(1, customer, heard, expected_ms=2_000)
    ingest = Ingest(archive, Log(archive.log, ORIGIN), checkpoint=checkpoint)
    ingest.seal(sys.argv[5], a_description(), [source], NOON)
"""


@pytest.mark.parametrize("step", ["encoded", "staged", "renamed", "committed"])
def test_a_killed_sealing_process_leaves_what_the_next_one_completes(
    opened: tuple[Archive, Log], spool: Path, step: str
) -> None:
    """F37: kill -9 of a real process; its lock goes with it."""
    archive, log = opened
    pair = a_pair(spool)
    arguments = [str(archive.base), str(pair.customer), str(pair.heard), step, OBJECT]
    ended = subprocess.run([sys.executable, "-c", KILLED, *arguments], cwd=Path(__file__).parents[3])
    assert ended.returncode == -signal.SIGKILL
    sealed = seal(archive, log, [pair.source()])
    assert (sealed.version, log.head.size) == (1, 1)
    assert verify_archive(archive, log, decode=True).is_sound


def test_leftovers_in_the_stage_are_dropped_and_sealed_objects_are_not(
    opened: tuple[Archive, Log], spool: Path
) -> None:
    """R21"""
    archive, log = opened
    with pytest.raises(CrashError):
        seal(archive, log, [a_pair(spool).source()], crash_at("staged"))
    seal(archive, log, [a_pair(spool, call="hl1-1.2").source()], object_id="urn:cc-rec:other")
    with archive.writing():
        assert drop_leftovers(archive) == 1
    assert not list(archive.stage.iterdir())
    assert verify_archive(archive, log).objects == 1


def test_nothing_outside_the_stage_can_be_discarded(opened: tuple[Archive, Log], spool: Path) -> None:
    archive, log = opened
    path = archive.root / seal(archive, log, [a_pair(spool).source()]).path
    with pytest.raises(disk.VolumeSuspectError):
        disk.discard_stage(archive.stage, path)
    assert path.is_dir()


def test_other_audio_under_a_sealed_segment_number_is_refused(opened: tuple[Archive, Log], spool: Path) -> None:
    """R10, F41"""
    archive, log = opened
    seal(archive, log, [a_pair(spool).source()])
    before = tree(archive.root)
    with pytest.raises(AlreadyThereError):
        seal(archive, log, [a_pair(spool, call="hl1-1795339143.6").source()])
    assert tree(archive.root) == before


def test_an_object_of_a_later_ocfl_is_left_alone(opened: tuple[Archive, Log], spool: Path) -> None:
    """R22"""
    archive, log = opened
    path = archive.root / seal(archive, log, [a_pair(spool).source()]).path
    (path / "0=ocfl_object_1.1").rename(path / "0=ocfl_object_2.0")
    before = tree(archive.root)
    with pytest.raises(UnknownFormatError):
        seal(archive, log, [a_pair(spool, number=2).source(2)])
    assert tree(archive.root) == before
    assert [finding.damage for finding in verify_archive(archive, log).findings] == ["unknown-format"]


def test_a_segment_without_any_capture_is_refused(opened: tuple[Archive, Log]) -> None:
    archive, log = opened
    with pytest.raises(SourceRefusedError):
        seal(archive, log, [SegmentSource(1)])
    assert not archive.holds(OBJECT)


def test_an_unmounted_archive_disk_is_noticed_before_anything_is_written(tmp_path: Path, spool: Path) -> None:
    """F30"""
    archive, log = an_archive(tmp_path / "archive")
    (archive.root / ".archive-root-id").rename(tmp_path / "kept")
    with pytest.raises(ArchiveRefusedError):
        seal(archive, log, [a_pair(spool).source()])
    (tmp_path / "kept").rename(archive.root / ".archive-root-id")
    with pytest.raises(ArchiveRefusedError):
        create(archive.base, "another-archive")


def test_a_stage_on_another_disk_is_refused(tmp_path: Path, spool: Path) -> None:
    archive, log = an_archive(tmp_path / "archive")
    archive.stage.rmdir()
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == archive.root.stat().st_dev:
        pytest.skip("no second file system at /dev/shm")
    archive.stage.symlink_to(shm)
    with pytest.raises(ArchiveRefusedError):
        seal(archive, log, [a_pair(spool).source()])


def test_below_the_watermark_nothing_is_sealed(tmp_path: Path, spool: Path) -> None:
    archive, log = an_archive(tmp_path / "archive")
    with pytest.raises(ArchiveFullError):
        seal(replace(archive, minimum_free=1 << 62), log, [a_pair(spool).source()])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes."""
    mount = tmp_path / "small"
    mount.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small tmpfs needs root")
    result = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(mount)], capture_output=True, text=True
    )
    if result.returncode:
        pytest.skip(f"no tmpfs here: {result.stderr.strip()}")
    yield mount
    subprocess.run(["umount", "-l", str(mount)], check=True)


@pytest.mark.parametrize("filled", [3_600, 3_840, 3_960])
def test_a_full_archive_disk_loses_nothing_and_sealing_goes_on_when_there_is_room(
    small_disk: Path, spool: Path, filled: int
) -> None:
    """F40"""
    archive = create(small_disk, "archive-under-test", minimum_free=0)
    log = Log(archive.log, ORIGIN)
    seal(archive, log, [a_pair(spool, 100, call="hl1-1.1").source()], object_id="urn:cc-rec:before")
    ballast = small_disk / "ballast"
    with ballast.open("wb") as file:
        file.write(bytes(filled * 1024 - sum(path.stat().st_blocks * 512 for path in small_disk.rglob("*"))))
    pair = a_pair(spool, 60_000)
    content = pair.customer.read_bytes()
    with pytest.raises(ArchiveFullError):
        seal(archive, log, [pair.source()])
    assert not archive.holds(OBJECT)
    assert pair.customer.read_bytes() == content
    assert verify_archive(archive, log, decode=True).is_sound
    ballast.unlink()
    assert seal(archive, log, [pair.source()]).version == 1
    assert verify_archive(archive, log, decode=True).is_sound


def test_a_second_archiver_waits_for_the_first(opened: tuple[Archive, Log], spool: Path) -> None:
    """F48"""
    archive, _ = opened
    program = (
        "import fcntl, os, sys; fd = os.open(sys.argv[1], os.O_RDWR); fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)"
    )
    lock = str(archive.base / "stage.lock")
    with archive.writing():
        held = subprocess.run([sys.executable, "-c", program, lock], capture_output=True)
    free = subprocess.run([sys.executable, "-c", program, lock], capture_output=True)
    assert (held.returncode, free.returncode) == (1, 0)


def test_a_short_file_is_never_accepted_silently(opened: tuple[Archive, Log], spool: Path) -> None:
    archive, log = opened
    sealed = seal(archive, log, [a_pair(spool, 2_000).source(expected_ms=9_000)])
    assert sealed.segments[0].completeness is Completeness.HOLE_SUSPECTED


def test_captures_are_only_read(opened: tuple[Archive, Log], spool: Path) -> None:
    archive, log = opened
    pair = a_pair(spool)
    before = {path: path.stat().st_mtime_ns for path in spool.rglob("*")}
    seal(archive, log, [pair.source()])
    assert {path: path.stat().st_mtime_ns for path in spool.rglob("*")} == before


def test_no_other_code_in_the_package_removes_files() -> None:
    """No deletion (archive.md §2.10): the stage is the only place anything is removed from."""
    package = Path(disk.__file__).parent
    words = ("unlink", "rmtree", "os.remove", "truncate(")
    users = {path.name for path in package.glob("*.py") if any(word in path.read_text() for word in words)}
    assert users == {"disk.py", "tiles.py"}
