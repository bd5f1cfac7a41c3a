"""Somebody who uses the public API over HTTP, as the demonstration's people do. Must never know the database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp

API = "/api/v1"
POLL = 0.2


class StoryError(Exception):
    """A part of the demonstration did not happen; the text says which, and what was seen instead."""


class NotThereError(StoryError):
    """What was asked for is not there, or not yet."""


@dataclass(frozen=True)
class Person:
    """A person logged in with a bearer token."""

    login: str
    session: aiohttp.ClientSession
    url: str
    token: str

    async def get(self, path: str, **params: str) -> Any:
        """The answer to a reading request."""
        return await self._ask("GET", path, params=params)

    async def find(self, path: str) -> Any:
        """The answer to a reading request, or None while there is no such thing."""
        try:
            return await self._ask("GET", path)
        except NotThereError:
            return None

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer to a request that acts or creates, under a key of its own."""
        return await self._ask("POST", path, json=dict(body) if body is not None else None)

    async def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return await self._ask("PUT", path, json=dict(body))

    async def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        return await self._ask("PATCH", path, json=dict(body))

    async def _ask(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(uuid4())}
        async with self.session.request(method, self.url + API + path, headers=headers, **options) as answer:
            content = await answer.json(content_type=None) if answer.status != 204 else None
            if answer.status >= 400:
                kind = NotThereError if answer.status == 404 else StoryError
                raise kind(f"{self.login}: {method} {path} was answered {answer.status}: {content}")
            return content


@asynccontextmanager
async def logged_in(url: str, password: str, *logins: str) -> AsyncIterator[tuple[Person, ...]]:
    """Logs everybody in. Raises StoryError when somebody may not."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield tuple([await _log_in(session, url, login, password) for login in logins])


async def _log_in(session: aiohttp.ClientSession, url: str, login: str, password: str) -> Person:
    async with session.post(f"{url}{API}/session", json={"user": login, "password": password}) as answer:
        content = await answer.json(content_type=None)
        if answer.status != 201:
            raise StoryError(f"{login} cannot log in: {answer.status} {content}")
        return Person(login, session, url, content["token"])


async def until(what: str, look: Callable[[], Awaitable[Any]], within: float = 30.0) -> Any:
    """Looks again and again until it finds something true. Raises StoryError after `within` seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    while True:
        if found := await look():
            return found
        if loop.time() > end:
            raise StoryError(f"after {within:.0f} s still not: {what}")
        await asyncio.sleep(POLL)
