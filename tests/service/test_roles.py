"""Every route with every role, and with every kind of bad token: the verdict is the permission table's (H1, T-6)."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

import callcenter
from callcenter.accounts import matrix
from callcenter.accounts.permissions import PERMISSIONS, Permission, Role
from callcenter.archiving.listening import RIGHTS
from callcenter.web.api import ANYONE, SIGNED_IN, Route
from callcenter.web.routes import all_routes
from tests.service.site import Client, Reply, Site

pytestmark = pytest.mark.service

PARAMETER = re.compile(r"{(\w+)}")


async def visit(client: Client, route: Route) -> Reply:
    """The route with ids of nothing and without a body: far enough for every verdict, too short for any effect."""
    path = PARAMETER.sub(lambda _: str(uuid4()), route.path)
    return await client(route.method, path)


def allowed(route: Route, role: Role) -> bool:
    return route.access in {ANYONE, SIGNED_IN} or bool(set(route.permissions) & PERMISSIONS[role])


@pytest.mark.timeout(300)
async def test_every_route_admits_exactly_the_roles_of_the_table(site: Site) -> None:
    """H1, H2, H23"""
    wrong: list[str] = []
    for role in Role:
        for route in all_routes():
            if route.path == "/session" and route.method == "DELETE":
                continue
            client = await site.client(role, where="hq")
            reply = await visit(client, route)
            refused = reply.status in {401, 403}
            if refused == allowed(route, role) or (reply.status >= 500 and reply.status != 503):
                wrong.append(f"{role} {route.method} {route.path}: {reply.status} {reply.code}")
    assert not wrong


async def test_no_route_answers_without_a_good_token(site: Site) -> None:
    """H1"""
    agent = await site.client(Role.ADMIN)
    good = agent.headers["Authorization"].removeprefix("Bearer ")
    old = await site.client(Role.ADMIN, where="hq")
    bad = {
        "none": site.nobody,
        "unknown": await site.with_token("ccs_" + "x" * 43),
        "truncated": await site.with_token(good[:-1]),
        "longer": await site.with_token(good + "A"),
        "huge": await site.with_token("A" * 4000),
        "empty": await site.with_token(""),
        "expired": old,
        "not bearer": Client(site.session, site.nobody.url, {"Authorization": "Basic YWRtaW46YWRtaW4="}),
    }
    site.clock.advance(timedelta(hours=13))
    wrong = [
        f"{kind} {route.method} {route.path}: {reply.status}"
        for kind, client in bad.items()
        for route in all_routes()
        if route.access != ANYONE and (reply := await visit(client, route)).status != 401
    ]
    assert not wrong


async def test_every_refusal_is_in_the_access_log(site: Site) -> None:
    """H1, T-6"""
    qa = await site.client(Role.QA)
    await qa.get("/users")
    await site.nobody.get(f"/users/{uuid4()}")
    async with site.database.connection() as conn:
        rows = await conn.fetch("SELECT actor, verdict, reason, object_kind FROM access_log")
    assert qa.user is not None
    assert {(row["actor"], row["verdict"], row["reason"]) for row in rows} == {
        (f"user:{qa.user.id}", "deny", "accounts.list_users: forbidden"),
        ("nobody", "deny", "accounts.show_user: unauthenticated"),
    }


def test_every_role_has_a_row_and_every_permission_somebody() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert set().union(*PERMISSIONS.values()) == set(Permission)


def test_every_permission_is_asked_for_somewhere() -> None:
    """A right nothing asks for only looks like one."""
    sources = (path for path in Path(callcenter.__file__).parent.rglob("*.py") if path.name != "permissions.py")
    asked = set(re.findall(r"\bPermission\.([A-Z_]+)", "\n".join(path.read_text() for path in sources)))
    assert {permission.name for permission in Permission} <= asked


PERSONAL = {
    Permission.TICKET_READ,
    Permission.CUSTOMER_READ,
    Permission.CALL_READ,
    Permission.CALLBACK_READ,
    Permission.RECORDING_READ,
    *RIGHTS,
    Permission.ACCOUNT_READ,
    Permission.ACCOUNTABILITY_READ,
    Permission.AUDIT_READ,
}
IMPERSONAL = {
    "callback_links.list_links",
    "campaigns.list_campaigns",
    "campaigns.show_campaign",
    "dialling.list_plans",
    "dialling.show_manner",
    "policies.list_gaps",
}
"""Routes under such a permission that show nothing about a person."""


def test_every_route_that_shows_personal_data_logs_who_saw_it() -> None:
    """T-6"""
    silent = {
        route.name
        for route in all_routes()
        if route.method == "GET" and set(route.permissions) & PERSONAL and route.reads is None and not route.raw
    }
    assert silent <= IMPERSONAL


def test_nobody_who_manages_accounts_hears_or_sees_customers() -> None:
    """T-6"""
    customers = {Permission.CUSTOMER_READ, *RIGHTS, Permission.TICKET_READ}
    assert not PERMISSIONS[Role.ADMIN] & customers


def test_the_page_of_permissions_is_current() -> None:
    """Made anew by `python -m callcenter.accounts.matrix`"""
    assert matrix.PAGE.read_text(encoding="utf-8") == matrix.page()
