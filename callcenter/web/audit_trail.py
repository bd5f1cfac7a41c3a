"""Reads the audit trail and the access log, newest first. Must never change them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from callcenter.accounts.permissions import Permission
from callcenter.db.pool import Connection
from callcenter.ids import first_of
from callcenter.web.api import Context, Model, Moment, Page, PageQuery, Routes

routes = Routes("audit", "Audit trail and access log 审计与访问日志")

Word = Annotated[str, Field(min_length=1, max_length=200)]


class TrailQuery(PageQuery):
    """Filters; `since` and `until` bound the moment of the entry."""

    actor: Word | None = None
    object_kind: Word | None = None
    object_id: Word | None = None
    since: Moment | None = None
    until: Moment | None = None


class AccessQuery(TrailQuery):
    """Filters of the access log."""

    verdict: Literal["allow", "deny"] | None = None


class Change(Model):
    """One change that was made."""

    id: UUID
    at: datetime = Field(title="时间")
    actor: str = Field(title="操作人")
    action: str = Field(title="操作")
    object_kind: str = Field(title="对象类别")
    object_id: str = Field(title="对象")
    details: dict[str, Any] = Field(title="内容")
    address: str | None = Field(title="地址")


class Read(Model):
    """One attempt to see or hear personal data."""

    id: UUID
    at: datetime = Field(title="时间")
    actor: str = Field(title="操作人")
    verdict: str = Field(title="结果")
    reason: str = Field(title="原因")
    object_kind: str = Field(title="对象类别")
    object_id: str = Field(title="对象")
    purpose: str | None = Field(title="用途")
    address: str | None = Field(title="地址")


PAGE_AUDIT = """
SELECT id, at, actor, action, object_kind, object_id, details, address
FROM audit
WHERE (EXISTS (SELECT FROM organisation WHERE kind = 'hq' AND path = $1) OR actor IN (
        SELECT 'user:' || u.id FROM app_user u JOIN organisation o ON o.id = u.organisation_id
        WHERE o.path LIKE $1 || '%'))
    AND ($2::uuid IS NULL OR id < $2) AND ($4::text IS NULL OR actor = $4) AND ($5::text IS NULL OR object_kind = $5)
    AND ($6::text IS NULL OR object_id = $6) AND id >= $7 AND id < $8
ORDER BY id DESC LIMIT $3"""

PAGE_ACCESS = """
SELECT id, at, actor, verdict, reason, object_kind, object_id, purpose, address
FROM access_log
WHERE (EXISTS (SELECT FROM organisation WHERE kind = 'hq' AND path = $1) OR actor IN (
        SELECT 'user:' || u.id FROM app_user u JOIN organisation o ON o.id = u.organisation_id
        WHERE o.path LIKE $1 || '%'))
    AND ($2::uuid IS NULL OR id < $2) AND ($4::text IS NULL OR actor = $4) AND ($5::text IS NULL OR object_kind = $5)
    AND ($6::text IS NULL OR object_id = $6) AND id >= $7 AND id < $8 AND ($9::text IS NULL OR verdict = $9)
ORDER BY id DESC LIMIT $3"""

FIRST, LAST = UUID(int=0), UUID(int=(1 << 128) - 1)


async def _page(conn: Connection, statement: str, ctx: Context, query: TrailQuery, *more: object) -> list[Any]:
    return await conn.fetch(
        statement,
        ctx.actor.path,
        ctx.after(query, UUID),
        query.limit + 1,
        query.actor,
        query.object_kind,
        query.object_id,
        FIRST if query.since is None else first_of(query.since),
        LAST if query.until is None else first_of(query.until),
        *more,
    )


@routes.get("/audit", Permission.AUDIT_READ, reads="audit")
async def list_changes(ctx: Context, query: TrailQuery) -> Page[Change]:
    """What was changed, by whom 变更记录"""
    async with ctx.db.connection() as conn:
        rows = await _page(conn, PAGE_AUDIT, ctx, query)
    return ctx.page([Change(**dict(row)) for row in rows], query, key=lambda change: change.id)


@routes.get("/access-log", Permission.AUDIT_READ, reads="access_log")
async def list_reads(ctx: Context, query: AccessQuery) -> Page[Read]:
    """Who saw or tried to see what 访问记录"""
    async with ctx.db.connection() as conn:
        rows = await _page(conn, PAGE_ACCESS, ctx, query, query.verdict)
    return ctx.page([Read(**dict(row)) for row in rows], query, key=lambda read: read.id)
