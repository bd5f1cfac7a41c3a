"""ARI events as values: B1-B8, B10, B15, B16, B18, B19."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.ari.events import (
    MAKERS,
    BadEventError,
    BadFrameError,
    ChannelDestroyed,
    ChannelEnteredBridge,
    ChannelUserevent,
    ChannelVarset,
    Dial,
    StasisStart,
    parse,
)
from agi.ari.shapes import MAX_TEXT
from tests.fakes.asterisk import channel, event

pytestmark = pytest.mark.unit

BRIDGE: dict[str, Any] = {"id": "b1", "bridge_type": "mixing", "channels": ["hl1-1.5"], "technology": "simple_bridge"}


def sample(kind: str) -> dict[str, Any]:
    """A whole event of each type we use."""
    more: dict[str, dict[str, Any]] = {
        "BridgeAttendedTransfer": {
            "transferer_first_leg": channel("a"),
            "transferer_second_leg": channel("b"),
            "result": "Success",
        },
        "BridgeBlindTransfer": {"channel": channel(), "context": "cc-transfer", "exten": "8001", "result": "Success"},
        "BridgeCreated": {"bridge": BRIDGE},
        "BridgeDestroyed": {"bridge": BRIDGE},
        "ChannelDestroyed": {"cause": 16, "cause_txt": "Normal Clearing"},
        "ChannelDtmfReceived": {"digit": "3", "duration_ms": 80},
        "ChannelEnteredBridge": {"bridge": BRIDGE},
        "ChannelHangupRequest": {"cause": 16},
        "ChannelLeftBridge": {"bridge": BRIDGE},
        "ChannelUserevent": {"eventname": "x", "userevent": {"a": "b"}},
        "ChannelVarset": {"variable": "CC_NEXT", "value": "cc-claims"},
        "ContactStatusChange": {
            "endpoint": {"technology": "PJSIP", "resource": "web-8001"},
            "contact_info": {"uri": "sip:x", "contact_status": "Reachable"},
        },
        "DeviceStateChanged": {"device_state": {"name": "PJSIP/web-8001", "state": "NOT_INUSE"}},
        "Dial": {"peer": channel("p"), "dialstatus": "RINGING", "dialstring": "web-8001"},
        "PlaybackFinished": {"playback": {"id": "pb-1", "state": "done"}},
        "StasisStart": {"args": ["inbound"]},
        "ApplicationReplaced": {},
    }
    return event(kind, **more.get(kind, {}))


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_every_event_we_use_is_understood(kind: str) -> None:
    found = parse(json.dumps(sample(kind)))
    assert found is not None
    assert type(found).__name__ == kind
    assert found.at.utcoffset() == timedelta(hours=8)


def test_unknown_types_and_fields_are_no_error() -> None:
    """B1"""
    assert parse(json.dumps(event("ChannelToneDetected"))) is None
    assert parse(json.dumps(event("RecordingFinished", recording={"duration": 0}))) is None
    assert parse(json.dumps({"type": 5})) is None
    assert parse("{}") is None
    assert isinstance(parse(json.dumps(event("StasisStart", args=[], novelty={"x": [1]}))), StasisStart)


OPTIONAL = {"type", "application", "asterisk_id", "dialstatus", "dialstring", "args", "duration_ms"}
MAY_MISS = {"ChannelHangupRequest": {"cause"}, "ChannelVarset": {"channel"}, "ChannelUserevent": {"channel"}}
NEEDED = [
    (kind, part)
    for kind in sorted(MAKERS)
    for part in sorted(sample(kind).keys() - OPTIONAL - MAY_MISS.get(kind, set()))
]


@pytest.mark.parametrize(("kind", "part"), NEEDED)
def test_a_known_event_without_its_parts_is_dropped_by_name(kind: str, part: str) -> None:
    """B2"""
    body = sample(kind)
    del body[part]
    with pytest.raises(BadEventError, match=kind):
        parse(json.dumps(body))


@pytest.mark.parametrize(
    "change",
    [
        {"channel": None},
        {"channel": channel(id=None)},
        {"channel": channel(id="")},
        {"channel": channel(id=7)},
        {"channel": []},
        {"channel": channel(caller="x")},
        {"channel": channel(creationtime="yesterday")},
        {"cause": "16"},
        {"cause": True},
        {"timestamp": None},
        {"timestamp": 5},
    ],
)
def test_wrong_shapes_are_dropped(change: dict[str, Any]) -> None:
    """B2"""
    with pytest.raises(BadEventError):
        parse(json.dumps(event("ChannelDestroyed", cause=16, cause_txt="x") | change))


@pytest.mark.parametrize("frame", ["", "{", "[1]", '"x"', "null", "NaN", "{'a':1}", "\ufeff{}", "[" * 100_000])
def test_what_is_no_object_breaks_the_frame(frame: str) -> None:
    """B3"""
    with pytest.raises(BadFrameError):
        parse(frame)


def test_deep_nesting_breaks_the_frame_and_nothing_else() -> None:
    """B3"""
    with pytest.raises(BadFrameError):
        parse('{"type":"StasisStart","x":' + "[" * 50_000 + "]" * 50_000 + "}")


def test_the_same_event_twice_has_the_same_key_and_another_has_not() -> None:
    """B4"""
    one, again = parse(json.dumps(sample("Dial"))), parse(json.dumps(sample("Dial") | {"application": "other"}))
    other = parse(json.dumps(sample("Dial") | {"dialstatus": "ANSWER"}))
    assert one is not None
    assert again is not None
    assert other is not None
    assert one.key == again.key != other.key


def test_times_are_kept_as_sent_also_when_they_go_back() -> None:
    """B5"""
    late = parse(json.dumps(event("ChannelCreated", timestamp="2026-11-22T11:00:00.000+0800")))
    early = parse(json.dumps(event("ChannelCreated", timestamp="2026-11-22T02:59:59.000+0000")))
    naive = parse(json.dumps(event("ChannelCreated", timestamp="2026-11-22T11:00:00")))
    assert late is not None
    assert early is not None
    assert naive is not None
    assert early.at < late.at
    assert early.at.utcoffset() == timedelta(0)
    assert naive.at.utcoffset() == timedelta(0)


def test_a_start_without_or_with_a_hundred_arguments_is_still_a_start() -> None:
    """B6"""
    none, many = parse(json.dumps(event("StasisStart"))), parse(json.dumps(event("StasisStart", args=["x"] * 100)))
    assert isinstance(none, StasisStart)
    assert isinstance(many, StasisStart)
    assert none.args == ()
    assert len(many.args) == 32


@pytest.mark.parametrize("name", ["a/b", "x;2", "50%", "a b", "频道"])
def test_a_channel_id_is_kept_letter_for_letter(name: str) -> None:
    """B7"""
    found = parse(json.dumps(event("StasisStart", channel=channel(name))))
    assert isinstance(found, StasisStart)
    assert found.channel.id == name


def test_a_caller_name_is_capped_and_loses_its_control_characters() -> None:
    """B8"""
    wild = "😀\u202e\x00\x1b[31m\n" + "王" * 10_000
    found = parse(json.dumps(event("ChannelCreated", channel=channel(caller={"name": wild, "number": "1"}))))
    assert found is not None
    name = found.channel.caller_name  # type: ignore[attr-defined]
    assert name.startswith("😀\u202e[31m王")
    assert len(name) <= MAX_TEXT
    assert "\x00" not in name


def test_recording_events_are_not_even_read() -> None:
    """B10: they prove nothing."""
    for kind in ("RecordingStarted", "RecordingFinished", "RecordingFailed"):
        assert parse(json.dumps(event(kind, recording={"name": "x", "duration": 0}))) is None


def test_a_user_event_is_told_apart_from_asterisks_own() -> None:
    """B15: its name cannot make it another event."""
    found = parse(json.dumps(event("ChannelUserevent", eventname="ChannelDestroyed", userevent={"cause": 16})))
    assert isinstance(found, ChannelUserevent)
    assert not isinstance(found, ChannelDestroyed)


def test_variables_do_not_show_in_logs() -> None:
    """B16"""
    found = parse(json.dumps(event("StasisStart", channel=channel(channelvars={"PIN": "314159"}))))
    variable = parse(json.dumps(event("ChannelVarset", variable="CC_X", value="314159")))
    assert isinstance(found, StasisStart)
    assert found.channel.variables == {"PIN": "314159"}
    assert "314159" not in repr(found) + repr(variable)


def test_each_asterisk_is_named() -> None:
    """B18"""
    found = parse(json.dumps(event("ChannelCreated", asterisk_id="other")))
    assert found is not None
    assert found.asterisk == "other"


def test_a_bridge_of_a_hundred_channels_is_a_bridge() -> None:
    """B19"""
    inside = [f"c{n};2" for n in range(100)]
    found = parse(json.dumps(event("ChannelEnteredBridge", bridge=BRIDGE | {"channels": inside})))
    assert isinstance(found, ChannelEnteredBridge)
    assert found.bridge.channels == tuple(inside)


def test_a_dial_we_made_has_no_caller() -> None:
    found = parse(json.dumps(sample("Dial")))
    assert isinstance(found, Dial)
    assert found.caller is None


def test_a_global_variable_has_no_channel() -> None:
    found = parse(json.dumps(event("ChannelVarset", channel=..., variable="CC_X", value="")))
    assert isinstance(found, ChannelVarset)
    assert found.channel is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(sorted(MAKERS)), st.sampled_from(["channel", "bridge", "timestamp", "peer", "args"]), json_values
)
def test_no_value_in_any_place_does_more_than_drop_the_event(kind: str, place: str, value: Any) -> None:
    """B2"""
    try:
        parse(json.dumps(sample(kind) | {place: value}))
    except BadEventError:
        return
