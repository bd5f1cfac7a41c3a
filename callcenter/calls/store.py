"""The rows of calls. What is written here merges: an older or repeated account never takes back what a row already
tells.

Every function works on the caller's connection and never begins a transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter.calls.call import (
    SERVING,
    Announce,
    Call,
    Direction,
    Incident,
    Leg,
    Segment,
    SegmentState,
    State,
)
from callcenter.calls.facts import Role
from callcenter.calls.switch import Boot
from callcenter.db.pool import Connection
from callcenter.ids import CallId, derived
from callcenter.outbox import consumers_of, due


@dataclass(frozen=True, slots=True)
class Note:
    """One line of a call's history."""

    call_id: CallId
    at: datetime
    source: str
    kind: str
    channel: str | None
    details: Mapping[str, Any]

    @property
    def id(self) -> UUID:
        """The same for whoever tells the same line again."""
        return derived(self.at, f"{self.call_id}|{self.source}|{self.kind}|{self.channel}|{self.at.isoformat()}")


SELECT_CALLS = """
SELECT c.id, c.cc_call, c.direction, c.state, c.state_at, c.caller, c.caller_name, c.did, c.queue, c.started_at,
    c.answered_at,
       c.ended_at, c.end_cause, c.degraded
FROM call c WHERE c.id = ANY($1::uuid[])"""
SELECT_LIVE = "SELECT id FROM call WHERE ended_at IS NULL"
SELECT_UNSETTLED = """
SELECT call_id FROM segment WHERE state IN ('expected', 'recording')"""
SELECT_LEGS = """
SELECT id, call_id, channel_id, channel_name, role, started_at, answered_at, ended_at, cause, bridged, bridged_at
FROM call_leg WHERE call_id = ANY($1::uuid[]) ORDER BY started_at, id"""
SELECT_SEGMENTS = """
SELECT id, call_id, seq, state, base, started_at, ended_at, expected_ms, r_bytes, t_bytes, end_reason, lost_reason
FROM segment WHERE call_id = ANY($1::uuid[]) ORDER BY seq"""


async def live(conn: Connection) -> list[Call]:
    """Every call that has not ended, and every ended one whose capture has not."""
    ids = {row["id"] for row in await conn.fetch(SELECT_LIVE)}
    ids |= {row["call_id"] for row in await conn.fetch(SELECT_UNSETTLED)}
    return await load(conn, ids)


async def load(conn: Connection, ids: Iterable[UUID]) -> list[Call]:
    """The calls of these ids that there are, with their legs and segments."""
    wanted = list(ids)
    if not wanted:
        return []
    legs: dict[UUID, dict[str, Leg]] = {}
    for row in await conn.fetch(SELECT_LEGS, wanted):
        legs.setdefault(row["call_id"], {})[row["channel_id"]] = Leg(
            row["id"],
            row["channel_id"],
            row["channel_name"] or "",
            Role(row["role"]),
            row["started_at"],
            row["answered_at"],
            row["ended_at"],
            row["cause"],
            row["bridged"],
            row["bridged_at"],
        )
    segments: dict[UUID, dict[int, Segment]] = {}
    for row in await conn.fetch(SELECT_SEGMENTS, wanted):
        fields = dict(row)
        call_id = fields.pop("call_id")
        fields["state"] = SegmentState(fields["state"])
        segments.setdefault(call_id, {})[row["seq"]] = Segment(**fields)
    calls = []
    for row in await conn.fetch(SELECT_CALLS, wanted):
        fields = dict(row)
        fields["direction"] = Direction(fields["direction"])
        fields["state"] = State(fields["state"])
        of_call = legs.get(row["id"], {})
        agent = _served_last(of_call.values())
        calls.append(Call(**fields, agent=agent, legs=of_call, segments=segments.get(row["id"], {})))
    return calls


def _served_last(legs: Iterable[Leg]) -> str | None:
    """The telephone that talked with the customer last."""
    served = [(leg.bridged_at, leg.endpoint) for leg in legs if leg.bridged_at and leg.role in SERVING]
    return max(served)[1] if served else None


EXPECT = """
INSERT INTO call (id, cc_call, direction, state, state_at, caller, did, customer_id, user_id, started_at)
VALUES ($1, $2, $3, 'ringing', $4, $5, $6, $7, $8, $4)
ON CONFLICT (id) DO NOTHING"""


async def expect(
    conn: Connection,
    call_id: CallId,
    cc_call: str,
    direction: Direction,
    at: datetime,
    *,
    caller: str | None = None,
    did: str | None = None,
    customer_id: UUID | None = None,
    user_id: UUID | None = None,
) -> bool:
    """Writes the call before the switch tells of it (a dialling of ours,
    or the first AGI command); False when there already."""
    done = await conn.execute(EXPECT, call_id, cc_call, direction.value, at, caller, did, customer_id, user_id)
    return done == "INSERT 0 1"


SAVE_CALLS = """
INSERT INTO call AS c (id, cc_call, direction, state, state_at, caller, caller_name, did, queue, user_id, started_at,
    answered_at,
    ended_at, end_cause, degraded)
SELECT r.id, r.cc_call, r.direction, r.state, r.state_at, r.caller, r.caller_name, r.did, r.queue, u.id, r.started_at,
    r.answered_at, r.ended_at, r.end_cause, r.degraded
FROM jsonb_to_recordset($1::jsonb) AS r(id uuid, cc_call text, direction text, state text, state_at timestamptz,
    caller text,
    caller_name text, did text, queue text, agent text, started_at timestamptz, answered_at timestamptz,
    ended_at timestamptz,
    end_cause text, degraded boolean)
LEFT JOIN app_user u ON u.extension = split_part(r.agent, '-', 2) AND split_part(r.agent, '-', 1) IN ('desk', 'web')
ON CONFLICT (id) DO UPDATE SET
    state = CASE WHEN c.ended_at IS NOT NULL OR EXCLUDED.ended_at IS NOT NULL THEN 'ended'
                 WHEN EXCLUDED.state_at >= c.state_at THEN EXCLUDED.state ELSE c.state END,
    state_at = GREATEST(c.state_at, EXCLUDED.state_at),
    caller = COALESCE(c.caller, EXCLUDED.caller),
    caller_name = COALESCE(c.caller_name, EXCLUDED.caller_name),
    did = COALESCE(c.did, EXCLUDED.did),
    queue = COALESCE(EXCLUDED.queue, c.queue),
    user_id = COALESCE(EXCLUDED.user_id, c.user_id),
    started_at = LEAST(c.started_at, EXCLUDED.started_at),
    answered_at = LEAST(c.answered_at, EXCLUDED.answered_at),
    ended_at = COALESCE(c.ended_at, EXCLUDED.ended_at),
    end_cause = COALESCE(c.end_cause, EXCLUDED.end_cause),
    degraded = c.degraded OR EXCLUDED.degraded,
    version = c.version + 1"""

SAVE_LEGS = """
INSERT INTO call_leg AS l (id, call_id, channel_id, channel_name, role, endpoint, user_id, started_at, answered_at,
    ended_at, cause, bridged, bridged_at)
SELECT r.id, r.call_id, r.channel_id, r.channel_name, r.role, r.endpoint, u.id, r.started_at, r.answered_at,
    r.ended_at, r.cause, r.bridged, r.bridged_at
FROM jsonb_to_recordset($1::jsonb) AS r(id uuid, call_id uuid, channel_id text, channel_name text, role text,
    endpoint text,
    started_at timestamptz, answered_at timestamptz, ended_at timestamptz, cause text, bridged boolean,
    bridged_at timestamptz)
LEFT JOIN app_user u ON u.extension = split_part(r.endpoint, '-', 2) AND split_part(r.endpoint, '-', 1) IN ('desk',
    'web')
ON CONFLICT (id) DO UPDATE SET
    user_id = COALESCE(l.user_id, EXCLUDED.user_id),
    started_at = LEAST(l.started_at, EXCLUDED.started_at),
    answered_at = LEAST(l.answered_at, EXCLUDED.answered_at),
    bridged = CASE WHEN l.ended_at IS NOT NULL OR EXCLUDED.ended_at IS NOT NULL THEN false
                   WHEN l.bridged_at > EXCLUDED.bridged_at OR EXCLUDED.bridged_at IS NULL THEN l.bridged
                   ELSE EXCLUDED.bridged END,
    bridged_at = GREATEST(l.bridged_at, EXCLUDED.bridged_at),
    ended_at = COALESCE(l.ended_at, EXCLUDED.ended_at),
    cause = COALESCE(l.cause, EXCLUDED.cause)"""

SAVE_SEGMENTS = """
INSERT INTO segment AS s (id, call_id, seq, base, state, started_at, ended_at, expected_ms, r_bytes, t_bytes,
    end_reason, lost_reason)
SELECT r.* FROM jsonb_to_recordset($1::jsonb) AS r(id uuid, call_id uuid, seq integer, base text, state text,
    started_at timestamptz, ended_at timestamptz, expected_ms bigint, r_bytes bigint, t_bytes bigint, end_reason text,
    lost_reason text)
ON CONFLICT (id) DO UPDATE SET
    base = COALESCE(s.base, EXCLUDED.base),
    state = EXCLUDED.state,
    started_at = COALESCE(EXCLUDED.started_at, s.started_at),
    ended_at = COALESCE(EXCLUDED.ended_at, s.ended_at),
    expected_ms = COALESCE(EXCLUDED.expected_ms, s.expected_ms),
    r_bytes = COALESCE(EXCLUDED.r_bytes, s.r_bytes),
    t_bytes = COALESCE(EXCLUDED.t_bytes, s.t_bytes),
    end_reason = COALESCE(EXCLUDED.end_reason, s.end_reason),
    lost_reason = EXCLUDED.lost_reason
WHERE s.state NOT IN ('sealing', 'sealed') AND
    array_position(ARRAY['expected', 'lost', 'recording', 'finished'], EXCLUDED.state) >=
    array_position(ARRAY['expected', 'lost', 'recording', 'finished'], s.state)"""
"""A capture only goes forward: an account that knows less of it must not make it wait, or be lost, for ever."""


END_MUTES = """
UPDATE mute_interval m SET ended_at = GREATEST(c.ended_at, m.started_at)
FROM call c WHERE c.id = m.call_id AND m.call_id = ANY($1::uuid[]) AND m.ended_at IS NULL AND c.ended_at IS NOT NULL"""


async def save(conn: Connection, changes: Sequence[tuple[Call | None, Call]]) -> None:
    """Writes what differs between each call as it was last written (None: never) and as it is now."""
    calls, legs, segments = [], [], []
    for before, call in changes:
        calls.append(_call_row(call))
        for channel, leg in call.legs.items():
            if before is None or before.legs.get(channel) is not leg:
                legs.append(_leg_row(call, leg))
        for seq, segment in call.segments.items():
            if before is None or before.segments.get(seq) is not segment:
                segments.append(_segment_row(call, segment))
    if calls:
        await conn.execute(SAVE_CALLS, calls)
    if legs:
        await conn.execute(SAVE_LEGS, legs)
    if segments:
        await conn.execute(SAVE_SEGMENTS, segments)
    over = [call.id for before, call in changes if call.ended_at and (before is None or before.ended_at is None)]
    if over:
        await conn.execute(END_MUTES, over)


SAVE_NOTES = """
INSERT INTO call_event (id, call_id, at, source, kind, channel_id, details)
SELECT r.* FROM jsonb_to_recordset($1::jsonb) AS r(id uuid, call_id uuid, at timestamptz, source text, kind text,
    channel_id text,
    details jsonb)
ON CONFLICT (id) DO NOTHING"""


async def note(conn: Connection, notes: Sequence[Note]) -> None:
    """Adds lines to the history of calls; a line that is there already is left alone."""
    if notes:
        await conn.execute(
            SAVE_NOTES,
            [
                {
                    "id": each.id,
                    "call_id": each.call_id,
                    "at": each.at,
                    "source": each.source,
                    "kind": each.kind,
                    "channel_id": each.channel,
                    "details": dict(each.details),
                }
                for each in notes
            ],
        )


SAVE_INCIDENTS = """
INSERT INTO incident (id, kind, call_id, at, details)
SELECT r.* FROM jsonb_to_recordset($1::jsonb) AS r(id uuid, kind text, call_id uuid, at timestamptz, details jsonb)
ON CONFLICT (id) DO NOTHING"""


async def raise_incidents(conn: Connection, incidents: Sequence[tuple[CallId | None, Incident]]) -> None:
    """Writes each incident once, however often it is told."""
    if incidents:
        await conn.execute(
            SAVE_INCIDENTS,
            [
                {
                    "id": derived(incident.at, f"incident|{call_id}|{incident.kind}|{incident.at.isoformat()}"),
                    "kind": incident.kind,
                    "call_id": call_id,
                    "at": incident.at,
                    "details": dict(incident.details),
                }
                for call_id, incident in incidents
            ],
        )


ANNOUNCE = """
WITH event AS (
    INSERT INTO outbox_event (id, topic, key, payload, at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (id) DO NOTHING RETURNING id
)
INSERT INTO outbox_delivery (event_id, consumer, next_at)
SELECT event.id, consumer, $7 FROM event, unnest($6::text[]) AS consumer"""


async def announce(conn: Connection, call_id: CallId, told: Announce) -> None:
    """Puts a fact of a call into the outbox, once, however often it is told."""
    key = str(told.payload.get("segment_id", call_id))
    event_id = derived(told.at, f"outbox|{told.topic}|{key}")
    consumers = consumers_of(told.topic)
    await conn.execute(
        ANNOUNCE, event_id, told.topic, key, dict(told.payload), told.at, consumers, due(told.topic, told.at)
    )


SELECT_OFFSETS = "SELECT file, position FROM cel_offset"
SAVE_OFFSET = """
INSERT INTO cel_offset (file, path, position, read_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (file) DO UPDATE SET path = EXCLUDED.path, position = EXCLUDED.position, read_at = EXCLUDED.read_at"""


async def offsets(conn: Connection) -> dict[str, int]:
    """How far each file of the switch's event log was read."""
    return {row["file"]: row["position"] for row in await conn.fetch(SELECT_OFFSETS)}


async def save_offset(conn: Connection, file: str, path: str, position: int, at: datetime) -> None:
    await conn.execute(SAVE_OFFSET, file, path, position, at)


SELECT_BOOT = "SELECT max(started_at) FROM switch_boot WHERE system = $1"
SAVE_BOOT = """
INSERT INTO switch_boot (system, started_at, seen_at, asterisk_id, version, options) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (system, started_at) DO UPDATE SET seen_at = EXCLUDED.seen_at, asterisk_id = EXCLUDED.asterisk_id,
    version = EXCLUDED.version, options = EXCLUDED.options"""


async def last_boot(conn: Connection, system: str) -> datetime | None:
    """When the switch we last saw was started."""
    at: datetime | None = await conn.fetchval(SELECT_BOOT, system)
    return at


async def save_boot(conn: Connection, boot: Boot, at: datetime) -> None:
    """The life of the switch that was seen at that moment."""
    await conn.execute(SAVE_BOOT, boot.system, boot.started_at, at, boot.asterisk_id, boot.version, boot.options)


BEAT = """
INSERT INTO telephony_beat (at, hears, process) VALUES ($1, $2, $3)
ON CONFLICT (one) DO UPDATE SET at = EXCLUDED.at, hears = EXCLUDED.hears, process = EXCLUDED.process"""
SELECT_BEAT = "SELECT at, hears FROM telephony_beat"


async def beat(conn: Connection, at: datetime, process: str, *, hears: bool) -> None:
    """A sign of life of the process that owns the calls."""
    await conn.execute(BEAT, at, hears, process)


SAVE_OFFSET_OF_SWITCH = "UPDATE telephony_beat SET switch_offset_ms = $1, switch_read_at = $2"


async def save_switch_offset(conn: Connection, milliseconds: int, at: datetime) -> bool:
    """How far the switch's clock was ahead of ours at that moment; False before the first sign of life."""
    done: str = await conn.execute(SAVE_OFFSET_OF_SWITCH, milliseconds, at)
    return done == "UPDATE 1"


async def hears_since(conn: Connection) -> datetime | None:
    """The last sign of life of a telephony process that heard the switch; None when it did not hear it."""
    row = await conn.fetchrow(SELECT_BEAT)
    return row["at"] if row is not None and row["hears"] else None


def _call_row(call: Call) -> dict[str, Any]:
    return {
        "id": call.id,
        "cc_call": call.cc_call,
        "direction": call.direction,
        "state": call.state,
        "state_at": call.state_at,
        "caller": call.caller,
        "caller_name": call.caller_name,
        "did": call.did,
        "queue": call.queue,
        "agent": call.agent,
        "started_at": call.started_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "end_cause": call.end_cause,
        "degraded": call.degraded,
    }


def _leg_row(call: Call, leg: Leg) -> dict[str, Any]:
    return {
        "id": leg.id,
        "call_id": call.id,
        "channel_id": leg.channel,
        "channel_name": leg.name,
        "role": leg.role,
        "endpoint": leg.endpoint,
        "started_at": leg.started_at,
        "answered_at": leg.answered_at,
        "ended_at": leg.ended_at,
        "cause": leg.cause,
        "bridged": leg.bridged,
        "bridged_at": leg.bridged_at,
    }


def _segment_row(call: Call, segment: Segment) -> dict[str, Any]:
    return {
        "id": segment.id,
        "call_id": call.id,
        "seq": segment.seq,
        "base": segment.base,
        "state": segment.state,
        "started_at": segment.started_at,
        "ended_at": segment.ended_at,
        "expected_ms": segment.expected_ms,
        "r_bytes": segment.r_bytes,
        "t_bytes": segment.t_bytes,
        "end_reason": segment.end_reason,
        "lost_reason": segment.lost_reason,
    }
