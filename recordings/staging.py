"""One version of one object on its way in: staged with every sync, then published by a rename.

Follows the write protocol's steps 4 to 11. Until the rename the archive has not changed; after the sync
that follows it, the version is there whole. Leftovers in the stage are dropped, leftovers in the root
never are.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from recordings import disk
from recordings.archive import (
    INVENTORY,
    OBJECT_DECLARATION,
    SIDECAR,
    Archive,
    proved_inventory,
)
from recordings.errors import ObjectDamagedError
from recordings.inventory import CONTENT, ContentFile, Inventory, parse, sidecar

Checkpoint = Callable[[str], None]


def no_checkpoint(name: str) -> None:
    """The hook in ordinary service: does nothing."""


class Staging:
    """A version being written. Use only while holding ``archive.writing()``."""

    def __init__(self, archive: Archive, object_id: str, checkpoint: Checkpoint = no_checkpoint) -> None:
        self._archive = archive
        self._checkpoint = checkpoint
        self._before = archive.inventory(object_id) if archive.holds(object_id) else Inventory(object_id, {}, ())
        self.number = self._before.head + 1
        name = hashlib.sha256(object_id.encode()).hexdigest()[:32]
        self._entry = archive.stage / f"{name}-v{self.number}"
        self._version = self._entry / f"v{self.number}"
        self._files: list[ContentFile] = []
        self._inventory: bytes = b""
        self.object_id = object_id
        if self._entry.exists():
            disk.discard_stage(archive.stage, self._entry)
        with disk.write_errors(self._entry):
            (self._version / CONTENT).mkdir(mode=disk.WORK_DIRECTORY_MODE, parents=True)

    def path(self, logical: str) -> Path:
        """Where to create a content file; its directory exists afterwards."""
        path = self._version / CONTENT / logical
        with disk.write_errors(path):
            path.parent.mkdir(mode=disk.WORK_DIRECTORY_MODE, parents=True, exist_ok=True)
        return path

    def write(self, logical: str, content: bytes) -> None:
        """Add a small file, synced (step 6)."""
        disk.write_once(self.path(logical), content)
        self._files.append(
            ContentFile(logical, hashlib.sha512(content).hexdigest(), hashlib.sha256(content).hexdigest())
        )

    def adopt(self, logical: str, *more: str) -> dict[str, str]:
        """Add a file that was created at ``path(logical)`` and synced; its digests, ``more`` kinds too, are read from
        disk."""
        path = self.path(logical)
        disk.drop_cache(path)
        found = disk.digests(path, ("sha512", "sha256", *more))
        self._files.append(ContentFile(logical, found["sha512"], found["sha256"]))
        return found

    def finish(self, created: datetime, message: str) -> None:
        """Write the inventories and sync the staged tree bottom-up (steps 7 and 8)."""
        inventory = self._before.with_version(tuple(self._files), created, message)
        self._inventory = inventory.to_bytes()
        for directory in (self._version, self._entry):
            disk.write_once(directory / INVENTORY, self._inventory)
            disk.write_once(directory / SIDECAR, sidecar(self._inventory))
        if self.number == 1:
            disk.write_once(self._entry / OBJECT_DECLARATION, b"ocfl_object_1.1\n")
        self._checkpoint("inventoried")
        for content, _, _ in os.walk(self._version / CONTENT, topdown=False):
            Path(content).chmod(disk.SEALED_DIRECTORY_MODE)
            disk.sync_directory(Path(content))
        disk.sync_directory(self._version)
        disk.sync_directory(self._entry)
        self._checkpoint("staged")

    def publish(self) -> str:
        """Rename the version to its place (steps 9 to 11). Returns the hex SHA-512 of its inventory."""
        final = self._archive.path_of(self.object_id)
        disk.make_directories(final.parent)
        self._checkpoint("parents made")
        if self.number == 1:
            disk.publish(self._entry, final)
            self._checkpoint("renamed")
            disk.sync_directory(final.parent)
        else:
            disk.publish(self._version, final / self._version.name)
            self._checkpoint("renamed")
            disk.sync_directory(final)
            disk.replace(self._entry / INVENTORY, final / INVENTORY)
            self._checkpoint("inventory replaced")
            disk.replace(self._entry / SIDECAR, final / SIDECAR)
            self._entry.rmdir()
        disk.sync_directory(self._archive.stage)
        (final / f"v{self.number}").chmod(disk.SEALED_DIRECTORY_MODE)
        self._checkpoint("committed")
        return hashlib.sha512(self._inventory).hexdigest()


def complete_interrupted(archive: Archive, object_id: str) -> bool:
    """Finish a version whose directory was published while the root inventory was not yet replaced.

    Acts only where the added version proves itself: its sidecar fits, it is the next one, it contains
    all earlier versions unchanged, and each of its files has its digest. Returns whether it acted;
    anything else that does not fit stays as it is, for verification to report.
    """
    path = archive.path_of(object_id)
    if not path.is_dir() or not (path / OBJECT_DECLARATION).is_file():
        return False
    try:
        current = parse((path / INVENTORY).read_bytes())
    except OSError as error:
        raise ObjectDamagedError(f"{path}: {error.strerror}") from error
    following = path / f"v{current.head + 1}"
    newest = following if following.is_dir() else path / f"v{current.head}"
    content = proved_inventory(newest)
    if (path / INVENTORY).read_bytes() == content and (path / SIDECAR).read_bytes() == sidecar(content):
        return False
    proposed = parse(content)
    if not _extends(proposed, current) or not _is_whole(path, proposed):
        raise ObjectDamagedError(f"{path}: {newest.name} does not continue the root inventory")
    entry = archive.stage / f"{hashlib.sha256(object_id.encode()).hexdigest()[:32]}-repair"
    if entry.exists():
        disk.discard_stage(archive.stage, entry)
    entry.mkdir(mode=disk.WORK_DIRECTORY_MODE)
    for name, replacement in ((INVENTORY, content), (SIDECAR, sidecar(content))):
        disk.write_once(entry / name, replacement)
        disk.replace(entry / name, path / name)
    entry.rmdir()
    disk.sync_directory(archive.stage)
    return True


def drop_leftovers(archive: Archive) -> int:
    """Drop what interrupted sealings left in the stage; returns how many (R21). Needs ``writing()``."""
    dropped = 0
    for entry in sorted(archive.stage.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            disk.discard_stage(archive.stage, entry)
            dropped += 1
    return dropped


def _extends(proposed: Inventory, current: Inventory) -> bool:
    return (
        proposed.object_id == current.object_id
        and proposed.head in (current.head, current.head + 1)
        and proposed.versions[: current.head] == current.versions
        and all(set(paths) <= set(proposed.manifest.get(digest, ())) for digest, paths in current.manifest.items())
    )


def _is_whole(path: Path, inventory: Inventory) -> bool:
    return all(
        (path / name).is_file() and disk.digests(path / name, ("sha512",))["sha512"] == digest
        for digest, names in inventory.manifest.items()
        for name in names
    )
