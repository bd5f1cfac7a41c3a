"""Keeps the monthly partitions of the large tables ahead of time. Must never drop one."""

from datetime import datetime

from callcenter.db.pool import Connection

MONTHS_AHEAD = 4

ENSURE = """
SELECT coalesce(sum(cc_month_partitions(partrelid::regclass, $1::date, $2)), 0)::integer FROM pg_partitioned_table"""


async def ensure(conn: Connection, at: datetime) -> int:
    """Makes the partitions of the month of `at` and of the next ones where they are missing; returns how many."""
    return int(await conn.fetchval(ENSURE, at.date(), MONTHS_AHEAD))
