"""How figures are split: by time, organisation, category, product; the group an order is in (domain d.3, D-10, D-12).

A figure's groups add up to the whole, except by cause and by department, where an order stands in each of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from tickets.categories import CATEGORIES, Category, Department, DisputeType
from tickets.findings import Subject
from tickets.intake import Channel, ComplainantType, ForwarderLevel, Nature, Relation, Severity, Source
from tickets.lifecycle import Status, Validity
from tickets.measures import Order


class Dimension(StrEnum):
    """Which organisation of a ticket is meant; the dimensions are never mixed (D-12).

    Responsible is the organisation of each responsible department (R-3.26): of one that was sent a slip where it was
    sent, of any other the one that accepted the order. A ticket may have several.
    """

    ACCEPTING = "accepting"
    UNDERWRITING = "underwriting"
    RESPONSIBLE = "responsible"


class Grouping(StrEnum):
    """What a figure may be split by."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"
    CHANNEL = "channel"
    SOURCE = "source"
    REGULATOR = "regulator"
    CATEGORY = "category"
    CAUSE = "cause"
    DISPUTE = "dispute"
    SEVERITY = "severity"
    VALIDITY = "validity"
    RELATION = "relation"
    STATUS = "status"
    SUBJECT = "subject"
    COMPLAINANT = "complainant"
    DEPARTMENT = "department"
    PRODUCT = "product"
    PRODUCT_KIND = "product_kind"
    SALES_CHANNEL = "sales_channel"
    OPENED_BY = "opened_by"
    SALESPERSON = "salesperson"
    ORGANISATION = "organisation"
    BRANCH = "branch"


class Unplaced(StrEnum):
    """Keys of the groups of tickets that do not say where they belong: no category, no subject of a callback, no
    organisation of the dimension, no policy, no department yet, not from a regulator, from one of unknown level;
    opened by no person."""

    CATEGORY = "undetermined"
    SUBJECT = "no_callback"
    ORGANISATION = "unknown"
    POLICY = "no_policy"
    DEPARTMENT = "no_department"
    PERSON = "nobody"
    REGULATOR = "not_forwarded"
    LEVEL = "level_unknown"


CODES: Mapping[Grouping, type[StrEnum]] = {
    Grouping.CHANNEL: Channel,
    Grouping.SOURCE: Source,
    Grouping.REGULATOR: ForwarderLevel,
    Grouping.CATEGORY: Category,
    Grouping.SEVERITY: Severity,
    Grouping.VALIDITY: Validity,
    Grouping.STATUS: Status,
    Grouping.SUBJECT: Subject,
    Grouping.CAUSE: Category,
    Grouping.DISPUTE: DisputeType,
    Grouping.RELATION: Relation,
    Grouping.COMPLAINANT: ComplainantType,
    Grouping.DEPARTMENT: Department,
}
"""What the keys of these groups are members of."""

MANY = frozenset({Grouping.CAUSE, Grouping.DEPARTMENT})
"""Groupings in which one order may stand in several groups; by responsible organisation, too."""


def groups(order: Order, grouping: Grouping, dimension: Dimension = Dimension.ACCEPTING, below: str = "") -> list[str]:
    """The keys of the groups the order is in; `below` is the path of the organisation asked for."""
    if grouping is Grouping.CAUSE:
        return [cause.value for cause in order.mentioned] or [Unplaced.CATEGORY]
    if grouping is Grouping.DEPARTMENT:
        return [department.value for department in _departments(order, dimension, below)] or [Unplaced.DEPARTMENT]
    if grouping in (Grouping.ORGANISATION, Grouping.BRANCH):
        name = _last if grouping is Grouping.ORGANISATION else _branch(below)
        return list(dict.fromkeys(map(name, _paths(order, dimension, below) or ("",))))
    return [_KEYS[grouping](order)]


def _departments(order: Order, dimension: Dimension, below: str) -> Iterable[Department]:
    if dimension is not Dimension.RESPONSIBLE:
        return order.departments
    return [each for each, path in zip(order.departments, order.responsible, strict=True) if path.startswith(below)]


def _paths(order: Order, dimension: Dimension, below: str) -> Iterable[str]:
    match dimension:
        case Dimension.ACCEPTING:
            return (order.accepting,)
        case Dimension.UNDERWRITING:
            return (order.underwriting,)
        case Dimension.RESPONSIBLE:
            return [path for path in order.responsible if path.startswith(below)]


def _branch(below: str) -> Callable[[str], str]:
    return lambda path: path.removeprefix(below).partition("/")[0] or _last(path)


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] or Unplaced.ORGANISATION


def _regulator(order: Order) -> str:
    """On which level the regulator forwarded it (M-16)."""
    if order.source is not Source.REGULATOR:
        return Unplaced.REGULATOR
    return order.forwarder_level.value if order.forwarder_level else Unplaced.LEVEL


def _dispute(order: Order) -> str:
    """The regulators' name of the main cause (domain d.3, default mapping)."""
    return CATEGORIES[order.mentioned[0]].dispute.value if order.mentioned else Unplaced.CATEGORY


_KEYS: Mapping[Grouping, Callable[[Order], str]] = {
    Grouping.DAY: lambda o: o.received.isoformat(),
    Grouping.MONTH: lambda o: f"{o.received:%Y-%m}",
    Grouping.QUARTER: lambda o: f"{o.received.year}-Q{(o.received.month + 2) // 3}",
    Grouping.HALF_YEAR: lambda o: f"{o.received.year}-H{1 if o.received.month < 7 else 2}",
    Grouping.YEAR: lambda o: f"{o.received.year}",
    Grouping.CHANNEL: lambda o: o.channel.value,
    Grouping.SOURCE: lambda o: o.source.value,
    Grouping.CATEGORY: lambda o: o.mentioned[0].value if o.mentioned else Unplaced.CATEGORY,
    Grouping.REGULATOR: _regulator,
    Grouping.DISPUTE: _dispute,
    Grouping.SEVERITY: lambda o: o.severity.value,
    Grouping.VALIDITY: lambda o: o.validity.value if o.nature is Nature.COMPLAINT else "",
    Grouping.RELATION: lambda o: o.relation.value if o.relation else "",
    Grouping.STATUS: lambda o: o.status.value,
    Grouping.SUBJECT: lambda o: o.subject.value if o.subject else Unplaced.SUBJECT,
    Grouping.COMPLAINANT: lambda o: o.complainant.value,
    Grouping.PRODUCT: lambda o: o.product or Unplaced.POLICY,
    Grouping.PRODUCT_KIND: lambda o: o.product_kind or Unplaced.POLICY,
    Grouping.SALES_CHANNEL: lambda o: o.sales_channel or Unplaced.POLICY,
    Grouping.OPENED_BY: lambda o: o.opened_by or Unplaced.PERSON,
    Grouping.SALESPERSON: lambda o: o.salesperson or Unplaced.POLICY,
}
