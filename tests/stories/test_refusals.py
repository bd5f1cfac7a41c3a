"""What stops a start: one clear sentence that says what to do, an exit status that is not 0, and nothing half made."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from callcenter.db.migrate import migrate
from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.console import ConsoleAddress
from callcenter.lab.environment import ROOM, end_leftovers
from callcenter.lab.ports import free_tcp
from callcenter.lab.postgres import Postgres
from callcenter.lab.refusal import NotStartedError
from callcenter.lab.room import shortage
from callcenter.lab.root import ensure_root

CALLCENTER = (sys.executable, "-m", "callcenter")
NOBODY = (
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),  # to reach this checkout, wherever it is
)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="starts Asterisk, becomes another user, mounts")
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that is not there yet, in a place every user may enter."""
    place = Path(tempfile.mkdtemp(prefix="cc-refusal-", dir="/tmp"))
    place.chmod(0o755)
    yield place / "demo"
    shutil.rmtree(place)


def environ(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CALLCENTER_")}
    return {**kept, "CALLCENTER_ASTERISK_ROOT": os.environ.get("CALLCENTER_ASTERISK_ROOT", ""), **more}


def run(*arguments: str | Path, before: tuple[str, ...] = (), **more: str) -> Done:
    command = [*before, *CALLCENTER, *map(str, arguments)]
    return subprocess.run(command, env=environ(**more), capture_output=True, text=True, timeout=100)


def refused(done: Done, status: int = 1) -> str:
    """The sentence of a demonstration that did not happen."""
    assert done.returncode == status, done
    assert "Traceback" not in done.stdout + done.stderr
    head = "演示未完成 / the demonstration did not happen: "
    [line] = [line for line in done.stdout.splitlines() if line.startswith(head)]
    return line.removeprefix(head)


def running(folder: Path) -> list[str]:
    """Programs that run over this folder."""
    found = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
            spool = process.environ().get("CALLCENTER_SPOOL_FOLDER", "")
            instance = process.environ().get("INSTANCE", "")
        except psutil.Error:
            continue
        if any(str(folder) in text for text in (line, spool, instance)):
            found.append(line)
    return found


@contextmanager
def mounted(place: Path, size: str) -> Iterator[None]:
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


# ---- before anything is made


@pytest.mark.unit
@pytest.mark.parametrize("command", ["demo", "run", "serve", "telephony", "work", "migrate", "doctor", "check-config"])
def test_bad_settings_are_all_listed_by_every_command(command: str) -> None:
    """design.md §3"""
    done = run(command, CALLCENTER_WEB_PORT="x", CALLCENTER_COLOUR="red", CALLCENTER_RECORDINGS_SIGNING_KEY="s3cret")
    assert (done.returncode, done.stdout) == (2, "")
    first, *problems = done.stderr.splitlines()
    assert first == "These settings cannot be used:"
    assert [problem.strip().partition(":")[0] for problem in problems] == [
        "CALLCENTER_COLOUR",
        "web.port",
        "recordings.signing_key",
    ]
    assert "s3cret" not in done.stderr


@pytest.mark.unit
@needs_root
def test_without_root(folder: Path) -> None:
    told = refused(run("demo", "--folder", folder, before=NOBODY))
    assert told.startswith("Asterisk is started in a root folder of its own, which needs root: run with sudo, or name")
    assert not folder.exists()


@pytest.mark.unit
@needs_root
def test_a_used_port(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = refused(run("demo", "--stay", "--quiet", "--folder", folder, "--port", str(port)))
    assert told == f"port {port} is used by another program: stop it, or choose another (--port, or make run PORT=…)"
    assert not folder.exists()


@pytest.mark.unit
@needs_root
def test_a_full_disk(folder: Path) -> None:
    with mounted(folder.parent / "small", "60m"):
        place = folder.parent / "small/demo"
        told = refused(run("demo", "--json", "--folder", place))
        assert told.startswith(f"{place} needs {ROOM >> 20} MB, only 60 MB are free there: make room, or choose")
        assert list(place.parent.iterdir()) == []


@pytest.mark.unit
def test_json_says_too_what_did_not_happen(folder: Path) -> None:
    done = run("demo", "--json", "--folder", folder, CALLCENTER_ASTERISK_ROOT="not/absolute")
    evidence = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, evidence["complete"], evidence["error"]) == (1, False, refused(done))


@pytest.mark.unit
@needs_root
def test_a_folder_in_use_by_another_run(folder: Path) -> None:
    folder.mkdir()
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = refused(run("demo", "--folder", folder))
    assert told == f"{folder} is in use by another one of us: stop it, or choose another --folder"
    assert [path.name for path in folder.iterdir()] == [".lock"]


@pytest.mark.unit
@needs_root
def test_a_folder_that_cannot_be_made(folder: Path) -> None:
    folder.parent.joinpath("file").touch()
    told = refused(run("demo", "--folder", folder.parent / "file/demo"))
    assert "is not a folder: choose another place" in told


@pytest.mark.unit
@needs_root
@pytest.mark.skipif(Path("/usr/sbin/asterisk").exists(), reason="this machine has one")
def test_no_asterisk_where_one_was_named(folder: Path) -> None:
    told = refused(run("demo", "--folder", folder, CALLCENTER_ASTERISK_ROOT="/"))
    assert told == "No Asterisk in /: neither /usr/sbin/asterisk nor its modules exist."
    occupied = folder.parent / "occupied"
    (occupied / "x").mkdir(parents=True)
    told = refused(run("demo", "--folder", folder, CALLCENTER_ASTERISK_ROOT=str(occupied)))
    assert told == f"{occupied} holds something, but no Asterisk: empty it, or set CALLCENTER_ASTERISK_ROOT."
    assert not folder.exists()
    assert running(folder) == []


@pytest.mark.unit
@needs_root
def test_no_mmdebstrap(folder: Path) -> None:
    tools = folder.parent / "bin"
    tools.mkdir()
    for tool in ("espeak-ng", "sox", "sh"):
        (tools / tool).symlink_to(shutil.which(tool) or "")
    root = folder.parent / "root"
    told = refused(run("demo", "--folder", folder, PATH=str(tools), CALLCENTER_ASTERISK_ROOT=str(root)))
    assert told.startswith("mmdebstrap is missing: apt-get install mmdebstrap, or give CALLCENTER_ASTERISK_ROOT or")
    assert not folder.exists()
    assert not root.exists()


@pytest.mark.unit
@needs_root
@pytest.mark.skipif(shutil.which("mmdebstrap") is None, reason="asks the real mmdebstrap")
def test_packages_of_asterisk_that_cannot_be_fetched(folder: Path) -> None:
    root = folder.parent / "root"
    abandoned = folder.parent / "root.unfinished-4194304"
    (abandoned / "etc").mkdir(parents=True)
    dead = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    told = refused(run("demo", "--folder", folder, CALLCENTER_ASTERISK_ROOT=str(root), **dead))
    assert told.startswith("Debian's packages of Asterisk could not be fetched (Could not connect to 127.0.0.1:9")
    assert "check the network and the mirror deb.debian.org, or give CALLCENTER_ASTERISK_ROOT" in told
    left = [path.name for path in folder.parent.iterdir() if path.name != ".root.lock"]
    assert left == [], "no half root folder, not even an older one"


@pytest.mark.unit
@needs_root
def test_no_room_for_a_root_folder(folder: Path) -> None:
    with mounted(folder.parent / "small", "50m"), pytest.raises(NotStartedError, match="needs 700 MB, only 50 MB"):
        ensure_root(folder.parent / "small/root", print)


@pytest.mark.unit
@needs_root
def test_a_disk_that_filled_meanwhile_is_named_as_the_reason(folder: Path) -> None:
    """Whatever then failed first, say a ticket that did not appear."""
    with mounted(folder.parent / "small", "70m"):
        place = folder.parent / "small/demo"
        assert shortage(place) == []
        place.mkdir()
        assert shortage(place) == []
        (place / "x").write_bytes(bytes(20 << 20))
        assert shortage(place) == [f"the disk of {place} is full, 50 MB are free: make room and try again"]


@pytest.mark.unit
@needs_root
def test_a_path_with_a_space(folder: Path) -> None:
    told = refused(run("demo", "--folder", folder.parent / "my demo"))
    assert told.endswith("neither Asterisk nor PostgreSQL takes a path with a space: choose another.")
    assert list(folder.parent.iterdir()) == []


@pytest.mark.unit
def test_an_address_of_an_asterisk_that_is_none(folder: Path) -> None:
    file = folder.parent / "asterisk.json"
    for text in ("", "{}", '{"host": 1}', "[]"):
        file.write_text(text)
        done = run("demo", "--asterisk", file, "--folder", folder)
        assert done.returncode == 2
        [line] = done.stderr.splitlines()
        assert line.startswith(f"{file} does not say where an Asterisk is: ")
    assert run("demo", "--at", "http://127.0.0.1:9").returncode == 2


@pytest.mark.unit
@pytest.mark.parametrize("more", [(), ("--at", "http://127.0.0.1:9", "--asterisk", "x")])
def test_a_key_that_nothing_can_be_checked_with(folder: Path, more: tuple[str, ...]) -> None:
    """The signature of a system that runs elsewhere; a demonstration of our own makes its key."""
    done = run("demo", "--key", folder / "log.key.pub", *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"--key {folder}/log.key.pub: needs --at, and a file that can be read\n"


@pytest.mark.unit
def test_a_system_that_is_not_where_it_was_said_to_be(folder: Path) -> None:
    file = folder.parent / "asterisk.json"
    nowhere = AsteriskAddress(
        *("127.0.0.1", 9, 9, 9, "http://127.0.0.1:9/ari", "cc", "x"),
        console=ConsoleAddress("127.0.0.1", 9, "cc", "x"),
        volumes=(Path("/nowhere/a"), Path("/nowhere/b")),
        cel=Path("/nowhere/cel.jsonl"),
        log=Path("/nowhere/log"),
        phones=(),
    )
    file.write_text(json.dumps(asdict(nowhere), default=str))
    url = f"postgresql://cc:s3cret@127.0.0.1:{free_tcp()}/cc"
    at = ("--at", "http://127.0.0.1:9", "--asterisk", file, "--folder", folder)
    done = run("demo", *at, CALLCENTER_DATABASE_URL=url)
    assert refused(done).startswith("PostgreSQL cannot be used: ")
    assert "s3cret" not in done.stdout + done.stderr


@pytest.mark.unit
def test_tests_that_are_told_to_use_what_is_not_there_do_not_begin(folder: Path) -> None:
    """One sentence each, all of them, without a password."""
    closed = free_tcp()
    told = {
        "TEST_DATABASE_URL": f"postgresql://cc:s3cret@127.0.0.1:{closed}/cc",
        "TEST_REDIS_URL": f"redis://:s3cret@127.0.0.1:{closed}/0",
        "CALLCENTER_TEST_ASTERISK": str(folder / "asterisk.json"),
        "CALLCENTER_COLOUR": "red",
    }
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/unit/callcenter/test_ids.py"]
    done = subprocess.run(command, env=environ(**told), capture_output=True, text=True, timeout=100)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    sentences = done.stderr.removeprefix("ERROR: ").strip().splitlines()
    assert [sentence.partition(" cannot be used (")[0] for sentence in sentences] == [
        "settings in the environment",
        *list(told)[:3],
    ]
    assert "s3cret" not in done.stdout + done.stderr


@pytest.mark.unit
def test_an_old_python_gets_a_sentence_and_no_traceback() -> None:
    program = "import sys; sys.version_info = (3, 9, 2); sys.argv = ['callcenter']; import callcenter"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("Python 3.11 or newer is needed, this is ")


@pytest.mark.unit
def test_a_reader_that_has_enough_is_no_error() -> None:
    shell = f"{' '.join(CALLCENTER)} check-config | head -n 1"
    done = subprocess.run(["sh", "-c", shell], env=environ(), capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("mode = normal\n", "")


# ---- with a database


@pytest.mark.service
@pytest.mark.parametrize("command", [("run",), ("user", "list"), ("org", "list"), ("serve",), ("work",)])
def test_a_database_without_its_schema(command: tuple[str, ...], folder: Path) -> None:
    server = Postgres.start(folder.parent / "pg")
    try:
        done = run(*command, CALLCENTER_DATABASE_URL=server.url())
    finally:
        server.stop()
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith("the database lacks 0001_foundation.sql, ")
    assert line.endswith("run `callcenter migrate`")


@pytest.mark.service
@pytest.mark.parametrize("command", ["run", "serve", "work", "telephony", "migrate"])
def test_a_database_that_is_away(command: str) -> None:
    done = run(command, CALLCENTER_DATABASE_URL=f"postgresql://cc:s3cret@127.0.0.1:{free_tcp()}/cc")
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert "s3cret" not in line


@pytest.mark.service
@pytest.mark.parametrize(
    ("section", "role", "remedy"),
    [
        ("web", "serve", "web.host and web.port"),
        ("fastagi", "telephony", "fastagi.host and fastagi.port, and CC_AGI of the dialplan"),
    ],
)
async def test_a_used_port_ends_the_supervisor_and_the_other_processes(
    folder: Path, section: str, role: str, remedy: str
) -> None:
    """`callcenter run`, with its settings in a file."""
    server = Postgres.start(folder.parent / "pg")
    try:
        await migrate(server.url())
        with socket.create_server(("127.0.0.1", 0)) as other:
            ports = {"web": free_tcp(), "fastagi": free_tcp(), section: other.getsockname()[1]}
            file = folder.parent / "callcenter.toml"
            file.write_text(
                f'[database]\nurl = "{server.url()}"\n'
                f"[web]\nport = {ports['web']}\n[fastagi]\nport = {ports['fastagi']}\n"
                f'[spool]\nfolder = "{folder.parent}/spool"\n[recordings]\narchive_root = "{folder.parent}/archive"\n'
            )
            done = run("--config", file, "run")
    finally:
        server.stop()
    assert done.returncode == 2
    told = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert told == [
        f"127.0.0.1:{ports[section]} cannot be listened on: Address already in use: set {remedy}",
        f"{role} cannot start; what it said stands above",
    ]
    assert running(folder.parent) == []


@pytest.mark.service
@needs_root
@pytest.mark.parametrize("size", ["4m", "20m", "35m"])
def test_a_disk_that_fills_while_postgresql_is_made(folder: Path, size: str) -> None:
    place = folder.parent / "small"
    with mounted(place, size):
        with pytest.raises(NotStartedError, match=r"PostgreSQL did not start in .*No space left on device"):
            Postgres.start(place / "pg")
        assert list(place.iterdir()) == []
    assert running(place) == []


@pytest.mark.service
def test_a_half_made_database_is_made_anew(folder: Path) -> None:
    """Somebody was killed during initdb."""
    (folder / "pg").mkdir(parents=True)
    (folder / "pg/PG_VERSION").write_text("18\n")
    server = Postgres.start(folder / "pg")
    assert server.running()
    server.stop()
    again = Postgres.start(folder / "pg")
    again.stop()


# ---- in the middle of a start


@contextmanager
def starting(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*CALLCENTER, "demo", "--quiet", "--folder", str(folder), *arguments],
        env=environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        try:
            yield process
            process.wait(60)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(60)


def until(process: subprocess.Popen[str], word: str) -> str:
    """Reads on to the line with this word."""
    assert process.stdout is not None
    for line in process.stdout:
        if word in line:
            return line
    raise AssertionError(f"ended without {word}")


@pytest.mark.asterisk
@needs_root
@pytest.mark.parametrize(
    ("word", "number", "status"),
    [
        ("PostgreSQL: starting", signal.SIGTERM, 143),
        ("Redis: starting", signal.SIGINT, 130),
        ("Asterisk: starting", signal.SIGHUP, 143),
        ("database: bringing", signal.SIGTERM, 143),
        ("our processes: starting", signal.SIGINT, 130),
    ],
)
def test_whoever_is_stopped_while_starting_stops_what_was_started(
    folder: Path, word: str, number: signal.Signals, status: int
) -> None:
    with starting(folder) as process:
        until(process, word)
        time.sleep(0.15)
        process.send_signal(number)
        assert process.stdout is not None
        told = process.stdout.read()
    assert "Traceback" not in told, told
    assert process.returncode == status
    assert running(folder) == []


@pytest.mark.asterisk
@needs_root
def test_after_kill_9_the_next_run_takes_over_what_was_left(folder: Path) -> None:
    """It ends orphaned processes, goes on with the database and the calls' switch, and leaves nothing behind."""
    with starting(folder, "--stay") as process:
        until(process, "Ctrl-C")
        process.kill()
    left = running(folder)
    assert any("redis-server" in line for line in left)
    assert any(line.endswith("callcenter work") for line in left)
    with starting(folder, "--stay") as again:
        until(again, "Ctrl-C")
        now = running(folder)
        assert sum("redis-server" in line for line in now) == 1
        assert sum(line.endswith("callcenter work") for line in now) == 1
        again.send_signal(signal.SIGINT)
    assert again.returncode == 0
    end_leftovers(folder)
    assert running(folder) == []
