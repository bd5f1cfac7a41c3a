"""What a callback's answers come to (C-13). Must never take an answer for given that is not stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callcenter.callbacks.questions import Answer
from callcenter.callbacks.script import Step
from callcenter.callbacks.task import Result


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
    """Successful, problem or not completed.

    Every question needs an answer. All affirmative: successful. Some negative or not clear: a problem case. The first
    question is who speaks: without a clear yes to it the policyholder did not take the callback (C-5).
    """
    missing = tuple(question.code for question in asked if question.code not in answers)
    objected = tuple(question.code for question in asked if question.objected_by(answers.get(question.code)))
    if missing or asked[0].code in objected:
        return Verdict(Result.NOT_COMPLETED, missing, objected)
    return Verdict(Result.PROBLEM if objected else Result.SUCCESSFUL, (), objected)
