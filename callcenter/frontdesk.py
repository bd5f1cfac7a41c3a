"""What the AGI scripts ask of the application: who is calling, a complaint, a message,
a mark. Must never keep a caller waiting.

Without PostgreSQL callers are still greeted and sent on, and a complaint goes to the spool.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from agi import names
from agi.ports import Caller, Message, Welcome
from callcenter import opening as openings
from callcenter.calls import channels, store
from callcenter.calls.call import direction_of, message_left
from callcenter.calls.store import Note
from callcenter.clock import Clock
from callcenter.complaints import Complaints
from callcenter.customers import phone
from callcenter.db.away import AWAY
from callcenter.db.pool import Database
from callcenter.ids import call_id
from callcenter.service_hours import ServiceHours
from tickets.store import Arrival

log = logging.getLogger(__name__)

PATIENCE = 0.5
"""Seconds a greeting waits for PostgreSQL."""
REST = timedelta(seconds=2)
"""After a greeting had waited in vain during which none waits again."""
OPEN_TICKET_PRIORITY = 5
"""Who rings about an open ticket is served before others who began to wait with him."""

WHO_CALLS = """
WITH holder AS (SELECT customer_id FROM customer_phone WHERE number = $1 LIMIT 20),
open AS (
    SELECT number, opened_by_user, received_at FROM ticket
    WHERE status <> 'closed' AND customer_id IN (SELECT customer_id FROM holder)
    UNION
    SELECT number, opened_by_user, received_at FROM ticket WHERE status <> 'closed' AND complainant_phone = $1
)
SELECT (SELECT count(*) FROM holder) AS candidates,
    (SELECT count(*) FROM open) AS open_tickets,
    (SELECT number FROM open ORDER BY received_at DESC LIMIT 1) AS latest,
    (SELECT 'PJSIP/' || s.endpoint FROM open JOIN agent_state s ON s.user_id = open.opened_by_user
     WHERE s.state = 'ready' ORDER BY open.received_at DESC LIMIT 1) AS sticky"""
RATE = "UPDATE call SET satisfaction = COALESCE(satisfaction, $2), version = version + 1 WHERE id = $1"


class FrontDesk:
    """The application behind the scripts (agi/ports.py)."""

    def __init__(self, db: Database, clock: Clock, complaints: Complaints, hours: ServiceHours | None = None) -> None:
        self._db = db
        self._clock = clock
        self._complaints = complaints
        self._hours = hours
        self._away_until: datetime | None = None

    async def welcome(self, caller: Caller) -> Welcome:
        """Who is calling, where he should go, and whether anybody answers now.

        The queue is left to the menu and the controller; the calendar is the last one read when the database is away.
        """
        welcome = await self._known(caller)
        if self._hours is None:
            return welcome
        calendar = self._complaints.rules.latest.calendar
        return replace(welcome, is_open=self._hours.is_open(self._clock.now(), calendar))

    async def _known(self, caller: Caller) -> Welcome:
        number = phone.normalise(caller.number)
        now = self._clock.now()
        if number is None or (self._away_until is not None and now < self._away_until):
            return Welcome(queue="" if number is None else names.QUEUE_GENERAL)
        try:
            async with self._db.connection(timeout=PATIENCE) as conn:
                row = await conn.fetchrow(WHO_CALLS, number, timeout=PATIENCE)
                await self._complaints.rules.current(conn, now)
        except AWAY as error:
            self._away_until = now + REST
            log.warning("callers are greeted without the database", extra={"error": type(error).__name__})
            return Welcome()
        assert row is not None
        hint = f"candidates={row['candidates']} open={row['open_tickets']}"
        return Welcome(
            queue="",
            priority=OPEN_TICKET_PRIORITY if row["open_tickets"] else 0,
            sticky=row["sticky"] or "",
            hint=f"{hint} latest={row['latest']}" if row["latest"] else hint,
        )

    async def open_complaint(self, caller: Caller) -> str:
        """The number of the call's complaint; empty while the ticket is safe in the spool and has none yet."""
        id = call_id(caller.call)
        opened = await self._complaints.open(
            openings.from_menu(id, caller.call, phone.normalise(caller.number), _arrival(caller)), openings.BY_MENU
        )
        return opened.number or ""

    async def take_message(self, caller: Caller, message: Message) -> None:
        """A caller nobody served is rung back."""
        id = call_id(caller.call)
        told = message_left(id, caller.number, message.choice, message.recorded_as)
        async with self._db.transaction(timeout=PATIENCE * 4) as conn:
            await store.announce(conn, id, told)

    async def rate(self, caller: Caller, score: int) -> None:
        """The first mark of a call stays."""
        id = call_id(caller.call)
        async with self._db.transaction(timeout=PATIENCE * 4) as conn:
            await conn.execute(RATE, id, score)
            await store.note(conn, [Note(id, self._clock.now(), "agi", "rated", None, {"score": score})])


def _arrival(caller: Caller) -> Arrival:
    return Arrival(caller.call, direction_of(caller.call).value, caller.number, channels.number(caller.dialled))
