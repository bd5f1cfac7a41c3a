"""What something said on a callback is: a complaint that counts, or a finding that never does (T-1, T-2).

One pure function decides; its input and its verdict are plain values, so that both can be stored on the
ticket and decided again at any time with the same result.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from tickets.categories import Category
from tickets.deadlines import Gravity
from tickets.errors import Words
from tickets.intake import Channel, Nature, Source


class Subject(StrEnum):
    """What the customer speaks of."""

    FORGED_SIGNATURE = "forged_signature"
    MIS_SELLING = "mis_selling"
    UNTRUE_INFORMATION = "untrue_information"
    RISK_SENTENCE_COPIED = "risk_sentence_copied"
    PREMIUM_WITHHELD = "premium_withheld"
    OTHER_SALES_CONDUCT = "other_sales_conduct"
    CALLBACK_TAKEN_BY_ANOTHER = "callback_taken_by_another"
    DATA_ALTERED = "data_altered"
    CONTACT_DATA = "contact_data"
    POLICY_DATA = "policy_data"
    UNCLEAR_ANSWER = "unclear_answer"
    SERVICE = "service"
    CLAIM = "claim"
    PAYMENT = "payment"
    OTHER = "other"


GRAVE = frozenset(
    {
        Subject.MIS_SELLING,
        Subject.UNTRUE_INFORMATION,
        Subject.FORGED_SIGNATURE,
        Subject.RISK_SENTENCE_COPIED,
        Subject.CALLBACK_TAKEN_BY_ANOTHER,
        Subject.DATA_ALTERED,
    }
)
"""The known grave kinds of finding (C-26)."""
SALES_CONDUCT = GRAVE | {Subject.PREMIUM_WITHHELD, Subject.OTHER_SALES_CONDUCT}
MISLED = frozenset({Subject.MIS_SELLING, Subject.UNTRUE_INFORMATION, Subject.RISK_SENTENCE_COPIED})
"""The customer was misled about what they bought (C-15)."""
DATA_ERRORS = frozenset({Subject.CONTACT_DATA, Subject.POLICY_DATA})
CATEGORY_BY_SUBJECT = {
    **dict.fromkeys(SALES_CONDUCT, Category.SOLICITATION),
    Subject.CONTACT_DATA: Category.MAINTENANCE,
    Subject.POLICY_DATA: Category.UNDERWRITING,
    Subject.SERVICE: Category.SALES_SERVICE,
    Subject.CLAIM: Category.CLAIMS,
    Subject.PAYMENT: Category.PAYMENT,
}


class Intention(StrEnum):
    """The agent's mandatory answer to "does the customer clearly want to complain?" (F-13)."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


class Respondent(StrEnum):
    """Who speaks on the callback (C-5, R-1.1)."""

    POLICYHOLDER = "policyholder"
    INSURED = "insured"
    AUTHORISED = "authorised"
    SOMEONE_ELSE = "someone_else"

    @property
    def may_complain(self) -> bool:
        """Whether the person is a customer or authorised by one (R-1.1)."""
        return self is not Respondent.SOMEONE_ELSE


@dataclass(frozen=True, slots=True)
class Heard:
    """The inputs of the decision, as the callback agent states them."""

    subject: Subject
    intention: Intention
    respondent: Respondent

    @property
    def is_authorised(self) -> bool:
        """Whether somebody speaks whom the customer authorised (R-1.1)."""
        return self.respondent is Respondent.AUTHORISED

    def as_json(self) -> dict[str, str]:
        """The inputs as stored on the ticket."""
        return {
            "subject": self.subject.value,
            "intention": self.intention.value,
            "respondent": self.respondent.value,
        }

    @classmethod
    def of_json(cls, stored: dict[str, str]) -> Self:
        """The inputs back from a ticket; raises KeyError or ValueError when they are none."""
        return cls(Subject(stored["subject"]), Intention(stored["intention"]), Respondent(stored["respondent"]))


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the verdict is so: one rule and what it says here."""

    rule: str
    words: Words


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the ticket is, and why. `gravity` chooses a finding's limit; None for a complaint."""

    nature: Nature
    channel: Channel
    source: Source
    category: Category
    gravity: Gravity | None
    reasons: tuple[Reason, ...]

    @property
    def counts(self) -> bool:
        """Whether complaint figures take it in."""
        return self.nature is Nature.COMPLAINT

    def as_json(self) -> dict[str, object]:
        """The verdict as stored on the ticket."""
        return {
            "nature": self.nature.value,
            "channel": self.channel.value,
            "source": self.source.value,
            "category": self.category.value,
            "gravity": self.gravity.value if self.gravity else None,
            "counts": self.counts,
            "reasons": [{"rule": r.rule, "zh": r.words.zh, "en": r.words.en} for r in self.reasons],
        }


def classify(heard: Heard) -> Verdict:
    """Decide what a problem voiced on a callback is (R-2.2 … R-2.5, F-12, F-13, R-1.1)."""
    category = CATEGORY_BY_SUBJECT.get(heard.subject, Category.OTHER)
    clear = heard.intention is Intention.YES
    if clear and heard.respondent.may_complain:
        return Verdict(
            Nature.COMPLAINT,
            Channel.PHONE_INBOUND,
            Source.CALLBACK,
            category,
            None,
            (_why_complaint(heard.subject), _CHANNEL_INBOUND),
        )
    gravity = Gravity.DATA_FINDING if heard.subject in DATA_ERRORS else Gravity.GRAVE_FINDING
    return Verdict(
        Nature.CALLBACK_FINDING,
        Channel.PHONE_OUTBOUND,
        Source.CALLBACK,
        category,
        gravity,
        (_why_finding(heard), _CHANNEL_OUTBOUND, _SAME_STAGES, _NOT_COUNTED, _LIMIT[gravity]),
    )


def _why_complaint(subject: Subject) -> Reason:
    if subject in SALES_CONDUCT:
        return Reason(
            "R-2.2",
            Words(
                "回访中客户对销售行为有明确投诉意向",
                "the customer clearly wants to complain about sales conduct on a callback",
            ),
        )
    return Reason(
        "F-12",
        Words(
            "回访中客户就其他事项有明确投诉意向,同样按投诉受理",
            "the customer clearly wants to complain about something else; that is a complaint as well",
        ),
    )


def _why_finding(heard: Heard) -> Reason:
    if heard.intention is Intention.YES:
        return Reason(
            "R-1.1",
            Words(
                "接听人既非客户也未受客户委托,不能作为投诉人",
                "the speaker is neither a customer nor authorised by one, so cannot be the complainant",
            ),
        )
    if heard.intention is Intention.UNCLEAR:
        return Reason(
            "F-13",
            Words("投诉意向不明确,视为没有", "the intention to complain is unclear, which counts as none"),
        )
    return Reason("R-2.3", Words("客户没有投诉意向", "the customer does not want to complain"))


_CHANNEL_INBOUND = Reason(
    "D-7",
    Words("渠道记为电话呼入,来源为回访,计入投诉件", "channel phone inbound, source callback, counted"),
)
_CHANNEL_OUTBOUND = Reason("R-2.3", Words("问题件,渠道记为电话呼出", "a finding, recorded with channel phone outbound"))
_SAME_STAGES = Reason(
    "R-2.4", Words("按投诉的各环节和时限处理", "goes through the stages of a complaint under time limits")
)
_NOT_COUNTED = Reason("R-2.5", Words("不作为投诉件考核和分析", "not counted in complaint assessment or analysis"))
_LIMIT = {
    Gravity.GRAVE_FINDING: Reason(
        "L-31",
        Words(
            "自发现之日起15个工作日内由销售人员以外的人员解决",
            "to be solved within 15 working days of discovery by someone other than sales staff",
        ),
    ),
    Gravity.DATA_FINDING: Reason(
        "L-32", Words("数据类问题5个工作日内解决", "a data error is to be solved within 5 working days")
    ),
}
