"""Waiting in tests: until something is true, never for a while."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool], within: float = 3.0) -> None:
    """Return as soon as `condition` holds; TimeoutError when it does not within so many seconds."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.005)
