"""`callcenter archive …`: the archive from the command line, with nothing but its disk. Has no verb that removes."""

import argparse
from typing import Any

from callcenter.archiving import verification
from callcenter.config import Config


def add_commands(subparsers: Any) -> None:
    """Adds the command; each verb sets `command`, called with the configuration and the arguments."""
    verbs = subparsers.add_parser("archive", help="the recordings' archive: verify").add_subparsers(
        required=True, metavar="VERB"
    )
    text = "compare every file with its inventory and the log; exit 1 when anything differs"
    verify = verbs.add_parser("verify", help=text, description=text)
    verify.add_argument("--decode", action="store_true", help="also decode every recording and compare its samples")
    verify.set_defaults(command=_verify)


def _verify(config: Config, chosen: argparse.Namespace) -> int:
    return verification.verify(config.recordings, decode=chosen.decode)
