"""`callcenter archive …`: the archive from the command line, with nothing but its disk. Has no verb that removes."""

import argparse
import sys
import time
from typing import Any, TextIO

from callcenter.archiving import opening
from callcenter.config import Config, RecordingsConfig
from recordings.errors import RecordingsError
from recordings.verify import verify_archive

SOUND, DAMAGED, UNUSABLE = 0, 1, 2
EVERY = 0.5


class Progress:
    """Shows how far the verification is: on a terminal in one line, elsewhere every ten seconds."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._pause = EVERY if out.isatty() else 20 * EVERY
        self._shown = time.monotonic()

    def __call__(self, done: int, total: int, what: str) -> None:
        if time.monotonic() - self._shown < self._pause:
            return
        self._shown = time.monotonic()
        end = "\r" if self._out.isatty() else "\n"
        self._out.write(f"verified {done} of {total} {what}{end}")
        self._out.flush()


def verify(config: RecordingsConfig, *, decode: bool) -> int:
    """Prints each finding and a summary; 0 when all is sound, 1 when not, 2 when there is no archive to verify."""
    try:
        site = opening.existing(config)
        report = verify_archive(site.archive, site.log, decode, Progress(sys.stderr))
    except RecordingsError as error:
        print(f"The archive cannot be verified: {error}")
        return UNUSABLE
    for finding in report.findings:
        print(f"{finding.damage}: {finding.object_id}: {finding.detail}")
    verdict = "sound" if report.is_sound else f"{len(report.findings)} findings"
    print(f"{report.objects} objects, {report.files} files, {report.leaves} log leaves: {verdict}")
    return SOUND if report.is_sound else DAMAGED


def add_commands(subparsers: Any) -> None:
    """Adds the command; each verb sets `command`, called with the configuration and the arguments."""
    verbs = subparsers.add_parser("archive", help="the recordings' archive: verify").add_subparsers(
        required=True, metavar="VERB"
    )
    text = "compare every file with its inventory and the log; exit 1 when anything differs"
    parser = verbs.add_parser("verify", help=text, description=text)
    parser.add_argument("--decode", action="store_true", help="also decode every recording and compare its samples")
    parser.set_defaults(command=_verify)


def _verify(config: Config, chosen: argparse.Namespace) -> int:
    return verify(config.recordings, decode=chosen.decode)
