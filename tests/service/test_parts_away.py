"""What the interface does when PostgreSQL or Redis is away, shown by ending real ones."""

from pathlib import Path

import pytest
from redis.asyncio import Redis as Client

from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.db.migrate import migrate
from callcenter.db.pool import Database
from callcenter.lab.postgres import Postgres
from callcenter.lab.redis import Redis
from callcenter.web import server, session
from callcenter.web.limits import within
from tests.service.site import Site, settings

pytestmark = pytest.mark.service


async def test_logins_are_limited_by_redis_and_stay_possible_without_it(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    own = Redis.start(tmp_path / "redis")
    redis = Client.from_url(own.url())
    app = server.build(settings(tmp_path), database=database, clock=clock, wall=clock, redis=redis)
    async with Site.running(app, database, clock) as site:
        body = {"user": "nobody", "password": "x"}
        statuses = [
            (await site.nobody.post("/session", body | {"user": f"n{n}"})).status
            for n in range(session.LOGINS_PER_MINUTE + 1)
        ]
        assert statuses == [401] * session.LOGINS_PER_MINUTE + [429]
        assert (await site.nobody.get(f"{site.origin}/readyz")).json["parts"]["redis"] == "ok"
        own.kill()
        assert (await site.nobody.post("/session", body)).status == 401
        ready = await site.nobody.get(f"{site.origin}/readyz")
        assert (ready.status, ready.json["status"]) == (200, "degraded")
        assert (await (await site.client(Role.AGENT)).get("/me")).status == 200
    await redis.aclose()


async def test_the_limit_counts_each_name_by_itself(redis_url: str) -> None:
    redis = Client.from_url(redis_url)
    await redis.delete("limit:a", "limit:b")
    assert [await within(redis, "a", 2, 60) for _ in range(3)] == [True, True, False]
    assert await within(redis, "b", 2, 60)
    assert 0 < await redis.ttl("limit:a") <= 60
    await redis.aclose()


async def test_without_its_database_the_server_says_so_and_comes_back(
    clock: ManualClock, service_folder: Path, tmp_path: Path
) -> None:
    own = Postgres.start(service_folder / "own-pg")
    await migrate(own.url())
    database = await Database.connect(own.url(), size=2)
    app = server.build(settings(tmp_path), database=database, clock=clock, wall=clock)
    async with Site.running(app, database, clock) as site:
        agent = await site.client(Role.AGENT)
        assert (await agent.get("/me")).status == 200
        own.kill()
        reply = await agent.get("/me")
        assert (reply.status, reply.headers.get("Retry-After")) == (503, "2"), reply.body
        ready = await site.nobody.get(f"{site.origin}/readyz")
        assert (ready.status, ready.json["status"]) == (503, "down")
        assert ready.json["parts"]["database"] != "ok"
        assert (await site.nobody.get(f"{site.origin}/healthz")).status == 200
        own = Postgres.start(service_folder / "own-pg")
        assert (await agent.get("/me")).status == 200
    await database.close()
    own.stop()
