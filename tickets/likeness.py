"""Which tickets may be about one incident, and how much speaks for it. Only a person says that they are (R-4.12)."""

from collections.abc import Mapping, Set
from enum import StrEnum
from typing import Final

from tickets.errors import Words


class Ground(StrEnum):
    """What two tickets have in common."""

    CUSTOMER = "customer"
    POLICY = "policy"
    TELEPHONE = "telephone"
    CALL = "call"
    TEXT = "text"


COMMON_WORDS: Final[Mapping[Ground, Words]] = {
    Ground.CUSTOMER: Words("同一客户", "the same customer"),
    Ground.POLICY: Words("同一保单", "the same policy"),
    Ground.TELEPHONE: Words("联系电话相同", "the same telephone on the ticket"),
    Ground.CALL: Words("通话号码相同", "the same number on a linked call"),
    Ground.TEXT: Words("诉求、描述相近", "much the same words"),
}

WEIGHTS: Final[Mapping[Ground, int]] = {
    Ground.POLICY: 40,
    Ground.CUSTOMER: 30,
    Ground.TELEPHONE: 20,
    Ground.CALL: 20,
    Ground.TEXT: 0,
}
"""What each adds to the rank; text adds its likeness in per cent, so that the same words decide among equals."""

ALIKE: Final = 0.3
"""From this likeness on the words speak for it."""

FEWEST_PAIRS: Final = 5
"""Shorter words say nothing."""


def likeness(own: int, other: int, shared: int) -> float:
    """How alike two texts are, 0 … 1: the pairs of neighbouring characters they share, of those they have (Dice)."""
    return 0.0 if min(own, other) < FEWEST_PAIRS else round(2 * shared / (own + other), 4)


def grounds(common: Set[Ground], alike: float) -> tuple[Ground, ...]:
    """Why a ticket is proposed, the weightiest first; nothing: it is not."""
    found = {*common, Ground.TEXT} if alike >= ALIKE else {*common} - {Ground.TEXT}
    return tuple(ground for ground in WEIGHTS if ground in found)


def rank(found: tuple[Ground, ...], alike: float) -> int:
    """How much speaks for it; more comes first."""
    return sum(WEIGHTS[ground] for ground in found) + round(100 * alike)
