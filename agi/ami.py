"""Asterisk's manager interface: actions answered in pairs, lists, and events with a Gap after each reconnect.

Every value is checked before it is sent: a line break in one would be a second action. An action never
waits longer than its time-out and never gets another's answer. Why not pyst2's manager: docs/decisions
(measured).
"""

import asyncio
import logging
import re
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TypeAlias

log = logging.getLogger(__name__)

Value: TypeAlias = str | int | bool | Sequence[str] | None

FORBIDDEN = re.compile(r"[\x00-\x1f\x7f]")
HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
MAX_MESSAGE = 1024 * 1024
"""Bytes of one message; `Command` output is the only long one."""
MAX_EVENTS = 10_000
BACK_OFF = (0.2, 0.5, 1.0, 2.0, 4.0)
DENIED_PAUSE = 30.0
CONNECT_TIME = 5.0
PING_EVERY = 5.0
"""Seconds of silence after which we ask whether Asterisk is still there."""


class AmiError(Exception):
    """The action was not done, or we do not know that it was."""


class AmiUnavailableError(AmiError):
    """Not connected, so that nothing was sent, or no answer."""


class AmiUnansweredError(AmiUnavailableError):
    """The action was sent and no answer came: it may have worked."""


class AmiDeniedError(AmiError):
    """The log-in was refused."""


class ActionRefusedError(AmiError):
    """Asterisk answered `Response: Error`; `reason` is its Message."""

    def __init__(self, action: str, reason: str) -> None:
        super().__init__(f"{action}: {reason}")
        self.action = action
        self.reason = reason


class UnsafeValueError(ValueError):
    """A value that would be read as something else than one header."""


@dataclass(frozen=True, slots=True)
class Message:
    """One response or event, its headers in order; a name may come more than once."""

    headers: tuple[tuple[str, str], ...]

    def get(self, name: str, default: str = "") -> str:
        """The first value of a header."""
        return next((value for key, value in self.headers if key == name), default)

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.headers if key == name)

    @property
    def event(self) -> str:
        return self.get("Event")


@dataclass(frozen=True, slots=True)
class Gap:
    """Events may be missing before this point: `reason` is connected, overflow."""

    reason: str


@dataclass(frozen=True, slots=True)
class Account:
    """Where AMI listens and who we are there. `events` is its EventMask: off, on, or classes such as
    `call,agent`."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    events: str = "off"


@dataclass(slots=True)
class Waiting:
    """An action under way: its response, and for a list what came since."""

    answer: asyncio.Future[Message]
    listed: list[Message] | None


def parse(block: bytes) -> Message:
    """A message from its lines; a line without a colon belongs to nothing and is left out."""
    headers: list[tuple[str, str]] = []
    for line in block.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers.append((name.strip(), value.strip()))
    return Message(tuple(headers))


def encode(action: str, fields: Mapping[str, Value]) -> bytes:
    """An action as bytes; None is left out, a list repeats its header. Raises UnsafeValueError."""
    lines = [f"Action: {_safe(action)}"]
    for name, value in fields.items():
        if not HEADER_NAME.fullmatch(name):
            raise UnsafeValueError(f"not a header name: {name!r}")
        if value is None:
            continue
        values = value if isinstance(value, list | tuple) else (value,)
        lines += [f"{name}: {_safe(one)}" for one in values]
    try:
        return ("\r\n".join(lines) + "\r\n\r\n").encode()
    except UnicodeEncodeError:
        raise UnsafeValueError("text that has no UTF-8 form inside an AMI value") from None


def _safe(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if FORBIDDEN.search(text):
        raise UnsafeValueError("a control character inside an AMI value")
    return text


class Ami:
    """The connection, kept up in the background; made by `connected`.

    `counts`: actions, refused, timeouts, events, overflows, connections, failures.
    """

    def __init__(self, account: Account, timeout: float = 5.0) -> None:
        self.account = account
        self.timeout = timeout
        self.counts: Counter[str] = Counter()
        self.up = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[str, Waiting] = {}
        self._ids = count(1)
        self._events: deque[Message | Gap] = deque()
        self._arrived = asyncio.Event()

    async def action(self, action: str, **fields: Value) -> Message:
        """Do one action and return its response. Raises ActionRefusedError, AmiUnavailableError,
        UnsafeValueError."""
        response, _ = await self._ask(action, fields, listed=None)
        return response

    async def listing(self, action: str, **fields: Value) -> tuple[Message, ...]:
        """Do a list action and return the events that make up the list, its end left out."""
        _, listed = await self._ask(action, fields, listed=[])
        return tuple(listed)

    async def events(self) -> AsyncIterator[Message | Gap]:
        """Every event Asterisk sends us unasked, a Gap first and after each time we were away. For one
        reader."""
        while True:
            while not self._events:
                self._arrived.clear()
                await self._arrived.wait()
            yield self._events.popleft()

    async def _ask(
        self, action: str, fields: Mapping[str, Value], listed: list[Message] | None
    ) -> tuple[Message, list[Message]]:
        name = f"cc-{next(self._ids)}"
        line = encode(action, {"ActionID": name, **fields})
        writer = self._writer
        if writer is None:
            raise AmiUnavailableError("not connected")
        self.counts["actions"] += 1
        waiting = Waiting(asyncio.get_running_loop().create_future(), listed)
        self._waiting[name] = waiting
        try:
            writer.write(line)
            async with asyncio.timeout(self.timeout):
                response = await waiting.answer
        except TimeoutError:
            self.counts["timeouts"] += 1
            raise AmiUnansweredError(f"no answer to {action} in time") from None
        finally:
            self._waiting.pop(name, None)
        if response.get("Response") == "Error":
            self.counts["refused"] += 1
            raise ActionRefusedError(action, response.get("Message"))
        return response, listed or []

    # The reader

    async def keep_up(self) -> None:
        """Connect, log in and read, for ever."""
        delays = _delays()
        while True:
            pause = next(delays)
            writer: asyncio.StreamWriter | None = None
            try:
                async with asyncio.timeout(CONNECT_TIME):
                    reader, writer = await asyncio.open_connection(
                        self.account.host, self.account.port, limit=MAX_MESSAGE
                    )
                    await self._log_in(reader, writer)
                delays = _delays()
                pause = next(delays)
                await self._read(reader)
            except AmiDeniedError as error:
                pause = DENIED_PAUSE
                self._lost(error)
            except (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError) as error:
                self._lost(error)
            finally:
                self._drop(writer)
            await asyncio.sleep(pause)

    async def _log_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n")
        account = self.account
        fields = {"Username": account.user, "Secret": account.password, "Events": account.events}
        writer.write(encode("Login", fields))
        message = await self._next(reader)
        while not message.get("Response"):
            message = await self._next(reader)
        if message.get("Response") != "Success":
            raise AmiDeniedError(message.get("Message"))
        self._writer = writer
        self.counts["connections"] += 1
        self._restart("connected")
        self.up.set()
        log.info("AMI connected", extra={"host": account.host})

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                async with asyncio.timeout(PING_EVERY):
                    message = await self._next(reader)
            except TimeoutError:
                await self._ping(reader)
                continue
            self._take(message)

    async def _ping(self, reader: asyncio.StreamReader) -> None:
        """A silent connection answers within as much time again, or is dead."""
        assert self._writer is not None
        self._writer.write(encode("Ping", {}))
        async with asyncio.timeout(PING_EVERY):
            self._take(await self._next(reader))

    async def _visit(self, reader: asyncio.StreamReader) -> None:
        """Reads until the connection ends, after which no action waits in vain."""
        try:
            await self._read(reader)
        except (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError) as error:
            self._lost(error)
            self._drop(None)

    async def _next(self, reader: asyncio.StreamReader) -> Message:
        return parse(await reader.readuntil(b"\r\n\r\n"))

    def _take(self, message: Message) -> None:
        waiting = self._waiting.get(message.get("ActionID"))
        if waiting is None:
            if message.event and self.account.events != "off":
                self._publish(message)
            return
        if waiting.answer.done():
            return
        if waiting.listed is None or message.get("Response") == "Error":
            if message.get("Response"):
                waiting.answer.set_result(message)
        elif message.get("EventList").lower() == "complete":
            waiting.answer.set_result(message)
        elif message.event:
            waiting.listed.append(message)

    def _publish(self, message: Message) -> None:
        self.counts["events"] += 1
        if len(self._events) >= MAX_EVENTS:
            self.counts["overflows"] += 1
            log.error("AMI events shed, comparing anew", extra={"waiting": len(self._events)})
            self._restart("overflow")
        self._events.append(message)
        self._arrived.set()

    def _restart(self, reason: str) -> None:
        self._events.clear()
        self._events.append(Gap(reason))
        self._arrived.set()

    def _drop(self, writer: asyncio.StreamWriter | None) -> None:
        self.up.clear()
        self._writer = None
        if writer is not None:
            writer.close()
        for waiting in self._waiting.values():
            if not waiting.answer.done():
                waiting.answer.set_exception(AmiUnansweredError("the connection ended"))

    def _lost(self, error: Exception) -> None:
        self.counts["failures"] += 1
        log.warning("AMI lost", extra={"host": self.account.host, "error": type(error).__name__})


@asynccontextmanager
async def connected(account: Account, timeout: float = 5.0) -> AsyncIterator[Ami]:
    """AMI, connected and kept connected while the block runs; `up` is set whenever it is."""
    ami = Ami(account, timeout)
    keeper = asyncio.get_running_loop().create_task(ami.keep_up(), name="ami")
    try:
        yield ami
    finally:
        keeper.cancel()
        await asyncio.wait({keeper})


@asynccontextmanager
async def visited(account: Account, timeout: float = 3.0) -> AsyncIterator[Ami]:
    """AMI for one visit: connected once, or not at all. Raises AmiDeniedError, AmiUnavailableError."""
    ami = Ami(account, timeout)
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(account.host, account.port, limit=MAX_MESSAGE)
            await ami._log_in(reader, writer)
    except (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError) as error:
        ami._drop(writer)
        raise AmiUnavailableError(f"{type(error).__name__}: {error}".rstrip(": ")) from error
    except AmiDeniedError:
        ami._drop(writer)
        raise
    visit = asyncio.get_running_loop().create_task(ami._visit(reader), name="ami visit")
    try:
        yield ami
    finally:
        visit.cancel()
        await asyncio.wait({visit})
        ami._drop(writer)


def _delays() -> Iterator[float]:
    yield from BACK_OFF
    while True:
        yield BACK_OFF[-1]
