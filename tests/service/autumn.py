"""The worked example of the measures (domain d.4) lived through: every order opened and worked by people over HTTP;
and with the same means a winter of two provinces.

`PUT /test/clock` says which day it is; each order takes the way to its end that its row of the table tells. Calls are
the switch's and are put into the store.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from callcenter.accounts.permissions import Role
from callcenter.calls.call import Direction
from callcenter.testmode import SettableClock
from tests.service.desk import a_call
from tests.service.site import HOME, Client, Site
from tests.service.walk import done, walk
from tests.worked_example import october, september
from tickets.calendar import SHANGHAI
from tickets.lifecycle import Status

MORNING = time(10)
PERSON = {
    "complainant_type": "customer",
    "complainant_name": "王小明",
    "complainant_phone": "13900000001",
    "demand": "请尽快处理",
    "description": "详见来件",
}
FORWARDED = {"forwarder": "监管部门", "forwarder_level": "province", "forwarding_number": "转办1号"}
VALID = {"validity": "valid", "liability": "company"}
INVALID = {"validity": "invalid", "liability": "none", "ground": "facts_disproved", "evidence": "录音与单证"}


@dataclass(frozen=True, slots=True)
class Day:
    """Something done on a day."""

    day: date
    do: Callable[[], Awaitable[Any]]


class Autumn:
    """The orders by their names in the table, as they are opened."""

    def __init__(self, site: Site, clock: SettableClock) -> None:
        self.site = site
        self.clock = clock
        self.opened: dict[str, Any] = {}
        self._days: list[Day] = []

    async def live(self, until: date) -> None:
        """Every day in its order, and then the evening of the last."""
        for each in sorted(self._days, key=lambda each: each.day):
            await self._set(each.day)
            await each.do()
        await self._set(until, time(20))

    def on(self, day: date, do: Callable[[], Awaitable[Any]]) -> None:
        """Plans something."""
        self._days.append(Day(day, do))

    def order(
        self, name: str, day: date, channel: str, category: str, where: str = HOME, follows: str = "", **said: Any
    ) -> None:
        """An order received that day by the complaint post; `follows`: one about the same incident."""

        async def open_it() -> None:
            post = await self.post(where)
            body = {**PERSON, "channel": channel, "category": category, **said}
            if "phone" in channel:
                body["restated_and_confirmed"] = True
            if said.get("source") == "regulator":
                body = {**FORWARDED, "forwarded_day": day.isoformat(), **body}
            if channel == "visit":
                body["form_signed"] = True
            if follows:
                body["same_matter_as"] = self.opened[follows]["number"]
            reply = await post.post("/tickets", body)
            assert reply.status == 201, (name, reply.body)
            self.opened[name] = reply.json

        self.on(day, open_it)

    def heard(self, name: str, day: date, **heard: str) -> None:
        """What a callback agent heard on a call of that day."""

        async def hear() -> None:
            agent = await self.site.client(Role.CALLBACK_AGENT)
            assert agent.user is not None
            at = self.clock.now()
            async with self.site.database.transaction() as conn:
                call = await a_call(
                    conn, len(self.opened) + 1, at - timedelta(minutes=1), agent.user.id, Direction.CALLBACK
                )
            body = {**PERSON, "category": "solicitation", "restated_and_confirmed": True, "heard": heard}
            reply = await agent.post(f"/calls/{call}/tickets", body)
            assert reply.status == 201, (name, reply.body)
            self.opened[name] = reply.json

        self.on(day, hear)

    def acknowledge(self, name: str, day: date, where: str = HOME, **said: Any) -> None:
        """Confirmed with the customer that day, and written down."""
        told = {"note": "已与客户确认受理", "manner": "电话", **said}

        async def confirm() -> None:
            await done(await self.post(where), self.id_of(name), "acknowledge", **told)

        self.on(day, confirm)

    def settle(self, name: str, day: date, *causes: str) -> None:
        """Solved on the spot and closed the same day."""

        async def solve() -> None:
            post = await self.post()
            await done(post, self.id_of(name), "settle", note="当场解决")
            await walk(self.site, self.id_of(name), Status.CLOSED, determined={**VALID, "causes": list(causes)})

        self.on(day, solve)

    def close(self, name: str, day: date, *causes: str, where: str = HOME, **determined: Any) -> None:
        """Carried to its end that day by everybody whose turn it is."""
        said = determined or {**VALID, "causes": list(causes)}

        async def carry() -> None:
            post = await self.post(where)
            await walk(self.site, self.id_of(name), Status.CLOSED, where=where, handler=post, determined=said)

        self.on(day, carry)

    def progress(self, name: str, day: date, where: str = HOME) -> None:
        """The customer is told that day how far it is (R-4.8)."""

        async def tell() -> None:
            await done(await self.post(where), self.id_of(name), "progress", note="正在调查", manner="电话")

        self.on(day, tell)

    def withdraw(self, name: str, day: date, where: str = HOME) -> None:
        """The complainant takes it back (CL-6)."""

        async def end() -> None:
            said = {"note": "客户来电撤回投诉", "manner": "电话"}
            await done(await self.post(where), self.id_of(name), "withdraw", **said)

        self.on(day, end)

    def downgrade(self, name: str, day: date, where: str = HOME) -> None:
        """Found general by two people (F-47)."""

        async def approve() -> None:
            post = await self.post(where)
            version = (await post.get(f"/tickets/{self.id_of(name)}")).json["version"]
            asked = {"version": version, "severity": "general", "reason": "经核实可直接处理"}
            proposed = await post.post(f"/tickets/{self.id_of(name)}/downgrades", asked)
            assert proposed.status == 201, proposed.body
            supervisor = await self.site.client(Role.SUPERVISOR, where=where)
            path = f"/downgrades/{proposed.json['id']}/actions/approve"
            reply = await supervisor.post(path, {"version": version, "remark": "同意"})
            assert reply.status == 200, reply.body

        self.on(day, approve)

    def overturn(self, name: str, day: date, province: str, *causes: str) -> None:
        """The province finds valid what was closed as invalid (R-3.25)."""

        async def find() -> None:
            manager = await self.site.client(Role.SUPERVISOR, where=province)
            said = {**VALID, "causes": list(causes), "note": "抽查录音，客户所述属实"}
            await done(manager, self.id_of(name), "overturn", **said)

        self.on(day, find)

    def extend(self, name: str, day: date, reason: str) -> None:
        """The first extension is recorded (L-15)."""

        async def record() -> None:
            post = await self.post()
            ticket = (await post.get(f"/tickets/{self.id_of(name)}")).json
            body = {"version": ticket["version"], "reason": reason}
            reply = await post.post(f"/tickets/{ticket['id']}/extensions", body)
            assert reply.status == 201, reply.body

        self.on(day, record)

    def id_of(self, name: str) -> str:
        """The ticket's id."""
        return str(self.opened[name]["id"])

    async def post(self, where: str = HOME) -> Client:
        """The complaint post."""
        return await self.site.client(Role.HANDLER, where=where)

    async def _set(self, day: date, hour: time = MORNING) -> None:
        admin = await self.site.client(Role.ADMIN)
        at = datetime.combine(day, hour, SHANGHAI).isoformat()
        reply = await admin("PUT", "/test/clock", json={"at": at, "frozen": True})
        assert reply.status == 200, reply.body
        self.site.people.clear()  # yesterday's log-ins are over


def following_orders(autumn: Autumn, *, before_the_limit: bool = False) -> None:
    """Those that follow another: T03 and T11 of T02, T05 of T04 (V-2: before its limit), T12 of T10."""
    autumn.order("T03", september(29), "phone_inbound", "solicitation", follows="T02")
    autumn.close("T03", october(9), "solicitation")
    autumn.order("T11", october(20), "phone_inbound", "solicitation", follows="T02")
    autumn.close("T11", october(24), "solicitation")
    autumn.order("T12", october(10), "phone_inbound", "other", other_cause="publicity", follows="T10")
    outside = {"source": "regulator", "severity": "difficult", "follows": "T04", "where": "gd"}
    autumn.order("T05", september(12) if before_the_limit else october(9), "letter", "counter", **outside)
    if not before_the_limit:
        autumn.acknowledge("T05", october(10), where="gd", manner="信函")
        autumn.progress("T05", october(17), where="gd")
        autumn.close("T05", october(22), "counter", where="gd")


def first_orders(autumn: Autumn) -> None:
    """The orders that follow no other: T01, T02, T04, T06, T07, T08, T09, T10."""
    autumn.order("T01", september(3), "phone_inbound", "claims")
    autumn.settle("T01", september(3), "claims")
    autumn.order("T02", september(5), "letter", "solicitation", severity="difficult")
    autumn.acknowledge("T02", september(8), manner="信函")
    autumn.progress("T02", september(16))
    autumn.close("T02", september(18), "solicitation", "underwriting")
    autumn.order("T04", september(8), "visit", "counter")
    autumn.acknowledge("T04", september(8), manner="当面")
    autumn.close("T04", september(16), "counter")
    autumn.heard("T06", september(10), subject="forged_signature", intention="yes", respondent="policyholder")
    autumn.close("T06", september(17), "solicitation")
    autumn.heard("T07", september(11), subject="contact_data", intention="no", respondent="policyholder")
    autumn.close("T07", september(17))
    autumn.order("T08", september(15), "network", "payment", network_kind="web")
    autumn.acknowledge("T08", september(17))
    autumn.close("T08", september(18), **INVALID)
    autumn.order("T09", september(28), "sms", "sms")
    autumn.close("T09", october(11), "sms")
    also = [{"category": "sms"}]
    autumn.order("T10", september(30), "fax", "other", severity="major", other_cause="publicity", further=also)
    autumn.acknowledge("T10", october(9))
    autumn.progress("T10", october(16))
    autumn.extend("T10", october(13), "涉及多方取证，情况复杂")


def november(day: int) -> date:
    return date(2025, 11, day)


def december(day: int) -> date:
    return date(2025, 12, day)


def winter(company: Autumn) -> None:
    """November and December of two provinces; tests/service/test_winter.py has the table and what it amounts to."""
    company.order("W01", november(3), "phone_inbound", "claims")
    company.close("W01", november(6), **INVALID)
    company.overturn("W01", december(5), "gd", "claims")
    company.order("W12", december(2), "phone_inbound", "claims", follows="W01")
    company.close("W12", december(4), "claims")
    six = {"group_size": 6, "representatives": ["甲某某", "乙某某"]}
    company.order("W02", november(4), "visit", "counter", where="sc-cd", **six)
    company.acknowledge("W02", november(4), where="sc-cd", manner="当面")
    company.close("W02", november(14), "counter", where="sc-cd")
    outside = {"source": "regulator", "severity": "difficult", "where": "sc"}
    company.order("W03", november(17), "letter", "counter", follows="W02", forwarder_level="headquarters", **outside)
    company.acknowledge("W03", november(18), where="sc", manner="信函")
    company.progress("W03", november(26), where="sc")
    company.close("W03", november(28), "counter", where="sc")
    company.order("W07", december(8), "letter", "counter", follows="W03", **outside)
    company.acknowledge("W07", december(10), where="sc", manner="信函")
    company.close("W07", december(19), "counter", where="sc")
    company.order("W04", november(5), "network", "payment", network_kind="web", severity="difficult")
    company.acknowledge("W04", november(6))
    company.downgrade("W04", november(7))
    company.close("W04", november(12), "payment", "underwriting")
    company.order("W05", november(6), "sms", "sms")
    company.acknowledge("W05", november(7))
    company.withdraw("W05", november(10))
    company.order("W06", november(7), "letter", "solicitation", where="sc-cd")
    company.acknowledge("W06", november(10), where="sc-cd", manner="信函")
    company.withdraw("W06", november(18), where="sc-cd")
    company.order(
        "W08", december(10), "phone_inbound", "other", other_cause="agent_grievance", complainant_type="agent"
    )
    company.order("W09", december(11), "phone_inbound", "other", other_cause="anything_else", asks_company_to_act=False)
    company.heard("W10", december(12), subject="contact_data", intention="no", respondent="policyholder")
    company.order("W11", december(29), "phone_inbound", "call_centre")
