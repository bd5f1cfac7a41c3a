"""A package to be handed over (DIP): a BagIt 1.0 bag in one tar, with proofs and a program that checks them alone.

Streams: memory and scratch space do not grow with the recordings. The package has a name only once it is whole and
synced; after a crash, or when something proves damaged on the way, there is nothing. Reads objects, never changes one.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO, cast

from recordings import handover, record
from recordings.archive import INVENTORY, LAYOUT, ROOT_DECLARATION, Archive, object_path
from recordings.checkpoint import Verifier
from recordings.disk import sync_directory, write_errors
from recordings.errors import AlreadyThereError, NotExportableError, ObjectMissingError
from recordings.ingest import read_record, segments_of
from recordings.inventory import parse
from recordings.log import LeafType, Log
from recordings.playback import Form, Listening
from recordings.verify import verify_object
from recordings.witness import cosignatures

ALGORITHMS = ("sha256", "sha512")
BLOCK = 1 << 20
MOST = 500
"""Objects in a package: the log's leaf names each."""
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
ROOT_FILES = (ROOT_DECLARATION, "ocfl_layout.json", "ocfl_1.1.md", f"extensions/{LAYOUT}/config.json")
README = """\
# 录音档案移交包 · Package of archived recordings

用标准 Python 即可校验本包：`python3 data/verify.py --key 公钥`。
校验内容：文件齐全且未改动；归档对象与其清单一致；
每个版本都在已签名的归档日志之中；`data/audio` 的 WAV 与归档时逐字节相同。
公钥请另行向保险公司索取，勿只用包内的 `data/proof/key.pub`。

`data/verify.py` needs nothing but Python 3. It proves that no file is missing, added or changed, that the archive
objects are those their OCFL inventories describe, that every version is under the signed head of the archive's log,
and that the WAV files in `data/audio` are byte for byte what was sealed. Ask the insurer for the public key by another
way; the one in `data/proof/key.pub` proves only that it made this package.

- `data/archive`: OCFL 1.1, the objects as they lie in the archive 归档对象原样
- `data/audio`: left the customer, right what the customer heard 左声道客户，右声道客户所听
- `data/proof`: each version's leaf and its proof (RFC 6962), the signed tree head 日志叶、包含证明、签名树头
"""


@dataclass(frozen=True, slots=True)
class Handover:
    """To whom the package goes, why, who makes it, and the second person who agreed to it."""

    recipient: str
    reason: str
    actor: str
    approved_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Package:
    """What was made: the file, its SHA-256 and size in bytes, and the leaf that says so in the log."""

    path: Path
    sha256: str
    size: int
    leaf_index: int


def export(
    archive: Archive, log: Log, object_ids: Sequence[str], folder: Path, about: Handover, key: Verifier
) -> Package:
    """Write the package of these objects into `folder`, named after the first one's archive number.

    Raises NotExportableError when an object is damaged or not yet under the signed head, AlreadyThereError when there
    is a file of that name, ObjectMissingError, ObjectDamagedError.
    """
    if about.actor == about.approved_by:
        raise NotExportableError("a hand-over takes two persons")
    if not 0 < len(object_ids) <= MOST:
        raise NotExportableError(f"a package holds 1 to {MOST} recordings")
    signed = _signed_head(log, key)
    proofs = [_proof(archive, log, object_id, signed[0]) for object_id in object_ids]
    name = str(proofs[0]["archive_no"]) + ("" if len(proofs) == 1 else f"-{len(proofs)}")
    target = folder / f"{name}.bag.tar"
    if target.exists():
        raise AlreadyThereError(str(target))
    with write_errors(target):
        descriptor = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o440)
    with os.fdopen(descriptor, "wb") as file:
        out = _Hashing(file)
        with (
            write_errors(target),
            tarfile.open(fileobj=cast("IO[bytes]", out), mode="w|", format=tarfile.PAX_FORMAT) as tar,
        ):
            _fill(_Bag(tar, name, about.at), archive, proofs, signed[1], about, key)
        file.flush()
        os.fsync(descriptor)
        os.link(f"/proc/self/fd/{descriptor}", target, src_dir_fd=descriptor)  # so that Python asks for linkat(2)
    sync_directory(folder)
    made = {
        "type": LeafType.EXPORT.value,
        "objects": list(object_ids),
        "bag_sha256": out.digest.hexdigest(),
        "recipient": about.recipient,
        "reason": about.reason,
        "actor": about.actor,
        "approved_by": about.approved_by,
        "at": record.moment(about.at),
    }
    return Package(target, out.digest.hexdigest(), out.size, log.append([made]))


def numbered(log: Log, archive_numbers: Sequence[str]) -> list[str]:
    """The objects of these archive numbers (档号), in that order. Raises ObjectMissingError."""
    wanted = dict.fromkeys(archive_numbers)
    for entry in log.entries():
        leaf = json.loads(entry)
        if leaf.get("archive_no") in wanted:
            wanted[leaf["archive_no"]] = leaf["object"]
    for number, object_id in wanted.items():
        if object_id is None:
            raise ObjectMissingError(f"no recording has the archive number {number}")
    return [object_id for object_id in wanted.values() if object_id is not None]


def _signed_head(log: Log, key: Verifier) -> tuple[int, bytes]:
    note, head = log.checkpoint_note(), log.signed_head([key])
    if note is None or head is None:
        raise NotExportableError("the log has no signed head yet")
    return head.size, note


def _proof(archive: Archive, log: Log, object_id: str, size: int) -> dict[str, object]:
    place = archive.path_of(object_id)
    if not place.is_dir():
        raise ObjectMissingError(object_id)
    _, _, findings = verify_object(archive, place)
    if findings:
        raise NotExportableError(f"{object_id} is damaged: {findings[0].damage}: {findings[0].detail}")
    inventory = parse((place / INVENTORY).read_bytes())
    leaves = []
    for version in range(1, inventory.head + 1):
        index = log.find(object_id, version)
        if index is None or index >= size:
            raise NotExportableError(f"{object_id} v{version} is not under the signed head of the log yet")
        proof = log.prove(index, size)
        path = [step.hex() for step in proof.path]
        leaves.append({"index": index, "leaf": base64.b64encode(proof.leaf).decode(), "proof": path})
    document = read_record(archive, object_id)
    number = document["archive_no"]
    audio = {str(each.number): f"data/audio/{number}-{each.number:04}.wav" for each in segments_of(document)}
    where = str(object_path(object_id))
    return {"archive_no": number, "object": object_id, "path": where, "leaves": leaves, "audio": audio}


def _fill(
    bag: _Bag, archive: Archive, proofs: Sequence[dict[str, object]], note: bytes, about: Handover, key: Verifier
) -> None:
    for name in ROOT_FILES:
        bag.add_file(f"data/archive/{name}", archive.root / name)
    for proof in proofs:
        object_id, number = str(proof["object"]), proof["archive_no"]
        place = archive.path_of(object_id)
        for path in sorted(each for each in place.rglob("*") if each.is_file()):
            bag.add_file(f"data/archive/{proof['path']}/{path.relative_to(place)}", path)
        for segment in segments_of(read_record(archive, object_id)):
            listening = Listening(archive, object_id, segment, Form.WAV)
            bag.add(f"data/audio/{number}-{segment.number:04}.wav", listening.size, listening.chunks())
        bag.add_bytes(f"data/proof/{number}.json", json.dumps(proof, ensure_ascii=False, indent=1).encode())
    bag.add_bytes("data/proof/checkpoint", note)
    for name, cosigned in cosignatures(archive.log).items():
        if cosigned.startswith(note.partition(b"\n\n")[0]):
            bag.add_bytes(f"data/proof/witnessed/{name}", cosigned)
    bag.add_bytes("data/proof/key.pub", f"{key.text()}\n".encode())
    bag.add_file("data/verify.py", Path(handover.__file__))
    bag.add_bytes("data/README.md", README.encode())
    bag.finish(about)


@dataclass
class _Bag:
    """A bag on its way into a tar; every member is hashed as it goes by."""

    tar: tarfile.TarFile
    name: str
    at: datetime
    payload: dict[str, dict[str, str]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    size: int = 0

    def add(self, name: str, size: int, chunks: Iterator[bytes]) -> None:
        reader = _Reading(chunks)
        member = tarfile.TarInfo(f"{self.name}/{name}")
        member.size, member.mode, member.mtime = size, 0o444, int(self.at.timestamp())
        self.tar.addfile(member, cast("IO[bytes]", reader))
        digests = {algorithm: digest.hexdigest() for algorithm, digest in reader.digests.items()}
        if name.startswith("data/"):
            self.payload[name] = digests
            self.size += size
        else:
            self.tags[name] = digests

    def add_bytes(self, name: str, content: bytes) -> None:
        self.add(name, len(content), iter([content]))

    def add_file(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            self.add(name, os.fstat(file.fileno()).st_size, iter(lambda: file.read(BLOCK), b""))

    def finish(self, about: Handover) -> None:
        told = {
            "Bagging-Date": about.at.astimezone(UTC).date().isoformat(),
            "Payload-Oxum": f"{self.size}.{len(self.payload)}",
            "External-Identifier": self.name,
            "Recipient": about.recipient,
            "Reason": about.reason,
            "Made-By": f"{about.actor}; approved by {about.approved_by}",
        }
        lines = "".join(f"{label}: {' '.join(value.split())}\n" for label, value in told.items())
        self.add_bytes("bagit.txt", DECLARATION)
        self.add_bytes("bag-info.txt", lines.encode())
        for algorithm in ALGORITHMS:
            self.add_bytes(f"manifest-{algorithm}.txt", _manifest(self.payload, algorithm))
        tags = dict(self.tags)
        for algorithm in ALGORITHMS:
            self.add_bytes(f"tagmanifest-{algorithm}.txt", _manifest(tags, algorithm))


def _manifest(digests: dict[str, dict[str, str]], algorithm: str) -> bytes:
    return "".join(f"{of[algorithm]}  {name}\n" for name, of in sorted(digests.items())).encode()


class _Reading(io.RawIOBase):
    """Chunks as a file that tarfile reads; what went by is hashed."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = memoryview(b"")
        self.digests = {algorithm: hashlib.new(algorithm) for algorithm in ALGORITHMS}

    def read(self, size: int = -1) -> bytes:
        given = bytearray()
        while len(given) < size:
            if not self._held:
                self._held = memoryview(next(self._chunks, b""))
            if not self._held:
                break
            part = self._held[: size - len(given)]
            self._held = self._held[len(part) :]
            given += part
        for digest in self.digests.values():
            digest.update(given)
        return bytes(given)


class _Hashing:
    """The file the tar goes to, and the digest of what went there."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, content: bytes) -> int:
        self.digest.update(content)
        self.size += len(content)
        return self._file.write(content)
