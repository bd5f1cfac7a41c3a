"""The script server as the telephony process composes it, on a real database: `desk.py URL SPOOL one|separate`."""

import asyncio
import sys
from pathlib import Path

import uvloop

from agi.scripts import routes
from agi.server import listen
from bench.inbound import separate
from callcenter.clock import SystemClock
from callcenter.complaints import Complaints
from callcenter.config import LogConfig
from callcenter.db.pool import Database
from callcenter.frontdesk import FrontDesk
from callcenter.log import configure
from callcenter.spool import TicketSpool
from tickets import store


async def main(url: str, spool: str) -> None:
    database = await Database.connect(url, application="bench")
    clock = SystemClock()
    desk = FrontDesk(database, clock, Complaints(database, clock, TicketSpool(Path(spool))))
    async with listen(routes(desk)) as server:
        print(server.port, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    configure(LogConfig())
    if sys.argv[3] == "separate":
        store.open_ticket = separate.open_ticket
    uvloop.run(main(sys.argv[1], sys.argv[2]))
