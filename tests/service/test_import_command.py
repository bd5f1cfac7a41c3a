"""`callcenter import`: a list from the command line to its end, without a worker."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from callcenter.__main__ import main
from tests.service.lists import a_row, as_csv, rows

pytestmark = pytest.mark.service


@pytest.fixture
def campaign(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A campaign of headquarters, and settings that lead to its database."""
    campaign = str(uuid4())

    async def make() -> None:
        conn = await asyncpg.connect(database_url)
        await conn.execute("INSERT INTO organisation (id, kind, name, path) VALUES ('hq', 'hq', '总公司', 'hq/')")
        await conn.execute(
            """INSERT INTO campaign (id, name, organisation_id, purpose, script_version, created_by, created_at)
            VALUES ($1, '新单回访', 'hq', 'new_business', '2010-4.1', 'user:x', now())""",
            campaign,
        )
        await conn.close()

    asyncio.run(make())
    for name, value in {
        "DATABASE_URL": database_url,
        "ATTACHMENTS_FOLDER": str(tmp_path),
        "ATTACHMENTS_MINIMUM_FREE": "0",
    }.items():
        monkeypatch.setenv(f"CALLCENTER_{name}", value)
    return campaign


def test_a_list_is_tried_imported_once_and_summed_up(
    campaign: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """C12"""
    file = tmp_path / "新单.csv"
    file.write_bytes(as_csv([*rows(60), a_row(61, 手机号="1.38E+10")]))
    assert main(["import", str(file), "--campaign", campaign, "--dry-run"]) == 0
    tried = capsys.readouterr().out
    assert "row 62: 联系电话 “1.38E+10” 有误" in tried
    assert "tried; 61 rows, 60 good, 1 refused" in tried
    assert "made" not in tried
    assert main(["import", str(file), "--campaign", campaign]) == 0
    assert "made 60 tasks, 60 policies, 60 customers" in capsys.readouterr().out
    assert main(["import", str(file), "--campaign", campaign]) == 0
    assert "was handed in before" in capsys.readouterr().out


def test_columns_can_be_named_and_what_cannot_be_used_is_told(
    campaign: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """C3"""
    file = tmp_path / "list.csv"
    file.write_text("甲,乙\nP1,王\n", encoding="utf-8")
    assert main(["import", str(file), "--policies", "hq"]) == 2
    assert "保单号" in capsys.readouterr().err
    assert main(["import", str(file), "--policies", "hq", "--mapping", "丙=policy_number"]) == 2
    assert "no column is headed" in capsys.readouterr().err
    assert main(["import", str(file), "--policies", "hq", "--mapping", "甲=policy_numbr"]) == 2
    assert "fields are" in capsys.readouterr().err
    assert main(["import", str(file), "--policies", "hq", "--mapping", "甲=policy_number"]) == 1
    assert "没有可导入的行" in capsys.readouterr().out
    assert main(["import", str(tmp_path / "none.csv"), "--policies", "hq"]) == 2
    assert main(["import", str(file), "--campaign", str(uuid4())]) == 1


def asked(url: str, statement: str) -> Any:
    async def ask() -> Any:
        conn = await asyncpg.connect(url)
        try:
            return await conn.fetchval(statement)
        finally:
            await conn.close()

    return asyncio.run(ask())


def test_a_process_killed_at_a_row_is_followed_by_the_next_one(
    campaign: str, database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """C13: kill -9, then the same command again: no row is lost and no task made twice."""
    file = tmp_path / "list.csv"
    file.write_bytes(as_csv(rows(9000)))
    command = [sys.executable, "-m", "callcenter", "import", str(file), "--campaign", campaign]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    until = time.monotonic() + 60
    while not asked(database_url, "SELECT count(*) FROM list_import WHERE rows_read > 0") and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    read = asked(database_url, "SELECT rows_read FROM list_import WHERE state = 'running'")
    assert 0 < read < 9000
    assert asked(database_url, "SELECT count(*) FROM callback_task") == 0
    asked(database_url, "UPDATE list_import SET beat_at = beat_at - interval '2 minutes'")
    assert main(["import", str(file), "--campaign", campaign]) == 0
    assert "9000 rows, 9000 good" in capsys.readouterr().out
    assert asked(database_url, "SELECT count(*) FROM callback_task") == 9000
    assert asked(database_url, "SELECT count(DISTINCT policy_id) FROM callback_task") == 9000
    assert asked(database_url, "SELECT count(*) FROM list_import") == 1
