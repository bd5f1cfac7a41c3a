"""The route of warnings of group complaints. Must never decide a rule."""

from datetime import datetime
from uuid import UUID

from callcenter import group_warnings
from callcenter.accounts.permissions import Permission
from callcenter.web.acting import by
from callcenter.web.api import Context, Model, Routes
from tickets.categories import Category
from tickets.intake import Severity
from tickets.lifecycle import Status

routes = Routes("group-warnings", "Warnings of group complaints 群体投诉预警")


class TogetherView(Model):
    """An open order of several people."""

    id: UUID
    number: str
    category: Category | None
    severity: Severity
    status: Status
    group_size: int
    designated_major: bool
    received_at: datetime
    accepting_organisation_id: str


class PiledView(Model):
    """Many orders of one kind at one organisation within the last seven days."""

    organisation_id: str
    category: Category
    sub_code: str | None
    orders: int
    first_at: datetime
    last_at: datetime


class WarningsView(Model):
    """Both kinds; at most 200 each."""

    together: list[TogetherView]
    piled: list[PiledView]


@routes.get("/group-warnings", Permission.STATISTICS_READ)
async def show_warnings(ctx: Context) -> WarningsView:
    """What may become a group complaint 群体投诉预警"""
    async with ctx.db.connection() as conn:
        people = await group_warnings.together(conn, by(ctx))
        orders = await group_warnings.piled(conn, by(ctx), ctx.clock.now())
    return WarningsView(together=[TogetherView(**row) for row in people], piled=[PiledView(**row) for row in orders])
