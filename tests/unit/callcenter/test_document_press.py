"""Printing: what a reader of the PDF finds in it, and that the same input gives the same bytes."""

import hashlib
import io
import threading
import time
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader

from callcenter.documents import fonts
from callcenter.documents.language import render
from callcenter.documents.markup import Block
from callcenter.documents.press import Paper, Press, Printed, press

pytestmark = pytest.mark.unit

AT = datetime(2026, 3, 3, 2, 20, tzinfo=UTC)
PAPER = Paper("来函确认书", "GD-GZ-QR-2026-000018", "某某人寿保险股份有限公司", "广州中心支公司", AT)


def printed(text: str, paper: Paper = PAPER) -> Printed:
    return press().print(paper, [text_block(text)])


def text_block(text: str) -> Block:
    return {"t": "text", "lines": [[{"x": line}] for line in text.split("\n")]}


def read(made: Printed) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(made.pdf)).pages]


def plain(text: str) -> str:
    return "".join(text.split())


def test_chinese_can_be_read_out_of_the_file_again() -> None:
    words = "尊敬的客户：您好！“引号”、（括号）——破折号……《条款》第三十二条，金额￥8,640.50元；甲、乙。"
    assert words in plain("".join(read(printed(words))))


def test_fonts_are_embedded_as_subsets() -> None:
    made = printed("中文与English")
    page = PdfReader(io.BytesIO(made.pdf)).pages[0]
    names = []
    for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
        inner = font.get_object()["/DescendantFonts"][0].get_object()
        described = inner["/FontDescriptor"].get_object()
        names.append(described["/FontName"])
        assert {"/FontFile2", "/FontFile3"} & set(described)
    assert names
    assert all(name[7] == "+" and name[1:7].isupper() for name in names)
    assert len(made.pdf) < 100_000


def test_the_same_input_gives_the_same_bytes_from_whichever_press() -> None:
    first, second = (one.print(PAPER, [text_block("同样的内容")]).pdf for one in (Press(), Press()))
    assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest()
    assert printed("同样的内容").pdf == first
    assert printed("另外的内容").pdf != first


def test_the_file_says_what_and_when_it_is() -> None:
    reader = PdfReader(io.BytesIO(printed("甲").pdf))
    assert reader.metadata is not None
    assert reader.metadata.title == PAPER.title
    assert reader.metadata.creation_date == AT
    assert reader.xmp_metadata is not None
    assert "pdfaid:part" in reader.xmp_metadata.rdf_root.toxml()


def test_twenty_thousand_characters_flow_over_pages_and_none_is_lost() -> None:
    words = "".join(chr(0x4E00 + number) for number in range(20_000))
    made = printed(words)
    pages = read(made)
    assert len(pages) > 10
    for number, page in enumerate(pages, start=1):
        assert f"第{number}页共{len(pages)}页" in plain(page)
        assert PAPER.number in page
    seen = {character for page in pages for character in page}
    assert set(words) - seen == set()
    assert made.substituted == ()


def test_rare_names_emoji_and_writing_from_right_to_left_are_printed() -> None:
    made = printed("𠮷田 㛃 龘 😀 שלום مرحبا ①☑№ ﷼")
    text = "".join(read(made))
    assert made.substituted == ()
    for part in "𠮷㛃龘😀שםمبا①☑№":
        assert part in text


def test_a_character_no_font_has_stands_there_by_its_number() -> None:
    made = printed("张\U0002a6a5\U00010f00")
    assert made.substituted == ("\U0002a6a5", "\U00010f00")
    assert "张〔U+2A6A5〕〔U+10F00〕" in plain("".join(read(made)))


def test_a_table_cell_longer_than_a_page_goes_on_on_the_next() -> None:
    words = "很长的陈述。" * 3000
    made = press().print(
        PAPER, render(f"<table widths='1 5'><tr><th>反映事项</th><td>{words}</td></tr></table>", PAPER)
    )
    pages = read(made)
    assert len(pages) > 5
    assert plain("".join(pages)).count("很长的陈述") >= 2900


def test_a_preview_says_on_every_page_that_it_is_none() -> None:
    marked = Paper(PAPER.title, PAPER.number, PAPER.letterhead, PAPER.author, AT, "样张")
    pages = read(printed("长文。" * 3000, marked))
    assert len(pages) > 1
    assert all("样张" in page for page in pages)


def test_text_is_never_read_as_the_press_s_own_language() -> None:
    words = '#let x = read("layout.typ") $a$ *b* _c_ @d <e> \\u{41} `f` // g #panic("h")'
    assert plain(words) in plain("".join(read(printed(words))))


def test_printing_leaves_other_threads_running() -> None:
    """The event loop runs beside it: no stall of a tenth of a second over a long document."""
    press().print(PAPER, [text_block("先热身")])
    gaps, done = list[float](), threading.Event()

    def beat() -> None:
        last = time.perf_counter()
        while not done.wait(0.002):
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    printed("".join(chr(0x4E00 + number % 19_000) for number in range(60_000)))
    done.set()
    thread.join()
    assert len(gaps) > 10
    assert sorted(gaps)[-2] < 0.5


def test_what_our_fonts_have_is_what_they_say() -> None:
    held = fonts.together(font for folder in fonts.folders() for font in fonts.read(folder))
    for character in "一龘𠮷😀שم①A　":
        assert held.has(ord(character))
    assert not held.has(0x2A6A5)
    assert not held.has(0xE000)
