"""ARI's events as frozen values, parsed once at the door.

Pure: text in, values out, no I/O and no clock. An event we do not use is None, never an error; an event
that lies about its shape is BadEventError, to be dropped; a frame that is no JSON object is BadFrameError,
to be answered by a new connection. Source: Asterisk 22 `rest-api/api-docs/events.json`; times are
Asterisk's, with their zone, and may go backwards.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from agi.ari.shapes import Bridge, Channel, Json, bridge, channel, mapping, maybe, moment, name, number, text

MAX_ARGS = 32


class BadFrameError(ValueError):
    """A frame that is no JSON object: nothing after it on this connection can be trusted."""


class BadEventError(ValueError):
    """A known event without what it must have; `kind` is its type."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(f"{kind}: {reason}")
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event has: Asterisk's time, which Asterisk, and the whole of what was sent."""

    at: datetime
    asterisk: str
    raw: Json = field(repr=False, compare=False)

    @property
    def key(self) -> str:
        """The same for the same event delivered twice, whichever application it was delivered to."""
        content = {name: value for name, value in self.raw.items() if name != "application"}
        return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEvent(Event):
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class StasisStart(ChannelEvent):
    """A channel entered our application; from here ARI may act on it."""

    args: tuple[str, ...]
    replaces: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StasisEnd(ChannelEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCreated(ChannelEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStateChange(ChannelEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDestroyed(ChannelEvent):
    """`cause` is the Q.850 code."""

    cause: int
    cause_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHangupRequest(ChannelEvent):
    cause: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHold(ChannelEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelUnhold(ChannelEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelConnectedLine(ChannelEvent):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDtmfReceived(ChannelEvent):
    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelVarset(Event):
    """A variable was set; `channel` is None for a global one. Values may be secrets: they are not shown in
    repr."""

    channel: Channel | None
    variable: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelUserevent(Event):
    """Anyone with an ARI account can send one: a hint, never an authority."""

    channel: Channel | None
    name: str
    content: Json = field(repr=False, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial(Event):
    """One step of `caller` (None when we dialled) reaching `peer`; `status` is empty at the start, then
    e.g. RINGING, ANSWER."""

    caller: Channel | None
    peer: Channel
    status: str
    dialled: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEnteredBridge(Event):
    bridge: Bridge
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLeftBridge(Event):
    bridge: Bridge
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeCreated(Event):
    bridge: Bridge


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeDestroyed(Event):
    bridge: Bridge


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeBlindTransfer(Event):
    """`channel` sent the other side away to `extension` in `context`; `result` is Success or why not."""

    channel: Channel
    transferee: Channel | None
    context: str
    extension: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeAttendedTransfer(Event):
    """`first` and `second` are the transferer's two legs; `result` is Success or why not."""

    first: Channel
    second: Channel
    transferee: Channel | None
    target: Channel | None
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackFinished(Event):
    playback: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStateChanged(Event):
    device: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactStatusChange(Event):
    """A phone's registration: `endpoint` as `PJSIP/web-1001`, `status` e.g. Reachable, Removed."""

    endpoint: str
    contact: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationReplaced(Event):
    """Another connection took our application; this one will hear nothing more."""

    application: str


def parse(frame: str) -> Event | None:
    """The event in a text frame; None for a type we do not use. Raises BadFrameError, BadEventError."""
    try:
        raw = json.loads(frame)
    except (ValueError, RecursionError) as error:
        raise BadFrameError(type(error).__name__) from None
    if not isinstance(raw, dict):
        raise BadFrameError("not an object")
    return event(raw)


def event(raw: Json) -> Event | None:
    """The event in a decoded object; None for a type we do not use. Raises BadEventError."""
    kind = raw.get("type")
    make = MAKERS.get(kind) if isinstance(kind, str) else None
    if make is None:
        return None
    try:
        return make(raw)
    except (KeyError, TypeError, ValueError) as error:
        raise BadEventError(str(kind), f"{type(error).__name__} {error}"[:200]) from None


def _args(raw: Json) -> tuple[str, ...]:
    args = raw.get("args", [])
    if not isinstance(args, list):
        raise TypeError("args is no list")
    return tuple(text(arg) for arg in args[:MAX_ARGS])


def _common(raw: Json) -> tuple[datetime, str, Json]:
    return moment(raw["timestamp"]), text(raw.get("asterisk_id", "")), raw


def _of_channel(kind: type[ChannelEvent]) -> Callable[[Json], Event]:
    def make(raw: Json) -> Event:
        at, asterisk, body = _common(raw)
        return kind(at=at, asterisk=asterisk, raw=body, channel=channel(raw["channel"]))

    return make


def _event(kind: Callable[..., Event], **fields: Callable[[Json], object]) -> Callable[[Json], Event]:
    def make(raw: Json) -> Event:
        at, asterisk, body = _common(raw)
        return kind(at=at, asterisk=asterisk, raw=body, **{key: read(raw) for key, read in fields.items()})

    return make


def _channel(raw: Json) -> Channel:
    return channel(raw["channel"])


def _bridge(raw: Json) -> Bridge:
    return bridge(raw["bridge"])


MAKERS: Mapping[str, Callable[[Json], Event]] = {
    "ApplicationReplaced": _event(ApplicationReplaced, application=lambda raw: text(raw["application"])),
    "BridgeAttendedTransfer": _event(
        BridgeAttendedTransfer,
        first=lambda raw: channel(raw["transferer_first_leg"]),
        second=lambda raw: channel(raw["transferer_second_leg"]),
        transferee=lambda raw: maybe(channel, raw.get("transferee")),
        target=lambda raw: maybe(channel, raw.get("transfer_target")),
        result=lambda raw: text(raw["result"]),
    ),
    "BridgeBlindTransfer": _event(
        BridgeBlindTransfer,
        channel=_channel,
        transferee=lambda raw: maybe(channel, raw.get("transferee")),
        context=lambda raw: text(raw["context"]),
        extension=lambda raw: text(raw["exten"]),
        result=lambda raw: text(raw["result"]),
    ),
    "BridgeCreated": _event(BridgeCreated, bridge=_bridge),
    "BridgeDestroyed": _event(BridgeDestroyed, bridge=_bridge),
    "ChannelConnectedLine": _of_channel(ChannelConnectedLine),
    "ChannelCreated": _of_channel(ChannelCreated),
    "ChannelDestroyed": _event(
        ChannelDestroyed,
        channel=_channel,
        cause=lambda raw: number(raw["cause"]),
        cause_text=lambda raw: text(raw["cause_txt"]),
    ),
    "ChannelDtmfReceived": _event(ChannelDtmfReceived, channel=_channel, digit=lambda raw: text(raw["digit"])),
    "ChannelEnteredBridge": _event(ChannelEnteredBridge, bridge=_bridge, channel=_channel),
    "ChannelHangupRequest": _event(
        ChannelHangupRequest, channel=_channel, cause=lambda raw: maybe(number, raw.get("cause"))
    ),
    "ChannelHold": _of_channel(ChannelHold),
    "ChannelLeftBridge": _event(ChannelLeftBridge, bridge=_bridge, channel=_channel),
    "ChannelStateChange": _of_channel(ChannelStateChange),
    "ChannelUnhold": _of_channel(ChannelUnhold),
    "ChannelUserevent": _event(
        ChannelUserevent,
        channel=lambda raw: maybe(channel, raw.get("channel")),
        name=lambda raw: text(raw["eventname"]),
        content=lambda raw: mapping(raw["userevent"]),
    ),
    "ChannelVarset": _event(
        ChannelVarset,
        channel=lambda raw: maybe(channel, raw.get("channel")),
        variable=lambda raw: text(raw["variable"]),
        value=lambda raw: text(raw["value"]),
    ),
    "ContactStatusChange": _event(
        ContactStatusChange,
        endpoint=lambda raw: "{technology}/{resource}".format_map(mapping(raw["endpoint"])),
        contact=lambda raw: text(mapping(raw["contact_info"])["uri"]),
        status=lambda raw: text(mapping(raw["contact_info"])["contact_status"]),
    ),
    "DeviceStateChanged": _event(
        DeviceStateChanged,
        device=lambda raw: text(mapping(raw["device_state"])["name"]),
        state=lambda raw: text(mapping(raw["device_state"])["state"]),
    ),
    "Dial": _event(
        Dial,
        caller=lambda raw: maybe(channel, raw.get("caller")),
        peer=lambda raw: channel(raw["peer"]),
        status=lambda raw: text(raw.get("dialstatus", "")),
        dialled=lambda raw: text(raw.get("dialstring", "")),
    ),
    "PlaybackFinished": _event(
        PlaybackFinished,
        playback=lambda raw: name(mapping(raw["playback"])["id"]),
        state=lambda raw: text(mapping(raw["playback"]).get("state", "")),
    ),
    "StasisEnd": _of_channel(StasisEnd),
    "StasisStart": _event(
        StasisStart,
        channel=_channel,
        args=_args,
        replaces=lambda raw: maybe(lambda other: channel(other).id, raw.get("replace_channel")),
    ),
}
"""How each event we use is made; what is not here is not for us."""
