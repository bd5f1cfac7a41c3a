"""A script (话术): its steps, which of them are for one customer, and which comes next. Must never do I/O.

A step that has an answer leads where the answer does, any other to the step that follows. Every way leads on to a later
step or to the end, so that there is neither a loop nor a dead end, and nothing of the policy is told before the step
that confirms who speaks (C-5, C-12, E-13).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from callcenter.callbacks.questions import Answer
from callcenter.callbacks.task import Purpose
from tickets.errors import Words

END = "end"
"""Where a way through the script is over; no step has this code."""
RIGHT_TO_RESCIND = "right_to_rescind"
"""The step that tells whoever was misled about health insurance of the right to rescind (C-15)."""


class Kind(StrEnum):
    """What happens at a step."""

    ANNOUNCEMENT = "announcement"
    QUESTION = "question"
    STATEMENT = "statement"


KIND_WORDS: Mapping[Kind, Words] = {
    Kind.ANNOUNCEMENT: Words("开场告知", "announcement"),
    Kind.QUESTION: Words("提问", "question"),
    Kind.STATEMENT: Words("说明", "statement"),
}


class State(StrEnum):
    """Whether a script can still be changed, or be used."""

    DRAFT = "draft"
    PUBLISHED = "published"


STATE_WORDS: Mapping[State, Words] = {
    State.DRAFT: Words("草稿", "draft"),
    State.PUBLISHED: Words("已发布", "published"),
}


class Condition(StrEnum):
    """What must hold for a step to be for this customer. The last two are found out on the way."""

    SALE_RECORDED = "sale_recorded"
    INSTALMENT = "instalment"
    LONG_TERM_HEALTH = "long_term_health"
    REFUND_EXTENDED = "refund_extended"
    LATE = "late"
    OBJECTED = "objected"


CONDITION_WORDS: Mapping[Condition, Words] = {
    Condition.SALE_RECORDED: Words("须双录", "the sale was to be recorded"),
    Condition.INSTALMENT: Words("期交", "paid in instalments"),
    Condition.LONG_TERM_HEALTH: Words("长期健康险", "long-term health insurance"),
    Condition.REFUND_EXTENDED: Words("延长全额退保期", "full refund extended"),
    Condition.LATE: Words("犹豫期外", "after the cooling-off period"),
    Condition.OBJECTED: Words("有否定或不明确回答", "some answer negative or unclear"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing said or asked. `rule` is where the duty comes from; `mandatory`: its answer decides the result (C-13).

    `next` and `branches` name later steps, or END; without `next` the following one comes.
    """

    code: str
    kind: Kind
    words: Words
    rule: str | None = None
    mandatory: bool = True
    may_not_apply: bool = False
    when: frozenset[Condition] = frozenset()
    next: str | None = None
    branches: Mapping[Answer, str] = field(default_factory=dict)

    @property
    def asks(self) -> bool:
        """Whether the customer answers."""
        return self.kind is Kind.QUESTION

    def objected_by(self, answer: Answer | None) -> bool:
        """Whether the answer is anything but affirmative, where that decides something (C-13)."""
        if answer is None or answer is Answer.YES or not self.mandatory:
            return False
        return not (answer is Answer.NOT_APPLICABLE and self.may_not_apply)


@dataclass(frozen=True, slots=True)
class Way:
    """One customer's way through a script, as far as the answers tell; from there on as if all were affirmed."""

    steps: tuple[Step, ...]
    next: Step | None
    """The first question without an answer; None when all of them have one."""

    @property
    def asked(self) -> tuple[Step, ...]:
        """The questions on it, in order."""
        return tuple(step for step in self.steps if step.asks)

    @property
    def judged(self) -> tuple[Step, ...]:
        """The questions whose answers decide the result."""
        return tuple(step for step in self.asked if step.mandatory)


@dataclass(frozen=True, slots=True)
class Script:
    """A version of a script; once published it never changes."""

    version: str
    name: str
    purpose: Purpose
    steps: tuple[Step, ...]
    simplified: bool = False

    def way(self, held: frozenset[Condition], answers: Mapping[str, Answer]) -> Way:
        """Which steps are for a customer of whom `held` holds and who gave these answers."""
        places = {step.code: place for place, step in enumerate(self.steps)}
        passed: list[Step] = []
        waiting: Step | None = None
        place, objected = 0, False
        while place < len(self.steps):
            step = self.steps[place]
            known = held | {Condition.OBJECTED} if objected else held - {Condition.OBJECTED}
            target = step.next
            if step.when <= known:
                passed.append(step)
                if step.asks:
                    answer = answers.get(step.code)
                    waiting = step if waiting is None and answer is None else waiting
                    objected = objected or step.objected_by(answer)
                    target = step.branches.get(answer or Answer.YES, step.next)
            place = place + 1 if target is None else len(self.steps) if target == END else places[target]
        return Way(tuple(passed), waiting)


def parse(steps: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """The steps as they are stored."""
    return tuple(
        Step(
            code=one["code"],
            kind=Kind(one["kind"]),
            words=Words(one["zh"], one["en"]),
            rule=one.get("rule"),
            mandatory=one.get("mandatory", True),
            may_not_apply=one.get("may_not_apply", False),
            when=frozenset(Condition(name) for name in one.get("when", ())),
            next=one.get("next"),
            branches={Answer(answer): target for answer, target in one.get("branches", {}).items()},
        )
        for one in steps
    )


def stored(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """The steps as they are kept; `parse` gives the same back."""
    return [
        {
            "code": step.code,
            "kind": step.kind.value,
            "zh": step.words.zh,
            "en": step.words.en,
            "rule": step.rule,
            "mandatory": step.mandatory,
            "may_not_apply": step.may_not_apply,
            "when": sorted(step.when),
            "next": step.next,
            "branches": {answer.value: target for answer, target in sorted(step.branches.items())},
        }
        for step in steps
    ]
