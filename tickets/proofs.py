"""Documents as proof: what was issued and sent proves that the customer was told (R-4.4, CL-8). Must never save."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tickets.acknowledgement import Manner, means_of
from tickets.errors import MoveRefusedError, Words
from tickets.letters import Means
from tickets.lifecycle import Action, Guard, Notice, Standing, Step, refused

ACKNOWLEDGES: Mapping[str, Manner] = {"acknowledgement": Manner.LETTER, "email_reply": Manner.EMAIL}
"""The kinds of document that confirm receipt, and the manner each is (R-4.4)."""
TELLS = frozenset({"decision", "opinion_letter"})
"""Those that tell the decision (N-9, R-4.25)."""
SENT_TO_CUSTOMERS = frozenset({*ACKNOWLEDGES, *TELLS, "extension"})
BY: Mapping[str, frozenset[Means]] = {"email_reply": frozenset({Means.EMAILED})}
"""By what a kind goes out, where not by each of WRITTEN."""
WRITTEN = frozenset({Means.HANDED_OVER, Means.POSTED, Means.EMAILED})


def check_sending(kind: str, notice: Notice, means: Means, proof: str, sent_at: datetime, at: datetime) -> None:
    """Refuse to note as sent what is no letter to the customer, is void or was sent, or not since it was issued.

    `notice.sent_at`: None while it was not sent. Raises MoveRefusedError.
    """
    if kind not in SENT_TO_CUSTOMERS:
        raise _refused("该文书不寄送客户", "this document does not go to the customer", "R-4.4")
    if notice.void:
        raise _refused("已作废的文书不能寄送", "a void document is not sent", "CL-8")
    if notice.sent_at is not None:
        raise _refused("该文书已登记寄送", "that it was sent is on record", "CL-8")
    if means not in BY.get(kind, WRITTEN):
        raise _refused("该文书不以此方式送达", "this document does not go out by that", "R-4.4", "CL-8")
    if not proof.strip():
        raise _refused("须留存送达证明", "the proof of sending is kept", "CL-8")
    if not notice.issued_at <= sent_at <= at:
        raise _refused(
            "寄送时间须在出具之后、当前时间之前", "it was sent since it was issued, and not later than now", "CL-8"
        )


def _refused(zh: str, en: str, *rules: str) -> MoveRefusedError:
    return MoveRefusedError(Words(zh, en), rules=rules, action="send")


def _proves(standing: Standing, step: Step) -> MoveRefusedError | None:
    """The document named is one of the ticket's that does what the step says, was sent, and counts."""
    if not step.document:
        return None
    notice = standing.notice
    kinds = set(ACKNOWLEDGES) if step.action is Action.ACKNOWLEDGE else set(TELLS)
    rules = ("R-4.4", "CL-8") if step.action is Action.ACKNOWLEDGE else ("R-4.27", "CL-8", "N-9")
    if notice is None or notice.kind not in kinds:
        return refused(standing, step, "所指文书不是本单的此类文书", "this is no such document of the ticket", *rules)
    if notice.void or notice.sent_at is None:
        return refused(
            standing, step, "所指文书未寄送或已作废", "the document was not sent, or is void", *rules, "R-4.7"
        )
    if step.action is Action.ACKNOWLEDGE and means_of(step.manner) is not ACKNOWLEDGES[notice.kind]:
        return refused(standing, step, "确认方式与所指文书不符", "the manner is not that of the document", *rules)
    return None


GUARDS: Mapping[Action, tuple[Guard, ...]] = {Action.ACKNOWLEDGE: (_proves,), Action.INFORM: (_proves,)}
