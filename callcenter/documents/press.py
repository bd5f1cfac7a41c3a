"""Turns blocks into PDF: Typst in this process, outside Python's lock, with embedded subsets of our own fonts.

PDF/A-2u: made for archives, and not written when a character has no glyph. Such a character is put into brackets by
its number before, 〔U+2A6A5〕, and told, so that nobody's name is shortened unseen. The same input gives the same
bytes.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import typst

from callcenter.documents import fonts
from callcenter.documents.errors import NotPrintedError
from callcenter.documents.markup import Block
from tickets.errors import Words

LAYOUT: Final = Path(__file__).with_name("layout.typ")
REPORT: Final = Path(__file__).with_name("report.typ")
"""How documents of tickets look, and how reports of figures do: each with blocks of its own."""
STANDARD: Final = "a-2u"
OURS: Final = frozenset(
    {"Noto Serif SC", "Noto Sans SC", "Noto Serif JP", "Noto Sans JP", "Noto Sans", "Noto Sans Symbols", "Noto Emoji"}
    | {"Noto Sans Arabic", "Noto Sans Hebrew"}
)
"""Families the layout names itself; the others are asked for after them."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What is printed beside the blocks. `moment` stands in the file as its creation, whole seconds."""

    title: str
    number: str
    letterhead: str
    author: str
    moment: datetime
    watermark: str = ""


@dataclass(frozen=True, slots=True)
class Printed:
    """A document as bytes, and the characters that stand in it by their numbers because no font has them."""

    pdf: bytes
    substituted: tuple[str, ...]


def engine() -> str:
    """What prints, for the document's row: another version may set lines otherwise."""
    return f"typst {version('typst')}"


class Press:
    """Prints. Blocking, but free of Python's lock while it sets: call `print` in a thread."""

    def __init__(self, others: Iterable[Path] = ()) -> None:
        found = fonts.folders(others)
        held = [font for folder in found for font in fonts.read(folder)]
        self._known = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder) for folder in found]
        )
        families = set(self._known.families())
        self._others = sorted(families - OURS)
        self._held = fonts.together(font for font in held if font.family in families)

    def print(self, paper: Paper, blocks: Sequence[Block], layout: Path = LAYOUT) -> Printed:
        """The document. Raises NotPrintedError."""
        missing: dict[str, None] = {}
        document = {
            "title": paper.title,
            "number": paper.number,
            "letterhead": paper.letterhead,
            "author": paper.author,
            "watermark": paper.watermark,
            "others": self._others,
            "blocks": blocks,
        }
        text = json.dumps(self._printable(document, missing), ensure_ascii=False)
        try:
            pdf = typst.compile(
                str(layout),
                root=str(layout.parent),
                font_paths=self._known,
                ignore_system_fonts=True,
                format="pdf",
                sys_inputs={"paper": text},
                pdf_standards=STANDARD,
                timestamp=int(paper.moment.timestamp()),
            )
        except typst.TypstError as error:
            words = Words(f"文书无法生成（{error.message}）", f"the document cannot be made: {error.message}")
            raise NotPrintedError(words) from error
        return Printed(bytes(pdf), tuple(missing))

    def _printable(self, value: Any, missing: dict[str, None]) -> Any:
        """The same with every character that no font has put by its number."""
        if isinstance(value, str):
            return "".join(each if self._has(each) else _by_number(each, missing) for each in value)
        if isinstance(value, Mapping):
            return {name: self._printable(item, missing) for name, item in value.items()}
        return [self._printable(item, missing) for item in value] if isinstance(value, list | tuple) else value

    def _has(self, character: str) -> bool:
        return character == "\t" or self._held.has(ord(character))


def _by_number(character: str, missing: dict[str, None]) -> str:
    missing[character] = None
    return f"〔U+{ord(character):04X}〕"


@cache
def press(*others: Path) -> Press:
    """The process's own press, made at the first use."""
    return Press(others)
