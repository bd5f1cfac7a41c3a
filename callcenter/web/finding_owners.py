"""Routes of who handles which kind of finding, and of what something heard on a callback is. Must never decide."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from callcenter import finding_owners
from callcenter.accounts.permissions import Permission
from callcenter.callbacks import backlog
from callcenter.customers import masking
from callcenter.errors import InvalidError
from callcenter.web.acting import by
from callcenter.web.api import SIGNED_IN, Context, Day, Model, Name, Page, PageQuery, Personal, Routes
from callcenter.web.customers import is_masked
from callcenter.web.keys import COMPLAINTS
from callcenter.web.ticket_views import ReasonView
from callcenter.web.tickets import organisation_path
from tickets import deadlines
from tickets.calendar import shanghai_day
from tickets.categories import Category, Department, Route
from tickets.deadlines import Gravity
from tickets.errors import NotAdmissibleError, Words
from tickets.findings import GRAVE, Heard, Intention, Respondent, Subject, classify
from tickets.intake import Channel, Nature, Source
from tickets.lifecycle import Status
from tickets.owners import Owner, problems
from tickets.terms import TERMS

routes = Routes("finding_owners", "Kinds of findings 问题件类型与归口")

Departments = Annotated[list[Department], Field(default_factory=list, max_length=7)]


class OwnerBody(Model):
    """The departments that handle a kind of finding; never led by sales (C-14)."""

    kind: Annotated[Subject, Field(description="问题类型 (C-26)")]
    main: Annotated[Department, Field(description="主办")]
    joint: Annotated[Departments, Field(description="协办")]
    copies: Annotated[Departments, Field(description="抄送")]
    supervise: Annotated[Departments, Field(description="督办")]

    def value(self) -> Owner:
        """As the rules take it."""
        return Owner(self.kind, Route(self.main, *map(tuple, (self.joint, self.copies, self.supervise))))


class OwnerView(OwnerBody):
    """The same, with what the kind is called and whether it is one of the grave ones (C-26)."""

    zh: str
    en: str
    grave: bool

    @classmethod
    def of(cls, entry: Owner) -> Self:
        """As it is shown."""
        words = TERMS[Subject][entry.kind]
        parts = {name: list(getattr(entry.route, name)) for name in ("joint", "copies", "supervise")}
        return cls(kind=entry.kind, main=entry.route.main, zh=words.zh, en=words.en, grave=entry.kind in GRAVE, **parts)


class OwnersView(Model):
    """The table in force on a day."""

    day: date
    entries: list[OwnerView]


class PublishBody(Model):
    """The whole table, in force from `valid_from` on."""

    valid_from: Day
    reason: Name
    entries: Annotated[list[OwnerBody], Field(min_length=1, max_length=100)]


class VersionView(Model):
    """A table that was published."""

    id: Annotated[UUID, Field(title="版本标识")]
    valid_from: Annotated[date, Field(title="生效日")]
    reason: Annotated[str, Field(title="修订理由")]
    published_at: Annotated[datetime, Field(title="发布时间")]
    published_by: Annotated[str, Field(title="发布人")]
    entries: Annotated[int, Field(title="条目数")]


class OwnersQuery(Model):
    """Which day; today, unless told."""

    day: Day | None = None


class HeardQuery(Model):
    """What is heard: of what, whether they clearly want to complain, who speaks (F-13)."""

    subject: Subject
    intention: Intention
    respondent: Respondent


class ClassificationView(Model):
    """What it would be, and why; nothing is stored. `owner` and `due_day` are a finding's, or the complaint's limit."""

    nature: Nature
    counts: Annotated[bool, Field(description="是否计入投诉")]
    channel: Channel
    source: Source
    category: Category
    gravity: Gravity
    grave_kind: Annotated[bool, Field(description="严重问题类型 (C-26)")]
    owner: Annotated[Department | None, Field(description="主办部门")]
    due_day: date
    told: Annotated[str, Field(description="给坐席的一句话")]
    reasons: list[ReasonView]


class QueueQuery(PageQuery):
    """Filters of the queue; what is left out does not narrow."""

    kind: Annotated[Subject | None, Field(description="问题类型 (C-26)")] = None
    department: Annotated[Department | None, Field(description="主办部门")] = None
    handler_id: Annotated[UUID | None, Field(description="处理人")] = None
    organisation: Annotated[str | None, Field(max_length=100, description="受理机构及下级")] = None
    campaign_id: Annotated[UUID | None, Field(description="回访批次")] = None
    overdue: Annotated[bool, Field(description="已超期")] = False
    unassigned: Annotated[bool, Field(description="未指定处理人")] = False


class QueuedView(Personal):
    """A finding that has not ended; `due_day` is null once the customer was told."""

    id: Annotated[UUID, Field(title="服务单标识")]
    finding_number: Annotated[str, Field(title="问题件编号")]
    number: Annotated[str, Field(title="服务单号")]
    kind: Annotated[Subject, Field(title="问题类型")]
    grave: Annotated[bool, Field(title="严重类型")]
    status: Annotated[Status, Field(title="状态")]
    due_day: Annotated[date | None, Field(title="办理期限")]
    overdue: Annotated[bool, Field(title="是否超期")]
    reminders: Annotated[int, Field(title="催办次数")]
    department: Annotated[Department | None, Field(title="主办部门")]
    handler_id: Annotated[UUID | None, Field(title="处理人标识")]
    handler_name: Annotated[str | None, Field(title="处理人")]
    accepting_organisation_id: Annotated[str, Field(title="受理机构")]
    underwriting_organisation_id: Annotated[str | None, Field(title="承保机构")]
    received_at: Annotated[datetime, Field(title="发现时间")]
    agent_name: Annotated[str | None, Field(title="回访坐席")]
    callback_task_id: Annotated[UUID | None, Field(title="回访任务")]
    campaign_id: Annotated[UUID | None, Field(title="回访批次")]
    complainant_name: Annotated[str | None, Field(title="客户")]
    policy_number: Annotated[str | None, Field(title="保单号")]
    product_name: Annotated[str | None, Field(title="产品")]
    salesperson: Annotated[str | None, Field(title="销售人员")]
    version: Annotated[int, Field(title="版本")]


@routes.get("/callback-findings", Permission.TICKET_READ, reads="ticket")
async def list_findings(ctx: Context, query: QueueQuery) -> Page[QueuedView]:
    """Findings that have not ended, the next due first 未办结问题件

    Ended ones are in `GET /tickets?nature=callback_finding`.
    """
    filters = query.model_dump(exclude={"limit", "cursor", "organisation"})
    after = ctx.after(query, tuple[datetime, UUID])
    async with ctx.db.connection() as conn:
        path = await organisation_path(ctx, query.organisation) if query.organisation else None
        wanted = backlog.Wanted(**filters, organisation_path=path)
        rows = await backlog.page(conn, wanted, by(ctx), ctx.clock.now(), after, query.limit + 1)
        page = ctx.page(rows, query, key=lambda row: (row["due_at"], row["id"]))
        known = await backlog.people(conn, list(page.items))
    return Page(items=[_queued(row, known, is_masked(ctx)) for row in page.items], next=page.next)


def _queued(row: Mapping[str, Any], known: Mapping[str, str], masked: bool) -> QueuedView:
    own = {name: row[name] for name in QueuedView.model_fields if name in row}
    person = own["complainant_name"]
    return QueuedView(
        **own
        | {"complainant_name": masking.name(person) if masked and person else person, "overdue": bool(row["overdue"])},
        grave=row["kind"] in GRAVE,
        handler_name=known.get(f"user:{row['handler_id']}"),
        agent_name=known.get(f"user:{row['opened_by_user']}"),
    )


@routes.get("/finding-owners", SIGNED_IN)
async def show_owners(ctx: Context, query: OwnersQuery) -> OwnersView:
    """Who handles which kind of finding on a day 问题件归口表"""
    return await _shown(ctx, query.day or shanghai_day(ctx.clock.now()))


@routes.get("/finding-owners/versions", Permission.ROUTING_MANAGE)
async def list_versions(ctx: Context, query: PageQuery) -> Page[VersionView]:
    """What was published, the latest first 归口表版本"""
    async with ctx.db.connection() as conn:
        rows = await finding_owners.versions(conn, ctx.after(query, tuple[datetime, UUID]), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row["published_at"], row["id"]))
    return Page(items=[VersionView(**row) for row in page.items], next=page.next)


@routes.post("/finding-owners/versions", Permission.ROUTING_MANAGE, creates=True)
async def publish(ctx: Context, body: PublishBody) -> OwnersView:
    """Publish another table, from today or a later day on 发布归口表"""
    at = ctx.clock.now()
    if body.valid_from < shanghai_day(at):
        raise InvalidError(Words("生效日不得早于今日", "a table is published for today or later"))
    entries = [each.value() for each in body.entries]
    if found := tuple(problems(entries)):
        raise NotAdmissibleError(found)
    async with ctx.db.transaction() as conn:
        await finding_owners.publish(
            conn, ctx.key, body.valid_from, entries, body.reason, ctx.actor.audit_name, ctx.address, at
        )
    return await _shown(ctx, body.valid_from)


@routes.get("/callback-classification", Permission.CALLBACK_WORK)
async def classify_heard(ctx: Context, query: HeardQuery) -> ClassificationView:
    """What something heard on a callback would be, before it is saved 保存前的判定"""
    verdict = classify(Heard(query.subject, query.intention, query.respondent))
    at = ctx.clock.now()
    gravity = verdict.gravity or Gravity.GENERAL
    async with ctx.db.connection() as conn:
        book = await ctx.resource(COMPLAINTS).rules.current(conn, at)
        table = await finding_owners.on(conn, shanghai_day(at))
    due = deadlines.decide_inform(at, gravity, book)
    rule = verdict.reasons[0]
    words = TERMS[Nature][verdict.nature]
    counted = "计入投诉" if verdict.counts else "不计入投诉"
    return ClassificationView(
        nature=verdict.nature,
        counts=verdict.counts,
        channel=verdict.channel,
        source=verdict.source,
        category=verdict.category,
        gravity=gravity,
        grave_kind=query.subject in GRAVE,
        owner=None if verdict.counts else table[query.subject].route.main,
        due_day=due.due_day,
        told=f"{words.zh}({counted}):{rule.words.zh}({rule.rule}),{due.due_day}前办结并告知",
        reasons=[ReasonView(rule=each.rule, zh=each.words.zh, en=each.words.en) for each in verdict.reasons],
    )


async def _shown(ctx: Context, day: date) -> OwnersView:
    async with ctx.db.connection() as conn:
        entries = await finding_owners.in_force(conn, day)
    return OwnersView(day=day, entries=[OwnerView.of(entry) for entry in entries])
