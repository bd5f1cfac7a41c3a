"""The archive's index in PostgreSQL: numbers, objects, versions, segments. The only SQL of this package.

Never begins a transaction, never changes a row that says something is sealed; whatever it holds could be
rebuilt from the archive on disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from recordings.completeness import Completeness
from recordings.ingest import Sealed

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
else:
    Connection = asyncpg.Connection


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """A sealed object as the index knows it (its newest version)."""

    id: UUID
    call_id: UUID | None
    object_id: str
    archive_no: str
    path: str
    orphan_base: str | None
    sealed_at: datetime
    version: int
    inventory_sha512: str
    leaf_index: int


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A sealed segment as the index knows it. Durations in milliseconds, digests hex SHA-256."""

    number: int
    version: int
    file: str
    duration_ms: int
    expected_ms: int | None
    started_at: datetime | None
    completeness: Completeness
    notes: list[str]
    wav_sha256: str
    master_sha256: str
    sources: list[dict[str, Any]]


NUMBER_OF = "SELECT fonds, year, number FROM archive_number WHERE object_id = $1"
NEXT_NUMBER = """
INSERT INTO archive_counter AS c (fonds, year, last) VALUES ($1, $2, 1)
ON CONFLICT (fonds, year) DO UPDATE SET last = c.last + 1
RETURNING last"""
GIVE_NUMBER = "INSERT INTO archive_number (fonds, year, number, object_id, given_at) VALUES ($1, $2, $3, $4, $5)"


async def archive_number(conn: Connection, object_id: str, fonds: str, year: int, at: datetime) -> str:
    """The object's archive number (档号), given now if it has none; gapless within fonds and year.

    Holds the counter's row until the caller's transaction ends.
    """
    row = await conn.fetchrow(NUMBER_OF, object_id)
    if row is not None:
        return number_text(row["fonds"], row["year"], row["number"])
    number = await conn.fetchval(NEXT_NUMBER, fonds, year)
    await conn.execute(GIVE_NUMBER, fonds, year, number, object_id, at)
    return number_text(fonds, year, number)


def number_text(fonds: str, year: int, number: int) -> str:
    """`全宗号-LY·年度-Y-件号`: recordings (LY), kept permanently (Y)."""
    return f"{fonds}-LY·{year}-Y-{number:06d}"


ADD_OBJECT = """
INSERT INTO recording_object (id, call_id, object_id, archive_no, path, orphan_base, sealed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (object_id) DO NOTHING"""
ADD_VERSION = """
INSERT INTO recording_version (recording_id, version, inventory_sha512, leaf_index, sealed_at)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT (recording_id, version) DO NOTHING"""
ADD_SEGMENT = """
INSERT INTO recording_segment (recording_id, number, version, file, duration_ms, expected_ms, started_at, completeness,
    notes, wav_sha256, master_sha256, sources)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (recording_id, number) DO NOTHING"""


async def add_sealed(
    conn: Connection, recording_id: UUID, sealed: Sealed, call_id: UUID | None = None, orphan_base: str | None = None
) -> bool:
    """Enter a sealed version (step 13); False when it was entered before."""
    await conn.execute(
        ADD_OBJECT,
        recording_id,
        call_id,
        sealed.object_id,
        sealed.archive_no,
        sealed.path,
        orphan_base,
        sealed.sealed_at,
    )
    done = await conn.execute(
        ADD_VERSION, recording_id, sealed.version, sealed.inventory_sha512, sealed.leaf_index, sealed.sealed_at
    )
    await conn.executemany(
        ADD_SEGMENT,
        [
            (
                recording_id,
                item.number,
                sealed.version,
                item.file,
                item.encoded.duration_ms,
                item.expected_ms,
                item.started_at,
                item.completeness.value,
                list(item.encoded.notes),
                item.encoded.wav_sha256,
                item.master_sha256,
                [asdict(origin) for origin in item.encoded.origins],
            )
            for item in sealed.segments
        ],
    )
    return bool(done == "INSERT 0 1")


FIND = """
SELECT o.id, o.call_id, o.object_id, o.archive_no, o.path, o.orphan_base, o.sealed_at, v.version, v.inventory_sha512,
    v.leaf_index
FROM recording_object o JOIN recording_version v ON v.recording_id = o.id
WHERE o.id = $1
ORDER BY v.version DESC
LIMIT 1"""


async def find(conn: Connection, recording_id: UUID) -> RecordingRow | None:
    """The object with its newest version, or None when nothing is sealed under this id."""
    row = await conn.fetchrow(FIND, recording_id)
    return None if row is None else RecordingRow(**row)


SEGMENTS = """
SELECT number, version, file, duration_ms, expected_ms, started_at, completeness, notes, wav_sha256, master_sha256,
    sources
FROM recording_segment WHERE recording_id = $1 ORDER BY number"""


async def segments(conn: Connection, recording_id: UUID) -> list[SegmentRow]:
    """The sealed segments of an object, in order."""
    rows = await conn.fetch(SEGMENTS, recording_id)
    return [SegmentRow(**{**row, "completeness": Completeness(row["completeness"])}) for row in rows]


SOURCES = "SELECT recording_id, number, sources FROM recording_segment WHERE recording_id = ANY($1::uuid[])"


async def sources(conn: Connection, recording_ids: Sequence[UUID]) -> dict[tuple[UUID, int], list[dict[str, Any]]]:
    """What the captures of sealed segments were, by object and segment number."""
    rows = await conn.fetch(SOURCES, recording_ids)
    return {(row["recording_id"], row["number"]): row["sources"] for row in rows}


ORPHANS = "SELECT orphan_base FROM recording_object WHERE orphan_base = ANY($1::text[])"


async def known_orphans(conn: Connection, bases: Sequence[str]) -> set[str]:
    """Which of these captures are sealed as orphans already."""
    return {row["orphan_base"] for row in await conn.fetch(ORPHANS, bases)}


ANY_OBJECT = "SELECT EXISTS (SELECT FROM recording_object)"


async def has_any(conn: Connection) -> bool:
    """Whether anything was ever sealed."""
    return bool(await conn.fetchval(ANY_OBJECT))


GAPS = """
SELECT c.fonds, c.year, c.last - count(n.number) AS missing
FROM archive_counter c LEFT JOIN archive_number n USING (fonds, year)
GROUP BY c.fonds, c.year, c.last
HAVING c.last <> count(n.number)"""


async def missing_numbers(conn: Connection) -> dict[tuple[str, int], int]:
    """Series in which numbers were given but are not there; empty in a sound archive."""
    return {(row["fonds"], row["year"]): row["missing"] for row in await conn.fetch(GAPS)}
