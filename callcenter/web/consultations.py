"""Routes of cases reported up, of centralised business and of authority for one case. Must never decide a rule."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from callcenter import authority_requests, consultations
from callcenter.accounts.permissions import Permission
from callcenter.web import details
from callcenter.web.acting import by as _by
from callcenter.web.acting import sought as _found
from callcenter.web.api import Context, Day, Model, Moment, Name, Page, PageQuery, Personal, Routes
from callcenter.web.customers import is_masked
from tickets.authority import RequestAction, RequestState
from tickets.categories import Category
from tickets.consultations import ConsultationAction, ConsultationGround, ConsultationState
from tickets.intake import Severity
from tickets.lifecycle import Status

routes = Routes("consultations", "Cases reported up, authority for one case 请示上级、临时授权")

Said = Annotated[str, StringConstraints(min_length=1, max_length=20_000, strip_whitespace=True)]
Remark = Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True)]
Version = Annotated[int, Field(ge=1)]
Organisation = Annotated[str, Field(min_length=1, max_length=100)]


class ConsultationView(Personal):
    """A case reported up, and what came back (R-3.15, R-3.19, R-3.31)."""

    id: Annotated[UUID, Field(title="请示标识")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    ticket_number: Annotated[str, Field(title="服务单号")]
    ticket_status: Annotated[Status, Field(title="服务单状态")]
    severity: Annotated[Severity, Field(title="级别")]
    ground: Annotated[ConsultationGround, Field(title="请示事由")]
    from_organisation_id: Annotated[str, Field(title="请示机构")]
    to_organisation_id: Annotated[str, Field(title="被请示机构")]
    request: Annotated[str, Field(title="请示事项")]
    asked_at: Annotated[datetime, Field(title="请示时间")]
    asked_by: Annotated[str, Field(title="请示人")]
    state: Annotated[ConsultationState, Field(title="状态")]
    opinion: Annotated[str | None, Field(title="上级意见")]
    answered_at: Annotated[datetime | None, Field(title="答复时间")]
    answered_by: Annotated[str | None, Field(title="答复人")]
    followed: Annotated[str | None, Field(title="办理情况")]
    followed_at: Annotated[datetime | None, Field(title="办理时间")]
    followed_by: Annotated[str | None, Field(title="办理人")]
    version: Annotated[int, Field(title="版本")]


class ConsultationQuery(PageQuery):
    """`organisation`: the company that was asked."""

    state: ConsultationState | None = None
    ticket_id: UUID | None = None
    organisation: Organisation | None = None


class ConsultationBody(Model):
    """What is asked of the company above; `version` is the ticket's that was read."""

    version: Version
    ground: Annotated[ConsultationGround, Field(description="请示事由")]
    request: Annotated[Said, Field(description="请示事项 (R-3.28, R-3.31)")]
    organisation: Annotated[
        Organisation | None, Field(description="By default the next province or headquarters above 被请示的上级公司")
    ] = None


class ActedBody(Model):
    """The opinion, or what was done on it; `version` is the one that was read."""

    version: Version
    text: Annotated[str, StringConstraints(max_length=20_000, strip_whitespace=True)] = ""


class BusinessView(Model):
    """A category whose business a company above does itself (R-3.19, R-3.31)."""

    id: Annotated[UUID, Field(title="标识")]
    organisation_id: Annotated[str, Field(title="集中办理机构")]
    category: Annotated[Category, Field(title="投诉类别")]
    from_day: Annotated[date, Field(title="起始日")]
    until_day: Annotated[date | None, Field(title="截止日")]
    basis: Annotated[str, Field(title="依据")]
    recorded_at: Annotated[datetime, Field(title="登记时间")]
    recorded_by: Annotated[str, Field(title="登记人")]


class BusinessQuery(PageQuery):
    """`day`: only what is centralised on that day."""

    day: Day | None = None
    organisation: Organisation | None = None


class BusinessBody(Model):
    """Which business is centralised where, from which day, by which document."""

    organisation_id: Organisation
    category: Category
    from_day: Day
    basis: Name


class UntilBody(Model):
    """The last day on which it is centralised."""

    until_day: Day


class AuthorityRequestView(Personal):
    """Authority for one settlement, asked for and answered (N-11)."""

    id: Annotated[UUID, Field(title="申请标识")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    ticket_number: Annotated[str, Field(title="服务单号")]
    amount: Annotated[Decimal, Field(title="金额(元)")]
    reason: Annotated[str, Field(title="理由")]
    asked_by: Annotated[str, Field(title="申请人")]
    asked_at: Annotated[datetime, Field(title="申请时间")]
    state: Annotated[RequestState, Field(title="状态")]
    until: Annotated[datetime | None, Field(title="授权截止")]
    remark: Annotated[str | None, Field(title="批复意见")]
    answered_by: Annotated[str | None, Field(title="授权人")]
    answered_at: Annotated[datetime | None, Field(title="答复时间")]


class AuthorityRequestQuery(PageQuery):
    state: RequestState | None = None
    ticket_id: UUID | None = None


class AuthorityRequestBody(Model):
    """How much is to be settled, and why."""

    amount: Annotated[Decimal, Field(gt=0, le=10_000_000_000, max_digits=12, decimal_places=2, description="金额,元")]
    reason: Annotated[Said, Field(max_length=2000)]


class AuthorityAnswerBody(Model):
    """Until when it lasts, where it is granted; a refusal says why."""

    until: Annotated[Moment | None, Field(description="授权截止时间,最长30日")] = None
    remark: Remark = ""


@routes.post("/tickets/{ticket_id}/consultations", Permission.TICKET_MANAGE, creates=True, reads="consultation")
async def report_case_up(ctx: Context, ticket_id: UUID, body: ConsultationBody) -> ConsultationView:
    """Report a case to the company above and ask for its opinion 上报请示

    Until it answers nobody below decides the case.
    """
    with _found():
        await consultations.ask(
            ctx.db,
            ctx.key,
            ticket_id,
            body.version,
            body.ground,
            body.request,
            body.organisation,
            _by(ctx),
            ctx.clock.now(),
        )
    return await _consultation(ctx, ctx.key)


@routes.get("/consultations", Permission.TICKET_WORK, reads="consultation")
async def list_consultations(ctx: Context, query: ConsultationQuery) -> Page[ConsultationView]:
    """Cases reported up, the oldest first 请示列表"""
    masked = is_masked(ctx)
    async with ctx.db.connection() as conn:
        rows = await consultations.page(
            conn,
            _by(ctx),
            state=query.state,
            ticket_id=query.ticket_id,
            to=query.organisation,
            after=ctx.after(query, tuple[datetime, UUID]),
            limit=query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: (row["asked_at"], row["id"]))
    return Page(items=[_consultation_view(row, masked) for row in page.items], next=page.next)


@routes.post("/consultations/{consultation_id}/actions/{action}", Permission.TICKET_WORK, reads="consultation")
async def act_on_consultation(
    ctx: Context, consultation_id: UUID, action: ConsultationAction, body: ActedBody
) -> ConsultationView:
    """Give the opinion, take the case over, act on it, or take the question back 答复、直接处理、按意见办理、撤回

    The company that was asked answers; who asked does the rest.
    """
    await consultations.act(ctx.db, consultation_id, body.version, action, body.text, _by(ctx), ctx.clock.now())
    return await _consultation(ctx, consultation_id)


@routes.get("/centralised-business", Permission.ORGANISATION_READ)
async def list_business(ctx: Context, query: BusinessQuery) -> Page[BusinessView]:
    """Business that provinces or headquarters do themselves 集中办理的业务"""
    async with ctx.db.connection() as conn:
        rows = await consultations.business(
            conn, query.day, query.organisation, ctx.after(query, UUID), query.limit + 1
        )
    page = ctx.page(rows, query, key=lambda row: row["id"])
    return Page(items=[_business(row) for row in page.items], next=page.next)


@routes.post("/centralised-business", Permission.ROUTING_MANAGE, creates=True)
async def centralise_business(ctx: Context, body: BusinessBody) -> BusinessView:
    """Centralise a category's business 集中办理某类业务

    Complaints about it are reported up by the companies below, who act on the opinion.
    """
    at, by = ctx.clock.now(), _by(ctx)
    await consultations.centralise(
        ctx.db, ctx.key, body.organisation_id, body.category, body.from_day, body.basis, by, at
    )
    return await _one_business(ctx, ctx.key)


@routes.post("/centralised-business/{business_id}/actions/end", Permission.ROUTING_MANAGE)
async def end_centralised_business(ctx: Context, business_id: UUID, body: UntilBody) -> BusinessView:
    """Say until when it is centralised 结束集中办理"""
    await consultations.decentralise(ctx.db, business_id, body.until_day, _by(ctx), ctx.clock.now())
    return await _one_business(ctx, business_id)


@routes.post("/tickets/{ticket_id}/authority-requests", Permission.TICKET_EDIT, creates=True, reads="authority request")
async def ask_for_authority(ctx: Context, ticket_id: UUID, body: AuthorityRequestBody) -> AuthorityRequestView:
    """Ask for authority to settle this ticket with a higher amount 申请临时授权"""
    with _found():
        await authority_requests.ask(ctx.db, ctx.key, ticket_id, body.amount, body.reason, _by(ctx), ctx.clock.now())
    return await _request(ctx, ctx.key)


@routes.get("/authority-requests", Permission.TICKET_EDIT, reads="authority request")
async def list_authority_requests(ctx: Context, query: AuthorityRequestQuery) -> Page[AuthorityRequestView]:
    """Requests for authority, the oldest first 临时授权申请列表"""
    masked = is_masked(ctx)
    async with ctx.db.connection() as conn:
        rows = await authority_requests.page(
            conn,
            _by(ctx),
            state=query.state,
            ticket_id=query.ticket_id,
            after=ctx.after(query, tuple[datetime, UUID]),
            limit=query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: (row["asked_at"], row["id"]))
    return Page(items=[_request_view(row, masked) for row in page.items], next=page.next)


@routes.post(
    "/authority-requests/{request_id}/actions/{action}", Permission.EXTENSION_APPROVE, reads="authority request"
)
async def answer_authority_request(
    ctx: Context, request_id: UUID, action: RequestAction, body: AuthorityAnswerBody
) -> AuthorityRequestView:
    """Give the authority for a time, or refuse it 临时授权、不同意

    Who gives it has it himself, and is not who asked.
    """
    await authority_requests.answer(ctx.db, request_id, action, body.until, body.remark, _by(ctx), ctx.clock.now())
    return await _request(ctx, request_id)


async def _consultation(ctx: Context, consultation_id: UUID) -> ConsultationView:
    async with ctx.db.connection() as conn:
        row = await consultations.show(conn, consultation_id, _by(ctx))
    return _consultation_view(row, is_masked(ctx))


async def _one_business(ctx: Context, business_id: UUID) -> BusinessView:
    async with ctx.db.connection() as conn:
        return _business(await consultations.one_business(conn, business_id))


async def _request(ctx: Context, request_id: UUID) -> AuthorityRequestView:
    async with ctx.db.connection() as conn:
        row = await authority_requests.show(conn, request_id, _by(ctx))
    return _request_view(row, is_masked(ctx))


def _consultation_view(row: Mapping[str, Any], masked: bool) -> ConsultationView:
    own = {name: row[name] for name in ConsultationView.model_fields}
    told = {name: details.text(own[name], masked) for name in ("request", "opinion", "followed") if own[name]}
    return ConsultationView.model_validate(own | told)


def _business(row: Mapping[str, Any]) -> BusinessView:
    return BusinessView.model_validate({name: row[name] for name in BusinessView.model_fields})


def _request_view(row: Mapping[str, Any], masked: bool) -> AuthorityRequestView:
    own = {name: row[name] for name in AuthorityRequestView.model_fields}
    told = {name: details.text(own[name], masked) for name in ("reason", "remark") if own[name]}
    return AuthorityRequestView.model_validate(own | told)
