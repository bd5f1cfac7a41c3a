"""pyst2's own AGI class as oracle: the same words, the same commands, the same results, but for what is listed here."""

import asyncio
import inspect
import io
from typing import Any

import pytest
from asterisk import agi as pyst2

from agi.protocol import Connection, Environment, Reply
from agi.session import Session
from tests.fakes.fastagi import words

pytestmark = pytest.mark.unit

ENV = {"agi_context": "cc-in", "agi_extension": "95519", "agi_priority": "3"}

ARGUMENTS: dict[str, list[tuple[Any, ...]]] = {
    "answer": [()],
    "appexec": [("Playback", "a&b"), ("Playback", 'say "x"'), ("Wait",)],
    "channel_status": [(), ("PJSIP/desk-8001-1",)],
    "control_stream_file": [("cc/a",), ("cc/a b", "12", 500, "#", "*", "0")],
    "database_del": [("f", "k")],
    "database_deltree": [("f",), ("f", "k")],
    "database_get": [("f", "k")],
    "database_put": [("f", "k", "v w")],
    "exec_command": [("Playback", "a", "b"), ("Playback", "a b")],
    "execute": [("NOOP",)],
    "get_data": [("cc/menu",), ("cc/menu", 500, 1), ("cc/a b",)],
    "get_full_variable": [("${X}",), ("${X}", "PJSIP/a-1")],
    "get_option": [("cc/menu", "12"), ("cc/menu", [1, "2"], 500)],
    "get_variable": [("X",)],
    "goto_on_exit": [(), ("cc-ivr", "s", "1")],
    "hangup": [(), ("PJSIP/a-1",)],
    "noop": [()],
    "receive_char": [(), (500,)],
    "record_file": [("m",), ("m", "wav", "#", 500, 0, "", 3)],
    "say_alpha": [("ab",)],
    "say_date": [(1795339143,)],
    "say_datetime": [(1795339143,), (1795339143, "", "YB"), (1795339143, "#", "YB", "Asia/Shanghai")],
    "say_digits": [("123", [1, "2"]), (123,)],
    "say_number": [("12",)],
    "say_phonetic": [("ab",)],
    "say_time": [(1795339143, "#")],
    "send_image": [("logo",)],
    "send_text": [(), ("hello you",)],
    "set_autohangup": [(30,)],
    "set_callerid": [("95519",), ("95519 x",)],
    "set_context": [("cc-ivr",)],
    "set_extension": [("s",)],
    "set_priority": [(1,)],
    "set_variable": [("X", "v w"), ("X", 3), ("X", 'a "b" \\c')],
    "stream_file": [("cc/a",), ("cc/a", "12", 800), ("cc/a b",)],
    "tdd_mode": [(), ("on",)],
    "verbose": [("text",), ("text", 3)],
    "wait_for_digit": [(), (500,)],
}

REPLIES = {
    "zero": "200 result=0\n",
    "one": "200 result=1\n",
    "key": "200 result=49\n",
    "error": "200 result=-1\n",
    "missing": "200 result=-2\n",
    "hangup": "200 result=-1 (hangup) endpos=5\n",
    "value": "200 result=1 (some value)\n",
    "timeout": "200 result= (timeout)\n",
    "digits": "200 result=123 (timeout)\n",
    "recorded": "200 result=35 (dtmf) endpos=100\n",
    "invalid": "510 Invalid or unknown command\n",
    "dead": "511 Command Not Permitted on a dead channel\n",
    "usage": "520-Invalid command syntax.\nUsage: NOOP\n520 End of proper usage.\n",
}

NOT_OURS = {
    "send_command": "a command without its reply is what shifts the replies",
    "get_result": "a reply without its command, the same",
    "test_hangup": "SIGHUP is for processes Asterisk started; a FastAGI session has `hungup`",
}

DIFFERENCES = {
    "command database_get": "pyst2 quotes twice",
    "command get_data": "pyst2 leaves the file name bare: a blank splits it",
    "command stream_file": "pyst2 leaves the file name bare: a blank splits it",
    "command set_callerid": "pyst2 leaves the number bare: a blank splits it",
    "command exec_command": "pyst2 leaves the arguments bare: a blank splits them",
    "command record_file": "pyst2 leaves the beep bare: without one the next argument takes its place",
    "command appexec": "pyst2 does not escape quotes",
    "command set_variable": "pyst2 does not escape quotes and backslashes",
    "command set_priority": "pyst2 writes this one command in small letters",
    "command goto_on_exit": "the same small letters",
    "result record_file zero": "pyst2 takes the end by time for the character NUL",
    "result dead": "pyst2 knows no 511; for us it is a hang-up",
    "result execute timeout": "pyst2 loses what stands in brackets after an empty result",
    "result exec_command timeout": "the same loss",
    "result get_variable timeout": "the same loss",
    "result get_full_variable timeout": "the same loss",
    "result get_variable hangup": "pyst2 gives the word hangup as the variable's value",
    "result get_full_variable hangup": "pyst2 gives the word hangup as the variable's value",
}


class Oracle(pyst2.AGI):  # type: ignore[misc, name-defined]
    """pyst2's class without its constructor, which takes the process's SIGHUP handler and reads the environment."""

    def __init__(self, replies: str) -> None:
        self.stdin, self.stdout, self.stderr = io.StringIO(replies), io.StringIO(), io.StringIO()
        self._got_sighup = False
        self.env = dict(ENV)


def outcome_of_pyst2(method: str, args: tuple[Any, ...], reply: str) -> tuple[list[list[str]], object]:
    oracle = Oracle(reply * 3)
    try:
        result: object = getattr(oracle, method)(*args)
    except Exception as error:
        result = type(error)
    return [words(line) for line in oracle.stdout.getvalue().splitlines()], result


async def outcome_of_ours(method: str, args: tuple[Any, ...], reply: str) -> tuple[list[list[str]], object]:
    codec = Connection()
    codec.feed(b"agi_network: yes\n\n")
    sent: list[bytes] = []

    def write(line: bytes) -> None:
        sent.append(line)
        for event in codec.feed(reply.encode()):
            assert isinstance(event, Reply)
            asyncio.get_running_loop().call_soon(session.answered, event)

    session = Session(Environment(ENV), write)
    try:
        result: object = await getattr(session, method)(*args)
    except Exception as error:
        result = type(error)
    return [words(line.decode()) for line in sent], result


def methods(kind: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}


def test_every_word_of_pyst2_is_here() -> None:
    assert methods(pyst2.AGI) - methods(Session) == set(NOT_OURS)


@pytest.mark.parametrize("method", sorted(ARGUMENTS))
def test_arguments_and_defaults_are_the_same(method: str) -> None:
    def shape(function: Any) -> list[tuple[Any, ...]]:
        return [(p.kind, p.default) for p in list(inspect.signature(function).parameters.values())[1:]]

    def names(function: Any) -> list[str]:
        return [p.name for p in list(inspect.signature(function).parameters.values())[1:]]

    theirs, ours = getattr(pyst2.AGI, method), getattr(Session, method)
    assert shape(ours) == shape(theirs)
    if method != "execute":
        assert names(ours) == names(theirs)


async def differences() -> set[str]:
    found: set[str] = set()
    for method, calls in ARGUMENTS.items():
        for args in calls:
            for label, reply in REPLIES.items():
                their_commands, their_result = outcome_of_pyst2(method, args, reply)
                our_commands, our_result = await outcome_of_ours(method, args, reply)
                if our_commands != their_commands and label == "one":
                    found.add(f"command {method}")
                if our_result != their_result:
                    found.add("result dead" if label == "dead" else f"result {method} {label}")
    return found


async def test_commands_and_results_are_the_same_but_for_the_known_differences() -> None:
    assert await differences() == set(DIFFERENCES)


def test_every_word_is_compared() -> None:
    assert set(ARGUMENTS) == methods(pyst2.AGI) - set(NOT_OURS)
