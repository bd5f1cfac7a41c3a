"""The customer routes: candidates and why, masking, reach, and the access log."""

import pytest

from callcenter.accounts.permissions import Role
from callcenter.db.pool import Database
from tests.service.customers import a_customer, a_policy, settle
from tests.service.site import Client, Site

pytestmark = pytest.mark.service

ID_NUMBER = "440106198001011239"


@pytest.fixture
async def people(site: Site, database: Database) -> dict[str, str]:
    wang = a_customer("王伟", "16900000001", id_number=ID_NUMBER)
    twin, far = a_customer("王伟", "16900000001"), a_customer("王远")
    await settle(database, (wang, [a_policy(wang, "P1")]), (twin, []), (far, [a_policy(far, "P2", "sc-cd")]))
    return {"wang": str(wang.id), "twin": str(twin.id), "far": str(far.id)}


async def access_rows(database: Database, client: Client) -> list[tuple[str, str]]:
    assert client.user is not None
    async with database.connection() as conn:
        rows = await conn.fetch(
            "SELECT verdict, object_id FROM access_log WHERE actor = $1 ORDER BY id", f"user:{client.user.id}"
        )
    return [(row["verdict"], row["object_id"]) for row in rows]


async def test_an_agent_sees_every_candidate_and_why(site: Site, people: dict[str, str]) -> None:
    agent = await site.client(Role.AGENT, where="hq")
    reply = await agent.get("/customers", params={"number": "+86 169 0000 0001", "policy": "P1"})
    assert reply.status == 200, reply.body
    assert [item["id"] for item in reply.json["items"]] == [people["wang"], people["twin"]]
    assert reply.json["items"][0]["matched"] == ["number", "policy"]
    assert reply.json["items"][0]["id_number"] == ID_NUMBER
    assert reply.json["next"] is None


async def test_who_may_not_see_personal_data_sees_it_masked(site: Site, people: dict[str, str]) -> None:
    """T-6"""
    auditor = await site.client(Role.AUDITOR, where="hq")
    reply = await auditor.get(f"/customers/{people['wang']}")
    assert reply.status == 200, reply.body
    assert (reply.json["name"], reply.json["id_number"]) == ("王*", "440*************39")
    assert reply.json["phones"][0]["number"] == "169****0001"
    assert reply.json["birth_date"] is None
    assert "16900000001" not in reply.body.decode()
    assert reply.json["masked"] is True


async def test_another_province_finds_nothing_and_the_refusal_is_logged(
    site: Site, people: dict[str, str], database: Database
) -> None:
    """T-6, H2"""
    agent = await site.client(Role.AGENT, where="sc-cd")
    refused = await agent.get(f"/customers/{people['wang']}")
    assert (refused.status, refused.code) == (404, "customer_not_found")
    found = await agent.get("/customers", params={"name": "王"})
    assert {item["id"] for item in found.json["items"]} == {people["far"], people["twin"]}
    assert sorted(await access_rows(database, agent)) == sorted(
        [("deny", people["wang"]), *(("allow", item["id"]) for item in found.json["items"])]
    )


async def test_every_customer_on_a_page_is_in_the_access_log(
    site: Site, people: dict[str, str], database: Database
) -> None:
    """T-6"""
    agent = await site.client(Role.AGENT, where="hq")
    await agent.get("/customers", params={"name": "王伟"})
    assert set(await access_rows(database, agent)) == {("allow", people["wang"]), ("allow", people["twin"])}


async def test_pages_go_on_where_the_last_ended(site: Site, people: dict[str, str]) -> None:
    """H17"""
    agent = await site.client(Role.AGENT, where="hq")
    first = await agent.get("/customers", params={"name": "王", "limit": 2})
    second = await agent.get("/customers", params={"name": "王", "limit": 2, "cursor": first.json["next"]})
    assert len({item["id"] for item in first.json["items"] + second.json["items"]}) == 3
    assert second.json["next"] is None
    forged = await agent.get("/customers", params={"name": "王", "cursor": "AAAA"})
    assert (forged.status, forged.code) == (400, "bad_cursor")


@pytest.mark.parametrize(
    ("asked", "code"),
    [({}, "no_criterion"), ({"number": "1.38E+10"}, "not_a_phone_number"), ({"name": " "}, "no_criterion")],
)
async def test_a_search_for_nothing_is_refused(site: Site, asked: dict[str, str], code: str) -> None:
    agent = await site.client(Role.AGENT)
    reply = await agent.get("/customers", params=asked)
    assert (reply.status, reply.code) == (422, code)


async def test_a_customers_open_tickets_calls_and_policies_are_shown(
    site: Site, people: dict[str, str], database: Database
) -> None:
    agent = await site.client(Role.AGENT, where="hq")
    reply = await agent.get(f"/customers/{people['wang']}")
    assert reply.json["policies"][0]["number"] == "P1"
    assert (reply.json["open_tickets"], reply.json["earlier_tickets"], reply.json["calls"]) == ([], [], [])


async def test_an_administrator_has_no_business_with_customers(site: Site, people: dict[str, str]) -> None:
    """T-6"""
    admin = await site.client(Role.ADMIN, where="hq")
    assert (await admin.get("/customers", params={"name": "王"})).status == 403
