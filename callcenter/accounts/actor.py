"""Whoever acts: a person with a session, or an integrator's token. Must never carry a secret."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from callcenter.accounts.permissions import Permission, Role
from tickets.categories import Department


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who asks, with what the roles and scopes allow and the subtree of organisations they allow it in."""

    kind: Literal["user", "token", "nobody"]
    id: UUID
    login: str
    name: str
    roles: frozenset[Role]
    permissions: frozenset[Permission]
    organisation_id: str
    path: str
    """Path of the own organisation, like `hq/gd/gd-gz/`; what lies below starts with it (`LIKE path || '%'`)."""
    extension: str | None = None
    phone: Literal["web", "desk"] = "desk"
    session_id: UUID | None = None
    by_cookie: bool = False
    department: Department | None = None

    @property
    def audit_name(self) -> str:
        """The name in the audit and the access log: `user:<id>`, `token:<id>` or `nobody`."""
        if self.kind == "nobody":
            return "nobody"
        return f"{self.kind}:{self.id}"

    def may(self, permission: Permission) -> bool:
        """True when one of the roles, or the token's scopes, allow it."""
        return permission in self.permissions

    def sees(self, path: str) -> bool:
        """True when the organisation at `path` lies in the actor's subtree."""
        return path.startswith(self.path)


NOBODY = Actor(
    kind="nobody",
    id=UUID(int=0),
    login="",
    name="",
    roles=frozenset(),
    permissions=frozenset(),
    organisation_id="",
    path="(nowhere)",
)
"""Who asks on routes that need no log-in: may nothing, sees nothing."""
