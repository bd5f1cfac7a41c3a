"""An agent's browser is a telephone: it registers with what the API gives, rings, is answered by a click, and both
sides speak and are recorded."""

import subprocess
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from agi.ari.commands import Ari
from callcenter.accounts import passwords
from callcenter.agents import store
from callcenter.clock import SystemClock
from callcenter.config import Config
from callcenter.db.pool import Database
from callcenter.ids import uuid7
from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.g711 import ALAW_SAMPLES
from callcenter.lab.phone import Call, Phone
from callcenter.lab.rtp import Press, Say
from callcenter.telephony import rest_of
from callcenter.web import server
from callcenter.web.keys import SWITCH
from tests.asterisk.browser import Telephone, add_page, program, telephone
from tests.asterisk.fakes import Cel, recorded, talked_to
from tests.asterisk.levels import LOUD, level, tone
from tests.asterisk.office import INSERT_AGENT, at_work, ended, members_of, of_call, settings, until
from tests.service.customers import organisations
from tests.service.site import PASSWORD, Site

pytestmark = pytest.mark.asterisk

EXTENSION, ENDPOINT, QUEUE = "8006", "web-8006", "cc-claims"
CALLERS = (f"1380013{number}" for number in count(8600))
AGENT = 700.0
"""Hertz of what the microphone hears."""
HEARD, SILENT = 300.0, 30.0
SPEECH = 0.001
"""Energy by the browser's measure: full loudness for a second is 1."""
PACKETS = 100
"""Two seconds of them."""


@dataclass
class Desk:
    """An agent's browser that is ready, and a customer's telephone."""

    browser: Telephone
    customer: Phone
    site: Site
    user: UUID

    async def me(self) -> Any:
        """What the API tells the agent of himself, by the browser's own session."""
        return await self.browser.page.evaluate("ask('GET', '/agents/me')")

    async def shows(self, activity: str) -> Any:
        """That, as soon as his telephone does so."""

        async def done() -> Any:
            me = await self.me()
            return me if me["activity"] == activity else None

        return await until(done)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Asked for first: where there is none, nothing is started."""
    return program()


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("microphone") / "agent.wav"
    shape = ("-r", "48000", "-c", "1", "-b", "16", str(file))
    subprocess.run(["sox", "-n", *shape, "synth", "10", "sine", str(AGENT), "gain", "-6"], check=True)
    return file


async def an_agent(database: Database) -> UUID:
    """With a password, an extension and a queue; logged in nowhere."""
    at = SystemClock().now()
    user, hashed = uuid7(at), await passwords.hashed(PASSWORD)
    async with database.transaction() as conn:
        await organisations(conn)
        await conn.execute(INSERT_AGENT, user, "browser", "王小明", ["agent"], EXTENSION, at)
        await conn.execute("UPDATE app_user SET password_hash = $1 WHERE id = $2", hashed, user)
        await store.set_queues(conn, user, [(QUEUE, 0)])
    return user


@asynccontextmanager
async def served(environ: dict[str, str], database: Database) -> AsyncIterator[Site]:
    """The HTTP server beside the switch."""
    config, clock = Config.load(environ=environ), SystemClock()
    app = server.build(config, database=database, clock=clock, wall=clock)
    async with rest_of(config) as rest:
        app[SWITCH] = Ari(rest)
        add_page(app)
        async with Site.running(app, database, clock) as site:
            yield site


@pytest.fixture
async def desk(
    chromium: str,
    asterisk: AsteriskAddress,
    database: Database,
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    microphone: Path,
) -> AsyncIterator[Desk]:
    environ = settings(asterisk, database_url, redis_url, tmp_path)
    user = await an_agent(database)
    async with (
        at_work(environ, database),
        served(environ, database) as site,
        telephone(chromium, site.origin, microphone) as browser,
        Phone((asterisk.host, asterisk.sip_port), host=asterisk.here) as customer,
    ):
        await browser.log_in("browser", PASSWORD)
        await until(lambda: members_of(asterisk, QUEUE).get(f"PJSIP/{ENDPOINT}") is False)
        yield Desk(browser, customer, site, user)


async def rings(desk: Desk, cel: Cel, caller: str) -> Call:
    """The customer rings the hotline and chooses claims; the agent's page rings."""
    call = await desk.customer.dial("95519", caller=caller)
    await cel.until("CC_NOTICE")
    call.say(Press("1"))
    await desk.browser.state("ringing")
    return call


def linear(alaw: bytes) -> bytes:
    return array("h", [ALAW_SAMPLES[code] for code in alaw]).tobytes()


async def talks(desk: Desk, call: Call, speech: Say) -> None:
    """The customer speaks until each has heard the other for two seconds."""
    before = len(call.media.heard)
    call.say(speech)

    async def both_are_heard() -> bool:
        told = await desk.browser.heard()
        return (
            min(told["packetsReceived"], told["packetsSent"]) > PACKETS
            and told["energyHeard"] > SPEECH
            and tone(linear(call.media.heard[before:]), AGENT) > HEARD
        )

    await until(both_are_heard)


async def test_the_browser_rings_both_sides_talk_and_both_are_recorded(
    desk: Desk, cel: Cel, database: Database, complaint: Say
) -> None:
    """INV-1"""
    caller = next(CALLERS)
    call = await rings(desk, cel, caller)
    assert await desk.browser.page.text_content("#caller") == caller
    await desk.shows("ringing")
    await desk.browser.page.click("#answer")
    await desk.browser.state("talking")
    await talks(desk, call, complaint)
    told = await desk.browser.heard()
    assert told["codec"] == "audio/PCMU"
    assert told["energySpoken"] > SPEECH
    me = await desk.shows("talking")
    assert (me["state"], me["endpoint"], me["telephone_registered"], me["warning"]) == ("ready", ENDPOINT, True, None)
    await desk.browser.page.click("#hang-up")
    await desk.browser.state("over")
    await call.hang_up()
    (row,) = await ended(database, caller)
    assert (row["id"], row["user_id"], row["queue"]) == (UUID(me["call_id"]), desk.user, QUEUE)
    legs = await of_call(database, "call_leg", row["id"])
    assert {(leg["role"], leg["endpoint"]) for leg in legs} == {("customer", "trunk-main"), ("agent", ENDPOINT)}
    assert all(leg["answered_at"] and leg["ended_at"] for leg in legs)
    assert (await desk.shows("idle"))["state"] == "wrap_up"
    assert talked_to(await cel.until("LINKEDID_END")) == {ENDPOINT}
    (segment,) = await of_call(database, "segment", row["id"])
    customer, agent = await recorded(segment["base"])
    assert level(customer) > LOUD
    assert tone(customer, AGENT) < SILENT
    assert tone(agent, AGENT) > HEARD
    assert desk.browser.said == []
