"""Identifiers: time-ordered, and the same for whoever computes them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.ids import NotACallIdError, call_id, derived, first_of, uuid7

pytestmark = pytest.mark.unit

moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments)
def test_a_new_id_is_of_version_7_and_carries_its_millisecond(at: datetime) -> None:
    made = uuid7(at)
    assert made.version == 7
    assert made.int >> 80 == int(at.timestamp() * 1000)


@given(moments, st.text())
def test_a_derived_id_is_the_same_for_everybody(at: datetime, name: str) -> None:
    assert derived(at, name) == derived(at, name)


@given(moments)
def test_ids_of_a_moment_lie_between_its_bound_and_the_next(at: datetime) -> None:
    assert first_of(at) < uuid7(at) < first_of(at + timedelta(milliseconds=2))


def test_the_id_of_a_call_follows_from_asterisks_unique_id() -> None:
    made = call_id("hl1-1795339143.5")
    assert made == call_id("hl1-1795339143.5")
    assert made.int >> 80 == 1795339143000
    assert made != call_id("hl2-1795339143.5")


@pytest.mark.parametrize("prefix", ["cb", "ck"])
def test_an_id_of_ours_in_a_channel_name_is_the_id_of_the_call(prefix: str) -> None:
    ours = uuid7(datetime.now(UTC))
    assert call_id(f"{prefix}-{ours}") == ours


NO_CALLS = [
    "",
    "x",
    "1795339143",
    "cb-",
    "cb-zz",
    "../1795339143.5",
    f"xx-{UUID(int=0)}",
    "cb-4f3a0cde-6b7c-4d0e-9a51-2c8f0f6d1b11",
    "ck-ffffffff-ffff-7fff-8fff-ffffffffffff",
]
"""Foreign names, and ids in our form that carry no moment of ours."""


@pytest.mark.parametrize("text", NO_CALLS)
def test_anything_else_is_no_call(text: str) -> None:
    """A7"""
    with pytest.raises(NotACallIdError):
        call_id(text)
