"""Routes of reports: asking for one, its progress, numbers, tickets, differences, files, L-34. Must never count."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from callcenter.accounts.permissions import Permission
from callcenter.db.pool import Connection
from callcenter.errors import ConflictError
from callcenter.figures import facts, listing
from callcenter.figures.listing import Group
from callcenter.reports import differences as comparing
from callcenter.reports import making, store
from callcenter.reports.store import Report
from callcenter.web import report_files, report_pages
from callcenter.web.acting import doer
from callcenter.web.api import Context, Day, Model, Page, PageQuery, Routes
from callcenter.web.keys import COMPLAINTS, CONFIG
from callcenter.web.statistics import ItemView
from callcenter.web.tables import CSV, XLSX
from tickets import reports as rules
from tickets import store as tickets
from tickets.calendar import Calendar, shanghai_day
from tickets.errors import Words
from tickets.grouping import Dimension, Grouping
from tickets.periods import Span, spanning
from tickets.reports import ReportKind, ReportState, Standing
from tickets.statistics import Figure

routes = Routes("reports", "Reports 统计报告")

OrganisationId = Annotated[str, Field(min_length=1, max_length=64)]
PDF = "application/pdf"
SHOWN = 50
"""Tickets named for each figure of a difference; how many there are is told."""


class ReportBody(Model):
    """`day`: any day of the period; `span` where the kind has several; `organisation_id` defaults to one's own."""

    kind: ReportKind
    day: Day
    span: Span | None = None
    organisation_id: OrganisationId | None = None
    dimension: Dimension = Dimension.ACCEPTING


class ReportView(Model):
    """A report; `step` of `steps` while the worker makes it. `sha256`: of what it says."""

    id: Annotated[UUID, Field(title="报告标识")]
    kind: Annotated[ReportKind, Field(title="报告种类")]
    organisation_id: Annotated[str, Field(title="机构")]
    dimension: Annotated[Dimension, Field(title="机构口径")]
    first_day: Annotated[date, Field(title="起始日")]
    last_day: Annotated[date, Field(title="截止日")]
    state: Annotated[ReportState, Field(title="状态")]
    step: Annotated[int, Field(title="已完成步骤")]
    steps: Annotated[int, Field(title="步骤总数")]
    requested_at: Annotated[datetime, Field(title="申请时间")]
    finished_at: Annotated[datetime | None, Field(title="完成时间")]
    sha256: Annotated[str | None, Field(title="内容哈希")]
    submitted_at: Annotated[datetime | None, Field(title="报送时间")]
    submitted_to: Annotated[str | None, Field(title="报送对象")]
    version: Annotated[int, Field(title="版本")]


class WholeReportView(ReportView):
    """With everything it says: figures, metrics, splits, what was left out, divisors, rules, versions."""

    content: dict[str, Any] | None


class ReportQuery(PageQuery):
    kind: ReportKind | None = None
    organisation_id: OrganisationId | None = None
    state: ReportState | None = None
    first_day: Day | None = None


class SubmitBody(Model):
    version: Annotated[int, Field(ge=1, le=2_000_000_000)]
    to: Annotated[str, Field(min_length=2, max_length=200)]


class DutyView(Model):
    """An organisation's duty to report a quarter (L-34)."""

    organisation_id: Annotated[str, Field(title="机构")]
    name: Annotated[str, Field(title="名称")]
    first_day: Annotated[date, Field(title="起始日")]
    last_day: Annotated[date, Field(title="截止日")]
    due_day: Annotated[date, Field(title="报送期限")]
    standing: Annotated[Standing, Field(title="报送情况")]
    report_id: Annotated[UUID | None, Field(title="报告标识")]
    submitted_at: Annotated[datetime | None, Field(title="报送时间")]


class DutyQuery(Model):
    """`day`: any day of the quarter, by default of the last one that is over; `standing`: only those."""

    day: Day | None = None
    standing: Standing | None = None


class ReportItemsQuery(PageQuery):
    """A figure of the report, and one group of a split."""

    figure: Annotated[str, Field(max_length=100)]
    group: Grouping | None = None
    value: Annotated[str | None, Field(max_length=100)] = None


class FileQuery(Model):
    format: Literal["xlsx", "csv", "pdf"] = "xlsx"


class CauseView(Model):
    """A ticket that adds something else than it did, and which of its facts changed: name → [then, now]."""

    ticket_id: UUID
    number: str
    before: int
    now: int
    facts: dict[str, list[Any]]


class FigureDifferenceView(Model):
    """`tickets` are the first of `of`."""

    figure: Figure
    before: int
    now: int
    of: int
    tickets: list[CauseView]


class MetricDifferenceView(Model):
    metric: str
    before: float | None
    now: float | None


class DivisorDifferenceView(Model):
    base: str
    before: str | None
    now: str | None
    imports_before: list[dict[str, Any]]
    imports_now: list[dict[str, Any]]


class DifferencesView(Model):
    """What the report would say today, against what it says; `changed_tickets`: whose facts are others now."""

    report_id: UUID
    judged_on: date
    changed_tickets: int
    figures: list[FigureDifferenceView]
    metrics: list[MetricDifferenceView]
    denominators: list[DivisorDifferenceView]


@routes.post("/reports", Permission.REPORT_MAKE, creates=True)
async def request_report(ctx: Context, body: ReportBody) -> ReportView:
    """Ask for a report 申请编制报告

    Over a period that is over. A worker makes it; `GET /reports/{id}` shows how far it is, and then what it says.
    """
    report = await making.request(
        ctx.db,
        doer(ctx),
        ctx.key,
        body.kind,
        body.organisation_id or ctx.actor.organisation_id,
        body.dimension,
        body.span,
        body.day,
        ctx.clock.now(),
    )
    return _view(report)


@routes.get("/reports", Permission.STATISTICS_READ)
async def list_reports(ctx: Context, query: ReportQuery) -> Page[ReportView]:
    """Reports, newest first 报告列表"""
    async with ctx.db.connection() as conn:
        rows = await store.page(
            conn,
            ctx.actor.path,
            ctx.after(query, UUID),
            query.limit + 1,
            organisation_id=query.organisation_id,
            kind=query.kind,
            state=query.state,
            first_day=query.first_day,
        )
    page = ctx.page(rows, query, key=lambda row: row.id)
    return Page(items=[_view(row) for row in page.items], next=page.next)


@routes.get("/reports/duties", Permission.STATISTICS_READ)
async def list_duties(ctx: Context, query: DutyQuery) -> Page[DutyView]:
    """Quarterly reports due, late and submitted 季报报送情况 (L-34)"""
    today = shanghai_day(ctx.clock.now())
    quarter = spanning(Span.QUARTER, query.day or spanning(Span.QUARTER, today).first - timedelta(days=1))
    async with ctx.db.connection() as conn:
        rows = await store.duties(conn, ctx.actor.path, quarter)
        book = await ctx.resource(COMPLAINTS).rules.current(conn, ctx.clock.now(), quarter.last)
        due = rules.due(quarter, book).due
    found = [
        DutyView(
            organisation_id=row.organisation_id,
            name=row.name,
            first_day=quarter.first,
            last_day=quarter.last,
            due_day=due,
            standing=rules.standing(due, shanghai_day(row.submitted_at) if row.submitted_at else None, today),
            report_id=row.report_id,
            submitted_at=row.submitted_at,
        )
        for row in rows
    ]
    return Page(items=[each for each in found if query.standing in (None, each.standing)], next=None)


@routes.get("/reports/{report_id}", Permission.STATISTICS_READ)
async def show_report(ctx: Context, report_id: UUID) -> WholeReportView:
    """A report, how far it is, and what it says 报告"""
    async with ctx.db.connection() as conn:
        report = await making.show(conn, doer(ctx), report_id)
        content = await store.snapshot(conn, report_id)
    return WholeReportView(**_view(report).model_dump(), content=content)


@routes.post("/reports/{report_id}/actions/submit", Permission.REPORT_MAKE)
async def submit_report(ctx: Context, report_id: UUID, body: SubmitBody) -> ReportView:
    """Say that it was handed in, and to whom 登记报送 (L-34)"""
    return _view(await making.submit(ctx.db, doer(ctx), report_id, body.version, body.to, ctx.clock.now()))


@routes.get("/reports/{report_id}/items", Permission.STATISTICS_READ, reads="ticket")
async def report_items(ctx: Context, report_id: UUID, query: ReportItemsQuery) -> Page[ItemView]:
    """The tickets a figure of the report counts, as they were then 报告明细 (T-4)"""
    figure = Figure.named(query.figure)
    after = ctx.after(query, tuple[datetime, UUID])
    group = Group(query.group, query.value) if query.group is not None and query.value is not None else None
    async with ctx.db.connection() as conn:
        report, content = await _done(ctx, conn, report_id)
        scope = making.scope_of(report, date.fromisoformat(content["judged_on"]), await _calendar(conn))
        scope = making.as_reported(scope, report)
        rows = await listing.items(conn, scope, figure, group, after, query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row["received_at"], row["id"]))
    return Page(items=[ItemView(**row) for row in page.items], next=page.next)


@routes.get("/reports/{report_id}/differences", Permission.STATISTICS_READ, reads="ticket", seconds=60.0)
async def report_differences(ctx: Context, report_id: UUID) -> DifferencesView:
    """What the report would say today 报告差异

    Counted again over the tickets and imports of today, judged on the report's own day: which figure, from, to, because
    of which tickets and which of their facts. The report itself stays what it is.
    """
    async with facts.settled(ctx.db) as conn:
        report, content = await _done(ctx, conn, report_id)
        found = await comparing.differences(conn, report, content)
    ctx.seen += [("ticket", str(cause.ticket.id)) for each in found.figures for cause in each.causes[:SHOWN]]
    return _differences(report, content, found)


@routes.get("/reports/{report_id}/file", Permission.STATISTICS_READ, produces=(XLSX.media_type, CSV.media_type, PDF))
async def report_file(ctx: Context, report_id: UUID, query: FileQuery) -> web.StreamResponse:
    """The report as XLSX or PDF with charts, or as CSV 下载报告"""
    async with ctx.db.connection() as conn:
        report, content = await _done(ctx, conn, report_id)
    name = f"{report.kind}-{report.organisation_id}-{report.first_day:%Y%m%d}.{query.format}"
    match query.format:
        case "pdf":
            fonts = ctx.resource(CONFIG).documents.font_folders
            body = await asyncio.to_thread(report_pages.printed, report, content, fonts)
        case "csv":
            body = await asyncio.to_thread(report_files.comma_separated, report, content)
        case "xlsx":
            body = await asyncio.to_thread(report_files.workbook, report, content)
    return web.Response(
        body=body,
        content_type={"pdf": PDF, "csv": CSV.media_type, "xlsx": XLSX.media_type}[query.format],
        charset="utf-8" if query.format == "csv" else None,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


async def _done(ctx: Context, conn: Connection, report_id: UUID) -> tuple[Report, dict[str, Any]]:
    report = await making.show(conn, doer(ctx), report_id)
    content = await store.snapshot(conn, report_id)
    if content is None:
        raise ConflictError(Words("报告尚未完成", "the report is not done yet"))
    return report, content


async def _calendar(conn: Connection) -> Calendar:
    return await tickets.calendar(conn)


def _view(report: Report) -> ReportView:
    return ReportView(**{name: getattr(report, name) for name in ReportView.model_fields})


def _differences(report: Report, content: dict[str, Any], found: comparing.Differences) -> DifferencesView:
    return DifferencesView(
        report_id=report.id,
        judged_on=date.fromisoformat(content["judged_on"]),
        changed_tickets=found.changed,
        figures=[
            FigureDifferenceView(
                figure=each.figure,
                before=each.before,
                now=each.now,
                of=len(each.causes),
                tickets=[
                    CauseView(
                        ticket_id=cause.ticket.id,
                        number=cause.ticket.number,
                        before=cause.before,
                        now=cause.now,
                        facts={name: list(pair) for name, pair in cause.ticket.facts.items()},
                    )
                    for cause in each.causes[:SHOWN]
                ],
            )
            for each in found.figures
        ],
        metrics=[MetricDifferenceView(metric=m.metric, before=m.before, now=m.now) for m in found.metrics],
        denominators=[
            DivisorDifferenceView(
                base=each.base,
                before=each.before,
                now=each.now,
                imports_before=[dict(one) for one in each.imports_before],
                imports_now=[{"id": str(i), "version": v, "source": source} for i, v, source in each.imports_now],
            )
            for each in found.divisors
        ],
    )
