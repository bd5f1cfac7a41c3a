"""Lists as tables: encodings, delimiters, quotation marks, workbooks (C1, C2, C9, C15 of the bad inputs)."""

import io
import tracemalloc
import zipfile
from contextlib import closing
from itertools import islice

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.importing import delimited, encoding, table, workbook
from callcenter.importing.errors import BrokenTableError, FileRefusedError, UnsureError
from callcenter.importing.limits import DEFAULT, Limits
from callcenter.importing.table import Form, Format

pytestmark = pytest.mark.unit

HEADER = "保单号,姓名,手机号\n"
BODY = "P1,王小明,16900000001\nP2,欧阳𠮷,16900000002\n"


def recognised(content: bytes, name: str = "名单.csv", limits: Limits = DEFAULT, **chosen: str) -> Form:
    return table.recognise(io.BytesIO(content), len(content), name, limits, **chosen)


def read(
    content: bytes, name: str = "名单.csv", limits: Limits = DEFAULT, **chosen: str
) -> list[tuple[int, list[str]]]:
    file = io.BytesIO(content)
    form = table.recognise(file, len(content), name, limits, **chosen)
    with closing(table.rows(file, form, limits)) as rows:
        return list(rows)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("gb18030", "gb18030"),
    ],
)
def test_every_encoding_is_found_and_read_the_same(written: str, found: str) -> None:
    """C1"""
    content = (HEADER + BODY).encode(written)
    assert recognised(content).encoding == found
    assert [cells for _, cells in read(content)] == [
        ["保单号", "姓名", "手机号"],
        ["P1", "王小明", "16900000001"],
        ["P2", "欧阳𠮷", "16900000002"],
    ]


def test_plain_ascii_with_names_in_one_row_only_is_utf_8() -> None:
    """C1"""
    assert recognised(b"policy,phone\nP1,16900000001\n").encoding == "utf-8-sig"


def test_a_header_nobody_knows_in_chinese_that_is_no_utf_8_is_asked_about() -> None:
    """C1: never mojibake silently."""
    content = "甲,乙\n某某,某某\n".encode("gb18030")
    form = recognised(content)
    assert (form.encoding, form.is_sure) == (None, False)
    assert "gb18030" in form.encodings
    with pytest.raises(UnsureError):
        table.rows(io.BytesIO(content), form)
    assert read(content, chosen_encoding="gb18030")[0][1] == ["甲", "乙"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "没有内容"),
        (b"\xef\xbb\xbf", "没有内容"),
        (b" \r\n \n", "没有内容"),
        ((HEADER + BODY).encode() + "P3,李雷,16900000003\n".encode("gb18030"), "混用两种编码：第1行是UTF-8，第4行不是"),
        ((HEADER + BODY).encode("utf-8-sig")[:-1] + b"\xff\xfe\n", "第3行"),
        ((HEADER + BODY).encode("utf-16")[:-1], "utf-16"),
        (b"a,b\n1,\0\0\0\n", "空字节"),
        (b"\x7fELF" + bytes(range(256)) * 40, "不是UTF-8"),
        (b"\x81\n\xff\xff\xff,\n", "不是UTF-8"),
        (b"<html><table><tr><td>", "网页"),
        (b"%PDF-1.7\n%", "网页或其他文件"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "旧版XLS"),
    ],
)
def test_what_is_no_list_is_refused_with_the_reason(content: bytes, said: str) -> None:
    """C1, C15"""
    with pytest.raises(FileRefusedError) as refused:
        recognised(content)
    assert said in refused.value.words.zh


def test_what_is_said_to_be_its_encoding_must_be() -> None:
    """C1"""
    with pytest.raises(FileRefusedError, match="row 2"):
        recognised("a,b\n王,b\n".encode("gb18030"), chosen_encoding="utf-8-sig")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "，", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_delimiter_and_line_end_is_found(delimiter: str, end: str) -> None:
    """C2"""
    content = (HEADER + BODY).replace(",", delimiter).replace("\n", end).encode()
    assert recognised(content).delimiter == delimiter
    assert read(content)[1] == (2, ["P1", "王小明", "16900000001"])


def test_two_delimiters_that_fit_equally_are_asked_about() -> None:
    """C2"""
    form = recognised(b"a;b,c;d,e\n1;2,3;4,5\n")
    assert (form.delimiter, set(form.delimiters)) == (None, {",", ";"})


def test_a_line_break_within_quotation_marks_is_one_row_and_blank_rows_count() -> None:
    """C2: rows are numbered as a spreadsheet shows them."""
    content = '保单号,姓名\n\nP1,"王\n小明"\nP2,"李""雷"\n'.encode()
    assert read(content) == [(1, ["保单号", "姓名"]), (3, ["P1", "王\n小明"]), (4, ["P2", '李"雷'])]


@pytest.mark.parametrize(
    ("body", "row"),
    [
        ('P1,王\nP2,"李雷\nP3,韩\n', 3),
        ('P1,王\n"P2"x,李雷\n', 3),
        ("P1,王\n" + 'P2,"李' + "\nP,x" * 40 + "\n", 3),
    ],
)
def test_a_quotation_mark_without_its_pair_is_told_with_its_row(body: str, row: int) -> None:
    """C2"""
    with pytest.raises(BrokenTableError) as broken:
        read(("保单号,姓名\n" + body).encode())
    assert broken.value.row == row
    assert broken.value.words.zh.startswith(f"第{row}行")


def test_a_row_without_an_end_and_ten_thousand_columns_are_refused_in_little_memory() -> None:
    """C9: of 50 MB in one row no more is held than a row may have."""
    content = (HEADER + "P1,王,").encode() + b"x" * (50 << 20)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    with pytest.raises(BrokenTableError) as broken:
        rows = delimited.rows(io.BytesIO(content), "utf-8-sig", ",", DEFAULT)
        list(rows)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert broken.value.row == 2
    assert peak < len(content) + (4 << 20)
    with pytest.raises(BrokenTableError, match="200 columns"):
        read(b",".join(b"c%d" % n for n in range(10_000)) + b"\n")


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=8), min_size=2,
                         max_size=4), min_size=1, max_size=8))  # fmt: skip
def test_what_a_writer_wrote_is_what_is_read(rows: list[list[str]]) -> None:
    import csv

    text = io.StringIO()
    csv.writer(text).writerows(rows)
    content = text.getvalue().encode()
    kept = [cells for cells in rows if any(cell.strip() for cell in cells)]
    with closing(delimited.rows(io.BytesIO(content), "utf-8", ",", DEFAULT)) as found:
        assert [cells for _, cells in found] == kept


# Workbooks


def a_book(rows: list[list[object]], **changed: bytes) -> bytes:
    """A workbook; parts are added or replaced by name, `None` taken out."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    if not changed:
        return file.getvalue()
    made = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename not in changed:
                new.writestr(entry.filename, old.read(entry))
        for name, content in changed.items():
            new.writestr(name, content)
    return made.getvalue()


ROWS: list[list[object]] = [["保单号", "手机号"], ["P1", 16900000001], ["P2", None]]


def test_a_workbook_is_read_with_numbers_whole() -> None:
    """C4: a number of more than 15 digits shows that it was rounded."""
    content = a_book([*ROWS, [123456789012345678, 1.5], [46000, True]])
    assert read(content, "x.xlsx") == [
        (1, ["保单号", "手机号"]),
        (2, ["P1", "16900000001"]),
        (3, ["P2"]),
        (4, ["1.234568E+17", "1.5"]),
        (5, ["46000", "1"]),
    ]


def test_shared_inline_and_rich_texts_are_read_the_same_and_readings_left_out() -> None:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    shared = (
        f'<sst xmlns="{main}"><si><t>甲</t></si><si><r><t>乙</t></r><r><t xml:space="preserve"> 丙</t></r>'
        "<rPh><t>ping</t></rPh></si></sst>"
    )
    sheet = (
        f'<x:worksheet xmlns:x="{main}"><x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c>'
        '<x:c r="C1" t="s"><x:v>1</x:v></x:c><x:c t="inlineStr"><x:is><x:r><x:t>丁</x:t></x:r><x:r><x:t>戊</x:t></x:r>'
        "</x:is></x:c></x:row></x:sheetData></x:worksheet>"
    )
    content = a_book(ROWS, **{"xl/sharedStrings.xml": shared.encode(), "xl/worksheets/sheet1.xml": sheet.encode()})
    assert read(content, "x.xlsx") == [(1, ["甲", "", "乙 丙", "丁戊"])]


BOMB = b'<?xml version="1.0"?><worksheet>' + b"<row/>" * 3_000_000


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (a_book(ROWS), "名单.csv", "内容却是压缩包"),
        (b"a,b\n1,2\n", "名单.xlsx", "内容却不是"),
        (a_book(ROWS, **{"xl/vbaProject.bin": b"x"}), "x.xlsx", "宏"),
        (a_book(ROWS, **{"xl/externalLinks/externalLink1.xml": b"<x/>"}), "x.xlsx", "外部链接"),
        (a_book(ROWS, **{"xl/embeddings/oleObject1.bin": b"x"}), "x.xlsx", "内嵌对象"),
        (a_book(ROWS, **{"xl/worksheets/sheet2.xml": BOMB}), "x.xlsx", "解压后过大"),
        (a_book(ROWS, **{"xl/workbook.xml": b"<!DOCTYPE x []><x/>"}), "x.xlsx", "不是可读的XLSX"),
        (a_book(ROWS)[:-40], "x.xlsx", "不是可读的XLSX"),
    ],
)
def test_archives_macros_links_bombs_and_broken_books_are_refused(content: bytes, name: str, said: str) -> None:
    """C15"""
    with pytest.raises(FileRefusedError) as refused:
        recognised(content, name)
    assert said in refused.value.words.zh


def test_a_zip_of_something_else_and_an_entity_that_grows_are_refused() -> None:
    """C15"""
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("list.csv", "a,b\n")
    with pytest.raises(FileRefusedError, match="an archive is no list"):
        recognised(plain.getvalue(), "list")
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet><sheetData/></worksheet>'
    with pytest.raises(FileRefusedError, match="no readable XLSX"):
        read(a_book(ROWS, **{"xl/worksheets/sheet1.xml": bomb}), "x.xlsx")


def test_columns_beyond_the_most_are_refused_in_a_workbook_too() -> None:
    """C9"""
    with pytest.raises(BrokenTableError, match="row 1"):
        read(a_book([["x"] * 300]), "x.xlsx")


def peak_of(content: bytes, form: Form) -> int:
    file = io.BytesIO(content)
    tracemalloc.start()
    with closing(table.rows(file, form)) as rows:
        for _ in islice(rows, 1):
            pass
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        count = sum(1 for _ in rows)
        peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert count > 1000
    return peak


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_rows(kind: str) -> None:
    """C9"""

    def content(count: int) -> bytes:
        rows = [[f"P{n:08d}", f"王测试{n}", f"169{n:08d}", "安心终身寿险"] for n in range(count)]
        if kind == "csv":
            return "\n".join(",".join(row) for row in rows).encode()
        return a_book(rows)  # type: ignore[arg-type]

    form = Form(Format.XLSX) if kind == "xlsx" else Form(Format.CSV, "utf-8-sig", ",")
    small, large = peak_of(content(2_500), form), peak_of(content(20_000), form)
    assert large < small + (1 << 20)


def test_encodings_a_person_may_choose_exist() -> None:
    assert all("x".encode(each) for each in encoding.ENCODINGS)
    assert workbook.EPOCH.year == 1899
