"""The spool keeps tickets through kill -9 and hands each over once (archive.md §3.9)."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from callcenter.db.away import is_away
from callcenter.spool import TRIES, Entry, SpoolConflictError, TicketSpool
from tickets.errors import KeyReusedError, Words

pytestmark = pytest.mark.unit


def an_entry(text: str = "理赔太慢", key: UUID | None = None) -> Entry:
    return Entry(key or uuid4(), {"text": text, "fingerprint": text})


async def taken(spool: TicketSpool) -> list[Entry]:
    entries: list[Entry] = []

    async def take(entry: Entry) -> None:
        entries.append(entry)

    await spool.replay(take, nobody)
    return entries


async def nobody(_name: str, _reason: str) -> None:
    """Who is told of what is set aside, in tests that do not look."""


async def test_what_was_put_is_handed_over_once_in_order(tmp_path: Path) -> None:
    """INV-4"""
    spool = TicketSpool(tmp_path / "spool")
    entries = [an_entry(str(n)) for n in range(5)]
    for entry in entries:
        assert await spool.put(entry)
    assert spool.waiting() == 5
    assert await taken(spool) == entries
    assert await taken(spool) == []
    assert list((tmp_path / "spool").iterdir()) == []


async def test_the_same_key_twice_is_one_entry(tmp_path: Path) -> None:
    """H9"""
    spool, entry = TicketSpool(tmp_path), an_entry()
    results = await asyncio.gather(*(spool.put(entry) for _ in range(20)))
    assert sum(results) == 1
    assert spool.waiting() == 1


async def test_the_same_key_for_something_else_is_refused(tmp_path: Path) -> None:
    """H8"""
    spool, entry = TicketSpool(tmp_path), an_entry()
    await spool.put(entry)
    with pytest.raises(SpoolConflictError):
        await spool.put(an_entry("退保", entry.key))


async def test_a_key_whose_ticket_is_taken_at_that_moment_is_told_of_only_once_it_is_there_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H8, INV-4: between finding the name taken and reading what is there the database may have taken it."""
    spool, key = TicketSpool(tmp_path), uuid4()
    assert await spool.put(an_entry("first", key))
    publish = TicketSpool._publish

    def taken_meanwhile(temporary: Path, final: Path) -> bool:
        fresh = publish(temporary, final)
        monkeypatch.undo()
        final.unlink()
        return fresh

    monkeypatch.setattr(TicketSpool, "_publish", staticmethod(taken_meanwhile))
    assert await spool.put(an_entry("second", key))
    assert await taken(spool) == [an_entry("second", key)]


async def test_nothing_is_removed_while_the_database_is_away(tmp_path: Path) -> None:
    """INV-4"""
    spool = TicketSpool(tmp_path)
    await spool.put(an_entry("1"))
    await spool.put(an_entry("2"))

    async def away(_entry: Entry) -> None:
        raise ConnectionRefusedError

    assert await spool.replay(away, nobody) == 0
    assert spool.waiting() == 2


@pytest.mark.parametrize(
    ("refusal", "tries", "reason"),
    [
        (KeyReusedError(Words("", "")), 1, "idempotency_key_reused"),
        (ValueError("13800138000"), 1, "ValueError"),
        (asyncpg.CheckViolationError("no"), TRIES, "CheckViolationError"),
    ],
)
async def test_what_is_never_taken_is_set_aside_and_told_of_and_the_rest_goes_on(
    tmp_path: Path, refusal: Exception, tries: int, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """INV-4: a poisoned entry blocks nobody and is not lost; no text of an error, which quotes people, is written."""
    spool = TicketSpool(tmp_path)
    bad, good = an_entry("bad"), an_entry("good")
    await spool.put(bad)
    await spool.put(good)
    told: list[tuple[str, str]] = []

    async def insert(entry: Entry) -> None:
        if entry.document["text"] == "bad":
            raise refusal

    async def tell(name: str, why: str) -> None:
        told.append((name, why))

    assert await spool.replay(insert, tell) == 1
    for _ in range(tries - 1):
        assert (spool.waiting(), spool.set_aside(), told) == (1, 0, [])
        assert await spool.replay(insert, tell) == 0
    assert [p.stem for p in (tmp_path / "set-aside").iterdir()] == [str(bad.key)]
    assert (spool.waiting(), spool.set_aside(), told) == (0, 1, [(f"{bad.key}.json", reason)])
    assert "13800138000" not in caplog.text


async def test_nothing_is_set_aside_before_a_person_is_told(tmp_path: Path) -> None:
    """INV-4"""
    spool = TicketSpool(tmp_path)
    await spool.put(an_entry())

    async def refuse(_entry: Entry) -> None:
        raise ValueError

    async def away(_name: str, _reason: str) -> None:
        raise ConnectionRefusedError

    assert await spool.replay(refuse, away) == 0
    assert (spool.waiting(), spool.set_aside()) == (1, 0)


@pytest.mark.parametrize(
    "passing", [asyncpg.DeadlockDetectedError(), asyncpg.LockNotAvailableError(), asyncpg.PostgresIOError()]
)
async def test_a_ticket_others_were_in_the_way_of_waits_as_long_as_it_takes(tmp_path: Path, passing: Exception) -> None:
    spool = TicketSpool(tmp_path)
    await spool.put(an_entry())

    async def insert(_entry: Entry) -> None:
        raise passing

    for _ in range(TRIES + 1):
        await spool.replay(insert, nobody)
    assert (spool.waiting(), spool.set_aside()) == (1, 0)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"\xff\xfe"])
async def test_a_torn_file_is_set_aside(tmp_path: Path, content: bytes) -> None:
    spool = TicketSpool(tmp_path)
    (tmp_path / f"{uuid4()}.json").write_bytes(content)
    await spool.put(an_entry())
    assert len(await taken(spool)) == 1
    assert len(list((tmp_path / "set-aside").iterdir())) == 1


async def test_half_written_files_are_not_taken_for_tickets(tmp_path: Path) -> None:
    spool = TicketSpool(tmp_path)
    (tmp_path / f".{uuid4()}.1.2.tmp").write_text("{")
    assert await taken(spool) == []


async def test_a_folder_nobody_made_holds_nothing(tmp_path: Path) -> None:
    spool = TicketSpool(tmp_path / "none")
    assert spool.waiting() == 0
    assert await taken(spool) == []


async def test_a_full_disk_is_told_to_the_caller(tmp_path: Path) -> None:
    """A folder that cannot be made: the ticket was not taken, and the caller must know."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        await TicketSpool(tmp_path / "file" / "spool").put(an_entry())


PUT_FOR_EVER = """
import asyncio, sys, uuid
from pathlib import Path
from callcenter.spool import Entry, TicketSpool
async def main():
    spool = TicketSpool(Path(sys.argv[1]))
    while True:
        key = uuid.uuid4()
        await spool.put(Entry(key, {"fingerprint": str(key)}))
        sys.stdout.write(f"{key}\\n")
        sys.stdout.flush()
asyncio.run(main())
"""


def test_every_ticket_told_of_survives_kill_9(tmp_path: Path) -> None:
    """INV-4: a real process is killed while it spools; nothing it answered for is missing or torn."""
    process = subprocess.Popen(
        [sys.executable, "-c", PUT_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    assert process.stdout is not None
    told = [process.stdout.readline().decode().strip() for _ in range(50)]
    os.kill(process.pid, signal.SIGKILL)
    told += process.stdout.read().decode().split()
    process.wait()
    process.stdout.close()
    kept = {str(entry.key) for entry in asyncio.run(taken(TicketSpool(tmp_path)))}
    assert set(told) <= kept
    assert not (tmp_path / "set-aside").exists()


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (ConnectionRefusedError(), True),
        (TimeoutError(), True),
        (asyncpg.ConnectionDoesNotExistError(), True),
        (asyncpg.CannotConnectNowError(), True),
        (asyncpg.AdminShutdownError(), True),
        (asyncpg.TooManyConnectionsError(), True),
        (asyncpg.DiskFullError(), True),
        (asyncpg.ReadOnlySQLTransactionError(), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.CheckViolationError(), False),
        (asyncpg.ForeignKeyViolationError(), False),
        (json.JSONDecodeError("x", "y", 0), False),
        (KeyError(), False),
    ],
)
def test_away_is_told_from_refused(error: Exception, away: bool) -> None:
    assert is_away(error) is away
