"""What the guards must know of a ticket: read from its row and what lies beside it. Never writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from callcenter import (
    acknowledging,
    dispatch,
    finding_owners,
    matters,
)
from callcenter.accounts import permissions
from callcenter.accounts.permissions import Permission, Role
from callcenter.db.pool import Connection
from callcenter.reach import lies_below
from tickets import (
    channels,
    committee,
    deadlines,
    followup,
    intake,
    letters,
    owners,
    signatures,
    slips,
)
from tickets.calendar import shanghai_day
from tickets.categories import Category, Department
from tickets.channels import NOTHING, Kept, Way
from tickets.committee import MeetingKind
from tickets.deadlines import Gravity, Rulebook
from tickets.errors import (
    Problem,
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
    Action,
    Cause,
    Level,
    Notice,
    Ruling,
    Standing,
    Status,
    Step,
    Validity,
)
from tickets.papers import Paper
from tickets.routing import Table, route
from tickets.signatures import Signature
from tickets.slips import Line, Slip, Wanted

LINES = "SELECT place, category, sub_code FROM ticket_line WHERE ticket_id = $1 ORDER BY place"
NOTICE = """
SELECT d.kind, d.number, d.issued_at, s.sent_at, s.means, d.voided_at IS NOT NULL AS void
FROM document d LEFT JOIN document_sending s ON s.document_id = d.id WHERE d.id = $1 AND d.ticket_id = $2"""

DETERMINES = frozenset({Action.DETERMINE, Action.OVERTURN, Action.DECLINE})
"""What says whether a complaint is valid, and why it came to it."""


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
