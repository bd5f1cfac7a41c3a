"""The demonstration's evidence: complete only when every part of the promise is borne out."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from callcenter.demo.evidence import CallSeen, CaptureSeen, Evidence, Figures, RecordingSeen, TicketSeen

pytestmark = pytest.mark.unit


def a_call(name: str, direction: str) -> CallSeen:
    return CallSeen(
        name, direction, "16900000001", "2026-11-18T04:00:00Z", "2026-11-18T04:00:02Z", "2026-11-18T04:01:00Z"
    )


def a_ticket(number: str, nature: str, channel: str, source: str, call: str) -> TicketSeen:
    return TicketSeen(
        id=number,
        number=number,
        nature=nature,
        channel=channel,
        source=source,
        opened_via="ivr",
        counted=nature == "complaint",
        call_id=call,
        opened_at="2026-11-18T04:00:30Z",
        call_ended_at="2026-11-18T04:01:00Z",
        seconds_into_call=28.0,
        seconds_before_end=30.0,
        recording_id=f"r-{call}",
    )


def a_recording(call: str) -> RecordingSeen:
    segment = {"number": 1, "completeness": "complete", "wav_sha256": "x"}
    proof = {"checkpoint": "signed"}
    at = "2026-11-18T04:02:00Z"
    captured = tuple(CaptureSeen(1, side, f"/rec1/{call}-{side}.sln", "z") for side in ("customer", "heard"))
    return RecordingSeen(f"r-{call}", call, f"urn:{call}", "1", f"a/{call}", at, "y", [segment], proof, captured)


WHOLE = Evidence(
    folder="/somewhere",
    archive_root="/somewhere/archive/root",
    public_key="hotline95519/log+00000000+x",
    public_key_file="/somewhere/log-key/log.key.pub",
    checkpoint_file="/somewhere/archive/log/checkpoint",
    began_at="2026-11-18T04:00:00Z",
    calls=(a_call("a", "inbound"), a_call("b", "callback")),
    tickets=(
        a_ticket("1", "complaint", "phone_inbound", "direct", "a"),
        a_ticket("2", "callback_finding", "phone_outbound", "callback", "b"),
        a_ticket("3", "complaint", "phone_inbound", "callback", "b"),
    ),
    recordings=(a_recording("a"), a_recording("b")),
    figures=Figures(
        before={"pieces": 5, "occurrences": 6},
        after={"pieces": 7, "occurrences": 8},
        excluded_before={"callback_finding": 1},
        excluded_after={"callback_finding": 2},
        exclusions=[],
        counted_tickets=["0", "1", "3"],
    ),
    answers=[{}] * 7,
    seconds={},
)

LATE = replace(WHOLE.tickets[0], opened_at="2026-11-18T04:01:01Z")


def test_evidence_of_everything_is_complete_and_says_what_was_gained() -> None:
    evidence = WHOLE.as_json()
    assert evidence["complete"] is True
    assert evidence["missing"] == []
    assert evidence["figures"]["gained"] == {"pieces": 2, "occurrences": 2}
    assert evidence["figures"]["findings_left_out"] == 1


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (lambda whole: replace(whole, calls=whole.calls[:1]), "an inbound call and a callback"),
        (lambda whole: replace(whole, calls=(replace(whole.calls[0], customer=None), whole.calls[1])), "the number"),
        (lambda whole: replace(whole, tickets=whole.tickets[:2]), "a complaint from each call"),
        (lambda whole: replace(whole, tickets=(whole.tickets[0], whole.tickets[2])), "one finding"),
        (lambda whole: replace(whole, tickets=(LATE, *whole.tickets[1:])), "before its call ended"),
        (lambda whole: replace(whole, recordings=whole.recordings[:1]), "a sealed recording of every call"),
        (
            lambda whole: replace(whole, recordings=tuple(replace(one, segments=[]) for one in whole.recordings)),
            "every recording whole",
        ),
        (
            lambda whole: replace(
                whole, recordings=tuple(replace(one, proof={"checkpoint": None}) for one in whole.recordings)
            ),
            "a signed checkpoint",
        ),
        (
            lambda whole: replace(
                whole, recordings=tuple(replace(one, captures=one.captures[:1]) for one in whole.recordings)
            ),
            "both captures",
        ),
        (lambda whole: replace(whole, figures=replace(whole.figures, after={"pieces": 8})), "two complaints"),
        (lambda whole: replace(whole, figures=replace(whole.figures, excluded_after={})), "the finding left out"),
        (
            lambda whole: replace(whole, figures=replace(whole.figures, counted_tickets=["1", "2", "3"])),
            "the finding not in the list",
        ),
        (lambda whole: replace(whole, answers=[{}] * 6), "an answer to each"),
    ],
)
def test_each_missing_part_is_named(broken: Callable[[Evidence], Evidence], named: str) -> None:
    """T-1, T-2, T-3, T-4"""
    assert any(named in text for text in broken(WHOLE).missing())
