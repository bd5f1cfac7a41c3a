"""What stands in the cells of a list or a report that leaves as a file. Must never let one start a formula (C8, H12).

Codes are told in Chinese words by `callcenter/terms.py`, unless the codes themselves are asked for (`?values=code`).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from callcenter.config import ZONE
from callcenter.terms import term
from callcenter.web.api import Coded
from tickets.terms import Terms

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
YES, NO = "是", "否"

Cell = str | int | float | bool | datetime | date | None
"""Moments are in Shanghai time; a text cannot start a formula; None is an empty cell."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: where its value stands in the model, what it is headed by, what its codes are called."""

    name: str
    head: str
    terms: Terms


def columns(model: type[BaseModel]) -> list[Column]:
    """The columns of a list of these models, headed by the fields' titles."""
    found = []
    for name, spec in model.model_fields.items():
        coded = next((each for each in spec.metadata if isinstance(each, Coded)), None)
        found.append(Column(name, spec.title or name, coded.terms if coded else {}))
    return found


def row(item: BaseModel, of: Sequence[Column], *, codes: bool) -> list[Cell]:
    """One line of a list."""
    return [cell(getattr(item, column.name), column.terms, codes=codes) for column in of]


def cell(value: Any, terms: Terms, *, codes: bool) -> Cell:
    """A value as a cell."""
    if value is None or isinstance(value, bool):
        return value if codes or value is None else YES if value else NO
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(ZONE)).replace(microsecond=0)
    if isinstance(value, date):
        return value
    return inert(_text(value, terms, codes=codes))


def _text(value: Any, terms: Terms, *, codes: bool) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return "；".join(_text(item, terms, codes=codes) for item in value)
    if isinstance(value, StrEnum):
        return str(value) if codes else term(value).zh
    if isinstance(value, str):
        return value if codes or value not in terms else terms[value].zh
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def inert(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def plain(value: Cell) -> str:
    """A cell as it stands in CSV."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return "" if value is None else str(value)


def worded(rows: Iterable[Sequence[Any]], *, codes: bool) -> list[list[Cell]]:
    """The rows of a report as cells."""
    return [[cell(value, {}, codes=codes) for value in each] for each in rows]
