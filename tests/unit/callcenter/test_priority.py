"""A process gives way, or hurries, as far as the machine lets it."""

import json
import subprocess
import sys

import pytest

from callcenter.priority import CALLS_FIRST, GIVES_WAY

pytestmark = pytest.mark.unit

TOLD = """
import json, os, sys
from callcenter.priority import AUTOGROUP, be_nice
if sys.argv[2:] and os.getuid() == 0:
    os.setuid(65534)
def now():
    group = AUTOGROUP.read_text().split() if AUTOGROUP.exists() else []
    return os.getpriority(os.PRIO_PROCESS, 0), int(group[-1]) if group else None
before = now()
be_nice(int(sys.argv[1]))
print(json.dumps([before, now()]))
"""

Niceness = tuple[int, int | None]


def told(value: int, *more: str, leads: bool) -> tuple[Niceness, Niceness]:
    """The process's and its session's nice value, before and after; None where Linux keeps none for the session."""
    command = [sys.executable, "-c", TOLD, str(value), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=True, start_new_session=leads)
    (own, group), (own_after, group_after) = json.loads(done.stdout)
    return (own, group), (own_after, group_after)


def test_a_process_that_leads_its_session_takes_the_session_along() -> None:
    (_, before), after = told(GIVES_WAY, leads=True)
    assert after == (GIVES_WAY, before if before is None else GIVES_WAY)


def test_a_process_within_a_session_leaves_the_others_alone() -> None:
    (_, before), after = told(GIVES_WAY, leads=False)
    assert after == (GIVES_WAY, before)


def test_who_may_not_hurry_goes_on_as_before() -> None:
    before, after = told(CALLS_FIRST, "without the right", leads=True)
    assert after == before
