"""The owner of the calls goes on hearing, whatever one event or row does to it."""

from typing import Any, cast

import pytest

from agi.ari.events import Event
from callcenter.calls import facts
from callcenter.calls.call import Direction, Incident
from callcenter.calls.controller import Controller
from callcenter.calls.facts import Fact, Role, Source
from callcenter.calls.ledger import Ledger
from callcenter.clock import ManualClock
from tests.conftest import NOON
from tests.unit.callcenter.calls.test_hearing import told_by_ari

pytestmark = pytest.mark.unit


def test_an_event_that_cannot_be_understood_is_left_out_and_the_next_is_heard() -> None:
    """B2: it is counted, and an incident tells a person."""
    nothing = cast(Any, None)
    controller = Controller(nothing, nothing, ManualClock(NOON), nothing, nothing)
    first, *others = told_by_ari("fallback")
    hear = controller.hearing.event

    def stumble(event: Event) -> object:
        if event is first:
            raise ValueError("year 10368 is out of range")
        return hear(event)

    controller.hearing.event = stumble  # type: ignore[method-assign, assignment]
    for event in (first, *others):
        controller.take(event)
    assert controller.counts["not_understood"] == 1
    assert len(controller.ledger.calls) == 1
    incidents = [told.kind for _, told in controller.ledger.effects if isinstance(told, Incident)]
    assert "switch_not_understood" in incidents


def ledger_of(*told: Fact) -> Ledger:
    """A call with a customer, an agent and somebody we rang into a conference, after these facts."""
    ledger = Ledger()
    call = ledger.begin("hl1-1795339143.5", Direction.INBOUND, NOON)
    for channel, name, role in (
        (call.cc_call, "PJSIP/trunk-main-00000001", Role.CUSTOMER),
        ("hl1-1795339143.6", "PJSIP/desk-8001-00000002", Role.AGENT),
        ("cf-1", "PJSIP/desk-8002-00000003", Role.CONSULT),
    ):
        ledger.hear(call.id, facts.LegStarted(NOON, channel, name, role), Source.ARI)
    for fact in told:
        ledger.hear(call.id, fact, Source.ARI)
    return ledger


CUSTOMER_LEFT = facts.LegEnded(NOON, "hl1-1795339143.5", "normal")
GUEST_LEFT = facts.LegEnded(NOON, "cf-1", "normal")


@pytest.mark.parametrize(
    ("told", "behind"),
    [
        ((), set()),
        ((CUSTOMER_LEFT,), {"cf-1"}),
        ((GUEST_LEFT, CUSTOMER_LEFT), set()),
        ((CUSTOMER_LEFT, GUEST_LEFT), set()),
        ((CUSTOMER_LEFT, facts.LegStarted(NOON, "cf-2", "PJSIP/desk-8003-00000004", Role.CONSULT)), {"cf-1", "cf-2"}),
    ],
)
def test_who_was_rung_in_is_left_behind_when_the_customer_goes(told: tuple[Fact, ...], behind: set[str]) -> None:
    """INV-8: the agent's own telephone is the dialplan's matter."""
    assert ledger_of(*told).left_behind == behind
