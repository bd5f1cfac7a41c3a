"""A package that is handed over proves itself to somebody who has only Python, and every change shows."""

import json
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import bagit
import pytest

from recordings import export as exporting
from recordings import handover
from recordings.archive import Archive
from recordings.checkpoint import Signer
from recordings.errors import AlreadyThereError, NotExportableError, ObjectMissingError
from recordings.export import Handover, Package, export, numbered
from recordings.ingest import Ingest, Sealed
from recordings.log import Log
from recordings.witness import Asked, Witness, WitnessKey, keep_seen
from tests.conftest import NOON
from tests.fakes.captures import ORIGIN, a_description, a_pair, an_archive

pytestmark = pytest.mark.unit

ABOUT = Handover("国家金融监督管理总局某监管局", "投诉核查 2026-17", "user:archivist", "user:head", NOON)
SIGNER = Signer.generate(ORIGIN)


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Archive, Log, list[Sealed]]:
    """Three recordings under a signed head, the first with a second segment that came late."""
    archive, log = an_archive(tmp_path / "archive")
    done = []
    with archive.writing():
        for number in range(3):
            pair = a_pair(tmp_path / "spool", 500, call=f"hl1-1795339143.{number}", seed=number)
            done.append(seal(archive, log, number, pair.source(at=NOON)))
        late = a_pair(tmp_path / "spool", 700, call="hl1-1795339143.9", seed=9)
        done[0] = seal(archive, log, 0, late.source(2, at=NOON + timedelta(minutes=1)))
    log.sign(SIGNER)
    (tmp_path / "out").mkdir()
    return archive, log, done


def seal(archive: Archive, log: Log, number: int, *sources: object) -> Sealed:
    return Ingest(archive, log).seal(f"urn:cc-rec:call-{number}", a_description(number), sources, NOON)  # type: ignore[arg-type]


def packed(sealed: tuple[Archive, Log, list[Sealed]], out: Path, *which: int) -> Package:
    archive, log, done = sealed
    return export(archive, log, [done[n].object_id for n in which], out, ABOUT, SIGNER.verifier())


def unpacked(package: Package, folder: Path) -> Path:
    with tarfile.open(package.path) as tar:
        tar.extractall(folder, filter="data")
    (bag,) = folder.iterdir()
    return bag


def test_a_stranger_with_python_alone_proves_the_package(
    sealed: tuple[Archive, Log, list[Sealed]], tmp_path: Path
) -> None:
    """The program in the package, run by itself in isolation; the bag also by the reference library."""
    package = packed(sealed, tmp_path / "out", 0, 2)
    bag = unpacked(package, tmp_path / "theirs")
    key = SIGNER.verifier().text()
    command = [sys.executable, "-I", "-S", str(bag / "data" / "verify.py"), "--key", key]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("versions") == 2
    assert "2 versions, 2 recordings" in done.stdout
    assert done.stdout.endswith("proved / 校验通过\n")
    bagit.Bag(str(bag)).validate()


def test_the_wav_files_are_those_sealed(sealed: tuple[Archive, Log, list[Sealed]], tmp_path: Path) -> None:
    bag = unpacked(packed(sealed, tmp_path / "out", 1), tmp_path / "theirs")
    (wav,) = (bag / "data" / "audio").iterdir()
    (segment,) = sealed[2][1].segments
    assert handover.hashed(wav, "sha256") == segment.encoded.wav_sha256


def test_the_log_tells_who_got_what_and_who_agreed(sealed: tuple[Archive, Log, list[Sealed]], tmp_path: Path) -> None:
    """E-20: the leaf has the package's own digest."""
    package = packed(sealed, tmp_path / "out", 1)
    leaf = json.loads(sealed[1].entry(package.leaf_index))
    assert leaf["bag_sha256"] == handover.hashed(package.path, "sha256") == package.sha256
    assert (leaf["type"], leaf["recipient"], leaf["approved_by"]) == ("EXPORT", ABOUT.recipient, ABOUT.approved_by)
    assert package.path.stat().st_mode & 0o777 == 0o440


def test_the_same_package_is_the_same_bytes_and_is_never_written_over(
    sealed: tuple[Archive, Log, list[Sealed]], tmp_path: Path
) -> None:
    first = packed(sealed, tmp_path / "out", 1)
    with pytest.raises(AlreadyThereError):
        packed(sealed, tmp_path / "out", 1)
    (tmp_path / "again").mkdir()
    assert packed(sealed, tmp_path / "again", 1).sha256 == first.sha256


def change(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o640)
    path.write_bytes(content)


def matching(bag: Path, name: str, algorithm: str) -> None:
    """Writes a new digest into the manifest, as somebody would who also knows BagIt."""
    manifest = bag / f"manifest-{algorithm}.txt"
    manifest.chmod(0o640)
    lines = manifest.read_text().splitlines()
    fresh = f"{handover.hashed(bag / name, algorithm)}  {name}"
    manifest.write_text("".join(f"{fresh if line.endswith(f'  {name}') else line}\n" for line in lines))


def covered(bag: Path, name: str) -> None:
    """Makes the bag itself consistent again after a change."""
    for algorithm in ("sha256", "sha512"):
        matching(bag, name, algorithm)
    for algorithm in ("sha256", "sha512"):
        tags = bag / f"tagmanifest-{algorithm}.txt"
        tags.chmod(0o640)
        names = sorted(each.name for each in bag.iterdir() if each.is_file() and not each.name.startswith("tagman"))
        tags.write_text("".join(f"{handover.hashed(bag / each, algorithm)}  {each}\n" for each in names))


def some(bag: Path, pattern: str) -> Path:
    return next(path for path in sorted(bag.glob(pattern)) if path.is_file())


CHANGES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "a bit of the sound": ("data/audio/*.wav", change),
    "a bit of a master": ("data/archive/*/*/*/*/v1/content/rec/*.flac", change),
    "a word of the record": ("data/archive/*/*/*/*/v1/content/meta/record.json", change),
    "a bit of an inventory": ("data/archive/*/*/*/*/inventory.json", change),
    "a bit of the signed head": ("data/proof/checkpoint", change),
    "a bit of the proof": ("data/proof/*.json", change),
}


@pytest.mark.parametrize("cover", [False, True], ids=["as it is", "with new manifests"])
@pytest.mark.parametrize("what", CHANGES)
def test_any_change_shows_also_when_the_manifests_are_made_to_fit(
    sealed: tuple[Archive, Log, list[Sealed]], tmp_path: Path, what: str, cover: bool
) -> None:
    bag = unpacked(packed(sealed, tmp_path / "out", 1), tmp_path / "theirs")
    pattern, act = CHANGES[what]
    path = some(bag, pattern)
    act(path)
    if cover:
        covered(bag, str(path.relative_to(bag)))
    assert handover.main([str(bag), "--key", SIGNER.verifier().text()]) in (1, 2)


def test_files_missing_added_or_swapped_show(sealed: tuple[Archive, Log, list[Sealed]], tmp_path: Path) -> None:
    for act in ("remove", "add", "swap"):
        bag = unpacked(packed(sealed, tmp_path / "out", 0), tmp_path / act)
        one, other = sorted((bag / "data" / "audio").iterdir())
        if act == "remove":
            one.unlink()
        elif act == "add":
            (bag / "data" / "note.txt").write_text("added")
        else:
            one.rename(tmp_path / "held")
            other.rename(one)
            (tmp_path / "held").rename(other)
        assert handover.main([str(bag)]) == 1, act
        (tmp_path / "out" / f"{bag.name}.bag.tar").rename(tmp_path / f"{act}.tar")


def test_a_head_signed_by_another_key_does_not_pass_for_the_archives(
    sealed: tuple[Archive, Log, list[Sealed]], tmp_path: Path
) -> None:
    bag = unpacked(packed(sealed, tmp_path / "out", 1), tmp_path / "theirs")
    assert handover.main([str(bag), "--key", SIGNER.verifier().text()]) == 0
    assert handover.main([str(bag), "--key", Signer.generate(ORIGIN).verifier().text()]) == 1


def test_the_head_also_bears_the_word_of_a_witness(
    sealed: tuple[Archive, Log, list[Sealed]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive, log, _ = sealed
    (tmp_path / "witness").mkdir()
    witness = Witness(tmp_path / "witness", Signer.generate("audit.example/w"), [SIGNER.verifier()])
    other = Witness(tmp_path / "witness", Signer.generate("audit.example/w"), [SIGNER.verifier()])
    note = log.checkpoint_note()
    assert note is not None
    keep_seen(archive.log, WitnessKey.parse(witness.key()), note, witness.cosign(Asked(0, (), note), NOON))
    bag = unpacked(packed(sealed, tmp_path / "out", 1), tmp_path / "theirs")
    assert handover.main([str(bag), "--key", SIGNER.verifier().text(), "--witness", witness.key()]) == 0
    assert f"witness audit.example/w at {NOON:%Y-%m-%d}" in capsys.readouterr().out
    assert handover.main([str(bag), "--witness", other.key()]) == 1


def test_what_cannot_be_proved_is_not_handed_over(sealed: tuple[Archive, Log, list[Sealed]], tmp_path: Path) -> None:
    archive, log, done = sealed
    key, out = SIGNER.verifier(), tmp_path / "out"
    with pytest.raises(NotExportableError, match="two persons"):
        export(archive, log, [done[0].object_id], out, replace(ABOUT, approved_by=ABOUT.actor), key)
    with pytest.raises(ObjectMissingError):
        export(archive, log, ["urn:cc-rec:never"], out, ABOUT, key)
    with archive.writing():
        pair = a_pair(tmp_path / "spool", 300, call="hl1-1795339143.4", seed=4)
        unsigned = seal(archive, log, 4, pair.source(at=NOON))
    with pytest.raises(NotExportableError, match="signed head"):
        export(archive, log, [unsigned.object_id], out, ABOUT, key)
    change(archive.file(done[1].object_id, "rec/0001.flac"))
    with pytest.raises(NotExportableError, match="file-changed"):
        export(archive, log, [done[1].object_id], out, ABOUT, key)
    assert list(out.iterdir()) == []


def test_recordings_are_asked_for_by_their_archive_numbers(sealed: tuple[Archive, Log, list[Sealed]]) -> None:
    _, log, done = sealed
    numbers = [each.archive_no for each in (done[2], done[0])]
    assert numbered(log, numbers) == [done[2].object_id, done[0].object_id]
    with pytest.raises(ObjectMissingError):
        numbered(log, ["LY-1999-000001"])


def test_a_name_that_leads_out_of_the_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(handover.NotProvedError):
        handover.inside(tmp_path, "../etc/passwd")
    with pytest.raises(handover.NotProvedError):
        handover.inside(tmp_path, "/etc/passwd")
    assert exporting.MOST * 100 < 65_535
