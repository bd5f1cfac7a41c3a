"""Keeps the processes of one machine running. Holds no state a restart could lose, never restarts without a pause."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from callcenter.errors import UNUSABLE

log = logging.getLogger(__name__)

SHORTEST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
STEADY_AFTER = 10.0
STOP_WITHIN = 10.0


class UnusableError(Exception):
    """A process could not even begin: its settings, the machine or the database must be changed first."""


@dataclass
class Child:
    """One process that must run; `output` takes what it prints, `starts` counts how often it had to be started."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    output: IO[bytes] | None = None
    starts: int = 0
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None and self.process.returncode is None else None


def pause_after(lived: float, before: float) -> float:
    """Seconds to wait before the next start: doubled after a short life, the shortest after a steady one."""
    if lived >= STEADY_AFTER:
        return SHORTEST_PAUSE
    return min(max(before * 2, SHORTEST_PAUSE), LONGEST_PAUSE)


def program(*arguments: str) -> list[str]:
    """The command line of this program with other arguments."""
    return [sys.executable, "-m", "callcenter", *arguments]


async def keep(child: Child, stopping: asyncio.Event) -> None:
    """Starts the child again whenever it ends, until `stopping` or cancelled; then ends it: politely, after 10 s by
    force. Raises UnusableError when it says at its first start that it cannot be used.

    Each child has a session of its own: so Linux gives it its share of the processor however busy the others are
    (sched(7), autogroup), and a terminal's Ctrl-C reaches the supervisor alone.
    """
    loop = asyncio.get_running_loop()
    pause = 0.0
    try:
        while not stopping.is_set():
            begun = loop.time()
            child.process = await asyncio.create_subprocess_exec(
                *child.command,
                env=dict(child.environment),
                stdout=child.output,
                stderr=child.output,
                start_new_session=True,
            )
            child.starts += 1
            log.info("process started", extra={"child": child.name, "pid": child.process.pid, "starts": child.starts})
            if await _ended_before(child.process, stopping):
                if child.starts == 1 and child.process.returncode == UNUSABLE:
                    raise UnusableError(f"{child.name} cannot start; what it said stands above")
                pause = pause_after(loop.time() - begun, pause)
                log.error(
                    "process ended",
                    extra={"child": child.name, "status": child.process.returncode, "restart_in": round(pause, 1)},
                )
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), pause)
    finally:
        await _end(child)


async def supervise(children: Sequence[Child], stopping: asyncio.Event) -> None:
    """Keeps all children until `stopping` is set. Raises UnusableError, in a group, when one cannot begin."""
    async with asyncio.TaskGroup() as tasks:
        for child in children:
            tasks.create_task(keep(child, stopping), name=f"keep {child.name}")


def stop_on_signals(stopping: asyncio.Event) -> None:
    """SIGINT, SIGTERM and, unless nohup keeps it away, SIGHUP end the supervision in order."""
    loop = asyncio.get_running_loop()
    handled = {signal.SIGINT, signal.SIGTERM}
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        handled.add(signal.SIGHUP)
    for number in handled:
        loop.add_signal_handler(number, stopping.set)


async def _ended_before(process: asyncio.subprocess.Process, stopping: asyncio.Event) -> bool:
    async with asyncio.TaskGroup() as tasks:
        ended = tasks.create_task(process.wait())
        stopped = tasks.create_task(stopping.wait())
        await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not ended.done():
            ended.cancel()
    return not ended.cancelled()


async def _end(child: Child) -> None:
    if child.process is None or child.process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        child.process.terminate()
    try:
        await asyncio.wait_for(child.process.wait(), STOP_WITHIN)
    except TimeoutError:
        log.error("process did not stop in time and is killed", extra={"child": child.name})
        child.process.kill()
        await child.process.wait()
