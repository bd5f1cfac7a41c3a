"""Who asks: a bearer token, or the console's cookie with proof of the same site. Must never take both."""

from urllib.parse import urlsplit

from aiohttp import web

from callcenter.accounts import sessions
from callcenter.accounts.actor import Actor
from callcenter.web.errors import CrossSiteError, UnauthenticatedError
from callcenter.web.keys import CONFIG, DATABASE, WALL

COOKIE = "cc_session"
CSRF_HEADER = "X-Requested-With"
CSRF_VALUE = "callcenter"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_TOKEN = 200


async def authenticate(request: web.Request) -> Actor:
    """Who asks. Raises UnauthenticatedError, or CrossSiteError when another site's page sent the cookie (H19)."""
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthenticatedError("send Authorization: Bearer and the token")
        return await _find(request, token.strip(), by_cookie=False)
    token = request.cookies.get(COOKIE, "")
    if not token:
        raise UnauthenticatedError("send a token")
    refuse_other_sites(request)
    if request.method not in SAFE and request.headers.get(CSRF_HEADER) != CSRF_VALUE:
        raise CrossSiteError(f"with a cookie, send {CSRF_HEADER}: {CSRF_VALUE}")
    return await _find(request, token, by_cookie=True)


def refuse_other_sites(request: web.Request) -> None:
    """Raises CrossSiteError when a browser says that the request comes from a page of another origin."""
    origin = request.headers.get("Origin")
    own = {request.host, urlsplit(request.config_dict[CONFIG].web.public_url).netloc} - {""}
    if origin is not None and _netloc(origin) not in own:
        raise CrossSiteError("this request comes from another site")
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise CrossSiteError("this request comes from another site")


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


async def _find(request: web.Request, token: str, *, by_cookie: bool) -> Actor:
    actor = None
    if token and len(token) <= LONGEST_TOKEN:
        actor = await sessions.find(request.config_dict[DATABASE], token, request.config_dict[WALL].now())
    if actor is None or (actor.kind == "user" and actor.by_cookie != by_cookie):
        raise UnauthenticatedError("the token is unknown, expired or revoked")
    return actor
