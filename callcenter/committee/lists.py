"""The lists committees work through: what waits for a meeting, meetings, members, what is not carried out yet."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter.committee.store import FOLLOW_UP, FOLLOW_UP_FROM, MEETING, MEMBER, MEMBER_FROM, SEEN
from callcenter.db.pool import Connection
from callcenter.opening import By
from tickets.committee import MeetingKind, MeetingState

WAITING = """
SELECT t.id, t.number, t.severity, t.category, t.department, t.status, t.received_at, t.accepting_organisation_id,
    t.version, k.due_day AS meet_by, k.due_at AS meet_due_at, k.met_at AS met_at,
    ARRAY(SELECT ground FROM committee_referral f WHERE f.ticket_id = t.id AND f.settled_at IS NULL
        AND f.withdrawn_at IS NULL ORDER BY f.referred_at, f.id) AS grounds,
    m.id AS meeting_id, m.state AS meeting_state, m.planned_at
FROM ticket t
LEFT JOIN LATERAL (SELECT * FROM ticket_clock k WHERE k.ticket_id = t.id AND k.kind = 'meet' AND k.voided_at IS NULL
    ORDER BY k.cycle DESC LIMIT 1) AS k ON true
LEFT JOIN LATERAL (SELECT m.id, m.state, m.planned_at
    FROM committee_item i JOIN committee_meeting m ON m.id = i.meeting_id
    WHERE i.ticket_id = t.id AND i.adjourned_why IS NULL AND m.state IN ('draft', 'called', 'held')
    ORDER BY m.planned_at, m.id LIMIT 1) AS m ON true
WHERE t.id = ANY(ARRAY(
        SELECT w.id FROM ticket w WHERE w.severity <> 'general' AND w.nature = 'complaint' AND w.closed_at IS NULL
            AND NOT EXISTS (SELECT FROM committee_ruling r WHERE r.ticket_id = w.id AND r.confirmed_at IS NOT NULL)
        UNION SELECT ticket_id FROM committee_referral WHERE settled_at IS NULL AND withdrawn_at IS NULL))
    AND t.closed_at IS NULL
    AND (t.accepting_organisation_id IN (SELECT id FROM organisation WHERE path LIKE $1 || '%')
        OR t.underwriting_organisation_id IN (SELECT id FROM organisation WHERE path LIKE $1 || '%'))
    AND ($2::boolean IS NULL OR (m.id IS NOT NULL) = $2)
    AND ($3::timestamptz IS NULL OR (k.met_at IS NULL AND k.due_at <= $3))
    AND ($4::timestamptz IS NULL OR (t.received_at, t.id) > ($4, $5::uuid))
ORDER BY t.received_at, t.id LIMIT $6"""


async def waiting(
    conn: Connection,
    by: By,
    *,
    planned: bool | None,
    overdue_at: datetime | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Tickets that need a ruling and have none, or were put before a committee; the oldest first.

    `planned`: whether they are on the agenda of a meeting to come; `overdue_at`: only those whose meeting should have
    been held by then (L-22).
    """
    at, id = after or (None, None)
    rows = await conn.fetch(WAITING, by.path or "", planned, overdue_at, at, id, limit)
    return [dict(row) for row in rows]


MEETINGS = f"""
SELECT {MEETING}, (SELECT count(*) FROM committee_item i WHERE i.meeting_id = m.id) AS tickets
FROM committee_meeting m JOIN organisation o ON o.id = m.organisation_id
WHERE {SEEN} AND ($3::text IS NULL OR m.state = $3) AND ($4::text IS NULL OR m.kind = $4)
    AND ($5::text IS NULL OR m.organisation_id = $5)
    AND ($6::uuid IS NULL OR EXISTS (SELECT FROM committee_item i WHERE i.meeting_id = m.id AND i.ticket_id = $6))
    AND ($7::boolean IS NOT TRUE OR EXISTS (SELECT FROM committee_seat s
        WHERE s.meeting_id = m.id AND s.user_id = $2::uuid))
    AND ($8::timestamptz IS NULL OR (m.planned_at, m.id) < ($8, $9::uuid))
ORDER BY m.planned_at DESC, m.id DESC LIMIT $10"""  # noqa: S608


async def meetings(
    conn: Connection,
    by: By,
    *,
    state: MeetingState | None,
    kind: MeetingKind | None,
    organisation: str | None,
    ticket_id: UUID | None,
    mine: bool,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Meetings the actor may know of, the latest first; `mine`: he is invited."""
    at, id = after or (None, None)
    wanted = (state, kind, organisation, ticket_id, mine, at, id, limit)
    return [dict(row) for row in await conn.fetch(MEETINGS, by.path or "", by.user_id, *wanted)]


MEMBERS = f"""
SELECT {MEMBER} {MEMBER_FROM}
WHERE o.path LIKE $1 || '%' AND ($2::text IS NULL OR c.organisation_id = $2)
    AND ($3::date IS NULL OR (c.first_day <= $3 AND COALESCE(c.last_day, $3) >= $3))
    AND ($4::uuid IS NULL OR c.id > $4)
ORDER BY c.id LIMIT $5"""


async def members(
    conn: Connection, by: By, *, organisation: str | None, day: date | None, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """Who sits in the committees of the actor's organisations; `day`: only who does on that day."""
    return [dict(row) for row in await conn.fetch(MEMBERS, by.path or "", organisation, day, after, limit)]


FOLLOW_UPS = f"""
SELECT {FOLLOW_UP} {FOLLOW_UP_FROM}
WHERE (o.path LIKE $1 || '%' OR f.owner_id = $2::uuid) AND ($3::boolean IS NULL OR (f.done_at IS NOT NULL) = $3)
    AND ($4::date IS NULL OR (f.done_at IS NULL AND f.due_day < $4)) AND ($5::boolean IS NOT TRUE OR f.owner_id = $2)
    AND ($6::uuid IS NULL OR f.meeting_id = $6) AND ($7::date IS NULL OR (f.due_day, f.id) > ($7, $8::uuid))
ORDER BY f.due_day, f.id LIMIT $9"""


async def follow_ups(
    conn: Connection,
    by: By,
    *,
    done: bool | None,
    overdue_on: date | None,
    mine: bool,
    meeting_id: UUID | None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[Mapping[str, Any]]:
    """What committees want carried out, the next due first; `overdue_on`: only what should have been done before."""
    day, id = after or (None, None)
    wanted = (done, overdue_on, mine, meeting_id, day, id, limit)
    return [dict(row) for row in await conn.fetch(FOLLOW_UPS, by.path or "", by.user_id, *wanted)]
