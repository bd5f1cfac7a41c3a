"""Which captures of a call can be sealed now, which are not there, and which are no recordings. Changes none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from callcenter.archiving import captures, description
from callcenter.archiving.store import Segment, Surroundings
from recordings.capture import Capture
from recordings.errors import RecordingsError, SourceQuarantinedError, SourceRefusedError
from recordings.ingest import SegmentSource

UNUSABLE = (SourceRefusedError, SourceQuarantinedError)
"""Trying again changes nothing: a person must look; what else the call has is sealed."""


class StillOpenError(RecordingsError):
    """The switch has a capture open although it said that it ended; it is sealed later (F33)."""

    code = "still-open"


@dataclass(frozen=True, slots=True)
class Usable:
    """The segments of a call, sorted: what to seal by segment id, without a file, with a file that is no recording."""

    sources: dict[UUID, SegmentSource] = field(default_factory=dict)
    missing: list[Segment] = field(default_factory=list)
    refused: list[tuple[Segment, Exception]] = field(default_factory=list)


def usable(
    segments: Sequence[Segment], about: Surroundings, volumes: Sequence[Path], opened: frozenset[tuple[int, int]]
) -> Usable:
    """Sorts the segments by their files. Raises StillOpenError, VolumeMissingError."""
    found = Usable()
    for segment in segments:
        sides = None if segment.base is None else captures.find(segment.base, volumes)
        if sides is None:
            found.missing.append(segment)
            continue
        if captures.any_open(sides.paths(), opened):
            raise StillOpenError(f"segment {segment.seq} is still being written")
        try:
            probe(sides.paths())
        except UNUSABLE as error:
            found.refused.append((segment, error))
            continue
        found.sources[segment.id] = SegmentSource(
            number=segment.seq,
            customer=sides.customer,
            heard=sides.heard,
            started_at=segment.started_at,
            expected_ms=segment.expected_ms,
            crashed=segment.end_reason == "asterisk_crash",
            prompt_first=about.call.direction == "inbound",
            muted=description.muted_in(segment, about.muted),
        )
    return found


def probe(paths: Iterable[Path]) -> None:
    """Opens each capture as sealing will. Raises one of UNUSABLE."""
    for path in paths:
        with Capture(path):
            pass
