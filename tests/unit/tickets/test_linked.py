"""What linked orders may not do by themselves (D-4, D-13, F-60)."""

from dataclasses import replace

import pytest

from tests.unit.tickets.test_lifecycle import TICKET, a_step, refusal
from tickets import linked
from tickets.guards import move
from tickets.lifecycle import Action, InvalidGround, Status, Validity

pytestmark = pytest.mark.unit

BEFORE = {Action.HANDLE: Status.DISPATCHED, Action.INFORM: Status.HANDLED, Action.CLOSE: Status.INFORMED}


@pytest.mark.parametrize("action", list(linked.GUARDS))
def test_a_merged_order_is_carried_by_the_one_it_was_merged_into(action: Action) -> None:
    """D-4, F-60"""
    merged = replace(
        TICKET, merged=True, status=BEFORE.get(action, Status.CLOSED if action is Action.OVERTURN else Status.RECORDED)
    )
    assert refusal(merged, a_step(action)) == ("D-4", "F-60")


@pytest.mark.parametrize("action", [Action.NOTE, Action.ACKNOWLEDGE])
def test_a_merged_order_is_written_on_and_confirmed_like_any_other(action: Action) -> None:
    """D-4, M-4, R-4.7"""
    assert move(replace(TICKET, merged=True), a_step(action)) is Status.RECORDED


def test_a_linked_order_is_not_found_otherwise_than_its_matter() -> None:
    """D-13, R-3.25"""
    ticket = replace(TICKET, inherited=Validity.VALID)
    invalid = a_step(
        Action.DETERMINE, validity=Validity.INVALID, causes=(), ground=InvalidGround.FACTS_DISPROVED, evidence="录音"
    )
    assert refusal(ticket, invalid) == ("D-13", "R-3.25")
    assert move(ticket, a_step(Action.DETERMINE)) is Status.RECORDED
    assert move(TICKET, invalid) is Status.RECORDED
