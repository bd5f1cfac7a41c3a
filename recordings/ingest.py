"""From the spool into the archive: the restartable steps that seal the segments of one object.

Run again after any interruption, with the same submission, it ends in the same object, once. Captures
are only read. Knows nothing of calls or databases: the caller gives the description and keeps the result.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from recordings import audio, completeness, record
from recordings.archive import Archive
from recordings.audio import Encoded, MasterFormat
from recordings.capture import Capture
from recordings.completeness import Measured
from recordings.errors import AlreadyThereError, ObjectDamagedError, SourceRefusedError
from recordings.log import LeafType, Log
from recordings.record import Description, SealedSegment
from recordings.staging import Checkpoint, Staging, complete_interrupted, no_checkpoint

LAST_SEGMENT = 9_999
FAR_OFF_SECONDS = 86_400
SM3 = ("sm3",) if "sm3" in hashlib.algorithms_available else ()


@dataclass(frozen=True, slots=True)
class SegmentSource:
    """The captures of one segment: both sides as headerless files, or ``single``, a WAV on its own.

    ``expected_ms`` comes from the switch's times (None: unknown); ``muted`` are intervals in milliseconds
    in which masking was on.
    """

    number: int
    customer: Path | None = None
    heard: Path | None = None
    single: Path | None = None
    started_at: datetime | None = None
    expected_ms: int | None = None
    crashed: bool = False
    prompt_first: bool = False
    muted: tuple[tuple[int, int], ...] = ()

    def names(self) -> frozenset[str]:
        return frozenset(path.name for path in (self.customer, self.heard, self.single) if path is not None)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed version of an object, as it stands on disk and in the log. Digests are hex."""

    object_id: str
    archive_no: str
    version: int
    path: str
    inventory_sha512: str
    leaf_index: int
    segments: tuple[SealedSegment, ...]
    sealed_at: datetime


class Ingest:
    """Seals objects into one archive. Use while holding ``archive.writing()``; different objects may be
    sealed by different threads at once, one object by one thread only."""

    def __init__(
        self,
        archive: Archive,
        log: Log,
        form: MasterFormat = MasterFormat.FLAC,
        checkpoint: Checkpoint = no_checkpoint,
    ) -> None:
        self._archive = archive
        self._log = log
        self._form = form
        self._checkpoint = checkpoint

    def seal(self, object_id: str, about: Description, sources: Sequence[SegmentSource], at: datetime) -> Sealed:
        """Seal the segments that the object does not hold yet, as a new version if there are any.

        Raises AlreadyThereError when the object holds other audio under one of the segment numbers;
        SourceChangedError, SourceRefusedError, SourceQuarantinedError when a capture cannot be taken;
        ArchiveRefusedError, VolumeSuspectError when the archive cannot be written. All leave the captures
        and everything sealed before as they were.
        """
        self._archive.check_writable(about.clock)
        complete_interrupted(self._archive, object_id)
        self._checkpoint("checked")
        held = self._held(object_id)
        fresh = [source for source in sources if _is_new(source, held)]
        if held:
            before = self.recover(object_id)
            if not fresh:
                return before
        self._add_version(object_id, about, held, fresh, at)
        return self._logged(object_id, None)

    def recover(self, object_id: str) -> Sealed:
        """The object as sealed, with a missing leaf added. Raises ObjectMissingError."""
        complete_interrupted(self._archive, object_id)
        version = self._archive.inventory(object_id).head
        return self._logged(object_id, self._log.find(object_id, version))

    def _held(self, object_id: str) -> tuple[SealedSegment, ...]:
        if not self._archive.holds(object_id):
            return ()
        return segments_of(read_record(self._archive, object_id))

    def _add_version(
        self,
        object_id: str,
        about: Description,
        held: tuple[SealedSegment, ...],
        fresh: Sequence[SegmentSource],
        at: datetime,
    ) -> None:
        log_size = self._log.head.size
        staging = Staging(self._archive, object_id, self._checkpoint)
        added = [self._seal_segment(staging, source) for source in fresh]
        segments = tuple(sorted((*held, *added), key=lambda item: item.number))
        staging.write(record.RECORD, record.record_json(object_id, about, segments, at, log_size))
        staging.write(record.PREMIS, record.premis_jsonl(object_id, segments, at, about.sealed_by))
        staging.write(record.CEL, record.cel_csv(about.cel))
        staging.write(record.DAT63, record.dat63_xml(object_id, about, segments, at))
        self._checkpoint("described")
        staging.finish(at, "ingest" if staging.number == 1 else "late segments")
        staging.publish()

    def _seal_segment(self, staging: Staging, source: SegmentSource) -> SealedSegment:
        with ExitStack() as stack:
            paths = [source.single] if source.single else [source.customer, source.heard]
            sides = [None if path is None else stack.enter_context(Capture(path)) for path in paths]
            if not any(sides):
                raise SourceRefusedError(f"segment {source.number} has no capture at all")
            self._checkpoint("opened")
            form = audio.suitable(sides, self._form)
            logical = f"rec/{source.number:04d}.{form.value}"
            target = staging.path(logical)
            encoded = audio.encode(sides, target, form, source.prompt_first)
            encoded = _with_clock_note(encoded, source.started_at)
        self._checkpoint("encoded")
        digests = staging.adopt(logical, *SM3)
        audio.check_master(target, encoded)
        self._checkpoint("compared")
        measured = Measured(encoded.duration_ms, encoded.gap_ms, encoded.notes)
        return SealedSegment(
            number=source.number,
            file=logical,
            form=form,
            encoded=encoded,
            master_sha256=digests["sha256"],
            sm3=digests.get("sm3"),
            started_at=source.started_at,
            expected_ms=source.expected_ms,
            completeness=completeness.judge(measured, source.expected_ms, source.crashed),
            muted=source.muted,
        )

    def _logged(self, object_id: str, index: int | None) -> Sealed:
        inventory = self._archive.inventory(object_id)
        digest = hashlib.sha512(self._archive.inventory_bytes(object_id)).hexdigest()
        document = read_record(self._archive, object_id)
        segments = segments_of(document)
        version = inventory.head
        if index is None:
            leaf_type = LeafType.INGEST if version == 1 else LeafType.ADD_VERSION
            index = self._log.append([leaf(leaf_type, object_id, version, digest, document)])
        self._checkpoint("logged")
        return Sealed(
            object_id=object_id,
            archive_no=str(document["archive_no"]),
            version=version,
            path=str(self._archive.path_of(object_id).relative_to(self._archive.root)),
            inventory_sha512=digest,
            leaf_index=index,
            segments=segments,
            sealed_at=datetime.fromisoformat(document["sealed_at"]),
        )


def leaf(kind: LeafType, object_id: str, version: int, inventory_sha512: str, document: Any) -> dict[str, Any]:
    """The log leaf that states which inventory the object's version has."""
    return {
        "type": kind.value,
        "object": object_id,
        "version": version,
        "inventory_sha512": inventory_sha512,
        "archive_no": document["archive_no"],
        "at": document["sealed_at"],
        "segments": [[item["file"], item["wav_sha256"]] for item in document["segments"]],
    }


def read_record(archive: Archive, object_id: str) -> Any:
    """The object's newest record.json. Raises ObjectMissingError, ObjectDamagedError."""
    path = archive.file(object_id, record.RECORD)
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ObjectDamagedError(f"{path}: {error}") from error


def segments_of(document: Any) -> tuple[SealedSegment, ...]:
    """The segments a record.json lists."""
    try:
        return tuple(record.segment(item) for item in document["segments"])
    except (KeyError, TypeError) as error:
        raise ObjectDamagedError(f"record.json cannot be read: {error!r}") from error


def _is_new(source: SegmentSource, held: Sequence[SealedSegment]) -> bool:
    if not 0 < source.number <= LAST_SEGMENT:
        raise SourceRefusedError(f"segment number {source.number} is out of range")
    for item in held:
        if item.number == source.number:
            if frozenset(origin.name for origin in item.encoded.origins) != source.names():
                raise AlreadyThereError(f"segment {source.number} is already sealed from other captures")
            return False
    return True


def _with_clock_note(encoded: Encoded, started_at: datetime | None) -> Encoded:
    """Flags file times that are a day or more away from the switch's (R14)."""
    if started_at is None:
        return encoded
    far = [abs(origin.mtime_ns / 1e9 - started_at.timestamp()) > FAR_OFF_SECONDS for origin in encoded.origins]
    return replace(encoded, notes=(*encoded.notes, "mtime_odd")) if any(far) else encoded
