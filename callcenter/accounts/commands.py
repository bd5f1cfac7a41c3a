"""`callcenter user …` and `callcenter org …`: the first people and organisations, before anybody can log in."""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from typing import Any, get_args

from callcenter.accounts import organisations, people, store
from callcenter.accounts.doer import COMMAND_LINE
from callcenter.accounts.people import NewUser
from callcenter.accounts.permissions import Role
from callcenter.accounts.store import OrganisationKind
from callcenter.clock import SystemClock
from callcenter.config import Config
from callcenter.db.migrate import refuse_if_pending
from callcenter.db.pool import Database
from callcenter.errors import ApplicationError, NotFoundError
from callcenter.ids import uuid7
from tickets.categories import Department

Run = Callable[[Database, argparse.Namespace], Awaitable[int]]
EVERYONE = 1_000_000


def add_commands(subparsers: Any) -> None:
    """Adds both commands; each sets `command`, called with the configuration and the arguments."""
    user = subparsers.add_parser("user", help="people: add, list, password, deactivate")
    actions = user.add_subparsers(required=True, metavar="ACTION")
    add = _action(actions, "add", "add a person; the password is read from the terminal or standard input", _add_user)
    add.add_argument("login")
    add.add_argument("--name", required=True)
    add.add_argument("--org", required=True, metavar="ID")
    add.add_argument("--role", required=True, action="append", choices=[str(role) for role in Role], dest="roles")
    add.add_argument("--department", choices=[str(department) for department in Department])
    add.add_argument("--manager", metavar="LOGIN", help="the direct superior, of the same organisation or one above")
    add.add_argument("--extension")
    add.add_argument("--email", help="where reminders and digests are sent")
    add.add_argument("--phone", choices=["web", "desk"], default="desk")
    _action(actions, "list", "list people", _list_users)
    _action(actions, "password", "give a new password", _give_password).add_argument("login")
    _action(actions, "deactivate", "end the person's access; nothing is deleted", _deactivate).add_argument("login")
    org = subparsers.add_parser("org", help="organisations: add, list")
    actions = org.add_subparsers(required=True, metavar="ACTION")
    add = _action(actions, "add", "add an organisation", _add_organisation)
    add.add_argument("id")
    add.add_argument("--kind", required=True, choices=get_args(OrganisationKind))
    add.add_argument("--parent", metavar="ID")
    add.add_argument("--name", required=True)
    _action(actions, "list", "list organisations", _list_organisations)


def _action(actions: Any, name: str, text: str, run: Run) -> argparse.ArgumentParser:
    def command(config: Config, chosen: argparse.Namespace) -> int:
        return asyncio.run(_connected(config, chosen, run))

    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
    parser.set_defaults(command=command)
    return parser


async def _connected(config: Config, chosen: argparse.Namespace, run: Run) -> int:
    database = await Database.connect(config.database.url, size=2, application="callcenter command")
    try:
        async with database.connection() as conn:
            await refuse_if_pending(conn)
        return await run(database, chosen)
    except ApplicationError as refused:
        _say(f"{refused.words.zh} {refused.words.en}", sys.stderr)
        return 1
    finally:
        await database.close()


async def _add_user(database: Database, chosen: argparse.Namespace) -> int:
    at = SystemClock().now()
    manager = None if chosen.manager is None else await _by_login(database, chosen.manager)
    new = NewUser(
        id=uuid7(at),
        login=chosen.login,
        name=chosen.name,
        password=await _password(),
        organisation_id=chosen.org,
        roles=frozenset(Role(role) for role in chosen.roles),
        extension=chosen.extension,
        phone=chosen.phone,
        department=Department(chosen.department) if chosen.department else None,
        manager_id=manager.id if manager else None,
        email=chosen.email,
    )
    user = await people.hire(database, COMMAND_LINE, new, at)
    _say(f"added {user.login} {user.id}")
    return 0


async def _list_users(database: Database, _chosen: argparse.Namespace) -> int:
    async with database.connection() as conn:
        for user in await store.users(conn, "", None, EVERYONE):
            department, state = user.department or "", "active" if user.active else "left"
            _say("\t".join((user.login, user.name, user.organisation_id, ",".join(user.roles), department, state)))
    return 0


async def _give_password(database: Database, chosen: argparse.Namespace) -> int:
    user = await _by_login(database, chosen.login)
    await people.give_password(database, COMMAND_LINE, user.id, await _password(), SystemClock().now())
    _say(f"{user.login} has a new password; all sessions ended")
    return 0


async def _deactivate(database: Database, chosen: argparse.Namespace) -> int:
    user = await _by_login(database, chosen.login)
    at = SystemClock().now()
    await people.change(database, COMMAND_LINE, user.id, user.version, {"active": False}, at)
    _say(f"{user.login} is no longer active; all sessions ended")
    return 0


async def _add_organisation(database: Database, chosen: argparse.Namespace) -> int:
    added = await organisations.found(
        database, COMMAND_LINE, chosen.id, chosen.kind, chosen.parent, chosen.name, SystemClock().now()
    )
    _say(f"added {added.path}")
    return 0


async def _list_organisations(database: Database, _chosen: argparse.Namespace) -> int:
    async with database.connection() as conn:
        for unit in await store.organisations(conn, "", None, EVERYONE):
            _say(f"{unit.path}\t{unit.kind}\t{unit.name}")
    return 0


async def _by_login(database: Database, login: str) -> store.User:
    async with database.connection() as conn:
        user = await store.user_by_login(conn, login)
    if user is None:
        raise NotFoundError("user", login)
    return user


async def _password() -> str:
    if sys.stdin.isatty():
        return await asyncio.to_thread(getpass.getpass)
    line: str = await asyncio.to_thread(sys.stdin.readline)
    return line.rstrip("\r\n")


def _say(text: str, stream: Any = None) -> None:
    print(text, file=stream or sys.stdout)
