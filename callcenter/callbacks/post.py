"""Who may ring which customer (C-11). Must never let the one who sold a policy perform its callback.

Callbacks are made by headquarters and provinces; the intermediaries that sell for us are no organisations of ours and
have no posts at all.
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from callcenter.accounts.permissions import Role
from callcenter.callbacks.errors import NotACallingPostError, NotDialableError, SalespersonError
from callcenter.callbacks.store import Task
from callcenter.db.pool import Connection
from tickets.errors import Words

CALLING: Final = frozenset({"hq", "province"})
"""Kinds of organisation whose staff ring customers."""
ROLES: Final = frozenset({Role.CALLBACK_AGENT, Role.SUPERVISOR})

COLUMNS = """
u.id, u.name, o.kind, o.path, u.roles, u.active, ARRAY[u.login, u.name] || u.sells_as AS sold_as,
    COALESCE(s.endpoint, u.phone || '-' || u.extension) AS endpoint"""
FROM = """
FROM app_user u JOIN organisation o ON o.id = u.organisation_id LEFT JOIN agent_state s ON s.user_id = u.id"""
AGENT = f"SELECT {COLUMNS} {FROM} WHERE u.id = $1"
SALESPERSON = "SELECT salesperson FROM policy WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Caller:
    """A person of ours as callbacks see him. `sold_as`: what the core system may call him as a salesperson."""

    user_id: UUID
    name: str
    kind: str
    path: str
    roles: frozenset[str]
    active: bool
    sold_as: tuple[str, ...]
    endpoint: str | None

    @property
    def rings(self) -> bool:
        """Whether he may make callbacks at all."""
        return self.active and self.kind in CALLING and not self.roles.isdisjoint(ROLES)


async def caller(conn: Connection, user_id: UUID) -> Caller | None:
    """None for somebody who is not a person of ours, such as an integrator's token."""
    row = await conn.fetchrow(AGENT, user_id)
    return None if row is None else caller_of(dict(row))


def caller_of(row: dict[str, Any]) -> Caller:
    """From a row of COLUMNS."""
    sets: dict[str, Any] = {"roles": frozenset(row.pop("roles")), "sold_as": tuple(row.pop("sold_as"))}
    return Caller(row.pop("id"), **row, **sets)


def calling(who: Caller | None) -> Caller:
    """The same person. Raises NotACallingPostError for one who makes no callbacks."""
    if who is None or not who.rings:
        raise NotACallingPostError(
            Words("回访仅由总公司、省公司的回访人员进行（C-11）。", "Headquarters and provinces make callbacks.")
        )
    return who


async def refuse(conn: Connection, who: Caller | None, found: Task) -> None:
    """Raises NotACallingPostError, SalespersonError or NotDialableError (C-24) for who may not ring this customer."""
    if calling(who).user_id in found.barred:
        raise NotDialableError(
            Words("复核须由原回访坐席以外的人员拨打（C-24）。", "A recheck is dialled by another agent than the first.")
        )
    if await sold(conn, calling(who), found):
        raise SalespersonError(
            Words("销售人员本人不得回访其销售的保单（C-11）。", "Who sold the policy never performs its callback.")
        )


async def sold(conn: Connection, who: Caller, found: Task) -> bool:
    """Whether he sold the task's policy."""
    if found.policy_id is None:
        return False
    return await conn.fetchval(SALESPERSON, found.policy_id) in who.sold_as
