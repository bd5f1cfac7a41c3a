"""Listening to a sealed segment: WAV, FLAC or Opus, whole or by byte ranges.

Reads masters and never changes them; derived copies lie outside the archive root and may be thrown away
at any time. Does not decide who may listen.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import soundfile

from recordings import audio, disk, wav
from recordings.archive import Archive, object_path
from recordings.errors import EncoderMissingError, ObjectDamagedError, RangeNotSatisfiableError
from recordings.record import SealedSegment

BLOCK = 1 << 16
MOST_RANGES = 16
RANGE = re.compile(r"([0-9]{0,18})\s*-\s*([0-9]{0,18})\Z")
OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)


class Form(StrEnum):
    """The representations a listener may ask for."""

    WAV = "wav"
    FLAC = "flac"
    OPUS = "opus"


MEDIA_TYPES = {Form.WAV: "audio/wav", Form.FLAC: "audio/flac", Form.OPUS: "audio/ogg; codecs=opus"}


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes ``first`` to ``last``, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def parse_range(text: str | None, size: int) -> ByteRange | None:
    """The one range to send (RFC 9110 §14), or None for the whole representation.

    Another unit, a malformed header or too many ranges count as no header, which the RFC allows. Ranges
    that touch or overlap become one; ranges apart from each other are answered with the whole, once.
    Raises RangeNotSatisfiableError when no range touches the representation or one runs backwards.
    """
    if text is None:
        return None
    unit, equals, listed = text.partition("=")
    parts = listed.split(",")
    if unit.strip().lower() != "bytes" or not equals or len(parts) > MOST_RANGES:
        return None
    ranges = []
    for part in parts:
        matched = RANGE.match(part.strip())
        if matched is None or not any(matched.groups()):
            return None
        first, last = matched.groups()
        if first and last and int(first) > int(last):
            raise RangeNotSatisfiableError(f"{first}-{last} runs backwards")
        found = _clip(first, last, size)
        if found is not None:
            ranges.append(found)
    if not ranges:
        raise RangeNotSatisfiableError(f"no byte of {text[:80]!r} lies within {size}")
    ranges.sort(key=lambda item: item.first)
    merged = ranges[0]
    for item in ranges[1:]:
        if item.first > merged.last + 1:
            return None
        merged = ByteRange(merged.first, max(merged.last, item.last))
    return merged


def _clip(first: str, last: str, size: int) -> ByteRange | None:
    if not first:
        count = min(int(last), size)
        return ByteRange(size - count, size - 1) if count else None
    if int(first) >= size:
        return None
    return ByteRange(int(first), min(int(last), size - 1) if last else size - 1)


class Listening:
    """One segment in one representation: its size, its entity tag and its bytes."""

    def __init__(self, archive: Archive, object_id: str, segment: SealedSegment, form: Form) -> None:
        self._segment = segment
        self._form = form
        master = archive.file(object_id, segment.file)
        if form is Form.OPUS:
            self._path = opus_copy(archive, object_id, segment, master)
            self.size = self._path.stat().st_size
        elif form.value == segment.form.value:
            self._path = master
            self.size = master.stat().st_size
        elif form is Form.WAV:
            self._path = master
            self.size = len(self._header) + segment.encoded.frames * self._frame_bytes
        else:
            raise EncoderMissingError("this site's masters are WAV; ask for wav or opus")

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self._form]

    @property
    def etag(self) -> str:
        """Strong: the digest of the bytes themselves, but for Opus, whose encoder may change."""
        if self._form is Form.WAV:
            return f'"{self._segment.encoded.wav_sha256}"'
        if self._form is Form.FLAC:
            return f'"{self._segment.master_sha256}"'
        return f'"opus-{self._segment.encoded.pcm_sha256}-{self.size}"'

    def chunks(self, wanted: ByteRange | None = None) -> Iterator[bytes]:
        """The bytes in order. A whole WAV or FLAC is hashed on the way and the last chunk is held back
        until it proves equal to what was sealed; otherwise ObjectDamagedError ends the stream."""
        wanted = wanted or ByteRange(0, self.size - 1)
        stream = self._raw(wanted)
        expected = self._expected_digest
        if wanted.length != self.size or expected is None:
            yield from stream
            return
        digest = hashlib.sha256()
        held = b""
        for chunk in stream:
            digest.update(chunk)
            if held:
                yield held
            held = chunk
        if digest.hexdigest() != expected:
            raise ObjectDamagedError(f"{self._segment.file} is not what was sealed")
        yield held

    @property
    def _expected_digest(self) -> str | None:
        if self._form is Form.WAV:
            return self._segment.encoded.wav_sha256
        return self._segment.master_sha256 if self._form is Form.FLAC else None

    @property
    def _frame_bytes(self) -> int:
        return self._segment.encoded.channels * 2

    @property
    def _header(self) -> bytes:
        encoded = self._segment.encoded
        return wav.header(encoded.rate, encoded.channels, encoded.frames)

    def _raw(self, wanted: ByteRange) -> Iterator[bytes]:
        if self._form is Form.WAV and self._segment.form.value != Form.WAV.value:
            return self._wav_bytes(wanted)
        return _file_bytes(self._path, wanted)

    def _wav_bytes(self, wanted: ByteRange) -> Iterator[bytes]:
        header = self._header
        if wanted.first < len(header):
            yield header[wanted.first : wanted.last + 1]
        first, last = max(wanted.first - len(header), 0), wanted.last - len(header)
        if last < first:
            return
        start = first // self._frame_bytes
        frames = last // self._frame_bytes - start + 1
        skip, rest = first - start * self._frame_bytes, last - first + 1
        try:
            with soundfile.SoundFile(self._path) as master:
                master.seek(start)
                for block in audio.decoded(master, frames):
                    raw = block.tobytes()[skip : skip + rest]
                    skip, rest = 0, rest - len(raw)
                    yield raw
        except soundfile.LibsndfileError as error:
            raise ObjectDamagedError(f"{self._segment.file} cannot be decoded: {error}") from error
        if rest:
            raise ObjectDamagedError(f"{self._segment.file} is shorter than sealed")


def opus_copy(archive: Archive, object_id: str, segment: SealedSegment, master: Path) -> Path:
    """A small derived copy for slow lines, made when first asked for.

    Raises EncoderMissingError, and ObjectDamagedError when the samples it is made from are not those sealed.
    """
    encoded = segment.encoded
    if "OPUS" not in soundfile.available_subtypes("OGG") or encoded.rate not in OPUS_RATES:
        raise EncoderMissingError(f"no Opus encoder for {encoded.rate} Hz on this machine")
    folder = archive.derived / object_path(object_id)
    final = folder / f"{encoded.pcm_sha256[:16]}.opus"
    if final.exists():
        return final
    folder.mkdir(parents=True, exist_ok=True)
    staged = folder / f".{secrets.token_hex(8)}"
    digest = hashlib.sha256()
    try:
        with (
            soundfile.SoundFile(master) as source,
            soundfile.SoundFile(staged, "w", encoded.rate, encoded.channels, "OPUS", format="OGG") as copy,
        ):
            for block in audio.decoded(source):
                samples = block.tobytes()
                digest.update(samples)
                copy.buffer_write(samples, dtype="int16")
        if digest.hexdigest() != encoded.pcm_sha256:
            raise ObjectDamagedError(f"{segment.file} is not what was sealed")
        staged.replace(final)
    except soundfile.LibsndfileError as error:
        raise ObjectDamagedError(f"{segment.file} cannot be decoded: {error}") from error
    finally:
        disk.discard_derived(archive.derived, staged)
    return final


def _file_bytes(path: Path, wanted: ByteRange) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _read(file, wanted)


def _read(file: BinaryIO, wanted: ByteRange) -> Iterator[bytes]:
    file.seek(wanted.first, os.SEEK_SET)
    rest = wanted.length
    while rest:
        chunk = file.read(min(BLOCK, rest))
        if not chunk:
            raise ObjectDamagedError("the file is shorter than sealed")
        rest -= len(chunk)
        yield chunk
