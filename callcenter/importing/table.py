"""A list as rows of texts, whatever its format. Must never trust a name: the format is in the content (C15)."""

from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import BinaryIO, Final

from callcenter.importing import delimited, encoding, workbook
from callcenter.importing.errors import FileRefusedError, UnsureError
from callcenter.importing.limits import DEFAULT, Limits
from tickets.errors import Words


class Format(StrEnum):
    """What a file is."""

    CSV = "csv"
    XLSX = "xlsx"


FORMAT_WORDS: Final = {Format.CSV: Words("CSV文本", "CSV"), Format.XLSX: Words("XLSX工作簿", "XLSX")}
Rows = Generator[tuple[int, list[str]], None, None]
"""To be closed before its file is."""
_TEXT_NAMES: Final = frozenset({".csv", ".txt", ".tsv"})
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is read; `candidates` are named for what is not known yet, and then nothing is read."""

    format: Format
    encoding: str | None = None
    delimiter: str | None = None
    encodings: tuple[str, ...] = ()
    delimiters: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether it can be read."""
        return self.format is Format.XLSX or (self.encoding is not None and self.delimiter is not None)


def recognise(
    file: BinaryIO,
    size: int,
    name: str,
    limits: Limits = DEFAULT,
    *,
    chosen_encoding: str | None = None,
    chosen_delimiter: str | None = None,
) -> Form:
    """How the file is read, with what a person chose; reads it once. Raises FileRefusedError, BrokenTableError."""
    file.seek(0)
    head = file.read(8)
    if size == 0 or not head.strip():
        raise FileRefusedError(Words("文件没有内容", "the file is empty"))
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    if head.startswith(b"PK\x03\x04"):
        if suffix in _TEXT_NAMES:
            raise FileRefusedError(
                Words("文件名说是文本，内容却是压缩包或XLSX", "its name says text, its content is an archive or XLSX")
            )
        workbook.check(file, size, limits)
        return Form(Format.XLSX)
    if head.startswith(_OLD_OFFICE):
        raise FileRefusedError(
            Words(
                "旧版XLS或加密文件不能导入，请另存为XLSX或CSV", "old XLS or an encrypted file: save it as XLSX or CSV"
            )
        )
    if suffix in (".xlsx", ".xls", ".xlsm"):
        raise FileRefusedError(Words("文件名说是XLSX，内容却不是", "its name says XLSX, its content does not"))
    return _text(file, limits, chosen_encoding, chosen_delimiter)


def _text(file: BinaryIO, limits: Limits, chosen_encoding: str | None, chosen_delimiter: str | None) -> Form:
    if chosen_encoding is not None:
        row = encoding.first_bad_row(file, chosen_encoding)
        if row is not None:
            raise FileRefusedError(
                Words(f"第{row}行不是{chosen_encoding}文本", f"row {row} is no {chosen_encoding} text")
            )
        found = encoding.Written(chosen_encoding)
    else:
        found = encoding.find(file)
    if found.encoding is None:
        return Form(Format.CSV, None, chosen_delimiter, encodings=found.candidates)
    _refuse_markup(file, found.encoding)
    if chosen_delimiter is not None:
        return Form(Format.CSV, found.encoding, chosen_delimiter)
    separated = delimited.find(file, found.encoding, limits)
    return Form(Format.CSV, found.encoding, separated.delimiter, delimiters=separated.candidates)


def _refuse_markup(file: BinaryIO, written: str) -> None:
    file.seek(0)
    start = file.read(4096).decode(written, "ignore").lstrip("\ufeff \t\r\n")
    if not start:
        raise FileRefusedError(Words("文件没有内容", "the file is empty"))
    if start.startswith(("<", "%PDF", "{\\rtf")):
        raise FileRefusedError(Words("是网页或其他文件，不是表格", "a web page or another file, no table"))


def rows(file: BinaryIO, form: Form, limits: Limits = DEFAULT) -> Rows:
    """Number and cells of every row that is not empty. Raises UnsureError, FileRefusedError, BrokenTableError."""
    if form.format is Format.XLSX:
        return workbook.rows(file, limits)
    if form.encoding is None or form.delimiter is None:
        raise UnsureError(Words("请先选择文件的编码和分隔符", "choose the file's encoding and delimiter first"))
    return delimited.rows(file, form.encoding, form.delimiter, limits)
