"""The case file (案卷): what it must hold by severity and channel, what is there, what is missing (E-20, E-21, B-3).

A list of items, each with the rules it rests on and where they come from; whether it is mandatory follows from the
facts of the ticket alone. A mandatory item that can no longer be had (nobody acknowledged in time, a recording was
lost) may be explained in writing (缺件说明): the explanation goes into the file in its place. Must never read or save.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tickets.errors import MoveRefusedError, Words
from tickets.intake import Channel, NetworkKind, Relation, Severity
from tickets.papers import Paper


class Item(StrEnum):
    """The items of a case file, in the order they lie in it (E-20)."""

    ORDER = "order"
    ORIGINAL = "original"
    VISIT_FORM = "visit_form"
    ACKNOWLEDGEMENT = "acknowledgement"
    RECORDING = "recording"
    AUTHORISATION = "authorisation"
    IDENTITY = "identity"
    PRELIMINARY_OPINION = "preliminary_opinion"
    SLIPS = "slips"
    REMINDERS = "reminders"
    INVESTIGATION = "investigation"
    PROGRESS = "progress"
    EXTENSION = "extension"
    RULING = "ruling"
    OPINION_LETTER = "opinion_letter"
    DETERMINATION = "determination"
    REPLY = "reply"
    SIGNATURES = "signatures"
    CLOSING = "closing"
    SATISFACTION = "satisfaction"
    LINKS = "links"


class Need(StrEnum):
    """Whether a case file of this kind holds the item."""

    MANDATORY = "mandatory"
    OPTIONAL = "optional"
    NOT_APPLICABLE = "not_applicable"


class Ground(StrEnum):
    """Where the demand for an item comes from (domain, provenance labels)."""

    SEED = "seed"
    LAW = "law"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of a ticket and of what hangs on it, as far as its case file goes. Harmless where left out.

    Counts are of what is there: `recordings` sealed, `unsealed` not yet or lost; `investigated`: answers of
    departments and entries; `withdrawn`: by the customer, or a finding that ended in its customer's complaint; `told`:
    the customer was told the outcome; `unsigned`: heads who owe a signature.
    """

    is_complaint: bool
    is_finding: bool
    channel: Channel
    severity: Severity
    network_kind: NetworkKind | None = None
    relation: Relation | None = None
    represented: bool = False
    withdrawn: bool = False
    declined: bool = False
    closed: bool = False
    acknowledged: bool = False
    papers: frozenset[Paper] = frozenset()
    calls: int = 0
    recordings: int = 0
    unsealed: int = 0
    slips: int = 0
    requests: int = 0
    unanswered: int = 0
    reminders: int = 0
    investigated: int = 0
    complex: bool = False
    progress: int = 0
    extensions: int = 0
    ruled: bool = False
    written_due: bool = False
    letters_sent: int = 0
    determined: bool = False
    told: bool = False
    signatures: int = 0
    unsigned: int = 0
    satisfaction: int = 0
    links: int = 0

    @property
    def decided(self) -> bool:
        """Whether it went to its end: not what was withdrawn (CL-6), nor what was declined (N-8)."""
        return not self.withdrawn and not self.declined


@dataclass(frozen=True, slots=True)
class Demand:
    """One item of the list: what it is, on what it rests, when it is needed and when it is there."""

    item: Item
    words: Words
    rules: tuple[str, ...]
    ground: Ground
    need: Callable[[Case], Need]
    held: Callable[[Case], bool]


def _if(condition: bool, otherwise: Need = Need.OPTIONAL) -> Need:
    return Need.MANDATORY if condition else otherwise


_NONE = Need.NOT_APPLICABLE
_ON_THE_PHONE = (Channel.PHONE_INBOUND, Channel.PHONE_OUTBOUND)
_ON_PAPER = (Channel.LETTER, Channel.FAX)
_ORIGINALS: Final[Mapping[Channel, Paper]] = {Channel.LETTER: Paper.LETTER, Channel.FAX: Paper.FAX}


def _original(case: Case) -> bool:
    if case.channel in _ORIGINALS:
        return _ORIGINALS[case.channel] in case.papers
    return bool(case.papers & {Paper.EMAIL, Paper.LETTER, Paper.FAX, Paper.PHOTO})


DEMANDS: Final[tuple[Demand, ...]] = (
    Demand(
        Item.ORDER,
        Words("服务单及全部办理记录", "the order with its full log"),
        ("R-1.4", "E-20"),
        Ground.SEED,
        lambda _: Need.MANDATORY,
        lambda _: True,
    ),
    Demand(
        Item.ORIGINAL,
        Words("来函、传真或邮件原件", "the letter, fax or e-mail itself"),
        ("E-20", "E-22"),
        Ground.DEFAULT,
        lambda case: _if(case.channel in _ON_PAPER, Need.OPTIONAL if case.channel is Channel.NETWORK else _NONE),
        _original,
    ),
    Demand(
        Item.VISIT_FORM,
        Words("客户签字的来访受理表", "the visit form the customer signed"),
        ("R-4.3",),
        Ground.SEED,
        lambda case: _if(case.channel is Channel.VISIT, _NONE),
        lambda case: Paper.VISIT_FORM in case.papers,
    ),
    Demand(
        Item.ACKNOWLEDGEMENT,
        Words("受理确认", "the confirmation of receipt"),
        ("R-4.2", "R-4.4", "R-4.6", "R-4.7"),
        Ground.SEED,
        lambda case: _if(case.is_complaint and case.relation is not Relation.MERGED and case.decided),
        lambda case: case.acknowledged,
    ),
    Demand(
        Item.RECORDING,
        Words("通话录音", "the recordings of its calls"),
        ("E-1", "E-3", "R-4.5"),
        Ground.LAW,
        lambda case: _if(case.channel in _ON_THE_PHONE or case.calls > 0),
        lambda case: case.recordings > 0 and case.unsealed == 0,
    ),
    Demand(
        Item.AUTHORISATION,
        Words("授权委托书", "the signed authorisation"),
        ("N-6", "R-1.1"),
        Ground.LAW,
        lambda case: _if(case.represented and not case.declined, _NONE),
        lambda case: bool(case.papers & {Paper.AUTHORISATION, Paper.KINSHIP}),
    ),
    Demand(
        Item.IDENTITY,
        Words("身份证明", "the proof of identity"),
        ("N-6", "N-10"),
        Ground.LAW,
        lambda case: _if(case.represented and not case.declined),
        lambda case: Paper.IDENTITY in case.papers,
    ),
    Demand(
        Item.PRELIMINARY_OPINION,
        Words("初步处理意见", "the preliminary opinion"),
        ("R-3.18", "R-3.30"),
        Ground.SEED,
        lambda case: Need.OPTIONAL if case.slips else _NONE,
        lambda case: case.requests > 0,
    ),
    Demand(
        Item.SLIPS,
        Words("会办单及反馈", "joint-handling slips with their answers"),
        ("R-4.18", "R-4.20", "R-4.22"),
        Ground.SEED,
        lambda case: _if(case.slips > 0 and case.decided, Need.OPTIONAL if case.slips else _NONE),
        lambda case: case.slips > 0 and case.unanswered == 0,
    ),
    Demand(
        Item.REMINDERS,
        Words("催办单", "reminder slips"),
        ("R-4.21",),
        Ground.SEED,
        lambda case: _if(case.reminders > 0, _NONE),
        lambda case: case.reminders > 0,
    ),
    Demand(
        Item.INVESTIGATION,
        Words("调查材料", "what was investigated"),
        ("R-4.23", "R-3.38"),
        Ground.SEED,
        lambda case: _if(case.severity is not Severity.GENERAL and case.is_complaint and case.decided),
        lambda case: case.investigated > 0 or Paper.EVIDENCE in case.papers,
    ),
    Demand(
        Item.PROGRESS,
        Words("办理进展反馈", "progress told to the customer"),
        ("R-4.8", "R-3.46"),
        Ground.SEED,
        lambda case: Need.OPTIONAL if case.complex else _NONE,
        lambda case: case.progress > 0,
    ),
    Demand(
        Item.EXTENSION,
        Words("延期登记及告知", "extensions"),
        ("L-15", "L-16"),
        Ground.LAW,
        lambda case: _if(case.extensions > 0, _NONE),
        lambda case: case.extensions > 0,
    ),
    Demand(
        Item.RULING,
        Words("委员会会议纪要及裁定", "committee minutes and ruling"),
        ("R-4.24", "F-47"),
        Ground.SEED,
        lambda case: _if(
            case.severity is not Severity.GENERAL
            and case.is_complaint
            and case.decided
            and case.relation is not Relation.MERGED,
            Need.OPTIONAL if case.ruled else _NONE,
        ),
        lambda case: case.ruled,
    ),
    Demand(
        Item.OPINION_LETTER,
        Words("处理意见书及法务审核", "the opinion letter with its legal clearance"),
        ("R-4.25", "F-22"),
        Ground.SEED,
        lambda case: _if(case.written_due and case.decided, Need.OPTIONAL if case.letters_sent else _NONE),
        lambda case: case.letters_sent > 0,
    ),
    Demand(
        Item.DETERMINATION,
        Words("有效性及原因认定", "validity and causes"),
        ("R-3.23", "B-1"),
        Ground.SEED,
        lambda case: _if(case.is_complaint and case.decided and case.relation is not Relation.MERGED, _NONE),
        lambda case: case.determined,
    ),
    Demand(
        Item.REPLY,
        Words("答复客户记录", "what the customer was told"),
        ("R-4.27", "CL-8"),
        Ground.SEED,
        lambda case: _if((case.decided or case.declined) and case.relation is not Relation.MERGED, _NONE),
        lambda case: case.told,
    ),
    Demand(
        Item.SIGNATURES,
        Words("责任部门负责人签字", "signatures of the responsible departments' heads"),
        ("R-3.26", "R-3.34", "F-20"),
        Ground.SEED,
        lambda case: _if(case.signatures + case.unsigned > 0, _NONE),
        lambda case: case.unsigned == 0,
    ),
    Demand(
        Item.CLOSING,
        Words("结案记录", "the closing"),
        ("R-4.31", "B-1"),
        Ground.SEED,
        lambda _: Need.MANDATORY,
        lambda case: case.closed,
    ),
    Demand(
        Item.SATISFACTION,
        Words("满意度回访结果", "the satisfaction survey"),
        ("R-3.10", "R-3.16", "R-3.32"),
        Ground.SEED,
        lambda _: Need.OPTIONAL,
        lambda case: case.satisfaction > 0,
    ),
    Demand(
        Item.LINKS,
        Words("重复、升级投诉的关联", "links to repeats and escalations"),
        ("R-4.12", "R-4.15"),
        Ground.SEED,
        lambda case: _if(case.relation not in (None, Relation.FIRST)),
        lambda case: case.links > 0,
    ),
)

ITEM_WORDS: Final[Mapping[Item, Words]] = {demand.item: demand.words for demand in DEMANDS}
NEED_WORDS: Final[Mapping[Need, Words]] = {
    Need.MANDATORY: Words("必备", "mandatory"),
    Need.OPTIONAL: Words("可备", "optional"),
    Need.NOT_APPLICABLE: Words("不适用", "not applicable"),
}
GROUND_WORDS: Final[Mapping[Ground, Words]] = {
    Ground.SEED: Words("公司办法", "the company's measures"),
    Ground.LAW: Words("监管规定", "law or regulation"),
    Ground.DEFAULT: Words("本系统默认", "a default of ours"),
}

NEVER_EXPLAINED: Final = frozenset(
    {Item.ORDER, Item.ORIGINAL, Item.VISIT_FORM, Item.AUTHORISATION, Item.IDENTITY, Item.CLOSING, Item.SIGNATURES}
)
"""What can still be had after closing, or without which nothing is closed: it is brought, not explained."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as the file stands. `explained`: it is not there and cannot be had any more, and the file says why."""

    demand: Demand
    need: Need
    held: bool
    explained: bool = False

    @property
    def missing(self) -> bool:
        """Whether the case cannot be archived because of it (E-21)."""
        return self.need is Need.MANDATORY and not self.held and not self.explained


def contents(case: Case, explained: Collection[Item] = ()) -> tuple[Entry, ...]:
    """Every item of the list, as the file stands (E-20, E-21)."""
    return tuple(
        Entry(
            demand,
            demand.need(case),
            demand.held(case),
            demand.item in explained and demand.item not in NEVER_EXPLAINED and not demand.held(case),
        )
        for demand in DEMANDS
    )


def missing(entries: Collection[Entry]) -> tuple[Entry, ...]:
    """The mandatory items that are neither there nor explained."""
    return tuple(entry for entry in entries if entry.missing)


def check_explanation(entries: Collection[Entry], item: Item, *, explained: bool = False) -> None:
    """Raises MoveRefusedError for an item that is there, is not needed, can still be brought, or was `explained`."""
    (entry,) = (each for each in entries if each.demand.item is item)
    if explained:
        words = Words("该项已有缺件说明", "the item's absence was explained already")
    elif entry.held or entry.need is not Need.MANDATORY:
        words = Words("该项材料不缺,无须说明", "the item is there or not needed: nothing is to be explained")
    elif item in NEVER_EXPLAINED:
        words = Words("该项材料应补齐,不能以说明代替", "the item can still be brought: no explanation takes its place")
    else:
        return
    raise MoveRefusedError(words, rules=("E-21",), action="explain_absence", item=item.value)
