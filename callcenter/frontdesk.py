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
from callcenter.calls import store
from callcenter.calls.call import Announce
from callcenter.calls.store import Note
from callcenter.clock import Clock
from callcenter.complaints import Complaints
from callcenter.customers import phone
from callcenter.db.away import AWAY
from callcenter.db.pool import Database
from callcenter.ids import call_id, moment_of
from callcenter.lines import ORDINARY, Line, Lines
from callcenter.opening import By, OnCall, Opening, Via
from callcenter.recognition import Known
from tickets.intake import Particulars

log = logging.getLogger(__name__)

PATIENCE = 0.5
"""Seconds a greeting waits for PostgreSQL."""
REST = timedelta(seconds=2)
"""After a greeting had waited in vain during which none waits again."""
HEADQUARTERS = "hq"
NO_LINES: Mapping[str, Line] = {}
BY = By("system:ivr")
OPEN_TICKET_PRIORITY = 5
"""Who rings about an open ticket is served before others who began to wait with him."""

SELECT_ROOT = "SELECT id FROM organisation WHERE parent_id IS NULL"
RATE = "UPDATE call SET satisfaction = COALESCE(satisfaction, $2), version = version + 1 WHERE id = $1"


class FrontDesk:
    """The application behind the scripts (agi/ports.py)."""

    def __init__(self, db: Database, clock: Clock, complaints: Complaints, lines: Lines = NO_LINES) -> None:
        self._db = db
        self._clock = clock
        self._complaints = complaints
        self._lines = lines
        self._organisation: str | None = None
        self._away_until: datetime | None = None

    async def welcome(self, caller: Caller) -> Welcome:
        """Who is calling and where he should go; unless he dialled a number of its own, the queue is left to the menu
        and the controller."""
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
                return await recognition.known(conn, number, timeout=PATIENCE)
        except AWAY as error:
            self._away_until = now + REST
            log.warning("callers are greeted without the database", extra={"error": type(error).__name__})
            return None

    async def open_complaint(self, caller: Caller) -> str:
        """The number of the call's complaint; empty while the ticket is safe in the spool and has none yet."""
        id = call_id(caller.call)
        opened = await self._complaints.open(
            Opening(
                key=openings.menu_key(id, caller.call),
                via=Via.IVR,
                accepting_organisation=await self._root(),
                particulars=Particulars(complainant_phone=phone.normalise(caller.number)),
                call=OnCall(id, moment_of(id)),
            ),
            BY,
        )
        return opened.number or ""

    async def take_message(self, caller: Caller, message: Message) -> None:
        """A caller nobody served is rung back."""
        id = call_id(caller.call)
        told = Announce(
            "message.left",
            moment_of(id),
            {
                "call_id": str(id),
                "direction": "inbound",
                "caller": caller.number,
                "recorded_as": message.recorded_as,
                "wish": message.choice,
            },
        )
        async with self._db.transaction(timeout=PATIENCE * 4) as conn:
            await store.announce(conn, id, told)

    async def rate(self, caller: Caller, score: int) -> None:
        """The first mark of a call stays."""
        id = call_id(caller.call)
        async with self._db.transaction(timeout=PATIENCE * 4) as conn:
            await conn.execute(RATE, id, score)
            await store.note(conn, [Note(id, self._clock.now(), "agi", "rated", None, {"score": score})])

    async def _root(self) -> str:
        if self._organisation is None:
            try:
                async with self._db.connection(timeout=PATIENCE) as conn:
                    root: str | None = await conn.fetchval(SELECT_ROOT, timeout=PATIENCE)
            except AWAY:
                return HEADQUARTERS
            self._organisation = root
        return self._organisation or HEADQUARTERS
