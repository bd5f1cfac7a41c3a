"""Routes of reviews (核查), supervision from above and re-investigations. Must never decide a rule."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter.accounts.permissions import Permission
from callcenter.errors import NotFoundError
from callcenter.reach import seen
from callcenter.reviews import lists, requests, store, supervision
from callcenter.reviews.requests import Decided, Request
from callcenter.reviews.supervision import Return
from callcenter.web import review_views as views
from callcenter.web.acting import by as _by
from callcenter.web.api import Context, Day, Model, Moment, Page, PageQuery, Routes, Text
from callcenter.web.customers import is_masked
from callcenter.web.keys import COMPLAINTS
from callcenter.web.review_views import (
    CaseFileView,
    CaseView,
    ReviewFileView,
    ReviewsView,
    ReviewView,
    SupervisedView,
)
from tickets.calendar import shanghai_day
from tickets.categories import Department
from tickets.errors import TicketNotFoundError
from tickets.letters import Means
from tickets.reviews import (
    InvestigationAction,
    InvestigationState,
    Outcome,
    ReviewAction,
    ReviewState,
    SupervisionGround,
)

routes = Routes("reviews", "Reviews and supervision 核查与督办")

OrganisationId = Annotated[str, Field(max_length=100)]
Reason = Annotated[str, Field(min_length=1, max_length=2000)]
Version = Annotated[int, Field(ge=1)]


class AskBody(Model):
    """The customer's written request; left out, the next organisation above reviews, and now is when it came."""

    reason: Text
    asked_at: Annotated[Moment | None, Field(description="When the request came 申请时间")] = None
    received_at: Annotated[Moment | None, Field(description="When the decision was received 收到决定时间")] = None
    in_writing: Annotated[bool, Field(description="是否书面申请 (L-29)")] = True
    organisation: Annotated[OrganisationId | None, Field(description="Who is to review 核查机构")] = None
    late_reason: Annotated[str, Field(max_length=2000, description="Why a late request is taken 逾期受理理由")] = ""


class ReviewActBody(Model):
    """`decide`: outcome and opinion, and the last day for a case that is returned; `tell`: means, moment, proof."""

    version: Version
    outcome: Annotated[Outcome | None, Field(description="核查结论")] = None
    opinion: Annotated[str, Field(max_length=20_000, description="结论理由;退回的为指导意见")] = ""
    due_day: Annotated[Day | None, Field(description="退回重新调查的期限")] = None
    means: Annotated[Means | None, Field(description="告知方式 (CL-8)")] = None
    told_at: Annotated[Moment | None, Field(description="Left out: now 告知时间")] = None
    proof: Annotated[str, Field(max_length=2000, description="告知证明 (CL-8)")] = ""
    why: Annotated[str, Field(max_length=2000, description="撤回情况")] = ""


class ReviewQuery(PageQuery):
    """`organisation`: who reviews; `mine`: I took it on; `overdue`: the outcome should have been told (L-29)."""

    state: ReviewState | None = None
    organisation: OrganisationId | None = None
    late: Annotated[bool | None, Field(description="Asked for late 逾期申请")] = None
    mine: Annotated[bool, Field(description="我承办的")] = False
    overdue: Annotated[bool, Field(description="核查逾期")] = False


class SupervisedQuery(PageQuery):
    """`returned`: being investigated again, or not."""

    ground: SupervisionGround | None = None
    returned: bool | None = None


class MarkBody(Model):
    """In what the findings differ from the complaint."""

    reason: Reason


class ReturnBody(Model):
    """Why, with which guiding opinion, until when; left out, the accepting organisation investigates."""

    ground: SupervisionGround
    guidance: Text
    due_day: Day
    returned_to: OrganisationId | None = None
    department: Department | None = None


class CaseActBody(Model):
    """What was found, or what the company above says to it; returned again with another last day if need be."""

    version: Version
    said: Annotated[str, Field(max_length=20_000, description="调查结果、办结意见、指导意见")] = ""
    due_day: Day | None = None


class CaseQuery(PageQuery):
    """`mine`: returned to my organisation; `overdue`: should have been reported."""

    state: InvestigationState | None = None
    mine: Annotated[bool, Field(description="退回本机构的")] = False
    overdue: bool = False


@routes.post("/tickets/{ticket_id}/review-requests", Permission.TICKET_EDIT, creates=True, reads="review_request")
async def ask_for_review(ctx: Context, ticket_id: UUID, body: AskBody) -> ReviewFileView:
    """Take the customer's request for review by the organisation above 登记核查申请

    Within 30 days of receiving the decision; a late one only with a reason. The ticket stays as it is.
    """
    at = ctx.clock.now()
    wanted = Request(
        body.reason, body.asked_at or at, body.received_at, body.in_writing, body.organisation, body.late_reason
    )
    with _found():
        await requests.ask(ctx.db, ctx.key, ticket_id, wanted, ctx.resource(COMPLAINTS).rules, _by(ctx), at)
    return await _review(ctx, ctx.key)


@routes.get("/review-requests", Permission.TICKET_WORK, reads="review_request")
async def list_review_requests(ctx: Context, query: ReviewQuery) -> Page[ReviewView]:
    """Requests for review, the oldest first 核查申请列表"""
    at, masked = ctx.clock.now(), is_masked(ctx)
    async with ctx.db.connection() as conn:
        rows = await lists.requests(
            conn,
            _by(ctx),
            state=query.state,
            organisation=query.organisation,
            late=query.late,
            mine=query.mine,
            overdue_at=at if query.overdue else None,
            after=ctx.after(query, tuple[datetime, UUID]),
            limit=query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: (row["asked_at"], row["id"]))
    return Page(items=[views.review_line(row, at, masked) for row in page.items], next=page.next)


@routes.get("/review-requests/{review_id}", Permission.TICKET_READ, reads="review_request")
async def show_review_request(ctx: Context, review_id: UUID) -> ReviewFileView:
    """A review 核查详情"""
    return await _review(ctx, review_id)


@routes.post("/review-requests/{review_id}/actions/{action}", Permission.TICKET_MANAGE, reads="review_request")
async def act_on_review(ctx: Context, review_id: UUID, action: ReviewAction, body: ReviewActBody) -> ReviewFileView:
    """Take on, decide, tell the outcome, or withdraw 承办、结论、告知、撤回

    By people of the reviewing organisation who did not handle the case.
    """
    by, at = _by(ctx), ctx.clock.now()
    match action:
        case ReviewAction.TAKE:
            await requests.take(ctx.db, review_id, body.version, by, at)
        case ReviewAction.DECIDE:
            decided = Decided(body.outcome, body.opinion, body.due_day)
            await requests.decide(ctx.db, review_id, body.version, decided, by, at)
        case ReviewAction.TELL:
            await requests.told(ctx.db, review_id, body.version, body.means, body.told_at or at, body.proof, by, at)
        case ReviewAction.WITHDRAW:
            await requests.withdraw(ctx.db, review_id, body.version, body.why, by, at)
    return await _review(ctx, review_id)


@routes.get("/tickets/{ticket_id}/reviews", Permission.TICKET_READ, reads="ticket")
async def list_reviews_of(ctx: Context, ticket_id: UUID) -> ReviewsView:
    """Reviews and re-investigations of a ticket, and why it is supervised 服务单的核查与重新调查"""
    at, masked, by = ctx.clock.now(), is_masked(ctx), _by(ctx)
    async with ctx.db.connection() as conn:
        with _found():
            await seen(conn, ticket_id, by)
        grounds = await supervision.grounds(conn, ticket_id)
        asked = await store.reviews_of(conn, ticket_id)
        cases = await store.cases_of(conn, ticket_id)
    return ReviewsView(
        id=ticket_id,
        grounds=[ground for ground in SupervisionGround if ground.value in grounds],
        reviews=[views.review_file(each, at, masked) for each in asked],
        reinvestigations=[views.case_file(each, shanghai_day(at), masked) for each in cases],
    )


@routes.get("/supervision", Permission.TICKET_WORK, reads="ticket")
async def list_supervised(ctx: Context, query: SupervisedQuery) -> Page[SupervisedView]:
    """Repeats, escalations and tickets whose findings differ widely, the newest first 督办列表"""
    async with ctx.db.connection() as conn:
        rows = await lists.supervised(
            conn,
            _by(ctx),
            ground=query.ground,
            returned=query.returned,
            after=ctx.after(query, tuple[datetime, UUID]),
            limit=query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: (row["received_at"], row["id"]))
    return Page(items=[views.supervised_view(row, is_masked(ctx)) for row in page.items], next=page.next)


@routes.post("/tickets/{ticket_id}/supervision", Permission.TICKET_MANAGE, reads="ticket")
async def mark_for_supervision(ctx: Context, ticket_id: UUID, body: MarkBody) -> ReviewsView:
    """Mark that the findings differ widely from the complaint 标记调查结果差异较大"""
    with _found():
        await supervision.mark(ctx.db, ticket_id, body.reason, _by(ctx), ctx.clock.now())
    return await list_reviews_of(ctx, ticket_id)


@routes.post("/tickets/{ticket_id}/reinvestigations", Permission.TICKET_MANAGE, creates=True, reads="reinvestigation")
async def return_for_investigation(ctx: Context, ticket_id: UUID, body: ReturnBody) -> CaseFileView:
    """Audit the case again and return it with a guiding opinion 重新审核并退回调查"""
    wanted = Return(body.ground, body.guidance, body.due_day, body.returned_to, body.department)
    with _found():
        await supervision.send_back(ctx.db, ctx.key, ticket_id, wanted, _by(ctx), ctx.clock.now())
    return await _case(ctx, ctx.key)


@routes.get("/reinvestigations", Permission.TICKET_WORK, reads="reinvestigation")
async def list_reinvestigations(ctx: Context, query: CaseQuery) -> Page[CaseView]:
    """Cases returned for re-investigation, the next due first 重新调查列表"""
    by, today = _by(ctx), shanghai_day(ctx.clock.now())
    async with ctx.db.connection() as conn:
        rows = await lists.cases(
            conn,
            by,
            state=query.state,
            returned_to=by.organisation_id if query.mine else None,
            overdue_on=today if query.overdue else None,
            after=ctx.after(query, tuple[date, UUID]),
            limit=query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: (row["due_day"], row["id"]))
    return Page(items=[views.case_line(row, today, is_masked(ctx)) for row in page.items], next=page.next)


@routes.post("/reinvestigations/{case_id}/actions/{action}", Permission.TICKET_MANAGE, reads="reinvestigation")
async def act_on_reinvestigation(
    ctx: Context, case_id: UUID, action: InvestigationAction, body: CaseActBody
) -> CaseFileView:
    """Report what was found, conclude, or return it again 上报结果、办结、再次退回"""
    await supervision.act(ctx.db, case_id, body.version, action, body.said, body.due_day, _by(ctx), ctx.clock.now())
    return await _case(ctx, case_id)


async def _review(ctx: Context, review_id: UUID) -> ReviewFileView:
    async with ctx.db.connection() as conn:
        row = await requests.show(conn, review_id, _by(ctx))
    return views.review_file(row, ctx.clock.now(), is_masked(ctx))


async def _case(ctx: Context, case_id: UUID) -> CaseFileView:
    async with ctx.db.connection() as conn:
        row = await supervision.show(conn, case_id, _by(ctx))
    return views.case_file(row, shanghai_day(ctx.clock.now()), is_masked(ctx))


@contextmanager
def _found() -> Iterator[None]:
    """Tells the access log of tickets that were asked for in vain (H2)."""
    try:
        yield
    except TicketNotFoundError as error:
        raise NotFoundError("ticket", error.details["ticket"]) from None
