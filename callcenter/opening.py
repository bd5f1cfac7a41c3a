"""What is asked for when a ticket is opened, and everything that follows from it before anything is written.

Pure but for the ids it draws: the rulebook and the moment come in, the row to write comes out. Must never touch
the database, so that a ticket taken while it is away is decided by the same lines.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, TypeAdapter

from callcenter import outbox
from callcenter.calls.call import Direction
from callcenter.calls.sight import Eyes, eyes
from callcenter.customers import phone
from callcenter.ids import derived, moment_of, uuid7
from tickets import channels, committee, deadlines, groups, intake, progress
from tickets.calendar import SHANGHAI, shanghai_day
from tickets.categories import Department, OtherCause
from tickets.channels import Way
from tickets.deadlines import Contact, Deadline, Gravity, Kind, Rulebook
from tickets.errors import NotAdmissibleError, Problem, Words
from tickets.findings import Heard, Respondent, Verdict, classify
from tickets.intake import Channel, ComplainantType, Nature, NetworkKind, Particulars, Relation, Source
from tickets.lifecycle import Validity
from tickets.slips import Line
from tickets.statistics import Weight, weigh
from tickets.store import Arrival, NewTicket, TicketId


class Via(StrEnum):
    """The ways in."""

    IVR = "ivr"
    AGENT = "agent"
    CALLBACK_AGENT = "callback_agent"
    DESK = "desk"
    INTEGRATOR = "integrator"


@dataclass(frozen=True, slots=True)
class By:
    """Who acts: the audit name (`user:<id>`, `token:<id>`, `system:<part>`), and for a person or token where.

    `path` is the subtree the actor sees, None for a part of the system, which sees all and may all.
    """

    actor: str
    user_id: UUID | None = None
    organisation_id: str | None = None
    path: str | None = None
    address: str | None = None
    permissions: frozenset[str] = frozenset()
    department: Department | None = None

    def may(self, permission: str) -> bool:
        """Whether the actor's roles or scopes allow it."""
        return self.path is None or permission in self.permissions

    @property
    def eyes(self) -> Eyes:
        """The actor as far as knowing of calls goes."""
        return eyes(self.path, self.user_id, self.permissions)


BY_MENU = By("system:ivr")
"""The caller's own menu."""


@dataclass(frozen=True, slots=True)
class OnCall:
    """The call a ticket is opened on; its seconds count from `started_at` where the call's row does not tell better.

    `arrived` writes that row where nobody has, and is no part of what is asked for.
    """

    call_id: UUID
    started_at: datetime | None = None
    arrived: Annotated[Arrival | None, Field(exclude=True)] = None


@dataclass(frozen=True, slots=True)
class Opening:
    """What is asked for. Without `accepting_organisation` the company's root accepts it, whatever its id is.

    `heard` belongs to callbacks, and there it is mandatory (F-13): the classification decides nature, channel and
    source, whatever else is said of them (T-2). `another_matter`: a second complaint on one call is meant.
    `same_matter_as`: number or id of an earlier ticket about the same incident, `new_facts`, `new_reasons`: what it
    brings to that one while it is open (CL-5). Task and attempt are what `with_call`
    finds, never what is asked for.
    """

    key: UUID
    via: Via
    accepting_organisation: str | None = None
    particulars: Particulars = field(default_factory=Particulars)
    channel: Channel = Channel.PHONE_INBOUND
    source: Source = Source.DIRECT
    network_kind: NetworkKind | None = None
    other_cause: OtherCause | None = None
    sub_code: str | None = None
    further: tuple[Line, ...] = ()
    group_size: int = 1
    designated_major: bool = False
    customer_id: UUID | None = None
    policy_number: str | None = None
    call: OnCall | None = None
    heard: Heard | None = None
    another_matter: bool = False
    same_matter_as: str | None = None
    new_facts: str = ""
    new_reasons: str = ""
    callback_task_id: UUID | None = None
    callback_attempt_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The call a ticket is opened on, as the database has it; of a callback also what its task is about."""

    direction: Direction
    customer_id: UUID | None = None
    policy_number: str | None = None
    callback_task_id: UUID | None = None
    callback_attempt_id: UUID | None = None
    complaint: str | None = None
    """Number of the first complaint opened on the call."""


_OPENING = TypeAdapter(Opening)
_BY = TypeAdapter(By)


def menu_key(call_id: UUID, cc_call: str) -> UUID:
    """The key of the ticket a caller opens from the menu: one per call, whoever computes it."""
    at = datetime.fromtimestamp((call_id.int >> 80) / 1000, SHANGHAI)
    return derived(at, f"{cc_call}|complaint from the menu")


def from_menu(call_id: UUID, cc_call: str, number: str | None, arrived: Arrival | None = None) -> Opening:
    """What a caller asks for who chooses "complaint" in the menu; the same whoever tells of the choice."""
    return Opening(
        key=menu_key(call_id, cc_call),
        via=Via.IVR,
        particulars=Particulars(complainant_phone=number),
        call=OnCall(call_id, moment_of(call_id), arrived),
    )


def as_json(opening: Opening, by: By) -> dict[str, Any]:
    """An opening as plain JSON, for the spool and for its fingerprint."""
    return {"opening": _OPENING.dump_python(opening, mode="json"), "by": _BY.dump_python(by, mode="json")}


def of_json(document: Mapping[str, Any]) -> tuple[Opening, By]:
    """An opening back from the spool; raises pydantic's ValidationError when it is none."""
    return _OPENING.validate_python(document["opening"]), _BY.validate_python(document["by"])


def fingerprint(opening: Opening, by: By) -> str:
    """What tells a repeat from another request under the same key: everything asked, and who asks (H8)."""
    asked = {"opening": as_json(opening, by)["opening"], "actor": by.actor}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Decision:
    """What the ticket is, before it is written."""

    nature: Nature
    channel: Channel
    source: Source
    particulars: Particulars
    contact: Contact
    gravity: Gravity
    verdict: Verdict | None
    relation: Relation | None
    weight: Weight

    @property
    def counts(self) -> bool:
        """Whether complaint figures take it in."""
        return self.weight.exclusion is None


def decide(opening: Opening) -> Decision:
    """Nature, channel, source and the rest from what is asked; raises NotAdmissibleError."""
    if opening.source is Source.CALLBACK or opening.via is Via.CALLBACK_AGENT:
        _require_heard(opening)
    verdict = classify(opening.heard) if opening.heard else None
    particulars = _completed(opening, verdict)
    nature = verdict.nature if verdict else intake.nature_of(particulars)
    channel = verdict.channel if verdict else opening.channel
    source = verdict.source if verdict else opening.source
    if verdict is not None and verdict.counts and not particulars.complainant_type.is_consumer:
        raise NotAdmissibleError((_CONTRADICTION,))
    if (opening.new_facts or opening.new_reasons) and opening.same_matter_as is None:
        raise NotAdmissibleError((_NOTHING_RENEWED,))
    told = Channel.PHONE_INBOUND if nature is Nature.CALLBACK_FINDING else channel
    intake.check(told, source, opening.network_kind, particulars)
    gravity = (verdict.gravity if verdict else None) or intake.GRAVITY[particulars.severity]
    contact = intake.contact_of(channel, source, opening.network_kind)
    relation = Relation.FIRST if nature is Nature.COMPLAINT else None
    weight = weigh(nature, relation, particulars.complainant_type)
    return Decision(nature, channel, source, particulars, contact, gravity, verdict, relation, weight)


def new_ticket(
    opening: Opening,
    by: By,
    book: Rulebook,
    received_at: datetime,
    stored_at: datetime,
    *,
    asked: str | None = None,
    spooled: bool = False,
    late: bool = False,
) -> NewTicket:
    """The whole ticket to write; raises NotAdmissibleError.

    `asked`: the fingerprint of what was asked for, where its call has added to it; `spooled`: it was safe from the
    start, only not in the database; `late`: only what it follows from was.
    """
    decided = decide(opening)
    received_day = shanghai_day(received_at)
    columns = _columns(opening, decided, by, received_at)
    call = opening.call
    payload = {
        "ticket_id": str(opening.key),
        "nature": decided.nature.value,
        "channel": decided.channel.value,
        "source": decided.source.value,
        "via": opening.via.value,
        "call_id": str(call.call_id) if call else None,
        "user_id": str(by.user_id) if by.user_id else None,
        "callback_task_id": str(opening.callback_task_id) if opening.callback_task_id else None,
    }
    return NewTicket(
        key=TicketId(opening.key),
        fingerprint=asked or fingerprint(opening, by),
        stored_at=stored_at,
        received_day=received_day,
        columns={**columns, "spooled": spooled, "rulebook": book.version},
        clocks=_clocks(decided, book, received_at, at_headquarters=_at_headquarters(opening, by)),
        call_id=call.call_id if call else None,
        call_started_at=call.started_at if call else None,
        arrival=call.arrived if call and not spooled else None,
        actor=by.actor,
        event_id=uuid7(received_at),
        event={
            "version": 1,
            "via": opening.via.value,
            "nature": decided.nature.value,
            "spooled": spooled,
            "late": late,
        },
        outbox_id=uuid7(stored_at),
        payload=payload,
        consumers=outbox.consumers_of("ticket.opened"),
        audit_id=uuid7(stored_at),
        address=by.address,
        safe_at=stored_at if late else received_at,
        lines=[
            {"place": line.number, "category": line.category, "sub_code": line.sub_code} for line in opening.further
        ],
    )


def is_complete(particulars: Particulars, contact: Contact) -> bool:
    """Whether the detailed order is there; confirming it with the customer has its own clock (F-9, L-1)."""
    return all(problem.field == "restated_and_confirmed" for problem in intake.owed(particulars, contact))


def with_call(opening: Opening, known: Known | None) -> Opening:
    """What is asked for, with what follows from its call, None for no call; raises NotAdmissibleError.

    On a callback the classification is mandatory (F-13) and the matter is its task's; on any other call, and on none,
    nothing is a finding or a callback's complaint, whatever is said of it (T-1, T-2, R-2.2, R-2.3).
    """
    if known is None or known.direction is not Direction.CALLBACK:
        _refuse_what_only_callbacks_have(opening)
        if known is None:
            return opening
        outbound = known.direction is Direction.CLICK and opening.channel is Channel.PHONE_INBOUND
        return replace(
            opening,
            channel=Channel.PHONE_OUTBOUND if outbound else opening.channel,
            customer_id=opening.customer_id or known.customer_id,
        )
    _require_heard(opening)
    return replace(
        opening,
        via=Via.CALLBACK_AGENT,
        channel=Channel.PHONE_INBOUND,
        source=Source.CALLBACK,
        network_kind=None,
        customer_id=opening.customer_id or known.customer_id,
        policy_number=opening.policy_number or known.policy_number,
        callback_task_id=known.callback_task_id,
        callback_attempt_id=known.callback_attempt_id,
    )


def _refuse_what_only_callbacks_have(opening: Opening) -> None:
    problems = []
    if opening.heard is not None:
        words = Words(
            "不是回访通话，不作问题件判定：客户要求公司处理的即为投诉",
            "not a callback: nothing is classified, and what asks the company to act is a complaint",
        )
        problems.append(Problem("heard", words, ("T-1", "R-2.3")))
    if opening.source is Source.CALLBACK or opening.via is Via.CALLBACK_AGENT:
        words = Words(
            "来源为回访的服务单只能在回访通话上开立", "a ticket whose source is a callback is opened on its call"
        )
        problems.append(Problem("source", words, ("T-2", "R-2.2")))
    if problems:
        raise NotAdmissibleError(tuple(problems))


def _require_heard(opening: Opening) -> None:
    """On a callback nobody passes the classification by (F-13, T-2)."""
    if opening.heard is None:
        words = Words(
            "回访须回答是否有明确投诉意向", "a callback must say what was heard and whether they want to complain"
        )
        raise NotAdmissibleError((Problem("heard", words, ("F-13", "R-2.2", "R-2.3")),))


_NOTHING_RENEWED = Problem(
    "new_facts",
    Words("新的事实和理由须注明所属的先前服务单", "new facts and reasons belong to an earlier ticket: say which"),
    ("CL-5", "D-4"),
)

_CONTRADICTION = Problem(
    "complainant_type",
    Words(
        "接听人为客户或受托人并有明确投诉意向,投诉人不能是销售人员或公众",
        "a customer, or somebody authorised by one, clearly wants to complain: not a sales agent or the public",
    ),
    ("T-2", "R-1.1", "F-37"),
)


def _completed(opening: Opening, verdict: Verdict | None) -> Particulars:
    """The particulars with what follows from elsewhere: who speaks and of what on a callback, media as major."""
    particulars = opening.particulars
    if verdict is not None and opening.heard is not None:
        if particulars.category is None:
            particulars = replace(particulars, category=verdict.category)
        if particulars.complainant_type is ComplainantType.UNKNOWN:
            particulars = replace(particulars, complainant_type=_complainant(opening.heard, verdict, particulars))
    proposed = intake.severity_proposed(opening.source, particulars.severity)
    return replace(particulars, severity=groups.severity(proposed, opening.group_size, opening.designated_major))


def _complainant(heard: Heard, verdict: Verdict, particulars: Particulars) -> ComplainantType:
    """Who speaks on the callback; a representative's complaint needs the authorisation, a finding does not (R-1.1)."""
    if heard.respondent in (Respondent.POLICYHOLDER, Respondent.INSURED):
        return ComplainantType.CUSTOMER
    represents = heard.respondent is Respondent.AUTHORISED and (verdict.counts or particulars.authorisation)
    return ComplainantType.REPRESENTATIVE if represents else ComplainantType.UNKNOWN


def _columns(opening: Opening, decided: Decision, by: By, received_at: datetime) -> dict[str, Any]:
    p = decided.particulars
    complaint = decided.nature is Nature.COMPLAINT
    return {
        "nature": decided.nature,
        "channel": decided.channel,
        "network_kind": opening.network_kind,
        "source": decided.source,
        "relation": decided.relation,
        "matter_id": opening.key if complaint else None,
        "category": p.category,
        "other_cause": opening.other_cause,
        "sub_code": opening.sub_code,
        "group_size": opening.group_size,
        "representatives": list(p.representatives),
        "designated_major": opening.designated_major,
        "severity": p.severity,
        "gravity": decided.gravity,
        "complex_at": received_at if complaint and progress.by_itself(p.severity) else None,
        "validity": Validity.PENDING if complaint else None,
        "occurrences": decided.weight.occurrences,
        "pieces": decided.weight.pieces,
        "customer_id": opening.customer_id,
        "policy_number": opening.policy_number,
        "complainant_type": p.complainant_type,
        "complainant_name": p.complainant_name,
        "complainant_phone": phone.as_kept(p.complainant_phone),
        "authorisation": p.authorisation,
        "anonymous": p.anonymous,
        "written_answer": p.written_answer,
        "demand": p.demand,
        "description": p.description,
        "restated_at": received_at if p.restated_and_confirmed else None,
        "complete_at": received_at if is_complete(p, decided.contact) else None,
        "opened_via": opening.via,
        "opened_by": by.actor,
        "opened_by_user": by.user_id,
        "accepting_organisation_id": opening.accepting_organisation,
        "callback_task_id": opening.callback_task_id,
        "callback_attempt_id": opening.callback_attempt_id,
        "heard": opening.heard.as_json() if opening.heard else None,
        "verdict": decided.verdict.as_json() if decided.verdict else None,
        "received_at": received_at,
        "heir": p.heir,
        "form_signed_at": received_at if p.form_signed else None,
        "identity_manner": p.identity_manner,
        "identity_verified_at": received_at if p.identity_manner else None,
        "identity_verified_by": by.actor if p.identity_manner else None,
        "forwarder": p.forwarder,
        "forwarder_level": p.forwarder_level,
        "forwarding_number": p.forwarding_number,
        "forwarded_day": p.forwarded_day,
        "media_outlet": p.media_outlet,
        "media_link": p.media_link,
        "owes": [problem.field for problem in channels.owed(_way(opening, decided), p)],
    }


def _way(opening: Opening, decided: Decision) -> Way:
    return Way(decided.nature, decided.channel, decided.source, opening.network_kind)


def _at_headquarters(opening: Opening, by: By) -> bool:
    """Whether the company's root accepts the ticket: by default, or because its opener sits there."""
    if opening.accepting_organisation is None:
        return True
    return by.organisation_id == opening.accepting_organisation and (by.path or "").count("/") == 1


def _clocks(
    decided: Decision, book: Rulebook, at: datetime, *, at_headquarters: bool
) -> tuple[tuple[Deadline, datetime | None], ...]:
    """The first clocks, those already met with their moment; what is no complaint is passed on, not decided, and
    headquarters has nobody above to report to (L-21)."""
    p = decided.particulars
    met: dict[Kind, bool] = {
        Kind.REGISTER: is_complete(p, decided.contact),
        Kind.ACKNOWLEDGE: (decided.contact is Contact.PHONE and p.restated_and_confirmed)
        or (decided.contact is Contact.VISIT and p.form_signed),
    }
    first = deadlines.first_deadlines(at, decided.contact, decided.gravity, book)
    if decided.nature is Nature.COMPLAINT:
        first += deadlines.complaint_deadlines(at, decided.gravity, book)
    if decided.nature is Nature.COMPLAINT and committee.meets(decided.gravity):
        first += (deadlines.meet(at, book),)
    return tuple(
        (deadline, at if met.get(deadline.kind) else None)
        for deadline in first
        if (decided.nature is not Nature.NON_COMPLAINT or deadline.kind is not Kind.DECIDE_INFORM)
        and not (at_headquarters and deadline.kind is Kind.REPORT_UP)
    )
