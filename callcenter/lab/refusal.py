"""What stops the lab from starting. Each is told in one sentence that says what to do."""


class NotStartedError(Exception):
    """A part did not start; the text says which, why, and what to do."""


class NoAsteriskError(NotStartedError):
    """Asterisk cannot be had on this machine; the text says why and what to do."""
