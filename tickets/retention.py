"""How long a case's file is kept at least: what "long-term" (长期留存) means here (F-34, R-4.5, E-4 … E-7).

Everything is kept for ever unless the company decides otherwise; no decision may undercut these days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

YEARS = 10
"""Long-term is never less (F-34)."""
AFTER_DISPUTE = 2
"""Years after a dispute ended (E-5)."""
SHORT_TERM, LONG_TERM = 5, 10
"""Years after the end of a contract of one year at most, and of a longer one (E-4)."""


@dataclass(frozen=True, slots=True)
class Contract:
    """The policy a file is about: whether its term is over a year, and when it ended; None while it lives (E-6)."""

    long_term: bool
    ended: date | None = None


def kept_until(closed: date | None, contract: Contract | None = None) -> date | None:
    """The first day on which the file may be looked at for purging at all; None while there is none.

    The later of the contract's years (E-4) and the dispute's (E-5), and never less than ten from closing (F-34, E-7).
    An open case and a living contract have no such day (E-6).
    """
    if closed is None or (contract is not None and contract.ended is None):
        return None
    days = [_later(closed, YEARS), _later(closed, AFTER_DISPUTE)]
    if contract is not None and contract.ended is not None:
        days.append(_later(contract.ended, LONG_TERM if contract.long_term else SHORT_TERM))
    return max(days)


def _later(day: date, years: int) -> date:
    """The same day so many years on; of 29 February the first of March (Civil Code art. 202)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
