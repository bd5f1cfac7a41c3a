"""What may be settled on the spot, and what not."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tickets import authority
from tickets.authority import Asked, RequestAction, RequestState
from tickets.errors import AuthorityRefusedError

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


NOW = datetime(2026, 11, 18, 4, tzinfo=UTC)
LATER = NOW + timedelta(days=2)
ASKED = Asked(Decimal(800), "user:1", RequestState.ASKED)
GRANT = RequestAction.GRANT


def test_authority_is_asked_for_what_is_beyond_ones_own_and_still_to_be_settled() -> None:
    """N-11, R-2.18"""
    authority.check_request(Decimal("500.01"), Decimal(500), is_open=True)
    authority.check_request(Decimal(1), None, is_open=True)
    for amount, own, is_open in ((Decimal(500), Decimal(500), True), (Decimal(600), Decimal(500), False)):
        with pytest.raises(AuthorityRefusedError):
            authority.check_request(amount, own, is_open=is_open)


def test_somebody_else_who_has_the_authority_gives_it_for_a_time() -> None:
    """N-11"""
    assert authority.answered(ASKED, GRANT, "user:2", Decimal(800), LATER, NOW, "") is RequestState.GRANTED
    refused = authority.answered(ASKED, RequestAction.REFUSE, "user:2", None, None, NOW, "按条款不赔")
    assert refused is RequestState.REFUSED


@pytest.mark.parametrize(
    ("asked", "action", "actor", "own", "until", "remark"),
    [
        (ASKED, GRANT, "user:1", Decimal(800), LATER, ""),
        (ASKED, GRANT, "user:2", Decimal("799.99"), LATER, ""),
        (ASKED, GRANT, "user:2", None, LATER, ""),
        (ASKED, GRANT, "user:2", Decimal(800), None, ""),
        (ASKED, GRANT, "user:2", Decimal(800), NOW, ""),
        (ASKED, GRANT, "user:2", Decimal(800), NOW + timedelta(days=31), ""),
        (ASKED, RequestAction.REFUSE, "user:2", Decimal(800), None, " "),
        (Asked(Decimal(800), "user:1", RequestState.REFUSED), GRANT, "user:2", Decimal(800), LATER, ""),
    ],
)
def test_nobody_gives_himself_more_than_he_has_for_ever_or_twice(
    asked: Asked, action: RequestAction, actor: str, own: Decimal | None, until: datetime | None, remark: str
) -> None:
    """N-11, R-2.18"""
    with pytest.raises(AuthorityRefusedError) as refused:
        authority.answered(asked, action, actor, own, until, NOW, remark)
    assert "N-11" in refused.value.rules
