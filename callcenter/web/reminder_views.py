"""How reminders look from outside, and whom they reached. Must never decide anything."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter.notifications.notification import Arrival, Kind
from callcenter.notifications.store import Receipt
from callcenter.reminders import Reminder
from callcenter.web import details
from callcenter.web.api import Personal
from tickets.categories import Department
from tickets.reminders import Stage


class ReceiptView(Personal):
    """Whether a reminder reached somebody: shown in the console, read, and how it stands by mail and webhook."""

    kind: Kind
    recipient: UUID
    recipient_name: str
    shown_at: datetime | None
    read_at: datetime | None
    mail: Arrival
    webhook: Arrival


class ReminderView(Personal):
    """A reminder slip. No receipt: the coordinator's post was vacant."""

    id: Annotated[UUID, Field(title="催办标识")]
    number: Annotated[str, Field(title="催办单号")]
    stage: Annotated[Stage, Field(title="催办类型")]
    slip_id: Annotated[UUID, Field(title="会办单标识")]
    slip_number: Annotated[str, Field(title="会办单号")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    ticket_number: Annotated[str, Field(title="服务单号")]
    department: Annotated[Department, Field(title="部门")]
    organisation_id: Annotated[str, Field(title="机构")]
    due_day: Annotated[date, Field(title="处理期限")]
    remaining: Annotated[int, Field(title="剩余工作日")]
    overdue: Annotated[int, Field(title="逾期工作日")]
    message: Annotated[str, Field(title="内容")]
    copied: Annotated[bool, Field(title="抄送上级")]
    sent_at: Annotated[datetime, Field(title="催办时间")]
    sent_by_name: Annotated[str | None, Field(title="催办人")]
    receipts: Annotated[list[ReceiptView], Field(title="送达情况")]


class ReminderLine(Personal):
    """A reminder as one line of a file."""

    number: Annotated[str, Field(title="催办单号")]
    stage: Annotated[Stage, Field(title="催办类型")]
    slip_number: Annotated[str, Field(title="会办单号")]
    ticket_number: Annotated[str, Field(title="服务单号")]
    department: Annotated[Department, Field(title="部门")]
    organisation_id: Annotated[str, Field(title="机构")]
    due_day: Annotated[date, Field(title="处理期限")]
    remaining: Annotated[int, Field(title="剩余工作日")]
    overdue: Annotated[int, Field(title="逾期工作日")]
    copied: Annotated[bool, Field(title="抄送上级")]
    sent_at: Annotated[datetime, Field(title="催办时间")]
    sent_by_name: Annotated[str | None, Field(title="催办人")]
    recipients: Annotated[str, Field(title="收件人")]
    read: Annotated[int, Field(title="已读人数")]


def reminder_line(view: ReminderView) -> ReminderLine:
    """One line of a file."""
    shared = {name: getattr(view, name) for name in ReminderLine.model_fields if name in ReminderView.model_fields}
    return ReminderLine(
        **shared,
        recipients="、".join(receipt.recipient_name for receipt in view.receipts),
        read=sum(receipt.read_at is not None for receipt in view.receipts),
    )


def reminder_view(row: Reminder, receipts: Sequence[Receipt], known: Mapping[str, str], masked: bool) -> ReminderView:
    """A reminder with its receipts among those given."""
    made = {"sent_by_name", "receipts", "message"}
    return ReminderView(
        sent_by_name=known.get(row.sent_by),
        receipts=[_receipt(receipt) for receipt in receipts if receipt.about == row.number],
        message=details.text(row.message, masked) or "",
        **{name: getattr(row, name) for name in ReminderView.model_fields if name not in made},
    )


def _receipt(receipt: Receipt) -> ReceiptView:
    return ReceiptView(
        kind=Kind(receipt.kind),
        recipient=receipt.recipient,
        recipient_name=receipt.recipient_name,
        shown_at=receipt.shown_at,
        read_at=receipt.read_at,
        mail=Arrival.of(receipt.mail_done_at, receipt.mail_error),
        webhook=Arrival.of(receipt.webhook_done_at, receipt.webhook_error),
    )
