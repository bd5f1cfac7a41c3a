"""A switch as far as its REST interface and events go, with the habits measured on Asterisk 22.

Ids taken answer 409, commands on a channel outside Stasis 409, on none 404; a second connection for an
application silences the first after one ApplicationReplaced; nothing is replayed after a gap. What happens
on its lines the test says.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web

AT = "2026-11-22T11:08:04.123+0800"


def channel(name: str = "hl1-1795339143.5", **more: Any) -> dict[str, Any]:
    """A channel object as Asterisk 22 sends it."""
    return {
        "id": name,
        "name": "PJSIP/trunk-main-00000001",
        "state": "Up",
        "protocol_id": "a84b4c76e66710",
        "caller": {"name": "", "number": "13800138000"},
        "connected": {"name": "", "number": ""},
        "accountcode": "",
        "dialplan": {"context": "cc-in", "exten": "95519", "priority": 12, "app_name": "Stasis", "app_data": "cc"},
        "creationtime": AT,
        "language": "zh",
    } | more


def event(kind: str, **more: Any) -> dict[str, Any]:
    """An event object; channel events carry a channel unless told otherwise."""
    body = {"type": kind, "timestamp": AT, "asterisk_id": "02:42:ac:11:00:02", "application": "cc"}
    if "channel" not in more and kind.startswith(("Channel", "Stasis")):
        body["channel"] = channel()  # type: ignore[assignment]
    return {name: value for name, value in (body | more).items() if value is not ...}


class Switch:
    """The fake's state, for tests to look at and to change."""

    def __init__(self) -> None:
        self.url = ""
        self.sockets: dict[str, web.WebSocketResponse] = {}
        self.connections = 0
        self.queries: list[dict[str, str]] = []
        self.filters: dict[str, Any] = {}
        self.channels: dict[str, dict[str, Any]] = {}
        self.stasis: set[str] = set()
        self.requests: list[tuple[str, str]] = []
        self.authorisations: set[str] = set()
        self.refuse_with = 0
        self.answers_lost = 0
        self.commands: list[tuple[str, str, dict[str, str]]] = []
        self.registered: set[str] = set()

    @property
    def socket(self) -> web.WebSocketResponse:
        return self.sockets["cc"]

    async def emit(self, *events: dict[str, Any]) -> None:
        for one in events:
            await self.socket.send_json(one)

    def place(self, name: str) -> None:
        """A channel inside the application."""
        self.channels[name] = channel(name)
        self.stasis.add(name)

    # The interface

    @web.middleware
    async def habits(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests.append((request.method, request.raw_path))
        self.authorisations.add(request.headers.get("Authorization", ""))
        if self.refuse_with:
            return web.json_response({"message": "refused"}, status=self.refuse_with)
        answer: web.StreamResponse = await handler(request)
        if self.answers_lost and request.method != "GET":
            self.answers_lost -= 1
            assert request.transport is not None
            request.transport.abort()
        return answer

    async def events(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        application = request.query["app"]
        self.queries.append(dict(request.query))
        before = self.sockets.get(application)
        self.sockets[application] = socket
        self.connections += 1
        if before is not None and not before.closed:
            await before.send_json(event("ApplicationReplaced", application=application))
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                break
        if self.sockets.get(application) is socket:
            del self.sockets[application]
        return socket

    async def filter(self, request: web.Request) -> web.Response:
        self.filters[request.match_info["app"]] = await request.json()
        return web.json_response({})

    async def application(self, request: web.Request) -> web.Response:
        body = {"name": request.match_info["app"], "channel_ids": sorted(self.stasis), "bridge_ids": []}
        return web.json_response(body)

    async def originate(self, request: web.Request) -> web.Response:
        name = request.query["channelId"]
        if name in self.channels:
            return web.json_response({"message": "Channel with given unique ID already exists"}, status=409)
        application = request.query.get("app")
        if application is None or application in self.sockets:  # else it dies at once, answered 200 all the same
            self.channels[name] = channel(name)
        if application in self.sockets:
            self.stasis.add(name)
        return web.json_response(channel(name))

    async def one(self, request: web.Request) -> web.Response:
        found = self.channels.get(request.match_info["id"])
        if found is None:
            return web.json_response({"message": "Channel not found"}, status=404)
        app = "Stasis" if found["id"] in self.stasis else "Queue"
        return web.json_response(found | {"dialplan": {**found["dialplan"], "app_name": app}})

    async def endpoints(self, _: web.Request) -> web.Response:
        names = {"desk-8001", "web-8001", *self.registered}
        return web.json_response(
            [
                {"technology": "PJSIP", "resource": name, "state": "online" if name in self.registered else "offline",
                 "channel_ids": []}
                for name in sorted(names)
            ]
        )  # fmt: skip

    async def list(self, _: web.Request) -> web.Response:
        return web.json_response([*self.channels.values()])

    async def hangup(self, request: web.Request) -> web.Response:
        if self.channels.pop(request.match_info["id"], None) is None:
            return web.json_response({"message": "Channel not found"}, status=404)
        self.stasis.discard(request.match_info["id"])
        return web.Response(status=204)

    async def act(self, request: web.Request) -> web.Response:
        name, action = request.match_info["id"], request.match_info["action"]
        if name not in self.channels:
            return web.json_response({"message": "Channel not found"}, status=404)
        if name not in self.stasis:
            return web.json_response({"message": "Channel not in Stasis application"}, status=409)
        self.commands.append((name, action, dict(request.query)))
        if action == "continue":
            self.stasis.discard(name)
        return web.Response(status=204)


@asynccontextmanager
async def switched_on() -> AsyncIterator[Switch]:
    """The fake, listening on a port of its own; `url` is its ARI address."""
    switch = Switch()
    app = web.Application(middlewares=[switch.habits])
    app.add_routes(
        [
            web.get("/ari/events", switch.events),
            web.put("/ari/applications/{app}/eventFilter", switch.filter),
            web.get("/ari/applications/{app}", switch.application),
            web.get("/ari/endpoints", switch.endpoints),
            web.post("/ari/channels", switch.originate),
            web.get("/ari/channels", switch.list),
            web.get("/ari/channels/{id}", switch.one),
            web.delete("/ari/channels/{id}", switch.hangup),
            web.post("/ari/channels/{id}/{action}", switch.act),
        ]
    )
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    switch.url = f"http://{host}:{port}/ari"
    try:
        yield switch
    finally:
        for socket in tuple(switch.sockets.values()):
            await socket.close()
        await runner.cleanup()
