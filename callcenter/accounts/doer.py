"""Who acts on accounts, posts and organisations, and how far. Must never be somebody without a name in the audit."""

from dataclasses import dataclass
from uuid import UUID

from callcenter.accounts.actor import Actor


@dataclass(frozen=True, slots=True)
class Doer:
    """Who acts and from where; `system:cli` acts everywhere."""

    name: str
    path: str
    address: str | None = None
    user_id: UUID | None = None

    @classmethod
    def of(cls, actor: Actor, address: str) -> "Doer":
        """The actor of a request."""
        return cls(actor.audit_name, actor.path, address, actor.id if actor.kind == "user" else None)


COMMAND_LINE = Doer("system:cli", "")
