"""Cases reported up: the company above gives its opinion, or handles them itself (R-3.15, R-3.19, R-3.31, R-3.44).

Who asked acts on the opinion and says how. Until it is there nobody below decides; of business that a company above has
centralised nobody below decides without having asked. Must never save or send.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tickets.errors import ConsultationRefusedError, MoveRefusedError, Words
from tickets.lifecycle import Action, Guard, Level, Standing, Step, refused


class ConsultationGround(StrEnum):
    """Why a case is reported up."""

    CENTRALISED = "centralised"
    DIFFICULT = "difficult"
    MAJOR = "major"
    HELP = "help"
    APPROVAL = "approval"


class ConsultationState(StrEnum):
    """How it stands."""

    ASKED = "asked"
    ANSWERED = "answered"
    TAKEN_OVER = "taken_over"
    FOLLOWED = "followed"
    WITHDRAWN = "withdrawn"


class ConsultationAction(StrEnum):
    """The company above gives its opinion or takes the case over; who asked acts on it, or takes the question back."""

    ANSWER = "answer"
    TAKE_OVER = "take_over"
    FOLLOW = "follow"
    WITHDRAW = "withdraw"

    @property
    def is_aboves(self) -> bool:
        """Whether the company above does it."""
        return self in (ConsultationAction.ANSWER, ConsultationAction.TAKE_OVER)


_S, _A = ConsultationState, ConsultationAction

CONSULTATION_GROUND_WORDS: Mapping[ConsultationGround, Words] = {
    ConsultationGround.CENTRALISED: Words("集中业务", "centralised business"),
    ConsultationGround.DIFFICULT: Words("疑难案件", "difficult case"),
    ConsultationGround.MAJOR: Words("重大案件", "major case"),
    ConsultationGround.HELP: Words("请求协助", "help asked for"),
    ConsultationGround.APPROVAL: Words("投诉报批", "approval asked for"),
}
CONSULTATION_STATE_WORDS: Mapping[ConsultationState, Words] = {
    _S.ASKED: Words("待答复", "asked"),
    _S.ANSWERED: Words("已答复意见", "answered"),
    _S.TAKEN_OVER: Words("上级直接处理", "handled above"),
    _S.FOLLOWED: Words("已按意见办理", "acted on"),
    _S.WITHDRAWN: Words("已撤回", "withdrawn"),
}
CONSULTATION_ACTION_WORDS: Mapping[ConsultationAction, Words] = {
    _A.ANSWER: Words("答复意见", "give the opinion"),
    _A.TAKE_OVER: Words("直接处理", "take the case over"),
    _A.FOLLOW: Words("按意见办理", "act on the opinion"),
    _A.WITHDRAW: Words("撤回请示", "take the question back"),
}

_MOVES: Mapping[tuple[ConsultationState, ConsultationAction], ConsultationState] = {
    (_S.ASKED, _A.ANSWER): _S.ANSWERED,
    (_S.ASKED, _A.TAKE_OVER): _S.TAKEN_OVER,
    (_S.ANSWERED, _A.TAKE_OVER): _S.TAKEN_OVER,
    (_S.ANSWERED, _A.FOLLOW): _S.FOLLOWED,
    (_S.ASKED, _A.WITHDRAW): _S.WITHDRAWN,
}

RULES = ("R-3.15", "R-3.19", "R-3.31")


def check_asking(own_path: str, above_path: str, level_above: Level, request: str) -> None:
    """Refuse what is reported to a company that is not above, or says nothing. Raises ConsultationRefusedError."""
    if not own_path.startswith(above_path) or own_path == above_path or level_above not in (Level.PROVINCE, Level.HQ):
        words = Words("只向上级省公司或总公司请示", "a case is reported to the province or headquarters above")
        raise ConsultationRefusedError(words, rules=("R-3.31", "R-3.28"))
    if not request.strip():
        words = Words("须写明请示事项", "say what is asked of the company above")
        raise ConsultationRefusedError(words, rules=("R-3.31", "R-4.7"))


def after(state: ConsultationState, action: ConsultationAction, said: str) -> ConsultationState:
    """The state after an action. Raises ConsultationRefusedError where it cannot be done, or nothing is said."""
    try:
        found = _MOVES[state, action]
    except KeyError:
        zh = f"{CONSULTATION_STATE_WORDS[state].zh}的请示不能{CONSULTATION_ACTION_WORDS[action].zh}"
        en = f"a case that is {CONSULTATION_STATE_WORDS[state].en} refuses: {CONSULTATION_ACTION_WORDS[action].en}"
        raise ConsultationRefusedError(Words(zh, en), rules=RULES, state=state.value) from None
    if action is not _A.WITHDRAW and not said.strip():
        words = Words("须写明意见或办理情况", "write down the opinion, or what was done")
        raise ConsultationRefusedError(words, rules=(*RULES, "R-4.7"))
    return found


def _upper_opinion_is_there(standing: Standing, step: Step) -> MoveRefusedError | None:
    """What was asked above is not decided before the answer comes, but by the company that was asked."""
    if standing.asked_above is None or standing.asked_above.startswith(step.path):
        return None
    zh, en = "已请示上级公司,待其答复后处理", "the company above was asked: decide after its opinion"
    return refused(standing, step, zh, en, "R-3.31", "R-3.15", "R-3.19")


def _centralised_was_reported(standing: Standing, step: Step) -> MoveRefusedError | None:
    """Of business centralised above nobody below decides without having reported it up."""
    centralised = standing.centralised_above
    if centralised is None or standing.heard_from_above or centralised.startswith(step.path):
        return None
    zh, en = "该业务由上级公司集中办理,须上报并按其意见处理", "a company above does this business: report it up first"
    return refused(standing, step, zh, en, "R-3.31", "R-3.19")


def _is_handled_where_it_was_taken(standing: Standing, step: Step) -> MoveRefusedError | None:
    """What the company above took over is handled by it."""
    taken = standing.taken_over_path
    if taken is None or taken.startswith(step.path):
        return None
    zh, en = "该件已由上级公司直接处理", "the company above handles this case itself"
    return refused(standing, step, zh, en, "R-3.19")


GUARDS: Mapping[Action, tuple[Guard, ...]] = {
    Action.SETTLE: (_is_handled_where_it_was_taken, _upper_opinion_is_there, _centralised_was_reported),
    Action.DISPATCH: (_is_handled_where_it_was_taken,),
    Action.HANDLE: (_is_handled_where_it_was_taken, _upper_opinion_is_there, _centralised_was_reported),
}
