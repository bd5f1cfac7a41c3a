"""Damage of every kind is found: files, inventories, objects, leaves (INV-2, F45, F46)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recordings import audio
from recordings.archive import Archive
from recordings.checkpoint import Signer
from recordings.ingest import Ingest, Sealed
from recordings.log import Log
from recordings.verify import Damage, verify_archive
from tests.conftest import NOON
from tests.fakes.captures import a_description, a_pair, an_archive

pytestmark = pytest.mark.unit


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Archive, Log, list[Sealed]]:
    archive, log = an_archive(tmp_path / "archive")
    done = []
    with archive.writing():
        for number in range(3):
            pair = a_pair(tmp_path / "spool", 500, call=f"hl1-1795339143.{number}", seed=number)
            source = pair.source(at=NOON)
            object_id = f"urn:cc-rec:call-{number}"
            done.append(Ingest(archive, log).seal(object_id, a_description(number), [source], NOON))
    return archive, log, done


def flip(path: Path, at: int = 60) -> None:
    content = bytearray(path.read_bytes())
    content[at % len(content)] ^= 1
    path.chmod(0o640)
    path.write_bytes(content)


def remove(path: Path) -> None:
    path.parent.chmod(0o750)
    path.unlink()


def add(path: Path) -> None:
    path.parent.chmod(0o750)
    path.write_text("not sealed")


CASES: list[tuple[str, Callable[[Path], None], Damage]] = [
    ("v1/content/rec/0001.flac", flip, Damage.FILE_CHANGED),
    ("v1/content/meta/record.json", flip, Damage.FILE_CHANGED),
    ("v1/content/rec/0001.flac", remove, Damage.FILE_MISSING),
    ("v1/content/rec/0002.flac", add, Damage.FILE_UNKNOWN),
    ("extra.txt", add, Damage.FILE_UNKNOWN),
    ("inventory.json", flip, Damage.INVENTORY_DAMAGED),
    ("inventory.json.sha512", flip, Damage.INVENTORY_DAMAGED),
    ("inventory.json", remove, Damage.INVENTORY_DAMAGED),
    ("v1/inventory.json", flip, Damage.INVENTORY_DAMAGED),
    ("v1/inventory.json.sha512", remove, Damage.INVENTORY_DAMAGED),
    ("0=ocfl_object_1.1", remove, Damage.UNKNOWN_FORMAT),
]


@pytest.mark.parametrize(("name", "harm", "damage"), CASES)
def test_harm_to_one_object_is_found_there_and_nowhere_else(
    sealed: tuple[Archive, Log, list[Sealed]], name: str, harm: Callable[[Path], None], damage: Damage
) -> None:
    """F45, F46"""
    archive, log, done = sealed
    harm(archive.root / done[1].path / name)
    report = verify_archive(archive, log)
    assert report.objects == 3
    assert damage in {finding.damage for finding in report.findings}
    assert {finding.object_id for finding in report.findings} <= {done[1].object_id, done[1].path}


def test_an_untouched_archive_is_sound_and_progress_is_told(sealed: tuple[Archive, Log, list[Sealed]]) -> None:
    archive, log, _ = sealed
    told: list[tuple[int, int, str]] = []
    report = verify_archive(archive, log, decode=True, progress=lambda *step: told.append(step))
    assert (report.is_sound, report.objects, report.files, report.leaves) == (True, 3, 15, 3)
    assert told[-1] == (3, 3, "objects")


def test_a_master_whose_own_digest_is_wrong_is_found_by_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R20: sealed so by an encoder gone wrong, consistent with its inventory and its leaf."""
    write = audio._write

    def harmed(target: Path, *more: Any) -> None:
        write(target, *more)
        content = target.read_bytes()
        target.chmod(0o640)
        target.write_bytes(content[:26] + b"\x01" * 16 + content[42:])
        target.chmod(0o440)

    monkeypatch.setattr(audio, "_write", harmed)
    archive, log = an_archive(tmp_path / "archive")
    with archive.writing():
        Ingest(archive, log).seal("urn:cc-rec:x", a_description(), [a_pair(tmp_path / "spool", 500).source()], NOON)
    assert {item.damage for item in verify_archive(archive, log, decode=True).findings} == {Damage.AUDIO_DIFFERS}
    assert verify_archive(archive, log, decode=False).is_sound


def test_a_missing_object_is_known_from_the_log(sealed: tuple[Archive, Log, list[Sealed]], tmp_path: Path) -> None:
    """F46"""
    archive, log, done = sealed
    (archive.root / done[2].path).rename(tmp_path / "gone")
    found = verify_archive(archive, log).findings
    assert [(item.object_id, item.damage) for item in found] == [(done[2].object_id, Damage.OBJECT_MISSING)]


def test_a_rewritten_object_with_its_own_digests_still_differs_from_its_leaf(
    sealed: tuple[Archive, Log, list[Sealed]], tmp_path: Path
) -> None:
    """F45: an object forged as a whole is consistent in itself; only the log knows better."""
    archive, log, done = sealed
    other, other_log = an_archive(tmp_path / "forger")
    pair = a_pair(tmp_path / "other", 500, seed=77)
    with other.writing():
        forged = Ingest(other, other_log).seal(done[0].object_id, a_description(0), [pair.source()], NOON)
    (archive.root / done[0].path).rename(tmp_path / "real")
    (other.root / forged.path).rename(archive.root / done[0].path)
    found = verify_archive(archive, log, decode=True).findings
    assert [(item.object_id, item.damage) for item in found] == [(done[0].object_id, Damage.LEAF_DIFFERS)]


def test_an_object_without_a_leaf_is_reported(sealed: tuple[Archive, Log, list[Sealed]], tmp_path: Path) -> None:
    archive, _, done = sealed
    found = verify_archive(archive, Log(tmp_path / "empty", "other.example.cn")).findings
    assert {item.damage for item in found} == {Damage.LEAF_MISSING}
    assert {item.object_id for item in found} == {item.object_id for item in done}


def test_an_object_in_the_wrong_place_is_reported(sealed: tuple[Archive, Log, list[Sealed]]) -> None:
    archive, log, done = sealed
    path = archive.root / done[0].path
    path.rename(path.with_name("elsewhere"))
    found = {item.damage for item in verify_archive(archive, log).findings}
    assert found == {Damage.WRONG_PLACE, Damage.OBJECT_MISSING}


def test_a_flipped_leaf_is_found(sealed: tuple[Archive, Log, list[Sealed]]) -> None:
    """F45, INV-10"""
    archive, log, _ = sealed
    flip(archive.log / "tile/entries/000")
    assert Damage.LOG_DAMAGED in {item.damage for item in verify_archive(archive, log).findings}


def test_with_a_public_key_the_checkpoints_signature_counts(sealed: tuple[Archive, Log, list[Sealed]]) -> None:
    """INV-10: no checkpoint, another's signature and a rewritten log are found; the right one is told."""
    archive, log, _ = sealed
    own, other = Signer.generate(log.origin), Signer.generate(log.origin)

    def damage(signer: Signer) -> list[str]:
        found = verify_archive(archive, log, verifiers=[signer.verifier()]).findings
        return [item.detail for item in found if item.damage is Damage.LOG_DAMAGED]

    assert damage(own) == ["there is no checkpoint: nothing of this log is signed"]
    log.sign(own)
    assert damage(own) == []
    assert verify_archive(archive, log, verifiers=[own.verifier()]).signed == 3
    assert damage(other) == ["no known key signed this checkpoint"]
    note = archive.log / "checkpoint"
    note.chmod(0o640)
    note.write_bytes(other.sign(log.head))
    assert damage(own) == ["no known key signed this checkpoint"]
