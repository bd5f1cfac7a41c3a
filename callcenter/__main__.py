"""The command line: one program, its processes and its tools. Decides nothing the modules behind it decide."""

import argparse
import asyncio
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
from callcenter.errors import CannotStartError
from callcenter.log import configure
from callcenter.testmode import WrongModeError

UNUSABLE = 2
"""Exit status: the settings, the machine or the database must be changed first; the text says how."""


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
    demo.add_commands(commands)
    return parser


def _serve(config: Config, _chosen: argparse.Namespace) -> int:
    from callcenter import app

    return asyncio.run(app.serve(config))


def _telephony(config: Config, _chosen: argparse.Namespace) -> int:
    import uvloop

    from callcenter import app

    return uvloop.run(app.telephony(config))


def _work(config: Config, _chosen: argparse.Namespace) -> int:
    from callcenter import app

    return asyncio.run(app.work(config))


def _run(_config: Config, _chosen: argparse.Namespace) -> int:
    from callcenter.supervisor import Child, program, stop_on_signals, supervise

    async def run() -> int:
        stopping = asyncio.Event()
        stop_on_signals(stopping)
        children = [Child(role, program(role), dict(os.environ)) for role in ("telephony", "serve", "work")]
        await supervise(children, stopping)
        return 0

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
