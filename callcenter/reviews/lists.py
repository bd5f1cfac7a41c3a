"""The lists of reviews, of what is supervised, and of cases returned: what waits longest, or is due first, first."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter.db.pool import Connection
from callcenter.opening import By
from callcenter.reviews.store import CASE, CASE_FROM, REVIEW, REVIEW_FROM
from tickets.reviews import InvestigationState, ReviewState, SupervisionGround

BELOW = "(SELECT id FROM organisation WHERE path LIKE $1 || '%')"
IN_REACH = f"(t.accepting_organisation_id IN {BELOW} OR t.underwriting_organisation_id IN {BELOW})"

REVIEWS = f"""
SELECT {REVIEW} {REVIEW_FROM}
WHERE {IN_REACH} AND ($2::text IS NULL OR r.state = $2) AND ($3::text IS NULL OR r.organisation_id = $3)
    AND ($4::boolean IS NULL OR r.late = $4) AND ($5::uuid IS NULL OR r.assignee_id = $5)
    AND ($6::timestamptz IS NULL OR (r.state IN ('asked', 'decided') AND k.due_at <= $6))
    AND ($7::timestamptz IS NULL OR (r.asked_at, r.id) > ($7, $8::uuid))
ORDER BY r.asked_at, r.id LIMIT $9"""


async def requests(
    conn: Connection,
    by: By,
    *,
    state: ReviewState | None,
    organisation: str | None,
    late: bool | None,
    mine: bool,
    overdue_at: datetime | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Mapping[str, Any]]:
    """Requests for review on tickets of the actor's organisations; `overdue_at`: past L-29 by then."""
    at, id = after or (None, None)
    wanted = (state, organisation, late, by.user_id if mine else None, overdue_at, at, id, limit)
    return [dict(row) for row in await conn.fetch(REVIEWS, by.path or "", *wanted)]


WANTED = f"""{IN_REACH}
    AND ($3::boolean IS NULL OR EXISTS (SELECT FROM reinvestigation c
        WHERE c.ticket_id = t.id AND c.state <> 'concluded') = $3)
    AND ($4::timestamptz IS NULL OR (t.received_at, t.id) < ($4, $5::uuid))"""
SUPERVISED = f"""
WITH found AS (
    (SELECT t.id FROM ticket t WHERE t.relation IN ('repeat', 'escalation')
        AND ($2::text IS NULL OR t.relation = $2) AND {WANTED} ORDER BY t.received_at DESC, t.id DESC LIMIT $6)
    UNION
    (SELECT t.id FROM supervision_mark m JOIN ticket t ON t.id = m.ticket_id
        WHERE ($2::text IS NULL OR $2 = 'findings_differ') AND {WANTED}
        ORDER BY t.received_at DESC, t.id DESC LIMIT $6)
)
SELECT t.id, t.number, t.relation, t.matter_id, t.category, t.severity, t.status, t.validity, t.received_at,
    t.accepting_organisation_id, m.organisation_id AS marked_by_organisation, m.reason AS mark_reason, m.marked_at,
    c.id AS reinvestigation_id, c.state AS reinvestigation_state, c.due_day AS reinvestigation_due_day
FROM found JOIN ticket t ON t.id = found.id
LEFT JOIN supervision_mark m ON m.ticket_id = t.id
LEFT JOIN LATERAL (SELECT id, state, due_day FROM reinvestigation c WHERE c.ticket_id = t.id
    ORDER BY (c.state = 'concluded'), c.returned_at DESC LIMIT 1) AS c ON true
ORDER BY t.received_at DESC, t.id DESC LIMIT $6"""  # noqa: S608


async def supervised(
    conn: Connection,
    by: By,
    *,
    ground: SupervisionGround | None,
    returned: bool | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Mapping[str, Any]]:
    """Repeats, escalations and marked tickets, the newest first; `returned`: being investigated again (R-3.14)."""
    at, id = after or (None, None)
    rows = await conn.fetch(SUPERVISED, by.path or "", ground, returned, at, id, limit)
    return [dict(row) for row in rows]


CASES = f"""
SELECT {CASE} {CASE_FROM}
WHERE {IN_REACH} AND ($2::text IS NULL OR c.state = $2) AND ($3::text IS NULL OR c.returned_to = $3)
    AND ($4::date IS NULL OR (c.state = 'returned' AND c.due_day < $4))
    AND ($5::date IS NULL OR (c.due_day, c.id) > ($5, $6::uuid))
ORDER BY c.due_day, c.id LIMIT $7"""


async def cases(
    conn: Connection,
    by: By,
    *,
    state: InvestigationState | None,
    returned_to: str | None,
    overdue_on: date | None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[Mapping[str, Any]]:
    """Cases returned for re-investigation, the next due first; `overdue_on`: should have been reported before."""
    day, id = after or (None, None)
    rows = await conn.fetch(CASES, by.path or "", state, returned_to, overdue_on, day, id, limit)
    return [dict(row) for row in rows]
