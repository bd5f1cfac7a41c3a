"""The yearly notice of working days (放假安排通知) as people have it, rows of a table or text, read into days (T-7).

Nothing is guessed: what is not understood, doubtful or missing is told beside the days that were read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tickets.calendar import statutory
from tickets.errors import Words

MOST_DAYS = 120
MOST_LINES = 2000
_SATURDAY = 5
_SERIAL_EPOCH = date(1899, 12, 30)


@dataclass(frozen=True, slots=True)
class NoticeDay:
    """One day the notice decides."""

    day: date
    is_workday: bool
    note: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something about a line, or without one about the whole; `blocks`: a day may be wrong or missing because of it."""

    words: Words
    line: int | None = None
    text: str = ""
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class Notice:
    """What was read."""

    days: tuple[NoticeDay, ...]
    doubts: tuple[Doubt, ...]


WORK = frozenset({"班", "上班", "工作日", "补班", "调休上班", "调休", "work", "workday", "1", "true", "是"})
REST = frozenset({"休", "休息", "休息日", "放假", "节假日", "假", "rest", "holiday", "off", "0", "false", "否"})

_ISO = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SHORT = re.compile(r"(\d{1,2})[-/月](\d{1,2})日?")
_SERIAL = re.compile(r"\d{5}(?:\.0+)?")
_BRACKETS = re.compile(r"[(（][^()（）]*[)）]")
_CLAUSES = re.compile(r"[。；;,，\n]")
_SPAN = re.compile(
    r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日(?:\s*(?:至|到|-|—|~|～)\s*(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日)?"
)
_NAMES = re.compile("元旦|春节|清明节|劳动节|端午节|中秋节|国庆节")


def of_text(text: str, year: int) -> Notice:
    """Read pasted text: lines of a table where they look like one, else the sentences of the notice."""
    lines = [line.strip() for line in text.replace("\ufeff", "").splitlines()]
    filled = [line for line in lines if line]
    if len(filled) > MOST_LINES:
        return Notice((), (Doubt(Words(f"超过{MOST_LINES}行", f"more than {MOST_LINES} lines")),))
    if any("放假" in line and "日" in line for line in filled):
        return _told(list(_sentences(lines, year)), year)
    return of_rows([re.split(r"[,，;；\t]|\s+", line) for line in lines], year)


def of_rows(rows: Sequence[Sequence[str]], year: int) -> Notice:
    """Read the rows of a table: a day, whether it is worked, and, if there is one, what it is."""
    return _told(list(_table(rows, year)), year)


_Read = NoticeDay | Doubt


def _table(rows: Sequence[Sequence[str]], year: int) -> Iterator[_Read]:
    heading = True
    for number, row in enumerate(rows[:MOST_LINES], 1):
        cells = [cell.strip().strip('"') for cell in row]
        cells = [cell for cell in cells if cell]
        if not cells:
            continue
        day = _day(cells[0], year)
        if day is None:
            if not heading:
                yield Doubt(Words("看不懂的日期", "not a day"), number, cells[0][:100])
            heading = False
            continue
        heading = False
        kind = cells[1].lower() if len(cells) > 1 else ""
        if kind not in WORK | REST:
            words = Words("应写明上班或休息", "say whether it is worked or not")
            yield Doubt(words, number, " ".join(cells)[:100])
            continue
        yield NoticeDay(day, kind in WORK, " ".join(cells[2:])[:200] or ("调休上班" if kind in WORK else "放假"))


def _sentences(lines: Sequence[str], year: int) -> Iterator[_Read]:
    name = ""
    for number, line in enumerate(lines, 1):
        bare = _BRACKETS.sub("", line)
        waiting: list[date] = []
        for clause in _CLAUSES.split(bare):
            if found := _NAMES.search(clause):
                name = found[0]
            days, bad = _spans(clause, year)
            if bad:
                yield Doubt(Words("没有这一天", "there is no such day"), number, clause[:100])
            waiting += days
            worked = "上班" in clause
            if worked or "放假" in clause or "休息" in clause:
                note = "调休上班" if worked else name or "放假"
                yield from (NoticeDay(day, worked, note) for day in waiting)
                waiting = []
        if waiting and ("放假" in bare or "上班" in bare):
            yield Doubt(Words("看不出上班还是休息", "worked or not?"), number, line[:100])


def _spans(clause: str, year: int) -> tuple[list[date], bool]:
    """The days of a clause; a month that is not said again is the one before."""
    days: list[date] = []
    bad, month, of_year = False, 0, year
    for found in _SPAN.finditer(clause):
        y1, m1, d1, y2, m2, d2 = (int(each) if each else 0 for each in found.groups())
        of_year, month = y1 or of_year, m1 or month
        first = _made(of_year, month, d1)
        last = _made(y2 or of_year, m2 or month, d2) if d2 else first
        month = m2 or month
        if first is None or last is None or not 0 <= (last - first).days < MOST_DAYS:
            bad = True
            continue
        days += [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return days, bad


def _told(read: Iterable[_Read], year: int) -> Notice:
    """The days once each, and everything there is to say about them."""
    days: dict[date, NoticeDay] = {}
    doubts: list[Doubt] = []
    for each in read:
        if isinstance(each, Doubt):
            doubts.append(each)
        elif each.day.year != year:
            words = Words(f"不属于{year}年,如须更正请单独更正该日", f"not a day of {year}: correct it by itself")
            doubts.append(Doubt(words, text=str(each.day), blocks=False))
        elif each.day in days and days[each.day].is_workday != each.is_workday:
            doubts.append(Doubt(Words("同一天既上班又休息", "worked and not worked at once"), text=str(each.day)))
        else:
            days.setdefault(each.day, each)
    if len(days) > MOST_DAYS:
        return Notice((), (Doubt(Words(f"超过{MOST_DAYS}天", f"more than {MOST_DAYS} days")),))
    if not days:
        return Notice((), (*doubts, Doubt(Words("没有读到任何日期", "no day was read"))))
    found = tuple(days[day] for day in sorted(days))
    return Notice(found, (*doubts, *_missing(found, year)))


def _missing(days: Sequence[NoticeDay], year: int) -> Iterator[Doubt]:
    """What a notice of the year holds for certain and this one does not."""
    known = {each.day: each for each in days}
    for day in sorted(each for each in statutory(year) if each.year == year):
        if day not in known:
            yield Doubt(Words("缺少法定节假日", "a statutory holiday is missing"), text=str(day))
        elif known[day].is_workday:
            yield Doubt(Words("法定节假日写成了上班", "a statutory holiday is called worked"), text=str(day))
    for each in days:
        if each.is_workday and each.day.weekday() < _SATURDAY:
            words = Words("本来就是工作日", "worked anyway")
            yield Doubt(words, text=str(each.day), blocks=False)


def _day(text: str, year: int) -> date | None:
    if found := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        return _made(*(int(each) for each in found.groups()))
    if found := _SHORT.fullmatch(text):
        return _made(year, int(found[1]), int(found[2]))
    if _SERIAL.fullmatch(text):
        return _SERIAL_EPOCH + timedelta(days=int(float(text)))
    return None


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
