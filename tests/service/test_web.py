"""The HTTP framework on a real port: problems, headers, health, documentation."""

from datetime import timedelta

import pytest

from callcenter import backlog
from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from tests.service.site import Site

pytestmark = pytest.mark.service


async def test_a_person_with_a_token_learns_who_they_are(site: Site) -> None:
    agent = await site.client(Role.AGENT)
    reply = await agent.get("/me")
    assert reply.status == 200, reply.body
    assert reply.json["roles"] == ["agent"]
    assert "ticket.open" in reply.json["permissions"]


async def test_a_problem_is_told_in_chinese_unless_english_is_preferred(site: Site) -> None:
    reply = await site.nobody.get("/me")
    assert (reply.status, reply.code, reply.json["title"]) == (401, "unauthenticated", "请先登录")
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    english = await site.nobody.get("/me", headers={"Accept-Language": "en-GB,en;q=0.9,zh;q=0.1"})
    assert english.json["title"] == "Please log in"


async def test_health_readiness_and_metrics_are_told(site: Site) -> None:
    assert (await site.nobody.get(f"{site.origin}/healthz")).json == {"status": "ok"}
    ready = await site.nobody.get(f"{site.origin}/readyz")
    assert ready.json == {"status": "ok", "parts": {"database": "ok"}}
    metrics = await site.nobody.get(f"{site.origin}/metrics")
    assert b'callcenter_http_requests_total{route="/healthz"' in metrics.body
    assert b"\ncallcenter_tickets_spooled 0\n# TYPE callcenter_tickets_set_aside gauge" in metrics.body
    for gauge in backlog.COUNTS:
        assert f"\n{gauge} 0.0\n".encode() in metrics.body


async def test_a_worker_that_gives_no_sign_of_life_is_missed(database: Database, clock: ManualClock) -> None:
    with pytest.raises(backlog.IdleError):
        await backlog.works(database, clock)
    await backlog.beat(database, clock.now(), "here:1")
    await backlog.works(database, clock)
    clock.advance(backlog.BEAT_WITHIN + timedelta(seconds=1))
    with pytest.raises(backlog.IdleError):
        await backlog.works(database, clock)


async def test_the_documentation_loads_nothing_from_elsewhere(site: Site) -> None:
    page = await site.nobody.get(f"{site.origin}/api/docs")
    assert page.status == 200
    assert b"http" not in page.body.replace(b"/api/v1/openapi.json", b"")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Server"] == "callcenter"
    document = (await site.nobody.get("/openapi.json")).json
    assert document["openapi"] == "3.1.0"
    assert "/api/v1/session" in document["paths"]
