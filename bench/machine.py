"""Where it was measured, and how much of it was left to us."""

import contextlib
import os
import platform
import re
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

LOOK = 2.0
TICK = os.sysconf("SC_CLK_TCK")


def described(idle: float) -> dict[str, str]:
    """The machine in words; `idle` is the share of its processors that nobody used before."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": f"{os.cpu_count()} × {model[1] if model else platform.machine()}",
        "memory": f"{memory:.0f} GB",
        "system": f"{_distribution()}, Linux {platform.release()}",
        "python": platform.python_version(),
        "idle": f"{idle:.0%}",
        "priority": _priority(),
        "load_before": " ".join(f"{one:.1f}" for one in os.getloadavg()),
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
    }


def idle_share(seconds: float = LOOK) -> float:
    """The share of all processors that was idle, looked at for some seconds."""
    before = ticks()
    time.sleep(seconds)
    idle, total = (after - first for after, first in zip(ticks(), before, strict=True))
    return idle / total if total else 1.0


def cpu_seconds(pid: int, *, children: bool = True) -> float:
    """User and system time of a process, and of its ended children. Raises FileNotFoundError."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(value) for value in fields[11 : 15 if children else 13]) / TICK


def version_of(*command: str) -> str:
    """The first number with a dot that a program says of itself; `absent` without it."""
    if shutil.which(command[0]) is None:
        return "absent"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
    return found[0] if found else "unknown"


def ticks() -> tuple[int, int]:
    """Ticks idle, and all ticks, of all processors together."""
    values = [int(value) for value in Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]]
    return values[3] + values[4], sum(values)


def _priority() -> str:
    """How much more than its share this run was given, in words; empty for no more."""
    values = [os.nice(0)]
    with contextlib.suppress(OSError):
        values.append(int(Path("/proc/self/autogroup").read_text().rpartition("nice")[2]))
    return f", at raised priority (nice {min(values)})" if min(values) < 0 else ""


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"
