"""Samples in, sealed master out: interleaves both sides, encodes, and reads back what was written.

Streams in flat memory whatever the length. The master is lossless and `flac -d` of it is, byte for byte,
the WAV whose digest is kept; nothing is accepted that was not decoded from disk and compared.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from recordings import disk, levels, wav
from recordings.capture import Capture, Origin
from recordings.errors import (
    ArchiveFullError,
    EncodingMismatchError,
    SourceQuarantinedError,
    VolumeSuspectError,
)
from recordings.levels import Samples, SideMeter

FRAMES = 64_000
FLAC_LEVEL = 5
FLAC_LEVELS = 8
LITTLE_FREE = 1 << 20


class MasterFormat(StrEnum):
    """The archive's lossless formats; which one is a site setting."""

    FLAC = "flac"
    WAV = "wav"


@dataclass(frozen=True, slots=True)
class Encoded:
    """What went into a master. Digests are hex SHA-256; ``gap_ms`` is how much the shorter side lacked."""

    rate: int
    channels: int
    frames: int
    gap_ms: int
    pcm_sha256: str
    wav_sha256: str
    origins: tuple[Origin, ...]
    notes: tuple[str, ...]

    @property
    def duration_ms(self) -> int:
        return self.frames * 1000 // self.rate


FLAC_DIGEST = slice(26, 42)
"""Where a FLAC's first block (STREAMINFO) keeps the MD5 of the samples."""


def suitable(sides: Sequence[Capture | None], form: MasterFormat) -> MasterFormat:
    """The format for these captures: WAV where there is no sample at all, which FLAC cannot express."""
    return form if any(side is not None and side.frames for side in sides) else MasterFormat.WAV


def encode(sides: Sequence[Capture | None], target: Path, form: MasterFormat, prompt_first: bool = False) -> Encoded:
    """Write the master of one segment to a new file, synced (steps 2 to 4).

    ``sides`` is (customer, heard), either of which may be missing, or one WAV capture on its own.
    Raises SourceChangedError when a capture did not hold still, ArchiveFullError, VolumeSuspectError.
    """
    present = [side for side in sides if side is not None]
    rates = {side.rate for side in present if side.frames}
    if len(rates) > 1:
        raise SourceQuarantinedError(f"the sides were captured at different rates: {sorted(rates)}")
    rate = rates.pop() if rates else present[0].rate
    paired = len(sides) == 2
    channels = 2 if paired else present[0].channels
    if paired and any(side.channels != 1 for side in present):
        raise SourceQuarantinedError("a side has more than one channel")
    frames = max(side.frames for side in present)
    shortest = min(0 if side is None else side.frames for side in sides)
    for side in present:
        side.sync()
        side.rewind()
    blocks = _paired(sides[0], sides[1], frames) if paired else _single(present[0], frames)
    measure = _Measure(rate, channels, frames)
    _write(target, form, rate, channels, frames, measure.watch(blocks))
    origins = tuple(side.finish() for side in present)
    notes = [f"{name}_missing" for name, side in zip(("customer", "heard"), sides, strict=False) if side is None]
    notes += sorted({note for side in present for note in side.notes})
    notes += measure.flags(prompt_first)
    return Encoded(
        rate=rate,
        channels=channels,
        frames=frames,
        gap_ms=(frames - shortest) * 1000 // rate if paired else 0,
        pcm_sha256=measure.pcm.hexdigest(),
        wav_sha256=measure.wav.hexdigest(),
        origins=origins,
        notes=tuple(notes),
    )


def check_master(path: Path, encoded: Encoded, alone: bool = False) -> None:
    """Decode a master from disk and compare every sample (step 5). Raises EncodingMismatchError.

    A FLAC must carry the digest of its samples, by which others judge it; with ``alone`` it is recomputed too.
    """
    digest = hashlib.sha256()
    own = hashlib.md5(usedforsecurity=False) if alone else None
    frames = 0
    try:
        with soundfile.SoundFile(path) as master:
            if (master.samplerate, master.channels) != (encoded.rate, encoded.channels):
                raise EncodingMismatchError(f"{path.name}: wrong rate or channels")
            for block in decoded(master):
                digest.update(block.data)
                if own is not None:
                    own.update(block.data)
                frames += len(block)
    except soundfile.LibsndfileError as error:
        raise EncodingMismatchError(f"{path.name} cannot be decoded: {error}") from error
    if frames != encoded.frames or digest.hexdigest() != encoded.pcm_sha256:
        raise EncodingMismatchError(f"{path.name} does not decode to what was captured")
    with path.open("rb") as file:
        head = file.read(FLAC_DIGEST.stop)
    stated = head[FLAC_DIGEST] if head.startswith(b"fLaC") else None
    if stated == bytes(16) or (stated and own is not None and stated != own.digest()):
        raise EncodingMismatchError(f"{path.name} does not carry the digest of its samples")


def decoded(master: Any, frames: int | None = None) -> Iterator[Samples]:
    """Blocks of little-endian samples from an open master, up to ``frames``; each block is reused."""
    buffer = np.empty((FRAMES, master.channels), dtype="<i2")
    rest = frames
    while rest is None or rest > 0:
        wanted = buffer if rest is None else buffer[: min(rest, FRAMES)]
        count = master.buffer_read_into(wanted, dtype="int16")
        if not count:
            return
        yield wanted[:count]
        rest = None if rest is None else rest - count


class _Measure:
    """Digests and levels of the samples on their way into the encoder."""

    def __init__(self, rate: int, channels: int, frames: int) -> None:
        self.pcm = hashlib.sha256()
        self.wav = hashlib.sha256(wav.header(rate, channels, frames))
        self._meters = [SideMeter(rate) for _ in range(channels)]
        self._frames = frames
        self._identical = channels == 2

    def watch(self, blocks: Iterator[tuple[Samples, Sequence[Samples]]]) -> Iterator[Samples]:
        for block, sides in blocks:
            self.pcm.update(block.data)
            self.wav.update(block.data)
            for meter, side in zip(self._meters, sides, strict=True):
                meter.add(side)
            if self._identical:
                self._identical = bool(np.array_equal(sides[0], sides[1]))
            yield block

    def flags(self, prompt_first: bool) -> tuple[str, ...]:
        if len(self._meters) != 2:
            return ("silent",) if self._frames and self._meters[0].read().is_zero else ()
        left, right = (meter.read() for meter in self._meters)
        return levels.flags(left, right, self._frames, self._identical, prompt_first)


def _paired(left: Capture | None, right: Capture | None, frames: int) -> Iterator[tuple[Samples, Sequence[Samples]]]:
    for at in range(0, frames, FRAMES):
        count = min(FRAMES, frames - at)
        sides = [_padded(side, at, count) for side in (left, right)]
        block = np.empty((count, 2), dtype="<i2")
        block[:, 0], block[:, 1] = sides
        yield block, sides


def _padded(side: Capture | None, at: int, count: int) -> Samples:
    wanted = 0 if side is None else max(0, min(count, side.frames - at))
    if wanted == 0 or side is None:
        return np.zeros(count, dtype="<i2")
    samples = side.read(wanted)
    return samples if len(samples) == count else np.pad(samples, (0, count - len(samples)))


def _single(source: Capture, frames: int) -> Iterator[tuple[Samples, Sequence[Samples]]]:
    for at in range(0, frames, FRAMES):
        block = source.read(min(FRAMES, frames - at))
        sides = [block] if source.channels == 1 else [block[:, 0], block[:, 1]]
        yield np.ascontiguousarray(block), sides


def _write(target: Path, form: MasterFormat, rate: int, channels: int, frames: int, blocks: Iterator[Samples]) -> None:
    descriptor = disk.create(target)
    try:
        if form is MasterFormat.FLAC:
            _write_flac(descriptor, rate, channels, blocks)
        else:
            disk.write_all(descriptor, wav.header(rate, channels, frames), target)
            for block in blocks:
                disk.write_all(descriptor, block.data.cast("B"), target)
        with disk.write_errors(target):
            os.fsync(descriptor)
    except soundfile.LibsndfileError as error:
        if disk.free_bytes(target.parent) < LITTLE_FREE:
            raise ArchiveFullError(f"{target.name}: no space left") from error
        raise VolumeSuspectError(f"{target.name}: {error}") from error
    finally:
        os.close(descriptor)


def _write_flac(descriptor: int, rate: int, channels: int, blocks: Iterator[Samples]) -> None:
    with soundfile.SoundFile(
        descriptor,
        "w",
        rate,
        channels,
        "PCM_16",
        format="FLAC",
        closefd=False,
        compression_level=FLAC_LEVEL / FLAC_LEVELS,
    ) as encoder:
        for block in blocks:
            encoder.buffer_write(block.data, dtype="int16")
