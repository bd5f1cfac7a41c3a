"""A8: a caller's number is comparable, or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.numbers import caller_number

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ("13800138000", "13800138000"),
        ("+8613800138000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("+862087654321", "02087654321"),
        ("+86 (20) 8765-4321", "02087654321"),
        ("１３８００１３８０００", "13800138000"),
        ("+85223456789", "+85223456789"),
        ("95519", "95519"),
        ("+864001095519", "4001095519"),
    ],
)
def test_a_number_loses_what_does_not_belong_to_it(given: str, number: str) -> None:
    """A8"""
    assert caller_number(given) == number


@pytest.mark.parametrize(
    "given", ["", "unknown", "anonymous", "1" * 40, "12", "13800138OOO", "sip:138@x", "+", "1.38E+10", "٣٤٥٦٧", "-"]
)
def test_what_is_no_number_is_none(given: str) -> None:
    """A8"""
    assert caller_number(given) is None


@given(st.text(max_size=50))
def test_a_number_is_always_plain_digits(text: str) -> None:
    """A8"""
    number = caller_number(text)
    assert number is None or (number.isascii() and number.lstrip("+").isdigit())
