"""Calls as people ask for them: lists by page, and the whole of one. Reads only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Record

from callcenter.accounts import names
from callcenter.calls.sight import BELOW, NOBODYS, SEEN, Eyes
from callcenter.db.pool import Connection
from callcenter.ids import first_of
from tickets import store as tickets

COLUMNS = """
c.id, c.cc_call, c.direction, c.state, c.caller, c.caller_name, c.did, c.queue, c.customer_id, c.user_id,
u.name AS user_name, c.started_at, c.answered_at, c.ended_at, c.end_cause, c.degraded, c.satisfaction, c.version,
o.path AS path"""

AGENTS = "LEFT JOIN app_user u ON u.id = c.user_id LEFT JOIN organisation o ON o.id = u.organisation_id"
WANTED = """($5::text IS NULL OR c.queue = $5) AND ($6::uuid IS NULL OR c.user_id = $6)
    AND ($7::text IS NULL OR c.caller = $7 OR (c.direction <> 'inbound' AND c.did = $7)) AND c.id < $8 AND c.id >= $9"""

SELECT_ANY = f"SELECT {COLUMNS} FROM call c {AGENTS} WHERE {SEEN} AND {WANTED} ORDER BY c.id DESC LIMIT $10"  # noqa: S608
SELECT_LIVE = SELECT_ANY.replace(WANTED, f"{WANTED} AND c.ended_at IS NULL")
SELECT_ENDED = SELECT_ANY.replace(WANTED, f"{WANTED} AND c.ended_at IS NOT NULL")
"""For few calls, or for who sees them all: each that is wanted is looked at."""

LATEST = 2000
LATEST_ANY = f"""
WITH latest AS MATERIALIZED (SELECT c.* FROM call c WHERE {WANTED} ORDER BY c.id DESC LIMIT {LATEST})
SELECT {COLUMNS} FROM latest c {AGENTS} WHERE {SEEN} ORDER BY c.id DESC LIMIT $10"""  # noqa: S608
LATEST_ENDED = LATEST_ANY.replace(WANTED, f"{WANTED} AND c.ended_at IS NOT NULL")
"""For an organisation of many calls: a page is full before many of others were looked at."""

OWN_ANY = f"""
WITH mine AS MATERIALIZED ({BELOW}), own AS (
    SELECT found.id FROM mine, LATERAL (
        SELECT c.id FROM call c WHERE c.user_id BETWEEN mine.id AND mine.id AND {WANTED}
        ORDER BY c.user_id DESC, c.id DESC LIMIT $10) AS found
    UNION SELECT found.id FROM mine, LATERAL (
        SELECT c.id FROM call_leg g JOIN call c ON c.id = g.call_id
        WHERE g.user_id BETWEEN mine.id AND mine.id AND (g.answered_at IS NOT NULL OR mine.id = $2) AND g.call_id < $8
            AND {WANTED}
        ORDER BY g.user_id DESC, g.call_id DESC LIMIT $10) AS found
    UNION SELECT found.id FROM mine, LATERAL (
        SELECT c.id FROM callback_attempt a JOIN call c ON c.id = a.id
        WHERE a.user_id BETWEEN mine.id AND mine.id AND {WANTED}
        ORDER BY a.user_id DESC, a.id DESC LIMIT $10) AS found
    UNION SELECT c.id FROM call c WHERE c.ended_at IS NULL AND {NOBODYS} AND $3 AND {WANTED}
    UNION (SELECT c.id FROM call c WHERE c.ended_at IS NOT NULL AND {NOBODYS} AND $4 AND {WANTED}
        ORDER BY c.id DESC LIMIT $10)
)
SELECT {COLUMNS} FROM call c {AGENTS}
WHERE c.id = ANY(ARRAY(SELECT id FROM own ORDER BY id DESC LIMIT $10)) ORDER BY c.id DESC"""  # noqa: S608
OWN_ENDED = OWN_ANY.replace(WANTED, f"{WANTED} AND c.ended_at IS NOT NULL")
"""The same for an organisation of few calls: from its people to their calls, as SEEN says it the other way round. A
range of one person, in the order of persons: the index that begins with the person is the only one that gives it."""

SELECT_ONE = f"SELECT {COLUMNS} FROM call c {AGENTS} WHERE {SEEN} AND c.id = $5"  # noqa: S608


LAST = UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a list is narrowed to; None does not narrow."""

    live: bool | None = None
    queue: str | None = None
    user_id: UUID | None = None
    number: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call as a list shows it. `path`: its agent's organisation, None while there is no agent."""

    id: UUID
    cc_call: str
    direction: str
    state: str
    caller: str | None
    caller_name: str | None
    did: str | None
    queue: str | None
    customer_id: UUID | None
    user_id: UUID | None
    user_name: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    end_cause: str | None
    degraded: bool
    satisfaction: int | None
    version: int
    path: str | None


async def page(conn: Connection, eyes: Eyes, criteria: Criteria, after: UUID | None, limit: int) -> list[CallRow]:
    """Calls the one who looks may know of, newest first."""
    since = UUID(int=0) if criteria.since is None else first_of(criteria.since)
    wanted = (criteria.queue, criteria.user_id, criteria.number, after or LAST, since, limit)
    rows: list[Record] = []
    for statement in _statements(eyes, criteria):
        rows = await conn.fetch(statement, *eyes.values, *wanted)
        if len(rows) == limit:
            break
    return [CallRow(**dict(row)) for row in rows]


def _statements(eyes: Eyes, criteria: Criteria) -> tuple[str, ...]:
    """What is asked one after the other until a page is full; each finds all the last does, or fewer."""
    if eyes.sees_all or criteria.live or criteria.number is not None:
        return ({None: SELECT_ANY, True: SELECT_LIVE, False: SELECT_ENDED}[criteria.live],)
    return (LATEST_ANY, OWN_ANY) if criteria.live is None else (LATEST_ENDED, OWN_ENDED)


async def find(conn: Connection, eyes: Eyes, call_id: UUID) -> CallRow | None:
    """One call, None when it is not there or not to be known of."""
    row = await conn.fetchrow(SELECT_ONE, *eyes.values, call_id)
    return None if row is None else CallRow(**dict(row))


SELECT_LEGS = """
SELECT g.id, g.role, g.endpoint, g.channel_id, g.user_id, u.name AS user_name, g.started_at, g.answered_at,
    g.ended_at, g.cause
FROM call_leg g LEFT JOIN app_user u ON u.id = g.user_id WHERE g.call_id = $1 ORDER BY g.started_at, g.id"""
SELECT_EVENTS = """
SELECT id, at, source, kind, channel_id, details FROM call_event WHERE call_id = $1 ORDER BY at, id LIMIT 1000"""
SELECT_SEGMENTS = """
SELECT id, seq, state, started_at, ended_at, expected_ms, end_reason,
    lost_reason FROM segment WHERE call_id = $1 ORDER BY seq"""
SELECT_MUTES = """
SELECT m.id, m.user_id, u.name AS user_name, m.reason, m.started_at, m.ended_at, m.in_doubt
FROM mute_interval m LEFT JOIN app_user u ON u.id = m.user_id WHERE m.call_id = $1 ORDER BY m.started_at"""
SELECT_INCIDENTS = "SELECT id, kind, at, details FROM incident WHERE call_id = $1 ORDER BY at"
SELECT_TICKETS = f"""
SELECT t.id, t.number, t.nature, t.status, t.category, {tickets.LIVE}, {tickets.SECONDS}
FROM ticket_call l JOIN ticket t ON t.id = l.ticket_id LEFT JOIN call c ON c.id = l.call_id
WHERE l.call_id = $1 AND ($2::text[] = ARRAY[''] OR EXISTS (
    SELECT FROM organisation o WHERE o.id IN (t.accepting_organisation_id, t.underwriting_organisation_id)
        AND o.path LIKE ANY (SELECT path || '%' FROM unnest($2::text[]) AS path)))
ORDER BY t.received_at"""  # noqa: S608
SELECT_RECORDING = "SELECT id, archive_no, sealed_at FROM recording_object WHERE call_id = $1"
SELECT_CANDIDATES = """
SELECT c.id, c.name, (SELECT count(*) FROM ticket t WHERE t.customer_id = c.id AND t.closed_at IS NULL)::integer AS
    open_tickets
FROM customer_phone p JOIN customer c ON c.id = p.customer_id
WHERE p.number = $1 AND ($2::text[] = ARRAY[''] OR NOT EXISTS (SELECT FROM policy WHERE customer_id = c.id)
    OR EXISTS (SELECT FROM policy y JOIN organisation o ON o.id = y.organisation_id
        WHERE y.customer_id = c.id AND o.path LIKE ANY (SELECT path || '%' FROM unnest($2::text[]) AS path)))
ORDER BY c.id LIMIT 20"""


@dataclass(frozen=True, slots=True)
class CallFile:
    """Everything of one call. `candidates` hold its number: who it is, a person decides."""

    call: CallRow
    legs: list[dict[str, Any]]
    events: list[dict[str, Any]]
    segments: list[dict[str, Any]]
    mutes: list[dict[str, Any]]
    incidents: list[dict[str, Any]]
    tickets: list[dict[str, Any]]
    recordings: list[dict[str, Any]]
    candidates: list[dict[str, Any]]
    names: dict[str, str]
    """Of everybody in the history, by what stands there."""


async def whole(conn: Connection, call: CallRow, number: str | None, within: tuple[str, ...] = ("",)) -> CallFile:
    """The file of a call; `number` is the customer's in the form customers are stored under.

    `within` holds the paths whose tickets and customers the reader may see; the empty path is the whole company.
    """

    async def of(statement: str, *more: object) -> list[dict[str, Any]]:
        return [dict(row) for row in await conn.fetch(statement, *(more or (call.id,)))]

    events = await of(SELECT_EVENTS)
    return CallFile(
        call,
        legs=await of(SELECT_LEGS),
        events=events,
        segments=await of(SELECT_SEGMENTS),
        mutes=await of(SELECT_MUTES),
        incidents=await of(SELECT_INCIDENTS),
        tickets=await of(SELECT_TICKETS, call.id, list(within)),
        recordings=await of(SELECT_RECORDING),
        candidates=await of(SELECT_CANDIDATES, number, list(within)) if number else [],
        names=await names.of(conn, [event["details"].get("by") for event in events]),
    )
