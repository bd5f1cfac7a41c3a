"""Twenty calls a second on the whole system: every call recorded, every third one opens a ticket from the menu.

Counts what was lost or doubled, and what our processes cost beside Asterisk in the same run. Nothing is asserted.
"""

import asyncio
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import asyncpg

from bench.report import Report, table
from callcenter.clock import SystemClock
from callcenter.db.pool import Database
from callcenter.demo import data
from callcenter.lab.callers import CallResult, ring_many
from callcenter.lab.environment import Environment, started
from callcenter.lab.rtp import Press, Say, Wait
from callcenter.lab.speech import speak_alaw

TICK = os.sysconf("SC_CLK_TCK")
KEY_AFTER = 9.0
"""Seconds after the answer: the recording notice is over and the menu is heard."""
STAY = 13.0
SEALED_WITHIN = 600.0
SPEECH = "你好，我要投诉，业务员没有告诉我退保会有损失。"

COUNTS = """
SELECT
    (SELECT count(*) FROM call) AS calls,
    (SELECT count(*) FROM call WHERE ended_at IS NULL) AS open_calls,
    (SELECT count(*) FROM call WHERE degraded) AS degraded,
    (SELECT count(*) FROM ticket) AS tickets,
    (SELECT count(*) FROM (SELECT call_id FROM ticket_call GROUP BY call_id HAVING count(*) > 1) AS more) AS doubled,
    (SELECT count(*) FROM ticket_call WHERE opened_live) AS live,
    (SELECT count(*) FROM segment) AS segments,
    (SELECT count(*) FROM segment WHERE state = 'sealed') AS sealed,
    (SELECT count(*) FROM segment WHERE state = 'lost') AS lost"""


@dataclass(frozen=True)
class Load:
    """What was asked for."""

    rate: float = 20.0
    seconds: float = 60.0

    @property
    def calls(self) -> int:
        return round(self.rate * self.seconds)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of its ended children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(value) for value in fields[11:15]) / TICK


def spent(environment: Environment) -> dict[str, float]:
    pids = {name: child.pid for name, child in environment.children.items()}
    pids["asterisk"] = environment.asterisk.pid
    return {name: cpu_seconds(pid) for name, pid in pids.items() if pid is not None}


async def ring(environment: Environment, load: Load, folder: Path) -> tuple[CallResult, CallResult]:
    """Two thirds of the callers listen and wait for an agent; one third says why it rings and presses 3."""
    voice = speak_alaw(SPEECH, folder)
    address = environment.asterisk.address
    tickets = load.calls // 3
    plain = load.calls - tickets
    callers = tuple(f"1990000{n:04d}" for n in range(1000))
    return await asyncio.gather(
        ring_many(
            address, callers=callers, steps=(Say(voice),), stay=STAY, rate=load.rate * plain / load.calls, calls=plain
        ),
        ring_many(
            address,
            callers=callers,
            steps=(Wait(KEY_AFTER), Press("3"), Say(voice)),
            stay=STAY + 5,
            rate=load.rate * tickets / load.calls,
            calls=tickets,
        ),
    )


async def settled(url: str) -> dict[str, int]:
    """The counts when every call has ended and every segment has its end, or after SEALED_WITHIN seconds."""
    connection = await asyncpg.connect(url)
    deadline = time.monotonic() + SEALED_WITHIN
    try:
        while True:
            row = await connection.fetchrow(COUNTS)
            assert row is not None
            counts = {name: int(value) for name, value in row.items()}
            done = counts["open_calls"] == 0 and counts["sealed"] + counts["lost"] == counts["segments"] > 0
            if done or time.monotonic() > deadline:
                return counts
            await asyncio.sleep(0.5)
    finally:
        await connection.close()


def hooks(log: Path) -> dict[str, dict[str, float]]:
    """Milliseconds each script took, from the processes' own lines: count, median, 99th percentile, longest."""
    seconds: dict[str, list[float]] = {}
    for line in log.read_text(errors="replace").splitlines():
        if '"script served"' in line:
            fields = json.loads(line)
            seconds.setdefault(fields["script"], []).append(fields["seconds"] * 1000)
    return {
        script: {
            "count": len(values),
            "p50_ms": round(sorted(values)[len(values) // 2], 2),
            "p99_ms": round(sorted(values)[int(len(values) * 0.99)], 2),
            "max_ms": round(max(values), 2),
        }
        for script, values in seconds.items()
    }


async def run(load: Load, folder: Path, say: Any = print) -> dict[str, Any]:
    """One run on a fresh system under `folder`."""
    async with started(folder, say) as environment:
        database = await Database.connect(environment.postgres.url(), size=2)
        await data.load(database, SystemClock().now())
        await database.close()
        before = spent(environment)
        say(f"load: {load.calls} calls, {load.rate:g} a second")
        begun = time.monotonic()
        plain, complaining = await ring(environment, load, folder)
        rang = time.monotonic() - begun
        talking = spent(environment)
        say("load: waiting until every recording is sealed")
        counts = await settled(environment.postgres.url())
        sealing = time.monotonic() - begun - rang
        after = spent(environment)
    calls = load.calls
    path = {name: round((talking[name] - before[name]) * 1000 / calls, 2) for name in before}
    everything = {name: round((after[name] - before[name]) * 1000 / calls, 2) for name in before}
    return {
        "asked": asdict(load) | {"calls": calls, "tickets": calls // 3},
        "sipp": {
            "succeeded": plain.succeeded + complaining.succeeded,
            "failed": plain.failed + complaining.failed,
            "retransmissions": plain.retransmissions + complaining.retransmissions,
        },
        "found": counts,
        "hooks": hooks(folder / "processes.log"),
        "cpu_ms_per_call_while_ringing": path,
        "cpu_ms_per_call_until_sealed": everything,
        "ours_to_asterisk": round((path["telephony"] + path["serve"]) / path["asterisk"], 2),
        "seconds_ringing": round(rang, 1),
        "seconds_sealing_after": round(sealing, 1),
    }


def measure() -> Report:
    """The whole system under 20 calls a second for a minute."""
    folder = Path("var/bench") / f"load-{int(time.time())}"
    load = Load(float(os.environ.get("BENCH_RATE", "20")), float(os.environ.get("BENCH_SECONDS", "60")))
    found = asyncio.run(run(load, folder))
    hooks_head = ["script", "sessions", "p50 ms", "p99 ms", "longest ms"]
    hooks_rows = [
        [name, hook["count"], hook["p50_ms"], hook["p99_ms"], hook["max_ms"]] for name, hook in found["hooks"].items()
    ]
    cpu_head = ["process", "CPU ms a call while calls come", "until the last recording is sealed"]
    cpu_rows = [
        [name, found["cpu_ms_per_call_while_ringing"][name], found["cpu_ms_per_call_until_sealed"][name]]
        for name in found["cpu_ms_per_call_while_ringing"]
    ]
    sipp, rows = found["sipp"], found["found"]
    text = (
        f"{load.calls} SIPp calls with speech, {load.rate:g} a second for {load.seconds:g} s, each recorded; every "
        f"third opens a ticket from the menu. The hook is the whole FastAGI session, from the environment's end to "
        f"the mark.\n\n"
        f"Calls: {sipp['succeeded']} succeeded, {sipp['failed']} failed, {sipp['retransmissions']} retransmissions; "
        f"{rows['calls']} in the database, {rows['degraded']} degraded. Tickets: {rows['tickets']} of "
        f"{load.calls // 3}, {rows['doubled']} doubled, {rows['live']} opened live. Recordings: {rows['sealed']} "
        f"sealed of {rows['segments']} expected, {rows['lost']} lost, "
        f"{found['seconds_sealing_after']} s after the last call."
        f"\n\n{table(hooks_head, hooks_rows)}\n\n{table(cpu_head, cpu_rows)}\n\n"
        f"Telephony and web together cost {found['ours_to_asterisk']} of Asterisk's own CPU."
    )
    return Report("Load: calls, tickets and recordings", text, found)
