"""Capture files as Asterisk leaves them: two headerless sides, made from tones and noise."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recordings.archive import Archive, create
from recordings.ingest import SegmentSource
from recordings.log import Log
from recordings.record import Description

RATE = 8_000
ORIGIN = "archive.example.cn/recordings"


@dataclass(frozen=True)
class Pair:
    """Both sides of one capture in a spool folder."""

    customer: Path
    heard: Path
    duration_ms: int

    def source(self, number: int = 1, at: datetime | None = None, expected_ms: int | None = None) -> SegmentSource:
        wanted = self.duration_ms if expected_ms is None else expected_ms
        return SegmentSource(number, self.customer, self.heard, started_at=at, expected_ms=wanted)


def tone(milliseconds: int, hertz: float, seed: int = 1) -> NDArray[np.int16]:
    """A tone with line noise: compresses like speech does, never exactly zero for long."""
    count = RATE * milliseconds // 1000
    noise = np.random.default_rng(seed).normal(0, 20, count)
    samples = np.sin(np.arange(count) * 2 * np.pi * hertz / RATE) * 4_000 + noise
    return samples.astype("<i2")


def a_pair(
    spool: Path, milliseconds: int = 2_000, call: str = "hl1-1795339143.5", number: int = 1, seed: int = 1
) -> Pair:
    """A finished capture in `<spool>/<day>/`, with its `.done` mark."""
    day = spool / "20261122"
    day.mkdir(parents=True, exist_ok=True)
    base = day / f"{call}-{number}"
    sides = []
    for name, hertz in (("r", 440.0), ("t", 700.0)):
        path = Path(f"{base}-{name}.sln")
        path.write_bytes(tone(milliseconds, hertz + seed, seed).tobytes())
        sides.append(path)
    Path(f"{base}.done").touch()
    return Pair(sides[0], sides[1], milliseconds)


def an_archive(base: Path) -> tuple[Archive, Log]:
    """An empty archive with its log."""
    archive = create(base, "archive-under-test", minimum_free=1 << 20)
    return archive, Log(archive.log, ORIGIN)


def a_description(number: int = 1, started: datetime | None = None) -> Description:
    """What the application would say about a call."""
    start = started or datetime.fromisoformat("2026-11-22T01:19:03+00:00")
    return Description(
        archive_no=f"95519-LY·2026-Y-{number:06d}",
        fonds="95519",
        fonds_name="示范人寿保险股份有限公司",
        title="客户来电录音",
        call={
            "uniqueid": "hl1-1795339143.5",
            "start": start.isoformat(),
            "end": (start + timedelta(seconds=2)).isoformat(),
        },
        environment={"asterisk": "22.10.1"},
        cel=['"CHAN_START","1795339143.1","hl1-1795339143.5"', '"LINKEDID_END","1795339145.1","hl1-1795339143.5"'],
    )
