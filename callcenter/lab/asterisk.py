"""A real Asterisk for `make run`, tests and benches: prepare, start, stop, kill, start again.

Each instance has its own directory and ports, so many run side by side on one machine. The process runs in a
mount namespace of its own: whatever was mounted for it is gone when it ends. Nothing outside the instance's
directory (and the shared root folder it runs in) may be written.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from callcenter.lab.console import Console, ConsoleAddress, ConsoleError
from callcenter.lab.ports import free_rtp_range, free_tcp, free_udp, is_free, is_free_udp
from callcenter.lab.refusal import NoAsteriskError
from callcenter.lab.root import AsteriskTree, inspect_tree
from callcenter.lab.site import AgentPhone, Ports, Site, agents_file, link_data, site_files

SHIPPED = Path(__file__).resolve().parents[2] / "docker/asterisk/etc"
RTP_WIDTH = 600
BOOT_LOOK = 2.0
"""Seconds to wait for FullyBooted on one connection: it can be missed once; who comes later is told at log-in."""
MOUNT_AND_RUN = """
set -e
umask 022
mount --make-rprivate /
if [ "$ROOT" = / ]; then
  VIEW=$INSTANCE/view
  mkdir -p "$VIEW"
  mount --rbind / "$VIEW"
  for closed in $CLOSED; do mount -t tmpfs -o mode=755 tmpfs "$VIEW$closed"; done
else
  VIEW=$ROOT
  mount --rbind /proc "$VIEW/proc"
  mount --rbind /dev "$VIEW/dev"
fi
for shared in "$INSTANCE" "$SOUNDS"; do
  mkdir -p "$VIEW$shared"
  mount --bind "$shared" "$VIEW$shared"
done
mount --bind "$INSTANCE/hosts" "$VIEW/etc/hosts"
if [ -e "$VIEW/etc/resolv.conf" ]; then mount --bind /dev/null "$VIEW/etc/resolv.conf"; fi
mount --bind "$INSTANCE/etc" "$VIEW/etc/asterisk"
exec chroot "$VIEW" "$BINARY" -f -U asterisk -G asterisk
"""
"""Asterisk sees the root folder, or this machine, with our files laid over it; nobody else sees them.

CLOSED: folders of this machine that Asterisk's user may not enter on its way to our files.
"""


@dataclass(frozen=True)
class AsteriskAddress:
    """What our processes, callers and checks need to know of an Asterisk, ours or another's.

    `here` is the address of this machine as that Asterisk sees it: callers and phones of the lab listen on it.
    """

    host: str
    sip_port: int
    trunk_port: int
    agi_port: int
    ari_url: str
    ari_user: str
    ari_password: str
    console: ConsoleAddress
    volumes: tuple[Path, Path]
    cel: Path
    log: Path
    phones: tuple[AgentPhone, ...]
    here: str = "127.0.0.1"

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read the address of an Asterisk that somebody else started, from JSON with this class's fields."""
        stored = json.loads(file.read_text())
        return cls(
            **{
                **stored,
                "console": ConsoleAddress(**stored["console"]),
                "volumes": tuple(Path(volume) for volume in stored["volumes"]),
                "cel": Path(stored["cel"]),
                "log": Path(stored["log"]),
                "phones": tuple(AgentPhone(**phone) for phone in stored["phones"]),
            }
        )


class Asterisk:
    """One instance in its own directory."""

    def __init__(self, site: Site, tree: AsteriskTree) -> None:
        """Use `create` for a new instance, `reopen` for one that exists."""
        self.site = site
        self.tree = tree
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def create(
        cls,
        directory: Path,
        tree: AsteriskTree,
        *,
        sounds: Path,
        phones: tuple[AgentPhone, ...] = (),
        fallback: tuple[str, ...] = (),
        ring: int = 20,
        settings: dict[str, str] | None = None,
        name: str = "",
        rtp_ports: int = RTP_WIDTH,
    ) -> Self:
        """Prepare a new instance: folders, two capture volumes, passwords, free ports, configuration.

        A queue rings a phone for `ring` seconds; `settings` are dialplan globals which replace the shipped ones
        (docs/telephony.md); a leg needs two of the `rtp_ports`.
        """
        directory = directory.resolve()
        site = Site(
            system_name=name or f"hl{secrets.token_hex(3)}",
            directory=directory,
            modules=tree.modules,
            data=tree.data,
            sounds=sounds.resolve(),
            music=sounds.resolve() / "music",
            ports=_free_ports(rtp_ports),
            ari_password=secrets.token_urlsafe(18),
            ami_password=secrets.token_urlsafe(18),
            volumes=(directory / "rec1", directory / "rec2"),
            phones=phones,
            fallback=fallback,
            ring=ring,
            globals=tuple((settings or {}).items()),
        )
        instance = cls(site, tree)
        fresh = not directory.exists()
        try:
            instance._lay_out()
        except OSError as error:
            if fresh:
                shutil.rmtree(directory, ignore_errors=True)
            raise NoAsteriskError(f"{directory} could not be made: {error.strerror or error}.") from error
        return instance

    @classmethod
    def reopen(cls, directory: Path) -> Self:
        """Take up an instance made earlier, by this process or another: same folders, ports and passwords."""
        stored = json.loads((directory / "instance.json").read_text())
        tree = inspect_tree(Path(stored.pop("root")), stored.pop("binary"))
        paths = {key: Path(stored[key]) for key in ("directory", "sounds", "music")}
        return cls(
            Site(
                **{
                    **stored,
                    **paths,
                    "ports": Ports(**stored["ports"]),
                    "volumes": tuple(Path(volume) for volume in stored["volumes"]),
                    "phones": tuple(AgentPhone(**phone) for phone in stored["phones"]),
                    "fallback": tuple(stored["fallback"]),
                    "globals": tuple((key, value) for key, value in stored["globals"]),
                }
            ),
            tree,
        )

    @property
    def address(self) -> AsteriskAddress:
        """Where everything of this instance is."""
        ports, site = self.site.ports, self.site
        return AsteriskAddress(
            host=site.host,
            sip_port=ports.sip,
            trunk_port=ports.trunk,
            agi_port=ports.agi,
            ari_url=f"http://{site.host}:{ports.http}/ari",
            ari_user="cc",
            ari_password=site.ari_password,
            console=ConsoleAddress(site.host, ports.ami, "cc", site.ami_password),
            volumes=site.volumes,
            cel=site.directory / "logs/cel-custom/cel.jsonl",
            log=site.directory / "logs/messages.log",
            phones=site.phones,
        )

    @property
    def pid(self) -> int | None:
        """The process id of the running Asterisk, or None."""
        if self._process is not None:
            return None if self._process.poll() is not None else self._process.pid
        try:
            pid = int((self.site.directory / "run/asterisk.pid").read_text())
            name = Path(f"/proc/{pid}/comm").read_text().strip()
        except (OSError, ValueError):
            return None
        return pid if name == "asterisk" else None

    def start(self, timeout: float = 30.0) -> None:
        """Start it and return when it has fully booted (1 to 2 s).

        Raises:
            NoAsteriskError: not root, or it ended or hung; the text carries its last words.
        """
        if self.pid is not None:
            return
        if os.geteuid() != 0:
            raise NoAsteriskError("Starting Asterisk in its folder needs root: run with sudo.")
        if not self._ports_are_free():
            self.move_ports()
        directory = self.site.directory
        environment = {
            "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
            "ROOT": str(self.tree.root),
            "BINARY": self.tree.binary,
            "INSTANCE": str(directory),
            "SOUNDS": str(self.site.sounds),
            "CLOSED": " ".join(self._closed()),
        }
        with (directory / "logs/stdout.log").open("ab") as output:
            self._process = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", MOUNT_AND_RUN],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_booted(timeout)

    def stop(self, timeout: float = 10.0) -> None:
        """End it in good order; calls that are up are hung up."""
        if self.pid is None:
            return
        with contextlib.suppress(OSError, ConsoleError), Console(self.address.console) as console:
            console.command("core stop now")
        if not self._gone(timeout):
            self.kill()

    def kill(self) -> None:
        """kill -9, as in a crash."""
        if (pid := self.pid) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._gone(10)

    def restart(self) -> None:
        """Start it again with the same folders, ports and passwords, after `stop`, `kill` or a crash."""
        self.kill()
        self.start()

    def console(self) -> Console:
        """A command line on the running instance."""
        return Console(self.address.console)

    def write_phones(self, phones: tuple[AgentPhone, ...]) -> None:
        """Replace all agents' endpoints; a running Asterisk takes them over at once."""
        self.site = replace(self.site, phones=phones)
        self._store()
        (self.site.directory / "etc/site/pjsip-agents.conf").write_text(agents_file(phones))
        if self.pid is not None:
            with self.console() as console:
                console.command("module reload res_pjsip.so")

    def move_ports(self) -> None:
        """Take other ports, when another program has taken ours; not while it runs."""
        width = self.site.ports.rtp_last - self.site.ports.rtp_first + 1
        self.site = replace(self.site, ports=_free_ports(width))
        for name, text in site_files(self.site).items():
            (self.site.directory / "etc/site" / name).write_text(text)
        self._store()

    def _closed(self) -> list[str]:
        """The uppermost folders above our files which Asterisk's user may not enter. No name here has a space."""
        found = []
        for shared in (self.site.directory, self.site.sounds):
            for parent in reversed(shared.parents):
                if not _may_enter(parent.stat(), self.tree.uid, self.tree.gid):
                    found.append(str(parent))
                    break
        return list(dict.fromkeys(found))

    def _ports_are_free(self) -> bool:
        ports, host = self.site.ports, self.site.host
        return all(is_free(port, host) for port in (ports.http, ports.ami)) and is_free_udp(ports.sip, host)

    def _wait_booted(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.pid is None:
                raise NoAsteriskError(f"Asterisk ended at once: {self._last_words()}")
            try:
                with Console(self.address.console, min(timeout, BOOT_LOOK)) as console:
                    console.wait_booted()
                    return
            except (OSError, ConsoleError):
                time.sleep(0.02)
        self.kill()
        raise NoAsteriskError(f"Asterisk was not up after {timeout:.0f} s: {self._last_words()}")

    def _last_words(self) -> str:
        texts = [
            file.read_text(errors="replace")
            for name in ("stdout.log", "messages.log")
            if (file := self.site.directory / "logs" / name).exists()
        ]
        return " | ".join("\n".join(texts).splitlines()[-5:]) or "it said nothing"

    def _gone(self, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.pid is None:
                self._process = None
                (self.site.directory / "run/asterisk.pid").unlink(missing_ok=True)
                return True
            time.sleep(0.02)
        return False

    def _lay_out(self) -> None:
        site = self.site
        folders = ["etc/site", "spool", "logs/cel-custom", "run", "lib/cache", "lib/keys"]
        for folder in (*(site.directory / name for name in folders), *site.volumes):
            folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(SHIPPED, site.directory / "etc", dirs_exist_ok=True)
        for name, text in site_files(site).items():
            (site.directory / "etc/site" / name).write_text(text)
        link_data(site.directory / "data", self.tree.root / site.data.lstrip("/"), site.data, site.sounds)
        for volume in site.volumes:
            (volume / ".ok").touch()
        (site.directory / "hosts").write_text(f"127.0.0.1 localhost {socket.gethostname()}\n")
        for path in (site.directory, *site.directory.rglob("*")):
            os.chown(path, self.tree.uid, self.tree.gid, follow_symlinks=False)
        self._store()

    def _store(self) -> None:
        file = self.site.directory / "instance.json"
        file.touch(mode=0o600)
        stored = {**asdict(self.site), "root": str(self.tree.root), "binary": self.tree.binary}
        file.write_text(json.dumps(stored, default=str, indent=1))


def _free_ports(rtp: int) -> Ports:
    first, last = free_rtp_range(rtp)
    return Ports(free_udp(), first, last, free_tcp(), free_tcp(), free_tcp(), free_udp())


def _may_enter(status: os.stat_result, uid: int, gid: int) -> bool:
    wanted = stat.S_IXUSR if uid == status.st_uid else stat.S_IXGRP if gid == status.st_gid else stat.S_IXOTH
    return bool(status.st_mode & wanted)
