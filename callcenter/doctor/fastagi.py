"""Our FastAGI listener, asked as Asterisk would ask it, at the address that Asterisk uses."""

import asyncio

from callcenter.doctor import dialplan
from callcenter.doctor.finding import Notes
from callcenter.doctor.installation import Installation
from callcenter.doctor.reason import reason
from callcenter.doctor.switch_settings import LOOPBACK
from callcenter.listening import QUESTION, reachable

TIMEOUT = 2.0


async def look(here: Installation, notes: Notes) -> None:
    """Connects, asks for a script that there is not, and sees what answers."""
    host, port = await _where(here, notes)
    if not host:
        return
    where = f"{host}:{port}"
    start = (
        "启动 callcenter telephony；在此之前来电走兜底流程",
        "start callcenter telephony; until then callers get the fallback",
    )
    try:
        async with asyncio.timeout(TIMEOUT):
            reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        said = f"{where} 连接不上：{reason(error)}", f"{where} cannot be reached: {reason(error)}"
        notes.fail("reachable", *said, start)
        return
    try:
        writer.write(QUESTION)
        async with asyncio.timeout(TIMEOUT):
            words = await reader.read(64)
    except (OSError, TimeoutError) as error:
        why = f"{where} 不应答：{reason(error)}", f"{where} does not answer: {reason(error)}"
        notes.fail("answers", *why, start)
    else:
        foreign = (
            "停止占用端口的程序，或改 fastagi.port 与 CC_AGI",
            "stop the program that has the port, or change fastagi.port and CC_AGI",
        )
        notes.expect(
            "reachable",
            not words,
            f"{where} {'应答' if not words else '是别的程序'}",
            f"{where} {'answers' if not words else 'is another program'}",
            foreign,
        )
    finally:
        writer.close()


async def _where(here: Installation, notes: Notes) -> tuple[str, int]:
    """CC_AGI when it means something from here, else the setting; no host when nothing can be asked."""
    listening = here.config.fastagi
    switch = await here.switch_or_none()
    asked = dialplan.fastagi(switch) if switch is not None else None
    if asked is None:
        return reachable(listening.host), listening.port
    if asked[0] in LOOPBACK and here.config.ami.host not in LOOPBACK:
        notes.warn(
            "reachable",
            f"CC_AGI = {asked[0]}:{asked[1]} 指 Asterisk 自己的机器，此处无法检查",
            f"CC_AGI = {asked[0]}:{asked[1]} means Asterisk's own machine and cannot be asked from here",
            ("在那台机器上运行 callcenter doctor", "run callcenter doctor on that machine"),
        )
        return "", 0
    return asked
