"""The caller chose "complaint": the ticket is opened now, before an agent answers.

Tells the dialplan the number only after the ticket is safe; without the mark the dialplan promises nothing.
"""

from agi import names
from agi.ports import ComplaintDesk
from agi.scripts.dialogue import caller_of, finish
from agi.session import Session

DEADLINE = 4.0


async def run(desk: ComplaintDesk, session: Session) -> None:
    number = await desk.open_complaint(caller_of(session))
    await finish(session, {names.VAR_TICKET: number, names.VAR_NEXT: names.QUEUE_COMPLAINT})
