"""The archive on disk: an OCFL 1.1 root with layout extension 0003, a stage beside it, and a sentinel.

Has no way to delete or change an object. Every write first proves that this is the right disk, that the
stage can be renamed from, and that there is room (protocol step 0).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from recordings import disk
from recordings.clock import Reading
from recordings.errors import (
    ArchiveBusyError,
    ArchiveFullError,
    ArchiveRefusedError,
    ObjectDamagedError,
    ObjectMissingError,
    UnknownFormatError,
)
from recordings.inventory import Inventory, parse, sidecar

ROOT_DECLARATION = "0=ocfl_1.1"
OBJECT_DECLARATION = "0=ocfl_object_1.1"
LAYOUT = "0003-hash-and-id-n-tuple-storage-layout"
SENTINEL = ".archive-root-id"
INVENTORY = "inventory.json"
SIDECAR = "inventory.json.sha512"
TREE_STATE = Path(".state/treeState")
MINIMUM_FREE = 1 << 30
LONGEST_ENCODED = 100
DIRECTORIES = ("stage", "quarantine", "log", "derived")
ROOT_ID = re.compile(r"[A-Za-z0-9._-]{1,80}\Z")

SPECIFICATION_NOTE = """\
This folder is an OCFL 1.1 storage root (Oxford Common File Layout, https://ocfl.io/1.1/spec/).
Objects lie at <3 hex>/<3 hex>/<3 hex>/<percent-encoded id>, the hex digits being the SHA-256 of the id
(extension 0003). Each object's inventory.json lists every file with its SHA-512; inventory.json.sha512
is the digest of the inventory itself. content/rec holds FLAC masters: `flac -d` returns the WAV whose
SHA-256 is in content/meta/record.json (left = customer, right = what the customer heard).

此目录为 OCFL 1.1 归档根目录。每个对象的 inventory.json 列出全部文件及其 SHA-512。
"""


@dataclass(frozen=True, slots=True)
class Archive:
    """An opened archive: the paths, and the rules for writing there.

    ``minimum_free`` is in bytes; below it nothing is sealed and the sources wait.
    """

    base: Path
    root_id: str
    minimum_free: int = MINIMUM_FREE

    @property
    def root(self) -> Path:
        return self.base / "root"

    @property
    def stage(self) -> Path:
        return self.base / "stage"

    @property
    def log(self) -> Path:
        return self.base / "log"

    @property
    def derived(self) -> Path:
        return self.base / "derived"

    @property
    def quarantine(self) -> Path:
        return self.base / "quarantine"

    def path_of(self, object_id: str) -> Path:
        """Where the object lies, or would lie."""
        return self.root / object_path(object_id)

    def check_writable(self, clock: Reading | None = None) -> None:
        """Step 0: the right disk, one file system, a known format, room, a sound clock. Raises ArchiveRefusedError."""
        self.check_readable()
        if self.root.stat().st_dev != self.stage.stat().st_dev:
            raise ArchiveRefusedError(f"{self.stage} is not on the file system of {self.root}")
        if (free := disk.free_bytes(self.root)) < self.minimum_free:
            raise ArchiveFullError(f"{self.root}: {free} bytes free, {self.minimum_free} wanted")
        if clock is not None:
            clock.check(self._last_written())

    def _last_written(self) -> datetime | None:
        """When the log was last added to, by the file system."""
        try:
            return datetime.fromtimestamp((self.log / TREE_STATE).stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def check_readable(self) -> None:
        """The sentinel proves that the archive's disk is mounted here and not an empty mount point."""
        try:
            found = (self.root / SENTINEL).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ArchiveRefusedError(f"{self.root}: no sentinel; is the archive's disk mounted?") from error
        if found != self.root_id:
            raise ArchiveRefusedError(f"{self.root}: this is archive {found!r}, not {self.root_id!r}")
        if not (self.root / ROOT_DECLARATION).is_file():
            raise UnknownFormatError(f"{self.root}: not an OCFL 1.1 root")

    @contextmanager
    def writing(self, wait: bool = True, clock: Reading | None = None) -> Iterator[None]:
        """Hold the archive alone; a second archiver waits here, or gets ArchiveBusyError (F48)."""
        descriptor = os.open(self.base / "stage.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ArchiveBusyError(f"{self.base}: another archiver is at work") from error
            self.check_writable(clock)
            yield
        finally:
            os.close(descriptor)

    def holds(self, object_id: str) -> bool:
        return self.path_of(object_id).is_dir()

    def inventory_bytes(self, object_id: str) -> bytes:
        """The root inventory of an object, proved against its sidecar."""
        path = self.path_of(object_id)
        if not path.is_dir():
            raise ObjectMissingError(object_id)
        if not (path / OBJECT_DECLARATION).is_file():
            raise UnknownFormatError(f"{path}: not an OCFL 1.1 object; left alone")
        return proved_inventory(path)

    def inventory(self, object_id: str) -> Inventory:
        """The object's inventory. Raises ObjectMissingError, ObjectDamagedError, UnknownFormatError."""
        inventory = parse(self.inventory_bytes(object_id))
        if inventory.object_id != object_id:
            raise ObjectDamagedError(f"{self.path_of(object_id)} says it is {inventory.object_id!r}")
        return inventory

    def file(self, object_id: str, logical: str, version: int | None = None) -> Path:
        """The path of one logical file of the object (the head version when none is given)."""
        names = self.inventory(object_id).logical(version)
        if logical not in names:
            raise ObjectMissingError(f"{object_id}: no {logical}")
        return self.path_of(object_id) / names[logical]

    def objects(self) -> Iterator[Path]:
        """Every directory at object depth, in path order; also those that are no valid objects."""
        for first in _directories(self.root):
            if first.name == "extensions":
                continue
            for second in _directories(first):
                for third in _directories(second):
                    yield from _directories(third)


def create(base: Path, root_id: str, minimum_free: int = MINIMUM_FREE) -> Archive:
    """Make an empty archive, or open the one there. Raises ArchiveRefusedError for another."""
    if not ROOT_ID.match(root_id):
        raise ArchiveRefusedError(f"archive id {root_id!r} may hold only letters, digits, '.', '_' and '-'")
    archive = Archive(base, root_id, minimum_free)
    if not (archive.root / SENTINEL).exists():
        if archive.root.exists() and any(_directories(archive.root)):
            raise ArchiveRefusedError(f"{archive.root} holds something but has no sentinel")
        disk.make_directories(archive.root / "extensions" / LAYOUT)
        for name in DIRECTORIES:
            disk.make_directories(base / name)
        for path, content in _root_files(archive.root).items():
            if not path.exists():
                disk.write_once(path, content)
        for directory in (archive.root / "extensions" / LAYOUT, archive.root / "extensions", archive.root):
            disk.sync_directory(directory)
        disk.write_once(archive.root / SENTINEL, f"{root_id}\n".encode())
        disk.sync_directory(archive.root)
    archive.check_readable()
    return archive


@lru_cache(maxsize=1024)
def object_path(object_id: str) -> Path:
    """Layout extension 0003: three tuples of three hex digits, then the percent-encoded id."""
    digest = hashlib.sha256(object_id.encode()).hexdigest()
    encoded = "".join(
        chr(byte) if chr(byte).isascii() and (chr(byte).isalnum() or byte in b"-_") else f"%{byte:02x}"
        for byte in object_id.encode()
    )
    if len(encoded) > LONGEST_ENCODED:
        encoded = f"{encoded[:LONGEST_ENCODED]}-{digest}"
    return Path(digest[0:3], digest[3:6], digest[6:9], encoded)


def proved_inventory(directory: Path) -> bytes:
    """``inventory.json`` of an object or version directory, if its sidecar agrees."""
    try:
        content = (directory / INVENTORY).read_bytes()
        declared = (directory / SIDECAR).read_bytes()
    except OSError as error:
        raise ObjectDamagedError(f"{directory}: {error.strerror}") from error
    if declared != sidecar(content):
        raise ObjectDamagedError(f"{directory}: the sidecar does not fit inventory.json")
    return content


def _root_files(root: Path) -> dict[Path, bytes]:
    configuration = {
        "extensionName": LAYOUT,
        "digestAlgorithm": "sha256",
        "tupleSize": 3,
        "numberOfTuples": 3,
    }
    layout = {"extension": LAYOUT, "description": "Hashed n-tuple of the object id, then the encoded id"}
    return {
        root / ROOT_DECLARATION: b"ocfl_1.1\n",
        root / "ocfl_layout.json": json.dumps(layout, indent=1).encode() + b"\n",
        root / "extensions" / LAYOUT / "config.json": json.dumps(configuration, indent=1).encode() + b"\n",
        root / "ocfl_1.1.md": SPECIFICATION_NOTE.encode(),
    }


def _directories(path: Path) -> list[Path]:
    try:
        return sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.is_symlink())
    except FileNotFoundError:
        return []
