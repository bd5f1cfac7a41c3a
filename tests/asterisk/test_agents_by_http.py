"""A day of two agents and their supervisor, all by the public interface: our processes, a real switch, SIP phones."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from callcenter.accounts import passwords
from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock, SystemClock
from callcenter.db.pool import Database
from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.phone import Call, Manner, Phone
from callcenter.lab.ports import free_tcp
from tests.asterisk.office import hears, joined, members_of, separate, settings, until
from tests.service.site import HOME, PASSWORD, Client, person, populate

pytestmark = pytest.mark.asterisk

Plug = Callable[..., Awaitable[Phone]]
CUSTOMER, FRIEND, CALLED_BACK = "13800139001", "13800139002", "13800139003"
DIALLED = "95519002"
QUEUE = "cc-claims"


@dataclass
class Somebody:
    """A person logged in at the interface, with a telephone."""

    client: Client
    phone: Phone

    async def get(self, path: str) -> Any:
        reply = await self.client.get(path)
        assert reply.status == 200, reply.body
        return reply.json

    async def does(self, path: str, body: Any = None) -> Any:
        reply = await self.client.post(path, body)
        assert reply.status in (200, 201, 204), (path, reply.status, reply.body)
        return reply.json

    async def refused(self, path: str, body: Any = None) -> tuple[int, Any]:
        reply = await self.client.post(path, body)
        return reply.status, reply.code

    async def is_now(self, state: str, activity: str = "idle") -> None:
        """Waits until the board shows the person so."""

        async def shown() -> bool:
            board = await self.get("/agents/me")
            return (board["state"], board["activity"]) == (state, activity)

        await until(shown)

    async def finds_free(self, extension: str) -> None:
        """Waits until a colleague's telephone could be rung."""

        async def free() -> bool:
            colleagues = (await self.get("/colleagues?at_work=true"))["items"]
            return (extension, "free") in {(each["extension"], each["telephone"]) for each in colleagues}

        await until(free)

    async def sees(self, call: str, what: Callable[[Any], object]) -> Any:
        """Waits until the whole of the call has what is looked for, and returns the call."""

        async def seen() -> Any:
            whole = await self.get(call)
            return whole if what(whole) else None

        return await until(seen)

    async def hears_of(self, call: str, role: str, endpoint: str) -> None:
        """Waits until somebody of that role is on the call."""

        def there(whole: Any) -> bool:
            return any(
                (leg["role"], leg["endpoint"]) == (role, endpoint) and leg["answered_at"] and not leg["ended_at"]
                for leg in whole["legs"]
            )

        await self.sees(call, there)


Company = Callable[[str, str, Role], Awaitable[Somebody]]


@asynccontextmanager
async def company(environ: dict[str, str], database: Database, folder: Path, phone: Plug) -> AsyncIterator[Company]:
    """Our web and telephony processes as in production, and people who log in there with name and password."""
    clock = ManualClock(SystemClock().now())
    port = free_tcp()
    async with AsyncExitStack() as stack:
        async with database.transaction() as conn:
            await populate(conn, clock)
        for role in ("telephony", "serve"):
            environ = environ | {"CALLCENTER_WEB_PORT": str(port)}
            process = await stack.enter_async_context(separate(environ, folder, role))
            await process.start()
        session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        nobody = Client(session, f"http://127.0.0.1:{port}/api/v1", {})
        await until(lambda: '"serving"' in (folder / "serve.log").read_text())
        await until(lambda: hears(database))

        async def employ(login: str, extension: str, role: Role) -> Somebody:
            hashed = await passwords.hashed(PASSWORD)
            async with database.transaction() as conn:
                await person(conn, clock, (role,), HOME, login=login, extension=extension, password_hash=hashed)
            opened = await nobody.post("/session", {"user": login, "password": PASSWORD})
            assert opened.status == 201, opened.body
            token = {"Authorization": f"Bearer {opened.json['token']}"}
            return Somebody(Client(session, nobody.url, token), await phone(extension))

        yield employ


async def ends(call: Call) -> None:
    async with asyncio.timeout(10):
        await call.ended.wait()


async def test_a_day_of_agents_by_the_interface(
    asterisk: AsteriskAddress,
    database: Database,
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    phone: Plug,
    carrier: Plug,
) -> None:
    """Everything an agent and a supervisor do with calls, one after the other on the same customer; one capture."""
    environ = settings(asterisk, database_url, redis_url, tmp_path) | {
        "CALLCENTER_LINES_DIRECT": f"{DIALLED}={QUEUE}",
        "CALLCENTER_AGENTS_WRAP_UP": "120",
    }
    async with company(environ, database, tmp_path, phone) as employ:
        outside = await carrier(Manner(ring=0.1))
        first = await employ("first", "8001", Role.AGENT)
        second = await employ("second", "8002", Role.AGENT)
        supervisor = await employ("supervisor", "8009", Role.SUPERVISOR)

        for agent in (first, second):
            shown = await agent.does("/agents/me/actions/log-in", {"queues": [QUEUE], "pause": "training"})
            assert (shown["state"], shown["reason"], shown["telephone_registered"]) == ("paused", "training", True)
        await first.does("/agents/me/actions/ready")
        await second.does("/agents/me/actions/pause", {"reason": "paperwork"})
        await joined(asterisk, QUEUE, "8001")
        await joined(asterisk, QUEUE, "8002", paused=True)
        board = (await supervisor.get("/agents?at_work=true"))["items"]
        assert {(each["extension"], each["state"], each["reason"]) for each in board} == {
            ("8001", "ready", None),
            ("8002", "paused", "paperwork"),
        }

        customer = await outside.dial(DIALLED, caller=CUSTOMER)
        at_first = await first.phone.next_call()
        await first.is_now("ready", "talking")
        (live,) = (await first.get("/calls?state=live"))["items"]
        call = f"/calls/{live['id']}"
        shown = await first.get(call)
        assert (shown["caller"], shown["dialled"], shown["queue"]) == (CUSTOMER, DIALLED, QUEUE)

        for action in ("hold", "unhold", "mute-recording", "unmute-recording"):
            await first.does(f"{call}/actions/{action}", {} if action.startswith("mute") else None)
        assert await second.refused(f"{call}/actions/hangup") == (403, "not_on_call")
        assert await first.refused(f"{call}/actions/transfer", {"manner": "cancel"}) == (409, "no_consultation")

        await supervisor.does(f"{call}/actions/listen")
        listening = await supervisor.phone.next_call()
        await supervisor.hears_of(call, "supervisor", "desk-8009")
        for action in ("whisper", "barge"):
            await supervisor.does(f"{call}/actions/{action}")
        await supervisor.does(f"{call}/actions/hangup")
        await ends(listening)
        assert len(supervisor.phone.calls) == 1

        await first.does(f"{call}/actions/conference", {"with": "8002"})
        at_second = await second.phone.next_call()
        await first.hears_of(call, "consult", "desk-8002")
        await first.does(f"{call}/actions/conference", {"with": FRIEND})
        friend = await outside.next_call()
        await first.hears_of(call, "consult", "trunk-main")
        await second.does(f"{call}/actions/hangup")
        await ends(at_second)

        for to in (FRIEND, "8777"):
            assert await first.refused(f"{call}/actions/transfer", {"manner": "blind", "to": to}) == (422, "bad_target")
        await first.finds_free("8002")
        await first.does(f"{call}/actions/transfer", {"manner": "blind", "to": "8002"})
        at_second = await second.phone.next_call()
        for left in (at_first, friend):
            await ends(left)
        await first.is_now("wrap_up")
        await second.is_now("paused", "talking")
        await first.does("/agents/me/actions/ready")
        await joined(asterisk, QUEUE, "8001")

        await second.does(f"{call}/actions/transfer", {"manner": "consult", "to": "8001"})
        consulted = await first.phone.next_call()
        await first.is_now("ready", "talking")
        await second.does(f"{call}/actions/transfer", {"manner": "cancel"})
        await ends(consulted)
        await first.is_now("wrap_up")
        await first.does("/agents/me/actions/ready")
        await joined(asterisk, QUEUE, "8001")

        await second.does(f"{call}/actions/transfer", {"manner": "consult", "to": QUEUE})
        consulted = await first.phone.next_call()
        await first.is_now("ready", "talking")
        await second.does(f"{call}/actions/transfer", {"manner": "complete"})
        await ends(at_second)
        await second.is_now("paused")
        assert not customer.ended.is_set()

        await first.does(f"{call}/actions/hangup")
        await ends(consulted)
        await first.is_now("wrap_up")
        await customer.hang_up()

        asked = await second.does("/calls", {"number": CALLED_BACK})
        at_second = await second.phone.next_call()
        called_back = await outside.next_call()
        assert called_back.dialled == CALLED_BACK
        clicked = f"/calls/{asked['id']}"
        await second.sees(clicked, lambda whole: whole["state"] == "talking")
        await second.does(f"{clicked}/actions/hangup")
        for left in (at_second, called_back):
            await ends(left)
        await second.sees(clicked, lambda whole: whole["ended_at"])

        for agent in (first, second):
            assert (await agent.does("/agents/me/actions/log-out"))["state"] == "offline"
        await until(lambda: not members_of(asterisk, QUEUE))

        whole = await first.sees(call, lambda whole: whole["ended_at"])
        assert {event["kind"] for event in whole["events"]} >= {
            "held", "unheld", "recording_muted", "recording_unmuted", "listen", "whisper", "barge", "conference_asked",
            "transfer_asked", "consult_asked", "transfer_cancelled", "transfer_completed", "hangup_asked",
        }  # fmt: skip
        assert len(whole["segments"]) == len(whole["mutes"]) == 1
        (busy,) = [each["id"] for each in board if each["extension"] == "8001"]
        history = (await supervisor.get(f"/agents/{busy}/history"))["items"]
        assert {each["state"] for each in history} == {"paused", "ready", "wrap_up", "offline"}
        ended = (await supervisor.get("/calls?state=ended"))["items"]
        assert {each["direction"] for each in ended} == {"inbound", "click"}
