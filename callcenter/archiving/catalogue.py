"""What the archive shows of itself: every recording that is expected, being sealed, sealed or lost, and orphans.

Shows only what may be known of from the reader's organisation. Reads only.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from callcenter.calls.sight import Eyes
from callcenter.db.pool import Connection
from callcenter.ids import first_of

LAST = UUID(int=(1 << 128) - 1)


class RecordingState(StrEnum):
    """How far a recording is; of several segments the one furthest from its end decides."""

    EXPECTED = "expected"
    SEALING = "sealing"
    SEALED = "sealed"
    LOST = "lost"
    ORPHAN = "orphan"


SEGMENT_STATES = {
    RecordingState.EXPECTED: ("expected", "recording"),
    RecordingState.SEALING: ("finished", "sealing"),
    RecordingState.SEALED: ("sealed",),
    RecordingState.LOST: ("lost",),
    RecordingState.ORPHAN: (),
}


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """One capture of a call, sealed or not. Durations in milliseconds."""

    number: int
    state: RecordingState
    started_at: datetime | None
    expected_ms: int | None
    lost_reason: str | None = None
    version: int | None = None
    file: str | None = None
    duration_ms: int | None = None
    completeness: str | None = None
    notes: tuple[str, ...] = ()
    wav_sha256: str | None = None
    master_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Callback:
    """The callback of a policy a recording is of: its task, and whether the contract is for more than a year (C-25)."""

    task_id: UUID
    long_term: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One recording. Its id is the call's, or an orphan's own."""

    id: UUID
    call_id: UUID | None
    segments: tuple[SegmentEntry, ...]
    tickets: tuple[dict[str, Any], ...] = ()
    agents: tuple[dict[str, Any], ...] = ()
    callback: Callback | None = None
    object_id: str | None = None
    archive_no: str | None = None
    path: str | None = None
    sealed_at: datetime | None = None
    version: int | None = None
    inventory_sha512: str | None = None
    leaf_index: int | None = None
    orphan_base: str | None = None

    @property
    def state(self) -> RecordingState:
        if self.call_id is None:
            return RecordingState.ORPHAN
        states = {segment.state for segment in self.segments}
        for state in (RecordingState.EXPECTED, RecordingState.SEALING, RecordingState.SEALED):
            if state in states:
                return state
        return RecordingState.LOST


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the list; what is left out does not narrow."""

    state: RecordingState | None = None
    incomplete: bool = False
    ticket_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    archive_no: str | None = None
    agent_id: UUID | None = None


PAGE = """
SELECT id FROM (
    (SELECT DISTINCT s.call_id AS id FROM segment s
     WHERE s.call_id < $1 AND s.call_id >= $2 AND ($3::text[] IS NULL OR s.state = ANY($3))
        AND ($4::uuid IS NULL OR s.call_id IN (SELECT call_id FROM ticket_call WHERE ticket_id = $4))
        AND (NOT $5 OR s.call_id IN (SELECT recording_id FROM recording_segment WHERE completeness <> 'complete'))
        AND ($9::text IS NULL OR s.call_id IN (SELECT id FROM recording_object WHERE archive_no = $9))
        AND ($10::uuid IS NULL OR s.call_id IN (
            SELECT id FROM call WHERE user_id = $10 AND id < $1 AND id >= $2
            UNION ALL SELECT call_id FROM call_leg
            WHERE user_id = $10 AND answered_at IS NOT NULL AND role <> 'supervisor'
                AND call_id < $1 AND call_id >= $2))
        AND cc_recording_seen_from(s.call_id, $6)
     ORDER BY s.call_id DESC LIMIT $7)
    UNION ALL
    (SELECT o.id FROM recording_object o
     WHERE o.call_id IS NULL AND o.id < $1 AND o.id >= $2 AND $8 AND $4::uuid IS NULL
        AND $10::uuid IS NULL AND ($9::text IS NULL OR o.archive_no = $9)
        AND EXISTS (SELECT FROM organisation WHERE kind = 'hq' AND path = $6)
     ORDER BY o.id DESC LIMIT $7)
) AS found ORDER BY id DESC LIMIT $7"""


async def page(conn: Connection, eyes: Eyes, wanted: Wanted, after: UUID | None, limit: int) -> list[Entry]:
    """Recordings seen from the organisation of who looks, newest first, after the one with the id `after`."""
    states = None if wanted.state is None else list(SEGMENT_STATES[wanted.state])
    newest = first_of(wanted.until) if wanted.until is not None else LAST
    rows = await conn.fetch(
        PAGE,
        newest if after is None else min(after, newest),
        UUID(int=0) if wanted.since is None else first_of(wanted.since),
        states,
        wanted.ticket_id,
        wanted.incomplete,
        eyes.path,
        limit,
        wanted.state in (None, RecordingState.ORPHAN),
        wanted.archive_no,
        wanted.agent_id,
    )
    return await entries(conn, [row["id"] for row in rows], eyes)


SEEN = """
SELECT cc_recording_seen_from($1, $2) AND (
    EXISTS (SELECT FROM segment WHERE call_id = $1) OR EXISTS (SELECT FROM recording_object WHERE id = $1))"""


async def find(conn: Connection, eyes: Eyes, recording_id: UUID) -> Entry | None:
    """One recording, or None when there is none that may be known of."""
    if not await conn.fetchval(SEEN, recording_id, eyes.path):
        return None
    return (await entries(conn, [recording_id], eyes))[0]


SEGMENTS = """
SELECT call_id, seq, state, started_at, expected_ms, lost_reason FROM segment
WHERE call_id = ANY($1::uuid[]) ORDER BY call_id, seq"""
SEALED = """
SELECT recording_id, number, version, file, duration_ms, expected_ms, started_at, completeness, notes, wav_sha256,
    master_sha256
FROM recording_segment WHERE recording_id = ANY($1::uuid[]) ORDER BY recording_id, number"""
OBJECTS = """
SELECT DISTINCT ON (o.id) o.id, o.call_id, o.object_id, o.archive_no, o.path, o.orphan_base, v.sealed_at, v.version,
    v.inventory_sha512, v.leaf_index
FROM recording_object o JOIN recording_version v ON v.recording_id = o.id
WHERE o.id = ANY($1::uuid[])
ORDER BY o.id, v.version DESC"""
TICKETS = """
SELECT k.call_id, t.id, t.number, t.nature FROM ticket_call k JOIN ticket t ON t.id = k.ticket_id
    JOIN call c ON c.id = k.call_id
WHERE k.call_id = ANY($1::uuid[]) AND ($2::text[] = ARRAY[''] OR t.opened_by_user = $3 OR c.user_id = $3 OR EXISTS (
    SELECT FROM organisation o WHERE o.id IN (t.accepting_organisation_id, t.underwriting_organisation_id)
        AND o.path LIKE ANY (SELECT path || '%' FROM unnest($2::text[]) AS path)))
ORDER BY t.number"""
"""A recording that may be heard does not tell of a ticket that may not be known of."""
AGENTS = """
SELECT l.call_id, u.id, u.name FROM call_leg l JOIN app_user u ON u.id = l.user_id
WHERE l.call_id = ANY($1::uuid[]) AND l.answered_at IS NOT NULL AND l.role <> 'supervisor'
UNION SELECT c.id, u.id, u.name FROM call c JOIN app_user u ON u.id = c.user_id WHERE c.id = ANY($1::uuid[])
ORDER BY 1, 3, 2"""

CALLBACKS = """
SELECT a.id AS call_id, a.task_id, p.long_term FROM callback_attempt a JOIN callback_task t ON t.id = a.task_id
    JOIN policy p ON p.id = t.policy_id
WHERE a.id = ANY($1::uuid[])"""

STATE_OF = {name: state for state, names in SEGMENT_STATES.items() for name in names}


async def entries(conn: Connection, ids: Sequence[UUID], eyes: Eyes) -> list[Entry]:
    """These recordings, in this order."""
    known = {row["id"]: dict(row) for row in await conn.fetch(OBJECTS, ids)}
    sealed: dict[UUID, dict[int, dict[str, Any]]] = defaultdict(dict)
    for row in await conn.fetch(SEALED, ids):
        found = dict(row, notes=tuple(row["notes"]))
        sealed[found.pop("recording_id")][row["number"]] = found
    segments: dict[UUID, list[SegmentEntry]] = defaultdict(list)
    for row in await conn.fetch(SEGMENTS, ids):
        expected = {"started_at": row["started_at"], "expected_ms": row["expected_ms"]}
        about = {**expected, **sealed[row["call_id"]].pop(row["seq"], {}), "number": row["seq"]}
        segments[row["call_id"]].append(
            SegmentEntry(state=STATE_OF[row["state"]], lost_reason=row["lost_reason"], **about)
        )
    for recording_id, rest in sealed.items():
        segments[recording_id] += [SegmentEntry(state=RecordingState.SEALED, **about) for about in rest.values()]
    tickets: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in await conn.fetch(TICKETS, ids, ["" if eyes.sees_all else eyes.path], eyes.user_id):
        ticket = dict(row)
        tickets[ticket.pop("call_id")].append(ticket)
    agents: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in await conn.fetch(AGENTS, ids):
        agent = dict(row)
        agents[agent.pop("call_id")].append(agent)
    callbacks = {row["call_id"]: Callback(row["task_id"], row["long_term"]) for row in await conn.fetch(CALLBACKS, ids)}
    return [
        Entry(
            segments=tuple(segments[id]),
            tickets=tuple(tickets[id]),
            agents=tuple(agents[id]),
            callback=callbacks.get(id),
            **(known.get(id) or {"id": id, "call_id": id}),
        )
        for id in ids
    ]
