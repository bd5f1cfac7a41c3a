"""Tables written row by row into a file: CSV for Excel, and XLSX of one sheet. Memory does not grow with the rows.

XLSX is ISO/IEC 29500: a ZIP archive of XML, texts inline, moments and days as numbers with a format of their own.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from types import TracebackType
from typing import IO, Final, Protocol, Self
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from callcenter.web.cells import Cell, plain

LONGEST_STAMP: Final = 240
"""Characters a footer can hold, with room for what marks its place."""
LONGEST_TEXT: Final = 32_767
"""Characters a cell of a spreadsheet can hold."""
EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's days have no zone
FIRST_DAY: Final = date(1900, 3, 1)
"""Before it spreadsheets disagree about the number of a day."""
_UNREPRESENTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Table(Protocol):
    """A file that takes rows; leaving the context completes it."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Writes further rows; the very first is the heading."""

    def stamp(self, text: str) -> None:
        """Marks every printed page with who asked for it and why (E-12); a CSV has no pages."""


class Csv:
    """UTF-8 with a byte order mark, so that Excel reads it as such; lines end as RFC 4180 says."""

    def __init__(self, file: IO[bytes]) -> None:
        self._text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._text.detach()

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        self._writer.writerows([plain(value) for value in row] for row in rows)
        self._text.flush()

    def stamp(self, text: str) -> None:
        pass


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

PARTS: Final = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        '<sheets><sheet name="数据" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_MAIN}"><numFmts count="2">'
        '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/>'
        '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
        '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ),
}
MOMENT, DAY, HEADING = 1, 2, 3
"""Places in `cellXfs`."""
COLUMN_WIDTH: Final = 20
_OPEN = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    f'<sheetFormatPr defaultRowHeight="15" defaultColWidth="{COLUMN_WIDTH}"/><sheetData>'
)
_CLOSE = "</sheetData>{0}</worksheet>"


class Xlsx:
    """A workbook of one sheet, its first row bold and frozen."""

    def __init__(self, file: IO[bytes]) -> None:
        self._archive = ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1)
        for name, text in PARTS.items():
            self._archive.writestr(name, _XML + text)
        self._sheet = self._archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True)
        self._sheet.write(_OPEN.encode())
        self._rows = 0
        self._stamp = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sheet.write(_CLOSE.format(self._stamp).encode())
        self._sheet.close()
        self._archive.close()

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        written = []
        for row in rows:
            self._rows += 1
            style = HEADING if self._rows == 1 else 0
            cells = "".join(_cell(value, f"{_letters(at)}{self._rows}", style) for at, value in enumerate(row))
            written.append(f'<row r="{self._rows}">{cells}</row>')
        self._sheet.write("".join(written).encode())

    def stamp(self, text: str) -> None:
        shown = escape(_UNREPRESENTABLE.sub("", text).replace("&", "&&")[:LONGEST_STAMP])
        self._stamp = f"<headerFooter><oddFooter>&amp;L{shown}</oddFooter></headerFooter>"


def _cell(value: Cell, place: str, style: int) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    if isinstance(value, date) and _day(value) >= FIRST_DAY:
        return f'<c r="{place}" s="{MOMENT if isinstance(value, datetime) else DAY}"><v>{_number(value)!r}</v></c>'
    text = escape(_UNREPRESENTABLE.sub("", plain(value))[:LONGEST_TEXT])
    marked = f' s="{style}"' if style else ""
    return f'<c r="{place}" t="inlineStr"{marked}><is><t xml:space="preserve">{text}</t></is></c>'


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def _number(value: date) -> int | float:
    """Days since EPOCH, as spreadsheets count them; the zone is dropped."""
    days = (_day(value) - EPOCH.date()).days
    if not isinstance(value, datetime):
        return days
    return days + (value.hour * 3600 + value.minute * 60 + value.second) / 86400


def _letters(column: int) -> str:
    """A for 0, Z for 25, AA for 26."""
    letters = ""
    while column >= 0:
        letters = chr(ord("A") + column % 26) + letters
        column = column // 26 - 1
    return letters
