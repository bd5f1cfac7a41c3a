"""Who handles which kind of finding: the tables a company published, which is in force on a day, publishing another.

Every function works on the caller's connection, within its transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import audit
from callcenter.db.pool import Connection
from tickets.categories import Department, Route
from tickets.findings import Subject
from tickets.owners import SHIPPED, Owner, Owners, owners

IN_FORCE = """
SELECT entries FROM finding_owner WHERE valid_from <= $1 ORDER BY valid_from DESC, place DESC LIMIT 1"""
PUBLISHED = "SELECT valid_from FROM finding_owner WHERE id = $1"
PUBLISH = """
INSERT INTO finding_owner (id, valid_from, entries, reason, published_at, published_by)
VALUES ($1, $2, $3, $4, $5, $6)"""
VERSIONS = """
SELECT id, valid_from, reason, published_at, published_by, jsonb_array_length(entries) AS entries FROM finding_owner
WHERE $1::timestamptz IS NULL OR (published_at, id) < ($1, $2::uuid)
ORDER BY published_at DESC, id DESC LIMIT $3"""
PARTS = ("joint", "copies", "supervise")


async def in_force(conn: Connection, day: date) -> Sequence[Owner]:
    """The table of that day; the shipped one before any was published."""
    stored = await conn.fetchval(IN_FORCE, day)
    return SHIPPED if stored is None else tuple(map(_owner, stored))


async def on(conn: Connection, day: date) -> Owners:
    """The same, by kind; a kind that was not there yet has its shipped owner."""
    return {**owners(SHIPPED), **owners(await in_force(conn, day))}


async def publish(
    conn: Connection,
    key: UUID,
    valid_from: date,
    entries: Sequence[Owner],
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
        action="finding_owners.published",
        object_kind="finding_owner",
        object_id=str(key),
        at=at,
        details={"valid_from": str(valid_from), "reason": reason, "entries": len(entries)},
        address=address,
    )


async def versions(conn: Connection, after: tuple[datetime, UUID] | None, limit: int) -> list[Mapping[str, Any]]:
    """What was published, the latest first."""
    return [dict(row) for row in await conn.fetch(VERSIONS, *(after or (None, None)), limit)]


def _owner(stored: Mapping[str, Any]) -> Owner:
    parts = {name: tuple(map(Department, stored[name])) for name in PARTS}
    return Owner(Subject(stored["kind"]), Route(Department(stored["main"]), **parts))


def _stored(entry: Owner) -> dict[str, Any]:
    parts = {name: list(getattr(entry.route, name)) for name in PARTS}
    return {"kind": entry.kind, "main": entry.route.main, **parts}
