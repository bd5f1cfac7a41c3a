"""The closed list of categories and its routing table (R-2.6 … R-2.17, F-8)."""

import pytest

from tickets.categories import CATEGORIES, OTHER_ROUTES, Category, Department, OtherCause, route

pytestmark = pytest.mark.unit


def test_there_are_exactly_eleven_categories_in_order() -> None:
    """R-2.17: closed at 11; 11 is the catch-all."""
    assert [c.number for c in Category] == list(range(1, 12))
    assert list(Category)[-1] is Category.OTHER
    assert set(CATEGORIES) == set(Category)


@pytest.mark.parametrize(
    ("category", "main", "rule"),
    [
        (Category.SOLICITATION, Department.SALES, "R-2.6"),
        (Category.SALES_SERVICE, Department.SALES, "R-2.7"),
        (Category.COUNTER, Department.BUSINESS_MANAGEMENT, "R-2.8"),
        (Category.UNDERWRITING, Department.BUSINESS_MANAGEMENT, "R-2.9"),
        (Category.MAINTENANCE, Department.BUSINESS_MANAGEMENT, "R-2.10"),
        (Category.CLAIMS, Department.BUSINESS_MANAGEMENT, "R-2.11"),
        (Category.CALL_CENTRE, Department.CUSTOMER_SERVICE, "R-2.12"),
        (Category.PRODUCT, Department.BUSINESS_MANAGEMENT, "R-2.13"),
        (Category.PAYMENT, Department.FINANCE, "R-2.14"),
        (Category.SMS, Department.CUSTOMER_SERVICE, "R-2.15"),
        (Category.OTHER, Department.CUSTOMER_SERVICE, "R-2.16"),
    ],
)
def test_each_category_goes_to_its_department(category: Category, main: Department, rule: str) -> None:
    """R-2.6 R-2.7 R-2.8 R-2.9 R-2.10 R-2.11 R-2.12 R-2.13 R-2.14 R-2.15 R-2.16, R-3.37, R-3.40, F-8"""
    assert route(category).main is main
    assert CATEGORIES[category].rule == rule


def test_sales_inspection_supervises_solicitation() -> None:
    """R-3.39, F-26"""
    assert route(Category.SOLICITATION).supervise == (Department.SALES_INSPECTION,)


def test_payment_is_investigated_jointly() -> None:
    """R-3.41: finance with business management and IT."""
    assert route(Category.PAYMENT).joint == (Department.BUSINESS_MANAGEMENT, Department.IT)


def test_the_departments_that_mainly_investigate_are_those_of_the_measures() -> None:
    """R-3.36: sales, sales inspection, business management, finance and IT; customer service where none is named."""
    routes = [entry.route for entry in CATEGORIES.values()]
    named = {each for found in routes for each in (found.main, *found.joint, *found.supervise)}
    main = {Department.SALES, Department.SALES_INSPECTION, Department.BUSINESS_MANAGEMENT, Department.FINANCE}
    assert named == main | {Department.IT, Department.CUSTOMER_SERVICE}


def test_a_leak_of_privacy_goes_to_sales_only_when_sales_leaked() -> None:
    """F-25: by sales staff it is category 2, otherwise 11."""
    assert route(Category.SALES_SERVICE).main is Department.SALES
    found = route(Category.OTHER, OtherCause.PRIVACY)
    assert (found.main, found.joint) == (Department.CUSTOMER_SERVICE, (Department.COMPLIANCE,))
    assert "F-25" in found.rules


def test_what_was_sold_by_others_goes_where_its_matter_belongs() -> None:
    """F-27: the sale to sales, clauses of agency business to business management, other intermediaries to sales."""
    assert route(Category.SOLICITATION).main is Department.SALES
    assert route(Category.PRODUCT).main is Department.BUSINESS_MANAGEMENT
    found = route(Category.OTHER, OtherCause.INTERMEDIARY)
    assert found.main is Department.SALES
    assert "F-27" in found.rules


@pytest.mark.parametrize(
    ("cause", "main"),
    [
        (OtherCause.DIVIDEND, Department.BUSINESS_MANAGEMENT),
        (OtherCause.PRIVACY, Department.CUSTOMER_SERVICE),
        (OtherCause.AGENT_GRIEVANCE, Department.SALES),
        (OtherCause.TELESALES, Department.SALES),
        (OtherCause.INTERMEDIARY, Department.SALES),
    ],
)
def test_category_eleven_is_routed_by_its_cause(cause: OtherCause, main: Department) -> None:
    """R-2.16, F-8"""
    assert route(Category.OTHER, cause).main is main


def test_a_cause_of_category_eleven_does_not_bend_other_categories() -> None:
    """F-8"""
    assert route(Category.CLAIMS, OtherCause.DIVIDEND) == route(Category.CLAIMS)
    assert set(OTHER_ROUTES) == set(OtherCause)
