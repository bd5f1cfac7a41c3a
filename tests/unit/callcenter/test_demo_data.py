"""The demonstration's people and policies: as many as promised, the same each time, and nobody real."""

import re
from collections import Counter

import pytest

from callcenter.accounts.permissions import Role
from callcenter.customers import phone
from callcenter.demo import people, policies
from tests.conftest import NOON

pytestmark = pytest.mark.unit

BOOK = policies.make(NOON)


def test_three_provinces_six_cities_with_two_counters_each_and_forty_people_of_every_role() -> None:
    """Issue 2 item 12"""
    kinds = Counter(organisation.kind for organisation in people.organisations())
    assert kinds == {"hq": 1, "province": 3, "city": 6, "counter_a": 6, "counter_b": 6}
    everybody = people.people(NOON)
    assert len(everybody) == len({person.login for person in everybody}) == 40
    assert {role for person in everybody for role in person.roles} == set(Role)
    with_phones = [person.extension for person in everybody if person.extension]
    assert sorted(with_phones) == sorted(people.extensions())
    assert all(re.fullmatch(r"8\d{3}", extension) for extension in with_phones)


def test_two_thousand_customers_and_policies_are_the_same_for_the_same_seed() -> None:
    """Issue 2 item 12"""
    assert (len(BOOK.customers), len(BOOK.policies)) == (2000, 2000)
    assert policies.make(NOON) == BOOK
    assert policies.make(NOON, seed=1) != BOOK
    assert len({policy.number for policy in BOOK.policies}) == 2000
    assert {policy.customer_id for policy in BOOK.policies} < {customer.id for customer in BOOK.customers}


def test_no_telephone_number_can_be_somebodys() -> None:
    """Mobile range 169 is not assigned; no subscriber number of a fixed line begins with 0."""
    for customer in BOOK.customers:
        for one in customer.phones:
            assert phone.parse(one.number) == one.number
            assert one.number.startswith("169") or re.fullmatch(r"0(2\d|[3-9]\d\d)0\d{6,7}", one.number)


def test_no_id_number_can_be_somebodys() -> None:
    """GB 11643: the check digit is wrong on purpose."""
    for customer in BOOK.customers:
        assert customer.id_number is not None
        digits = [
            *map(int, customer.id_number[:17]),
            10 if customer.id_number[17] == "X" else int(customer.id_number[17]),
        ]
        total = sum(digit * weight for digit, weight in zip(digits, (*policies.WEIGHTS, 1), strict=True))
        assert total % 11 != 1
        assert customer.birth_date is not None
        assert customer.id_number[6:14] == f"{customer.birth_date:%Y%m%d}"


def test_some_customers_share_a_telephone_so_that_candidates_can_be_shown() -> None:
    numbers = Counter(one.number for customer in BOOK.customers for one in customer.phones)
    assert sum(count > 1 for count in numbers.values()) == 50
