"""Routes of the files of tickets. Must never send a byte before its access row is committed (T-6)."""

import asyncio
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints

from callcenter import audit, reach
from callcenter.accounts.permissions import Permission
from callcenter.archiving.errors import AccessLogError
from callcenter.attachments import contents, store
from callcenter.attachments.checking import damaged
from callcenter.attachments.errors import DamagedError, StoreAwayError, WithdrawnError
from callcenter.custody import Handed
from callcenter.errors import NotFoundError
from callcenter.web.acting import by as _by
from callcenter.web.api import Context, Model, Page, PageQuery, Routes
from callcenter.web.attachment_views import AttachmentView, attachment_view, masked_name
from callcenter.web.customers import is_masked
from callcenter.web.dispatch import PurposeMissingError
from callcenter.web.keys import CUSTODY, VAULT
from callcenter.web.uploads import Upload
from tickets.errors import TicketNotFoundError, Words
from tickets.papers import Paper

log = logging.getLogger(__name__)

routes = Routes("attachments", "Files of service orders 服务单附件")

Note = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


class HandedQuery(Model):
    """What the file is."""

    kind: Annotated[Paper, Field(description="What it is said to be 材料类型")]
    name: Annotated[
        str | None, Field(max_length=1000, description="Its name; without it, what the form calls it 文件名")
    ] = None
    note: Annotated[Note | None, Field(description="What is to be said of it 说明")] = None


class WithdrawBody(Model):
    """Why a file does not belong here."""

    reason: Annotated[Note, Field(description="Why 撤回原因")]


@routes.post(
    "/tickets/{ticket_id}/attachments", Permission.TICKET_EDIT, creates=True, reads="attachment", seconds=120.0
)
async def attach_file(ctx: Context, ticket_id: UUID, query: HandedQuery, upload: Upload) -> AttachmentView:
    """Hang a file on a ticket 上传附件

    The file is the body itself, or the one part of a `multipart/form-data`. What it is (`kind`) is declared, its type
    found in its content: PDF, PNG, JPEG, TIFF, WEBP, HEIC, text, EML, DOCX, XLSX, MP3, WAV, AMR, M4A, MP4. Never a
    recording of ours: those come from the switch alone.
    """
    with _found():
        added = await ctx.resource(CUSTODY).receive(
            ticket_id, ctx.key, Handed(query.kind, query.name or upload.name or "", query.note, upload.staged), _by(ctx)
        )
    return attachment_view(added, is_masked(ctx))


@routes.get("/tickets/{ticket_id}/attachments", Permission.TICKET_READ, reads="attachment")
async def list_attachments(ctx: Context, ticket_id: UUID, query: PageQuery) -> Page[AttachmentView]:
    """The files of a ticket, oldest first, withdrawn ones too 附件列表"""
    async with ctx.db.connection() as conn:
        with _found():
            await reach.seen(conn, ticket_id, _by(ctx))
        rows = await store.page(conn, ticket_id, ctx.after(query, tuple[datetime, UUID]), query.limit + 1)
    page = ctx.page(rows, query, key=lambda each: (each.added_at, each.id))
    masked = is_masked(ctx)
    return Page(items=[attachment_view(each, masked) for each in page.items], next=page.next)


@routes.post("/tickets/{ticket_id}/attachments/{attachment_id}/withdrawal", Permission.TICKET_EDIT, reads="attachment")
async def withdraw_file(ctx: Context, ticket_id: UUID, attachment_id: UUID, body: WithdrawBody) -> AttachmentView:
    """Say that a file does not belong here 撤回附件

    By who added it, or by the complaint post. It stays, and only auditors still read it.
    """
    with _found():
        found = await ctx.resource(CUSTODY).withdraw(ticket_id, attachment_id, body.reason, _by(ctx))
    return attachment_view(found, is_masked(ctx))


@routes.get(
    "/tickets/{ticket_id}/attachments/{attachment_id}/content",
    Permission.ATTACHMENT_READ,
    reads="attachment",
    produces=tuple(dict.fromkeys(form.media_type.partition(";")[0] for form in contents.FORMS)),
)
async def read_file(ctx: Context, ticket_id: UUID, attachment_id: UUID) -> web.StreamResponse:
    """A file itself 下载附件

    Needs a `?purpose=`, which is in the access log before the first byte. It is read back and compared with its hash
    before that; a damaged one is not given. Always as a download.
    """
    if ctx.purpose is None:
        raise PurposeMissingError(Words("请在 ?purpose= 中说明查看用途", "say what it is read for in ?purpose="))
    try:
        with _found():
            found = await ctx.resource(CUSTODY).opened(ticket_id, attachment_id, _by(ctx))
    except (DamagedError, StoreAwayError, WithdrawnError) as error:
        if isinstance(error, DamagedError):
            await _report(ctx, attachment_id)
        await _log(ctx, ticket_id, attachment_id, None, refused=error.code)
        raise
    is_head = ctx.request.method == "HEAD"
    await _log(ctx, ticket_id, attachment_id, None if is_head else found.size)
    response = web.StreamResponse(
        headers={
            "Content-Type": found.media_type,
            "Content-Disposition": disposition(masked_name(found) if is_masked(ctx) else found.name),
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "ETag": f'"{found.sha256}"',
            "Cache-Control": "no-store",
            "Accept-Ranges": "none",
        }
    )
    response.content_length = found.size
    await response.prepare(ctx.request)
    if not is_head:
        await send(ctx, response, found.sha256)
    await response.write_eof()
    return response


async def send(ctx: Context, response: web.StreamResponse, sha256: str) -> None:
    """The bytes of a file that was verified; broken off where the disk refuses."""
    chunks = ctx.resource(VAULT).chunks(sha256)
    try:
        while chunk := await asyncio.to_thread(next, chunks, b""):
            await response.write(chunk)
    except StoreAwayError:
        log.exception("a file broke off", extra={"sha256": sha256})
        if ctx.request.transport is not None:
            ctx.request.transport.abort()


async def _report(ctx: Context, attachment_id: UUID) -> None:
    async with ctx.db.transaction() as conn:
        found = await store.find(conn, attachment_id)
        if found is not None:
            await damaged(conn, found.sha256, ctx.clock.now())


async def _log(
    ctx: Context, ticket_id: UUID, attachment_id: UUID, sent: int | None, refused: str | None = None
) -> None:
    """Commits the access row. Raises AccessLogError."""
    try:
        async with ctx.db.transaction() as conn:
            await audit.access(
                conn,
                actor=ctx.actor.audit_name,
                allowed=refused is None,
                reason=refused or ("attachment" if sent is not None else "head"),
                object_kind="attachment",
                object_id=str(attachment_id),
                at=ctx.clock.now(),
                purpose=ctx.purpose,
                ticket_id=ticket_id,
                first_byte=None if sent is None else 0,
                last_byte=None if sent is None else sent - 1,
                address=ctx.address,
                user_agent=ctx.request.headers.get("User-Agent", ""),
                token_id=ctx.actor.id if ctx.actor.kind == "token" else None,
            )
    except Exception as error:
        log.exception("access not logged, nothing is given", extra={"attachment": str(attachment_id)})
        raise AccessLogError(Words("无法写入访问日志", "the access log cannot be written")) from error


_PLAIN = re.compile(r"[^A-Za-z0-9._-]")


def disposition(name: str) -> str:
    """RFC 6266: a plain name for old clients, the whole one beside it."""
    return f"attachment; filename=\"{_PLAIN.sub('_', name)}\"; filename*=UTF-8''{quote(name, safe='')}"


@contextmanager
def _found() -> Iterator[None]:
    """Tells the access log of tickets that were asked for in vain (H2)."""
    try:
        yield
    except TicketNotFoundError as error:
        raise NotFoundError("ticket", error.details["ticket"]) from None
