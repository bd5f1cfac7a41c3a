"""Telephone numbers: one form whatever way they were written (A8, C4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.customers.errors import NotANumberError
from callcenter.customers.phone import normalise, parse

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "written",
    [
        "16912345678",
        "+8616912345678",
        "008616912345678",
        "8616912345678",
        "016912345678",
        "169 1234 5678",
        "169-1234-5678",
        "'16912345678",
        "+86 (169) 1234-5678",
        "１６９１２３４５６７８",
        "＋８６１６９１２３４５６７８",
    ],
)
def test_a_mobile_number_is_the_same_in_every_spelling(written: str) -> None:
    """A8, C4"""
    assert parse(written) == "16912345678"


@pytest.mark.parametrize(
    "written", ["(010)61234567", "（010）61234567", "010-61234567", "+86 10 6123 4567", "+8601061234567"]
)
def test_a_fixed_line_keeps_its_area_code(written: str) -> None:
    """A8, C4"""
    assert parse(written) == "01061234567"


@pytest.mark.parametrize(
    ("written", "one_form"),
    [
        ("0755-26543210", "075526543210"),
        ("0898 6543210", "08986543210"),
        ("400-609-5519", "4006095519"),
        ("95519", "95519"),
        ("+8695519", "95519"),
        ("+44 20 7946 0958", "+442079460958"),
        ("0044 20 7946 0958", "+442079460958"),
    ],
)
def test_other_numbers_have_their_own_form(written: str, one_form: str) -> None:
    assert parse(written) == one_form


@pytest.mark.parametrize("written", ["1.38E+10", "1.38e10", "13800138000.0"])
def test_a_number_damaged_by_a_spreadsheet_is_refused_not_guessed(written: str) -> None:
    """C4"""
    with pytest.raises(NotANumberError) as refusal:
        parse(written)
    assert refusal.value.reason == "damaged_by_a_spreadsheet"


@pytest.mark.parametrize("written", ["16912E45678", "l6912345678", "169O2345678", "169x2345678", "十六九", "+", "1+2"])
def test_letters_among_the_digits_are_refused(written: str) -> None:
    """C4"""
    with pytest.raises(NotANumberError):
        parse(written)


@pytest.mark.parametrize("caller", [None, "", "unknown", "anonymous", "Anonymous", "1" * 40, "12", "\x00", "９" * 80])
def test_a_caller_without_a_number_has_none(caller: str | None) -> None:
    """A8"""
    assert normalise(caller) is None


@given(st.text(max_size=80))
def test_whatever_is_written_gives_a_number_or_none(text: str) -> None:
    """A8"""
    number = normalise(text)
    assert number is None or (number.lstrip("+").isascii() and number.lstrip("+").isdigit() and len(number) <= 16)


@given(st.text(alphabet="0123456789+ -()", max_size=25))
def test_the_one_form_is_its_own_form(text: str) -> None:
    number = normalise(text)
    assert number is None or parse(number) == number


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["", "+86", "0086", "86", "0", "+86 "]))
def test_every_mobile_survives_every_prefix(mobile: str, prefix: str) -> None:
    assert parse(prefix + mobile) == mobile
