"""Every consumer that a fact is delivered to has a handler in the worker, and the other way round."""

from pathlib import Path
from typing import cast

import pytest

from callcenter.clock import ManualClock
from callcenter.complaints import Complaints
from callcenter.db.pool import Database
from callcenter.notifications.notification import Way
from callcenter.outbox import CONSUMERS
from callcenter.spool import TicketSpool
from callcenter.worker import handlers

pytestmark = pytest.mark.unit


def test_every_consumer_of_a_fact_is_handled_and_every_handler_hears_of_something(clock: ManualClock) -> None:
    """INV-9"""
    nowhere = Complaints(cast(Database, None), clock, TicketSpool(Path("nowhere")))
    heard = set(handlers(nowhere, clock)) | {way.consumer for way in Way}
    assert {consumer for consumers in CONSUMERS.values() for consumer in consumers} == heard
