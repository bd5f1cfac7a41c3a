"""The course of a call, told well, twice, late, by halves and by two accounts."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.calls import facts
from callcenter.calls.call import (
    CRASH,
    Announce,
    Call,
    Direction,
    Effect,
    Incident,
    SegmentState,
    State,
    advance,
    begin,
    direction_of,
    endpoint_of,
    is_news,
)
from callcenter.calls.facts import Fact, Role
from callcenter.ids import call_id

pytestmark = pytest.mark.unit

T0 = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
CC_CALL = f"hl1-{int(T0.timestamp())}.1"
CUSTOMER, AGENT = CC_CALL, f"hl1-{int(T0.timestamp())}.4"
BASE = f"/rec1/20261118/{CC_CALL}-1"


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


WHOLE: tuple[Fact, ...] = (
    facts.LegStarted(at(0), CUSTOMER, "PJSIP/trunk-main-00000001", Role.CUSTOMER),
    facts.Arrived(at(0), "13800000001", "95519"),
    facts.LegAnswered(at(0.1), CUSTOMER),
    facts.RecordingStarted(at(0.3), 1, BASE),
    facts.Queued(at(5), "cc-complaint"),
    facts.LegStarted(at(5.1), AGENT, "PJSIP/desk-8001-00000002", Role.AGENT),
    facts.LegAnswered(at(7), AGENT),
    facts.Bridged(at(7.1), AGENT),
    facts.Bridged(at(7.1), CUSTOMER),
    facts.Unbridged(at(30), AGENT),
    facts.LegEnded(at(30), AGENT, "normal"),
    facts.RecordingEnded(at(30.1), 1, BASE, 476800, 476800),
    facts.LegEnded(at(30.2), CUSTOMER, "normal"),
    facts.Ended(at(30.3), "normal"),
)


def a_call() -> Call:
    return begin(call_id(CC_CALL), CC_CALL, Direction.INBOUND, T0)


def after(*told: Fact, call: Call | None = None) -> tuple[Call, list[Effect]]:
    call = call or a_call()
    effects: list[Effect] = []
    for fact in told:
        call, new = advance(call, fact)
        effects.extend(new)
    return call, effects


def test_a_whole_call_is_known_from_its_facts() -> None:
    call, effects = after(*WHOLE)
    assert (call.state, call.answered_at, call.ended_at, call.end_cause) == (State.ENDED, at(0.1), at(30.2), "normal")
    assert (call.queue, call.agent, call.caller, call.did) == ("cc-complaint", "desk-8001", "13800000001", "95519")
    segment = call.segments[1]
    assert (segment.state, segment.expected_ms, segment.end_reason) == (SegmentState.FINISHED, 29800, "handler")
    assert [each.topic for each in effects if isinstance(each, Announce)] == ["segment.finished", "call.ended"]


def test_the_segment_is_expected_before_audio_starts() -> None:
    """INV-1"""
    call, _ = after(*WHOLE[:2])
    assert call.segments[1].state is SegmentState.EXPECTED


@given(st.lists(st.sampled_from(range(len(WHOLE))), max_size=8))
def test_facts_told_again_change_nothing_and_tell_nothing(again: list[int]) -> None:
    """B4, F15"""
    once, _ = after(*WHOLE)
    twice, effects = after(*(WHOLE[n] for n in again), call=once)
    assert twice == once
    assert not effects


@given(st.permutations(range(2, len(WHOLE))))
def test_facts_in_any_order_lead_to_the_same_end(order: list[int]) -> None:
    """B4, B5, F15"""
    legs = [fact for fact in WHOLE if isinstance(fact, facts.LegStarted)]
    call, _ = after(*legs, *(WHOLE[n] for n in order), WHOLE[1])
    assert call.state is State.ENDED
    assert call.answered_at == at(0.1)
    assert call.segments[1].state is SegmentState.FINISHED
    assert all(leg.ended_at for leg in call.legs.values())


def test_a_late_account_does_not_take_a_talking_call_back_to_the_queue() -> None:
    call, _ = after(*WHOLE[:9], facts.Queued(at(5), "cc-complaint"))
    assert call.state is State.TALKING


def test_a_transfer_to_a_queue_leads_back_to_queued_and_keeps_the_segment() -> None:
    call, _ = after(*WHOLE[:11], facts.Queued(at(31), "cc-claims"))
    assert (call.state, call.queue) == (State.QUEUED, "cc-claims")
    assert call.segments[1].state is SegmentState.RECORDING


def test_the_call_is_over_when_its_customer_is_gone_though_agents_are_not() -> None:
    call, effects = after(*WHOLE[:9], facts.LegEnded(at(20), CUSTOMER, "normal"))
    assert call.ended_at == at(20)
    assert call.segments[1].state is SegmentState.RECORDING
    assert [each.topic for each in effects if isinstance(each, Announce)] == ["call.ended"]


def test_the_call_goes_on_when_its_agent_is_gone() -> None:
    """F70"""
    call, _ = after(*WHOLE[:11])
    assert call.ended_at is None


def test_a_click_whose_agent_does_not_pick_up_ends_without_a_customer() -> None:
    cc_call = "ck-019a9d5e-0000-7000-8000-000000000000"
    call, _ = after(
        facts.LegStarted(at(0), cc_call, "PJSIP/desk-8001-00000002", Role.AGENT),
        facts.LegEnded(at(20), cc_call, "no_answer"),
        facts.Ended(at(20), "no_answer"),
        call=begin(call_id(cc_call), cc_call, direction_of(cc_call), T0),
    )
    assert (call.direction, call.state, call.end_cause, call.answered_at) == (
        Direction.CLICK,
        State.ENDED,
        "no_answer",
        None,
    )
    assert not call.segments


def test_a_crash_of_the_switch_ends_the_call_finishes_its_segment_and_wishes_a_call_back() -> None:
    """F20, F21"""
    call, effects = after(*WHOLE[:9], facts.Ended(at(12), CRASH))
    assert (call.ended_at, call.end_cause) == (at(12), CRASH)
    assert (call.segments[1].state, call.segments[1].end_reason) == (SegmentState.FINISHED, CRASH)
    assert call.segments[1].expected_ms == 11700
    assert {each.topic for each in effects if isinstance(each, Announce)} == {
        "call.ended",
        "call.lost",
        "segment.finished",
    }


def test_a_crash_after_the_customer_left_wishes_no_call_back() -> None:
    _, effects = after(*WHOLE[:9], facts.LegEnded(at(11), CUSTOMER, "normal"), facts.Ended(at(12), CRASH))
    assert "call.lost" not in [each.topic for each in effects if isinstance(each, Announce)]


def test_an_answered_call_whose_recording_never_started_is_lost_with_an_incident() -> None:
    """INV-1"""
    call, effects = after(*WHOLE[:3], facts.Ended(at(5), "normal"))
    assert (call.segments[1].state, call.segments[1].lost_reason) == (SegmentState.LOST, "never_started")
    assert [each.kind for each in effects if isinstance(each, Incident)] == ["recording_missing"]


def test_a_call_nobody_answered_owes_no_recording() -> None:
    call, effects = after(*WHOLE[:2], facts.LegEnded(at(1), CUSTOMER, "cancelled"), facts.Ended(at(1), "cancelled"))
    assert (call.segments[1].state, call.segments[1].lost_reason) == (SegmentState.LOST, "never_answered")
    assert not [each for each in effects if isinstance(each, Incident)]


def test_no_volume_taking_audio_is_a_lost_segment_and_an_incident() -> None:
    """F29, INV-11"""
    call, effects = after(*WHOLE[:3], facts.RecordingFailed(at(0.3), BASE), facts.RecordingMissing(at(0.6)))
    assert call.segments[1].lost_reason == "no_volume"
    assert [each.kind for each in effects if isinstance(each, Incident)] == ["recording_failed", "recording_missing"]


def test_the_fallback_marks_the_call_and_is_an_incident() -> None:
    """INV-11"""
    call, effects = after(*WHOLE[:4], facts.Degraded(at(5), {"from": "agi"}))
    assert call.degraded
    assert [each.kind for each in effects if isinstance(each, Incident)] == ["degraded"]


@pytest.mark.parametrize(
    ("text", "told"), [("JOINEMPTY|cc-claims", 1), ("LEAVEEMPTY|cc-claims", 1), ("TIMEOUT|cc-claims", 0)]
)
def test_a_caller_whose_queue_had_nobody_is_an_incident(text: str, told: int) -> None:
    """Agents may be logged in with telephones that are not registered: a supervisor must know of it."""
    call, effects = after(*WHOLE[:4], facts.Marked(at(5), "message", CUSTOMER, {"text": text}))
    incidents = [each for each in effects if isinstance(each, Incident)]
    assert [each.kind for each in incidents] == ["nobody_there"] * told
    if told:
        assert incidents[0].details == {"reason": text.partition("|")[0], "queue": "cc-claims"}
    assert call == after(*WHOLE[:4])[0]


def test_an_end_told_before_the_beginning_is_kept() -> None:
    """B4"""
    start, end = WHOLE[0], WHOLE[12]
    call, _ = after(start, end, WHOLE[1], WHOLE[2])
    assert call.state is State.ENDED


def test_what_a_channel_of_no_call_does_is_ignored() -> None:
    call = a_call()
    for fact in (
        facts.Bridged(at(1), "x"),
        facts.Unbridged(at(1), "x"),
        facts.LegEnded(at(1), "x", "normal"),
        facts.LegAnswered(at(1), "x"),
    ):
        assert advance(call, fact) == (call, ())


def test_news_is_what_changed_the_call_or_never_does() -> None:
    call = a_call()
    assert is_news(call, call, facts.Held(at(1), CUSTOMER))
    assert not is_news(call, call, facts.Bridged(at(1), CUSTOMER))


@pytest.mark.parametrize(
    ("name", "endpoint"),
    [("PJSIP/desk-8001-0000002a", "desk-8001"), ("PJSIP/trunk-main-00000001", "trunk-main"), ("nonsense", "")],
)
def test_the_endpoint_stands_in_the_channels_name(name: str, endpoint: str) -> None:
    assert endpoint_of(name) == endpoint


def test_every_pair_of_neighbours_may_swap() -> None:
    """B4: the two accounts interleave freely."""
    whole, _ = after(*WHOLE)
    for first, second in itertools.pairwise(range(2, len(WHOLE) - 1)):
        swapped = list(WHOLE)
        swapped[first], swapped[second] = swapped[second], swapped[first]
        if any(isinstance(WHOLE[n], facts.LegStarted) for n in (first, second)):
            continue
        assert after(*swapped)[0].ended_at == whole.ended_at


@pytest.mark.parametrize(("key", "told"), [("3", 1), ("1", 0), ("", 0)])
def test_who_chooses_to_complain_is_announced_whether_or_not_anything_took_it(key: str, told: int) -> None:
    """INV-3, archive.md §3.10"""
    _, effects = after(*WHOLE[:4], facts.Marked(at(4), "choice", CUSTOMER, {"text": key}))
    chosen = [each for each in effects if isinstance(each, Announce) and each.topic == "complaint.chosen"]
    assert [(each.at, each.payload["cc_call"], each.payload["caller"]) for each in chosen] == [
        (at(4), CC_CALL, "13800000001")
    ] * told
