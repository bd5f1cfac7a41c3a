"""Throw-away FastAGI servers and a reader of the CEL file: what the tests put in the place of our processes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from callcenter.lab.asterisk import AsteriskAddress

POLL = 0.02


@dataclass
class Asked:
    """What a FastAGI server was asked: script names and environments, in order."""

    scripts: list[str] = field(default_factory=list)
    environments: list[dict[str, str]] = field(default_factory=list)


async def _environment(reader: asyncio.StreamReader) -> dict[str, str]:
    environment = {}
    while line := (await reader.readline()).decode().strip():
        name, _, value = line.partition(": ")
        environment[name] = value
    return environment


@asynccontextmanager
async def agi(
    address: AsteriskAddress,
    answers: Mapping[str, Mapping[str, str]] | None = None,
    *,
    abort: tuple[str, ...] = (),
    hang: tuple[str, ...] = (),
) -> AsyncIterator[Asked]:
    """A FastAGI server: sets `answers[script]` and the mark; aborts after one command, or never answers."""
    asked = Asked()
    given = {} if answers is None else answers

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        environment = await _environment(reader)
        script = environment.get("agi_network_script", "")
        asked.scripts.append(script)
        asked.environments.append(environment)
        if script in hang:
            await reader.read()
            return
        commands = [f'SET VARIABLE {name} "{value}"' for name, value in given.get(script, {}).items()]
        last = "NOOP" if script in abort else "SET VARIABLE CC_DONE 1"
        for command in (*commands, last):
            writer.write(f"{command}\n".encode())
            await reader.readline()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await talk(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, address.here, address.agi_port)
    try:
        yield asked
    finally:
        server.close()


Row = dict[str, str]


@dataclass
class Cel:
    """The rows written after this reader was made."""

    path: Path
    offset: int = 0

    def __post_init__(self) -> None:
        self.offset = self.path.stat().st_size if self.path.exists() else 0

    def rows(self) -> list[Row]:
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return [json.loads(line) for line in file.read().splitlines()]

    async def until(self, event: str, *, count: int = 1, timeout: float = 20.0) -> list[Row]:
        """All rows, as soon as `event` (an eventenum or a user event) has come `count` times."""
        deadline = time.monotonic() + timeout
        while True:
            rows = self.rows()
            if sum(event in (row["eventenum"], row["userdeftype"]) for row in rows) >= count:
                return rows
            assert time.monotonic() < deadline, f"no {event} in {[_short(row) for row in rows]}"
            await asyncio.sleep(POLL)


def _short(row: Row) -> str:
    return f"{row['userdeftype'] or row['eventenum']} {row['channame']} {row['context']} {row['eventextra']}"


def extras(rows: list[Row], event: str) -> list[list[str]]:
    """The |-separated fields of each user event of that name."""
    return [
        str(json.loads(row["eventextra"])["extra"]).split("|") if row["eventextra"] else []
        for row in rows
        if row["userdeftype"] == event
    ]


def talked_to(rows: list[Row]) -> set[str]:
    """Names of the phones that were bridged, such as desk-8000."""
    return {
        row["channame"].split("/")[1].rsplit("-", 1)[0]
        for row in rows
        if row["eventenum"] == "BRIDGE_ENTER" and not row["channame"].startswith("PJSIP/trunk")
    }


async def recorded(base: str) -> tuple[bytes, bytes]:
    """Both sides of a segment whose CC_REC_END was told: the files were closed before it."""
    return _bytes(f"{base}-r.sln"), _bytes(f"{base}-t.sln")


def _bytes(path: str) -> bytes:
    return Path(path).read_bytes()


async def eventually(happened: Callable[[], object], timeout: float = 10.0) -> None:
    """Wait until the callable returns something true."""
    deadline = time.monotonic() + timeout
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(POLL)


def by_caller(rows: list[Row]) -> dict[str, list[Row]]:
    """Caller's number → the rows of that caller's whole call."""
    arrivals = (row for row in rows if row["userdeftype"] == "CC_ARRIVED")
    numbers = {row["linkedid"]: extras([row], "CC_ARRIVED")[0][0] for row in arrivals}
    return {number: [row for row in rows if row["linkedid"] == call] for call, number in numbers.items()}
