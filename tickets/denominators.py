"""What complaints are divided by: premium, policies, insured person-times, told with their source (M-11 … M-14, N-15).

The bulletins define none of the three in public, so the company imports them, each for an organisation with what is
below it and for the days it was counted over. Amounts of days that follow each other add up; amounts of days that
overlap would count twice, and are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from tickets.errors import Problem, Words
from tickets.metrics import Base
from tickets.periods import Days

LARGEST = Decimal(10) ** 16
LONGEST = timedelta(days=366)
LONGEST_SOURCE = 500
FIRST_SERIAL = date(1899, 12, 30)
SERIAL_DAYS = range(20_000, 80_000)
"""A day as spreadsheets count it, of the years 1954 to 2119."""
RULES = ("M-11", "M-12", "M-13", "N-15")


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of a base an organisation had in these days, both included; of premium in yuan, else whole numbers."""

    organisation: str
    base: Base
    first_day: date
    last_day: date
    amount: Decimal
    source: str

    def overlaps(self, other: Amount) -> bool:
        """Whether both tell of the same organisation and base for one day or more."""
        same = (self.organisation, self.base) == (other.organisation, other.base)
        return same and self.first_day <= other.last_day and other.first_day <= self.last_day


@dataclass(frozen=True, slots=True)
class Entry:
    """Where an amount stands in what was handed in: the row of a file, or the entry of a request, from 1."""

    number: int
    of_file: bool = False

    @property
    def place(self) -> str:
        """For programs."""
        return f"rows/{self.number}" if self.of_file else f"items/{self.number - 1}"

    @property
    def words(self) -> Words:
        """For people."""
        if self.of_file:
            return Words(f"第{self.number}行", f"row {self.number}")
        return Words(f"第{self.number}条", f"entry {self.number}")


def entries(count: int) -> list[Entry]:
    """So many of a request."""
    return [Entry(number) for number in range(1, count + 1)]


def problems(amounts: Sequence[Amount], today: date, places: Sequence[Entry] | None = None) -> list[Problem]:
    """What is wrong with amounts handed in together: each by itself, and any two for the same days."""
    places = places or entries(len(amounts))
    found = [each for amount, at in zip(amounts, places, strict=True) for each in _of_one(amount, at.place, today)]
    latest: dict[tuple[str, Base], tuple[int, Amount]] = {}
    for at in sorted(range(len(amounts)), key=lambda at: (amounts[at].first_day, amounts[at].last_day)):
        amount = amounts[at]
        before = latest.get((amount.organisation, amount.base))
        if before is not None and before[1].overlaps(amount):
            other = places[before[0]].words
            words = Words(f"与{other.zh}期间重叠", f"its days overlap those of {other.en}")
            found.append(Problem(f"{places[at].place}/first_day", words, RULES))
        if before is None or before[1].last_day < amount.last_day:
            latest[amount.organisation, amount.base] = at, amount
    return found


def _of_one(amount: Amount, place: str, today: date) -> Iterable[Problem]:
    if amount.first_day > amount.last_day:
        yield Problem(f"{place}/last_day", Words("截止日早于起始日", "the last day comes before the first"), RULES)
    elif amount.last_day - amount.first_day >= LONGEST:
        yield Problem(f"{place}/last_day", Words("期间最长一年", "a period has at most a year"), RULES)
    if amount.last_day > today:
        yield Problem(f"{place}/last_day", Words("期间尚未结束", "the period is not over yet"), ("N-15",))
    if not 0 < amount.amount < LARGEST:
        yield Problem(f"{place}/amount", Words("数额须大于零", "the amount must be above zero"), RULES)
    elif amount.base is not Base.PREMIUM and amount.amount != amount.amount.to_integral_value():
        yield Problem(f"{place}/amount", Words("保单数、人次须为整数", "policies and person-times are whole"), RULES)
    elif amount.amount != round(amount.amount, 2):
        yield Problem(f"{place}/amount", Words("保费精确到分", "premium has at most two decimals"), RULES)
    if not 2 <= len(amount.source.strip()) <= LONGEST_SOURCE:
        yield Problem(f"{place}/source", Words("须注明数据来源", "say where the number is from"), ("N-15",))


def covering(amounts: Iterable[Amount], days: Days) -> list[Amount] | None:
    """The amounts that make up exactly these days, in order; None when days are missing or an amount goes beyond."""
    found, expected = [], days.first
    for amount in sorted(amounts, key=lambda each: each.first_day):
        if amount.last_day < days.first or amount.first_day > days.last:
            continue
        if amount.first_day != expected or amount.last_day > days.last:
            return None
        found.append(amount)
        expected = amount.last_day + timedelta(days=1)
    return found if found and expected == days.last + timedelta(days=1) else None


HEADS: Mapping[str, tuple[str, ...]] = {
    "organisation": ("organisation", "organisation_id", "机构"),
    "base": ("base", "口径", "指标"),
    "first_day": ("first_day", "起始日"),
    "last_day": ("last_day", "截止日"),
    "amount": ("amount", "数额"),
    "source": ("source", "数据来源"),
}
BASES: Mapping[Base, tuple[str, ...]] = {
    Base.PREMIUM: ("premium", "保费", "保费(元)", "保费（元）"),
    Base.POLICIES: ("policies", "保单数", "保单件数"),
    Base.PERSON_TIMES: ("person_times", "人次", "承保人次"),
}


def of_table(rows: Sequence[Sequence[object]], source: str) -> tuple[dict[Entry, Amount], list[Problem]]:
    """Amounts by their rows from a table whose first row has the headings, and what could not be read; `source` where a
    line has none."""
    heads = [_text(head).lower() for head in rows[0]] if rows else []
    places = {name: next((heads.index(h) for h in known if h in heads), None) for name, known in HEADS.items()}
    missing = [HEADS[name][-1] for name, at in places.items() if at is None and name != "source"]
    if missing:
        return {}, [Problem("file", Words(f"缺少列：{'、'.join(missing)}", f"missing columns: {', '.join(missing)}"))]
    amounts: dict[Entry, Amount] = {}
    wrong: list[Problem] = []
    for number, row in enumerate(rows[1:], start=2):
        cells = {name: row[at] if at is not None and at < len(row) else None for name, at in places.items()}
        if not any(_text(cell) for cell in cells.values()):
            continue
        try:
            amounts[Entry(number, of_file=True)] = _of_cells(cells, source)
        except _UnreadableError as unreadable:
            head = HEADS[unreadable.name][-1]
            zh, en = f"第{number}行“{head}”无法识别", f"row {number}: {unreadable.name} cannot be read"
            wrong.append(Problem(f"rows/{number}/{unreadable.name}", Words(zh, en)))
    if not amounts and not wrong:
        wrong.append(Problem("file", Words("文件中没有数据", "the file holds no data")))
    return amounts, wrong


class _UnreadableError(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _of_cells(cells: Mapping[str, object], source: str) -> Amount:
    organisation = _text(cells["organisation"])
    if not organisation:
        raise _UnreadableError("organisation")
    named = _text(cells["base"]).lower()
    base = next((base for base, names in BASES.items() if named in names), None)
    if base is None:
        raise _UnreadableError("base")
    first, last = _day(cells, "first_day"), _day(cells, "last_day")
    return Amount(organisation, base, first, last, _amount(cells["amount"]), _text(cells["source"]) or source)


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip().removeprefix("\ufeff")


def _day(cells: Mapping[str, object], name: str) -> date:
    cell = cells[name]
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = _text(cell)
    if text.isascii() and text.isdigit() and int(text) in SERIAL_DAYS:
        return FIRST_SERIAL + timedelta(days=int(text))
    try:
        return date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise _UnreadableError(name) from None


def _amount(cell: object) -> Decimal:
    try:
        amount = Decimal(_text(cell).replace(",", "").replace("，", ""))
    except InvalidOperation:
        raise _UnreadableError("amount") from None
    if not amount.is_finite() or abs(amount.adjusted()) > 40:
        raise _UnreadableError("amount")
    return amount
