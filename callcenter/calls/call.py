"""The course of one call as a value. `advance` is pure: no I/O, no clock; a fact told twice,
late or by both accounts changes nothing.

Every field only moves forward: moments take the earliest told, the state takes the one that happened last,
an end is final.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeAlias
from uuid import UUID

from agi import names
from callcenter.calls import facts
from callcenter.calls.facts import Fact, Role
from callcenter.ids import CallId, derived, moment_of

NOBODY_THERE = ("JOINEMPTY", "LEAVEEMPTY", "JOINUNAVAIL", "LEAVEUNAVAIL")
"""Asterisk's words for a queue none of whose agents has a telephone that is registered, or who has none."""
CRASH = "asterisk_crash"
"""The cause of a call whose switch died under it."""


class Direction(StrEnum):
    """Who rang whom: a customer us, a callback (回访) attempt a customer, or an agent by click."""

    INBOUND = "inbound"
    CALLBACK = "callback"
    CLICK = "click"


class State(StrEnum):
    """Where the customer is. A transfer may lead from talking back to queued; ended is final."""

    RINGING = "ringing"
    IVR = "ivr"
    QUEUED = "queued"
    TALKING = "talking"
    ENDED = "ended"


class SegmentState(StrEnum):
    """How far one continuous capture (录音段) is; from `finished` on the archive leads it."""

    EXPECTED = "expected"
    RECORDING = "recording"
    FINISHED = "finished"
    SEALING = "sealing"
    SEALED = "sealed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Leg:
    """One channel of the call (通话腿)."""

    id: UUID
    channel: str
    name: str
    role: Role
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    cause: str | None = None
    bridged: bool = False
    bridged_at: datetime | None = None

    @property
    def endpoint(self) -> str:
        return endpoint_of(self.name)


@dataclass(frozen=True, slots=True)
class Segment:
    """One continuous capture; `expected_ms` is how long its files must be, judged by the switch's own clock."""

    id: UUID
    seq: int
    state: SegmentState = SegmentState.EXPECTED
    base: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    expected_ms: int | None = None
    r_bytes: int | None = None
    t_bytes: int | None = None
    end_reason: str | None = None
    lost_reason: str | None = None


SERVING = (Role.AGENT, Role.CONSULT)
NO_LEGS: Mapping[str, Leg] = MappingProxyType({})
NO_SEGMENTS: Mapping[int, Segment] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Call:
    """One conversation with one customer (通话)."""

    id: CallId
    cc_call: str
    direction: Direction
    started_at: datetime
    state_at: datetime
    state: State = State.RINGING
    caller: str | None = None
    caller_name: str | None = None
    did: str | None = None
    queue: str | None = None
    agent: str | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    end_cause: str | None = None
    degraded: bool = False
    legs: Mapping[str, Leg] = field(default_factory=lambda: NO_LEGS)
    segments: Mapping[int, Segment] = field(default_factory=lambda: NO_SEGMENTS)


@dataclass(frozen=True, slots=True)
class Announce:
    """A fact for the outbox."""

    topic: str
    at: datetime
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Incident:
    """Something a person must know of."""

    kind: str
    at: datetime
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Released:
    """A telephone that had talked on the call was let go."""

    endpoint: str
    at: datetime


Effect: TypeAlias = Announce | Incident | Released
Effects: TypeAlias = tuple[Effect, ...]


def begin(call_id: CallId, cc_call: str, direction: Direction, at: datetime) -> Call:
    """A call of which nothing is known yet but its id."""
    return Call(call_id, cc_call, direction, started_at=at, state_at=at)


def direction_of(cc_call: str) -> Direction:
    """Who rang whom, from what the dialplan calls CC_CALL."""
    if cc_call.startswith("cb-"):
        return Direction.CALLBACK
    return Direction.CLICK if cc_call.startswith("ck-") else Direction.INBOUND


def endpoint_of(channel_name: str) -> str:
    """`desk-8001` of `PJSIP/desk-8001-0000002a`."""
    return channel_name.partition("/")[2].rpartition("-")[0]


def leg_id(call_id: CallId, channel: str) -> UUID:
    """The same id for whoever tells of this channel."""
    return derived(moment_of(call_id), f"leg|{call_id}|{channel}")


def segment_id(call_id: CallId, seq: int) -> UUID:
    """The same id for whoever tells of this segment."""
    return derived(moment_of(call_id), f"segment|{call_id}|{seq}")


def advance(call: Call, fact: Fact) -> tuple[Call, Effects]:
    """The call after the fact, and what must be told; the very same call when the fact told nothing new."""
    match fact:
        case facts.Arrived():
            return _arrived(call, fact), ()
        case facts.LegStarted():
            return _leg_started(call, fact), ()
        case facts.LegAnswered():
            return _leg_answered(call, fact)
        case facts.LegEnded():
            return _leg_ended(call, fact)
        case facts.Queued():
            return _in_state(replace(call, queue=fact.queue or call.queue), State.QUEUED, fact.at), ()
        case facts.Bridged():
            return _bridged(call, fact), ()
        case facts.Unbridged():
            return _unbridged(call, fact), ()
        case facts.RecordingStarted():
            return _recording_started(call, fact), ()
        case facts.RecordingEnded():
            return _recording_ended(call, fact)
        case facts.RecordingFailed():
            return call, (Incident("recording_failed", fact.at, {"base": fact.base}),)
        case facts.RecordingMissing():
            return _recording_missing(call, fact)
        case facts.Degraded():
            return replace(call, degraded=True), (Incident("degraded", fact.at, dict(fact.details)),)
        case facts.Marked(kind="choice", details={"text": names.KEY_COMPLAINT}):
            return call, (Announce("complaint.chosen", fact.at, {**_summary(call), "cc_call": call.cc_call}),)
        case facts.Marked(kind="machine"):
            return call, (Announce("call.machine", fact.at, _summary(call)),)
        case facts.Marked(kind="message"):
            return call, _message_left(call, fact)
        case facts.Ended():
            return _ended(call, fact)
    return call, ()


ALWAYS_NEWS = (
    facts.LegRinging,
    facts.Queued,
    facts.Held,
    facts.Unheld,
    facts.Transferred,
    facts.Marked,
    facts.Degraded,
    facts.RecordingFailed,
    facts.RecordingMissing,
    facts.Ended,
)


def is_news(before: Call, after: Call, fact: Fact) -> bool:
    """Whether the fact belongs in the call's history: it changed the call, or it is one that never does."""
    return before is not after or isinstance(fact, ALWAYS_NEWS)


def _in_state(call: Call, state: State, at: datetime) -> Call:
    if call.ended_at is not None or at < call.state_at or call.state is state:
        return call
    return replace(call, state=state, state_at=at)


def _with_leg(call: Call, leg: Leg) -> Call:
    return replace(call, legs={**call.legs, leg.channel: leg})


def _with_segment(call: Call, segment: Segment) -> Call:
    return replace(call, segments={**call.segments, segment.seq: segment})


def _segment(call: Call, seq: int) -> Segment:
    return call.segments.get(seq) or Segment(segment_id(call.id, seq), seq)


def _arrived(call: Call, fact: facts.Arrived) -> Call:
    after = replace(
        call,
        caller=call.caller or fact.caller,
        did=call.did or fact.did,
        caller_name=call.caller_name or fact.caller_name,
        started_at=min(call.started_at, fact.at),
    )
    if not call.segments and call.ended_at is None:
        after = _with_segment(after, _segment(call, 1))
    return call if after == call else after


def _leg_started(call: Call, fact: facts.LegStarted) -> Call:
    known = call.legs.get(fact.channel)
    if known is None:
        return _with_leg(call, Leg(leg_id(call.id, fact.channel), fact.channel, fact.name, fact.role, fact.at))
    if fact.at + timedelta(milliseconds=1) < known.started_at:
        return _with_leg(call, replace(known, started_at=fact.at))
    return call


def _leg_answered(call: Call, fact: facts.LegAnswered) -> tuple[Call, Effects]:
    leg = call.legs.get(fact.channel)
    if leg is None or leg.answered_at is not None:
        return call, ()
    after = _with_leg(call, replace(leg, answered_at=fact.at))
    if leg.role is not Role.CUSTOMER or call.answered_at is not None:
        return after, ()
    after = _in_state(replace(after, answered_at=fact.at), State.IVR, fact.at)
    if not after.segments and call.ended_at is None:
        after = _with_segment(after, _segment(after, 1))
    if call.direction is Direction.INBOUND:
        return after, ()
    return after, (Announce("call.answered", fact.at, _summary(after)),)


def _leg_ended(call: Call, fact: facts.LegEnded) -> tuple[Call, Effects]:
    leg = call.legs.get(fact.channel)
    if leg is None or leg.ended_at is not None:
        return call, ()
    after = _with_leg(call, replace(leg, ended_at=fact.at, cause=fact.cause, bridged=False))
    serves = leg.role in SERVING and leg.bridged_at is not None
    effects: Effects = (Released(leg.endpoint, fact.at),) if serves else ()
    if leg.role is Role.SUPERVISOR or call.ended_at is not None:
        return after, effects
    customers = [each for each in after.legs.values() if each.role is Role.CUSTOMER]
    deciding = customers or [each for each in after.legs.values() if each.role is not Role.SUPERVISOR]
    if any(each.ended_at is None for each in deciding):
        return after, effects
    after, told = _over(after, fact.at, fact.cause)
    return after, (*effects, *told)


def _bridged(call: Call, fact: facts.Bridged) -> Call:
    leg = call.legs.get(fact.channel)
    if leg is None or leg.bridged:
        return call
    serves = leg.role in SERVING
    if leg.ended_at is not None or _before(fact.at, leg.bridged_at):  # told late: it was so, it is not so now
        return replace(call, agent=leg.endpoint) if serves and call.agent is None else call
    after = _with_leg(call, replace(leg, bridged=True, bridged_at=fact.at))
    return _in_state(replace(after, agent=leg.endpoint), State.TALKING, fact.at) if serves else after


def _unbridged(call: Call, fact: facts.Unbridged) -> Call:
    leg = call.legs.get(fact.channel)
    if leg is None or not leg.bridged or _before(fact.at, leg.bridged_at):
        return call
    return _with_leg(call, replace(leg, bridged=False, bridged_at=fact.at))


def _before(at: datetime, other: datetime | None) -> bool:
    return other is not None and at < other


def _recording_started(call: Call, fact: facts.RecordingStarted) -> Call:
    segment = _segment(call, fact.seq)
    if segment.started_at is not None:
        return call
    if segment.state in (SegmentState.EXPECTED, SegmentState.LOST):
        segment = replace(segment, state=SegmentState.RECORDING, lost_reason=None)
    return _with_segment(call, replace(segment, base=fact.base, started_at=fact.at))


def _recording_ended(call: Call, fact: facts.RecordingEnded) -> tuple[Call, Effects]:
    segment = _segment(call, fact.seq)
    if segment.end_reason == "handler" or segment.state in (SegmentState.SEALING, SegmentState.SEALED):
        return call, ()
    segment = replace(
        segment, base=segment.base or fact.base, r_bytes=fact.r_bytes, t_bytes=fact.t_bytes, lost_reason=None
    )
    return _finish(call, segment, fact.at, "handler")


def _finish(call: Call, segment: Segment, at: datetime, reason: str) -> tuple[Call, Effects]:
    length = (
        None if segment.started_at is None else max(0, round((at - segment.started_at) / timedelta(milliseconds=1)))
    )
    done = replace(segment, state=SegmentState.FINISHED, ended_at=at, expected_ms=length, end_reason=reason)
    payload = {"call_id": str(call.id), "segment_id": str(segment.id), "seq": segment.seq, "reason": reason}
    return _with_segment(call, done), (Announce("segment.finished", at, payload),)


def _recording_missing(call: Call, fact: facts.RecordingMissing) -> tuple[Call, Effects]:
    open_segments = [each for each in call.segments.values() if each.state is SegmentState.EXPECTED]
    segment = open_segments[0] if open_segments else _segment(call, len(call.segments) + 1)
    lost = replace(segment, state=SegmentState.LOST, lost_reason="no_volume", end_reason="never_started")
    return _with_segment(call, lost), (Incident("recording_missing", fact.at, {"seq": segment.seq}),)


def _message_left(call: Call, fact: facts.Marked) -> Effects:
    """The dialplan's own account of what the overflow script tells: one announcement, whoever tells first."""
    reason, queue, choice, recorded_as = [*fact.details.get("text", "").split("|"), "", "", "", ""][:4]
    told = message_left(call.id, call.caller, choice, recorded_as)
    if reason not in NOBODY_THERE:
        return (told,)
    return told, Incident("nobody_there", fact.at, {"reason": reason, "queue": queue})


def message_left(call_id: CallId, caller: str | None, choice: str, recorded_as: str) -> Announce:
    """A caller nobody served is to be rung back."""
    told = {
        "call_id": str(call_id),
        "direction": Direction.INBOUND.value,
        "caller": caller,
        "recorded_as": recorded_as,
        "wish": choice,
    }
    return Announce("message.left", moment_of(call_id), told)


def _over(call: Call, at: datetime, cause: str) -> tuple[Call, Effects]:
    after = replace(call, state=State.ENDED, state_at=max(at, call.state_at), ended_at=at, end_cause=cause)
    return after, (Announce("call.ended", at, _summary(after)),)


def _ended(call: Call, fact: facts.Ended) -> tuple[Call, Effects]:
    after: Call = call
    effects: Effects = ()
    if call.ended_at is None:
        after, effects = _over(call, fact.at, fact.cause)
        if fact.cause == CRASH:
            effects = (*effects, Announce("call.lost", fact.at, _summary(after)))
    for leg in after.legs.values():
        if leg.ended_at is None:
            after = _with_leg(after, replace(leg, ended_at=fact.at, cause=fact.cause, bridged=False))
    return _settled(after, fact, effects)


def _settled(call: Call, fact: facts.Ended, effects: Effects) -> tuple[Call, Effects]:
    """No more will be told of this call: every segment gets an end."""
    at = call.ended_at or fact.at
    for segment in tuple(call.segments.values()):
        if segment.state is SegmentState.RECORDING:
            reason = CRASH if fact.cause == CRASH else "hangup"
            call, told = _finish(call, segment, max(at, segment.started_at or at), reason)
            effects = (*effects, *told)
        elif segment.state is SegmentState.EXPECTED and call.answered_at is None:
            lost = replace(segment, state=SegmentState.LOST, lost_reason="never_answered", end_reason="never_started")
            call = _with_segment(call, lost)
        elif segment.state is SegmentState.EXPECTED:
            lost = replace(segment, state=SegmentState.LOST, lost_reason="never_started", end_reason="never_started")
            call = _with_segment(call, lost)
            effects = (*effects, Incident("recording_missing", at, {"seq": segment.seq}))
    return call, effects


def _summary(call: Call) -> dict[str, Any]:
    return {
        "call_id": str(call.id),
        "direction": call.direction.value,
        "caller": call.caller,
        "did": call.did,
        "started_at": call.started_at.isoformat(),
        "answered_at": call.answered_at and call.answered_at.isoformat(),
        "ended_at": call.ended_at and call.ended_at.isoformat(),
        "cause": call.end_cause,
        "agent": call.agent,
    }
