"""The demonstration's company: headquarters, three provinces, six cities with two counters each, forty people.

Must never be loaded beside real accounts: everybody has the password printed by `make run`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from callcenter.accounts import passwords, store
from callcenter.accounts.permissions import Role
from callcenter.accounts.store import Organisation, OrganisationKind, User
from callcenter.db.pool import Connection
from callcenter.ids import derived
from tickets.categories import Department

PASSWORD = "Demo-Hotline-7"  # noqa: S105 - printed on purpose
AGENT = "agent01"
CALLBACK_AGENT = "callback01"
SUPERVISOR = "supervisor01"
SECRETARY = "secretary01"

PROVINCES = {"gd": "广东", "sc": "四川", "sd": "山东"}
CITIES = {
    "gd-gz": "广州",
    "gd-sz": "深圳",
    "sc-cd": "成都",
    "sc-my": "绵阳",
    "sd-jn": "济南",
    "sd-qd": "青岛",
}


@dataclass(frozen=True, slots=True)
class Post:
    """Some people of one role: how many, where in turn, from which extension on (None: no telephone).

    `departments` and `under`, the log-ins of superiors, are in turn too; none for nobody's.
    """

    role: Role
    count: int
    where: tuple[str, ...]
    first_extension: int | None = None
    departments: tuple[Department, ...] = ()
    under: tuple[str, ...] = ()


T = TypeVar("T")
D = Department
CS = (D.CUSTOMER_SERVICE,)
SUPERVISORS = (SUPERVISOR, "supervisor02")

POSTS = (
    Post(Role.AGENT, 12, ("hq",), 8001, CS, SUPERVISORS),
    Post(Role.CALLBACK_AGENT, 6, ("hq", "hq", "gd", "sc", "sd", "hq"), 8021, CS, SUPERVISORS),
    Post(Role.HANDLER, 6, ("hq", "gd", "sc", "sd", "gd-gz-a", "sd-qd-a"), 8041, CS, SUPERVISORS),
    Post(
        Role.COORDINATOR,
        4,
        ("gd-gz", "gd-sz", "sc-cd", "sd-jn"),
        None,
        (D.SALES, D.BUSINESS_MANAGEMENT, D.SALES, D.FINANCE),
        ("head02", "head02", "head03", "head01"),
    ),
    Post(Role.DEPARTMENT_HEAD, 3, ("hq", "gd", "sc"), None, (D.BUSINESS_MANAGEMENT, D.SALES, D.SALES)),
    Post(Role.LEGAL, 1, ("hq",)),
    Post(Role.SECRETARY, 1, ("hq",)),
    Post(Role.SUPERVISOR, 2, ("hq",), 8061, CS),
    Post(Role.QA, 2, ("hq",)),
    Post(Role.AUDITOR, 1, ("hq",)),
    Post(Role.ADMIN, 1, ("hq",)),
    Post(Role.INTEGRATOR, 1, ("hq",)),
)
LOGINS = {Role.CALLBACK_AGENT: "callback", Role.DEPARTMENT_HEAD: "head"}
NAMES = (
    "陈晓岚 林志远 黄美珍 吴俊杰 周雅婷 徐立强 孙海燕 胡建平 朱丽华 高振宇 何秀兰 郭少华 "
    "马春梅 罗永康 梁慧敏 宋国栋 郑淑芬 谢文博 韩雪莹 唐明哲 冯桂芳 于晓东 董玉洁 萧家豪 "
    "程思远 曹丽君 袁志刚 邓婉清 许卫东 傅雨桐 沈浩然 曾秋月 彭德胜 吕欣怡 苏景行 卢凤英 "
    "蒋天佑 蔡晴雯 贾文涛 丁若兰"
)


def organisations() -> tuple[Organisation, ...]:
    """The tree, parents before children."""
    made = [Organisation("hq", "hq", None, "总公司", "hq/")]
    made += [_unit(id, "province", "hq", f"{name}省分公司", "hq/") for id, name in PROVINCES.items()]
    for id, name in CITIES.items():
        parent = id.split("-")[0]
        city = _unit(id, "city", parent, f"{name}市分公司", f"hq/{parent}/")
        made.append(city)
        made.append(_unit(f"{id}-a", "counter_a", id, f"{name}A柜面", city.path))
        made.append(_unit(f"{id}-b", "counter_b", id, f"{name}B柜面", city.path))
    return tuple(made)


def people(at: datetime) -> tuple[User, ...]:
    """Forty people over all roles; ids and log-ins are the same in every demonstration begun at that moment."""
    paths = {organisation.id: organisation.path for organisation in organisations()}
    names = iter(NAMES.split())
    return tuple(
        User(
            id=_id(at, login(post.role, number)),
            login=login(post.role, number),
            name=next(names),
            organisation_id=(where := post.where[(number - 1) % len(post.where)]),
            path=paths[where],
            roles=(post.role.value,),
            extension=None if post.first_extension is None else str(post.first_extension + number - 1),
            phone="desk" if number == 1 else "web",
            active=True,
            created_at=at,
            version=1,
            department=_in_turn(post.departments, number),
            manager_id=None if (above := _in_turn(post.under, number)) is None else _id(at, above),
        )
        for post in POSTS
        for number in range(1, post.count + 1)
    )


def extensions() -> tuple[str, ...]:
    """The telephones the demonstration's Asterisk must know."""
    return tuple(
        str(post.first_extension + number)
        for post in POSTS
        if post.first_extension is not None
        for number in range(post.count)
    )


async def load(conn: Connection, at: datetime) -> int:
    """Writes organisations and people; returns how many people."""
    for organisation in organisations():
        await store.add_organisation(conn, organisation)
    password_hash = await passwords.hashed(PASSWORD)
    everybody = people(at)
    for person in sorted(everybody, key=lambda person: person.manager_id is not None):
        await store.add_user(conn, person, password_hash)
    return len(everybody)


def login(role: Role, number: int) -> str:
    """The log-in name of the nth person of a role."""
    return f"{LOGINS.get(role, role.value)}{number:02d}"


def _id(at: datetime, login: str) -> UUID:
    return derived(at, f"demo {login}")


def _in_turn(given: tuple[T, ...], number: int) -> T | None:
    return given[(number - 1) % len(given)] if given else None


def _unit(id: str, kind: OrganisationKind, parent: str, name: str, above: str) -> Organisation:
    return Organisation(id, kind, parent, name, f"{above}{id}/")
