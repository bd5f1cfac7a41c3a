"""The demonstration from an empty folder to its evidence, and the evidence checked from outside."""

import asyncio
import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from array import array
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import ocfl
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

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


def interleaved(customer: bytes, heard: bytes) -> bytes:
    """Left what the customer said, right what the customer heard; the shorter side ends in silence."""
    left, right = array("h"), array("h")
    left.frombytes(customer[: len(customer) & ~1])
    right.frombytes(heard[: len(heard) & ~1])
    both = array("h", bytes(4 * max(len(left), len(right))))
    both[0 : 2 * len(left) : 2] = left
    both[1 : 2 * len(right) : 2] = right
    return both.tobytes()


def test_the_sealed_sound_is_what_the_switch_captured_sample_for_sample(evidence: dict[str, Any]) -> None:
    """INV-2, by flac and the captures themselves: nothing of ours is asked, and no hash of ours is believed."""
    assert sys.byteorder == "little"
    for recording in evidence["recordings"]:
        [segment] = recording["segments"]
        captured = {}
        for capture in recording["captures"]:
            content = Path(capture["path"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == capture["sha256"]
            captured[capture["side"]] = content
        flac = Path(evidence["archive_root"]) / recording["path"] / "v1/content/rec/0001.flac"
        raw = ["flac", "-dcs", "--force-raw-format", "--endian=little", "--sign=signed", str(flac)]
        decoded = subprocess.run(raw, capture_output=True, check=True).stdout
        assert decoded == interleaved(captured["customer"], captured["heard"])
        assert abs(len(decoded) // 32 - segment["duration_ms"]) <= 1
        loudest = [max(map(abs, array("h", decoded)[side::2])) for side in (0, 1)]
        assert min(loudest) > 500


def root_of(proof: dict[str, Any]) -> bytes:
    """The tree head that leaf and path lead to, as RFC 9162 §2.1.3.2 verifies an inclusion."""
    index, last = proof["leaf_index"], proof["tree_size"] - 1
    node = hashlib.sha256(b"\0" + proof["leaf"].encode()).digest()
    for encoded in proof["path"]:
        sibling = base64.b64decode(encoded)
        if index % 2 or index == last:
            node = hashlib.sha256(b"\1" + sibling + node).digest()
            while not index % 2 and index:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + sibling).digest()
        index, last = index >> 1, last >> 1
    assert last == 0
    return node


def signed_head(note: str, public_key: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint (C2SP) whose signature is good."""
    name, key_id, encoded = public_key.split("+", 2)
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded)[1:])
    text, _, signatures = note.partition("\n\n")
    [line] = [line for line in signatures.splitlines() if line.startswith(f"— {name} ")]
    signature = base64.b64decode(line.split(" ")[2])
    assert signature[:4].hex() == key_id
    key.verify(signature[4:], f"{text}\n".encode())
    _, size, root = text.split("\n")
    return int(size), base64.b64decode(root)


def test_a_stranger_can_prove_each_recording_from_the_evidence_and_the_public_key(evidence: dict[str, Any]) -> None:
    """INV-10: leaf, audit path and signature are checked here with a hash function and Ed25519 alone."""
    assert Path(evidence["public_key_file"]).read_text().strip() == evidence["public_key"]
    for recording in evidence["recordings"]:
        inclusion = recording["proof"]["inclusion"]
        size, root = signed_head(recording["proof"]["checkpoint"], evidence["public_key"])
        assert (size, root) == (inclusion["tree_size"], root_of(inclusion))
        leaf = json.loads(inclusion["leaf"])
        assert leaf["object"] == recording["object_id"]
        assert leaf["inventory_sha512"] == recording["inventory_sha512"]
        assert leaf["segments"] == [["rec/0001.flac", recording["segments"][0]["wav_sha256"]]]
    newest, _ = signed_head(Path(evidence["checkpoint_file"]).read_text(), evidence["public_key"])
    assert newest >= len(evidence["recordings"])
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CALLCENTER_")}
    environ["CALLCENTER_RECORDINGS_ARCHIVE_ROOT"] = str(Path(evidence["archive_root"]).parent)
    verify = [sys.executable, "-m", "callcenter", "archive", "verify", "--decode", "--key", evidence["public_key_file"]]
    done = subprocess.run(verify, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert f"checkpoint over {newest} of {newest} log leaves" in done.stdout


def test_no_customers_number_is_in_the_sealed_objects(evidence: dict[str, Any]) -> None:
    """archive.md §2.4"""
    numbers = {call["id"]: call["customer"] for call in evidence["calls"]}
    for recording in evidence["recordings"]:
        number = numbers[recording["call_id"]]
        folder = Path(evidence["archive_root"]) / recording["path"]
        for path in [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".flac"]:
            text = path.read_text()
            assert not any(number[at : at + 7] in text for at in range(len(number) - 6)), path
        record = json.loads((folder / "v1/content/meta/record.json").read_text())
        assert record["call"]["caller_masked"] == f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}"
        assert record["env"]["asterisk"].startswith("22.")
        assert record["call"]["asterisk_id"]


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
