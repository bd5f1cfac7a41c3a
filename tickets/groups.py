"""Complaints of several people together: from when they are a warning, from when they are major (N-14, S20)."""

from __future__ import annotations

from tickets.intake import Severity

WARNING = 5
"""People complaining together: an early warning (local rule S20)."""
MAJOR = 20
"""People complaining together: a major consumer complaint by law (N-14)."""
CLUSTER = 5
"""Orders of one category and organisation within `CLUSTER_DAYS` that are a warning too (default)."""
CLUSTER_DAYS = 7


def is_warned(size: int, designated: bool) -> bool:
    """Whether the order stands on the list of warnings."""
    return designated or size >= WARNING


def severity(proposed: Severity, size: int, designated: bool) -> Severity:
    """What is proposed, major where so many complain, or the regulator says so (N-14, R-2.20)."""
    return Severity.MAJOR if designated or size >= MAJOR else proposed
