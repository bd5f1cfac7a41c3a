"""The SQL of organisations, people and API tokens. Must never delete a row: who left is deactivated or revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from callcenter.accounts.errors import LoginTakenError, OrganisationTakenError
from callcenter.db.pool import Connection
from callcenter.errors import StaleVersionError
from tickets.categories import Department
from tickets.errors import Words

OrganisationKind = Literal["hq", "province", "city", "counter_a", "counter_b"]
Phone = Literal["web", "desk"]


@dataclass(frozen=True, slots=True)
class Organisation:
    """One unit (机构); `path` is that of its parent with its own id added, `hq/gd/gd-gz/`."""

    id: str
    kind: OrganisationKind
    parent_id: str | None
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class User:
    """One person who works here, without the password."""

    id: UUID
    login: str
    name: str
    organisation_id: str
    path: str
    roles: tuple[str, ...]
    extension: str | None
    phone: Phone
    active: bool
    created_at: datetime
    version: int
    department: Department | None = None
    manager_id: UUID | None = None
    manager_name: str | None = None
    email: str | None = None
    sells_as: tuple[str, ...] = ()
    """How the core system names the person as a salesperson, beside login and name (C-11)."""


@dataclass(frozen=True, slots=True)
class Token:
    """One API token, without its secret."""

    id: UUID
    name: str
    scopes: tuple[str, ...]
    organisation_id: str
    path: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


INSERT_ORGANISATION = "INSERT INTO organisation (id, kind, parent_id, name, path) VALUES ($1, $2, $3, $4, $5)"


async def add_organisation(conn: Connection, organisation: Organisation) -> None:
    """Raises OrganisationTakenError when the id is there, or a second headquarters is wanted."""
    try:
        await conn.execute(
            INSERT_ORGANISATION,
            organisation.id,
            organisation.kind,
            organisation.parent_id,
            organisation.name,
            organisation.path,
        )
    except asyncpg.UniqueViolationError:
        raise OrganisationTakenError(organisation.id) from None


SELECT_ORGANISATION = "SELECT id, kind, parent_id, name, path FROM organisation WHERE id = $1"


async def organisation(conn: Connection, organisation_id: str) -> Organisation | None:
    """The organisation, or None."""
    row = await conn.fetchrow(SELECT_ORGANISATION, organisation_id)
    return None if row is None else Organisation(**dict(row))


RENAME_ORGANISATION = "UPDATE organisation SET name = $2 WHERE id = $1"


async def rename_organisation(conn: Connection, organisation_id: str, name: str) -> None:
    """Gives it another name; id and place stay."""
    await conn.execute(RENAME_ORGANISATION, organisation_id, name)


PAGE_ORGANISATIONS = """
SELECT id, kind, parent_id, name, path FROM organisation
WHERE path LIKE $1 || '%' AND ($2::text IS NULL OR path > $2)
ORDER BY path LIMIT $3"""


async def organisations(conn: Connection, below: str, after: str | None, limit: int) -> list[Organisation]:
    """The subtree at the path `below`, parents before children, after the path `after`."""
    return [Organisation(**dict(row)) for row in await conn.fetch(PAGE_ORGANISATIONS, below, after, limit)]


INSERT_USER = """
INSERT INTO app_user
    (id, login, name, password_hash, organisation_id, roles, extension, phone, password_set_at, created_at, department,
    manager_id, email)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $12)"""


async def add_user(conn: Connection, user: User, password_hash: str) -> None:
    """Raises LoginTakenError when the login or the extension belongs to somebody."""
    try:
        await conn.execute(
            INSERT_USER,
            user.id,
            user.login,
            user.name,
            password_hash,
            user.organisation_id,
            user.roles,
            user.extension,
            user.phone,
            user.created_at,
            user.department,
            user.manager_id,
            user.email,
        )
    except asyncpg.UniqueViolationError as error:
        raise LoginTakenError("extension" if "extension" in str(error.constraint_name) else "login") from None


SELECT_USER = """
SELECT u.id, u.login, u.name, u.organisation_id, o.path, u.roles, u.extension, u.phone, u.active, u.created_at,
    u.version, u.department, u.manager_id, m.name AS manager_name, u.email, u.sells_as
FROM app_user u JOIN organisation o ON o.id = u.organisation_id LEFT JOIN app_user m ON m.id = u.manager_id
WHERE u.id = $1"""
SELECT_USER_BY_LOGIN = """
SELECT u.id, u.login, u.name, u.organisation_id, o.path, u.roles, u.extension, u.phone, u.active, u.created_at,
    u.version, u.department, u.manager_id, m.name AS manager_name, u.email, u.sells_as
FROM app_user u JOIN organisation o ON o.id = u.organisation_id LEFT JOIN app_user m ON m.id = u.manager_id
WHERE u.login = $1"""


async def user(conn: Connection, user_id: UUID) -> User | None:
    """The person, or None."""
    row = await conn.fetchrow(SELECT_USER, user_id)
    return None if row is None else _user(row)


async def user_by_login(conn: Connection, login: str) -> User | None:
    """The person with the log-in name, or None."""
    row = await conn.fetchrow(SELECT_USER_BY_LOGIN, login)
    return None if row is None else _user(row)


PAGE_USERS = """
SELECT u.id, u.login, u.name, u.organisation_id, o.path, u.roles, u.extension, u.phone, u.active, u.created_at,
    u.version, u.department, u.manager_id, m.name AS manager_name, u.email, u.sells_as
FROM app_user u JOIN organisation o ON o.id = u.organisation_id LEFT JOIN app_user m ON m.id = u.manager_id
WHERE o.path LIKE $1 || '%' AND ($2::text IS NULL OR u.login > $2) AND ($4::text IS NULL OR $4 = ANY(u.roles))
    AND ($5::boolean IS NULL OR u.active = $5) AND ($6::text IS NULL OR u.department = $6)
ORDER BY u.login LIMIT $3"""


async def users(
    conn: Connection,
    below: str,
    after: str | None,
    limit: int,
    *,
    role: str | None = None,
    active: bool | None = None,
    department: Department | None = None,
) -> list[User]:
    """People of the subtree at the path `below`, by login, after the login `after`."""
    return [_user(row) for row in await conn.fetch(PAGE_USERS, below, after, limit, role, active, department)]


UPDATE_USER = """
UPDATE app_user
SET name = $3, organisation_id = $4, roles = $5, extension = $6, phone = $7, active = $8, department = $9,
    manager_id = $10, email = $11, sells_as = $12, version = version + 1
WHERE id = $1 AND version = $2"""


async def save_user(conn: Connection, user: User) -> None:
    """Writes everything but the password. Raises StaleVersionError, LoginTakenError."""
    try:
        done = await conn.execute(
            UPDATE_USER,
            user.id,
            user.version,
            user.name,
            user.organisation_id,
            user.roles,
            user.extension,
            user.phone,
            user.active,
            user.department,
            user.manager_id,
            user.email,
            user.sells_as,
        )
    except asyncpg.UniqueViolationError:
        raise LoginTakenError("extension") from None
    if done != "UPDATE 1":
        raise StaleVersionError(Words("该人员信息已被他人修改", "this person was changed in the meantime"))


UPDATE_PASSWORD = "UPDATE app_user SET password_hash = $2, password_set_at = $3 WHERE id = $1"  # noqa: S105 - SQL
SELECT_PASSWORD = "SELECT password_hash FROM app_user WHERE id = $1"  # noqa: S105 - SQL


async def set_password(conn: Connection, user_id: UUID, password_hash: str, at: datetime) -> None:
    """Replaces the hash."""
    await conn.execute(UPDATE_PASSWORD, user_id, password_hash, at)


async def password_hash(conn: Connection, user_id: UUID) -> str | None:
    """The stored hash."""
    stored: str | None = await conn.fetchval(SELECT_PASSWORD, user_id)
    return stored


INSERT_TOKEN = """
INSERT INTO api_token (id, token_hash, name, scopes, organisation_id, created_by, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO NOTHING"""  # noqa: S105 - SQL


async def add_token(conn: Connection, token: Token, token_hash: bytes) -> bool:
    """False when a token with this id is there already."""
    done = await conn.execute(
        INSERT_TOKEN,
        token.id,
        token_hash,
        token.name,
        token.scopes,
        token.organisation_id,
        token.created_by,
        token.created_at,
        token.expires_at,
    )
    return done == "INSERT 0 1"


PAGE_TOKENS = """
SELECT t.id, t.name, t.scopes, t.organisation_id, o.path, t.created_by, t.created_at, t.expires_at, t.last_used_at,
    t.revoked_at
FROM api_token t JOIN organisation o ON o.id = t.organisation_id
WHERE o.path LIKE $1 || '%' AND ($2::uuid IS NULL OR t.id < $2)
ORDER BY t.id DESC LIMIT $3"""
SELECT_TOKEN = """
SELECT t.id, t.name, t.scopes, t.organisation_id, o.path, t.created_by, t.created_at, t.expires_at, t.last_used_at,
    t.revoked_at
FROM api_token t JOIN organisation o ON o.id = t.organisation_id
WHERE t.id = $1"""  # noqa: S105 - SQL
REVOKE_TOKEN = "UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL"  # noqa: S105 - SQL


async def token(conn: Connection, token_id: UUID) -> Token | None:
    """The token, or None."""
    row = await conn.fetchrow(SELECT_TOKEN, token_id)
    return None if row is None else _token(row)


async def tokens(conn: Connection, below: str, after: UUID | None, limit: int) -> Sequence[Token]:
    """Tokens of the subtree at the path `below`, newest first, after the id `after`."""
    return [_token(row) for row in await conn.fetch(PAGE_TOKENS, below, after, limit)]


async def revoke_token(conn: Connection, token_id: UUID, at: datetime) -> None:
    """Ends it now; ending it again changes nothing."""
    await conn.execute(REVOKE_TOKEN, token_id, at)


def _user(row: asyncpg.Record) -> User:
    department = Department(row["department"]) if row["department"] else None
    lists = {"roles": tuple(row["roles"]), "sells_as": tuple(row["sells_as"])}
    return User(**{**dict(row), **lists, "department": department})


def _token(row: asyncpg.Record) -> Token:
    return Token(**{**dict(row), "scopes": tuple(row["scopes"])})
