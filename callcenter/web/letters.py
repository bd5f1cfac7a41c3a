"""Routes of opinion letters: drafting, legal review, sending, counsel's work list. Must never decide a rule."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter import casefile
from callcenter.accounts.permissions import Permission
from callcenter.errors import ForbiddenError, NotFoundError
from callcenter.letters import clearance, drafting, lists, store
from callcenter.web import letter_views as views
from callcenter.web.acting import by as _by
from callcenter.web.api import Context, Model, Moment, Page, PageQuery, Routes
from callcenter.web.customers import is_masked
from callcenter.web.keys import COMPLAINTS
from callcenter.web.letter_views import LetterLine, LettersView, LetterView
from tickets.errors import TicketNotFoundError, Words
from tickets.letters import Content, LetterAction, LetterState, Means, Remedy

routes = Routes("letters", "Opinion letters 客户投诉处理意见书")

NEEDS: Mapping[LetterAction, Permission] = {
    LetterAction.SUBMIT: Permission.TICKET_MANAGE,
    LetterAction.RECALL: Permission.TICKET_MANAGE,
    LetterAction.CLEAR: Permission.LETTER_CLEAR,
    LetterAction.SEND_BACK: Permission.LETTER_CLEAR,
    LetterAction.SEND: Permission.TICKET_MANAGE,
    LetterAction.VOID: Permission.TICKET_MANAGE,
}
"""Which permission an action needs: the complaint post's, or legal counsel's (R-4.25)."""

Part = Annotated[str, Field(max_length=20_000)]


class ContentBody(Model):
    """What the letter says, whole (N-9); drafted without addressee or a remedy, the usual ones are filled in."""

    addressee: Annotated[str, Field(max_length=200, description="收件人")] = ""
    address: Annotated[str, Field(max_length=500, description="地址、邮箱或号码")] = ""
    facts: Annotated[Part, Field(description="查明的事实")] = ""
    basis: Annotated[Part, Field(description="依据和理由")] = ""
    decision: Annotated[Part, Field(description="处理意见")] = ""
    remedies: Annotated[
        dict[Remedy, Annotated[str, Field(max_length=2000)]], Field(default_factory=dict, description="救济途径")
    ]

    def content(self) -> Content:
        """As the use case takes it."""
        return Content(self.facts, self.basis, self.decision, self.remedies, self.addressee, self.address)


class RewriteBody(ContentBody):
    """The text written anew, whole."""

    version: Annotated[int, Field(ge=1)]


class LetterActBody(Model):
    """`send` says how, when if not just now, and by what proof; `send_back` its remarks, `void` why."""

    version: Annotated[int, Field(ge=1)]
    means: Annotated[Means | None, Field(description="送达方式 (CL-8)")] = None
    sent_at: Annotated[Moment | None, Field(description="Handed over, posted, sent; left out: now 送达时间")] = None
    proof: Annotated[str, Field(max_length=2000, description="送达证明,如挂号信编号、签收记录 (CL-8)")] = ""
    remarks: Annotated[Part, Field(description="法务审核意见")] = ""
    why: Annotated[str, Field(max_length=2000, description="作废理由")] = ""


class LetterQuery(PageQuery):
    """`mine`: I am the counsel they are before; `overdue`: counsel should have answered (L-23)."""

    state: LetterState | None = None
    organisation: Annotated[str | None, Field(max_length=100, description="Issuing organisation 出具机构")] = None
    mine: Annotated[bool, Field(description="Before me for review 待我审核")] = False
    overdue: Annotated[bool, Field(description="Past the limit of review 审核逾期 (L-23)")] = False


@routes.get("/letters", Permission.TICKET_WORK, reads="letter")
async def list_letters(ctx: Context, query: LetterQuery) -> Page[LetterLine]:
    """Opinion letters, the oldest first 意见书列表、法务待审"""
    at = ctx.clock.now()
    by = _by(ctx)
    async with ctx.db.connection() as conn:
        rows = await lists.letters(
            conn,
            by,
            state=query.state,
            organisation=query.organisation,
            counsel_id=by.user_id if query.mine else None,
            overdue_at=at if query.overdue else None,
            after=ctx.after(query, tuple[datetime, UUID]),
            limit=query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: (row["created_at"], row["id"]))
    return Page(items=[views.letter_line(row, at) for row in page.items], next=page.next)


@routes.get("/tickets/{ticket_id}/letters", Permission.TICKET_READ, reads="ticket")
async def list_letters_of(ctx: Context, ticket_id: UUID) -> LettersView:
    """The letters of a ticket, and whether a written answer is due 服务单的意见书"""
    at, masked = ctx.clock.now(), is_masked(ctx)
    async with ctx.db.connection() as conn:
        with _found():
            due = await casefile.written_due(conn, ticket_id, _by(ctx))
        folders = await store.of_ticket(conn, ticket_id)
    return LettersView(
        id=ticket_id, written_due=list(due), letters=[views.letter_view(each, at, masked) for each in folders]
    )


@routes.post("/tickets/{ticket_id}/letters", Permission.TICKET_MANAGE, creates=True, reads="letter")
async def draft_letter(ctx: Context, ticket_id: UUID, body: ContentBody) -> LetterView:
    """Draft the opinion letter 拟写意见书"""
    with _found():
        await drafting.draft(ctx.db, ctx.key, ticket_id, body.content(), _by(ctx), ctx.clock.now())
    return await _letter(ctx, ctx.key)


@routes.get("/letters/{letter_id}", Permission.TICKET_READ, reads="letter")
async def show_letter(ctx: Context, letter_id: UUID) -> LetterView:
    """A letter with all its texts and rounds of review 意见书全貌"""
    return await _letter(ctx, letter_id)


@routes.patch("/letters/{letter_id}", Permission.TICKET_MANAGE, reads="letter")
async def rewrite_letter(ctx: Context, letter_id: UUID, body: RewriteBody) -> LetterView:
    """Write the text anew, whole; a cleared letter is a draft again 修改意见书"""
    await drafting.redraft(ctx.db, letter_id, body.version, body.content(), _by(ctx), ctx.clock.now())
    return await _letter(ctx, letter_id)


@routes.post(
    "/letters/{letter_id}/actions/{action}", (Permission.TICKET_MANAGE, Permission.LETTER_CLEAR), reads="letter"
)
async def act_on_letter(ctx: Context, letter_id: UUID, action: LetterAction, body: LetterActBody) -> LetterView:
    """Submit, recall, clear, send back, send or void a letter 送审、撤回、审核、送达、作废

    The complaint post submits it to the legal counsel of the issuing organisation, and sends it once it is cleared;
    from the moment it was handed over, posted or sent the customer counts as told.
    """
    needed = NEEDS[action]
    if not ctx.actor.may(needed):
        raise ForbiddenError(Words(f"需要权限 {needed}", f"this needs the permission {needed}"))
    by, at = _by(ctx), ctx.clock.now()
    match action:
        case LetterAction.SUBMIT:
            rules = ctx.resource(COMPLAINTS).rules
            await drafting.submit(ctx.db, letter_id, body.version, rules, by, at)
        case LetterAction.RECALL:
            await drafting.recall(ctx.db, letter_id, body.version, by, at)
        case LetterAction.CLEAR:
            await clearance.clear(ctx.db, letter_id, body.version, body.remarks, by, at)
        case LetterAction.SEND_BACK:
            await clearance.send_back(ctx.db, letter_id, body.version, body.remarks, by, at)
        case LetterAction.SEND:
            await drafting.send(ctx.db, letter_id, body.version, body.means, body.sent_at or at, body.proof, by, at)
        case LetterAction.VOID:
            await drafting.void(ctx.db, letter_id, body.version, body.why, by, at)
    return await _letter(ctx, letter_id)


async def _letter(ctx: Context, letter_id: UUID) -> LetterView:
    async with ctx.db.connection() as conn:
        folder = await drafting.show(conn, letter_id, _by(ctx))
    return views.letter_view(folder, ctx.clock.now(), is_masked(ctx))


@contextmanager
def _found() -> Iterator[None]:
    """Tells the access log of tickets that were asked for in vain (H2)."""
    try:
        yield
    except TicketNotFoundError as error:
        raise NotFoundError("ticket", error.details["ticket"]) from None
