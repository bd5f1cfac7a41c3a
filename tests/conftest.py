"""What every rung of the tests shares: a clock that stands still, and databases cloned from one migrated template."""

import asyncio
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import settings

from callcenter import log
from callcenter.clock import ManualClock
from callcenter.db.migrate import migrate
from callcenter.db.pool import Database
from callcenter.lab.postgres import Postgres
from callcenter.lab.redis import Redis
from tests.surroundings import problems

CATEGORIES = {"unit", "service", "asterisk"}
"""What a test needs; each has exactly one, named once in its module."""

settings.register_profile("steady", deadline=None)  # a busy machine is no reason to fail
settings.load_profile("steady")


def pytest_configure(config: pytest.Config) -> None:
    """Refuses to run with what it was told to use and cannot."""
    if not hasattr(config, "workerinput") and (found := list(problems(os.environ))):
        raise pytest.UsageError("\n".join(found))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuses to run when a test says nothing, or two things, about what it needs."""
    wrong = {
        item.nodeid.partition("::")[0]
        for item in items
        if len(CATEGORIES & {mark.name for mark in item.iter_markers()}) != 1
    }
    if wrong:
        raise pytest.UsageError(f"one of {', '.join(sorted(CATEGORIES))} in pytestmark: {', '.join(sorted(wrong))}")
    for item in items:
        if item.get_closest_marker("asterisk"):
            item.add_marker(pytest.mark.flaky(reruns=1))  # speech in real time on a busy machine; each rerun is told


NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
"""A working Wednesday, 12:00 in Shanghai."""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A command run by a test sets where the log goes and what it leaves out; the tests after it must not notice."""
    root, ours = logging.getLogger(), [logging.getLogger(name) for name in log.OURS]
    handlers, levels = list(root.handlers), [logger.level for logger in (root, *ours)]
    yield
    root.handlers[:] = handlers
    for logger, level in zip((root, *ours), levels, strict=True):
        logger.setLevel(level)


@pytest.fixture(scope="session")
def service_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="cc-services-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url(service_folder: Path) -> Iterator[str]:
    """The maintenance database of a real PostgreSQL: TEST_DATABASE_URL, or one of our own."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    server = Postgres.start(service_folder / "pg")
    yield server.url()
    server.stop()


def url_of(postgres_url: str, name: str) -> str:
    head, _, query = postgres_url.partition("?")
    return head.rsplit("/", 1)[0] + f"/{name}" + (f"?{query}" if query else "")


@pytest.fixture(scope="session")
def template_database(postgres_url: str) -> str:
    name = f"template_{uuid4().hex[:12]}"

    async def create() -> None:
        connection = await asyncpg.connect(postgres_url)
        try:
            await connection.execute(f"CREATE DATABASE {name}")
        finally:
            await connection.close()
        await migrate(url_of(postgres_url, name))

    with asyncio.Runner() as runner:
        runner.run(create())
    return name


@pytest.fixture
async def database_url(postgres_url: str, template_database: str) -> AsyncIterator[str]:
    """A fresh migrated database of this test's own."""
    name = f"test_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}")
        yield url_of(postgres_url, name)
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await Database.connect(database_url, size=10)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def redis_url(service_folder: Path) -> Iterator[str]:
    if url := os.environ.get("TEST_REDIS_URL"):
        yield url
        return
    server = Redis.start(service_folder / "redis")
    yield server.url()
    server.stop()
