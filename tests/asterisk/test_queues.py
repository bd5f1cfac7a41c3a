"""Whom the queues ring: who is there, longest idle first, the agent who knows the caller only while he is free.

Nothing of ours runs but a script that sends the caller on: app_queue must do so by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.callers import ring
from callcenter.lab.console import Console
from callcenter.lab.phone import Manner, Phone
from callcenter.lab.rtp import Press, Wait
from tests.asterisk.conftest import RING
from tests.asterisk.fakes import Cel, agi, extras

pytestmark = pytest.mark.asterisk

Plug = Callable[..., Awaitable[Phone]]
Join = Callable[[str, str], None]
GREET = {"CC_NEXT": "cc-general", "CC_MENU": "skip", "CC_SURVEY": "0"}
STICKY = {**GREET, "CC_STICKY": "PJSIP/desk-8001"}
BRIEF = Manner(stay=0.5)


def paused(address: AsteriskAddress) -> bool:
    with Console(address.console) as console:
        return "Auto-Pause" in console.command("queue show cc-general")


@pytest.mark.parametrize("absent", [Manner(answer=False), Manner(refuse=486)])
async def test_who_does_not_answer_is_rung_once_and_the_callers_reach_who_is_free(
    asterisk: AsteriskAddress, phone: Plug, members: Join, absent: Manner
) -> None:
    away = await phone("8001", absent)
    free = await phone("8002", BRIEF)
    members("8001", "cc-general")
    members("8002", "cc-general")
    async with agi(asterisk, {"greet": GREET}):
        for caller in ("13900001001", "13900001002"):
            await ring(asterisk, caller=caller, stay=RING + 10.0)
    assert (len(away.calls), len(free.calls)) == (1, 2)
    assert paused(asterisk)


async def test_the_one_whose_last_call_is_longest_ago_is_rung(
    asterisk: AsteriskAddress, phone: Plug, members: Join
) -> None:
    desks = [await phone(extension, BRIEF) for extension in ("8001", "8002")]
    for extension in ("8001", "8002"):
        members(extension, "cc-general")
    taken: list[int] = []
    async with agi(asterisk, {"greet": GREET}):
        for number in range(4):
            before = [len(desk.calls) for desk in desks]
            await ring(asterisk, caller=f"1390000200{number}", stay=10.0)
            taken += [n for n, desk in enumerate(desks) if len(desk.calls) > before[n]]
            await asyncio.sleep(1.1)  # the switch counts in whole seconds
    assert sorted(taken[:2]) == [0, 1]
    assert taken[2:] == taken[:2]


async def test_the_agent_who_knows_the_caller_is_not_rung_while_he_talks(
    asterisk: AsteriskAddress, phone: Plug, members: Join, cel: Cel
) -> None:
    desk = await phone("8001", Manner(stay=9.0))
    other = await phone("8002", BRIEF)
    members("8001", "cc-general")
    answers = {"greet": GREET}
    async with agi(asterisk, answers), asyncio.TaskGroup() as tasks:
        tasks.create_task(ring(asterisk, caller="13900003001", stay=20.0))
        await (await desk.next_call()).answered.wait()
        members("8002", "cc-general")
        answers["greet"] = STICKY
        await ring(asterisk, caller="13900003002", stay=10.0)
    assert (len(desk.calls), len(other.calls)) == (1, 1)
    assert extras(cel.rows(), "CC_STICKY") == []


async def test_the_agent_who_knows_the_caller_is_rung_first_when_he_is_free(
    asterisk: AsteriskAddress, phone: Plug, members: Join, cel: Cel
) -> None:
    desk = await phone("8001", BRIEF)
    other = await phone("8002", BRIEF)
    members("8001", "cc-general")
    members("8002", "cc-general")
    async with agi(asterisk, {"greet": STICKY}):
        for caller in ("13900003003", "13900003004"):
            await ring(asterisk, caller=caller, stay=10.0)
            await cel.until("LINKEDID_END")
    assert (len(desk.calls), len(other.calls)) == (2, 0)


@pytest.mark.parametrize("where", ["cc-claims", "paused"])
async def test_the_agent_who_knows_the_caller_is_not_rung_for_a_queue_he_does_not_serve_now(
    asterisk: AsteriskAddress, phone: Plug, members: Join, where: str
) -> None:
    desk = await phone("8001", BRIEF)
    other = await phone("8002", BRIEF)
    members("8002", "cc-general")
    members("8001", "cc-general" if where == "paused" else where)
    if where == "paused":
        with Console(asterisk.console) as console:
            console.action("QueuePause", Interface="PJSIP/desk-8001", Paused="true", Reason="meal")
    async with agi(asterisk, {"greet": STICKY}):
        await ring(asterisk, caller="13900003005", stay=10.0)
    assert (len(desk.calls), len(other.calls)) == (0, 1)


async def test_the_agent_who_knows_the_caller_and_does_not_answer_is_paused_and_another_takes_the_call(
    asterisk: AsteriskAddress, phone: Plug, members: Join
) -> None:
    desk = await phone("8001", Manner(answer=False))
    other = await phone("8002", BRIEF)
    members("8001", "cc-general")
    members("8002", "cc-general")
    async with agi(asterisk, {"greet": STICKY}):
        await ring(asterisk, caller="13900003006", stay=RING + 10.0)
    assert (len(desk.calls), len(other.calls)) == (1, 1)
    assert paused(asterisk)


async def test_who_waits_may_leave_a_message_instead(
    asterisk: AsteriskAddress, phone: Plug, members: Join, cel: Cel
) -> None:
    await phone("8001")
    members("8001", "cc-general")
    with Console(asterisk.console) as console:
        console.action("QueuePause", Interface="PJSIP/desk-8001", Paused="true", Reason="meal")
    async with agi(asterisk, {"greet": GREET}) as asked:
        await ring(asterisk, caller="13900004001", steps=(Wait(4.0), Press("*")), stay=8.0)
    told = extras(await cel.until("LINKEDID_END"), "CC_MESSAGE")
    assert [fields[:2] for fields in told] == [["KEY", "cc-general"]]
    assert asked.scripts == ["greet", "overflow"]
