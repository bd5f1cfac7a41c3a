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
from callcenter.web.reminder_views import ReminderView, reminder_view
from callcenter.web.slip_views import CauseView, SignatureView, SlipView, cause_view, signature_view, slip_view
from tickets import deadlines
from tickets.acknowledgement import Manner, Worth
from tickets.calendar import DayKind
from tickets.categories import CATEGORIES, Category, Department, OtherCause
from tickets.course import Gap, PauseGround
from tickets.errors import Problem, Words
from tickets.findings import Verdict
from tickets.intake import (
    Channel,
    ComplainantType,
    ForwarderLevel,
    IdentityManner,
    Nature,
    NetworkKind,
    Relation,
    Severity,
    Source,
)
from tickets.letters import Means, WrittenGround
from tickets.lifecycle import Action, Ending, InvalidGround, Liability, Status, Validity
from tickets.manner import HandlingManner
from tickets.stages import CaseStage
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
    relation: Relation | None


class ListedView(Personal):
    """A ticket in a list."""

    id: Annotated[UUID, Field(title="服务单标识")]
    number: Annotated[str, Field(title="服务单号")]
    finding_number: Annotated[str | None, Field(title="问题件编号")]
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
    due_day: Annotated[date | None, Field(description="Null while the clock stands still 中止期间为空 (CL-4)")]
    due_at: datetime | None
    alert_day: date | None
    provisional: bool
    rules: list[str]
    stands_still: Annotated[bool, Field(description="时限中止 (CL-4)")]
    internal_due: date | None
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
    nature: Nature
    relation: Relation | None
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


class AcknowledgementView(Personal):
    """One time the customer was told that the complaint was received, and what that is worth now (R-4.4 … R-4.7)."""

    id: UUID
    means: Manner
    state: Annotated[Worth, Field(description="Incomplete without its recording 缺录音即不完整 (R-4.5, E-3)")]
    call_id: UUID | None
    document_id: Annotated[UUID | None, Field(description="The letter or e-mail it was given by 确认文书 (R-4.4)")]
    note: str
    recorded_at: datetime
    recorded_by: str
    recorded_by_name: str | None


class LineView(Model):
    """A further grievance; its number is the slips' line."""

    line: int
    category: Category
    sub_code: str | None


class TicketView(ListedView):
    """The whole file."""

    network_kind: NetworkKind | None
    matter_id: UUID | None
    merged_into_id: Annotated[UUID | None, Field(description="Handled and closed with that order 并入 (D-4, F-60)")]
    external: Annotated[bool, Field(description="Went above or outside 外部 (F-15)")]
    related_at: Annotated[datetime | None, Field(description="When a person said which incident it is about")]
    related_by: str | None
    other_cause: OtherCause | None
    severity_confirmed_at: Annotated[datetime | None, Field(description="By the complaint post 投诉岗确认级别 (F-18)")]
    severity_confirmed_by: str | None
    complex_at: Annotated[datetime | None, Field(description="复杂案件自何时起 (F-10)")]
    complex_reason: str | None
    liability: Liability
    causes: list[Category]
    found_causes: Annotated[list[CauseView], Field(description="The causes with their departments 原因及责任部门")]
    responsible: Annotated[list[Department], Field(description="Whose heads sign 责任部门 (R-3.26)")]
    signatures: list[SignatureView]
    unsigned: Annotated[list[Department], Field(description="Whose head has not signed 待签字部门 (R-3.26)")]
    slips: list[SlipView]
    reminders: Annotated[list[ReminderView], Field(description="Newest first 催办单 (R-4.21)")]
    invalid_ground: InvalidGround | None
    policy_id: UUID | None
    complainant_type: ComplainantType
    authorisation: str | None
    anonymous: bool
    written_answer: Annotated[bool, Field(description="客户要求书面答复 (F-22)")]
    written_due: Annotated[
        list[WrittenGround], Field(description="Why a written answer is due 须书面答复的理由 (F-22)")
    ]
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
    ended_as: Annotated[Ending | None, Field(description="How it ended 结束方式 (CL-6, F-24)")]
    archived_at: datetime | None
    overturned_at: Annotated[datetime | None, Field(description="By the company above 上级改判 (R-3.25)")]
    group_size: Annotated[int, Field(description="How many complain together 一同投诉人数 (N-14)")]
    designated_major: bool
    sub_code: str | None
    further: Annotated[list[LineView], Field(description="Further grievances 其他投诉事项 (F-3)")]
    opinion: Annotated[str | None, Field(description="Preliminary opinion 初步处理意见 (R-3.18, R-3.30)")]
    opinion_at: datetime | None
    handler_id: Annotated[UUID | None, Field(description="Who handles it 处理人")]
    handler_name: str | None
    about_user_id: Annotated[UUID | None, Field(description="Whom it is about 被投诉人员 (F-48)")]
    about_user_name: str | None
    case_at: Annotated[datetime | None, Field(description="Passed to sales inspection as a case 构成案件 (R-3.39)")]
    destination: Annotated[str | None, Field(description="Whom it was passed to 转往部门 (R-1.3)")]
    told_means: Annotated[Means | None, Field(description="告知方式 (CL-8)")]
    told_proof: str | None
    rescission_told_at: Annotated[datetime | None, Field(description="告知有权解除合同时间 (C-15)")]
    told_document_id: Annotated[UUID | None, Field(description="告知文书 (CL-8)")]
    answer_accepted: Annotated[bool | None, Field(description="客户是否接受 (R-4.29, R-4.30)")]
    rulebook: str
    stage: Annotated[CaseStage, Field(description="阶段 (R-4.1, F-31)")]
    confirmed_at: Annotated[
        datetime | None, Field(description="With the customer, in the order 与客户确认时间 (F-32, R-4.7)")
    ]
    manners: Annotated[list[HandlingManner], Field(description="By gravity, harm and social effect 处理方式 (R-4.26)")]
    clocks: list[ClockView]
    calls: list[CallView]
    events: list[EventView]
    matter: list[MatterTicketView]
    attachments: list[AttachmentView]
    heir: bool
    form_signed_at: Annotated[datetime | None, Field(description="来访受理表签字时间 (R-4.3)")]
    identity_manner: Annotated[IdentityManner | None, Field(description="身份核实方式 (N-10)")]
    identity_verified_at: datetime | None
    identity_verified_by: str | None
    identity_verified_by_name: str | None
    forwarder: str | None
    forwarder_level: ForwarderLevel | None
    forwarding_number: str | None
    forwarded_day: date | None
    media_outlet: str | None
    media_link: str | None
    representatives: Annotated[list[str], Field(description="共同投诉的代表 (N-4)")]
    basis: Annotated[str | None, Field(description="处理依据的条款和法规 (R-1.7)")]
    taken_over_by: Annotated[
        str | None, Field(description="The company above that handles it 上级直接处理机构 (R-3.19)")
    ]
    acknowledgements: list[AcknowledgementView]
    owed: list[OwedView]
    possible: list[Action]


class DayView(Model):
    """One day of the arithmetic; `number` where it counted, `paused` where the clock stood still (CL-4)."""

    day: date
    kind: DayKind
    number: int | None
    paused: bool


class GapView(Model):
    """Days that do not count: those after `since`, up to and including `until`; null while that is open (CL-4)."""

    since: date
    until: date | None


class LimitView(Model):
    """One limit counted out."""

    limit: str
    source: str
    amount: int
    unit: str
    zh: str
    en: str
    start: date
    counted: Annotated[date | None, Field(description="Null while the clock stands still 中止期间为空")]
    due: date | None
    moved: bool
    provisional: bool
    gaps: list[GapView]
    days: list[DayView]


class ExplainedClockView(ClockView):
    """A deadline with the limits it was chosen from: the earliest wins (CL-3), and why (F-29)."""

    version: Annotated[str, Field(description="Of the rulebook it was reckoned with 规则版本")]
    ruling: Annotated[str, Field(description="The limit that rules 起作用的时限")]
    why: ReasonView | None
    limits: list[LimitView]


class ExtensionView(Model):
    """An extension; `counts` is null while a second one is not whole (L-15, L-16, F-52)."""

    id: UUID
    limit: str
    reason: str
    counts: bool | None
    proposed_at: datetime
    proposed_by: str
    proposed_by_name: str | None
    approved_at: datetime | None
    approved_by: str | None
    approved_by_name: str | None
    refused_at: datetime | None
    refused_by: str | None
    refused_why: str | None
    told_at: datetime | None
    told_manner: str | None


class AgreementView(Model):
    """A limit agreed with the complainant, and the record of it (CL-7)."""

    id: UUID
    until: date
    record: str
    counts: bool | None
    recorded_at: datetime
    recorded_by: str
    recorded_by_name: str | None


class PauseView(Model):
    """A time the clock stood still, and the days that took out of the count (CL-4)."""

    id: UUID
    ground: PauseGround
    note: str
    started_at: datetime
    told_at: datetime | None
    told_manner: str | None
    both_applied: bool
    recorded_at: datetime
    recorded_by: str
    recorded_by_name: str | None
    ended_at: datetime | None
    end_note: str | None
    gap: GapView | None


class MaterialView(Model):
    """Further material on the open complaint; with new facts and reasons it `restarts` the limits (CL-5, F-53)."""

    id: UUID
    from_ticket_id: UUID | None
    facts: str
    reasons: str
    restarts: bool
    received_at: datetime
    recorded_by: str
    recorded_by_name: str | None


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
    on_the_spot: Annotated[date | None, Field(description="Target for settling it at once 当场解决目标日 (L-10, F-51)")]
    extensions: list[ExtensionView]
    agreements: list[AgreementView]
    pauses: list[PauseView]
    materials: list[MaterialView]
    version: Annotated[int, Field(description="Of the ticket 服务单版本")]


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
        relation=opened.relation,
    )


def listed_view(row: Mapping[str, Any], at: datetime, masked: bool) -> ListedView:
    """A line of a list; `in_time` as of `at`."""
    values = _person({name: row[name] for name in ListedView.model_fields if name in row}, masked)
    values["due_day"] = _unless_still(values["due_day"])
    return ListedView(**values, complete=row["complete_at"] is not None, in_time=_in_time(row, at))


def _cycle(clock: Mapping[str, Any]) -> int:
    return int(clock["cycle"])


def ticket_view(file: File, at: datetime, masked: bool) -> TicketView:
    """The whole file; lateness as of `at`."""
    decide = max((each for each in file.clocks if each["kind"] == "decide_inform"), key=_cycle, default=None)
    values = _person({name: file.row[name] for name in TicketView.model_fields if name in file.row}, masked)
    return TicketView(
        **values,
        complete=file.row["complete_at"] is not None,
        due_day=_unless_still(decide["due_day"]) if decide else None,
        provisional=decide["provisional"] if decide else None,
        in_time=kept(decide, at) if decide else None,
        clocks=[ClockView(**_clock(clock, kept(clock, at))) for clock in file.clocks],
        calls=[CallView(**call) for call in file.calls],
        found_causes=[cause_view(cause) for cause in file.causes],
        signatures=[signature_view(each, file.names, masked) for each in file.signatures],
        unsigned=list(file.unsigned),
        slips=[slip_view(slip, at, masked) for slip in file.slips],
        reminders=[reminder_view(each, file.receipts, file.names, masked) for each in file.reminders],
        opened_by_name=file.names.get(file.row["opened_by"]),
        identity_verified_by_name=file.names.get(file.row["identity_verified_by"] or ""),
        acknowledgements=[_acknowledgement(each, file.names, masked) for each in file.acknowledgements],
        events=[EventView(**_event(event, file.names, masked)) for event in file.events],
        matter=[MatterTicketView(**other) for other in file.matter if other["id"] != file.row["id"]],
        attachments=[attachment_view(each, masked) for each in file.attachments],
        further=[LineView(line=n.number, category=n.category, sub_code=n.sub_code) for n in file.further if n.category],
        handler_name=file.names.get(f"user:{file.row['handler_id']}"),
        about_user_name=file.names.get(f"user:{file.row['about_user_id']}"),
        owed=[_owed(problem) for problem in file.owed],
        stage=file.stage,
        confirmed_at=file.confirmed_at,
        manners=list(file.manners),
        written_due=list(file.written_due),
        possible=[Action(action) for action in file.possible],
    )


def explanation_view(explained: Explanation, masked: bool) -> ExplanationView:
    """The explanation."""
    row, befallen = explained.row, explained.befallen
    verdict = row["verdict"]
    given = [ReasonView(**reason) for reason in verdict["reasons"]] if verdict else []
    given += [_reason(reason.rule, reason.words) for reason in explained.story]
    told = {reason.rule for reason in given}
    given += [_reason(rule, RULES[rule]) for rule in explained.rules if rule in RULES and rule not in told]
    category = CATEGORIES[Category(row["category"])] if row["category"] else None
    return ExplanationView(
        id=row["id"],
        number=row["number"],
        nature=row["nature"],
        counts=explained.occurrences > 0,
        occurrences=explained.occurrences,
        pieces=explained.pieces,
        exclusion=explained.exclusion,
        reasons=[
            *given,
            *(_reason(rule, RULES[rule]) for rule in explained.rules if rule in RULES and rule not in told),
        ],
        heard=row["heard"],
        verdict=verdict,
        category=_reason(category.rule, category.words) if category else None,
        clocks=[_explained(clock) for clock in explained.clocks],
        on_the_spot=explained.on_the_spot,
        extensions=[
            ExtensionView(**_befell(ExtensionView, each, explained, masked), limit=each["rule"], counts=counts)
            for each, counts in befallen.extensions
        ],
        agreements=[
            AgreementView(**_befell(AgreementView, each, explained, masked), until=each["until_day"], counts=counts)
            for each, counts in befallen.agreements
        ],
        pauses=[
            PauseView(**_befell(PauseView, each, explained, masked), gap=_gap(gap) if gap else None)
            for each, gap in befallen.pauses
        ],
        materials=[
            MaterialView(**_befell(MaterialView, each, explained, masked), restarts=restarts)
            for each, restarts in befallen.materials
        ],
        version=row["version"],
    )


_WRITTEN = ("reason", "refused_why", "record", "note", "end_note", "facts", "reasons")


def _befell(model: type[Model], row: Mapping[str, Any], explained: Explanation, masked: bool) -> dict[str, Any]:
    """The fields of the model that stand in the row, and the names of who is in it."""
    own = {name: row[name] for name in model.model_fields if name in row}
    own |= {name: details.text(own[name], masked) for name in _WRITTEN if own.get(name)}
    people = (name for name in model.model_fields if name.endswith("_by_name"))
    return own | {name: explained.names.get(row[name.removesuffix("_name")] or "") for name in people}


def _gap(gap: Gap) -> GapView:
    return GapView(since=gap.since, until=gap.until)


def _unless_still(day: date | None) -> date | None:
    """The day, but none for a clock that stands still."""
    return None if day == deadlines.NEVER else day


def _verdict(verdict: Verdict) -> VerdictView:
    reasons = [_reason(reason.rule, reason.words) for reason in verdict.reasons]
    return VerdictView(nature=verdict.nature, counts=verdict.counts, reasons=reasons)


def _reason(rule: str, words: Words) -> ReasonView:
    return ReasonView(rule=rule, zh=words.zh, en=words.en)


def _owed(problem: Problem) -> OwedView:
    return OwedView(field=problem.field, zh=problem.words.zh, en=problem.words.en, rules=list(problem.rules))


def _acknowledgement(row: Mapping[str, Any], names: Mapping[str, str], masked: bool) -> AcknowledgementView:
    own = {name: row[name] for name in AcknowledgementView.model_fields if name in row}
    own["note"] = details.text(row["note"], masked)
    return AcknowledgementView(**own, recorded_by_name=names.get(row["recorded_by"]))


def _in_time(row: Mapping[str, Any], at: datetime) -> bool | None:
    return None if row["due_at"] is None else kept(row, at)


def _clock(clock: Mapping[str, Any], in_time: bool | None) -> dict[str, Any]:
    own = {name: clock[name] for name in ClockView.model_fields if name in clock}
    internal, statutory = clock["internal"]["due"], clock["statutory"]
    still = clock["due_day"] == deadlines.NEVER
    return {
        **own,
        "due_day": _unless_still(clock["due_day"]),
        "due_at": None if still else clock["due_at"],
        "alert_day": _unless_still(clock["alert_day"]),
        "stands_still": still,
        "in_time": in_time,
        "internal_due": _unless_still(date.fromisoformat(internal)),
        "statutory_due": _unless_still(date.fromisoformat(statutory["due"])) if statutory else None,
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
            counted=_unless_still(each.counted),
            due=_unless_still(each.due),
            moved=each.moved,
            provisional=each.provisional,
            gaps=[_gap(gap) for gap in each.gaps],
            days=[
                DayView(day=step.day, kind=DayKind(step.kind), number=step.number, paused=step.paused)
                for step in each.days
            ],
        )
        for each in explained.limits
    ]
    clock = explained.clock
    return ExplainedClockView(
        **_clock(clock, explained.kept),
        version=clock["version"],
        ruling=clock["rules"][0],
        why=_reason("CL-3", explained.why) if explained.why else None,
        limits=limits,
    )


_MASKS = {"complainant_name": masking.name, "complainant_phone": masking.phone}
_LISTED = {"representatives": masking.name}
"""The same of lists."""
_WORDS = ("authorisation", "complex_reason", "demand", "description", "told_proof")
"""Somebody's own words, in which numbers may stand."""


def _person(values: dict[str, Any], masked: bool) -> dict[str, Any]:
    """The fields that say who complains, masked for who may not see them whole."""
    if not masked:
        return values
    hidden: dict[str, Any] = {name: mask(values[name]) for name, mask in _MASKS.items() if values.get(name)}
    hidden |= {name: [mask(each) for each in values[name]] for name, mask in _LISTED.items() if values.get(name)}
    return values | hidden | {name: details.text(values[name], masked) for name in _WORDS if name in values}


def _event(event: Mapping[str, Any], names: Mapping[str, str], masked: bool) -> dict[str, Any]:
    told = dict(event["details"])
    if masked and "changed" in told:
        told["changed"] = {name: [_masked(name, value) for value in values] for name, values in told["changed"].items()}
    return {
        "at": event["at"],
        "actor": event["actor"],
        "actor_name": names.get(event["actor"]),
        "kind": event["kind"],
        "details": details.told(told, masked),
    }


def _masked(name: str, value: Any) -> Any:
    if not value:
        return value
    if name in _LISTED:
        return [_LISTED[name](each) for each in value]
    return _MASKS[name](value) if name in _MASKS else value
