"""How long a file is kept at least."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.retention import Contract, kept_until

pytestmark = pytest.mark.unit

CLOSED = date(2026, 11, 18)


@pytest.mark.parametrize(
    ("closed", "contract", "until"),
    [
        (CLOSED, None, date(2036, 11, 18)),
        (CLOSED, Contract(long_term=True), None),
        (None, None, None),
        (None, Contract(long_term=True, ended=date(2020, 1, 1)), None),
        (CLOSED, Contract(long_term=False, ended=date(2026, 6, 30)), date(2036, 11, 18)),
        (CLOSED, Contract(long_term=True, ended=date(2028, 2, 29)), date(2038, 3, 1)),
        (CLOSED, Contract(long_term=False, ended=date(2033, 1, 1)), date(2038, 1, 1)),
    ],
)
def test_long_term_is_the_later_of_contract_and_dispute_and_never_less_than_ten_years(
    closed: date | None, contract: Contract | None, until: date | None
) -> None:
    """F-34, E-4, E-5, E-6, E-7, R-4.5: there is no such day while the case is open or the contract lives."""
    assert kept_until(closed, contract) == until


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.booleans(), st.dates(date(2000, 1, 1), date(2050, 1, 1)))
def test_no_file_is_kept_less_than_ten_years_from_closing(closed: date, long_term: bool, ended: date) -> None:
    """F-34"""
    for contract in (None, Contract(long_term=long_term, ended=ended)):
        until = kept_until(closed, contract)
        assert until is not None
        assert until >= closed + timedelta(days=3652)
        if contract is not None:
            assert until >= ended + timedelta(days=1826 if not long_term else 3652)
