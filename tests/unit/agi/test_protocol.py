"""The AGI codec: A1-A18 as far as bytes alone decide them."""

import time
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.protocol import (
    HANGUP,
    MAX_COMMAND,
    AgiProtocolError,
    CommandRefusedError,
    Connection,
    Environment,
    ForeignClientError,
    OversizeError,
    Reply,
    command,
    quote,
)

pytestmark = pytest.mark.unit

HEADER = b"agi_network: yes\nagi_network_script: greet\nagi_uniqueid: hl1-1795339143.5\n\n"


def greeted() -> Connection:
    connection = Connection()
    connection.feed(HEADER)
    return connection


def reply(data: bytes) -> Reply:
    (event,) = greeted().feed(data)
    assert isinstance(event, Reply)
    return event


def unquoted(line: bytes) -> list[str]:
    """The words of a command line as `parse_args` of res_agi.c reads them."""
    words: list[str] = []
    word: list[str] = []
    inside = escaped = started = False
    for character in line.decode().removesuffix("\n"):
        if escaped:
            word.append(character)
            escaped = False
        elif character == "\\":
            escaped = started = True
        elif character == '"':
            inside = not inside
            started = True
        elif character in " \t" and not inside:
            if started:
                words.append("".join(word))
            word, started = [], False
        else:
            word.append(character)
            started = True
    if started:
        words.append("".join(word))
    return words


def test_an_environment_becomes_its_variables() -> None:
    (event,) = Connection().feed(HEADER)
    assert isinstance(event, Environment)
    assert event.variables["agi_uniqueid"] == "hl1-1795339143.5"
    assert event.flaws == 0


def test_a_header_without_end_is_given_up_at_64_kib() -> None:
    """A3"""
    connection = Connection()
    connection.feed(b"agi_network: yes\n")
    for _ in range(960):
        connection.feed(b"agi_x: " + b"y" * 60 + b"\n")
    with pytest.raises(OversizeError):
        connection.feed(b"y" * 1000)


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"])
def test_odd_header_lines_are_borne(end: bytes) -> None:
    """A4"""
    lines = [b"agi_network: yes", b"no colon", b": empty", b"agi_callerid: 1", b"agi_callerid: 2", b"agi_x:y"]
    (event,) = Connection().feed(end[: len(end) // 2].join(lines) + end)
    assert isinstance(event, Environment)
    assert event.variables["agi_callerid"] == "2"
    assert event.variables["agi_x"] == "y"
    assert event.flaws == 2


def test_bytes_that_are_no_utf8_are_replaced_and_kept_raw() -> None:
    """A5"""
    name = "张三".encode("gbk")
    (event,) = Connection().feed(b"agi_network: yes\nagi_calleridname: " + name + b"\n\n")
    assert isinstance(event, Environment)
    assert "\ufffd" in event.variables["agi_calleridname"]
    assert event.raw["agi_calleridname"] == name


@pytest.mark.parametrize("line", [b"510 Invalid or unknown command\n", b"511 Command Not Permitted\n"])
def test_refusals_keep_their_code(line: bytes) -> None:
    """A9"""
    assert reply(line).code == int(line[:3])


def test_a_usage_text_is_one_reply() -> None:
    """A9"""
    event = reply(b"520-Invalid command syntax.  Proper usage follows:\nUsage: NOOP\nHANGUP\n520 End of usage.\n")
    assert event.code == 520
    assert "Usage: NOOP\nHANGUP\n" in event.text


@pytest.mark.parametrize(
    ("line", "result", "data", "attributes"),
    [
        (b"200 result=-1\n", "-1", "", {}),
        (b"200 result=-2\n", "-2", "", {}),
        (b"200 result=12 (timeout)\n", "12", "timeout", {}),
        (b"200 result= (timeout)\n", "", "timeout", {}),
        (b"200 result=0 endpos=1234\n", "0", "", {"endpos": "1234"}),
        (b"200 result=35 (dtmf) endpos=8000\n", "35", "dtmf", {"endpos": "8000"}),
        (b"200 result=1 ()\n", "1", "", {}),
        (b"200 result=1 (a) b) (c)\n", "1", "a) b) (c", {}),
    ],
)
def test_results_come_apart(line: bytes, result: str, data: str, attributes: dict[str, str]) -> None:
    """A10 A12: the last bracket ends the value."""
    event = reply(line)
    assert (event.result, event.data, dict(event.attributes)) == (result, data, attributes)


def test_a_value_with_line_breaks_is_one_reply() -> None:
    """A11"""
    connection = greeted()
    assert connection.feed(b"200 result=1 (uid=\n") == []
    (event,) = connection.feed(b"HANGUP\n)\n")
    assert isinstance(event, Reply)
    assert event.data == "uid=\nHANGUP\n"
    assert connection.feed(b"200 result=0\n") == [Reply(200, "0", text="result=0")]


def test_what_is_left_of_a_value_with_a_bracket_and_a_line_break_ends_the_dialogue() -> None:
    """A11: never paired with the next command."""
    connection = greeted()
    connection.feed(b"200 result=1 (a)\n")
    with pytest.raises(AgiProtocolError):
        connection.feed(b"b)\n")


def test_a_value_of_a_thousand_lines_is_given_up() -> None:
    """A11"""
    connection = greeted()
    with pytest.raises(OversizeError):
        connection.feed(b"200 result=1 (\n" + b"x\n" * 1000)


@pytest.mark.parametrize(
    "value",
    [
        ("x)" + ' a="b"' * 16) * 600 + " !",
        ") a=" * 15_000,
        ') a="' * 12_000,
        (") " + "a=b " * 16) * 900 + "!",
    ],
)
def test_no_value_takes_long_to_be_read(value: str) -> None:
    """A11 A15: a stalled loop would end the whole process."""
    connection = greeted()
    begun = time.process_time()
    with suppress(AgiProtocolError):
        connection.feed(f"200 result=1 ({value}\n".encode() + b"x\n" * 50)
    assert time.process_time() - begun < 0.5


def test_a_hang_up_line_stands_on_its_own() -> None:
    """A13"""
    assert greeted().feed(b"HANGUP\n200 result=1\n") == [HANGUP, Reply(200, "1", text="result=1")]


def test_a_reply_in_two_hundred_pieces_is_one_reply() -> None:
    """A14"""
    line = b"200 result=1 (" + b"x" * 185 + b")\n"
    connection = greeted()
    events = [event for byte in line for event in connection.feed(bytes([byte]))]
    assert [event.data for event in events if isinstance(event, Reply)] == ["x" * 185]


def test_two_replies_in_one_piece_are_two() -> None:
    """A14"""
    assert len(greeted().feed(b"200 result=1\n200 result=0\n")) == 2


def test_a_reply_that_does_not_end_is_given_up() -> None:
    """A15"""
    connection = greeted()
    for _ in range(65):
        connection.feed(b"2" * 1000)
    with pytest.raises(OversizeError):
        connection.feed(b"2" * 1000)


def test_trying_is_waited_out() -> None:
    """A16"""
    connection = greeted()
    assert connection.feed(b"100 result=0 Trying...\n") == []
    assert connection.feed(b"200 result=1\n") == [Reply(200, "1", text="result=1")]


@pytest.mark.parametrize("value", ["a\nHANGUP", "a\rb", "a\0b", "x" * MAX_COMMAND, "\ud800"])
def test_what_agi_cannot_carry_is_refused_before_it_is_sent(value: str) -> None:
    """A17"""
    with pytest.raises(CommandRefusedError):
        command("SET VARIABLE", "X", value)


@pytest.mark.parametrize("verb", ["", "set variable", "NOOP\nHANGUP", 'NOOP "', "NOOP  X", "SPEECH CREATE"])
def test_an_odd_verb_is_refused(verb: str) -> None:
    """A17"""
    with pytest.raises(CommandRefusedError):
        command(verb)


@pytest.mark.parametrize("value", ['"', "\\", '\\"', "${EPOCH}", "$[1+1]", 'a" "b', "王小明 说“你好”", ""])
def test_awkward_values_stay_one_argument(value: str) -> None:
    """A18"""
    assert unquoted(command("SET VARIABLE", "CC_HINT", value)) == ["SET", "VARIABLE", "CC_HINT", value]


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x02", b"\n", b"agx", b"\x00"])
def test_other_protocols_are_known_by_their_first_bytes(first: bytes) -> None:
    """A21"""
    with pytest.raises(ForeignClientError):
        Connection().feed(first)


carried = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=120)


@given(st.lists(carried, max_size=4))
def test_quoting_round_trips(values: list[str]) -> None:
    assert unquoted(command("NOOP", *values)) == ["NOOP", *values]


@given(carried)
def test_a_quoted_value_never_ends_early(value: str) -> None:
    assert unquoted(f"X {quote(value)} Y\n".encode()) == ["X", value, "Y"]


DIALOGUE = (
    HEADER
    + b"200 result=1\n200 result=1 (a\nb)\nHANGUP\n100 Trying\n"
    + b"520-Usage\nx\n520 End\n511 Dead\r\n200 result=0 endpos=5\n200 result=1 (\xe5\xbc\xa0)\n"
)


@given(st.lists(st.integers(0, len(DIALOGUE)), max_size=40))
def test_the_events_are_the_same_however_the_bytes_are_cut(cuts: list[int]) -> None:
    """A14"""
    edges = [0, *sorted(cuts), len(DIALOGUE)]
    connection = Connection()
    events = []
    for start, end in pairwise(edges):
        if start < end:
            events += connection.feed(DIALOGUE[start:end])
    assert events == Connection().feed(DIALOGUE)


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_end_the_dialogue(data: bytes) -> None:
    connection = greeted()
    try:
        connection.feed(data)
    except AgiProtocolError:
        return
