"""FastAGI sessions: our whole server beside its peers, in turns, with the errors beside each rate.

Server and load are pinned to a core each where there are two; every server stays up through the run, and
the order is turned round each time. CPU per session is the server process's own, and says more than the
rate when other work runs on the machine.
"""

import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from bench import profile
from bench.fastagi import generator
from bench.fastagi.generator import Load, StoppedError
from bench.fastagi.servers import SCRATCH, PeerMissingError, Server, load_program, servers
from bench.fastagi.survival import LEAVERS, PATIENCE, SILENT, Survival, survive
from bench.machine import version_of
from bench.report import Report, Target, paired, spread, table

KINDS = {
    "1 client": Load(1, 300),
    "32 clients": Load(32, 1500),
    "128 clients": Load(128, 1500),
    "32 clients, 2 % leave early, 3 % are slow": Load(32, 1500, early=2, slow=3),
}
DECIDING = "32 clients"
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "9"))
HEAD = ["server", "sessions/s", "ours ÷ it", "p50 ms", "p99 ms", "CPU µs a session", "errors"]
DOES_NOT_START = """
import sys
try:
    import asterisk.fastagi
except ImportError as error:
    major, minor, *_ = sys.version_info
    print(f"pyst2's own `fastagi` module does not start on Python {major}.{minor} ({error}).")
"""


def measure() -> Report:
    """All servers, all loads, in turns; then what broken clients do to each."""
    try:
        program = load_program()
    except PeerMissingError as missing:
        return Report("FastAGI", f"Not measured: {missing}.", {}, [Target("FastAGI ≥ every peer", "–", None)])
    two = (os.cpu_count() or 1) > 1 and shutil.which("taskset") is not None
    load: list[str | Path] = [*(["taskset", "-c", "1"] if two else []), program]
    found, absent = servers()
    for sentence in absent:
        print(f"   {sentence}", flush=True)
    began = time.monotonic()
    with _running(found, "0" if two else None):
        for server in found:
            if not server.dead:
                generator.run(load, server.port, Load(8, 300))
        for kind, size in KINDS.items():
            for n in range(ROUNDS):
                for server in found if n % 2 == 0 else found[::-1]:
                    _turn(load, server, kind, size)
                print(f"   {kind}: turn {n + 1} of {ROUNDS}, {time.monotonic() - began:.0f} s", flush=True)
        profiled = _profile(load, found)
        survived = {server.name: survive(load, server) for server in found if not server.dead}
    return _report(found, absent, survived, profiled)


@contextmanager
def _running(found: list[Server], core: str | None) -> Iterator[None]:
    try:
        for server in found:
            server.start(core)
        yield
    finally:
        for server in found:
            server.stop()


def _turn(program: list[str | Path], server: Server, kind: str, size: Load) -> None:
    """One load on one server; a dead server is remembered as dead."""
    if server.dead:
        return
    before = server.cpu()
    try:
        turn = generator.run(program, server.port, size)
    except StoppedError:
        server.dead, server.died_in = "it stopped answering", kind
        return
    turn["cpu_us"] = (server.cpu() - before) / size.sessions * 1e6
    server.turns.setdefault(kind, []).append(turn)


def _profile(program: list[str | Path], found: list[Server]) -> str:
    """Where our server's time goes, if some peer does more sessions; else nothing."""
    ours = found[0]
    if all(ratio >= 1 for _, ratio in _ratios(found)):
        return ""
    enough = Load(32, 40_000)
    loading = threading.Thread(target=_press, args=(program, ours.port, enough))
    loading.start()
    shown = profile.of_process(ours.pid, 5, SCRATCH / "profiles")
    loading.join()
    return f"### Where our server's time goes\n\n{ours.name}, {DECIDING}, sampled from outside:\n\n{shown}"


def _press(program: list[str | Path], port: int, load: Load) -> None:
    try:
        generator.run(program, port, load, patience=30.0)
    except StoppedError:
        return


def _ratios(found: list[Server]) -> list[tuple[Server, float]]:
    """For each peer that was measured: our sessions for one of its, the median of the turns."""
    ours = found[0].turns.get(DECIDING, [])
    return [
        (server, statistics.median(paired(_all(ours, "rate"), _all(server.turns[DECIDING], "rate"))))
        for server in found
        if server.is_peer and server.turns.get(DECIDING)
    ]


def _report(found: list[Server], absent: list[str], survived: dict[str, Survival], profiled: str) -> Report:
    text = "\n\n".join(
        part
        for part in (
            _introduction(absent),
            *(f"### {kind}\n\n{table(HEAD, [_row(found[0], server, kind) for server in found])}" for kind in KINDS),
            _survival_text(found, survived),
            profiled,
        )
        if part
    )
    figures = {
        "turns": {server.name: server.turns for server in found},
        "dead": {server.name: f"{server.dead} ({server.died_in})" for server in found if server.dead},
        "survival": {name: asdict(one) for name, one in survived.items()},
        "absent": absent,
    }
    return Report("FastAGI", text, figures, _targets(found, survived))


def _introduction(absent: list[str]) -> str:
    refused = subprocess.run([sys.executable, "-c", DOES_NOT_START], capture_output=True, text=True, check=False)
    sentences = [
        f"A session is {KINDS[DECIDING].commands} `SET VARIABLE`. Ours is the server as it runs in the telephony "
        "process: router, limits, deadlines, parsed replies, counts, a JSON log line a session; on uvloop as there, "
        "and on asyncio's own loop. Bare streams have none of that: no peer, but what asyncio could do at best.",
        f"{ROUNDS} turns of each load. gcc {version_of('gcc', '--version')}, uvloop {version('uvloop')}.",
        refused.stdout.strip(),
        *absent,
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _row(ours: Server, server: Server, kind: str) -> list[str]:
    turns = server.turns.get(kind, [])
    if not turns:
        return [server.name, server.dead or "not measured", *[""] * (len(HEAD) - 2)]
    ratio = paired(_all(ours.turns.get(kind, []), "rate"), _all(turns, "rate"))
    died = f", then {server.dead}" if server.died_in == kind else ""
    return [
        server.name,
        spread(_all(turns, "rate")),
        spread(ratio, 2) if server is not ours else "",
        f"{_median(turns, 'p50_ms'):.2f}",
        spread(_all(turns, "p99_ms"), 1),
        f"{_median(turns, 'cpu_us'):.0f}",
        f"{sum(_all(turns, 'errors')):.0f}{died}",
    ]


def _survival_text(found: list[Server], survived: dict[str, Survival]) -> str:
    head = ["server", "after the leavers, sessions/s", "CPU at rest", "beside the silent, sessions/s", "errors"]
    head += ["silent not shed", "left open"]
    rows = []
    for server in found:
        one = survived.get(server.name)
        if one is None:
            rows.append([server.name, server.dead, *[""] * (len(head) - 2)])
            continue
        rows.append(
            [
                server.name,
                _rate(one.after_leavers),
                f"{one.idle_cpu:.0%}",
                _rate(one.with_silent),
                str(one.errors),
                f"{one.still_held} of {2 * SILENT}",
                str(one.left_open),
            ]
        )
    return (
        f"### Broken clients\n\n{LEAVERS} clients leave in the middle of the environment, every second one with RST; "
        f"then the server is watched at rest, and serves 32 ordinary clients. Then {SILENT} clients fall silent in "
        f"the middle of the environment and {SILENT} more at the first command, while 32 ordinary clients are served: "
        f"how many of the silent does the server still hold after {PATIENCE:.0f} s, and how many descriptors stay open "
        f"when all have gone?\n\n{table(head, rows)}"
    )


def _rate(rate: float | None) -> str:
    return "**dead**" if rate is None else f"{rate:,.0f}"


def _targets(found: list[Server], survived: dict[str, Survival]) -> list[Target]:
    ours = found[0]
    ratios = _ratios(found)
    if not ratios or not ours.turns.get(DECIDING):
        return [Target("FastAGI ≥ every peer in sessions/s at 32 clients", "no peer could be measured", None)]
    nearest, ratio = min(ratios, key=lambda one: one[1])
    p99 = _median(ours.turns[DECIDING], "p99_ms")
    best, best_p99 = min(
        ((server, _median(server.turns[DECIDING], "p99_ms")) for server, _ in ratios), key=lambda one: one[1]
    )
    wrong = sum(turn["errors"] for turns in ours.turns.values() for turn in turns)
    own = survived.get(ours.name)
    whole = own is not None and own.after_leavers is not None and own.with_silent is not None
    whole = whole and own is not None and own.still_held == own.left_open == own.errors == 0 and own.idle_cpu < 0.05
    return [
        Target(
            "FastAGI ≥ every peer in sessions/s at 32 clients",
            f"{ratio:.2f} × the fastest, {nearest.name}; {wrong:.0f} errors",
            ratio >= 1 and not wrong,
        ),
        Target(
            "FastAGI p99 at 32 clients no worse than any peer's",
            f"{p99:.1f} ms; the best peer, {best.name}, {best_p99:.1f} ms",
            p99 <= best_p99,
        ),
        Target("FastAGI survives early leavers and slow clients", "see “Broken clients”", whole),
    ]


def _all(turns: list[dict[str, float]], what: str) -> list[float]:
    return [turn[what] for turn in turns]


def _median(turns: list[dict[str, float]], what: str) -> float:
    return statistics.median(turn[what] for turn in turns)
