"""The dialer's switch is Asterisk over ARI. Must never be asked to dial while its events are not heard."""

from collections.abc import Callable
from dataclasses import dataclass

from agi import names
from agi.ari.commands import Ari
from agi.ari.rest import NotFoundError, RejectedError
from callcenter.callbacks.dialer import NotDiallableError

CALLER_ID = "95519"
TRUNK = "trunk-main"


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

    async def dial(self, channel: str, number: str, agent_endpoint: str, seconds: int) -> None:
        try:
            await self.ari.originate(
                channel=channel,
                endpoint=f"PJSIP/{number}@{TRUNK}",
                context=names.CONTEXT_OUT,
                extension="s",
                caller_id=CALLER_ID,
                timeout=seconds,
                variables={names.VAR_AGENT: f"PJSIP/{agent_endpoint}"},
            )
        except (RejectedError, NotFoundError) as error:
            raise NotDiallableError(str(error)) from error
