"""The ARI client against a real Asterisk: commands twice, events in order, gaps, a stolen application."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest

from agi.ari.commands import Ari
from agi.ari.events import (
    ChannelCreated,
    ChannelDestroyed,
    ChannelEnteredBridge,
    ChannelVarset,
    Event,
    PlaybackFinished,
    StasisEnd,
    StasisStart,
)
from agi.ari.rest import ConflictError, DeniedError, NotFoundError, Rest, UnavailableError
from agi.ari.stream import EventStream, Gap, ReplacedError, opened
from callcenter.agents.telephones import Line, Telephones
from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.phone import Phone
from tests.fakes.waiting import until

pytestmark = pytest.mark.asterisk

APP = "cc-test"
Plug = Callable[..., Awaitable[Phone]]


@pytest.fixture
async def rest(asterisk: AsteriskAddress) -> AsyncIterator[Rest]:
    async with Rest(asterisk.ari_url, asterisk.ari_user, asterisk.ari_password) as rest:
        yield rest
        ari = Ari(rest)
        async with asyncio.timeout(10):
            while channels := await ari.channels():
                for channel in channels:
                    await ari.hangup(channel.id)
                await asyncio.sleep(0.02)
        for bridge in await ari.bridges():
            with suppress(ConflictError):  # one of the dialplan's, which goes by itself
                await ari.destroy_bridge(bridge.id)


async def next_of(stream: EventStream, wanted: Callable[[Event], bool]) -> Event:
    async with asyncio.timeout(5):
        async for item in stream:
            if isinstance(item, Event) and wanted(item):
                return item
    raise AssertionError("the stream ended")


async def arrived(stream: EventStream, channel: str) -> StasisStart:
    event = await next_of(stream, lambda e: isinstance(e, StasisStart) and e.channel.id == channel)
    assert isinstance(event, StasisStart)
    return event


async def call_in(ari: Ari, stream: EventStream, channel: str, **more: str) -> StasisStart:
    """A channel of ours inside the application, its other half waiting in the dialplan's conference."""
    await ari.originate(
        channel=channel, endpoint="Local/room@cc-conf/n", application=APP, args=("inbound", "x,y"), variables=more
    )
    return await arrived(stream, channel)


async def test_an_originated_channel_has_our_id_our_variables_and_our_arguments(rest: Rest) -> None:
    ari = Ari(rest)
    async with opened(rest, APP) as stream:
        assert await anext(stream) == Gap("connected")
        start = await call_in(ari, stream, "cb-1", CC_CALL="王 & ?x=1")
        assert start.args == ("inbound", "x", "y")
        assert start.at.utcoffset() is not None
        assert await ari.get_variable("cb-1", "CC_CALL") == "王 & ?x=1"
        assert await ari.get_variable("cb-1", "CC_NEVER") is None
        assert await ari.get_variable("no-such", "CC_CALL") is None
        assert [c.id for c in await ari.channels() if c.id == "cb-1"] == ["cb-1"]
        state = await ari.application(APP)
        assert state is not None
        assert "cb-1" in state.channels
        assert await ari.application("no-such") is None


async def test_a_command_given_twice_says_that_it_was_done(rest: Rest) -> None:
    """B12 B13"""
    ari = Ari(rest)
    async with opened(rest, APP) as stream:
        await anext(stream)
        await call_in(ari, stream, "cb-2")
        again = await ari.originate(channel="cb-2", endpoint="Local/room@cc-conf/n", application=APP)
        assert again is False
        assert await ari.create_bridge(bridge="br-2") is True
        assert await ari.create_bridge(bridge="br-2") in (True, False)
        assert await ari.add_channel("br-2", "cb-2") is True
        assert await ari.add_channel("br-2", "cb-2") is False
        await next_of(stream, lambda e: isinstance(e, ChannelEnteredBridge) and e.channel.id == "cb-2")
        assert (await ari.bridge("br-2")).channels == ("cb-2",)
        assert await ari.remove_channel("br-2", "cb-2") is True
        assert await ari.remove_channel("br-2", "cb-2") is False
        assert await ari.play("cb-2", playback="pb-2", media="sound:cc/notice") is True
        assert await ari.stop_playback("pb-2") is True
        await next_of(stream, lambda e: isinstance(e, PlaybackFinished) and e.playback == "pb-2")
        async with asyncio.timeout(5):
            while await ari.stop_playback("pb-2"):  # Asterisk tells the end before the playback is gone
                await asyncio.sleep(0.02)
        assert await ari.snoop("cb-2", snoop="sn-2", application=APP) is True
        assert await ari.hangup("sn-2") is True
        assert await ari.destroy_bridge("br-2") is True
        assert await ari.destroy_bridge("br-2") is False
        assert await ari.hangup("cb-2") is True
        await next_of(stream, lambda e: isinstance(e, ChannelDestroyed) and e.channel.id == "cb-2")
        assert await ari.hangup("cb-2") is False
        assert await ari.channel("cb-2") is None
        assert await ari.set_variable("cb-2", "CC_X", "1") is False
        assert await ari.to_dialplan("cb-2", context="cc-ivr", extension="s", priority=1) is False
        with pytest.raises(NotFoundError):
            await ari.bridge("br-2")


async def test_a_channel_outside_stasis_is_read_but_not_commanded(rest: Rest) -> None:
    """B12: 409 means that the channel is not ours any more."""
    ari = Ari(rest)
    async with opened(rest, APP) as stream:
        await anext(stream)
        await call_in(ari, stream, "cb-3")
        assert await ari.renew_lease("cb-3", 5) is True
        assert await ari.is_in_stasis("cb-3")
        assert await ari.to_dialplan("cb-3", context="cc-conf", extension="77", priority=1) is True
        await next_of(stream, lambda e: isinstance(e, StasisEnd) and e.channel.id == "cb-3")
        assert not await ari.is_in_stasis("cb-3")
        assert await ari.renew_lease("cb-3", 5) is False
        assert await ari.get_variable("cb-3", "CHANNEL(state)") == "Up"


async def test_a_lease_that_is_not_renewed_runs_out(rest: Rest) -> None:
    """F6"""
    ari = Ari(rest)
    async with opened(rest, APP) as stream:
        await anext(stream)
        await call_in(ari, stream, "cb-4")
        await ari.renew_lease("cb-4", 1)
        await next_of(stream, lambda e: isinstance(e, StasisEnd) and e.channel.id == "cb-4")


@pytest.mark.parametrize("name", ["a/b", "x;2", "50%", "a b", "名字", "../..", "?q=1", "a#b"])
async def test_any_channel_id_reaches_asterisk_as_one_name(rest: Rest, name: str) -> None:
    """B7"""
    ari = Ari(rest)
    assert await ari.channel(name) is None
    assert await ari.hangup(name) is False
    with pytest.raises(ValueError, match="not an id of ours"):
        await ari.originate(channel=name, endpoint="Local/room@cc-conf", application=APP)


async def test_events_of_every_channel_come_when_asked_for(rest: Rest) -> None:
    """The talking phase is outside Stasis; only subscribeAll shows it."""
    ari = Ari(rest)
    async with opened(rest, "cc-all", subscribe_all=True) as stream:
        await anext(stream)
        await ari.originate(channel="cb-5", endpoint="Local/22@cc-conf/n", context="cc-conf-agent", extension="22")
        created = await next_of(stream, lambda e: isinstance(e, ChannelCreated) and e.channel.id == "cb-5")
        assert created.asterisk == await ari.ping()
        await next_of(stream, lambda e: isinstance(e, ChannelEnteredBridge) and e.channel.id == "cb-5")


async def test_who_hears_every_channel_is_not_told_of_devices(rest: Rest) -> None:
    """INV-8: one who is can lock the application for good by leaving at the wrong moment (asterisk/asterisk#2170)."""
    async with opened(rest, "cc-devices", subscribe_all=True) as stream:
        await anext(stream)
        told = await rest.request("GET", "applications", "cc-devices")
    assert isinstance(told, dict)
    assert "device_names" not in told


async def test_only_our_variables_are_reported(rest: Rest) -> None:
    """B16 B20"""
    ari = Ari(rest)
    async with opened(rest, APP) as stream:
        await anext(stream)
        await call_in(ari, stream, "cb-6")
        await ari.set_variable("cb-6", "SECRET", "x")
        await ari.set_variable("cb-6", "CC_NEXT", "cc-claims")
        event = await next_of(stream, lambda e: isinstance(e, ChannelVarset))
        assert isinstance(event, ChannelVarset)
        assert (event.variable, event.value) == ("CC_NEXT", "cc-claims")
        assert "cc-claims" not in repr(event)


async def test_another_connection_for_the_application_ends_the_stream(rest: Rest) -> None:
    """B9 F14"""
    async with opened(rest, APP) as first:
        await anext(first)
        async with opened(rest, APP) as second:
            await anext(second)
            with pytest.raises(ReplacedError):
                async with asyncio.timeout(5):
                    async for _ in first:
                        pass
            with pytest.raises(ReplacedError):
                await anext(first)
            assert second.is_connected


async def test_after_a_lost_connection_there_is_a_gap_and_the_channel_is_still_ours(rest: Rest) -> None:
    """F12"""
    ari = Ari(rest)
    async with opened(rest, APP) as stream:
        await anext(stream)
        await call_in(ari, stream, "cb-7")
        assert stream._socket is not None
        await stream._socket.close()
        async with asyncio.timeout(5):
            while (item := await anext(stream)) != Gap("connected"):
                assert isinstance(item, Event)
        state = await ari.application(APP)
        assert state is not None
        assert "cb-7" in state.channels


async def test_a_wrong_password_is_an_alarm_not_a_storm(asterisk: AsteriskAddress) -> None:
    """B14"""
    async with Rest(asterisk.ari_url, asterisk.ari_user, "wrong&x=1") as rest:
        with pytest.raises(DeniedError):
            await Ari(rest).ping()
        async with opened(rest, APP) as stream:
            await until(lambda: stream.counts["failures"] == 1)
            assert not stream.is_connected


async def test_an_asterisk_that_is_not_there_is_unavailable() -> None:
    async with Rest("http://127.0.0.1:9/ari", "cc", "x") as rest:
        with pytest.raises(UnavailableError):
            await Ari(rest).ping()


async def test_a_telephone_is_free_in_use_or_not_there(rest: Rest, phone: Plug) -> None:
    telephones = Telephones(Ari(rest))
    await phone("8002")
    desk = await phone("8001")
    assert await telephones.of("8001") == {"desk-8001": Line.FREE, "web-8001": Line.AWAY}
    assert await telephones.line("desk-8999") is Line.AWAY
    assert await telephones.there() & {"desk-8001", "desk-8002", "desk-8003"} == {"desk-8001", "desk-8002"}
    call = await desk.dial("8002")
    assert await telephones.line("desk-8001") is await telephones.line("desk-8002") is Line.BUSY
    await call.hang_up()
