"""Loads much at once: without the indexes that nothing asks for meanwhile, which are made again afterwards.

What was taken away is noted in the database itself, so that a load that was broken off is finished by the next. Must
never be used on a database that serves.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from typing import TypeVar

import asyncpg

from callcenter.db.pool import Connection, Database

Tell = Callable[[str], None]
T = TypeVar("T")

LONG = 3600.0
"""Seconds a statement over everything may take."""
HANDS = 2
"""Connections that load side by side."""
SETTINGS = ("synchronous_commit = off", "maintenance_work_mem = '512MB'", "work_mem = '64MB'")

NOTES = "CREATE TABLE IF NOT EXISTS demo_fill (name text PRIMARY KEY, definition text NOT NULL)"
NOTE = """
INSERT INTO demo_fill
SELECT c.relname,
    replace(replace(pg_get_indexdef(c.oid), 'CREATE INDEX ', 'CREATE INDEX IF NOT EXISTS '), ' ON ONLY ', ' ON ')
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
WHERE t.relname = ANY($1) AND t.relnamespace = 'public'::regnamespace AND NOT i.indisunique
    AND NOT i.indisexclusion AND NOT c.relispartition
ON CONFLICT DO NOTHING"""
NOTED = "SELECT to_regclass('demo_fill') IS NOT NULL"
MISSING = """
SELECT d.name, d.definition, CASE WHEN c.relkind = 'p' THEN c.relname ELSE d.name END AS turn
FROM demo_fill d JOIN pg_class c ON c.oid = substring(d.definition FROM ' ON ([^ ]+) USING')::regclass
ORDER BY d.definition LIKE '%cc_pairs%' DESC, c.relkind = 'p' DESC, d.name"""
"""What takes long first. `turn`: of a table with partitions one after the other, as their names are found meanwhile."""
FORGET = "DELETE FROM demo_fill WHERE name = $1"


async def begin(conn: Connection, tables: Sequence[str]) -> None:
    """Drops the plain indexes of the tables; what is unique stays."""
    async with conn.transaction():
        await conn.execute(NOTES)
        await conn.execute(NOTE, list(tables))
        for row in await conn.fetch(MISSING):
            await conn.execute(f"DROP INDEX IF EXISTS {row['name']}", timeout=LONG)


async def pending(conn: Connection) -> bool:
    """Whether a load was begun and not finished."""
    return bool(await conn.fetchval(NOTED))


async def restore(hands: Sequence[Connection], tell: Tell) -> None:
    """Makes the indexes again, several side by side."""
    turns: dict[str, list[asyncpg.Record]] = {}
    for row in await hands[0].fetch(MISSING):
        turns.setdefault(row["turn"], []).append(row)
    count, made = sum(len(rows) for rows in turns.values()), 0

    async def build(conn: Connection, rows: Sequence[asyncpg.Record]) -> None:
        nonlocal made
        for row in rows:
            await conn.execute(row["definition"], timeout=LONG)
            await conn.execute(FORGET, row["name"])
            made += 1
            tell(f"indexes: {made} of {count}, {row['name']}")

    await share(hands, turns.values(), build)


async def settle(hands: Sequence[Connection], tables: Sequence[str], tell: Tell) -> None:
    """Lets the planner know the tables, and forgets that anything was taken away."""
    await share(hands, tables, lambda conn, table: conn.execute(f"VACUUM (ANALYZE) {table}", timeout=LONG))
    await hands[0].execute("DROP TABLE demo_fill")
    tell(f"vacuumed and analysed: {len(tables)} tables")


async def share(
    hands: Sequence[Connection], work: Iterable[T], do: Callable[[Connection, T], Awaitable[object]]
) -> None:
    """Does all of the work, each hand the next piece; the first error ends it."""
    waiting = iter(work)

    async def hand(conn: Connection) -> None:
        for piece in waiting:
            await do(conn, piece)

    async with asyncio.TaskGroup() as group:
        for conn in hands:
            group.create_task(hand(conn))


async def hire(db: Database, stack: AsyncExitStack, session: str) -> list[Connection]:
    """Connections that load: without triggers and checks of references if we may say so, else one alone with them."""
    hands: list[Connection] = []
    for _ in range(HANDS):
        conn = await stack.enter_async_context(db.connection())
        stack.push_async_callback(_release, conn)
        hands.append(conn)
        for setting in SETTINGS:
            await conn.execute(f"SET {setting}")
        await conn.execute(session)
        try:
            await conn.execute("SET session_replication_role = replica")
        except asyncpg.InsufficientPrivilegeError:
            break
    return hands


async def _release(conn: Connection) -> None:
    if not conn.is_closed():
        await conn.execute("RESET session_replication_role; RESET ALL; DISCARD TEMP")
