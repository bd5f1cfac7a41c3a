"""Connections that never finish asking. Must never end one whose first request has been read whole (H10).

aiohttp waits for ever for the head of a first request: without this a handful of clients who send a byte now and then
would hold every descriptor there is.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

log = logging.getLogger(__name__)

HEAD_SECONDS = 15.0
"""A new connection has so long to send the head of its first request."""
IDLE_SECONDS = 75.0
"""A connection that has asked is kept so long for the next request."""
LOOK_EVERY = 1.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Runner(web.AppRunner):
    """Serves the application, and lets go of who connects and does not ask."""

    def __init__(self, app: web.Application, **options: Any) -> None:
        super().__init__(app, keepalive_timeout=IDLE_SECONDS, **options)
        self._since: dict[Any, float] = {}
        self._asked: set[Any] = set()
        self._looking: asyncio.TimerHandle | None = None

        @web.middleware
        async def heard(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._asked.add(request.protocol)
            return await handler(request)

        app.middlewares.insert(0, heard)

    async def setup(self) -> None:
        """Starts looking, once the application has started."""
        await super().setup()
        self._look()

    async def cleanup(self) -> None:
        """Stops looking, then the application."""
        if self._looking is not None:
            self._looking.cancel()
        await super().cleanup()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        connections = [] if self.server is None else self.server.connections
        self._since = {one: self._since.get(one, now) for one in connections}
        self._asked.intersection_update(self._since)
        late = [one for one, since in self._since.items() if one not in self._asked and now - since > HEAD_SECONDS]
        for one in late:
            one.force_close()
        if late:
            log.warning("clients who did not ask were let go", extra={"connections": len(late)})
        self._looking = loop.call_later(LOOK_EVERY, self._look)
