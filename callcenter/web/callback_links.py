"""Routes of links to electronic callbacks and of the pages that were shown (C-9). Must never answer for anybody."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from callcenter.accounts.permissions import Permission
from callcenter.callbacks import electronic, links, store
from callcenter.callbacks.links import Link, LinkState, PageKind, Shown
from callcenter.errors import ForbiddenError
from callcenter.web import electronic_page
from callcenter.web.acting import by
from callcenter.web.api import Context, Model, Page, PageQuery, Personal, Routes
from callcenter.web.customers import is_masked
from callcenter.web.dispatch import PurposeMissingError
from tickets.errors import Words

routes = Routes("callback_links", "Electronic callbacks 电子化回访")

HOURS = 72


class LinkBody(Model):
    """`hours`: how long it is good for."""

    hours: Annotated[int, Field(ge=1, le=360)] = HOURS


class RevocationBody(Model):
    """Why nobody may use it any more."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


class LinkView(Model):
    """A link and how it stands."""

    id: Annotated[UUID, Field(title="标识")]
    state: Annotated[LinkState, Field(title="状态")]
    issued_by: Annotated[str, Field(title="发出人")]
    issued_at: Annotated[datetime, Field(title="发出时间")]
    expires_at: Annotated[datetime, Field(title="失效时间")]
    opened_at: Annotated[datetime | None, Field(title="打开时间")]
    verified_at: Annotated[datetime | None, Field(title="身份核验时间")]
    wrong_tries: Annotated[int, Field(title="核验错误次数")]
    handed_in_at: Annotated[datetime | None, Field(title="提交时间")]
    revoked_at: Annotated[datetime | None, Field(title="撤销时间")]
    revoked_reason: Annotated[str | None, Field(title="撤销原因")]


class IssuedView(LinkView):
    """`url` is told once, to be sent to the policyholder; it is kept nowhere."""

    url: str | None


class ShownView(Personal):
    """A page as it was shown; `sha256`: of `html`, the bytes that were sent."""

    id: Annotated[UUID, Field(title="标识")]
    kind: Annotated[PageKind, Field(title="页面")]
    shown_at: Annotated[datetime, Field(title="显示时间")]
    html: Annotated[str, Field(title="页面内容")]
    sha256: Annotated[str, Field(title="页面 SHA-256")]
    address: Annotated[str, Field(title="访问地址")]
    user_agent: Annotated[str, Field(title="浏览器")]


@routes.post("/callback-tasks/{task_id}/links", Permission.CALLBACK_WORK, creates=True, secrets=("url",))
async def issue_link(ctx: Context, task_id: UUID, body: LinkBody) -> IssuedView:
    """Issue a link for a customer who chose the electronic callback 签发电子化回访链接

    For one use; earlier links of the task are dead. What is needed to recognise the policyholder must be held in the
    core system (C-12). Send the address to a number held there: whoever works here cannot answer for anybody.
    """
    at = ctx.clock.now()
    valid_for = timedelta(hours=body.hours)
    link, token = await electronic.issue(ctx.db, task_id, ctx.key, valid_for, by=by(ctx), at=at)
    return IssuedView(**_link(link, at).model_dump(), url=electronic_page.address_of(ctx.request, token))


@routes.get("/callback-tasks/{task_id}/links", Permission.CALLBACK_READ)
async def list_links(ctx: Context, task_id: UUID, query: PageQuery) -> Page[LinkView]:
    """The links of a task, newest first 链接列表"""
    async with ctx.db.connection() as conn:
        task = await store.task(conn, task_id, ctx.actor.path)
        rows = await links.of_task(conn, task.id, ctx.after(query, UUID), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: row.id)
    at = ctx.clock.now()
    return Page(items=[_link(row, at) for row in page.items], next=page.next)


@routes.post("/callback-tasks/{task_id}/links/{link_id}/revocation", Permission.CALLBACK_WORK)
async def revoke_link(ctx: Context, task_id: UUID, link_id: UUID, body: RevocationBody) -> LinkView:
    """Make a link dead 撤销链接"""
    at = ctx.clock.now()
    return _link(await electronic.revoke(ctx.db, task_id, link_id, body.reason, by=by(ctx), at=at), at)


@routes.get("/callback-tasks/{task_id}/links/{link_id}/pages", Permission.CALLBACK_READ, reads="callback_task")
async def list_pages(ctx: Context, task_id: UUID, link_id: UUID, query: PageQuery) -> Page[ShownView]:
    """The pages as they were shown, in their order 关键页面

    They show a customer whole: needs customer.unmask and a `?purpose=`.
    """
    if ctx.purpose is None:
        raise PurposeMissingError(Words("请在 ?purpose= 中说明查看用途", "say what it is read for in ?purpose="))
    async with ctx.db.connection() as conn:
        task = await store.task(conn, task_id, ctx.actor.path)
        link = await links.find(conn, task.id, link_id)
        if is_masked(ctx):
            raise ForbiddenError(Words("需要权限 customer.unmask", "customer.unmask is needed"))
        rows = await links.pages(conn, link.id, ctx.after(query, int), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: row.place)
    return Page(items=[_shown(row) for row in page.items], next=page.next)


def _link(link: Link, at: datetime) -> LinkView:
    fields = {name: getattr(link, name) for name in LinkView.model_fields if name != "state"}
    return LinkView(state=link.state(at), **fields)


def _shown(page: Shown) -> ShownView:
    return ShownView(**{name: getattr(page, name) for name in ShownView.model_fields})
