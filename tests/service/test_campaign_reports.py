"""A campaign's findings and complaints over HTTP: each in exactly the reports where it belongs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from callcenter.accounts.permissions import Role
from tests.service.customers import a_customer, a_policy, settle
from tests.service.site import Client, Site
from tests.service.test_callback_samples import HQ, QUESTIONS, an_agent, hang_up, talk, wrap_up
from tests.service.walk import walk
from tickets.lifecycle import Status

pytestmark = pytest.mark.service

PERIOD = "first_day=2026-11-01&last_day=2026-12-31"
FINDING_FIGURES = ("callback_findings", "open_findings", "findings_due", "overdue_findings", "findings_turned_good")
SAID = {"respondent": "policyholder", "description": "客户所述", "demand": "要求说明", "restated_and_confirmed": True}


@dataclass
class Lived:
    """The campaign: its people, and its tickets by policy."""

    site: Site
    agent: Client
    campaign: str = ""
    tasks: dict[str, str] = field(default_factory=dict)
    tickets: dict[str, str] = field(default_factory=dict)
    calls: dict[str, UUID] = field(default_factory=dict)

    async def called_back(self, policy: str, subject: str, intention: str) -> None:
        """The callback of a policy finds something, all handed in at once."""
        task = self.tasks[policy]
        self.calls[policy] = await talk(self.site, self.agent, task)
        answers = {**dict.fromkeys(QUESTIONS, "yes"), "cover_known": "no"}
        body = {
            "answers": [{"question": code, "answer": answer} for code, answer in answers.items()],
            "findings": [{**SAID, "subject": subject, "intention": intention}],
            "outcome": {"kind": "completed"},
        }
        reply = await self.agent.post(f"/callback-tasks/{task}/wrap-up", body)
        assert reply.status == 201, reply.body
        await hang_up(self.site, self.calls[policy])
        self.tickets[policy] = reply.json["tickets"][0]["id"]

    async def file(self, ticket: str) -> Any:
        return (await (await self.reader()).get(f"/tickets/{ticket}")).json

    async def reader(self) -> Client:
        return await self.site.client(Role.SUPERVISOR, where=HQ)

    async def judged(self, policy: str, intention: str) -> None:
        """Quality assurance judges again; out of the figures the supervisor confirms."""
        ticket = self.tickets[policy]
        body = {
            **{"version": (await self.file(ticket))["version"], "subject": "mis_selling", "intention": intention},
            **{"respondent": "policyholder", "reason": "重听", "call_id": str(self.calls[policy]), "second": 0},
        }
        reply = await (await self.site.client(Role.QA, where=HQ)).post(f"/tickets/{ticket}/reclassifications", body)
        assert reply.status == 201, reply.body
        if reply.json["state"] == "proposed":
            answer = {"version": (await self.file(ticket))["version"]}
            path = f"/reclassifications/{reply.json['id']}/actions/confirm"
            assert (await (await self.reader()).post(path, answer)).status == 200

    async def listed(self, path: str) -> set[str]:
        reply = await (await self.reader()).get(path)
        assert reply.status == 200, reply.body
        return {item["id"] for item in reply.json["items"]}


@pytest.fixture
async def lived(site: Site) -> Lived:
    holder = a_customer("王测试", "16900000001")
    numbers = [f"P{n}" for n in range(8)]
    await settle(site.database, (holder, [a_policy(holder, number) for number in numbers]))
    made = Lived(site, await an_agent(site, "8001"))
    supervisor = await made.reader()
    made.campaign = (await supervisor.post("/campaigns", {"name": "新单回访"})).json["id"]
    added = await supervisor.post("/callback-tasks", {"campaign_id": made.campaign, "policies": numbers})
    made.tasks = {each["policy"]: each["task_id"] for each in added.json["items"]}
    reply = await wrap_up(site, made.agent, made.tasks["P0"], **dict.fromkeys(QUESTIONS, "yes"))
    assert reply.status == 201, reply.body
    return made


async def belongs(lived: Lived, complaints: Mapping[str, str], findings: Mapping[str, str]) -> None:
    """Each ticket stands where it belongs and nowhere else: figures, their lists, lists of tickets, and the file."""
    reader = await lived.reader()
    report = (await reader.get(f"/statistics/complaints?{PERIOD}&group=source")).json
    assert report["figures"]["occurrences"] == report["figures"]["pieces"] == len(complaints)
    left_out = {each["kind"]: each["tickets"] for each in report["excluded"]}
    assert left_out["callback_finding"] == len(findings)
    own = (await reader.get(f"/statistics/callback-findings?{PERIOD}")).json
    assert (own["findings"], own["counted_as_complaints"]) == (len(findings), 0)
    assert own["complaints_from_callbacks"] == len(complaints)
    expected = set(complaints.values()), set(findings.values())
    for figure in ("occurrences", "pieces", "pending_pieces", "valid_pieces", "complaints_from_callbacks"):
        assert await lived.listed(f"/statistics/{figure}/items?{PERIOD}") <= expected[0], figure
    assert await lived.listed(f"/statistics/pieces/items?{PERIOD}") == expected[0]
    for figure in FINDING_FIGURES:
        assert await lived.listed(f"/statistics/{figure}/items?{PERIOD}") <= expected[1], figure
    assert await lived.listed(f"/statistics/callback_findings/items?{PERIOD}") == expected[1]
    assert await lived.listed("/tickets?nature=complaint&limit=100") == expected[0]
    assert await lived.listed("/tickets?nature=callback_finding&limit=100") == expected[1]
    queue = await lived.listed(f"/callback-findings?campaign_id={lived.campaign}&limit=100")
    ended = {ticket for ticket in expected[1] if (await lived.file(ticket))["closed_at"] is not None}
    assert queue == expected[1] - ended
    for ticket in (*complaints.values(), *findings.values()):
        explained = (await reader.get(f"/tickets/{ticket}/explain")).json
        assert (explained["occurrences"] == 1) is (ticket in expected[0])


async def test_findings_and_complaints_of_a_campaign_are_in_exactly_the_reports_where_they_belong(lived: Lived) -> None:
    """R-2.2, R-2.3, R-2.5, D-6, D-7, C-13, C-16, F-12, F-13, T-1, T-2, T-4"""
    for policy, subject, intention in (
        *(("P1", "mis_selling", "yes"), ("P2", "claim", "yes"), ("P3", "contact_data", "no")),
        *(("P4", "mis_selling", "unclear"), ("P5", "forged_signature", "no"), ("P6", "mis_selling", "yes")),
    ):
        await lived.called_back(policy, subject, intention)
    of = lived.tickets
    complaints = {policy: of[policy] for policy in ("P1", "P2", "P6")}
    findings = {policy: of[policy] for policy in ("P3", "P4", "P5")}
    await belongs(lived, complaints, findings)

    await lived.judged("P4", "yes")
    complaints["P4"] = findings.pop("P4")
    await belongs(lived, complaints, findings)

    await lived.judged("P6", "unclear")
    findings["P6"] = complaints.pop("P6")
    await belongs(lived, complaints, findings)

    handler = await lived.site.client(Role.HANDLER, where=HQ)
    body = {
        "version": (await lived.file(of["P5"]))["version"],
        "subject": "forged_signature",
        "description": "来电投诉",
    }
    word = await handler.post(f"/tickets/{of['P5']}/later-word", body)
    assert word.status == 201, word.body
    complaints["P5 again"] = word.json["complaint_id"]
    await belongs(lived, complaints, findings)

    for policy in ("P3", "P1"):
        await walk(lived.site, of[policy], Status.CLOSED, where=HQ)
    await belongs(lived, complaints, findings)
    both = (await (await lived.reader()).get(f"/statistics/complaints?{PERIOD}")).json["judged_again"]
    assert both == {"complaints_once_findings": 2, "findings_once_complaints": 1}
    report = (await (await lived.reader()).get(f"/statistics/callback-findings?{PERIOD}")).json
    told = ("turned_good", "turned_into_complaints", "once_complaints", "complaints_once_findings", "open")
    assert [report[name] for name in told] == [1, 1, 1, 2, 1]
    assert {row["id"] for row in (await lived.file(complaints["P5 again"]))["matter"]} == {of["P5"]}
