"""Twenty customers on the line at once, agents who answer some of them, and agents and a clerk who open tickets by the
API meanwhile, whatever dies. They know SIP and HTTP, and ask again until they are answered."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp

from callcenter.clock import SystemClock
from callcenter.db.pool import Database
from callcenter.demo import people
from callcenter.demo.client import API, Person, StoryError, logged_in
from callcenter.ids import call_id
from callcenter.lab.callers import CallResult, ring_many
from callcenter.lab.environment import Environment, started
from callcenter.lab.phone import Manner, Phone
from callcenter.lab.rtp import Press, Say, Step, Wait
from callcenter.lab.site import AgentPhone
from callcenter.lab.speech import speak_alaw
from tests.asterisk.fakes import Row, extras
from tests.stories.witness import Witness, named

AGENTS = 8
FALLBACK = ("8090", "8091")
MENU = (4.5, 4.0)
"""Seconds from the answer until a caller presses, and until he does so again: the menu is read out by then."""
AGAIN = 0.25
TRY_AGAIN = {401, 404, 409, 429, 503}
"""What a client in an outage may be told: it asks again with the same key."""


@dataclass
class Clients:
    """People at the API who keep at it until a ticket is acknowledged; `acknowledged` are the keys of those."""

    people: tuple[Person, ...]
    acknowledged: set[UUID] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    repeated: int = 0

    async def open(self, who: Person, path: str, body: dict[str, Any]) -> Any:
        """One ticket under one key: asked for again and again until it is taken (201, 202)."""
        key = uuid4()
        headers = {"Authorization": f"Bearer {who.token}", "Idempotency-Key": str(key)}
        limit = aiohttp.ClientTimeout(total=10)
        while True:
            try:
                async with who.session.post(who.url + API + path, json=body, headers=headers, timeout=limit) as answer:
                    content = await answer.json(content_type=None)
                    self.answers[str(answer.status)] += 1
                    if answer.status in (201, 202):
                        self.acknowledged.add(key)
                        self.repeated += content["repeated"]
                        return content
                    assert answer.status in TRY_AGAIN, content
            except (aiohttp.ClientError, TimeoutError) as error:
                self.answers[type(error).__name__] += 1
            await asyncio.sleep(AGAIN)

    async def open_on(self, call: str) -> Any:
        """The agent's ticket on a call."""
        who = self.people[int(call_id(call)) % len(self.people)]
        return await self.open(who, f"/calls/{call_id(call)}/tickets", {"demand": "请尽快赔付"})

    async def open_letter(self) -> Any:
        """A clerk's ticket on a letter."""
        return await self.open(self.people[0], "/tickets", {"channel": "letter", "demand": "来信投诉"})

    async def open_letters(self, enough: asyncio.Event) -> None:
        """One letter after the other."""
        while not enough.is_set():
            await self.open_letter()
            await asyncio.sleep(0.05)


@dataclass
class Hotline:
    """The whole system at work, with its people; `witness` sees it from outside."""

    environment: Environment
    witness: Witness
    clients: Clients
    agents: tuple[Person, ...]
    voice: Say
    batch: int = 0

    @asynccontextmanager
    async def rush(self, calls: int = 20, *, stay: float = 15.0, letters: bool = True) -> AsyncIterator["Rush"]:
        """`calls` customers ring within two seconds; half of them complain by the menu, for the others an agent opens
        a ticket, and with `letters` a clerk never stops. The block runs while they are on the line; it ends when all
        have hung up."""
        self.batch += 1
        for agent in self.agents:
            with suppress(StoryError):
                await agent.post("/agents/me/actions/ready")
        known = set(self.witness.arrived())
        rush = Rush(self, known)
        keys = {"3": calls // 2, "0": calls // 4, "1": calls - calls // 2 - calls // 4}
        async with asyncio.TaskGroup() as tasks:
            enough = asyncio.Event()
            if letters:
                tasks.create_task(self.clients.open_letters(enough))
            desk = tasks.create_task(rush.serve_calls(calls))
            ringing = [tasks.create_task(self._ring(key, count, stay)) for key, count in keys.items() if count]
            await rush.until(lambda: len(rush.calls()) >= calls, "all have arrived")
            yield rush
            rush.results = [await each for each in ringing]
            await desk
            enough.set()

    async def _ring(self, key: str, count: int, stay: float) -> CallResult:
        numbers = tuple(f"139{self.batch:02d}{key}{index:05d}" for index in range(count))
        steps: tuple[Step, ...] = (Wait(MENU[0]), Press(key), Wait(MENU[1]), Press(key), Wait(0.5), self.voice)
        address = self.environment.asterisk.address
        return await ring_many(address, callers=numbers, steps=steps, stay=stay, rate=count / 2.0)

    def pid(self, role: str) -> int:
        """The process of that role, once it runs."""
        pid = self.environment.children[role].pid
        assert pid is not None, f"{role} does not run"
        return pid


@dataclass
class Rush:
    """One batch of calls."""

    hotline: Hotline
    before: set[str]
    results: list[CallResult] = field(default_factory=list)

    def calls(self) -> dict[str, str]:
        """Its calls so far → caller."""
        return {call: number for call, number in self.hotline.witness.arrived().items() if call not in self.before}

    def chose(self, key: str = "3") -> set[str]:
        """Those of its calls whose callers have pressed the key."""
        return self.hotline.witness.chose(key) & self.calls().keys()

    async def until(self, happened: Callable[[], object], what: str, within: float = 60.0) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        while not happened():
            assert loop.time() < end, f"after {within:.0f} s still not: {what}"
            await asyncio.sleep(0.05)

    async def until_found(self, look: Callable[[], Awaitable[object]], what: str, within: float = 60.0) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        while not await look():
            assert loop.time() < end, f"after {within:.0f} s still not: {what}"
            await asyncio.sleep(0.01)

    def degraded(self) -> set[str]:
        """Those of its calls that the fallback served."""
        return {row["linkedid"] for row in named(self._rows(), "CC_DEGRADED")}

    def queued(self, queue: str) -> set[str]:
        """Those of its calls that waited there."""
        found = named(self._rows(), "CC_QUEUED")
        return {row["linkedid"] for row in found if extras([row], "CC_QUEUED")[0][0] == queue}

    def talked(self) -> set[str]:
        """Those of its calls that an agent answered."""
        return {row["linkedid"] for row in named(self._rows(), "BRIDGE_ENTER")}

    def _rows(self) -> list[Row]:
        calls = self.calls()
        return [row for row in self.hotline.witness.rows() if row["linkedid"] in calls]

    async def serve_calls(self, calls: int) -> None:
        """For every caller who did not complain by the menu an agent opens a ticket, as soon as the call is known."""
        served: set[str] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                now = self.calls()
                for call, number in now.items():
                    if call not in served and number[5] != "3":
                        tasks.create_task(self.hotline.clients.open_on(call))
                    served.add(call)
                if len(served) >= calls:
                    return
                await asyncio.sleep(0.1)

    def failed(self) -> list[str]:
        """What SIPp counted as failed."""
        return [result.errors for result in self.results if not result.ok]


@asynccontextmanager
async def at_work(folder: Path) -> AsyncIterator[Hotline]:
    """Everything started, eight agents at their phones and ready, two phones in the fallback queue."""
    extensions = (*people.extensions(), *FALLBACK)
    phones = tuple(AgentPhone(extension, f"phone-{extension}") for extension in extensions)
    fallback = tuple(f"PJSIP/desk-{extension}" for extension in FALLBACK)
    async with AsyncExitStack() as stack:
        environment = await stack.enter_async_context(started(folder, print, phones=phones, fallback=fallback))
        database = await Database.connect(environment.postgres.url(), size=2)
        async with database.transaction() as conn:
            await people.load(conn, SystemClock().now())
        await database.close()
        voice = Say(await asyncio.to_thread(speak_alaw, "我要投诉，理赔一直没有结果。", folder))
        hello = Manner(ring=0.3, steps=(Say(await asyncio.to_thread(speak_alaw, "您好，请讲。", folder)),))
        address = environment.asterisk.address
        logins = tuple(f"agent{number:02d}" for number in range(1, AGENTS + 1))
        agents = await stack.enter_async_context(logged_in(environment.base_url, people.PASSWORD, *logins))
        desks = [(await agent.get("/me"))["extension"] for agent in agents]
        for extension in (*desks, *FALLBACK):
            await stack.enter_async_context(
                Phone(
                    (address.host, address.sip_port),
                    name=f"desk-{extension}",
                    password=f"phone-{extension}",
                    manner=hello,
                    host=address.here,
                )
            )
        for agent in agents:
            await agent.post("/agents/me/actions/log-in", {"phone": "desk"})
        settings = environment.settings
        witness = Witness(
            address,
            environment.postgres.url(),
            Path(settings["CALLCENTER_RECORDINGS_ARCHIVE_ROOT"]),
            Path(settings["CALLCENTER_SPOOL_FOLDER"]),
        )
        yield Hotline(environment, witness, Clients(agents), agents, voice)
