"""Routes of the documents of tickets. Must never send a byte before its access row is committed (T-6)."""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints, model_validator

from callcenter import audit
from callcenter.accounts import names
from callcenter.accounts.permissions import Permission
from callcenter.archiving.errors import AccessLogError
from callcenter.documents.errors import DocumentDamagedError
from callcenter.documents.gathering import Told
from callcenter.documents.issuing import Asked
from callcenter.documents.kinds import Kind
from callcenter.documents.store import Document
from callcenter.errors import NotFoundError, UnfitValueError
from callcenter.web.acting import by as _by
from callcenter.web.api import Context, Model, Moment, Page, PageQuery, Personal, Routes
from callcenter.web.dispatch import PurposeMissingError
from callcenter.web.keys import ISSUING, VAULT
from tickets.errors import TicketNotFoundError, Words
from tickets.letters import Means

log = logging.getLogger(__name__)

routes = Routes("documents", "Documents of service orders 服务单文书")

PDF = "application/pdf"
Passage = Annotated[str, StringConstraints(min_length=1, max_length=20_000, strip_whitespace=True)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


class IssueBody(Model):
    """Which document. A correction names the one it replaces and says why; that one stays as it is."""

    kind: Annotated[Kind, Field(description="文书种类")]
    note: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=5000)] | None,
        Field(description="What is to be said beside what the ticket holds 补充说明"),
    ] = None
    about: Annotated[
        UUID | None,
        Field(description="The slip, reminder, extension, meeting or letter it is of, where it is of one 所指事项"),
    ] = None
    facts: Annotated[Passage | None, Field(description="Of a decision notice: the facts verified (N-9) 核实的事实")] = (
        None
    )
    basis: Annotated[
        Passage | None, Field(description="Of a decision notice: the basis and the reasons (N-9) 依据和理由")
    ] = None
    replaces: Annotated[UUID | None, Field(description="The document this one corrects 所更正的文书")] = None
    reason: Annotated[Reason | None, Field(description="Why it is corrected 更正原因")] = None

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if (self.replaces is None) != (self.reason is None):
            raise UnfitValueError(
                Words("更正须同时指明原文书和原因", "a correction names what it corrects and says why, both or neither")
            )
        return self


class VoidBody(Model):
    """Why a document counts no more."""

    reason: Annotated[Reason, Field(description="作废原因")]


class DocumentView(Personal):
    """One document as issued. Its bytes are those of `sha256` for ever."""

    id: Annotated[UUID, Field(title="文书标识")]
    number: Annotated[str, Field(title="文书编号")]
    kind: Annotated[Kind, Field(title="种类")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    organisation_id: Annotated[str, Field(title="出具机构")]
    issued_at: Annotated[datetime, Field(title="出具时间")]
    issued_by: Annotated[str, Field(title="出具人标识")]
    issued_by_name: Annotated[str | None, Field(title="出具人")]
    template_id: Annotated[UUID, Field(title="模板标识")]
    template_version: Annotated[int, Field(title="模板版本")]
    sha256: Annotated[str, Field(title="SHA-256 摘要")]
    size: Annotated[int, Field(title="字节数")]
    substituted: Annotated[
        list[str],
        Field(title="以编码代替的字", description="Characters no font has: they stand in it as 〔U+XXXX〕"),
    ]
    about: Annotated[UUID | None, Field(title="所指事项标识")]
    replaces: Annotated[str | None, Field(title="更正")]
    replaced_by: Annotated[str | None, Field(title="被更正")]
    voided_at: Annotated[datetime | None, Field(title="作废时间")]
    voided_by: Annotated[str | None, Field(title="作废人标识")]
    voided_by_name: Annotated[str | None, Field(title="作废人")]
    void_reason: Annotated[str | None, Field(title="作废原因")]
    sent_at: Annotated[datetime | None, Field(title="送达时间")]
    sent_means: Annotated[Means | None, Field(title="送达方式")]
    sent_proof: Annotated[str | None, Field(title="送达证明")]
    sent_by: Annotated[str | None, Field(title="送达登记人")]


@routes.post("/tickets/{ticket_id}/documents", Permission.DOCUMENT_ISSUE, creates=True, reads="document", seconds=60.0)
async def issue_document(ctx: Context, ticket_id: UUID, body: IssueBody) -> DocumentView:
    """Issue a document 出具文书

    Made from the template that counts now, numbered by organisation, kind and year without gaps, kept with its hash.
    It never changes: to correct it, issue another that names it in `replaces`.
    """
    asked = Asked(body.kind, body.note, body.replaces, body.reason, Told(body.about, body.facts, body.basis))
    with _found():
        return await _one(ctx, await ctx.resource(ISSUING).issue(ticket_id, ctx.key, asked, _by(ctx), ctx.actor.name))


class SendBody(Model):
    """By what it went to the customer, with which proof; `sent_at` if not just now (CL-8)."""

    means: Annotated[Means, Field(description="送达方式:当面交付、邮寄、电子邮件")]
    proof: Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
    sent_at: Annotated[Moment | None, Field(description="送达时间")] = None


@routes.get("/tickets/{ticket_id}/documents", Permission.TICKET_READ, reads="document")
async def list_documents(ctx: Context, ticket_id: UUID, query: PageQuery) -> Page[DocumentView]:
    """The documents of a ticket, oldest first, void ones too 文书列表"""
    after = ctx.after(query, int) or 0
    with _found():
        rows = await ctx.resource(ISSUING).listed(ticket_id, after, query.limit + 1, _by(ctx))
    page = ctx.page(rows, query, key=lambda each: each.place)
    return Page(items=await views(ctx, page.items), next=page.next)


@routes.post("/tickets/{ticket_id}/documents/{document_id}/send", Permission.DOCUMENT_ISSUE, reads="document")
async def send_document(ctx: Context, ticket_id: UUID, document_id: UUID, body: SendBody) -> DocumentView:
    """Say that a letter went to the customer 登记送达

    From then on it proves what it says: the acknowledgement, or the answer, that names it.
    """
    with _found():
        issuing = ctx.resource(ISSUING)
        sent = await issuing.send(ticket_id, document_id, body.means, body.proof, body.sent_at, _by(ctx))
        return await _one(ctx, sent)


@routes.post("/tickets/{ticket_id}/documents/{document_id}/void", Permission.DOCUMENT_ISSUE, reads="document")
async def void_document(ctx: Context, ticket_id: UUID, document_id: UUID, body: VoidBody) -> DocumentView:
    """Say that a document counts no more 作废文书

    By who issued it, or by the complaint post. It keeps its number and its bytes.
    """
    with _found():
        return await _one(ctx, await ctx.resource(ISSUING).void(ticket_id, document_id, body.reason, _by(ctx)))


@routes.get(
    "/tickets/{ticket_id}/documents/{document_id}/pdf", Permission.TICKET_READ, reads="document", produces=(PDF,)
)
async def read_document(ctx: Context, ticket_id: UUID, document_id: UUID) -> web.StreamResponse:
    """A document itself 下载文书

    Needs a `?purpose=`, which is in the access log before the first byte. Letters show the complainant whole and need
    `customer.unmask`. The file is read back and compared with its hash before; a damaged one is not given.
    """
    if ctx.purpose is None:
        raise PurposeMissingError(Words("请在 ?purpose= 中说明查看用途", "say what it is read for in ?purpose="))
    try:
        with _found():
            found = await ctx.resource(ISSUING).opened(ticket_id, document_id, _by(ctx))
    except DocumentDamagedError as error:
        log.error("a document is missing or not what was kept", extra={"document": str(document_id)})
        await _log(ctx, ticket_id, document_id, None, refused=error.code)
        raise
    is_head = ctx.request.method == "HEAD"
    await _log(ctx, ticket_id, document_id, None if is_head else found.size)
    response = web.StreamResponse(
        headers={
            "Content-Type": PDF,
            "Content-Disposition": f'attachment; filename="{found.number}.pdf"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "ETag": f'"{found.sha256}"',
            "Cache-Control": "no-store",
            "Accept-Ranges": "none",
        }
    )
    response.content_length = found.size
    await response.prepare(ctx.request)
    if not is_head:
        chunks = ctx.resource(VAULT).chunks(found.sha256)
        while chunk := await asyncio.to_thread(next, chunks, b""):
            await response.write(chunk)
    await response.write_eof()
    return response


async def views(ctx: Context, found: Sequence[Document]) -> list[DocumentView]:
    """As they are told outside."""
    async with ctx.db.connection() as conn:
        known = await names.of(conn, [actor for each in found for actor in (each.issued_by, each.voided_by)])
    return [_view(each, known) for each in found]


async def _one(ctx: Context, found: Document) -> DocumentView:
    (shown,) = await views(ctx, [found])
    return shown


def _view(found: Document, known: Mapping[str, str]) -> DocumentView:
    told: dict[str, Any] = {
        "replaces": found.replaces_number,
        "replaced_by": found.replaced_by_number,
        "substituted": list(found.substituted),
        "issued_by_name": known.get(found.issued_by),
        "voided_by_name": known.get(found.voided_by or ""),
    }
    same = set(DocumentView.model_fields) - set(told)
    return DocumentView(**{name: getattr(found, name) for name in same}, **told)


async def _log(ctx: Context, ticket_id: UUID, document_id: UUID, sent: int | None, refused: str | None = None) -> None:
    """Commits the access row. Raises AccessLogError."""
    try:
        async with ctx.db.transaction() as conn:
            await audit.access(
                conn,
                actor=ctx.actor.audit_name,
                allowed=refused is None,
                reason=refused or ("document" if sent is not None else "head"),
                object_kind="document",
                object_id=str(document_id),
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
        log.exception("access not logged, nothing is given", extra={"document": str(document_id)})
        raise AccessLogError(Words("无法写入访问日志", "the access log cannot be written")) from error


@contextmanager
def _found() -> Iterator[None]:
    """Tells the access log of tickets that were asked for in vain (H2)."""
    try:
        yield
    except TicketNotFoundError as error:
        raise NotFoundError("ticket", error.details["ticket"]) from None
