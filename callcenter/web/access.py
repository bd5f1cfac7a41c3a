"""The access log of routes that show personal data: before the first byte, and at every refusal (T-6)."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel

from callcenter.audit import storable
from callcenter.db.pool import Database
from callcenter.errors import NotFoundError
from callcenter.ids import uuid7
from callcenter.web.api import Context, Page, Route
from callcenter.web.keys import CLOCK, DATABASE

log = logging.getLogger(__name__)

SAW = """
INSERT INTO access_log (id, at, actor, verdict, reason, object_kind, object_id, purpose, address, user_agent, token_id)
SELECT id, $2, $3, $4, $5, kind, object_id, $8, $9, $10, $11
FROM unnest($1::uuid[], $6::text[], $7::text[]) AS read (id, kind, object_id)"""


async def allowed(route: Route, ctx: Context, answer: BaseModel | Mapping[str, Any] | None) -> None:
    """Writes who saw what, one row for each object in the answer, which may be one kept from before as plain JSON."""
    if route.reads is None and not ctx.seen:
        return
    seen = list(ctx.seen)
    if route.reads is not None:
        seen += [(route.reads, object_id) for object_id in _objects(route, ctx.request, answer)]
    await _write(ctx.db, ctx.request, ctx.actor.audit_name, "allow", route.name, seen, ctx.purpose, ctx.address)


async def denied(route: Route, request: web.Request, actor: str, code: str, error: Exception) -> None:
    """Writes a refused attempt; when even that fails, the refusal still stands."""
    kind, object_id = route.reads or route.tag, _path_object(route, request) or "*"
    if isinstance(error, NotFoundError):
        kind, object_id = error.kind, error.object_id
    try:
        await _write(
            request.config_dict[DATABASE],
            request,
            actor,
            "deny",
            f"{route.name}: {code}",
            [(kind, object_id[:200])],
            None,
            request.remote or "",
        )
    except Exception:
        log.exception("refusal not logged", extra={"route": route.name, "code": code})


async def _write(
    db: Database,
    request: web.Request,
    actor: str,
    verdict: str,
    reason: str,
    seen: Sequence[tuple[str, str]],
    purpose: str | None,
    address: str,
) -> None:
    at = request.config_dict[CLOCK].now()
    token = UUID(actor.removeprefix("token:")) if actor.startswith("token:") else None
    async with db.connection() as conn:
        await conn.execute(
            SAW,
            [uuid7(at) for _ in seen],
            at,
            actor,
            verdict,
            reason,
            [kind for kind, _ in seen],
            [storable(object_id) for _, object_id in seen],
            purpose,
            address,
            storable(request.headers.get("User-Agent", "")),
            token,
        )


def _objects(route: Route, request: web.Request, answer: BaseModel | Mapping[str, Any] | None) -> list[str]:
    if isinstance(answer, Page):
        return [str(item.id) for item in answer.items if hasattr(item, "id")]
    own = answer.get("id") if isinstance(answer, Mapping) else getattr(answer, "id", None)
    return [str(own) if own is not None else _path_object(route, request) or "*"]


def _path_object(route: Route, request: web.Request) -> str | None:
    """The object of the kind the route reads, or whatever the path names last."""
    named: str | None = request.match_info.get(f"{route.reads}_id")
    return named or next(reversed(request.match_info.values()), None)
