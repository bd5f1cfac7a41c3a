"""Keeps the monthly partitions of the large tables ahead of time. Never drops one, never makes writers wait long."""

from datetime import datetime

from callcenter.db.pool import Database

MONTHS_AHEAD = 4

SELECT_TABLES = "SELECT partrelid::regclass::text FROM pg_partitioned_table ORDER BY 1"
ENSURE = "SELECT cc_month_partitions($1::text::regclass, $2::date, $3)"


async def ensure(db: Database, at: datetime) -> int:
    """Makes the partitions of the month of `at` and of the next ones where they are missing; returns how many.

    A new partition locks its table: each table has a transaction of its own, so that no two are ever held together,
    and gives up after a second when writers are in the way (asyncpg.LockNotAvailableError); the next run tries again.
    """
    async with db.connection() as conn:
        tables = [row[0] for row in await conn.fetch(SELECT_TABLES)]
    made = 0
    for table in tables:
        async with db.transaction() as conn:
            await conn.execute("SET LOCAL lock_timeout = '1s'")
            made += await conn.fetchval(ENSURE, table, at.date(), MONTHS_AHEAD)
    return made
