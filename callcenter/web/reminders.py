"""Routes of reminders, the list for the published notice, and coordinators' looks. Must never decide who is due."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter import diligence, neglect
from callcenter import reminders as sending
from callcenter.accounts import names
from callcenter.accounts.permissions import Permission
from callcenter.db.pool import Connection
from callcenter.notifications import store as notifications
from callcenter.notifications.notification import Arrival, Kind
from callcenter.web.accounts import OrganisationId
from callcenter.web.acting import by as _by
from callcenter.web.api import Context, Day, Model, Page, PageQuery, Personal, Routes
from tickets.calendar import shanghai_day
from tickets.categories import Department
from tickets.reminders import ListAction, ListState, Stage

routes = Routes("reminders", "Reminders 催办")

TOLD_OF = (Kind.REMINDER, Kind.REMINDER_COPY)


class ReceiptView(Personal):
    """Whether a reminder reached somebody: shown in the console, read, and how it stands by mail and webhook."""

    kind: Kind
    recipient: UUID
    recipient_name: str
    shown_at: datetime | None
    read_at: datetime | None
    mail: Arrival
    webhook: Arrival


class ReminderView(Personal):
    """A reminder slip. No receipt: the coordinator's post was vacant."""

    id: Annotated[UUID, Field(title="催办标识")]
    number: Annotated[str, Field(title="催办单号")]
    stage: Annotated[Stage, Field(title="催办类型")]
    slip_id: Annotated[UUID, Field(title="会办单标识")]
    slip_number: Annotated[str, Field(title="会办单号")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    ticket_number: Annotated[str, Field(title="服务单号")]
    department: Annotated[Department, Field(title="部门")]
    organisation_id: Annotated[str, Field(title="机构")]
    due_day: Annotated[date, Field(title="处理期限")]
    remaining: Annotated[int, Field(title="剩余工作日")]
    overdue: Annotated[int, Field(title="逾期工作日")]
    message: Annotated[str, Field(title="内容")]
    copied: Annotated[bool, Field(title="抄送上级")]
    sent_at: Annotated[datetime, Field(title="催办时间")]
    sent_by_name: Annotated[str | None, Field(title="催办人")]
    receipts: Annotated[list[ReceiptView], Field(title="送达情况")]


class ReminderLine(Personal):
    """A reminder as one line of a file."""

    number: Annotated[str, Field(title="催办单号")]
    stage: Annotated[Stage, Field(title="催办类型")]
    slip_number: Annotated[str, Field(title="会办单号")]
    ticket_number: Annotated[str, Field(title="服务单号")]
    department: Annotated[Department, Field(title="部门")]
    organisation_id: Annotated[str, Field(title="机构")]
    due_day: Annotated[date, Field(title="处理期限")]
    remaining: Annotated[int, Field(title="剩余工作日")]
    overdue: Annotated[int, Field(title="逾期工作日")]
    copied: Annotated[bool, Field(title="抄送上级")]
    sent_at: Annotated[datetime, Field(title="催办时间")]
    sent_by_name: Annotated[str | None, Field(title="催办人")]
    recipients: Annotated[str, Field(title="收件人")]
    read: Annotated[int, Field(title="已读人数")]


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


def _line(view: ReminderView) -> ReminderLine:
    shared = {name: getattr(view, name) for name in ReminderLine.model_fields if name in ReminderView.model_fields}
    return ReminderLine(
        **shared,
        recipients="、".join(receipt.recipient_name for receipt in view.receipts),
        read=sum(receipt.read_at is not None for receipt in view.receipts),
    )


@routes.get("/reminders", Permission.TICKET_READ, reads="reminder", line=_line)
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
        return Page(items=await _views(conn, page.items), next=page.next)


@routes.post("/slips/{slip_id}/reminders", Permission.TICKET_MANAGE, creates=True, reads="reminder")
async def remind(ctx: Context, slip_id: UUID, body: RemindBody) -> ReminderView:
    """Remind a department by hand 人工催办

    Once a day, while the department has the slip in hand.
    """
    at, by = ctx.clock.now(), _by(ctx)
    await sending.by_hand(ctx.db, ctx.key, slip_id, body.text, by, at)
    async with ctx.db.connection() as conn:
        [view] = await _views(conn, await sending.page(conn, "", None, 1, only=ctx.key))
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
    return Page(items=[_listed(row) for row in page.items], next=page.next)


@routes.post("/neglects/{neglect_id}/actions/{action}", Permission.TICKET_MANAGE, reads="neglect")
async def act_on_neglect(ctx: Context, neglect_id: UUID, action: ListAction, body: NeglectBody) -> NeglectView:
    """Confirm, drop or publish 核实、剔除、公示

    A published notice has a number; the upper customer service is copied (R-3.9).
    """
    said = neglect.Said(body.remark, body.notice_number)
    return _listed(await neglect.act(ctx.db, neglect_id, body.version, action, said, _by(ctx), ctx.clock.now()))


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


async def _views(conn: Connection, rows: list[sending.Reminder]) -> list[ReminderView]:
    known = await names.of(conn, [row.sent_by for row in rows])
    receipts = await notifications.receipts(conn, [row.number for row in rows], TOLD_OF)
    made = {"sent_by_name", "receipts"}
    return [
        ReminderView(
            sent_by_name=known.get(row.sent_by),
            receipts=[_receipt(receipt) for receipt in receipts if receipt.about == row.number],
            **{name: getattr(row, name) for name in ReminderView.model_fields if name not in made},
        )
        for row in rows
    ]


def _receipt(receipt: notifications.Receipt) -> ReceiptView:
    return ReceiptView(
        kind=Kind(receipt.kind),
        recipient=receipt.recipient,
        recipient_name=receipt.recipient_name,
        shown_at=receipt.shown_at,
        read_at=receipt.read_at,
        mail=Arrival.of(receipt.mail_done_at, receipt.mail_error),
        webhook=Arrival.of(receipt.webhook_done_at, receipt.webhook_error),
    )


def _listed(row: neglect.Listed) -> NeglectView:
    return NeglectView(**{name: getattr(row, name) for name in NeglectView.model_fields})
