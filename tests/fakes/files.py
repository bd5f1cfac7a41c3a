"""Small files of every kind: those that are taken, and those that pretend to be."""

import base64
import io
import struct
import wave
import zipfile
import zlib

from openpyxl import Workbook

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + b"\x00" * 300 + b"\xff\xd9"
TIFF = b"II*\x00\x08\x00\x00\x00" + b"\x00" * 60
WEBP = b"RIFF" + struct.pack("<I", 40) + b"WEBPVP8 " + b"\x00" * 32
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1" + b"\x00" * 60
AMR = b"#!AMR\n" + b"\x3c\x00\x01\x02" * 20
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42" + b"\x00" * 60
M4A = b"\x00\x00\x00\x18ftypM4A \x00\x00\x02\x00M4A isom" + b"\x00" * 60
TEXT = "我要投诉：住院三十天仍未赔付。\n".encode()
TEXT_GB = "我要投诉：住院三十天仍未赔付。\n".encode("gb18030")
EML = (
    "From: 王小明 <wang@example.org>\r\nTo: service@example.org\r\nSubject: 投诉\r\n"
    "Date: Wed, 18 Nov 2026 11:00:00 +0800\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "\r\n请尽快赔付\r\n"
).encode()
ELF = b"\x7fELF\x02\x01\x01" + b"\x00" * 200
EXE = b"MZ\x90\x00\x03" + b"\x00" * 200
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def wav() -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\0\0" * 100)
    return made.getvalue()


def mp3(frames: int = 3) -> bytes:
    """MPEG 1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes a frame."""
    return (b"\xff\xfb\x90\x00" + b"\x00" * 413) * frames


def xlsx() -> bytes:
    made, book = io.BytesIO(), Workbook()
    book.active["A1"] = "保单号"
    book.save(made)
    return made.getvalue()


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"


def docx(kind: str = WORD, **more: bytes) -> bytes:
    """A Word file as small as one can be; `more`: other parts by name, `__` standing for `/` and `_` for `.`."""
    document = f'<Override PartName="/word/document.xml" ContentType="{kind}"/>'
    parts = {
        "[Content_Types].xml": f"<Types>{document}</Types>".encode(),
        "_rels/.rels": b"<Relationships/>",
        "word/document.xml": b"<w:document/>",
    }
    return zipped(parts | {name.replace("__", "/").replace("_", "."): content for name, content in more.items()})


def zipped(parts: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return made.getvalue()


def mail_with(name: str, content: bytes) -> bytes:
    head = EML.partition(b"Content-Type")[0] + b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
    part = (
        f'--x\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="{name}"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    ).encode() + base64.encodebytes(content)
    return head + b"--x\r\nContent-Type: text/html\r\n\r\n<p>hello</p>\r\n" + part + b"\r\n--x--\r\n"
