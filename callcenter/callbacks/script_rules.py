"""What a script must be like. Must never do I/O, nor let one be published that leaves out what must be confirmed.

`flaws` are refused of a draft already: it could not be walked through. `omissions` only keep it from being published.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from callcenter.callbacks import wording
from callcenter.callbacks.questions import IDENTITY, RECORDED_SALE, SEVEN, Answer, Confirmation
from callcenter.callbacks.script import END, RIGHT_TO_RESCIND, Condition, Kind, Script, Step
from callcenter.callbacks.task import Purpose
from tickets.errors import Problem, Words

CODE = re.compile("[a-z][a-z0-9_]{0,39}")
FIRST = 0

RULES: Mapping[str, str] = {
    **{code: f"C-6({n})" for n, code in enumerate(SEVEN, 1)},
    **{code: f"C-7({n})" for n, code in enumerate(RECORDED_SALE, 1)},
    RIGHT_TO_RESCIND: "C-15",
}
"""What rests on which rule, by the code of its step."""
MAY_DEPEND: Mapping[str, frozenset[Condition]] = {
    Confirmation.PAYING_PERIOD_KNOWN: frozenset({Condition.INSTALMENT}),
    **dict.fromkeys(RECORDED_SALE, frozenset({Condition.SALE_RECORDED})),
    RIGHT_TO_RESCIND: frozenset({Condition.LONG_TERM_HEALTH, Condition.OBJECTED}),
}
"""On what a mandatory step may be made to depend: the seventh on instalments, the further two on recorded sales."""


def flaws(script: Script) -> Iterator[Problem]:
    """What keeps it from being walked through: codes, values and ways that lead nowhere, back, or past a step."""
    steps = script.steps
    if not steps:
        yield _problem("steps", "话术没有任何步骤", "a script has at least one step")
        return
    places: dict[str, int] = {}
    for place, step in enumerate(steps):
        if step.code in places or step.code == END or not CODE.fullmatch(step.code):
            words = Words(f"步骤代码不可用或重复：{step.code}", f"not a code, or there twice: {step.code}")
            yield Problem(_at(place), words)
        places.setdefault(step.code, place)
        yield from _texts(place, step)
        if step.branches and not step.asks:
            yield _problem(_at(place), "只有提问可按回答分支", "only a question branches")
        if Answer.NOT_APPLICABLE in step.branches and not step.may_not_apply:
            yield _problem(_at(place), "该问题不可答“不适用”", "this question always applies")
    for place, step in enumerate(steps):
        for target in (step.next, *step.branches.values()):
            if target is not None and target != END and places.get(target, FIRST) <= place:
                words = Words(
                    f"步骤“{step.code}”只能转到其后的步骤或结束：{target}",
                    f"{step.code} leads to a later step or to the end, not to {target}",
                )
                yield Problem(_at(place), words)
                return
    for place in sorted(set(range(len(steps))) - _reached(steps, FIRST)):
        words = Words(f"没有任何路径到达步骤“{steps[place].code}”", f"no way leads to {steps[place].code}")
        yield Problem(_at(place), words)


def omissions(script: Script) -> Iterator[Problem]:
    """Why it may not be used yet: the announcement, who speaks, the order of the texts, and what must be confirmed.

    Takes a script without flaws.
    """
    steps = script.steps
    codes = [step.code for step in steps]
    if steps[FIRST].kind is not Kind.ANNOUNCEMENT or steps[FIRST].when:
        words = Words("第一步须为录音告知（E-13）", "the first step announces who calls, the recording and what for")
        yield Problem(_at(FIRST), words, ("E-13",))
    if IDENTITY not in codes:
        words = Words("缺少投保人身份确认（C-5、C-12）", "nobody is asked whether they are the policyholder")
        yield Problem("steps", words, ("C-5", "C-12"))
        return
    who = codes.index(IDENTITY)
    yield from _before_identity(steps, who)
    yield from _of_others(steps, who)
    if RIGHT_TO_RESCIND in codes:
        told = codes.index(RIGHT_TO_RESCIND)
        if any(codes.index(code) > told for code in (*SEVEN, *RECORDED_SALE) if code in codes):
            words = Words("解除权须在全部必问内容之后告知（C-15）", "the right to rescind is told too early")
            yield Problem(_at(told), words, ("C-15",))
    for code in _needed(script):
        if code not in codes:
            words = Words(f"缺少必问内容：{code}（{RULES[code]}）", f"what must be asked or told is missing: {code}")
            yield Problem("steps", words, (_plain(RULES[code]),))
            continue
        yield from _mandatory(steps, codes.index(code), who)


def _needed(script: Script) -> Sequence[str]:
    if script.purpose is not Purpose.NEW_BUSINESS:
        return (IDENTITY,)
    if script.simplified:
        return (IDENTITY, *RECORDED_SALE)
    return (*SEVEN, *RECORDED_SALE, RIGHT_TO_RESCIND)


def _mandatory(steps: Sequence[Step], place: int, who: int) -> Iterator[Problem]:
    step, rules = steps[place], (_plain(RULES[steps[place].code]),)
    tells = step.code == RIGHT_TO_RESCIND
    if step.asks == tells or (step.asks and not step.mandatory):
        words = Words(f"“{step.code}”须为必答提问或必读说明", f"{step.code} is a question that counts, or a statement")
        yield Problem(_at(place), words, rules)
    if not step.when <= MAY_DEPEND.get(step.code, frozenset()):
        words = Words(f"“{step.code}”不得附加此条件", f"{step.code} may not depend on this")
        yield Problem(_at(place), words, rules)
    if step.may_not_apply and step.code != Confirmation.PAYING_PERIOD_KNOWN:
        words = Words(f"“{step.code}”不得答“不适用”", f"{step.code} always applies")
        yield Problem(_at(place), words, rules)
    if place != who and _can_miss(steps, who, place):
        words = Words(f"有路径绕过必问内容“{step.code}”", f"a way leads past {step.code}")
        yield Problem(_at(place), words, rules)


def _before_identity(steps: Sequence[Step], who: int) -> Iterator[Problem]:
    for place, step in enumerate(steps[: who + 1]):
        if place < who and step.kind is not Kind.ANNOUNCEMENT:
            words = Words("确认投保人身份之前只能播报告知（C-5）", "only announcements come before the policyholder")
            yield Problem(_at(place), words, ("C-5",))
        elif place < who and step.next not in (None, *(each.code for each in steps[: who + 1])):
            words = Words("告知之后须确认投保人身份（C-5）", "an announcement leads to the question who speaks")
            yield Problem(_at(place), words, ("C-5",))
        if _tells(step):
            words = Words("确认投保人身份之前不得透露保单内容（C-5、C-12）", "a value of the policy is told too early")
            yield Problem(_at(place), words, ("C-5", "C-12"))


def _of_others(steps: Sequence[Step], who: int) -> Iterator[Problem]:
    """What somebody who is not the policyholder comes to: no question, no value of the policy (C-5)."""
    for answer in (Answer.NO, Answer.UNCLEAR):
        target = steps[who].branches.get(answer)
        if target is None:
            words = Words("接听人不是投保人时须另有结束语（C-5）", "who is not the policyholder needs another way out")
            yield Problem(_at(who), words, ("C-5",))
        elif target != END:
            start = next(place for place, step in enumerate(steps) if step.code == target)
            for place in sorted(_reached(steps, start)):
                if steps[place].asks or _tells(steps[place]):
                    words = Words("接听人不是投保人时不得询问或透露保单内容（C-5）", "others hear nothing of it")
                    yield Problem(_at(place), words, ("C-5",))


def _texts(place: int, step: Step) -> Iterator[Problem]:
    unknown = wording.named(step.words) - set(wording.Value)
    if unknown or wording.strays(step.words):
        names = "、".join(sorted(unknown)) or "{{ }}"
        yield _problem(_at(place), f"没有这个填充项：{names}", f"no such value: {names}")


def _tells(step: Step) -> bool:
    return bool(wording.named(step.words) - wording.NEUTRAL)


def _targets(steps: Sequence[Step], place: int) -> set[int]:
    """Where a step may lead; len(steps) is the end. A step that may not be for somebody also leads where it is passed
    over to."""
    step = steps[place]
    codes = {each.code: n for n, each in enumerate(steps)}
    onward = place + 1 if step.next is None else codes.get(step.next, len(steps))
    led = {codes.get(target, len(steps)) for target in step.branches.values()}
    branched = {answer for answer in Answer if answer in step.branches}
    possible = set(Answer) if step.may_not_apply else set(Answer) - {Answer.NOT_APPLICABLE}
    return led if step.asks and not step.when and possible <= branched else led | {onward}


def _reached(steps: Sequence[Step], start: int, without: int | None = None) -> set[int]:
    """The steps that can be come to from one, itself included, when another is taken away."""
    reached: set[int] = set()
    waiting = [start]
    while waiting:
        place = waiting.pop()
        if place >= len(steps) or place in reached or place == without:
            continue
        reached.add(place)
        waiting += _targets(steps, place)
    return reached


def _can_miss(steps: Sequence[Step], who: int, place: int) -> bool:
    """Whether the end can be come to from the policyholder's yes without the step."""
    onward = steps[who].branches.get(Answer.YES, steps[who].next)
    codes = {each.code: n for n, each in enumerate(steps)}
    start = who + 1 if onward is None else codes.get(onward, len(steps))
    if start >= len(steps):
        return True
    return any(target >= len(steps) for each in _reached(steps, start, place) for target in _targets(steps, each))


def _at(place: int) -> str:
    return f"steps/{place}"


def _plain(rule: str) -> str:
    return rule.partition("(")[0]


def _problem(field: str, zh: str, en: str) -> Problem:
    return Problem(field, Words(zh, en), ("C-6",))
