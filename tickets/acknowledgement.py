"""How a customer is told that his complaint was received, and when that counts (R-4.4 … R-4.7, E-3, F-35).

What came as a letter or an e-mail is acknowledged by letter, e-mail or telephone; one by telephone counts only with
its recording, from the moment it stood in the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tickets.errors import MoveRefusedError, Words
from tickets.intake import Channel, NetworkKind
from tickets.lifecycle import Action, Guard, Standing, Step, refused


class Manner(StrEnum):
    """By what the receipt was confirmed with the customer."""

    LETTER = "letter"
    EMAIL = "email"
    PHONE = "phone"
    SMS = "sms"
    IN_PERSON = "in_person"
    ONLINE = "online"
    FAX = "fax"
    NOT_POSSIBLE = "not_possible"


class Worth(StrEnum):
    """What an acknowledgement is worth."""

    COMPLETE = "complete"
    AWAITS_RECORDING = "awaits_recording"
    INCOMPLETE = "incomplete"
    NOT_POSSIBLE = "not_possible"

    @property
    def counts(self) -> bool:
        """Whether the customer counts as told; a recording that is still to be sealed is taken to come."""
        return self in (Worth.COMPLETE, Worth.AWAITS_RECORDING)


class Capture(StrEnum):
    """What became of the recording of a call."""

    SEALED = "sealed"
    EXPECTED = "expected"
    LOST = "lost"


MANNER_WORDS: Mapping[Manner, Words] = {
    Manner.LETTER: Words("信函", "letter"),
    Manner.EMAIL: Words("电子邮件", "e-mail"),
    Manner.PHONE: Words("电话", "telephone"),
    Manner.SMS: Words("短信", "SMS"),
    Manner.IN_PERSON: Words("当面", "in person"),
    Manner.ONLINE: Words("网络", "web, app or WeChat"),
    Manner.FAX: Words("传真", "fax"),
    Manner.NOT_POSSIBLE: Words("无法确认", "not possible"),
}

WORTH_WORDS: Mapping[Worth, Words] = {
    Worth.COMPLETE: Words("已确认", "acknowledged"),
    Worth.AWAITS_RECORDING: Words("已确认，录音待归档", "acknowledged, recording to be sealed"),
    Worth.INCOMPLETE: Words("确认不完整，缺少录音", "incomplete: no recording"),
    Worth.NOT_POSSIBLE: Words("无法确认", "not possible"),
}

OF_WRITING = frozenset({Manner.LETTER, Manner.EMAIL, Manner.PHONE, Manner.NOT_POSSIBLE})
"""What R-4.4 knows for letters and e-mails."""

_BY_NAME = {
    name: means for means, words in MANNER_WORDS.items() for name in (means.value, words.zh, words.en.casefold())
}


def means_of(manner: str) -> Manner | None:
    """The means somebody named, by its code or its name in either language."""
    return _BY_NAME.get(manner.strip().casefold())


def in_writing(channel: Channel, kind: NetworkKind | None) -> bool:
    """Whether R-4.4 speaks of it: a letter or an e-mail, whoever forwarded it."""
    return channel is Channel.LETTER or (channel is Channel.NETWORK and kind is NetworkKind.EMAIL)


def state(means: Manner, *, written: bool, capture: Capture | None) -> Worth:
    """What it is worth now (R-4.5). `written`: of a letter or e-mail; `capture`: None without a call."""
    if means is Manner.NOT_POSSIBLE:
        return Worth.NOT_POSSIBLE
    if means is not Manner.PHONE or not written or capture is Capture.SEALED:
        return Worth.COMPLETE
    return Worth.AWAITS_RECORDING if capture is Capture.EXPECTED else Worth.INCOMPLETE


_WORTH = (Worth.COMPLETE, Worth.AWAITS_RECORDING, Worth.NOT_POSSIBLE, Worth.INCOMPLETE)


def best(states: frozenset[Worth]) -> Worth | None:
    """What a ticket's acknowledgements are worth together; None without any."""
    return next((each for each in _WORTH if each in states), None)


def _means_is_known(standing: Standing, step: Step) -> MoveRefusedError | None:
    if means_of(step.manner) is not None:
        return None
    return refused(
        standing,
        step,
        "确认方式须为：" + "、".join(words.zh for words in MANNER_WORDS.values()),
        "the manner is one of: " + ", ".join(words.en for words in MANNER_WORDS.values()),
        "R-4.4",
        "R-4.6",
        manners=[each.value for each in Manner],
    )


def _writing_is_answered_as_the_measures_say(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.came_in_writing or means_of(step.manner) in OF_WRITING:
        return None
    return refused(
        standing,
        step,
        "来函、电子邮件投诉须以来函确认书、电子邮件回复书或电话确认",
        "a letter or e-mail is acknowledged by letter, by e-mail or by telephone",
        "R-4.4",
    )


def _nobody_can_be_told(standing: Standing, step: Step) -> MoveRefusedError | None:
    if means_of(step.manner) is not Manner.NOT_POSSIBLE or not standing.reachable:
        return None
    return refused(
        standing,
        step,
        "投诉人留有姓名或电话，须向其确认受理",
        "the complainant left a name or a telephone and must be told",
        "F-35",
        "R-4.6",
    )


def _a_call_is_a_telephone_call(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.call_id is None or means_of(step.manner) is Manner.PHONE:
        return None
    return refused(
        standing, step, "只有电话确认才关联通话", "only an acknowledgement by telephone names its call", "R-4.5"
    )


GUARDS: Mapping[Action, tuple[Guard, ...]] = {
    Action.ACKNOWLEDGE: (
        _means_is_known,
        _writing_is_answered_as_the_measures_say,
        _nobody_can_be_told,
        _a_call_is_a_telephone_call,
    ),
}
