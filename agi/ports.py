"""What the scripts need of the application, as Protocols: values in, values out.

The application stores and decides; nothing here knows how. A port may raise or be slow: the scripts bear
both.
"""

from dataclasses import dataclass
from typing import Protocol

from agi import names


@dataclass(frozen=True, slots=True)
class Caller:
    """What the switch says of the call at hand.

    `call` names the call (CC_CALL); `number` is comparable (agi.numbers) or None when withheld or no
    number; `text` fields are the caller's own words and are to be shown, never trusted.
    """

    call: str
    channel: str
    number: str | None
    name: str
    dialled: str
    language: str


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the dialplan is told about a caller.

    `queue` is where he goes unless the menu says otherwise, empty to let the controller decide; `language` empty for
    the dialplan's own; `menu` whether he hears the menu at all; `sticky` the dial string of the agent who knows his
    open ticket; `is_open` None when the dialplan's own hours are to count.
    """

    queue: str = names.QUEUE_GENERAL
    language: str = ""
    priority: int = 0
    sticky: str = ""
    menu: bool = True
    is_open: bool | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message about to be left on the line.

    `reason` is why nobody took the call (CLOSED, or Queue's QUEUESTATUS), `choice` the menu key pressed
    before, `recorded_as` the path of the running segment without -r.sln and -t.sln. Each may be empty.
    """

    reason: str
    choice: str
    recorded_as: str


class Reception(Protocol):
    async def welcome(self, caller: Caller) -> Welcome:
        """Who is calling, what is open for him, and where he should go. Reads only."""


class ComplaintDesk(Protocol):
    async def open_complaint(self, caller: Caller) -> str:
        """Open the complaint ticket of this live call and return its number.

        Asked twice for one call it gives the same ticket; it returns after the ticket is safe, not before.
        """


class MessageDesk(Protocol):
    async def take_message(self, caller: Caller, message: Message) -> None:
        """Make a callback task of a message; asked twice for one call there is one task."""


class SurveyDesk(Protocol):
    async def rate(self, caller: Caller, score: int) -> None:
        """Store the caller's satisfaction, 1 (very satisfied) to 5 (very dissatisfied), once per call."""


class Application(Reception, ComplaintDesk, MessageDesk, SurveyDesk, Protocol):
    """All that the scripts together need."""
