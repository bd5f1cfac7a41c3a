"""Routes of posts: leading groups, coordinators, counsel, authority, changes. Must never decide who fits a post."""

from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter.accounts import authority, organisations, post_changes
from callcenter.accounts import posts as appointments
from callcenter.accounts.permissions import Permission, Role
from callcenter.errors import NotFoundError
from callcenter.web.accounts import OrganisationId, OrganisationView
from callcenter.web.acting import doer
from callcenter.web.api import Context, Day, Model, Page, PageQuery, Personal, Routes
from tickets import store as tickets
from tickets.calendar import Calendar, shanghai_day
from tickets.categories import Department
from tickets.posts import Duty, Part, Post, ReportState, Turn

routes = Routes("posts", "Posts and bodies 岗位与组织")

Version = Annotated[int, Field(ge=1, le=2_000_000_000)]
Note = Annotated[str, Field(max_length=2000)]
Yuan = Annotated[Decimal, Field(ge=0, le=10_000_000_000, max_digits=12, decimal_places=2)]


class PostView(Personal):
    """A post on one day. `acting` is the delegate of that day, else the holder; nobody where it is vacant."""

    organisation_id: Annotated[str, Field(title="机构")]
    kind: Annotated[Post, Field(title="岗位")]
    department: Annotated[Department | None, Field(title="部门")]
    holder_id: Annotated[UUID | None, Field(title="任职人标识")]
    holder_name: Annotated[str | None, Field(title="任职人")]
    holder_tenure_id: Annotated[UUID | None, Field(title="任职标识")]
    delegate_id: Annotated[UUID | None, Field(title="代理人标识")]
    delegate_name: Annotated[str | None, Field(title="代理人")]
    delegate_until: Annotated[date | None, Field(title="代理截止日（不含）")]
    acting_id: Annotated[UUID | None, Field(title="履职人标识")]
    acting_name: Annotated[str | None, Field(title="履职人")]


class PostQuery(PageQuery):
    """`on`: the day, by default today; `vacant`: nobody acts."""

    kind: Post | None = None
    department: Department | None = None
    organisation_id: OrganisationId | None = None
    vacant: bool | None = None
    on: Day | None = None


class TenureView(Personal):
    """Somebody's time on a post, from the day `since` to the day before `until`."""

    id: Annotated[UUID, Field(title="任职标识")]
    organisation_id: Annotated[str, Field(title="机构")]
    kind: Annotated[Post, Field(title="岗位")]
    department: Annotated[Department | None, Field(title="部门")]
    part: Annotated[Part, Field(title="方式")]
    user_id: Annotated[UUID, Field(title="人员标识")]
    user_name: Annotated[str, Field(title="姓名")]
    since: Annotated[date, Field(title="起始日")]
    until: Annotated[date | None, Field(title="截止日（不含）")]
    remark: Annotated[str, Field(title="说明")]
    version: Annotated[int, Field(title="版本")]


class TenureQuery(PageQuery):
    """`on`: who had a post that day; without it all times, past ones too."""

    kind: Post | None = None
    department: Department | None = None
    organisation_id: OrganisationId | None = None
    user_id: UUID | None = None
    on: Day | None = None


class NameBody(Model):
    """Who is named. A delegate needs an end (F-44); a holder follows the one before him from `since` on."""

    organisation_id: OrganisationId
    kind: Post
    department: Department | None = None
    user_id: UUID
    part: Part = Part.HOLDER
    since: Day
    until: Day | None = None
    remark: Note = ""


class EndBody(Model):
    """The first day on which the person no longer has the post."""

    version: Version
    until: Day


class CounselView(Personal):
    """Who reviews the opinion letters of an organisation, and for which organisation he was named (R-4.25)."""

    user_id: UUID
    user_name: str
    organisation_id: str
    organisation_name: str


class LimitView(Model):
    """Up to and including so many yuan may be settled on the spot by the role in the organisation and below it."""

    organisation_id: Annotated[str, Field(title="机构")]
    role: Annotated[Role, Field(title="岗位")]
    amount: Annotated[Decimal, Field(title="金额上限（元）")]
    basis: Annotated[str, Field(title="授权依据")]
    set_at: Annotated[datetime, Field(title="设定时间")]
    version: Annotated[int, Field(title="版本")]


class LimitBody(Model):
    """`basis`: the document that gives the authority."""

    amount: Yuan
    basis: Annotated[str, Field(min_length=1, max_length=200)]


class ChangeView(Personal):
    """A change of handler or coordinator at a counter, and its report to the upper customer service (R-3.35)."""

    id: Annotated[UUID, Field(title="变动标识")]
    organisation_id: Annotated[str, Field(title="柜面")]
    duty: Annotated[Duty, Field(title="岗位")]
    department: Annotated[Department | None, Field(title="部门")]
    turn: Annotated[Turn, Field(title="变动")]
    user_id: Annotated[UUID, Field(title="人员标识")]
    user_name: Annotated[str, Field(title="姓名")]
    effective_day: Annotated[date, Field(title="生效日")]
    due_day: Annotated[date, Field(title="报备期限")]
    report: Annotated[ReportState, Field(title="报备情况")]
    reported_at: Annotated[datetime | None, Field(title="报备时间")]
    note: Annotated[str, Field(title="报备说明")]
    received_at: Annotated[datetime | None, Field(title="签收时间")]
    version: Annotated[int, Field(title="版本")]


class ChangeQuery(PageQuery):
    """`late`: not reported although its time is over; `received`: the upper customer service has signed for it."""

    organisation_id: OrganisationId | None = None
    reported: bool | None = None
    received: bool | None = None
    late: bool | None = None


class ReportBody(Model):
    version: Version
    note: Note = ""


class ReceiveBody(Model):
    version: Version


@routes.get("/posts", Permission.POST_READ, reads="post")
async def list_posts(ctx: Context, query: PostQuery) -> Page[PostView]:
    """Posts and who acts on them 岗位

    Leading groups (R-3.1), coordinators (R-3.42) and counsel: those that may not be vacant, and those ever given.
    """
    async with ctx.db.connection() as conn:
        rows = await appointments.places(
            conn,
            await _below(ctx, query.organisation_id),
            query.on or shanghai_day(ctx.clock.now()),
            ctx.after(query, tuple[str, str, str]),
            query.limit + 1,
            kind=query.kind,
            department=query.department,
            vacant=query.vacant,
        )
    page = ctx.page(rows, query, key=lambda row: (row.path, row.kind, row.department or ""))
    return Page(
        items=[PostView(**{name: getattr(row, name) for name in PostView.model_fields}) for row in page.items],
        next=page.next,
    )


@routes.get("/posts/tenures", Permission.POST_READ, reads="post")
async def list_tenures(ctx: Context, query: TenureQuery) -> Page[TenureView]:
    """Who had which post when 任职记录"""
    async with ctx.db.connection() as conn:
        rows = await appointments.tenures(
            conn,
            await _below(ctx, query.organisation_id),
            ctx.after(query, tuple[date, UUID]),
            query.limit + 1,
            kind=query.kind,
            department=query.department,
            user_id=query.user_id,
            on=query.on,
        )
    page = ctx.page(rows, query, key=lambda row: (row.since, row.id))
    return Page(items=[_tenure(row) for row in page.items], next=page.next)


@routes.post("/posts/tenures", Permission.POST_MANAGE, creates=True, reads="post")
async def name_person(ctx: Context, body: NameBody) -> TenureView:
    """Name somebody, or who stands in 任命、指定代理

    The holder before ends with the day before `since`. On no day are there two holders, or two delegates.
    """
    new = appointments.Naming(id=ctx.key, **{name: getattr(body, name) for name in NameBody.model_fields})
    return _tenure(await appointments.name(ctx.db, doer(ctx), new, ctx.clock.now()))


@routes.post("/posts/tenures/{tenure_id}/actions/end", Permission.POST_MANAGE, reads="post")
async def end_tenure(ctx: Context, tenure_id: UUID, body: EndBody) -> TenureView:
    """End somebody's time on a post 免职、结束代理"""
    return _tenure(await appointments.end(ctx.db, doer(ctx), tenure_id, body.version, body.until, ctx.clock.now()))


@routes.get("/posts/without-handler", Permission.POST_READ)
async def list_without_handler(ctx: Context, query: PageQuery) -> Page[OrganisationView]:
    """Organisations that accept complaints and have no handler 无投诉岗的受理机构 (R-1.8)"""
    async with ctx.db.connection() as conn:
        rows = await appointments.without_handler(conn, ctx.actor.path, ctx.after(query, str), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: row.path)
    return Page(items=[OrganisationView(**asdict(row)) for row in page.items], next=page.next)


@routes.get("/organisations/{organisation_id}/counsel", Permission.POST_READ, reads="post")
async def show_counsel(ctx: Context, organisation_id: OrganisationId) -> CounselView:
    """The legal counsel who serves an organisation 法律顾问

    Its own, else that of the nearest organisation above.
    """
    async with ctx.db.connection() as conn:
        await organisations.find(conn, doer(ctx), organisation_id)
        found = await appointments.counsel(conn, organisation_id, shanghai_day(ctx.clock.now()))
    if found is None:
        raise NotFoundError("post", "counsel")
    return CounselView(**asdict(found))


@routes.get("/authority-limits", Permission.POST_READ)
async def list_limits(ctx: Context, query: PageQuery) -> Page[LimitView]:
    """What may be settled on the spot 当场解决金额权限 (R-2.18, R-3.29)

    The nearest organisation at or above one's own that gives one of one's roles a limit decides.
    """
    async with ctx.db.connection() as conn:
        rows = await authority.page(conn, ctx.actor.path, ctx.after(query, tuple[str, str]), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row.path, row.role))
    return Page(items=[_limit(row) for row in page.items], next=page.next)


@routes.put("/authority-limits/{organisation_id}/{role}", Permission.AUTHORITY_MANAGE)
async def give_limit(ctx: Context, organisation_id: OrganisationId, role: Role, body: LimitBody) -> LimitView:
    """Give a role its authority 设定权限"""
    return _limit(
        await authority.give(ctx.db, doer(ctx), organisation_id, role, body.amount, body.basis, ctx.clock.now())
    )


@routes.get("/post-changes", Permission.POST_READ, reads="post change")
async def list_changes(ctx: Context, query: ChangeQuery) -> Page[ChangeView]:
    """Changes of handlers and coordinators at counters 柜面岗位变动 (R-3.35)"""
    at = ctx.clock.now()
    async with ctx.db.connection() as conn:
        rows = await post_changes.page(
            conn,
            await _below(ctx, query.organisation_id),
            shanghai_day(at),
            ctx.after(query, UUID),
            query.limit + 1,
            reported=query.reported,
            received=query.received,
            late=query.late,
        )
        calendar = await tickets.calendar(conn)
    page = ctx.page(rows, query, key=lambda row: row.id)
    return Page(items=[_change(row, at, calendar) for row in page.items], next=page.next)


@routes.post("/post-changes/{change_id}/actions/report", Permission.POST_REPORT, reads="post change")
async def report_change(ctx: Context, change_id: UUID, body: ReportBody) -> ChangeView:
    """Report a change to the upper customer service 报备

    Within seven working days of its effect (L-33); later ones are taken and marked late.
    """
    at = ctx.clock.now()
    change = await post_changes.report(ctx.db, doer(ctx), change_id, body.version, body.note, at)
    return await _shown(ctx, change)


@routes.post("/post-changes/{change_id}/actions/receive", Permission.POST_REPORT, reads="post change")
async def receive_change(ctx: Context, change_id: UUID, body: ReceiveBody) -> ChangeView:
    """Sign for a reported change 签收报备

    Done by a customer service above the counter.
    """
    return await _shown(ctx, await post_changes.receive(ctx.db, doer(ctx), change_id, body.version, ctx.clock.now()))


async def _below(ctx: Context, organisation_id: str | None) -> str:
    if organisation_id is None:
        return ctx.actor.path
    async with ctx.db.connection() as conn:
        return (await organisations.find(conn, doer(ctx), organisation_id)).path


def _tenure(row: appointments.Tenure) -> TenureView:
    return TenureView(**{name: getattr(row, name) for name in TenureView.model_fields})


def _limit(row: authority.Limit) -> LimitView:
    return LimitView(**{name: getattr(row, name) for name in LimitView.model_fields})


async def _shown(ctx: Context, row: post_changes.Change) -> ChangeView:
    async with ctx.db.connection() as conn:
        return _change(row, ctx.clock.now(), await tickets.calendar(conn))


def _change(row: post_changes.Change, at: datetime, calendar: Calendar) -> ChangeView:
    made = {"due_day", "report"}
    return ChangeView(
        due_day=row.due(calendar),
        report=row.state(shanghai_day(at), calendar),
        **{name: getattr(row, name) for name in ChangeView.model_fields if name not in made},
    )
