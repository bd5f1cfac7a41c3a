"""Routes of tickets: opening on a call or otherwise, reading, correcting, acting. Must never decide a rule."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from callcenter import casefile
from callcenter.accounts.permissions import Permission
from callcenter.casefile import Wanted
from callcenter.corrections import Changes
from callcenter.customers import masking, phone
from callcenter.customers.search import START, Position, search
from callcenter.errors import ForbiddenError, InvalidError
from callcenter.opening import By, OnCall, Via
from callcenter.web.acting import by as _by
from callcenter.web.acting import sought as _found
from callcenter.web.api import Context, Day, Page, PageQuery, Routes
from callcenter.web.customers import CandidateView, candidate_view, is_masked, reach
from callcenter.web.keys import CASEWORK, COMPLAINTS, MATTERS
from callcenter.web.ticket_bodies import (
    ActBody,
    CorrectBody,
    EnquiryBody,
    LinkBody,
    OpenBody,
    OpenOnCallBody,
    RelateBody,
    asked,
    numbered,
)
from callcenter.web.ticket_views import (
    ExplanationView,
    ListedView,
    OpenedView,
    TicketView,
    explanation_view,
    listed_view,
    opened_view,
    ticket_view,
)
from tickets.calendar import end_of_day, shanghai_day
from tickets.categories import Category
from tickets.errors import Words
from tickets.intake import Channel, Nature, Severity, Source
from tickets.lifecycle import Action, Status, Validity

routes = Routes("tickets", "Service orders 服务单")

NEEDS: Mapping[Action, Permission] = {
    Action.NOTE: Permission.TICKET_EDIT,
    Action.ACKNOWLEDGE: Permission.TICKET_EDIT,
    Action.HAND_OVER: Permission.TICKET_EDIT,
    Action.MARK_COMPLEX: Permission.TICKET_MANAGE,
    Action.PROGRESS: Permission.TICKET_MANAGE,
    Action.REPORT_PROGRESS: Permission.PROGRESS_REPORT,
    Action.REPORT_UP: Permission.TICKET_MANAGE,
    Action.SETTLE: Permission.TICKET_EDIT,
    Action.DISPATCH: Permission.TICKET_MANAGE,
    Action.HANDLE: Permission.TICKET_WORK,
    Action.DETERMINE: Permission.TICKET_MANAGE,
    Action.SIGN: Permission.TICKET_SIGN,
    Action.INFORM: Permission.TICKET_MANAGE,
    Action.CLOSE: Permission.TICKET_MANAGE,
    Action.WITHDRAW: Permission.TICKET_MANAGE,
    Action.PASS_ON: Permission.TICKET_MANAGE,
    Action.ANSWER: Permission.TICKET_MANAGE,
    Action.ARCHIVE: Permission.TICKET_MANAGE,
    Action.OVERTURN: Permission.CLOSING_REVIEW,
    Action.OPINE: Permission.TICKET_MANAGE,
    Action.ASSIGN: Permission.TICKET_MANAGE,
    Action.DECLINE: Permission.TICKET_MANAGE,
}
"""Which permission an action needs: the receiver's, the department's, the complaint post's (R-4.16 … R-4.33)."""


PATH_OF = "SELECT path FROM organisation WHERE id = $1"

STATUSES = "^({0})(,({0}))*$".format("|".join(Status))


class Intake(StrEnum):
    """What the complaint desk works through of what came in."""

    UNACKNOWLEDGED = "unacknowledged"
    DUE_TODAY = "due_today"
    INCOMPLETE = "incomplete"


class TicketQuery(PageQuery):
    """Filters; what is left out does not narrow. Days are in Asia/Shanghai, both included."""

    status: Annotated[
        str | None, Field(pattern=STATUSES, description="One or several, separated by commas 状态,可多选,逗号分隔")
    ] = None
    nature: Nature | None = None
    channel: Channel | None = None
    source: Source | None = None
    category: Category | None = None
    severity: Severity | None = None
    validity: Validity | None = None
    handler_id: Annotated[UUID | None, Field(description="处理人")] = None
    first_day: Day | None = None
    last_day: Day | None = None
    customer_id: UUID | None = None
    policy_number: Annotated[str | None, Field(max_length=40)] = None
    phone: Annotated[str | None, Field(max_length=40, description="In any spelling 电话,写法不限")] = None
    number: Annotated[str | None, Field(max_length=40, description="Number or its beginning 服务单号或其开头")] = None
    text: Annotated[
        Annotated[str, StringConstraints(min_length=2, max_length=100, strip_whitespace=True)] | None,
        Field(description="Words in name, demand, description 全文"),
    ] = None
    call_id: UUID | None = None
    callback_task_id: UUID | None = None
    organisation: Annotated[
        str | None, Field(max_length=100, description="Accepting organisation and below 受理机构")
    ] = None
    overdue: Annotated[bool, Field(description="Past the deadline and not yet informed 已逾期")] = False
    intake: Annotated[
        Intake | None,
        Field(
            description="Open tickets not acknowledged; with a step of intake due today or past; that owe something "
            "受理工作清单：未确认、今日到期（含逾期）、要素不全 (R-4.3…R-4.7)"
        ),
    ] = None
    todo: Annotated[bool, Field(description="My own tickets still to be completed or handed over 我的待办")] = False


@routes.post("/calls/{call_id}/tickets", Permission.TICKET_OPEN, creates=True, spools=True)
async def open_on_call(ctx: Context, call_id: UUID, body: OpenOnCallBody) -> OpenedView:
    """Open a ticket on a call 通话中开立服务单

    Open while the call is live, accepted until the end of its day and then marked not live. On a callback, what was
    heard decides whether it is a complaint that counts or a finding that does not.
    """
    heard = body.heard.value() if body.heard else None
    by = _by(ctx)
    with _found():
        opened = await ctx.resource(COMPLAINTS).open(
            asked(
                ctx.key,
                Via.AGENT,
                body,
                by,
                call=OnCall(call_id),
                heard=heard,
                another_matter=body.another_matter,
                same_matter_as=body.same_matter_as,
                new_facts=body.new_facts,
                new_reasons=body.new_reasons,
            ),
            by,
        )
    ctx.accepted = opened.spooled
    return opened_view(opened)


@routes.post("/tickets", Permission.TICKET_OPEN, creates=True, spools=True)
async def open_otherwise(ctx: Context, body: OpenBody) -> OpenedView:
    """Open a ticket that came by another channel 其他渠道开立服务单"""
    via = Via.INTEGRATOR if ctx.actor.kind == "token" else Via.DESK
    by = _by(ctx)
    asked_for = asked(
        ctx.key,
        via,
        body,
        by,
        channel=body.channel,
        source=body.source,
        network_kind=body.network_kind,
        same_matter_as=body.same_matter_as,
        new_facts=body.new_facts,
        new_reasons=body.new_reasons,
    )
    with _found():
        opened = await ctx.resource(COMPLAINTS).open(asked_for, by)
    ctx.accepted = opened.spooled
    return opened_view(opened)


@routes.get("/tickets", Permission.TICKET_READ, reads="ticket")
async def list_tickets(ctx: Context, query: TicketQuery) -> Page[ListedView]:
    """Tickets, newest first 服务单列表"""
    at = ctx.clock.now()
    filters = query.model_dump(
        exclude={"limit", "cursor", "organisation", "overdue", "todo", "intake", "status", "phone"}
    )
    async with ctx.db.connection() as conn:
        wanted = Wanted(
            **filters,
            status=query.status.split(",") if query.status else (),
            phone=phone.as_kept(query.phone),
            organisation_path=await organisation_path(ctx, query.organisation) if query.organisation else None,
            overdue_at=at if query.overdue else None,
            unacknowledged=query.intake is Intake.UNACKNOWLEDGED or None,
            due_before=end_of_day(shanghai_day(at)) if query.intake is Intake.DUE_TODAY else None,
            incomplete=query.intake is Intake.INCOMPLETE or None,
            todo_of=ctx.actor.id if query.todo else None,
        )
        rows = await casefile.page(conn, wanted, _by(ctx), ctx.after(query, tuple[datetime, UUID]), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row["received_at"], row["id"]))
    return Page(items=[listed_view(row, at, is_masked(ctx)) for row in page.items], next=page.next)


@routes.get("/tickets/{ticket_id}", Permission.TICKET_READ, reads="ticket")
async def show_ticket(ctx: Context, ticket_id: UUID) -> TicketView:
    """The whole file: particulars, history, clocks, calls and recordings 服务单全貌"""
    async with ctx.db.connection() as conn:
        with _found():
            file = await casefile.whole(conn, ticket_id, _by(ctx))
    return ticket_view(file, ctx.clock.now(), is_masked(ctx))


@routes.get("/tickets/{ticket_id}/explain", Permission.TICKET_READ, reads="ticket")
async def explain_ticket(ctx: Context, ticket_id: UUID) -> ExplanationView:
    """Why it counts or not, and every deadline day by day 计件依据与时限推算"""
    at = ctx.clock.now()
    async with ctx.db.connection() as conn:
        with _found():
            explained = await casefile.explain(conn, ticket_id, _by(ctx), ctx.resource(COMPLAINTS).rules, at)
    return explanation_view(explained, is_masked(ctx))


@routes.get("/tickets/{ticket_id}/candidates", Permission.CUSTOMER_READ, reads="customer")
async def list_candidates(ctx: Context, ticket_id: UUID, query: PageQuery) -> Page[CandidateView]:
    """Who the customer may be: by telephone, policy and name on the ticket 可能的客户

    All are shown with what they match; who it is a person decides, by correcting the ticket's `customer_id`.
    """
    after = ctx.after(query, tuple[int, UUID])
    position = START if after is None else Position(*after)
    async with ctx.db.connection() as conn:
        with _found():
            criteria = await casefile.customer_criteria(conn, ticket_id, _by(ctx))
        found = (
            []
            if criteria is None
            else await search(conn, criteria, within=reach(ctx), after=position, limit=query.limit + 1)
        )
    page = ctx.page(found, query, key=lambda pair: (pair[1].weight, pair[1].id))
    masked = is_masked(ctx)
    return Page(items=[candidate_view(candidate, masked) for candidate, _ in page.items], next=page.next)


@routes.patch("/tickets/{ticket_id}", Permission.TICKET_EDIT, reads="ticket")
async def correct_ticket(ctx: Context, ticket_id: UUID, body: CorrectBody) -> TicketView:
    """Correct or complete the particulars 补充、更正要素

    Give the version you read; when somebody was faster the answer is 409 and says what they changed.
    """
    if is_masked(ctx) and _shown_masked(body):
        raise InvalidError(
            Words("您看到的内容已脱敏：不修改请勿填写", "you were shown this masked: leave it out to keep it")
        )
    by = _by(ctx)
    changes = Changes(
        body.values(),
        body.restated_and_confirmed is True,
        form_signed=body.form_signed is True,
        reason=body.reason,
        further=None if body.further is None else numbered(body.further),
    )
    with _found():
        await ctx.resource(CASEWORK).correct(ticket_id, body.version, changes, by)
    return await shown_ticket(ctx, ticket_id, by)


@routes.post("/tickets/{ticket_id}/actions/{action}", Permission.TICKET_EDIT, reads="ticket")
async def act_on_ticket(ctx: Context, ticket_id: UUID, action: Action, body: ActBody) -> TicketView:
    """Carry the ticket a step further 流转

    Refusals name the rule, the status and the action; nothing is changed then.
    """
    if not ctx.actor.may(NEEDS[action]):
        raise ForbiddenError(Words(f"需要权限 {NEEDS[action]}", f"this needs the permission {NEEDS[action]}"))
    by = _by(ctx)
    with _found():
        await ctx.resource(CASEWORK).act(ticket_id, body.version, body.step(action), by)
    return await shown_ticket(ctx, ticket_id, by)


@routes.post("/tickets/{ticket_id}/relation", Permission.TICKET_EDIT, reads="ticket")
async def relate_ticket(ctx: Context, ticket_id: UUID, body: RelateBody) -> TicketView:
    """Say which incident it is about 归并投诉事件

    A person says that it is about the same incident as another ticket, or one of its own; what it then is (repeat,
    escalation, merged) and weighs, the rules say. Once decided, or closed, the complaint post changes it.
    """
    by = _by(ctx)
    with _found():
        await ctx.resource(MATTERS).relate(ticket_id, body.version, body.value(), by)
    return await shown_ticket(ctx, ticket_id, by)


@routes.post("/tickets/{ticket_id}/calls", Permission.TICKET_EDIT, reads="ticket")
async def link_call(ctx: Context, ticket_id: UUID, body: LinkBody) -> TicketView:
    """Hang a further call on the ticket 关联通话"""
    by = _by(ctx)
    with _found():
        await ctx.resource(CASEWORK).hang(ticket_id, body.call_id, by)
    return await shown_ticket(ctx, ticket_id, by)


@routes.post("/tickets/{ticket_id}/enquiries", Permission.TICKET_EDIT, creates=True, reads="ticket")
async def log_enquiry(ctx: Context, ticket_id: UUID, body: EnquiryBody) -> TicketView:
    """Log an enquiry about progress 记录进度查询

    A contact on the open ticket, with its call: no new ticket, and counted nowhere.
    """
    by = _by(ctx)
    with _found():
        await ctx.resource(CASEWORK).enquire(ticket_id, body.note, body.call_id, by)
    return await shown_ticket(ctx, ticket_id, by)


async def organisation_path(ctx: Context, organisation: str) -> str:
    """The path of an organisation in the actor's subtree; NotFoundError for any other."""
    async with ctx.db.connection() as conn:
        path = await conn.fetchval(PATH_OF, organisation)
    ctx.within(path, "organisation", organisation)
    return str(path)


def _shown_masked(body: CorrectBody) -> bool:
    words = (body.authorisation, body.demand, body.description)
    return any("*" in (text or "") for text in (body.complainant_name, body.complainant_phone)) or any(
        masking.is_hidden_in(text or "") for text in words
    )


async def shown_ticket(ctx: Context, ticket_id: UUID, by: By) -> TicketView:
    """The whole file as it stands now."""
    async with ctx.db.connection() as conn:
        return ticket_view(await casefile.whole(conn, ticket_id, by), ctx.clock.now(), is_masked(ctx))
