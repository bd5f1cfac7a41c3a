"""What can go wrong about customers, each with a stable code. Must never carry personal data in its text."""

from callcenter.errors import InvalidError, NotFoundError


class NotANumberError(InvalidError, ValueError):
    """The text is no telephone number; `reason` says in which way."""

    code = "not_a_phone_number"

    def __init__(self, reason: str) -> None:
        super().__init__(f"not a telephone number: {reason}")
        self.reason = reason


class NoCriterionError(InvalidError):
    """A search without anything to search by."""

    code = "no_criterion"


class UnknownCustomerError(NotFoundError):
    """There is no such customer, or none in reach: the two are not told apart."""

    code = "customer_not_found"

    def __init__(self, customer_id: object) -> None:
        super().__init__("customer", customer_id)
