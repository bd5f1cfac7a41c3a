"""Capture files in the spool: opened with suspicion, read once, proved unchanged afterwards.

Never writes to, renames or removes a capture file.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from recordings import disk, wav
from recordings.errors import (
    ArchiveRefusedError,
    SourceChangedError,
    SourceQuarantinedError,
    SourceRefusedError,
)
from recordings.levels import Samples

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,119}\.(?P<kind>sln[0-9]{0,3}|wav)\Z")
RATES = {
    "sln": 8_000,
    "sln12": 12_000,
    "sln16": 16_000,
    "sln24": 24_000,
    "sln32": 32_000,
    "sln44": 44_100,
    "sln48": 48_000,
    "sln96": 96_000,
    "sln192": 192_000,
}
SAMPLE = 2
FOREIGN = (
    (b"ID3", "MP3"),
    (b"\x7fELF", "a program"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b\x08", "a gzip file"),
    (b"%PDF", "a PDF"),
    (b"OggS", "Ogg"),
    (b"fLaC", "FLAC"),
    (b"#!", "a script"),
    (b"<!DOCTYPE", "HTML"),
    (b"<html", "HTML"),
    (b"<?xml", "XML"),
)


@dataclass(frozen=True, slots=True)
class Origin:
    """What a capture file was when it was read; goes into record.json."""

    name: str
    volume: str
    size: int
    sha256: str
    mtime_ns: int
    inode: int


class Capture:
    """One open capture file of 16-bit samples. Raises SourceRefusedError for anything but a plain file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        matched = NAME.match(path.name)
        if matched is None or matched["kind"] not in (*RATES, "wav"):
            raise SourceRefusedError(f"not a capture file name: {path.name!a}")
        self._file = _open_plain(path)
        try:
            self._before = os.fstat(self._file.fileno())
            self._format = self._probe(matched["kind"])
        except BaseException:
            self._file.close()
            raise
        self._hash = hashlib.sha256()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def rate(self) -> int:
        return self._format.rate

    @property
    def channels(self) -> int:
        return self._format.channels

    @property
    def frames(self) -> int:
        return self._format.data_bytes // (self._format.channels * SAMPLE)

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be repaired or looks odd about the file itself."""
        return self._format.notes

    @property
    def mtime_ns(self) -> int:
        return self._before.st_mtime_ns

    def sync(self) -> None:
        """Make the capture itself durable; Asterisk never does (step 2)."""
        with disk.write_errors(self.path):
            os.fsync(self._file.fileno())

    def rewind(self) -> None:
        """Go to the first sample; the bytes before it enter the digest."""
        self._hash = hashlib.sha256()
        self._file.seek(0)
        self._hash.update(self._file.read(self._format.offset))

    def read(self, frames: int) -> Samples:
        """The next frames, shape (n,) for one channel or (n, channels)."""
        raw = self._file.read(frames * self.channels * SAMPLE)
        self._hash.update(raw)
        whole = len(raw) // (self.channels * SAMPLE) * self.channels
        samples = np.frombuffer(raw, dtype="<i2", count=whole)
        return samples if self.channels == 1 else samples.reshape(-1, self.channels)

    def finish(self) -> Origin:
        """Digest the rest and prove that the file did not change meanwhile. Raises SourceChangedError."""
        while rest := self._file.read(disk.CHUNK):
            self._hash.update(rest)
        self.check_unchanged()
        return Origin(
            name=self.path.name,
            volume=str(self.path.parent.parent),
            size=self._before.st_size,
            sha256=self._hash.hexdigest(),
            mtime_ns=self._before.st_mtime_ns,
            inode=self._before.st_ino,
        )

    def check_unchanged(self) -> None:
        """The same inode under the same name with the same size and time (R15, F34)."""
        try:
            named = self.path.lstat()
        except OSError as error:
            raise SourceChangedError(f"{self.path.name} went away while it was read") from error
        for found in (os.fstat(self._file.fileno()), named):
            if _identity(found) != _identity(self._before):
                raise SourceChangedError(f"{self.path.name} changed while it was read")

    def _probe(self, kind: str) -> wav.WavFormat:
        size = self._before.st_size
        start = self._file.read(16)
        for magic, what in FOREIGN:
            if start.lower().startswith(magic.lower()):
                raise SourceQuarantinedError(f"{self.path.name} holds {what}, not audio samples")
        if start[:4] in (b"RIFF", b"RF64"):
            found = wav.probe(self._file, size)
            if (found.codec, found.bits) != ("pcm", 16) or found.channels > 2:
                raise SourceQuarantinedError(
                    f"{self.path.name}: {found.channels} channels of {found.bits}-bit {found.codec}"
                )
        elif kind == "wav" and size:
            raise SourceQuarantinedError(f"{self.path.name} is not a WAV file")
        else:
            notes = ("odd_bytes_dropped",) if size % SAMPLE else ()
            rate = RATES.get(kind, RATES["sln"])
            found = wav.WavFormat(rate, 1, 16, "pcm", 0, size - size % SAMPLE, notes)
        extra = (*found.notes, *(("empty",) if not found.data_bytes else ()), *self._holes(size))
        return wav.WavFormat(found.rate, found.channels, 16, "pcm", found.offset, found.data_bytes, extra)

    def _holes(self, size: int) -> tuple[str, ...]:
        if not size:
            return ()
        try:
            hole = os.lseek(self._file.fileno(), 0, os.SEEK_HOLE)
        except OSError:
            return ()
        return ("sparse",) if hole < size else ()


def _open_plain(path: Path) -> FileIO:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
            raise ArchiveRefusedError(f"{path.name}: {error.strerror}") from error
        raise SourceRefusedError(f"{path.name!a}: {error.strerror}") from error
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        os.close(descriptor)
        raise SourceRefusedError(f"{path.name!a} is not a plain file of its own")
    return FileIO(descriptor, "rb")


def _identity(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
