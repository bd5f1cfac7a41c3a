"""How fast a trunk is dialled: calls a second, and how many at once. Pure: the moment is an argument.

What is in the air is counted by the caller, who can count it after a restart too.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from typing import Final, Self

_TRUNK = re.compile(r"([a-z0-9][a-z0-9-]{0,39})=(\d{1,3}(?:\.\d)?)/(\d{1,4})")
FIRST: Final = ""
"""What a campaign without a trunk of its own is dialled over: the first of the settings."""


class BadTrunkError(ValueError):
    """The text is no trunk with its pace."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """A PJSIP endpoint of a carrier. `per_second`: calls begun in a second; `most`: ringing and talking at once."""

    name: str
    per_second: float
    most: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`trunk-main=5/60`. Raises BadTrunkError."""
        found = _TRUNK.fullmatch(text)
        if found is None:
            raise BadTrunkError(f"{text!r} is not a trunk with its pace, such as trunk-main=5/60")
        name, per_second, most = found[1], float(found[2]), int(found[3])
        if not per_second or not most:
            raise BadTrunkError(f"{text!r} would never dial")
        return cls(name, per_second, most)


@dataclass
class Pace:
    """The trunks in order, and when each was dialled last."""

    trunks: Sequence[Trunk]
    _dialled: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """From the settings. Raises BadTrunkError, also for a trunk named twice and for none."""
        trunks = [Trunk.parse(text) for text in texts]
        if not trunks or len({trunk.name for trunk in trunks}) != len(trunks):
            raise BadTrunkError("at least one trunk, and each once")
        return cls(trunks)

    def name(self, trunk: str | None) -> str:
        """The trunk itself; the first one for none, and for one that is not there any more."""
        return trunk if trunk in {one.name for one in self.trunks} and trunk else self.trunks[0].name

    def full(self, at: datetime, in_the_air: Mapping[str, int]) -> frozenset[str]:
        """Over which trunks nothing may be dialled at this moment; FIRST stands for the first."""
        full = {trunk.name for trunk in self.trunks if self._is_full(trunk, at, in_the_air.get(trunk.name, 0))}
        return frozenset(full | {FIRST} if self.trunks[0].name in full else full)

    def saturated(self, begun: Mapping[str, int]) -> frozenset[str]:
        """Over which trunks no more can be begun, whatever the moment; `begun` counts what waits to be dialled too."""
        full = {trunk.name for trunk in self.trunks if begun.get(trunk.name, 0) >= trunk.most}
        return frozenset(full | {FIRST} if self.trunks[0].name in full else full)

    def counted(self, begun: Mapping[str, int]) -> dict[str, int]:
        """The same counts by trunks that are there."""
        counts: dict[str, int] = {}
        for trunk, count in begun.items():
            counts[self.name(trunk)] = counts.get(self.name(trunk), 0) + count
        return counts

    def _is_full(self, trunk: Trunk, at: datetime, in_the_air: int) -> bool:
        last = self._dialled.get(trunk.name)
        gap = timedelta(seconds=1 / trunk.per_second)
        return in_the_air >= trunk.most or (last is not None and last <= at < last + gap)

    def opens_in(self, at: datetime) -> float:
        """Seconds until the first of the trunks that were dialled just now may be dialled again; infinite for none."""
        waits = [
            (last + timedelta(seconds=1 / trunk.per_second) - at).total_seconds()
            for trunk in self.trunks
            if (last := self._dialled.get(trunk.name)) is not None and last <= at
        ]
        return min((wait for wait in waits if wait > 0), default=inf)

    def dialled(self, trunk: str, at: datetime) -> None:
        """A call was begun over it."""
        self._dialled[trunk] = at


STANDARD: Final = ("trunk-main=5/60",)
