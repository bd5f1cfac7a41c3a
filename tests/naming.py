"""Which rules, bad inputs and promises are named where: in the code, and by tests.

A test names an id in its docstring. `python -m tests.naming` writes docs/rules.md anew.
"""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/rules.md"
WORDS: Mapping[str, str] = tomllib.loads((ROOT / "docs/rules.toml").read_text(encoding="utf-8"))

RULE = re.compile(r"(?<![\w.-])(R-\d\.\d+|(?:CL|L|C|D|F|B|M|N|E)-\d+)(?![\w-]|\.\d)")
PROMISE = re.compile(r"(?<![\w.-])(INV-\d+|T-\d+|[ABCHR]\d{1,2})(?![\w-]|\.\d)")

HEAD = """# The rules, where they are kept and what shows it

Made from `docs/rules.toml`, the code and the tests by `make rules`; do not edit. The words are short; the rule ids are
those of refusals, of `GET /tickets/{id}/explain` and of the reports. When the code names a rule and no test does, the
tests fail.

| rule | in few words | code | tests |
| --- | --- | --- | --- |
"""


@cache
def of_code(pattern: re.Pattern[str] = RULE) -> dict[str, list[str]]:
    """Id → the files of tickets/ and callcenter/ that name it."""
    found: dict[str, set[str]] = defaultdict(set)
    for package in ("tickets", "callcenter"):
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in {".py", ".sql"}:
                for id in pattern.findall(path.read_text(encoding="utf-8")):
                    found[id].add(str(path.relative_to(ROOT)))
    return {id: sorted(files) for id, files in found.items()}


@cache
def of_tests(pattern: re.Pattern[str] = RULE) -> dict[str, list[str]]:
    """Id → the test files in which a test names it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path, name, said in told():
        assert name.startswith("test_")
        for id in pattern.findall(said):
            found[id].add(path)
    return {id: sorted(files) for id, files in found.items()}


def told() -> Iterator[tuple[str, str, str]]:
    """File, name and docstring of every test that says something."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield str(path.relative_to(ROOT)), node.name, ast.get_docstring(node) or ""


def place(id: str) -> tuple[str, list[int]]:
    """Rules in the order of their numbers."""
    letter, _, number = id.partition("-")
    return letter, [int(part) for part in number.split(".")]


def page() -> str:
    """The text of docs/rules.md."""
    code, tests = of_code(), of_tests()
    order = list(dict.fromkeys(id.partition("-")[0] for id in WORDS))
    rows = [
        f"| {id} | {WORDS[id]} | {_files(code.get(id, []))} | {_files(tests.get(id, []))} |"
        for id in sorted(WORDS, key=lambda id: (order.index(id.partition("-")[0]), place(id)))
    ]
    return HEAD + "\n".join(rows) + "\n"


def _files(paths: list[str]) -> str:
    return "<br>".join(f"`{path.removeprefix('tests/')}`" for path in paths) or "–"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
