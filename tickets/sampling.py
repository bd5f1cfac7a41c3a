"""Which closed complaints are asked about satisfaction: by chance, and so that anybody can draw again (M-17, R-3.10).

The chance is the seed's: tickets are taken in the order of the SHA-256 of seed and id, so that the same seed and the
same tickets give the same sample on any machine, and nobody can choose whom to ask.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from hashlib import sha256
from uuid import UUID


class Answer(StrEnum):
    """What a sampled customer said; who was not reached said nothing and is not in M-17."""

    SATISFIED = "satisfied"
    NEUTRAL = "neutral"
    DISSATISFIED = "dissatisfied"
    NOT_REACHED = "not_reached"


def drawn(tickets: Iterable[UUID], seed: str, wanted: int) -> list[UUID]:
    """So many of the tickets, all of them where there are no more, in the order they are to be asked."""
    return sorted(set(tickets), key=lambda ticket: (sha256(f"{seed}\n{ticket}".encode()).digest(), ticket))[:wanted]


def fingerprint(tickets: Iterable[UUID]) -> str:
    """The SHA-256 of what was drawn from, whatever its order."""
    return sha256("\n".join(sorted(map(str, set(tickets)))).encode()).hexdigest()
