"""Handling limits through the interface: extended, agreed on, stopped, started anew; every day of it explained."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from callcenter import workdays
from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.complaints import Rules
from callcenter.db.pool import Database
from tests.service.site import Client, Reply, Site
from tickets.calendar import SHANGHAI, Override

pytestmark = pytest.mark.service

CITY = "gd-gz"
FAX = {
    "channel": "fax",
    "complainant_type": "customer",
    "complainant_name": "王小明",
    "category": "other",
    "other_cause": "dividend",
    "severity": "major",
    "demand": "请答复",
    "description": "分红结果与说明不符",
}


def on(month: int, day: int, hour: int = 10) -> datetime:
    return datetime(2025, month, day, hour, tzinfo=SHANGHAI)


@pytest.fixture
def received(clock: ManualClock) -> datetime:
    """T10 of the worked example: Tuesday 2025-09-30."""
    clock.set(on(9, 30))
    return on(9, 30)


async def post(site: Site, at: datetime, role: Role = Role.HANDLER, where: str = CITY) -> Client:
    """Somebody who logged in at the moment, to which the clock is set."""
    site.clock.set(at)
    site.people.clear()
    return await site.client(role, where=where)


async def opened(site: Site, at: datetime, **changes: Any) -> str:
    handler = await post(site, at)
    reply = await handler.post("/tickets", {**FAX, **changes})
    assert reply.status == 201, reply.body
    return str(reply.json["id"])


async def explained(client: Client, ticket: str) -> Any:
    reply = await client.get(f"/tickets/{ticket}/explain")
    assert reply.status == 200, reply.body
    return reply.json


def decision(explanation: Mapping[str, Any]) -> Any:
    (clock,) = [each for each in explanation["clocks"] if each["kind"] == "decide_inform"]
    return clock


async def asked(client: Client, ticket: str, what: str, **body: Any) -> Reply:
    version = (await explained(client, ticket))["version"]
    return await client.post(f"/tickets/{ticket}/{what}", {"version": version, **body})


async def extended(site: Site, ticket: str, at: datetime, **body: Any) -> Reply:
    return await asked(await post(site, at), ticket, "extensions", **{"reason": "案情复杂", **body})


@pytest.mark.usefixtures("received")
async def test_the_worked_example_with_its_extension_and_without(site: Site) -> None:
    """d.4, T10, L-13, L-14, L-15, CL-3, F-29: the day moves from 10-15 to 10-21, and the file says why."""
    ticket = await opened(site, on(9, 30))
    before = decision(await explained(await post(site, on(10, 13)), ticket))
    assert (before["due_day"], before["ruling"]) == ("2025-10-15", "L-14")
    assert [limit["due"] for limit in before["limits"]] == ["2025-10-21", "2025-10-15"]
    assert "L-14" in before["why"]["zh"]
    reply = await extended(site, ticket, on(10, 13))
    assert reply.status == 201, reply.body
    after = decision(reply.json)
    assert (after["due_day"], after["ruling"], after["statutory_due"]) == ("2025-10-21", "L-13", "2025-10-30")
    assert after["rules"][:2] == ["L-13", "L-15"]
    internal = after["limits"][0]
    assert [day["day"] for day in internal["days"] if day["number"]][-1] == "2025-10-21"
    (extension,) = reply.json["extensions"]
    assert (extension["limit"], extension["counts"], extension["reason"]) == ("L-15", True, "案情复杂")
    handler = await post(site, on(10, 13))
    (told,) = [
        event for event in (await handler.get(f"/tickets/{ticket}")).json["events"] if event["kind"] == "extended"
    ]
    assert {"due_before": "2025-10-15", "due_now": "2025-10-21", "limit": "L-15"}.items() <= told["details"].items()


@pytest.mark.usefixtures("received")
async def test_a_general_complaint_shows_the_target_for_settling_it_on_the_spot(site: Site) -> None:
    """L-10, L-11, F-51: beside the limit that is judged."""
    general, major = await opened(site, on(9, 30), severity="general"), await opened(site, on(9, 30))
    handler = await post(site, on(9, 30))
    shown = await explained(handler, general)
    assert (shown["on_the_spot"], decision(shown)["due_day"]) == ("2025-09-30", "2025-10-14")
    assert (await explained(handler, major))["on_the_spot"] is None


@pytest.mark.usefixtures("received")
async def test_an_extension_recorded_late_is_kept_and_has_no_effect(site: Site) -> None:
    """F-52"""
    ticket = await opened(site, on(9, 30))
    reply = await extended(site, ticket, on(10, 16, 0))
    assert reply.status == 201, reply.body
    assert reply.json["extensions"][0]["counts"] is False
    assert (decision(reply.json)["due_day"], decision(reply.json)["in_time"]) == ("2025-10-15", False)


@pytest.mark.usefixtures("received")
async def test_an_extension_without_a_reason_or_before_the_first_is_refused(site: Site) -> None:
    """L-15, L-16, F-52"""
    ticket = await opened(site, on(9, 30))
    reply = await extended(site, ticket, on(10, 13), reason=" ")
    assert (reply.status, reply.code, reply.json["rules"]) == (409, "limit_refused", ["L-15", "F-52"])
    reply = await extended(site, ticket, on(10, 13), limit="L-16")
    assert (reply.status, reply.json["rules"]) == (409, ["L-16", "F-52"])
    assert (await extended(site, ticket, on(10, 13))).status == 201
    assert (await extended(site, ticket, on(10, 14))).status == 409


async def proposed(site: Site, ticket: str) -> str:
    assert (await extended(site, ticket, on(10, 13))).status == 201
    reply = await extended(site, ticket, on(10, 20), limit="L-16", reason="等待鉴定结论")
    assert reply.status == 201, reply.body
    (found,) = [each for each in reply.json["extensions"] if each["limit"] == "L-16"]
    assert found["counts"] is None
    return str(found["id"])


@pytest.mark.usefixtures("received")
async def test_a_second_extension_counts_once_it_is_approved_above_and_told(site: Site) -> None:
    """L-16, CL-8: 60 natural days from the receipt are Saturday 11-29, so Monday 12-01 (CL-2)."""
    ticket = await opened(site, on(9, 30))
    extension = await proposed(site, ticket)
    head = await post(site, on(10, 21), Role.DEPARTMENT_HEAD, "gd")
    (waiting,) = (await head.get("/extensions?waiting_for=approval")).json["items"]
    assert (waiting["id"], waiting["ticket_id"]) == (extension, ticket)
    reply = await asked(head, ticket, f"extensions/{extension}/approve")
    assert reply.status == 200, reply.body
    assert decision(reply.json)["statutory_due"] == "2025-10-30"
    assert (await head.get("/extensions?waiting_for=approval")).json["items"] == []
    assert len((await head.get("/extensions?waiting_for=notice")).json["items"]) == 1
    handler = await post(site, on(10, 22))
    told = await asked(
        handler, ticket, f"extensions/{extension}/told", manner="电话", told_at=on(10, 22, 9).isoformat()
    )
    assert told.status == 200, told.body
    assert decision(told.json)["statutory_due"] == "2025-12-01"
    (second,) = [each for each in told.json["extensions"] if each["limit"] == "L-16"]
    assert (second["counts"], second["told_manner"]) == (True, "电话")
    assert second["approved_by_name"] is not None
    again = await asked(handler, ticket, f"extensions/{extension}/told", manner="电话")
    assert again.status == 409


@pytest.mark.usefixtures("received")
async def test_a_second_extension_told_after_the_first_ran_out_has_no_effect(site: Site) -> None:
    """F-52, L-16, R-4.7: neither if only the note that the customer was told comes too late."""
    ticket = await opened(site, on(9, 30))
    extension = await proposed(site, ticket)
    head = await post(site, on(10, 29), Role.DEPARTMENT_HEAD, "hq")
    assert (await asked(head, ticket, f"extensions/{extension}/approve")).status == 200
    handler = await post(site, on(10, 31))
    reply = await asked(handler, ticket, f"extensions/{extension}/told", manner="短信", told_at=on(10, 30).isoformat())
    assert reply.status == 200, reply.body
    (second,) = [each for each in reply.json["extensions"] if each["limit"] == "L-16"]
    assert (second["counts"], decision(reply.json)["statutory_due"]) == (False, "2025-10-30")


@pytest.mark.usefixtures("received")
@pytest.mark.parametrize(
    ("role", "where", "status"),
    [
        (Role.DEPARTMENT_HEAD, "gd-gz", 409),
        (Role.DEPARTMENT_HEAD, "sc", 404),
        (Role.HANDLER, "gd", 403),
        (Role.SUPERVISOR, "gd", 200),
    ],
)
async def test_only_above_and_only_who_may_approve(site: Site, role: Role, where: str, status: int) -> None:
    """L-16, T-6: the same organisation refuses with the rule, another one does not know the ticket."""
    ticket = await opened(site, on(9, 30))
    extension = await proposed(site, ticket)
    version = (await explained(await post(site, on(10, 21)), ticket))["version"]
    somebody = await post(site, on(10, 21), role, where)
    for act, body in (("refuse", {"reason": "理由不足"}), ("approve", {})):
        reply = await somebody.post(f"/tickets/{ticket}/extensions/{extension}/{act}", {"version": version, **body})
        assert reply.status == status, reply.body
        if status == 409:
            assert reply.json["rules"] == ["L-16"]
        if status == 200:
            break
    handler = await post(site, on(10, 21))
    assert (await explained(handler, ticket))["version"] == version + (status == 200)
    refused = await asked(handler, ticket, f"extensions/{extension}/told", manner="电话")
    assert refused.status == 409


@pytest.mark.usefixtures("received")
async def test_who_proposed_it_does_not_approve_it(site: Site) -> None:
    """L-16: not even where he sits above."""
    ticket = await opened(site, on(9, 30))
    assert (await extended(site, ticket, on(10, 13))).status == 201
    both = await post(site, on(10, 20), Role.SUPERVISOR, "gd")
    reply = await asked(both, ticket, "extensions", limit="L-16", reason="等待鉴定结论")
    assert reply.status == 201, reply.body
    extension = reply.json["extensions"][-1]["id"]
    refused = await asked(both, ticket, f"extensions/{extension}/approve")
    assert (refused.status, refused.json["rules"]) == (409, ["L-16"])


@pytest.mark.usefixtures("received")
async def test_an_agreed_limit_replaces_the_statutory_one_and_is_on_record(site: Site) -> None:
    """CL-7"""
    ticket = await opened(site, on(9, 30))
    handler = await post(site, on(10, 14))
    record = "10月14日电话约定,录音存档"
    reply = await asked(handler, ticket, "agreements", until="2025-11-14", record=record)
    assert reply.status == 201, reply.body
    assert (decision(reply.json)["statutory_due"], decision(reply.json)["due_day"]) == ("2025-11-14", "2025-10-21")
    (agreement,) = reply.json["agreements"]
    assert (agreement["until"], agreement["record"], agreement["counts"]) == ("2025-11-14", record, True)
    past = await asked(handler, ticket, "agreements", until="2025-10-13", record=record)
    assert (past.status, past.json["rules"]) == (409, ["CL-7"])


@pytest.mark.usefixtures("received")
async def test_a_clock_stands_still_during_an_appraisal_the_customer_was_told_of(site: Site) -> None:
    """CL-4: while it does, nothing is due, and no list calls it late; then the days are left out and shown."""
    ticket = await opened(site, on(9, 30))
    handler = await post(site, on(10, 9))
    untold = await asked(handler, ticket, "pauses", ground="appraisal", note="送检笔迹")
    assert (untold.status, untold.json["rules"]) == (409, ["CL-4"])
    begun = await asked(
        handler,
        ticket,
        "pauses",
        ground="appraisal",
        note="送检笔迹",
        told_at=on(10, 9).isoformat(),
        told_manner="信函",
    )
    assert begun.status == 201, begun.body
    still = decision(begun.json)
    assert (still["due_day"], still["due_at"], still["stands_still"]) == (None, None, True)
    twice = await asked(handler, ticket, "pauses", ground="mediation", note="调解", both_applied=True)
    assert twice.status == 409
    handler = await post(site, on(12, 1))
    assert decision(await explained(handler, ticket))["in_time"] is None
    assert (await handler.get("/tickets?overdue=true")).json["items"] == []
    (listed,) = (await handler.get("/tickets")).json["items"]
    assert (listed["due_day"], listed["in_time"]) == (None, None)
    pause = begun.json["pauses"][0]["id"]
    ended = await asked(handler, ticket, f"pauses/{pause}/end", note="鉴定书已收", ended_at=on(10, 13).isoformat())
    assert ended.status == 200, ended.body
    after = decision(ended.json)
    assert (after["internal_due"], after["statutory_due"]) == ("2025-10-24", "2025-10-20")
    assert [day["day"][-2:] for day in after["limits"][1]["days"] if day["paused"]] == ["10", "11", "12", "13"]
    assert ended.json["pauses"][0]["gap"] == {"since": "2025-10-09", "until": "2025-10-13"}
    assert (await asked(handler, ticket, f"pauses/{pause}/end", note="再次")).status == 409


@pytest.mark.usefixtures("received")
async def test_a_mediation_stops_the_clock_when_both_sides_applied_for_it(site: Site) -> None:
    """CL-4"""
    ticket = await opened(site, on(9, 30))
    handler = await post(site, on(10, 9))
    one = await asked(handler, ticket, "pauses", ground="mediation", note="客户申请调解")
    assert (one.status, one.json["rules"]) == (409, ["CL-4"])
    both = await asked(handler, ticket, "pauses", ground="mediation", note="双方申请调解", both_applied=True)
    assert both.status == 201, both.body
    assert "CL-4" in decision(both.json)["rules"]


@pytest.mark.usefixtures("received")
async def test_new_facts_and_reasons_restart_the_limits_and_an_earlier_breach_is_told(site: Site) -> None:
    """CL-5, F-53: still cycle 1; the history keeps what was missed before."""
    ticket = await opened(site, on(9, 30))
    handler = await post(site, on(10, 20))
    nothing = await asked(handler, ticket, "materials", facts="又来电催办")
    assert nothing.status == 201, nothing.body
    assert (nothing.json["materials"][0]["restarts"], decision(nothing.json)["due_day"]) == (False, "2025-10-15")
    reply = await asked(
        handler,
        ticket,
        "materials",
        facts="找到保单原件",
        reasons="条款与讲解不一致",
        received_at=on(10, 17).isoformat(),
    )
    assert reply.status == 201, reply.body
    after = decision(reply.json)
    assert (after["internal_due"], after["statutory_due"], after["cycle"]) == ("2025-10-31", "2025-11-03", 1)
    assert "CL-5" in after["rules"]
    events = (await handler.get(f"/tickets/{ticket}")).json["events"]
    (restarted,) = [event["details"] for event in events if event["kind"] == "limit_restarted"]
    assert datetime.fromisoformat(restarted["breached_before"]) == on(10, 16, 0)
    assert restarted["due_now"] == "2025-10-31"


@pytest.mark.usefixtures("received")
@pytest.mark.parametrize(
    ("role", "where", "status"), [(Role.AGENT, CITY, 403), (Role.HANDLER, "sc-cd", 404), (Role.COORDINATOR, CITY, 403)]
)
async def test_only_the_complaint_post_of_the_ticket_changes_its_limit(
    site: Site, role: Role, where: str, status: int
) -> None:
    """L-15, CL-4, CL-7, T-6"""
    ticket = await opened(site, on(9, 30))
    somebody = await post(site, on(10, 9), role, where)
    for what, body in (
        ("extensions", {"reason": "复杂"}),
        ("agreements", {"until": "2025-11-14", "record": "电话"}),
        ("pauses", {"ground": "mediation", "note": "调解", "both_applied": True}),
    ):
        reply = await somebody.post(f"/tickets/{ticket}/{what}", {"version": 1, **body})
        assert reply.status == status, (what, reply.body)
    handler = await post(site, on(10, 9))
    assert (await explained(handler, ticket))["version"] == 1


@pytest.mark.usefixtures("received")
async def test_of_two_who_change_a_limit_at_once_the_second_is_told(site: Site) -> None:
    ticket = await opened(site, on(9, 30))
    handler = await post(site, on(10, 13))
    body = {"version": 1, "reason": "案情复杂"}
    assert (await handler.post(f"/tickets/{ticket}/extensions", body)).status == 201
    reply = await handler.post(f"/tickets/{ticket}/agreements", {"version": 1, "until": "2025-11-14", "record": "电话"})
    assert (reply.status, reply.code) == (409, "stale_version")
    assert reply.json["details"]["changed"][0]["kind"] == "extended"


@pytest.mark.usefixtures("received")
async def test_an_answered_complaint_and_a_grievance_have_no_limit_to_change(site: Site, database: Database) -> None:
    """CL-3, R-1.3"""
    ticket = await opened(site, on(9, 30))
    async with database.transaction() as conn:
        await conn.execute("UPDATE ticket_clock SET met_at = $1 WHERE kind = 'decide_inform'", on(10, 9))
    other = await opened(site, on(9, 30), asks_company_to_act=False)
    for each in (ticket, other):
        reply = await extended(site, each, on(10, 13))
        assert (reply.status, reply.code) == (409, "limit_refused")


@pytest.mark.usefixtures("received")
async def test_another_severity_keeps_what_befell_the_limit(site: Site) -> None:
    """F-18, L-15: the new limit runs from the receipt, under the ceiling as it was extended."""
    ticket = await opened(site, on(9, 30), severity="general")
    assert decision((await extended(site, ticket, on(10, 13))).json)["due_day"] == "2025-10-14"
    handler = await post(site, on(10, 13))
    version = (await explained(handler, ticket))["version"]
    reply = await handler(
        "PATCH", f"/tickets/{ticket}", json={"version": version, "severity": "major", "reason": "媒体关注"}
    )
    assert reply.status == 200, reply.body
    assert decision(await explained(handler, ticket))["due_day"] == "2025-10-21"


@pytest.mark.usefixtures("received")
async def test_a_corrected_calendar_counts_pauses_and_new_material_again(site: Site, database: Database) -> None:
    """T-7, CL-4, CL-5: what befell the limit is in the stored reckoning."""
    ticket = await opened(site, on(9, 30))
    handler = await post(site, on(10, 9))
    begun = await asked(handler, ticket, "pauses", ground="mediation", note="双方申请", both_applied=True)
    pause = begun.json["pauses"][0]["id"]
    handler = await post(site, on(10, 13))
    assert (await asked(handler, ticket, f"pauses/{pause}/end", note="调解不成")).status == 200
    material = {"facts": "找到保单原件", "reasons": "条款与讲解不一致"}
    assert (await asked(handler, ticket, "materials", **material)).status == 201
    before = decision(await explained(handler, ticket))
    assert (before["internal_due"], before["statutory_due"]) == ("2025-10-27", "2025-10-28")
    day_off = Override(on(10, 20).date(), False, "司庆", "总公司通知")
    await workdays.correct(database, [day_off], "user:admin", on(10, 13))
    async with database.transaction() as conn:
        moved = await workdays.recount(conn, Rules(), on(10, 13) + timedelta(minutes=2))
    assert moved > 0
    after = decision(await explained(handler, ticket))
    assert (after["internal_due"], after["statutory_due"]) == ("2025-10-28", "2025-10-28")
    assert set(before["rules"]) == set(after["rules"])
