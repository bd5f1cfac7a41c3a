"""Routes of how campaigns are dialled, and of plans of tries. Must never decide anything."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter.accounts.permissions import Permission
from callcenter.callbacks import performance, plans, store
from callcenter.callbacks.attempt import Mode, NumberAfter, Outcome
from callcenter.callbacks.plan import Plan, Rule
from callcenter.callbacks.plans import Manner, Named, Outline
from callcenter.web.api import Context, Model, Name, Routes
from callcenter.web.keys import CONFIG

routes = Routes("dialling", "How campaigns are dialled 批次拨打方式")

Version = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,39}$")]


class RuleBody(Model):
    """What follows an outcome: minutes to wait, whether in another band of the day, and which number then."""

    outcome: Outcome
    wait_minutes: Annotated[int, Field(ge=0, le=20160)]
    other_band: bool
    number: NumberAfter


class PlanBody(Model):
    """What is to be tried before a letter or a visit (C-17); outcomes without a rule keep the newest plan's."""

    version: Version
    name: Name
    tries: Annotated[int, Field(ge=1, le=20)] = 3
    days: Annotated[int, Field(ge=1, le=10)] = 2
    bands: Annotated[int, Field(ge=1, le=3)] = 2
    outside_office: Annotated[int, Field(ge=0, le=10)] = 1
    most_a_day: Annotated[int, Field(ge=1, le=10)] = 3
    rules: Annotated[tuple[RuleBody, ...], Field(max_length=len(Outcome))] = ()


class PlanView(Model):
    version: str
    name: str
    tries: int
    days: int
    bands: int
    outside_office: int
    most_a_day: int
    rules: list[RuleBody]
    created_at: datetime


class PlansView(Model):
    """The newest first: campaigns without a plan of their own follow it."""

    items: list[PlanView]


class MannerBody(Model):
    """`version`: the one that was read; `trunk` null: the first of the settings."""

    version: Annotated[int, Field(ge=0)]
    mode: Mode
    detects_machines: bool = False
    trunk: Annotated[str | None, Field(max_length=40)] = None
    plan_version: Version | None = None


class MannerView(Model):
    """How the campaign is dialled, and what came of it.

    `in_the_air`: calls that ring or talk now, which a pause or a stop lets go on; `abandoned_rate`: in percent of the
    people who answered; `idle_seconds`: median from the end of an agent's call to his next, progressive only.
    """

    version: int
    mode: Mode
    detects_machines: bool
    trunk: str | None
    plan_version: str
    in_the_air: int
    diallings: dict[Outcome, int]
    answered: int
    abandoned: int
    abandoned_rate: Decimal | None
    idle_seconds: float | None


@routes.get("/callback-plans", Permission.CALLBACK_READ)
async def list_plans(ctx: Context) -> PlansView:
    """Plans of tries 拨打计划"""
    async with ctx.db.connection() as conn:
        return PlansView(items=[_plan(named) for named in await plans.all_plans(conn)])


@routes.post("/callback-plans", Permission.CAMPAIGN_MANAGE, creates=True)
async def add_plan(ctx: Context, body: PlanBody) -> PlanView:
    """A new version of the plan of tries 新建拨打计划

    Versions never change: what a campaign is tried by stays what it was.
    """
    plan = Plan(body.version, body.tries, body.days, body.bands, body.outside_office, body.most_a_day)
    rules = {one.outcome: Rule(timedelta(minutes=one.wait_minutes), one.other_band, one.number) for one in body.rules}
    outline = Outline(body.version, body.name, plan, rules)
    hours = ctx.resource(CONFIG).calling.hours()
    return _plan(await plans.add(ctx.db, outline, actor=ctx.actor.audit_name, at=ctx.clock.now(), hours=hours))


@routes.get("/campaigns/{campaign_id}/dialling", Permission.CALLBACK_READ)
async def show_manner(ctx: Context, campaign_id: UUID) -> MannerView:
    """How the campaign is dialled, and what came of it 拨打方式与效果"""
    async with ctx.db.connection() as conn:
        await store.campaign(conn, campaign_id, ctx.actor.path)
        manner = await plans.manner(conn, campaign_id)
    return await _manner(ctx, campaign_id, manner)


@routes.put("/campaigns/{campaign_id}/dialling", Permission.CAMPAIGN_MANAGE)
async def set_manner(ctx: Context, campaign_id: UUID, body: MannerBody) -> MannerView:
    """Preview or progressive, machine detection, trunk and plan 设定拨打方式"""
    async with ctx.db.connection() as conn:
        plan_version = body.plan_version or await plans.newest(conn)
    wanted = Manner(plan_version, body.mode, body.detects_machines, body.trunk, body.version)
    trunks = frozenset(trunk.name for trunk in ctx.resource(CONFIG).calling.pace().trunks)
    manner = await plans.set_manner(
        ctx.db,
        campaign_id,
        wanted,
        trunks=trunks,
        path=ctx.actor.path,
        actor=ctx.actor.audit_name,
        at=ctx.clock.now(),
    )
    return await _manner(ctx, campaign_id, manner)


async def _manner(ctx: Context, campaign_id: UUID, manner: Manner) -> MannerView:
    async with ctx.db.connection() as conn:
        told = await performance.of_campaign(conn, campaign_id)
    return MannerView(
        version=manner.version,
        mode=manner.mode,
        detects_machines=manner.detects_machines,
        trunk=manner.trunk,
        plan_version=manner.plan_version,
        in_the_air=told.in_the_air,
        diallings=dict(told.diallings),
        answered=told.answered,
        abandoned=told.abandoned,
        abandoned_rate=told.abandoned_rate,
        idle_seconds=told.idle_seconds,
    )


def _plan(named: Named) -> PlanView:
    plan = named.plan
    rules = [
        RuleBody(
            outcome=outcome,
            wait_minutes=rule.wait // timedelta(minutes=1),
            other_band=rule.other_band,
            number=rule.number,
        )
        for outcome, rule in sorted(plan.rules.items())
    ]
    return PlanView(
        version=plan.version,
        name=named.name,
        tries=plan.tries,
        days=plan.days,
        bands=plan.bands,
        outside_office=plan.outside_office,
        most_a_day=plan.most_a_day,
        rules=rules,
        created_at=named.created_at,
    )
