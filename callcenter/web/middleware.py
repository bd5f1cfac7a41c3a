"""Around every request: problem details, security headers, a log line. Must never log a query or a body."""

import json
import logging
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from aiohttp import web

from callcenter.web.dispatch import ACTOR
from callcenter.web.errors import INTERNAL, Answer, RequestError, outline, problem
from callcenter.web.health import count_request
from callcenter.web.language import Language, asked
from callcenter.web.origin import telephone_of
from tickets.errors import Words

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self' {telephone}; media-src 'self' blob:; worker-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Of the Content-Security-Policy: beside ourselves a page speaks to the switch's WebSocket alone, to be a telephone."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), payment=(), usb=(), microphone=(self)",
}
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})


@web.middleware
async def log_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """One line for each request: route, status, seconds, who. The path's template, never its values.

    What monitors ask every few seconds is told only at level debug while it is answered well.
    """
    began = perf_counter()
    status = 500
    try:
        response = await handler(request)
        status = response.status
        return response
    finally:
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "(none)"
        seconds = perf_counter() - began
        count_request(request.app, route, request.method, status, seconds)
        actor = request.get(ACTOR)
        log.log(
            logging.DEBUG if route in PROBES and status < 400 else logging.INFO,
            "request answered",
            extra={
                "method": request.method[:20],
                "route": route,
                "status": status,
                "seconds": round(seconds, 4),
                "actor": actor.audit_name if actor else "nobody",
                "address": request.remote,
            },
        )


async def secure_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Adds, before any first byte, the headers that keep a browser from doing what we did not mean."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", POLICY.format(telephone=telephone_of(request)))
    response.headers["Server"] = "callcenter"
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns every error into problem details; one that is in no table is logged and told as `internal`."""
    language = asked(request.headers.get("Accept-Language", ""))
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        if request.method == "OPTIONS" and isinstance(error, web.HTTPMethodNotAllowed):
            return web.Response(status=204, headers={"Allow": ", ".join(sorted(error.allowed_methods))})
        return _of_http(request, error, language)
    except Exception as error:
        answer, document = problem(error, language, request.path[:200])
        if answer is INTERNAL:
            log.exception("request failed")
        elif answer.status >= 500:
            log.warning("request not served", extra={"code": document["code"], "reason": repr(error)[:300]})
        return _response(document, language, {**answer.headers, **getattr(error, "headers", {})})


_BAD = Words("请求有误", "Bad request")
_NO_ROUTE = Words("没有这个地址", "There is nothing at this address")
_CLIMBS = Words("地址中不得有“.”“..”或NUL", "A path holds no “.”, “..” or NUL")


def _of_http(request: web.Request, error: web.HTTPException, language: Language) -> web.Response:
    """What aiohttp refuses before a route of ours is asked."""
    allowed = error.headers.get("Allow", "")
    if error.status == 404 and _climbs(request.path):
        row, detail = Answer(400, RequestError.code, _BAD), _CLIMBS
    elif error.status == 404:
        row, detail = Answer(404, "not_found", Words("没有找到", "Not found")), _NO_ROUTE
    elif error.status == 405:
        row = Answer(405, "method_not_allowed", Words("不支持的方法", "Method not allowed"))
        detail = Words(f"此地址只接受：{allowed}", f"this address takes: {allowed}")
    elif error.status == 413:
        row = Answer(413, "body_too_large", Words("请求内容过大", "Body too large"))
        detail = Words("请求内容超过上限", "the body is larger than may be sent")
    else:
        row, detail = Answer(error.status, RequestError.code, _BAD), None
    headers = {"Allow": allowed} if allowed else {}
    return _response(outline(row, language, request.path[:200], detail), language, headers)


def _climbs(path: str) -> bool:
    return "\0" in path or any(part in {".", ".."} for part in path.replace("\\", "/").split("/"))


def _response(document: dict[str, Any], language: Language, headers: dict[str, str]) -> web.Response:
    return web.Response(
        status=document["status"],
        body=json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"),
        content_type="application/problem+json",
        headers={"Content-Language": language, "Vary": "Accept-Language", **headers},
    )
