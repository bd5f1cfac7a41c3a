"""How a process shares the processor with others. Must never fail: without the right all is as it was."""

import contextlib
import os
from pathlib import Path

CALLS_FIRST = -10
"""Nice value of the process callers wait for; only root, or CAP_SYS_NICE, may hurry."""
GIVES_WAY = 10
"""Nice value of the process nobody waits for."""

AUTOGROUP = Path("/proc/self/autogroup")


def be_nice(value: int) -> None:
    """Sets this process's nice value and, where it leads its session, the session's: Linux shares the processor out
    between sessions first, and only within one by nice value (sched(7), autogroup)."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, value)
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):
            AUTOGROUP.write_text(str(value))
