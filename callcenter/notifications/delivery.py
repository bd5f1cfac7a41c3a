"""Carries notifications out by mail and webhook, again and again until each is there or given up (INV-9).

A delivery is leased before it is tried and settled after it, so that no transaction waits for a stranger's server. Who
dies between the two sends again later, under the same Message-ID and delivery id. Must never stop for one that fails.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from callcenter import audit, outbox
from callcenter.clock import Clock
from callcenter.config import Config
from callcenter.db.pool import Connection, Database
from callcenter.notifications import mail, store, webhook
from callcenter.notifications.notification import Parcel, Way, one_line

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Deliveries of one way under way at a time: a slow receiver holds up few others."""
LEASE = timedelta(minutes=2)
ATTEMPTS = 40
"""About a day and a half: a minute at first, then an hour between two."""
LONGEST_PAUSE = 3600
CONSUMERS = tuple(way.consumer for way in Way)
SKIPPED = "skipped: "
"""Begins the reason of a delivery that was not to be made."""

PAGE = """
SELECT d.event_id AS id, d.consumer, d.attempts, d.next_at, d.parked_at, d.last_error, n.kind, n.created_at,
    n.recipient, u.name AS recipient_name, u.organisation_id, o.path
FROM outbox_delivery d JOIN notification n ON n.id = d.event_id JOIN app_user u ON u.id = n.recipient
    JOIN organisation o ON o.id = u.organisation_id
WHERE d.consumer = ANY($1::text[]) AND d.done_at IS NULL AND d.last_error IS NOT NULL AND o.path LIKE $2 || '%'
    AND ($3::boolean IS NULL OR (d.parked_at IS NOT NULL) = $3)
    AND ($4::uuid IS NULL OR (d.event_id, d.consumer) < ($4, $5::text))
ORDER BY d.event_id DESC, d.consumer DESC LIMIT $6"""
AGAIN = """
UPDATE outbox_delivery d SET attempts = 0, next_at = $3, parked_at = NULL
FROM notification n JOIN app_user u ON u.id = n.recipient JOIN organisation o ON o.id = u.organisation_id
WHERE d.event_id = $1 AND d.consumer = $2 AND d.done_at IS NULL AND n.id = d.event_id AND o.path LIKE $4 || '%'"""


@dataclass(frozen=True, slots=True)
class Failed:
    """A delivery that was tried and is not there; `parked_at`: given up until a person asks again."""

    id: UUID
    consumer: str
    attempts: int
    next_at: datetime
    parked_at: datetime | None
    last_error: str
    kind: str
    created_at: datetime
    recipient: UUID
    recipient_name: str
    organisation_id: str
    path: str

    @property
    def way(self) -> Way:
        return next(way for way in Way if way.consumer == self.consumer)


class Delivery:
    """The job of the worker, one for each way."""

    def __init__(self, db: Database, config: Config, clock: Clock, wall: Clock) -> None:
        self._db = db
        self._config = config
        self._clock = clock
        self._wall = wall

    async def carry(self, way: Way) -> int:
        """Tries everything that is due; returns how many got there."""
        done = 0
        while True:
            leased = [await self._lease(way) for _ in range(AT_ONCE)]
            work = [message for message in leased if message is not None]
            async with asyncio.TaskGroup() as tasks:
                results = [tasks.create_task(self._try(way, message)) for message in work]
            done += sum(task.result() for task in results)
            if len(work) < AT_ONCE:
                return done

    def _now(self) -> datetime:
        """A clock set to another day for a test must hold no delivery up for ever."""
        return max(self._clock.now(), self._wall.now())

    async def _lease(self, way: Way) -> outbox.Message | None:
        at = self._now()
        async with self._db.transaction() as conn:
            return await outbox.lease(conn, way.consumer, at, at + LEASE)

    async def _try(self, way: Way, message: outbox.Message) -> bool:
        error: str | None = None
        for_good = False
        try:
            async with asyncio.timeout(LEASE.total_seconds() / 2):
                skipped = await self._send(way, message)
        except mail.MailRefusedError as refused:
            skipped, error, for_good = False, _told(refused), True
        except Exception as failure:
            skipped, error = False, _told(failure)
            log.warning("notification not delivered", extra={"way": way.value, "reason": error})
        async with self._db.transaction() as conn:
            if error is None:
                await outbox.settle(conn, message, self._now(), SKIPPED + str(skipped) if skipped else None)
            else:
                pause = timedelta(seconds=min(30 * 2 ** min(message.attempts, 12), LONGEST_PAUSE))
                given_up = for_good or message.attempts + 1 >= ATTEMPTS
                await outbox.put_off(conn, message, self._now(), error, pause, given_up)
        return error is None and not skipped

    async def _send(self, way: Way, message: outbox.Message) -> str | bool:
        """Sends it; the reason when there is nowhere to send it to."""
        async with self._db.connection() as conn:
            parcel = await store.parcel(conn, message.event_id)
            to = None
            if parcel is not None and way is Way.WEBHOOK:
                to = await webhook.target(conn, parcel.organisation_id, self._config.webhook)
        if parcel is None:
            return "no such notification"
        if way is Way.MAIL:
            return await self._mail(parcel)
        if to is None:
            return "no webhook"
        await webhook.send(parcel, to, self._config.webhook, self._wall.now)
        return False

    async def _mail(self, parcel: Parcel) -> str | bool:
        if not self._config.mail.host:
            return "no mail server"
        if not parcel.email:
            return "no address"
        await mail.send(parcel, self._config.mail)
        return False


async def failed(
    conn: Connection, below: str, parked: bool | None, after: tuple[UUID, str] | None, limit: int
) -> list[Failed]:
    """What was tried in vain, for people of the subtree, newest first."""
    rows = await conn.fetch(PAGE, list(CONSUMERS), below, parked, *(after or (None, None)), limit)
    return [Failed(**dict(row)) for row in rows]


async def again(db: Database, notification_id: UUID, way: Way, below: str, actor: str, at: datetime) -> bool:
    """Tries a delivery anew from now on; False when there is none under way, or none of the subtree's."""
    async with db.transaction() as conn:
        if await conn.execute(AGAIN, notification_id, way.consumer, at, below) != "UPDATE 1":
            return False
        await audit.record(
            conn,
            actor=actor,
            action="notification.retried",
            object_kind="notification",
            object_id=str(notification_id),
            at=at,
            details={"way": way},
        )
    return True


def _told(error: BaseException) -> str:
    return one_line(f"{type(error).__name__}: {error}", 300)
