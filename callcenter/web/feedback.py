"""Routes of feedback, of formalities and of downgrades. Must never decide a rule."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from callcenter import downgrades, feedback
from callcenter.accounts.permissions import Permission
from callcenter.errors import NotFoundError
from callcenter.feedback import Formality
from callcenter.web import details
from callcenter.web.acting import by as _by
from callcenter.web.api import Context, Day, Model, Page, PageQuery, Personal, Routes, Text
from callcenter.web.customers import is_masked
from callcenter.web.keys import COMPLAINTS
from tickets.calendar import shanghai_day
from tickets.categories import Department
from tickets.downgrades import DowngradeAction, DowngradeState
from tickets.errors import TicketNotFoundError
from tickets.feedback import Audience
from tickets.intake import Severity
from tickets.lifecycle import Status

routes = Routes("feedback", "Feedback, formalities, downgrades 反馈、后续手续、降级")

Reason = Annotated[str, Field(min_length=1, max_length=2000)]
Version = Annotated[int, Field(ge=1)]


class FeedbackView(Personal):
    """Who was fed back to when the customer was told, and whether they have seen it (R-4.28)."""

    id: Annotated[UUID, Field(title="反馈标识")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    ticket_number: Annotated[str, Field(title="服务单号")]
    ticket_status: Annotated[Status, Field(title="状态")]
    answer_accepted: Annotated[bool | None, Field(title="客户是否接受")]
    audience: Annotated[Audience, Field(title="反馈对象")]
    organisation_id: Annotated[str, Field(title="机构标识")]
    organisation: Annotated[str, Field(title="机构")]
    department: Annotated[Department | None, Field(title="部门")]
    given_at: Annotated[datetime, Field(title="反馈时间")]
    seen_at: Annotated[datetime | None, Field(title="签收时间")]
    seen_by: Annotated[str | None, Field(title="签收人")]


class FeedbackQuery(PageQuery):
    """`mine`: to my organisation, and my department where it is a department's."""

    audience: Audience | None = None
    seen: bool | None = None
    mine: Annotated[bool, Field(description="给我的")] = False


class FormalityView(Personal):
    """Something to complete after the customer accepted (R-4.29)."""

    id: Annotated[UUID, Field(title="手续标识")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    ticket_number: Annotated[str, Field(title="服务单号")]
    duty: Annotated[str, Field(title="后续手续")]
    owner_id: Annotated[UUID, Field(title="责任人标识")]
    owner_name: Annotated[str, Field(title="责任人")]
    due_day: Annotated[date, Field(title="期限")]
    overdue: Annotated[bool, Field(title="是否逾期")]
    done_at: Annotated[datetime | None, Field(title="办结时间")]
    result: Annotated[str | None, Field(title="办理结果")]
    version: Annotated[int, Field(title="版本")]


class FormalityQuery(PageQuery):
    done: bool | None = None
    mine: Annotated[bool, Field(description="我负责的")] = False
    overdue: Annotated[bool, Field(description="逾期未办")] = False


class FormalityBody(Model):
    """What is to be completed, by whom, until which day."""

    duty: Reason
    owner_id: UUID
    due_day: Day


class DoneBody(Model):
    version: Version
    result: Text


class FedBackView(Personal):
    """Who was fed back to with a ticket's decision, and the formalities that follow."""

    id: UUID
    feedback: list[FeedbackView]
    formalities: list[FormalityView]


class DowngradeView(Personal):
    """A proposal to make a difficult or major complaint a lighter case (F-47)."""

    id: Annotated[UUID, Field(title="申请标识")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    ticket_number: Annotated[str, Field(title="服务单号")]
    ticket_status: Annotated[Status, Field(title="服务单状态")]
    ticket_version: Annotated[int, Field(title="服务单版本")]
    accepting_organisation_id: Annotated[str, Field(title="受理机构")]
    from_severity: Annotated[Severity, Field(title="原级别")]
    to_severity: Annotated[Severity, Field(title="拟降级别")]
    reason: Annotated[str, Field(title="理由")]
    state: Annotated[DowngradeState, Field(title="状态")]
    proposed_by: Annotated[str, Field(title="申请人")]
    proposed_at: Annotated[datetime, Field(title="申请时间")]
    answered_by: Annotated[str | None, Field(title="批准人")]
    answered_at: Annotated[datetime | None, Field(title="答复时间")]
    remark: Annotated[str, Field(title="批复意见")]


class DowngradeQuery(PageQuery):
    state: DowngradeState | None = None
    ticket_id: UUID | None = None


class DowngradeBody(Model):
    """The lighter severity and why; `version` is the ticket's that was read."""

    version: Version
    severity: Severity
    reason: Reason


class AnswerBody(Model):
    """`version` is the ticket's that was read; refusing says why."""

    version: Version
    remark: Annotated[str, Field(max_length=2000)] = ""


@routes.get("/tickets/{ticket_id}/feedback", Permission.TICKET_READ, reads="ticket")
async def list_feedback_of(ctx: Context, ticket_id: UUID) -> FedBackView:
    """Who was fed back to, and the formalities of a ticket 服务单的反馈与后续手续"""
    today, masked = shanghai_day(ctx.clock.now()), is_masked(ctx)
    async with ctx.db.connection() as conn:
        with _found():
            given = await feedback.of_ticket(conn, ticket_id, _by(ctx))
        rows = await feedback.formalities_of(conn, ticket_id)
    return FedBackView(
        id=ticket_id,
        feedback=[_feedback(each) for each in given],
        formalities=[_formality(each, today, masked) for each in rows],
    )


@routes.get("/feedback", Permission.TICKET_WORK, reads="feedback")
async def list_feedback(ctx: Context, query: FeedbackQuery) -> Page[FeedbackView]:
    """Decisions fed back, the oldest first 反馈列表"""
    async with ctx.db.connection() as conn:
        rows = await feedback.page(
            conn,
            _by(ctx),
            audience=query.audience,
            seen=query.seen,
            mine=query.mine,
            after=ctx.after(query, tuple[datetime, UUID]),
            limit=query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: (row["given_at"], row["id"]))
    return Page(items=[_feedback(row) for row in page.items], next=page.next)


@routes.post("/feedback/{feedback_id}/actions/see", Permission.TICKET_WORK, reads="feedback")
async def see_feedback(ctx: Context, feedback_id: UUID) -> FeedbackView:
    """Sign for a decision fed back 签收反馈"""
    return _feedback(await feedback.see(ctx.db, feedback_id, _by(ctx), ctx.clock.now()))


@routes.post("/tickets/{ticket_id}/formalities", Permission.TICKET_MANAGE, creates=True, reads="formality")
async def add_formality(ctx: Context, ticket_id: UUID, body: FormalityBody) -> FormalityView:
    """Add a formality that follows the customer's acceptance 登记后续手续"""
    wanted = Formality(body.duty, body.owner_id, body.due_day)
    with _found():
        await feedback.add(ctx.db, ctx.key, ticket_id, wanted, _by(ctx), ctx.clock.now())
    return await _one(ctx, ctx.key)


@routes.get("/formalities", Permission.TICKET_WORK, reads="formality")
async def list_formalities(ctx: Context, query: FormalityQuery) -> Page[FormalityView]:
    """Formalities, the next due first 后续手续列表"""
    today, masked = shanghai_day(ctx.clock.now()), is_masked(ctx)
    async with ctx.db.connection() as conn:
        rows = await feedback.formalities(
            conn,
            _by(ctx),
            done=query.done,
            mine=query.mine,
            overdue_on=today if query.overdue else None,
            after=ctx.after(query, tuple[date, UUID]),
            limit=query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: (row["due_day"], row["id"]))
    return Page(items=[_formality(row, today, masked) for row in page.items], next=page.next)


@routes.post("/formalities/{formality_id}/actions/finish", Permission.TICKET_WORK, reads="formality")
async def finish_formality(ctx: Context, formality_id: UUID, body: DoneBody) -> FormalityView:
    """Say what was done 办结后续手续"""
    await feedback.finish(ctx.db, formality_id, body.version, body.result, _by(ctx), ctx.clock.now())
    return await _one(ctx, formality_id)


@routes.post("/tickets/{ticket_id}/downgrades", Permission.TICKET_MANAGE, creates=True, reads="downgrade")
async def propose_downgrade(ctx: Context, ticket_id: UUID, body: DowngradeBody) -> DowngradeView:
    """Propose a lighter severity for a difficult or major complaint 申请降级"""
    with _found():
        await downgrades.propose(
            ctx.db, ctx.key, ticket_id, body.version, body.severity, body.reason, _by(ctx), ctx.clock.now()
        )
    return await _downgrade(ctx, ctx.key)


@routes.get("/downgrades", Permission.TICKET_WORK, reads="downgrade")
async def list_downgrades(ctx: Context, query: DowngradeQuery) -> Page[DowngradeView]:
    """Proposals, the oldest first 降级申请列表"""
    masked = is_masked(ctx)
    async with ctx.db.connection() as conn:
        rows = await downgrades.page(
            conn,
            _by(ctx),
            state=query.state,
            ticket_id=query.ticket_id,
            after=ctx.after(query, tuple[datetime, UUID]),
            limit=query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: (row["proposed_at"], row["id"]))
    return Page(items=[_downgrade_view(row, masked) for row in page.items], next=page.next)


@routes.post("/downgrades/{downgrade_id}/actions/{action}", Permission.TICKET_MANAGE, reads="downgrade")
async def answer_downgrade(
    ctx: Context, downgrade_id: UUID, action: DowngradeAction, body: AnswerBody
) -> DowngradeView:
    """Approve, refuse or withdraw a downgrade: never who proposed it, but the last 批准、不同意、撤回"""
    rules = ctx.resource(COMPLAINTS).rules
    await downgrades.answer(ctx.db, downgrade_id, body.version, action, body.remark, rules, _by(ctx), ctx.clock.now())
    return await _downgrade(ctx, downgrade_id)


async def _one(ctx: Context, formality_id: UUID) -> FormalityView:
    async with ctx.db.connection() as conn:
        row = await feedback.formality(conn, formality_id, _by(ctx))
    return _formality(row, shanghai_day(ctx.clock.now()), is_masked(ctx))


async def _downgrade(ctx: Context, downgrade_id: UUID) -> DowngradeView:
    async with ctx.db.connection() as conn:
        row = await downgrades.show(conn, downgrade_id, _by(ctx))
    return _downgrade_view(row, is_masked(ctx))


def _feedback(row: Mapping[str, Any]) -> FeedbackView:
    return FeedbackView.model_validate({name: row[name] for name in FeedbackView.model_fields})


def _formality(row: Mapping[str, Any], today: date, masked: bool) -> FormalityView:
    own = {name: row[name] for name in FormalityView.model_fields if name in row}
    told = {name: details.text(str(row[name]), masked) if row[name] else None for name in ("duty", "result")}
    overdue = row["done_at"] is None and row["due_day"] < today
    return FormalityView.model_validate(own | told | {"overdue": overdue})


def _downgrade_view(row: Mapping[str, Any], masked: bool) -> DowngradeView:
    own = {name: row[name] for name in DowngradeView.model_fields}
    told = {name: details.text(str(row[name]), masked) for name in ("reason", "remark")}
    return DowngradeView.model_validate(own | told)


@contextmanager
def _found() -> Iterator[None]:
    """Tells the access log of tickets that were asked for in vain (H2)."""
    try:
        yield
    except TicketNotFoundError as error:
        raise NotFoundError("ticket", error.details["ticket"]) from None
