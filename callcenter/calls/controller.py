"""The owner of the calls: hears the switch, writes what it heard, decides where a call goes,
and compares after each gap.

Acts only on channels inside Stasis, and on those it rang into a call that is over; must never end a call for a fault
of its own. Nothing is decided from an event alone that a later look at the switch could not repair.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

import asyncpg

from agi import names
from agi.ari.commands import Ari
from agi.ari.events import Event, StasisStart
from agi.ari.rest import AriError
from agi.ari.shapes import Channel
from agi.ari.stream import Gap
from agi.numbers import caller_number
from agi.ports import Caller, Reception, Welcome
from callcenter.calls import channels, store, switch
from callcenter.calls.call import Call, Incident
from callcenter.calls.cel import BadRowError, Row, parse
from callcenter.calls.hearing import Hearing
from callcenter.calls.ledger import Ledger, Pending, Place, Release
from callcenter.calls.reconcile import judge
from callcenter.calls.tail import Portion, Tail
from callcenter.clock import Clock
from callcenter.db.away import AWAY
from callcenter.db.pool import Database
from callcenter.ids import call_id

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between looks at the event log, between two writes, between comparisons, after a gap, and that Stasis
    may hold a channel.

    What is told between two writes is one: a busy switch tells of a thousand things a second, and who opens a ticket
    meanwhile waits for every commit before his.
    """

    log: float = 0.1
    write: float = 0.05
    compare: float = 30.0
    again: float = 3.0
    lease: float = 15.0
    decide: float = 2.0
    retry: float = 0.5


class Stream(Protocol):
    """The switch's events; `agi.ari.stream` has the real one."""

    is_connected: bool

    def __aiter__(self) -> AsyncIterator[Event | Gap]: ...


@dataclass
class Controller:
    """The living calls of one switch; `run` it while this process owns them."""

    db: Database
    ari: Ari
    clock: Clock
    reception: Reception
    release: Release
    application: str = names.APPLICATION
    pace: Pace = field(default_factory=Pace)
    counts: Counter[str] = field(default_factory=Counter)
    ledger: Ledger = field(default_factory=Ledger)
    _deciding: set[str] = field(default_factory=set)
    _missing: dict[str, datetime] = field(default_factory=dict)
    _dirty: asyncio.Event = field(default_factory=asyncio.Event)
    _compare: asyncio.Event = field(default_factory=asyncio.Event)
    _compared: int = 0
    _stream: "Stream | None" = None

    def __post_init__(self) -> None:
        self.hearing = Hearing(self.ledger)
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self, stream: Stream, tail: Tail) -> None:
        """Runs until cancelled, or until the stream ends because the application was taken from us (ReplacedError)."""
        await self._take_up()
        async with asyncio.TaskGroup() as tasks:
            self._tasks, self._stream = tasks, stream
            tasks.create_task(self._write(), name="calls write")
            tasks.create_task(self._follow(tail), name="calls log")
            tasks.create_task(self._renew(), name="calls leases")
            tasks.create_task(self._compare_often(tail), name="calls compare")
            async for item in stream:
                self.take(item)

    def take(self, item: Event | Gap) -> None:
        """One item of the stream: heard at once, written soon, decided on in a task of its own."""
        if isinstance(item, Gap):
            self.counts["gaps"] += 1
            self._compare.set()
            return
        self._hear(self.hearing.event, item)
        self._dirty.set()
        self._dismiss()
        if isinstance(item, StasisStart):
            self._decide_soon(item.channel, item.args)

    def _hear(self, tell: Callable[[T], object], told: T) -> None:
        """What one event or row does to us must not keep us from the next: it is left out, and a person told."""
        try:
            tell(told)
        except Exception as error:
            self.counts["not_understood"] += 1
            log.exception("what the switch told was not understood", extra={"told": type(told).__name__})
            self._alarm("switch_not_understood", {"error": repr(error)[:200]})

    def hears(self) -> bool:
        """Whether events arrive, and the last gap in them was made good."""
        return self._stream is not None and self._stream.is_connected and self._compared == self.counts["gaps"] > 0

    async def _take_up(self) -> None:
        """Knows the living calls before it hears of them: one begun anew would not know what its rows told already."""
        while True:
            try:
                async with self.db.connection(timeout=self.pace.decide) as conn:
                    self.ledger.adopt(await store.live(conn))
                return
            except AWAY as error:
                log.warning("living calls not read, trying again", extra={"error": type(error).__name__})
                await asyncio.sleep(self.pace.retry)

    # Writing

    async def _write(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            if await self.flush():
                await asyncio.sleep(self.pace.write)
            else:
                await asyncio.sleep(self.pace.retry)
                self._dirty.set()

    async def flush(self) -> bool:
        """Writes what is pending in one transaction; False when PostgreSQL is away, and nothing is forgotten."""
        pending = self.ledger.pending()
        try:
            await self._commit(pending)
        except AWAY as error:
            self.counts["unwritten"] += 1
            self.ledger.trim()
            log.warning("calls not written, trying again", extra={"error": type(error).__name__})
            return False
        except asyncpg.PostgresError as error:
            log.error("calls refused, writing them one by one", exc_info=error)
            if not await self._commit_singly(pending):
                return False
        self.ledger.written(pending)
        self.ledger.forget(self.clock.now())
        return True

    async def _commit(self, pending: Pending) -> None:
        async with self.db.transaction(timeout=self.pace.decide) as conn:
            await pending.write(conn, self.clock.now(), self.release)

    async def _commit_singly(self, pending: Pending) -> bool:
        """What PostgreSQL refuses must not keep the other calls from being written; False when it is away."""
        for part in pending.by_call():
            try:
                await self._commit(part)
            except AWAY:
                return False
            except asyncpg.PostgresError as error:
                self.counts["refused"] += 1
                log.error("call refused by the database", exc_info=error, extra={"call": part.name})
        return True

    # The event log

    async def _follow(self, tail: Tail) -> None:
        while True:
            await self.catch_up(tail)
            await asyncio.sleep(self.pace.log)

    async def catch_up(self, tail: Tail) -> None:
        """Hears the event log to its end."""
        while (portion := tail.read()) is not None:
            rows = self._rows(portion)
            await self._recall(rows)
            for row in rows:
                self._hear(self.hearing.row, row)
            self.ledger.place = Place(portion.file, str(portion.path), portion.position)
            self._dirty.set()
            self._dismiss()
            if portion.truncated:
                self._alarm("event_log_truncated", {"file": portion.file})
            await asyncio.sleep(0)

    def _rows(self, portion: Portion) -> list[Row]:
        rows = []
        for line in portion.lines:
            try:
                rows.append(parse(line))
            except BadRowError as error:
                self.counts["bad_rows"] += 1
                log.warning("row of the event log not understood", extra={"reason": str(error)})
        return rows

    async def _recall(self, rows: list[Row]) -> None:
        """Brings back calls that rows tell of and that are not in memory; waits while PostgreSQL is away."""
        ids = {call_id(name) for name in self.hearing.names(rows)}
        while ids:
            try:
                async with self.db.connection(timeout=self.pace.decide) as conn:
                    self.ledger.adopt(await store.load(conn, ids))
                return
            except AWAY as error:
                log.warning("calls not read, trying again", extra={"error": type(error).__name__})
                await asyncio.sleep(self.pace.retry)

    # Decisions

    def _decide_soon(self, channel: Channel, args: tuple[str, ...]) -> None:
        if channel.id in self._deciding or self._tasks is None:
            return
        self._deciding.add(channel.id)
        self._tasks.create_task(self._decide(channel, args), name=f"decide {channel.id}")

    async def _decide(self, channel: Channel, args: tuple[str, ...]) -> None:
        """Where a channel in our application goes; what we did not expect goes to the dialplan's fallback (B6)."""
        try:
            call = self._expected(channel, args)
            if call is None:
                self.counts["unexpected"] += 1
                log.warning("unexpected channel sent to the fallback", extra={"channel": channel.id[:80]})
            else:
                await self._direct(channel, await self._advice(call, channel))
            await self.ari.to_dialplan(channel.id)
        except AriError as error:  # the lease runs out by itself and the dialplan goes on
            self.counts["undecided"] += 1
            log.warning("channel not sent on", extra={"channel": channel.id[:80], "error": str(error)})
        finally:
            self._deciding.discard(channel.id)

    def _expected(self, channel: Channel, args: tuple[str, ...]) -> Call | None:
        if len(args) != 1 or not channels.is_trunk(channel.name):
            return None
        call = self.ledger.call(args[0])
        return call if call is not None and self.ledger.of_channel(channel.id) is call else None

    async def _advice(self, call: Call, channel: Channel) -> Welcome:
        caller = Caller(
            call=call.cc_call,
            channel=channel.name,
            number=caller_number(channel.caller_number),
            name=channel.caller_name,
            dialled=call.did or "",
            language="",
        )
        try:
            async with asyncio.timeout(self.pace.decide):
                return await self.reception.welcome(caller)
        except Exception as error:
            log.warning("caller sent on unrecognised", exc_info=error, extra={"call": call.cc_call})
            return Welcome()

    async def _direct(self, channel: Channel, welcome: Welcome) -> None:
        await self.ari.set_variable(channel.id, names.VAR_PRIORITY, str(welcome.priority))
        if welcome.sticky:
            await self.ari.set_variable(channel.id, names.VAR_STICKY, welcome.sticky)
        await self.ari.set_variable(channel.id, names.VAR_NEXT, welcome.queue or names.QUEUE_GENERAL)

    def _dismiss(self) -> None:
        """Lets those go whom we rang into a call that its customer has left, also while their telephones ring."""
        if self._tasks is not None:
            for channel in self.ledger.left_behind:
                self._tasks.create_task(self._let_go(channel), name=f"let go {channel}")
            self.ledger.left_behind.clear()

    async def _let_go(self, channel: str) -> None:
        try:
            await self.ari.hangup(channel)
        except AriError as error:  # one who answers finds no conference, and the dialplan lets him go
            log.warning("channel not let go", extra={"channel": channel[:80], "error": str(error)})

    async def _renew(self) -> None:
        """Keeps the channels in our application from running out of their lease while we are alive (INV-8)."""
        while True:
            await asyncio.sleep(self.pace.lease / 3)
            try:
                state = await self.ari.application(self.application)
                for channel in state.channels if state is not None else ():
                    await self.ari.renew_lease(channel, round(self.pace.lease))
            except AriError as error:
                log.warning("leases not renewed", extra={"error": str(error)})

    # Comparing

    async def _compare_often(self, tail: Tail) -> None:
        wait = self.pace.compare
        while True:
            try:
                async with asyncio.timeout(wait):
                    await self._compare.wait()
                self._compare.clear()
                wait = self.pace.again
            except TimeoutError:
                wait = self.pace.compare
            try:
                await self.compare(tail)
            except (AriError, ValueError, *AWAY) as error:
                wait = self.pace.again
                log.warning("not compared, trying again", extra={"error": repr(error)})

    async def compare(self, tail: Tail) -> None:
        """Looks at the whole switch and repairs what we know. Raises AriError when the switch does not answer."""
        gaps = self.counts["gaps"]
        snapshot = await switch.look(self.ari, self.application, self.clock)
        await self.catch_up(tail)
        async with self.db.connection(timeout=self.pace.decide) as conn:
            self.ledger.adopt(await store.live(conn))
            await store.save_boot(conn, snapshot.boot, self.clock.now())
        judge(self.hearing, snapshot, self._missing, log_is_there=not tail.missing, patience=2 * self.pace.again)
        if tail.missing and any(call.started_at < snapshot.at - switch.YOUNG for call in self.ledger.calls.values()):
            self._alarm("event_log_missing", {})
        for channel_id in snapshot.held:
            if channel_id in snapshot.channels:
                call = self.ledger.of_channel(channel_id)
                self._decide_soon(snapshot.channels[channel_id], (call.cc_call,) if call is not None else ())
        for bridge in switch.abandoned(snapshot):
            await self.ari.destroy_bridge(bridge.id)
        self._dismiss()
        self.counts["compared"] += 1
        self._compared = gaps
        self._dirty.set()

    def _alarm(self, kind: str, details: dict[str, str]) -> None:
        log.error("incident", extra={"kind": kind, **details})
        at = self.clock.now().replace(minute=0, second=0, microsecond=0)
        self.ledger.effects.append((None, Incident(kind, at, details)))
