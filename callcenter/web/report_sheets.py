"""What a report's file says, sheet by sheet, in Chinese words: numbers, what was left out, the rules. No format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from callcenter.figures.counting import EXCLUDED
from callcenter.reports.store import Report
from callcenter.terms import term
from callcenter.web.cells import Cell
from tickets.calendar import SHANGHAI
from tickets.categories import Category
from tickets.grouping import CODES, Dimension, Grouping, Unplaced
from tickets.intake import Relation, Severity, Source
from tickets.lifecycle import Status
from tickets.metrics import METRICS, Base, Metric, Unit
from tickets.periods import Days
from tickets.reports import PLANS
from tickets.statistics import Exclusion, Figure

COUNTED = (
    (Figure.OCCURRENCES, "投诉次数"),
    (Figure.PIECES, "投诉件数"),
    (Figure.VALID_PIECES, "有效件"),
    (Figure.INVALID_PIECES, "无效件"),
    (Figure.PENDING_PIECES, "待认定件"),
)
LEFT_OUT = "未计入"
"""Findings and whatever else is in no complaint figure of the group; the last sheet says by which rules."""
CASES: Mapping[Figure, str] = {
    Figure.ESCALATIONS: "投诉升级件",
    Figure.MAJOR: "重大投诉件",
    Figure.OVERDUE: "超期未结件",
}
BY_TIME = frozenset({Grouping.MONTH, Grouping.QUARTER})
PRINTED = frozenset({Metric.ACKNOWLEDGEMENT, Metric.ON_TIME, Metric.CLOSING, Metric.HANDLING, Metric.ESCALATION})
"""The metrics of the splits that have room on paper; the files for spreadsheets have them all."""
_UNITS: Mapping[Unit, str] = {Unit.PERCENT: "%", Unit.WORKDAYS: "工作日"}


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of one column of numbers over the sheet's first column; `first` and `last`: rows, from 0."""

    title: str
    column: int
    first: int
    last: int
    line: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name, rows of which `head` is the heading's, and a chart where there is something to show."""

    title: str
    rows: Sequence[Sequence[Cell]]
    head: int = 0
    chart: Chart | None = None


def title(report: Report) -> str:
    """`广东分公司 2025年第三季度 投诉统计季报`"""
    return f"{report.organisation_name} {report.days.words.zh} {PLANS[report.kind].words.zh}"


def sheets(report: Report, content: Mapping[str, Any]) -> list[Sheet]:
    """The whole report."""
    found = [_overview(report, content)]
    found += [_split(Grouping(split["grouping"]), split["groups"]) for split in content["splits"]]
    found += [_cases(Figure(name), cases) for name, cases in content["cases"].items()]
    return [*found, _basis(content)]


def _overview(report: Report, content: Mapping[str, Any]) -> Sheet:
    comparisons = content["comparisons"]
    earlier = [comparisons[name] for name in ("previous", "last_year")]
    words = [_days(each).words.zh for each in earlier]
    finished = report.finished_at.astimezone(SHANGHAI).replace(tzinfo=None) if report.finished_at else None
    about: list[Sequence[Cell]] = [
        [title(report)],
        ["期间", f"{report.first_day} 至 {report.last_day}", "机构", report.organisation_name],
        ["机构口径", term(Dimension(content["dimension"])).zh, "数据截至", date.fromisoformat(content["judged_on"])],
        ["报告编号", str(report.id), "编制时间", finished],
        [],
    ]
    heads = ["指标", "数值", "单位", "分子", "分母", "口径", words[0], "较上期(%)", words[1], "较上年同期(%)", "依据"]
    metrics = content["metrics"]
    rows = [_metric(metric, metrics[metric.value], earlier) for metric in Metric if metric.value in metrics]
    counts = [[words, content["figures"][figure]] for figure, words in COUNTED]
    return Sheet("概况", [*about, heads, *rows, [], ["计数", "数值"], *counts], len(about))


def _days(period: Mapping[str, Any]) -> Days:
    return Days(date.fromisoformat(period["first_day"]), date.fromisoformat(period["last_day"]))


def _metric(metric: Metric, value: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]]) -> list[Cell]:
    definition = METRICS[metric]
    row: list[Cell] = [definition.words.zh, value["value"], _UNITS.get(definition.unit, "")]
    row += [value["numerator"], value["denominator"], term(definition.basis).zh]
    for each in earlier:
        row += [each["metrics"].get(metric.value, {}).get("value"), each["changes"].get(metric.value)]
    return [*row, "、".join((definition.rule, *definition.more_rules))]


def _split(grouping: Grouping, groups: Sequence[Mapping[str, Any]]) -> Sheet:
    name = term(grouping).zh
    held = {Metric(metric) for group in groups for metric in group["metrics"]} - _REPEATED
    plain = {METRICS[metric].words.zh: metric for metric in Metric if metric in held}
    rows = [
        [
            label(grouping, group["key"], group["name"]),
            *(group["figures"][figure] for figure, _ in COUNTED),
            sum(group["figures"].get(figure, 0) for figure in EXCLUDED.values()),
            *(group["metrics"].get(metric.value, {}).get("value") for metric in plain.values()),
        ]
        for group in groups
    ]
    heads: list[Cell] = [name, *(words for _, words in COUNTED), LEFT_OUT, *plain]
    pieces = Chart(f"投诉件数:按{name}", 2, 1, len(rows), grouping in BY_TIME) if rows else None
    return Sheet(f"按{name}", [heads, *rows], 0, pieces)


_REPEATED = frozenset({Metric.OCCURRENCES, Metric.PIECES, Metric.VALID_PIECES})
"""Metrics that stand among the counts already."""


def label(grouping: Grouping, key: str | None, name: str | None) -> str:
    """What a group is called: its organisation's name, its code's words, or what it is."""
    for kind in (CODES.get(grouping), Unplaced):
        if kind is not None and key in list(kind):
            return term(kind(key)).zh
    return name or key or "合计"


def _cases(figure: Figure, cases: Sequence[Mapping[str, Any]]) -> Sheet:
    heads = ["服务单号", "受理日", "受理机构", "类别", "级别", "关系", "来源", "答复期限", "答复日", "状态"]
    kinds: Mapping[str, type[StrEnum]] = {
        "category": Category,
        "severity": Severity,
        "relation": Relation,
        "source": Source,
        "status": Status,
    }
    names = (
        *("number", "received_day", "organisation", "category", "severity", "relation"),
        *("source", "due_day", "informed_day", "status"),
    )
    rows = [[_case(case[name], kinds.get(name)) for name in names] for case in cases]
    return Sheet(CASES.get(figure, figure.value), [heads, *rows])


def _case(value: str | None, kind: type[StrEnum] | None) -> Cell:
    return value if value is None or kind is None else term(kind(value)).zh


def _basis(content: Mapping[str, Any]) -> Sheet:
    left_out = [
        [Exclusion(each["kind"]).words.zh, each["tickets"], "、".join(each["rules"])] for each in content["excluded"]
    ]
    divided = [
        [
            term(Base(each["base"])).zh,
            None if each["amount"] is None else float(each["amount"]),
            "；".join(f"{one['source']}(第{one['version']}版)" for one in each["imports"]) or "未导入",
        ]
        for each in content["denominators"]
    ]
    yearly = [
        [METRICS[Metric(each["metric"])].words.zh, each["now"], each["last_year"], each["change"]]
        for each in content["yearly_changes"]
    ]
    rules = [[rule["rule"], rule["zh"]] for rule in content["rules"]]
    versions = content["versions"]
    return Sheet(
        "未计入与统计口径",
        [
            ["不计入投诉的服务单", "件数", "依据"],
            *left_out,
            [],
            ["统计分母", "数额", "数据来源"],
            *divided,
            [],
            ["亿元保费投诉量同比(M-14)", "本期", "上年同期", "变动(%)"],
            *yearly,
            [],
            ["统计规则", "内容"],
            *rules,
            [],
            ["版本", "处理期限表", versions["limits"], "工作日历", versions["calendar"], "程序", versions["program"]],
        ],
    )
