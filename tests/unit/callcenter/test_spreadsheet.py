"""Tables as files: what a spreadsheet finds in them, and that they are written in flat memory."""

import csv
import io
import tempfile
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from pydantic import BaseModel, Field

from callcenter.web import cells
from callcenter.web.api import Coded
from callcenter.web.cells import Cell
from callcenter.web.spreadsheet import Csv, Xlsx
from tickets.errors import Words
from tickets.intake import Nature

pytestmark = pytest.mark.unit

AT = datetime(2026, 3, 1, 16, 0, 5, 999_999, tzinfo=UTC)
IN_SHANGHAI = datetime(2026, 3, 2, 0, 0, 5, tzinfo=ZoneInfo("Asia/Shanghai"))


class Part(BaseModel):
    number: int


class Item(BaseModel):
    nature: Annotated[Nature, Field(title="性质")] = Nature.COMPLAINT
    natures: Annotated[list[Nature], Field(title="各性质")] = []
    cause: Annotated[str | None, Field(title="原因"), Coded({"busy": Words("占线", "busy")})] = None
    count: int | None = None
    yes: bool | None = None
    at: datetime | None = None
    day: date | None = None
    part: Part | None = None
    more: dict[str, Any] | None = None


def line(item: Item, *, codes: bool = False) -> dict[str, Cell]:
    columns = cells.columns(Item)
    return dict(zip([column.name for column in columns], cells.row(item, columns, codes=codes), strict=True))


def written(kind: type[Csv] | type[Xlsx], *pages: Sequence[Sequence[Cell]]) -> bytes:
    with tempfile.TemporaryFile() as file:
        with kind(file) as table:
            for page in pages:
                table.add(page)
        file.seek(0)
        return file.read()


def sheet(*rows: Sequence[Cell]) -> list[list[Any]]:
    book = load_workbook(io.BytesIO(written(Xlsx, *([row] for row in rows))))
    return [list(row) for row in book.worksheets[0].iter_rows()]


def test_codes_become_chinese_words_and_stay_codes_when_they_are_asked_for() -> None:
    item = Item(natures=[Nature.CALLBACK_FINDING, Nature.COMPLAINT], cause="busy", yes=True)
    words, codes = line(item), line(item, codes=True)
    assert (words["nature"], words["natures"], words["cause"], words["yes"]) == (
        "投诉",
        "回访问题件；投诉",
        "占线",
        "是",
    )
    assert (codes["nature"], codes["natures"], codes["cause"], codes["yes"]) == (
        "complaint",
        "callback_finding；complaint",
        "busy",
        True,
    )
    assert line(Item(cause="cause_99"))["cause"] == "cause_99"


def test_an_enumeration_without_names_cannot_leave() -> None:
    class Odd(StrEnum):
        ONE = "one"

    with pytest.raises(KeyError):
        cells.cell(Odd.ONE, {}, codes=False)


def test_moments_are_in_shanghai_and_what_is_nested_is_text() -> None:
    """T-7"""
    told = line(Item(at=AT, day=date(2026, 3, 1), part=Part(number=1), more={"a": "张"}, count=-5))
    assert (told["at"], told["day"], told["count"]) == (IN_SHANGHAI, date(2026, 3, 1), -5)
    assert (told["part"], told["more"], told["yes"]) == ('{"number":1}', '{"a": "张"}', None)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_text_starts_a_formula(start: str) -> None:
    """C8, H12"""
    assert cells.cell(f"{start}1+1", {}, codes=False) == f"'{start}1+1"
    assert cells.cell([f"{start}1", "x"], {}, codes=True) == f"'{start}1；x"
    assert cells.cell({"a": f"{start}"}, {}, codes=False) is not None
    assert cells.cell(f"1{start}1", {}, codes=False) == f"1{start}1"


def test_csv_is_read_back_as_it_was_written() -> None:
    """C8"""
    rows: list[list[Cell]] = [
        ["甲", '引"号'],
        ["行\r\n二", 3],
        [IN_SHANGHAI, date(2026, 3, 2)],
        [None, True],
        [0.5, ""],
    ]
    content = written(Csv, rows[:2], rows[2:])
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\xef\xbb\xbf") == 1
    assert list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))) == [
        ["甲", '引"号'],
        ["行\r\n二", "3"],
        ["2026-03-02 00:00:05+08:00", "2026-03-02"],
        ["", "true"],
        ["0.5", ""],
    ]


def test_xlsx_holds_dates_as_dates_numbers_as_numbers_and_text_as_text() -> None:
    head, first, second = sheet(
        ["甲", "乙", "丙", "丁", "戊", "己"],
        [IN_SHANGHAI, date(2026, 3, 2), -5, 0.25, True, " <&'> "],
        ["=1+1", date(1900, 1, 1), None, "0012", "x\x00\x0b\ufffe\ny", "长" * 40_000],
    )
    assert [cell.font.b for cell in head] == [True] * 6
    assert [cell.value for cell in first] == [
        datetime(2026, 3, 2, 0, 0, 5),  # noqa: DTZ001 - a spreadsheet's moments have no zone
        datetime(2026, 3, 2),  # noqa: DTZ001
        -5,
        0.25,
        True,
        " <&'> ",
    ]
    assert [cell.is_date for cell in first] == [True, True, False, False, False, False]
    assert (first[0].number_format, first[1].number_format) == ("yyyy\\-mm\\-dd\\ hh:mm:ss", "yyyy\\-mm\\-dd")
    assert [cell.value for cell in second] == ["=1+1", "1900-01-01", None, "0012", "x\ny", "长" * 32_767]
    assert [cell.data_type for cell in second] == ["s", "s", "n", "s", "s", "s"]


def test_columns_are_lettered_as_spreadsheets_do() -> None:
    [row] = sheet([f"{number}" for number in range(800)])
    assert [(cell.value, cell.column) for cell in row] == [(f"{number}", number + 1) for number in range(800)]
    assert row[701].coordinate == "ZZ1"
    assert row[702].coordinate == "AAA1"


def test_a_table_that_broke_off_leaves_nothing_open() -> None:
    with tempfile.TemporaryFile() as file, pytest.raises(RuntimeError, match="away"), Xlsx(file) as table:
        table.add([["甲"]])
        raise RuntimeError("the database went away")


def pages(count: int) -> Iterator[list[list[Cell]]]:
    for number in range(count):
        yield [[f"{number}-{row}", IN_SHANGHAI, number, "很长的说明" * 20] for row in range(200)]


@pytest.mark.parametrize("kind", [Csv, Xlsx])
def test_memory_does_not_grow_with_the_rows(kind: type[Csv] | type[Xlsx]) -> None:
    peaks = []
    for count in (5, 50):
        with tempfile.TemporaryFile() as file:
            tracemalloc.start()
            with kind(file) as table:
                for page in pages(count):
                    table.add(page)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5
