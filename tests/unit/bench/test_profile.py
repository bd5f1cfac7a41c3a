"""Samples of a running process, as a table that explains something and shows no machine's paths."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.profile import of_process, shares, short, shown

pytestmark = pytest.mark.unit

STACKS = [
    "<module> (/home/x/agi/server.py);run (/home/x/agi/server.py);dumps (/usr/lib/python3.11/json/__init__.py) 30",
    "<module> (/home/x/agi/server.py);run (/home/x/agi/server.py) 60",
    "<module> (/home/x/agi/server.py);run (/home/x/agi/server.py);run (/home/x/agi/server.py) 10",
    "nonsense",
]


def test_a_function_is_charged_once_for_what_it_calls_even_when_it_calls_itself() -> None:
    found = {share.function: (share.whole, share.alone) for share in shares(STACKS)}
    assert found == {
        "<module> (agi/server.py)": (1.0, 0.0),
        "run (agi/server.py)": (1.0, 0.7),
        "dumps (json/__init__.py)": (0.3, 0.3),
    }


def test_no_path_of_the_machine_is_shown() -> None:
    assert short("go (/root/work/tree/callcenter/calls/store.py:12)") == "go (callcenter/calls/store.py:12)"
    assert short("go (/usr/lib/python3/asyncio/runners.py)") == "go (asyncio/runners.py)"
    assert short("thread (0x1)") == "thread (0x1)"


def test_without_samples_there_is_a_sentence() -> None:
    assert shown(shares([]), 5) == "No profile: py-spy took no sample of it."


def test_a_process_that_is_not_there_gives_a_sentence(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert of_process(gone.pid, 1, tmp_path).startswith("No profile: ")
