"""How personal data look to those who may not see them whole. Must never show enough to tell the hidden part."""

import re
from collections.abc import Mapping
from typing import Any

_OURS = "|".join(
    (
        r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",  # an id
        r"(?<!\w)(?:\w+-)?1[0-9]{9}\.[0-9]+",  # the switch's name of a channel or a call
        r"(?<=/)20[0-9]{6}(?=/)",  # the folder of a day
        r"95519-[0-9]{8}-[0-9]{6}",  # a ticket's number
    )
)
_CHANNEL = r"(?P<head>(?<![A-Za-z])[A-Za-z]{2,}/[^\s/\"]*?)(?P<tail>-[0-9a-f]{8})(?![0-9A-Za-z])"
_NUMBER = re.compile(rf"(?P<ours>{_OURS})|{_CHANNEL}|\+?\d{{7,}}")
"""Shorter ones are extensions, queues and our own number."""
_HIDDEN = re.compile(r"\*{3}[0-9]")


def name(text: str) -> str:
    """The family name, then a star for each hidden character: 王**; a compound or foreign name keeps one character."""
    return text[:1] + "*" * max(len(text) - 1, 1)


def id_number(text: str | None) -> str | None:
    """The first three (province and city) and the last two characters."""
    return None if text is None else _middle(text, 3, 2)


def phone(text: str | None) -> str | None:
    """The first three and the last four digits, the usual way: 169****1234."""
    return None if text is None else _middle(text, 3, 4)


def numbers(text: str) -> str:
    """A text in which every run of digits that may be somebody's number is masked; our own ids stay."""
    return _NUMBER.sub(_number, text)


def _number(found: re.Match[str]) -> str:
    if found["head"]:
        return numbers(found["head"]) + found["tail"]
    return found[0] if found["ours"] else phone(found[0]) or ""


def is_hidden_in(text: str) -> bool:
    """Whether a number in the text stands as a masked reader was shown it: written back, it would be lost."""
    return _HIDDEN.search(text) is not None


def details(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same for the texts of plain JSON, however deep."""
    return {name: _numbers(value) for name, value in values.items()}


def _numbers(value: Any) -> Any:
    if isinstance(value, str):
        return numbers(value)
    if isinstance(value, Mapping):
        return details(value)
    return [_numbers(item) for item in value] if isinstance(value, list | tuple) else value


def _middle(text: str, head: int, tail: int) -> str:
    if len(text) < head + tail + 3:
        return "*" * max(len(text) - 2, 3) + text[-2:] if len(text) > 4 else "*" * len(text)
    return text[:head] + "*" * (len(text) - head - tail) + text[-tail:]
