"""One request to Asterisk's REST interface, and what its answers mean.

Knows HTTP, not telephony. The password travels in a header only, and no text given by a caller can become
another path or parameter.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Self, TypeAlias
from urllib.parse import quote

import aiohttp
from yarl import URL

log = logging.getLogger(__name__)

Scalar: TypeAlias = str | int | bool | None

TIMEOUT = aiohttp.ClientTimeout(total=5.0, sock_connect=2.0)
KEEP_ALIVE = 8.0
"""Seconds an idle connection is reused: Asterisk drops it after 15."""
CONNECTIONS = 20
"""Well under Asterisk's `sessionlimit`."""
DENIED_PAUSE = 5.0
"""Seconds between two tries with a password Asterisk refused."""


class AriError(Exception):
    """Asterisk did not do it. `status` is the HTTP status, 0 when there was no answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message


class NotFoundError(AriError):
    """404: the channel, bridge or playback is not there, or not any more."""


class ConflictError(AriError):
    """409: the id is taken, or the channel is not in Stasis."""


class DeniedError(AriError):
    """401 or 403: the account is wrong."""


class RejectedError(AriError):
    """400, 422 and the like: the request itself is wrong."""


class UnavailableError(AriError):
    """No answer, or a 5xx: the command may or may not have worked."""


ERRORS: Mapping[int, type[AriError]] = {
    401: DeniedError,
    403: DeniedError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
}


class Rest:
    """The connection pool to one Asterisk, as an async context manager. `url` ends with `/ari`."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url.rstrip("/")
        self._headers = {"Authorization": aiohttp.encode_basic_auth(user, password)}
        self._http: aiohttp.ClientSession | None = None
        self._denied_until = 0.0

    @property
    def http(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise RuntimeError("the ARI client is not open")
        return self._http

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(
            headers=self._headers,
            timeout=TIMEOUT,
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()
        self._http = None

    def address(self, *path: str) -> URL:
        """The address of a resource; every part of the path is one part, whatever is in it."""
        parts = "/".join(quote(part, safe="") for part in path)
        return URL(f"{self.url}/{parts}", encoded=True)

    async def request(
        self,
        method: str,
        *path: str,
        params: Mapping[str, Scalar] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> object:
        """The decoded answer, None for an empty one. Raises the AriError that fits; parameters that are
        None are left out."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._denied_until:
            raise DeniedError(401, "refused a moment ago; not asked again yet")
        query = {key: _parameter(value) for key, value in (params or {}).items() if value is not None}
        try:
            async with self.http.request(method, self.address(*path), params=query, json=body) as answer:
                if answer.status < 300:
                    return await answer.json() if answer.status != 204 else None
                message = await _message(answer)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise UnavailableError(0, type(error).__name__) from error
        kind = ERRORS.get(answer.status) or (UnavailableError if answer.status >= 500 else RejectedError)
        if kind is DeniedError:
            self._denied_until = loop.time() + DENIED_PAUSE
            log.error("Asterisk refuses our ARI account", extra={"status": answer.status})
        raise kind(answer.status, message)


def _parameter(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


async def _message(answer: aiohttp.ClientResponse) -> str:
    try:
        content = await answer.json(content_type=None)
    except ValueError:
        return answer.reason or ""
    message = content.get("message") if isinstance(content, dict) else None
    return message[:200] if isinstance(message, str) else answer.reason or ""
