"""The supervisor starts again what ended, with growing pauses, and stops what it started."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from callcenter import supervisor
from callcenter.supervisor import (
    LONGEST_PAUSE,
    SHORTEST_PAUSE,
    Child,
    UnusableError,
    pause_after,
    program,
    stop_on_signals,
    supervise,
)

pytestmark = pytest.mark.unit


def test_the_pause_grows_with_short_lives_and_falls_back_after_a_steady_one() -> None:
    pauses = [0.0]
    for _ in range(10):
        pauses.append(pause_after(0.1, pauses[-1]))
    assert pauses[1] == SHORTEST_PAUSE
    assert pauses[-1] == LONGEST_PAUSE
    assert pause_after(60, LONGEST_PAUSE) == SHORTEST_PAUSE


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def sleeper(code: str = "import time; time.sleep(600)") -> Child:
    return Child("sleeper", [sys.executable, "-c", code], dict(os.environ))


async def test_a_killed_process_is_started_again_and_all_are_ended_in_the_end() -> None:
    child, stopping = sleeper(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervise([child], stopping))
        await until(lambda: child.pid is not None)
        first = child.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: child.starts == 2 and child.pid is not None)
        second = child.pid
        stopping.set()
    assert second not in {None, first}
    assert child.pid is None


async def test_a_process_that_cannot_live_does_not_keep_the_stop_waiting() -> None:
    child, stopping = sleeper("raise SystemExit(3)"), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervise([child], stopping))
        await until(lambda: child.starts >= 2)
        stopping.set()
    assert child.pid is None


async def test_a_failure_around_the_supervisor_leaves_no_process_behind() -> None:
    child = sleeper()
    with pytest.raises(ExceptionGroup):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(supervise([child], asyncio.Event()))
            await until(lambda: child.pid is not None)
            raise RuntimeError("the demonstration failed")
    assert child.pid is None


async def test_a_process_that_cannot_begin_ends_the_others_and_is_not_tried_again() -> None:
    other, unusable = sleeper(), sleeper("raise SystemExit(2)")
    with pytest.raises(ExceptionGroup) as ended:
        await supervise([other, unusable], asyncio.Event())
    assert [type(error) for error in ended.value.exceptions] == [UnusableError]
    assert (unusable.starts, unusable.pid, other.pid) == (1, None, None)


async def test_one_that_began_well_and_then_finds_a_part_away_is_tried_again() -> None:
    """Status 2 at a later start is an outage, not a wrong setting."""
    child, stopping = sleeper(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervise([child], stopping))
        await until(lambda: child.pid is not None)
        child.command = [sys.executable, "-c", "raise SystemExit(2)"]
        os.kill(child.pid or 0, signal.SIGKILL)
        await until(lambda: child.starts >= 3)
        stopping.set()


async def test_one_that_does_not_end_when_asked_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(supervisor, "STOP_WITHIN", 0.2)
    deaf = tmp_path / "deaf"
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    child, stopping = sleeper(f"{code}; open({str(deaf)!r}, 'w').close(); time.sleep(600)"), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervise([child], stopping))
        await until(deaf.exists)
        stopping.set()
    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_supervision_in_order(number: signal.Signals) -> None:
    child, stopping = sleeper(), asyncio.Event()
    stop_on_signals(stopping)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervise([child], stopping))
        await until(lambda: child.pid is not None)
        os.kill(os.getpid(), number)
    assert child.process is not None
    assert child.process.returncode == -signal.SIGTERM
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(each)


def test_the_children_are_this_program_with_this_python() -> None:
    assert program("work") == [sys.executable, "-m", "callcenter", "work"]
