"""Use cases about integrators' API tokens: issued with scopes and an end, shown once, revoked. Must never store one."""

from datetime import datetime
from uuid import UUID

from callcenter import audit
from callcenter.accounts import permissions, store
from callcenter.accounts.doer import Doer
from callcenter.accounts.errors import NotOursToGiveError
from callcenter.accounts.permissions import Permission, Role
from callcenter.accounts.sessions import TOKEN_PREFIX, digest, new_token
from callcenter.accounts.store import Token
from callcenter.db.pool import Database
from callcenter.errors import ConflictError, NotFoundError
from tickets.errors import Words

GRANTABLE = permissions.PERMISSIONS[Role.INTEGRATOR]
"""The scopes there are: what an integrator's role may do."""


async def issue(
    db: Database,
    doer: Doer,
    token_id: UUID,
    name: str,
    scopes: frozenset[Permission],
    organisation_id: str,
    expires_at: datetime,
    at: datetime,
) -> tuple[Token, str]:
    """The token and its secret, which is not kept. Raises NotOursToGiveError, and ConflictError when issued before."""
    if unknown := scopes - GRANTABLE:
        raise NotOursToGiveError(
            Words(
                f"不能授予接口的权限：{'、'.join(sorted(unknown))}",
                f"not a scope for integrators: {', '.join(sorted(unknown))}",
            )
        )
    if expires_at <= at:
        raise NotOursToGiveError(Words("expires_at 已过去", "expires_at lies in the past"))
    secret = new_token(TOKEN_PREFIX)
    async with db.transaction() as conn:
        organisation = await store.organisation(conn, organisation_id)
        if organisation is None or not organisation.path.startswith(doer.path):
            raise NotOursToGiveError(
                Words(f"您的机构范围内没有{organisation_id}", f"there is no organisation {organisation_id} among yours")
            )
        token = Token(
            id=token_id,
            name=name,
            scopes=tuple(sorted(scopes)),
            organisation_id=organisation_id,
            path=organisation.path,
            created_by=doer.name,
            created_at=at,
            expires_at=expires_at,
            last_used_at=None,
            revoked_at=None,
        )
        if not await store.add_token(conn, token, digest(secret)):
            raise ConflictError(
                Words(
                    "该令牌此前已签发，密钥不能再次显示：请撤销后另行签发",
                    "this token was issued before; its secret cannot be shown again: revoke it, issue another",
                )
            )
        await audit.record(
            conn,
            actor=doer.name,
            action="token.issued",
            object_kind="token",
            object_id=str(token_id),
            at=at,
            details={"name": name, "scopes": sorted(scopes), "organisation_id": organisation_id},
            address=doer.address,
        )
    return token, secret


async def revoke(db: Database, doer: Doer, token_id: UUID, at: datetime) -> None:
    """Ends the token now. Raises NotFoundError."""
    async with db.transaction() as conn:
        token = await store.token(conn, token_id)
        if token is None or not token.path.startswith(doer.path):
            raise NotFoundError("token", token_id)
        if token.revoked_at is not None:
            return
        await store.revoke_token(conn, token_id, at)
        await audit.record(
            conn,
            actor=doer.name,
            action="token.revoked",
            object_kind="token",
            object_id=str(token_id),
            at=at,
            details={"name": token.name},
            address=doer.address,
        )
