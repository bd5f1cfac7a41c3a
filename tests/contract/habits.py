"""What our ARI client builds on, as checks that the fake switch and a real Asterisk both have to pass."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from agi.ari.commands import Ari
from agi.ari.events import Event
from agi.ari.rest import NotFoundError, Rest
from agi.ari.stream import Gap, ReplacedError, opened

APP = "cc-habits"
ENDPOINT = "Local/room@cc-conf/n"

Habit = Callable[[Rest], Awaitable[None]]


async def channel_in_stasis(ari: Ari, name: str) -> None:
    await ari.originate(channel=name, endpoint=ENDPOINT, application=APP)
    async with asyncio.timeout(5):
        while True:
            state = await ari.application(APP)
            if state is not None and name in state.channels and await ari.is_in_stasis(name):
                return
            await asyncio.sleep(0.01)


async def an_id_is_dialled_once(rest: Rest) -> None:
    """B4"""
    ari = Ari(rest)
    async with opened(rest, APP) as stream:
        assert await anext(stream) == Gap("connected")
        await channel_in_stasis(ari, "h-1")
        assert await ari.originate(channel="h-1", endpoint=ENDPOINT, application=APP) is False
        assert len([one for one in await ari.channels() if one.id == "h-1"]) == 1


async def a_channel_ends_once(rest: Rest) -> None:
    """B13"""
    ari = Ari(rest)
    async with opened(rest, APP) as stream:
        await anext(stream)
        await channel_in_stasis(ari, "h-2")
        assert await ari.hangup("h-2") is True
        async with asyncio.timeout(5):
            while await ari.channel("h-2") is not None:
                await asyncio.sleep(0.01)
        assert await ari.hangup("h-2") is False


async def a_channel_obeys_only_inside_stasis(rest: Rest) -> None:
    """B12"""
    ari = Ari(rest)
    async with opened(rest, APP) as stream:
        await anext(stream)
        await channel_in_stasis(ari, "h-3")
        assert await ari.is_in_stasis("h-3")
        assert await ari.set_variable("h-3", "CC_NEXT", "cc-claims") is True
        assert await ari.to_dialplan("h-3", context="cc-conf", extension="77", priority=1) is True
        async with asyncio.timeout(5):
            while await ari.is_in_stasis("h-3"):
                await asyncio.sleep(0.01)
        assert await ari.set_variable("h-3", "CC_NEXT", "x") is False
        assert await ari.to_dialplan("h-3", context="cc-conf", extension="77", priority=1) is False
        assert await ari.hangup("h-3") is True


async def what_is_not_there_is_not_found(rest: Rest) -> None:
    """B7 B13"""
    ari = Ari(rest)
    for name in ("h-none", "a/b", "x;2", "50%", "名字"):
        assert await ari.channel(name) is None
        assert await ari.hangup(name) is False
        with pytest.raises(NotFoundError):
            await rest.request("POST", "channels", name, "answer")


async def the_second_connection_silences_the_first(rest: Rest) -> None:
    """B9"""
    async with opened(rest, APP) as first:
        await anext(first)
        async with opened(rest, APP) as second:
            await anext(second)
            with pytest.raises(ReplacedError):
                async with asyncio.timeout(5):
                    while isinstance(await anext(first), Event | Gap):
                        pass


async def nothing_is_replayed_after_a_gap(rest: Rest) -> None:
    """F12 F16"""
    ari = Ari(rest)
    async with opened(rest, APP) as stream:
        await anext(stream)
        await channel_in_stasis(ari, "h-4")
    await ari.hangup("h-4")
    await until_gone(ari, "h-4")
    async with opened(rest, APP) as stream:
        assert await anext(stream) == Gap("connected")
        heard: list[str] = []
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                async for item in stream:
                    heard.append(repr(item))
        assert [one for one in heard if "id='h-4'" in one] == []


async def a_channel_stays_while_nobody_listens(rest: Rest) -> None:
    """F11"""
    ari = Ari(rest)
    async with opened(rest, APP) as stream:
        await anext(stream)
        await channel_in_stasis(ari, "h-5")
    assert await ari.renew_lease("h-5", 30) is True
    state = await ari.application(APP)
    assert state is not None
    assert "h-5" in state.channels
    assert await ari.hangup("h-5") is True


async def a_channel_dialled_into_an_application_nobody_hears_is_lost(rest: Rest) -> None:
    """F11: Asterisk says 200 all the same, so nobody dials during a gap."""
    ari = Ari(rest)
    assert await ari.originate(channel="h-6", endpoint=ENDPOINT, application="cc-unheard") is True
    await until_gone(ari, "h-6")


async def until_gone(ari: Ari, channel: str) -> None:
    async with asyncio.timeout(5):
        while await ari.channel(channel) is not None:
            await asyncio.sleep(0.01)


HABITS: tuple[Habit, ...] = (
    an_id_is_dialled_once,
    a_channel_ends_once,
    a_channel_obeys_only_inside_stasis,
    what_is_not_there_is_not_found,
    the_second_connection_silences_the_first,
    nothing_is_replayed_after_a_gap,
    a_channel_stays_while_nobody_listens,
    a_channel_dialled_into_an_application_nobody_hears_is_lost,
)
