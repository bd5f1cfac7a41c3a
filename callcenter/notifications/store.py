"""Notifications as they stand in the database. Must never tell one person the same thing twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter import outbox
from callcenter.db.pool import Connection
from callcenter.ids import uuid7
from callcenter.notifications.notification import BODY_LENGTH, Kind, Message, Parcel, one_line

TOPIC = "notification.made"

INSERT = """
INSERT INTO notification (id, recipient, kind, about, ticket_id, title, body, created_at)
SELECT $1, u.id, $3, $4, $5, $6, $7, $8 FROM app_user u WHERE u.id = $2 AND u.active
ON CONFLICT DO NOTHING"""
PAGE = """
SELECT n.id, n.kind, n.title, n.body, n.ticket_id, t.number AS ticket_number, n.created_at, n.shown_at, n.read_at
FROM notification n LEFT JOIN ticket t ON t.id = n.ticket_id
WHERE n.recipient = $1 AND ($2::boolean IS NULL OR (n.read_at IS NULL) = $2) AND ($3::text IS NULL OR n.kind = $3)
    AND ($4::uuid IS NULL OR n.id < $4)
ORDER BY n.id DESC LIMIT $5"""
SHOW = "UPDATE notification SET shown_at = $3 WHERE recipient = $1 AND id = ANY($2::uuid[]) AND shown_at IS NULL"
UNREAD = "SELECT count(*) FROM notification WHERE recipient = $1 AND read_at IS NULL"
READ = """
UPDATE notification SET read_at = $3, shown_at = COALESCE(shown_at, $3)
WHERE recipient = $1 AND id = ANY($2::uuid[]) AND read_at IS NULL"""
PARCEL = """
SELECT n.id, n.kind, n.title, n.body, n.created_at, n.ticket_id, t.number AS ticket_number, n.recipient, u.login,
    u.name, u.email, u.organisation_id
FROM notification n JOIN app_user u ON u.id = n.recipient LEFT JOIN ticket t ON t.id = n.ticket_id
WHERE n.id = $1"""
RECEIPTS = """
SELECT n.id, n.about, n.kind, n.recipient, u.name AS recipient_name, n.created_at, n.shown_at, n.read_at,
    m.done_at AS mail_done_at, m.last_error AS mail_error, w.done_at AS webhook_done_at, w.last_error AS webhook_error
FROM notification n JOIN app_user u ON u.id = n.recipient
    LEFT JOIN outbox_delivery m ON m.event_id = n.id AND m.consumer = 'notifications.mail'
    LEFT JOIN outbox_delivery w ON w.event_id = n.id AND w.consumer = 'notifications.webhook'
WHERE n.about = ANY($1::text[]) AND n.kind = ANY($2::text[]) ORDER BY n.id"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A notification as its recipient's list shows it."""

    id: UUID
    kind: str
    title: str
    body: str
    ticket_id: UUID | None
    ticket_number: str | None
    created_at: datetime
    shown_at: datetime | None
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Whether and how a notification reached one person. An error beside a moment says why a way was left out."""

    id: UUID
    about: str
    kind: str
    recipient: UUID
    recipient_name: str
    created_at: datetime
    shown_at: datetime | None
    read_at: datetime | None
    mail_done_at: datetime | None
    mail_error: str | None
    webhook_done_at: datetime | None
    webhook_error: str | None


async def tell(conn: Connection, recipients: Iterable[UUID | None], message: Message, at: datetime) -> int:
    """Tells everybody once, in the caller's transaction; who has left is told nothing. Returns how many were told."""
    told = 0
    for recipient in dict.fromkeys(each for each in recipients if each is not None):
        event = uuid7(at)
        done = await conn.execute(
            INSERT,
            event,
            recipient,
            message.kind,
            message.about,
            message.ticket_id,
            one_line(message.title),
            message.body[:BODY_LENGTH],
            at,
        )
        if done == "INSERT 0 1":
            payload: dict[str, Any] = {"kind": message.kind, "recipient": str(recipient)}
            await outbox.append(conn, TOPIC, str(recipient), payload, at, event)
            told += 1
    return told


async def page(
    conn: Connection, recipient: UUID, unread: bool | None, kind: str | None, after: UUID | None, limit: int
) -> list[Shown]:
    """One's own notifications, newest first."""
    return [Shown(**dict(row)) for row in await conn.fetch(PAGE, recipient, unread, kind, after, limit)]


async def show(conn: Connection, recipient: UUID, ids: list[UUID], at: datetime) -> None:
    """The console has shown them."""
    await conn.execute(SHOW, recipient, ids, at)


async def unread(conn: Connection, recipient: UUID) -> int:
    """How many one has not read."""
    return int(await conn.fetchval(UNREAD, recipient))


async def read(conn: Connection, recipient: UUID, ids: list[UUID], at: datetime) -> None:
    """They are read; those of others, and those read before, stay as they are."""
    await conn.execute(READ, recipient, ids, at)


async def parcel(conn: Connection, notification_id: UUID) -> Parcel | None:
    """The notification with whom it goes to."""
    row = await conn.fetchrow(PARCEL, notification_id)
    return None if row is None else Parcel(**dict(row))


async def receipts(conn: Connection, about: Sequence[str], kinds: Sequence[Kind]) -> list[Receipt]:
    """Who was told of these things, and how it reached them, oldest first."""
    return [Receipt(**dict(row)) for row in await conn.fetch(RECEIPTS, list(about), [kind.value for kind in kinds])]
