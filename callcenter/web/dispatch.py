"""Runs a declared route: who asks, may they, what was sent, once only, the answer. Must never know one by name."""

import asyncio
import hashlib
import json
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_json

from callcenter import idempotency
from callcenter.accounts.actor import NOBODY, Actor
from callcenter.db.away import is_away
from callcenter.errors import ForbiddenError
from callcenter.exports import Approval
from callcenter.idempotency import Claim, Kept
from callcenter.patience import within
from callcenter.web import access, auth, body, exports, tables, uploads
from callcenter.web.api import ANYONE, SIGNED_IN, Context, Route
from callcenter.web.errors import BadKeyError, NotModelledError, answer_to
from callcenter.web.keys import CLOCK, CONFIG, DATABASE, LISTS, SECRET, VAULT, WALL
from callcenter.web.pages import Cursors, Page
from callcenter.web.uploads import Upload
from callcenter.web.validation import not_modelled
from tickets.errors import Words

ACTOR = web.RequestKey("actor", Actor)
NO_KEY = UUID(int=0)
PURPOSE_LENGTH = 200
REFUSALS = frozenset({401, 403, 404})
PATIENCE = 0.8
"""Seconds the database has before a route that spools goes on without it."""
SPOOLED_LEASE = timedelta(seconds=3)
"""After this long without an answer the first request on such a route is taken for dead."""


class PurposeMissingError(NotModelledError):
    """Personal data leaves as a file, and a recording is heard, only with a reason (H16, E-11)."""

    code = "purpose_missing"


@dataclass(frozen=True, slots=True)
class _Sent:
    arguments: dict[str, Any]
    sha256: str
    upload: Upload | None = None


async def serve(route: Route, request: web.Request) -> web.StreamResponse:
    """The answer to one request; errors come out as exceptions, refusals already logged."""
    actor = NOBODY
    try:
        if route.access != ANYONE:
            actor = await auth.authenticate(request, spools=route.spools)
            request[ACTOR] = actor
            if route.access != SIGNED_IN and not any(map(actor.may, route.permissions)):
                raise ForbiddenError(
                    Words(
                        f"需要权限 {' 或 '.join(route.permissions)}",
                        f"this needs the permission {' or '.join(route.permissions)}",
                    )
                )
        return await _answer(route, request, actor)
    except Exception as error:
        if isinstance(error, PurposeMissingError) or answer_to(error).status in REFUSALS:
            code = error.code if isinstance(error, PurposeMissingError) else answer_to(error).code
            await access.denied(route, request, actor.audit_name, code, error)
        raise


async def _answer(route: Route, request: web.Request, actor: Actor) -> web.StreamResponse:
    form = tables.JSON if route.raw else tables.wanted(request.headers.getall("Accept", []), route)
    purpose, under = _purpose(route, request), None
    if form is not tables.JSON and route.reads is not None:
        if not actor.may(tables.PERMISSION):
            raise ForbiddenError(
                Words(f"需要权限 {tables.PERMISSION}", f"this needs the permission {tables.PERMISSION}")
            )
        if purpose is None:
            raise PurposeMissingError(Words("请在 ?purpose= 中说明导出用途", "say what the file is for in ?purpose="))
        app = request.config_dict
        under = await exports.approval(app[CONFIG], app[DATABASE], request, actor.audit_name, app[CLOCK].now())
    codes = _codes(route, request)
    key = _key(request) if route.creates else NO_KEY
    sent = await _read(route, request)
    try:
        return await _answered(route, request, actor, key, purpose, sent, form, under, codes=codes)
    finally:
        if sent.upload is not None:
            await asyncio.to_thread(sent.upload.staged.discard)


async def _answered(
    route: Route,
    request: web.Request,
    actor: Actor,
    key: UUID,
    purpose: str | None,
    sent: _Sent,
    form: tables.Form,
    under: Approval | None,
    *,
    codes: bool,
) -> web.StreamResponse:
    app = request.config_dict
    ctx = Context(
        actor=actor,
        db=app[DATABASE],
        clock=app[CLOCK],
        config=app[CONFIG],
        request=request,
        cursors=Cursors(app[SECRET], f"{route.name} {request.path}"),
        key=key,
        address=request.remote or "",
        purpose=purpose,
    )
    if route.raw:
        response: web.StreamResponse = await route.handler(ctx, **sent.arguments)
        return response
    if not route.creates:
        if form is not tables.JSON:
            return await tables.answer(route, ctx, sent.arguments, form, under, codes=codes)
        async with asyncio.timeout(route.seconds):
            answer = await route.handler(ctx, **sent.arguments)
        await access.allowed(route, ctx, answer)
        vary = {"Vary": "Accept"} if route.tabular else {}
        return _response(route.status, answer, vary | ctx.headers)
    claim = Claim(actor.audit_name, key, f"{route.method} {request.path}", sent.sha256)
    if route.spools:
        return await _spooled(route, ctx, sent.arguments, claim)
    kept = await idempotency.claim(ctx.db, claim, app[WALL].now())
    if kept is not None:
        await access.allowed(route, ctx, kept.answer)
        return _again(kept)
    try:
        async with asyncio.timeout(route.seconds):
            answer = await route.handler(ctx, **sent.arguments)
    except Exception:
        await idempotency.release(ctx.db, claim)
        raise
    content = None if answer is None else answer.model_dump(mode="json") | dict.fromkeys(route.secrets)
    await idempotency.keep(ctx.db, claim, route.status, content)
    await access.allowed(route, ctx, answer)
    return _response(route.status, answer, ctx.headers)


async def _spooled(route: Route, ctx: Context, arguments: dict[str, Any], claim: Claim) -> web.StreamResponse:
    """A create whose use case keeps the key: while the database is away it is taken without a claim. A first request
    that died with its process is not waited for long, for two at work at once make one object."""
    claimed = True
    try:
        at = ctx.request.config_dict[WALL].now()
        kept = await within(PATIENCE, idempotency.claim(ctx.db, claim, at, SPOOLED_LEASE))
        if kept is not None:
            return _again(kept)
    except Exception as error:
        if not is_away(error):
            raise
        claimed = False
    try:
        async with asyncio.timeout(route.seconds):
            answer = await route.handler(ctx, **arguments)
    except Exception:
        if claimed:
            await _if_reachable(idempotency.release(ctx.db, claim))
        raise
    if ctx.accepted:
        if claimed:
            await _if_reachable(idempotency.release(ctx.db, claim))
        return _response(202, answer, ctx.headers)
    if claimed:
        await _if_reachable(idempotency.keep(ctx.db, claim, route.status, answer.model_dump(mode="json")))
    return _response(route.status, answer, ctx.headers)


async def _if_reachable(writing: Coroutine[Any, Any, None]) -> None:
    """What is lost when the database went away meanwhile, the use case makes good: it knows the key."""
    try:
        await within(PATIENCE, writing)
    except Exception as error:
        if not is_away(error):
            raise


async def _read(route: Route, request: web.Request) -> _Sent:
    arguments: dict[str, Any] = {}
    for name, kind in route.parameters.items():
        text = request.match_info[name]
        body.refuse_text(text)
        try:
            arguments[name] = TypeAdapter(kind).validate_strings(text)
        except ValidationError as invalid:
            raise not_modelled(f"path/{name}", invalid) from None
    if route.query is not None:
        arguments["query"] = _query(route.query, request, _beside(route))
    elif unknown := set(request.query) - _beside(route):
        raise NotModelledError(
            Words(
                f"此地址没有查询参数 {sorted(unknown)[0][:100]}",
                f"this route takes no query parameter called {sorted(unknown)[0][:100]}",
            )
        )
    if route.uploads:
        config = request.config_dict[CONFIG]
        vault = request.config_dict[LISTS].vault if route.lists else request.config_dict[VAULT]
        most = (config.imports if route.lists else config.attachments).max_megabytes << 20
        upload = await uploads.receive(request, vault, most)
        arguments["upload"] = upload
        asked = arguments["query"].model_dump_json() if route.query is not None else ""
        return _Sent(arguments, hashlib.sha256(f"{asked}\n{upload.staged.sha256}".encode()).hexdigest(), upload)
    if route.body is None:
        return _Sent(arguments, "")
    raw, value = await body.read_json(request, route.body_bytes)
    try:
        arguments["body"] = route.body.model_validate_json(raw, strict=True)
    except ValidationError as invalid:
        raise not_modelled("body", invalid) from None
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return _Sent(arguments, hashlib.sha256(canonical.encode()).hexdigest())


def _beside(route: Route) -> set[str]:
    """What may stand in the query beside the model's fields."""
    return ({"purpose", "approval"} if route.reads or route.query else set()) | ({"values"} if route.tabular else set())


def _query(model: type[BaseModel], request: web.Request, beside: set[str]) -> BaseModel:
    values: dict[str, Any] = {}
    for name in request.query:
        if name in beside and name not in model.model_fields:
            continue
        given = request.query.getall(name)
        for text in (name, *given):
            body.refuse_text(text)
        values[name] = given if _is_list(model, name) else given[0] if len(given) == 1 else given
    try:
        return model.model_validate_strings(values)
    except ValidationError as invalid:
        raise not_modelled("query", invalid) from None


def _is_list(model: type[BaseModel], name: str) -> bool:
    spec = model.model_fields.get(name)
    return spec is not None and "list[" in str(spec.annotation)


def _codes(route: Route, request: web.Request) -> bool:
    """Whether a file is to hold codes instead of words."""
    given = request.query.getall("values", ["words"]) if route.tabular else ["words"]
    if given in (["words"], ["code"]):
        return given == ["code"]
    raise NotModelledError(Words("?values= 应为words或code", "?values= is words or code"))


def _purpose(route: Route, request: web.Request) -> str | None:
    if route.reads is None or (text := request.query.get("purpose")) is None:
        return None
    body.refuse_text(text)
    if not 2 <= len(text.strip()) <= PURPOSE_LENGTH:
        raise PurposeMissingError(
            Words(f"?purpose= 须为2至{PURPOSE_LENGTH}个字符", f"?purpose= takes 2 to {PURPOSE_LENGTH} characters")
        )
    return text.strip()


def _key(request: web.Request) -> UUID:
    keys = request.headers.getall("Idempotency-Key", [])
    if len(keys) != 1:
        raise BadKeyError(
            Words(
                "请发送一个 Idempotency-Key：自行生成的UUID，重复请求时沿用",
                "send one Idempotency-Key: a UUID of your own for this request and its repeats",
            )
        )
    try:
        if len(keys[0]) != 36:
            raise ValueError
        key = UUID(keys[0])
    except ValueError:
        raise BadKeyError(Words("Idempotency-Key 不是UUID", "the Idempotency-Key is not a UUID")) from None
    if key == NO_KEY:
        raise BadKeyError(Words("Idempotency-Key 不得为全零UUID", "the Idempotency-Key must not be the nil UUID"))
    return key


def _response(status: int, answer: BaseModel | None, headers: dict[str, str]) -> web.Response:
    if answer is None:
        return web.Response(status=status, headers=headers)
    return web.Response(
        status=status, body=answer.model_dump_json().encode(), content_type="application/json", headers=headers
    )


def _again(kept: Kept) -> web.Response:
    headers = {"Idempotent-Replayed": "true"}
    if kept.answer is None:
        return web.Response(status=kept.status, headers=headers)
    return web.Response(status=kept.status, body=to_json(kept.answer), content_type="application/json", headers=headers)


__all__ = ["ACTOR", "Page", "serve"]
