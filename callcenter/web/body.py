"""Reads request bodies: strict JSON, in bounded time and memory. Must never trust a declared length (H10, H11)."""

import asyncio
import json
import math
from typing import Any, NoReturn

from aiohttp import web

from callcenter.web.errors import BodyTooLargeError, BodyTooSlowError, MediaTypeError, RequestError
from tickets.errors import Words

DEPTH = 32
SECONDS = 10.0
MEDIA_TYPES = frozenset({"application/json", "application/merge-patch+json"})


async def read(request: web.Request, most: int) -> bytes:
    """The raw body, at most `most` bytes within SECONDS. Raises RequestError's subclasses."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise MediaTypeError(Words("请求内容不得使用 Content-Encoding", "send the body without Content-Encoding"))
    if (request.content_length or 0) > most:
        raise BodyTooLargeError(Words(f"最多{most}字节", f"at most {most} bytes"))
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > most:
                    raise BodyTooLargeError(Words(f"最多{most}字节", f"at most {most} bytes"))
    except TimeoutError:
        raise BodyTooSlowError(
            Words(f"请求内容须在{SECONDS:g}秒内到达", f"the body must arrive within {SECONDS:g} seconds")
        ) from None
    return bytes(body)


async def read_json(request: web.Request, most: int) -> tuple[bytes, Any]:
    """The body as it came and as JSON. Raises RequestError and its subclasses."""
    if request.content_type not in MEDIA_TYPES:
        raise MediaTypeError(Words("请发送 application/json", "send application/json"))
    if (request.charset or "utf-8").lower().replace("-", "").replace("_", "") != "utf8":
        raise MediaTypeError(Words("请使用UTF-8编码", "send UTF-8"))
    raw = await read(request, most)
    return raw, parse(raw)


def parse(raw: bytes) -> Any:
    """Strict JSON: UTF-8 without byte order mark, no repeated names, no NaN, no NUL, no lone surrogates."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(
            Words(f"请求内容第{error.start}字节处不是UTF-8", f"the body is not UTF-8 at byte {error.start}")
        ) from None
    if text.startswith("\ufeff"):
        raise RequestError(Words("请求内容以字节序标记开头", "the body starts with a byte order mark"))
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float
        )
    except RecursionError:
        raise RequestError(Words(f"请求内容嵌套超过{DEPTH}层", f"the body is nested deeper than {DEPTH}")) from None
    except json.JSONDecodeError as error:
        raise RequestError(
            Words(
                f"请求内容第{error.pos}个字符处不是JSON", f"the body is not JSON: {error.msg} at character {error.pos}"
            )
        ) from None
    _check(value, DEPTH)
    return value


def refuse_text(text: str) -> None:
    """Raises RequestError for text that PostgreSQL or UTF-8 cannot hold."""
    if "\0" in text:
        raise RequestError(Words("文字中含有NUL字符", "a text holds the character NUL"))
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise RequestError(Words("文字中含有不完整的代理对", "a text holds half of a surrogate pair"))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RequestError(Words("请求内容中有重复的字段名", "an object of the body repeats a name"))
    return found


def _constant(name: str) -> NoReturn:
    raise RequestError(Words(f"{name} 不是JSON", f"{name} is not JSON"))


def _integer(digits: str) -> int:
    if len(digits) > 40:
        raise RequestError(Words("数字超过40位", "a number has more than 40 digits"))
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise RequestError(Words("数字超出范围", "a number is out of range"))
    return number


def _check(value: Any, depth: int) -> None:
    if depth == 0:
        raise RequestError(Words(f"请求内容嵌套超过{DEPTH}层", f"the body is nested deeper than {DEPTH}"))
    if isinstance(value, str):
        refuse_text(value)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth - 1)
    elif isinstance(value, dict):
        for name, item in value.items():
            refuse_text(name)
            _check(item, depth - 1)
