"""Waveforms for the screen: audiowaveform version 2, 8 bits, made by streaming over the master.

Derived data: rebuildable, never part of the archive. Shows as much of a call as its sound does, so it
needs the same right.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from recordings import audio
from recordings.errors import ObjectDamagedError

VERSION = 2
EIGHT_BITS = 1
PER_SECOND = 50
HEADER = struct.Struct("<iIiiII")


@dataclass(frozen=True, slots=True)
class Peaks:
    """Minimum and maximum pairs per channel, interleaved as audiowaveform has them."""

    rate: int
    samples_per_pixel: int
    channels: int
    values: NDArray[np.int8]

    @property
    def length(self) -> int:
        return len(self.values) // (2 * self.channels)

    def dat(self) -> bytes:
        """The binary form peaks.js reads."""
        head = HEADER.pack(VERSION, EIGHT_BITS, self.rate, self.samples_per_pixel, self.length, self.channels)
        return head + self.values.tobytes()

    def json(self) -> dict[str, Any]:
        """The JSON form peaks.js reads."""
        return {
            "version": VERSION,
            "channels": self.channels,
            "sample_rate": self.rate,
            "samples_per_pixel": self.samples_per_pixel,
            "bits": 8,
            "length": self.length,
            "data": self.values.tolist(),
        }


def measure(master: Path) -> Peaks:
    """Peaks of a sealed master at 50 pixels a second. Raises ObjectDamagedError when it does not decode."""
    try:
        with soundfile.SoundFile(master) as source:
            width = source.samplerate // PER_SECOND
            parts = []
            rest = np.empty((0, source.channels), dtype="<i2")
            for block in audio.decoded(source):
                samples = np.concatenate((rest, block)) if len(rest) else block
                whole = len(samples) // width * width
                parts.append(_pairs(samples[:whole].reshape(-1, width, source.channels)))
                rest = samples[whole:].copy()
            if len(rest):
                parts.append(_pairs(rest.reshape(1, -1, source.channels)))
            values = np.concatenate(parts) if parts else np.empty(0, dtype=np.int8)
            return Peaks(source.samplerate, width, source.channels, values)
    except soundfile.LibsndfileError as error:
        raise ObjectDamagedError(f"{master.name} cannot be decoded: {error}") from error


def _pairs(pixels: NDArray[np.int16]) -> NDArray[np.int8]:
    both = np.stack((pixels.min(axis=1), pixels.max(axis=1)), axis=-1)
    return (both >> 8).astype(np.int8).reshape(-1)
