"""Where webhooks are sent, and the sending. Must never follow a redirect, nor leave this machine unencrypted."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import aiohttp

from callcenter import audit
from callcenter.addresses import is_safe
from callcenter.config import WebhookConfig
from callcenter.db.pool import Connection, Database
from callcenter.notifications.notification import Parcel, body_of, signature

DELIVERED = range(200, 300)
MOST_READ = 4096
"""Bytes of an answer that are looked at."""

PAGE = """
SELECT w.organisation_id, o.path, w.url, w.set_at, w.version
FROM webhook w JOIN organisation o ON o.id = w.organisation_id
WHERE o.path LIKE $1 || '%' AND ($2::text IS NULL OR o.path > $2) ORDER BY o.path LIMIT $3"""
SELECT_ONE = """
SELECT w.organisation_id, o.path, w.url, w.set_at, w.version
FROM webhook w JOIN organisation o ON o.id = w.organisation_id WHERE w.organisation_id = $1"""
SAVE = """
INSERT INTO webhook (organisation_id, url, secret, set_by, set_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (organisation_id) DO UPDATE SET url = EXCLUDED.url, secret = EXCLUDED.secret, set_by = EXCLUDED.set_by,
    set_at = EXCLUDED.set_at, version = webhook.version + 1"""
REMOVE = "DELETE FROM webhook WHERE organisation_id = $1"
NEAREST = """
SELECT w.url, w.secret FROM organisation own JOIN organisation o ON starts_with(own.path, o.path)
    JOIN webhook w ON w.organisation_id = o.id
WHERE own.id = $1 ORDER BY length(o.path) DESC LIMIT 1"""


class NotDeliveredError(Exception):
    """The receiver did not say that it has it, or may not be asked."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to, and what signs."""

    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Hook:
    """An organisation's webhook, without its secret."""

    organisation_id: str
    path: str
    url: str
    set_at: datetime
    version: int


async def target(conn: Connection, organisation_id: str, config: WebhookConfig) -> Target | None:
    """The nearest organisation's at or above, else the installation's; None when there is none."""
    row = await conn.fetchrow(NEAREST, organisation_id)
    if row is not None:
        return Target(row["url"], row["secret"])
    return Target(config.url, config.secret) if config.url else None


async def send(parcel: Parcel, to: Target, config: WebhookConfig, now: Callable[[], datetime]) -> None:
    """Posts it once. Raises NotDeliveredError, aiohttp.ClientError, OSError, TimeoutError."""
    if not is_safe(to.url):
        raise NotDeliveredError("the address is neither https nor this machine")
    body, timestamp = body_of(parcel), str(int(now().timestamp()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "hotline95519",
        "X-Hotline-Delivery": str(parcel.id),
        "X-Hotline-Timestamp": timestamp,
        "X-Hotline-Signature": signature(to.secret, timestamp, body),
    }
    tls = ssl.create_default_context(cafile=config.ca_file or None)
    limit = aiohttp.ClientTimeout(total=config.timeout)
    async with (
        aiohttp.ClientSession(timeout=limit, trust_env=False) as session,
        session.post(to.url, data=body, headers=headers, ssl=tls, allow_redirects=False) as answer,
    ):
        await answer.content.read(MOST_READ)
        if answer.status not in DELIVERED:
            raise NotDeliveredError(f"the receiver answered {answer.status}")


async def page(conn: Connection, below: str, after: str | None, limit: int) -> list[Hook]:
    """The webhooks of the subtree."""
    return [Hook(**dict(row)) for row in await conn.fetch(PAGE, below, after, limit)]


async def save(db: Database, organisation_id: str, to: Target, actor: str, at: datetime) -> Hook:
    """Sets an organisation's webhook; the secret is kept to sign with and told nobody."""
    async with db.transaction() as conn:
        await conn.execute(SAVE, organisation_id, to.url, to.secret, actor, at)
        await _record(conn, "webhook.set", organisation_id, {"url": to.url}, actor, at)
        return Hook(**dict(await conn.fetchrow(SELECT_ONE, organisation_id) or {}))


async def remove(db: Database, organisation_id: str, actor: str, at: datetime) -> None:
    """The organisation is told by the one above from now on."""
    async with db.transaction() as conn:
        if await conn.execute(REMOVE, organisation_id) == "DELETE 1":
            await _record(conn, "webhook.removed", organisation_id, {}, actor, at)


async def _record(
    conn: Connection, action: str, organisation_id: str, details: dict[str, str], actor: str, at: datetime
) -> None:
    await audit.record(
        conn,
        actor=actor,
        action=action,
        object_kind="organisation",
        object_id=organisation_id,
        at=at,
        details=details,
    )
