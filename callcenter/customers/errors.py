"""What can go wrong about customers, each with a stable code. Must never carry personal data in its text."""

from uuid import UUID


class CustomerError(Exception):
    """The root of this tree."""

    code = "customer_error"


class NotANumberError(CustomerError, ValueError):
    """The text is no telephone number; `reason` says in which way."""

    code = "not_a_phone_number"

    def __init__(self, reason: str) -> None:
        super().__init__(f"not a telephone number: {reason}")
        self.reason = reason


class NoCriterionError(CustomerError):
    """A search without anything to search by."""

    code = "no_criterion"


class UnknownCustomerError(CustomerError):
    """There is no such customer, or not for this user."""

    code = "unknown_customer"

    def __init__(self, customer_id: UUID) -> None:
        super().__init__(f"unknown customer {customer_id}")
        self.customer_id = customer_id
