"""What the number a caller dialled says of him: his language, or the queue he means. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Line:
    """One of our numbers. `language` empty: the switch's own; `queue` empty: the caller is asked by the menu."""

    language: str = ""
    queue: str = ""


ORDINARY = Line()
Lines = Mapping[str, Line]


def lines(english: Iterable[str], direct: Iterable[tuple[str, str]]) -> Lines:
    """Our numbers that are more than the hotline's own, by the number dialled."""
    speaking, meaning = set(english), dict(direct)
    return {
        number: Line(ENGLISH if number in speaking else "", meaning.get(number, ""))
        for number in speaking | meaning.keys()
    }
