"""The rows of opinion letters. Nothing here decides, and nothing is deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter.db.pool import Connection
from tickets.letters import Content, Letter, LetterState, Remedy, Sending, Verdict

LETTER = """
l.id, l.ticket_id, l.place, l.organisation_id, l.state, l.text_version, l.cleared_at, l.cleared_by, l.sent_at,
l.sent_by, l.sent_recorded_at, l.means, l.proof, l.void_why, l.created_by, l.created_at, l.changed_by, l.changed_at,
l.changed_how, l.version, o.name AS organisation, t.number AS ticket_number, t.status AS ticket_status, x.addressee,
x.address, x.facts, x.basis, x.decision, x.remedies, x.written_by, x.written_at"""
LETTER_FROM = """
FROM opinion_letter l JOIN organisation o ON o.id = l.organisation_id JOIN ticket t ON t.id = l.ticket_id
JOIN opinion_letter_text x ON x.letter_id = l.id AND x.version = l.text_version"""
FIND = f"SELECT {LETTER} {LETTER_FROM} WHERE l.id = $1"
TICKET_OF = "SELECT ticket_id FROM opinion_letter WHERE id = $1"
OF_TICKET = f"SELECT {LETTER} {LETTER_FROM} WHERE l.ticket_id = $1 ORDER BY l.place"
TEXTS = """
SELECT version, addressee, address, facts, basis, decision, remedies, written_by, written_at FROM opinion_letter_text
WHERE letter_id = $1 ORDER BY version"""
REVIEWS = """
SELECT r.round, r.text_version, r.counsel_id, u.name AS counsel_name, r.counsel_organisation_id, r.clock_cycle,
    r.submitted_at, r.submitted_by, r.ended_at, r.ended_by, r.verdict, r.remarks, k.due_day, k.due_at
FROM legal_review r JOIN app_user u ON u.id = r.counsel_id JOIN opinion_letter l ON l.id = r.letter_id
LEFT JOIN ticket_clock k ON k.ticket_id = l.ticket_id AND k.kind = 'legal_review' AND k.cycle = r.clock_cycle
WHERE r.letter_id = $1 ORDER BY r.round"""
OPEN_OF = "SELECT id FROM opinion_letter WHERE ticket_id = $1 AND state NOT IN ('sent', 'void')"


@dataclass(frozen=True, slots=True)
class Folder:
    """A letter with its texts and its rounds of review, oldest first."""

    row: Mapping[str, Any]
    texts: Sequence[Mapping[str, Any]]
    reviews: Sequence[Mapping[str, Any]]

    def value(self) -> Letter:
        """As the rules take it."""
        row = self.row
        return Letter(
            state=LetterState(row["state"]),
            content=content_of(row),
            text_version=row["text_version"],
            reviewed=self.answered["text_version"] if self.answered else None,
            cleared_at=row["cleared_at"],
        )

    @property
    def answered(self) -> Mapping[str, Any] | None:
        """The last round that counsel ended."""
        ended = [each for each in self.reviews if each["verdict"] not in (None, Verdict.RECALLED)]
        return ended[-1] if ended else None

    @property
    def round(self) -> Mapping[str, Any] | None:
        """The round that is running."""
        return next((each for each in self.reviews if each["ended_at"] is None), None)


def content_of(row: Mapping[str, Any]) -> Content:
    """What a letter says, from a row of its text."""
    return Content(
        facts=row["facts"],
        basis=row["basis"],
        decision=row["decision"],
        remedies={Remedy(remedy): text for remedy, text in row["remedies"].items()},
        addressee=row["addressee"],
        address=row["address"],
    )


async def ticket_of(conn: Connection, letter_id: UUID) -> UUID | None:
    """The ticket a letter belongs to."""
    found: UUID | None = await conn.fetchval(TICKET_OF, letter_id)
    return found


async def find(conn: Connection, letter_id: UUID) -> Folder | None:
    """The letter whole, whoever may know it."""
    row = await conn.fetchrow(FIND, letter_id)
    return None if row is None else await _folder(conn, dict(row))


async def of_ticket(conn: Connection, ticket_id: UUID) -> list[Folder]:
    """Every letter of a ticket, the first one first."""
    return [await _folder(conn, dict(row)) for row in await conn.fetch(OF_TICKET, ticket_id)]


async def open_of(conn: Connection, ticket_id: UUID) -> UUID | None:
    """The letter of the ticket that is neither sent nor void."""
    found: UUID | None = await conn.fetchval(OPEN_OF, ticket_id)
    return found


async def _folder(conn: Connection, row: Mapping[str, Any]) -> Folder:
    texts = [dict(each) for each in await conn.fetch(TEXTS, row["id"])]
    reviews = [dict(each) for each in await conn.fetch(REVIEWS, row["id"])]
    return Folder(row, texts, reviews)


INSERT = """
INSERT INTO opinion_letter (id, ticket_id, place, organisation_id, created_by, created_at, changed_by, changed_at,
    changed_how)
SELECT $1, $2, COALESCE(max(place), 0) + 1, $3, $4, $5, $4, $5, 'draft' FROM opinion_letter WHERE ticket_id = $2"""
WRITE = """
INSERT INTO opinion_letter_text (letter_id, version, addressee, address, facts, basis, decision, remedies, written_by,
    written_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""
SAVE = """
UPDATE opinion_letter l SET version = l.version + 1, state = n.state, text_version = n.text_version,
    cleared_at = n.cleared_at, cleared_by = n.cleared_by, sent_at = n.sent_at, sent_by = n.sent_by,
    sent_recorded_at = n.sent_recorded_at, means = n.means, proof = n.proof, void_why = n.void_why,
    changed_by = n.changed_by, changed_at = n.changed_at, changed_how = n.changed_how
FROM jsonb_populate_record(NULL::opinion_letter, $2) AS n WHERE l.id = $1"""
SUBMIT = """
INSERT INTO legal_review (letter_id, round, text_version, counsel_id, counsel_organisation_id, clock_cycle,
    submitted_at, submitted_by)
SELECT $1, COALESCE(max(round), 0) + 1, $2, $3, $4, $5, $6, $7 FROM legal_review WHERE letter_id = $1"""
END = """
UPDATE legal_review SET ended_at = $2, ended_by = $3, verdict = $4, remarks = $5
WHERE letter_id = $1 AND ended_at IS NULL"""


async def insert(
    conn: Connection, letter_id: UUID, ticket_id: UUID, organisation_id: str, actor: str, at: datetime
) -> None:
    """Write a new letter, whose text follows; the ticket's row is held by the caller."""
    await conn.execute(INSERT, letter_id, ticket_id, organisation_id, actor, at)


async def write(conn: Connection, letter_id: UUID, version: int, content: Content, actor: str, at: datetime) -> None:
    """Keep a text of the letter."""
    remedies = {remedy.value: text for remedy, text in content.remedies.items()}
    await conn.execute(
        WRITE,
        letter_id,
        version,
        content.addressee,
        content.address,
        content.facts,
        content.basis,
        content.decision,
        remedies,
        actor,
        at,
    )


async def save(conn: Connection, row: Mapping[str, Any]) -> None:
    """Write the letter's row over the one that is held, one version on."""
    await conn.execute(SAVE, row["id"], {name: value for name, value in row.items() if name in _OWN})


_OWN = frozenset(
    {"state", "text_version", "cleared_at", "cleared_by", "sent_at", "sent_by", "sent_recorded_at", "means", "proof"}
    | {"void_why", "changed_by", "changed_at", "changed_how"}
)


def sent(sending: Sending, actor: str, at: datetime) -> dict[str, Any]:
    """What a letter's row says once it was sent."""
    return {
        "sent_at": sending.at,
        "sent_by": actor,
        "sent_recorded_at": at,
        "means": sending.means.value,
        "proof": sending.proof,
    }


async def submit(
    conn: Connection,
    letter_id: UUID,
    text_version: int,
    counsel_id: UUID,
    counsel_organisation_id: str,
    clock_cycle: int,
    actor: str,
    at: datetime,
) -> None:
    """Begin a round of review."""
    await conn.execute(SUBMIT, letter_id, text_version, counsel_id, counsel_organisation_id, clock_cycle, at, actor)


async def end_round(
    conn: Connection, letter_id: UUID, verdict: Verdict, remarks: str, actor: str, at: datetime
) -> None:
    """End the round that is running."""
    await conn.execute(END, letter_id, at, actor, verdict.value, remarks)
