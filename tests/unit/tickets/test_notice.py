"""The yearly notice of working days read from its text and from tables (domain.md g, T-7)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import notice
from tickets.calendar import Calendar, Override
from tickets.notice import Notice, NoticeDay

pytestmark = pytest.mark.unit

OF_2025 = """各省、自治区、直辖市人民政府:
经国务院批准,现将2025年元旦、春节等放假调休日期的具体安排通知如下。
一、元旦:1月1日(周三)放假1天,不调休。
二、春节:1月28日(农历除夕、周二)至2月4日(农历正月初七、周二)放假调休,共8天。1月26日(周日)、2月8日(周六)上班。
三、清明节:4月4日(周五)至6日(周日)放假,共3天。
四、劳动节:5月1日(周四)至5日(周一)放假调休,共5天。4月27日(周日)上班。
五、端午节:5月31日(周六)至6月2日(周一)放假,共3天。
六、国庆节、中秋节:10月1日(周三)至8日(周三)放假调休,共8天。9月28日(周日)、10月11日(周六)上班。
节假日期间,各地区、各部门要妥善安排好值班和安全、保卫等工作。"""


def calendar(read: Notice, year: int) -> Calendar:
    return Calendar.of([Override(each.day, each.is_workday, each.note, "x") for each in read.days], [year])


def days_of(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]


@pytest.mark.parametrize("brackets", ["()", "\uff08\uff09"])
def test_the_text_of_a_notice_gives_the_published_calendar(brackets: str) -> None:
    """T-7: day for day what the calendar package knows of 2025."""
    text = OF_2025.replace("(", brackets[0]).replace(")", brackets[1])
    read = notice.of_text(text, 2025)
    assert read.doubts == ()
    assert len(read.days) == 28 + 5
    found = calendar(read, 2025)
    assert [found.is_workday(day) for day in days_of(2025)] == [Calendar().is_workday(day) for day in days_of(2025)]
    assert NoticeDay(date(2025, 10, 11), is_workday=True, note="调休上班") in read.days
    assert NoticeDay(date(2025, 2, 4), is_workday=False, note="春节") in read.days


TABLE = [
    ("2027-01-01", "休", "元旦"),
    ("2027/2/5", "放假", "春节"),
    ("2027年2月6日", "rest", ""),
    ("20270207", "0", ""),
    ("2月8日", "休息", ""),
    ("2027-02-09", "holiday", ""),
    ("46432", "班", ""),
]


@pytest.mark.parametrize("separator", [",", "\t", ";", "\uff0c", "  "])
def test_lines_of_days_are_read_however_they_are_written(separator: str) -> None:
    """T-7: 46432 is the number a spreadsheet gives to 2027-02-14."""
    text = "\n".join(["日期" + separator + "安排", *(separator.join(row) for row in TABLE)])
    read = notice.of_text(text, 2027)
    assert [(each.day, each.is_workday) for each in read.days] == [
        (date(2027, 1, 1), False),
        *((date(2027, 2, day), False) for day in (5, 6, 7, 8, 9)),
        (date(2027, 2, 14), True),
    ]
    assert read.days[0].note == "元旦"
    assert all("缺少" in doubt.words.zh for doubt in read.doubts)


@pytest.mark.parametrize(
    ("rows", "doubt", "line"),
    [
        ([["2027-01-01", "休"], ["随便", "休"]], "看不懂的日期", 2),
        ([["2027-01-01", "休"], ["2027-02-30", "休"]], "看不懂的日期", 2),
        ([["2027-01-01", "也许"]], "应写明上班或休息", 1),
        ([["2027-01-01", "休"], ["2027-01-01", "班"]], "同一天既上班又休息", None),
        ([["2028-01-01", "休"]], "不属于2027年,如须更正请单独更正该日", None),
        ([["2027-10-01", "班"]], "法定节假日写成了上班", None),
        ([["2027-03-03", "班"]], "本来就是工作日", None),
        ([["标题"]], "没有读到任何日期", None),
        ([], "没有读到任何日期", None),
    ],
)
def test_what_is_not_understood_or_doubtful_is_told(rows: list[list[str]], doubt: str, line: int | None) -> None:
    """T-7"""
    read = notice.of_rows(rows, 2027)
    assert (doubt, line) in {(each.words.zh, each.line) for each in read.doubts}


def test_a_notice_that_forgets_a_statutory_holiday_is_incomplete() -> None:
    """T-7: the days are read, the missing ones are named."""
    text = "\n".join(line for line in OF_2025.splitlines() if "国庆" not in line)
    read = notice.of_text(text, 2025)
    missing = {each.text for each in read.doubts if each.blocks}
    assert {"2025-10-01", "2025-10-02", "2025-10-03"} <= missing


def test_a_day_that_cannot_be_is_told_with_its_sentence() -> None:
    read = notice.of_text("一、元旦:2月30日放假1天。13月1日上班。", 2027)
    assert [each.words.zh for each in read.doubts[:2]] == ["没有这一天", "没有这一天"]


@given(st.text(max_size=400))
def test_no_text_makes_it_fall_over(text: str) -> None:
    """H11: and every day it reads is of the year."""
    read = notice.of_text(text + "放假日", 2027)
    assert all(each.day.year == 2027 for each in read.days)
    assert isinstance(notice.of_rows([[text, text]], 2027), Notice)


def test_a_flood_is_refused() -> None:
    assert notice.of_text("x\n" * 3000, 2027).days == ()
    assert notice.of_rows([[f"2027-{1 + n // 28:02}-{1 + n % 28:02}", "休"] for n in range(300)], 2027).days == ()
