"""Draws closed complaints to ask about satisfaction, and takes what people heard (M-17, R-3.16, R-3.32)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from callcenter import audit
from callcenter.accounts import organisations
from callcenter.accounts.doer import Doer
from callcenter.db.pool import Connection, Database
from callcenter.errors import InvalidError, NotFoundError, StaleVersionError
from callcenter.figures import facts
from tickets.calendar import shanghai_day
from tickets.errors import Words
from tickets.sampling import Answer, drawn, fingerprint

CLOSED = """
SELECT f.ticket_id FROM ticket_fact f JOIN organisation o ON o.id = f.accepting_organisation_id
WHERE o.path LIKE $1 || '%' AND f.occurrences > 0 AND f.closed_at IS NOT NULL
    AND (f.closed_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN $2 AND $3
    AND NOT EXISTS (SELECT FROM satisfaction_sample s WHERE s.ticket_id = f.ticket_id)"""
INSERT_DRAW = """
INSERT INTO satisfaction_draw (id, organisation_id, first_day, last_day, seed, wanted, population, population_sha256,
    drawn_by, drawn_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""
INSERT_SAMPLES = """
INSERT INTO satisfaction_sample (ticket_id, draw_id, place)
SELECT ticket_id, $2, place FROM unnest($1::uuid[]) WITH ORDINALITY AS s (ticket_id, place)"""
SELECT_DRAW = """
SELECT d.id, d.organisation_id, o.path, d.first_day, d.last_day, d.seed, d.wanted, d.population, d.population_sha256,
    d.drawn_at, (SELECT count(*) FROM satisfaction_sample s WHERE s.draw_id = d.id) AS sampled
FROM satisfaction_draw d JOIN organisation o ON o.id = d.organisation_id WHERE d.id = $1"""
SAMPLES = """
SELECT s.ticket_id, k.number, s.draw_id, s.place, s.result, s.note, s.asked_at, s.version
FROM satisfaction_sample s JOIN ticket k ON k.id = s.ticket_id
    JOIN organisation o ON o.id = k.accepting_organisation_id
WHERE o.path LIKE $1 || '%' AND ($2::uuid IS NULL OR s.draw_id = $2)
    AND ($3::boolean IS NULL OR (s.result IS NOT NULL) = $3)
    AND ($4::uuid IS NULL OR (s.draw_id, s.place) > ($4, $5::integer))
ORDER BY s.draw_id, s.place LIMIT $6"""
LOCK = """
SELECT s.ticket_id, k.number, s.draw_id, s.place, s.result, s.note, s.asked_at, s.version, o.path
FROM satisfaction_sample s JOIN ticket k ON k.id = s.ticket_id
    JOIN organisation o ON o.id = k.accepting_organisation_id
WHERE s.ticket_id = $1 FOR UPDATE OF s"""
SAVE = """
UPDATE satisfaction_sample SET result = $2, note = $3, asked_by = $4, asked_at = $5, version = version + 1
WHERE ticket_id = $1"""


@dataclass(frozen=True, slots=True)
class Draw:
    """One drawing: from which tickets, by which seed, how many."""

    id: UUID
    organisation_id: str
    path: str
    first_day: date
    last_day: date
    seed: str
    wanted: int
    population: int
    population_sha256: str
    drawn_at: datetime
    sampled: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A ticket to be asked about; `place`: its turn in the drawing."""

    ticket_id: UUID
    number: str
    draw_id: UUID
    place: int
    result: Answer | None
    note: str
    asked_at: datetime | None
    version: int


async def draw(
    db: Database,
    doer: Doer,
    draw_id: UUID,
    organisation_id: str,
    first_day: date,
    last_day: date,
    wanted: int,
    seed: str | None,
    at: datetime,
) -> Draw:
    """Draws from the complaints closed in these days that were never drawn. Raises NotFoundError, InvalidError."""
    if first_day > last_day or last_day > shanghai_day(at):
        raise InvalidError(Words("起止日有误", "the days are not in order, or not over"))
    await facts.settle(db)
    async with db.transaction() as conn:
        organisation = await organisations.find(conn, doer, organisation_id)
        if (there := await conn.fetchrow(SELECT_DRAW, draw_id)) is not None:
            return Draw(**dict(there))
        population = [row["ticket_id"] for row in await conn.fetch(CLOSED, organisation.path, first_day, last_day)]
        by, digest = seed or str(draw_id), fingerprint(population)
        await conn.execute(
            INSERT_DRAW,
            draw_id,
            organisation_id,
            first_day,
            last_day,
            by,
            wanted,
            len(population),
            digest,
            doer.name,
            at,
        )
        chosen = drawn(population, by, wanted)
        await conn.execute(INSERT_SAMPLES, chosen, draw_id)
        details = {"organisation": organisation_id, "seed": by, "population": len(population), "sampled": len(chosen)}
        await _record(conn, doer, "satisfaction.drawn", str(draw_id), at, details)
        row = await conn.fetchrow(SELECT_DRAW, draw_id)
    assert row is not None
    return Draw(**dict(row))


async def samples(
    conn: Connection, below: str, after: tuple[UUID, int] | None, limit: int, draw_id: UUID | None, asked: bool | None
) -> list[Sample]:
    """Tickets drawn, in the order they are to be asked."""
    rows = await conn.fetch(SAMPLES, below, draw_id, asked, *(after or (None, None)), limit)
    return [_of(row) for row in rows]


async def answer(
    db: Database, doer: Doer, ticket_id: UUID, version: int, result: Answer, note: str, at: datetime
) -> Sample:
    """What the customer said, as a person heard it; a correction needs the version read.

    Raises NotFoundError, StaleVersionError.
    """
    async with db.transaction() as conn:
        row = await conn.fetchrow(LOCK, ticket_id)
        if row is None or not row["path"].startswith(doer.path):
            raise NotFoundError("sample", ticket_id)
        if row["version"] != version:
            raise StaleVersionError(Words("该抽查结果已被他人登记", "this answer was entered in the meantime"))
        await conn.execute(SAVE, ticket_id, result, note, doer.name, at)
        details = {"result": [row["result"], result.value], "note": note}
        await _record(conn, doer, "satisfaction.answered", str(ticket_id), at, details)
        after = await conn.fetchrow(LOCK, ticket_id)
    assert after is not None
    return _of(after)


def _of(row: asyncpg.Record) -> Sample:
    told = {name: row[name] for name in Sample.__dataclass_fields__}
    return Sample(**{**told, "result": Answer(row["result"]) if row["result"] else None})


async def _record(
    conn: Connection, doer: Doer, action: str, object_id: str, at: datetime, details: Mapping[str, Any]
) -> None:
    await audit.record(
        conn,
        actor=doer.name,
        action=action,
        object_kind="satisfaction",
        object_id=object_id,
        at=at,
        details=details,
        address=doer.address,
    )
