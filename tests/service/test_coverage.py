"""An autumn of a callback team: every policy in scope gets its callback in the cooling-off period, whatever happens."""

from collections.abc import AsyncIterator
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from callcenter.accounts.permissions import Role
from callcenter.callbacks import control, coverage, policies, scope
from callcenter.clock import ManualClock
from callcenter.customers.customer import Policy
from callcenter.db.pool import Database
from callcenter.testmode import SettableClock
from callcenter.web import server
from tests.service.site import Site, settings
from tests.service.spring import YES, Spring, a_body
from tickets.calendar import end_of_day

pytestmark = pytest.mark.service

MORNING = time(10)
KINDS: list[dict[str, Any]] = [
    {},
    {"sales_channel": "bank", "cooling_off_days": None},
    {"sales_channel": "internet", "cooling_off_days": 20, "payment": "single", "paying_years": None},
    {"product_kind": "health", "long_term": False, "guaranteed_renewal": True, "cooling_off_days": 10},
    {"long_term": False},
    {"sales_channel": "group"},
    {"group_business": True, "sales_channel": "broker"},
    {"status": "pending"},
]
"""Four in scope, four not."""
TOLD = """
SELECT p.number, t.due_at, t.state, t.result, c.name AS campaign
FROM callback_task t JOIN policy p ON p.id = t.policy_id JOIN campaign c ON c.id = t.campaign_id
WHERE NOT t.voided ORDER BY p.number"""


@pytest.fixture
async def autumn(database: Database, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Spring]:
    seen = SettableClock(clock)
    app = server.build(settings(tmp_path), database=database, clock=seen, wall=seen)
    async with Site.running(app, database, seen) as site:  # type: ignore[arg-type]
        yield Spring(site, seen)


async def worker(autumn: Spring) -> None:
    """What the worker does every minute."""
    await control.withdraw_stopped(autumn.site.database, autumn.clock.now())
    await policies.follow_changed(autumn.site.database, autumn.clock.now())
    await coverage.sweep(autumn.site.database, autumn.clock.now())


async def open_campaign(autumn: Spring, name: str, **fields: Any) -> Any:
    supervisor = await autumn.site.client(Role.SUPERVISOR, where="hq")
    made = await supervisor.post("/campaigns", {"name": name, **fields})
    assert made.status == 201, made.body
    return made.json


async def gaps(autumn: Spring) -> dict[str, str]:
    supervisor = await autumn.site.client(Role.SUPERVISOR, where="hq")
    reply = await supervisor.get("/callback-gaps?since=2025-09-01&limit=200")
    assert reply.status == 200, reply.body
    return {gap["number"]: gap["why"] for gap in reply.json["items"]}


@pytest.mark.timeout(300)
async def test_every_policy_in_scope_gets_its_callback_in_the_cooling_off_period(autumn: Spring) -> None:
    """C-1 … C-4, C-20: policies come every day; some are signed for late, one has no number at first, one campaign is
    stopped, the next one narrowed; at the end every policy in scope was called back in time, and once."""
    await autumn.at(date(2025, 9, 1), MORNING)
    await autumn.push(*(a_body(f"A{n}", n, **kind) for n, kind in enumerate(KINDS)))
    assert await gaps(autumn) == dict.fromkeys(("A0", "A1", "A2", "A3"), "no_campaign")

    banks = await open_campaign(autumn, "银行", channels=["bank"])
    await open_campaign(autumn, "其他", channels=["agent", "internet", "telesales", "broker"])
    await worker(autumn)
    assert await gaps(autumn) == {}

    await autumn.at(date(2025, 9, 2), MORNING)
    silent = {"holder": {"phones": []}}
    await autumn.push(
        *(a_body(f"B{n}", 20 + n, received_on=None, issued_on="2025-09-02", **kind) for n, kind in enumerate(KINDS)),
        a_body("C1", 40, issued_on="2025-09-02", received_on="2025-09-02", **silent),
    )
    assert await gaps(autumn) == {"C1": "no_number_held_at_underwriting"}

    await autumn.at(date(2025, 9, 3), MORNING)
    supervisor = await autumn.site.client(Role.SUPERVISOR, where="hq")
    stop = {"version": banks["version"], "reason": "话术有误"}
    assert (await supervisor.post(f"/campaigns/{banks['id']}/actions/stop", stop)).status == 200
    await worker(autumn)
    assert await gaps(autumn) == {"A1": "no_campaign", "B1": "no_campaign", "C1": "no_number_held_at_underwriting"}
    await open_campaign(autumn, "银行二", channels=["bank"], regions=["gd"])
    await worker(autumn)
    assert await gaps(autumn) == {"C1": "no_number_held_at_underwriting"}

    await autumn.at(date(2025, 9, 5), MORNING)
    await autumn.push(
        *(
            a_body(f"B{n}", 20 + n, received_on="2025-09-05", issued_on="2025-09-02", **kind)
            for n, kind in enumerate(KINDS)
        ),
        a_body("C1", 40, issued_on="2025-09-02", received_on="2025-09-02"),
    )
    assert await gaps(autumn) == {}

    async with autumn.site.database.connection() as conn:
        stored = [dict(row) for row in await conn.fetch("SELECT * FROM policy")]
        rows = {row["number"]: row for row in await conn.fetch(TOLD)}
    held = [Policy(**{name: row[name] for name in Policy.__dataclass_fields__}) for row in stored]
    wanted = {policy.number: policy for policy in held if scope.refusal(policy, scope.NEW_BUSINESS) is None}
    assert set(rows) == set(wanted) == {"C1", *(f"{letter}{n}" for letter in "AB" for n in range(4))}
    for number, policy in wanted.items():
        period = scope.cooling_off(policy)
        assert period is not None
        assert rows[number]["due_at"] == end_of_day(period.last_day)
        assert rows[number]["campaign"] == ("银行二" if policy.sales_channel == "bank" else "其他")

    async with autumn.site.database.connection() as conn:
        ids = await conn.fetch(
            "SELECT p.number, t.id FROM callback_task t JOIN policy p ON p.id = t.policy_id WHERE NOT t.voided"
        )
    autumn.tasks = {row["number"]: str(row["id"]) for row in ids}
    for number in autumn.tasks:
        await autumn.at(date(2025, 9, 8), MORNING)
        await autumn.reach(number, await answers(autumn, number))
    figures = (await autumn.report())["figures"]
    assert figures["counts"]["in_scope"] == len(wanted)
    shares = [figures["metrics"][name]["value"] for name in ("coverage", "success_in_cooling_off", "final_success")]
    assert shares == [100.0, 100.0, 100.0]
    async with autumn.site.database.connection() as conn:
        twice = await conn.fetchval(
            "SELECT count(*) FROM (SELECT t.policy_id FROM callback_task t JOIN callback_attempt a ON a.task_id = t.id"
            " GROUP BY t.policy_id HAVING count(*) > 1) many"
        )
    assert twice == 0
    await autumn.at(date(2025, 9, 8) + timedelta(days=30), MORNING)
    await worker(autumn)
    assert await gaps(autumn) == {}


async def answers(autumn: Spring, number: str) -> list[dict[str, str]]:
    """Yes to everything this policyholder is asked."""
    agent = await autumn.agent()
    file = (await agent.get(f"/callback-tasks/{autumn.tasks[number]}")).json
    assert file["script"]["steps"][0]["code"] == "announcement"
    said = [{"question": question["code"], "answer": "yes"} for question in file["questions"]]
    assert said[:6] == YES[:6]
    return said
