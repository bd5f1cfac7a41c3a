"""Reading tickets: one whole, why it counts and when it is due, lists and the to-do of a person. Never writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import acknowledging, dispatch, matters, reminders, standing
from callcenter.accounts import names
from callcenter.attachments import store as attachments
from callcenter.attachments.store import Attachment
from callcenter.complaints import Rules
from callcenter.customers import phone
from callcenter.customers.search import Criteria
from callcenter.db.pool import Connection
from callcenter.notifications.store import Receipt
from callcenter.opening import By
from callcenter.reach import seen
from callcenter.reminders import Reminder
from callcenter.standing import LINES, letter_matter, lines_of
from tickets import deadlines, letters, lifecycle, signatures, store
from tickets.calendar import shanghai_day
from tickets.categories import Department
from tickets.course import Gap
from tickets.deadlines import Rulebook
from tickets.errors import Problem, Words
from tickets.intake import ComplainantType, Nature, Relation, Severity, Source
from tickets.letters import WrittenGround
from tickets.lifecycle import Cause, Level, Status
from tickets.limits import UNIT_WORDS, Kind
from tickets.manner import HandlingManner, manners
from tickets.matters import Reason
from tickets.slips import Line
from tickets.stages import CaseStage, stage
from tickets.statistics import weigh

MOST_REMINDERS = 200
"""So many of the latest are shown with a ticket; all are in the list of reminders."""


@dataclass(frozen=True, slots=True)
class File:
    """A ticket with everything that hangs on it."""

    row: Mapping[str, Any]
    clocks: Sequence[Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]]
    calls: Sequence[Mapping[str, Any]]
    matter: Sequence[Mapping[str, Any]]
    slips: Sequence[Mapping[str, Any]]
    reminders: Sequence[Reminder]
    receipts: Sequence[Receipt]
    causes: Sequence[Cause]
    signatures: Sequence[Mapping[str, Any]]
    unsigned: Sequence[Department]
    attachments: Sequence[Attachment]
    acknowledgements: Sequence[Mapping[str, Any]]
    further: Sequence[Line]
    """The grievances beside the main one (F-3)."""
    owed: Sequence[Problem]
    confirmed_at: datetime | None
    """When its receipt was confirmed with the customer, as the order says (R-4.7)."""
    stage: CaseStage
    manners: Sequence[HandlingManner]
    written_due: Sequence[WrittenGround]
    possible: Sequence[str]
    names: Mapping[str, str]
    """Of everybody in the history, by what stands there."""


MATTER = """
SELECT id, number, nature, relation, status, received_at, occurrences, pieces FROM ticket
WHERE matter_id = $1 ORDER BY received_at, id"""


async def whole(conn: Connection, ticket_id: UUID, by: By) -> File:
    """The whole file. Raises TicketNotFoundError."""
    row = await seen(conn, ticket_id, by)
    matter = await conn.fetch(MATTER, row["matter_id"]) if row["matter_id"] else []
    events = await store.events(conn, ticket_id)
    causes = await dispatch.causes(conn, ticket_id, row["determination"])
    signed = await dispatch.signatures(conn, ticket_id, row["determination"])
    sent = await reminders.page(conn, "", None, MOST_REMINDERS, ticket_id=ticket_id)
    acknowledged = await acknowledging.of_ticket(conn, ticket_id)
    clocks = await store.clocks(conn, ticket_id)
    confirmed = next((clock["met_at"] for clock in clocks if clock["kind"] == Kind.ACKNOWLEDGE), None)
    written = letters.written_due(letter_matter(row))
    return File(
        row=row,
        clocks=clocks,
        confirmed_at=confirmed,
        stage=stage(Status(row["status"]), recorded=row["complete_at"] is not None, confirmed=confirmed is not None),
        manners=manners(
            Nature(row["nature"]),
            Severity(row["severity"]),
            Source(row["source"]),
            group_size=row["group_size"],
            designated=row["designated_major"],
            written=bool(written),
            at_headquarters=Level(row["accepting_level"]) is Level.HQ,
        ),
        events=events,
        calls=await store.calls(conn, ticket_id),
        matter=[dict(other) for other in matter],
        slips=await dispatch.slips(conn, ticket_id),
        reminders=sent,
        receipts=await reminders.receipts(conn, sent),
        causes=causes,
        signatures=signed,
        unsigned=signatures.missing(causes, map(dispatch.signature_of, signed)),
        attachments=await attachments.of_ticket(conn, ticket_id),
        owed=standing.owed(row, await acknowledging.kept(conn, ticket_id)),
        acknowledgements=acknowledged,
        further=lines_of(await conn.fetch(LINES, ticket_id)),
        written_due=written,
        possible=[action.value for action in lifecycle.possible(Status(row["status"]))],
        names=await names.of(
            conn,
            [
                *(f"user:{row[who]}" for who in ("handler_id", "about_user_id") if row[who]),
                row["opened_by"],
                row["identity_verified_by"],
                *(event["actor"] for event in events),
                *(each["signer"] for each in signed),
                *(each.sent_by for each in sent),
            ],
        ),
    )


async def written_due(conn: Connection, ticket_id: UUID, by: By) -> Sequence[WrittenGround]:
    """Why a written answer is due (F-22). Raises TicketNotFoundError."""
    return letters.written_due(letter_matter(await seen(conn, ticket_id, by)))


CALLER = "SELECT c.caller FROM ticket_call l JOIN call c ON c.id = l.call_id WHERE l.ticket_id = $1 AND c.caller <> ''"


async def customer_criteria(conn: Connection, ticket_id: UUID, by: By) -> Criteria | None:
    """What the ticket tells of its customer: telephone or caller's number, policy, name; None when nothing.

    Raises TicketNotFoundError.
    """
    row = await seen(conn, ticket_id, by)
    numbers = (row["complainant_phone"], await conn.fetchval(CALLER, ticket_id))
    number = next((known for known in map(phone.normalise, numbers) if known), None)
    criteria = Criteria(number, row["policy_number"], None, row["complainant_name"])
    return None if criteria == Criteria() else criteria


@dataclass(frozen=True, slots=True)
class ExplainedLimit:
    """One limit of a deadline, counted out day by day."""

    limit: str
    source: str
    amount: int
    unit: str
    words: Words
    start: date
    counted: date
    due: date
    moved: bool
    provisional: bool
    days: Sequence[deadlines.DayStep]
    """Empty when the calendar was corrected since and this deadline, met or past, was not counted again."""
    gaps: Sequence[Gap]


@dataclass(frozen=True, slots=True)
class ExplainedClock:
    """One deadline with the limits it was chosen from."""

    clock: Mapping[str, Any]
    kept: bool | None
    limits: Sequence[ExplainedLimit]
    why: Words | None
    """Why the limit that rules does, where there are two (F-29)."""


@dataclass(frozen=True, slots=True)
class Befallen:
    """What befell the handling limit, each as it is kept; of extensions and agreements whether they have effect (F-52,
    CL-7), None while that is open; of pauses the days they take out (CL-4)."""

    extensions: Sequence[tuple[Mapping[str, Any], bool | None]]
    agreements: Sequence[tuple[Mapping[str, Any], bool | None]]
    pauses: Sequence[tuple[Mapping[str, Any], Gap | None]]
    materials: Sequence[tuple[Mapping[str, Any], bool]]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a ticket counts or not, and the arithmetic of its deadlines."""

    row: Mapping[str, Any]
    occurrences: int
    pieces: int
    exclusion: str | None
    rules: Sequence[str]
    clocks: Sequence[ExplainedClock]
    befallen: Befallen
    story: Sequence[Reason]
    """Why it is what it is in its matter: first, repeat, escalation or merged (D-2 … D-4)."""
    on_the_spot: date | None
    """By when a general complaint is best settled: a target, not the limit that is judged (L-10, F-51)."""
    names: Mapping[str, str]
    """Of everybody who recorded something there."""


async def explain(conn: Connection, ticket_id: UUID, by: By, rules: Rules, at: datetime) -> Explanation:
    """Why and when, by the rulebook of its receipt day. Raises TicketNotFoundError."""
    row = await seen(conn, ticket_id, by)
    book = await rules.current(conn, at, row["received_day"])
    relation = Relation(row["relation"]) if row["relation"] else None
    weight = weigh(Nature(row["nature"]), relation, ComplainantType(row["complainant_type"]))
    clocks = [_explained(clock, book, at) for clock in await store.clocks(conn, ticket_id)]
    exclusion = weight.exclusion.value if weight.exclusion else None
    befallen, actors = _befallen(row, await store.course_rows(conn, ticket_id), book)
    known = await names.of(conn, actors)
    spot = deadlines.on_the_spot(row["received_at"], book).due_day
    general = row["nature"] == Nature.COMPLAINT and row["severity"] == Severity.GENERAL
    return Explanation(
        row=row,
        occurrences=row["occurrences"],
        pieces=row["pieces"],
        exclusion=exclusion,
        rules=weight.rules,
        clocks=clocks,
        befallen=befallen,
        story=await _story(conn, row, at),
        on_the_spot=spot if general and row["status"] == Status.RECORDED else None,
        names=known,
    )


async def _story(conn: Connection, row: Mapping[str, Any], at: datetime) -> Sequence[Reason]:
    if row["occurrences"] == 0:
        return ()
    placed = await matters.places(conn, row["matter_id"], at)
    return next(place.reasons for each, place in placed if each["id"] == row["id"])


def _befallen(
    row: Mapping[str, Any], kept_rows: Mapping[str, Sequence[Mapping[str, Any]]], book: Rulebook
) -> tuple[Befallen, set[str | None]]:
    effects = deadlines.effects(shanghai_day(row["received_at"]), store.course_of(kept_rows), book)
    found = Befallen(
        extensions=[
            (each, effects.get(known) if (known := store.extension_of(each)) else None)
            for each in kept_rows["extensions"]
        ],
        agreements=[(each, effects.get(store.agreement_of(each))) for each in kept_rows["agreements"]],
        pauses=[(each, store.pause_of(each).gap) for each in kept_rows["pauses"]],
        materials=[(each, store.material_of(each).restarts) for each in kept_rows["materials"]],
    )
    by = ("proposed_by", "approved_by", "refused_by", "told_by", "recorded_by", "ended_by")
    return found, {each.get(name) for rows in kept_rows.values() for each in rows for name in by}


def _explained(clock: Mapping[str, Any], book: Rulebook, at: datetime) -> ExplainedClock:
    stored = [clock["internal"], *([clock["statutory"]] if clock["statutory"] else [])]
    reckonings = [store.reckoning_of(each) for each in stored]
    limits = [_limit(each, book) for each in reckonings]
    return ExplainedClock(clock, kept(clock, at), limits, _why(reckonings, clock["rules"][0]))


def _why(reckonings: Sequence[deadlines.Reckoning], ruling: str) -> Words | None:
    if len(reckonings) < 2:
        return None
    if all(each.stands_still for each in reckonings):
        return Words(
            "时限已中止(CL-4),恢复后重新推算", "the clock stands still (CL-4) and is reckoned anew when it runs on"
        )
    internal, statutory = reckonings
    other = statutory if ruling == internal.limit else internal
    rules = internal if ruling == internal.limit else statutory
    zh = f"{rules.limit}于{rules.due:%Y-%m-%d}届满,不晚于{other.limit}的{other.due:%Y-%m-%d},以先到期者为准"
    en = f"{rules.limit} ends on {rules.due}, no later than {other.limit} on {other.due}: the earlier rules"
    return Words(zh, en)


def kept(clock: Mapping[str, Any], at: datetime) -> bool | None:
    """True: met in time; False: met late, or not met and past; None: still running, or voided before (CL-1, CL-6)."""
    if clock["voided_at"] is not None:
        return None if deadlines.is_kept(clock["due_at"], clock["voided_at"]) else False
    if clock["met_at"] is not None:
        return deadlines.is_kept(clock["due_at"], clock["met_at"])
    return None if deadlines.is_kept(clock["due_at"], at) else False


def _limit(reckoning: deadlines.Reckoning, book: Rulebook) -> ExplainedLimit:
    limit = book.limits.get(reckoning.limit)
    agrees = deadlines.recount(reckoning, book).due == reckoning.due
    words = UNIT_WORDS[reckoning.unit]
    return ExplainedLimit(
        limit=reckoning.limit,
        source=limit.source if limit else deadlines.AGREED_SOURCE if reckoning.limit == deadlines.AGREED else "",
        amount=reckoning.amount,
        unit=reckoning.unit.value,
        words=words,
        start=reckoning.start,
        counted=reckoning.counted,
        due=reckoning.due,
        moved=reckoning.due != reckoning.counted,
        provisional=reckoning.provisional,
        days=deadlines.arithmetic(reckoning, book.calendar) if agrees else (),
        gaps=reckoning.gaps,
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is asked for; None does not narrow. Days are in Asia/Shanghai, both included."""

    status: Sequence[str] = ()
    nature: str | None = None
    channel: str | None = None
    source: str | None = None
    category: str | None = None
    severity: str | None = None
    validity: str | None = None
    first_day: date | None = None
    last_day: date | None = None
    customer_id: UUID | None = None
    handler_id: UUID | None = None
    policy_number: str | None = None
    phone: str | None = None
    number: str | None = None
    text: str | None = None
    """Two characters or more: the index knows pairs."""
    call_id: UUID | None = None
    callback_task_id: UUID | None = None
    organisation_path: str | None = None
    overdue_at: datetime | None = None
    unacknowledged: bool | None = None
    due_before: datetime | None = None
    """Some step of the intake is due before then: registering, acknowledging, handing over, dispatching."""
    incomplete: bool | None = None
    todo_of: UUID | None = None


FINDINGS = "95519-WT-"
"""How the numbers of findings begin."""

Position = tuple[datetime, UUID]
"""Where a list ended: the last ticket's receipt and id."""

LISTED = """
SELECT t.id, t.number, t.finding_number, t.nature, t.channel, t.source, t.relation, t.category, t.severity, t.status,
    t.validity, t.occurrences, t.pieces, t.complainant_name, t.complainant_phone, t.policy_number, t.customer_id,
    t.accepting_organisation_id, t.underwriting_organisation_id, t.department, t.opened_via, t.received_at,
    t.complete_at, t.closed_at, t.version, k.due_day, k.due_at, k.met_at, k.voided_at, k.provisional
FROM ticket t
LEFT JOIN LATERAL (SELECT * FROM ticket_clock c WHERE c.ticket_id = t.id AND c.kind = 'decide_inform'
    ORDER BY c.cycle DESC LIMIT 1) k ON true
WHERE t.id = ANY(ARRAY({found}))
ORDER BY t.received_at DESC, t.id DESC LIMIT {limit}"""
FOUND = """
SELECT t.id FROM ticket t WHERE {conditions} ORDER BY t.received_at DESC, t.id DESC LIMIT {limit}"""
OF_UNITS = """
SELECT f.id FROM (
    SELECT a.id, a.received_at FROM unnest({units}::text[]) AS unit (id), LATERAL (
        SELECT t.id, t.received_at FROM ticket t
        WHERE t.accepting_organisation_id BETWEEN unit.id AND unit.id AND {conditions}
        ORDER BY t.accepting_organisation_id DESC, t.received_at DESC, t.id DESC LIMIT {limit}) AS a
    UNION
    SELECT u.id, u.received_at FROM unnest({lower}::text[]) AS unit (id), LATERAL (
        SELECT t.id, t.received_at FROM ticket t
        WHERE t.underwriting_organisation_id BETWEEN unit.id AND unit.id AND {conditions}
        ORDER BY t.underwriting_organisation_id DESC, t.received_at DESC, t.id DESC LIMIT {limit}) AS u
) AS f ORDER BY f.received_at DESC, f.id DESC LIMIT {limit}"""
"""For who sees some organisations only: the newest of each, so that one with few tickets is no search through all. A
range of one unit, in the order of units: only the index that begins with the unit gives it."""
LATEST = """
WITH latest AS MATERIALIZED (
    SELECT t.* FROM ticket t WHERE {before} ORDER BY t.received_at DESC, t.id DESC LIMIT 2000)
SELECT t.id FROM latest t WHERE {conditions} ORDER BY t.received_at DESC, t.id DESC LIMIT {limit}"""
"""Words that many wrote fill a page from the newest tickets: the index knows each pair of characters, not how often
they come together."""
UNITS = """
SELECT ARRAY(SELECT id FROM organisation WHERE path LIKE $1 || '%' UNION
        SELECT b.id FROM organisation a JOIN organisation b ON b.parent_id = a.parent_id AND b.kind = 'counter_b'
        WHERE a.path = $1 AND a.kind = 'counter_a') AS units,
    ARRAY(SELECT id FROM organisation WHERE path LIKE $1 || '%') AS lower"""

_PLAIN: Mapping[str, str] = {
    "nature": "t.nature = {}",
    "channel": "t.channel = {}",
    "source": "t.source = {}",
    "category": "t.category = {}",
    "severity": "t.severity = {}",
    "validity": "t.validity = {}",
    "first_day": "t.received_at >= ({}::date)::timestamp AT TIME ZONE 'Asia/Shanghai'",
    "last_day": "t.received_at < ({}::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'",
    "customer_id": "t.customer_id = {}",
    "handler_id": "t.handler_id = {}",
    "policy_number": "t.policy_number = {}",
    "phone": "t.complainant_phone = {}",
    "call_id": "t.id IN (SELECT ticket_id FROM ticket_call WHERE call_id = {})",
    "callback_task_id": "t.callback_task_id = {}",
    "organisation_path": "t.accepting_organisation_id IN (SELECT id FROM organisation WHERE path LIKE {} || '%')",
    "unacknowledged": "t.closed_at IS NULL AND {} AND t.id = ANY(ARRAY(SELECT ticket_id FROM ticket_clock "
    "WHERE kind = 'acknowledge' AND met_at IS NULL AND voided_at IS NULL))",
    "due_before": "t.closed_at IS NULL AND t.id = ANY(ARRAY(SELECT ticket_id FROM ticket_clock "
    "WHERE kind IN ('register', 'acknowledge', 'hand_over', 'dispatch') AND met_at IS NULL AND voided_at IS NULL "
    "AND due_at <= {}))",
    "incomplete": "t.closed_at IS NULL AND {} AND t.owes <> '{{}}'",
    "overdue_at": "t.id = ANY(ARRAY(SELECT ticket_id FROM ticket_clock "
    "WHERE kind = 'decide_inform' AND met_at IS NULL AND voided_at IS NULL AND due_at <= {}))",
    "todo_of": "t.status = 'recorded' AND t.id = ANY(ARRAY(SELECT id FROM ticket WHERE status = 'recorded' "
    "AND opened_by_user = {0} UNION SELECT ticket_id FROM ticket_call WHERE call_id IN "
    "(SELECT id FROM call WHERE user_id = {0} ORDER BY id DESC LIMIT 2000)))",
}
_WORDS = "cc_ticket_text(t.complainant_name, t.demand, t.description)"
_FEW = (
    *("number", "text", "phone", "policy_number", "customer_id", "call_id", "callback_task_id", "overdue_at"),
    *("unacknowledged", "due_before", "incomplete", "todo_of"),
)
"""What narrows a list so far that it is found first, whosever the tickets are."""
_OF_UNITS = "(t.accepting_organisation_id = ANY({0}::text[]) OR t.underwriting_organisation_id = ANY({1}::text[]))"


async def page(conn: Connection, wanted: Wanted, by: By, after: Position | None, limit: int) -> list[dict[str, Any]]:
    """Tickets the actor may see, newest first, up to `limit`, going on after a position."""
    values: list[Any] = []
    conditions = ["true"]

    def given(condition: str, *added: Any) -> None:
        values.extend(added)
        conditions.append(condition.format(*(f"${len(values) - len(added) + n}" for n in range(1, len(added) + 1))))

    of_units = by.path is not None and by.path.count("/") > 1 and wanted.todo_of is None
    if of_units:
        units = await conn.fetchrow(UNITS, by.path)
        assert units is not None
        values.extend((units["units"], units["lower"]))
    by_unit = of_units and not any(getattr(wanted, name) for name in _FEW)
    if of_units and not by_unit:
        conditions.append(_OF_UNITS.format("$1", "$2"))
    for name, condition in _PLAIN.items():
        if (value := getattr(wanted, name)) is not None:
            given(condition, value)
    if wanted.status:
        given("t.status = ANY({}::text[])", list(wanted.status))
    if wanted.number:
        own = "t.finding_number" if wanted.number.startswith(FINDINGS) else "t.number"
        given(f"{own} LIKE {{}} || '%'", _literal(wanted.number))
    before = "true"
    if after is not None:
        given("(t.received_at, t.id) < ({}, {})", *after)
        before = conditions[-1]
    if wanted.text:
        given(f"position(lower({{}}) IN lower({_WORDS})) > 0", wanted.text)
        rows = await _listed(conn, LATEST, limit, values, before=before, conditions=" AND ".join(conditions))
        if len(rows) == limit:
            return rows
        given(f"cc_pairs({_WORDS}) @> cc_pairs({{}})", wanted.text)
    told = " AND ".join(conditions)
    if by_unit:
        return await _listed(conn, OF_UNITS, limit, values, units="$1", lower="$2", conditions=told)
    return await _listed(conn, FOUND, limit, values, conditions=told)


async def _listed(conn: Connection, found: str, limit: int, values: list[Any], **parts: str) -> list[dict[str, Any]]:
    query = LISTED.format(found=found.format(limit=int(limit), **parts), limit=int(limit))
    return [dict(row) for row in await conn.fetch(query, *values)]


WAITING = """
SELECT x.id, x.ticket_id, t.number, x.rule, x.reason, x.proposed_at, x.proposed_by, x.approved_at, x.approved_by,
    t.accepting_organisation_id, t.version AS ticket_version, k.due_day
FROM ticket_extension x JOIN ticket t ON t.id = x.ticket_id JOIN organisation a ON a.id = t.accepting_organisation_id
LEFT JOIN LATERAL (SELECT * FROM ticket_clock c WHERE c.ticket_id = t.id AND c.kind = 'decide_inform'
    ORDER BY c.cycle DESC LIMIT 1) k ON true
WHERE x.rule = 'L-16' AND x.told_at IS NULL AND x.refused_at IS NULL AND starts_with(a.path, $1)
    AND ($2::boolean IS NULL OR (x.approved_at IS NOT NULL) = $2)
    AND ($3::timestamptz IS NULL OR (x.proposed_at, x.id) > ($3, $4::uuid))
ORDER BY x.proposed_at, x.id LIMIT $5"""


async def waiting_extensions(
    conn: Connection, by: By, approved: bool | None, after: Position | None, limit: int
) -> list[dict[str, Any]]:
    """Second extensions that wait for their approval, or for the customer to be told of it, oldest first (L-16)."""
    since, last = after or (None, None)
    return [dict(row) for row in await conn.fetch(WAITING, by.path or "", approved, since, last, limit)]


def _literal(prefix: str) -> str:
    """A prefix in which nothing is a wildcard (H18)."""
    return prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
