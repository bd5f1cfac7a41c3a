"""What a callback's answers come to (C-13). Must never take an answer for given that is not stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callcenter.callbacks.questions import Answer
from callcenter.callbacks.script import Step
from callcenter.callbacks.task import Result
from tickets.callbacks import Reply, outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """Completed, and with which result; `missing` and `objected` name the questions that decided it."""

    result: Result
    missing: tuple[str, ...]
    objected: tuple[str, ...]

    @property
    def completed(self) -> bool:
        """Whether the policyholder took the callback and answered every question clearly enough to be judged."""
        return self.result is not Result.NOT_COMPLETED


def judge(asked: Sequence[Step], answers: Mapping[str, Answer]) -> Verdict:
    """Successful, problem or not completed, as tickets/callbacks.py defines them.

    The first question is who speaks: without a clear yes to it the policyholder did not take the callback (C-5).
    """
    missing = tuple(question.code for question in asked if question.code not in answers)
    objected = tuple(question.code for question in asked if question.objected_by(answers.get(question.code)))
    replies = [_reply(question.code, missing, objected) for question in asked]
    came = outcome(taken=replies[0] is Reply.AFFIRMED, replies=replies)
    return Verdict(Result(came.value), missing, objected)


def _reply(code: str, missing: Sequence[str], objected: Sequence[str]) -> Reply:
    return Reply.MISSING if code in missing else Reply.OBJECTED if code in objected else Reply.AFFIRMED
