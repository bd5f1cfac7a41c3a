"""Run the measurements: all of them, or those named; tables to the terminal and docs/benchmarks.md, figures
to var/bench/."""

import importlib
import json
import pkgutil
import sys
from pathlib import Path

import bench
from bench.report import Report, machine, write_page

ROOT = Path(__file__).resolve().parents[1]


def main(names: list[str]) -> int:
    known = [
        module.name for module in pkgutil.iter_modules(bench.__path__) if module.name not in ("__main__", "report")
    ]
    if unknown := [name for name in names if name not in known]:
        print(f"no such measurement: {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    failed = 0
    for name in names or known:
        print(f"== {name}", flush=True)
        try:
            report: Report = importlib.import_module(f"bench.{name}").measure()
        except Exception as error:
            print(f"{name} failed: {error}", file=sys.stderr)
            failed = 1
            continue
        print(report.text, flush=True)
        results = ROOT / "var" / "bench"
        results.mkdir(parents=True, exist_ok=True)
        record = {"machine": machine(), **report.figures}
        (results / f"{name}.json").write_text(json.dumps(record, indent=1, ensure_ascii=False))
        write_page(ROOT / "docs" / "benchmarks.md", name, report)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
