"""Routes of lists: upload, preview, mapping, start, progress, faults, cancel. Must never read a file themselves."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field as Spec

from callcenter.accounts.permissions import Permission
from callcenter.importing import fields, mapping, store, values
from callcenter.importing.fields import DateForm, Field, Kind
from callcenter.importing.intake import Said
from callcenter.importing.lines import Complaint, Fate, fate
from callcenter.importing.store import Import, State
from callcenter.importing.table import Format
from callcenter.importing.values import Wrong
from callcenter.web import language
from callcenter.web.acting import doer
from callcenter.web.api import Context, Model, Page, PageQuery, Routes
from callcenter.web.keys import LISTS
from callcenter.web.uploads import Upload

routes = Routes("imports", "Imports of lists 名单导入")

SECONDS = 300.0
"""A large file is read once before it is answered for."""
Version = Annotated[int, Spec(ge=1, le=2_000_000_000)]


class UploadQuery(Model):
    name: Annotated[
        str | None, Spec(max_length=1000, description="The file's name; without it, what the form calls it 文件名")
    ] = None


class PolicyUploadQuery(UploadQuery):
    organisation_id: Annotated[
        str | None, Spec(min_length=1, max_length=64, description="Whose policies; one's own by default 承保机构")
    ] = None


class ColumnView(Model):
    """A column of the file, counted from 1, and what it is taken for; null: for nothing."""

    column: int
    header: str
    field: Field | None
    field_name: str | None
    date_form: DateForm | None


class NamedField(Model):
    field: Field
    name: str


class ImportView(Model):
    """A list. `encodings` and `delimiters` are named when one of them has to be chosen; `sample` is masked;
    `missing`: what still has to be mapped; `seconds_left` is an estimate while the file is read."""

    id: Annotated[UUID, Spec(title="导入标识")]
    kind: Annotated[Kind, Spec(title="种类")]
    campaign_id: Annotated[UUID | None, Spec(title="批次")]
    organisation_id: Annotated[str, Spec(title="机构")]
    state: Annotated[State, Spec(title="状态")]
    file_name: Annotated[str, Spec(title="文件名")]
    sha256: Annotated[str, Spec(title="文件哈希")]
    size: Annotated[int, Spec(title="字节数")]
    format: Annotated[Format, Spec(title="格式")]
    encoding: Annotated[str | None, Spec(title="编码")]
    delimiter: Annotated[str | None, Spec(title="分隔符")]
    dry_run: Annotated[bool, Spec(title="仅试导入")]
    only_whole: Annotated[bool, Spec(title="有误则整批不导")]
    percent: Annotated[float, Spec(title="已读百分比")]
    seconds_left: Annotated[int | None, Spec(title="预计剩余秒数")]
    rows_read: Annotated[int, Spec(title="已读行数")]
    good: Annotated[int, Spec(title="可导入行数")]
    bad: Annotated[int, Spec(title="有误行数")]
    dropped: Annotated[int, Spec(title="不安排行数")]
    duplicates: Annotated[int, Spec(title="文件内重复行数")]
    existed: Annotated[int, Spec(title="本批次已有行数")]
    tasks_made: Annotated[int, Spec(title="新建任务数")]
    policies_made: Annotated[int, Spec(title="新建保单数")]
    policies_changed: Annotated[int, Spec(title="更新保单数")]
    customers_made: Annotated[int, Spec(title="新建客户数")]
    fault_code: Annotated[str | None, Spec(title="失败代码")]
    fault: Annotated[str | None, Spec(title="失败原因")]
    requested_by: Annotated[str, Spec(title="上传人")]
    requested_at: Annotated[datetime, Spec(title="上传时间")]
    started_at: Annotated[datetime | None, Spec(title="开始时间")]
    finished_at: Annotated[datetime | None, Spec(title="结束时间")]
    version: Annotated[int, Spec(title="版本")]


class ImportFile(ImportView):
    """With its columns, first rows and what to look at. `existed_before`: these bytes were handed in before."""

    existed_before: bool
    encodings: list[str]
    delimiters: list[str]
    header_row: int | None
    columns: list[ColumnView]
    sample: list[list[str]]
    missing: list[NamedField]
    warnings: list[str]


class ImportQuery(PageQuery):
    campaign_id: UUID | None = None
    kind: Kind | None = None
    state: State | None = None


class ColumnBody(Model):
    """`column` counts from 1; `ignored` columns are not taken, nor are those not named."""

    column: Annotated[int, Spec(ge=1, le=2000)]
    field: Field
    date_form: DateForm | None = None


class MappingBody(Model):
    """How the file is read. `columns` are all that are taken; without them only the encoding, the delimiter or the
    header's row is chosen, and the answer shows the columns to be confirmed."""

    version: Version
    encoding: Annotated[str | None, Spec(max_length=20)] = None
    delimiter: Annotated[str | None, Spec(min_length=1, max_length=1)] = None
    header_row: Annotated[int | None, Spec(ge=1, le=1000)] = None
    columns: Annotated[list[ColumnBody] | None, Spec(min_length=1, max_length=2000)] = None


class StartBody(Model):
    """`dry_run`: everything but the import itself; `only_whole`: one refused row refuses the list."""

    version: Version
    dry_run: bool = False
    only_whole: bool = False


class FaultLine(Model):
    """One thing that is wrong with one row, as it stands in a file."""

    row: Annotated[int, Spec(title="行号")]
    column: Annotated[int | None, Spec(title="列号")]
    header: Annotated[str | None, Spec(title="表头")]
    field: Annotated[Field | None, Spec(title="字段")]
    value: Annotated[str | None, Spec(title="原值(已遮盖)")]
    fate: Annotated[Fate, Spec(title="结果")]
    wrong: Annotated[Wrong, Spec(title="原因及处理")]


class FaultView(FaultLine):
    """With what was wrong and what to do, in words."""

    message: str


class FaultQuery(PageQuery):
    fate: Fate | None = None


@routes.post("/campaigns/{campaign_id}/import", Permission.CAMPAIGN_MANAGE, creates=True, lists=True, seconds=SECONDS)
async def import_tasks(ctx: Context, campaign_id: UUID, query: UploadQuery, upload: Upload) -> ImportFile:
    """Hand in a list of policies to be called back 上传回访名单

    CSV (UTF-8, UTF-16, GB18030; its delimiter is found) or XLSX, as the body itself or as the one part of a
    `multipart/form-data`. Nothing is made yet: the answer shows the columns and the first rows, masked, and how they
    would be read. Confirm with `PUT /imports/{id}/mapping`, then `POST /imports/{id}/start`. The same bytes again are
    the same import.
    """
    found, before = await ctx.resource(LISTS).receive(
        doer(ctx), ctx.key, upload.staged, query.name or upload.name or "", ctx.clock.now(), campaign_id=campaign_id
    )
    return _file(ctx, found, before)


@routes.post("/policies/import", Permission.CAMPAIGN_MANAGE, creates=True, lists=True, seconds=SECONDS)
async def import_policies(ctx: Context, query: PolicyUploadQuery, upload: Upload) -> ImportFile:
    """Hand in a list of policies and their holders 上传保单名单

    As the core system has them: policies that are known are changed to what the list says, new ones are added. No
    callback comes of it.
    """
    found, before = await ctx.resource(LISTS).receive(
        doer(ctx),
        ctx.key,
        upload.staged,
        query.name or upload.name or "",
        ctx.clock.now(),
        organisation_id=query.organisation_id or ctx.actor.organisation_id,
    )
    return _file(ctx, found, before)


@routes.get("/imports", Permission.CAMPAIGN_MANAGE)
async def list_imports(ctx: Context, query: ImportQuery) -> Page[ImportView]:
    """Imports, newest first 名单导入列表"""
    async with ctx.db.connection() as conn:
        rows = await store.page(
            conn,
            ctx.actor.path,
            ctx.after(query, UUID),
            query.limit + 1,
            campaign_id=query.campaign_id,
            kind=query.kind,
            state=query.state,
        )
    page = ctx.page(rows, query, key=lambda row: row.id)
    return Page(items=[_view(ctx, row) for row in page.items], next=page.next)


@routes.get("/imports/{import_id}", Permission.CAMPAIGN_MANAGE)
async def show_import(ctx: Context, import_id: UUID) -> ImportFile:
    """An import with its columns, first rows and progress 名单导入详情"""
    async with ctx.db.connection() as conn:
        return _file(ctx, await store.one(conn, import_id, ctx.actor.path))


@routes.put("/imports/{import_id}/mapping", Permission.CAMPAIGN_MANAGE, seconds=SECONDS)
async def map_columns(ctx: Context, import_id: UUID, body: MappingBody) -> ImportFile:
    """Say how the file is read 确认列对应

    What is confirmed here is proposed for the organisation's next file with the same header.
    """
    columns = None if body.columns is None else [(each.column - 1, each.field) for each in body.columns]
    forms = None if body.columns is None else {e.field: e.date_form for e in body.columns if e.date_form is not None}
    said = Said(columns, forms, body.encoding, body.delimiter, body.header_row)
    changed = await ctx.resource(LISTS).say(doer(ctx), import_id, body.version, said, ctx.clock.now())
    return _file(ctx, changed)


@routes.post("/imports/{import_id}/start", Permission.CAMPAIGN_MANAGE)
async def start_import(ctx: Context, import_id: UUID, body: StartBody) -> ImportFile:
    """Begin the import; the worker carries it through 开始导入

    Every row is checked; what is taken appears at once when all were, and `errors` says what was wrong with the others.
    """
    started = await ctx.resource(LISTS).start(
        doer(ctx), import_id, body.version, ctx.clock.now(), dry_run=body.dry_run, only_whole=body.only_whole
    )
    return _file(ctx, started)


@routes.post("/imports/{import_id}/cancel", Permission.CAMPAIGN_MANAGE)
async def cancel_import(ctx: Context, import_id: UUID) -> ImportFile:
    """Stop an import; nothing of it stays 取消导入"""
    return _file(ctx, await ctx.resource(LISTS).cancel(doer(ctx), import_id, ctx.clock.now()))


def fault_line(view: FaultView) -> FaultLine:
    """A fault as one line of a file: its words are those of its code."""
    return FaultLine(**{name: getattr(view, name) for name in FaultLine.model_fields})


@routes.get("/imports/{import_id}/errors", Permission.CAMPAIGN_MANAGE, line=fault_line)
async def list_errors(ctx: Context, import_id: UUID, query: FaultQuery) -> Page[FaultView]:
    """What was wrong with which rows, in the order of the file 错误行

    As CSV or XLSX by `Accept`. Values are masked; the first 100,000 faults are kept, all are counted.
    """
    async with ctx.db.connection() as conn:
        of = await store.one(conn, import_id, ctx.actor.path)
        after = ctx.after(query, tuple[int, int])
        rows = await store.faults(conn, import_id, query.fate, after, query.limit + 1)
    page = ctx.page(rows, query, key=lambda each: (each[1].row, each[0]))
    return Page(items=[_fault(ctx, of, complaint) for _, complaint in page.items], next=page.next)


def _language(ctx: Context) -> language.Language:
    return language.asked(ctx.request.headers.get("Accept-Language", ""))


def _fields(ctx: Context, of: Import) -> dict[str, object]:
    counts = of.counts
    return {
        "id": of.id,
        "kind": of.kind,
        "campaign_id": of.campaign_id,
        "organisation_id": of.organisation_id,
        "state": of.state,
        "file_name": of.file_name,
        "sha256": of.sha256,
        "size": of.size,
        "format": of.form.format,
        "encoding": of.form.encoding,
        "delimiter": of.form.delimiter,
        "dry_run": of.dry_run,
        "only_whole": of.only_whole,
        "percent": round(of.share * 100, 1),
        "seconds_left": of.seconds_left,
        "rows_read": counts.rows_read,
        "good": counts.good,
        "bad": counts.refused,
        "dropped": counts.dropped,
        "duplicates": counts.duplicates,
        "existed": counts.existed,
        "tasks_made": counts.tasks_made,
        "policies_made": counts.policies_made,
        "policies_changed": counts.policies_changed,
        "customers_made": counts.customers_made,
        "fault_code": None if of.fault is None else of.fault["code"],
        "fault": None if of.fault is None else of.fault["en" if _language(ctx) is _language(ctx).ENGLISH else "zh"],
        "requested_by": of.requested_by,
        "requested_at": of.requested_at,
        "started_at": of.started_at,
        "finished_at": of.finished_at,
        "version": of.version,
    }


def _view(ctx: Context, of: Import) -> ImportView:
    return ImportView.model_validate(_fields(ctx, of))


def _file(ctx: Context, of: Import, before: bool = False) -> ImportFile:
    speaks = _language(ctx)
    names = () if of.header is None else of.header.names
    columns = []
    for at, name in enumerate(names):
        held = of.layout.columns.get(at)
        columns.append(
            ColumnView(
                column=at + 1,
                header=name,
                field=held,
                field_name=None if held is None else speaks.of(fields.WORDS[held]),
                date_form=None if held is None else of.layout.date_forms.get(held),
            )
        )
    missing = () if of.header is None else of.layout.missing()
    return ImportFile.model_validate(
        {
            **_fields(ctx, of),
            "existed_before": before,
            "encodings": list(of.form.encodings),
            "delimiters": list(of.form.delimiters),
            "header_row": None if of.header is None else of.header.row,
            "columns": columns,
            "sample": of.sample[: mapping.SHOWN],
            "missing": [NamedField(field=each, name=speaks.of(fields.WORDS[each])) for each in missing],
            "warnings": [speaks.of(each) for each in of.warnings],
        }
    )


def _fault(ctx: Context, of: Import, complaint: Complaint) -> FaultView:
    names = () if of.header is None else of.header.names
    at = complaint.column
    return FaultView(
        row=complaint.row,
        column=at,
        header=names[at - 1] if at is not None and at <= len(names) else None,
        field=complaint.field,
        value=complaint.value,
        fate=fate(complaint.wrong),
        wrong=complaint.wrong,
        message=_language(ctx).of(values.WORDS[complaint.wrong]),
    )
