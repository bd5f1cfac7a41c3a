"""What the tests with real services share: a running HTTP server with people of every role."""

from collections.abc import AsyncIterator

import pytest

from callcenter.clock import ManualClock
from callcenter.config import Config
from callcenter.db.pool import Database
from callcenter.web import server
from tests.service.site import Site


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> AsyncIterator[Site]:
    """The whole application on a free port, with organisations and without Redis."""
    app = server.build(Config(mode="test"), database=database, clock=clock, wall=clock)
    async with Site.running(app, database, clock) as running:
        yield running
