"""Files of imports that ended are removed: what they said stands in our rows by then. Their hashes stay."""

import asyncio
from datetime import timedelta

from callcenter.attachments.vault import Vault
from callcenter.clock import Clock
from callcenter.db.pool import Database
from callcenter.importing import store


async def remove_old(db: Database, vault: Vault, clock: Clock, keep: timedelta) -> int:
    """Removes the files nobody needs any more; how many."""
    at = clock.now()
    async with db.connection() as conn:
        due = [row["sha256"] for row in await conn.fetch(store.TO_REMOVE, at - keep)]
    for sha256 in due:
        await asyncio.to_thread(vault.path_of(sha256).unlink, missing_ok=True)
        async with db.connection() as conn:
            await conn.execute(store.REMOVED, sha256, at)
    return len(due)
