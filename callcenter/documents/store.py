"""Rows of documents, of their templates and of the counters their numbers come from. Nothing is deleted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from callcenter.db.pool import Connection
from callcenter.documents.kinds import Kind
from tickets.letters import Means


@dataclass(frozen=True, slots=True)
class Template:
    """One version of a template. `created_by` is `system:shipped` for what came with the program."""

    id: UUID
    kind: Kind
    version: int
    source: str
    sha256: str
    reason: str
    active_from: datetime
    created_at: datetime
    created_by: str


SHIPPED_BY = "system:shipped"

IN_FORCE = """
SELECT id, kind, version, source, sha256, reason, active_from, created_at, created_by FROM document_template
WHERE kind = $1 AND created_by <> 'system:shipped' AND active_from <= $2
ORDER BY active_from DESC, version DESC LIMIT 1"""
FIND_TEMPLATE = """
SELECT id, kind, version, source, sha256, reason, active_from, created_at, created_by FROM document_template
WHERE id = $1"""
SHIPPED = """
SELECT id, kind, version, source, sha256, reason, active_from, created_at, created_by FROM document_template
WHERE kind = $1 AND sha256 = $2 AND created_by = 'system:shipped'"""
LOCK_TEMPLATES = "SELECT pg_advisory_xact_lock(hashtext('document_template'), hashtext($1))"
ADD_TEMPLATE = """
INSERT INTO document_template (id, kind, version, source, sha256, reason, active_from, created_at, created_by)
SELECT $1, $2, COALESCE(max(version), 0) + 1, $3, $4, $5, $6, $7, $8 FROM document_template WHERE kind = $2
RETURNING id, kind, version, source, sha256, reason, active_from, created_at, created_by"""
TEMPLATES = """
SELECT id, kind, version, source, sha256, reason, active_from, created_at, created_by FROM document_template
WHERE ($1::text IS NULL OR kind = $1) AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
ORDER BY created_at DESC, id DESC LIMIT $4"""


async def in_force(conn: Connection, kind: Kind, at: datetime) -> Template | None:
    """The version an administrator saved that counts at the moment; None: the shipped one does."""
    row = await conn.fetchrow(IN_FORCE, kind, at)
    return None if row is None else _template(row)


async def shipped(conn: Connection, kind: Kind, sha256: str) -> Template | None:
    """The row of a shipped text, once it was used."""
    row = await conn.fetchrow(SHIPPED, kind, sha256)
    return None if row is None else _template(row)


async def find_template(conn: Connection, template_id: UUID) -> Template | None:
    row = await conn.fetchrow(FIND_TEMPLATE, template_id)
    return None if row is None else _template(row)


async def lock_templates(conn: Connection, kind: Kind) -> None:
    """Until the transaction ends nobody else adds a version of the kind."""
    await conn.execute(LOCK_TEMPLATES, kind)


async def add_template(conn: Connection, new: Template) -> Template:
    """The next version of its kind; `new.version` is not looked at."""
    row = await conn.fetchrow(
        ADD_TEMPLATE,
        *(new.id, new.kind, new.source, new.sha256, new.reason, new.active_from, new.created_at, new.created_by),
    )
    assert row is not None
    return _template(row)


async def templates(
    conn: Connection, kind: Kind | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Template]:
    """Versions, newest first."""
    rows = await conn.fetch(TEMPLATES, kind, *(after or (None, None)), limit)
    return [_template(row) for row in rows]


def _template(row: asyncpg.Record) -> Template:
    return Template(**{**row, "kind": Kind(row["kind"])})


NEXT = """
INSERT INTO document_counter (organisation_id, kind, year, last) VALUES ($1, $2, $3, 1)
ON CONFLICT (organisation_id, kind, year) DO UPDATE SET last = document_counter.last + 1
RETURNING last"""


async def next_serial(conn: Connection, organisation_id: str, kind: Kind, year: int) -> int:
    """The next number of the organisation, kind and year; given back if the transaction is (no gaps)."""
    serial: int = await conn.fetchval(NEXT, organisation_id, kind, year)
    return serial


@dataclass(frozen=True, slots=True)
class Document:
    """One document as issued, and what became of it."""

    id: UUID
    number: str
    kind: Kind
    ticket_id: UUID
    organisation_id: str
    template_id: UUID
    sha256: str
    size: int
    substituted: tuple[str, ...]
    issued_at: datetime
    issued_by: str
    replaces: UUID | None
    about: UUID | None = None
    place: int = 0
    voided_at: datetime | None = None
    voided_by: str | None = None
    void_reason: str | None = None
    replaces_number: str | None = None
    replaced_by_number: str | None = None
    template_version: int = 0
    sent_at: datetime | None = None
    sent_means: str | None = None
    sent_proof: str | None = None
    sent_by: str | None = None


SELECTED = """
SELECT d.id, d.number, d.kind, d.ticket_id, d.organisation_id, d.template_id, d.sha256, d.size, d.substituted,
    d.issued_at, d.issued_by, d.replaces, d.about, d.place, d.voided_at, d.voided_by, d.void_reason,
    o.number AS replaces_number, n.number AS replaced_by_number, t.version AS template_version,
    s.sent_at, s.means AS sent_means, s.proof AS sent_proof, s.recorded_by AS sent_by
FROM document d JOIN document_template t ON t.id = d.template_id
LEFT JOIN document_sending s ON s.document_id = d.id
LEFT JOIN document o ON o.id = d.replaces LEFT JOIN document n ON n.replaces = d.id"""
FIND = f"{SELECTED} WHERE d.id = $1"
OF_TICKET = f"""
{SELECTED} WHERE d.ticket_id = $1 AND d.place > $2 ORDER BY d.place LIMIT $3"""
ADD = """
INSERT INTO document (id, number, kind, ticket_id, organisation_id, year, serial, template_id, facts, engine,
    substituted, sha256, size, issued_at, issued_by, replaces, asked, about)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"""
ASKED = "SELECT ticket_id, issued_by, asked FROM document WHERE id = $1"
SEND = """
INSERT INTO document_sending (document_id, means, sent_at, proof, recorded_at, recorded_by)
VALUES ($1, $2, $3, $4, $5, $6)"""
VOID = """
UPDATE document SET voided_at = $2, voided_by = $3, void_reason = $4 WHERE id = $1 AND voided_at IS NULL RETURNING 1"""


@dataclass(frozen=True, slots=True)
class Making:
    """What stands in a document's row beside what is shown of it."""

    year: int
    serial: int
    facts: Mapping[str, Any]
    engine: str
    asked: str


async def add(conn: Connection, new: Document, making: Making) -> None:
    """Writes an issued document."""
    await conn.execute(
        ADD,
        *(new.id, new.number, new.kind, new.ticket_id, new.organisation_id, making.year, making.serial),
        *(new.template_id, dict(making.facts), making.engine, list(new.substituted), new.sha256, new.size),
        *(new.issued_at, new.issued_by, new.replaces, making.asked, new.about),
    )


async def find(conn: Connection, document_id: UUID) -> Document | None:
    row = await conn.fetchrow(FIND, document_id)
    return None if row is None else _document(row)


async def asked(conn: Connection, document_id: UUID) -> tuple[UUID, str, str] | None:
    """For which ticket, by whom and with what the document was asked for."""
    row = await conn.fetchrow(ASKED, document_id)
    return None if row is None else (row["ticket_id"], row["issued_by"], row["asked"])


async def of_ticket(conn: Connection, ticket_id: UUID, after: int, limit: int) -> list[Document]:
    """The ticket's documents in the order of their issue, after the place in it."""
    return [_document(row) for row in await conn.fetch(OF_TICKET, ticket_id, after, limit)]


async def send(
    conn: Connection, document_id: UUID, means: Means, sent_at: datetime, proof: str, at: datetime, actor: str
) -> None:
    """Notes when and by what it was sent, once."""
    await conn.execute(SEND, document_id, means, sent_at, proof, at, actor)


async def void(conn: Connection, document_id: UUID, at: datetime, actor: str, reason: str) -> bool:
    """Marks it as void; False when it is already."""
    return await conn.fetchval(VOID, document_id, at, actor, reason) is not None


def _document(row: asyncpg.Record) -> Document:
    return Document(**{**row, "kind": Kind(row["kind"]), "substituted": tuple(row["substituted"])})
