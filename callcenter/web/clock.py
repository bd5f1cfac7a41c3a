"""Sets the clock, in test mode only. Must never exist for a system in normal mode: there it is not found."""

from callcenter import audit, testmode
from callcenter.accounts.permissions import Permission
from callcenter.errors import NotFoundError
from callcenter.testmode import SettableClock
from callcenter.web.api import Context, Model, Moment, Routes
from callcenter.web.keys import WALL

routes = Routes("test", "Test mode 测试模式")


class ClockSetting(Model):
    """The moment to be seen by every rule, deadline and report."""

    at: Moment | None = None
    frozen: bool = False


class ClockState(Model):
    """What the clock shows."""

    now: Moment
    machine: Moment


@routes.put("/test/clock", Permission.CLOCK_SET)
async def set_clock(ctx: Context, body: ClockSetting) -> ClockState:
    """Set the clock 设定时钟

    Test mode only. From then on time goes by from `at`, or stands still when `frozen`; `at` null goes back to the
    machine's clock. Other processes follow within a second. Sessions go by the machine's clock and do not end.
    """
    if ctx.config.mode != "test" or not isinstance(ctx.clock, SettableClock):
        raise NotFoundError("clock", "of a test")
    await testmode.set_clock(ctx.db, ctx.clock, body.at, frozen=body.frozen)
    machine = ctx.resource(WALL).now()
    async with ctx.db.transaction() as conn:
        await audit.record(
            conn,
            actor=ctx.actor.audit_name,
            action="clock.set",
            object_kind="clock",
            object_id="test",
            at=machine,
            details={"at": str(body.at), "frozen": body.frozen},
            address=ctx.address,
        )
    return ClockState(now=ctx.clock.now(), machine=machine)
