"""The case file of a ticket (案卷): what lies in it, what is missing, and why (E-20, E-21, R-3.10, R-3.16, R-3.32).

What is demanded is decided in tickets/dossier.py; here it is read what there is. Archiving asks `lacking`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import dispatch, history, reach, standing
from callcenter.attachments import store as attachments
from callcenter.attachments.store import Attachment
from callcenter.clock import Clock
from callcenter.db.pool import Connection, Database
from callcenter.opening import By
from tickets import dossier, letters, signatures
from tickets.calendar import shanghai_day
from tickets.dossier import Case, Entry, Item
from tickets.errors import KeyReusedError, Words
from tickets.intake import Channel, ComplainantType, Nature, NetworkKind, Relation, Severity
from tickets.lifecycle import Validity
from tickets.retention import Contract, kept_until

FACTS = """
SELECT (SELECT count(*) FROM slip WHERE ticket_id = $1) AS slips,
    (SELECT count(*) FROM slip WHERE ticket_id = $1 AND request <> '') AS requests,
    (SELECT count(*) FROM slip WHERE ticket_id = $1 AND part IN ('main', 'joint')
        AND state IN ('sent', 'accepted')) AS unanswered,
    (SELECT count(*) FROM ticket_event WHERE ticket_id = $1
        AND kind IN ('note', 'slip_note', 'slip_answer')) AS investigated,
    (SELECT count(*) FROM reminder WHERE ticket_id = $1) AS reminders,
    (SELECT count(*) FROM ticket_clock WHERE ticket_id = $1 AND kind = 'progress_customer'
        AND met_at IS NOT NULL) AS progress,
    (SELECT count(*) FROM ticket_extension WHERE ticket_id = $1) AS extensions,
    (SELECT count(*) FROM opinion_letter WHERE ticket_id = $1 AND state = 'sent') AS letters_sent,
    EXISTS (SELECT FROM ticket_clock WHERE ticket_id = $1 AND kind = 'acknowledge'
        AND met_at IS NOT NULL) AS acknowledged,
    EXISTS (SELECT FROM ticket_event WHERE ticket_id = $1 AND kind IN ('inform', 'decline')) AS told,
    (SELECT count(*) FROM ticket WHERE matter_id = $2 AND id <> $1) AS links"""
RECORDINGS = """
SELECT s.call_id, s.seq AS number, s.state, s.started_at, s.lost_reason, o.id AS recording_id, o.archive_no,
    o.object_id, r.file, r.duration_ms, r.completeness, r.master_sha256, r.wav_sha256
FROM ticket_call l JOIN segment s ON s.call_id = l.call_id
LEFT JOIN recording_object o ON o.call_id = s.call_id
LEFT JOIN recording_segment r ON r.recording_id = o.id AND r.number = s.seq
WHERE l.ticket_id = $1 ORDER BY l.linked_at, s.call_id, s.seq"""
CALLS = "SELECT count(*) FROM ticket_call WHERE ticket_id = $1"
LONG_TERM = "SELECT long_term OR guaranteed_renewal FROM policy WHERE id = $1"
PRINTED = "SELECT id, number, kind, voided_at FROM document WHERE ticket_id = $1"
ABSENCES = """
SELECT id, item, reason, explained_at, explained_by FROM case_file_absence WHERE ticket_id = $1
ORDER BY explained_at, id"""
EXPLAIN = """
INSERT INTO case_file_absence (id, ticket_id, item, reason, explained_at, explained_by)
VALUES ($1, $2, $3, $4, $5, $6)"""
EXPLAINED = "SELECT ticket_id, item, reason, explained_by FROM case_file_absence WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Dossier:
    """A case file as it stands. `printed`: of the files that are documents, their numbers and kinds."""

    row: Mapping[str, Any]
    case: Case
    entries: Sequence[Entry]
    files: Sequence[Attachment]
    printed: Mapping[UUID, Mapping[str, Any]]
    recordings: Sequence[Mapping[str, Any]]
    absences: Sequence[Mapping[str, Any]]
    kept_until: date | None = None
    """Until when it is kept at least; None while its contract lives or the case is open (F-34, E-4 … E-7)."""

    @property
    def missing(self) -> tuple[Entry, ...]:
        """What keeps it from being archived (E-21)."""
        return dossier.missing(self.entries)

    def reason(self, item: Item) -> str | None:
        """Why the item is not there, as it was explained."""
        return next((each["reason"] for each in self.absences if each["item"] == item), None)


async def read(conn: Connection, row: Mapping[str, Any]) -> Dossier:
    """The case file of the ticket whose row this is."""
    ticket_id = row["id"]
    files = [each for each in await attachments.of_ticket(conn, ticket_id) if each.withdrawn_at is None]
    recordings = [dict(each) for each in await conn.fetch(RECORDINGS, ticket_id)]
    absences = [dict(each) for each in await conn.fetch(ABSENCES, ticket_id)]
    facts = await conn.fetchrow(FACTS, ticket_id, row["matter_id"])
    assert facts is not None
    case = Case(
        is_complaint=row["nature"] == Nature.COMPLAINT,
        is_finding=row["nature"] == Nature.CALLBACK_FINDING,
        channel=Channel(row["channel"]),
        severity=Severity(row["severity"]),
        network_kind=NetworkKind(row["network_kind"]) if row["network_kind"] else None,
        relation=Relation(row["relation"]) if row["relation"] else None,
        represented=row["complainant_type"] == ComplainantType.REPRESENTATIVE,
        withdrawn=row.get("ended_as") in ("withdrawn", "turned"),
        declined=row.get("ended_as") == "declined",
        closed=row["closed_at"] is not None,
        papers=frozenset(each.kind for each in files),
        calls=int(await conn.fetchval(CALLS, ticket_id)),
        recordings=sum(each["state"] == "sealed" for each in recordings),
        unsealed=sum(each["state"] != "sealed" for each in recordings),
        complex=row.get("complex_at") is not None or row["severity"] != Severity.GENERAL,
        written_due=bool(letters.written_due(standing.letter_matter(row))),
        determined=row["validity"] in (Validity.VALID, Validity.INVALID),
        **await _decided(conn, row),
        **dict(facts),
    )
    return Dossier(
        row=row,
        case=case,
        entries=dossier.contents(case, {Item(each["item"]) for each in absences}),
        files=files,
        printed={each["id"]: dict(each) for each in await conn.fetch(PRINTED, ticket_id)},
        recordings=recordings,
        absences=absences,
        kept_until=await _kept_until(conn, row),
    )


async def _kept_until(conn: Connection, row: Mapping[str, Any]) -> date | None:
    """Long-term (F-34): no day of the contract's end is known here, so a file about a policy has none (E-6)."""
    contract = None
    if row["policy_id"] is not None:
        contract = Contract(bool(await conn.fetchval(LONG_TERM, row["policy_id"])))
    closed = shanghai_day(row["closed_at"]) if row["closed_at"] else None
    return kept_until(closed, contract)


async def _decided(conn: Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    """The ruling in force and the signatures of the determination in force."""
    ruling = (await standing.committee_facts(conn, row["id"]))["ruling"]
    causes = await dispatch.causes(conn, row["id"], row["determination"])
    signed = [dispatch.signature_of(each) for each in await dispatch.signatures(conn, row["id"], row["determination"])]
    owed = signatures.missing(causes, signed, ruling.signs_for if ruling else ())
    needed = row["validity"] == Validity.VALID and row["nature"] == Nature.COMPLAINT
    return {"ruled": ruling is not None, "signatures": len(signed), "unsigned": len(owed) if needed else 0}


async def lacking(conn: Connection, row: Mapping[str, Any]) -> tuple[Words, ...]:
    """What the file lacks before it can be archived, in words (E-21)."""
    return tuple(entry.demand.words for entry in (await read(conn, row)).missing)


async def opened(conn: Connection, ticket_id: UUID, by: By) -> Dossier:
    """The case file, for somebody who may know the ticket. Raises TicketNotFoundError."""
    row = await reach.seen(conn, ticket_id, by)
    return await read(conn, row)


async def explain_absence(
    db: Database, clock: Clock, ticket_id: UUID, key: UUID, item: Item, reason: str, by: By
) -> Dossier:
    """Put on record why a mandatory item is not in the file and cannot be had any more; once for an item.

    Raises TicketNotFoundError, MoveRefusedError, KeyReusedError.
    """
    at: datetime = clock.now()
    async with db.transaction() as conn:
        row = await reach.held(conn, ticket_id, by)
        found = await read(conn, row)
        known = await conn.fetchrow(EXPLAINED, key)
        if known is not None:
            if tuple(known) != (ticket_id, item.value, reason, by.actor):
                raise KeyReusedError(Words("该键已用于另一请求", "this key was used for another request"))
            return found
        dossier.check_explanation(found.entries, item, explained=found.reason(item) is not None)
        await conn.execute(EXPLAIN, key, ticket_id, item.value, reason, at, by.actor)
        await history.tell(conn, row, by, at, "absence_explained", {"item": item.value, "reason": reason})
        return await read(conn, row)
