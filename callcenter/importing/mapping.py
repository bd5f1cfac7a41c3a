"""Which column of a list holds what: guessed from the header, changed and confirmed by a person. Values only.

Must never take a column twice, nor go on without what every row must have.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from callcenter.customers import masking
from callcenter.importing import fields, values
from callcenter.importing.errors import MappingRefusedError
from callcenter.importing.fields import OF_TASKS, DateForm, Field, Kind
from tickets.errors import Words

LOOKED_AT: Final = 20
"""Rows at the beginning in which the header is looked for, and which are shown."""
SHOWN: Final = 5
_ID = re.compile(r"(?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dXx])")
_NAME = re.compile("[\u4e00-\u9fff]{2,4}")
"""What may be somebody's name, in a column nobody declared."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Column (from 0) → what it holds; how the days of a column are written where not year first."""

    columns: Mapping[int, Field]
    date_forms: Mapping[Field, DateForm] = field(default_factory=dict)

    @property
    def fields(self) -> frozenset[Field]:
        """What the list has."""
        return frozenset(self.columns.values()) - {Field.IGNORED}

    @classmethod
    def of(
        cls, pairs: Iterable[tuple[int, Field]], date_forms: Mapping[Field, DateForm], width: int, kind: Kind
    ) -> "Layout":
        """Raises MappingRefusedError."""
        columns: dict[int, Field] = {}
        for column, held in pairs:
            if not 0 <= column < width:
                raise _refused(f"没有第{column + 1}列", f"there is no column {column + 1}")
            if column in columns:
                raise _refused(f"第{column + 1}列指定了两次", f"column {column + 1} is named twice")
            columns[column] = held
        counts = Counter(columns.values())
        if twice := [each for each in counts if counts[each] > 1 and each is not Field.IGNORED]:
            words = fields.WORDS[twice[0]]
            raise _refused(f"两列都指定为{words.zh}", f"two columns are said to be the {words.en}")
        if kind is Kind.POLICIES and (foreign := OF_TASKS & counts.keys()):
            words = fields.WORDS[min(foreign)]
            raise _refused(f"保单名单没有{words.zh}", f"a list of policies has no {words.en}")
        if wrong := [each for each in date_forms if each not in fields.DATES]:
            words = fields.WORDS[wrong[0]]
            raise _refused(f"{words.zh}不是日期", f"the {words.en} is no day")
        return cls(columns, dict(date_forms))

    def missing(self) -> tuple[Field, ...]:
        """Without what no row can be taken."""
        return () if Field.POLICY_NUMBER in self.fields else (Field.POLICY_NUMBER,)


@dataclass(frozen=True, slots=True)
class Header:
    """The row that names the columns; rows before it are titles, and not read."""

    row: int
    names: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """The same for the same header, however it is spaced."""
        return sha256("\0".join(map(fields.plain, self.names)).encode()).hexdigest()


def header(first: Sequence[tuple[int, list[str]]]) -> Header | None:
    """The first row with most names we know among those at the beginning; the very first when none has two."""
    if not first:
        return None
    known = [(sum(fields.named(cell) is not None for cell in cells), -at) for at, (_, cells) in enumerate(first)]
    best, place = max(known)
    return as_header(*first[-place if best >= 2 else 0])


def as_header(row: int, cells: Sequence[str]) -> Header:
    """The row as the one that names the columns."""
    return Header(row, tuple(plainly(cell)[:100] for cell in cells))


def plainly(text: str) -> str:
    """On one line, without characters nobody sees."""
    return values.UNSEEN.sub("", " ".join(text.split()))


def guess(found: Header, kind: Kind) -> Layout:
    """What the names say; names that come twice, or for one field, are left to a person."""
    named = [fields.named(name) for name in found.names]
    counts = Counter(named)
    columns = {
        at: each
        for at, each in enumerate(named)
        if each is not None and counts[each] == 1 and not (kind is Kind.POLICIES and each in OF_TASKS)
    }
    return Layout(columns)


def warnings(found: Header, mapped: Layout, first: Iterable[list[str]]) -> list[Words]:
    """What a person should look at: identity numbers nobody declared (C17), names that come twice (C3)."""
    told: list[Words] = []
    rows = list(first)
    for at, name in enumerate(found.names):
        shown = name or f"#{at + 1}"
        if mapped.columns.get(at) is not Field.ID_NUMBER and any(at < len(row) and _ID.search(row[at]) for row in rows):
            told.append(
                Words(
                    f"“{shown}”列含有身份证号码，但未指定为证件号码；该列不会导入，显示时遮盖",
                    f"column {at + 1} holds identity numbers and is not declared so: it is shown masked",
                )
            )
    for name, count in Counter(filter(None, found.names)).items():
        if count > 1:
            columns = [at + 1 for at, each in enumerate(found.names) if each == name]
            told.append(
                Words(
                    f"“{name}”出现{count}次，请指定用哪一列",
                    f"columns {', '.join(map(str, columns))} have the same name: say which one is meant",
                )
            )
    return told


def shown(cells: Sequence[str], mapped: Layout) -> list[str]:
    """A row as anybody may see it, whatever its columns are said to be."""
    return [masked(cell, mapped.columns.get(at)) for at, cell in enumerate(cells)]


def masked(text: str, held: Field | None) -> str:
    """A value as anybody may see it: at most 60 characters, names, numbers and identities hidden."""
    text = plainly(text)[:60]
    if held in (Field.HOLDER_NAME, Field.INSURED_NAME, Field.SALESPERSON):
        return masking.name(text) if text else ""
    if held is Field.ID_NUMBER:
        return masking.id_number(text) or ""
    if held is Field.POLICY_NUMBER and not _ID.search(text):
        return text
    if (held is None or held is Field.IGNORED) and _NAME.fullmatch(text):
        return masking.name(text)
    return masking.numbers(_ID.sub(_hidden, text))


def _hidden(found: re.Match[str]) -> str:
    return masking.id_number(found[0]) or ""


def _refused(zh: str, en: str) -> MappingRefusedError:
    return MappingRefusedError(Words(zh, en))
