"""What a script tells a customer of their policy and a list leaves out (C20 of the bad inputs). Values only.

It is found before anybody is dialled: an agent should not have to read out that a premium is as the policy states.
"""

from collections.abc import Mapping
from typing import Final

from callcenter.callbacks import wording
from callcenter.callbacks.script import Condition, Script
from callcenter.callbacks.store import Task
from callcenter.callbacks.wording import Value
from callcenter.customers.customer import Policy
from callcenter.importing.fields import Field

OF_POLICY: Final[Mapping[Value, Field]] = {
    Value.PREMIUM: Field.PREMIUM,
    Value.PAYING_YEARS: Field.PAYING_YEARS,
    Value.INSURED: Field.INSURED_NAME,
    Value.SALESPERSON: Field.SALESPERSON,
    Value.ISSUED_ON: Field.ISSUED_ON,
    Value.RECEIVED_ON: Field.RECEIVED_ON,
    Value.COOLING_OFF_ENDS_ON: Field.RECEIVED_ON,
    Value.PREMIUM_DUE_ON: Field.PREMIUM_DUE_ON,
}
"""Values a policy may be without → the column that gives them."""


class Scripts:
    """The scripts of one campaign; remembers what each tells customers of whom the same holds."""

    def __init__(self, scripts: Mapping[str, Script]) -> None:
        self._scripts = scripts
        self._told: dict[tuple[str, frozenset[Condition]], tuple[Field, ...]] = {}

    def lacking(self, task: Task, policy: Policy) -> tuple[Field, ...]:
        """What the task's script will want and the policy does not have."""
        if task.script_version is None:
            return ()
        return tuple(field for field in self._wanted(task.script_version, task.held) if not _has(policy, field))

    def _wanted(self, version: str, held: frozenset[Condition]) -> tuple[Field, ...]:
        if (version, held) not in self._told:
            steps = self._scripts[version].way(held, {}).steps
            names = set().union(*(wording.named(step.words) for step in steps))
            self._told[version, held] = tuple(
                dict.fromkeys(field for value, field in OF_POLICY.items() if value.value in names)
            )
        return self._told[version, held]


def _has(policy: Policy, field: Field) -> bool:
    return getattr(policy, field.value) is not None
