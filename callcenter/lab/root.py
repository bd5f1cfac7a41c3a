"""A root folder with Debian forky's Asterisk 22, made once by mmdebstrap and shared by all instances.

It must never touch the host's own packages, and a half-made folder must never be taken for a whole one.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from callcenter.lab.refusal import NoAsteriskError
from callcenter.lab.room import refuse_without_room
from callcenter.lab.turn import turn

SUITE = "forky"
PACKAGES = ("asterisk",)
NEEDED = 700 << 20
"""Bytes the folder and its making take."""
DATA = ("/usr/share/asterisk", "/var/lib/asterisk")
"""Where Debian, and where asterisk.org's own installation, keep sounds and the like."""
OTHERWISE = "give CALLCENTER_ASTERISK_ROOT or ASTERISK (docs/telephony.md), or use docker compose"
DROPPED = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*")

CAUSE = re.compile(
    r"No space left|Could not (connect|resolve)|Temporary failure|Unable to locate|Unable to connect|404 "
)
"""What mmdebstrap and apt say when it is the disk, the network or the mirror."""

Progress = Callable[[str], None]


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


def default_root(environ: Mapping[str, str] | None = None) -> Path:
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
    data = next((path for path in DATA if (root / path.lstrip("/")).is_dir()), DATA[0])
    for line in (root / "etc/passwd").read_text().splitlines():
        name, _, uid, gid, *_ = line.split(":")
        if name == "asterisk":
            return AsteriskTree(root, binary, f"/{modules.relative_to(root)}", data, int(uid), int(gid))
    raise NoAsteriskError(f"The user asterisk is missing in {root}/etc/passwd: useradd --system asterisk.")


def ensure_root(path: Path, progress: Progress) -> AsteriskTree:
    """Return the Asterisk in the root folder `path`, which is made first if it is not there (about a minute).

    Raises:
        NoAsteriskError: not root, mmdebstrap missing, no room, or the packages cannot be had.
    """
    if (path / "usr/sbin/asterisk").exists():
        return inspect_tree(path)
    if os.geteuid() != 0:
        raise NoAsteriskError(f"Making {path} needs root: run with sudo, or {OTHERWISE}.")
    if shutil.which("mmdebstrap") is None:
        raise NoAsteriskError(f"mmdebstrap is missing: apt-get install mmdebstrap, or {OTHERWISE}.")
    if path.is_dir() and any(path.iterdir()):
        raise NoAsteriskError(f"{path} holds something, but no Asterisk: empty it, or set CALLCENTER_ASTERISK_ROOT.")
    refuse_without_room(path, NEEDED)
    try:
        with turn(path):
            if not (path / "usr/sbin/asterisk").exists():
                _make(path, progress)
    except OSError as error:
        raise NoAsteriskError(f"{path} could not be made: {error.strerror or error}.") from error
    return inspect_tree(path)


def _make(path: Path, progress: Progress) -> None:
    unfinished = path.with_name(f"{path.name}.unfinished-{os.getpid()}")
    progress(f"Asterisk: making a root folder of Debian {SUITE} in {path} (once, about a minute)")
    try:
        _drop_leftovers(path)
        _bootstrap(unfinished, progress)
        shutil.copyfile("/etc/hosts", unfinished / "etc/hosts")
        inspect_tree(unfinished)
        unfinished.rename(path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    progress(f"Asterisk: root folder ready in {path}")


def _drop_leftovers(path: Path) -> None:
    """Removes half-made folders whose maker is gone."""
    for folder in path.parent.glob(f"{path.name}.unfinished-*"):
        maker = folder.name.rpartition("-")[2]
        if maker.isdecimal() and not Path(f"/proc/{maker}").exists():
            shutil.rmtree(folder, ignore_errors=True)


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
        raise NoAsteriskError(
            f"Debian's packages of Asterisk could not be fetched ({_why(lines)}): check the network and the mirror "
            f"deb.debian.org, or {OTHERWISE}."
        )


def _why(lines: list[str]) -> str:
    """The line that says most of what mmdebstrap said."""
    told = [line for line in lines if CAUSE.search(line)] or [line for line in lines if line.startswith("E: ")]
    return (told or lines[-1:] or ["it said nothing"])[0].removeprefix("E: ").strip()[:300]
