"""Customers who are rung over SIP, played by SIPp: what each does stands in the fourth digit of the number."""

import asyncio
import csv
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from string import Template

from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.callers import SCENARIOS
from callcenter.lab.ports import free_rtp_range
from callcenter.lab.rtp import Step, Wait, write_pcap


class Habit(StrEnum):
    """What a customer does; the value is the number's fourth digit."""

    ANSWERS = "1"
    BUSY = "2"
    DOES_NOT_ANSWER = "3"
    REFUSES = "4"
    HANGS_UP = "5"
    MACHINE = "6"


def habit_of(number: str) -> Habit:
    """What the customer of this number does."""
    return Habit(number[3])


@dataclass
class Customers:
    """The customers while they can be rung."""

    folder: Path
    process: asyncio.subprocess.Process

    def rung(self) -> int:
        """How many calls SIPp has been asked into so far."""
        with (self.folder / "stat.csv").open(newline="") as file:
            lines = list(csv.DictReader(file, delimiter=";"))
        return int(lines[-1]["TotalCallCreated"]) if lines else 0


@asynccontextmanager
async def there(
    address: AsteriskAddress,
    *,
    person: tuple[Step, ...],
    machine: tuple[Step, ...],
    ring: float = 0.3,
    stay: float = 8.0,
    media: int = 1600,
) -> AsyncIterator[Customers]:
    """Behind the trunk: who answers does so after `ring` seconds, who hangs up in the middle `stay` after that.

    `media` RTP ports are theirs.
    """
    with tempfile.TemporaryDirectory(prefix="cc-customers-") as name:
        folder = Path(name)
        texts = {
            "PERSON": str(write_pcap(folder / "person.pcap", (*person, Wait(0.1)), until=45.0)),
            "MACHINE": str(write_pcap(folder / "machine.pcap", machine, until=10.0)),
            "RING": str(round(ring * 1000)),
            "STAY": str(round(stay * 1000)),
        }
        scenario = Template((SCENARIOS / "customers.xml").read_text())
        (folder / "customers.xml").write_text(scenario.safe_substitute(texts))
        first = free_rtp_range(media, address.here)[0]
        process = await asyncio.create_subprocess_exec(
            "sipp",
            *("-sf", "customers.xml", "-i", address.here, "-mi", address.here, "-p", str(address.trunk_port)),
            *("-mp", str(first), "-nostdin", "-trace_stat", "-stf", "stat.csv", "-fd", "1"),
            *("-trace_err", "-error_file", "errors.log"),
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield Customers(folder, process)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
