"""What a customer may answer, and what every callback must confirm (C-6, C-7). Must never say how it is asked."""

from enum import StrEnum


class Answer(StrEnum):
    """What the customer said."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"
    NOT_APPLICABLE = "not_applicable"


class Confirmation(StrEnum):
    """The nine things to be confirmed: a step of a script whose code is one of them asks for it, whatever its words."""

    IDENTITY = "identity"
    SIGNED_PERSONALLY = "signed_personally"
    READ_AND_UNDERSTOOD = "read_and_understood"
    COVER_KNOWN = "cover_known"
    SURRENDER_LOSS_KNOWN = "surrender_loss_known"
    COOLING_OFF_KNOWN = "cooling_off_known"
    PAYING_PERIOD_KNOWN = "paying_period_known"
    SALE_RECORDED = "sale_recorded"
    RECORDED_STATEMENTS_TRUE = "recorded_statements_true"


SEVEN = (
    Confirmation.IDENTITY,
    Confirmation.SIGNED_PERSONALLY,
    Confirmation.READ_AND_UNDERSTOOD,
    Confirmation.COVER_KNOWN,
    Confirmation.SURRENDER_LOSS_KNOWN,
    Confirmation.COOLING_OFF_KNOWN,
    Confirmation.PAYING_PERIOD_KNOWN,
)
"""In the order of C-6: SEVEN[n - 1] is C-6(n)."""
RECORDED_SALE = (Confirmation.SALE_RECORDED, Confirmation.RECORDED_STATEMENTS_TRUE)
"""Asked besides where the sale had to be recorded: C-7(1), C-7(2)."""
IDENTITY = Confirmation.IDENTITY
