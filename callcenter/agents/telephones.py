"""Telephones as the switch sees them: whether one can be rung now. Asks only, and must never change anything."""

from enum import StrEnum

from agi.ari.commands import Ari
from agi.ari.rest import NotFoundError

KINDS = ("desk", "web")


class Line(StrEnum):
    """Free to be rung, in use, or not there: nothing is registered."""

    FREE = "free"
    BUSY = "busy"
    AWAY = "away"


class Telephones:
    """The telephones of one switch, named by their endpoints (`desk-8001`). Each raises AriError."""

    def __init__(self, ari: Ari) -> None:
        self._ari = ari

    async def line(self, endpoint: str) -> Line:
        try:
            state, channels = await self._ari.endpoint(endpoint)
        except NotFoundError:
            return Line.AWAY
        if state != "online":
            return Line.AWAY
        return Line.BUSY if channels else Line.FREE

    async def of(self, extension: str) -> dict[str, Line]:
        """Desk phone and browser of an extension."""
        return {f"{kind}-{extension}": await self.line(f"{kind}-{extension}") for kind in KINDS}

    async def there(self) -> frozenset[str]:
        """Every endpoint that is registered."""
        return frozenset(name for name, state in (await self._ari.endpoints()).items() if state == "online")
