"""What every script does alike: read who is on the line, leave the results with the mark.

Decides nothing about the call; the mark is always set last, for Asterisk reports a crash as success.
"""

import re
from collections.abc import Mapping

from agi import names
from agi.numbers import caller_number
from agi.ports import Caller
from agi.session import Session

UNSAFE = re.compile(r"[\x00-\x1f\x7f]")
PARTING = re.compile(r'[,"\\()\[\]]')
"""What takes a list of values apart, or holds it together, in a dialplan function's arguments."""
NOTHING: Mapping[str, object] = {}
MAX_TEXT = 400


def caller_of(session: Session) -> Caller:
    """The caller as the environment describes him; `unknown`, Asterisk's word for nothing, becomes empty."""
    env = session.env
    return Caller(
        call=env["agi_uniqueid"],
        channel=env.get("agi_channel", ""),
        number=caller_number(env.get("agi_callerid", "")),
        name=known(env.get("agi_calleridname", "")),
        dialled=known(env.get("agi_dnid", "")),
        language=env.get("agi_language", ""),
    )


async def finish(session: Session, results: Mapping[str, object] = NOTHING) -> None:
    """Set the script's results as channel variables, and the mark that it did all it had to as the last of them.

    One command whatever their number, by Asterisk's ARRAY: under load each would wait for its turn on the channel.
    """
    if not results:
        await session.set_variable(names.VAR_DONE, "1")
        return
    values = (PARTING.sub(" ", plain(str(value))) for value in results.values())
    await session.set_variable(f"ARRAY({','.join((*results, names.VAR_DONE))})", ",".join((*values, "1")))


def known(text: str) -> str:
    return "" if text == "unknown" else plain(text)


def plain(text: str) -> str:
    """Text that fits one channel variable: control characters become spaces, and it is cut at MAX_TEXT."""
    return UNSAFE.sub(" ", text)[:MAX_TEXT]
