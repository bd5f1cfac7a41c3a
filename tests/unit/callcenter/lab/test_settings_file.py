"""Settings handed from one process to another in a file."""

from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from callcenter.config import Config
from callcenter.lab.settings_file import as_toml, write_settings

pytestmark = pytest.mark.unit


def test_settings_written_for_another_process_are_read_back_the_same(tmp_path: Path) -> None:
    config = Config.load(
        environ={
            "CALLCENTER_DATABASE_URL": 'postgresql://cc:p"4\\ss@/x?host=/run',
            "CALLCENTER_RECORDINGS_VOLUMES": "/a:/b",
            "CALLCENTER_RECORDINGS_FONDS_NAME": "客服",
            "CALLCENTER_WEB_PORT": "9000",
        }
    )
    file = tmp_path / "callcenter.toml"
    write_settings(file, config)
    assert Config.load(file) == config
    assert file.stat().st_mode & 0o777 == 0o600
    assert as_toml(config).startswith('mode = "normal"\n\n[database]\n')


def test_every_section_is_written_whole() -> None:
    text = as_toml(Config())
    for part in fields(Config):
        section = getattr(Config(), part.name)
        if is_dataclass(section):
            assert f"\n[{part.name}]\n" in text
            assert all(f"\n{leaf.name} = " in text for leaf in fields(section))


def test_a_file_of_an_earlier_run_is_replaced_whole_and_closed_to_others(tmp_path: Path) -> None:
    """It holds secrets."""
    file = tmp_path / "callcenter.toml"
    file.write_text("x" * 100_000)
    file.chmod(0o600)
    write_settings(file, Config())
    assert file.read_text() == as_toml(Config())
