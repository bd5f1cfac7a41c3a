"""The trace of every change and of every read of personal data. A change's row is written in its own transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter.db.pool import Connection
from callcenter.ids import uuid7

LONGEST = 300
"""Characters kept of what a client says of itself."""

RECORD = """
INSERT INTO audit (id, at, actor, action, object_kind, object_id, details, address)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""

ACCESS = """
INSERT INTO access_log (id, at, actor, verdict, reason, object_kind, object_id, purpose, ticket_id, first_byte,
    last_byte, address, user_agent, token_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"""


def storable(text: str) -> str:
    """What a client sent, capped, in a form PostgreSQL holds: no entry may fail for a NUL or a stray byte in it."""
    return text[:LONGEST].encode("utf-8", "replace").decode().replace("\0", "?")


async def record(
    conn: Connection,
    *,
    actor: str,
    action: str,
    object_kind: str,
    object_id: str,
    at: datetime,
    details: Mapping[str, Any] | None = None,
    address: str | None = None,
) -> None:
    """Writes who (`user:<id>`, `token:<id>` or `system:<part>`) did what to which object."""
    await conn.execute(RECORD, uuid7(at), at, actor, action, object_kind, object_id, dict(details or {}), address)


async def access(
    conn: Connection,
    *,
    actor: str,
    allowed: bool,
    reason: str,
    object_kind: str,
    object_id: str,
    at: datetime,
    purpose: str | None = None,
    ticket_id: UUID | None = None,
    first_byte: int | None = None,
    last_byte: int | None = None,
    address: str | None = None,
    user_agent: str | None = None,
    token_id: UUID | None = None,
) -> None:
    """Writes one attempt to see or hear personal data, allowed or refused (T-6)."""
    await conn.execute(
        ACCESS,
        uuid7(at),
        at,
        actor,
        "allow" if allowed else "deny",
        reason,
        object_kind,
        storable(object_id),
        purpose,
        ticket_id,
        first_byte,
        last_byte,
        address,
        None if user_agent is None else storable(user_agent),
        token_id,
    )
