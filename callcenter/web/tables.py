"""Lists and reports as files: which form is wanted, every page of the list, bounded. Must never know a list by name."""

import asyncio
import hashlib
import io
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from aiohttp import web
from pydantic import BaseModel

from callcenter import exports
from callcenter.accounts.permissions import Permission
from callcenter.errors import InvalidError
from callcenter.exports import Approval
from callcenter.web import access, cells
from callcenter.web.api import Context, Page, PageQuery, Route
from callcenter.web.errors import NotAcceptableError
from callcenter.web.spreadsheet import Csv, Table, Xlsx
from tickets.calendar import shanghai_day
from tickets.errors import Words

PERMISSION = Permission.DATA_EXPORT
ROWS = 100_000
PAGE = 200
CHUNK = 1 << 18
SECONDS_TO_MAKE = 120.0
SECONDS_TO_SEND = 600.0


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
    offered = (JSON, CSV, XLSX) if route.tabular else (JSON,)
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


async def answer(
    route: Route, ctx: Context, arguments: Mapping[str, Any], form: Form, under: Approval | None = None, *, codes: bool
) -> web.StreamResponse:
    """The report or the whole list as a file, after the access log has it. Raises ExportTooLargeError beyond ROWS.

    `under`: the approval personal data leaves under; what left is kept with its hash before the first byte (E-12).

    The file is made on disk first, so that what goes wrong on the way is told, and memory does not grow with the list.
    """
    with tempfile.TemporaryFile() as file:
        async with asyncio.timeout(SECONDS_TO_MAKE):
            with (Csv if form is CSV else Xlsx)(file) as table:
                if route.table is not None:
                    report = await route.handler(ctx, **arguments)
                    await access.allowed(route, ctx, report)
                    table.add(cells.worded(route.table(report), codes=codes))
                else:
                    await _list(route, ctx, arguments, table, codes=codes)
                if under is not None:
                    table.stamp(under.stamp)
        if under is not None:
            await _keep(ctx, under, file, form)
        return await _send(route, ctx, file, form)


async def _list(route: Route, ctx: Context, arguments: Mapping[str, Any], table: Table, *, codes: bool) -> None:
    assert route.lined is not None
    columns = cells.columns(route.lined)
    table.add([[column.head for column in columns]])
    async for items in _pages(route, ctx, arguments):
        await access.allowed(route, ctx, Page[Any](items=items))
        ctx.seen.clear()
        lines = items if route.line is None else [route.line(item) for item in items]
        rows = [cells.row(line, columns, codes=codes) for line in lines]
        await asyncio.to_thread(table.add, rows)


async def _pages(route: Route, ctx: Context, arguments: Mapping[str, Any]) -> AsyncIterator[list[BaseModel]]:
    query = arguments.get("query")
    if not isinstance(query, PageQuery):
        yield list((await route.handler(ctx, **arguments)).items)
        return
    query = query.model_copy(update={"limit": PAGE})
    count = 0
    while True:
        page = await route.handler(ctx, **{**arguments, "query": query})
        yield page.items
        if page.next is None:
            return
        count += len(page.items)
        if count >= ROWS:
            raise ExportTooLargeError(Words(f"超过{ROWS}行，请缩小范围", f"more than {ROWS} rows: narrow the filter"))
        query = query.model_copy(update={"cursor": page.next})


async def _keep(ctx: Context, under: Approval, file: IO[bytes], form: Form) -> None:
    """Note size and hash of what is about to leave."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    found = hashlib.sha256()
    while chunk := await asyncio.to_thread(file.read, CHUNK):
        found.update(chunk)
    await exports.given(ctx.db, under, form.media_type, size, found.hexdigest(), ctx.clock.now())


async def _send(route: Route, ctx: Context, file: IO[bytes], form: Form) -> web.StreamResponse:
    name = f"{route.handler.__name__.removeprefix('list_')}-{shanghai_day(ctx.clock.now()):%Y%m%d}.{form.suffix}"
    response = web.StreamResponse(
        headers={
            "Content-Type": form.media_type + ("; charset=utf-8" if form is CSV else ""),
            "Content-Disposition": f'attachment; filename="{name}"',
            "Vary": "Accept",
        }
    )
    response.content_length = file.seek(0, io.SEEK_END)
    file.seek(0)
    await response.prepare(ctx.request)
    try:
        async with asyncio.timeout(SECONDS_TO_SEND):
            while ctx.request.method != "HEAD" and (chunk := await asyncio.to_thread(file.read, CHUNK)):
                await response.write(chunk)
            await response.write_eof()
    except (TimeoutError, ConnectionError):
        if ctx.request.transport is not None:
            ctx.request.transport.abort()
    return response
