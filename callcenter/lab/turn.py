"""One process at a time makes what all on this machine share; the others wait for it."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def turn(path: Path) -> Iterator[None]:
    """While the block runs nobody else makes `path`. A process that dies gives its turn up."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
