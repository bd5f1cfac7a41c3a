"""Reading matters: lists, and one with its orders and why each counts. Never writes."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import matters
from callcenter.db.pool import Connection
from callcenter.errors import NotFoundError
from callcenter.opening import By
from callcenter.reach import KNOWN
from tickets.matters import Place

LISTED = """
SELECT m.id, m.root_ticket_id, r.number, m.opened_at, m.latest_at, m.validity, m.occurrences, m.pieces, m.repeats,
    m.escalations, m.version
FROM matter m JOIN ticket r ON r.id = m.root_ticket_id"""
PAGE = f"""
WITH mine AS (SELECT array_agg(id) AS ids FROM organisation WHERE $1::text IS NOT NULL AND (starts_with(path, $1)
        OR id IN (SELECT b.id FROM organisation a JOIN organisation b ON b.parent_id = a.parent_id
            AND b.kind = 'counter_b' WHERE a.path = $1 AND a.kind = 'counter_a'))),
    asked AS (SELECT array_agg(id) AS ids FROM organisation WHERE starts_with(path, $2))
{LISTED}
WHERE ($1 IS NULL OR EXISTS (SELECT FROM ticket t WHERE t.matter_id = m.id AND
        (t.accepting_organisation_id = ANY((SELECT ids FROM mine)::text[])
            OR t.underwriting_organisation_id = ANY((SELECT ids FROM mine)::text[]))))
    AND ($2::text IS NULL OR EXISTS (SELECT FROM ticket t WHERE t.matter_id = m.id AND
        (t.accepting_organisation_id = ANY((SELECT ids FROM asked)::text[])
            OR t.underwriting_organisation_id = ANY((SELECT ids FROM asked)::text[]))))
    AND ($3::boolean IS NULL OR (m.repeats > 0) = $3) AND ($4::boolean IS NULL OR (m.escalations > 0) = $4)
    AND ($5::date IS NULL OR m.opened_at >= $5::timestamp AT TIME ZONE 'Asia/Shanghai')
    AND ($6::date IS NULL OR m.opened_at < ($6 + 1)::timestamp AT TIME ZONE 'Asia/Shanghai')
    AND ($7::timestamptz IS NULL OR (m.opened_at, m.id) < ($7, $8::uuid)) AND ($10::uuid[] IS NULL OR m.id = ANY($10))
ORDER BY m.opened_at DESC, m.id DESC LIMIT $9"""  # noqa: S608
FEW = 5000
FEW_OF = f"""
WITH mine AS (SELECT array_agg(id) AS ids FROM organisation WHERE starts_with(path, $1)
        OR id IN (SELECT b.id FROM organisation a JOIN organisation b ON b.parent_id = a.parent_id
            AND b.kind = 'counter_b' WHERE a.path = $1 AND a.kind = 'counter_a'))
SELECT array_agg(matter_id) FROM (
    (SELECT matter_id FROM ticket WHERE accepting_organisation_id = ANY((SELECT ids FROM mine)::text[])
        AND matter_id IS NOT NULL LIMIT {FEW} + 1)
    UNION ALL
    (SELECT matter_id FROM ticket WHERE underwriting_organisation_id = ANY((SELECT ids FROM mine)::text[])
        AND matter_id IS NOT NULL LIMIT {FEW} + 1)) AS found"""  # noqa: S608
"""Where an organisation has few orders its matters are found from them: among all matters one would look for long."""
ONE = f"""
{LISTED}
WHERE m.id = $3 AND EXISTS (SELECT FROM ticket t JOIN organisation a ON a.id = t.accepting_organisation_id
    LEFT JOIN organisation u ON u.id = t.underwriting_organisation_id WHERE t.matter_id = m.id AND {KNOWN})"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for; None does not narrow. The days are those of the first receipt, both included."""

    repeated: bool | None = None
    escalated: bool | None = None
    organisation_path: str | None = None
    first_day: date | None = None
    last_day: date | None = None


Position = tuple[datetime, UUID]
"""Where a list ended: the last matter's first receipt and id."""


async def page(conn: Connection, wanted: Wanted, by: By, after: Position | None, limit: int) -> list[dict[str, Any]]:
    """Matters with an order in the actor's organisations, newest first, up to `limit`."""
    since, last = after or (None, None)
    path = None if by.path is None or by.path.count("/") <= 1 else by.path
    few = (await conn.fetchval(FEW_OF, path) or []) if path is not None else None
    rows = await conn.fetch(
        PAGE,
        path,
        wanted.organisation_path,
        wanted.repeated,
        wanted.escalated,
        wanted.first_day,
        wanted.last_day,
        since,
        last,
        limit,
        few if few is None or len(few) <= FEW else None,
    )
    return [dict(row) for row in rows]


async def whole(
    conn: Connection, matter_id: UUID, by: By, at: datetime
) -> tuple[dict[str, Any], list[tuple[dict[str, Any], Place]]]:
    """The matter, and its orders each with what it is and why. Raises NotFoundError, also where the actor may know none
    of its orders."""
    row = await conn.fetchrow(ONE, by.path, by.user_id, matter_id)
    if row is None:
        raise NotFoundError("matter", matter_id)
    return dict(row), await matters.places(conn, matter_id, at)
