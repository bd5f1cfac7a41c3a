"""Routes of the callback figures and the policies behind each (C-13, C-20, T-4). Must never count by itself."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from callcenter.accounts.permissions import Permission
from callcenter.callbacks import figures
from callcenter.callbacks.figures import Counted, Scope
from callcenter.callbacks.task import Result, State
from callcenter.errors import InvalidError
from callcenter.web.api import Context, Day, Model, Page, PageQuery, Personal, Routes
from callcenter.web.period import asked_period
from tickets.callbacks import (
    FIGURE_WORDS,
    METRICS,
    RULES,
    CallbackFigure,
    CallbackMetric,
    Grouping,
    Share,
    Way,
    worked_out,
)
from tickets.errors import Words

routes = Routes("callback_figures", "Callback figures 回访统计")


class CallbacksQuery(Model):
    """Policies whose cooling-off period ends in these days, both included, of this organisation and those below."""

    first_day: Annotated[Day | None, Field(description="First day; by default that of this month 起始日")] = None
    last_day: Annotated[Day | None, Field(description="Last day; by default today 截止日")] = None
    organisation: Annotated[str | None, Field(max_length=100, description="By default your own 承保机构")] = None
    group: Annotated[Grouping | None, Field(description="分组")] = None


class CallbackItemsQuery(PageQuery):
    """The same period, and one group when the figures were split."""

    first_day: Day | None = None
    last_day: Day | None = None
    organisation: Annotated[str | None, Field(max_length=100)] = None
    group: Grouping | None = None
    value: Annotated[str | None, Field(max_length=200, description="The group's key 分组值")] = None


class CallbackPeriodView(Model):
    """What was counted over."""

    first_day: date
    last_day: date
    organisation: str


class ShareView(Model):
    """A metric in per cent. `value` is null where there is nothing to divide by; `met`: its target is reached."""

    numerator: int
    denominator: int
    value: float | None
    target: float | None
    met: bool | None


class CallbackDefinitionView(Model):
    """What a metric divides by what; both open at `/statistics/callbacks/{figure}/items`."""

    metric: CallbackMetric
    zh: str
    en: str
    numerator: CallbackFigure
    denominator: CallbackFigure
    rules: list[str]


class CallbackFiguresView(Personal):
    """The figures of one group; `name` is what its key is called."""

    key: str | None
    name: str | None
    counts: dict[CallbackFigure, int]
    metrics: dict[CallbackMetric, ShareView]


class CallbackExcludedView(Model):
    """Policies of new business that are in no figure."""

    policies: int
    zh: str
    en: str
    rules: list[str]


class CallbackRuleView(Model):
    """A rule that was applied."""

    rule: str
    zh: str
    en: str


class CallbacksView(Personal):
    """The callback report: coverage, completion, success, problems and their handling, final success."""

    period: CallbackPeriodView
    figures: CallbackFiguresView
    group: Grouping | None
    groups: list[CallbackFiguresView]
    definitions: list[CallbackDefinitionView]
    excluded: list[CallbackExcludedView]
    rules: list[CallbackRuleView]


class CallbackItemView(Personal):
    """A policy that a figure counts, with its task, calls, recordings and tickets."""

    id: Annotated[UUID, Field(title="保单标识")]
    number: Annotated[str, Field(title="保单号")]
    organisation_id: Annotated[str, Field(title="承保机构")]
    product_name: Annotated[str, Field(title="产品")]
    product_kind: Annotated[str, Field(title="产品类型")]
    sales_channel: Annotated[str, Field(title="销售渠道")]
    salesperson: Annotated[str | None, Field(title="销售人员")]
    last_day: Annotated[date, Field(title="犹豫期截止日")]
    assumed: Annotated[bool, Field(title="犹豫期为推定", description="Its length is not known (C-4)")]
    task_id: Annotated[UUID | None, Field(title="任务标识")]
    campaign_id: Annotated[UUID | None, Field(title="批次标识")]
    agent_id: Annotated[UUID | None, Field(title="回访人员标识")]
    state: Annotated[State | None, Field(title="任务状态")]
    result: Annotated[Result | None, Field(title="结果")]
    tried_at: Annotated[datetime | None, Field(title="首次尝试")]
    completed_at: Annotated[datetime | None, Field(title="回访完成")]
    way: Annotated[Way | None, Field(title="回访方式")]
    late: Annotated[bool, Field(title="犹豫期外", description="Made or reached after the period (C-21)")]
    solved_day: Annotated[date | None, Field(title="问题解决日")]
    accepted: Annotated[bool | None, Field(title="客户认可")]
    calls: Annotated[list[UUID], Field(title="通话标识")]
    recordings: Annotated[list[UUID], Field(title="录音标识")]
    tickets: Annotated[list[UUID], Field(title="服务单标识")]


def callback_table(view: CallbacksView) -> list[list[Any]]:
    """The report as rows: total and groups, targets, what was left out, the rules applied."""
    heads = [
        view.group or "分组",
        *(FIGURE_WORDS[f].zh for f in CallbackFigure),
        *(d.zh + "(%)" for d in view.definitions),
    ]
    rows = [["合计", *_cells(view.figures)], *([group.name or group.key, *_cells(group)] for group in view.groups)]
    whole = view.figures.metrics
    targets = [
        [d.zh, whole[d.metric].numerator, whole[d.metric].denominator, whole[d.metric].value, whole[d.metric].target]
        for d in view.definitions
    ]
    period = [f"{view.period.first_day} 至 {view.period.last_day}", view.period.organisation]
    return [
        heads,
        *rows,
        [],
        ["指标", "分子", "分母", "值(%)", "目标(%)"],
        *targets,
        ["犹豫期截止期间与机构", *period],
        ["不计入的保单", "件数", "依据"],
        *([each.zh, each.policies, "、".join(each.rules)] for each in view.excluded),
        ["统计口径"],
        *([rule.rule, rule.zh] for rule in view.rules),
    ]


def _cells(view: CallbackFiguresView) -> list[Any]:
    return [*view.counts.values(), *(share.value for share in view.metrics.values())]


@routes.get("/statistics/callbacks", Permission.STATISTICS_READ, reads="callback_report", table=callback_table)
async def callback_figures(ctx: Context, query: CallbacksQuery) -> CallbacksView:
    """Coverage, completion, success, problems, final success 回访统计

    Over the policies in scope whose cooling-off period ends in the period, called back or not. Each number opens into
    its policies at `/statistics/callbacks/{figure}/items`, with tasks, calls, recordings and tickets.
    """
    scope, period = await _scope(ctx, query)
    async with ctx.db.connection() as conn:
        whole = await figures.counted(conn, scope)
        groups = await figures.split(conn, scope, query.group) if query.group is not None else []
        left_out = await figures.left_out(conn, scope)
    return CallbacksView(
        period=period,
        figures=_figures(whole),
        group=query.group,
        groups=[_figures(group) for group in groups],
        definitions=[_definition(metric) for metric in CallbackMetric],
        excluded=[
            CallbackExcludedView(
                policies=left_out.ended,
                zh="回访前保单已失效或终止",
                en="no longer in force before anything was tried",
                rules=["C-1"],
            ),
            CallbackExcludedView(
                policies=left_out.unsigned,
                zh="保单尚未签收，犹豫期未起算",
                en="not signed for yet: its period has not begun",
                rules=["C-4"],
            ),
        ],
        rules=[CallbackRuleView(rule=id, zh=words.zh, en=words.en) for id, words in RULES.items()],
    )


@routes.get("/statistics/callbacks/{figure}/items", Permission.STATISTICS_READ, reads="policy")
async def callback_figure_items(
    ctx: Context, figure: CallbackFigure, query: CallbackItemsQuery
) -> Page[CallbackItemView]:
    """The policies a callback figure counts 回访指标明细"""
    if (query.group is None) != (query.value is None):
        raise InvalidError(Words("group 与 value 须同时给出", "give group and value together"))
    scope, _ = await _scope(ctx, query)
    group = (query.group, query.value) if query.group is not None and query.value is not None else None
    async with ctx.db.connection() as conn:
        rows = await figures.items(conn, scope, figure, group, ctx.after(query, tuple[date, UUID]), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row["last_day"], row["id"]))
    return Page(items=[CallbackItemView(**row) for row in page.items], next=page.next)


async def _scope(ctx: Context, query: CallbacksQuery | CallbackItemsQuery) -> tuple[Scope, CallbackPeriodView]:
    asked = await asked_period(ctx, query)
    view = CallbackPeriodView(first_day=asked.first_day, last_day=asked.last_day, organisation=asked.organisation)
    return Scope(asked.first_day, asked.last_day, asked.path, asked.today, asked.calendar), view


def _figures(counted: Counted) -> CallbackFiguresView:
    shares: Iterable[Share] = (worked_out(metric, counted.figures.__getitem__) for metric in CallbackMetric)
    return CallbackFiguresView(
        key=counted.key,
        name=counted.name,
        counts=dict(counted.figures),
        metrics={share.metric: _share(share) for share in shares},
    )


def _share(share: Share) -> ShareView:
    return ShareView(
        numerator=share.numerator,
        denominator=share.denominator,
        value=None if share.value is None else float(share.value),
        target=None if share.target is None else float(share.target),
        met=share.met,
    )


def _definition(metric: CallbackMetric) -> CallbackDefinitionView:
    definition = METRICS[metric]
    return CallbackDefinitionView(
        metric=metric,
        zh=definition.words.zh,
        en=definition.words.en,
        numerator=definition.numerator,
        denominator=definition.denominator,
        rules=list(definition.rules),
    )
