"""From how many people on a complaint is a warning, and major."""

import pytest

from tickets.groups import is_warned, severity
from tickets.intake import Severity

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("size", "designated", "warned", "major"),
    [
        (1, False, False, False),
        (4, False, False, False),
        (5, False, True, False),
        (19, False, True, False),
        (20, False, True, True),
        (1, True, True, True),
    ],
)
def test_five_are_a_warning_and_twenty_major(size: int, designated: bool, warned: bool, major: bool) -> None:
    """N-14, R-2.20, CL-9"""
    assert is_warned(size, designated) is warned
    assert (severity(Severity.GENERAL, size, designated) is Severity.MAJOR) is major
    assert severity(Severity.MAJOR, size, designated) is Severity.MAJOR
