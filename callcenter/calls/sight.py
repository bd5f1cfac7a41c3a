"""Who may know of a call, as one condition in SQL. Must never be decided anywhere else.

Headquarters knows all. A call belongs to the organisations of those who talked on it, and to whoever's telephone it
rang; a callback and a click also to the organisation of the one who asked for it. A caller nobody has taken yet is
known to everybody who may answer; one nobody took at all, to supervisors of whatever organisation.
"""

from dataclasses import dataclass
from uuid import UUID

from callcenter.accounts.permissions import Permission


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks: the subtree of organisations at `path`, the person, and what he may do with calls."""

    path: str
    user_id: UUID | None = None
    answers: bool = False
    supervises: bool = False

    @property
    def values(self) -> tuple[str, UUID | None, bool, bool]:
        """The first four parameters of a statement built with SEEN; an empty path is the whole company."""
        return "" if self.sees_all else self.path, self.user_id, self.answers, self.supervises

    @property
    def sees_all(self) -> bool:
        """Whether it is headquarters that looks."""
        return self.path.count("/") <= 1


ALL = Eyes("")
"""Who sees every call: a part of the system."""


def eyes(path: str | None, user_id: UUID | None, permissions: frozenset[str]) -> Eyes:
    """The eyes of an actor; no path is a part of the system."""
    if path is None:
        return ALL
    return Eyes(path, user_id, Permission.CALL_HANDLE in permissions, Permission.CALL_SUPERVISE in permissions)


BELOW = """
SELECT u.id FROM app_user u JOIN organisation o ON o.id = u.organisation_id
WHERE o.path LIKE $1 || '%' OR u.id = $2::uuid"""

TALKED = """(c.user_id = $2 OR EXISTS (
    SELECT FROM call_leg g WHERE g.call_id = c.id AND g.user_id = $2 AND g.answered_at IS NOT NULL))"""
"""Whether the person $2 talked on the call `c`, before or after a transfer."""

NOBODYS = "(c.user_id IS NULL AND c.direction = 'inbound')"
FIRST_LEG = "(left(c.id::text, 13) || '-0000-0000-000000000000')::uuid"
LAST_LEG = "(left(c.id::text, 13) || '-ffff-ffff-ffffffffffff')::uuid"
"""A leg's id is of its call's millisecond (`leg_id`), so that only one partition is looked into."""

SEEN = f"""($1::text = '' OR c.user_id IN ({BELOW})
    OR EXISTS (SELECT FROM call_leg g WHERE g.call_id = c.id AND g.id BETWEEN {FIRST_LEG} AND {LAST_LEG}
        AND (g.user_id = $2 OR (g.answered_at IS NOT NULL AND g.user_id IN ({BELOW}))))
    OR EXISTS (SELECT FROM callback_attempt a WHERE a.id = c.id AND a.user_id IN ({BELOW}))
    OR ({NOBODYS} AND CASE WHEN c.ended_at IS NULL THEN $3::boolean ELSE $4::boolean END))"""  # noqa: S608
"""Whether the call `c` may be known of: $1 … $4 are `Eyes.values`."""
