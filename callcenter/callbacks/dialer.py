"""Dials what was asked for. Must never dial an attempt whose channel may have been made already, nor while the
switch's events cannot be heard.

One attempt is leased in a transaction of its own before the command leaves; after a crash, or when the answer was lost,
the channel and the call are looked for before anything is dialled again. A second "originate" under the same channel id
is refused by the switch, which counts as success.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from callcenter.callbacks import hours, store, task
from callcenter.callbacks.attempt import RINGING_SECONDS, Outcome, channel_of
from callcenter.callbacks.store import Attempt
from callcenter.callbacks.task import Action, State
from callcenter.clock import Clock
from callcenter.db.pool import Connection, Database

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)
"""How long one originate, its repetition after a time-out included, may take before somebody else looks."""
STALE = timedelta(minutes=2)
"""So long after it was asked for a dialling is not begun any more: the agent has gone on."""
VANISHED = timedelta(minutes=5)
"""So long after the command a dialling of which nobody knows anything counts as lost."""

CLAIM = """
UPDATE callback_attempt SET lease_until = $1::timestamptz + $2::interval, claims = claims + 1
WHERE id = (
    SELECT id FROM callback_attempt
    WHERE ended_at IS NULL AND originated_at IS NULL AND (lease_until IS NULL OR lease_until < $1)
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, task_id, user_id, number, agent_endpoint, requested_at, claims, originated_at, answered_at, ended_at,
    outcome, cause, mode, trunk, is_machine"""
CHOSEN = "SELECT chosen_at FROM callback_task WHERE id = $1"
CALL_KNOWN = "SELECT EXISTS (SELECT FROM call WHERE id = $1)"
ORIGINATED = "UPDATE callback_attempt SET originated_at = COALESCE(originated_at, $2) WHERE id = $1"
UNHEARD_OF = """
SELECT a.id FROM callback_attempt a
WHERE a.ended_at IS NULL AND a.originated_at < $1 AND NOT EXISTS (SELECT FROM call c WHERE c.id = a.id)"""


class NotDiallableError(Exception):
    """The switch refuses this dialling for good, e.g. because there is no such trunk."""


class Switch(Protocol):
    """What the dialer needs of the switch."""

    def hears(self) -> bool:
        """Whether events arrive, and everything that happened while they did not has been caught up with."""

    async def has_channel(self, channel: str) -> bool:
        """Whether the channel exists, or has existed. May raise whatever the connection raises."""

    async def dial(self, channel: str, number: str, agent_endpoint: str, seconds: int) -> None:
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

    async def run(self, *, idle: float = 0.2) -> None:
        """Works for ever; a failure of the database or the switch is logged and waited out."""
        while True:
            try:
                step = await self.step()
                if step in (Step.NOTHING, Step.DEAF):
                    await self.sweep()
                    await asyncio.sleep(idle)
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
        if refusal := await self._refusal(attempt):
            await self._give_up(attempt, *refusal)
            return Step.GIVEN_UP
        try:
            await self.switch.dial(channel_of(attempt.id), attempt.number, attempt.agent_endpoint, RINGING_SECONDS)
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

    async def sweep(self) -> int:
        """Gives up diallings nobody has heard of for VANISHED; returns how many."""
        now = self.clock.now()
        async with self.db.connection() as conn:
            silent: list[UUID] = [row["id"] for row in await conn.fetch(UNHEARD_OF, now - VANISHED)]
        lost = [id for id in silent if self.switch.hears() and not await self.switch.has_channel(channel_of(id))]
        for id in lost:
            async with self.db.transaction() as conn:
                await give_up(conn, id, Outcome.LOST, "vanished", now)
        return len(lost)

    async def _claim(self) -> Attempt | None:
        async with self.db.transaction() as conn:
            row = await conn.fetchrow(CLAIM, self.clock.now(), LEASE)
        return None if row is None else store.attempt_of(dict(row))

    async def _was_dialled(self, attempt: Attempt) -> bool:
        if await self.switch.has_channel(channel_of(attempt.id)):
            return True
        async with self.db.connection() as conn:
            return bool(await conn.fetchval(CALL_KNOWN, attempt.id))

    async def _refusal(self, attempt: Attempt) -> tuple[Outcome, str] | None:
        now = self.clock.now()
        if now - attempt.requested_at > STALE:
            return Outcome.LOST, "stale"
        async with self.db.connection() as conn:
            chosen: datetime | None = await conn.fetchval(CHOSEN, attempt.task_id)
        return None if hours.may_ring(now, chosen) else (Outcome.LOST, "outside_calling_hours")

    async def _originated(self, attempt: Attempt) -> None:
        async with self.db.connection() as conn:
            await conn.execute(ORIGINATED, attempt.id, self.clock.now())

    async def _give_up(self, attempt: Attempt, outcome: Outcome, cause: str) -> None:
        log.warning("dialling given up", extra={"attempt": str(attempt.id), "cause": cause})
        async with self.db.transaction() as conn:
            await give_up(conn, attempt.id, outcome, cause, self.clock.now())


async def give_up(conn: Connection, attempt_id: UUID, outcome: Outcome, cause: str, at: datetime) -> None:
    """Ends an attempt that came to nothing at our end; the task waits again, at once."""
    locked = await store.lock_attempt(conn, attempt_id)
    if locked is None or locked[0].ended_at is not None:
        return
    attempt, found = locked
    await store.ended(conn, attempt.id, at, outcome, cause, None)
    if found.state is State.DIALLING:
        await store.save_task(conn, replace(found, state=task.move(found.state, Action.MISS)))
