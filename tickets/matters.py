"""How the orders of one matter (投诉事件) stand to each other, and so what each weighs (D-1 … D-14, F-40 … F-64).

A matter is recounted whole, in order of receipt, from the facts alone, after any of them changed. Its limits and
whether an order was open are looked at as they stood when the next one was received; its validity as it stands now,
for one found invalid never escalated (D-13, F-50).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from tickets.calendar import shanghai_day
from tickets.deadlines import is_kept
from tickets.errors import Words
from tickets.intake import Channel, ComplainantType, Nature, Relation, Severity, Source
from tickets.lifecycle import Level, Validity
from tickets.statistics import ESCALATION_CAP, Exclusion, weigh

Moment = tuple[datetime, int]
"""When, and which of several things in one moment came first: the place in the history."""


class Target(StrEnum):
    """Whom a customer turned to who makes an escalation of it (D-3, R-4.14)."""

    UPPER_COMPANY = "upper_company"
    MEDIA = "media"
    REGULATOR = "regulator"


TARGET_WORDS: Mapping[Target, Words] = {
    Target.UPPER_COMPANY: Words("上级公司", "the upper company"),
    Target.MEDIA: Words("媒体", "the media"),
    Target.REGULATOR: Words("监管部门", "the regulator"),
}


@dataclass(frozen=True, slots=True)
class Due:
    """A limit for decision and answer as it stood since a moment; kept before `at` (CL-1)."""

    since: Moment
    at: datetime


@dataclass(frozen=True, slots=True)
class Determined:
    """What was found of an order's validity at a moment, the first time or overturning what stood (R-3.23, R-3.25)."""

    at: Moment
    validity: Validity


@dataclass(frozen=True, slots=True)
class Order:
    """One order as far as its matter depends on it.

    `accepting`: the level of the organisation that accepted it. `ended`: when it was closed or withdrawn. `dues` and
    `found` in the order they came to be; an order that nobody timed has no due.
    """

    number: str
    received: Moment
    accepting: Level
    nature: Nature = Nature.COMPLAINT
    complainant: ComplainantType = ComplainantType.UNKNOWN
    channel: Channel = Channel.PHONE_INBOUND
    source: Source = Source.DIRECT
    ended: Moment | None = None
    dues: tuple[Due, ...] = ()
    found: tuple[Determined, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it is a complaint of a customer: only those make repeats (F-63)."""
        return self.nature is Nature.COMPLAINT and self.complainant.is_consumer

    def is_open(self, moment: Moment) -> bool:
        """Whether it was neither closed nor withdrawn yet."""
        return self.ended is None or self.ended > moment

    def due(self, moment: Moment) -> datetime | None:
        """Its limit as it stood then: the first one, where none was set yet."""
        known = [due.at for due in self.dues if due.since <= moment] or [due.at for due in self.dues[:1]]
        return known[-1] if known else None

    def validity(self, moment: Moment | None = None) -> Validity:
        """What was found of it by then, or by now."""
        found = [each.validity for each in self.found if moment is None or each.at <= moment]
        return found[-1] if found else Validity.PENDING


@dataclass(frozen=True, slots=True)
class Story:
    """The complaints of a customer in a matter, in order of receipt."""

    orders: tuple[Order, ...]

    @property
    def root(self) -> Order:
        """The first of them."""
        return self.orders[0]

    def validity(self, moment: Moment | None = None) -> Validity:
        """The matter's, by then or by now: what was found of its root, while nothing was, of the others (D-13)."""
        found = self.root.validity(moment)
        if found is not Validity.PENDING:
            return found
        others = [each for order in self.orders for each in order.found if moment is None or each.at <= moment]
        return max(others, key=lambda each: each.at).validity if others else found


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule, and what it says of this order."""

    rule: str
    words: Words


@dataclass(frozen=True, slots=True)
class Place:
    """What an order is in its matter. `relation` is None for what is no complaint.

    `earlier`: the latest earlier order with a clock of its own, which decided; one merged is handled and closed with it
    (D-4, F-60). `external`: it went above or outside, whether that makes an escalation of it or not (F-15).
    """

    number: str
    relation: Relation | None
    earlier: str | None
    external: bool
    validity: Validity
    occurrences: int
    pieces: int
    exclusion: Exclusion | None
    reasons: tuple[Reason, ...]

    @property
    def has_clock(self) -> bool:
        """Whether limits of its own run: a repeat's and an escalation's do, a merged order's do not (D-4, F-43)."""
        return self.relation is not Relation.MERGED

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules it rests on."""
        return tuple(dict.fromkeys(reason.rule for reason in self.reasons))


def recount(orders: Iterable[Order], cap: int = ESCALATION_CAP) -> tuple[Place, ...]:
    """What every order of one matter is and weighs, in order of receipt."""
    places: list[Place] = []
    earlier: Order | None = None
    pieces = 0
    ordered = sorted(orders, key=lambda each: each.received)
    story = Story(tuple(order for order in ordered if order.counts))
    for order in ordered:
        if not order.counts:
            places.append(_beside(order))
            continue
        relation, external, reasons = _related(order, story, earlier, after_others=bool(places))
        weight = weigh(order.nature, relation, order.complainant, pieces, cap)
        pieces += weight.pieces
        if relation is Relation.ESCALATION and weight.pieces == 0:
            reasons = (*reasons, _capped(cap))
        place = Place(
            order.number,
            relation,
            earlier.number if earlier else None,
            external,
            story.validity(),
            weight.occurrences,
            weight.pieces,
            None,
            reasons,
        )
        places.append(place)
        earlier = order if place.has_clock else earlier
    return tuple(places)


def root_of(orders: Iterable[Order]) -> Order:
    """The first order of the matter: the first complaint of a customer, or where there is none, the first complaint of
    anybody."""
    return min(orders, key=lambda order: (not order.counts, order.nature is not Nature.COMPLAINT, order.received))


def merged_into(places: Iterable[Place], number: str) -> tuple[str, ...]:
    """The orders that are handled, and end, with this one (D-4, F-60)."""
    return tuple(each.number for each in places if each.relation is Relation.MERGED and each.earlier == number)


def severity_at_least(relation: Relation | None, severity: Severity) -> Severity:
    """The severity an order has by what it is: an escalation is at least difficult (F-42)."""
    raised = relation is Relation.ESCALATION and severity is Severity.GENERAL
    return Severity.DIFFICULT if raised else severity


def target(order: Order, root: Order) -> Target | None:
    """Whom the customer turned to, if above or outside those who handle the matter's root (D-3, F-45, F-64)."""
    match order.source:
        case Source.REGULATOR:
            return Target.REGULATOR
        case Source.MEDIA:
            return Target.MEDIA
        case _:
            return Target.UPPER_COMPANY if _reached(order) > _handling(root) else None


_COMPANY = {Level.COUNTER_A: 1, Level.COUNTER_B: 1, Level.CITY: 1, Level.PROVINCE: 2, Level.HQ: 3}
"""The company's levels: a counter belongs to its city's company (F-64)."""

_ADDRESSED = (Channel.LETTER, Channel.VISIT, Channel.FAX)
"""Channels on which the customer chooses the organisation; the hotline, SMS and network are the whole company's."""


def _handling(root: Order) -> int:
    """The level that handles the root: what came from outside or was forwarded, the province (R-4.32, F-64)."""
    if root.source in (Source.REGULATOR, Source.MEDIA, Source.UPPER_COMPANY):
        return _COMPANY[Level.PROVINCE]
    return _COMPANY[root.accepting]


def _reached(order: Order) -> int:
    """The level the customer turned to; what was passed down came from at least the next one up (F-45)."""
    level = _COMPANY[order.accepting]
    if order.source is Source.UPPER_COMPANY:
        return min(level + 1, _COMPANY[Level.HQ])
    return level if order.channel in _ADDRESSED else 0


_Related = tuple[Relation, bool, tuple[Reason, ...]]


def _related(order: Order, story: Story, earlier: Order | None, *, after_others: bool) -> _Related:
    if earlier is None:
        return Relation.FIRST, False, _first(after_others)
    root = story.root
    whom = target(order, root)
    external = whom is not None
    due = earlier.due(order.received)
    late = due is not None and not is_kept(due, order.received[0])
    if whom is not None and due is not None and late:
        now, then = story.validity(), story.validity(order.received)
        above = _escalated(whom, earlier, due)
        if now is not Validity.INVALID:
            return Relation.ESCALATION, external, (*above, *_provisional(now))
        if then is not Validity.INVALID:
            return Relation.REPEAT, external, (*above, _turned_invalid(root), _F43)
    reasons = _not_escalated(whom, root, earlier, due, late=late)
    if earlier.is_open(order.received):
        return Relation.MERGED, external, (*_merged(earlier), *reasons)
    return Relation.REPEAT, external, (*_repeated(earlier), *reasons)


def _beside(order: Order) -> Place:
    """A finding, what is no complaint, or a grievance of an agent or the public: in no story of a customer (F-63)."""
    relation = Relation.FIRST if order.nature is Nature.COMPLAINT else None
    weight = weigh(order.nature, relation, order.complainant)
    words = Words("不计入投诉指标,单列", "in no complaint figure, shown apart")
    reasons = tuple(Reason(rule, words) for rule in weight.rules)
    return Place(order.number, relation, None, False, order.validity(), 0, 0, weight.exclusion, reasons)


_FIRST = Reason("R-4.12", Words("本事件的首次投诉", "the first complaint of its matter"))
_F63 = Reason(
    "F-63",
    Words(
        "此前的问题件、非投诉件或销售人员及公众诉求不构成首次投诉",
        "a finding, a non-complaint or a grievance of an agent or the public before it is no first complaint",
    ),
)
_F43 = Reason("F-43", Words("自立服务单,自有时限", "an order of its own with limits of its own"))
_F40 = Reason(
    "F-40",
    Words("首单有效性尚未认定,暂按升级计,认定后重算", "validity still pending: provisional, recounted once determined"),
)


def _first(after_others: bool) -> tuple[Reason, ...]:
    return (_FIRST, _F63) if after_others else (_FIRST,)


def _provisional(validity: Validity) -> tuple[Reason, ...]:
    return (_F40,) if validity is Validity.PENDING else ()


def _escalated(whom: Target, earlier: Order, due: datetime) -> tuple[Reason, ...]:
    name = TARGET_WORDS[whom]
    day = _last_day(due)
    rules = ("F-45", "F-64") if whom is Target.UPPER_COMPANY else ()
    return (
        Reason("D-3", Words(f"向{name.zh}再次投诉", f"complained again, to {name.en}")),
        *(Reason(rule, Words("高于首单经办层级", "above the level that handles the root")) for rule in rules),
        Reason(
            "F-46",
            Words(
                f"受理时已过{earlier.number}的处理期限{day.isoformat()}",
                f"received after the limit of {earlier.number}, {day.isoformat()}",
            ),
        ),
        Reason("F-49", _LATEST),
    )


_LATEST = Words("以本事件最近一张自有时限的服务单为准", "the latest earlier order with a clock of its own decides")


def _turned_invalid(root: Order) -> Reason:
    words = Words(
        f"首单{root.number}其后认定无效,升级改计重复,时限照旧",
        f"its root {root.number} was found invalid later: a repeat, its limits stay",
    )
    return Reason("D-13", words)


def _not_escalated(
    whom: Target | None, root: Order, earlier: Order, due: datetime | None, *, late: bool
) -> tuple[Reason, ...]:
    """Why what went above or outside is no escalation all the same."""
    if whom is None:
        return ()
    name = TARGET_WORDS[whom]
    went = Reason("F-15", Words(f"已向{name.zh}投诉,标记外部", f"went to {name.en}: marked external"))
    if late:
        words = Words(f"受理时首单{root.number}已认定无效", f"its root {root.number} was invalid already when received")
        return went, Reason("D-3", words), Reason("F-50", words)
    until = "" if due is None else _last_day(due).isoformat()
    zh, en = f"受理时未过{earlier.number}的处理期限{until}", f"received within the limit of {earlier.number}, {until}"
    words = Words(zh, en.removesuffix(", "))
    return went, Reason("D-3", words), Reason("F-46", words)


def _merged(earlier: Order) -> tuple[Reason, ...]:
    open_ = Words(f"受理时{earlier.number}尚未结案,并入", f"{earlier.number} was open when received: merged into it")
    follows = Words("不另计时限,随其结案", "no clock of its own, closed with it")
    return Reason("D-4", open_), Reason("F-14", open_), Reason("F-60", follows), Reason("F-49", _LATEST)


def _repeated(earlier: Order) -> tuple[Reason, ...]:
    closed = Words(f"受理时{earlier.number}已结案", f"{earlier.number} was closed when received")
    return Reason("D-2", closed), Reason("R-4.12", closed), _F43, Reason("F-49", _LATEST)


def _last_day(due: datetime) -> date:
    return shanghai_day(due - timedelta(microseconds=1))


def _capped(cap: int) -> Reason:
    return Reason("F-2", Words(f"本事件已计满{cap}件", f"the matter has its {cap} pieces already"))
