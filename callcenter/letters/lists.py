"""The lists legal counsel and the complaint post work through: letters by state, the longest waiting first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter.db.pool import Connection
from callcenter.letters.store import LETTER, LETTER_FROM
from callcenter.opening import By
from tickets.letters import LetterState

LETTERS = f"""
SELECT {LETTER}, r.round, r.counsel_id, u.name AS counsel_name, r.submitted_at, k.due_day AS review_due_day,
    k.due_at AS review_due_at
{LETTER_FROM}
LEFT JOIN legal_review r ON r.letter_id = l.id AND r.ended_at IS NULL
LEFT JOIN app_user u ON u.id = r.counsel_id
LEFT JOIN ticket_clock k ON k.ticket_id = l.ticket_id AND k.kind = 'legal_review' AND k.cycle = r.clock_cycle
WHERE (l.organisation_id IN (SELECT id FROM organisation WHERE path LIKE $1 || '%')
        OR t.accepting_organisation_id IN (SELECT id FROM organisation WHERE path LIKE $1 || '%')
        OR t.underwriting_organisation_id IN (SELECT id FROM organisation WHERE path LIKE $1 || '%'))
    AND ($2::text IS NULL OR l.state = $2) AND ($3::text IS NULL OR l.organisation_id = $3)
    AND ($4::uuid IS NULL OR r.counsel_id = $4)
    AND ($5::timestamptz IS NULL OR k.due_at <= $5)
    AND ($6::timestamptz IS NULL OR (l.created_at, l.id) > ($6, $7::uuid))
ORDER BY l.created_at, l.id LIMIT $8"""  # noqa: S608


async def letters(
    conn: Connection,
    by: By,
    *,
    state: LetterState | None,
    organisation: str | None,
    counsel_id: UUID | None,
    overdue_at: datetime | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Mapping[str, Any]]:
    """Letters of the actor's organisations; `counsel_id`: before this counsel; `overdue_at`: past L-23 by then."""
    at, id = after or (None, None)
    wanted = (state, organisation, counsel_id, overdue_at, at, id, limit)
    return [dict(row) for row in await conn.fetch(LETTERS, by.path or "", *wanted)]
