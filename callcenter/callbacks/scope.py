"""Which policies are called back, by when, what more is asked (C-1 … C-4, C-7). Must never guess a longer period."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from callcenter.customers.customer import Policy

SENIOR = 60
FALLBACK_DAYS = 10
BANK_DAYS = 15
HEALTH_DAYS = 15


@dataclass(frozen=True, slots=True)
class CoolingOff:
    """The cooling-off period (犹豫期): its last day, and whether that day rests on an assumption."""

    last_day: date
    assumed: bool


def in_scope(policy: Policy) -> bool:
    """Whether new business must be called back: personal, and over one year or health with guaranteed renewal."""
    if policy.sales_channel == "group":
        return False
    return policy.long_term or (policy.product_kind == "health" and policy.guaranteed_renewal)


def cooling_off(policy: Policy) -> CoolingOff | None:
    """When the cooling-off period ends; None while the policy has not been signed for.

    The day of receipt is not counted. A length below the legal floor is raised to it; an unknown length is taken as
    the shortest there is, and flagged (C-4).
    """
    if policy.received_on is None:
        return None
    floor = HEALTH_DAYS if policy.product_kind == "health" and (policy.long_term or policy.guaranteed_renewal) else 0
    if policy.sales_channel == "bank" and policy.long_term:
        floor = max(floor, BANK_DAYS)
    known = policy.cooling_off_days
    days = max(known if known is not None else FALLBACK_DAYS, floor)
    return CoolingOff(policy.received_on + timedelta(days=days), assumed=known is None)


def is_late(at: datetime, due_at: datetime | None) -> bool:
    """Whether a callback of that moment comes after the cooling-off period, which ended at `due_at` (C-21)."""
    return due_at is not None and at >= due_at


def sale_was_to_be_recorded(policy: Policy, birth_date: date | None) -> bool:
    """Whether the sale had to be recorded, so that two more questions are asked (C-7)."""
    if policy.sales_channel == "bank" and policy.long_term:
        return True
    if policy.product_kind == "unit_linked":
        return True
    if birth_date is None or policy.issued_on is None or not policy.long_term:
        return False
    return _age(birth_date, policy.issued_on) >= SENIOR


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
