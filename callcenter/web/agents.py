"""Routes of agents: one's own state, the board, what supervisors set. Must never touch the switch's queues."""

import asyncio
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field

from agi.ari.rest import AriError
from callcenter import audit, terms
from callcenter.accounts import names
from callcenter.accounts.permissions import Permission
from callcenter.agents import shift, store
from callcenter.agents.agent import LONGEST_WRAP_UP, NO_ANSWER, NoPhoneError, State
from callcenter.agents.registration import registration
from callcenter.agents.store import BoardRow
from callcenter.agents.telephones import KINDS, Telephones
from callcenter.customers import masking
from callcenter.errors import NotFoundError
from callcenter.web.api import Coded, Context, Model, Page, PageQuery, Routes
from callcenter.web.keys import SWITCH, WALL
from callcenter.web.origin import telephone_of

routes = Routes("agents", "Agents 坐席")

SWITCH_WITHIN = 1.0
"""Seconds a list waits to hear which telephones are registered."""

Code = Annotated[str, Field(min_length=2, max_length=32, pattern=r"^[a-z_]+$")]
QueueName = Annotated[str, Field(min_length=2, max_length=40)]


class AgentView(Model):
    """`state` is what the agent wishes to be; `activity` what his telephone does now.

    `telephone_registered`: whether the switch could ring the telephone he is logged in at; null when it does not say.
    `warning` says in words what keeps calls from him.
    """

    id: Annotated[UUID, Field(title="坐席标识")]
    name: Annotated[str, Field(title="姓名")]
    extension: Annotated[str, Field(title="分机")]
    organisation_id: Annotated[str, Field(title="机构")]
    state: Annotated[State, Field(title="状态")]
    reason: Annotated[str | None, Field(title="置忙原因")]
    since: Annotated[datetime | None, Field(title="起始")]
    until: Annotated[datetime | None, Field(title="话后截止")]
    endpoint: Annotated[str | None, Field(title="话机线路")]
    queues: Annotated[list[str], Field(title="队列"), Coded(terms.QUEUES)]
    activity: Annotated[Literal["idle", "ringing", "talking"], Field(title="话机"), Coded(terms.ACTIVITIES)]
    call_id: Annotated[UUID | None, Field(title="通话标识")]
    call_since: Annotated[datetime | None, Field(title="通话起始")]
    telephone_registered: Annotated[bool | None, Field(title="话机已注册")]
    warning: Annotated[str | None, Field(title="提醒")]


class ColleagueView(Model):
    """Somebody a call may be transferred to. `telephone`: away when nothing is registered at the extension, null when
    the switch cannot be asked."""

    extension: Annotated[str, Field(title="分机")]
    name: Annotated[str, Field(title="姓名")]
    organisation_id: Annotated[str, Field(title="机构")]
    state: Annotated[State, Field(title="状态")]
    queues: Annotated[list[str], Field(title="队列"), Coded(terms.QUEUES)]
    telephone: Annotated[Literal["free", "busy", "away"] | None, Field(title="话机"), Coded(terms.LINES)]


class ReasonView(Model):
    code: str
    name_zh: str
    name_en: str
    counts_as_work: bool


class Reasons(Model):
    items: list[ReasonView]


class LogIn(Model):
    """Without `queues` all that the agent serves; with `pause` logged in but not ready.

    Who is logged in already stays ready, paused or in wrap-up.
    """

    phone: Literal["web", "desk"] | None = None
    queues: Annotated[list[QueueName] | None, Field(max_length=20)] = None
    pause: Code | None = None


class TelephoneView(Model):
    """A SIP user agent in the page needs this: it opens `websocket` (subprotocol `sip`) and registers `uri` with `ha1`
    in place of a password, in `realm`. Keep it in the page's memory alone, and ask again at the next load."""

    endpoint: str
    uri: Annotated[str, Field(examples=["sip:web-8001@hotline.example"])]
    websocket: Annotated[str, Field(examples=["wss://hotline.example/ws"])]
    realm: str
    ha1: str


class Pause(Model):
    reason: Code


class Extend(Model):
    seconds: Annotated[int, Field(ge=1, le=int(LONGEST_WRAP_UP.total_seconds()))] = 60


class ServedQueue(Model):
    """A lower penalty is rung first."""

    queue: QueueName
    penalty: Annotated[int, Field(ge=0, le=100)] = 0


class Served(Model):
    queues: Annotated[list[ServedQueue], Field(max_length=20)]


class BoardQuery(PageQuery):
    at_work: Annotated[bool, Field(description="Only those who are logged in 仅签入")] = False


class IntervalView(Model):
    id: Annotated[UUID, Field(title="记录标识")]
    state: Annotated[State, Field(title="状态")]
    reason: Annotated[str | None, Field(title="原因")]
    call_id: Annotated[UUID | None, Field(title="通话标识")]
    actor: Annotated[str, Field(title="操作人标识")]
    actor_name: Annotated[str | None, Field(title="操作人")]
    started_at: Annotated[datetime, Field(title="开始")]
    ended_at: Annotated[datetime | None, Field(title="结束")]
    seconds: Annotated[float | None, Field(title="时长（秒）")]


@routes.get("/pause-reasons", Permission.AGENT_SELF)
async def list_pause_reasons(ctx: Context) -> Reasons:
    """Reasons for a pause 置忙原因"""
    async with ctx.db.connection() as conn:
        found = await store.pause_reasons(conn)
    return Reasons(
        items=[
            ReasonView(
                code=reason.code,
                name_zh=reason.name_zh,
                name_en=reason.name_en,
                counts_as_work=reason.counts_as_work,
            )
            for reason in found
            if reason.active and reason.by_hand
        ]
    )


@routes.get("/agents", Permission.AGENT_READ, live=True)
async def list_agents(ctx: Context, query: BoardQuery) -> Page[AgentView]:
    """The board of agents 坐席看板"""
    async with ctx.db.connection() as conn:
        rows = await store.board(
            conn, ctx.actor.path, after=ctx.after(query, UUID), at_work=query.at_work, limit=query.limit + 1
        )
    page = ctx.page(rows, query, key=lambda row: row.id)
    there = await _registered(ctx)
    return Page[AgentView](items=[_agent(row, there) for row in page.items], next=page.next)


@routes.get("/colleagues", Permission.AGENT_SELF, live=True)
async def list_colleagues(ctx: Context, query: BoardQuery) -> Page[ColleagueView]:
    """Whom a call may be transferred to 可转接的同事

    All of the company who have an extension, by name no more than is needed to address them.
    """
    async with ctx.db.connection() as conn:
        rows = await store.board(conn, "", after=ctx.after(query, UUID), at_work=query.at_work, limit=query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: row.id)
    there = await _registered(ctx)
    return Page[ColleagueView](items=[_colleague(row, there) for row in page.items], next=page.next)


@routes.get("/agents/me", Permission.AGENT_SELF)
async def show_own_state(ctx: Context) -> AgentView:
    """One's own state 我的状态"""
    return await _shown(ctx, ctx.actor.id)


@routes.get("/agents/me/telephone", Permission.AGENT_SELF)
async def show_own_telephone(ctx: Context) -> TelephoneView:
    """What one's browser needs to be a telephone 我的网页话机

    Only for oneself, and only for the browser's endpoint; that it was given is in the audit.
    """
    actor = ctx.actor
    if actor.extension is None:
        raise NoPhoneError
    found = await registration(ctx.config.agents.phones, actor.extension)
    async with ctx.db.transaction() as conn:
        await audit.record(
            conn,
            actor=actor.audit_name,
            action="agent.telephone",
            object_kind="agent",
            object_id=str(actor.id),
            at=ctx.resource(WALL).now(),
            details={"endpoint": found.endpoint},
            address=ctx.address,
        )
    websocket = telephone_of(ctx.request)
    return TelephoneView(
        endpoint=found.endpoint,
        uri=f"sip:{found.endpoint}@{urlsplit(websocket).hostname}",
        websocket=websocket,
        realm=found.realm,
        ha1=found.proof,
    )


@routes.post("/agents/me/actions/log-in", Permission.AGENT_SELF)
async def log_in(ctx: Context, body: LogIn) -> AgentView:
    """Log in at a telephone 签入

    A telephone that is not registered is no hindrance, but `warning` says so.
    """
    actor = ctx.actor
    await shift.log_in(
        ctx.db,
        actor.id,
        actor.audit_name,
        actor.path,
        ctx.resource(WALL).now(),
        phone=body.phone,
        queues=body.queues,
        pause=body.pause,
    )
    return await _shown(ctx, actor.id)


@routes.post("/agents/me/actions/ready", Permission.AGENT_SELF)
async def be_ready(ctx: Context) -> AgentView:
    """Ready for calls 就绪"""
    await shift.ready(ctx.db, ctx.actor.id, ctx.actor.audit_name, ctx.actor.path, ctx.resource(WALL).now())
    return await _shown(ctx, ctx.actor.id)


@routes.post("/agents/me/actions/pause", Permission.AGENT_SELF)
async def pause(ctx: Context, body: Pause) -> AgentView:
    """Pause with a reason 置忙

    During a call it takes effect when the call ends.
    """
    actor = ctx.actor
    await shift.pause(ctx.db, actor.id, body.reason, actor.audit_name, actor.path, ctx.resource(WALL).now())
    return await _shown(ctx, actor.id)


@routes.post("/agents/me/actions/extend-wrap-up", Permission.AGENT_SELF)
async def extend_wrap_up(ctx: Context, body: Extend) -> AgentView:
    """More time after the call 延长话后处理"""
    actor = ctx.actor
    await shift.extend(ctx.db, actor.id, body.seconds, actor.audit_name, actor.path, ctx.resource(WALL).now())
    return await _shown(ctx, actor.id)


@routes.post("/agents/me/actions/log-out", Permission.AGENT_SELF)
async def log_out(ctx: Context) -> AgentView:
    """Log out of the queues 签出

    A call under way goes on.
    """
    await shift.log_out(ctx.db, ctx.actor.id, ctx.actor.audit_name, ctx.actor.path, ctx.resource(WALL).now())
    return await _shown(ctx, ctx.actor.id)


@routes.post("/agents/{user_id}/actions/ready", Permission.AGENT_MANAGE)
async def make_ready(ctx: Context, user_id: UUID) -> AgentView:
    """Make an agent ready 强制就绪"""
    await shift.ready(ctx.db, user_id, ctx.actor.audit_name, ctx.actor.path, ctx.resource(WALL).now())
    return await _shown(ctx, user_id)


@routes.post("/agents/{user_id}/actions/pause", Permission.AGENT_MANAGE)
async def make_pause(ctx: Context, user_id: UUID, body: Pause) -> AgentView:
    """Pause an agent 强制置忙"""
    await shift.pause(ctx.db, user_id, body.reason, ctx.actor.audit_name, ctx.actor.path, ctx.resource(WALL).now())
    return await _shown(ctx, user_id)


@routes.post("/agents/{user_id}/actions/log-out", Permission.AGENT_MANAGE)
async def make_log_out(ctx: Context, user_id: UUID) -> AgentView:
    """Log an agent out 强制签出"""
    await shift.log_out(ctx.db, user_id, ctx.actor.audit_name, ctx.actor.path, ctx.resource(WALL).now())
    return await _shown(ctx, user_id)


@routes.put("/agents/{user_id}/queues", Permission.AGENT_MANAGE)
async def set_queues(ctx: Context, user_id: UUID, body: Served) -> Served:
    """Which queues an agent serves 技能队列"""
    wanted = [(each.queue, each.penalty) for each in body.queues]
    served = await shift.serve(ctx.db, user_id, wanted, ctx.actor.audit_name, ctx.actor.path, ctx.resource(WALL).now())
    return Served(queues=[ServedQueue(queue=queue, penalty=penalty) for queue, penalty in served.items()])


@routes.get("/agents/{user_id}/history", Permission.AGENT_READ)
async def show_history(ctx: Context, user_id: UUID, query: PageQuery) -> Page[IntervalView]:
    """States with their durations, newest first 状态记录"""
    async with ctx.db.connection() as conn:
        if not await store.board(conn, ctx.actor.path, user_id=user_id):
            raise NotFoundError("agent", user_id)
        rows = await store.history(conn, user_id, ctx.after(query, UUID), query.limit + 1)
        known = await names.of(conn, [row.actor for row in rows])
    page = ctx.page(rows, query, key=lambda row: row.id)
    items = [
        IntervalView(
            id=row.id,
            state=State(row.state),
            reason=row.reason,
            call_id=row.call_id,
            actor=row.actor,
            actor_name=known.get(row.actor),
            started_at=row.started_at,
            ended_at=row.ended_at,
            seconds=None if row.ended_at is None else (row.ended_at - row.started_at).total_seconds(),
        )
        for row in page.items
    ]
    return Page[IntervalView](items=items, next=page.next)


async def _shown(ctx: Context, user_id: UUID) -> AgentView:
    async with ctx.db.connection() as conn:
        rows = await store.board(conn, ctx.actor.path, user_id=user_id)
    if not rows:
        raise NotFoundError("agent", user_id)
    return _agent(rows[0], await _registered(ctx))


async def _registered(ctx: Context) -> frozenset[str] | None:
    """The telephones that are registered; None when the switch does not say."""
    if SWITCH not in ctx.request.config_dict:
        return None
    try:
        async with asyncio.timeout(SWITCH_WITHIN):
            return await Telephones(ctx.resource(SWITCH)).there()
    except (AriError, TimeoutError):
        return None


def _colleague(row: BoardRow, there: frozenset[str] | None) -> ColleagueView:
    telephone: Literal["free", "busy", "away"] | None = None
    if row.call_id is not None:
        telephone = "busy"
    elif there is not None:
        telephone = "free" if there & {f"{kind}-{row.extension}" for kind in KINDS} else "away"
    return ColleagueView(
        extension=row.extension,
        name=masking.name(row.name),
        organisation_id=row.organisation_id,
        state=row.state,
        queues=list(row.queues),
        telephone=telephone,
    )


def _warning(row: BoardRow, registered: bool | None) -> str | None:
    if registered is False:
        return f"话机 {row.endpoint} 未注册，来电无法接通。 {row.endpoint} is not registered: no call reaches it."
    if row.reason == NO_ANSWER:
        return "振铃未接，已自动置忙，返回后请点就绪。 A call was not answered: paused until ready is said."
    return None


def _agent(row: BoardRow, there: frozenset[str] | None) -> AgentView:
    registered = None if there is None or row.endpoint is None else row.endpoint in there
    activity: Literal["idle", "ringing", "talking"] = "idle"
    if row.call_id is not None:
        activity = "ringing" if row.ringing else "talking"
    return AgentView(
        id=row.id,
        name=row.name,
        extension=row.extension,
        organisation_id=row.organisation_id,
        state=row.state,
        reason=row.reason,
        since=row.since,
        until=row.until,
        endpoint=row.endpoint,
        queues=list(row.queues),
        activity=activity,
        call_id=row.call_id,
        call_since=row.call_since,
        telephone_registered=registered,
        warning=_warning(row, registered),
    )
