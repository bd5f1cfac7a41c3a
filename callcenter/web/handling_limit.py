"""Routes of a complaint's handling limit: extensions, agreements, pauses, further material. Must never decide a rule.

Each is answered with the explanation of what became of the deadline.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from callcenter import casefile
from callcenter.accounts.permissions import Permission
from callcenter.handling_limit import Stop
from callcenter.opening import By
from callcenter.web import details
from callcenter.web.acting import by as _by
from callcenter.web.acting import sought
from callcenter.web.api import Context, Day, Model, Moment, Page, PageQuery, Personal, Routes
from callcenter.web.customers import is_masked
from callcenter.web.keys import COMPLAINTS, HANDLING_LIMIT
from callcenter.web.ticket_views import ExplanationView, explanation_view
from tickets import deadlines
from tickets.course import Material, PauseGround

routes = Routes("handling_limits", "Handling limits 办理时限")

Said = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Manner = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Matter = Annotated[str, StringConstraints(max_length=20_000, strip_whitespace=True)]


class VersionBody(Model):
    """`version`: of the ticket, as it was read."""

    version: Annotated[int, Field(ge=1)]


class ExtendBody(VersionBody):
    """The first extension is recorded (L-15), the second proposed (L-16); without a reason neither counts (F-52)."""

    limit: Annotated[Literal["L-15", "L-16"], Field(description="首次延期L-15,再次延期L-16")] = "L-15"
    reason: Annotated[str, StringConstraints(max_length=2000), Field(description="延期理由")] = ""


class RefuseBody(VersionBody):
    """Why the second extension is refused."""

    reason: Said


class ToldBody(VersionBody):
    """How the customer was told, and when: by default now (CL-8)."""

    manner: Annotated[Manner, Field(description="告知方式")]
    told_at: Annotated[Moment | None, Field(description="告知时间")] = None


class AgreeBody(VersionBody):
    """The agreed last day, and the record of the agreement (CL-7)."""

    until: Annotated[Day, Field(description="约定的最后一日")]
    record: Annotated[Said, Field(description="约定的记录")]


class PauseBody(VersionBody):
    """An appraisal with how and when the customer was told of it, or a mediation both sides applied for (CL-4)."""

    ground: Annotated[PauseGround, Field(description="中止事由")]
    note: Annotated[Said, Field(description="说明")]
    started_at: Annotated[Moment | None, Field(description="开始时间,默认现在")] = None
    told_at: Annotated[Moment | None, Field(description="告知客户的时间")] = None
    told_manner: Annotated[Manner | None, Field(description="告知方式")] = None
    both_applied: Annotated[bool, Field(description="双方申请调解")] = False


class ResumeBody(VersionBody):
    """What ended the pause, and when: by default now."""

    note: Annotated[Said, Field(description="说明")]
    ended_at: Annotated[Moment | None, Field(description="结束时间")] = None


class MaterialBody(VersionBody):
    """What the complainant brings; with new facts and reasons the limits start anew (CL-5)."""

    facts: Annotated[Matter, Field(description="新的事实")] = ""
    reasons: Annotated[Matter, Field(description="新的理由")] = ""
    received_at: Annotated[Moment | None, Field(description="收到时间,默认现在")] = None


class WaitingFor(StrEnum):
    """What a second extension waits for."""

    APPROVAL = "approval"
    NOTICE = "notice"


class ExtensionQuery(PageQuery):
    """By what they wait for; without it all that wait."""

    waiting_for: Annotated[WaitingFor | None, Field(description="待批准或待告知客户")] = None


class WaitingExtensionView(Personal):
    """A second extension that waits; `due_day` is the ticket's deadline as it stands."""

    id: Annotated[UUID, Field(title="延期标识")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    number: Annotated[str, Field(title="服务单号")]
    ticket_version: Annotated[int, Field(title="服务单版本")]
    accepting_organisation_id: Annotated[str, Field(title="受理机构")]
    why: Annotated[str, Field(title="理由")]
    proposed_at: Annotated[datetime, Field(title="提出时间")]
    proposed_by: Annotated[str, Field(title="提出人")]
    approved_at: Annotated[datetime | None, Field(title="批准时间")]
    approved_by: Annotated[str | None, Field(title="批准人")]
    due_day: Annotated[date | None, Field(title="答复期限")]


@routes.get("/extensions", (Permission.EXTENSION_APPROVE, Permission.TICKET_MANAGE), reads="ticket")
async def list_extensions(ctx: Context, query: ExtensionQuery) -> Page[WaitingExtensionView]:
    """Second extensions that wait for approval, or for the customer to be told 待办的再次延期"""
    approved = None if query.waiting_for is None else query.waiting_for is WaitingFor.NOTICE
    after = ctx.after(query, tuple[datetime, UUID])
    async with ctx.db.connection() as conn:
        rows = await casefile.waiting_extensions(conn, _by(ctx), approved, after, query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row["proposed_at"], row["id"]))
    masked = is_masked(ctx)
    ctx.seen += [("ticket", str(row["ticket_id"])) for row in page.items]
    return Page(items=[_waiting(row, masked) for row in page.items], next=page.next)


@routes.post("/tickets/{ticket_id}/extensions", Permission.TICKET_MANAGE, creates=True, reads="ticket")
async def extend(ctx: Context, ticket_id: UUID, body: ExtendBody) -> ExplanationView:
    """Extend the ceiling for complexity, or propose a second extension 延期

    One recorded after the ceiling has passed is kept, and has no effect (`counts: false`).
    """
    by = _by(ctx)
    with sought():
        await ctx.resource(HANDLING_LIMIT).extend(ticket_id, body.version, ctx.key, body.limit, body.reason, by)
    return await _explained(ctx, ticket_id, by)


@routes.post("/tickets/{ticket_id}/extensions/{extension_id}/approve", Permission.EXTENSION_APPROVE, reads="ticket")
async def approve_extension(ctx: Context, ticket_id: UUID, extension_id: UUID, body: VersionBody) -> ExplanationView:
    """Approve a second extension 批准再次延期

    For the upper organisation or as an executive of headquarters; never who proposed it. It counts once the customer
    was told.
    """
    by = _by(ctx)
    with sought():
        await ctx.resource(HANDLING_LIMIT).approve(ticket_id, body.version, extension_id, by)
    return await _explained(ctx, ticket_id, by)


@routes.post("/tickets/{ticket_id}/extensions/{extension_id}/refuse", Permission.EXTENSION_APPROVE, reads="ticket")
async def refuse_extension(ctx: Context, ticket_id: UUID, extension_id: UUID, body: RefuseBody) -> ExplanationView:
    """Refuse a second extension 不批准再次延期"""
    by = _by(ctx)
    with sought():
        await ctx.resource(HANDLING_LIMIT).refuse(ticket_id, body.version, extension_id, body.reason, by)
    return await _explained(ctx, ticket_id, by)


@routes.post("/tickets/{ticket_id}/extensions/{extension_id}/told", Permission.TICKET_MANAGE, reads="ticket")
async def told_of_extension(ctx: Context, ticket_id: UUID, extension_id: UUID, body: ToldBody) -> ExplanationView:
    """Record that the customer was told of an approved extension 延期已告知客户"""
    by = _by(ctx)
    with sought():
        await ctx.resource(HANDLING_LIMIT).told(ticket_id, body.version, extension_id, body.manner, body.told_at, by)
    return await _explained(ctx, ticket_id, by)


@routes.post("/tickets/{ticket_id}/agreements", Permission.TICKET_MANAGE, creates=True, reads="ticket")
async def agree(ctx: Context, ticket_id: UUID, body: AgreeBody) -> ExplanationView:
    """Record a limit agreed with the complainant 与投诉人约定期限"""
    by = _by(ctx)
    with sought():
        await ctx.resource(HANDLING_LIMIT).agree(ticket_id, body.version, ctx.key, body.until, body.record, by)
    return await _explained(ctx, ticket_id, by)


@routes.post("/tickets/{ticket_id}/pauses", Permission.TICKET_MANAGE, creates=True, reads="ticket")
async def pause(ctx: Context, ticket_id: UUID, body: PauseBody) -> ExplanationView:
    """Stop the clock of the decision 期限中止"""
    by, at = _by(ctx), ctx.clock.now()
    stop = Stop(body.ground, body.note, body.started_at or at, body.told_at, body.told_manner, body.both_applied)
    with sought():
        await ctx.resource(HANDLING_LIMIT).pause(ticket_id, body.version, ctx.key, stop, by)
    return await _explained(ctx, ticket_id, by)


@routes.post("/tickets/{ticket_id}/pauses/{pause_id}/end", Permission.TICKET_MANAGE, reads="ticket")
async def end_pause(ctx: Context, ticket_id: UUID, pause_id: UUID, body: ResumeBody) -> ExplanationView:
    """Let the clock run on 期限恢复"""
    by = _by(ctx)
    with sought():
        await ctx.resource(HANDLING_LIMIT).resume(ticket_id, body.version, pause_id, body.ended_at, body.note, by)
    return await _explained(ctx, ticket_id, by)


@routes.post("/tickets/{ticket_id}/materials", Permission.TICKET_EDIT, creates=True, reads="ticket")
async def receive_material(ctx: Context, ticket_id: UUID, body: MaterialBody) -> ExplanationView:
    """Record further material of the complainant 补充材料

    With new facts and reasons both limits start anew from the day it was received.
    """
    by, at = _by(ctx), ctx.clock.now()
    material = Material(body.received_at or at, body.facts, body.reasons)
    with sought():
        await ctx.resource(HANDLING_LIMIT).renew(ticket_id, body.version, ctx.key, material, by)
    return await _explained(ctx, ticket_id, by)


async def _explained(ctx: Context, ticket_id: UUID, by: By) -> ExplanationView:
    at = ctx.clock.now()
    async with ctx.db.connection() as conn:
        explained = await casefile.explain(conn, ticket_id, by, ctx.resource(COMPLAINTS).rules, at)
    return explanation_view(explained, is_masked(ctx))


def _waiting(row: dict[str, Any], masked: bool) -> WaitingExtensionView:
    own = {name: row[name] for name in WaitingExtensionView.model_fields if name in row}
    due = None if row["due_day"] == deadlines.NEVER else row["due_day"]
    return WaitingExtensionView(**own | {"why": details.text(str(row["reason"]), masked), "due_day": due})
