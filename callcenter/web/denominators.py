"""Routes of what complaints are divided by. Must never decide what fits: tickets/denominators.py does."""

import asyncio
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter.accounts.permissions import Permission
from callcenter.reports import denominators
from callcenter.reports.errors import ImportRefusedError
from callcenter.web import sheets
from callcenter.web.acting import doer
from callcenter.web.api import Context, Day, Model, Page, PageQuery, Routes
from callcenter.web.uploads import Upload
from tickets.denominators import Amount, entries, of_table
from tickets.metrics import Base

routes = Routes("denominators", "Denominators 统计分母")

OrganisationId = Annotated[str, Field(min_length=1, max_length=64)]
Source = Annotated[str, Field(min_length=2, max_length=500)]
Reason = Annotated[str, Field(min_length=2, max_length=500)]
Number = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=2)]


class AmountBody(Model):
    """So much of a base an organisation with all below it had in these days, both included; premium in yuan."""

    organisation_id: OrganisationId
    base: Base
    first_day: Day
    last_day: Day
    amount: Number
    source: Annotated[Source | None, Field(description="Where the number is from, if not as for all")] = None


class ImportBody(Model):
    """`source`: where the numbers are from, such as the report they stand in."""

    source: Source
    items: Annotated[list[AmountBody], Field(min_length=1, max_length=1000)]


class UploadQuery(Model):
    """`source`: where the numbers of the file are from, for the lines that do not say."""

    source: Source


class CorrectionBody(Model):
    """What is to be otherwise, and why; what is left out stays."""

    reason: Reason
    first_day: Day | None = None
    last_day: Day | None = None
    amount: Number | None = None
    source: Source | None = None


class WithdrawalBody(Model):
    reason: Reason


class DenominatorView(Model):
    """One version of an amount; `superseded_at` is set once another took its place or it was withdrawn."""

    id: Annotated[UUID, Field(title="标识")]
    series: Annotated[UUID, Field(title="系列标识")]
    version: Annotated[int, Field(title="版本")]
    organisation_id: Annotated[str, Field(title="机构")]
    base: Annotated[Base, Field(title="口径")]
    first_day: Annotated[date, Field(title="起始日")]
    last_day: Annotated[date, Field(title="截止日")]
    amount: Annotated[Decimal, Field(title="数额")]
    source: Annotated[str, Field(title="数据来源")]
    imported_at: Annotated[datetime, Field(title="导入时间")]
    file_sha256: Annotated[str | None, Field(title="文件哈希")]
    reason: Annotated[str | None, Field(title="更正原因")]
    superseded_at: Annotated[datetime | None, Field(title="失效时间")]
    withdrawn_why: Annotated[str | None, Field(title="撤销原因")]


class ImportedView(Model):
    items: list[DenominatorView]


class DenominatorQuery(PageQuery):
    """Days in the range; `all_versions`: those that were corrected or withdrawn too; `series`: one amount's."""

    organisation_id: OrganisationId | None = None
    base: Base | None = None
    first_day: Day | None = None
    last_day: Day | None = None
    all_versions: bool = False
    series: UUID | None = None


@routes.post("/denominators", Permission.DENOMINATOR_MANAGE, creates=True)
async def import_denominators(ctx: Context, body: ImportBody) -> ImportedView:
    """Import premium, policies, person-times 导入统计分母

    All or none. Days that have an amount of the same base and organisation already are refused: correct that one. The
    amounts of days that follow each other add up.
    """
    amounts = [
        Amount(each.organisation_id, each.base, each.first_day, each.last_day, each.amount, each.source or body.source)
        for each in body.items
    ]
    numbered = dict(zip(entries(len(amounts)), amounts, strict=True))
    return _imported(await denominators.take(ctx.db, doer(ctx), ctx.key, numbered, ctx.clock.now()))


@routes.post("/denominators/files", Permission.DENOMINATOR_MANAGE, creates=True, seconds=60.0)
async def upload_denominators(ctx: Context, query: UploadQuery, upload: Upload) -> ImportedView:
    """Import a file of premium, policies, person-times 上传统计分母

    CSV (UTF-8 or GB 18030) or XLSX, the file itself or the one part of a form. The first row has the headings 机构,
    指标, 起始日, 截止日, 数额 and, where lines have sources of their own, 数据来源; or `organisation`, `base`,
    `first_day`, `last_day`, `amount`, `source`. All lines or none: every row that does not fit is named, such as
    `rows/7/amount`. The SHA-256 of the file stays with every amount.
    """
    content = await asyncio.to_thread(upload.staged.path.read_bytes)
    amounts, wrong = of_table(await asyncio.to_thread(sheets.rows, content), query.source)
    if wrong:
        raise ImportRefusedError(tuple(wrong))
    sha256 = upload.staged.sha256
    return _imported(await denominators.take(ctx.db, doer(ctx), ctx.key, amounts, ctx.clock.now(), sha256=sha256))


@routes.get("/denominators", Permission.STATISTICS_READ)
async def list_denominators(ctx: Context, query: DenominatorQuery) -> Page[DenominatorView]:
    """What was imported, latest days first 统计分母列表"""
    async with ctx.db.connection() as conn:
        rows = await denominators.page(
            conn,
            ctx.actor.path,
            ctx.after(query, tuple[date, UUID]),
            query.limit + 1,
            organisation_id=query.organisation_id,
            base=query.base,
            first_day=query.first_day,
            last_day=query.last_day,
            all_versions=query.all_versions or query.series is not None,
            series=query.series,
        )
    page = ctx.page(rows, query, key=lambda row: (row.first_day, row.id))
    return Page(items=[_view(row) for row in page.items], next=page.next)


@routes.post("/denominators/{denominator_id}/actions/correct", Permission.DENOMINATOR_MANAGE)
async def correct_denominator(ctx: Context, denominator_id: UUID, body: CorrectionBody) -> DenominatorView:
    """Correct an amount, with the reason 更正统计分母

    Makes another version; reports made with the one before still show it, and their differences name it.
    """
    async with ctx.db.connection() as conn:
        before = await denominators.show(conn, doer(ctx), denominator_id)
    stated = body.model_dump(exclude_none=True, exclude={"reason"})
    change = replace(before.stated, **stated)
    return _view(await denominators.correct(ctx.db, doer(ctx), denominator_id, change, body.reason, ctx.clock.now()))


@routes.post("/denominators/{denominator_id}/actions/withdraw", Permission.DENOMINATOR_MANAGE)
async def withdraw_denominator(ctx: Context, denominator_id: UUID, body: WithdrawalBody) -> DenominatorView:
    """Withdraw an amount that was not to be imported 撤销统计分母"""
    return _view(await denominators.withdraw(ctx.db, doer(ctx), denominator_id, body.reason, ctx.clock.now()))


def _imported(rows: list[denominators.Denominator]) -> ImportedView:
    return ImportedView(items=[_view(row) for row in rows])


def _view(row: denominators.Denominator) -> DenominatorView:
    return DenominatorView(**{name: getattr(row, name) for name in DenominatorView.model_fields})
