"""`callcenter archive …`: the archive from the command line, with nothing but its disk. Has no verb that removes."""

import argparse
import asyncio
import getpass
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from callcenter.archiving import keys, opening
from callcenter.archiving.witness_server import serve
from callcenter.clock import SystemClock
from callcenter.config import Config, RecordingsConfig
from recordings import export
from recordings.checkpoint import Verifier
from recordings.errors import RecordingsError
from recordings.verify import verify_archive
from recordings.witness import Witness

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


def verify(config: RecordingsConfig, *, decode: bool, known: Sequence[Verifier] = ()) -> int:
    """Prints each finding and a summary; 0 when all is sound, 1 when not, 2 when there is no archive to verify.

    `known` are the public keys one of which must have signed the checkpoint; without any, that of the settings' own.
    """
    try:
        site = opening.existing(config)
        if not known and site.signer is not None:
            known = [site.signer.verifier()]
        report = verify_archive(site.archive, site.log, decode, Progress(sys.stderr), known)
    except RecordingsError as error:
        print(f"The archive cannot be verified: {error}")
        return UNUSABLE
    for finding in report.findings:
        print(f"{finding.damage}: {finding.object_id}: {finding.detail}")
    verdict = "sound" if report.is_sound else f"{len(report.findings)} findings"
    print(f"{report.objects} objects, {report.files} files, {report.leaves} log leaves: {verdict}")
    if not known:
        print("The checkpoint's signature was not checked: give the public key with --key")
    elif report.is_sound:
        names = ", ".join(sorted({verifier.name for verifier in known}))
        print(f"checkpoint over {report.signed} of {report.leaves} log leaves, signed by {names}")
    return SOUND if report.is_sound else DAMAGED


def add_commands(subparsers: Any) -> None:
    """Adds the command; each verb sets `command`, called with the configuration and the arguments."""
    verbs = subparsers.add_parser(
        "archive", help="the recordings' archive: verify, export, witness, new-key"
    ).add_subparsers(required=True, metavar="VERB")
    text = "compare every file with its inventory and the log; exit 1 when anything differs"
    parser = verbs.add_parser("verify", help=text, description=text)
    parser.add_argument("--decode", action="store_true", help="also decode every recording and compare its samples")
    parser.add_argument(
        "--key", metavar="FILE", type=Path, help="public keys, one a line, one of which must have signed the checkpoint"
    )
    parser.set_defaults(command=_verify)
    text = "make a package to be handed over: a BagIt bag with recordings, proofs and a program that checks them"
    parser = verbs.add_parser("export", help=text, description=text)
    parser.add_argument(
        "numbers", metavar="NUMBER", nargs="+", help="archive numbers (档号), e.g. 95519-LY·2026-Y-000001"
    )
    parser.add_argument("--to", metavar="FOLDER", type=Path, required=True, help="where the package is written")
    parser.add_argument("--recipient", metavar="WHO", required=True)
    parser.add_argument("--reason", metavar="WHY", required=True)
    parser.add_argument("--approved-by", metavar="WHO", required=True, help="the second person who agreed")
    parser.set_defaults(command=_export)
    text = "co-sign the heads of logs kept elsewhere; belongs on a machine of people who do not keep the archive"
    parser = verbs.add_parser("witness", help=text, description=text)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="its key and what it saw; made when there is none")
    parser.add_argument(
        "--name", metavar="NAME", required=True, help="its name in every co-signature, e.g. audit.example/w"
    )
    parser.add_argument(
        "--log-keys", metavar="FILE", type=Path, required=True, help="the logs' public keys, one a line"
    )
    parser.add_argument("--listen", metavar="HOST:PORT", default="127.0.0.1:8731")
    parser.set_defaults(command=_witness)
    text = "make the key that signs the log, in a folder that is not the archive's; one that is there is kept"
    parser = verbs.add_parser("new-key", help=text, description=text)
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.set_defaults(command=_new_key)


def _verify(config: Config, chosen: argparse.Namespace) -> int:
    try:
        known = keys.verifiers(chosen.key.read_text("ascii")) if chosen.key is not None else []
    except (OSError, ValueError) as error:
        print(f"{chosen.key}: {error.strerror if isinstance(error, OSError) else error}", file=sys.stderr)
        return UNUSABLE
    return verify(config.recordings, decode=chosen.decode, known=known)


def _export(config: Config, chosen: argparse.Namespace) -> int:
    """Signs the log first where this machine holds the key, so that the newest recordings can be proved."""
    about = export.Handover(chosen.recipient, chosen.reason, getpass.getuser(), chosen.approved_by, SystemClock().now())
    try:
        site = opening.existing(config.recordings)
        if site.signer is None:
            print("the log's signing key is needed: set recordings.signing_key", file=sys.stderr)
            return UNUSABLE
        site.log.sign(site.signer)
        objects = export.numbered(site.log, chosen.numbers)
        made = export.export(site.archive, site.log, objects, chosen.to, about, site.signer.verifier())
    except (RecordingsError, OSError) as error:
        print(f"nothing was exported: {error}", file=sys.stderr)
        return DAMAGED
    print(f"{made.path}\n{made.size} bytes, sha256 {made.sha256}, log leaf {made.leaf_index}")
    print(f"public key to be handed over by another way: {site.signer.verifier().text()}")
    return SOUND


def _witness(_config: Config, chosen: argparse.Namespace) -> int:
    try:
        logs = keys.verifiers(chosen.log_keys.read_text("ascii"))
        host, _, port = chosen.listen.rpartition(":")
        witness = Witness(chosen.folder, keys.signer(chosen.folder, chosen.name), logs)
        print(
            f"witness {witness.key()}\nlistens on {chosen.listen} for {', '.join(each.name for each in logs)}",
            flush=True,
        )
        asyncio.run(_served(witness, host, int(port)))
    except (OSError, ValueError) as error:
        print(f"the witness cannot work: {error}", file=sys.stderr)
        return UNUSABLE
    return SOUND


async def _served(witness: Witness, host: str, port: int) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await serve(witness, SystemClock(), host, port, stopping)


def _new_key(config: Config, chosen: argparse.Namespace) -> int:
    if chosen.folder.resolve().is_relative_to(config.recordings.archive_root):
        print(f"{chosen.folder} lies in the archive: keep the key elsewhere", file=sys.stderr)
        return UNUSABLE
    try:
        files = keys.kept(chosen.folder, opening.origin(config.recordings))
    except (OSError, ValueError) as error:
        print(f"{chosen.folder}: {error.strerror if isinstance(error, OSError) else error}", file=sys.stderr)
        return UNUSABLE
    print(f"private key: {files.private} (CALLCENTER_RECORDINGS_SIGNING_KEY_FILE)\npublic key: {files.public_text()}")
    return SOUND
