"""Waiting for something no longer than it may take, even if giving up would itself take longer.

A cancelled query on a database that hangs hangs in its clean-up; here nobody waits for that either.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_late: set["asyncio.Task[Any]"] = set()
"""Attempts given up and not yet ended, kept from being collected."""


async def within(seconds: float, attempt: Coroutine[Any, Any, T]) -> T:
    """The attempt's result. Raises TimeoutError after so many seconds; the attempt may still succeed later."""
    task = asyncio.get_running_loop().create_task(attempt)
    _late.add(task)
    task.add_done_callback(_forget)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if done:
        return task.result()
    task.cancel()
    raise TimeoutError(f"no answer within {seconds} s")


def _forget(task: "asyncio.Task[Any]") -> None:
    _late.discard(task)
    if not task.cancelled():
        task.exception()
