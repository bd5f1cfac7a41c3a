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


def test_solicitation_is_copied_to_sales_inspection() -> None:
    """R-3.39, F-26"""
    assert route(Category.SOLICITATION).copies == (Department.SALES_INSPECTION,)


def test_payment_is_investigated_jointly() -> None:
    """R-3.41: finance with business management and IT."""
    assert route(Category.PAYMENT).joint == (Department.BUSINESS_MANAGEMENT, Department.IT)


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
