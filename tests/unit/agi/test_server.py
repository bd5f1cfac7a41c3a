"""The FastAGI listener over real sockets: A1-A21 as a client can do them, and what a call may expect."""

import asyncio
import logging
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import uvloop

from agi.protocol import CommandRefusedError
from agi.server import Limits, Route, Server, listen
from agi.session import (
    AGIAppError,
    AGIHangup,
    AGIInvalidCommand,
    AGIResultHangup,
    AGIUsageError,
    Session,
)
from tests.fakes.fastagi import Dialogue, call, dialled, environment
from tests.fakes.waiting import until

pytestmark = pytest.mark.unit

Starter = Callable[..., Awaitable[Server]]


@pytest.fixture
async def start() -> AsyncIterator[Starter]:
    """Start a server with the script under test as `greet`, closed after the test."""
    stopping: list[asyncio.Event] = []
    running: list[asyncio.Task[None]] = []

    async def begin(
        script: Callable[[Session], Awaitable[None]], deadline: float = 3.0, limits: Limits | None = None
    ) -> Server:
        ready: asyncio.Future[Server] = asyncio.get_running_loop().create_future()
        stop = asyncio.Event()

        async def serve() -> None:
            routes = {"greet": Route(script, deadline), "overflow": Route(mark, deadline)}
            async with listen(routes, limits=limits or Limits(), drain=0.2) as server:
                ready.set_result(server)
                await stop.wait()

        stopping.append(stop)
        running.append(asyncio.create_task(serve()))
        return await ready

    yield begin
    for stop in stopping:
        stop.set()
    await asyncio.gather(*running)


async def mark(session: Session) -> None:
    await session.set_variable("CC_DONE", "1")


async def works(server: Server) -> bool:
    """Whether an ordinary call is still served."""
    return (await call(server.port, environment(call="hl1-1.99"))).variables == {"CC_DONE": "1"}


def reset(dialogue: Dialogue) -> None:
    """Close with RST instead of FIN."""
    sock: socket.socket = dialogue.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    dialogue.writer.transport.abort()


async def test_a_script_runs_and_its_mark_is_the_last_command(start: Starter) -> None:
    server = await start(mark)
    dialogue = await call(server.port, environment())
    assert dialogue.asked == [["SET", "VARIABLE", "CC_DONE", "1"]]
    await until(lambda: not server.calls)
    assert server.counts == {"accepted": 1, "served": 1}


async def test_a_health_check_that_connects_and_closes_costs_nothing(start: Starter) -> None:
    """A1"""
    server = await start(mark)
    for _ in range(50):
        async with dialled(server.port):
            pass
    await until(lambda: server.counts["empty"] == 50)
    assert await works(server)
    await until(lambda: not server.calls)


@pytest.mark.parametrize("ending", ["FIN", "RST", "silence"])
async def test_half_an_environment_is_left_after_the_header_time(start: Starter, ending: str) -> None:
    """A2"""
    server = await start(mark, limits=Limits(header=0.2))
    async with dialled(server.port, environment()[:100]) as dialogue:
        if ending == "FIN":
            dialogue.writer.write_eof()
        elif ending == "RST":
            await until(lambda: len(server.calls) == 1)
            reset(dialogue)
        assert await dialogue.closed(within=1.0)
    await until(lambda: not server.calls)
    assert server.counts["slow"] == (ending == "silence")
    assert await works(server)


async def test_ten_megabytes_of_headers_are_cut_at_64_kib(start: Starter) -> None:
    """A3"""
    server = await start(mark)
    async with dialled(server.port, environment()[:-1]) as dialogue:
        try:
            for _ in range(160):
                dialogue.send(b"agi_x: " + b"y" * 65529 + b"\n")
                await dialogue.writer.drain()
        except ConnectionError:
            pass
        assert await dialogue.closed()
    assert server.counts["oversize"] == 1
    assert await works(server)


async def test_broken_header_lines_are_borne_and_counted(start: Starter) -> None:
    """A4"""
    seen: list[str] = []

    async def script(session: Session) -> None:
        seen.append(session.env["agi_callerid"])
        await mark(session)

    server = await start(script)
    header = (
        environment().replace(b"agi_dnid", b"no colon here\n: x\nagi_callerid: 7\nagi_dnid").replace(b"\n", b"\r\n")
    )
    assert (await call(server.port, header)).variables == {"CC_DONE": "1"}
    assert seen == ["7"]
    assert server.counts["flawed"] == 1


async def test_a_caller_name_in_gbk_breaks_nothing(start: Starter) -> None:
    """A5"""
    seen: list[tuple[str, bytes]] = []

    async def script(session: Session) -> None:
        seen.append((session.env["agi_calleridname"], session.raw["agi_calleridname"]))
        await mark(session)

    server = await start(script)
    name = "王芳".encode("gbk")
    header = environment(agi_calleridname="@").replace(b"@", name)
    assert (await call(server.port, header)).variables == {"CC_DONE": "1"}
    assert seen[0][1] == name


@pytest.mark.parametrize(
    "script", ["nosuch", "../greet", "greet%00", "g" * 8192, "", "greet/../greet", "GREET", "greet "]
)
async def test_an_unknown_script_is_closed_without_the_mark(start: Starter, script: str) -> None:
    """A6"""
    server = await start(mark)
    dialogue = await call(server.port, environment(script=f"{script}"))
    assert dialogue.asked == []
    assert server.counts["unknown"] == 1


async def test_a_query_is_no_part_of_the_script_name(start: Starter) -> None:
    """A6"""
    server = await start(mark)
    assert (await call(server.port, environment(script="greet?x=1"))).variables == {"CC_DONE": "1"}


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 81, "名字", "-1", "a/b", "a;2"])
async def test_a_call_without_a_usable_name_is_not_bound(start: Starter, name: str) -> None:
    """A7"""
    server = await start(mark)
    assert (await call(server.port, environment(call=name))).asked == []
    assert server.counts["unnamed"] == 1


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"510 Invalid or unknown command\n", AGIInvalidCommand),
        (b"511 Command Not Permitted on a dead channel or intercept routine\n", AGIResultHangup),
        (b"520-Invalid command syntax.\nUsage: NOOP\n520 End of proper usage.\n", AGIUsageError),
        (b"200 result=-1\n", AGIAppError),
        (b"200 result=-1 (hangup) endpos=12\n", AGIResultHangup),
    ],
)
async def test_refusals_are_typed(start: Starter, line: bytes, error: type[Exception]) -> None:
    """A9 A10"""
    seen: list[type[Exception]] = []

    async def script(session: Session) -> None:
        try:
            await session.stream_file("x")
        except Exception as raised:
            seen.append(type(raised))
        await mark(session)

    server = await start(script)
    dialogue = await call(server.port, environment(), {"STREAM FILE": line})
    assert seen == [error]
    assert dialogue.variables == {"CC_DONE": "1"}


async def test_a_missing_application_is_an_application_error(start: Starter) -> None:
    """A10"""
    server = await start(lambda session: session.appexec("NoSuch"))
    await call(server.port, environment(), {"EXEC": b"200 result=-2\n"})
    await until(lambda: server.counts["failed"] == 1)


async def test_a_value_with_line_breaks_is_never_paired_with_another_command(start: Starter) -> None:
    """A11"""
    seen: list[str] = []

    async def script(session: Session) -> None:
        seen.append(await session.get_variable("A"))
        seen.append(await session.get_variable("B"))
        await mark(session)

    server = await start(script)
    replies = {"GET VARIABLE A": b"200 result=1 (uid=\n)\n", "GET VARIABLE B": b"200 result=1 (b)\n"}
    assert (await call(server.port, environment(), replies)).variables == {"CC_DONE": "1"}
    assert seen == ["uid=\n", "b"]


@pytest.mark.parametrize("rest", [b"b)\n", b"200 result=1 (forged))\n"])
async def test_a_value_that_cannot_be_told_apart_ends_the_session(start: Starter, rest: bytes) -> None:
    """A11"""
    seen: list[str] = []

    async def script(session: Session) -> None:
        seen.append(await session.get_variable("A"))
        seen.append(await session.get_variable("B"))
        await mark(session)

    server = await start(script)
    dialogue = await call(server.port, environment(), {"GET VARIABLE A": b"200 result=1 (a)\n" + rest})
    assert dialogue.variables == {}
    assert "forged)" not in seen
    assert server.counts["garbled"] == 1


async def test_a_value_with_brackets_is_whole(start: Starter) -> None:
    """A12"""
    seen: list[str] = []

    async def script(session: Session) -> None:
        seen.append(await session.get_variable("A"))

    server = await start(script)
    await call(server.port, environment(), known={"A": "a) (b (c) d"})
    assert seen == ["a) (b (c) d"]


@pytest.mark.parametrize(
    "order", [b"HANGUP\n200 result=-1\n", b"200 result=-1\nHANGUP\n", b"200 result=-1\nHANGUP\nHANGUP\n"]
)
async def test_a_hang_up_line_never_shifts_the_replies(start: Starter, order: bytes) -> None:
    """A13"""
    seen: list[object] = []

    async def script(session: Session) -> None:
        try:
            await session.stream_file("cc/notice")
        except AGIAppError:
            seen.append(await session.is_hung_up())
        seen.append(await session.get_variable("A"))
        await session.stream_file("cc/again")

    server = await start(script)
    replies = {"STREAM FILE cc/notice": order, "STREAM FILE cc/again": b"511 Command Not Permitted\n"}
    await call(server.port, environment(), replies, {"A": "still here"})
    assert seen == [True, "still here"]
    await until(lambda: server.counts["hung_up"] == 1)
    assert server.counts["failed"] == 0


async def test_a_client_that_says_nothing_but_hangup_is_cut(start: Starter) -> None:
    """A13 A21"""
    server = await start(mark)
    async with dialled(server.port, environment() + b"HANGUP\n" * 1000) as dialogue:
        assert await dialogue.closed()
    assert server.counts["garbled"] == 1
    await until(lambda: not server.live and not server.calls)


async def test_an_error_on_a_living_call_is_told_from_a_hang_up_by_a_noop(start: Starter) -> None:
    """A13"""
    server = await start(lambda session: session.stream_file("missing"))
    dialogue = await call(server.port, environment(), {"STREAM FILE": b"200 result=-1\n"})
    assert dialogue.asked[-1] == ["NOOP"]
    await until(lambda: server.counts["failed"] == 1)


async def test_a_reply_in_two_hundred_segments_arrives(start: Starter) -> None:
    """A14"""
    seen: list[str] = []

    async def script(session: Session) -> None:
        seen.append(await session.get_variable("A"))
        await mark(session)

    server = await start(script)
    async with dialled(server.port, environment()) as dialogue:
        await dialogue.command()
        for byte in b"200 result=1 (" + b"x" * 184 + b")\n":
            dialogue.send(bytes([byte]))
            await asyncio.sleep(0)
        assert await dialogue.command() == ["SET", "VARIABLE", "CC_DONE", "1"]
    assert seen == ["x" * 184]


async def test_a_reply_without_a_question_ends_the_session(start: Starter) -> None:
    """A14"""

    async def script(session: Session) -> None:
        await asyncio.sleep(5)

    server = await start(script)
    async with dialled(server.port, environment() + b"200 result=1\n") as dialogue:
        assert await dialogue.closed()
    await until(lambda: server.counts["cancelled"] == 1)


async def test_a_reply_that_does_not_end_aborts_the_session(start: Starter) -> None:
    """A15"""
    server = await start(mark)
    async with dialled(server.port, environment()) as dialogue:
        await dialogue.command()
        dialogue.send(b"2" * 70000)
        assert await dialogue.closed()
    assert server.counts["oversize"] == 1
    assert await works(server)


async def test_trying_is_not_the_reply(start: Starter) -> None:
    """A16"""
    server = await start(mark)
    replies = {"SET VARIABLE": b"100 result=0 Trying...\n200 result=1\n"}
    await call(server.port, environment(), replies)
    await until(lambda: server.counts["served"] == 1)


async def test_an_argument_agi_cannot_carry_never_leaves(start: Starter) -> None:
    """A17"""
    seen: list[str] = []

    async def script(session: Session) -> None:
        for value in ("a\nHANGUP", "a\0", "a\r", "x" * 2001):
            try:
                await session.set_variable("A", value)
            except CommandRefusedError:
                seen.append(value)
        await mark(session)

    server = await start(script)
    dialogue = await call(server.port, environment())
    assert len(seen) == 4
    assert dialogue.asked == [["SET", "VARIABLE", "CC_DONE", "1"]]


async def test_quotes_and_expressions_arrive_as_they_were_given(start: Starter) -> None:
    """A18"""
    value = 'say "hi" \\ ${EPOCH} $[1+1] 王'

    async def script(session: Session) -> None:
        await session.set_variable("A", value)

    server = await start(script)
    assert (await call(server.port, environment())).variables == {"A": value}


@pytest.mark.parametrize(
    ("line", "digits"),
    [
        (b"200 result=\n", ""),
        (b"200 result= (timeout)\n", ""),
        (b"200 result=#\n", "#"),
        (b"200 result=" + b"1" * 255 + b"\n", "1" * 255),
    ],
)
async def test_any_digits_a_caller_presses_are_just_digits(start: Starter, line: bytes, digits: str) -> None:
    """A19"""
    seen: list[str] = []

    async def script(session: Session) -> None:
        seen.append(await session.get_data("cc/menu", 2000, 1))

    server = await start(script)
    dialogue = await call(server.port, environment(), {"GET DATA": line})
    assert seen == [digits]
    assert dialogue.asked[0] == ["GET", "DATA", "cc/menu", "2000", "1"]


async def test_the_same_script_twice_for_one_call_is_refused(start: Starter) -> None:
    """A20"""
    server = await start(mark)
    async with dialled(server.port, environment()) as first:
        assert await first.command()
        assert (await call(server.port, environment())).asked == []
        assert server.counts["twice"] == 1
        await_end = asyncio.create_task(first.play())
        first.send(b"200 result=1\n")
        await await_end
    assert server.counts["served"] == 1
    await until(lambda: not server.live)


async def test_the_next_script_of_a_call_ends_the_one_asterisk_has_left(start: Starter) -> None:
    """A20: a channel is in one AGI at a time."""
    server = await start(mark)
    async with dialled(server.port, environment()) as left:
        assert await left.command()
        assert (await call(server.port, environment(script="overflow"))).variables == {"CC_DONE": "1"}
        assert await left.closed()
    assert server.counts["superseded"] == 1
    await until(lambda: not server.live)


@pytest.mark.parametrize("hello", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x00\xee\x01\x00", b"\r\n\r\n"])
async def test_other_clients_are_closed_and_counted_without_flooding_the_log(
    start: Starter, hello: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """A21"""
    server = await start(mark)
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            async with dialled(server.port, hello) as dialogue:
                assert await dialogue.closed()
    assert server.counts["foreign"] == 20
    assert len(caplog.records) == 1
    assert await works(server)


async def test_a_script_that_misses_its_deadline_ends_without_the_mark(
    start: Starter, caplog: pytest.LogCaptureFixture
) -> None:
    """F3: the dialplan's deadline must never be the first to run out."""

    async def script(session: Session) -> None:
        await asyncio.sleep(30)
        await mark(session)

    server = await start(script, deadline=0.1)
    with caplog.at_level(logging.WARNING):
        assert (await call(server.port, environment())).asked == []
    assert server.counts["late"] == 1
    assert [record.getMessage() for record in caplog.records] == ["script missed its deadline"]


async def test_a_client_that_never_answers_is_left_at_the_deadline(start: Starter) -> None:
    """F5"""
    server = await start(mark, deadline=0.2)
    async with dialled(server.port, environment()) as dialogue:
        await dialogue.command()
        assert await dialogue.closed(within=1.0)
    assert server.counts["late"] == 1


async def test_an_exception_ends_its_own_call_and_is_logged_once(
    start: Starter, caplog: pytest.LogCaptureFixture
) -> None:
    async def script(session: Session) -> None:
        if session.env["agi_uniqueid"] == "hl1-1.1":
            raise RuntimeError("broken")
        await asyncio.sleep(0.05)
        await mark(session)

    server = await start(script)
    with caplog.at_level(logging.WARNING):
        _, good = await asyncio.gather(
            call(server.port, environment(call="hl1-1.1")), call(server.port, environment(call="hl1-1.2"))
        )
    assert good.variables == {"CC_DONE": "1"}
    assert len(caplog.records) == 1
    assert caplog.records[0].__dict__["call"] == "hl1-1.1"


async def test_a_caller_who_leaves_frees_everything_within_a_second(start: Starter) -> None:
    """F9"""

    async def script(session: Session) -> None:
        await asyncio.sleep(30)

    server = await start(script, deadline=20)
    async with dialled(server.port, environment()):
        await until(lambda: bool(server.live))
    await until(lambda: not server.live and not server.calls, within=1.0)


async def test_what_the_caller_asked_for_is_finished_although_he_left(start: Starter) -> None:
    """A commit under way is worth the grace."""
    committed = asyncio.Event()

    async def script(session: Session) -> None:
        await session.hungup.wait()
        await asyncio.sleep(0.05)
        committed.set()
        with pytest.raises(AGIHangup):
            await mark(session)

    server = await start(script)
    async with dialled(server.port, environment()):
        await until(lambda: bool(server.live))
    async with asyncio.timeout(1):
        await committed.wait()


async def test_a_command_cut_short_does_not_give_its_reply_to_the_next(start: Starter) -> None:
    seen: list[str] = []

    async def script(session: Session) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await session.get_variable("A")
        seen.append(await session.get_variable("B"))

    server = await start(script)
    async with dialled(server.port, environment()) as dialogue:
        await dialogue.command()
        await asyncio.sleep(0.1)
        dialogue.send(b"200 result=1 (late)\n")
        assert await dialogue.command() == ["GET", "VARIABLE", "B"]
        dialogue.send(b"200 result=1 (mine)\n")
        assert await dialogue.closed()
    assert seen == ["mine"]


async def test_two_tasks_of_one_call_take_turns(start: Starter) -> None:
    """One command is in flight, whoever sends it."""

    async def script(session: Session) -> None:
        session.tasks.create_task(session.set_variable("A", "1"))
        session.tasks.create_task(session.set_variable("B", "2"))
        await session.set_variable("C", "3")

    server = await start(script)
    async with dialled(server.port, environment()) as dialogue:
        for _ in range(3):
            assert await dialogue.command()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await dialogue.command()
            dialogue.send(b"200 result=1\n")
        assert await dialogue.closed()
    assert sorted(asked[2] for asked in dialogue.asked) == ["A", "B", "C"]


def test_the_same_server_runs_on_uvloop() -> None:
    async def one() -> None:
        async with listen({"greet": Route(mark, 3)}) as server:
            assert (await call(server.port, environment())).variables == {"CC_DONE": "1"}
            async with dialled(server.port, b"GET / HTTP/1.1\r\n\r\n") as dialogue:
                assert await dialogue.closed()
            await until(lambda: not server.calls)
        assert server.counts["served"] == server.counts["foreign"] == 1

    uvloop.run(one())


async def test_five_hundred_calls_at_once_are_served_or_refused_never_half(start: Starter) -> None:
    """F10"""
    server = await start(mark, limits=Limits(sessions=300))
    gate = asyncio.Event()

    async def ring(n: int) -> dict[str, str]:
        try:
            async with dialled(server.port) as dialogue:
                await gate.wait()
                dialogue.send(environment(call=f"hl1-1.{n}"))
                await dialogue.play()
                return dialogue.variables
        except ConnectionError:
            return {}

    tasks = [asyncio.create_task(ring(n)) for n in range(500)]
    await until(lambda: server.counts["accepted"] == 500, within=10)
    gate.set()
    ends = await asyncio.gather(*tasks)
    assert sum(end == {"CC_DONE": "1"} for end in ends) == 300
    assert server.counts["crowded"] == 200
    assert server.counts["served"] == 300


async def test_at_the_stop_living_calls_finish_and_new_ones_are_refused() -> None:
    async with listen({"greet": Route(mark, 3)}, drain=2) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(environment())
        dialogue = Dialogue(reader, writer)
        assert await dialogue.command()
        asyncio.get_running_loop().call_later(0.1, dialogue.send, b"200 result=1\n")
    assert server.counts["served"] == 1
    assert not server.calls
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection("127.0.0.1", server.port)
    assert await dialogue.closed()
    writer.close()


async def test_at_the_stop_calls_that_do_not_end_are_cut() -> None:
    async def script(session: Session) -> None:
        await asyncio.sleep(30)

    async with listen({"greet": Route(script, 30)}, drain=0.1) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(environment())
        await until(lambda: bool(server.live))
    assert await Dialogue(reader, writer).closed()
    writer.close()
