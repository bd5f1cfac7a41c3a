"""A case file handed out: a ZIP of everything in it, made while it is sent, in memory that does not grow (E-12, E-20).

It holds the index (PDF and JSON), the order with its full log, every file and document, copies of recordings where
they were asked for, and a SHA256SUMS that `sha256sum -c` accepts. What differs from the hash that stands in the index
breaks the stream off. Everything here but `Bundling` blocks: call it in a thread.
"""

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from callcenter import dossier
from callcenter.accounts.permissions import Permission
from callcenter.attachments.errors import DamagedError
from callcenter.attachments.store import Attachment
from callcenter.attachments.vault import Vault
from callcenter.clock import Clock
from callcenter.config import DocumentsConfig
from callcenter.custody import is_letter
from callcenter.db.pool import Database
from callcenter.documents import gathering
from callcenter.documents.facts import Imprint, Office
from callcenter.documents.kinds import FORMS, Kind
from callcenter.documents.printing import print_from
from callcenter.documents.templates import in_force
from callcenter.dossier import Dossier
from callcenter.opening import By
from tickets.calendar import SHANGHAI
from tickets.errors import Words
from tickets.terms import TERMS

SUMS = "SHA256SUMS"
_UNFIT = re.compile(r"[\x00-\x1f\x7f\\/:*?\"<>|]")


@dataclass(frozen=True, slots=True)
class Part:
    """One entry of the ZIP. `sha256`: what its bytes must have, where that is known before they are read."""

    path: str
    size: int
    at: datetime
    chunks: Callable[[], Iterator[bytes]]
    sha256: str | None = None
    compressed: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a sealed segment that may be handed out; `suffix` of its file, with the dot."""

    recording_id: UUID
    number: int
    suffix: str
    size: int
    sha256: str
    at: datetime
    chunks: Callable[[], Iterator[bytes]]

    @property
    def path(self) -> str:
        """Its place in the ZIP."""
        return f"recordings/{self.recording_id}-{self.number:02d}{self.suffix}"


@dataclass(frozen=True, slots=True)
class Handed:
    """For whom and what for the case file is handed out; `order`: the order with its log as he may see it, JSON."""

    by: By
    name: str
    purpose: str
    order: bytes
    copies: Sequence[Copy] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is going to be sent. `given`: the files that are in it."""

    number: str
    parts: tuple[Part, ...]
    given: tuple[Attachment, ...]


class Bundling:
    """The use case."""

    def __init__(self, db: Database, clock: Clock, vault: Vault, config: DocumentsConfig) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._config = config

    async def prepare(self, ticket_id: UUID, handed: Handed) -> Bundle:
        """Everything that will be in it, every file read back and compared with its hash.

        Raises TicketNotFoundError, DamagedError, StoreAwayError; of templates what printing raises.
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            found = await dossier.opened(conn, ticket_id, handed.by)
            template = await in_force(conn, Kind.CASE_INDEX, at)
            imprint = Imprint(
                number=f"{found.row['number']}-{FORMS[Kind.CASE_INDEX].code}",
                title=FORMS[Kind.CASE_INDEX].words.zh,
                issued_at=at,
                issuer=handed.name,
                note=f"本目录随案卷导出，用途：{handed.purpose}。不得外泄或另作他用。",
                replaces=None,
                replaces_reason=None,
            )
            organisation = handed.by.organisation_id or found.row["accepting_organisation_id"]
            office = Office(self._config.company, await gathering.name_of(conn, organisation), self._config.hotline)
            facts = await gathering.case_file(conn, found, imprint, office)
        may_see = handed.by.may(Permission.CUSTOMER_UNMASK)
        given = tuple(each for each in found.files if may_see or not _shows_whole(each))
        for each in given:
            await asyncio.to_thread(self._vault.verify, each.sha256, each.size)
        printed = await asyncio.to_thread(print_from, template.source, facts, self._config)
        paths = {each.id: _path(place, each, may_see) for place, each in enumerate(given, 1)}
        index = _index(found, paths, handed, at)
        parts = (
            _made("index.pdf", printed.pdf, at),
            _made("index.json", json.dumps(index, ensure_ascii=False, indent=1).encode(), at),
            _made("order.json", handed.order, at),
            *(self._file(paths[each.id], each) for each in given),
            *(Part(copy.path, copy.size, copy.at, copy.chunks, copy.sha256) for copy in handed.copies),
        )
        return Bundle(found.row["number"], parts, given)

    def _file(self, path: str, file: Attachment) -> Part:
        return Part(path, file.size, file.added_at, lambda: self._vault.chunks(file.sha256), file.sha256)


def stream(parts: Sequence[Part], at: datetime) -> Iterator[bytes]:
    """The ZIP, piece by piece, each no larger than what was read at once. Raises DamagedError for what differs."""
    sink, sums = _Sink(), []
    with ZipFile(sink, "w") as archive:  # type: ignore[call-overload]  # it only writes, and tells no position
        for part in parts:
            digest = hashlib.sha256()
            with archive.open(_entry(part.path, part.size, part.at, compressed=part.compressed), "w") as entry:
                for chunk in part.chunks():
                    digest.update(chunk)
                    entry.write(chunk)
                    if piece := sink.taken():
                        yield piece
            if part.sha256 not in (None, digest.hexdigest()):
                raise DamagedError(Words("案卷材料与登记的校验值不符", "a file of the case is not what was stored"))
            sums.append(f"{digest.hexdigest()}  {part.path}\n")
        content = "".join(sums).encode()
        with archive.open(_entry(SUMS, len(content), at, compressed=False), "w") as entry:
            entry.write(content)
    yield sink.taken()


class _Sink:
    """Takes what the ZIP writes until somebody fetches it."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, content: bytes) -> int:
        self._held += content
        return len(content)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        """What was written since the last time."""
        piece = bytes(self._held)
        self._held.clear()
        return piece


def _entry(path: str, size: int, at: datetime, *, compressed: bool) -> ZipInfo:
    info = ZipInfo(path, at.astimezone(SHANGHAI).timetuple()[:6])
    info.compress_type = ZIP_DEFLATED if compressed else ZIP_STORED
    info.external_attr = 0o600 << 16
    info.file_size = size
    return info


def _made(path: str, content: bytes, at: datetime) -> Part:
    return Part(path, len(content), at, lambda: iter((content,)), compressed=True)


def _shows_whole(file: Attachment) -> bool:
    """Whether only who sees customers whole gets it (N-10, E-16)."""
    return file.kind.is_sensitive or is_letter(file)


def _path(place: int, file: Attachment, may_see: bool) -> str:
    folder = "documents" if is_letter(file) else "attachments"
    name = file.name if may_see else TERMS[type(file.kind)][file.kind].zh + PurePosixPath(file.name).suffix
    return f"{folder}/{place:03d}-{_UNFIT.sub('_', name)[-100:]}"


def _index(found: Dossier, paths: Mapping[UUID, str], handed: Handed, at: datetime) -> dict[str, Any]:
    copies = {(copy.recording_id, copy.number): copy.path for copy in handed.copies}
    return {
        "ticket": found.row["number"],
        "status": found.row["status"],
        "made_at": at.isoformat(),
        "made_by": handed.by.actor,
        "purpose": handed.purpose,
        "complete": not found.missing,
        "items": [
            {
                "item": entry.demand.item.value,
                "name": entry.demand.words.zh,
                "need": entry.need.value,
                "held": entry.held,
                "missing": entry.missing,
                "explained": entry.explained,
                "rules": list(entry.demand.rules),
                "ground": entry.demand.ground.value,
            }
            for entry in found.entries
        ],
        "files": [
            {
                "path": paths.get(file.id),
                "withheld": None if file.id in paths else "customer.unmask",
                "id": str(file.id),
                "kind": file.kind.value,
                "document": found.printed[file.id]["number"] if file.id in found.printed else None,
                "document_kind": found.printed[file.id]["kind"] if file.id in found.printed else None,
                "origin": file.origin.value,
                "media_type": file.media_type,
                "size": file.size,
                "sha256": file.sha256,
                "added_at": file.added_at.isoformat(),
                "added_by": file.added_by,
            }
            for file in found.files
        ],
        "recordings": [
            {
                "path": copies.get((each["recording_id"], each["number"])),
                "call_id": str(each["call_id"]),
                "segment": each["number"],
                "state": each["state"],
                "archive_no": each["archive_no"],
                "object_id": each["object_id"],
                "file": each["file"],
                "duration_ms": each["duration_ms"],
                "completeness": each["completeness"],
                "master_sha256": each["master_sha256"],
                "wav_sha256": each["wav_sha256"],
            }
            for each in found.recordings
        ],
    }
