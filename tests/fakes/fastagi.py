"""The Asterisk end of one FastAGI connection: sends an environment, answers commands as Asterisk does."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


def environment(script: str = "greet", call: str = "hl1-1795339143.5", **more: str) -> bytes:
    """The header Asterisk 22 sends, with the fields a test is about."""
    fields = {
        "agi_network": "yes",
        "agi_network_script": script,
        "agi_request": f"agi://127.0.0.1/{script}",
        "agi_channel": "PJSIP/trunk-main-00000001",
        "agi_language": "zh",
        "agi_type": "PJSIP",
        "agi_uniqueid": call,
        "agi_version": "22.10.1",
        "agi_callerid": "13800138000",
        "agi_calleridname": "unknown",
        "agi_dnid": "95519",
        "agi_context": "cc-in",
        "agi_extension": "95519",
        "agi_priority": "7",
    } | more
    return "".join(f"{name}: {value}\n" for name, value in fields.items()).encode() + b"\n"


def words(line: str) -> list[str]:
    """A command line as `parse_args` of res_agi.c splits it."""
    return [plain or re.sub(r"\\(.)", r"\1", quoted) for quoted, plain in WORD.findall(line.strip())]


class Dialogue:
    """One connection; `variables` are what the script set, `asked` every command in order."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.variables: dict[str, str] = {}
        self.asked: list[list[str]] = []

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def command(self) -> list[str] | None:
        """The next command, or None when the other side closed."""
        try:
            line = await self.reader.readline()
        except ConnectionResetError:
            return None
        if not line:
            return None
        asked = words(line.decode())
        self.asked.append(asked)
        return asked

    async def play(self, replies: Mapping[str, bytes] | None = None, known: Mapping[str, str] | None = None) -> None:
        """Answer every command until the other side closes, as Asterisk would."""
        while (asked := await self.command()) is not None:
            verb = next((v for v in replies or {} if " ".join(asked).startswith(v)), None)
            if verb is not None:
                self.send((replies or {})[verb])
            elif asked[:2] == ["SET", "VARIABLE"]:
                self._set(asked[2], asked[3])
                self.send(b"200 result=1\n")
            elif asked[:2] == ["GET", "VARIABLE"]:
                value = {**self.variables, **(known or {})}.get(asked[2])
                self.send(b"200 result=0\n" if value is None else f"200 result=1 ({value})\n".encode())
            else:
                self.send(b"200 result=0\n")

    def _set(self, name: str, value: str) -> None:
        """As func_strings.c does where the name is ARRAY(a,b,c)."""
        if name.startswith("ARRAY("):
            self.variables.update(zip(name[6:-1].split(","), value.split(","), strict=True))
        else:
            self.variables[name] = value

    async def closed(self, within: float = 2.0) -> bool:
        """Whether the other side closes, or resets, within so many seconds."""
        try:
            async with asyncio.timeout(within):
                while await self.reader.read(4096):
                    pass
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
        return True


@asynccontextmanager
async def dialled(port: int, header: bytes = b"") -> AsyncIterator[Dialogue]:
    """A connection to the server at `port`, `header` sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(header)
    try:
        yield Dialogue(reader, writer)
    finally:
        writer.close()


async def call(
    port: int,
    header: bytes,
    replies: Mapping[str, bytes] | None = None,
    known: Mapping[str, str] | None = None,
) -> Dialogue:
    """One whole script run; the dialogue as it was."""
    async with dialled(port, header) as dialogue, asyncio.timeout(10):
        await dialogue.play(replies, known)
    return dialogue
