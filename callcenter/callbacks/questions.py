"""The questions of a callback, as data with versions (C-6, C-7). Must never change a version that was ever asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tickets.errors import Words


class Answer(StrEnum):
    """What the customer said."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to be confirmed; `rule` is where the duty to ask comes from."""

    code: str
    words: Words
    rule: str
    may_not_apply: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """A version of the questionnaire. `recorded_sale` holds what is asked only where the sale was recorded (C-7)."""

    version: str
    questions: tuple[Question, ...]
    recorded_sale: tuple[Question, ...]

    def asked(self, *, sale_recorded: bool) -> tuple[Question, ...]:
        """What is asked of one policyholder, in order; the first is who speaks (C-5)."""
        return self.questions + (self.recorded_sale if sale_recorded else ())


SEVEN = (
    Question(
        "identity",
        Words(
            "请问您是投保人本人吗？请您说出完整的出生日期。",
            "Are you the policyholder? Please tell me your full date of birth.",
        ),
        "C-6(1)",
    ),
    Question(
        "signed_personally",
        Words(
            "您购买了本产品，投保单是由您和被保险人亲笔签名的吗？",
            "You bought this product: did you and the insured sign the application personally?",
        ),
        "C-6(2)",
    ),
    Question(
        "read_and_understood",
        Words(
            "您阅读并理解了产品说明书和投保提示的内容吗？",
            "Have you read and understood the product booklet and the application reminder?",
        ),
        "C-6(3)",
    ),
    Question(
        "cover_known",
        Words(
            "您知道保险责任、责任免除和保险期间吗？",
            "Do you know what is covered, what is excluded and for how long?",
        ),
        "C-6(4)",
    ),
    Question(
        "surrender_loss_known",
        Words("您知道退保可能会有损失吗？", "Do you know that surrendering the policy may mean a loss?"),
        "C-6(5)",
    ),
    Question(
        "cooling_off_known",
        Words(
            "您知道犹豫期的起算时间、期间以及享有的权利吗？",
            "Do you know when the cooling-off period starts, how long it is and what you may do in it?",
        ),
        "C-6(6)",
    ),
    Question(
        "paying_period_known",
        Words("您知道交费期间和交费频率吗？", "Do you know for how long and how often you pay?"),
        "C-6(7)",
        may_not_apply=True,
    ),
)

RECORDED_SALE = (
    Question(
        "sale_recorded",
        Words("销售过程是否进行了录音录像？", "Was the sale recorded in sound and picture?"),
        "C-7(1)",
    ),
    Question(
        "recorded_statements_true",
        Words("录音录像中的陈述是您的真实意思表示吗？", "Were your statements in that recording your true will?"),
        "C-7(2)",
    ),
)

SCRIPTS: Mapping[str, Script] = {"2010-4.1": Script("2010-4.1", SEVEN, RECORDED_SALE)}
"""By version. The first is of the Basic Service Rules for Life Insurance (2010 No. 4, art. 15)."""

CURRENT = "2010-4.1"
IDENTITY = SEVEN[0].code
