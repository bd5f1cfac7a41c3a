"""WAV headers: the canonical one we write, and a distrustful reader of those others wrote.

A crash of the recorder leaves headers that say 0 bytes; common libraries then report an empty file. Here
the size of the file decides, the header is only evidence, and every difference is noted.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from recordings.errors import SourceQuarantinedError

PCM = 1
EXTENSIBLE = 0xFFFE
HEADER_BYTES = 44
LARGEST_RIFF = 0xFFFF_FFFF
UNKNOWN_SIZE = 0xFFFF_FFFF
CODECS = {1: "pcm", 3: "float", 6: "a-law", 7: "mu-law", 0x31: "gsm", 0x55: "mp3"}
RATES = range(4_000, 192_001)
MOST_CHUNKS = 1_000
"""More chunks than any recorder writes: a gigabyte of zeros reads like a hundred million empty ones."""


@dataclass(frozen=True, slots=True)
class WavFormat:
    """What a WAV file was found to hold. ``data_bytes`` is what is really there, not what was claimed."""

    rate: int
    channels: int
    bits: int
    codec: str
    offset: int
    data_bytes: int
    notes: tuple[str, ...] = ()

    @property
    def frame_bytes(self) -> int:
        return self.channels * self.bits // 8


def header(rate: int, channels: int, frames: int) -> bytes:
    """The header ``flac -d`` writes for 16-bit PCM: 44 bytes, or RF64 where 32-bit sizes end."""
    data = frames * channels * 2
    form = struct.pack("<IHHIIHH", 16, PCM, channels, rate, rate * channels * 2, channels * 2, 16)
    if data + HEADER_BYTES - 8 <= LARGEST_RIFF:
        return b"RIFF" + struct.pack("<I", 36 + data) + b"WAVEfmt " + form + b"data" + struct.pack("<I", data)
    sizes = struct.pack("<IQQQI", 28, 72 + data, data, frames, 0)
    unknown = struct.pack("<I", UNKNOWN_SIZE)
    return b"RF64" + unknown + b"WAVEds64" + sizes + b"fmt " + form + b"data" + unknown


def probe(file: BinaryIO, size: int) -> WavFormat:
    """Read the chunks of a WAV of ``size`` bytes. Raises SourceQuarantinedError when it is not one."""
    file.seek(0)
    start = file.read(12)
    if len(start) < 12 or start[:4] not in (b"RIFF", b"RF64") or start[8:12] != b"WAVE":
        raise SourceQuarantinedError("not a WAV file")
    notes: list[str] = []
    form: tuple[int, int, int, int] | None = None
    long_data: int | None = None
    at = 12
    for _ in range(MOST_CHUNKS):
        if at + 8 > size:
            break
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        at += 8
        if name == b"ds64":
            long_data = struct.unpack_from("<Q", file.read(16), 8)[0] if length >= 16 else None
        elif name == b"fmt ":
            form = _form(file.read(min(length, 40)))
        elif name == b"data":
            if form is None:
                raise SourceQuarantinedError("data comes before its format")
            claimed = long_data if length == UNKNOWN_SIZE and long_data is not None else length
            return _measured(form, at, claimed, size, file, notes)
        at += length + (length & 1)
    raise SourceQuarantinedError("no audio data in this WAV file")


def _form(raw: bytes) -> tuple[int, int, int, int]:
    if len(raw) < 16:
        raise SourceQuarantinedError("format chunk is too short")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", raw)
    if tag == EXTENSIBLE and len(raw) >= 26:
        tag = struct.unpack_from("<H", raw, 24)[0]
    if not 1 <= channels <= 8 or rate not in RATES:
        raise SourceQuarantinedError(f"{channels} channels at {rate} Hz make no sense")
    return tag, channels, rate, bits


def _measured(
    form: tuple[int, int, int, int], at: int, claimed: int, size: int, file: BinaryIO, notes: list[str]
) -> WavFormat:
    tag, channels, rate, bits = form
    there = size - at
    if claimed == 0 and there > 0:
        notes.append("header_says_empty")
    elif claimed > there:
        notes.append("header_says_more")
    elif claimed < there and not _chunks_follow(file, at + claimed + (claimed & 1), size):
        notes.append("header_says_less")
    data = there if notes else claimed
    frame = channels * bits // 8
    if frame and data % frame:
        notes.append("odd_bytes_dropped")
        data -= data % frame
    return WavFormat(rate, channels, bits, CODECS.get(tag, f"tag {tag:#06x}"), at, data, tuple(notes))


def _chunks_follow(file: BinaryIO, at: int, size: int) -> bool:
    for _ in range(MOST_CHUNKS):
        if at + 8 > size:
            break
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        if not all(32 <= byte < 127 for byte in name):
            return False
        at += 8 + length + (length & 1)
    return at in (size, size + 1)
