"""The demonstration's posts, all of them filled: leading groups, coordinators, counsel, handlers, and their authority.

Who has a post already among the forty keeps it; for every other there is a person named after it. Must never leave a
post of `tickets.posts.wanted` vacant.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from callcenter.accounts import authority, passwords, posts, store
from callcenter.accounts.permissions import Role
from callcenter.accounts.store import Organisation, User
from callcenter.db.pool import Connection
from callcenter.demo import people
from callcenter.ids import derived
from tickets.calendar import shanghai_day
from tickets.categories import Department
from tickets.lifecycle import Level
from tickets.posts import ACCEPTING, Part, Post, wanted

SURNAMES = (
    "方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞"
    "樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂"
)
GIVEN = ("建华", "雪梅", "志明", "晓燕", "国强", "丽萍", "文杰", "静怡")
ACTOR = "system:demo"
BASIS = "客户投诉当场解决授权书"
AUTHORITIES = (
    ("hq", Role.AGENT, Decimal(500)),
    ("hq", Role.HANDLER, Decimal(5000)),
    ("hq", Role.SUPERVISOR, Decimal(20000)),
    *((province, Role.HANDLER, Decimal(3000)) for province in people.PROVINCES),
)


@dataclass(frozen=True, slots=True)
class Filled:
    """A post of an organisation, and who has it."""

    organisation_id: str
    kind: Post
    department: Department | None
    user: User


def staff(at: datetime) -> tuple[User, ...]:
    """Everybody who is needed beside the forty, superiors before those below them."""
    there = {(user.organisation_id, user.roles, user.department) for user in people.people(at)}
    handled = {user.organisation_id for user in people.people(at) if Role.HANDLER in user.roles}
    names = (surname + given for given in GIVEN for surname in SURNAMES)
    made: dict[str, User] = {}

    def person(organisation: Organisation, role: Role, login: str, department: Department | None, above: str) -> None:
        superior = made.get(above)
        made[login] = User(
            id=derived(at, f"demo {login}"),
            login=login,
            name=next(names),
            organisation_id=organisation.id,
            path=organisation.path,
            roles=(role.value,),
            extension=None,
            phone="web",
            active=True,
            created_at=at,
            version=1,
            department=department,
            manager_id=superior.id if superior else None,
        )

    for unit in people.organisations():
        if Level(unit.kind) in ACCEPTING and unit.id not in handled:
            person(unit, Role.HANDLER, f"handler.{unit.id}", Department.CUSTOMER_SERVICE, "")
        for post, department in _wanted(unit):
            if post is Post.EXECUTIVE:
                person(unit, Role.DEPARTMENT_HEAD, f"executive.{unit.id}", None, f"executive.{unit.parent_id}")
            elif post is Post.MEMBER and (unit.id, (Role.DEPARTMENT_HEAD.value,), department) not in there:
                person(unit, Role.DEPARTMENT_HEAD, f"head.{unit.id}.{department}", department, f"executive.{unit.id}")
            elif post is Post.COORDINATOR and (unit.id, (Role.COORDINATOR.value,), department) not in there:
                head = f"head.{unit.id}.{department}"
                above = head if head in made else f"executive.{unit.id}"
                person(unit, Role.COORDINATOR, f"coordinator.{unit.id}.{department}", department, above)
    return tuple(made.values())


def filled(at: datetime) -> Iterator[Filled]:
    """Every post with who has it."""
    everybody = (*people.people(at), *staff(at))
    for unit in people.organisations():
        for post, department in _wanted(unit):
            yield Filled(
                unit.id, post, department, next(user for user in everybody if _fits(user, unit, post, department))
            )


async def load(conn: Connection, at: datetime) -> None:
    """Writes the people, their posts and what may be settled."""
    password_hash = await passwords.hashed(people.PASSWORD)
    for user in staff(at):
        await store.add_user(conn, user, password_hash)
    since = shanghai_day(at) - timedelta(days=365)
    for each in filled(at):
        await conn.execute(posts.MAKE_POST, each.organisation_id, each.kind, each.department)
        number = await conn.fetchval(posts.LOCK_POST, each.organisation_id, each.kind, each.department)
        tenure = derived(at, f"demo {each.organisation_id} {each.kind} {each.department}")
        await conn.execute(posts.INSERT_TENURE, tenure, number, Part.HOLDER, each.user.id, since, None, "", ACTOR, at)
    for organisation_id, role, amount in AUTHORITIES:
        await conn.execute(authority.SAVE, organisation_id, role, amount, BASIS, ACTOR, at)


def _wanted(unit: Organisation) -> Iterator[tuple[Post, Department | None]]:
    yield from ((post, department) for level, post, department in wanted() if level == unit.kind)


def _fits(user: User, unit: Organisation, post: Post, department: Department | None) -> bool:
    if user.organisation_id != unit.id or user.department != department:
        return False
    if post is Post.EXECUTIVE:
        return user.login == f"executive.{unit.id}"
    role = {Post.MEMBER: Role.DEPARTMENT_HEAD, Post.COORDINATOR: Role.COORDINATOR, Post.COUNSEL: Role.LEGAL}[post]
    return role.value in user.roles
