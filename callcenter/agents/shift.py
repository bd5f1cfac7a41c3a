"""What agents and supervisors do: log in, ready, pause, log out. One transaction each; the queues follow after the
commit."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from agi import names
from callcenter import audit
from callcenter.agents import agent as rules
from callcenter.agents import store
from callcenter.agents.agent import Agent, NoPhoneError, State, UnknownPauseReasonError, UnknownQueueError, WrapUp
from callcenter.agents.store import Person
from callcenter.db.away import is_away
from callcenter.db.pool import Connection, Database
from tickets.errors import Words

log = logging.getLogger(__name__)

STANDARD = WrapUp()
QUEUES_OF_ROLE = {
    "agent": (names.QUEUE_GENERAL, names.QUEUE_CLAIMS, names.QUEUE_POLICY, names.QUEUE_COMPLAINT),
    "supervisor": (names.QUEUE_GENERAL,),
    "handler": (names.QUEUE_COMPLAINT,),
    "callback_agent": (names.QUEUE_CALLBACK,),
}
"""What an agent serves for whom nothing else was set."""


async def log_in(
    db: Database,
    user_id: UUID,
    actor: str,
    path: str,
    at: datetime,
    *,
    phone: str | None = None,
    queues: Sequence[str] | None = None,
    pause: str | None = None,
) -> Agent:
    """At his desk phone or browser, ready, or paused when a reason is given.

    Raises NotFoundError, NoPhoneError, UnknownQueueError, UnknownPauseReasonError.
    """
    async with db.transaction() as conn:
        person, before = await store.lock(conn, user_id, path, at)
        if person.extension is None:
            raise NoPhoneError
        served = await _served(conn, person)
        wanted = served if queues is None else tuple(dict.fromkeys(queues))
        if not set(wanted) <= set(served):
            raise UnknownQueueError(
                Words(
                    f"该坐席服务的队列：{'、'.join(served) or '无'}",
                    f"queues this agent serves: {', '.join(served) or 'none'}",
                )
            )
        after = rules.log_in(before, f"{phone or person.phone}-{person.extension}", wanted, at)
        if pause is not None:
            after = rules.pause(after, await _reason(conn, pause), at)
        return await _keep(conn, before, after, actor, at)


async def ready(db: Database, user_id: UUID, actor: str, path: str, at: datetime) -> Agent:
    """Raises NotFoundError, IllegalAgentMoveError."""
    async with db.transaction() as conn:
        _, before = await store.lock(conn, user_id, path, at)
        return await _keep(conn, before, rules.move(before, rules.Action.READY, at), actor, at)


async def pause(db: Database, user_id: UUID, reason: str, actor: str, path: str, at: datetime) -> Agent:
    """Raises NotFoundError, IllegalAgentMoveError, UnknownPauseReasonError."""
    async with db.transaction() as conn:
        _, before = await store.lock(conn, user_id, path, at)
        return await _keep(conn, before, rules.pause(before, await _reason(conn, reason), at), actor, at)


async def extend(db: Database, user_id: UUID, seconds: int, actor: str, path: str, at: datetime) -> Agent:
    """More time for wrap-up. Raises NotFoundError, IllegalAgentMoveError."""
    async with db.transaction() as conn:
        _, before = await store.lock(conn, user_id, path, at)
        return await _keep(conn, before, rules.extend(before, seconds, at), actor, at)


async def log_out(db: Database, user_id: UUID, actor: str, path: str, at: datetime) -> Agent:
    """Raises NotFoundError. A call under way goes on."""
    async with db.transaction() as conn:
        return await leave(conn, user_id, actor, at, path)


async def leave(conn: Connection, user_id: UUID, actor: str, at: datetime, path: str = "") -> Agent:
    """Logged out in the caller's transaction, as when the person leaves us. Raises NotFoundError."""
    _, before = await store.lock(conn, user_id, path, at, whoever=True)
    return await _keep(conn, before, rules.log_out(before, at), actor, at)


async def serve(
    db: Database, user_id: UUID, queues: Sequence[tuple[str, int]], actor: str, path: str, at: datetime
) -> dict[str, int]:
    """Which queues an agent serves from now on, with the penalty in each. Raises NotFoundError, UnknownQueueError."""
    wanted = dict(queues)
    if not set(wanted) <= set(names.QUEUES) - {names.QUEUE_FALLBACK}:
        raise UnknownQueueError(
            Words(f"没有这个队列，可用：{'、'.join(names.QUEUES)}", f"queues: {', '.join(names.QUEUES)}")
        )
    async with db.transaction() as conn:
        _, before = await store.lock(conn, user_id, path, at)
        await store.set_queues(conn, user_id, list(wanted.items()))
        if before.state is not State.OFFLINE:
            await store.save(conn, before, replace(before, queues=tuple(wanted)), actor, at)
        await audit.record(
            conn,
            actor=actor,
            action="agent.queues",
            object_kind="agent",
            object_id=str(user_id),
            at=at,
            details={"queues": wanted},
        )
    return wanted


async def release(conn: Connection, endpoint: str, call_id: UUID, at: datetime, wrap_up: WrapUp = STANDARD) -> None:
    """A call let the telephone go; whoever is logged in there gets time for writing. In the caller's transaction."""
    user_id = await store.at_endpoint(conn, endpoint)
    if user_id is None:
        return
    time = wrap_up.after(await store.queue_of_call(conn, call_id))
    _, before = await store.lock(conn, user_id, "", at, whoever=True)
    after = rules.release(before, call_id, at, time)
    if after != before:
        await store.save(conn, before, after, "system:telephony", at)


async def missed(db: Database, endpoint: str, at: datetime) -> bool:
    """A telephone did not answer a caller: whoever is logged in there is paused (未接). False when it is in use or
    nobody's, so that there is nothing to pause for."""
    async with db.transaction() as conn:
        user_id = await store.at_endpoint(conn, endpoint)
        if user_id is None or await store.is_talking(conn, user_id):
            return False
        _, before = await store.lock(conn, user_id, "", at, whoever=True)
        after = rules.miss(before, at)
        if after != before:
            await store.save(conn, before, after, "system:telephony", at)
        return after.state is State.PAUSED


async def end_wrap_ups(db: Database, at: datetime) -> int:
    """Who has had his time is ready again; returns how many. What is wrong with one keeps nobody else from it."""
    async with db.connection() as conn:
        found = await store.due(conn, at)
    ended = 0
    for user_id in found:
        try:
            await _end_wrap_up(db, user_id, at)
            ended += 1
        except Exception as error:
            if is_away(error):
                raise
            log.error("wrap-up not ended", exc_info=error, extra={"agent": str(user_id)})
    return ended


async def _end_wrap_up(db: Database, user_id: UUID, at: datetime) -> None:
    async with db.transaction() as conn:
        _, before = await store.lock(conn, user_id, "", at, whoever=True)
        if before.state is State.WRAP_UP and before.until is not None and before.until <= at:
            after = rules.move(before, rules.Action.READY, at)
            await store.save(conn, before, after, "system:telephony", at)


async def _served(conn: Connection, person: Person) -> tuple[str, ...]:
    own = await store.queues(conn, person.user_id)
    if own:
        return tuple(own)
    found = (queue for role in sorted(person.roles) for queue in QUEUES_OF_ROLE.get(role, ()))
    return tuple(dict.fromkeys(found))


async def _reason(conn: Connection, code: str) -> str:
    known = [reason.code for reason in await store.pause_reasons(conn) if reason.active and reason.by_hand]
    if code not in known:
        raise UnknownPauseReasonError(
            Words(f"没有这个置忙原因，可用：{'、'.join(known)}", f"reasons: {', '.join(known)}")
        )
    return code


async def _keep(conn: Connection, before: Agent, after: Agent, actor: str, at: datetime) -> Agent:
    if after == before:
        return after
    await store.save(conn, before, after, actor, at)
    await audit.record(
        conn,
        actor=actor,
        action=f"agent.{after.state}",
        object_kind="agent",
        object_id=str(after.user_id),
        at=at,
        details={"reason": after.reason, "endpoint": after.endpoint},
    )
    return after
