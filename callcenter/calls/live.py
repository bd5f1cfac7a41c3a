"""ARI's events into facts: what happens now, for screens and decisions. What it misses,
the event log tells later. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime

from agi import names
from agi.ari import events
from agi.ari.events import Event
from agi.ari.shapes import Channel
from callcenter.calls import causes, channels, facts
from callcenter.calls.facts import Fact

FACTS_OF = (
    "ApplicationReplaced",
    "ChannelCreated",
    "ChannelDestroyed",
    "ChannelEnteredBridge",
    "ChannelHold",
    "ChannelLeftBridge",
    "ChannelStateChange",
    "ChannelUnhold",
    "Dial",
    "StasisEnd",
    "StasisStart",
)
"""The event types we ask Asterisk for: every other one costs both sides and tells nothing more."""


def channel_of(event: Event) -> Channel | None:
    """The channel an event is about."""
    if isinstance(event, events.Dial):
        return event.peer
    channel = getattr(event, "channel", None)
    return channel if isinstance(channel, Channel) else None


def moment(at: datetime) -> datetime:
    return at.astimezone(UTC)


def told(event: Event) -> Iterator[Fact]:
    """The facts of an event about a leg that is known."""
    at = moment(event.at)
    match event:
        case events.ChannelStateChange(channel=channel) if channel.state == "Up":
            yield facts.LegAnswered(at, channel.id)
        case events.ChannelStateChange(channel=channel) if channel.state == "Ringing":
            yield facts.LegRinging(at, channel.id)
        case events.ChannelEnteredBridge(channel=channel, bridge=bridge) if bridge.kind != "holding":
            yield facts.Bridged(at, channel.id)
        case events.ChannelLeftBridge(channel=channel):
            yield facts.Unbridged(at, channel.id)
        case events.ChannelHold(channel=channel):
            yield facts.Held(at, channel.id)
        case events.ChannelUnhold(channel=channel):
            yield facts.Unheld(at, channel.id)
        case events.ChannelDestroyed(channel=channel, cause=cause):
            yield facts.LegEnded(at, channel.id, causes.word(cause))


def arrived(channel: Channel) -> facts.Arrived:
    """What a customer's channel says of him; what he dialled is known only while he is where he came in."""
    dialled = channel.extension if channel.context == names.CONTEXT_IN else ""
    return facts.Arrived(
        moment(channel.created),
        channels.number(channel.caller_number),
        channels.number(dialled),
        channels.label(channel.caller_name),
    )
