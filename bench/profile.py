"""Where a process's time goes, sampled from outside by py-spy: what explains a target that was missed."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.report import table

RATE = 250
OURS = ("agi/", "bench/", "callcenter/", "recordings/", "tickets/")
EMPTY = "py-spy took no sample of it"


@dataclass(frozen=True)
class Share:
    """One function's part of the samples: with what it calls, and by itself, each 0 to 1."""

    function: str
    whole: float
    alone: float


def of_process(pid: int, seconds: float, folder: Path, rows: int = 16) -> str:
    """A table of where a running process's CPU time goes, or a sentence why there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    stacks = folder / f"stacks-{pid}.txt"
    words = ["record", "--pid", str(pid), "--duration", f"{seconds:.0f}", "--rate", str(RATE)]
    words += ["--function", "--format", "raw", "--nonblocking", "--output", str(stacks)]
    program = Path(sys.executable).with_name("py-spy")
    try:
        done = subprocess.run([program, *words], capture_output=True, text=True, timeout=seconds + 30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"No profile: {error}."
    if done.returncode or not stacks.exists():
        return f"No profile: {(done.stderr.strip().splitlines() or [EMPTY])[-1]}."
    return shown(shares(stacks.read_text().splitlines()), rows)


def shares(stacks: Iterable[str]) -> list[Share]:
    """The functions in collapsed stacks (`outer;inner 12`), the greatest whole share first."""
    whole: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    total = 0
    for line in stacks:
        path, _, count = line.rpartition(" ")
        if not path or not count.isdigit():
            continue
        frames = path.split(";")
        for frame in set(frames):
            whole[frame] += int(count)
        alone[frames[-1]] += int(count)
        total += int(count)
    found = [Share(short(frame), whole[frame] / total, alone[frame] / total) for frame in whole]
    return sorted(found, key=lambda share: (-share.whole, -share.alone, share.function))


def shown(found: Iterable[Share], rows: int) -> str:
    """The functions that matter: ours by what they cause, others by what they do themselves."""
    found = [share for share in found if share.alone >= 0.02 or (share.whole >= 0.02 and is_ours(share.function))]
    if not found:
        return f"No profile: {EMPTY}."
    body = [[f"`{share.function}`", f"{share.whole:.0%}", f"{share.alone:.0%}"] for share in found[:rows]]
    return table(["function", "with what it calls", "itself"], body)


def is_ours(function: str) -> bool:
    return any(f"({part}" in function for part in OURS)


def short(frame: str) -> str:
    """`run (/home/x/agi/server.py)` as `run (agi/server.py)`: no machine's paths, the package's own name in front."""
    name, _, place = frame.partition(" (")
    if not place:
        return frame
    parts = place.rstrip(")").split("/")
    for at in range(len(parts) - 1):
        if f"{parts[at]}/" in OURS:
            return f"{name} ({'/'.join(parts[at:])})"
    return f"{name} ({'/'.join(parts[-2:])})"
