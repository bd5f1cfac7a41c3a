"""Routes of the sampled satisfaction (M-17). Must never choose whom to ask: tickets/sampling.py does."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter.accounts.permissions import Permission
from callcenter.reports import satisfaction
from callcenter.web.acting import doer
from callcenter.web.api import Context, Day, Model, Page, PageQuery, Personal, Routes
from tickets.sampling import Answer

routes = Routes("satisfaction", "Sampled satisfaction 满意度抽查")


class DrawBody(Model):
    """Days of closing, both included; `seed`: what chance goes by, the draw's own id by default."""

    first_day: Day
    last_day: Day
    wanted: Annotated[int, Field(ge=1, le=10_000)]
    seed: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    organisation_id: Annotated[str | None, Field(min_length=1, max_length=64)] = None


class DrawView(Model):
    """`population`: how many closed complaints it was drawn from; `population_sha256`: which."""

    id: UUID
    organisation_id: str
    first_day: date
    last_day: date
    seed: str
    wanted: int
    population: int
    population_sha256: str
    sampled: int
    drawn_at: datetime


class SampleView(Personal):
    """A ticket whose customer is asked."""

    id: Annotated[UUID, Field(title="服务单标识")]
    number: Annotated[str, Field(title="服务单号")]
    draw_id: Annotated[UUID, Field(title="抽样标识")]
    place: Annotated[int, Field(title="序号")]
    result: Annotated[Answer | None, Field(title="抽查结果")]
    note: Annotated[str, Field(title="说明")]
    asked_at: Annotated[datetime | None, Field(title="抽查时间")]
    version: Annotated[int, Field(title="版本")]


class SampleQuery(PageQuery):
    draw_id: UUID | None = None
    asked: bool | None = None


class AnswerBody(Model):
    version: Annotated[int, Field(ge=1, le=2_000_000_000)]
    result: Answer
    note: Annotated[str, Field(max_length=2000)] = ""


@routes.post("/satisfaction/draws", Permission.SATISFACTION_DRAW, creates=True)
async def draw_sample(ctx: Context, body: DrawBody) -> DrawView:
    """Draw closed complaints to ask about 抽取满意度样本

    From those closed in the days that were never drawn. Seed and hash of what was drawn from let anybody draw again.
    """
    draw = await satisfaction.draw(
        ctx.db,
        doer(ctx),
        ctx.key,
        body.organisation_id or ctx.actor.organisation_id,
        body.first_day,
        body.last_day,
        body.wanted,
        body.seed,
        ctx.clock.now(),
    )
    return DrawView(**{name: getattr(draw, name) for name in DrawView.model_fields})


@routes.get("/satisfaction/samples", Permission.TICKET_READ, reads="ticket")
async def list_samples(ctx: Context, query: SampleQuery) -> Page[SampleView]:
    """Whom to ask, and what they said 满意度样本"""
    async with ctx.db.connection() as conn:
        rows = await satisfaction.samples(
            conn, ctx.actor.path, ctx.after(query, tuple[UUID, int]), query.limit + 1, query.draw_id, query.asked
        )
    page = ctx.page(rows, query, key=lambda row: (row.draw_id, row.place))
    return Page(items=[_view(row) for row in page.items], next=page.next)


@routes.put("/satisfaction/samples/{ticket_id}", Permission.TICKET_EDIT, reads="ticket")
async def answer_sample(ctx: Context, ticket_id: UUID, body: AnswerBody) -> SampleView:
    """Enter what the customer said 登记抽查结果"""
    return _view(
        await satisfaction.answer(ctx.db, doer(ctx), ticket_id, body.version, body.result, body.note, ctx.clock.now())
    )


def _view(row: satisfaction.Sample) -> SampleView:
    told = {name: getattr(row, name) for name in SampleView.model_fields if name != "id"}
    return SampleView(id=row.ticket_id, **told)
