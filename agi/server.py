"""The FastAGI listener: one connection is one script run for one call, under a deadline.

It must never hold a caller: whatever goes wrong the connection is closed without the "done" mark, and the
dialplan decides. It must never let one client, however broken, touch another's call or fill the log.
"""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from agi.protocol import (
    AgiProtocolError,
    Connection,
    Environment,
    ForeignClientError,
    Hangup,
    OversizeError,
    Reply,
)
from agi.session import AGIAppError, AGIHangup, Session

log = logging.getLogger(__name__)

CALL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
"""What `agi_uniqueid` may look like to be taken for a call."""

MAX_HANGUPS = 8
"""Asterisk says HANGUP twice when it also ends the script (measured); a client that goes on is none."""

TICK = 0.05
"""Seconds between two looks at what is overdue."""

CUT_TIME = 1.0
"""Seconds a cancelled script has to end before a stop goes on without it."""

NEVER = float("inf")

SCRIPT_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")

Script = Callable[[Session], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Route:
    """A script and the seconds it may take, counted from the end of the environment."""

    script: Script
    deadline: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What the listener allows: connections at once, seconds for the environment, seconds a script may go
    on after the connection ended (a commit under way is worth finishing), seconds between two log lines
    about the same kind of bad client."""

    sessions: int = 512
    header: float = 3.0
    grace: float = 0.8
    quiet: float = 60.0


class Server:
    """The live sessions, and the counts of what came: read `counts`, never write them.

    accepted; served, failed, late, hung_up, cancelled (how scripts ended); crowded, empty, left, slow,
    foreign, oversize, garbled, unknown, unnamed, twice, superseded (what was refused, and why); flawed
    (taken though some lines were broken).
    """

    def __init__(self, routes: Mapping[str, Route], limits: Limits) -> None:
        self.routes = routes
        self.limits = limits
        self.counts: Counter[str] = Counter()
        self.port = 0
        self.calls: set[Call] = set()
        self.live: dict[str, Call] = {}
        self.loop = asyncio.get_running_loop()
        self._sweeper: asyncio.TimerHandle | None = None
        self._told: dict[str, float] = {}
        self._idle = asyncio.Event()
        self._closing = False

    def connection(self) -> "Call":
        return Call(self)

    def admit(self, call: "Call") -> bool:
        self.counts["accepted"] += 1
        if self._closing or len(self.calls) >= self.limits.sessions:
            self.refuse("crowded", "no room for another call")
            return False
        self.calls.add(call)
        if self._sweeper is None:
            self._sweeper = self.loop.call_later(TICK, self._sweep)
        return True

    def leave(self, call: "Call") -> None:
        self.calls.discard(call)
        if self._closing and not self.calls:
            self._idle.set()

    def _sweep(self) -> None:
        """One timer watches over all calls: a timer for each would cost as much as the rest of a session."""
        now = self.loop.time()
        for call in [call for call in self.calls if call.due <= now]:
            call.overdue()
        self._sweeper = self.loop.call_later(TICK, self._sweep) if self.calls else None

    def begin(self, call: "Call", environment: Environment) -> asyncio.Task[None] | None:
        """Start the script the environment asks for; None, and counted, when it cannot be had."""
        variables = environment.variables
        if environment.flaws:
            self.refuse("flawed", "environment with broken lines", lines=environment.flaws)
        name = variables.get("agi_network_script", "").partition("?")[0]
        route = self.routes.get(name) if SCRIPT_NAME.fullmatch(name) else None
        if route is None:
            self.refuse("unknown", "no such script", script=name[:40])
            return None
        call.name = variables.get("agi_uniqueid", "")
        if not CALL_NAME.fullmatch(call.name):
            self.refuse("unnamed", "a call without a usable name")
            return None
        other = self.live.get(call.name)
        if other is not None and not other.is_over:
            if other.script == name:
                self.refuse("twice", "this script runs for this call already", call=call.name, script=name)
                return None
            self.counts["superseded"] += 1  # a channel is in one AGI at a time: it has left the other
            other.cancel()
        self.live[call.name] = call
        call.script = name
        call.due = self.loop.time() + route.deadline
        task = self.loop.create_task(call.run(route.script))
        task.add_done_callback(call.finish)
        return task

    def forget(self, call: "Call") -> None:
        if self.live.get(call.name) is call:
            del self.live[call.name]

    def refuse(self, kind: str, message: str, **fields: object) -> None:
        """Count a bad client, and log it, but one line of a kind per quiet period: a port scan must not
        fill the log."""
        self.counts[kind] += 1
        now = self.loop.time()
        if now >= self._told.get(kind, 0.0):
            self._told[kind] = now + self.limits.quiet
            log.warning(message, extra={"kind": kind, "so_far": self.counts[kind], **fields})

    async def drain(self, seconds: float) -> None:
        """Take no new call, let the living ones end, cut what is left after `seconds`."""
        self._closing = True
        if not self.calls:
            self._idle.set()
        if not await self._emptied(seconds):
            log.warning("calls cut at stop", extra={"calls": len(self.calls)})
            for call in tuple(self.calls):
                call.cut()
            await self._emptied(CUT_TIME)
        if self._sweeper is not None:
            self._sweeper.cancel()

    async def _emptied(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True


class Call(asyncio.Protocol):
    """One connection from Asterisk."""

    __slots__ = (
        "_codec",
        "_hangups",
        "_server",
        "_session",
        "_task",
        "_transport",
        "due",
        "is_over",
        "name",
        "script",
    )

    def __init__(self, server: Server) -> None:
        self.name = ""
        self.script = ""
        self.is_over = False
        self.due = server.loop.time() + server.limits.header
        self._server = server
        self._codec = Connection()
        self._hangups = 0
        self._session: Session | None = None
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    # From the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = stream = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        if not self._server.admit(self):
            self.is_over = True
            stream.abort()

    def data_received(self, data: bytes) -> None:
        if self.is_over:
            return
        try:
            for event in self._codec.feed(data):
                self._take(event)
        except ForeignClientError as error:
            self._distrust("foreign", error)
        except OversizeError as error:
            self._distrust("oversize", error)
        except AgiProtocolError as error:
            self._distrust("garbled", error)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._session is not None:
            self._session.ended()
        elif not self.is_over:
            self._server.refuse("empty" if error is None else "left", "a client left before the environment ended")
        self.is_over = True
        if self._task is None or self._task.done():
            self._server.leave(self)
        else:
            self.due = min(self.due, self._server.loop.time() + self._server.limits.grace)

    # The dialogue

    def _take(self, event: Environment | Reply | Hangup) -> None:
        if isinstance(event, Reply):
            if self._session is None or not self._session.answered(event):
                raise AgiProtocolError("a reply to no command")
        elif isinstance(event, Hangup):
            self._hangups += 1
            if self._session is None or self._hangups > MAX_HANGUPS:
                raise AgiProtocolError("HANGUP out of place")
            self._session.hungup.set()
        else:
            assert self._transport is not None
            self._session = Session(event, self._transport.write)
            self._task = self._server.begin(self, event)
            if self._task is None:
                self.cut()

    async def run(self, script: Script) -> None:
        """The script in a task group of its own: what fails here ends this call alone, and is logged once."""
        session, counts, begun = self._session, self._server.counts, self._server.loop.time()
        assert session is not None
        try:
            async with asyncio.TaskGroup() as session.tasks:
                await script(session)
            counts["served"] += 1
            if log.isEnabledFor(logging.INFO):
                seconds = round(self._server.loop.time() - begun, 5)
                log.info("script served", extra={**self._fields(), "seconds": seconds})
        except* AGIHangup:
            counts["hung_up"] += 1
        except* AGIAppError as group:
            if await session.is_hung_up():
                counts["hung_up"] += 1
            else:
                self._fail(group)
        except* Exception as group:
            self._fail(group)

    # Endings

    def finish(self, _: asyncio.Task[None]) -> None:
        """The script has ended, however it did, or was cancelled before it began."""
        self.due = NEVER
        self._server.forget(self)
        if self._transport is None:
            self._server.leave(self)
        self._close()

    def overdue(self) -> None:
        """The environment, the script, or the time after the caller left took too long."""
        self.due = NEVER
        if self._session is None:
            self._server.refuse("slow", "the environment did not come in time")
        elif self._transport is not None:
            self._server.counts["late"] += 1
            log.warning("script missed its deadline", extra=self._fields())
        self.cut()

    def cut(self) -> None:
        """End the call from our side: the script is cancelled, the connection closed without the mark."""
        self.cancel()
        self._close()

    def cancel(self) -> None:
        """Stop the script, wherever it waits."""
        if self._task is not None and not self._task.done():
            self._server.counts["cancelled"] += 1
            self._task.cancel()

    def _close(self) -> None:
        self.is_over = True
        if self._transport is not None:
            self._transport.close()

    def _fail(self, group: BaseExceptionGroup[Exception]) -> None:
        self._server.counts["failed"] += 1
        log.error("script failed", exc_info=group, extra=self._fields())

    def _distrust(self, kind: str, error: AgiProtocolError) -> None:
        self._server.refuse(kind, "not an AGI dialogue", reason=str(error), **self._fields())
        if self._session is not None:
            self._session.ended()
        self.cut()

    def _fields(self) -> dict[str, object]:
        return {"call": self.name, "script": self.script}


LIMITS = Limits()


@asynccontextmanager
async def listen(
    routes: Mapping[str, Route],
    host: str = "127.0.0.1",
    port: int = 0,
    limits: Limits = LIMITS,
    drain: float = 5.0,
) -> AsyncIterator[Server]:
    """Listen while the block runs, on `port` or a free one (`server.port`); at the end let calls finish for
    `drain` seconds.

    Bind to an address of the Asterisk host: a line split by a network makes Asterisk spin until the rest of
    it comes.
    """
    server = Server(routes, limits)
    listener = await asyncio.get_running_loop().create_server(server.connection, host, port, backlog=1024)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await server.drain(drain)
