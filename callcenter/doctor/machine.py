"""This machine: Python, the time zone, the programs that set-up and demonstrations use."""

import asyncio
import platform
import shutil
import zoneinfo

import soundfile

from callcenter import __version__
from callcenter.config import ZONE
from callcenter.doctor.finding import Notes
from callcenter.doctor.installation import Installation

LAB = {"sipp": "sip-tester", "espeak-ng": "espeak-ng", "sox": "sox", "flac": "flac"}
"""Program → the Debian package that has it; only `make run`, demonstrations and tests use them."""


async def look(_here: Installation, notes: Notes) -> None:
    """Nothing here is asked over a network."""
    await asyncio.to_thread(_judge, notes)


def _judge(notes: Notes) -> None:
    said = (
        f"hotline95519 {__version__}, Python {platform.python_version()}, libsndfile {soundfile.__libsndfile_version__}"
    )
    notes.ok("versions", said, said)
    try:
        zoneinfo.ZoneInfo(ZONE)
    except zoneinfo.ZoneInfoNotFoundError:
        notes.fail(
            "zone", f"没有时区 {ZONE}", f"no time zone {ZONE}", ("apt-get install tzdata", "apt-get install tzdata")
        )
    missing = [package for program, package in LAB.items() if shutil.which(program) is None]
    if missing:
        names = ", ".join(missing)
        notes.ok(
            "packages", f"没有 {names}：仅 make run、演示和测试使用", f"no {names}: only make run and tests use them"
        )
    else:
        notes.ok("packages", "系统软件包齐全", "the system packages are all there")
