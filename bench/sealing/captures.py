"""Captures as Asterisk leaves them: two headerless sides of a conversation in synthetic Mandarin, with line noise.

The same seed gives the same bytes, so every turn and every peer works on equal files.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcenter.lab.speech import speak_alaw

RATE = 8_000
LINES = (
    "您好，请问有什么可以帮您？",
    "我要投诉，业务员没有告诉我退保会有损失。",
    "请您提供一下保单号码和身份证号码的后四位。",
    "保单号码是二零二六零零一二三四，后四位是七八九零。",
    "好的，我已经为您登记，三个工作日之内会有专人与您联系。",
    "希望你们尽快处理，这件事情我已经打过两次电话了。",
)
LEAST, MEAN, MOST = 20, 180, 900
"""Seconds a call lasts: many short ones, few long ones."""

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class Pair:
    """Both sides of one call."""

    customer: Path
    heard: Path
    seconds: int

    @property
    def paths(self) -> tuple[Path, Path]:
        return self.customer, self.heard


def lengths(count: int, seed: int = 95519) -> list[int]:
    """So many lengths of calls, in seconds."""
    drawn = np.random.default_rng(seed).exponential(MEAN - LEAST, count)
    return [int(each) for each in np.clip(LEAST + drawn, LEAST, MOST)]


def make(folder: Path, seconds: list[int], voices: Path) -> list[Pair]:
    """One pair of files for each length."""
    folder.mkdir(parents=True, exist_ok=True)
    spoken = speech(voices)
    return [_pair(folder, n, length, spoken) for n, length in enumerate(seconds, 1)]


def speech(voices: Path) -> list[Samples]:
    """The sentences, as samples."""
    voices.mkdir(parents=True, exist_ok=True)
    decoded = []
    for text in LINES:
        words = ["sox", "-t", "al", "-r", "8000", "-c", "1", str(speak_alaw(text, voices)), "-t", "s16", "-"]
        raw = subprocess.run(words, check=True, capture_output=True).stdout
        decoded.append(np.frombuffer(raw, dtype="<i2"))
    return decoded


def _pair(folder: Path, number: int, seconds: int, spoken: list[Samples]) -> Pair:
    base = folder / f"hl1-1795339143.{number}-1"
    pair = Pair(Path(f"{base}-r.sln"), Path(f"{base}-t.sln"), seconds)
    chance = np.random.default_rng(number)
    with pair.customer.open("wb") as customer, pair.heard.open("wb") as heard:
        for block in _conversation(seconds * RATE, spoken, chance):
            customer.write(block[0].tobytes())
            heard.write(block[1].tobytes())
    return pair


def _conversation(frames: int, spoken: list[Samples], chance: np.random.Generator) -> Iterator[tuple[Samples, Samples]]:
    """The two take turns, a little pause between; each side hisses softly all the time."""
    done = turn = 0
    while done < frames:
        sentence = spoken[(turn + int(chance.integers(3)) * 2) % len(spoken)]
        pause = int(chance.integers(RATE // 4, RATE))
        count = min(len(sentence) + pause, frames - done)
        sides = chance.normal(0, 6, (2, count))
        sides[turn % 2, : min(count, len(sentence))] += sentence[:count]
        left, right = np.clip(sides, -32_768, 32_767).astype("<i2")
        yield left, right
        done += count
        turn += 1
