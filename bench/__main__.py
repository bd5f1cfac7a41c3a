"""Run the measurements: all of them, or those named; tables to the terminal and docs/benchmarks.md, figures
to var/bench/.

A target that is missed is reported, never an error; the exit status is 1 only when something could not be measured.
"""

import importlib
import json
import sys
import time
import traceback
from pathlib import Path

from bench import NAMES
from bench.machine import described, idle_share
from bench.page import write
from bench.report import Report

ROOT = Path(__file__).resolve().parents[1]


def main(names: list[str]) -> int:
    if unknown := [name for name in names if name not in NAMES]:
        print(f"no such measurement: {', '.join(unknown)}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    results = ROOT / "var" / "bench"
    results.mkdir(parents=True, exist_ok=True)
    failed = 0
    for name in [known for known in NAMES if known in names] or NAMES:
        print(f"== {name}", flush=True)
        where = described(idle_share())
        began = time.monotonic()
        try:
            report: Report = importlib.import_module(f"bench.{name}").measure()
        except Exception as error:
            traceback.print_exc()
            print(f"{name} could not be measured: {error}", file=sys.stderr)
            failed = 1
            continue
        print(f"{report.text}\n\n{report.verdicts}\n\n   {time.monotonic() - began:.0f} s", flush=True)
        record = {"machine": where, **report.figures}
        (results / f"{name}.json").write_text(json.dumps(record, indent=1, ensure_ascii=False, default=str))
        write(ROOT / "docs" / "benchmarks.md", name, report, where)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
