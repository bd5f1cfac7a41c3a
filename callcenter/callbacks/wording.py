"""The texts of a script with the values of one policy filled in. Must never fill in a value that is not known.

A value stands as {{name}}. Those of NEUTRAL tell nothing of a policy: before the policyholder is confirmed a text may
hold no other (C-5).
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from callcenter.customers.customer import Customer, Policy
from tickets.errors import Words

PLACE: Final = re.compile(r"\{\{\s*([a-z_]*)\s*\}\}")
STRAY: Final = re.compile(r"\{\{|\}\}")


class Value(StrEnum):
    """What a text may have filled in."""

    COMPANY = "company"
    HOLDER = "holder"
    POLICY_NUMBER = "policy_number"
    PRODUCT = "product"
    PREMIUM = "premium"
    PAYMENT = "payment"
    PAYING_YEARS = "paying_years"
    INSURED = "insured"
    SALESPERSON = "salesperson"
    ISSUED_ON = "issued_on"
    RECEIVED_ON = "received_on"
    COOLING_OFF_DAYS = "cooling_off_days"
    COOLING_OFF_ENDS_ON = "cooling_off_ends_on"
    PREMIUM_DUE_ON = "premium_due_on"
    EXTENSION_DAYS = "extension_days"


NEUTRAL = frozenset({Value.COMPANY, Value.HOLDER})
UNKNOWN = Words("（以保单记载为准）", "(as the policy states)")
COMPANY = Words("中国人寿95519", "95519")
PAYMENTS: Mapping[str, Words] = {
    "single": Words("一次交清", "once"),
    "yearly": Words("按年交费", "yearly"),
    "half_yearly": Words("按半年交费", "half-yearly"),
    "quarterly": Words("按季交费", "quarterly"),
    "monthly": Words("按月交费", "monthly"),
}
_TITLES = {"female": "女士", "male": "先生"}

Values = Mapping[str, Words]


def named(words: Words) -> set[str]:
    """The values a text wants, in either language."""
    return set(PLACE.findall(words.zh)) | set(PLACE.findall(words.en))


def strays(words: Words) -> bool:
    """Whether braces stand in it that are no value."""
    return any(STRAY.search(PLACE.sub("", text)) for text in (words.zh, words.en))


def fill(words: Words, values: Values) -> Words:
    """The text as it is read out; what is not known says so."""
    return Words(
        PLACE.sub(lambda found: values.get(found[1], UNKNOWN).zh, words.zh),
        PLACE.sub(lambda found: values.get(found[1], UNKNOWN).en, words.en),
    )


def values_of(
    policy: Policy | None,
    holder: Customer | None,
    *,
    cooling_off_ends_on: date | None,
    cooling_off_days: int | None,
    extension_days: int | None,
) -> Values:
    """What is known of one customer's policy, by name."""
    return dict(_known(policy, holder, cooling_off_ends_on, cooling_off_days, extension_days))


def _known(
    policy: Policy | None, holder: Customer | None, ends_on: date | None, days: int | None, extension: int | None
) -> Iterator[tuple[str, Words]]:
    yield Value.COMPANY, COMPANY
    if holder is not None:
        addressed = holder.name + _TITLES.get(holder.gender or "", "")
        yield Value.HOLDER, Words(addressed, holder.name)
    if ends_on is not None:
        yield Value.COOLING_OFF_ENDS_ON, _day(ends_on)
    for value, number in ((Value.COOLING_OFF_DAYS, days), (Value.EXTENSION_DAYS, extension)):
        if number is not None:
            yield value, _same(str(number))
    if policy is None:
        return
    yield Value.POLICY_NUMBER, _same(policy.number)
    quoted = "“" + policy.product_name + "”"
    yield Value.PRODUCT, Words(quoted, policy.product_name)
    yield Value.PAYMENT, PAYMENTS[policy.payment]
    if policy.premium is not None:
        yield Value.PREMIUM, _same(f"{policy.premium.quantize(Decimal('0.01')):f}")
    if policy.paying_years is not None:
        yield Value.PAYING_YEARS, _same(str(policy.paying_years))
    for value, name in ((Value.INSURED, policy.insured_name), (Value.SALESPERSON, policy.salesperson)):
        if name is not None:
            yield value, _same(name)
    for value, day in (
        (Value.ISSUED_ON, policy.issued_on),
        (Value.RECEIVED_ON, policy.received_on),
        (Value.PREMIUM_DUE_ON, policy.premium_due_on),
    ):
        if day is not None:
            yield value, _day(day)


def _day(day: date) -> Words:
    return Words(f"{day.year}年{day.month}月{day.day}日", day.isoformat())


def _same(text: str) -> Words:
    return Words(text, text)
