"""What files are by their content: what is taken is known for what it is, what pretends is not taken."""

import io
import struct
import unicodedata
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.attachments import contents
from callcenter.attachments.contents import PDF, TEXT, clean_name, examine
from callcenter.attachments.errors import EmptyError, TypeRefusedError
from tests.fakes import files

pytestmark = pytest.mark.unit


def kind_of(content: bytes) -> str:
    return examine(io.BytesIO(content), len(content)).media_type


OFFICE = "application/vnd.openxmlformats-officedocument"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (files.PDF, "application/pdf"),
        (files.png(), "image/png"),
        (files.JPEG, "image/jpeg"),
        (files.TIFF, "image/tiff"),
        (files.WEBP, "image/webp"),
        (files.HEIC, "image/heic"),
        (files.TEXT, "text/plain"),
        (b"\xef\xbb\xbf" + files.TEXT, "text/plain"),
        (files.TEXT_GB, "text/plain; charset=gb18030"),
        (b"BMW and MZ are the beginnings of plain words", "text/plain"),
        (files.EML, "message/rfc822"),
        (files.EML.replace("请".encode(), b"\xff\x80"), "message/rfc822"),
        (files.mail_with("收据.pdf", files.PDF), "message/rfc822"),
        (files.docx(), f"{OFFICE}.wordprocessingml.document"),
        (files.xlsx(), f"{OFFICE}.spreadsheetml.sheet"),
        (files.mp3(), "audio/mpeg"),
        (b"ID3\x03\x00\x00\x00\x00\x00\x0a" + b"\0" * 10 + files.mp3(), "audio/mpeg"),
        (files.wav(), "audio/wav"),
        (files.AMR, "audio/amr"),
        (files.M4A, "audio/mp4"),
        (files.MP4, "video/mp4"),
    ],
)
def test_what_is_taken_is_known_by_its_content(content: bytes, media_type: str) -> None:
    assert kind_of(content) == media_type


def bomb() -> bytes:
    """A sheet that unpacks to a gigabyte, stored in a few bytes: its directory says so."""
    made = bytearray(files.docx())
    place = made.find(b"PK\x01\x02")
    while place >= 0:
        made[place + 24 : place + 28] = struct.pack("<I", 1 << 30)
        place = made.find(b"PK\x01\x02", place + 4)
    return bytes(made)


def encrypted() -> bytes:
    made = bytearray(files.docx())
    place = made.find(b"PK\x01\x02")
    made[place + 8] |= 1
    return bytes(made)


REFUSED = {
    "an ELF program": files.ELF,
    "a Windows program": files.EXE,
    "a Java class": b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + b"\0" * 50,
    "a shell script": b"#!/bin/sh\nrm -rf /\n",
    "a web page": files.HTML,
    "a web page behind blanks": b"\n\n \t" + files.HTML,
    "a web page behind a byte order mark": b"\xef\xbb\xbf" + files.HTML,
    "a picture that runs scripts": files.SVG,
    "XML": b"<?xml version='1.0'?><a/>",
    "RTF": b"{\\rtf1\\ansi}",
    "PostScript": b"%!PS-Adobe-3.0\n",
    "a ZIP": files.zipped({"a.txt": b"a"}),
    "a JAR": files.zipped({"META-INF/MANIFEST.MF": b"x", "A.class": b"\xca\xfe\xba\xbe"}),
    "an APK": files.zipped({"AndroidManifest.xml": b"x"}),
    "a RAR": b"Rar!\x1a\x07\x00" + b"\0" * 50,
    "a 7z": b"7z\xbc\xaf\x27\x1c" + b"\0" * 50,
    "a gzip": b"\x1f\x8b\x08\x00" + b"\0" * 50,
    "an old office file": files.OLE,
    "a GIF": b"GIF89a" + b"\0" * 50,
    "a Flash film": b"FWS\x09" + b"\0" * 50,
    "noise": bytes(range(256)) * 4,
    "a NUL": b"\0",
    "a text with a NUL": files.TEXT + b"\0",
    "a Word file with macros": files.docx(files.MACROS),
    "a Word file with a macro project": files.docx(word__vbaProject_bin=b"x"),
    "a Word file with ActiveX": files.docx(word__activeX__activeX1_xml=b"x"),
    "a Word file with an embedded object": files.docx(word__embeddings__oleObject1_bin=b"x"),
    "a Word file with a program": files.docx(word__media__a_exe=b"x"),
    "a Word file with a template from elsewhere": files.docx(
        word___rels__settings_xml_rels=b'<Relationship Type="x/attachedTemplate" TargetMode="External"/>'
    ),
    "a Word file that unpacks to gigabytes": bomb(),
    "an encrypted Word file": encrypted(),
    "a Word file cut short": files.docx()[:-30],
    "a Word file whose kind is a megabyte long": files.docx("x" * (1 << 20)),
    "a PDF cut short": files.PDF[:-8],
    "a PDF with a script": files.PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript/JS(x)>>"),
    "a PDF that starts a program": files.PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/Launch>>"),
    "a PDF with a file in it": files.PDF.replace(b"/Catalog", b"/Catalog/Names<</EmbeddedFiles 2 0 R>>"),
    "a PDF behind something else": b"GIF89a" + files.PDF,
    "a PDF that is a ZIP too": files.PDF + files.zipped({"a.txt": b"a"}) + b"",
    "a picture that is a JAR too": files.JPEG + files.zipped({"META-INF/MANIFEST.MF": b"x"}),
    "a picture that is a Word file too": files.png() + files.docx(),
    "two bytes of an MP3": b"\xff\xfb" + b"\x90\x00" + b"\x11" * 900,
    "an MP3 of one frame and a page": files.mp3(1) + files.HTML * 5,
    "a WAV that says it is longer": files.wav()[:4] + struct.pack("<I", 1 << 30) + files.wav()[8:],
    "a mail with a program": files.mail_with("账单.pdf", files.EXE),
    "a mail with a program's name": files.mail_with("账单.pdf.exe", b"harmless"),
    "a mail with a macro document": files.mail_with("账单.docm", b"PK"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_taken_is_refused_whatever_it_is_called(what: str) -> None:
    """H10: polyglots, lying types, bombs"""
    with pytest.raises(TypeRefusedError):
        kind_of(REFUSED[what])


def test_a_file_without_bytes_is_refused() -> None:
    with pytest.raises(EmptyError):
        kind_of(b"")


def test_a_mail_nested_a_thousand_deep_is_refused_and_nothing_falls_over() -> None:
    """H10"""
    deep = b"Content-Type: message/rfc822\r\n\r\n" * 3000
    with pytest.raises(TypeRefusedError):
        kind_of(files.EML.partition(b"MIME-Version")[0] + deep + files.EML)


def test_a_zip_of_a_hundred_thousand_entries_is_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for number in range(20_000):
            file.writestr(f"word/part-with-a-rather-long-name-{number}.xml", b"")
    read: list[bool] = []
    monkeypatch.setattr(contents.zipfile, "ZipFile", lambda *_: read.append(True))
    with pytest.raises(TypeRefusedError):
        kind_of(made.getvalue())
    assert read == []


@given(st.binary(min_size=1, max_size=4000))
def test_whatever_is_sent_is_known_or_refused(content: bytes) -> None:
    """H10"""
    try:
        kind_of(content)
    except TypeRefusedError:
        return


@given(st.sampled_from([files.PDF, files.JPEG, files.docx(), files.EML, files.mp3(), files.xlsx()]), st.data())
def test_whatever_is_cut_or_bent_is_known_or_refused(whole: bytes, data: st.DataObject) -> None:
    """H10"""
    place = data.draw(st.integers(0, len(whole) - 1))
    bent = bytearray(whole[: data.draw(st.integers(1, len(whole)))])
    if place < len(bent):
        bent[place] = data.draw(st.integers(0, 255))
    try:
        kind_of(bytes(bent))
    except TypeRefusedError:
        return


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("来访表.pdf", "来访表.pdf"),
        ("来访表.PDF", "来访表.PDF"),
        ("../../etc/passwd", "passwd.pdf"),
        ("..\\..\\windows\\system32\\evil.exe", "evil.exe.pdf"),
        ("C:\\a\\信.pdf", "信.pdf"),
        ("fdp.\u202eexe.pdf", "fdp.exe.pdf"),
        ("a\u200bb\ufeff.pdf", "ab.pdf"),
        ("a\0b\r\nc.pdf", "abc.pdf"),
        ("\ud800.pdf", "附件.pdf"),
        ("𠮷野家.pdf", "𠮷野家.pdf"),
        ('<b>"x"|?*.pdf', "_b__x____.pdf"),
        ("=HYPERLINK(1).pdf", "=HYPERLINK(1).pdf"),
        ("CON", "_CON.pdf"),
        ("nul.pdf", "_nul.pdf"),
        (" . .pdf", "附件.pdf"),
        ("", "附件.pdf"),
        ("/", "附件.pdf"),
        ("..", "附件.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("信.pdf ", "信.pdf"),
        ("信.docx", "信.docx.pdf"),
    ],
)
def test_a_name_is_made_safe_and_tells_what_the_file_is(given_name: str, kept: str) -> None:
    """H5, H11, H12"""
    assert clean_name(given_name, PDF) == kept


@given(st.text(max_size=600), st.sampled_from(contents.FORMS))
def test_every_name_can_stand_on_any_disk(given_name: str, form: contents.Form) -> None:
    """H5, H11: at most 255 bytes, no folder, nothing invisible; cleaned again it stays."""
    kept = clean_name(given_name, form)
    assert 0 < len(kept.encode()) <= 255
    assert not set(kept) & set('/\\<>:"|?*\0')
    assert not any(unicodedata.category(c).startswith("C") for c in kept)
    assert kept.lower().endswith(form.endings)
    assert kept[0] not in " ."
    assert kept == kept.strip()
    assert clean_name(kept, form) == kept


def test_a_long_name_keeps_whole_characters_and_its_ending() -> None:
    kept = clean_name("长" * 200 + ".txt", TEXT)
    assert kept == "长" * 83 + ".txt"
