"""Numbers that no list may make us ring (C5 of the bad inputs). Must never touch a number's digits.

The numbers come in the one form of `customers.phone`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tickets.errors import Words


class Blocked(StrEnum):
    """Why a number is not rung."""

    EMERGENCY = "emergency"
    SERVICE = "service"
    PREMIUM_RATE = "premium_rate"
    OWN = "own"
    ABROAD = "abroad"


WORDS: Final = {
    Blocked.EMERGENCY: Words("紧急号码", "an emergency number"),
    Blocked.SERVICE: Words("服务号码或短号码，不是客户号码", "a service or short number, not a customer's"),
    Blocked.PREMIUM_RATE: Words("声讯收费号码", "a premium-rate number"),
    Blocked.OWN: Words("本公司号码", "a number of our own"),
    Blocked.ABROAD: Words("境外号码，不在允许的国家和地区之内", "a number of a country that is not rung"),
}

EMERGENCY: Final = frozenset({"110", "119", "120", "122", "112", "911", "999", "12110", "12395"})
HOTLINE: Final = "95519"
_SUBSCRIBER = re.compile(r"0(?:10|2\d|[3-9]\d{2})(\d{7,8})")
_PREMIUM_ABROAD = re.compile(r"\+(?:1900|852900|88620[34]|979|8835|44(?:9|871|70)|61190)")
_MOBILE = re.compile(r"1[3-9]\d{9}")


@dataclass(frozen=True, slots=True)
class Rules:
    """`own`: our numbers, in whatever way they are dialled; `countries`: prefixes that are rung, without the plus."""

    own: frozenset[str] = field(default_factory=frozenset)
    countries: tuple[str, ...] = ("852", "853", "886")

    @classmethod
    def of(cls, own: Iterable[str], countries: Iterable[str] = ("852", "853", "886")) -> "Rules":
        """Our own numbers, as the settings write them."""
        return cls(frozenset({HOTLINE, *own}), tuple(countries))


def why(number: str, rules: Rules) -> Blocked | None:
    """Why the number may not stand in a list; None for a mobile or a fixed line of a customer."""
    if number in EMERGENCY:
        return Blocked.EMERGENCY
    if number in rules.own:
        return Blocked.OWN
    if number.startswith("+"):
        if _PREMIUM_ABROAD.match(number):
            return Blocked.PREMIUM_RATE
        return None if number[1:].startswith(rules.countries) else Blocked.ABROAD
    if _MOBILE.fullmatch(number):
        return None
    fixed = _SUBSCRIBER.fullmatch(number)
    if fixed is None:
        return Blocked.SERVICE
    if fixed[1].startswith(("16", "9616", "9618")):
        return Blocked.PREMIUM_RATE
    return Blocked.SERVICE if fixed[1].startswith(("1", "9")) else None
