"""Reads what a person uploads as a small table: CSV in UTF-8 or GB 18030, or the first sheet of an XLSX.

Must never trust its size: what unpacks to too much is refused.
"""

import csv
import io
import re
from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import Element, ParseError, iterparse
from zipfile import BadZipFile, ZipFile

from callcenter.errors import InvalidError
from tickets.errors import Words

MOST_ROWS = 5000
MOST_CELLS = 50
MOST_BYTES = 16 << 20
"""Of one part of an XLSX, unpacked."""
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REFERENCE = re.compile(r"([A-Z]{1,3})[0-9]+")


class UnreadableTableError(InvalidError):
    """The file is no table that can be read."""

    code = "table_unreadable"


def rows(content: bytes) -> list[list[str]]:
    """The rows of the table as texts; days of a spreadsheet come as their number. Raises UnreadableTableError."""
    found = list(_xlsx(content) if content.startswith(b"PK") else _csv(content))
    if len(found) > MOST_ROWS:
        raise UnreadableTableError(Words(f"超过{MOST_ROWS}行", f"more than {MOST_ROWS} rows"))
    return found


def _csv(content: bytes) -> Iterator[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        try:
            dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:4096], delimiters=",;\t")
        except csv.Error:
            dialect = csv.excel
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), dialect)):
            if number > MOST_ROWS:
                break
            yield [cell.strip() for cell in row[:MOST_CELLS]]
        return
    raise UnreadableTableError(Words("既不是UTF-8也不是GB18030文本", "neither UTF-8 nor GB 18030"))


def _xlsx(content: bytes) -> Iterator[list[str]]:
    try:
        with ZipFile(io.BytesIO(content)) as book:
            names = book.namelist()
            sheets = sorted(name for name in names if re.fullmatch(r"xl/worksheets/sheet[0-9]+\.xml", name))
            if not sheets:
                raise UnreadableTableError(Words("文件里没有工作表", "no sheet in the file"))
            shared = _shared(book) if "xl/sharedStrings.xml" in names else []
            yield from _sheet(book, sheets[0], shared)
    except (BadZipFile, ParseError, KeyError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise UnreadableTableError(Words("不是可读的XLSX文件", "not a readable XLSX file")) from error


def _part(book: ZipFile, name: str) -> IO[bytes]:
    with book.open(name) as packed:
        content = packed.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise UnreadableTableError(Words("文件展开后过大", "the file unpacks to too much"))
    if b"<!DOCTYPE" in content:
        raise UnreadableTableError(Words("不是可读的XLSX文件", "not a readable XLSX file"))
    return io.BytesIO(content)


def _shared(book: ZipFile) -> list[str]:
    return [
        _text(item)
        for _, item in iterparse(_part(book, "xl/sharedStrings.xml"))  # noqa: S314 - as `_sheet`
        if item.tag == f"{_MAIN}si"
    ]


def _sheet(book: ZipFile, name: str, shared: list[str]) -> Iterator[list[str]]:
    found = 0
    for _, element in iterparse(_part(book, name)):  # noqa: S314 - without a document type, of a bounded size
        if element.tag != f"{_MAIN}row":
            continue
        number = int(element.get("r", found + 1))
        while found + 1 < min(number, MOST_ROWS):  # rows without anything are not in the file
            found += 1
            yield []
        cells: list[str] = []
        for cell in element.findall(f"{_MAIN}c"):
            place = _column(cell.get("r", ""), len(cells))
            if place >= MOST_CELLS:
                break
            cells += [""] * (place - len(cells))
            cells.append(_value(cell, shared))
        yield cells
        element.clear()
        found += 1
        if found > MOST_ROWS:
            return


def _value(cell: Element, shared: list[str]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _text(cell).strip()
    value = cell.findtext(f"{_MAIN}v") or ""
    return (shared[int(value)] if kind == "s" else value).strip()


def _text(element: Element) -> str:
    return "".join(part.text or "" for part in element.iter(f"{_MAIN}t"))


def _column(reference: str, otherwise: int) -> int:
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return otherwise
    place = 0
    for letter in found[1]:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1
