"""CSV in all its dialects, row by row. Must never hold more than one row, and never read past a broken one (C2, C9)."""

import csv
import io
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from typing import BinaryIO, Final

from callcenter.importing import fields
from callcenter.importing.errors import BrokenTableError
from callcenter.importing.limits import Limits
from tickets.errors import Words

DELIMITERS: Final = (",", ";", "\t", "，", "|")
LINES: Final = 20
"""Lines a row may have: a quotation mark that never closes would swallow the file."""
LOOKED_AT: Final = 50


@dataclass(frozen=True, slots=True)
class Separated:
    """By what the values of a row are separated, or by what they could be, best first."""

    delimiter: str | None
    candidates: tuple[str, ...] = ()


def find(file: BinaryIO, encoding: str, limits: Limits) -> Separated:
    """The delimiter, by the first rows; a header that names columns we know decides."""
    lines = _first_lines(file, encoding, limits)
    if not lines:
        return Separated(",")
    scores = {each: _score(lines, each) for each in DELIMITERS}
    best = max(scores.values())
    if best == (0, 0, 0):
        return Separated(",")
    fitting = tuple(each for each in DELIMITERS if scores[each] == best)
    return Separated(fitting[0]) if len(fitting) == 1 else Separated(None, fitting)


def _first_lines(file: BinaryIO, encoding: str, limits: Limits) -> list[str]:
    file.seek(0)
    text = _opened(file, encoding)
    try:
        found = [text.readline(limits.row_characters) for _ in range(LOOKED_AT)]
    finally:
        text.detach()
    return [line for line in found if line.strip()]


def _score(lines: list[str], delimiter: str) -> tuple[int, int, int]:
    """How well the lines are a table: header names we know, rows as wide as most, columns."""
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return (0, 0, 0)
    widths = Counter(len(row) for row in rows)
    width, many = max(widths.items(), key=lambda each: (each[1], each[0]))
    if width < 2:
        return (0, 0, 0)
    known = sum(fields.named(cell) is not None for cell in rows[0])
    return (known, many, 0 if known else width)


def rows(file: BinaryIO, encoding: str, delimiter: str, limits: Limits) -> Generator[tuple[int, list[str]], None, None]:
    """Number and cells of every row that is not empty; rows are counted as a spreadsheet counts them.

    Raises BrokenTableError at the row from which on the file is no table.
    """
    file.seek(0)
    text = _opened(file, encoding)
    lines = _Lines(text, limits)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        while True:
            lines.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                raise BrokenTableError(lines.row, _UNPAIRED) from None
            except UnicodeDecodeError:
                raise BrokenTableError(lines.row, Words(f"不是{encoding}文本", f"this is no {encoding} text")) from None
            if len(cells) > limits.columns:
                raise BrokenTableError(
                    lines.row, Words(f"超过{limits.columns}列", f"more than {limits.columns} columns")
                )
            if any(map(str.strip, cells)):
                yield lines.row, cells
    finally:
        text.detach()


def _opened(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(file, encoding=encoding, errors="strict", newline="")


_UNPAIRED = Words(
    "引号不成对，或引号后还有文字；请检查该行的双引号",
    "a quotation mark without its pair, or text behind a closing one",
)
_TOO_LONG = Words(
    "该行过长，可能缺少换行或引号不成对", "the row is too long: a line break is missing, or a quotation mark"
)


class _Lines:
    """The lines of a text, none longer than a row may be; counts the rows, as a spreadsheet does."""

    def __init__(self, text: io.TextIOWrapper, limits: Limits) -> None:
        self._text = text
        self._most = limits.row_characters
        self._length = 0
        self._lines = 0
        self.row = 0

    def begin(self) -> None:
        """A new row begins with the next line."""
        self.row += 1
        self._length = self._lines = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(self._most + 1)
        if not line:
            raise StopIteration
        self._lines += 1
        self._length += len(line)
        if self._length > self._most:
            raise BrokenTableError(self.row, _TOO_LONG)
        if self._lines > LINES:
            raise BrokenTableError(
                self.row,
                Words(
                    f"引号不成对：该行超过{LINES}个换行",
                    f"a quotation mark without its pair: the row has more than {LINES} line breaks",
                ),
            )
        return line
