"""Routes of the published ways to complain (N-2): read by anybody, published by versions, shown by each company."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from callcenter import complaint_guide
from callcenter.accounts.permissions import Permission
from callcenter.complaint_guide import Guide
from callcenter.errors import NotFoundError
from callcenter.web.acting import by as _by
from callcenter.web.api import ANYONE, Coded, Context, Day, Model, Page, PageQuery, Routes
from callcenter.web.keys import COMPLAINTS
from tickets.calendar import shanghai_day
from tickets.deadlines import Rulebook
from tickets.errors import Words
from tickets.intake import Channel
from tickets.limits import UNIT_WORDS
from tickets.stages import CASE_STAGE_WORDS
from tickets.terms import TERMS

routes = Routes("complaint-guide", "How to complain 投诉指南")

Line = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Long = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Place = Literal["website", "app", "premises", "contract"]
PLACES: Mapping[str, Words] = {
    "website": Words("官方网站", "website"),
    "app": Words("移动客户端", "app"),
    "premises": Words("营业场所", "premises"),
    "contract": Words("合同或服务手册", "contracts"),
}
TOLD = ("L-4", "L-14", "L-15", "L-16", "L-29", "L-29b")
"""The limits the public is told: acknowledgement, decision with its extensions, asking for a review, its decision."""


class PromiseView(Model):
    """A limit as the public is told it."""

    limit: str
    amount: int
    zh: str
    en: str


class NamedView(Model):
    """A way to complain, or a stage, in words."""

    zh: str
    en: str


class PublicGuideView(Model):
    """How to complain, what happens then, and until when (N-2)."""

    from_day: date
    telephone: str
    email: str
    address: str
    website: str
    channels: list[NamedView]
    stages: list[NamedView]
    procedure: str
    limits: list[PromiseView]
    remedies: str


class GuideView(Model):
    """A version of the guide."""

    id: Annotated[UUID, Field(title="版本标识")]
    from_day: Annotated[date, Field(title="起始日")]
    telephone: Annotated[str, Field(title="投诉电话")]
    email: Annotated[str, Field(title="电子邮箱")]
    address: Annotated[str, Field(title="通讯地址")]
    website: Annotated[str, Field(title="网址")]
    procedure: Annotated[str, Field(title="处理流程")]
    remedies: Annotated[str, Field(title="救济途径")]
    why: Annotated[str, Field(title="变更理由")]
    published_at: Annotated[datetime, Field(title="发布时间")]
    published_by: Annotated[str, Field(title="发布人")]


class GuideBody(Model):
    """What is published from a day on, and why."""

    from_day: Day
    telephone: Line
    email: Line
    address: Long
    website: Long
    procedure: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    remedies: Annotated[str, StringConstraints(min_length=1, max_length=5_000)]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True)]


class PostingView(Model):
    """Where an organisation shows the guide, or still has to."""

    organisation_id: Annotated[str, Field(title="机构标识")]
    name: Annotated[str, Field(title="机构")]
    place: Annotated[Place, Coded(PLACES), Field(title="公布位置")]
    posted_on: Annotated[date | None, Field(title="公布日期")]
    remark: Annotated[str | None, Field(title="公布情况")]
    recorded_by: Annotated[str | None, Field(title="登记人")]


class PostingQuery(PageQuery):
    """`missing`: where it is still to be shown, or only where it is."""

    missing: bool | None = None


class PostingBody(Model):
    """Where the own organisation shows it since when, and how."""

    place: Place
    posted_on: Day
    note: Annotated[str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True)]


@routes.get("/complaint-guide", ANYONE)
async def show_guide(ctx: Context) -> PublicGuideView:
    """How to complain, for everybody 投诉渠道和流程

    Without log-in: sites and apps show it as it stands. Its limits are those of the rulebook of the day.
    """
    at = ctx.clock.now()
    async with ctx.db.connection() as conn:
        found = await complaint_guide.in_force(conn, shanghai_day(at))
        book = await ctx.resource(COMPLAINTS).rules.current(conn, at)
    if found is None:
        raise NotFoundError("complaint guide", "today")
    own = {name: found[name] for name in PublicGuideView.model_fields if name in found}
    return PublicGuideView(
        **own,
        channels=[NamedView(zh=words.zh, en=words.en) for words in TERMS[Channel].values()],
        stages=[NamedView(zh=words.zh, en=words.en) for words in CASE_STAGE_WORDS.values()],
        limits=[_promise(book, limit) for limit in TOLD],
    )


@routes.get("/complaint-guide/versions", Permission.ORGANISATION_READ)
async def list_guides(ctx: Context, query: PageQuery) -> Page[GuideView]:
    """Every version, the latest first 投诉指南版本"""
    async with ctx.db.connection() as conn:
        rows = await complaint_guide.versions(conn, ctx.after(query, tuple[datetime, UUID]), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row["published_at"], row["id"]))
    return Page(items=[_guide(row) for row in page.items], next=page.next)


@routes.post("/complaint-guide/versions", Permission.TEMPLATE_MANAGE, creates=True)
async def publish_guide(ctx: Context, body: GuideBody) -> GuideView:
    """Publish another version, from today or a later day on 发布投诉指南"""
    await complaint_guide.publish(ctx.db, ctx.key, Guide(**body.model_dump()), _by(ctx), ctx.clock.now())
    async with ctx.db.connection() as conn:
        return _guide(await complaint_guide.show(conn, ctx.key))


@routes.get("/complaint-guide/versions/{guide_id}/postings", Permission.ORGANISATION_READ)
async def list_postings(ctx: Context, guide_id: UUID, query: PostingQuery) -> Page[PostingView]:
    """Where it is shown, and where it still has to be 公布情况"""
    async with ctx.db.connection() as conn:
        await complaint_guide.show(conn, guide_id)
        after = ctx.after(query, tuple[str, str])
        rows = await complaint_guide.postings(conn, ctx.actor.path, guide_id, query.missing, after, query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row["path"], row["place"]))
    return Page(items=[_posting(row) for row in page.items], next=page.next)


@routes.post("/complaint-guide/versions/{guide_id}/postings", Permission.TICKET_MANAGE, creates=True)
async def record_posting(ctx: Context, guide_id: UUID, body: PostingBody) -> GuideView:
    """Say where the own organisation shows it 登记公布情况"""
    at = ctx.clock.now()
    await complaint_guide.show_at(ctx.db, ctx.key, guide_id, body.place, body.posted_on, body.note, _by(ctx), at)
    async with ctx.db.connection() as conn:
        return _guide(await complaint_guide.show(conn, guide_id))


def _promise(book: Rulebook, limit: str) -> PromiseView:
    known = book.limits[limit]
    unit = UNIT_WORDS[known.unit]
    return PromiseView(limit=limit, amount=known.amount, zh=f"{known.amount}{unit.zh}", en=f"{known.amount} {unit.en}")


def _guide(row: Mapping[str, Any]) -> GuideView:
    own = {name: row[name] for name in GuideView.model_fields if name in row}
    return GuideView(**own, why=row["reason"])


def _posting(row: Mapping[str, Any]) -> PostingView:
    own = {name: row[name] for name in PostingView.model_fields if name in row}
    return PostingView.model_validate(own | {"remark": row["note"]})
