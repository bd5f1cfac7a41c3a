"""How the Asterisk of compose ends: calls may finish, and nothing of Asterisk's own keeps the container up."""

import importlib.util
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.unit

ENTRYPOINT = Path(__file__).resolve().parents[2] / "docker/asterisk/entrypoint"
PROGRAM = """#!/bin/sh
cd {folder}
case "$*" in
-f*) while [ ! -e gone ]; do sleep 0.05; done ;;
*count) cat channels ;;
*) echo "$2" >>told ;;
esac
[ "$2" != "core stop now" ] || touch gone
"""


@pytest.fixture
def entrypoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, with a program in Asterisk's place that obeys the three orders the script gives."""
    loader = SourceFileLoader("entrypoint", str(ENTRYPOINT))
    spec = importlib.util.spec_from_loader("entrypoint", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    loader.exec_module(module)
    program = tmp_path / "asterisk"
    program.write_text(PROGRAM.format(folder=tmp_path))
    program.chmod(0o755)
    monkeypatch.setattr(module, "ASTERISK", str(program))
    monkeypatch.setattr(module, "LOOK", 0.1)
    monkeypatch.setattr(module, "CLOSING", 0.5)
    return module


@pytest.fixture
def running(tmp_path: Path, entrypoint: ModuleType) -> Iterator[Callable[[int], subprocess.Popen[bytes]]]:
    """Starts it with so many channels up."""
    started: list[subprocess.Popen[bytes]] = []

    def start(channels: int) -> subprocess.Popen[bytes]:
        (tmp_path / "channels").write_text(f"{channels} active channel{'s' * (channels != 1)}\n0 active calls\n")
        started.append(subprocess.Popen([entrypoint.ASTERISK, "-f", "-n"]))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def orders(folder: Path) -> list[str]:
    return (folder / "told").read_text().splitlines()


def test_without_calls_it_ends_soon_though_asterisk_lingers(
    tmp_path: Path, entrypoint: ModuleType, running: Callable[[int], subprocess.Popen[bytes]]
) -> None:
    process, began = running(0), time.monotonic()
    entrypoint.end(process, 60.0)
    assert process.poll() is not None
    assert time.monotonic() - began < 5.0
    assert orders(tmp_path) == ["core stop gracefully"]


def test_calls_that_are_up_may_end_by_themselves(
    tmp_path: Path, entrypoint: ModuleType, running: Callable[[int], subprocess.Popen[bytes]]
) -> None:
    process, began = running(2), time.monotonic()
    last_words = threading.Timer(1.5, (tmp_path / "gone").touch)
    last_words.start()
    entrypoint.end(process, 60.0)
    assert process.wait() == 0
    assert time.monotonic() - began >= 1.5
    assert orders(tmp_path) == ["core stop gracefully"]


def test_calls_that_outlast_the_drain_are_ended_in_good_order(
    tmp_path: Path, entrypoint: ModuleType, running: Callable[[int], subprocess.Popen[bytes]]
) -> None:
    process = running(1)
    entrypoint.end(process, 1.0)
    assert process.wait() == 0
    assert orders(tmp_path) == ["core stop gracefully", "core stop now"]


def test_an_asterisk_that_answers_no_more_is_taken_to_be_ending(
    tmp_path: Path, entrypoint: ModuleType, running: Callable[[int], subprocess.Popen[bytes]]
) -> None:
    process, began = running(1), time.monotonic()
    (tmp_path / "channels").write_text("Unable to connect to remote asterisk\n")
    entrypoint.end(process, 60.0)
    assert process.poll() is not None
    assert time.monotonic() - began < 10.0
