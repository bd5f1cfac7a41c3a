"""What becomes of the rows of a list, one by one: what they say, and what is wrong with them. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from callcenter.importing import mapping, values
from callcenter.importing.fields import Field
from callcenter.importing.mapping import Header, Layout
from callcenter.importing.values import FaultError, Reading, Wrong
from tickets.errors import Words


class Fate(StrEnum):
    """What became of a row that was not taken."""

    REFUSED = "refused"
    DROPPED = "dropped"
    DUPLICATE = "duplicate"


FATE_WORDS: Final = {
    Fate.REFUSED: Words("有误", "refused"),
    Fate.DROPPED: Words("不安排", "not to be called back"),
    Fate.DUPLICATE: Words("重复", "there already"),
}
DROPPED: Final = frozenset(
    {
        Wrong.CONSENT_WITHDRAWN,
        Wrong.NOT_IN_FORCE,
        Wrong.OUT_OF_SCOPE,
        Wrong.OUT_OF_CAMPAIGN,
        Wrong.NO_NUMBER,
        Wrong.CALLED_BACK_ALREADY,
    }
)
"""Nothing is wrong with the row: there is no reason to ring, or a reason not to."""


def fate(wrong: Wrong) -> Fate:
    """What the reason makes of its row."""
    if wrong is Wrong.DUPLICATE:
        return Fate.DUPLICATE
    return Fate.DROPPED if wrong in DROPPED else Fate.REFUSED


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing about one row; `value` is masked, `column` counted from 1."""

    row: int
    wrong: Wrong
    field: Field | None = None
    column: int | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A row that can be read: its number in the file, and what its columns say."""

    row: int
    values: Mapping[Field, Any]

    def get(self, field: Field) -> Any:
        """What the row says of it; None when nothing."""
        return self.values.get(field)


class Reader:
    """Reads rows by the layout; the same for every row."""

    def __init__(self, header: Header, layout: Layout, by: Reading) -> None:
        self._width = len(header.names)
        self._by = by
        self._columns = sorted((at, held) for at, held in layout.columns.items() if held is not Field.IGNORED)
        self._places: dict[Field, int] = {held: at for at, held in self._columns}

    def read(self, row: int, cells: list[str]) -> Line | list[Complaint]:
        """What the row says, or everything that is wrong with it."""
        if len(cells) > self._width and any(cell.strip() for cell in cells[self._width :]):
            return [Complaint(row, Wrong.COLUMNS_DIFFER, value=f"{len(cells)}/{self._width}")]
        if len(cells) == 1 < self._width:
            return [Complaint(row, Wrong.COLUMNS_DIFFER, value=f"1/{self._width}")]
        said: dict[Field, Any] = {}
        wrong: list[Complaint] = []
        for at, held in self._columns:
            text = cells[at] if at < len(cells) else ""
            if not text:
                continue
            try:
                value = values.read(held, text, self._by)
            except FaultError as fault:
                wrong.append(Complaint(row, fault.wrong, held, at + 1, mapping.masked(text, held)))
            else:
                if value is not None:
                    said[held] = value
        line = Line(row, said)
        wrong += self._together(line, {each.field for each in wrong})
        return wrong or line

    def about(self, line: Line, wrong: Wrong, field: Field | None = None) -> Complaint:
        """A complaint about what the row says of the field."""
        at = self._places.get(field) if field is not None else None
        value = None if field is None else line.get(field)
        shown = None if value is None else mapping.masked(str(value), field)
        return Complaint(line.row, wrong, field, None if at is None else at + 1, shown)

    def _together(self, line: Line, faulty: set[Field | None]) -> list[Complaint]:
        """What only several columns show."""
        found = []
        if line.get(Field.POLICY_NUMBER) is None and Field.POLICY_NUMBER not in faulty:
            found.append(self.about(line, Wrong.MISSING, Field.POLICY_NUMBER))
        if line.get(Field.CONSENT) is False:
            found.append(self.about(line, Wrong.CONSENT_WITHDRAWN, Field.CONSENT))
        id_number, day = line.get(Field.ID_NUMBER), line.get(Field.BIRTH_DATE)
        if id_number is not None and day is not None and len(id_number) == 18 and values.born(id_number) != day:
            found.append(self.about(line, Wrong.ID_DIFFERS, Field.BIRTH_DATE))
        return found
