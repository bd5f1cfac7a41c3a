"""The closed list of eleven complaint categories, and who investigates each (R-2.6 … R-2.17, F-8).

The routing is data: a company that divides its work otherwise replaces the table, never the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tickets.errors import Words


class Category(StrEnum):
    """The eleven categories of chapter 2; the last is the catch-all (R-2.17)."""

    SOLICITATION = "solicitation"
    SALES_SERVICE = "sales_service"
    COUNTER = "counter"
    UNDERWRITING = "underwriting"
    MAINTENANCE = "maintenance"
    CLAIMS = "claims"
    CALL_CENTRE = "call_centre"
    PRODUCT = "product"
    PAYMENT = "payment"
    SMS = "sms"
    OTHER = "other"

    @property
    def number(self) -> int:
        """The category's place in the measures, 1 to 11."""
        return list(Category).index(self) + 1


class OtherCause(StrEnum):
    """What within category 11 decides the department (F-8)."""

    PUBLICITY = "publicity"
    DIVIDEND = "dividend"
    PRIVACY = "privacy"
    AGENT_GRIEVANCE = "agent_grievance"
    TELESALES = "telesales"
    INTERMEDIARY = "intermediary"
    ANYTHING_ELSE = "anything_else"


class Department(StrEnum):
    """The departments that investigate (R-3.36 … R-3.41)."""

    SALES = "sales"
    SALES_INSPECTION = "sales_inspection"
    BUSINESS_MANAGEMENT = "business_management"
    FINANCE = "finance"
    IT = "it"
    CUSTOMER_SERVICE = "customer_service"
    COMPLIANCE = "compliance"


class DisputeType(StrEnum):
    """How the regulators' reports name the category (domain d.3, default mapping)."""

    SALES = "sales"
    SALES_SERVICE = "sales_service"
    COUNTER_SERVICE = "counter_service"
    UNDERWRITING = "underwriting"
    MAINTENANCE = "maintenance"
    CLAIMS = "claims"
    CALL_CENTRE_SERVICE = "call_centre_service"
    PRODUCT = "product"
    COLLECTION_PAYMENT = "collection_payment"
    INFORMATION_DISTURBANCE = "information_disturbance"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Route:
    """Who investigates: one main department, those that do it jointly, those that get a copy, those that supervise."""

    main: Department
    joint: tuple[Department, ...] = ()
    copies: tuple[Department, ...] = ()
    supervise: tuple[Department, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One category: its words, the rule that defines it, its dispute type and its route."""

    words: Words
    rule: str
    dispute: DisputeType
    route: Route


_D = Department

CATEGORIES: Mapping[Category, Entry] = {
    Category.SOLICITATION: Entry(
        Words("展业类", "solicitation"),
        "R-2.6",
        DisputeType.SALES,
        Route(_D.SALES, supervise=(_D.SALES_INSPECTION,), rules=("R-3.37", "R-3.39", "F-26")),
    ),
    Category.SALES_SERVICE: Entry(
        Words("销售人员/销售机构服务类", "service of salespeople and sales organisations"),
        "R-2.7",
        DisputeType.SALES_SERVICE,
        Route(_D.SALES, rules=("R-3.37",)),
    ),
    Category.COUNTER: Entry(
        Words("柜面形象类", "counter image"),
        "R-2.8",
        DisputeType.COUNTER_SERVICE,
        Route(_D.BUSINESS_MANAGEMENT, rules=("R-3.40",)),
    ),
    Category.UNDERWRITING: Entry(
        Words("承保类", "underwriting and issue"),
        "R-2.9",
        DisputeType.UNDERWRITING,
        Route(_D.BUSINESS_MANAGEMENT, rules=("R-3.40",)),
    ),
    Category.MAINTENANCE: Entry(
        Words("保全类", "policy maintenance"),
        "R-2.10",
        DisputeType.MAINTENANCE,
        Route(_D.BUSINESS_MANAGEMENT, rules=("R-3.40",)),
    ),
    Category.CLAIMS: Entry(
        Words("理赔类", "claims"),
        "R-2.11",
        DisputeType.CLAIMS,
        Route(_D.BUSINESS_MANAGEMENT, rules=("R-3.40",)),
    ),
    Category.CALL_CENTRE: Entry(
        Words("电话中心类", "call centre"),
        "R-2.12",
        DisputeType.CALL_CENTRE_SERVICE,
        Route(_D.CUSTOMER_SERVICE, rules=("F-8",)),
    ),
    Category.PRODUCT: Entry(
        Words("公司产品类", "company product"),
        "R-2.13",
        DisputeType.PRODUCT,
        Route(_D.BUSINESS_MANAGEMENT, rules=("F-8",)),
    ),
    Category.PAYMENT: Entry(
        Words("收付费类", "collection and payment"),
        "R-2.14",
        DisputeType.COLLECTION_PAYMENT,
        Route(_D.FINANCE, joint=(_D.BUSINESS_MANAGEMENT, _D.IT), rules=("R-3.41",)),
    ),
    Category.SMS: Entry(
        Words("短信类", "SMS"),
        "R-2.15",
        DisputeType.INFORMATION_DISTURBANCE,
        Route(_D.CUSTOMER_SERVICE, joint=(_D.IT,), rules=("F-8",)),
    ),
    Category.OTHER: Entry(
        Words("其他类", "other"),
        "R-2.16",
        DisputeType.OTHER,
        Route(_D.CUSTOMER_SERVICE, rules=("F-8",)),
    ),
}

OTHER_ROUTES: Mapping[OtherCause, Route] = {
    OtherCause.PUBLICITY: Route(_D.CUSTOMER_SERVICE, rules=("F-8",)),
    OtherCause.DIVIDEND: Route(_D.BUSINESS_MANAGEMENT, rules=("F-8",)),
    OtherCause.PRIVACY: Route(_D.CUSTOMER_SERVICE, joint=(_D.COMPLIANCE,), rules=("F-8", "F-25")),
    OtherCause.AGENT_GRIEVANCE: Route(_D.SALES, rules=("F-8", "F-37")),
    OtherCause.TELESALES: Route(_D.SALES, rules=("F-8", "F-38")),
    OtherCause.INTERMEDIARY: Route(_D.SALES, rules=("F-8", "F-27")),
    OtherCause.ANYTHING_ELSE: Route(_D.CUSTOMER_SERVICE, rules=("F-8",)),
}


def route(category: Category, cause: OtherCause | None = None) -> Route:
    """The departments that investigate a category; `cause` splits category 11 only (F-8)."""
    if category is Category.OTHER and cause is not None:
        return OTHER_ROUTES[cause]
    return CATEGORIES[category].route
