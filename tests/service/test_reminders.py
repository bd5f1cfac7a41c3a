"""Reminders, the list for the published notice and the daily look, over real slips on a real PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from callcenter.accounts.permissions import Role
from callcenter.config import Config, HoursConfig, MailConfig
from callcenter.diligence import Digests
from callcenter.notifications.delivery import Delivery
from callcenter.notifications.notification import Way
from callcenter.reminders import Reminders
from tests.service.orders import opened
from tests.service.receivers import Postbox, free_port
from tests.service.site import HOME, Client, Site, person
from tests.service.walk import acted, done, of_department, slip_acted
from tickets.categories import Department
from tickets.deadlines import NEVER

pytestmark = pytest.mark.service

BUSINESS = Department.BUSINESS_MANAGEMENT


def at(day: int, hour: int = 10, month: int = 11) -> datetime:
    """A moment of that day, the hour in Shanghai. The limit of what is received on the 18th is the 25th."""
    return datetime(2026, month, day, hour, 0, tzinfo=UTC).replace(hour=hour - 8)


async def dispatched(site: Site, **changes: Any) -> Any:
    ticket = await opened(await site.client(Role.AGENT), **changes)
    return await done(await site.client(Role.HANDLER), ticket["id"], "dispatch")


async def staffed(site: Site) -> tuple[Any, Any]:
    """The coordinator of business management in the city, and his superior."""
    async with site.database.transaction() as conn:
        head = await person(conn, site.clock, (Role.DEPARTMENT_HEAD,), HOME, name="周主管", department=BUSINESS)
        coordinator = await person(
            conn, site.clock, (Role.COORDINATOR,), HOME, name="王协调", department=BUSINESS, manager_id=head.id
        )
    admin = await site.client(Role.ADMIN, where="hq")
    body = {"organisation_id": HOME, "kind": "coordinator", "department": BUSINESS, "user_id": str(coordinator.id)}
    assert (await admin.post("/posts/tenures", {**body, "since": "2026-01-01"})).status == 201
    return coordinator, head


async def sweep(site: Site, moment: datetime) -> int:
    site.clock.set(moment)
    return await Reminders(site.database, site.clock, HoursConfig()).sweep()


async def fresh(site: Site, *roles: Role, where: str = HOME, department: Department | None = None) -> Client:
    site.people.clear()
    return await site.client(*roles, where=where, department=department)


async def reminders(site: Site, query: str = "") -> list[Any]:
    reply = await (await fresh(site, Role.QA, where="hq")).get(f"/reminders{query}")
    assert reply.status == 200, reply.body
    return list(reversed(reply.json["items"]))


async def told(site: Site, kind: str) -> list[tuple[str, str]]:
    async with site.database.connection() as conn:
        rows = await conn.fetch(
            "SELECT u.name, n.title FROM notification n JOIN app_user u ON u.id = n.recipient WHERE n.kind = $1"
            " ORDER BY n.created_at, u.name",
            kind,
        )
    return [(row["name"], row["title"]) for row in rows]


async def test_a_silent_department_is_reminded_near_the_limit_then_daily_then_its_superior_then_listed(
    site: Site,
) -> None:
    """R-4.21, L-27, L-28, R-3.9, F-36"""
    await staffed(site)
    ticket = await dispatched(site)
    handler = await site.client(Role.HANDLER)
    assert handler.user is not None
    days = [*((day, 11) for day in range(19, 31)), *((day, 12) for day in range(1, 4))]
    sent = {f"{month}-{day}": await sweep(site, at(day, month=month)) for day, month in days}
    assert [day for day, number in sent.items() if number] == [
        *("11-24", "11-26", "11-27", "11-30", "12-1", "12-2", "12-3"),
    ]
    shown = await reminders(site)
    assert [(row["number"][-7:], row["stage"], row["remaining"], row["overdue"], row["copied"]) for row in shown] == [
        ("H01-C01", "first", 1, 0, False),
        ("H01-C02", "overdue", 0, 1, False),
        ("H01-C03", "overdue", 0, 2, True),
        ("H01-C04", "overdue", 0, 3, False),
        ("H01-C05", "overdue", 0, 4, False),
        ("H01-C06", "overdue", 0, 5, False),
        ("H01-C07", "overdue", 0, 6, False),
    ]
    assert {name for name, _ in await told(site, "reminder")} == {"王协调"}
    assert await told(site, "reminder_copy") == [("周主管", f"抄送：逾期催办：{ticket['number']}")]
    assert len(await told(site, "neglect")) >= 1
    file = (await (await fresh(site, Role.HANDLER)).get(f"/tickets/{ticket['id']}")).json
    events = [event for event in file["events"] if event["kind"] == "reminded"]
    assert len(events) == 7
    assert events[0]["actor_name"] == "催办程序"
    assert events[5]["details"]["listed"] is True


async def test_a_graver_case_is_reminded_with_two_days_left(site: Site) -> None:
    """L-27: difficult, 10 working days from the 18th, the 2nd of December."""
    await staffed(site)
    await dispatched(site, severity="difficult")
    assert [await sweep(site, at(27)), await sweep(site, at(30)), await sweep(site, at(1, month=12))] == [0, 1, 0]


async def test_nobody_is_reminded_outside_working_time(site: Site) -> None:
    """L-27: evenings, and the weekend."""
    await staffed(site)
    await dispatched(site)
    assert [await sweep(site, at(24, 8)), await sweep(site, at(24, 18)), await sweep(site, at(28))] == [0, 0, 0]
    assert await sweep(site, at(24, 9)) == 1


@pytest.mark.parametrize("action", ["note", "return", "answer"])
async def test_what_the_department_says_and_what_it_returns_stops_reminders(site: Site, action: str) -> None:
    """R-4.21, F-39"""
    ticket = await dispatched(site)
    coordinator = await of_department(site, BUSINESS, HOME)
    slip = ticket["slips"][0]
    if action != "return":
        assert (await slip_acted(coordinator, ticket["id"], slip, "accept")).status == 200
        slip = {**slip, "version": slip["version"] + 1}
    assert (await slip_acted(coordinator, ticket["id"], slip, action, text="已调查")).status == 200
    assert [await sweep(site, at(24)), await sweep(site, at(30))] == [0, 0]


async def test_accepting_the_slip_alone_is_no_feedback(site: Site) -> None:
    """R-4.21"""
    ticket = await dispatched(site)
    coordinator = await of_department(site, BUSINESS, HOME)
    assert (await slip_acted(coordinator, ticket["id"], ticket["slips"][0], "accept")).status == 200
    assert await sweep(site, at(24)) == 1


async def test_a_note_of_the_department_on_the_order_is_feedback_and_one_of_another_is_not(site: Site) -> None:
    """R-4.21, R-4.23"""
    first, second = await dispatched(site), await dispatched(site)
    await done(await of_department(site, BUSINESS, HOME), first["id"], "note", note="已联系客户")
    await done(await of_department(site, Department.FINANCE, HOME), second["id"], "note", note="与本部门无关")
    assert await sweep(site, at(24)) == 1
    assert [row["ticket_number"] for row in await reminders(site)] == [second["number"]]


async def test_sweeping_twice_and_in_many_processes_at_once_sends_one(site: Site) -> None:
    """L-27: one a day, whoever sweeps."""
    for _ in range(3):
        await dispatched(site)
    site.clock.set(at(24))
    sweepers = [Reminders(site.database, site.clock, HoursConfig()) for _ in range(4)]
    assert sum(await asyncio.gather(*(each.sweep() for each in sweepers))) == 3
    assert await sweepers[0].sweep() == 0
    assert len({row["number"] for row in await reminders(site)}) == len(await reminders(site)) == 3


async def test_a_delegate_is_reminded_while_he_stands_in(site: Site) -> None:
    """F-44"""
    await staffed(site)
    async with site.database.transaction() as conn:
        stand_in = await person(conn, site.clock, (Role.COORDINATOR,), HOME, name="李代理", department=BUSINESS)
    admin = await site.client(Role.ADMIN, where="hq")
    body = {"organisation_id": HOME, "kind": "coordinator", "department": BUSINESS, "user_id": str(stand_in.id)}
    leave = {"part": "delegate", "since": "2026-11-23", "until": "2026-11-26"}
    assert (await admin.post("/posts/tenures", {**body, **leave})).status == 201
    await dispatched(site)
    await sweep(site, at(24))
    await sweep(site, at(26))
    assert [name for name, _ in await told(site, "reminder")] == ["李代理", "王协调"]


async def test_the_handler_reminds_by_hand_once_a_day(site: Site) -> None:
    """R-4.21"""
    await staffed(site)
    ticket = await dispatched(site)
    handler = await site.client(Role.HANDLER)
    path = f"/slips/{ticket['slips'][0]['id']}/reminders"
    key = {"Idempotency-Key": str(uuid4())}
    made = await handler.post(path, {"text": "客户已来电三次"}, headers=key)
    assert made.status == 201, made.body
    assert (made.json["stage"], made.json["remaining"], made.json["number"][-3:]) == ("by_hand", 5, "C01")
    assert "客户已来电三次" in made.json["message"]
    assert (await handler.post(path, {"text": "客户已来电三次"}, headers=key)).json["id"] == made.json["id"]
    again = await handler.post(path, {})
    assert (again.status, again.code) == (409, "conflict")
    assert (await (await site.client(Role.COORDINATOR)).post(path, {})).status == 403
    assert (await (await site.client(Role.HANDLER, where="sc-cd")).post(path, {})).status == 404
    assert await sweep(site, at(24)) == 1


async def test_a_slip_that_is_given_back_is_not_reminded_by_hand(site: Site) -> None:
    """F-39"""
    ticket = await dispatched(site)
    slip = ticket["slips"][0]
    await slip_acted(await of_department(site, BUSINESS, HOME), ticket["id"], slip, "return", text="非本部门")
    refused = await (await site.client(Role.HANDLER)).post(f"/slips/{slip['id']}/reminders", {})
    assert (refused.status, refused.code) == (409, "ticket_illegal_move")
    assert refused.json["rules"] == ["R-4.21", "F-39"]


async def test_a_reminder_shows_whom_it_reached_and_how(site: Site) -> None:
    """R-4.21: receipts, by mail and in the console"""
    coordinator, _ = await staffed(site)
    async with site.database.transaction() as conn:
        await conn.execute("UPDATE app_user SET email = 'wang@example.com' WHERE id = $1", coordinator.id)
    await dispatched(site)
    await sweep(site, at(24))
    post = Postbox(free_port())
    mail = MailConfig(host="127.0.0.1", port=post.port, tls="none", sender="a@example.com")
    async with post.open():
        config = replace(Config(), mail=mail)
        assert await Delivery(site.database, config, site.clock, site.clock).carry(Way.MAIL) == 1
    [sent] = await reminders(site)
    [receipt] = sent["receipts"]
    assert (receipt["recipient_name"], receipt["mail"], receipt["webhook"]) == ("王协调", "delivered", "waiting")
    assert (receipt["shown_at"], receipt["read_at"]) == (None, None)
    [letter] = post.mails
    assert sent["message"].replace("\n", "") == letter.get_content().replace("\r", "").replace("\n", "")
    async with site.database.connection() as conn:
        await conn.execute("UPDATE notification SET shown_at = now(), read_at = now()")
    file = (await (await fresh(site, Role.HANDLER)).get(f"/tickets/{sent['ticket_id']}")).json
    assert [each["number"] for each in file["reminders"]] == [sent["number"]]
    assert file["reminders"][0]["receipts"][0]["read_at"] is not None


async def listed(site: Site) -> Any:
    """A department on the list."""
    await staffed(site)
    await dispatched(site)
    assert await sweep(site, at(2, month=12)) == 1
    [entry] = (await (await fresh(site, Role.HANDLER)).get("/neglects")).json["items"]
    return entry


async def test_customer_service_confirms_and_publishes_neglect_with_a_copy_above(site: Site) -> None:
    """R-3.9, B-8, L-28"""
    entry = await listed(site)
    assert (entry["state"], entry["overdue"], entry["department"]) == ("listed", 5, BUSINESS)
    site.people.clear()
    post, upper = await site.client(Role.HANDLER), await site.client(Role.HANDLER, where="gd")
    path = f"/neglects/{entry['id']}/actions"
    notice = {"notice_number": "客服公示〔2026〕3号", "remark": "逾期未反馈"}
    early = await post.post(f"{path}/publish", {"version": 1, **notice})
    assert (early.status, early.code) == (409, "conflict")
    assert (await post.post(f"{path}/confirm", {"version": 1})).json["state"] == "confirmed"
    stale = await post.post(f"{path}/publish", {"version": 1, **notice})
    assert (stale.status, stale.code) == (409, "stale_version")
    assert (await post.post(f"{path}/publish", {"version": 2})).status == 422
    published = await post.post(f"{path}/publish", {"version": 2, **notice})
    assert (published.status, published.json["state"]) == (200, "published"), published.body
    [copy] = (await upper.get("/notifications?kind=published")).json["items"]
    assert copy["title"].startswith("行文公示客服公示〔2026〕3号：")
    assert {name for name, _ in await told(site, "published")} >= {"王协调", "周主管"}
    counter = await site.client(Role.HANDLER, where="gd-gz-a")
    assert [row["id"] for row in (await counter.get("/neglects")).json["items"]] == [entry["id"]]
    assert (await (await site.client(Role.HANDLER, where="sc-cd")).get("/neglects")).json["items"] == []
    file = (await post.get(f"/tickets/{entry['ticket_id']}")).json
    assert [event["kind"] for event in file["events"]][-2:] == ["neglect_confirmed", "neglect_published"]


async def test_what_is_dropped_needs_a_reason_and_is_not_published(site: Site) -> None:
    """R-3.9"""
    entry = await listed(site)
    post = await fresh(site, Role.HANDLER)
    path = f"/neglects/{entry['id']}/actions"
    assert (await post.post(f"{path}/drop", {"version": 1})).status == 422
    assert (await post.post(f"{path}/drop", {"version": 1, "remark": "部门已口头反馈"})).json["state"] == "dropped"
    assert (await post.post(f"{path}/confirm", {"version": 2})).status == 409
    counter = await site.client(Role.HANDLER, where="gd-gz-a")
    assert (await counter.get("/neglects")).json["items"] == []
    assert (await counter.post(f"{path}/confirm", {"version": 2})).status == 404


async def test_a_coordinator_is_told_once_a_working_day_what_lies_in_his_queue(site: Site) -> None:
    """R-3.43, R-3.44"""
    await staffed(site)
    for _ in range(2):
        await dispatched(site)
    digests = Digests(site.database, site.clock, HoursConfig())
    site.clock.set(at(19, 8))
    assert await digests.send() == 0
    site.clock.set(at(19, 9))
    assert [await digests.send(), await digests.send()] == [1, 0]
    site.clock.set(at(21, 9))
    assert await digests.send() == 0
    site.clock.set(at(26, 9))
    assert await digests.send() == 1
    assert await told(site, "digest") == [("王协调", "每日待办：2件")] * 2
    async with site.database.connection() as conn:
        body = await conn.fetchval("SELECT body FROM notification WHERE kind = 'digest' ORDER BY id DESC LIMIT 1")
    assert "待接收2件，逾期2件" in body


async def test_that_a_coordinator_opened_his_list_is_kept_day_by_day(site: Site) -> None:
    """R-3.43"""
    await dispatched(site)
    coordinator = await of_department(site, BUSINESS, HOME)
    assert coordinator.user is not None
    admin = await site.client(Role.ADMIN, where="hq")
    body = {"organisation_id": HOME, "kind": "coordinator", "department": BUSINESS}
    named = await admin.post("/posts/tenures", {**body, "user_id": str(coordinator.user.id), "since": "2026-01-01"})
    assert named.status == 201, named.body

    async def looks(query: str) -> list[tuple[str, int, int]]:
        rows = (await admin.get(f"/queue-looks{query}")).json["items"]
        return [(row["user_name"], row["times"], row["in_hand"]) for row in rows]

    assert await looks("?looked=false") == [("测试员", 0, 1)]
    for _ in range(2):
        assert (await coordinator.get("/slips?mine=true&state=sent,accepted")).status == 200
    await coordinator.get("/slips?state=sent")
    assert await looks("?looked=true") == [("测试员", 2, 1)]
    assert await looks("?looked=true&on=2026-11-17") == []


async def test_an_amount_is_settled_on_the_spot_only_within_authority(site: Site) -> None:
    """R-2.18, R-3.29"""
    agent, admin = await site.client(Role.AGENT), await site.client(Role.ADMIN, where="hq")
    handler = await site.client(Role.HANDLER)
    ticket = await opened(agent)
    none = await acted(handler, ticket["id"], "settle", note="退还手续费", amount="100")
    assert (none.status, none.code, none.json["rules"]) == (409, "ticket_move_refused", ["R-2.18", "R-3.29"])
    limit = {"amount": "100", "basis": "授权书〔2026〕1号"}
    assert (await admin("PUT", "/authority-limits/gd/handler", json=limit)).status == 200
    above = await acted(handler, ticket["id"], "settle", note="退还手续费", amount="100.01")
    assert above.json["details"]["limit"] == "100.00"
    settled = await done(handler, ticket["id"], "settle", note="退还手续费", amount="100")
    assert settled["events"][-1]["details"]["amount"] == "100.00"
    other = await opened(agent)
    assert (await done(handler, other["id"], "settle", note="已当场解释"))["status"] == "handled"


async def test_the_id_of_anothers_reminder_is_no_key_to_it(site: Site) -> None:
    """H2, H8"""
    ticket, other = await dispatched(site), await dispatched(site)
    assert await sweep(site, at(24)) == 2
    sent = next(row for row in await reminders(site) if row["ticket_id"] == ticket["id"])
    site.people.clear()
    key = {"Idempotency-Key": sent["id"]}
    post, elsewhere = await site.client(Role.HANDLER), await site.client(Role.HANDLER, where="sc-cd")
    reused = await post.post(f"/slips/{other['slips'][0]['id']}/reminders", {}, headers=key)
    assert (reused.status, reused.code) == (422, "idempotency_key_reused")
    assert (await elsewhere.post(f"/slips/{sent['slip_id']}/reminders", {}, headers=key)).status == 404


async def test_one_slip_that_fails_keeps_no_other_from_being_reminded(site: Site) -> None:
    first, second = await dispatched(site), await dispatched(site)
    async with site.database.transaction() as conn:
        await conn.execute("UPDATE slip SET number = $2 WHERE id = $1", UUID(first["slips"][0]["id"]), "x" * 300)
        await conn.execute("ALTER TABLE reminder ADD CHECK (length(number) < 100)")
    assert await sweep(site, at(24)) == 1
    assert [row["ticket_number"] for row in await reminders(site)] == [second["number"]]


async def test_where_the_limit_stands_still_nobody_is_reminded(site: Site) -> None:
    """CL-4: nor by hand; a digest names no day."""
    await staffed(site)
    ticket = await dispatched(site)
    async with site.database.transaction() as conn:
        await conn.execute(
            "UPDATE ticket_clock SET due_day = $1 WHERE kind = 'decide_inform' AND ticket_id = $2",
            NEVER,
            UUID(ticket["id"]),
        )
    assert await sweep(site, at(30)) == 0
    path = f"/slips/{ticket['slips'][0]['id']}/reminders"
    refused = await (await fresh(site, Role.HANDLER)).post(path, {})
    assert (refused.status, refused.json["rules"]) == (409, ["R-4.21"])
    assert await Digests(site.database, site.clock, HoursConfig()).send() == 1
    async with site.database.connection() as conn:
        assert "9999" not in await conn.fetchval("SELECT body FROM notification WHERE kind = 'digest'")


async def test_no_number_leaves_with_a_reminder_or_is_shown_to_who_may_not_see_it(site: Site) -> None:
    """T-6"""
    await staffed(site)
    ticket = await dispatched(site)
    number = "13712345678"
    made = await (await site.client(Role.HANDLER)).post(
        f"/slips/{ticket['slips'][0]['id']}/reminders", {"text": f"请回电{number}"}
    )
    assert number in made.json["message"]
    assert number not in str(await reminders(site))
    async with site.database.connection() as conn:
        body = await conn.fetchval("SELECT body FROM notification WHERE kind = 'reminder'")
    assert "请回电137****5678" in body
    coordinator = await site.client(Role.COORDINATOR)
    assert number not in (await coordinator.get(f"/tickets/{ticket['id']}")).body.decode()


async def test_a_changed_limit_reaches_the_reminders_of_orders_received_from_its_day_on(site: Site) -> None:
    """L-27, L-28, R-4.21: three working days before the limit, daily copies from the first day past it."""
    admin = await site.client(Role.ADMIN, where="hq")
    for rule, amount in (("L-27", 3), ("L-28b", 1)):
        body = {
            "rule": rule,
            "unit": "WD",
            "amount": amount,
            "from_day": "2026-11-19",
            "reason": "从严督办",
            "source": "3号",
        }
        assert (await admin.post("/limits/changes", body)).status == 201
    refused = await admin.post("/limits/changes", {**body, "unit": "ND"})
    assert (refused.status, refused.json["rules"]) == (409, ["L-28b", "R-4.21"])
    await staffed(site)
    old = await dispatched(site)
    site.clock.set(at(19))
    site.people.clear()
    new = await dispatched(site)
    assert await sweep(site, at(20)) == 0
    assert await sweep(site, at(23)) == 1
    [first] = await reminders(site)
    assert (first["ticket_number"], first["due_day"], first["remaining"]) == (new["number"], "2026-11-26", 3)
    assert await sweep(site, at(24)) == 1
    assert (await reminders(site))[-1]["ticket_number"] == old["number"]
    assert await sweep(site, at(27)) == 2
    copied = {each["ticket_number"]: (each["overdue"], each["copied"]) for each in (await reminders(site))[-2:]}
    assert copied == {old["number"]: (2, True), new["number"]: (1, True)}
