"""Scripts, scope rules and the simplified callback through the HTTP interface: data with versions."""

from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from callcenter.accounts.permissions import Role
from callcenter.callbacks.questions import RECORDED_SALE, SEVEN
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from tests.service.customers import a_customer, a_policy, settle
from tests.service.site import Client, Reply, Site

pytestmark = pytest.mark.service


@dataclass
class Writer:
    """A supervisor who writes scripts, and a callback agent who reads them."""

    site: Site
    database: Database
    clock: ManualClock
    supervisor: Client
    agent: Client

    async def steps(self) -> list[dict[str, Any]]:
        """Those of the shipped version."""
        shipped = await self.supervisor.get("/scripts/2010-4.1")
        assert shipped.status == 200, shipped.body
        return list(shipped.json["steps"])

    async def draft(self, steps: list[dict[str, Any]], **fields: Any) -> Reply:
        body = {"version": "2026-1", "name": "新话术", "steps": steps, **fields}
        return await self.supervisor.post("/scripts", body)

    async def publish(self, version: str = "2026-1", revision: int = 1) -> Reply:
        return await self.supervisor.post(f"/scripts/{version}/actions/publish", {"revision": revision})

    async def task(self, policy: str = "P1", **campaign: Any) -> Any:
        made = await self.supervisor.post("/campaigns", {"name": "新单回访", **campaign})
        assert made.status == 201, made.body
        body = {"campaign_id": made.json["id"], "policies": [policy]}
        added = await self.supervisor.post("/callback-tasks", body)
        assert added.json["items"][0]["task_id"], added.body
        return await self.file(added.json["items"][0]["task_id"])

    async def file(self, task_id: str) -> Any:
        shown = await self.agent.get(f"/callback-tasks/{task_id}")
        assert shown.status == 200, shown.body
        return shown.json


@pytest.fixture
async def writer(site: Site, database: Database, clock: ManualClock) -> Writer:
    holder = a_customer("王测试", "16900000001")
    policies = [
        a_policy(holder, "P1"),
        a_policy(holder, "P2", sale_recorded=True),
        a_policy(holder, "P3", product_kind="health", payment="single"),
    ]
    await settle(database, (holder, policies))
    agent = await site.client(Role.CALLBACK_AGENT, where="hq")
    return Writer(site, database, clock, await site.client(Role.SUPERVISOR, where="hq"), agent)


async def test_a_draft_is_written_changed_published_and_never_changes_again(writer: Writer) -> None:
    steps = await writer.steps()
    made = await writer.draft(steps)
    assert (made.status, made.json["script"]["state"]) == (201, "draft"), made.body
    steps[-2]["zh"] = "谢谢您，再见。"
    body = {"name": "新话术", "steps": steps, "revision": 1}
    edited = await writer.supervisor("PUT", "/scripts/2026-1", json=body)
    assert (edited.status, edited.json["steps"][-2]["zh"]) == (200, "谢谢您，再见。")
    stale = await writer.supervisor("PUT", "/scripts/2026-1", json=body)
    assert (stale.status, stale.code) == (409, "stale_version")
    assert (await writer.publish(revision=1)).code == "stale_version"
    published = await writer.publish(revision=2)
    assert (published.status, published.json["script"]["state"]) == (200, "published"), published.body
    again = await writer.supervisor("PUT", "/scripts/2026-1", json={**body, "revision": 3})
    assert (again.status, again.code) == (409, "script_published")
    async with writer.database.connection() as conn:
        for change in ("UPDATE script SET name = 'x'", "DELETE FROM script", "TRUNCATE script CASCADE"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(change)


@pytest.mark.parametrize("code", [*SEVEN, *RECORDED_SALE, "right_to_rescind", "announcement"])
async def test_new_business_is_not_called_with_a_script_that_leaves_something_out(writer: Writer, code: str) -> None:
    """C-5, C-6, C-7, C-15, E-13"""
    steps = [step for step in await writer.steps() if step["code"] not in {code, "not_the_policyholder"}]
    for step in steps:
        step["branches"] = dict.fromkeys(step["branches"], "end")
    assert (await writer.draft(steps)).status == 201
    refused = await writer.publish()
    assert (refused.status, refused.code) == (422, "script_refused")
    campaign = await writer.supervisor.post("/campaigns", {"name": "x", "script_version": "2026-1"})
    assert (campaign.status, campaign.code) == (422, "callback_unknown_script")


async def test_a_draft_that_cannot_be_walked_through_is_refused(writer: Writer) -> None:
    steps = await writer.steps()
    steps[5]["next"] = steps[2]["code"]
    refused = await writer.draft(steps)
    assert (refused.status, refused.code) == (422, "script_refused")
    steps[5]["next"], steps[5]["zh"] = None, "您的{{secret}}"
    refused = await writer.draft(steps)
    assert (refused.status, refused.code) == (422, "script_refused")


async def test_a_policy_is_not_told_of_before_its_holder_is_confirmed(writer: Writer) -> None:
    """C-5, C-12, E-13: the order of the texts."""
    steps = await writer.steps()
    steps[0]["zh"] = "关于您购买的{{product}}"
    await writer.draft(steps)
    refused = await writer.publish()
    assert (refused.status, refused.code) == (422, "script_refused")
    assert "C-5" in refused.json["detail"]


async def test_the_agent_reads_the_script_with_the_values_of_the_policy(writer: Writer) -> None:
    """C-5, C-6, E-13"""
    file = await writer.task("P1")
    texts = {step["code"]: step["zh"] for step in file["script"]["steps"]}
    assert list(texts)[:3] == ["announcement", "identity", "signed_personally"]
    assert texts["signed_personally"].startswith("您购买了“安心终身寿险”")
    assert "6000.00元，按年交费，交费期间20年" in texts["paying_period_known"]
    assert "于2026年11月15日签收，犹豫期至2026年11月30日止" in texts["cooling_off_known"]
    assert (file["script"]["version"], file["script"]["next"]) == ("2010-4.1", "identity")
    assert [question["code"] for question in file["questions"]] == list(SEVEN)
    assert file["questions"][1]["zh"] == texts["signed_personally"]


async def test_what_is_asked_depends_on_the_policy(writer: Writer) -> None:
    """C-6(7), C-7, C-15"""
    recorded = await writer.task("P2")
    assert [question["code"] for question in recorded["questions"]] == [*SEVEN, *RECORDED_SALE]
    health = await writer.task("P3")
    assert [question["code"] for question in health["questions"]] == list(SEVEN[:-1])


async def test_a_task_keeps_the_version_it_was_made_with(writer: Writer) -> None:
    before = await writer.task("P1")
    steps = await writer.steps()
    steps[2]["zh"] = "您买了{{product}}并亲笔签名了吗？"
    await writer.draft(steps)
    assert (await writer.publish()).status == 200
    after = await writer.task("P2")
    assert (await writer.file(before["task"]["id"]))["script"]["version"] == "2010-4.1"
    assert after["script"]["version"] == "2026-1"
    assert after["questions"][1]["zh"] == "您买了“安心终身寿险”并亲笔签名了吗？"


async def test_a_late_callback_extends_the_refund_only_where_its_campaign_says_so(writer: Writer) -> None:
    """C-21: off by default."""
    async with writer.database.connection() as conn:
        await conn.execute("UPDATE policy SET received_on = '2026-10-01'")
    plain, extended = await writer.task("P1"), await writer.task("P2", extension_days=10)
    assert "refund_extended" not in {step["code"] for step in plain["script"]["steps"]}
    [told] = [step["zh"] for step in extended["script"]["steps"] if step["code"] == "refund_extended"]
    assert "自今日起10日内" in told


async def test_a_masked_reader_sees_no_name_in_a_script(writer: Writer) -> None:
    steps = await writer.steps()
    steps[1]["zh"] = "请问您是{{holder}}本人吗？"
    steps[2]["zh"] = "投保单是由您和被保险人{{insured}}亲笔签名的吗？"
    await writer.draft(steps)
    assert (await writer.publish()).status == 200
    file = await writer.task("P1")
    assert file["questions"][0]["zh"] == "请问您是王测试女士本人吗？"
    auditor = await writer.site.client(Role.QA, where="hq")
    masked = (await auditor.get(f"/callback-tasks/{file['task']['id']}")).json
    assert "王测试" not in str(masked)
    assert masked["questions"][1]["zh"] == "投保单是由您和被保险人王**亲笔签名的吗？"


async def test_the_simplified_callback_is_off_until_product_campaign_and_sale_allow_it(writer: Writer) -> None:
    """C-23"""
    kept = {"announcement", "identity", *RECORDED_SALE, "goodbye", "not_the_policyholder"}
    steps = [step for step in await writer.steps() if step["code"] in kept]
    assert (await writer.draft(steps, version="简", simplified=True)).status == 400
    assert (await writer.draft(steps, version="2026-s", simplified=True)).status == 201
    assert (await writer.publish("2026-s")).status == 200
    wrong = await writer.supervisor.post("/campaigns", {"name": "x", "script_version": "2026-s"})
    assert (wrong.status, wrong.code) == (422, "campaign_refused")
    plain = await writer.task("P2", simplified_version="2026-s")
    assert plain["script"]["version"] == "2010-4.1"
    stop = {"version": 1, "reason": "重做"}
    await writer.supervisor.post(f"/campaigns/{plain['task']['campaign_id']}/actions/stop", stop)
    body = {"product_name": "安心终身寿险", "simplified": True, "reason": "监管同意"}
    assert (await writer.supervisor("PUT", "/simplified-products", json=body)).status == 200
    assert (await writer.task("P1", simplified_version="2026-s"))["script"]["version"] == "2010-4.1"
    simplified = await writer.task("P2", simplified_version="2026-s")
    assert [question["code"] for question in simplified["questions"]] == ["identity", *RECORDED_SALE]
    switched = await writer.supervisor.get("/simplified-products")
    assert [(one["product_name"], one["simplified"]) for one in switched.json["items"]] == [("安心终身寿险", True)]


async def test_scope_rules_are_data_valid_from_a_day(writer: Writer) -> None:
    """C-1, C-4, C-22"""
    rules = {rule["purpose"]: rule for rule in (await writer.agent.get("/scope-rules")).json["rules"]}
    assert (rules["new_business"]["starts"], rules["new_business"]["days"]) == ("received_on", None)
    assert (rules["departed_agent"]["starts"], rules["departed_agent"]["days"]) == ("salesperson_left_on", 30)
    rule = {**rules["departed_agent"], "days": 20}
    rule.pop("starts")
    body = {"valid_from": "2026-12-01", "reason": "提前告知", "rule": rule}
    published = await writer.supervisor.post("/scope-rules/versions", body)
    assert published.status == 201, published.body
    for day, days in (("2026-11-30", 30), ("2026-12-01", 20)):
        shown = (await writer.agent.get(f"/scope-rules?day={day}")).json["rules"]
        assert {each["purpose"]: each["days"] for each in shown}["departed_agent"] == days
    listed = await writer.agent.get("/scope-rules/versions?purpose=departed_agent")
    assert [(one["reason"], one["days"]) for one in listed.json["items"]] == [("提前告知", 20)]


async def test_a_rule_that_asks_for_less_than_the_law_is_refused(writer: Writer) -> None:
    """C-4, C-22"""
    rules = {rule["purpose"]: rule for rule in (await writer.agent.get("/scope-rules")).json["rules"]}
    for purpose, change in (("new_business", {"health_days": 10}), ("departed_agent", {"days": 31})):
        rule = {name: value for name, value in {**rules[purpose], **change}.items() if name != "starts"}
        body = {"valid_from": "2026-12-01", "reason": "x", "rule": rule}
        refused = await writer.supervisor.post("/scope-rules/versions", body)
        assert (refused.status, refused.code) == (422, "scope_rule_refused")
    past = await writer.supervisor.post("/scope-rules/versions", {**body, "valid_from": "2026-11-17"})
    assert past.status == 422


async def test_a_published_rule_decides_who_is_called_back(writer: Writer) -> None:
    """C-1: the company calls back short policies too."""
    holder = a_customer("李四", "16900000009")
    await settle(writer.database, (holder, [a_policy(holder, "S1", long_term=False)]))
    made = await writer.supervisor.post("/campaigns", {"name": "新单回访"})
    body = {"campaign_id": made.json["id"], "policies": ["S1"]}
    assert (await writer.supervisor.post("/callback-tasks", body)).json["items"][0]["refusal"] == "out_of_scope"
    rules = {rule["purpose"]: rule for rule in (await writer.agent.get("/scope-rules")).json["rules"]}
    rule = {**rules["new_business"], "any_term": True}
    rule.pop("starts")
    published = {"valid_from": "2026-11-18", "reason": "短险也回访", "rule": rule}
    assert (await writer.supervisor.post("/scope-rules/versions", published)).status == 201
    assert (await writer.supervisor.post("/callback-tasks", body)).json["items"][0]["refusal"] is None


async def test_only_who_may_writes_scripts(writer: Writer) -> None:
    steps = await writer.steps()
    body = {"version": "2026-2", "name": "x", "steps": steps}
    assert (await writer.agent.post("/scripts", body)).status == 403
    assert (await writer.agent.get("/scripts?state=published&purpose=new_business")).json["items"][0][
        "version"
    ] == "2010-4.1"
    assert (await writer.agent.get("/scripts/1999")).code == "script_not_found"
