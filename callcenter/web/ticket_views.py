"""How tickets look from outside: the models of answers. Must never decide anything, nor show a person whole to who may
not see it so."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from callcenter.casefile import ExplainedClock, Explanation, File, kept
from callcenter.complaints import Opened
from callcenter.customers import masking
from callcenter.opening import Via
from callcenter.web import details
from callcenter.web.api import Model, Personal
from callcenter.web.attachment_views import AttachmentView, attachment_view
from tickets.calendar import DayKind
from tickets.categories import CATEGORIES, Category, Department, OtherCause
from tickets.errors import Problem, Words
from tickets.findings import Verdict
from tickets.intake import Channel, ComplainantType, Nature, NetworkKind, Relation, Severity, Source
from tickets.lifecycle import Action, InvalidGround, Liability, Status, Validity
from tickets.statistics import RULES


class ReasonView(Model):
    """One rule and what it says here."""

    rule: str
    zh: str
    en: str


class VerdictView(Model):
    """What a callback's problem is, and why (T-2)."""

    nature: Nature
    counts: bool
    reasons: list[ReasonView]


class OpenedView(Model):
    """A ticket that is safe; without a number it waits in the spool, and its id stands for it."""

    id: UUID
    number: str | None
    stored: bool
    nature: Nature
    counts: bool
    verdict: VerdictView | None
    received_at: datetime
    opened_live: bool | None
    seconds_into_call: float | None
    repeated: bool


class ListedView(Personal):
    """A ticket in a list."""

    id: Annotated[UUID, Field(title="服务单标识")]
    number: Annotated[str, Field(title="服务单号")]
    nature: Annotated[Nature, Field(title="性质")]
    channel: Annotated[Channel, Field(title="投诉方式")]
    source: Annotated[Source, Field(title="来源")]
    relation: Annotated[Relation | None, Field(title="关系")]
    category: Annotated[Category | None, Field(title="类别")]
    severity: Annotated[Severity, Field(title="级别")]
    status: Annotated[Status, Field(title="状态")]
    validity: Annotated[Validity | None, Field(title="有效性")]
    occurrences: Annotated[int, Field(title="投诉次数")]
    pieces: Annotated[int, Field(title="投诉件数")]
    complainant_name: Annotated[str | None, Field(title="投诉人")]
    complainant_phone: Annotated[str | None, Field(title="联系电话")]
    policy_number: Annotated[str | None, Field(title="保单号")]
    customer_id: Annotated[UUID | None, Field(title="客户标识")]
    accepting_organisation_id: Annotated[str, Field(title="受理机构")]
    underwriting_organisation_id: Annotated[str | None, Field(title="承保机构")]
    department: Annotated[Department | None, Field(title="主办部门")]
    opened_via: Annotated[Via, Field(title="开单方式")]
    received_at: Annotated[datetime, Field(title="受理时间")]
    closed_at: Annotated[datetime | None, Field(title="结案时间")]
    complete: Annotated[bool, Field(title="要素齐全")]
    due_day: Annotated[date | None, Field(title="答复期限")]
    in_time: Annotated[bool | None, Field(title="是否及时")]
    provisional: Annotated[bool | None, Field(title="期限待定")]
    version: Annotated[int, Field(title="版本")]


class ClockView(Model):
    """One clock: due before `due_at`, which is 24:00 in Shanghai of `due_day`."""

    kind: str
    cycle: int
    start_day: date
    due_day: date
    due_at: datetime
    alert_day: date
    provisional: bool
    rules: list[str]
    internal_due: date
    statutory_due: date | None
    met_at: datetime | None
    breached_at: Annotated[datetime | None, Field(description="Missed since 逾期起点")]
    voided_at: Annotated[datetime | None, Field(description="Ended without being due any more 作废")]
    voided_why: str | None
    in_time: bool | None


class CallView(Personal):
    """A call of the ticket, with both moments of T-3 and its recording; seconds count from the customer's answer, where
    the recording begins."""

    call_id: UUID
    direction: str | None
    linked_at: datetime
    opened_live: bool
    seconds_into_call: float | None
    started_at: datetime | None
    answered_at: datetime | None
    call_ended_at: datetime | None
    recording_id: UUID | None
    archive_no: str | None
    sealed_at: datetime | None


class EventView(Personal):
    """One line of the history; `actor_name` is who `actor` stands for."""

    at: datetime
    actor: str
    actor_name: str | None
    kind: str
    details: dict[str, Any]


class MatterTicketView(Personal):
    """Another ticket of the same matter."""

    id: UUID
    number: str
    relation: Relation
    status: Status
    received_at: datetime
    occurrences: int
    pieces: int


class OwedView(Model):
    """What the order still owes by the end of the day (F-9)."""

    field: str
    zh: str
    en: str
    rules: list[str]


class TicketView(ListedView):
    """The whole file."""

    network_kind: NetworkKind | None
    matter_id: UUID | None
    other_cause: OtherCause | None
    severity_confirmed_at: Annotated[datetime | None, Field(description="By the complaint post 投诉岗确认级别 (F-18)")]
    severity_confirmed_by: str | None
    liability: Liability
    causes: list[Category]
    invalid_ground: InvalidGround | None
    policy_id: UUID | None
    complainant_type: ComplainantType
    authorisation: str | None
    anonymous: bool
    demand: str | None
    description: str | None
    restated_at: datetime | None
    complete_at: datetime | None
    opened_by: str
    opened_by_name: str | None
    callback_task_id: UUID | None
    callback_attempt_id: UUID | None
    heard: dict[str, Any] | None
    verdict: dict[str, Any] | None
    stored_at: datetime
    spooled: bool
    dispatched_at: datetime | None
    handled_at: datetime | None
    informed_at: datetime | None
    rulebook: str
    clocks: list[ClockView]
    calls: list[CallView]
    events: list[EventView]
    matter: list[MatterTicketView]
    attachments: list[AttachmentView]
    owed: list[OwedView]
    possible: list[Action]


class DayView(Model):
    """One day of the arithmetic; `number` where it counted."""

    day: date
    kind: DayKind
    number: int | None


class LimitView(Model):
    """One limit counted out."""

    limit: str
    source: str
    amount: int
    unit: str
    zh: str
    en: str
    start: date
    counted: date
    due: date
    moved: bool
    provisional: bool
    days: list[DayView]


class ExplainedClockView(ClockView):
    """A deadline with the limits it was chosen from: the earliest wins (CL-3)."""

    limits: list[LimitView]


class ExplanationView(Personal):
    """Why the ticket counts or not, and every deadline's arithmetic."""

    id: UUID
    number: str
    nature: Nature
    counts: bool
    occurrences: int
    pieces: int
    exclusion: str | None
    reasons: list[ReasonView]
    heard: dict[str, Any] | None
    verdict: dict[str, Any] | None
    category: ReasonView | None
    clocks: list[ExplainedClockView]


def opened_view(opened: Opened) -> OpenedView:
    """The answer to an opening."""
    return OpenedView(
        id=opened.key,
        number=opened.number,
        stored=not opened.spooled,
        nature=opened.nature,
        counts=opened.counts,
        verdict=_verdict(opened.verdict) if opened.verdict else None,
        received_at=opened.received_at,
        opened_live=opened.opened_live,
        seconds_into_call=opened.seconds_into_call,
        repeated=opened.repeated,
    )


def listed_view(row: Mapping[str, Any], at: datetime, masked: bool) -> ListedView:
    """A line of a list; `in_time` as of `at`."""
    values = _person({name: row[name] for name in ListedView.model_fields if name in row}, masked)
    return ListedView(**values, complete=row["complete_at"] is not None, in_time=_in_time(row, at))


def ticket_view(file: File, at: datetime, masked: bool) -> TicketView:
    """The whole file; lateness as of `at`."""
    decide = next((clock for clock in file.clocks if clock["kind"] == "decide_inform"), None)
    values = _person({name: file.row[name] for name in TicketView.model_fields if name in file.row}, masked)
    return TicketView(
        **values,
        complete=file.row["complete_at"] is not None,
        due_day=decide["due_day"] if decide else None,
        provisional=decide["provisional"] if decide else None,
        in_time=kept(decide, at) if decide else None,
        clocks=[ClockView(**_clock(clock, kept(clock, at))) for clock in file.clocks],
        calls=[CallView(**call) for call in file.calls],
        opened_by_name=file.names.get(file.row["opened_by"]),
        events=[EventView(**_event(event, file.names, masked)) for event in file.events],
        matter=[MatterTicketView(**other) for other in file.matter if other["id"] != file.row["id"]],
        attachments=[attachment_view(each, masked) for each in file.attachments],
        owed=[_owed(problem) for problem in file.owed],
        possible=[Action(action) for action in file.possible],
    )


def explanation_view(explained: Explanation) -> ExplanationView:
    """The explanation."""
    row = explained.row
    verdict = row["verdict"]
    given = [ReasonView(**reason) for reason in verdict["reasons"]] if verdict else []
    category = CATEGORIES[Category(row["category"])] if row["category"] else None
    return ExplanationView(
        id=row["id"],
        number=row["number"],
        nature=row["nature"],
        counts=explained.occurrences > 0,
        occurrences=explained.occurrences,
        pieces=explained.pieces,
        exclusion=explained.exclusion,
        reasons=[*given, *(_reason(rule, RULES[rule]) for rule in explained.rules if rule in RULES)],
        heard=row["heard"],
        verdict=verdict,
        category=_reason(category.rule, category.words) if category else None,
        clocks=[_explained(clock) for clock in explained.clocks],
    )


def _verdict(verdict: Verdict) -> VerdictView:
    reasons = [_reason(reason.rule, reason.words) for reason in verdict.reasons]
    return VerdictView(nature=verdict.nature, counts=verdict.counts, reasons=reasons)


def _reason(rule: str, words: Words) -> ReasonView:
    return ReasonView(rule=rule, zh=words.zh, en=words.en)


def _owed(problem: Problem) -> OwedView:
    return OwedView(field=problem.field, zh=problem.words.zh, en=problem.words.en, rules=list(problem.rules))


def _in_time(row: Mapping[str, Any], at: datetime) -> bool | None:
    return None if row["due_at"] is None else kept(row, at)


def _clock(clock: Mapping[str, Any], in_time: bool | None) -> dict[str, Any]:
    own = {name: clock[name] for name in ClockView.model_fields if name in clock}
    statutory = clock["statutory"]
    return {
        **own,
        "in_time": in_time,
        "internal_due": clock["internal"]["due"],
        "statutory_due": statutory["due"] if statutory else None,
    }


def _explained(explained: ExplainedClock) -> ExplainedClockView:
    limits = [
        LimitView(
            limit=each.limit,
            source=each.source,
            amount=each.amount,
            unit=each.unit,
            zh=each.words.zh,
            en=each.words.en,
            start=each.start,
            counted=each.counted,
            due=each.due,
            moved=each.moved,
            provisional=each.provisional,
            days=[DayView(day=step.day, kind=DayKind(step.kind), number=step.number) for step in each.days],
        )
        for each in explained.limits
    ]
    return ExplainedClockView(**_clock(explained.clock, explained.kept), limits=limits)


_MASKS = {"complainant_name": masking.name, "complainant_phone": masking.phone}
_WORDS = ("authorisation", "demand", "description")
"""Somebody's own words, in which numbers may stand."""


def _person(values: dict[str, Any], masked: bool) -> dict[str, Any]:
    """The fields that say who complains, masked for who may not see them whole."""
    if not masked:
        return values
    hidden = {name: mask(values[name]) for name, mask in _MASKS.items() if values.get(name)}
    return values | hidden | {name: details.text(values[name], masked) for name in _WORDS if name in values}


def _event(event: Mapping[str, Any], names: Mapping[str, str], masked: bool) -> dict[str, Any]:
    told = dict(event["details"])
    if masked and "changed" in told:
        told["changed"] = {
            name: [_MASKS[name](value) if name in _MASKS and value else value for value in values]
            for name, values in told["changed"].items()
        }
    return {
        "at": event["at"],
        "actor": event["actor"],
        "actor_name": names.get(event["actor"]),
        "kind": event["kind"],
        "details": details.told(told, masked),
    }
