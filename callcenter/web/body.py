"""Reads request bodies: strict JSON, in bounded time and memory. Must never trust a declared length (H10, H11)."""

import asyncio
import json
import math
from typing import Any, NoReturn

from aiohttp import web

from callcenter.web.errors import BodyTooLargeError, BodyTooSlowError, MediaTypeError, RequestError

DEPTH = 32
SECONDS = 10.0
MEDIA_TYPES = frozenset({"application/json", "application/merge-patch+json"})


async def read(request: web.Request, most: int) -> bytes:
    """The raw body, at most `most` bytes within SECONDS. Raises RequestError's subclasses."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise MediaTypeError("send the body without Content-Encoding")
    if (request.content_length or 0) > most:
        raise BodyTooLargeError(f"at most {most} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > most:
                    raise BodyTooLargeError(f"at most {most} bytes")
    except TimeoutError:
        raise BodyTooSlowError(f"the body must arrive within {SECONDS:g} seconds") from None
    return bytes(body)


async def read_json(request: web.Request, most: int) -> tuple[bytes, Any]:
    """The body as it came and as JSON. Raises RequestError and its subclasses."""
    if request.content_type not in MEDIA_TYPES:
        raise MediaTypeError("send application/json")
    if (request.charset or "utf-8").lower().replace("-", "").replace("_", "") != "utf8":
        raise MediaTypeError("send UTF-8")
    raw = await read(request, most)
    return raw, parse(raw)


def parse(raw: bytes) -> Any:
    """Strict JSON: UTF-8 without byte order mark, no repeated names, no NaN, no NUL, no lone surrogates."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(f"the body is not UTF-8 at byte {error.start}") from None
    if text.startswith("\ufeff"):
        raise RequestError("the body starts with a byte order mark")
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float
        )
    except RecursionError:
        raise RequestError(f"the body is nested deeper than {DEPTH}") from None
    except json.JSONDecodeError as error:
        raise RequestError(f"the body is not JSON: {error.msg} at character {error.pos}") from None
    _check(value, DEPTH)
    return value


def refuse_text(text: str) -> None:
    """Raises RequestError for text that PostgreSQL or UTF-8 cannot hold."""
    if "\0" in text:
        raise RequestError("a text holds the character NUL")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise RequestError("a text holds half of a surrogate pair")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RequestError("an object of the body repeats a name")
    return found


def _constant(name: str) -> NoReturn:
    raise RequestError(f"{name} is not JSON")


def _integer(digits: str) -> int:
    if len(digits) > 40:
        raise RequestError("a number has more than 40 digits")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise RequestError("a number is out of range")
    return number


def _check(value: Any, depth: int) -> None:
    if depth == 0:
        raise RequestError(f"the body is nested deeper than {DEPTH}")
    if isinstance(value, str):
        refuse_text(value)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth - 1)
    elif isinstance(value, dict):
        for name, item in value.items():
            refuse_text(name)
            _check(item, depth - 1)
