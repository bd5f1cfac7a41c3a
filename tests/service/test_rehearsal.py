"""What a session does before its first call leaves no trace."""

from collections import Counter

import pytest

from callcenter.db.pool import Connection, Database
from callcenter.rehearsal import TIMES, rehearse
from tests.conftest import url_of
from tests.service.site import Site

pytestmark = pytest.mark.service

TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"""
USED = "SELECT max(generic_plans + custom_plans) FROM pg_prepared_statements WHERE statement LIKE '%ticket_key%'"


async def rows(conn: Connection) -> Counter[str]:
    return Counter({row[0]: await conn.fetchval(f"SELECT count(*) FROM {row[0]}") for row in await conn.fetch(TABLES)})


async def test_sessions_open_tickets_before_they_are_used_and_leave_nothing_behind(
    site: Site, database_url: str
) -> None:
    """INV-6: no number is used up, no event, delivery or audit row is left."""
    used: list[int] = []

    async def watched(conn: Connection) -> None:
        await rehearse(conn)
        used.append(await conn.fetchval(USED))

    async with site.database.connection() as conn:
        before = await rows(conn)
    database = await Database.connect(database_url, size=3, ready=3, rehearse=watched)
    try:
        assert used == [TIMES] * 3
        async with database.connection() as conn:
            assert await rows(conn) == before
    finally:
        await database.close()


async def test_a_session_that_cannot_rehearse_is_used_all_the_same(postgres_url: str) -> None:
    database = await Database.connect(url_of(postgres_url, "postgres"), rehearse=rehearse)
    try:
        async with database.connection() as conn:
            assert await conn.fetchval("SELECT to_regclass('ticket')") is None
    finally:
        await database.close()
