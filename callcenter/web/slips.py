"""Routes of slips: a department's list, and what it does with each. Must never decide a rule."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter import diligence, slips
from callcenter.accounts.permissions import Permission
from callcenter.errors import NotFoundError
from callcenter.slips import Said, Wish
from callcenter.web.acting import by as _by
from callcenter.web.api import Context, Day, Model, Page, PageQuery, Routes
from callcenter.web.customers import is_masked
from callcenter.web.keys import SLIPS
from callcenter.web.slip_views import ListedSlipView, listed_slip_view
from callcenter.web.ticket_bodies import Text
from callcenter.web.ticket_views import TicketView
from callcenter.web.tickets import organisation_path, shown_ticket
from tickets.calendar import shanghai_day
from tickets.categories import Department
from tickets.errors import SlipNotFoundError
from tickets.slips import Part, SlipAction, SlipState

routes = Routes("slips", "Joint-handling slips 会办单")

STATES = "^({0})(,({0}))*$".format("|".join(SlipState))


class SlipQuery(PageQuery):
    """Filters; what is left out does not narrow."""

    mine: Annotated[bool, Field(description="Of my department in my organisation 本部门")] = False
    state: Annotated[
        str | None, Field(pattern=STATES, description="One or several, separated by commas 状态,可多选,逗号分隔")
    ] = None
    part: Part | None = None
    department: Department | None = None
    organisation: Annotated[str | None, Field(max_length=100, description="And those below 机构")] = None
    ticket_id: UUID | None = None
    overdue: Annotated[bool, Field(description="Not accepted in time 逾期未接收 (L-9)")] = False
    unreported: Annotated[bool, Field(description="Not heard of by the day set 逾期未反馈进展 (R-3.45)")] = False


class SlipBody(Model):
    """What is said with an action on a slip. `version` is the slip's that was read."""

    version: Annotated[int, Field(ge=1)]
    text: Annotated[
        Text, Field(description="Entry, answer, reason or request 调查情况、反馈意见、理由或要求 (R-4.20…R-4.23)")
    ] = ""
    department: Annotated[Department | None, Field(description="Whom to ask 请求协办的部门 (R-4.19)")] = None


class ReportBody(Model):
    """Until which day customer service wants to hear how far it is. `version` is the slip's that was read."""

    version: Annotated[int, Field(ge=1)]
    day: Annotated[Day, Field(description="进展反馈期限 (R-3.45)")]


@routes.get("/slips", Permission.TICKET_READ, reads="ticket")
async def list_slips(ctx: Context, query: SlipQuery) -> Page[ListedSlipView]:
    """Slips, newest first 会办单列表

    A coordinator's daily list is `mine=true&state=sent,accepted`; that it was opened is kept (R-3.43).
    """
    at, by = ctx.clock.now(), _by(ctx)
    own = (by.department.value if by.department else "", by.organisation_id or "")
    path = await organisation_path(ctx, query.organisation) if query.organisation else None
    wish = Wish(
        department=own[0] if query.mine else query.department,
        organisation=own[1] if query.mine else None,
        organisation_path=path,
        state=query.state.split(",") if query.state else (),
        part=query.part,
        ticket_id=query.ticket_id,
        overdue_at=at if query.overdue else None,
        unreported_on=shanghai_day(at) if query.unreported else None,
    )
    if query.mine and ctx.actor.may(Permission.SLIP_WORK) and by.user_id is not None and query.cursor is None:
        await diligence.looked(ctx.db, by.user_id, at)
    async with ctx.db.connection() as conn:
        rows = await slips.page(conn, wish, by, ctx.after(query, tuple[datetime, UUID]), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row["sent_at"], row["id"]))
    ctx.seen.extend(("ticket", str(row["ticket_id"])) for row in page.items)
    return Page(items=[listed_slip_view(row, at, is_masked(ctx)) for row in page.items], next=page.next)


@routes.post(
    "/tickets/{ticket_id}/slips/{slip_id}/actions/{action}",
    (Permission.SLIP_WORK, Permission.TICKET_MANAGE),
    reads="ticket",
)
async def act_on_slip(ctx: Context, ticket_id: UUID, slip_id: UUID, action: SlipAction, body: SlipBody) -> TicketView:
    """Accept, return, write, ask, answer or release 会办单处理

    Its department acts on a slip; the complaint post releases it. Refusals name the rule; nothing is changed then.
    """
    by = _by(ctx)
    try:
        await ctx.resource(SLIPS).act(ticket_id, slip_id, body.version, action, Said(body.text, body.department), by)
    except SlipNotFoundError as error:
        raise NotFoundError("slip", error.details["slip"]) from None
    return await shown_ticket(ctx, ticket_id, by)


@routes.post("/tickets/{ticket_id}/slips/{slip_id}/report-day", Permission.TICKET_MANAGE, reads="ticket")
async def want_report(ctx: Context, ticket_id: UUID, slip_id: UUID, body: ReportBody) -> TicketView:
    """Say until when the coordinator reports how far the department is 限期反馈进展 (R-3.45)

    An entry, a question to another department or the answer is a report; the day may be set anew.
    """
    by = _by(ctx)
    try:
        await ctx.resource(SLIPS).want_report(ticket_id, slip_id, body.version, body.day, by)
    except SlipNotFoundError as error:
        raise NotFoundError("slip", error.details["slip"]) from None
    return await shown_ticket(ctx, ticket_id, by)
