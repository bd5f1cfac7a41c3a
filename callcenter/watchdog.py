"""Ends the process when its event loop stops turning, so that the switch's fallback takes the calls instead.

The clock that runs out is a thread without need of Python's lock: neither a blocked loop nor a stuck extension can
stop it.
"""

import asyncio
import contextlib
import faulthandler
import sys
from collections.abc import AsyncIterator

LIMIT = 2.5
"""Seconds the loop may stand still; with the switch's and the supervisor's time a call is served again within 3 s."""
EVERY = 0.25


@contextlib.asynccontextmanager
async def guarded(limit: float = LIMIT, every: float = EVERY) -> AsyncIterator[None]:
    """While the block runs, a loop that stands still for `limit` seconds ends the process with status 1.

    Where every thread stood is written to standard error first.
    """
    loop = asyncio.get_running_loop()
    handle: asyncio.TimerHandle | None = None

    def beat() -> None:
        nonlocal handle
        faulthandler.dump_traceback_later(limit, exit=True, file=sys.__stderr__ or sys.stderr)
        handle = loop.call_later(every, beat)

    beat()
    try:
        yield
    finally:
        if handle is not None:
            handle.cancel()
        faulthandler.cancel_dump_traceback_later()
