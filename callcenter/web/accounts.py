"""Routes of people, organisations and API tokens. Must never show a password's hash or a token's secret twice."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from callcenter import terms
from callcenter.accounts import names, organisations, people, store, tokens
from callcenter.accounts.people import NewUser
from callcenter.accounts.permissions import Permission, Role
from callcenter.accounts.store import OrganisationKind, Phone
from callcenter.web.acting import doer
from callcenter.web.api import SIGNED_IN, Coded, Context, Model, Moment, Name, Page, PageQuery, Personal, Routes
from callcenter.web.keys import WALL
from tickets.categories import Department

routes = Routes("accounts", "People, organisations and tokens 人员、机构与令牌")

Login = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{1,63}$")]
OrganisationId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Extension = Annotated[str, StringConstraints(pattern=r"^[0-9]{3,6}$")]
Email = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+$", max_length=254)
]
Password = Annotated[str, Field(min_length=1, max_length=128)]
Roles = Annotated[frozenset[Role], Field(max_length=len(Role))]
FOR_DEPARTMENT = "Whom a coordinator or a head acts for 所属部门 (R-3.42)"
SUPERIOR = "The direct superior, of the same organisation or one above 直接上级 (F-48)"
MAY_BE_NONE = frozenset({"extension", "email", "department", "manager_id"})


class UserView(Personal):
    """A person who works here."""

    id: UUID = Field(title="人员标识")
    login: str = Field(title="登录名")
    name: str = Field(title="姓名")
    organisation_id: str = Field(title="机构")
    department: Annotated[Department | None, Field(title="部门")]
    roles: list[Role] = Field(title="岗位")
    manager_id: UUID | None = Field(title="上级标识")
    manager_name: str | None = Field(title="上级")
    extension: str | None = Field(title="分机")
    phone: Annotated[Phone, Coded(terms.TELEPHONES)] = Field(title="话机")
    email: str | None = Field(title="邮箱")
    sells_as: list[str] = Field(title="销售工号")
    active: bool = Field(title="在岗")
    created_at: datetime = Field(title="建立时间")
    version: int = Field(title="版本")


class UserQuery(PageQuery):
    """Filters of the list of people."""

    role: Role | None = None
    active: bool | None = None
    organisation_id: OrganisationId | None = None
    department: Department | None = None


class AddUser(Model):
    """A new person."""

    login: Login
    name: Name
    password: Password
    organisation_id: OrganisationId
    roles: Roles
    extension: Extension | None = None
    phone: Phone = "desk"
    email: Email | None = None
    department: Annotated[Department | None, Field(description=FOR_DEPARTMENT)] = None
    manager_id: Annotated[UUID | None, Field(description=SUPERIOR)] = None


class ChangeUser(Model):
    """What shall be different; what is left out stays."""

    version: int = Field(ge=1, le=2_000_000_000, description="As last read; another one is refused as stale")
    name: Name | None = None
    organisation_id: OrganisationId | None = None
    roles: Roles | None = None
    extension: Extension | None = None
    phone: Phone | None = None
    email: Email | None = None
    department: Annotated[Department | None, Field(description=FOR_DEPARTMENT)] = None
    manager_id: Annotated[UUID | None, Field(description=SUPERIOR)] = None
    active: bool | None = None
    sells_as: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=80)], ...] | None,
        Field(max_length=20, description="How the core system names them as a salesperson (C-11)"),
    ] = None


class GivePassword(Model):
    """A new password for somebody else."""

    password: Password


class ChangePassword(Model):
    """A new password of one's own."""

    old: Password
    new: Password


def _view(user: store.User) -> UserView:
    return UserView(
        id=user.id,
        login=user.login,
        name=user.name,
        organisation_id=user.organisation_id,
        department=user.department,
        roles=[Role(role) for role in user.roles],
        manager_id=user.manager_id,
        manager_name=user.manager_name,
        extension=user.extension,
        phone=user.phone,
        email=user.email,
        sells_as=list(user.sells_as),
        active=user.active,
        created_at=user.created_at,
        version=user.version,
    )


@routes.get("/users", Permission.ACCOUNT_READ, reads="user")
async def list_users(ctx: Context, query: UserQuery) -> Page[UserView]:
    """People, by log-in name 人员列表"""
    async with ctx.db.connection() as conn:
        below = ctx.actor.path
        if query.organisation_id is not None:
            below = (await organisations.find(conn, doer(ctx), query.organisation_id)).path
        found = await store.users(
            conn,
            below,
            ctx.after(query, str),
            query.limit + 1,
            role=query.role,
            active=query.active,
            department=query.department,
        )
    page = ctx.page(found, query, key=lambda user: user.login)
    return Page(items=[_view(user) for user in page.items], next=page.next)


@routes.post("/users", Permission.ACCOUNT_MANAGE, creates=True, reads="user")
async def add_user(ctx: Context, body: AddUser) -> UserView:
    """Add a person 新增人员"""
    new = NewUser(
        id=ctx.key,
        login=body.login,
        name=body.name,
        password=body.password,
        organisation_id=body.organisation_id,
        roles=body.roles,
        extension=body.extension,
        phone=body.phone,
        email=body.email,
        department=body.department,
        manager_id=body.manager_id,
    )
    return _view(await people.hire(ctx.db, doer(ctx), new, ctx.clock.now()))


@routes.get("/users/{user_id}", Permission.ACCOUNT_READ, reads="user")
async def show_user(ctx: Context, user_id: UUID) -> UserView:
    """One person 人员"""
    async with ctx.db.connection() as conn:
        return _view(await people.find(conn, doer(ctx), user_id))


@routes.patch("/users/{user_id}", Permission.ACCOUNT_MANAGE, reads="user")
async def change_user(ctx: Context, user_id: UUID, body: ChangeUser) -> UserView:
    """Change a person 修改人员

    `active: false` ends all sessions. Nobody is ever deleted. `extension: null` takes the extension away; so with
    `department`, `manager_id` and `email`.
    """
    given = body.model_fields_set - {"version"}
    changes: dict[str, Any] = {
        name: getattr(body, name) for name in given if name in MAY_BE_NONE or getattr(body, name) is not None
    }
    if "roles" in changes:
        changes["roles"] = tuple(sorted(changes["roles"]))
    user = await people.change(ctx.db, doer(ctx), user_id, body.version, changes, ctx.clock.now())
    return _view(user)


@routes.put("/users/{user_id}/password", Permission.ACCOUNT_MANAGE)
async def give_password(ctx: Context, user_id: UUID, body: GivePassword) -> None:
    """Give somebody a new password 重置密码

    Ends all their sessions.
    """
    await people.give_password(ctx.db, doer(ctx), user_id, body.password, ctx.resource(WALL).now())


@routes.put("/me/password", SIGNED_IN)
async def change_password(ctx: Context, body: ChangePassword) -> None:
    """Change one's own password 修改密码

    Ends one's other sessions.
    """
    at = ctx.resource(WALL).now()
    await people.change_password(ctx.db, ctx.actor, ctx.address, body.old, body.new, at)


class OrganisationView(Model):
    """A unit of the company."""

    id: str = Field(title="机构代码")
    kind: Annotated[OrganisationKind, Coded(terms.ORGANISATION_KINDS)] = Field(title="类别")
    parent_id: str | None = Field(title="上级机构")
    name: str = Field(title="名称")
    path: str = Field(title="路径")


class AddOrganisation(Model):
    """A new unit below its parent: a province below headquarters, a city below a province, a counter below a city."""

    id: OrganisationId
    kind: OrganisationKind
    parent_id: OrganisationId | None = None
    name: Name


class RenameOrganisation(Model):
    """Another name."""

    name: Name


def _unit(organisation: store.Organisation) -> OrganisationView:
    return OrganisationView(
        id=organisation.id,
        kind=organisation.kind,
        parent_id=organisation.parent_id,
        name=organisation.name,
        path=organisation.path,
    )


@routes.get("/organisations", Permission.ORGANISATION_READ)
async def list_organisations(ctx: Context, query: PageQuery) -> Page[OrganisationView]:
    """Organisations of one's subtree, parents before children 机构列表"""
    async with ctx.db.connection() as conn:
        found = await store.organisations(conn, ctx.actor.path, ctx.after(query, str), query.limit + 1)
    page = ctx.page(found, query, key=lambda organisation: organisation.path)
    return Page(items=[_unit(organisation) for organisation in page.items], next=page.next)


@routes.post("/organisations", Permission.ORGANISATION_MANAGE, creates=True)
async def add_organisation(ctx: Context, body: AddOrganisation) -> OrganisationView:
    """Add an organisation 新增机构"""
    added = await organisations.found(ctx.db, doer(ctx), body.id, body.kind, body.parent_id, body.name, ctx.clock.now())
    return _unit(added)


@routes.get("/organisations/{organisation_id}", Permission.ORGANISATION_READ)
async def show_organisation(ctx: Context, organisation_id: OrganisationId) -> OrganisationView:
    """One organisation 机构"""
    async with ctx.db.connection() as conn:
        return _unit(await organisations.find(conn, doer(ctx), organisation_id))


@routes.patch("/organisations/{organisation_id}", Permission.ORGANISATION_MANAGE)
async def rename_organisation(
    ctx: Context, organisation_id: OrganisationId, body: RenameOrganisation
) -> OrganisationView:
    """Rename an organisation 机构更名"""
    return _unit(await organisations.rename(ctx.db, doer(ctx), organisation_id, body.name, ctx.clock.now()))


class TokenView(Model):
    """An integrator's token; the secret is only in the first answer to the request that issued it."""

    id: UUID = Field(title="令牌标识")
    name: str = Field(title="名称")
    scopes: list[str] = Field(title="范围")
    organisation_id: str = Field(title="机构")
    created_by: str = Field(title="签发人标识")
    created_by_name: str | None = Field(title="签发人")
    created_at: datetime = Field(title="签发时间")
    expires_at: datetime = Field(title="到期时间")
    last_used_at: datetime | None = Field(title="最近使用")
    revoked_at: datetime | None = Field(title="吊销时间")


class IssuedToken(TokenView):
    """A token just issued."""

    token: str | None = Field(description="Shown once; null when the request is repeated")


class IssueToken(Model):
    """A new token."""

    name: Name
    scopes: Annotated[frozenset[Permission], Field(min_length=1, max_length=len(Permission))]
    organisation_id: OrganisationId
    expires_at: Moment


def _token(token: store.Token, known: Mapping[str, str]) -> dict[str, Any]:
    made = {"scopes", "created_by_name"}
    return {name: getattr(token, name) for name in TokenView.model_fields if name not in made} | {
        "scopes": list(token.scopes),
        "created_by_name": known.get(token.created_by),
    }


@routes.get("/api-tokens", Permission.TOKEN_MANAGE)
async def list_tokens(ctx: Context, query: PageQuery) -> Page[TokenView]:
    """API tokens of one's subtree 令牌列表"""
    async with ctx.db.connection() as conn:
        found = await store.tokens(conn, ctx.actor.path, ctx.after(query, UUID), query.limit + 1)
        known = await names.of(conn, [token.created_by for token in found])
    page = ctx.page(found, query, key=lambda token: token.id)
    return Page(items=[TokenView(**_token(token, known)) for token in page.items], next=page.next)


@routes.post("/api-tokens", Permission.TOKEN_MANAGE, creates=True, secrets=("token",))
async def issue_token(ctx: Context, body: IssueToken) -> IssuedToken:
    """Issue an API token 签发令牌

    Scopes are permissions of the integrator's role. The secret is in the answer and nowhere else.
    """
    token, secret = await tokens.issue(
        ctx.db,
        doer(ctx),
        ctx.key,
        body.name,
        body.scopes,
        body.organisation_id,
        body.expires_at,
        ctx.resource(WALL).now(),
    )
    return IssuedToken(**_token(token, {token.created_by: ctx.actor.name}), token=secret)


@routes.delete("/api-tokens/{token_id}", Permission.TOKEN_MANAGE)
async def revoke_token(ctx: Context, token_id: UUID) -> None:
    """Revoke an API token 吊销令牌"""
    await tokens.revoke(ctx.db, doer(ctx), token_id, ctx.resource(WALL).now())
