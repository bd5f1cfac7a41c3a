"""Who asks: a bearer token, or the console's cookie with proof of the same site. Must never take both."""

from collections import OrderedDict
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from aiohttp import web

from callcenter.accounts import sessions
from callcenter.accounts.actor import Actor
from callcenter.db.away import is_away
from callcenter.patience import within
from callcenter.web.errors import CrossSiteError, UnauthenticatedError
from callcenter.web.keys import CONFIG, DATABASE, WALL
from tickets.errors import Words

COOKIE = "cc_session"
CSRF_HEADER = "X-Requested-With"
CSRF_VALUE = "callcenter"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_TOKEN = 200
PATIENCE = 0.8
"""Seconds the database has, on a route that spools, to say who asks."""
TRUSTED_FOR = timedelta(minutes=10)
MOST_RECENT = 20_000


async def authenticate(request: web.Request, *, spools: bool = False) -> Actor:
    """Who asks. Raises UnauthenticatedError, or CrossSiteError when another site's page sent the cookie (H19).

    On a route that spools, who was known a short while ago is still known while the database is away.
    """
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthenticatedError(
                Words("请发送 Authorization: Bearer 加令牌", "send Authorization: Bearer and the token")
            )
        return await _find(request, token.strip(), by_cookie=False, spools=spools)
    token = request.cookies.get(COOKIE, "")
    if not token:
        raise UnauthenticatedError(Words("请提供令牌", "send a token"))
    refuse_other_sites(request)
    if request.method not in SAFE and request.headers.get(CSRF_HEADER) != CSRF_VALUE:
        raise CrossSiteError(
            Words(f"使用Cookie时请发送 {CSRF_HEADER}: {CSRF_VALUE}", f"with a cookie, send {CSRF_HEADER}: {CSRF_VALUE}")
        )
    return await _find(request, token, by_cookie=True, spools=spools)


def refuse_other_sites(request: web.Request) -> None:
    """Raises CrossSiteError when a browser says that the request comes from a page of another origin."""
    origin = request.headers.get("Origin")
    own = {request.host, urlsplit(request.config_dict[CONFIG].web.public_url).netloc} - {""}
    if origin is not None and _netloc(origin) not in own:
        raise CrossSiteError(Words("请求来自其他网站", "this request comes from another site"))
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise CrossSiteError(Words("请求来自其他网站", "this request comes from another site"))


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


async def _find(request: web.Request, token: str, *, by_cookie: bool, spools: bool) -> Actor:
    app, actor = request.config_dict, None
    if token and len(token) <= LONGEST_TOKEN:
        at = app[WALL].now()
        finding = sessions.find(app[DATABASE], token, at)
        try:
            actor = await (within(PATIENCE, finding) if spools else finding)
        except Exception as error:
            actor = app[RECENT].known(token, at) if spools and is_away(error) else None
            if actor is None:
                raise
        else:
            app[RECENT].note(token, actor, at)
    if actor is None or (actor.kind == "user" and actor.by_cookie != by_cookie):
        raise UnauthenticatedError(Words("令牌无效、已过期或已撤销", "the token is unknown, expired or revoked"))
    return actor


class Recent:
    """Who was let in during the last minutes, by the hash of the token, for when the database cannot be asked."""

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, tuple[Actor, datetime]] = OrderedDict()

    def note(self, token: str, actor: Actor | None, at: datetime) -> None:
        """What the database said just now; nobody stays known whom it no longer knows."""
        key = sessions.digest(token)
        self._seen.pop(key, None)
        if actor is not None:
            self._seen[key] = (actor, at)
            if len(self._seen) > MOST_RECENT:
                self._seen.popitem(last=False)

    def known(self, token: str, at: datetime) -> Actor | None:
        """Whoever the token belonged to not longer than TRUSTED_FOR ago."""
        found = self._seen.get(sessions.digest(token))
        return found[0] if found is not None and at - found[1] <= TRUSTED_FOR else None


RECENT = web.AppKey("recent actors", Recent)
