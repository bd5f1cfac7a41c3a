"""The routing tables a company published: which is in force on a day, and publishing another (F-8).

Every function works on the caller's connection, within its transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import audit
from callcenter.db.pool import Connection
from tickets.categories import Category, Department, Route
from tickets.errors import Words
from tickets.routing import SHIPPED, Entry, Table, table

IN_FORCE = """
SELECT entries FROM routing WHERE valid_from <= $1 ORDER BY valid_from DESC, place DESC LIMIT 1"""
PUBLISHED = "SELECT valid_from FROM routing WHERE id = $1"
PUBLISH = """
INSERT INTO routing (id, valid_from, entries, reason, published_at, published_by) VALUES ($1, $2, $3, $4, $5, $6)"""
VERSIONS = """
SELECT id, valid_from, reason, published_at, published_by, jsonb_array_length(entries) AS entries FROM routing
WHERE $1::timestamptz IS NULL OR (published_at, id) < ($1, $2::uuid)
ORDER BY published_at DESC, id DESC LIMIT $3"""


async def in_force(conn: Connection, day: date) -> Sequence[Entry]:
    """The table of that day; the shipped one before any was published."""
    stored = await conn.fetchval(IN_FORCE, day)
    return SHIPPED if stored is None else tuple(map(_entry, stored))


async def on(conn: Connection, day: date) -> Table:
    """The same, by what each entry is for."""
    return table(await in_force(conn, day))


async def publish(
    conn: Connection,
    key: UUID,
    valid_from: date,
    entries: Sequence[Entry],
    reason: str,
    actor: str,
    address: str | None,
    at: datetime,
) -> None:
    """Keep a checked table, in force from its day on; a second one for that day takes the first one's place."""
    if await conn.fetchval(PUBLISHED, key) is not None:
        return
    await conn.execute(PUBLISH, key, valid_from, [_stored(entry) for entry in entries], reason, at, actor)
    await audit.record(
        conn,
        actor=actor,
        action="routing.published",
        object_kind="routing",
        object_id=str(key),
        at=at,
        details={"valid_from": str(valid_from), "reason": reason, "entries": len(entries)},
        address=address,
    )


async def versions(conn: Connection, after: tuple[datetime, UUID] | None, limit: int) -> list[Mapping[str, Any]]:
    """What was published, the latest first."""
    return [dict(row) for row in await conn.fetch(VERSIONS, *(after or (None, None)), limit)]


def _entry(stored: Mapping[str, Any]) -> Entry:
    parts = {name: tuple(map(Department, stored[name])) for name in ("joint", "copies", "supervise")}
    words = Words(stored["zh"], stored["en"]) if stored["sub_code"] else None
    route = Route(Department(stored["main"]), **parts)
    return Entry(Category(stored["category"]), route, stored["sub_code"], words)


def _stored(entry: Entry) -> dict[str, Any]:
    return {
        "category": entry.category,
        "sub_code": entry.sub_code,
        "zh": entry.words.zh if entry.words else None,
        "en": entry.words.en if entry.words else None,
        "main": entry.route.main,
        "joint": list(entry.route.joint),
        "copies": list(entry.route.copies),
        "supervise": list(entry.route.supervise),
    }
