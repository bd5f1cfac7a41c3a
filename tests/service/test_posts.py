"""Posts through the interface on a real PostgreSQL: naming, delegates, counsel, authority, changes at counters."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from callcenter.accounts import authority, posts
from callcenter.accounts.permissions import Role
from tests.service.site import Client, Reply, Site, person
from tickets.calendar import shanghai_day
from tickets.categories import Department
from tickets.posts import Post

pytestmark = pytest.mark.service

SALES = Department.SALES
TODAY = date(2026, 11, 18)
COUNTER = "gd-gz-a"


async def somebody(site: Site, *roles: Role, where: str = "gd-gz", department: Department | None = None) -> str:
    async with site.database.transaction() as conn:
        return str((await person(conn, site.clock, roles, where, department=department)).id)


async def name(client: Client, user: str, since: date = TODAY, **others: Any) -> Reply:
    body = {"organisation_id": "gd-gz", "kind": "coordinator", "department": "sales", "user_id": user}
    return await client.post("/posts/tenures", {**body, "since": str(since), **others})


async def acting(site: Site, on: date, organisation: str = "gd-gz") -> str | None:
    async with site.database.connection() as conn:
        found = await posts.acting(conn, organisation, Post.COORDINATOR, SALES, on)
    return str(found) if found else None


async def test_a_department_has_one_coordinator_and_on_leave_one_delegate(site: Site) -> None:
    """R-3.42, F-44: exactly one acts on each day."""
    admin = await site.client(Role.ADMIN, where="hq")
    first, second, third = [await somebody(site, Role.COORDINATOR, department=SALES) for _ in range(3)]
    named = await name(admin, first)
    assert named.status == 201, named.body
    leave = {"part": "delegate", "until": "2026-11-27"}
    assert (await name(admin, second, TODAY + timedelta(days=2), **leave)).status == 201
    twice = await name(admin, third, TODAY + timedelta(days=5), **leave)
    assert (twice.status, twice.code) == (409, "post_taken")
    expected = {18: first, 19: first, 20: second, 26: second, 27: first}
    assert {day: await acting(site, date(2026, 11, day)) for day in expected} == expected
    [shown] = (await admin.get("/posts?kind=coordinator&department=sales&vacant=false&on=2026-11-21")).json["items"]
    assert (shown["holder_id"], shown["delegate_id"], shown["acting_id"]) == (first, second, second)


async def test_who_is_named_follows_who_was_there(site: Site) -> None:
    """R-3.42"""
    admin = await site.client(Role.ADMIN, where="hq")
    first, second = [await somebody(site, Role.COORDINATOR, department=SALES) for _ in range(2)]
    await name(admin, first)
    assert (await name(admin, second, TODAY + timedelta(days=10))).status == 201
    assert [await acting(site, TODAY + timedelta(days=n)) for n in (9, 10)] == [first, second]
    history = (await admin.get("/posts/tenures?kind=coordinator")).json["items"]
    assert [(row["user_id"], row["since"], row["until"]) for row in history] == [
        (second, "2026-11-28", None),
        (first, "2026-11-18", "2026-11-28"),
    ]
    ended = await admin.post(f"/posts/tenures/{history[0]['id']}/actions/end", {"version": 1, "until": "2026-12-01"})
    assert ended.json["until"] == "2026-12-01"
    assert await acting(site, date(2026, 12, 1)) is None
    stale = await admin.post(f"/posts/tenures/{history[0]['id']}/actions/end", {"version": 1, "until": "2026-11-30"})
    assert (stale.status, stale.code) == (409, "stale_version")
    longer = await admin.post(f"/posts/tenures/{history[0]['id']}/actions/end", {"version": 2, "until": "2026-12-02"})
    assert (longer.status, longer.code) == (422, "invalid")


async def test_of_fifty_named_at_once_one_has_the_post(site: Site) -> None:
    """R-3.42"""
    admin = await site.client(Role.ADMIN, where="hq")
    users = [await somebody(site, Role.COORDINATOR, department=SALES) for _ in range(8)]
    replies = await asyncio.gather(*(name(admin, user) for user in users))
    assert sorted(reply.status for reply in replies) == [201] + [409] * 7


async def test_the_schema_itself_holds_one_holder_a_day(site: Site) -> None:
    """R-3.42, F-44: whoever writes it."""
    admin = await site.client(Role.ADMIN, where="hq")
    user = await somebody(site, Role.COORDINATOR, department=SALES)
    await name(admin, user)
    async with site.database.connection() as conn:
        number = await conn.fetchval("SELECT number FROM post")
        with pytest.raises(asyncpg.ExclusionViolationError):
            await conn.execute(
                posts.INSERT_TENURE, UUID(int=7), number, "holder", UUID(user), TODAY, None, "", "x", site.clock.now()
            )


@pytest.mark.parametrize(
    ("who", "body"),
    [
        ({"where": "sc-cd", "department": SALES}, {}),
        ({"department": Department.IT}, {}),
        ({"department": SALES}, {"part": "delegate"}),
        ({"department": SALES}, {"until": "2026-11-18"}),
        ({"department": SALES}, {"department": None}),
    ],
)
async def test_who_does_not_fit_is_refused_with_the_place_and_the_rule(
    site: Site, who: dict[str, Any], body: dict[str, Any]
) -> None:
    """R-3.42, F-44"""
    admin = await site.client(Role.ADMIN, where="hq")
    refused = await name(admin, await somebody(site, Role.COORDINATOR, **who), **body)
    assert (refused.status, refused.code) == (422, "post_refused"), refused.body
    assert refused.json["errors"]


async def test_posts_elsewhere_are_neither_seen_nor_given(site: Site) -> None:
    """H2"""
    there = await site.client(Role.SUPERVISOR, where="sc-cd")
    user = await somebody(site, Role.COORDINATOR, department=SALES)
    assert (await name(there, user)).status == 404
    made = await name(await site.client(Role.SUPERVISOR), user)
    assert made.status == 201
    assert (await there.get("/posts/tenures")).json["items"] == []
    ended = await there.post(f"/posts/tenures/{made.json['id']}/actions/end", {"version": 1, "until": "2026-12-01"})
    assert ended.status == 404
    assert (await there.get("/posts?organisation_id=gd-gz")).status == 404


async def test_what_is_vacant_is_listed_post_by_post(site: Site) -> None:
    """R-3.1, R-3.42: leading group and coordinators of every company level."""
    admin = await site.client(Role.ADMIN, where="hq")
    seen: list[tuple[str, str, str | None]] = []
    cursor = ""
    while True:
        page = (await admin.get(f"/posts?vacant=true&limit=7{cursor}")).json
        seen += [(row["organisation_id"], row["kind"], row["department"]) for row in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 5 * 12 + 1  # five companies, of which one names counsel
    executive = await somebody(site, Role.DEPARTMENT_HEAD)
    assert (await name(admin, executive, kind="executive", department=None)).status == 201
    left = (await admin.get("/posts?vacant=true&kind=executive")).json["items"]
    assert "gd-gz" not in {row["organisation_id"] for row in left}


async def test_who_leaves_leaves_his_posts(site: Site) -> None:
    """R-3.42: nobody acts who cannot."""
    admin = await site.client(Role.ADMIN, where="hq")
    user = await somebody(site, Role.COORDINATOR, department=SALES)
    await name(admin, user)
    site.clock.advance(timedelta(days=3))
    admin = await site.client(Role.ADMIN, Role.QA, where="hq")
    moved = await admin("PATCH", f"/users/{user}", json={"version": 1, "department": "finance"})
    assert moved.status == 200, moved.body
    assert [await acting(site, date(2026, 11, day)) for day in (20, 21)] == [user, None]


async def test_the_nearest_counsel_above_serves_where_there_is_none(site: Site) -> None:
    """R-4.25"""
    admin = await site.client(Role.ADMIN, where="hq")
    none = await admin.get("/organisations/gd-gz-a/counsel")
    assert (none.status, none.code) == (404, "not_found")
    for organisation in ("hq", "gd"):
        legal = await somebody(site, Role.LEGAL, where=organisation)
        named = await name(admin, legal, kind="counsel", department=None, organisation_id=organisation)
        assert named.status == 201, named.body
    served = {
        unit: (await admin.get(f"/organisations/{unit}/counsel")).json["organisation_id"]
        for unit in ("gd-gz-a", "gd", "sc-cd", "hq")
    }
    assert served == {"gd-gz-a": "gd", "gd": "gd", "sc-cd": "hq", "hq": "hq"}


async def test_who_accepts_without_a_handler_is_listed(site: Site) -> None:
    """R-1.8, R-3.13, R-3.18, R-3.29: headquarters, provinces, counters, and a city that took one."""
    admin = await site.client(Role.ADMIN, where="hq")

    async def listed() -> list[str]:
        return [row["id"] for row in (await admin.get("/posts/without-handler")).json["items"]]

    assert await listed() == ["hq", "gd", "gd-gz-a", "sc"]
    await somebody(site, Role.HANDLER, where="gd")
    assert await listed() == ["hq", "gd-gz-a", "sc"]
    agent = await site.client(Role.AGENT, where="sc-cd")
    assert (await agent.post("/tickets", {"channel": "letter", "demand": "请处理"})).status == 201
    assert await listed() == ["hq", "gd-gz-a", "sc", "sc-cd"]


async def test_the_nearest_limit_of_ones_roles_decides(site: Site) -> None:
    """R-2.18, R-3.29"""
    admin = await site.client(Role.ADMIN, where="hq")

    async def give(organisation: str, role: str, amount: str) -> None:
        path = f"/authority-limits/{organisation}/{role}"
        given = await admin("PUT", path, json={"amount": amount, "basis": "授权书〔2026〕1号"})
        assert given.status == 200, given.body

    async def may(user: str) -> str | None:
        async with site.database.connection() as conn:
            found = await authority.of_user(conn, UUID(user))
        return None if found is None else str(found)

    handler = await somebody(site, Role.HANDLER, Role.AGENT)
    assert await may(handler) is None
    await give("hq", "agent", "500")
    await give("hq", "handler", "5000.50")
    assert await may(handler) == "5000.50"
    await give("gd", "agent", "300")
    assert await may(handler) == "300.00"
    shown = (await admin.get("/authority-limits")).json["items"]
    assert [(row["organisation_id"], row["role"], row["version"]) for row in shown] == [
        ("hq", "agent", 1),
        ("hq", "handler", 1),
        ("gd", "agent", 1),
    ]
    assert (await admin("PUT", "/authority-limits/gd/agent", json={"amount": "-1", "basis": "x"})).status == 400


async def changes(client: Client, query: str = "") -> list[Any]:
    reply = await client.get(f"/post-changes{query}")
    assert reply.status == 200, reply.body
    return list(reply.json["items"])


async def test_a_counters_new_handler_is_reported_within_seven_working_days(site: Site) -> None:
    """R-3.35, L-33, F-33"""
    admin = await site.client(Role.ADMIN, where="hq")
    body = {"login": "h.one", "name": "王岗", "password": "Correct-Horse-7", "organisation_id": COUNTER}
    hired = await admin.post("/users", {**body, "roles": ["handler"]})
    assert hired.status == 201, hired.body
    counter, province = await site.client(Role.SUPERVISOR, where=COUNTER), await site.client(Role.HANDLER, where="gd")
    [change] = await changes(counter)
    assert (change["duty"], change["turn"], change["effective_day"]) == ("handler", "joined", "2026-11-18")
    assert (change["due_day"], change["report"]) == ("2026-11-27", "due")
    early = await province.post(f"/post-changes/{change['id']}/actions/receive", {"version": 1})
    assert (early.status, early.code) == (409, "conflict")
    path = f"/post-changes/{change['id']}/actions"
    reported = await counter.post(f"{path}/report", {"version": 1, "note": "已书面报备"})
    assert reported.json["report"] == "reported"
    itself = await counter.post(f"{path}/receive", {"version": 2})
    assert (itself.status, itself.code) == (403, "forbidden")
    received = await province.post(f"{path}/receive", {"version": 2})
    assert received.status == 200, received.body
    assert await changes(province, "?received=false") == []


async def test_what_is_not_reported_in_time_is_listed_as_late_and_still_taken(site: Site) -> None:
    """R-3.35, L-33"""
    admin = await site.client(Role.ADMIN, where="hq")
    handler = await somebody(site, Role.HANDLER, where=COUNTER)
    await admin("PATCH", f"/users/{handler}", json={"version": 1, "active": False})
    province = await site.client(Role.SUPERVISOR, where="gd")
    assert [change["turn"] for change in await changes(province, "?late=false")] == ["left"]
    site.clock.advance(timedelta(days=10))
    province = await site.client(Role.SUPERVISOR, Role.HANDLER, where="gd")
    assert shanghai_day(site.clock.now()) == date(2026, 11, 28)
    [late] = await changes(province, "?late=true")
    assert late["report"] == "late"
    path = f"/post-changes/{late['id']}/actions/report"
    assert (await province.post(path, {"version": 1})).json["report"] == "reported_late"
    assert await changes(province, "?late=true") == []


async def test_a_counters_coordinator_comes_and_goes_with_two_changes_and_a_delegate_with_none(site: Site) -> None:
    """R-3.35"""
    admin = await site.client(Role.ADMIN, where="hq")
    first, second, third = [await somebody(site, Role.COORDINATOR, where=COUNTER, department=SALES) for _ in range(3)]
    for user, since, more in (
        (first, TODAY, {}),
        (third, TODAY, {"part": "delegate", "until": "2026-11-20"}),
        (second, date(2026, 12, 1), {}),
    ):
        assert (await name(admin, user, since, organisation_id=COUNTER, **more)).status == 201
    told = {(row["user_id"], row["turn"], row["effective_day"], row["duty"]) for row in await changes(admin)}
    assert told == {
        (first, "joined", "2026-11-18", "coordinator"),
        (first, "left", "2026-12-01", "coordinator"),
        (second, "joined", "2026-12-01", "coordinator"),
    }
    [tenure] = [row for row in (await admin.get("/posts/tenures")).json["items"] if row["user_id"] == second]
    path = f"/posts/tenures/{tenure['id']}/actions/end"
    for version, until in ((1, "2026-12-20"), (2, "2026-12-10")):
        assert (await admin.post(path, {"version": version, "until": until})).status == 200
    left = [row["effective_day"] for row in await changes(admin) if (row["user_id"], row["turn"]) == (second, "left")]
    assert left == ["2026-12-10"]


async def test_moves_that_are_no_counters_leave_no_change(site: Site) -> None:
    """R-3.35"""
    admin = await site.client(Role.ADMIN, where="hq")
    agent = await somebody(site, Role.AGENT, where=COUNTER)
    handler = await somebody(site, Role.HANDLER, where="gd")
    for user in (agent, handler):
        await admin("PATCH", f"/users/{user}", json={"version": 1, "active": False})
    assert await changes(admin) == []


async def test_every_act_is_in_the_audit(site: Site) -> None:
    admin = await site.client(Role.ADMIN, where="hq")
    user = await somebody(site, Role.COORDINATOR, department=SALES)
    made = await name(admin, user)
    await admin.post(f"/posts/tenures/{made.json['id']}/actions/end", {"version": 1, "until": "2026-12-01"})
    await admin("PUT", "/authority-limits/gd/agent", json={"amount": "300", "basis": "授权书"})
    async with site.database.connection() as conn:
        rows = await conn.fetch("SELECT action, actor FROM audit ORDER BY id")
    assert admin.user is not None
    assert {(row["action"], row["actor"]) for row in rows} == {
        (action, f"user:{admin.user.id}") for action in ("post.named", "post.ended", "authority.given")
    }
