"""What the load measurement counts as lost, and what it reads from the processes' log."""

import json
from typing import Any

import pytest

from bench.load import Load, _missing, _targets, hooks

pytestmark = pytest.mark.unit

LOAD = Load(20, 60)
CPU = {"asterisk": 40.0, "telephony": 15.0, "serve": 1.0, "work": 14.0, "postgresql": 9.0}


def found(**wrong: int) -> dict[str, Any]:
    """A run in which nothing went wrong but this."""
    rows = {
        "calls": 1200,
        "open_calls": 0,
        "degraded": 0,
        "tickets": 400,
        "doubled": 0,
        "live": 400,
        "segments": 1200,
        "sealed": 1200,
        "lost": 0,
        "incomplete": 0,
        "other_incidents": 0,
    }
    failed = wrong.pop("failed", 0)
    p99 = wrong.pop("p99", 12)
    assert wrong.keys() <= rows.keys()
    return {
        "sipp": {"failed": failed},
        "found": rows | wrong,
        "hooks": {"greet": {"p99_ms": 3.0}, "complaint": {"p99_ms": float(p99)}},
        "cpu_ms_per_call_until_sealed": CPU,
        "ours_to_asterisk": 0.75,
    }


def test_a_run_without_a_flaw_meets_every_target() -> None:
    assert _missing(LOAD, found()) == []
    assert [target.met for target in _targets(LOAD, found())] == [True, True, True]


@pytest.mark.parametrize(
    "wrong",
    [
        {"failed": 1},
        {"calls": 1199},
        {"degraded": 1},
        {"tickets": 399, "live": 399},
        {"tickets": 401, "live": 401},
        {"doubled": 1},
        {"live": 399},
        {"sealed": 1199},
        {"sealed": 1199, "lost": 1},
        {"incomplete": 1},
        {"other_incidents": 1},
    ],
)
def test_one_call_ticket_or_recording_too_few_or_too_many_is_seen(wrong: dict[str, int]) -> None:
    """INV-1, INV-3"""
    assert len(_missing(LOAD, found(**wrong))) == 1
    assert not _targets(LOAD, found(**wrong))[0].met


def test_the_slowest_script_decides_about_the_hook() -> None:
    assert not _targets(LOAD, found(p99=51))[1].met


def test_the_hooks_are_read_from_the_log_script_by_script() -> None:
    lines = [json.dumps({"message": "script served", "script": "greet", "seconds": n / 1000}) for n in range(1, 201)]
    lines += ["Traceback (most recent call last):", json.dumps({"message": "recording sealed"})]
    lines += [json.dumps({"message": "script served", "script": "complaint", "seconds": 0.02})]
    assert hooks("\n".join(line.replace(": ", ":") for line in lines)) == {
        "complaint": {"count": 1, "p50_ms": 20.0, "p99_ms": 20.0, "max_ms": 20.0},
        "greet": {"count": 200, "p50_ms": 101.0, "p99_ms": 199.0, "max_ms": 200.0},
    }
