"""The kinds of documents and what is fixed about each: its code in numbers, its name, who issues and who reads it.

The code stands in every number that was ever given: it must never change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from callcenter.accounts.permissions import Permission
from tickets.errors import Words


class Kind(StrEnum):
    """What a document is (文书种类)."""

    ACKNOWLEDGEMENT = "acknowledgement"
    EMAIL_REPLY = "email_reply"
    SLIP = "slip"
    REMINDER = "reminder"
    EXTENSION = "extension"
    MINUTES = "minutes"
    OPINION_LETTER = "opinion_letter"
    DECISION = "decision"
    CASE_COVER = "case_cover"
    CASE_INDEX = "case_index"


@dataclass(frozen=True, slots=True)
class Form:
    """What is fixed about a kind.

    `issues`, `reads`: the permission needed beside that of the route, if any; `about`: what the document is of beside
    its ticket, in words; None when it is of the ticket alone.
    """

    code: str
    words: Words
    rules: tuple[str, ...]
    issues: Permission | None = None
    reads: Permission | None = None
    about: Words | None = None


_WHOLE: Final = Permission.CUSTOMER_UNMASK
"""It shows the complainant whole, and only who may see him so reads it (N-10)."""
_POST: Final = Permission.TICKET_MANAGE

FORMS: Final[Mapping[Kind, Form]] = {
    Kind.ACKNOWLEDGEMENT: Form("QR", Words("来函确认书", "letter of acknowledgement"), ("R-4.4",), reads=_WHOLE),
    Kind.EMAIL_REPLY: Form("YJ", Words("电子邮件回复书", "e-mail reply"), ("R-4.4",), reads=_WHOLE),
    Kind.SLIP: Form(
        "HB",
        Words("投诉会办单", "joint-handling slip"),
        ("R-4.18", "R-4.10"),
        issues=_POST,
        about=Words("会办单", "a slip"),
    ),
    Kind.REMINDER: Form(
        "CB", Words("投诉催办单", "reminder slip"), ("R-4.21",), issues=_POST, about=Words("催办单", "a reminder")
    ),
    Kind.EXTENSION: Form(
        "YQ",
        Words("投诉处理延期告知书", "extension notice"),
        ("L-15", "L-16"),
        issues=_POST,
        reads=_WHOLE,
        about=Words("延期", "an extension"),
    ),
    Kind.MINUTES: Form(
        "JY",
        Words("委员会会议纪要", "committee minutes"),
        ("R-3.4", "R-4.24"),
        issues=Permission.COMMITTEE_MANAGE,
        reads=Permission.COMMITTEE_READ,
        about=Words("委员会会议", "a committee meeting"),
    ),
    Kind.OPINION_LETTER: Form(
        "CL",
        Words("客户投诉处理意见书", "opinion letter"),
        ("R-4.25", "N-9"),
        issues=_POST,
        reads=_WHOLE,
        about=Words("处理意见书", "an opinion letter"),
    ),
    Kind.DECISION: Form(
        "JD", Words("投诉处理决定告知书", "decision notice"), ("N-9", "R-4.27"), issues=_POST, reads=_WHOLE
    ),
    Kind.CASE_COVER: Form("AJ", Words("投诉案卷封面", "case cover"), ("B-3", "E-20"), issues=_POST),
    Kind.CASE_INDEX: Form("ML", Words("案卷卷内目录", "case index"), ("B-3", "E-20"), issues=_POST),
}

WORDS: Final[Mapping[Kind, Words]] = {kind: form.words for kind, form in FORMS.items()}


def number(organisation: str, kind: Kind, year: int, serial: int) -> str:
    """The public number of a document, like GD-GZ-QR-2026-000012."""
    return f"{organisation.upper()}-{FORMS[kind].code}-{year}-{serial:06d}"
