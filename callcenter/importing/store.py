"""The SQL of imports, their staged rows and their faults. Must never begin a transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import asyncpg

from callcenter.db.pool import Connection
from callcenter.errors import NotFoundError
from callcenter.importing.fields import DateForm, Field, Kind
from callcenter.importing.lines import Complaint, Fate, fate
from callcenter.importing.mapping import Header, Layout
from callcenter.importing.table import Form, Format
from callcenter.importing.values import Wrong
from tickets.errors import Words

SILENT = timedelta(seconds=60)
"""After so long without a sign of its worker an import is taken over by another."""


class State(StrEnum):
    """Where an import stands."""

    UNSURE = "unsure"
    MAPPING = "mapping"
    READY = "ready"
    WAITING = "waiting"
    RUNNING = "running"
    SWITCHING = "switching"
    CHECKED = "checked"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


STATE_WORDS: Final[Mapping[State, Words]] = {
    State.UNSURE: Words("待选编码或分隔符", "encoding or delimiter to be chosen"),
    State.MAPPING: Words("待确认列对应", "columns to be confirmed"),
    State.READY: Words("可开始", "ready to start"),
    State.WAITING: Words("排队中", "waiting"),
    State.RUNNING: Words("读取校验中", "being read"),
    State.SWITCHING: Words("写入中", "being taken over"),
    State.CHECKED: Words("试导入完成", "tried"),
    State.DONE: Words("已导入", "done"),
    State.FAILED: Words("失败", "failed"),
    State.CANCELLED: Words("已取消", "cancelled"),
}
ENDED: Final = frozenset({State.CHECKED, State.DONE, State.FAILED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows so far: all, taken, refused, dropped, twice in the file, with a task before; and what was made of them."""

    rows_read: int = 0
    good: int = 0
    refused: int = 0
    dropped: int = 0
    duplicates: int = 0
    existed: int = 0
    tasks_made: int = 0
    policies_made: int = 0
    policies_changed: int = 0
    customers_made: int = 0


@dataclass(frozen=True, slots=True)
class Import:
    """One list, from its upload to its end; `share` is the part of the file that was read."""

    id: UUID
    kind: Kind
    campaign_id: UUID | None
    organisation_id: str
    path: str
    reach: str
    state: State
    file_name: str
    sha256: str
    size: int
    form: Form
    header: Header | None
    layout: Layout
    sample: list[list[str]]
    warnings: list[Words]
    dry_run: bool
    only_whole: bool
    last_row: int
    share: float
    counts: Counts
    fault: Mapping[str, str] | None
    claim: UUID | None
    beat_at: datetime | None
    claimed_at: datetime | None
    claimed_share: float
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    version: int

    @property
    def seconds_left(self) -> int | None:
        """About, by how quickly its worker has read so far; None when nothing is being read."""
        if self.state is not State.RUNNING or self.beat_at is None or self.claimed_at is None:
            return None
        read = self.share - self.claimed_share
        if read <= 0:
            return None
        return round((self.beat_at - self.claimed_at).total_seconds() * (1 - self.share) / read)


@dataclass(frozen=True, slots=True)
class Staged:
    """A row that is taken, as what it becomes."""

    row: int
    policy_number: str
    record: Mapping[str, Any]


_COUNTS = tuple(Counts.__dataclass_fields__)
_COLUMNS = (
    "i.id, i.kind, i.campaign_id, i.organisation_id, o.path, i.reach, i.state, i.file_name, i.sha256, i.size, "
    "i.format, i.encoding, i.delimiter, i.encodings, i.delimiters, i.header, i.columns, i.date_forms, i.sample, "
    "i.warnings, i.dry_run, i.only_whole, i.last_row, i.share, i.rows_read, i.good, i.refused, i.dropped, "
    "i.duplicates, i.existed, i.tasks_made, i.policies_made, i.policies_changed, i.customers_made, i.fault, i.claim, "
    "i.beat_at, i.claimed_at, i.claimed_share, i.requested_by, i.requested_at, i.started_at, i.finished_at, i.version"
)
ADD = """
INSERT INTO list_import (id, kind, campaign_id, organisation_id, reach, state, file_name, sha256, size, format,
    encoding, delimiter, encodings, delimiters, header, columns, date_forms, sample, warnings, requested_by,
    requested_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
ON CONFLICT DO NOTHING RETURNING id"""
ONE = f"""
SELECT {_COLUMNS} FROM list_import i JOIN organisation o ON o.id = i.organisation_id
WHERE i.id = $1 AND o.path LIKE $2 || '%'"""  # noqa: S608
LOCK = f"{ONE} FOR UPDATE OF i"
SAME = f"""
SELECT {_COLUMNS} FROM list_import i JOIN organisation o ON o.id = i.organisation_id
WHERE i.sha256 = $1 AND i.state NOT IN ('failed', 'cancelled')
    AND CASE WHEN $2::uuid IS NULL THEN i.campaign_id IS NULL AND i.organisation_id = $3 ELSE i.campaign_id = $2 END
"""  # noqa: S608
PAGE = f"""
SELECT {_COLUMNS} FROM list_import i JOIN organisation o ON o.id = i.organisation_id
WHERE o.path LIKE $1 || '%' AND ($2::uuid IS NULL OR i.campaign_id = $2) AND ($3::text IS NULL OR i.kind = $3)
    AND ($4::text IS NULL OR i.state = $4) AND ($5::uuid IS NULL OR i.id < $5)
ORDER BY i.id DESC LIMIT $6"""  # noqa: S608
READ_SO = """
UPDATE list_import SET state = $2, encoding = $3, delimiter = $4, encodings = $5, delimiters = $6, header = $7,
    columns = $8, date_forms = $9, sample = $10, warnings = $11, finished_at = NULL, version = version + 1
WHERE id = $1"""
START = """
UPDATE list_import SET state = 'waiting', dry_run = $2, only_whole = $3, started_by = $4, started_at = $5,
    last_row = 0, share = 0, rows_read = 0, good = 0, refused = 0, dropped = 0, duplicates = 0, existed = 0,
    tasks_made = 0, policies_made = 0, policies_changed = 0, customers_made = 0, finished_at = NULL,
    version = version + 1
WHERE id = $1"""
CANCEL = """
UPDATE list_import SET state = 'cancelled', finished_at = $2, claim = NULL, version = version + 1 WHERE id = $1"""
CLAIM = """
UPDATE list_import SET state = CASE state WHEN 'waiting' THEN 'running' ELSE state END, claim = $1, beat_at = $2,
    claimed_at = $2, claimed_share = share, version = version + 1
WHERE id = (
    SELECT id FROM list_import
    WHERE ($4::uuid IS NULL OR id = $4)
        AND (state = 'waiting' OR (state IN ('running', 'switching') AND beat_at < $3))
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
    AND NOT EXISTS (SELECT FROM list_import WHERE state IN ('running', 'switching') AND beat_at >= $3)
RETURNING id"""
BEAT = """
UPDATE list_import SET last_row = $3, share = $4, rows_read = rows_read + $5, good = good + $6, refused = refused + $7,
    dropped = dropped + $8, duplicates = duplicates + $9, existed = existed + $10, beat_at = $11
WHERE id = $1 AND claim = $2 AND state = 'running' RETURNING id"""
SWITCH = """
UPDATE list_import SET state = 'switching', share = 1, beat_at = $3
WHERE id = $1 AND claim = $2 AND state = 'running' RETURNING id"""
HELD = "SELECT 1 FROM list_import WHERE id = $1 AND claim = $2 FOR UPDATE"
FINISH = """
UPDATE list_import SET state = $3, claim = NULL, finished_at = $4, fault = $5, tasks_made = $6, policies_made = $7,
    policies_changed = $8, customers_made = $9, existed = existed + $10, version = version + 1
WHERE id = $1 AND claim = $2 RETURNING id"""
STAGE = """
INSERT INTO list_import_row (import_id, row, policy_number, record)
SELECT $1, row, policy_number, record::jsonb FROM unnest($2::bigint[], $3::text[], $4::text[])
    AS staged (row, policy_number, record)
ON CONFLICT DO NOTHING RETURNING row"""
ADD_FAULTS = """
INSERT INTO list_import_fault (import_id, row, number, fate, wrong, field, column_number, value)
SELECT $1, row, number, fate, wrong, field, column_number, value
FROM unnest($2::bigint[], $3::smallint[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::text[])
    AS told (row, number, fate, wrong, field, column_number, value)"""
FAULTS = """
SELECT row, number, fate, wrong, field, column_number, value FROM list_import_fault
WHERE import_id = $1 AND ($2::text IS NULL OR fate = $2) AND ($3::bigint IS NULL OR (row, number) > ($3, $4))
ORDER BY row, number LIMIT $5"""
REMOVE_STAGED = "DELETE FROM list_import_row WHERE import_id = $1"
REMOVE_FAULTS = "DELETE FROM list_import_fault WHERE import_id = $1"
KEEP_LAYOUT = """
INSERT INTO list_import_layout (organisation_id, kind, fingerprint, header, columns, date_forms, confirmed_by,
    confirmed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (organisation_id, kind, fingerprint) DO UPDATE SET columns = EXCLUDED.columns,
    date_forms = EXCLUDED.date_forms, confirmed_by = EXCLUDED.confirmed_by, confirmed_at = EXCLUDED.confirmed_at"""
LAYOUT = """
SELECT l.columns, l.date_forms FROM list_import_layout l JOIN organisation o ON o.id = l.organisation_id
WHERE $1 LIKE o.path || '%' AND l.kind = $2 AND l.fingerprint = $3 ORDER BY length(o.path) DESC LIMIT 1"""
TO_REMOVE = """
SELECT sha256 FROM list_import WHERE file_removed_at IS NULL GROUP BY sha256
HAVING bool_and(state IN ('done', 'failed', 'cancelled') AND finished_at < $1) LIMIT 100"""
REMOVED = "UPDATE list_import SET file_removed_at = $2 WHERE sha256 = $1 AND file_removed_at IS NULL"


async def add(conn: Connection, new: Import) -> bool:
    """Writes a new import; False when its file is being imported, or was, for the same campaign."""
    added = await conn.fetchval(
        ADD,
        new.id,
        new.kind,
        new.campaign_id,
        new.organisation_id,
        new.reach,
        new.state,
        new.file_name,
        new.sha256,
        new.size,
        *_form(new.form),
        *_read_as(new.header, new.layout),
        new.sample,
        _told(new.warnings),
        new.requested_by,
        new.requested_at,
    )
    return added is not None


async def one(conn: Connection, import_id: UUID, path: str, *, lock: bool = False) -> Import:
    """One import of the subtree. Raises NotFoundError."""
    row = await conn.fetchrow(LOCK if lock else ONE, import_id, path)
    if row is None:
        raise NotFoundError("import", import_id)
    return _of(row)


async def same(conn: Connection, sha256: str, campaign_id: UUID | None, organisation_id: str) -> Import | None:
    """The import of the same bytes for the same campaign, or for the same organisation's policies."""
    row = await conn.fetchrow(SAME, sha256, campaign_id, organisation_id)
    return None if row is None else _of(row)


async def page(
    conn: Connection,
    path: str,
    after: UUID | None,
    limit: int,
    *,
    campaign_id: UUID | None = None,
    kind: Kind | None = None,
    state: State | None = None,
) -> list[Import]:
    """Imports of the subtree, newest first."""
    return [_of(row) for row in await conn.fetch(PAGE, path, campaign_id, kind, state, after, limit)]


async def read_so(conn: Connection, changed: Import) -> None:
    """Writes how the file is read; the row was locked when it was read."""
    await conn.execute(
        READ_SO,
        changed.id,
        changed.state,
        *_form(changed.form)[1:],
        *_read_as(changed.header, changed.layout),
        changed.sample,
        _told(changed.warnings),
    )


async def keep_layout(conn: Connection, of: Import, by: str, at: datetime) -> None:
    """The layout is how files of this header are read in this organisation from now on."""
    assert of.header is not None
    header, columns, forms = _read_as(of.header, of.layout)
    await conn.execute(KEEP_LAYOUT, of.organisation_id, of.kind, of.header.fingerprint, header, columns, forms, by, at)


async def layout(conn: Connection, path: str, kind: Kind, fingerprint: str) -> Layout | None:
    """How files of this header were read last, here or above."""
    row = await conn.fetchrow(LAYOUT, path, kind, fingerprint)
    return None if row is None else _layout(row)


async def stage(conn: Connection, import_id: UUID, rows: Sequence[Staged], encode: Any) -> set[int]:
    """The numbers of the rows that were taken; the others' policies were there before."""
    found = await conn.fetch(
        STAGE,
        import_id,
        [each.row for each in rows],
        [each.policy_number for each in rows],
        [encode(each.record) for each in rows],
    )
    return {row["row"] for row in found}


async def add_faults(conn: Connection, import_id: UUID, complaints: Iterable[Complaint]) -> None:
    """Writes what was wrong, several things of a row in their order."""
    told = list(complaints)
    numbers: dict[int, int] = {}
    for each in told:
        numbers[each.row] = numbers.get(each.row, 0)
    numbered = []
    for each in told:
        numbers[each.row] += 1
        numbered.append(numbers[each.row])
    await conn.execute(
        ADD_FAULTS,
        import_id,
        [each.row for each in told],
        numbered,
        [str(fate(each.wrong)) for each in told],
        [str(each.wrong) for each in told],
        [None if each.field is None else str(each.field) for each in told],
        [each.column for each in told],
        [each.value for each in told],
    )


async def faults(
    conn: Connection, import_id: UUID, of: Fate | None, after: tuple[int, int] | None, limit: int
) -> list[tuple[int, Complaint]]:
    """Number within the row, and what was wrong, in the order of the file."""
    row, number = after or (None, None)
    return [
        (
            each["number"],
            Complaint(
                each["row"],
                Wrong(each["wrong"]),
                None if each["field"] is None else Field(each["field"]),
                each["column_number"],
                each["value"],
            ),
        )
        for each in await conn.fetch(FAULTS, import_id, of, row, number, limit)
    ]


def _form(form: Form) -> tuple[Any, ...]:
    return (form.format, form.encoding, form.delimiter, list(form.encodings), list(form.delimiters))


def _read_as(header: Header | None, layout: Layout) -> tuple[Any, Any, Any]:
    return (
        None if header is None else {"row": header.row, "names": list(header.names)},
        {str(at): str(held) for at, held in layout.columns.items()},
        {str(held): str(form) for held, form in layout.date_forms.items()},
    )


def _told(words: Iterable[Words]) -> list[dict[str, str]]:
    return [{"zh": each.zh, "en": each.en} for each in words]


def _layout(row: asyncpg.Record) -> Layout:
    return Layout(
        {int(at): Field(held) for at, held in row["columns"].items()},
        {Field(held): DateForm(form) for held, form in row["date_forms"].items()},
    )


def _of(row: asyncpg.Record) -> Import:
    header = row["header"]
    return Import(
        id=row["id"],
        kind=Kind(row["kind"]),
        campaign_id=row["campaign_id"],
        organisation_id=row["organisation_id"],
        path=row["path"],
        reach=row["reach"],
        state=State(row["state"]),
        file_name=row["file_name"],
        sha256=row["sha256"],
        size=row["size"],
        form=Form(
            Format(row["format"]),
            row["encoding"],
            row["delimiter"],
            tuple(row["encodings"]),
            tuple(row["delimiters"]),
        ),
        header=None if header is None else Header(header["row"], tuple(header["names"])),
        layout=_layout(row),
        sample=row["sample"],
        warnings=[Words(each["zh"], each["en"]) for each in row["warnings"]],
        dry_run=row["dry_run"],
        only_whole=row["only_whole"],
        last_row=row["last_row"],
        share=row["share"],
        counts=Counts(**{name: row[name] for name in _COUNTS}),
        fault=row["fault"],
        claim=row["claim"],
        beat_at=row["beat_at"],
        claimed_at=row["claimed_at"],
        claimed_share=row["claimed_share"],
        requested_by=row["requested_by"],
        requested_at=row["requested_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        version=row["version"],
    )
