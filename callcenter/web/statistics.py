"""Routes of figures: complaints, callback findings, and the tickets behind each. Must never count by itself (T-4)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from callcenter.accounts import names
from callcenter.accounts.permissions import Permission
from callcenter.db.pool import Connection
from callcenter.errors import InvalidError
from callcenter.figures import facts, findings, listing, reading
from callcenter.figures.bases import Divisor
from callcenter.figures.counting import EXCLUDED, Counted, counted
from callcenter.figures.listing import Group
from callcenter.figures.reading import Reading
from callcenter.figures.scope import Scope
from callcenter.terms import term
from callcenter.web.api import Context, Day, Model, Page, PageQuery, Personal, Routes
from callcenter.web.period import asked_period
from tickets.categories import Category
from tickets.errors import Words
from tickets.grouping import CODES, Dimension, Grouping, Unplaced
from tickets.intake import Channel, Nature, Relation, Severity, Source
from tickets.lifecycle import Status, Validity
from tickets.metrics import METRICS, Base, Basis, Metric, Unit, Value, change, percentage
from tickets.periods import Comparison, Days
from tickets.statistics import APPLIED, Exclusion, Figure, rules_printed

routes = Routes("statistics", "Figures 统计")

JUDGED_AGAIN = (Figure.COMPLAINTS_ONCE_FINDINGS, Figure.FINDINGS_ONCE_COMPLAINTS)
FINDING_RULES = ("R-2.5", "D-6", "D-7", "T-1", "C-13", "C-14", "F-13", "F-65", "D-14")


class PeriodQuery(Model):
    """Which tickets: received in these days in Asia/Shanghai, both included, by this organisation and those below."""

    first_day: Annotated[Day | None, Field(description="First day; by default that of this month 起始日")] = None
    last_day: Annotated[Day | None, Field(description="Last day; by default today 截止日")] = None
    organisation: Annotated[str | None, Field(max_length=100, description="By default your own 机构")] = None
    dimension: Annotated[Dimension, Field(description="Which organisation of the ticket is meant 机构口径 (D-12)")] = (
        Dimension.ACCEPTING
    )


class ComplaintsQuery(PeriodQuery):
    """With a grouping the figures are split as well; with a comparison an earlier period stands beside them."""

    group: Annotated[Grouping | None, Field(description="分组")] = None
    compare: Annotated[Comparison | None, Field(description="对比期:上期或上年同期")] = None


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


class ValueView(Model):
    """A metric worked out: what was divided by what. `value` is null where there is nothing to divide by."""

    numerator: float
    denominator: float | None
    value: float | None


class DefinitionView(Model):
    """What a metric divides by what: both figures open at `/statistics/{figure}/items`; a base was imported."""

    metric: Metric
    rule: str
    rules: list[str]
    zh: str
    en: str
    unit: Unit
    basis: Basis
    numerator: Figure
    denominator: Figure | None
    base: Base | None


class FigureView(Model):
    """The complaint figures of one group. `excluded`: its tickets that are in none of them, by reason (R-2.5, F-37)."""

    key: Annotated[str | None, Field(title="分组")]
    occurrences: Annotated[int, Field(title="投诉次数")]
    pieces: Annotated[int, Field(title="投诉件数")]
    matters: Annotated[int, Field(title="投诉事件")]
    valid_pieces: Annotated[int, Field(title="有效件")]
    invalid_pieces: Annotated[int, Field(title="无效件")]
    pending_pieces: Annotated[int, Field(title="待认定件")]
    mentions: Annotated[int, Field(title="原因提及数")]
    excluded: Annotated[dict[Exclusion, int], Field(title="未计入")]
    metrics: Annotated[dict[Metric, ValueView], Field(title="指标")]


class ImportView(Model):
    """An amount that was imported: `GET /denominators?series=` tells its versions."""

    id: UUID
    version: int
    first_day: date
    last_day: date
    amount: float
    source: str


class DivisorView(Model):
    """What densities were divided by. `amount` is null where the imports do not make up the period."""

    base: Base
    zh: str
    en: str
    amount: float | None
    imports: list[ImportView]


class YearlyView(Model):
    """By how many per cent a density differs from that of a year ago (M-14); each basis for itself."""

    metric: Metric
    basis: Basis
    value: float | None
    last_year: float | None
    change: float | None


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


class JudgedAgainView(Model):
    """What was judged again of the complaints and findings received in the period (F-13); each opens into its list."""

    complaints_once_findings: Annotated[int, Field(description="Came into these figures 由问题件改为投诉")]
    findings_once_complaints: Annotated[int, Field(description="Left these figures 由投诉改判为问题件")]


class ComparisonView(Model):
    """The earlier period's figures, and by how many per cent each metric differs from them now (M-14).

    With a grouping the earlier groups and, by their keys, the changes of each; not of a trend, which compares itself.
    """

    comparison: Comparison
    period: PeriodView
    figures: FigureView
    changes: dict[Metric, float | None]
    groups: list[FigureView]
    changes_of_groups: dict[str, dict[Metric, float | None]]


class ComplaintsView(Model):
    """Every metric of the measures, what was left out, and by which rules."""

    period: PeriodView
    figures: FigureView
    group: Grouping | None
    groups: list[FigureView]
    comparison: ComparisonView | None
    definitions: list[DefinitionView]
    denominators: list[DivisorView]
    yearly_changes: list[YearlyView]
    excluded: list[ExcludedView]
    judged_again: JudgedAgainView
    rules: list[RuleView]


class FindingGroupView(Model):
    """The findings of one group; `name` is what a person or a code is called."""

    key: Annotated[str | None, Field(title="分组")]
    name: Annotated[str | None, Field(title="名称")]
    findings: Annotated[int, Field(title="问题件")]
    open: Annotated[int, Field(title="未办结")]
    overdue: Annotated[int, Field(title="超期")]
    due: Annotated[int, Field(title="到期")]
    due_in_time: Annotated[int, Field(title="按期办结")]
    on_time_rate: Annotated[float | None, Field(title="及时率(%)")]
    turned_good: Annotated[int, Field(title="转好")]
    turned_into_complaints: Annotated[int, Field(title="转为投诉")]
    once_complaints: Annotated[int, Field(title="由投诉改判")]


class FindingsQuery(PeriodQuery):
    """With a grouping the findings are split as well: by kind `subject`, by agent `opened_by`, by `salesperson` …"""

    group: Annotated[Grouping | None, Field(description="分组")] = None


class FindingsView(Model):
    """The findings' own report; none of them is in a complaint figure.

    Each number opens into its tickets at `/statistics/{figure}/items`: `callback_findings`, `open_findings`,
    `informed_findings`, `findings_in_time`, `overdue_findings`, `findings_due`, `findings_kept`,
    `findings_turned_good`, `findings_turned`, `findings_once_complaints`, `complaints_once_findings`,
    `complaints_from_callbacks`, and with `group` and `value` for a part of them.
    """

    period: PeriodView
    findings: int
    open: int
    informed: int
    informed_in_time: int
    overdue: int
    due: int
    due_in_time: int
    on_time_rate: Annotated[float | None, Field(description="Of those due, solved and told in time, % (C-14)")]
    turned_good: Annotated[int, Field(description="Accepted by the customer and closed 转好")]
    turned_into_complaints: Annotated[int, Field(description="Ended in a complaint of their customers 转为投诉")]
    once_complaints: Annotated[int, Field(description="Complaints judged to be findings (F-13) 由投诉改判")]
    complaints_once_findings: Annotated[int, Field(description="Complaints that were findings 由问题件改为投诉")]
    complaints_from_callbacks: int
    group: Grouping | None
    groups: list[FindingGroupView]
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
    due_day: Annotated[date | None, Field(title="答复期限")]
    informed_day: Annotated[date | None, Field(title="答复日")]
    amount: Annotated[int, Field(title="计入数")]
    recordings: Annotated[list[UUID], Field(title="录音标识")]


def _key(group: Grouping | None, key: str | None) -> StrEnum | str | None:
    """A group's key as the code it is, so that it can be told in words."""
    for kind in (CODES.get(group) if group is not None else None, Unplaced):
        if kind is not None and key in list(kind):
            return kind(key)
    return key


def complaint_table(view: ComplaintsView) -> list[list[Any]]:
    """The report as rows: total, groups, then what was left out and the rules applied."""
    heads: list[Any] = [spec.title or name for name, spec in FigureView.model_fields.items() if name != "metrics"]
    heads[-1] = "未计入(件)"
    heads[0] = view.group or heads[0]
    heads += [definition.zh for definition in view.definitions]
    rows = [_cells(figure, view.definitions) for figure in (view.figures, *view.groups)]
    for row in rows:
        row[0] = _key(view.group, row[0])
    rows[0][0] = "合计"
    if view.comparison is not None:
        earlier = _cells(view.comparison.figures, view.definitions)
        earlier[0] = view.comparison.comparison
        changes = [view.comparison.changes.get(definition.metric) for definition in view.definitions]
        rows[1:1] = [earlier, ["变动(%)", *[None] * (len(earlier) - len(changes) - 1), *changes]]
    left_out = [[excluded.zh, excluded.tickets, "、".join(excluded.rules)] for excluded in view.excluded]
    left_out += [
        ["其中由投诉改判为问题件", view.judged_again.findings_once_complaints, "F-13"],
        ["计入的由问题件改为投诉", view.judged_again.complaints_once_findings, "F-13"],
    ]
    period = [f"{view.period.first_day} 至 {view.period.last_day}", view.period.organisation, view.period.dimension]
    rules = [[rule.rule, rule.zh] for rule in view.rules]
    divided = [[each.zh, each.amount, *dict.fromkeys(one.source for one in each.imports)] for each in view.denominators]
    yearly = [[METRICS[each.metric].words.zh, each.value, each.last_year, each.change] for each in view.yearly_changes]
    return [
        heads,
        *rows,
        [],
        ["期间与机构", *period],
        ["不计入投诉的服务单", "件数", "依据"],
        *left_out,
        ["统计分母", "数额", "数据来源"],
        *divided,
        ["同比(%)", "本期", "上年同期", "变动"],
        *yearly,
        ["统计口径"],
        *rules,
    ]


def _cells(figure: FigureView, definitions: Iterable[DefinitionView]) -> list[Any]:
    counts = [value for name, value in figure.model_dump().items() if name not in ("metrics", "excluded")]
    counts.append(sum(figure.excluded.values()))
    values = (figure.metrics.get(definition.metric) for definition in definitions)
    return [*counts, *(value.value if value else None for value in values)]


def finding_table(view: FindingsView) -> list[list[Any]]:
    """The report as rows of a name and a number, then the rules applied."""
    numbers: list[list[Any]] = [
        ["问题件", view.findings],
        ["未办结", view.open],
        ["已告知", view.informed],
        ["按时告知", view.informed_in_time],
        ["超期", view.overdue],
        ["到期", view.due],
        ["到期且按期办结", view.due_in_time],
        ["及时率(%)", view.on_time_rate],
        ["转好", view.turned_good],
        ["转为投诉", view.turned_into_complaints],
        ["由投诉改判的问题件", view.once_complaints],
        ["由问题件改为的投诉", view.complaints_once_findings],
        ["回访中受理的投诉", view.complaints_from_callbacks],
        ["计入投诉", view.counted_as_complaints],
    ]
    split = [[_key(Grouping.SUBJECT, key), count] for key, count in view.by_subject.items()]
    split += [[_key(Grouping.STATUS, key), count] for key, count in view.by_status.items()]
    period = [f"{view.period.first_day} 至 {view.period.last_day}", view.period.organisation, view.period.dimension]
    rules = [[rule.rule, rule.zh] for rule in view.rules]
    groups: list[list[Any]] = []
    if view.group is not None:
        heads: list[Any] = [spec.title or name for name, spec in FindingGroupView.model_fields.items()]
        rows = [[_key(view.group, each.key), *list(each.model_dump().values())[1:]] for each in view.groups]
        heads[0] = view.group
        groups = [[], heads, *rows]
    return [["项目", "数量"], *numbers, *split, *groups, [], ["期间与机构", *period], ["统计口径"], *rules]


@routes.get("/statistics/complaints", Permission.STATISTICS_READ, table=complaint_table)
async def complaint_figures(ctx: Context, query: ComplaintsQuery) -> ComplaintsView:
    """The complaint figures M-1 … M-19 投诉统计

    Callback findings are never in them; how many were left out, and why, stands beside the figures. Each number opens
    into its tickets at `/statistics/{figure}/items`, numerators and denominators alike.
    """
    scope, period = await _scope(ctx, query)
    async with facts.settled(ctx.db) as conn:
        read = await reading.read(conn, scope, query.group)
        again = (await counted(conn, scope, JUDGED_AGAIN)).figures
        comparison = None
        if query.compare is not None:
            comparison = await _compared(conn, scope, period, query.compare, read, query.group)
    definitions = [_definition(value.metric) for value in read.metrics]
    return ComplaintsView(
        period=period,
        figures=_figure(read.figures.total, read.metrics),
        group=query.group,
        groups=[_figure(group, read.of_group(group)) for group in read.figures.groups],
        comparison=comparison,
        definitions=definitions,
        denominators=[_divisor(divisor) for divisor in read.divisors],
        yearly_changes=[
            YearlyView(
                metric=each.metric,
                basis=METRICS[each.metric].basis,
                value=_number(each.now.value),
                last_year=_number(each.before.value),
                change=_number(each.change),
            )
            for each in read.yearly
        ],
        excluded=[
            ExcludedView(
                kind=exclusion,
                tickets=tickets,
                zh=exclusion.words.zh,
                en=exclusion.words.en,
                rules=list(exclusion.rules),
                figure=EXCLUDED[exclusion],
            )
            for exclusion, tickets in read.figures.excluded.items()
        ],
        judged_again=JudgedAgainView(**{figure.value: again[figure] for figure in JUDGED_AGAIN}),
        rules=[RuleView(**rule) for rule in rules_printed(_applied(definitions))],
    )


@routes.get("/statistics/callback-findings", Permission.STATISTICS_READ, table=finding_table)
async def finding_figures(ctx: Context, query: FindingsQuery) -> FindingsView:
    """Callback findings 回访问题件

    Their number, how many were due and solved in time, turned good or into complaints; whole and by group. None of them
    is in a complaint figure.
    """
    scope, period = await _scope(ctx, query)
    async with facts.settled(ctx.db) as conn:
        counted = await findings.callback_findings(conn, scope, query.group)
        people = [f"user:{each.key}" for each in counted.groups] if query.group is Grouping.OPENED_BY else []
        known = await names.of(conn, people)
    ctx.seen += [("user", person.removeprefix("user:")) for person in known]
    return FindingsView(
        period=period,
        findings=counted.findings,
        open=counted.open,
        informed=counted.informed,
        informed_in_time=counted.informed_in_time,
        overdue=counted.overdue,
        due=counted.due,
        due_in_time=counted.kept,
        on_time_rate=_number(percentage(counted.kept, counted.due)),
        turned_good=counted.turned_good,
        turned_into_complaints=counted.turned,
        once_complaints=counted.once_complaints,
        complaints_once_findings=counted.complaints_once_findings,
        complaints_from_callbacks=counted.complaints_from_callbacks,
        group=query.group,
        groups=[_finding_group(each, query.group, known) for each in counted.groups],
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
    group = Group(query.group, query.value) if query.group is not None and query.value is not None else None
    async with facts.settled(ctx.db) as conn:
        rows = await listing.items(conn, scope, asked, group, ctx.after(query, tuple[datetime, UUID]), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row["received_at"], row["id"]))
    return Page(items=[ItemView(**row) for row in page.items], next=page.next)


async def _scope(ctx: Context, query: Any) -> tuple[Scope, PeriodView]:
    asked = await asked_period(ctx, query)
    scope = Scope(asked.first_day, asked.last_day, asked.path, asked.today, query.dimension, asked.calendar)
    return scope, PeriodView(
        first_day=asked.first_day,
        last_day=asked.last_day,
        organisation=asked.organisation,
        dimension=query.dimension,
    )


async def _compared(
    conn: Connection,
    scope: Scope,
    period: PeriodView,
    comparison: Comparison,
    now: Reading,
    group: Grouping | None,
) -> ComparisonView:
    days = Days(scope.first_day, scope.last_day).compared(comparison)
    by = group if group not in (*reading.BY_TIME, Grouping.DAY) else None
    earlier = await reading.read(conn, replace(scope, first_day=days.first, last_day=days.last), by, yearly=False)
    then = {each.key: earlier.of_group(each) for each in earlier.figures.groups}
    return ComparisonView(
        comparison=comparison,
        period=period.model_copy(update={"first_day": days.first, "last_day": days.last}),
        figures=_figure(earlier.figures.total, earlier.metrics),
        changes=_changes(now.metrics, earlier.metrics),
        groups=[_figure(each, then[each.key]) for each in earlier.figures.groups],
        changes_of_groups={
            str(each.key): _changes(now.of_group(each), then[each.key])
            for each in now.figures.groups
            if each.key in then
        },
    )


def _changes(now: Iterable[Value], earlier: Iterable[Value]) -> dict[Metric, float | None]:
    before = {value.metric: value for value in earlier}
    return {
        value.metric: _number(change(value, before[value.metric])) if value.metric in before else None for value in now
    }


def _definition(metric: Metric) -> DefinitionView:
    definition = METRICS[metric]
    below = definition.denominator
    return DefinitionView(
        metric=metric,
        rule=definition.rule,
        rules=[definition.rule, *definition.more_rules],
        zh=definition.words.zh,
        en=definition.words.en,
        unit=definition.unit,
        basis=definition.basis,
        numerator=definition.numerator,
        denominator=below if isinstance(below, Figure) else None,
        base=below if isinstance(below, Base) else None,
    )


def _divisor(divisor: Divisor) -> DivisorView:
    words = term(divisor.base)
    return DivisorView(
        base=divisor.base,
        zh=words.zh,
        en=words.en,
        amount=_number(divisor.amount),
        imports=[
            ImportView(
                id=each.id,
                version=each.version,
                first_day=each.amount.first_day,
                last_day=each.amount.last_day,
                amount=float(each.amount.amount),
                source=each.amount.source,
            )
            for each in divisor.given
        ],
    )


def _applied(definitions: Iterable[DefinitionView]) -> list[str]:
    """The rules to print: those of counting, then those of the metrics shown."""
    return list(dict.fromkeys((*APPLIED, *(rule for definition in definitions for rule in definition.rules))))


def _figure(counted: Counted, metrics: Iterable[Value]) -> FigureView:
    return FigureView(
        key=counted.key,
        occurrences=counted.figures[Figure.OCCURRENCES],
        pieces=counted.figures[Figure.PIECES],
        matters=counted.figures[Figure.MATTERS],
        valid_pieces=counted.figures[Figure.VALID_PIECES],
        invalid_pieces=counted.figures[Figure.INVALID_PIECES],
        pending_pieces=counted.figures[Figure.PENDING_PIECES],
        mentions=counted.figures[Figure.MENTIONS],
        excluded={exclusion: counted.figures[figure] for exclusion, figure in EXCLUDED.items()},
        metrics={
            value.metric: ValueView(
                numerator=float(value.numerator),
                denominator=_number(value.denominator),
                value=_number(value.value),
            )
            for value in metrics
        },
    )


def _finding_group(counted: Counted, group: Grouping | None, known: Mapping[str, str]) -> FindingGroupView:
    figures, key = counted.figures, _key(group, counted.key)
    due, kept = figures[Figure.FINDINGS_DUE], figures[Figure.FINDINGS_KEPT]
    named = term(key).zh if isinstance(key, StrEnum) else known.get(f"user:{counted.key}")
    return FindingGroupView(
        key=counted.key,
        name=named,
        findings=figures[Figure.CALLBACK_FINDINGS],
        open=figures[Figure.OPEN_FINDINGS],
        overdue=figures[Figure.OVERDUE_FINDINGS],
        due=due,
        due_in_time=kept,
        on_time_rate=_number(percentage(kept, due)),
        turned_good=figures[Figure.FINDINGS_TURNED_GOOD],
        turned_into_complaints=figures[Figure.FINDINGS_TURNED],
        once_complaints=figures[Figure.FINDINGS_ONCE_COMPLAINTS],
    )


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
