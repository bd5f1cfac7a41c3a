"""Reads the clocks beside which this machine's time is judged before anything is sealed. Reads only."""

from datetime import timedelta

from callcenter.clock import Clock
from callcenter.db.pool import Database
from recordings.clock import Reading, discipline

FRESH = timedelta(minutes=10)
"""An older reading of the switch's clock says nothing about now."""

SELECT_CLOCKS = """
SELECT clock_timestamp() AS database, b.switch_offset_ms, b.switch_read_at
FROM (SELECT) AS one LEFT JOIN telephony_beat b ON true"""


async def read(db: Database, wall: Clock) -> Reading:
    """All of them now; `wall` is the machine's own clock, never the one of a test mode."""
    async with db.connection() as conn:
        before = wall.now()
        row = await conn.fetchrow(SELECT_CLOCKS)
        after = wall.now()
    assert row is not None
    middle = before + (after - before) / 2
    fresh = row["switch_read_at"] is not None and abs(after - row["switch_read_at"]) < FRESH
    return Reading(
        at=after,
        database_ms=round((row["database"] - middle) / timedelta(milliseconds=1)),
        switch_ms=row["switch_offset_ms"] if fresh else None,
        switch_read_at=row["switch_read_at"] if fresh else None,
        kernel=discipline(),
    )
