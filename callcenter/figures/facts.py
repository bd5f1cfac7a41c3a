"""The rows figures are read from (`ticket_fact`). They follow tickets and clocks in the same transaction, by triggers.

What those cannot see is looked at here: a call's end is told after the call, and an acknowledgement written while
nobody knew that it was over was perhaps too late (L-2, R-4.2).
"""

from callcenter.db.pool import Database

SETTLE = """
SELECT cc_refresh_facts(ARRAY(
    SELECT DISTINCT f.ticket_id FROM ticket_fact f
    JOIN ticket_call l ON l.ticket_id = f.ticket_id JOIN call c ON c.id = l.call_id
    WHERE f.on_living_call AND c.ended_at IS NOT NULL ORDER BY f.ticket_id LIMIT 500))"""


async def settle(database: Database) -> None:
    """Look again at the acknowledgements of calls that have ended since."""
    async with database.transaction() as conn:
        await conn.execute(SETTLE)
