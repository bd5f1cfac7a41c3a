"""What a ticket weighs in the complaint figures, and why: pieces, occurrences, exclusions (D-1 … D-9, F-37).

From plain rows only. Every figure carries the rules it applied and how much it left out; none is without the
list it can be expanded into (T-4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tickets.categories import Category
from tickets.errors import UnknownFigureError, Words
from tickets.intake import Channel, ComplainantType, Nature, Relation, Source
from tickets.lifecycle import Validity

ESCALATION_CAP = 2

RULES: Mapping[str, Words] = {
    "D-1": Words(
        "首次件计1件,重复件、合并件计0件,投诉升级另计1件,同一事件计件有上限(出厂2件)",
        "first 1, repeat and merged 0, escalation 1 more; a matter's are capped, as shipped at 2",
    ),
    "D-2": Words("重复投诉:计1次、0件", "a repeat is 1 occurrence, 0 pieces"),
    "D-3": Words("投诉升级:计1次、1件", "an escalation is 1 occurrence, 1 piece"),
    "D-4": Words("未结案再次投诉并入原单:计1次、0件", "merged while open: 1 occurrence, 0 pieces"),
    "D-5": Words("单纯查询进度只作联系记录,不计", "a pure progress enquiry is a contact, not counted"),
    "D-6": Words("回访问题件不计件、不计次,单独统计", "callback findings: 0 / 0, in their own report"),
    "D-7": Words(
        "回访中受理的投诉按电话呼入、来源回访正常计入",
        "a complaint taken in a callback is phone inbound, source callback, and counts",
    ),
    "D-8": Words("转职能部门的非投诉件不计", "what is not a complaint is passed on: 0 / 0"),
    "D-9": Words("有效件为考核基数,待认定件单列", "valid pieces are the assessment base; pending ones are shown apart"),
    "D-10": Words(
        "主要原因口径合计等于件数;全部原因口径按提及计,可多于件数",
        "by main cause the groups add up to the pieces; by all causes mentions are counted and may exceed them",
    ),
    "D-13": Words(
        "关联单随首单认定;首单认定无效的,升级件改为重复件",
        "linked orders inherit validity; when the root turns invalid an escalation becomes a repeat",
    ),
    "D-11": Words("按受理日计入当期", "a piece belongs to the period of receipt of its order"),
    "D-12": Words("承保机构、受理机构、责任部门分别统计", "three dimensions of organisation, kept apart"),
    "D-14": Words("以上海时间的受理日为准", "the day of receipt in Asia/Shanghai decides"),
    "R-2.5": Words(
        "回访问题件不作为投诉件考核和分析",
        "callback findings are not counted in complaint assessment or analysis",
    ),
    "F-37": Words(
        "销售人员和公众的投诉不计入客户投诉,单列",
        "grievances of sales agents and the public are in no complaint figure, shown apart",
    ),
    "F-56": Words("各指标均以当期受理的服务单为范围", "every figure is over the orders received in the period"),
    "F-51": Words("当场解决件的及时率按L-11考核", "on the spot is a target: the on-time rate measures L-11"),
    "F-54": Words(
        "撤回件计件、视同办结,不计平均时长;撤回前未超期的不计及时率",
        "withdrawn: counted, closed, not in the mean time, in the on-time rate only if overdue before",
    ),
    "F-55": Words("销售人员和公众的投诉不计入任何投诉指标", "agents' and the public's are in no complaint figure"),
    "F-57": Words(
        "进度反馈以对客户的时点考核,协调员时点另列",
        "progress is measured to the customer; the coordinators' points have a figure of their own",
    ),
    "F-58": Words("升级率为有效事件中升级的占比", "valid matters with an escalation, of valid matters"),
    "F-59": Words(
        "监管转办及时率按有自身时限的单计,占比按件计",
        "on time over orders with their own clock, the share over pieces",
    ),
    "F-60": Words("合并件随所并入的单办结", "a merged order is closed with the one it was merged into"),
    "F-61": Words(
        "及时率含期末日到期件;超期未结不含期末日到期件,已答复未结案的仍为未结",
        "on time takes deadlines up to the last day, the backlog those before it; informed but not closed is open",
    ),
    "F-62": Words("电话、来访在当次接触中确认", "calls and visits are acknowledged in the contact itself"),
    "F-65": Words("百分比、均值四舍五入保留两位,密度四位", "half up: percentages and means 2 places, densities 4"),
    "R-4.7": Words("未写入服务单的视为未确认", "what is not written in the order counts as not confirmed"),
    "R-3.46": Words("复杂案件协调员每7个工作日报告进展", "coordinators report on complex cases every 7 working days"),
    **{
        f"M-{number}": Words(zh, en)
        for number, (zh, en) in enumerate(
            (
                ("投诉次数=投诉类服务单数", "occurrences: complaint orders"),
                ("投诉件数=权重之和", "pieces: the sum of weights"),
                ("有效件数=有效单权重之和", "valid pieces: the sum of weights where valid"),
                ("受理确认率=按时且记录确认的单/投诉次数", "acknowledged in time and recorded / occurrences"),
                ("办结率=已结案单/投诉次数", "closed / occurrences"),
                ("及时率=按期答复单/期末前到期且有自身时限的单", "informed in time / due by the end with a clock"),
                ("平均处理时长=受理至答复工作日均值(已结案)", "mean working days from receipt to answer, closed"),
                (
                    "重复率=有重复的事件/事件;重复次数/投诉次数",
                    "matters with a repeat / matters; repeats / occurrences",
                ),
                ("升级率=升级事件/有效事件", "escalated matters / valid matters"),
                ("进度反馈达标率=达标时点/到期时点", "progress points met / due"),
                ("亿元保费投诉量=件数/(保费/1亿元)", "pieces / (premium / 100 m yuan)"),
                ("万张保单投诉量=件数/(保单数/1万)", "pieces / (policies / 10 000)"),
                ("万人次投诉量=件数/(人次/1万)", "pieces / (person-times / 10 000)"),
                ("亿元保费投诉量同比=(本期-上年同期)/上年同期", "yearly change of M-11"),
                ("监管转办占比及其及时率", "regulator-forwarded share, and on-time rate of those"),
                (
                    "越级投诉率=到国家级监管部门的件数/有效件数",
                    "pieces that went to the national regulator / valid pieces",
                ),
                ("满意率=满意/抽查有答复的", "satisfied / sampled and answered"),
                ("单均催办、退单次数,二次退单率", "reminders and returns per dispatched order, second returns"),
                ("超期未结=期末日前到期仍未结案的单", "open orders with a deadline before the last day"),
            ),
            start=1,
        )
    },
    "L-34": Words("季报于季度结束后10个自然日内报送", "the quarter is reported within 10 natural days after its end"),
    "N-12": Words("统计分析、溯源整改、年度披露", "statistics, root causes, yearly disclosure"),
    "N-15": Words("报送数据真实、完整、准确", "data reported are true, complete and accurate"),
    "B-6": Words("每半年召开联席会议并报告投诉处理情况", "a half-yearly joint meeting with a report"),
    "B-7": Words("定期通报处理不力致升级及影响重大的案件", "a periodic bulletin on escalated and grave cases"),
    "B-8": Words("对明显怠慢的行文公示", "a published notice of neglectful delay"),
    "B-9": Words(
        "考核件数、时效、满意度抽查、无效件真实性、重复与升级",
        "assessed: pieces, timeliness, sampled satisfaction, truth of invalid, repeats, escalations",
    ),
    "B-12": Words("监管考评的量化指标", "the regulator's quantities"),
    "R-3.2": Words("领导小组督导、考核、评价投诉处理", "the leading group supervises, assesses, evaluates"),
    "R-3.8": Words(
        "客服部门督办时效与质量并定期报告", "customer service supervises timeliness and quality, and reports"
    ),
    "R-3.10": Words("满意度抽查与处理考核", "sampled satisfaction and assessment"),
    "R-3.11": Words("总公司定期通报投诉信息", "headquarters informs periodically"),
    "R-3.12": Words("日常检查、考核、公布与培训", "inspection, assessment, publication, training"),
    "R-3.14": Words("认定差异大、重复、升级件的督查", "supervised: differing findings, repeats, escalations"),
    "R-3.17": Words("省公司定期通报并上报重大疑难件", "the province informs periodically and reports up"),
    "R-3.25": Words("抽查纠正下级结案及无效认定", "lower closings and invalid findings are sampled and corrected"),
    "R-3.28": Words("柜面定期通报当地", "counters inform locally"),
    "T-1": Words("问题件不可能计入", "a finding cannot be counted"),
    "C-14": Words(
        "误导类问题自发现之日起15个工作日内由销售人员以外的人员解决",
        "mis-selling and the like is solved within 15 working days of discovery by somebody outside sales",
    ),
    "C-13": Words(
        "问题件转好=客户接受处理结果并结案", "turned good: the customer accepted the outcome and it is closed"
    ),
    "F-13": Words(
        "质检可改判并留痕;改出投诉须第二人确认",
        "quality assurance may judge again, with its trace; out of the figures only with a second person",
    ),
}

APPLIED = (
    *("D-1", "D-2", "D-3", "D-4", "D-6", "D-7", "D-8", "D-9", "D-10", "D-11", "D-12", "D-13", "D-14"),
    *("F-37", "F-55", "F-56", "F-65", "R-2.5", "T-1"),
)


class Exclusion(StrEnum):
    """Why a ticket is in no complaint figure."""

    CALLBACK_FINDING = "callback_finding"
    NON_COMPLAINT = "non_complaint"
    NOT_A_CUSTOMER = "not_a_customer"

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules the exclusion rests on."""
        return _EXCLUSION_RULES[self]

    @property
    def words(self) -> Words:
        """What is left out, for the foot of a report."""
        return _EXCLUSION_WORDS[self]


_EXCLUSION_RULES: Mapping[Exclusion, tuple[str, ...]] = {
    Exclusion.CALLBACK_FINDING: ("R-2.5", "D-6", "T-1"),
    Exclusion.NON_COMPLAINT: ("R-1.3", "D-8"),
    Exclusion.NOT_A_CUSTOMER: ("F-37", "F-55"),
}
_EXCLUSION_WORDS: Mapping[Exclusion, Words] = {
    Exclusion.CALLBACK_FINDING: Words("回访问题件", "callback findings"),
    Exclusion.NON_COMPLAINT: Words("非投诉转办件", "non-complaints passed on"),
    Exclusion.NOT_A_CUSTOMER: Words("销售人员及公众的投诉", "grievances of sales agents and the public"),
}


@dataclass(frozen=True, slots=True)
class Weight:
    """What one ticket adds to occurrences and pieces, or why nothing; and the rules that say so."""

    occurrences: int
    pieces: int
    exclusion: Exclusion | None
    rules: tuple[str, ...]


def weigh(
    nature: Nature,
    relation: Relation | None,
    complainant: ComplainantType,
    pieces_before: int = 0,
    cap: int = ESCALATION_CAP,
) -> Weight:
    """What a ticket counts for; `pieces_before` are those its matter has already (the cap of D-1, F-2)."""
    if nature is Nature.CALLBACK_FINDING:
        return Weight(0, 0, Exclusion.CALLBACK_FINDING, Exclusion.CALLBACK_FINDING.rules)
    if nature is Nature.NON_COMPLAINT:
        return Weight(0, 0, Exclusion.NON_COMPLAINT, Exclusion.NON_COMPLAINT.rules)
    if not complainant.is_consumer:
        return Weight(0, 0, Exclusion.NOT_A_CUSTOMER, Exclusion.NOT_A_CUSTOMER.rules)
    match relation:
        case Relation.FIRST:
            return Weight(1, 1, None, ("D-1", "R-4.12"))
        case Relation.REPEAT:
            return Weight(1, 0, None, ("D-1", "D-2", "R-4.13"))
        case Relation.MERGED:
            return Weight(1, 0, None, ("D-1", "D-4"))
        case Relation.ESCALATION:
            return Weight(1, min(1, max(0, cap - pieces_before)), None, ("D-1", "D-3", "R-4.15", "F-2"))
        case None:
            raise ValueError("a complaint without a relation weighs nothing known")


@dataclass(frozen=True, slots=True)
class Row:
    """One ticket as the figures see it."""

    ticket: str
    matter: str | None
    nature: Nature
    relation: Relation | None
    complainant: ComplainantType
    channel: Channel
    source: Source
    category: Category | None
    validity: Validity
    received: date


@dataclass(frozen=True, slots=True)
class Figures:
    """The complaint figures of a set of tickets, and what was left out of them."""

    occurrences: int = 0
    pieces: int = 0
    matters: int = 0
    valid_pieces: int = 0
    invalid_pieces: int = 0
    pending_pieces: int = 0
    excluded: Mapping[Exclusion, int] | None = None


def figures(rows: Iterable[Row], cap: int = ESCALATION_CAP) -> Figures:
    """Count rows naively, in order of receipt: the definition the stored weights must agree with."""
    pieces_of: dict[str, int] = {}
    by_validity = dict.fromkeys(Validity, 0)
    excluded = dict.fromkeys(Exclusion, 0)
    occurrences = 0
    for row in sorted(rows, key=lambda r: (r.received, r.ticket)):
        matter = row.matter or row.ticket
        weight = weigh(row.nature, row.relation, row.complainant, pieces_of.get(matter, 0), cap)
        if weight.exclusion is not None:
            excluded[weight.exclusion] += 1
            continue
        occurrences += weight.occurrences
        pieces_of[matter] = pieces_of.get(matter, 0) + weight.pieces
        by_validity[row.validity] += weight.pieces
    return Figures(
        occurrences=occurrences,
        pieces=sum(pieces_of.values()),
        matters=len(pieces_of),
        valid_pieces=by_validity[Validity.VALID],
        invalid_pieces=by_validity[Validity.INVALID],
        pending_pieces=by_validity[Validity.PENDING],
        excluded=excluded,
    )


class Figure(StrEnum):
    """The figures, each of which can be expanded into its tickets (T-4); tickets/measures.py defines them."""

    OCCURRENCES = "occurrences"
    PIECES = "pieces"
    MATTERS = "matters"
    VALID_PIECES = "valid_pieces"
    INVALID_PIECES = "invalid_pieces"
    PENDING_PIECES = "pending_pieces"
    MENTIONS = "mentions"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    DUE = "due"
    IN_TIME = "in_time"
    HANDLED = "handled"
    HANDLING_DAYS = "handling_days"
    REPEATS = "repeats"
    REPEAT_MATTERS = "repeat_matters"
    VALID_MATTERS = "valid_matters"
    ESCALATED_MATTERS = "escalated_matters"
    PROGRESS_DUE = "progress_due"
    PROGRESS_MET = "progress_met"
    COORDINATOR_DUE = "coordinator_due"
    COORDINATOR_MET = "coordinator_met"
    FORWARDED = "forwarded"
    FORWARDED_PIECES = "forwarded_pieces"
    FORWARDED_DUE = "forwarded_due"
    FORWARDED_IN_TIME = "forwarded_in_time"
    SKIP_LEVEL_PIECES = "skip_level_pieces"
    SAMPLED = "sampled"
    SATISFIED = "satisfied"
    DISPATCHED = "dispatched"
    REMINDERS = "reminders"
    RETURNS = "returns"
    RETURNED_TWICE = "returned_twice"
    OVERDUE = "overdue"
    ESCALATIONS = "escalations"
    MAJOR = "major"
    MEDIA = "media"
    CALLBACK_FINDINGS = "callback_findings"
    NON_COMPLAINTS = "non_complaints"
    NOT_CUSTOMERS = "not_customers"
    OPEN_FINDINGS = "open_findings"
    INFORMED_FINDINGS = "informed_findings"
    FINDINGS_IN_TIME = "findings_in_time"
    OVERDUE_FINDINGS = "overdue_findings"
    FINDINGS_DUE = "findings_due"
    FINDINGS_KEPT = "findings_kept"
    FINDINGS_TURNED_GOOD = "findings_turned_good"
    FINDINGS_TURNED = "findings_turned"
    FINDINGS_ONCE_COMPLAINTS = "findings_once_complaints"
    COMPLAINTS_ONCE_FINDINGS = "complaints_once_findings"
    COMPLAINTS_FROM_CALLBACKS = "complaints_from_callbacks"

    @classmethod
    def named(cls, name: str) -> Figure:
        """The figure of that name; raises UnknownFigureError listing those there are."""
        try:
            return cls(name)
        except ValueError:
            names = ", ".join(cls)
            raise UnknownFigureError(
                Words(f"没有这个指标,可用:{names}", f"no such figure; there are: {names}")
            ) from None


def rules_printed(ids: Iterable[str]) -> list[dict[str, str]]:
    """The rules as printed under a report."""
    return [{"rule": id, "zh": RULES[id].zh, "en": RULES[id].en} for id in ids]
