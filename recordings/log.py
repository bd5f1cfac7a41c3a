"""The archive's append-only log: an RFC 6962 Merkle tree of canonical JSON leaves, on disk.

An append returns only when the entry, its tiles and the tree state are synced. The log never forgets or
changes an acknowledged leaf, and never signs a head that contradicts one signed before.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from recordings import checkpoint, disk, merkle
from recordings.archive import TREE_STATE
from recordings.checkpoint import Signer, TreeHead, Verifier
from recordings.errors import LogDamagedError
from recordings.tiles import WIDTH, Tiles

Json = Mapping[str, Any]
Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """The progress of those who do not want to see any."""


class LeafType(StrEnum):
    """What a leaf states about an object, or about several that were handed over."""

    INGEST = "INGEST"
    ADD_VERSION = "ADD_VERSION"
    EXPORT = "EXPORT"


@dataclass(frozen=True, slots=True)
class Proof:
    """Why a leaf is part of the log: verify with ``merkle.verify_inclusion``."""

    index: int
    size: int
    leaf: bytes
    path: tuple[bytes, ...]
    root: bytes


class Log:
    """The log in one folder. Several processes may read; appends take turns."""

    def __init__(self, folder: Path, origin: str) -> None:
        self._folder = folder
        self._tiles = Tiles(folder / "tile")
        self.origin = origin
        self._check_not_rolled_back()

    @property
    def head(self) -> TreeHead:
        """The newest acknowledged tree. Raises LogDamagedError when the state file is unreadable."""
        path = self._state_path
        try:
            state = json.loads(path.read_bytes())
            return TreeHead(self.origin, int(state["size"]), bytes.fromhex(state["root"]))
        except FileNotFoundError:
            if self._tiles.bundle_path(0).exists():
                raise LogDamagedError(f"{path} is missing but the log has entries") from None
            return TreeHead(self.origin, 0, merkle.EMPTY)
        except (ValueError, KeyError, TypeError) as error:
            raise LogDamagedError(f"{path} cannot be read") from error

    def append(self, leaves: Sequence[Json]) -> int:
        """Add leaves in order, durably; returns the index of the first."""
        return self.append_entries([canonical(leaf) for leaf in leaves])

    def append_entries(self, entries: Sequence[bytes]) -> int:
        """Add ready-made entries, durably; returns the index of the first."""
        with self._lock():
            head = self.head
            self._check_root(head)
            if not self._state_path.exists():  # or a crash before the first state would look like a lost one
                self._store_state(0, merkle.EMPTY)
            self._tiles.extend(head.size, entries, [merkle.leaf_hash(entry) for entry in entries])
            size = head.size + len(entries)
            self._store_state(size, merkle.root(size, self._tiles.subtree))
            return head.size

    def entry(self, index: int) -> bytes:
        """The bytes of one leaf. Raises IndexError beyond the tree."""
        size = self.head.size
        if not 0 <= index < size:
            raise IndexError(index)
        bundle, at = divmod(index, WIDTH)
        return self._tiles.bundle(bundle, at + 1)[at]

    def entries(self, start: int = 0) -> Iterator[bytes]:
        """All leaves from ``start`` on, in order."""
        return self._tiles.entries(self.head.size, start)

    def find(self, object_id: str, version: int) -> int | None:
        """The index of the leaf that introduced this version; newest first, a scan of the whole log."""
        size = self.head.size
        needle = json.dumps(object_id, ensure_ascii=False).encode()
        for bundle in range((size - 1) // WIDTH, -1, -1):
            entries = self._tiles.bundle(bundle, min(WIDTH, size - bundle * WIDTH))
            for at in range(len(entries) - 1, -1, -1):
                if needle in entries[at] and introduces(json.loads(entries[at]), object_id, version):
                    return bundle * WIDTH + at
        return None

    def prove(self, index: int, size: int | None = None) -> Proof:
        """The inclusion proof of one leaf in the tree of ``size`` (the newest when none is given)."""
        size = self.head.size if size is None else size
        path = merkle.inclusion(index, size, self._tiles.subtree)
        return Proof(index, size, self.entry(index), tuple(path), merkle.root(size, self._tiles.subtree))

    def prove_consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the tree of ``old`` leaves is a prefix of the tree of ``new``."""
        return merkle.consistency(old, new, self._tiles.subtree)

    def root_at(self, size: int) -> bytes:
        """The head the tree had when it held ``size`` leaves."""
        return merkle.root(size, self._tiles.subtree)

    def sign(self, signer: Signer, trusted: Sequence[Verifier] = ()) -> TreeHead:
        """Publish a checkpoint of the newest tree. Raises LogDamagedError if it would contradict the last."""
        with self._lock():
            head = self.head
            self._check_root(head)
            last = self.signed_head(trusted or (signer.verifier(),))
            if last is not None and (last.size > head.size or self.root_at(last.size) != last.root):
                raise LogDamagedError(f"the tree no longer contains the signed one of {last.size} leaves")
            staged = self._folder / ".state" / "checkpoint.new"
            disk.rewrite(staged, self._checkpoint_path, signer.sign(head))
            return head

    def checkpoint_note(self) -> bytes | None:
        """The last published checkpoint as it is on disk, or None before the first."""
        try:
            return self._checkpoint_path.read_bytes()
        except FileNotFoundError:
            return None

    def signed_head(self, verifiers: Sequence[Verifier] = ()) -> TreeHead | None:
        """The last published checkpoint, or None before the first."""
        note = self.checkpoint_note()
        return None if note is None else checkpoint.parse(note, verifiers)

    def checkpoint_over(self, index: int) -> tuple[TreeHead, bytes] | None:
        """The last published checkpoint, read and as it is on disk, when it is of this tree and holds that leaf."""
        note = self.checkpoint_note()
        if note is None:
            return None
        signed = checkpoint.parse(note)
        if not index < signed.size <= self.head.size or self.root_at(signed.size) != signed.root:
            return None
        return signed, note

    def verify(self, progress: Progress = silent, verifiers: Sequence[Verifier] = ()) -> TreeHead:
        """Recompute every hash from the entries. Raises LogDamagedError at the first contradiction.

        With verifiers, one of them must have signed the checkpoint, and with any leaf there must be one.
        """
        head = self.head
        for tile in range(-(-head.size // WIDTH)):
            count = min(WIDTH, head.size - tile * WIDTH)
            found = [merkle.leaf_hash(entry) for entry in self._tiles.bundle(tile, count)]
            if found != self._tiles.hashes(0, tile, 0, count):
                raise LogDamagedError(f"the leaves from {tile * WIDTH} on do not fit their tile")
            progress(tile * WIDTH + count, head.size)
        for level in range(8, max(head.size.bit_length(), 1), 8):
            for index in range(head.size >> level):
                left = self._tiles.subtree(level - 1, index * 2)
                right = self._tiles.subtree(level - 1, index * 2 + 1)
                if self._tiles.subtree(level, index) != merkle.node_hash(left, right):
                    raise LogDamagedError(f"tile hash {level}/{index} does not fit those below it")
        self._check_root(head)
        signed = self.signed_head(verifiers)
        if signed is None and verifiers and head.size:
            raise LogDamagedError("there is no checkpoint: nothing of this log is signed")
        if signed is not None and self.root_at(signed.size) != signed.root:
            raise LogDamagedError(f"the checkpoint of {signed.size} leaves is not of this tree")
        progress(head.size, head.size)
        return head

    @property
    def _state_path(self) -> Path:
        return self._folder / TREE_STATE

    @property
    def _checkpoint_path(self) -> Path:
        return self._folder / "checkpoint"

    def _check_root(self, head: TreeHead) -> None:
        if merkle.root(head.size, self._tiles.subtree) != head.root:
            raise LogDamagedError(f"the tiles do not give the stored root of {head.size} leaves")

    def _check_not_rolled_back(self) -> None:
        signed, head = self.signed_head(), self.head
        if signed is not None and signed.size > head.size:
            raise LogDamagedError(f"{signed.size} leaves were signed, only {head.size} are here")

    def _store_state(self, size: int, root: bytes) -> None:
        content = canonical({"root": root.hex(), "size": size}) + b"\n"
        disk.rewrite(self._folder / ".state" / "treeState.new", self._state_path, content)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        disk.make_directories(self._folder / ".state")
        descriptor = os.open(self._folder / ".state" / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def canonical(value: Json) -> bytes:
    """Canonical JSON: sorted keys, no spaces, UTF-8. Floats are refused because they do not round-trip."""
    _refuse_floats(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def introduces(leaf: Json, object_id: str, version: int) -> bool:
    """Whether this leaf is the one that brought the object's version into the archive."""
    return (
        leaf.get("type") in (LeafType.INGEST, LeafType.ADD_VERSION)
        and leaf.get("object") == object_id
        and leaf.get("version") == version
    )


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("a log leaf may not hold floating-point numbers")
    if isinstance(value, Mapping):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)
