"""A customer's tickets and calls, newest first. Must never reach beyond an organisation's path."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from callcenter.calls.sight import SEEN, Eyes
from callcenter.db.pool import Connection

TICKETS = """
SELECT t.id, t.number, t.nature, t.channel, t.source, t.category, t.severity, t.status, t.received_at, t.closed_at
FROM ticket t
    JOIN organisation a ON a.id = t.accepting_organisation_id
    LEFT JOIN organisation u ON u.id = t.underwriting_organisation_id
WHERE t.customer_id = $1 AND (a.path LIKE $2 || '%' OR u.path LIKE $2 || '%')
ORDER BY (t.closed_at IS NULL) DESC, t.received_at DESC LIMIT $3"""

CALLS = f"""
SELECT c.id, c.direction, c.state, c.caller, c.queue, c.started_at, c.answered_at, c.ended_at,
    c.customer_id IS NOT NULL AS identified
FROM call c WHERE (c.customer_id = $5 OR (c.customer_id IS NULL AND c.caller = ANY($6::text[]))) AND {SEEN}
ORDER BY c.id DESC LIMIT $7"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class PastTicket:
    """A ticket of the customer, in short."""

    id: UUID
    number: str
    nature: str
    channel: str
    source: str
    category: str | None
    severity: str
    status: str
    received_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call of the customer; not `identified`: it only came from one of the customer's numbers."""

    id: UUID
    direction: str
    state: str
    caller: str | None
    queue: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    identified: bool


async def tickets(conn: Connection, customer_id: UUID, path: str, limit: int = 50) -> list[PastTicket]:
    """Open tickets first, then the closed ones, each newest first."""
    return [PastTicket(**dict(row)) for row in await conn.fetch(TICKETS, customer_id, path, limit)]


async def calls(conn: Connection, customer_id: UUID, numbers: list[str], eyes: Eyes, limit: int = 20) -> list[PastCall]:
    """The latest calls with the customer, or from one of the customer's numbers, that the reader may know of."""
    rows = await conn.fetch(CALLS, *eyes.values, customer_id, numbers, limit)
    return [PastCall(**dict(row)) for row in rows]
