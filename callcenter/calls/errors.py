"""Why something cannot be done with a call."""

from callcenter.errors import AwayError, ConflictError, ForbiddenError, InvalidError


class CallIsOverError(ConflictError):
    """The call has ended."""

    code = "call_is_over"


class NotOnCallError(ForbiddenError):
    """The actor's telephone is not part of the call, and he supervises nobody."""

    code = "not_on_call"


class CustomerFixedError(ConflictError):
    """Who is rung was known before the call was made."""

    code = "call_customer_fixed"


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


class TargetBusyError(ConflictError):
    """The colleague's telephone is in use."""

    code = "target_busy"


class NoConsultationError(ConflictError):
    """Nobody is being consulted, so nobody could take the customer."""

    code = "no_consultation"


class InConferenceError(ConflictError):
    """Not possible in a conference; invite whom you want to consult."""

    code = "in_conference"


class BadTargetError(InvalidError):
    """Nobody and nothing a call may go to in this way."""

    code = "bad_target"


class SwitchRefusedError(ConflictError):
    """Asterisk refused; most often the call has moved on in this moment."""

    code = "switch_refused"


class SwitchUnansweredError(AwayError):
    """Asterisk was asked and did not answer: it may or may not have done it."""

    code = "switch_unanswered"


class SwitchAwayError(AwayError):
    """Asterisk cannot be reached; calls under way go on by themselves."""

    code = "switch_away"
