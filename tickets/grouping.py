"""How figures are split: by time, organisation, category, product; the group an order is in (domain d.3, D-10, D-12).

A figure's groups add up to the whole, except by cause and by department, where an order stands in each of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from tickets.categories import CATEGORIES, Category, Department, DisputeType
from tickets.findings import Subject
from tickets.intake import Channel, ComplainantType, Nature, Relation, Severity, Source
from tickets.lifecycle import Status, Validity
from tickets.measures import Order


class Dimension(StrEnum):
    """Which organisation of a ticket is meant; the dimensions are never mixed (D-12)."""

    ACCEPTING = "accepting"
    UNDERWRITING = "underwriting"


class Grouping(StrEnum):
    """What a figure may be split by."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"
    CHANNEL = "channel"
    SOURCE = "source"
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
    underwriting organisation, no policy, no department yet; opened by no person."""

    CATEGORY = "undetermined"
    SUBJECT = "no_callback"
    ORGANISATION = "unknown"
    POLICY = "no_policy"
    DEPARTMENT = "no_department"
    PERSON = "nobody"


CODES: Mapping[Grouping, type[StrEnum]] = {
    Grouping.CHANNEL: Channel,
    Grouping.SOURCE: Source,
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
"""Groupings in which one order may stand in several groups."""


def groups(order: Order, grouping: Grouping, dimension: Dimension = Dimension.ACCEPTING, below: str = "") -> list[str]:
    """The keys of the groups the order is in; `below` is the path of the organisation asked for."""
    if grouping is Grouping.CAUSE:
        return [cause.value for cause in order.mentioned] or [Unplaced.CATEGORY]
    if grouping is Grouping.DEPARTMENT:
        return [department.value for department in order.departments] or [Unplaced.DEPARTMENT]
    path = order.accepting if dimension is Dimension.ACCEPTING else order.underwriting
    if grouping is Grouping.ORGANISATION:
        return [_last(path)]
    if grouping is Grouping.BRANCH:
        rest = path.removeprefix(below)
        return [rest.partition("/")[0] or _last(path)]
    return [_KEYS[grouping](order)]


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] or Unplaced.ORGANISATION


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
