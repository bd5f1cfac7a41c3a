"""Holds one thread of a process still from outside, as a stuck extension would, until the process is gone.

Run as a program with the thread's id: it says "held" once the thread stands, and ends with the process.
"""

import ctypes
import os
import sys

ATTACH = 16
WALL = 0x40000000


def hold(thread: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(ATTACH, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    os.waitpid(thread, WALL)
    sys.stdout.write("held\n")
    sys.stdout.flush()
    while True:
        _, status = os.waitpid(thread, WALL)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            return


if __name__ == "__main__":
    hold(int(sys.argv[1]))
