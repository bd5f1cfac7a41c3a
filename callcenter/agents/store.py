"""The rows of agents: their wish, its history with durations, and the queues they serve. Never begins a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from callcenter.agents.agent import Agent, State
from callcenter.db.pool import Connection
from callcenter.errors import NotFoundError
from callcenter.ids import uuid7

CHANNEL = "cc_agents"
"""PostgreSQL's channel on which a change of any agent is told, to whoever leads the switch's queues."""

LOCK_USER = """
SELECT u.id, u.extension, u.phone, u.roles, o.path
FROM app_user u JOIN organisation o ON o.id = u.organisation_id
WHERE u.id = $1 AND (u.active OR $3) AND o.path LIKE $2 || '%' FOR UPDATE OF u"""
SELECT_AGENT = """
SELECT user_id, state, since, reason, until, endpoint, queues, call_id, version FROM agent_state WHERE user_id = $1"""
SELECT_AT = "SELECT user_id FROM agent_state WHERE endpoint = $1 AND state <> 'offline'"
SELECT_ENDPOINT = """
SELECT COALESCE(s.endpoint, u.phone || '-' || u.extension)
FROM app_user u LEFT JOIN agent_state s ON s.user_id = u.id WHERE u.id = $1 AND u.extension IS NOT NULL"""
SELECT_ENDPOINT_OF_EXTENSION = """
SELECT COALESCE(s.endpoint, u.phone || '-' || u.extension)
FROM app_user u LEFT JOIN agent_state s ON s.user_id = u.id WHERE u.extension = $1 AND u.active"""
SELECT_QUEUE_OF_CALL = "SELECT queue FROM call WHERE id = $1"
SELECT_TALKING = """
SELECT EXISTS (SELECT FROM call c JOIN call_leg g ON g.call_id = c.id
    WHERE c.ended_at IS NULL AND g.user_id = $1 AND g.answered_at IS NOT NULL AND g.ended_at IS NULL)"""
SAVE_AGENT = """
INSERT INTO agent_state (user_id, state, since, reason, until, endpoint, queues, call_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (user_id) DO UPDATE SET state = EXCLUDED.state, since = EXCLUDED.since, reason = EXCLUDED.reason,
    until = EXCLUDED.until, endpoint = EXCLUDED.endpoint, queues = EXCLUDED.queues, call_id = EXCLUDED.call_id,
    version = agent_state.version + 1"""
END_LOG = """
UPDATE agent_state_log SET ended_at = GREATEST($2, started_at) WHERE user_id = $1 AND ended_at IS NULL"""
BEGIN_LOG = """
INSERT INTO agent_state_log (id, user_id, state, reason, call_id, actor, started_at) VALUES ($1, $2, $3, $4, $5, $6,
    $7)"""
NOTIFY = "SELECT pg_notify($1, $2)"


@dataclass(frozen=True, slots=True)
class Person:
    """Who the agent is and where his telephone is."""

    user_id: UUID
    extension: str | None
    phone: str
    roles: frozenset[str]
    path: str


async def lock(
    conn: Connection, user_id: UUID, path: str, at: datetime, *, whoever: bool = False
) -> tuple[Person, Agent]:
    """The person and his present wish, kept from others until the transaction ends; `whoever`: also who has left us.

    Raises NotFoundError outside the subtree at `path`.
    """
    row = await conn.fetchrow(LOCK_USER, user_id, path, whoever)
    if row is None:
        raise NotFoundError("agent", user_id)
    person = Person(row["id"], row["extension"], row["phone"], frozenset(row["roles"]), row["path"])
    found = await conn.fetchrow(SELECT_AGENT, user_id)
    if found is None:
        return person, Agent(user_id, State.OFFLINE, at)
    fields = dict(found)
    fields["state"] = State(fields["state"])
    fields["queues"] = tuple(fields["queues"])
    return person, Agent(**fields)


async def at_endpoint(conn: Connection, endpoint: str) -> UUID | None:
    """Who is logged in at a telephone."""
    user_id: UUID | None = await conn.fetchval(SELECT_AT, endpoint)
    return user_id


async def endpoint(conn: Connection, user_id: UUID) -> str | None:
    """The telephone a person is logged in at, else the one he usually uses; None for who has no extension."""
    found: str | None = await conn.fetchval(SELECT_ENDPOINT, user_id)
    return found


async def endpoint_of(conn: Connection, extension: str) -> str | None:
    """The same for whoever has the extension; None when nobody active has it."""
    found: str | None = await conn.fetchval(SELECT_ENDPOINT_OF_EXTENSION, extension)
    return found


async def is_talking(conn: Connection, user_id: UUID) -> bool:
    """Whether a telephone of his is part of a living call."""
    return bool(await conn.fetchval(SELECT_TALKING, user_id))


async def queue_of_call(conn: Connection, call_id: UUID) -> str | None:
    """The queue a call was in last."""
    queue: str | None = await conn.fetchval(SELECT_QUEUE_OF_CALL, call_id)
    return queue


async def save(conn: Connection, before: Agent, after: Agent, actor: str, at: datetime) -> None:
    """Writes the wish, ends the last interval of the history and begins the next, and tells who leads the queues."""
    await conn.execute(
        SAVE_AGENT,
        after.user_id,
        after.state,
        after.since,
        after.reason,
        after.until,
        after.endpoint,
        list(after.queues),
        after.call_id,
    )
    if (before.state, before.reason, before.call_id) != (
        after.state,
        after.reason,
        after.call_id,
    ) or not before.version:
        await conn.execute(END_LOG, after.user_id, at)
        await conn.execute(
            BEGIN_LOG, uuid7(at), after.user_id, after.state, after.reason, after.call_id, actor, after.since
        )
    await conn.execute(NOTIFY, CHANNEL, str(after.user_id))


SELECT_REASONS = """
SELECT code, name_zh, name_en, counts_as_work, active, by_hand FROM pause_reason ORDER BY code"""
SELECT_QUEUES = "SELECT queue, penalty FROM agent_queue WHERE user_id = $1 ORDER BY queue"
DELETE_QUEUES = "DELETE FROM agent_queue WHERE user_id = $1"
INSERT_QUEUES = """
INSERT INTO agent_queue (user_id, queue, penalty) SELECT $1, * FROM unnest($2::text[], $3::smallint[])"""


@dataclass(frozen=True, slots=True)
class PauseReason:
    """Why an agent is paused; without `by_hand` nobody can choose it."""

    code: str
    name_zh: str
    name_en: str
    counts_as_work: bool
    active: bool
    by_hand: bool


async def pause_reasons(conn: Connection) -> list[PauseReason]:
    return [PauseReason(**dict(row)) for row in await conn.fetch(SELECT_REASONS)]


async def queues(conn: Connection, user_id: UUID) -> dict[str, int]:
    """The queues an agent serves and his penalty in each; empty when nothing was set."""
    return {row["queue"]: row["penalty"] for row in await conn.fetch(SELECT_QUEUES, user_id)}


async def set_queues(conn: Connection, user_id: UUID, wanted: Sequence[tuple[str, int]]) -> None:
    await conn.execute(DELETE_QUEUES, user_id)
    await conn.execute(INSERT_QUEUES, user_id, [queue for queue, _ in wanted], [penalty for _, penalty in wanted])


SELECT_DUE = "SELECT user_id FROM agent_state WHERE state = 'wrap_up' AND until <= $1"
SELECT_WISHES = """
SELECT s.endpoint, u.name, q.queue, CASE WHEN s.state = 'ready' AND r.reserved THEN 'paused' ELSE s.state END AS state,
    CASE WHEN s.state = 'ready' AND r.reserved THEN 'callback' ELSE s.reason END AS reason,
    COALESCE(a.penalty, 0) AS penalty
FROM agent_state s
JOIN app_user u ON u.id = s.user_id
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM callback_attempt c WHERE c.user_id = s.user_id AND c.ended_at IS NULL) AS reserved
) AS r
CROSS JOIN LATERAL unnest(s.queues) AS q (queue)
LEFT JOIN agent_queue a ON a.user_id = s.user_id AND a.queue = q.queue
WHERE s.state <> 'offline' AND u.active"""


@dataclass(frozen=True, slots=True)
class Wish:
    """An agent's place in one queue, as it shall be."""

    endpoint: str
    name: str
    queue: str
    state: State
    reason: str | None
    penalty: int


async def due(conn: Connection, at: datetime) -> list[UUID]:
    """The agents whose wrap-up is over."""
    return [row["user_id"] for row in await conn.fetch(SELECT_DUE, at)]


async def tell(conn: Connection, user_id: UUID) -> None:
    """Tells who leads the queues, once the transaction is committed, that this agent's place may have changed."""
    await conn.execute(NOTIFY, CHANNEL, str(user_id))


async def wishes(conn: Connection) -> list[Wish]:
    """Every place in every queue that shall be; who is reserved for a customer being dialled is rung for no other."""
    return [Wish(**{**dict(row), "state": State(row["state"])}) for row in await conn.fetch(SELECT_WISHES)]


SELECT_BOARD = """
SELECT u.id, u.login, u.name, u.extension, u.phone, u.organisation_id, COALESCE(s.state, 'offline') AS state, s.reason,
    s.since, s.until, s.endpoint, COALESCE(s.queues, '{}') AS queues, l.call_id, l.answered_at IS NULL AS ringing,
    COALESCE(l.answered_at, l.started_at) AS call_since
FROM app_user u
JOIN organisation o ON o.id = u.organisation_id
LEFT JOIN agent_state s ON s.user_id = u.id
LEFT JOIN LATERAL (
    SELECT g.call_id, g.answered_at, g.started_at FROM call c JOIN call_leg g ON g.call_id = c.id
    WHERE c.ended_at IS NULL AND g.user_id = u.id AND g.ended_at IS NULL
    ORDER BY g.answered_at NULLS LAST, g.id DESC LIMIT 1
) AS l ON true
WHERE u.active AND u.extension IS NOT NULL AND o.path LIKE $1 || '%' AND ($2::uuid IS NULL OR u.id = $2)
    AND ($3::uuid IS NULL OR u.id > $3) AND (NOT $4 OR s.state <> 'offline')
ORDER BY u.id LIMIT $5"""


@dataclass(frozen=True, slots=True)
class BoardRow:
    """An agent as the board shows him. `call_id` is the living call his telephone is part of, `ringing` or talking."""

    id: UUID
    login: str
    name: str
    extension: str
    phone: str
    organisation_id: str
    state: State
    reason: str | None
    since: datetime | None
    until: datetime | None
    endpoint: str | None
    queues: tuple[str, ...]
    call_id: UUID | None
    ringing: bool
    call_since: datetime | None


async def board(
    conn: Connection,
    path: str,
    *,
    user_id: UUID | None = None,
    after: UUID | None = None,
    at_work: bool = False,
    limit: int = 200,
) -> list[BoardRow]:
    """The agents of a subtree, by id."""
    rows = await conn.fetch(SELECT_BOARD, path, user_id, after, at_work, limit)
    return [BoardRow(**{**dict(row), "state": State(row["state"]), "queues": tuple(row["queues"])}) for row in rows]


SELECT_LOG = """
SELECT id, state, reason, call_id, actor, started_at, ended_at FROM agent_state_log
WHERE user_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"""


@dataclass(frozen=True, slots=True)
class Interval:
    """One state from when to when."""

    id: UUID
    state: str
    reason: str | None
    call_id: UUID | None
    actor: str
    started_at: datetime
    ended_at: datetime | None


async def history(conn: Connection, user_id: UUID, after: UUID | None, limit: int) -> list[Interval]:
    """An agent's intervals, newest first."""
    return [Interval(**dict(row)) for row in await conn.fetch(SELECT_LOG, user_id, after, limit)]
