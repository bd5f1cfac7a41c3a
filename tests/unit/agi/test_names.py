"""agi/names.py and the shipped dialplan say the same."""

import re
from pathlib import Path

import pytest

from agi import names
from agi.scripts import complaint, greet, overflow, routes, survey

pytestmark = pytest.mark.unit

ETC = Path(__file__).resolve().parents[3] / "docker" / "asterisk" / "etc"
DIALPLAN = "\n".join(
    re.sub(r"(?m);.*$", "", file.read_text())
    for file in (ETC / "extensions.conf", *sorted((ETC / "dialplan").glob("*.conf")))
)
CONTEXTS = set(re.findall(r"(?m)^\[([^\]]+)\]", DIALPLAN)) - {"general", "globals"}


def named(prefix: str) -> dict[str, str]:
    return {key: value for key, value in vars(names).items() if key.startswith(prefix) and isinstance(value, str)}


@pytest.mark.parametrize("context", sorted(named("CONTEXT_").values()))
def test_every_context_we_name_is_in_the_dialplan(context: str) -> None:
    assert context in CONTEXTS


@pytest.mark.parametrize("queue", sorted(named("QUEUE_").values()))
def test_every_queue_we_name_is_configured(queue: str) -> None:
    assert f"[{queue}]" in (ETC / "queues.conf").read_text()
    assert queue in names.QUEUES


def test_every_queue_has_a_number_that_leads_to_it() -> None:
    leads = dict(re.findall(r"(?m)^exten => (7\d{3}),1,Goto\(cc-requeue,(cc-\w+),1\)", DIALPLAN))
    assert {queue: number for number, queue in leads.items()} == names.QUEUE_NUMBER
    assert set(names.QUEUE_NUMBER) == set(names.QUEUES)


@pytest.mark.parametrize("variable", sorted(named("VAR_").values()))
def test_every_variable_we_name_is_used_by_the_dialplan(variable: str) -> None:
    assert re.search(rf"\b_*{variable}\b", DIALPLAN)


@pytest.mark.parametrize("event", sorted(named("EVENT_").values()))
def test_every_user_event_we_name_is_written_by_the_dialplan(event: str) -> None:
    assert f"CELGenUserEvent({event}," in DIALPLAN


def test_every_user_event_the_dialplan_writes_is_named() -> None:
    assert set(re.findall(r"CELGenUserEvent\((\w+),", DIALPLAN)) == set(named("EVENT_").values())


def test_the_dialplan_asks_the_scripts_we_have_and_no_other() -> None:
    asked = set(re.findall(r"Gosub\(cc-ask,s,1\((\w+)", DIALPLAN))
    assert asked == set(named("SCRIPT_").values()) == set(routes(None))  # type: ignore[arg-type]


def test_the_dialplan_enters_our_application() -> None:
    assert re.search(rf"CC_APP\s*=\s*{names.APPLICATION}\b", DIALPLAN)


def test_every_script_gives_up_before_the_dialplan_does() -> None:
    """F3"""
    seconds = dict(re.findall(r"(?m)^(CC_\w+)\s*=\s*(\d+)\s*$", DIALPLAN))
    assert max(greet.DEADLINE, complaint.DEADLINE, overflow.DEADLINE) < int(seconds["CC_AGI_DEADLINE"])
    assert int(seconds["CC_SURVEY_DEADLINE"]) > survey.DEADLINE
    assert greet.PATIENCE < greet.DEADLINE


def test_a_capture_is_checked_as_long_after_its_start_as_the_reader_of_the_log_believes() -> None:
    waits = re.findall(r"Wait\(([\d.]+)\)", (ETC / "dialplan/capture.conf").read_text())
    assert [float(wait) for wait in waits] == [names.CAPTURE_CHECKED_AFTER]


def test_telephones_prove_who_they_are_in_the_realm_we_name() -> None:
    """What a browser is given in place of its password holds in that realm alone."""
    settings = (ETC / "pjsip.conf").read_text()
    assert re.findall(r"(?m)^(?:default_)?realm\s*=\s*(\S+)", settings) == [names.SIP_REALM]
