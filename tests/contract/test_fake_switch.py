"""The fake switch of the unit tests has the habits of a real one (tests/asterisk/test_ari_habits.py runs the same)."""

import pytest

from agi.ari.rest import Rest
from tests.contract.habits import HABITS, Habit
from tests.fakes.asterisk import switched_on

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.__name__)
async def test_the_fake_has_this_habit(habit: Habit) -> None:
    """B4 B7 B9 B12 B13"""
    async with switched_on() as switch, Rest(switch.url, "cc", "x") as rest:
        await habit(rest)
