"""Every SQL constant is known to a real PostgreSQL with our schema: a misspelt column fails here, in milliseconds."""

import asyncio
import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

import callcenter
import recordings
import tickets
from callcenter import outbox
from callcenter.db import partitions
from callcenter.db.pool import Database
from tests.conftest import NOON

pytestmark = pytest.mark.service

STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s", re.DOTALL)


ITS_OWN_TABLES = ("callcenter.demo.years", "callcenter.demo.aftermath", "callcenter.demo.bulk")
"""Their statements need tables and functions that live as long as a load; tests/service/test_demo_data.py runs them."""


def statements() -> Iterator[tuple[str, str]]:
    for package in (callcenter, recordings, tickets):
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if found.name.endswith("__main__") or found.name in ITS_OWN_TABLES:
                continue
            module = importlib.import_module(found.name)
            for name, value in vars(module).items():
                if name.isupper() and isinstance(value, str) and STATEMENT.match(value) and "{" not in value:
                    yield f"{found.name}.{name}", value


async def test_every_statement_can_be_prepared(database: Database) -> None:
    refused: dict[str, str] = {}
    async with database.connection() as conn:
        for name, statement in statements():
            try:
                await conn.prepare(statement)
            except Exception as error:
                refused[name] = str(error)
    assert not refused


async def test_partitions_are_made_months_ahead_and_only_once(database: Database) -> None:
    later = NOON.replace(year=2031)
    assert await partitions.ensure(database, later) > 0
    assert await partitions.ensure(database, later) == 0
    async with database.connection() as conn:
        assert await conn.fetchval("SELECT to_regclass('call_203112')") is not None


async def test_making_partitions_never_deadlocks_with_the_outbox(database: Database) -> None:
    async def append(n: int) -> None:
        for _ in range(50):
            async with database.transaction() as conn:
                await outbox.append(conn, "t", str(n), {}, NOON)
                await conn.fetch(outbox.CLAIM, ["c"], NOON)

    async def make() -> None:
        for year in range(2040, 2060):
            await partitions.ensure(database, NOON.replace(year=year))

    await asyncio.gather(make(), *(append(n) for n in range(4)))
