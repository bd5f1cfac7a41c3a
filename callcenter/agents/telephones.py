"""Telephones as the switch sees them: whether one can be rung now. Asks only, and must never change anything."""

from collections.abc import Mapping
from enum import StrEnum

from agi.ari.commands import Ari

KINDS = ("desk", "web")
TECHNOLOGY = "PJSIP/"


class Line(StrEnum):
    """Free to be rung, in use, or not there: nothing is registered."""

    FREE = "free"
    BUSY = "busy"
    AWAY = "away"


LINES: Mapping[str, Line] = {
    "NOT_INUSE": Line.FREE,
    "INUSE": Line.BUSY,
    "BUSY": Line.BUSY,
    "RINGING": Line.BUSY,
    "RINGINUSE": Line.BUSY,
    "ONHOLD": Line.BUSY,
}
"""Asterisk's device states; every other one is a telephone that is not there."""


class Telephones:
    """The telephones of one switch, named by their endpoints (`desk-8001`). Each raises AriError."""

    def __init__(self, ari: Ari) -> None:
        self._ari = ari

    async def line(self, endpoint: str) -> Line:
        return LINES.get(await self._ari.device_state(TECHNOLOGY + endpoint), Line.AWAY)

    async def of(self, extension: str) -> dict[str, Line]:
        """Desk phone and browser of an extension."""
        return {f"{kind}-{extension}": await self.line(f"{kind}-{extension}") for kind in KINDS}

    async def there(self) -> frozenset[str]:
        """Every endpoint that is registered."""
        return frozenset(name for name, state in (await self._ari.endpoints()).items() if state == "online")
