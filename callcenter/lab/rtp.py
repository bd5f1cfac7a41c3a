"""What a synthetic caller says and presses, as one RTP stream: A-law every 20 ms and RFC 4733 key presses.

`write_pcap` makes the file which SIPp replays; our own phones send the same `Stream` themselves.
"""

import secrets
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path

from callcenter.lab.g711 import ALAW_TO_ULAW

FRAME = 160
"""Samples (and bytes of A-law) in 20 ms at 8 kHz."""
FRAME_SECONDS = 0.02
SILENCE = b"\xd5" * FRAME
ULAW, ALAW, EVENTS = 0, 8, 101
KEYS = "0123456789*#"
PRESS_FRAMES = 8
END_PACKETS = 3


@dataclass(frozen=True)
class Say:
    """Speech from a headerless A-law file (speech.speak_alaw)."""

    alaw: Path


@dataclass(frozen=True)
class Wait:
    """Silence."""

    seconds: float


@dataclass(frozen=True)
class Press:
    """One key, held for 160 ms."""

    key: str


Step = Say | Wait | Press


class Stream:
    """One RTP stream: numbers, clock and source go on from frame to frame."""

    def __init__(self, codec: int = ALAW, number: int | None = None) -> None:
        """A new source; audio is given as A-law and sent as `codec`, numbered from `number` (None: random) on."""
        self._codec = codec
        self._source = secrets.randbits(32)
        self._number = secrets.randbits(16) if number is None else number
        self._clock = 0
        self._pressed_at = 0
        self._spoken = False

    def encode(self, payload: bytes, held: int = 0) -> list[bytes]:
        """The packets of the next 20 ms: audio (`held` 0), or a key's code that is `held` frames down."""
        if held == 0:
            audio = payload.translate(ALAW_TO_ULAW) if self._codec == ULAW else payload
            out = [self._packet(self._codec, self._clock, audio, marker=not self._spoken)]
            self._spoken = True
        else:
            if held == 1:
                self._pressed_at = self._clock
            last = held == PRESS_FRAMES
            event = payload + struct.pack(">BH", 0x8A if last else 0x0A, held * FRAME)
            out = [
                self._packet(EVENTS, self._pressed_at, event, marker=held == 1)
                for _ in range(END_PACKETS if last else 1)
            ]
        self._clock += FRAME
        return out

    def _packet(self, kind: int, clock: int, payload: bytes, *, marker: bool) -> bytes:
        head = struct.pack(
            ">BBHII",
            0x80,
            kind | (0x80 if marker else 0),
            self._number & 0xFFFF,
            clock & 0xFFFFFFFF,
            self._source,
        )
        self._number += 1
        return head + payload


def seconds(steps: tuple[Step, ...]) -> float:
    """How long the steps last."""
    return sum(1 for _ in frames(steps)) * FRAME_SECONDS


def frames(steps: tuple[Step, ...]) -> Iterator[tuple[bytes, int]]:
    """One item for each 20 ms: audio and 0, or a key's code and how many frames it has been held."""
    for step in steps:
        match step:
            case Say(alaw):
                audio = alaw.read_bytes()
                for start in range(0, len(audio), FRAME):
                    yield audio[start : start + FRAME].ljust(FRAME, SILENCE[:1]), 0
            case Wait(duration):
                for _ in range(round(duration / FRAME_SECONDS)):
                    yield SILENCE, 0
            case Press(key):
                for held in range(1, PRESS_FRAMES + 1):
                    yield bytes([KEYS.index(key)]), held


def write_pcap(path: Path, steps: tuple[Step, ...], *, until: float = 0.0) -> Path:
    """The stream as a capture file for SIPp's play_pcap_audio, with silence until `until` seconds."""
    stream = Stream()
    quiet = max(0, round((until - seconds(steps)) / FRAME_SECONDS))
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for index, frame in enumerate(chain(frames(steps), repeat((SILENCE, 0), quiet))):
            for packet in stream.encode(*frame):
                file.write(_captured(packet, round(index * FRAME_SECONDS * 1_000_000)))
    return path


def _captured(packet: bytes, microseconds: int) -> bytes:
    udp = struct.pack(">HHHH", 6000, 6000, 8 + len(packet), 0) + packet
    address = bytes([127, 0, 0, 1])
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + address * 2
    frame = b"\0" * 12 + b"\x08\x00" + ip + udp
    seconds, rest = divmod(microseconds, 1_000_000)
    return struct.pack("<IIII", seconds, rest, len(frame), len(frame)) + frame
