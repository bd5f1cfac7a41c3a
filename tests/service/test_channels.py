"""Each channel end to end: what it needs, how its receipt is confirmed, and what that counts for (R-4.3 … R-4.7)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from callcenter import rechecking
from callcenter.accounts.permissions import Role
from callcenter.ids import uuid7
from tests.conftest import NOON
from tests.service.desk import hang_up
from tests.service.orders import FULL, a_live_call, acknowledged, acted, fresh
from tests.service.site import ELSEWHERE, Client, Reply, Site
from tests.service.test_attachments import attach
from tests.service.walk import done, walk
from tickets.lifecycle import Status

pytestmark = pytest.mark.service

SEGMENT = "INSERT INTO segment (id, call_id, seq, state) VALUES ($1, $2, 1, 'finished')"
LOST = "UPDATE segment SET state = 'lost', lost_reason = 'no_file' WHERE call_id = $1"
SEALED = """
INSERT INTO recording_object (id, call_id, object_id, archive_no, path, sealed_at)
VALUES ($1::uuid, $1, $1::uuid::text, $1::uuid::text, $1::uuid::text, now())"""


async def came(client: Client, channel: str, **said: Any) -> Any:
    """A ticket that came so, whole but for what its way needs."""
    reply = await client.post("/tickets", {**FULL, "restated_and_confirmed": False, "channel": channel, **said})
    assert reply.status == 201, reply.body
    return (await client.get(f"/tickets/{reply.json['id']}")).json


async def owes(client: Client, ticket: Any) -> list[str]:
    return [each["field"] for each in (await client.get(f"/tickets/{ticket['id']}")).json["owed"]]


async def rate(site: Site) -> tuple[int, int]:
    """M-4: confirmed in time and written, of all."""
    metrics = (await (await fresh(site, Role.HANDLER)).get("/statistics/complaints")).json["figures"]["metrics"]
    metric = metrics["acknowledgement_rate"]
    return metric["numerator"], metric["denominator"]


async def a_call_with_a_capture(site: Site, client: Client, **others: Any) -> UUID:
    assert client.user is not None
    call = await a_live_call(site, client.user.id, **others)
    async with site.database.transaction() as conn:
        await conn.execute(SEGMENT, uuid7(NOON), call)
    return call


async def executed(site: Site, statement: str, call: UUID) -> None:
    async with site.database.transaction() as conn:
        await conn.execute(statement, call)


async def closing(client: Client, ticket: Any) -> Reply:
    version = (await client.get(f"/tickets/{ticket['id']}")).json["version"]
    return await client.post(f"/tickets/{ticket['id']}/actions/close", {"version": version})


WAYS = [
    ("letter", {}, "letter"),
    ("network", {"network_kind": "email"}, "email"),
    ("network", {"network_kind": "web"}, "online"),
    ("network", {"network_kind": "app"}, "sms"),
    ("network", {"network_kind": "wechat"}, "online"),
    ("sms", {}, "短信"),
    ("fax", {}, "电话"),
    ("letter", {"source": "regulator"}, "电话告知"[:2]),
    ("visit", {"source": "coordinator"}, "当面"),
    ("phone_inbound", {"source": "upper_company"}, "phone"),
]
"""Channel, what is said of it, and how it is acknowledged within one working day."""


@pytest.mark.parametrize(("channel", "said", "manner"), WAYS)
@pytest.mark.parametrize("days", [1, 2])
async def test_every_way_is_acknowledged_within_one_working_day(
    site: Site, channel: str, said: dict[str, Any], manner: str, days: int
) -> None:
    """L-4, L-5, L-6, R-4.4, R-4.6, M-4: what is written a day later is late."""
    agent = await site.client(Role.AGENT)
    call = await a_call_with_a_capture(site, agent)
    ticket = await came(agent, channel, **said)
    site.clock.advance(timedelta(days=days))
    handler = await fresh(site, Role.HANDLER)
    by_phone = {"call_id": str(call)} if manner in ("电话", "phone") else {}
    agent = handler if not by_phone else await fresh(site, Role.AGENT, "hq")
    await done(agent, ticket["id"], "acknowledge", note="已告知客户受理", manner=manner, **by_phone)
    clock = await acknowledged(agent, ticket)
    assert (clock["in_time"], clock["due_day"]) == (days == 1, "2026-11-19")
    assert await rate(site) == (int(days == 1), 1)


@pytest.mark.parametrize(("channel", "said", "manner"), WAYS)
async def test_what_is_not_written_counts_as_not_confirmed(
    site: Site, channel: str, said: dict[str, Any], manner: str
) -> None:
    """R-4.7: whatever was said to the customer; nothing is changed, and the clock runs out."""
    handler = await site.client(Role.HANDLER)
    ticket = await came(handler, channel, **said)
    for empty in ("", "  \n"):
        reply = await acted(handler, ticket, "acknowledge", note=empty, manner=manner)
        assert (reply.status, reply.json["rules"]) == (409, ["R-4.7"])
    site.clock.advance(timedelta(days=2))
    handler = await fresh(site, Role.HANDLER)
    clock = await acknowledged(handler, ticket)
    assert (clock["met_at"], clock["in_time"]) == (None, False)
    assert await rate(site) == (0, 1)


@pytest.mark.parametrize("signed", ["at_once", "marked", "attached"])
async def test_a_visit_is_confirmed_by_the_signature_on_its_form(site: Site, signed: str) -> None:
    """R-4.3, L-3, F-62: the same day; until then the order is not complete."""
    agent = await site.client(Role.AGENT)
    ticket = await came(agent, "visit", form_signed=signed == "at_once")
    if signed != "at_once":
        assert await owes(agent, ticket) == ["visit_form"]
        assert (await acknowledged(agent, ticket))["in_time"] is None
    if signed == "marked":
        body = {"version": ticket["version"], "form_signed": True}
        reply = await agent("PATCH", f"/tickets/{ticket['id']}", json=body)
        assert (reply.status, reply.json["form_signed_at"]) == (200, "2026-11-18T04:00:00Z")
    if signed == "attached":
        assert (await attach(agent, ticket, kind="visit_form")).status == 201
    assert await owes(agent, ticket) == []
    assert (await acknowledged(agent, ticket))["in_time"] is True
    assert await rate(site) == (1, 1)


async def test_a_visit_whose_form_is_signed_the_day_after_was_late(site: Site) -> None:
    """R-4.3, L-3"""
    ticket = await came(await site.client(Role.AGENT), "visit")
    site.clock.advance(timedelta(days=1))
    agent = await fresh(site, Role.AGENT)
    assert (await attach(agent, ticket, kind="visit_form")).status == 201
    assert (await acknowledged(agent, ticket))["in_time"] is False
    assert await rate(site) == (0, 1)


async def test_a_visit_form_that_is_withdrawn_is_owed_again(site: Site) -> None:
    """R-4.3"""
    agent = await site.client(Role.AGENT)
    ticket = await came(agent, "visit")
    form = (await attach(agent, ticket, kind="visit_form")).json
    path = f"/tickets/{ticket['id']}/attachments/{form['id']}/withdrawal"
    assert (await agent.post(path, {"reason": "扫描不清"})).status in (200, 201)
    assert await owes(agent, ticket) == ["visit_form"]


async def test_a_letter_acknowledged_by_telephone_without_a_call_is_incomplete_and_shown_so(site: Site) -> None:
    """R-4.5, E-3: it counts as not acknowledged, and the order does not close on it; a letter heals it."""
    handler = await site.client(Role.HANDLER)
    ticket = await came(handler, "letter")
    file = await done(handler, ticket["id"], "acknowledge", note="电话告知已收到来信", manner="电话")
    assert [(each["means"], each["state"]) for each in file["acknowledgements"]] == [("phone", "incomplete")]
    assert [(each["field"], each["rules"]) for each in file["owed"]] == [("acknowledgement", ["R-4.5", "E-3"])]
    assert (await acknowledged(handler, ticket))["met_at"] is None
    assert await rate(site) == (0, 1)
    await walk(site, ticket["id"], Status.INFORMED)
    await done(handler, ticket["id"], "determine", validity="invalid", ground="facts_disproved", evidence="录音")
    refused = await closing(handler, ticket)
    assert (refused.status, refused.json["details"]["missing"]) == (409, ["acknowledgement"])
    assert refused.json["rules"] == ["F-9", "R-4.5", "E-3"]
    await done(handler, ticket["id"], "acknowledge", note="已寄来函确认书", manner="信函")
    assert (await acknowledged(handler, ticket))["in_time"] is True
    assert (await acted(handler, ticket, "close")).status == 200


async def test_the_recording_of_the_acknowledging_call_is_taken_to_come_and_then_is_there(site: Site) -> None:
    """R-4.5, E-3: its call hangs on the ticket, and the archive's recording on the call."""
    agent = await site.client(Role.AGENT)
    ticket = await came(agent, "network", network_kind="email")
    call = await a_call_with_a_capture(site, agent)
    file = await done(agent, ticket["id"], "acknowledge", note="电话告知", manner="phone", call_id=str(call))
    assert [each["state"] for each in file["acknowledgements"]] == ["awaits_recording"]
    assert [each["call_id"] for each in file["calls"]] == [str(call)]
    assert file["owed"] == []
    await executed(site, SEALED, call)
    assert await rechecking.recheck(site.database, site.clock) == 1
    assert await rechecking.recheck(site.database, site.clock) == 0
    file = (await agent.get(f"/tickets/{ticket['id']}")).json
    assert [each["state"] for each in file["acknowledgements"]] == ["complete"]
    assert file["events"][-1]["kind"] == "acknowledgement_rechecked"
    assert (await acknowledged(agent, ticket))["in_time"] is True


async def test_an_acknowledgement_whose_recording_is_lost_is_one_no_more(site: Site) -> None:
    """R-4.5, E-3: the clock runs again and was missed; a recording found later makes it good."""
    agent = await site.client(Role.AGENT)
    ticket = await came(agent, "letter")
    call = await a_call_with_a_capture(site, agent)
    await done(agent, ticket["id"], "acknowledge", note="电话告知", manner="phone", call_id=str(call))
    assert await rate(site) == (1, 1)
    async with site.database.transaction() as conn:
        await hang_up(conn, call, NOON + timedelta(minutes=1))
    assert await rechecking.recheck(site.database, site.clock) == 0, "the capture is still to be sealed"
    await executed(site, LOST, call)
    assert await rechecking.recheck(site.database, site.clock) == 1
    agent = await fresh(site, Role.AGENT)
    assert await owes(agent, ticket) == ["acknowledgement"]
    assert (await acknowledged(agent, ticket))["met_at"] is None
    assert await rate(site) == (0, 1)
    await executed(site, SEALED, call)
    assert await rechecking.recheck(site.database, site.clock) == 1
    agent = await fresh(site, Role.AGENT)
    assert await owes(agent, ticket) == []
    assert datetime.fromisoformat((await acknowledged(agent, ticket))["met_at"]) == NOON
    assert await rate(site) == (1, 1)


async def test_a_call_that_left_no_capture_acknowledges_nothing(site: Site) -> None:
    """E-3"""
    agent = await site.client(Role.AGENT)
    assert agent.user is not None
    ticket, call = await came(agent, "letter"), await a_live_call(site, agent.user.id)
    async with site.database.transaction() as conn:
        await hang_up(conn, call, NOON)
    file = await done(agent, ticket["id"], "acknowledge", note="电话告知", manner="phone", call_id=str(call))
    assert [each["state"] for each in file["acknowledgements"]] == ["incomplete"]


async def test_the_acknowledging_call_is_one_its_writer_may_know_of(site: Site) -> None:
    """T-6: and what is refused leaves nothing behind."""
    agent, stranger = await site.client(Role.AGENT), await site.client(Role.AGENT, where=ELSEWHERE)
    ticket, theirs = await came(agent, "letter"), await a_call_with_a_capture(site, stranger)
    for call in (theirs, uuid4()):
        reply = await acted(agent, ticket, "acknowledge", note="电话告知", manner="电话", call_id=str(call))
        assert (reply.status, reply.code) == (404, "not_found")
    file = (await agent.get(f"/tickets/{ticket['id']}")).json
    assert (file["version"], file["acknowledgements"], file["calls"]) == (1, [], [])


async def test_who_cannot_be_reached_is_not_acknowledged_and_the_reason_stands_there(site: Site) -> None:
    """F-35, M-4: an anonymous letter closes without; its clock is neither kept nor missed."""
    handler = await site.client(Role.HANDLER)
    nobody = {"complainant_name": None, "complainant_phone": None, "complainant_type": "unknown", "anonymous": True}
    ticket = await came(handler, "letter", **nobody)
    refused = await acted(handler, ticket, "acknowledge", manner="not_possible")
    assert refused.json["rules"] == ["R-4.7"]
    file = await done(handler, ticket["id"], "acknowledge", note="匿名来信,未留联系方式", manner="无法确认")
    assert [(each["state"], each["note"]) for each in file["acknowledgements"]] == [
        ("not_possible", "匿名来信,未留联系方式")
    ]
    assert file["owed"] == []
    site.clock.advance(timedelta(days=5))
    handler = await fresh(site, Role.HANDLER)
    clock = await acknowledged(handler, ticket)
    assert (clock["voided_why"], clock["in_time"]) == ("not_possible", None)
    assert await rate(site) == (0, 1)


async def test_a_customer_who_left_a_telephone_is_told(site: Site) -> None:
    """F-35"""
    handler = await site.client(Role.HANDLER)
    reply = await acted(handler, await came(handler, "fax"), "acknowledge", note="未联系上", manner="not_possible")
    assert (reply.status, reply.json["rules"]) == (409, ["F-35", "R-4.6"])


async def test_a_forwarded_case_says_who_forwarded_it_when_and_under_which_number(site: Site) -> None:
    """R-4.6, M-16: given at once nothing is owed, and all of it stands in the file."""
    given = {
        "forwarder": "国家金融监督管理总局12378热线",
        "forwarder_level": "headquarters",
        "forwarding_number": "12378-2026-88",
        "forwarded_day": "2026-11-17",
    }
    agent = await site.client(Role.AGENT)
    file = await came(agent, "fax", source="regulator", **given)
    assert (file["owed"], {name: file[name] for name in given}) == ([], given)
    bare = await came(agent, "fax", source="regulator")
    assert {each["field"] for each in bare["owed"]} == set(given)
    body = {"version": 1, "forwarder": "银保监局", "forwarder_level": "province", "forwarded_day": "2026-11-16"}
    reply = await agent("PATCH", f"/tickets/{bare['id']}", json=body)
    assert [each["field"] for each in reply.json["owed"]] == ["forwarding_number"]
    refused = await agent.post("/tickets", {**FULL, "channel": "fax", **given})
    assert (refused.status, refused.json["rules"]) == (422, ["R-4.6"])


async def test_identity_once_verified_says_how_by_whom_and_when(site: Site) -> None:
    """N-10, N-6"""
    agent = await site.client(Role.AGENT)
    ticket = await came(agent, "sms", complainant_type="representative", authorisation="委托书", heir=True)
    assert await owes(agent, ticket) == ["authorisation_paper", "kinship_paper", "identity"]
    assert agent.user is not None
    body = {"version": 1, "identity_manner": "document"}
    file = (await agent("PATCH", f"/tickets/{ticket['id']}", json=body)).json
    assert (file["identity_manner"], file["identity_verified_by"]) == ("document", f"user:{agent.user.id}")
    assert file["identity_verified_at"] == "2026-11-18T04:00:00Z"
    for kind in ("authorisation", "kinship"):
        assert (await attach(agent, ticket, kind=kind)).status == 201
    assert await owes(agent, ticket) == []


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ("visit", {}),
        ("letter", {}),
        ("network", {"network_kind": "email"}),
        ("fax", {"source": "media"}),
        ("sms", {"complainant_type": "representative", "authorisation": "委托书"}),
    ],
)
async def test_what_is_owed_stands_in_the_way_of_closing(site: Site, channel: str, said: dict[str, Any]) -> None:
    """R-4.3 … R-4.6, F-41, N-6, E-21: the refusal names what is missing and its rules."""
    handler = await site.client(Role.HANDLER)
    ticket = await came(handler, channel, **said)
    await walk(site, ticket["id"], Status.INFORMED)
    await done(handler, ticket["id"], "determine", validity="invalid", ground="facts_disproved", evidence="录音")
    missing = await owes(handler, ticket)
    assert missing
    refused = await closing(handler, ticket)
    assert (refused.status, refused.json["details"]["missing"]) == (409, missing)
    if "authorisation_paper" in missing:
        assert (await attach(handler, ticket, kind="authorisation")).status == 201
    if "media_outlet" in missing:
        version = (await handler.get(f"/tickets/{ticket['id']}")).json["version"]
        body = {"version": version, "media_outlet": "羊城晚报", "media_link": "https://example.com/1"}
        assert (await handler("PATCH", f"/tickets/{ticket['id']}", json=body)).status == 200
    assert (await walk(site, ticket["id"], Status.CLOSED))["status"] == "closed"


async def test_the_complaint_desk_sees_what_is_unacknowledged_due_today_and_incomplete(site: Site) -> None:
    """R-4.3 … R-4.7, L-1, L-4, L-7, E-3: page by page, of its own organisations, and nothing that ended."""
    handler = await site.client(Role.HANDLER)
    letter, sms, visit = [await came(handler, channel) for channel in ("letter", "sms", "visit")]
    ended = await came(handler, "fax")
    await walk(site, ended["id"], Status.CLOSED)
    by_phone = await came(handler, "letter")
    await done(handler, by_phone["id"], "acknowledge", note="电话告知", manner="电话")
    await done(handler, sms["id"], "acknowledge", note="短信告知", manner="短信")
    await done(handler, sms["id"], "dispatch")
    await came(await site.client(Role.HANDLER, where=ELSEWHERE), "letter")

    async def listed(intake: str) -> set[str]:
        found: set[str] = set()
        path = f"/tickets?intake={intake}&limit=1"
        reply = await handler.get(path)
        while True:
            found |= {item["number"] for item in reply.json["items"]}
            if reply.json["next"] is None:
                return found
            reply = await handler.get(f"{path}&cursor={reply.json['next']}")

    open_letters = {letter["number"], by_phone["number"]}
    assert await listed("unacknowledged") == {*open_letters, visit["number"]}
    assert await listed("incomplete") == {*open_letters, visit["number"]}
    assert await listed("due_today") == {*open_letters, visit["number"]}, "handed over to nobody yet"
    await done(handler, letter["id"], "dispatch")
    assert await listed("due_today") == {by_phone["number"], visit["number"]}
    assert (await handler.get("/tickets?intake=all")).status == 400
