"""A caller who chose "complaint" in the menu has a ticket, whatever was dead when he chose: the event log tells of it.

Consumes `complaint.chosen` of the outbox, some seconds after the choice. Must never open a second complaint on a call.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from callcenter import opening as openings
from callcenter.calls import store
from callcenter.calls.call import Incident
from callcenter.clock import Clock
from callcenter.complaints import Complaints
from callcenter.customers import phone
from callcenter.db.pool import Connection
from callcenter.ids import CallId
from callcenter.outbox import Message

log = logging.getLogger(__name__)

NAME = "complaints.choice"

HAS_COMPLAINT = """
SELECT EXISTS (
    SELECT FROM ticket_call l JOIN ticket t ON t.id = l.ticket_id WHERE l.call_id = $1 AND t.nature = 'complaint')"""


@dataclass(frozen=True)
class Choice:
    """The outbox's consumer. `clock` is what tickets see, `wall` dates the switch's facts."""

    complaints: Complaints
    clock: Clock
    wall: Clock

    async def hear(self, conn: Connection, message: Message) -> None:
        """Opens what the menu's script should have opened, under the same key, received when the caller chose it."""
        call_id = CallId(UUID(message.payload["call_id"]))
        if await conn.fetchval(HAS_COMPLAINT, call_id):
            return
        number = phone.normalise(message.payload["caller"])
        opening = openings.from_menu(call_id, message.payload["cc_call"], number)
        at = self.clock.now()
        received_at = at - max(self.wall.now() - message.at, timedelta(0))
        ticket = await self.complaints.open_late(conn, opening, openings.BY_MENU, received_at, at)
        if ticket is not None:
            log.error("complaint opened late", extra={"call": message.payload["cc_call"], "ticket": ticket})
            incident = Incident("complaint_opened_late", message.at, {"ticket": ticket})
            await store.raise_incidents(conn, [(call_id, incident)])
