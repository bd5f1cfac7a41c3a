"""Limits as data through the interface: what they are, changing them, what that does and does not do to tickets."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.complaints import Rules
from callcenter.config import HoursConfig
from callcenter.db.pool import Database
from callcenter.service_hours import Span
from tests.service.site import Reply, Site
from tests.service.test_handling_limit import decision, explained, opened, post
from tests.service.test_progress import file, lightened, points
from tickets.calendar import SHANGHAI
from tickets.deadlines import report_up

pytestmark = pytest.mark.service


def on(month: int, day: int, hour: int = 10) -> datetime:
    return datetime(2025, month, day, hour, tzinfo=SHANGHAI)


THREE_DAYS = {
    "rule": "L-11",
    "unit": "WD",
    "amount": 3,
    "from_day": "2025-10-09",
    "reason": "缩短一般投诉办理时限",
    "source": "总公司通知2号",
}


async def changed(site: Site, at: datetime, role: Role = Role.ADMIN, **body: Any) -> Reply:
    admin = await post(site, at, role, "hq")
    return await admin.post("/limits/changes", {**THREE_DAYS, **body})


async def test_a_changed_limit_counts_for_tickets_received_from_its_day_on(site: Site) -> None:
    """L-11, b.4: the older one keeps its version, even when its severity changes to and fro later."""
    old = await opened(site, on(9, 30), severity="general")
    reply = await changed(site, on(9, 30))
    assert reply.status == 201, reply.body
    assert (reply.json["day"], reply.json["version"]) == ("2025-10-09", "2026-1+2025-10-09")
    (row,) = [each for each in reply.json["limits"] if each["limit"] == "L-11"]
    assert (row["amount"], row["shipped_amount"], row["source"]) == (3, 5, "总公司通知2号")
    new = await opened(site, on(10, 9), severity="general")
    handler = await post(site, on(10, 9))
    of_old, of_new = decision(await explained(handler, old)), decision(await explained(handler, new))
    assert (of_old["due_day"], of_old["version"]) == ("2025-10-14", "2026-1")
    assert (of_new["due_day"], of_new["version"]) == ("2025-10-13", "2026-1+2025-10-09")
    assert of_new["limits"][0]["source"] == "总公司通知2号"
    version = (await explained(handler, old))["version"]
    body = {"version": version, "severity": "difficult", "reason": "复核"}
    assert (await handler("PATCH", f"/tickets/{old}", json=body)).status == 200
    await lightened(site, old, "general", on(10, 9))
    again = decision(await explained(handler, old))
    assert (again["due_day"], again["version"]) == ("2025-10-14", "2026-1")
    assert (await file(handler, new))["rulebook"] == "2026-1+2025-10-09"


async def test_the_limits_of_any_day_can_be_read_and_what_was_changed(site: Site) -> None:
    await changed(site, on(9, 30))
    agent = await post(site, on(9, 30), Role.AGENT)
    today, later = (await agent.get("/limits")).json, (await agent.get("/limits?day=2025-10-09")).json
    amounts = [next(each["amount"] for each in book["limits"] if each["limit"] == "L-11") for book in (today, later)]
    assert amounts == [5, 3]
    assert {each["switch"]: each["on"] for each in today["switches"]} == {"L-20": False, "CL-2": True}
    (change,) = (await agent.get("/limits/changes")).json["items"]
    assert {"rule": "L-11", "amount": 3, "why": "缩短一般投诉办理时限"}.items() <= change.items()


async def test_the_stricter_rhythm_of_major_cases_is_switched_on_for_new_ones(site: Site) -> None:
    """L-20: three working days instead of seven."""
    old = await opened(site, on(9, 30))
    reply = await changed(site, on(9, 30), rule="L-20", unit=None, amount=None, on=True)
    assert reply.status == 201, reply.body
    new = await opened(site, on(10, 9))
    handler = await post(site, on(10, 9))
    assert points(await file(handler, old)) == [("2025-10-16", None)]
    assert points(await file(handler, new)) == [("2025-10-13", None)]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"from_day": "2025-09-30"}, 409, "limit_refused"),
        ({"rule": "L-99"}, 404, "not_found"),
        ({"rule": "L-11", "unit": None, "amount": None, "on": True}, 404, "not_found"),
        ({"unit": None}, 422, "invalid"),
        ({"on": True}, 422, "invalid"),
        ({"unit": "hours"}, 400, "not_valid"),
        ({"rule": "L-14", "unit": "ND", "amount": 40}, 409, "limit_refused"),
    ],
)
async def test_what_cannot_be_is_refused(site: Site, body: dict[str, Any], status: int, code: str) -> None:
    """L-14, L-15"""
    reply = await changed(site, on(9, 30), **body)
    assert (reply.status, reply.code) == (status, code), reply.body
    agent = await post(site, on(9, 30), Role.AGENT)
    assert (await agent.get("/limits/changes")).json["items"] == []


@pytest.mark.parametrize("role", [Role.HANDLER, Role.SUPERVISOR, Role.AUDITOR])
async def test_only_the_administrator_changes_limits(site: Site, role: Role) -> None:
    """T-6"""
    assert (await changed(site, on(9, 30), role)).status == 403


async def test_a_change_is_in_the_audit_trail_and_cannot_be_undone_in_silence(site: Site, database: Database) -> None:
    admin = await post(site, on(9, 30), Role.ADMIN, "hq")
    key = str(uuid4())
    for _ in range(2):
        reply = await admin.post("/limits/changes", THREE_DAYS, headers={"Idempotency-Key": key})
        assert reply.status == 201, reply.body
    async with database.connection() as conn:
        (entry,) = await conn.fetch("SELECT object_id, details FROM audit WHERE action = 'limit.changed'")
        assert await conn.fetchval("SELECT count(*) FROM limit_change") == 1
    assert (entry["object_id"], entry["details"]["before"]) == ("L-11", {"unit": "WD", "amount": 5})
    async with database.connection() as conn:
        with pytest.raises(asyncpg.PostgresError, match="limit_change"):
            await conn.execute("DELETE FROM limit_change")


async def test_hours_are_counted_in_the_service_hours_of_the_settings(database: Database, clock: ManualClock) -> None:
    """L-21: at 17:00 with an office that closes at 17:30, the rest of the two hours is not there; the day ends it."""
    clock.set(on(10, 9, 17))
    rules = Rules.of(HoursConfig(workday=("0830-1730",), restday=()))
    async with database.connection() as conn:
        late = report_up(on(10, 9, 17), await rules.current(conn, on(10, 9, 17)))
        early = report_up(on(10, 9, 7), await rules.current(conn, on(10, 9, 17)))
    assert (late.due_at, late.rules[0]) == (on(10, 10, 0), "L-21")
    assert (early.due_at, early.rules[0]) == (datetime(2025, 10, 9, 10, 30, tzinfo=SHANGHAI), "L-21b")
    assert Span.parse("0830-1730").since == 510
