"""What may be settled within authority: an amount in yuan, up to and including the limit (R-2.18, R-3.29).

Beyond it somebody who has the authority may give it for one settlement, from afar and for a time (N-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from tickets.errors import AuthorityRefusedError, MoveRefusedError, Words
from tickets.lifecycle import Action, Guard, Standing, Step

RULES = ("R-2.18", "R-3.29")


def beyond(amount: Decimal | None, limit: Decimal | None) -> MoveRefusedError | None:
    """The refusal of an amount above the actor's limit, or of any where there is none; None where nothing is paid."""
    if not amount or (limit is not None and amount <= limit):
        return None
    if limit is None:
        words = Words("未授予当场解决金额权限", "no authority to settle an amount on the spot was given")
        return MoveRefusedError(words, rules=RULES, amount=f"{amount:.2f}", limit=None)
    words = Words(
        f"金额超出当场解决权限（{limit:.2f}元）",
        f"the amount is above what may be settled on the spot ({limit:.2f} yuan)",
    )
    return MoveRefusedError(words, rules=RULES, amount=f"{amount:.2f}", limit=f"{limit:.2f}")


class RequestState(StrEnum):
    """How a request for authority stands."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"


class RequestAction(StrEnum):
    """What somebody who has the authority does with it."""

    GRANT = "grant"
    REFUSE = "refuse"


REQUEST_STATE_WORDS: Mapping[RequestState, Words] = {
    RequestState.ASKED: Words("待批准", "asked"),
    RequestState.GRANTED: Words("已临时授权", "granted"),
    RequestState.REFUSED: Words("不同意", "refused"),
}
REQUEST_ACTION_WORDS: Mapping[RequestAction, Words] = {
    RequestAction.GRANT: Words("临时授权", "grant"),
    RequestAction.REFUSE: Words("不同意", "refuse"),
}
LONGEST = timedelta(days=30)
"""So long at most authority for one settlement lasts (default)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for authority: how much, by whom, and how it stands."""

    amount: Decimal
    by: str
    state: RequestState


def check_request(amount: Decimal, own: Decimal | None, *, is_open: bool) -> None:
    """Refuse a request for what one may settle oneself, or for a ticket that is not to be settled any more."""
    if not is_open:
        words = Words("只为待当场解决的服务单申请授权", "authority is asked for a ticket that is still to be settled")
        raise AuthorityRefusedError(words, rules=("N-11", "R-4.16"))
    if beyond(amount, own) is None:
        words = Words("该金额在本人权限内,无须申请", "the amount is within one's own authority")
        raise AuthorityRefusedError(words, rules=("N-11", "R-2.18"), amount=f"{amount:.2f}")


def answered(
    asked: Asked,
    action: RequestAction,
    actor: str,
    own: Decimal | None,
    until: datetime | None,
    at: datetime,
    remark: str,
) -> RequestState:
    """The state after somebody answers who has the authority himself (`own`) and is not who asked.

    Raises AuthorityRefusedError.
    """
    if asked.state is not RequestState.ASKED:
        words = Words("该申请已答复", "it was answered before")
        raise AuthorityRefusedError(words, rules=("N-11",), state=asked.state.value)
    if asked.by == actor:
        words = Words("须由申请人以外的人员授权", "somebody else gives it, not who asked")
        raise AuthorityRefusedError(words, rules=("N-11",))
    if action is RequestAction.REFUSE:
        if not remark.strip():
            words = Words("不同意须说明理由", "refusing needs the reason")
            raise AuthorityRefusedError(words, rules=("N-11", "R-4.7"))
        return RequestState.REFUSED
    if beyond(asked.amount, own) is not None:
        words = Words("授权人自身没有该金额的权限", "who gives it must have the authority for the amount")
        raise AuthorityRefusedError(words, rules=("N-11", "R-2.18"), amount=f"{asked.amount:.2f}")
    if until is None or not at < until <= at + LONGEST:
        words = Words(f"临时授权须有期限,最长{LONGEST.days}日", f"it lasts until a moment, {LONGEST.days} days at most")
        raise AuthorityRefusedError(words, rules=("N-11",))
    return RequestState.GRANTED


def _within_authority(standing: Standing, step: Step) -> MoveRefusedError | None:
    return beyond(step.amount, standing.authority)


GUARDS: Mapping[Action, tuple[Guard, ...]] = {Action.SETTLE: (_within_authority,)}
