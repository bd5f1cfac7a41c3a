"""Calls to customers: what the carrier's other end does, and what of it is recorded and heard."""

import json
from collections.abc import Awaitable, Callable
from uuid import uuid4

import aiohttp
import pytest

from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.console import Console
from callcenter.lab.phone import Call, Manner, Phone
from callcenter.lab.rtp import Say
from tests.asterisk.fakes import Cel, Row, agi, extras, recorded, talked_to

pytestmark = pytest.mark.asterisk

Plug = Callable[..., Awaitable[Phone]]
Connect = Callable[..., Awaitable[Phone]]
Originate = Callable[..., Awaitable[str]]
Clicked = Callable[[], Awaitable[tuple[str, str]]]
AGENT = {"CC_AGENT": "PJSIP/desk-8001", "CC_SURVEY": "0"}


@pytest.fixture
def originate(asterisk: AsteriskAddress) -> Originate:
    """Creates a channel as the telephony process does, with an id of ours; returns the id."""

    async def start(endpoint: str, context: str, extension: str, prefix: str = "cb", **variables: str) -> str:
        channel = f"{prefix}-{uuid4()}"
        parameters = {
            "endpoint": endpoint, "context": context, "extension": extension, "priority": "1",
            "channelId": channel, "timeout": "8", "api_key": f"{asterisk.ari_user}:{asterisk.ari_password}",
        }  # fmt: skip
        async with aiohttp.ClientSession() as session:
            url = f"{asterisk.ari_url}/channels"
            answer = await session.post(url, params=parameters, json={"variables": variables})
            assert answer.status == 200, await answer.text()
        return channel

    return start


def cause(rows: list[Row], channel: str) -> int:
    row = next(row for row in rows if row["eventenum"] == "HANGUP" and row["uniqueid"] == channel)
    return int(json.loads(row["eventextra"])["hangupcause"])


async def test_a_customer_answers_hears_the_notice_and_then_the_agent(
    cel: Cel, carrier: Connect, phone: Plug, originate: Originate, complaint: Say
) -> None:
    await carrier(Manner(ring=0.3, steps=(complaint,)))
    await phone("8001", Manner(stay=2.0))
    channel = await originate("PJSIP/13700000001@trunk-main", "cc-out", "s", **AGENT)
    rows = await cel.until("LINKEDID_END")
    assert {row["linkedid"] for row in rows} == {channel}
    assert {row["accountcode"] for row in rows if row["eventenum"] == "BRIDGE_ENTER"} == {channel}
    assert extras(rows, "CC_NOTICE") == [["zh", "SUCCESS"]]
    assert talked_to(rows) == {"desk-8001"}
    [[base]] = extras(rows, "CC_REC_START")
    assert base.endswith(f"/{channel}-1")
    r, t = await recorded(base)
    assert len(r) == len(t)
    assert any(r)
    assert any(t)


@pytest.mark.parametrize(
    ("manner", "expected"),
    [
        (Manner(refuse=486), 17),
        (Manner(refuse=603), 21),
        (Manner(refuse=480), 19),
        (Manner(answer=False), 19),
    ],
    ids=["busy", "declined", "unreachable", "no answer"],
)
async def test_a_customer_who_does_not_answer_says_why(
    cel: Cel, carrier: Connect, originate: Originate, manner: Manner, expected: int
) -> None:
    await carrier(manner)
    channel = await originate("PJSIP/13700000002@trunk-main", "cc-out", "s", **AGENT)
    rows = await cel.until("LINKEDID_END")
    assert extras(rows, "CC_REC_START") == []
    assert cause(rows, channel) == expected


async def test_a_customer_who_hangs_up_in_the_middle_ends_the_call(
    cel: Cel, carrier: Connect, phone: Plug, originate: Originate
) -> None:
    await carrier(Manner(stay=12.0))
    agent = await phone("8001")
    channel = await originate("PJSIP/13700000003@trunk-main", "cc-out", "s", **AGENT)
    call = await agent.next_call()
    rows = await cel.until("LINKEDID_END")
    assert call.ended.is_set()
    assert cause(rows, channel) == 16
    [[base, r_size, t_size]] = extras(rows, "CC_REC_END")
    r, t = await recorded(base)
    assert len(r) == len(t) == int(r_size) == int(t_size)


async def test_nobody_for_the_customer_is_said_and_noted(cel: Cel, carrier: Connect, originate: Originate) -> None:
    """INV-8: nobody is left alone on the line."""
    await carrier(Manner())
    await originate("PJSIP/13700000004@trunk-main", "cc-out", "s", **AGENT)
    rows = await cel.until("LINKEDID_END")
    [[_, queue]] = extras(rows, "CC_OUT_UNSERVED")
    assert queue == "JOINEMPTY"


async def test_customers_are_treated_by_their_number(cel: Cel, carrier: Connect, originate: Originate) -> None:
    def manner(call: Call) -> Manner:
        return Manner(refuse=486) if call.dialled.endswith("6") else Manner(stay=0.5)

    await carrier(manner)
    busy = await originate("PJSIP/13700000006@trunk-main", "cc-out", "s", **AGENT)
    await originate("PJSIP/13700000007@trunk-main", "cc-out", "s", **AGENT)
    rows = await cel.until("LINKEDID_END", count=2)
    assert cause(rows, busy) == 17
    assert len(extras(rows, "CC_REC_START")) == 1


async def test_click_to_call_rings_the_agent_first(
    cel: Cel, carrier: Connect, phone: Plug, originate: Originate
) -> None:
    await carrier(Manner(stay=13.0))
    agent = await phone("8001")
    channel = await originate("PJSIP/desk-8001", "cc-agent", "13700000008", prefix="ck")
    await agent.next_call()
    rows = await cel.until("LINKEDID_END")
    assert {row["linkedid"] for row in rows} == {channel}
    [[base]] = extras(rows, "CC_REC_START")
    assert base.endswith(f"/{channel}-1")
    assert extras(rows, "CC_NOTICE") == [["zh", "SUCCESS"]]
    assert extras(rows, "CC_REC_END")[0][0] == base


async def test_a_number_dialled_on_the_phone_is_recorded_too(cel: Cel, carrier: Connect, phone: Plug) -> None:
    await carrier(Manner(stay=11.0))
    agent = await phone("8001")
    call = await agent.dial("13700000009")
    await call.ended.wait()
    rows = await cel.until("LINKEDID_END")
    assert len(extras(rows, "CC_REC_START")) == 1
    assert len(extras(rows, "CC_REC_END")) == 1


async def test_agents_reach_each_other_unrecorded(cel: Cel, phone: Plug) -> None:
    await phone("8002", Manner(stay=0.5))
    agent = await phone("8001")
    call = await agent.dial("8002")
    await call.ended.wait()
    rows = await cel.until("LINKEDID_END")
    assert talked_to(rows) == {"desk-8001", "desk-8002"}
    assert extras(rows, "CC_REC_START") == []


async def test_the_survey_follows_a_callback_too(
    asterisk: AsteriskAddress, cel: Cel, carrier: Connect, phone: Plug, originate: Originate
) -> None:
    await carrier(Manner())
    await phone("8001", Manner(stay=0.5))
    async with agi(asterisk) as asked:
        await originate("PJSIP/13700000010@trunk-main", "cc-out", "s", CC_AGENT="PJSIP/desk-8001")
        await cel.until("LINKEDID_END")
    assert asked.scripts == ["survey"]


@pytest.fixture
def clicked(asterisk: AsteriskAddress, cel: Cel, phone: Plug, carrier: Connect, originate: Originate) -> Clicked:
    """Agent 8001 talks with a customer he clicked to call; returns the customer's channel and the agent's."""

    async def click() -> tuple[str, str]:
        await carrier(Manner(ring=0.1))
        agent = await phone("8001")
        await originate("PJSIP/desk-8001", "cc-agent", "13700000012", prefix="ck")
        await agent.next_call()
        rows = await cel.until("BRIDGE_ENTER", count=2)
        names = {row["channame"] for row in rows if row["eventenum"] == "BRIDGE_ENTER"}
        trunk, desk = sorted(names, key=lambda name: not name.startswith("PJSIP/trunk"))
        return trunk, desk

    return click


def ask(address: AsteriskAddress, action: str, **fields: str) -> dict[str, list[str]]:
    with Console(address.console) as console:
        return console.action(action, **fields)


async def test_a_customer_we_rang_is_not_dropped_by_a_transfer_nobody_takes(
    asterisk: AsteriskAddress, cel: Cel, phone: Plug, members: Callable[[str, str], None], clicked: Clicked
) -> None:
    await phone("8002", Manner(refuse=486))
    takes = await phone("8003", Manner(stay=0.5))
    members("8003", "cc-general")
    async with agi(asterisk) as asked:
        customer, agent = await clicked()
        (rest,) = ask(asterisk, "Getvar", Channel=customer, Variable="TIMEOUT(absolute)")["Value"]
        assert 14_000 < float(rest) <= 14_400
        ask(asterisk, "BlindTransfer", Channel=agent, Context="cc-transfer", Exten="8002")
        await takes.next_call()
        rows = await cel.until("LINKEDID_END")
    assert extras(rows, "CC_QUEUED") == [["cc-general", "20"]]
    assert asked.scripts == ["survey"]
    assert len(extras(rows, "CC_REC_START")) == len(extras(rows, "CC_REC_END")) == 1


async def test_a_survey_that_hangs_does_not_keep_a_customer_we_rang(
    asterisk: AsteriskAddress, cel: Cel, phone: Plug, clicked: Clicked
) -> None:
    """INV-8"""
    await phone("8002", Manner(stay=0.5))
    ask(asterisk, "Setvar", Variable="CC_SURVEY_DEADLINE", Value="2")
    try:
        async with agi(asterisk, hang=("survey",)) as asked:
            _, agent = await clicked()
            ask(asterisk, "BlindTransfer", Channel=agent, Context="cc-transfer", Exten="8002")
            await cel.until("LINKEDID_END", timeout=12)
    finally:
        ask(asterisk, "Setvar", Variable="CC_SURVEY_DEADLINE", Value="45")
    assert asked.scripts == ["survey"]
