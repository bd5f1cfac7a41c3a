"""Why a file is not taken or not given, each with a stable code. Must never tell where a file lies."""

from callcenter.errors import ApplicationError, AwayError, ConflictError, ForbiddenError, InvalidError


class TypeRefusedError(ApplicationError):
    """By its content the file is of a kind that is not taken, or not whole."""

    code = "attachment_type"


class EmptyError(InvalidError):
    """The file has no bytes."""

    code = "attachment_empty"


class TooManyError(ConflictError):
    """The ticket has as many files as a ticket may."""

    code = "attachment_too_many"


class WithdrawnError(ConflictError):
    """The file was withdrawn: only auditors may still read it."""

    code = "attachment_withdrawn"


class DamagedError(ConflictError):
    """What is on disk is not what was stored; nothing of it is given."""

    code = "attachment_damaged"


class NotYoursToReadError(ForbiddenError):
    """The reader may know of the file, but not see what it shows of somebody (E-16)."""

    code = "attachment_not_yours"


class StoreFullError(AwayError):
    """There is no room for another file; nothing was stored."""

    code = "attachment_store_full"


class StoreAwayError(AwayError):
    """The disk refuses; nothing was stored, or nothing can be read now."""

    code = "attachment_store_unavailable"
