"""Real calls as Asterisk told them, by ARI, by its event log, by both, and with gaps."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.ari.events import Event, parse
from callcenter.calls import cel
from callcenter.calls.call import Call, Direction, Incident, SegmentState, State
from callcenter.calls.cel import Row
from callcenter.calls.facts import Role
from callcenter.calls.hearing import Hearing
from callcenter.calls.ledger import Ledger

pytestmark = pytest.mark.unit

TRANSCRIPTS = Path(__file__).parents[3] / "transcripts/calls"


def told_by_ari(name: str) -> list[Event]:
    lines = (TRANSCRIPTS / f"{name}.ari.jsonl").read_text().splitlines()
    return [event for line in lines if (event := parse(line)) is not None]


def told_by_log(name: str) -> list[Row]:
    return [cel.parse(line) for line in (TRANSCRIPTS / f"{name}.cel.jsonl").read_text().splitlines()]


def heard(*told: Event | Row) -> Ledger:
    hearing = Hearing(Ledger())
    for each in told:
        if isinstance(each, Row):
            hearing.row(each)
        else:
            hearing.event(each)
    return hearing.ledger


def the_call(ledger: Ledger) -> Call:
    (call,) = ledger.calls.values()
    return call


def essence(call: Call) -> tuple[object, ...]:
    """What must not depend on who told it: the two accounts' clocks differ by parts of a millisecond."""
    legs = tuple(sorted((leg.channel, leg.role, leg.cause, leg.ended_at is None) for leg in call.legs.values()))
    return call.id, call.direction, call.state, call.did, call.agent, call.end_cause, legs


def test_the_event_stream_alone_tells_the_call() -> None:
    call = the_call(heard(*told_by_ari("fallback")))
    assert (call.state, call.direction, call.did, call.agent) == (State.ENDED, Direction.INBOUND, "95519", "desk-8001")
    assert sorted(leg.role for leg in call.legs.values()) == [Role.AGENT, Role.CUSTOMER]
    assert call.end_cause == "normal"


def test_the_event_log_alone_tells_the_same_call_and_its_capture() -> None:
    """INV-12, F16"""
    ledger = heard(*told_by_log("fallback"))
    call = the_call(ledger)
    assert essence(call) == essence(the_call(heard(*told_by_ari("fallback"))))
    assert (call.queue, call.degraded) == ("cc-fallback", True)
    segment = call.segments[1]
    assert (segment.state, segment.r_bytes, segment.t_bytes) == (SegmentState.FINISHED, 56320, 56320)
    assert segment.expected_ms == 8505
    kinds = [note.kind for note in ledger.notes]
    assert kinds.count("notice") == kinds.count("degraded") == kinds.count("arrived") == 1


@given(st.data())
def test_what_two_switches_tell_is_never_mixed(data: st.DataObject) -> None:
    """B18: ids carry the switch's name; the two may tell at the same time."""

    def of_another(lines: str) -> str:
        return lines.replace("hl3c9808-", "other-").replace('"asterisk_id":"', '"asterisk_id":"f')

    files = [(TRANSCRIPTS / f"fallback.{kind}.jsonl").read_text() for kind in ("ari", "cel")]
    one: list[Event | Row] = [*told_by_ari("fallback"), *told_by_log("fallback")]
    ari, log = (of_another(text).splitlines() for text in files)
    other: list[Event | Row] = [each for line in ari if (each := parse(line)) is not None]
    other += [cel.parse(line) for line in log]
    told: list[Event | Row] = []
    while one or other:
        told.append((one if one and (not other or data.draw(st.booleans())) else other).pop(0))
    first, second = sorted(heard(*told).calls.values(), key=lambda call: call.cc_call)
    alone = the_call(heard(*told_by_ari("fallback"), *told_by_log("fallback")))
    assert essence(first) == essence(alone)
    assert essence(second)[2:6] == essence(alone)[2:6]
    assert all(channel.startswith("other-") for channel in second.legs)


def test_a_degraded_call_is_one_incident() -> None:
    """INV-11"""
    effects = heard(*told_by_log("fallback"), *told_by_log("fallback")).effects
    assert len({effect.at for _, effect in effects if isinstance(effect, Incident)}) == 1


@given(st.data())
def test_the_two_accounts_may_interleave_freely(data: st.DataObject) -> None:
    """F15: each in its own order, as the switch guarantees, but the one before, after or amid the other."""
    ari, log = told_by_ari("fallback"), told_by_log("fallback")
    told: list[Event | Row] = []
    while ari or log:
        told.append((ari if ari and (not log or data.draw(st.booleans())) else log).pop(0))
    call = the_call(heard(*told))
    assert essence(call) == essence(the_call(heard(*told_by_log("fallback"))))
    assert call.segments[1].state is SegmentState.FINISHED
    assert call.degraded


@given(st.sets(st.sampled_from(range(15))))
def test_what_the_stream_missed_the_log_makes_good(missed: set[int]) -> None:
    """F11, F16"""
    ari = [event for n, event in enumerate(told_by_ari("fallback")) if n not in missed]
    call = the_call(heard(*ari, *told_by_log("fallback")))
    assert essence(call) == essence(the_call(heard(*told_by_log("fallback"))))


@given(st.lists(st.sampled_from(range(15)), max_size=10))
def test_events_told_twice_or_out_of_order_change_nothing_at_the_end(again: list[int]) -> None:
    """B4, F15"""
    ari = told_by_ari("fallback")
    shuffled = [ari[n] for n in again if n < len(ari)]
    call = the_call(heard(*told_by_log("fallback"), *ari, *shuffled))
    assert essence(call) == essence(the_call(heard(*told_by_log("fallback"))))


def test_events_that_come_after_the_logs_end_of_the_call_begin_no_new_one() -> None:
    """INV-1: under load the stream lags behind the log; the call is kept long enough to know it again."""
    hearing = Hearing(Ledger())
    for row in told_by_log("fallback"):
        hearing.row(row)
    ledger = hearing.ledger
    before = the_call(ledger)
    assert before.ended_at is not None
    ledger.written(ledger.pending())
    ledger.forget(before.ended_at + timedelta(seconds=30))
    for event in told_by_ari("fallback"):
        hearing.event(event)
    assert the_call(ledger).segments == before.segments
    ledger.written(ledger.pending())
    ledger.forget(before.ended_at + timedelta(seconds=61))
    assert not ledger.calls
    assert not ledger.channels


def test_a_destroyed_channel_told_first_is_a_whole_leg() -> None:
    """B4: Destroyed before Created."""
    ari = told_by_ari("fallback")
    ledger = heard(ari[-1], *ari)
    assert the_call(ledger).state is State.ENDED


def test_the_switchs_own_plumbing_is_no_leg() -> None:
    """B6, B7"""
    log = told_by_log("fallback")
    for name in ("Local/8001@cc-agent-00000001;2", "ConfBridgeRecorder/x", "PJSIP/trunk-main-00000000<ZOMBIE>", "名字"):
        assert not heard(*(replace(row, name=name) for row in log if row.kind != "LINKEDID_END")).calls


def test_a_channel_id_of_any_characters_is_no_call() -> None:
    """B7"""
    log = told_by_log("fallback")
    for id in ("../../etc/passwd", "a;2", "名字", "x" * 300, "cb-not-a-uuid", ""):
        assert not heard(*(replace(row, channel=id, linked=id, account="") for row in log)).calls


def test_a_callers_name_is_capped_and_plain() -> None:
    """B8"""
    first = told_by_ari("fallback")[0]
    raw = dict(first.raw) | {
        "channel": {**first.raw["channel"], "caller": {"number": "1380", "name": "‮投诉\x07😀" * 900}}
    }  # type: ignore[dict-item]
    import json

    event = parse(json.dumps(raw))
    assert event is not None
    name = the_call(heard(event)).caller_name
    assert name is not None
    assert len(name) <= 80
    assert "\x07" not in name


@pytest.mark.parametrize(
    "line", ["", "{", "[]", "null", '{"eventenum": 7}', '{"eventenum":"ANSWER"}', "\x00" * 50, "[" * 5000]
)
def test_a_line_that_is_no_row_is_told_as_such(line: str) -> None:
    """F35"""
    with pytest.raises(cel.BadRowError):
        cel.parse(line)


def test_rows_of_another_version_yield_nothing() -> None:
    row = replace(told_by_log("fallback")[1], kind="SOMETHING_NEW")
    assert list(cel.told(row)) == []
    assert list(cel.told(replace(row, kind="CC_REC_START", extra="no-number-here-x"))) == []
    assert list(cel.told(replace(row, kind="CC_REC_END", extra="|"))) == []
