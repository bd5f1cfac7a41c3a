"""What Asterisk 22.10 prints on its command line, as the doctor reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.doctor import console

pytestmark = pytest.mark.unit

READERS = (
    console.settings,
    console.parameters,
    console.variables,
    console.contexts,
    console.modules,
    console.queues,
    console.music,
    console.languages,
    console.processed,
    console.uptime,
    console.read_only,
)


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


def test_an_endpoint_that_is_not_there_has_no_parameters() -> None:
    lines = ("", " ParameterName : ParameterValue", " ====", " context       : cc-in", " direct_media  : false")
    assert console.parameters(lines)["context"] == "cc-in"
    assert console.parameters(("Unable to find object trunk-main.", "")) == {}


def test_numbers_that_are_none_leave_the_default() -> None:
    table = {"timeout": "20", "retry": "often", "wait": "-1"}
    assert [console.number(table, name, 5) for name in ("timeout", "retry", "wait", "none")] == [20, 5, 5, 5]


@pytest.mark.parametrize("read", READERS)
@given(lines=st.lists(st.text(max_size=60), max_size=8))
def test_what_is_not_understood_is_left_out(read, lines) -> None:  # type: ignore[no-untyped-def]
    """A later Asterisk may print otherwise: no finding then, and no failure."""
    read(tuple(lines))
    assert not read(())
