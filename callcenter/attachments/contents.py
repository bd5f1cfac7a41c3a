"""What a file is, by its content and never by its name; and what is not taken.

An allow-list: what is not known, or known for carrying programs, is refused. Nothing is unpacked but the two small
parts of an office file that say what it is. No virus is looked for: what a site scans with, it puts before the store.
"""

import codecs
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from pathlib import PurePosixPath
from typing import BinaryIO, Final

import filetype

from callcenter.attachments.errors import EmptyError, TypeRefusedError
from tickets.errors import Words

HEAD = 8192
"""Bytes by which a kind is recognised."""
TAIL = 65_557
"""The longest end of a ZIP: its record and a comment."""
CHUNK = 1 << 20
NAME_BYTES = 255


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of file that is taken; the first ending is given to a name that has none of them."""

    media_type: str
    endings: tuple[str, ...]


_OFFICE = "application/vnd.openxmlformats-officedocument"
PDF: Final = Form("application/pdf", (".pdf",))
TEXT: Final = Form("text/plain", (".txt",))
TEXT_GB18030: Final = Form("text/plain; charset=gb18030", (".txt",))
EML: Final = Form("message/rfc822", (".eml",))
DOCX: Final = Form(f"{_OFFICE}.wordprocessingml.document", (".docx",))
XLSX: Final = Form(f"{_OFFICE}.spreadsheetml.sheet", (".xlsx",))
BINARY: Final[Mapping[str, Form]] = {
    "image/png": Form("image/png", (".png",)),
    "image/jpeg": Form("image/jpeg", (".jpg", ".jpeg")),
    "image/tiff": Form("image/tiff", (".tif", ".tiff")),
    "image/webp": Form("image/webp", (".webp",)),
    "image/heic": Form("image/heic", (".heic", ".heif")),
    "audio/mpeg": Form("audio/mpeg", (".mp3",)),
    "audio/x-wav": Form("audio/wav", (".wav",)),
    "audio/amr": Form("audio/amr", (".amr",)),
    "audio/mp4": Form("audio/mp4", (".m4a",)),
    "video/mp4": Form("video/mp4", (".mp4",)),
}
"""By what the library calls them. Videos are for the reception area, whose recording is kept (N-1)."""
FORMS: Final = (PDF, TEXT, TEXT_GB18030, EML, DOCX, XLSX, *BINARY.values())
TAKEN: Final = "PDF, PNG, JPEG, TIFF, WEBP, HEIC, TXT, EML, DOCX, XLSX, MP3, WAV, AMR, M4A, MP4"


def examine(file: BinaryIO, size: int) -> Form:
    """The kind of a file that is taken. Raises EmptyError, TypeRefusedError.

    Reads the file as often as it must, in bounded memory but for an e-mail, which is held whole.
    """
    if size == 0:
        raise EmptyError(Words("文件没有内容", "the file has no bytes"))
    head = _at(file, 0, HEAD)
    if head.startswith(b"%PDF-"):
        _refuse_second_nature(file, size)
        _refuse_unfit_pdf(file, size)
        return PDF
    if head.startswith(b"PK\x03\x04"):
        return _office(file, size)
    if (charset := _charset(file)) is not None:
        return _written(file, head, charset)
    if _is_mail(head) and not _holds(file, b"\0"):
        return _mail(file)
    form = BINARY.get(_guess(head))
    if form is None:
        raise _refused("不接受这种文件", "files of this kind are not taken")
    _refuse_second_nature(file, size)
    _STRUCTURE.get(form.media_type, _nothing_more)(file, head, size)
    return form


def _guess(head: bytes) -> str:
    kind = filetype.guess(head)
    return "" if kind is None else str(kind.mime)


def _nothing_more(_: BinaryIO, _head: bytes, _size: int) -> None:
    """The beginning says enough."""


def _at(file: BinaryIO, place: int, length: int) -> bytes:
    file.seek(place)
    return file.read(length)


def _holds(file: BinaryIO, *signs: bytes) -> bool:
    """Whether one of the signs stands anywhere, also across the borders of what is read at once."""
    overlap = max(map(len, signs)) - 1
    file.seek(0)
    before = b""
    while chunk := file.read(CHUNK):
        window = before + chunk
        if any(sign in window for sign in signs):
            return True
        before = window[-overlap:] if overlap else b""
    return False


def _refuse_second_nature(file: BinaryIO, size: int) -> None:
    """A file that is a ZIP from its end, or a PDF from a little behind its beginning, is read as one by whoever looks
    there (polyglots, GIFAR)."""
    if _at(file, 0, 1100).find(b"%PDF-") > 0:
        raise _refused("文件同时是PDF", "the file is a PDF as well")
    tail = _at(file, max(size - TAIL, 0), TAIL)
    place = -1
    while (place := tail.find(b"PK\x05\x06", place + 1)) >= 0:
        comment = int.from_bytes(tail[place + 20 : place + 22], "little")
        if place + 22 + comment == len(tail):
            raise _refused("文件末尾附有压缩包", "an archive hangs on the end of the file")


def _refuse_unfit_pdf(file: BinaryIO, size: int) -> None:
    if b"%%EOF" not in _at(file, max(size - 4096, 0), 4096):
        raise _refused("PDF不完整", "the PDF is not whole")
    if _holds(file, b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/RichMedia"):
        raise _refused("PDF含脚本、可启动程序或内嵌文件", "the PDF holds a script, a launcher or an embedded file")


_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def _charset(file: BinaryIO) -> str | None:
    """utf-8 or gb18030 when the whole file is text in it, without control characters."""
    for charset in ("utf-8", "gb18030"):
        decoder = codecs.getincrementaldecoder(charset)()
        file.seek(0)
        try:
            while chunk := file.read(CHUNK):
                if _CONTROLS.search(chunk):
                    return None
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return charset
    return None


def _written(file: BinaryIO, head: bytes, charset: str) -> Form:
    if _is_mail(head):
        return _mail(file)
    if b"%PDF-" in head[:1100]:
        raise _refused("PDF前有其他内容", "something stands before the PDF")
    start = head.decode(charset, "ignore").lstrip("\ufeff \t\r\n\f")[:8].lower()
    if start.startswith(("<", "#!", "{\\rtf", "%!")):
        raise _refused("不接受网页、SVG、XML、RTF和脚本", "web pages, SVG, XML, RTF and scripts are not taken")
    return TEXT if charset == "utf-8" else TEXT_GB18030


_FIELD = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]{0,70}:[^\r\n]*|[ \t][^\r\n]*)")
_MAIL_FIELDS = frozenset({b"date", b"subject", b"to", b"message-id", b"received", b"mime-version"})


def _is_mail(head: bytes) -> bool:
    """Whether it begins with the header of a message: From and one more of those a message has."""
    names = set()
    for line in head.removeprefix(b"\xef\xbb\xbf").split(b"\n")[:100]:
        line = line.rstrip(b"\r")
        if not line or not _FIELD.fullmatch(line):
            break
        names.add(line.partition(b":")[0].lower())
    return b"from" in names and bool(names & _MAIL_FIELDS)


MOST_PARTS = 200
_PROGRAM = re.compile(
    r"\.(?:exe|com|scr|pif|bat|cmd|ps1|vbs|jse?|wsf|hta|jar|msi|lnk|dll|cpl|docm|dotm|xlsm|xlsb|iso|img|apk)\s*$"
)
_MACHINE_CODE = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


def _mail(file: BinaryIO) -> Form:
    """A message as it came, its pages and pictures too; refused when a program hangs on it."""
    file.seek(0)
    try:
        parts = list(BytesParser().parse(file).walk())
    except RecursionError:
        raise _refused("邮件嵌套过深", "the message is nested too deeply") from None
    if len(parts) > MOST_PARTS:
        raise _refused("邮件的部分过多", "the message has too many parts")
    if any(_is_program(part) for part in parts if not part.is_multipart()):
        raise _refused("邮件附有程序", "a program hangs on the message")
    return EML


def _is_program(part: Message) -> bool:
    if _PROGRAM.search(str(part.get_filename() or "").lower()):
        return True
    content = part.get_payload(decode=True)
    return isinstance(content, bytes) and content.startswith(_MACHINE_CODE) and b"\0" in content[:64]


DIRECTORY_BYTES = 1 << 20
"""Of a ZIP's directory: some ten thousand entries."""
MOST_UNPACKED = 512 << 20
PART_BYTES = 256 << 10
_ACTIVE = re.compile(r"vbaproject|/activex/|macrosheets|oleobject|\.(?:exe|dll|vbs|js)$")


def _office(file: BinaryIO, size: int) -> Form:
    """A Word or Excel file without macros, by its directory and the part that names its kind; else refused."""
    tail = _at(file, max(size - TAIL, 0), TAIL)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or int.from_bytes(tail[place + 12 : place + 16], "little") > DIRECTORY_BYTES:
        raise _refused("不接受压缩包", "archives are not taken")
    try:
        with zipfile.ZipFile(file) as found:
            entries = found.infolist()
            names = [entry.filename.lower() for entry in entries]
            _refuse_bomb(entries, size)
            if len(set(names)) != len(names) or any(_ACTIVE.search(name) for name in names):
                raise _refused("办公文档含宏或内嵌对象", "the office file holds macros or embedded objects")
            if any(entry.flag_bits & 0x1 for entry in entries) or "[content_types].xml" not in names:
                raise _refused("不接受压缩包和加密文档", "archives and encrypted files are not taken")
            kinds = _part(found, "[Content_Types].xml")
            links = [_part(found, entry.filename) for entry in entries if _is_settings_link(entry.filename)]
    except (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError, EOFError, ValueError):
        raise _refused("文件已损坏", "the file is damaged") from None
    if b"macroenabled" in kinds.lower():
        raise _refused("办公文档含宏", "the office file holds macros")
    if any(b"attachedTemplate" in link and b"External" in link for link in links):
        raise _refused("办公文档引用外部模板", "the office file loads a template from elsewhere")
    if "word/document.xml" in names:
        return DOCX
    if "xl/workbook.xml" in names:
        return XLSX
    raise _refused("不接受压缩包", "archives are not taken")


def _refuse_bomb(entries: list[zipfile.ZipInfo], size: int) -> None:
    """Nothing is unpacked here, but whoever opens the file does."""
    unpacked, packed = sum(e.file_size for e in entries), sum(e.compress_size for e in entries)
    if unpacked > MOST_UNPACKED or packed > size:
        raise _refused("解压后过大", "it would be too large unpacked")


def _is_settings_link(name: str) -> bool:
    return name.lower().endswith("settings.xml.rels")


def _part(found: zipfile.ZipFile, name: str) -> bytes:
    with found.open(name) as part:
        content = part.read(PART_BYTES + 1)
    if len(content) > PART_BYTES:
        raise _refused("解压后过大", "it would be too large unpacked")
    return content


def _wave(_: BinaryIO, head: bytes, size: int) -> None:
    if int.from_bytes(head[4:8], "little") + 8 > size + 1:
        raise _refused("文件不完整", "the file is not whole")


_BITRATES = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_BITRATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {0b11: (44100, 48000, 32000), 0b10: (22050, 24000, 16000), 0b00: (11025, 12000, 8000)}


def _mp3(file: BinaryIO, head: bytes, size: int) -> None:
    """Two frames one behind the other: the two bytes by which the library knows it many files begin with."""
    place = 0
    if head[:3] == b"ID3" and len(head) >= 10:
        place = 10 + int("".join(f"{byte & 0x7F:07b}" for byte in head[6:10]), 2)
    first = _frame(_at(file, place, 4))
    if not first or (place + first < size and not _frame(_at(file, place + first, 4))):
        raise _refused("不是MP3", "not an MP3")


def _frame(header: bytes) -> int:
    """Bytes of the MPEG layer III frame that begins so; 0 for none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0 or (header[1] >> 1) & 3 != 1:
        return 0
    version, rate, speed = (header[1] >> 3) & 3, (header[2] >> 2) & 3, header[2] >> 4
    if version == 1 or rate == 3 or speed in (0, 15):
        return 0
    first = version == 3
    bits = (_BITRATES if first else _BITRATES_2)[speed] * 1000
    return (144 if first else 72) * bits // _RATES[version][rate] + ((header[2] >> 1) & 1)


_STRUCTURE: Mapping[str, Callable[[BinaryIO, bytes, int], None]] = {"audio/mpeg": _mp3, "audio/wav": _wave}


def _refused(zh: str, en: str) -> TypeRefusedError:
    return TypeRefusedError(Words(f"{zh}。可上传：{TAKEN}", f"{en}; taken are {TAKEN}"))


_FORBIDDEN = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")


def clean_name(given: str, form: Form) -> str:
    """A name that is safe on any disk and says what the file is: no folder, nothing invisible, the right ending.

    At most 255 bytes of UTF-8.
    """
    last = PurePosixPath(unicodedata.normalize("NFC", given).replace("\\", "/")).name
    seen = "".join(c for c in last if unicodedata.category(c)[0] != "C" and unicodedata.category(c) not in ("Zl", "Zp"))
    name = _FORBIDDEN.sub("_", " ".join(seen.split())).rstrip(" .")
    ending = next((each for each in form.endings if name.lower().endswith(each)), None)
    kept = name[-len(ending) :] if ending else form.endings[0]
    stem = (name[: -len(ending)] if ending else name).strip(" .")
    if _RESERVED.fullmatch(stem):
        stem = f"_{stem}"
    stem = stem.encode()[: NAME_BYTES - len(kept)].decode("utf-8", "ignore").rstrip(" .")
    return f"{stem or '附件'}{kept}"
