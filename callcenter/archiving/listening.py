"""Who may hear a recording, and what for. Three rights, each its own; a reason always (E-11, T-6).

The whole right hears all that may be known of from its organisation; the right of the case what hangs on a ticket its
holder may see; one's own right the calls one has spoken on. Must never be asked once for a whole conversation: it is
judged anew for every range that is sent.
"""

from dataclasses import dataclass
from uuid import UUID

from callcenter.accounts.actor import Actor
from callcenter.accounts.permissions import Permission
from callcenter.archiving.errors import NotYoursToHearError, TicketNotOfRecordingError
from callcenter.db.pool import Connection
from callcenter.errors import NotFoundError
from callcenter.opening import By
from callcenter.reach import in_reach
from tickets import store as tickets
from tickets.errors import Words

TICKETS = "SELECT ticket_id FROM ticket_call WHERE call_id = $1 ORDER BY ticket_id"
SPOKE = """
SELECT EXISTS (SELECT FROM call WHERE id = $1 AND user_id = $2)
    OR EXISTS (SELECT FROM call_leg WHERE call_id = $1 AND user_id = $2 AND role IN ('agent', 'consult')
        AND answered_at IS NOT NULL)"""

RIGHTS = (Permission.RECORDING_LISTEN, Permission.RECORDING_LISTEN_CASE, Permission.RECORDING_LISTEN_OWN)
"""Each lets its holder ask; which recordings it opens is judged here."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who wants to hear, as a person with rights and as somebody who works on tickets."""

    actor: Actor
    by: By


async def admit(conn: Connection, listener: Listener, call_id: UUID | None, ticket_id: UUID | None) -> None:
    """Returns when the recording of the call (None: of no call) may be heard.

    A ticket that is named must be one the listener may see (NotFoundError) and the recording must hang on it
    (TicketNotOfRecordingError). Raises NotYoursToHearError.
    """
    hangs_on = [] if call_id is None else [row["ticket_id"] for row in await conn.fetch(TICKETS, call_id)]
    if ticket_id is not None:
        if not await _sees(conn, listener, ticket_id):
            raise NotFoundError("ticket", ticket_id)
        if ticket_id not in hangs_on:
            raise TicketNotOfRecordingError(
                Words("这条录音不属于该服务单。", "This recording does not hang on that ticket.")
            )
    may = listener.actor.may
    if may(Permission.RECORDING_LISTEN):
        return
    if may(Permission.RECORDING_LISTEN_CASE):
        if ticket_id is not None:
            return
        for other in hangs_on:
            if await _sees(conn, listener, other):
                return
    if (
        may(Permission.RECORDING_LISTEN_OWN)
        and call_id is not None
        and await conn.fetchval(SPOKE, call_id, listener.actor.id)
    ):
        return
    raise NotYoursToHearError(
        Words("这条录音不在您可以收听的范围内。", "This recording is not among those you may hear.")
    )


async def _sees(conn: Connection, listener: Listener, ticket_id: UUID) -> bool:
    row = await tickets.find(conn, ticket_id)
    return row is not None and await in_reach(conn, listener.by, row)
