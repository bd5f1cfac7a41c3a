"""What the parts of an examination share: the settings, the clock, and what Asterisk said, asked for once."""

import asyncio
from dataclasses import dataclass

from agi.ami import AmiError
from callcenter.clock import Clock
from callcenter.config import Config
from callcenter.doctor.switch import Switch


@dataclass(frozen=True, slots=True)
class Installation:
    """`asking` is the visit to Asterisk that all parts wait for."""

    config: Config
    clock: Clock
    asking: asyncio.Task[Switch]

    async def switch(self) -> Switch:
        """What Asterisk said. Raises AmiDeniedError, AmiUnavailableError."""
        return await asyncio.shield(self.asking)

    async def switch_or_none(self) -> Switch | None:
        """What Asterisk said, for a part that can do without."""
        try:
            return await self.switch()
        except AmiError:
            return None
