"""Who is on a living call: the customer, the agents, a supervisor; and whose hand acts. Pure."""

from dataclasses import dataclass
from uuid import UUID

from callcenter.calls.call import SERVING, Call, Leg
from callcenter.calls.facts import Role


@dataclass(frozen=True, slots=True)
class Hand:
    """Who acts, and with which telephone: the one he is logged in at, else his usual one.

    `supervises` allows it on others' calls of the subtree at `path`.
    """

    user_id: UUID
    path: str
    audit_name: str
    endpoint: str | None
    supervises: bool = False

    def holds(self, leg: Leg) -> bool:
        """Whether a leg is his: desk phone and browser of one extension are one person's."""
        return self.endpoint is not None and extension(leg.endpoint) == extension(self.endpoint)


@dataclass(frozen=True, slots=True)
class Talk:
    """A living call as the one who acts finds it."""

    call: Call
    customer: Leg
    agent: Leg


def extension(endpoint: str) -> str:
    """`8001` of `desk-8001`."""
    return endpoint.rpartition("-")[2]


def customer(call: Call) -> Leg | None:
    return next((leg for leg in call.legs.values() if leg.role is Role.CUSTOMER and leg.ended_at is None), None)


def own(call: Call, hand: Hand) -> Leg | None:
    """His living leg; one he talks on before one that rings."""
    legs = [leg for leg in call.legs.values() if leg.ended_at is None and leg.role in SERVING and hand.holds(leg)]
    return min(legs, key=lambda leg: (leg.answered_at is None, leg.started_at), default=None)


def listening(call: Call, hand: Hand) -> Leg | None:
    """The living leg by which a supervisor takes part."""
    legs = [leg for leg in call.legs.values() if leg.ended_at is None and leg.role is Role.SUPERVISOR]
    return next((leg for leg in legs if hand.holds(leg)), None)


def consulted(call: Call) -> bool:
    """Whether somebody is asked, or rung to be asked, beside the agent."""
    return any(leg.role is Role.CONSULT and leg.ended_at is None for leg in call.legs.values())


def talking(call: Call) -> Leg | None:
    """The agent who has talked longest."""
    legs = [leg for leg in call.legs.values() if leg.role in SERVING and leg.answered_at and not leg.ended_at]
    return min(legs, key=lambda leg: leg.answered_at or leg.started_at, default=None)
