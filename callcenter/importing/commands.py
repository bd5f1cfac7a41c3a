"""`callcenter import …`: a list from the command line, carried to its end here, with its progress and a summary."""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from callcenter import testmode
from callcenter.accounts.doer import COMMAND_LINE
from callcenter.attachments.vault import CHUNK
from callcenter.clock import Clock, SystemClock
from callcenter.config import Config
from callcenter.db.migrate import refuse_if_pending
from callcenter.db.pool import Database
from callcenter.errors import ApplicationError
from callcenter.ids import uuid7
from callcenter.importing import fields, store, values
from callcenter.importing.fields import DateForm, Field
from callcenter.importing.intake import Intake, Said
from callcenter.importing.lines import FATE_WORDS, fate
from callcenter.importing.running import Importer
from callcenter.importing.store import ENDED, Import, State

DONE, NOT_DONE, UNUSABLE = 0, 1, 2
SHOWN: Final = 20
"""Faults told one by one; the others are at GET /imports/{id}/errors."""
EVERY: Final = 0.5
UNDER_WAY: Final = frozenset({State.WAITING, State.RUNNING, State.SWITCHING})


class UsageError(Exception):
    """What was asked for cannot be; the text says what to change."""


def add_commands(subparsers: Any) -> None:
    """Adds the command; it sets `command`, called with the configuration and the arguments."""
    text = "a list of policies or callback tasks from a CSV or XLSX file"
    parser = subparsers.add_parser("import", help=text, description=text)
    parser.add_argument("file", type=Path)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--campaign", type=UUID, metavar="ID", help="make callback tasks of this campaign")
    where.add_argument("--policies", metavar="ORG", help="only add and change policies of this organisation")
    parser.add_argument(
        "--mapping",
        metavar="HEADER=FIELD",
        action="append",
        default=[],
        help="what a column holds, by its header or number; ignored, for one that is not taken; "
        "HEADER=FIELD:FORM for days not written year first (day_first, month_first, serial)",
    )
    parser.add_argument("--encoding", help="the file's encoding, where it cannot be told")
    parser.add_argument("--delimiter", help="the file's delimiter, where it cannot be told")
    parser.add_argument("--dry-run", action="store_true", help="everything but the import itself")
    parser.add_argument("--only-whole", action="store_true", help="one refused row refuses the list")
    parser.set_defaults(command=lambda config, chosen: asyncio.run(_run(config, chosen)))


async def _run(config: Config, chosen: argparse.Namespace) -> int:
    database = await Database.connect(config.database.url, size=3, application="callcenter import")
    try:
        async with database.connection() as conn:
            await refuse_if_pending(conn)
        async with testmode.clock(config, database) as clock:
            return await _import(database, config, clock, chosen)
    except ApplicationError as refused:
        _tell(f"{refused.words.zh}\n{refused.words.en}")
        return NOT_DONE
    except UsageError as error:
        _tell(str(error))
        return UNUSABLE
    finally:
        await database.close()


async def _import(database: Database, config: Config, clock: Clock, chosen: argparse.Namespace) -> int:
    intake = Intake(database, config)
    handed, before = await _hand_in(intake, clock, chosen)
    if before and handed.state is not State.CHECKED:
        print(f"The same file was handed in before: import {handed.id}, {store.STATE_WORDS[handed.state].en}.")
        if handed.state in ENDED:
            return DONE if handed.state is State.DONE else NOT_DONE
    if handed.state not in UNDER_WAY:
        handed = await _map(intake, handed, clock, chosen)
        handed = await intake.start(
            COMMAND_LINE, handed.id, handed.version, clock.now(), dry_run=chosen.dry_run, only_whole=chosen.only_whole
        )
    return await _carry(database, config, clock, handed.id)


async def _carry(database: Database, config: Config, clock: Clock, import_id: UUID) -> int:
    """Carries the import, or follows whoever does, taking over from one that fell silent."""
    importer = Importer(database, config, clock, SystemClock())
    shown = 0.0
    try:
        while (now := await _state(database, import_id)).state not in ENDED:
            if time.monotonic() - shown > EVERY:
                shown = time.monotonic()
                _progress(now)
            if not await importer.step(import_id):
                await asyncio.sleep(EVERY)
    finally:
        importer.close()
    _progress(now, last=True)
    await _sum_up(database, now)
    return DONE if now.state in (State.DONE, State.CHECKED) else NOT_DONE


async def _hand_in(intake: Intake, clock: Clock, chosen: argparse.Namespace) -> tuple[Import, bool]:
    staged = await asyncio.to_thread(intake.vault.begin)
    try:
        await asyncio.to_thread(_copy, chosen.file, staged)
        return await intake.receive(
            COMMAND_LINE,
            uuid7(clock.now()),
            staged,
            chosen.file.name,
            clock.now(),
            campaign_id=chosen.campaign,
            organisation_id=chosen.policies,
        )
    finally:
        await asyncio.to_thread(staged.discard)


def _copy(path: Path, staged: Any) -> None:
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                staged.write(chunk)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


async def _map(intake: Intake, handed: Import, clock: Clock, chosen: argparse.Namespace) -> Import:
    """Reads the file as it was said, or as its header says. Raises UsageError when that is not enough."""
    if handed.header is None or chosen.encoding or chosen.delimiter:
        said = Said(encoding=chosen.encoding, delimiter=chosen.delimiter)
        handed = await intake.say(COMMAND_LINE, handed.id, handed.version, said, clock.now())
    if handed.header is None:
        choices = [*handed.form.encodings, *(repr(each) for each in handed.form.delimiters)]
        raise UsageError(f"The file can be read in several ways; say --encoding or --delimiter: {', '.join(choices)}")
    columns, forms = dict(handed.layout.columns), dict(handed.layout.date_forms)
    for each in chosen.mapping:
        place, held, form = _mapped(each, handed.header.names)
        columns = {at: there for at, there in columns.items() if there is not held or held is Field.IGNORED}
        columns[place] = held
        if form is not None:
            forms[held] = form
    for at, name in enumerate(handed.header.names):
        there = columns.get(at)
        print(f"  {at + 1:>3}  {name or '–':<24} {'–' if there is None else there}")
    for words in handed.warnings:
        print(f"  ! {words.zh}\n    {words.en}")
    said = Said(list(columns.items()), forms)
    ready = await intake.say(COMMAND_LINE, handed.id, handed.version, said, clock.now())
    if ready.state is not State.READY:
        names = ", ".join(f"{each} ({fields.WORDS[each].zh})" for each in ready.layout.missing())
        raise UsageError(f"No column is known to hold {names}; say --mapping HEADER=FIELD")
    return ready


def _mapped(text: str, names: tuple[str, ...]) -> tuple[int, Field, DateForm | None]:
    header, _, said = text.rpartition("=")
    name, _, form = said.partition(":")
    try:
        held = Field(name)
        written = DateForm(form) if form else None
    except ValueError:
        raise UsageError(f"{text}: fields are {', '.join(Field)}; forms are {', '.join(DateForm)}") from None
    places = [at for at, each in enumerate(names) if each == header]
    if not places and header.isdigit() and 1 <= int(header) <= len(names):
        places = [int(header) - 1]
    if len(places) != 1:
        raise UsageError(f"{text}: {'no' if not places else 'more than one'} column is headed {header!r}")
    return places[0], held, written


async def _state(database: Database, import_id: UUID) -> Import:
    async with database.connection() as conn:
        return await store.one(conn, import_id, "")


def _progress(now: Import, *, last: bool = False) -> None:
    """On a terminal in one line, elsewhere a line at the end."""
    if not last and not sys.stderr.isatty():
        return
    counts = now.counts
    left = "" if now.seconds_left is None else f", about {now.seconds_left} s left"
    bad = counts.refused + counts.dropped + counts.duplicates
    text = f"{now.state}: {counts.rows_read} rows read, {counts.good} good, {bad} not taken ({now.share:.0%}{left})"
    sys.stderr.write(f"\r{text:<100}{chr(10) if last else ''}" if sys.stderr.isatty() else f"{text}\n")
    sys.stderr.flush()


async def _sum_up(database: Database, done: Import) -> None:
    counts = done.counts
    async with database.connection() as conn:
        faults = await store.faults(conn, done.id, None, None, SHOWN + 1)
    for _, each in faults[:SHOWN]:
        column = "" if each.field is None else f" {fields.WORDS[each.field].zh}"
        value = "" if each.value is None else f" “{each.value}”"
        print(f"row {each.row}:{column}{value} {FATE_WORDS[fate(each.wrong)].zh}: {values.WORDS[each.wrong].zh}")
    if len(faults) > SHOWN:
        print(f"… all of them: GET /api/v1/imports/{done.id}/errors")
    if done.fault is not None:
        print(f"{done.fault['zh']}\n{done.fault['en']}")
    print(
        f"import {done.id}: {store.STATE_WORDS[done.state].en}; {counts.rows_read} rows, {counts.good} good, "
        f"{counts.refused} refused, {counts.dropped} dropped, {counts.duplicates} twice in the file, "
        f"{counts.existed} there before"
    )
    if done.state is State.DONE:
        print(
            f"made {counts.tasks_made} tasks, {counts.policies_made} policies, {counts.customers_made} customers; "
            f"changed {counts.policies_changed} policies"
        )


def _tell(text: str) -> None:
    print(text, file=sys.stderr)
