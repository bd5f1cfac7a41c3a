"""Lists as CSV and XLSX: every page of them, bounded. Must never let a cell start a formula (C8, H12)."""

import asyncio
import csv
import io
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from pydantic import BaseModel

from callcenter.accounts.permissions import Permission
from callcenter.config import ZONE
from callcenter.errors import InvalidError
from callcenter.web import access
from callcenter.web.api import Context, Page, PageQuery, Route
from callcenter.web.errors import NotAcceptableError
from tickets.errors import Words

PERMISSION = Permission.DATA_EXPORT
ROWS = 100_000
PAGE = 200
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Form:
    """A form in which a list can be given."""

    media_type: str
    suffix: str


JSON = Form("application/json", "json")
CSV = Form("text/csv", "csv")
XLSX = Form("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")


class ExportTooLargeError(InvalidError):
    """The list is longer than one file takes: narrow the filter."""

    code = "export_too_large"


def wanted(accept: Sequence[str], route: Route) -> Form:
    """The best form by the Accept header. Raises NotAcceptableError when the route has none of what is asked for."""
    offered = (JSON, CSV, XLSX) if route.item is not None or route.table is not None else (JSON,)
    ranges = [part for line in accept for part in line.split(",") if part.strip()] or ["*/*"]
    for media, _ in sorted(map(_quality, ranges), key=lambda pair: -pair[1]):
        for form in offered:
            if media in {form.media_type, form.media_type.split("/")[0] + "/*", "*/*"}:
                return form
    raise NotAcceptableError(
        Words(
            f"可提供：{'、'.join(form.media_type for form in offered)}",
            f"this route gives {', '.join(form.media_type for form in offered)}",
        )
    )


def _quality(part: str) -> tuple[str, float]:
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return media, float(parameter[2:])
            except ValueError:
                return media, 0.0
    return media, 1.0


async def answer(route: Route, ctx: Context, arguments: Mapping[str, Any], form: Form) -> web.StreamResponse:
    """The report or the whole list as a file, after the access log has it. Raises ExportTooLargeError beyond ROWS."""
    if route.table is not None:
        report = await route.handler(ctx, **arguments)
        await access.allowed(route, ctx, report)
        rows = route.table(report)
    else:
        rows = await _listed(route, ctx, arguments)
    content = await asyncio.to_thread(_csv if form is CSV else _xlsx, rows)
    name = f"{route.handler.__name__.removeprefix('list_')}-{ctx.clock.now():%Y%m%d}.{form.suffix}"
    return web.Response(
        body=content,
        headers={
            "Content-Type": form.media_type + ("; charset=utf-8" if form is CSV else ""),
            "Content-Disposition": f'attachment; filename="{name}"',
        },
    )


async def _listed(route: Route, ctx: Context, arguments: Mapping[str, Any]) -> list[list[Any]]:
    assert route.item is not None
    items = await _whole(route, ctx, arguments)
    await access.allowed(route, ctx, Page[Any](items=items))
    heads = [spec.title or name for name, spec in route.item.model_fields.items()]
    return [heads, *([getattr(item, name) for name in type(item).model_fields] for item in items)]


async def _whole(route: Route, ctx: Context, arguments: Mapping[str, Any]) -> list[BaseModel]:
    query = arguments.get("query")
    items: list[BaseModel] = []
    if not isinstance(query, PageQuery):
        return list((await route.handler(ctx, **arguments)).items)
    query = query.model_copy(update={"limit": PAGE})
    while True:
        page = await route.handler(ctx, **{**arguments, "query": query})
        items += page.items
        if page.next is None:
            return items
        if len(items) >= ROWS:
            raise ExportTooLargeError(Words(f"超过{ROWS}行，请缩小范围", f"more than {ROWS} rows: narrow the filter"))
        query = query.model_copy(update={"cursor": page.next})


def neutral(value: Any) -> str:
    """The cell's text: moments in Shanghai time, lists joined, an apostrophe before what could start a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(ZONE)).isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, BaseModel):
        value = value.model_dump_json()
    elif isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False, default=str)
    elif isinstance(value, list | tuple | set | frozenset):
        value = "；".join(neutral(item) for item in value)
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _csv(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([neutral(value) for value in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _xlsx(rows: Iterable[Sequence[Any]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("数据")
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.xlsx"
        book.save(path)
        return path.read_bytes()


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = "".join(character for character in neutral(value) if character >= " " or character in "\t\n")
    cell = WriteOnlyCell(sheet, value=text[:32_767])
    cell.data_type = "s"
    return cell
