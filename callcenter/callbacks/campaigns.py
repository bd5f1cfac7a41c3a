"""Campaigns and the tasks made for their policies. Must never make two tasks of one campaign for one policy."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from callcenter import audit
from callcenter.callbacks import scope, store
from callcenter.callbacks.questions import CURRENT, SCRIPTS
from callcenter.callbacks.store import Campaign, Task
from callcenter.callbacks.task import CampaignId, Purpose, Source, State, TaskId
from callcenter.customers import store as customers
from callcenter.customers.customer import Policy
from callcenter.db.pool import Connection, Database
from callcenter.errors import InvalidError
from callcenter.idempotency import KeyReusedError
from callcenter.ids import uuid7
from tickets.calendar import end_of_day
from tickets.errors import Words


class UnknownScriptError(InvalidError):
    """There is no questionnaire of this version."""

    code = "callback_unknown_script"


class Refusal(StrEnum):
    """Why a policy gets no task. One of an organisation out of reach is unknown, like one that does not exist."""

    UNKNOWN = "unknown_policy"
    NOT_IN_FORCE = "not_in_force"
    OUT_OF_SCOPE = "out_of_scope"
    NO_NUMBER = "no_number_held_at_underwriting"
    CALLED_BACK_ALREADY = "open_in_another_campaign"


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one policy handed in; its task's flags as `Task` has them."""

    policy: str
    task_id: TaskId | None
    refusal: Refusal | None
    existed: bool = False
    late: bool = False
    cooling_off_assumed: bool = False


async def create(
    db: Database,
    *,
    id: UUID,
    name: str,
    organisation_id: str,
    purpose: Purpose,
    script_version: str | None,
    actor: str,
    at: datetime,
) -> Campaign:
    """Opens a campaign; the same id again gives the one that is there.

    Raises UnknownScriptError, and KeyReusedError when the id belongs to another campaign.
    """
    version = (script_version or CURRENT) if purpose is Purpose.NEW_BUSINESS else None
    if version is not None and version not in SCRIPTS:
        raise UnknownScriptError(
            Words(f"没有这个问卷版本，可用：{'、'.join(SCRIPTS)}", f"known versions: {', '.join(SCRIPTS)}")
        )
    campaign = Campaign(CampaignId(id), name, organisation_id, purpose, version, actor, at)
    async with db.transaction() as conn:
        if not await store.add_campaign(conn, campaign):
            there = await store.campaign(conn, id, "")
            if replace(there, created_at=at) != campaign:
                raise KeyReusedError(Words("该键已用于另一批次", "this key was used for another campaign"))
            return there
        await audit.record(
            conn, actor=actor, action="campaign.create", object_kind="campaign", object_id=str(id), at=at
        )
    return campaign


async def add_policies(
    db: Database,
    campaign_id: UUID,
    numbers: Sequence[str],
    *,
    path: str,
    actor: str,
    at: datetime,
    chosen_at: datetime | None = None,
) -> list[Added]:
    """Makes a task for each policy in scope; a policy that has one already keeps it. Raises CampaignNotFoundError.

    `chosen_at` is the moment the customer asked to be rung, if any.
    """
    async with db.transaction() as conn:
        campaign = await store.campaign(conn, campaign_id, path)
        policies = await customers.policies_by_number(conn, numbers, path)
        added = [
            await _add(conn, campaign, number, policies.get(number), at, chosen_at) for number in dict.fromkeys(numbers)
        ]
        await audit.record(
            conn,
            actor=actor,
            action="campaign.add",
            object_kind="campaign",
            object_id=str(campaign_id),
            at=at,
            details={"tasks": sum(one.task_id is not None and not one.existed for one in added)},
        )
    return added


async def _add(
    conn: Connection, campaign: Campaign, number: str, policy: Policy | None, at: datetime, chosen_at: datetime | None
) -> Added:
    if policy is None:
        return Added(number, None, Refusal.UNKNOWN)
    if policy.status != "in_force":
        return Added(number, None, Refusal.NOT_IN_FORCE)
    if campaign.purpose is Purpose.NEW_BUSINESS and not scope.in_scope(policy):
        return Added(number, None, Refusal.OUT_OF_SCOPE)
    holder = await customers.customer(conn, policy.customer_id)
    dialable = [phone.number for phone in holder.phones if phone.at_underwriting]
    if not dialable:
        return Added(number, None, Refusal.NO_NUMBER)
    period = scope.cooling_off(policy)
    due_at = None if period is None else end_of_day(period.last_day)
    task = Task(
        id=TaskId(uuid7(at)),
        campaign_id=campaign.id,
        purpose=campaign.purpose,
        source=Source.IMPORT,
        source_call_id=None,
        organisation_id=campaign.organisation_id,
        customer_id=holder.id,
        policy_id=policy.id,
        number=dialable[0],
        script_version=campaign.script_version,
        sale_recorded=scope.sale_was_to_be_recorded(policy, holder.birth_date),
        wish=None,
        state=State.WAITING,
        not_before=chosen_at or at,
        chosen_at=chosen_at,
        due_at=due_at,
        result=None,
        note=None,
        concluded_by=None,
        concluded_at=None,
        created_at=at,
        cooling_off_assumed=period is not None and period.assumed,
        late=scope.is_late(at, due_at),
        numbers=tuple(dialable),
    )
    if await store.add_task(conn, task):
        return Added(number, task.id, None, late=task.late, cooling_off_assumed=task.cooling_off_assumed)
    there = await store.task_of_policy(conn, campaign.id, policy.id)
    if there is None:
        return Added(number, None, Refusal.CALLED_BACK_ALREADY)
    return Added(number, there.id, None, True, there.late, there.cooling_off_assumed)
