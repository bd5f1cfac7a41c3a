"""What a person must know of: lists of incidents, and the mark that somebody has looked. Nothing is ever removed.

Incidents are written where they happen (calls, archive, callbacks); each once, however often it is told.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter import audit
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from callcenter.ids import first_of

COLUMNS = "i.id, i.kind, i.call_id, i.at, i.details, i.seen_at, u.name AS seen_by"
SEEN_FROM = """
FROM incident i LEFT JOIN app_user u ON u.id = i.seen_by
    LEFT JOIN call c ON c.id = i.call_id
    LEFT JOIN app_user a ON a.id = c.user_id LEFT JOIN organisation o ON o.id = a.organisation_id
WHERE (o.path IS NULL OR o.path LIKE $1 || '%')"""
"""An incident of a call belongs to its agent's organisation; any other to nobody, so whoever may read reads it."""

SELECT_PAGE = f"""
SELECT {COLUMNS} {SEEN_FROM}
    AND ($2::text IS NULL OR i.kind = $2) AND ($3::uuid IS NULL OR i.call_id = $3)
    AND ($4::boolean IS NULL OR (i.seen_at IS NOT NULL) = $4)
    AND i.id >= $5 AND ($6::uuid IS NULL OR i.id < $6)
ORDER BY i.id DESC LIMIT $7"""
SELECT_ONE = f"SELECT {COLUMNS} {SEEN_FROM} AND i.id = $2"
SEE = "UPDATE incident SET seen_by = $2, seen_at = $3 WHERE id = $1 AND seen_at IS NULL"


@dataclass(frozen=True, slots=True)
class Seen:
    """An incident as a list shows it; `seen_by` is the name of who has looked."""

    id: UUID
    kind: str
    call_id: UUID | None
    at: datetime
    details: dict[str, Any]
    seen_at: datetime | None
    seen_by: str | None


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a list is narrowed to; None does not narrow."""

    kind: str | None = None
    call_id: UUID | None = None
    seen: bool | None = None
    since: datetime | None = None


async def page(conn: Connection, path: str, criteria: Criteria, after: UUID | None, limit: int) -> list[Seen]:
    """Incidents of the subtree at `path`, newest first."""
    since = UUID(int=0) if criteria.since is None else first_of(criteria.since)
    rows = await conn.fetch(SELECT_PAGE, path, criteria.kind, criteria.call_id, criteria.seen, since, after, limit)
    return [Seen(**dict(row)) for row in rows]


async def see(db: Database, incident_id: UUID, user_id: UUID, actor: str, path: str, at: datetime, note: str) -> Seen:
    """Somebody has looked; the first one stays. Raises NotFoundError."""
    async with db.transaction() as conn:
        if await conn.fetchrow(SELECT_ONE, path, incident_id) is None:
            raise NotFoundError("incident", incident_id)
        if await conn.execute(SEE, incident_id, user_id, at) == "UPDATE 1":
            await audit.record(
                conn,
                actor=actor,
                action="incident.seen",
                object_kind="incident",
                object_id=str(incident_id),
                at=at,
                details={"note": note},
            )
        return Seen(**dict(await conn.fetchrow(SELECT_ONE, path, incident_id) or {}))
