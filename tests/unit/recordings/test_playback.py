"""Bytes to listeners: ranges, representations, and never a byte of a damaged master as if it were good."""

import hashlib
import random
import struct
import subprocess
from pathlib import Path

import pytest
import soundfile

from recordings import peaks
from recordings.archive import Archive
from recordings.errors import EncoderMissingError, ObjectDamagedError, RangeNotSatisfiableError
from recordings.ingest import Ingest, Sealed
from recordings.playback import ByteRange, Form, Listening, parse_range
from tests.conftest import NOON
from tests.fakes.captures import a_description, a_pair, an_archive

pytestmark = pytest.mark.unit


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Archive, Sealed]:
    archive, log = an_archive(tmp_path / "archive")
    with archive.writing():
        source = a_pair(tmp_path / "spool", 9_000).source()
        return archive, Ingest(archive, log).seal("urn:cc-rec:x", a_description(), [source], NOON)


def listening(sealed: tuple[Archive, Sealed], form: Form) -> Listening:
    return Listening(sealed[0], sealed[1].object_id, sealed[1].segments[0], form)


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=-1", 999, 999),
        ("bytes=990-", 990, 999),
        ("bytes=990-5000", 990, 999),
        ("bytes=-5000", 0, 999),
        ("BYTES = 5-9", 5, 9),
        ("bytes=0-4,5-9", 0, 9),
        ("bytes=0-4, 2-9", 0, 9),
        ("bytes=0-4,2000-3000", 0, 4),
    ],
)
def test_one_range_is_answered_with_its_bytes(header: str, first: int, last: int) -> None:
    """H3"""
    assert parse_range(header, 1_000) == ByteRange(first, last)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "items=0-5",
        "bytes=0-5-9",
        "bytes=٣-٥",
        "bytes=0-4,100-200",
        "bytes=" + ",".join(["0-999"] * 1_000),
        "bytes=0-9999999999999999999999",
    ],
)
def test_what_is_no_range_is_answered_with_the_whole_once(header: str | None) -> None:
    """H3: a thousand overlapping ranges get no more than the file."""
    assert parse_range(header, 1_000) is None


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5-2", "bytes=-0", "bytes=1000-2000,3000-"])
def test_a_range_without_any_byte_is_refused(header: str) -> None:
    """H3"""
    with pytest.raises(RangeNotSatisfiableError):
        parse_range(header, 1_000)


def test_the_wav_heard_is_the_wav_sealed(sealed: tuple[Archive, Sealed]) -> None:
    heard = listening(sealed, Form.WAV)
    content = b"".join(heard.chunks())
    assert len(content) == heard.size
    assert hashlib.sha256(content).hexdigest() == sealed[1].segments[0].encoded.wav_sha256


def test_any_range_of_the_wav_is_that_part_of_it(sealed: tuple[Archive, Sealed]) -> None:
    """H3"""
    heard = listening(sealed, Form.WAV)
    whole = b"".join(heard.chunks())
    chosen = random.Random(7)
    pairs = [(0, 0), (43, 44), (44, 44), (45, 46), (heard.size - 1, heard.size - 1), (1, heard.size - 1)]
    pairs += [tuple(sorted(chosen.sample(range(heard.size), 2))) for _ in range(40)]
    for first, last in pairs:
        assert b"".join(heard.chunks(ByteRange(first, last))) == whole[first : last + 1]


def test_the_flac_heard_is_the_master(sealed: tuple[Archive, Sealed]) -> None:
    archive, done = sealed
    heard = listening(sealed, Form.FLAC)
    content = b"".join(heard.chunks())
    assert content == archive.file(done.object_id, "rec/0001.flac").read_bytes()
    assert b"".join(heard.chunks(ByteRange(10, 99))) == content[10:100]


def test_opus_is_a_small_derived_copy_outside_the_root(sealed: tuple[Archive, Sealed]) -> None:
    archive, _ = sealed
    heard = listening(sealed, Form.OPUS)
    content = b"".join(heard.chunks())
    assert content[:4] == b"OggS"
    assert len(content) < listening(sealed, Form.FLAC).size
    copies = list(archive.derived.rglob("*.opus"))
    assert len(copies) == 1
    with soundfile.SoundFile(copies[0]) as copy:
        assert abs(copy.frames / copy.samplerate - 9.0) < 0.2
    assert listening(sealed, Form.OPUS).etag == heard.etag


def test_a_damaged_master_ends_the_stream_instead_of_being_played(sealed: tuple[Archive, Sealed]) -> None:
    archive, done = sealed
    path = archive.file(done.object_id, "rec/0001.flac")
    content = bytearray(path.read_bytes())
    content[-2_000] ^= 0x40
    path.chmod(0o640)
    path.write_bytes(content)
    for form in (Form.WAV, Form.FLAC):
        with pytest.raises(ObjectDamagedError):
            b"".join(listening(sealed, form).chunks())


def test_no_opus_copy_is_made_of_a_master_that_is_not_what_was_sealed(sealed: tuple[Archive, Sealed]) -> None:
    """H6, INV-2: another sound under the same name decodes well, and is not passed on; nothing is left behind."""
    archive, done = sealed
    path = archive.file(done.object_id, "rec/0001.flac")
    samples, rate = soundfile.read(path, dtype="int16")
    samples[1_000] += 1
    path.chmod(0o640)
    soundfile.write(path, samples, rate)
    with pytest.raises(ObjectDamagedError):
        listening(sealed, Form.OPUS)
    assert [each for each in archive.derived.rglob("*") if each.is_file()] == []


def test_flac_of_a_wav_master_is_refused_by_name(tmp_path: Path) -> None:
    archive, log = an_archive(tmp_path / "archive")
    pair = a_pair(tmp_path / "spool", 100)
    pair.customer.write_bytes(b"")
    pair.heard.write_bytes(b"")
    with archive.writing():
        done = Ingest(archive, log).seal("urn:cc-rec:empty", a_description(), [pair.source()], NOON)
    with pytest.raises(EncoderMissingError):
        listening((archive, done), Form.FLAC)
    assert len(b"".join(listening((archive, done), Form.WAV).chunks())) == 44


def test_peaks_have_the_layout_of_audiowaveform(sealed: tuple[Archive, Sealed], tmp_path: Path) -> None:
    archive, done = sealed
    found = peaks.measure(archive.file(done.object_id, "rec/0001.flac"))
    dat = found.dat()
    version, flags, rate, width, length, channels = struct.unpack_from("<iIiiII", dat)
    assert (version, flags, rate, width, length, channels) == (2, 1, 8_000, 160, 450, 2)
    assert len(dat) == 24 + 450 * 2 * 2
    samples, _ = soundfile.read(archive.file(done.object_id, "rec/0001.flac"), dtype="int16")
    first = samples[:160]
    expected = [value >> 8 for side in (0, 1) for value in (int(first[:, side].min()), int(first[:, side].max()))]
    assert found.json()["data"][:4] == expected


def test_flac_itself_gives_the_sealed_wav_back(sealed: tuple[Archive, Sealed], tmp_path: Path) -> None:
    """`flac -d` of the master is byte-identical to the WAV whose digest is in record.json."""
    archive, done = sealed
    master = archive.file(done.object_id, "rec/0001.flac")
    subprocess.run(["flac", "-d", "-s", "-o", str(tmp_path / "back.wav"), str(master)], check=True)
    assert (tmp_path / "back.wav").read_bytes() == b"".join(listening(sealed, Form.WAV).chunks())
