"""Whether every file is still there as it was stored, and whether files lie there that nobody knows of."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from itertools import islice

from callcenter.attachments import store
from callcenter.attachments.errors import DamagedError
from callcenter.attachments.vault import Content, Vault
from callcenter.clock import Clock
from callcenter.db.pool import Connection, Database

log = logging.getLogger(__name__)

EVERY = timedelta(days=30)
"""Each content is read back whole about so often, as far as AT_ONCE allows."""
AT_ONCE = 50
"""Contents of one step."""
SETTLED = timedelta(hours=1)
"""A file that is younger may be on its way to its row."""
BATCH = 1000


class Checking:
    """The worker's two jobs. Nothing is repaired and nothing removed: a person is told."""

    def __init__(self, db: Database, clock: Clock, vault: Vault) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault

    async def read_back(self) -> int:
        """Reads back the contents that were not for longest; returns how many were damaged.

        Raises StoreAwayError when the disk refuses: that says nothing of one file.
        """
        at = self._clock.now()
        async with self._db.connection() as conn:
            due = await store.check_next(conn, at - EVERY, AT_ONCE)
        found = 0
        for content in due:
            is_damaged = not await asyncio.to_thread(self._is_whole, content)
            found += is_damaged
            async with self._db.transaction() as conn:
                if is_damaged:
                    await damaged(conn, content.sha256, at)
                else:
                    await store.checked(conn, content.sha256, at, is_damaged=False)
        return found

    async def look_for_orphans(self) -> int:
        """Tells of files without a row; returns how many there are."""
        at, found = self._clock.now(), 0
        lying = self._vault.walk()
        while batch := await asyncio.to_thread(lambda: list(islice(lying, BATCH))):
            old = [sha256 for sha256, since in batch if datetime.fromtimestamp(since, UTC) < at - SETTLED]
            async with self._db.transaction() as conn:
                known = await store.known(conn, old)
                for sha256 in sorted(set(old) - known):
                    found += 1
                    log.warning("a file nobody knows of", extra={"sha256": sha256})
                    await store.raise_incident(conn, "attachment_orphaned", sha256, at, {})
        return found

    def _is_whole(self, content: Content) -> bool:
        try:
            self._vault.verify(content.sha256, content.size)
        except DamagedError:
            return False
        return True


async def damaged(conn: Connection, sha256: str, at: datetime) -> None:
    """Notes that a content is missing or another, and tells a person which tickets have it."""
    log.error("a file is missing or not what was stored", extra={"sha256": sha256})
    await store.checked(conn, sha256, at, is_damaged=True)
    tickets = await store.tickets_of(conn, sha256)
    await store.raise_incident(conn, "attachment_damaged", sha256, at, {"tickets": tickets})
