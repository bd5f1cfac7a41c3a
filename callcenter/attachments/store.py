"""The rows of attachments. Never begins a transaction, never decides; there is no statement that deletes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from callcenter.attachments.vault import Content
from callcenter.db.pool import Connection
from callcenter.ids import uuid7
from tickets.papers import Origin, Paper


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a ticket. `media_type` was found in its content; `added_by` is an audit name."""

    id: UUID
    ticket_id: UUID
    kind: Paper
    origin: Origin
    name: str
    media_type: str
    sha256: str
    size: int
    note: str | None
    added_at: datetime
    added_by: str
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_reason: str | None = None


COLUMNS = """
a.id, a.ticket_id, a.kind, a.origin, a.name, a.media_type, a.sha256, c.size, a.note, a.added_at, a.added_by,
a.withdrawn_at, a.withdrawn_by, a.withdrawn_reason
FROM attachment a JOIN attachment_content c ON c.sha256 = a.sha256"""

ADD_CONTENT = """
INSERT INTO attachment_content (sha256, size, stored_at, checked_at) VALUES ($1, $2, $3, $3)
ON CONFLICT (sha256) DO NOTHING"""
ADD = """
INSERT INTO attachment (id, ticket_id, kind, origin, name, media_type, sha256, note, added_at, added_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING"""
FIND = f"SELECT {COLUMNS} WHERE a.id = $1"
OF_TICKET = f"SELECT {COLUMNS} WHERE a.ticket_id = $1 ORDER BY a.added_at, a.id"
PAGE = f"""
SELECT {COLUMNS} WHERE a.ticket_id = $1 AND ($2::timestamptz IS NULL OR (a.added_at, a.id) > ($2, $3))
ORDER BY a.added_at, a.id LIMIT $4"""
COUNT = "SELECT count(*) FROM attachment WHERE ticket_id = $1"
WITHDRAW = """
UPDATE attachment SET withdrawn_at = $2, withdrawn_by = $3, withdrawn_reason = $4
WHERE id = $1 AND withdrawn_at IS NULL"""
HELD = "SELECT DISTINCT kind FROM attachment WHERE ticket_id = $1 AND withdrawn_at IS NULL"


async def add(conn: Connection, new: Attachment) -> bool:
    """Write the row of a file whose content is safe already; False when the id is another's, or was written before."""
    await conn.execute(ADD_CONTENT, new.sha256, new.size, new.added_at)
    done: str = await conn.execute(
        ADD,
        new.id,
        new.ticket_id,
        new.kind.value,
        new.origin.value,
        new.name,
        new.media_type,
        new.sha256,
        new.note,
        new.added_at,
        new.added_by,
    )
    return done == "INSERT 0 1"


async def find(conn: Connection, attachment_id: UUID) -> Attachment | None:
    """One file by its id."""
    row = await conn.fetchrow(FIND, attachment_id)
    return None if row is None else _attachment(row)


async def of_ticket(conn: Connection, ticket_id: UUID) -> list[Attachment]:
    """All files of the ticket, withdrawn ones too, oldest first."""
    return [_attachment(row) for row in await conn.fetch(OF_TICKET, ticket_id)]


async def page(conn: Connection, ticket_id: UUID, after: tuple[datetime, UUID] | None, limit: int) -> list[Attachment]:
    """Files of the ticket, oldest first, going on after a position."""
    at, last = after or (None, None)
    return [_attachment(row) for row in await conn.fetch(PAGE, ticket_id, at, last, limit)]


async def count(conn: Connection, ticket_id: UUID) -> int:
    """How many files the ticket has, withdrawn ones too."""
    return int(await conn.fetchval(COUNT, ticket_id))


async def held(conn: Connection, ticket_id: UUID) -> frozenset[Paper]:
    """The kinds of papers the ticket holds, withdrawn ones not."""
    return frozenset(Paper(row["kind"]) for row in await conn.fetch(HELD, ticket_id))


async def withdraw(conn: Connection, attachment_id: UUID, at: datetime, by: str, reason: str) -> bool:
    """Mark a file as withdrawn; False when it was before."""
    return await conn.execute(WITHDRAW, attachment_id, at, by, reason) == "UPDATE 1"


CHECK_NEXT = """
SELECT sha256, size FROM attachment_content WHERE checked_at < $1 ORDER BY checked_at LIMIT $2"""
CHECKED = """
UPDATE attachment_content SET checked_at = $2, damaged_at = CASE WHEN $3 THEN COALESCE(damaged_at, $2) END
WHERE sha256 = $1"""
KNOWN = "SELECT sha256 FROM attachment_content WHERE sha256 = ANY($1::text[])"
TICKETS_OF = (
    "SELECT DISTINCT t.number FROM attachment a JOIN ticket t ON t.id = a.ticket_id WHERE a.sha256 = $1 LIMIT 20"
)


async def check_next(conn: Connection, before: datetime, limit: int) -> list[Content]:
    """The contents that were not read back for longest, none since `before`."""
    return [Content(row["sha256"], row["size"]) for row in await conn.fetch(CHECK_NEXT, before, limit)]


NEWEST = "SELECT sha256, size FROM attachment_content ORDER BY stored_at DESC LIMIT $1"


async def newest(conn: Connection, limit: int) -> list[Content]:
    """The contents stored last."""
    return [Content(row["sha256"], row["size"]) for row in await conn.fetch(NEWEST, limit)]


async def checked(conn: Connection, sha256: str, at: datetime, *, is_damaged: bool) -> None:
    """Note that a content was read back, and how it was."""
    await conn.execute(CHECKED, sha256, at, is_damaged)


async def known(conn: Connection, hashes: Sequence[str]) -> set[str]:
    """Which of these contents have a row."""
    return {row["sha256"] for row in await conn.fetch(KNOWN, list(hashes))}


async def tickets_of(conn: Connection, sha256: str) -> list[str]:
    """Numbers of tickets that have the content, twenty at most."""
    return [row["number"] for row in await conn.fetch(TICKETS_OF, sha256)]


INCIDENT = """
INSERT INTO incident (id, kind, at, details) SELECT $1, $2, $3, jsonb_build_object('sha256', $4::text) || $5::jsonb
WHERE NOT EXISTS (SELECT FROM incident WHERE kind = $2 AND details ->> 'sha256' = $4 AND seen_at IS NULL)"""


async def raise_incident(conn: Connection, kind: str, sha256: str, at: datetime, details: dict[str, Any]) -> None:
    """Tells a person of a content, again only once somebody has looked."""
    await conn.execute(INCIDENT, uuid7(at), kind, at, sha256, details)


def _attachment(row: asyncpg.Record) -> Attachment:
    return Attachment(**{**row, "kind": Paper(row["kind"]), "origin": Origin(row["origin"])})
