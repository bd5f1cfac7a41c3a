"""Reads the audit trail and the access log, newest first. Must never change them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from callcenter import terms
from callcenter.accounts import names
from callcenter.accounts.permissions import Permission
from callcenter.db.pool import Connection
from callcenter.ids import first_of
from callcenter.web import details
from callcenter.web.api import Coded, Context, Moment, Page, PageQuery, Personal, Routes
from callcenter.web.customers import is_masked

routes = Routes("audit", "Audit trail and access log 审计与访问日志")

Word = Annotated[str, Field(min_length=1, max_length=200)]


class TrailQuery(PageQuery):
    """Filters; what is left out does not narrow. `since` and `until` bound the moment of the entry."""

    actor: Annotated[
        Word | None, Field(description="As it stands in the entry: user:…, token:…, system:… 操作人标识")
    ] = None
    user_id: Annotated[UUID | None, Field(description="A person 人员")] = None
    object_kind: Word | None = None
    object_id: Word | None = None
    since: Moment | None = None
    until: Moment | None = None

    @property
    def by(self) -> list[str] | None:
        """The actors meant; both filters together mean both at once."""
        asked = {actor for actor in (self.actor, self.user_id and f"user:{self.user_id}") if actor}
        return None if not asked else [] if len(asked) > 1 else list(asked)


class AuditQuery(TrailQuery):
    """Filters of the changes."""

    action: Annotated[Word | None, Field(description="Like ticket.close 操作")] = None


class AccessQuery(TrailQuery):
    """Filters of the access log."""

    verdict: Literal["allow", "deny"] | None = None
    stated_purpose: Annotated[Word | None, Field(description="Words in the purpose that was given 用途")] = None
    ticket_id: Annotated[UUID | None, Field(description="The ticket it was heard for 服务单")] = None


class Change(Personal):
    """One change that was made."""

    id: UUID = Field(title="记录标识")
    at: datetime = Field(title="时间")
    actor: str = Field(title="操作人标识")
    actor_name: str | None = Field(title="操作人")
    action: str = Field(title="操作")
    object_kind: str = Field(title="对象类别")
    object_id: str = Field(title="对象")
    details: dict[str, Any] = Field(title="内容")
    address: str | None = Field(title="地址")


class Read(Personal):
    """One attempt to see or hear personal data; of sound, which bytes of it."""

    id: UUID = Field(title="记录标识")
    at: datetime = Field(title="时间")
    actor: str = Field(title="操作人标识")
    actor_name: str | None = Field(title="操作人")
    verdict: Annotated[str, Coded(terms.VERDICTS)] = Field(title="结果")
    reason: str = Field(title="原因")
    object_kind: str = Field(title="对象类别")
    object_id: str = Field(title="对象")
    purpose: str | None = Field(title="用途")
    ticket_id: UUID | None = Field(title="关联服务单")
    first_byte: int | None = Field(title="起始字节")
    last_byte: int | None = Field(title="结束字节")
    address: str | None = Field(title="地址")
    user_agent: str | None = Field(title="客户端")


SEEN = """
WHERE (EXISTS (SELECT FROM organisation WHERE kind = 'hq' AND path = $1) OR actor IN (
        SELECT 'user:' || u.id FROM app_user u JOIN organisation o ON o.id = u.organisation_id
        WHERE o.path LIKE $1 || '%'))
    AND ($2::uuid IS NULL OR id < $2) AND ($4::text[] IS NULL OR actor = ANY($4))
    AND ($5::text IS NULL OR object_kind = $5) AND ($6::text IS NULL OR object_id = $6) AND id >= $7 AND id < $8"""
PAGE_AUDIT = f"""
SELECT id, at, actor, action, object_kind, object_id, details, address
FROM audit {SEEN} AND ($9::text IS NULL OR action = $9)
ORDER BY id DESC LIMIT $3"""  # noqa: S608
PAGE_ACCESS = f"""
SELECT id, at, actor, verdict, reason, object_kind, object_id, purpose, ticket_id, first_byte, last_byte, address,
    user_agent
FROM access_log {SEEN} AND ($9::text IS NULL OR verdict = $9)
    AND ($10::text IS NULL OR position(lower($10) IN lower(purpose)) > 0) AND ($11::uuid IS NULL OR ticket_id = $11)
ORDER BY id DESC LIMIT $3"""  # noqa: S608

FIRST, LAST = UUID(int=0), UUID(int=(1 << 128) - 1)


async def _page(conn: Connection, statement: str, ctx: Context, query: TrailQuery, *more: object) -> list[Any]:
    rows = await conn.fetch(
        statement,
        ctx.actor.path,
        ctx.after(query, UUID),
        query.limit + 1,
        query.by,
        query.object_kind,
        query.object_id,
        FIRST if query.since is None else first_of(query.since),
        LAST if query.until is None else first_of(query.until),
        *more,
    )
    known = await names.of(conn, [row["actor"] for row in rows])
    return [{**dict(row), "actor_name": known.get(row["actor"])} for row in rows]


@routes.get("/audit", Permission.AUDIT_READ, reads="audit")
async def list_changes(ctx: Context, query: AuditQuery) -> Page[Change]:
    """What was changed, by whom 变更记录"""
    async with ctx.db.connection() as conn:
        rows = await _page(conn, PAGE_AUDIT, ctx, query, query.action)
    hidden = is_masked(ctx)
    changes = [Change(**{**row, "details": details.told(row["details"], hidden)}) for row in rows]
    return ctx.page(changes, query, key=lambda change: change.id)


@routes.get("/access-log", Permission.AUDIT_READ, reads="access_log")
async def list_reads(ctx: Context, query: AccessQuery) -> Page[Read]:
    """Who saw or tried to see what, why and for which ticket 访问记录"""
    async with ctx.db.connection() as conn:
        rows = await _page(conn, PAGE_ACCESS, ctx, query, query.verdict, query.stated_purpose, query.ticket_id)
    hidden = is_masked(ctx)
    reads = [Read(**{**row, "purpose": details.text(row["purpose"], hidden)}) for row in rows]
    return ctx.page(reads, query, key=lambda read: read.id)
