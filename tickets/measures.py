"""What each figure counts: the definition, over plain rows and as naive as it can be read (D-1 … D-14, M-1 … M-19).

A figure is a number of orders, pieces, matters, points or days, and always the list of orders it came from (T-4).
callcenter/figures.py says the same in SQL; a test holds both together on random rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from tickets.calendar import Calendar
from tickets.categories import Category, Department
from tickets.findings import Subject
from tickets.intake import Channel, ComplainantType, ForwarderLevel, Nature, Relation, Severity, Source
from tickets.lifecycle import Ending, Status, Validity
from tickets.statistics import ESCALATION_CAP, Figure, weigh


class Addressee(StrEnum):
    """Whom a progress point is owed to (F-11): the two have a figure each (F-57)."""

    CUSTOMER = "customer"
    CUSTOMER_SERVICE = "customer_service"


@dataclass(frozen=True, slots=True)
class Point:
    """One progress point of a complex order: the day it is due, and the day it was met (R-4.8, R-3.46)."""

    owed_to: Addressee
    due: date
    met: date | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One order as the figures see it. Days are Shanghai's (D-14).

    `due` is the effective deadline for decision and answer, None without a clock of its own (a merged order, D-4);
    `told` the day that clock was met, `informed` the day the opinion was given. `acknowledged`: confirmed in time and
    written in the order (R-4.7). `merged_into`: the order it follows. `satisfied`: what a sampled customer answered,
    None when not sampled or not reached. `mentioned`: every cause once, the main one first. `accepting` and
    `underwriting` are paths of organisations, empty where there is none; `responsible` has the path of each of the
    `departments` (D-12). `subject` is a callback's. `opened_by`: id of the person who did; `accepted`: whether the
    customer took the outcome; `judged_again`: it is what it is since what was heard on the callback was judged again,
    or was opened because of that (F-13).
    """

    ticket: str
    received: date
    matter: str | None = None
    nature: Nature = Nature.COMPLAINT
    relation: Relation | None = Relation.FIRST
    complainant: ComplainantType = ComplainantType.CUSTOMER
    occurrences: int = 1
    pieces: int = 1
    validity: Validity = Validity.PENDING
    channel: Channel = Channel.PHONE_INBOUND
    source: Source = Source.DIRECT
    mentioned: tuple[Category, ...] = ()
    departments: tuple[Department, ...] = ()
    acknowledged: bool = False
    due: date | None = None
    told: date | None = None
    informed: date | None = None
    closed: date | None = None
    ended_as: Ending | None = None
    merged_into: str | None = None
    points: tuple[Point, ...] = ()
    dispatched: bool = False
    reminders: int = 0
    returns: int = 0
    satisfied: bool | None = None
    forwarder_level: ForwarderLevel | None = None
    severity: Severity = Severity.GENERAL
    status: Status = Status.RECORDED
    subject: Subject | None = None
    accepting: str = ""
    underwriting: str = ""
    responsible: tuple[str, ...] = ()
    product: str | None = None
    product_kind: str | None = None
    sales_channel: str | None = None
    opened_by: str | None = None
    salesperson: str | None = None
    accepted: bool | None = None
    judged_again: bool = False

    @property
    def skipped_level(self) -> bool:
        """Whether the regulator's headquarters sent it (M-16)."""
        return self.source is Source.REGULATOR and self.forwarder_level is ForwarderLevel.HEADQUARTERS

    @property
    def affair(self) -> str:
        """The matter it belongs to; one that has none is its own."""
        return self.matter or self.ticket


@dataclass(frozen=True, slots=True)
class Period:
    """The days of receipt, both included (D-11, F-56), judged on the day `today`.

    What is not yet met is not yet missed: a deadline or point counts once it is past, or met before.
    """

    first: date
    last: date
    today: date
    calendar: Calendar = field(default_factory=Calendar)

    def judged(self, due: date, met: date | None) -> bool:
        """Whether something due that day is to be judged: due by the last day, and met or past."""
        return due <= self.last and (met is not None or due < self.today)


def weighed(orders: Iterable[Order], cap: int = ESCALATION_CAP) -> list[Order]:
    """The orders with the weights of D-1, given in order of receipt; the pieces of a matter are capped (F-2)."""
    pieces_of: dict[str, int] = {}
    given = []
    for order in sorted(orders, key=lambda o: (o.received, o.ticket)):
        before = pieces_of.get(order.affair, 0)
        weight = weigh(order.nature, order.relation, order.complainant, before, cap)
        pieces_of[order.affair] = before + weight.pieces
        given.append(replace(order, occurrences=weight.occurrences, pieces=weight.pieces))
    return given


def members(figure: Figure, orders: Iterable[Order], period: Period) -> list[tuple[Order, int]]:
    """The orders received in the period that a figure counts, and what each adds (T-4)."""
    everything = list(orders)
    closed = _closed(everything)
    counts, amount = _COUNTED[figure]
    seen = [Seen(o, period, o.ticket in closed) for o in everything if period.first <= o.received <= period.last]
    return [(each.order, amount(each)) for each in seen if counts(each)]


def total(figure: Figure, orders: Iterable[Order], period: Period) -> int:
    """The figure: what its orders add up to; of matters, how many there are."""
    found = members(figure, orders, period)
    if figure in MATTERS:
        return len({order.affair for order, _ in found})
    return sum(amount for _, amount in found)


MATTERS = frozenset({Figure.MATTERS, Figure.REPEAT_MATTERS, Figure.VALID_MATTERS, Figure.ESCALATED_MATTERS})
"""Figures that count each matter once, however many of its orders are in the list."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An order received in the period, seen on its day of judgement; `closed` by itself or by what it follows."""

    order: Order
    period: Period
    closed: bool

    @property
    def counts(self) -> bool:
        """Whether it is an occurrence: no finding, no non-complaint, no grievance of who is no customer."""
        order = self.order
        return order.nature is Nature.COMPLAINT and order.complainant.is_consumer and order.occurrences > 0

    @property
    def weighs(self) -> bool:
        """Whether it adds a piece."""
        return self.counts and self.order.pieces > 0

    @property
    def is_due(self) -> bool:
        """Whether its deadline is judged (M-6, F-61); withdrawn before it passed, it is not (F-54)."""
        order = self.order
        if not self.counts or order.due is None or not self.period.judged(order.due, order.told):
            return False
        return not (self.withdrawn and order.closed is not None and order.closed <= order.due)

    @property
    def in_time(self) -> bool:
        """Whether the customer was told by the last day."""
        order = self.order
        return order.due is not None and order.told is not None and order.told <= order.due

    @property
    def is_handled(self) -> bool:
        """Whether M-7 measures it: closed, not withdrawn (F-54), informed, with a clock of its own."""
        order = self.order
        measured = order.closed is not None and not self.withdrawn
        return self.counts and measured and order.due is not None and order.informed is not None

    @property
    def handling(self) -> int:
        """Working days from receipt to the opinion given."""
        order = self.order
        return self.period.calendar.workdays_between(order.received, order.informed or order.received)

    @property
    def is_overdue(self) -> bool:
        """Open, informed or not, with a deadline before the last day (M-19, F-61)."""
        order, by = self.order, min(self.period.last, self.period.today)
        return self.counts and order.closed is None and order.due is not None and order.due < by

    @property
    def withdrawn(self) -> bool:
        """Whether the complainant took it back (CL-6)."""
        return self.order.ended_as is Ending.WITHDRAWN

    @property
    def is_finding(self) -> bool:
        """Whether it is a callback finding, which is in no figure of complaints (T-1)."""
        return self.order.nature is Nature.CALLBACK_FINDING

    @property
    def finding_is_due(self) -> bool:
        """Whether a finding's limit is judged (C-14, L-31, L-32); one that was turned before it passed has none."""
        order = self.order
        return self.is_finding and order.due is not None and self.period.judged(order.due, order.told)

    @property
    def is_forwarded(self) -> bool:
        """Whether the regulator forwarded it."""
        return self.counts and self.order.source is Source.REGULATOR

    def points(self, owed_to: Addressee) -> list[Point]:
        """The progress points due by the last day (M-10, F-57)."""
        return [p for p in self.order.points if p.owed_to is owed_to and self.period.judged(p.due, p.met)]

    def points_met(self, owed_to: Addressee) -> int:
        """How many of them were met in time."""
        return sum(p.met is not None and p.met <= p.due for p in self.points(owed_to))


def _closed(orders: Iterable[Order]) -> set[str]:
    """The orders that are closed; a merged one when the order it was merged into is (F-60)."""
    own = {order.ticket for order in orders if order.closed is not None}
    return own | {order.ticket for order in orders if order.merged_into in own}


def _one(_: Seen) -> int:
    return 1


def _pieces(seen: Seen) -> int:
    return seen.order.pieces


_CUSTOMER, _SERVICE = Addressee.CUSTOMER, Addressee.CUSTOMER_SERVICE

_COUNTED: Mapping[Figure, tuple[Callable[[Seen], bool], Callable[[Seen], int]]] = {
    Figure.OCCURRENCES: (lambda s: s.counts, _one),
    Figure.PIECES: (lambda s: s.weighs, _pieces),
    Figure.MATTERS: (lambda s: s.counts, _one),
    Figure.VALID_PIECES: (lambda s: s.weighs and s.order.validity is Validity.VALID, _pieces),
    Figure.INVALID_PIECES: (lambda s: s.weighs and s.order.validity is Validity.INVALID, _pieces),
    Figure.PENDING_PIECES: (lambda s: s.weighs and s.order.validity is Validity.PENDING, _pieces),
    Figure.MENTIONS: (lambda s: s.weighs, lambda s: s.order.pieces * max(1, len(s.order.mentioned))),
    Figure.ACKNOWLEDGED: (lambda s: s.counts and s.order.acknowledged, _one),
    Figure.CLOSED: (lambda s: s.counts and s.closed, _one),
    Figure.DUE: (lambda s: s.is_due, _one),
    Figure.IN_TIME: (lambda s: s.is_due and s.in_time, _one),
    Figure.HANDLED: (lambda s: s.is_handled, _one),
    Figure.HANDLING_DAYS: (lambda s: s.is_handled, lambda s: s.handling),
    Figure.REPEATS: (lambda s: s.counts and s.order.relation is Relation.REPEAT, _one),
    Figure.REPEAT_MATTERS: (lambda s: s.counts and s.order.relation is Relation.REPEAT, _one),
    Figure.VALID_MATTERS: (lambda s: s.counts and s.order.validity is Validity.VALID, _one),
    Figure.ESCALATED_MATTERS: (
        lambda s: s.counts and s.order.validity is Validity.VALID and s.order.relation is Relation.ESCALATION,
        _one,
    ),
    Figure.PROGRESS_DUE: (
        lambda s: s.counts and bool(s.points(_CUSTOMER)),
        lambda s: len(s.points(_CUSTOMER)),
    ),
    Figure.PROGRESS_MET: (
        lambda s: s.counts and s.points_met(_CUSTOMER) > 0,
        lambda s: s.points_met(_CUSTOMER),
    ),
    Figure.COORDINATOR_DUE: (
        lambda s: s.counts and bool(s.points(_SERVICE)),
        lambda s: len(s.points(_SERVICE)),
    ),
    Figure.COORDINATOR_MET: (
        lambda s: s.counts and s.points_met(_SERVICE) > 0,
        lambda s: s.points_met(_SERVICE),
    ),
    Figure.FORWARDED: (lambda s: s.is_forwarded, _one),
    Figure.FORWARDED_PIECES: (lambda s: s.is_forwarded and s.weighs, _pieces),
    Figure.FORWARDED_DUE: (lambda s: s.is_forwarded and s.is_due, _one),
    Figure.FORWARDED_IN_TIME: (lambda s: s.is_forwarded and s.is_due and s.in_time, _one),
    Figure.SKIP_LEVEL_PIECES: (lambda s: s.weighs and s.order.skipped_level, _pieces),
    Figure.SAMPLED: (lambda s: s.counts and s.order.satisfied is not None, _one),
    Figure.SATISFIED: (lambda s: s.counts and s.order.satisfied is True, _one),
    Figure.DISPATCHED: (lambda s: s.counts and s.order.dispatched, _one),
    Figure.REMINDERS: (
        lambda s: s.counts and s.order.dispatched and s.order.reminders > 0,
        lambda s: s.order.reminders,
    ),
    Figure.RETURNS: (
        lambda s: s.counts and s.order.dispatched and s.order.returns > 0,
        lambda s: s.order.returns,
    ),
    Figure.RETURNED_TWICE: (lambda s: s.counts and s.order.dispatched and s.order.returns > 1, _one),
    Figure.OVERDUE: (lambda s: s.is_overdue, _one),
    Figure.ESCALATIONS: (lambda s: s.counts and s.order.relation is Relation.ESCALATION, _one),
    Figure.MAJOR: (lambda s: s.counts and s.order.severity is Severity.MAJOR, _one),
    Figure.MEDIA: (lambda s: s.counts and s.order.source is Source.MEDIA, _one),
    Figure.CALLBACK_FINDINGS: (lambda s: s.is_finding, _one),
    Figure.NON_COMPLAINTS: (lambda s: s.order.nature is Nature.NON_COMPLAINT, _one),
    Figure.NOT_CUSTOMERS: (
        lambda s: s.order.nature is Nature.COMPLAINT and not s.order.complainant.is_consumer,
        _one,
    ),
    Figure.OPEN_FINDINGS: (lambda s: s.is_finding and s.order.closed is None, _one),
    Figure.INFORMED_FINDINGS: (lambda s: s.is_finding and s.order.informed is not None, _one),
    Figure.FINDINGS_IN_TIME: (lambda s: s.is_finding and s.in_time, _one),
    Figure.OVERDUE_FINDINGS: (
        lambda s: s.is_finding and s.order.told is None and s.order.due is not None and s.order.due < s.period.today,
        _one,
    ),
    Figure.FINDINGS_DUE: (lambda s: s.finding_is_due, _one),
    Figure.FINDINGS_KEPT: (lambda s: s.finding_is_due and s.in_time, _one),
    Figure.FINDINGS_TURNED_GOOD: (
        lambda s: s.is_finding and s.order.ended_as is Ending.CLOSED and s.order.accepted is True,
        _one,
    ),
    Figure.FINDINGS_TURNED: (lambda s: s.is_finding and s.order.ended_as is Ending.TURNED, _one),
    Figure.FINDINGS_ONCE_COMPLAINTS: (lambda s: s.is_finding and s.order.judged_again, _one),
    Figure.COMPLAINTS_ONCE_FINDINGS: (
        lambda s: s.order.nature is Nature.COMPLAINT and s.order.source is Source.CALLBACK and s.order.judged_again,
        _one,
    ),
    Figure.COMPLAINTS_FROM_CALLBACKS: (
        lambda s: s.order.nature is Nature.COMPLAINT and s.order.source is Source.CALLBACK,
        _one,
    ),
}
