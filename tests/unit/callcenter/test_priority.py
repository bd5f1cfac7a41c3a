"""A process gives way, or hurries, as far as the machine lets it."""

import subprocess
import sys

import pytest

from callcenter.priority import CALLS_FIRST, GIVES_WAY

pytestmark = pytest.mark.unit

TOLD = """
import os, sys
from pathlib import Path
from callcenter.priority import AUTOGROUP, be_nice
if sys.argv[2:] and os.getuid() == 0:
    os.setuid(65534)
be_nice(int(sys.argv[1]))
group = AUTOGROUP.read_text().split()[-1] if AUTOGROUP.exists() else sys.argv[1]
print(os.getpriority(os.PRIO_PROCESS, 0), group)
"""


def told(value: int, *more: str, leads: bool) -> list[int]:
    command = [sys.executable, "-c", TOLD, str(value), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=True, start_new_session=leads)
    return [int(each) for each in done.stdout.split()]


def test_a_process_that_leads_its_session_takes_the_session_along() -> None:
    assert told(GIVES_WAY, leads=True) == [GIVES_WAY, GIVES_WAY]


def test_a_process_within_a_session_leaves_the_others_alone() -> None:
    own, group = told(GIVES_WAY, leads=False)
    assert own == GIVES_WAY
    assert group != GIVES_WAY


def test_who_may_not_hurry_goes_on_as_before() -> None:
    assert told(CALLS_FIRST, "without the right", leads=True) == [0, 0]
