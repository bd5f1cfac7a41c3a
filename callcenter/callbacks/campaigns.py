"""Campaigns and the tasks made for their policies. Must never make two tasks of one campaign for one policy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from callcenter import audit
from callcenter.callbacks import changes, plan, scope, scope_rules, scripts, store, switches
from callcenter.callbacks.campaign import Settings, Standing, Turn
from callcenter.callbacks.errors import CampaignOverError, CampaignRefusedError, ScriptNotFoundError
from callcenter.callbacks.scope import Rule
from callcenter.callbacks.script import State as ScriptState
from callcenter.callbacks.store import Campaign, Task
from callcenter.callbacks.task import CampaignId, Purpose, Source, State, TaskId
from callcenter.customers import store as customers
from callcenter.customers.customer import Customer, Policy, PolicyId
from callcenter.db.pool import Connection, Database
from callcenter.errors import InvalidError
from callcenter.idempotency import KeyReusedError
from callcenter.ids import uuid7
from tickets.calendar import Calendar, shanghai_day
from tickets.errors import Words
from tickets.store import calendar

PATHS = "SELECT id, path FROM organisation WHERE id = ANY($1::text[])"


PLAIN = Settings()


class UnknownScriptError(InvalidError):
    """There is no published script of this version for the purpose."""

    code = "callback_unknown_script"


class Refusal(StrEnum):
    """Why a policy gets no task. One of an organisation out of reach is unknown, like one that does not exist."""

    UNKNOWN = "unknown_policy"
    NOT_IN_FORCE = "not_in_force"
    OUT_OF_SCOPE = "out_of_scope"
    OUT_OF_CAMPAIGN = "not_of_this_campaign"
    NO_NUMBER = "no_number_held_at_underwriting"
    CALLED_BACK_ALREADY = "open_in_another_campaign"


REFUSAL_WORDS: Mapping[Refusal, Words] = {
    Refusal.UNKNOWN: Words("没有这张保单", "no such policy"),
    Refusal.NOT_IN_FORCE: Words("保单状态不符", "not of a status that is called back"),
    Refusal.OUT_OF_SCOPE: Words("不在回访范围", "out of scope"),
    Refusal.OUT_OF_CAMPAIGN: Words(
        "不属于本批次的产品、渠道或地区", "not of the campaign's products, channels, regions"
    ),
    Refusal.NO_NUMBER: Words("承保时未登记电话", "no number held at underwriting"),
    Refusal.CALLED_BACK_ALREADY: Words("其他批次正在回访", "open in another campaign"),
}


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one policy handed in; its task's flags as `Task` has them."""

    policy: str
    task_id: TaskId | None
    refusal: Refusal | None
    existed: bool = False
    late: bool = False
    cooling_off_assumed: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """What tasks of a campaign are made by: the rule of the day, and which products are called back simplified."""

    campaign: Campaign
    path: str
    """Of the campaign's organisation."""
    regions: tuple[str, ...]
    """Paths of the campaign's regions."""
    rule: Rule
    simplified: frozenset[str]
    days: Calendar

    def takes(self, policy: Policy, path: str) -> bool:
        """Whether a policy of the organisation at `path` is one of the campaign's products, channels and regions."""
        campaign = self.campaign
        return (
            path.startswith(self.path)
            and (not campaign.products or policy.product_name in campaign.products)
            and (not campaign.channels or policy.sales_channel in campaign.channels)
            and (not self.regions or path.startswith(self.regions))
        )

    def script_of(self, policy: Policy) -> str | None:
        """The script of a new task: the simplified one only where product, campaign and sale allow it (C-23)."""
        if self.campaign.simplified_version and policy.sale_recorded and policy.product_name in self.simplified:
            return self.campaign.simplified_version
        return self.campaign.script_version


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
    settings: Settings = PLAIN,
    draft: bool = False,
) -> Campaign:
    """Opens a campaign, running at once unless it is to be a draft; the same id again gives the one that is there.

    Raises UnknownScriptError, CampaignRefusedError, and KeyReusedError when the id belongs to another campaign.
    """
    async with db.transaction() as conn:
        version = script_version or await scripts.latest(conn, purpose)
        campaign = Campaign(
            CampaignId(id),
            name,
            organisation_id,
            purpose,
            version,
            actor,
            at,
            **asdict(settings),
            state=Standing.DRAFT if draft else Standing.RUNNING,
        )
        await check(conn, campaign)
        if not await store.add_campaign(conn, campaign):
            there = await store.campaign(conn, id, "")
            if replace(there, created_at=at) != campaign:
                raise KeyReusedError(Words("该键已用于另一批次", "this key was used for another campaign"))
            return there
        await changes.record(conn, campaign, Turn.CREATE, None, actor=actor, at=at)
    return campaign


async def check(conn: Connection, campaign: Campaign) -> None:
    """Raises UnknownScriptError and CampaignRefusedError where the campaign's script or scope cannot be so."""
    await _check_script(conn, campaign, campaign.script_version, simplified=False)
    if campaign.purpose is Purpose.NEW_BUSINESS and campaign.script_version is None:
        raise UnknownScriptError(Words("新单回访须有已发布的话术（C-6）", "new business needs a published script"))
    await _check_script(conn, campaign, campaign.simplified_version, simplified=True)
    where = await paths(conn, [campaign.organisation_id, *campaign.regions])
    own = where.get(campaign.organisation_id, "")
    for region in campaign.regions:
        if region not in where or not where[region].startswith(own):
            raise CampaignRefusedError(
                Words(f"地区不在批次机构之下：{region}", f"not below the campaign's organisation: {region}")
            )


async def _check_script(conn: Connection, campaign: Campaign, version: str | None, *, simplified: bool) -> None:
    if version is None:
        return
    try:
        kept = await scripts.kept(conn, version)
    except ScriptNotFoundError:
        kept = None
    if kept is None or kept.state is not ScriptState.PUBLISHED or kept.script.purpose is not campaign.purpose:
        raise UnknownScriptError(
            Words(f"该用途没有已发布的此版本话术：{version}", f"no published script of this version: {version}")
        )
    if kept.script.simplified != simplified:
        words = (
            Words(f"不是简化回访话术：{version}（C-23）", f"not a script of the simplified callback: {version}")
            if simplified
            else Words(
                f"简化话术不能作为批次话术：{version}（C-23）", f"a simplified script cannot be the first: {version}"
            )
        )
        raise CampaignRefusedError(words)


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
    """Makes a task for each policy in scope; a policy that has one already keeps it.

    `chosen_at` is the moment the customer asked to be rung, if any. Raises CampaignNotFoundError, CampaignOverError.
    """
    async with db.transaction() as conn:
        campaign = await store.campaign(conn, campaign_id, path)
        if campaign.state.is_over:
            raise CampaignOverError(Words("批次已结束，不能再加任务。", "The campaign is over: add nothing to it."))
        policies = await customers.policies_by_number(conn, numbers, path)
        [ground] = await grounds(conn, [campaign], at)
        made = await make(conn, ground, list(policies.values()), Source.IMPORT, at, chosen_at=chosen_at)
        added = [
            made[policies[number].id] if number in policies else Added(number, None, Refusal.UNKNOWN)
            for number in dict.fromkeys(numbers)
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


async def grounds(conn: Connection, found: Sequence[Campaign], at: datetime) -> list[Ground]:
    """By what the campaigns' tasks are made at that moment."""
    where = await paths(conn, {id for campaign in found for id in (campaign.organisation_id, *campaign.regions)})
    day = shanghai_day(at)
    rules = {purpose: await scope_rules.in_force(conn, purpose, day) for purpose in {each.purpose for each in found}}
    simplified = await switches.simplified(conn) if found else frozenset()
    days = await calendar(conn)
    return [
        Ground(
            campaign,
            where[campaign.organisation_id],
            tuple(where[region] for region in campaign.regions),
            rules[campaign.purpose],
            simplified,
            days,
        )
        for campaign in found
    ]


async def make(
    conn: Connection,
    ground: Ground,
    policies: Sequence[Policy],
    source: Source,
    at: datetime,
    *,
    chosen_at: datetime | None = None,
) -> dict[PolicyId, Added]:
    """Makes the tasks of one campaign for these policies, with one statement; tells what became of each policy."""
    holders = await customers.customers_by_id(conn, {policy.customer_id for policy in policies})
    where = await paths(conn, {policy.organisation_id for policy in policies})
    told: dict[PolicyId, Added] = {}
    tasks: dict[PolicyId, Task] = {}
    for policy in policies:
        drawn = draw(ground, policy, holders[policy.customer_id], where[policy.organisation_id], source, at, chosen_at)
        if isinstance(drawn, Refusal):
            told[policy.id] = Added(policy.number, None, drawn)
        else:
            tasks[policy.id] = drawn
    written = await store.add_tasks(conn, list(tasks.values()))
    rest = [policy for policy, task in tasks.items() if task.id not in written]
    there = await store.tasks_of_policies(conn, ground.campaign.id, rest) if rest else {}
    numbers = {policy.id: policy.number for policy in policies}
    for policy_id, task in tasks.items():
        kept = task if task.id in written else there.get(policy_id)
        if kept is None:
            told[policy_id] = Added(numbers[policy_id], None, Refusal.CALLED_BACK_ALREADY)
            continue
        existed = task.id not in written
        told[policy_id] = Added(numbers[policy_id], kept.id, None, existed, kept.late, kept.cooling_off_assumed)
    return told


def draw(
    ground: Ground,
    policy: Policy,
    holder: Customer,
    path: str,
    source: Source,
    at: datetime,
    chosen_at: datetime | None,
) -> Task | Refusal:
    """The task a campaign has for a policy of the organisation at `path`, not stored yet; or why it has none."""
    campaign = ground.campaign
    if not ground.takes(policy, path):
        return Refusal.OUT_OF_CAMPAIGN
    if (reason := scope.refusal(policy, ground.rule)) is not None:
        return Refusal(reason.value)
    dialable = [phone.number for phone in holder.phones if phone.at_underwriting]
    if not dialable:
        return Refusal.NO_NUMBER
    window = scope.window(policy, ground.rule)
    extends = campaign.extension_days is not None
    return Task(
        id=TaskId(uuid7(at)),
        campaign_id=campaign.id,
        purpose=campaign.purpose,
        source=source,
        source_call_id=None,
        organisation_id=campaign.organisation_id,
        customer_id=holder.id,
        policy_id=policy.id,
        number=dialable[0],
        script_version=ground.script_of(policy),
        wish=None,
        state=State.WAITING,
        not_before=chosen_at or at,
        chosen_at=chosen_at,
        due_at=window.due_at,
        result=None,
        note=None,
        concluded_by=None,
        concluded_at=None,
        created_at=at,
        cooling_off_assumed=window.assumed,
        late=scope.is_late(at, window.due_at),
        conditions=scope.conditions(policy, holder.birth_date, extends=extends, rule=ground.rule),
        numbers=tuple(dialable),
        begin_by=None if window.due_at is None else plan.begin_by(window.due_at, ground.days),
    )


async def paths(conn: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Where these organisations stand."""
    return {row["id"]: row["path"] for row in await conn.fetch(PATHS, list(ids))}
