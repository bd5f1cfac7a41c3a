"""The OCFL 1.1 inventory of one object: what belongs to it, in which version, with which digests.

Pure: reads and makes bytes, never touches a disk. Unknown fields or versions are an error, because an
inventory that is only half understood must not be written on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from recordings.errors import ObjectDamagedError, UnknownFormatError

TYPE = "https://ocfl.io/1.1/spec/#inventory"
DIGEST = "sha512"
FIXITY = "sha256"
CONTENT = "content"
VERSION_NAME = re.compile(r"v[1-9][0-9]*\Z")
HEX_512 = re.compile(r"[0-9a-f]{128}\Z")
HEX_256 = re.compile(r"[0-9a-f]{64}\Z")

PathsByDigest = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ContentFile:
    """One file of a version: its logical name and digests (hex)."""

    logical: str
    sha512: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Version:
    """What an object looked like after one sealing."""

    created: datetime
    message: str
    state: PathsByDigest


@dataclass(frozen=True, slots=True)
class Inventory:
    """All versions of an object; the last one is the head."""

    object_id: str
    manifest: PathsByDigest
    versions: tuple[Version, ...]
    fixity: PathsByDigest = field(default_factory=dict)

    @property
    def head(self) -> int:
        return len(self.versions)

    def content_paths(self) -> frozenset[str]:
        """Every file under the object's version directories that the inventory owns."""
        return frozenset(path for paths in self.manifest.values() for path in paths)

    def logical(self, version: int | None = None) -> dict[str, str]:
        """Logical name → content path of one version (the head when none is given)."""
        state = self.versions[(version or self.head) - 1].state
        return {name: self.manifest[digest][0] for digest, names in state.items() for name in names}

    def with_version(self, files: tuple[ContentFile, ...], created: datetime, message: str) -> Inventory:
        """The inventory after adding a version in which ``files`` are new or replaced."""
        number = self.head + 1
        manifest = {digest: list(paths) for digest, paths in self.manifest.items()}
        fixity = {digest: list(paths) for digest, paths in self.fixity.items()}
        digest_of: dict[str, str] = {}
        if self.versions:
            for digest, names in self.versions[-1].state.items():
                digest_of.update(dict.fromkeys(names, digest))
        for file in files:
            path = f"v{number}/{CONTENT}/{file.logical}"
            manifest.setdefault(file.sha512, []).append(path)
            fixity.setdefault(file.sha256, []).append(path)
            digest_of[file.logical] = file.sha512
        state: dict[str, list[str]] = {}
        for name, digest in digest_of.items():
            state.setdefault(digest, []).append(name)
        version = Version(created, message, _frozen(state))
        return replace(
            self,
            manifest=_frozen(manifest),
            fixity=_frozen(fixity),
            versions=(*self.versions, version),
        )

    def to_bytes(self) -> bytes:
        """The JSON document, the same bytes for the same inventory."""
        document = {
            "id": self.object_id,
            "type": TYPE,
            "digestAlgorithm": DIGEST,
            "head": f"v{self.head}",
            "contentDirectory": CONTENT,
            "manifest": _lists(self.manifest),
            "fixity": {FIXITY: _lists(self.fixity)},
            "versions": {
                f"v{number}": {
                    "created": _moment(version.created),
                    "message": version.message,
                    "user": {"name": "callcenter archiver", "address": "urn:callcenter:archiver"},
                    "state": _lists(version.state),
                }
                for number, version in enumerate(self.versions, start=1)
            },
        }
        return json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"


def sidecar(inventory: bytes) -> bytes:
    """The ``inventory.json.sha512`` that belongs to these inventory bytes."""
    return f"{hashlib.sha512(inventory).hexdigest()} inventory.json\n".encode()


def parse(content: bytes) -> Inventory:
    """Read an inventory. Raises ObjectDamagedError, or UnknownFormatError for a later OCFL."""
    try:
        document = json.loads(content)
        declared = document["type"]
        if declared != TYPE or document["digestAlgorithm"] != DIGEST:
            raise UnknownFormatError(f"inventory type {declared!r}, {document['digestAlgorithm']!r}")
        names = [f"v{number}" for number in range(1, len(document["versions"]) + 1)]
        if set(names) != set(document["versions"]) or document["head"] != names[-1]:
            raise ObjectDamagedError("versions are not v1 to the head without gaps")
        return Inventory(
            object_id=str(document["id"]),
            manifest=_paths(document["manifest"], HEX_512),
            fixity=_paths(document.get("fixity", {}).get(FIXITY, {}), HEX_256),
            versions=tuple(_version(document["versions"][name], document["manifest"]) for name in names),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise ObjectDamagedError(f"inventory cannot be read: {error!r}") from error


def _version(document: Any, manifest: Mapping[str, Any]) -> Version:
    state = _paths(document["state"], HEX_512)
    if unknown := set(state) - set(manifest):
        raise ObjectDamagedError(f"state names content the manifest lacks: {sorted(unknown)[0][:16]}")
    return Version(datetime.fromisoformat(document["created"]), str(document.get("message", "")), state)


def _paths(document: Any, digest: re.Pattern[str]) -> dict[str, tuple[str, ...]]:
    for name, paths in document.items():
        if not digest.match(name) or not paths or not all(_is_inside(path) for path in paths):
            raise ObjectDamagedError(f"bad digest or path at {name[:16]!r}")
    return {name: tuple(paths) for name, paths in document.items()}


def _is_inside(path: Any) -> bool:
    return isinstance(path, str) and all(part not in ("", ".", "..") for part in path.split("/"))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _frozen(paths: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {digest: tuple(sorted(names)) for digest, names in paths.items()}


def _lists(paths: PathsByDigest) -> dict[str, list[str]]:
    return {digest: sorted(names) for digest, names in paths.items()}
