"""What the switch tells of a callback's call moves its attempt and its task. Must never act on one fact twice.

The facts come through the outbox, at least once and in any order: `call.answered` and `call.ended` of calls whose
direction is callback.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from callcenter.agents import agent
from callcenter.agents import store as agents
from callcenter.callbacks import attempt as attempts
from callcenter.callbacks import history, scope, scripts, store, task, verdict
from callcenter.callbacks.attempt import Outcome
from callcenter.callbacks.store import Attempt, Task
from callcenter.callbacks.task import Action, State
from callcenter.calling_hours import STANDARD, CallingHours
from callcenter.db.pool import Connection
from callcenter.outbox import Message

NAME = "callbacks.course"


async def hear(
    conn: Connection, message: Message, hours: CallingHours = STANDARD, ring: int = attempts.RINGING_SECONDS
) -> None:
    """The outbox's consumer; `ring`: seconds a customer's telephone is rung."""
    told = message.payload
    if told.get("direction") != "callback":
        return
    call_id = UUID(told["call_id"])
    if message.topic == "call.answered":
        await answered(conn, call_id, datetime.fromisoformat(told["answered_at"]))
    elif message.topic == "call.machine":
        await machine(conn, call_id, message.at, hours=hours)
    elif message.topic == "call.ended":
        await ended(
            conn,
            call_id,
            datetime.fromisoformat(told["ended_at"]),
            cause=told.get("cause"),
            answered_at=_moment(told.get("answered_at")),
            started_at=_moment(told.get("started_at")),
            served="agent" not in told or told["agent"] is not None,
            hours=hours,
            ring=ring,
        )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


async def answered(conn: Connection, attempt_id: UUID, at: datetime) -> None:
    """The customer took the call."""
    locked = await store.lock_attempt(conn, attempt_id)
    if locked is None:
        return
    attempt, found = locked
    await store.answered(conn, attempt.id, at)
    await store.name_customer(conn, attempt, found.customer_id)
    after = _reached(found, at)
    if attempt.ended_at is None and found.state is State.DIALLING:
        after = replace(after, state=task.move(found.state, Action.ANSWER))
    if after != found:
        await store.save_task(conn, after)


async def ended(
    conn: Connection,
    attempt_id: UUID,
    at: datetime,
    *,
    cause: str | None,
    answered_at: datetime | None,
    started_at: datetime | None = None,
    served: bool = True,
    hours: CallingHours = STANDARD,
    ring: int = attempts.RINGING_SECONDS,
) -> None:
    """The call is over. What was only presumed lost is corrected; anything else already known stays.

    `served`: whether somebody of ours spoke with whoever answered; `started_at` by the switch's own clock.
    """
    locked = await store.lock_attempt(conn, attempt_id)
    if locked is None:
        return
    attempt, found = locked
    await store.name_customer(conn, attempt, found.customer_id)
    if attempt.outcome not in (None, Outcome.LOST):
        return
    spoken = answered_at or attempt.answered_at
    if spoken is None:
        waited = at - (started_at or attempt.originated_at or attempt.requested_at)
        outcome = attempts.of_unanswered(cause, waited, ring)
    elif served:
        outcome = attempts.of_answered(complete=await is_complete(conn, found))
    else:
        outcome = attempts.of_unserved(at - spoken, is_machine=attempt.is_machine)
    await store.ended(conn, attempt.id, at, outcome, cause, spoken)
    await agents.tell(conn, attempt.user_id)
    if outcome is Outcome.ABANDONED:
        await _missed(conn, attempt, at)
    after = found if spoken is None or not served else _reached(found, spoken)
    if await _is_last(conn, attempt):
        after = await _after(conn, after, at, hours, to_conclude=outcome.reached and served)
    if after != found:
        await store.save_task(conn, after)


async def machine(conn: Connection, attempt_id: UUID, at: datetime, *, hours: CallingHours = STANDARD) -> None:
    """The switch took who answered for a machine and hung up; told before the end of the call or after it."""
    locked = await store.lock_attempt(conn, attempt_id)
    if locked is None or locked[0].is_machine:
        return
    attempt, found = locked
    await store.is_machine(conn, attempt.id)
    if attempt.ended_at is None or attempt.outcome not in (Outcome.BROKEN_OFF, Outcome.ABANDONED):
        return
    await store.ended(conn, attempt.id, attempt.ended_at, Outcome.MACHINE, attempt.cause, attempt.answered_at)
    if found.state is State.WAITING and await _is_last(conn, attempt):
        await store.save_task(conn, await history.planned(conn, found, at, hours))


async def _missed(conn: Connection, attempt: Attempt, at: datetime) -> None:
    """The agent who was reserved and not there is given nobody else until he says that he is ready."""
    _, before = await agents.lock(conn, attempt.user_id, "", at, whoever=True)
    after = agent.miss(before, at)
    if after != before:
        await agents.save(conn, before, after, "system:callbacks", at)


async def _is_last(conn: Connection, attempt: Attempt) -> bool:
    return (await store.attempts(conn, attempt.task_id))[-1].id == attempt.id


def _reached(found: Task, at: datetime) -> Task:
    """The task once its customer was reached at that moment: flagged when that was too late (C-21)."""
    return replace(found, late=found.late or scope.is_late(at, found.due_at))


async def is_complete(conn: Connection, found: Task) -> bool:
    """Whether everything has been asked and answered; a task without a script is complete when somebody spoke."""
    answers = await store.answers(conn, found.id)
    way = await scripts.way(conn, found, answers)
    return way is None or verdict.judge(way.judged, scripts.said(answers)).completed


async def _after(conn: Connection, found: Task, at: datetime, hours: CallingHours, *, to_conclude: bool) -> Task:
    """The task when its last call is over: to be concluded, to be tried again, or enough tried (C-17)."""
    if found.state not in (State.DIALLING, State.TALKING, State.WAITING):
        return found
    if to_conclude:
        return replace(found, state=task.move(found.state, Action.END), chosen_at=None, appointment_of=None)
    return await history.planned(conn, found, at, hours)
