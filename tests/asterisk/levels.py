"""How loud something was, and where: enough to tell who was heard in a recording."""

import math
from array import array

RATE = 8000
LOUD = 200.0


def level(samples: bytes, start: float = 0.0, end: float | None = None) -> float:
    """Root mean square of 16-bit samples between two moments in seconds."""
    values = array("h", samples[: len(samples) // 2 * 2])
    part = values[round(start * RATE) : None if end is None else round(end * RATE)]
    return math.sqrt(sum(value * value for value in part) / len(part)) if part else 0.0


def tone(samples: bytes, frequency: float, start: float = 0.0, end: float | None = None) -> float:
    """Strength of one frequency (Goertzel), on the scale of `level`."""
    values = array("h", samples[: len(samples) // 2 * 2])
    part = values[round(start * RATE) : None if end is None else round(end * RATE)]
    factor = 2 * math.cos(2 * math.pi * frequency / RATE)
    before = last = 0.0
    for value in part:
        before, last = last, value + factor * last - before
    power = before * before + last * last - factor * before * last
    return math.sqrt(2 * max(power, 0.0)) / max(len(part), 1)
