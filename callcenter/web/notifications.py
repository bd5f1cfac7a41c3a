"""Routes of notifications: one's own, what was not delivered, webhooks. Must never show another's, nor a secret."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from callcenter.accounts import organisations
from callcenter.accounts.doer import Doer
from callcenter.accounts.permissions import Permission
from callcenter.addresses import is_safe
from callcenter.errors import NotFoundError, UnfitValueError
from callcenter.notifications import delivery, store, webhook
from callcenter.notifications.notification import Kind, Way
from callcenter.web.accounts import OrganisationId
from callcenter.web.api import SIGNED_IN, Context, Model, Page, PageQuery, Personal, Routes
from tickets.errors import Words

routes = Routes("notifications", "Notifications 通知")


def _safe(url: str) -> str:
    if not is_safe(url):
        raise UnfitValueError(Words("应为https地址，或本机的http地址", "must be https, or http to this machine itself"))
    return url


class NotificationView(Model):
    """What one is told, without anything of a customer."""

    id: Annotated[UUID, Field(title="通知标识")]
    kind: Annotated[Kind, Field(title="类别")]
    title: Annotated[str, Field(title="标题")]
    body: Annotated[str, Field(title="正文")]
    ticket_id: Annotated[UUID | None, Field(title="服务单标识")]
    ticket_number: Annotated[str | None, Field(title="服务单号")]
    created_at: Annotated[datetime, Field(title="发出时间")]
    read_at: Annotated[datetime | None, Field(title="已读时间")]


class NotificationQuery(PageQuery):
    """`unread` true: what one has not read yet."""

    unread: bool | None = None
    kind: Kind | None = None


class UnreadView(Model):
    """How many one has not read."""

    unread: int


class ReadBody(Model):
    """Those that are read now."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]


class FailureView(Personal):
    """A delivery that was tried in vain. `given_up_at`: it is tried again only when somebody asks for it."""

    id: Annotated[UUID, Field(title="通知标识")]
    way: Annotated[Way, Field(title="方式")]
    kind: Annotated[Kind, Field(title="类别")]
    recipient: Annotated[UUID, Field(title="收件人标识")]
    recipient_name: Annotated[str, Field(title="收件人")]
    organisation_id: Annotated[str, Field(title="机构")]
    created_at: Annotated[datetime, Field(title="发出时间")]
    attempts: Annotated[int, Field(title="已试次数")]
    cause: Annotated[str, Field(title="失败原因")]
    next_at: Annotated[datetime, Field(title="下次尝试")]
    given_up_at: Annotated[datetime | None, Field(title="放弃时间")]


class FailureQuery(PageQuery):
    given_up: bool | None = None


class WebhookView(Model):
    """Where an organisation, and those below without one of their own, is told."""

    organisation_id: Annotated[str, Field(title="机构")]
    url: Annotated[str, Field(title="地址")]
    set_at: Annotated[datetime, Field(title="设定时间")]
    version: Annotated[int, Field(title="版本")]


class WebhookBody(Model):
    """The secret is kept to sign with and shown to nobody."""

    url: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_safe)]
    secret: Annotated[str, Field(min_length=32, max_length=200)]


@routes.get("/notifications", SIGNED_IN)
async def list_notifications(ctx: Context, query: NotificationQuery) -> Page[NotificationView]:
    """One's own notifications, newest first 我的通知"""
    async with ctx.db.connection() as conn:
        rows = await store.page(conn, ctx.actor.id, query.unread, query.kind, ctx.after(query, UUID), query.limit + 1)
        page = ctx.page(rows, query, key=lambda row: row.id)
        await store.show(conn, ctx.actor.id, [row.id for row in page.items], ctx.clock.now())
    return Page(
        items=[
            NotificationView(**{name: getattr(row, name) for name in NotificationView.model_fields})
            for row in page.items
        ],
        next=page.next,
    )


@routes.get("/notifications/unread", SIGNED_IN)
async def count_unread(ctx: Context) -> UnreadView:
    """How many one has not read 未读数"""
    async with ctx.db.connection() as conn:
        return UnreadView(unread=await store.unread(conn, ctx.actor.id))


@routes.post("/notifications/actions/read", SIGNED_IN)
async def mark_read(ctx: Context, body: ReadBody) -> UnreadView:
    """Say that they are read 标记已读"""
    async with ctx.db.transaction() as conn:
        await store.read(conn, ctx.actor.id, body.ids, ctx.clock.now())
        return UnreadView(unread=await store.unread(conn, ctx.actor.id))


@routes.get("/notifications/failures", Permission.NOTIFICATION_MANAGE, reads="notification")
async def list_failures(ctx: Context, query: FailureQuery) -> Page[FailureView]:
    """What could not be delivered, with the reason 送达失败的通知"""
    async with ctx.db.connection() as conn:
        rows = await delivery.failed(
            conn, ctx.actor.path, query.given_up, ctx.after(query, tuple[UUID, str]), query.limit + 1
        )
    page = ctx.page(rows, query, key=lambda row: (row.id, row.consumer))
    return Page(
        items=[
            FailureView(
                id=row.id,
                way=row.way,
                kind=Kind(row.kind),
                recipient=row.recipient,
                recipient_name=row.recipient_name,
                organisation_id=row.organisation_id,
                created_at=row.created_at,
                attempts=row.attempts,
                cause=row.last_error,
                next_at=row.next_at,
                given_up_at=row.parked_at,
            )
            for row in page.items
        ],
        next=page.next,
    )


@routes.post("/notifications/{notification_id}/ways/{way}/actions/retry", Permission.NOTIFICATION_MANAGE)
async def retry(ctx: Context, notification_id: UUID, way: Way) -> None:
    """Try a delivery again now 重新发送"""
    at = ctx.clock.now()
    if not await delivery.again(ctx.db, notification_id, way, ctx.actor.path, ctx.actor.audit_name, at):
        raise NotFoundError("notification", notification_id)


@routes.get("/webhooks", Permission.WEBHOOK_MANAGE)
async def list_webhooks(ctx: Context, query: PageQuery) -> Page[WebhookView]:
    """Webhooks of organisations 网络回调"""
    async with ctx.db.connection() as conn:
        rows = await webhook.page(conn, ctx.actor.path, ctx.after(query, str), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: row.path)
    return Page(items=[_hook(row) for row in page.items], next=page.next)


@routes.put("/webhooks/{organisation_id}", Permission.WEBHOOK_MANAGE)
async def set_webhook(ctx: Context, organisation_id: OrganisationId, body: WebhookBody) -> WebhookView:
    """Set an organisation's webhook 设定网络回调

    What is posted carries `X-Hotline-Delivery`, the same at every repeat, `X-Hotline-Timestamp` and
    `X-Hotline-Signature`: `v1=` and the HMAC-SHA256 of timestamp, full stop and body.
    """
    await _within(ctx, organisation_id)
    to = webhook.Target(body.url, body.secret)
    return _hook(await webhook.save(ctx.db, organisation_id, to, ctx.actor.audit_name, ctx.clock.now()))


@routes.delete("/webhooks/{organisation_id}", Permission.WEBHOOK_MANAGE)
async def remove_webhook(ctx: Context, organisation_id: OrganisationId) -> None:
    """Remove an organisation's webhook 取消网络回调"""
    await _within(ctx, organisation_id)
    await webhook.remove(ctx.db, organisation_id, ctx.actor.audit_name, ctx.clock.now())


async def _within(ctx: Context, organisation_id: str) -> None:
    async with ctx.db.connection() as conn:
        await organisations.find(conn, Doer.of(ctx.actor, ctx.address), organisation_id)


def _hook(row: webhook.Hook) -> WebhookView:
    return WebhookView(**{name: getattr(row, name) for name in WebhookView.model_fields})
