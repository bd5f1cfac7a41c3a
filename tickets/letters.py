"""Written answers: when one is due (F-22), the opinion letter (客户投诉处理意见书), its legal clearance, its sending.

A letter states the facts verified, the basis and reasons, the decision and the remedies (N-9). The legal counsel of
the organisation that issues it clears the very text that is sent, or sends it back with remarks; a text changed after
clearance is reviewed again (R-4.25). It is told to the customer at the moment it is handed over, posted or sent (CL-8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tickets.errors import LetterRefusedError, MoveRefusedError, Words
from tickets.intake import Channel, Nature, Relation, Severity, Source
from tickets.lifecycle import Action, Guard, Standing, Status, Step, refused


class WrittenGround(StrEnum):
    """Why the customer is owed a written answer (F-22)."""

    IN_WRITING = "in_writing"
    ASKED = "asked"
    REGULATOR = "regulator"
    MAJOR = "major"


class LetterState(StrEnum):
    """Where an opinion letter stands."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    SENT_BACK = "sent_back"
    CLEARED = "cleared"
    SENT = "sent"
    VOID = "void"


class LetterAction(StrEnum):
    """What the complaint post and legal counsel do with a letter."""

    SUBMIT = "submit"
    RECALL = "recall"
    CLEAR = "clear"
    SEND_BACK = "send_back"
    SEND = "send"
    VOID = "void"


class Verdict(StrEnum):
    """How a round of legal review ended; a letter recalled has none of counsel's."""

    CLEARED = "cleared"
    SENT_BACK = "sent_back"
    RECALLED = "recalled"


class Remedy(StrEnum):
    """Where a customer who disagrees can turn (N-9)."""

    REVIEW = "review"
    MEDIATION = "mediation"
    ARBITRATION = "arbitration"
    SUIT = "suit"


class Means(StrEnum):
    """How the customer was told, each with the moment that counts (CL-8)."""

    HANDED_OVER = "handed_over"
    POSTED = "posted"
    EMAILED = "emailed"
    TEXTED = "texted"
    DIALLED = "dialled"


WRITTEN_GROUND_WORDS: Mapping[WrittenGround, Words] = {
    WrittenGround.IN_WRITING: Words("客户以书面方式投诉", "the complaint came in writing"),
    WrittenGround.ASKED: Words("客户要求书面答复", "the customer asks for it"),
    WrittenGround.REGULATOR: Words("监管部门转办", "the regulator forwarded it"),
    WrittenGround.MAJOR: Words("重大投诉", "a major complaint"),
}
LETTER_STATE_WORDS: Mapping[LetterState, Words] = {
    LetterState.DRAFT: Words("拟稿", "draft"),
    LetterState.IN_REVIEW: Words("法务审核中", "in legal review"),
    LetterState.SENT_BACK: Words("法务退回", "sent back by legal counsel"),
    LetterState.CLEARED: Words("法务审核通过", "cleared"),
    LetterState.SENT: Words("已送达", "sent"),
    LetterState.VOID: Words("已作废", "void"),
}
LETTER_ACTION_WORDS: Mapping[LetterAction, Words] = {
    LetterAction.SUBMIT: Words("送法务审核", "submit for review"),
    LetterAction.RECALL: Words("撤回", "recall"),
    LetterAction.CLEAR: Words("审核通过", "clear"),
    LetterAction.SEND_BACK: Words("退回修改", "send back"),
    LetterAction.SEND: Words("送达客户", "send"),
    LetterAction.VOID: Words("作废", "make void"),
}
VERDICT_WORDS: Mapping[Verdict, Words] = {
    Verdict.CLEARED: Words("审核通过", "cleared"),
    Verdict.SENT_BACK: Words("退回修改", "sent back"),
    Verdict.RECALLED: Words("撤回", "recalled"),
}
REMEDY_WORDS: Mapping[Remedy, Words] = {
    Remedy.REVIEW: Words("核查", "review"),
    Remedy.MEDIATION: Words("调解", "mediation"),
    Remedy.ARBITRATION: Words("仲裁", "arbitration"),
    Remedy.SUIT: Words("诉讼", "suit"),
}
MEANS_WORDS: Mapping[Means, Words] = {
    Means.HANDED_OVER: Words("当面交付", "handed over"),
    Means.POSTED: Words("邮寄", "posted"),
    Means.EMAILED: Words("电子邮件", "e-mailed"),
    Means.TEXTED: Words("短信", "SMS"),
    Means.DIALLED: Words("电话", "telephone"),
}

IN_WRITING = frozenset({Channel.LETTER, Channel.FAX, Channel.NETWORK, Channel.SMS})
"""A complaint that came so came in writing; a call or a visit did not."""
ON_PAPER_OR_SCREEN = frozenset(Means) - {Means.DIALLED}
"""How something written reaches a customer."""

_S, _L = LetterState, LetterAction

LETTER_MOVES: Mapping[tuple[LetterState, LetterAction], LetterState] = {
    (_S.DRAFT, _L.SUBMIT): _S.IN_REVIEW,
    (_S.IN_REVIEW, _L.RECALL): _S.DRAFT,
    (_S.IN_REVIEW, _L.CLEAR): _S.CLEARED,
    (_S.IN_REVIEW, _L.SEND_BACK): _S.SENT_BACK,
    (_S.CLEARED, _L.SEND): _S.SENT,
    (_S.DRAFT, _L.VOID): _S.VOID,
    (_S.SENT_BACK, _L.VOID): _S.VOID,
    (_S.CLEARED, _L.VOID): _S.VOID,
}
WRITABLE = frozenset({LetterState.DRAFT, LetterState.SENT_BACK, LetterState.CLEARED})
"""Where the text may be written anew; it is a draft then, whatever it was."""
ENDED = frozenset({LetterState.SENT, LetterState.VOID})


@dataclass(frozen=True, slots=True)
class Matter:
    """What decides on a written answer."""

    nature: Nature
    channel: Channel
    source: Source
    severity: Severity
    relation: Relation | None = None
    asked: bool = False
    anonymous: bool = False


def written_due(matter: Matter) -> tuple[WrittenGround, ...]:
    """Why a written answer is due; empty where none is (F-22).

    A complaint merged into another is answered with that one (D-4), and who stays anonymous cannot be written to
    (F-35).
    """
    if matter.nature is not Nature.COMPLAINT or matter.relation is Relation.MERGED or matter.anonymous:
        return ()
    holds = {
        WrittenGround.IN_WRITING: matter.channel in IN_WRITING,
        WrittenGround.ASKED: matter.asked,
        WrittenGround.REGULATOR: matter.source is Source.REGULATOR,
        WrittenGround.MAJOR: matter.severity is Severity.MAJOR,
    }
    return tuple(ground for ground in WrittenGround if holds[ground])


def means_of(manner: str) -> Means | None:
    """The means by its code or its Chinese name; None for anything else."""
    said = manner.strip()
    return next((means for means in Means if said in (means.value, MEANS_WORDS[means].zh)), None)


def default_remedies(above: str) -> Mapping[Remedy, str]:
    """The remedies in the words of the law, to be made precise in the draft; `above`: who reviews (L-29, N-9)."""
    return {
        Remedy.REVIEW: f"对本处理意见有异议的,可自收到之日起30日内向{above}书面申请核查。",
        Remedy.MEDIATION: "可以向当地金融消费纠纷调解组织申请调解。",
        Remedy.ARBITRATION: "合同约定仲裁或者事后达成仲裁协议的,可以申请仲裁。",
        Remedy.SUIT: "可以依法向人民法院提起诉讼。",
    }


@dataclass(frozen=True, slots=True)
class Content:
    """What a letter says; `remedies` by code, in the letter's words."""

    facts: str
    basis: str
    decision: str
    remedies: Mapping[Remedy, str] = field(default_factory=dict)
    addressee: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """What the rules must know of a letter; `reviewed`: the version of the text counsel saw last."""

    state: LetterState
    content: Content
    text_version: int = 1
    reviewed: int | None = None
    cleared_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sending:
    """How, when and by what proof a letter reached the customer or was sent off (CL-8)."""

    means: Means
    at: datetime
    proof: str


def after(letter: Letter, action: LetterAction) -> LetterState:
    """The state after the action, its own conditions not asked. Raises LetterRefusedError."""
    state = LETTER_MOVES.get((letter.state, action))
    if state is None:
        was, act = LETTER_STATE_WORDS[letter.state], LETTER_ACTION_WORDS[action]
        raise LetterRefusedError(
            Words(f"意见书{was.zh},不能{act.zh}", f"a letter that is {was.en} refuses: {act.en}"),
            rules=("R-4.25",),
            state=letter.state.value,
            action=action.value,
        )
    return state


def check_writable(letter: Letter) -> None:
    """Raises LetterRefusedError where the text may not be written anew."""
    if letter.state in WRITABLE:
        return
    if letter.state is LetterState.IN_REVIEW:
        words = Words(
            "意见书正在法务审核,修改前须先撤回", "the letter is with legal counsel: recall it before changing it"
        )
    else:
        words = Words("意见书已送达或作废,不再修改", "the letter was sent or is void: its text is not changed any more")
    raise LetterRefusedError(words, rules=("R-4.25",), state=letter.state.value)


def check_submit(letter: Letter) -> None:
    """A letter goes to counsel whole, and after remarks with another text (N-9, R-4.25)."""
    content = letter.content
    parts = {
        "facts": (content.facts, Words("查明的事实", "the facts verified")),
        "basis": (content.basis, Words("依据和理由", "basis and reasons")),
        "decision": (content.decision, Words("处理意见", "the decision")),
        "addressee": (content.addressee, Words("收件人", "the addressee")),
    }
    for remedy in Remedy:
        words = Words("救济途径:" + REMEDY_WORDS[remedy].zh, "the remedy: " + REMEDY_WORDS[remedy].en)
        parts[f"remedies.{remedy.value}"] = (content.remedies.get(remedy, ""), words)
    missing = {name: words for name, (text, words) in parts.items() if not text.strip()}
    if missing:
        raise LetterRefusedError(
            Words(
                "意见书须写明:" + "、".join(words.zh for words in missing.values()),
                "the letter must state: " + ", ".join(words.en for words in missing.values()),
            ),
            rules=("N-9", "R-4.25"),
            missing=list(missing),
        )
    if letter.reviewed == letter.text_version:
        raise LetterRefusedError(
            Words("法务退回后未修改,不能再次送审", "counsel's remarks need another text before it is submitted again"),
            rules=("R-4.25",),
        )


def check_remarks(remarks: str) -> None:
    """Counsel who sends a letter back says why."""
    if not remarks.strip():
        raise LetterRefusedError(
            Words("退回修改须写明审核意见", "a letter is sent back with remarks"), rules=("R-4.25", "R-4.7")
        )


def sending(means: Means | None, at: datetime, proof: str) -> Sending:
    """What was said of the sending. Raises LetterRefusedError where the means is not said."""
    if means is None:
        raise LetterRefusedError(
            Words("须记录送达方式", "how the letter reached the customer must be recorded"), rules=("CL-8",)
        )
    return Sending(means, at, proof)


def check_send(letter: Letter, status: Status, handled_at: datetime | None, sending: Sending, now: datetime) -> None:
    """Only after decision and clearance, in writing, not in the future, with proof (R-4.25, CL-8)."""
    if status not in (Status.HANDLED, Status.INFORMED) or handled_at is None:
        raise LetterRefusedError(
            Words("尚无处理决定,不能送达意见书", "there is no decision yet that the letter could tell"),
            rules=("R-4.27", "R-4.25"),
            status=status.value,
        )
    if sending.means not in ON_PAPER_OR_SCREEN:
        raise LetterRefusedError(
            Words("电话不能代替书面答复", "a telephone call is no written answer"),
            rules=("F-22", "CL-8"),
            means=sending.means.value,
        )
    if letter.cleared_at is None or not max(letter.cleared_at, handled_at) <= sending.at <= now:
        raise LetterRefusedError(
            Words(
                "送达时间须在法务审核通过和处理决定之后、当前时间之前",
                "a letter is sent after its clearance and the decision, and not in the future",
            ),
            rules=("R-4.25", "CL-8"),
        )
    if not sending.proof.strip():
        raise LetterRefusedError(
            Words("须留存送达证明", "keep the proof that it was handed over, posted or sent"), rules=("CL-8",)
        )


def _manner_is_known(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not step.manner.strip() or means_of(step.manner) is not None:
        return None
    return refused(
        standing,
        step,
        "告知方式须为:" + "、".join(words.zh for words in MEANS_WORDS.values()),
        "the customer is told by one of: " + ", ".join(means.value for means in Means),
        "CL-8",
        means=[means.value for means in Means],
    )


def _letter_was_sent(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.written_due or standing.letter_sent_at is not None:
        return None
    grounds = [WrittenGround(ground) for ground in standing.written_due]
    return refused(
        standing,
        step,
        "须书面答复(" + "、".join(WRITTEN_GROUND_WORDS[ground].zh for ground in grounds) + "):先送达经法务审核的意见书",
        "a written answer is due (" + ", ".join(WRITTEN_GROUND_WORDS[ground].en for ground in grounds) + "): "
        "first send the opinion letter that legal counsel cleared",
        "R-4.25",
        "F-22",
        written_due=[ground.value for ground in grounds],
    )


GUARDS: Mapping[Action, tuple[Guard, ...]] = {
    Action.INFORM: (_manner_is_known, _letter_was_sent),
    Action.CLOSE: (_letter_was_sent,),
}
