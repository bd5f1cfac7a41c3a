"""The demonstration from an empty folder to its evidence, and the evidence checked from outside."""

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import ocfl
import pytest

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="cc-story-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def evidence(folder: Path) -> dict[str, Any]:
    """What `callcenter demo --json` printed as its last line; it must have exited 0."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CALLCENTER_")}
    if root := os.environ.get("CALLCENTER_ASTERISK_ROOT"):
        environ["CALLCENTER_ASTERISK_ROOT"] = root
    done = subprocess.run(
        [sys.executable, "-m", "callcenter", "demo", "--json", "--folder", str(folder / "demo")],
        env=environ,
        capture_output=True,
        text=True,
        timeout=380,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, "\n".join(lines[-40:]) + done.stderr[-2000:]
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def test_every_part_happened(evidence: dict[str, Any]) -> None:
    """Issue 2 item 12"""
    assert evidence["complete"] is True
    assert evidence["missing"] == []
    assert set(evidence["seconds"]) == {"complaint", "callback", "archive", "figures"}


def test_each_ticket_was_opened_before_its_call_ended(evidence: dict[str, Any]) -> None:
    """T-2, T-3"""
    ends = {call["id"]: datetime.fromisoformat(call["ended_at"]) for call in evidence["calls"]}
    assert [(ticket["nature"], ticket["channel"], ticket["source"]) for ticket in evidence["tickets"]] == [
        ("complaint", "phone_inbound", "direct"),
        ("callback_finding", "phone_outbound", "callback"),
        ("complaint", "phone_inbound", "callback"),
    ]
    for ticket in evidence["tickets"]:
        assert datetime.fromisoformat(ticket["opened_at"]) < ends[ticket["call_id"]]


def test_the_archive_stands_up_to_another_programs_check(evidence: dict[str, Any]) -> None:
    """INV-2, by ocfl-py"""
    root = Path(evidence["archive_root"])
    for recording in evidence["recordings"]:
        path = root / recording["path"]
        passed, validator = ocfl.Object().validate(objdir=str(path))
        assert passed, validator.messages
        inventory = path / "inventory.json"
        assert hashlib.sha512(inventory.read_bytes()).hexdigest() == recording["inventory_sha512"]


def test_the_sealed_sound_is_byte_for_byte_what_its_hash_says(evidence: dict[str, Any], folder: Path) -> None:
    """INV-2, by flac"""
    for recording in evidence["recordings"]:
        [segment] = recording["segments"]
        flac = Path(evidence["archive_root"]) / recording["path"] / "v1/content/rec/0001.flac"
        assert hashlib.sha256(flac.read_bytes()).hexdigest() == segment["flac_sha256"]
        wav = subprocess.run(["flac", "-dcs", str(flac)], capture_output=True, check=True).stdout
        assert hashlib.sha256(wav).hexdigest() == segment["wav_sha256"]


def test_the_figures_count_the_complaints_and_say_what_they_leave_out(evidence: dict[str, Any]) -> None:
    """T-1, T-4, R-2.5"""
    figures = evidence["figures"]
    complaints = {ticket["number"] for ticket in evidence["tickets"] if ticket["nature"] == "complaint"}
    assert set(figures["counted_tickets"]) == complaints
    assert (figures["after"]["pieces"], figures["after"]["occurrences"]) == (2, 2)
    [findings] = [one for one in figures["exclusions"] if one["kind"] == "callback_finding"]
    assert findings["tickets"] == 1
    assert "R-2.5" in findings["rules"]


async def test_it_leaves_no_process_behind(evidence: dict[str, Any]) -> None:
    """What was started is ended, also by the end of the demonstration."""
    listing = await asyncio.create_subprocess_exec("ps", "-eo", "args", stdout=asyncio.subprocess.PIPE)
    told, _ = await listing.communicate()
    assert evidence["folder"] not in told.decode()
