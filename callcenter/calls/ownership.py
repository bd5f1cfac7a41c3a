"""One process owns the calls: it holds a session lock in PostgreSQL. Must never let two act at the same time knowingly.

While PostgreSQL is away nobody else can become the owner, so the owner goes on; when it is back the lock is taken
again first.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import asyncpg

from callcenter.db.away import AWAY

log = logging.getLogger(__name__)

LOCK = 0x95519_0001
EVERY = 1.0
"""Seconds between two tries to become the owner, and between two looks whether we still are."""
PATIENCE = 3.0
"""Seconds PostgreSQL may take to answer."""
DOUBT = 10.0
"""Seconds for which another holder may be the ghost of our own lost session."""

SELECT_LOCKED = "SELECT pg_try_advisory_lock($1)"
SELECT_ONE = "SELECT 1"


class OwnershipLostError(Exception):
    """Another process owns the calls now: stop acting."""


class Ownership:
    """The lock and the session that holds it."""

    def __init__(self, url: str, application: str) -> None:
        self._url = url
        self._application = application
        self._session: asyncpg.Connection[asyncpg.Record] | None = None

    async def acquire(self) -> None:
        """Waits, for ever if need be, until this process is the owner."""
        told = False
        while not await self._try():
            if not told:
                log.info("another process owns the calls, waiting")
                told = True
            await asyncio.sleep(EVERY)
        log.info("this process owns the calls")

    async def watch(self) -> None:
        """Runs while we are the owner. Raises OwnershipLostError when another process has become it."""
        loop = asyncio.get_running_loop()
        refused_since: float | None = None
        while True:
            await asyncio.sleep(EVERY)
            if self._session is not None and await self._alive(self._session):
                refused_since = None
                continue
            try:
                held = await self._lock()
            except AWAY:
                continue  # nobody can own the calls now but who did before
            if held:
                log.warning("the lock on the calls was taken again after a lost connection")
                refused_since = None
                continue
            refused_since = refused_since or loop.time()
            if loop.time() - refused_since > DOUBT:
                raise OwnershipLostError("another process owns the calls")

    async def release(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(*AWAY):
                await session.close(timeout=1)

    async def _try(self) -> bool:
        try:
            return await self._lock()
        except AWAY as error:
            log.warning("PostgreSQL does not answer", extra={"error": type(error).__name__})
            return False

    async def _lock(self) -> bool:
        if self._session is None or not await self._alive(self._session):
            await self.release()
            self._session = await asyncpg.connect(
                self._url, timeout=PATIENCE, server_settings={"application_name": self._application}
            )
        return bool(await self._session.fetchval(SELECT_LOCKED, LOCK, timeout=PATIENCE))

    async def _alive(self, session: "asyncpg.Connection[asyncpg.Record]") -> bool:
        try:
            await session.fetchval(SELECT_ONE, timeout=PATIENCE)
        except AWAY:
            return False
        return True


@contextlib.asynccontextmanager
async def owned(url: str, application: str = "callcenter telephony") -> AsyncIterator[Ownership]:
    """The block runs as the owner of the calls; the lock is given back at its end."""
    ownership = Ownership(url, application)
    try:
        await ownership.acquire()
        yield ownership
    finally:
        await ownership.release()
