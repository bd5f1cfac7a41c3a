"""Who investigates what, as data: one entry for each category and for each of its sub-codes (F-8, R-3.36 … R-3.41).

A company that divides its work otherwise publishes another table, valid from a day on; until then the one shipped here
holds. Must never save.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tickets.categories import CATEGORIES, OTHER_ROUTES, Category, Department, OtherCause, Route
from tickets.errors import Problem, Words
from tickets.slips import Line

SUB_CODE = "[a-z][a-z0-9_]{0,39}"
"""How a sub-code is spelt."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The departments of a category, or of one of its sub-codes, with what the sub-code is called."""

    category: Category
    route: Route
    sub_code: str | None = None
    words: Words | None = None


Table = Mapping[tuple[Category, str | None], Entry]


def table(entries: Iterable[Entry]) -> Table:
    """The entries by what they are for."""
    return {(entry.category, entry.sub_code): entry for entry in entries}


def route(routing: Table, line: Line) -> Route | None:
    """The departments of a grievance: its sub-code's, else its category's; None when the category is not known."""
    if line.category is None:
        return None
    entry = routing.get((line.category, line.sub_code)) or routing.get((line.category, None))
    return entry.route if entry else None


def knows(routing: Table, category: Category | None, sub_code: str | None) -> bool:
    """Whether the sub-code is one of the category's; none at all always is."""
    return sub_code is None or (category is not None and (category, sub_code) in routing)


def problems(entries: Sequence[Entry]) -> Iterator[Problem]:
    """What is wrong with a table that is to be published: every category once, nobody twice in one route."""
    seen: set[tuple[Category, str | None]] = set()
    for place, entry in enumerate(entries):
        key = (entry.category, entry.sub_code)
        if key in seen:
            yield Problem(
                f"entries/{place}", Words("类别或细分重复", "this category or sub-code is there twice"), ("F-8",)
            )
        seen.add(key)
        if (entry.sub_code is None) != (entry.words is None):
            words = Words("细分须有中英文名称,类别本身不改名", "a sub-code has its words, a category keeps its own")
            yield Problem(f"entries/{place}", words, ("F-8", "R-2.17"))
        parts = entry.route
        named = [parts.main, *parts.joint, *parts.copies, *parts.supervise]
        if len(named) != len(set(named)):
            words = Words("同一部门在一条路由中只出现一次", "a department stands once in a route")
            yield Problem(f"entries/{place}", words, ("F-8",))
    for category in Category:
        if (category, None) not in seen:
            words = Words(f"缺少类别:{CATEGORIES[category].words.zh}", f"no route for: {CATEGORIES[category].words.en}")
            yield Problem("entries", words, ("F-8", "R-2.17"))


def _other(cause: OtherCause, zh: str, en: str) -> Entry:
    return Entry(Category.OTHER, OTHER_ROUTES[cause], cause.value, Words(zh, en))


_BUSINESS = CATEGORIES[Category.MAINTENANCE].route

SHIPPED: Sequence[Entry] = (
    *(Entry(category, CATEGORIES[category].route) for category in Category),
    Entry(Category.MAINTENANCE, _BUSINESS, "surrender", Words("退保", "surrender")),
    Entry(Category.MAINTENANCE, _BUSINESS, "transfer", Words("保单迁移", "policy transfer")),
    Entry(
        Category.PRODUCT,
        Route(Department.BUSINESS_MANAGEMENT, rules=("F-8",)),
        "policy_loan",
        Words("保单借款条款", "policy-loan clauses"),
    ),
    Entry(Category.MAINTENANCE, _BUSINESS, "policy_loan", Words("保单借款办理", "processing of a policy loan")),
    Entry(
        Category.PAYMENT,
        CATEGORIES[Category.PAYMENT].route,
        "policy_loan",
        Words("保单借款收付", "paying out or collecting a policy loan"),
    ),
    _other(OtherCause.PUBLICITY, "宣传", "publicity"),
    _other(OtherCause.DIVIDEND, "分红", "dividend"),
    _other(OtherCause.PRIVACY, "个人信息", "privacy"),
    _other(OtherCause.AGENT_GRIEVANCE, "销售人员诉求", "agents' grievance"),
    _other(OtherCause.TELESALES, "电话销售", "telesales"),
    _other(OtherCause.INTERMEDIARY, "中介机构", "intermediary"),
    _other(OtherCause.ANYTHING_ELSE, "其他", "anything else"),
)
"""The routing a company starts with (F-8); surrender is split off, as the regulators' reports have it (domain d.3). Of
policy loans the clauses are the product's, the processing is maintenance or payment (F-28)."""
