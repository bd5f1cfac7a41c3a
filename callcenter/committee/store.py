"""The rows of committees. Nothing here decides, and nothing is deleted but a draft's agenda and invitations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter.db.pool import Connection
from tickets.categories import Category, Department, OtherCause
from tickets.committee import Item, Meeting, MeetingKind, MeetingState, Seat, concerned
from tickets.lifecycle import Ruling

SEEN = """(o.path LIKE $1 || '%' OR EXISTS (SELECT FROM committee_seat s
    WHERE s.meeting_id = m.id AND s.user_id = $2::uuid))"""
"""A meeting is known in its organisation, above it, and to whom it invited."""

MEETING = """
m.id, m.organisation_id, m.kind, m.year, m.number, m.state, m.subject, m.place, m.planned_at, m.chair_id, m.minutes,
m.called_at, m.held_at, m.confirmed_at, m.confirmed_by, m.cancelled_why, m.created_by, m.created_at, m.changed_by,
m.changed_at, m.changed_how, m.version, o.name AS organisation, o.path"""
FIND = f"""
SELECT {MEETING} FROM committee_meeting m JOIN organisation o ON o.id = m.organisation_id
WHERE m.id = $3 AND {SEEN}"""  # noqa: S608
LOCK = "SELECT id FROM committee_meeting WHERE id = $1 FOR UPDATE"
EXISTS = "SELECT organisation_id FROM committee_meeting WHERE id = $1"
SEATS = """
SELECT s.user_id, u.name, s.department, s.attended FROM committee_seat s JOIN app_user u ON u.id = s.user_id
WHERE s.meeting_id = $1 ORDER BY u.name, u.id"""
ITEMS = """
SELECT i.ticket_id, i.place, i.adjourned_why, t.number, t.nature, t.severity, t.status, t.category, t.other_cause,
    t.department, t.accepting_organisation_id,
    ARRAY(SELECT DISTINCT department FROM committee_opinion p WHERE p.meeting_id = i.meeting_id
        AND p.ticket_id = i.ticket_id AND p.department IS NOT NULL) AS heard,
    r.opinion, r.validity, r.causes, r.closing, r.signs_for, r.ruled_at, r.recorded_by, r.confirmed_at
FROM committee_item i JOIN ticket t ON t.id = i.ticket_id
LEFT JOIN committee_ruling r ON r.meeting_id = i.meeting_id AND r.ticket_id = i.ticket_id
WHERE i.meeting_id = $1 ORDER BY i.place"""
OPINIONS = """
SELECT p.id, p.ticket_id, p.user_id, u.name, p.department, p.opinion, p.given_at, p.recorded_by
FROM committee_opinion p LEFT JOIN app_user u ON u.id = p.user_id
WHERE p.meeting_id = $1 ORDER BY p.place"""
FOLLOW_UP = """
f.id, f.meeting_id, f.ticket_id, f.duty, f.owner_id, f.due_day, f.added_by, f.added_at, f.done_at, f.done_by, f.result,
f.version, u.name AS owner_name, t.number AS ticket_number, m.kind, m.year, m.number, m.organisation_id,
o.name AS organisation"""
FOLLOW_UP_FROM = """
FROM committee_follow_up f JOIN committee_meeting m ON m.id = f.meeting_id
JOIN organisation o ON o.id = m.organisation_id JOIN app_user u ON u.id = f.owner_id
LEFT JOIN ticket t ON t.id = f.ticket_id"""
FOLLOW_UPS_OF = f"SELECT {FOLLOW_UP} {FOLLOW_UP_FROM} WHERE f.meeting_id = $1 ORDER BY f.due_day, f.id"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A meeting with everything that hangs on it."""

    row: Mapping[str, Any]
    seats: Sequence[Mapping[str, Any]]
    items: Sequence[Mapping[str, Any]]
    opinions: Sequence[Mapping[str, Any]]
    follow_ups: Sequence[Mapping[str, Any]]

    def value(self) -> Meeting:
        """As the rules take it."""
        row = self.row
        return Meeting(
            kind=MeetingKind(row["kind"]),
            state=MeetingState(row["state"]),
            chair=str(row["chair_id"]) if row["chair_id"] else None,
            seats=tuple(
                Seat(str(seat["user_id"]), _department(seat["department"]), seat["attended"]) for seat in self.seats
            ),
            items=tuple(
                Item(
                    ticket=str(item["ticket_id"]),
                    concerned=heard_from(item),
                    heard=frozenset(Department(each) for each in item["heard"]),
                    ruled=item["opinion"] is not None,
                    adjourned=item["adjourned_why"] is not None,
                )
                for item in self.items
            ),
            minutes=row["minutes"],
        )


def heard_from(item: Mapping[str, Any]) -> tuple[Department, ...]:
    """The departments that must be heard on a ticket of the agenda (R-3.4)."""
    return concerned(
        Category(item["category"]) if item["category"] else None,
        OtherCause(item["other_cause"]) if item["other_cause"] else None,
        _department(item["department"]),
    )


def _department(code: str | None) -> Department | None:
    return Department(code) if code else None


async def find(conn: Connection, meeting_id: UUID, path: str | None, user_id: UUID | None) -> Sheet | None:
    """The meeting when it may be known; None otherwise."""
    row = await conn.fetchrow(FIND, path or "", user_id, meeting_id)
    if row is None:
        return None
    return Sheet(
        row=dict(row),
        seats=await _rows(conn, SEATS, meeting_id),
        items=await _rows(conn, ITEMS, meeting_id),
        opinions=await _rows(conn, OPINIONS, meeting_id),
        follow_ups=await _rows(conn, FOLLOW_UPS_OF, meeting_id),
    )


async def lock(conn: Connection, meeting_id: UUID) -> None:
    """Hold the meeting's row until the transaction ends."""
    await conn.fetchval(LOCK, meeting_id)


async def organisation_of(conn: Connection, meeting_id: UUID) -> str | None:
    """Whose meeting has this id, if any."""
    found: str | None = await conn.fetchval(EXISTS, meeting_id)
    return found


NEXT_NUMBER = """
SELECT COALESCE(max(number), 0) + 1 FROM committee_meeting WHERE organisation_id = $1 AND kind = $2 AND year = $3"""
INSERT = """
INSERT INTO committee_meeting (id, organisation_id, kind, year, number, subject, place, planned_at, chair_id,
    created_by, created_at, changed_by, changed_at, changed_how)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $10, $11, 'draft')"""
SAVE = """
UPDATE committee_meeting m SET version = m.version + 1, state = n.state, subject = n.subject, place = n.place,
    planned_at = n.planned_at, chair_id = n.chair_id, minutes = n.minutes, called_at = n.called_at,
    held_at = n.held_at, confirmed_at = n.confirmed_at, confirmed_by = n.confirmed_by, cancelled_why = n.cancelled_why,
    changed_by = n.changed_by, changed_at = n.changed_at, changed_how = n.changed_how
FROM jsonb_populate_record(NULL::committee_meeting, $2) AS n WHERE m.id = $1"""


async def insert(
    conn: Connection,
    meeting_id: UUID,
    organisation_id: str,
    kind: MeetingKind,
    year: int,
    subject: str,
    place: str,
    planned_at: datetime,
    chair_id: UUID | None,
    actor: str,
    at: datetime,
) -> int:
    """Write a drafted meeting; returns its number in its year. The organisation's row is held by the caller."""
    number: int = await conn.fetchval(NEXT_NUMBER, organisation_id, kind, year)
    await conn.execute(
        INSERT, meeting_id, organisation_id, kind, year, number, subject, place, planned_at, chair_id, actor, at
    )
    return number


async def save(conn: Connection, row: Mapping[str, Any]) -> None:
    """Write the meeting's row over the one that is held, one version on."""
    await conn.execute(SAVE, row["id"], dict(row))


DROP_SEATS = "DELETE FROM committee_seat WHERE meeting_id = $1"
SEAT = "INSERT INTO committee_seat (meeting_id, user_id, department) VALUES ($1, $2, $3)"
DROP_ITEMS = "DELETE FROM committee_item WHERE meeting_id = $1"
ADD_ITEM = "INSERT INTO committee_item (meeting_id, ticket_id, place) VALUES ($1, $2, $3)"
ATTEND = "UPDATE committee_seat SET attended = user_id = ANY($2::uuid[]) WHERE meeting_id = $1"
ADJOURN = "UPDATE committee_item SET adjourned_why = $3 WHERE meeting_id = $1 AND ticket_id = $2"
DROP_RULING = "DELETE FROM committee_ruling WHERE meeting_id = $1 AND ticket_id = $2 AND confirmed_at IS NULL"


async def set_seats(conn: Connection, meeting_id: UUID, seats: Iterable[tuple[UUID, str | None]]) -> None:
    """Invite exactly these: person and department."""
    await conn.execute(DROP_SEATS, meeting_id)
    await conn.executemany(SEAT, [(meeting_id, user, department) for user, department in seats])


async def set_items(conn: Connection, meeting_id: UUID, tickets: Sequence[UUID]) -> None:
    """The agenda is exactly these, in this order."""
    await conn.execute(DROP_ITEMS, meeting_id)
    await conn.executemany(ADD_ITEM, [(meeting_id, ticket, place) for place, ticket in enumerate(tickets, 1)])


async def attend(conn: Connection, meeting_id: UUID, present: Iterable[UUID]) -> None:
    """Who came; the others invited did not."""
    await conn.execute(ATTEND, meeting_id, list(present))


async def adjourn(conn: Connection, meeting_id: UUID, ticket_id: UUID, reason: str | None) -> None:
    """Put a ticket off, or take that back with None; what was put off has no ruling."""
    if reason is not None:
        await conn.execute(DROP_RULING, meeting_id, ticket_id)
    await conn.execute(ADJOURN, meeting_id, ticket_id, reason)


OPINE = """
INSERT INTO committee_opinion (id, meeting_id, ticket_id, user_id, department, opinion, given_at, recorded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING"""
RULE = """
INSERT INTO committee_ruling AS r (meeting_id, ticket_id, opinion, validity, causes, closing, signs_for, ruled_at,
    recorded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (meeting_id, ticket_id) DO UPDATE SET opinion = excluded.opinion, validity = excluded.validity,
    causes = excluded.causes, closing = excluded.closing, signs_for = excluded.signs_for,
    ruled_at = excluded.ruled_at, recorded_by = excluded.recorded_by"""
CONFIRM_RULINGS = "UPDATE committee_ruling SET confirmed_at = $2 WHERE meeting_id = $1"
SETTLE = """
UPDATE committee_referral f SET settled_at = $3, settled_by = $1
FROM committee_ruling r, organisation o
WHERE r.meeting_id = $1 AND r.ticket_id = f.ticket_id AND o.id = f.organisation_id AND o.path LIKE $2 || '%'
    AND f.settled_at IS NULL AND f.withdrawn_at IS NULL"""


async def opine(
    conn: Connection,
    id: UUID,
    meeting_id: UUID,
    ticket_id: UUID,
    user_id: UUID | None,
    department: str | None,
    opinion: str,
    at: datetime,
    actor: str,
) -> None:
    """Add an opinion; the same id twice is once."""
    await conn.execute(OPINE, id, meeting_id, ticket_id, user_id, department, opinion, at, actor)


async def rule(
    conn: Connection, meeting_id: UUID, ticket_id: UUID, ruling: Ruling, opinion: str, at: datetime, actor: str
) -> None:
    """Write the ruling on a ticket, or write it anew while the chair has not confirmed it."""
    validity = ruling.validity.value if ruling.validity else None
    causes = [cause.value for cause in ruling.causes]
    signs = [department.value for department in ruling.signs_for]
    await conn.execute(RULE, meeting_id, ticket_id, opinion, validity, causes, ruling.closing, signs, at, actor)


async def confirm_rulings(conn: Connection, meeting_id: UUID, path: str, at: datetime) -> None:
    """Put the meeting's rulings in force, and settle what its committee or one below was asked (R-3.3)."""
    await conn.execute(CONFIRM_RULINGS, meeting_id, at)
    await conn.execute(SETTLE, meeting_id, path, at)


RULED_ABOVE = """
SELECT o.name FROM committee_ruling r JOIN committee_meeting m ON m.id = r.meeting_id
JOIN organisation o ON o.id = m.organisation_id
WHERE r.ticket_id = $1 AND r.confirmed_at IS NOT NULL AND o.path <> $2 AND $2 LIKE o.path || '%' LIMIT 1"""


async def ruled_above(conn: Connection, ticket_id: UUID, path: str) -> str | None:
    """The name of an organisation above whose committee ruled on the ticket already."""
    name: str | None = await conn.fetchval(RULED_ABOVE, ticket_id, path)
    return name


MEMBER = """
c.id, c.organisation_id, c.user_id, c.department, c.chair, c.first_day, c.last_day, c.added_by, c.added_at, c.version,
u.name, u.active, o.name AS organisation"""
MEMBER_FROM = """
FROM committee_member c JOIN app_user u ON u.id = c.user_id JOIN organisation o ON o.id = c.organisation_id"""
FIND_MEMBER = f"SELECT {MEMBER} {MEMBER_FROM} WHERE c.id = $1 AND o.path LIKE $2 || '%'"
LOCK_MEMBER = "SELECT id FROM committee_member WHERE id = $1 FOR UPDATE"
SITTING = """
SELECT user_id, department, chair, first_day, last_day FROM committee_member
WHERE organisation_id = $1 AND first_day <= $2 AND COALESCE(last_day, $2) >= $2"""
PERIODS = "SELECT id, first_day, last_day FROM committee_member WHERE organisation_id = $1 AND user_id = $2"
ADD_MEMBER = """
INSERT INTO committee_member (id, organisation_id, user_id, department, chair, first_day, last_day, added_by, added_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
CHANGE_MEMBER = """
UPDATE committee_member SET version = version + 1, department = $2, chair = $3, last_day = $4 WHERE id = $1"""


async def member(conn: Connection, member_id: UUID, path: str | None) -> dict[str, Any] | None:
    """A membership, when its organisation may be known."""
    row = await conn.fetchrow(FIND_MEMBER, member_id, path or "")
    return None if row is None else dict(row)


async def lock_member(conn: Connection, member_id: UUID) -> None:
    """Hold the membership's row until the transaction ends."""
    await conn.fetchval(LOCK_MEMBER, member_id)


async def sitting(conn: Connection, organisation_id: str, day: date) -> dict[UUID, dict[str, Any]]:
    """Who is a member on that day, by person."""
    return {row["user_id"]: dict(row) for row in await conn.fetch(SITTING, organisation_id, day)}


async def periods(conn: Connection, organisation_id: str, user_id: UUID) -> list[dict[str, Any]]:
    """Every membership of a person in a committee."""
    return await _rows(conn, PERIODS, organisation_id, user_id)


async def add_member(
    conn: Connection,
    id: UUID,
    organisation_id: str,
    user_id: UUID,
    department: str | None,
    chair: bool,
    first_day: date,
    last_day: date | None,
    actor: str,
    at: datetime,
) -> None:
    """Write a new membership."""
    await conn.execute(ADD_MEMBER, id, organisation_id, user_id, department, chair, first_day, last_day, actor, at)


async def change_member(conn: Connection, id: UUID, department: str | None, chair: bool, last_day: date | None) -> None:
    """Write a membership's changes."""
    await conn.execute(CHANGE_MEMBER, id, department, chair, last_day)


ADD_FOLLOW_UP = """
INSERT INTO committee_follow_up (id, meeting_id, ticket_id, duty, owner_id, due_day, added_by, added_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING"""
FIND_FOLLOW_UP = f"""
SELECT {FOLLOW_UP} {FOLLOW_UP_FROM}
WHERE f.id = $3 AND (o.path LIKE $1 || '%' OR f.owner_id = $2::uuid)"""
LOCK_FOLLOW_UP = "SELECT id FROM committee_follow_up WHERE id = $1 FOR UPDATE"
FINISH = """
UPDATE committee_follow_up SET version = version + 1, done_at = $2, done_by = $3, result = $4 WHERE id = $1"""


async def add_follow_up(
    conn: Connection,
    id: UUID,
    meeting_id: UUID,
    ticket_id: UUID | None,
    duty: str,
    owner_id: UUID,
    due_day: date,
    actor: str,
    at: datetime,
) -> None:
    """Write something to be carried out; the same id twice is once."""
    await conn.execute(ADD_FOLLOW_UP, id, meeting_id, ticket_id, duty, owner_id, due_day, actor, at)


async def follow_up(conn: Connection, id: UUID, path: str | None, user_id: UUID | None) -> dict[str, Any] | None:
    """Something to be carried out, when it may be known: in the committee's organisation, above, and to its owner."""
    row = await conn.fetchrow(FIND_FOLLOW_UP, path or "", user_id, id)
    return None if row is None else dict(row)


async def lock_follow_up(conn: Connection, id: UUID) -> None:
    """Hold the row until the transaction ends."""
    await conn.fetchval(LOCK_FOLLOW_UP, id)


async def finish(conn: Connection, id: UUID, at: datetime, actor: str, result: str) -> None:
    """It was carried out."""
    await conn.execute(FINISH, id, at, actor, result)


REFERRAL = """
f.id, f.ticket_id, f.organisation_id, o.name AS organisation, f.ground, f.reason, f.referred_at, f.referred_by,
f.settled_at, f.settled_by, f.withdrawn_at, f.withdrawn_by, f.withdrawn_why"""
REFERRALS = f"""
SELECT {REFERRAL} FROM committee_referral f JOIN organisation o ON o.id = f.organisation_id
WHERE f.ticket_id = $1 ORDER BY f.referred_at, f.id"""  # noqa: S608
REFER = """
INSERT INTO committee_referral (id, ticket_id, organisation_id, ground, reason, referred_at, referred_by)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"""
WITHDRAW = """
UPDATE committee_referral SET withdrawn_at = $2, withdrawn_by = $3, withdrawn_why = $4
WHERE id = $1 AND settled_at IS NULL AND withdrawn_at IS NULL"""


async def referrals(conn: Connection, ticket_id: UUID) -> list[dict[str, Any]]:
    """What committees were asked about a ticket, oldest first."""
    return await _rows(conn, REFERRALS, ticket_id)


async def refer(
    conn: Connection,
    id: UUID,
    ticket_id: UUID,
    organisation_id: str,
    ground: str,
    reason: str,
    at: datetime,
    actor: str,
) -> bool:
    """Ask a committee; False when it was asked the same already, by this id or another."""
    return await conn.execute(REFER, id, ticket_id, organisation_id, ground, reason, at, actor) == "INSERT 0 1"


async def withdraw(conn: Connection, id: UUID, at: datetime, actor: str, why: str) -> bool:
    """The committee need not decide any more; False when it has, or was told so before."""
    return await conn.execute(WITHDRAW, id, at, actor, why) == "UPDATE 1"


RULINGS_ON = """
SELECT m.id AS meeting_id, m.organisation_id, o.name AS organisation, m.kind, m.year, m.number, m.state, m.planned_at,
    m.held_at, i.adjourned_why, r.opinion, r.validity, r.causes, r.closing, r.signs_for, r.confirmed_at
FROM committee_item i JOIN committee_meeting m ON m.id = i.meeting_id JOIN organisation o ON o.id = m.organisation_id
LEFT JOIN committee_ruling r ON r.meeting_id = i.meeting_id AND r.ticket_id = i.ticket_id AND r.confirmed_at IS NOT NULL
WHERE i.ticket_id = $1 AND m.state <> 'cancelled' ORDER BY m.planned_at, m.id"""


async def meetings_on(conn: Connection, ticket_id: UUID) -> list[dict[str, Any]]:
    """The meetings a ticket is or was before, with their rulings as far as they are in force."""
    return await _rows(conn, RULINGS_ON, ticket_id)


async def _rows(conn: Connection, statement: str, *values: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in await conn.fetch(statement, *values)]
