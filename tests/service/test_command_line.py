"""`callcenter org` and `user` against a real database, and what keeps a process from starting."""

import io
import socket
from pathlib import Path

import pytest

from callcenter.__main__ import main

pytestmark = pytest.mark.service


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
    zhao = ("user", "add", "zhao", "--name", "赵敏", "--org", "gd", "--role", "coordinator", "--department", "sales")
    assert run(*zhao, "--manager", "nobody", typed="Correct-Horse-7\n") == 1
    assert run(*zhao, "--manager", "wang", typed="Correct-Horse-7\n") == 0
    assert run("user", "password", "li", typed="Another-Horse-8\n") == 0
    assert run("user", "deactivate", "li") == 0
    assert run("user", "deactivate", "wang") == 1
    assert run("user", "deactivate", "nobody") == 1
    capsys.readouterr()
    assert run("user", "list") == 0
    assert capsys.readouterr().out == (
        "li\t李雷\tgd\tagent\t\tleft\nwang\t王芳\thq\tadmin\t\tactive\nzhao\t赵敏\tgd\tcoordinator\tsales\tactive\n"
    )
    assert run("org", "list") == 0
    assert capsys.readouterr().out.splitlines()[1] == "hq/gd/\tprovince\t广东"


@pytest.mark.parametrize("command", [["serve"], ["work"], ["user", "list"]])
def test_without_a_database_one_sentence_says_so(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("CALLCENTER_DATABASE_URL", f"postgresql://cc@/cc?host={tmp_path}")
    assert main(command) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    assert told[0].startswith("PostgreSQL cannot be used: ")


def test_a_used_port_and_a_database_of_the_other_mode_are_told(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for name, value in {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "WEB_PORT": str(port)}.items():
            monkeypatch.setenv(f"CALLCENTER_{name}", value)
        assert main(["serve"]) == 2
        assert f"127.0.0.1:{port} cannot be listened on" in capsys.readouterr().err
        monkeypatch.setenv("CALLCENTER_MODE", "test")
        assert main(["serve"]) == 2
        assert "in normal mode" in capsys.readouterr().err


def test_bad_settings_are_all_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CALLCENTER_WEB_PORT", "x")
    monkeypatch.setenv("CALLCENTER_ARI_URL", "y")
    assert main(["check-config"]) == 2
    told = capsys.readouterr().err
    assert "web.port" in told
    assert "ari.url" in told
