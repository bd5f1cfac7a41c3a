"""Reads a file that is sent: in bounded memory and time, its hash counted on the way, no more of it than may be.

As the body itself, or as the one part of a multipart/form-data. Must never trust a declared length or name.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import BodyPartReader, http_exceptions, web

from callcenter.attachments.vault import CHUNK, Staged, Vault
from callcenter.web.errors import (
    BodyTooLargeError,
    BodyTooSlowError,
    LengthRequiredError,
    MediaTypeError,
    RequestError,
)
from tickets.errors import Words

STALLED = 15.0
"""Seconds in which something more must arrive."""
SECONDS = 300.0
"""For the whole file."""
AROUND = 64 << 10
"""Bytes a form may have around its file."""
PIECE = 64 << 10


@dataclass(frozen=True, slots=True)
class Upload:
    """A file received; `name` is what a form called it. Whoever received it discards what was staged."""

    staged: Staged
    name: str | None


async def receive(request: web.Request, vault: Vault, most: int) -> Upload:
    """The file, at most `most` bytes. Raises RequestError's subclasses, StoreFullError, StoreAwayError."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise MediaTypeError(Words("请求内容不得使用 Content-Encoding", "send the body without Content-Encoding"))
    is_form = request.content_type == "multipart/form-data"
    if request.content_type.startswith("multipart/") and not is_form:
        raise MediaTypeError(
            Words("请发送文件本身或 multipart/form-data", "send the file itself, or multipart/form-data")
        )
    if is_form and request.content_length is None:
        raise LengthRequiredError(Words("表单须带 Content-Length", "a form needs a Content-Length"))
    if (request.content_length or 0) > most + (AROUND if is_form else 0):
        raise _too_large(most)
    staged = await asyncio.to_thread(vault.begin)
    try:
        name = await (_form if is_form else _raw)(request, staged, most)
    except BaseException:
        await asyncio.to_thread(staged.discard)
        raise
    return Upload(staged, name)


async def _raw(request: web.Request, staged: Staged, most: int) -> None:
    await _store(request.content.iter_any(), staged, most)


async def _form(request: web.Request, staged: Staged, most: int) -> str | None:
    """The one part of the form. Its name is its own; what it is said to be stands in the query."""
    try:
        reader = await request.multipart()
        part = await reader.next()
        if not isinstance(part, BodyPartReader):
            raise RequestError(Words("表单中没有文件", "the form holds no file"))
        if part.headers.get("Content-Transfer-Encoding", "binary").lower() not in ("binary", "8bit", "7bit"):
            raise MediaTypeError(Words("文件须原样发送", "send the file as it is, without a transfer encoding"))
        await _store(_pieces(part), staged, most)
        if await reader.next() is not None:
            raise RequestError(
                Words("表单只能有一个文件，其余写在地址中", "a form holds one file; the rest stands in the address")
            )
    except (ValueError, AssertionError, RuntimeError, http_exceptions.HttpProcessingError) as error:
        raise RequestError(Words("表单不完整或格式有误", "the form is broken off or malformed")) from error
    return part.filename


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while not part.at_eof():
        yield await part.read_chunk(PIECE)


async def _store(pieces: AsyncIterator[bytes], staged: Staged, most: int) -> None:
    end = asyncio.get_running_loop().time() + SECONDS
    waiting = bytearray()
    try:
        async with asyncio.timeout(STALLED) as patience:
            async for piece in pieces:
                patience.reschedule(min(asyncio.get_running_loop().time() + STALLED, end))
                waiting += piece
                if staged.size + len(waiting) > most:
                    raise _too_large(most)
                if len(waiting) >= CHUNK:
                    await asyncio.to_thread(staged.write, bytes(waiting))
                    waiting.clear()
    except TimeoutError:
        raise BodyTooSlowError(Words("文件未按时到达", "the file did not arrive in time")) from None
    if waiting:
        await asyncio.to_thread(staged.write, bytes(waiting))


def _too_large(most: int) -> BodyTooLargeError:
    return BodyTooLargeError(Words(f"文件最多{most >> 20}MB", f"a file has at most {most >> 20} MB"))
