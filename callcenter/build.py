"""Which program this is: its version and the commit it was built from. Must never guess: what is not known is unknown.

The commit stands in the file GIT_ID beside this one, written when an image is built; in a checkout git knows it.
"""

import subprocess
from functools import cache
from pathlib import Path

from callcenter import __version__

HERE = Path(__file__).resolve().parent
UNKNOWN = "unknown"
PATIENCE = 2.0


@cache
def commit() -> str:
    """The commit's id, with a `+` when the checkout differs from it."""
    try:
        return (HERE / "GIT_ID").read_text("ascii").strip() or UNKNOWN
    except (OSError, UnicodeDecodeError):
        pass
    if not (HERE.parent / ".git").exists():
        return UNKNOWN
    described = ["git", "-C", str(HERE.parent), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=+"]
    try:
        done = subprocess.run(described, capture_output=True, text=True, timeout=PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError):
        return UNKNOWN
    return done.stdout.strip() or UNKNOWN


def program() -> str:
    """The name and version."""
    return f"hotline95519 {__version__}"
