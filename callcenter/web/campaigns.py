"""Routes of callback campaigns and of the tasks made for their policies. Must never decide who is called back."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter.accounts.permissions import Permission
from callcenter.callbacks import campaigns, store
from callcenter.callbacks.campaigns import Refusal
from callcenter.callbacks.store import Campaign
from callcenter.callbacks.task import Purpose
from callcenter.web.api import Context, Model, Moment, Name, Page, PageQuery, Routes

routes = Routes("campaigns", "Callback campaigns 回访批次")

PATH_OF = "SELECT path FROM organisation WHERE id = $1"


class CampaignBody(Model):
    """`organisation_id` defaults to the actor's own; `script_version` to the current questionnaire."""

    name: Name
    purpose: Purpose = Purpose.NEW_BUSINESS
    organisation_id: Annotated[str | None, Field(max_length=64)] = None
    script_version: Annotated[str | None, Field(max_length=20)] = None


class CampaignView(Model):
    id: Annotated[UUID, Field(title="批次标识")]
    name: Annotated[str, Field(title="名称")]
    organisation_id: Annotated[str, Field(title="机构")]
    purpose: Annotated[Purpose, Field(title="用途")]
    script_version: Annotated[str | None, Field(title="问卷版本")]
    created_at: Annotated[datetime, Field(title="创建时间")]


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
    )
    return _campaign(campaign)


@routes.get("/campaigns", Permission.CALLBACK_READ)
async def list_campaigns(ctx: Context, query: PageQuery) -> Page[CampaignView]:
    """Campaigns, newest first 回访批次列表"""
    async with ctx.db.connection() as conn:
        rows = await store.campaigns(conn, ctx.actor.path, ctx.after(query, UUID), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: row.id)
    return Page(items=[_campaign(row) for row in page.items], next=page.next)


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


def _campaign(campaign: Campaign) -> CampaignView:
    return CampaignView(**{name: getattr(campaign, name) for name in CampaignView.model_fields})
