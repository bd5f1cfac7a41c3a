"""What the agent reads out, step by step, with the values of this customer's policy filled in (C-5, C-6).

Must never show the name of somebody to who may not see it whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from callcenter.callbacks import scope, scripts, wording
from callcenter.callbacks.script import Step
from callcenter.callbacks.store import Given, Task
from callcenter.callbacks.wording import Values
from callcenter.customers import masking
from callcenter.customers.customer import Customer, Policy
from callcenter.db.pool import Connection
from tickets.calendar import shanghai_day

EXTENSION = "SELECT extension_days FROM campaign WHERE id = $1"
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Prompt:
    """The steps that are for this customer, worded for them, and which question comes next."""

    version: str
    steps: tuple[Step, ...]
    next: str | None


async def prompt(
    conn: Connection,
    task: Task,
    answers: Mapping[str, Given],
    policy: Policy | None,
    holder: Customer | None,
    *,
    masked: bool,
    at: datetime,
) -> Prompt | None:
    """As it is at that moment; None where the task has no script. `masked`: names of people are shown in part only."""
    script = await scripts.of_task(conn, task)
    if script is None:
        return None
    way = scripts.way_of(script, replace(task, late=task.late or scope.is_late(at, task.due_at)), answers)
    extension = await conn.fetchval(EXTENSION, task.campaign_id)
    values = _values(task, policy, holder, extension, masked)
    steps = tuple(replace(step, words=wording.fill(step.words, values)) for step in way.steps)
    return Prompt(script.version, steps, None if way.next is None else way.next.code)


def _values(task: Task, policy: Policy | None, holder: Customer | None, extension: int | None, masked: bool) -> Values:
    ends_on = None if task.due_at is None else shanghai_day(task.due_at - _MOMENT)
    days = None
    if ends_on is not None and policy is not None and policy.received_on is not None:
        days = (ends_on - policy.received_on).days
    if masked and holder is not None:
        holder = replace(holder, name=masking.name(holder.name))
    if masked and policy is not None and policy.insured_name is not None:
        policy = replace(policy, insured_name=masking.name(policy.insured_name))
    return wording.values_of(
        policy, holder, cooling_off_ends_on=ends_on, cooling_off_days=days, extension_days=extension
    )
