"""What makes the switch's queues follow the agents' wishes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agi.actions import Member
from callcenter.agents.agent import State
from callcenter.agents.membership import Step, plan
from callcenter.agents.store import Wish

pytestmark = pytest.mark.unit


def wish(endpoint: str, state: State = State.READY, *, reason: str | None = None, penalty: int = 0) -> Wish:
    return Wish(endpoint, "王小明", "cc-general", state, reason, penalty)


def member(interface: str, *, paused: bool = False, reason: str = "", penalty: int = 0, static: bool = False) -> Member:
    return Member("cc-general", interface, "王小明", paused, reason, penalty, 1, 0, False, static)


def test_who_is_ready_joins_and_who_is_gone_leaves() -> None:
    steps = set(plan([wish("desk-8001")], [member("PJSIP/web-8002")]))
    assert steps == {
        Step("remove", "cc-general", "PJSIP/web-8002"),
        Step("add", "cc-general", "PJSIP/desk-8001", "王小明"),
    }


def test_a_pause_carries_its_reason() -> None:
    paused = wish("desk-8001", State.PAUSED, reason="meal")
    assert list(plan([paused], [member("PJSIP/desk-8001")])) == [
        Step("pause", "cc-general", "PJSIP/desk-8001", reason="meal")
    ]


def test_wrap_up_is_a_pause() -> None:
    (step,) = plan([wish("desk-8001", State.WRAP_UP)], [member("PJSIP/desk-8001")])
    assert (step.kind, step.reason) == ("pause", "wrap_up")


def test_ready_again_resumes() -> None:
    (step,) = plan([wish("desk-8001")], [member("PJSIP/desk-8001", paused=True, reason="meal")])
    assert step.kind == "resume"


def test_who_the_switch_paused_for_not_answering_is_not_resumed_but_told_of() -> None:
    (step,) = plan([wish("desk-8001")], [member("PJSIP/desk-8001", paused=True, reason="Auto-Pause")])
    assert step == Step("missed", "cc-general", "PJSIP/desk-8001")


def test_a_pause_for_not_answering_that_became_the_wish_gets_our_reason() -> None:
    missed = wish("desk-8001", State.PAUSED, reason="no_answer")
    (step,) = plan([missed], [member("PJSIP/desk-8001", paused=True, reason="Auto-Pause")])
    assert (step.kind, step.reason) == ("pause", "no_answer")


def test_another_penalty_takes_the_member_out_and_in_again() -> None:
    kinds = [step.kind for step in plan([wish("desk-8001", penalty=3)], [member("PJSIP/desk-8001")])]
    assert kinds == ["remove", "add"]


def test_static_members_are_left_to_the_configuration() -> None:
    """INV-7"""
    assert list(plan([], [member("PJSIP/desk-8000", static=True)])) == []


@given(st.lists(st.sampled_from(State), max_size=6), st.lists(st.booleans(), max_size=6))
def test_what_is_settled_needs_nothing_more(states: list[State], paused: list[bool]) -> None:
    wishes = [
        wish(f"desk-{n}", state, reason="meal" if state is State.PAUSED else None) for n, state in enumerate(states)
    ]
    members = {f"PJSIP/desk-{n}": member(f"PJSIP/desk-{n}", paused=is_paused) for n, is_paused in enumerate(paused)}
    for step in plan(wishes, members.values()):
        match step.kind:
            case "remove":
                del members[step.interface]
            case "add":
                members[step.interface] = member(step.interface, paused=bool(step.reason), reason=step.reason)
            case _:
                members[step.interface] = member(step.interface, paused=step.kind == "pause", reason=step.reason)
    assert list(plan(wishes, members.values())) == []
