"""A difficult or major complaint is made a lighter case by two people only: one proposes, another approves (F-47)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tickets.corrections import is_lighter
from tickets.errors import DowngradeRefusedError, Words
from tickets.intake import Severity


class DowngradeState(StrEnum):
    """What became of a proposal."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class DowngradeAction(StrEnum):
    """The second person approves or refuses, who proposed withdraws."""

    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


DOWNGRADE_STATE_WORDS: Mapping[DowngradeState, Words] = {
    DowngradeState.PROPOSED: Words("待批准", "proposed"),
    DowngradeState.APPROVED: Words("已批准", "approved"),
    DowngradeState.REFUSED: Words("不同意", "refused"),
    DowngradeState.WITHDRAWN: Words("已撤回", "withdrawn"),
}
DOWNGRADE_ACTION_WORDS: Mapping[DowngradeAction, Words] = {
    DowngradeAction.APPROVE: Words("批准", "approve"),
    DowngradeAction.REFUSE: Words("不同意", "refuse"),
    DowngradeAction.WITHDRAW: Words("撤回", "withdraw"),
}
_AFTER: Mapping[DowngradeAction, DowngradeState] = {
    DowngradeAction.APPROVE: DowngradeState.APPROVED,
    DowngradeAction.REFUSE: DowngradeState.REFUSED,
    DowngradeAction.WITHDRAW: DowngradeState.WITHDRAWN,
}


def check_proposal(before: Severity, after: Severity, reason: str, *, complaint: bool) -> None:
    """Raises DowngradeRefusedError for what is no downgrade of a difficult or major complaint, or has no reason."""
    if not complaint or not is_lighter(before, after):
        raise DowngradeRefusedError(
            Words("只有疑难、重大投诉需申请降级", "only a difficult or major complaint is downgraded by approval"),
            rules=("F-47", "F-18"),
        )
    if not reason.strip():
        raise DowngradeRefusedError(
            Words("申请降级须说明理由", "a downgrade is proposed with its reason"), rules=("F-47", "F-18")
        )


def after(state: DowngradeState, action: DowngradeAction, proposer: str, actor: str, remark: str) -> DowngradeState:
    """The state after the answer: another person's, or the proposer's own withdrawal. Raises DowngradeRefusedError."""
    if state is not DowngradeState.PROPOSED:
        raise DowngradeRefusedError(
            Words("该降级申请已处理", "this proposal was answered already"), rules=("F-47",), state=state.value
        )
    own = proposer == actor
    if own is not (action is DowngradeAction.WITHDRAW):
        raise DowngradeRefusedError(
            Words(
                "降级须由申请人以外的人员批准,由申请人撤回",
                "a second person approves a downgrade or refuses it; who proposed it withdraws it",
            ),
            rules=("F-47",),
        )
    if action is DowngradeAction.REFUSE and not remark.strip():
        raise DowngradeRefusedError(
            Words("不同意降级须说明理由", "refusing a downgrade needs the reason"), rules=("F-47", "R-4.7")
        )
    return _AFTER[action]


def check_current(proposed_from: Severity, now: Severity) -> None:
    """What was proposed must still lower what the ticket has. Raises DowngradeRefusedError."""
    if proposed_from is not now:
        raise DowngradeRefusedError(
            Words("投诉级别已变动,请重新申请", "the severity has changed since: propose anew"),
            rules=("F-47", "F-18"),
            severity=now.value,
        )
