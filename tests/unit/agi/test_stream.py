"""The event stream against a switch that misbehaves: B1-B4, B9, B14, B17, B20, and every way to lose a
connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import islice

import pytest

from agi.ari import stream as module
from agi.ari.events import ChannelCreated, ChannelDestroyed, ChannelVarset, Event, StasisStart
from agi.ari.rest import Rest
from agi.ari.stream import EventStream, Gap, ReplacedError, opened
from tests.fakes.asterisk import Switch, channel, event, switched_on
from tests.fakes.waiting import until

pytestmark = pytest.mark.unit

CONNECTED = Gap("connected")


@pytest.fixture
async def switch() -> AsyncIterator[Switch]:
    async with switched_on() as switch:
        yield switch


@pytest.fixture
async def rest(switch: Switch, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rest]:
    monkeypatch.setattr(module, "BACK_OFF", (0.01, 0.02))
    async with Rest(switch.url, "cc", "p&x=1") as rest:
        yield rest


async def take(stream: EventStream, n: int) -> list[Event | Gap]:
    async with asyncio.timeout(5):
        return [await anext(stream) for _ in range(n)]


async def test_events_come_in_order_after_a_gap(switch: Switch, rest: Rest) -> None:
    async with opened(rest, "cc") as stream:
        assert await take(stream, 1) == [CONNECTED]
        await switch.emit(*(event("ChannelCreated", channel=channel(f"c{n}")) for n in range(50)))
        events = await take(stream, 50)
    assert [e.channel.id for e in events if isinstance(e, ChannelCreated)] == [f"c{n}" for n in range(50)]


async def test_asterisk_is_asked_for_what_we_use_only(switch: Switch, rest: Rest) -> None:
    """B20"""
    async with opened(rest, "cc", subscribe_all=True) as stream:
        await take(stream, 1)
        allowed = {one["type"] for one in switch.filters["cc"]["allowed"]}
        assert "StasisStart" in allowed
        assert "ChannelDialplan" not in allowed
        assert "DeviceStateChanged" not in allowed
        assert switch.queries == [{"app": "cc", "subscribeAll": "true"}]


async def test_the_password_is_in_no_address(switch: Switch, rest: Rest) -> None:
    async with opened(rest, "cc") as stream:
        await take(stream, 1)
    assert not any("p&x" in path or "p%26x" in path for _, path in switch.requests)
    assert len(switch.authorisations) == 1


async def test_what_we_do_not_use_is_counted_and_left_out(switch: Switch, rest: Rest) -> None:
    """B1"""
    async with opened(rest, "cc") as stream:
        await take(stream, 1)
        await switch.emit(event("ChannelToneDetected"), event("RecordingFinished"), event("ChannelCreated"))
        (created,) = await take(stream, 1)
        assert isinstance(created, ChannelCreated)
        assert stream.counts["unknown"] == 2


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the stream warns of, however the tests before set up the logs."""
    told: list[str] = []
    monkeypatch.setattr(module.log, "warning", lambda text, **_: told.append(text))
    return told


async def test_a_malformed_event_is_dropped_with_a_log_line_and_the_next_is_read(
    switch: Switch, rest: Rest, warnings: list[str]
) -> None:
    """B2"""
    async with opened(rest, "cc") as stream:
        await take(stream, 1)
        await switch.emit(event("ChannelCreated", channel=None), event("ChannelCreated"))
        assert isinstance((await take(stream, 1))[0], ChannelCreated)
        assert stream.counts["malformed"] == 1
        assert warnings == ["ARI event dropped"]
        assert switch.connections == 1


@pytest.mark.parametrize(
    "frame",
    ["not json", '{"type":', '{"type":"StasisStart"', '{"x":' + "[" * 50_000 + "]" * 50_000 + "}", '{"a" 1}', ""],
)
async def test_a_broken_frame_means_a_new_connection_and_a_gap(switch: Switch, rest: Rest, frame: str) -> None:
    """B3"""
    async with opened(rest, "cc") as stream:
        await take(stream, 1)
        await switch.socket.send_str(frame)
        assert await take(stream, 1) == [CONNECTED]
        assert switch.connections == 2


async def test_a_binary_frame_means_a_new_connection(switch: Switch, rest: Rest) -> None:
    """B3"""
    async with opened(rest, "cc") as stream:
        await take(stream, 1)
        await switch.socket.send_bytes(b"\x00\x01")
        assert await take(stream, 1) == [CONNECTED]


async def test_a_frame_of_ten_megabytes_means_a_new_connection(switch: Switch, rest: Rest) -> None:
    """B3"""
    async with opened(rest, "cc") as stream:
        await take(stream, 1)
        with suppress(ConnectionError):
            await switch.socket.send_str('{"type":"' + "x" * 10_000_000 + '"}')
        assert await take(stream, 1) == [CONNECTED]


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1009, 1011])
async def test_any_close_means_a_new_connection_and_a_gap(switch: Switch, rest: Rest, code: int) -> None:
    """B3"""
    async with opened(rest, "cc") as stream:
        await take(stream, 1)
        if code == 1006:  # no close frame at all
            assert switch.socket._req is not None
            assert switch.socket._req.transport is not None
            switch.socket._req.transport.abort()
        else:
            await switch.socket.close(code=code)
        assert await take(stream, 1) == [CONNECTED]
        await switch.emit(event("StasisStart"))
        assert isinstance((await take(stream, 1))[0], StasisStart)


async def test_an_event_delivered_twice_or_late_is_passed_on_as_it_came(switch: Switch, rest: Rest) -> None:
    """B4: the reader tells them by their key."""
    async with opened(rest, "cc") as stream:
        await take(stream, 1)
        gone = event("ChannelDestroyed", cause=16, cause_txt="")
        await switch.emit(gone, event("StasisStart"), gone)
        first, start, last = await take(stream, 3)
    assert isinstance(first, ChannelDestroyed)
    assert isinstance(start, StasisStart)
    assert isinstance(last, ChannelDestroyed)
    assert first.key == last.key != start.key


async def test_a_stolen_application_ends_the_stream_and_is_not_taken_back(switch: Switch, rest: Rest) -> None:
    """B9 F14"""
    async with opened(rest, "cc") as stream:
        await take(stream, 1)
        await switch.emit(event("ChannelCreated"), event("ApplicationReplaced"), event("ChannelCreated"))
        assert isinstance((await take(stream, 1))[0], ChannelCreated)
        with pytest.raises(ReplacedError):
            await take(stream, 1)
        with pytest.raises(ReplacedError):
            await take(stream, 1)
        await asyncio.sleep(0.1)
        assert switch.connections == 1


async def test_a_text_that_speaks_of_replacement_replaces_nothing(switch: Switch, rest: Rest) -> None:
    """B9 B15"""
    async with opened(rest, "cc") as stream:
        await take(stream, 1)
        await switch.emit(event("ChannelVarset", variable="CC_HINT", value='"type":"ApplicationReplaced"'))
        assert isinstance((await take(stream, 1))[0], ChannelVarset)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_account_is_tried_again_only_after_a_long_pause(
    switch: Switch, rest: Rest, status: int
) -> None:
    """B14"""
    switch.refuse_with = status
    async with opened(rest, "cc") as stream:
        await until(lambda: stream.counts["failures"] == 1)
        await asyncio.sleep(0.2)
        assert len(switch.requests) == 1


async def test_a_switch_that_is_busy_is_tried_again_with_growing_pauses(switch: Switch, rest: Rest) -> None:
    """F19"""
    switch.refuse_with = 503
    async with opened(rest, "cc") as stream:
        await until(lambda: stream.counts["failures"] >= 3)
        switch.refuse_with = 0
        assert await take(stream, 1) == [CONNECTED]


async def test_a_burst_that_nobody_reads_sheds_noise_first_then_everything_with_a_gap(
    switch: Switch, rest: Rest
) -> None:
    """B17"""
    async with opened(rest, "cc", size=100) as stream:
        await take(stream, 1)
        await switch.emit(*(event("ChannelCreated", channel=channel(f"c{n}")) for n in range(60)))
        await switch.emit(*(event("ChannelVarset", variable="CC_X", value=str(n)) for n in range(60)))
        await until(lambda: stream.counts["shed"] == 60)
        assert len(stream._queue) == 60
        await switch.emit(*(event("ChannelCreated", channel=channel(f"d{n}")) for n in range(70)))
        await until(lambda: stream.counts["overflows"] == 1 and len(stream._queue) == 31)
        first, *rest_of_it = await take(stream, 31)
        assert first == Gap("overflow")
        assert all(isinstance(one, ChannelCreated) for one in rest_of_it)


async def test_fifty_thousand_events_keep_the_queue_bounded_and_the_loop_alive(switch: Switch, rest: Rest) -> None:
    """B17"""
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0.01)

    heart = asyncio.create_task(beat())
    async with opened(rest, "cc", size=1000) as stream:
        await take(stream, 1)
        frame = json.dumps(event("ChannelCreated"))
        for _ in range(50_000):
            await switch.socket.send_str(frame)
        await until(lambda: stream.counts["overflows"] >= 48, within=20)
        assert len(stream._queue) <= 1001
    heart.cancel()
    assert beats > 10


async def test_variables_that_are_not_ours_are_not_even_parsed(switch: Switch, rest: Rest) -> None:
    """B16 B20"""
    async with opened(rest, "cc") as stream:
        await take(stream, 1)
        await switch.emit(
            event("ChannelVarset", variable="PIN", value="314159"),
            event("ChannelVarset", variable="CC_NEXT", value="x"),
        )
        (varset,) = await take(stream, 1)
        assert isinstance(varset, ChannelVarset)
        assert varset.variable == "CC_NEXT"
        assert stream.counts["skipped"] == 1


async def test_a_switch_that_falls_silent_is_noticed(
    switch: Switch, rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F12: in life within 7.5 s; here a tenth of a second."""
    monkeypatch.setattr(module, "HEARTBEAT", 0.1)
    async with opened(rest, "cc") as stream:
        await take(stream, 1)
        assert switch.socket._reader is not None
        assert switch.socket._req is not None
        assert switch.socket._req.transport is not None
        switch.socket._req.transport.pause_reading()  # type: ignore[attr-defined]
        assert await take(stream, 1) == [CONNECTED]
        assert switch.connections == 2


def test_the_first_pause_is_never_zero_and_the_last_repeats() -> None:
    """F11"""
    delays = list(islice(module._delays(), 10))
    assert delays[0] > 0
    assert delays == sorted(delays)
    assert delays[-1] == delays[-2] == module.BACK_OFF[-1]
