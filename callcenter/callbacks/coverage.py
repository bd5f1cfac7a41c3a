"""Every policy in scope gets its callback (C-20): tasks are made without being asked for, and what has none is listed.

Must never make a second task for what was called back already.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from callcenter.callbacks import campaigns, scope, scope_rules, store
from callcenter.callbacks.campaign import Standing
from callcenter.callbacks.campaigns import Added, Ground
from callcenter.callbacks.scope import Rule, Start
from callcenter.callbacks.task import Purpose, Source
from callcenter.customers import store as customers
from callcenter.customers.customer import Customer, Policy, PolicyId
from callcenter.db.pool import Connection, Database
from tickets.calendar import shanghai_day
from tickets.errors import Words

BACK = timedelta(days=60)
"""How far back the worker looks for policies without a task: what began earlier is in the list of gaps only."""
BATCH = 500
OPEN = f"""
SELECT {store.CAMPAIGN_COLUMNS} FROM campaign t
WHERE t.state = ANY($1::text[]) AND ($2::text IS NULL OR t.purpose = $2) ORDER BY t.id"""  # noqa: S608
CALLED = """
SELECT policy_id, purpose, max(created_at) AS at FROM callback_task
WHERE policy_id = ANY($1::uuid[]) AND NOT voided GROUP BY policy_id, purpose"""

_IN_SCOPE = """
SELECT p.id FROM policy p JOIN organisation o ON o.id = p.organisation_id AND o.path LIKE $1 || '%'
WHERE p.id > $2 AND p.status = ANY($3::text[])
    AND ($4 OR NOT p.group_business AND p.sales_channel <> 'group')
    AND ($5 OR p.long_term OR p.product_kind = 'health' AND p.guaranteed_renewal)
    AND {since}
    AND NOT EXISTS (
        SELECT FROM callback_task t WHERE t.policy_id = p.id AND t.purpose = $7 AND NOT t.voided AND {of_now})
ORDER BY p.id LIMIT $8"""
_RECENT = "(t.created_at AT TIME ZONE 'Asia/Shanghai')::date >= p.{day}"


def _candidates(start: Start) -> str:
    """The statement for policies whose days begin with that day of theirs; a policy not signed for yet counts from its
    issue."""
    if start is Start.RECEIVED:
        since = "(p.received_on >= $6 OR p.received_on IS NULL AND p.issued_on >= $6)"
        return _IN_SCOPE.format(since=since, of_now="true")
    return _IN_SCOPE.format(since=f"p.{start.value} >= $6", of_now=_RECENT.format(day=start.value))


CANDIDATES: Mapping[Start, str] = {start: _candidates(start) for start in Start}


class Why(StrEnum):
    """Why a policy in scope has no task."""

    NO_CAMPAIGN = "no_campaign"
    NOT_RUNNING = "campaign_not_running"
    NOT_AUTOMATIC = "campaign_not_automatic"
    NO_NUMBER = "no_number_held_at_underwriting"
    PENDING = "about_to_be_made"


WHY_WORDS: Mapping[Why, Words] = {
    Why.NO_CAMPAIGN: Words("没有覆盖它的批次", "no campaign takes it"),
    Why.NOT_RUNNING: Words("批次未在进行", "its campaign is not running"),
    Why.NOT_AUTOMATIC: Words("批次不自动生成任务", "its campaign makes no tasks by itself"),
    Why.NO_NUMBER: Words("承保时未登记电话", "no number held at underwriting"),
    Why.PENDING: Words("即将生成任务", "its task is about to be made"),
}


@dataclass(frozen=True, slots=True)
class Gap:
    """A policy in scope without a task, why, and until when its customer is to be called back."""

    policy: Policy
    why: Why
    campaign_id: UUID | None
    due_at: datetime | None
    cooling_off_assumed: bool
    late: bool


def is_called_back(called_at: datetime | None, policy: Policy, rule: Rule) -> bool:
    """Whether a task made at that moment was for what the rule calls back now: new business once, everything else
    again whenever it happens again (the next premium unpaid, the next salesperson who left)."""
    if called_at is None:
        return False
    if rule.starts is None or rule.starts is Start.RECEIVED:
        return True
    started: date | None = getattr(policy, rule.starts.value)
    return started is None or shanghai_day(called_at) >= started


async def fill(conn: Connection, policies: Sequence[Policy], at: datetime) -> dict[PolicyId, Added]:
    """Makes what tasks these policies lack in the running campaigns that take them; tells of those made."""
    grounds = await _grounds(conn, (Standing.RUNNING,), None, at)
    automatic = [ground for ground in grounds if ground.campaign.automatic]
    return await _fill(conn, automatic, policies, at)


async def sweep(db: Database, at: datetime) -> int:
    """Makes the tasks that policies of the last BACK lack, a batch in a transaction; returns how many it made."""
    made = 0
    for purpose in Purpose:
        async with db.connection() as conn:
            grounds = [
                ground for ground in await _grounds(conn, (Standing.RUNNING,), purpose, at) if ground.campaign.automatic
            ]
        if not grounds or grounds[0].rule.starts is None:
            continue
        after = UUID(int=0)
        while True:
            async with db.transaction() as conn:
                ids = await _lacking(conn, grounds[0].rule, "", after, shanghai_day(at) - BACK, BATCH)
                policies = list((await customers.policies_by_id(conn, ids)).values())
                added = await _fill(conn, grounds, policies, at)
            made += sum(one.task_id is not None and not one.existed for one in added.values())
            if len(ids) < BATCH:
                break
            after = ids[-1]
    return made


async def gaps(
    conn: Connection, purpose: Purpose, *, path: str, since: date, after: UUID | None, limit: int, at: datetime
) -> list[Gap]:
    """A page of the policies under `path` in scope without a task whose days began on `since` or later, by id."""
    rule = await scope_rules.in_force(conn, purpose, shanghai_day(at))
    if rule.starts is None:
        return []
    ids = await _lacking(conn, rule, path, after or UUID(int=0), since, limit)
    policies = await customers.policies_by_id(conn, ids)
    holders = await customers.customers_by_id(conn, {policy.customer_id for policy in policies.values()})
    paths = await campaigns.paths(conn, {policy.organisation_id for policy in policies.values()})
    states = (Standing.RUNNING, Standing.PAUSED, Standing.DRAFT)
    grounds = await _grounds(conn, states, purpose, at)
    found = []
    for policy in (policies[PolicyId(id)] for id in ids):
        taking = [ground for ground in grounds if ground.takes(policy, paths[policy.organisation_id])]
        why, campaign_id = _why(holders[policy.customer_id], taking)
        window = scope.window(policy, rule)
        late = scope.is_late(at, window.due_at)
        found.append(Gap(policy, why, campaign_id, window.due_at, window.assumed, late))
    return found


def _why(holder: Customer, taking: Sequence[Ground]) -> tuple[Why, UUID | None]:
    if not any(phone.at_underwriting for phone in holder.phones):
        return Why.NO_NUMBER, taking[0].campaign.id if taking else None
    running = [ground for ground in taking if ground.campaign.state is Standing.RUNNING]
    automatic = [ground for ground in running if ground.campaign.automatic]
    if automatic:
        return Why.PENDING, automatic[0].campaign.id
    if running:
        return Why.NOT_AUTOMATIC, running[0].campaign.id
    return (Why.NOT_RUNNING, taking[0].campaign.id) if taking else (Why.NO_CAMPAIGN, None)


async def _grounds(conn: Connection, states: Iterable[Standing], purpose: Purpose | None, at: datetime) -> list[Ground]:
    rows = await conn.fetch(OPEN, list(states), purpose)
    return await campaigns.grounds(conn, [store.campaign_of(dict(row)) for row in rows], at)


async def _fill(
    conn: Connection, grounds: Sequence[Ground], policies: Sequence[Policy], at: datetime
) -> dict[PolicyId, Added]:
    called = {
        (row["policy_id"], row["purpose"]): row["at"]
        for row in await conn.fetch(CALLED, [policy.id for policy in policies])
    }
    paths = await campaigns.paths(conn, {policy.organisation_id for policy in policies})
    made: dict[PolicyId, Added] = {}
    for ground in grounds:
        purpose, rule = ground.campaign.purpose, ground.rule
        lacking = [
            policy
            for policy in policies
            if rule.starts is not None
            and ground.takes(policy, paths[policy.organisation_id])
            and scope.refusal(policy, rule) is None
            and not is_called_back(called.get((policy.id, purpose)), policy, rule)
        ]
        if not lacking:
            continue
        for policy_id, added in (await campaigns.make(conn, ground, lacking, Source.SCOPE, at)).items():
            if added.task_id is not None and not added.existed:
                called[policy_id, purpose] = at
                made[policy_id] = added
    return made


async def _lacking(conn: Connection, rule: Rule, path: str, after: UUID, since: date, limit: int) -> list[UUID]:
    assert rule.starts is not None
    rows = await conn.fetch(
        CANDIDATES[rule.starts],
        path,
        after,
        sorted(rule.statuses),
        rule.group,
        rule.any_term,
        since,
        rule.purpose,
        limit,
    )
    return [row["id"] for row in rows]
