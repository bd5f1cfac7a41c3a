"""Nobody can take the call: a callback task is made before the caller leaves his message, or hangs up
without one.

Plays and records nothing itself: the dialplan does that, with or without us.
"""

from agi import names
from agi.ports import Message, MessageDesk
from agi.scripts.dialogue import caller_of, finish, plain
from agi.session import Session

DEADLINE = 4.0


async def run(desk: MessageDesk, session: Session) -> None:
    message = Message(
        reason=plain(await session.get_variable(names.VAR_REASON)),
        choice=plain(await session.get_variable(names.VAR_CHOICE)),
        recorded_as=plain(await session.get_variable(names.VAR_MESSAGE)),
    )
    await desk.take_message(caller_of(session), message)
    await finish(session)
