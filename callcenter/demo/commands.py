"""`callcenter demo` on the command line. Decides nothing: it hands over what was asked."""

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Any

from callcenter.config import Config
from callcenter.errors import UNUSABLE

STOPPED = 143
"""Exit status after SIGTERM or SIGHUP, as a shell would have it."""
PORT = 9519
"""Where a demonstration that stays up is served, unless another port is asked for."""


def add_commands(commands: Any) -> None:
    """Adds `demo`."""
    text = "set up everything in a folder, do the main job on real calls, show the evidence"
    parser = commands.add_parser("demo", help=text, description=text)
    parser.add_argument("--json", action="store_true", help="one JSON object of evidence as the last line")
    parser.add_argument("--stay", action="store_true", help="stay up afterwards")
    parser.add_argument("--quiet", action="store_true", help="start without the calls")
    parser.add_argument("--folder", type=Path, help="where to keep what is made; an earlier one is taken up again")
    parser.add_argument("--port", type=int, help=f"of the web server (default: {PORT} with --stay, else a free one)")
    parser.add_argument(
        "--at",
        metavar="URL",
        help="do not start anything: the API of a system that runs, with these "
        "settings' database and the switch of --asterisk",
    )
    parser.add_argument(
        "--asterisk",
        metavar="FILE",
        type=Path,
        help="do not start an Asterisk: where one that runs already is, as JSON (docs/telephony.md)",
    )
    parser.add_argument(
        "--key",
        metavar="FILE",
        type=Path,
        help="with --at: the public key whose signature must stand under the archive's log (archive verify)",
    )
    parser.add_argument(
        "--fill",
        action="store_true",
        help="no calls: years of made-up tickets and calls into the database of these settings, which must be empty "
        "or a demonstration's; goes on where it was broken off",
    )
    parser.add_argument("--tickets", type=int, metavar="N", default=1_000_000, help="with --fill (default: a million)")
    parser.add_argument("--calls", type=int, metavar="N", default=10_000_000, help="with --fill (default: ten million)")
    parser.add_argument("--days", type=int, metavar="N", default=3 * 365, help="with --fill (default: three years)")
    parser.add_argument("--seed", type=int, metavar="N", default=95519, help="with --fill: other years of that size")
    parser.set_defaults(command=_demo)


def _fill(config: Config, chosen: argparse.Namespace) -> int:
    from callcenter.demo.data import NotEmptyError
    from callcenter.demo.fill import Fill, fill_at

    wanted = Fill(chosen.tickets, chosen.calls, chosen.days, chosen.seed)
    if min(wanted.tickets, wanted.calls, wanted.days) < 1 or wanted.calls < wanted.tickets:
        print("--tickets, --calls, --days: at least 1, and no fewer calls than tickets", file=sys.stderr)
        return UNUSABLE
    try:
        made = asyncio.run(fill_at(config.database.url, wanted, print))
    except NotEmptyError as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    print(f"{made.tickets} tickets, {made.calls} calls, {made.customers} customers")
    return 0


def _demo(config: Config, chosen: argparse.Namespace) -> int:
    if chosen.fill:
        return _fill(config, chosen)
    from callcenter.demo.show import Place, Wanted, show
    from callcenter.lab.asterisk import AsteriskAddress

    if chosen.at is not None and chosen.asterisk is None:
        print("--at needs --asterisk: the switch of that system", file=sys.stderr)
        return UNUSABLE
    if chosen.key is not None and (chosen.at is None or not chosen.key.is_file()):
        print(f"--key {chosen.key}: needs --at, and a file that can be read", file=sys.stderr)
        return UNUSABLE
    address = place = None
    if chosen.asterisk is not None:
        try:
            address = AsteriskAddress.load(chosen.asterisk)
        except (OSError, ValueError, TypeError, KeyError) as error:
            print(f"{chosen.asterisk} does not say where an Asterisk is: {error} (docs/telephony.md)", file=sys.stderr)
            return UNUSABLE
    if chosen.at is not None and address is not None:
        archive = config.recordings.archive_root / "root"
        seen = str(archive) if archive.is_dir() else ""
        place = Place(chosen.at.rstrip("/"), address, config.database.url, seen, chosen.key)

    os.umask(0o022)  # Asterisk and PostgreSQL are other users and must read what we make
    logging.getLogger("callcenter.supervisor").setLevel(logging.WARNING)
    port = chosen.port if chosen.port is not None else PORT if chosen.stay else 0
    wanted = Wanted(chosen.folder, chosen.json, chosen.stay, chosen.quiet, port, place, address)
    try:
        return asyncio.run(show(wanted))
    except asyncio.CancelledError:
        return STOPPED
