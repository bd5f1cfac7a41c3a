"""The AMI actions we use, typed: queue membership, transfers, conference, muting of the capture.

What was done before counts as done: the answer says whether it happened now. Nothing here decides who
should be where.
"""

from dataclasses import dataclass
from typing import Literal

from agi.ami import ActionRefusedError, Ami, AmiError, Message


@dataclass(frozen=True, slots=True)
class Member:
    """An agent's place in a queue as Asterisk sees it. `status` is Asterisk's device state number (1 free,
    2 in use, 5 away)."""

    queue: str
    interface: str
    name: str
    paused: bool
    pause_reason: str
    penalty: int
    status: int
    calls_taken: int
    in_call: bool
    is_static: bool


@dataclass(frozen=True, slots=True)
class Waiter:
    """A caller in a queue, `seconds` since he joined, `position` from 1."""

    queue: str
    channel: str
    unique_id: str
    position: int
    seconds: int


class Actions:
    """Actions on one Asterisk. Each raises AmiError unless its text says otherwise."""

    def __init__(self, ami: Ami) -> None:
        self.ami = ami

    async def time(self) -> float:
        """The switch's own clock, in seconds since 1970."""
        answer = await self.ami.action("Ping")
        try:
            return float(answer.get("Timestamp"))
        except ValueError:
            raise AmiError("the switch does not tell the time") from None

    # Queues

    async def queue_add(
        self,
        queue: str,
        interface: str,
        *,
        name: str = "",
        penalty: int = 0,
        paused: bool = False,
        state_interface: str | None = None,
    ) -> bool:
        """Put an agent's phone into a queue; False when it was in it."""
        return await self._unless(
            "Already there",
            "QueueAdd",
            Queue=queue,
            Interface=interface,
            MemberName=name or None,
            Penalty=penalty,
            Paused=paused,
            StateInterface=state_interface,
        )

    async def queue_remove(self, queue: str, interface: str) -> bool:
        """Take an agent's phone out of a queue; False when it was not in it."""
        return await self._unless("Not there", "QueueRemove", Queue=queue, Interface=interface)

    async def queue_pause(
        self, interface: str, *, paused: bool, reason: str | None = None, queue: str | None = None
    ) -> bool:
        """Pause or resume an agent in one queue or in all of his; False when he is in none."""
        return await self._unless(
            "Interface not found",
            "QueuePause",
            Interface=interface,
            Paused=paused,
            Reason=reason,
            Queue=queue,
        )

    async def queue_status(self, queue: str | None = None) -> tuple[tuple[Member, ...], tuple[Waiter, ...]]:
        """All members and all waiting callers, of one queue or of every."""
        listed = await self.ami.listing("QueueStatus", Queue=queue)
        members = tuple(_member(one) for one in listed if one.event == "QueueMember")
        waiters = tuple(_waiter(one) for one in listed if one.event == "QueueEntry")
        return members, waiters

    # Channels

    async def channels(self) -> tuple[Message, ...]:
        """Every channel, as CoreShowChannel events (Channel, Uniqueid, Linkedid, BridgeId, Context,
        Application, …)."""
        return await self.ami.listing("CoreShowChannels")

    async def bridge(self, channel: str) -> str | None:
        """The bridge a channel is in. Raises ActionRefusedError when there is no such channel."""
        listed = await self.ami.listing("Status", Channel=channel)
        return next((one.get("BridgeID") or None for one in listed if one.event == "Status"), None)

    async def redirect(
        self,
        channel: str,
        context: str,
        extension: str,
        *,
        extra: tuple[str, str, str] | None = None,
        priority: int = 1,
    ) -> None:
        """Send a channel to the dialplan; `extra` is a second (channel, context, extension) sent in the
        same action."""
        more = {}
        if extra is not None:
            more = {"ExtraChannel": extra[0], "ExtraContext": extra[1], "ExtraExten": extra[2]}
            more["ExtraPriority"] = str(priority)
        await self.ami.action("Redirect", Channel=channel, Context=context, Exten=extension, Priority=priority, **more)

    async def blind_transfer(self, channel: str, context: str, extension: str) -> None:
        """The party talking with `channel` goes to the extension, `channel` is let go."""
        await self.ami.action("BlindTransfer", Channel=channel, Context=context, Exten=extension)

    async def consult_transfer(self, channel: str, context: str, extension: str) -> None:
        """`channel` begins a consultation with the extension while the other party hears music."""
        await self.ami.action("Atxfer", Channel=channel, Context=context, Exten=extension)

    async def cancel_transfer(self, channel: str) -> None:
        """End the consultation and return to the other party."""
        await self.ami.action("CancelAtxfer", Channel=channel)

    async def notify(self, channel: str, event: str) -> None:
        """Tell the phone at the other end of a PJSIP channel something (NOTIFY inside its dialog): `hold` and
        `talk` are what many desk phones obey."""
        await self.ami.action("PJSIPNotify", Channel=channel, Variable=f"Event={event}")

    async def mute_recording(
        self,
        channel: str,
        *,
        muted: bool,
        direction: Literal["read", "write", "both"] = "both",
        monitor: str | None = None,
    ) -> None:
        """Write silence instead of sound into the capture, or sound again; its length goes on either way."""
        await self.ami.action(
            "MixMonitorMute", Channel=channel, Direction=direction, State=int(muted), MixMonitorID=monitor
        )

    async def hangup(self, channel: str) -> bool:
        """End a channel; False when there was none."""
        return await self._unless("No such channel", "Hangup", Channel=channel)

    async def _unless(self, done: str, action: str, **fields: str | int | bool | None) -> bool:
        try:
            await self.ami.action(action, **fields)
        except ActionRefusedError as error:
            if done in error.reason:
                return False
            raise
        return True


def _member(message: Message) -> Member:
    return Member(
        queue=message.get("Queue"),
        interface=message.get("Location"),
        name=message.get("Name"),
        paused=message.get("Paused") == "1",
        pause_reason=message.get("PausedReason"),
        penalty=int(message.get("Penalty", "0")),
        status=int(message.get("Status", "0")),
        calls_taken=int(message.get("CallsTaken", "0")),
        in_call=message.get("InCall") == "1",
        is_static=message.get("Membership") == "static",
    )


def _waiter(message: Message) -> Waiter:
    return Waiter(
        queue=message.get("Queue"),
        channel=message.get("Channel"),
        unique_id=message.get("Uniqueid"),
        position=int(message.get("Position", "0")),
        seconds=int(message.get("Wait", "0")),
    )
