"""XLSX read row by row: the first sheet, its texts kept on disk and its days by their format, in flat memory.

Must never run, follow or unpack more than it must: macros, links to elsewhere and what unpacks to too much are refused
before a row is read (C15).
"""

import os
import re
import struct
import tempfile
import zlib
from array import array
from collections.abc import Generator
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import PurePosixPath
from typing import BinaryIO, Final
from xml.etree.ElementTree import Element, ParseError, fromstring
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from callcenter.importing.errors import BrokenTableError, FileRefusedError
from callcenter.importing.limits import Limits
from tickets.errors import Words

CHUNK: Final = 256 << 10
PART: Final = 4 << 20
"""Bytes of the small parts, unpacked."""
ENTRIES: Final = 1000
EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's days have no zone
EPOCH_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001 - the same
MOST_DAYS: Final = 2_958_465
_DAY_FORMATS: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_FOREIGN = re.compile(r"vbaproject|/activex/|macrosheets|oleobject|externallink|/embeddings/|\.(?:exe|dll|vbs|js|bin)$")
_REFERENCE = re.compile(r"([A-Z]{1,3})[0-9]+")
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_ERRORS = (BadZipFile, ParseError, expat.ExpatError, KeyError, ValueError, NotImplementedError, RuntimeError, EOFError)
_READING = (*_ERRORS, zlib.error, struct.error)
_SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_MAIN = f"{{{_SPACE}}}"
_TAGS: Final = {f"{_SPACE}{tag}": tag for tag in ("c", "v", "t", "row", "rPh", "si")}
"""What the parser calls the elements that matter → their names."""
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


def check(file: BinaryIO, size: int, limits: Limits) -> None:
    """Raises FileRefusedError for anything but a plain workbook of a bearable size."""
    try:
        with ZipFile(file) as book:
            entries = book.infolist()
            names = [entry.filename.lower() for entry in entries]
            if len(entries) > ENTRIES or len(set(names)) != len(names) or "xl/workbook.xml" not in names:
                raise _refused("压缩包或其他办公文档不能导入，请提供XLSX或CSV", "an archive is no list: XLSX or CSV")
            if any(entry.flag_bits & 0x1 for entry in entries):
                raise _refused("文件已加密，请去除密码后重试", "the file is encrypted: take its password off")
            if any(_FOREIGN.search(name) for name in names if not name.startswith("xl/printersettings/")):
                raise _refused(
                    "文件含宏、外部链接或内嵌对象，请另存为不含宏和链接的XLSX",
                    "the file holds macros, links to elsewhere or embedded objects: save it without them",
                )
            unpacked = sum(entry.file_size for entry in entries)
            packed = sum(entry.compress_size for entry in entries)
            if unpacked > limits.unpacked or packed > size or unpacked > limits.ratio * size + PART:
                raise _refused("文件解压后过大", "it would be too large unpacked")
            if b"macroenabled" in _part(book, "[Content_Types].xml").lower():
                raise _refused("文件含宏，请另存为不含宏的XLSX", "the file holds macros: save it as a plain XLSX")
            _first_sheet(book)
    except _READING as error:
        raise _damaged() from error


def rows(file: BinaryIO, limits: Limits) -> Generator[tuple[int, list[str]], None, None]:
    """Number and cells of every row that is not empty. Raises FileRefusedError, BrokenTableError.

    Numbers come as they are, whole ones without a fraction; those of more than 15 digits in the form that shows they
    were rounded (`1.23E+17`). Days come as `2026-11-18`, moments as `2026-11-18 10:00:00`.
    """
    try:
        with ZipFile(file) as book, tempfile.TemporaryFile() as texts:
            sheet = _Sheet(book, _Texts(texts), limits)
            yield from sheet.rows(book)
    except _READING as error:
        raise _damaged() from error


def _first_sheet(book: ZipFile) -> str:
    """The part of the first sheet that is shown, as the workbook lists them."""
    targets = {each.get("Id", ""): each.get("Target", "") for each in _tree(book, "xl/_rels/workbook.xml.rels")}
    for sheet in _tree(book, "xl/workbook.xml").iter(f"{_MAIN}sheet"):
        target = targets.get(sheet.get(f"{_REL}id", ""), "")
        if sheet.get("state", "visible") == "visible" and target:
            return target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
    raise _refused("文件里没有工作表", "there is no sheet in the file")


def _part(book: ZipFile, name: str) -> bytes:
    with book.open(name) as part:
        content = part.read(PART + 1)
    if len(content) > PART or b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise _damaged()
    return content


def _tree(book: ZipFile, name: str) -> Element:
    return fromstring(_part(book, name))  # noqa: S314 - bounded, and without a document type


def _day_styles(book: ZipFile) -> frozenset[int]:
    """The cell styles that show a number as a day or a moment."""
    if "xl/styles.xml" not in book.namelist():
        return frozenset()
    tree = _tree(book, "xl/styles.xml")
    own = {
        int(each.get("numFmtId", "0"))
        for each in tree.iter(f"{_MAIN}numFmt")
        if re.search("[ymdhs]", _QUOTED.sub("", each.get("formatCode", "")).lower())
    }
    formats = tree.find(f"{_MAIN}cellXfs")
    return frozenset(
        at
        for at, each in enumerate(() if formats is None else formats)
        if int(each.get("numFmtId", "0")) in _DAY_FORMATS | own
    )


class _Texts:
    """The texts a workbook shares between cells, in a file: eight bytes of memory each."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._ends = array("Q", [0])
        self._read = lru_cache(maxsize=4096)(self._at)

    def fill(self, book: ZipFile, limits: Limits) -> None:
        """Reads all of them once."""
        if "xl/sharedStrings.xml" not in book.namelist():
            return
        waiting: list[str] = []
        pieces: list[str] = []
        state = {"depth": 0, "text": False, "phonetic": False, "length": 0}

        def start(name: str, _: dict[str, str]) -> None:
            tag = _TAGS.get(name, "")
            if tag == "si":
                pieces.clear()
                state["length"] = 0
            state["phonetic"] = state["phonetic"] or tag == "rPh"
            state["text"] = tag == "t" and not state["phonetic"]

        def end(name: str) -> None:
            tag = _TAGS.get(name, "")
            if tag == "rPh":
                state["phonetic"] = False
            elif tag == "si":
                waiting.append("".join(pieces))
            state["text"] = False

        def said(text: str) -> None:
            if state["text"]:
                state["length"] += len(text)
                if state["length"] > limits.row_characters:
                    raise _too_long(0)
                pieces.append(text)

        parser = _parser()
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, said
        with book.open("xl/sharedStrings.xml") as part:
            while chunk := part.read(CHUNK):
                parser.Parse(chunk, False)
                self._keep(waiting)
            parser.Parse(b"", True)
        self._keep(waiting)
        self._file.flush()

    def _keep(self, texts: list[str]) -> None:
        end = self._ends[-1]
        packed = []
        for text in texts:
            packed.append(text.encode("utf-8", "surrogatepass"))
            end += len(packed[-1])
            self._ends.append(end)
        self._file.write(b"".join(packed))
        texts.clear()

    def __getitem__(self, at: int) -> str:
        return self._read(at)

    def _at(self, at: int) -> str:
        if not 0 <= at < len(self._ends) - 1:
            raise ValueError("no such text")
        begin, end = self._ends[at], self._ends[at + 1]
        return os.pread(self._file.fileno(), end - begin, begin).decode("utf-8", "surrogatepass")


class _Sheet:
    """One sheet, parsed piece by piece; what was parsed and not yet given is a few hundred rows."""

    def __init__(self, book: ZipFile, texts: _Texts, limits: Limits) -> None:
        self._limits = limits
        self._texts = texts
        texts.fill(book, limits)
        self._days = _day_styles(book)
        about = next(_tree(book, "xl/workbook.xml").iter(f"{_MAIN}workbookPr"), None)
        self._epoch = EPOCH_1904 if about is not None and about.get("date1904") in ("1", "true") else EPOCH
        self._ready: list[tuple[int, list[str]]] = []
        self._row = 0
        self._cells: list[str] = []
        self._kind = "n"
        self._style = 0
        self._place = 0
        self._heard: list[str] | None = None
        self._hearing = False
        self._length = 0
        self._phonetic = False

    def rows(self, book: ZipFile) -> Generator[tuple[int, list[str]], None, None]:
        """All of them, as they are parsed."""
        parser = _parser()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._said
        with book.open(_first_sheet(book)) as part:
            while chunk := part.read(CHUNK):
                parser.Parse(chunk, False)
                yield from self._ready
                self._ready.clear()
            parser.Parse(b"", True)
        yield from self._ready

    def _start(self, name: str, said: dict[str, str]) -> None:
        tag = _TAGS.get(name, "")
        if tag == "c":
            self._kind = said.get("t", "n")
            self._style = int(said.get("s", "0"))
            self._place = _column(said.get("r", ""), len(self._cells))
            self._heard = None
        elif tag in ("v", "t"):
            self._hearing = not self._phonetic
            self._heard = [] if self._heard is None else self._heard
        elif tag == "row":
            number = int(said.get("r", self._row + 1))
            if number <= self._row:
                raise ValueError("rows out of order")
            self._row, self._cells, self._length = number, [], 0
        elif tag == "rPh":
            self._phonetic = True

    def _said(self, text: str) -> None:
        if self._hearing and self._heard is not None:
            self._length += len(text)
            if self._length > self._limits.row_characters:
                raise _too_long(self._row)
            self._heard.append(text)

    def _end(self, name: str) -> None:
        tag = _TAGS.get(name, "")
        if tag in ("v", "t"):
            self._hearing = False
        elif tag == "c":
            self._add()
        elif tag == "row":
            if any(self._cells):
                self._ready.append((self._row, self._cells))
        elif tag == "rPh":
            self._phonetic = False

    def _add(self) -> None:
        if self._heard is None:
            return
        if self._place >= self._limits.columns:
            raise BrokenTableError(
                self._row, Words(f"超过{self._limits.columns}列", f"more than {self._limits.columns} columns")
            )
        value = self._value("".join(self._heard))
        self._heard = None
        if value:
            cells = self._cells
            cells.extend([""] * (self._place - len(cells)))
            cells.append(value)

    def _value(self, text: str) -> str:
        kind = self._kind
        if kind == "s":
            return self._texts[int(text)]
        if kind in ("inlineStr", "str", "d"):
            return text
        if kind == "b":
            return "1" if text == "1" else "0"
        if kind == "e":
            return text
        return self._moment(text) if self._style in self._days else _number(text)

    def _moment(self, text: str) -> str:
        days = float(text)
        if not 0 < days < MOST_DAYS:
            return text
        moment = self._epoch + timedelta(seconds=round(days * 86400))
        return str(moment.date()) if days == int(days) else str(moment)


def _number(text: str) -> str:
    if text.isdigit() and len(text) <= 15:
        return text
    try:
        value = float(text)
    except ValueError:
        return text
    if value == int(value) and abs(value) < 10**15:
        return str(int(value))
    return f"{value:.6E}" if abs(value) >= 10**15 else repr(value)


def _parser() -> expat.XMLParserType:
    """A document type is refused, so that no entity can grow."""
    parser = expat.ParserCreate(namespace_separator="")
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise ValueError("a document type")

    parser.StartDoctypeDeclHandler = refuse
    return parser


@lru_cache(maxsize=4096)
def _letters(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _column(reference: str, otherwise: int) -> int:
    found = _REFERENCE.fullmatch(reference)
    return otherwise if found is None else _letters(found[1])


def _too_long(row: int) -> BrokenTableError:
    return BrokenTableError(row, Words("该行过长", "the row is too long"))


def _refused(zh: str, en: str) -> FileRefusedError:
    return FileRefusedError(Words(zh, en))


def _damaged() -> FileRefusedError:
    return _refused("不是可读的XLSX文件，请重新另存", "no readable XLSX file: save it anew")
