"""docs/benchmarks.md is written by the measurements alone, and reads the same whatever was measured last."""

import itertools
import subprocess
from pathlib import Path

import pytest

from bench import NAMES
from bench.page import anchor, parse, section, targets_in, whole, write
from bench.report import Report, Target

pytestmark = pytest.mark.unit

CHECKOUT = Path(__file__).resolve().parents[3]
WHERE = {
    "at": "2026-11-26T12:00+00:00",
    "cpu": "2 × Some CPU",
    "memory": "24 GB",
    "system": "Debian GNU/Linux 12, Linux 6.1",
    "python": "3.11.7",
    "idle": "99%",
    "priority": "",
}


MET = (True, False, None, True, True)


def a_report(name: str, met: bool | None = True, text: str = "| a |\n|---|\n| 1 |") -> Report:
    return Report(f"The {name}, measured", text, {}, [Target(f"{name} is fast", "2 | 3", met)])


def a_page(tmp_path: Path, order: tuple[str, ...] = NAMES) -> str:
    page = tmp_path / "benchmarks.md"
    page.unlink(missing_ok=True)
    for name in order:
        write(page, name, a_report(name), WHERE)
    return page.read_text()


def test_the_page_is_the_same_in_whatever_order_it_was_measured(tmp_path: Path) -> None:
    pages = {a_page(tmp_path, order) for order in itertools.permutations(NAMES)}
    assert len(pages) == 1
    assert list(parse(pages.pop())) == list(NAMES)


def test_measuring_once_more_replaces_one_section_and_leaves_the_others(tmp_path: Path) -> None:
    before = parse(a_page(tmp_path))
    write(tmp_path / "benchmarks.md", "sealing", a_report("sealing", text=r"new \1 text"), WHERE)
    after = parse((tmp_path / "benchmarks.md").read_text())
    assert {name for name in NAMES if before[name] != after[name]} == {"sealing"}
    assert r"new \1 text" in after["sealing"]


def test_every_target_stands_at_the_top_with_a_link_to_its_section() -> None:
    page = whole(
        {
            name: section(a_report(name, met), WHERE)
            for name, met in zip(NAMES, (True, False, None, True, True, True), strict=True)
        }
    )
    head = page.partition("<!--")[0]
    for name in NAMES:
        assert f"[{name}](#the-{name}-measured)" in head
    assert head.count("**no**") == head.count("not measured") == 1


def test_only_the_targets_are_taken_for_targets() -> None:
    body = section(a_report("fastagi"), WHERE)
    assert targets_in(body) == [["fastagi is fast", "2 / 3", "yes"]]
    assert targets_in(section(Report("None", "| target | found |\n|---|---|\n| x | y |", {}), WHERE)) == []


def test_a_title_is_linked_as_a_browser_of_markdown_would() -> None:
    assert anchor("## Load: calls, tickets and recordings\n\ntext") == "load-calls-tickets-and-recordings"


def test_make_help_and_the_page_name_every_measurement() -> None:
    told = subprocess.run(["make", "help"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    assert f'ONLY="{" ".join(NAMES)}"' in told
    assert all(f"`{name}`" in whole({}) for name in NAMES)


def test_the_page_in_the_repository_is_one_this_program_writes() -> None:
    text = (CHECKOUT / "docs/benchmarks.md").read_text()
    assert text == whole(parse(text))
    assert list(parse(text)) == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_measurement_can_be_asked_for(name: str) -> None:
    assert (CHECKOUT / "bench" / name).is_dir() or (CHECKOUT / "bench" / f"{name}.py").is_file()
