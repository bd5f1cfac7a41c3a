"""What the switch tells of a callback's call moves its attempt and its task. Must never act on one fact twice.

The facts come through the outbox, at least once and in any order: `call.answered` and `call.ended` of calls whose
direction is callback.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from callcenter.callbacks import attempt as attempts
from callcenter.callbacks import plan, scope, scripts, store, task, verdict
from callcenter.callbacks.attempt import Outcome
from callcenter.callbacks.store import Task
from callcenter.callbacks.task import Action, State
from callcenter.db.pool import Connection
from callcenter.outbox import Message
from tickets.store import calendar

NAME = "callbacks.course"


async def hear(conn: Connection, message: Message) -> None:
    """The outbox's consumer."""
    if message.payload.get("direction") != "callback":
        return
    call_id = UUID(message.payload["call_id"])
    if message.topic == "call.answered":
        await answered(conn, call_id, datetime.fromisoformat(message.payload["answered_at"]))
    elif message.topic == "call.ended":
        told = message.payload.get("answered_at")
        await ended(
            conn,
            call_id,
            datetime.fromisoformat(message.payload["ended_at"]),
            cause=message.payload.get("cause"),
            answered_at=None if told is None else datetime.fromisoformat(told),
        )


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
    conn: Connection, attempt_id: UUID, at: datetime, *, cause: str | None, answered_at: datetime | None
) -> None:
    """The call is over. What was only presumed lost is corrected; anything else already known stays."""
    locked = await store.lock_attempt(conn, attempt_id)
    if locked is None:
        return
    attempt, found = locked
    await store.name_customer(conn, attempt, found.customer_id)
    if attempt.outcome not in (None, Outcome.LOST):
        return
    spoken = answered_at or attempt.answered_at
    if spoken is None:
        outcome = attempts.of_unanswered(cause, at - (attempt.originated_at or attempt.requested_at))
    else:
        outcome = attempts.of_answered(complete=await is_complete(conn, found))
    await store.ended(conn, attempt.id, at, outcome, cause, spoken)
    after = found if spoken is None else _reached(found, spoken)
    if attempt.outcome is None:
        after = await _after(conn, after, outcome, at)
    if after != found:
        await store.save_task(conn, after)


def _reached(found: Task, at: datetime) -> Task:
    """The task once its customer was reached at that moment: flagged when that was too late (C-21)."""
    return replace(found, late=found.late or scope.is_late(at, found.due_at))


async def is_complete(conn: Connection, found: Task) -> bool:
    """Whether everything has been asked and answered; a task without a script is complete when somebody spoke."""
    answers = await store.answers(conn, found.id)
    way = await scripts.way(conn, found, answers)
    return way is None or verdict.judge(way.judged, scripts.said(answers)).completed


async def _after(conn: Connection, found: Task, outcome: Outcome, at: datetime) -> Task:
    """The task when one of its calls is over: to be concluded, to be tried again, or enough tried (C-17)."""
    if found.state not in (State.DIALLING, State.TALKING):
        return found
    if outcome.reached:
        return replace(found, state=task.move(found.state, Action.END), chosen_at=None)
    tries = store.tries(await store.attempts(conn, found.id))
    again = plan.next_try(tries, at, await calendar(conn))
    if again is None:
        return replace(found, state=task.move(State.DIALLING, Action.EXHAUST), chosen_at=None)
    return replace(found, state=task.move(State.DIALLING, Action.MISS), not_before=again, chosen_at=None)
