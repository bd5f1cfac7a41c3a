"""A root folder with Debian forky's Asterisk 22, made once by mmdebstrap and shared by all instances.

It must never touch the host's own packages, and a half-made folder must never be taken for a whole one.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from callcenter.lab.turn import turn

SUITE = "forky"
PACKAGES = ("asterisk",)
DROPPED = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*")

Progress = Callable[[str], None]


class NoAsteriskError(Exception):
    """Asterisk cannot be had on this machine; the text says why and what to do."""


@dataclass(frozen=True)
class AsteriskTree:
    """Where an Asterisk is installed: `root` is `/` for one on the machine itself."""

    root: Path
    binary: str
    modules: str
    data: str
    uid: int
    gid: int

    @property
    def chrooted(self) -> bool:
        """Whether it lives in a folder of its own."""
        return self.root != Path("/")


def default_root(environ: dict[str, str] | None = None) -> Path:
    """CALLCENTER_ASTERISK_ROOT, or var/asterisk-root in the checkout."""
    chosen = (os.environ if environ is None else environ).get("CALLCENTER_ASTERISK_ROOT")
    return Path(chosen) if chosen else Path(__file__).resolve().parents[2] / "var" / "asterisk-root"


def inspect_tree(root: Path, binary: str = "/usr/sbin/asterisk") -> AsteriskTree:
    """Find modules, data and the asterisk user under `root`.

    Raises:
        NoAsteriskError: no Asterisk is there.
    """
    inside = root / binary.lstrip("/")
    modules = next(iter(sorted(root.glob("usr/lib/*/asterisk/modules"))), root / "usr/lib/asterisk/modules")
    if not inside.exists() or not modules.is_dir():
        raise NoAsteriskError(f"No Asterisk in {root}: neither {inside} nor its modules exist.")
    for line in (root / "etc/passwd").read_text().splitlines():
        name, _, uid, gid, *_ = line.split(":")
        if name == "asterisk":
            return AsteriskTree(
                root, binary, f"/{modules.relative_to(root)}", "/usr/share/asterisk", int(uid), int(gid)
            )
    raise NoAsteriskError(f"The user asterisk is missing in {root}/etc/passwd.")


def ensure_root(path: Path, progress: Progress) -> AsteriskTree:
    """Return the Asterisk in the root folder `path`, which is made first if it is not there (about a minute).

    Raises:
        NoAsteriskError: not root, mmdebstrap missing, or the packages cannot be had.
    """
    if (path / "usr/sbin/asterisk").exists():
        return inspect_tree(path)
    if os.geteuid() != 0:
        raise NoAsteriskError(
            f"Making {path} needs root: run with sudo, or name your own Asterisk (CALLCENTER_ARI_URL …)."
        )
    if shutil.which("mmdebstrap") is None:
        raise NoAsteriskError("mmdebstrap is missing: apt-get install mmdebstrap, or use docker compose.")
    with turn(path):
        if not (path / "usr/sbin/asterisk").exists():
            _make(path, progress)
    return inspect_tree(path)


def _make(path: Path, progress: Progress) -> None:
    unfinished = path.with_name(f"{path.name}.unfinished-{os.getpid()}")
    progress(f"Asterisk: making a root folder of Debian {SUITE} in {path} (once, about a minute)")
    try:
        _bootstrap(unfinished, progress)
        shutil.copyfile("/etc/hosts", unfinished / "etc/hosts")
        inspect_tree(unfinished)
        unfinished.rename(path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    progress(f"Asterisk: root folder ready in {path}")


def _bootstrap(target: Path, progress: Progress) -> None:
    command = [
        "mmdebstrap",
        "--variant=apt",
        # the mirror's Release file may be past its date
        '--aptopt=Acquire::Check-Valid-Until "false"',
        '--aptopt=APT::Install-Recommends "false"',
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in DROPPED),
        f"--include={','.join(PACKAGES)}",
        SUITE,
        str(target),
    ]
    lines: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            if line.startswith("I: "):
                progress(f"Asterisk: {line[3:].rstrip()}")
    if process.returncode:
        tail = " | ".join(lines[-3:])
        raise NoAsteriskError(
            f"Debian's packages of Asterisk could not be fetched ({tail}). Check the network and apt's mirror, "
            "name your own Asterisk (CALLCENTER_ARI_URL …), or use docker compose."
        )
