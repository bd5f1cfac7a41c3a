"""A callback campaign lived through over HTTP: a hundred policies from the list to the report.

`PUT /test/clock` says when it is. Calls are the switch's: what it tells is told to the outbox's consumer.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from callcenter.accounts.permissions import Role
from callcenter.callbacks import course
from callcenter.callbacks.questions import SEVEN
from callcenter.testmode import SettableClock
from tests.service.callbacks import a_call
from tests.service.site import HOME, Client, Site
from tests.service.walk import walk
from tickets.calendar import SHANGHAI
from tickets.lifecycle import Status

RECEIVED = date(2025, 9, 1)
LAST = date(2025, 9, 16)
"""Fifteen days after the policies were signed for."""
YES = [{"question": code, "answer": "yes"} for code in SEVEN]
UNCLEAR = [*YES[:-1], {"question": YES[-1]["question"], "answer": "unclear"}]
SCAN = b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
FINDING = {
    "subject": "unclear_answer",
    "intention": "no",
    "respondent": "policyholder",
    "description": "客户不清楚交费期间",
    "demand": "请说明交费期间",
    "restated_and_confirmed": True,
    "complainant_name": "王小明",
    "complainant_phone": "16900000089",
}


def a_body(number: str, n: int, **changes: Any) -> dict[str, Any]:
    """A policy as the core system pushes it, of the n-th customer."""
    holder = {
        "name": f"客户{n}",
        "core_number": f"C{n}",
        "id_number": f"11010119800101{n:04}",
        "birth_date": "1980-01-01",
        "phones": [{"number": f"169{n:08}"}],
        **changes.pop("holder", {}),
    }
    return {
        "number": number,
        "holder": holder,
        "organisation_id": HOME,
        "product_name": "安心终身寿险",
        "salesperson": "李销售",
        "premium": "6000.00",
        "paying_years": 20,
        "issued_on": RECEIVED.isoformat(),
        "received_on": RECEIVED.isoformat(),
        "cooling_off_days": 15,
        "status": "in_force",
        **changes,
    }


@dataclass
class Spring:
    """The company, its campaign and its tasks by policy number."""

    site: Site
    clock: SettableClock
    campaign: str = ""
    tasks: dict[str, str] = field(default_factory=dict)
    findings: dict[str, str] = field(default_factory=dict)

    async def at(self, day: date, hour: time) -> None:
        """It is now that moment; yesterday's log-ins are over."""
        admin = await self.site.client(Role.ADMIN)
        moment = datetime.combine(day, hour, SHANGHAI).isoformat()
        reply = await admin("PUT", "/test/clock", json={"at": moment, "frozen": True})
        assert reply.status == 200, reply.body
        self.site.people.clear()

    async def agent(self) -> Client:
        """Today's callback agent, at a telephone."""
        client = await self.site.client(Role.CALLBACK_AGENT, where="hq")
        assert client.user is not None
        async with self.site.database.connection() as conn:
            await conn.execute("UPDATE app_user SET extension = NULL WHERE extension = '8001'")
            await conn.execute("UPDATE app_user SET extension = '8001' WHERE id = $1", client.user.id)
        return client

    async def load(self, count: int, **policy: Any) -> None:
        """A campaign, and policies that were signed for, pushed by the core system: a task for each."""
        supervisor = await self.site.client(Role.SUPERVISOR, where="hq")
        made = await supervisor.post("/campaigns", {"name": "九月新单回访"})
        assert made.status == 201, made.body
        self.campaign = made.json["id"]
        await self.push(*(a_body(f"S{n:03}", n, **policy) for n in range(count)))

    async def push(self, *bodies: dict[str, Any]) -> None:
        """The core system pushes policies; tasks that come of it are remembered."""
        core = await self.site.client(Role.INTEGRATOR, where="hq")
        pushed = await core.post("/policies/batch", {"policies": list(bodies)})
        assert pushed.status == 200, pushed.body
        assert {one["refusal"] for one in pushed.json["items"]} == {None}
        self.tasks |= {one["number"]: one["task_id"] for one in pushed.json["items"] if one["task_id"]}

    async def reach(self, number: str, answers: list[dict[str, str]]) -> None:
        """The policyholder takes the call and answers; what is not clear becomes a finding."""
        agent, path = await self.agent(), f"/callback-tasks/{self.tasks[number]}"
        call = await self._dial(agent, path)
        now = self.clock.now()
        await a_call(self.site.database, call, now)
        async with self.site.database.transaction() as conn:
            await course.answered(conn, call, now)
        said = await agent("PUT", f"{path}/answers", json={"answers": answers})
        assert said.status == 200, said.body
        if said.json["verdict"]["result"] == "problem":
            found = await agent.post(f"{path}/findings", FINDING)
            assert found.status == 201, found.body
            self.findings[number] = found.json["id"]
        await a_call(self.site.database, call, now, now)
        async with self.site.database.transaction() as conn:
            await course.ended(conn, call, now, cause="normal", answered_at=now)
        done = await agent.post(f"{path}/outcome", {"kind": "completed"})
        assert done.status == 200, done.body

    async def miss(self, number: str) -> None:
        """Nobody takes the call."""
        agent, path = await self.agent(), f"/callback-tasks/{self.tasks[number]}"
        call = await self._dial(agent, path)
        async with self.site.database.transaction() as conn:
            await course.ended(conn, call, self.clock.now(), cause="no_answer", answered_at=None)

    async def send_letter(self, number: str) -> str:
        """A letter goes out to the policyholder; its id."""
        agent, path = await self.agent(), f"/callback-tasks/{self.tasks[number]}"
        sent = {"way": "letter", "at": self.clock.now().isoformat(), "address": "广州市天河区一号"}
        reply = await agent.post(f"{path}/ways", sent)
        assert reply.status == 201, reply.body
        return str(reply.json["id"])

    async def return_letter(self, number: str, letter: str, answers: list[dict[str, str]]) -> Any:
        """The receipt comes back signed today, and is concluded."""
        agent, path = await self.agent(), f"/callback-tasks/{self.tasks[number]}"
        signed = self.clock.now().astimezone(SHANGHAI).date().isoformat()
        taken = await agent.post(f"{path}/ways/{letter}/receipt?signed_on={signed}", data=SCAN + number.encode())
        assert taken.status == 201, taken.body
        said = await agent("PUT", f"{path}/ways/{letter}/answers", json={"answers": answers})
        assert said.status == 200, said.body
        if said.json["verdict"]["result"] == "problem":
            found = await agent.post(f"{path}/ways/{letter}/findings", FINDING)
            assert found.status == 201, found.body
            self.findings[number] = found.json["id"]
        done = await agent.post(f"{path}/outcome", {"kind": "by_letter"})
        assert done.status == 200, done.body
        return done.json["task"]

    async def solve(self, number: str, *, accepted: bool = True) -> None:
        """The finding of a policy is carried to its end, and the customer told."""
        await walk(self.site, self.findings[number], Status.CLOSED, where="hq", accepted=accepted)

    async def report(self, group: str = "", days: str = "first_day=2025-09-01&last_day=2025-09-30") -> Any:
        """The callback report as the head office sees it."""
        head = await self.site.client(Role.SUPERVISOR, where="hq")
        reply = await head.get(f"/statistics/callbacks?{days}{group and '&group=' + group}")
        assert reply.status == 200, reply.body
        return reply.json

    async def behind(self, figure: str, more: str = "") -> list[Any]:
        """The policies a figure counts, page by page."""
        head = await self.site.client(Role.SUPERVISOR, where="hq")
        path = f"/statistics/callbacks/{figure}/items?first_day=2025-09-01&last_day=2025-09-30&limit=40{more}"
        items, cursor = [], ""
        while True:
            reply = await head.get(path + (f"&cursor={cursor}" if cursor else ""))
            assert reply.status == 200, reply.body
            items += reply.json["items"]
            cursor = reply.json["next"]
            if not cursor:
                return items

    async def _dial(self, agent: Client, path: str) -> UUID:
        dialled = await agent.post(f"{path}/dial")
        assert dialled.status == 202, dialled.body
        return UUID(dialled.json["call_id"])
