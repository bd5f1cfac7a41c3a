"""An agent's states: what leads where, what is refused, and how long writing may take."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.agents import agent as rules
from callcenter.agents.agent import MOVES, Action, Agent, IllegalAgentMoveError, State, WrapUp

pytestmark = pytest.mark.unit

NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
CALL = UUID(int=7)
TIME = timedelta(seconds=15)


def an_agent(state: State = State.READY) -> Agent:
    agent = Agent(UUID(int=1), State.OFFLINE, NOON)
    if state is State.OFFLINE:
        return agent
    agent = rules.log_in(agent, "desk-8001", ("cc-general",), NOON)
    if state is State.PAUSED:
        return rules.pause(agent, "meal", NOON)
    return rules.release(agent, CALL, NOON, TIME) if state is State.WRAP_UP else agent


def test_logging_in_makes_ready_at_a_telephone() -> None:
    agent = an_agent()
    assert (agent.state, agent.endpoint, agent.queues) == (State.READY, "desk-8001", ("cc-general",))


def test_logging_in_again_moves_to_the_other_telephone() -> None:
    assert rules.log_in(an_agent(), "web-8001", ("cc-claims",), LATER).endpoint == "web-8001"


@pytest.mark.parametrize("state", [State.PAUSED, State.WRAP_UP])
def test_a_page_loaded_again_ends_neither_a_pause_nor_the_time_for_writing(state: State) -> None:
    before = an_agent(state)
    after = rules.log_in(before, "web-8001", ("cc-claims",), LATER)
    assert after == replace(before, endpoint="web-8001", queues=("cc-claims",))


def test_logging_out_gives_the_telephone_back() -> None:
    agent = rules.log_out(an_agent(), LATER)
    assert (agent.state, agent.endpoint, agent.queues) == (State.OFFLINE, None, ())


@pytest.mark.parametrize("action", [Action.READY, Action.PAUSE, Action.EXTEND])
def test_who_is_not_logged_in_can_only_log_in(action: Action) -> None:
    with pytest.raises(IllegalAgentMoveError, match=action):
        rules.move(an_agent(State.OFFLINE), action, LATER)


def test_another_reason_begins_another_pause() -> None:
    agent = rules.pause(an_agent(State.PAUSED), "training", LATER)
    assert (agent.reason, agent.since) == ("training", LATER)
    assert rules.pause(agent, "training", LATER + timedelta(minutes=1)) == agent


def test_a_call_that_lets_go_gives_time_for_writing() -> None:
    agent = rules.release(an_agent(), CALL, LATER, TIME)
    assert (agent.state, agent.until, agent.call_id) == (State.WRAP_UP, LATER + TIME, CALL)


def test_who_does_not_answer_is_paused_until_he_says_that_he_is_there() -> None:
    agent = rules.miss(an_agent(), LATER)
    assert (agent.state, agent.reason, agent.since) == (State.PAUSED, "no_answer", LATER)
    assert rules.move(agent, Action.READY, LATER).state is State.READY


@pytest.mark.parametrize("state", [State.PAUSED, State.WRAP_UP, State.OFFLINE])
def test_a_miss_told_late_changes_nothing_for_who_was_not_ready(state: State) -> None:
    assert rules.miss(an_agent(state), LATER) == an_agent(state)


def test_where_no_time_is_given_the_agent_is_ready_for_the_next_call() -> None:
    assert rules.release(an_agent(), CALL, LATER, timedelta()) == an_agent()


def test_a_queue_may_have_a_time_of_its_own() -> None:
    wrap_up = WrapUp(TIME, {"cc-complaint": timedelta(minutes=1)})
    assert [wrap_up.after(queue) for queue in (None, "cc-claims", "cc-complaint")] == [TIME, TIME, timedelta(minutes=1)]


def test_who_paused_during_the_call_stays_paused_after_it() -> None:
    assert rules.release(an_agent(State.PAUSED), CALL, LATER, TIME).state is State.PAUSED


def test_a_release_told_late_does_not_take_back_what_the_agent_did_since() -> None:
    agent = rules.move(rules.release(an_agent(), CALL, LATER, TIME), Action.READY, LATER + timedelta(seconds=5))
    assert rules.release(agent, CALL, LATER, TIME) == agent


def test_writing_time_can_be_extended_but_not_for_ever() -> None:
    agent = an_agent(State.WRAP_UP)
    assert rules.extend(agent, 60, NOON).until == NOON + timedelta(seconds=60)
    assert rules.extend(agent, 10**6, NOON).until == NOON + rules.LONGEST_WRAP_UP


@given(st.lists(st.sampled_from(Action), max_size=20))
def test_no_walk_breaks_what_the_table_of_agents_demands(walk: list[Action]) -> None:
    """The CHECKs of agent_state."""
    agent = an_agent(State.OFFLINE)
    for n, action in enumerate(walk):
        at = NOON + timedelta(seconds=n)
        if (agent.state, action) not in MOVES:
            continue
        match action:
            case Action.LOG_IN:
                agent = rules.log_in(agent, "desk-8001", (), at)
            case Action.LOG_OUT:
                agent = rules.log_out(agent, at)
            case Action.PAUSE:
                agent = rules.pause(agent, "meal", at)
            case Action.MISS:
                agent = rules.miss(agent, at)
            case Action.RELEASE:
                agent = rules.release(agent, CALL, at, TIME)
            case Action.EXTEND:
                agent = rules.extend(agent, 60, at)
            case Action.READY:
                agent = rules.move(agent, action, at)
        assert (agent.state is State.PAUSED) == (agent.reason is not None)
        assert (agent.state is State.OFFLINE) == (agent.endpoint is None)
        assert (agent.state is State.WRAP_UP) == (agent.until is not None)
