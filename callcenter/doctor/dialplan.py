"""What callers meet: contexts, globals, queues, prompts, hold music, the trunk, as Asterisk said. Pure."""

from pathlib import Path
from urllib.parse import urlsplit

from agi import names
from callcenter.config import Config
from callcenter.doctor.finding import Notes
from callcenter.doctor.switch import TRUNK, Switch
from callcenter.lab.speech import PROMPTS

CONTEXTS = frozenset(
    [
        "cc-in",
        "cc-rec",
        "cc-ask",
        "cc-notice",
        "cc-hours",
        "cc-ivr",
        "cc-control",
        "cc-back",
        "cc-left",
        "cc-phones",
        "cc-queue-key",
        "cc-talk",
        "cc-after",
        "cc-survey",
        "cc-message",
        "cc-degraded",
        "cc-hangup",
        "cc-out",
        "cc-out-leg",
        "cc-out-answer",
        "cc-agent",
        "cc-transfer",
        "cc-requeue",
        "cc-conf",
        "cc-conf-agent",
        "cc-conf-end",
        "cc-supervise",
    ]
)
NUMBERS = ("CC_AGI_DEADLINE", "CC_LEASE", "CC_MAXCALL", "CC_QUEUE_MAX", "CC_FALLBACK_MAX", "CC_MESSAGE_MAX")
RENEWED_EVERY = 5
"""Seconds between two renewals of a lease (docs/telephony.md)."""
GIVES_UP_AFTER = 4
"""Seconds after which our own scripts give up; the dialplan's deadline must be longer."""
SHIPPED = ("照抄 docker/asterisk/etc", "as in docker/asterisk/etc")


def judge(switch: Switch, config: Config, notes: Notes) -> None:
    """Everything between the carrier and our FastAGI."""
    if "Command" in switch.refused:
        return
    missing = sorted(CONTEXTS - switch.contexts)
    notes.expect(
        "contexts",
        not missing,
        f"拨号方案{'缺少 ' + ', '.join(missing) if missing else f'的 {len(CONTEXTS)} 个上下文齐全'}",
        f"dialplan: {'missing ' + ', '.join(missing) if missing else f'all {len(CONTEXTS)} contexts are there'}",
        SHIPPED,
    )
    _globals(switch, config, notes)
    _volumes(switch, config, notes)
    _queues(switch, notes)
    _sounds(switch, notes)
    _trunk(switch, notes)


def fastagi(switch: Switch) -> tuple[str, int] | None:
    """Host and port at which Asterisk asks for our scripts; None when CC_AGI is no such address."""
    try:
        parts = urlsplit(switch.variables.get("CC_AGI", ""))
        return (parts.hostname, parts.port or 4573) if parts.scheme == "agi" and parts.hostname else None
    except ValueError:
        return None


def _globals(switch: Switch, config: Config, notes: Notes) -> None:
    given = switch.variables
    wrong = [f"{name}={given.get(name, '')}" for name in NUMBERS if not given.get(name, "").isdecimal()]
    if fastagi(switch) is None:
        wrong.append(f"CC_AGI={given.get('CC_AGI', '')}")
    if given.get("CC_ZONE") != "Asia/Shanghai":
        wrong.append(f"CC_ZONE={given.get('CC_ZONE', '')}")
    if given.get("CC_APP") != config.ari.app:
        wrong.append(f"CC_APP={given.get('CC_APP', '')} (ari.app = {config.ari.app})")
    for name, least in (("CC_AGI_DEADLINE", GIVES_UP_AFTER), ("CC_LEASE", 2 * RENEWED_EVERY)):
        if given.get(name, "").isdecimal() and int(given[name]) <= least:
            wrong.append(f"{name}={given[name]} (<= {least})")
    notes.expect(
        "globals",
        not wrong,
        f"全局变量{'有误：' + ', '.join(wrong) if wrong else '正确'}",
        f"globals: {'wrong: ' + ', '.join(wrong) if wrong else 'right'}",
        (
            "extensions.conf 与 site/globals.conf，见 docs/telephony.md",
            "extensions.conf, site/globals.conf: docs/telephony.md",
        ),
    )
    if (asked := fastagi(switch)) is not None:
        where = f"{asked[0]}:{asked[1]}"
        notes.expect(
            "agi-port",
            asked[1] == config.fastagi.port,
            f"Asterisk 在 {where} 请求脚本，fastagi.port = {config.fastagi.port}",
            f"Asterisk asks for scripts at {where}, fastagi.port = {config.fastagi.port}",
            ("使 CC_AGI 与 fastagi.port 一致", "make CC_AGI and fastagi.port agree"),
        )
        if not asked[0].replace(".", "").isdecimal() and ":" not in asked[0]:
            notes.warn(
                "agi-name",
                f"CC_AGI 用了主机名 {asked[0]}：每个来电都要查一次 DNS",
                f"CC_AGI has a host name, {asked[0]}: it is looked up for every call",
                ("改用 IP 地址", "use an address"),
            )


def _volumes(switch: Switch, config: Config, notes: Notes) -> None:
    theirs = [switch.variables.get(name, "") for name in ("CC_REC1", "CC_REC2")]
    ours = [str(volume) for volume in config.recordings.volumes]
    said = f"CC_REC1 = {theirs[0]}, CC_REC2 = {theirs[1]}"
    todo = (
        "使 site/globals.conf 的 CC_REC1、CC_REC2 与 recordings.volumes 指向同样的两个卷",
        "let CC_REC1 and CC_REC2 in site/globals.conf and recordings.volumes mean the same two volumes",
    )
    if not all(theirs) or theirs[0] == theirs[1]:
        notes.fail("capture-globals", said, said, todo)
    elif theirs == ours:
        notes.ok("capture-globals", said, said)
    elif {Path(path).name for path in theirs} == {Path(path).name for path in ours}:
        notes.ok("capture-globals", f"{said}（此处在 {':'.join(ours)}）", f"{said} (here: {':'.join(ours)})")
    else:
        notes.warn(
            "capture-globals",
            f"{said}，而 recordings.volumes = {':'.join(ours)}",
            f"{said}, but recordings.volumes = {':'.join(ours)}",
            todo,
        )


def _queues(switch: Switch, notes: Notes) -> None:
    missing = [queue for queue in names.QUEUES if queue not in switch.queues]
    notes.expect(
        "queues",
        not missing,
        f"队列{'缺少 ' + ', '.join(missing) if missing else '齐全'}",
        f"queues: {'missing ' + ', '.join(missing) if missing else 'all there'}",
        SHIPPED,
    )
    members = switch.queues.get(names.QUEUE_FALLBACK, ())
    notes.expect(
        "fallback",
        bool(members),
        f"兜底队列有 {len(members)} 个固定成员",
        f"{len(members)} static members in the fallback queue",
        (
            "site/queue-fallback.conf 中写 member => PJSIP/desk-8001：否则本系统停止时无人接听",
            "write member => PJSIP/desk-8001 in site/queue-fallback.conf: or nobody answers while we are down",
        ),
    )


def _sounds(switch: Switch, notes: Notes) -> None:
    missing = sorted(set(PROMPTS) - switch.prompts)
    notes.expect(
        "prompts",
        not missing,
        f"中文提示音{'缺少 cc/' + ', cc/'.join(missing) if missing else f' {len(PROMPTS)} 段齐全'}",
        f"Chinese prompts: {'missing cc/' + ', cc/'.join(missing) if missing else f'all {len(PROMPTS)} there'}",
        ("docs/operations.md“提示音”", "docs/operations.md, Prompts"),
    )
    files = switch.music.get("default", 0)
    notes.expect(
        "music",
        files > 0,
        f"等待音乐有 {files} 个文件",
        f"{files} files of hold music",
        (
            "musiconhold.conf 的 [default] 目录中放入 A-law 文件",
            "put A-law files into the directory of [default] in musiconhold.conf",
        ),
    )


def _trunk(switch: Switch, notes: Notes) -> None:
    codecs, context = switch.trunk.get("allow", ""), switch.trunk.get("context", "")
    notes.expect(
        "trunk",
        codecs == "(alaw)" and context == names.CONTEXT_IN,
        f"中继 {TRUNK}：{f'编码 {codecs}，进入 {context}' if switch.trunk else '没有'}",
        f"{TRUNK}: {f'codecs {codecs}, calls go to {context}' if switch.trunk else 'not there'}",
        (
            "pjsip.conf 的 [trunk-main]：context = cc-in，只 allow = alaw（docs/telephony.md）",
            "[trunk-main] in pjsip.conf: context = cc-in, and allow = alaw alone (docs/telephony.md)",
        ),
    )
