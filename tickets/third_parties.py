"""Third parties that sell or serve for the company: they cooperate on complaints, and how well is scored (N-3).

The scores are what admission and exit are decided by. Must never save or send.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from tickets.errors import ThirdPartyRefusedError, Words

HUNDREDTH = Decimal("0.01")


class ThirdPartyKind(StrEnum):
    """What it does for the company."""

    BANK = "bank"
    AGENCY = "agency"
    BROKER = "broker"
    PLATFORM = "platform"
    SERVICE = "service"


class Admission(StrEnum):
    """Whether business goes on with it."""

    ADMITTED = "admitted"
    WARNED = "warned"
    ENDED = "ended"


THIRD_PARTY_WORDS: Mapping[ThirdPartyKind, Words] = {
    ThirdPartyKind.BANK: Words("银行", "bank"),
    ThirdPartyKind.AGENCY: Words("代理机构", "agency"),
    ThirdPartyKind.BROKER: Words("经纪机构", "broker"),
    ThirdPartyKind.PLATFORM: Words("互联网平台", "internet platform"),
    ThirdPartyKind.SERVICE: Words("服务外包机构", "service provider"),
}
ADMISSION_WORDS: Mapping[Admission, Words] = {
    Admission.ADMITTED: Words("准入", "admitted"),
    Admission.WARNED: Words("预警", "warned"),
    Admission.ENDED: Words("退出", "ended"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to a third party: until when, and what came of it."""

    due: date
    answered: date | None = None
    score: int | None = None

    def late(self, today: date) -> bool:
        """Whether the answer came, or still stays out, after its last day."""
        return (self.answered or today) > self.due


@dataclass(frozen=True, slots=True)
class Cooperation:
    """How a third party cooperated: requests, those answered, those late, the mean of its scores."""

    asked: int
    answered: int
    late: int
    mean: Decimal | None


def cooperation(requests: Iterable[Asked], today: date) -> Cooperation:
    """Summed up over its requests; the mean half up to two places (F-65)."""
    found = list(requests)
    scores = [Decimal(each.score) for each in found if each.score is not None]
    mean = (sum(scores, Decimal()) / len(scores)).quantize(HUNDREDTH, ROUND_HALF_UP) if scores else None
    return Cooperation(
        asked=len(found),
        answered=sum(each.answered is not None for each in found),
        late=sum(each.late(today) for each in found),
        mean=mean,
    )


def check_request(admission: Admission, due: date, today: date) -> None:
    """Refuse a request to one that business has ended with, or due in the past. Raises ThirdPartyRefusedError."""
    if admission is Admission.ENDED:
        words = Words("该机构已退出合作", "business with this third party has ended")
        raise ThirdPartyRefusedError(words, rules=("N-3",))
    if due < today:
        words = Words("配合期限不能早于当日", "the day to cooperate by is not in the past")
        raise ThirdPartyRefusedError(words, rules=("N-3",))


def check_score(asked: Asked, answered: date | None, today: date) -> None:
    """A request is scored once: when the answer came, or its day is over without one. Raises ThirdPartyRefusedError."""
    if asked.score is not None:
        words = Words("该次配合已评分", "it was scored before")
        raise ThirdPartyRefusedError(words, rules=("N-3",))
    if answered is None and today <= asked.due:
        words = Words("期限内未答复的,期满后评分", "without an answer it is scored once its day is over")
        raise ThirdPartyRefusedError(words, rules=("N-3",))
    if answered is not None and answered > today:
        words = Words("答复日期不能晚于当日", "the answer did not come in the future")
        raise ThirdPartyRefusedError(words, rules=("N-3",))


def check_admission(before: Admission, after: Admission, reason: str) -> None:
    """Whether business goes on is changed with a reason. Raises ThirdPartyRefusedError."""
    if before is after or not reason.strip():
        words = Words("变更准入状态须说明理由", "another admission needs its reason")
        raise ThirdPartyRefusedError(words, rules=("N-3",), admission=before.value)
