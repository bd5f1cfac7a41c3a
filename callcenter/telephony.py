"""The telephony process: answers the scripts, owns the calls when no other process does,
and ends itself when it stands still.

Composed here from the settings. Must never hold a call up: with this process dead the dialplan serves every caller.
"""

import asyncio
import errno
import logging
import os
import socket
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from agi.actions import Actions
from agi.ami import Account, Ami, AmiError, connected
from agi.ari.commands import Ari
from agi.ari.rest import Rest
from agi.ari.stream import ReplacedError, opened
from agi.scripts import routes
from agi.server import listen
from callcenter import outbox
from callcenter.agents import shift
from callcenter.agents.agent import WrapUp
from callcenter.agents.membership import Membership
from callcenter.callbacks import course
from callcenter.callbacks.dialer import Dialer
from callcenter.callbacks.progressive import Progressive
from callcenter.callbacks.switch import AriSwitch
from callcenter.calling_hours import CallingHours
from callcenter.calls import store
from callcenter.calls.call import Incident
from callcenter.calls.controller import Controller, Pace
from callcenter.calls.live import FACTS_OF
from callcenter.calls.ownership import Ownership, OwnershipLostError, owned
from callcenter.calls.tail import Tail
from callcenter.clock import Clock, SystemClock
from callcenter.complaints import Complaints, Rules
from callcenter.config import Config
from callcenter.db.away import AWAY
from callcenter.db.pool import Database
from callcenter.frontdesk import FrontDesk
from callcenter.lines import lines
from callcenter.service_hours import ServiceHours
from callcenter.spool import TicketSpool

log = logging.getLogger(__name__)

AFTER_LOSS = 5.0
"""Seconds before a process that lost the calls to another asks for them again."""
BEAT = 2.0
CLOCK_EVERY = 60.0
CLOCK_OFF = 5.0
"""Seconds by which the switch's clock may differ from ours before somebody is told."""
PORT_TAKEN = 1.0
DRAIN = 3.0


def rest_of(config: Config) -> Rest:
    """The switch's REST interface as the settings say."""
    return Rest(config.ari.url, config.ari.user, config.ari.password)


def wrap_up_of(config: Config) -> WrapUp:
    """The time for writing as the settings say."""
    agents = config.agents
    of_queue = {queue: timedelta(seconds=seconds) for queue, seconds in agents.seconds_of_queues()}
    return WrapUp(timedelta(seconds=agents.wrap_up), of_queue)


def account_of(config: Config) -> Account:
    """The switch's manager interface as the settings say."""
    return Account(config.ami.host, config.ami.port, config.ami.user, config.ami.password)


@dataclass
class Telephony:
    """One telephony process over open connections.

    `clock` is what tickets see; calls are dated by the switch and judged by the machine's own clock, `wall`.
    """

    config: Config
    db: Database
    clock: Clock
    wall: Clock = field(default_factory=SystemClock)
    pace: Pace = field(default_factory=Pace)
    counts: Counter[str] = field(default_factory=Counter)
    controller: Controller | None = None

    def __post_init__(self) -> None:
        self.complaints = Complaints(
            self.db, self.clock, TicketSpool(self.config.spool.folder), Rules.of(self.config.hours)
        )
        hours = ServiceHours.of(self.config.hours.workday, self.config.hours.restday)
        our_lines = lines(self.config.lines.english, self.config.lines.queues())
        self.desk = FrontDesk(self.db, self.clock, self.complaints, hours, our_lines)
        self.name = f"{socket.gethostname()}:{os.getpid()}"

    async def run(self, stopping: asyncio.Event) -> None:
        """Runs until `stopping`; calls under way go on without us."""
        async with (
            rest_of(self.config) as rest,
            connected(replace(account_of(self.config), events="agent")) as ami,
            asyncio.TaskGroup() as tasks,
        ):
            parts = [
                tasks.create_task(self._answer(stopping), name="fastagi"),
                tasks.create_task(self._own(rest, ami), name="own the calls"),
                tasks.create_task(self._beat(), name="beat"),
                tasks.create_task(self._read_clock(Actions(ami)), name="switch's clock"),
                tasks.create_task(self.complaints.run_replay(), name="spooled tickets"),
            ]
            await stopping.wait()
            for part in parts[1:]:
                part.cancel()

    async def _answer(self, stopping: asyncio.Event) -> None:
        """Serves the scripts; a standby on the same machine waits for the port."""
        host, port = self.config.fastagi.host, self.config.fastagi.port
        while not stopping.is_set():
            try:
                async with listen(routes(self.desk), host, port, drain=DRAIN):
                    log.info("FastAGI listens", extra={"host": host, "port": port})
                    await stopping.wait()
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                log.warning("FastAGI port is taken, waiting", extra={"port": port})
                await asyncio.sleep(PORT_TAKEN)

    async def _own(self, rest: Rest, ami: Ami) -> None:
        while True:
            try:
                async with owned(self.config.database.url, f"callcenter calls {self.name}") as ownership:
                    await self._control(rest, ami, ownership)
            except* ReplacedError:
                await self._alarm("application_replaced")
            except* OwnershipLostError:
                await self._alarm("ownership_lost")
            self.controller = None
            await asyncio.sleep(AFTER_LOSS)

    async def _control(self, rest: Rest, ami: Ami, ownership: Ownership) -> None:
        async with self.db.connection() as conn:
            tail = Tail(self.config.recordings.cel_file, await store.offsets(conn))
        ari = Ari(rest)
        release = partial(shift.release, wrap_up=wrap_up_of(self.config))
        controller = Controller(self.db, ari, self.wall, self.desk, release, self.config.ari.app, self.pace)
        self.controller = controller
        async with (
            opened(rest, self.config.ari.app, subscribe_all=True, wanted=FACTS_OF) as stream,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(ownership.watch(), name="ownership")
            tasks.create_task(controller.run(stream, tail), name="calls")
            line = AriSwitch(controller.ari, controller.hears, lambda name: controller.ledger.call(name) is not None)
            hours, pace = self.config.calling.hours(), self.config.calling.pace()
            dialer = Dialer(self.db, line, self.clock, hours=hours, pace=pace, ring=self.config.calling.ring)
            tasks.create_task(dialer.run(), name="dialer")
            progressive = Progressive(self.db, self.clock, controller.hears, line.is_free, hours, pace)
            tasks.create_task(progressive.run(), name="progressive dialling")
            tasks.create_task(self._settle(hours), name="outcomes of callbacks")
            tasks.create_task(Membership(self.db, Actions(ami), self.wall).run(), name="queues")

    async def _settle(self, hours: CallingHours) -> None:
        """What the calls of callbacks came to, told here too: agents wait for their next customer, and the worker gives
        way to everybody."""
        outcomes = {course.NAME: partial(course.hear, hours=hours, ring=self.config.calling.ring)}
        while True:
            try:
                await outbox.run(self.db, outcomes, self.clock, idle=0.1)
            except Exception:
                log.exception("outcomes of callbacks not settled, trying again")
                await asyncio.sleep(BEAT)

    async def _alarm(self, kind: str, told: Mapping[str, object] | None = None) -> None:
        log.error("incident", extra={"kind": kind})
        self.counts[kind] += 1
        try:
            async with self.db.connection() as conn:
                details = {"process": self.name, **(told or {})}
                await store.raise_incidents(conn, [(None, Incident(kind, self.wall.now(), details))])
        except AWAY:
            log.warning("incident not stored", extra={"kind": kind})

    async def _beat(self) -> None:
        while True:
            controller = self.controller
            if controller is not None:
                try:
                    async with self.db.connection(timeout=1.0) as conn:
                        await store.beat(conn, self.wall.now(), self.name, hears=controller.hears())
                except AWAY:
                    self.counts["beats_missed"] += 1
            await asyncio.sleep(BEAT if controller is not None and controller.hears() else BEAT / 10)

    async def _read_clock(self, actions: Actions) -> None:
        """Keeps how far the switch's clock is from ours, for what is sealed meanwhile."""
        while True:
            try:
                kept = await self._clock_read(actions)
            except (AmiError, *AWAY) as error:
                log.debug("the switch's clock was not read", extra={"error": type(error).__name__})
                kept = False
            await asyncio.sleep(CLOCK_EVERY if kept else BEAT)

    async def _clock_read(self, actions: Actions) -> bool:
        before = self.wall.now().timestamp()
        told = await actions.time()
        at = self.wall.now()
        offset = round((told - (before + at.timestamp()) / 2) * 1000)
        async with self.db.connection(timeout=1.0) as conn:
            kept = await store.save_switch_offset(conn, offset, at)
        if abs(offset) > CLOCK_OFF * 1000:
            await self._alarm("switch_clock_off", {"offset_ms": offset})
        return kept
