"""How the doctor reads Asterisk's command line, what it asks for against what is shipped, and how it tells."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from agi import names
from callcenter.config import Config
from callcenter.doctor import console, dialplan, modules, switch_settings
from callcenter.doctor.finding import Notes, PartReport, Report, Text, Verdict
from callcenter.doctor.reason import reason
from callcenter.lab import site
from callcenter.lab.settings_file import as_toml, write_settings

pytestmark = pytest.mark.unit

ETC = Path(__file__).resolve().parents[3] / "docker/asterisk/etc"


def shipped(pattern: str, *files: str) -> set[str]:
    return {found for file in files for found in re.findall(pattern, (ETC / file).read_text(), re.MULTILINE)}


# ---- what is asked for is what is shipped


def test_the_contexts_asked_for_are_those_of_the_dialplan() -> None:
    files = [f"dialplan/{path.name}" for path in (ETC / "dialplan").iterdir()]
    assert shipped(r"^\[([\w-]+)\]", *files) == dialplan.CONTEXTS
    assert {value for name, value in vars(names).items() if name.startswith("CONTEXT_")} <= dialplan.CONTEXTS


def test_the_modules_asked_for_are_shipped_and_the_harmful_ones_are_not() -> None:
    listed = shipped(r"^load = (\S+)", "modules.conf")
    assert listed >= modules.NEEDED
    assert not listed & set(modules.HARMFUL)


def test_the_event_log_asked_for_is_the_one_shipped() -> None:
    [events] = shipped(r"^events = (.+)$", "cel.conf")
    assert frozenset(events.split(",")) == switch_settings.EVENTS
    assert shipped(r"^fields = (.+)$", "cel_custom.conf") == {switch_settings.FIELDS}
    [applications] = shipped(r"^apps = (.+)$", "cel.conf")
    assert frozenset(applications.split(",")) == switch_settings.APPLICATIONS


def test_the_rights_asked_for_are_those_we_give() -> None:
    assert frozenset(site.AMI_READ.split(",")) == switch_settings.READ
    assert frozenset(site.AMI_WRITE.split(",")) == switch_settings.WRITE


def test_the_globals_asked_for_are_shipped() -> None:
    assert set(dialplan.NUMBERS) <= shipped(r"^(CC_\w+) =", "extensions.conf")


# ---- Asterisk's command line


def test_settings_are_pairs_whatever_their_columns() -> None:
    lines = ("PBX Core settings", "-----", "  System name:                 hl1", "Min DTMF duration::          80", "")
    assert console.settings(lines) == {"System name": "hl1", "Min DTMF duration": "80"}


def test_queues_and_their_members() -> None:
    lines = (
        "cc-fallback has 0 calls (max unlimited) in 'leastrecent' strategy (0s holdtime), W:0, C:0",
        "   Members: ",
        "      PJSIP/desk-8001 (ringinuse disabled) (Unavailable) has taken no calls yet",
        "      PJSIP/desk-8002 (ringinuse disabled) (Not in use) has taken no calls yet",
        "   No Callers",
        "",
        "cc-claims has 1 calls (max unlimited) in 'leastrecent' strategy (0s holdtime)",
        "   No Members",
        "   Callers: ",
        "      1. PJSIP/trunk-main-00000001 (wait: 0:03, prio: 0)",
    )
    assert console.queues(lines) == {"cc-fallback": ("PJSIP/desk-8001", "PJSIP/desk-8002"), "cc-claims": ()}


def test_modules_that_do_not_run_are_left_out() -> None:
    lines = (
        "Module                         Description                              Use Count  Status      Support Level",
        "app_dial.so                    Dialing Application                      0          Running              core",
        "cel_pgsql.so                   PostgreSQL CEL Backend                   0          Not Running      extended",
        "2 modules loaded",
    )
    assert console.modules(lines) == {"app_dial.so"}


def test_contexts_globals_music_sounds_and_numbers() -> None:
    assert console.contexts(("[ Context 'cc-in' created by 'pbx_config' ]", "  's' => 1. NoOp()")) == {"cc-in"}
    assert console.variables(("   CC_AGI=agi://127.0.0.1:4573", "   -- 1 variable(s)")) == {
        "CC_AGI": "agi://127.0.0.1:4573"
    }
    assert console.music(("Class: default", "\tFile: /m/hold", "Class: empty")) == {"default": 1, "empty": 0}
    assert console.languages(("Indexed Information for cc/notice:", "  Language en:", "    Format: alaw")) == {"en"}
    assert console.processed(("0 active channels", "17 calls processed")) == 17
    assert console.uptime(("System uptime: 42", "Last reload: 42")) == 42
    assert console.read_only(("r/o?  ACL?  Username", "----  ----  --------", "Yes   No    cc")) == {"cc": True}
    assert console.values(("CEL Tracking Event: HANGUP", "CEL Logging: Enabled"), "CEL Logging") == ("Enabled",)


def test_a_configuration_file_by_category_the_last_value_counts() -> None:
    headers = (
        ("Response", "Success"),
        ("Category-000000", "general"),
        ("Line-000000-000000", "autofill=no"),
        ("Line-000000-000001", "Autofill=yes"),
        ("Category-000001", "cc"),
        ("Line-000001-000000", "member=> PJSIP/desk-8001"),
    )
    assert console.configuration(headers) == {"general": {"autofill": "yes"}, "cc": {"member": "PJSIP/desk-8001"}}
    assert [console.is_true(text) for text in ("yes", "On", "1", "no", "", None)] == [True] * 3 + [False] * 3


# ---- telling


def test_the_worst_finding_is_the_verdict_and_every_remedy_is_shown() -> None:
    notes = Notes()
    notes.ok("a", "好", "good")
    notes.warn("b", "注意了", "look", ("做这个", "do this"))
    part = PartReport("x", Text("某部分", "some part"), tuple(notes.findings))
    empty = PartReport("y", Text("y", "y"), ())
    report = Report((part, empty), 0.12)
    assert report.verdict is Verdict.WARN
    assert report.lines()[:4] == [
        "== 某部分 / some part",
        "  正常 OK   好 / good",
        "  注意 WARN 注意了 / look",
        "          → 做这个 / do this",
    ]
    assert [one["verdict"] for one in report.as_json()["parts"]] == ["warn", None]
    notes.fail("c", "坏" * 60, "bad " * 30, ("x", "x"))
    told = replace(report, parts=(replace(part, findings=tuple(notes.findings)),)).lines()
    assert told[4].startswith("  故障 FAIL 坏坏")
    assert told[5].startswith("            bad bad"), "the other language under it when both do not fit"


def test_reasons_are_short_and_say_each_address_once() -> None:
    refused = OSError(111, "Connect call failed ('127.0.0.1', 5432)")
    assert reason(refused) == "Connection refused"
    assert reason(OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 99] x")) == "Connection refused"
    assert reason(TimeoutError()) == "no answer in time"
    outer = RuntimeError("Error 111 connecting to localhost:6379")
    outer.__cause__ = refused
    assert reason(outer) == "Connection refused"
    assert reason(RuntimeError("said so")) == "said so"
    assert reason(RuntimeError()) == "RuntimeError"


# ---- settings for another process


def test_settings_written_for_another_process_are_read_back_the_same(tmp_path: Path) -> None:
    config = Config.load(
        environ={
            "CALLCENTER_DATABASE_URL": 'postgresql://cc:p"4\\ss@/x?host=/run',
            "CALLCENTER_RECORDINGS_VOLUMES": "/a:/b",
            "CALLCENTER_RECORDINGS_FONDS_NAME": "客服",
            "CALLCENTER_WEB_PORT": "9000",
        }
    )
    file = tmp_path / "callcenter.toml"
    write_settings(file, config)
    assert Config.load(file) == config
    assert file.stat().st_mode & 0o777 == 0o600
    assert as_toml(config).startswith('mode = "normal"\n\n[database]\n')
