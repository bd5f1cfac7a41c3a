"""FastAGI sessions: our whole server beside its peers, in turns, with the errors beside each rate.

Server and load are pinned to a core each where there are two; every server stays up through the run, and
the order is turned round each time. CPU per session is the server process's own, and says more than the
rate when other work runs on the machine.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from bench.report import Report, table

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCRATCH = ROOT / "var" / "bench"
COMMANDS = 5
PLAIN = {1: 300, 32: 2000, 128: 2000}
"""Clients at once → sessions in one turn."""
MIXED = (32, 2000, 2, 3)
"""Clients, sessions, percent that leave early, percent that are slow."""
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
PATIENCE = 25.0
"""Seconds a load may take before the server counts as dead."""


@dataclass
class Server:
    """A server under load. `words` start it; it prints its port when it listens."""

    name: str
    words: list[str]
    needs: str = ""
    process: subprocess.Popen[str] | None = None
    port: str = ""
    dead: str = ""
    died_in: str = ""
    turns: dict[str, list[dict[str, float]]] = field(default_factory=dict)

    def start(self, core: str | None) -> None:
        pinned = ["taskset", "-c", core, *self.words] if core else self.words
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            pinned, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        assert self.process.stdout is not None
        self.port = self.process.stdout.readline().strip()
        if not self.port:
            self.dead = "did not start"

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()

    def cpu(self) -> float:
        """Seconds of processor the server has used."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def servers() -> list[Server]:
    python = sys.executable
    found = [
        Server("ours (uvloop)", [python, str(HERE / "ours.py"), "uvloop"]),
        Server("ours (asyncio)", [python, str(HERE / "ours.py")]),
        Server("bare asyncio streams + uvloop", [python, str(HERE / "bare.py"), "uvloop"]),
        Server("bare asyncio streams", [python, str(HERE / "bare.py")]),
        Server(f"panoramisk {_version('panoramisk')} + uvloop", [python, str(HERE / "peer_panoramisk.py"), "uvloop"]),
        Server(f"panoramisk {_version('panoramisk')}", [python, str(HERE / "peer_panoramisk.py")]),
        Server(f"pyst2 {_version('pyst2')} AGI in threads", [python, str(HERE / "peer_pyst2.py")]),
    ]
    node = _node()
    if isinstance(node, str):
        print(f"ding-dong left out: {node}", flush=True)
    else:
        found.append(Server("ding-dong 0.1.7 (node)", [*node, _free_port()]))
    return found


def _version(package: str) -> str:
    try:
        return version(package)
    except ImportError:
        return "(absent)"


def _node() -> list[str] | str:
    """The words that start ding-dong, or why it cannot be had."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "no node or npm on this machine"
    folder = SCRATCH / "node"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "node_modules" / "ding-dong").exists():
        words = ["npm", "install", "--silent", "--no-audit", "--no-fund", "ding-dong@0.1.7"]
        try:
            done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120)
        except subprocess.TimeoutExpired:
            return "npm did not answer"
        if done.returncode:
            return f"npm install failed: {done.stderr.strip()[:120]}"
    script = folder / "peer_dingdong.js"
    shutil.copy(HERE / script.name, script)
    return ["node", str(script)]


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def _load_program() -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise RuntimeError("the load generator needs a C compiler (apt-get install gcc)")
    SCRATCH.mkdir(parents=True, exist_ok=True)
    program = SCRATCH / "fastagi-load"
    subprocess.run([compiler, "-O2", "-pthread", "-o", str(program), str(HERE / "load.c")], check=True)
    return program


def _turn(
    server: Server, load: list[str], clients: int, sessions: int, early: int, slow: int
) -> dict[str, float] | None:
    """One load on one server; None when the server is dead, which is remembered."""
    words = [*load, server.port, str(clients), str(sessions), str(COMMANDS), str(early), str(slow)]
    before = server.cpu()
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=True)
    except subprocess.TimeoutExpired:
        server.dead = "stopped answering"
        return None
    found: dict[str, float] = json.loads(done.stdout)
    found["cpu_us"] = (server.cpu() - before) / sessions * 1e6
    found["errors"] = found["refused"] + found["cut"] + found["wrong"] + found["slow_bad"]
    return found


@contextmanager
def _running(found: list[Server], core: str | None) -> Iterator[list[Server]]:
    try:
        for server in found:
            server.start(core)
        yield found
    finally:
        for server in found:
            server.stop()


def measure() -> Report:
    """All servers, all loads, in turns."""
    two = (os.cpu_count() or 1) > 1 and shutil.which("taskset") is not None
    load = [*(["taskset", "-c", "1"] if two else []), str(_load_program())]
    kinds = {f"c={clients}": (clients, n, 0, 0) for clients, n in PLAIN.items()} | {"mixed": MIXED}
    started = time.monotonic()
    with _running(servers(), "0" if two else None) as found:
        for server in found:
            if not server.dead:
                _turn(server, load, 8, 300, 0, 0)
        for kind, size in kinds.items():
            for n in range(ROUNDS):
                for server in found if n % 2 == 0 else found[::-1]:
                    if server.dead:
                        continue
                    turn = _turn(server, load, *size)
                    if turn is None:
                        server.died_in = kind
                    else:
                        server.turns.setdefault(kind, []).append(turn)
                print(f"   {kind} turn {n + 1} of {ROUNDS}, {time.monotonic() - started:.0f} s", flush=True)
    return _report(found, list(kinds))


def _report(found: list[Server], kinds: list[str]) -> Report:
    ours = found[0]
    sections, figures = [], {}
    for kind in kinds:
        rows = []
        for server in found:
            turns = server.turns.get(kind, [])
            if not turns:
                rows.append([server.name, server.dead or "not measured", "", "", "", "", "", ""])
                continue
            ratio = _paired(ours.turns.get(kind, []), turns)
            rates = sorted(turn["rate"] for turn in turns)
            rows.append(
                [
                    server.name,
                    f"{_median(turns, 'rate'):,.0f}",
                    f"{rates[0]:,.0f} to {rates[-1]:,.0f}",
                    f"{ratio:.2f}",
                    f"{_median(turns, 'p50_ms'):.2f}",
                    f"{_median(turns, 'p99_ms'):.2f}",
                    f"{_median(turns, 'cpu_us'):.0f}",
                    f"{sum(turn['errors'] for turn in turns):.0f}"
                    + (f", then {server.dead}" if server.died_in == kind else ""),
                ]
            )
        head = ["server", "sessions/s", "spread", "ours ÷ it", "p50 ms", "p99 ms", "CPU µs", "errors"]
        sections.append(f"### {_title(kind)}\n\n{table(head, rows)}")
        figures[kind] = {server.name: server.turns.get(kind, []) for server in found}
    deaths = {server.name: server.dead for server in found if server.dead}
    text = (
        f"{COMMANDS} `SET VARIABLE` a session; medians of {ROUNDS} turns, the servers one after another in each turn; "
        "`ours ÷ it` is the median of the turns' own ratios of sessions/s. Bare asyncio streams are no peer but the "
        "floor: no router, limits, deadlines or parsed replies.\n\n" + "\n\n".join(sections)
    )
    return Report("FastAGI", text, {"turns": figures, "dead": deaths})


def _title(kind: str) -> str:
    if kind != "mixed":
        return f"{kind.removeprefix('c=')} at once"
    clients, _, early, slow = MIXED
    return f"{clients} at once, {early} % leave in the middle of the environment, {slow} % are slow"


def _median(turns: list[dict[str, float]], what: str) -> float:
    return statistics.median(turn[what] for turn in turns)


def _paired(ours: list[dict[str, float]], theirs: list[dict[str, float]]) -> float:
    """How many sessions we did for one of theirs, turn by turn."""
    ratios = [a["rate"] / b["rate"] for a, b in zip(ours, theirs, strict=False) if b["rate"]]
    return statistics.median(ratios) if ratios else float("nan")
