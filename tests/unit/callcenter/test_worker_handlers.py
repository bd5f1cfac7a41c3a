"""Every consumer that a fact is delivered to has a handler in the worker, and the other way round."""

import pytest

from callcenter.outbox import CONSUMERS
from callcenter.worker import HANDLERS

pytestmark = pytest.mark.unit


def test_every_consumer_of_a_fact_is_handled_and_every_handler_hears_of_something() -> None:
    """INV-9"""
    assert {consumer for consumers in CONSUMERS.values() for consumer in consumers} == set(HANDLERS)
