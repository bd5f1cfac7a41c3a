"""Routes of committees: members, what waits for them, meetings, rulings, follow-ups. Must never decide a rule."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter.accounts.permissions import Permission
from callcenter.committee import duties, lists, meetings, members, referrals, store
from callcenter.committee.duties import Duty
from callcenter.committee.meetings import Agenda, Decided, Held
from callcenter.committee.members import Change, Membership
from callcenter.errors import ForbiddenError, InvalidError, NotFoundError
from callcenter.opening import By
from callcenter.web import committee_views as views
from callcenter.web.acting import by as _by
from callcenter.web.api import Context, Day, Model, Moment, Name, Page, PageQuery, Routes, Text
from callcenter.web.committee_views import (
    BeforeView,
    FollowUpView,
    MeetingLine,
    MeetingView,
    MemberView,
    WaitingView,
)
from callcenter.web.customers import is_masked
from tickets.calendar import shanghai_day
from tickets.categories import Category, Department
from tickets.committee import MeetingAction, MeetingKind, MeetingState, ReferralGround
from tickets.errors import TicketNotFoundError, Words
from tickets.lifecycle import Validity

routes = Routes("committee", "Committees for difficult cases 疑难问题协调委员会")

NEEDS: Mapping[MeetingAction, Permission] = {
    MeetingAction.CALL: Permission.COMMITTEE_MANAGE,
    MeetingAction.HOLD: Permission.COMMITTEE_MANAGE,
    MeetingAction.CONFIRM: Permission.COMMITTEE_SIT,
    MeetingAction.CANCEL: Permission.COMMITTEE_MANAGE,
}
"""Which permission an action needs: the office's, or a member's (R-3.6)."""

OrganisationId = Annotated[str, Field(max_length=100, description="Organisation 机构")]
Long = Annotated[str, Field(max_length=20_000)]
Reason = Annotated[str, Field(min_length=1, max_length=2000)]


class MemberQuery(PageQuery):
    organisation: OrganisationId | None = None
    day: Annotated[Day | None, Field(description="Only who sits on this day 当日在任")] = None


class MemberBody(Model):
    """A seat; both days are included, without the last one until further notice."""

    user_id: UUID
    department: Annotated[Department | None, Field(description="Left out: the person's own 部门")] = None
    chair: Annotated[bool, Field(description="May preside 可主持会议")] = False
    first_day: Day
    last_day: Day | None = None


class SeatBody(Model):
    """The seat as it is to be."""

    version: Annotated[int, Field(ge=1)]
    department: Department | None = None
    chair: bool = False
    last_day: Day | None = None


class MeetingQuery(PageQuery):
    state: MeetingState | None = None
    kind: MeetingKind | None = None
    organisation: OrganisationId | None = None
    ticket_id: UUID | None = None
    mine: Annotated[bool, Field(description="I am invited 我受邀的")] = False


class AgendaBody(Model):
    """What a meeting is about, who presides, who is invited; tickets in the order they are heard."""

    subject: Name
    place: Annotated[str, Field(max_length=200)] = ""
    planned_at: Moment
    chair_id: UUID | None = None
    members: Annotated[list[UUID], Field(default_factory=list, max_length=100)]
    tickets: Annotated[list[UUID], Field(default_factory=list, max_length=50)]

    def agenda(self) -> Agenda:
        """As the use case takes it."""
        return Agenda(
            self.subject, self.place, self.planned_at, self.chair_id, tuple(self.members), tuple(self.tickets)
        )


class MeetingBody(AgendaBody):
    """A new meeting of one's own committee."""

    kind: MeetingKind = MeetingKind.AD_HOC


class RedraftBody(AgendaBody):
    """A draft written anew, whole."""

    version: Annotated[int, Field(ge=1)]


class MeetingActBody(Model):
    """`hold` says who came, what was said, and when if not just now; `cancel` why."""

    version: Annotated[int, Field(ge=1)]
    held_at: Annotated[Moment | None, Field(description="When it was held; left out: now 召开时间")] = None
    present: Annotated[list[UUID], Field(default_factory=list, max_length=100, description="Who came 到会人员")]
    minutes: Annotated[Long, Field(description="会议纪要")] = ""
    why: Annotated[str, Field(max_length=2000, description="取消理由")] = ""


class OpinionBody(Model):
    """An opinion on a ticket of the agenda.

    A member gives his own. The office records a member's (`member_id`), or an absent department's in writing
    (`department`).
    """

    ticket_id: UUID
    opinion: Text
    member_id: UUID | None = None
    department: Department | None = None


class RulingBody(Model):
    """The ruling on one ticket, or why it is put off; what is left out stays with whoever has the power."""

    version: Annotated[int, Field(ge=1)]
    opinion: Annotated[Long, Field(description="最终处理意见 (R-3.4)")] = ""
    validity: Annotated[Validity | None, Field(description="是否有效投诉 (R-3.5)")] = None
    causes: Annotated[list[Category], Field(default_factory=list, max_length=11, description="原因归类 (R-3.5)")]
    closing: Annotated[bool | None, Field(description="是否可以结案 (R-3.5)")] = None
    signs_for: Annotated[
        list[Department],
        Field(
            default_factory=list,
            max_length=7,
            description="Departments whose signature it replaces 代替其签字的部门 (F-21)",
        ),
    ]
    adjourned_why: Annotated[str, Field(max_length=2000, description="暂缓审议的理由")] = ""


class FollowUpQuery(PageQuery):
    done: bool | None = None
    overdue: Annotated[bool, Field(description="Past its day and not done 逾期未办")] = False
    mine: Annotated[bool, Field(description="I am to do it 我负责的")] = False
    meeting_id: UUID | None = None


class FollowUpBody(Model):
    """Something to carry out, by whom, until which day."""

    duty: Reason
    owner_id: UUID
    due_day: Day
    ticket_id: UUID | None = None


class DoneBody(Model):
    """What was done."""

    version: Annotated[int, Field(ge=1)]
    result: Text


class WaitingQuery(PageQuery):
    planned: Annotated[bool | None, Field(description="On the agenda of a meeting to come 已列入议题")] = None
    overdue: Annotated[bool, Field(description="The meeting should have been held (L-22) 逾期未开会")] = False


class ReferralBody(Model):
    """Why a committee is asked, that of the accepting organisation or of one above it."""

    ground: ReferralGround
    reason: Reason
    organisation: OrganisationId | None = None


class WithdrawalBody(Model):
    """Why the committee need not decide any more."""

    why: Reason


@routes.get("/committee/members", Permission.COMMITTEE_READ, reads="committee_member")
async def list_members(ctx: Context, query: MemberQuery) -> Page[MemberView]:
    """Who sits in the committees 委员名单"""
    async with ctx.db.connection() as conn:
        rows = await lists.members(
            conn,
            _by(ctx),
            organisation=query.organisation,
            day=query.day,
            after=ctx.after(query, UUID),
            limit=query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: row["id"])
    return Page(items=[views.member_view(row) for row in page.items], next=page.next)


@routes.post("/committee/members", Permission.COMMITTEE_MANAGE, creates=True, reads="committee_member")
async def add_member(ctx: Context, body: MemberBody) -> MemberView:
    """Appoint a member of one's own committee 任命委员"""
    wanted = Membership(body.user_id, body.department, body.chair, body.first_day, body.last_day)
    await members.add(ctx.db, ctx.key, wanted, _by(ctx), ctx.clock.now())
    return await _member(ctx, ctx.key)


@routes.patch("/committee/members/{member_id}", Permission.COMMITTEE_MANAGE, reads="committee_member")
async def change_member(ctx: Context, member_id: UUID, body: SeatBody) -> MemberView:
    """Change a seat, or end it on a day 调整委员、结束任期"""
    wanted = Change(body.department, body.chair, body.last_day)
    await members.change(ctx.db, member_id, body.version, wanted, _by(ctx), ctx.clock.now())
    return await _member(ctx, member_id)


@routes.get("/committee/waiting", Permission.COMMITTEE_READ, reads="ticket")
async def list_waiting(ctx: Context, query: WaitingQuery) -> Page[WaitingView]:
    """Tickets that wait for a committee, the oldest first 待上会服务单

    Difficult and major complaints without a ruling in force, and whatever else was put before a committee.
    """
    at = ctx.clock.now()
    async with ctx.db.connection() as conn:
        rows = await lists.waiting(
            conn,
            _by(ctx),
            planned=query.planned,
            overdue_at=at if query.overdue else None,
            after=ctx.after(query, tuple[datetime, UUID]),
            limit=query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: (row["received_at"], row["id"]))
    return Page(items=[views.waiting_view(row, at) for row in page.items], next=page.next)


@routes.get("/meetings", Permission.COMMITTEE_READ, reads="meeting")
async def list_meetings(ctx: Context, query: MeetingQuery) -> Page[MeetingLine]:
    """Meetings, the latest first 会议列表"""
    async with ctx.db.connection() as conn:
        rows = await lists.meetings(
            conn,
            _by(ctx),
            state=query.state,
            kind=query.kind,
            organisation=query.organisation,
            ticket_id=query.ticket_id,
            mine=query.mine,
            after=ctx.after(query, tuple[datetime, UUID]),
            limit=query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: (row["planned_at"], row["id"]))
    return Page(items=[views.meeting_line(row) for row in page.items], next=page.next)


@routes.post("/meetings", Permission.COMMITTEE_MANAGE, creates=True, reads="meeting")
async def draft_meeting(ctx: Context, body: MeetingBody) -> MeetingView:
    """Draft a meeting of one's own committee 拟开会议"""
    with _found():
        await meetings.draft(ctx.db, ctx.key, body.kind, body.agenda(), _by(ctx), ctx.clock.now())
    return await _meeting(ctx, ctx.key)


@routes.get("/meetings/{meeting_id}", Permission.COMMITTEE_READ, reads="meeting")
async def show_meeting(ctx: Context, meeting_id: UUID) -> MeetingView:
    """A meeting with agenda, attendance, opinions, minutes, rulings and follow-ups 会议全貌"""
    return await _meeting(ctx, meeting_id)


@routes.patch("/meetings/{meeting_id}", Permission.COMMITTEE_MANAGE, reads="meeting")
async def redraft_meeting(ctx: Context, meeting_id: UUID, body: RedraftBody) -> MeetingView:
    """Write a draft anew, whole 修改拟开会议"""
    with _found():
        await meetings.redraft(ctx.db, meeting_id, body.version, body.agenda(), _by(ctx), ctx.clock.now())
    return await _meeting(ctx, meeting_id)


@routes.post("/meetings/{meeting_id}/actions/{action}", Permission.COMMITTEE_SIT, reads="meeting")
async def act_on_meeting(ctx: Context, meeting_id: UUID, action: MeetingAction, body: MeetingActBody) -> MeetingView:
    """Call, hold, confirm or cancel a meeting 召集、召开、确认、取消会议

    The committee's office calls, records it as held, and cancels; its chair confirms in person, and from then on the
    rulings bind.
    """
    needed = NEEDS[action]
    if not ctx.actor.may(needed):
        raise ForbiddenError(Words(f"需要权限 {needed}", f"this needs the permission {needed}"))
    by, at = _by(ctx), ctx.clock.now()
    match action:
        case MeetingAction.CALL:
            await meetings.call(ctx.db, meeting_id, body.version, by, at)
        case MeetingAction.HOLD:
            held = Held(body.held_at or at, tuple(body.present), body.minutes)
            await meetings.hold(ctx.db, meeting_id, body.version, held, by, at)
        case MeetingAction.CONFIRM:
            await meetings.confirm(ctx.db, meeting_id, body.version, by, at)
        case MeetingAction.CANCEL:
            await meetings.cancel(ctx.db, meeting_id, body.version, body.why, by, at)
    return await _meeting(ctx, meeting_id)


@routes.post("/meetings/{meeting_id}/opinions", Permission.COMMITTEE_SIT, creates=True, reads="meeting")
async def give_opinion(ctx: Context, meeting_id: UUID, body: OpinionBody) -> MeetingView:
    """Give an opinion, or record another's 发表、登记意见"""
    by = _by(ctx)
    member = body.member_id if body.member_id or body.department else by.user_id
    await meetings.opine(
        ctx.db,
        ctx.key,
        meeting_id,
        body.ticket_id,
        body.opinion,
        by,
        ctx.clock.now(),
        member=member,
        department=body.department,
    )
    return await _meeting(ctx, meeting_id)


@routes.put("/meetings/{meeting_id}/rulings/{ticket_id}", Permission.COMMITTEE_MANAGE, reads="meeting")
async def rule_on_ticket(ctx: Context, meeting_id: UUID, ticket_id: UUID, body: RulingBody) -> MeetingView:
    """Record the ruling on a ticket, or put it off 登记裁定、暂缓审议

    It may be written anew until the chair confirms the meeting.
    """
    by, at = _by(ctx), ctx.clock.now()
    if bool(body.opinion) == bool(body.adjourned_why):
        raise InvalidError(Words("请填写裁定意见或暂缓理由之一", "either a ruling, or why the case is put off"))
    if body.adjourned_why:
        await meetings.adjourn(ctx.db, meeting_id, body.version, ticket_id, body.adjourned_why, by, at)
    else:
        decided = Decided(body.opinion, body.validity, tuple(body.causes), body.closing, tuple(body.signs_for))
        await meetings.rule(ctx.db, meeting_id, body.version, ticket_id, decided, by, at)
    return await _meeting(ctx, meeting_id)


@routes.post("/meetings/{meeting_id}/follow-ups", Permission.COMMITTEE_MANAGE, creates=True, reads="follow_up")
async def add_follow_up(ctx: Context, meeting_id: UUID, body: FollowUpBody) -> FollowUpView:
    """Give somebody something to carry out 登记督办事项"""
    duty = Duty(body.duty, body.owner_id, body.due_day, body.ticket_id)
    await duties.add(ctx.db, ctx.key, meeting_id, duty, _by(ctx), ctx.clock.now())
    return await _follow_up(ctx, ctx.key)


@routes.get("/follow-ups", Permission.COMMITTEE_READ, reads="follow_up")
async def list_follow_ups(ctx: Context, query: FollowUpQuery) -> Page[FollowUpView]:
    """What committees want carried out, the next due first 督办事项列表"""
    today = shanghai_day(ctx.clock.now())
    async with ctx.db.connection() as conn:
        rows = await lists.follow_ups(
            conn,
            _by(ctx),
            done=query.done,
            overdue_on=today if query.overdue else None,
            mine=query.mine,
            meeting_id=query.meeting_id,
            after=ctx.after(query, tuple[date, UUID]),
            limit=query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: (row["due_day"], row["id"]))
    return Page(items=[views.follow_up_view(row, today, is_masked(ctx)) for row in page.items], next=page.next)


@routes.post("/follow-ups/{follow_up_id}/actions/finish", Permission.COMMITTEE_SIT, reads="follow_up")
async def finish_follow_up(ctx: Context, follow_up_id: UUID, body: DoneBody) -> FollowUpView:
    """Say that it was carried out, and how 办结督办事项"""
    await duties.finish(ctx.db, follow_up_id, body.version, body.result, _by(ctx), ctx.clock.now())
    return await _follow_up(ctx, follow_up_id)


@routes.get("/tickets/{ticket_id}/committee", Permission.TICKET_READ, reads="ticket")
async def show_before(ctx: Context, ticket_id: UUID) -> BeforeView:
    """What committees have to do with a ticket: referrals, meetings, the ruling in force 委员会审议情况"""
    return await _before(ctx, ticket_id)


@routes.post("/tickets/{ticket_id}/referrals", Permission.TICKET_WORK, creates=True, reads="ticket")
async def refer_ticket(ctx: Context, ticket_id: UUID, body: ReferralBody) -> BeforeView:
    """Put a ticket before a committee 提请委员会

    Where departments disagree on closing, validity, cause or a signature, nobody determines or closes until it has
    ruled (R-3.5).
    """
    with _found():
        await referrals.refer(
            ctx.db,
            ctx.key,
            ticket_id,
            body.ground,
            body.reason,
            _by(ctx),
            ctx.clock.now(),
            organisation=body.organisation,
        )
    return await _before(ctx, ticket_id)


@routes.post("/tickets/{ticket_id}/referrals/{referral_id}/actions/withdraw", Permission.TICKET_MANAGE, reads="ticket")
async def withdraw_referral(ctx: Context, ticket_id: UUID, referral_id: UUID, body: WithdrawalBody) -> BeforeView:
    """Take back what a committee was asked: the departments agree after all 撤回提请"""
    with _found():
        await referrals.withdraw(ctx.db, ticket_id, referral_id, body.why, _by(ctx), ctx.clock.now())
    return await _before(ctx, ticket_id)


async def _member(ctx: Context, member_id: UUID) -> MemberView:
    async with ctx.db.connection() as conn:
        row = await store.member(conn, member_id, ctx.actor.path)
    if row is None:
        raise NotFoundError("committee member", member_id)
    return views.member_view(row)


async def _meeting(ctx: Context, meeting_id: UUID) -> MeetingView:
    async with ctx.db.connection() as conn:
        sheet = await meetings.show(conn, meeting_id, _by(ctx))
    ctx.seen.extend(("ticket", str(item["ticket_id"])) for item in sheet.items)
    return views.meeting_view(sheet, shanghai_day(ctx.clock.now()), is_masked(ctx))


async def _follow_up(ctx: Context, follow_up_id: UUID) -> FollowUpView:
    by: By = _by(ctx)
    async with ctx.db.connection() as conn:
        row = await store.follow_up(conn, follow_up_id, by.path, by.user_id)
    if row is None:
        raise NotFoundError("follow-up", follow_up_id)
    return views.follow_up_view(row, shanghai_day(ctx.clock.now()), is_masked(ctx))


async def _before(ctx: Context, ticket_id: UUID) -> BeforeView:
    with _found():
        async with ctx.db.connection() as conn:
            return views.before_view(await referrals.before(conn, ticket_id, _by(ctx)), is_masked(ctx))


@contextmanager
def _found() -> Iterator[None]:
    """Tells the access log of tickets that were asked for in vain (H2)."""
    try:
        yield
    except TicketNotFoundError as error:
        raise NotFoundError("ticket", error.details["ticket"]) from None
