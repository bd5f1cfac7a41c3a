"""Facts leave a transaction through here, one delivery row per consumer. Must never deliver what was not committed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from callcenter.clock import Clock
from callcenter.db.pool import Connection, Database
from callcenter.ids import uuid7

log = logging.getLogger(__name__)

CONSUMERS: Mapping[str, tuple[str, ...]] = {
    "calendar.changed": ("workdays.recount",),
    "call.answered": ("callbacks.course",),
    "call.ended": ("callbacks.course",),
    "call.lost": ("callbacks.overflow",),
    "call.machine": ("callbacks.course",),
    "complaint.chosen": ("complaints.choice",),
    "message.left": ("callbacks.overflow",),
    "notification.made": ("notifications.mail", "notifications.webhook"),
}
"""Topic → the consumers that must hear of it. A topic without consumers is still kept as an event."""

DELAYS: Mapping[str, timedelta] = {
    "calendar.changed": timedelta(seconds=70),
    "complaint.chosen": timedelta(seconds=10),
}
"""Topic → how long after the fact its consumers hear of it; at once where nothing is said."""

ATTEMPTS = 12
BATCH = 20

APPEND = """
WITH event AS (
    INSERT INTO outbox_event (id, topic, key, payload, at) VALUES ($1, $2, $3, $4, $5) RETURNING id
)
INSERT INTO outbox_delivery (event_id, consumer, next_at)
SELECT event.id, consumer, $7 FROM event, unnest($6::text[]) AS consumer"""

CLAIM = """
SELECT d.event_id, d.consumer, d.attempts, e.topic, e.key, e.payload, e.at
FROM outbox_delivery d JOIN outbox_event e ON e.id = d.event_id
WHERE d.consumer = ANY($1::text[]) AND d.done_at IS NULL AND d.parked_at IS NULL AND d.next_at <= $2
ORDER BY d.event_id
LIMIT 1
FOR UPDATE OF d SKIP LOCKED"""

DONE = "UPDATE outbox_delivery SET done_at = $3, attempts = attempts + 1 WHERE event_id = $1 AND consumer = $2"
FAILED = """
UPDATE outbox_delivery
SET attempts = attempts + 1, last_error = $3, next_at = $4::timestamptz,
    parked_at = CASE WHEN attempts + 1 >= $5 THEN $4::timestamptz END
WHERE event_id = $1 AND consumer = $2"""

LEASE = """
WITH due AS (
    SELECT d.event_id, d.consumer, d.attempts FROM outbox_delivery d
    WHERE d.consumer = $1 AND d.done_at IS NULL AND d.parked_at IS NULL AND d.next_at <= $2
    ORDER BY d.next_at, d.event_id LIMIT 1 FOR UPDATE SKIP LOCKED
), leased AS (
    UPDATE outbox_delivery d SET attempts = d.attempts + 1, next_at = $3
    FROM due WHERE d.event_id = due.event_id AND d.consumer = due.consumer
    RETURNING d.event_id, d.consumer, due.attempts
)
SELECT l.event_id, l.consumer, l.attempts, e.topic, e.key, e.payload, e.at
FROM leased l JOIN outbox_event e ON e.id = l.event_id"""
SETTLE = """
UPDATE outbox_delivery SET done_at = $4, last_error = $5
WHERE event_id = $1 AND consumer = $2 AND attempts = $3 AND done_at IS NULL"""
PUT_OFF = """
UPDATE outbox_delivery SET last_error = $4, next_at = $5, parked_at = $6
WHERE event_id = $1 AND consumer = $2 AND attempts = $3 AND done_at IS NULL"""


@dataclass(frozen=True, slots=True)
class Message:
    """One fact on its way to one consumer."""

    event_id: UUID
    consumer: str
    topic: str
    key: str
    payload: dict[str, Any]
    at: datetime
    attempts: int


Handler = Callable[[Connection, Message], Awaitable[None]]


def consumers_of(topic: str) -> list[str]:
    return list(CONSUMERS.get(topic, ()))


def due(topic: str, at: datetime) -> datetime:
    """When the consumers of a fact of the moment `at` hear of it."""
    return at + DELAYS.get(topic, timedelta(0))


async def append(
    conn: Connection, topic: str, key: str, payload: Mapping[str, Any], at: datetime, event_id: UUID | None = None
) -> UUID:
    """Writes the fact and its deliveries in the caller's transaction."""
    event_id = event_id or uuid7(at)
    await conn.execute(APPEND, event_id, topic, key, dict(payload), at, consumers_of(topic), due(topic, at))
    return event_id


async def deliver_one(db: Database, handlers: Mapping[str, Handler], at: datetime) -> bool:
    """Delivers one due message in one transaction with what the handler writes; False when none is due."""
    failure: tuple[Message, Exception] | None = None
    async with db.transaction() as conn:
        row = await conn.fetchrow(CLAIM, list(handlers), at)
        if row is None:
            return False
        message = Message(**dict(row))
        savepoint = conn.transaction()
        await savepoint.start()
        try:
            await handlers[message.consumer](conn, message)
        except Exception as error:
            await savepoint.rollback()
            failure = (message, error)
            delay = timedelta(seconds=min(2**message.attempts, 3600))
            await conn.execute(FAILED, message.event_id, message.consumer, repr(error)[:500], at + delay, ATTEMPTS)
        else:
            await savepoint.commit()
            await conn.execute(DONE, message.event_id, message.consumer, at)
    if failure is not None:
        log.error(
            "delivery failed",
            extra={
                "topic": failure[0].topic,
                "consumer": failure[0].consumer,
                "attempts": failure[0].attempts + 1,
            },
            exc_info=failure[1],
        )
    return True


async def lease(conn: Connection, consumer: str, at: datetime, until: datetime) -> Message | None:
    """The next due message of a consumer that acts outside the transaction; nobody else gets it before `until`.

    `attempts` counts those before this one.
    """
    row = await conn.fetchrow(LEASE, consumer, at, until)
    return None if row is None else Message(**dict(row))


async def settle(conn: Connection, message: Message, at: datetime, remark: str | None = None) -> None:
    """It is delivered; nothing when the lease was lost meanwhile."""
    await conn.execute(SETTLE, message.event_id, message.consumer, message.attempts + 1, at, remark)


async def put_off(
    conn: Connection, message: Message, at: datetime, reason: str, pause: timedelta, given_up: bool
) -> None:
    """It failed: tried again after the pause, or by hand only when given up."""
    parked_at = at if given_up else None
    await conn.execute(
        PUT_OFF, message.event_id, message.consumer, message.attempts + 1, reason[:500], at + pause, parked_at
    )


async def run(db: Database, handlers: Mapping[str, Handler], clock: Clock, *, idle: float = 0.5) -> None:
    """Delivers for ever; sleeps `idle` seconds when nothing is due."""
    while True:
        if not await deliver_one(db, handlers, clock.now()):
            await asyncio.sleep(idle)
