"""Plans of tries as data, and how a campaign is dialled. Must never change a plan that is there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from asyncpg import Record

from callcenter import audit
from callcenter.callbacks import store
from callcenter.callbacks.attempt import Mode, NumberAfter, Outcome
from callcenter.callbacks.errors import PlanRefusedError, PlanTakenError, UnknownPlanError, UnknownTrunkError
from callcenter.callbacks.plan import Plan, Rule, is_possible
from callcenter.callbacks.store import Task
from callcenter.calling_hours import STANDARD, CallingHours
from callcenter.db.pool import Connection, Database
from callcenter.errors import StaleVersionError
from tickets.errors import Words

COLUMNS = "version, tries, days, bands, outside_office, most_a_day"
PLANS = f"SELECT {COLUMNS}, name, created_at FROM attempt_plan ORDER BY created_at DESC, version DESC"  # noqa: S608
PLAN = f"SELECT {COLUMNS} FROM attempt_plan WHERE version = $1"  # noqa: S608
RULES = "SELECT outcome, wait_minutes, other_band, number FROM attempt_plan_rule WHERE version = $1"
NEWEST = "SELECT version FROM attempt_plan ORDER BY created_at DESC, version DESC LIMIT 1"
OF_CAMPAIGN = "SELECT plan_version FROM campaign_dialling WHERE campaign_id = $1"
ADD = f"""
INSERT INTO attempt_plan ({COLUMNS}, name, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""  # noqa: S608
ADD_RULE = """
INSERT INTO attempt_plan_rule (version, outcome, wait_minutes, other_band, number) VALUES ($1, $2, $3, $4, $5)"""
MANNER = """
SELECT mode, detects_machines, trunk, plan_version, version FROM campaign_dialling WHERE campaign_id = $1"""
SAVE = """
INSERT INTO campaign_dialling (campaign_id, mode, detects_machines, trunk, plan_version, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (campaign_id) DO UPDATE SET mode = EXCLUDED.mode, detects_machines = EXCLUDED.detects_machines,
    trunk = EXCLUDED.trunk, plan_version = EXCLUDED.plan_version, changed_by = EXCLUDED.changed_by,
    changed_at = EXCLUDED.changed_at, version = campaign_dialling.version + 1
WHERE campaign_dialling.version = $8
RETURNING version"""
LOCK_CAMPAIGN = "SELECT FROM campaign WHERE id = $1 FOR UPDATE"

_known: dict[str, Plan] = {}
"""Plans never change: read once."""


@dataclass(frozen=True, slots=True)
class Named:
    """A plan with its name and when it was made."""

    plan: Plan
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Manner:
    """How a campaign is dialled. `trunk` None: the first of the settings; `version` 0: never set."""

    plan_version: str
    mode: Mode = Mode.PREVIEW
    detects_machines: bool = False
    trunk: str | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Outline:
    """A new plan as it is handed in: outcomes without a rule keep those of the newest plan."""

    version: str
    name: str
    plan: Plan
    rules: Mapping[Outcome, Rule] = field(default_factory=dict)


async def of_task(conn: Connection, task: Task) -> Plan:
    """The plan a task is tried by: its campaign's, else the newest."""
    version: str | None = None
    if task.campaign_id is not None:
        version = await conn.fetchval(OF_CAMPAIGN, task.campaign_id)
    return await one(conn, version or await newest(conn))


async def newest(conn: Connection) -> str:
    version: str = await conn.fetchval(NEWEST)
    return version


async def one(conn: Connection, version: str) -> Plan:
    """A plan with its rules. Raises UnknownPlanError."""
    if version not in _known:
        row = await conn.fetchrow(PLAN, version)
        if row is None:
            raise UnknownPlanError(Words("没有这个拨打计划版本。", "There is no plan of tries of this version."))
        rules = {Outcome(rule["outcome"]): _rule(rule) for rule in await conn.fetch(RULES, version)}
        _known[version] = Plan(**dict(row), rules=rules)
    return _known[version]


def _rule(row: Record) -> Rule:
    return Rule(timedelta(minutes=row["wait_minutes"]), row["other_band"], NumberAfter(row["number"]))


async def all_plans(conn: Connection) -> list[Named]:
    """Every version, the newest first."""
    rows = await conn.fetch(PLANS)
    return [Named(await one(conn, row["version"]), row["name"], row["created_at"]) for row in rows]


async def add(db: Database, outline: Outline, *, actor: str, at: datetime, hours: CallingHours = STANDARD) -> Named:
    """A new version, for campaigns from here on. Raises PlanRefusedError, PlanTakenError."""
    wanted = outline.plan
    if not wanted.days * wanted.most_a_day >= wanted.tries >= max(wanted.days, wanted.bands, wanted.outside_office):
        raise PlanRefusedError(
            Words("拨打次数与天数、时段不相容（C-17）。", "These tries cannot be spread over these days and bands.")
        )
    if not is_possible(hours, wanted):
        raise PlanRefusedError(
            Words("拨打时段不足以满足计划（C-17、C-18）。", "The calling hours leave no room for this plan.")
        )
    async with db.transaction() as conn:
        rules = {**(await one(conn, await newest(conn))).rules, **outline.rules}
        try:
            numbers = (wanted.tries, wanted.days, wanted.bands, wanted.outside_office, wanted.most_a_day)
            await conn.execute(ADD, outline.version, *numbers, outline.name, actor, at)
        except asyncpg.UniqueViolationError:
            raise PlanTakenError(
                Words("该版本已存在，计划不可更改。", "This version exists: a plan is never changed.")
            ) from None
        for outcome, rule in rules.items():
            minutes = rule.wait // timedelta(minutes=1)
            await conn.execute(ADD_RULE, outline.version, outcome, minutes, rule.other_band, rule.number)
        await audit.record(
            conn, actor=actor, action="callback.plan", object_kind="attempt_plan", object_id=outline.version, at=at
        )
    return Named(replace(wanted, version=outline.version, rules=rules), outline.name, at)


async def manner(conn: Connection, campaign_id: UUID) -> Manner:
    """How the campaign is dialled; by preview after the newest plan where nothing was set."""
    row = await conn.fetchrow(MANNER, campaign_id)
    if row is None:
        return Manner(await newest(conn))
    return Manner(**{**dict(row), "mode": Mode(row["mode"])})


async def set_manner(
    db: Database, campaign_id: UUID, wanted: Manner, *, trunks: frozenset[str], path: str, actor: str, at: datetime
) -> Manner:
    """From here on; `wanted.version` is the one its reader saw.

    Raises CampaignNotFoundError, UnknownPlanError, UnknownTrunkError, StaleVersionError.
    """
    if wanted.trunk is not None and wanted.trunk not in trunks:
        raise UnknownTrunkError(
            Words(f"没有这条中继，可用：{'、'.join(sorted(trunks))}", f"known trunks: {', '.join(sorted(trunks))}")
        )
    async with db.transaction() as conn:
        await store.campaign(conn, campaign_id, path)
        await conn.execute(LOCK_CAMPAIGN, campaign_id)
        await one(conn, wanted.plan_version)
        before = await manner(conn, campaign_id)
        if before.version != wanted.version:
            raise StaleVersionError(
                Words("拨打方式已被他人修改，请重新读取", "somebody changed how it is dialled: read it again")
            )
        version = await conn.fetchval(
            SAVE,
            campaign_id,
            wanted.mode,
            wanted.detects_machines,
            wanted.trunk,
            wanted.plan_version,
            actor,
            at,
            wanted.version,
        )
        await audit.record(
            conn,
            actor=actor,
            action="campaign.dialling",
            object_kind="campaign",
            object_id=str(campaign_id),
            at=at,
            details={"mode": wanted.mode, "detects_machines": wanted.detects_machines, "plan": wanted.plan_version},
        )
    return replace(wanted, version=version)
