"""Log-ins and tokens: who stands behind a secret. Must never keep the secret itself, only its SHA-256 (H1, H20)."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID
from weakref import WeakValueDictionary

from callcenter import audit
from callcenter.accounts import passwords, permissions
from callcenter.accounts.actor import Actor
from callcenter.accounts.permissions import Permission, Role
from callcenter.db.pool import Database
from callcenter.errors import ApplicationError
from callcenter.ids import uuid7
from tickets.categories import Department
from tickets.errors import Words

SESSION_LASTS = timedelta(hours=12)
IDLE = timedelta(minutes=60)
SEEN_EVERY = timedelta(seconds=60)
"""How exactly the last sign of life is kept."""

WINDOW = timedelta(minutes=15)
TRIES_FROM_ONE_ADDRESS = 5
TRIES_ALTOGETHER = 20

SESSION_PREFIX = "ccs_"
TOKEN_PREFIX = "cct_"  # noqa: S105 - a prefix, so that a leaked token is recognised

Kind = Literal["bearer", "cookie"]


class WrongPasswordError(ApplicationError):
    """No such user, not active, or another password: nobody learns which."""

    code = "wrong_password"


class LockedOutError(ApplicationError):
    """Too many failed tries for this log-in name."""

    code = "locked_out"


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A fresh session; `token` is shown once."""

    session_id: UUID
    user_id: UUID
    token: str
    expires_at: datetime


LOCK_LOGIN = "SELECT pg_advisory_xact_lock(95519, hashtext($1))"
COUNT_TRIES = """
SELECT count(*) AS altogether, count(*) FILTER (WHERE address = $2) AS from_address
FROM login_try WHERE login = $1 AND at > $3"""
INSERT_TRY = "INSERT INTO login_try (id, login, address, at) VALUES ($1, $2, $3, $4)"
FORGIVE = "DELETE FROM login_try WHERE login = $1 AND address = $2"
PURGE_TRIES = "DELETE FROM login_try WHERE at < $1"

SELECT_LOGIN = "SELECT id, password_hash FROM app_user WHERE login = $1 AND active"
INSERT_SESSION = """
INSERT INTO session (id, token_hash, user_id, kind, created_at, expires_at, last_seen_at, address, user_agent)
SELECT $1, $2, id, $4, $5, $6, $5, $7, $8 FROM app_user WHERE id = $3 AND active
RETURNING id"""

SELECT_SESSION = """
SELECT s.id AS session_id, s.kind, s.last_seen_at, u.id, u.login, u.name, u.roles, u.organisation_id, u.extension,
    u.phone, u.department, o.path
FROM session s JOIN app_user u ON u.id = s.user_id JOIN organisation o ON o.id = u.organisation_id
WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND s.expires_at > $2 AND s.last_seen_at > $3 AND u.active"""
TOUCH_SESSION = "UPDATE session SET last_seen_at = $2 WHERE id = $1"
REVOKE_SESSION = "UPDATE session SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL"
REVOKE_ALL = "UPDATE session SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL AND id IS DISTINCT FROM $3"

SELECT_TOKEN = """
SELECT t.id, t.name, t.scopes, t.organisation_id, t.last_used_at, o.path
FROM api_token t JOIN organisation o ON o.id = t.organisation_id
WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND t.expires_at > $2"""  # noqa: S105 - SQL
KNOWN_SCOPES = frozenset(str(permission) for permission in Permission)
TOUCH_TOKEN = "UPDATE api_token SET last_used_at = $2 WHERE id = $1"  # noqa: S105 - SQL


def digest(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def new_token(prefix: str) -> str:
    """A secret of 256 bits."""
    return prefix + secrets.token_urlsafe(32)


_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


@asynccontextmanager
async def trying(db: Database, login: str, address: str, at: datetime) -> AsyncIterator[None]:
    """The block looks at the password of a log-in name, and nobody else in this process does meanwhile.

    The try is counted before the block, so that tries at the same time cannot outrun the count; right ones at the
    same time wait for each other and are forgiven one by one, so that they lock nobody out. Raises LockedOutError when
    there were too many, and leaves that in the audit.
    """
    turn = _turns.setdefault(login, asyncio.Lock())
    async with turn:
        await _count(db, login, address, at)
        yield


async def _count(db: Database, login: str, address: str, at: datetime) -> None:
    async with db.transaction() as conn:
        await conn.execute(LOCK_LOGIN, login)
        tries = await conn.fetchrow(COUNT_TRIES, login, address, at - WINDOW)
        assert tries is not None
        if tries["from_address"] < TRIES_FROM_ONE_ADDRESS and tries["altogether"] < TRIES_ALTOGETHER:
            await conn.execute(INSERT_TRY, uuid7(at), login, address, at)
            return
        await audit.record(
            conn, actor="nobody", action="session.locked_out", object_kind="login", object_id=login, at=at,
            address=address,
        )  # fmt: skip
    raise LockedOutError(
        Words(f"请在{WINDOW // timedelta(minutes=1)}分钟后再试", f"wait {WINDOW // timedelta(minutes=1)} minutes")
    )


async def log_in(
    db: Database, login: str, password: str, kind: Kind, *, at: datetime, address: str, user_agent: str = ""
) -> LoggedIn:
    """Opens a session. Raises WrongPasswordError or LockedOutError."""
    login = login.strip().lower()[:64]
    async with trying(db, login, address, at):
        async with db.connection() as conn:
            user = await conn.fetchrow(SELECT_LOGIN, login)
        if not await passwords.fits(user["password_hash"] if user else None, password):
            async with db.transaction() as conn:
                await audit.record(
                    conn, actor="nobody", action="session.refused", object_kind="login", object_id=login, at=at,
                    address=address,
                )  # fmt: skip
            raise WrongPasswordError(Words("用户名或密码错误", "the name or the password is wrong"))
        assert user is not None
        token, session_id = new_token(SESSION_PREFIX), uuid7(at)
        expires_at = at + SESSION_LASTS
        agent = audit.storable(user_agent)
        async with db.transaction() as conn:
            opened = await conn.fetchval(
                INSERT_SESSION, session_id, digest(token), user["id"], kind, at, expires_at, address, agent
            )
            if opened is None:
                raise WrongPasswordError(Words("用户名或密码错误", "the name or the password is wrong"))
            await conn.execute(FORGIVE, login, address)
            await audit.record(
                conn, actor=f"user:{user['id']}", action="session.opened", object_kind="session",
                object_id=str(session_id), at=at, details={"kind": kind}, address=address,
            )  # fmt: skip
    return LoggedIn(session_id, user["id"], token, expires_at)


async def log_out(db: Database, actor: Actor, *, at: datetime, address: str) -> None:
    """Ends the actor's own session and no other (H20). A token is not a session: nothing ends."""
    if actor.session_id is None:
        return
    async with db.transaction() as conn:
        await conn.execute(REVOKE_SESSION, actor.session_id, at)
        await audit.record(
            conn, actor=actor.audit_name, action="session.closed", object_kind="session",
            object_id=str(actor.session_id), at=at, address=address,
        )  # fmt: skip


async def find(db: Database, token: str, at: datetime) -> Actor | None:
    """Whoever the token belongs to at the moment; None when unknown, expired, idle too long, revoked or deactivated."""
    async with db.connection() as conn:
        if token.startswith(TOKEN_PREFIX):
            row = await conn.fetchrow(SELECT_TOKEN, digest(token), at)
            if row is None:
                return None
            if row["last_used_at"] is None or at - row["last_used_at"] > SEEN_EVERY:
                await conn.execute(TOUCH_TOKEN, row["id"], at)
            return _token_actor(row)
        row = await conn.fetchrow(SELECT_SESSION, digest(token), at, at - IDLE)
        if row is None:
            return None
        if at - row["last_seen_at"] > SEEN_EVERY:
            await conn.execute(TOUCH_SESSION, row["session_id"], at)
    return _user_actor(row)


async def purge(db: Database, at: datetime) -> None:
    """Deletes tries that no longer count."""
    async with db.connection() as conn:
        await conn.execute(PURGE_TRIES, at - WINDOW)


def _user_actor(row: Any) -> Actor:
    roles = frozenset(Role(role) for role in row["roles"])
    return Actor(
        kind="user",
        id=row["id"],
        login=row["login"],
        name=row["name"],
        roles=roles,
        permissions=permissions.of(roles),
        organisation_id=row["organisation_id"],
        path=row["path"],
        extension=row["extension"],
        phone=row["phone"],
        session_id=row["session_id"],
        by_cookie=row["kind"] == "cookie",
        department=Department(row["department"]) if row["department"] else None,
    )


def _token_actor(row: Any) -> Actor:
    scopes = frozenset(Permission(scope) for scope in row["scopes"] if scope in KNOWN_SCOPES)
    return Actor(
        kind="token",
        id=row["id"],
        login=row["name"],
        name=row["name"],
        roles=frozenset({Role.INTEGRATOR}),
        permissions=scopes & permissions.PERMISSIONS[Role.INTEGRATOR],
        organisation_id=row["organisation_id"],
        path=row["path"],
    )
