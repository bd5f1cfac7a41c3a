"""The AMI client against a manager that misbehaves: silence, floods, answers out of order, torn messages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi import ami as module
from agi.ami import (
    Account,
    ActionRefusedError,
    Ami,
    AmiDeniedError,
    AmiUnavailableError,
    Gap,
    Message,
    UnsafeValueError,
    connected,
    encode,
    parse,
    visited,
)
from tests.fakes.ami import Answer, Manager, managed
from tests.fakes.waiting import until

pytestmark = pytest.mark.unit


@asynccontextmanager
async def talking(answer: Answer, events: str = "off", timeout: float = 1.0) -> AsyncIterator[tuple[Ami, Manager]]:
    async with (
        managed(answer) as manager,
        connected(Account("127.0.0.1", manager.port, "cc", "x", events), timeout) as ami,
    ):
        await ami.up.wait()
        yield ami, manager


async def test_an_action_that_is_not_answered_ends_at_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """pyst2's manager waits for ever."""
    async with talking(lambda _: None, timeout=0.1) as (ami, _):
        with pytest.raises(AmiUnavailableError, match="no answer to Ping"):
            await ami.action("Ping")
        assert ami.counts["timeouts"] == 1
        assert ami._waiting == {}


async def test_an_answer_that_comes_too_late_is_given_to_nobody_else() -> None:
    async with talking(lambda _: None, timeout=0.1) as (ami, manager):
        with pytest.raises(AmiUnavailableError):
            await ami.action("Getvar", Variable="LATE")
        late = manager.actions[-1]["ActionID"]
        manager.answer = lambda _: (
            f"Response: Success\r\nActionID: {late}\r\nValue: late\r\n\r\nResponse: Success\r\n@Value: mine\r\n"
        )
        assert (await ami.action("Getvar", Variable="MINE")).get("Value") == "mine"


async def test_answers_in_any_order_find_their_actions() -> None:
    held: list[str] = []

    def answer(fields: dict[str, str]) -> str | None:
        held.append(fields["ActionID"])
        if len(held) < 10:
            return None
        return "\r\n".join(f"Response: Success\r\nActionID: {name}\r\nN: {name}\r\n" for name in reversed(held))

    async with talking(answer) as (ami, _):
        answers = await asyncio.gather(*(ami.action("Ping") for _ in range(10)))
    assert [one.get("N") for one in answers] == held


async def test_a_list_is_gathered_between_other_events() -> None:
    item = "Event: QueueMember\r\n@Name: {}\r\n\r\n"
    text = (
        "Response: Success\r\n@EventList: start\r\n\r\n"
        + item.format("a")
        + "Event: Hangup\r\n\r\n"
        + item.format("b")
        + "Event: QueueStatusComplete\r\n@EventList: Complete\r\n"
    )
    async with talking(lambda _: text) as (ami, _):
        assert [one.get("Name") for one in await ami.listing("QueueStatus")] == ["a", "b"]


async def test_a_refused_list_is_refused() -> None:
    async with talking(lambda _: "Response: Error\r\n@Message: no\r\n") as (ami, _):
        with pytest.raises(ActionRefusedError, match="no"):
            await ami.listing("QueueStatus")


async def test_an_action_under_way_when_the_connection_ends_is_unavailable() -> None:
    async with talking(lambda _: None, timeout=5) as (ami, manager):
        asking = asyncio.create_task(ami.action("Ping"))
        await until(lambda: len(manager.actions) == 2)
        manager.writers[0].close()
        with pytest.raises(AmiUnavailableError, match="ended"):
            await asking


async def test_a_silent_connection_is_asked_and_then_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """F12"""
    monkeypatch.setattr(module, "PING_EVERY", 0.05)
    monkeypatch.setattr(module, "BACK_OFF", (0.01,))
    async with talking(lambda _: None) as (ami, manager):
        await until(lambda: len(manager.writers) == 2)
        assert manager.actions[1]["Action"] == "Ping"
        assert ami.counts["failures"] == 1


async def test_a_message_that_does_not_end_means_a_new_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MESSAGE", 4096)
    monkeypatch.setattr(module, "BACK_OFF", (0.01,))
    async with talking(lambda _: None) as (_, manager):
        manager.write("X: " + "y" * 10_000)
        await until(lambda: len(manager.writers) == 2)


async def test_events_that_nobody_reads_are_bounded_and_end_in_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """B17"""
    monkeypatch.setattr(module, "MAX_EVENTS", 50)
    async with talking(lambda _: None, events="on") as (ami, manager):
        manager.write("Event: Newchannel\r\n\r\n" * 60)
        await until(lambda: ami.counts["overflows"] == 1)
        events = ami.events()
        assert await anext(events) == Gap("overflow")


async def test_without_events_asked_for_none_are_kept() -> None:
    async with talking(lambda _: "Response: Success\r\n@") as (ami, manager):
        manager.write("Event: FullyBooted\r\n\r\n" * 100)
        await ami.action("Ping")
        assert list(ami._events) == [Gap("connected")]


@pytest.mark.parametrize("value", ["a\r\nb", "a\nb", "a\rb", "a\0b", "\x1b[2J"])
def test_control_characters_never_leave(value: str) -> None:
    with pytest.raises(UnsafeValueError):
        encode("QueuePause", {"Interface": value})
    with pytest.raises(UnsafeValueError):
        encode("Originate", {"Variable": ["ok", value]})
    with pytest.raises(UnsafeValueError):
        encode(value, {})


@pytest.mark.parametrize("name", ["", "A B", "A:", "A\r\nB", "名"])
def test_an_odd_header_name_never_leaves(name: str) -> None:
    with pytest.raises(UnsafeValueError):
        encode("Ping", {name: "x"})


def test_lists_repeat_their_header_and_none_is_left_out() -> None:
    line = encode("Originate", {"Variable": ["A=1", "B=2"], "Async": True, "Timeout": 5, "Account": None})
    assert line == b"Action: Originate\r\nVariable: A=1\r\nVariable: B=2\r\nAsync: true\r\nTimeout: 5\r\n\r\n"


def test_a_message_keeps_repeated_headers_and_loses_what_is_none() -> None:
    message = parse(b"Event: X\r\nChanVariable: A=1\r\nChanVariable: B=2\r\nnonsense\r\nValue: a: b\r\n\r\n")
    assert message == Message((("Event", "X"), ("ChanVariable", "A=1"), ("ChanVariable", "B=2"), ("Value", "a: b")))
    assert message.all("ChanVariable") == ("A=1", "B=2")


@given(st.text(max_size=60))
def test_what_is_sent_is_read_back_or_refused(value: str) -> None:
    try:
        line = encode("UserEvent", {"Value": value})
    except UnsafeValueError:
        return
    assert parse(line).get("Value") == value.strip()


async def test_a_visit_is_connected_once_or_not_at_all() -> None:
    async with managed(lambda _: "Response: Success\r\n@Ping: Pong\r\n") as manager:
        async with visited(Account("127.0.0.1", manager.port, "cc", "x")) as ami:
            assert (await ami.action("Ping")).get("Ping") == "Pong"
        assert [action["Action"] for action in manager.actions] == ["Login", "Ping"]
        assert len(manager.writers) == 1
    with pytest.raises(AmiUnavailableError, match="ConnectionRefusedError"):
        async with visited(Account("127.0.0.1", manager.port, "cc", "x")):
            raise AssertionError("nobody listens")


async def test_a_visit_tells_a_wrong_password_from_a_silent_or_foreign_program() -> None:
    async def deny(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/9.0.0\r\n")
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"Response: Error\r\nMessage: Authentication failed\r\n\r\n")
        writer.close()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def foreign(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    for handler, error in ((deny, AmiDeniedError), (silent, AmiUnavailableError), (foreign, AmiUnavailableError)):
        server = await asyncio.start_server(handler, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(error):
            async with visited(Account("127.0.0.1", port, "cc", "x"), timeout=0.3):
                raise AssertionError("nobody let us in")
        server.close()


async def test_a_visit_that_is_cut_off_leaves_no_action_waiting() -> None:
    async with (
        managed(lambda _: None) as manager,
        visited(Account("127.0.0.1", manager.port, "cc", "x"), timeout=5.0) as ami,
    ):
        asking = asyncio.create_task(ami.action("Ping"))
        await until(lambda: len(manager.actions) == 2)
        manager.writers[0].close()
        with pytest.raises(AmiUnavailableError, match="ended"):
            await asking
