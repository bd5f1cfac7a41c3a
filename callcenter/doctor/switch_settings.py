"""Asterisk's settings on which calls, recordings and their proof depend, judged from what it said of itself. Pure."""

import re
from pathlib import Path

from callcenter.doctor.console import is_true, number, values
from callcenter.doctor.finding import Notes
from callcenter.doctor.switch import Switch

TESTED = 22
SYSTEM_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}")
MINIMUM_SESSIONS = 200
"""HTTP sessions: our connections, one for each browser's telephone, and room. Asterisk's default is 100."""
MINIMUM_WRITE_TIMEOUT = 1000
MINIMUM_FILES = 4096
"""Open files: a recorded call with an agent takes some ten."""
ANYWHERE = ("0.0.0.0", "::", "[::]")  # noqa: S104 - what is looked for
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

READ = frozenset(["system", "call", "agent", "user", "dialplan", "dtmf", "reporting"])
WRITE = frozenset(["system", "call", "agent", "originate", "reporting", "command"])
"""Rights of our AMI user, as callcenter/lab/site.py gives them."""

EVENTS = frozenset(
    [
        "CHAN_START",
        "CHAN_END",
        "ANSWER",
        "HANGUP",
        "BRIDGE_ENTER",
        "BRIDGE_EXIT",
        "APP_START",
        "APP_END",
        "BLINDTRANSFER",
        "ATTENDEDTRANSFER",
        "PICKUP",
        "FORWARD",
        "LINKEDID_END",
        "USER_DEFINED",
    ]
)
APPLICATIONS = frozenset({"queue", "stasis"})
FIELDS = (
    "EventEnum,UserDefType,EventTime,UniqueID,LinkedID,AccountCode,ChanName,Peer,PeerAccount,Context,AppName,EventExtra"
)
LOGGER = "CEL Custom CSV Logging"


def judge(switch: Switch, host: str, cel_file: Path, notes: Notes) -> None:
    """Everything of archive and telephony that one running Asterisk must have set; `host` is where it is asked."""
    _rights(switch, notes)
    if "Command" in switch.refused:
        return
    _core(switch, notes)
    _events(switch, cel_file, notes)
    _interfaces(switch, host, notes)
    if "GetConfig" not in switch.refused:
        _files(switch, notes)


def version(text: str, notes: Notes) -> None:
    """Asterisk 22 is what everything was measured on."""
    major = text.partition(".")[0]
    if major == str(TESTED):
        notes.ok("version", f"Asterisk {text}", f"Asterisk {text}")
    else:
        notes.warn(
            "version",
            f"Asterisk {text}：本系统在 {TESTED} 上测试",
            f"Asterisk {text}: this system is tested on {TESTED}",
            (f"安装 Asterisk {TESTED}", f"install Asterisk {TESTED}"),
        )


def _rights(switch: Switch, notes: Notes) -> None:
    if "Command" in switch.refused:
        notes.fail(
            "ami-rights",
            "AMI 用户没有 command 权限，其余设置无法检查",
            "the AMI user may not use Command: the other settings cannot be looked at",
            _in("manager.conf", f"write = {','.join(sorted(WRITE))}"),
        )
        return
    missing = [
        f"{kind}: {', '.join(sorted(lacking))}"
        for kind, wanted in (("read", READ), ("write", WRITE))
        if (lacking := wanted - set(switch.rights.get(f"{kind} perm", "").split(",")))
    ]
    notes.expect(
        "ami-rights",
        not missing,
        f"AMI 权限{'缺少 ' + '; '.join(missing) if missing else '齐全'}",
        f"AMI rights: {'missing ' + '; '.join(missing) if missing else 'all there'}",
        _in("manager.conf", f"read = {','.join(sorted(READ))}, write = {','.join(sorted(WRITE))}"),
    )
    if "GetConfig" in switch.refused:
        notes.warn(
            "configuration",
            "AMI 用户不能读取配置文件（缺 system 写权限），一部分设置未检查",
            "the AMI user may not read configuration files: some settings were not looked at",
            _in("manager.conf", "write = system,…"),
        )


def _core(switch: Switch, notes: Notes) -> None:
    name = switch.settings.get("System name", "Not set")
    notes.expect(
        "systemname",
        SYSTEM_NAME.fullmatch(name) is not None and name != "Not set",
        f"systemname = {name}",
        f"systemname = {name}",
        _in("asterisk.conf", "systemname = hl1", "它使通话编号唯一", "it makes the ids of calls unique"),
    )
    for check, shown, wanted, why in (
        ("transmit-silence", "Transmit silence during rec", "transmit_silence", _SILENCE),
        ("transcode-via-slin", "Transcode via SLIN", "transcode_via_sln", _SLIN),
        ("language-prefix", "Language prefix", "languageprefix", _PREFIX),
    ):
        state = switch.settings.get(shown, "")
        notes.expect(
            check,
            state == "Enabled",
            f"{wanted}: {state}",
            f"{wanted}: {state}",
            _in("asterisk.conf", f"{wanted} = yes", *why),
        )
    language = switch.settings.get("Default language", "")
    notes.expect(
        "language",
        language == "zh",
        f"默认语言 {language}",
        f"default language {language}",
        _in("asterisk.conf", "defaultlanguage = zh"),
    )
    files = number({"n": switch.settings.get("Maximum open file handles", "").partition(" ")[0]}, "n", 0)
    if files >= MINIMUM_FILES:
        notes.ok("open-files", f"可打开 {files} 个文件", f"{files} open files allowed")
    else:
        notes.warn(
            "open-files",
            f"只能打开 {files} 个文件",
            f"only {files} open files allowed",
            ("提高 ulimit -n 与 asterisk.conf 的 maxfiles", "raise ulimit -n and maxfiles in asterisk.conf"),
        )


_SILENCE = ("否则有的线路会在静音时断线", "some carriers drop a call without RTP")
_SLIN = ("否则换人说话时录音可能没有声音", "or a second speaker can be silent in the recording (docs/telephony.md)")
_PREFIX = ("否则找不到中文提示音", "or the Chinese prompts are not found")


def _events(switch: Switch, cel_file: Path, notes: Notes) -> None:
    logging = values(switch.cel, "CEL Logging") == ("Enabled",)
    notes.expect(
        "cel",
        logging,
        f"CEL {'已启用' if logging else '未启用'}",
        f"CEL is {'on' if logging else 'off'}",
        _in("cel.conf", "enable = yes", "它是通话事实的依据", "it is the authority on what happened"),
    )
    missing = EVENTS - set(values(switch.cel, "CEL Tracking Event"))
    missing |= APPLICATIONS - {name.lower() for name in values(switch.cel, "CEL Tracking Application")}
    if logging:
        notes.expect(
            "cel-events",
            not missing,
            f"CEL 事件{'缺少 ' + ', '.join(sorted(missing)) if missing else '齐全'}",
            f"CEL events: {'missing ' + ', '.join(sorted(missing)) if missing else 'all there'}",
            _in("cel.conf", "照抄 docker/asterisk/etc/cel.conf", en="as in docker/asterisk/etc/cel.conf"),
        )
    loggers = set(values(switch.cel, "CEL Event Subscriber"))
    notes.expect(
        "cel-writer",
        LOGGER in loggers or not logging,
        f"CEL 写入者：{', '.join(sorted(loggers)) or '无'}",
        f"CEL is written by: {', '.join(sorted(loggers)) or 'nobody'}",
        _in("modules.conf", "load = cel_custom.so"),
    )
    if "GetConfig" not in switch.refused:
        _mapping(switch, cel_file, notes)


def _mapping(switch: Switch, cel_file: Path, notes: Notes) -> None:
    mappings = switch.files["cel_custom.conf"]
    ours = mappings.get(cel_file.name, {})
    fields = ours.get("fields", "").replace(" ", "")
    example = ("照抄 docker/asterisk/etc/cel_custom.conf", "as in docker/asterisk/etc/cel_custom.conf")
    if not ours:
        there = ", ".join(mappings) or "-"
        legacy = cel_file.name in mappings.get("mappings", {})
        notes.fail(
            "cel-mapping",
            f"cel_custom.conf 没有 [{cel_file.name}]（有 {there}{'；旧式映射' if legacy else ''}）",
            f"cel_custom.conf has no [{cel_file.name}] (it has {there}{'; a legacy mapping' if legacy else ''})",
            example,
        )
        return
    whole = ours.get("format") == "json" and fields == FIELDS
    said = f"[{cel_file.name}] format = {ours.get('format', '')}, fields = {fields}"
    notes.expect("cel-mapping", whole, said, said, example)


def _interfaces(switch: Switch, host: str, notes: Notes) -> None:
    mode = switch.cdr.get("Mode", "Simple")
    notes.expect("cdr-batch", mode == "Simple", f"CDR {mode}", f"CDR {mode}", _in("cdr.conf", "batch = no"))
    enabled = switch.ari.get("Enabled") == "Yes"
    said = f"ARI {'Enabled' if enabled else 'off'}"
    notes.expect("ari-enabled", enabled, said, said, _in("ari.conf", "enabled = yes"))
    http = [line.partition(" Bound to ")[2].strip() for line in switch.http if " Bound to " in line]
    _bound("http-bind", "HTTP", http[0] if http else "", host, "http.conf", notes)
    _bound("ami-bind", "AMI", switch.ami.get("TCP Bindaddress", ""), host, "manager.conf", notes)


def _bound(check: str, name: str, address: str, host: str, file: str, notes: Notes) -> None:
    """Open to everybody is wrong beside us on one machine; elsewhere the network in between decides."""
    if address.rpartition(":")[0] in ANYWHERE and host in LOOPBACK:
        notes.warn(
            check,
            f"{name} 对所有地址开放（{address}），而本系统与 Asterisk 在同一台机器",
            f"{name} listens on every address ({address}) although we are on the same machine",
            _in(file, "bindaddr = 127.0.0.1"),
        )
    else:
        notes.ok(check, f"{name} 监听 {address}", f"{name} listens on {address}")


def _files(switch: Switch, notes: Notes) -> None:
    options = switch.files["asterisk.conf"].get("options", {})
    cached = is_true(options.get("cache_record_files"))
    said = f"cache_record_files = {'yes' if cached else 'no'}"
    notes.expect(
        "cache-record-files",
        not cached,
        said,
        said,
        _in(
            "asterisk.conf", "cache_record_files = no", "否则录音先写到 /tmp", "or recordings are written to /tmp first"
        ),
    )
    if is_true(options.get("live_dangerously")):
        notes.warn(
            "live-dangerously",
            "live_dangerously = yes：外部接口可执行危险的函数",
            "live_dangerously = yes: dangerous functions are open to ARI and AMI",
            _in("asterisk.conf", "live_dangerously = no"),
        )
    sessions = number(switch.files["http.conf"].get("general", {}), "sessionlimit", 100)
    notes.expect(
        "http-sessions",
        sessions >= MINIMUM_SESSIONS,
        f"sessionlimit = {sessions}",
        f"sessionlimit = {sessions}",
        _in("http.conf", "sessionlimit = 1000", "默认的 100 会使 ARI 断供", "the default of 100 starves ARI"),
    )
    timeout = number(switch.files["ari.conf"].get("general", {}), "websocket_write_timeout", 100)
    notes.expect(
        "ari-write-timeout",
        timeout >= MINIMUM_WRITE_TIMEOUT,
        f"websocket_write_timeout = {timeout} ms",
        f"websocket_write_timeout = {timeout} ms",
        _in(
            "ari.conf",
            f"websocket_write_timeout = {MINIMUM_WRITE_TIMEOUT}",
            "否则事件流会被切断",
            "or Asterisk cuts us off",
        ),
    )
    general = switch.files["queues.conf"].get("general", {})
    for name, why in (
        ("autofill", ("否则每秒只接出一位来电", "or one caller a second is handed out")),
        ("persistentmembers", ("否则重启后队列中没有坐席", "or queues are empty after a restart")),
    ):
        state = general.get(name, "-")
        notes.expect(
            f"queue-{name}",
            is_true(general.get(name)),
            f"{name} = {state}",
            f"{name} = {state}",
            _in("queues.conf", f"{name} = yes", *why),
        )


def _in(file: str, setting: str, zh: str = "", en: str = "") -> tuple[str, str]:
    """`setting` belongs into `file`, and why."""
    chinese = f"{file} 中设 {setting}" + (f"：{zh}" if zh else "")
    return chinese, f"set {setting} in {file}" + (f": {en}" if en else "")
