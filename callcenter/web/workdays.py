"""Routes of the working-day calendar. Must never decide what a day is: the calendar does."""

from datetime import date, timedelta
from typing import Annotated

from pydantic import Field

from callcenter import workdays
from callcenter.accounts.permissions import Permission
from callcenter.errors import InvalidError
from callcenter.web.api import SIGNED_IN, Context, Day, Model, Name, Routes
from tickets import store
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
