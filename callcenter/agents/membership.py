"""Makes the switch's queues follow the agents' wishes: at every change, after every reconnection, and now and then.

The wish in PostgreSQL is the truth; the switch is looked at before it is changed. One thing goes the other way: a
member the switch itself paused because it did not answer becomes a wish. Static members are the configuration's.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from agi.actions import Actions, Member
from agi.ami import AmiError, Gap
from callcenter.agents import shift, store
from callcenter.agents.agent import State
from callcenter.agents.store import Wish
from callcenter.clock import Clock
from callcenter.db.away import AWAY
from callcenter.db.pool import Connection, Database

log = logging.getLogger(__name__)

TECHNOLOGY = "PJSIP/"
EVERY = 15.0
"""Seconds between two looks when nothing seems to have changed."""
PAUSED = "QueueMemberPause"
AUTO_PAUSE = "Auto-Pause"
"""The reason app_queue gives when it pauses a member that did not answer (queues.conf, `autopause`), also while we are
away."""
AGAIN = 1.0
TICK = 0.5


@dataclass(frozen=True, slots=True)
class Step:
    """One change to the switch's queues."""

    kind: Literal["add", "remove", "pause", "resume", "missed"]
    queue: str
    interface: str
    name: str = ""
    penalty: int = 0
    reason: str = ""


def plan(wishes: Iterable[Wish], members: Iterable[Member]) -> Iterator[Step]:
    """What makes the members what is wished. Pure."""
    wanted = {(wish.queue, TECHNOLOGY + wish.endpoint): wish for wish in wishes}
    present = {(member.queue, member.interface): member for member in members if not member.is_static}
    for queue, interface in present.keys() - wanted.keys():
        if interface.startswith(TECHNOLOGY):
            yield Step("remove", queue, interface)
    for (queue, interface), wish in wanted.items():
        member = present.get((queue, interface))
        paused = wish.state is not State.READY
        reason = wish.reason or (wish.state if paused else "")
        if member is not None and member.penalty != wish.penalty:
            yield Step("remove", queue, interface)
            member = None
        if member is None:
            yield Step("add", queue, interface, wish.name, wish.penalty, reason)
        elif member.paused and not paused and member.pause_reason == AUTO_PAUSE:
            yield Step("missed", queue, interface)
        elif member.paused != paused or (paused and member.pause_reason != reason):
            yield Step("pause" if paused else "resume", queue, interface, reason=reason)


class Membership:
    """The loop that keeps the queues; `wake` it when a wish may have changed."""

    def __init__(self, db: Database, actions: Actions, clock: Clock) -> None:
        self._db = db
        self._actions = actions
        self._clock = clock
        self._changed = asyncio.Event()

    def wake(self) -> None:
        self._changed.set()

    async def run(self) -> None:
        """Runs for ever; failures are waited out, and no fault of an agent's rows ends it."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(), name="agents listen")
            tasks.create_task(self._end_wrap_ups(), name="agents wrap-up")
            tasks.create_task(self._keep(), name="agents queues")
            tasks.create_task(self._hear(), name="agents ami")

    async def settle(self) -> int:
        """Makes the queues follow once; returns how many changes it took. Raises AmiError."""
        async with self._db.connection() as conn:
            wishes = await store.wishes(conn)
        members, _ = await self._actions.queue_status()
        steps = list(plan(wishes, members))
        for step in steps:
            await self._do(step)
        return len(steps)

    async def _do(self, step: Step) -> None:
        match step.kind:
            case "missed":
                endpoint = step.interface.removeprefix(TECHNOLOGY)
                if await shift.missed(self._db, endpoint, self._clock.now()):
                    self.wake()
                else:
                    await self._actions.queue_pause(step.interface, paused=False, queue=step.queue)
            case "add":
                await self._actions.queue_add(
                    step.queue, step.interface, name=step.name, penalty=step.penalty, paused=bool(step.reason)
                )
                if step.reason:
                    await self._actions.queue_pause(step.interface, paused=True, reason=step.reason, queue=step.queue)
            case "remove":
                await self._actions.queue_remove(step.queue, step.interface)
            case _:
                paused = step.kind == "pause"
                await self._actions.queue_pause(
                    step.interface, paused=paused, reason=step.reason or None, queue=step.queue
                )
        log.info("queue follows agent", extra={"step": step.kind, "queue": step.queue, "interface": step.interface})

    async def _keep(self) -> None:
        while True:
            self._changed.clear()
            pause = EVERY
            try:
                await self.settle()
            except (AmiError, *AWAY) as error:
                pause = AGAIN
                log.warning("queues not settled, trying again", extra={"error": str(error)[:200]})
            except Exception as error:
                log.error("queues not settled", exc_info=error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()

    async def _hear(self) -> None:
        """A switch that was restarted has lost or kept members as it pleases, and pauses who does not answer."""
        async for told in self._actions.ami.events():
            if isinstance(told, Gap) or (told.event == PAUSED and told.get("PausedReason") == AUTO_PAUSE):
                self.wake()

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(*AWAY):
                async with self._db.connection() as conn:
                    await self._listen_on(conn)
            await asyncio.sleep(AGAIN)

    async def _listen_on(self, conn: Connection) -> None:
        gone = asyncio.Event()

        def end(_connection: Connection) -> None:
            gone.set()

        conn.add_termination_listener(end)
        await conn.add_listener(store.CHANNEL, self._told)
        try:
            self.wake()
            await gone.wait()
        finally:
            conn.remove_termination_listener(end)
            if not conn.is_closed():
                await conn.remove_listener(store.CHANNEL, self._told)

    def _told(self, _connection: Connection, _pid: int, _channel: str, _payload: object) -> None:
        self.wake()

    async def _end_wrap_ups(self) -> None:
        while True:
            try:
                await shift.end_wrap_ups(self._db, self._clock.now())
            except AWAY as error:
                log.warning("wrap-ups not ended, trying again", extra={"error": type(error).__name__})
            except Exception as error:
                log.error("wrap-ups not ended", exc_info=error)
            await asyncio.sleep(TICK)
