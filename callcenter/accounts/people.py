"""Use cases about people: hire, change, give a new password. Must never delete anybody, nor give what one may not."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from callcenter import audit
from callcenter.accounts import passwords, post_changes, posts, sessions, store
from callcenter.accounts.actor import Actor
from callcenter.accounts.doer import Doer
from callcenter.accounts.errors import LastAdminError, NotASuperiorError, NotOursToGiveError
from callcenter.accounts.permissions import Role
from callcenter.accounts.store import Phone, User
from callcenter.agents import shift
from callcenter.db.pool import Connection, Database
from callcenter.errors import ForbiddenError, NotFoundError
from callcenter.idempotency import KeyReusedError
from tickets.categories import Department
from tickets.errors import Words

COUNT_ADMINS = "SELECT count(*) FROM app_user WHERE active AND 'admin' = ANY(roles) AND id <> $1"
ABOVE = """
WITH RECURSIVE above AS (
    SELECT id, manager_id FROM app_user WHERE id = $1
    UNION SELECT u.id, u.manager_id FROM app_user u JOIN above a ON u.id = a.manager_id
)
SELECT id FROM above"""


NOT_ONES_OWN = frozenset({"roles", "organisation_id", "department", "manager_id", "active", "sells_as"})


@dataclass(frozen=True, slots=True)
class NewUser:
    """What is asked for a new person."""

    id: UUID
    login: str
    name: str
    password: str
    organisation_id: str
    roles: frozenset[Role]
    extension: str | None = None
    phone: Phone = "desk"
    department: Department | None = None
    manager_id: UUID | None = None
    email: str | None = None


async def hire(db: Database, doer: Doer, new: NewUser, at: datetime) -> User:
    """Adds a person; the same id again gives the person who is there.

    Raises WeakPasswordError, NotOursToGiveError for an organisation outside the doer's, NotASuperiorError,
    LoginTakenError, and KeyReusedError when the id is somebody else's.
    """
    passwords.check(new.password, new.login)
    password_hash = await passwords.hashed(new.password)
    async with db.transaction() as conn:
        path = await _path_within(conn, doer, new.organisation_id)
        if (there := await store.user(conn, new.id)) is not None:
            if there.login != new.login or not there.path.startswith(doer.path):
                raise KeyReusedError(Words("该键已用于另一人员", "this key was used for somebody else"))
            return there
        user = User(
            id=new.id,
            login=new.login,
            name=new.name,
            organisation_id=new.organisation_id,
            path=path,
            roles=tuple(sorted(new.roles)),
            extension=new.extension,
            phone=new.phone,
            active=True,
            created_at=at,
            version=1,
            department=new.department,
            manager_id=new.manager_id,
            email=new.email,
        )
        user = await _under_manager(conn, user)
        await store.add_user(conn, user, password_hash)
        await post_changes.follow(conn, None, user, doer, at)
        await _record(conn, doer, "user.added", user.id, at, {"login": user.login, **_shown(user)})
    return user


async def find(conn: Connection, doer: Doer, user_id: UUID) -> User:
    """The person, when in the doer's subtree. Raises NotFoundError."""
    user = await store.user(conn, user_id)
    if user is None or not user.path.startswith(doer.path):
        raise NotFoundError("user", user_id)
    return user


async def change(
    db: Database, doer: Doer, user_id: UUID, version: int, changes: Mapping[str, Any], at: datetime
) -> User:
    """Changes what stands of a person, except log-in and password, as seen in `version`.

    Leaving ends sessions; who leaves or gets another extension is logged out of the queues. Posts that the person no
    longer fits end today, and a counter's change of handler waits for its report (R-3.35).

    Raises NotFoundError, StaleVersionError, NotOursToGiveError, NotASuperiorError, LoginTakenError, LastAdminError.
    """
    async with db.transaction() as conn:
        before = await find(conn, doer, user_id)
        if user_id == doer.user_id and NOT_ONES_OWN & changes.keys():
            raise NotOursToGiveError(
                Words(
                    "不得修改本人的角色、机构、部门、上级或启用状态",
                    "nobody changes their own roles, organisation, department, superior or being active",
                )
            )
        path = (
            await _path_within(conn, doer, changes["organisation_id"]) if "organisation_id" in changes else before.path
        )
        wanted = replace(before, path=path, version=version, **changes)
        if {"manager_id", "organisation_id"} & changes.keys():
            wanted = await _under_manager(conn, wanted)
        if "admin" in before.roles and before.active and not ("admin" in wanted.roles and wanted.active):
            await conn.execute(sessions.LOCK_LOGIN, "the last admin")
            if await conn.fetchval(COUNT_ADMINS, user_id) == 0:
                raise LastAdminError(Words("须先有另一名启用的管理员", "somebody else must be an active admin first"))
        await store.save_user(conn, wanted)
        if before.active and not wanted.active:
            await conn.execute(sessions.REVOKE_ALL, user_id, at, None)
        if (before.active, before.extension) != (wanted.active, wanted.extension):
            await shift.leave(conn, user_id, doer.name, at)
        await posts.leave_unfit(conn, user_id, doer, at)
        await post_changes.follow(conn, before, wanted, doer, at)
        was, now = _shown(before), _shown(wanted)
        details = {name: [was[name], now[name]] for name in now if was[name] != now[name]}
        await _record(conn, doer, "user.changed", user_id, at, details)
    return replace(wanted, version=version + 1)


async def give_password(db: Database, doer: Doer, user_id: UUID, password: str, at: datetime) -> None:
    """Sets another's password and ends all their sessions. Raises NotFoundError, WeakPasswordError."""
    async with db.connection() as conn:
        user = await find(conn, doer, user_id)
    passwords.check(password, user.login)
    password_hash = await passwords.hashed(password)
    async with db.transaction() as conn:
        await store.set_password(conn, user_id, password_hash, at)
        await conn.execute(sessions.REVOKE_ALL, user_id, at, None)
        await _record(conn, doer, "user.password_given", user_id, at, {})


async def change_password(db: Database, actor: Actor, address: str, old: str, new: str, at: datetime) -> None:
    """Replaces one's own password; all other sessions end.

    Raises WrongPasswordError, LockedOutError after as many wrong tries as at the log-in, WeakPasswordError, and
    ForbiddenError for a token, which has no password.
    """
    if actor.kind != "user":
        raise ForbiddenError(Words("接口令牌没有密码", "a token has no password"))
    passwords.check(new, actor.login)
    async with sessions.trying(db, actor.login, address, at):
        async with db.connection() as conn:
            stored = await store.password_hash(conn, actor.id)
        if not await passwords.fits(stored, old):
            async with db.transaction() as conn:
                await _record(conn, Doer.of(actor, address), "user.password_refused", actor.id, at, {})
            raise sessions.WrongPasswordError(Words("原密码错误", "the old password is wrong"))
        password_hash = await passwords.hashed(new)
        async with db.transaction() as conn:
            await store.set_password(conn, actor.id, password_hash, at)
            await conn.execute(sessions.FORGIVE, actor.login, address)
            await conn.execute(sessions.REVOKE_ALL, actor.id, at, actor.session_id)
            await _record(conn, Doer.of(actor, address), "user.password_changed", actor.id, at, {})


async def _path_within(conn: Connection, doer: Doer, organisation_id: str) -> str:
    organisation = await store.organisation(conn, organisation_id)
    if organisation is None or not organisation.path.startswith(doer.path):
        raise NotOursToGiveError(
            Words(f"您的机构范围内没有{organisation_id}", f"there is no organisation {organisation_id} among yours")
        )
    return organisation.path


async def _under_manager(conn: Connection, user: User) -> User:
    """The person with the superior's name. Raises NotASuperiorError: who is above stands in no circle (F-48)."""
    if user.manager_id is None:
        return replace(user, manager_name=None)
    await conn.execute(sessions.LOCK_LOGIN, "the line of superiors")
    manager = await store.user(conn, user.manager_id)
    if manager is None or not manager.active or not user.path.startswith(manager.path):
        raise NotASuperiorError(
            Words(
                "上级须为本机构或上级机构的在岗人员",
                "a superior is somebody active in the same organisation or in one above it",
            )
        )
    if user.id in {row["id"] for row in await conn.fetch(ABOVE, user.manager_id)}:
        raise NotASuperiorError(
            Words("上下级关系不得循环", "nobody is their own superior, nor their superiors' superior")
        )
    return replace(user, manager_name=manager.name)


def _shown(user: User) -> dict[str, Any]:
    return {
        "name": user.name,
        "organisation_id": user.organisation_id,
        "roles": list(user.roles),
        "extension": user.extension,
        "phone": user.phone,
        "active": user.active,
        "department": user.department,
        "manager_id": str(user.manager_id) if user.manager_id else None,
        "email": user.email,
        "sells_as": list(user.sells_as),
    }


Action = Literal["user.added", "user.changed", "user.password_given", "user.password_changed", "user.password_refused"]


async def _record(
    conn: Connection, doer: Doer, action: Action, user_id: UUID, at: datetime, details: Mapping[str, Any]
) -> None:
    await audit.record(
        conn,
        actor=doer.name,
        action=action,
        object_kind="user",
        object_id=str(user_id),
        at=at,
        details=details,
        address=doer.address,
    )
