"""Why a recording is not played or proved now, each with a stable code. Must never tell where a file lies."""

from callcenter.errors import ApplicationError, AwayError, ConflictError, ForbiddenError, InvalidError
from tickets.errors import Words


class NotSealedError(ConflictError):
    """The recording is expected, or being sealed: come back later."""

    code = "recording_not_sealed"


class RecordingLostError(ConflictError):
    """There was no capture, or one that is no recording; an incident tells more."""

    code = "recording_lost"


class NotYoursToHearError(ForbiddenError):
    """The reader may know of the recording, but it is of no case or call of theirs (E-11)."""

    code = "recording_not_yours"


class TicketNotOfRecordingError(InvalidError):
    """The ticket it is said to be heard for is not one it hangs on."""

    code = "ticket_not_of_recording"


class FormatError(InvalidError):
    """This site cannot give that format."""

    code = "format_unavailable"


class RangeError(ApplicationError):
    """None of the bytes asked for are there; `headers` say how many there are."""

    code = "range_not_satisfiable"

    def __init__(self, size: int) -> None:
        super().__init__(Words(f"共有{size}字节", f"there are {size} bytes"))
        self.headers = {"Content-Range": f"bytes */{size}"}


class ArchiveAwayError(AwayError):
    """The archive's disk cannot be read now."""

    code = "archive_unavailable"


class AccessLogError(AwayError):
    """The attempt could not be logged: nothing is played (fail closed, F61)."""

    code = "access_log_unavailable"


class DamagedError(ConflictError):
    """What is on disk is not what was sealed; nothing of it is played."""

    code = "recording_damaged"
