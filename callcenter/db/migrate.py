"""Runs the numbered SQL files once, in order. Must never edit, skip or reorder a file, and never run while serving."""

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from callcenter.db.pool import Connection

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 0x95519
PAUSE = 0.5

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")

CREATE_TABLE = """
CREATE TABLE IF NOT EXISTS migration (
    number integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
)"""
SELECT_APPLIED = "SELECT number, name, sha256 FROM migration ORDER BY number"
INSERT_APPLIED = "INSERT INTO migration (number, name, sha256) VALUES ($1, $2, $3)"


class MigrationError(Exception):
    """The database and the migration files do not fit; the text says how and what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    number: int
    name: str
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def read(folder: Path = MIGRATIONS) -> list[Migration]:
    """The files in order. Raises MigrationError on a bad name, a gap or a repeated number."""
    found: list[Migration] = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name}: a migration is called NNNN_words.sql")
        found.append(Migration(int(match[1]), path.name, path.read_text(encoding="utf-8")))
    numbers = [migration.number for migration in found]
    if numbers != list(range(1, len(found) + 1)):
        raise MigrationError(f"migration numbers must run 1, 2, 3 … without gap or repeat, found {numbers}")
    return found


async def pending(connection: Connection, files: Sequence[Migration]) -> list[Migration]:
    """What is still to be applied. Raises MigrationError when the database is newer, or a file was edited."""
    if await connection.fetchval("SELECT to_regclass('migration')") is None:
        return list(files)
    applied = {row["number"]: row for row in await connection.fetch(SELECT_APPLIED)}
    known = {migration.number: migration for migration in files}
    for number, row in applied.items():
        if number not in known:
            raise MigrationError(f"the database has {row['name']}, this program does not: run the newer program")
        if known[number].sha256 != row["sha256"]:
            raise MigrationError(f"{row['name']} was edited after it was applied: restore it and add a new migration")
    return [migration for migration in files if migration.number not in applied]


async def reach(url: str, within: float) -> asyncpg.Connection:
    """Connects, and tries again for `within` seconds while the server starts. Raises MigrationError."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while True:
        try:
            return await asyncpg.connect(url, timeout=10)
        except (OSError, TimeoutError, asyncpg.CannotConnectNowError) as error:
            if loop.time() >= deadline:
                raise MigrationError(f"the database cannot be reached: {error or 'no answer'}") from error
            await asyncio.sleep(PAUSE)
        except asyncpg.PostgresError as error:
            raise MigrationError(f"the database refuses us: {error}") from error


async def migrate(url: str, folder: Path = MIGRATIONS, within: float = 0.0) -> list[str]:
    """Applies what is pending, one transaction per file, under a lock; returns the names applied.

    `within`: seconds to wait for a server that is still starting. Raises MigrationError.
    """
    files = read(folder)
    connection = await reach(url, within)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        await connection.execute(CREATE_TABLE)
        todo = await pending(connection, files)
        for migration in todo:
            async with connection.transaction():
                await connection.execute("SET LOCAL lock_timeout = '4s'")
                await connection.execute(migration.text)
                await connection.execute(INSERT_APPLIED, migration.number, migration.name, migration.sha256)
        return [migration.name for migration in todo]
    finally:
        await connection.close()


async def refuse_if_pending(connection: Connection) -> None:
    """Raises MigrationError when the schema is older than the program."""
    if todo := await pending(connection, read()):
        names = ", ".join(migration.name for migration in todo)
        raise MigrationError(f"the database lacks {names}: run `callcenter migrate`")
