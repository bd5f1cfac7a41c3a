"""What may be settled on the spot, and what not."""

from decimal import Decimal

import pytest

from tickets import authority

pytestmark = pytest.mark.unit

YUAN = Decimal("3000.00")


@pytest.mark.parametrize(
    ("amount", "limit", "refused"),
    [
        (None, None, False),
        (None, YUAN, False),
        (Decimal(0), None, False),
        (Decimal("2999.99"), YUAN, False),
        (YUAN, YUAN, False),
        (Decimal("3000.01"), YUAN, True),
        (Decimal(1), None, True),
    ],
)
def test_the_limit_itself_may_be_settled_and_nothing_above_it(
    amount: Decimal | None, limit: Decimal | None, refused: bool
) -> None:
    """R-2.18, R-3.29, CL-9"""
    refusal = authority.beyond(amount, limit)
    assert (refusal is not None) == refused
    if refusal is not None:
        assert refusal.rules == ("R-2.18", "R-3.29")
        assert refusal.details["amount"] == f"{amount:.2f}"
