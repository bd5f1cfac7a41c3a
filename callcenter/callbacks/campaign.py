"""The states of a campaign (回访批次) as a table. Must never let one that is over begin again."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from callcenter.callbacks.errors import IllegalCampaignMoveError
from tickets.errors import Words


class Standing(StrEnum):
    """Where a campaign stands. Only one that is running has its tasks dialled."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"

    @property
    def is_over(self) -> bool:
        """Whether nothing more is made or dialled in it, ever."""
        return self in (Standing.STOPPED, Standing.FINISHED)


WORDS: Mapping[Standing, Words] = {
    Standing.DRAFT: Words("草稿", "draft"),
    Standing.RUNNING: Words("进行中", "running"),
    Standing.PAUSED: Words("已暂停", "paused"),
    Standing.STOPPED: Words("已终止", "stopped"),
    Standing.FINISHED: Words("已完成", "finished"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What of a campaign may be settled besides its name and script; see `store.Campaign`."""

    simplified_version: str | None = None
    products: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    automatic: bool = True
    extension_days: int | None = None


class Turn(StrEnum):
    """What is done to a campaign."""

    CREATE = "create"
    EDIT = "edit"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    FINISH = "finish"


TURN_WORDS: Mapping[Turn, Words] = {
    Turn.CREATE: Words("新建", "be created"),
    Turn.EDIT: Words("修改", "be changed"),
    Turn.START: Words("启动", "be started"),
    Turn.PAUSE: Words("暂停", "be paused"),
    Turn.RESUME: Words("恢复", "be resumed"),
    Turn.STOP: Words("终止", "be stopped"),
    Turn.FINISH: Words("结束", "be finished"),
}
REASONED = frozenset({Turn.EDIT, Turn.PAUSE, Turn.STOP})
"""What is done only with a reason."""

MOVES: Mapping[tuple[Standing, Turn], Standing] = {
    (Standing.DRAFT, Turn.EDIT): Standing.DRAFT,
    (Standing.RUNNING, Turn.EDIT): Standing.RUNNING,
    (Standing.PAUSED, Turn.EDIT): Standing.PAUSED,
    (Standing.DRAFT, Turn.START): Standing.RUNNING,
    (Standing.RUNNING, Turn.PAUSE): Standing.PAUSED,
    (Standing.PAUSED, Turn.RESUME): Standing.RUNNING,
    (Standing.DRAFT, Turn.STOP): Standing.STOPPED,
    (Standing.RUNNING, Turn.STOP): Standing.STOPPED,
    (Standing.PAUSED, Turn.STOP): Standing.STOPPED,
    (Standing.RUNNING, Turn.FINISH): Standing.FINISHED,
    (Standing.PAUSED, Turn.FINISH): Standing.FINISHED,
}


def move(state: Standing, turn: Turn) -> Standing:
    """The state after it. Raises IllegalCampaignMoveError naming both."""
    try:
        return MOVES[state, turn]
    except KeyError:
        is_so, wish = WORDS[state], TURN_WORDS[turn]
        words = Words(f"批次状态为“{is_so.zh}”，不能{wish.zh}。", f"A campaign that is {is_so.en} cannot {wish.en}.")
        raise IllegalCampaignMoveError(words) from None
