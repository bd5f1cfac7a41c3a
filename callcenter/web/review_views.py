"""How reviews, supervision and re-investigations look from outside. Must never decide anything."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from callcenter.web import details
from callcenter.web.api import Personal
from tickets.categories import Category, Department
from tickets.intake import Relation, Severity
from tickets.letters import Means
from tickets.lifecycle import Status, Validity
from tickets.reviews import (
    INVESTIGATION_MOVES,
    REVIEW_MOVES,
    InvestigationAction,
    InvestigationState,
    Outcome,
    ReviewAction,
    ReviewState,
    SupervisionGround,
)


class ReviewView(Personal):
    """A review: `until_day` is the last day on which it could be asked for, `due_day` by which the outcome is told."""

    id: Annotated[UUID, Field(title="核查标识")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    ticket_number: Annotated[str, Field(title="服务单号")]
    ticket_status: Annotated[Status, Field(title="服务单状态")]
    organisation_id: Annotated[str, Field(title="核查机构标识")]
    organisation: Annotated[str, Field(title="核查机构")]
    state: Annotated[ReviewState, Field(title="状态")]
    reason: Annotated[str, Field(title="异议理由")]
    decision_received_at: Annotated[datetime, Field(title="收到决定时间")]
    asked_at: Annotated[datetime, Field(title="申请时间")]
    until_day: Annotated[date, Field(title="申请期限")]
    late: Annotated[bool, Field(title="是否逾期申请")]
    late_reason: Annotated[str, Field(title="逾期受理理由")]
    due_day: Annotated[date | None, Field(title="核查期限")]
    overdue: Annotated[bool, Field(title="核查是否逾期")]
    assignee_id: Annotated[UUID | None, Field(title="承办人标识")]
    assignee_name: Annotated[str | None, Field(title="承办人")]
    outcome: Annotated[Outcome | None, Field(title="核查结论")]
    opinion: Annotated[str | None, Field(title="结论理由")]
    decided_at: Annotated[datetime | None, Field(title="结论时间")]
    told_at: Annotated[datetime | None, Field(title="告知时间")]
    means: Annotated[Means | None, Field(title="告知方式")]
    proof: Annotated[str | None, Field(title="告知证明")]
    withdrawn_why: Annotated[str | None, Field(title="撤回情况")]
    version: Annotated[int, Field(title="版本")]


class ReviewFileView(ReviewView):
    """A review with what may be done next."""

    possible: list[ReviewAction]


class SupervisedView(Personal):
    """A repeat, an escalation, or a ticket marked because the findings differ widely (R-3.14)."""

    id: Annotated[UUID, Field(title="服务单标识")]
    number: Annotated[str, Field(title="服务单号")]
    relation: Annotated[Relation | None, Field(title="关系")]
    matter_id: Annotated[UUID | None, Field(title="投诉事件标识")]
    category: Annotated[Category | None, Field(title="类别")]
    severity: Annotated[Severity, Field(title="级别")]
    status: Annotated[Status, Field(title="状态")]
    validity: Annotated[Validity | None, Field(title="有效性")]
    accepting_organisation_id: Annotated[str, Field(title="受理机构")]
    received_at: Annotated[datetime, Field(title="受理时间")]
    marked_by_organisation: Annotated[str | None, Field(title="标记机构")]
    mark_reason: Annotated[str | None, Field(title="差异情况")]
    marked_at: Annotated[datetime | None, Field(title="标记时间")]
    reinvestigation_id: Annotated[UUID | None, Field(title="重新调查标识")]
    reinvestigation_state: Annotated[InvestigationState | None, Field(title="重新调查状态")]
    reinvestigation_due_day: Annotated[date | None, Field(title="重新调查期限")]


class CaseView(Personal):
    """A case returned for re-investigation with the guiding opinion, and what came of it (R-3.20)."""

    id: Annotated[UUID, Field(title="事项标识")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    ticket_number: Annotated[str, Field(title="服务单号")]
    ticket_status: Annotated[Status, Field(title="服务单状态")]
    review_id: Annotated[UUID | None, Field(title="核查标识")]
    ground: Annotated[SupervisionGround, Field(title="事由")]
    organisation_id: Annotated[str, Field(title="退回机构标识")]
    organisation: Annotated[str, Field(title="退回机构")]
    returned_to: Annotated[str, Field(title="调查机构标识")]
    returned_to_name: Annotated[str, Field(title="调查机构")]
    department: Annotated[Department | None, Field(title="调查部门")]
    state: Annotated[InvestigationState, Field(title="状态")]
    guidance: Annotated[str, Field(title="指导意见")]
    due_day: Annotated[date, Field(title="期限")]
    overdue: Annotated[bool, Field(title="是否逾期")]
    returned_at: Annotated[datetime, Field(title="退回时间")]
    result: Annotated[str | None, Field(title="调查结果")]
    reported_at: Annotated[datetime | None, Field(title="上报时间")]
    conclusion: Annotated[str | None, Field(title="办结意见")]
    concluded_at: Annotated[datetime | None, Field(title="办结时间")]
    version: Annotated[int, Field(title="版本")]


class CaseFileView(CaseView):
    """A re-investigation with what may be done next."""

    possible: list[InvestigationAction]


class ReviewsView(Personal):
    """Reviews and re-investigations of a ticket, and why the company above supervises it."""

    id: UUID
    grounds: list[SupervisionGround]
    reviews: list[ReviewFileView]
    reinvestigations: list[CaseFileView]


_REVIEW_WORDS = ("reason", "late_reason", "opinion", "proof", "withdrawn_why")
_CASE_WORDS = ("guidance", "result", "conclusion")


def review_line(row: Mapping[str, Any], at: datetime, masked: bool) -> ReviewView:
    """A line of a list; overdue as of `at`."""
    return ReviewView(**_review(row, at, masked))


def review_file(row: Mapping[str, Any], at: datetime, masked: bool) -> ReviewFileView:
    """The review whole."""
    state = ReviewState(row["state"])
    return ReviewFileView(
        **_review(row, at, masked), possible=[action for before, action in REVIEW_MOVES if before is state]
    )


def supervised_view(row: Mapping[str, Any], masked: bool) -> SupervisedView:
    """A line of the list of what is supervised."""
    return SupervisedView(**_own(SupervisedView, row) | _told(row, ("mark_reason",), masked))


def case_line(row: Mapping[str, Any], today: date, masked: bool) -> CaseView:
    """A line of a list; overdue as of `today`."""
    return CaseView(**_case(row, today, masked))


def case_file(row: Mapping[str, Any], today: date, masked: bool) -> CaseFileView:
    """The re-investigation whole."""
    state = InvestigationState(row["state"])
    possible = [action for before, action in INVESTIGATION_MOVES if before is state]
    return CaseFileView(**_case(row, today, masked), possible=possible)


def _review(row: Mapping[str, Any], at: datetime, masked: bool) -> dict[str, Any]:
    running = row["met_at"] is None and row["voided_at"] is None
    overdue = running and row["due_at"] is not None and row["due_at"] <= at
    return _own(ReviewView, row) | _told(row, _REVIEW_WORDS, masked) | {"overdue": overdue}


def _case(row: Mapping[str, Any], today: date, masked: bool) -> dict[str, Any]:
    overdue = row["state"] == InvestigationState.RETURNED and row["due_day"] < today
    return _own(CaseView, row) | _told(row, _CASE_WORDS, masked) | {"overdue": overdue}


def _own(model: type[Personal], row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in model.model_fields if name in row}


def _told(row: Mapping[str, Any], words: Sequence[str], masked: bool) -> dict[str, Any]:
    return {name: details.text(row[name], masked) for name in words}
