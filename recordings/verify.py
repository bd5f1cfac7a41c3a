"""Is everything still what was sealed: files against inventory, inventory against sidecar and log leaf.

Reads only. Needs nothing but this package and the archive's disk. Reports every finding instead of
stopping at the first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import soundfile

from recordings.archive import (
    INVENTORY,
    OBJECT_DECLARATION,
    SIDECAR,
    Archive,
    object_path,
    proved_inventory,
)
from recordings.audio import check_master
from recordings.checkpoint import Verifier
from recordings.disk import digests
from recordings.errors import (
    EncodingMismatchError,
    LogDamagedError,
    ObjectDamagedError,
    RecordingsError,
    UnknownFormatError,
)
from recordings.ingest import read_record, segments_of
from recordings.inventory import CONTENT, Inventory, parse
from recordings.log import LeafType, Log

Progress = Callable[[int, int, str], None]


def silent(done: int, total: int, what: str) -> None:
    """The progress of those who do not want to see any."""


class Damage(StrEnum):
    """What kind of difference was found."""

    FILE_CHANGED = "file-changed"
    FILE_MISSING = "file-missing"
    FILE_UNKNOWN = "file-unknown"
    INVENTORY_DAMAGED = "inventory-damaged"
    UNKNOWN_FORMAT = "unknown-format"
    WRONG_PLACE = "wrong-place"
    LEAF_MISSING = "leaf-missing"
    LEAF_DIFFERS = "leaf-differs"
    OBJECT_MISSING = "object-missing"
    AUDIO_DIFFERS = "audio-differs"
    LOG_DAMAGED = "log-damaged"


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference: which object (its id, or its path when the id cannot be read) and what."""

    object_id: str
    damage: Damage
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a whole verification; of the leaves, `signed` are under the checkpoint."""

    objects: int
    files: int
    leaves: int
    signed: int
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        return not self.findings


def verify_archive(
    archive: Archive,
    log: Log,
    decode: bool = False,
    progress: Progress = silent,
    verifiers: Sequence[Verifier] = (),
) -> Report:
    """Verify every object and the log. ``decode`` also decodes every master and compares its samples.

    With ``verifiers`` the log's checkpoint must bear the signature of one of them.
    """
    findings: list[Finding] = []
    leaves: dict[tuple[str, int], str] = {}
    size = signed = 0
    try:
        size = log.verify(lambda done, total: progress(done, total, "log leaves"), verifiers).size
        checkpoint = log.signed_head(verifiers)
        signed = checkpoint.size if checkpoint is not None else 0
        for entry in log.entries():
            stated = json.loads(entry)
            if stated.get("type") in (LeafType.INGEST, LeafType.ADD_VERSION):
                leaves[stated["object"], stated["version"]] = stated["inventory_sha512"]
    except LogDamagedError as error:
        findings.append(Finding("log", Damage.LOG_DAMAGED, str(error)))
    objects = files = 0
    expected = len({object_id for object_id, _ in leaves})
    for path in archive.objects():
        objects += 1
        object_id, count, found = verify_object(archive, path, decode)
        files += count
        findings.extend(found)
        if object_id is not None and not any(item.damage is Damage.INVENTORY_DAMAGED for item in found):
            findings.extend(_check_leaves(path, object_id, leaves))
        progress(objects, max(objects, expected), "objects")
    for object_id in sorted({object_id for object_id, _ in leaves}):
        if not archive.holds(object_id):
            findings.append(Finding(object_id, Damage.OBJECT_MISSING, "the log knows it, the root does not"))
    return Report(objects, files, size, signed, tuple(findings))


def verify_object(archive: Archive, path: Path, decode: bool = False) -> tuple[str | None, int, list[Finding]]:
    """The object's id (None if unreadable), how many files were hashed, and what is wrong."""
    name = str(path.relative_to(archive.root))
    try:
        if not (path / OBJECT_DECLARATION).is_file():
            raise UnknownFormatError("no 0=ocfl_object_1.1 declaration")
        inventory = parse(proved_inventory(path))
    except UnknownFormatError as error:
        return None, 0, [Finding(name, Damage.UNKNOWN_FORMAT, str(error))]
    except ObjectDamagedError as error:
        return None, 0, [Finding(name, Damage.INVENTORY_DAMAGED, str(error))]
    object_id = inventory.object_id
    findings = [Finding(object_id, damage, detail) for damage, detail in _differences(path, inventory)]
    if archive.root / object_path(object_id) != path:
        findings.append(Finding(object_id, Damage.WRONG_PLACE, name))
    if decode and not findings:
        findings.extend(_check_audio(archive, object_id))
    return object_id, len(inventory.content_paths()), findings


def _differences(path: Path, inventory: Inventory) -> Iterator[tuple[Damage, str]]:
    sha256 = {name: digest for digest, names in inventory.fixity.items() for name in names}
    known = {OBJECT_DECLARATION, INVENTORY, SIDECAR}
    for digest, names in inventory.manifest.items():
        for name in names:
            known.add(name)
            file = path / name
            if file.is_symlink() or not file.is_file():
                yield Damage.FILE_MISSING, name
                continue
            try:
                found = digests(file, ("sha512", "sha256"))
            except OSError as error:
                yield Damage.FILE_CHANGED, f"{name}: {error.strerror}"
                continue
            if found["sha512"] != digest or found["sha256"] != sha256.get(name, found["sha256"]):
                yield Damage.FILE_CHANGED, name
    for number in range(1, inventory.head + 1):
        known |= {f"v{number}/{INVENTORY}", f"v{number}/{SIDECAR}"}
        yield from _check_version(path, inventory, number)
    for file in sorted(path.rglob("*")):
        name = str(file.relative_to(path))
        if name not in known and (file.is_symlink() or not file.is_dir()):
            yield Damage.FILE_UNKNOWN, name
    if len([entry for entry in path.iterdir() if entry.is_dir()]) > inventory.head:
        yield Damage.FILE_UNKNOWN, "a directory that no version owns"


def _check_version(path: Path, inventory: Inventory, number: int) -> Iterator[tuple[Damage, str]]:
    directory = path / f"v{number}"
    try:
        content = proved_inventory(directory)
        if number == inventory.head and content != (path / INVENTORY).read_bytes():
            yield Damage.INVENTORY_DAMAGED, f"v{number}/{INVENTORY} differs from the root inventory"
        elif parse(content).versions != inventory.versions[:number]:
            yield Damage.INVENTORY_DAMAGED, f"v{number}/{INVENTORY} tells another history"
    except RecordingsError as error:
        yield Damage.INVENTORY_DAMAGED, str(error)
    if not (directory / CONTENT).is_dir():
        yield Damage.FILE_MISSING, f"v{number}/{CONTENT}"


def _check_leaves(path: Path, object_id: str, leaves: dict[tuple[str, int], str]) -> Iterator[Finding]:
    for directory in sorted(path.glob("v*")):
        version = int(directory.name[1:]) if directory.name[1:].isdigit() else 0
        stated = leaves.get((object_id, version))
        if stated is None:
            yield Finding(object_id, Damage.LEAF_MISSING, directory.name)
            continue
        try:
            found = hashlib.sha512((directory / INVENTORY).read_bytes()).hexdigest()
        except OSError as error:
            found = str(error.strerror)
        if found != stated:
            yield Finding(object_id, Damage.LEAF_DIFFERS, directory.name)


def _check_audio(archive: Archive, object_id: str) -> Iterator[Finding]:
    for segment in segments_of(read_record(archive, object_id)):
        try:
            check_master(archive.file(object_id, segment.file), segment.encoded, alone=True)
        except (EncodingMismatchError, soundfile.LibsndfileError) as error:
            yield Finding(object_id, Damage.AUDIO_DIFFERS, str(error))
