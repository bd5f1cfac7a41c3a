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
        self.live: dict[str, Call] = {}
        self.connections: set[Call] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._told: dict[str, float] = {}
        self._idle = asyncio.Event()
        self._closing = False

    def connection(self) -> "Call":
        return Call(self)

    def admit(self, call: "Call") -> bool:
        self.counts["accepted"] += 1
        if self._closing or len(self.connections) >= self.limits.sessions:
            self.refuse("crowded", "no room for another call")
            return False
        self.connections.add(call)
        return True

    def release(self, call: "Call") -> None:
        self.connections.discard(call)
        if self._closing and not self.connections:
            self._idle.set()

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
        task = asyncio.get_running_loop().create_task(call.run(route), name=f"agi {name} {call.name}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def finish(self, call: "Call") -> None:
        if self.live.get(call.name) is call:
            del self.live[call.name]

    def refuse(self, kind: str, message: str, **fields: object) -> None:
        """Count a bad client, and log it, but one line of a kind per quiet period: a port scan must not
        fill the log."""
        self.counts[kind] += 1
        now = asyncio.get_running_loop().time()
        if now >= self._told.get(kind, 0.0):
            self._told[kind] = now + self.limits.quiet
            log.warning(message, extra={"kind": kind, "so_far": self.counts[kind], **fields})

    async def drain(self, seconds: float) -> None:
        """Take no new call, let the living ones end, cut what is left after `seconds`."""
        self._closing = True
        if self.connections:
            try:
                async with asyncio.timeout(seconds):
                    await self._idle.wait()
            except TimeoutError:
                log.warning("calls cut at stop", extra={"calls": len(self.connections)})
        for call in tuple(self.connections):
            call.cut()
        if self._running:
            await asyncio.wait(self._running)


class Call(asyncio.Protocol):
    """One connection from Asterisk."""

    __slots__ = (
        "_codec",
        "_hangups",
        "_server",
        "_session",
        "_task",
        "_timer",
        "_transport",
        "is_over",
        "name",
        "script",
    )

    def __init__(self, server: Server) -> None:
        self.name = ""
        self.script = ""
        self.is_over = False
        self._server = server
        self._codec = Connection()
        self._hangups = 0
        self._session: Session | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    # From the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if not self._server.admit(self):
            self.is_over = True
            transport.abort()
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._server.limits.header, self._header_is_late)

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
        self._forget_timer()
        self._server.release(self)
        if self._session is not None:
            self._session.ended()
            if self._task is not None and not self._task.done():
                self._timer = asyncio.get_running_loop().call_later(self._server.limits.grace, self.cancel)
        elif not self.is_over:
            self._server.refuse("empty" if error is None else "left", "a client left before the environment ended")
        self.is_over = True

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
            self._forget_timer()
            assert self._transport is not None
            self._session = Session(event, self._transport.write)
            self._task = self._server.begin(self, event)
            if self._task is None:
                self.cut()

    async def run(self, route: Route) -> None:
        """The script under its deadline: what fails here ends this call alone, and is logged once."""
        try:
            async with asyncio.timeout(route.deadline):
                await self._perform(route.script)
        except TimeoutError:
            self._server.counts["late"] += 1
            log.warning("script missed its deadline", extra=self._fields())
        finally:
            self._server.finish(self)
            self._forget_timer()
            self._close()

    async def _perform(self, script: Script) -> None:
        session, counts = self._session, self._server.counts
        assert session is not None
        try:
            async with asyncio.TaskGroup() as session.tasks:
                await script(session)
            counts["served"] += 1
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

    def cut(self) -> None:
        """End the call from our side: the script is cancelled, the connection closed without the mark."""
        self.cancel()
        self._close()

    def cancel(self) -> None:
        """Stop the script, wherever it waits."""
        self._forget_timer()
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

    def _header_is_late(self) -> None:
        self._timer = None
        self._server.refuse("slow", "the environment did not come in time")
        self.cut()

    def _forget_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _fields(self) -> dict[str, str]:
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
