"""How slips, causes and signatures look from outside. Must never decide anything, nor tell numbers to who may not see
them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from callcenter.web import details
from callcenter.web.api import Model, Personal
from tickets.calendar import end_of_day
from tickets.categories import Category, Department
from tickets.deadlines import is_kept
from tickets.intake import Severity
from tickets.lifecycle import Cause, Status
from tickets.slips import Part, SlipState

_TEXTS = ("request", "return_reason", "answer", "release_reason", "remark")
"""Somebody's own words, in which numbers may stand."""


class SlipView(Personal):
    """A slip (会办单): what a department was asked, and what it said."""

    id: Annotated[UUID, Field(title="会办单标识")]
    number: Annotated[str, Field(title="会办单号")]
    part: Annotated[Part, Field(title="承办方式")]
    state: Annotated[SlipState, Field(title="状态")]
    department: Annotated[Department, Field(title="承办部门")]
    organisation_id: Annotated[str, Field(title="承办机构")]
    line: Annotated[int, Field(title="投诉事项序号")]
    category: Annotated[Category | None, Field(title="类别")]
    leads: Annotated[bool, Field(title="牵头", description="The department leads this line of the order (F-3)")]
    fixed: Annotated[bool, Field(title="主管裁定", description="Decided by the supervisor, not to be returned (F-21)")]
    request: Annotated[str, Field(title="会办要求")]
    sent_at: Annotated[datetime, Field(title="派发时间")]
    accept_due_day: Annotated[date | None, Field(title="接收期限", description="L-9")]
    accept_in_time: Annotated[bool | None, Field(title="接收是否及时")]
    accepted_at: Annotated[datetime | None, Field(title="接收时间")]
    returned_at: Annotated[datetime | None, Field(title="退回时间")]
    return_reason: Annotated[str | None, Field(title="退回理由")]
    report_day: Annotated[date | None, Field(title="进展反馈期限", description="Set by customer service (R-3.45)")]
    reported_at: Annotated[datetime | None, Field(title="进展反馈时间")]
    report_in_time: Annotated[bool | None, Field(title="进展反馈是否及时")]
    answered_at: Annotated[datetime | None, Field(title="反馈时间")]
    answer: Annotated[str | None, Field(title="反馈意见")]
    released_at: Annotated[datetime | None, Field(title="解除时间")]
    version: Annotated[int, Field(title="版本")]


class ListedSlipView(SlipView):
    """A slip in a department's list, with what its order's state and deadline are."""

    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    ticket_number: Annotated[str, Field(title="服务单号")]
    ticket_status: Annotated[Status, Field(title="服务单状态")]
    severity: Annotated[Severity, Field(title="级别")]
    due_day: Annotated[date | None, Field(title="答复期限")]
    in_time: Annotated[bool | None, Field(title="是否及时")]


class CauseView(Model):
    """A cause found, with the departments responsible for it (R-3.24, R-3.26)."""

    category: Category
    departments: list[Department]
    system: bool


class SignatureView(Personal):
    """What the head of a responsible department said of the determination (R-3.26)."""

    department: Department
    organisation_id: str
    signed: bool
    at: datetime
    signer: str
    signer_name: str | None
    remark: str


def slip_view(row: Mapping[str, Any], at: datetime, masked: bool) -> SlipView:
    """A slip of a ticket, lateness as of `at`."""
    return SlipView(
        **_shown(SlipView, row, masked),
        accept_in_time=_accepted_in_time(row, at),
        report_in_time=_reported_in_time(row, at),
    )


def listed_slip_view(row: Mapping[str, Any], at: datetime, masked: bool) -> ListedSlipView:
    """A line of the list of slips, lateness as of `at`."""
    return ListedSlipView(
        **_shown(ListedSlipView, row, masked),
        accept_in_time=_accepted_in_time(row, at),
        report_in_time=_reported_in_time(row, at),
        in_time=_in_time(row["due_at"], row["met_at"], at),
    )


def cause_view(cause: Cause) -> CauseView:
    """A cause."""
    return CauseView(category=cause.category, departments=list(cause.departments), system=cause.system)


def signature_view(row: Mapping[str, Any], names: Mapping[str, str], masked: bool) -> SignatureView:
    """A signature."""
    return SignatureView(**_shown(SignatureView, row, masked), signer_name=names.get(row["signer"]))


def _shown(kind: type[Model], row: Mapping[str, Any], masked: bool) -> dict[str, Any]:
    values = {name: row[name] for name in kind.model_fields if name in row}
    return values | {name: details.text(values[name], masked) for name in _TEXTS if name in values}


def _accepted_in_time(row: Mapping[str, Any], at: datetime) -> bool | None:
    return _in_time(row["accept_due_at"], row["accept_met_at"], at)


def _reported_in_time(row: Mapping[str, Any], at: datetime) -> bool | None:
    day = row["report_day"]
    return _in_time(end_of_day(day) if day else None, row["reported_at"], at)


def _in_time(due_at: datetime | None, met_at: datetime | None, at: datetime) -> bool | None:
    if due_at is None:
        return None
    if met_at is not None:
        return is_kept(due_at, met_at)
    return None if is_kept(due_at, at) else False
