"""Logging in and out, and who one is. Must never give a script the secret of a cookie session."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from callcenter.accounts import sessions
from callcenter.web.api import ANYONE, SIGNED_IN, Context, Model, Moment, Routes
from callcenter.web.auth import COOKIE, refuse_other_sites
from callcenter.web.keys import REDIS, WALL
from callcenter.web.limits import TooManyRequestsError, within
from tickets.categories import Department
from tickets.errors import Words

routes = Routes("session", "Logging in 登录")

LOGINS_PER_MINUTE = 60
"""From one address, over all names."""


class LogIn(Model):
    """Name and password."""

    user: str = Field(min_length=1, max_length=64, title="用户名")
    password: str = Field(min_length=1, max_length=128, title="密码")
    kind: Literal["bearer", "cookie"] = Field(
        default="bearer", description="bearer: the token is in the answer; cookie: it is set as the console's cookie"
    )


class Session(Model):
    """A session that was opened."""

    session_id: UUID
    user_id: UUID
    token: str | None = Field(description="Send as Authorization: Bearer; null when it was set as a cookie")
    expires_at: Moment


class Me(Model):
    """Who one is and what one may do."""

    id: UUID
    kind: Literal["user", "token"]
    login: str
    name: str
    roles: list[str]
    permissions: list[str]
    organisation_id: str
    organisation_path: str
    department: Department | None = Field(description="Whom one acts for as coordinator or head 所属部门")
    extension: str | None
    phone: Literal["web", "desk"]
    mode: Literal["normal", "test"] = Field(description="test: a test system, to be shown in a banner 测试环境")
    now: Moment = Field(description="The moment rules and deadlines see 系统时间")


@routes.post("/session", ANYONE, status=201)
async def log_in(ctx: Context, body: LogIn) -> Session:
    """Log in 登录

    After five failures from one address the name is locked for a quarter of an hour.
    """
    refuse_other_sites(ctx.request)
    redis = ctx.resource(REDIS) if REDIS in ctx.request.config_dict else None
    if not await within(redis, f"login:{ctx.address}", LOGINS_PER_MINUTE, 60):
        raise TooManyRequestsError(Words("该地址登录次数过多", "too many log-ins from this address"))
    opened = await sessions.log_in(
        ctx.db,
        body.user,
        body.password,
        body.kind,
        at=ctx.resource(WALL).now(),
        address=ctx.address,
        user_agent=ctx.request.headers.get("User-Agent", ""),
    )
    if body.kind == "cookie":
        secure = "; Secure" if ctx.request.secure or ctx.config.web.public_url.startswith("https:") else ""
        ctx.headers["Set-Cookie"] = f"{COOKIE}={opened.token}; Path=/; HttpOnly; SameSite=Strict{secure}"
    return Session(
        session_id=opened.session_id,
        user_id=opened.user_id,
        token=opened.token if body.kind == "bearer" else None,
        expires_at=opened.expires_at,
    )


@routes.delete("/session", SIGNED_IN)
async def log_out(ctx: Context) -> None:
    """Log out 退出登录

    Ends this session and no other.
    """
    await sessions.log_out(ctx.db, ctx.actor, at=ctx.resource(WALL).now(), address=ctx.address)
    if ctx.actor.by_cookie:
        ctx.headers["Set-Cookie"] = f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"


@routes.get("/me", SIGNED_IN)
async def show_me(ctx: Context) -> Me:
    """Who one is 当前用户"""
    actor = ctx.actor
    return Me(
        id=actor.id,
        kind="token" if actor.kind == "token" else "user",
        login=actor.login,
        name=actor.name,
        roles=sorted(actor.roles),
        permissions=sorted(actor.permissions),
        organisation_id=actor.organisation_id,
        organisation_path=actor.path,
        department=actor.department,
        extension=actor.extension,
        phone=actor.phone,
        mode=ctx.config.mode,
        now=ctx.clock.now(),
    )
