"""The owner of the calls goes on hearing, whatever one event or row does to it."""

from typing import Any, cast

import pytest

from agi.ari.events import Event
from callcenter.calls.call import Incident
from callcenter.calls.controller import Controller
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
