"""What of the free part of an event, an incident or an audit entry leaves the service.

Never a path of the server's; never a number or a name whole to who may not see it so.
"""

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from callcenter.customers import masking
from callcenter.log import masked as without_numbers

PLACES = frozenset({"base", "path", "file", "folder", "recorded_as"})
"""Fields that are nothing but a place on the server; the name at its end says which capture is meant."""
PEOPLE = frozenset({"caller", "caller_name", "to", "with", "did", "number"})
"""Fields that are nothing but a person's number or name."""
_PATH = re.compile(r"(?<![\w.:/])/(?:[^\s/'\"|:,;()]+/)+([^\s/'\"|:,;()]*)")


def told(values: Mapping[str, Any], hidden: bool) -> dict[str, Any]:
    """The details as the reader may see them; `hidden`: personal data is masked."""
    return {
        name: PurePath(value).name if name in PLACES and isinstance(value, str) else _value(value, hidden)
        for name, value in values.items()
        if not (hidden and name in PEOPLE)
    }


def text(value: str | None, hidden: bool) -> str | None:
    """Somebody's own words, with the numbers in them masked when they are hidden from the reader."""
    return value if value is None or not hidden else masking.numbers(without_numbers(value))


def _value(value: Any, hidden: bool) -> Any:
    if isinstance(value, str):
        return text(_PATH.sub(r"…/\1", value), hidden)
    if isinstance(value, Mapping):
        return told(value, hidden)
    if isinstance(value, list | tuple):
        return [_value(item, hidden) for item in value]
    return value
