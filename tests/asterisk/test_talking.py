"""Hold, transfers, conference, muting and supervision: the customer's capture and name stay the same through all.

Everybody hums a tone of his own, so a recording tells who could be heard when.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest

from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.callers import ring
from callcenter.lab.console import Console
from callcenter.lab.phone import Call, Manner, Phone
from callcenter.lab.rtp import Say
from tests.asterisk.fakes import Cel, Row, agi, extras, recorded, talked_to
from tests.asterisk.levels import tone

pytestmark = pytest.mark.asterisk

Plug = Callable[..., Awaitable[Phone]]
Join = Callable[[str, str], None]
GREET = {"greet": {"CC_NEXT": "cc-general", "CC_MENU": "skip", "CC_SURVEY": "0"}}
CUSTOMER, AGENT, OTHER = 500.0, 900.0, 1300.0
FIRST_NUMBER = 30_000
HEARD, SILENT = 300.0, 30.0


@dataclass
class Talk:
    """A customer and agent 8001 who talk."""

    agent: Call
    customer: str
    agent_channel: str
    base: str
    started: float
    address: AsteriskAddress

    def ask(self, action: str, **fields: str) -> dict[str, list[str]]:
        with Console(self.address.console) as console:
            return console.action(action, **fields)

    def now(self) -> float:
        """Seconds since capture started."""
        return time.time() - self.started


Talking = Callable[[], AbstractAsyncContextManager[Talk]]


def channel(rows: list[Row], endpoint: str) -> str:
    return next(row["channame"] for row in rows if row["channame"].startswith(f"PJSIP/{endpoint}-"))


@pytest.fixture
def talking(asterisk: AsteriskAddress, cel: Cel, phone: Plug, members: Join, hum: Callable[[float], Say]) -> Talking:
    @asynccontextmanager
    async def talk() -> AsyncIterator[Talk]:
        agent = await phone("8001", Manner(steps=(hum(AGENT),), number=FIRST_NUMBER))
        members("8001", "cc-general")
        async with agi(asterisk, GREET), asyncio.TaskGroup() as tasks:
            caller = tasks.create_task(ring(asterisk, steps=(hum(CUSTOMER),), stay=20.0))
            call = await agent.next_call()
            rows = await cel.until("BRIDGE_ENTER", count=2)
            yield Talk(
                call,
                channel(rows, "trunk-main"),
                channel(rows, "desk-8001"),
                extras(rows, "CC_REC_START")[0][0],
                next(float(row["eventtime"]) for row in rows if row["userdeftype"] == "CC_REC_START"),
                asterisk,
            )
            with Console(asterisk.console) as console:
                console.command(f"channel request hangup {channel(rows, 'trunk-main')}")
            await caller

    return talk


async def one_segment(cel: Cel, talk: Talk, ends: int = 1) -> tuple[list[Row], bytes, bytes]:
    """The whole call's rows, and its only segment, both sides equally long."""
    rows = await cel.until("LINKEDID_END", count=ends)
    assert extras(rows, "CC_REC_START") == [[talk.base]]
    assert {row["linkedid"] for row in rows if row["userdeftype"]} == {rows[0]["linkedid"]}
    r, t = await recorded(talk.base)
    assert len(r) == len(t)
    return rows, r, t


async def test_both_sides_are_recorded_each_in_its_own_file(cel: Cel, talking: Talking) -> None:
    async with talking() as talk:
        await asyncio.sleep(2)
    _, r, t = await one_segment(cel, talk)
    assert tone(r, CUSTOMER, 4.5, 5.5) > HEARD
    assert tone(r, AGENT, 4.5, 5.5) < SILENT
    assert tone(t, AGENT, 4.5, 5.5) > HEARD
    assert tone(t, CUSTOMER, 4.5, 5.5) < SILENT


async def test_a_blind_transfer_keeps_the_capture(
    cel: Cel, talking: Talking, phone: Plug, hum: Callable[[float], Say]
) -> None:
    other = await phone("8002", Manner(steps=(hum(OTHER),)))
    async with talking() as talk:
        talk.ask("BlindTransfer", Channel=talk.agent_channel, Context="cc-transfer", Exten="8002")
        await other.next_call()
        rows = await cel.until("BRIDGE_ENTER", count=4)
        moved = talk.now()
        await asyncio.sleep(2)
    rows, r, t = await one_segment(cel, talk)
    assert extras(rows, "CC_TRANSFER") == [["8002"]]
    assert talked_to(rows) == {"desk-8001", "desk-8002"}
    assert tone(t, OTHER, moved + 0.5, moved + 1.5) > HEARD
    assert tone(r, CUSTOMER, moved + 0.5, moved + 1.5) > HEARD


async def test_a_new_agent_is_heard_and_recorded_whatever_number_his_stream_begins_with(
    cel: Cel, talking: Talking, phone: Plug, hum: Callable[[float], Say]
) -> None:
    """Debian's Asterisk drops frames whose RTP sequence number is lower than the speaker's before."""
    other = await phone("8002", Manner(steps=(hum(OTHER),), number=FIRST_NUMBER - 20_000))
    async with talking() as talk:
        await asyncio.sleep(0.5)
        talk.ask("BlindTransfer", Channel=talk.agent_channel, Context="cc-transfer", Exten="8002")
        await other.next_call()
        await cel.until("BRIDGE_ENTER", count=4)
        moved = talk.now()
        await asyncio.sleep(2)
    _, _, t = await one_segment(cel, talk)
    assert tone(t, OTHER, moved + 0.5, moved + 1.5) > HEARD


@pytest.mark.parametrize("to", ["8002", "8007", "8999", "13800138099", "cc-nowhere"])
async def test_a_transfer_nobody_takes_returns_to_the_queue_before_who_waits_there(
    asterisk: AsteriskAddress, cel: Cel, talking: Talking, phone: Plug, to: str
) -> None:
    """Refused, not registered, no such extension, somebody outside, nonsense: the customer is never dropped."""
    await phone("8002", Manner(refuse=486))
    async with talking() as talk, asyncio.TaskGroup() as tasks:
        waits = tasks.create_task(ring(asterisk, caller="13800138055", stay=6.0))
        await cel.until("CC_QUEUED", count=2)
        talk.ask("BlindTransfer", Channel=talk.agent_channel, Context="cc-transfer", Exten=to)
        await talk.agent.phone.next_call()
        rows = await cel.until("BRIDGE_ENTER", count=4)
        await waits
    await cel.until("LINKEDID_END", count=2)
    own = [row for row in rows if row["linkedid"] == rows[0]["linkedid"]]
    assert extras(own, "CC_QUEUED") == [["cc-general", "0"], ["cc-general", "20"]]
    assert sum(row["eventenum"] == "BRIDGE_ENTER" for row in own) == 4


@pytest.mark.parametrize("to", ["8002", "8007"])
async def test_a_consultation_nobody_takes_returns_the_agent_to_the_customer(
    cel: Cel, talking: Talking, phone: Plug, to: str
) -> None:
    await phone("8002", Manner(refuse=486))
    async with talking() as talk:
        talk.ask("Atxfer", Channel=talk.agent_channel, Context="cc-transfer", Exten=to)
        await asyncio.sleep(2.5)
        begun = talk.now()
        await asyncio.sleep(1.5)
        assert not talk.agent.ended.is_set()
    rows, _, t = await one_segment(cel, talk)
    assert tone(t, AGENT, begun + 0.3, begun + 1.3) > HEARD
    assert extras(rows, "CC_QUEUED") == [["cc-general", "0"]]


async def test_a_consulted_colleague_who_leaves_first_is_asked_no_survey_and_the_agent_is_back(
    asterisk: AsteriskAddress, cel: Cel, talking: Talking, phone: Plug
) -> None:
    await phone("8002", Manner(stay=1.0))
    async with talking() as talk:
        talk.ask("Atxfer", Channel=talk.agent_channel, Context="cc-transfer", Exten="8002")
        await asyncio.sleep(3)
        begun = talk.now()
        await asyncio.sleep(1.5)
        assert not talk.agent.ended.is_set()
    rows, _, t = await one_segment(cel, talk)
    assert tone(t, AGENT, begun + 0.3, begun + 1.3) > HEARD
    assert "cc-survey" not in {row["context"] for row in rows}


async def test_a_phone_may_transfer_by_refer(cel: Cel, talking: Talking, phone: Plug) -> None:
    other = await phone("8002")
    async with talking() as talk:
        await talk.agent.refer("8002")
        await other.next_call()
        await cel.until("BRIDGE_ENTER", count=4)
    rows, _, _ = await one_segment(cel, talk)
    assert talked_to(rows) == {"desk-8001", "desk-8002"}


async def test_a_consultation_ends_in_a_transfer(
    cel: Cel, talking: Talking, phone: Plug, hum: Callable[[float], Say]
) -> None:
    other = await phone("8002", Manner(steps=(hum(OTHER),)))
    async with talking() as talk:
        talk.ask("Atxfer", Channel=talk.agent_channel, Context="cc-transfer", Exten="8002")
        consulted = await other.next_call()
        await consulted.answered.wait()
        apart = talk.now()
        await asyncio.sleep(2)
        await talk.agent.hang_up()
        await cel.until("ATTENDEDTRANSFER")
        together = talk.now()
        await asyncio.sleep(2)
    rows, r, t = await one_segment(cel, talk)
    assert talked_to(rows) >= {"desk-8001", "desk-8002"}
    assert tone(t, OTHER, apart + 0.5, apart + 1.5) < SILENT
    assert tone(t, OTHER, together + 0.7, together + 1.7) > HEARD
    assert tone(r, CUSTOMER, together + 0.7, together + 1.7) > HEARD


def confer(talk: Talk, room: str, invited: str) -> None:
    """Customer and agent into a conference, and a telephone rung into it, as the switchboard asks for it."""
    talk.ask(
        "Redirect",
        **{"Channel": talk.customer, "Context": "cc-conf", "Exten": room, "Priority": "1"},
        **{"ExtraChannel": talk.agent_channel, "ExtraContext": "cc-conf-agent", "ExtraExten": room},
        ExtraPriority="1",
    )
    talk.ask(
        "Originate",
        **{"Channel": f"PJSIP/{invited}", "Context": "cc-conf-agent", "Exten": room, "Priority": "1", "Async": "true"},
    )


async def test_a_conference_of_three_keeps_the_capture(
    cel: Cel, talking: Talking, phone: Plug, hum: Callable[[float], Say]
) -> None:
    other = await phone("8002", Manner(steps=(hum(OTHER),)))
    async with talking() as talk:
        confer(talk, "r1", "desk-8002")
        joined = await other.next_call()
        await cel.until("BRIDGE_ENTER", count=5)
        met = talk.now()
        await asyncio.sleep(2.5)
        await talk.agent.hang_up()
        await joined.hang_up()
        await cel.until("CC_REC_END")
    _, r, t = await one_segment(cel, talk, ends=2)
    assert tone(t, AGENT, met + 1, met + 2) > HEARD
    assert tone(t, OTHER, met + 1, met + 2) > HEARD
    assert tone(r, CUSTOMER, met + 1, met + 2) > HEARD


async def test_who_answers_when_the_customer_has_left_the_conference_does_not_wait_in_it(
    cel: Cel, talking: Talking, phone: Plug
) -> None:
    """INV-8: by the dialplan alone; who was in it is let go at once, who comes late as soon as he does."""
    answers = 1.5
    other = await phone("8002", Manner(ring=answers))
    async with talking() as talk:
        confer(talk, "r2", "desk-8002")
        late = await other.next_call()
        await cel.until("BRIDGE_ENTER", count=4)
    async with asyncio.timeout(answers):
        await talk.agent.ended.wait()
    async with asyncio.timeout(answers + 8):
        await late.ended.wait()
    assert late.answered.is_set()
    assert not [row for row in cel.rows() if row["eventenum"] == "BRIDGE_ENTER" and "desk-8002" in row["channame"]]


async def test_a_customer_who_finds_nobody_in_the_conference_goes_on(cel: Cel, talking: Talking) -> None:
    """The agent hung up while he was led there."""
    async with talking() as talk:
        talk.ask("Redirect", Channel=talk.customer, Context="cc-conf", Exten="r3", Priority="1")
        await cel.until("CC_REC_END")
    assert len([row for row in cel.rows() if row["eventenum"] == "BRIDGE_ENTER"]) == 2


async def test_muting_leaves_silence_of_the_same_length(cel: Cel, talking: Talking) -> None:
    async with talking() as talk:
        await asyncio.sleep(1)
        talk.ask("MixMonitorMute", Channel=talk.customer, Direction="both", State="1")
        quiet = talk.now()
        await asyncio.sleep(2)
        talk.ask("MixMonitorMute", Channel=talk.customer, Direction="both", State="0")
        loud = talk.now()
        await asyncio.sleep(1.5)
    rows, r, t = await one_segment(cel, talk)
    for side, frequency in ((r, CUSTOMER), (t, AGENT)):
        assert tone(side, frequency, quiet + 0.5, loud - 0.5) < SILENT
        assert tone(side, frequency, loud + 0.5, loud + 1.2) > HEARD
        assert not any(side[round((quiet + 0.5) * 16000) : round((loud - 0.5) * 16000)])
    ended = next(float(row["eventtime"]) for row in rows if row["userdeftype"] == "CC_REC_END")
    assert abs(len(r) / 16000 - (ended - talk.started)) < 0.35


async def test_a_held_customer_hears_music_and_is_still_recorded(cel: Cel, talking: Talking) -> None:
    async with talking() as talk:
        await talk.agent.hold()
        held = talk.now()
        await asyncio.sleep(2)
        await talk.agent.resume()
        back = talk.now()
        await asyncio.sleep(1.5)
    _, r, t = await one_segment(cel, talk)
    assert tone(t, AGENT, held + 0.5, back - 0.3) < tone(t, AGENT, back + 0.5, back + 1.2) / 5
    assert any(t[round((held + 0.5) * 16000) : round((back - 0.3) * 16000)])
    assert tone(r, CUSTOMER, held + 0.5, back - 0.3) > HEARD


@pytest.mark.parametrize(("manner", "agent_hears"), [("listen", False), ("whisper", True)])
async def test_a_supervisor_is_heard_only_by_those_he_means(
    asterisk: AsteriskAddress, cel: Cel, talking: Talking, phone: Plug, hum: Callable[[float], Say],
    manner: str, agent_hears: bool,
) -> None:  # fmt: skip
    supervisor = await phone("8009", Manner(steps=(hum(OTHER),)))
    async with talking() as talk:
        async with aiohttp.ClientSession() as session:
            allowed = {"api_key": f"{asterisk.ari_user}:{asterisk.ari_password}"}
            where = {"endpoint": "PJSIP/desk-8009", "context": "cc-supervise", "extension": manner, "priority": "1"}
            answer = await session.post(
                f"{asterisk.ari_url}/channels",
                params={**allowed, **where},
                json={"variables": {"CC_TARGET": talk.agent_channel}},
            )
            assert answer.status == 200, await answer.text()
        listening = await supervisor.next_call()
        await listening.answered.wait()
        await asyncio.sleep(0.5)
        since = talk.now()
        before, told = len(talk.agent.media.heard), len(listening.media.heard)
        await asyncio.sleep(2.5)
        at_agent, at_supervisor = bytes(talk.agent.media.heard[before:]), bytes(listening.media.heard[told:])
    _, _, t = await one_segment(cel, talk, ends=2)
    assert (tone(linear(at_agent), OTHER, 0.5, 2.0) > HEARD) is agent_hears
    assert tone(t, OTHER, since + 0.5, since + 2.0) < SILENT
    assert tone(linear(at_supervisor), CUSTOMER, 0.5, 2.0) > HEARD
    assert tone(linear(at_supervisor), AGENT, 0.5, 2.0) > HEARD


def linear(alaw: bytes) -> bytes:
    import audioop

    return audioop.alaw2lin(alaw, 2)
