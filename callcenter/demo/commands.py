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
    parser.set_defaults(command=_demo)


def _demo(config: Config, chosen: argparse.Namespace) -> int:
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
