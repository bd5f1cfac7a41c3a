"""Twenty calls a second on the whole system: every call recorded, every third one opens a ticket from the menu.

Counts what was lost or doubled, and what our processes cost beside Asterisk in the same run. Nothing is asserted.
"""

import asyncio
import contextlib
import json
import os
import re
import resource
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from bench import profile
from bench.machine import cpu_seconds, ticks, version_of
from bench.report import Report, Target, percentile, table
from callcenter.clock import SystemClock
from callcenter.db.pool import Database
from callcenter.demo import data
from callcenter.lab.asterisk import Asterisk
from callcenter.lab.callers import CallResult, ring_many
from callcenter.lab.environment import Environment, started
from callcenter.lab.rtp import Press, Say, Wait
from callcenter.lab.speech import speak_alaw

SCRATCH = Path(__file__).resolve().parents[1] / "var" / "bench"
KEY_AFTER = 6.0
"""Seconds after the answer: the recording notice is over and the menu is heard."""
STAY = 6.5
LONGER = 3.5
"""Seconds a caller who complains stays on."""
SEALED_WITHIN = 240.0
HOOK_WITHIN = 50.0
"""Milliseconds, 99 of 100 sessions of each script."""
RTP_PORTS = 2_000
MEDIA = (1_024, 5_120)
"""Where the two groups of callers take their own ports: below Asterisk's."""
OURS = ("telephony", "serve", "work")
PROFILED = 15.0
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
    (SELECT count(*) FROM segment WHERE state = 'lost') AS lost,
    (SELECT count(*) FROM incident WHERE kind = 'recording_incomplete') AS incomplete,
    (SELECT count(*) FROM incident
        WHERE kind NOT IN ('recording_incomplete', 'nobody_there', 'calendar_not_covered')) AS other_incidents"""
"""Nobody answers these calls, and next year's calendar may not be out: neither is a loss."""

INCOMPLETE = """
SELECT details ->> 'completeness' AS verdict,
    (details ->> 'expected_ms')::int - (details ->> 'duration_ms')::int AS lacking
FROM incident WHERE kind = 'recording_incomplete'"""


@dataclass(frozen=True)
class Load:
    """What was asked for: new calls a second, for how many seconds."""

    rate: float = 20.0
    seconds: float = 60.0

    @property
    def calls(self) -> int:
        return round(self.rate * self.seconds)

    @property
    def tickets(self) -> int:
        return self.calls // 3


def measure() -> Report:
    """The whole system under 20 calls a second for a minute; a second, shorter run where its cost must be explained."""
    load = Load(float(os.environ.get("BENCH_RATE", "20")), float(os.environ.get("BENCH_SECONDS", "60")))
    found = asyncio.run(_alone(load))
    profiled = ""
    if found["ours_to_asterisk"] > 1 or _longest(found) > HOOK_WITHIN:
        profiled = asyncio.run(_alone(Load(load.rate, min(load.seconds, 2 * PROFILED)), profiled=True))["profile"]
    return _report(load, found, profiled)


async def _alone(load: Load, *, profiled: bool = False) -> dict[str, Any]:
    """One run on a fresh system, whose folder is kept only if something was lost."""
    folder = SCRATCH / f"load-{int(time.time())}"
    found = await run(load, folder, _say, profiled=profiled)
    if not _missing(load, found):
        _removed(folder)
    return found


async def run(load: Load, folder: Path, say: Callable[[str], None], *, profiled: bool = False) -> dict[str, Any]:
    """One run under `folder`: who rang, what is in the tables, what each process used."""
    async with started(folder, say, rtp_ports=RTP_PORTS) as environment:
        database = await Database.connect(environment.postgres.url(), size=2)
        await data.load(database, SystemClock().now())
        await database.close()
        before = spent(environment)
        say(f"load: {load.calls} calls, {load.rate:g} a second")
        begun, processors, ended = time.monotonic(), ticks(), resource.getrusage(resource.RUSAGE_CHILDREN)
        ringing = asyncio.create_task(ring(environment, load, folder))
        shown = await _profile(environment) if profiled else ""
        plain, complaining = await ringing
        rang = time.monotonic() - begun
        talking = spent(environment)
        idle, total = (now - first for now, first in zip(ticks(), processors, strict=True))
        rung = resource.getrusage(resource.RUSAGE_CHILDREN)
        sipp_seconds = rung.ru_utime + rung.ru_stime - ended.ru_utime - ended.ru_stime
        say("load: waiting until every recording is sealed")
        counts, incomplete = await settled(environment.postgres.url())
        sealing = time.monotonic() - begun - rang
        after = spent(environment)
        versions = await _versions(environment)
    path = {name: round((talking[name] - before[name]) * 1000 / load.calls, 2) for name in before}
    everything = {name: round((after[name] - before[name]) * 1000 / load.calls, 2) for name in before}
    return {
        "asked": asdict(load) | {"calls": load.calls, "tickets": load.tickets},
        "versions": versions,
        "sipp": {
            "succeeded": plain.succeeded + complaining.succeeded,
            "failed": plain.failed + complaining.failed,
            "retransmissions": plain.retransmissions + complaining.retransmissions,
            "errors": (plain.errors + complaining.errors)[-2000:],
        },
        "found": counts,
        "incomplete": incomplete,
        "hooks": hooks((folder / "processes.log").read_text(errors="replace")),
        "cpu_ms_per_call_while_ringing": path,
        "cpu_ms_per_call_until_sealed": everything,
        "ours_to_asterisk": round(sum(everything[name] for name in OURS) / everything["asterisk"], 2),
        "sipp_ms_per_call": round(sipp_seconds * 1000 / load.calls, 2),
        "busy_while_ringing": round(1 - idle / total, 2),
        "seconds_ringing": round(rang, 1),
        "seconds_sealing_after": round(sealing, 1),
        "profile": shown,
    }


async def ring(environment: Environment, load: Load, folder: Path) -> tuple[CallResult, CallResult]:
    """Two thirds of the callers listen and wait for an agent; one third says why it rings and presses 3."""
    voice = speak_alaw(SPEECH, folder)
    address = switch(environment).address
    plain = load.calls - load.tickets
    callers = tuple(f"1990000{n:04d}" for n in range(1000))
    return await asyncio.gather(
        ring_many(
            address,
            callers=callers,
            steps=(Say(voice),),
            stay=STAY,
            rate=load.rate * plain / load.calls,
            calls=plain,
            media=MEDIA[0],
        ),
        ring_many(
            address,
            callers=callers,
            steps=(Wait(KEY_AFTER), Press("3"), Say(voice)),
            stay=STAY + LONGER,
            rate=load.rate * load.tickets / load.calls,
            calls=load.tickets,
            media=MEDIA[1],
        ),
    )


def spent(environment: Environment) -> dict[str, float]:
    """Seconds of processor each part has used."""
    pids = {name: child.pid for name, child in environment.children.items()}
    pids["asterisk"] = switch(environment).pid
    seconds = {name: cpu_seconds(pid) for name, pid in pids.items() if pid is not None}
    return seconds | {"postgresql": family_seconds(environment.postgres.pid)}


def switch(environment: Environment) -> Asterisk:
    """The Asterisk that was started here: another's processor time cannot be seen."""
    assert environment.asterisk is not None
    return environment.asterisk


def family_seconds(pid: int) -> float:
    """What a process, its ended and its living children have used."""
    total = cpu_seconds(pid)
    for child in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            total += cpu_seconds(child.pid)
    return total


async def settled(url: str) -> tuple[dict[str, int], list[list[Any]]]:
    """The counts when every call has ended and every segment has its end, or after SEALED_WITHIN seconds; and the
    incomplete recordings: verdict, and the milliseconds they lack."""
    connection = await asyncpg.connect(url)
    deadline = time.monotonic() + SEALED_WITHIN
    try:
        while True:
            row = await connection.fetchrow(COUNTS)
            assert row is not None
            counts = {name: int(value) for name, value in row.items()}
            done = counts["open_calls"] == 0 and counts["sealed"] + counts["lost"] == counts["segments"] > 0
            if done or time.monotonic() > deadline:
                return counts, [list(each) for each in await connection.fetch(INCOMPLETE)]
            await asyncio.sleep(0.5)
    finally:
        await connection.close()


def hooks(log: str) -> dict[str, dict[str, float]]:
    """Milliseconds each script took, from the processes' own lines: count, median, 99th percentile, longest."""
    seconds: dict[str, list[float]] = {}
    for line in log.splitlines():
        if '"script served"' in line:
            fields = json.loads(line)
            seconds.setdefault(fields["script"], []).append(fields["seconds"] * 1000)
    return {
        script: {
            "count": len(values),
            "p50_ms": round(percentile(values, 0.5), 2),
            "p99_ms": round(percentile(values, 0.99), 2),
            "max_ms": round(max(values), 2),
        }
        for script, values in sorted(seconds.items())
    }


async def _profile(environment: Environment) -> str:
    """Where the two processes that work for every call spend their time, while calls come."""
    await asyncio.sleep(STAY)
    parts = []
    for name in ("telephony", "work"):
        pid = environment.children[name].pid
        assert pid is not None
        shown = await asyncio.to_thread(profile.of_process, pid, PROFILED / 2, SCRATCH / "profiles")
        parts.append(f"#### {name}\n\n{shown}")
    return "\n\n".join(parts)


async def _versions(environment: Environment) -> dict[str, str]:
    with switch(environment).console() as console:
        told = re.search(r"Asterisk (\S+)", console.command("core show version"))
    connection = await asyncpg.connect(environment.postgres.url())
    try:
        shown = str(await connection.fetchval("SHOW server_version"))
    finally:
        await connection.close()
    return {"asterisk": told[1] if told else "unknown", "postgresql": shown}


def _say(text: str) -> None:
    print(f"   {text}", flush=True)


def _removed(folder: Path) -> None:
    """Sealed folders are read-only, also for their owner."""
    for directory, _, _ in os.walk(folder):
        Path(directory).chmod(0o750)
    shutil.rmtree(folder, ignore_errors=True)


def _missing(load: Load, found: dict[str, Any]) -> list[str]:
    """What a call, a ticket or a recording was lost by, in words."""
    rows, sipp = found["found"], found["sipp"]
    wrong = {
        "calls SIPp counts as failed": sipp["failed"],
        "calls not in the tables": load.calls - rows["calls"],
        "calls served by the fallback": rows["degraded"],
        "tickets missing": load.tickets - rows["tickets"],
        "calls with two tickets": rows["doubled"],
        "tickets not opened live": rows["tickets"] - rows["live"],
        "recordings lost": rows["lost"],
        "recordings not sealed": rows["segments"] - rows["sealed"] - rows["lost"],
        "recordings not complete": rows["incomplete"],
        "other incidents": rows["other_incidents"],
    }
    return [f"{count} {what}" for what, count in wrong.items() if count]


def _longest(found: dict[str, Any]) -> float:
    return max((hook["p99_ms"] for hook in found["hooks"].values()), default=float("inf"))


def _report(load: Load, found: dict[str, Any], profiled: str) -> Report:
    hooks_head = ["script", "sessions", "p50 ms", "p99 ms", "longest ms"]
    hooks_rows = [
        [name, hook["count"], hook["p50_ms"], hook["p99_ms"], hook["max_ms"]] for name, hook in found["hooks"].items()
    ]
    cpu_head = ["process", "CPU ms a call while calls come", "until the last recording is sealed"]
    cpu_rows = [
        [name, found["cpu_ms_per_call_while_ringing"][name], found["cpu_ms_per_call_until_sealed"][name]]
        for name in ("asterisk", *OURS, "postgresql")
    ]
    cpu_rows.append(["sipp, the callers", found["sipp_ms_per_call"], ""])
    sipp, rows = found["sipp"], found["found"]
    not_live = rows["tickets"] - rows["live"]
    calls_head = ["", "asked", "found", "wrong"]
    calls_rows = [
        ["calls", load.calls, rows["calls"], f"{sipp['failed']} failed, {rows['degraded']} served by the fallback"],
        ["tickets", load.tickets, rows["tickets"], f"{rows['doubled']} calls with two, {not_live} not live"],
        ["recordings", load.calls, rows["sealed"], f"{rows['lost']} lost, {rows['incomplete']} not complete"],
    ]
    text = (
        f"{load.calls} SIPp calls with speech, {load.rate:g} a second for {load.seconds:g} s, each {STAY:g} to "
        f"{STAY + LONGER:g} s long and recorded by MixMonitor on both sides; every third presses 3 and opens a ticket. "
        f"Asterisk {found['versions']['asterisk']}, PostgreSQL {found['versions']['postgresql']}, SIPp "
        f"{version_of('sipp', '-v')}, all on this machine, callers included.\n\n"
        f"{table(calls_head, calls_rows)}\n\n{sipp['retransmissions']} SIP retransmissions. The last recording was "
        f"sealed {found['seconds_sealing_after']} s after the last call.\n\n"
        f"### The hook\n\nThe whole FastAGI session, from the environment's end to the mark.\n\n"
        f"{table(hooks_head, hooks_rows)}\n\n"
        f"### CPU a call\n\n{table(cpu_head, cpu_rows)}\n\n"
        f"`work` seals the recordings and delivers the outbox. Our three processes together cost "
        f"{found['ours_to_asterisk']} of what Asterisk does, sealing included. While calls came, the machine's "
        f"processors were {found['busy_while_ringing']:.0%} busy, with whatever else ran on it."
    )
    if profiled:
        text += f"\n\n### Where our processes' time goes\n\nIn a second run of {2 * PROFILED:g} s.\n\n{profiled}"
    return Report("Load: calls, tickets and recordings", text, found, _targets(load, found))


def _targets(load: Load, found: dict[str, Any]) -> list[Target]:
    wrong = _missing(load, found)
    cpu = found["cpu_ms_per_call_until_sealed"]
    longest = _longest(found)
    return [
        Target(
            f"{load.rate:g} calls/s for {load.seconds:g} s: no call, ticket or recording lost, doubled or incomplete",
            ", ".join(wrong) or f"{load.calls} calls, {load.tickets} tickets, {found['found']['sealed']} recordings",
            not wrong,
        ),
        Target(f"hook p99 ≤ {HOOK_WITHIN:g} ms under that load", f"{longest:.1f} ms", longest <= HOOK_WITHIN),
        Target(
            "our CPU a call ≤ Asterisk's own",
            f"{sum(cpu[name] for name in OURS):.1f} ms to {cpu['asterisk']:.1f} ms: {found['ours_to_asterisk']:.2f}",
            found["ours_to_asterisk"] <= 1,
        ),
    ]
