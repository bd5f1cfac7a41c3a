"""Changing the handling limit of a complaint: extending it, agreeing on another, stopping the clock (L-15, L-16, CL-4,
CL-5, CL-7).

Each use case is one transaction over the locked ticket and the version its reader saw. The deadline follows from what
is recorded here; nobody writes one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import timekeeping
from callcenter.casework import save
from callcenter.clock import Clock
from callcenter.complaints import Rules
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from callcenter.history import tell
from callcenter.opening import By
from callcenter.reach import locked
from tickets import course
from tickets.course import LimitStanding, Material, Pause, PauseGround
from tickets.deadlines import Rulebook

EXTENDED = "SELECT 1 FROM ticket_extension WHERE id = $1"
PROPOSE = """
INSERT INTO ticket_extension (id, ticket_id, rule, reason, proposed_at, proposed_by) VALUES ($1, $2, $3, $4, $5, $6)"""
EXTENSION = "SELECT * FROM ticket_extension WHERE id = $1 AND ticket_id = $2"
APPROVE = "UPDATE ticket_extension SET approved_at = $2, approved_by = $3 WHERE id = $1"
REFUSE = "UPDATE ticket_extension SET refused_at = $2, refused_by = $3, refused_why = $4 WHERE id = $1"
TELL = """
UPDATE ticket_extension SET told_at = $2, told_manner = $3, told_recorded_at = $4, told_by = $5 WHERE id = $1"""
AGREED = "SELECT 1 FROM ticket_agreement WHERE id = $1"
AGREE = """
INSERT INTO ticket_agreement (id, ticket_id, until_day, record, recorded_at, recorded_by)
VALUES ($1, $2, $3, $4, $5, $6)"""
PAUSED = "SELECT 1 FROM ticket_pause WHERE id = $1"
PAUSE = """
INSERT INTO ticket_pause (id, ticket_id, ground, note, started_at, told_at, told_manner, both_applied, recorded_at,
    recorded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""
OPEN_PAUSE = "SELECT * FROM ticket_pause WHERE id = $1 AND ticket_id = $2"
END = "UPDATE ticket_pause SET ended_at = $2, end_note = $3, end_recorded_at = $4, ended_by = $5 WHERE id = $1"

RECEIVED = "SELECT 1 FROM ticket_material WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Stop:
    """A pause as asked for: an appraisal with how and when the customer was told, or a mediation both applied for."""

    ground: PauseGround
    note: str
    started_at: datetime
    told_at: datetime | None = None
    told_manner: str | None = None
    both_applied: bool = False


class HandlingLimit:
    """The use cases. All raise TicketNotFoundError, StaleTicketError, LimitRefusedError; then nothing is changed."""

    def __init__(self, db: Database, clock: Clock, rules: Rules) -> None:
        self._db = db
        self._clock = clock
        self._rules = rules

    async def extend(self, ticket_id: UUID, version: int, key: UUID, limit: str, reason: str, by: By) -> None:
        """Record a first extension, or propose a second one (L-15, L-16); the same key twice is once.

        One recorded after the ceiling it extends is kept and has no effect (F-52).
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            if await conn.fetchval(EXTENDED, key):
                return
            row, known, book = await self._held(conn, ticket_id, version, by, at)
            course.check_extension(known, limit, reason)
            await conn.execute(PROPOSE, key, ticket_id, limit, reason, at, by.actor)
            kind = "extended" if limit == "L-15" else "extension_proposed"
            await _changed(conn, row, by, at, kind, {"limit": limit, "reason": reason}, book)

    async def approve(self, ticket_id: UUID, version: int, key: UUID, by: By) -> None:
        """Approve a second extension, for the upper organisation or as an executive of headquarters (L-16)."""
        at = self._clock.now()
        async with self._db.transaction() as conn:
            row, known, book = await self._held(conn, ticket_id, version, by, at)
            proposed = await _waiting(conn, key, ticket_id)
            root = by.path is not None and by.path.count("/") == 1
            course.check_approval(known, proposed["proposed_by"], by.actor, by.path, root=root)
            await conn.execute(APPROVE, key, at, by.actor)
            await _changed(conn, row, by, at, "extension_approved", {"limit": proposed["rule"]}, book)

    async def refuse(self, ticket_id: UUID, version: int, key: UUID, why: str, by: By) -> None:
        """Refuse a second extension, with the reason; by whom it may be approved (L-16)."""
        at = self._clock.now()
        async with self._db.transaction() as conn:
            row, known, book = await self._held(conn, ticket_id, version, by, at)
            proposed = await _waiting(conn, key, ticket_id)
            root = by.path is not None and by.path.count("/") == 1
            course.check_approval(known, proposed["proposed_by"], by.actor, by.path, root=root)
            await conn.execute(REFUSE, key, at, by.actor, why)
            await _changed(conn, row, by, at, "extension_refused", {"limit": proposed["rule"], "reason": why}, book)

    async def told(
        self, ticket_id: UUID, version: int, key: UUID, manner: str, told_at: datetime | None, by: By
    ) -> None:
        """Record that the customer was told of an approved extension: only then does it count (L-16, CL-8)."""
        at = self._clock.now()
        told_at = told_at or at
        async with self._db.transaction() as conn:
            row, known, book = await self._held(conn, ticket_id, version, by, at)
            course.check_open(known)
            found = await _waiting(conn, key, ticket_id, approved=True)
            course.check_told(found["approved_at"], told_at, manner, at)
            await conn.execute(TELL, key, told_at, manner, at, by.actor)
            details = {"limit": found["rule"], "manner": manner, "told_at": told_at.isoformat()}
            await _changed(conn, row, by, at, "extension_told", details, book)

    async def agree(self, ticket_id: UUID, version: int, key: UUID, until: date, record: str, by: By) -> None:
        """Record a limit agreed with the complainant, with the record of the agreement (CL-7)."""
        at = self._clock.now()
        async with self._db.transaction() as conn:
            if await conn.fetchval(AGREED, key):
                return
            row, known, book = await self._held(conn, ticket_id, version, by, at)
            course.check_agreement(known, until, record, at)
            await conn.execute(AGREE, key, ticket_id, until, record, at, by.actor)
            await _changed(conn, row, by, at, "limit_agreed", {"until": str(until), "record": record}, book)

    async def pause(self, ticket_id: UUID, version: int, key: UUID, stop: Stop, by: By) -> None:
        """Stop the clock of the decision (CL-4)."""
        at = self._clock.now()
        async with self._db.transaction() as conn:
            if await conn.fetchval(PAUSED, key):
                return
            row, known, book = await self._held(conn, ticket_id, version, by, at)
            begun = Pause(stop.ground, stop.started_at, at, stop.told_at, stop.both_applied)
            course.check_pause(known, begun, at)
            await conn.execute(
                PAUSE,
                key,
                ticket_id,
                stop.ground,
                stop.note,
                stop.started_at,
                stop.told_at,
                stop.told_manner,
                stop.both_applied,
                at,
                by.actor,
            )
            details = {"ground": stop.ground.value, "note": stop.note, "started_at": stop.started_at.isoformat()}
            await _changed(conn, row, by, at, "clock_stopped", details, book)

    async def resume(
        self, ticket_id: UUID, version: int, key: UUID, ended_at: datetime | None, note: str, by: By
    ) -> None:
        """Let the clock run on (CL-4)."""
        at = self._clock.now()
        ended_at = ended_at or at
        async with self._db.transaction() as conn:
            row, _, book = await self._held(conn, ticket_id, version, by, at)
            found = await conn.fetchrow(OPEN_PAUSE, key, ticket_id)
            if found is None:
                raise NotFoundError("pause", key)
            begun = Pause(
                PauseGround(found["ground"]),
                found["started_at"],
                found["recorded_at"],
                found["told_at"],
                found["both_applied"],
                found["ended_at"],
            )
            course.check_end(begun, ended_at, at)
            await conn.execute(END, key, ended_at, note, at, by.actor)
            details = {"ground": found["ground"], "note": note, "ended_at": ended_at.isoformat()}
            await _changed(conn, row, by, at, "clock_resumed", details, book)

    async def renew(self, ticket_id: UUID, version: int, key: UUID, material: Material, by: By) -> None:
        """Keep further material of the complainant; with new facts and reasons the limits start anew (CL-5, F-53)."""
        at = self._clock.now()
        async with self._db.transaction() as conn:
            if await conn.fetchval(RECEIVED, key):
                return
            row, _, book = await self._held(conn, ticket_id, version, by, at)
            await timekeeping.renew(conn, row, material, book, by.actor, at, key=key)
            await save(conn, row)
            details = {"version": version + 1, "restarts": material.restarts, "facts": material.facts}
            await tell(conn, row, by, at, "material_received", details | {"reasons": material.reasons})

    async def _held(
        self, conn: Connection, ticket_id: UUID, version: int, by: By, at: datetime
    ) -> tuple[dict[str, Any], LimitStanding, Rulebook]:
        row = await locked(conn, ticket_id, version, by)
        book = await self._rules.current(conn, at, row["received_day"])
        known, _ = await timekeeping.standing(conn, row, book)
        return row, known, book


async def _waiting(conn: Connection, key: UUID, ticket_id: UUID, *, approved: bool = False) -> Mapping[str, Any]:
    """The second extension that waits for its approval, or for the customer to be told."""
    found = await conn.fetchrow(EXTENSION, key, ticket_id)
    if found is None or found["rule"] != "L-16":
        raise NotFoundError("extension", key)
    course.check_waiting(found["approved_at"], found["refused_at"], found["told_at"], approved=approved)
    return dict(found)


async def _changed(
    conn: Connection, row: dict[str, Any], by: By, at: datetime, kind: str, details: dict[str, Any], book: Rulebook
) -> None:
    moved = await timekeeping.reckon(conn, row, book)
    await save(conn, row)
    told = {"version": row["version"] + 1, **details, **(moved.told() if moved else {})}
    await tell(conn, row, by, at, kind, told)
