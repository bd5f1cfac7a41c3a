"""The rows of tickets: opening in one statement, changing under a version, reading one ticket whole.

Every function works on the caller's connection and never begins a transaction. Nothing here decides: values come
in decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NewType
from uuid import UUID

from tickets.calendar import Calendar, Override
from tickets.course import Agreement, Course, Extension, Gap, Material, Pause, PauseGround
from tickets.deadlines import Deadline, Kind, Reckoning, Unit, in_contact
from tickets.versions import Change

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]

TicketId = NewType("TicketId", UUID)

OPEN = """
WITH claim AS (
    INSERT INTO ticket_key (id, fingerprint, claimed_at) VALUES ($1, $2, $3)
    ON CONFLICT (id) DO NOTHING RETURNING id
), counted AS (
    INSERT INTO ticket_counter AS c (day, last) SELECT $4, 1 FROM claim
    ON CONFLICT (day) DO UPDATE SET last = c.last + 1 RETURNING last
), given AS (
    SELECT d.* FROM counted, jsonb_populate_record(NULL::ticket, $5) AS d
), rooted AS (
    INSERT INTO matter (id, root_ticket_id, opened_at, latest_at, occurrences, pieces)
    SELECT d.matter_id, $1, d.received_at, d.received_at, d.occurrences, d.pieces FROM given d
    WHERE d.relation = 'first' RETURNING id
), opened AS (
    INSERT INTO ticket (id, number, nature, channel, network_kind, source, relation, matter_id, category, other_cause,
        severity, gravity, complex_at, validity, occurrences, pieces, customer_id, policy_id, policy_number,
        complainant_type, complainant_name, complainant_phone, authorisation, anonymous, written_answer, demand,
        description, restated_at, complete_at, opened_via, opened_by, opened_by_user, accepting_organisation_id,
        underwriting_organisation_id, callback_task_id, callback_attempt_id, heard, verdict, received_at, received_day,
        stored_at, spooled, rulebook, heir, form_signed_at, identity_manner, identity_verified_at,
        identity_verified_by, forwarder, forwarder_level, forwarding_number, forwarded_day, media_outlet, media_link,
        owes, sub_code, group_size, designated_major, representatives)
    SELECT $1, '95519-' || to_char($4::date, 'YYYYMMDD') || '-' || lpad(counted.last::text, 6, '0'), d.nature,
        d.channel, d.network_kind, d.source, d.relation, d.matter_id, d.category, d.other_cause, d.severity, d.gravity,
        d.complex_at, d.validity, d.occurrences, d.pieces, c.id, p.id, d.policy_number, d.complainant_type,
        d.complainant_name,
        d.complainant_phone, d.authorisation, d.anonymous, COALESCE(d.written_answer, false), d.demand, d.description,
        d.restated_at, d.complete_at, d.opened_via, d.opened_by, d.opened_by_user,
        COALESCE(d.accepting_organisation_id, (SELECT id FROM organisation WHERE parent_id IS NULL)),
        p.organisation_id, d.callback_task_id, d.callback_attempt_id, d.heard, d.verdict, d.received_at, $4,
        $3, d.spooled, d.rulebook, d.heir, d.form_signed_at, d.identity_manner, d.identity_verified_at,
        d.identity_verified_by, d.forwarder, d.forwarder_level, d.forwarding_number, d.forwarded_day, d.media_outlet,
        d.media_link, d.owes, d.sub_code, COALESCE(d.group_size, 1), COALESCE(d.designated_major, false),
        COALESCE(d.representatives, '{}')
    FROM given d CROSS JOIN counted
    LEFT JOIN customer c ON c.id = d.customer_id
    LEFT JOIN policy p ON p.number = d.policy_number
    RETURNING id, number, received_at, accepting_organisation_id, underwriting_organisation_id
), lined AS (
    INSERT INTO ticket_line (ticket_id, place, category, sub_code)
    SELECT o.id, r.place, r.category, r.sub_code FROM opened o, jsonb_populate_recordset(NULL::ticket_line, $22) AS r
), called AS (
    INSERT INTO call (id, cc_call, direction, state, state_at, caller, did, started_at)
    SELECT $6, $17, $18, 'ivr', o.received_at, $19, $20, COALESCE($7::timestamptz, o.received_at) FROM opened o
    WHERE $17::text IS NOT NULL ON CONFLICT (id) DO NOTHING
), linked AS (
    INSERT INTO ticket_call (ticket_id, call_id, opened_live, seconds_into_call, linked_at)
    SELECT o.id, $6, COALESCE(c.ended_at > $21, true),
        extract(epoch FROM o.received_at - COALESCE(c.answered_at,
            CASE WHEN c.direction <> 'inbound' THEN $7 ELSE COALESCE(c.started_at, $7::timestamptz) END)), $21
    FROM opened o LEFT JOIN call c ON c.id = $6 WHERE $6::uuid IS NOT NULL
    RETURNING opened_live, seconds_into_call
), clocks AS (
    INSERT INTO ticket_clock (ticket_id, kind, cycle, start_day, due_day, due_at, alert_day, provisional, rules,
        internal, statutory, version, met_at)
    SELECT o.id, r.kind, r.cycle, r.start_day, r.due_day, r.due_at, r.alert_day, r.provisional, r.rules, r.internal,
        NULLIF(r.statutory, 'null'::jsonb), r.version, r.met_at
    FROM opened o, jsonb_populate_recordset(NULL::ticket_clock, $8) AS r
), told AS (
    INSERT INTO ticket_event (id, ticket_id, at, actor, kind, details)
    SELECT $9, o.id, o.received_at, $10, 'opened', $11 FROM opened o
), announced AS (
    INSERT INTO outbox_event (id, topic, key, payload, at)
    SELECT $12, 'ticket.opened', o.id::text, $13::jsonb || jsonb_build_object('number', o.number,
        'organisation', o.accepting_organisation_id, 'underwriting', o.underwriting_organisation_id), $3
    FROM opened o RETURNING id
), owed AS (
    INSERT INTO outbox_delivery (event_id, consumer, next_at)
    SELECT a.id, consumer, $3 FROM announced a, unnest($14::text[]) AS consumer
), audited AS (
    INSERT INTO audit (id, at, actor, action, object_kind, object_id, details, address)
    SELECT $15, $3, $10, 'ticket.open', 'ticket', o.id::text, jsonb_build_object('number', o.number), $16 FROM opened o
)
SELECT o.number, o.received_at, l.opened_live, l.seconds_into_call FROM opened o LEFT JOIN linked l ON true"""

SECONDS = """
CASE WHEN l.seconds_into_call IS NOT NULL THEN
    COALESCE(extract(epoch FROM t.received_at - c.answered_at), l.seconds_into_call) END::float8 AS seconds_into_call"""
"""How far into call `c` the ticket `t` was opened: from the customer's answer, where the recording begins, like the
seconds of a callback's answers. Until the answer is told, from the call's beginning, which on an inbound call is the
same."""

LIVE = "(l.opened_live AND COALESCE(c.ended_at > l.linked_at, true)) AS opened_live"
"""Whether the ticket was safe before call `c` ended; its end may be told after the ticket was linked (T-3)."""

FIND_OPENED = f"""
SELECT t.number, t.received_at, {LIVE}, {SECONDS}, k.fingerprint
FROM ticket_key k JOIN ticket t ON t.id = k.id
LEFT JOIN ticket_call l ON l.ticket_id = t.id AND l.call_id = $2 LEFT JOIN call c ON c.id = l.call_id
WHERE k.id = $1"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Arrival:
    """A living call as its own script knows it, for the row that whoever owns the calls may not have written yet."""

    cc_call: str
    direction: str
    caller: str | None
    did: str | None


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A ticket as decided, to be written: `columns` by name, its clocks, and what is said of it.

    `safe_at`: since when it cannot be lost any more, which decides whether the call it hangs on was live (T-3).
    """

    key: TicketId
    fingerprint: str
    stored_at: datetime
    received_day: date
    columns: Mapping[str, Any]
    clocks: Sequence[tuple[Deadline, datetime | None]]
    call_id: UUID | None
    call_started_at: datetime | None
    actor: str
    event_id: UUID
    event: Mapping[str, Any]
    outbox_id: UUID
    payload: Mapping[str, Any]
    consumers: Sequence[str]
    audit_id: UUID
    address: str | None
    safe_at: datetime
    arrival: Arrival | None = None
    lines: Sequence[Mapping[str, Any]] = ()
    """The further grievances, as rows of ticket_line."""


@dataclass(frozen=True, slots=True)
class OpenedRow:
    """What became of an opening. `fingerprint` is None when this statement wrote it, else that of the first."""

    number: str
    received_at: datetime
    opened_live: bool | None
    seconds_into_call: float | None
    fingerprint: str | None


async def open_ticket(conn: Connection, new: NewTicket) -> OpenedRow:
    """Write ticket, link, clocks, history, outbox, audit and a call's missing row in one statement; a known key writes
    nothing."""
    arrival = new.arrival
    row = await conn.fetchrow(
        OPEN,
        new.key,
        new.fingerprint,
        new.stored_at,
        new.received_day,
        dict(new.columns),
        new.call_id,
        new.call_started_at,
        [clock_row(deadline, met_at) for deadline, met_at in new.clocks],
        new.event_id,
        new.actor,
        dict(new.event),
        new.outbox_id,
        dict(new.payload),
        list(new.consumers),
        new.audit_id,
        new.address,
        arrival and arrival.cc_call,
        arrival and arrival.direction,
        arrival and arrival.caller,
        arrival and arrival.did,
        new.safe_at,
        list(new.lines),
    )
    if row is not None:
        return _opened(row, None)
    opened = await find_opened(conn, new.key, new.call_id)
    if opened is None:
        raise LookupError(f"the key {new.key} is claimed, yet it has no ticket")
    return opened


async def find_opened(conn: Connection, key: TicketId, call_id: UUID | None) -> OpenedRow | None:
    """What an earlier request with this key opened, if any."""
    row = await conn.fetchrow(FIND_OPENED, key, call_id)
    return None if row is None else _opened(row, row["fingerprint"])


def _opened(row: asyncpg.Record, fingerprint: str | None) -> OpenedRow:
    seconds = row["seconds_into_call"]
    return OpenedRow(
        row["number"],
        row["received_at"],
        row["opened_live"],
        None if seconds is None else float(seconds),
        fingerprint,
    )


def clock_row(deadline: Deadline, met_at: datetime | None) -> dict[str, Any]:
    """A deadline as its row, both reckonings kept (CL-3)."""
    return {
        "kind": deadline.kind.value,
        "cycle": deadline.cycle,
        "start_day": deadline.start.isoformat(),
        "due_day": deadline.due_day.isoformat(),
        "due_at": deadline.due_at.isoformat(),
        "alert_day": deadline.alert_day.isoformat(),
        "provisional": deadline.provisional,
        "rules": list(deadline.rules),
        "internal": reckoning_json(deadline.internal),
        "statutory": reckoning_json(deadline.statutory) if deadline.statutory else None,
        "version": deadline.version,
        "met_at": met_at.isoformat() if met_at else None,
    }


def reckoning_json(reckoning: Reckoning) -> dict[str, Any]:
    """One reckoning as stored."""
    stored: dict[str, Any] = {
        "limit": reckoning.limit,
        "unit": reckoning.unit.value,
        "amount": reckoning.amount,
        "start": reckoning.start.isoformat(),
        "counted": reckoning.counted.isoformat(),
        "due": reckoning.due.isoformat(),
        "provisional": reckoning.provisional,
    }
    if reckoning.since is not None and reckoning.until is not None:
        stored |= {"since": reckoning.since.isoformat(), "until": reckoning.until.isoformat()}
    if reckoning.gaps:
        stored["gaps"] = [[str(gap.since), str(gap.until) if gap.until else None] for gap in reckoning.gaps]
    return stored


def reckoning_of(stored: Mapping[str, Any]) -> Reckoning:
    """One reckoning back from its row."""
    return Reckoning(
        limit=stored["limit"],
        unit=Unit(stored["unit"]),
        amount=stored["amount"],
        start=date.fromisoformat(stored["start"]),
        counted=date.fromisoformat(stored["counted"]),
        due=date.fromisoformat(stored["due"]),
        provisional=stored["provisional"],
        since=datetime.fromisoformat(stored["since"]) if "since" in stored else None,
        until=datetime.fromisoformat(stored["until"]) if "until" in stored else None,
        gaps=tuple(
            Gap(date.fromisoformat(since), date.fromisoformat(until) if until else None)
            for since, until in stored.get("gaps", ())
        ),
    )


COLUMNS = """
t.id, t.number, t.nature, t.channel, t.network_kind, t.source, t.relation, t.matter_id, t.merged_into_id, t.external,
t.related_at, t.related_by, t.category, t.other_cause, t.severity, t.severity_confirmed_at,
t.severity_confirmed_by, t.gravity, t.complex_at, t.complex_reason, t.status, t.validity, t.liability, t.causes,
t.invalid_ground, t.determination, t.responsible, t.occurrences, t.pieces,
t.customer_id, t.policy_id, t.policy_number, t.complainant_type, t.complainant_name, t.complainant_phone,
t.authorisation, t.anonymous, t.written_answer, t.demand, t.description, t.restated_at, t.complete_at, t.opened_via,
t.opened_by, t.opened_by_user, t.accepting_organisation_id, t.underwriting_organisation_id, t.department,
t.callback_task_id, t.callback_attempt_id, t.heard, t.verdict, t.received_at, t.received_day, t.stored_at, t.spooled,
t.dispatched_at, t.handled_at, t.informed_at, t.told_means, t.told_proof, t.told_document_id, t.answer_accepted,
t.closed_at, t.ended_as,
t.archived_at, t.overturned_at, t.destination, t.rulebook, t.version, t.heir, t.form_signed_at, t.identity_manner,
t.identity_verified_at, t.identity_verified_by, t.forwarder, t.forwarder_level, t.forwarding_number, t.forwarded_day,
t.representatives, t.basis, t.taken_over_by,
t.media_outlet, t.media_link, t.owes, t.sub_code, t.opinion, t.opinion_at, t.opinion_by, t.handler_id,
t.about_user_id, t.case_at, t.group_size, t.designated_major, t.finding_number,
t.rescission_told_at"""

FIND = f"""
SELECT {COLUMNS}, a.kind AS accepting_level, a.path AS accepting_path, u.path AS underwriting_path,
    o.path AS taken_over_path
FROM ticket t
JOIN organisation a ON a.id = t.accepting_organisation_id
LEFT JOIN organisation u ON u.id = t.underwriting_organisation_id
LEFT JOIN organisation o ON o.id = t.taken_over_by
WHERE t.id = $1"""  # noqa: S608
HOLD_MATTER = """
SELECT m.id FROM matter m JOIN ticket t ON t.matter_id = m.id WHERE t.id = $1 FOR UPDATE OF m"""
LOCK = "SELECT matter_id FROM ticket WHERE id = $1 FOR UPDATE"
FIND_BY_NUMBER = "SELECT id FROM ticket WHERE number = $1"


async def find(conn: Connection, ticket_id: UUID) -> dict[str, Any] | None:
    """The ticket's row with its organisations' levels and paths."""
    row = await conn.fetchrow(FIND, ticket_id)
    return None if row is None else dict(row)


async def lock(conn: Connection, ticket_id: UUID) -> dict[str, Any] | None:
    """The ticket's row and its matter's, held until the transaction ends; the matter's first, whoever locks them."""
    while True:
        matter = await conn.fetchval(HOLD_MATTER, ticket_id)
        row = await conn.fetchrow(LOCK, ticket_id)
        if row is None:
            return None
        if row["matter_id"] == matter:
            return await find(conn, ticket_id)


async def by_number(conn: Connection, number: str) -> UUID | None:
    """The id of the ticket with this public number."""
    found: UUID | None = await conn.fetchval(FIND_BY_NUMBER, number)
    return found


SAVE = """
UPDATE ticket t SET version = t.version + 1, category = n.category, other_cause = n.other_cause,
    severity = n.severity, severity_confirmed_at = n.severity_confirmed_at,
    severity_confirmed_by = n.severity_confirmed_by, gravity = n.gravity, complex_at = n.complex_at,
    complex_reason = n.complex_reason, status = n.status, validity = n.validity,
    liability = n.liability, causes = n.causes, invalid_ground = n.invalid_ground,
    determination = n.determination, responsible = n.responsible, occurrences = n.occurrences, pieces = n.pieces,
    relation = n.relation, merged_into_id = n.merged_into_id, external = n.external,
    customer_id = n.customer_id, policy_id = n.policy_id, policy_number = n.policy_number,
    underwriting_organisation_id = n.underwriting_organisation_id, complainant_type = n.complainant_type,
    complainant_name = n.complainant_name, complainant_phone = n.complainant_phone, authorisation = n.authorisation,
    anonymous = n.anonymous, written_answer = n.written_answer, demand = n.demand, description = n.description,
    restated_at = n.restated_at, complete_at = n.complete_at, department = n.department,
    dispatched_at = n.dispatched_at, handled_at = n.handled_at, informed_at = n.informed_at, closed_at = n.closed_at,
    told_means = n.told_means, told_proof = n.told_proof, told_document_id = n.told_document_id,
    answer_accepted = n.answer_accepted,
    ended_as = n.ended_as, archived_at = n.archived_at, overturned_at = n.overturned_at, destination = n.destination,
    heir = n.heir, form_signed_at = n.form_signed_at, identity_manner = n.identity_manner,
    identity_verified_at = n.identity_verified_at, identity_verified_by = n.identity_verified_by,
    forwarder = n.forwarder, forwarder_level = n.forwarder_level, forwarding_number = n.forwarding_number,
    forwarded_day = n.forwarded_day, media_outlet = n.media_outlet, media_link = n.media_link, owes = n.owes,
    sub_code = n.sub_code, opinion = n.opinion, opinion_at = n.opinion_at, opinion_by = n.opinion_by,
    handler_id = n.handler_id, about_user_id = n.about_user_id, case_at = n.case_at,
    group_size = n.group_size, designated_major = n.designated_major, rescission_told_at = n.rescission_told_at,
    representatives = n.representatives, basis = n.basis, taken_over_by = n.taken_over_by
FROM jsonb_populate_record(NULL::ticket, $3) AS n
WHERE t.id = $1 AND t.version = $2"""

CHANGED_SINCE = """
SELECT e.at, e.actor, e.kind, e.details FROM ticket_event e
WHERE e.ticket_id = $1 AND e.details ? 'version' AND (e.details ->> 'version')::integer > $2 ORDER BY e.at, e.place"""


async def save(conn: Connection, row: Mapping[str, Any]) -> bool:
    """Write a changed row over the version it was read at; False when somebody else was first."""
    return await conn.execute(SAVE, row["id"], row["version"], dict(row)) == "UPDATE 1"


OWE = "UPDATE ticket SET owes = $2 WHERE id = $1 AND owes <> $2"


async def owe(conn: Connection, ticket_id: UUID, owes: Sequence[str]) -> None:
    """Note what the ticket owes, where that changed beside its row; its version stays."""
    await conn.execute(OWE, ticket_id, list(owes))


async def changed_since(conn: Connection, ticket_id: UUID, version: int) -> list[dict[str, Any]]:
    """What was done to the ticket after that version: moment, actor, kind, details."""
    return [dict(row) for row in await conn.fetch(CHANGED_SINCE, ticket_id, version)]


NOTE = "INSERT INTO ticket_event (id, ticket_id, at, actor, kind, details) VALUES ($1, $2, $3, $4, $5, $6)"
EVENTS = "SELECT id, at, actor, kind, details FROM ticket_event WHERE ticket_id = $1 ORDER BY at, place"


async def note(
    conn: Connection, id: UUID, ticket_id: UUID, at: datetime, actor: str, kind: str, details: Mapping[str, Any]
) -> None:
    """Add one line to the ticket's history."""
    await conn.execute(NOTE, id, ticket_id, at, actor, kind, dict(details))


async def events(conn: Connection, ticket_id: UUID) -> list[dict[str, Any]]:
    """The ticket's history, oldest first."""
    return [dict(row) for row in await conn.fetch(EVENTS, ticket_id)]


MEET = """
UPDATE ticket_clock SET met_at = $3, breached_at = COALESCE(breached_at, CASE WHEN due_at <= $3 THEN due_at END)
WHERE ticket_id = $1 AND kind = ANY($2::text[]) AND cycle = COALESCE($4, cycle) AND met_at IS NULL
    AND voided_at IS NULL"""
START = """
INSERT INTO ticket_clock (ticket_id, kind, cycle, start_day, due_day, due_at, alert_day, provisional, rules, internal,
    statutory, version, met_at)
SELECT $1, r.kind, CASE WHEN $3 THEN row_number() OVER (PARTITION BY r.kind ORDER BY r.cycle) + COALESCE((
        SELECT max(k.cycle) FROM ticket_clock k WHERE k.ticket_id = $1 AND k.kind = r.kind), 0) ELSE r.cycle END,
    r.start_day, r.due_day, r.due_at, r.alert_day, r.provisional, r.rules, r.internal,
    NULLIF(r.statutory, 'null'::jsonb), r.version, r.met_at
FROM jsonb_populate_recordset(NULL::ticket_clock, $2) AS r
ON CONFLICT (ticket_id, kind, cycle) DO UPDATE SET start_day = excluded.start_day, due_day = excluded.due_day,
    due_at = excluded.due_at, alert_day = excluded.alert_day, provisional = excluded.provisional,
    rules = excluded.rules, internal = excluded.internal, statutory = excluded.statutory, version = excluded.version,
    breached_at = CASE WHEN excluded.due_at <= ticket_clock.breached_at THEN ticket_clock.breached_at END
WHERE ticket_clock.met_at IS NULL AND ticket_clock.voided_at IS NULL
RETURNING cycle"""
VOID = """
UPDATE ticket_clock SET voided_at = $4, voided_why = $3,
    breached_at = COALESCE(breached_at, CASE WHEN due_at <= $4 THEN due_at END)
WHERE ticket_id = $1 AND ($2::text[] IS NULL OR kind = ANY($2)) AND cycle = COALESCE($5, cycle) AND met_at IS NULL
    AND voided_at IS NULL"""
REVIVE = """
UPDATE ticket_clock SET voided_at = NULL, voided_why = NULL WHERE ticket_id = $1 AND voided_why = $2"""
CLOCKS = """
SELECT kind, cycle, start_day, due_day, due_at, alert_day, provisional, rules, internal, statutory, version, met_at,
    breached_at, voided_at, voided_why
FROM ticket_clock WHERE ticket_id = $1"""
TAKEN_ON = """
SELECT c.ended_at FROM ticket_call l JOIN ticket t ON t.id = l.ticket_id JOIN call c ON c.id = l.call_id
WHERE l.ticket_id = $1 AND (l.linked_at = t.received_at OR l.seconds_into_call IS NOT NULL)
ORDER BY l.linked_at LIMIT 1"""


async def meet(
    conn: Connection, ticket_id: UUID, kinds: Iterable[Kind], at: datetime, *, cycle: int | None = None
) -> None:
    """Note that the steps were done, in every open cycle or in one; a clock met or voided before stays as it was."""
    await conn.execute(MEET, ticket_id, [kind.value for kind in kinds], at, cycle)


async def start_clock(conn: Connection, ticket_id: UUID, deadline: Deadline, *, anew: bool = False) -> int | None:
    """Start a clock, or set it anew while it is still open; one already met or voided is left alone.

    `anew`: start the next cycle of its kind, whatever the deadline says. Returns the cycle that runs, None when it was
    left alone.
    """
    cycles = await start_clocks(conn, ticket_id, (deadline,), anew=anew)
    return cycles[0] if cycles else None


async def start_clocks(
    conn: Connection, ticket_id: UUID, deadlines: Iterable[Deadline], *, anew: bool = False
) -> list[int]:
    """Start or move several clocks in one statement, as `start_clock` does each; several cycles of one kind may be
    among them."""
    rows = [clock_row(deadline, None) for deadline in deadlines]
    return [row["cycle"] for row in await conn.fetch(START, ticket_id, rows, anew)] if rows else []


async def void_clocks(
    conn: Connection,
    ticket_id: UUID,
    kinds: Iterable[Kind] | None,
    why: str,
    at: datetime,
    *,
    cycle: int | None = None,
) -> None:
    """Let open clocks end without having been kept or missed: of these kinds, or all; what was met stays.

    A voided clock is neither due nor in any figure. `why`: one word of the trade, such as `withdrawn` (CL-6).
    """
    await conn.execute(VOID, ticket_id, None if kinds is None else [kind.value for kind in kinds], why, at, cycle)


async def revive_clocks(conn: Connection, ticket_id: UUID, why: str) -> None:
    """Let the clocks that ended for this reason run on as if they never had, each from where it began."""
    await conn.execute(REVIVE, ticket_id, why)


async def clocks(conn: Connection, ticket_id: UUID) -> list[dict[str, Any]]:
    """The ticket's clocks, the next due first; what is due during the call it was taken on ends with it (L-2)."""
    ended_at = await conn.fetchval(TAKEN_ON, ticket_id)
    found = [dict(row) for row in await conn.fetch(CLOCKS, ticket_id)]
    for clock in found:
        clock["due_at"] = in_contact(clock["kind"], clock["internal"]["limit"], clock["due_at"], ended_at)
    return sorted(found, key=lambda clock: (clock["due_at"], clock["kind"], clock["cycle"]))


COURSE = """
SELECT
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.proposed_at, x.id) FROM ticket_extension x WHERE x.ticket_id = $1)
        AS extensions,
    (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.recorded_at, a.id) FROM ticket_agreement a WHERE a.ticket_id = $1)
        AS agreements,
    (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.recorded_at, p.id) FROM ticket_pause p WHERE p.ticket_id = $1) AS pauses,
    (SELECT jsonb_agg(to_jsonb(m) ORDER BY m.received_at, m.id) FROM ticket_material m WHERE m.ticket_id = $1)
        AS materials"""


async def course(conn: Connection, ticket_id: UUID) -> Course:
    """What befell the ticket's limit."""
    return course_of(await course_rows(conn, ticket_id))


def course_of(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Course:
    """What the rows of `course_rows` tell."""
    return Course(
        extensions=tuple(found for row in rows["extensions"] if (found := extension_of(row)) is not None),
        agreements=tuple(map(agreement_of, rows["agreements"])),
        pauses=tuple(map(pause_of, rows["pauses"])),
        materials=tuple(map(material_of, rows["materials"])),
    )


async def course_rows(conn: Connection, ticket_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """The same as it stands in the tables, each list oldest first; moments and days as text."""
    row = await conn.fetchrow(COURSE, ticket_id)
    assert row is not None
    return {name: found or [] for name, found in row.items()}


def extension_of(row: Mapping[str, Any]) -> Extension | None:
    """An extension as the rules take it; None while a second one is not whole (L-16)."""
    whole = row["proposed_at"] if row["rule"] == "L-15" else row["told_recorded_at"]
    if whole is None:
        return None
    told_at = row["told_at"]
    return Extension(row["rule"], _moment(whole), row["reason"], row["approved_by"] or "", told_at and _moment(told_at))


def agreement_of(row: Mapping[str, Any]) -> Agreement:
    """An agreed limit as the rules take it."""
    return Agreement(date.fromisoformat(row["until_day"]), _moment(row["recorded_at"]))


def pause_of(row: Mapping[str, Any]) -> Pause:
    """A pause as the rules take it."""
    told_at, ended_at = row["told_at"], row["ended_at"]
    return Pause(
        PauseGround(row["ground"]),
        _moment(row["started_at"]),
        _moment(row["recorded_at"]),
        told_at and _moment(told_at),
        row["both_applied"],
        ended_at and _moment(ended_at),
    )


def material_of(row: Mapping[str, Any]) -> Material:
    """Further material as the rules take it."""
    return Material(_moment(row["received_at"]), row["facts"], row["reasons"])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


LINK = """
INSERT INTO ticket_call (ticket_id, call_id, opened_live, seconds_into_call, linked_at)
SELECT $1, $2, false, NULL, $3 WHERE (SELECT count(*) FROM ticket_call WHERE ticket_id = $1) < $4
ON CONFLICT DO NOTHING RETURNING 1"""
RELINK = f"""
WITH moved AS (
    UPDATE ticket_call SET linked_at = $3 WHERE ticket_id = $1 AND call_id = $2
    RETURNING ticket_id, call_id, linked_at, opened_live
)
SELECT {LIVE} FROM moved l LEFT JOIN call c ON c.id = l.call_id"""  # noqa: S608
LINKED = "SELECT 1 FROM ticket_call WHERE ticket_id = $1 AND call_id = $2"
CALLS = f"""
SELECT l.call_id, l.linked_at, {SECONDS}, c.direction, c.started_at, c.answered_at,
    c.ended_at AS call_ended_at, {LIVE},
    r.id AS recording_id, r.archive_no, r.sealed_at
FROM ticket_call l JOIN ticket t ON t.id = l.ticket_id
LEFT JOIN call c ON c.id = l.call_id
LEFT JOIN recording_object r ON r.call_id = l.call_id
WHERE l.ticket_id = $1 ORDER BY l.linked_at, l.call_id"""  # noqa: S608


async def relink(conn: Connection, ticket_id: TicketId, call_id: UUID, at: datetime, row: OpenedRow) -> OpenedRow:
    """What was opened, its link dated by the moment the ticket was committed (T-3)."""
    return replace(row, opened_live=await conn.fetchval(RELINK, ticket_id, call_id, at))


async def is_linked(conn: Connection, ticket_id: UUID, call_id: UUID) -> bool:
    """Whether the call hangs on the ticket."""
    return await conn.fetchval(LINKED, ticket_id, call_id) is not None


async def link(conn: Connection, ticket_id: UUID, call_id: UUID, at: datetime, most: int) -> bool:
    """Hang another call on the ticket; False when it hangs on `most` already."""
    return await conn.fetchval(LINK, ticket_id, call_id, at, most) is not None


async def calls(conn: Connection, ticket_id: UUID) -> list[dict[str, Any]]:
    """The ticket's calls with both moments of T-3 and their sealed recordings."""
    return [dict(row) for row in await conn.fetch(CALLS, ticket_id)]


LIMIT_CHANGES = """
SELECT rule, from_day, changed_at, reason, source, unit, amount, switched_on FROM limit_change
ORDER BY changed_at, id"""


async def limit_changes(conn: Connection) -> list[Change]:
    """Every change of the rulebook, oldest first."""
    return [
        Change(
            row["rule"],
            row["from_day"],
            row["changed_at"],
            row["reason"],
            row["source"],
            Unit(row["unit"]) if row["unit"] else None,
            row["amount"],
            row["switched_on"],
        )
        for row in await conn.fetch(LIMIT_CHANGES)
    ]


CALENDAR_DAYS = "SELECT day, is_workday, note, source FROM calendar_day"
CALENDAR_YEARS = "SELECT year FROM calendar_year"


async def calendar(conn: Connection) -> Calendar:
    """The calendar in force, with the company's corrections."""
    days = [Override(**dict(row)) for row in await conn.fetch(CALENDAR_DAYS)]
    return Calendar.of(days, (row["year"] for row in await conn.fetch(CALENDAR_YEARS)))
