"""The command line: one program, its processes and its tools. Decides nothing the modules behind it decide."""

import argparse
import asyncio
import errno
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from callcenter.accounts import commands as accounts
from callcenter.archiving import commands as archive
from callcenter.config import Config, ConfigError
from callcenter.db.migrate import MigrationError, migrate
from callcenter.demo import commands as demo
from callcenter.doctor import commands as doctor
from callcenter.errors import UNUSABLE, CannotStartError
from callcenter.importing import commands as lists
from callcenter.log import configure, in_background
from callcenter.testmode import WrongModeError

REFUSED_BY_THE_MACHINE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS})
"""A full disk, a missing right: nothing is wrong with the program, so there is nothing to trace."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    try:
        config = Config.load(Path(chosen.config) if chosen.config else None, os.environ)
    except ConfigError as error:
        print("These settings cannot be used:", file=sys.stderr)
        for problem in error.problems:
            print(f"  {problem}", file=sys.stderr)
        return UNUSABLE
    configure(config.log)
    try:
        status: int = chosen.command(config, chosen)
    except (CannotStartError, MigrationError, WrongModeError) as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    except BrokenPipeError:  # whoever read us has gone: nothing more can be told
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.errno not in REFUSED_BY_THE_MACHINE:
            raise
        print(f"{error.filename or 'a file'}: {error.strerror}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="callcenter", description="Hotline 95519: calls, tickets, callbacks, archive")
    parser.add_argument(
        "--config", metavar="FILE", default=os.environ.get("CALLCENTER_CONFIG"), help="settings in TOML"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, text, run in (
        ("serve", "the HTTP server", _serve),
        ("telephony", "the switch's other half: scripts, calls, agents' queues", _telephony),
        ("work", "the worker: archive, outbox, replays, partitions", _work),
        ("run", "all three under a supervisor", _run),
        ("migrate", "bring the database to this program's schema", _migrate),
        ("check-config", "show the effective settings, secrets masked", _check_config),
    ):
        commands.add_parser(name, help=text, description=text).set_defaults(command=run)
    commands.choices["migrate"].add_argument(
        "--wait", metavar="SECONDS", type=float, default=0.0, help="wait so long for a database that is starting"
    )
    accounts.add_commands(commands)
    doctor.add_commands(commands)
    archive.add_commands(commands)
    lists.add_commands(commands)
    demo.add_commands(commands)
    return parser


def _serve(config: Config, _chosen: argparse.Namespace) -> int:
    from callcenter import app

    _keep_what_is_loaded()
    with in_background():
        return asyncio.run(app.serve(config))


def _telephony(config: Config, _chosen: argparse.Namespace) -> int:
    import uvloop

    from callcenter import app

    _keep_what_is_loaded()
    with in_background():
        return uvloop.run(app.telephony(config))


def _keep_what_is_loaded() -> None:
    """Takes what was imported out of every later garbage collection: looking through it takes 40 ms, in which no caller
    is answered."""
    gc.collect()
    gc.freeze()


def _work(config: Config, _chosen: argparse.Namespace) -> int:
    from callcenter import app

    with in_background():
        return asyncio.run(app.work(config))


def _run(config: Config, chosen: argparse.Namespace) -> int:
    from callcenter import app
    from callcenter.supervisor import Child, UnusableError, program, stop_on_signals, supervise

    async def run() -> int:
        async with app.opened(config, "supervisor"):
            pass  # what would stop all three is said once
        stopping = asyncio.Event()
        stop_on_signals(stopping)
        environ = {**os.environ, **({"CALLCENTER_CONFIG": chosen.config} if chosen.config else {})}
        children = [Child(role, program(role), environ) for role in ("telephony", "serve", "work")]
        status = 0
        try:
            await supervise(children, stopping)
        except* UnusableError as group:
            status = UNUSABLE
            for error in group.exceptions:
                print(error, file=sys.stderr)
        return status

    return asyncio.run(run())


def _migrate(config: Config, chosen: argparse.Namespace) -> int:
    applied = asyncio.run(migrate(config.database.url, within=chosen.wait))
    print("\n".join(f"applied {name}" for name in applied) or "nothing to do: the database is up to date")
    return 0


def _check_config(config: Config, _chosen: argparse.Namespace) -> int:
    for line in config.masked():
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
