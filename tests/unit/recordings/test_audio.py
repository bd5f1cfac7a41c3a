"""From two headerless sides to one master, and back without a lost bit (archive.md §2.3, §2.5 steps 2 to 5)."""

import hashlib
import os
import resource
import socket
import stat
import struct
import subprocess
import tempfile
import time
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from recordings import audio, wav
from recordings.audio import Encoded, MasterFormat
from recordings.capture import Capture
from recordings.errors import (
    AlreadyThereError,
    EncodingMismatchError,
    SourceChangedError,
    SourceQuarantinedError,
    SourceRefusedError,
)
from tests.fakes.captures import Pair, a_pair, tone

pytestmark = pytest.mark.unit


def encoded(pair: Pair, target: Path, form: MasterFormat = MasterFormat.FLAC, prompt_first: bool = False) -> Encoded:
    with Capture(pair.customer) as customer, Capture(pair.heard) as heard:
        return audio.encode((customer, heard), target, form, prompt_first)


def single(path: Path, target: Path) -> Encoded:
    with Capture(path) as capture:
        return audio.encode((capture,), target, MasterFormat.FLAC)


def a_wav(path: Path, samples: bytes, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(samples)
    return path


def test_flac_gives_back_the_wav_whose_digest_is_kept_byte_for_byte(tmp_path: Path) -> None:
    pair = a_pair(tmp_path, 3_000)
    found = encoded(pair, tmp_path / "master.flac")
    subprocess.run(["flac", "-d", "-s", "-o", "back.wav", "master.flac"], cwd=tmp_path, check=True)
    back = (tmp_path / "back.wav").read_bytes()
    assert hashlib.sha256(back).hexdigest() == found.wav_sha256
    with wave.open(str(tmp_path / "back.wav")) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)
    assert samples[:, 0].tobytes() == pair.customer.read_bytes()
    assert samples[:, 1].tobytes() == pair.heard.read_bytes()


def test_a_wav_master_has_the_same_digest_as_a_flac_one(tmp_path: Path) -> None:
    pair = a_pair(tmp_path, 1_000)
    first = encoded(pair, tmp_path / "a.flac")
    second = encoded(pair, tmp_path / "a.wav", MasterFormat.WAV)
    assert hashlib.sha256((tmp_path / "a.wav").read_bytes()).hexdigest() == first.wav_sha256 == second.wav_sha256
    audio.check_master(tmp_path / "a.wav", second)


def test_the_shorter_side_is_padded_with_silence_and_the_gap_is_told(tmp_path: Path) -> None:
    """R6"""
    pair = a_pair(tmp_path, 12_000)
    pair.heard.write_bytes(pair.heard.read_bytes()[: 2_000 * 16])
    found = encoded(pair, tmp_path / "master.flac")
    assert (found.duration_ms, found.gap_ms) == (12_000, 10_000)
    samples, _ = soundfile.read(tmp_path / "master.flac", dtype="int16")
    assert not samples[2_000 * 8 :, 1].any()
    assert samples[:, 0].tobytes() == pair.customer.read_bytes()


@pytest.mark.parametrize(("missing", "note"), [("customer", "customer_missing"), ("heard", "heard_missing")])
def test_one_side_alone_is_sealed_beside_silence(tmp_path: Path, missing: str, note: str) -> None:
    """R6"""
    pair = a_pair(tmp_path, 1_000)
    with Capture(pair.heard if missing == "customer" else pair.customer) as there:
        sides = (None, there) if missing == "customer" else (there, None)
        found = audio.encode(sides, tmp_path / "master.flac", MasterFormat.FLAC)
    assert note in found.notes
    assert (found.channels, found.gap_ms) == (2, 1_000)


@pytest.mark.parametrize(
    ("length", "frames", "note"), [(0, 0, "empty"), (1, 0, "odd_bytes_dropped"), (7, 3, "odd_bytes_dropped")]
)
def test_empty_and_odd_files_are_sealed_with_their_reason(tmp_path: Path, length: int, frames: int, note: str) -> None:
    """R1"""
    pair = a_pair(tmp_path, 10)
    for side in (pair.customer, pair.heard):
        side.write_bytes(b"\x01\x02\x03\x04\x05\x06\x07"[:length])
    with Capture(pair.customer) as customer, Capture(pair.heard) as heard:
        form = audio.suitable((customer, heard), MasterFormat.FLAC)
    found = encoded(pair, tmp_path / f"master.{form}", form)
    assert found.frames == frames
    assert note in found.notes
    audio.check_master(tmp_path / f"master.{form}", found)
    if frames:
        subprocess.run(["flac", "-d", "-s", "-o", "master.wav", "master.flac"], cwd=tmp_path, check=True)
    assert hashlib.sha256((tmp_path / "master.wav").read_bytes()).hexdigest() == found.wav_sha256


def test_a_wav_whose_header_says_nothing_is_salvaged_by_its_size(tmp_path: Path) -> None:
    """R2"""
    samples = tone(2_000, 440).tobytes()
    path = a_wav(tmp_path / "crash.wav", samples)
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = b"\0\0\0\0"
    path.write_bytes(content)
    found = single(path, tmp_path / "master.flac")
    assert found.duration_ms == 2_000
    assert "header_says_empty" in found.notes
    assert soundfile.read(tmp_path / "master.flac", dtype="int16")[0].tobytes() == samples


@pytest.mark.parametrize(
    ("claimed", "note"),
    [(64_000, "header_says_more"), (100, "header_says_less"), (16_000, None), (15_998, "header_says_less")],
)
def test_the_file_size_decides_over_the_header(tmp_path: Path, claimed: int, note: str | None) -> None:
    """R3"""
    path = a_wav(tmp_path / "x.wav", tone(1_000, 440).tobytes())
    content = bytearray(path.read_bytes())
    content[40:44] = struct.pack("<I", claimed)
    path.write_bytes(content)
    found = single(path, tmp_path / "master.flac")
    assert found.duration_ms == 1_000
    assert (note in found.notes) if note else not found.notes


def test_a_wav_of_44_bytes_is_empty_not_an_error(tmp_path: Path) -> None:
    """R3"""
    with Capture(a_wav(tmp_path / "x.wav", b"")) as capture:
        found = audio.encode((capture,), tmp_path / "master.wav", MasterFormat.WAV)
    assert (found.frames, "empty" in found.notes) == (0, True)


def test_chunks_before_and_after_the_audio_are_passed_over(tmp_path: Path) -> None:
    """R4"""
    samples = tone(100, 440).tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8_000, 16_000, 2, 16)
    junk = struct.pack("<4sI", b"JUNK", 5) + b"12345\0"
    body = b"WAVE" + junk + form + struct.pack("<4sI", b"data", len(samples)) + samples
    body += struct.pack("<4sI", b"LIST", 4) + b"INFO"
    path = tmp_path / "x.wav"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    found = single(path, tmp_path / "master.flac")
    assert (found.duration_ms, found.notes) == (100, ())


def test_rf64_sizes_are_read_from_their_own_chunk(tmp_path: Path) -> None:
    """R4"""
    samples = tone(100, 440).tobytes()
    frames = len(samples) // 2
    sizes = struct.pack("<4sIQQQI", b"ds64", 28, len(samples) + 72, len(samples), frames, 0)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8_000, 16_000, 2, 16)
    path = tmp_path / "x.wav"
    path.write_bytes(b"RF64\xff\xff\xff\xffWAVE" + sizes + form + b"data\xff\xff\xff\xff" + samples)
    assert single(path, tmp_path / "master.flac").notes == ()


def test_sizes_beyond_four_gigabytes_get_an_rf64_header() -> None:
    """R8"""
    small, large = wav.header(8_000, 2, 1_000), wav.header(8_000, 2, 1 << 31)
    assert (len(small), small[:4]) == (44, b"RIFF")
    assert (len(large), large[:4], large[12:16]) == (80, b"RF64", b"ds64")
    assert struct.unpack_from("<Q", large, 28)[0] == (1 << 31) * 4


@pytest.mark.parametrize("size", [(1 << 31) + 2, (1 << 32) + 2, 5 << 30])
def test_captures_beyond_two_and_four_gigabytes_are_counted_whole(tmp_path: Path, size: int) -> None:
    """R3, R8: what a header of 32 bits can say of them is less than there is."""
    plain, riff = tmp_path / "x-r.sln", tmp_path / "x.wav"
    with plain.open("wb") as file:
        file.truncate(size)
    with Capture(plain) as capture:
        assert capture.frames == size // 2
    riff.write_bytes(a_wav(tmp_path / "short.wav", b"").read_bytes()[:40] + struct.pack("<I", size & 0xFFFFFFFF))
    with riff.open("r+b") as file:
        file.truncate(44 + size)
    with Capture(riff) as capture:
        assert capture.frames == size // 2
        assert ("header_says_less" in capture.notes) == (size >= 1 << 32)


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (16_000, 1), (48_000, 2)])
def test_a_wav_of_another_rate_is_taken_as_it_says(tmp_path: Path, rate: int, channels: int) -> None:
    """R4: probed, never assumed."""
    with wave.open(str(tmp_path / "x.wav"), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(tone(1_000, 440).tobytes() * channels)
    found = single(tmp_path / "x.wav", tmp_path / "master.flac")
    assert (found.rate, found.channels, found.frames) == (rate, channels, 8_000)
    audio.check_master(tmp_path / "master.flac", found)


@pytest.mark.parametrize(
    ("tag", "channels", "rate", "bits"),
    [(1, 1, 8_000, 24), (7, 1, 8_000, 8), (3, 1, 8_000, 32), (1, 6, 8_000, 16), (1, 1, 0, 16)],
)
def test_other_wav_encodings_are_named_and_quarantined(
    tmp_path: Path, tag: int, channels: int, rate: int, bits: int
) -> None:
    """R4"""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, tag, channels, rate, 0, channels * bits // 8, bits)
    path = tmp_path / "x.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + form + struct.pack("<4sI", b"data", 48) + b"\x11" * 48)
    with pytest.raises(SourceQuarantinedError):
        Capture(path)


FORM = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8_000, 16_000, 2, 16)
DATA = struct.pack("<4sI", b"data", 4) + b"\1\0\2\0"


@pytest.mark.parametrize(
    "content",
    [
        b"RIFF",
        b"RIFF\0\0\0\0AVI ",
        b"RIFF\0\0\0\0WAVE" + DATA + FORM,
        b"RIFF\0\0\0\0WAVE" + FORM,
        b"RIFF\0\0\0\0WAVE" + struct.pack("<4sIHH", b"fmt ", 4, 1, 1) + DATA,
        b"RIFF\0\0\0\0WAVE" + FORM[:10] + b"\x09\0" + FORM[12:] + DATA,
    ],
    ids=["four bytes", "another RIFF", "data first", "no data", "short format", "nine channels"],
)
def test_a_wav_that_makes_no_sense_is_quarantined(tmp_path: Path, content: bytes) -> None:
    """R3, R4"""
    (tmp_path / "x.wav").write_bytes(content)
    with pytest.raises(SourceQuarantinedError):
        Capture(tmp_path / "x.wav")


def test_the_extensible_form_says_further_on_what_it_is(tmp_path: Path) -> None:
    """R4"""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 40, 0xFFFE, 1, 8_000, 16_000, 2, 16)
    more = struct.pack("<HHI", 22, 16, 0) + struct.pack("<H", 1) + bytes(14)
    (tmp_path / "x.wav").write_bytes(b"RIFF\0\0\0\0WAVE" + form + more + DATA)
    with Capture(tmp_path / "x.wav") as capture:
        assert (capture.frames, capture.notes) == (2, ())


@pytest.mark.parametrize("before", [b"", FORM + DATA])
def test_a_wav_of_a_billion_empty_chunks_is_given_up_at_once(tmp_path: Path, before: bytes) -> None:
    """R3: what a crash leaves when the blocks of a file were never written."""
    path = tmp_path / "x.wav"
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + before + b"abcd\0\0\0\0" * 2_000)
    with path.open("r+b") as file:
        file.truncate(1 << 33)
    begun = time.monotonic()
    if before:
        with Capture(path) as capture:
            assert "header_says_less" in capture.notes
    else:
        with pytest.raises(SourceQuarantinedError):
            Capture(path)
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("name", ["x.wav", "x-r.sln"])
@pytest.mark.parametrize(
    "content",
    [b"ID3\x04\0\0\0\0\0\0rest", b"<!doctype html><html>", b"\x7fELF\x02\x01\x01rest", b"PK\x03\x04rest of a bomb"],
)
def test_foreign_content_is_quarantined_whatever_its_name(tmp_path: Path, name: str, content: bytes) -> None:
    """R5"""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceQuarantinedError):
        Capture(tmp_path / name)


def test_exchanged_identical_and_silent_sides_are_flagged_and_sealed(tmp_path: Path) -> None:
    """R7, R8"""
    late = np.concatenate((np.zeros(16_000, "<i2"), tone(1_000, 440)))
    early = np.concatenate((tone(1_000, 700), np.zeros(16_000, "<i2")))
    zero = np.zeros(24_000, "<i2")
    offset = (tone(3_000, 440) // 4 + 5_000).astype("<i2")
    clipped = np.where(tone(3_000, 440) > 0, 32_767, -32_768).astype("<i2")
    cases = {
        "sides_maybe_swapped": (early, late),
        "sides_identical": (late, late),
        "silent": (zero, zero),
        "heard_side_zero": (late, zero),
        "customer_side_offset": (offset, late),
        "heard_side_clipped": (late, clipped),
        "customer_side_zero_run": (early, offset),
    }
    for number, (flag, (customer, heard)) in enumerate(cases.items()):
        pair = a_pair(tmp_path, 10, number=number)
        pair.customer.write_bytes(customer.tobytes())
        pair.heard.write_bytes(heard.tobytes())
        assert flag in encoded(pair, tmp_path / f"{number}.flac", prompt_first=True).notes, flag
    pair = a_pair(tmp_path, 3_000, number=99)
    assert encoded(pair, tmp_path / "99.flac", prompt_first=True).notes == ()


def test_a_file_with_holes_is_flagged(tmp_path: Path) -> None:
    """R9"""
    pair = a_pair(tmp_path, 100)
    with pair.customer.open("r+b") as file:
        file.seek(1 << 20)
        file.write(b"\x01\x00" * 4096)
    assert "sparse" in encoded(pair, tmp_path / "master.flac").notes


def test_only_plain_files_with_one_name_are_opened(tmp_path: Path) -> None:
    """R11"""
    pair = a_pair(tmp_path, 100)
    (tmp_path / "link-r.sln").symlink_to(pair.customer)
    (tmp_path / "folder-r.sln").mkdir()
    subprocess.run(["mkfifo", str(tmp_path / "fifo-r.sln")], check=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket-r.sln"))
    names = ["link-r.sln", "folder-r.sln", "fifo-r.sln", "socket-r.sln", "absent-r.sln"]
    if os.geteuid() == 0:
        os.mknod(tmp_path / "device-r.sln", stat.S_IFCHR | 0o600, os.makedev(1, 5))
        names.append("device-r.sln")
    for name in names:
        with pytest.raises(SourceRefusedError):
            Capture(tmp_path / name)
    (tmp_path / "hard-r.sln").hardlink_to(pair.customer)
    with pytest.raises(SourceRefusedError):
        Capture(pair.customer)


@pytest.mark.parametrize(
    "name",
    [
        ".sln",
        "..sln",
        "a b-r.sln",
        "录音-r.sln",
        "a\n-r.sln",
        "x" * 200 + "-r.sln",
        "x" * 249 + "-r.sln",
        "hl1‐1-r.sln",
        "hl1-1-r．sln",
        "x-r.mp3",
        "x.sln7",
    ],
)
def test_names_that_are_not_ours_are_refused(tmp_path: Path, name: str) -> None:
    """R12"""
    (tmp_path / name).write_bytes(b"\0\0")
    with pytest.raises(SourceRefusedError):
        Capture(tmp_path / name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file that this process may not read")
def test_a_capture_that_may_not_be_read_is_refused_and_kept() -> None:
    """R13: wrong owner, no right to read."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        path = folder / "hl1-1-1-r.sln"
        path.write_bytes(b"\x01\x00" * 80)
        path.chmod(0o000)
        os.seteuid(65_534)
        try:
            with pytest.raises(SourceRefusedError, match="Permission denied"):
                Capture(path)
        finally:
            os.seteuid(0)
        assert path.stat().st_size == 160


def test_a_file_replaced_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    """R15, F34"""
    pair = a_pair(tmp_path, 100)
    with Capture(pair.customer) as capture:
        capture.rewind()
        other = tmp_path / "other"
        other.write_bytes(pair.customer.read_bytes())
        other.replace(pair.customer)
        with pytest.raises(SourceChangedError):
            capture.finish()


def test_a_file_that_is_still_growing_is_noticed(tmp_path: Path) -> None:
    """R16, F34"""
    pair = a_pair(tmp_path, 100)
    with Capture(pair.customer) as capture, pair.customer.open("ab") as growing:
        capture.rewind()
        growing.write(b"\0\0")
        growing.flush()
        with pytest.raises(SourceChangedError):
            capture.finish()


def test_a_wrong_sample_in_the_master_is_found_by_decoding_it(tmp_path: Path) -> None:
    """F44, R20"""
    found = encoded(a_pair(tmp_path, 500), tmp_path / "a.flac")
    other = a_pair(tmp_path, 500, number=2)
    content = bytearray(other.customer.read_bytes())
    content[100] ^= 1
    other.customer.write_bytes(content)
    encoded(other, tmp_path / "b.flac")
    with pytest.raises(EncodingMismatchError):
        audio.check_master(tmp_path / "b.flac", found)


def test_a_damaged_frame_in_the_master_is_found_by_decoding_it(tmp_path: Path) -> None:
    """R20"""
    found = encoded(a_pair(tmp_path, 500), tmp_path / "a.flac")
    content = bytearray((tmp_path / "a.flac").read_bytes())
    content[len(content) // 2] ^= 0x10
    (tmp_path / "b.flac").write_bytes(content)
    with pytest.raises(EncodingMismatchError):
        audio.check_master(tmp_path / "b.flac", found)


@pytest.mark.parametrize(("stated", "alone"), [(bytes(16), False), (bytes(16), True), (b"\x01" * 16, True)])
def test_a_master_that_carries_no_or_a_wrong_digest_of_its_samples_is_found(
    tmp_path: Path, stated: bytes, alone: bool
) -> None:
    """R20: every sample is right, but a stranger's `flac -t` could not tell."""
    found = encoded(a_pair(tmp_path, 500), tmp_path / "a.flac")
    audio.check_master(tmp_path / "a.flac", found, alone=True)
    content = bytearray((tmp_path / "a.flac").read_bytes())
    content[26:42] = stated
    (tmp_path / "b.flac").write_bytes(content)
    with pytest.raises(EncodingMismatchError):
        audio.check_master(tmp_path / "b.flac", found, alone)


def test_the_master_carries_the_digest_of_its_samples(tmp_path: Path) -> None:
    """R20"""
    encoded(a_pair(tmp_path, 500), tmp_path / "a.flac")
    assert (tmp_path / "a.flac").read_bytes()[26:42] != bytes(16)
    subprocess.run(["flac", "-t", "-s", "-w", "a.flac"], cwd=tmp_path, check=True)


def test_a_master_is_never_written_over_anything(tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(b"here already")
    with pytest.raises(AlreadyThereError):
        encoded(a_pair(tmp_path, 100), tmp_path / "a.flac")
    assert (tmp_path / "a.flac").read_bytes() == b"here already"


def test_wideband_captures_keep_their_rate(tmp_path: Path) -> None:
    pair = a_pair(tmp_path, 1_000)
    customer, heard = (side.rename(side.with_suffix(".sln16")) for side in (pair.customer, pair.heard))
    assert encoded(Pair(customer, heard, 500), tmp_path / "a.flac").rate == 16_000


def test_eight_hours_take_no_more_memory_than_eight_minutes(tmp_path: Path) -> None:
    """R8: sealed in flat memory, whatever the length."""
    pair = a_pair(tmp_path, 10)
    for side, seconds in ((pair.customer, 8 * 3_600), (pair.heard, 8 * 3_600)):
        with side.open("wb") as file:
            file.truncate(seconds * 16_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = encoded(pair, tmp_path / "long.flac")
    audio.check_master(tmp_path / "long.flac", found)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert found.duration_ms == 8 * 3_600_000
    assert {"sparse", "silent"} <= set(found.notes)
    assert grown < 24 * 1024
