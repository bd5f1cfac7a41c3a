"""Migrations, transactions and the outbox on a real PostgreSQL."""

import asyncio
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from callcenter import outbox
from callcenter.clock import ManualClock
from callcenter.db import migrate
from callcenter.db.pool import Connection, Database, NestedTransactionError
from tests.conftest import url_of

pytestmark = pytest.mark.service


async def empty_database(postgres_url: str, name: str) -> str:
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    return url_of(postgres_url, name)


async def test_five_migrations_started_at_once_apply_each_file_once(postgres_url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE first (id integer)")
    (tmp_path / "0002_second.sql").write_text("CREATE TABLE second (id integer)")
    url = await empty_database(postgres_url, "migrate_at_once")
    applied = await asyncio.gather(*(migrate.migrate(url, tmp_path) for _ in range(5)))
    assert sorted(name for names in applied for name in names) == ["0001_first.sql", "0002_second.sql"]


async def test_an_edited_migration_is_refused_by_name(postgres_url: str, tmp_path: Path) -> None:
    file = tmp_path / "0001_first.sql"
    file.write_text("CREATE TABLE first (id integer)")
    url = await empty_database(postgres_url, "migrate_edited")
    await migrate.migrate(url, tmp_path)
    file.write_text("CREATE TABLE first (id bigint)")
    with pytest.raises(migrate.MigrationError, match=r"0001_first\.sql was edited"):
        await migrate.migrate(url, tmp_path)


async def test_a_migration_that_fails_leaves_nothing_of_itself(postgres_url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_half.sql").write_text("CREATE TABLE half (id integer); SELECT nonsense;")
    url = await empty_database(postgres_url, "migrate_half")
    with pytest.raises(asyncpg.UndefinedColumnError):
        await migrate.migrate(url, tmp_path)
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT to_regclass('half')") is None
    await connection.close()


async def test_a_server_that_is_away_is_one_sentence_after_the_wait(unused_tcp_port: int, tmp_path: Path) -> None:
    with pytest.raises(migrate.MigrationError, match="cannot be reached"):
        await migrate.migrate(f"postgresql://x@127.0.0.1:{unused_tcp_port}/x", tmp_path, within=0.6)


def test_a_gap_in_the_numbers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0002_second.sql").write_text("SELECT 1")
    with pytest.raises(migrate.MigrationError, match="without gap"):
        migrate.read(tmp_path)


async def test_a_database_newer_than_the_program_is_refused(postgres_url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_first.sql").write_text("SELECT 1")
    second = tmp_path / "0002_second.sql"
    second.write_text("SELECT 2")
    url = await empty_database(postgres_url, "migrate_newer")
    await migrate.migrate(url, tmp_path)
    second.unlink()
    with pytest.raises(migrate.MigrationError, match="run the newer program"):
        await migrate.migrate(url, tmp_path)


async def test_a_transaction_inside_another_is_refused(database: Database) -> None:
    async with database.transaction():
        with pytest.raises(NestedTransactionError):
            async with database.transaction():
                pass


async def test_the_month_of_an_id_decides_its_partition(database: Database, clock: ManualClock) -> None:
    async with database.transaction() as conn:
        event_id = await outbox.append(conn, "call.arrived", "k", {"n": 1}, clock.now())
        table = await conn.fetchval("SELECT tableoid::regclass::text FROM outbox_event WHERE id = $1", event_id)
    assert table in {"outbox_event_202611", "outbox_event_default"}


async def test_a_fact_rolled_back_is_never_delivered(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "CONSUMERS", {"t": ("c",)})
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as conn:
            await outbox.append(conn, "t", "k", {}, clock.now())
            raise ZeroDivisionError
    assert not await outbox.deliver_one(database, {"c": forget}, clock.now())


async def forget(_conn: Connection, _message: outbox.Message) -> None:
    return None


async def test_every_fact_is_delivered_once_by_four_workers(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """INV-9"""
    monkeypatch.setattr(outbox, "CONSUMERS", {"t": ("c",)})
    async with database.transaction() as conn:
        for n in range(100):
            await outbox.append(conn, "t", str(n), {"n": n}, clock.now())
    seen: list[Any] = []

    async def note(_conn: Connection, message: outbox.Message) -> None:
        seen.append(message.payload["n"])

    async def work() -> None:
        while await outbox.deliver_one(database, {"c": note}, clock.now()):
            pass

    await asyncio.gather(*(work() for _ in range(4)))
    assert sorted(seen) == list(range(100))


KILLED = """
import asyncio, os, signal, sys
from callcenter import outbox
from callcenter.clock import SystemClock
from callcenter.db.pool import Database

async def main():
    db = await Database.connect(sys.argv[1], size=2)
    async def act(conn, message):
        await conn.execute("INSERT INTO acted VALUES ($1)", message.payload["n"])
        if message.payload["n"] == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
    outbox.CONSUMERS = {"t": ("c",)}
    while await outbox.deliver_one(db, {"c": act}, SystemClock().now()):
        pass

asyncio.run(main())
"""


async def test_a_worker_killed_in_the_middle_of_a_delivery_has_not_acted_and_the_next_one_does_once(
    database: Database, database_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """INV-9, F64: a real process, killed after it acted and before the delivery was marked."""
    monkeypatch.setattr(outbox, "CONSUMERS", {"t": ("c",)})
    async with database.transaction() as conn:
        await conn.execute("CREATE TABLE acted (n integer)")
        for n in range(10):
            await outbox.append(conn, "t", str(n), {"n": n}, clock.now() + timedelta(milliseconds=n))
    for victim, ending in ((4, -signal.SIGKILL), (7, -signal.SIGKILL), (-1, 0)):
        arguments = [sys.executable, "-c", KILLED, database_url, str(victim)]
        process = await asyncio.create_subprocess_exec(*arguments, cwd=Path(__file__).parents[2])
        assert await process.wait() == ending
    async with database.connection() as conn:
        assert [row["n"] for row in await conn.fetch("SELECT n FROM acted ORDER BY n")] == list(range(10))
        assert await conn.fetchval("SELECT count(*) FROM outbox_delivery WHERE done_at IS NULL") == 0


async def test_a_failing_delivery_waits_and_is_parked_in_the_end(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "CONSUMERS", {"t": ("c",)})
    async with database.transaction() as conn:
        await outbox.append(conn, "t", "k", {}, clock.now())

    async def fail(conn: Connection, _message: outbox.Message) -> None:
        await conn.execute("CREATE TABLE trace (id integer)")
        raise RuntimeError("the other side is away")

    for _ in range(outbox.ATTEMPTS):
        assert await outbox.deliver_one(database, {"c": fail}, clock.now())
        assert not await outbox.deliver_one(database, {"c": fail}, clock.now())
        clock.advance(timedelta(hours=2))
    assert not await outbox.deliver_one(database, {"c": fail}, clock.now())
    async with database.connection() as conn:
        row = await conn.fetchrow("SELECT attempts, last_error, parked_at FROM outbox_delivery")
        assert row is not None
        assert row["attempts"] == outbox.ATTEMPTS
        assert "the other side is away" in row["last_error"]
        assert row["parked_at"] is not None
        assert await conn.fetchval("SELECT to_regclass('trace')") is None


async def test_the_audit_the_access_log_and_what_was_said_only_grow(database: Database, clock: ManualClock) -> None:
    from callcenter import audit

    async with database.transaction() as conn:
        await audit.record(conn, actor="user:x", action="a", object_kind="k", object_id="o", at=clock.now())
        await audit.access(
            conn, actor="user:x", allowed=False, reason="r", object_kind="k", object_id="o", at=clock.now()
        )
    emptied = [f"TRUNCATE {table}" for table in ("audit", "access_log", "ticket_event", "callback_answer")]
    for statement in ("DELETE FROM audit", "UPDATE access_log SET actor = 'user:y'", *emptied):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.transaction() as conn:
                await conn.execute(statement)
