"""The session without sockets: whoever asks, whatever is cut short, a reply belongs to the command that
asked for it."""

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.protocol import HANGUP, Connection, Environment, Reply
from agi.session import AGIError, AGIHangup, AGIResultHangup, AGIUnknownError, Session, decode
from tests.fakes.fastagi import words

pytestmark = pytest.mark.unit


@dataclass
class Line:
    """The wire between a session and a switch that answers GET VARIABLE with the variable's own name."""

    codec: Connection = field(default_factory=Connection)
    sent: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.codec.feed(b"agi_network: yes\n\n")
        self.session = Session(Environment({}), self.sent.append)

    def answer(self, hang_up_first: bool = False) -> None:
        """Reply to the oldest command not answered, HANGUP before it or not."""
        name = words(self.sent.pop(0).decode())[2]
        text = ("HANGUP\n" if hang_up_first else "") + f"200 result=1 ({name})\n"
        for byte in text.encode():
            for event in self.codec.feed(bytes([byte])):
                if event is HANGUP:
                    self.session.hungup.set()
                else:
                    assert isinstance(event, Reply)
                    assert self.session.answered(event)


steps = st.lists(
    st.tuples(st.sampled_from(["ask", "answer", "hangup", "cancel"]), st.integers(0, 5)), min_size=1, max_size=40
)


@given(steps)
async def test_a_reply_is_never_given_to_another_command(walk: list[tuple[str, int]]) -> None:
    """A11 A13 A14"""
    line = Line()
    asked: dict[str, asyncio.Task[str]] = {}
    for n, (step, which) in enumerate(walk):
        if step == "ask":
            asked[f"V{n}"] = asyncio.create_task(line.session.get_variable(f"V{n}"))
        elif step == "cancel" and asked:
            list(asked.values())[which % len(asked)].cancel()
        elif line.sent:
            line.answer(hang_up_first=step == "hangup")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(line.sent) <= 1
    while line.sent:
        line.answer()
        for _ in range(len(asked) + 2):
            await asyncio.sleep(0)
    got = await asyncio.gather(*asked.values(), return_exceptions=True)
    assert all(
        isinstance(value, asyncio.CancelledError) or value == name for name, value in zip(asked, got, strict=True)
    )


async def test_the_end_of_the_connection_ends_all_who_ask() -> None:
    line = Line()
    asking = [asyncio.create_task(line.session.get_variable(f"V{n}")) for n in range(3)]
    await asyncio.sleep(0)
    line.session.ended()
    assert [type(one) for one in await asyncio.gather(*asking, return_exceptions=True)] == [AGIResultHangup] * 3
    with pytest.raises(AGIHangup):
        await line.session.noop()
    assert await line.session.is_hung_up()


def test_a_code_nobody_knows_is_an_unknown_error() -> None:
    """A9"""
    with pytest.raises(AGIUnknownError):
        decode(Reply(599, text="?"))


@pytest.mark.parametrize("code", ["x", "-2", "99999999999"])
async def test_a_result_that_is_no_key_is_an_error(code: str) -> None:
    """A10"""
    line = Line()
    asking = asyncio.create_task(line.session.wait_for_digit())
    await asyncio.sleep(0)
    assert line.session.answered(Reply(200, code))
    with pytest.raises(AGIError):
        await asking
