"""Nobody can take the call: a callback task is made before the caller leaves his message, or hangs up
without one.

Plays and records nothing itself: the dialplan does that, with or without us. It hands over why nobody could, what the
caller had chosen, and what the message is recorded as.
"""

from agi.ports import Message, MessageDesk
from agi.scripts.dialogue import caller_of, finish, plain
from agi.session import Session

DEADLINE = 4.0


async def run(desk: MessageDesk, session: Session) -> None:
    reason, choice, recorded_as = (plain(session.env.get(f"agi_arg_{number}", "")) for number in (1, 2, 3))
    message = Message(reason=reason, choice=choice, recorded_as=recorded_as)
    await desk.take_message(caller_of(session), message)
    await finish(session)
