"""Telling the customer: the moment that counts and its proof, the way of review, formalities."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.tickets.test_lifecycle import TICKET, a_step, refusal
from tickets import feedback
from tickets.errors import FeedbackRefusedError
from tickets.guards import move
from tickets.lifecycle import Action, Status

pytestmark = pytest.mark.unit

NOON = datetime(2026, 11, 18, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
HANDLED = replace(TICKET, status=Status.HANDLED, handled_at=NOON)


@pytest.mark.parametrize(
    ("told_at", "proof", "rules"),
    [
        (None, "", None),
        (NOON + HOUR, "", None),
        (NOON, "通话录音", None),
        (NOON, " ", ("CL-8", "R-4.7")),
        (NOON - HOUR, "通话录音", ("CL-8", "R-4.27")),
        (NOON + 2 * HOUR, "通话录音", ("CL-8", "R-4.27")),
    ],
)
def test_the_customer_is_told_after_the_decision_and_an_earlier_moment_than_now_needs_its_proof(
    told_at: datetime | None, proof: str, rules: tuple[str, ...] | None
) -> None:
    """CL-8, R-4.27"""
    step = a_step(Action.INFORM, told_at=told_at, proof=proof, at=NOON + HOUR)
    if rules is None:
        assert move(HANDLED, step) is Status.INFORMED
    else:
        assert refusal(HANDLED, step) == rules


def test_who_does_not_accept_is_told_where_a_review_can_be_asked_for() -> None:
    """F-19, L-29, R-4.30: the opinion letter says so itself, and a finding has no review."""
    step = a_step(Action.INFORM, accepted=False, explanation="已解释条款", review_route_told=False)
    assert refusal(HANDLED, step) == ("F-19", "L-29")
    assert move(HANDLED, replace(step, review_route_told=True)) is Status.INFORMED
    assert move(HANDLED, replace(step, accepted=True)) is Status.INFORMED
    assert move(replace(HANDLED, letter_sent_at=NOON), step) is Status.INFORMED
    finding = replace(HANDLED, is_complaint=False, is_finding=True)
    assert move(finding, step) is Status.INFORMED


def test_formalities_follow_what_was_accepted_and_are_completed_once() -> None:
    """R-4.29"""
    feedback.check_formality(True)
    for accepted in (False, None):
        with pytest.raises(FeedbackRefusedError):
            feedback.check_formality(accepted)
    feedback.check_unfinished(False)
    with pytest.raises(FeedbackRefusedError):
        feedback.check_unfinished(True)


def test_who_does_not_accept_can_read_in_which_terms_and_law_the_decision_rests() -> None:
    """R-1.7, N-9: said with the decision, when telling it, or in the letter that counsel cleared."""
    handled = replace(TICKET, status=Status.HANDLED)
    dissent = a_step(Action.INFORM, accepted=False, explanation="已解释条款", basis="")
    assert refusal(handled, dissent) == ("R-1.7", "N-9")
    assert move(handled, replace(dissent, accepted=True)) is Status.INFORMED
    assert move(handled, replace(dissent, basis="条款第五条")) is Status.INFORMED
    assert move(replace(handled, has_basis=True), dissent) is Status.INFORMED
    assert move(replace(handled, letter_sent_at=datetime(2026, 11, 18, tzinfo=UTC)), dissent) is Status.INFORMED
