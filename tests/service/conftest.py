"""What the tests with real services share: a running HTTP server with people of every role."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter import complaints
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.web import auth, server
from tests.service.recorded import Recorded
from tests.service.site import Site, settings


@pytest.fixture
async def site(
    database: Database, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Site]:
    """The whole application on a free port, with organisations and without Redis.

    Nobody takes the database for away because the machine is busy.
    """
    monkeypatch.setattr(complaints, "PATIENCE", 20.0)
    monkeypatch.setattr(auth, "PATIENCE", 20.0)
    app = server.build(settings(tmp_path), database=database, clock=clock, wall=clock)
    async with Site.running(app, database, clock) as running:
        yield running


@pytest.fixture
def hotline(database: Database, clock: ManualClock, tmp_path: Path) -> Recorded:
    """A spool, an archive and the calls that fill them."""
    return Recorded(database, clock, tmp_path)
