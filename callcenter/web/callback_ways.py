"""Routes of letters and visits of callbacks, and of the receipts the policyholders signed (C-10). Must never judge."""

import asyncio
import logging
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints

from callcenter import audit
from callcenter.accounts.permissions import Permission
from callcenter.archiving.errors import AccessLogError
from callcenter.attachments import contents
from callcenter.attachments.checking import damaged
from callcenter.attachments.errors import DamagedError, StoreAwayError
from callcenter.callbacks import errands, store, ways
from callcenter.callbacks.conversation import Said
from callcenter.callbacks.errands import Errand
from callcenter.callbacks.errors import NoReceiptError
from callcenter.callbacks.ways import Begun, Receipt
from callcenter.errors import ForbiddenError
from callcenter.web import callback_views as views
from callcenter.web.acting import by
from callcenter.web.api import Context, Day, Model, Moment, Page, PageQuery, Routes
from callcenter.web.attachments import disposition, send
from callcenter.web.callback_views import WayView
from callcenter.web.callbacks import AnswersBody, AnswersView, FindingBody, FindingView, finding_view, problem_of
from callcenter.web.customers import is_masked
from callcenter.web.dispatch import PurposeMissingError
from callcenter.web.keys import COMPLAINTS, VAULT
from callcenter.web.uploads import Upload
from tickets.callbacks import Way
from tickets.errors import Words

log = logging.getLogger(__name__)

routes = Routes("callback_ways", "Letters and visits of callbacks 信函与上门回访")

Note = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


class WayBody(Model):
    """`at`: when it was sent, or made; `address`: of a letter; `person`: who visited. `asked`: the customer wants it so
    or refuses to be recorded (E-14), as `note` says; else enough must have been tried by telephone (C-17)."""

    way: Literal[Way.LETTER, Way.VISIT]
    at: Moment
    person: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)] | None = None
    address: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)] | None = None
    note: Note | None = None
    asked: bool = False


class FailureBody(Model):
    """Why it came to nothing."""

    reason: Note


class ReceiptQuery(Model):
    """`signed_on`: the day on the receipt; `returned_at`: when it came back, by default now."""

    signed_on: Annotated[Day, Field(description="签收日期")]
    returned_at: Annotated[Moment | None, Field(description="收回时间")] = None
    name: Annotated[str | None, Field(max_length=1000, description="文件名")] = None


@routes.post("/callback-tasks/{task_id}/ways", Permission.CALLBACK_WORK, creates=True, reads="callback_task")
async def begin_way(ctx: Context, task_id: UUID, body: WayBody) -> WayView:
    """Record a letter sent or a visit made 登记信函或上门回访"""
    begun = Begun(body.way, body.at, body.person, body.address, body.note, body.asked)
    made = await ways.begin(ctx.db, task_id, ctx.key, begun, by=by(ctx), at=ctx.clock.now())
    return views.way_view(made, is_masked(ctx))


@routes.get("/callback-tasks/{task_id}/ways", Permission.CALLBACK_READ, reads="callback_task")
async def list_ways(ctx: Context, task_id: UUID, query: PageQuery) -> Page[WayView]:
    """The letters and visits of a task 信函与上门回访列表"""
    async with ctx.db.connection() as conn:
        task = await store.task(conn, task_id, ctx.actor.path)
        rows = await errands.page(conn, task.id, ctx.after(query, tuple[datetime, UUID]), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row.at, row.id))
    masked = is_masked(ctx)
    return Page(items=[views.way_view(row, masked) for row in page.items], next=page.next)


@routes.post("/callback-tasks/{task_id}/ways/{way_id}/failure", Permission.CALLBACK_WORK, reads="callback_task")
async def fail_way(ctx: Context, task_id: UUID, way_id: UUID, body: FailureBody) -> WayView:
    """Say why a letter or visit came to nothing 登记未成功原因"""
    made = await ways.fail(ctx.db, task_id, way_id, body.reason, by=by(ctx), at=ctx.clock.now())
    return views.way_view(made, is_masked(ctx))


@routes.post(
    "/callback-tasks/{task_id}/ways/{way_id}/receipt",
    Permission.CALLBACK_WORK,
    creates=True,
    reads="callback_task",
    seconds=120.0,
)
async def take_receipt(ctx: Context, task_id: UUID, way_id: UUID, query: ReceiptQuery, upload: Upload) -> WayView:
    """Take in the scan of the receipt the policyholder signed 登记签收回执

    One that comes back after the cooling-off period counts only in final success.
    """
    at = ctx.clock.now()
    name = query.name or upload.name or ""
    receipt = Receipt(query.signed_on, query.returned_at or at, name, upload.staged)
    made = await ways.receive(ctx.db, ctx.resource(VAULT), task_id, way_id, receipt, by=by(ctx), at=at)
    return views.way_view(made, is_masked(ctx))


@routes.put("/callback-tasks/{task_id}/ways/{way_id}/answers", Permission.CALLBACK_WORK, reads="callback_task")
async def answer_way(ctx: Context, task_id: UUID, way_id: UUID, body: AnswersBody) -> AnswersView:
    """Store what stands on the signed receipt 登记回执上的回答"""
    said = [Said(one.question, one.answer, one.note) for one in body.answers]
    answers, judged = await ways.answer(ctx.db, task_id, way_id, said, by=by(ctx), at=ctx.clock.now())
    masked = is_masked(ctx)
    return AnswersView(
        answers=[views.answer_view(given, masked) for given in answers.values()], verdict=views.verdict_view(judged)
    )


@routes.post("/callback-tasks/{task_id}/ways/{way_id}/findings", Permission.CALLBACK_WORK, creates=True)
async def record_way_finding(ctx: Context, task_id: UUID, way_id: UUID, body: FindingBody) -> FindingView:
    """Record what the receipt brought to light 登记回执反映的问题件或投诉

    A clear intention to complain makes a complaint, anything else a finding, as on the telephone (R-2.2 … R-2.5).
    """
    if not ctx.actor.may(Permission.TICKET_OPEN):
        raise ForbiddenError(Words("需要权限 ticket.open", "ticket.open is needed"))
    opened = await ways.find_problem(
        ctx.db,
        ctx.resource(COMPLAINTS),
        task_id,
        way_id,
        problem_of(body),
        key=ctx.key,
        by=by(ctx),
        at=ctx.clock.now(),
    )
    return finding_view(opened, body)


@routes.get(
    "/callback-tasks/{task_id}/ways/{way_id}/receipt",
    Permission.CALLBACK_READ,
    reads="callback_task",
    produces=tuple(dict.fromkeys(form.media_type.partition(";")[0] for form in contents.FORMS)),
)
async def read_receipt(ctx: Context, task_id: UUID, way_id: UUID) -> web.StreamResponse:
    """The scan of a signed receipt 下载签收回执

    Shows a customer whole: needs customer.unmask and a `?purpose=`, which is in the access log before the first byte.
    The scan is compared with its hash before that.
    """
    if ctx.purpose is None:
        raise PurposeMissingError(Words("请在 ?purpose= 中说明查看用途", "say what it is read for in ?purpose="))
    async with ctx.db.connection() as conn:
        task = await store.task(conn, task_id, ctx.actor.path)
        errand = await errands.find(conn, task.id, way_id)
    if is_masked(ctx):
        raise ForbiddenError(Words("需要权限 customer.unmask", "customer.unmask is needed"))
    if errand.sha256 is None or errand.size is None or errand.media_type is None:
        raise NoReceiptError(
            Words("签收回执的扫描件尚未登记。", "the scan of the signed receipt has not been taken in")
        )
    try:
        await asyncio.to_thread(ctx.resource(VAULT).verify, errand.sha256, errand.size)
    except (DamagedError, StoreAwayError) as error:
        if isinstance(error, DamagedError):
            async with ctx.db.transaction() as conn:
                await damaged(conn, errand.sha256, ctx.clock.now())
        await _log(ctx, errand, None, refused=error.code)
        raise
    is_head = ctx.request.method == "HEAD"
    await _log(ctx, errand, None if is_head else errand.size)
    response = web.StreamResponse(
        headers={
            "Content-Type": errand.media_type,
            "Content-Disposition": disposition(errand.name or "receipt"),
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "ETag": f'"{errand.sha256}"',
            "Cache-Control": "no-store",
            "Accept-Ranges": "none",
        }
    )
    response.content_length = errand.size
    await response.prepare(ctx.request)
    if not is_head:
        await send(ctx, response, errand.sha256)
    await response.write_eof()
    return response


async def _log(ctx: Context, errand: Errand, sent: int | None, refused: str | None = None) -> None:
    """Commits the access row. Raises AccessLogError."""
    try:
        async with ctx.db.transaction() as conn:
            await audit.access(
                conn,
                actor=ctx.actor.audit_name,
                allowed=refused is None,
                reason=refused or "receipt",
                object_kind="callback_task",
                object_id=str(errand.task_id),
                at=ctx.clock.now(),
                purpose=ctx.purpose,
                first_byte=None if sent is None else 0,
                last_byte=None if sent is None else sent - 1,
                address=ctx.address,
                user_agent=ctx.request.headers.get("User-Agent", ""),
                token_id=ctx.actor.id if ctx.actor.kind == "token" else None,
            )
    except Exception as error:
        log.exception("access not logged, nothing is given", extra={"way": str(errand.id)})
        raise AccessLogError(Words("无法写入访问日志", "the access log cannot be written")) from error
