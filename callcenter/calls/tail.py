"""Reads a growing, rotated log file from where it was left: whole lines only, whatever the file is called by now.

Must never skip a byte it has not handed out, nor hand one out twice unless its caller forgets the position.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CHUNK = 256 * 1024
PACKED = {".gz", ".xz", ".zst", ".bz2"}


@dataclass(frozen=True, slots=True)
class Portion:
    """Whole lines of one file and the position after them. `file` names it by inode and first line.

    `truncated`: the file had become shorter than what was read of it, and is read anew.
    """

    file: str
    path: Path
    lines: tuple[str, ...]
    position: int
    truncated: bool = False


class Tail:
    """The lines of `path`, and of what it was rotated to (`path.*` beside it), that were not handed out yet."""

    def __init__(self, path: Path, positions: Mapping[str, int]) -> None:
        self._path = path
        self._positions = dict(positions)
        self._names: dict[int, tuple[int, str]] = {}
        self.missing = False

    def read(self) -> Portion | None:
        """The next portion, older files first; None when nothing is left for now. A torn last line waits."""
        paths = self._paths()
        self.missing = not paths
        for path in paths:
            try:
                portion = self._portion(path)
            except FileNotFoundError:  # rotated away this moment: found under its new name next time
                continue
            if portion is not None:
                return portion
        return None

    def _portion(self, path: Path) -> Portion | None:
        status = path.stat()
        file = self._name(path, status.st_ino, status.st_size)
        if file is None:
            return None
        position = self._positions.get(file, 0)
        truncated = status.st_size < position
        if truncated:
            position = 0
        if status.st_size == position:
            return None
        with path.open("rb") as opened:
            opened.seek(position)
            data = opened.read(CHUNK)
            while b"\n" not in data and len(data) < status.st_size - position:
                data += opened.read(CHUNK)
        whole = data.rfind(b"\n") + 1
        if not whole and not truncated:
            return None
        self._positions[file] = position + whole
        lines = tuple(data[:whole].decode("utf-8", "replace").splitlines())
        return Portion(file, path, lines, position + whole, truncated)

    def _name(self, path: Path, inode: int, size: int) -> str | None:
        """Inode and first line: an inode used again is another file."""
        known = self._names.get(inode)
        if known is not None and known[0] <= size:
            self._names[inode] = (size, known[1])
            return known[1]
        with path.open("rb") as opened:
            first = opened.readline(64 * 1024)
        if not first.endswith(b"\n"):
            return known[1] if known is not None else None
        name = f"{inode}:{hashlib.sha256(first).hexdigest()[:16]}"
        self._names[inode] = (size, name)
        return name

    def _paths(self) -> list[Path]:
        rotated = []
        for path in self._path.parent.glob(f"{self._path.name}.*"):
            if path.suffix in PACKED:
                continue
            try:
                rotated.append((path.stat().st_mtime_ns, path))
            except FileNotFoundError:
                continue
        return [path for _, path in sorted(rotated)] + ([self._path] if self._path.exists() else [])
