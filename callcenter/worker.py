"""The worker: what must happen, but not while somebody waits. Every job survives its own failures."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial

from callcenter import backlog, breaches, choice, idempotency, outbox, rechecking, workdays
from callcenter.accounts import sessions
from callcenter.archiving.archiver import Archiver
from callcenter.archiving.witnessing import Witnesses
from callcenter.attachments.checking import Checking
from callcenter.attachments.vault import Vault
from callcenter.callbacks import control, course, coverage, overflow, policies
from callcenter.callbacks.attempt import RINGING_SECONDS
from callcenter.calling_hours import STANDARD as STANDARD_HOURS
from callcenter.calling_hours import CallingHours
from callcenter.choice import Choice
from callcenter.clock import Clock, SystemClock
from callcenter.complaints import Complaints, Rules
from callcenter.config import Config
from callcenter.db import partitions
from callcenter.db.pool import Database
from callcenter.diligence import Digests
from callcenter.figures import facts
from callcenter.importing import forgetting, intake
from callcenter.importing.running import Importer
from callcenter.notifications.delivery import Delivery
from callcenter.notifications.notification import Way
from callcenter.reminders import Reminders
from callcenter.reports import making
from callcenter.spool import TicketSpool

log = logging.getLogger(__name__)

AFTER_FAILURE = 5.0
HOURLY = 3600.0
DAILY = 24 * HOURLY

HANDLERS: Mapping[str, outbox.Handler] = {
    course.NAME: course.hear,
    overflow.NAME: overflow.hear,
}
"""Consumer → what it does with a message, in the transaction that marks the message done."""


def handlers(
    complaints: Complaints,
    clock: Clock,
    hours: CallingHours = STANDARD_HOURS,
    ring: int = RINGING_SECONDS,
) -> Mapping[str, outbox.Handler]:
    """All of them: HANDLERS by the settings' calling hours and ringing, those that open tickets, and those that need
    the rulebook."""
    return {
        course.NAME: partial(course.hear, hours=hours, ring=ring),
        overflow.NAME: partial(overflow.hear, hours=hours),
        choice.NAME: Choice(complaints, clock, SystemClock()).hear,
        workdays.NAME: workdays.Recount(complaints.rules).hear,
    }


class Worker:
    """The jobs of one worker process."""

    def __init__(self, config: Config, database: Database, clock: Clock) -> None:
        self._config = config
        self._database = database
        self._clock = clock
        self._archiver = Archiver(config.recordings, database, clock)
        self._witnesses = Witnesses(config.recordings, database, clock)
        self._complaints = Complaints(database, clock, TicketSpool(config.spool.folder), Rules.of(config.hours))
        self._reminders = Reminders(database, clock, config.hours, self._complaints.rules)
        self._digests = Digests(database, clock, config.hours)
        self._delivery = Delivery(database, config, clock, SystemClock())
        files = config.attachments
        self._files = Checking(database, clock, Vault(files.folder, files.minimum_free << 20))
        self._importer = Importer(database, config, clock, SystemClock())
        self._handlers = handlers(self._complaints, clock, config.calling.hours(), config.calling.ring)

    async def run(self, stopping: asyncio.Event) -> None:
        """Does all jobs until `stopping`; a job in the middle of a step finishes it first."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for name, step, every in self._jobs():
                    tasks.create_task(self._repeat(name, step, every, stopping), name=name)
        finally:
            self._importer.close()
            self._archiver.close()

    def _jobs(self) -> list[tuple[str, Callable[[], Awaitable[object]], float]]:
        return [
            ("beat", self._beat, 5.0),
            ("partitions", self._partitions, DAILY),
            ("outbox", self._deliver, 0.5),
            ("archive", self._archiver.seal_due, 1.0),
            ("orphaned captures", self._archiver.seal_orphans, 60.0),
            ("witnesses", self._witnesses.ask, 30.0),
            ("attachments", self._files.read_back, 600.0),
            ("orphaned attachments", self._files.look_for_orphans, DAILY),
            ("forget", self._forget, HOURLY),
            ("calendar", self._warn, DAILY),
            ("breached clocks", self._mark_breaches, 30.0),
            ("figures", self._settle, 2.0),
            ("acknowledgements", lambda: rechecking.recheck(self._database, self._clock), 5.0),
            ("reminders", self._reminders.sweep, 15.0),
            ("digests", self._digests.send, 600.0),
            ("mail", lambda: self._delivery.carry(Way.MAIL), 1.0),
            ("webhooks", lambda: self._delivery.carry(Way.WEBHOOK), 1.0),
            ("reports", self._report, 2.0),
            ("stopped campaigns", lambda: control.withdraw_stopped(self._database, self._clock.now()), 10.0),
            ("imports", self._importer.step, 0.5),
            ("files of imports", self._remove_lists, HOURLY),
            ("changed policies", lambda: policies.follow_changed(self._database, self._clock.now()), 60.0),
            ("callbacks in scope", lambda: coverage.sweep(self._database, self._clock.now()), 60.0),
            ("spooled tickets", self._complaints.replay, 2.0),
        ]

    async def _beat(self) -> None:
        await backlog.beat(self._database, SystemClock().now(), f"{socket.gethostname()}:{os.getpid()}")

    async def _partitions(self) -> None:
        await partitions.ensure(self._database, self._clock.now())

    async def _forget(self) -> None:
        at = SystemClock().now()
        await idempotency.purge(self._database, at)
        await sessions.purge(self._database, at)

    async def _settle(self) -> None:
        await facts.settle(self._database)

    async def _remove_lists(self) -> None:
        keep = timedelta(days=self._config.imports.keep_days)
        await forgetting.remove_old(self._database, intake.vault(self._config), self._clock, keep)

    async def _report(self) -> None:
        while await making.make_due(self._database, self._clock):
            pass

    async def _warn(self) -> None:
        await workdays.warn(self._database, self._clock)

    async def _mark_breaches(self) -> None:
        await breaches.mark(self._database, self._complaints.rules, self._clock)

    async def _deliver(self) -> None:
        while await outbox.deliver_one(self._database, self._handlers, self._clock.now()):
            pass

    async def _repeat(
        self, name: str, step: Callable[[], Awaitable[object]], every: float, stopping: asyncio.Event
    ) -> None:
        while not stopping.is_set():
            pause = every
            try:
                await step()
            except Exception:
                log.exception("a job failed and is tried again", extra={"job": name, "in_seconds": AFTER_FAILURE})
                pause = AFTER_FAILURE
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), pause)
