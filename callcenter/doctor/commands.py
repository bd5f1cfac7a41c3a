"""`callcenter doctor` on the command line."""

import argparse
import asyncio
import json
import logging
from typing import Any

from callcenter.clock import SystemClock
from callcenter.config import Config

WELL, WRONG = 0, 1


def add_commands(commands: Any) -> None:
    """Adds `doctor`."""
    text = "say what is reachable, in which version, and what is wrong; changes nothing; exit 1 when something is wrong"
    parser = commands.add_parser("doctor", help=text, description=text)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.set_defaults(command=_doctor)


def _doctor(config: Config, chosen: argparse.Namespace) -> int:
    from callcenter.doctor.examination import examine
    from callcenter.doctor.finding import Verdict

    logging.getLogger("agi").setLevel(logging.CRITICAL)  # what goes wrong is a finding, not a line in a log
    report = asyncio.run(examine(config, SystemClock()))
    if chosen.json:
        print(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        print("\n".join(report.lines()))
    return WRONG if report.verdict is Verdict.FAIL else WELL
