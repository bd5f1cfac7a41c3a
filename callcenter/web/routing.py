"""Routes of the routing: which department investigates what, from which day on. Must never decide a route."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from callcenter import routing
from callcenter.accounts.permissions import Permission
from callcenter.errors import InvalidError
from callcenter.web.api import SIGNED_IN, Context, Day, Model, Name, Page, PageQuery, Routes
from tickets.calendar import shanghai_day
from tickets.categories import CATEGORIES, Category, Department, Route
from tickets.errors import NotAdmissibleError, Words
from tickets.routing import SUB_CODE, Entry, problems

routes = Routes("routing", "Who investigates what 投诉分派")

Departments = Annotated[list[Department], Field(default_factory=list, max_length=7)]


class EntryBody(Model):
    """The departments of a category, or of one of its sub-codes (F-8)."""

    category: Category
    sub_code: Annotated[str | None, StringConstraints(pattern=f"^{SUB_CODE}$"), Field(description="细分代码")] = None
    zh: Annotated[Name | None, Field(description="细分名称")] = None
    en: Name | None = None
    main: Annotated[Department, Field(description="主办")]
    joint: Annotated[Departments, Field(description="协办")]
    copies: Annotated[Departments, Field(description="抄送")]
    supervise: Annotated[Departments, Field(description="督办 (R-3.39)")]

    def value(self) -> Entry:
        """As the rules take it."""
        words = Words(self.zh, self.en) if self.zh and self.en else None
        parts = tuple(map(tuple, (self.joint, self.copies, self.supervise)))
        return Entry(self.category, Route(self.main, *parts), self.sub_code, words)

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """As it is shown."""
        words = entry.words or CATEGORIES[entry.category].words
        parts = {name: list(getattr(entry.route, name)) for name in ("joint", "copies", "supervise")}
        return cls(
            category=entry.category,
            sub_code=entry.sub_code,
            zh=words.zh,
            en=words.en,
            main=entry.route.main,
            **parts,
        )


class RoutingView(Model):
    """The table in force on a day."""

    day: date
    entries: list[EntryBody]


class PublishBody(Model):
    """The whole table, in force from `valid_from` on; a category itself has no words of its own."""

    valid_from: Day
    reason: Name
    entries: Annotated[list[EntryBody], Field(min_length=11, max_length=200)]


class VersionView(Model):
    """A table that was published."""

    id: Annotated[UUID, Field(title="版本标识")]
    valid_from: Annotated[date, Field(title="生效日")]
    reason: Annotated[str, Field(title="修订理由")]
    published_at: Annotated[datetime, Field(title="发布时间")]
    published_by: Annotated[str, Field(title="发布人")]
    entries: Annotated[int, Field(title="条目数")]


class RoutingQuery(Model):
    """Which day; today, unless told."""

    day: Day | None = None


@routes.get("/routing", SIGNED_IN)
async def show_routing(ctx: Context, query: RoutingQuery) -> RoutingView:
    """Who investigates what on a day 投诉分派表"""
    return await _shown(ctx, query.day or shanghai_day(ctx.clock.now()))


@routes.get("/routing/versions", Permission.ROUTING_MANAGE)
async def list_versions(ctx: Context, query: PageQuery) -> Page[VersionView]:
    """What was published, the latest first 分派表版本"""
    async with ctx.db.connection() as conn:
        rows = await routing.versions(conn, ctx.after(query, tuple[datetime, UUID]), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row["published_at"], row["id"]))
    return Page(items=[VersionView(**row) for row in page.items], next=page.next)


@routes.post("/routing/versions", Permission.ROUTING_MANAGE, creates=True)
async def publish(ctx: Context, body: PublishBody) -> RoutingView:
    """Publish another table, from today or a later day on 发布分派表"""
    at = ctx.clock.now()
    if body.valid_from < shanghai_day(at):
        raise InvalidError(Words("生效日不得早于今日", "a table is published for today or later"))
    entries = [each.value() for each in body.entries]
    if found := tuple(problems(entries)):
        raise NotAdmissibleError(found)
    async with ctx.db.transaction() as conn:
        await routing.publish(
            conn, ctx.key, body.valid_from, entries, body.reason, ctx.actor.audit_name, ctx.address, at
        )
    return await _shown(ctx, body.valid_from)


async def _shown(ctx: Context, day: date) -> RoutingView:
    async with ctx.db.connection() as conn:
        entries = await routing.in_force(conn, day)
    return RoutingView(day=day, entries=[EntryBody.of(entry) for entry in entries])
