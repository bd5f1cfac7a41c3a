"""A create that is sent twice happens once: the first answer is kept under the actor's key and given again (H7-H9).

Must never be the only guard: between the use case's commit and the kept answer the process may die. Whoever creates
takes the key as the new object's id, so that the retry meets what is already there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from callcenter.db.pool import Database
from callcenter.errors import ConflictError, InvalidError
from tickets.errors import Words

KEPT_FOR = timedelta(hours=24)
LEASE = timedelta(seconds=60)
"""After this long without an answer the first request is taken for dead, and a retry may run."""


class KeyReusedError(InvalidError):
    """The key was used for another request."""

    code = "idempotency_key_reused"


class StillRunningError(ConflictError):
    """The first request with this key has not been answered yet."""

    code = "idempotency_running"


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer given to the first request."""

    status: int
    answer: Any


@dataclass(frozen=True, slots=True)
class Claim:
    """What identifies a request: who, under which key, where, and the hash of what was sent."""

    actor: str
    key: UUID
    route: str
    body_sha256: str


CLAIM = """
INSERT INTO idempotency (actor, key, route, body_sha256, at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (actor, key) DO UPDATE SET at = excluded.at
WHERE idempotency.status IS NULL AND idempotency.at < $6
    AND idempotency.route = excluded.route AND idempotency.body_sha256 = excluded.body_sha256
RETURNING 1"""
FIND = "SELECT route, body_sha256, status, answer FROM idempotency WHERE actor = $1 AND key = $2"
KEEP = "UPDATE idempotency SET status = $3, answer = $4 WHERE actor = $1 AND key = $2"
RELEASE = "DELETE FROM idempotency WHERE actor = $1 AND key = $2 AND status IS NULL"
PURGE = "DELETE FROM idempotency WHERE at < $1"


async def claim(db: Database, claim: Claim, at: datetime, lease: timedelta = LEASE) -> Kept | None:
    """None when this request is the first and shall run; else the answer to give again. `lease`: see LEASE.

    Raises KeyReusedError for another request under the same key, StillRunningError while the first one runs.
    """
    async with db.connection() as conn:
        mine = await conn.fetchval(CLAIM, claim.actor, claim.key, claim.route, claim.body_sha256, at, at - lease)
        if mine is not None:
            return None
        row = await conn.fetchrow(FIND, claim.actor, claim.key)
    if row is None:
        raise StillRunningError(
            Words("使用该键的首次请求刚刚失败，请重试", "the first request with this key has just failed: try again")
        )
    if (row["route"], row["body_sha256"]) != (claim.route, claim.body_sha256):
        raise KeyReusedError(Words("该键已用于另一请求", "this key was used for another request"))
    if row["status"] is None:
        raise StillRunningError(Words("使用该键的首次请求仍在处理", "the first request with this key is still running"))
    return Kept(row["status"], row["answer"])


async def keep(db: Database, claim: Claim, status: int, answer: Any) -> None:
    """Stores the answer of the request that ran."""
    async with db.connection() as conn:
        await conn.execute(KEEP, claim.actor, claim.key, status, answer)


async def release(db: Database, claim: Claim) -> None:
    """Forgets a request that was refused: nothing happened, the key may be tried again."""
    async with db.connection() as conn:
        await conn.execute(RELEASE, claim.actor, claim.key)


async def purge(db: Database, at: datetime) -> int:
    """Deletes what is older than KEPT_FOR at the moment `at`; returns how many."""
    async with db.connection() as conn:
        return int((await conn.execute(PURGE, at - KEPT_FOR)).removeprefix("DELETE "))
