"""A customer and a policy as values, as the company's core system gave them. Must never decide anything."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NewType
from uuid import UUID

CustomerId = NewType("CustomerId", UUID)
PolicyId = NewType("PolicyId", UUID)


class Criterion(StrEnum):
    """By what a customer was found."""

    NUMBER = "number"
    POLICY = "policy"
    ID_NUMBER = "id_number"
    NAME = "name"
    NAME_BEGINNING = "name_beginning"


@dataclass(frozen=True, slots=True)
class Phone:
    """One of a customer's numbers. Callbacks dial only those held at underwriting (C-12)."""

    number: str
    kind: str
    at_underwriting: bool


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer (客户) with all numbers."""

    id: CustomerId
    name: str
    id_number: str | None
    birth_date: date | None
    gender: str | None
    sales_calls_refused_until: date | None
    phones: tuple[Phone, ...]
    core_number: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy (保单) with what callbacks and complaints need of it; amounts in yuan."""

    id: PolicyId
    number: str
    customer_id: CustomerId
    organisation_id: str
    product_name: str
    product_kind: str
    sales_channel: str
    salesperson: str | None
    insured_name: str | None
    long_term: bool
    guaranteed_renewal: bool
    premium: Decimal | None
    payment: str
    paying_years: int | None
    issued_on: date | None
    received_on: date | None
    cooling_off_days: int | None
    status: str
    group_business: bool = False
    sale_recorded: bool | None = None
    premium_due_on: date | None = None
    lapsed_on: date | None = None
    surrendered_on: date | None = None
    claim_settled_on: date | None = None
    paid_out_on: date | None = None
    salesperson_left_on: date | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer a search found, and by which of the criteria: the reader decides, nobody is picked for them."""

    id: CustomerId
    name: str
    id_number: str | None
    birth_date: date | None
    phones: tuple[str, ...]
    policies: tuple[str, ...]
    matched: tuple[Criterion, ...]
