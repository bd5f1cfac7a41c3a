"""The AGI session against a real Asterisk: values, results, hang-ups, as the switch itself gives them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from agi.actions import Actions
from agi.ami import Account, Ami, connected
from agi.ari.rest import Rest
from agi.protocol import MAX_COMMAND
from agi.server import Route, Server, listen
from agi.session import AGIAppError, AGIResultHangup, AGIUsageError, Session
from callcenter.lab.asterisk import AsteriskAddress
from tests.fakes.waiting import until

pytestmark = pytest.mark.asterisk

Script = Callable[[Session], Awaitable[None]]


@pytest.fixture
async def ami(asterisk: AsteriskAddress) -> AsyncIterator[Ami]:
    console = asterisk.console
    async with connected(Account(console.host, console.port, console.user, console.password)) as ami:
        async with asyncio.timeout(5):
            await ami.up.wait()
        yield ami


async def all_quiet(ami: Ami) -> None:
    """No channel is left for the next test."""
    async with asyncio.timeout(10):
        while channels := await ami.listing("CoreShowChannels"):
            for channel in channels:
                await Actions(ami).hangup(channel.get("Channel"))
            await asyncio.sleep(0.02)


async def ring(
    asterisk: AsteriskAddress, ami: Ami, script: Script, during: Callable[[Server], Awaitable[None]]
) -> Server:
    """A caller in `cc-in`, whose greet is the script under test; hung up at the end."""
    async with listen({"greet": Route(script, 5)}, host=asterisk.here, port=asterisk.agi_port, drain=1) as server:
        await ami.action("Originate", Channel="Local/95519@cc-in/n", Application="Wait", Data="20", Async=True)
        try:
            await during(server)
        finally:
            await all_quiet(ami)
    return server


async def run(asterisk: AsteriskAddress, ami: Ami, script: Script) -> Server:
    ended = asyncio.Event()

    async def until_the_end(session: Session) -> None:
        try:
            await script(session)
        finally:
            ended.set()

    async def wait(_: Server) -> None:
        async with asyncio.timeout(8):
            await ended.wait()

    return await ring(asterisk, ami, until_the_end, wait)


AWKWARD = [
    'say "x"',
    "\\",
    '\\"',
    "${EPOCH}",
    "$[1+1]",
    "王小明，“投诉”",
    "a) (b",
    "a;b|c,d",
    " lead and trail ",
    "%s%n",
    "'",
]


async def test_awkward_values_round_trip_and_nothing_in_them_is_expanded(asterisk: AsteriskAddress, ami: Ami) -> None:
    """A12 A18"""
    got: list[str] = []

    async def script(session: Session) -> None:
        for value in AWKWARD:
            await session.set_variable("CC_T", value)
            got.append(await session.get_variable("CC_T"))

    await run(asterisk, ami, script)
    assert got == AWKWARD


async def test_the_longest_command_we_send_is_one_command(asterisk: AsteriskAddress, ami: Ami) -> None:
    """A17"""
    got: list[str] = []
    value = "x" * (MAX_COMMAND - len('SET VARIABLE "CC_T" ""\n'))

    async def script(session: Session) -> None:
        await session.set_variable("CC_T", value)
        got.append(await session.get_full_variable("${CC_T}"))
        assert value.startswith(await session.get_variable("CC_T"))  # cut at 1,023 by Asterisk

    await run(asterisk, ami, script)
    assert got == [value]


async def test_a_value_with_a_line_break_does_not_shift_the_replies(asterisk: AsteriskAddress, ami: Ami) -> None:
    """A11: AGI cannot make such a value, ARI can."""
    got: list[str] = []

    async def script(session: Session) -> None:
        got.append(await session.get_variable("CC_BROKEN"))
        got.append(await session.get_variable("CC_DID"))

    async with Rest(asterisk.ari_url, asterisk.ari_user, asterisk.ari_password) as rest:
        value = {"variable": "CC_BROKEN", "value": "uid=1\nHANGUP"}
        await rest.request("POST", "asterisk", "variable", params=value)
    await run(asterisk, ami, script)
    assert got == ["uid=1\nHANGUP", "95519"]


async def test_refusals_are_typed_as_asterisk_says_them(asterisk: AsteriskAddress, ami: Ami) -> None:
    """A9 A10"""
    got: list[object] = []

    async def attempt(what: Awaitable[object]) -> None:
        try:
            got.append(await what)
        except Exception as error:
            got.append(type(error))

    async def script(session: Session) -> None:
        await attempt(session.execute("WAIT FOR DIGIT"))
        await attempt(session.appexec("NoSuchApplication"))
        await attempt(session.get_variable("CC_NEVER_SET"))
        await attempt(session.stream_file("cc/no-such-prompt"))
        await attempt(session.channel_status())
        await attempt(session.channel_status("PJSIP/none-1"))
        await attempt(session.is_hung_up())

    await run(asterisk, ami, script)
    assert got == [AGIUsageError, AGIAppError, "", AGIAppError, 6, -1, False]


async def test_a_hang_up_ends_the_session(asterisk: AsteriskAddress, ami: Ami) -> None:
    """A13 F9: with AGIEXITONHANGUP=yes Asterisk closes; what was under way is a hang-up, not an error."""
    got: list[object] = []
    waiting = asyncio.Event()

    async def script(session: Session) -> None:
        waiting.set()
        try:
            await session.wait_for_digit(10_000)
        except AGIAppError as error:
            got.append(type(error))
            got.append(await session.is_hung_up())
            raise

    async def hang_up(server: Server) -> None:
        async with asyncio.timeout(8):
            await waiting.wait()
            await ami.action("Hangup", Channel="/^Local/95519@cc-in.*$/")
            await until(lambda: server.counts["hung_up"] == 1)

    await ring(asterisk, ami, script, hang_up)
    assert got in ([AGIAppError, True], [AGIResultHangup, True])


async def test_after_a_hang_up_variables_still_work_and_media_is_refused(asterisk: AsteriskAddress, ami: Ami) -> None:
    """A9 A13: without AGIEXITONHANGUP the dialogue goes on after the line HANGUP."""
    got: list[object] = []
    waiting = asyncio.Event()

    async def script(session: Session) -> None:
        waiting.set()
        try:
            await session.wait_for_digit(10_000)
        except AGIAppError:
            got.append(await session.is_hung_up())
        await session.set_variable("CC_T", "still")
        got.append(await session.get_variable("CC_T"))
        try:
            await session.wait_for_digit(100)
        except AGIResultHangup as error:
            got.append("511" if "dead channel" in str(error) else str(error))

    async def rest(session: Session) -> None:
        await asyncio.sleep(10)

    routes = {"greet": Route(rest, 10), "plain": Route(script, 10)}
    async with listen(routes, host=asterisk.here, port=asterisk.agi_port, drain=0.1) as server:
        where = f"agi://{asterisk.here}:{asterisk.agi_port}/plain"
        await ami.action("Originate", Channel="Local/95519@cc-in/n", Application="AGI", Data=where, Async=True)
        async with asyncio.timeout(8):
            await waiting.wait()
            await ami.action("Hangup", Channel="/^Local/95519@cc-in.*;1$/")
            await until(lambda: len(got) == 3)
        await all_quiet(ami)
    assert got == [True, "still", "511"]
    assert server.counts["garbled"] == 0


async def test_the_environment_is_what_we_expect_of_asterisk(asterisk: AsteriskAddress, ami: Ami) -> None:
    """A7: the call's name has our form."""
    seen: list[dict[str, str]] = []

    async def script(session: Session) -> None:
        seen.append(dict(session.env))

    await run(asterisk, ami, script)
    (env,) = seen
    assert env["agi_network_script"] == "greet"
    assert env["agi_context"] == "cc-ask"
    assert "-" in env["agi_uniqueid"]
    assert env["agi_callerid"] == "unknown"
