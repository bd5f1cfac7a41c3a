"""docs/benchmarks.md: one section a measurement, each replaced by its next run, in an order that never changes.

A run of one measurement leaves the other sections as they are; the list of targets at the top is gathered from all.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from bench import NAMES
from bench.report import TARGETS, Report, table

HEAD = """# Benchmarks

`make bench` measures, prints and writes this page; nothing in it is written by hand. `make bench ONLY="{one}"` runs one
of {names} and leaves the other sections as they are.

Ratios travel between machines, absolute figures do not: peers run in the same minutes on the same cores, in turns whose
order is turned round each time, and a ratio is taken turn by turn. Where three figures stand together they are the
least, the median and the greatest of the turns. Errors stand beside every rate, for a fast server that drops calls is
not fast. Each section says how idle the machine was before it began: below about 95 % somebody else was at work on it,
and a raised priority kept most of that away.
A target that is missed stands here with the profile that explains it.
"""
FIRST = ("measurement", *TARGETS)
SECTION = re.compile(r"<!-- (?P<name>[a-z]+) -->\n(?P<body>.*?)<!-- /(?P=name) -->\n", re.DOTALL)


def write(page: Path, name: str, report: Report, where: Mapping[str, str]) -> None:
    """Put the section into the page, in place of the one of an earlier run."""
    sections = parse(page.read_text()) if page.exists() else {}
    sections[name] = section(report, where)
    page.write_text(whole(sections))


def parse(text: str) -> dict[str, str]:
    """The sections of a page by name."""
    return {found["name"]: found["body"] for found in SECTION.finditer(text)}


def section(report: Report, where: Mapping[str, str]) -> str:
    """One measurement's part of the page."""
    verdicts = f"{report.verdicts}\n\n" if report.targets else ""
    place = (
        f"{where['at']}, {where['cpu']}, {where['memory']}, {where['system']}, Python {where['python']}; "
        f"{where['idle']} idle before{where['priority']}."
    )
    return f"## {report.title}\n\n{place}\n\n{verdicts}{report.text}\n"


def whole(sections: Mapping[str, str]) -> str:
    """The page: what it is, all targets, then the sections in the order of NAMES; unknown ones are dropped."""
    known = [name for name in NAMES if name in sections]
    head = HEAD.format(one=NAMES[0], names=", ".join(f"`{name}`" for name in NAMES))
    rows = [[f"[{name}](#{anchor(sections[name])})", *row] for name in known for row in targets_in(sections[name])]
    listed = f"\n{table(FIRST, rows)}\n" if rows else ""
    bodies = "".join(f"\n<!-- {name} -->\n{sections[name]}<!-- /{name} -->\n" for name in known)
    return f"{head}{listed}{bodies}"


def targets_in(body: str) -> list[list[str]]:
    """The rows of a section's table of targets."""
    lines = iter(body.splitlines())
    for line in lines:
        if tuple(_cells(line)) == TARGETS:
            next(lines, None)
            break
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append(_cells(line))
    return rows


def anchor(body: str) -> str:
    """How a link names the section: its title in small letters, spaces as hyphens, punctuation gone."""
    title = body.partition("\n")[0].removeprefix("## ").lower()
    return re.sub(r"[^\w -]", "", title).replace(" ", "-")


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]
