"""The OpenAPI document and a page that shows it, from this host alone. Must never load anything from elsewhere."""

import json
from pathlib import Path
from typing import Any

from aiohttp import web

from callcenter.web.openapi import PREFIX

STATIC = Path(__file__).parent / "static"
FILES = {
    "/api/docs": ("docs.html", "text/html"),
    "/api/docs.js": ("docs.js", "text/javascript"),
    "/api/docs.css": ("docs.css", "text/css"),
}


def add_to(app: web.Application, document: dict[str, Any]) -> None:
    """Adds /api/v1/openapi.json and /api/docs."""
    text = json.dumps(document, ensure_ascii=False).encode()

    async def openapi(_request: web.Request) -> web.Response:
        return web.Response(body=text, content_type="application/json")

    app.router.add_get(f"{PREFIX}/openapi.json", openapi)
    for path, (name, media) in FILES.items():
        app.router.add_get(path, _file((STATIC / name).read_bytes(), media))


def _file(content: bytes, media: str) -> Any:
    async def file(_request: web.Request) -> web.Response:
        return web.Response(body=content, content_type=media, charset="utf-8")

    return file
