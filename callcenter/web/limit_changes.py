"""Routes of the rulebook's limits: what they are on a day, what was changed, changing one. Must never decide a rule."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from callcenter import limit_changes
from callcenter.accounts.permissions import Permission
from callcenter.errors import InvalidError
from callcenter.web.api import SIGNED_IN, Context, Day, Model, Name, Page, PageQuery, Routes
from callcenter.web.keys import COMPLAINTS
from tickets.calendar import shanghai_day
from tickets.deadlines import Rulebook
from tickets.errors import Words
from tickets.limits import KIND_WORDS, LIMITS, UNIT_WORDS, Kind, Unit
from tickets.versions import SWITCH_WORDS, Change, Switch

routes = Routes("limits", "Limits 时限规则")

Said = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


class LimitsQuery(Model):
    """The receipt day asked for; by default today."""

    day: Annotated[Day | None, Field(description="受理日")] = None


class LimitRow(Model):
    """A limit on that day, beside what the program ships; `kind` null: no clock of a ticket runs by it."""

    limit: str
    kind: Kind | None
    zh: str | None
    en: str | None
    amount: int
    unit: Unit
    unit_zh: str
    unit_en: str
    source: str
    shipped_amount: int
    shipped_unit: Unit


class SwitchRow(Model):
    """A reading left to the company on that day."""

    switch: Switch
    on: bool
    zh: str
    en: str


class RulebookView(Model):
    """The rulebook for tickets received on a day; `version` stands with each deadline reckoned by it."""

    day: date
    version: str
    limits: list[LimitRow]
    switches: list[SwitchRow]


class ChangeBody(Model):
    """Another amount and unit of a limit, or a switch turned, from a later day on, with why and by what source."""

    rule: Annotated[str, Field(min_length=1, max_length=20, description="时限编号,如L-11;开关为L-20或CL-2")]
    unit: Annotated[Unit | None, Field(description="单位")] = None
    amount: Annotated[int | None, Field(ge=0, le=400, description="数值")] = None
    on: Annotated[bool | None, Field(description="开关")] = None
    from_day: Annotated[Day, Field(description="自该日受理的服务单起适用")]
    reason: Annotated[Said, Field(description="理由")]
    source: Annotated[Name, Field(description="依据,如文号")]


class LimitChangeView(Model):
    """One change of the rulebook."""

    id: Annotated[UUID, Field(title="标识")]
    rule: Annotated[str, Field(title="时限编号")]
    from_day: Annotated[date, Field(title="起始受理日")]
    unit: Annotated[Unit | None, Field(title="单位")]
    amount: Annotated[int | None, Field(title="数值")]
    switched_on: Annotated[bool | None, Field(title="开关")]
    why: Annotated[str, Field(title="理由")]
    source: Annotated[str, Field(title="依据")]
    changed_at: Annotated[datetime, Field(title="变更时间")]
    changed_by: Annotated[str, Field(title="变更人")]


@routes.get("/limits", SIGNED_IN)
async def show_limits(ctx: Context, query: LimitsQuery) -> RulebookView:
    """The limits for tickets received on a day 某日受理适用的时限"""
    return await _rulebook(ctx, query.day or shanghai_day(ctx.clock.now()))


@routes.get("/limits/changes", SIGNED_IN)
async def list_limit_changes(ctx: Context, query: PageQuery) -> Page[LimitChangeView]:
    """What was changed of the limits, the latest first 时限变更记录"""
    async with ctx.db.connection() as conn:
        after = ctx.after(query, tuple[datetime, UUID])
        rows = await limit_changes.changes(conn, after, query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row["changed_at"], row["id"]))
    return Page(items=[_change(row) for row in page.items], next=page.next)


@routes.post("/limits/changes", Permission.LIMIT_MANAGE, creates=True)
async def change_limit(ctx: Context, body: ChangeBody) -> RulebookView:
    """Change a limit, or turn a switch, from a day on 变更时限

    Tickets received before that day keep the rules they were reckoned with. The answer is the rulebook of that day.
    """
    if (body.unit is None) != (body.amount is None) or (body.unit is None) == (body.on is None):
        raise InvalidError(Words("请填写单位和数值，或填写开关", "give unit and amount, or on"))
    wanted = Change(
        body.rule, body.from_day, ctx.clock.now(), body.reason, body.source, body.unit, body.amount, body.on
    )
    rules = ctx.resource(COMPLAINTS).rules
    await limit_changes.change(ctx.db, rules, ctx.key, wanted, ctx.actor.audit_name, ctx.address)
    return await _rulebook(ctx, body.from_day)


def _change(row: Mapping[str, Any]) -> LimitChangeView:
    own = {name: row[name] for name in LimitChangeView.model_fields if name in row}
    return LimitChangeView(**own, why=row["reason"])


async def _rulebook(ctx: Context, day: date) -> RulebookView:
    async with ctx.db.connection() as conn:
        book = await limit_changes.on_day(conn, ctx.resource(COMPLAINTS).rules, day, ctx.clock.now())
    return _view(book, day)


def _view(book: Rulebook, day: date) -> RulebookView:
    on = {Switch.MAJOR_RHYTHM: book.major_rhythm, Switch.WEEKENDS_MOVE: book.weekends_move}
    return RulebookView(
        day=day,
        version=book.version,
        limits=[
            LimitRow(
                limit=each.id,
                kind=each.kind,
                zh=KIND_WORDS[each.kind].zh if each.kind else None,
                en=KIND_WORDS[each.kind].en if each.kind else None,
                amount=each.amount,
                unit=each.unit,
                unit_zh=UNIT_WORDS[each.unit].zh,
                unit_en=UNIT_WORDS[each.unit].en,
                source=each.source,
                shipped_amount=LIMITS[each.id].amount,
                shipped_unit=LIMITS[each.id].unit,
            )
            for each in book.limits.values()
        ],
        switches=[
            SwitchRow(switch=each, on=on[each], zh=SWITCH_WORDS[each].zh, en=SWITCH_WORDS[each].en) for each in Switch
        ],
    )
