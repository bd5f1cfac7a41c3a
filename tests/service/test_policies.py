"""Policies pushed by the core system, and the callbacks that follow: every policy in scope gets its task (C-20)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from callcenter.accounts.permissions import Role
from callcenter.callbacks import coverage, policies, scope
from callcenter.callbacks.scope import Start
from callcenter.callbacks.task import Purpose
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from tests.service.site import Client, Reply, Site

pytestmark = pytest.mark.service

TASKS = """
SELECT p.number AS policy, t.purpose, t.source, t.state, t.result, t.note, t.number, t.numbers, t.due_at, t.late,
    t.cooling_off_assumed, t.conditions, t.script_version, t.campaign_id
FROM callback_task t JOIN policy p ON p.id = t.policy_id ORDER BY p.number, t.purpose"""


def a_body(number: str, **changes: Any) -> dict[str, Any]:
    holder = {
        "name": "王测试",
        "core_number": "C1",
        "birth_date": "1980-01-01",
        "gender": "female",
        "phones": [{"number": "+86 169 0000 0001"}],
        **changes.pop("holder", {}),
    }
    return {
        "number": number,
        "holder": holder,
        "organisation_id": "gd-gz",
        "product_name": "安心终身寿险",
        "premium": "6000.00",
        "paying_years": 20,
        "issued_on": "2026-11-10",
        "received_on": "2026-11-15",
        "cooling_off_days": 15,
        "status": "in_force",
        **changes,
    }


@dataclass
class Core:
    """The core system, which pushes policies, and a supervisor with campaigns."""

    site: Site
    database: Database
    clock: ManualClock
    integrator: Client
    supervisor: Client

    async def push(self, number: str, **changes: Any) -> Reply:
        return await self.integrator.post("/policies", a_body(number, **changes))

    async def batch(self, *bodies: dict[str, Any]) -> dict[str, Any]:
        reply = await self.integrator.post("/policies/batch", {"policies": list(bodies)})
        assert reply.status == 200, reply.body
        return {one["number"]: one for one in reply.json["items"]}

    async def campaign(self, **fields: Any) -> Any:
        reply = await self.supervisor.post("/campaigns", {"name": "新单回访", **fields})
        assert reply.status == 201, reply.body
        return reply.json

    async def tasks(self) -> list[dict[str, Any]]:
        async with self.database.connection() as conn:
            return [dict(row) for row in await conn.fetch(TASKS)]

    async def gaps(self, filters: str = "") -> dict[str, str]:
        reply = await self.supervisor.get(f"/callback-gaps{filters}")
        assert reply.status == 200, reply.body
        return {gap["number"]: gap["why"] for gap in reply.json["items"]}

    async def count(self, table: str) -> int:
        async with self.database.connection() as conn:
            return int(await conn.fetchval(f"SELECT count(*) FROM {table}"))


@pytest.fixture
async def core(site: Site, database: Database, clock: ManualClock) -> Core:
    integrator = await site.client(Role.INTEGRATOR, where="hq")
    return Core(site, database, clock, integrator, await site.client(Role.SUPERVISOR, where="hq"))


async def test_a_policy_pushed_into_a_running_campaign_has_its_task_at_once(core: Core) -> None:
    """C-3, C-20: due when the cooling-off period ends."""
    campaign = await core.campaign()
    reply = await core.push("P1")
    assert (reply.status, reply.json["is_new"], reply.json["refusal"]) == (200, True, None), reply.body
    [task] = await core.tasks()
    assert reply.json["task_id"] is not None
    assert (task["source"], task["state"], task["number"]) == ("scope", "waiting", "16900000001")
    assert task["due_at"].isoformat() == "2026-11-30T16:00:00+00:00"
    assert (str(task["campaign_id"]), task["script_version"]) == (campaign["id"], "2010-4.1")
    assert await core.gaps() == {}


async def test_the_same_push_again_changes_nothing(core: Core) -> None:
    await core.campaign()
    first, second = await core.push("P1"), await core.push("P1")
    assert (second.json["policy_id"], second.json["is_new"]) == (first.json["policy_id"], False)
    assert second.json["task_id"] is None
    assert [await core.count(table) for table in ("policy", "customer", "customer_phone", "callback_task")] == [1] * 4


async def test_a_batch_takes_what_it_can_and_says_why_not_the_rest(core: Core) -> None:
    """C-1, C-2: group and short policies are taken, but not called back."""
    await core.campaign()
    told = await core.batch(
        a_body("P1"),
        a_body("P2", organisation_id="nowhere"),
        a_body("P3", group_business=True),
        a_body("P4", long_term=False),
        a_body("P5", long_term=False, product_kind="health", guaranteed_renewal=True),
        a_body("P6", holder={"name": "李四", "core_number": "C2", "phones": []}),
        a_body("P1", premium="7000"),
    )
    assert {number: one["refusal"] for number, one in told.items()} == {
        "P1": None,
        "P2": "unknown_organisation",
        "P3": None,
        "P4": None,
        "P5": None,
        "P6": None,
    }
    assert [task["policy"] for task in await core.tasks()] == ["P1", "P5"]
    assert await core.gaps() == {"P6": "no_number_held_at_underwriting"}
    assert await core.count("customer") == 2
    async with core.database.connection() as conn:
        assert str(await conn.fetchval("SELECT premium FROM policy WHERE number = 'P1'")) == "7000.00"


async def test_an_organisation_takes_nothing_of_anothers(core: Core) -> None:
    """H2"""
    await core.push("P1", organisation_id="sc-cd")
    below = await core.site.client(Role.INTEGRATOR, where="gd-gz")
    for organisation in ("gd-gz", "sc-cd"):
        reply = await below.post("/policies", a_body("P1", organisation_id=organisation, product_name="别的"))
        assert reply.json["refusal"] == "unknown_organisation"
    async with core.database.connection() as conn:
        assert await conn.fetchval("SELECT product_name FROM policy") == "安心终身寿险"


async def test_what_the_core_system_sent_before_is_not_taken_after_something_newer(core: Core) -> None:
    await core.push("P1", status="surrendered", core_changed_at="2026-11-18T10:00:00+08:00")
    late = await core.push("P1", status="in_force", core_changed_at="2026-11-18T09:59:59+08:00")
    assert late.json["refusal"] == "outdated"
    async with core.database.connection() as conn:
        assert await conn.fetchval("SELECT status FROM policy") == "surrendered"


async def test_an_open_task_follows_the_signed_receipt(core: Core) -> None:
    """C-3, C-4: without a receipt there is no end; once it is signed for, the period runs from it."""
    await core.campaign()
    await core.push("P1", received_on=None, cooling_off_days=None)
    [task] = await core.tasks()
    assert (task["due_at"], task["late"]) == (None, False)
    await core.push("P1", received_on="2026-11-16", cooling_off_days=None)
    [task] = await core.tasks()
    assert (task["due_at"].isoformat(), task["cooling_off_assumed"]) == ("2026-11-26T16:00:00+00:00", True)
    await core.push("P1", received_on="2026-11-16", cooling_off_days=20)
    [task] = await core.tasks()
    assert (task["due_at"].isoformat(), task["cooling_off_assumed"]) == ("2026-12-06T16:00:00+00:00", False)


async def test_a_number_changed_in_the_core_system_is_dialled_from_then_on(core: Core) -> None:
    """C-12"""
    await core.campaign()
    await core.push("P1")
    await core.push("P1", holder={"phones": [{"number": "16900000002"}, {"number": "16900000003"}]})
    [task] = await core.tasks()
    assert (task["number"], task["numbers"]) == ("16900000002", ["16900000002", "16900000003"])
    async with core.database.connection() as conn:
        kept = "SELECT number FROM customer_phone WHERE NOT at_underwriting"
        assert [row["number"] for row in await conn.fetch(kept)] == ["16900000001"]


async def test_nobody_is_rung_for_a_reason_that_is_gone(core: Core) -> None:
    """C-22: the premium was paid, the new policy surrendered."""
    await core.campaign()
    await core.campaign(purpose="renewal")
    await core.push("P1", premium_due_on="2026-11-01")
    assert [task["purpose"] for task in await core.tasks()] == ["new_business", "renewal"]
    await core.push("P1")
    assert [(task["purpose"], task["result"]) for task in await core.tasks()] == [
        ("new_business", None),
        ("renewal", "withdrawn"),
    ]
    await core.push("P1", status="surrendered")
    assert {(task["result"], task["note"] is not None) for task in await core.tasks()} == {("withdrawn", True)}


EVENTS = {
    "renewal": {"premium_due_on": "2026-11-01"},
    "lapsed": {"lapsed_on": "2026-11-01", "status": "lapsed"},
    "surrender": {"surrendered_on": "2026-11-10", "status": "surrendered"},
    "claim": {"claim_settled_on": "2026-11-10"},
    "payment": {"paid_out_on": "2026-11-10"},
    "departed_agent": {"salesperson_left_on": "2026-11-01"},
}


@pytest.mark.parametrize("purpose", EVENTS)
async def test_each_purpose_has_its_campaign_and_its_gaps(core: Core, purpose: str) -> None:
    """C-22: pushed before the campaign there is a gap, which the worker fills once it runs."""
    await core.push("P1", **EVENTS[purpose])
    await core.push("P2", holder={"core_number": "C2", "name": "李四"}, status="terminated")
    assert await core.gaps(f"?purpose={purpose}") == {"P1": "no_campaign"}
    await core.campaign(purpose=purpose)
    assert await core.gaps(f"?purpose={purpose}") == {"P1": "about_to_be_made"}
    assert await coverage.sweep(core.database, core.clock.now()) == 1
    assert await coverage.sweep(core.database, core.clock.now()) == 0
    [task] = await core.tasks()
    assert (task["policy"], task["purpose"], task["late"]) == ("P1", purpose, False)
    assert await core.gaps(f"?purpose={purpose}") == {}


async def test_the_next_unpaid_premium_is_called_about_again(core: Core) -> None:
    """C-22"""
    await core.campaign(purpose="renewal")
    await core.push("P1", premium_due_on="2026-11-01")
    await core.push("P1", premium_due_on="2026-11-01")
    core.clock.advance(timedelta(days=40))
    core.site.people.clear()
    core.integrator = await core.site.client(Role.INTEGRATOR, where="hq")
    await core.push("P1")
    await core.push("P1", premium_due_on="2026-12-20")
    assert [(task["result"], task["purpose"]) for task in await core.tasks()] == [
        ("withdrawn", "renewal"),
        (None, "renewal"),
    ]


async def test_tasks_follow_a_policy_that_an_imported_list_changed(core: Core) -> None:
    """C-3, C-12, C-22: by the worker, whatever wrote the policy."""
    await core.campaign()
    await core.batch(*(a_body(f"P{n}", holder={"core_number": f"C{n}", "name": f"客户{n}"}) for n in range(4)))
    assert await policies.follow_changed(core.database, core.clock.now()) == 0
    async with core.database.connection() as conn:
        await conn.execute("UPDATE policy SET received_on = '2026-11-17' WHERE number = 'P1'")
        await conn.execute("UPDATE policy SET status = 'surrendered' WHERE number = 'P2'")
        await conn.execute(
            "UPDATE customer_phone SET number = '16900000007'"
            " WHERE customer_id = (SELECT customer_id FROM policy WHERE number = 'P3')"
        )
    assert await policies.follow_changed(core.database, core.clock.now()) == 3
    told = {task["policy"]: task for task in await core.tasks()}
    assert told["P1"]["due_at"].isoformat() == "2026-12-02T16:00:00+00:00"
    assert (told["P0"]["result"], told["P2"]["result"]) == (None, "withdrawn")
    assert told["P3"]["number"] == "16900000007"
    assert await policies.follow_changed(core.database, core.clock.now()) == 0


async def test_a_policy_that_comes_back_into_scope_is_called_back_after_all(core: Core) -> None:
    """C-20: a status sent by mistake costs nobody the callback; what a person withdrew stays withdrawn."""
    await core.campaign()
    for status in ("in_force", "lapsed", "in_force"):
        await core.push("P1", status=status)
    assert sorted(str(task["result"]) for task in await core.tasks()) == ["None", "withdrawn"]
    async with core.database.connection() as conn:
        await conn.execute(
            "UPDATE callback_task SET state = 'done', result = 'withdrawn', concluded_at = $1 WHERE state = 'waiting'",
            core.clock.now(),
        )
    await core.push("P1")
    assert await coverage.sweep(core.database, core.clock.now()) == 0
    assert await core.gaps() == {}


async def test_a_gap_says_why_there_is_no_task_yet(core: Core) -> None:
    """C-20"""
    await core.push("P1")
    assert await core.gaps() == {"P1": "no_campaign"}
    draft = await core.campaign(draft=True)
    assert await core.gaps() == {"P1": "campaign_not_running"}
    by_hand = await core.campaign(automatic=False)
    assert await core.gaps() == {"P1": "campaign_not_automatic"}
    await core.supervisor.post(f"/campaigns/{by_hand['id']}/actions/stop", {"version": 1, "reason": "改为自动"})
    await core.supervisor.post(f"/campaigns/{draft['id']}/actions/start", {"version": 1})
    assert await core.gaps() == {"P1": "about_to_be_made"}
    assert await coverage.sweep(core.database, core.clock.now()) == 1
    assert await core.gaps() == {}
    elsewhere = await core.site.client(Role.SUPERVISOR, where="sc-cd")
    await core.push("P2", organisation_id="sc-cd")
    assert [gap["number"] for gap in (await elsewhere.get("/callback-gaps")).json["items"]] == []


async def test_what_a_stopped_campaign_left_the_next_one_takes(core: Core) -> None:
    """C-20: every policy in scope gets its callback, whatever became of a campaign."""
    stopped = await core.campaign()
    await core.push("P1")
    await core.supervisor.post(f"/campaigns/{stopped['id']}/actions/stop", {"version": 1, "reason": "换话术"})
    assert await core.gaps() == {"P1": "no_campaign"}
    await core.campaign()
    assert await coverage.sweep(core.database, core.clock.now()) == 1
    assert sorted(str(task["result"]) for task in await core.tasks()) == ["None", "withdrawn"]


async def test_the_worker_looks_through_every_page(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """C-20"""
    monkeypatch.setattr(coverage, "BATCH", 2)
    silent = {"name": "无号码", "core_number": "C9", "phones": []}
    await core.batch(*(a_body(f"P{n}", holder=silent if n < 4 else {}) for n in range(7)))
    await core.campaign()
    assert await coverage.sweep(core.database, core.clock.now()) == 3
    assert set((await core.gaps()).values()) == {"no_number_held_at_underwriting"}
    first = await core.supervisor.get("/callback-gaps?limit=3")
    rest = await core.supervisor.get(f"/callback-gaps?limit=3&cursor={first.json['next']}")
    numbers = [gap["number"] for page in (first, rest) for gap in page.json["items"]]
    assert sorted(numbers) == ["P0", "P1", "P2", "P3"]


async def test_the_list_of_gaps_is_what_the_rule_says(core: Core) -> None:
    """C-1, C-2: the statement that looks for policies and the pure rule that judges them say the same."""
    bodies = [
        a_body(
            f"P{n}",
            status=status,
            long_term=long_term,
            product_kind=kind,
            guaranteed_renewal=renewed,
            group_business=group,
            sales_channel=channel,
        )
        for n, (status, long_term, kind, renewed, group, channel) in enumerate(
            (status, long_term, kind, renewed, group, channel)
            for status in ("pending", "in_force", "lapsed")
            for long_term in (True, False)
            for kind in ("life", "health")
            for renewed in (True, False)
            for group in (True, False)
            for channel in ("agent", "group")
        )
    ]
    await core.batch(*bodies)
    async with core.database.connection() as conn:
        rows = [dict(row) for row in await conn.fetch("SELECT * FROM policy")]
    fields = scope.Policy.__dataclass_fields__
    stored = [scope.Policy(**{name: row[name] for name in fields}) for row in rows]
    wanted = {policy.number for policy in stored if scope.refusal(policy, scope.NEW_BUSINESS) is None}
    assert set(await core.gaps("?limit=200")) == wanted
    assert wanted


async def test_every_day_from_which_days_are_counted_can_be_searched_by(core: Core) -> None:
    """C-22"""
    assert set(coverage.CANDIDATES) == set(Start)
    async with core.database.connection() as conn:
        for statement in coverage.CANDIDATES.values():
            await conn.prepare(statement)


async def test_a_holder_is_found_by_core_number_and_never_guessed(core: Core) -> None:
    """Of two customers with one identity number and name nobody is picked."""
    await core.push("P1")
    await core.push("P2", holder={"name": "王测试（改名）"})
    assert await core.count("customer") == 1
    for number in ("P3", "P4"):
        holder = {"name": "赵六", "core_number": None, "id_number": "440101198001010011"}
        await core.push(number, holder=holder)
    assert await core.count("customer") == 2
    await core.push("P5", holder={"name": "孙七", "core_number": None, "id_number": "440101198001010011"})
    assert await core.count("customer") == 3
    await core.push("P3", holder={"name": "赵六", "core_number": "C6", "id_number": "440101198001010011"})
    assert await core.count("customer") == 3
    await core.push("P1", holder={"name": "周八", "core_number": "C8"})
    async with core.database.connection() as conn:
        holder_of = "SELECT c.name FROM policy p JOIN customer c ON c.id = p.customer_id WHERE p.number = $1"
        assert await conn.fetchval(holder_of, "P1") == "周八"
        assert await conn.fetchval(holder_of, "P2") == "王测试（改名）"


async def test_a_policy_of_a_departed_agent_is_due_thirty_days_after_the_leaving(core: Core) -> None:
    """C-22"""
    await core.campaign(purpose="departed_agent")
    await core.push("P1", salesperson_left_on="2026-11-01")
    [task] = await core.tasks()
    assert task["due_at"].isoformat() == "2026-12-01T16:00:00+00:00"


async def test_only_who_may_push_pushes_and_a_bad_number_is_named(core: Core) -> None:
    refused = await core.supervisor.post("/policies", a_body("P1"))
    assert refused.status == 403
    bad = await core.push("P1", holder={"phones": [{"number": "1.38E+10"}]})
    assert bad.status == 400
    assert await core.count("policy") == 0


async def test_a_push_is_on_record(core: Core) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    replies = [await core.integrator.post("/policies", a_body("P1"), headers=key) for _ in range(2)]
    assert replies[0].json == replies[1].json
    async with core.database.connection() as conn:
        rows = await conn.fetch("SELECT actor, details FROM audit WHERE action = 'policy.push'")
    assert [row["details"]["new"] for row in rows] == [1]


def test_purposes_without_an_end_have_no_gaps() -> None:
    endless = {rule.purpose for rule in scope.SHIPPED.values() if rule.starts is None}
    assert endless == {Purpose.RETURN_CALL, Purpose.RECHECK}
