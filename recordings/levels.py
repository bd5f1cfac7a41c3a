"""What the samples themselves say: silence, clipping, offset, long runs of exact zeros, equal sides.

Only flags: no finding here ever keeps a recording out of the archive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

FULL_SCALE = 32_767
AUDIBLE = 500
OFFSET = 1_000
BLOCK = 400
ZERO_RUN_MS = 1_000
CLIPPED_SHARE = 0.001
LEAD_MS = 1_000


@dataclass(frozen=True, slots=True)
class SideLevels:
    """One side's summary; sample values are 16-bit, times in milliseconds from the segment's start."""

    lowest: int
    highest: int
    mean: int
    clipped: int
    longest_zero_run_ms: int
    first_sound_ms: int | None

    @property
    def is_zero(self) -> bool:
        return self.lowest == self.highest == 0


class SideMeter:
    """Collects one side in flat memory, block by block."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._frames = self._sum = self._clipped = 0
        self._lowest = self._highest = 0
        self._zero_run = self._longest_zero_run = 0
        self._first_sound: int | None = None

    def add(self, samples: Samples) -> None:
        if not len(samples):
            return
        lowest, highest = int(samples.min()), int(samples.max())
        if self._first_sound is None and max(-lowest, highest) >= AUDIBLE:
            loud = (samples >= AUDIBLE) | (samples <= -AUDIBLE)
            self._first_sound = self._frames + int(loud.argmax())
        if max(-lowest, highest) >= FULL_SCALE:
            self._clipped += int(np.count_nonzero((samples >= FULL_SCALE) | (samples <= -FULL_SCALE)))
        self._sum += int(samples.sum(dtype=np.int64))
        self._lowest, self._highest = min(self._lowest, lowest), max(self._highest, highest)
        self._frames += len(samples)
        self._measure_zero_runs(samples)

    def _measure_zero_runs(self, samples: Samples) -> None:
        whole = len(samples) // BLOCK * BLOCK
        if not whole:
            return
        silent: NDArray[np.bool_] = ~np.any(samples[:whole].reshape(-1, BLOCK), axis=1)
        if silent.all():
            self._zero_run += len(silent)
        else:
            sounding = np.flatnonzero(~silent)
            inner = int(np.diff(sounding).max(initial=1)) - 1
            self._longest_zero_run = max(self._longest_zero_run, self._zero_run + int(sounding[0]), inner)
            self._zero_run = len(silent) - 1 - int(sounding[-1])

    def read(self) -> SideLevels:
        run = max(self._longest_zero_run, self._zero_run) * BLOCK
        first = None if self._first_sound is None else self._first_sound * 1000 // self._rate
        return SideLevels(
            lowest=self._lowest,
            highest=self._highest,
            mean=self._sum // self._frames if self._frames else 0,
            clipped=self._clipped,
            longest_zero_run_ms=run * 1000 // self._rate,
            first_sound_ms=first,
        )


def flags(left: SideLevels, right: SideLevels, frames: int, identical: bool, prompt_first: bool) -> tuple[str, ...]:
    """The flags of a stereo segment (left = customer, right = what the customer heard).

    ``prompt_first``: the customer hears a prompt before anything is asked of them, so a customer heard
    clearly before it suggests exchanged sides.
    """
    found = []
    if frames and left.is_zero and right.is_zero:
        found.append("silent")
    elif frames and identical:
        found.append("sides_identical")
    for name, side, other in (("customer", left, right), ("heard", right, left)):
        if side.is_zero and not other.is_zero:
            found.append(f"{name}_side_zero")
        if side.clipped > frames * CLIPPED_SHARE:
            found.append(f"{name}_side_clipped")
        if abs(side.mean) > OFFSET:
            found.append(f"{name}_side_offset")
        if not side.is_zero and side.longest_zero_run_ms >= ZERO_RUN_MS:
            found.append(f"{name}_side_zero_run")
    if prompt_first and _precedes(left.first_sound_ms, right.first_sound_ms):
        found.append("sides_maybe_swapped")
    return tuple(found)


def _precedes(customer: int | None, heard: int | None) -> bool:
    return customer is not None and (heard is None or heard - customer >= LEAD_MS)
