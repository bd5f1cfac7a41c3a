"""What both calls need: people at the API, telephones on SIP, voices. Must never know the database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from callcenter.demo.client import Person, until
from callcenter.demo.evidence import CallSeen, TicketSeen
from callcenter.demo.narrator import Narrator
from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.phone import Manner, Phone
from callcenter.lab.rtp import Say
from callcenter.lab.speech import speak_alaw

ENDED_WITHIN = 60.0


@dataclass(frozen=True)
class Stage:
    """The switch's address, where voices are kept, who tells the story, and who takes part."""

    address: AsteriskAddress
    voices: Path
    narrator: Narrator
    agent: Person
    callback_agent: Person
    supervisor: Person

    async def voice(self, text: str) -> Say:
        """The text as Mandarin speech."""
        return Say(await asyncio.to_thread(speak_alaw, text, self.voices))

    async def log_in(self, person: Person) -> None:
        """The person is ready at the desk phone, and the queues ring it."""
        await person.post("/agents/me/actions/log-in", {"phone": "desk"})

    @asynccontextmanager
    async def desk_phone(self, person: Person) -> AsyncIterator[Phone]:
        """The person's own SIP telephone, registered."""
        me = await person.get("/me")
        extension = me["extension"]
        password = next(one.password for one in self.address.phones if one.extension == extension)
        server = (self.address.host, self.address.sip_port)
        async with Phone(
            server, name=f"desk-{extension}", password=password, manner=Manner(ring=0.8), host=self.address.here
        ) as phone:
            yield phone

    @asynccontextmanager
    async def customers_phone(self) -> AsyncIterator[Phone]:
        """The telephone the carrier delivers our calls to."""
        server = (self.address.host, self.address.sip_port)
        address = self.address
        async with Phone(server, manner=Manner(ring=1.5), port=address.trunk_port, host=address.here) as phone:
            yield phone

    async def call_in_state(self, call_id: str, state: str) -> Any:
        """The call, once it is in that state."""

        async def look() -> Any:
            call = await self.supervisor.find(f"/calls/{call_id}")
            return call if call is not None and call["state"] == state else None

        return await until(f"call {call_id} {state}", look, ENDED_WITHIN)

    async def until_second(self, call: Any, second: float) -> None:
        """Waits until so many seconds after the call was answered."""
        now = datetime.fromisoformat((await self.supervisor.get("/me"))["now"])
        passed = (now - datetime.fromisoformat(call["answered_at"])).total_seconds()
        await asyncio.sleep(max(0.0, second - passed))

    async def call_seen(self, call_id: str) -> CallSeen:
        """The call as it was, once it is over."""
        call = await self.call_in_state(call_id, "ended")
        self.narrator.tell(f"通话结束 {call['ended_at']}", "the call has ended")
        return CallSeen(
            id=call_id,
            direction=call["direction"],
            customer=call["caller"] if call["direction"] == "inbound" else call["dialled"],
            started_at=call["started_at"],
            answered_at=call["answered_at"],
            ended_at=call["ended_at"],
        )


def ticket_seen(ticket: dict[str, Any], recording_id: str) -> TicketSeen:
    """A ticket's file, from the call it was opened on."""
    [link] = ticket["calls"]
    opened, ended = datetime.fromisoformat(ticket["received_at"]), datetime.fromisoformat(link["call_ended_at"])
    return TicketSeen(
        id=ticket["id"],
        number=ticket["number"],
        nature=ticket["nature"],
        channel=ticket["channel"],
        source=ticket["source"],
        opened_via=ticket["opened_via"],
        counted=ticket["pieces"] > 0,
        call_id=link["call_id"],
        opened_at=ticket["received_at"],
        call_ended_at=link["call_ended_at"],
        seconds_into_call=link["seconds_into_call"],
        seconds_before_end=round((ended - opened).total_seconds(), 3),
        recording_id=recording_id,
    )
