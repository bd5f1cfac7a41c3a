"""Our server as it runs in the telephony process: router, limits, deadlines, counts, a JSON log line a session; the
script sets five variables."""

import asyncio
import sys

from agi.server import Route, listen
from agi.session import Session
from callcenter.config import LogConfig
from callcenter.log import configure

NAMES = ("CC_NEXT", "CC_LANG", "CC_PRIO", "CC_HINT", "CC_DONE")


async def five(session: Session) -> None:
    for name in NAMES:
        await session.set_variable(name, "x")


async def main() -> None:
    async with listen({"greet": Route(five, 4.0)}) as server:
        print(server.port, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    configure(LogConfig())
    if sys.argv[1:] == ["uvloop"]:
        import uvloop

        uvloop.run(main())
    else:
        asyncio.run(main())
