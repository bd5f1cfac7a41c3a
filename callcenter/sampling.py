"""Samples of what lower companies closed: drawn by a seed, so that the same closings give the same sample, and what the
company above found of each (R-3.25). Overturning is an act on the ticket (callcenter/casework.py)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import audit
from callcenter.db.pool import Connection
from callcenter.errors import ForbiddenError, InvalidError, NotFoundError
from callcenter.history import tell
from callcenter.opening import By
from tickets import store
from tickets.errors import Words
from tickets.lifecycle import Level

DRAWS = (Level.PROVINCE, Level.HQ)

ORGANISATION = "SELECT kind, path FROM organisation WHERE id = $1"
KNOWN = "SELECT 1 FROM closing_sample WHERE id = $1"
CLOSINGS = """
FROM ticket t JOIN organisation o ON o.id = t.accepting_organisation_id
WHERE t.closed_at >= ($1::date)::timestamp AT TIME ZONE 'Asia/Shanghai'
    AND t.closed_at < ($2::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
    AND t.nature = 'complaint' AND t.validity IN ('valid', 'invalid') AND t.relation <> 'merged'
    AND starts_with(o.path, $3) AND o.path <> $3 AND ($4::text IS NULL OR t.validity = $4)"""
POPULATION = f"SELECT count(*)::integer {CLOSINGS}"
DRAWN = f"""
INSERT INTO closing_sample_item (sample_id, place, ticket_id, validity)
SELECT $7, row_number() OVER (ORDER BY d.key, d.number), d.id, d.validity
FROM (SELECT t.id, t.number, t.validity, sha256(convert_to($5 || t.number, 'UTF8')) AS key {CLOSINGS}
    ORDER BY key, t.number LIMIT $6) AS d"""  # noqa: S608
"""The closings whose number and seed have the smallest hashes."""
SAVE = """
INSERT INTO closing_sample (id, organisation_id, first_day, last_day, validity, size, seed, population, drawn_at,
    drawn_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""
SAMPLES = """
SELECT s.*, (SELECT count(*)::integer FROM closing_sample_item i WHERE i.sample_id = s.id) AS drawn,
    (SELECT count(*)::integer FROM closing_sample_item i WHERE i.sample_id = s.id AND i.result = 'agreed') AS agreed,
    (SELECT count(*)::integer FROM closing_sample_item i WHERE i.sample_id = s.id AND i.result = 'overturned')
        AS overturned
FROM closing_sample s JOIN organisation o ON o.id = s.organisation_id
WHERE starts_with(o.path, $1) AND ($2::uuid IS NULL OR s.id = $2)
    AND ($3::timestamptz IS NULL OR (s.drawn_at, s.id) < ($3, $4::uuid))
ORDER BY s.drawn_at DESC, s.id DESC LIMIT $5"""
ITEMS = """
SELECT i.place, i.ticket_id, t.number, t.accepting_organisation_id, t.closed_at, i.validity, i.result, i.remark,
    i.reviewed_at, i.reviewed_by
FROM closing_sample_item i JOIN ticket t ON t.id = i.ticket_id
WHERE i.sample_id = $1 AND i.place > $2 ORDER BY i.place LIMIT $3"""
AGREE = """
UPDATE closing_sample_item SET result = 'agreed', remark = $3, reviewed_at = $4, reviewed_by = $5
WHERE sample_id = $1 AND ticket_id = $2 AND result IS NULL"""
OVERTURNED = """
UPDATE closing_sample_item SET result = 'overturned', remark = $2, reviewed_at = $3, reviewed_by = $4
WHERE ticket_id = $1 AND result IS NULL"""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to draw from: closings of these days, both included, of one validity or of any."""

    first_day: date
    last_day: date
    size: int
    seed: str
    validity: str | None = None


async def draw(conn: Connection, key: UUID, wish: Wish, by: By, at: datetime) -> Mapping[str, Any]:
    """Draw a sample of what the companies below the actor's closed. Raises ForbiddenError, InvalidError."""
    there = await conn.fetchrow(ORGANISATION, by.organisation_id)
    if there is None or Level(there["kind"]) not in DRAWS or by.organisation_id is None:
        raise ForbiddenError(
            Words(
                "由省公司或总公司抽查下级结案(R-3.25)", "the province, or headquarters, samples lower closings (R-3.25)"
            )
        )
    if wish.first_day > wish.last_day:
        raise InvalidError(Words("起始日不得晚于截止日", "the first day is no later than the last"))
    if await conn.fetchval(KNOWN, key) is None:
        asked = (wish.first_day, wish.last_day, there["path"], wish.validity)
        population = await conn.fetchval(POPULATION, *asked)
        of = (wish.first_day, wish.last_day, wish.validity, wish.size, wish.seed, population, at, by.actor)
        await conn.execute(SAVE, key, by.organisation_id, *of)
        await conn.execute(DRAWN, *asked, wish.seed, wish.size, key)
        await audit.record(
            conn,
            actor=by.actor,
            action="closing_sample.drawn",
            object_kind="closing_sample",
            object_id=str(key),
            at=at,
            details={"days": [str(wish.first_day), str(wish.last_day)], "size": wish.size, "seed": wish.seed},
            address=by.address,
        )
    return await found(conn, key, by)


async def found(conn: Connection, sample_id: UUID, by: By) -> Mapping[str, Any]:
    """A sample of the actor's organisations, with how far it is. Raises NotFoundError."""
    rows = await conn.fetch(SAMPLES, by.path or "", sample_id, None, None, 1)
    if not rows:
        raise NotFoundError("closing sample", sample_id)
    return dict(rows[0])


async def page(conn: Connection, by: By, after: tuple[datetime, UUID] | None, limit: int) -> list[Mapping[str, Any]]:
    """Samples, the latest first."""
    return [dict(row) for row in await conn.fetch(SAMPLES, by.path or "", None, *(after or (None, None)), limit)]


async def items(conn: Connection, sample_id: UUID, by: By, after: int, limit: int) -> list[Mapping[str, Any]]:
    """The tickets drawn, in the order they were drawn."""
    await found(conn, sample_id, by)
    return [dict(row) for row in await conn.fetch(ITEMS, sample_id, after, limit)]


async def agree(conn: Connection, sample_id: UUID, ticket_id: UUID, remark: str, by: By, at: datetime) -> None:
    """The lower closing was right. Raises NotFoundError, InvalidError when the ticket was looked at before."""
    sample = await found(conn, sample_id, by)
    row = await store.lock(conn, ticket_id)
    if row is None or sample["organisation_id"] != by.organisation_id:
        raise NotFoundError("closing sample", sample_id)
    if await conn.execute(AGREE, sample_id, ticket_id, remark, at, by.actor) != "UPDATE 1":
        raise InvalidError(
            Words("该服务单不在样本中或已复核", "the ticket is not in the sample, or was looked at before")
        )
    await tell(conn, row, by, at, "closing_agreed", {"sample": str(sample_id), "note": remark})
