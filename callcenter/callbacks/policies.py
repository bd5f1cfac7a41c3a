"""Policies as the core system pushes them, with what follows for callbacks: tasks made, due moments moved, withdrawn.

Must never leave a task that waits to ring somebody for a reason that is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from callcenter import audit
from callcenter.callbacks import coverage, plan, scope, scope_rules
from callcenter.callbacks.scope import Rule
from callcenter.callbacks.task import Purpose, TaskId
from callcenter.customers import register
from callcenter.customers import store as customers
from callcenter.customers.customer import Customer, Policy, PolicyId
from callcenter.customers.register import Pushed, Refusal
from callcenter.db.pool import Connection, Database
from callcenter.ids import uuid7
from tickets.calendar import Calendar, shanghai_day
from tickets.store import calendar

BATCH = 500
ACTOR = "system:callbacks"
CHANGED = """
SELECT DISTINCT p.id FROM callback_task t JOIN policy p ON p.id = t.policy_id
WHERE t.state IN ('waiting', 'otherwise') AND p.id > $1
    AND (t.purpose IN ('new_business', 'renewal', 'departed_agent') AND p.status <> 'in_force'
        OR t.purpose = 'renewal' AND p.premium_due_on IS NULL
        OR t.purpose = 'lapsed' AND p.status <> 'lapsed'
        OR t.purpose = 'surrender' AND p.status <> 'surrendered'
        OR t.purpose = 'new_business'
            AND t.due_at IS DISTINCT FROM (p.cooling_off_ends + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
        OR NOT EXISTS (SELECT FROM customer_phone f
            WHERE f.customer_id = p.customer_id AND f.number = t.number AND f.at_underwriting))
ORDER BY p.id LIMIT $2"""
"""What looks as if its policy had changed since; whether it has, the rules in force say."""
OPEN_PURPOSES = """
SELECT DISTINCT policy_id, purpose FROM callback_task WHERE policy_id = ANY($1::uuid[]) AND state <> 'done'"""
MOVE = """
UPDATE callback_task t SET due_at = r.due_at, begin_by = r.begin_by, cooling_off_assumed = r.assumed,
    customer_id = r.customer_id,
    late = COALESCE(t.created_at >= r.due_at, false) OR EXISTS (
        SELECT FROM callback_attempt a WHERE a.task_id = t.id AND a.answered_at >= r.due_at),
    numbers = r.numbers, number = CASE WHEN t.state <> 'waiting' OR t.number = ANY(r.numbers) OR r.numbers = '{}'
        THEN t.number ELSE r.numbers[1] END,
    version = version + 1
FROM jsonb_to_recordset($1) AS r(policy_id uuid, purpose text, due_at timestamptz, begin_by timestamptz,
    assumed boolean, customer_id uuid, numbers text[])
WHERE t.policy_id = r.policy_id AND t.purpose = r.purpose AND t.state <> 'done'
    AND (t.due_at, t.cooling_off_assumed, t.customer_id, t.numbers)
        IS DISTINCT FROM (r.due_at, r.assumed, r.customer_id, r.numbers)"""
WITHDRAW = """
UPDATE callback_task t SET state = 'done', result = 'withdrawn', voided = true, note = COALESCE(t.note, r.note),
    concluded_by = $2, concluded_at = $3, version = version + 1
FROM jsonb_to_recordset($1) AS r(policy_id uuid, purpose text, note text)
WHERE t.policy_id = r.policy_id AND t.purpose = r.purpose AND t.state IN ('waiting', 'otherwise')
RETURNING t.id"""
GONE = "保单已不在回访范围（状态：{status}）"


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one policy pushed; `task_id`: the task made for it by this push, if any."""

    number: str
    policy_id: PolicyId | None
    refusal: Refusal | None
    is_new: bool
    task_id: TaskId | None


async def push(db: Database, pushed: Sequence[Pushed], *, path: str, actor: str, at: datetime) -> list[Settled]:
    """Takes a batch of policies, in one transaction, and makes the tasks that follow.

    The same again changes nothing. Open tasks follow their policy: another receipt moves the day they are due, another
    number replaces what waits to be dialled (C-12), and what is not called back any more is withdrawn.
    """
    async with db.transaction() as conn:
        return await take(conn, pushed, path=path, actor=actor, at=at)


async def take(conn: Connection, pushed: Sequence[Pushed], *, path: str, actor: str, at: datetime) -> list[Settled]:
    """The same within the caller's transaction."""
    told = await register.register(conn, pushed, path=path, at=at)
    taken = [one.policy_id for one in told.values() if one.refusal is None and one.policy_id is not None]
    policies = await customers.policies_by_id(conn, taken)
    await _follow(conn, policies, actor, at)
    made = await coverage.fill(conn, list(policies.values()), at)
    await audit.record(
        conn,
        actor=actor,
        action="policy.push",
        object_kind="policy",
        object_id=pushed[0].number if len(told) == 1 else str(uuid7(at)),
        at=at,
        details={
            "taken": len(taken),
            "new": sum(one.is_new for one in told.values()),
            "refused": sum(one.refusal is not None for one in told.values()),
            "tasks": len(made),
        },
    )
    settled = {
        one.number: Settled(
            one.number,
            one.policy_id,
            one.refusal,
            one.is_new,
            made[one.policy_id].task_id if one.policy_id in made else None,
        )
        for one in told.values()
    }
    return [settled[number] for number in dict.fromkeys(one.number for one in pushed)]


async def follow_changed(db: Database, at: datetime) -> int:
    """Lets open tasks follow policies that were changed in another way than by a push, such as a list imported; returns
    how many policies were looked at."""
    after, looked_at = UUID(int=0), 0
    while True:
        async with db.transaction() as conn:
            ids = [row["id"] for row in await conn.fetch(CHANGED, after, BATCH)]
            await _follow(conn, await customers.policies_by_id(conn, ids), ACTOR, at)
        looked_at += len(ids)
        if len(ids) < BATCH:
            return looked_at
        after = ids[-1]


async def _follow(conn: Connection, policies: dict[PolicyId, Policy], actor: str, at: datetime) -> None:
    """Lets the open tasks of policies follow what these are now."""
    rows = await conn.fetch(OPEN_PURPOSES, list(policies))
    if not rows:
        return
    rules = {
        purpose: await scope_rules.in_force(conn, purpose, shanghai_day(at))
        for purpose in {Purpose(row["purpose"]) for row in rows}
    }
    holders = await customers.customers_by_id(conn, {policy.customer_id for policy in policies.values()})
    days = await calendar(conn)
    moved, gone = [], []
    for row in rows:
        policy, rule = policies[row["policy_id"]], rules[Purpose(row["purpose"])]
        if scope.refusal(policy, rule) is None:
            moved.append(_moved(policy, holders[policy.customer_id], rule, days))
        else:
            note = GONE.format(status=policy.status)
            gone.append({"policy_id": policy.id, "purpose": rule.purpose, "note": note})
    await conn.execute(MOVE, moved)
    for row in await conn.fetch(WITHDRAW, gone, actor, at):
        await audit.record(
            conn,
            actor=actor,
            action="callback.withdraw",
            object_kind="callback_task",
            object_id=str(row["id"]),
            at=at,
        )


def _moved(policy: Policy, holder: Customer, rule: Rule, days: Calendar) -> dict[str, object]:
    window = scope.window(policy, rule)
    return {
        "policy_id": policy.id,
        "purpose": rule.purpose,
        "due_at": window.due_at,
        "begin_by": None if window.due_at is None else plan.begin_by(window.due_at, days),
        "assumed": window.assumed,
        "customer_id": policy.customer_id,
        "numbers": [phone.number for phone in holder.phones if phone.at_underwriting],
    }
