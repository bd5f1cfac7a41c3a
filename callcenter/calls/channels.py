"""What the name and place of a channel say of it. Pure; the names are those of the shipped Asterisk configuration."""

import re

from agi import names
from callcenter.calls.call import Call
from callcenter.calls.facts import Role
from callcenter.ids import NotACallIdError, call_id

TRUNK = "PJSIP/trunk-"
PHONES = ("PJSIP/desk-", "PJSIP/web-")
SUPERVISOR = "sv-"
"""How the ids of channels begin that we ring for listening, whispering and barging in."""
INVITED = "cf-"
"""How the ids of channels begin that we ring for a conference."""

MAX_NUMBER = 40
NOT_OF_A_NUMBER = re.compile(r"[^+0-9A-Za-z*#]")
DIGIT = re.compile(r"[0-9]")
MAX_NAME = 80


def is_trunk(name: str) -> bool:
    return name.startswith(TRUNK) and not name.endswith("<ZOMBIE>")


def is_phone(name: str) -> bool:
    return name.startswith(PHONES) and not name.endswith("<ZOMBIE>")


def is_leg(name: str) -> bool:
    """Whether a channel is somebody's voice, not a part of the switch's own plumbing."""
    return is_trunk(name) or is_phone(name)


def is_rung_in(channel: str) -> bool:
    """Whether we rang somebody into a call that was there already: without its customer he has nothing to do."""
    return channel.startswith((SUPERVISOR, INVITED))


def begins_call(channel: str, name: str, context: str) -> bool:
    """Whether a new channel is a call of a customer: it came in by the trunk, or we dialled it under an id of ours."""
    return is_leg(name) and (channel.startswith(("cb-", "ck-")) or (is_trunk(name) and context == names.CONTEXT_IN))


def is_call_name(text: str) -> bool:
    """Whether the text could be a CC_CALL."""
    try:
        call_id(text)
    except NotACallIdError:
        return False
    return len(text) <= MAX_NAME


def role(call: Call | None, channel: str, name: str) -> Role:
    """Whose leg it is: the first on the trunk is the customer's; a phone rung beside an answered one is consulted."""
    legs = () if call is None else tuple(each for each in call.legs.values() if each.channel != channel)
    if channel.startswith(SUPERVISOR):
        return Role.SUPERVISOR
    if is_trunk(name):
        return Role.CONSULT if any(each.role is Role.CUSTOMER for each in legs) else Role.CUSTOMER
    busy = any(each.role is Role.AGENT and each.answered_at and not each.ended_at for each in legs)
    return Role.CONSULT if busy else Role.AGENT


def number(text: str) -> str | None:
    """A caller's number fit to be stored, as the dialplan filters it too; None for one without any digit (A8)."""
    plain = NOT_OF_A_NUMBER.sub("", text)[:MAX_NUMBER]
    return plain if DIGIT.search(plain) else None


def label(text: str) -> str | None:
    """A name somebody sent, capped and without control characters (B8); never to be trusted, always to be escaped."""
    plain = "".join(character for character in text[: MAX_NAME * 4] if character.isprintable()).strip()[:MAX_NAME]
    return plain or None
