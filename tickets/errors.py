"""What the complaint rules refuse, as one small tree with stable codes and words in Chinese and English.

A refusal names the rules it rests on. Nothing here knows of HTTP, of the database or of the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Words:
    """One message in the two languages of the console: Chinese first, English second."""

    zh: str
    en: str


class TicketError(Exception):
    """The root: every refusal has a stable `code`, `words`, and the `rules` it rests on."""

    code: ClassVar[str] = "ticket_refused"

    def __init__(self, words: Words, *, rules: tuple[str, ...] = (), **details: object) -> None:
        super().__init__(words.en)
        self.words = words
        self.rules = rules
        self.details: Mapping[str, object] = details


class NotAdmissibleError(TicketError):
    """The matter cannot be taken as stated (R-1.1 … R-1.3); `problems` lists each reason with its field."""

    code = "ticket_not_admissible"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(
            Words(
                "服务单不能受理:" + ";".join(p.words.zh for p in problems),
                "the ticket cannot be taken: " + "; ".join(p.words.en for p in problems),
            ),
            rules=tuple(dict.fromkeys(rule for p in problems for rule in p.rules)),
        )
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one field of what was handed in."""

    field: str
    words: Words
    rules: tuple[str, ...] = ()


class IllegalMoveError(TicketError):
    """The action does not exist from this status: no row in the table of moves."""

    code = "ticket_illegal_move"


class MoveRefusedError(TicketError):
    """The move exists but a rule guards it and its condition is not met."""

    code = "ticket_move_refused"


class PostRefusedError(TicketError):
    """The measures do not let this person have this post; `problems` lists each reason with its field."""

    code = "post_refused"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(
            Words(";".join(p.words.zh for p in problems), "; ".join(p.words.en for p in problems)),
            rules=tuple(dict.fromkeys(rule for p in problems for rule in p.rules)),
        )
        self.problems = problems


class OvertakenError(TicketError):
    """Somebody else changed what hangs on a ticket since it was read; `changed` says what, who and when."""

    code = "stale_version"


class MeetingRefusedError(TicketError):
    """The committee's meeting cannot be drafted, called, held, ruled at or confirmed so (R-3.3 … R-3.6)."""

    code = "meeting_refused"


class LimitRefusedError(TicketError):
    """What was asked for would change a limit in a way the rules do not know (L-15, L-16, CL-4, CL-5, CL-7)."""

    code = "limit_refused"


class LetterRefusedError(TicketError):
    """The opinion letter cannot be written, reviewed or sent so (R-4.25, N-9, CL-8)."""

    code = "letter_refused"


class ReviewRefusedError(TicketError):
    """The review of a decision, or a re-investigation, cannot be asked for, done or told so (L-29, N-7, R-3.20)."""

    code = "review_refused"


class DowngradeRefusedError(TicketError):
    """A difficult or major complaint is not made a lighter case so: it takes a second person (F-47)."""

    code = "downgrade_refused"


class ReclassificationRefusedError(TicketError):
    """What was heard on a callback is not judged again so (F-13, R-2.2, R-2.3)."""

    code = "reclassification_refused"


class ConsultationRefusedError(TicketError):
    """A case is not reported up, answered, taken over or acted on so (R-3.15, R-3.19, R-3.31)."""

    code = "consultation_refused"


class AuthorityRefusedError(TicketError):
    """Authority for one settlement is not asked for or given so (N-11)."""

    code = "authority_refused"


class AccountabilityRefusedError(TicketError):
    """Nobody is held to account so (B-10)."""

    code = "accountability_refused"


class ThirdPartyRefusedError(TicketError):
    """A third party is not asked, scored or admitted so (N-3)."""

    code = "third_party_refused"


class GroupMeetingRefusedError(TicketError):
    """A leading group does not meet so (R-3.1, R-3.2)."""

    code = "group_meeting_refused"


class FeedbackRefusedError(TicketError):
    """Feedback is not signed for, or a formality not added or completed, so (R-4.28, R-4.29)."""

    code = "feedback_refused"


class ComplaintPostOnlyError(TicketError):
    """What was asked for is the complaint post's to decide (F-18, F-37); `field` names it."""

    code = "ticket_complaint_post_only"


class StaleTicketError(TicketError):
    """Somebody else changed the ticket since it was read; `changed` says what, who and when."""

    code = "stale_version"


class TicketNotFoundError(TicketError):
    """There is no such ticket, or none that may be seen: the two are not told apart."""

    code = "ticket_not_found"


class SlipNotFoundError(TicketError):
    """There is no such slip, or none that may be seen: the two are not told apart."""

    code = "slip_not_found"


class SlipNotYoursError(TicketError):
    """The slip was sent to another department or organisation (R-3.42)."""

    code = "slip_not_yours"


class CallNotFoundError(TicketError):
    """There is no such call, or none that may be seen: the two are not told apart."""

    code = "call_not_found"


class CallTooOldError(TicketError):
    """The call ended on an earlier day: its ticket must be opened as a new contact (R-1.4, L-1)."""

    code = "call_not_today"


class CallHasComplaintError(TicketError):
    """The call has a complaint already, which a second one would double in the figures (R-1.10); `number` is its."""

    code = "call_has_complaint"


class TooManyLinksError(TicketError):
    """The ticket hangs on as many calls as a ticket may."""

    code = "ticket_too_many_calls"


class KeyReusedError(TicketError):
    """The key was used before for something else."""

    code = "idempotency_key_reused"


class UnknownFigureError(TicketError):
    """There is no figure of this name."""

    code = "figure_unknown"
