"""Where the capture files of a segment lie on this machine, and whether Asterisk still has them open.

The switch may see the capture volumes under other paths; the last two parts, day and name, are the same for both.
Must never change a file.
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

SIDE = re.compile(r"(?P<base>.+)-(?P<side>[rt])(?P<suffix>\.sln[0-9]{0,3})")
BASE = re.compile(r"(?P<cc_call>.+)-(?P<seq>[0-9]{1,4})")
SUFFIXES = (".sln", ".sln16", ".sln48", ".sln32", ".sln24", ".sln12", ".sln44", ".sln96", ".sln192")
MARK = ".ok"


class VolumeMissingError(Exception):
    """A capture volume is not there: nothing may be called lost until it is."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The files of one segment that exist: what the customer said, what the customer heard."""

    customer: Path | None
    heard: Path | None

    def paths(self) -> list[Path]:
        return [path for path in (self.customer, self.heard) if path is not None]


def find(base: str, volumes: Sequence[Path]) -> Sides | None:
    """The files of a segment by the path the switch gave it; None when no volume has any.

    Raises VolumeMissingError when one is away and the others do not have them.
    """
    day, name = Path(base).parts[-2:] if len(Path(base).parts) > 1 else ("", base)
    for volume in sorted(volumes, key=lambda volume: volume.name not in Path(base).parts):
        sides = Sides(*(_existing(volume / day / f"{name}-{side}") for side in "rt"))
        if sides.paths():
            return sides
    if away := [volume for volume in volumes if not is_present(volume)]:
        raise VolumeMissingError(f"capture volume {away[0]} is not mounted")
    return None


def is_present(volume: Path) -> bool:
    """Whether the volume is there at all: an empty mount point has neither its mark nor a day's folder."""
    try:
        with os.scandir(volume) as entries:
            return any(entry.name == MARK or entry.is_dir() for entry in entries)
    except OSError:
        return False


def open_inodes() -> frozenset[tuple[int, int]]:
    """(device, inode) of the files other processes have open, as far as this process may see them (F33)."""
    found = set()
    for process in _numbered("/proc"):
        if process.name == str(os.getpid()):
            continue
        for descriptor in _numbered(f"{process.path}/fd"):
            try:
                status = descriptor.stat()
            except OSError:
                continue
            found.add((status.st_dev, status.st_ino))
    return frozenset(found)


def any_open(paths: Iterable[Path], opened: frozenset[tuple[int, int]]) -> bool:
    """Whether one of the files is open elsewhere."""
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue
        if (status.st_dev, status.st_ino) in opened:
            return True
    return False


def _existing(stem: Path) -> Path | None:
    for suffix in SUFFIXES:
        path = stem.with_name(stem.name + suffix)
        if path.is_symlink() or path.exists():
            return path
    return None


def _numbered(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.name.isdigit()]
    except OSError:
        return []
