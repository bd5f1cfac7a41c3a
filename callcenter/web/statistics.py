"""Routes of figures: complaints, callback findings, and the tickets behind each. Must never count by itself (T-4)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from callcenter import figures
from callcenter.accounts.permissions import Permission
from callcenter.errors import InvalidError
from callcenter.figures import Counted, Dimension, Grouping, Scope, Unplaced
from callcenter.web.api import Context, Day, Model, Page, PageQuery, Personal, Routes
from callcenter.web.tickets import organisation_path
from tickets.calendar import shanghai_day
from tickets.categories import Category
from tickets.errors import Words
from tickets.findings import Subject
from tickets.intake import Channel, Nature, Relation, Severity, Source
from tickets.lifecycle import Status, Validity
from tickets.statistics import APPLIED, Exclusion, Figure, rules_printed

routes = Routes("statistics", "Figures 统计")

LONGEST = timedelta(days=3660)
FINDING_RULES = ("R-2.5", "D-6", "D-7", "T-1", "D-14")


class PeriodQuery(Model):
    """Which tickets: received in these days in Asia/Shanghai, both included, by this organisation and those below."""

    first_day: Annotated[Day | None, Field(description="First day; by default that of this month 起始日")] = None
    last_day: Annotated[Day | None, Field(description="Last day; by default today 截止日")] = None
    organisation: Annotated[str | None, Field(max_length=100, description="By default your own 机构")] = None
    dimension: Annotated[Dimension, Field(description="Which organisation of the ticket is meant 机构口径 (D-12)")] = (
        Dimension.ACCEPTING
    )


class ComplaintsQuery(PeriodQuery):
    """With a grouping, the figures are split as well."""

    group: Annotated[Grouping | None, Field(description="分组")] = None


class ItemsQuery(PageQuery):
    """The same period, and one group when the figure was split."""

    first_day: Day | None = None
    last_day: Day | None = None
    organisation: Annotated[str | None, Field(max_length=100)] = None
    dimension: Dimension = Dimension.ACCEPTING
    group: Grouping | None = None
    value: Annotated[str | None, Field(max_length=100, description="The group's key 分组值")] = None


class PeriodView(Model):
    """What was counted over."""

    first_day: date
    last_day: date
    organisation: str
    dimension: Dimension


class FigureView(Model):
    """The complaint figures of one group."""

    key: Annotated[str | None, Field(title="分组")]
    occurrences: Annotated[int, Field(title="投诉次数")]
    pieces: Annotated[int, Field(title="投诉件数")]
    matters: Annotated[int, Field(title="投诉事件")]
    valid_pieces: Annotated[int, Field(title="有效件")]
    invalid_pieces: Annotated[int, Field(title="无效件")]
    pending_pieces: Annotated[int, Field(title="待认定件")]


class ExcludedView(Model):
    """Tickets received in the period that are in no complaint figure, and the rules that say so."""

    kind: Exclusion
    tickets: int
    zh: str
    en: str
    rules: list[str]
    figure: Figure


class RuleView(Model):
    """A rule that was applied."""

    rule: str
    zh: str
    en: str


class ComplaintsView(Model):
    """Pieces and occurrences, what was left out, and by which rules."""

    period: PeriodView
    figures: FigureView
    group: Grouping | None
    groups: list[FigureView]
    excluded: list[ExcludedView]
    rules: list[RuleView]


class FindingsView(Model):
    """The findings' own report; none of them is in a complaint figure.

    Each number opens into its tickets at `/statistics/{figure}/items`: `callback_findings`, `open_findings`,
    `informed_findings`, `findings_in_time`, `overdue_findings`, `complaints_from_callbacks`, and with
    `group=subject` or `group=status` for a part of them.
    """

    period: PeriodView
    findings: int
    open: int
    informed: int
    informed_in_time: int
    overdue: int
    complaints_from_callbacks: int
    by_subject: dict[str, int]
    by_status: dict[str, int]
    counted_as_complaints: int
    rules: list[RuleView]


class ItemView(Personal):
    """A ticket that a figure counts, with its calls and recordings."""

    id: Annotated[UUID, Field(title="服务单标识")]
    number: Annotated[str, Field(title="服务单号")]
    matter_id: Annotated[UUID | None, Field(title="投诉事件标识")]
    nature: Annotated[Nature, Field(title="性质")]
    relation: Annotated[Relation | None, Field(title="关系")]
    channel: Annotated[Channel, Field(title="投诉方式")]
    source: Annotated[Source, Field(title="来源")]
    category: Annotated[Category | None, Field(title="类别")]
    severity: Annotated[Severity, Field(title="级别")]
    validity: Annotated[Validity | None, Field(title="有效性")]
    status: Annotated[Status, Field(title="状态")]
    occurrences: Annotated[int, Field(title="投诉次数")]
    pieces: Annotated[int, Field(title="投诉件数")]
    received_at: Annotated[datetime, Field(title="受理时间")]
    received_day: Annotated[date, Field(title="受理日")]
    accepting_organisation_id: Annotated[str, Field(title="受理机构")]
    underwriting_organisation_id: Annotated[str | None, Field(title="承保机构")]
    calls: Annotated[list[UUID], Field(title="通话标识")]
    recordings: Annotated[list[UUID], Field(title="录音标识")]


_EXPANDS = {
    Exclusion.CALLBACK_FINDING: Figure.CALLBACK_FINDINGS,
    Exclusion.NON_COMPLAINT: Figure.NON_COMPLAINTS,
    Exclusion.NOT_A_CUSTOMER: Figure.NOT_CUSTOMERS,
}


_CODES: Mapping[Grouping, type[StrEnum]] = {
    Grouping.CHANNEL: Channel,
    Grouping.SOURCE: Source,
    Grouping.CATEGORY: Category,
    Grouping.SEVERITY: Severity,
    Grouping.VALIDITY: Validity,
    Grouping.STATUS: Status,
    Grouping.SUBJECT: Subject,
}


def _key(group: Grouping | None, key: str | None) -> StrEnum | str | None:
    """A group's key as the code it is, so that it can be told in words."""
    for kind in (_CODES.get(group) if group is not None else None, Unplaced):
        if kind is not None and key in list(kind):
            return kind(key)
    return key


def complaint_table(view: ComplaintsView) -> list[list[Any]]:
    """The report as rows: total, groups, then what was left out and the rules applied."""
    heads: list[Any] = [spec.title or name for name, spec in FigureView.model_fields.items()]
    heads[0] = view.group or heads[0]
    rows = [list(figure.model_dump().values()) for figure in (view.figures, *view.groups)]
    for row in rows:
        row[0] = _key(view.group, row[0])
    rows[0][0] = "合计"
    left_out = [[excluded.zh, excluded.tickets, "、".join(excluded.rules)] for excluded in view.excluded]
    period = [f"{view.period.first_day} 至 {view.period.last_day}", view.period.organisation, view.period.dimension]
    rules = [[rule.rule, rule.zh] for rule in view.rules]
    return [
        heads,
        *rows,
        [],
        ["期间与机构", *period],
        ["不计入投诉的服务单", "件数", "依据"],
        *left_out,
        ["统计口径"],
        *rules,
    ]


def finding_table(view: FindingsView) -> list[list[Any]]:
    """The report as rows of a name and a number, then the rules applied."""
    numbers = [
        ["问题件", view.findings],
        ["未办结", view.open],
        ["已告知", view.informed],
        ["按时告知", view.informed_in_time],
        ["超期", view.overdue],
        ["转为投诉", view.complaints_from_callbacks],
        ["计入投诉", view.counted_as_complaints],
    ]
    split = [[_key(Grouping.SUBJECT, key), count] for key, count in view.by_subject.items()]
    split += [[_key(Grouping.STATUS, key), count] for key, count in view.by_status.items()]
    period = [f"{view.period.first_day} 至 {view.period.last_day}", view.period.organisation, view.period.dimension]
    rules = [[rule.rule, rule.zh] for rule in view.rules]
    return [["项目", "数量"], *numbers, *split, [], ["期间与机构", *period], ["统计口径"], *rules]


@routes.get("/statistics/complaints", Permission.STATISTICS_READ, table=complaint_table)
async def complaint_figures(ctx: Context, query: ComplaintsQuery) -> ComplaintsView:
    """Pieces and occurrences of complaints 投诉件数、次数

    Callback findings are never in them; how many were left out, and why, stands beside the figures.
    """
    scope, period = await _scope(ctx, query)
    async with ctx.db.connection() as conn:
        counted = await figures.complaints(conn, scope, query.group)
    return ComplaintsView(
        period=period,
        figures=_figure(counted.total),
        group=query.group,
        groups=[_figure(group) for group in counted.groups],
        excluded=[
            ExcludedView(
                kind=exclusion,
                tickets=tickets,
                zh=exclusion.words.zh,
                en=exclusion.words.en,
                rules=list(exclusion.rules),
                figure=_EXPANDS[exclusion],
            )
            for exclusion, tickets in counted.excluded.items()
        ],
        rules=[RuleView(**rule) for rule in rules_printed(APPLIED)],
    )


@routes.get("/statistics/callback-findings", Permission.STATISTICS_READ, table=finding_table)
async def finding_figures(ctx: Context, query: PeriodQuery) -> FindingsView:
    """Callback findings 回访问题件"""
    scope, period = await _scope(ctx, query)
    async with ctx.db.connection() as conn:
        counted = await figures.callback_findings(conn, scope, ctx.clock.now())
    return FindingsView(
        period=period,
        findings=counted.findings,
        open=counted.open,
        informed=counted.informed,
        informed_in_time=counted.informed_in_time,
        overdue=counted.overdue,
        complaints_from_callbacks=counted.complaints_from_callbacks,
        by_subject=dict(counted.by_subject),
        by_status=dict(counted.by_status),
        counted_as_complaints=0,
        rules=[RuleView(**rule) for rule in rules_printed(FINDING_RULES)],
    )


@routes.get("/statistics/{figure}/items", Permission.STATISTICS_READ, reads="ticket")
async def figure_items(ctx: Context, figure: str, query: ItemsQuery) -> Page[ItemView]:
    """The tickets a figure counts, with their calls and recordings 指标明细"""
    asked = Figure.named(figure)
    if (query.group is None) != (query.value is None):
        raise InvalidError(Words("group 与 value 须同时给出", "give group and value together"))
    scope, _ = await _scope(ctx, query)
    group = (query.group, query.value) if query.group is not None and query.value is not None else None
    async with ctx.db.connection() as conn:
        rows = await figures.items(
            conn, scope, asked, group, ctx.after(query, tuple[datetime, UUID]), query.limit + 1, ctx.clock.now()
        )
    page = ctx.page(rows, query, key=lambda row: (row["received_at"], row["id"]))
    return Page(items=[ItemView(**row) for row in page.items], next=page.next)


async def _scope(ctx: Context, query: Any) -> tuple[Scope, PeriodView]:
    today = shanghai_day(ctx.clock.now())
    last = query.last_day or today
    first = query.first_day or last.replace(day=1)
    if first > last:
        raise InvalidError(Words("起始日晚于截止日", "the first day comes after the last"))
    if last - first > LONGEST:
        raise InvalidError(Words(f"期间最长{LONGEST.days}天", f"a period has at most {LONGEST.days} days"))
    organisation = query.organisation or ctx.actor.organisation_id
    path = await organisation_path(ctx, organisation)
    scope = Scope(first, last, path, query.dimension)
    return scope, PeriodView(first_day=first, last_day=last, organisation=organisation, dimension=query.dimension)


def _figure(counted: Counted) -> FigureView:
    return FigureView(
        key=counted.key,
        occurrences=counted.occurrences,
        pieces=counted.pieces,
        matters=counted.matters,
        valid_pieces=counted.valid_pieces,
        invalid_pieces=counted.invalid_pieces,
        pending_pieces=counted.pending_pieces,
    )
