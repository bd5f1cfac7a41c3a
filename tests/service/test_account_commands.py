"""`callcenter org` and `callcenter user` against a real database."""

import io
import logging
from collections.abc import Iterator

import pytest

from callcenter.__main__ import main

pytestmark = pytest.mark.service


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A command sends the log to its own standard error; what follows must not."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_the_first_people_are_made_from_the_command_line(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CALLCENTER_DATABASE_URL", database_url)

    def run(*arguments: str, typed: str = "") -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return main(arguments)

    assert run("org", "add", "hq", "--kind", "hq", "--name", "总公司") == 0
    assert run("org", "add", "gd", "--kind", "province", "--parent", "hq", "--name", "广东") == 0
    assert run("org", "add", "gd-gz", "--kind", "city", "--parent", "hq", "--name", "广州") == 1
    person = ("user", "add", "wang", "--name", "王芳", "--org", "hq", "--role", "admin")
    assert run(*person, typed="short\n") == 1
    assert run(*person, typed="Correct-Horse-7\n") == 0
    assert run("user", "add", "li", "--name", "李雷", "--org", "gd", "--role", "agent", typed="Correct-Horse-7\n") == 0
    assert run("user", "password", "li", typed="Another-Horse-8\n") == 0
    assert run("user", "deactivate", "li") == 0
    assert run("user", "deactivate", "wang") == 1
    assert run("user", "deactivate", "nobody") == 1
    capsys.readouterr()
    assert run("user", "list") == 0
    assert capsys.readouterr().out == "li\t李雷\tgd\tagent\tleft\nwang\t王芳\thq\tadmin\tactive\n"
    assert run("org", "list") == 0
    assert capsys.readouterr().out.splitlines()[1] == "hq/gd/\tprovince\t广东"
