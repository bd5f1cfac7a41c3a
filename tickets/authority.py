"""What may be settled within authority: an amount in yuan, up to and including the limit (R-2.18, R-3.29)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from tickets.errors import MoveRefusedError, Words
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


def _within_authority(standing: Standing, step: Step) -> MoveRefusedError | None:
    return beyond(step.amount, standing.authority)


GUARDS: Mapping[Action, tuple[Guard, ...]] = {Action.SETTLE: (_within_authority,)}
