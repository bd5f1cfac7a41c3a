"""The states of a callback task (回访任务) as a table. Must never let a task leave the board without an outcome."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NewType
from uuid import UUID

from callcenter.callbacks.errors import IllegalTaskMoveError
from tickets.errors import Words

TaskId = NewType("TaskId", UUID)
AttemptId = NewType("AttemptId", UUID)
CampaignId = NewType("CampaignId", UUID)


class Purpose(StrEnum):
    """What the customer is rung for."""

    NEW_BUSINESS = "new_business"
    RETURN_CALL = "return_call"
    RENEWAL = "renewal"
    LAPSED = "lapsed"
    SURRENDER = "surrender"
    CLAIM = "claim"
    PAYMENT = "payment"
    DEPARTED_AGENT = "departed_agent"
    RECHECK = "recheck"


class Source(StrEnum):
    """What made the task."""

    IMPORT = "import"
    SCOPE = "scope"
    OVERFLOW = "overflow"
    LOST_CALL = "lost_call"
    SAMPLE = "sample"


class State(StrEnum):
    """Where a task stands."""

    WAITING = "waiting"
    DIALLING = "dialling"
    TALKING = "talking"
    CONCLUDING = "concluding"
    OTHERWISE = "otherwise"
    DONE = "done"


WORDS: Mapping[State, Words] = {
    State.WAITING: Words("待拨打", "waiting to be dialled"),
    State.DIALLING: Words("拨打中", "being dialled"),
    State.TALKING: Words("通话中", "talking"),
    State.CONCLUDING: Words("待登记结果", "spoken to, outcome to be given"),
    State.OTHERWISE: Words("待信函或上门回访", "to be reached by letter or visit"),
    State.DONE: Words("已完成", "done"),
}


class Action(StrEnum):
    """What moves a task."""

    DIAL = "dial"
    ANSWER = "answer"
    MISS = "miss"
    END = "end"
    RETRY = "retry"
    EXHAUST = "exhaust"
    CONCLUDE = "conclude"
    WITHDRAW = "withdraw"
    HAND_IN = "hand_in"


ACTION_WORDS: Mapping[Action, Words] = {
    Action.DIAL: Words("拨打", "be dialled"),
    Action.ANSWER: Words("接通", "be answered"),
    Action.MISS: Words("登记为未接通", "be missed"),
    Action.END: Words("结束通话", "end a call"),
    Action.RETRY: Words("改期再拨", "be tried again"),
    Action.EXHAUST: Words("转信函或上门", "go to letter or visit"),
    Action.CONCLUDE: Words("登记结果", "be concluded"),
    Action.WITHDRAW: Words("撤销", "be withdrawn"),
    Action.HAND_IN: Words("电子化提交", "be handed in on its page"),
}


class Result(StrEnum):
    """With what a task leaves the board (C-13; the last is the end of the reason to ring)."""

    SUCCESSFUL = "successful"
    PROBLEM = "problem"
    NOT_COMPLETED = "not_completed"
    SERVED = "served"
    WITHDRAWN = "withdrawn"


MOVES: Mapping[tuple[State, Action], State] = {
    (State.WAITING, Action.DIAL): State.DIALLING,
    (State.DIALLING, Action.ANSWER): State.TALKING,
    (State.DIALLING, Action.MISS): State.WAITING,
    (State.DIALLING, Action.EXHAUST): State.OTHERWISE,
    (State.DIALLING, Action.END): State.CONCLUDING,
    (State.TALKING, Action.END): State.CONCLUDING,
    (State.TALKING, Action.MISS): State.WAITING,
    (State.TALKING, Action.EXHAUST): State.OTHERWISE,
    (State.TALKING, Action.CONCLUDE): State.DONE,
    (State.CONCLUDING, Action.CONCLUDE): State.DONE,
    (State.CONCLUDING, Action.RETRY): State.WAITING,
    (State.CONCLUDING, Action.EXHAUST): State.OTHERWISE,
    (State.WAITING, Action.EXHAUST): State.OTHERWISE,
    (State.OTHERWISE, Action.RETRY): State.WAITING,
    (State.OTHERWISE, Action.CONCLUDE): State.DONE,
    (State.WAITING, Action.END): State.CONCLUDING,
    (State.WAITING, Action.WITHDRAW): State.DONE,
    (State.OTHERWISE, Action.WITHDRAW): State.DONE,
    (State.WAITING, Action.HAND_IN): State.DONE,
    (State.CONCLUDING, Action.HAND_IN): State.DONE,
    (State.OTHERWISE, Action.HAND_IN): State.DONE,
}
"""Everything that can happen to a task. A call that ends after its outcome was given changes nothing any more.

A waiting task can come to the end of a call: one that was presumed lost, and was a conversation."""


def move(state: State, action: Action) -> State:
    """The state after the action. Raises IllegalTaskMoveError naming both."""
    try:
        return MOVES[state, action]
    except KeyError:
        is_so, wish = WORDS[state], ACTION_WORDS[action]
        words = Words(f"任务状态为“{is_so.zh}”，不能{wish.zh}。", f"A task that is {is_so.en} cannot {wish.en}.")
        raise IllegalTaskMoveError(words) from None
