"""The AGI wire format: bytes in, environment, replies and hang-ups out; words in, one command line out.

Knows bytes, never sockets, time or tasks. What it cannot pair with certainty it refuses with an error
rather than guess. Source: Asterisk 22 `res/res_agi.c` (`setup_env`, `parse_args`, `agi_handle_command`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

MAX_HEADER = 64 * 1024
"""Bytes accepted before the blank line that ends the environment."""

MAX_REPLY = 64 * 1024
"""Bytes accepted for one reply, usage text included."""

MAX_REPLY_LINES = 200
"""Lines accepted for one reply: a usage text, or a value with line breaks in it."""

MAX_COMMAND = 2000
"""Bytes of one command line. Asterisk before 22.6 reads 2 KiB, and splits what is longer into several
commands."""

FIRST_HEADER = b"agi_"
NOTHING: Mapping[str, str] = MappingProxyType({})
NO_BYTES: Mapping[str, bytes] = MappingProxyType({})

REPLY = re.compile(r"(?P<code>\d{3})(?P<mark>[ -])(?P<text>.*)", re.DOTALL)
RESULT = re.compile(
    r"result=(?P<result>\S*)(?: \((?P<data>.*)\))?(?P<rest>(?: \w+=(?:\"[^\"]*\"|(?!\")\S*)){0,16}) *",
    re.DOTALL,
)
ATTRIBUTE = re.compile(r" (\w+)=(\"[^\"]*\"|(?!\")\S*)")
FORBIDDEN = re.compile(r"[\r\n\0]")
AWKWARD = re.compile(r"[\r\n\0\"\\]")

VERBS = frozenset(
    (
        *("ANSWER", "CHANNEL STATUS", "CONTROL STREAM FILE", "DATABASE DEL", "DATABASE DELTREE", "DATABASE GET"),
        *("DATABASE PUT", "EXEC", "GET DATA", "GET FULL VARIABLE", "GET OPTION", "GET VARIABLE", "HANGUP", "NOOP"),
        *("RECEIVE CHAR", "RECEIVE TEXT", "RECORD FILE", "SAY ALPHA", "SAY DATE", "SAY DATETIME", "SAY DIGITS"),
        *("SAY NUMBER", "SAY PHONETIC", "SAY TIME", "SEND IMAGE", "SEND TEXT", "SET AUTOHANGUP", "SET CALLERID"),
        *("SET CONTEXT", "SET EXTENSION", "SET MUSIC", "SET PRIORITY", "SET VARIABLE", "STREAM FILE", "TDD MODE"),
        *("VERBOSE", "WAIT FOR DIGIT"),
    )
)
"""The commands of res_agi that can be sent. GOSUB, ASYNCAGI BREAK and SPEECH are not ours to use."""


class AgiProtocolError(Exception):
    """The other side does not speak AGI, or what it said cannot be paired with a command."""


class ForeignClientError(AgiProtocolError):
    """The first bytes are not Asterisk's: a browser, a TLS hello, a port scan."""


class OversizeError(AgiProtocolError):
    """A header or a reply is longer than we are willing to keep."""


class CommandRefusedError(ValueError):
    """A command that would reach Asterisk as something else than what was meant."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What Asterisk says of the call before the first command.

    `raw` keeps the bytes of the values that were not UTF-8; `flaws` counts the lines that were not `name:
    value`.
    """

    variables: Mapping[str, str]
    raw: Mapping[str, bytes] = field(default_factory=lambda: NO_BYTES)
    flaws: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one command. `text` is what followed the code; for 520 it holds the whole usage text."""

    code: int
    result: str = ""
    data: str = ""
    attributes: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Hangup:
    """The line `HANGUP`, which comes unasked: the caller is gone, the dialogue goes on."""


Event = Environment | Reply | Hangup

PLAIN_SUCCESS = Reply(200, "1", text="result=1")
HANGUP = Hangup()


class Connection:
    """One side's ear: bytes fed in any portions, whole events out, the same however the bytes were cut."""

    __slots__ = ("_buffer", "_greeted", "_held", "_usage")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._greeted = False
        self._held: str | None = None
        self._usage = False

    def feed(self, data: bytes) -> list[Event]:
        """The events that became complete with `data`, in order.

        Raises AgiProtocolError when the dialogue cannot be trusted any more; nothing may be fed after that.
        """
        if self._greeted and not self._buffer and data == b"200 result=1\n" and self._held is None:
            return [PLAIN_SUCCESS]
        events: list[Event] = []
        self._buffer += data
        if not self._greeted:
            environment = self._header()
            if environment is None:
                return events
            events.append(environment)
        elif b"\n" not in data:
            self._bound(len(self._buffer))
            return events
        *lines, rest = bytes(self._buffer).split(b"\n")
        self._buffer = bytearray(rest)
        for line in lines:
            event = self._line(line.removesuffix(b"\r").decode("utf-8", "replace"))
            if event is not None:
                events.append(event)
        self._bound(len(rest))
        return events

    def _header(self) -> Environment | None:
        buffer = self._buffer
        if bytes(buffer[:4]) != FIRST_HEADER[: len(buffer)]:
            raise ForeignClientError("the first bytes are not an AGI environment")
        end = buffer.find(b"\n\n")
        width = 2
        other = buffer.find(b"\n\r\n", 0, end if end >= 0 else len(buffer))
        if other >= 0:
            end, width = other, 3
        if (end if end >= 0 else len(buffer)) > MAX_HEADER:
            raise OversizeError("the environment does not end")
        if end < 0:
            return None
        environment = parse_environment(bytes(buffer[:end]))
        del buffer[: end + width]
        self._greeted = True
        return environment

    def _bound(self, size: int) -> None:
        held = self._held or ""
        if size + len(held) > MAX_REPLY or held.count("\n") > MAX_REPLY_LINES:
            raise OversizeError("a reply does not end")

    def _line(self, line: str) -> Event | None:
        if self._held is not None:
            return self._continued(line)
        if line == "HANGUP":
            return HANGUP
        match = REPLY.fullmatch(line)
        if match is None:
            raise AgiProtocolError("a line that is no reply")
        code, mark, text = int(match["code"]), match["mark"], match["text"]
        if code < 200:  # "100 Trying...": the reply is still to come
            return None
        if mark == "-":
            self._held, self._usage = line, True
            return None
        if code != 200:
            return Reply(code, text=text)
        return self._result(text)

    def _result(self, text: str) -> Reply | None:
        match = RESULT.fullmatch(text)
        if match is not None:
            self._held = None
            attributes = dict(ATTRIBUTE.findall(match["rest"])) if match["rest"] else NOTHING
            return Reply(200, match["result"], match["data"] or "", attributes, text)
        if " (" in text:  # a value with a line break: the closing bracket is on a later line
            self._held, self._usage = text, False
            self._bound(0)
            return None
        return Reply(200, text=text)

    def _continued(self, line: str) -> Reply | None:
        held = f"{self._held}\n{line}"
        if not self._usage and ")" in line:
            return self._result(held)
        self._held = held
        self._bound(0)
        if not self._usage or not line.startswith(held[:3] + " "):
            return None
        self._held = None
        return Reply(int(held[:3]), text=held)


def parse_environment(header: bytes) -> Environment:
    """The environment of `name: value` lines; the last of a repeated name wins, broken lines are counted."""
    try:
        lines = header.decode().split("\n")
        variables = dict([line.split(": ", 1) for line in lines])
    except ValueError:  # a line without `: `, or bytes that are no UTF-8
        return _patient_environment(header)
    if b"\r" in header or "" in variables:
        return _patient_environment(header)
    return Environment(variables, NO_BYTES)


def _patient_environment(header: bytes) -> Environment:
    variables: dict[str, str] = {}
    raw: dict[str, bytes] = {}
    flaws = 0
    for line in header.split(b"\n"):
        name, colon, value = line.partition(b":")
        key = name.decode("ascii", "replace").strip()
        if not colon or not key:
            flaws += 1
            continue
        value = value.strip(b" \r\t")
        try:
            variables[key] = value.decode()
            raw.pop(key, None)
        except UnicodeDecodeError:
            variables[key] = value.decode("utf-8", "replace")
            raw[key] = value
    return Environment(variables, raw, flaws)


def quote(argument: object) -> str:
    """`argument` as one quoted word, the way `parse_args` of res_agi.c reads it back.

    There is no escape for a line break or NUL: such values are refused with CommandRefusedError.
    """
    text = argument if isinstance(argument, str) else str(argument)
    if not AWKWARD.search(text):
        return f'"{text}"'
    if FORBIDDEN.search(text):
        raise CommandRefusedError("a line break or NUL inside an AGI argument")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def command(verb: str, *arguments: object) -> bytes:
    """One command line, ready to be written in one piece.

    Every argument is quoted, so it stays one argument and nothing in it is a command of its own.
    Raises CommandRefusedError for what AGI cannot carry: line breaks, NUL, more than MAX_COMMAND bytes, an
    odd verb.
    """
    if verb not in VERBS:
        raise CommandRefusedError(f"no AGI command {verb[:40]!r}")
    try:
        line = " ".join((verb, *map(quote, arguments))).encode() + b"\n"
    except UnicodeEncodeError:
        raise CommandRefusedError("text that has no UTF-8 form inside an AGI argument") from None
    if len(line) > MAX_COMMAND:
        raise CommandRefusedError(f"an AGI command of {len(line)} bytes")
    return line
