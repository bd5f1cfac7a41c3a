"""Customers who ring the hotline over SIP, played by SIPp. They know nothing of our processes or our database."""

import asyncio
import csv
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from string import Template

from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.ports import free_rtp_range, free_udp
from callcenter.lab.rtp import Step, seconds, write_pcap

SCENARIOS = Path(__file__).parent / "scenarios"
HOTLINE = "95519"
MEDIA_PORTS = 40
GRACE = 20.0
"""Seconds SIPp may need beyond what its calls last."""
NO_RIGHT = "Can't create raw"
"""What SIPp says, while the call is up already, when it must not open the raw socket it sends voices through."""


class NoCallersError(Exception):
    """SIPp is missing or could not start; the text says what to do."""


@dataclass(frozen=True)
class CallResult:
    """What SIPp counted."""

    succeeded: int
    failed: int
    retransmissions: int
    errors: str

    @property
    def ok(self) -> bool:
        """Every call was made and ended as its scenario says."""
        return self.failed == 0 and self.succeeded > 0


async def ring(
    address: AsteriskAddress,
    *,
    caller: str = "13800138000",
    dialled: str = HOTLINE,
    steps: tuple[Step, ...] = (),
    stay: float = 10.0,
) -> CallResult:
    """One customer rings `dialled`, says and presses `steps` from the answer on, and hangs up `stay` seconds
    after the answer, unless the hotline hangs up first."""
    return await ring_many(address, callers=(caller,), dialled=dialled, steps=steps, stay=stay)


async def ring_many(
    address: AsteriskAddress,
    *,
    callers: tuple[str, ...],
    dialled: str = HOTLINE,
    steps: tuple[Step, ...] = (),
    stay: float = 10.0,
    rate: float = 10.0,
    calls: int = 0,
    media: int = 0,
) -> CallResult:
    """Many customers, `rate` new calls a second; `calls` in all (0: one for each of `callers`).

    SIPp gives each call four ports from `media` on (0: from where some are free).

    Raises:
        NoCallersError: SIPp is missing, refuses to start, or may not send voices.
    """
    if shutil.which("sipp") is None:
        raise NoCallersError("sipp is missing: apt-get install sip-tester")
    total = calls or len(callers)
    with tempfile.TemporaryDirectory(prefix="cc-sipp-") as name:
        folder = Path(name)
        stay = max(stay, seconds(steps))
        pcap = write_pcap(folder / "voice.pcap", steps, until=stay)
        scenario = Template((SCENARIOS / "inbound.xml").read_text())
        (folder / "inbound.xml").write_text(scenario.safe_substitute(PCAP=str(pcap), STAY=str(round(stay * 1000))))
        lines = [f"{caller};{dialled};" for caller in callers]
        (folder / "callers.csv").write_text("\n".join(["SEQUENTIAL", *lines]) + "\n")
        first = media or free_rtp_range(MEDIA_PORTS if total < MEDIA_PORTS else 4 * MEDIA_PORTS, address.here)[0]
        return await _sipp(
            folder,
            *("-sf", "inbound.xml", "-inf", "callers.csv", "-m", str(total), "-r", str(rate)),
            *("-mp", str(first), "-l", str(total)),
            f"{address.host}:{address.sip_port}",
            host=address.here,
            limit=stay + total / rate + GRACE,
        )


async def _sipp(folder: Path, *arguments: str, host: str, limit: float) -> CallResult:
    process = await asyncio.create_subprocess_exec(
        "sipp",
        *arguments,
        *("-i", host, "-mi", host, "-p", str(free_udp(host)), "-timeout", f"{limit:.0f}s", "-nostdin"),
        *("-trace_stat", "-stf", "stat.csv", "-fd", "1", "-trace_err", "-error_file", "errors.log"),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # callers are no part of what answers them: Linux shares the processor out by session
    )
    try:
        _, told = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _counted(folder, told.decode(errors="replace"))


def _counted(folder: Path, told: str) -> CallResult:
    errors = folder / "errors.log"
    text = told + (errors.read_text(errors="replace") if errors.exists() else "")
    stat = folder / "stat.csv"
    rows = list(csv.DictReader(stat.read_text().splitlines(), delimiter=";")) if stat.exists() else []
    if not rows:
        raise NoCallersError(f"sipp did not start: {text.strip()[-500:]}")
    if NO_RIGHT in text:
        raise NoCallersError("sipp may not send voices: it needs root or CAP_NET_RAW")
    last = rows[-1]
    return CallResult(
        succeeded=int(last["SuccessfulCall(C)"]),
        failed=int(last["FailedCall(C)"]),
        retransmissions=int(last["Retransmissions(C)"]),
        errors=text.strip(),
    )
