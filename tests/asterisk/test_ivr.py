"""The menu, the hours, the message, the survey and the sticky agent, as a caller meets them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest

from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.callers import ring
from callcenter.lab.console import Console
from callcenter.lab.phone import Manner, Phone
from callcenter.lab.rtp import Press, Say, Wait
from tests.asterisk.fakes import Cel, agi, by_caller, extras, talked_to

pytestmark = pytest.mark.asterisk

Plug = Callable[..., Awaitable[Phone]]
Join = Callable[[str, str], None]
SHORT = Manner(stay=0.5)
NO_MENU = {"CC_NEXT": "cc-general", "CC_MENU": "skip", "CC_SURVEY": "0"}


@contextmanager
def dialplan_global(address: AsteriskAddress, name: str, value: str, usual: str) -> Iterator[None]:
    with Console(address.console) as console:
        console.action("Setvar", Variable=name, Value=value)
        try:
            yield
        finally:
            console.action("Setvar", Variable=name, Value=usual)


async def test_each_key_leads_to_its_queue(asterisk: AsteriskAddress, cel: Cel, phone: Plug, members: Join) -> None:
    """1 claims, 2 policy service, 3 complaint, 0 agent; a wrong key is asked again; nothing leads to an agent."""
    places = {"8001": "cc-claims", "8002": "cc-policy", "8003": "cc-complaint", "8004": "cc-general"}
    for extension, queue in places.items():
        await phone(extension, SHORT)
        members(extension, queue)
    pressed = {
        "13900000001": (Wait(4.5), Press("1")),
        "13900000002": (Wait(4.5), Press("2")),
        "13900000003": (Wait(4.5), Press("3")),
        "13900000004": (Wait(4.5), Press("0")),
        "13900000005": (Wait(6.0), Press("7"), Wait(2.0), Press("1")),
        "13900000006": (Wait(1.0),),
    }
    answers = {
        "greet": {"CC_NEXT": "cc-general", "CC_SURVEY": "0"},
        "complaint": {"CC_TICKET": "95519-20261118-000001"},
    }
    async with agi(asterisk, answers) as asked, asyncio.TaskGroup() as callers:
        for number, steps in pressed.items():
            callers.create_task(ring(asterisk, caller=number, steps=steps, stay=35.0))
    calls = by_caller(await cel.until("LINKEDID_END", count=len(pressed)))
    assert {number: talked_to(rows) for number, rows in calls.items()} == {
        "13900000001": {"desk-8001"},
        "13900000002": {"desk-8002"},
        "13900000003": {"desk-8003"},
        "13900000004": {"desk-8004"},
        "13900000005": {"desk-8001"},
        "13900000006": {"desk-8004"},
    }
    keys = {number: extras(rows, "CC_CHOICE") for number, rows in calls.items()}
    assert keys["13900000003"] == [["3"]]
    assert keys["13900000006"] == [[""]]
    assert asked.scripts.count("complaint") == 1
    assert asked.scripts.count("greet") == 6
    assert all(extras(rows, "CC_DEGRADED") == [] for rows in calls.values())


async def test_a_complaint_that_could_not_be_opened_leaves_its_mark(
    asterisk: AsteriskAddress, cel: Cel, phone: Plug
) -> None:
    await phone("8000", SHORT)
    async with agi(asterisk, {"greet": {"CC_NEXT": "cc-general"}}, abort=("complaint",)):
        await ring(asterisk, steps=(Wait(4.5), Press("3")), stay=20.0)
    rows = await cel.until("LINKEDID_END")
    assert extras(rows, "CC_CHOICE") == [["3"]]
    assert extras(rows, "CC_DEGRADED") == [["complaint", "SUCCESS", "", ""]]
    assert talked_to(rows) == {"desk-8000"}


async def test_out_of_hours_a_message_is_taken(asterisk: AsteriskAddress, cel: Cel, complaint: Say) -> None:
    steps = (Wait(11.0), complaint, Press("#"), Wait(3.0))
    async with agi(asterisk, {"greet": {"CC_NEXT": "cc-general", "CC_OPEN": "0"}}) as asked:
        await ring(asterisk, steps=steps, stay=25.0)
    rows = await cel.until("LINKEDID_END")
    assert asked.scripts == ["greet", "overflow"]
    assert [fields[:3] for fields in extras(rows, "CC_MESSAGE")] == [["CLOSED", "", ""]]
    assert extras(rows, "CC_MESSAGE_START") == extras(rows, "CC_MESSAGE_END") == extras(rows, "CC_REC_START")
    assert extras(rows, "CC_NOTICE") == [["zh", "SUCCESS"]]
    assert talked_to(rows) == set()


async def test_out_of_hours_with_everything_of_ours_down(asterisk: AsteriskAddress, cel: Cel) -> None:
    with dialplan_global(asterisk, "CC_OPEN_HOURS", "*,*,31,feb", "*,*,*,*"):
        await ring(asterisk, stay=6.0)
    rows = await cel.until("LINKEDID_END")
    assert [fields[0] for fields in extras(rows, "CC_DEGRADED")] == ["greet"]
    [[reason, queue, key, base]] = extras(rows, "CC_MESSAGE")
    assert (reason, queue, key) == ("CLOSED", "", "")
    assert [[base]] == extras(rows, "CC_REC_START")


async def test_an_empty_queue_takes_a_message(asterisk: AsteriskAddress, cel: Cel) -> None:
    async with agi(asterisk, {"greet": NO_MENU}) as asked:
        await ring(asterisk, stay=6.0)
    rows = await cel.until("LINKEDID_END")
    assert asked.scripts == ["greet", "overflow"]
    assert [fields[:3] for fields in extras(rows, "CC_MESSAGE")] == [["JOINEMPTY", "cc-general", ""]]


async def test_the_agent_who_knows_the_case_is_tried_first(
    asterisk: AsteriskAddress, cel: Cel, phone: Plug, members: Join
) -> None:
    await phone("8001", SHORT)
    await phone("8005", SHORT)
    members("8001", "cc-general")
    members("8005", "cc-general")
    async with agi(asterisk, {"greet": {**NO_MENU, "CC_STICKY": "PJSIP/desk-8005"}}):
        await ring(asterisk, stay=20.0)
    rows = await cel.until("LINKEDID_END")
    assert talked_to(rows) == {"desk-8005"}


async def test_a_busy_sticky_agent_leaves_the_caller_to_the_queue(
    asterisk: AsteriskAddress, cel: Cel, phone: Plug, members: Join
) -> None:
    await phone("8001", SHORT)
    await phone("8005", Manner(refuse=486))
    members("8001", "cc-general")
    async with agi(asterisk, {"greet": {**NO_MENU, "CC_STICKY": "PJSIP/desk-8005"}}):
        await ring(asterisk, stay=20.0)
    rows = await cel.until("LINKEDID_END")
    assert talked_to(rows) == {"desk-8001"}


async def test_the_survey_follows_only_when_the_agent_hangs_up_first(
    asterisk: AsteriskAddress, cel: Cel, phone: Plug, members: Join
) -> None:
    await phone("8001", Manner(stay=1.0))
    members("8001", "cc-general")
    async with agi(asterisk, {"greet": {**NO_MENU, "CC_SURVEY": "1"}}) as asked:
        await ring(asterisk, stay=20.0)
    await cel.until("LINKEDID_END")
    assert asked.scripts == ["greet", "survey"]


async def test_a_hanging_survey_does_not_keep_the_caller(
    asterisk: AsteriskAddress, cel: Cel, phone: Plug, members: Join
) -> None:
    """INV-8"""
    await phone("8001", Manner(stay=0.5))
    members("8001", "cc-general")
    with dialplan_global(asterisk, "CC_SURVEY_DEADLINE", "2", "45"):
        async with agi(asterisk, {"greet": {**NO_MENU, "CC_SURVEY": "1"}}, hang=("survey",)):
            result = await ring(asterisk, stay=30.0)
    assert result.ok
    rows = await cel.until("LINKEDID_END")
    assert float(rows[-1]["eventtime"]) - float(rows[0]["eventtime"]) < 15


async def test_english_speakers_hear_english(asterisk: AsteriskAddress, cel: Cel, phone: Plug, members: Join) -> None:
    await phone("8001", SHORT)
    members("8001", "cc-general")
    async with agi(asterisk, {"greet": {**NO_MENU, "CC_LANG": "en"}}):
        await ring(asterisk, stay=20.0)
    rows = await cel.until("LINKEDID_END")
    assert extras(rows, "CC_NOTICE") == [["en", "SUCCESS"]]


async def test_nine_says_the_menu_again_in_english(
    asterisk: AsteriskAddress, cel: Cel, phone: Plug, members: Join
) -> None:
    await phone("8001", SHORT)
    members("8001", "cc-claims")
    async with agi(asterisk, {"greet": {"CC_NEXT": "cc-general", "CC_SURVEY": "0"}}):
        await ring(asterisk, steps=(Wait(4.5), Press("9"), Wait(1.5), Press("1")), stay=12.0)
    rows = await cel.until("LINKEDID_END")
    assert (extras(rows, "CC_LANGUAGE"), extras(rows, "CC_CHOICE")) == ([["en"]], [["1"]])
    assert talked_to(rows) == {"desk-8001"}


async def test_the_higher_priority_is_served_first(
    asterisk: AsteriskAddress, cel: Cel, phone: Plug, members: Join
) -> None:
    await phone("8001", Manner(stay=5.0))
    members("8001", "cc-general")
    served: list[str] = []

    async def caller(number: str, priority: str, after: float) -> None:
        await asyncio.sleep(after)
        answers["greet"] = {**NO_MENU, "CC_PRIO": priority}
        await ring(asterisk, caller=number, stay=30.0)

    answers: dict[str, dict[str, str]] = {}
    async with agi(asterisk, answers), asyncio.TaskGroup() as callers:
        callers.create_task(caller("13900000001", "0", 0.0))
        callers.create_task(caller("13900000002", "0", 1.5))
        callers.create_task(caller("13900000003", "5", 3.0))
    rows = await cel.until("LINKEDID_END", count=3)
    number = {own[0]["linkedid"]: caller for caller, own in by_caller(rows).items()}
    for row in rows:
        if row["eventenum"] == "BRIDGE_ENTER" and row["channame"].startswith("PJSIP/trunk"):
            served.append(number[row["linkedid"]])
    assert served == ["13900000001", "13900000003", "13900000002"]
