"""The kinds of documents and what is fixed about each: its code in numbers, its name, whom it shows.

The code stands in every number that was ever given: it must never change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tickets.errors import Words


class Kind(StrEnum):
    """What a document is (文书种类)."""

    ACKNOWLEDGEMENT = "acknowledgement"
    EMAIL_REPLY = "email_reply"


@dataclass(frozen=True, slots=True)
class Form:
    """What is fixed about a kind. `personal`: it shows the complainant whole, and only who may see him so reads it."""

    code: str
    words: Words
    personal: bool
    rules: tuple[str, ...]


FORMS: Final[Mapping[Kind, Form]] = {
    Kind.ACKNOWLEDGEMENT: Form("QR", Words("来函确认书", "letter of acknowledgement"), True, ("R-4.4",)),
    Kind.EMAIL_REPLY: Form("YJ", Words("电子邮件回复书", "e-mail reply"), True, ("R-4.4",)),
}

WORDS: Final[Mapping[Kind, Words]] = {kind: form.words for kind, form in FORMS.items()}


def number(organisation: str, kind: Kind, year: int, serial: int) -> str:
    """The public number of a document, like GD-GZ-QR-2026-000012."""
    return f"{organisation.upper()}-{FORMS[kind].code}-{year}-{serial:06d}"
