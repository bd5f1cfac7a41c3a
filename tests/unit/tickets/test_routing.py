"""The routing as data: the shipped table, sub-codes, and what may not be published."""

from dataclasses import replace

import pytest

from tickets.categories import CATEGORIES, OTHER_ROUTES, Category, Department, OtherCause, Route
from tickets.errors import Words
from tickets.routing import SHIPPED, Entry, knows, problems, route, table
from tickets.slips import Line

pytestmark = pytest.mark.unit

TABLE = table(SHIPPED)
FINANCE = Route(Department.FINANCE)


def fields(*entries: Entry) -> list[str]:
    return [problem.field for problem in problems(entries)]


def test_the_shipped_table_is_whole() -> None:
    """F-8, R-2.17"""
    assert fields(*SHIPPED) == []
    assert len(TABLE) == len(SHIPPED)


@pytest.mark.parametrize("category", list(Category))
def test_each_category_goes_where_the_measures_say(category: Category) -> None:
    """R-3.37, R-3.39, R-3.40, R-3.41, F-8"""
    assert route(TABLE, Line(1, category)) == CATEGORIES[category].route


@pytest.mark.parametrize("cause", list(OtherCause))
def test_category_11_goes_by_its_sub_code(cause: OtherCause) -> None:
    """F-8"""
    assert route(TABLE, Line(1, Category.OTHER, cause.value)) == OTHER_ROUTES[cause]


def test_surrender_is_a_sub_code_of_maintenance() -> None:
    """R-2.10, F-8"""
    assert knows(TABLE, Category.MAINTENANCE, "surrender")
    assert not knows(TABLE, Category.CLAIMS, "surrender")
    assert not knows(TABLE, None, "surrender")
    assert knows(TABLE, None, None)


def test_of_policy_loans_the_clauses_are_the_products_and_the_processing_is_maintenance_or_payment() -> None:
    """F-28, R-2.13"""
    routes = {
        category: route(TABLE, Line(1, category, "policy_loan"))
        for category in Category
        if knows(TABLE, category, "policy_loan")
    }
    assert set(routes) == {Category.PRODUCT, Category.MAINTENANCE, Category.PAYMENT}
    mains = {category: found.main for category, found in routes.items() if found}
    assert mains[Category.PRODUCT] is mains[Category.MAINTENANCE] is Department.BUSINESS_MANAGEMENT
    assert mains[Category.PAYMENT] is Department.FINANCE
    words = {entry.words.zh for entry in SHIPPED if entry.sub_code == "policy_loan" and entry.words}
    assert words == {"保单借款条款", "保单借款办理", "保单借款收付"}


def test_a_sub_code_without_an_entry_goes_where_its_category_does() -> None:
    """F-8"""
    assert route(TABLE, Line(2, Category.CLAIMS, "unheard_of")) == CATEGORIES[Category.CLAIMS].route
    assert route(TABLE, Line(1, None)) is None
    own = table((*SHIPPED, Entry(Category.CLAIMS, FINANCE, "late_payment", Words("迟付", "late payment"))))
    assert route(own, Line(2, Category.CLAIMS, "late_payment")) == FINANCE


def test_a_table_has_every_category_once_and_no_department_twice_in_a_route() -> None:
    """F-8, R-2.17"""
    assert fields(*SHIPPED[1:]) == ["entries"]
    assert fields(*SHIPPED, SHIPPED[0]) == [f"entries/{len(SHIPPED)}"]
    twice = Route(Department.FINANCE, joint=(Department.FINANCE,))
    assert fields(replace(SHIPPED[0], route=twice), *SHIPPED[1:]) == ["entries/0"]
    unnamed = Entry(Category.CLAIMS, FINANCE, "late_payment")
    assert fields(*SHIPPED, unnamed) == [f"entries/{len(SHIPPED)}"]
    assert fields(replace(SHIPPED[0], words=Words("甲", "a")), *SHIPPED[1:]) == ["entries/0"]
