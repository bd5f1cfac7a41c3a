"""What the AGI scripts ask of the application: who is calling, a complaint, a message,
a mark. Must never keep a caller waiting.

Without PostgreSQL callers are still greeted and sent on, and a complaint goes to the spool.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from agi import names
from agi.ports import Caller, Message, Welcome
from callcenter import opening as openings
from callcenter import recognition
from callcenter.calls import channels, store
from callcenter.calls.call import direction_of, message_left
from callcenter.calls.store import Note
from callcenter.clock import Clock
from callcenter.complaints import Complaints
from callcenter.customers import phone
from callcenter.db.away import AWAY
from callcenter.db.pool import Database
from callcenter.ids import call_id
from callcenter.lines import ORDINARY, Line, Lines
from callcenter.recognition import Known
from callcenter.service_hours import ServiceHours
from tickets.store import Arrival

log = logging.getLogger(__name__)

PATIENCE = 0.5
"""Seconds a greeting waits for PostgreSQL."""
REST = timedelta(seconds=2)
"""After a greeting had waited in vain during which none waits again."""
NO_LINES: Mapping[str, Line] = {}
OPEN_TICKET_PRIORITY = 5
"""Who rings about an open ticket is served before others who began to wait with him."""
RATE = "UPDATE call SET satisfaction = COALESCE(satisfaction, $2), version = version + 1 WHERE id = $1"


class FrontDesk:
    """The application behind the scripts (agi/ports.py)."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        complaints: Complaints,
        hours: ServiceHours | None = None,
        lines: Lines = NO_LINES,
    ) -> None:
        self._db = db
        self._clock = clock
        self._complaints = complaints
        self._hours = hours
        self._lines = lines
        self._away_until: datetime | None = None

    async def welcome(self, caller: Caller) -> Welcome:
        """Who is calling, where he should go, and whether anybody answers now.

        Unless he dialled a number of its own, the queue is left to the menu and the controller; the calendar is the
        last one read when the database is away.
        """
        welcome = await self._recognised(caller)
        if self._hours is None:
            return welcome
        calendar = self._complaints.rules.latest.calendar
        return replace(welcome, is_open=self._hours.is_open(self._clock.now(), calendar))

    async def _recognised(self, caller: Caller) -> Welcome:
        line = self._lines.get(caller.dialled, ORDINARY)
        plain = Welcome(queue=line.queue, language=line.language, menu=not line.queue)
        number = phone.normalise(caller.number)
        if number is None:
            return plain
        known = await self._known(number)
        if known is None:
            return replace(plain, queue=line.queue or names.QUEUE_GENERAL)
        return replace(
            plain,
            priority=OPEN_TICKET_PRIORITY if known.open_tickets else 0,
            sticky=f"PJSIP/{known.agent_endpoint}" if known.agent_endpoint else "",
        )

    async def _known(self, number: str) -> Known | None:
        """None while PostgreSQL is away: no caller waits for it twice in a row."""
        now = self._clock.now()
        if self._away_until is not None and now < self._away_until:
            return None
        try:
            async with self._db.connection(timeout=PATIENCE) as conn:
                await self._complaints.rules.current(conn, now)
                return await recognition.known(conn, number, timeout=PATIENCE)
        except AWAY as error:
            self._away_until = now + REST
            log.warning("callers are greeted without the database", extra={"error": type(error).__name__})
            return None

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
