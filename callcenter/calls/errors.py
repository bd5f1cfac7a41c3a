"""Why something cannot be done with a call."""

from callcenter.errors import AwayError, ConflictError, ForbiddenError, InvalidError


class CallIsOverError(ConflictError):
    """The call has ended."""

    code = "call_is_over"


class NotOnCallError(ForbiddenError):
    """The actor's telephone is not part of the call, and he supervises nobody."""

    code = "not_on_call"


class NobodyTalksError(ConflictError):
    """No agent talks with the customer now."""

    code = "nobody_talks"


class AlreadyMutedError(ConflictError):
    """The recording is muted already, or is not."""

    code = "mute_state"


class HoldAtPhoneError(ConflictError):
    """The telephone did not follow; hold with its own key."""

    code = "hold_at_phone"


class NoTelephoneError(ConflictError):
    """The actor has no telephone, or it does not answer the switch."""

    code = "phone_unreachable"


class BadTargetError(InvalidError):
    """Neither an extension, nor a queue, nor a telephone number."""

    code = "bad_target"


class SwitchRefusedError(ConflictError):
    """Asterisk refused; most often the call has moved on in this moment."""

    code = "switch_refused"


class SwitchAwayError(AwayError):
    """Asterisk cannot be reached; calls under way go on by themselves."""

    code = "switch_away"
