"""Routes of incidents: what a person must know of, and the mark that somebody has looked. Must never remove one."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from callcenter import incidents, terms
from callcenter.accounts.permissions import Permission
from callcenter.incidents import Criteria, Seen
from callcenter.web import details
from callcenter.web.acting import eyes
from callcenter.web.api import Coded, Context, Model, Moment, Page, PageQuery, Personal, Routes
from callcenter.web.customers import is_masked

routes = Routes("incidents", "Incidents 异常事件")


class IncidentQuery(PageQuery):
    """`seen` false: what nobody has looked at yet."""

    kind: Annotated[str | None, Field(max_length=60)] = None
    call_id: UUID | None = None
    seen: bool | None = None
    since: Moment | None = None


class IncidentRow(Personal):
    id: Annotated[UUID, Field(title="事件标识")]
    at: Annotated[datetime, Field(title="时间")]
    kind: Annotated[str, Field(title="类别"), Coded(terms.INCIDENTS)]
    call_id: Annotated[UUID | None, Field(title="通话")]
    details: Annotated[dict[str, Any], Field(title="内容")]
    seen_at: Annotated[datetime | None, Field(title="查看时间")]
    seen_by: Annotated[str | None, Field(title="查看人")]


class SeenBody(Model):
    note: Annotated[str, Field(max_length=2000, description="What was done about it 处置情况")] = ""


@routes.get("/incidents", Permission.INCIDENT_READ, reads="incident")
async def list_incidents(ctx: Context, query: IncidentQuery) -> Page[IncidentRow]:
    """What went wrong or was lost, newest first 异常事件列表

    Calls served by the fallback, recordings lost or incomplete, captures without a call, messages of callers who
    withheld their number, a year without a published calendar.
    """
    criteria = Criteria(query.kind, query.call_id, query.seen, query.since)
    async with ctx.db.connection() as conn:
        rows = await incidents.page(conn, eyes(ctx), criteria, ctx.after(query, UUID), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: row.id)
    return Page(items=[_row(row, is_masked(ctx)) for row in page.items], next=page.next)


@routes.post("/incidents/{incident_id}/actions/see", Permission.INCIDENT_MANAGE, reads="incident")
async def see_incident(ctx: Context, incident_id: UUID, body: SeenBody) -> IncidentRow:
    """Say that somebody has looked, and what was done 标记已查看

    The first who says so stays; the note is in the audit trail.
    """
    row = await incidents.see(
        ctx.db, incident_id, ctx.actor.id, ctx.actor.audit_name, eyes(ctx), ctx.clock.now(), body.note
    )
    return _row(row, is_masked(ctx))


def _row(row: Seen, masked: bool) -> IncidentRow:
    return IncidentRow(**{**asdict(row), "details": details.told(row.details, masked)})
