"""Who handles which kind of finding, as data: one entry for each kind (C-26, C-14, R-2.4).

What touches a salesperson's conduct never goes to the sales departments to be solved (C-14): sales inspection leads,
sales gets a copy. A company that divides its work otherwise publishes another table, valid from a day on; until then
the one shipped here holds. Must never save.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tickets.categories import Department, Route
from tickets.errors import Problem, Words
from tickets.findings import SALES_CONDUCT, Subject
from tickets.routing import Table
from tickets.routing import route as route_of
from tickets.slips import Line


@dataclass(frozen=True, slots=True)
class Owner:
    """The departments that handle a kind of finding."""

    kind: Subject
    route: Route


Owners = Mapping[Subject, Owner]

_D = Department


def owners(entries: Iterable[Owner]) -> Owners:
    """The entries by what they are for."""
    return {entry.kind: entry for entry in entries}


def route(table: Owners, kind: Subject, routing: Table, line: Line) -> Route | None:
    """The departments of a finding's line: the kind's for the main one, else the category's, sales led by nobody."""
    if line.number == 1:
        return table[kind].route
    found = route_of(routing, line)
    return outside_sales(found) if found else None


def outside_sales(found: Route) -> Route:
    """The same without sales in the lead: sales inspection leads, sales is copied (C-14)."""
    if found.main is not _D.SALES:
        return found
    others = {
        name: tuple(each for each in getattr(found, name) if each is not _D.SALES_INSPECTION)
        for name in ("joint", "supervise")
    }
    copies = tuple(dict.fromkeys((*found.copies, _D.SALES)))
    return Route(_D.SALES_INSPECTION, others["joint"], copies, others["supervise"], (*found.rules, "C-14"))


def problems(entries: Sequence[Owner]) -> Iterator[Problem]:
    """What is wrong with a table that is to be published: every kind once, nobody twice, sales never in the lead."""
    seen: set[Subject] = set()
    for place, entry in enumerate(entries):
        if entry.kind in seen:
            yield Problem(f"entries/{place}", Words("问题类型重复", "this kind is there twice"), ("C-26",))
        seen.add(entry.kind)
        parts = entry.route
        named = [parts.main, *parts.joint, *parts.copies, *parts.supervise]
        if len(named) != len(set(named)):
            words = Words("同一部门在一条中只出现一次", "a department stands once in an entry")
            yield Problem(f"entries/{place}", words, ("R-2.4",))
        if parts.main is _D.SALES:
            words = Words("问题件不得由销售部门主办", "a finding is never led by sales")
            yield Problem(f"entries/{place}", words, ("C-14",))
    for kind in Subject:
        if kind not in seen:
            yield Problem("entries", Words(f"缺少问题类型:{kind.value}", f"no owner for: {kind.value}"), ("C-26",))


_CONDUCT = Route(_D.SALES_INSPECTION, copies=(_D.SALES,), rules=("C-14", "C-26"))

SHIPPED: Sequence[Owner] = tuple(
    Owner(kind, found)
    for kind, found in {
        **dict.fromkeys(sorted(SALES_CONDUCT), _CONDUCT),
        Subject.DATA_ALTERED: Route(
            _D.SALES_INSPECTION, joint=(_D.BUSINESS_MANAGEMENT,), copies=(_D.SALES,), rules=("C-14", "C-26")
        ),
        Subject.CONTACT_DATA: Route(_D.BUSINESS_MANAGEMENT, rules=("L-32",)),
        Subject.POLICY_DATA: Route(_D.BUSINESS_MANAGEMENT, rules=("L-32",)),
        Subject.UNCLEAR_ANSWER: Route(_D.CUSTOMER_SERVICE, rules=("C-13",)),
        Subject.SERVICE: Route(_D.CUSTOMER_SERVICE, copies=(_D.SALES,), rules=("C-14",)),
        Subject.CLAIM: Route(_D.BUSINESS_MANAGEMENT, rules=("R-3.40",)),
        Subject.PAYMENT: Route(_D.FINANCE, joint=(_D.BUSINESS_MANAGEMENT, _D.IT), rules=("R-3.41",)),
        Subject.OTHER: Route(_D.CUSTOMER_SERVICE, rules=("F-8",)),
    }.items()
)
"""The owners a company starts with: in no rule of ours, so data (DEFAULT)."""
