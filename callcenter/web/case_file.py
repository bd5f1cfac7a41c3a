"""Routes of the case file: what is in it, what is missing, and the whole of it as a ZIP.

Must never send a byte before the access rows of the case and of everything in it are committed (T-6).
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints

from callcenter import audit, bundle, casefile, dossier, exports
from callcenter.accounts import names
from callcenter.accounts.permissions import Permission
from callcenter.archiving.errors import AccessLogError
from callcenter.attachments.errors import DamagedError, StoreAwayError
from callcenter.bundle import Bundle, Copy, Handed
from callcenter.dossier import Dossier
from callcenter.errors import ForbiddenError, NotFoundError
from callcenter.web import details
from callcenter.web.acting import by as _by
from callcenter.web.api import Context, Model, Personal, Routes
from callcenter.web.customers import is_masked
from callcenter.web.dispatch import PurposeMissingError
from callcenter.web.exports import approval
from callcenter.web.keys import BUNDLING
from callcenter.web.playback import copy_of
from callcenter.web.ticket_views import ticket_view
from recordings.errors import ObjectDamagedError
from tickets.dossier import Ground, Item, Need
from tickets.errors import TicketNotFoundError, Words

log = logging.getLogger(__name__)

routes = Routes("case_file", "Case files of service orders 案卷")

ZIP = "application/zip"
KIND_OF = "SELECT kind FROM organisation WHERE id = $1"
KEEPERS = ("hq", "province")
"""Who may hold copies of recordings: lower organisations listen on demand (E-10)."""


class ItemView(Personal):
    """One item of the list, as the file stands."""

    item: Annotated[Item, Field(title="归档项目")]
    need: Annotated[Need, Field(title="是否必备")]
    held: Annotated[bool, Field(title="是否已有")]
    missing: Annotated[bool, Field(title="缺少", description="The case cannot be archived because of it (E-21)")]
    explained: Annotated[str | None, Field(title="缺件说明")]
    explained_at: Annotated[datetime | None, Field(title="说明时间")]
    explained_by: Annotated[str | None, Field(title="说明人标识")]
    explained_by_name: Annotated[str | None, Field(title="说明人")]
    rules: Annotated[list[str], Field(title="依据")]
    ground: Annotated[Ground, Field(title="依据来源")]


class ContentsView(Personal):
    """What a case file holds and lacks, by severity and channel."""

    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    number: Annotated[str, Field(title="服务单号")]
    complete: Annotated[bool, Field(title="必备材料齐全")]
    missing: Annotated[list[Item], Field(title="缺少的必备材料")]
    items: Annotated[list[ItemView], Field(title="归档项目")]
    files: Annotated[int, Field(title="附件与文书件数")]
    recordings: Annotated[int, Field(title="已封存录音段数")]
    unsealed: Annotated[int, Field(title="未封存或缺失录音段数")]
    kept_until: Annotated[
        date | None, Field(title="至少保存至", description="Null while the contract lives 长期留存 (F-34, E-4 … E-7)")
    ]


class AbsenceBody(Model):
    """Why a mandatory item cannot be had any more."""

    item: Annotated[Item, Field(description="归档项目")]
    reason: Annotated[
        str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True), Field(description="缺件说明")
    ]


class ExportQuery(Model):
    """What the ZIP holds."""

    recordings: Annotated[
        bool, Field(description="With copies of the recordings, not only by reference 含录音副本")
    ] = False


@routes.get("/tickets/{ticket_id}/case-file/contents", Permission.TICKET_READ, reads="case_file")
async def case_file_contents(ctx: Context, ticket_id: UUID) -> ContentsView:
    """What the case file holds, what it must hold, what is missing 案卷完整性

    By severity and channel, each item with its rules and where they come from. A case is not archived while a
    mandatory item is missing (E-21).
    """
    async with ctx.db.connection() as conn:
        with _found():
            found = await dossier.opened(conn, ticket_id, _by(ctx))
    return await _contents(ctx, found)


@routes.post("/tickets/{ticket_id}/case-file/absences", Permission.TICKET_MANAGE, creates=True, reads="case_file")
async def explain_absence(ctx: Context, ticket_id: UUID, body: AbsenceBody) -> ContentsView:
    """Put on record why a mandatory item is not there and cannot be had any more 缺件说明

    Once for an item, in the file for ever. What can still be brought (forms, originals, authorisations) is brought.
    """
    with _found():
        found = await dossier.explain_absence(ctx.db, ctx.clock, ticket_id, ctx.key, body.item, body.reason, _by(ctx))
    return await _contents(ctx, found)


@routes.get("/tickets/{ticket_id}/case-file", Permission.CASE_EXPORT, reads="case_file", produces=(ZIP,))
async def export_case_file(ctx: Context, ticket_id: UUID, query: ExportQuery) -> web.StreamResponse:
    """The whole case file as a ZIP 导出案卷

    Needs a `?purpose=`; the case and everything in it are in the access log before the first byte. Index as PDF and
    JSON, the order with its full log, files and documents, `SHA256SUMS` for `sha256sum -c`. Recordings by reference;
    with `recordings=true` as copies, to provinces and headquarters, for who may hear each. Who lacks `customer.unmask`
    gets the order masked, and no letters or proofs of identity: the index names them.
    """
    if ctx.purpose is None:
        raise PurposeMissingError(Words("请在 ?purpose= 中说明导出用途", "say what it is exported for in ?purpose="))
    by, at = _by(ctx), ctx.clock.now()
    under = await approval(ctx.config, ctx.db, ctx.request, ctx.actor.audit_name, at)
    with _found():
        async with ctx.db.connection() as conn:
            file = await casefile.whole(conn, ticket_id, by)
    order = ticket_view(file, at, is_masked(ctx)).model_dump_json(indent=1).encode()
    copies = await _copies(ctx, ticket_id) if query.recordings else ()
    try:
        with _found():
            found = await ctx.resource(BUNDLING).prepare(
                ticket_id, Handed(by, ctx.actor.name, ctx.purpose, order, copies)
            )
    except (DamagedError, StoreAwayError) as error:
        await _log(ctx, ticket_id, None, (), refused=error.code)
        raise
    is_head = ctx.request.method == "HEAD"
    await _log(ctx, ticket_id, None if is_head else found, copies)
    if under is not None and not is_head:
        await exports.given(ctx.db, under, ZIP, None, None, at)
    response = web.StreamResponse(
        headers={
            "Content-Type": ZIP,
            "Content-Disposition": f'attachment; filename="{found.number}.zip"',
            "Cache-Control": "no-store",
            "Accept-Ranges": "none",
        }
    )
    await response.prepare(ctx.request)
    if not is_head:
        await _send(ctx, response, found, at)
    await response.write_eof()
    return response


async def _copies(ctx: Context, ticket_id: UUID) -> tuple[Copy, ...]:
    """A copy of every sealed segment of the case, each judged by the rights of listening. Raises ForbiddenError."""
    async with ctx.db.connection() as conn:
        with _found():
            found = await dossier.opened(conn, ticket_id, _by(ctx))
        kind = await conn.fetchval(KIND_OF, ctx.actor.organisation_id)
    if kind not in KEEPERS:
        raise ForbiddenError(
            Words(
                "录音副本只由省级以上机构保管，其他机构在线收听",
                "provinces and headquarters hold copies of recordings, others listen on demand",
            )
        )
    made = []
    for each in found.recordings:
        if each["state"] != "sealed" or each["recording_id"] is None:
            continue
        heard = await copy_of(ctx, each["recording_id"], each["number"], ticket_id)
        made.append(
            Copy(
                recording_id=each["recording_id"],
                number=each["number"],
                suffix="." + heard.media_type.rpartition("/")[2],
                size=heard.size,
                sha256=heard.etag.strip('"'),
                at=each["started_at"] or ctx.clock.now(),
                chunks=heard.chunks,
            )
        )
    return tuple(made)


async def _send(ctx: Context, response: web.StreamResponse, found: Bundle, at: datetime) -> None:
    pieces = bundle.stream(found.parts, at)
    try:
        while piece := await asyncio.to_thread(next, pieces, b""):
            await response.write(piece)
    except (DamagedError, StoreAwayError, ObjectDamagedError):
        log.exception("a case file broke off", extra={"ticket": found.number})
        if ctx.request.transport is not None:
            ctx.request.transport.abort()


async def _contents(ctx: Context, found: Dossier) -> ContentsView:
    said = {Item(each["item"]): each for each in found.absences}
    async with ctx.db.connection() as conn:
        known = await names.of(conn, [each["explained_by"] for each in found.absences])
    masked = is_masked(ctx)
    items = []
    for entry in found.entries:
        absence = said.get(entry.demand.item) if entry.explained else None
        items.append(
            ItemView(
                item=entry.demand.item,
                need=entry.need,
                held=entry.held,
                missing=entry.missing,
                explained=details.text(absence["reason"], masked) if absence else None,
                explained_at=absence["explained_at"] if absence else None,
                explained_by=absence["explained_by"] if absence else None,
                explained_by_name=known.get(absence["explained_by"]) if absence else None,
                rules=list(entry.demand.rules),
                ground=entry.demand.ground,
            )
        )
    return ContentsView(
        ticket_id=found.row["id"],
        number=found.row["number"],
        complete=not found.missing,
        missing=[entry.demand.item for entry in found.missing],
        items=items,
        files=len(found.files),
        recordings=found.case.recordings,
        unsealed=found.case.unsealed,
        kept_until=found.kept_until,
    )


async def _log(
    ctx: Context, ticket_id: UUID, found: Bundle | None, copies: Sequence[Copy], refused: str | None = None
) -> None:
    """Commits a row for the case, and one for each file and recording in it. Raises AccessLogError."""
    objects = [("case_file", str(ticket_id))]
    if found is not None:
        objects += [("attachment", str(each.id)) for each in found.given]
        objects += [("recording", str(each.recording_id)) for each in copies]
    try:
        async with ctx.db.transaction() as conn:
            for kind, id in objects:
                await audit.access(
                    conn,
                    actor=ctx.actor.audit_name,
                    allowed=refused is None,
                    reason=refused or ("case_file" if found is not None else "head"),
                    object_kind=kind,
                    object_id=id,
                    at=ctx.clock.now(),
                    purpose=ctx.purpose,
                    ticket_id=ticket_id,
                    address=ctx.address,
                    user_agent=ctx.request.headers.get("User-Agent", ""),
                    token_id=ctx.actor.id if ctx.actor.kind == "token" else None,
                )
    except Exception as error:
        log.exception("access not logged, nothing is given", extra={"ticket": str(ticket_id)})
        raise AccessLogError(Words("无法写入访问日志", "the access log cannot be written")) from error


@contextmanager
def _found() -> Iterator[None]:
    """Tells the access log of tickets that were asked for in vain (H2)."""
    try:
        yield
    except TicketNotFoundError as error:
        raise NotFoundError("ticket", error.details["ticket"]) from None
