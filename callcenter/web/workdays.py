"""Routes of the working-day calendar. Must never decide what a day is: the calendar does."""

import asyncio
import base64
from datetime import date, timedelta
from typing import Annotated

from pydantic import Field

from callcenter import workdays
from callcenter.accounts.permissions import Permission
from callcenter.errors import InvalidError
from callcenter.web import sheets
from callcenter.web.api import SIGNED_IN, Context, Day, Model, Name, Routes
from callcenter.web.keys import COMPLAINTS
from tickets import notice, store
from tickets.calendar import Calendar, Override
from tickets.errors import Words

routes = Routes("calendar", "Working days 工作日历")

Year = Annotated[int, Field(ge=2004, le=2200)]


class CalendarDay(Model):
    """A day that is not what its weekday says, or that the company decided on; `kind` as in `/explain`."""

    day: date
    is_workday: bool
    kind: str
    note: str
    source: str


class CalendarYear(Model):
    """`covered`: the year's notice is known; if not, its deadlines are provisional."""

    year: int
    covered: bool
    workdays: int
    days: list[CalendarDay]


class DayBody(Model):
    """`source`: where it was published, such as the notice's number."""

    is_workday: bool
    note: Name
    source: Name


class NoticeDay(Model):
    day: Day
    is_workday: bool
    note: Name


class NoticeBody(Model):
    """The whole notice: rest days that are weekdays, and weekends that are worked (调休)."""

    source: Name
    days: Annotated[list[NoticeDay], Field(min_length=1, max_length=120)]


@routes.get("/calendar/{year}", SIGNED_IN)
async def show_year(ctx: Context, year: Year) -> CalendarYear:
    """A year's holidays, make-up days and corrections 年度工作日历"""
    async with ctx.db.connection() as conn:
        return _view(await store.calendar(conn), year)


@routes.put("/calendar/days/{day}", Permission.CALENDAR_MANAGE)
async def correct_day(ctx: Context, day: Day, body: DayBody) -> CalendarYear:
    """Decide on one day 更正一天

    Open deadlines are counted again within two minutes; those met or past stay as they are.
    """
    override = Override(day, body.is_workday, body.note, body.source)
    await workdays.correct(ctx.db, [override], ctx.actor.audit_name, ctx.clock.now())
    return await show_year(ctx, day.year)


@routes.put("/calendar/years/{year}", Permission.CALENDAR_MANAGE)
async def load_year(ctx: Context, year: Year, body: NoticeBody) -> CalendarYear:
    """Load a year's notice 导入年度放假通知

    The year is no longer provisional; open deadlines are counted again within two minutes.
    """
    if outside := [str(each.day) for each in body.days if each.day.year != year]:
        raise InvalidError(Words(f"不属于{year}年：{outside[0]}。", f"Not a day of {year}: {outside[0]}."))
    days = [Override(each.day, each.is_workday, each.note, body.source) for each in body.days]
    await workdays.correct(ctx.db, days, ctx.actor.audit_name, ctx.clock.now(), year=year)
    return await show_year(ctx, year)


class PreviewBody(Model):
    """The notice as it is at hand: its text, pasted, or lines of days; or a CSV or XLSX file in base64."""

    text: Annotated[str | None, Field(max_length=20_000, description="通知原文,或每行一天:日期,上班/休息,说明")] = None
    file: Annotated[str | None, Field(max_length=700_000, description="CSV或XLSX文件,base64")] = None


class DoubtView(Model):
    """Something not understood, doubtful or missing; while one `blocks`, look again before you load the year."""

    line: int | None
    text: str
    blocks: bool
    zh: str
    en: str


class ReadDayView(Model):
    """A day that was read, and what it is in the calendar now."""

    day: date
    is_workday: bool
    note: str
    was_workday: bool


class PreviewView(Model):
    """What loading the notice would do; nothing is changed yet. `days` go as they are into the year's notice."""

    year: int
    days: list[ReadDayView]
    doubts: list[DoubtView]
    workdays: Annotated[int, Field(description="Of the year with this notice 全年工作日")]
    moves: Annotated[int, Field(description="Open deadlines that would fall on another day 将变动的未到期时限")]


@routes.post("/calendar/years/{year}/preview", Permission.CALENDAR_MANAGE)
async def preview_year(ctx: Context, year: Year, body: PreviewBody) -> PreviewView:
    """Read a year's notice without loading it 预览年度放假通知

    Take a table of days (CSV, XLSX, pasted lines) or the notice's own sentences. What was read, what was not understood
    and how many open deadlines would move is told; load it with `PUT /calendar/years/{year}`, with its source.
    """
    if (body.text is None) == (body.file is None):
        raise InvalidError(Words("请填写通知文字或上传文件，二者选一", "give the text or a file, one of both"))
    read = (
        notice.of_rows(await asyncio.to_thread(sheets.rows, _decoded(body.file)), year)
        if body.file is not None
        else notice.of_text(body.text or "", year)
    )
    at = ctx.clock.now()
    days = [Override(each.day, each.is_workday, each.note, "") for each in read.days]
    async with ctx.db.connection() as conn:
        stored = await store.calendar(conn)
        moves = await workdays.would_move(conn, ctx.resource(COMPLAINTS).rules, days, year, at) if days else 0
    after = Calendar.of([*stored.overrides.values(), *days], [*stored.published, year])
    return PreviewView(
        year=year,
        days=[
            ReadDayView(
                day=each.day, is_workday=each.is_workday, note=each.note, was_workday=stored.is_workday(each.day)
            )
            for each in read.days
        ],
        doubts=[
            DoubtView(line=each.line, text=each.text, blocks=each.blocks, zh=each.words.zh, en=each.words.en)
            for each in read.doubts
        ],
        workdays=after.workdays_between(date(year - 1, 12, 31), date(year, 12, 31)),
        moves=moves,
    )


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise InvalidError(Words("文件不是base64", "the file is not base64")) from None


def _view(calendar: Calendar, year: int) -> CalendarYear:
    first = date(year, 1, 1)
    days = [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
    shown = []
    for day in days:
        kind, override = calendar.kind(day), calendar.overrides.get(day)
        if override is not None or kind.value in ("holiday", "make_up"):
            shown.append(
                CalendarDay(
                    day=day,
                    is_workday=kind.is_workday,
                    kind=kind.value,
                    note=override.note if override else "",
                    source=override.source if override else "",
                )
            )
    worked = sum(calendar.is_workday(day) for day in days)
    return CalendarYear(year=year, covered=calendar.covers(year), workdays=worked, days=shown)
