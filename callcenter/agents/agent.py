"""An agent's state as a table of moves. Pure: the moment is an argument, a refusal names both sides.

Ringing and talking are no states here: they are seen on the calls. A paused agent who is let go by a call stays paused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from callcenter.errors import ConflictError, InvalidError
from tickets.errors import Words

LONGEST_WRAP_UP = timedelta(minutes=30)
NO_ANSWER = "no_answer"
"""The reason of a pause that nobody chose: the telephone rang and was not answered (未接)."""


class State(StrEnum):
    """What an agent wishes to be (签出, 就绪, 置忙, 话后)."""

    OFFLINE = "offline"
    READY = "ready"
    PAUSED = "paused"
    WRAP_UP = "wrap_up"


WORDS: Mapping[State, Words] = {
    State.OFFLINE: Words("签出", "logged out"),
    State.READY: Words("就绪", "ready"),
    State.PAUSED: Words("置忙", "paused"),
    State.WRAP_UP: Words("话后", "wrapping up"),
}


class Action(StrEnum):
    LOG_IN = "log_in"
    READY = "ready"
    PAUSE = "pause"
    MISS = "miss"
    RELEASE = "release"
    EXTEND = "extend"
    LOG_OUT = "log_out"


ACTION_WORDS: Mapping[Action, Words] = {
    Action.LOG_IN: Words("签入", "log in"),
    Action.READY: Words("就绪", "be ready"),
    Action.PAUSE: Words("置忙", "pause"),
    Action.MISS: Words("登记为未接", "miss a call"),
    Action.RELEASE: Words("结束通话", "end a call"),
    Action.EXTEND: Words("延长话后", "extend the wrap-up"),
    Action.LOG_OUT: Words("签出", "log out"),
}

MOVES: Mapping[tuple[State, Action], State] = {
    (State.OFFLINE, Action.LOG_IN): State.READY,
    (State.READY, Action.LOG_IN): State.READY,
    (State.PAUSED, Action.LOG_IN): State.PAUSED,
    (State.WRAP_UP, Action.LOG_IN): State.WRAP_UP,
    (State.READY, Action.READY): State.READY,
    (State.PAUSED, Action.READY): State.READY,
    (State.WRAP_UP, Action.READY): State.READY,
    (State.READY, Action.PAUSE): State.PAUSED,
    (State.PAUSED, Action.PAUSE): State.PAUSED,
    (State.WRAP_UP, Action.PAUSE): State.PAUSED,
    (State.OFFLINE, Action.MISS): State.OFFLINE,
    (State.READY, Action.MISS): State.PAUSED,
    (State.PAUSED, Action.MISS): State.PAUSED,
    (State.WRAP_UP, Action.MISS): State.WRAP_UP,
    (State.READY, Action.RELEASE): State.WRAP_UP,
    (State.WRAP_UP, Action.RELEASE): State.WRAP_UP,
    (State.PAUSED, Action.RELEASE): State.PAUSED,
    (State.OFFLINE, Action.RELEASE): State.OFFLINE,
    (State.WRAP_UP, Action.EXTEND): State.WRAP_UP,
    (State.OFFLINE, Action.LOG_OUT): State.OFFLINE,
    (State.READY, Action.LOG_OUT): State.OFFLINE,
    (State.PAUSED, Action.LOG_OUT): State.OFFLINE,
    (State.WRAP_UP, Action.LOG_OUT): State.OFFLINE,
}


class IllegalAgentMoveError(ConflictError):
    """The agent's present state does not allow this."""

    code = "illegal_agent_move"


class NoPhoneError(ConflictError):
    """The agent has no extension, so no telephone could ring."""

    code = "no_phone"

    def __init__(self) -> None:
        super().__init__(Words("此账号没有分机。", "This account has no extension."))


class UnknownPauseReasonError(InvalidError):
    """There is no such reason, or it is not used any more."""

    code = "unknown_pause_reason"


class UnknownQueueError(InvalidError):
    """There is no such queue, or the agent does not serve it."""

    code = "unknown_queue"


@dataclass(frozen=True, slots=True)
class WrapUp:
    """How long an agent has to finish writing after a call; then he is ready again. Nothing: he is ready at once."""

    usual: timedelta = timedelta(seconds=15)
    of_queue: Mapping[str, timedelta] = field(default_factory=dict)

    def after(self, queue: str | None) -> timedelta:
        """After a call of that queue."""
        return self.usual if queue is None else self.of_queue.get(queue, self.usual)


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent's wish. `until`: when wrap-up ends; `call_id`: the call it follows."""

    user_id: UUID
    state: State
    since: datetime
    reason: str | None = None
    until: datetime | None = None
    endpoint: str | None = None
    queues: tuple[str, ...] = ()
    call_id: UUID | None = None
    version: int = 0


def move(agent: Agent, action: Action, at: datetime) -> Agent:
    """The agent after a plain action. Raises IllegalAgentMoveError."""
    try:
        state = MOVES[agent.state, action]
    except KeyError:
        is_so, wish = WORDS[agent.state], ACTION_WORDS[action]
        words = Words(f"{is_so.zh}状态下不能{wish.zh}", f"an agent who is {is_so.en} cannot {wish.en}")
        raise IllegalAgentMoveError(words) from None
    if state is agent.state:
        return agent
    return replace(agent, state=state, since=at, reason=None, until=None, call_id=None)


def log_in(agent: Agent, endpoint: str, queues: tuple[str, ...], at: datetime) -> Agent:
    """Ready at this telephone for these queues. Who is logged in moves to it and stays what he is: a page that is
    loaded again ends neither a pause nor the time for writing."""
    moved = move(agent, Action.LOG_IN, at)
    return replace(moved, endpoint=endpoint, queues=queues)


def log_out(agent: Agent, at: datetime) -> Agent:
    return replace(move(agent, Action.LOG_OUT, at), endpoint=None, queues=())


def pause(agent: Agent, reason: str, at: datetime) -> Agent:
    """Paused (置忙) for a reason; another reason begins a new interval."""
    moved = move(agent, Action.PAUSE, at)
    return moved if moved.reason == reason else replace(moved, reason=reason, since=at)


def miss(agent: Agent, at: datetime) -> Agent:
    """A caller rang in vain: paused until the agent says that he is there, so that others get the next one."""
    moved = move(agent, Action.MISS, at)
    return moved if moved.state is not State.PAUSED or moved.reason else replace(moved, reason=NO_ANSWER)


def release(agent: Agent, call_id: UUID, at: datetime, wrap_up: timedelta) -> Agent:
    """A call let the agent go: wrap-up (话后处理) begins, unless he went elsewhere since or there is no time for it."""
    if not wrap_up or (at < agent.since and agent.state is not State.WRAP_UP):
        return agent
    moved = move(agent, Action.RELEASE, at)
    if moved.state is not State.WRAP_UP:
        return moved
    return replace(moved, since=at, until=at + wrap_up, call_id=call_id)


def extend(agent: Agent, seconds: int, at: datetime) -> Agent:
    """More time for writing, counted from now."""
    moved = move(agent, Action.EXTEND, at)
    return replace(moved, until=min(at + timedelta(seconds=seconds), moved.since + LONGEST_WRAP_UP))
