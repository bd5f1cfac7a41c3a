"""Whether the clocks of PostgreSQL, of Asterisk and of this machine agree: moments of one story come from all three."""

import math
from datetime import UTC, datetime, timedelta

import asyncpg

from callcenter.db.away import AWAY
from callcenter.doctor.finding import Notes
from callcenter.doctor.installation import Installation

TIMEOUT = 3.0
NOTICEABLE = 0.5
WRONG = 2.0
"""Seconds: a ticket's moment is compared with its call's end, a telephony process is given up after 8."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

NOW = "SELECT clock_timestamp()"


async def look(here: Installation, notes: Notes) -> None:
    """Compares, allowing for half a round trip; what cannot be reached is left to its own part."""
    switch = await here.switch_or_none()
    if switch is not None and not math.isnan(switch.at):
        _judge("asterisk", "Asterisk", (EPOCH + timedelta(seconds=switch.at) - switch.asked).total_seconds(), notes)
    try:
        conn = await asyncpg.connect(here.config.database.url, timeout=TIMEOUT, command_timeout=TIMEOUT)
    except (*AWAY, asyncpg.PostgresError):
        return
    try:
        before = here.clock.now()
        at = await conn.fetchval(NOW)
        middle = before + (here.clock.now() - before) / 2
    finally:
        conn.terminate()
    _judge("postgres", "PostgreSQL", (at - middle).total_seconds(), notes)


def _judge(check: str, name: str, ahead: float, notes: Notes) -> None:
    zh, en = f"{name} 的时钟与本机相差 {ahead:+.2f} 秒", f"{name}'s clock is {ahead:+.2f} s from ours"
    todo = ("各机器启用时间同步（chrony）", "keep all machines' clocks in step (chrony)")
    if abs(ahead) >= WRONG:
        notes.fail(check, zh, en, todo)
    elif abs(ahead) >= NOTICEABLE:
        notes.warn(check, zh, en, todo)
    else:
        notes.ok(check, zh, en)
