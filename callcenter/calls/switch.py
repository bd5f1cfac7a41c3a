"""How the switch looks at one moment, and what that means for the calls we know. The judgement is pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from agi.ari.commands import Ari
from agi.ari.shapes import Bridge, Channel
from callcenter.calls.call import Call, Leg, SegmentState
from callcenter.clock import Clock

YOUNG = timedelta(seconds=5)
"""A leg younger than this may be missing from a list that was made just before it began."""


@dataclass(frozen=True, slots=True)
class Boot:
    """One life of the switch, named by when it began, and which Asterisk it is: its id, version and build options."""

    system: str
    started_at: datetime
    asterisk_id: str | None = None
    version: str | None = None
    options: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the switch says at one moment; `held` are the channels in our application."""

    at: datetime
    boot: Boot
    channels: Mapping[str, Channel]
    held: frozenset[str]
    bridges: tuple[Bridge, ...]


async def look(ari: Ari, application: str, clock: Clock) -> Snapshot:
    """Asks the switch. Raises AriError when it does not answer everything."""
    at = clock.now()
    boot = boot_of(await ari.info())
    state = await ari.application(application)
    bridges = await ari.bridges()
    channels = {channel.id: channel for channel in await ari.channels()}
    return Snapshot(at, boot, channels, state.channels if state is not None else frozenset(), bridges)


def boot_of(info: Mapping[str, object]) -> Boot:
    """Which life of which switch. Raises ValueError when the answer does not say."""
    started = _told(info, "status", "startup_time")
    if started is None:
        raise ValueError("the switch does not say when it was started")
    return Boot(
        _told(info, "config", "name") or "",
        datetime.fromisoformat(started).astimezone(UTC),
        _told(info, "system", "entity_id"),
        _told(info, "system", "version"),
        _told(info, "build", "options"),
    )


def _told(info: Mapping[str, object], part: str, name: str) -> str | None:
    section = info.get(part)
    value = section.get(name) if isinstance(section, Mapping) else None
    return value[:300] if isinstance(value, str) else None


def strangers(snapshot: Snapshot) -> list[Channel]:
    """The living channels, customers' first, so that a phone finds its call begun."""
    return sorted(snapshot.channels.values(), key=lambda channel: not channel.name.startswith("PJSIP/trunk-"))


def missing(calls: Iterable[Call], snapshot: Snapshot) -> Iterator[tuple[Call, Leg]]:
    """The legs we take for living that the switch does not have."""
    for call in calls:
        for leg in call.legs.values():
            old = leg.started_at < snapshot.at - YOUNG
            if leg.ended_at is None and old and leg.channel not in snapshot.channels:
                yield call, leg


def stranded(calls: Iterable[Call], boot: Boot) -> list[Call]:
    """The calls that were alive, or whose capture was, when an earlier life of the switch ended."""
    return [
        call
        for call in calls
        if call.started_at < boot.started_at
        and (call.ended_at is None or any(_running(segment.state) for segment in call.segments.values()))
    ]


def abandoned(snapshot: Snapshot) -> list[Bridge]:
    """Bridges made over ARI in which nobody is left (INV-8)."""
    return [bridge for bridge in snapshot.bridges if bridge.creator == "Stasis" and not bridge.channels]


def _running(state: SegmentState) -> bool:
    return state in (SegmentState.EXPECTED, SegmentState.RECORDING)
