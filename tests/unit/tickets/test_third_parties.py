"""Third parties: what they are asked for, how that is scored, what follows."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import third_parties
from tickets.errors import ThirdPartyRefusedError
from tickets.third_parties import Admission, Asked, Cooperation

pytestmark = pytest.mark.unit

DUE, TODAY = date(2026, 11, 20), date(2026, 11, 25)


def test_cooperation_is_summed_up_over_requests() -> None:
    """N-3, F-65: two of three answered, one late and one still out, the mean half up."""
    asked = [
        Asked(DUE, date(2026, 11, 20), 5),
        Asked(DUE, date(2026, 11, 21), 4),
        Asked(DUE, None, 1),
        Asked(date(2026, 11, 30)),
    ]
    assert third_parties.cooperation(asked, TODAY) == Cooperation(4, 2, 2, Decimal("3.33"))
    assert third_parties.cooperation([], TODAY) == Cooperation(0, 0, 0, None)


@given(st.lists(st.builds(Asked, st.just(DUE), st.none() | st.dates(DUE, TODAY), st.none() | st.integers(1, 5))))
def test_the_mean_lies_between_the_scores_and_nothing_is_counted_twice(asked: list[Asked]) -> None:
    """N-3"""
    found = third_parties.cooperation(asked, TODAY)
    scores = [each.score for each in asked if each.score is not None]
    assert (found.mean is None) == (not scores)
    assert found.mean is None or min(scores) <= found.mean <= max(scores)
    assert found.answered <= found.asked == len(asked)
    assert found.late <= found.asked


@pytest.mark.parametrize(
    ("asked", "answered", "today", "fits"),
    [
        (Asked(DUE), date(2026, 11, 19), date(2026, 11, 19), True),
        (Asked(DUE), None, date(2026, 11, 21), True),
        (Asked(DUE), None, DUE, False),
        (Asked(DUE), date(2026, 11, 26), TODAY, False),
        (Asked(DUE, DUE, 3), DUE, TODAY, False),
    ],
)
def test_a_request_is_scored_once_and_not_before_it_is_answered_or_over(
    asked: Asked, answered: date | None, today: date, fits: bool
) -> None:
    """N-3"""
    if fits:
        third_parties.check_score(asked, answered, today)
        return
    with pytest.raises(ThirdPartyRefusedError):
        third_parties.check_score(asked, answered, today)


def test_nobody_asks_one_that_business_ended_with_and_admission_changes_with_a_reason() -> None:
    """N-3"""
    third_parties.check_request(Admission.WARNED, DUE, DUE)
    for admission, due in ((Admission.ENDED, TODAY), (Admission.ADMITTED, date(2026, 11, 24))):
        with pytest.raises(ThirdPartyRefusedError):
            third_parties.check_request(admission, due, TODAY)
    third_parties.check_admission(Admission.ADMITTED, Admission.ENDED, "两次拒不配合")
    for after, reason in ((Admission.ENDED, " "), (Admission.ADMITTED, "维持")):
        with pytest.raises(ThirdPartyRefusedError):
            third_parties.check_admission(Admission.ADMITTED, after, reason)
