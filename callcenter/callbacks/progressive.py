"""Progressive dialling (渐进外拨): for every free agent one customer, and none without a free agent.

Must never have a customer dialled for whom no agent is reserved: the agent is written into the attempt, and taken out
of his queues, before the dialer sees it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import asyncpg

from agi import names
from callcenter import audit
from callcenter.agents import store as agents
from callcenter.callbacks import board, dialer, history, post, store
from callcenter.callbacks.attempt import Mode
from callcenter.callbacks.dialling import begun
from callcenter.callbacks.store import Attempt
from callcenter.callbacks.task import Action, move
from callcenter.calling_hours import APPOINTMENT, STANDARD, CallingHours
from callcenter.clock import Clock
from callcenter.db.pool import Connection, Database
from callcenter.ids import uuid7
from callcenter.trunks import STANDARD as STANDARD_TRUNKS
from callcenter.trunks import Pace
from tickets.store import calendar

log = logging.getLogger(__name__)

READY = """
SELECT EXISTS (SELECT FROM callback_task t JOIN campaign c ON c.id = t.campaign_id
    JOIN campaign_dialling d ON d.campaign_id = c.id
    WHERE t.state = 'waiting' AND t.not_before <= $1 AND c.state = 'running' AND d.mode = 'progressive')"""
CHOSEN = """
SELECT EXISTS (SELECT FROM callback_task t JOIN campaign c ON c.id = t.campaign_id
    JOIN campaign_dialling d ON d.campaign_id = c.id
    WHERE t.state = 'waiting' AND t.chosen_at > $1::timestamptz - $2::interval AND t.chosen_at <= $1
        AND c.state = 'running' AND d.mode = 'progressive')"""
FREE = """
SELECT s.user_id FROM agent_state s JOIN app_user u ON u.id = s.user_id
JOIN organisation o ON o.id = u.organisation_id
WHERE s.state = 'ready' AND $1 = ANY (s.queues) AND u.active AND o.kind = ANY ($2::text[]) AND u.roles && $3::text[]
    AND NOT EXISTS (SELECT FROM callback_attempt a WHERE a.user_id = s.user_id AND a.ended_at IS NULL)
    AND NOT EXISTS (SELECT FROM call c JOIN call_leg g ON g.call_id = c.id
        WHERE c.ended_at IS NULL AND g.user_id = s.user_id AND g.ended_at IS NULL)
    AND NOT EXISTS (SELECT FROM callback_task t
        JOIN LATERAL (
            SELECT a.user_id FROM callback_attempt a WHERE a.task_id = t.id ORDER BY a.id DESC LIMIT 1) l ON true
        WHERE t.state IN ('talking', 'concluding') AND l.user_id = s.user_id)
ORDER BY s.since"""
LOCKED = f"""
SELECT {post.COLUMNS} {post.FROM} WHERE u.id = $1 AND s.state = 'ready' FOR UPDATE OF u SKIP LOCKED"""

IsFree = Callable[[str], Awaitable[bool]]
"""Whether a telephone is registered and on no call."""


async def _pass(_endpoint: str) -> bool:
    return True


@dataclass
class Progressive:
    """Gives free agents their next customer. `is_free` asks the switch for a telephone."""

    db: Database
    clock: Clock
    hears: Callable[[], bool]
    is_free: IsFree = _pass
    hours: CallingHours = STANDARD
    pace: Pace = field(default_factory=lambda: Pace.of(STANDARD_TRUNKS))

    async def run(self, *, idle: float = 0.2) -> None:
        """Works for ever; a failure is logged and waited out."""
        while True:
            try:
                await self.step()
                await asyncio.sleep(idle)
            except Exception:
                log.exception("progressive dialling failed")
                await asyncio.sleep(2)

    async def step(self) -> list[Attempt]:
        """One customer for every agent who is free now, as long as any is due and the trunks take it."""
        if not self.hears():
            return []
        now = self.clock.now()
        async with self.db.connection() as conn:
            if not await self._is_any_due(conn, now):
                return []
            free: list[UUID] = [row["user_id"] for row in await conn.fetch(FREE, names.QUEUE_CALLBACK, KINDS, ROLES)]
        reserved = [await self._reserve(user_id, now) for user_id in free]
        return [attempt for attempt in reserved if attempt is not None]

    async def _is_any_due(self, conn: Connection, now: datetime) -> bool:
        """Asked five times a second: by day of what is ready, by night of what customers chose."""
        if self.hours.may_ring(now, await calendar(conn)):
            return bool(await conn.fetchval(READY, now))
        return bool(await conn.fetchval(CHOSEN, now, APPOINTMENT))

    async def _reserve(self, user_id: UUID, now: datetime) -> Attempt | None:
        try:
            async with self.db.transaction() as conn:
                return await self._reserved(conn, user_id, now)
        except asyncpg.UniqueViolationError:
            return None  # he, or the customer's task, was taken meanwhile

    async def _reserved(self, conn: Connection, user_id: UUID, now: datetime) -> Attempt | None:
        row = await conn.fetchrow(LOCKED, user_id)
        if row is None:
            return None
        who = post.caller_of(dict(row))
        full = self.pace.saturated(await dialer.begun(conn, self.pace))
        due = await board.due(conn, who, Mode.PROGRESSIVE, now, self.hours, full)
        if due is None or who.endpoint is None or not await self.is_free(who.endpoint):
            return None
        found = await history.renumbered(conn, await store.task(conn, due, who.path, lock=True))
        attempt = await begun(conn, found, user_id, who.endpoint, now, Mode.PROGRESSIVE)
        await store.add_attempt(conn, attempt, uuid7(now))
        dialling = replace(found, state=move(found.state, Action.DIAL), locked_by=None, locked_until=None)
        await store.save_task(conn, replace(dialling, handed_over_by=None))
        await agents.tell(conn, user_id)
        await audit.record(
            conn,
            actor="system:progressive",
            action="callback.dial",
            object_kind="callback_task",
            object_id=str(found.id),
            at=now,
            details={"attempt": str(attempt.id), "user": str(user_id)},
        )
        return attempt


KINDS = sorted(post.CALLING)
ROLES = sorted(post.ROLES)
