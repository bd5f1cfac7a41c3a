"""The rows of reports. Must never change one that is done, but for its being submitted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg

from callcenter.db.pool import Connection
from callcenter.errors import NotFoundError
from tickets.grouping import Dimension
from tickets.periods import Days
from tickets.reports import ReportKind, ReportState

SILENT = timedelta(minutes=5)
"""After so long without a sign of its worker a report is begun anew by another."""

_COLUMNS = """r.id, r.kind, r.organisation_id, o.path, o.name AS organisation_name, r.dimension, r.first_day,
    r.last_day, r.state, r.step, r.steps, r.requested_by, r.requested_at, r.finished_at, r.fault, r.sha256,
    r.submitted_at, r.submitted_by, r.submitted_to, r.version"""
SELECT_ONE = f"""
SELECT {_COLUMNS} FROM report r JOIN organisation o ON o.id = r.organisation_id WHERE r.id = $1"""  # noqa: S608
LOCK = "SELECT 1 FROM report WHERE id = $1 FOR UPDATE"
SNAPSHOT = "SELECT snapshot FROM report WHERE id = $1"
PAGE = f"""
SELECT {_COLUMNS} FROM report r JOIN organisation o ON o.id = r.organisation_id
WHERE o.path LIKE $1 || '%' AND ($2::text IS NULL OR r.organisation_id = $2) AND ($3::text IS NULL OR r.kind = $3)
    AND ($4::text IS NULL OR r.state = $4) AND ($5::date IS NULL OR r.first_day = $5)
    AND ($6::uuid IS NULL OR r.id < $6)
ORDER BY r.id DESC LIMIT $7"""  # noqa: S608
INSERT = """
INSERT INTO report (id, kind, organisation_id, dimension, first_day, last_day, requested_by, requested_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING"""
CLAIM = """
UPDATE report SET state = 'running', beat_at = $1, step = 0, version = version + 1 WHERE id = (
    SELECT id FROM report WHERE state = 'waiting' OR (state = 'running' AND beat_at < $2)
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id"""
BEAT = "UPDATE report SET step = $2, steps = $3, beat_at = $4 WHERE id = $1 AND state = 'running'"
FINISH = """
UPDATE report SET state = 'done', snapshot = $2, sha256 = $3, finished_at = $4, step = steps, version = version + 1
WHERE id = $1 AND state = 'running'"""
FAIL = """
UPDATE report SET state = 'failed', fault = $2, finished_at = $3, version = version + 1
WHERE id = $1 AND state = 'running'"""
SUBMIT = """
UPDATE report SET submitted_at = $2, submitted_by = $3, submitted_to = $4, version = version + 1 WHERE id = $1"""
FORGET_FACTS = "DELETE FROM report_fact WHERE report_id = $1"
DUTIES = """
SELECT o.id, o.path, o.name, s.submitted_at, s.report_id, m.id AS made_id
FROM organisation o
LEFT JOIN LATERAL (
    SELECT r.id AS report_id, r.submitted_at FROM report r
    WHERE r.organisation_id = o.id AND r.kind = 'quarterly' AND r.first_day = $2 AND r.submitted_at IS NOT NULL
    ORDER BY r.submitted_at LIMIT 1
) s ON true
LEFT JOIN LATERAL (
    SELECT r.id FROM report r
    WHERE r.organisation_id = o.id AND r.kind = 'quarterly' AND r.first_day = $2 AND r.state = 'done'
    ORDER BY r.id DESC LIMIT 1
) m ON true
WHERE o.path LIKE $1 || '%' AND o.kind IN ('hq', 'province') ORDER BY o.path"""


@dataclass(frozen=True, slots=True)
class Report:
    """A report, made or being made; its numbers are read for themselves."""

    id: UUID
    kind: ReportKind
    organisation_id: str
    path: str
    organisation_name: str
    dimension: Dimension
    first_day: date
    last_day: date
    state: ReportState
    step: int
    steps: int
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None
    fault: str | None
    sha256: str | None
    submitted_at: datetime | None
    submitted_by: str | None
    submitted_to: str | None
    version: int

    @property
    def days(self) -> Days:
        """Its period."""
        return Days(self.first_day, self.last_day)


@dataclass(frozen=True, slots=True)
class Duty:
    """What an organisation owes for a quarter, and what it has (L-34)."""

    organisation_id: str
    path: str
    name: str
    submitted_at: datetime | None
    report_id: UUID | None


async def one(conn: Connection, report_id: UUID) -> Report:
    """Raises NotFoundError."""
    row = await conn.fetchrow(SELECT_ONE, report_id)
    if row is None:
        raise NotFoundError("report", report_id)
    return _of(row)


async def page(
    conn: Connection,
    below: str,
    after: UUID | None,
    limit: int,
    *,
    organisation_id: str | None = None,
    kind: ReportKind | None = None,
    state: ReportState | None = None,
    first_day: date | None = None,
) -> list[Report]:
    """Reports of the subtree, newest first."""
    rows = await conn.fetch(PAGE, below, organisation_id, kind, state, first_day, after, limit)
    return [_of(row) for row in rows]


async def snapshot(conn: Connection, report_id: UUID) -> dict[str, Any] | None:
    """What it says; None while it is not done."""
    found: dict[str, Any] | None = await conn.fetchval(SNAPSHOT, report_id)
    return found


async def duties(conn: Connection, below: str, quarter: Days) -> list[Duty]:
    """The organisations that report a quarter, headquarters and provinces, with what each has submitted or made."""
    rows = await conn.fetch(DUTIES, below, quarter.first)
    return [
        Duty(row["id"], row["path"], row["name"], row["submitted_at"], row["report_id"] or row["made_id"])
        for row in rows
    ]


def sealed(content: Mapping[str, Any]) -> str:
    """The SHA-256 of what a report says, over its canonical JSON."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def _of(row: asyncpg.Record) -> Report:
    kinds = {"kind": ReportKind(row["kind"]), "dimension": Dimension(row["dimension"])}
    return Report(**{**dict(row), **kinds, "state": ReportState(row["state"])})
