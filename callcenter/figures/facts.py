"""The rows figures are read from (`ticket_fact`). They follow tickets and clocks in the same transaction, by triggers.

An opening only owes its row: it is made by the worker a moment later, or before figures are read. What no trigger can
see is looked at here too: a call's end is told after the call, and an acknowledgement written while nobody knew that it
was over was perhaps too late (L-2, R-4.2).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callcenter.db.pool import Connection, Database

OWED = "CALL cc_settle_facts()"
LOOK_AGAIN = """
SELECT cc_refresh_facts(ARRAY(
    SELECT DISTINCT f.ticket_id FROM ticket_fact f
    JOIN ticket_call l ON l.ticket_id = f.ticket_id JOIN call c ON c.id = l.call_id
    WHERE f.on_living_call AND c.ended_at IS NOT NULL ORDER BY f.ticket_id LIMIT 500))"""


@asynccontextmanager
async def settled(database: Database) -> AsyncIterator[Connection]:
    """A connection to read figures on: every ticket opened before is in them."""
    async with database.connection() as conn:
        await conn.execute(OWED)
        yield conn


async def settle(database: Database) -> None:
    """Make what is owed, and look again at the acknowledgements of calls that have ended since."""
    async with settled(database) as conn:
        await conn.execute(LOOK_AGAIN)
