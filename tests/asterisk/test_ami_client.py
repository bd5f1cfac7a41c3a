"""The AMI client against a real Asterisk: pairs, lists, queue membership, and a connection that comes
back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from agi.actions import Actions
from agi.ami import Account, ActionRefusedError, Ami, AmiUnavailableError, Gap, Message, UnsafeValueError, connected
from callcenter.lab.asterisk import Asterisk, AsteriskAddress
from tests.fakes.waiting import until

pytestmark = pytest.mark.asterisk


def account(address: AsteriskAddress, events: str = "off") -> Account:
    console = address.console
    return Account(console.host, console.port, console.user, console.password, events)


@pytest.fixture
async def ami(asterisk: AsteriskAddress) -> AsyncIterator[Ami]:
    async with connected(account(asterisk)) as ami, asyncio.timeout(20):
        await ami.up.wait()
        yield ami


async def test_two_hundred_actions_at_once_get_their_own_answers(ami: Ami) -> None:
    """pyst2's manager gave 160 of 200 to the wrong caller."""
    names = [f"V{n}" for n in range(200)]
    answers = await asyncio.gather(*(ami.action("Getvar", Variable=name) for name in names))
    assert [answer.get("Variable") for answer in answers] == names


async def test_a_list_and_an_action_after_it(ami: Ami) -> None:
    queues = {one.get("Queue") for one in await ami.listing("QueueStatus") if one.event == "QueueParams"}
    assert {"cc-general", "cc-complaint", "cc-fallback"} <= queues
    assert (await ami.action("Ping")).get("Ping") == "Pong"
    assert await Actions(ami).channels() == ()


async def test_a_refusal_says_why(ami: Ami) -> None:
    with pytest.raises(ActionRefusedError, match="Invalid/unknown command"):
        await ami.action("NoSuchAction")
    with pytest.raises(ActionRefusedError):
        await ami.listing("NoSuchList")


async def test_a_line_break_in_a_value_never_becomes_an_action(ami: Ami) -> None:
    for value in ("PJSIP/x\r\n\r\nAction: Getvar", "a\nb", "a\0b"):
        with pytest.raises(UnsafeValueError):
            await ami.action("QueuePause", Interface=value, Paused=True)


async def test_membership_done_twice_is_done(ami: Ami) -> None:
    actions, phone = Actions(ami), "PJSIP/desk-8003"
    assert await actions.queue_add("cc-claims", phone, name="李雷", penalty=2) is True
    assert await actions.queue_add("cc-claims", phone, name="李雷") is False
    assert await actions.queue_pause(phone, paused=True, reason="话后处理") is True
    (member,) = [one for one in (await actions.queue_status("cc-claims"))[0] if one.interface == phone]
    assert (member.name, member.paused, member.pause_reason) == ("李雷", True, "话后处理")
    assert (member.penalty, member.is_static) == (2, False)
    assert await actions.queue_pause(phone, paused=False) is True
    assert await actions.queue_remove("cc-claims", phone) is True
    assert await actions.queue_remove("cc-claims", phone) is False
    assert await actions.queue_pause(phone, paused=True) is False
    with pytest.raises(ActionRefusedError, match="No such queue"):
        await actions.queue_add("cc-nothing", phone)


async def test_channels_are_moved_and_ended_by_name(ami: Ami) -> None:
    actions = Actions(ami)
    await ami.action("Originate", Channel="Local/room@cc-conf/n", Application="Wait", Data="20", Async=True)
    async with asyncio.timeout(5):
        while len(channels := await actions.channels()) < 2:
            await asyncio.sleep(0.02)
        first = next(one.get("Channel") for one in channels if one.get("Channel").endswith(";1"))
        await actions.redirect(first, "cc-conf", "77")
        while not any(one.get("Exten") == "77" for one in await actions.channels()):
            await asyncio.sleep(0.02)
        assert await actions.hangup(first) is True
        while await actions.channels():
            await asyncio.sleep(0.02)
    assert await actions.hangup(first) is False
    with pytest.raises(ActionRefusedError):
        await actions.blind_transfer(first, "cc-transfer", "8001")
    with pytest.raises(ActionRefusedError):
        await actions.mute_recording(first, muted=True)


async def test_events_begin_with_a_gap(asterisk: AsteriskAddress) -> None:
    async with connected(account(asterisk, "agent,call")) as ami, asyncio.timeout(10):
        events = ami.events()
        assert await anext(events) == Gap("connected")
        await Actions(ami).queue_add("cc-policy", "PJSIP/desk-8004")
        async for event in events:
            if isinstance(event, Message) and event.event == "QueueMemberAdded":
                assert event.get("Interface") == "PJSIP/desk-8004"
                break
        await Actions(ami).queue_remove("cc-policy", "PJSIP/desk-8004")


async def test_a_wrong_password_is_not_tried_again_at_once(asterisk: AsteriskAddress) -> None:
    async with connected(replace(account(asterisk), password="wrong")) as ami:
        await until(lambda: ami.counts["failures"] == 1)
        with pytest.raises(AmiUnavailableError):
            await ami.action("Ping")


async def test_after_a_crash_of_asterisk_the_client_is_back_with_a_gap(
    new_asterisk: Callable[..., Asterisk],
) -> None:
    """F20 F21"""
    instance = new_asterisk()
    instance.start()
    async with connected(account(instance.address, "call"), timeout=2) as ami, asyncio.timeout(40):
        events = ami.events()
        assert await anext(events) == Gap("connected")
        await asyncio.to_thread(instance.kill)
        with pytest.raises(AmiUnavailableError):
            while True:
                await ami.action("Ping")
        await asyncio.to_thread(instance.restart)
        await ami.up.wait()
        assert (await ami.action("Ping")).get("Ping") == "Pong"
        while await anext(events) != Gap("connected"):
            pass
    await asyncio.to_thread(instance.stop)
