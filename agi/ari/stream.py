"""ARI's event stream: every event in the order it came, and a Gap whenever some may be missing.

Its reader only moves frames into a bounded queue; it never acts on an event. Nothing is replayed after a
gap: whoever reads a Gap has to compare the switch with what he stored. Losing the application to another
connection ends the stream for good.
"""

import asyncio
import logging
import re
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from agi.ari.commands import Ari
from agi.ari.events import MAKERS, ApplicationReplaced, BadEventError, BadFrameError, Event, parse
from agi.ari.rest import AriError, Rest

log = logging.getLogger(__name__)

HEARTBEAT = 5.0
"""Seconds between pings; half of it without an answer is the end, so a dead connection is known within 7.5
s."""
MAX_FRAME = 4 * 1024 * 1024
QUEUE = 10_000
SHED_FROM = 0.5
"""Share of the queue from which on NOISE is no longer taken in."""
BACK_OFF = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds before the next try to connect; the last one repeats."""
DENIED_PAUSE = 30.0

USED = tuple(sorted(MAKERS.keys() - {"DeviceStateChanged"}))
"""The event types Asterisk is asked for."""

VARSET = re.compile(r'"type":\s*"ChannelVarset"')
OUR_VARIABLE = re.compile(r'"variable":\s*"CC_')
NOISE = re.compile(r'"type":\s*"(?:ChannelVarset|DeviceStateChanged|ContactStatusChange|ChannelConnectedLine)"')


class ReplacedError(Exception):
    """Another connection took the application: stop acting, and come back only as its owner."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Events may be missing before this point: `reason` is connected, overflow."""

    reason: str


class EventStream:
    """The events of one application, as an async iterator; made by `opened`.

    `counts`: events, unknown, malformed, skipped (variables that are not ours), shed, overflows,
    connections, failures.
    """

    def __init__(self, rest: Rest, application: str, *, subscribe_all: bool, wanted: Sequence[str], size: int) -> None:
        self.counts: Counter[str] = Counter()
        self.is_connected = False
        self._rest = rest
        self._application = application
        self._subscribe_all = subscribe_all
        self._wanted = wanted
        self._size = size
        self._queue: deque[str | Gap] = deque()
        self._arrived = asyncio.Event()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._end: Exception | None = None

    def __aiter__(self) -> "EventStream":
        return self

    async def __anext__(self) -> Event | Gap:
        """The next event or gap. Raises ReplacedError when the application was taken from us."""
        while True:
            while not self._queue:
                if self._end is not None:
                    raise self._end
                self._arrived.clear()
                await self._arrived.wait()
            item = self._queue.popleft()
            if isinstance(item, Gap):
                return item
            event = await self._parsed(item)
            if event is not None:
                self.counts["events"] += 1
                return event

    async def _parsed(self, frame: str) -> Event | None:
        try:
            event = parse(frame)
        except BadEventError as error:
            self.counts["malformed"] += 1
            log.warning("ARI event dropped", extra={"kind": error.kind, "reason": str(error)})
            return None
        except BadFrameError as error:
            self.counts["malformed"] += 1
            log.warning("ARI frame broken, connecting anew", extra={"reason": str(error)})
            if self._socket is not None:
                await self._socket.close()
            return None
        if event is None:
            self.counts["unknown"] += 1
        return event

    # The reader

    async def read(self) -> None:
        """Read until the application is taken from us; whatever ends the reading is what the iterator
        raises."""
        try:
            await self._read_on()
        except Exception as error:
            log.error("ARI stream ended", extra={"app": self._application, "error": type(error).__name__})
            self._end = error
            self._arrived.set()

    async def _read_on(self) -> None:
        delays = _delays()
        while True:
            pause = next(delays)
            try:
                async with self._rest.http.ws_connect(
                    self._rest.address("events"),
                    params={"app": self._application, "subscribeAll": str(self._subscribe_all).lower()},
                    heartbeat=HEARTBEAT,
                    max_msg_size=MAX_FRAME,
                ) as socket:
                    self._socket = socket
                    await self._prepare()
                    delays = _delays()
                    pause = next(delays)
                    await self._receive(socket)
            except aiohttp.WSServerHandshakeError as error:
                if error.status in (401, 403):
                    pause = DENIED_PAUSE
                self._lost(error, error.status)
            except (aiohttp.ClientError, AriError, BadFrameError, TimeoutError, OSError) as error:
                self._lost(error)
            finally:
                self.is_connected = False
            await asyncio.sleep(pause)

    async def _prepare(self) -> None:
        """Ask for the events we use only, then let the reader know that he starts anew."""
        await Ari(self._rest).filter_events(self._application, allowed=self._wanted)
        self.counts["connections"] += 1
        self.is_connected = True
        self._restart("connected")
        log.info("ARI connected", extra={"app": self._application})

    async def _receive(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise BadFrameError(f"a {message.type.name} frame")
            self._take(message.data)
        log.warning("ARI closed", extra={"app": self._application, "code": socket.close_code})

    def _take(self, frame: str) -> None:
        if not frame.lstrip().startswith("{") or not frame.rstrip().endswith("}"):
            raise BadFrameError("not an object")
        if "ApplicationReplaced" in frame and _is_replaced(frame):
            raise ReplacedError(self._application)
        if VARSET.search(frame) and not OUR_VARIABLE.search(frame):
            self.counts["skipped"] += 1
            return
        waiting = len(self._queue)
        if waiting >= self._size:
            self.counts["overflows"] += 1
            log.error("ARI events shed, comparing anew", extra={"waiting": waiting})
            self._restart("overflow")
        elif waiting >= self._size * SHED_FROM and NOISE.search(frame):
            self.counts["shed"] += 1
            return
        self._queue.append(frame)
        self._arrived.set()

    def _restart(self, reason: str) -> None:
        """Nothing that waits is worth acting on once everything will be compared."""
        self._queue.clear()
        self._queue.append(Gap(reason))
        self._arrived.set()

    def _lost(self, error: Exception, status: int = 0) -> None:
        self.counts["failures"] += 1
        log.warning("ARI lost", extra={"app": self._application, "error": type(error).__name__, "status": status})


@asynccontextmanager
async def opened(
    rest: Rest,
    application: str,
    *,
    subscribe_all: bool = False,
    wanted: Sequence[str] = USED,
    size: int = QUEUE,
) -> AsyncIterator[EventStream]:
    """The stream of `application`, read in the background while the block runs.

    `subscribe_all` asks for the events of every channel, also of those in the talking phase; Asterisk grants
    it to an application it does not know yet, never later. The first item is always a Gap.
    """
    stream = EventStream(rest, application, subscribe_all=subscribe_all, wanted=wanted, size=size)
    reader = asyncio.get_running_loop().create_task(stream.read(), name="ari events")
    try:
        yield stream
    finally:
        reader.cancel()
        await asyncio.wait({reader})


def _is_replaced(frame: str) -> bool:
    try:
        return isinstance(parse(frame), ApplicationReplaced)
    except BadEventError as error:
        return error.kind == "ApplicationReplaced"


def _delays() -> Iterator[float]:
    yield from BACK_OFF
    while True:
        yield BACK_OFF[-1]
