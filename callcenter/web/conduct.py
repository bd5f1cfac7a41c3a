"""Routes of what follows from complaints: people held to account, third parties, leading groups. Must never decide."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from callcenter import accountability, group_meetings, third_parties
from callcenter.accountability import Proposal, Wish
from callcenter.accounts.permissions import Permission
from callcenter.errors import InvalidError
from callcenter.group_meetings import Called
from callcenter.web import details
from callcenter.web.acting import by as _by
from callcenter.web.acting import sought as _found
from callcenter.web.api import Context, Day, Model, Moment, Name, Page, PageQuery, Personal, Routes, Text
from callcenter.web.customers import is_masked
from tickets.accountability import WEIGHS, AccountAction, AccountState, Measure
from tickets.calendar import shanghai_day
from tickets.categories import Category
from tickets.errors import Words
from tickets.group_meetings import GroupMeetingState, title
from tickets.third_parties import Admission, ThirdPartyKind

routes = Routes("conduct", "Accountability, third parties, leading groups 问责、第三方、领导小组")

Said = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Version = Annotated[int, Field(ge=1)]
Organisation = Annotated[str, Field(min_length=1, max_length=100)]
YEAR = timedelta(days=365)


class AccountView(Personal):
    """Somebody held to account for what a complaint brought to light (B-10)."""

    id: Annotated[UUID, Field(title="问责标识")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    ticket_number: Annotated[str, Field(title="服务单号")]
    category: Annotated[Category | None, Field(title="类别")]
    organisation_id: Annotated[str, Field(title="所属机构")]
    user_id: Annotated[UUID | None, Field(title="人员标识")]
    person: Annotated[str, Field(title="人员")]
    breach: Annotated[str, Field(title="违规事实")]
    measure: Annotated[Measure, Field(title="问责措施")]
    weighs: Annotated[bool, Field(title="计入薪酬晋升考核")]
    basis: Annotated[str, Field(title="依据")]
    state: Annotated[AccountState, Field(title="状态")]
    proposed_at: Annotated[datetime, Field(title="提出时间")]
    proposed_by: Annotated[str, Field(title="提出人")]
    decided_at: Annotated[datetime | None, Field(title="决定时间")]
    decided_by: Annotated[str | None, Field(title="决定人")]
    remark: Annotated[str | None, Field(title="决定意见")]
    done_at: Annotated[datetime | None, Field(title="执行时间")]
    done_by: Annotated[str | None, Field(title="执行登记人")]
    version: Annotated[int, Field(title="版本")]


class AccountQuery(PageQuery):
    """`weighs`: what weighs in pay and promotion, or what does not; days of the proposal, both included."""

    state: AccountState | None = None
    ticket_id: UUID | None = None
    user_id: UUID | None = None
    weighs: bool | None = None
    first_day: Day | None = None
    last_day: Day | None = None


class AccountBody(Model):
    """Who is held to account for what: `user_id` of a user, or `person` and `organisation_id` of a salesperson."""

    user_id: UUID | None = None
    person: Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)] = ""
    organisation_id: Organisation | None = None
    breach: Annotated[Said, Field(description="违规事实")]
    measure: Annotated[Measure, Field(description="问责措施")]
    basis: Annotated[Said, Field(description="依据")]


class DecisionBody(Model):
    """`version` is the one that was read; a decision says why."""

    version: Version
    remark: Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True)] = ""


class ThirdPartyView(Model):
    """A third party, and how it cooperated on what it was asked in the days (N-3)."""

    id: Annotated[UUID, Field(title="第三方标识")]
    name: Annotated[str, Field(title="名称")]
    kind: Annotated[ThirdPartyKind, Field(title="类型")]
    organisation_id: Annotated[str, Field(title="合作机构")]
    admission: Annotated[Admission, Field(title="准入状态")]
    reason: Annotated[str | None, Field(title="变更理由")]
    asked: Annotated[int, Field(title="请求配合次数")]
    answered: Annotated[int, Field(title="已答复次数")]
    late: Annotated[int, Field(title="逾期次数")]
    mean: Annotated[Decimal | None, Field(title="平均得分")]
    version: Annotated[int, Field(title="版本")]


class ThirdPartyQuery(PageQuery):
    """`first_day`, `last_day`: of the requests that are summed up; by default the last year."""

    admission: Admission | None = None
    first_day: Day | None = None
    last_day: Day | None = None


class ThirdPartyBody(Model):
    """A third party that an organisation works with."""

    name: Name
    kind: ThirdPartyKind
    organisation_id: Organisation


class AdmissionBody(Model):
    """Whether business goes on with it, and why; `version` is the one that was read."""

    version: Version
    admission: Admission
    reason: Said


class ThirdPartyRequestView(Personal):
    """What a third party was asked for on a complaint, and how it cooperated (N-3)."""

    id: Annotated[UUID, Field(title="标识")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    ticket_number: Annotated[str, Field(title="服务单号")]
    third_party_id: Annotated[UUID, Field(title="第三方标识")]
    third_party: Annotated[str, Field(title="第三方")]
    request: Annotated[str, Field(title="请求配合事项")]
    due_day: Annotated[date, Field(title="配合期限")]
    asked_at: Annotated[datetime, Field(title="请求时间")]
    asked_by: Annotated[str, Field(title="请求人")]
    answer: Annotated[str | None, Field(title="答复")]
    answered_on: Annotated[date | None, Field(title="答复日期")]
    score: Annotated[int | None, Field(title="配合得分")]
    remark: Annotated[str | None, Field(title="评价")]
    scored_at: Annotated[datetime | None, Field(title="评分时间")]
    scored_by: Annotated[str | None, Field(title="评分人")]
    version: Annotated[int, Field(title="版本")]


class ThirdPartyRequestQuery(PageQuery):
    third_party_id: UUID | None = None
    ticket_id: UUID | None = None
    unscored: bool | None = None


class ThirdPartyRequestBody(Model):
    """What it is asked for, until which day."""

    third_party_id: UUID
    request: Annotated[Text, Field(description="请求配合事项")]
    due_day: Annotated[Day, Field(description="配合期限")]


class ScoreBody(Model):
    """Its answer with the day it came, or neither; a score from 1 to 5; `version` is the one that was read."""

    version: Version
    answer: Annotated[str | None, StringConstraints(min_length=1, max_length=20_000, strip_whitespace=True)] = None
    answered_on: Day | None = None
    score: Annotated[int, Field(ge=1, le=5, description="配合得分,1至5")]
    remark: Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True)] = ""


class GroupMeetingView(Model):
    """A meeting of a leading group (R-3.2)."""

    id: Annotated[UUID, Field(title="会议标识")]
    organisation_id: Annotated[str, Field(title="机构标识")]
    organisation: Annotated[str, Field(title="机构")]
    title: Annotated[str, Field(title="会议名称")]
    subject: Annotated[str, Field(title="主题")]
    topics: Annotated[str, Field(title="热点难点问题")]
    planned_at: Annotated[datetime, Field(title="计划时间")]
    state: Annotated[GroupMeetingState, Field(title="状态")]
    chair_id: Annotated[UUID | None, Field(title="主持人标识")]
    present: Annotated[list[UUID], Field(title="到会人员标识")]
    minutes: Annotated[str | None, Field(title="会议纪要")]
    held_at: Annotated[datetime | None, Field(title="召开时间")]
    called_by: Annotated[str, Field(title="通知人")]
    recorded_by: Annotated[str | None, Field(title="登记人")]
    version: Annotated[int, Field(title="版本")]


class GroupMeetingQuery(PageQuery):
    organisation: Organisation | None = None
    state: GroupMeetingState | None = None


class GroupMeetingBody(Model):
    """What a meeting is called for, and when."""

    subject: Name
    topics: Annotated[Text, Field(description="热点难点问题 (R-3.2)")]
    planned_at: Moment


class HeldBody(Model):
    """Who presided, who came, and the minutes; `version` is the one that was read."""

    version: Version
    chair_id: UUID
    present: Annotated[list[UUID], Field(min_length=1, max_length=200)]
    minutes: Text
    held_at: Moment | None = None


class VersionBody(Model):
    version: Version


class NotMetView(Model):
    """A company whose leading group has not met for half a year."""

    organisation_id: Annotated[str, Field(title="机构标识")]
    name: Annotated[str, Field(title="机构")]
    last_held: Annotated[date | None, Field(title="上次会议")]


@routes.post(
    "/tickets/{ticket_id}/accountabilities", Permission.ACCOUNTABILITY_MANAGE, creates=True, reads="accountability"
)
async def propose_accountability(ctx: Context, ticket_id: UUID, body: AccountBody) -> AccountView:
    """Propose to hold somebody to account 提出问责

    On a complaint that was found valid, somebody being at fault.
    """
    wanted = Proposal(**body.model_dump())
    with _found():
        await accountability.propose(ctx.db, ctx.key, ticket_id, wanted, _by(ctx), ctx.clock.now())
    return await _account(ctx, ctx.key)


@routes.get("/accountabilities", Permission.ACCOUNTABILITY_READ, reads="accountability")
async def list_accountabilities(ctx: Context, query: AccountQuery) -> Page[AccountView]:
    """Who was held to account, the latest first 问责台账

    `weighs=true` is what pay and promotion take into account.
    """
    wish = Wish(**query.model_dump(exclude={"limit", "cursor"}))
    masked = is_masked(ctx)
    async with ctx.db.connection() as conn:
        after = ctx.after(query, tuple[datetime, UUID])
        rows = await accountability.page(conn, wish, _by(ctx), after, query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row["proposed_at"], row["id"]))
    return Page(items=[_account_view(row, masked) for row in page.items], next=page.next)


@routes.post(
    "/accountabilities/{account_id}/actions/{action}", Permission.ACCOUNTABILITY_MANAGE, reads="accountability"
)
async def act_on_accountability(
    ctx: Context, account_id: UUID, action: AccountAction, body: DecisionBody
) -> AccountView:
    """Decide, drop, or say that it was carried out 决定、不予问责、执行

    Another person than who proposed it decides; who it is about does neither.
    """
    at = ctx.clock.now()
    await accountability.act(ctx.db, account_id, body.version, action, body.remark, _by(ctx), at)
    return await _account(ctx, account_id)


@routes.get("/third-parties", Permission.ORGANISATION_READ)
async def list_third_parties(ctx: Context, query: ThirdPartyQuery) -> Page[ThirdPartyView]:
    """Third parties with how they cooperated 第三方机构及配合评分"""
    today = shanghai_day(ctx.clock.now())
    days = (query.first_day or today - YEAR, query.last_day or today)
    async with ctx.db.connection() as conn:
        after = ctx.after(query, UUID)
        rows = await third_parties.parties(conn, _by(ctx), query.admission, days, today, after, query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: row["id"])
    return Page(items=[_party(row) for row in page.items], next=page.next)


@routes.post("/third-parties", Permission.ORGANISATION_MANAGE, creates=True)
async def add_third_party(ctx: Context, body: ThirdPartyBody) -> ThirdPartyView:
    """Register a third party 登记第三方机构"""
    at = ctx.clock.now()
    await third_parties.add(ctx.db, ctx.key, body.name, body.kind, body.organisation_id, _by(ctx), at)
    return await _one_party(ctx, ctx.key)


@routes.post("/third-parties/{party_id}/admission", Permission.ORGANISATION_MANAGE)
async def change_admission(ctx: Context, party_id: UUID, body: AdmissionBody) -> ThirdPartyView:
    """Warn it, end business with it, admit it again 准入、预警、退出"""
    at = ctx.clock.now()
    await third_parties.admit(ctx.db, party_id, body.version, body.admission, body.reason, _by(ctx), at)
    return await _one_party(ctx, party_id)


@routes.post(
    "/tickets/{ticket_id}/third-party-requests", Permission.TICKET_MANAGE, creates=True, reads="third party request"
)
async def ask_third_party(ctx: Context, ticket_id: UUID, body: ThirdPartyRequestBody) -> ThirdPartyRequestView:
    """Ask a third party to cooperate on a complaint 请求第三方配合"""
    at = ctx.clock.now()
    with _found():
        await third_parties.ask(
            ctx.db, ctx.key, ticket_id, body.third_party_id, body.request, body.due_day, _by(ctx), at
        )
    return await _request(ctx, ctx.key)


@routes.get("/third-party-requests", Permission.TICKET_WORK, reads="third party request")
async def list_third_party_requests(ctx: Context, query: ThirdPartyRequestQuery) -> Page[ThirdPartyRequestView]:
    """What third parties were asked for, the latest first 第三方配合记录"""
    masked = is_masked(ctx)
    async with ctx.db.connection() as conn:
        rows = await third_parties.requests(
            conn,
            _by(ctx),
            party_id=query.third_party_id,
            ticket_id=query.ticket_id,
            unscored=query.unscored,
            after=ctx.after(query, tuple[datetime, UUID]),
            limit=query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: (row["asked_at"], row["id"]))
    return Page(items=[_request_view(row, masked) for row in page.items], next=page.next)


@routes.post("/third-party-requests/{request_id}/score", Permission.TICKET_MANAGE, reads="third party request")
async def score_third_party(ctx: Context, request_id: UUID, body: ScoreBody) -> ThirdPartyRequestView:
    """Say what it answered and score how it cooperated 登记答复并评分"""
    if (body.answer is None) != (body.answered_on is None):
        raise InvalidError(Words("答复须注明日期", "an answer has its day"))
    answered = (body.answered_on, body.answer) if body.answer is not None and body.answered_on is not None else None
    at = ctx.clock.now()
    await third_parties.score(ctx.db, request_id, body.version, answered, body.score, body.remark, _by(ctx), at)
    return await _request(ctx, request_id)


@routes.post("/leading-group/meetings", Permission.COMMITTEE_MANAGE, creates=True)
async def call_group_meeting(ctx: Context, body: GroupMeetingBody) -> GroupMeetingView:
    """Call a meeting of the leading group 通知领导小组会议"""
    wanted = Called(body.subject, body.topics, body.planned_at)
    await group_meetings.call(ctx.db, ctx.key, wanted, _by(ctx), ctx.clock.now())
    return await _meeting(ctx, ctx.key)


@routes.get("/leading-group/meetings", Permission.COMMITTEE_READ)
async def list_group_meetings(ctx: Context, query: GroupMeetingQuery) -> Page[GroupMeetingView]:
    """Meetings of the leading groups, the latest first 领导小组会议"""
    async with ctx.db.connection() as conn:
        rows = await group_meetings.page(
            conn,
            _by(ctx),
            organisation=query.organisation,
            state=query.state,
            after=ctx.after(query, tuple[datetime, UUID]),
            limit=query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: (row["planned_at"], row["id"]))
    return Page(items=[_meeting_view(row) for row in page.items], next=page.next)


@routes.get("/leading-group/not-met", Permission.COMMITTEE_READ)
async def list_not_met(ctx: Context) -> Page[NotMetView]:
    """Companies whose leading group has not met for half a year 半年未开会的领导小组"""
    async with ctx.db.connection() as conn:
        rows = await group_meetings.overdue(conn, _by(ctx), shanghai_day(ctx.clock.now()))
    found = [NotMetView.model_validate({name: row[name] for name in NotMetView.model_fields}) for row in rows]
    return Page(items=found, next=None)


@routes.post("/leading-group/meetings/{meeting_id}/actions/hold", Permission.COMMITTEE_MANAGE)
async def hold_group_meeting(ctx: Context, meeting_id: UUID, body: HeldBody) -> GroupMeetingView:
    """Record that it was held, with its minutes 登记会议纪要"""
    at = ctx.clock.now()
    await group_meetings.hold(
        ctx.db,
        meeting_id,
        body.version,
        body.minutes,
        body.present,
        body.chair_id,
        body.held_at or at,
        _by(ctx),
        at,
    )
    return await _meeting(ctx, meeting_id)


@routes.post("/leading-group/meetings/{meeting_id}/actions/cancel", Permission.COMMITTEE_MANAGE)
async def cancel_group_meeting(ctx: Context, meeting_id: UUID, body: VersionBody) -> GroupMeetingView:
    """It does not take place 取消会议"""
    await group_meetings.cancel(ctx.db, meeting_id, body.version, _by(ctx), ctx.clock.now())
    return await _meeting(ctx, meeting_id)


async def _account(ctx: Context, account_id: UUID) -> AccountView:
    async with ctx.db.connection() as conn:
        row = await accountability.show(conn, account_id, _by(ctx))
    return _account_view(row, is_masked(ctx))


def _account_view(row: Mapping[str, Any], masked: bool) -> AccountView:
    own = {name: row[name] for name in AccountView.model_fields if name in row}
    told = {name: details.text(own[name], masked) for name in ("breach", "basis", "remark") if own[name]}
    weighs = Measure(row["measure"]) in WEIGHS
    return AccountView.model_validate(own | told | {"weighs": weighs})


async def _one_party(ctx: Context, party_id: UUID) -> ThirdPartyView:
    today = shanghai_day(ctx.clock.now())
    async with ctx.db.connection() as conn:
        return _party(await third_parties.party(conn, party_id, (today - YEAR, today), today))


def _party(row: Mapping[str, Any]) -> ThirdPartyView:
    return ThirdPartyView.model_validate({name: row[name] for name in ThirdPartyView.model_fields})


async def _request(ctx: Context, request_id: UUID) -> ThirdPartyRequestView:
    async with ctx.db.connection() as conn:
        row = await third_parties.show(conn, request_id, _by(ctx))
    return _request_view(row, is_masked(ctx))


def _request_view(row: Mapping[str, Any], masked: bool) -> ThirdPartyRequestView:
    own = {name: row[name] for name in ThirdPartyRequestView.model_fields}
    told = {name: details.text(own[name], masked) for name in ("request", "answer", "remark") if own[name]}
    return ThirdPartyRequestView.model_validate(own | told)


async def _meeting(ctx: Context, meeting_id: UUID) -> GroupMeetingView:
    async with ctx.db.connection() as conn:
        return _meeting_view(await group_meetings.show(conn, meeting_id, _by(ctx)))


def _meeting_view(row: Mapping[str, Any]) -> GroupMeetingView:
    own = {name: row[name] for name in GroupMeetingView.model_fields if name in row}
    return GroupMeetingView.model_validate(own | {"title": title(row["year"], row["number"])})
