"""The acknowledgements of a ticket: one is written with its action, and is worth what its call's recording is.

On the caller's connection; the clock `acknowledge` follows what they are worth together (R-4.5, R-4.7, E-3).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter.calls.sight import SEEN
from callcenter.db.pool import Connection
from callcenter.ids import uuid7
from callcenter.opening import By
from tickets import acknowledgement, store
from tickets.acknowledgement import Capture, Manner, Worth
from tickets.channels import Kept
from tickets.deadlines import Kind
from tickets.errors import CallNotFoundError, TooManyLinksError, Words
from tickets.intake import Channel, NetworkKind
from tickets.lifecycle import Step
from tickets.papers import Paper

MOST_CALLS = 200
"""A ticket hangs on at most so many calls (H14)."""

CALL_IN_REACH = f"SELECT 1 FROM call c WHERE c.id = $5 AND {SEEN}"  # noqa: S608
CAPTURE = """
CASE WHEN EXISTS (SELECT FROM recording_object r WHERE r.call_id = c.id) THEN 'sealed'
    WHEN c.ended_at IS NULL
        OR EXISTS (SELECT FROM segment s WHERE s.call_id = c.id AND s.state NOT IN ('sealed', 'lost')) THEN 'expected'
    ELSE 'lost' END"""
CAPTURE_OF = f"SELECT {CAPTURE} FROM call c WHERE c.id = $1"  # noqa: S608
ADD = """
INSERT INTO acknowledgement (id, ticket_id, means, state, call_id, note, recorded_at, recorded_by, state_at,
    document_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7, $9)"""
OF_TICKET = """
SELECT id, means, state, call_id, document_id, note, recorded_at, recorded_by, state_at FROM acknowledgement
WHERE ticket_id = $1 ORDER BY recorded_at, id"""
HELD = """
ARRAY(SELECT DISTINCT kind FROM attachment WHERE ticket_id = $1 AND withdrawn_at IS NULL) AS papers,
    ARRAY(SELECT DISTINCT state FROM acknowledgement WHERE ticket_id = $1) AS acknowledged"""
FOLLOW = """
UPDATE ticket_clock k SET met_at = a.met_at,
    breached_at = CASE WHEN k.due_at <= a.met_at THEN k.due_at WHEN a.met_at IS NULL THEN k.breached_at END
FROM (SELECT min(recorded_at) FILTER (WHERE state IN ('complete', 'awaits_recording')) AS met_at
    FROM acknowledgement WHERE ticket_id = $1) AS a
WHERE k.ticket_id = $1 AND k.kind = 'acknowledge' AND k.voided_at IS NULL AND k.met_at IS DISTINCT FROM a.met_at"""
TURNED = f"""
SELECT a.ticket_id, a.id, {CAPTURE} AS capture FROM acknowledgement a JOIN call c ON c.id = a.call_id
WHERE a.call_id IS NOT NULL AND a.state IN ('awaits_recording', 'incomplete')
    AND {CAPTURE} <> CASE a.state WHEN 'awaits_recording' THEN 'expected' ELSE 'lost' END
ORDER BY a.call_id LIMIT $1"""  # noqa: S608
SETTLE = "UPDATE acknowledgement SET state = $2, state_at = $3 WHERE id = $1 AND state <> $2"


async def kept(conn: Connection, ticket_id: UUID) -> Kept:
    """What papers and acknowledgements the ticket has."""
    row = await conn.fetchrow(f"SELECT {HELD}", ticket_id)
    assert row is not None
    return kept_of(dict(row))


def kept_of(row: Mapping[str, Any]) -> Kept:
    """The same from a row that was read with HELD."""
    return Kept(frozenset(map(Paper, row["papers"])), acknowledgement.best(frozenset(map(Worth, row["acknowledged"]))))


async def of_ticket(conn: Connection, ticket_id: UUID) -> list[dict[str, Any]]:
    """The ticket's acknowledgements, oldest first."""
    return [dict(row) for row in await conn.fetch(OF_TICKET, ticket_id)]


async def record(conn: Connection, row: Mapping[str, Any], step: Step, by: By, at: datetime) -> dict[str, Any]:
    """Write an acknowledgement the guards let pass; returns what the history says of it.

    Raises CallNotFoundError, TooManyLinksError.
    """
    means = acknowledgement.means_of(step.manner)
    assert means is not None
    capture = await _capture(conn, row["id"], step.call_id, by, at)
    state = acknowledgement.state(means, written=came_in_writing(row), capture=capture)
    document = UUID(step.document) if step.document else None
    await conn.execute(ADD, uuid7(at), row["id"], means, state, step.call_id, step.note, at, by.actor, document)
    if state is Worth.NOT_POSSIBLE:
        await store.void_clocks(conn, row["id"], (Kind.ACKNOWLEDGE,), Worth.NOT_POSSIBLE, at)
    elif state.counts:
        await store.meet(conn, row["id"], (Kind.ACKNOWLEDGE,), at)
    said = {"means": means.value, "state": state.value, "call_id": str(step.call_id) if step.call_id else None}
    return {name: value for name, value in said.items() if value is not None}


async def turned(conn: Connection, limit: int) -> list[dict[str, Any]]:
    """Acknowledgements whose recording was sealed or lost since, with what became of it."""
    return [dict(row) for row in await conn.fetch(TURNED, limit)]


async def settle(conn: Connection, row: Mapping[str, Any], id: UUID, capture: Capture, at: datetime) -> Worth | None:
    """Let an acknowledgement by telephone be worth what its recording is; None when it is so already.

    The clock follows: without any that counts it runs again, and is missed if it was due meanwhile.
    """
    state = acknowledgement.state(Manner.PHONE, written=came_in_writing(row), capture=capture)
    if await conn.execute(SETTLE, id, state, at) != "UPDATE 1":
        return None
    await conn.execute(FOLLOW, row["id"])
    return state


def came_in_writing(row: Mapping[str, Any]) -> bool:
    """Whether the ticket came as a letter or an e-mail (R-4.4)."""
    kind = NetworkKind(row["network_kind"]) if row["network_kind"] else None
    return acknowledgement.in_writing(Channel(row["channel"]), kind)


async def _capture(conn: Connection, ticket_id: UUID, call_id: UUID | None, by: By, at: datetime) -> Capture | None:
    """What became of the call's recording; the call is hung on the ticket."""
    if call_id is None:
        return None
    if await conn.fetchval(CALL_IN_REACH, *by.eyes.values, call_id) is None:
        raise CallNotFoundError(Words("没有这个通话", "no such call"), call=str(call_id))
    if not await store.is_linked(conn, ticket_id, call_id) and not await store.link(
        conn, ticket_id, call_id, at, MOST_CALLS
    ):
        raise too_many_calls()
    return Capture(await conn.fetchval(CAPTURE_OF, call_id))


def too_many_calls() -> TooManyLinksError:
    """The refusal of one call more (H14)."""
    words = Words(f"一张服务单最多关联{MOST_CALLS}通电话", f"a ticket hangs on at most {MOST_CALLS} calls")
    return TooManyLinksError(words)
