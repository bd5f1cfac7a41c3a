"""Captures in the spool that no call has claimed: found by looking, sorted by what is known of them.

Nothing found is ever removed or left without a trace: it goes to its call, into an object of its own, or into an
incident.
"""

import hashlib
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from callcenter.archiving import captures, store
from callcenter.archiving.captures import BASE, SIDE, Sides
from callcenter.archiving.store import Known
from callcenter.calls.call import segment_id
from callcenter.db.pool import Connection
from callcenter.ids import CallId, NotACallIdError, call_id
from recordings import store as index

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNCLAIMED_AFTER = timedelta(minutes=10)
"""A capture this long untouched should be known by then."""
DONE = ".done"


@dataclass(frozen=True, slots=True)
class Stray:
    """A capture in the spool: `base` is `<day>/<name>`."""

    base: str
    sides: Sides
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Orphan:
    """A stray that belongs to no call we know; `reused`: its name is that of a capture already sealed (R10)."""

    base: str
    sides: Sides
    written_at: datetime
    reused: bool

    @property
    def key(self) -> str:
        """The same for the same files: name, size and inode of each side."""
        facts = [(path.name, path.stat().st_size, path.stat().st_ino) for path in self.sides.paths()]
        return f"{self.base}#{hashlib.sha256(repr(facts).encode()).hexdigest()[:16]}"

    @property
    def object_id(self) -> str:
        return f"urn:cc-rec:orphan:{self.key}"


@dataclass(frozen=True, slots=True)
class Found:
    """What one look at the spool gave; `folders` are those seen through, with their times."""

    captures: list[Stray]
    strange: list[Path]
    folders: dict[Path, int] = field(default_factory=dict)


class Scan:
    """Looks through the day folders of the capture volumes, leaving out those that did not change since."""

    def __init__(self, volumes: tuple[Path, ...]) -> None:
        self._volumes = volumes
        self._settled: dict[Path, int] = {}

    def unsettled(self, at: datetime, opened: frozenset[tuple[int, int]]) -> Found:
        """Captures nobody wrote to for ten minutes, and things that are no captures, in changed folders."""
        found = Found([], [])
        for volume in self._volumes:
            try:
                with os.scandir(volume) as entries:
                    folders = sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
            except OSError:
                continue
            for folder in folders:
                changed = folder.stat().st_mtime_ns
                if self._settled.get(folder) != changed and _look(folder, at, opened, found):
                    found.folders[folder] = changed
        return found

    def settle(self, found: Found) -> None:
        """What was found is taken care of: unchanged folders are not looked through again."""
        self._settled.update(found.folders)


def _look(folder: Path, at: datetime, opened: frozenset[tuple[int, int]], found: Found) -> bool:
    """Adds what lies in the folder; False when something there is still too fresh to judge."""
    sides: dict[str, dict[str, Path]] = {}
    settled = True
    with os.scandir(folder) as entries:
        for entry in entries:
            matched = SIDE.fullmatch(entry.name)
            if matched is not None and entry.name.isascii() and entry.is_file(follow_symlinks=False):
                sides.setdefault(matched["base"], {})[matched["side"]] = Path(entry.path)
            elif not entry.name.endswith(DONE):
                found.strange.append(Path(entry.path))
    for base, paths in sorted(sides.items()):
        written = max(datetime.fromtimestamp(path.stat().st_ctime, UTC) for path in paths.values())
        if at - written < UNCLAIMED_AFTER or captures.any_open(paths.values(), opened):
            settled = False
        else:
            pair = Sides(paths.get("r"), paths.get("t"))
            found.captures.append(Stray(f"{folder.name}/{base}", pair, written))
    return settled


async def sorted_out(conn: Connection, strays: list[Stray]) -> list[Orphan]:
    """Hands captures of known calls to them as late segments; returns those that have no call."""
    keys = {stray.base: _key(stray.base) for stray in strays}
    known = await store.known(conn, [key for key in keys.values() if key is not None])
    sealed = await index.sources(conn, [call for call, _ in known])
    unowned = []
    for stray in strays:
        key = keys[stray.base]
        row = None if key is None else known[key]
        if key is None or row is None or not row.has_call:
            unowned.append(Orphan(stray.base, stray.sides, stray.written_at, reused=False))
        elif key in sealed:
            if not _is_same(stray, sealed[key]):
                unowned.append(Orphan(stray.base, stray.sides, stray.written_at, reused=True))
        elif _is_unclaimed(row):
            await store.appeared(conn, segment_id(CallId(key[0]), key[1]), key[0], key[1], stray.base)
    entered = await index.known_orphans(conn, [orphan.key for orphan in unowned])
    return [orphan for orphan in unowned if orphan.key not in entered]


def _key(base: str) -> tuple[UUID, int] | None:
    matched = BASE.fullmatch(Path(base).name)
    if matched is None or int(matched["seq"]) == 0:
        return None
    try:
        return call_id(matched["cc_call"]), int(matched["seq"])
    except NotACallIdError:
        return None


def _is_unclaimed(row: Known) -> bool:
    return row.ended and (row.segment_id is None or (row.state == "lost" and row.lost_reason != store.UNUSABLE))


def _is_same(stray: Stray, sources: list[dict[str, object]]) -> bool:
    sealed = {(source["name"], source["size"]) for source in sources}
    return all((path.name, path.stat().st_size) in sealed for path in stray.sides.paths())
