"""A running HTTP server and people of every role, for tests of the interface.

`site.client(Role.AGENT)` is logged in as the agent of Guangzhou, counter A; every role has a person there, and one at
headquarters (`site.client(Role.AGENT, "hq")`).
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from uuid import UUID, uuid4

import aiohttp
from aiohttp import web

from callcenter.accounts import store
from callcenter.accounts.permissions import Role
from callcenter.accounts.sessions import INSERT_SESSION, SESSION_PREFIX, digest, new_token
from callcenter.accounts.store import Organisation, User
from callcenter.clock import ManualClock
from callcenter.config import AttachmentsConfig, Config, ExportsConfig, SpoolConfig
from callcenter.db.pool import Connection, Database
from callcenter.ids import uuid7
from callcenter.web import server
from tickets.categories import Department

ORGANISATIONS = (
    Organisation("hq", "hq", None, "总公司", "hq/"),
    Organisation("gd", "province", "hq", "广东分公司", "hq/gd/"),
    Organisation("gd-gz", "city", "gd", "广州中心支公司", "hq/gd/gd-gz/"),
    Organisation("gd-gz-a", "counter_a", "gd-gz", "广州甲柜面", "hq/gd/gd-gz/gd-gz-a/"),
    Organisation("sc", "province", "hq", "四川分公司", "hq/sc/"),
    Organisation("sc-cd", "city", "sc", "成都中心支公司", "hq/sc/sc-cd/"),
)
PATHS = {organisation.id: organisation.path for organisation in ORGANISATIONS}
HOME = "gd-gz"
ELSEWHERE = "sc-cd"
PASSWORD = "Correct-Horse-7"
PASSWORD_HASH = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$"
"""Overwritten by a real one in tests that log in."""


async def populate(conn: Connection, clock: ManualClock) -> None:
    """Organisations of two provinces."""
    for organisation in ORGANISATIONS:
        await store.add_organisation(conn, organisation)


async def person(conn: Connection, clock: ManualClock, roles: tuple[Role, ...], where: str, **others: Any) -> User:
    """A new person with the roles at the organisation."""
    user_id = uuid7(clock.now())
    made = User(
        id=user_id,
        login=others.get("login", f"{roles[0] if roles else 'none'}.{where}.{user_id.hex[-6:]}".replace("_", "-")),
        name=others.get("name", "测试员"),
        organisation_id=where,
        path=PATHS[where],
        roles=tuple(str(role) for role in roles),
        extension=others.get("extension"),
        phone="desk",
        active=True,
        created_at=clock.now(),
        version=1,
        department=others.get("department"),
        manager_id=others.get("manager_id"),
    )
    await store.add_user(conn, made, others.get("password_hash", PASSWORD_HASH))
    return made


async def session_of(conn: Connection, clock: ManualClock, user: User, kind: str = "bearer") -> str:
    """The token of a new session of the person."""
    token = new_token(SESSION_PREFIX)
    at = clock.now()
    await conn.fetchval(
        INSERT_SESSION, uuid7(at), digest(token), user.id, kind, at, at + timedelta(hours=12), "127.0.0.1", "test"
    )
    return token


@dataclass(slots=True)
class Client:
    """Somebody who sends requests; answers come with their body read."""

    session: aiohttp.ClientSession
    url: str
    headers: dict[str, str]
    user: User | None = None

    async def __call__(self, method: str, path: str, **options: Any) -> "Reply":
        headers = {**self.headers, **options.pop("headers", {})}
        if method == "POST":
            headers.setdefault("Idempotency-Key", str(uuid4()))
        target = path if path.startswith("http") else self.url + path
        async with self.session.request(method, target, headers=headers, **options) as response:
            return Reply(response.status, response.headers, await response.read(), await _json(response))

    async def get(self, path: str, **options: Any) -> "Reply":
        return await self("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> "Reply":
        return await self("POST", path, json=json, **options)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    json: Any

    @property
    def code(self) -> Any:
        return self.json.get("code") if isinstance(self.json, dict) else None


async def _json(response: aiohttp.ClientResponse) -> Any:
    return await response.json(content_type=None) if "json" in response.content_type else None


def settings(folder: Path, **others: Any) -> Config:
    """Settings of a test's own server: what it spools and keeps stays with the test; exports need no approval."""
    others.setdefault("attachments", AttachmentsConfig(folder / "attachments", minimum_free=0))
    others.setdefault("exports", ExportsConfig(second_person=False))
    return Config(mode="test", spool=SpoolConfig(folder / "ticket-spool"), **others)


@dataclass(slots=True)
class Site:
    """The running server."""

    app: web.Application
    database: Database
    clock: ManualClock
    origin: str
    session: aiohttp.ClientSession
    people: dict[tuple[Role, str, Department | None], Client] = field(default_factory=dict)

    @property
    def nobody(self) -> Client:
        """Somebody without a token."""
        return Client(self.session, f"{self.origin}/api/v1", {})

    async def client(self, *roles: Role, where: str = HOME, department: Department | None = None) -> Client:
        """A person with the roles, logged in with a bearer token; the same one each time for a single role."""
        if len(roles) == 1 and (roles[0], where, department) in self.people:
            return self.people[roles[0], where, department]
        async with self.database.transaction() as conn:
            user = await person(conn, self.clock, roles, where, department=department)
            token = await session_of(conn, self.clock, user)
        made = Client(self.session, self.nobody.url, {"Authorization": f"Bearer {token}"}, user)
        if len(roles) == 1:
            self.people[roles[0], where, department] = made
        return made

    async def with_token(self, token: str) -> Client:
        return Client(self.session, self.nobody.url, {"Authorization": f"Bearer {token}"})

    @classmethod
    @asynccontextmanager
    async def running(cls, app: web.Application, database: Database, clock: ManualClock) -> AsyncIterator[Self]:
        """Serves the application on a free port."""
        async with database.transaction() as conn:
            if await conn.fetchval("SELECT count(*) FROM organisation") == 0:
                await populate(conn, clock)
        runner = server.runner(app)
        await runner.setup()
        listener = web.TCPSite(runner, "127.0.0.1", 0)
        await listener.start()
        port = runner.addresses[0][1]
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield cls(app, database, clock, f"http://127.0.0.1:{port}", session)
        await runner.cleanup()


NO_ID = UUID(int=1)
