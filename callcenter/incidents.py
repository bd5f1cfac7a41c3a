"""What a person must know of: lists of incidents, and the mark that somebody has looked. Nothing is ever removed.

Incidents are written where they happen (calls, archive, callbacks); each once, however often it is told.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter import audit
from callcenter.calls.sight import SEEN, Eyes
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from callcenter.ids import first_of

COLUMNS = "i.id, i.kind, i.call_id, i.at, i.details, i.seen_at, u.name AS seen_by"
SEEN_FROM = f"""
FROM incident i LEFT JOIN app_user u ON u.id = i.seen_by
WHERE (i.call_id IS NULL OR EXISTS (SELECT FROM call c WHERE c.id = i.call_id AND {SEEN}))"""
"""An incident of a call is known to whom the call is; any other to whoever may read incidents."""

SELECT_PAGE = f"""
SELECT {COLUMNS} {SEEN_FROM}
    AND ($5::text IS NULL OR i.kind = $5) AND ($6::uuid IS NULL OR i.call_id = $6)
    AND ($7::boolean IS NULL OR (i.seen_at IS NOT NULL) = $7)
    AND i.id >= $8 AND ($9::uuid IS NULL OR i.id < $9)
ORDER BY i.id DESC LIMIT $10"""
SELECT_ONE = f"SELECT {COLUMNS} {SEEN_FROM} AND i.id = $5"
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


async def page(conn: Connection, eyes: Eyes, criteria: Criteria, after: UUID | None, limit: int) -> list[Seen]:
    """Incidents the one who looks may know of, newest first."""
    since = UUID(int=0) if criteria.since is None else first_of(criteria.since)
    wanted = (criteria.kind, criteria.call_id, criteria.seen, since, after, limit)
    rows = await conn.fetch(SELECT_PAGE, *_eyes(eyes), *wanted)
    return [Seen(**dict(row)) for row in rows]


async def see(db: Database, incident_id: UUID, user_id: UUID, actor: str, eyes: Eyes, at: datetime, note: str) -> Seen:
    """Somebody has looked; the first one stays. Raises NotFoundError."""
    async with db.transaction() as conn:
        if await conn.fetchrow(SELECT_ONE, *_eyes(eyes), incident_id) is None:
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
        return Seen(**dict(await conn.fetchrow(SELECT_ONE, *_eyes(eyes), incident_id) or {}))


def _eyes(eyes: Eyes) -> tuple[str, UUID | None, bool, bool]:
    """Who may read incidents reads those of calls nobody took, too: they are what is to be seen to."""
    return replace(eyes, answers=True, supervises=True).values
