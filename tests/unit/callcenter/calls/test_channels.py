"""What a channel's name and place say of it: whose leg it is, whether it begins a call, what of its texts is kept."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from agi import names
from callcenter.calls import channels, facts
from callcenter.calls.call import Call, Direction, advance, begin
from callcenter.calls.facts import Role
from callcenter.ids import call_id

pytestmark = pytest.mark.unit

AT = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
CC_CALL = f"hl1-{int(AT.timestamp())}.1"
TRUNK, DESK, WEB = "PJSIP/trunk-main-00000001", "PJSIP/desk-8001-00000002", "PJSIP/web-8002-00000003"


def a_call(*legs: tuple[str, str, Role]) -> Call:
    call = begin(call_id(CC_CALL), CC_CALL, Direction.INBOUND, AT)
    for channel, name, role in legs:
        call, _ = advance(call, facts.LegStarted(AT, channel, name, role))
        call, _ = advance(call, facts.LegAnswered(AT, channel))
    return call


def test_the_first_on_the_trunk_is_the_customer_the_next_one_is_consulted() -> None:
    assert channels.role(None, CC_CALL, TRUNK) is Role.CUSTOMER
    call = a_call((CC_CALL, TRUNK, Role.CUSTOMER))
    assert channels.role(call, CC_CALL, TRUNK) is Role.CUSTOMER
    assert channels.role(call, "other", TRUNK) is Role.CONSULT


def test_a_phone_is_the_agents_unless_another_agent_is_talking() -> None:
    call = a_call((CC_CALL, TRUNK, Role.CUSTOMER))
    assert channels.role(call, "x", DESK) is Role.AGENT
    busy = a_call((CC_CALL, TRUNK, Role.CUSTOMER), ("x", DESK, Role.AGENT))
    assert channels.role(busy, "y", WEB) is Role.CONSULT
    gone, _ = advance(busy, facts.LegEnded(AT, "x", "normal"))
    assert channels.role(gone, "y", WEB) is Role.AGENT


def test_who_was_rung_to_listen_is_a_supervisor_whatever_the_phone() -> None:
    call = a_call((CC_CALL, TRUNK, Role.CUSTOMER), ("x", DESK, Role.AGENT))
    assert channels.role(call, f"{channels.SUPERVISOR}1", WEB) is Role.SUPERVISOR


@pytest.mark.parametrize(
    ("channel", "name", "context", "begins"),
    [
        (CC_CALL, TRUNK, names.CONTEXT_IN, True),
        (CC_CALL, TRUNK, names.CONTEXT_OUT, False),
        (CC_CALL, DESK, names.CONTEXT_IN, False),
        ("cb-1", TRUNK, names.CONTEXT_OUT, True),
        ("ck-1", DESK, names.CONTEXT_AGENT, True),
        ("cb-1", "Local/1@cc-in-1;2", names.CONTEXT_IN, False),
        (CC_CALL, TRUNK + "<ZOMBIE>", names.CONTEXT_IN, False),
    ],
)
def test_a_call_begins_on_the_trunk_or_under_an_id_of_ours(channel: str, name: str, context: str, begins: bool) -> None:
    """B7"""
    assert channels.begins_call(channel, name, context) is begins


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("13800138000", "13800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("anonymous", None),
        ("Unavailable", None),
        ("", None),
        ("１３８", None),
        ('"\\\n${SHELL(id)}', None),
        ("7\n}{8", "78"),
        ("9" * 50, "9" * 40),
        ("*21#", "*21#"),
    ],
)
def test_of_a_number_only_what_the_dialplan_keeps_too_is_stored(text: str, stored: str | None) -> None:
    """A8: the stream and the log tell the same, whichever comes first."""
    assert channels.number(text) == stored


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("王小明", "王小明"),
        ("a\x00\x1b[31mb\u202e\u200bc", "a[31mbc"),
        (" ", None),
        ("\x07", None),
        ("王" * 999, "王" * 80),
    ],
)
def test_a_name_is_capped_and_plain(text: str, stored: str | None) -> None:
    """B8"""
    assert channels.label(text) == stored


def test_a_call_of_nobody_has_no_legs() -> None:
    call = replace(a_call(), legs={})
    assert channels.role(call, "x", DESK) is Role.AGENT
