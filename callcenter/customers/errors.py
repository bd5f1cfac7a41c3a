"""What can go wrong about customers, each with a stable code. Must never carry personal data in its text."""

from collections.abc import Mapping
from typing import Final, Literal

from callcenter.errors import InvalidError, NotFoundError
from tickets.errors import Words

Reason = Literal["too_long", "empty", "damaged_by_a_spreadsheet", "not_digits", "no_such_form"]
REASONS: Final[Mapping[Reason, str]] = {
    "too_long": "过长",
    "empty": "为空",
    "damaged_by_a_spreadsheet": "已被电子表格改坏",
    "not_digits": "含有数字以外的字符",
    "no_such_form": "没有这种号码",
}


class NotANumberError(InvalidError, ValueError):
    """The text is no telephone number; `reason` says in which way."""

    code = "not_a_phone_number"

    def __init__(self, reason: Reason) -> None:
        super().__init__(Words(f"不是电话号码：{REASONS[reason]}", f"not a telephone number: {reason}"))
        self.reason = reason


class NoCriterionError(InvalidError):
    """A search without anything to search by."""

    code = "no_criterion"


class UnknownCustomerError(NotFoundError):
    """There is no such customer, or none in reach: the two are not told apart."""

    code = "customer_not_found"

    def __init__(self, customer_id: object) -> None:
        super().__init__("customer", customer_id)
