"""Refusals that every part of the application shares. Must never carry personal data in its text."""

from typing import ClassVar, Final

UNUSABLE: Final = 2
"""Exit status: the settings, the machine or the database must be changed first; the text says how."""


class ApplicationError(Exception):
    """A request was understood and cannot be done; `code` is stable, the text is for people."""

    code: ClassVar[str] = "refused"


class CannotStartError(Exception):
    """A process cannot start; the text says why, and what to do."""


class NotFoundError(ApplicationError):
    """There is no such object, or none that the actor may know of: the two must look alike (H2)."""

    code = "not_found"

    def __init__(self, kind: str, object_id: object) -> None:
        super().__init__(f"no {kind} {object_id}")
        self.kind = kind
        self.object_id = str(object_id)


class ForbiddenError(ApplicationError):
    """The actor may know of the object, but may not do this."""

    code = "forbidden"


class ConflictError(ApplicationError):
    """The object's present state does not allow this."""

    code = "conflict"


class StaleVersionError(ConflictError):
    """Somebody changed the object since the actor read it: read again, then decide."""

    code = "stale_version"


class AwayError(ApplicationError):
    """A part that this needs (Asterisk, a queue, a disk) is away: nothing was done, try again later."""

    code = "unavailable"


class InvalidError(ApplicationError):
    """The request is well formed, but what it says cannot be."""

    code = "invalid"
