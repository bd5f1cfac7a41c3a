"""Looks at every part side by side, each under the same limit, so that whatever hangs, the answer comes in seconds."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from callcenter.clock import Clock
from callcenter.config import Config
from callcenter.doctor import (
    archive,
    ari,
    asterisk,
    attachments,
    calendar,
    clocks,
    event_log,
    fastagi,
    machine,
    notifications,
    postgres,
    processes,
    redis,
    switch,
    telephones,
    ticket_spool,
    volumes,
)
from callcenter.doctor.finding import Notes, PartReport, Report, Text
from callcenter.doctor.installation import Installation
from callcenter.doctor.reason import reason

LIMIT = 5.0
"""Seconds a part may take; each waits less for what it asks."""

Look = Callable[[Installation, Notes], Awaitable[None]]
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the installation: its stable name, its title, what looks at it."""

    name: str
    title: Text
    look: Look


PARTS = (
    Part("machine", Text("本机", "this machine"), machine.look),
    Part("postgres", Text("PostgreSQL", "PostgreSQL"), postgres.look),
    Part("redis", Text("Redis", "Redis"), redis.look),
    Part("asterisk", Text("Asterisk", "Asterisk"), asterisk.look),
    Part("ari", Text("ARI", "ARI"), ari.look),
    Part("fastagi", Text("FastAGI", "FastAGI"), fastagi.look),
    Part("telephones", Text("网页话机", "browser telephones"), telephones.look),
    Part("event-log", Text("事件日志 CEL", "event log"), event_log.look),
    Part("volumes", Text("录音卷", "capture volumes"), volumes.look),
    Part("archive", Text("归档", "archive"), archive.look),
    Part("ticket-spool", Text("服务单暂存", "ticket spool"), ticket_spool.look),
    Part("notifications", Text("通知", "notifications"), notifications.look),
    Part("attachments", Text("附件", "files of tickets"), attachments.look),
    Part("calendar", Text("工作日历", "working days"), calendar.look),
    Part("clocks", Text("时钟", "clocks"), clocks.look),
    Part("processes", Text("本系统的进程", "our processes"), processes.look),
)


class Daemons(ThreadPoolExecutor):
    """Each piece of work gets a thread that nobody waits for: a dead disk or name server holds up no other."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=run, daemon=True, name="doctor").start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing is waited for."""


async def examine(config: Config, clock: Clock, limit: float = LIMIT, parts: tuple[Part, ...] = PARTS) -> Report:
    """The whole examination; takes at most a little more than `limit` seconds."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(Daemons())
    begun = loop.time()
    asking = loop.create_task(switch.read(config, clock), name="ask Asterisk")
    here = Installation(config, clock, asking)
    try:
        reports = await asyncio.gather(*(_within(limit, part, here) for part in parts))
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    return Report(tuple(reports), loop.time() - begun)


async def _within(limit: float, part: Part, here: Installation) -> PartReport:
    notes = Notes()
    try:
        async with asyncio.timeout(limit):
            await part.look(here, notes)
    except TimeoutError:
        notes.fail(
            "in-time",
            f"{limit:.0f} 秒内没有查完",
            f"was not done within {limit:.0f} s",
            ("它挂起了：查看它和网络、磁盘", "it hangs: look at it, at the network and the disk"),
        )
    except OSError as error:
        said = f"{error.filename or part.name}: {reason(error)}"
        notes.fail("access", said, said, ("以本系统进程的用户运行 doctor", "run doctor as the user of our processes"))
    except Exception as error:
        notes.fail(
            "examined",
            f"检查本身出错：{type(error).__name__}: {error}",
            f"the examination itself failed: {type(error).__name__}: {error}",
            ("请报告这个错误", "report this as a bug"),
        )
    return PartReport(part.name, part.title, tuple(notes.findings))
