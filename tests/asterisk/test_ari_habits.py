"""A real Asterisk has the habits our ARI client builds on, and those of the fake switch."""

import asyncio

import pytest

from agi.ari.commands import Ari
from agi.ari.rest import Rest
from callcenter.lab.asterisk import AsteriskAddress
from tests.contract.habits import HABITS, Habit

pytestmark = pytest.mark.asterisk


async def all_quiet(ari: Ari) -> None:
    """No channel is left for the next test."""
    async with asyncio.timeout(10):
        while channels := await ari.channels():
            for channel in channels:
                await ari.hangup(channel.id)
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.__name__)
async def test_asterisk_has_this_habit(asterisk: AsteriskAddress, habit: Habit) -> None:
    """B4 B7 B9 B12 B13"""
    async with Rest(asterisk.ari_url, asterisk.ari_user, asterisk.ari_password) as rest:
        try:
            await habit(rest)
        finally:
            await all_quiet(Ari(rest))
