"""Sealing: from capture files to objects that anybody can prove, beside `flac` and `sha256sum` over the same files.

Ours does what the archiver does, with every sync; the peers only do what their row says. Memory is looked at on its
own, for calls of very different length.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench import profile
from bench.machine import version_of
from bench.report import Report, Target, paired, spread, table
from bench.sealing import captures

ROOT = Path(__file__).resolve().parents[2]
SCRATCH = ROOT / "var" / "bench"
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
CALLS = 32
AT_ONCE = 2
"""As shipped where there are three processors or more."""
"""How many calls the archiver seals at once."""
WANTED = 0.8
FLAT = 8 * 2**20
"""Bytes by which a call of two hours may need more than one of a minute."""
LONG = {"1 minute": 60, "10 minutes": 600, "2 hours": 7200}
RAW = "--force-raw-format --endian=little --sign=signed --channels=1 --bps=16 --sample-rate=8000"
TOGETHER = f"""
set -e
flac -5 --silent {RAW} --output-prefix=$2/ $1/*.sln
sha256sum $1/*.sln $2/*.flac > $2/SHA256SUMS"""
CALL_BY_CALL = f"""
set -e
for side in $1/*-r.sln; do
  call=${{side%-r.sln}}; name=$2/${{call##*/}}
  flac -5 --silent {RAW} --output-prefix=$2/ $call-r.sln $call-t.sln
  sha256sum $call-r.sln $call-t.sln $name-r.flac $name-t.flac > $name.sha256
done"""
RAW_SOX = "-t raw -r 8000 -e signed -b 16 -c 1"
STEREO = f"""
set -e
for side in $1/*-r.sln; do
  call=${{side%-r.sln}}; name=$2/${{call##*/}}
  sox -D -M {RAW_SOX} $call-r.sln {RAW_SOX} $call-t.sln -t wav - | flac -5 --silent --ignore-chunk-sizes -o $name.flac -
  sha256sum $call-r.sln $call-t.sln $name.flac > $name.sha256
done"""
AS_SAFE = f"""
set -e
for side in $1/*-r.sln; do
  call=${{side%-r.sln}}; name=$2/${{call##*/}}
  sync $call-r.sln $call-t.sln
  sox -D -M {RAW_SOX} $call-r.sln {RAW_SOX} $call-t.sln -t wav - \\
    | flac -5 -V --silent --ignore-chunk-sizes -o $name.flac -
  sha256sum $call-r.sln $call-t.sln $name.flac > $name.sha256
  sync $name.flac $name.sha256 $2
done"""


@dataclass
class Way:
    """One way to treat the captures: `run` does it once into a fresh folder and returns the seconds it took."""

    name: str
    leaves: str
    run: Callable[[Path], float]
    took: list[float] = field(default_factory=list)
    errors: int = 0


def measure() -> Report:
    """All ways in turns, then memory."""
    missing = [tool for tool in ("flac", "sha256sum", "sox") if shutil.which(tool) is None]
    if missing:
        wanted = f"sealing ≥ {WANTED} of `flac` + `sha256sum`"
        told = f"Not measured: {' and '.join(missing)} missing."
        return Report("Sealing", told, {}, [Target(wanted, "–", None)])
    folder = SCRATCH / f"sealing-{int(time.time())}"
    try:
        spool = folder / "spool"
        pairs = captures.make(spool, captures.lengths(CALLS), SCRATCH / "voices")
        audio = sum(pair.seconds for pair in pairs)
        core = ["taskset", "-c", "0"] if (os.cpu_count() or 1) > 1 and shutil.which("taskset") else []
        ways = _ways(spool, core)
        for n in range(ROUNDS):
            for way in ways if n % 2 == 0 else ways[::-1]:
                _turn(way, folder / "out")
            print(f"   turn {n + 1} of {ROUNDS}", flush=True)
        profiled = _profiled(spool, folder / "out", core) if _ratio(ways, audio) < WANTED else ""
        memory = {name: _memory(folder, seconds) for name, seconds in LONG.items()}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _report(ways, audio, memory, profiled)


def _ways(spool: Path, core: list[str]) -> list[Way]:
    def ours(pinned: list[str]) -> Callable[[Path], float]:
        return lambda out: _sealed(spool, out, AT_ONCE, pinned)["seconds"]

    def script(text: str) -> Callable[[Path], float]:
        return lambda out: _script(text, spool, out, core)

    whole = "OCFL object: stereo master decoded from disk and compared, digests, records, log leaf, every sync"
    mono = "two mono files a call"
    return [
        Way("ours, two sealings at once, on one core", whole, ours(core)),
        Way("ours, two sealings at once, on all cores", whole, ours([])),
        Way(
            "`flac -5` + `sha256sum`, one process each for all calls", f"{mono}, one list of digests", script(TOGETHER)
        ),
        Way("`flac -5` + `sha256sum`, call by call", f"{mono}, a list of digests a call", script(CALL_BY_CALL)),
        Way("`sox -M`, `flac -5`, `sha256sum`, call by call", "stereo master, a list of digests", script(STEREO)),
        Way("`sox -M`, `flac -5 -V`, `sha256sum`, `sync`", "the same, decoded and compared, synced", script(AS_SAFE)),
    ]


def _turn(way: Way, out: Path) -> None:
    out.mkdir(parents=True)
    try:
        way.took.append(way.run(out))
    except subprocess.CalledProcessError as error:
        way.errors += 1
        print(f"   {way.name}: {error.stderr.strip()[-300:]}", file=sys.stderr)
    finally:
        _emptied(out)


def _sealed(spool: Path, out: Path, threads: int, pinned: list[str]) -> dict[str, float]:
    """Our sealing of all captures, in a fresh process. Raises subprocess.CalledProcessError."""
    words = [*pinned, sys.executable, "-m", "bench.sealing.seal", str(spool), str(out / "archive"), str(threads)]
    done = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _script(text: str, spool: Path, out: Path, pinned: list[str]) -> float:
    began = time.monotonic()
    words = [*pinned, "sh", "-c", text, "sh", str(spool), str(out)]
    subprocess.run(words, check=True, capture_output=True, text=True)
    return time.monotonic() - began


def _emptied(out: Path) -> None:
    """Sealed folders are read-only, also for their owner."""
    for directory, _, _ in os.walk(out):
        Path(directory).chmod(0o750)
    shutil.rmtree(out)


def _memory(folder: Path, seconds: int) -> float:
    """The most memory that sealing one call of this length took, in bytes."""
    spool = folder / f"spool-{seconds}"
    captures.make(spool, [seconds], SCRATCH / "voices")
    out = folder / "out"
    out.mkdir()
    try:
        return _sealed(spool, out, 1, [])["memory"]
    finally:
        _emptied(out)
        shutil.rmtree(spool)


def _profiled(spool: Path, out: Path, core: list[str]) -> str:
    """Where our sealing's time goes."""
    out.mkdir()
    words = [*core, sys.executable, "-m", "bench.sealing.seal", str(spool), str(out / "archive"), str(AT_ONCE)]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL)
    waiting = threading.Thread(target=process.wait)
    waiting.start()
    try:
        time.sleep(0.7)
        return profile.of_process(process.pid, 5, SCRATCH / "profiles")
    finally:
        waiting.join()
        _emptied(out)


def _ratio(ways: list[Way], audio: float) -> float:
    """How much audio we seal for each second the plainest peer treats: the median of the turns."""
    ratios = sorted(paired(_speeds(ways[0], audio), _speeds(ways[2], audio)))
    return ratios[len(ratios) // 2] if ratios else 0.0


def _speeds(way: Way, audio: float) -> list[float]:
    """Seconds of audio for each second it took, turn by turn."""
    return [audio / seconds for seconds in way.took]


def _report(ways: list[Way], audio: float, memory: dict[str, float], profiled: str) -> Report:
    ours = ways[0]
    head = ["way", "× real time", "ours ÷ it", "errors", "what stands on disk afterwards"]
    rows = []
    for way in ways:
        speeds = _speeds(way, audio)
        ratio = spread(paired(_speeds(ours, audio), speeds), 2) if way is not ours else ""
        rows.append([way.name, spread(speeds), ratio, way.errors, way.leaves])
    memory_rows = [[name, f"{size / 2**20:.0f} MB"] for name, size in memory.items()]
    parts = [
        f"{CALLS} calls, {captures.LEAST} to {captures.MOST} s, {audio / 60:.0f} minutes of conversation in synthetic "
        f"Mandarin, both sides as MixMonitor leaves them; one core unless the row says otherwise; {ROUNDS} turns. flac "
        f"{version_of('flac', '--version')}, coreutils {version_of('sha256sum', '--version')}. Ours is "
        "`recordings.ingest` with every sync of the write protocol, without the database's row; the ratios are of ours "
        "on one core.",
        table(head, rows),
        f"### Memory\n\nThe most memory a process took that sealed one call:\n\n{table(['call', 'peak'], memory_rows)}",
    ]
    if profiled:
        parts.append(f"### Where our sealing's time goes\n\n{profiled}")
    figures = {
        "audio_seconds": audio,
        "seconds": {way.name: way.took for way in ways},
        "errors": {way.name: way.errors for way in ways},
        "peak_bytes": memory,
    }
    return Report("Sealing", "\n\n".join(parts), figures, _targets(ways, audio, memory))


def _targets(ways: list[Way], audio: float, memory: dict[str, float]) -> list[Target]:
    ratio = _ratio(ways, audio)
    more = max(memory.values()) - min(memory.values())
    least, most = min(memory.values()), max(memory.values())
    return [
        Target(
            f"sealing ≥ {WANTED} of `flac` + `sha256sum`, with every sync",
            f"{ratio:.2f} × {ways[2].name}, on one core; {ways[0].errors} errors",
            ratio >= WANTED and not ways[0].errors,
        ),
        Target(
            "memory flat in the length of the call",
            f"{least / 2**20:.0f} to {most / 2**20:.0f} MB for a minute to two hours",
            more <= FLAT,
        ),
    ]
