"""Folders and file systems, asked without touching them: what is there, who may write, how much is free."""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from callcenter.doctor.finding import Notes

ESCAPED = re.compile(r"\\([0-7]{3})")
"""How the kernel writes a blank, a tab, a line's end or a backslash in the path of a mount."""
MEGABYTE = 1 << 20
GIGABYTE = 1 << 30
LEAST_FREE = 512 * MEGABYTE
LOW_SHARE = 0.10
LOW_FREE = 20 * GIGABYTE
"""Low is less than a tenth, as long as that is less than this: a tenth of a large disk is plenty."""


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes an ordinary writer may still use, bytes in all, and the share of inodes that is free."""

    free: int
    total: int
    inodes: float
    read_only: bool

    @property
    def is_low(self) -> bool:
        """Whether somebody should look soon."""
        return self.free < min(LOW_FREE, LOW_SHARE * self.total) or self.inodes < LOW_SHARE / 2

    def __str__(self) -> str:
        return f"{self.free / GIGABYTE:.1f} of {self.total / GIGABYTE:.1f} GiB"


def space(path: Path) -> Space:
    """Of the file system that holds `path`. Raises OSError."""
    found = os.statvfs(path)
    inodes = found.f_favail / found.f_files if found.f_files else 1.0
    size = found.f_frsize
    return Space(found.f_bavail * size, found.f_blocks * size, inodes, bool(found.f_flag & os.ST_RDONLY))


def judge_space(check: str, path: Path, least: int, notes: Notes) -> None:
    """`least`: bytes below which writing stops. Raises OSError."""
    found = space(path)
    todo = (f"腾出空间，或把 {path} 移到更大的磁盘", f"make room, or move {path} to a larger disk")
    said = (f"可用 {found}", f"free: {found}")
    if found.free < least or found.inodes <= 0:
        notes.fail(check, f"空间不足：{said[0]}", f"no room: {said[1]}", todo)
    elif found.is_low:
        notes.warn(check, f"空间将尽：{said[0]}", f"room is low: {said[1]}", todo)
    else:
        notes.ok(check, *said)


def given_read_only(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> bool:
    """Whether the folder was mounted read-only for this process alone, on purpose: its file system can be written.

    A file system that became read-only by itself, as after an error of its disk, is none of these.
    """
    found = ("", False)
    where = path.resolve()
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        head, _, tail = line.partition(" - ")
        fields, last = head.split(), tail.split()
        if len(fields) < 6 or len(last) < 3:
            continue
        place = ESCAPED.sub(lambda match: chr(int(match[1], 8)), fields[4])
        if where.is_relative_to(place) and len(place) >= len(found[0]):
            found = place, "ro" in fields[5].split(",") and "rw" in last[2].split(",")
    return found[1]


def may_write(path: Path) -> bool:
    """Whether this process may make files in the folder."""
    return os.access(path, os.W_OK | os.X_OK, effective_ids=True)


def may_write_as(path: Path, uid: int, gid: int) -> bool:
    """Whether a user with one group may make files in the folder, by its mode. Raises OSError."""
    status = path.stat()
    if space(path).read_only:
        return False
    if uid == 0:
        return True
    owner, group, others = stat.S_IWUSR | stat.S_IXUSR, stat.S_IWGRP | stat.S_IXGRP, stat.S_IWOTH | stat.S_IXOTH
    wanted = owner if uid == status.st_uid else group if gid == status.st_gid else others
    return status.st_mode & wanted == wanted


def nearest(path: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    while not path.is_dir() and path != path.parent:
        path = path.parent
    return path
