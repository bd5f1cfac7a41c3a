"""The switch's event log, row by row: what each kind tells, and that no row of another version does harm."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.calls import cel, facts

pytestmark = pytest.mark.unit

AT = datetime(2026, 11, 22, 3, 8, 4, 123456, tzinfo=UTC)
CHANNEL = "hl1-1795346834.0"


def line(kind: str, extra: dict[str, Any] | str = "", **more: str) -> str:
    """A row as Asterisk 22 writes it; `kind` that begins with CC_ is a user event."""
    ours = kind.startswith("CC_")
    row = {
        "eventenum": "USER_DEFINED" if ours else kind,
        "userdeftype": kind if ours else "",
        "eventtime": f"{AT.timestamp():.6f}",
        "uniqueid": CHANNEL,
        "linkedid": CHANNEL,
        "accountcode": "",
        "channame": "PJSIP/trunk-main-00000000",
        "peer": "",
        "peeraccount": "",
        "context": "cc-in",
        "appname": "",
        "eventextra": extra if isinstance(extra, str) else json.dumps(extra),
    }
    return json.dumps(row | more)


def told(kind: str, extra: dict[str, Any] | str = "", **more: str) -> list[facts.Fact]:
    return list(cel.told(cel.parse(line(kind, extra, **more))))


@pytest.mark.parametrize(
    ("kind", "extra", "more", "expected"),
    [
        ("ANSWER", "", {}, [facts.LegAnswered(AT, CHANNEL)]),
        ("BRIDGE_ENTER", {"bridge_technology": "simple_bridge"}, {}, [facts.Bridged(AT, CHANNEL)]),
        ("BRIDGE_ENTER", {"bridge_technology": "holding_bridge"}, {}, []),
        ("BRIDGE_EXIT", "", {}, [facts.Unbridged(AT, CHANNEL)]),
        ("HANGUP", {"hangupcause": 17}, {}, [facts.LegEnded(AT, CHANNEL, "busy")]),
        ("HANGUP", {"hangupcause": "17"}, {}, [facts.LegEnded(AT, CHANNEL, "unknown")]),
        ("CHAN_END", "", {}, [facts.LegEnded(AT, CHANNEL, "unknown")]),
        ("LINKEDID_END", "", {}, [facts.Ended(AT, "normal")]),
        ("CHAN_START", "", {}, []),
        (
            "BLINDTRANSFER",
            {"extension": "8002", "context": "cc-transfer"},
            {},
            [facts.Transferred(AT, CHANNEL, "blind", "8002@cc-transfer")],
        ),
        (
            "ATTENDEDTRANSFER",
            {"channel2_name": "PJSIP/desk-8002-1"},
            {},
            [facts.Transferred(AT, CHANNEL, "attended", "PJSIP/desk-8002-1")],
        ),
        ("ATTENDEDTRANSFER", {}, {}, [facts.Transferred(AT, CHANNEL, "attended", "")]),
        ("APP_START", "", {"appname": "Queue", "context": "cc-degraded"}, [facts.Queued(AT, "cc-fallback")]),
        ("APP_START", "", {"appname": "Queue", "context": "cc-out"}, [facts.Queued(AT, "cc-callback")]),
        ("APP_START", "", {"appname": "Queue", "context": "x", "exten": "cc-claims"}, [facts.Queued(AT, "cc-claims")]),
        ("APP_START", "", {"appname": "Queue", "context": "cc-talk"}, []),
        ("APP_START", "", {"appname": "Stasis"}, []),
        ("CC_QUEUED", {"extra": "cc-claims|5"}, {}, [facts.Queued(AT, "cc-claims")]),
        ("CC_REC_START", {"extra": "/rec1/x-2"}, {}, [facts.RecordingStarted(AT - cel.CHECKED_AFTER, 2, "/rec1/x-2")]),
        ("CC_REC_START", {"extra": "/rec1/x-0"}, {}, []),
        ("CC_REC_END", {"extra": "/rec1/x-2|640|"}, {}, [facts.RecordingEnded(AT, 2, "/rec1/x-2", 640, None)]),
        ("CC_REC_END", {"extra": "/rec1/x-2|٣|-1"}, {}, [facts.RecordingEnded(AT, 2, "/rec1/x-2", None, None)]),
        ("CC_REC_FAIL", {"extra": "/rec1/x-1"}, {}, [facts.RecordingFailed(AT, "/rec1/x-1")]),
        ("CC_REC_NONE", {"extra": CHANNEL}, {}, [facts.RecordingMissing(AT)]),
        (
            "CC_DEGRADED",
            {"extra": "greet|FAILURE||"},
            {},
            [facts.Degraded(AT, {"from": "greet", "agi": "FAILURE", "stasis": "", "done": ""})],
        ),
        ("CC_ARRIVED", {"extra": "1|95519"}, {}, []),
        ("CC_NOTICE", {"extra": "zh|SUCCESS"}, {}, [facts.Marked(AT, "notice", CHANNEL, {"text": "zh|SUCCESS"})]),
        ("CC_" + "X" * 99, {"extra": "y" * 999}, {}, [facts.Marked(AT, "x" * 40, CHANNEL, {"text": "y" * 500})]),
    ],
)
def test_each_kind_of_row_tells_its_facts(
    kind: str, extra: dict[str, Any] | str, more: dict[str, str], expected: list[facts.Fact]
) -> None:
    """INV-11, INV-12, F16"""
    assert told(kind, extra, **more) == expected


def test_who_arrives_is_told_by_the_filtered_row_or_by_what_older_rows_hold() -> None:
    """A8"""
    ours = cel.arrived(cel.parse(line("CC_ARRIVED", {"extra": "+8613800138000|95519"})))
    assert ours == facts.Arrived(AT, "+8613800138000", "95519")
    older = cel.arrived(cel.parse(line("CHAN_START", "", num="anonymous", exten="95519")))
    assert older == facts.Arrived(AT, None, "95519")


def test_extra_that_is_no_object_is_kept_as_text() -> None:
    assert cel.parse(line("CC_NOTICE", "7")).extra == "7"
    assert cel.parse(line("CC_NOTICE", '["a"]')).extra == "['a']"


@given(st.text(max_size=200))
def test_no_line_does_more_than_be_refused(text: str) -> None:
    """F35"""
    try:
        list(cel.told(cel.parse(text)))
    except cel.BadRowError:
        return


@given(
    st.dictionaries(st.sampled_from(["extra", "hangupcause", "context", "extension", "channel2_name"]), st.integers())
)
def test_no_value_in_extra_does_harm(extra: dict[str, int]) -> None:
    """F35"""
    for kind in ("HANGUP", "BLINDTRANSFER", "ATTENDEDTRANSFER", "CC_REC_END", "CC_DEGRADED", "BRIDGE_ENTER"):
        told(kind, extra)
