"""Routes of callback campaigns and of the tasks made for their policies. Must never decide who is called back."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from callcenter import terms
from callcenter.accounts.permissions import Permission
from callcenter.callbacks import campaigns, changes, control, standing, store
from callcenter.callbacks.campaign import Settings, Standing, Turn
from callcenter.callbacks.campaigns import Refusal
from callcenter.callbacks.store import Campaign
from callcenter.callbacks.task import Purpose, Result, State
from callcenter.web.api import Coded, Context, Model, Moment, Name, Page, PageQuery, Routes

routes = Routes("campaigns", "Callback campaigns 回访批次")

Short = Annotated[str, Field(min_length=1, max_length=100)]
SalesChannel = Literal["agent", "bank", "telesales", "internet", "broker", "group"]

PATH_OF = "SELECT path FROM organisation WHERE id = $1"


Codes = Annotated[list[Short], Field(default_factory=list, max_length=200)]
Reason = Annotated[str, Field(min_length=1, max_length=2000)]
Version = Annotated[str, Field(min_length=1, max_length=40)]


class SettingsBody(Model):
    """Products, channels and regions narrow a campaign; an empty list does not.

    `automatic`: policies in scope get their tasks without being handed in. `extension_days`: for so long a callback
    after the cooling-off period extends the full refund (C-21); without it, it does not.
    """

    name: Name
    script_version: Version | None = None
    simplified_version: Annotated[Version | None, Field(description="For products whose switch is on (C-23)")] = None
    products: Codes
    channels: Annotated[list[SalesChannel], Field(default_factory=list, max_length=6)]
    regions: Annotated[Codes, Field(description="Organisations, each with all below it")]
    automatic: bool = True
    extension_days: Annotated[int | None, Field(ge=1, le=60)] = None

    def settings(self) -> Settings:
        return Settings(
            self.simplified_version,
            tuple(self.products),
            tuple(self.channels),
            tuple(self.regions),
            self.automatic,
            self.extension_days,
        )


class CampaignBody(SettingsBody):
    """`organisation_id` defaults to the actor's own; `script_version` to the one published last for the purpose.

    A campaign runs from the start, unless it is to be a draft.
    """

    purpose: Purpose = Purpose.NEW_BUSINESS
    organisation_id: Annotated[str | None, Field(max_length=64)] = None
    draft: bool = False


class EditBody(SettingsBody):
    """The whole of what can be settled, and why it is settled anew. `version`: the one that was read."""

    version: int
    reason: Reason


class TurnBody(Model):
    """`version`: the one that was read. Pausing and stopping take a reason."""

    version: int
    reason: Reason | None = None


class CampaignQuery(PageQuery):
    state: Standing | None = None
    purpose: Purpose | None = None
    organisation_id: Annotated[str | None, Field(max_length=64)] = None


class CampaignView(Model):
    id: Annotated[UUID, Field(title="批次标识")]
    name: Annotated[str, Field(title="名称")]
    organisation_id: Annotated[str, Field(title="机构")]
    purpose: Annotated[Purpose, Field(title="用途")]
    state: Annotated[Standing, Field(title="状态")]
    script_version: Annotated[str | None, Field(title="话术版本")]
    simplified_version: Annotated[str | None, Field(title="简化话术版本")]
    products: Annotated[list[str], Field(title="产品")]
    channels: Annotated[list[str], Field(title="销售渠道"), Coded(terms.SALES_CHANNELS)]
    regions: Annotated[list[str], Field(title="地区")]
    automatic: Annotated[bool, Field(title="自动生成任务")]
    extension_days: Annotated[int | None, Field(title="延长退保天数")]
    created_at: Annotated[datetime, Field(title="创建时间")]
    version: Annotated[int, Field(title="版本")]


class ProgressView(Model):
    """Tasks by state and result; `tried`: dialled at least once; `overdue`: open after their time; `due_soon`: their
    time ends within two days; `late`: made or reached after the cooling-off period (C-21)."""

    tasks: int
    tried: int
    states: dict[State, int]
    results: dict[Result, int]
    late: int
    overdue: int
    due_soon: int


class ChangeView(Model):
    action: Turn
    state: Standing
    reason: str | None
    changed_by: str
    changed_at: datetime
    version: int


class CampaignFile(Model):
    """A campaign, how far it has come, and what was done to it."""

    campaign: CampaignView
    progress: ProgressView
    changes: list[ChangeView]


class TasksBody(Model):
    """Policies by number; `chosen_at` is the moment the customers asked to be rung at, if they did (C-18)."""

    campaign_id: UUID
    policies: Annotated[list[Annotated[str, Field(min_length=1, max_length=40)]], Field(min_length=1, max_length=1000)]
    chosen_at: Moment | None = None


class AddedView(Model):
    """`refusal` says why a policy got no task; `existed` that it had one in this campaign already; `late` and
    `cooling_off_assumed` are the task's."""

    policy: str
    task_id: UUID | None
    refusal: Refusal | None
    existed: bool
    late: bool
    cooling_off_assumed: bool


class AddedTasks(Model):
    items: list[AddedView]


@routes.post("/campaigns", Permission.CAMPAIGN_MANAGE, creates=True)
async def create_campaign(ctx: Context, body: CampaignBody) -> CampaignView:
    """Open a campaign 新建回访批次"""
    organisation_id = body.organisation_id or ctx.actor.organisation_id
    async with ctx.db.connection() as conn:
        ctx.within(await conn.fetchval(PATH_OF, organisation_id), "organisation", organisation_id)
    campaign = await campaigns.create(
        ctx.db,
        id=ctx.key,
        name=body.name,
        organisation_id=organisation_id,
        purpose=body.purpose,
        script_version=body.script_version,
        actor=ctx.actor.audit_name,
        at=ctx.clock.now(),
        settings=body.settings(),
        draft=body.draft,
    )
    return _campaign(campaign)


@routes.get("/campaigns", Permission.CALLBACK_READ)
async def list_campaigns(ctx: Context, query: CampaignQuery) -> Page[CampaignView]:
    """Campaigns, newest first 回访批次列表"""
    async with ctx.db.connection() as conn:
        rows = await store.campaigns(
            conn,
            ctx.actor.path,
            ctx.after(query, UUID),
            query.limit + 1,
            state=query.state,
            purpose=query.purpose,
            organisation_id=query.organisation_id,
        )
    page = ctx.page(rows, query, key=lambda row: row.id)
    return Page(items=[_campaign(row) for row in page.items], next=page.next)


@routes.get("/campaigns/{campaign_id}", Permission.CALLBACK_READ)
async def show_campaign(ctx: Context, campaign_id: UUID) -> CampaignFile:
    """A campaign, its progress and its history 回访批次详情"""
    async with ctx.db.connection() as conn:
        campaign = await store.campaign(conn, campaign_id, ctx.actor.path)
        progress = await standing.progress(conn, campaign_id, ctx.clock.now())
        history = await changes.of(conn, campaign_id)
    return CampaignFile(
        campaign=_campaign(campaign),
        progress=ProgressView(**asdict(progress)),
        changes=[ChangeView(**{name: getattr(one, name) for name in ChangeView.model_fields}) for one in history],
    )


@routes.put("/campaigns/{campaign_id}", Permission.CAMPAIGN_MANAGE)
async def edit_campaign(ctx: Context, campaign_id: UUID, body: EditBody) -> CampaignView:
    """Settle a campaign anew 修改回访批次

    Tasks that are there keep what they were made with.
    """
    campaign = await control.edit(
        ctx.db,
        campaign_id,
        body.version,
        body.reason,
        name=body.name,
        script_version=body.script_version,
        settings=body.settings(),
        path=ctx.actor.path,
        actor=ctx.actor.audit_name,
        at=ctx.clock.now(),
    )
    return _campaign(campaign)


@routes.post("/campaigns/{campaign_id}/actions/start", Permission.CAMPAIGN_MANAGE)
async def start_campaign(ctx: Context, campaign_id: UUID, body: TurnBody) -> CampaignView:
    """Start a draft 启动回访批次"""
    return await _turn(ctx, campaign_id, Turn.START, body)


@routes.post("/campaigns/{campaign_id}/actions/pause", Permission.CAMPAIGN_MANAGE)
async def pause_campaign(ctx: Context, campaign_id: UUID, body: TurnBody) -> CampaignView:
    """Pause: nothing of it is dialled until it is resumed 暂停回访批次"""
    return await _turn(ctx, campaign_id, Turn.PAUSE, body)


@routes.post("/campaigns/{campaign_id}/actions/resume", Permission.CAMPAIGN_MANAGE)
async def resume_campaign(ctx: Context, campaign_id: UUID, body: TurnBody) -> CampaignView:
    """Go on with what was paused 恢复回访批次"""
    return await _turn(ctx, campaign_id, Turn.RESUME, body)


@routes.post("/campaigns/{campaign_id}/actions/stop", Permission.CAMPAIGN_MANAGE)
async def stop_campaign(ctx: Context, campaign_id: UUID, body: TurnBody) -> CampaignView:
    """Stop for good: what waits is withdrawn with the reason, what is under way is still concluded 终止回访批次"""
    return await _turn(ctx, campaign_id, Turn.STOP, body)


@routes.post("/campaigns/{campaign_id}/actions/finish", Permission.CAMPAIGN_MANAGE)
async def finish_campaign(ctx: Context, campaign_id: UUID, body: TurnBody) -> CampaignView:
    """Finish one in which every task has its outcome 结束回访批次"""
    return await _turn(ctx, campaign_id, Turn.FINISH, body)


@routes.post("/callback-tasks", Permission.CAMPAIGN_MANAGE, creates=True)
async def add_tasks(ctx: Context, body: TasksBody) -> AddedTasks:
    """Make tasks for policies 新建回访任务

    One task a policy in a campaign, however often it is handed in; policies that are not to be called back are
    refused one by one, with the reason. A policy may stand in several campaigns of different purposes; one of the same
    purpose takes it only once the other campaign's task is done.
    """
    added = await campaigns.add_policies(
        ctx.db,
        body.campaign_id,
        body.policies,
        path=ctx.actor.path,
        actor=ctx.actor.audit_name,
        at=ctx.clock.now(),
        chosen_at=body.chosen_at,
    )
    return AddedTasks(
        items=[AddedView(**{name: getattr(one, name) for name in AddedView.model_fields}) for one in added]
    )


async def _turn(ctx: Context, campaign_id: UUID, turn: Turn, body: TurnBody) -> CampaignView:
    campaign = await control.turn(
        ctx.db,
        campaign_id,
        turn,
        body.version,
        body.reason,
        path=ctx.actor.path,
        actor=ctx.actor.audit_name,
        at=ctx.clock.now(),
    )
    return _campaign(campaign)


def _campaign(campaign: Campaign) -> CampaignView:
    fields = {name: getattr(campaign, name) for name in CampaignView.model_fields}
    lists = {name: list(fields[name]) for name in ("products", "channels", "regions")}
    return CampaignView(**{**fields, **lists})
