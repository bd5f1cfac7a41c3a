"""A report as a file: a workbook with charts a spreadsheet draws itself, or CSV. Must never say what sheets do not."""

import io
from collections.abc import Mapping
from typing import Any

from openpyxl import Workbook
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from callcenter.reports.store import Report
from callcenter.web.cells import Cell, inert
from callcenter.web.report_sheets import Chart, Sheet, sheets, title
from callcenter.web.spreadsheet import Csv

BOLD, LARGE = Font(bold=True), Font(bold=True, size=14)
WIDTHS = (34, 16)
"""Of the first column, and of the others, in characters."""
NAME_LENGTH = 31
"""Characters a sheet's name may have."""


def workbook(report: Report, content: Mapping[str, Any]) -> bytes:
    """XLSX: a sheet for the overview, for every split with its chart, for the basis."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for sheet in sheets(report, content):
        _fill(book.create_sheet(_name(sheet.title)), sheet)
    book.properties.title = title(report)
    book.properties.creator = report.organisation_name
    if report.finished_at is not None:
        book.properties.created = book.properties.modified = report.finished_at.replace(tzinfo=None)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def comma_separated(report: Report, content: Mapping[str, Any]) -> bytes:
    """CSV: all sheets below each other, each under its name."""
    file = io.BytesIO()
    with Csv(file) as table:
        for sheet in sheets(report, content):
            table.add([[f"【{sheet.title}】"], *([_safe(cell) for cell in row] for row in sheet.rows), []])
    return file.getvalue()


def _name(text: str) -> str:
    return "".join("、" if character in "[]:*?/\\" else character for character in text)[:NAME_LENGTH]


def _fill(page: Worksheet, sheet: Sheet) -> None:
    for row in sheet.rows:
        page.append([_safe(cell) for cell in row])
    _mark(page, sheet)
    width = max((len(row) for row in sheet.rows), default=1)
    for column in range(1, width + 1):
        page.column_dimensions[get_column_letter(column)].width = WIDTHS[min(column, 2) - 1]
    page.freeze_panes = f"B{sheet.head + 2}"
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    if sheet.chart is not None:
        page.add_chart(_drawn(page, sheet.chart), f"{get_column_letter(width + 2)}2")


def _mark(page: Worksheet, sheet: Sheet) -> None:
    for cell in page[sheet.head + 1]:
        cell.font = BOLD
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    if sheet.head:
        page.cell(1, 1).font = LARGE


def _drawn(page: Worksheet, chart: Chart) -> BarChart | LineChart:
    drawn: BarChart | LineChart = LineChart() if chart.line else BarChart()
    drawn.title = chart.title
    values = Reference(page, min_col=chart.column + 1, min_row=chart.first, max_row=chart.last + 1)
    drawn.add_data(values, titles_from_data=True)
    drawn.set_categories(Reference(page, min_col=1, min_row=chart.first + 1, max_row=chart.last + 1))
    drawn.legend = None
    drawn.height, drawn.width = 9, 18
    if drawn.x_axis is not None and drawn.y_axis is not None:
        drawn.x_axis.delete = drawn.y_axis.delete = False
    return drawn


def _safe(cell: Cell) -> Cell:
    return inert(cell) if isinstance(cell, str) else cell
