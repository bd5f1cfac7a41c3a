"""Nobody could take the call and the caller left a message: it becomes a callback task.

Plays and records nothing itself: the dialplan has done that, with or without us.
"""

from agi import names
from agi.ports import Message, MessageDesk
from agi.scripts.dialogue import caller_of, finish, plain
from agi.session import Session

DEADLINE = 4.0


async def run(desk: MessageDesk, session: Session) -> None:
    message = Message(
        recorded_as=plain(await session.get_variable(names.VAR_MESSAGE)),
        choice=plain(await session.get_variable(names.VAR_CHOICE)),
    )
    await desk.take_message(caller_of(session), message)
    await finish(session)
