"""Dials what was asked for. Must never dial an attempt whose channel may have been made already, nor while the
switch's events cannot be heard.

One attempt is leased in a transaction of its own before the command leaves; after a crash, or when the answer was lost,
the channel and the call are looked for before anything is dialled again. A second "originate" under the same channel id
is refused by the switch, which counts as success.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from callcenter.agents import store as agents
from callcenter.callbacks import history, running, store
from callcenter.callbacks.attempt import RINGING_SECONDS, Outcome, channel_of
from callcenter.callbacks.store import Attempt
from callcenter.callbacks.task import State
from callcenter.calling_hours import STANDARD, CallingHours
from callcenter.clock import Clock
from callcenter.db.pool import Connection, Database
from callcenter.trunks import STANDARD as STANDARD_TRUNKS
from callcenter.trunks import Pace
from tickets.store import calendar

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)
"""How long one originate, its repetition after a time-out included, may take before somebody else looks."""
STALE = timedelta(minutes=2)
"""So long after it was asked for a dialling is not begun any more: the agent has gone on."""
NOT_RUNNING = "campaign_not_running"
VANISHED = timedelta(minutes=5)
"""So long after the command a dialling of which nobody knows anything counts as lost."""

CLAIM = """
UPDATE callback_attempt SET lease_until = $1::timestamptz + $2::interval, claims = claims + 1
WHERE id = (
    SELECT id FROM callback_attempt
    WHERE ended_at IS NULL AND originated_at IS NULL AND (lease_until IS NULL OR lease_until < $1)
        AND CASE WHEN trunk = ANY ($4::text[]) THEN trunk ELSE '' END <> ALL ($3::text[])
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, task_id, user_id, number, agent_endpoint, requested_at, claims, originated_at, answered_at, ended_at,
    outcome, cause, mode, trunk, is_machine"""
FACTS = """
SELECT t.chosen_at, t.campaign_id, COALESCE(d.detects_machines, false) AS detects_machines
FROM callback_task t LEFT JOIN campaign_dialling d ON d.campaign_id = t.campaign_id WHERE t.id = $1"""
BEGUN = """
SELECT COALESCE(trunk, '') AS trunk, count(*) FILTER (WHERE originated_at IS NOT NULL OR claims > 0) AS dialled,
    count(*) AS begun
FROM callback_attempt WHERE ended_at IS NULL GROUP BY 1"""
HALTED = """
SELECT a.id FROM callback_attempt a JOIN callback_task t ON t.id = a.task_id JOIN campaign c ON c.id = t.campaign_id
WHERE a.ended_at IS NULL AND a.originated_at IS NULL AND a.claims = 0
    AND c.state <> 'running'"""
CALL_KNOWN = "SELECT EXISTS (SELECT FROM call WHERE id = $1)"
ORIGINATED = "UPDATE callback_attempt SET originated_at = COALESCE(originated_at, $2), trunk = $3 WHERE id = $1"
UNHEARD_OF = """
SELECT a.id FROM callback_attempt a
WHERE a.ended_at IS NULL AND a.originated_at < $1 AND NOT EXISTS (SELECT FROM call c WHERE c.id = a.id)"""


class NotDiallableError(Exception):
    """The switch refuses this dialling for good, e.g. because there is no such trunk."""


@dataclass(frozen=True, slots=True)
class Ring:
    """What the switch is told. `seconds`: how long the customer's telephone rings; `detects_machines`: whoever answers
    is listened to first, and a machine is hung up on."""

    channel: str
    number: str
    agent_endpoint: str
    trunk: str
    seconds: int
    detects_machines: bool = False


class Switch(Protocol):
    """What the dialer needs of the switch."""

    def hears(self) -> bool:
        """Whether events arrive, and everything that happened while they did not has been caught up with."""

    async def has_channel(self, channel: str) -> bool:
        """Whether the channel exists, or has existed. May raise whatever the connection raises."""

    async def dial(self, ring: "Ring") -> None:
        """Rings the customer on a channel of this id, then the agent; a channel that exists already is success.

        Raises NotDiallableError for good, anything else when it is not known whether it worked.
        """


class Step(StrEnum):
    """What became of one round, for the log and for tests."""

    NOTHING = "nothing to dial"
    DEAF = "the switch is not heard"
    DIALLED = "dialled"
    FOUND = "found dialled before"
    GIVEN_UP = "given up"
    IN_DOUBT = "in doubt"


Checkpoint = Callable[[str], Awaitable[None]]


async def _pass(_name: str) -> None:
    return None


@dataclass
class Dialer:
    """Dials one attempt after another. `checkpoint` is called between the steps, for tests that crash there."""

    db: Database
    switch: Switch
    clock: Clock
    checkpoint: Checkpoint = _pass
    hours: CallingHours = STANDARD
    pace: Pace = field(default_factory=lambda: Pace.of(STANDARD_TRUNKS))
    ring: int | None = None
    """Seconds a customer's telephone rings; None: RINGING_SECONDS."""

    async def run(self, *, idle: float = 0.2) -> None:
        """Works for ever; a failure of the database or the switch is logged and waited out."""
        while True:
            try:
                step = await self.step()
                if step in (Step.NOTHING, Step.DEAF):
                    await self.halt()
                    await self.sweep()
                    await asyncio.sleep(min(idle, self.pace.opens_in(self.clock.now())))
            except Exception:
                log.exception("dialer failed")
                await asyncio.sleep(2)

    async def step(self) -> Step:
        """Dials the next attempt, if there is one that may be dialled."""
        if not self.switch.hears():
            return Step.DEAF
        attempt = await self._claim()
        if attempt is None:
            return Step.NOTHING
        await self.checkpoint("leased")
        if attempt.claims > 1 and await self._was_dialled(attempt):
            await self._originated(attempt)
            return Step.FOUND
        facts = await self._facts(attempt)
        if refusal := await self._refusal(attempt, facts):
            await self._give_up(attempt, *refusal)
            return Step.GIVEN_UP
        trunk = self.pace.name(attempt.trunk)
        ring = Ring(
            channel=channel_of(attempt.id),
            number=attempt.number,
            agent_endpoint=attempt.agent_endpoint,
            trunk=trunk,
            seconds=RINGING_SECONDS if self.ring is None else self.ring,
            detects_machines=facts.detects_machines,
        )
        self.pace.dialled(trunk, self.clock.now())
        try:
            await self.switch.dial(ring)
        except NotDiallableError as error:
            await self._give_up(attempt, Outcome.FAILED, str(error)[:200])
            return Step.GIVEN_UP
        except Exception as error:
            log.warning("dialling in doubt", exc_info=error, extra={"attempt": str(attempt.id)})
            return Step.IN_DOUBT
        await self.checkpoint("dialled")
        await self._originated(attempt)
        log.info("dialled", extra={"attempt": str(attempt.id), "task": str(attempt.task_id)})
        return Step.DIALLED

    async def halt(self) -> int:
        """Gives up what is asked for and not begun of campaigns that were paused or stopped; returns how many."""
        async with self.db.connection() as conn:
            halted: list[UUID] = [row["id"] for row in await conn.fetch(HALTED)]
        for id in halted:
            async with self.db.transaction() as conn:
                await give_up(conn, id, Outcome.NOT_DIALLED, NOT_RUNNING, self.clock.now(), self.hours)
        return len(halted)

    async def sweep(self) -> int:
        """Gives up diallings nobody has heard of for VANISHED; returns how many."""
        now = self.clock.now()
        async with self.db.connection() as conn:
            silent: list[UUID] = [row["id"] for row in await conn.fetch(UNHEARD_OF, now - VANISHED)]
        lost = [id for id in silent if self.switch.hears() and not await self.switch.has_channel(channel_of(id))]
        for id in lost:
            async with self.db.transaction() as conn:
                await give_up(conn, id, Outcome.LOST, "vanished", now, self.hours)
        return len(lost)

    async def _claim(self) -> Attempt | None:
        now = self.clock.now()
        async with self.db.transaction() as conn:
            full = self.pace.full(now, await in_the_air(conn, self.pace))
            known = [trunk.name for trunk in self.pace.trunks]
            row = await conn.fetchrow(CLAIM, now, LEASE, sorted(full), known)
        return None if row is None else store.attempt_of(dict(row))

    async def _was_dialled(self, attempt: Attempt) -> bool:
        if await self.switch.has_channel(channel_of(attempt.id)):
            return True
        async with self.db.connection() as conn:
            return bool(await conn.fetchval(CALL_KNOWN, attempt.id))

    async def _facts(self, attempt: Attempt) -> "Facts":
        async with self.db.connection() as conn:
            row = await conn.fetchrow(FACTS, attempt.task_id)
            assert row is not None
            is_running = await running.state(conn, row["campaign_id"]) == running.RUNNING
            is_open = self.hours.may_ring(self.clock.now(), await calendar(conn), row["chosen_at"])
        return Facts(is_running, is_open, row["detects_machines"])

    async def _refusal(self, attempt: Attempt, facts: "Facts") -> tuple[Outcome, str] | None:
        if self.clock.now() - attempt.requested_at > STALE:
            return Outcome.NOT_DIALLED, "stale"
        if not facts.is_running:
            return Outcome.NOT_DIALLED, NOT_RUNNING
        return None if facts.is_open else (Outcome.NOT_DIALLED, "outside_calling_hours")

    async def _originated(self, attempt: Attempt) -> None:
        async with self.db.connection() as conn:
            await conn.execute(ORIGINATED, attempt.id, self.clock.now(), self.pace.name(attempt.trunk))

    async def _give_up(self, attempt: Attempt, outcome: Outcome, cause: str) -> None:
        log.warning("dialling given up", extra={"attempt": str(attempt.id), "cause": cause})
        async with self.db.transaction() as conn:
            await give_up(conn, attempt.id, outcome, cause, self.clock.now(), self.hours)


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides at the moment of dialling."""

    is_running: bool
    is_open: bool
    detects_machines: bool


async def in_the_air(conn: Connection, of: Pace) -> dict[str, int]:
    """Calls that ring or talk, or may do so, by trunk."""
    return of.counted({row["trunk"]: row["dialled"] for row in await conn.fetch(BEGUN)})


async def begun(conn: Connection, of: Pace) -> dict[str, int]:
    """The same with those that wait to be dialled."""
    return of.counted({row["trunk"]: row["begun"] for row in await conn.fetch(BEGUN)})


async def give_up(
    conn: Connection,
    attempt_id: UUID,
    outcome: Outcome,
    cause: str,
    at: datetime,
    hours: CallingHours = STANDARD,
) -> None:
    """Ends an attempt that came to nothing at our end; the task waits again as planned, and the agent is free."""
    locked = await store.lock_attempt(conn, attempt_id)
    if locked is None or locked[0].ended_at is not None:
        return
    attempt, found = locked
    await store.ended(conn, attempt.id, at, outcome, cause, None)
    await agents.tell(conn, attempt.user_id)
    if found.state is State.DIALLING:
        await store.save_task(conn, await history.planned(conn, found, at, hours))
