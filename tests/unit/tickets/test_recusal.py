"""Whom an order is about keeps out of it, and so does their manager."""

from dataclasses import replace

import pytest

from tests.unit.tickets.test_lifecycle import READY, TICKET, a_step, refusal
from tickets.guards import move
from tickets.lifecycle import MOVES, Action, Level, Status
from tickets.recusal import GUARDS

pytestmark = pytest.mark.unit

ABOUT = replace(READY, recused=("agent", "manager"))


@pytest.mark.parametrize("who", ["agent", "manager"])
def test_an_order_is_not_given_to_whom_it_is_about_nor_to_their_manager(who: str) -> None:
    """F-48, N-7"""
    assert refusal(ABOUT, a_step(Action.ASSIGN, handler=who)) == ("F-48", "N-7")
    assert move(ABOUT, a_step(Action.ASSIGN, handler="colleague")) is ABOUT.status


def test_it_is_given_to_somebody_who_handles_complaints() -> None:
    """R-1.8, R-4.33"""
    assert refusal(TICKET, a_step(Action.ASSIGN, handler="")) == ("R-1.8", "R-4.33")
    assert refusal(replace(TICKET, handler_fits=False), a_step(Action.ASSIGN)) == ("R-1.8", "R-4.33")


@pytest.mark.parametrize("action", [action for action in GUARDS if action is not Action.ASSIGN])
@pytest.mark.parametrize("who", ["agent", "manager"])
def test_they_take_no_step_themselves(action: Action, who: str) -> None:
    """F-48, N-7"""
    status = next(before for before, does in MOVES if does is action)
    assert refusal(replace(ABOUT, status=status), a_step(action, actor=who)) == ("F-48", "N-7")


@pytest.mark.parametrize("level", [Level.PROVINCE, Level.COUNTER_A, Level.COUNTER_B])
def test_province_and_counters_write_their_opinion_before_they_ask_a_department(level: Level) -> None:
    """R-3.18, R-3.30"""
    assert refusal(TICKET, a_step(Action.DISPATCH, level=level, opinion=" ")) == ("R-3.18", "R-3.30")
    assert move(TICKET, a_step(Action.DISPATCH, level=level)) is Status.DISPATCHED
    given = replace(TICKET, has_opinion=True)
    assert move(given, a_step(Action.DISPATCH, level=level, opinion="")) is Status.DISPATCHED
    finding = replace(TICKET, is_complaint=False, is_finding=True)
    assert move(finding, a_step(Action.DISPATCH, level=level, opinion="")) is Status.DISPATCHED
    assert refusal(TICKET, a_step(Action.OPINE, opinion="")) == ("R-3.18", "R-3.30")
