"""Working on a ticket that exists: correcting its particulars, carrying it through its stages, hanging calls on it.

Each use case is one transaction over a locked row and the version its reader saw; who comes second is told what
the first one changed. Nobody works on a ticket outside his organisations: to him it does not exist.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from callcenter import (
    acknowledging,
    dispatch,
    finding_owners,
    matters,
    outbox,
    progress,
    routing,
    sampling,
    timekeeping,
)
from callcenter.accounts import authority, permissions
from callcenter.accounts.permissions import Permission, Role
from callcenter.clock import Clock
from callcenter.complaints import Rules
from callcenter.customers import phone
from callcenter.db.pool import Connection, Database
from callcenter.history import tell
from callcenter.opening import By, is_complete
from callcenter.reach import held, lies_below, locked
from tickets import (
    channels,
    committee,
    corrections,
    deadlines,
    followup,
    groups,
    guards,
    intake,
    letters,
    lifecycle,
    owners,
    proofs,
    signatures,
    slips,
    store,
)
from tickets import progress as rhythm
from tickets.calendar import shanghai_day
from tickets.categories import Category, Department
from tickets.channels import NOTHING, Kept, Way
from tickets.committee import MeetingKind
from tickets.deadlines import Gravity, Kind, Rulebook
from tickets.errors import (
    CallNotFoundError,
    IllegalMoveError,
    NotAdmissibleError,
    Problem,
    StaleTicketError,
    Words,
)
from tickets.findings import MISLED, Subject
from tickets.intake import (
    Channel,
    ComplainantType,
    ForwarderLevel,
    IdentityManner,
    Nature,
    NetworkKind,
    Particulars,
    Relation,
    Severity,
    Source,
)
from tickets.lifecycle import (
    ENDED,
    Action,
    Cause,
    Ending,
    InvalidGround,
    Level,
    Liability,
    Notice,
    Ruling,
    Standing,
    Status,
    Step,
    Validity,
)
from tickets.papers import Paper
from tickets.routing import Table, knows, route
from tickets.signatures import Signature
from tickets.slips import Line, Slip, Wanted

LEVEL_OF = "SELECT kind FROM organisation WHERE id = $1"
MANAGER_OF = "SELECT manager_id FROM app_user WHERE id = $1"
PERSON = "SELECT id, manager_id FROM app_user WHERE id = $1"
LINES = "SELECT place, category, sub_code FROM ticket_line WHERE ticket_id = $1 ORDER BY place"
SENT_LINES = "SELECT DISTINCT line FROM slip WHERE ticket_id = $1"
DROP_LINES = "DELETE FROM ticket_line WHERE ticket_id = $1"
ADD_LINES = """
INSERT INTO ticket_line (ticket_id, place, category, sub_code)
SELECT $1, r.place, r.category, r.sub_code FROM jsonb_populate_recordset(NULL::ticket_line, $2) AS r"""
NOTICE = """
SELECT d.kind, d.number, d.issued_at, s.sent_at, s.means, d.voided_at IS NOT NULL AS void
FROM document d LEFT JOIN document_sending s ON s.document_id = d.id WHERE d.id = $1 AND d.ticket_id = $2"""
KNOWN_CUSTOMER = "SELECT 1 FROM customer WHERE id = $1"
KNOWN_POLICY = "SELECT id, organisation_id FROM policy WHERE number = $1"

_STAMP: Mapping[Status, str] = {
    Status.DISPATCHED: "dispatched_at",
    Status.HANDLED: "handled_at",
    Status.INFORMED: "informed_at",
    Status.CLOSED: "closed_at",
    Status.ARCHIVED: "archived_at",
}

ROUTED = frozenset({Action.DISPATCH, Action.DETERMINE, Action.OVERTURN})
DETERMINES = frozenset({Action.DETERMINE, Action.OVERTURN, Action.DECLINE})
"""What says whether a complaint is valid, and why it came to it."""

CONFIRMS_SEVERITY = frozenset({Action.DISPATCH, Action.DETERMINE, Action.INFORM, Action.CLOSE})
"""What the complaint post does to a ticket whose severity it thereby takes over (F-18)."""

TOUCHES_MATTER = DETERMINES | {Action.CLOSE, Action.WITHDRAW}
"""What the other orders of the matter depend on (D-13, F-60, CL-6)."""

REDISPATCHED = "另行派发"
WITHDRAWN = "客户撤诉"
DECLINED = "不予办理"

Lacking = Callable[[Connection, Mapping[str, Any]], Awaitable[tuple[Words, ...]]]
"""What a ticket's file still lacks before it can be archived (E-20, E-21)."""


TEXTS = ("complainant_name", "complainant_phone", "authorisation", "demand", "description", "policy_number")

NOW_DONE = {"restated_and_confirmed": "restated_at", "form_signed": "form_signed_at"}
"""Marks that are set once, and the columns that say when."""


@dataclass(frozen=True, slots=True)
class Changes:
    """New particulars by column name; only what is named changes. `reason`: see tickets/corrections.py."""

    values: Mapping[str, Any]
    restated_and_confirmed: bool = False
    form_signed: bool = False
    reason: str = ""
    further: tuple[Line, ...] | None = None


class Casework:
    """The use cases of an existing ticket."""

    def __init__(self, db: Database, clock: Clock, rules: Rules | None = None, lacking: Lacking | None = None) -> None:
        self._db = db
        self._clock = clock
        self._rules = rules or Rules()
        self._lacking = lacking

    async def correct(self, ticket_id: UUID, version: int, changes: Changes, by: By) -> int:
        """Write new particulars; returns the new version.

        Raises TicketNotFoundError, StaleTicketError, IllegalMoveError when closed, NotAdmissibleError.
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            row = await locked(conn, ticket_id, version, by)
            if row["status"] in ENDED:
                raise closed()
            book = await self._rules.current(conn, at, row["received_day"])
            after = await _corrected(conn, row, changes, by, at)
            told = {name: [_plain(row[name]), _plain(after[name])] for name in after if after[name] != row[name]}
            told |= await _line(conn, row, after, changes, at)
            if not told:
                return version
            await save(conn, after)
            await _follow(conn, row, after, book, at)
            if row["matter_id"] is not None:
                await matters.recount(conn, row["matter_id"], at, by, because=row["number"])
            details = {"version": version + 1, "changed": told, "reason": changes.reason or None}
            await tell(conn, after, by, at, "corrected", details)
        return version + 1

    async def act(self, ticket_id: UUID, version: int, step: Step, by: By) -> Status:
        """Do one action of the lifecycle; where `step`'s actor sits and what he is are taken from `by`.

        Raises TicketNotFoundError, StaleTicketError, IllegalMoveError, MoveRefusedError; then nothing is changed.
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            row = await locked(conn, ticket_id, version, by)
            level = await conn.fetchval(LEVEL_OF, by.organisation_id) or Level.HQ
            table = await routing.on(conn, shanghai_day(at)) if step.action in ROUTED else {}
            step = await _asked(conn, step, by, Level(level), table, at)
            book = await self._rules.current(conn, at, row["received_day"])
            known = await facts(conn, row, step, book, table)
            step = _by_document(step, known)
            if step.action is Action.ARCHIVE and self._lacking is not None:
                known = replace(known, lacking=await self._lacking(conn, row))
            now = standing(row, known)
            if step.amount is not None:
                now = replace(now, authority=await authority.of_user(conn, by.user_id, ticket_id, at))
            status = guards.move(now, step)
            told_at = _told_at(now, step, at)
            after = _moved(row, step, known, status, told_at)
            if step.basis.strip():
                after["basis"] = step.basis
            if step.action in (Action.OPINE, Action.DISPATCH) and step.opinion.strip():
                after |= {"opinion": step.opinion, "opinion_at": at, "opinion_by": by.actor}
            if step.action in CONFIRMS_SEVERITY and step.for_post:
                _confirm_severity(after, by, at)
            await save(conn, after)
            await store.meet(conn, ticket_id, lifecycle.MEETS.get(step.action, ()), told_at)
            await _start(conn, after, step, book, told_at)
            await progress.follow(conn, after, step.action, book, told_at)
            told = await _follow_up(conn, after, step, known, by, book, at)
            if step.action in TOUCHES_MATTER and row["matter_id"] is not None:
                determined = ticket_id if step.action in DETERMINES else None
                because = row["number"]
                await matters.recount(conn, row["matter_id"], at, by, because=because, determined=determined)
            details = {"version": version + 1, "from": row["status"], "to": status.value, **_said(step, after), **told}
            if step.action is Action.OVERTURN:
                details |= {"validity_before": row["validity"], "causes_before": row["causes"]}
            await tell(conn, after, by, at, step.action.value, details)
        return status

    async def hang(self, ticket_id: UUID, call_id: UUID, by: By) -> None:
        """Hang a further call on the ticket; twice is once.

        Raises TicketNotFoundError, CallNotFoundError, TooManyLinksError (H14), IllegalMoveError when closed (B-2).
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            row = await held(conn, ticket_id, by)
            await _hang(conn, row, call_id, by, at)

    async def enquire(self, ticket_id: UUID, note: str, call_id: UUID | None, by: By) -> None:
        """Keep a pure enquiry about progress as a contact on the open ticket: never an order, never counted (D-5).

        Raises TicketNotFoundError, CallNotFoundError, TooManyLinksError, IllegalMoveError when it has ended (B-2).
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            row = await held(conn, ticket_id, by)
            if row["status"] in ENDED:
                raise closed("enquire")
            if call_id is not None:
                await _hang(conn, row, call_id, by, at)
            await tell(conn, row, by, at, "enquiry", {"note": note, "call_id": str(call_id) if call_id else None})


async def _hang(conn: Connection, row: Mapping[str, Any], call_id: UUID, by: By, at: datetime) -> None:
    if await conn.fetchval(acknowledging.CALL_IN_REACH, *by.eyes.values, call_id) is None:
        raise CallNotFoundError(Words("没有这个通话", "no such call"), call=str(call_id))
    if await store.is_linked(conn, row["id"], call_id):
        return
    if row["status"] in ENDED:
        raise closed("link_call")
    if not await store.link(conn, row["id"], call_id, at, acknowledging.MOST_CALLS):
        raise acknowledging.too_many_calls()
    await tell(conn, row, by, at, "call_linked", {"call_id": str(call_id)})


@dataclass(frozen=True, slots=True)
class Facts:
    """What lies beside the ticket's row and its guards must know; `wanted` and `replaced`: what a dispatch would do."""

    home: tuple[str, str] = ("", "")
    """Id and path of the organisation whose departments handle it (R-1.10)."""
    sent: tuple[Slip, ...] = ()
    numbers: Mapping[int, str] = field(default_factory=dict)
    causes: tuple[Cause, ...] = ()
    signed: tuple[Signature, ...] = ()
    wanted: tuple[Wanted, ...] = ()
    replaced: tuple[int, ...] = ()
    disputed: bool = False
    ruling: Ruling | None = None
    before_committee: tuple[str, ...] = ()
    """What the committee was asked to decide and has not yet (R-3.5)."""
    letter_sent_at: datetime | None = None
    """When a cleared opinion letter was first sent (R-4.25)."""
    inherited: Validity | None = None
    """What was found of the first order of its matter (D-13)."""
    own: int | None = None
    """Place of the slip the step itself answers."""
    lacking: tuple[Words, ...] = ()
    kept: Kept = NOTHING
    """Its papers and acknowledgements."""
    further: tuple[Line, ...] = ()
    """The grievances beside the main one (F-3)."""
    recused: tuple[str, ...] = ()
    handler_fits: bool = False
    handler_in_sales: bool = False
    sellers: tuple[str, ...] = ()
    long_term_health: bool = False
    consulted: tuple[Mapping[str, Any], ...] = ()
    """The companies above that were asked, with what became of it (R-3.31)."""
    notice: Notice | None = None
    """The document the step names as its proof."""
    centralised: str | None = None
    """Path of the company above that does this business itself."""

    @property
    def main(self) -> Slip | None:
        """The slip of the department that leads the order."""
        return next((slip for slip in self.sent if slip.leads and slip.line == 1 and not slip.given_up), None)


async def facts(conn: Connection, row: Mapping[str, Any], step: Step, book: Rulebook, table: Table) -> Facts:
    """Reads them, and plans what the step would do."""
    found = await conn.fetchrow(
        FACTS,
        row["id"],
        row["determination"],
        row["taken_over_by"] or row["underwriting_organisation_id"] or row["accepting_organisation_id"],
        row["about_user_id"],
        UUID(step.handler) if step.handler else None,
        row["policy_id"],
        row["category"],
        row["accepting_path"],
        shanghai_day(step.at) if step.at else None,
    )
    assert found is not None
    home = found["home"]["id"], found["home"]["path"]
    known = Facts(
        home=home,
        sent=tuple(map(dispatch.slip_of, found["slips"] or ())),
        numbers={each["place"]: each["number"] for each in found["slips"] or ()},
        causes=tuple(map(dispatch.cause_of, found["determined"] or ())),
        signed=tuple(map(dispatch.signature_of, found["signatures"] or ())),
        letter_sent_at=found["letter_sent_at"],
        kept=acknowledging.kept_of(dict(found)),
        inherited=await matters.inherited(conn, row) if step.action in DETERMINES else None,
        further=lines_of(found["further"]),
        recused=recused(row, found["manager_id"]),
        handler_fits=_fits(row, found["handler"]),
        handler_in_sales=bool(found["handler"]) and found["handler"]["department"] == Department.SALES,
        sellers=tuple(str(each) for each in found["sellers"]),
        long_term_health=bool(found["long_term_health"]),
        consulted=tuple(found["consulted"] or ()),
        centralised=found["centralised"],
        notice=await _notice(conn, row, step),
        **_ruled(dict(found)),
    )
    if step.action is Action.DISPATCH:
        wanted, replaced = slips.plan(
            (main_line(row), *known.further),
            known.sent,
            await _routes(conn, row, table, step),
            step.department,
            step.line,
        )
        disputed = any(
            deadlines.supervisor_assigns(slips.returns(known.sent, each.line.number), book) for each in wanted
        )
        return replace(known, wanted=wanted, replaced=replaced, disputed=disputed)
    main = known.main
    if step.action is Action.HANDLE and main is not None and main.state.is_open:
        theirs = step.own_department is main.department and step.organisation == home[0]
        return replace(known, own=main.place if theirs else None)
    return known


async def _routes(conn: Connection, row: Mapping[str, Any], table: Table, step: Step) -> slips.Routes:
    """The departments of a line: of a finding those of its kind, with nobody in sales in the lead (C-14, C-26)."""
    if row["nature"] != Nature.CALLBACK_FINDING:
        return partial(route, table)
    entries = await finding_owners.on(conn, shanghai_day(step.at or row["received_at"]))
    return partial(owners.route, entries, Subject(row["heard"]["subject"]), table)


async def _notice(conn: Connection, row: Mapping[str, Any], step: Step) -> Notice | None:
    """The document of this ticket that the step names."""
    found = await conn.fetchrow(NOTICE, UUID(step.document), row["id"]) if step.document else None
    return None if found is None else Notice(**found)


def main_line(row: Mapping[str, Any]) -> Line:
    """The main grievance of the order (F-3)."""
    return Line(1, Category(row["category"]) if row["category"] else None, row["sub_code"] or row["other_cause"])


def lines_of(rows: Sequence[Any] | None) -> tuple[Line, ...]:
    """Its further grievances, from the rows that hold them."""
    return tuple(Line(each["place"], Category(each["category"]), each["sub_code"]) for each in rows or ())


def recused(row: Mapping[str, Any], manager: object) -> tuple[str, ...]:
    """Ids of the person the order is about, and of their direct manager (F-48)."""
    return tuple(str(each) for each in (row["about_user_id"], manager) if each is not None)


def _fits(row: Mapping[str, Any], handler: Mapping[str, Any] | None) -> bool:
    """Whether the person handles complaints and the order lies in their organisations (R-4.33)."""
    if handler is None or not handler["active"]:
        return False
    may = Permission.TICKET_MANAGE in permissions.of(frozenset(map(Role, handler["roles"])))
    return may and lies_below(handler["path"], row)


def standing(row: Mapping[str, Any], known: Facts | None = None) -> Standing:
    """What the guards must know, from the ticket's row and what lies beside it."""
    nature = Nature(row["nature"])
    known = known or Facts()
    unanswered = [slip for slip in slips.unanswered(known.sent) if slip.place != known.own]
    main = known.main
    return Standing(
        status=Status(row["status"]),
        is_finding=nature is Nature.CALLBACK_FINDING,
        grave_finding=row["gravity"] == Gravity.GRAVE_FINDING,
        is_complaint=nature is Nature.COMPLAINT,
        ruling_needed=nature is Nature.COMPLAINT and row["severity"] != Severity.GENERAL,
        validity=Validity(row["validity"] or Validity.PENDING),
        causes=tuple(Category(cause) for cause in row["causes"]),
        category=Category(row["category"]) if row["category"] else None,
        forwarded=row["source"] in (Source.REGULATOR, Source.UPPER_COMPANY),
        accepting_organisation=row["accepting_organisation_id"],
        accepting_level=Level(row["accepting_level"]),
        owed=owed(row, known.kept),
        sends=len(known.wanted),
        owner_disputed=known.disputed,
        unanswered=tuple(known.numbers[slip.place] for slip in unanswered),
        main_department=main.department if main else None,
        responsible=signatures.required(known.causes),
        unsigned=signatures.missing(known.causes, known.signed, known.ruling.signs_for if known.ruling else ()),
        ruling=known.ruling,
        disputed=known.before_committee,
        handled_at_path=known.home[1],
        merged=row["merged_into_id"] is not None,
        inherited=known.inherited,
        written_due=tuple(ground.value for ground in letters.written_due(letter_matter(row))),
        letter_sent_at=known.letter_sent_at,
        received_at=row["received_at"],
        accepting_path=row["accepting_path"],
        lacking=known.lacking,
        is_major=row["severity"] == Severity.MAJOR,
        is_complex=row["complex_at"] is not None,
        handled_at=row["handled_at"],
        came_in_writing=acknowledging.came_in_writing(row),
        reachable=bool(row["complainant_name"] or row["complainant_phone"]),
        has_opinion=row["opinion"] is not None,
        recused=known.recused,
        handler_fits=known.handler_fits,
        leads_asked=tuple(each.department for each in known.wanted if each.leads),
        sellers=known.sellers,
        handler_in_sales=known.handler_in_sales,
        rescission_due=followup.rescission_due(
            long_term_health=known.long_term_health,
            misled=row["heard"] is not None and row["heard"]["subject"] in MISLED,
        ),
        rescission_told=row["rescission_told_at"] is not None,
        entitled=entitled(row, known.kept),
        asked_above=next((each["path"] for each in known.consulted if each["state"] == "asked"), None),
        heard_from_above=any(each["state"] != "asked" for each in known.consulted),
        reported_to=tuple(each["organisation"] for each in known.consulted if each["state"] != "asked"),
        centralised_above=known.centralised,
        taken_over_path=row["taken_over_path"],
        taken_over_by=row["taken_over_by"],
        has_basis=row["basis"] is not None,
        notice=known.notice,
    )


def entitled(row: Mapping[str, Any], kept: Kept) -> bool:
    """Whether it is the customer's own complaint, or its bringer has shown the right to make it (N-6, N-8).

    A grievance of an agent or of the public that names no customer and no policy is their own (F-37, F-38).
    """
    kind = ComplainantType(row["complainant_type"])
    if kind is ComplainantType.REPRESENTATIVE:
        return Paper.AUTHORISATION in kept.papers
    if row["heir"]:
        return Paper.KINSHIP in kept.papers
    return kind.is_consumer or (row["customer_id"] is None and row["policy_number"] is None)


def letter_matter(row: Mapping[str, Any]) -> letters.Matter:
    """What decides whether a written answer is due (F-22)."""
    return letters.Matter(
        nature=Nature(row["nature"]),
        channel=Channel(row["channel"]),
        source=Source(row["source"]),
        severity=Severity(row["severity"]),
        relation=Relation(row["relation"]) if row["relation"] else None,
        asked=row["written_answer"],
        anonymous=row["anonymous"],
    )


def owed(row: Mapping[str, Any], kept: Kept) -> tuple[Problem, ...]:
    """What the ticket still owes before it may be closed (F-9, R-4.3 … R-4.6)."""
    kind = NetworkKind(row["network_kind"]) if row["network_kind"] else None
    way = Way(Nature(row["nature"]), Channel(row["channel"]), Source(row["source"]), kind)
    return channels.owed(way, particulars(row), kept)


RULED = """
SELECT r.validity, r.causes AS ruled_causes, r.closing, r.signs_for, r.meeting_id, r.kind, r.year, r.number,
    r.organisation,
    ARRAY(SELECT ground FROM committee_referral f WHERE f.ticket_id = t.id AND f.settled_at IS NULL
        AND f.withdrawn_at IS NULL ORDER BY f.referred_at, f.id) AS grounds
FROM (SELECT $1::uuid AS id) AS t
LEFT JOIN LATERAL (SELECT r.*, m.kind, m.year, m.number, o.name AS organisation
    FROM committee_ruling r JOIN committee_meeting m ON m.id = r.meeting_id
    JOIN organisation o ON o.id = m.organisation_id
    WHERE r.ticket_id = t.id AND r.confirmed_at IS NOT NULL
    ORDER BY length(o.path), r.confirmed_at DESC, m.held_at DESC, m.year DESC, m.number DESC LIMIT 1) AS r ON true"""
"""Of several rulings that of the highest committee is in force, of its own the latest."""

FACTS = f"""
SELECT r.*,
    (SELECT to_jsonb(h) FROM ({dispatch.HOME.format("$3")}) AS h) AS home,
    (SELECT jsonb_agg(to_jsonb(s)) FROM (
        SELECT place, number, part, state, department, line, leads, fixed FROM slip WHERE ticket_id = $1 ORDER BY place
    ) AS s) AS slips,
    (SELECT jsonb_agg(to_jsonb(c)) FROM ({dispatch.CAUSES}) AS c) AS determined,
    (SELECT jsonb_agg(to_jsonb(g)) FROM (
        SELECT department, signed FROM signature WHERE ticket_id = $1 AND determination = $2 ORDER BY place
    ) AS g) AS signatures,
    (SELECT min(sent_at) FROM opinion_letter WHERE ticket_id = $1 AND state = 'sent') AS letter_sent_at,
    {acknowledging.HELD},
    (SELECT jsonb_agg(to_jsonb(l) ORDER BY l.place) FROM ticket_line l WHERE l.ticket_id = $1) AS further,
    (SELECT manager_id FROM app_user WHERE id = $4) AS manager_id,
    (SELECT jsonb_agg(jsonb_build_object('organisation', o.id, 'path', o.path, 'state', c.state) ORDER BY c.asked_at)
        FROM consultation c JOIN organisation o ON o.id = c.to_organisation_id
        WHERE c.ticket_id = $1 AND c.state <> 'withdrawn') AS consulted,
    (SELECT o.path FROM centralised_business z JOIN organisation o ON o.id = z.organisation_id
        WHERE z.category = $7 AND starts_with($8, o.path) AND o.path <> $8 AND z.from_day <= $9
            AND (z.until_day IS NULL OR z.until_day >= $9)
        ORDER BY length(o.path) DESC LIMIT 1) AS centralised,
    (SELECT jsonb_build_object('active', u.active, 'roles', u.roles, 'path', o.path, 'department', u.department)
        FROM app_user u JOIN organisation o ON o.id = u.organisation_id WHERE u.id = $5) AS handler,
    ARRAY(SELECT u.id FROM policy p JOIN app_user u
        ON p.salesperson IN (u.login, u.name) OR p.salesperson = ANY(u.sells_as) WHERE p.id = $6) AS sellers,
    (SELECT product_kind = 'health' AND (long_term OR guaranteed_renewal) FROM policy WHERE id = $6) AS long_term_health
FROM ({RULED}) AS r"""  # noqa: S608
"""Everything beside the ticket's row that guards ask for, in one round trip."""


async def committee_facts(conn: Connection, ticket_id: UUID) -> dict[str, Any]:
    """The ruling in force and what the committee was asked to decide, as `Facts` has them (R-3.5)."""
    row = await conn.fetchrow(RULED, ticket_id)
    assert row is not None
    return _ruled(dict(row))


def _ruled(row: Mapping[str, Any]) -> dict[str, Any]:
    disputed = tuple(ground for ground in row["grounds"] if ground in committee.DISPUTES)
    if row["meeting_id"] is None:
        return {"ruling": None, "before_committee": disputed}
    ruling = Ruling(
        meeting=row["organisation"] + committee.title(MeetingKind(row["kind"]), row["year"], row["number"]),
        validity=Validity(row["validity"]) if row["validity"] else None,
        causes=tuple(Category(cause) for cause in row["ruled_causes"]),
        closing=row["closing"],
        signs_for=tuple(Department(each) for each in row["signs_for"]),
    )
    return {"ruling": ruling, "before_committee": disputed}


def particulars(row: Mapping[str, Any]) -> Particulars:
    """The particulars as they stand in the row."""
    return Particulars(
        complainant_type=ComplainantType(row["complainant_type"]),
        complainant_name=row["complainant_name"],
        complainant_phone=row["complainant_phone"],
        authorisation=row["authorisation"],
        anonymous=row["anonymous"],
        written_answer=row["written_answer"],
        category=Category(row["category"]) if row["category"] else None,
        severity=Severity(row["severity"]),
        demand=row["demand"],
        description=row["description"],
        restated_and_confirmed=row["restated_at"] is not None,
        asks_company_to_act=row["nature"] != Nature.NON_COMPLAINT,
        heir=row["heir"],
        form_signed=row["form_signed_at"] is not None,
        identity_manner=IdentityManner(row["identity_manner"]) if row["identity_manner"] else None,
        forwarder=row["forwarder"],
        forwarder_level=ForwarderLevel(row["forwarder_level"]) if row["forwarder_level"] else None,
        forwarding_number=row["forwarding_number"],
        forwarded_day=row["forwarded_day"],
        media_outlet=row["media_outlet"],
        media_link=row["media_link"],
        group_size=row["group_size"],
        representatives=tuple(row["representatives"]),
    )


def contact(row: Mapping[str, Any]) -> deadlines.Contact:
    """How the matter came, as far as acknowledging depends on it."""
    kind = NetworkKind(row["network_kind"]) if row["network_kind"] else None
    return intake.contact_of(Channel(row["channel"]), Source(row["source"]), kind)


async def _corrected(conn: Connection, row: dict[str, Any], changes: Changes, by: By, at: datetime) -> dict[str, Any]:
    after = {**row, **changes.values}
    after["complainant_phone"] = phone.as_kept(after["complainant_phone"])
    for mark, column in NOW_DONE.items():
        if getattr(changes, mark) and row[column] is None:
            after[column] = at
    if after["identity_manner"] != row["identity_manner"]:
        known = after["identity_manner"] is not None
        after["identity_verified_at"], after["identity_verified_by"] = (at, by.actor) if known else (None, None)
    nature = Nature(row["nature"])
    after["severity"] = groups.severity(
        Severity(after["severity"]), after["group_size"], after["designated_major"]
    ).value
    corrections.check(
        nature,
        particulars(row),
        particulars(after),
        changes.reason,
        by_post=by.may(Permission.TICKET_MANAGE),
        severity_confirmed=row["severity_confirmed_at"] is not None,
    )
    if "severity" in changes.values and by.may(Permission.TICKET_MANAGE):
        _confirm_severity(after, by, at)
    if after["severity"] != row["severity"] and nature is not Nature.CALLBACK_FINDING:
        after["gravity"] = intake.GRAVITY[Severity(after["severity"])].value
    if nature is Nature.COMPLAINT:
        after["complex_at"] = rhythm.complex_since(
            Severity(after["severity"]), row["complex_at"], row["complex_reason"], at
        )
    await _concern(conn, row, after, by)
    customer = after["customer_id"]
    if customer not in (None, row["customer_id"]) and await conn.fetchval(KNOWN_CUSTOMER, customer) is None:
        raise NotAdmissibleError((Problem("customer_id", Words("没有这个客户", "no such customer")),))
    if after["policy_number"] != row["policy_number"]:
        policy = await conn.fetchrow(KNOWN_POLICY, after["policy_number"])
        after["policy_id"] = policy["id"] if policy else None
        after["underwriting_organisation_id"] = policy["organisation_id"] if policy else None
    told = Channel.PHONE_INBOUND if nature is Nature.CALLBACK_FINDING else Channel(row["channel"])
    kind = NetworkKind(row["network_kind"]) if row["network_kind"] else None
    intake.check(told, Source(row["source"]), kind, particulars(after))
    if after["complete_at"] is None and is_complete(particulars(after), contact(after)):
        after["complete_at"] = at
    before, now = ComplainantType(row["complainant_type"]), ComplainantType(after["complainant_type"])
    if nature is Nature.COMPLAINT and before.is_consumer != now.is_consumer:
        after |= matters.until_recounted(now)
    return after


async def _concern(conn: Connection, row: Mapping[str, Any], after: dict[str, Any], by: By) -> None:
    """Whom the order is about: a person there is; not theirs, nor their manager's, to change; no handler (F-48)."""
    if after["about_user_id"] == row["about_user_id"]:
        return
    if row["about_user_id"] is not None and by.user_id is not None:
        manager = await conn.fetchval(MANAGER_OF, row["about_user_id"])
        if str(by.user_id) in recused(row, manager):
            words = Words("被投诉人及其直接上级须回避", "the person complained of, and their manager, keep out of it")
            raise NotAdmissibleError((Problem("about_user_id", words, ("F-48", "N-7")),))
    if after["about_user_id"] is None:
        return
    found = await conn.fetchrow(PERSON, after["about_user_id"])
    if found is None:
        words = Words("没有这个人员", "no such person")
        raise NotAdmissibleError((Problem("about_user_id", words, ("F-48",)),))
    if after["handler_id"] in (after["about_user_id"], found["manager_id"]):
        after["handler_id"] = None


async def _line(
    conn: Connection, row: Mapping[str, Any], after: Mapping[str, Any], changes: Changes, at: datetime
) -> dict[str, Any]:
    """Write the grievances anew (F-3, R-4.9); what was sent to its departments stays what it is (R-4.10).

    A sub-code is one of its category's (F-8). Returns what the history says of it.
    """
    before = lines_of(await conn.fetch(LINES, row["id"]))
    now = before if changes.further is None else changes.further
    main = main_line(after)
    if now == before and main == main_line(row):
        return {}
    table = await routing.on(conn, shanghai_day(at))
    problems = []
    coded = Line(1, main.category, after["sub_code"])
    if not all(knows(table, line.category, line.sub_code) for line in (coded, *now)):
        words = Words("该类别没有这个细分", "the category has no such sub-code")
        problems.append(Problem("sub_code", words, ("F-8",)))
    sent = {each["line"] for each in await conn.fetch(SENT_LINES, row["id"])}
    kept = {line.number: line.category for line in now}
    if any(line.number in sent and kept.get(line.number) is not line.category for line in before):
        words = Words("已派发的投诉事项不再更改", "a grievance that was sent to its departments is not changed")
        problems.append(Problem("further", words, ("F-3", "R-4.10")))
    if problems:
        raise NotAdmissibleError(tuple(problems))
    if now == before:
        return {}
    await conn.execute(DROP_LINES, row["id"])
    rows = [{"place": line.number, "category": line.category, "sub_code": line.sub_code} for line in now]
    await conn.execute(ADD_LINES, row["id"], rows)
    return {"further": [[_told(line) for line in each] for each in (before, now)]}


def _told(line: Line) -> dict[str, Any]:
    return {"category": line.category, "sub_code": line.sub_code}


async def _follow(
    conn: Connection, row: Mapping[str, Any], after: Mapping[str, Any], book: Rulebook, at: datetime
) -> None:
    """The clocks that a correction meets or moves (F-9, F-18, R-4.2)."""
    met = []
    if row["complete_at"] is None and after["complete_at"] is not None:
        met.append(Kind.REGISTER)
    confirmed = {deadlines.Contact.PHONE: "restated_at", deadlines.Contact.VISIT: "form_signed_at"}.get(contact(row))
    if confirmed is not None and row[confirmed] is None and after[confirmed] is not None:
        met.append(Kind.ACKNOWLEDGE)
    if met:
        await store.meet(conn, row["id"], met, at)
    if after["gravity"] != row["gravity"]:
        await timekeeping.reckon(conn, after, book)
        await progress.classified(conn, row, after, book, at)


async def regrade(
    conn: Connection, row: Mapping[str, Any], severity: Severity, book: Rulebook, by: By, at: datetime
) -> dict[str, Any]:
    """Give the ticket another severity, with the clocks that follow; returns its row. Raises StaleTicketError."""
    after = {**row, "severity": severity.value, "gravity": intake.GRAVITY[severity].value}
    after["complex_at"] = rhythm.complex_since(severity, row["complex_at"], row["complex_reason"], at)
    _confirm_severity(after, by, at)
    await save(conn, after)
    await _follow(conn, row, after, book, at)
    return after


def _confirm_severity(after: dict[str, Any], by: By, at: datetime) -> None:
    """The complaint post stands by the severity from now on, as proposed or as it has just set it (F-18)."""
    if after["severity_confirmed_at"] is None:
        after["severity_confirmed_at"], after["severity_confirmed_by"] = at, by.actor


def _by_document(step: Step, known: "Facts") -> Step:
    """The step with what its document proves: by what, and of an answer when, the customer was told (CL-8)."""
    notice = known.notice
    if notice is None or notice.sent_at is None or notice.means is None:
        return step
    if step.action is Action.ACKNOWLEDGE:
        manner = proofs.ACKNOWLEDGES.get(notice.kind)
        return replace(step, manner=step.manner or (manner.value if manner else ""))
    if step.action is not Action.INFORM:
        return step
    proof = step.proof or notice.number
    return replace(step, manner=step.manner or notice.means, proof=proof, told_at=notice.sent_at)


def _told_at(now: Standing, step: Step, at: datetime) -> datetime:
    """When the step counts as done: telling the customer by the letter's sending or the moment stated (CL-8)."""
    if step.action is not Action.INFORM:
        return at
    return (now.letter_sent_at if now.written_due else None) or step.told_at or at


async def _asked(conn: Connection, step: Step, by: By, level: Level, table: Table, at: datetime) -> Step:
    """The step with where its actor sits and what he is; a cause without a department is its category's.

    A coordinator in whose stead somebody else acts that day speaks for no department (F-44).
    """
    causes = step.causes
    if step.action is Action.DECLINE:
        causes = ()
        ground = InvalidGround.NOT_A_CUSTOMER
        step = replace(step, validity=Validity.INVALID, ground=ground, liability=Liability.NONE)
    speaks = await dispatch.speaks(conn, by, by.department, by.organisation_id, shanghai_day(at))
    if step.action in DETERMINES and step.liability is not Liability.NONE:
        causes = tuple(
            cause if cause.departments or cause.system else replace(cause, departments=_owners(table, cause.category))
            for cause in causes
        )
    return replace(
        step,
        organisation=by.organisation_id or "",
        level=level,
        path=by.path or "",
        own_department=by.department if speaks else None,
        for_post=by.may(Permission.TICKET_MANAGE),
        fixes_owner=by.may(Permission.SLIP_FIX),
        causes=causes,
        at=at,
        actor=str(by.user_id or ""),
        in_sales=by.department is Department.SALES,
    )


def _owners(table: Table, category: Category) -> tuple[Department, ...]:
    found = route(table, Line(1, category))
    return (found.main,) if found else ()


async def _start(conn: Connection, after: Mapping[str, Any], step: Step, book: Rulebook, at: datetime) -> None:
    """The clock of what comes next (L-24, L-25, L-26)."""
    match step.action:
        case Action.HANDLE | Action.SETTLE:
            await store.start_clock(conn, after["id"], deadlines.inform(at, book))
        case Action.INFORM:
            await store.start_clock(conn, after["id"], deadlines.close(at, book))
        case Action.CLOSE | Action.ANSWER:
            await store.start_clock(conn, after["id"], deadlines.archive(at, book))
        case Action.DECLINE:
            await progress.end(conn, after, progress.TIMERS, Ending.DECLINED, book, at)
            await store.void_clocks(conn, after["id"], None, Ending.DECLINED, at)
            await store.start_clock(conn, after["id"], deadlines.archive(at, book))
        case Action.WITHDRAW:
            await progress.end(conn, after, progress.TIMERS, Ending.WITHDRAWN, book, after["closed_at"])
            await store.void_clocks(conn, after["id"], None, Ending.WITHDRAWN, after["closed_at"])
            await store.start_clock(conn, after["id"], deadlines.archive(after["closed_at"], book))


async def _follow_up(
    conn: Connection, after: Mapping[str, Any], step: Step, known: Facts, by: By, book: Rulebook, at: datetime
) -> dict[str, Any]:
    """What an action does beside the ticket's row; returns what the history says of it."""
    match step.action:
        case Action.ACKNOWLEDGE:
            told = await acknowledging.record(conn, after, step, by, at)
            await look_again(conn, after)
            return told
        case Action.DISPATCH:
            await dispatch.release(conn, after["id"], known.replaced, step.note or REDISPATCHED, "replaced", at)
            sent = await dispatch.send(
                conn,
                after,
                known.wanted,
                len(known.sent) + 1,
                known.home[0],
                book,
                request=step.note or step.opinion or after["opinion"] or "",
                fixed=known.disputed,
                asked_by=None,
                at=at,
                actor=by.actor,
            )
            return {"slips": sent, "released": [known.numbers[place] for place in known.replaced] or None}
        case Action.INFORM:
            return {"fed_back": await _feed_back(conn, after, by, at)}
        case Action.HANDLE if known.own is not None:
            await dispatch.answer_own(conn, after["id"], known.own, step.note, by.actor, at)
            await store.meet(conn, after["id"], (Kind.ACCEPT,), at, cycle=known.own)
            return {"slip": known.numbers[known.own]}
        case Action.DETERMINE | Action.OVERTURN:
            if step.action is Action.OVERTURN:
                await conn.execute(sampling.OVERTURNED, after["id"], step.note, at, by.actor)
            await dispatch.keep_causes(conn, after["id"], after["determination"], step.causes)
            return {"responsible": after["responsible"]}
        case Action.WITHDRAW | Action.DECLINE:
            left = [slip.place for slip in known.sent if slip.state.is_open]
            withdrawn = step.action is Action.WITHDRAW
            reason, why = (WITHDRAWN, Ending.WITHDRAWN) if withdrawn else (DECLINED, Ending.DECLINED)
            await dispatch.release(conn, after["id"], left, reason, why, after["closed_at"])
            return {"released": [known.numbers[place] for place in left] or None}
        case Action.SIGN if step.own_department is not None:
            await dispatch.sign(
                conn,
                after,
                step.own_department,
                step.organisation,
                signed=step.agrees,
                remark=step.note,
                actor=by.actor,
                at=at,
            )
            return {"department": step.own_department.value, "signed": step.agrees}
    return {}


FEED_BACK = """
WITH heard AS (
    SELECT 'department' AS audience, organisation_id, department FROM slip
    WHERE ticket_id = $1 AND part IN ('main', 'joint') AND state IN ('sent', 'accepted', 'answered')
    UNION SELECT 'committee', m.organisation_id, NULL
    FROM committee_ruling r JOIN committee_meeting m ON m.id = r.meeting_id
    WHERE r.ticket_id = $1 AND r.confirmed_at IS NOT NULL
    UNION SELECT 'committee', organisation_id, NULL FROM committee_referral
    WHERE ticket_id = $1 AND withdrawn_at IS NULL
    UNION SELECT 'upper_company', o.parent_id, NULL
    FROM ticket t JOIN organisation o ON o.id = t.accepting_organisation_id
    WHERE t.id = $1 AND o.parent_id IS NOT NULL AND t.nature = 'complaint' AND (t.severity <> 'general'
        OR t.source IN ('upper_company', 'regulator') OR t.relation = 'escalation')
)
INSERT INTO feedback (id, ticket_id, audience, organisation_id, department, given_at, given_by)
SELECT gen_random_uuid(), $1, audience, organisation_id, department, $2, $3 FROM heard
ON CONFLICT DO NOTHING RETURNING id, audience, organisation_id, department"""
"""Who hears with the customer: who handled it, the committee it was before, and the company above where the case came
from it, was difficult or major, or had gone to it (R-4.28)."""


async def _feed_back(conn: Connection, row: Mapping[str, Any], by: By, at: datetime) -> list[str] | None:
    """Feed back to whom it concerns, each with a fact of its own."""
    given = await conn.fetch(FEED_BACK, row["id"], at, by.actor)
    for each in given:
        payload = {
            "feedback_id": str(each["id"]),
            "ticket_id": str(row["id"]),
            "number": row["number"],
            "audience": each["audience"],
            "organisation": each["organisation_id"],
            "department": each["department"],
        }
        await outbox.append(conn, "feedback.given", str(each["id"]), payload, at)
    named = [":".join(filter(None, (each["audience"], each["organisation_id"], each["department"]))) for each in given]
    return sorted(named) or None


def _moved(row: Mapping[str, Any], step: Step, known: Facts, status: Status, at: datetime) -> dict[str, Any]:
    after = {**row, "status": status.value}
    stamp = _STAMP.get(status)
    if stamp is not None and after[stamp] is None:
        after[stamp] = at
    if step.action is Action.MARK_COMPLEX:
        after["complex_at"], after["complex_reason"] = at, step.note
    if step.action is Action.DISPATCH:
        main = next((each.department for each in known.wanted if each.leads and each.line.number == 1), None)
        after["department"] = main or row["department"]
    if step.action is Action.INFORM:
        means = letters.means_of(step.manner)
        after["told_means"] = means.value if means else None
        after["told_proof"] = step.proof or None
        after["told_document_id"] = UUID(step.document) if step.document else None
        after["answer_accepted"] = step.accepted
    if status is Status.CLOSED and row["status"] not in ENDED:
        after["ended_as"] = _ending(row, step).value
    if step.action is Action.WITHDRAW:
        after["closed_at"] = step.received_at or at
    if step.rescission_told and after["rescission_told_at"] is None:
        after["rescission_told_at"] = at
    if step.action is Action.DECLINE:
        means = letters.means_of(step.manner)
        after["told_means"] = means.value if means else None
        after["informed_at"] = at
    if step.action is Action.ASSIGN:
        after["handler_id"] = UUID(step.handler)
    if step.action is Action.PASS_ON:
        after["destination"] = step.destination
    if step.action is Action.OVERTURN:
        after["overturned_at"] = at
    if step.action in DETERMINES and step.validity is not None:
        after["validity"] = step.validity.value
        after["causes"] = [cause.category.value for cause in step.causes]
        after["liability"] = step.liability.value if step.liability else row["liability"]
        after["invalid_ground"] = step.ground.value if step.ground else None
        after["determination"] = row["determination"] + 1
        after["responsible"] = [department.value for department in signatures.required(step.causes)]
    return after


def _ending(row: Mapping[str, Any], step: Step) -> Ending:
    if step.action is Action.WITHDRAW:
        return Ending.WITHDRAWN
    if step.action is Action.DECLINE:
        return Ending.DECLINED
    return Ending.ANSWERED if row["nature"] == Nature.NON_COMPLAINT else Ending.CLOSED


def _said(step: Step, after: Mapping[str, Any]) -> dict[str, Any]:
    """What the history keeps of a step: everything that was said with it."""
    said = {
        "note": step.note,
        "manner": step.manner,
        "accepted": step.accepted,
        "explanation": step.explanation,
        "told_at": step.told_at.isoformat() if step.told_at else None,
        "proof": step.proof,
        "review_route_told": step.review_route_told or None,
        "evidence": step.evidence,
        "validity": step.validity,
        "liability": step.liability,
        "causes": [_cause(cause) for cause in step.causes] if step.action in DETERMINES else None,
        "ground": step.ground,
        "by_sales_staff": step.by_sales_staff or None,
        "rescission_told": step.rescission_told or None,
        "department": after["department"] if step.action is Action.DISPATCH else None,
        "amount": None if step.amount is None else f"{step.amount:.2f}",
        "destination": step.destination,
        "opinion": step.opinion,
        "basis": step.basis,
        "document_id": step.document,
        "handler": f"user:{step.handler}" if step.handler else None,
        "received_at": after["closed_at"].isoformat() if step.action is Action.WITHDRAW else None,
    }
    return {name: value for name, value in said.items() if value not in (None, "", [])}


def _cause(cause: Cause) -> dict[str, Any]:
    departments = [department.value for department in cause.departments]
    return {"category": cause.category.value, "departments": departments, "system": cause.system}


async def save(conn: Connection, after: Mapping[str, Any]) -> None:
    """Write the changed row, with what it owes now; its version grows by one. Raises StaleTicketError."""
    owes = [problem.field for problem in owed(after, await acknowledging.kept(conn, after["id"]))]
    if not await store.save(conn, {**after, "owes": owes}):
        raise StaleTicketError(Words("服务单已被他人修改", "somebody else changed the ticket"))


async def look_again(conn: Connection, row: Mapping[str, Any]) -> None:
    """Note what the ticket owes, after its papers or acknowledgements changed."""
    kept = await acknowledging.kept(conn, row["id"])
    await store.owe(conn, row["id"], [problem.field for problem in owed(row, kept)])


def closed(action: str = "correct") -> IllegalMoveError:
    """The refusal of whatever would change a closed ticket (B-2)."""
    words = Words("已结案的服务单不再修改", "a closed ticket is not changed")
    return IllegalMoveError(words, rules=("B-2",), status="closed", action=action)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, UUID) else value
