"""In which encoding a text file is written: found by its bytes, or asked. Must never guess where two would do (C1)."""

import codecs
import re
from dataclasses import dataclass
from typing import BinaryIO, Final

from callcenter.importing import fields
from callcenter.importing.errors import FileRefusedError
from tickets.errors import Words

UTF_8: Final = "utf-8-sig"
UTF_16: Final = "utf-16"
UTF_16_LE: Final = "utf-16-le"
UTF_16_BE: Final = "utf-16-be"
GB18030: Final = "gb18030"
BIG5: Final = "big5"
ENCODINGS: Final = (UTF_8, UTF_16, UTF_16_LE, UTF_16_BE, GB18030, BIG5)
"""What a person may choose; `utf-8-sig` reads UTF-8 with and without its mark, `utf-16` goes by its mark."""

CHUNK: Final = 1 << 20
HEAD: Final = 64 << 10
_THREE_BYTES = re.compile(rb"[\xe3-\xe9][\x80-\xbf]{2}")
"""A Chinese character in UTF-8."""


@dataclass(frozen=True, slots=True)
class Written:
    """The encoding, or those it could be, best first; nothing is read before one of them was chosen."""

    encoding: str | None
    candidates: tuple[str, ...] = ()


def find(file: BinaryIO) -> Written:
    """Reads the whole file. Raises FileRefusedError when it is no text, or in two encodings at once."""
    file.seek(0)
    head = file.read(HEAD)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _proved(file, UTF_16)
    if head.count(0) > len(head) // 10:
        return _proved(file, _without_mark(head))
    if head.startswith(codecs.BOM_UTF8):
        return _proved(file, UTF_8)
    in_utf8, not_utf8 = _rows_by_encoding(file)
    if not_utf8 is None:
        return Written(UTF_8)
    if in_utf8 is not None:
        raise FileRefusedError(
            Words(
                f"文件混用两种编码：第{in_utf8}行是UTF-8，第{not_utf8}行不是。请另存为UTF-8后重试",
                f"the file mixes encodings: row {in_utf8} is UTF-8, row {not_utf8} is not; save it anew as UTF-8",
            )
        )
    return _chinese(file, head)


def _proved(file: BinaryIO, encoding: str) -> Written:
    """The encoding, when the whole file is text in it."""
    row = first_bad_row(file, encoding)
    if row is not None:
        raise FileRefusedError(
            Words(
                f"第{row}行不是{encoding}文本，文件可能不完整或混用编码",
                f"row {row} is no {encoding} text: the file is cut off, or mixes encodings",
            )
        )
    return Written(encoding)


def _without_mark(head: bytes) -> str:
    """UTF-16 without its mark shows by the zero bytes of ASCII, all on one side. Raises FileRefusedError."""
    pairs = len(head) // 2
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if odd and not even:
        return UTF_16_LE
    if even and not odd:
        return UTF_16_BE
    raise FileRefusedError(Words("不是文本文件：含有空字节", "no text file: it holds NUL bytes"))


def first_bad_row(file: BinaryIO, encoding: str) -> int | None:
    """The row in which the file stops being text of the encoding; None when it is, whole."""
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    row = 1
    while chunk := file.read(CHUNK):
        try:
            row += decoder.decode(chunk).count("\n")
        except UnicodeDecodeError as error:
            good = error.object[: error.start].decode(encoding, "ignore")
            return row + good.count("\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return row
    return None


def _rows_by_encoding(file: BinaryIO) -> tuple[int | None, int | None]:
    """The first row with Chinese in UTF-8, and the first with bytes that are none of UTF-8."""
    file.seek(0)
    chinese = other = None
    row = 0
    while line := file.readline(CHUNK):
        row += 1
        if line.isascii():
            continue
        if line[-1] != 10 and len(line) == CHUNK:  # never cut within a character
            line += file.readline(4) if line[-1] >= 0x80 else b""
        try:
            line.decode()
        except UnicodeDecodeError:
            other = other or row
        else:
            if _THREE_BYTES.search(line):
                chinese = chinese or row
        if chinese and other:
            break
    return chinese, other


def _chinese(file: BinaryIO, head: bytes) -> Written:
    """GB18030 when its header says so; else what it could be is asked."""
    fitting = [each for each in (GB18030, BIG5) if first_bad_row(file, each) is None]
    if not fitting:
        raise FileRefusedError(
            Words("不是UTF-8、UTF-16、GB18030或Big5文本", "neither UTF-8, UTF-16, GB 18030 nor Big5")
        )
    first = head.split(b"\n", 1)[0]
    known = [each for each in fitting if _knows_a_header(first.decode(each, "ignore"))]
    if known == [GB18030]:
        return Written(GB18030)
    return Written(None, tuple(dict.fromkeys([*known, *fitting])))


def _knows_a_header(line: str) -> bool:
    return any(not part.isascii() and fields.named(part.strip('"')) for part in re.split("[,;\t，|]", line))
