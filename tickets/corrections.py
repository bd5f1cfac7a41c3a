"""Which corrections of a ticket need a reason, and which the complaint post's word (F-18, F-37, F-47).

The receiver proposes the severity and the complaint post confirms it. What would take a complaint out of the figures,
or make light of one, nobody does alone and silently.
"""

from __future__ import annotations

from tickets.errors import ComplaintPostOnlyError, DowngradeRefusedError, NotAdmissibleError, Problem, Words
from tickets.intake import Nature, Particulars, Severity

_WEIGHT = {Severity.GENERAL: 0, Severity.DIFFICULT: 1, Severity.MAJOR: 2}


def check(
    nature: Nature, before: Particulars, after: Particulars, reason: str, *, by_post: bool, severity_confirmed: bool
) -> None:
    """Refuse what may not be corrected so.

    `by_post`: the complaint post corrects. Raises ComplaintPostOnlyError, DowngradeRefusedError, or NotAdmissibleError
    without a reason.
    """
    problems = []
    if after.severity is not before.severity:
        _check_severity(before.severity, after.severity, by_post=by_post, confirmed=severity_confirmed)
        if nature is Nature.COMPLAINT and is_lighter(before.severity, after.severity):
            raise DowngradeRefusedError(
                Words(
                    "疑难、重大投诉降级须经另一人批准:请提出降级申请",
                    "a difficult or major complaint is made lighter with a second person's approval: propose it",
                ),
                rules=("F-47", "F-18"),
                field="severity",
            )
        problems.append(
            Problem("severity", Words("调整投诉级别须说明理由", "another severity needs a reason"), ("F-18",))
        )
    moves = after.complainant_type.is_consumer != before.complainant_type.is_consumer
    if nature is Nature.COMPLAINT and moves:
        if not by_post:
            raise ComplaintPostOnlyError(
                Words(
                    "改变投诉人身份会影响计件,须由投诉岗更正",
                    "this complainant type moves the complaint into or out of the figures: for the complaint post",
                ),
                rules=("F-37", "R-1.1"),
                field="complainant_type",
            )
        words = Words(
            "改变投诉人身份会影响计件,须说明理由", "a complainant type that changes the figures needs a reason"
        )
        problems.append(Problem("complainant_type", words, ("F-37", "R-1.1")))
    if problems and not reason.strip():
        raise NotAdmissibleError(tuple(problems))


def is_lighter(before: Severity, after: Severity) -> bool:
    """Whether the case would be made lighter; a general one cannot be."""
    return _WEIGHT[after] < _WEIGHT[before]


def _check_severity(before: Severity, after: Severity, *, by_post: bool, confirmed: bool) -> None:
    if by_post:
        return
    if is_lighter(before, after):
        words = Words("降低投诉级别须由投诉岗确认", "a lower severity is the complaint post's to decide")
        raise ComplaintPostOnlyError(words, rules=("F-18", "F-47"), field="severity")
    if confirmed:
        words = Words("投诉级别已由投诉岗确认,须由其调整", "the complaint post confirmed the severity, and changes it")
        raise ComplaintPostOnlyError(words, rules=("F-18",), field="severity")
