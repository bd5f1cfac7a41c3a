"""What the doctor asks for against what is shipped, and how it tells."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from agi import names
from callcenter.doctor import dialplan, modules, switch_settings
from callcenter.doctor.finding import Notes, PartReport, Report, Text, Verdict
from callcenter.doctor.reason import reason
from callcenter.lab import site

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
