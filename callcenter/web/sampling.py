"""Routes of the samples of lower closings (R-3.25). Must never decide a rule."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from callcenter import sampling
from callcenter.accounts.permissions import Permission
from callcenter.web.acting import by
from callcenter.web.api import Coded, Context, Day, Model, Page, PageQuery, Routes
from tickets.errors import Words
from tickets.lifecycle import Validity
from tickets.terms import TERMS

routes = Routes("closing-samples", "Closings looked at again 结案抽查")

Determined = Literal["valid", "invalid"]
Seed = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._-]+$")]


class DrawBody(Model):
    """Which closings of the companies below; the same seed over the same closings draws the same sample."""

    first_day: Day
    last_day: Day
    size: Annotated[int, Field(ge=1, le=500)]
    seed: Seed
    validity: Annotated[Determined | None, Field(description="Only such as 仅抽查有效或无效件 (R-3.25)")] = None


VALIDITIES = {each: TERMS[Validity][each] for each in (Validity.VALID, Validity.INVALID)}
RESULTS = {"agreed": Words("维持", "agreed"), "overturned": Words("改判", "overturned")}


class SampleView(Model):
    """A sample and how far it is; `population`: what it was drawn from."""

    id: Annotated[UUID, Field(title="抽样标识")]
    organisation_id: Annotated[str, Field(title="抽样机构")]
    first_day: Annotated[date, Field(title="结案起始日")]
    last_day: Annotated[date, Field(title="结案截止日")]
    validity: Annotated[Determined | None, Coded(VALIDITIES), Field(title="有效性")]
    size: Annotated[int, Field(title="抽样件数")]
    seed: Annotated[str, Field(title="随机种子")]
    population: Annotated[int, Field(title="总体件数")]
    drawn: Annotated[int, Field(title="已抽件数")]
    agreed: Annotated[int, Field(title="维持件数")]
    overturned: Annotated[int, Field(title="改判件数")]
    drawn_at: Annotated[datetime, Field(title="抽样时间")]
    drawn_by: Annotated[str, Field(title="抽样人")]


class ItemView(Model):
    """A ticket that was drawn; `validity` as it stood then."""

    place: Annotated[int, Field(title="序号")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    number: Annotated[str, Field(title="服务单号")]
    accepting_organisation_id: Annotated[str, Field(title="受理机构")]
    closed_at: Annotated[datetime, Field(title="结案时间")]
    validity: Annotated[Determined, Coded(VALIDITIES), Field(title="抽样时认定")]
    result: Annotated[Literal["agreed", "overturned"] | None, Coded(RESULTS), Field(title="复核结果")]
    remark: Annotated[str | None, Field(title="复核意见")]
    reviewed_at: Annotated[datetime | None, Field(title="复核时间")]
    reviewed_by: Annotated[str | None, Field(title="复核人")]


class AgreeBody(Model):
    """What was looked at."""

    remark: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


@routes.post("/closing-samples", Permission.CLOSING_REVIEW, creates=True)
async def draw_sample(ctx: Context, body: DrawBody) -> SampleView:
    """Draw a sample of lower closings 抽取结案样本"""
    wish = sampling.Wish(body.first_day, body.last_day, body.size, body.seed, body.validity)
    async with ctx.db.transaction() as conn:
        return SampleView(**await sampling.draw(conn, ctx.key, wish, by(ctx), ctx.clock.now()))


@routes.get("/closing-samples", Permission.CLOSING_REVIEW)
async def list_samples(ctx: Context, query: PageQuery) -> Page[SampleView]:
    """Samples, the latest first 结案样本"""
    async with ctx.db.connection() as conn:
        rows = await sampling.page(conn, by(ctx), ctx.after(query, tuple[datetime, UUID]), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row["drawn_at"], row["id"]))
    return Page(items=[SampleView(**row) for row in page.items], next=page.next)


@routes.get("/closing-samples/{sample_id}/tickets", Permission.CLOSING_REVIEW)
async def list_items(ctx: Context, sample_id: UUID, query: PageQuery) -> Page[ItemView]:
    """The tickets of a sample 样本中的服务单"""
    async with ctx.db.connection() as conn:
        rows = await sampling.items(conn, sample_id, by(ctx), ctx.after(query, int) or 0, query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: row["place"])
    return Page(items=[ItemView(**row) for row in page.items], next=page.next)


@routes.post("/closing-samples/{sample_id}/tickets/{ticket_id}/actions/agree", Permission.CLOSING_REVIEW)
async def agree(ctx: Context, sample_id: UUID, ticket_id: UUID, body: AgreeBody) -> SampleView:
    """The closing was right 复核无误; what was wrong is overturned on the ticket"""
    async with ctx.db.transaction() as conn:
        await sampling.agree(conn, sample_id, ticket_id, body.remark, by(ctx), ctx.clock.now())
        return SampleView(**await sampling.found(conn, sample_id, by(ctx)))
