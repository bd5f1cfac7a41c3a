"""A real Asterisk for these tests: one of our own, or the one that CALLCENTER_TEST_ASTERISK names.

CALLCENTER_TEST_ASTERISK is a JSON file with the fields of `AsteriskAddress` (docs/telephony.md).
"""

import os
import re
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from callcenter.lab.asterisk import Asterisk, AsteriskAddress
from callcenter.lab.console import Console, ConsoleError
from callcenter.lab.environment import prepare
from callcenter.lab.phone import Call, Manner, Phone
from callcenter.lab.root import AsteriskTree
from callcenter.lab.rtp import Say
from callcenter.lab.site import AgentPhone
from callcenter.lab.speech import speak_alaw
from tests.asterisk.fakes import Cel

PHONES = tuple(AgentPhone(str(number), f"lab-{number}") for number in range(8000, 8010))
ANSWERS = Manner()
RING = 5
QUICK = {"CC_STICKY_RING": "5", "CC_AGI_DEADLINE": "2", "CC_LEASE": "3", "CC_FALLBACK_MAX": "20", "CC_QUEUE_MAX": "20"}


@pytest.fixture(scope="session")
def prepared() -> tuple[AsteriskTree, Path]:
    """Asterisk and its prompts, for instances of our own."""
    if "CALLCENTER_TEST_ASTERISK" in os.environ:
        pytest.skip("starts and stops an Asterisk of its own: not with CALLCENTER_TEST_ASTERISK")
    return prepare(print)


@pytest.fixture(scope="session")
def asterisk_tree(prepared: tuple[AsteriskTree, Path]) -> AsteriskTree:
    return prepared[0]


@pytest.fixture(scope="session")
def new_asterisk(
    prepared: tuple[AsteriskTree, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Asterisk]]:
    """Makes (and does not start) an instance with short deadlines; all of them are stopped at the end."""
    made: list[Asterisk] = []
    asterisk_tree, prompts = prepared

    def make(**settings: str) -> Asterisk:
        instance = Asterisk.create(
            tmp_path_factory.mktemp("ast"),
            asterisk_tree,
            sounds=prompts,
            phones=PHONES,
            fallback=("PJSIP/desk-8000",),
            ring=RING,
            settings={**QUICK, **settings},
        )
        made.append(instance)
        return instance

    yield make
    for instance in made:
        instance.kill()


@pytest.fixture(scope="session")
def asterisk(request: pytest.FixtureRequest) -> AsteriskAddress:
    """A running Asterisk that all tests share: they may call it, not stop it."""
    if named := os.environ.get("CALLCENTER_TEST_ASTERISK"):
        return AsteriskAddress.load(Path(named))
    make: Callable[..., Asterisk] = request.getfixturevalue("new_asterisk")
    instance = make()
    instance.start()
    return instance.address


@pytest.fixture(autouse=True)
def left_as_found(request: pytest.FixtureRequest) -> Iterator[None]:
    """The Asterisk that all share is handed on without calls and without queue members that somebody added."""
    yield
    if "asterisk" in request.fixturenames:
        address: AsteriskAddress = request.getfixturevalue("asterisk")
        with Console(address.console) as console:
            tidy(console)


def tidy(console: Console) -> None:
    """Ends all calls, takes all added members out of the queues."""
    queue = ""
    for line in console.command("queue show").splitlines():
        if line[:1].strip():
            queue = line.split()[0]
        elif "(dynamic)" in line and (member := re.search(r"(PJSIP/[\w-]+)", line)):
            with suppress(ConsoleError):  # its owner took it out just now
                console.action("QueueRemove", Queue=queue, Interface=member[1])
    deadline = time.monotonic() + 10
    while not console.command("core show channels count").startswith("0 active channels"):
        console.command("channel request hangup all")
        assert time.monotonic() < deadline, "calls that cannot be ended"
        time.sleep(0.1)


@pytest.fixture
def cel(asterisk: AsteriskAddress) -> Cel:
    """The CEL rows of this test alone."""
    return Cel(asterisk.cel)


@pytest.fixture(scope="session")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("voices")


@pytest.fixture(scope="session")
def hum(voices: Path) -> Callable[[float], Say]:
    def make(frequency: float) -> Say:
        path = voices / f"{frequency:.0f}.al"
        if not path.exists():
            command = ["sox", "-n", "-r", "8000", "-c", "1", "-t", "al", str(path)]
            subprocess.run([*command, "synth", "20", "sine", str(frequency), "gain", "-10"], check=True)
        return Say(path)

    return make


@pytest.fixture
def complaint(voices: Path) -> Say:
    return Say(speak_alaw("我要投诉，业务员销售时承诺保本。", voices, lead=0.2))


@pytest.fixture
def greeting(voices: Path) -> Say:
    return Say(speak_alaw("您好，请讲。", voices))


@pytest.fixture
async def phone(asterisk: AsteriskAddress) -> AsyncIterator[Callable[..., Awaitable[Phone]]]:
    """Registers an agent's desk phone; all are taken back after the test."""
    async with AsyncExitStack() as stack:

        async def plug_in(extension: str, manner: Manner | Callable[[Call], Manner] = ANSWERS) -> Phone:
            password = next(one.password for one in asterisk.phones if one.extension == extension)
            server = (asterisk.host, asterisk.sip_port)
            return await stack.enter_async_context(
                Phone(server, name=f"desk-{extension}", password=password, manner=manner, host=asterisk.here)
            )

        yield plug_in


@pytest.fixture
async def carrier(asterisk: AsteriskAddress) -> AsyncIterator[Callable[..., Awaitable[Phone]]]:
    """The customers behind the trunk: one phone at the carrier's address, its manner chosen by number."""
    async with AsyncExitStack() as stack:

        async def connect(manner: Manner | Callable[[Call], Manner]) -> Phone:
            server = (asterisk.host, asterisk.sip_port)
            return await stack.enter_async_context(
                Phone(server, manner=manner, port=asterisk.trunk_port, host=asterisk.here)
            )

        yield connect


@pytest.fixture
def members(asterisk: AsteriskAddress) -> Iterator[Callable[[str, str], None]]:
    """Puts a desk phone into a queue, until the end of the test."""
    added: list[tuple[str, str]] = []

    def add(extension: str, queue: str) -> None:
        with Console(asterisk.console) as console:
            with suppress(ConsoleError):  # left there by whoever used this Asterisk before
                console.action("QueueRemove", Queue=queue, Interface=f"PJSIP/desk-{extension}")
            console.action("QueueAdd", Queue=queue, Interface=f"PJSIP/desk-{extension}")
        added.append((extension, queue))

    yield add
    with Console(asterisk.console) as console:
        for extension, queue in added:
            console.action("QueueRemove", Queue=queue, Interface=f"PJSIP/desk-{extension}")
