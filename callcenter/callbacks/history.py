"""What was dialled for a task so far, and what is planned from it. Must never leave a task without a next step."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from callcenter.callbacks import plan, plans, store, task
from callcenter.callbacks.attempt import Outcome
from callcenter.callbacks.plan import Dialled
from callcenter.callbacks.store import Attempt, Task
from callcenter.callbacks.task import Action, State
from callcenter.calling_hours import STANDARD, CallingHours
from callcenter.db.pool import Connection
from tickets.store import calendar

OURS = frozenset({Outcome.NOT_DIALLED, Outcome.LOST, Outcome.ABANDONED})
"""What is our own doing: a moment the customer chose is not used up by it."""


def of(attempts: Iterable[Attempt]) -> list[Dialled]:
    """The diallings that are over, in order."""
    return [
        Dialled(attempt.originated_at or attempt.requested_at, attempt.outcome, attempt.number)
        for attempt in attempts
        if attempt.outcome is not None
    ]


HELD = """
SELECT number FROM customer_phone WHERE customer_id = $1 AND at_underwriting ORDER BY number"""


async def held(conn: Connection, found: Task) -> tuple[str, ...]:
    """The numbers that may be dialled, in their order: of a policy's callback only those held in the core system now,
    one that came by a change of the policy last (C-12)."""
    kept = found.numbers or (found.number,)
    if found.policy_id is None:
        return kept
    known = [row["number"] for row in await conn.fetch(HELD, found.customer_id)]
    return tuple(dict.fromkeys([*(number for number in kept if number in known), *known]))


async def renumbered(conn: Connection, found: Task) -> Task:
    """The task at a number that may be dialled, where its own may not any more and there is another."""
    numbers = await held(conn, found)
    if found.number in numbers:
        return found
    history, rules = of(await store.attempts(conn, found.id)), await plans.of_task(conn, found)
    return replace(found, number=plan.next_number(numbers, history, rules) or found.number)


async def planned(
    conn: Connection, found: Task, at: datetime, hours: CallingHours = STANDARD, missed: Action = Action.MISS
) -> Task:
    """The task after its last dialling: to be tried again at a moment and a number, or enough tried (C-12, C-17)."""
    history, rules = of(await store.attempts(conn, found.id)), await plans.of_task(conn, found)
    days = await calendar(conn)
    number = plan.next_number(await held(conn, found), history, rules)
    again = plan.next_try(history, at, days, rules, hours, found.due_at)
    free = replace(found, locked_by=None, locked_until=None, handed_over_by=None)
    if number is None or again is None:
        why = plan.NO_NUMBER if number is None else plan.ENOUGH
        otherwise = found.state if found.state is State.OTHERWISE else task.move(found.state, Action.EXHAUST)
        return replace(free, state=otherwise, chosen_at=None, appointment_of=None, planned_by=why)
    waiting = found.state if found.state is State.WAITING else task.move(found.state, missed)
    last = history[-1].outcome if history else None
    if last in OURS and found.chosen_at is not None and hours.may_ring(at, days, found.chosen_at):
        return replace(free, state=waiting, number=number, not_before=at)
    reason = f"{rules.version}:{last}" if last is not None else rules.version
    return replace(
        free,
        state=waiting,
        number=number,
        not_before=again,
        chosen_at=None,
        appointment_of=None,
        planned_by=reason,
    )
