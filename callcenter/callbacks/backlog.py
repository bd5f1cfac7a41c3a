"""Findings that have not ended: a queue for those who see to them, the next due first (R-2.4). Must never write."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter.accounts import names
from callcenter.db.pool import Connection
from callcenter.opening import By
from callcenter.reach import KNOWN

OPEN = f"""
SELECT t.id, t.number, t.finding_number, t.heard ->> 'subject' AS kind, t.status, t.department, t.handler_id,
    t.accepting_organisation_id, t.underwriting_organisation_id, t.received_at, t.opened_by_user, t.callback_task_id,
    w.campaign_id, t.policy_number, t.complainant_name, p.product_name, p.salesperson, t.version, k.due_day,
    COALESCE(k.due_at, 'infinity') AS due_at, k.due_at <= $3 AS overdue,
    (SELECT count(*)::integer FROM reminder r WHERE r.ticket_id = t.id) AS reminders
FROM ticket t JOIN organisation a ON a.id = t.accepting_organisation_id
LEFT JOIN organisation u ON u.id = t.underwriting_organisation_id LEFT JOIN policy p ON p.id = t.policy_id
LEFT JOIN callback_task w ON w.id = t.callback_task_id
LEFT JOIN LATERAL (SELECT c.due_day, c.due_at FROM ticket_clock c
    WHERE c.ticket_id = t.id AND c.kind = 'decide_inform' AND c.met_at IS NULL AND c.voided_at IS NULL
    ORDER BY c.cycle DESC LIMIT 1) k ON true
WHERE t.nature = 'callback_finding' AND t.closed_at IS NULL AND {KNOWN}
    AND ($4::text IS NULL OR t.heard ->> 'subject' = $4) AND ($5::text IS NULL OR t.department = $5)
    AND ($6::uuid IS NULL OR t.handler_id = $6) AND ($7::text IS NULL OR starts_with(a.path, $7))
    AND ($8::uuid IS NULL OR w.campaign_id = $8) AND (NOT $9 OR k.due_at <= $3)
    AND (NOT $10 OR t.handler_id IS NULL)
    AND ($11::timestamptz IS NULL OR (COALESCE(k.due_at, 'infinity'), t.id) > ($11, $12::uuid))
ORDER BY COALESCE(k.due_at, 'infinity'), t.id LIMIT $13"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; None does not narrow. `unassigned`: nobody handles it yet."""

    kind: str | None = None
    department: str | None = None
    handler_id: UUID | None = None
    organisation_path: str | None = None
    campaign_id: UUID | None = None
    overdue: bool = False
    unassigned: bool = False


async def page(
    conn: Connection, wanted: Wanted, by: By, at: datetime, after: tuple[datetime, UUID] | None, limit: int
) -> list[Mapping[str, Any]]:
    """Open findings the actor may know of, the next due first; one told and not closed has nothing due, and is last."""
    asked = (wanted.kind, wanted.department, wanted.handler_id, wanted.organisation_path, wanted.campaign_id)
    position = after or (None, None)
    told = (wanted.overdue, wanted.unassigned, *position, limit)
    return [dict(row) for row in await conn.fetch(OPEN, by.path, by.user_id, at, *asked, *told)]


async def people(conn: Connection, rows: list[Mapping[str, Any]]) -> Mapping[str, str]:
    """The names of the agents who took them and of their handlers."""
    ids = {row[who] for row in rows for who in ("opened_by_user", "handler_id")} - {None}
    return await names.of(conn, [f"user:{each}" for each in ids])
