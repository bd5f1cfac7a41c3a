"""Opening tickets: one use case behind the caller's menu, the agent, the callback agent and the other channels.

Nobody is told of a ticket that is not yet safe: committed, or fsynced in the spool while the database is away.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Self
from uuid import UUID

import asyncpg

from callcenter import matters, routing
from callcenter import opening as openings
from callcenter.calls.call import Direction
from callcenter.calls.sight import SEEN
from callcenter.clock import Clock
from callcenter.config import HoursConfig
from callcenter.db.away import is_away
from callcenter.db.pool import Connection, Database
from callcenter.ids import uuid7
from callcenter.opening import By, Decision, Known, Opening
from callcenter.patience import within
from callcenter.service_hours import ServiceHours
from callcenter.spool import Entry, SpoolConflictError, TicketSpool
from tickets import store
from tickets.calendar import shanghai_day
from tickets.deadlines import Rulebook
from tickets.errors import (
    CallHasComplaintError,
    CallNotFoundError,
    CallTooOldError,
    KeyReusedError,
    NotAdmissibleError,
    Problem,
    TicketError,
    TicketNotFoundError,
    Words,
)
from tickets.findings import Verdict
from tickets.intake import Nature, Relation
from tickets.routing import knows
from tickets.slips import Line
from tickets.store import OpenedRow, TicketId
from tickets.versions import Change, in_force

log = logging.getLogger(__name__)

PATIENCE = 0.8
"""Seconds the database has before a ticket goes to the spool (archive.md §3.9)."""

SLOW = timedelta(milliseconds=50)
"""A commit that took longer is told by its own moment: the call may have ended meanwhile (T-3)."""
RULES_KEPT = timedelta(seconds=60)
"""How long a calendar read from the database is used before it is read again."""

CALL_KNOWN = f"""
SELECT c.id IS NOT NULL AS stored, c.id IS NOT NULL AND {SEEN} AS seen, c.ended_at,
    CASE WHEN a.id IS NOT NULL THEN 'callback' ELSE COALESCE(c.direction, 'inbound') END AS direction,
    COALESCE(t.customer_id, c.customer_id) AS customer_id, p.number AS policy_number,
    a.task_id AS callback_task_id, a.id AS callback_attempt_id,
    (SELECT x.number FROM ticket_call l JOIN ticket x ON x.id = l.ticket_id
        WHERE l.call_id = k.id AND x.nature = 'complaint' ORDER BY x.received_at LIMIT 1) AS complaint
FROM (SELECT $5::uuid AS id) AS k LEFT JOIN call c ON c.id = k.id LEFT JOIN callback_attempt a ON a.id = k.id
    LEFT JOIN callback_task t ON t.id = a.task_id LEFT JOIN policy p ON p.id = t.policy_id"""  # noqa: S608
"""A callback's dialling is stored before its call is."""
SAVE_INCIDENT = """
INSERT INTO incident (id, kind, at, details)
SELECT $1, $2, $3::timestamptz, jsonb_build_object('file', $4::text, 'reason', $5::text)
WHERE NOT EXISTS (SELECT FROM incident
    WHERE kind = $2 AND details ->> 'file' = $4 AND at > $3::timestamptz - interval '1 minute')"""
"""Two processes replay."""
KNOWN_CUSTOMER = "SELECT EXISTS (SELECT FROM customer WHERE id = $1)"


async def _refuse_unknown_codes(conn: Connection, opening: Opening, at: datetime) -> None:
    """A sub-code is one of its category's in the routing of the day (F-8)."""
    main = Line(1, opening.particulars.category, opening.sub_code)
    coded = [line for line in (main, *opening.further) if line.sub_code is not None]
    if not coded:
        return
    table = await routing.on(conn, shanghai_day(at))
    if not all(knows(table, line.category, line.sub_code) for line in coded):
        words = Words("该类别没有这个细分", "the category has no such sub-code")
        raise NotAdmissibleError((Problem("sub_code", words, ("F-8",)),))


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket that is safe. `number` is None while it waits in the spool; then the key stands for it.

    `opened_live` and `seconds_into_call` are None without a call, or while it is not known (T-3); the seconds count
    from the customer's answer, as the recording does.
    """

    key: UUID
    number: str | None
    nature: Nature
    counts: bool
    verdict: Verdict | None
    received_at: datetime
    opened_live: bool | None
    seconds_into_call: float | None
    repeated: bool
    relation: Relation | None = None

    @property
    def spooled(self) -> bool:
        """Whether the ticket waits for the database."""
        return self.number is None


class Rules:
    """The rulebooks in force: limits as shipped and as changed since, calendar as the database corrects it.

    What was read is kept for a minute, and never beyond the day.
    """

    def __init__(self, shipped: Rulebook | None = None) -> None:
        self._shipped = shipped or Rulebook()
        self._changes: list[Change] = []
        self._latest = self._shipped
        self._books: dict[date, Rulebook] = {}
        self._read_at: datetime | None = None

    @classmethod
    def of(cls, hours: HoursConfig) -> Self:
        """With the service hours of the settings, which L-21 counts in; around the clock where none are set."""
        return cls(Rulebook(office=ServiceHours.of(hours.workday, hours.restday)))

    @property
    def latest(self) -> Rulebook:
        """The last one read for its own day; as shipped when none was."""
        return self._latest

    async def current(self, conn: Connection, at: datetime, received: date | None = None) -> Rulebook:
        """The rulebook for a ticket received on that day, by default of the moment's, in the calendar as it stands."""
        if self._is_old(at):
            book = replace(self._shipped, calendar=await store.calendar(conn))
            self._changes = await store.limit_changes(conn)
            self._books = {}
            self._latest = in_force(shanghai_day(at), self._changes, book)
            self._read_at = at
        day = received or shanghai_day(at)
        if day not in self._books:
            shipped = replace(self._shipped, calendar=self._latest.calendar)
            self._books[day] = in_force(day, self._changes, shipped)
        return self._books[day]

    async def every(self, conn: Connection, at: datetime) -> tuple[Rulebook, ...]:
        """The rulebooks a ticket that is open now may have: as shipped, and from each change on."""
        await self.current(conn, at)
        days = sorted({change.from_day for change in self._changes if change.from_day <= shanghai_day(at)})
        shipped = replace(self._shipped, calendar=self._latest.calendar)
        return shipped, *[in_force(day, self._changes, shipped) for day in days]

    def forget(self) -> None:
        """Read everything again when it is next asked for: something was changed here."""
        self._read_at = None

    def _is_old(self, at: datetime) -> bool:
        read_at = self._read_at
        if read_at is None or not timedelta(0) <= at - read_at < RULES_KEPT:
            return True
        return shanghai_day(read_at) != shanghai_day(at)


class Complaints:
    """Opens tickets; the one place that may."""

    def __init__(self, db: Database, clock: Clock, spool: TicketSpool, rules: Rules | None = None) -> None:
        self._db = db
        self._clock = clock
        self._spool = spool
        self.rules = rules or Rules()

    async def open(self, opening: Opening, by: By) -> Opened:
        """Open the ticket, or give again what this key opened before.

        Raises NotAdmissibleError, KeyReusedError (H8), CallNotFoundError, CallTooOldError; when neither the
        database nor the spool takes it, the spool's OSError.
        """
        at = self._clock.now()
        decided = openings.decide(opening)
        try:
            row, decided, relation = await within(PATIENCE, self._write(opening, by, at))
        except Exception as error:
            if not is_away(error):
                raise
            log.warning("database away, ticket spooled", extra={"key": str(opening.key), "error": repr(error)})
            await self._put(opening, by, at)
            return Opened(
                opening.key, None, decided.nature, decided.counts, decided.verdict, at, None, None, repeated=False
            )
        return _opened(opening, by, row, decided, relation)

    async def open_on(self, conn: Connection, opening: Opening, by: By) -> Opened:
        """The same on the caller's transaction, all or nothing with what else it does there; nothing is spooled."""
        row, decided, relation = await self._written(conn, opening, by, self._clock.now())
        return _opened(opening, by, row, decided, relation)

    async def replay(self) -> int:
        """Write what waits in the spool; returns how many tickets the database took.

        What can never be taken as it stands is set aside, and a person told: it was promised to somebody.
        """
        return await self._spool.replay(self._replay_one, self._tell)

    async def run_replay(self, every: float = 2.0) -> None:
        """Replay for ever, looking every so many seconds."""
        while True:
            if done := await self.replay():
                log.info("spooled tickets replayed", extra={"tickets": done})
            await asyncio.sleep(every)

    async def open_late(
        self, conn: Connection, opening: Opening, by: By, received_at: datetime, at: datetime
    ) -> str | None:
        """Open on the caller's transaction what somebody asked for at `received_at` and nobody took; None when the
        key was used, for then somebody did."""
        book = await self.rules.current(conn, at, shanghai_day(received_at))
        row = await store.open_ticket(conn, openings.new_ticket(opening, by, book, received_at, at, late=True))
        return row.number if row.fingerprint is None else None

    async def open_off_call(self, opening: Opening, known: Known, by: By, at: datetime) -> Opened:
        """Open what a callback brought to light without a call: on the signed receipt, or on its electronic page.

        `known`: the matter of its task. Raises NotAdmissibleError, KeyReusedError (H8).
        """
        asked = openings.fingerprint(opening, by)
        async with self._db.connection() as conn:
            row, decided = await self.open_within(conn, openings.with_call(opening, known), by, at, asked)
        return _opened(opening, by, row, decided, decided.relation)

    async def open_from_page(self, conn: Connection, opening: Opening, known: Known, by: By, at: datetime) -> str:
        """Open in the caller's transaction what the policyholder handed in; its number. Raises NotAdmissibleError."""
        row, _ = await self.open_within(conn, openings.with_call(opening, known), by, at)
        return row.number

    async def open_within(
        self, conn: Connection, opening: Opening, by: By, at: datetime, asked: str | None = None
    ) -> tuple[OpenedRow, Decision]:
        """Open in the caller's transaction what needs no call; raises NotAdmissibleError."""
        book = await self.rules.current(conn, at)
        new = openings.new_ticket(opening, by, book, at, at, asked=asked)
        return await store.open_ticket(conn, new), openings.decide(opening)

    async def _write(self, opening: Opening, by: By, at: datetime) -> "Written":
        async with self._db.transaction() if opening.same_matter_as else self._db.connection() as conn:
            return await self._written(conn, opening, by, at)

    async def _written(self, conn: Connection, opening: Opening, by: By, at: datetime) -> "Written":
        asked = openings.fingerprint(opening, by)
        if by.path is not None:
            try:
                opening = await self._settled(conn, opening, by, at)
            except TicketError:
                if (again := await self._again(conn, opening, by)) is None:
                    raise
                return again, openings.decide(opening), await matters.relation_of(conn, opening.key)
        other = await matters.named(conn, opening.same_matter_as, by) if opening.same_matter_as else None
        book = await self.rules.current(conn, at)
        row = await store.open_ticket(conn, openings.new_ticket(opening, by, book, at, at, asked=asked))
        decided = openings.decide(opening)
        relation = decided.relation
        if row.fingerprint is not None:
            relation = await matters.relation_of(conn, opening.key)
        elif other is not None:
            relation = await matters.opened_with(
                conn, opening.key, other, by, at, facts=opening.new_facts, reasons=opening.new_reasons
            )
        if row.fingerprint is None and opening.call is not None and self._clock.now() - at > SLOW:
            row = await store.relink(conn, TicketId(opening.key), opening.call.call_id, self._clock.now(), row)
        return row, decided, relation

    async def _again(self, conn: Connection, opening: Opening, by: By) -> OpenedRow | None:
        """What this very request opened before: it stays so, whatever became of the call since."""
        call = opening.call
        row = await store.find_opened(conn, TicketId(opening.key), call.call_id if call else None)
        return row if row is not None and row.fingerprint == openings.fingerprint(opening, by) else None

    async def _settled(self, conn: Connection, opening: Opening, by: By, at: datetime) -> Opening:
        """With what its call tells: one the person may know of, live or ended the same day (H14)."""
        known = await self._call(conn, opening, by, at)
        if opening.customer_id is not None and not await conn.fetchval(KNOWN_CUSTOMER, opening.customer_id):
            raise NotAdmissibleError((Problem("customer_id", Words("没有这位客户", "no such customer")),))
        await _refuse_unknown_codes(conn, opening, at)
        opening = openings.with_call(opening, known)
        second = known is not None and known.complaint is not None and not opening.another_matter
        if second and openings.decide(opening).nature is Nature.COMPLAINT:
            raise CallHasComplaintError(
                Words(
                    "本通话已有投诉服务单，请在其上补充；确为另一事项时注明 another_matter",
                    "this call has a complaint already: add to it, or say another_matter if it is about something else",
                ),
                rules=("R-4.12",),
                number=known.complaint if known else None,
            )
        return opening

    async def _call(
        self, conn: Connection, opening: Opening, by: By, at: datetime, *, spooled: bool = False
    ) -> Known | None:
        """Its call. One that is not stored yet may be told late while the database was away, so what was `spooled`
        on it stands."""
        if opening.call is None:
            return None
        call_id = opening.call.call_id
        row = await conn.fetchrow(CALL_KNOWN, *by.eyes.values, call_id)
        assert row is not None
        if not row["seen"] and (row["stored"] or not spooled):
            raise CallNotFoundError(Words("没有这个通话", "no such call"), call=str(call_id))
        if row["ended_at"] is not None and shanghai_day(row["ended_at"]) < shanghai_day(at):
            raise CallTooOldError(
                Words(
                    "通话已于此前结束,请按新的受理登记", "the call ended on an earlier day: take it as a new contact"
                ),
                rules=("R-1.4", "L-1"),
                ended_at=row["ended_at"].isoformat(),
            )
        return _known(row)

    async def _tell(self, name: str, reason: str) -> None:
        at = self._clock.now()
        kind = "ticket_set_aside"
        async with self._db.connection() as conn:
            await conn.execute(SAVE_INCIDENT, uuid7(at), kind, at, name, reason)

    async def _put(self, opening: Opening, by: By, at: datetime) -> None:
        document = {
            **openings.as_json(opening, by),
            "received_at": at.isoformat(),
            "fingerprint": openings.fingerprint(opening, by),
        }
        try:
            await self._spool.put(Entry(opening.key, document))
        except SpoolConflictError:
            raise KeyReusedError(Words("该键已用于另一请求", "this key was used for another request")) from None

    async def _replay_one(self, entry: Entry) -> None:
        opening, by = openings.of_json(entry.document)
        received_at = datetime.fromisoformat(entry.document["received_at"])
        at = self._clock.now()
        asked = openings.fingerprint(opening, by)
        async with self._db.transaction() as conn:
            if by.path is not None:
                known = await self._call(conn, opening, by, received_at, spooled=True)
                opening = openings.with_call(opening, known)
            other = await self._still_known(conn, opening, by)
            book = await self.rules.current(conn, at, shanghai_day(received_at))
            new = openings.new_ticket(opening, by, book, received_at, at, asked=asked, spooled=True)
            row = await store.open_ticket(conn, new)
            if row.fingerprint is None and other is not None:
                brought = {"facts": opening.new_facts, "reasons": opening.new_reasons}
                await matters.opened_with(conn, opening.key, other, by, at, **brought)
        if row.fingerprint is not None and row.fingerprint != new.fingerprint:
            raise KeyReusedError(Words("该键已用于另一请求", "this key was used for another request"))
        log.info("spooled ticket stored", extra={"ticket": row.number, "key": str(entry.key)})

    async def _still_known(self, conn: Connection, opening: Opening, by: By) -> UUID | None:
        """The earlier ticket a spooled one was said to be about; when there is none it is opened by itself."""
        if opening.same_matter_as is None:
            return None
        try:
            return await matters.named(conn, opening.same_matter_as, by)
        except TicketNotFoundError:
            log.warning("the earlier ticket is not known", extra={"key": str(opening.key)})
            return None


Written = tuple[OpenedRow, Decision, Relation | None]
"""What became of an opening, what it is, and what it is in its matter."""


def _opened(opening: Opening, by: By, row: OpenedRow, decided: Decision, relation: Relation | None) -> Opened:
    if row.fingerprint is not None and row.fingerprint != openings.fingerprint(opening, by):
        raise KeyReusedError(Words("该键已用于另一请求", "this key was used for another request"))
    return Opened(
        opening.key,
        row.number,
        decided.nature,
        decided.counts,
        decided.verdict,
        row.received_at,
        row.opened_live,
        row.seconds_into_call,
        repeated=row.fingerprint is not None,
        relation=relation,
    )


def _known(row: asyncpg.Record) -> Known:
    return Known(
        Direction(row["direction"]),
        row["customer_id"],
        row["policy_number"],
        row["callback_task_id"],
        row["callback_attempt_id"],
        row["complaint"],
    )
