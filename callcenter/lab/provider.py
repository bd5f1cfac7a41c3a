"""Where an Asterisk comes from: the root folder that is named, this machine's own, or a folder made once.

The fourth way, one that runs elsewhere, needs none of this: it is an address (lab/asterisk.py).
"""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from callcenter.lab.refusal import NoAsteriskError
from callcenter.lab.root import AsteriskTree, Progress, default_root, ensure_root, inspect_tree

MACHINE = Path("/")
MAJOR = "22"
MODULES = Path(__file__).resolve().parents[2] / "docker/asterisk/etc/modules.conf"


def provide(progress: Progress, environ: Mapping[str, str] | None = None, machine: Path = MACHINE) -> AsteriskTree:
    """The Asterisk to use, made first if there is none. `machine`: where this machine's own would be.

    Raises:
        NoAsteriskError: none can be had; the text says why and what to do.
    """
    chosen = (os.environ if environ is None else environ).get("CALLCENTER_ASTERISK_ROOT")
    if not chosen:
        return own(machine, progress) or ensure_root(default_root(environ), progress)
    root = Path(chosen)
    if root == MACHINE:
        return inspect_tree(root)
    if not root.is_absolute():
        raise NoAsteriskError(
            f"CALLCENTER_ASTERISK_ROOT is {chosen}: give an absolute path, or / for this machine's own."
        )
    return ensure_root(root, progress)


def own(machine: Path, progress: Progress) -> AsteriskTree | None:
    """This machine's Asterisk when it is one we can use; says why when it is not."""
    try:
        tree = inspect_tree(machine)
    except NoAsteriskError:
        return None
    version = version_of(tree)
    if version.partition(".")[0] != MAJOR:
        progress(f"Asterisk: this machine has {version or 'one that does not run'}, not {MAJOR}; not used")
        return None
    if missing := missing_modules(tree):
        progress(f"Asterisk: this machine's {version} lacks {', '.join(missing)}; not used")
        return None
    progress(f"Asterisk: using this machine's own {version}, with a configuration and ports of ours")
    return tree


def version_of(tree: AsteriskTree) -> str:
    """`22.10.1…`, or nothing when it does not run."""
    program = [] if not tree.chrooted else ["chroot", str(tree.root)]
    try:
        told = subprocess.run([*program, tree.binary, "-V"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(r"Asterisk (?:certified/)?(\S+)", told.stdout)
    return match[1] if match else ""


def missing_modules(tree: AsteriskTree) -> list[str]:
    """Those of our module list that are not installed."""
    listed = re.findall(r"^load = (\S+)", MODULES.read_text(), re.MULTILINE)
    folder = tree.root / tree.modules.lstrip("/")
    return [name for name in listed if not (folder / name).exists()]
