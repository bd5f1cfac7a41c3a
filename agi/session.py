"""One AGI dialogue in pyst2's words, awaited: same method names, argument order, defaults and exceptions.

One command is in flight at a time; it must never wait for anything but the reply to the command it sent.
The exceptions are pyst2's own classes. A result of -1 is AGIAppError ("error, or hang-up"); a dead channel
(511), the end of the connection and a `(hangup)` result are AGIResultHangup.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from asterisk.agi import (
    DEFAULT_RECORD,
    DEFAULT_TIMEOUT,
    AGIAppError,
    AGIDBError,
    AGIError,
    AGIException,
    AGIHangup,
    AGIInvalidCommand,
    AGIResultHangup,
    AGIUnknownError,
    AGIUsageError,
)

from agi.protocol import PLAIN_SUCCESS, Environment, Reply, command

__all__ = [
    "AGIAppError",
    "AGIDBError",
    "AGIError",
    "AGIException",
    "AGIHangup",
    "AGIInvalidCommand",
    "AGIResultHangup",
    "AGIUnknownError",
    "AGIUsageError",
    "Digits",
    "Result",
    "Session",
]

Result: TypeAlias = dict[str, tuple[str, str]]
"""pyst2's shape: `result` and every further attribute, each as (value, what stood in brackets)."""

Digits: TypeAlias = str | int | Sequence[str | int]


class Session:
    """The dialogue of one call with one script.

    `env` are the `agi_…` variables, `raw` the bytes of those that were not UTF-8. `hungup` is set once
    Asterisk said HANGUP or the connection ended; variables can still be read and set between the two.
    `tasks` is the call's own task group: what a script starts there ends with the call.
    """

    tasks: asyncio.TaskGroup

    def __init__(self, environment: Environment, write: Callable[[bytes], object]) -> None:
        self.env: Mapping[str, str] = environment.variables
        self.raw: Mapping[str, bytes] = environment.raw
        self.hungup = asyncio.Event()
        self._write = write
        self._owed: asyncio.Future[Reply] | None = None
        self._queue: list[asyncio.Future[None]] = []
        self._over = False

    # What the connection tells us

    def answered(self, reply: Reply) -> bool:
        """Pair a reply with the command in flight; False when no command was."""
        owed, self._owed = self._owed, None
        if owed is None:
            return False
        if not owed.done():
            owed.set_result(reply)
        if self._queue:
            self._admit()
        return True

    def ended(self) -> None:
        """The connection is gone: the command in flight, and every later one, raises AGIResultHangup."""
        self._over = True
        self.hungup.set()
        owed, self._owed = self._owed, None
        if owed is not None and not owed.done():
            owed.set_exception(AGIResultHangup("the connection ended"))
        self._admit()

    def _admit(self) -> None:
        """Let those who wait for their turn look again."""
        waiting, self._queue = self._queue, []
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)

    # Speaking

    async def execute(self, verb: str, *args: object) -> Result:
        """Send one command and decode its reply as pyst2 does.

        Raises AGIAppError, AGIInvalidCommand, AGIUsageError, AGIUnknownError, AGIResultHangup;
        CommandRefusedError before anything is sent when an argument cannot be carried.
        """
        line = command(verb, *args)
        loop = asyncio.get_running_loop()
        while self._owed is not None:  # another command, or one cancelled whose reply has still to go by
            turn = loop.create_future()
            self._queue.append(turn)
            await turn
        if self._over:
            raise AGIResultHangup("the connection ended")
        self._owed = owed = loop.create_future()
        self._write(line)
        reply = await owed
        return decode(reply)

    async def is_hung_up(self) -> bool:
        """Whether the caller is gone, for certain: a HANGUP line always comes before the reply to the NOOP
        sent here."""
        if not self.hungup.is_set():
            try:
                await self.execute("NOOP")
            except AGIHangup:
                return True
        return self.hungup.is_set()

    # pyst2's words

    async def answer(self) -> None:
        await self.execute("ANSWER")

    async def wait_for_digit(self, timeout: int = DEFAULT_TIMEOUT) -> str:
        """The digit dialled within `timeout` milliseconds, or an empty text."""
        return digit(await self.execute("WAIT FOR DIGIT", timeout))

    async def send_text(self, text: str = "") -> None:
        await self.execute("SEND TEXT", text)

    async def receive_char(self, timeout: int = DEFAULT_TIMEOUT) -> str:
        return digit(await self.execute("RECEIVE CHAR", timeout))

    async def tdd_mode(self, mode: str = "off") -> None:
        if (await self.execute("TDD MODE", mode))["result"][0] == "0":
            raise AGIAppError("the channel is not TDD-capable")

    async def stream_file(self, filename: str, escape_digits: Digits = "", sample_offset: int = 0) -> str:
        """Play a prompt (name without extension); the digit that interrupted it, or an empty text."""
        return digit(await self.execute("STREAM FILE", filename, joined(escape_digits), sample_offset))

    async def control_stream_file(
        self,
        filename: str,
        escape_digits: Digits = "",
        skipms: int = 3000,
        fwd: str = "",
        rew: str = "",
        pause: str = "",
    ) -> str:
        digits = joined(escape_digits)
        return digit(await self.execute("CONTROL STREAM FILE", filename, digits, skipms, fwd, rew, pause))

    async def send_image(self, filename: str) -> None:
        if (await self.execute("SEND IMAGE", filename))["result"][0] != "0":
            raise AGIAppError("the channel takes no images")

    async def say_digits(self, digits: Digits, escape_digits: Digits = "") -> str:
        return digit(await self.execute("SAY DIGITS", joined(digits), joined(escape_digits)))

    async def say_number(self, number: Digits, escape_digits: Digits = "") -> str:
        return digit(await self.execute("SAY NUMBER", joined(number), joined(escape_digits)))

    async def say_alpha(self, characters: Digits, escape_digits: Digits = "") -> str:
        return digit(await self.execute("SAY ALPHA", joined(characters), joined(escape_digits)))

    async def say_phonetic(self, characters: Digits, escape_digits: Digits = "") -> str:
        return digit(await self.execute("SAY PHONETIC", joined(characters), joined(escape_digits)))

    async def say_date(self, seconds: int, escape_digits: Digits = "") -> str:
        """Say the date of a moment given in seconds of the Unix epoch."""
        return digit(await self.execute("SAY DATE", seconds, joined(escape_digits)))

    async def say_time(self, seconds: int, escape_digits: Digits = "") -> str:
        """Say the time of a moment given in seconds of the Unix epoch."""
        return digit(await self.execute("SAY TIME", seconds, joined(escape_digits)))

    async def say_datetime(self, seconds: int, escape_digits: Digits = "", format: str = "", zone: str = "") -> str:
        words = (joined(escape_digits), *filled(format), *(filled(zone) if format else ()))
        return digit(await self.execute("SAY DATETIME", seconds, *words))

    async def get_data(self, filename: str, timeout: int = DEFAULT_TIMEOUT, max_digits: int = 255) -> str:
        """Play a prompt and gather digits until `#`, `max_digits` or `timeout` milliseconds without one;
        they may be none."""
        return (await self.execute("GET DATA", filename, timeout, max_digits))["result"][0]

    async def get_option(self, filename: str, escape_digits: Digits = "", timeout: int = 0) -> str:
        words = (joined(escape_digits), timeout) if timeout else (joined(escape_digits),)
        return digit(await self.execute("GET OPTION", filename, *words))

    async def set_context(self, context: str) -> None:
        await self.execute("SET CONTEXT", context)

    async def set_extension(self, extension: str) -> None:
        await self.execute("SET EXTENSION", extension)

    async def set_priority(self, priority: str | int) -> None:
        await self.execute("SET PRIORITY", priority)

    async def goto_on_exit(self, context: str = "", extension: str = "", priority: str | int = "") -> None:
        await self.set_context(context or self.env["agi_context"])
        await self.set_extension(extension or self.env["agi_extension"])
        await self.set_priority(priority or self.env["agi_priority"])

    async def record_file(
        self,
        filename: str,
        format: str = "gsm",
        escape_digits: Digits = "#",
        timeout: int = DEFAULT_RECORD,
        offset: int = 0,
        beep: str = "beep",
        silence: int = 0,
    ) -> str:
        """Record to a file; the digit that ended it, or an empty text for the time limit or silence."""
        digits = joined(escape_digits)
        words = (filename, format, digits, timeout, offset, beep, f"s={silence}")
        return digit(await self.execute("RECORD FILE", *words))

    async def set_autohangup(self, secs: int) -> None:
        await self.execute("SET AUTOHANGUP", secs)

    async def hangup(self, channel: str = "") -> None:
        await self.execute("HANGUP", *filled(channel))

    async def appexec(self, application: str, options: str = "") -> str:
        """Run a dialplan application; its result. Raises AGIAppError when there is no such application."""
        result = (await self.execute("EXEC", application, options))["result"][0]
        if result == "-2":
            raise AGIAppError(f"no application {application}")
        return result

    async def set_callerid(self, number: str) -> None:
        await self.execute("SET CALLERID", number)

    async def channel_status(self, channel: str = "") -> int:
        """The state of a channel, 0 (down) to 7 (busy), or -1 for one that does not exist."""
        try:
            return int((await self.execute("CHANNEL STATUS", *filled(channel)))["result"][0])
        except AGIHangup:
            raise
        except AGIAppError:
            return -1

    async def set_variable(self, name: str, value: object) -> None:
        await self.execute("SET VARIABLE", name, value)

    async def get_variable(self, name: str) -> str:
        """The value of a channel variable, empty when it is not set; Asterisk cuts it at 1,023 bytes."""
        return (await self.execute("GET VARIABLE", name))["result"][1]

    async def get_full_variable(self, name: str, channel: str | None = None) -> str:
        """The value of an expression such as `${CALLERID(num)}`: never build one from what a caller gave."""
        return (await self.execute("GET FULL VARIABLE", name, *filled(channel)))["result"][1]

    async def verbose(self, message: str, level: int = 1) -> None:
        await self.execute("VERBOSE", message, level)

    async def database_get(self, family: str, key: str) -> str:
        """An entry of Asterisk's own database. Raises AGIDBError when there is none."""
        result, value = (await self.execute("DATABASE GET", family, key))["result"]
        if result == "0":
            raise AGIDBError(f"no entry {family}/{key}")
        if result != "1":
            raise AGIError(f"not an answer to DATABASE GET: {result}")
        return value

    async def database_put(self, family: str, key: str, value: object) -> None:
        await self._database("DATABASE PUT", family, key, value)

    async def database_del(self, family: str, key: str) -> None:
        await self._database("DATABASE DEL", family, key)

    async def database_deltree(self, family: str, key: str = "") -> None:
        await self._database("DATABASE DELTREE", family, key)

    async def noop(self) -> None:
        await self.execute("NOOP")

    async def exec_command(self, command: str, *args: object) -> Result:
        """Run a dialplan application with its arguments joined by commas."""
        return await self.execute("EXEC", command, ",".join(map(str, args)))

    async def _database(self, verb: str, *words: object) -> None:
        if (await self.execute(verb, *words))["result"][0] == "0":
            raise AGIDBError(f"{verb.lower()} failed")


def decode(reply: Reply) -> Result:
    """A reply as pyst2's dictionary, or the exception that stands for it."""
    if reply is PLAIN_SUCCESS:
        return {"result": ("1", "")}
    if reply.code == 200:
        if reply.result == "-1":
            if reply.data == "hangup":
                raise AGIResultHangup("the caller hung up during the command")
            raise AGIAppError("error, or hang-up")
        decoded = {"result": (reply.result, reply.data)}
        for name, value in reply.attributes.items():
            decoded[name] = (value, "")
        return decoded
    match reply.code:
        case 510:
            raise AGIInvalidCommand(reply.text)
        case 511:
            raise AGIResultHangup(reply.text)
        case 520:
            raise AGIUsageError(reply.text)
    raise AGIUnknownError(reply.code, reply.text)


def digit(result: Result) -> str:
    """The key pressed, from its character code; empty for none."""
    code = result["result"][0]
    if code == "0":
        return ""
    try:
        return chr(int(code))
    except (ValueError, OverflowError):
        raise AGIError(f"not a digit: {code}") from None


def joined(digits: Digits) -> str:
    """Digits given as text, number or list, as text."""
    return "".join(map(str, digits)) if isinstance(digits, list | tuple) else str(digits)


def filled(word: str | None) -> tuple[str, ...]:
    return (word,) if word else ()
