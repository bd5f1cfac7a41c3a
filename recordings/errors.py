"""What can go wrong in the archive, each with a stable code.

Never catches, logs or retries anything: these are only names.
"""

from __future__ import annotations


class RecordingsError(Exception):
    """Root of the archive's errors; ``code`` is stable and may be shown to integrators."""

    code = "recording-error"


class ArchiveRefusedError(RecordingsError):
    """The archive may not be written to now: wrong disk, two file systems, no space (protocol step 0)."""

    code = "archive-refused"


class ArchiveBusyError(ArchiveRefusedError):
    """Another archiver holds the archive; nothing is wrong, come back later."""

    code = "archive-busy"


class ArchiveFullError(ArchiveRefusedError):
    """Free space is under the watermark, or a write met a full disk; the source is kept."""

    code = "archive-full"


class ClockUnsoundError(ArchiveRefusedError):
    """This machine's time cannot be believed; nothing is sealed under it, the sources wait (protocol step 0)."""

    code = "clock-unsound"


class VolumeSuspectError(RecordingsError):
    """A write or fsync failed. That file must never be synced again: restage from the source."""

    code = "volume-suspect"


class AlreadyThereError(RecordingsError):
    """Something else stands where a file or object was to be published; nothing was overwritten."""

    code = "already-there"


class ObjectMissingError(RecordingsError):
    """The archive root holds no such object or version."""

    code = "object-missing"


class ObjectDamagedError(RecordingsError):
    """An object differs from its inventory, or the inventory from its sidecar."""

    code = "object-damaged"


class UnknownFormatError(RecordingsError):
    """A root or object declares a version of OCFL this program does not know: read-only for us (R22)."""

    code = "unknown-format"


class SourceChangedError(RecordingsError):
    """A capture file changed, was replaced or is still being written while it was read (R15, R16)."""

    code = "source-changed"


class SourceRefusedError(RecordingsError):
    """A capture file is not a plain file of ours: link, device, FIFO, odd name, unreadable (R11 to R13)."""

    code = "source-refused"


class SourceQuarantinedError(RecordingsError):
    """A capture file holds something other than the audio its name promises (R5); no decoder touches it."""

    code = "source-quarantined"


class EncodingMismatchError(RecordingsError):
    """What was read back from the encoded master is not what was captured (protocol step 5)."""

    code = "encoding-mismatch"


class NotExportableError(RecordingsError):
    """An object cannot be handed over: damaged, not under the signed head yet, or a second person is missing."""

    code = "not-exportable"


class LogDamagedError(RecordingsError):
    """The Merkle log on disk contradicts its own tree state or an earlier checkpoint."""

    code = "log-damaged"


class LeafTooLargeError(RecordingsError):
    """A log leaf is longer than the 65 535 bytes that tlog-tiles allows."""

    code = "leaf-too-large"


class RangeNotSatisfiableError(RecordingsError):
    """No requested byte lies inside the representation (HTTP 416)."""

    code = "range-not-satisfiable"


class EncoderMissingError(RecordingsError):
    """The audio library on this machine cannot write the wanted format."""

    code = "encoder-missing"
