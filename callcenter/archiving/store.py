"""The rows of calls that sealing reads and moves on. Segments go finished → sealing → sealed or lost, never back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter.calls.switch import Boot
from callcenter.db.pool import Connection
from tickets import store as tickets

NAMED_BY_SWITCH = re.compile(r"([A-Za-z0-9._]+)-[0-9]+\.[0-9]+")


@dataclass(frozen=True, slots=True)
class Segment:
    """One capture to be sealed. `expected_ms` by the switch's times; None when it never told them."""

    id: UUID
    seq: int
    base: str | None
    started_at: datetime | None
    ended_at: datetime | None
    expected_ms: int | None
    end_reason: str | None


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the archive keeps of a call beside its audio."""

    id: UUID
    cc_call: str
    direction: str
    caller: str | None
    did: str | None
    queue: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    end_cause: str | None
    degraded: bool


DUE = """
SELECT s.call_id
FROM segment s JOIN call c ON c.id = s.call_id
LEFT JOIN sealing_attempt a ON a.call_id = s.call_id
WHERE s.state IN ('finished', 'sealing') AND c.ended_at IS NOT NULL AND (a.next_at IS NULL OR a.next_at <= $1)
    AND s.call_id <> ALL ($3::uuid[])
    AND (c.ended_at < $2 OR NOT EXISTS (
        SELECT FROM segment o WHERE o.call_id = s.call_id AND o.state IN ('expected', 'recording')))
GROUP BY s.call_id, c.ended_at
ORDER BY c.ended_at, s.call_id
LIMIT $4"""


async def due(conn: Connection, at: datetime, patience_over: datetime, busy: Sequence[UUID], limit: int) -> list[UUID]:
    """Ended calls with captures to seal, oldest first; one with a capture still open only if it ended before
    `patience_over`."""
    return [row["call_id"] for row in await conn.fetch(DUE, at, patience_over, list(busy), limit)]


TAKE = """
WITH taken AS (
    UPDATE segment SET state = 'sealing' WHERE call_id = $1 AND state IN ('finished', 'sealing')
    RETURNING id, seq, base, started_at, ended_at, expected_ms, end_reason
)
SELECT id, seq, base, started_at, ended_at, expected_ms, end_reason FROM taken ORDER BY seq"""


async def take(conn: Connection, call_id: UUID) -> list[Segment]:
    """The captures of a call that are sealed now; those a dead archiver had taken are among them."""
    return [Segment(**row) for row in await conn.fetch(TAKE, call_id)]


CALL = """
SELECT id, cc_call, direction, caller, did, queue, started_at, answered_at, ended_at, end_cause, degraded
FROM call WHERE id = $1"""
AGENTS = """
SELECT u.login, l.started_at, l.ended_at
FROM call_leg l JOIN app_user u ON u.id = l.user_id
WHERE l.call_id = $1 AND l.role = 'agent' ORDER BY l.started_at, l.id"""
EVENTS = """
SELECT at, kind, details FROM call_event
WHERE call_id = $1 AND kind IN ('transferred', 'notice') ORDER BY at, id"""
TICKETS = f"""
SELECT t.number, t.nature, {tickets.LIVE}
FROM ticket_call l JOIN ticket t ON t.id = l.ticket_id LEFT JOIN call c ON c.id = l.call_id
WHERE l.call_id = $1 ORDER BY t.number"""  # noqa: S608
BOOT = """
SELECT system, started_at, asterisk_id, version, options FROM switch_boot
WHERE system = COALESCE($2, (SELECT min(system) FROM switch_boot HAVING count(DISTINCT system) = 1))
    AND started_at <= $1
ORDER BY started_at DESC LIMIT 1"""
MUTED = "SELECT started_at, ended_at FROM mute_interval WHERE call_id = $1 ORDER BY started_at"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What happened around the audio of a call; rows as plain values."""

    call: CallFacts
    agents: list[dict[str, Any]]
    events: list[dict[str, Any]]
    tickets: list[dict[str, Any]]
    muted: list[tuple[datetime, datetime | None]]
    boot: Boot | None = None


async def surroundings(conn: Connection, call_id: UUID) -> Surroundings:
    """Everything the record of a call says."""
    call = await conn.fetchrow(CALL, call_id)
    if call is None:
        raise LookupError(f"no call {call_id}")
    boot = await conn.fetchrow(BOOT, call["started_at"], system_of(call["cc_call"]))
    return Surroundings(
        CallFacts(**call),
        [dict(row) for row in await conn.fetch(AGENTS, call_id)],
        [dict(row) for row in await conn.fetch(EVENTS, call_id)],
        [dict(row) for row in await conn.fetch(TICKETS, call_id)],
        [(row["started_at"], row["ended_at"]) for row in await conn.fetch(MUTED, call_id)],
        None if boot is None else Boot(**boot),
    )


def system_of(cc_call: str) -> str | None:
    """Which switch named the call; None where we did, or where it has no name."""
    match = NAMED_BY_SWITCH.fullmatch(cc_call)
    return match[1] if match else None


SEALED = "UPDATE segment SET state = 'sealed' WHERE id = ANY($1::uuid[]) AND state = 'sealing'"
LOST = "UPDATE segment SET state = 'lost', lost_reason = $2 WHERE id = $1 AND state = 'sealing'"
CLEARED = "DELETE FROM sealing_attempt WHERE call_id = $1"


async def mark_sealed(conn: Connection, call_id: UUID, segment_ids: Sequence[UUID]) -> None:
    await conn.execute(SEALED, list(segment_ids))
    await conn.execute(CLEARED, call_id)


UNUSABLE = "unusable_file"
"""The lost reason of a segment whose file is there but is no recording."""


async def mark_lost(conn: Connection, segment_id: UUID, reason: str) -> None:
    await conn.execute(LOST, segment_id, reason)


ATTEMPT = """
INSERT INTO sealing_attempt AS a (call_id, attempts, next_at, last_error) VALUES ($1, 1, $2, $3)
ON CONFLICT (call_id) DO UPDATE SET attempts = a.attempts + 1, last_error = EXCLUDED.last_error,
    next_at = EXCLUDED.next_at + least(a.attempts * a.attempts, 60) * interval '10 seconds'
RETURNING attempts"""


async def failed(conn: Connection, call_id: UUID, next_at: datetime, error: str) -> int:
    """Notes a failed sealing; it is tried again at `next_at`, later after each further failure. Returns how many."""
    return int(await conn.fetchval(ATTEMPT, call_id, next_at, error[:500]))


INCIDENT = """
INSERT INTO incident (id, kind, call_id, at, details) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING"""


async def incident(
    conn: Connection, incident_id: UUID, kind: str, call_id: UUID | None, at: datetime, details: dict[str, Any]
) -> bool:
    """Tells a person of something; once for each id."""
    done: str = await conn.execute(INCIDENT, incident_id, kind, call_id, at, details)
    return done == "INSERT 0 1"


KNOWN = """
SELECT k.call_id, k.seq, s.id, s.state, s.lost_reason, (c.id IS NOT NULL) AS has_call, (c.ended_at IS NOT NULL) AS ended
FROM unnest($1::uuid[], $2::integer[]) AS k (call_id, seq)
LEFT JOIN call c ON c.id = k.call_id
LEFT JOIN segment s ON s.call_id = k.call_id AND s.seq = k.seq"""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a capture found in the spool."""

    segment_id: UUID | None
    state: str | None
    lost_reason: str | None
    has_call: bool
    ended: bool


async def known(conn: Connection, keys: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], Known]:
    """By call and segment number, for captures found in the spool."""
    rows = await conn.fetch(KNOWN, [call for call, _ in keys], [seq for _, seq in keys])
    return {
        (row["call_id"], row["seq"]): Known(row["id"], row["state"], row["lost_reason"], row["has_call"], row["ended"])
        for row in rows
    }


APPEARED = """
INSERT INTO segment AS s (id, call_id, seq, base, state, end_reason) VALUES ($1, $2, $3, $4, 'finished', 'vanished')
ON CONFLICT (call_id, seq) DO UPDATE SET state = 'finished', lost_reason = NULL, base = coalesce(s.base, EXCLUDED.base)
WHERE s.state = 'lost'"""


async def appeared(conn: Connection, segment_id: UUID, call_id: UUID, seq: int, base: str) -> bool:
    """A capture turned up of which its call does not know, or which was given up: it is sealed with the call."""
    return bool(await conn.execute(APPEARED, segment_id, call_id, seq, base) == "INSERT 0 1")
