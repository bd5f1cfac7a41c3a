"""What a notification is, and the forms it leaves in. Pure. Must never carry a line break where one line is meant."""

import hashlib
import hmac
import json
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from uuid import UUID

from tickets.calendar import SHANGHAI
from tickets.errors import Words


class Kind(StrEnum):
    """What somebody is told of."""

    REMINDER = "reminder"
    REMINDER_COPY = "reminder_copy"
    NEGLECT = "neglect"
    PUBLISHED = "published"
    DIGEST = "digest"
    POST_CHANGE = "post_change"


class Way(StrEnum):
    """How it leaves; the console needs no way, it asks."""

    MAIL = "mail"
    WEBHOOK = "webhook"

    @property
    def consumer(self) -> str:
        """The outbox's consumer."""
        return f"notifications.{self.value}"


class Arrival(StrEnum):
    """How a notification stands on one way."""

    DELIVERED = "delivered"
    SKIPPED = "skipped"
    FAILING = "failing"
    WAITING = "waiting"

    @classmethod
    def of(cls, done_at: datetime | None, error: str | None) -> "Arrival":
        """From the outbox's delivery: an error beside a moment says why it was left out."""
        if done_at is not None:
            return cls.SKIPPED if error else cls.DELIVERED
        return cls.FAILING if error else cls.WAITING


KIND_WORDS = {
    Kind.REMINDER: Words("催办", "reminder"),
    Kind.REMINDER_COPY: Words("催办抄送上级", "reminder, copy to the superior"),
    Kind.NEGLECT: Words("列入公示名单", "on the list for the published notice"),
    Kind.PUBLISHED: Words("行文公示", "published notice"),
    Kind.DIGEST: Words("每日待办", "daily digest"),
    Kind.POST_CHANGE: Words("岗位变动报备", "change of post reported"),
}
ARRIVAL_WORDS = {
    Arrival.DELIVERED: Words("已送达", "delivered"),
    Arrival.SKIPPED: Words("未设置", "not set up"),
    Arrival.FAILING: Words("送达失败", "failing"),
    Arrival.WAITING: Words("待发送", "waiting"),
}
WAY_WORDS = {Way.MAIL: Words("邮件", "mail"), Way.WEBHOOK: Words("网络回调", "webhook")}

TITLE_LENGTH = 200
BODY_LENGTH = 10_000
_NOT_ONE_LINE = ("Cc", "Cf", "Cs", "Zl", "Zp")


@dataclass(frozen=True, slots=True)
class Message:
    """What is told. `about` names it: nobody is told the same of the same kind twice."""

    kind: Kind
    about: str
    title: str
    body: str
    ticket_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """A notification on its way to one person."""

    id: UUID
    kind: str
    title: str
    body: str
    created_at: datetime
    ticket_id: UUID | None
    ticket_number: str | None
    recipient: UUID
    login: str
    name: str
    email: str | None
    organisation_id: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Who mails come from."""

    address: str
    name: str


def one_line(text: str, length: int = TITLE_LENGTH) -> str:
    """The text on one line: no control character, no line or paragraph separator, no invisible mark."""
    plain = "".join(" " if unicodedata.category(character) in _NOT_ONE_LINE else character for character in text)
    return " ".join(plain.split())[:length].strip()


def letter(parcel: Parcel, sender: Sender) -> EmailMessage:
    """The mail, the same every time it is made, so that who gets it twice can tell (Message-ID)."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _address(sender.name, sender.address)
    mail["To"] = _address(parcel.name, parcel.email or "")
    mail["Subject"] = one_line(parcel.title)
    mail["Date"] = format_datetime(parcel.created_at.astimezone(SHANGHAI))
    mail["Message-ID"] = f"<{parcel.id}@{sender.address.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(parcel.body, cte="base64")
    return mail


def body_of(parcel: Parcel) -> bytes:
    """What a webhook gets."""
    told = {
        "id": str(parcel.id),
        "kind": parcel.kind,
        "title": parcel.title,
        "body": parcel.body,
        "created_at": parcel.created_at.isoformat(),
        "ticket": None if parcel.ticket_id is None else {"id": str(parcel.ticket_id), "number": parcel.ticket_number},
        "recipient": {"id": str(parcel.recipient), "login": parcel.login},
        "organisation": parcel.organisation_id,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=` and the HMAC-SHA256 of `timestamp.body` in hexadecimal: whoever has the secret can check who sent it."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _address(name: str, address: str) -> Address:
    return Address(display_name=one_line(name, 60), addr_spec=address)
