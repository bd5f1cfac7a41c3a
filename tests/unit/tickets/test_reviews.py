"""Reviews: who may ask until when, who reviews, what it comes to; cases returned for re-investigation."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import reviews
from tickets.deadlines import Rulebook
from tickets.errors import ReviewRefusedError
from tickets.letters import Means
from tickets.lifecycle import Status
from tickets.reviews import (
    INVESTIGATION_MOVES,
    REVIEW_MOVES,
    Asking,
    InvestigationAction,
    InvestigationState,
    Outcome,
    ReviewAction,
    ReviewState,
)

pytestmark = pytest.mark.unit

BOOK = Rulebook()
TOLD = datetime(2026, 9, 1, 4, tzinfo=UTC)
ASKING = Asking(Status.CLOSED, "hq/gd/gd-gz/", "hq/gd/", TOLD, TOLD, TOLD + timedelta(days=3), in_writing=True)
NOW = TOLD + timedelta(days=90)


def refused(asking: Asking) -> tuple[str, ...]:
    with pytest.raises(ReviewRefusedError) as error:
        reviews.check_request(asking, BOOK, NOW)
    return error.value.rules


@pytest.mark.parametrize(
    ("asked_at", "late"),
    [
        (TOLD, False),
        (datetime(2026, 10, 1, 4, tzinfo=UTC), False),
        # the thirtieth day, 1 October, and the days after it are holidays: 8 October is the first working day (CL-2)
        (datetime(2026, 10, 8, 15, 59, tzinfo=UTC), False),
        (datetime(2026, 10, 8, 16, tzinfo=UTC), True),
        (datetime(2026, 11, 20, tzinfo=UTC), True),
    ],
)
def test_a_review_is_asked_for_within_thirty_days_of_receiving_the_decision(asked_at: datetime, late: bool) -> None:
    """L-29, CL-2: later only with a reason."""
    asking = replace(ASKING, asked_at=asked_at)
    if not late:
        assert reviews.check_request(asking, BOOK, NOW) is False
        return
    assert refused(asking) == ("L-29", "CL-2")
    assert refused(replace(asking, late_reason=" ")) == ("L-29", "CL-2")
    assert reviews.check_request(replace(asking, late_reason="客户住院"), BOOK, NOW) is True


@given(st.integers(0, 80), st.integers(0, 80))
def test_the_days_count_from_the_receipt_of_the_decision_and_not_from_its_telling(received: int, asked: int) -> None:
    """L-29: whoever asks no more than thirty days after receipt is never late."""
    at = TOLD + timedelta(days=received)
    asking = replace(ASKING, received_at=at, asked_at=at + timedelta(days=asked), late_reason="有正当理由")
    late = reviews.check_request(asking, BOOK, NOW + timedelta(days=90))
    assert not (late and asked <= 30)
    assert late or asked <= 40


@pytest.mark.parametrize(
    "change",
    [
        {"status": Status.HANDLED},
        {"informed_at": None},
        {"in_writing": False},
        {"reviewing_path": "hq/gd/gd-gz/"},
        {"reviewing_path": "hq/sc/"},
        {"decided_path": "hq/", "reviewing_path": "hq/"},
    ],
)
def test_what_is_no_request_for_review(change: dict[str, object]) -> None:
    """L-29: told, in writing, to an organisation above the one that decided."""
    assert refused(replace(ASKING, **change)) == ("L-29",)


@pytest.mark.parametrize(
    "change",
    [
        {"received_at": TOLD - timedelta(minutes=1)},
        {"received_at": TOLD + timedelta(days=4)},
        {"asked_at": NOW + timedelta(minutes=1), "late_reason": "x"},
    ],
)
def test_the_moments_of_a_request_are_in_order(change: dict[str, object]) -> None:
    """L-29, CL-8"""
    assert refused(replace(ASKING, **change)) == ("L-29", "CL-8")


@given(st.lists(st.sampled_from(ReviewAction), max_size=10))
def test_no_walk_tells_an_outcome_that_was_not_decided(actions: list[ReviewAction]) -> None:
    """L-29"""
    state, seen = ReviewState.ASKED, [ReviewState.ASKED]
    for action in actions:
        try:
            state = reviews.after(state, action)
        except ReviewRefusedError:
            assert (state, action) not in REVIEW_MOVES
            continue
        seen.append(state)
    assert (ReviewState.TOLD in seen) <= (ReviewState.DECIDED in seen)


def test_only_people_of_the_organisation_asked_who_did_not_handle_the_case_review_it() -> None:
    """N-7, L-29"""
    handled = frozenset({"user:1"})
    reviews.check_reviewer("gd", "gd", "user:2", handled)
    for own, actor in (("gd", "user:1"), ("gd-gz", "user:2"), ("hq", "user:2"), (None, "user:2")):
        with pytest.raises(ReviewRefusedError) as error:
            reviews.check_reviewer("gd", own, actor, handled)
        assert "N-7" in error.value.rules


def test_a_review_has_an_outcome_with_reasons_and_is_told_with_proof() -> None:
    """L-29, CL-8, R-4.7"""
    assert reviews.check_decision(Outcome.UPHELD, "原处理正确") is Outcome.UPHELD
    for outcome, opinion in ((None, "原处理正确"), (Outcome.CHANGED, " ")):
        with pytest.raises(ReviewRefusedError):
            reviews.check_decision(outcome, opinion)
    assert reviews.check_told(TOLD, Means.POSTED, TOLD, "XA1", TOLD) is Means.POSTED
    hour = timedelta(hours=1)
    for means, at, proof in (
        *((None, TOLD, "XA1"), (Means.POSTED, TOLD, " ")),
        *((Means.POSTED, TOLD - hour, "XA1"), (Means.POSTED, TOLD + 2 * hour, "XA1")),
    ):
        with pytest.raises(ReviewRefusedError) as error:
            reviews.check_told(TOLD, means, at, proof, TOLD + hour)
        assert error.value.rules == ("L-29", "CL-8")


def test_a_case_goes_back_below_with_a_guiding_opinion() -> None:
    """R-3.20"""
    reviews.check_return("hq/gd/", "hq/gd/gd-gz/", "请核实签名笔迹")
    for upper, lower, guidance in (
        *(("hq/gd/", "hq/sc/sc-cd/", "x"), ("hq/gd/", "hq/gd/", "x")),
        *(("hq/gd/", "hq/", "x"), ("hq/gd/", "hq/gd/gd-gz/", " ")),
    ):
        with pytest.raises(ReviewRefusedError) as error:
            reviews.check_return(upper, lower, guidance)
        assert error.value.rules == ("R-3.20",)


@given(st.lists(st.sampled_from(InvestigationAction), max_size=10))
def test_nothing_is_concluded_that_was_not_reported_and_everything_is_said_in_words(
    actions: list[InvestigationAction],
) -> None:
    """R-3.20, R-4.7"""
    state, seen = InvestigationState.RETURNED, [InvestigationState.RETURNED]
    for action in actions:
        try:
            state = reviews.after_investigation(state, action, "已核实")
        except ReviewRefusedError:
            assert (state, action) not in INVESTIGATION_MOVES
            continue
        seen.append(state)
    if InvestigationState.CONCLUDED in seen:
        assert seen[-2:] == [InvestigationState.REPORTED, InvestigationState.CONCLUDED]
    with pytest.raises(ReviewRefusedError):
        reviews.after_investigation(InvestigationState.RETURNED, InvestigationAction.REPORT, " ")
