"""An inbound call is answered: who is calling, which queue, which language, whom he knows already.

Must never keep a caller waiting for us: when the application is slow or fails he gets the safe defaults and
goes on.
"""

import asyncio
import logging

from agi import names
from agi.ports import Reception, Welcome
from agi.scripts.dialogue import caller_of, finish
from agi.session import Session

log = logging.getLogger(__name__)

DEADLINE = 4.0
PATIENCE = 2.0
"""Seconds the application has to say who is calling."""

SAFE = Welcome()


async def run(reception: Reception, session: Session) -> None:
    caller = caller_of(session)
    try:
        async with asyncio.timeout(PATIENCE):
            welcome = await reception.welcome(caller)
    except Exception as error:
        log.warning("caller sent on unrecognised", exc_info=error, extra={"call": caller.call})
        welcome = SAFE
    await finish(
        session,
        {
            names.VAR_NEXT: welcome.queue,
            names.VAR_LANGUAGE: welcome.language,
            names.VAR_PRIORITY: welcome.priority,
            names.VAR_STICKY: welcome.sticky,
            names.VAR_OPEN: "" if welcome.is_open is None else int(welcome.is_open),
            names.VAR_MENU: "" if welcome.menu else "skip",
        },
    )
