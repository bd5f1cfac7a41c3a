"""Routes of reminders, the list for the published notice, and coordinators' looks. Must never decide who is due."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter import diligence, neglect
from callcenter import reminders as sending
from callcenter.accounts import names
from callcenter.accounts.permissions import Permission
from callcenter.db.pool import Connection
from callcenter.web import details
from callcenter.web.accounts import OrganisationId
from callcenter.web.acting import by as _by
from callcenter.web.api import Context, Day, Model, Page, PageQuery, Personal, Routes
from callcenter.web.customers import is_masked
from callcenter.web.reminder_views import ReminderView, reminder_line, reminder_view
from tickets.calendar import shanghai_day
from tickets.categories import Department
from tickets.reminders import ListAction, ListState, Stage

routes = Routes("reminders", "Reminders 催办")


class ReminderQuery(PageQuery):
    ticket_id: UUID | None = None
    department: Department | None = None
    organisation_id: OrganisationId | None = None
    stage: Stage | None = None


class RemindBody(Model):
    """What is said beside the limit."""

    text: Annotated[str, Field(max_length=2000)] = ""


class NeglectView(Personal):
    """A department that let a case lie (R-3.9)."""

    id: Annotated[UUID, Field(title="条目标识")]
    state: Annotated[ListState, Field(title="状态")]
    slip_id: Annotated[UUID, Field(title="会办单标识")]
    slip_number: Annotated[str, Field(title="会办单号")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    ticket_number: Annotated[str, Field(title="服务单号")]
    department: Annotated[Department, Field(title="部门")]
    organisation_id: Annotated[str, Field(title="机构")]
    accepting_organisation_id: Annotated[str, Field(title="受理机构")]
    overdue: Annotated[int, Field(title="列入时逾期工作日")]
    listed_at: Annotated[datetime, Field(title="列入时间")]
    remark: Annotated[str, Field(title="说明")]
    notice_number: Annotated[str | None, Field(title="公示文号")]
    published_at: Annotated[datetime | None, Field(title="公示时间")]
    version: Annotated[int, Field(title="版本")]


class NeglectQuery(PageQuery):
    state: ListState | None = None


class NeglectBody(Model):
    """`remark`: why it is dropped, or the notice's text; `notice_number`: of the published notice (行文)."""

    version: Annotated[int, Field(ge=1, le=2_000_000_000)]
    remark: Annotated[str, Field(max_length=2000)] = ""
    notice_number: Annotated[str | None, Field(min_length=1, max_length=100)] = None


class LookView(Personal):
    """An acting coordinator on one day: when the department's list was opened, and what is in hand now."""

    organisation_id: Annotated[str, Field(title="机构")]
    department: Annotated[Department, Field(title="部门")]
    user_id: Annotated[UUID, Field(title="协调员标识")]
    user_name: Annotated[str, Field(title="协调员")]
    first_at: Annotated[datetime | None, Field(title="首次查看")]
    last_at: Annotated[datetime | None, Field(title="最近查看")]
    times: Annotated[int, Field(title="查看次数")]
    in_hand: Annotated[int, Field(title="在办会办单")]


class LookQuery(PageQuery):
    """`on`: the day, by default today; `looked` false: who has not opened his list."""

    on: Day | None = None
    looked: bool | None = None


@routes.get("/reminders", Permission.TICKET_READ, reads="reminder", line=reminder_line)
async def list_reminders(ctx: Context, query: ReminderQuery) -> Page[ReminderView]:
    """Reminders with their receipts, newest first 催办单 (R-4.21)"""
    async with ctx.db.connection() as conn:
        rows = await sending.page(
            conn,
            ctx.actor.path,
            ctx.after(query, tuple[datetime, UUID]),
            query.limit + 1,
            ticket_id=query.ticket_id,
            department=query.department,
            organisation_id=query.organisation_id,
            stage=query.stage,
        )
        page = ctx.page(rows, query, key=lambda row: (row.sent_at, row.id))
        return Page(items=await _shown(conn, page.items, is_masked(ctx)), next=page.next)


@routes.post("/slips/{slip_id}/reminders", Permission.TICKET_MANAGE, creates=True, reads="reminder")
async def remind(ctx: Context, slip_id: UUID, body: RemindBody) -> ReminderView:
    """Remind a department by hand 人工催办

    Once a day, while the department has the slip in hand.
    """
    at, by = ctx.clock.now(), _by(ctx)
    await sending.by_hand(ctx.db, ctx.key, slip_id, body.text, by, at)
    async with ctx.db.connection() as conn:
        [view] = await _shown(conn, await sending.page(conn, "", None, 1, only=ctx.key), is_masked(ctx))
    return view


@routes.get("/neglects", Permission.TICKET_READ, reads="neglect")
async def list_neglects(ctx: Context, query: NeglectQuery) -> Page[NeglectView]:
    """The list for the published notice 公示名单 (R-3.9)

    Departments silent for five working days past the limit; what is published is known to everybody below, too.
    """
    async with ctx.db.connection() as conn:
        rows = await neglect.page(
            conn,
            ctx.actor.path,
            None if query.state is None else (query.state,),
            ctx.after(query, tuple[datetime, UUID]),
            query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: (row.listed_at, row.id))
    return Page(items=[_listed(row, is_masked(ctx)) for row in page.items], next=page.next)


@routes.post("/neglects/{neglect_id}/actions/{action}", Permission.TICKET_MANAGE, reads="neglect")
async def act_on_neglect(ctx: Context, neglect_id: UUID, action: ListAction, body: NeglectBody) -> NeglectView:
    """Confirm, drop or publish 核实、剔除、公示

    A published notice has a number; the upper customer service is copied (R-3.9).
    """
    said = neglect.Said(body.remark, body.notice_number)
    entry = await neglect.act(ctx.db, neglect_id, body.version, action, said, _by(ctx), ctx.clock.now())
    return _listed(entry, is_masked(ctx))


@routes.get("/queue-looks", Permission.POST_READ, reads="post")
async def list_looks(ctx: Context, query: LookQuery) -> Page[LookView]:
    """Which coordinators looked at their queue 协调员每日查看情况 (R-3.43)"""
    async with ctx.db.connection() as conn:
        rows = await diligence.page(
            conn,
            ctx.actor.path,
            query.on or shanghai_day(ctx.clock.now()),
            query.looked,
            ctx.after(query, tuple[str, str]),
            query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: (row.path, row.department))
    return Page(
        items=[LookView(**{name: getattr(row, name) for name in LookView.model_fields}) for row in page.items],
        next=page.next,
    )


async def _shown(conn: Connection, rows: Sequence[sending.Reminder], masked: bool) -> list[ReminderView]:
    known = await names.of(conn, [row.sent_by for row in rows])
    receipts = await sending.receipts(conn, rows)
    return [reminder_view(row, receipts, known, masked) for row in rows]


def _listed(row: neglect.Listed, masked: bool) -> NeglectView:
    values = {name: getattr(row, name) for name in NeglectView.model_fields}
    return NeglectView(**{**values, "remark": details.text(row.remark, masked) or ""})
