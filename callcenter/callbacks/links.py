"""The rows of links to electronic callbacks and of the pages shown (C-9). Never begins a transaction, never decides.

A token is kept as its SHA-256 alone: who reads the database can open no page.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import asyncpg

from callcenter.callbacks.errors import LinkNotFoundError
from callcenter.db.pool import Connection
from tickets.errors import Words

MOST_WRONG = 5
"""Wrong identity checks after which a link is dead (C-12)."""
MOST_PAGES = 60
"""Pages kept of one link, so that nobody fills the store with them."""
TOKEN_BYTES = 32


class LinkState(StrEnum):
    """Whether a link still opens its page."""

    OPEN = "open"
    HANDED_IN = "handed_in"
    EXPIRED = "expired"
    REVOKED = "revoked"
    LOCKED = "locked"


class PageKind(StrEnum):
    """What a page that was shown is."""

    IDENTITY = "identity"
    WRONG = "wrong"
    QUESTIONS = "questions"
    HANDED_IN = "handed_in"


STATE_WORDS = {
    LinkState.OPEN: Words("可用", "open"),
    LinkState.HANDED_IN: Words("已提交", "handed in"),
    LinkState.EXPIRED: Words("已过期", "expired"),
    LinkState.REVOKED: Words("已撤销", "revoked"),
    LinkState.LOCKED: Words("已锁定", "locked"),
}
PAGE_WORDS = {
    PageKind.IDENTITY: Words("身份核验", "check of identity"),
    PageKind.WRONG: Words("核验未通过", "check failed"),
    PageKind.QUESTIONS: Words("问题", "questions"),
    PageKind.HANDED_IN: Words("提交结果", "handed in"),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a task's page: one use, until `expires_at`."""

    id: UUID
    task_id: UUID
    issued_by: str
    issued_at: datetime
    expires_at: datetime
    opened_at: datetime | None
    verified_at: datetime | None
    session_sha256: str | None
    wrong_tries: int
    handed_in_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    revoked_reason: str | None

    def state(self, at: datetime) -> LinkState:
        """How it stands at that moment."""
        if self.handed_in_at is not None:
            return LinkState.HANDED_IN
        if self.revoked_at is not None:
            return LinkState.REVOKED
        if self.wrong_tries >= MOST_WRONG:
            return LinkState.LOCKED
        return LinkState.EXPIRED if at >= self.expires_at else LinkState.OPEN


@dataclass(frozen=True, slots=True)
class Shown:
    """A page as it was sent to the policyholder's browser, or what came back from it."""

    id: UUID
    link_id: UUID
    kind: PageKind
    shown_at: datetime
    html: str
    sha256: str
    address: str
    user_agent: str
    place: int = 0


COLUMNS = """
l.id, l.task_id, l.issued_by, l.issued_at, l.expires_at, l.opened_at, l.verified_at, l.session_sha256, l.wrong_tries,
l.handed_in_at, l.revoked_at, l.revoked_by, l.revoked_reason
FROM callback_link l"""
ADD = """
INSERT INTO callback_link (id, task_id, token_sha256, issued_by, issued_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)"""
FIND = f"SELECT {COLUMNS} WHERE l.id = $1 AND l.task_id = $2"
OF_TOKEN = f"SELECT {COLUMNS} WHERE l.token_sha256 = $1"
LOCK_OF_TOKEN = f"{OF_TOKEN} FOR UPDATE"
OF_TASK = f"""
SELECT {COLUMNS} WHERE l.task_id = $1 AND ($2::uuid IS NULL OR l.id < $2) ORDER BY l.id DESC LIMIT $3"""
REVOKE = """
UPDATE callback_link SET revoked_at = $2, revoked_by = $3, revoked_reason = $4
WHERE task_id = $1 AND revoked_at IS NULL AND handed_in_at IS NULL AND ($5::uuid IS NULL OR id = $5)"""
OPEN = "UPDATE callback_link SET opened_at = $2 WHERE id = $1 AND opened_at IS NULL"
WRONG = "UPDATE callback_link SET wrong_tries = wrong_tries + 1 WHERE id = $1"
VERIFY = "UPDATE callback_link SET verified_at = $2, session_sha256 = $3 WHERE id = $1"
HAND_IN = "UPDATE callback_link SET handed_in_at = $2, session_sha256 = NULL WHERE id = $1"
SHOW = """
INSERT INTO callback_page (id, link_id, kind, shown_at, html, sha256, address, user_agent)
SELECT $1, $2, $3, $4, $5, $6, $7, $8
WHERE $3 = 'handed_in' OR (SELECT count(*) FROM callback_page WHERE link_id = $2) < $9"""
PAGES = """
SELECT id, link_id, kind, shown_at, html, sha256, address, user_agent, place FROM callback_page
WHERE link_id = $1 AND ($2::bigint IS NULL OR place > $2) ORDER BY place LIMIT $3"""


def new_token() -> str:
    """256 random bits, as they stand in an address."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> str:
    """How a token, or the secret of a page's session, is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


async def add(
    conn: Connection, link_id: UUID, task_id: UUID, token: str, *, by: str, at: datetime, expires_at: datetime
) -> None:
    await conn.execute(ADD, link_id, task_id, digest(token), by, at, expires_at)


async def find(conn: Connection, task_id: UUID, link_id: UUID) -> Link:
    """One of a task's. Raises LinkNotFoundError."""
    row = await conn.fetchrow(FIND, link_id, task_id)
    if row is None:
        raise LinkNotFoundError(link_id)
    return Link(**dict(row))


async def of_token(conn: Connection, token: str, *, lock: bool = False) -> Link | None:
    """Whose token it is; nobody's is None."""
    row = await conn.fetchrow(LOCK_OF_TOKEN if lock else OF_TOKEN, digest(token))
    return None if row is None else Link(**dict(row))


async def of_task(conn: Connection, task_id: UUID, before: UUID | None, limit: int) -> list[Link]:
    """A page of a task's links, newest first."""
    return [Link(**dict(row)) for row in await conn.fetch(OF_TASK, task_id, before, limit)]


async def revoke(
    conn: Connection, task_id: UUID, reason: str, *, by: str, at: datetime, link_id: UUID | None = None
) -> bool:
    """Makes the link, or every one of the task that could still be used, dead; False when there was none."""
    return await conn.execute(REVOKE, task_id, at, by, reason, link_id) != "UPDATE 0"


async def opened(conn: Connection, link_id: UUID, at: datetime) -> None:
    await conn.execute(OPEN, link_id, at)


async def wrong(conn: Connection, link_id: UUID) -> None:
    await conn.execute(WRONG, link_id)


async def verified(conn: Connection, link_id: UUID, session: str, at: datetime) -> None:
    await conn.execute(VERIFY, link_id, at, digest(session))


async def handed_in(conn: Connection, link_id: UUID, at: datetime) -> None:
    await conn.execute(HAND_IN, link_id, at)


async def show(conn: Connection, page: Shown) -> None:
    """Keeps a page for ever; beyond MOST_PAGES only what was handed in."""
    values = (page.id, page.link_id, page.kind, page.shown_at, page.html, page.sha256, page.address, page.user_agent)
    await conn.execute(SHOW, *values, MOST_PAGES)


async def pages(conn: Connection, link_id: UUID, after: int | None, limit: int) -> list[Shown]:
    """The pages of a link in the order they were shown."""
    return [_shown(row) for row in await conn.fetch(PAGES, link_id, after, limit)]


def _shown(row: asyncpg.Record) -> Shown:
    return Shown(**{**dict(row), "kind": PageKind(row["kind"])})
