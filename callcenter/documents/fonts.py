"""Which characters our fonts have. Reads their `cmap` tables, nothing more; blocking, once a process.

The fonts come with Python wheels (docs/documents.md names each with its licence); a site adds folders of its own.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

WHEELS: Final = ("pylopdf_fonts_zh_cn", "pylopdf_fonts_jp", "manimgx_fonts")
"""Packages whose files are fonts: Noto Serif and Sans SC, the same for Japan's characters, emoji and other scripts."""
ENDINGS: Final = frozenset({".otf", ".ttf", ".ttc", ".otc"})


class FontsMissingError(Exception):
    """A package with fonts is not installed."""


@dataclass(frozen=True, slots=True)
class Font:
    """One font file: its family and the characters it has, as ascending ranges."""

    family: str
    starts: Sequence[int]
    ends: Sequence[int]

    def has(self, character: int) -> bool:
        """Whether it has a glyph for the character."""
        place = bisect_right(self.starts, character) - 1
        return place >= 0 and character <= self.ends[place]


def folders(others: Iterable[Path] = ()) -> list[Path]:
    """The folders of our fonts and of a site's own. Raises FontsMissingError."""
    found = []
    for name in WHEELS:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise FontsMissingError(f"the Python package {name} with our fonts is not installed")
        found.append(Path(spec.origin).parent)
    return [*found, *(folder for folder in others if folder.is_dir())]


def read(folder: Path) -> Iterator[Font]:
    """Every font below a folder; what cannot be read as one is left out, like the press leaves it out."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in ENDINGS:
            raw = path.read_bytes()
            for offset in _offsets(raw):
                if (font := _font(raw, offset)) is not None:
                    yield font


def together(found: Iterable[Font]) -> Font:
    """One that has every character of them all."""
    ranges = _merged([pair for font in found for pair in zip(font.starts, font.ends, strict=True)])
    return Font("", [first for first, _ in ranges], [last for _, last in ranges])


def _offsets(raw: bytes) -> Sequence[int]:
    if raw[:4] == b"ttcf":
        (count,) = struct.unpack_from(">I", raw, 8)
        return struct.unpack_from(f">{count}I", raw, 12)
    return (0,)


def _font(raw: bytes, offset: int) -> Font | None:
    try:
        (count,) = struct.unpack_from(">H", raw, offset + 4)
        tables = {
            raw[at : at + 4]: struct.unpack_from(">I", raw, at + 8)[0]
            for at in range(offset + 12, offset + 12 + 16 * count, 16)
        }
        ranges = _merged(_ranges(raw, tables[b"cmap"]))
        return Font(_family(raw, tables[b"name"]), [first for first, _ in ranges], [last for _, last in ranges])
    except (KeyError, struct.error, UnicodeDecodeError):
        return None


def _ranges(raw: bytes, cmap: int) -> list[tuple[int, int]]:
    """Of the fullest Unicode subtable of the formats 12 and 4."""
    (count,) = struct.unpack_from(">H", raw, cmap + 2)
    best: list[tuple[int, int]] = []
    for place in range(count):
        platform, _, offset = struct.unpack_from(">HHI", raw, cmap + 4 + 8 * place)
        at = cmap + offset
        (form,) = struct.unpack_from(">H", raw, at)
        if platform not in (0, 3) or form not in (4, 12):
            continue
        found = _of_format_12(raw, at) if form == 12 else _of_format_4(raw, at)
        best = max(best, found, key=lambda ranges: sum(last - first + 1 for first, last in ranges))
    return best


def _of_format_12(raw: bytes, at: int) -> list[tuple[int, int]]:
    (count,) = struct.unpack_from(">I", raw, at + 12)
    numbers = struct.unpack_from(f">{3 * count}I", raw, at + 16)
    groups = zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)
    return [(first + (glyph == 0), last) for first, last, glyph in groups if glyph or last > first]


def _of_format_4(raw: bytes, at: int) -> list[tuple[int, int]]:
    count = struct.unpack_from(">H", raw, at + 6)[0] // 2
    ends = struct.unpack_from(f">{count}H", raw, at + 14)
    starts = struct.unpack_from(f">{count}H", raw, at + 16 + 2 * count)
    deltas = struct.unpack_from(f">{count}H", raw, at + 16 + 4 * count)
    base = at + 16 + 6 * count
    offsets = struct.unpack_from(f">{count}H", raw, base)
    found = []
    for place, (first, last) in enumerate(zip(starts, ends, strict=True)):
        for character in range(first, min(last, 0xFFFE) + 1):
            if offsets[place]:
                (glyph,) = struct.unpack_from(">H", raw, base + 2 * place + offsets[place] + 2 * (character - first))
                glyph = (glyph + deltas[place]) & 0xFFFF if glyph else 0
            else:
                glyph = (character + deltas[place]) & 0xFFFF
            if glyph:
                found.append((character, character))
    return found


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        elif first <= last:
            merged.append((first, last))
    return merged


def _family(raw: bytes, name: int) -> str:
    """The family as typographers call it (16), else the plain one (1)."""
    count, strings = struct.unpack_from(">HH", raw, name + 2)
    found: dict[int, str] = {}
    for place in range(count):
        platform, _, language, kind, length, offset = struct.unpack_from(">6H", raw, name + 6 + 12 * place)
        if platform == 3 and language == 0x409 and kind in (1, 16):
            at = name + strings + offset
            found[kind] = raw[at : at + length].decode("utf-16-be")
    return found.get(16) or found[1]
