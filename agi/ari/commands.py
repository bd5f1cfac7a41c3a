"""The ARI operations we use, typed, with ids chosen by the caller.

A command repeated after a time-out must do no harm: ALREADY_DONE says which refusal means "done before".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agi.ari import shapes
from agi.ari.rest import AriError, ConflictError, NotFoundError, RejectedError, Rest, UnavailableError
from agi.ari.shapes import Bridge, Channel

OWN_ID = re.compile(r"[A-Za-z0-9._-]{1,80}")

ALREADY_DONE: Mapping[str, tuple[type[AriError], ...]] = {
    "originate": (ConflictError,),
    "snoop": (ConflictError,),
    "create_bridge": (ConflictError,),
    "play": (ConflictError,),
    "hangup": (NotFoundError,),
    "destroy_bridge": (NotFoundError, ConflictError),
    "stop_playback": (NotFoundError,),
}
"""What Asterisk 22 answers when the command worked the first time (measured). Not in the table: addChannel,
which takes the channel out and in again, so look before repeating it. A bridge just destroyed is "not in
Stasis" for a moment, then not found."""

GONE = (NotFoundError, ConflictError)
"""For a command on a channel: it is gone, or it has left Stasis, and is no longer ours to command."""


@dataclass(frozen=True, slots=True)
class ApplicationState:
    """What the application is subscribed to, also while nobody was connected.

    A channel that is still ringing in or has left is among them: `Ari.is_in_stasis` says whether it can be
    commanded.
    """

    channels: frozenset[str]
    bridges: frozenset[str]


class Ari:
    """Commands to one Asterisk. Each raises AriError unless its text says otherwise.

    Those that return bool give True when it happened now and False when it had happened before, or the
    channel is gone.
    """

    def __init__(self, rest: Rest) -> None:
        self.rest = rest

    # Channels

    async def originate(
        self,
        *,
        channel: str,
        endpoint: str,
        application: str | None = None,
        args: Sequence[str] = (),
        context: str | None = None,
        extension: str | None = None,
        caller_id: str | None = None,
        timeout: int = 30,
        variables: Mapping[str, str] | None = None,
        originator: str | None = None,
    ) -> bool:
        """Dial `endpoint` on a channel whose id is `channel`, then into the application or to the dialplan.

        A time-out is followed by the same request again: "taken" then means it was dialled. `timeout` in
        seconds of ringing.
        """
        params = {
            "channelId": own(channel),
            "endpoint": endpoint,
            "app": application,
            "appArgs": ",".join(args) if application else None,
            "context": context,
            "extension": extension,
            "priority": 1 if context else None,
            "callerId": caller_id,
            "timeout": timeout,
            "originator": originator,
        }
        body = {"variables": dict(variables or {})}
        try:
            return await self._once("originate", "POST", "channels", params=params, body=body)
        except UnavailableError as error:
            if error.status:
                raise
            return await self._once("originate", "POST", "channels", params=params, body=body)

    async def hangup(self, channel: str, *, reason: str = "normal") -> bool:
        return await self._once("hangup", "DELETE", "channels", channel, params={"reason": reason})

    async def answer(self, channel: str) -> bool:
        return await self._to_channel("POST", channel, "answer")

    async def ring(self, channel: str) -> bool:
        return await self._to_channel("POST", channel, "ring")

    async def to_dialplan(
        self,
        channel: str,
        *,
        context: str | None = None,
        extension: str | None = None,
        priority: int | None = None,
        label: str | None = None,
    ) -> bool:
        """Give a channel back to the dialplan. After a lost answer the channel is looked at before it is
        sent again."""
        params = {"context": context, "extension": extension, "priority": priority, "label": label}
        try:
            return await self._to_channel("POST", channel, "continue", params=params)
        except UnavailableError:
            if not await self.is_in_stasis(channel):
                return True
            return await self._to_channel("POST", channel, "continue", params=params)

    async def is_in_stasis(self, channel: str) -> bool:
        found = await self.channel(channel)
        return found is not None and found.application == "Stasis"

    async def renew_lease(self, channel: str, seconds: int) -> bool:
        """Let the channel stay in the application for so many seconds more; False when it is not there any
        more."""
        return await self.set_variable(channel, "TIMEOUT(absolute)", str(seconds))

    async def set_variable(self, channel: str, variable: str, value: str) -> bool:
        return await self._to_channel("POST", channel, "variable", params={"variable": variable, "value": value})

    async def get_variable(self, channel: str, variable: str) -> str | None:
        """The value, also of a channel outside Stasis; None when there is no such variable or channel."""
        try:
            found = await self.rest.request("GET", "channels", channel, "variable", params={"variable": variable})
        except GONE:
            return None
        value = shapes.mapping(found)["value"]
        return value if isinstance(value, str) else ""

    async def channel(self, channel: str) -> Channel | None:
        try:
            return shapes.channel(await self.rest.request("GET", "channels", channel))
        except NotFoundError:
            return None

    async def channels(self) -> tuple[Channel, ...]:
        """Every channel of this Asterisk, ours or not."""
        return tuple(map(shapes.channel, listed(await self.rest.request("GET", "channels"))))

    async def snoop(
        self,
        channel: str,
        *,
        snoop: str,
        application: str,
        spy: str = "both",
        whisper: str = "none",
        args: Sequence[str] = (),
    ) -> bool:
        """A channel of our own (id `snoop`) that hears `channel`, in Stasis or not, and may speak to it."""
        params = {"app": application, "appArgs": ",".join(args), "spy": spy, "whisper": whisper}
        return await self._once("snoop", "POST", "channels", channel, "snoop", own(snoop), params=params)

    async def play(self, channel: str, *, playback: str, media: str) -> bool:
        """Play `media` (such as `sound:cc/wait`) to a channel in Stasis; its end comes as PlaybackFinished
        of `playback`."""
        return await self._once("play", "POST", "channels", channel, "play", own(playback), params={"media": media})

    async def stop_playback(self, playback: str) -> bool:
        return await self._once("stop_playback", "DELETE", "playbacks", playback)

    # Bridges

    async def create_bridge(self, *, bridge: str, kind: str = "mixing", name: str = "") -> bool:
        return await self._once("create_bridge", "POST", "bridges", own(bridge), params={"type": kind, "name": name})

    async def add_channel(self, bridge: str, channel: str) -> bool:
        """Put a channel into a bridge; False when it was in it, which is looked up first."""
        if channel in (await self.bridge(bridge)).channels:
            return False
        await self.rest.request("POST", "bridges", bridge, "addChannel", params={"channel": channel})
        return True

    async def remove_channel(self, bridge: str, channel: str) -> bool:
        """Take a channel out of a bridge; False when it was not in it, or one of them is gone."""
        try:
            await self.rest.request("POST", "bridges", bridge, "removeChannel", params={"channel": channel})
        except (NotFoundError, RejectedError):
            return False
        return True

    async def destroy_bridge(self, bridge: str) -> bool:
        return await self._once("destroy_bridge", "DELETE", "bridges", bridge)

    async def bridge(self, bridge: str) -> Bridge:
        return shapes.bridge(await self.rest.request("GET", "bridges", bridge))

    async def bridges(self) -> tuple[Bridge, ...]:
        return tuple(map(shapes.bridge, listed(await self.rest.request("GET", "bridges"))))

    # The application and the switch

    async def application(self, name: str) -> ApplicationState | None:
        """What the application holds; None when Asterisk does not know it."""
        try:
            found = shapes.mapping(await self.rest.request("GET", "applications", name))
        except NotFoundError:
            return None
        return ApplicationState(
            channels=frozenset(map(shapes.name, listed(found.get("channel_ids", [])))),
            bridges=frozenset(map(shapes.name, listed(found.get("bridge_ids", [])))),
        )

    async def filter_events(self, name: str, *, allowed: Sequence[str]) -> None:
        """Let Asterisk send only events of these types to the application; it must be connected."""
        body = {"allowed": [{"type": kind} for kind in allowed], "disallowed": []}
        await self.rest.request("PUT", "applications", name, "eventFilter", body=body)

    async def endpoint(self, name: str) -> tuple[str, tuple[str, ...]]:
        """A PJSIP endpoint's state (online, offline, unknown) and the channels it has. Raises NotFoundError."""
        found = shapes.mapping(await self.rest.request("GET", "endpoints", "PJSIP", name))
        return shapes.name(found["state"]), tuple(map(shapes.name, listed(found["channel_ids"])))

    async def endpoints(self) -> Mapping[str, str]:
        """Every endpoint's state by its name: online, offline, unknown."""
        found = map(shapes.mapping, listed(await self.rest.request("GET", "endpoints")))
        return {shapes.name(one["resource"]): shapes.name(one["state"]) for one in found}

    async def info(self) -> Mapping[str, object]:
        """What Asterisk says of itself: version, start time, configuration."""
        return shapes.mapping(await self.rest.request("GET", "asterisk", "info"))

    async def ping(self) -> str:
        """The Asterisk's own id."""
        return shapes.name(shapes.mapping(await self.rest.request("GET", "asterisk", "ping"))["asterisk_id"])

    async def _once(
        self,
        command: str,
        method: str,
        *path: str,
        params: Mapping[str, str | int | None] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> bool:
        try:
            await self.rest.request(method, *path, params=params, body=body)
        except ALREADY_DONE[command]:
            return False
        return True

    async def _to_channel(
        self, method: str, channel: str, action: str, params: Mapping[str, str | int | None] | None = None
    ) -> bool:
        try:
            await self.rest.request(method, "channels", channel, action, params=params)
        except GONE:
            return False
        return True


def own(name: str) -> str:
    """An id of ours, which may also become a file name. Raises ValueError for one that could not."""
    if not OWN_ID.fullmatch(name):
        raise ValueError(f"not an id of ours: {name[:80]!r}")
    return name


def listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value
