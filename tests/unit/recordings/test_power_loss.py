"""Power lost at any step: an object is absent or complete, and what was acknowledged stays (F38, INV-4).

An ext4 image on a loop device is copied after each step and the copy is mounted: it holds what had reached
the disk by then. The same harness with syncing switched off must find losses, or it would prove nothing.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from recordings.archive import Archive, create
from recordings.errors import RecordingsError
from recordings.ingest import Ingest
from recordings.log import Log
from recordings.staging import drop_leftovers
from recordings.verify import verify_archive
from tests.conftest import NOON
from tests.fakes.captures import ORIGIN, Pair, a_description, a_pair

pytestmark = pytest.mark.unit

MEGABYTES = 24
OBJECTS = 2


def run(*arguments: str) -> None:
    subprocess.run(arguments, check=True, capture_output=True)


@dataclass
class Disk:
    """A file system whose state at a power cut can be looked at."""

    folder: Path
    cuts: int = 0
    lost: list[str] = field(default_factory=list)

    @property
    def mounted(self) -> Path:
        return self.folder / "disk"

    @contextmanager
    def after_power_cut(self) -> Iterator[Path]:
        # A new file each time: mount would reuse a loop device that still knows an old one.
        copy, seen = self.folder / f"cut-{self.cuts}.img", self.folder / "seen"
        shutil.copyfile(self.folder / "disk.img", copy)
        run("mount", "-o", "loop", str(copy), str(seen))
        try:
            yield seen
        finally:
            run("umount", str(seen))
            copy.unlink()

    def check(self, step: str, acknowledged: dict[str, int]) -> None:
        """Starts again on what the cut left, as the archiver would, and notes everything that is not whole."""
        self.cuts += 1
        with self.after_power_cut() as seen:
            try:
                archive = create(seen / "archive", "archive-under-test", minimum_free=0)
                log = Log(archive.log, ORIGIN)
                versions = recovered(archive, log)
                report = verify_archive(archive, log, decode=True)
            except RecordingsError as error:
                self.lost.append(f"{step}: {error!r}")
                return
            self.lost.extend(f"{step}: {item}" for item in report.findings)
            self.lost.extend(
                f"{step}: {name} v{version}"
                for name, version in acknowledged.items()
                if versions.get(name, 0) < version
            )


def recovered(archive: Archive, log: Log) -> dict[str, int]:
    """Finishes every object found; returns its versions."""
    with archive.writing():
        drop_leftovers(archive)
        ingest = Ingest(archive, log)
        names = [f"urn:cc-rec:{number}" for number in range(OBJECTS)]
        return {name: ingest.recover(name).version for name in names if archive.holds(name)}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None or not Path("/dev/loop-control").exists():
        pytest.skip("loop devices, root and mkfs.ext4 are needed to look at a disk after a power cut")
    found = Disk(tmp_path)
    for name in ("disk", "seen"):
        (tmp_path / name).mkdir()
    with (tmp_path / "disk.img").open("wb") as image:
        image.truncate(MEGABYTES << 20)
    run("mkfs.ext4", "-q", "-F", str(tmp_path / "disk.img"))
    try:
        run("mount", "-o", "loop", str(tmp_path / "disk.img"), str(found.mounted))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no loop mount here: {error.stderr.decode().strip()}")
    yield found
    run("umount", str(found.mounted))


def seal_all(disk: Disk, pairs: list[Pair]) -> None:
    """Two objects, then a late segment of the first, with a power cut after every step."""
    archive = create(disk.mounted / "archive", "archive-under-test", minimum_free=0)
    log = Log(archive.log, ORIGIN)
    os.sync()
    acknowledged: dict[str, int] = {}
    ingest = Ingest(archive, log, checkpoint=lambda step: disk.check(step, acknowledged))
    late = a_pair(pairs[0].customer.parent.parent, 700, call="hl1-1.0", number=2)
    jobs = [(number, [pair.source()]) for number, pair in enumerate(pairs)]
    jobs.append((0, [pairs[0].source(), late.source(2)]))
    for number, sources in jobs:
        with archive.writing():
            sealed = ingest.seal(f"urn:cc-rec:{number}", a_description(number), sources, NOON)
        acknowledged[sealed.object_id] = sealed.version
        disk.check("acknowledged", acknowledged)


def pairs_in(spool: Path) -> list[Pair]:
    return [a_pair(spool, 1_500, call=f"hl1-1.{number}", seed=number) for number in range(OBJECTS)]


def test_no_power_cut_loses_what_was_acknowledged_or_leaves_half_an_object(disk: Disk, tmp_path: Path) -> None:
    """F38, INV-4"""
    seal_all(disk, pairs_in(tmp_path / "spool"))
    assert disk.cuts > 30
    assert disk.lost == []


def test_without_syncing_the_same_power_cuts_do_lose_objects(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = pairs_in(tmp_path / "spool")
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    seal_all(disk, pairs)
    assert len(disk.lost) > 5
