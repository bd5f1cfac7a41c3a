"""How opinion letters look from outside. Must never decide anything, nor show a person whole to who may not see it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from callcenter.customers import masking
from callcenter.letters.drafting import number
from callcenter.letters.store import Folder
from callcenter.web import details
from callcenter.web.api import Personal
from tickets import letters
from tickets.letters import LetterAction, LetterState, Means, Remedy, Verdict, WrittenGround
from tickets.lifecycle import Status

HIDDEN = "***"
_SAID = ("facts", "basis", "decision")


class LetterLine(Personal):
    """A letter in a list; the review's fields while it is with counsel."""

    id: Annotated[UUID, Field(title="意见书标识")]
    number: Annotated[str, Field(title="意见书编号")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    ticket_number: Annotated[str, Field(title="服务单号")]
    ticket_status: Annotated[Status, Field(title="服务单状态")]
    organisation_id: Annotated[str, Field(title="出具机构标识")]
    organisation: Annotated[str, Field(title="出具机构")]
    state: Annotated[LetterState, Field(title="状态")]
    created_at: Annotated[datetime, Field(title="拟稿时间")]
    round: Annotated[int | None, Field(title="审核轮次")]
    counsel_id: Annotated[UUID | None, Field(title="法律顾问标识")]
    counsel_name: Annotated[str | None, Field(title="法律顾问")]
    submitted_at: Annotated[datetime | None, Field(title="送审时间")]
    review_due_day: Annotated[date | None, Field(title="审核期限")]
    overdue: Annotated[bool, Field(title="审核是否逾期")]
    sent_at: Annotated[datetime | None, Field(title="送达时间")]
    means: Annotated[Means | None, Field(title="送达方式")]
    version: Annotated[int, Field(title="版本")]


class TextView(Personal):
    """One text of the letter: facts verified, basis and reasons, decision, remedies (N-9)."""

    version: int
    addressee: str
    address: str
    facts: str
    basis: str
    decision: str
    remedies: dict[Remedy, str]
    written_by: str
    written_at: datetime


class ReviewView(Personal):
    """One round of legal review of one text (R-4.25, L-23)."""

    round: int
    text_version: int
    counsel_id: UUID
    counsel_name: str
    counsel_organisation_id: str
    submitted_at: datetime
    submitted_by: str
    due_day: date | None
    ended_at: datetime | None
    verdict: Verdict | None
    remarks: str


class LetterView(LetterLine):
    """The whole letter; `texts` and `reviews` oldest first, the last text is the letter's."""

    cleared_at: datetime | None
    cleared_by: str | None
    sent_by: str | None
    sent_recorded_at: datetime | None
    proof: str | None
    void_why: str | None
    texts: list[TextView]
    reviews: list[ReviewView]
    possible: list[LetterAction]


class LettersView(Personal):
    """The letters of a ticket, and why a written answer is due (F-22)."""

    id: UUID
    written_due: list[WrittenGround]
    letters: list[LetterView]


def letter_line(row: Mapping[str, Any], at: datetime) -> LetterLine:
    """A line of a list; overdue as of `at`."""
    return LetterLine(**_line(row, at))


def letter_view(folder: Folder, at: datetime, masked: bool) -> LetterView:
    """The whole letter; what it says as the reader may see it."""
    row, running = folder.row, folder.round
    review = {
        "round": running and running["round"],
        "counsel_id": running and running["counsel_id"],
        "counsel_name": running and running["counsel_name"],
        "submitted_at": running and running["submitted_at"],
        "review_due_day": running and running["due_day"],
        "review_due_at": running and running["due_at"],
    }
    own = {name: row[name] for name in LetterView.model_fields if name in row}
    state = folder.value().state
    return LetterView(
        **own
        | _line({**row, **review}, at)
        | {name: details.text(row[name], masked) for name in ("proof", "void_why")},
        texts=[_text(each, masked) for each in folder.texts],
        reviews=[
            ReviewView(
                **{name: each[name] for name in ReviewView.model_fields if name in each}
                | {"remarks": details.text(each["remarks"], masked)}
            )
            for each in folder.reviews
        ],
        possible=[action for before, action in letters.LETTER_MOVES if before is state],
    )


def _line(row: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    own = {name: row[name] for name in LetterLine.model_fields if name in row}
    due = row["review_due_at"]
    return own | {"number": number(row), "overdue": due is not None and due <= at}


def _text(row: Mapping[str, Any], masked: bool) -> TextView:
    values = {name: row[name] for name in TextView.model_fields}
    if masked:
        values |= {name: details.text(row[name], masked) for name in _SAID}
        values["remedies"] = {remedy: details.text(text, masked) for remedy, text in row["remedies"].items()}
        values["addressee"] = masking.name(row["addressee"]) if row["addressee"] else ""
        values["address"] = HIDDEN if row["address"] else ""
    return TextView(**values)
