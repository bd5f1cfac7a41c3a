"""Routes of the templates of documents: reading, trying, saving. Must never show a customer: all data is invented."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field, StringConstraints

from callcenter.accounts import names
from callcenter.accounts.permissions import Permission
from callcenter.documents import language, shipped
from callcenter.documents.facts import FACTS
from callcenter.documents.kinds import FORMS, Kind
from callcenter.documents.store import Template
from callcenter.documents.templates import Draft
from callcenter.web.acting import by as _by
from callcenter.web.api import Context, Model, Moment, Page, PageQuery, Routes
from callcenter.web.documents import PDF
from callcenter.web.keys import TEMPLATES

routes = Routes("document_templates", "Templates of documents 文书模板")

READS = (Permission.TEMPLATE_MANAGE, Permission.DOCUMENT_ISSUE)
Source = Annotated[str, StringConstraints(min_length=1, max_length=language.LONGEST_SOURCE)]


class TemplateQuery(PageQuery):
    """Filters; what is left out does not narrow."""

    kind: Annotated[Kind | None, Field(description="文书种类")] = None


class SaveBody(Model):
    """A new version of a kind's template."""

    kind: Annotated[Kind, Field(description="文书种类")]
    source: Annotated[Source, Field(description="The template's text 模板正文")]
    reason: Annotated[
        str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True), Field(description="修改原因")
    ]
    active_from: Annotated[Moment | None, Field(description="From when it counts; now when left out 生效时间")] = None


class PreviewBody(Model):
    """A template to be tried. `scant`: with everything missing that may be missing."""

    kind: Annotated[Kind, Field(description="文书种类")]
    source: Annotated[Source, Field(description="模板正文")]
    scant: Annotated[bool, Field(description="以可空字段全部为空的样例试排")] = False


class TemplateView(Model):
    """One version."""

    id: Annotated[UUID, Field(title="模板标识")]
    kind: Annotated[Kind, Field(title="种类")]
    version: Annotated[int, Field(title="版本")]
    reason: Annotated[str, Field(title="修改原因")]
    active_from: Annotated[datetime, Field(title="生效时间")]
    created_at: Annotated[datetime, Field(title="保存时间")]
    created_by: Annotated[str, Field(title="保存人标识", description="`system:shipped`: came with the program")]
    created_by_name: Annotated[str | None, Field(title="保存人")]
    sha256: Annotated[str, Field(title="SHA-256 摘要")]


class TemplateSourceView(TemplateView):
    """One version with its text."""

    source: str


class FieldView(Model):
    """One field a template may show."""

    name: Annotated[str, Field(description="As it is written between {{ and }}; `list[].field` inside a loop")]
    holds: Annotated[str, Field(description="What it holds 类型")]
    meaning: Annotated[str, Field(description="What it means 含义")]


class KindView(Model):
    """A kind of document, what its templates may show, and what counts now."""

    kind: Kind
    name: Annotated[str, Field(description="名称")]
    code: Annotated[str, Field(description="Part of every number 编号代码")]
    personal: Annotated[bool, Field(description="Shows the complainant whole 载有客户完整信息")]
    rules: list[str]
    fields: list[FieldView]
    filters: list[str]
    current_version: Annotated[int | None, Field(description="null: the shipped template counts 现行版本")]
    source: Annotated[str, Field(description="The text that counts now 现行正文")]


@routes.get("/document-kinds/{kind}", READS)
async def show_kind(ctx: Context, kind: Kind) -> KindView:
    """A kind of document: its fields, and the template that counts now 文书种类与字段"""
    current = await ctx.resource(TEMPLATES).current(kind)
    form = FORMS[kind]
    return KindView(
        kind=kind,
        name=form.words.zh,
        code=form.code,
        personal=form.reads is Permission.CUSTOMER_UNMASK,
        rules=list(form.rules),
        fields=[FieldView(name=e.name, holds=e.holds, meaning=e.meaning) for e in language.entries(FACTS[kind])],
        filters=list(language.FILTERS),
        current_version=current.version if current else None,
        source=current.source if current else shipped.source(kind),
    )


@routes.get("/document-templates", READS)
async def list_templates(ctx: Context, query: TemplateQuery) -> Page[TemplateView]:
    """Versions of templates, newest first 模板版本列表"""
    after = ctx.after(query, tuple[datetime, UUID])
    rows = await ctx.resource(TEMPLATES).listed(query.kind, after, query.limit + 1)
    page = ctx.page(rows, query, key=lambda each: (each.created_at, each.id))
    return Page(items=await _named(ctx, page.items), next=page.next)


@routes.get("/document-templates/{template_id}", READS)
async def show_template(ctx: Context, template_id: UUID) -> TemplateSourceView:
    """One version with its text 模板版本"""
    return await _whole(ctx, await ctx.resource(TEMPLATES).find(template_id))


@routes.post("/document-templates", Permission.TEMPLATE_MANAGE, creates=True)
async def save_template(ctx: Context, body: SaveBody) -> TemplateSourceView:
    """Save a new version 保存新版本

    Tried before with invented data, full and scanty. A fault is told with its line; a field that does not exist, or is
    shown without asking whether it is there, is one.
    """
    draft = Draft(body.kind, body.source, body.reason, body.active_from)
    return await _whole(ctx, await ctx.resource(TEMPLATES).save(ctx.key, draft, _by(ctx)))


@routes.post("/document-templates/preview", Permission.TEMPLATE_MANAGE, produces=(PDF,))
async def preview_template(ctx: Context, body: PreviewBody) -> web.StreamResponse:
    """See a template with invented data, before it is saved 预览

    Answers with a PDF marked as worth nothing, or with the faults like saving does.
    """
    printed = await ctx.resource(TEMPLATES).preview(body.kind, body.source, is_scant=body.scant)
    return web.Response(body=printed.pdf, content_type=PDF, headers={"Cache-Control": "no-store"})


async def _named(ctx: Context, found: Sequence[Template]) -> list[TemplateView]:
    async with ctx.db.connection() as conn:
        known = await names.of(conn, [each.created_by for each in found])
    same = set(TemplateView.model_fields) - {"created_by_name"}
    return [
        TemplateView(**{name: getattr(each, name) for name in same}, created_by_name=known.get(each.created_by))
        for each in found
    ]


async def _whole(ctx: Context, found: Template) -> TemplateSourceView:
    (shown,) = await _named(ctx, [found])
    return TemplateSourceView(**shown.model_dump(), source=found.source)
