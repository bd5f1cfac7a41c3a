"""How large a list and its rows may be (C9). Values only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`rows` and `columns` of a file, `row_characters` of one row, `unpacked` bytes of an XLSX and how many times its
    packed size that may be (`ratio`)."""

    rows: int = 5_000_000
    columns: int = 200
    row_characters: int = 64 << 10
    unpacked: int = 8 << 30
    ratio: int = 150


DEFAULT = Limits()
