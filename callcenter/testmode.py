"""Test mode: a clock that can be set, shared by all processes through the database. Must never touch real data.

A database belongs to one mode for ever: the first process stamps it, and a process of the other mode refuses.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from callcenter.clock import Clock, SystemClock
from callcenter.config import Config
from callcenter.db.pool import Database

log = logging.getLogger(__name__)

Mode = Literal["normal", "test"]

STAMP = "UPDATE installation SET mode = coalesce(mode, $1) RETURNING mode"
SELECT_CLOCK = "SELECT clock_at AS at, clock_set_at AS set_at, clock_frozen AS frozen FROM installation"
UPDATE_CLOCK = "UPDATE installation SET clock_at = $1, clock_set_at = $2, clock_frozen = $3 WHERE mode = 'test'"


class WrongModeError(Exception):
    """The database was used in the other mode; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The clock showed `at` when the machine's showed `set_at`; `at` None: as the machine. Frozen: it stands still."""

    at: datetime | None
    set_at: datetime | None
    frozen: bool


class SettableClock:
    """Shows the machine's time until it is set."""

    def __init__(self, wall: Clock) -> None:
        self.wall = wall
        self.changing = asyncio.Lock()
        """Held from reading or writing the stored setting until it is applied: an older one never comes last."""
        self._setting = Setting(None, None, False)

    def now(self) -> datetime:
        setting = self._setting
        if setting.at is None or setting.set_at is None:
            return self.wall.now()
        return setting.at if setting.frozen else setting.at + (self.wall.now() - setting.set_at)

    def apply(self, setting: Setting) -> None:
        """From here on the clock goes by the setting."""
        self._setting = setting


@asynccontextmanager
async def clock(config: Config, db: Database) -> AsyncIterator[Clock]:
    """The clock of a process: the machine's, or in test mode one that follows the others. Raises WrongModeError."""
    await claim(db, config.mode)
    if config.mode == "normal":
        yield SystemClock()
        return
    settable = SettableClock(SystemClock())
    await catch_up(db, settable)
    following = asyncio.get_running_loop().create_task(follow(db, settable), name="test clock")
    try:
        yield settable
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


async def claim(db: Database, mode: Mode) -> None:
    """Stamps a new database with the mode. Raises WrongModeError when it has the other one."""
    async with db.connection() as conn:
        stamped = await conn.fetchval(STAMP, mode)
    if stamped != mode:
        raise WrongModeError(
            f"this database is in use in {stamped} mode: a process in {mode} mode must have a database of its own"
        )


async def set_clock(db: Database, clock: SettableClock, at: datetime | None, *, frozen: bool) -> None:
    """Sets the clock of this process at once, and of the others within a second; None goes back to the machine's."""
    setting = Setting(at, clock.wall.now() if at is not None else None, frozen)
    async with clock.changing, db.connection() as conn:
        await conn.execute(UPDATE_CLOCK, setting.at, setting.set_at, setting.frozen)
        clock.apply(setting)


async def catch_up(db: Database, clock: SettableClock) -> None:
    """Applies what another process has set."""
    async with clock.changing, db.connection() as conn:
        row = await conn.fetchrow(SELECT_CLOCK)
        assert row is not None
        clock.apply(Setting(**dict(row)))


async def follow(db: Database, clock: SettableClock, every: float = 0.5) -> None:
    """Keeps the clock in step with the other processes, for ever."""
    while True:
        try:
            await catch_up(db, clock)
        except Exception as error:
            log.warning("test clock not read", extra={"reason": repr(error)[:200]})
        await asyncio.sleep(every)
