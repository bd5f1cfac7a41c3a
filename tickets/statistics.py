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
        "首次件计1件,重复件、合并件计0件,投诉升级另计1件,同一事件最多计2件",
        "first 1, repeat and merged 0, escalation 1 more; a matter at most 2",
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
    "T-1": Words("问题件不可能计入", "a finding cannot be counted"),
}

APPLIED = ("D-1", "D-2", "D-3", "D-4", "D-6", "D-7", "D-8", "D-9", "D-11", "D-14", "F-37", "R-2.5")


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
    """The figures that can be expanded into their tickets (T-4)."""

    OCCURRENCES = "occurrences"
    PIECES = "pieces"
    MATTERS = "matters"
    VALID_PIECES = "valid_pieces"
    INVALID_PIECES = "invalid_pieces"
    PENDING_PIECES = "pending_pieces"
    CALLBACK_FINDINGS = "callback_findings"
    NON_COMPLAINTS = "non_complaints"
    NOT_CUSTOMERS = "not_customers"
    OPEN_FINDINGS = "open_findings"
    INFORMED_FINDINGS = "informed_findings"
    FINDINGS_IN_TIME = "findings_in_time"
    OVERDUE_FINDINGS = "overdue_findings"
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
