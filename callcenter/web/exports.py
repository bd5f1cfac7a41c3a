"""Routes of approvals for files of personal data (E-12), and asking for one where a file is to leave."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints

from callcenter import exports
from callcenter.accounts.permissions import Permission
from callcenter.config import Config
from callcenter.db.pool import Database
from callcenter.exports import Approval, ExportAction, ExportState, NotApprovedError
from callcenter.web.acting import by as _by
from callcenter.web.api import Context, Model, Page, PageQuery, Routes
from tickets.errors import Words

routes = Routes("exports", "Approval of exports 导出审批")


class ExportFileView(Model):
    """A file that left under the approval; of a ZIP made while it is sent its own SHA256SUMS tell."""

    id: UUID
    given_at: datetime
    media_type: str
    bytes: int | None
    sha256: str | None


class ExportRequestView(Model):
    """A request that personal data may leave as a file."""

    id: Annotated[UUID, Field(title="申请标识")]
    what: Annotated[str, Field(title="导出内容")]
    purpose: Annotated[str, Field(title="用途")]
    organisation_id: Annotated[str, Field(title="申请机构")]
    asked_by: Annotated[str, Field(title="申请人")]
    asked_at: Annotated[datetime, Field(title="申请时间")]
    state: Annotated[ExportState, Field(title="状态")]
    answered_by: Annotated[str | None, Field(title="批准人")]
    answered_at: Annotated[datetime | None, Field(title="答复时间")]
    remark: Annotated[str | None, Field(title="批复意见")]
    until: Annotated[datetime | None, Field(title="有效至")]
    files: Annotated[int, Field(title="已导出文件数")]


class WholeExportView(ExportRequestView):
    """A request with the files given under it."""

    given: list[ExportFileView]


class ExportQuery(PageQuery):
    state: ExportState | None = None


class ExportBody(Model):
    """Which list with its filters, or which case file, as its address without the host, and why."""

    url: Annotated[str, StringConstraints(min_length=2, max_length=4000)]
    purpose: Annotated[str, StringConstraints(min_length=2, max_length=200, strip_whitespace=True)]


class AnswerBody(Model):
    """A refusal says why."""

    remark: Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True)] = ""


@routes.post("/export-requests", (Permission.DATA_EXPORT, Permission.CASE_EXPORT), creates=True)
async def ask_for_export(ctx: Context, body: ExportBody) -> WholeExportView:
    """Ask that personal data may leave as a file 申请导出

    Approved, the same address gives the file for a day with `?approval=` this id, to who asked.
    """
    await exports.ask(ctx.db, ctx.key, body.url, body.purpose, _by(ctx), ctx.clock.now())
    return await _one(ctx, ctx.key)


@routes.get("/export-requests", (Permission.DATA_EXPORT, Permission.CASE_EXPORT))
async def list_export_requests(ctx: Context, query: ExportQuery) -> Page[ExportRequestView]:
    """Requests, the latest first 导出申请"""
    async with ctx.db.connection() as conn:
        after = ctx.after(query, tuple[datetime, UUID])
        rows = await exports.page(conn, _by(ctx), query.state, after, query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row["asked_at"], row["id"]))
    return Page(items=[_view(row) for row in page.items], next=page.next)


@routes.get("/export-requests/{request_id}", (Permission.DATA_EXPORT, Permission.CASE_EXPORT))
async def show_export_request(ctx: Context, request_id: UUID) -> WholeExportView:
    """A request with what left under it 导出申请及清单"""
    return await _one(ctx, request_id)


@routes.post("/export-requests/{request_id}/actions/{action}", Permission.EXPORT_APPROVE)
async def answer_export_request(
    ctx: Context, request_id: UUID, action: ExportAction, body: AnswerBody
) -> WholeExportView:
    """Approve it for a day, or refuse it: never who asked 批准、不同意"""
    await exports.answer(ctx.db, request_id, action, body.remark, _by(ctx), ctx.clock.now())
    return await _one(ctx, request_id)


async def approval(config: Config, db: Database, request: web.Request, actor: str, at: datetime) -> Approval | None:
    """The approval a file of personal data leaves under; None where the settings ask for none.

    Raises NotApprovedError.
    """
    if not config.exports.second_person:
        return None
    given = request.query.get("approval", "")
    try:
        request_id = UUID(given) if given else None
    except ValueError:
        raise NotApprovedError(
            Words("?approval= 不是导出申请的标识", "?approval= is not the id of a request")
        ) from None
    path = request.path.removeprefix("/api/v1")
    return await exports.approved(db, request_id, exports.named(path, request.query.items()), actor, at)


async def _one(ctx: Context, request_id: UUID) -> WholeExportView:
    async with ctx.db.connection() as conn:
        row = await exports.show(conn, request_id, _by(ctx))
    files = [ExportFileView(**each) for each in row["given"]]
    return WholeExportView(**_view(row).model_dump(), given=files)


def _view(row: Mapping[str, Any]) -> ExportRequestView:
    return ExportRequestView.model_validate({name: row[name] for name in ExportRequestView.model_fields})
