"""People, organisations, sessions and tokens through the interface, on a real PostgreSQL."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from callcenter.accounts import passwords, people, sessions
from callcenter.accounts.doer import COMMAND_LINE
from callcenter.accounts.errors import LastAdminError
from callcenter.accounts.permissions import Role
from tests.service.site import ELSEWHERE, HOME, PASSWORD, Client, Reply, Site, person

pytestmark = pytest.mark.service


async def somebody(site: Site, *roles: Role, where: str = HOME) -> str:
    """The log-in name of a person who has a password."""
    async with site.database.transaction() as conn:
        hashed = await passwords.hashed(PASSWORD)
        return (await person(conn, site.clock, roles or (Role.AGENT,), where, password_hash=hashed)).login


async def log_in(site: Site, user: str, password: str = PASSWORD, **more: Any) -> Reply:
    return await site.nobody.post("/session", {"user": user, "password": password, **more})


async def trail(site: Site, action: str) -> list[Any]:
    async with site.database.connection() as conn:
        return await conn.fetch("SELECT actor, object_id, details FROM audit WHERE action = $1 ORDER BY id", action)


def new_user(**others: Any) -> dict[str, Any]:
    return {
        "login": f"li.{uuid4().hex[:8]}",
        "name": "李雷",
        "password": PASSWORD,
        "organisation_id": "gd-gz",
        "roles": ["agent"],
    } | others


async def test_a_person_logs_in_and_out(site: Site) -> None:
    opened = await log_in(site, await somebody(site))
    assert opened.status == 201, opened.body
    client = await site.with_token(opened.json["token"])
    assert (await client.get("/me")).status == 200
    assert (await client("DELETE", "/session")).status == 204
    assert (await client.get("/me")).status == 401
    assert len(await trail(site, "session.opened")) == len(await trail(site, "session.closed")) == 1


async def test_of_two_logins_only_the_revoked_one_ends(site: Site) -> None:
    """H20"""
    login = await somebody(site)
    first = await site.with_token((await log_in(site, login)).json["token"])
    second = await site.with_token((await log_in(site, login)).json["token"])
    await first("DELETE", "/session")
    assert ((await first.get("/me")).status, (await second.get("/me")).status) == (401, 200)


async def test_a_session_ends_when_idle_for_an_hour_and_lives_while_used(site: Site) -> None:
    login = await somebody(site)
    client = await site.with_token((await log_in(site, login)).json["token"])
    for _ in range(3):
        site.clock.advance(timedelta(minutes=50))
        assert (await client.get("/me")).status == 200
    site.clock.advance(timedelta(minutes=61))
    assert (await client.get("/me")).status == 401


async def test_unknown_names_and_wrong_passwords_look_alike(site: Site) -> None:
    """H1"""
    wrong = await log_in(site, await somebody(site), "Wrong-Horse-7")
    unknown = await log_in(site, "nobody.here", "Wrong-Horse-7")
    assert (wrong.status, wrong.json | {"instance": ""}) == (401, unknown.json | {"instance": ""})


async def test_five_failures_lock_the_name_for_a_quarter_of_an_hour(site: Site) -> None:
    login = await somebody(site)
    failures = [(await log_in(site, login, f"Wrong-Horse-{n}")).status for n in range(5)]
    assert failures == [401] * 5
    locked = await log_in(site, login)
    assert (locked.status, locked.code, locked.headers["Retry-After"]) == (429, "locked_out", "900")
    site.clock.advance(timedelta(minutes=16))
    assert (await log_in(site, login)).status == 201


async def test_tries_that_no_longer_count_are_forgotten(site: Site) -> None:
    await log_in(site, "nobody.here", "Wrong-Horse-7")
    for later, left in ((timedelta(minutes=14), 1), (timedelta(minutes=16), 0)):
        await sessions.purge(site.database, site.clock.now() + later)
        async with site.database.connection() as conn:
            assert await conn.fetchval("SELECT count(*) FROM login_try") == left


async def test_tries_at_the_same_time_cannot_outrun_the_lock(site: Site) -> None:
    login = await somebody(site)
    replies = await asyncio.gather(*(log_in(site, login, f"Wrong-Horse-{n}") for n in range(20)))
    assert sorted(reply.status for reply in replies) == [401] * 5 + [429] * 15


async def test_right_log_ins_at_the_same_time_do_not_lock_the_name(site: Site) -> None:
    login = await somebody(site)
    replies = await asyncio.gather(*(log_in(site, login) for _ in range(12)))
    assert [reply.status for reply in replies] == [201] * 12
    assert len({reply.json["token"] for reply in replies}) == 12
    assert (await log_in(site, login)).status == 201


async def test_a_try_at_a_locked_name_is_in_the_audit(site: Site) -> None:
    login = await somebody(site)
    for n in range(7):
        await log_in(site, login, f"Wrong-Horse-{n}")
    assert [row["object_id"] for row in await trail(site, "session.refused")] == [login] * 5
    assert [row["object_id"] for row in await trail(site, "session.locked_out")] == [login] * 2


async def test_the_old_password_can_be_guessed_at_no_more_often_than_at_the_log_in(site: Site) -> None:
    """Every wrong guess is in the audit; after five the right one is refused, and the log-in with it."""
    login = await somebody(site)
    client = await site.with_token((await log_in(site, login)).json["token"])
    change = {"new": "Another-Horse-8"}
    for n in range(5):
        wrong = await client("PUT", "/me/password", json={"old": f"Guess-{n}", **change})
        assert (wrong.status, wrong.code) == (401, "wrong_password")
    locked = await client("PUT", "/me/password", json={"old": PASSWORD, **change})
    assert (locked.status, locked.code, locked.headers["Retry-After"]) == (429, "locked_out", "900")
    assert (await log_in(site, login)).status == 429
    me = (await client.get("/me")).json["id"]
    refused = await trail(site, "user.password_refused")
    assert [(row["actor"], row["object_id"]) for row in refused] == [(f"user:{me}", me)] * 5
    site.clock.advance(timedelta(minutes=16))
    assert (await client("PUT", "/me/password", json={"old": PASSWORD, **change})).status == 204


async def test_a_success_forgives_the_failures_before_it(site: Site) -> None:
    login = await somebody(site)
    for _ in range(3):
        for n in range(4):
            await log_in(site, login, f"Wrong-Horse-{n}")
        assert (await log_in(site, login)).status == 201


async def test_the_cookie_is_out_of_a_scripts_reach_and_its_token_no_bearer(site: Site) -> None:
    opened = await log_in(site, await somebody(site), kind="cookie")
    assert opened.json["token"] is None
    cookie = opened.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    token = cookie.split("=", 1)[1].split(";")[0]
    assert (await (await site.with_token(token)).get("/me")).status == 401
    assert (await site.nobody.get("/me", headers={"Cookie": f"cc_session={token}"})).status == 200


async def cookie_client(site: Site, *roles: Role) -> Client:
    opened = await log_in(site, await somebody(site, *roles), kind="cookie")
    return Client(site.session, site.nobody.url, {"Cookie": opened.headers["Set-Cookie"].split(";")[0]})


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_another_sites_page_cannot_use_the_cookie(site: Site, origin: str) -> None:
    """H19"""
    client = await cookie_client(site, Role.ADMIN)
    own = {"X-Requested-With": "callcenter"}
    body = {"name": "新名"}
    without = await client("PATCH", "/organisations/gd-gz", json=body)
    assert (without.status, without.code) == (403, "cross_site")
    foreign = await client("PATCH", "/organisations/gd-gz", json=body, headers={**own, "Origin": origin})
    assert (foreign.status, foreign.code) == (403, "cross_site")
    assert (await client.get("/me", headers={"Origin": origin})).status == 403
    marked = await client("PATCH", "/organisations/gd-gz", json=body, headers={**own, "Sec-Fetch-Site": "cross-site"})
    assert marked.status == 403
    good = await client("PATCH", "/organisations/gd-gz", json=body, headers={**own, "Origin": site.origin})
    assert good.status == 200
    assert not any(name.lower().startswith("access-control") for name in good.headers)


async def test_an_admin_adds_changes_and_retires_a_person(site: Site) -> None:
    admin = await site.client(Role.ADMIN, where="hq")
    body = new_user(extension="6001")
    added = await admin.post("/users", body)
    assert added.status == 201, added.body
    path = f"/users/{added.json['id']}"
    token = (await log_in(site, body["login"])).json["token"]
    changed = await admin("PATCH", path, json={"version": 1, "roles": ["handler"], "extension": None})
    assert (changed.json["roles"], changed.json["extension"], changed.json["version"]) == (["handler"], None, 2)
    stale = await admin("PATCH", path, json={"version": 1, "name": "韩梅梅"})
    assert (stale.status, stale.code) == (409, "stale_version")
    site.clock.advance(timedelta(seconds=1))
    assert (await admin("PATCH", path, json={"version": 2, "active": False})).status == 200
    assert (await (await site.with_token(token)).get("/me")).status == 401
    assert (await log_in(site, body["login"])).status == 401
    assert (await admin("DELETE", path)).status == 405
    assert admin.user is not None
    entries = await trail(site, "user.changed")
    assert [entry["actor"] for entry in entries] == [f"user:{admin.user.id}"] * 2
    assert entries[0]["details"]["roles"] == [["agent"], ["handler"]]


async def test_a_password_is_in_no_answer_audit_or_kept_request(site: Site) -> None:
    admin = await site.client(Role.ADMIN, where="hq")
    added = await admin.post("/users", new_user())
    await admin("PUT", f"/users/{added.json['id']}/password", json={"password": "Another-Horse-8"})
    async with site.database.connection() as conn:
        kept = await conn.fetchval("SELECT string_agg(answer::text, '') FROM idempotency")
        details = await conn.fetchval("SELECT string_agg(details::text, '') FROM audit")
    assert "Horse" not in added.body.decode() + kept + details


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("Short-1", "characters"),
        ("alllowercaseletters", "three of"),
        ("Password-1234", "common"),
        ("li.lei-IS-here-1", "log-in name"),
    ],
)
async def test_a_weak_password_is_refused_and_told_why(site: Site, password: str, why: str) -> None:
    admin = await site.client(Role.ADMIN, where="hq")
    reply = await admin.post("/users", new_user(login="li.lei", password=password), headers={"Accept-Language": "en"})
    assert (reply.status, reply.code) == (422, "weak_password")
    assert why in reply.json["detail"]


async def test_people_outside_ones_subtree_are_not_found(site: Site) -> None:
    """H2"""
    admin = await site.client(Role.ADMIN, where="sc")
    stranger = (await site.client(Role.AGENT, where=HOME)).user
    own = (await site.client(Role.AGENT, where=ELSEWHERE)).user
    assert stranger is not None
    assert own is not None
    assert (await admin.get(f"/users/{own.id}")).status == 200
    for reply in (
        await admin.get(f"/users/{stranger.id}"),
        await admin("PATCH", f"/users/{stranger.id}", json={"version": 1, "active": False}),
        await admin("PUT", f"/users/{stranger.id}/password", json={"password": PASSWORD}),
        await admin.get(f"/users/{uuid4()}"),
    ):
        assert (reply.status, reply.code) == (404, "not_found")
    listed = await admin.get("/users")
    assert {user["organisation_id"] for user in listed.json["items"]} <= {"sc", "sc-cd"}
    assert (await admin.get("/users?organisation_id=gd")).status == 404
    assert (await admin.get("/organisations/gd")).status == 404
    assert (await admin.post("/users", new_user())).code == "not_ours_to_give"
    moved = await admin("PATCH", f"/users/{own.id}", json={"version": 1, "organisation_id": "gd-gz"})
    assert moved.code == "not_ours_to_give"
    async with site.database.connection() as conn:
        denied = await conn.fetch("SELECT object_id FROM access_log WHERE verdict = 'deny'")
    assert str(stranger.id) in {row["object_id"] for row in denied}


async def test_nobody_changes_their_own_roles_place_or_being_active(site: Site) -> None:
    admin = await site.client(Role.ADMIN, where="hq")
    assert admin.user is not None
    own = f"/users/{admin.user.id}"
    for change in (
        {"roles": ["auditor"]},
        {"organisation_id": "gd"},
        {"active": False},
        {"department": "sales"},
        {"manager_id": own.split("/")[-1]},
    ):
        assert (await admin("PATCH", own, json={"version": 1, **change})).code == "not_ours_to_give"
    second = await site.client(Role.ADMIN, where="gd")
    assert second.user is not None
    assert (await admin("PATCH", f"/users/{second.user.id}", json={"version": 1, "active": False})).status == 200


async def test_a_person_belongs_to_a_department_and_has_a_superior(site: Site) -> None:
    """R-3.42, F-48: set with the account, shown by it and to the person, kept in the audit, taken away by null."""
    admin = await site.client(Role.ADMIN, where="hq")
    head = (await site.client(Role.DEPARTMENT_HEAD, where="gd")).user
    assert head is not None
    body = new_user(roles=["coordinator"], department="sales", manager_id=str(head.id))
    added = (await admin.post("/users", body)).json
    assert (added["department"], added["manager_id"], added["manager_name"]) == ("sales", str(head.id), head.name)
    me = await (await site.with_token((await log_in(site, body["login"])).json["token"])).get("/me")
    assert me.json["department"] == "sales"
    listed = (await admin.get("/users?department=sales")).json["items"]
    assert [user["login"] for user in listed] == [body["login"]]
    path = f"/users/{added['id']}"
    changed = await admin("PATCH", path, json={"version": 1, "department": "finance", "manager_id": None})
    assert (changed.json["department"], changed.json["manager_id"], changed.json["manager_name"]) == (
        "finance",
        None,
        None,
    )
    assert (await admin.get(path)).json == changed.json
    (entry,) = await trail(site, "user.changed")
    assert entry["details"] == {"department": ["sales", "finance"], "manager_id": [str(head.id), None]}


async def test_a_superior_works_in_the_same_organisation_or_above_and_stands_in_no_circle(site: Site) -> None:
    """F-48"""
    admin = await site.client(Role.ADMIN, where="hq")
    above, below = [(await site.client(Role.SUPERVISOR, where=where)).user for where in ("gd", "gd-gz")]
    elsewhere = (await site.client(Role.SUPERVISOR, where="sc")).user
    assert above is not None
    assert below is not None
    assert elsewhere is not None

    async def under(whom: UUID, version: int, manager: UUID) -> Reply:
        return await admin("PATCH", f"/users/{whom}", json={"version": version, "manager_id": str(manager)})

    assert (await under(below.id, 1, above.id)).status == 200
    circles = ((above.id, 1, above.id), (above.id, 1, below.id))
    for whom, version, manager in (*circles, (below.id, 2, elsewhere.id), (below.id, 2, uuid4())):
        refused = await under(whom, version, manager)
        assert (refused.status, refused.code) == (422, "not_a_superior")
    moved = await admin("PATCH", f"/users/{below.id}", json={"version": 2, "organisation_id": "sc-cd"})
    assert moved.code == "not_a_superior"


async def test_two_people_put_above_each_other_at_once_do_not_make_a_circle(site: Site) -> None:
    """F-48"""
    admin = await site.client(Role.ADMIN, where="hq")
    one, other = [(await site.client(role)).user for role in (Role.SUPERVISOR, Role.DEPARTMENT_HEAD)]
    assert one is not None
    assert other is not None
    replies = await asyncio.gather(
        admin("PATCH", f"/users/{one.id}", json={"version": 1, "manager_id": str(other.id)}),
        admin("PATCH", f"/users/{other.id}", json={"version": 1, "manager_id": str(one.id)}),
    )
    assert sorted(reply.status for reply in replies) == [200, 422]


async def test_the_last_admin_stays(site: Site) -> None:
    """Also against the command line, and when two send each other away at the same time."""
    admin = await site.client(Role.ADMIN, where="hq")
    second = await site.client(Role.ADMIN, Role.AUDITOR, where="hq")
    assert admin.user is not None
    assert second.user is not None
    gone = {"version": 1, "active": False}
    replies = await asyncio.gather(
        admin("PATCH", f"/users/{second.user.id}", json=gone),
        second("PATCH", f"/users/{admin.user.id}", json=gone),
    )
    assert sorted(reply.status for reply in replies) in ([200, 401], [200, 409])
    last = second.user.id if replies[1].status == 200 else admin.user.id
    for changes in ({"active": False}, {"roles": ("auditor",)}):
        with pytest.raises(LastAdminError):
            await people.change(site.database, COMMAND_LINE, last, 1, changes, site.clock.now())


async def test_a_login_and_an_extension_belong_to_one_person(site: Site) -> None:
    admin = await site.client(Role.ADMIN, where="hq")
    body = new_user(extension="6002")
    await admin.post("/users", body)
    assert (await admin.post("/users", new_user(login=body["login"]))).code == "taken"
    assert (await admin.post("/users", new_user(extension="6002"))).code == "taken"


async def test_a_new_password_of_ones_own_ends_the_other_sessions(site: Site) -> None:
    login = await somebody(site)
    here = await site.with_token((await log_in(site, login)).json["token"])
    there = await site.with_token((await log_in(site, login)).json["token"])
    wrong = await here("PUT", "/me/password", json={"old": "no", "new": "Another-Horse-8"})
    assert wrong.code == "wrong_password"
    done = await here("PUT", "/me/password", json={"old": PASSWORD, "new": "Another-Horse-8"})
    assert done.status == 204, done.body
    assert ((await here.get("/me")).status, (await there.get("/me")).status) == (200, 401)
    assert (await log_in(site, login, "Another-Horse-8")).status == 201


async def test_organisations_stand_below_their_kind_of_parent(site: Site) -> None:
    admin = await site.client(Role.ADMIN, where="hq")
    added = await admin.post("/organisations", {"id": "hn", "kind": "province", "parent_id": "hq", "name": "湖南"})
    assert (added.status, added.json["path"]) == (201, "hq/hn/")
    for body in (
        {"id": "hn-cs", "kind": "counter_a", "parent_id": "hn", "name": "长沙"},
        {"id": "x", "kind": "city", "parent_id": "nowhere", "name": "无"},
        {"id": "hq2", "kind": "hq", "name": "二"},
    ):
        assert (await admin.post("/organisations", body)).status == 422
    again = await admin.post("/organisations", {"id": "hn", "kind": "province", "parent_id": "hq", "name": "别的"})
    assert (again.status, again.code) == (409, "taken")


async def test_an_api_token_does_what_its_scopes_say_until_it_is_revoked(site: Site) -> None:
    admin = await site.client(Role.ADMIN, where="hq")
    key = {"Idempotency-Key": str(uuid4())}
    body = {
        "name": "核心系统",
        "scopes": ["organisation.read"],
        "organisation_id": "gd",
        "expires_at": (site.clock.now() + timedelta(days=90)).isoformat(),
    }
    issued = await admin.post("/api-tokens", body, headers=key)
    assert issued.status == 201, issued.body
    system = await site.with_token(issued.json["token"])
    units = await system.get("/organisations")
    assert {unit["id"] for unit in units.json["items"]} == {"gd", "gd-gz", "gd-gz-a"}
    assert (await system.get("/users")).status == 403
    again = await admin.post("/api-tokens", body, headers=key)
    assert (again.status, again.json["id"], again.json["token"]) == (201, issued.json["id"], None)
    listed = await admin.get("/api-tokens")
    assert issued.json["token"] not in listed.body.decode()
    assert (await admin("DELETE", f"/api-tokens/{issued.json['id']}")).status == 204
    assert (await system.get("/organisations")).status == 401


async def test_a_token_of_an_older_program_keeps_the_scopes_that_still_exist(site: Site) -> None:
    admin = await site.client(Role.ADMIN, where="hq")
    end = (site.clock.now() + timedelta(days=1)).isoformat()
    body = {"name": "旧", "scopes": ["organisation.read"], "organisation_id": "gd", "expires_at": end}
    system = await site.with_token((await admin.post("/api-tokens", body)).json["token"])
    async with site.database.transaction() as conn:
        await conn.execute("UPDATE api_token SET scopes = ARRAY['organisation.read', 'gone.long.ago']")
    assert (await system.get("/me")).json["permissions"] == ["organisation.read"]


async def test_an_api_token_cannot_have_more_than_an_integrator(site: Site) -> None:
    admin = await site.client(Role.ADMIN, where="hq")
    end = (site.clock.now() + timedelta(days=1)).isoformat()
    for others in ({"scopes": ["account.manage"]}, {"organisation_id": "zz"}, {"expires_at": "2020-01-01T00:00:00Z"}):
        body = {"name": "x", "scopes": ["ticket.read"], "organisation_id": "gd", "expires_at": end} | others
        assert (await admin.post("/api-tokens", body)).code == "not_ours_to_give"


async def test_an_auditor_reads_the_trail_of_their_own_subtree(site: Site) -> None:
    await log_in(site, await somebody(site, where=ELSEWHERE))
    await log_in(site, await somebody(site, where=HOME))
    everything = await (await site.client(Role.AUDITOR, where="hq")).get("/audit?limit=200")
    below = await (await site.client(Role.AUDITOR, where="sc")).get("/audit?limit=200")
    assert len(everything.json["items"]) == 2
    assert len(below.json["items"]) == 1
    log = await (await site.client(Role.AUDITOR, where="hq")).get("/access-log?verdict=allow")
    assert {entry["object_kind"] for entry in log.json["items"]} == {"audit"}
    assert UUID(log.json["items"][0]["id"])
