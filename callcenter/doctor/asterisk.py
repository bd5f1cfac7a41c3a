"""Asterisk over AMI: the log-in, the version, its settings, modules and dialplan."""

import contextlib
import socket
from pathlib import Path

from agi.ami import AmiDeniedError, AmiUnavailableError
from callcenter.doctor import dialplan, modules, switch_settings
from callcenter.doctor.finding import Notes
from callcenter.doctor.installation import Installation
from callcenter.doctor.reason import reason
from callcenter.doctor.switch import Switch


async def look(here: Installation, notes: Notes) -> None:
    """Judges what it said of itself."""
    ami = here.config.ami
    where = f"{ami.host}:{ami.port}"
    try:
        switch = await here.switch()
    except AmiDeniedError as error:
        notes.fail(
            "ami",
            f"AMI（{where}）拒绝用户 {ami.user}：{error}",
            f"AMI at {where} refuses user {ami.user}: {error}",
            (
                "使 ami.user、ami.password 与 manager.conf 一致",
                "make ami.user and ami.password agree with manager.conf",
            ),
        )
        return
    except AmiUnavailableError as error:
        notes.fail(
            "ami",
            f"AMI（{where}）没有应答：{reason(error)}",
            f"no AMI at {where}: {reason(error)}",
            (
                "启动 Asterisk；manager.conf 中 enabled = yes；设置 ami.host、ami.port",
                "start Asterisk; set enabled = yes in manager.conf; set ami.host and ami.port",
            ),
        )
        return
    notes.ok("ami", f"AMI {where}，用户 {ami.user}", f"AMI at {where} as {ami.user}")
    if switch.version:
        switch_settings.version(switch.version, notes)
    switch_settings.judge(switch, ami.host, here.config.recordings.cel_file, notes)
    modules.judge(switch, notes)
    dialplan.judge(switch, here.config, notes)
    host_name(switch, notes)


def host_name(switch: Switch, notes: Notes) -> None:
    """Whether Asterisk can look up its own host's name; only from the same machine, by the files it sees."""
    root = root_of(switch)
    if root is None:
        return
    name = socket.gethostname()
    with contextlib.suppress(OSError):
        hosts = (root / "etc/hosts").read_text(encoding="utf-8", errors="replace")
        known = any(name in line.partition("#")[0].split()[1:] for line in hosts.splitlines())
        notes.expect(
            "host-name",
            known,
            f"Asterisk 的 /etc/hosts {'有' if known else '没有'}本机名 {name}",
            f"this machine's name, {name}, is {'in' if known else 'not in'} Asterisk's /etc/hosts",
            (
                f"/etc/hosts 中加 127.0.1.1 {name}：否则 SIP 线程等待 DNS 超时",
                f"add 127.0.1.1 {name} to /etc/hosts: or SIP's threads sit in DNS time-outs",
            ),
        )


def root_of(switch: Switch) -> Path | None:
    """The root folder Asterisk sees, when it runs on this machine and we may look."""
    pid_file = switch.settings.get("PID file", "")
    try:
        pid = int(Path(pid_file).read_text())
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        root = Path(f"/proc/{pid}/root")
        return root if name == "asterisk" and (root / "etc").is_dir() else None
    except (OSError, ValueError):
        return None
