"""The worker process: what must happen, but not while somebody waits. Every loop survives its own failures."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

FAILURE_PAUSE = 5.0


async def repeat(name: str, step: Callable[[], Awaitable[object]], every: float) -> None:
    """Does `step` for ever, `every` seconds apart; a failure is logged, and tried again after 5 s."""
    while True:
        try:
            await step()
        except Exception:
            log.exception("a repeated job failed", extra={"job": name})
            await asyncio.sleep(FAILURE_PAUSE)
        else:
            await asyncio.sleep(every)
