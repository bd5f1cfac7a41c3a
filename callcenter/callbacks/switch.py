"""The dialer's switch is Asterisk over ARI. Must never be asked to dial while its events are not heard."""

from collections.abc import Callable
from dataclasses import dataclass

from agi import names
from agi.ari.commands import Ari
from agi.ari.rest import NotFoundError, RejectedError
from callcenter.agents.telephones import Line, Telephones
from callcenter.callbacks.dialer import NotDiallableError, Ring

CALLER_ID = "95519"


@dataclass(frozen=True)
class AriSwitch:
    """Customer first: on answer the dialplan's `cc-out` records, plays the notice and rings the agent who asked.

    `heard` says whether events arrive and everything missed has been caught up with; `remembered` whether a channel of
    this id has been heard of, also when it is gone and not written yet.
    """

    ari: Ari
    heard: Callable[[], bool]
    remembered: Callable[[str], bool]

    def hears(self) -> bool:
        return self.heard()

    async def has_channel(self, channel: str) -> bool:
        return self.remembered(channel) or await self.ari.channel(channel) is not None

    async def is_free(self, endpoint: str) -> bool:
        """Whether an agent's telephone is registered and on no call."""
        return await Telephones(self.ari).line(endpoint) is Line.FREE

    async def dial(self, ring: Ring) -> None:
        variables = {names.VAR_AGENT: f"PJSIP/{ring.agent_endpoint}"}
        if ring.detects_machines:
            variables[names.VAR_MACHINES] = "1"
        try:
            await self.ari.originate(
                channel=ring.channel,
                endpoint=f"PJSIP/{ring.number}@{ring.trunk}",
                context=names.CONTEXT_OUT,
                extension="s",
                caller_id=CALLER_ID,
                timeout=ring.seconds,
                variables=variables,
            )
        except (RejectedError, NotFoundError) as error:
            raise NotDiallableError(str(error)) from error
