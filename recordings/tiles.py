"""The log's files: C2SP tlog-tiles paths, entry bundles and hash tiles of 256, appended in place.

A partial tile of width W is the first W entries of the growing file, so serving ``.p/W`` is cutting.
Only bytes beyond the acknowledged size, left by a crash, are ever cut away.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from recordings import disk
from recordings.errors import LeafTooLargeError, LogDamagedError
from recordings.merkle import node_hash

WIDTH = 256
HEIGHT = 8
HASH = 32
LENGTH = struct.Struct(">H")
LONGEST_ENTRY = 65_535


def numbered(index: int) -> Path:
    """tlog-tiles file name of a tile: groups of three digits, all but the last with an ``x``."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    return Path(*reversed(groups))


class Tiles:
    """Reads and extends the files under ``log/tile``. Extend only while holding the log's lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def bundle_path(self, index: int) -> Path:
        return self._folder / "entries" / numbered(index)

    def tile_path(self, level: int, index: int) -> Path:
        return self._folder / str(level) / numbered(index)

    def subtree(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree (``merkle.Subtree``). Raises LogDamagedError."""
        tile_level, above = divmod(level, HEIGHT)
        first = index << above
        tile, offset = divmod(first, WIDTH)
        return _root_of(self.hashes(tile_level, tile, offset, 1 << above))

    def hashes(self, level: int, tile: int, first: int, count: int) -> list[bytes]:
        """``count`` hashes of one tile. Raises LogDamagedError when they are not all there."""
        path = self.tile_path(level, tile)
        try:
            with path.open("rb") as file:
                file.seek(first * HASH)
                raw = file.read(count * HASH)
        except OSError as error:
            raise LogDamagedError(f"{path}: {error.strerror}") from error
        if len(raw) != count * HASH:
            raise LogDamagedError(f"{path} is shorter than the tree")
        return [raw[at : at + HASH] for at in range(0, len(raw), HASH)]

    def bundle(self, index: int, count: int) -> list[bytes]:
        """The first ``count`` entries of a bundle. Raises LogDamagedError if they are not all there."""
        path = self.bundle_path(index)
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise LogDamagedError(f"{path}: {error.strerror}") from error
        entries: list[bytes] = []
        at = 0
        while len(entries) < count:
            if at + LENGTH.size > len(raw):
                raise LogDamagedError(f"{path} is shorter than the tree")
            (length,) = LENGTH.unpack_from(raw, at)
            at += LENGTH.size
            entries.append(raw[at : at + length])
            at += length
        if at > len(raw):
            raise LogDamagedError(f"{path} is shorter than the tree")
        return entries

    def entries(self, size: int, start: int = 0) -> Iterator[bytes]:
        """Entries ``start`` to ``size``, one bundle in memory at a time."""
        for index in range(start // WIDTH, -(-size // WIDTH)):
            first = index * WIDTH
            yield from self.bundle(index, min(WIDTH, size - first))[max(0, start - first) :]

    def extend(self, size: int, entries: Sequence[bytes], leaves: Sequence[bytes]) -> None:
        """Append entries and their leaf hashes after the first ``size``, synced, tiles of all levels."""
        if too_long := [len(entry) for entry in entries if len(entry) > LONGEST_ENTRY]:
            raise LeafTooLargeError(f"{too_long[0]} bytes, {LONGEST_ENTRY} allowed")
        done = 0
        while done < len(entries):
            bundle, held = divmod(size + done, WIDTH)
            batch = entries[done : done + WIDTH - held]
            offset = sum(LENGTH.size + len(entry) for entry in self.bundle(bundle, held)) if held else 0
            packed = b"".join(LENGTH.pack(len(entry)) + entry for entry in batch)
            _append(self.bundle_path(bundle), offset, packed)
            done += len(batch)
        self._extend_hashes(0, size, leaves)

    def _extend_hashes(self, level: int, size: int, hashes: Sequence[bytes]) -> None:
        done = 0
        while done < len(hashes):
            tile, held = divmod(size + done, WIDTH)
            batch = hashes[done : done + WIDTH - held]
            _append(self.tile_path(level, tile), held * HASH, b"".join(batch))
            done += len(batch)
        full_before, full_after = size // WIDTH, (size + len(hashes)) // WIDTH
        if full_after > full_before:
            parents = [_root_of(self.hashes(level, index, 0, WIDTH)) for index in range(full_before, full_after)]
            self._extend_hashes(level + 1, full_before, parents)


def _root_of(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def _append(path: Path, offset: int, content: bytes) -> None:
    created = not path.exists()
    if created:
        disk.make_directories(path.parent)
    with disk.write_errors(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
    try:
        with disk.write_errors(path):
            if os.fstat(descriptor).st_size < offset:
                raise LogDamagedError(f"{path} is shorter than the tree")
            os.ftruncate(descriptor, offset)
            os.lseek(descriptor, offset, os.SEEK_SET)
        disk.write_all(descriptor, content, path)
        with disk.write_errors(path):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if created:
        disk.sync_directory(path.parent)
