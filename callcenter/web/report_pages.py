"""A report on paper: its sheets as tables and charts for the press. Must never say what sheets do not."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from callcenter.documents.markup import Block
from callcenter.documents.press import REPORT, Paper, press
from callcenter.reports.store import Report
from callcenter.web.cells import Cell
from callcenter.web.report_sheets import COUNTED, PRINTED, Chart, Sheet, sheets, title
from tickets.metrics import METRICS

MOST_BARS = 30
"""Of one chart; what is left out stands in its table."""
_WIDE, _NARROW = 24, 8
"""Characters of the widest and the narrowest column."""


def printed(report: Report, content: Mapping[str, Any], fonts: Sequence[Path]) -> bytes:
    """PDF/A with the fonts in it; the same report gives the same bytes. Blocking. Raises NotPrintedError."""
    assert report.finished_at is not None
    name = title(report)
    paper = Paper(name, str(report.id), report.organisation_name, report.organisation_name, report.finished_at)
    blocks = [block for sheet in sheets(report, content) for block in _blocks(sheet)]
    return press(*fonts).print(paper, [{"t": "title", "text": name}, *blocks], REPORT).pdf


def _blocks(sheet: Sheet) -> Iterator[Block]:
    yield {"t": "head", "text": sheet.title}
    if sheet.chart is not None:
        yield _chart(sheet, sheet.chart)
    for is_empty, rows in groupby(sheet.rows, key=lambda row: not row):
        if not is_empty:
            yield from _tables([_on_paper(sheet, row) for row in rows])


def _on_paper(sheet: Sheet, row: Sequence[Cell]) -> Sequence[Cell]:
    """What of a split's row has room: its name, the counts, a few metrics."""
    if sheet.chart is None:
        return row
    shown = {METRICS[metric].words.zh for metric in PRINTED}
    heads = sheet.rows[sheet.head]
    return [cell for place, cell in enumerate(row) if place <= len(COUNTED) + 1 or heads[place] in shown]


def _tables(rows: Sequence[Sequence[Cell]]) -> Iterator[Block]:
    """One table of rows that lie together, the first its heads; a row with one cell only stands above it."""
    if len(rows[0]) == 1:
        rows = rows[1:]
    if not rows:
        return
    width = max(len(row) for row in rows)
    whole = [[*row, *[None] * (width - len(row))] for row in rows]
    columns = list(zip(*whole, strict=True))
    yield {
        "t": "table",
        "head": [_text(cell) for cell in whole[0]],
        "rows": [[_text(cell) for cell in row] for row in whole[1:]],
        "numbers": [any(_is_number(cell) for cell in column[1:]) for column in columns],
        "widths": [min(_WIDE, max(_NARROW, *(len(_text(cell)) for cell in column))) for column in columns],
    }


def _chart(sheet: Sheet, chart: Chart) -> Block:
    rows = sheet.rows[chart.first : chart.last + 1]
    values = [(_text(row[0]), row[chart.column]) for row in rows]
    told = [(label, value) for label, value in values if isinstance(value, int | float)]
    if not chart.line:
        told = sorted(told, key=lambda each: -each[1])[:MOST_BARS]
    most = max([value for _, value in told], default=0) or 1
    return {
        "t": "columns" if chart.line else "bars",
        "title": chart.title,
        "items": [{"label": label, "text": _text(value), "share": max(0.0, value / most)} for label, value in told],
    }


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        return f"{cell:,.4f}".rstrip("0").rstrip(".")
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)
